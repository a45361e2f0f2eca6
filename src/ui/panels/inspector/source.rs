//! A traffic source: what it sends, where to, and how much more or less it should send.

use eframe::egui::{RichText, Slider, Ui};

use super::{Number, heading_ui, numbers_ui, rule_ui};
use crate::ids::SourceId;
use crate::kernel::model::Arrivals;
use crate::scenario::Action;
use crate::ui::state::{Ask, Shell, colors};
use crate::ui::widgets::{button, label};
use crate::ui::{format, icons};

/// Draws it.
pub(super) fn source_ui(ui: &mut Ui, shell: &mut Shell, source: SourceId) {
    let lang = shell.lang();
    let palette = colors(ui);
    let why_not = shell.why_not("set-load");
    let Some(run) = shell.run.as_mut() else { return };
    let scenario = run.scenario.clone();
    let (Some(model), Some(state)) = (scenario.model.sources.get(source.index()), run.snapshot.sources.get(source.index()).cloned()) else { return };
    ui.horizontal(|ui| heading_ui(ui, icons::LOAD, &model.name));
    let about = match &model.arrivals {
        Arrivals::Open { .. } => "source.open",
        Arrivals::Counts { .. } => "source.counts",
        Arrivals::Closed { .. } => "source.closed",
    };
    let about = label::secondary(ui, lang.tr(about));
    label::explained(about, lang, "arrivals");
    let (sent, factor) = (lang.tr("signal.sent"), lang.tr("source.factor"));
    let numbers = [
        Number { caption: &sent, term: "traffic", value: format::rate(lang, state.rate), color: palette.text },
        Number { caption: &factor, term: "load-factor", value: format!("×{}", format::count(lang, state.factor)), color: palette.text },
    ];
    numbers_ui(ui, lang, 2, &numbers);
    rule_ui(ui);
    label::section(ui, lang.tr("source.mix"));
    let whole: f64 = model.mix.iter().map(|(_, weight)| weight).sum();
    for (endpoint, weight) in &model.mix {
        let Some(endpoint) = scenario.model.endpoints.get(endpoint.index()) else { continue };
        ui.horizontal(|ui| {
            ui.label(format!("{}.{}", run.service_name(endpoint.service), endpoint.name));
            ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center), |ui| {
                ui.label(RichText::new(format::percent(lang, weight / whole)).monospace().color(palette.secondary));
            });
        });
    }
    rule_ui(ui);
    label::section(ui, lang.tr("source.change"));
    let wanted = run.inspector.forms.load_factor(source, state.factor);
    let slider = Slider::new(wanted, 0.0..=100.0).logarithmic(true).smallest_positive(0.1).prefix("×").max_decimals(2);
    let slider = slider.custom_formatter(|value, _| format::count(lang, value)).custom_parser(|text| text.replace(',', ".").parse().ok());
    ui.spacing_mut().slider_width = (ui.available_width() - 90.0).max(80.0);
    ui.add(slider).accessible_name(lang.tr("source.factor"));
    let factor = (*wanted * 100.0).round() / 100.0;
    let text = lang.with("source.apply", &[("source", &model.name), ("factor", &format::count(lang, factor))]);
    let mut ask = None;
    if let Some(why) = &why_not {
        label::caption(ui, why);
    }
    ui.add_enabled_ui(why_not.is_none(), |ui| {
        ui.horizontal_wrapped(|ui| {
            if ui.add_enabled_ui((factor - state.factor).abs() > 1e-9, |ui| button::primary(ui, icons::LOAD, &text).clicked()).inner {
                ask = Some(factor);
            }
            for quick in [0.5, 2.0, 5.0] {
                let text = format!("×{}", format::count(lang, quick));
                if button::plain(ui, "", &text)
                    .on_hover_text(lang.with("source.apply", &[("source", &model.name), ("factor", &format::count(lang, quick))]))
                    .clicked()
                {
                    ask = Some(quick);
                }
            }
            if (state.factor - 1.0).abs() > 1e-9 && button::plain(ui, icons::ROLL_BACK, &lang.tr("source.reset")).clicked() {
                ask = Some(1.0);
            }
        })
    });
    if let Some(factor) = ask {
        *run.inspector.forms.load_factor(source, factor) = factor;
        shell.ask(Ask::Act(Box::new(Action::SetLoad { source: model.name.clone(), factor: Some(factor), rate: None })));
    }
}
