//! Deployments: those under way and the latest ones, each with its versions, traffic, alarms and outcome, and what can be done.
//!
//! A deployment under way is shown as it stands; of one that has ended the ledger says how and why. What can be done to it is
//! what can be done to its service anywhere: roll back, give the new version all traffic, deploy a version again.

use std::collections::BTreeMap;

use eframe::egui::{Frame, Label, Margin, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, vec2};

use super::delivery::{Target, change, deployment, go, link_ui, outcome, outcome_health, strategy, version_name};
use super::panes::PaneSpec;
use crate::insight::alarm::AlarmState;
use crate::insight::deployments::{Deployment, Status};
use crate::lab::snapshot::{Health, ServiceSnapshot};
use crate::scenario::Action;
use crate::ui::state::{Ask, Run, Selection, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, size};
use crate::ui::widgets::table::{Cells, Column, table};
use crate::ui::widgets::{button, empty, label, status};
use crate::ui::{fonts, format, icons};

/// The panel.
pub(crate) const PANE: PaneSpec = PaneSpec { title: "pane.deployments", icon: icons::DEPLOYMENTS, draw: deployments_ui };

/// From this width on the deployment that is looked at stands beside the list [points].
const BESIDE: f32 = 620.0;

fn deployments_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let Some(snapshot) = shell.run.as_ref().map(|run| run.snapshot.clone()) else { return };
    if snapshot.dora.deployments.is_empty() {
        empty::empty(ui, PANE.icon, &lang.tr("deployments.none"), &lang.tr("deployments.none.about"), None);
        return;
    }
    // Those under way first, each list with the newest first.
    let (under_way, ended): (Vec<&Deployment>, Vec<&Deployment>) = snapshot.dora.deployments.iter().rev().partition(|one| one.status == Status::InProgress);
    let rows: Vec<&Deployment> = under_way.into_iter().chain(ended).collect();
    let looked = shell.run.as_ref().and_then(|run| run.delivery.deployment);
    let chosen = looked.and_then(|number| rows.iter().find(|one| one.number == number)).or(rows.first()).copied();
    let mut clicked = None;
    Frame::new().inner_margin(Margin { left: 12, right: 4, top: 4, bottom: 0 }).show(ui, |ui| {
        let rect = ui.available_rect_before_wrap();
        let (list, aside) = if rect.width() >= BESIDE {
            let split = rect.right() - (rect.width() * 0.36).clamp(270.0, 420.0);
            (rect.with_max_x(split - 12.0), rect.with_min_x(split))
        } else {
            let split = rect.top() + rect.height() * 0.45;
            (rect.with_max_y(split - 4.0), rect.with_min_y(split))
        };
        let palette = colors(ui);
        if aside.left() > rect.left() {
            ui.painter().vline(aside.left() - 6.0, aside.y_range(), (1.0, palette.line));
        } else {
            ui.painter().hline(aside.x_range(), aside.top() - 2.0, (1.0, palette.line));
        }
        let mut child = ui.new_child(UiBuilder::new().id_salt("list").max_rect(list));
        child.set_clip_rect(list.intersect(ui.clip_rect()));
        clicked = shell.run.as_ref().and_then(|run| list_ui(&mut child, lang, run, &rows, chosen.map(|one| one.number))).map(|at| rows[at]);
        if let Some(one) = chosen {
            let mut child = ui.new_child(UiBuilder::new().id_salt("one").max_rect(aside));
            child.set_clip_rect(aside.intersect(ui.clip_rect()));
            ScrollArea::vertical().auto_shrink(false).show(&mut child, |ui| {
                Frame::new().inner_margin(Margin { left: 0, right: 10, top: 4, bottom: 10 }).show(ui, |ui| one_ui(ui, shell, one));
            });
        }
        ui.allocate_rect(rect, Sense::hover());
    });
    if let Some(one) = clicked {
        if let Some(run) = shell.run.as_mut() {
            run.delivery.deployment = Some(one.number);
        }
        shell.ask(Ask::Select(Selection::Service(one.service)));
    }
}

/// The list; returns the place of what was clicked.
fn list_ui(ui: &mut Ui, lang: Lang, run: &Run, rows: &[&Deployment], chosen: Option<u32>) -> Option<usize> {
    let heads = [
        "#".into(),
        lang.tr("events.service"),
        lang.tr("deployments.versions"),
        lang.tr("deployments.started"),
        lang.tr("dora.col.took"),
        lang.tr("dora.col.outcome"),
    ];
    let columns = [
        Column::number(&heads[0], 0.8),
        Column::text(&heads[1], 2.4),
        Column::text(&heads[2], 3.5),
        Column::text(&heads[3], 2.2),
        Column::number(&heads[4], 1.3),
        Column::text(&heads[5], 2.9),
    ];
    let name = |at: usize| {
        let one = rows[at];
        let words = [deployment(lang, one.number), run.service_name(one.service).to_owned(), versions(run, one), outcome(lang, one)];
        words.join(", ")
    };
    let draw = |at: usize, cells: &Cells<'_>| {
        let one = rows[at];
        let palette = cells.palette;
        let on = chosen == Some(one.number);
        cells.colored(0, &one.number.to_string(), if on { palette.accent } else { palette.secondary }, 0.0);
        cells.name(1, run.service_name(one.service), if on { palette.accent } else { palette.text }, 0.0);
        cells.text(2, &versions(run, one));
        cells.colored(3, &format::day_time(lang, one.started), palette.secondary, 0.0);
        let took = one.ended.unwrap_or(run.snapshot.now).since(one.started);
        cells.text(4, &format::span(lang, took));
        status::shape(cells.painter(), cells.mark(5), 8.0, outcome_health(one), palette);
        cells.colored(5, &outcome(lang, one), palette.text, 18.0);
    };
    let height = ui.available_height() - 24.0;
    table(ui, "deployments", &columns, rows.len(), height, name, draw)
}

/// From which version to which.
fn versions(run: &Run, one: &Deployment) -> String {
    format!("{} → {}", version_name(run, one.replaces), version_name(run, one.version))
}

/// A deployment: what it does, how it stands, what can be done about it.
fn one_ui(ui: &mut Ui, shell: &mut Shell, one: &Deployment) {
    let lang = shell.lang();
    let palette = colors(ui);
    let Some(run) = shell.run.as_ref() else { return };
    let snapshot = run.snapshot.clone();
    let Some(state) = snapshot.services.get(one.service.index()) else { return };
    let service = run.service_name(one.service).to_owned();
    let mut target = None;
    ui.label(RichText::new(format!("{}  {} · {service}", icons::DEPLOY, deployment(lang, one.number))).font(fonts::semibold(size::BODY)));
    ui.label(RichText::new(versions(run, one)).font(fonts::mono(size::BODY - 1.0)));
    ui.horizontal_wrapped(|ui| {
        let (place, _) = ui.allocate_exact_size(vec2(10.0, 18.0), Sense::hover());
        status::shape(ui.painter(), place.center(), theme::SHAPE.x, outcome_health(one), palette);
        ui.add(Label::new(outcome(lang, one)).wrap());
    });
    let named = strategy(lang, one.strategy);
    let took = format::span(lang, one.ended.unwrap_or(snapshot.now).since(one.started));
    let key = if one.ended.is_some() { "deployments.took" } else { "deployments.takes" };
    let line = label::secondary(ui, lang.with(key, &[("strategy", &named), ("time", &format::day_time(lang, one.started)), ("took", &took)]));
    if let Some(about) = lang.find(&format!("strategy.{}.about", one.strategy)) {
        line.on_hover_text(about);
    }
    let current = state.deployment.as_ref().filter(|deployment| deployment.number == one.number);
    if let Some(current) = current {
        progress_ui(ui, lang, state, current, one.status == Status::InProgress);
    }
    fleet_ui(ui, lang, state);
    if let Some(current) = current {
        alarms_ui(ui, lang, run, &current.alarms);
    }
    if !one.changes.is_empty() {
        ui.add_space(6.0);
        label::section(ui, lang.counted("changes", one.changes.len()));
        ui.horizontal_wrapped(|ui| {
            for (number, _) in &one.changes {
                let looked = snapshot.delivery.as_ref().and_then(|look| look.changes.iter().find(|known| known.number == *number));
                match looked.and_then(|known| known.commit.clone()) {
                    Some(sha) if link_ui(ui, change(lang, *number), &lang.tr("walk.goes")).clicked() => target = Some(Target::Commit(sha)),
                    Some(_) => {}
                    None => {
                        ui.label(change(lang, *number));
                    }
                }
            }
        });
    }
    for blame in &one.incidents {
        label::secondary(ui, lang.with("deployments.blamed", &[("number", &blame.incident.to_string())]));
    }
    let act = actions_ui(ui, shell, one, state, current.is_some(), &service);
    if let Some(act) = act {
        shell.ask(Ask::Act(Box::new(act)));
    }
    if let Some(target) = target {
        go(shell, target);
    }
}

/// How many instances of the new version serve.
fn progress_ui(ui: &mut Ui, lang: Lang, state: &ServiceSnapshot, current: &crate::lab::snapshot::DeploymentSnapshot, going: bool) {
    let palette = colors(ui);
    let index = state.versions.iter().position(|version| version.name == current.version).unwrap_or(1);
    let share = if current.wanted == 0 { 0.0 } else { (current.done as f32 / current.wanted as f32).min(1.0) };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 6.0), Sense::hover());
    ui.painter().rect_filled(rect, 3.0, palette.raised);
    ui.painter().rect_filled(Rect::from_min_size(rect.min, vec2(rect.width() * share, 6.0)), 3.0, palette.version(index));
    if going {
        let counts = [("done", current.done.to_string()), ("wanted", current.wanted.to_string())];
        let counts: Vec<(&str, &str)> = counts.iter().map(|(name, value)| (*name, value.as_str())).collect();
        label::caption(ui, lang.with("deployments.progress", &counts));
    }
    if current.failed > 0 {
        ui.label(RichText::new(lang.with("deployment.failed", &[("failed", &current.failed.to_string())])).color(palette.failing_text));
    }
}

/// The versions that run or get traffic now.
fn fleet_ui(ui: &mut Ui, lang: Lang, state: &ServiceSnapshot) {
    ui.add_space(6.0);
    let heading = label::section(ui, lang.tr("deployments.fleet"));
    label::explained(heading, lang, "deployment-share");
    let live: Vec<usize> =
        (0..state.versions.len()).filter(|at| state.versions[*at].instances > 0 || state.versions[*at].share.is_some_and(|share| share > 0.0)).collect();
    let heads =
        [lang.tr("deploy.version"), lang.tr("instances.short"), lang.tr("deployments.share"), lang.tr("signal.rate"), "p99".into(), lang.tr("signal.errors")];
    let columns = [
        Column::text(&heads[0], 2.6),
        Column::number(&heads[1], 1.1),
        Column::number(&heads[2], 1.6),
        Column::number(&heads[3], 1.7),
        Column::number(&heads[4], 1.7),
        Column::number(&heads[5], 1.4),
    ];
    ui.scope(|ui| {
        table(
            ui,
            "fleet of a deployment",
            &columns,
            live.len(),
            110.0,
            |at| format!("{} {}", lang.tr("deploy.version"), state.versions[live[at]].name),
            |at, cells| {
                let version = &state.versions[live[at]];
                let palette = cells.palette;
                cells.painter().rect_filled(Rect::from_center_size(cells.mark(0), vec2(9.0, 9.0)), 2.0, palette.version(live[at]));
                cells.colored(0, &version.name, palette.text, 14.0);
                cells.text(1, &version.instances.to_string());
                cells.text(2, &version.share.map_or_else(|| format::NOTHING.to_owned(), |share| format::percent(lang, share)));
                cells.text(3, &format::rate(lang, version.signals.rate));
                cells.text(4, &format::millis_or_nothing(lang, version.signals.p99_ms));
                let errors = if version.signals.rate > 0.0 { format::percent(lang, version.signals.error_ratio) } else { format::NOTHING.to_owned() };
                cells.colored(5, &errors, if version.signals.error_ratio >= 0.01 { palette.failing_text } else { palette.text }, 0.0);
            },
        );
    });
}

/// The alarms that turn it back, with their states.
fn alarms_ui(ui: &mut Ui, lang: Lang, run: &Run, watched: &[String]) {
    let palette = colors(ui);
    ui.add_space(6.0);
    let heading = label::section(ui, lang.tr("deployments.alarms"));
    label::explained(heading, lang, "alarm");
    if watched.is_empty() {
        label::secondary(ui, lang.tr("deployments.alarms.none"));
    }
    for name in watched {
        let Some(alarm) = run.snapshot.alarms.iter().find(|alarm| alarm.name == *name) else { continue };
        let health = match alarm.state {
            AlarmState::Ok => Health::Ok,
            AlarmState::Alarm => Health::Failing,
            AlarmState::InsufficientData => Health::Unknown,
        };
        ui.horizontal_wrapped(|ui| {
            let (place, _) = ui.allocate_exact_size(vec2(10.0, 18.0), Sense::hover());
            status::shape(ui.painter(), place.center(), theme::SHAPE.x, health, palette);
            ui.label(name);
            ui.label(RichText::new(alarm.state.name()).font(fonts::mono(size::SMALL)).color(palette.secondary));
        });
    }
}

/// What can be done: returns what was asked for.
fn actions_ui(ui: &mut Ui, shell: &Shell, one: &Deployment, state: &ServiceSnapshot, under_way: bool, service: &str) -> Option<Action> {
    let lang = shell.lang();
    let over = shell.is_over();
    let run = shell.run.as_ref()?;
    let (new, old) = (version_name(run, one.version).to_owned(), version_name(run, one.replaces).to_owned());
    let mut act = None;
    ui.add_space(8.0);
    ui.horizontal_wrapped(|ui| {
        // Once it has ended only the version that runs can be left.
        let ours = under_way || state.stable == new;
        if ours && button::plain_if(ui, !over, icons::ROLL_BACK, &lang.with("act.roll-back", &[("service", service)])).clicked() {
            act = Some(Action::RollBack { service: service.to_owned() });
        }
        let shared = state.versions.iter().any(|version| version.share.is_some());
        if under_way && shared {
            let text = lang.with("deployments.promote", &[("version", &new)]);
            let response = button::plain_if(ui, !over, icons::DEPLOY, &text).on_hover_text(lang.tr("deployments.promote.about"));
            if response.clicked() {
                let weights = BTreeMap::from([(new.clone(), 1.0), (old.clone(), 0.0)]);
                act = Some(Action::ShiftTraffic { service: service.to_owned(), weights });
            }
        }
        if !under_way && state.stable != new && state.deployment.is_none() {
            let text = lang.with("deployments.again", &[("version", &new), ("service", service)]);
            if button::plain_if(ui, !over, icons::DEPLOY, &text).clicked() {
                act = Some(Action::Deploy { service: service.to_owned(), version: new.clone(), strategy: None });
            }
        }
    });
    act
}
