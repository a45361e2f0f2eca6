//! A scenario file as people write it. Every key is documented here; the JSON Schema shows these texts.
//!
//! These types say what may be written where and know its defaults; whether names exist and numbers make sense is
//! `lower`'s business. Parameter blocks of behaviours come from the behaviours themselves (`kernel`, `fleet`).
//! A new key is a field here and its use in `lower`.

mod alarm;
mod delivery;
mod entries;
mod flag;
mod service;
mod step;
mod traffic;

pub(crate) use alarm::{AlarmFile, CompositeAlarmFile};
pub(crate) use delivery::{LineFile, ProjectFile};
pub(crate) use entries::Entries;
pub(crate) use flag::FlagFile;
pub(crate) use service::{FIRST_VERSION, ServiceFile, VersionFile};
pub(crate) use step::{BranchFile, CallFile, ParallelFile, StepFile};
pub(crate) use traffic::SourceFile;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::delivery::plan::Team;
use crate::fleet::deploy::Strategy;
use crate::fleet::fault::{Fault, FaultKind, Selector};
use crate::kernel::model::Network;
use crate::scenario::{TelemetryConfig, Text, TimedAction};
use crate::units::{Ratio, SimSpan, SimTime};

/// A Fleetlab scenario: services, the traffic on them, and what happens to them over time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Fleetlab scenario", rename = "Scenario")]
pub(crate) struct ScenarioFile {
    /// Version of this format: 1.
    // Optional to serde, so that a scenario without it is read on; `lower` demands it.
    #[serde(default = "known_version")]
    #[schemars(required, range(min = 1, max = 1))]
    pub(crate) format_version: u32,
    /// Another scenario that this one starts from, by the name of a shipped scenario or of a file in the same folder
    /// (without `.toml`). Tables merge key by key; arrays and values replace. Default: none.
    #[serde(default)]
    #[expect(dead_code, reason = "the file is extended before it is read; the key is here to be known, documented and of the right kind")]
    pub(crate) extends: Option<String>,
    /// A title by language (`en`, `vi`). Default: the file's name.
    #[serde(default)]
    pub(crate) title: Text,
    /// What it is and what to try, by language (`en`, `vi`). Default: empty.
    #[serde(default)]
    pub(crate) description: Text,
    /// Seed of every random stream. Default 42 (chosen for Fleetlab).
    #[serde(default = "default_seed")]
    pub(crate) seed: u64,
    /// How long it runs. Default `"10m"` (chosen for Fleetlab).
    #[serde(default = "default_duration")]
    pub(crate) duration: SimSpan,
    /// How much of the beginning reports leave out. Default `"0s"`.
    #[serde(default)]
    pub(crate) warm_up: SimSpan,
    /// Availability zones. Default `["zone-a"]` (chosen for Fleetlab).
    #[serde(default = "default_zones")]
    pub(crate) zones: Vec<String>,
    /// Latency and loss between places. Default: none.
    #[serde(default)]
    pub(crate) network: Network,
    /// The services by name.
    #[serde(default)]
    pub(crate) services: Entries<ServiceFile>,
    /// Message queues by name. Default: none.
    #[serde(default)]
    pub(crate) queues: Entries<QueueFile>,
    /// Traffic sources by name. Default: none.
    #[serde(default)]
    pub(crate) traffic: Entries<SourceFile>,
    /// Service level objectives by name. Default: none.
    #[serde(default)]
    pub(crate) slos: Entries<SloFile>,
    /// Alarms by name. Default: none.
    #[serde(default)]
    pub(crate) alarms: Entries<AlarmFile>,
    /// Headers that some users send with each request, by name: for each value the share of users who send it. Default: none.
    #[serde(default)]
    pub(crate) user_headers: BTreeMap<String, BTreeMap<String, Ratio>>,
    /// Feature flags by name. Default: none.
    #[serde(default)]
    pub(crate) flags: Entries<FlagFile>,
    /// Composite alarms by name: rules over the states of other alarms. Default: none.
    #[serde(default)]
    pub(crate) composite_alarms: Entries<CompositeAlarmFile>,
    /// Faults and when they happen. Default: none.
    #[serde(default)]
    pub(crate) faults: Vec<FaultFile>,
    /// Actions and when they happen. Default: none.
    #[serde(default)]
    pub(crate) timeline: Vec<TimedAction>,
    /// A team that changes the services and delivers them. Default: none; versions are deployed by hand.
    #[serde(default)]
    pub(crate) team: Option<Team>,
    /// The pipelines that deliver what the team changes. Default: none.
    #[serde(default)]
    pub(crate) pipelines: Vec<LineFile>,
    /// Build projects by the name under which pipelines call them (`ProjectName`). Default: none; each has the defaults.
    #[serde(default)]
    pub(crate) build_projects: BTreeMap<String, ProjectFile>,
    /// Builds that run at once; more wait in a queue. Default 2 (chosen for Fleetlab).
    #[serde(default = "default_agents")]
    #[schemars(range(min = 1, max = 1000))]
    pub(crate) build_agents: u32,
    /// How much is recorded. Default: the sampling of AWS X-Ray.
    #[serde(default)]
    pub(crate) telemetry: TelemetryConfig,
}

const fn known_version() -> u32 {
    1
}
const fn default_agents() -> u32 {
    2
}
const fn default_seed() -> u64 {
    42
}
const fn default_duration() -> SimSpan {
    SimSpan::from_secs(600)
}
fn default_zones() -> Vec<String> {
    vec!["zone-a".to_owned()]
}

/// Actions on a scenario, in a file of their own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionsFile {
    /// What is done and when.
    #[serde(default)]
    pub(crate) timeline: Vec<TimedAction>,
}

/// A deployment strategy alone, as a service or a command line has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrategyFile {
    /// How new versions are deployed.
    pub(crate) deployment: Strategy,
}

/// A message queue. Defaults are those of Amazon SQS.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MessageQueue")]
pub(crate) struct QueueFile {
    /// The endpoint that consumes a message, as `service.endpoint`.
    pub(crate) consumer: String,
    /// Messages that one instance of the consumer takes at once, 1 to 100000. Default 10 (the largest SQS batch).
    #[serde(default = "default_concurrency")]
    #[schemars(range(min = 1, max = 100_000))]
    pub(crate) concurrency: u32,
    /// How long a received message stays invisible; not done by then, it is delivered again. Default `"30s"` (SQS).
    #[serde(default = "default_visibility")]
    pub(crate) visibility_timeout: SimSpan,
    /// Receives after which a message moves to the dead letters, 1 to 1000 (SQS). Default: none; delivered for ever.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1000))]
    pub(crate) max_receives: Option<u32>,
}

const fn default_concurrency() -> u32 {
    10
}
const fn default_visibility() -> SimSpan {
    SimSpan::from_secs(30)
}

/// A service level objective.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Slo")]
pub(crate) struct SloFile {
    /// The service whose requests count. Default: what users get.
    #[serde(default)]
    pub(crate) service: Option<String>,
    /// Share of requests that must be good, above 0 and below 1. Default `"99.9%"` (chosen for Fleetlab).
    #[serde(default = "default_objective")]
    pub(crate) objective: Ratio,
    /// A request is good only if it is answered within this time. Default: any answer is good.
    #[serde(default)]
    pub(crate) latency: Option<SimSpan>,
}

fn default_objective() -> Ratio {
    Ratio::new(0.999)
}

/// A fault and when it happens.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TimedFault")]
pub(crate) struct FaultFile {
    /// When it begins.
    pub(crate) at: SimTime,
    /// A name by which it can be cleared and found on the timeline. Default: its kind and target, such as `latency-db`.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// What goes wrong.
    pub(crate) kind: FaultKind,
    /// The service it happens to; a zone loss needs none.
    #[serde(default)]
    pub(crate) service: Option<String>,
    /// Which of its instances (the modes of Chaos Mesh). Default `"all"`.
    #[serde(default)]
    pub(crate) selector: Selector,
    /// How long it lasts. Default: until it is cleared.
    #[serde(default)]
    pub(crate) duration: Option<SimSpan>,
}

impl FaultFile {
    /// The fault without its time.
    pub(crate) fn fault(&self) -> Fault {
        Fault { name: self.name.clone(), kind: self.kind.clone(), service: self.service.clone(), selector: self.selector.clone(), duration: self.duration }
    }
}
