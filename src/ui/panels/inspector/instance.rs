//! One instance of a service: its state, where it runs, how busy it is.

use eframe::egui::{Grid, Rect, RichText, Sense, Ui, vec2};

use super::service::state_word;
use super::{heading_ui, rule_ui};
use crate::ids::ServiceId;
use crate::ui::map::node;
use crate::ui::state::{Ask, Selection, Shell, colors};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, format, icons};

/// Draws it.
pub(super) fn instance_ui(ui: &mut Ui, shell: &mut Shell, service: ServiceId, number: u32) {
    let lang = shell.lang();
    let palette = colors(ui);
    let Some(run) = shell.run.as_ref() else { return };
    let (snapshot, scenario) = (run.snapshot.clone(), run.scenario.clone());
    let name = run.service_name(service).to_owned();
    ui.horizontal(|ui| heading_ui(ui, icons::TARGET, &format!("{name} #{number}")));
    let Some(state) = snapshot.services.get(service.index()) else { return };
    if let Some(instance) = state.instances.iter().find(|instance| instance.id == number) {
        ui.horizontal(|ui| {
            let (place, _) = ui.allocate_exact_size(vec2(14.0, 20.0), Sense::hover());
            node::cell_of(ui.painter(), Rect::from_center_size(place.center(), vec2(10.0, 10.0)), instance, palette);
            ui.label(state_word(lang, instance.state));
        });
        if instance.faulted {
            let text = ui.label(RichText::new(format!("{}  {}", icons::FAULT, lang.tr("instance.faulted"))).color(palette.failing_text));
            label::explained(text, lang, "truth");
        }
        rule_ui(ui);
        let version = state.versions.get(usize::from(instance.version)).map_or("", |version| version.name.as_str());
        let zone = scenario.model.zones.get(usize::from(instance.zone)).map_or("", String::as_str);
        let rows = [
            (lang.tr("instance.version"), version.to_owned()),
            (lang.tr("instance.zone"), zone.to_owned()),
            (lang.tr("signal.busy"), format!("{} / {}", instance.busy, state.workers)),
            (lang.tr("signal.queued"), format::whole(lang, u64::from(instance.queued))),
            ("CPU".into(), lang.with("instance.cores", &[("cores", &format::count(lang, instance.cpu))])),
            (lang.tr("instance.memory"), format::bytes(lang, instance.memory)),
        ];
        Grid::new("instance").num_columns(2).spacing(vec2(24.0, 6.0)).show(ui, |ui| {
            for (what, value) in rows {
                ui.label(RichText::new(what).color(palette.secondary));
                ui.label(RichText::new(value).font(fonts::mono(crate::ui::theme::size::BODY - 1.0)));
                ui.end_row();
            }
        });
    } else {
        label::secondary(ui, lang.with("instance.gone", &[("number", &number.to_string())]));
    }
    rule_ui(ui);
    if button::plain(ui, icons::TARGET, &lang.with("palette.select", &[("service", &name)])).clicked() {
        shell.ask(Ask::Select(Selection::Service(service)));
    }
}
