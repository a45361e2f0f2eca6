//! A world described: services, traffic, fleet, faults and a timeline. Inert and already checked.
//!
//! A scenario composes the parameter blocks that the behaviours themselves declare (`kernel`, `fleet`) and adds what
//! only people need: names, texts, objectives, a timeline. It knows no file syntax (that is `content/`) and runs nothing
//! (that is `lab/`).

mod action;
pub mod limits;

pub use action::{Action, TimedAction};

pub use crate::insight::slo::Slo;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::delivery::pipelines::Pipelines;
use crate::delivery::plan::Team;
use crate::fleet::alarm::Alarm;
use crate::fleet::composite::CompositeAlarm;
use crate::fleet::features::FeaturePlan;
use crate::fleet::instance::ServiceFleet;
use crate::kernel::model::Model;
use crate::units::{Ratio, SimSpan};

/// A checked scenario, ready to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scenario {
    /// Its name, the file's stem.
    pub name: String,
    /// Its title, by language.
    pub title: Text,
    /// What it is and what to try, by language.
    pub description: Text,
    /// The seed unless another one is asked for.
    pub seed: u64,
    /// How long it runs.
    pub duration: SimSpan,
    /// How much of the beginning reports leave out, so that they speak of the steady state.
    pub warm_up: SimSpan,
    /// The data plane.
    pub model: Model,
    /// The control plane of each service, in the order of `model.services`.
    pub fleet: Vec<ServiceFleet>,
    /// What kind of thing each service is, in the order of `model.services`.
    pub kinds: Vec<ServiceKind>,
    /// Objectives.
    pub slos: Vec<Slo>,
    /// Alarms.
    #[serde(default)]
    pub alarms: Vec<Alarm>,
    /// What the control plane does with each feature flag, in the order of `model.features`.
    #[serde(default)]
    pub features: Vec<FeaturePlan>,
    /// Alarms over the states of others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub composite_alarms: Vec<CompositeAlarm>,
    /// What happens by itself, in order of time.
    pub timeline: Vec<TimedAction>,
    /// The team that changes the services, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Team>,
    /// The pipelines that deliver what it changes.
    #[serde(default)]
    pub pipelines: Pipelines,
    /// How much is recorded.
    pub telemetry: TelemetryConfig,
}

impl Scenario {
    /// The names of all alarms, composite ones last: as numbers of alarms count them.
    pub fn alarm_names(&self) -> impl Iterator<Item = &str> {
        self.alarms.iter().map(|alarm| alarm.name.as_str()).chain(self.composite_alarms.iter().map(|alarm| alarm.name.as_str()))
    }
}

/// A text in several languages, by language code (`en`, `vi`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Text(pub BTreeMap<String, String>);

impl Text {
    /// The text in `language`, else in English, else in any language, else nothing.
    pub fn get(&self, language: &str) -> &str {
        self.0.get(language).or_else(|| self.0.get("en")).or_else(|| self.0.values().next()).map_or("", String::as_str)
    }
}

/// What kind of thing a service is; it decides its icon and its place, never its behaviour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceKind {
    /// Serves people's browsers or devices.
    Frontend,
    /// Serves other services.
    #[default]
    Service,
    /// Keeps data.
    Database,
    /// Keeps copies of data.
    Cache,
    /// Keeps messages.
    Queue,
    /// Balances load or routes.
    Gateway,
    /// Belongs to somebody else.
    External,
}

/// How much is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// Traces always sampled per second (reservoir). Default 1 (X-Ray).
    pub reservoir: u32,
    /// Share of the other requests that is sampled. Default 5 % (X-Ray).
    pub fixed_rate: Ratio,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { reservoir: 1, fixed_rate: Ratio::new(0.05) }
    }
}
