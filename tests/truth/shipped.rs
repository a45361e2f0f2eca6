//! Every shipped scenario runs, in a build that notices every broken count.

use std::sync::Arc;

use fleetlab::lab::Session;
use fleetlab::units::SimTime;

#[test]
fn every_shipped_scenario_runs_without_a_broken_count() {
    for entry in fleetlab::content::library() {
        let scenario = fleetlab::content::load(&entry.name).unwrap_or_else(|error| panic!("{}: {error}", entry.name)).scenario;
        let mut session = Session::new(Arc::new(scenario), 7);
        // Long ones only repeat themselves after this.
        session.advance_to(SimTime::from_secs(20 * 60));
        assert!(session.store().run_counts().requests > 0, "{}: nobody asked for anything", entry.name);
    }
}
