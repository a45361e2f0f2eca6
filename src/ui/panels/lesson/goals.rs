//! The goals of a step as live gauges: what holds, for how long it has, and what is measured where something does not.

use eframe::egui::{Align2, Label, RichText, Sense, Ui, vec2};

use super::{LessonState, bar_ui, line};
use crate::insight::judge::Measured;
use crate::lesson::goal::Assertion;
use crate::lesson::texts::StepTexts;
use crate::ui::state::{Learning, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::size;
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, format, icons};

/// Draws them.
pub(super) fn goals_ui(ui: &mut Ui, shell: &mut Shell, lesson: &LessonState, texts: &StepTexts) {
    let lang = shell.lang();
    let palette = colors(ui);
    let Some(task) = lesson.step().kind.task() else { return };
    for (at, goal) in task.goals.iter().enumerate() {
        let view = lesson.view.goals.get(at).cloned().unwrap_or_default();
        let reached = lesson.view.done.is_some() && view.held;
        let (icon, ink, state) = if reached || (view.held && view.kept >= 1.0) {
            (icons::DONE, palette.ok_text, "lesson.goal.reached")
        } else if view.held {
            (icons::CLOCK, palette.accent, "lesson.goal.holds")
        } else {
            (icons::OPEN_CIRCLE, palette.secondary, "lesson.goal.open")
        };
        let say = line(lesson, texts.goals.get(&goal.id).map_or("", String::as_str), lang);
        let response = ui.horizontal_top(|ui| {
            let (rect, icon_response) = ui.allocate_exact_size(vec2(18.0, 18.0), Sense::hover());
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, icon, fonts::regular(size::TITLE), ink);
            icon_response.on_hover_text(lang.tr(state));
            ui.vertical(|ui| {
                let optional = if goal.optional { format!("  ({})", lang.tr("lesson.goal.optional")) } else { String::new() };
                ui.add(Label::new(RichText::new(format!("{say}{optional}")).font(fonts::medium(size::BODY))).wrap());
                if goal.hold.as_secs_f64() > 0.0 && lesson.view.done.is_none() {
                    bar_ui(ui, view.kept as f32, view.kept >= 1.0);
                    label::caption(ui, lang.with("lesson.goal.hold", &[("time", &format::span(lang, goal.hold))]));
                }
                // What is missing is said by what was measured, never by a guess.
                // That it is too early yet is in the words of the goal, and on the clock.
                let told = |assertion: &&Assertion| !assertion.held && !reached && !assertion.text.starts_with("now()");
                for assertion in view.assertions.iter().filter(told) {
                    label::caption(ui, missing(assertion, view.assertions.len() > 1, lang)).on_hover_text(&assertion.text);
                }
            });
        });
        response.response.on_hover_text(goal.holds.text());
        if let Some(look) = goal.look.clone().filter(|_| !view.held && lesson.view.missed)
            && button::plain(ui, icons::EYE, &lang.with("lesson.look", &[("place", &lang.tr(super::pane(look.panel)))])).clicked()
        {
            shell.ask(Learning::Look(look));
        }
        ui.add_space(4.0);
    }
}

/// Comparisons, and how people write what they ask for.
const SIGNS: [(&str, &str); 6] = [("<=", "≤ "), (">=", "≥ "), ("==", ""), ("!=", "≠ "), ("<", "< "), (">", "> ")];

/// What was measured and what is wanted; of `several` assertions also which, as it is written.
fn missing(assertion: &Assertion, several: bool, lang: Lang) -> String {
    let value = |measured: &Measured| match measured {
        Measured::Number(number) => lang.figure(&crate::figures::short(*number)),
        Measured::Text(text) => text.clone(),
        Measured::Boolean(value) => lang.tr(if *value { "lesson.true" } else { "lesson.false" }).into_owned(),
        _ => lang.tr("lesson.nothing").into_owned(),
    };
    if assertion.measured == Measured::Nothing && assertion.wanted == Measured::Nothing {
        return lang.with("lesson.goal.missing-plain", &[("text", &assertion.text)]);
    }
    let (sign, shown) = SIGNS.into_iter().find(|(sign, _)| assertion.text.contains(sign)).unwrap_or_default();
    // What is asked, as it is written, without what it is compared with.
    let asked = assertion.text.split_once(sign).filter(|_| !sign.is_empty()).map_or(assertion.text.as_str(), |(asked, _)| asked.trim()).replace('"', "");
    let wanted = format!("{shown}{}", value(&assertion.wanted));
    let values = [("measured", value(&assertion.measured)), ("wanted", wanted), ("text", asked)];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    lang.with(if several { "lesson.goal.missing" } else { "lesson.goal.now" }, &values)
}
