//! Test suites: how long they take, how often they cry wolf, and which defects they find.
//!
//! ```text
//!  Suite ──► shard   each test's time, split over executors and cores; the longest decides
//!        ──► flake   runs that fail although nothing is wrong, and what retrying does about it
//!        ──► detect  kind of suite × kind of defect → found or missed, once and for all
//! ```
//!
//! A suite is numbers: no test is ever run. Nothing here knows commands, builds or pipelines; those ask. To add a kind of
//! suite: a variant of [`SuiteKind`], its usual figures in [`Suite::usual`], and its column in [`detect`].

pub mod detect;
pub mod flake;
pub mod shard;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choice::params;
use crate::units::{Ratio, SimSpan};
use shard::Sharding;

/// Tests of one suite. Large monorepos have tens of thousands; each costs a draw.
pub const MOST_TESTS: u32 = 100_000;
/// Times that a failed test is tried again.
pub const MOST_RETRIES: u32 = 10;
/// Largest `spread` [1]: beyond it the mean of a lognormal comes from tests that nobody ever meets.
pub const MOST_SPREAD: f64 = 3.0;

/// A kind of suite, by what it looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SuiteKind {
    /// Runs one part alone.
    Unit,
    /// Runs several parts together, with their databases and neighbours or stand-ins for them.
    Integration,
    /// Compares what a service says with what its neighbours were promised.
    Contract,
    /// Reads the code for style and suspicious patterns.
    Lint,
    /// Reads the code and follows values through it.
    StaticAnalysis,
    /// Looks for known vulnerabilities, secrets and dangerous settings.
    SecurityScan,
}

impl SuiteKind {
    /// Every kind, in the order of the columns of [`detect`].
    pub const ALL: [Self; 6] = [Self::Unit, Self::Integration, Self::Contract, Self::Lint, Self::StaticAnalysis, Self::SecurityScan];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Integration => "integration",
            Self::Contract => "contract",
            Self::Lint => "lint",
            Self::StaticAnalysis => "static-analysis",
            Self::SecurityScan => "security-scan",
        }
    }

    /// Whether it runs the code, and so sees only what its tests reach.
    pub const fn runs_code(self) -> bool {
        matches!(self, Self::Unit | Self::Integration | Self::Contract)
    }
}

impl fmt::Display for SuiteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

params! {
    /// A suite of one kind. The defaults are those of unit tests; [`Suite::usual`] has those of the other kinds.
    pub struct Suite {
        /// Tests that run code, or files that are read [1], 0 to 100,000. Default 500 (chosen for Fleetlab: one test for every
        /// forty lines of a service of 20,000).
        pub tests: u32 = 500,
        /// Mean time of one test on one core. Default 50 ms (chosen for Fleetlab: most unit tests take milliseconds, a few that
        /// touch a disk or a clock take most of the time).
        pub mean: SimSpan = SimSpan::from_millis(50),
        /// How unlike the tests are: standard deviation of the logarithm of their times [1], 0 (all alike) to 3. Default 1
        /// (chosen for Fleetlab: the slowest 5 % then take a fifth of the whole time).
        pub spread: f64 = 1.0,
        /// Time until the first test starts, on every executor. Default 5 s (chosen for Fleetlab: loading the runner and the
        /// program).
        pub startup: SimSpan = SimSpan::from_secs(5),
        /// Whether the runner uses all cores of its machine. Default true (Jest, Maven Surefire with forks, `go test`).
        pub parallel: bool = true,
        /// How tests are dealt to executors. Default equal-distribution (CodeBuild).
        pub sharding: Sharding = Sharding::EqualDistribution,
        /// Probability that a test fails in a run although nothing is wrong. Default 0 (no test is flaky).
        pub flake: Ratio = Ratio::ZERO,
        /// How often the tests that failed are tried again before the suite fails [1], 0 to 10. Default 0 (most runners).
        pub retries: u32 = 0,
        /// Share of the code that its tests reach; it does not matter to suites that only read. Default 70 % (chosen for
        /// Fleetlab).
        pub coverage: Ratio = Ratio::new(0.7),
    }
}

/// What a suite must not be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SuiteError {
    /// Too many tests.
    #[error("{0} tests are more than the simulation takes; the largest suite has {MOST_TESTS}")]
    Tests(u32),
    /// Too many retries.
    #[error("{0} retries are more than anybody waits for; the most is {MOST_RETRIES}")]
    Retries(u32),
    /// A spread that is no spread.
    #[error("`spread` is {0}; write 0 to {MOST_SPREAD}")]
    Spread(f64),
}

impl Suite {
    /// The figures of a usual suite of a kind (chosen for Fleetlab, as the test pyramid has it: many small tests, few large
    /// ones). Suites that read code have a "test" for each of the files of a service of 20,000 lines.
    pub fn usual(kind: SuiteKind) -> Self {
        let of = |tests, millis, startup, parallel, coverage: f64| Self {
            tests,
            mean: SimSpan::from_millis(millis),
            startup: SimSpan::from_secs(startup),
            parallel,
            coverage: Ratio::new(coverage),
            ..Self::default()
        };
        match kind {
            SuiteKind::Unit => Self::default(),
            // They share a database, so one after the other; starting it and its neighbours takes most of a minute.
            SuiteKind::Integration => of(80, 2_000, 40, false, 0.5),
            SuiteKind::Contract => of(40, 250, 10, false, 0.9),
            SuiteKind::Lint => of(200, 40, 3, true, 1.0),
            SuiteKind::StaticAnalysis => of(200, 400, 20, true, 1.0),
            SuiteKind::SecurityScan => of(200, 60, 15, true, 1.0),
        }
    }

    /// Refuses what is out of range.
    pub fn checked(&self) -> Result<(), SuiteError> {
        if self.tests > MOST_TESTS {
            return Err(SuiteError::Tests(self.tests));
        }
        if self.retries > MOST_RETRIES {
            return Err(SuiteError::Retries(self.retries));
        }
        if !(0.0..=MOST_SPREAD).contains(&self.spread) {
            return Err(SuiteError::Spread(self.spread));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_suites_are_within_their_own_bounds_and_others_are_refused() {
        for kind in SuiteKind::ALL {
            assert_eq!(Suite::usual(kind).checked(), Ok(()), "{kind}");
            assert_eq!(serde_json::to_string(&kind).expect("a name"), format!("\"{kind}\""));
        }
        let default = Suite::default;
        assert_eq!(Suite { tests: MOST_TESTS + 1, ..default() }.checked(), Err(SuiteError::Tests(100_001)));
        assert_eq!(Suite { retries: 11, ..default() }.checked(), Err(SuiteError::Retries(11)));
        assert!(Suite { spread: f64::NAN, ..default() }.checked().is_err());
        assert_eq!(Suite { spread: -0.5, ..default() }.checked().map_err(|error| error.to_string()), Err("`spread` is -0.5; write 0 to 3".to_owned()));
    }
}
