//! A curve that is drawn before it runs, and what then happened laid over it.

use eframe::egui::{Align2, Pos2, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::LessonState;
use crate::figures;
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::{RADIUS, size};
use crate::ui::widgets::label;
use crate::ui::{fonts, format};
use crate::units::SimSpan;

/// Moments at which a drawn curve has a value.
const POINTS: usize = 48;
/// Room for the scale, at the left [points].
const SCALE: f32 = 40.0;

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
    let field = rect.shrink2(vec2(8.0, 16.0)).with_min_x(rect.left() + SCALE);
    let answer = lesson.answer();
    answer.curve.resize(POINTS, None);
    if !answer.given
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let share = ((pointer.x - field.left()) / field.width()).clamp(0.0, 1.0);
        let value = f64::from(((field.bottom() - pointer.y) / field.height()).clamp(0.0, 1.0)) * asked.most;
        let at = (share * (POINTS - 1) as f32).round() as usize;
        let from = answer.pen.filter(|_| !response.drag_started());
        stroke(&mut answer.curve, from, at, value);
        answer.pen = Some(at);
    } else {
        answer.pen = None;
    }
    let place = |share: f64, value: f64| -> Pos2 {
        pos2(field.left() + field.width() * share as f32, field.bottom() - field.height() * (value / asked.most).clamp(0.0, 1.0) as f32)
    };
    let drawn: Vec<Pos2> = answer.curve.iter().enumerate().filter_map(|(at, value)| value.map(|value| place(at as f64 / (POINTS - 1) as f64, value))).collect();
    ui.painter().line(drawn, Stroke::new(2.0, palette.secondary));
    let whole = asked.whole.as_secs_f64().max(1e-9);
    ui.painter().line(came.iter().map(|(at, value)| place(at / whole, *value)).collect(), Stroke::new(2.0, palette.accent));
    let small = fonts::regular(size::SMALL);
    let gap = if asked.unit.starts_with('/') { "" } else { " " };
    let most = lang.figure(&format!("{}{gap}{}", figures::short(asked.most), asked.unit));
    // Enough of a scale to draw by: nothing, half and all of it, and the quarters of the time.
    for (value, text) in [(0.0, "0".to_owned()), (0.5, lang.figure(&figures::short(asked.most / 2.0))), (1.0, most)] {
        let y = field.bottom() - field.height() * value;
        ui.painter().hline(field.x_range(), y, Stroke::new(1.0, palette.line));
        ui.painter().text(pos2(field.left() - 5.0, y), Align2::RIGHT_CENTER, text, small.clone(), palette.secondary);
    }
    for quarter in 1..=4_u64 {
        let x = field.left() + field.width() * quarter as f32 / 4.0;
        ui.painter().vline(x, field.bottom() - 4.0..=field.bottom(), Stroke::new(1.0, palette.secondary));
        let (align, x) = if quarter == 4 { (Align2::RIGHT_TOP, field.right()) } else { (Align2::CENTER_TOP, x) };
        let time = SimSpan::from_nanos(asked.whole.nanos() / 4 * quarter);
        ui.painter().text(pos2(x, field.bottom() + 1.0), align, format::span(lang, time), small.clone(), palette.secondary);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, lang.tr("lesson.curve")));
    label::caption(ui, lang.tr(if lesson.answer().given { "lesson.curve.key" } else { "lesson.curve" }));
}

/// The pen is at a moment, with a value. Between where it was before and here the curve becomes a line, whichever way it went; where
/// it was nowhere yet, what is there already is joined.
fn stroke(curve: &mut [Option<f64>], from: Option<usize>, at: usize, value: f64) {
    let nearest = || {
        let drawn = (0..curve.len()).filter(|other| *other != at && curve[*other].is_some());
        drawn.min_by_key(|other| other.abs_diff(at))
    };
    let from = from.or_else(nearest).and_then(|from| Some((from, curve[from]?)));
    curve[at] = Some(value);
    let Some((from, start)) = from.filter(|(from, _)| *from != at) else { return };
    let (low, high) = (from.min(at), from.max(at));
    for (between, place) in curve.iter_mut().enumerate().take(high).skip(low + 1) {
        let share = (between as f64 - from as f64) / (at as f64 - from as f64);
        *place = Some(start + (value - start) * share);
    }
}

/// By how much a drawn curve is off on average, in its unit; `None` if there is nothing to compare.
pub(super) fn off(drawn: &[Option<f64>], came: &[(f64, f64)], whole: SimSpan) -> Option<f64> {
    let whole = whole.as_secs_f64().max(1e-9);
    let nearest = |share: f64| came.iter().min_by(|a, b| (a.0 / whole - share).abs().total_cmp(&(b.0 / whole - share).abs())).map(|(_, value)| *value);
    let last = drawn.len().saturating_sub(1).max(1) as f64;
    let gaps: Vec<f64> = drawn.iter().enumerate().filter_map(|(at, value)| Some((nearest(at as f64 / last)? - (*value)?).abs())).collect();
    (!gaps.is_empty()).then(|| gaps.iter().sum::<f64>() / gaps.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_stroke_leaves_no_gaps_whichever_way_it_goes() {
        let mut curve = vec![Some(0.0), None, None, None, None, None];
        stroke(&mut curve, Some(0), 4, 8.0);
        assert_eq!(curve, [Some(0.0), Some(2.0), Some(4.0), Some(6.0), Some(8.0), None]);
        let mut curve = vec![None; 5];
        stroke(&mut curve, None, 4, 8.0);
        stroke(&mut curve, Some(4), 0, 0.0);
        assert_eq!(curve, [Some(0.0), Some(2.0), Some(4.0), Some(6.0), Some(8.0)], "from right to left");
        stroke(&mut curve, Some(0), 2, 1.0);
        assert_eq!(curve, [Some(0.0), Some(0.5), Some(1.0), Some(6.0), Some(8.0)], "what is drawn over is gone");
    }

    #[test]
    fn a_curve_is_off_by_the_mean_of_its_distances() {
        let whole = SimSpan::from_secs(10);
        let came = [(0.0, 1.0), (5.0, 2.0), (10.0, 3.0)];
        assert_eq!(off(&[Some(1.0), Some(4.0), None], &came, whole), Some(1.0));
        assert_eq!(off(&[None, None], &came, whole), None);
    }
}
