//! Flagger's checks: metrics that must lie in a range at every interval, and a counter of the times that they did not.
//!
//! A failed check halts the step and is counted; the count is never reset within an analysis. When it has reached the
//! threshold, the *next* interval rolls back before it checks anything. So from the first of a row of failed checks to the
//! rollback it takes interval × threshold, as Flagger's documentation has it. A metric without a value fails, because
//! nothing says that the canary is well. Source: fluxcd/flagger, `pkg/controller/scheduler.go` and `scheduler_metrics.go`.
//! It knows no queries and no traffic. A built-in metric more is a line in [`Builtin`].

use crate::choice::params;
use crate::phrase::phrases;
use crate::units::SimSpan;

params! {
    /// The range in which a value must lie (`thresholdRange`), ends included.
    pub struct ThresholdRange {
        /// Smallest value that passes, in the metric's unit. Default: none.
        pub min: Option<f64> = None,
        /// Largest value that passes, in the metric's unit. Default: none.
        pub max: Option<f64> = None,
    }
}

params! {
    /// A metric that is checked at every interval.
    pub struct Metric {
        /// `request-success-rate` [%], `request-duration` [ms, 99th percentile], or a name of one's own. No default.
        pub name: String = String::new(),
        /// How far the value looks back. Default `"1m"` (Flagger).
        pub interval: SimSpan = SimSpan::from_secs(60),
        /// The range in which it must lie. Default: none, and `threshold` counts.
        pub threshold_range: Option<ThresholdRange> = None,
        /// The older way to write one end of the range: the least success rate, or the most of anything else. Default: none
        /// is written, which Flagger takes for 0.
        pub threshold: Option<f64> = None,
    }
}

/// The metrics that Flagger brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
    /// Share of requests without a server error [%].
    RequestSuccessRate,
    /// 99th percentile of the time to answer [ms].
    RequestDuration,
}

impl Builtin {
    /// Their names.
    pub const NAMES: [&'static str; 2] = ["request-success-rate", "request-duration"];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "request-success-rate" => Some(Self::RequestSuccessRate),
            "request-duration" => Some(Self::RequestDuration),
            _ => None,
        }
    }
}

phrases! {
    /// Why a check failed.
    pub enum Halt {
        /// There is no value.
        "no-values" => NoValues {
            /// The metric.
            name: String,
        } = "no values found for `{name}`",
        /// It is too low.
        "below" => Below {
            /// The metric.
            name: String,
            /// What it is.
            value: String,
            /// What it must be at least.
            least: String,
        } = "`{name}` {value} < {least}",
        /// It is too high.
        "above" => Above {
            /// The metric.
            name: String,
            /// What it is.
            value: String,
            /// What it may be at most.
            most: String,
        } = "`{name}` {value} > {most}",
    }
}

impl Metric {
    /// Says what is impossible about the parameters, if anything is.
    pub fn check(&self) -> Result<(), String> {
        let ThresholdRange { min, max } = self.range();
        if self.name.is_empty() {
            return Err("a metric has no `name`".to_owned());
        }
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            return Err(format!("nothing passes `{}`: `min` is {min} and `max` {max}", self.name));
        }
        Ok(())
    }

    /// The range that counts, in whichever way it is written.
    pub fn range(&self) -> ThresholdRange {
        let builtin = Builtin::named(&self.name);
        let mut range = match (&self.threshold_range, self.threshold.unwrap_or(0.0)) {
            (Some(range), _) => range.clone(),
            (None, least) if builtin == Some(Builtin::RequestSuccessRate) => ThresholdRange { min: Some(least), max: None },
            (None, most) => ThresholdRange { min: None, max: Some(most) },
        };
        if builtin == Some(Builtin::RequestDuration) {
            // Flagger keeps durations in whole milliseconds.
            (range.min, range.max) = (range.min.map(f64::trunc), range.max.map(f64::trunc));
        }
        range
    }

    /// Checks a value in the metric's unit; `None` if there is none.
    pub fn passes(&self, value: Option<f64>) -> Result<(), Halt> {
        let name = || self.name.clone();
        let Some(value) = value.filter(|value| !value.is_nan()) else { return Err(Halt::NoValues { name: name() }) };
        let ThresholdRange { min, max } = self.range();
        if let Some(least) = min.filter(|least| value < *least) {
            return Err(Halt::Below { name: name(), value: format!("{value:.2}"), least: least.to_string() });
        }
        if let Some(most) = max.filter(|most| value > *most) {
            return Err(Halt::Above { name: name(), value: format!("{value:.2}"), most: most.to_string() });
        }
        Ok(())
    }
}

/// What an interval leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The checks passed.
    Advance,
    /// A check failed; everything stays as it is.
    Halt,
    /// As many checks failed as may.
    RollBack,
}

/// Counts failed checks of one analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    threshold: u32,
    failed: u32,
}

impl Counter {
    /// Of an analysis that rolls back after so many failed checks; none counts as one, as in Flagger.
    pub fn new(threshold: u32) -> Self {
        Self { threshold: threshold.max(1), failed: 0 }
    }
    /// How many checks failed so far.
    pub const fn failed(&self) -> u32 {
        self.failed
    }
    /// How many may.
    pub const fn threshold(&self) -> u32 {
        self.threshold
    }
    /// Whether the next interval rolls back.
    pub const fn is_exhausted(&self) -> bool {
        self.failed >= self.threshold
    }
    /// Goes through an interval. The checks are asked for only if it does not roll back.
    pub fn step(&mut self, passes: impl FnOnce() -> bool) -> Step {
        if self.is_exhausted() {
            Step::RollBack
        } else if passes() {
            Step::Advance
        } else {
            self.failed += 1;
            Step::Halt
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str, min: Option<f64>, max: Option<f64>) -> Metric {
        Metric { name: name.to_owned(), threshold_range: Some(ThresholdRange { min, max }), ..Metric::default() }
    }

    #[test]
    fn a_value_passes_within_its_range_ends_included() {
        let rate = metric("request-success-rate", Some(99.0), None);
        let duration = metric("request-duration", None, Some(500.9));
        let connections = metric("database connections", Some(2.0), Some(100.0));
        let table = [
            (&rate, Some(99.0), Ok(())),
            (&rate, Some(98.994), Err("`request-success-rate` 98.99 < 99")),
            (&rate, None, Err("no values found for `request-success-rate`")),
            (&rate, Some(f64::NAN), Err("no values found for `request-success-rate`")),
            (&duration, Some(500.0), Ok(())),
            (&duration, Some(500.5), Err("`request-duration` 500.50 > 500")),
            (&connections, Some(2.0), Ok(())),
            (&connections, Some(1.0), Err("`database connections` 1.00 < 2")),
            (&connections, Some(100.1), Err("`database connections` 100.10 > 100")),
        ];
        for (metric, value, expected) in table {
            assert_eq!(metric.passes(value).map_err(|halt| halt.to_string()), expected.map_err(str::to_owned), "{} {value:?}", metric.name);
        }
    }

    #[test]
    fn the_older_threshold_is_a_minimum_only_for_the_success_rate() {
        let old = |name: &str, threshold| Metric { name: name.to_owned(), threshold: Some(threshold), ..Metric::default() };
        assert!(old("request-success-rate", 99.0).passes(Some(99.5)).is_ok() && old("request-success-rate", 99.0).passes(Some(98.0)).is_err());
        assert!(old("request-duration", 500.0).passes(Some(400.0)).is_ok() && old("request-duration", 500.0).passes(Some(600.0)).is_err());
        assert!(old("error-rate", 1.0).passes(Some(0.5)).is_ok() && old("error-rate", 1.0).passes(Some(2.0)).is_err());
        // Nothing is written: any success rate passes, and no duration but zero does.
        let none = |name: &str| Metric { name: name.to_owned(), ..Metric::default() };
        assert!(none("request-success-rate").passes(Some(0.0)).is_ok() && none("request-duration").passes(Some(1.0)).is_err());
    }

    #[test]
    fn the_interval_after_the_last_failed_check_rolls_back() {
        let mut counter = Counter::new(3);
        let steps: Vec<Step> = [false, true, false, true, false, true, true].iter().map(|passes| counter.step(|| *passes)).collect();
        assert_eq!(steps, [Step::Halt, Step::Advance, Step::Halt, Step::Advance, Step::Halt, Step::RollBack, Step::RollBack]);
        assert_eq!((counter.failed(), counter.threshold()), (3, 3));
        assert_eq!(Counter::new(0).threshold(), 1, "as in Flagger");
    }

    #[test]
    fn a_range_that_nothing_passes_is_refused() {
        assert!(metric("x", Some(1.0), Some(1.0)).check().is_ok());
        assert!(metric("x", Some(2.0), Some(1.0)).check().is_err_and(|message| message.contains("nothing passes")));
        assert!(metric("", None, None).check().is_err());
    }
}
