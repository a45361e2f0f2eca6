//! Retries, budgets and breakers, through whole scenarios.

use fleetlab::units::SimTime;

use crate::{arrivals_per_second, close, run, service_id};

/// Requests of users that began between two times [s].
fn asked(session: &fleetlab::lab::Session, from: u64, to: u64) -> f64 {
    let windows = session.store().entry_windows(None, SimTime::from_secs(from), SimTime::from_secs(to));
    windows.iter().map(|window| window.counts.requests).sum::<u64>() as f64
}

#[test]
fn four_attempts_in_three_layers_are_64() {
    // The load pauses from 115 to 120 s and from 290 s on, so that what is counted in between is whole.
    let session = run("retry-amplification");
    let attempts = arrivals_per_second(&session, "database", 118, 295) * 177.0;
    let requests = asked(&session, 118, 295);
    assert!(requests > 3_000.0);
    // The database refuses while its fault lasts; what it refuses does not enter, so the calls are counted at the caller.
    let edge = session.store().edge_index(fleetlab::kernel::command::Caller::Service(service_id(&session, "backend")), service_id(&session, "database"));
    let windows = session.store().edge_windows(edge.expect("the backend calls the database"), SimTime::from_secs(118), SimTime::from_secs(295));
    let calls = windows.map(|window| window.counts.requests).sum::<u64>() as f64;
    assert!((calls / requests - 64.0).abs() < 1e-9, "{calls} calls for {requests} requests, {attempts} admitted");
}

#[test]
fn a_budget_of_ten_percent_caps_each_layer() {
    let session = run("retry-amplification-budget");
    let edge = session.store().edge_index(fleetlab::kernel::command::Caller::Service(service_id(&session, "backend")), service_id(&session, "database"));
    let windows: Vec<_> =
        session.store().edge_windows(edge.expect("the backend calls the database"), SimTime::from_secs(150), SimTime::from_secs(280)).collect();
    let calls = windows.iter().map(|window| window.counts.requests).sum::<u64>() as f64;
    let retries = windows.iter().map(|window| window.counts.retries).sum::<u64>() as f64;
    close("attempts per first attempt", calls / (calls - retries), 1.10, 0.01);
}
