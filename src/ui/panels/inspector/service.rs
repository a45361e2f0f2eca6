//! A service: how it is and why, its signals, its instances, versions, calls and failures, and what can be done to it.

use eframe::egui::{Rect, RichText, Ui, vec2};

use super::{heading_ui, rule_ui, signals_ui};
use crate::fleet::instance::InstanceState;
use crate::ids::ServiceId;
use crate::lab::snapshot::{EdgeEnd, ServiceSnapshot, Snapshot};
use crate::ui::map::node;
use crate::ui::panels::delivery::{Target, go, link_ui};
use crate::ui::state::{Ask, Selection, Shell, colors};
use crate::ui::text::{Lang, humanised};

use crate::ui::widgets::segmented::{Segment, segmented};
use crate::ui::widgets::table::{Column, table};
use crate::ui::widgets::{label, status};
use crate::ui::{format, icons};

/// The parts of a service that are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tab {
    /// Its instances.
    #[default]
    Instances,
    /// Its versions.
    Versions,
    /// Who calls it and whom it calls.
    Calls,
    /// Why requests fail.
    Failures,
}

/// Letters of a commit's name, after which pipelines name versions.
const COMMIT: usize = 7;

const TABS: [(Tab, &str); 4] = [(Tab::Instances, "instances"), (Tab::Versions, "tab.versions"), (Tab::Calls, "tab.calls"), (Tab::Failures, "tab.failures")];

/// Draws it.
pub(super) fn service_ui(ui: &mut Ui, shell: &mut Shell, service: ServiceId) {
    let lang = shell.lang();
    let Some(run) = shell.run.as_ref() else { return };
    let snapshot = run.snapshot.clone();
    let scenario = run.scenario.clone();
    let Some(state) = snapshot.services.get(service.index()) else { return };
    let kind = scenario.kinds.get(service.index()).copied().unwrap_or_default();
    ui.horizontal(|ui| {
        heading_ui(ui, icons::kind(kind), run.service_name(service));
    });
    ui.horizontal(|ui| {
        status::chip(ui, lang, state.health);
        if let Some(why) = &state.why {
            label::secondary(ui, lang.say(why));
        }
    });
    signals_ui(ui, lang, &state.signals, true);
    if let Some(deployment) = &state.deployment {
        let index = state.versions.iter().position(|version| version.name == deployment.version).unwrap_or(1);
        let share = state.versions.get(index).and_then(|version| version.share);
        deployment_ui(ui, lang, deployment, share, colors(ui).version(index));
    }
    super::actions::actions_ui(ui, shell, service, state);
    super::fleet::faults_ui(ui, shell, Some(service));
    rule_ui(ui);

    let Some(run) = shell.run.as_mut() else { return };
    let names = TABS.map(|(_, key)| lang.tr(key));
    let segments: Vec<Segment<'_>> = names.iter().map(|name| Segment { text: name, name }).collect();
    let on = TABS.iter().position(|(tab, _)| *tab == run.inspector.tab);
    if let Some(at) = segmented(ui, &segments, on, 9.0) {
        run.inspector.tab = TABS[at].0;
    }
    let height = (ui.clip_rect().bottom() - ui.cursor().top() - 40.0).max(168.0);
    // What leads on stands below the reasons, of which there are few.
    let reasons = height.min(8.0 + 26.0 * (1 + state.reasons.len()) as f32);
    match run.inspector.tab {
        Tab::Instances => {
            if let Some(at) = instances_ui(ui, lang, state, &scenario.model.zones, height) {
                shell.ask(Ask::Select(Selection::Instance(service, state.instances[at].id)));
            }
        }
        Tab::Versions => versions_ui(ui, lang, state, height),
        Tab::Calls => {
            if let Some(selection) = calls_ui(ui, shell, service, height) {
                shell.ask(Ask::Select(selection));
            }
        }
        Tab::Failures => {
            failures_ui(ui, lang, state, reasons);
            if let Some(target) = walks_ui(ui, lang, &snapshot, service) {
                go(shell, target);
            }
        }
    }
}

/// A deployment under way: how many instances, and where it shifts traffic what `share` of that the new version has.
fn deployment_ui(ui: &mut Ui, lang: Lang, deployment: &crate::lab::snapshot::DeploymentSnapshot, share: Option<f64>, color: eframe::egui::Color32) {
    let palette = colors(ui);
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        ui.label(RichText::new(icons::DEPLOY).color(color));
        let strategy = lang.find(&format!("strategy.{}.name", deployment.strategy)).map_or_else(|| deployment.strategy.clone(), std::borrow::Cow::into_owned);
        let values = [
            ("version", deployment.version.as_str()),
            ("strategy", &strategy),
            ("done", &deployment.done.to_string()),
            ("wanted", &deployment.wanted.to_string()),
            ("share", &format::percent(lang, share.unwrap_or_default())),
        ];
        let key = if share.is_some() { "deployment.shifts" } else { "deployment.stands" };
        ui.add(eframe::egui::Label::new(lang.with(key, &values)).wrap());
    });
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 6.0), eframe::egui::Sense::hover());
    ui.painter().rect_filled(rect, 3.0, palette.raised);
    let part = |count: u32| if deployment.wanted == 0 { 0.0 } else { (count as f32 / deployment.wanted as f32).min(1.0) * rect.width() };
    let done = share.map_or_else(|| part(deployment.done), |share| rect.width() * share as f32);
    ui.painter().rect_filled(Rect::from_min_size(rect.min, vec2(done, 6.0)), 3.0, color);
    if deployment.failed > 0 {
        let width = part(deployment.failed).min(rect.width());
        ui.painter().rect_filled(Rect::from_min_max(rect.right_top() - vec2(width, 0.0), rect.max), 3.0, palette.failing);
        ui.label(RichText::new(lang.with("deployment.failed", &[("failed", &deployment.failed.to_string())])).color(palette.failing_text));
    }
}

/// The word for an instance's state.
pub(super) fn state_word(lang: Lang, state: InstanceState) -> std::borrow::Cow<'static, str> {
    lang.tr(match state {
        InstanceState::Starting => "state.starting",
        InstanceState::Healthy => "state.healthy",
        InstanceState::Unhealthy => "state.unhealthy",
        InstanceState::Draining => "state.draining",
        InstanceState::Crashed => "state.crashed",
        InstanceState::Stopped => "state.stopped",
    })
}

/// The instances; returns the one that was clicked.
fn instances_ui(ui: &mut Ui, lang: Lang, state: &ServiceSnapshot, zones: &[String], height: f32) -> Option<usize> {
    if state.instances.is_empty() {
        label::secondary(ui, lang.tr("instances.none"));
        return None;
    }
    let heads = [
        "#".into(),
        lang.tr("instance.state"),
        lang.tr("instance.version"),
        lang.tr("instance.zone"),
        lang.tr("instance.busy"),
        lang.tr("instance.queued"),
        lang.tr("instance.cpu"),
    ];
    let version = |at: usize| state.versions.get(usize::from(state.instances[at].version)).map_or("", |version| version.name.as_str());
    let letters = (0..state.instances.len()).map(|at| version(at).chars().count()).max().unwrap_or(0).min(COMMIT);
    let widest = "0".repeat(letters);
    // Narrow, the zone gives way to the numbers, and where versions are named after commits the CPU gives way to them.
    let narrow = ui.available_width() < 360.0;
    let zone = if narrow { 0.0 } else { 1.7 };
    let cpu = if narrow && letters == COMMIT { 0.0 } else { 1.3 };
    let columns = [
        Column::number(&heads[0], if state.instances.iter().any(|instance| instance.id > 999) { 1.8 } else { 1.0 }),
        Column::text(&heads[1], 3.3),
        Column::text(&heads[2], 2.3).holding(&widest, 16.0),
        Column::text(&heads[3], zone),
        Column::number(&heads[4], 1.5),
        Column::number(&heads[5], 1.6),
        Column::number(&heads[6], cpu),
    ];
    let name = |at: usize| format!("{} {} {}, {}", lang.tr("instance"), state.instances[at].id, state_word(lang, state.instances[at].state), version(at));
    table(ui, "instances", &columns, state.instances.len(), height, name, |at, cells| {
        let instance = &state.instances[at];
        let palette = cells.palette;
        cells.colored(0, &instance.id.to_string(), palette.secondary, 0.0);
        let word = state_word(lang, instance.state);
        let text = if instance.faulted { format!("{} {word}", icons::FAULT) } else { word.into_owned() };
        cells.colored(1, &text, if instance.faulted { palette.failing_text } else { palette.text }, 0.0);
        // Its colour is that of the version: beside the state it would look like a warning.
        node::cell_of(cells.painter(), Rect::from_center_size(cells.mark(2), vec2(9.0, 9.0)), instance, palette);
        cells.colored(2, version(at), palette.text, 16.0);
        cells.colored(3, zones.get(usize::from(instance.zone)).map_or("", String::as_str), palette.secondary, 0.0);
        cells.text(4, &format!("{}/{}", instance.busy, state.workers));
        cells.text(5, &instance.queued.to_string());
        cells.text(6, &format!("{:.0}", instance.cpu * 100.0));
    })
}

fn versions_ui(ui: &mut Ui, lang: Lang, state: &ServiceSnapshot, height: f32) {
    let stable = node::stable_index(state);
    let heads = [lang.tr("instance.version"), lang.tr("instances.short"), lang.tr("signal.rate"), "p99".into(), lang.tr("signal.errors")];
    let columns = [
        Column::text(&heads[0], 3.3),
        Column::number(&heads[1], 1.1),
        Column::number(&heads[2], 1.8),
        Column::number(&heads[3], 1.8),
        Column::number(&heads[4], 1.6),
    ];
    table(
        ui,
        "versions",
        &columns,
        state.versions.len(),
        height,
        |at| state.versions[at].name.clone(),
        |at, cells| {
            let version = &state.versions[at];
            let palette = cells.palette;
            cells.painter().rect_filled(Rect::from_center_size(cells.mark(0), vec2(9.0, 9.0)), 2.0, palette.version(at));
            let text = if at == stable { format!("{} ({})", version.name, lang.tr("version.stable")) } else { version.name.clone() };
            cells.colored(0, &text, palette.text, 14.0);
            cells.text(1, &version.instances.to_string());
            cells.text(2, &format::rate(lang, version.signals.rate));
            cells.text(3, &format::millis_or_nothing(lang, version.signals.p99_ms));
            let share = if version.signals.rate > 0.0 { format::percent(lang, version.signals.error_ratio) } else { format::NOTHING.to_owned() };
            cells.colored(4, &share, if version.signals.error_ratio >= 0.01 { palette.failing_text } else { palette.text }, 0.0);
        },
    );
}

fn calls_ui(ui: &mut Ui, shell: &Shell, service: ServiceId, height: f32) -> Option<Selection> {
    let lang = shell.lang();
    let run = shell.run.as_ref()?;
    let snapshot = &run.snapshot;
    let into = snapshot.edges.iter().filter(|edge| edge.to == service);
    let out = snapshot.edges.iter().filter(|edge| edge.from == EdgeEnd::Service(service));
    let all: Vec<_> = into.chain(out).collect();
    if all.is_empty() {
        label::secondary(ui, lang.tr("calls.none"));
        return None;
    }
    let heads = [lang.tr("calls.with"), lang.tr("signal.rate"), "p99".into(), lang.tr("signal.errors"), lang.tr("edge.retries")];
    let columns = [
        Column::text(&heads[0], 4.0),
        Column::number(&heads[1], 2.0),
        Column::number(&heads[2], 2.1),
        Column::number(&heads[3], 2.1),
        // Narrow, retries give way to the names: the edge itself shows them.
        Column::number(&heads[4], if ui.available_width() < 360.0 { 0.0 } else { 2.0 }),
    ];
    let name = |at: usize| format!("{} → {}", run.end_name(all[at].from), run.service_name(all[at].to));
    let clicked = table(ui, "calls", &columns, all.len(), height, name, |at, cells| {
        let edge = all[at];
        let palette = cells.palette;
        let incoming = edge.to == service;
        let (icon, other) = if incoming { (icons::BACK, run.end_name(edge.from)) } else { (icons::FORWARD, run.service_name(edge.to)) };
        let broken = if edge.breaker_open { format!(" {}", icons::BROKEN) } else { String::new() };
        cells.colored(0, icon, palette.secondary, 0.0);
        cells.name(0, &format!("{other}{broken}"), if edge.breaker_open { palette.failing_text } else { palette.text }, 18.0);
        cells.text(1, &format::rate(lang, edge.rate));
        cells.text(2, &format::millis_or_nothing(lang, edge.p99_ms));
        let share = if edge.rate > 0.0 { format::percent(lang, edge.error_ratio) } else { format::NOTHING.to_owned() };
        cells.colored(3, &share, if edge.error_ratio >= 0.01 { palette.failing_text } else { palette.text }, 0.0);
        cells.text(4, &format::percent(lang, edge.retry_ratio));
    })?;
    let edge = all[clicked];
    Some(Selection::Edge(edge.from, edge.to))
}

/// The defects of versions that made requests fail here, each with the way back from the last such request. It is truth, so it is
/// offered and not told.
fn walks_ui(ui: &mut Ui, lang: Lang, snapshot: &Snapshot, service: ServiceId) -> Option<Target> {
    let mut target = None;
    for flaw in snapshot.flaws.iter() {
        let Some(at) = flaw.requests.iter().position(|request| request.service == service) else { continue };
        let values = [("number", format::whole(lang, flaw.failed)), ("time", format::moment(lang, flaw.last, snapshot.end))];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ui.add_space(4.0);
        let link = link_ui(ui, format!("{} {}", icons::BACK, lang.with("failures.walk", &values)), "");
        if label::explained(link, lang, "truth").clicked() {
            target = Some(Target::Walk(flaw.flaw, at));
        }
    }
    target
}

fn failures_ui(ui: &mut Ui, lang: Lang, state: &ServiceSnapshot, height: f32) {
    if state.reasons.is_empty() {
        label::secondary(ui, lang.tr("failures.none"));
        return;
    }
    let heads = [lang.tr("failures.reason"), lang.tr("signal.rate")];
    let columns = [Column::text(&heads[0], 4.0), Column::number(&heads[1], 1.4)];
    let most = state.reasons.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
    let word = |name: &str| lang.find(&format!("reason.{name}")).map_or_else(|| humanised(name), std::borrow::Cow::into_owned);
    table(
        ui,
        "failures",
        &columns,
        state.reasons.len(),
        height,
        |at| word(state.reasons[at].0),
        |at, cells| {
            let (name, rate) = state.reasons[at];
            let palette = cells.palette;
            let share = if most > 0.0 { (rate / most) as f32 } else { 0.0 };
            let left = cells.mark(0) - vec2(10.0, 9.0);
            cells.painter().rect_filled(
                Rect::from_min_size(left, vec2(180.0 * share, 18.0)),
                3.0,
                crate::ui::theme::mixed(palette.failing, palette.panel, 0.18),
            );
            cells.colored(0, &word(name), palette.text, 4.0);
            cells.text(1, &format::rate(lang, rate));
        },
    );
}
