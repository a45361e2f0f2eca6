//! The steps of an Argo canary, as they are written, and the words in which they are shown.
//!
//! What a step does is `canary`'s business. To add a step: a variant here, its label and check below, and its
//! behaviour there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::driver::{HeaderRoute, TextMatch};
use crate::fleet::order::MOST_INSTANCES;
use crate::insight::judge::analysis::Analysis;
use crate::units::SimSpan;

/// One step of a canary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// `setWeight`: the share of the traffic that the new version gets, out of `max_traffic_weight` [%].
    SetWeight(u32),
    /// `pause`: waits for a time, or for a person.
    Pause(Pause),
    /// `setCanaryScale`: how many instances of the new version there are, whatever its weight.
    SetCanaryScale(SetCanaryScale),
    /// `setHeaderRoute`: requests with a header go to the new version.
    SetHeaderRoute(SetHeaderRoute),
    /// `setMirrorRoute`: requests are copied to the new version.
    SetMirrorRoute(SetMirrorRoute),
    /// `analysis`: waits for an analysis and does as it says.
    Analysis(Analysis),
    /// `experiment`: waits for a time and for analyses. Its own instances are not simulated.
    Experiment(Experiment),
    /// `replicaProgressThreshold`: how many instances are enough from here on.
    ReplicaProgressThreshold(ReplicaProgressThreshold),
    /// `plugin`: not simulated; it is over at once.
    Plugin(Plugin),
}

/// A pause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pause {
    /// How long it takes. Default: until a person promotes (Argo).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<SimSpan>,
}

/// How many instances of the new version there are. Exactly one of its keys is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SetCanaryScale {
    /// This many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// This share of the desired count [%], rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// As many as the traffic's weight says again. Default false (Argo).
    pub match_traffic_weight: bool,
}

/// Requests with one of these headers go to the new version; without a match the route is removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SetHeaderRoute {
    /// The route's name; the same name replaces it.
    pub name: String,
    /// One that matches is enough. Default: none.
    #[serde(rename = "match")]
    pub matches: Vec<HeaderMatch>,
}

/// A header and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderMatch {
    /// The header.
    pub header_name: String,
    /// Its value.
    pub header_value: TextMatch,
}

/// Requests are copied to the new version, and nobody waits for the copies; without a match the route is removed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SetMirrorRoute {
    /// The route's name; the same name replaces it.
    pub name: String,
    /// The share that is copied [%]. Default 100 (Istio).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentage: Option<u32>,
    /// Which requests; what they say is not simulated, only that there is one. Default: none.
    #[serde(rename = "match")]
    pub matches: Vec<RequestMatch>,
}

/// What a request must be like; all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RequestMatch {
    /// Its method. Default: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<TextMatch>,
    /// Its path. Default: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<TextMatch>,
    /// Its headers. Default: any.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub headers: std::collections::BTreeMap<String, TextMatch>,
}

/// Versions side by side for a while, watched by analyses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Experiment {
    /// How long it takes. Default: until its required analyses are over, or a person promotes (Argo).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<SimSpan>,
    /// What is compared. Default: none.
    pub templates: Vec<ExperimentTemplate>,
    /// The analyses. Default: none.
    pub analyses: Vec<ExperimentAnalysis>,
}

/// One of the versions that an experiment compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentTemplate {
    /// Its name.
    pub name: String,
    /// Which version it is.
    pub spec_ref: SpecRef,
    /// How many instances it has. Default 1 (Argo).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// Its share of the traffic [%]. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
}

/// A version, as experiments name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpecRef {
    /// The new one.
    Canary,
    /// The old one.
    Stable,
}

/// An analysis of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentAnalysis {
    /// Its name.
    pub name: String,
    /// The experiment is not over before it is. Default false (Argo).
    #[serde(default)]
    pub required_for_completion: bool,
    /// What is measured.
    pub analysis: Analysis,
}

/// How many available instances of those wanted are enough to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicaProgressThreshold {
    /// What the value counts.
    #[serde(rename = "type")]
    pub kind: ProgressType,
    /// Instances, or a percentage of those wanted at the step.
    pub value: u32,
}

/// What a threshold counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ProgressType {
    /// A percentage of the instances wanted [%].
    Percent,
    /// Instances.
    Pod,
}

impl ReplicaProgressThreshold {
    /// Whether this many available instances of those wanted are enough.
    pub(super) fn is_met(self, available: u32, wanted: u32) -> bool {
        match self.kind {
            ProgressType::Percent => u64::from(available) * 100 >= u64::from(self.value) * u64::from(wanted),
            ProgressType::Pod => available >= self.value.min(wanted),
        }
    }
}

/// A step of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// The plugin's name.
    pub name: String,
}

impl Step {
    /// It in Argo's words, short.
    pub fn label(&self) -> String {
        match self {
            Self::SetWeight(weight) => format!("setWeight: {weight}"),
            Self::Pause(Pause { duration: Some(duration) }) => format!("pause: {duration}"),
            Self::Pause(Pause { duration: None }) => "pause: {}".to_owned(),
            Self::SetCanaryScale(scale) => match (scale.replicas, scale.weight) {
                (Some(replicas), _) => format!("setCanaryScale: replicas {replicas}"),
                (None, Some(weight)) => format!("setCanaryScale: weight {weight}"),
                (None, None) => "setCanaryScale: matchTrafficWeight".to_owned(),
            },
            Self::SetHeaderRoute(route) => format!("setHeaderRoute: {}", route.name),
            Self::SetMirrorRoute(route) => format!("setMirrorRoute: {}", route.name),
            Self::Analysis(analysis) => match analysis.metrics.as_slice() {
                [metric] => format!("analysis: {}", metric.name),
                metrics => format!("analysis: {} metrics", metrics.len()),
            },
            Self::Experiment(Experiment { duration: Some(duration), .. }) => format!("experiment: {duration}"),
            Self::Experiment(Experiment { duration: None, .. }) => "experiment".to_owned(),
            Self::ReplicaProgressThreshold(threshold) => match threshold.kind {
                ProgressType::Percent => format!("replicaProgressThreshold: {}%", threshold.value),
                ProgressType::Pod => format!("replicaProgressThreshold: {}", threshold.value),
            },
            Self::Plugin(plugin) => format!("plugin: {}", plugin.name),
        }
    }

    /// Whether it may take any time, so that it does not count against the progress deadline.
    pub(super) const fn is_indefinite(&self) -> bool {
        matches!(self, Self::Pause(_) | Self::Analysis(_) | Self::Experiment(_))
    }

    /// Says what is impossible about it, if anything is.
    pub(super) fn check(&self, traffic_routing: bool, max_weight: u32) -> Result<(), String> {
        let needs_routing = |step: &str| if traffic_routing { Ok(()) } else { Err(format!("`{step}` needs `traffic_routing`")) };
        match self {
            Self::SetWeight(weight) if *weight > max_weight => Err(format!("`set_weight` is {weight}; it is 0 to {max_weight}")),
            Self::SetCanaryScale(scale) => {
                let written = usize::from(scale.replicas.is_some()) + usize::from(scale.weight.is_some()) + usize::from(scale.match_traffic_weight);
                if written != 1 {
                    return Err("`set_canary_scale` takes one of `replicas`, `weight` and `match_traffic_weight`".to_owned());
                }
                if let Some(replicas) = scale.replicas.filter(|replicas| *replicas > MOST_INSTANCES) {
                    return Err(format!("the replicas of `set_canary_scale` are {replicas}; they are 0 to {MOST_INSTANCES}"));
                }
                if scale.weight.is_some_and(|weight| weight > 100) {
                    return Err("the weight of `set_canary_scale` is 0 to 100".to_owned());
                }
                needs_routing("set_canary_scale")
            }
            Self::SetHeaderRoute(_) => needs_routing("set_header_route"),
            Self::SetMirrorRoute(route) if route.percentage.is_some_and(|share| share > 100) => {
                Err("the percentage of `set_mirror_route` is 0 to 100".to_owned())
            }
            Self::SetMirrorRoute(_) => needs_routing("set_mirror_route"),
            Self::Analysis(analysis) => check_inline(analysis),
            Self::Experiment(experiment) => {
                if let Some(replicas) = experiment.templates.iter().filter_map(|template| template.replicas).find(|replicas| *replicas > MOST_INSTANCES) {
                    return Err(format!("a template of `experiment` has {replicas} replicas; it has 0 to {MOST_INSTANCES}"));
                }
                experiment.analyses.iter().try_for_each(|inner| inner.analysis.check())
            }
            Self::ReplicaProgressThreshold(threshold) if threshold.kind == ProgressType::Percent && !(1..=100).contains(&threshold.value) => {
                Err("the value of `replica_progress_threshold` is 1 to 100 percent".to_owned())
            }
            Self::ReplicaProgressThreshold(threshold) if threshold.value == 0 => Err("the value of `replica_progress_threshold` is at least 1".to_owned()),
            Self::SetWeight(_) | Self::Pause(_) | Self::Plugin(_) | Self::ReplicaProgressThreshold(_) => Ok(()),
        }
    }
}

/// What waits for an analysis waits for ever if the analysis has no end.
pub(super) fn check_inline(analysis: &Analysis) -> Result<(), String> {
    analysis.check()?;
    match analysis.metrics.iter().find(|metric| metric.effective_count().is_none() && metric.consecutive_success_limit == 0) {
        Some(metric) => Err(format!("metric `{}` runs for ever; something that is waited for needs a `count`", metric.name)),
        None => Ok(()),
    }
}

impl SetHeaderRoute {
    /// The route, as routers know it.
    pub(super) fn route(&self) -> HeaderRoute {
        HeaderRoute { name: self.name.clone(), headers: self.matches.iter().map(|one| (one.header_name.clone(), one.header_value.clone())).collect() }
    }
}
