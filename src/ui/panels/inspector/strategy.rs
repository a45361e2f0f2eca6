//! How a service is deployed: the fields of a strategy, and the form that sets it for deployments to come.
//!
//! The fields are made from the registry of strategies (see `widgets/params`), so a new one needs nothing here.

use eframe::egui::{Label, RichText, Ui};

use super::actions::submit_ui;
use crate::fleet::alarm::Alarm;
use crate::fleet::deploy::hooks::Platform;
use crate::fleet::deploy::{CodeDeploy, Strategy};
use crate::ids::ServiceId;
use crate::scenario::{Action, Scenario};
use crate::ui::panels::delivery;
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::size;
use crate::ui::widgets::params::{Alternatives, Fields, choose_ui, fields_ui};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// A strategy that is being filled in.
#[derive(Debug, Clone)]
pub(super) struct StrategyFields {
    alternatives: Alternatives,
    /// The strategy; `None`: the service's own, as it is.
    chosen: Option<&'static str>,
    fields: Fields,
}

impl Default for StrategyFields {
    fn default() -> Self {
        Self { alternatives: Alternatives::of::<Strategy>(Strategy::NAMES), chosen: None, fields: Fields::default() }
    }
}

impl StrategyFields {
    /// Nothing is chosen any more.
    pub(super) fn clear(&mut self) {
        self.chosen = None;
    }
    /// Draws what is chosen, and its fields.
    fn ui(&mut self, ui: &mut Ui, lang: Lang, (service, own): (&str, &Strategy), scenario: &Scenario) {
        let mut chosen = self.chosen.unwrap_or_else(|| own.name());
        let title = lang.tr("deploy.strategy");
        ui.label(title.as_ref());
        let alarms = Alarms::of(scenario, service);
        if choose_ui(ui, lang, "strategy", Strategy::NAMES, &mut chosen, &title) {
            self.chosen = Some(chosen);
            // What the service has already is where one begins; another strategy watches what tells of this service.
            self.fields = if chosen == own.name() { self.alternatives.filled(chosen, own) } else { self.alternatives.fields(chosen) };
            if chosen != own.name() && !alarms.own.is_empty() {
                self.fields.choose(WATCH, WATCHED, &alarms.own);
            }
        }
        if let Some(about) = lang.find(&format!("strategy.{chosen}.about")) {
            label::caption(ui, about);
        }
        let platform = match chosen {
            "codedeploy" => CodeDeploy { config: self.fields.text("config").to_owned(), ..CodeDeploy::default() }.platform(),
            _ => Platform::EcsService { reconcile: false, steps: 1 },
        };
        let choices = |key: &str| match key {
            "alarms.names" => Some(alarms.all.clone()),
            "config" => Some(CodeDeploy::configs().map(|name| format!("CodeDeployDefault.{name}")).collect()),
            "hooks.at" => Some(hook_events(platform)),
            "hooks.check.endpoint" | "probes.endpoint" => Some(endpoints(scenario, service)),
            _ => None,
        };
        if self.chosen.is_some() {
            let watched = self.fields.is_on(WATCH);
            fields_ui(ui, lang, chosen, &self.alternatives, &mut self.fields, &choices);
            if !watched && self.fields.is_on(WATCH) && self.fields.has_none(WATCH, WATCHED) {
                // Whoever wants alarms to be watched wants these.
                self.fields.choose(WATCH, WATCHED, &alarms.own);
            }
        }
        let strategy = if self.chosen.is_some() { self.fields.read(lang, chosen, &self.alternatives).ok() } else { Some(own.clone()) };
        if strategy.is_some_and(|strategy| is_blind(&strategy)) {
            let palette = colors(ui);
            let text = format!("{}  {}", icons::WARNING, lang.tr(if alarms.all.is_empty() { "strategy.blind.no-alarms" } else { "strategy.blind" }));
            ui.add(Label::new(RichText::new(text).color(palette.warning_text).font(fonts::regular(size::SMALL))).wrap());
        }
    }
    /// What is filled in; `None` if it is the service's own.
    fn read(&self, lang: Lang) -> Result<Option<Strategy>, String> {
        let read = |name| self.fields.read::<Strategy>(lang, name, &self.alternatives);
        let strategy = self.chosen.map(read).transpose()?;
        if let Some(strategy) = &strategy {
            strategy.check()?;
        }
        Ok(strategy)
    }

    /// Chooses how one deployment goes: as the service's do, or in another way. Besides what is filled in, the name of what is
    /// chosen.
    pub(super) fn once_ui(
        &mut self,
        ui: &mut Ui,
        lang: Lang,
        (service, own): (&str, &Strategy),
        scenario: &Scenario,
    ) -> (&'static str, Result<Option<Strategy>, String>) {
        self.ui(ui, lang, (service, own), scenario);
        if self.chosen.is_none() {
            label::caption(ui, lang.with("deploy.own", &[("service", service)]));
        }
        (self.chosen.unwrap_or_else(|| own.name()), self.read(lang))
    }

    /// Chooses how all deployments go from now on.
    pub(super) fn always_ui(&mut self, ui: &mut Ui, lang: Lang, (service, own): (&str, &Strategy), scenario: &Scenario) -> Option<Action> {
        if self.chosen.is_none() {
            self.chosen = Some(own.name());
            self.fields = self.alternatives.filled(own.name(), own);
        }
        self.ui(ui, lang, (service, own), scenario);
        label::caption(ui, lang.with("strategy.set.about", &[("service", service)]));
        let name = self.chosen.unwrap_or_else(|| own.name());
        let strategy = match self.read(lang) {
            Ok(Some(strategy)) if strategy == *own => Err(lang.tr("strategy.set.same").into_owned()),
            Ok(strategy) => Ok(strategy),
            Err(error) => {
                label::wrong(ui, &error);
                Err(error)
            }
        };
        let text = lang.with("strategy.set.do", &[("strategy", &delivery::strategy(lang, name))]);
        let strategy = submit_ui(ui, strategy, |ui| button::primary(ui, icons::CHECK, &text))??;
        Some(Action::SetStrategy { service: service.to_owned(), strategy })
    }
}

/// The keys under which strategies have the alarms that they watch.
const WATCH: &str = "alarms";
const WATCHED: &str = "names";

/// Whether nothing can turn a deployment back although the strategy could look at what users get.
fn is_blind(strategy: &Strategy) -> bool {
    let kayenta = match strategy {
        Strategy::Canary(canary) => canary.kayenta.is_some(),
        Strategy::Linear(linear) => linear.kayenta.is_some(),
        Strategy::CodeDeploy(configuration) => configuration.kayenta.is_some(),
        _ => false,
    };
    let watches = strategy.watch().is_some_and(|watch| !watch.names.is_empty());
    let judged = kayenta || strategy.probes().is_some() || !strategy.hooks().is_empty();
    strategy.can_watch() && !watches && !judged
}

/// The alarms of a scenario, seen from one service.
struct Alarms {
    /// Those that tell of it or of its new version.
    own: Vec<String>,
    /// All of them: its own first, then those of users, then composite ones, then other services'.
    all: Vec<String>,
}

impl Alarms {
    fn of(scenario: &Scenario, service: &str) -> Self {
        let service = scenario.model.services.iter().position(|other| other.name == service);
        let whose = |alarm: &&Alarm| alarm.service.map(ServiceId::index);
        let named = |wanted: &dyn Fn(Option<usize>) -> bool| -> Vec<String> {
            scenario.alarms.iter().filter(|alarm| wanted(whose(alarm))).map(|alarm| alarm.name.clone()).collect()
        };
        let own = named(&|whose| whose.is_some() && whose == service);
        let composite = scenario.composite_alarms.iter().map(|alarm| alarm.name.clone()).collect();
        let all = [own.clone(), named(&|whose| whose.is_none()), composite, named(&|whose| whose.is_some() && whose != service)].concat();
        Self { own, all }
    }
}

/// The events of a platform at which hooks run, in their order.
fn hook_events(platform: Platform) -> Vec<String> {
    let mut events: Vec<String> = Vec::new();
    for event in platform.events().iter().filter(|event| event.scriptable) {
        if !events.iter().any(|known| known == event.name) {
            events.push(event.name.to_owned());
        }
    }
    events
}

/// The endpoints of a service.
fn endpoints(scenario: &Scenario, service: &str) -> Vec<String> {
    let service = scenario.model.services.iter().find(|other| other.name == service);
    let ids = service.into_iter().flat_map(|service| &service.endpoints);
    ids.filter_map(|id| scenario.model.endpoints.get(id.index())).map(|endpoint| endpoint.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_are_offered_the_events_of_their_platform_each_once_and_in_order() {
        let ecs = hook_events(Platform::EcsService { reconcile: false, steps: 3 });
        assert_eq!(
            ecs,
            [
                "PRE_SCALE_UP",
                "POST_SCALE_UP",
                "TEST_TRAFFIC_SHIFT",
                "POST_TEST_TRAFFIC_SHIFT",
                "PRE_PRODUCTION_TRAFFIC_SHIFT",
                "PRODUCTION_TRAFFIC_SHIFT",
                "POST_PRODUCTION_TRAFFIC_SHIFT"
            ]
        );
        assert_eq!(hook_events(Platform::Lambda), ["BeforeAllowTraffic", "AfterAllowTraffic"]);
    }

    #[test]
    fn a_strategy_without_anything_to_look_at_is_blind_and_one_that_cannot_look_is_not_told_so() {
        let named = |name: &str| serde_json::from_str::<Strategy>(name).expect("a strategy");
        assert!(is_blind(&named("\"canary\"")));
        assert!(is_blind(&named(r#"{"canary":{"alarms":{}}}"#)));
        assert!(!is_blind(&named(r#"{"canary":{"alarms":{"names":["errors"]}}}"#)));
        assert!(!is_blind(&named(r#"{"canary":{"kayenta":{}}}"#)));
        assert!(!is_blind(&named("\"all-at-once\"")));
    }
}
