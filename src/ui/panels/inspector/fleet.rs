//! Nothing in particular selected: what users get, objectives, faults in force, what can be selected.

use eframe::egui::{Align, Layout, RichText, Sense, Ui, vec2};

use super::{heading_ui, rule_ui, signals_ui};
use crate::ids::{ServiceId, SourceId};
use crate::insight::alarm::AlarmState;
use crate::lab::snapshot::Health;
use crate::scenario::Action;
use crate::ui::panels::top_bar::slo_health;
use crate::ui::state::{Ask, Selection, Shell, colors};
use crate::ui::text::{self, Lang, humanised};
use crate::ui::theme::size;
use crate::ui::widgets::{button, label, status};
use crate::ui::{fonts, format, icons};

/// Draws it.
pub(super) fn fleet_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let palette = colors(ui);
    let Some(run) = shell.run.as_ref() else { return };
    let snapshot = run.snapshot.clone();
    let scenario = run.scenario.clone();
    ui.horizontal(|ui| heading_ui(ui, icons::LOAD, &lang.tr("users")));
    label::secondary(ui, lang.tr("fleet.about"));
    signals_ui(ui, lang, &snapshot.entry, false);
    let mut toggled = false;
    let description = scenario.description.get(lang.code());
    if !description.is_empty() {
        rule_ui(ui);
        label::section(ui, lang.tr("fleet.scenario"));
        let paragraphs = text::paragraphs(description);
        for (at, paragraph) in paragraphs.iter().enumerate().take(if run.inspector.whole_text { paragraphs.len() } else { 1 }) {
            if at > 0 {
                ui.add_space(2.0);
            }
            label::secondary(ui, paragraph);
        }
        if paragraphs.len() > 1 {
            let key = if run.inspector.whole_text { "fleet.less" } else { "fleet.more" };
            toggled = ui.link(RichText::new(lang.tr(key))).clicked();
        }
    }
    if !snapshot.slos.is_empty() {
        rule_ui(ui);
        let heading = label::section(ui, lang.tr("fleet.slos"));
        label::explained(heading, lang, "slo");
        for slo in &snapshot.slos {
            ui.horizontal(|ui| {
                let (rect, _) = ui.allocate_exact_size(vec2(12.0, 20.0), Sense::hover());
                status::shape(ui.painter(), rect.center(), 8.0, slo_health(slo), palette);
                ui.label(&slo.name);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let achieved = slo.achieved.map_or_else(|| format::NOTHING.to_owned(), |value| format::percent(lang, value));
                    ui.label(RichText::new(achieved).font(fonts::mono(size::BODY - 1.0)).color(palette.status_text(slo_health(slo))));
                });
            });
            let budget = format::budget(lang, slo.budget_left);
            label::caption(ui, lang.with("slo.line", &[("objective", &format::percent(lang, slo.objective)), ("budget", &budget)]));
        }
    }
    alarms_ui(ui, shell);
    if toggled && let Some(run) = shell.run.as_mut() {
        run.inspector.whole_text = !run.inspector.whole_text;
    }
    faults_ui(ui, shell, None);
    rule_ui(ui);
    services_ui(ui, shell, lang);
    rule_ui(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new(icons::COST).color(palette.secondary));
        ui.label(lang.with("fleet.cost", &[("cost", &format::dollars(lang, snapshot.cost))]));
    });
    label::caption(ui, lang.with("fleet.digest", &[("digest", &snapshot.digest)]));
}

/// The alarms and their states, as `CloudWatch` names them.
fn alarms_ui(ui: &mut Ui, shell: &Shell) {
    let lang = shell.lang();
    let palette = colors(ui);
    let Some(run) = shell.run.as_ref().filter(|run| !run.snapshot.alarms.is_empty()) else { return };
    rule_ui(ui);
    let heading = label::section(ui, lang.tr("fleet.alarms"));
    label::explained(heading, lang, "alarm");
    for alarm in &run.snapshot.alarms {
        let health = match alarm.state {
            AlarmState::Ok => Health::Ok,
            AlarmState::Alarm => Health::Failing,
            AlarmState::InsufficientData => Health::Unknown,
        };
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(12.0, 20.0), Sense::hover());
            status::shape(ui.painter(), rect.center(), 8.0, health, palette);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(RichText::new(alarm.state.name()).font(fonts::mono(size::SMALL)).color(palette.status_text(health)));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.add(eframe::egui::Label::new(&alarm.name).truncate()));
            });
        });
        let service = alarm.service.map(|service| run.service_name(service));
        label::caption(
            ui,
            match service {
                Some(service) if alarm.new_version => lang.with("alarm.new-version", &[("service", service)]),
                Some(service) => service.to_owned(),
                None if alarm.composite => lang.tr("alarm.composite").into_owned(),
                None => lang.tr("users").into_owned(),
            },
        );
    }
}

/// Faults in force, of one service or of all, each with the button that ends it.
pub(super) fn faults_ui(ui: &mut Ui, shell: &mut Shell, service: Option<ServiceId>) {
    let lang = shell.lang();
    let palette = colors(ui);
    let Some(run) = shell.run.as_ref() else { return };
    let faults: Vec<_> = run.snapshot.faults.iter().filter(|fault| service.is_none() || fault.service == service).cloned().collect();
    if faults.is_empty() {
        return;
    }
    let end = run.snapshot.end;
    rule_ui(ui);
    let heading = label::section(ui, lang.tr("faults.title"));
    label::explained(heading, lang, "truth");
    for fault in faults {
        ui.horizontal(|ui| {
            ui.label(RichText::new(icons::FAULT).color(palette.failing_text));
            let name = lang.find(&format!("fault.{}.name", fault.kind)).map_or_else(|| humanised(fault.kind), std::borrow::Cow::into_owned);
            let whom = fault.service.map_or("", |service| shell.run.as_ref().map_or("", |run| run.service_name(service)));
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.set_max_width(ui.available_width() - 72.0);
                let name = if whom.is_empty() || service.is_some() { name.clone() } else { format!("{name} · {whom}") };
                ui.add(eframe::egui::Label::new(name).truncate());
                let until = fault
                    .until
                    .map_or_else(|| lang.tr("faults.for-ever").into_owned(), |until| lang.with("faults.until", &[("time", &format::moment(lang, until, end))]));
                label::caption(ui, until);
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let title = lang.with("fault.clear", &[("fault", &fault.name)]);
                let why_not = shell.why_not("clear");
                let may = why_not.is_none();
                let response = ui.add_enabled(may, eframe::egui::Button::new(lang.tr("faults.clear").as_ref()));
                response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::Button, may, &title));
                if response.on_hover_text(&title).on_disabled_hover_text(why_not.unwrap_or_default()).clicked() {
                    shell.ask(Ask::Act(Box::new(Action::Clear { fault: fault.name.clone() })));
                }
            });
        });
    }
}

/// The services, those in trouble first, and the sources: a click selects one.
fn services_ui(ui: &mut Ui, shell: &mut Shell, lang: Lang) {
    let palette = colors(ui);
    let Some(run) = shell.run.as_ref() else { return };
    let snapshot = run.snapshot.clone();
    let scenario = run.scenario.clone();
    label::section(ui, lang.tr("fleet.services"));
    let rank = |health: Health| match health {
        Health::Failing => 0,
        Health::Warning => 1,
        Health::Ok => 2,
        Health::Unknown => 3,
    };
    let mut order: Vec<usize> = (0..snapshot.services.len().min(scenario.model.services.len())).collect();
    order.sort_by_key(|&at| rank(snapshot.services[at].health));
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut selected = None;
    {
        for at in order {
            let name = &scenario.model.services[at].name;
            let state = &snapshot.services[at];
            let response = button::row(ui, 26.0, &lang.with("palette.select", &[("service", name)]), false);
            let rect = response.rect;
            status::shape(ui.painter(), rect.left_center() + vec2(10.0, 0.0), 8.0, state.health, palette);
            ui.painter().text(rect.left_center() + vec2(22.0, 0.0), eframe::egui::Align2::LEFT_CENTER, name, fonts::regular(size::BODY), palette.text);
            let value = format::rate(lang, state.signals.rate);
            ui.painter().text(
                rect.right_center() - vec2(6.0, 0.0),
                eframe::egui::Align2::RIGHT_CENTER,
                value,
                fonts::mono(size::BODY - 1.0),
                palette.secondary,
            );
            if response.clicked() {
                selected = Some(Selection::Service(ServiceId::from_index(at)));
            }
        }
    }
    for (at, source) in snapshot.sources.iter().enumerate() {
        let response = button::row(ui, 26.0, &lang.with("palette.select", &[("service", &source.name)]), false);
        let rect = response.rect;
        ui.painter().text(rect.left_center() + vec2(10.0, 0.0), eframe::egui::Align2::CENTER_CENTER, icons::LOAD, fonts::regular(size::BODY), palette.accent);
        ui.painter().text(rect.left_center() + vec2(22.0, 0.0), eframe::egui::Align2::LEFT_CENTER, &source.name, fonts::regular(size::BODY), palette.text);
        let value = format::rate(lang, source.rate);
        ui.painter().text(rect.right_center() - vec2(6.0, 0.0), eframe::egui::Align2::RIGHT_CENTER, value, fonts::mono(size::BODY - 1.0), palette.secondary);
        if response.clicked() {
            selected = Some(Selection::Source(SourceId::from_index(at)));
        }
    }
    if let Some(selection) = selected {
        shell.ask(Ask::Select(selection));
    }
}
