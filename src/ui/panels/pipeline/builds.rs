//! The builds of a service: where they are in the queue, how busy the agents are, and the log of the one that is looked at.
//!
//! What a build will say later is not shown, and neither are the defects behind a failure: a log names the check that
//! failed, not what is wrong with the change.

use eframe::egui::{Align, Frame, Label, RichText, ScrollArea, Ui, UiBuilder, pos2};

use super::seen::Seen;
use super::{PipelineState, Wish, tone};
use crate::delivery::builds::{Build, BuildStatus};
use crate::ui::state::colors;
use crate::ui::theme::size;
use crate::ui::widgets::table::{Column, Rows, table};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, format, icons};

/// Agents and builds in words: `2 of 3 agents busy, 1 waits`.
pub(super) fn agents(seen: &Seen<'_>) -> String {
    let count = |status| seen.all.builds.iter().filter(|build| build.status == status).count().to_string();
    let values = [("busy", count(BuildStatus::InProgress)), ("agents", seen.all.agents.to_string()), ("waiting", count(BuildStatus::Queued))]
        .map(|(name, value)| (name, value));
    seen.lang.with("pipeline.agents", &[(values[0].0, &values[0].1), (values[1].0, &values[1].1), (values[2].0, &values[2].1)])
}

/// The place of a build in the queue, counted from 1.
fn place(seen: &Seen<'_>, build: &Build) -> Option<usize> {
    let mut queue = seen.all.builds.iter().filter(|other| other.status == BuildStatus::Queued);
    (build.status == BuildStatus::Queued).then(|| queue.position(|other| other.number == build.number)).flatten().map(|at| at + 1)
}

/// Buttons that open the build projects which this pipeline's actions name.
pub(super) fn projects_ui(ui: &mut Ui, seen: &Seen<'_>, state: &PipelineState, wishes: &mut Vec<Wish>) {
    let actions = seen.look.definition.stages.iter().flat_map(|stage| &stage.actions);
    let mut named: Vec<&String> = actions.filter_map(|action| action.configuration.get("ProjectName")).collect();
    named.sort();
    named.dedup();
    for name in named.into_iter().filter(|name| seen.all.projects.contains_key(*name)) {
        let edited = state.projects.get(name).is_some_and(super::project::Editor::is_changed);
        let key = if edited { "pipeline.project.open.on" } else { "pipeline.project.open" };
        let about = seen.lang.with(key, &[("project", name)]);
        if super::small(ui, icons::EDIT, name, &about).clicked() {
            wishes.push(Wish::Project(name.clone()));
        }
    }
}

/// Draws the table, and beside it the log of the build that is looked at.
pub(super) fn builds_ui(ui: &mut Ui, seen: &Seen<'_>, state: &mut PipelineState, height: f32) {
    let lang = seen.lang;
    let builds: Vec<&Build> = seen.all.builds.iter().rev().filter(|build| build.service == seen.look.service).collect();
    if builds.is_empty() {
        label::secondary(ui, lang.tr("pipeline.builds.none"));
        return;
    }
    let shown = builds.iter().find(|build| Some(build.number) == state.build).copied();
    let rect = ui.available_rect_before_wrap();
    let rect = eframe::egui::Rect::from_min_size(rect.min, eframe::egui::vec2(rect.width(), height));
    let beside = rect.width() > 560.0;
    let (list, log) = match shown {
        None => (rect, None),
        Some(_) if beside => {
            // Lines of a log are long.
            let x = rect.left() + (rect.width() * 0.4).clamp(290.0, 420.0);
            (
                eframe::egui::Rect::from_min_max(rect.min, pos2(x - 6.0, rect.bottom())),
                Some(eframe::egui::Rect::from_min_max(pos2(x + 6.0, rect.top()), rect.max)),
            )
        }
        Some(_) => {
            let y = rect.top() + height * 0.3;
            (
                eframe::egui::Rect::from_min_max(rect.min, pos2(rect.right(), y - 4.0)),
                Some(eframe::egui::Rect::from_min_max(pos2(rect.left(), y + 4.0), rect.max)),
            )
        }
    };
    ui.scope_builder(UiBuilder::new().max_rect(list), |ui| {
        let wanted = std::mem::take(&mut state.reveal_build);
        if let Some(number) = table_ui(ui, seen, &builds, state.build, wanted) {
            state.build = if state.build == Some(number) { None } else { Some(number) };
            state.reveal_wrong = true;
        }
    });
    if let (Some(build), Some(rect)) = (shown, log) {
        ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| log_ui(ui, seen, build, state));
    }
}

/// The table; the build that is looked at comes into view if that is `wanted`. Returns the one that was clicked.
fn table_ui(ui: &mut Ui, seen: &Seen<'_>, builds: &[&Build], looked_at: Option<u32>, wanted: bool) -> Option<u32> {
    let lang = seen.lang;
    let heads = [
        "#".into(),
        lang.tr("pipeline.head.status"),
        lang.tr("pipeline.head.action"),
        lang.tr("pipeline.head.execution"),
        lang.tr("pipeline.head.started"),
        lang.tr("pipeline.head.took"),
    ];
    let narrow = ui.available_width() < 460.0;
    let columns = [
        Column::number(&heads[0], 1.0),
        Column::text(&heads[1], 2.6),
        Column::text(&heads[2], 3.2),
        Column::number(&heads[3], if narrow { 0.0 } else { 1.6 }),
        Column::text(&heads[4], if narrow { 0.0 } else { 2.2 }),
        Column::number(&heads[5], 1.5),
    ];
    let state = |build: &Build| {
        let word = lang.tr(tone::of_build(build).1);
        place(seen, build).map_or_else(|| word.to_string(), |place| lang.with("pipeline.queued.place", &[("place", &place.to_string())]))
    };
    let name = |at: usize| {
        let build = builds[at];
        let values = [("build", build.number.to_string()), ("action", build.action.clone()), ("state", state(build))];
        lang.with("pipeline.build.spoken", &[(values[0].0, &values[0].1), (values[1].0, &values[1].1), (values[2].0, &values[2].1)])
    };
    let height = ui.available_height() - 22.0;
    let reveal = builds.iter().position(|build| wanted && looked_at == Some(build.number));
    let rows = Rows::from(builds.len()).revealing(reveal);
    let clicked = table(ui, "builds", &columns, rows, height.max(40.0), name, |at, cells| {
        let build = builds[at];
        let palette = cells.palette;
        let (tone, _) = tone::of_build(build);
        cells.colored(0, &build.number.to_string(), if looked_at == Some(build.number) { palette.accent } else { palette.secondary }, 0.0);
        tone::shape(cells.painter(), cells.mark(1), 9.0, tone, palette);
        cells.colored(1, &state(build), tone.text(palette), 20.0);
        cells.text(2, &build.action);
        cells.colored(3, &format!("#{}", build.execution), palette.secondary, 0.0);
        cells.colored(4, &seen.moment(build.started.unwrap_or(build.submitted)), palette.secondary, 0.0);
        let begun = build.started.unwrap_or(build.submitted);
        let end = build.ends.map_or(seen.now, |ends| ends.min(seen.now));
        cells.text(5, &format::axis_time(end.since(begun).as_secs_f64()));
    });
    clicked.map(|at| builds[at].number)
}

/// What a build has said so far.
fn log_ui(ui: &mut Ui, seen: &Seen<'_>, build: &Build, state: &mut PipelineState) {
    let palette = colors(ui);
    let lang = seen.lang;
    let (tone, word) = tone::of_build(build);
    ui.horizontal(|ui| {
        let title = lang.with("pipeline.log", &[("build", &build.number.to_string()), ("project", &build.project)]);
        ui.label(RichText::new(title).font(fonts::semibold(size::BODY)));
        ui.label(RichText::new(lang.tr(word)).color(tone.text(palette)));
        if button::sized_icon(ui, icons::CLOSE, &lang.tr("pipeline.log.close"), false, 22.0).clicked() {
            state.build = None;
        }
    });
    if let (BuildStatus::Failed, Some(why)) = (build.status, &build.failed) {
        label::wrong(ui, why);
    }
    Frame::new().fill(palette.ground).corner_radius(6).inner_margin(8).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ScrollArea::both().id_salt(("log", build.number)).auto_shrink(false).stick_to_bottom(true).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            let text = |ui: &mut Ui, text: String, color| ui.add(Label::new(RichText::new(text).font(fonts::mono(size::SMALL)).color(color)).extend());
            let Some(started) = build.started else {
                let values = [("place", place(seen, build).unwrap_or_default().to_string()), ("time", seen.ago(Some(build.submitted)))];
                text(ui, lang.with("pipeline.log.queued", &[(values[0].0, &values[0].1), (values[1].0, &values[1].1)]), palette.secondary);
                return;
            };
            let wanted = std::mem::take(&mut state.reveal_wrong);
            let mut found = false;
            // The log is known from the beginning to its end; what lies in the future has not been said.
            for (at, said) in build.log.iter().filter(|(at, _)| *at <= seen.now) {
                let bad = said.contains("FAILED") || said.contains(" failed") || said.starts_with("error");
                let time = format::clock(*at).1;
                let since = format::axis_time(at.since(started).as_secs_f64());
                let line = text(ui, format!("{time}  +{since:<7} {said}"), if bad { palette.failing_text } else { palette.text });
                if wanted && bad && !found {
                    found = true;
                    let begin = eframe::egui::Rect::from_min_size(line.rect.min, eframe::egui::vec2(1.0, line.rect.height()));
                    ui.scroll_to_rect(begin, Some(Align::Center));
                }
            }
            if build.status == BuildStatus::InProgress {
                text(ui, lang.tr("pipeline.log.goes-on").into_owned(), palette.secondary);
            }
        });
    });
}
