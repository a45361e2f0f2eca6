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

/// A build specification inside a project, and how it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildspecOf {
    /// What it says. Builds go by this.
    #[schemars(with = "serde_json::Value")]
    pub spec: Buildspec,
    /// Its text (`buildspec.yml`), for people to read and to change.
    pub text: String,
}

impl Default for BuildspecOf {
    fn default() -> Self {
        let mut text = "version: 0.2\nphases:\n".to_owned();
        let mut phase = |name: &str, commands: &[&str]| {
            text.extend(["  ", name, ":\n    commands:\n"]);
            text.extend(commands.iter().flat_map(|command| ["      - ", *command, "\n"]));
            Some(Phase { commands: commands.iter().map(|command| (*command).to_owned()).collect(), ..Phase::default() })
        };
        let phases = Phases {
            install: phase("install", &["npm ci"]),
            pre_build: phase("pre_build", &["npm run lint"]),
            build: phase("build", &["npm test", "docker build -t app ."]),
            post_build: phase("post_build", &["docker push app"]),
        };
        Self { spec: Buildspec { phases, ..Buildspec::default() }, text }
    }
}

/// A build specification that somebody names or gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BuildspecFrom {
    /// A file beside the scenario or the lesson, which is read with it; or the text itself, of two lines or more.
    Written(String),
    /// What was read.
    Read(Box<BuildspecOf>),
}

/// What changes in a build project, as `aws codebuild update-project` has it: what is not named stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ProjectUpdate")]
pub struct ProjectUpdate {
    /// The project, by the name that pipelines have in `ProjectName`.
    pub project: String,
    /// Another build specification: a file beside the scenario or the lesson (`buildspec.yml`), or its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buildspec: Option<BuildspecFrom>,
    /// Another machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute_type: Option<ComputeType>,
    /// Whether builds may run Docker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// What is kept from build to build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheConfig>,
}

impl ProjectUpdate {
    /// What it names, as it is written in files.
    pub fn changed(&self) -> impl Iterator<Item = &'static str> {
        let Self { project: _, buildspec, compute_type, privileged, cache } = self;
        [
            buildspec.as_ref().map(|_| "buildspec"),
            compute_type.as_ref().map(|_| "compute_type"),
            privileged.as_ref().map(|_| "privileged"),
            cache.as_ref().map(|_| "cache"),
        ]
        .into_iter()
        .flatten()
    }
}

impl BuildProject {
    /// Changes what an update names. A specification that was not read yet stays unread: the project keeps what it has.
    pub fn update(&mut self, update: &ProjectUpdate) {
        if let Some(BuildspecFrom::Read(spec)) = &update.buildspec {
            self.buildspec = (**spec).clone();
        }
        self.compute_type = update.compute_type.unwrap_or(self.compute_type);
        self.privileged = update.privileged.unwrap_or(self.privileged);
        if let Some(cache) = &update.cache {
            self.cache = cache.clone();
        }
    }

    /// Whether its builds leave something to deploy, and do not only try it out.
    pub fn makes_artifacts(&self) -> bool {
        let spec = &self.buildspec.spec;
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
