//! The forms of what can be done to a service: deploy, roll back, scale, restart, inject a fault.
//!
//! Each form ends in a button that says what happens and to whom. Forms of faults and strategies are made from their
//! registries (see `widgets/params`), so a new one needs nothing here.

use eframe::egui::{ComboBox, Frame, Response, TextEdit, Ui, vec2};

use super::policy::PolicyFields;
use super::rule_ui;
use super::strategy::StrategyFields;
use crate::fleet::fault::{Direction, Fault, FaultKind, Selector};
use crate::ids::{ServiceId, SourceId};
use crate::kernel::model::{Queue, QueueOrder};
use crate::lab::snapshot::ServiceSnapshot;
use crate::scenario::{Action, Scenario, limits};
use crate::ui::panels::asked::Asked;
use crate::ui::panels::delivery;
use crate::ui::state::{Ask, Shell, colors};
use crate::ui::text::{Lang, humanised};
use crate::ui::theme::size;
use crate::ui::widgets::params::{Alternatives, Fields, choose_ui, column, does_not_fit, fields_ui, grid, hinted_ui, named_ui};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, format, icons};
use crate::units::SimSpan;

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Deploys a version.
    Deploy,
    /// Sets how later deployments go.
    Strategy,
    /// Sets the number of instances.
    Scale,
    /// Sets the workers and the queue of its instances.
    Capacity,
    /// Restarts instances.
    Restart,
    /// Injects a fault, of this kind at first.
    Fault(&'static str),
    /// Changes the call policy of the edge that is selected.
    Policy,
}

impl Form {
    /// Whether it is the same form, whatever is filled in.
    fn is_like(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

/// The forms of a service in the order of their buttons: icon, key of the word, and the action that each asks for.
const FORMS: [(Form, &str, &str, &str); 6] = [
    (Form::Fault("latency"), icons::FAULT, "act.fault", "inject"),
    (Form::Deploy, icons::DEPLOY, "act.deploy", "deploy"),
    (Form::Strategy, icons::STRATEGY, "act.strategy", "set-strategy"),
    (Form::Scale, icons::SCALE, "act.scale", "scale"),
    (Form::Capacity, icons::SATURATION, "act.capacity", "set-capacity"),
    (Form::Restart, icons::RESTART, "act.restart", "restart"),
];

/// What is being filled in.
#[derive(Debug, Clone)]
pub(crate) struct Forms {
    open: Option<Form>,
    kinds: Alternatives,
    selectors: Alternatives,
    kind: &'static str,
    kind_fields: Fields,
    selector: &'static str,
    selector_fields: Fields,
    duration: String,
    /// The version to deploy; empty: the first that is not the stable one.
    version: String,
    /// How one deployment goes.
    strategy: StrategyFields,
    /// How deployments to come go.
    own_strategy: StrategyFields,
    /// How many instances, as typed; empty: as many as there are.
    instances: String,
    /// How many workers, as typed; empty: as many as there are.
    workers: String,
    /// How many places in the queue, as typed; empty: any number.
    places: Option<String>,
    /// Who is next in the queue; `None`: as it is.
    order: Option<QueueOrder>,
    load: Option<(SourceId, f64)>,
    /// The parts of a call policy.
    pub(super) policy: PolicyFields,
    /// What was asked for with the form that is open.
    pub(super) asked: Asked,
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
            kinds,
            selectors,
            kind,
            selector: "all",
            duration: "2m".to_owned(),
            version: String::new(),
            strategy: StrategyFields::default(),
            own_strategy: StrategyFields::default(),
            instances: String::new(),
            workers: String::new(),
            places: None,
            order: None,
            load: None,
            policy: PolicyFields::default(),
            asked: Asked::default(),
        }
    }
}

impl Forms {
    /// Closes the form that is open; what was filled in is kept.
    pub(super) fn close(&mut self) {
        self.show(None);
        self.version.clear();
        self.instances.clear();
        self.workers.clear();
        self.places = None;
        self.order = None;
        self.own_strategy.clear();
        self.strategy.clear();
        self.load = None;
    }
    /// Closes the form that is open; whether there was one.
    pub(super) fn close_open(&mut self) -> bool {
        let was = self.open.is_some();
        self.show(None);
        was
    }
    /// Whether this form is open.
    pub(super) fn is_open(&self, form: Form) -> bool {
        self.open == Some(form)
    }
    /// Shows a form, or none.
    pub(super) fn show(&mut self, form: Option<Form>) {
        self.open = form;
        self.asked.forget();
        // A form begins with what is in force.
        self.instances.clear();
        self.workers.clear();
        (self.places, self.order) = (None, None);
    }
    /// The world did an action: the form that asked for it closes.
    pub(super) fn done(&mut self, action: &Action) {
        if self.asked.done(action) {
            self.show(None);
        }
    }
    /// Opens a form.
    pub(super) fn open(&mut self, form: Form) {
        if let Form::Fault(kind) = form {
            self.set_kind(kind);
        }
        self.show(Some(form));
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
    let barred = FORMS.map(|(.., action)| shell.why_not(action));
    let no_way_back = shell.why_not("roll-back");
    let Some(run) = shell.run.as_mut() else { return };
    let scenario = run.scenario.clone();
    let name = scenario.model.services.get(service.index()).map_or_else(String::new, |service| service.name.clone());
    let versions: Vec<String> = run.version_names(service).into_iter().map(str::to_owned).collect();
    let way_back = state.deployment.is_some() || state.previous.is_some();
    let forms = &mut run.inspector.forms;
    let mut act = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        ui.spacing_mut().button_padding.x = 8.0;
        for ((form, icon, key, _), why_not) in FORMS.iter().zip(&barred) {
            let on = forms.open.is_some_and(|open| open.is_like(*form));
            let response = button::plain_if(ui, why_not.is_none(), icon, &lang.tr(key));
            let response = if on { response.highlight() } else { response };
            let clicked = response.clicked();
            response.on_disabled_hover_text(why_not.as_deref().unwrap_or_default());
            if clicked {
                forms.show(if on { None } else { Some(*form) });
            }
        }
        let no_way_back = no_way_back.or_else(|| (!way_back).then(|| lang.with("steer.nothing-before", &[("version", &state.stable)])));
        let response = button::plain_if(ui, no_way_back.is_none(), icons::ROLL_BACK, &lang.tr("act.roll-back.short"));
        let response = response.on_hover_text(lang.with("act.roll-back", &[("service", &name)]));
        if response.on_disabled_hover_text(no_way_back.unwrap_or_default()).clicked() {
            act = Some(Action::RollBack { service: name.clone() });
        }
    });
    let may = |open: &Form| FORMS.iter().zip(&barred).any(|((form, ..), why_not)| open.is_like(*form) && why_not.is_none());
    if let Some(form) = forms.open.filter(may) {
        form_frame_ui(ui, |ui| {
            let done = match form {
                Form::Deploy => deploy_ui(ui, lang, forms, &name, &versions, state, &scenario),
                Form::Strategy => forms.own_strategy.always_ui(ui, lang, (&name, &state.strategy), &scenario),
                Form::Scale => scale_ui(ui, lang, forms, &name, state),
                Form::Capacity => capacity_ui(ui, lang, forms, &name, state),
                Form::Restart => restart_ui(ui, lang, forms, &name),
                Form::Fault(_) => fault_ui(ui, lang, forms, &name, &scenario),
                Form::Policy => None,
            };
            if let Some(action) = done {
                forms.asked.ask(&action);
                act = Some(action);
            }
            if let Some(refusal) = forms.asked.why() {
                label::wrong(ui, refusal);
            }
        });
    }
    if let Some(action) = act {
        shell.ask(Ask::Act(Box::new(action)));
    }
}

/// The ground of a form.
pub(super) fn form_frame_ui(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let palette = colors(ui);
    Frame::new().fill(palette.raised).corner_radius(8).inner_margin(12).show(ui, |ui| {
        ui.set_width(ui.available_width());
        contents(ui);
    });
}

/// The button that ends a form: while something does not fit it stays where it is, and says why it cannot be pressed. What was
/// filled in, if it was pressed.
pub(super) fn submit_ui<T>(ui: &mut Ui, filled: Result<T, String>, draw: impl FnOnce(&mut Ui) -> Response) -> Option<T> {
    ui.add_space(4.0);
    let response = ui.add_enabled_ui(filled.is_ok(), draw).inner;
    match filled {
        Ok(filled) => response.clicked().then_some(filled),
        Err(why) => {
            response.on_disabled_hover_text(why);
            None
        }
    }
}

/// Says what does not fit, if anything does not.
fn told<T>(ui: &mut Ui, filled: Result<T, String>) -> Result<T, String> {
    if let Err(error) = &filled {
        label::wrong(ui, error);
    }
    filled
}

fn deploy_ui(ui: &mut Ui, lang: Lang, forms: &mut Forms, service: &str, versions: &[String], state: &ServiceSnapshot, scenario: &Scenario) -> Option<Action> {
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
    let (name, strategy) = forms.strategy.once_ui(ui, lang, (service, &state.strategy), scenario);
    let strategy = told(ui, strategy);
    let word = delivery::strategy(lang, name);
    let text = lang.with("deploy.do", &[("version", &forms.version), ("service", service), ("strategy", &word)]);
    let strategy = submit_ui(ui, strategy, |ui| button::primary(ui, icons::DEPLOY, &text))?;
    Some(Action::Deploy { service: service.to_owned(), version: forms.version.clone(), strategy })
}

/// The most instances that may be asked for at once.
const MOST_INSTANCES: u32 = 10_000;

fn scale_ui(ui: &mut Ui, lang: Lang, forms: &mut Forms, service: &str, state: &ServiceSnapshot) -> Option<Action> {
    if forms.instances.is_empty() && forms.asked.why().is_none() {
        forms.instances = state.desired.max(1).to_string();
    }
    ui.horizontal(|ui| {
        ui.label(lang.tr("instances"));
        let edit = TextEdit::singleline(&mut forms.instances).char_limit(6).desired_width(56.0).font(fonts::mono(size::BODY - 1.0));
        ui.add(edit).accessible_name(lang.tr("instances"));
        for (text, value) in [("−1", state.desired.saturating_sub(1)), ("+1", state.desired + 1), ("×2", state.desired * 2)] {
            if value > 0 && ui.button(text).clicked() {
                forms.instances = value.to_string();
            }
        }
    });
    let typed = forms.instances.trim();
    let instances = typed.parse::<u32>().ok().filter(|instances| (1..=MOST_INSTANCES).contains(instances));
    let instances = told(ui, instances.ok_or_else(|| lang.with("scale.range", &[("most", &format::whole(lang, u64::from(MOST_INSTANCES)))])));
    if instances.as_ref().is_ok_and(|instances| *instances >= 1_000) {
        label::caption(ui, lang.tr("scale.many"));
    }
    let to = instances.as_ref().map_or_else(|_| typed.to_owned(), u32::to_string);
    let text = lang.with("scale.do", &[("service", service), ("from", &state.desired.to_string()), ("to", &to)]);
    let other = |instances: u32| if instances == state.desired { Err(lang.tr("scale.same").into_owned()) } else { Ok(instances) };
    let instances = submit_ui(ui, instances.and_then(other), |ui| button::primary(ui, icons::SCALE, &text))?;
    Some(Action::Scale { service: service.to_owned(), instances })
}

/// Workers, places in the queue of each instance, and who is next. What the queue drops stays as it is.
fn capacity_ui(ui: &mut Ui, lang: Lang, forms: &mut Forms, service: &str, state: &ServiceSnapshot) -> Option<Action> {
    let own = state.queue.clone();
    if forms.workers.is_empty() && forms.asked.why().is_none() {
        forms.workers = state.workers.to_string();
    }
    let places = forms.places.get_or_insert_with(|| own.capacity.map_or_else(String::new, |places| places.to_string()));
    let (workers_title, places_title) = (lang.tr("capacity.workers"), lang.tr("capacity.queue"));
    let column = column(ui);
    grid("capacity", column).show(ui, |ui| {
        named_ui(ui, &workers_title, column);
        hinted_ui(ui, &workers_title, &mut forms.workers, "", column);
        ui.end_row();
        named_ui(ui, &places_title, column);
        hinted_ui(ui, &places_title, places, &lang.tr("capacity.any"), column);
        ui.end_row();
        let title = lang.tr("capacity.order");
        named_ui(ui, &title, column);
        let order = forms.order.get_or_insert(own.order);
        let word = |order: QueueOrder| lang.tr(if order == QueueOrder::Fifo { "capacity.fifo" } else { "capacity.lifo" });
        let combo = ComboBox::from_id_salt("order").selected_text(word(*order)).width(column).truncate().show_ui(ui, |ui| {
            for other in [QueueOrder::Fifo, QueueOrder::Lifo] {
                ui.selectable_value(order, other, word(other));
            }
        });
        combo.response.accessible_name(title.as_ref());
    });
    label::caption(ui, lang.tr("capacity.about"));
    let number = |title: &str, text: &str, least: u32| {
        let fits = |number: &u32| (least..=limits::WORKERS).contains(number);
        text.trim().parse::<u32>().ok().filter(fits).ok_or_else(|| does_not_fit(lang, title, text.trim(), "8"))
    };
    let workers = number(&workers_title, &forms.workers, 1);
    let capacity = if places.trim().is_empty() { Ok(None) } else { number(&places_title, places, 0).map(Some) };
    let filled = workers.and_then(|workers| Ok((workers, capacity?)));
    let filled = told(ui, filled);
    let text = lang.with("capacity.do", &[("service", service)]);
    let (workers, capacity) = submit_ui(ui, filled, |ui| button::primary(ui, icons::CHECK, &text))?;
    // What is as it was is not named, so that a step which asks for workers is not answered with a queue as well.
    let order = forms.order.unwrap_or(own.order);
    let queue = (capacity != own.capacity || order != own.order).then_some(Queue { capacity, order, ..own });
    Some(Action::SetCapacity { service: service.to_owned(), workers: (workers != state.workers || queue.is_none()).then_some(workers), queue })
}

fn selector_ui(ui: &mut Ui, lang: Lang, forms: &mut Forms) -> Result<Selector, String> {
    let title = lang.tr("selector.title");
    ui.label(title.as_ref());
    if choose_ui(ui, lang, "selector", Selector::NAMES, &mut forms.selector, &title) {
        forms.selector_fields = forms.selectors.fields(forms.selector);
    }
    fields_ui(ui, lang, forms.selector, &forms.selectors, &mut forms.selector_fields, &|_| None);
    forms.selector_fields.read(lang, forms.selector, &forms.selectors)
}

fn restart_ui(ui: &mut Ui, lang: Lang, forms: &mut Forms, service: &str) -> Option<Action> {
    let selector = selector_ui(ui, lang, forms);
    label::caption(ui, lang.tr("restart.about"));
    let selector = told(ui, selector);
    let selector = submit_ui(ui, selector, |ui| button::harmful(ui, icons::RESTART, &lang.with("restart.do", &[("service", service)])))?;
    Some(Action::Restart { service: service.to_owned(), selector, silent: false })
}

/// Faults that happen to a whole service, or to a zone: there is nothing to pick among its instances.
const WHOLE_SERVICE: [&str; 4] = ["certificate-expiry", "dependency-outage", "pool-exhaustion", "zone-loss"];

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
    let whole = WHOLE_SERVICE.contains(&kind);
    let kind = forms.kind_fields.read::<FaultKind>(lang, kind, &forms.kinds);
    let selector = if whole { Ok(Selector::default()) } else { selector_ui(ui, lang, forms) };
    let title = lang.tr("fault.duration");
    let column = column(ui);
    grid("duration", column).show(ui, |ui| {
        named_ui(ui, &title, column);
        hinted_ui(ui, &title, &mut forms.duration, &lang.tr("fault.for-ever"), column);
    });
    let text = forms.duration.trim();
    let parsed = text.parse::<SimSpan>().map(Some).map_err(|_in_english| does_not_fit(lang, &title, text, "2m"));
    let duration = if text.is_empty() { Ok(None) } else { parsed };
    let name = lang.find(&format!("fault.{}.name", forms.kind)).map_or_else(|| humanised(forms.kind), std::borrow::Cow::into_owned);
    let filled = match (kind, selector, duration) {
        (Ok(kind), Ok(selector), Ok(duration)) => Ok((kind, selector, duration)),
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => Err(error),
    };
    let filled = told(ui, filled);
    // A zone is lost for everybody in it.
    let zone = forms.kind == "zone-loss";
    let text = if zone { name } else { lang.with("fault.do", &[("fault", &name), ("service", service)]) };
    let (kind, selector, duration) = submit_ui(ui, filled, |ui| button::harmful(ui, icons::FAULT, &text))?;
    let service = (!zone).then(|| service.to_owned());
    Some(Action::Inject { fault: Fault { name: None, kind, service, selector, duration } })
}
