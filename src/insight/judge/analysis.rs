//! Argo's analysis as it is described: what to measure, when, and what counts as success.
//!
//! Names, defaults and checks are those of `argoproj/argo-rollouts` (`analysis_types.go`, `utils/analysis/factory.go`,
//! `utils/evaluate`). What is concluded from measurements is `analysis_run`'s business; who measures is others'.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::{Condition, arguments_of, substitute};
use super::functions::Measured;
use crate::units::SimSpan;

/// Metrics of one analysis.
const MOST_METRICS: usize = 100;
/// Measurements that a metric may ask for.
const MOST_MEASUREMENTS: u32 = 100_000;

/// How a measurement, a metric or a run stands; from best to worst, as Argo orders them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    /// Everything is as it should be.
    Successful,
    /// Measurements are still to come.
    Running,
    /// Nothing was measured yet.
    #[default]
    Pending,
    /// Neither good nor bad; a person decides.
    Inconclusive,
    /// It could not be measured.
    Error,
    /// It is not as it should be.
    Failed,
}

impl Phase {
    /// Its name in Argo.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Successful => "Successful",
            Self::Running => "Running",
            Self::Pending => "Pending",
            Self::Inconclusive => "Inconclusive",
            Self::Error => "Error",
            Self::Failed => "Failed",
        }
    }
    /// Whether nothing follows any more.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Running | Self::Pending)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is asked of whoever measures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Who is asked, as Argo names it: `prometheus`, `web`, `job`, `cloudWatch`, … Default `"prometheus"` (chosen for Fleetlab).
    #[serde(default = "prometheus")]
    pub kind: String,
    /// The question, in the language of the provider; for one without a query, its settings as JSON.
    pub query: String,
}

fn prometheus() -> String {
    "prometheus".to_owned()
}

/// A value that stands for `{{args.name}}` in queries and conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its value. Default: none; whoever uses the analysis must give one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Something that is measured, and what counts as success.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// Time between two measurements. Without it and `count` there is one measurement; with it alone they go on until the
    /// run is ended. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<SimSpan>,
    /// How long after the run begins the first measurement is taken. Default `"0s"` (Argo).
    #[serde(default)]
    pub initial_delay: SimSpan,
    /// How many measurements there are; 0 is as if it were not written. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// When a measurement is a success. Alone, everything else is a failure. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_condition: Option<Condition>,
    /// When a measurement is a failure. Alone, everything else is a success; with both, what is neither is
    /// inconclusive. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_condition: Option<Condition>,
    /// Failures that are still good: one more fails the metric. -1 takes any number. Default 0 (Argo).
    #[serde(default)]
    pub failure_limit: i32,
    /// Inconclusive measurements that are still good. Default 0 (Argo).
    #[serde(default)]
    pub inconclusive_limit: u32,
    /// Errors in a row that are still good. Default 4 (Argo).
    #[serde(default = "four")]
    pub consecutive_error_limit: u32,
    /// Successes in a row with which the metric succeeds; 0 is off. Default 0 (Argo 1.8).
    #[serde(default)]
    pub consecutive_success_limit: u32,
    /// What is asked.
    pub provider: Provider,
}

const fn four() -> u32 {
    4
}

impl Metric {
    /// A metric that is measured once and asks `query`; every other setting has its default.
    pub fn new(name: &str, query: &str) -> Self {
        Self {
            name: name.to_owned(),
            interval: None,
            initial_delay: SimSpan::ZERO,
            count: None,
            success_condition: None,
            failure_condition: None,
            failure_limit: 0,
            inconclusive_limit: 0,
            consecutive_error_limit: 4,
            consecutive_success_limit: 0,
            provider: Provider { kind: prometheus(), query: query.to_owned() },
        }
    }

    /// How many measurements there are; `None`: they go on until the run is ended.
    pub fn effective_count(&self) -> Option<u32> {
        match (self.count.filter(|count| *count > 0), self.interval) {
            (None, None) => Some(1),
            (count, _) => count,
        }
    }

    /// Says what is impossible about it, if anything is.
    fn check(&self) -> Result<(), String> {
        let name = &self.name;
        let count = self.count.unwrap_or(0);
        let wrong = |what: &str| Err(format!("metric `{name}`: {what}"));
        if count > 0 && i64::from(self.failure_limit) > i64::from(count) {
            return wrong("`count` must not be less than the failure limit");
        }
        if count > 0 && self.inconclusive_limit > count {
            return wrong("`count` must not be less than the inconclusive limit");
        }
        if count > 1 && self.interval.is_none() {
            return wrong("more than one measurement needs an `interval`");
        }
        if self.interval.is_some_and(SimSpan::is_zero) {
            return wrong("the `interval` is zero");
        }
        if count > MOST_MEASUREMENTS {
            return wrong("`count` is more than 100000");
        }
        if self.failure_limit < -1 {
            return wrong("the failure limit is -1, 0 or more");
        }
        if self.failure_limit < 0 && self.consecutive_success_limit == 0 {
            return wrong("without a failure limit it needs a consecutive success limit, or nothing could fail it");
        }
        Ok(())
    }

    /// What one measurement says.
    pub(super) fn judge(&self, value: &Measured) -> Result<Phase, String> {
        let asked = |condition: &Option<Condition>| condition.as_ref().map(|condition| condition.holds(value)).transpose();
        Ok(match (asked(&self.success_condition)?, asked(&self.failure_condition)?) {
            (_, Some(true)) | (Some(false), None) => Phase::Failed,
            (None | Some(true), _) => Phase::Successful,
            (Some(false), Some(false)) => Phase::Inconclusive,
        })
    }
}

/// What is measured during a deployment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Analysis {
    /// The metrics.
    pub metrics: Vec<Metric>,
    /// Names of metrics that decide nothing; `*` at the end is any ending, and alone all of them. Default: none.
    pub dry_run: Vec<String>,
    /// Values for `{{args.name}}`. Default: none.
    pub args: Vec<Argument>,
}

impl Analysis {
    /// Says what is impossible about it, if anything is.
    pub fn check(&self) -> Result<(), String> {
        if self.metrics.is_empty() {
            return Err("an analysis without metrics".to_owned());
        }
        if self.metrics.len() > MOST_METRICS {
            return Err(format!("more than {MOST_METRICS} metrics in one analysis"));
        }
        let mut names = BTreeSet::new();
        for metric in &self.metrics {
            if !names.insert(&metric.name) {
                return Err(format!("two metrics are called `{}`", metric.name));
            }
            metric.check()?;
        }
        if let Some(rule) = self.dry_run.iter().find(|rule| !self.metrics.iter().any(|metric| is_dry(rule, &metric.name))) {
            return Err(format!("`dry_run` names `{rule}`, and no metric is called so"));
        }
        self.resolved().map(|_| ())
    }

    /// Arguments that stand in it and have no value.
    pub fn missing_args(&self) -> Vec<String> {
        let mut missing: Vec<String> = self.args.iter().filter(|argument| argument.value.is_none()).map(|argument| argument.name.clone()).collect();
        for metric in &self.metrics {
            let conditions = metric.success_condition.iter().chain(&metric.failure_condition).flat_map(Condition::arguments);
            missing.extend(conditions.chain(arguments_of(&metric.provider.query)).filter(|name| self.value_of(name).is_none()));
        }
        missing.sort();
        missing.dedup();
        missing
    }

    fn value_of(&self, name: &str) -> Option<&str> {
        self.args.iter().find(|argument| argument.name == name).and_then(|argument| argument.value.as_deref())
    }

    /// Puts the values of its arguments into its metrics.
    pub(super) fn resolved(&self) -> Result<Self, String> {
        if let Some(name) = self.missing_args().first() {
            return Err(format!("the argument `{name}` has no value"));
        }
        let mut resolved = self.clone();
        for metric in &mut resolved.metrics {
            for condition in metric.success_condition.iter_mut().chain(&mut metric.failure_condition) {
                *condition = condition.with_args(|name| self.value_of(name)).map_err(|error| error.to_string())?;
            }
            metric.provider.query = substitute(&metric.provider.query, |name| self.value_of(name).map(Into::into));
        }
        Ok(resolved)
    }
}

/// Whether a rule names a metric: its whole name, or its beginning and `*` (Argo's `.*` means the same).
pub(super) fn is_dry(rule: &str, metric: &str) -> bool {
    match rule.strip_suffix('*') {
        Some(beginning) => metric.starts_with(beginning.strip_suffix('.').unwrap_or(beginning)),
        None => rule == metric,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric() -> Metric {
        Metric { success_condition: "result >= 1".parse().ok(), ..Metric::new("m", "up") }
    }

    fn every(secs: u64, count: Option<u32>) -> Metric {
        Metric { interval: Some(SimSpan::from_secs(secs)), count, ..metric() }
    }

    fn of(metric: Metric) -> Analysis {
        Analysis { metrics: vec![metric], ..Analysis::default() }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (analysis, message) in [
            (Analysis::default(), "without metrics"),
            (Analysis { metrics: vec![metric(), metric()], ..Analysis::default() }, "two metrics"),
            (of(Metric { count: Some(2), ..metric() }), "needs an `interval`"),
            (of(Metric { failure_limit: 3, ..every(1, Some(2)) }), "failure limit"),
            (of(Metric { inconclusive_limit: 3, ..every(1, Some(2)) }), "inconclusive limit"),
            (of(every(0, None)), "zero"),
            (of(Metric { failure_limit: -2, ..metric() }), "-1"),
            (of(Metric { failure_limit: -1, ..metric() }), "consecutive success limit"),
            (Analysis { dry_run: vec!["x".to_owned()], ..of(metric()) }, "`dry_run` names `x`"),
        ] {
            let error = analysis.check().expect_err(message);
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn an_analysis_is_written_in_toml() {
        let text = "
            [[metrics]]
            name = 'errors'
            interval = '1m'
            failure_limit = 3
            success_condition = 'result[0] < 0.05'
            provider = { query = 'errors / requests' }
        ";
        let read: Analysis = toml::from_str(text).expect("an analysis");
        assert_eq!((read.check(), read.metrics[0].consecutive_error_limit, read.metrics[0].provider.kind.as_str()), (Ok(()), 4, "prometheus"));
        let again: Analysis = toml::from_str(&toml::to_string(&read).expect("TOML")).expect("the same");
        assert_eq!(again, read);
        assert!(toml::from_str::<Analysis>(&text.replace("< 0.05", "<")).is_err_and(|error| error.message().contains("something is missing")));
    }
}
