//! A feature flag, as a scenario file writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::fleet::features::STALE_AFTER;
use crate::units::{Ratio, SimSpan};

/// A feature flag: code that is deployed and that a share of the users has. Scripts ask it with a `flag` step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Flag")]
pub(crate) struct FlagFile {
    /// Share of users who have the feature at the beginning. Default 0: it is off.
    #[serde(default)]
    pub(crate) percentage: Ratio,
    /// Alarms that turn it off when they go to ALARM. Default: none.
    #[serde(default)]
    pub(crate) kill_on: Vec<String>,
    /// After this long without a change the flag is stale: nobody needs it any more, but it is still in the code. Default
    /// `"40d"`, Unleash's expected lifetime of a release flag.
    #[serde(default = "default_stale_after")]
    pub(crate) stale_after: SimSpan,
    /// What is measured of users with and without the feature. Default: nothing.
    #[serde(default)]
    pub(crate) experiment: Option<ExperimentFile>,
}

/// An A/B test of a feature.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Experiment")]
pub(crate) struct ExperimentFile {
    /// The endpoint, as `service.endpoint`: each request of a user for it is a visit.
    pub(crate) endpoint: String,
    /// Chance that an answered visit converts without the feature.
    pub(crate) off: Ratio,
    /// The same with the feature.
    pub(crate) on: Ratio,
}

const fn default_stale_after() -> SimSpan {
    STALE_AFTER
}
