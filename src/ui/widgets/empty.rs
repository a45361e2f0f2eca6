//! What an empty place says: what would appear here, and the action that fills it.

use eframe::egui::{Align, Layout, RichText, Ui};

use crate::ui::fonts;
use crate::ui::state::colors;
use crate::ui::theme::size;

/// Draws it; true if its button was clicked.
pub(crate) fn empty(ui: &mut Ui, icon: &str, title: &str, about: &str, action: Option<(&str, &str)>) -> bool {
    let palette = colors(ui);
    let mut clicked = false;
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.add_space(24.0);
        ui.label(RichText::new(icon).font(fonts::regular(size::DISPLAY)).color(palette.faint));
        ui.label(RichText::new(title).font(fonts::semibold(size::BODY)));
        ui.scope(|ui| {
            ui.set_max_width(ui.available_width().min(320.0));
            ui.label(RichText::new(about).color(palette.secondary));
        });
        if let Some((icon, text)) = action {
            ui.add_space(8.0);
            clicked = super::button::plain(ui, icon, text).clicked();
        }
        ui.add_space(24.0);
    });
    clicked
}
