//! The look that charts over time have in common: nothing to drag or zoom, thin lines across, no crosshair.
//!
//! Axes, ticks and what is drawn are each chart's own.

use eframe::egui::{Sense, Vec2b, vec2};
use egui_plot::{AxisHints, Plot};

use crate::ui::theme::Palette;

/// A chart that is only looked at, with its axes.
pub(crate) fn still<'a>(id: impl std::hash::Hash + std::fmt::Debug, palette: &Palette, x: AxisHints<'a>, y: AxisHints<'a>) -> Plot<'a> {
    Plot::new(id)
        .show_background(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_drag(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .show_crosshair(false)
        .show_x(false)
        .show_y(false)
        .sense(Sense::hover())
        .set_margin_fraction(vec2(0.0, 0.0))
        .show_grid(Vec2b::new(false, true))
        .grid_color(palette.line)
        .grid_fade(0.0)
        .custom_x_axes(vec![x])
        .custom_y_axes(vec![y])
        .label_formatter(|_| None)
}
