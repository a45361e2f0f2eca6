//! Which defects a suite finds: one table, and one draw for each defect and kind of suite.
//!
//! The table says with what probability a suite of a kind finds a defect of a kind *where it looks*. Suites that run code
//! look only at what their tests reach, so the chance is coverage × effectiveness: a defect in code that no test reaches is
//! never found by testing. Suites that read code look everywhere.
//!
//! | | unit | integration | contract | lint | static analysis | security scan |
//! |---|---|---|---|---|---|---|
//! | does-not-compile | 1 | 1 | 1 | .8 | .95 | 0 |
//! | logic | .45 | .35 | .05 | .02 | .15 | 0 |
//! | integration | .05 | .65 | .50 | 0 | .05 | 0 |
//! | performance-regression | .02 | .05 | 0 | 0 | .05 | 0 |
//! | memory-leak | .02 | .05 | 0 | .02 | .25 | 0 |
//! | configuration | .02 | .30 | .05 | .10 | .10 | .20 |
//! | schema-incompatible | .02 | .25 | .85 | 0 | .05 | 0 |
//! | vulnerability | .02 | .02 | 0 | .05 | .35 | .55 |
//! | only-under-load | 0 | .03 | 0 | 0 | .08 | 0 |
//! | only-for-some-users | .10 | .05 | .02 | 0 | .03 | 0 |
//! | appears-later | .02 | .02 | 0 | 0 | .10 | 0 |
//!
//! What is published are rates over all defects of a project. *Code Complete* (2nd ed., table 20-2, after Jones 1986 and
//! 1996 and Shull 2002) has unit tests at 15–50 %, mostly 30 %, and integration tests at 25–40 %, mostly 35 %; Jones (*Get
//! Software Quality Right*, 2010) has static analysis at 55–90 % and says that it does little against dynamic problems
//! such as performance. With the usual coverage of 70 % the unit column gives 31 % of logic defects, and with its 50 % the
//! integration column gives 33 % of integration defects. The distribution over kinds of defect is chosen for Fleetlab: who
//! looks for something finds it (contract tests for schemas, scans for vulnerabilities), and what shows only under load,
//! for some users or later is hardly ever found before production, which is why canaries exist. Static analysis is far
//! below Jones's figure here, because most of what it finds would never trouble a user, and only what does is a defect here.
//!
//! The draw is a pure function of the seed, the defect and the kind of suite. The same suite finds or misses the same
//! defect however often it runs, so running it again finds nothing new; more coverage finds what less coverage found, and
//! more. To add a kind of defect or of suite, extend the table here and above.

use super::{Suite, SuiteKind};
use crate::delivery::change::DefectKind;
use crate::rng::Stream;
use crate::rng::purpose;

/// Whether a suite finds a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It fails because of it.
    Found,
    /// Its tests do not reach the code.
    NotCovered,
    /// It looks at the code and sees nothing wrong.
    Overlooked,
}

/// The probability that a suite finds a defect in what it looks at.
pub const fn effectiveness(suite: SuiteKind, defect: DefectKind) -> f64 {
    // In the order of SuiteKind::ALL.
    let row: [f64; 6] = match defect {
        DefectKind::DoesNotCompile => [1.0, 1.0, 1.0, 0.8, 0.95, 0.0],
        DefectKind::Logic => [0.45, 0.35, 0.05, 0.02, 0.15, 0.0],
        DefectKind::Integration => [0.05, 0.65, 0.50, 0.0, 0.05, 0.0],
        DefectKind::PerformanceRegression => [0.02, 0.05, 0.0, 0.0, 0.05, 0.0],
        DefectKind::MemoryLeak => [0.02, 0.05, 0.0, 0.02, 0.25, 0.0],
        DefectKind::Configuration => [0.02, 0.30, 0.05, 0.10, 0.10, 0.20],
        DefectKind::SchemaIncompatible => [0.02, 0.25, 0.85, 0.0, 0.05, 0.0],
        DefectKind::Vulnerability => [0.02, 0.02, 0.0, 0.05, 0.35, 0.55],
        DefectKind::OnlyUnderLoad => [0.0, 0.03, 0.0, 0.0, 0.08, 0.0],
        DefectKind::OnlyForSomeUsers => [0.10, 0.05, 0.02, 0.0, 0.03, 0.0],
        DefectKind::AppearsLater => [0.02, 0.02, 0.0, 0.0, 0.10, 0.0],
    };
    row[suite as usize]
}

/// The share of the code that a suite looks at when it looks for such a defect.
pub fn reach(kind: SuiteKind, suite: &Suite, defect: DefectKind) -> f64 {
    // What does not compile keeps every test from starting, whatever it reaches.
    if kind.runs_code() && defect != DefectKind::DoesNotCompile { suite.coverage.get() } else { 1.0 }
}

/// The probability that a suite finds a defect.
pub fn probability(kind: SuiteKind, suite: &Suite, defect: DefectKind) -> f64 {
    reach(kind, suite, defect) * effectiveness(kind, defect)
}

/// What a suite makes of a defect. `root` is the run's own stream; `id` names the defect.
pub fn verdict(root: Stream, kind: SuiteKind, suite: &Suite, id: u64, defect: DefectKind) -> Verdict {
    let mut stream = root.child(purpose::DETECT).child(kind as u64).child(id);
    // Both draws are made in this order always, so that coverage moves one threshold and nothing else.
    let (place, luck) = (stream.uniform(), stream.uniform());
    if place >= reach(kind, suite, defect) {
        Verdict::NotCovered
    } else if luck >= effectiveness(kind, defect) {
        Verdict::Overlooked
    } else {
        Verdict::Found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Ratio;

    fn covering(coverage: f64) -> Suite {
        Suite { coverage: Ratio::new(coverage), ..Suite::default() }
    }

    fn found(kind: SuiteKind, suite: &Suite, defect: DefectKind, n: u64) -> Vec<u64> {
        (0..n).filter(|&id| verdict(Stream::root(7), kind, suite, id, defect) == Verdict::Found).collect()
    }

    #[test]
    fn the_documentation_shows_the_table_that_is_used() {
        let source = include_str!("detect.rs");
        for defect in DefectKind::ALL {
            let row = source.lines().find(|line| line.starts_with(&format!("//! | {defect} |"))).expect("a row");
            let figures: Vec<f64> = row.split('|').skip(2).filter_map(|cell| cell.trim().parse().ok()).collect();
            let used: Vec<f64> = SuiteKind::ALL.iter().map(|&suite| effectiveness(suite, defect)).collect();
            assert_eq!(figures, used, "{defect}");
        }
    }

    #[test]
    fn as_much_is_found_as_coverage_times_effectiveness() {
        let n = 20_000;
        for kind in SuiteKind::ALL {
            for defect in DefectKind::ALL {
                for coverage in [0.0, 0.3, 0.7, 1.0] {
                    let suite = covering(coverage);
                    let p = probability(kind, &suite, defect);
                    let share = found(kind, &suite, defect, n).len() as f64 / n as f64;
                    let error = (p * (1.0 - p) / n as f64).sqrt();
                    assert!((share - p).abs() <= 4.0 * error, "{kind} × {defect} at {coverage}: {share} ≠ {p} ± {error}");
                }
            }
        }
    }

    #[test]
    fn uncovered_code_hides_its_defects_from_tests_but_not_from_readers() {
        let nothing = covering(0.0);
        assert!(found(SuiteKind::Unit, &nothing, DefectKind::Logic, 1_000).is_empty());
        assert_eq!(verdict(Stream::root(7), SuiteKind::Unit, &nothing, 1, DefectKind::Logic), Verdict::NotCovered);
        assert!(!found(SuiteKind::SecurityScan, &nothing, DefectKind::Vulnerability, 100).is_empty());
        assert_eq!(found(SuiteKind::Unit, &nothing, DefectKind::DoesNotCompile, 100).len(), 100, "nothing starts");
    }

    #[test]
    fn running_it_again_finds_nothing_new_and_more_coverage_loses_nothing() {
        let (less, more) = (covering(0.4), covering(0.8));
        let first = found(SuiteKind::Unit, &less, DefectKind::Logic, 2_000);
        assert_eq!(first, found(SuiteKind::Unit, &less, DefectKind::Logic, 2_000));
        let with_more = found(SuiteKind::Unit, &more, DefectKind::Logic, 2_000);
        assert!(first.iter().all(|id| with_more.binary_search(id).is_ok()));
        assert!(with_more.len() > first.len());
    }

    #[test]
    fn suites_of_different_kinds_miss_independently() {
        let n = 40_000;
        let suite = covering(1.0);
        let unit = found(SuiteKind::Unit, &suite, DefectKind::Logic, n);
        let both = found(SuiteKind::Integration, &suite, DefectKind::Logic, n).iter().filter(|id| unit.binary_search(id).is_ok()).count() as f64;
        let p = 0.45 * 0.35;
        assert!((both / n as f64 - p).abs() < 4.0 * (p * (1.0 - p) / n as f64).sqrt(), "{}", both / n as f64);
    }

    #[test]
    fn usual_suites_find_what_is_published() {
        let usual = |kind, defect| probability(kind, &Suite::usual(kind), defect);
        assert!((0.15..=0.50).contains(&usual(SuiteKind::Unit, DefectKind::Logic)));
        assert!((0.25..=0.40).contains(&usual(SuiteKind::Integration, DefectKind::Integration)));
    }
}
