//! Whether a signal moved from one stretch of time to another, or only looks so because little was counted.
//!
//! | signal | it moved if |
//! |---|---|
//! | share of failures | it changed by half a point, and by three standard errors (two proportions, pooled) |
//! | latency at a quantile | it changed by a tenth, and the ranges in which the quantile lies do not overlap |
//! | share of busy workers | it changed by five points; it is measured, not sampled |
//!
//! A quantile q of n answers lies between those of rank n·q ± 3·√(n·q·(1−q)), whatever their distribution (order
//! statistics, normal approximation of the binomial: 99.7 %). Three rather than two, because many signals are looked at, and
//! because requests in one queue resemble each other. The 99th percentile is looked at from 1,000 answers on, when ten of
//! them lie beyond it, the median from 20 on.

use crate::telemetry::window::Window;

/// Answers from which on a 99th percentile means something: ten lie beyond it.
pub const ENOUGH_FOR_P99: u64 = 1_000;
/// Answers from which on a median means something.
pub const ENOUGH_FOR_P50: u64 = 20;
/// How many standard errors are more than chance.
const SIGMAS: f64 = 3.0;
/// A smaller change of the share of failures is not worth a word.
const LEAST_ERRORS: f64 = 0.005;
/// A smaller relative change of latency is not worth a word.
const LEAST_LATENCY: f64 = 0.1;
/// A smaller change of the share of busy workers is not worth a word.
const LEAST_BUSY: f64 = 0.05;

/// What was counted over a stretch of time, as far as it takes part in a comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sample {
    requests: u64,
    error_ratio: Option<f64>,
    p50: Option<Quantile>,
    p99: Option<Quantile>,
    /// Share of workers in use, 0…1; `None` where there are none.
    busy: Option<f64>,
}

/// A quantile [ns] and the range in which it lies.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Quantile {
    at: f64,
    low: f64,
    high: f64,
}

/// By how much each signal moved; `None` where it did not, or where too little was counted to say.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moved {
    /// Share of failures: the difference.
    pub errors: Option<f64>,
    /// Median latency: the logarithm of the ratio.
    pub p50: Option<f64>,
    /// 99th percentile of latency: the logarithm of the ratio.
    pub p99: Option<f64>,
    /// Share of busy workers: the difference.
    pub busy: Option<f64>,
}

impl From<&Window> for Sample {
    fn from(window: &Window) -> Self {
        let answers = window.latency.count();
        let quantile = |q: f64, enough: u64| {
            let error = SIGMAS * (q * (1.0 - q) / answers as f64).sqrt();
            let at = |q: f64| window.latency.quantile(q.clamp(0.0, 1.0));
            if answers >= enough { Some(Quantile { at: at(q)?, low: at(q - error)?, high: at(q + error)? }) } else { None }
        };
        Self {
            requests: window.counts.requests,
            error_ratio: window.counts.error_ratio(),
            p50: quantile(0.5, ENOUGH_FOR_P50),
            p99: quantile(0.99, ENOUGH_FOR_P99),
            busy: window.load.utilisation(),
        }
    }
}

impl Sample {
    /// The same with workers that were counted elsewhere: what callers saw has none.
    #[must_use]
    pub const fn with_busy(self, busy: Option<f64>) -> Self {
        Self { busy, ..self }
    }
    /// How the signals moved from this stretch of time to a later one.
    pub fn moved_to(&self, later: &Self) -> Moved {
        Moved {
            errors: self.errors_to(later),
            p50: latency(self.p50, later.p50),
            p99: latency(self.p99, later.p99),
            busy: self.busy.zip(later.busy).map(|(before, now)| now - before).filter(|change| change.abs() >= LEAST_BUSY),
        }
    }

    fn errors_to(&self, later: &Self) -> Option<f64> {
        let (before, now) = self.error_ratio.zip(later.error_ratio)?;
        let (n, m) = (self.requests as f64, later.requests as f64);
        let pooled = (before * n + now * m) / (n + m);
        let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
        Some(now - before).filter(|change| change.abs() >= LEAST_ERRORS && change.abs() > SIGMAS * error)
    }
}

fn latency(before: Option<Quantile>, now: Option<Quantile>) -> Option<f64> {
    let (before, now) = before.zip(now)?;
    let apart = before.high < now.low || now.high < before.low;
    let change = (now.at.max(1.0) / before.at.max(1.0)).ln();
    Some(change).filter(|change| apart && change.abs() >= LEAST_LATENCY)
}

impl Moved {
    /// How much that is in all: a point of failures weighs as much as a tenth more latency, ten points of busy workers too.
    pub fn size(&self) -> f64 {
        let [errors, p50, p99, busy] = [self.errors, self.p50, self.p99, self.busy].map(|change| change.unwrap_or(0.0).abs());
        errors * 10.0 + p50.max(p99) + busy
    }
    /// What moved here or there; where both did, the larger movement.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let larger = |one: Option<f64>, two: Option<f64>| one.into_iter().chain(two).max_by(|a, b| a.abs().total_cmp(&b.abs()));
        Self {
            errors: larger(self.errors, other.errors),
            p50: larger(self.p50, other.p50),
            p99: larger(self.p99, other.p99),
            busy: larger(self.busy, other.busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::outcome::{Outcome, Reason};
    use crate::kernel::record::Recorder as _;
    use crate::rng::Stream;
    use crate::telemetry::testing::{entry, store};
    use crate::telemetry::whole;
    use crate::units::SimTime;

    /// A minute with so many exponential latencies of a mean [ms], of which every `fails`-th fails.
    fn minute(answers: u64, mean: f64, fails: u64, seed: u64) -> Sample {
        let (mut store, mut stream) = (store(1, SimTime::ZERO), Stream::from_key(seed));
        for at in 0..answers {
            let outcome = if fails > 0 && at % fails == 0 { Outcome::Failed(Reason::Timeout) } else { Outcome::Ok };
            let latency = (-(stream.uniform().max(1e-12)).ln() * mean * 1e6) as u64;
            store.entries(&[crate::kernel::record::Entry { latency, ..entry(0, outcome) }]);
        }
        store.window(SimTime::from_secs(60), &[], &[]);
        let windows = store.entry_windows(None, SimTime::ZERO, SimTime::NEVER);
        Sample::from(&whole(windows.iter().map(AsRef::as_ref)).expect("a window"))
    }

    #[test]
    fn chance_is_no_movement() {
        let mut moved = 0;
        for seed in 0..200 {
            let change = minute(1_200, 20.0, 0, 2 * seed).moved_to(&minute(1_200, 20.0, 0, 2 * seed + 1));
            moved += u32::from(change != Moved::default());
        }
        assert!(moved <= 2, "{moved} of 200 comparisons of the same thing");
        assert_eq!(minute(30, 20.0, 0, 1).moved_to(&minute(30, 20.0, 10, 2)).errors, None, "three of thirty");
    }

    #[test]
    fn what_moves_is_seen() {
        let base = minute(2_000, 20.0, 0, 1);
        assert!(base.moved_to(&minute(2_000, 40.0, 0, 2)).p99.is_some_and(|change| (change - 2_f64.ln()).abs() < 0.2));
        assert!(base.moved_to(&minute(2_000, 20.0, 50, 3)).errors.is_some_and(|change| (change - 0.02).abs() < 1e-9));
        let few = minute(100, 20.0, 0, 4).moved_to(&minute(100, 60.0, 0, 5));
        assert!(few.p99.is_none() && few.p50.is_some(), "a hundred answers have a median, but no 99th percentile");
    }
}
