//! The trend of a metric: its value over the last seven days, at the end of each day and now.
//!
//! It is drawn like the golden signals. A day on which the metric was unknown is a gap. With the truth, the true change fail
//! rate is a second line.

use eframe::egui::{Rangef, RichText, Ui};
use egui_plot::{AxisHints, GridInput, HPlacement, Line, MarkerShape, PlotPoints, Points};

use super::{Metric, Scoped};
use crate::ui::panels::signals::{ticks, time_ticks};
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::size;
use crate::ui::widgets::chart;
use crate::ui::widgets::label;
use crate::ui::{fonts, format};

/// The stretches of a line without gaps.
fn stretches(values: impl Iterator<Item = (f64, Option<f64>)>) -> Vec<Vec<[f64; 2]>> {
    let mut all: Vec<Vec<[f64; 2]>> = vec![Vec::new()];
    for (t, value) in values {
        match (value, all.last_mut()) {
            (Some(value), Some(stretch)) => stretch.push([t, value]),
            (None, Some(stretch)) if !stretch.is_empty() => all.push(Vec::new()),
            _ => {}
        }
    }
    all.retain(|stretch| !stretch.is_empty());
    all
}

/// Draws it, `height` points high.
pub(super) fn trend_ui(ui: &mut Ui, lang: Lang, metric: Metric, scoped: &Scoped, truth: bool, height: f32) {
    let palette = colors(ui);
    let really = truth && metric == Metric::ChangeFail;
    ui.horizontal(|ui| {
        let title = ui.label(RichText::new(lang.tr(metric.title())).font(fonts::semibold(size::BODY - 1.0)));
        label::explained(title, lang, metric.term());
        label::caption(ui, lang.tr("dora.trend"));
        if really {
            ui.label(RichText::new(lang.tr("dora.trend.really")).font(fonts::regular(size::SMALL)).color(palette.failing_text));
        }
    });
    let seen = stretches(scoped.trend.iter().map(|(at, dora, _)| (at.as_secs_f64(), metric.value(dora))));
    let true_line = if really { stretches(scoped.trend.iter().map(|(at, _, really)| (at.as_secs_f64(), *really))) } else { Vec::new() };
    if seen.is_empty() {
        label::secondary(ui, lang.tr(metric.unknown(&scoped.dora)));
        return;
    }
    if scoped.is_early(metric) {
        label::secondary(ui, lang.tr("dora.early.about"));
        return;
    }
    let to = scoped.trend.last().map_or(0.0, |(at, ..)| at.as_secs_f64()).max(86_400.0) * 1.02;
    let most = seen.iter().chain(&true_line).flatten().map(|[_, value]| *value).fold(0.0, f64::max);
    let high = if most > 0.0 { most * 1.15 } else { 1.0 };
    let end = crate::units::SimTime::ZERO + crate::units::SimSpan::from_secs_f64(to);
    let axis = ui.available_width() - 60.0;
    let x_axis = AxisHints::new_x()
        .formatter(move |mark, _| format::tick(lang, mark.value, end))
        .label_spacing(Rangef::new(8.0, 9.0))
        .tick_label_font(fonts::mono(10.0))
        .tick_label_color(palette.secondary);
    let y_axis = AxisHints::new_y()
        .formatter(move |mark, _| metric.text(lang, mark.value))
        .placement(HPlacement::Left)
        .min_thickness(52.0)
        .tick_label_font(fonts::mono(10.0))
        .tick_label_color(palette.secondary);
    let plot = chart::still(("dora trend", metric.term()), palette, x_axis, y_axis)
        .x_grid_spacer(move |input: GridInput| time_ticks(input.bounds, axis))
        .y_grid_spacer(move |input: GridInput| ticks(input.bounds, 3.0))
        .height(height - 28.0);
    let response = plot.show(ui, |plot| {
        plot.set_plot_bounds_x(0.0..=to);
        plot.set_plot_bounds_y(0.0..=high);
        for (lines, color, shape) in [(true_line, palette.failing, MarkerShape::Square), (seen, palette.series[0], MarkerShape::Circle)] {
            for stretch in lines {
                plot.points(Points::new("", PlotPoints::from(stretch.clone())).color(color).radius(2.5).shape(shape).allow_hover(false));
                plot.line(Line::new("", PlotPoints::from(stretch)).color(color).width(1.5).allow_hover(false));
            }
        }
    });
    // The exact values of the day under the pointer.
    if let Some(pointer) = response.response.hover_pos() {
        let t = response.transform.value_from_position(pointer).x;
        let near = scoped.trend.iter().min_by(|a, b| (a.0.as_secs_f64() - t).abs().total_cmp(&(b.0.as_secs_f64() - t).abs()));
        if let Some((at, dora, true_rate)) = near {
            let value = metric.value(dora).map_or_else(|| format::NOTHING.to_owned(), |value| metric.text(lang, value));
            response.response.on_hover_ui_at_pointer(|ui| {
                label::caption(ui, lang.with("dora.trend.until", &[("time", &format::day_time(lang, *at))]));
                ui.label(RichText::new(value).font(fonts::mono(size::BODY)));
                if let Some(rate) = true_rate.filter(|_| really) {
                    ui.label(RichText::new(lang.with("dora.really", &[("value", &metric.text(lang, rate))])).color(palette.failing_text));
                }
                label::caption(ui, lang.counted("deployments", dora.deployments as usize));
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_on_which_nothing_was_known_is_a_gap() {
        let days = [(1.0, None), (2.0, Some(5.0)), (3.0, None), (4.0, None), (5.0, Some(1.0)), (6.0, Some(2.0))];
        assert_eq!(stretches(days.into_iter()), [vec![[2.0, 5.0]], vec![[5.0, 1.0], [6.0, 2.0]]]);
    }
}
