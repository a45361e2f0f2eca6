//! Flaky tests: runs that fail although nothing is wrong with the change, and what retrying does about it.
//!
//! With n tests that each fail by mistake with probability p, a run fails with probability 1 − (1 − p)ⁿ: a thousand tests
//! that are right 99.9 % of the time fail 63 % of all runs. Trying only the failed tests again, r times, makes that
//! 1 − (1 − pʳ⁺¹)ⁿ. Tests are taken as independent; genuine flakes often fail together, because they share what is flaky.
//! Each run draws anew. Defects are the business of [`super::detect`].

use super::{MOST_RETRIES, Suite};
use crate::rng::Stream;

/// What flakes did to one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlakyRun {
    /// Tests that failed at the first attempt, by number, in order.
    pub failed: Vec<u32>,
    /// How many attempts there were beyond the first, over all tests.
    pub retried: u32,
    /// Tests that failed at every attempt: they fail the suite.
    pub still_failing: Vec<u32>,
}

impl FlakyRun {
    /// Whether the suite passes.
    pub fn passes(&self) -> bool {
        self.still_failing.is_empty()
    }
}

/// The probability that a run of so many tests fails although nothing is wrong.
pub fn false_alarm(tests: u32, flake: f64, retries: u32) -> f64 {
    let flake = flake.clamp(0.0, 1.0);
    // As 1 - exp(n·ln(1 - q)), which keeps its digits where q is tiny.
    let every_attempt = flake.powi(retries.min(MOST_RETRIES) as i32 + 1);
    -libm::expm1(f64::from(tests) * libm::log1p(-every_attempt))
}

/// One run of a suite. `stream` is the suite's own; `run` counts its runs.
pub fn run(stream: Stream, suite: &Suite, run: u64) -> FlakyRun {
    let flake = suite.flake.get();
    let stream = stream.child(run);
    let failed = failures(stream.child(0), suite.tests, flake);
    let mut outcome = FlakyRun { failed, ..FlakyRun::default() };
    outcome.still_failing.clone_from(&outcome.failed);
    for attempt in 1..=u64::from(suite.retries.min(MOST_RETRIES)) {
        outcome.retried += outcome.still_failing.len() as u32;
        let again = stream.child(attempt);
        outcome.still_failing.retain(|&test| again.at(u64::from(test)).uniform() < flake);
    }
    outcome
}

/// Which of so many tests fail at the first attempt. From one failure to the next it jumps: the gap is geometric, and
/// flakes are so rare that this saves nearly all draws.
fn failures(mut stream: Stream, tests: u32, flake: f64) -> Vec<u32> {
    if flake <= 0.0 {
        return Vec::new();
    }
    if flake >= 1.0 {
        return (0..tests).collect();
    }
    let scale = libm::log1p(-flake);
    let mut failed = Vec::new();
    let mut next = 0.0;
    loop {
        next += libm::floor(libm::log(1.0 - stream.uniform()) / scale);
        if next >= f64::from(tests) {
            return failed;
        }
        failed.push(next as u32);
        next += 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Ratio;

    fn suite(tests: u32, flake: f64, retries: u32) -> Suite {
        Suite { tests, flake: Ratio::new(flake), retries, ..Suite::default() }
    }

    #[test]
    fn the_formula_has_its_well_known_values() {
        // (tests, flake, retries, probability)
        for (tests, flake, retries, expected) in
            [(1_000, 0.001, 0, 0.632_305), (1_000, 0.001, 1, 0.000_999_5), (500, 0.01, 0, 0.993_430), (500, 0.01, 1, 0.048_773_0), (1, 0.5, 2, 0.125)]
        {
            let got = false_alarm(tests, flake, retries);
            assert!((got - expected).abs() < 1e-6, "{tests} tests, {flake}, {retries} retries: {got}");
        }
        assert!(false_alarm(0, 0.5, 0).abs() < 1e-15);
        assert!((false_alarm(10, 1.0, 3) - 1.0).abs() < 1e-15);
        let tiny = false_alarm(1, 1e-12, 0);
        assert!((tiny / 1e-12 - 1.0).abs() < 1e-9, "{tiny}");
    }

    #[test]
    fn runs_fail_as_often_as_the_formula_says() {
        let runs = 20_000;
        for (tests, flake, retries) in [(1_000, 0.000_1, 0), (300, 0.003, 0), (300, 0.02, 1), (100, 0.1, 2), (20, 0.3, 3)] {
            let suite = suite(tests, flake, retries);
            let failed = (0..runs).filter(|&n| !run(Stream::root(9), &suite, n).passes()).count() as f64;
            let expected = false_alarm(tests, flake, retries);
            let error = (expected * (1.0 - expected) / runs as f64).sqrt();
            assert!((failed / runs as f64 - expected).abs() < 4.0 * error, "{tests} {flake} {retries}: {} ≠ {expected} ± {error}", failed / runs as f64);
        }
    }

    #[test]
    fn as_many_tests_fail_first_and_are_retried_as_expected() {
        let (runs, tests, flake) = (5_000_u64, 400, 0.01);
        let suite = suite(tests, flake, 2);
        let (mut failed, mut retried) = (0.0, 0.0);
        for n in 0..runs {
            let run = run(Stream::root(10), &suite, n);
            assert!(run.failed.is_sorted() && run.failed.iter().all(|&test| test < tests));
            failed += run.failed.len() as f64;
            retried += f64::from(run.retried);
        }
        let n = runs as f64 * f64::from(tests);
        let error = |p: f64| (n * p * (1.0 - p)).sqrt();
        assert!((failed - n * flake).abs() < 4.0 * error(flake), "{failed}");
        // Second attempts at p, third ones at p²; together nearly as variable as the first.
        let expected = n * flake * (1.0 + flake);
        assert!((retried - expected).abs() < 4.0 * error(flake) * (1.0 + flake), "{retried} ≠ {expected}");
    }

    #[test]
    fn each_run_draws_anew_and_replays_alike() {
        let suite = suite(200, 0.02, 1);
        assert_eq!(run(Stream::root(1), &suite, 3), run(Stream::root(1), &suite, 3));
        assert!((0..20).any(|n| run(Stream::root(1), &suite, n) != run(Stream::root(1), &suite, n + 1)));
        assert_eq!(run(Stream::root(1), &Suite { flake: Ratio::ONE, ..suite.clone() }, 0).still_failing.len(), 200);
        assert!(run(Stream::root(1), &Suite { flake: Ratio::ZERO, ..suite }, 0).passes());
    }
}
