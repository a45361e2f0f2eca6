//! The steps of a deployment: which are done, which is under way, which are to come, and what is waited for; or how far it came.
//!
//! A strategy names its steps itself; those that are written in manifests stay as they are written, the others are said in the
//! reader's language. It asks for nothing.

use std::borrow::Cow;

use eframe::egui::{Align2, Rect, Response, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::fleet::deploy::{Progress, StepState, Waiting};
use crate::lab::snapshot::DeploymentSnapshot;
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::label;
use crate::ui::{fonts, format, icons};
use crate::units::{SimSpan, SimTime};

/// Height of a step [points].
const ROW: f32 = 22.0;
/// As many steps are shown one by one; of more, only those around the one under way.
const SHOWN: usize = 12;
/// So many of them before the one under way, and so many after it.
const AROUND: (usize, usize) = (3, 6);

/// Draws the steps and what is waited for.
pub(super) fn steps_ui(ui: &mut Ui, lang: Lang, now: SimTime, current: &DeploymentSnapshot) {
    let progress = &current.progress;
    let palette = colors(ui);
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        let heading = label::section(ui, lang.tr("deployments.steps"));
        label::explained(heading, lang, "deployment-steps");
        ui.label(RichText::new(progress.phase).font(fonts::mono(size::SMALL)).color(palette.secondary));
    });
    if progress.steps.is_empty() {
        label::secondary(ui, lang.tr("deployments.steps.none"));
    } else {
        ui.scope(|ui| list_ui(ui, lang, now, progress));
    }
    waiting_ui(ui, lang, now, current);
}

/// Draws how far a deployment came that has ended.
pub(super) fn ended_ui(ui: &mut Ui, lang: Lang, now: SimTime, steps: &[(String, StepState)]) {
    if steps.is_empty() {
        return;
    }
    ui.add_space(6.0);
    let heading = label::section(ui, lang.tr("deployments.steps"));
    label::explained(heading, lang, "deployment-steps");
    let stopped = steps.iter().position(|(_, state)| *state == StepState::Stopped);
    let progress = Progress { steps: steps.to_vec(), current: stopped, ..Progress::default() };
    ui.scope(|ui| list_ui(ui, lang, now, &progress));
}

/// The steps that are shown one by one: all, or those around the one under way.
fn window(progress: &Progress) -> std::ops::Range<usize> {
    let count = progress.steps.len();
    if count <= SHOWN {
        return 0..count;
    }
    // Without one under way it is before its first step, or past its last.
    let over = progress.steps.iter().take_while(|(_, state)| matches!(state, StepState::Done | StepState::Skipped)).count();
    let at = progress.current.unwrap_or(over);
    let (before, after) = AROUND;
    let end = (at + after + 1).clamp(SHOWN.min(count), count);
    let start = at.saturating_sub(before).min(end.saturating_sub(before + after + 1));
    start..end
}

fn list_ui(ui: &mut Ui, lang: Lang, now: SimTime, progress: &Progress) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let palette = colors(ui);
    let shown = window(progress);
    let count = progress.steps.len();
    let more = |ui: &mut Ui, key: &'static str, count: usize| {
        if count > 0 {
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
            let text = lang.with(key, &[("count", &count.to_string())]);
            ui.painter().text(rect.left_center() + vec2(24.0, 0.0), Align2::LEFT_CENTER, text, fonts::regular(size::SMALL), palette.secondary);
        }
    };
    more(ui, "deployments.steps.before", shown.start);
    for at in shown.clone() {
        let (name, state) = &progress.steps[at];
        let name = step_text(lang, name);
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        let center = rect.left_center() + vec2(9.0, 0.0);
        // A line from one mark to the next.
        let line = Stroke::new(1.0, palette.line);
        if at > 0 {
            ui.painter().vline(center.x, rect.top()..=center.y - 6.0, line);
        }
        if at + 1 < count {
            ui.painter().vline(center.x, center.y + 6.0..=rect.bottom(), line);
        }
        mark(ui, center, *state, palette);
        let left = progress.until.filter(|_| *state == StepState::Current).map(|until| format::countdown(until.since(now)));
        let right = match (state, &left) {
            (StepState::Skipped, _) => lang.tr("deployments.step.skipped").into_owned(),
            (StepState::Stopped, _) => lang.tr("deployments.step.stopped").into_owned(),
            (_, Some(left)) => left.clone(),
            _ => String::new(),
        };
        let right = ui.painter().layout_no_wrap(right, fonts::mono(size::BODY - 1.0), if left.is_some() { palette.text } else { palette.secondary });
        let room = rect.width() - 24.0 - right.size().x - 8.0;
        let (font, ink) = match state {
            StepState::Current | StepState::Stopped => (fonts::medium(size::BODY), palette.text),
            StepState::Done => (fonts::regular(size::BODY), palette.text),
            StepState::Ahead | StepState::Skipped => (fonts::regular(size::BODY), palette.secondary),
        };
        let mut job = eframe::egui::text::LayoutJob::simple_singleline(name.to_string(), font, ink);
        job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(room);
        let galley = ui.painter().layout_job(job);
        ui.painter().galley(pos2(rect.left() + 24.0, rect.center().y - galley.size().y / 2.0), galley, ink);
        ui.painter().galley(pos2(rect.right() - right.size().x, rect.center().y - right.size().y / 2.0), right, ink);
        let word = lang.tr(match state {
            StepState::Ahead => "deployments.step.ahead",
            StepState::Current => "deployments.step.current",
            StepState::Done => "deployments.step.done",
            StepState::Skipped => "deployments.step.skipped",
            StepState::Stopped => "deployments.step.stopped",
        });
        let numbers = [("at", (at + 1).to_string()), ("count", count.to_string())];
        let spoken = lang.with("deployments.step", &[("at", &numbers[0].1), ("count", &numbers[1].1), ("step", &name), ("state", &word)]);
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
        explain(response, lang, &progress.steps[at].0, &spoken);
    }
    more(ui, "deployments.steps.after", count - shown.end);
}

/// What a step does, if its name alone does not say it.
fn explain(response: Response, lang: Lang, name: &str, spoken: &str) {
    let about = lang.find(&format!("step.{}.about", key_of(name)));
    response.on_hover_text(about.as_deref().unwrap_or(spoken));
}

/// Paints the mark of a step.
fn mark(ui: &Ui, center: eframe::egui::Pos2, state: StepState, palette: &Palette) {
    let painter = ui.painter();
    match state {
        StepState::Done => {
            painter.text(center, Align2::CENTER_CENTER, icons::CHECK, fonts::regular(size::BODY), palette.ok_text);
        }
        StepState::Current => {
            painter.circle_filled(center, 6.0, theme::mixed(palette.accent, palette.panel, 0.25));
            painter.circle_filled(center, 3.5, palette.accent);
        }
        StepState::Stopped => {
            painter.text(center, Align2::CENTER_CENTER, icons::CLOSE, fonts::regular(size::BODY), palette.failing_text);
        }
        StepState::Ahead => {
            painter.circle_stroke(center, 3.5, Stroke::new(1.5, palette.faint));
        }
        StepState::Skipped => {
            painter.hline(center.x - 4.0..=center.x + 4.0, center.y, Stroke::new(1.5, palette.faint));
        }
    }
}

/// A name as part of a key.
fn key_of(name: &str) -> String {
    name.replace(' ', "-").to_lowercase()
}

/// A step's name for the reader.
fn step_text(lang: Lang, name: &str) -> Cow<'_, str> {
    if let Some(text) = lang.find(&format!("step.{}", key_of(name))) {
        return text.into_owned().into();
    }
    let number = |text: &str| text.parse::<f64>().is_ok().then(|| format::localised(lang, text));
    let weight = name.strip_prefix("weight ").unwrap_or(name).strip_suffix(" %").and_then(number);
    if let Some(percent) = weight {
        return lang.with("step.weight", &[("percent", &percent)]).into();
    }
    if let Some(number) = name.strip_prefix("iteration ").and_then(number) {
        return lang.with("step.iteration", &[("number", &number)]).into();
    }
    name.into()
}

/// What it waits for, how long that takes, and how much of it is over.
fn waiting_ui(ui: &mut Ui, lang: Lang, now: SimTime, current: &DeploymentSnapshot) {
    let Progress { since, until, waiting, .. } = &current.progress;
    let palette = colors(ui);
    let left = until.map(|until| format::countdown(until.since(now)));
    let counts = (current.done.to_string(), current.wanted.to_string());
    let text = match (waiting, &left) {
        (Some(Waiting::Person), _) => lang.tr("deployments.waits.person").into_owned(),
        (Some(Waiting::Analysis), _) => lang.tr("deployments.waits.analysis").into_owned(),
        (Some(Waiting::Hook), Some(left)) => lang.with("deployments.waits.hook-until", &[("left", left)]),
        (Some(Waiting::Hook), None) => lang.tr("deployments.waits.hook").into_owned(),
        (Some(Waiting::Tests), _) => lang.tr("deployments.waits.tests").into_owned(),
        (Some(Waiting::Approval), _) => match &current.progress.approval {
            Some(name) => lang.with("deployments.waits.approval-of", &[("name", name)]),
            None => lang.tr("deployments.waits.approval").into_owned(),
        },
        (Some(Waiting::Time), Some(left)) => lang.with("deployments.waits.time", &[("left", left)]),
        (Some(Waiting::Instances), Some(left)) => lang.with("deployments.waits.instances-until", &[("done", &counts.0), ("wanted", &counts.1), ("left", left)]),
        (Some(Waiting::Instances) | None, _) => lang.with("deployments.progress", &[("done", &counts.0), ("wanted", &counts.1)]),
        (Some(Waiting::Time), None) => return,
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let (icon, ink) = match waiting {
            Some(Waiting::Person | Waiting::Approval) => (icons::HAND, palette.warning_text),
            Some(Waiting::Analysis | Waiting::Tests) => (icons::TEST, palette.secondary),
            _ => (icons::CLOCK, palette.secondary),
        };
        ui.label(RichText::new(icon).color(ink));
        ui.label(RichText::new(text).color(ink));
    });
    if let (Some(since), Some(until), Some(Waiting::Time | Waiting::Hook)) = (since, until, waiting) {
        let whole = until.since(*since).as_secs_f64();
        let share = if whole > 0.0 { (now.since(*since).as_secs_f64() / whole).clamp(0.0, 1.0) } else { 1.0 };
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 4.0), Sense::hover());
        ui.painter().rect_filled(rect, 2.0, palette.raised);
        ui.painter().rect_filled(Rect::from_min_size(rect.min, vec2(rect.width() * share as f32, 4.0)), 2.0, palette.accent);
    }
}

/// How long until `at`, as a countdown; nothing once it is over.
pub(super) fn until(now: SimTime, at: SimTime) -> Option<String> {
    let left: SimSpan = at.since(now);
    (!left.is_zero()).then(|| format::countdown(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(count: usize, current: Option<usize>) -> Progress {
        let state = |at: usize| match current {
            Some(now) if at < now => StepState::Done,
            Some(now) if at == now => StepState::Current,
            _ => StepState::Ahead,
        };
        Progress { steps: (0..count).map(|at| (format!("weight {at} %"), state(at))).collect(), current, ..Progress::default() }
    }

    #[test]
    fn of_many_steps_those_around_the_current_one_are_shown() {
        assert_eq!(window(&progress(12, Some(3))), 0..12);
        assert_eq!(window(&progress(60, Some(0))), 0..12);
        assert_eq!(window(&progress(60, Some(30))), 27..37);
        assert_eq!(window(&progress(60, Some(59))), 50..60);
        assert_eq!(window(&progress(60, None)), 0..12);
    }

    #[test]
    fn steps_are_named_in_the_language_of_the_reader_unless_a_manifest_names_them() {
        for (name, english, vietnamese) in [
            ("scale up", "Scale up", "Dựng fleet mới"),
            ("12.5 %", "12.5 % of the traffic", "12,5 % lưu lượng"),
            ("weight 40 %", "40 % of the traffic", "40 % lưu lượng"),
            ("iteration 3", "Iteration 3", "Lần lặp 3"),
            ("setWeight: 20", "setWeight: 20", "setWeight: 20"),
        ] {
            assert_eq!((step_text(Lang::En, name).as_ref(), step_text(Lang::Vi, name).as_ref()), (english, vietnamese));
        }
    }
}
