//! What happened, as a list: newest first, with its time; a click selects the service it happened to.

use eframe::egui::Ui;

use super::panes::PaneSpec;
use crate::ui::icons;
use crate::ui::state::{Ask, Selection, Shell};
use crate::ui::widgets::table::{Column, table};
use crate::ui::widgets::{empty, status};

/// The panel.
pub(crate) const PANE: PaneSpec = PaneSpec { title: "pane.events", icon: icons::LIST, draw: events_ui };

fn events_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let Some(run) = shell.run.as_ref() else { return };
    if run.snapshot.marks.is_empty() {
        empty::empty(ui, icons::LIST, &lang.tr("events.none"), &lang.tr("events.none.about"), None);
        return;
    }
    let snapshot = run.snapshot.clone();
    let count = snapshot.marks.len();
    let (time, what, service) = (lang.tr("events.time"), lang.tr("events.what"), lang.tr("events.service"));
    let columns = [Column::text(&time, 1.5), Column::text(&what, 5.0), Column::text(&service, 2.0)];
    let row = |at: usize| &snapshot.marks[count - 1 - at];
    let mut clicked = None;
    eframe::egui::Frame::new().inner_margin(eframe::egui::Margin::symmetric(12, 8)).show(ui, |ui| {
        let height = ui.available_height() - 32.0;
        clicked = table(
            ui,
            "events",
            &columns,
            count,
            height,
            |at| lang.say_plainly(&row(at).what),
            |at, cells| {
                let mark = row(at);
                cells.colored(0, &run.moment(lang, mark.at), cells.palette.secondary, 0.0);
                status::mark(cells.painter(), cells.mark(1), 9.0, mark.kind, cells.palette);
                cells.colored(1, &lang.say_plainly(&mark.what), cells.palette.text, 18.0);
                let name = mark.service.map_or("", |service| run.service_name(service));
                cells.colored(2, name, cells.palette.secondary, 0.0);
            },
        );
    });
    if let Some(service) = clicked.and_then(|at| row(at).service) {
        shell.ask(Ask::Select(Selection::Service(service)));
    }
}
