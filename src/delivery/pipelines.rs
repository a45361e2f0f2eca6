//! What a scenario says about its pipelines: their declarations, the services that they deliver, and the build projects that
//! they name.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::build::cache::CacheConfig;
use super::build::machine::ComputeType;
use super::build::project::Project;
use super::build::spec::{Buildspec, Phase, Phases};
use super::pipeline::definition::Pipeline;
use crate::choice::params;
use crate::units::Ratio;

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
    /// A build project: what `CodeBuild` knows under a name.
    pub struct BuildProject {
        /// What a build does. Default: the commands of a middling Node.js service with an image.
        pub buildspec: BuildspecOf = BuildspecOf::default(),
        /// The machine. Default `BUILD_GENERAL1_SMALL` (2 vCPU).
        pub compute_type: ComputeType = ComputeType::Small,
        /// Whether builds may run Docker. Default true (chosen for Fleetlab; CodeBuild's is false).
        pub privileged: bool = true,
        /// What is kept from build to build. Default nothing (CodeBuild).
        pub cache: CacheConfig = CacheConfig::default(),
        /// The size of what is built, and its test suites.
        pub source: Project = Project::default(),
        /// Share of changes that touch the list of dependencies. Default 15 % (chosen for Fleetlab).
        pub new_dependencies: Ratio = Ratio::new(0.15),
    }
}

/// A build specification inside a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct BuildspecOf(#[schemars(with = "serde_json::Value")] pub Buildspec);

impl Default for BuildspecOf {
    fn default() -> Self {
        let phase = |commands: &[&str]| Some(Phase { commands: commands.iter().map(|command| (*command).to_owned()).collect(), ..Phase::default() });
        let phases = Phases {
            install: phase(&["npm ci"]),
            pre_build: phase(&["npm run lint"]),
            build: phase(&["npm test", "docker build -t app ."]),
            post_build: phase(&["docker push app"]),
        };
        Self(Buildspec { phases, ..Buildspec::default() })
    }
}

impl BuildProject {
    /// Whether its builds leave something to deploy, and do not only try it out.
    pub fn makes_artifacts(&self) -> bool {
        let spec = &self.buildspec.0;
        let pushes = |command: &String| command.contains("docker push");
        spec.artifacts.is_some() || spec.phases.in_order().into_iter().flatten().any(|phase| phase.commands.iter().any(pushes))
    }
    /// Says what is impossible about it, if anything is.
    pub fn check(&self) -> Result<(), String> {
        self.source.suites.iter().try_for_each(|(kind, suite)| suite.checked().map_err(|error| format!("{kind}: {error}")))
    }
}

/// All pipelines of a scenario.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Pipelines {
    /// The pipelines.
    pub lines: Vec<LineSpec>,
    /// Build projects by name; one that is not here has the defaults.
    pub projects: BTreeMap<String, BuildProject>,
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
