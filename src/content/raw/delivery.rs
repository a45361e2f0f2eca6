//! Pipelines, as a scenario names them. The declaration itself is the trade's own file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::delivery::build::cache::CacheConfig;
use crate::delivery::build::machine::ComputeType;
use crate::delivery::build::project::Project;
use crate::units::Ratio;

/// A build project, as `CodeBuild` knows it under a name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BuildProject")]
pub(crate) struct ProjectFile {
    /// The file with the build specification (`buildspec.yml`, version 0.2), beside the scenario. Default: the commands of a
    /// middling Node.js service with an image (chosen for Fleetlab).
    #[serde(default)]
    pub(crate) buildspec: Option<String>,
    /// The machine. Default `BUILD_GENERAL1_SMALL`, 2 vCPU (chosen for Fleetlab).
    #[serde(default)]
    pub(crate) compute_type: ComputeType,
    /// Whether builds may run Docker. Default true (chosen for Fleetlab; CodeBuild's is false).
    #[serde(default = "yes")]
    pub(crate) privileged: bool,
    /// What is kept from build to build. Default: nothing (CodeBuild).
    #[serde(default)]
    pub(crate) cache: CacheConfig,
    /// The size of what is built, and its test suites. Default: a middling service with unit tests and a linter (chosen for Fleetlab).
    #[serde(default)]
    pub(crate) source: Project,
    /// Share of changes that touch the list of dependencies. Default 15 % (chosen for Fleetlab).
    #[serde(default = "usual_dependencies")]
    pub(crate) new_dependencies: Ratio,
}

const fn yes() -> bool {
    true
}
fn usual_dependencies() -> Ratio {
    Ratio::new(0.15)
}

/// A pipeline and the services that it delivers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Pipeline")]
pub(crate) struct LineFile {
    /// The file with the declaration, beside the scenario: JSON as `aws codepipeline get-pipeline` prints it.
    pub(crate) definition: String,
    /// The services that it delivers; each has a pipeline of its own of this declaration.
    pub(crate) services: Vec<String>,
}
