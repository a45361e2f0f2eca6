//! Deployments: those under way and the latest ones, each with its versions, traffic, alarms and outcome, and what can be done.
//!
//! A deployment under way is shown as it stands: its `steps`, the `evidence` of its judges, and what a person can `steer`; one that
//! has ended as it stood then, and the ledger says how and why it ended.

pub(super) mod evidence;
pub(super) mod steer;
pub(super) mod steps;

use eframe::egui::{Align2, Frame, Label, Margin, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, pos2, vec2};

use super::delivery::{Target, change, deployment, deployment_of, go, link_ui, outcome, outcome_health, strategy, version_name};
use super::panes::PaneSpec;
use crate::fleet::deploy::Waiting;
use crate::insight::deployments::{Deployment, Status};
use crate::lab::snapshot::{DeploymentSnapshot, ServiceSnapshot};
use crate::ui::state::{Ask, Run, Selection, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, size};
use crate::ui::widgets::table::{Cells, Column, Rows, table, whole_rows};
use crate::ui::widgets::{empty, label, status};
use crate::ui::{fonts, format, icons};
use crate::units::SimSpan;

/// The panel.
pub(crate) const PANE: PaneSpec = PaneSpec { title: "pane.deployments", icon: icons::DEPLOYMENTS, draw: deployments_ui };

/// So much of a version's name is in sight in any case [letters].
const LETTERS: usize = 10;

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
    if let Some(run) = shell.run.as_mut()
        && let Some((service, before)) = run.delivery.next
        && let Some(fresh) = rows.iter().find(|one| one.service == service && one.number > before)
    {
        (run.delivery.deployment, run.delivery.next) = (Some(fresh.number), None);
    }
    let looked = shell.run.as_ref().and_then(|run| run.delivery.deployment);
    let chosen = looked.and_then(|number| rows.iter().find(|one| one.number == number)).or(rows.first()).copied();
    let mut clicked = None;
    Frame::new().inner_margin(Margin { left: 12, right: 4, top: 4, bottom: 0 }).show(ui, |ui| {
        let rect = ui.available_rect_before_wrap();
        let (list, aside) = if rect.width() >= BESIDE {
            let split = rect.right() - (rect.width() * 0.35).clamp(290.0, 520.0);
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
            (run.delivery.deployment, run.delivery.next) = (Some(one.number), None);
            run.delivery.asked.forget();
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
    let number = rows.iter().map(|one| one.number).max().unwrap_or(0).to_string();
    // Where versions are named after commits both names are there in full.
    let from_commits = run.snapshot.dora.versions.iter().any(|name| name.len() >= 7);
    let both = if from_commits { "0000000 → 0000000" } else { "" };
    let minutes = format::span(lang, SimSpan::from_secs(2_600));
    let columns = [
        Column::number(&heads[0], 0.6).holding(&number, 0.0),
        Column::text(&heads[1], 2.3),
        Column::text(&heads[2], 2.2).holding(both, 0.0),
        Column::text(&heads[3], 1.8),
        Column::number(&heads[4], 1.3).holding(&minutes, 0.0),
        Column::text(&heads[5], 4.8),
    ];
    let name = |at: usize| {
        let one = rows[at];
        let words = [deployment(lang, one.number), run.service_name(one.service).to_owned(), versions(run, one), standing(lang, run, one)];
        words.join(", ")
    };
    let draw = |at: usize, cells: &Cells<'_>| {
        let one = rows[at];
        let palette = cells.palette;
        let on = chosen == Some(one.number);
        cells.colored(0, &one.number.to_string(), if on { palette.accent } else { palette.secondary }, 0.0);
        cells.name(1, run.service_name(one.service), if on { palette.accent } else { palette.text }, 0.0);
        cells.text(2, &versions(run, one));
        cells.colored(3, &run.moment(lang, one.started), palette.secondary, 0.0);
        let took = one.ended.unwrap_or(run.snapshot.now).since(one.started);
        cells.text(4, &format::span(lang, took));
        status::shape(cells.painter(), cells.mark(5), 8.0, outcome_health(one), palette);
        cells.colored(5, &standing(lang, run, one), palette.text, 18.0);
    };
    let height = whole_rows(ui.available_height());
    table(ui, "deployments", &columns, rows.len(), height, name, draw)
}

/// From which version to which: what goes back leaves the version that is turned back, also where that never took over.
fn versions(run: &Run, one: &Deployment) -> String {
    let left = one.rolls_back.and_then(|undone| deployment_of(run, undone)).map_or(one.replaces, |undone| undone.version);
    format!("{} → {}", version_name(run, left), version_name(run, one.version))
}

/// How a deployment stands; one under way that somebody holds up says so.
fn standing(lang: Lang, run: &Run, one: &Deployment) -> String {
    let current = run.snapshot.services.get(one.service.index()).and_then(|state| state.deployment.as_ref());
    let waits = current.is_some_and(|current| current.number == one.number && current.progress.waiting == Some(Waiting::Person));
    if waits && one.stalled.is_none() { lang.tr("outcome.waits").into_owned() } else { outcome(lang, one) }
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
    ui.spacing_mut().item_spacing.y = 4.0;
    // Lines of text in a row are no higher than those that stand alone.
    ui.spacing_mut().interact_size.y = 18.0;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("{}  {} · {service}", icons::DEPLOY, deployment(lang, one.number))).font(fonts::semibold(size::BODY)));
        // An arrow at the end of a line would lead nowhere.
        ui.label(RichText::new(versions(run, one).replace(' ', "\u{a0}")).font(fonts::mono(size::BODY - 1.0)));
    });
    ui.horizontal_wrapped(|ui| {
        let (place, _) = ui.allocate_exact_size(vec2(10.0, 18.0), Sense::hover());
        status::shape(ui.painter(), place.center(), theme::SHAPE.x, outcome_health(one), palette);
        ui.add(Label::new(standing(lang, run, one)).wrap());
    });
    let named = strategy(lang, one.strategy);
    let took = format::span(lang, one.ended.unwrap_or(snapshot.now).since(one.started));
    let key = if one.ended.is_some() { "deployments.took" } else { "deployments.takes" };
    let line = label::secondary(ui, lang.with(key, &[("strategy", &named), ("time", &run.moment(lang, one.started)), ("took", &took)]));
    if let Some(about) = lang.find(&format!("strategy.{}.about", one.strategy)) {
        line.on_hover_text(about);
    }
    let current = state.deployment.as_ref().filter(|deployment| deployment.number == one.number);
    let act = steer::steer_ui(ui, shell, one, state, current, &service);
    if let Some(current) = current {
        steps::steps_ui(ui, lang, snapshot.now, current);
        if current.failed > 0 {
            ui.label(RichText::new(lang.with("deployment.failed", &[("failed", &current.failed.to_string())])).color(palette.failing_text));
        }
        evidence::analyses_ui(ui, lang, snapshot.now, &current.analyses, false);
        evidence::alarms_ui(ui, lang, run, &current.alarms, !current.analyses.is_empty());
    }
    if let Some(ended) = snapshot.ended.iter().find(|ended| ended.number == one.number) {
        // Where the old fleet still stood, the way back is no more than a change of weights: its steps took no time.
        let at_once = one.rolls_back.is_some() && one.took().is_some_and(SimSpan::is_zero);
        if !at_once {
            steps::ended_ui(ui, lang, snapshot.now, &ended.steps);
        }
        if ended.failed > 0 {
            ui.label(RichText::new(lang.with("deployment.failed", &[("failed", &ended.failed.to_string())])).color(palette.failing_text));
        }
        evidence::analyses_ui(ui, lang, snapshot.now, &ended.analyses, true);
        evidence::ended_alarms_ui(ui, lang, run, &ended.alarms);
    }
    fleet_ui(ui, lang, state, current);
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
    if let Some(act) = act {
        steer::ask(shell, one.service, act);
    }
    if let Some(target) = target {
        go(shell, target);
    }
}

/// A bar of shares by version, after its caption.
fn shares_ui(ui: &mut Ui, caption: &str, shares: &[(usize, f64)]) {
    let palette = colors(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
    ui.painter().text(rect.left_center(), Align2::LEFT_CENTER, caption, fonts::regular(size::SMALL), palette.secondary);
    let bar = Rect::from_min_max(pos2(rect.left() + 72.0, rect.center().y - 3.0), pos2(rect.right(), rect.center().y + 3.0));
    ui.painter().rect_filled(bar, 3.0, palette.raised);
    let whole = shares.iter().map(|(_, share)| share).sum::<f64>().max(f64::MIN_POSITIVE);
    let mut x = bar.left();
    for (version, share) in shares.iter().filter(|(_, share)| *share > 0.0) {
        let width = bar.width() * (share / whole) as f32;
        let part = Rect::from_min_size(pos2(x, bar.top()), vec2((width - 1.0).max(1.5), bar.height()));
        ui.painter().rect_filled(part, 2.0, palette.version(*version));
        x += width;
    }
}

/// The versions that run or get traffic now.
fn fleet_ui(ui: &mut Ui, lang: Lang, state: &ServiceSnapshot, current: Option<&DeploymentSnapshot>) {
    ui.add_space(6.0);
    let heading = label::section(ui, lang.tr("deployments.fleet"));
    label::explained(heading, lang, "deployment-share");
    let live: Vec<usize> =
        (0..state.versions.len()).filter(|at| state.versions[*at].instances > 0 || state.versions[*at].share.is_some_and(|share| share > 0.0)).collect();
    if current.is_some() {
        let of = |share: &dyn Fn(usize) -> f64| live.iter().map(|at| (*at, share(*at))).collect::<Vec<_>>();
        shares_ui(ui, &lang.tr("deployments.instances"), &of(&|at| f64::from(state.versions[at].instances)));
        if live.iter().any(|at| state.versions[*at].share.is_some()) {
            shares_ui(ui, &lang.tr("deployments.share"), &of(&|at| state.versions[at].share.unwrap_or(0.0)));
        }
    }
    let heads =
        [lang.tr("deploy.version"), lang.tr("instances.short"), lang.tr("deployments.share"), lang.tr("signal.rate"), "p99".into(), lang.tr("signal.errors")];
    let alone = live.len() == 1;
    let numbers = |at: usize| {
        let version = &state.versions[at];
        // Without shares the only version there is has all of the traffic.
        let share = version.share.or(alone.then_some(1.0));
        [
            version.instances.to_string(),
            share.map_or_else(|| format::NOTHING.to_owned(), |share| format::percent(lang, share)),
            format::rate(lang, version.signals.rate),
            format::millis_or_nothing(lang, version.signals.p99_ms),
            if version.signals.rate > 0.0 { format::percent(lang, version.signals.error_ratio) } else { format::NOTHING.to_owned() },
        ]
    };
    let rows: Vec<[String; 5]> = live.iter().map(|at| numbers(*at)).collect();
    let longest = |texts: &dyn Fn(usize) -> String| (0..live.len()).map(texts).max_by_key(|text| text.chars().count()).unwrap_or_default();
    let name: String = longest(&|row| state.versions[live[row]].name.clone()).chars().take(LETTERS).collect();
    let widest: [String; 5] = std::array::from_fn(|column| longest(&|row| rows[row][column].clone()));
    let columns = [
        Column::text(&heads[0], 2.6).holding(&name, 14.0),
        Column::number(&heads[1], 1.1).holding(&widest[0], 0.0),
        Column::number(&heads[2], 1.6).holding(&widest[1], 0.0),
        Column::number(&heads[3], 1.7).holding(&widest[2], 0.0),
        Column::number(&heads[4], 1.7).holding(&widest[3], 0.0),
        Column::number(&heads[5], 1.4).holding(&widest[4], 0.0),
    ];
    ui.scope(|ui| {
        table(
            ui,
            "fleet of a deployment",
            &columns,
            Rows::from(live.len()).leading(&|_| false),
            110.0,
            |at| format!("{} {}", lang.tr("deploy.version"), state.versions[live[at]].name),
            |at, cells| {
                let version = &state.versions[live[at]];
                let palette = cells.palette;
                cells.painter().rect_filled(Rect::from_center_size(cells.mark(0), vec2(9.0, 9.0)), 2.0, palette.version(live[at]));
                cells.colored(0, &version.name, palette.text, 14.0);
                for (column, text) in rows[at].iter().enumerate() {
                    let failing = column == 4 && version.signals.error_ratio >= 0.01;
                    cells.colored(column + 1, text, if failing { palette.failing_text } else { palette.text }, 0.0);
                }
            },
        );
    });
}
