//! Help: the keys, and how to read the window.

use eframe::egui::{Frame, Grid, Id, Modal, RichText, ScrollArea, Ui, vec2};

use crate::fleet::instance::InstanceState;
use crate::lab::snapshot::{Health, InstanceSnapshot, MarkKind};
use crate::ui::keys::KEYS;
use crate::ui::map::node;
use crate::ui::state::{Ask, Overlay, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::size;
use crate::ui::widgets::{button, label, status};
use crate::ui::{fonts, icons};

/// Draws it over the window.
pub(crate) fn help_ui(ui: &Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let modal = Modal::new(Id::unique("help")).frame(eframe::egui::Frame::popup(ui.style()).inner_margin(20)).show(ui.ctx(), |ui| {
        ui.set_width(680.0);
        let closed = ui
            .horizontal(|ui| {
                label::title(ui, lang.tr("help.title"));
                ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center), |ui| {
                    button::icon(ui, icons::CLOSE, &lang.tr("close"), false).clicked()
                })
                .inner
            })
            .inner;
        ScrollArea::vertical().max_height(600.0).min_scrolled_height(520.0).show(ui, |ui| {
            ui.columns(2, |columns| {
                keys_ui(&mut columns[0], lang);
                legend_ui(&mut columns[1], lang);
            });
        });
        closed
    });
    if modal.should_close() || modal.inner {
        shell.ask(Ask::Toggle(Overlay::Help));
    }
}

fn keys_ui(ui: &mut Ui, lang: Lang) {
    let palette = colors(ui);
    label::section(ui, lang.tr("help.keys"));
    Grid::new("keys").num_columns(2).spacing(vec2(16.0, 6.0)).show(ui, |ui| {
        for (keys, what) in KEYS {
            Frame::new().fill(palette.raised).corner_radius(4).inner_margin(eframe::egui::Margin::symmetric(6, 1)).show(ui, |ui| {
                ui.label(RichText::new(keys).font(fonts::mono(size::SMALL)));
            });
            ui.label(lang.tr(what));
            ui.end_row();
        }
    });
}

fn legend_ui(ui: &mut Ui, lang: Lang) {
    let palette = colors(ui);
    ui.spacing_mut().item_spacing.y = 4.0;
    let row = |ui: &mut Ui, paint: &dyn Fn(&Ui, eframe::egui::Rect), text: &str| {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(16.0, 18.0), eframe::egui::Sense::hover());
            paint(ui, rect);
            ui.label(text);
        });
    };
    label::section(ui, lang.tr("help.health"));
    for health in [Health::Ok, Health::Warning, Health::Failing, Health::Unknown] {
        row(ui, &|ui, rect| status::shape(ui.painter(), rect.center(), 9.0, health, palette), &status::word(lang, health));
    }
    ui.add_space(8.0);
    label::section(ui, lang.tr("help.instances"));
    for (state, key) in [
        (InstanceState::Healthy, "state.healthy"),
        (InstanceState::Starting, "state.starting"),
        (InstanceState::Draining, "state.draining"),
        (InstanceState::Unhealthy, "state.unhealthy"),
        (InstanceState::Crashed, "state.crashed"),
    ] {
        let instance = InstanceSnapshot { id: 0, state, version: 0, zone: 0, busy: 0, queued: 0, cpu: 0.0, memory: 0, faulted: false };
        let paint = |ui: &Ui, rect: eframe::egui::Rect| {
            node::cell_of(ui.painter(), eframe::egui::Rect::from_center_size(rect.center(), vec2(9.0, 9.0)), &instance, palette);
        };
        row(ui, &paint, &lang.tr(key));
    }
    label::caption(ui, lang.tr("help.versions"));
    ui.add_space(8.0);
    label::section(ui, lang.tr("help.marks"));
    for kind in [
        MarkKind::Deploy,
        MarkKind::DeployDone,
        MarkKind::DeployFailed,
        MarkKind::Fault,
        MarkKind::FaultCleared,
        MarkKind::Alarm,
        MarkKind::Incident,
        MarkKind::IncidentOver,
        MarkKind::Pipeline,
        MarkKind::Scale,
        MarkKind::Instance,
        MarkKind::Action,
    ] {
        row(ui, &|ui, rect| status::mark(ui.painter(), rect.center(), 10.0, kind, palette), &status::mark_word(lang, kind));
    }
    ui.add_space(8.0);
    label::section(ui, lang.tr("help.edges"));
    label::secondary(ui, lang.tr("help.edges.about"));
}
