//! Settings: theme, language, motion, size. They take effect at once and are kept.

use eframe::egui::{Grid, Id, Modal, Slider, Ui, vec2};

use super::top_bar::speed_text;
use crate::ui::icons;
use crate::ui::link::Speed;
use crate::ui::settings::{START_SPEEDS, ThemeChoice};
use crate::ui::state::{Ask, Overlay, Shell};
use crate::ui::text::Lang;
use crate::ui::widgets::segmented::{Segment, segmented};
use crate::ui::widgets::{button, label};

/// Draws it over the window.
pub(crate) fn settings_ui(ui: &Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let mut settings = shell.settings.clone();
    let modal = Modal::new(Id::unique("settings")).frame(eframe::egui::Frame::popup(ui.style()).inner_margin(20)).show(ui.ctx(), |ui| {
        ui.set_width(420.0);
        let closed = ui
            .horizontal(|ui| {
                label::title(ui, lang.tr("settings.title"));
                ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center), |ui| {
                    button::icon(ui, icons::CLOSE, &lang.tr("close"), false).clicked()
                })
                .inner
            })
            .inner;
        ui.add_space(8.0);
        Grid::new("settings").num_columns(2).spacing(vec2(24.0, 12.0)).show(ui, |ui| {
            ui.label(lang.tr("settings.theme"));
            let themes = [ThemeChoice::Dark, ThemeChoice::Light, ThemeChoice::System];
            let names = [lang.tr("theme.dark"), lang.tr("theme.light"), lang.tr("theme.system")];
            let segments: Vec<Segment<'_>> = names.iter().map(|name| Segment { text: name, name }).collect();
            if let Some(at) = segmented(ui, &segments, themes.iter().position(|theme| *theme == settings.theme), 12.0) {
                settings.theme = themes[at];
            }
            ui.end_row();
            ui.label(lang.tr("settings.language"));
            let segments: Vec<Segment<'_>> = Lang::ALL.iter().map(|(_, name)| Segment { text: name, name }).collect();
            if let Some(at) = segmented(ui, &segments, Lang::ALL.iter().position(|(other, _)| *other == settings.language), 12.0) {
                settings.language = Lang::ALL[at].0;
            }
            ui.end_row();
            ui.label(lang.tr("settings.motion"));
            button::check(ui, &mut settings.reduced_motion, lang.tr("settings.reduced-motion").as_ref());
            ui.end_row();
            ui.label(lang.tr("settings.scale"));
            let slider = Slider::new(&mut settings.scale, 0.75..=2.0).step_by(0.05).custom_formatter(|value, _| format!("{:.0} %", value * 100.0));
            ui.add(slider.update_while_editing(false)).accessible_name(lang.tr("settings.scale"));
            ui.end_row();
            ui.label(lang.tr("settings.speed"));
            let names = START_SPEEDS.map(|factor| speed_text(lang, Speed::Times(factor)));
            let segments: Vec<Segment<'_>> = names.iter().map(|name| Segment { text: name, name }).collect();
            if let Some(at) = segmented(ui, &segments, START_SPEEDS.iter().position(|factor| *factor == settings.speed), 12.0) {
                settings.speed = START_SPEEDS[at];
            }
            ui.end_row();
        });
        ui.add_space(8.0);
        label::caption(ui, lang.tr("settings.kept"));
        closed
    });
    let closing = modal.should_close() || modal.inner;
    if settings != shell.settings {
        shell.ask(Ask::Settings(settings));
    }
    if closing {
        shell.ask(Ask::Toggle(Overlay::Settings));
    }
}
