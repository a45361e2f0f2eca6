//! The simulation against what is known: queueing theory, published phenomena, the exact rules of real systems.
//!
//! Every test runs a shipped scenario, so that what is proven is what people open. Tolerances are three to four standard
//! errors at the size of the run (queues near saturation are strongly autocorrelated, so they are wider than they look);
//! they must hold for any seed, and the seeds below are not chosen. One file per family.

mod backoff;
mod balance;
mod behaviour;
mod metastable;
mod phenomena;
mod queueing;
mod reference;
mod resilience;
mod shipped;
mod tail;

use std::sync::Arc;

use fleetlab::ids::ServiceId;
use fleetlab::kernel::model::QueueOrder;
use fleetlab::kernel::outcome::Reason;
use fleetlab::lab::Session;
use fleetlab::scenario::Action;
use fleetlab::telemetry::store::Totals;
use fleetlab::units::SimTime;

/// A scenario run to its end with a seed.
fn run_seed(name: &str, seed: u64) -> Session {
    let scenario = Arc::new(fleetlab::content::load(name).unwrap_or_else(|error| panic!("{name}: {error}")).scenario);
    let mut session = Session::new(scenario, seed);
    session.run();
    check_littles_law(name, &session);
    session
}

/// A scenario run to its end with its own seed.
fn run(name: &str) -> Session {
    let seed = fleetlab::content::load(name).unwrap_or_else(|error| panic!("{name}: {error}")).scenario.seed;
    run_seed(name, seed)
}

/// Little's law holds for every service of every run: the integral of the number in the system and the sum of the
/// sojourn times are counted apart, and agree within 0.5 % and what was present at the two ends of the run can account for.
fn check_littles_law(name: &str, session: &Session) {
    if session.scenario().timeline.iter().any(|timed| matches!(timed.action, Action::Restart { silent: true, .. })) {
        // What vanished with its machine is in the integral, and no server saw it end.
        return;
    }
    for service in session.store().services() {
        let queue = &session.scenario().model.services[service.index()].server.queue;
        if queue.order == QueueOrder::Lifo {
            // What came first may stay for ever: it is in the integral and never in the sum.
            continue;
        }
        let totals = session.store().service_totals(service);
        let Some(little) = fleetlab::insight::little::little(&totals) else { continue };
        let Some(gap) = little.gap() else { continue };
        // Requests present at the ends are in the integral but not, or not wholly, in the sum: up to the longest sojourns.
        let present = session.store().instances_of(service).map(|instance| session.view(instance).in_system).sum::<u32>();
        let at_the_ends = f64::from(present + 3) * totals.latency.quantile(0.99).unwrap_or(0.0).max(1e6) / totals.load.in_system_area.max(1) as f64;
        assert!(gap.abs() < 0.005 + at_the_ends, "{name}: service {} breaks Little's law by {gap}", service.0);
    }
}

/// What users got in a whole run.
fn entry(session: &Session) -> Totals {
    session.store().entry_totals(None)
}

/// What a service's servers saw in a whole run.
fn service(session: &Session, name: &str) -> Totals {
    session.store().service_totals(service_id(session, name))
}

fn service_id(session: &Session, name: &str) -> ServiceId {
    let index = session.scenario().model.services.iter().position(|service| service.name == name);
    ServiceId::from_index(index.unwrap_or_else(|| panic!("there is no service {name}")))
}

/// Share of users' requests that were answered between two times [s].
fn goodput_ratio(session: &Session, from: u64, to: u64) -> f64 {
    let windows = session.store().entry_windows(None, SimTime::from_secs(from), SimTime::from_secs(to));
    let (answered, all) = windows.iter().fold((0, 0), |sum, window| (sum.0 + window.counts.answered, sum.1 + window.counts.requests));
    answered as f64 / all as f64
}

/// Attempts that reached a service between two times [1/s].
fn arrivals_per_second(session: &Session, name: &str, from: u64, to: u64) -> f64 {
    let windows = session.store().service_windows(service_id(session, name), SimTime::from_secs(from), SimTime::from_secs(to));
    windows.iter().map(|window| window.load.arrivals).sum::<u64>() as f64 / (to - from) as f64
}

/// Mean latency [ms].
fn mean_ms(totals: &Totals) -> f64 {
    totals.counts.mean_latency().expect("something was answered") / 1e6
}

/// A quantile of latency [ms].
fn quantile_ms(totals: &Totals, q: f64) -> f64 {
    totals.latency.quantile(q).expect("something was answered") / 1e6
}

/// Share of requests that failed for a reason.
fn failed_share(totals: &Totals, reason: Reason) -> f64 {
    totals.counts.failures.of(reason) as f64 / totals.counts.requests as f64
}

/// Asserts that a measured value is within a relative tolerance of the true one.
#[track_caller]
fn close(what: &str, measured: f64, truth: f64, tolerance: f64) {
    let off = measured / truth - 1.0;
    assert!(off.abs() <= tolerance, "{what}: {measured:.4} instead of {truth:.4}: off by {:.2} %, allowed are {:.2} %", off * 100.0, tolerance * 100.0);
}
