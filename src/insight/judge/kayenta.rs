//! Kayenta's judge for canaries, `NetflixACAJudge-v1.0`: each metric of the canary is compared with the same metric of a
//! baseline of equal age, and the metrics are scored in groups.
//!
//! A metric is High when the lower end of the 98 % interval of its shift ([`super::rank`]) is above a quarter of the
//! shift's estimate *and* the effect is as large as allowed at least; Low is the mirror image. A quarter of the estimate
//! is a bound on how sure the judge must be, not on how large a change may be: with few samples it misses much (fifteen
//! one-minute samples show a 20 % slower canary once in twenty times).
//!
//! Source: spinnaker/kayenta, `NetflixACAJudge`, `MannWhitneyClassifier`, `WeightedSumScorer`, `IQRDetector` and
//! `docs/canary-config.md`. One difference, without a consequence: where both samples are constant, Kayenta adds noise of
//! a hundred-thousandth so that its root finder has something to find; counting needs none. It knows samples, not where
//! they were measured.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rank::{Shift, compare};
use crate::choice::params;
use crate::phrase::phrases;

/// Confidence level of the interval (`NetflixACAJudge`).
const CONFIDENCE: f64 = 0.98;
/// The share of the estimate that the near end of the interval must be beyond (`NetflixACAJudge`).
const TOLERANCE: f64 = 0.25;
/// From this share of metrics without data on, nothing is judged [%] (`WeightedSumScorer`).
const NODATA_PERCENT: f64 = 50.0;

/// Which direction of a change is bad (`direction`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Only a rise, such as of latency.
    Increase,
    /// Only a fall, such as of throughput.
    Decrease,
    /// Both.
    #[default]
    Either,
}

/// What becomes of missing samples (`nanStrategy`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NanStrategy {
    /// They are left out; a metric without any other is one without data.
    #[default]
    Remove,
    /// They are zero: right for counts of errors, which nobody reports while there are none.
    Replace,
}

/// What becomes of outliers (`outliers.strategy`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutlierStrategy {
    /// They stay.
    #[default]
    Keep,
    /// They are left out.
    Remove,
}

/// How the size of an effect is measured (`effectSize.measure`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Mean of the canary over mean of the baseline; 1 is no effect.
    #[default]
    MeanRatio,
    /// Common language effect size: the share of pairs in which the canary's value is the larger; 0.5 is no effect.
    Cles,
}

impl Measure {
    /// The value that says "no effect".
    const fn neutral(self) -> f64 {
        match self {
            Self::MeanRatio => 1.0,
            Self::Cles => 0.5,
        }
    }
}

params! {
    /// How large an effect must be to count (`effectSize`). Each threshold is in the unit of `measure`.
    pub struct EffectSize {
        /// How it is measured. Default `"mean-ratio"` (Kayenta).
        pub measure: Measure = Measure::default(),
        /// A rise counts from here on. Default: no effect, 1 or 0.5 (Kayenta).
        pub allowed_increase: Option<f64> = None,
        /// A fall counts from here down. Default: no effect, 1 or 0.5 (Kayenta).
        pub allowed_decrease: Option<f64> = None,
        /// A rise of a critical metric fails everything from here on. Default: no effect, 1 or 0.5 (Kayenta).
        pub critical_increase: Option<f64> = None,
        /// A fall of a critical metric fails everything from here down. Default: no effect, 1 or 0.5 (Kayenta).
        pub critical_decrease: Option<f64> = None,
    }
}

params! {
    /// Outliers (`outliers`).
    pub struct Outliers {
        /// What becomes of them. Default `"keep"` (Kayenta).
        pub strategy: OutlierStrategy = OutlierStrategy::default(),
        /// `outlierFactor`: how many interquartile ranges beyond a quartile an outlier begins, but never within the first
        /// and the 99th percentile. Default 3 (Kayenta).
        pub factor: f64 = 3.0,
    }
}

params! {
    /// How one metric is judged (`analysisConfigurations.canary` of a canary configuration).
    pub struct MetricConfig {
        /// The groups in which it counts; in none it is shown and not scored. Default `["all"]` (chosen for Fleetlab; Kayenta
        /// has none).
        pub groups: Vec<String> = vec!["all".to_owned()],
        /// Which direction is bad. Default `"either"` (Kayenta).
        pub direction: Direction = Direction::default(),
        /// What becomes of missing samples. Default `"remove"` (Kayenta).
        pub nan_strategy: NanStrategy = NanStrategy::default(),
        /// What becomes of outliers. Default: they stay (Kayenta).
        pub outliers: Outliers = Outliers::default(),
        /// Whether it alone can fail the canary. Default false (Kayenta).
        pub critical: bool = false,
        /// `mustHaveData`: whether missing data counts as a failure of the metric. Default false (Kayenta).
        pub must_have_data: bool = false,
        /// Whether it is classified and not scored. Default false (Kayenta).
        pub muted: bool = false,
        /// How large an effect must be.
        pub effect_size: EffectSize = EffectSize::default(),
    }
}

params! {
    /// Kayenta's judge.
    pub struct Kayenta {
        /// Score from which on the canary passes, 0 to 100. Default 95 (typical; Kayenta has none).
        pub pass: f64 = 95.0,
        /// Score from which on it is marginal, 0 to `pass`. Default 75 (typical; Kayenta has none).
        pub marginal: f64 = 75.0,
        /// `groupWeights`: what each group contributes [%]; groups without a weight share what is left of 100 equally.
        /// Default: all groups alike (Kayenta).
        pub group_weights: BTreeMap<String, f64> = BTreeMap::new(),
    }
}

/// One metric of canary and baseline.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    /// Its name.
    pub name: &'a str,
    /// How it is judged.
    pub config: &'a MetricConfig,
    /// Of the baseline; what is missing is NaN.
    pub control: &'a [f64],
    /// Of the canary; what is missing is NaN.
    pub experiment: &'a [f64],
}

/// What a metric turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// No difference that counts.
    Pass,
    /// Higher in the canary.
    High,
    /// Lower in the canary.
    Low,
    /// One side has no samples.
    Nodata,
    /// One side has no samples, and it must have some.
    NodataFailMetric,
}

impl Label {
    /// Kayenta's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::High => "High",
            Self::Low => "Low",
            Self::Nodata => "Nodata",
            Self::NodataFailMetric => "NodataFailMetric",
        }
    }
}

/// A metric, classified.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricResult {
    /// Its name.
    pub name: String,
    /// What it turned out to be.
    pub label: Label,
    /// Whether that fails the canary whatever the others say.
    pub critical: bool,
    /// Mean of the canary over mean of the baseline; NaN if one of them is zero, 1 if nothing was compared.
    pub ratio: f64,
    /// How canary and baseline were compared, if they were.
    pub shift: Option<Shift>,
}

/// The score of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupScore {
    /// Its name.
    pub name: String,
    /// Passed metrics of those with a result [%]; 0 if none has one.
    pub score: f64,
    /// Whether no metric has a result; such a group counts as 100 in the summary.
    pub no_data: bool,
}

/// What the canary turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Good.
    Pass,
    /// In between.
    Marginal,
    /// Bad.
    Fail,
}

impl Class {
    /// Kayenta's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Marginal => "Marginal",
            Self::Fail => "Fail",
        }
    }
}

phrases! {
    /// Why the score is zero whatever the groups say.
    pub enum Reason {
        /// A critical metric failed.
        "critical-metric" => CriticalMetric {
            /// Its name.
            name: String,
        } = "the critical metric `{name}` failed",
        /// Too many metrics have no data.
        "no-data" => NoData {
            /// How many have none.
            without: usize,
            /// Of how many.
            all: usize,
        } = "{without} of {all} metrics have no data",
    }
}

/// What is said of a canary.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Good or bad.
    pub class: Class,
    /// 0 to 100, rounded to two decimals.
    pub score: f64,
    /// Why it is zero whatever the groups say, if it is.
    pub reason: Option<Reason>,
    /// The groups, by name.
    pub groups: Vec<GroupScore>,
    /// The metrics, as they came.
    pub metrics: Vec<MetricResult>,
}

impl MetricConfig {
    /// Says what is impossible about the parameters, if anything is.
    pub fn check(&self) -> Result<(), String> {
        let factor = self.outliers.factor;
        if factor.is_finite() && factor > 0.0 { Ok(()) } else { Err(format!("`outliers.factor` is {factor}; it is more than 0")) }
    }

    /// The samples that are compared: missing ones as configured, outliers as configured.
    fn clean(&self, samples: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> = match self.nan_strategy {
            NanStrategy::Remove => samples.iter().copied().filter(|value| value.is_finite()).collect(),
            NanStrategy::Replace => samples.iter().map(|value| if value.is_finite() { *value } else { 0.0 }).collect(),
        };
        if self.outliers.strategy == OutlierStrategy::Remove && !values.is_empty() {
            let mut sorted = values.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let (p01, p25, p75, p99) = (percentile(&sorted, 0.01), percentile(&sorted, 0.25), percentile(&sorted, 0.75), percentile(&sorted, 0.99));
            let reach = self.outliers.factor * (p75 - p25);
            let (low, high) = (p01.min(p25 - reach), p99.max(p75 + reach));
            values.retain(|value| (low..=high).contains(value));
        }
        values
    }

    /// Classifies a metric.
    fn classify(&self, name: &str, control: &[f64], experiment: &[f64]) -> MetricResult {
        let (mut control, mut experiment) = (self.clean(control), self.clean(experiment));
        let plain = |label: Label, critical: bool| MetricResult { name: name.to_owned(), label, critical, ratio: 1.0, shift: None };
        if control.is_empty() || experiment.is_empty() {
            return match (self.nan_strategy, self.must_have_data, self.critical) {
                (NanStrategy::Replace, ..) => plain(Label::Pass, false),
                (NanStrategy::Remove, true, false) => plain(Label::NodataFailMetric, false),
                (NanStrategy::Remove, _, critical) => plain(Label::Nodata, critical),
            };
        }
        control.sort_unstable_by(f64::total_cmp);
        experiment.sort_unstable_by(f64::total_cmp);
        if control == experiment || control.iter().chain(&experiment).all(|value| value.total_cmp(&control[0]).is_eq()) {
            return plain(Label::Pass, false);
        }
        let Some(shift) = compare(&experiment, &control, CONFIDENCE) else { return plain(Label::Nodata, self.critical) };
        let ratio = mean_ratio(&control, &experiment);
        let sizes = &self.effect_size;
        let effect = match sizes.measure {
            Measure::MeanRatio => ratio,
            Measure::Cles => shift.cles,
        };
        let limit = |threshold: Option<f64>| threshold.unwrap_or(sizes.measure.neutral());
        // An effect that cannot be computed is not asked for.
        let (at_least, at_most) = (|least: f64| effect.is_nan() || effect >= least, |most: f64| effect.is_nan() || effect <= most);
        let sure = TOLERANCE * shift.estimate.abs();
        let high = self.direction != Direction::Decrease && shift.lower > sure && at_least(limit(sizes.allowed_increase));
        let low = self.direction != Direction::Increase && shift.upper < -sure && at_most(limit(sizes.allowed_decrease));
        let (label, critical) = match (high, low) {
            (true, _) => (Label::High, at_least(limit(sizes.critical_increase))),
            (false, true) => (Label::Low, at_most(limit(sizes.critical_decrease))),
            (false, false) => (Label::Pass, false),
        };
        MetricResult { name: name.to_owned(), label, critical: critical && self.critical, ratio, shift: Some(shift) }
    }
}

impl Kayenta {
    /// Says what is impossible about the parameters, if anything is.
    pub fn check(&self) -> Result<(), String> {
        let (pass, marginal) = (self.pass, self.marginal);
        if !(0.0..=100.0).contains(&pass) || !(0.0..=pass).contains(&marginal) {
            return Err(format!("`pass` is {pass} and `marginal` {marginal}; they are scores from 0 to 100, and `pass` is not below `marginal`"));
        }
        if let Some((group, weight)) = self.group_weights.iter().find(|(_, weight)| !(0.0..=100.0).contains(*weight)) {
            return Err(format!("the weight of the group `{group}` is {weight}; it is 0 to 100 percent"));
        }
        let sum: f64 = self.group_weights.values().sum();
        if sum > 100.0 + 1e-9 { Err(format!("`group_weights` add up to {sum}; they are at most 100 percent together")) } else { Ok(()) }
    }

    /// Judges a canary by its metrics.
    pub fn judge(&self, metrics: &[Samples<'_>]) -> Verdict {
        let results: Vec<MetricResult> = metrics.iter().map(|samples| samples.config.classify(samples.name, samples.control, samples.experiment)).collect();
        let scored: Vec<(&MetricConfig, &MetricResult)> =
            metrics.iter().map(|samples| samples.config).zip(&results).filter(|(config, _)| !config.muted).collect();
        let groups = group_scores(&scored);
        let without = scored.iter().filter(|(_, result)| result.label == Label::Nodata).count();
        let failed = scored.iter().find(|(_, result)| result.critical && result.label != Label::Pass);
        let (score, reason) = if let Some((_, result)) = failed {
            (0.0, Some(Reason::CriticalMetric { name: result.name.clone() }))
        } else if without > 0 && without as f64 / scored.len() as f64 * 100.0 >= NODATA_PERCENT {
            (0.0, Some(Reason::NoData { without, all: scored.len() }))
        } else {
            (self.summary(&groups), None)
        };
        let class = if score >= self.pass {
            Class::Pass
        } else if score >= self.marginal {
            Class::Marginal
        } else {
            Class::Fail
        };
        Verdict { class, score, reason, groups, metrics: results }
    }

    /// The weighted sum of the groups' scores.
    fn summary(&self, groups: &[GroupScore]) -> f64 {
        let left = 100.0 - self.group_weights.values().sum::<f64>();
        let unweighted = groups.iter().filter(|group| !self.group_weights.contains_key(&group.name)).count();
        let share = |group: &GroupScore| self.group_weights.get(&group.name).copied().unwrap_or(left / unweighted.max(1) as f64) / 100.0;
        let sum: f64 = groups.iter().map(|group| if group.no_data { 100.0 } else { group.score } * share(group)).sum();
        (sum * 100.0).round() / 100.0
    }
}

/// The scores of all groups, by name. A metric of several groups counts in each.
fn group_scores(scored: &[(&MetricConfig, &MetricResult)]) -> Vec<GroupScore> {
    let mut counts: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for (config, result) in scored {
        for group in &config.groups {
            let (passed, all) = counts.entry(group).or_default();
            *passed += u32::from(result.label == Label::Pass);
            *all += u32::from(result.label != Label::Nodata);
        }
    }
    let score = |(name, (passed, all)): (&str, (u32, u32))| GroupScore {
        name: name.to_owned(),
        score: if all == 0 { 0.0 } else { f64::from(passed) / f64::from(all) * 100.0 },
        no_data: all == 0,
    };
    counts.into_iter().map(score).collect()
}

/// Mean of the canary over mean of the baseline; NaN if one of them is zero.
fn mean_ratio(control: &[f64], experiment: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (control, experiment) = (mean(control), mean(experiment));
    if control == 0.0 || experiment == 0.0 { f64::NAN } else { experiment / control }
}

/// The value at a share of sorted values, by linear interpolation (Hyndman and Fan's type 7, as Kayenta asks for).
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (at - below as f64) * (sorted[above] - sorted[below])
}
