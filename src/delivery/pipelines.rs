//! What a scenario says about its pipelines: their declarations, the services that they deliver, and the build projects that
//! they name.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Suite, SuiteKind};
use super::pipeline::definition::Pipeline;
use crate::choice::params;
use crate::units::SimSpan;

/// A pipeline and what it delivers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LineSpec {
    /// Its declaration, as the service prints it.
    #[schemars(with = "serde_json::Value")]
    pub definition: Pipeline,
    /// The services; each has a pipeline of its own of this declaration.
    pub services: Vec<String>,
}

params! {
    /// A build project: what a build of that name takes, and which test suites it runs.
    pub struct Project {
        /// How long a build takes besides its tests. Default `"3m"` (chosen for Fleetlab).
        pub build: SimSpan = SimSpan::from_secs(180),
        /// vCPUs of the machine on which tests run, 1 to 96. Default 4 (BUILD_GENERAL1_MEDIUM).
        pub cores: u32 = 4,
        /// The test suites that it runs, by kind. Default: unit tests and a linter, with their usual figures.
        pub suites: BTreeMap<SuiteKind, Suite> = [SuiteKind::Unit, SuiteKind::Lint].into_iter().map(|kind| (kind, Suite::usual(kind))).collect(),
        /// Whether it compiles what it builds, so that what does not compile is found. Default true.
        pub compiles: bool = true,
    }
}

impl Project {
    /// Says what is impossible about it, if anything is.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=96).contains(&self.cores) {
            return Err(format!("a build machine has 1 to 96 vCPUs, not {}", self.cores));
        }
        self.suites.iter().try_for_each(|(kind, suite)| suite.checked().map_err(|error| format!("{kind}: {error}")))
    }
}

/// All pipelines of a scenario.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Pipelines {
    /// The pipelines.
    pub lines: Vec<LineSpec>,
    /// Build projects by name; one that is not here has the defaults.
    pub projects: BTreeMap<String, Project>,
    /// Builds that run at once; more wait in a queue. 0 stands for the default of 2 (chosen for Fleetlab).
    pub agents: u32,
}

impl Pipelines {
    /// The names of the services that are delivered.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().flat_map(|line| line.services.iter().map(String::as_str))
    }
    /// Builds that run at once.
    pub const fn concurrent_builds(&self) -> u32 {
        if self.agents == 0 { 2 } else { self.agents }
    }
}
