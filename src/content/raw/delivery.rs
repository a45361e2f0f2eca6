//! Pipelines, as a scenario names them. The declaration itself is the trade's own file.

use schemars::JsonSchema;
use serde::Deserialize;

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
