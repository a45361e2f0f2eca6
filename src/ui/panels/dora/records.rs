//! The records behind a metric: the deployments or changes that were counted, newest first; a click opens the deployment.

use eframe::egui::{Align, Ui};

use super::{Metric, Scoped};
use crate::insight::deployments::{Deployment, Status};
use crate::insight::dora;
use crate::telemetry::ledger::{ChangeNumber, DeploymentNumber};
use crate::ui::format;
use crate::ui::panels::delivery::{Target, change, deployment, go, outcome, outcome_health, version_name};
use crate::ui::state::{Run, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::Palette;
use crate::ui::widgets::table::{Cells, Column, table};
use crate::ui::widgets::{label, status};
use crate::units::SimTime;

/// Height of the table at most [points].
const HEIGHT: f32 = 240.0;

/// What was counted: a deployment, or for lead time one of its changes with its commit.
type Counted<'a> = (&'a Deployment, Option<(ChangeNumber, SimTime)>);

fn counted<'a>(run: &'a Run, metric: Metric, scoped: &Scoped) -> Vec<Counted<'a>> {
    let scope = run.delivery.scope;
    let all = run.snapshot.dora.deployments.iter().rev();
    let ours = all.filter(|deployment| scope.is_none_or(|service| deployment.service == service) && deployment.ended.is_some());
    let one_of = |numbers: &[DeploymentNumber], deployment: &Deployment| numbers.contains(&deployment.number);
    let truth = run.delivery.truth;
    match metric {
        Metric::LeadTime => ours
            .filter(|deployment| deployment.status == Status::Completed)
            .flat_map(|deployment| deployment.changes.iter().rev().map(move |change| (deployment, Some(*change))))
            .collect(),
        Metric::Frequency => ours.map(|deployment| (deployment, None)).collect(),
        // With the truth, those that hurt users and that nobody counts are there, too.
        Metric::ChangeFail => ours
            .filter(|deployment| one_of(&scoped.dora.failed_deployments, deployment) || (truth && one_of(&scoped.hurt, deployment)))
            .map(|deployment| (deployment, None))
            .collect(),
        Metric::Recovery => ours.filter(|deployment| one_of(&scoped.dora.failed_deployments, deployment)).map(|deployment| (deployment, None)).collect(),
        Metric::Rework => ours.filter(|deployment| one_of(&scoped.dora.unplanned_deployments, deployment)).map(|deployment| (deployment, None)).collect(),
    }
}

/// What really happened with a deployment, if there is something to say, and in which colour.
fn really<'a>(lang: Lang, scoped: &Scoped, deployment: &Deployment, palette: &'a Palette) -> Option<(String, &'a eframe::egui::Color32)> {
    let counted = scoped.known.contains(&deployment.number);
    if scoped.hurt.contains(&deployment.number) {
        let key = if counted { "dora.really.hurt" } else { "dora.really.unknown" };
        Some((lang.tr(key).into_owned(), &palette.failing_text))
    } else if scoped.innocent.contains(&deployment.number) {
        Some((lang.tr("dora.really.innocent").into_owned(), &palette.warning_text))
    } else if scoped.spared.contains(&deployment.number) {
        Some((lang.tr("dora.really.spared").into_owned(), &palette.ok_text))
    } else {
        None
    }
}

/// The incidents and remedies of a deployment, as numbers.
fn incidents(deployment: &Deployment) -> (String, String) {
    let incidents: Vec<String> = deployment.incidents.iter().map(|blame| format!("#{}", blame.incident)).collect();
    let mut remedies: Vec<DeploymentNumber> =
        deployment.rolled_back_by.into_iter().chain(deployment.incidents.iter().filter_map(|blame| blame.remedy)).collect();
    remedies.dedup();
    (incidents.join(" "), remedies.iter().map(|number| format!("#{number}")).collect::<Vec<_>>().join(" "))
}

/// Draws them.
pub(super) fn records_ui(ui: &mut Ui, shell: &mut Shell, scoped: &Scoped) {
    let lang = shell.lang();
    let Some(run) = shell.run.as_ref() else { return };
    let metric = run.delivery.metric;
    let truth = run.delivery.truth;
    let rows = counted(run, metric, scoped);
    let heading = label::section(ui, lang.with_count(metric.records(), rows.len(), &[("count", &rows.len().to_string())]));
    if rows.is_empty() && metric.value(&scoped.dora).is_none() {
        label::secondary(ui, lang.tr(metric.unknown(&scoped.dora)));
    }
    let heads = [
        "#".into(),
        lang.tr("events.service"),
        lang.tr("deploy.version"),
        lang.tr(if metric == Metric::LeadTime { "dora.col.committed" } else { "dora.col.ended" }),
        lang.tr(if metric == Metric::LeadTime { "dora.col.change" } else { "dora.col.planned" }),
        lang.tr("dora.col.outcome"),
        lang.tr("dora.col.incident"),
        lang.tr("dora.col.remedy"),
        lang.tr(match metric {
            Metric::LeadTime => "dora.lead-time",
            Metric::Recovery => "dora.col.recovered",
            _ => "dora.col.took",
        }),
        lang.tr("dora.col.really"),
    ];
    let columns = [
        Column::number(&heads[0], 0.8),
        Column::text(&heads[1], 1.7),
        Column::text(&heads[2], 1.5),
        Column::text(&heads[3], 2.4),
        Column::text(&heads[4], 1.6),
        Column::text(&heads[5], 4.8),
        Column::text(&heads[6], 1.1),
        Column::text(&heads[7], 1.1),
        Column::number(&heads[8], 1.6),
        Column::text(&heads[9], if truth { 2.8 } else { 0.0 }),
    ];
    let palette = colors(ui);
    let when = |at: usize| {
        let (of, counted) = rows[at];
        let when = counted.map(|(_, committed)| committed).or(of.ended);
        when.map_or_else(String::new, |when| run.moment(lang, when))
    };
    let name = |at: usize| {
        let (of, _) = rows[at];
        let words =
            [deployment(lang, of.number), run.service_name(of.service).to_owned(), version_name(run, of.version).to_owned(), when(at), outcome(lang, of)];
        let really = really(lang, scoped, of, palette).filter(|_| truth).map(|(text, _)| text);
        words.into_iter().chain(really).collect::<Vec<_>>().join(", ")
    };
    let draw = |at: usize, cells: &Cells<'_>| {
        let (of, counted) = rows[at];
        let palette = cells.palette;
        cells.colored(0, &of.number.to_string(), palette.secondary, 0.0);
        cells.name(1, run.service_name(of.service), palette.text, 0.0);
        cells.text(2, version_name(run, of.version));
        cells.colored(3, &when(at), palette.secondary, 0.0);
        match counted {
            Some((number, _)) => cells.text(4, &change(lang, number)),
            None => cells.text(4, &lang.tr(if of.planned { "dora.planned" } else { "dora.unplanned" })),
        }
        status::shape(cells.painter(), cells.mark(5), 8.0, outcome_health(of), palette);
        cells.colored(5, &outcome(lang, of), palette.text, 18.0);
        let (incidents, remedies) = incidents(of);
        cells.text(6, &incidents);
        cells.text(7, &remedies);
        let took = match (metric, counted) {
            (Metric::LeadTime, Some((_, committed))) => of.ended.map(|ended| ended.since(committed)),
            (Metric::Recovery, _) => dora::recovered(of, &run.snapshot.dora.deployments),
            _ => of.took(),
        };
        cells.text(8, &took.map_or_else(|| format::NOTHING.to_owned(), |took| format::span(lang, took)));
        if truth && let Some((text, color)) = really(lang, scoped, of, palette) {
            cells.colored(9, &text, *color, 0.0);
        }
    };
    let mut clicked = None;
    if !rows.is_empty() {
        let height = (rows.len() as f32 * 24.0).min(HEIGHT);
        clicked = ui.scope(|ui| table(ui, "dora records", &columns, rows.len(), height, name, draw)).inner;
    }
    let target = clicked.map(|at| Target::Deployment(rows[at].0.number));
    if run.delivery.reveal {
        let whole = heading.rect.union(ui.min_rect().intersect(heading.rect.with_max_y(ui.cursor().top())));
        ui.scroll_to_rect(whole, Some(Align::Max).filter(|_| !rows.is_empty()));
    }
    if let Some(run) = shell.run.as_mut() {
        run.delivery.reveal = false;
    }
    if let Some(target) = target {
        go(shell, target);
    }
}
