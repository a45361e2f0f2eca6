//! The walk back from a failed request: request, instance, version, deployment, build, commit, change, defect.
//!
//! It is shown with "what really happened", for no tool knows it: which request failed because of which defect is the
//! simulation's truth. Each step leads to the thing that it names; what is not known is left out.

use eframe::egui::{Grid, Label, RichText, Ui, vec2};

use super::delivery::{Target, change, defect, deployment, go, link_ui, person, version_name};
use crate::ids::FlawId;
use crate::lab::snapshot::{FailedRequest, FlawSnapshot};
use crate::telemetry::ledger::DeploymentNumber;
use crate::ui::state::{Run, Shell, colors};
use crate::ui::text::{Lang, humanised};
use crate::ui::widgets::table::{Cells, Column, table};
use crate::ui::widgets::{button, label};
use crate::ui::{format, icons};

/// Height of the list of defects at most [points].
const HEIGHT: f32 = 170.0;

/// What a defect is called: its kind, or that it came with the scenario.
pub(super) fn flaw_name(lang: Lang, flaw: &FlawSnapshot) -> String {
    flaw.origin.as_ref().map_or_else(|| lang.tr("walk.shipped").into_owned(), |origin| defect(lang, origin.kind).into_owned())
}

/// The defects that hurt users, those that hurt most first, and the walk back from one of their requests.
pub(super) fn walk_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let Some(run) = shell.run.as_ref() else { return };
    let heading = label::section(ui, lang.tr("walk.title"));
    label::explained(heading, lang, "truth");
    let flaws = run.snapshot.flaws.clone();
    let scope = run.delivery.scope;
    let ours = |flaw: &&FlawSnapshot| scope.is_none_or(|service| flaw.requests.iter().any(|request| request.service == service));
    let mut sorted: Vec<&FlawSnapshot> = flaws.iter().filter(ours).collect();
    sorted.sort_by_key(|flaw| std::cmp::Reverse(flaw.failed));
    if sorted.is_empty() {
        label::secondary(ui, lang.tr("walk.none"));
        return;
    }
    label::secondary(ui, lang.tr("walk.about"));
    let chosen = run.delivery.walk.filter(|(flaw, _)| sorted.iter().any(|known| known.flaw == *flaw));
    let clicked = flaws_ui(ui, lang, run, &sorted, chosen.map(|(flaw, _)| flaw));
    let mut target = None;
    let mut walk = clicked.map(|flaw| (flaw, 0));
    if let Some((flaw, at)) = chosen
        && let Some(flaw) = sorted.iter().find(|known| known.flaw == flaw)
        && let Some(request) = flaw.requests.get(at).or_else(|| flaw.requests.first())
    {
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            label::section(ui, lang.with("walk.of", &[("defect", &flaw_name(lang, flaw))]));
            let places = [("number", (at + 1).to_string()), ("of", flaw.requests.len().to_string()), ("failed", format::whole(lang, flaw.failed))];
            let places: Vec<(&str, &str)> = places.iter().map(|(name, value)| (*name, value.as_str())).collect();
            label::caption(ui, lang.with("walk.example", &places));
            ui.add_enabled_ui(at > 0, |ui| {
                if button::sized_icon(ui, icons::BACK, &lang.tr("walk.previous"), false, 22.0).clicked() {
                    walk = Some((flaw.flaw, at - 1));
                }
            });
            ui.add_enabled_ui(at + 1 < flaw.requests.len(), |ui| {
                if button::sized_icon(ui, icons::FORWARD, &lang.tr("walk.next"), false, 22.0).clicked() {
                    walk = Some((flaw.flaw, at + 1));
                }
            });
        });
        target = steps_ui(ui, lang, run, flaw, request);
    }
    if let (Some(walk), Some(run)) = (walk, shell.run.as_mut()) {
        run.delivery.walk = Some(walk);
    }
    if let Some(target) = target {
        go(shell, target);
    }
}

/// The list; returns the defect that was clicked.
fn flaws_ui(ui: &mut Ui, lang: Lang, run: &Run, flaws: &[&FlawSnapshot], chosen: Option<FlawId>) -> Option<FlawId> {
    let heads = [
        lang.tr("walk.col.defect"),
        lang.tr("events.service"),
        lang.tr("walk.col.failed"),
        lang.tr("walk.col.change"),
        lang.tr("walk.col.deployment"),
        lang.tr("walk.col.last"),
    ];
    let columns = [
        Column::text(&heads[0], 3.0),
        Column::text(&heads[1], 2.6),
        Column::number(&heads[2], 1.6),
        Column::text(&heads[3], 1.8),
        Column::text(&heads[4], 2.0),
        Column::text(&heads[5], 2.0),
    ];
    let name = |at: usize| lang.with("walk.row", &[("defect", &flaw_name(lang, flaws[at])), ("failed", &flaws[at].failed.to_string())]);
    let draw = |at: usize, cells: &Cells<'_>| {
        let flaw = flaws[at];
        let palette = cells.palette;
        let color = if chosen == Some(flaw.flaw) { palette.accent } else { palette.failing_text };
        cells.colored(0, icons::DEFECT, color, 0.0);
        cells.colored(0, &flaw_name(lang, flaw), if chosen == Some(flaw.flaw) { palette.accent } else { palette.text }, 18.0);
        if let Some(request) = flaw.requests.first() {
            cells.name(1, run.service_name(request.service), palette.text, 0.0);
        }
        cells.text(2, &format::whole(lang, flaw.failed));
        cells.text(3, &flaw.origin.as_ref().map_or_else(String::new, |origin| change(lang, origin.change)));
        cells.text(4, &flaw.introduced.map_or_else(String::new, |number| deployment(lang, number)));
        cells.colored(5, &run.moment(lang, flaw.last), palette.secondary, 0.0);
    };
    let height = (flaws.len() as f32 * 24.0).min(HEIGHT);
    ui.scope(|ui| table(ui, "flaws", &columns, flaws.len(), height, name, draw)).inner.map(|at| flaws[at].flaw)
}

/// What is said of the deployment that a walk passes, and which that is: the one that had brought what the instance ran.
///
/// A defect between two services shows on the one that was there from the start, too; then the deployment of the other one
/// is what brought it.
fn brought(lang: Lang, introduced: Option<DeploymentNumber>, deployed: Option<DeploymentNumber>) -> (String, Option<DeploymentNumber>) {
    let said = match (introduced, deployed) {
        (Some(first), Some(number)) if first != number => lang.with("walk.first", &[("deployment", &deployment(lang, first))]),
        (Some(_), None) => lang.tr("walk.other-side").into_owned(),
        _ => String::new(),
    };
    (said, deployed.or(introduced))
}

/// The chain from the request to the defect; returns where a link leads that was clicked.
fn steps_ui(ui: &mut Ui, lang: Lang, run: &Run, flaw: &FlawSnapshot, request: &FailedRequest) -> Option<Target> {
    let palette = colors(ui);
    let mut target = None;
    let service = run.service_name(request.service);
    let model = &run.scenario.model;
    let endpoint = model.endpoints.get(request.hurt.endpoint.index());
    let asked = endpoint.map_or_else(String::new, |endpoint| format!("{}.{}", run.service_name(endpoint.service), endpoint.name));
    let source = model.sources.get(request.hurt.source.index()).map_or("", |source| source.name.as_str());
    let reason = request.hurt.reason.name();
    let reason = lang.find(&format!("reason.{reason}")).map_or_else(|| humanised(reason), std::borrow::Cow::into_owned);
    Grid::new("walk").num_columns(3).spacing(vec2(12.0, 4.0)).min_row_height(22.0).show(ui, |ui| {
        let mut step = |ui: &mut Ui, icon: &str, what: &'static str, text: String, to: Option<Target>, more: String| {
            ui.label(RichText::new(icon).color(palette.secondary));
            ui.label(RichText::new(lang.tr(what)).color(palette.secondary));
            ui.horizontal_wrapped(|ui| {
                match to {
                    Some(to) => {
                        if link_ui(ui, &text, &lang.tr("walk.goes")).clicked() {
                            target = Some(to);
                        }
                    }
                    None => {
                        ui.label(text);
                    }
                }
                if !more.is_empty() {
                    ui.add(Label::new(RichText::new(more).color(palette.secondary)).wrap());
                }
            });
            ui.end_row();
        };
        let who = lang.with("walk.request", &[("user", &request.hurt.user.to_string()), ("source", source), ("endpoint", &asked)]);
        let how = lang.with("walk.failed", &[("reason", &reason), ("time", &run.moment(lang, request.hurt.ended))]);
        step(ui, icons::FAILING, "walk.step.request", who, None, how);
        let number = request.hurt.instance.0;
        step(ui, icons::TARGET, "walk.step.instance", format!("{service} #{number}"), Some(Target::Instance(request.service, number)), String::new());
        let version = version_name(run, request.version).to_owned();
        step(ui, icons::DEPLOYMENTS, "walk.step.version", version, request.commit.clone().map(Target::Commit), String::new());
        let (came, of) = brought(lang, flaw.introduced, request.deployment);
        let text = of.map_or_else(|| lang.tr("walk.first-fleet").into_owned(), |number| deployment(lang, number));
        step(ui, icons::DEPLOY, "walk.step.deployment", text, of.map(Target::Deployment), came);
        if let Some(execution) = request.execution {
            let build = request.build.map_or_else(String::new, |build| lang.with("delivery.build", &[("number", &build.to_string())]));
            let execution = lang.with("delivery.execution", &[("number", &execution.to_string())]);
            let text = if build.is_empty() { execution } else { format!("{build}, {execution}") };
            let to = Target::Pipeline { service: request.service, execution: request.execution, build: request.build };
            step(ui, icons::SCALE, "walk.step.build", text, Some(to), String::new());
        }
        if let Some(commit) = &request.commit {
            step(ui, icons::COMMITS, "walk.step.commit", commit.clone(), Some(Target::Commit(commit.clone())), lang.tr("walk.built-from").into_owned());
        }
        if let Some(origin) = &flaw.origin {
            let author = origin.author.map_or_else(String::new, |author| lang.with("walk.by", &[("person", &person(lang, author))]));
            let own = origin.commit.as_ref().map_or_else(String::new, |commit| format!("{} {commit}", lang.tr("walk.step.commit").to_lowercase()));
            let more = [author, own].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
            step(ui, icons::PERSON, "walk.step.change", change(lang, origin.change), origin.commit.clone().map(Target::Commit), more);
        }
        let count = lang.with("walk.count", &[("failed", &format::whole(lang, flaw.failed))]);
        step(ui, icons::DEFECT, "walk.step.defect", flaw_name(lang, flaw), None, count);
    });
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_that_came_with_another_service_leads_to_its_deployment() {
        let walk = |introduced, deployed| brought(Lang::En, introduced, deployed);
        assert_eq!(walk(None, None), (String::new(), None), "it was there from the start");
        assert_eq!(walk(Some(5), Some(5)), (String::new(), Some(5)));
        let (said, of) = walk(Some(5), None);
        assert!(of == Some(5) && said.contains("other side"), "{said}");
        let (said, of) = walk(Some(5), Some(7));
        assert!(of == Some(7) && said.contains("deployment #5"), "{said}");
    }
}
