//! How a service is deployed: the fields of a strategy, and the form that sets it for deployments to come.
//!
//! The fields are made from the registry of strategies (see `widgets/params`), so a new one needs nothing here.

use eframe::egui::Ui;

use crate::fleet::deploy::{CodeDeploy, Strategy};
use crate::scenario::{Action, Scenario};
use crate::ui::icons;
use crate::ui::panels::delivery;
use crate::ui::text::Lang;
use crate::ui::widgets::params::{Alternatives, Fields, choose_ui, fields_ui};
use crate::ui::widgets::{button, label};

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
    fn ui(&mut self, ui: &mut Ui, lang: Lang, own: &Strategy, scenario: &Scenario) {
        let mut chosen = self.chosen.unwrap_or_else(|| own.name());
        let title = lang.tr("deploy.strategy");
        ui.label(title.as_ref());
        if choose_ui(ui, lang, "strategy", Strategy::NAMES, &mut chosen, &title) {
            self.chosen = Some(chosen);
            // What the service has already is where one begins.
            self.fields = if chosen == own.name() { self.alternatives.filled(chosen, own) } else { self.alternatives.fields(chosen) };
        }
        if let Some(about) = lang.find(&format!("strategy.{chosen}.about")) {
            label::caption(ui, about);
        }
        let choices = |key: &str| match key {
            "alarms.names" => Some(scenario.alarm_names().map(str::to_owned).collect()),
            "config" => Some(CodeDeploy::configs().map(|name| format!("CodeDeployDefault.{name}")).collect()),
            _ => None,
        };
        if self.chosen.is_some() {
            fields_ui(ui, lang, chosen, &self.alternatives, &mut self.fields, &choices);
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

    /// Chooses how one deployment goes: as the service's do, or in another way.
    pub(super) fn once_ui(&mut self, ui: &mut Ui, lang: Lang, (service, own): (&str, &Strategy), scenario: &Scenario) -> Result<Option<Strategy>, String> {
        self.ui(ui, lang, own, scenario);
        if self.chosen.is_none() {
            label::caption(ui, lang.with("deploy.own", &[("service", service)]));
        }
        self.read(lang)
    }

    /// Chooses how all deployments go from now on.
    pub(super) fn always_ui(&mut self, ui: &mut Ui, lang: Lang, (service, own): (&str, &Strategy), scenario: &Scenario) -> Result<Option<Action>, String> {
        if self.chosen.is_none() {
            self.chosen = Some(own.name());
            self.fields = self.alternatives.filled(own.name(), own);
        }
        self.ui(ui, lang, own, scenario);
        label::caption(ui, lang.with("strategy.set.about", &[("service", service)]));
        let Some(strategy) = self.read(lang)? else { return Ok(None) };
        ui.add_space(4.0);
        let text = lang.with("strategy.set.do", &[("strategy", &delivery::strategy(lang, strategy.name()))]);
        let other = strategy != *own;
        let clicked = ui.add_enabled_ui(other, |ui| button::primary(ui, icons::CHECK, &text)).inner;
        let clicked = clicked.on_disabled_hover_text(lang.tr("strategy.set.same")).clicked();
        Ok(clicked.then(|| Action::SetStrategy { service: service.to_owned(), strategy }))
    }
}
