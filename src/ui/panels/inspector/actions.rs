//! The forms of what can be done to a service: deploy, roll back, scale, restart, inject a fault.
//!
//! Each form ends in a button that says what happens and to whom. Forms of faults and strategies are made from their
//! registries (see `widgets/params`), so a new one needs nothing here.

use eframe::egui::{ComboBox, DragValue, Frame, RichText, TextEdit, Ui, vec2};

use super::rule_ui;
use crate::fleet::deploy::Strategy;
use crate::fleet::fault::{Direction, Fault, FaultKind, Selector};
use crate::ids::{ServiceId, SourceId};
use crate::lab::snapshot::ServiceSnapshot;
use crate::scenario::{Action, Scenario};
use crate::ui::state::{Ask, Shell, colors};
use crate::ui::text::{Lang, humanised};
use crate::ui::theme::size;
use crate::ui::widgets::params::{Alternatives, Fields, choose_ui, fields_ui};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};
use crate::units::SimSpan;

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Deploys a version.
    Deploy,
    /// Sets the number of instances.
    Scale,
    /// Restarts instances.
    Restart,
    /// Injects a fault, of this kind at first.
    Fault(&'static str),
}

/// What is being filled in.
#[derive(Debug, Clone)]
pub(crate) struct Forms {
    open: Option<Form>,
    kinds: Alternatives,
    selectors: Alternatives,
    strategies: Alternatives,
    kind: &'static str,
    kind_fields: Fields,
    selector: &'static str,
    selector_fields: Fields,
    duration: String,
    /// The version to deploy; empty: the first that is not the stable one.
    version: String,
    /// The strategy; `None`: the service's own.
    strategy: Option<&'static str>,
    strategy_fields: Fields,
    instances: u32,
    load: Option<(SourceId, f64)>,
}

impl Default for Forms {
    fn default() -> Self {
        let kinds = Alternatives::of::<FaultKind>(FaultKind::NAMES);
        let selectors = Alternatives::of::<Selector>(Selector::NAMES);
        let kind = if FaultKind::NAMES.contains(&"latency") { "latency" } else { FaultKind::NAMES[0] };
        Self {
            open: None,
            kind_fields: kinds.fields(kind),
            selector_fields: selectors.fields("all"),
            strategies: Alternatives::of::<Strategy>(Strategy::NAMES),
            kinds,
            selectors,
            kind,
            selector: "all",
            duration: "2m".to_owned(),
            version: String::new(),
            strategy: None,
            strategy_fields: Fields::default(),
            instances: 0,
            load: None,
        }
    }
}

impl Forms {
    /// Closes the form that is open; what was filled in is kept.
    pub(super) fn close(&mut self) {
        self.open = None;
        self.version.clear();
        self.instances = 0;
        self.load = None;
    }
    /// Opens a form.
    pub(super) fn open(&mut self, form: Form) {
        if let Form::Fault(kind) = form {
            self.set_kind(kind);
        }
        self.open = Some(form);
    }
    fn set_kind(&mut self, kind: &'static str) {
        self.kind = kind;
        self.kind_fields = self.kinds.fields(kind);
    }
    /// The factor that is being chosen for a source.
    pub(super) fn load_factor(&mut self, source: SourceId, current: f64) -> &mut f64 {
        if self.load.is_none_or(|(whose, _)| whose != source) {
            self.load = Some((source, current));
        }
        &mut self.load.get_or_insert((source, current)).1
    }
}

/// Draws the buttons, and the form that is open.
pub(super) fn actions_ui(ui: &mut Ui, shell: &mut Shell, service: ServiceId, state: &ServiceSnapshot) {
    rule_ui(ui);
    let lang = shell.lang();
    let Some(run) = shell.run.as_mut() else { return };
    let scenario = run.scenario.clone();
    let name = scenario.model.services.get(service.index()).map_or_else(String::new, |service| service.name.clone());
    let versions: Vec<String> = run.version_names(service).into_iter().map(str::to_owned).collect();
    let forms = &mut run.inspector.forms;
    let mut act = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        ui.spacing_mut().button_padding.x = 8.0;
        let mut toggle = |ui: &mut Ui, icon: &str, key: &'static str, form: Form| {
            let on = forms.open.is_some_and(|open| std::mem::discriminant(&open) == std::mem::discriminant(&form));
            let response = button::plain(ui, icon, &lang.tr(key));
            let response = if on { response.highlight() } else { response };
            if response.clicked() {
                forms.open = if on { None } else { Some(form) };
            }
        };
        toggle(ui, icons::FAULT, "act.fault", Form::Fault("latency"));
        toggle(ui, icons::DEPLOY, "act.deploy", Form::Deploy);
        toggle(ui, icons::SCALE, "act.scale", Form::Scale);
        toggle(ui, icons::RESTART, "act.restart", Form::Restart);
        let back = lang.with("act.roll-back", &[("service", &name)]);
        let response = button::plain(ui, icons::ROLL_BACK, &lang.tr("act.roll-back.short")).on_hover_text(&back);
        if response.clicked() {
            act = Some(Action::RollBack { service: name.clone() });
        }
    });
    if let Some(form) = forms.open {
        let palette = colors(ui);
        Frame::new().fill(palette.raised).corner_radius(8).inner_margin(12).show(ui, |ui| {
            ui.set_width(ui.available_width());
            let done = match form {
                Form::Deploy => deploy_ui(ui, lang, forms, &name, &versions, state, &scenario, service),
                Form::Scale => scale_ui(ui, lang, forms, &name, state),
                Form::Restart => restart_ui(ui, lang, forms, &name),
                Form::Fault(_) => fault_ui(ui, lang, forms, &name, &scenario),
            };
            if done.is_some() {
                act = done;
                forms.open = None;
            }
        });
    }
    if let Some(action) = act {
        shell.ask(Ask::Act(Box::new(action)));
    }
}

/// The error of a form, and nothing if there is none.
fn error_ui(ui: &mut Ui, error: &str) {
    let palette = colors(ui);
    ui.add(
        eframe::egui::Label::new(RichText::new(format!("{}  {error}", icons::FAILING)).color(palette.failing_text).font(fonts::regular(size::SMALL))).wrap(),
    );
}

#[expect(clippy::too_many_arguments, reason = "a form over one service needs all that is known of it")]
fn deploy_ui(
    ui: &mut Ui,
    lang: Lang,
    forms: &mut Forms,
    service: &str,
    versions: &[String],
    state: &ServiceSnapshot,
    scenario: &Scenario,
    id: ServiceId,
) -> Option<Action> {
    if versions.len() < 2 {
        label::secondary(ui, lang.with("deploy.one-version", &[("service", service), ("version", versions.first().map_or("", String::as_str))]));
        return None;
    }
    if !versions.contains(&forms.version) {
        forms.version = versions.iter().find(|version| **version != state.stable).cloned().unwrap_or_default();
    }
    ui.horizontal(|ui| {
        ui.label(lang.tr("deploy.version"));
        let combo = ComboBox::from_id_salt("deploy version").selected_text(&forms.version).show_ui(ui, |ui| {
            for version in versions {
                let text = if *version == state.stable { format!("{version} ({})", lang.tr("version.stable")) } else { version.clone() };
                ui.selectable_value(&mut forms.version, version.clone(), text);
            }
        });
        combo.response.accessible_name(lang.tr("deploy.version"));
    });
    let own = scenario.fleet.get(id.index()).map_or("rolling", |fleet| fleet.strategy.name());
    let mut chosen = forms.strategy.unwrap_or(own);
    let title = lang.tr("deploy.strategy");
    ui.label(title.as_ref());
    if choose_ui(ui, lang, "strategy", Strategy::NAMES, &mut chosen, &title) {
        forms.strategy = Some(chosen);
        forms.strategy_fields = forms.strategies.fields(chosen);
    }
    if let Some(about) = lang.find(&format!("strategy.{chosen}.about")) {
        label::caption(ui, about);
    }
    if forms.strategy.is_some() {
        fields_ui(ui, lang, chosen, &forms.strategies, &mut forms.strategy_fields, &|_| None);
    } else {
        label::caption(ui, lang.with("deploy.own", &[("service", service)]));
    }
    let strategy = match forms.strategy.map(|name| forms.strategy_fields.read::<Strategy>(name)).transpose() {
        Ok(strategy) => strategy,
        Err(error) => {
            error_ui(ui, &error);
            return None;
        }
    };
    let word = lang.find(&format!("strategy.{chosen}.name")).map_or_else(|| humanised(chosen), std::borrow::Cow::into_owned);
    let text = lang.with("deploy.do", &[("version", &forms.version), ("service", service), ("strategy", &word)]);
    ui.add_space(4.0);
    button::primary(ui, icons::DEPLOY, &text).clicked().then(|| Action::Deploy { service: service.to_owned(), version: forms.version.clone(), strategy })
}

fn scale_ui(ui: &mut Ui, lang: Lang, forms: &mut Forms, service: &str, state: &ServiceSnapshot) -> Option<Action> {
    if forms.instances == 0 {
        forms.instances = state.desired.max(1);
    }
    ui.horizontal(|ui| {
        ui.label(lang.tr("instances"));
        ui.add(DragValue::new(&mut forms.instances).range(1..=10_000)).accessible_name(lang.tr("instances"));
        for (text, value) in [("−1", state.desired.saturating_sub(1)), ("+1", state.desired + 1), ("×2", state.desired * 2)] {
            if value > 0 && ui.button(text).clicked() {
                forms.instances = value;
            }
        }
    });
    let text = lang.with("scale.do", &[("service", service), ("from", &state.desired.to_string()), ("to", &forms.instances.to_string())]);
    ui.add_enabled_ui(forms.instances != state.desired, |ui| button::primary(ui, icons::SCALE, &text).clicked())
        .inner
        .then(|| Action::Scale { service: service.to_owned(), instances: forms.instances })
}

fn selector_ui(ui: &mut Ui, lang: Lang, forms: &mut Forms) -> Result<Selector, String> {
    let title = lang.tr("selector.title");
    ui.label(title.as_ref());
    if choose_ui(ui, lang, "selector", Selector::NAMES, &mut forms.selector, &title) {
        forms.selector_fields = forms.selectors.fields(forms.selector);
    }
    fields_ui(ui, lang, forms.selector, &forms.selectors, &mut forms.selector_fields, &|_| None);
    forms.selector_fields.read(forms.selector)
}

fn restart_ui(ui: &mut Ui, lang: Lang, forms: &mut Forms, service: &str) -> Option<Action> {
    match selector_ui(ui, lang, forms) {
        Ok(selector) => {
            label::caption(ui, lang.tr("restart.about"));
            button::harmful(ui, icons::RESTART, &lang.with("restart.do", &[("service", service)])).clicked().then(|| Action::Restart {
                service: service.to_owned(),
                selector,
                silent: false,
            })
        }
        Err(error) => {
            error_ui(ui, &error);
            None
        }
    }
}

fn fault_ui(ui: &mut Ui, lang: Lang, forms: &mut Forms, service: &str, scenario: &Scenario) -> Option<Action> {
    let title = lang.tr("fault.title");
    let mut kind = forms.kind;
    if choose_ui(ui, lang, "fault", FaultKind::NAMES, &mut kind, &title) {
        forms.set_kind(kind);
    }
    if let Some(about) = lang.find(&format!("fault.{kind}.about")) {
        label::caption(ui, about);
    }
    let choices = |key: &str| match key {
        "zone" => Some(scenario.model.zones.clone()),
        "direction" => Some(Direction::NAMES.iter().map(|&name| name.to_owned()).collect()),
        "from" => {
            let services = scenario.model.services.iter().map(|other| other.name.clone()).filter(|name| name != service);
            Some(services.chain(scenario.model.sources.iter().map(|source| source.name.clone())).collect())
        }
        _ => None,
    };
    fields_ui(ui, lang, kind, &forms.kinds, &mut forms.kind_fields, &choices);
    let kind = forms.kind_fields.read::<FaultKind>(kind);
    let selector = selector_ui(ui, lang, forms);
    ui.horizontal(|ui| {
        ui.label(lang.tr("fault.duration"));
        let edit =
            TextEdit::singleline(&mut forms.duration).desired_width(72.0).font(fonts::mono(size::BODY - 1.0)).hint_text(lang.tr("fault.for-ever").as_ref());
        ui.add(edit).accessible_name(lang.tr("fault.duration"));
    });
    let text = forms.duration.trim();
    let duration = if text.is_empty() { Ok(None) } else { text.parse::<SimSpan>().map(Some).map_err(|error| error.to_string()) };
    let name = lang.find(&format!("fault.{}.name", forms.kind)).map_or_else(|| humanised(forms.kind), std::borrow::Cow::into_owned);
    match (kind, selector, duration) {
        (Ok(kind), Ok(selector), Ok(duration)) => {
            ui.add_space(4.0);
            let zone = matches!(kind, FaultKind::ZoneLoss(_));
            let text = if zone { name } else { lang.with("fault.do", &[("fault", &name), ("service", service)]) };
            button::harmful(ui, icons::FAULT, &text).clicked().then(|| {
                // A zone is lost for everybody in it.
                let service = (!zone).then(|| service.to_owned());
                Action::Inject { fault: Fault { name: None, kind, service, selector, duration } }
            })
        }
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
            error_ui(ui, &error);
            None
        }
    }
}
