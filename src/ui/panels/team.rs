//! The team: what each person is at, what waits, changes by stage, incidents step by step, the queue of builds.
//!
//! It shows what a team sees of itself. What people do about an incident is theirs to decide; nothing can be ordered here.

use eframe::egui::{Frame, Label, Margin, Rect, RichText, Role, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::delivery::{Target, change, go, no_team_ui, person};
use super::panes::PaneSpec;
use crate::delivery::builds::BuildStatus;
use crate::delivery::incident::{Incident, Step};
use crate::delivery::look::{ChangeLook, ChangeStage, DeliveryLook, JobLook};
use crate::lab::snapshot::Health;
use crate::ui::state::{Run, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, size};
use crate::ui::widgets::table::{Cells, Column, table};
use crate::ui::widgets::{label, status};
use crate::ui::{fonts, format, icons};
use crate::units::SimTime;

/// The panel.
pub(crate) const PANE: PaneSpec = PaneSpec { title: "pane.team", icon: icons::TEAM, draw: team_ui };

/// From this width on people and board stand side by side [points].
const BESIDE: f32 = 720.0;
/// Height of a card of the board [points].
const CARD: f32 = 22.0;
/// Cards that a column of the board shows at most.
const CARDS: usize = 6;
/// Incidents listed at most, the newest.
const INCIDENTS: usize = 40;

fn team_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let Some(run) = shell.run.as_ref() else { return };
    let snapshot = run.snapshot.clone();
    let Some(look) = snapshot.delivery.clone() else {
        no_team_ui(ui, shell, &PANE, "team.none");
        return;
    };
    let mut target = None;
    Frame::new().inner_margin(Margin { left: 12, right: 4, top: 8, bottom: 0 }).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            Frame::new().inner_margin(Margin { left: 0, right: 10, top: 0, bottom: 12 }).show(ui, |ui| {
                summary_ui(ui, lang, &look);
                ui.add_space(4.0);
                let width = ui.available_width();
                if width >= BESIDE {
                    let left = (width * 0.4).floor();
                    let top = ui.cursor().top();
                    let mut bottom = top;
                    for (at, (from, to)) in [(0.0, left), (left + 16.0, width)].into_iter().enumerate() {
                        let rect =
                            Rect::from_min_max(pos2(ui.max_rect().left() + from, top), pos2(ui.max_rect().left() + to, ui.max_rect().bottom().max(top + 1.0)));
                        let mut child = ui.new_child(UiBuilder::new().id_salt(("team", at)).max_rect(rect));
                        let clicked = if at == 0 { people_ui(&mut child, lang, run, &look) } else { board_ui(&mut child, lang, run, &look) };
                        target = target.take().or(clicked);
                        bottom = bottom.max(child.min_rect().bottom());
                    }
                    ui.allocate_rect(Rect::from_min_max(pos2(ui.max_rect().left(), top), pos2(ui.max_rect().left() + width, bottom)), Sense::hover());
                } else {
                    target = people_ui(ui, lang, run, &look);
                    ui.add_space(8.0);
                    target = target.take().or(board_ui(ui, lang, run, &look));
                }
                ui.add_space(10.0);
                let clicked = incidents_ui(ui, lang, run, &look.incidents, snapshot.now);
                target = target.take().or(clicked);
            });
        });
    });
    if let Some(target) = target {
        go(shell, target);
    }
}

/// Hours, queues, builds and the release under way, in a line.
fn summary_ui(ui: &mut Ui, lang: Lang, look: &DeliveryLook) {
    let palette = colors(ui);
    let at_work = |status: BuildStatus| look.builds.iter().filter(|build| build.status == status).count();
    let builds =
        [("running", at_work(BuildStatus::InProgress).to_string()), ("agents", look.agents.to_string()), ("queued", at_work(BuildStatus::Queued).to_string())];
    let builds: Vec<(&str, &str)> = builds.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let hours = lang.tr(if look.working_time { "team.working" } else { "team.off" });
    let mut parts = vec![
        (if look.working_time { icons::LIGHT } else { icons::ASLEEP }, hours.into_owned(), "team-hours"),
        (icons::LIST, lang.counted("tasks", look.waiting_tasks), "team-tasks"),
        (icons::LIST, lang.counted("items", look.pooled_items), "team-items"),
        (icons::SCALE, lang.with("team.builds", &builds), "team-builds"),
    ];
    if let Some(release) = &look.release {
        let left = lang.counted("fixes", release.fixes_left as usize);
        parts.push((icons::DEPLOYMENTS, lang.with("team.release", &[("number", &release.number.to_string()), ("left", &left)]), "team-release"));
    }
    ui.horizontal_wrapped(|ui| {
        for (icon, text, term) in parts {
            ui.label(RichText::new(icon).color(palette.secondary));
            let text = ui.label(text);
            label::explained(text, lang, term);
            ui.add_space(8.0);
        }
    });
}

/// What a job is, and what it is about.
fn job(lang: Lang, run: &Run, look: &DeliveryLook, job: JobLook) -> (String, Option<Target>) {
    let of_change = |key: &'static str, number: u32| {
        let known = look.changes.iter().find(|known| known.number == number);
        let service = known.map_or("", |known| run.service_name(known.service));
        let target = known.and_then(|known| known.commit.clone()).map(Target::Commit);
        (lang.with(key, &[("change", &change(lang, number)), ("service", service)]), target)
    };
    match job {
        JobLook::Code(number) => of_change("team.job.code", number),
        JobLook::Rework(number) => of_change("team.job.rework", number),
        JobLook::Review(number) => of_change("team.job.review", number),
        JobLook::Resolve(number) => of_change("team.job.resolve", number),
        JobLook::Stabilise(service) => (lang.with("team.job.stabilise", &[("service", run.service_name(service))]), Some(Target::Service(service))),
        JobLook::Approve(service) => {
            let target = Target::Pipeline { service, execution: None, build: None };
            (lang.with("team.job.approve", &[("service", run.service_name(service))]), Some(target))
        }
        JobLook::Diagnose(number) => (lang.with("team.job.diagnose", &[("number", &number.to_string())]), None),
        JobLook::Investigate(number) => (lang.with("team.job.investigate", &[("number", &number.to_string())]), None),
    }
}

/// The people; returns where a click leads.
fn people_ui(ui: &mut Ui, lang: Lang, run: &Run, look: &DeliveryLook) -> Option<Target> {
    let now = run.snapshot.now;
    // At night people sleep, at weekends they are off; whoever is at something that cannot wait is up.
    let hour = now.nanos() / 3_600_000_000_000 % 24;
    let night = !(7..22).contains(&hour);
    let heading = label::section(ui, lang.counted("people", look.people.len()));
    label::explained(heading, lang, "team-people");
    let state = |at: usize| -> (&'static str, String, Option<Target>, Option<SimTime>) {
        let who = &look.people[at];
        match &who.job {
            Some((what, since)) if who.working => {
                let (text, target) = job(lang, run, look, *what);
                (icons::PERSON, text, target, Some(*since))
            }
            _ if !look.working_time && night => (icons::ASLEEP, lang.tr("team.asleep").into_owned(), None, None),
            _ if !look.working_time => (icons::ASLEEP, lang.tr("team.away").into_owned(), None, None),
            _ => (icons::PERSON, lang.tr("team.idle").into_owned(), None, None),
        }
    };
    let heads = [lang.tr("team.col.who"), lang.tr("team.col.at"), lang.tr("team.col.since")];
    let columns = [Column::text(&heads[0], 2.2), Column::text(&heads[1], 5.4), Column::number(&heads[2], 1.4)];
    let name = |at: usize| {
        let mut words = vec![person(lang, at as u16), state(at).1];
        if look.people[at].on_call {
            words.push(lang.tr("team.on-call").into_owned());
        }
        words.join(", ")
    };
    let draw = |at: usize, cells: &Cells<'_>| {
        let palette = cells.palette;
        let (icon, text, _, since) = state(at);
        let busy = since.is_some();
        cells.colored(
            0,
            if look.people[at].on_call { icons::ON_CALL } else { icon },
            if look.people[at].on_call { palette.warning_text } else { palette.secondary },
            0.0,
        );
        cells.colored(0, &person(lang, at as u16), palette.text, 18.0);
        cells.colored(1, &text, if busy { palette.text } else { palette.secondary }, 0.0);
        if let Some(since) = since {
            cells.text(2, &format::span(lang, now.since(since)));
        }
    };
    let clicked = ui.scope(|ui| table(ui, "people", &columns, look.people.len(), 240.0, name, draw)).inner?;
    state(clicked).2
}

/// The stages of the board with the keys of their names.
const STAGES: [(ChangeStage, &str); 5] = [
    (ChangeStage::Waiting, "stage.waiting"),
    (ChangeStage::InProgress, "stage.in-progress"),
    (ChangeStage::InReview, "stage.in-review"),
    (ChangeStage::Merged, "stage.merged"),
    (ChangeStage::Deployed, "stage.deployed"),
];

/// Changes by stage, the newest first; returns where a click leads.
fn board_ui(ui: &mut Ui, lang: Lang, run: &Run, look: &DeliveryLook) -> Option<Target> {
    let palette = colors(ui);
    let heading = label::section(ui, lang.tr("team.board"));
    label::explained(heading, lang, "team-board");
    let mut target = None;
    let gap = 6.0;
    let width = ui.available_width();
    let column = ((width - gap * 4.0) / 5.0).floor();
    let most = STAGES.iter().map(|(stage, _)| look.changes.iter().filter(|change| change.stage == *stage).count()).max().unwrap_or(0);
    let height = 24.0 + (CARD + 3.0) * (most.min(CARDS + 1)) as f32 + 6.0;
    let (whole, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    for (at, (stage, key)) in STAGES.into_iter().enumerate() {
        let rect = Rect::from_min_size(pos2(whole.left() + (column + gap) * at as f32, whole.top()), vec2(column, height));
        ui.painter().rect_filled(rect, theme::RADIUS, theme::mixed(palette.raised, palette.panel, 0.6));
        let all: Vec<&ChangeLook> = look.changes.iter().rev().filter(|change| change.stage == stage).collect();
        let head = format!("{} · {}", lang.tr(key), all.len());
        let clip = ui.painter_at(rect);
        clip.text(pos2(rect.left() + 7.0, rect.top() + 12.0), eframe::egui::Align2::LEFT_CENTER, head, fonts::medium(size::SMALL), palette.secondary);
        for (row, one) in all.iter().take(CARDS).enumerate() {
            let card = Rect::from_min_size(pos2(rect.left() + 3.0, rect.top() + 24.0 + (CARD + 3.0) * row as f32), vec2(column - 6.0, CARD));
            if card_ui(ui, lang, run, card, one) {
                target = Some(one.commit.clone().map_or(Target::Service(one.service), Target::Commit));
            }
        }
        if all.len() > CARDS {
            let more = lang.with("notices.more", &[("count", &(all.len() - CARDS).to_string())]);
            let place = pos2(rect.left() + 8.0, rect.top() + 24.0 + (CARD + 3.0) * CARDS as f32 + CARD / 2.0);
            clip.text(place, eframe::egui::Align2::LEFT_CENTER, more, fonts::regular(size::SMALL), palette.secondary);
        }
    }
    target
}

/// A change on the board; whether it was clicked.
fn card_ui(ui: &Ui, lang: Lang, run: &Run, rect: Rect, one: &ChangeLook) -> bool {
    let palette = colors(ui);
    let response = ui.interact(rect, ui.scope_id().with(("card", one.number)), Sense::click());
    ui.painter().rect_filled(rect, 4.0, if response.hovered() || response.has_focus() { palette.hovered } else { palette.raised });
    // What mends something that users met is marked at its edge, and in words below the pointer.
    let edge = if one.planned { palette.info } else { palette.warning };
    ui.painter().rect_filled(Rect::from_min_size(rect.min, vec2(3.0, rect.height())), 1.0, edge);
    let painter = ui.painter_at(rect.shrink2(vec2(4.0, 0.0)));
    let number = format!("{}{}", if one.planned { "#" } else { "!" }, one.number);
    let end = painter.text(pos2(rect.left() + 8.0, rect.center().y), eframe::egui::Align2::LEFT_CENTER, number, fonts::mono(size::SMALL), palette.text).right();
    let mut job = eframe::egui::text::LayoutJob::simple_singleline(run.service_name(one.service).to_owned(), fonts::regular(size::SMALL), palette.secondary);
    job.wrap = eframe::egui::text::TextWrapping::truncate_at_width((rect.right() - end - 10.0).max(8.0));
    let galley = painter.layout_job(job);
    painter.galley(pos2(end + 5.0, rect.center().y - galley.size().y / 2.0), galley, palette.secondary);
    let planned = lang.tr(if one.planned { "dora.planned" } else { "dora.unplanned" });
    let mut words = vec![change(lang, one.number), run.service_name(one.service).to_owned(), lang.counted("lines", one.lines as usize), planned.into_owned()];
    if let Some(author) = one.author {
        words.push(person(lang, author));
    }
    let words = words.join(", ");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
    let clicked = response.clicked();
    response.on_hover_text(words);
    clicked
}

/// What is being done about an incident, and how that looks.
const fn step(step: Step) -> (&'static str, Health) {
    match step {
        Step::Waiting => ("incident.step.waiting", Health::Failing),
        Step::Diagnosing => ("incident.step.diagnosing", Health::Failing),
        Step::RollingBack => ("incident.step.rolling-back", Health::Warning),
        Step::Investigating => ("incident.step.investigating", Health::Failing),
        Step::Fixing => ("incident.step.fixing", Health::Warning),
        Step::Resolved => ("incident.step.resolved", Health::Ok),
    }
}

/// The incidents, the newest first; returns where a click leads.
fn incidents_ui(ui: &mut Ui, lang: Lang, run: &Run, incidents: &[Incident], now: SimTime) -> Option<Target> {
    let open = incidents.iter().filter(|incident| incident.is_open()).count();
    let heading = label::section(ui, lang.with("team.incidents", &[("open", &open.to_string()), ("all", &incidents.len().to_string())]));
    label::explained(heading, lang, "team-incidents");
    if incidents.is_empty() {
        ui.add(Label::new(RichText::new(lang.tr("team.incidents.none")).color(colors(ui).secondary)).wrap());
        return None;
    }
    let rows: Vec<&Incident> = incidents.iter().rev().take(INCIDENTS).collect();
    let heads = [
        "#".into(),
        lang.tr("incident.opened"),
        lang.tr("incident.why"),
        lang.tr("events.service"),
        lang.tr("incident.suspect"),
        lang.tr("incident.step"),
        lang.tr("incident.lasted"),
    ];
    let columns = [
        Column::number(&heads[0], 0.7),
        Column::text(&heads[1], 1.9),
        Column::text(&heads[2], 3.6),
        Column::text(&heads[3], 2.3),
        Column::text(&heads[4], 1.6),
        Column::text(&heads[5], 3.6),
        Column::number(&heads[6], 1.2),
    ];
    let doing = |incident: &Incident| {
        let mut text = lang.tr(step(incident.step).0).into_owned();
        if let Some(fix) = incident.fix.filter(|_| incident.step == Step::Fixing) {
            text = format!("{text}, {}", change(lang, fix));
        }
        if let Some(remedy) = incident.remedy {
            text = format!("{text}, #{remedy}");
        }
        text
    };
    let name = |at: usize| {
        let incident = rows[at];
        format!(
            "{}: {}, {}",
            lang.with("delivery.incident", &[("number", &incident.number.to_string())]),
            lang.say_plainly(&incident.why.sentence()),
            doing(incident)
        )
    };
    let draw = |at: usize, cells: &Cells<'_>| {
        let incident = rows[at];
        let palette = cells.palette;
        cells.colored(0, &incident.number.to_string(), palette.secondary, 0.0);
        cells.colored(1, &run.moment(lang, incident.opened), palette.secondary, 0.0);
        cells.text(2, &lang.say_plainly(&incident.why.sentence()));
        cells.name(3, incident.service.map_or("", |service| run.service_name(service)), palette.text, 0.0);
        let suspect = match incident.cause {
            Some(cause) => format!("#{cause}"),
            None if incident.cleared.is_empty() => String::new(),
            None => lang.counted("cleared", incident.cleared.len()),
        };
        cells.text(4, &suspect);
        status::shape(cells.painter(), cells.mark(5), 8.0, step(incident.step).1, palette);
        cells.colored(5, &doing(incident), palette.text, 18.0);
        cells.text(6, &format::span(lang, incident.resolved.unwrap_or(now).since(incident.opened)));
    };
    let clicked = ui.scope(|ui| table(ui, "incidents", &columns, rows.len(), 200.0, name, draw)).inner?;
    let incident = rows[clicked];
    incident.cause.map(Target::Deployment).or_else(|| incident.service.map(Target::Service))
}
