//! An alarm, as a scenario file writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::insight::alarm::Missing;
use crate::insight::metric::Metric;
use crate::units::SimSpan;

/// An alarm, with the rules and the names of Amazon CloudWatch.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Alarm")]
pub(crate) struct AlarmFile {
    /// The service whose metric is watched, as its callers see it. Default: what users get.
    #[serde(default)]
    pub(crate) service: Option<String>,
    /// Whether only the version that is being deployed to the service counts; while none is, datapoints are missing.
    /// Default false.
    #[serde(default)]
    pub(crate) new_version: bool,
    /// What is watched, and from where on it is too much. Default
    /// `{ error-rate = { above = "5%" } }` (chosen for Fleetlab).
    #[serde(default)]
    pub(crate) metric: Metric,
    /// `Period`: how long a datapoint covers: `"10s"`, `"20s"`, `"30s"` or whole minutes up to a day. Default `"1m"`
    /// (chosen for Fleetlab).
    #[serde(default = "default_period")]
    pub(crate) period: SimSpan,
    /// `EvaluationPeriods`: how many datapoints are evaluated, together at most a day (a week for periods of an hour or
    /// more). Default 1 (chosen for Fleetlab).
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 8_640))]
    pub(crate) evaluation_periods: u32,
    /// `DatapointsToAlarm`: how many of them must breach, at most `evaluation_periods`. Default: all of them (CloudWatch).
    #[serde(default)]
    pub(crate) datapoints_to_alarm: Option<u32>,
    /// `TreatMissingData`: what a period without data counts as. Default `"missing"` (CloudWatch).
    #[serde(default)]
    pub(crate) missing: Missing,
}

const fn default_period() -> SimSpan {
    SimSpan::from_secs(60)
}
const fn one() -> u32 {
    1
}

/// A composite alarm, with the rules and the names of Amazon CloudWatch.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CompositeAlarm")]
pub(crate) struct CompositeAlarmFile {
    /// `AlarmRule`: `ALARM("a") AND NOT (OK("b") OR INSUFFICIENT_DATA("c"))`, over alarms and other composite alarms; at most
    /// 100 of them and 500 elements.
    pub(crate) rule: String,
    /// `ActionsSuppressor`: while this alarm is in `ALARM`, nobody is told of a change. Default: none.
    #[serde(default)]
    pub(crate) actions_suppressor: Option<String>,
    /// `ActionsSuppressorWaitPeriod`: how long telling waits for the suppressor to go into `ALARM`. Default `"1m"` (what the
    /// CloudWatch User Guide recommends).
    #[serde(default)]
    pub(crate) actions_suppressor_wait_period: Option<SimSpan>,
    /// `ActionsSuppressorExtensionPeriod`: how long telling waits after the suppressor has left `ALARM`. Default `"1m"` (what
    /// the CloudWatch User Guide recommends).
    #[serde(default)]
    pub(crate) actions_suppressor_extension_period: Option<SimSpan>,
}
