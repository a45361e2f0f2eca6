//! The icon rail at the left: where one can go. It lists only what there is.

use eframe::egui::{Align, Layout, Ui};

use crate::ui::icons;
use crate::ui::state::{Ask, Overlay, Page, Shell};
use crate::ui::widgets::button;

/// Draws it.
pub(crate) fn rail_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.vertical_centered(|ui| {
        ui.add_space(8.0);
        if button::sized_icon(ui, icons::HOME, &lang.tr("rail.home"), shell.page == Page::Home, 36.0).clicked() {
            shell.ask(Ask::Go(Page::Home));
        }
        ui.add_enabled_ui(shell.run.is_some(), |ui| {
            if button::sized_icon(ui, icons::MAP, &lang.tr("rail.fleet"), shell.page == Page::Fleet, 36.0).clicked() {
                shell.ask(Ask::Go(Page::Fleet));
            }
        });
    });
    ui.with_layout(Layout::bottom_up(Align::Center), |ui| {
        ui.add_space(8.0);
        for (icon, name, overlay) in [(icons::SETTINGS, "rail.settings", Overlay::Settings), (icons::HELP, "rail.help", Overlay::Help)] {
            if button::sized_icon(ui, icon, &lang.tr(name), shell.overlay == Some(overlay), 36.0).clicked() {
                shell.ask(Ask::Toggle(overlay));
            }
        }
    });
}
