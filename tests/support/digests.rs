//! Digests of short runs, as written down: the same in a debug and in an optimised build, on any machine.
//!
//! The tests check them in one build and the kernel's bench in the other. They change when the simulation changes, and
//! only then: whoever means to change it replaces the lines by those that the failure prints, and says so in the changelog.

use std::sync::Arc;

use fleetlab::lab::Session;
use fleetlab::units::SimTime;

/// Scenario, simulated seconds, digest.
const DIGESTS: &str = include_str!("digests.txt");

/// Runs every line; panics with the lines as they should be, if any is different.
pub(crate) fn check() {
    let actual: Vec<String> = DIGESTS
        .lines()
        .map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next().expect("a line begins with a scenario");
            let seconds: u64 = words.next().and_then(|word| word.parse().ok()).expect("then come seconds");
            let scenario = fleetlab::content::load(name).unwrap_or_else(|error| panic!("{name}: {error}")).scenario;
            let mut session = Session::new(Arc::new(scenario), 42);
            session.advance_to(SimTime::from_secs(seconds));
            format!("{name} {seconds} {}", session.digest())
        })
        .collect();
    let written: Vec<&str> = DIGESTS.lines().collect();
    assert!(actual == written, "the simulation has changed; it now comes to\n{}", actual.join("\n"));
}
