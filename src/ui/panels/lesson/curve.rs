//! A curve that is drawn before it runs, and what then happened laid over it.

use eframe::egui::{Align2, Pos2, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::LessonState;
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::{RADIUS, size};
use crate::ui::widgets::label;
use crate::ui::{fonts, format};
use crate::units::SimSpan;

/// Moments at which a drawn curve has a value.
const POINTS: usize = 24;

/// What is asked for.
pub(super) struct Asked<'a> {
    pub(super) unit: &'a str,
    /// The highest value of the axis.
    pub(super) most: f64,
    pub(super) whole: SimSpan,
}

/// Whether enough of a curve is drawn to be one.
pub(super) fn is_drawn(curve: &[Option<f64>]) -> bool {
    curve.iter().flatten().count() >= POINTS / 2
}

/// Draws the field; the pointer draws the curve until the prediction is made.
pub(super) fn curve_ui(ui: &mut Ui, lesson: &mut LessonState, asked: &Asked<'_>, lang: Lang) {
    let palette = colors(ui);
    let came = lesson.view.curve.clone();
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 150.0), Sense::drag());
    ui.painter().rect_filled(rect, RADIUS, palette.raised);
    let field = rect.shrink2(vec2(8.0, 14.0));
    let answer = lesson.answer();
    answer.curve.resize(POINTS, None);
    if !answer.given
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let share = ((pointer.x - field.left()) / field.width()).clamp(0.0, 1.0);
        let value = f64::from(((field.bottom() - pointer.y) / field.height()).clamp(0.0, 1.0)) * asked.most;
        let at = (share * (POINTS - 1) as f32).round() as usize;
        answer.curve[at] = Some(value);
        fill_between(&mut answer.curve, at);
    }
    let place = |share: f64, value: f64| -> Pos2 {
        pos2(field.left() + field.width() * share as f32, field.bottom() - field.height() * (value / asked.most).clamp(0.0, 1.0) as f32)
    };
    let drawn: Vec<Pos2> = answer.curve.iter().enumerate().filter_map(|(at, value)| value.map(|value| place(at as f64 / (POINTS - 1) as f64, value))).collect();
    ui.painter().line(drawn, Stroke::new(2.0, palette.secondary));
    let whole = asked.whole.as_secs_f64().max(1e-9);
    ui.painter().line(came.iter().map(|(at, value)| place(at / whole, *value)).collect(), Stroke::new(2.0, palette.accent));
    let small = fonts::regular(size::SMALL);
    let most = lang.figure(&format!("{:.0} {}", asked.most, asked.unit));
    ui.painter().text(rect.left_top() + vec2(6.0, 2.0), Align2::LEFT_TOP, most, small.clone(), palette.secondary);
    ui.painter().text(rect.right_bottom() - vec2(6.0, 1.0), Align2::RIGHT_BOTTOM, format::span(lang, asked.whole), small, palette.secondary);
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, lang.tr("lesson.curve")));
    label::caption(ui, lang.tr(if lesson.answer().given { "lesson.curve.key" } else { "lesson.curve" }));
}

/// A quick stroke skips moments: those between it and the nearest one before get values on the line.
fn fill_between(curve: &mut [Option<f64>], at: usize) {
    let Some(end) = curve[at] else { return };
    let Some(from) = curve[..at].iter().rposition(Option::is_some) else { return };
    let Some(start) = curve[from] else { return };
    for (between, value) in curve.iter_mut().enumerate().take(at).skip(from + 1) {
        let share = (between - from) as f64 / (at - from) as f64;
        *value = Some(start + (end - start) * share);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_stroke_leaves_no_gaps() {
        let mut curve = vec![Some(0.0), None, None, None, Some(8.0), None];
        fill_between(&mut curve, 4);
        assert_eq!(curve, [Some(0.0), Some(2.0), Some(4.0), Some(6.0), Some(8.0), None]);
    }
}
