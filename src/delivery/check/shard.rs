//! How long a suite takes: each test's time, dealt to executors and there to cores. The longest executor decides.
//!
//! A test's time is drawn once for ever from its suite and its number, so a slow test stays slow and adding executors
//! reshuffles no time. An executor gives the next test of its list to the core that is free first, as test runners do.
//! Nothing here knows what runs a test. To add a way of dealing, add a variant of [`Sharding`] and its arm in [`deal`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Suite;
use crate::rng::{Stream, mix};
use crate::units::SimSpan;

/// How tests are dealt to executors that run at the same time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sharding {
    /// In the order of their names, a run of neighbours to each; counts differ by one at most (CodeBuild's default).
    #[default]
    EqualDistribution,
    /// By a hash of the name, so that a new test moves no other; counts are as chance has it (CodeBuild's `stability`).
    Stability,
    /// By the times of earlier runs: the longest first, each to who has least to do (longest processing time first; Graham
    /// 1969 bounds it at 4/3 of the best). What hosted test splitters call "by timing".
    ByTiming,
}

/// How long a run takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunTime {
    /// Each executor's time, start-up included.
    pub executors: Vec<SimSpan>,
}

impl RunTime {
    /// What people wait for: the longest.
    pub fn longest(&self) -> SimSpan {
        self.executors.iter().copied().max().unwrap_or(SimSpan::ZERO)
    }
    /// By how much the longest exceeds the mean, as a factor [1]; 1 is perfect balance.
    pub fn imbalance(&self) -> f64 {
        let sum: f64 = self.executors.iter().map(|time| time.as_secs_f64()).sum();
        if sum > 0.0 { self.longest().as_secs_f64() * self.executors.len() as f64 / sum } else { 1.0 }
    }
}

/// Each test's time on one core. `stream` is the suite's own.
pub fn times(stream: Stream, suite: &Suite) -> Vec<SimSpan> {
    let mean = suite.mean.nanos() as f64;
    (0..u64::from(suite.tests)).map(|test| SimSpan::from_nanos((mean * lognormal(stream.at(test), suite.spread)).round() as u64)).collect()
}

/// A factor with mean 1 whose logarithm has this standard deviation. Drawn by Box and Muller's method through `libm`, so
/// that it is the same on every machine.
pub fn lognormal(mut stream: Stream, sigma: f64) -> f64 {
    if sigma <= 0.0 {
        return 1.0;
    }
    // 1 - u is never zero, so the logarithm is finite.
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - stream.uniform()));
    let normal = radius * libm::cos(std::f64::consts::TAU * stream.uniform());
    libm::exp(sigma * normal - sigma * sigma / 2.0)
}

/// Who gets which test: for each executor, numbers of tests in the order in which it runs them.
pub fn deal(times: &[SimSpan], sharding: Sharding, executors: u32) -> Vec<Vec<usize>> {
    let executors = executors.max(1) as usize;
    let mut hands = vec![Vec::new(); executors];
    match sharding {
        Sharding::EqualDistribution => {
            for (n, hand) in hands.iter_mut().enumerate() {
                hand.extend(n * times.len() / executors..(n + 1) * times.len() / executors);
            }
        }
        Sharding::Stability => {
            for test in 0..times.len() {
                hands[(mix(test as u64) % executors as u64) as usize].push(test);
            }
        }
        Sharding::ByTiming => {
            let mut longest_first: Vec<usize> = (0..times.len()).collect();
            longest_first.sort_by_key(|&test| Reverse(times[test]));
            let mut least: BinaryHeap<Reverse<(u64, usize)>> = (0..executors).map(|n| Reverse((0, n))).collect();
            for test in longest_first {
                let Some(Reverse((load, n))) = least.pop() else { break };
                hands[n].push(test);
                least.push(Reverse((load + times[test].nanos(), n)));
            }
        }
    }
    hands
}

/// How long so many cores need for tests in this order, each taking the next one when it is free.
pub fn on_cores(times: impl IntoIterator<Item = SimSpan>, cores: u32) -> SimSpan {
    let mut free: BinaryHeap<Reverse<u64>> = (0..cores.max(1)).map(|_| Reverse(0)).collect();
    let mut end = 0;
    for time in times {
        let Some(Reverse(from)) = free.pop() else { break };
        let until = from.saturating_add(time.nanos());
        end = end.max(until);
        free.push(Reverse(until));
    }
    SimSpan::from_nanos(end)
}

/// How long a suite takes on so many executors with so many cores each. `stream` is the suite's own.
pub fn run_time(stream: Stream, suite: &Suite, executors: u32, cores: u32) -> RunTime {
    let times = times(stream, suite);
    let cores = if suite.parallel { cores } else { 1 };
    let hands = deal(&times, suite.sharding, executors);
    RunTime { executors: hands.iter().map(|hand| suite.startup + on_cores(hand.iter().map(|&test| times[test]), cores)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Ratio;

    fn suite(tests: u32, spread: f64) -> Suite {
        Suite { tests, spread, mean: SimSpan::from_secs(1), startup: SimSpan::from_secs(5), ..Suite::default() }
    }

    #[test]
    fn equal_tests_take_the_rounds_that_cores_need() {
        // ⌈⌈100 ÷ executors⌉ ÷ cores⌉ rounds of a second, and five seconds to start.
        for (executors, cores, seconds) in [(1, 1, 105), (1, 4, 30), (4, 1, 30), (4, 2, 18), (3, 2, 22), (200, 1, 6)] {
            let time = run_time(Stream::root(1), &suite(100, 0.0), executors, cores);
            assert_eq!(time.longest(), SimSpan::from_secs(seconds), "{executors} executors with {cores} cores");
            assert_eq!(time.executors.len(), executors as usize);
        }
        let alone = Suite { parallel: false, ..suite(100, 0.0) };
        assert_eq!(run_time(Stream::root(1), &alone, 1, 16).longest(), SimSpan::from_secs(105), "a runner that uses one core");
        assert_eq!(run_time(Stream::root(1), &suite(0, 0.0), 2, 2).longest(), SimSpan::from_secs(5), "nothing to test still starts");
    }

    #[test]
    fn every_test_is_dealt_once_whatever_the_way() {
        let times = times(Stream::root(2), &suite(1_003, 1.0));
        for sharding in [Sharding::EqualDistribution, Sharding::Stability, Sharding::ByTiming] {
            let hands = deal(&times, sharding, 7);
            let mut all: Vec<usize> = hands.concat();
            all.sort_unstable();
            assert_eq!(all, (0..1_003).collect::<Vec<_>>(), "{sharding:?}");
            if sharding == Sharding::EqualDistribution {
                assert!(hands.iter().all(|hand| (143..=144).contains(&hand.len())));
                assert!(hands.iter().all(|hand| hand.is_sorted()), "neighbours stay together");
            }
        }
    }

    #[test]
    fn stability_moves_no_test_when_one_is_added() {
        let few = deal(&times(Stream::root(2), &suite(100, 1.0)), Sharding::Stability, 5);
        let more = deal(&times(Stream::root(2), &suite(101, 1.0)), Sharding::Stability, 5);
        for (before, after) in few.iter().zip(&more) {
            assert!(after.starts_with(before));
        }
    }

    #[test]
    fn dealing_by_timing_balances_best_and_hashing_worst() {
        let of = |sharding| run_time(Stream::root(3), &Suite { sharding, startup: SimSpan::ZERO, ..suite(400, 1.0) }, 8, 1).imbalance();
        let (chunks, hash, timing) = (of(Sharding::EqualDistribution), of(Sharding::Stability), of(Sharding::ByTiming));
        assert!(timing < 1.02 && timing < chunks && chunks < hash, "{timing} {chunks} {hash}");
    }

    #[test]
    fn the_longest_test_bounds_what_executors_can_do() {
        let times = times(Stream::root(4), &suite(200, 1.5));
        let slowest = times.iter().copied().max().expect("tests");
        let time = run_time(Stream::root(4), &Suite { sharding: Sharding::ByTiming, ..suite(200, 1.5) }, 200, 4);
        assert_eq!(time.longest(), SimSpan::from_secs(5) + slowest);
    }

    #[test]
    fn drawn_times_have_the_mean_and_spread_that_were_asked_for() {
        let n = 40_000;
        for sigma in [0.3, 1.0] {
            let times = times(Stream::root(5), &suite(n, sigma));
            let secs: Vec<f64> = times.iter().map(|time| time.as_secs_f64()).collect();
            let mean = secs.iter().sum::<f64>() / f64::from(n);
            // Variance of a lognormal with mean 1: exp(σ²) - 1.
            let error = ((sigma * sigma).exp_m1() / f64::from(n)).sqrt();
            assert!((mean - 1.0).abs() < 4.0 * error, "σ {sigma}: mean {mean}, standard error {error}");
            let logs: Vec<f64> = secs.iter().map(|time| time.ln()).collect();
            let centre = logs.iter().sum::<f64>() / f64::from(n);
            let sd = (logs.iter().map(|log| (log - centre).powi(2)).sum::<f64>() / f64::from(n)).sqrt();
            // Standard error of a standard deviation: σ ÷ √(2n).
            assert!((sd - sigma).abs() < 4.0 * sigma / f64::from(2 * n).sqrt(), "{sd}");
        }
    }

    #[test]
    fn a_tests_time_does_not_depend_on_how_many_there_are_or_on_flakes() {
        let few = times(Stream::root(6), &suite(10, 1.0));
        let many = times(Stream::root(6), &Suite { flake: Ratio::new(0.5), ..suite(20, 1.0) });
        assert_eq!(few[..], many[..10]);
    }
}
