//! What happened, as a list: newest first, with its time; a click leads to what it is about, or selects the service.
//!
//! To let a kind of event lead somewhere, say what it is about in `lab::view::marks`, and where that leads here.

use eframe::egui::{Frame, Margin, Ui};

use super::delivery::{Target, go};
use super::panes::PaneSpec;
use crate::ids::ServiceId;
use crate::lab::snapshot::{About, Mark, MarkKind};
use crate::telemetry::ledger::DeploymentNumber;
use crate::ui::icons;
use crate::ui::state::{Run, Selection, Shell};
use crate::ui::widgets::table::{Column, Rows, table, whole_rows};
use crate::ui::widgets::{empty, status};
use crate::units::SimTime;

/// The panel.
pub(crate) const PANE: PaneSpec = PaneSpec { title: "pane.events", icon: icons::LIST, draw: events_ui };

/// The deployment of a service that was under way at a time.
fn under_way(run: &Run, service: ServiceId, at: SimTime) -> Option<DeploymentNumber> {
    let mut ours = run.snapshot.dora.deployments.iter().rev().filter(|one| one.service == service);
    ours.find(|one| one.started <= at && one.ended.is_none_or(|ended| ended >= at)).map(|one| one.number)
}

/// Where a mark leads: to the panel that shows more of what it is about, or else to its service. `None` if there is nothing
/// that is not in sight already.
fn target(run: &Run, mark: &Mark) -> Option<Target> {
    let is_alarm = mark.kind == MarkKind::Alarm;
    let more = match mark.about {
        Some(About::Deployment(number)) => Some(Target::Deployment(number)),
        Some(About::Execution(number)) => mark.service.map(|service| Target::Pipeline { service, execution: Some(number), build: None }),
        Some(About::Incident(number)) => {
            let look = run.snapshot.delivery.as_ref();
            let incident = look.and_then(|look| look.incidents.iter().find(|incident| incident.number == number));
            Some(incident.and_then(|incident| incident.cause).map_or(Target::Team, Target::Deployment))
        }
        // What goes off while something is deployed says most about that.
        None => mark.service.filter(|_| is_alarm).and_then(|service| under_way(run, service, mark.at)).map(Target::Deployment),
    };
    more.or_else(|| match mark.service {
        Some(service) => (run.selection != Selection::Service(service)).then_some(Target::Service(service)),
        // The alarms of what users get are listed where nothing in particular is selected.
        None => (is_alarm && run.selection != Selection::Fleet).then_some(Target::Users),
    })
}

/// Marks that say the same of the same service one after the other are one: how many, and the index of the newest.
fn grouped(marks: &[Mark]) -> Vec<(usize, usize)> {
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for (at, mark) in marks.iter().enumerate() {
        let alike =
            |other: &Mark| mark.kind == MarkKind::Instance && other.kind == mark.kind && other.service == mark.service && other.what.key == mark.what.key;
        match groups.last_mut() {
            Some((count, last)) if alike(&marks[*last]) => (*count, *last) = (*count + 1, at),
            _ => groups.push((1, at)),
        }
    }
    groups
}

fn events_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let Some(run) = shell.run.as_ref() else { return };
    if run.snapshot.marks.is_empty() {
        empty::empty(ui, icons::LIST, &lang.tr("events.none"), &lang.tr("events.none.about"), None);
        return;
    }
    let snapshot = run.snapshot.clone();
    // The same again and again is one line: instances that fail to start would push everything else out of sight.
    let groups = grouped(&snapshot.marks);
    let count = groups.len();
    let (time, what, service) = (lang.tr("events.time"), lang.tr("events.what"), lang.tr("events.service"));
    let columns = [Column::text(&time, 1.5), Column::text(&what, 5.0), Column::text(&service, 2.0)];
    let row = |at: usize| &snapshot.marks[groups[count - 1 - at].1];
    let times = |at: usize| groups[count - 1 - at].0;
    let said = |at: usize| {
        let what = lang.say_plainly(&row(at).what);
        if times(at) > 1 { lang.with("events.times", &[("what", &what), ("count", &times(at).to_string())]) } else { what }
    };
    let leads = |at: usize| target(run, row(at)).is_some();
    let mut clicked = None;
    Frame::new().inner_margin(Margin::symmetric(12, 8)).show(ui, |ui| {
        let height = whole_rows(ui.available_height());
        clicked = table(ui, "events", &columns, Rows::from(count).leading(&leads), height, said, |at, cells| {
            let mark = row(at);
            cells.colored(0, &run.moment(lang, mark.at), cells.palette.secondary, 0.0);
            status::mark(cells.painter(), cells.mark(1), 9.0, mark.kind, cells.palette);
            cells.colored(1, &said(at), cells.palette.text, 18.0);
            let name = mark.service.map_or("", |service| run.service_name(service));
            cells.colored(2, name, cells.palette.secondary, 0.0);
        });
    });
    if let Some(target) = clicked.and_then(|at| target(run, row(at))) {
        go(shell, target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrase::Sentence;

    #[test]
    fn the_same_again_is_one_line_until_something_else_happens() {
        let mark = |at, kind, key, service| Mark {
            at: SimTime::from_secs(at),
            kind,
            service: Some(ServiceId(service)),
            what: Sentence { key, english: String::new(), values: Vec::new() },
            about: None,
        };
        let marks = [
            mark(1, MarkKind::Instance, "a", 0),
            mark(2, MarkKind::Instance, "a", 0),
            mark(3, MarkKind::Instance, "a", 1),
            mark(4, MarkKind::Alarm, "b", 1),
            mark(5, MarkKind::Alarm, "b", 1),
            mark(6, MarkKind::Instance, "a", 1),
        ];
        assert_eq!(grouped(&marks), [(2, 1), (1, 2), (1, 3), (1, 4), (1, 5)]);
    }
}
