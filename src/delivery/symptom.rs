//! Where it hurts, as a service map shows it: which versions answer with errors of their own, which services cannot be reached, and which
//! became slow by themselves.
//!
//! A fault that a service answers with because one that it calls failed is not its own, and neither is the time that it waits for
//! one that became slow. Whoever is on call looks here before the list of deployments.

use crate::ids::{ServiceId, VersionId};
use crate::kernel::command::Caller;
use crate::kernel::outcome::Reason;
use crate::telemetry::store::Store;
use crate::telemetry::window::Window;
use crate::units::{NANOS_PER_SEC, SimSpan, SimTime};

/// How far back people look.
const LOOK: SimSpan = SimSpan::from_secs(15 * 60);
/// Fewer errors are chance.
const FEWEST: u64 = 3;
/// A smaller share is nothing that stands out on a map (chosen for Fleetlab).
const LEAST: f64 = 0.005;

/// A service that takes so many times as long as before stands out on a map (chosen for Fleetlab).
const SLOWER: f64 = 1.5;
/// The mean of fewer requests says nothing.
const FEWEST_TIMED: u64 = 100;

/// The share of a version's requests that it answered lately with an error of its own, if that stands out.
pub(super) fn own_errors(store: &Store, version: VersionId, now: SimTime) -> Option<f64> {
    let (from, to) = stretch(now);
    share(store.version_windows(version, from, to), Reason::ApplicationError)
}

/// Pairs of a caller and a called service that do not understand each other any more, with the share of the calls refused:
/// one of them was changed.
pub(super) fn misunderstandings(store: &Store, now: SimTime) -> impl Iterator<Item = (ServiceId, ServiceId, f64)> {
    let (from, to) = stretch(now);
    store.edges().iter().enumerate().filter_map(move |(at, edge)| {
        let Caller::Service(caller) = edge.from else { return None };
        Some((caller, edge.to, share(store.edge_windows(at, from, to), Reason::SchemaMismatch)?))
    })
}

/// How many times as long as the version before it a version takes lately, if that stands out: what served the service in the
/// quarter of an hour before `began`, when its deployment began, against what it does now. `None` for what is not slow by itself:
/// a service that it calls became as slow since.
pub(super) fn own_slowness(store: &Store, version: VersionId, before: VersionId, began: SimTime, now: SimTime) -> Option<f64> {
    let lately = stretch(now);
    let (from, to) = (lately.0.max(began), lately.1);
    let earlier = (began - LOOK, began);
    let slower = factor(mean_latency(store.version_windows(before, earlier.0, earlier.1))?, mean_latency(store.version_windows(version, from, to))?)?;
    let service = store.service_of(version);
    let mut called = store.edges().iter().enumerate().filter(|(_, edge)| edge.from == Caller::Service(service));
    let waits_for_another = called.any(|(at, _)| {
        let past = mean_wait(store.edge_windows(at, earlier.0, earlier.1));
        let present = mean_wait(store.edge_windows(at, from, to));
        past.zip(present).is_some_and(|(past, present)| factor(past, present).is_some())
    });
    (!waits_for_another).then_some(slower)
}

/// How many times as long something takes as before, if that stands out.
fn factor(before: f64, now: f64) -> Option<f64> {
    let factor = now / before;
    (factor.is_finite() && factor >= SLOWER).then_some(factor)
}

/// The mean latency of what was served [ns], of enough requests.
fn mean_latency<'a>(windows: impl Iterator<Item = &'a Window>) -> Option<f64> {
    let (served, sum) =
        windows.fold((0, 0), |(served, sum), window| (served + window.counts.answered + window.counts.abandoned, sum + window.counts.latency_sum));
    (served >= FEWEST_TIMED).then(|| sum as f64 / served as f64)
}

/// The mean time that callers waited for an answer of any kind [ns], of enough calls.
fn mean_wait<'a>(windows: impl Iterator<Item = &'a Window>) -> Option<f64> {
    let add = |(calls, sum): (u64, u64), window: &Window| {
        let counts = &window.counts;
        (calls + counts.answered + counts.failed(), sum + counts.latency_sum + counts.failed_latency_sum)
    };
    let (calls, sum) = windows.fold((0, 0), add);
    (calls >= FEWEST_TIMED).then(|| sum as f64 / calls as f64)
}

/// Services that could not be reached lately, with the share of a caller's requests that found nobody: their processes do not start or
/// keep dying.
pub(super) fn unreachable(store: &Store, now: SimTime) -> impl Iterator<Item = (ServiceId, f64)> {
    let (from, to) = stretch(now);
    let nobody = move |at: usize, reason: Reason| share(store.edge_windows(at, from, to), reason);
    let edges = store.edges().iter().enumerate();
    edges.filter_map(move |(at, edge)| Some((edge.to, nobody(at, Reason::NoHealthyTarget).or_else(|| nobody(at, Reason::ConnectionRefused))?)))
}

/// What is looked at: whole minutes.
fn stretch(now: SimTime) -> (SimTime, SimTime) {
    let minute = 60 * NANOS_PER_SEC;
    let to = SimTime::from_nanos(now.nanos() / minute * minute);
    (to - LOOK, to)
}

/// The share of requests that failed for a reason, if it stands out.
fn share<'a>(windows: impl Iterator<Item = &'a Window>, reason: Reason) -> Option<f64> {
    let (requests, errors) = windows.fold((0, 0), |(requests, errors), window| (requests + window.counts.requests, errors + window.counts.failures.of(reason)));
    let share = errors as f64 / requests.max(1) as f64;
    (errors >= FEWEST && share >= LEAST).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::InstanceId;
    use crate::kernel::outcome::Outcome;
    use crate::kernel::record::{Hop, Recorder as _, View};
    use crate::telemetry::testing::{gauge, hop, store};

    #[test]
    fn errors_of_its_own_stand_out_and_those_of_others_do_not() {
        let mut store = store(2, SimTime::ZERO);
        for second in 1..=600 {
            let own = if second % 20 == 0 { Outcome::Failed(Reason::ApplicationError) } else { Outcome::Ok };
            store.hops(&[hop(0, 20, Outcome::Failed(Reason::DependencyFailed)), hop(1, 10, own)]);
            store.window(SimTime::from_secs(second), &[gauge(0, 1.0, 1.0), gauge(1, 1.0, 1.0)], &[]);
        }
        let version = |service: u16| store.versions_of(ServiceId(service))[0];
        let now = SimTime::from_secs(601);
        assert_eq!(own_errors(&store, version(0), now), None);
        assert!((own_errors(&store, version(1), now).expect("one in twenty") - 0.05).abs() < 1e-9);
        assert_eq!(own_errors(&store, version(1), SimTime::from_secs(600 + 16 * 60)), None, "that is long ago");
    }

    #[test]
    fn who_is_slow_by_itself_stands_out_and_who_waits_for_it_does_not() {
        let mut store = store(2, SimTime::ZERO);
        let version = |store: &Store, service: u16, at: usize| store.versions_of(ServiceId(service))[at];
        let newer = InstanceId(2);
        store.register_instance(newer, version(&store, 1, 1));
        // The second service was deployed after twenty minutes: the new version is slow, and the first one waits for it.
        for second in 1..=2400 {
            let after = second > 1200;
            let (web, cart) = if after { (90, 80) } else { (20, 10) };
            let called = hop(1, cart, Outcome::Ok);
            store.hops(&[hop(0, web, Outcome::Ok), if after { Hop { instance: newer, ..called } } else { called }]);
            store.window(SimTime::from_secs(second), &[gauge(0, 1.0, 1.0), gauge(1, 1.0, 1.0), gauge(2, 1.0, 1.0)], &[]);
        }
        let (began, now) = (SimTime::from_secs(1200), SimTime::from_secs(2401));
        let slow = |service: u16, from: usize, to: usize| own_slowness(&store, version(&store, service, to), version(&store, service, from), began, now);
        assert!((slow(1, 0, 1).expect("eight times as slow") - 8.0).abs() < 0.01);
        assert_eq!(slow(0, 0, 0), None, "it waits for the other");
        assert_eq!(slow(1, 0, 0), None, "nothing came from that version since");
    }

    #[test]
    fn who_cannot_be_reached_is_seen_by_whoever_calls() {
        let mut store = store(2, SimTime::ZERO);
        for second in 1..=600 {
            let nobody = if second % 10 == 0 { Outcome::Failed(Reason::NoHealthyTarget) } else { Outcome::Ok };
            store.hops(&[hop(0, 20, Outcome::Ok), Hop { view: View::Client, ..hop(1, 0, nobody) }]);
            store.window(SimTime::from_secs(second), &[gauge(0, 1.0, 1.0), gauge(1, 1.0, 1.0)], &[]);
        }
        let found: Vec<(ServiceId, f64)> = unreachable(&store, SimTime::from_secs(601)).collect();
        let [(service, share)] = found.as_slice() else { panic!("one service: {found:?}") };
        assert!(*service == ServiceId(1) && (share - 0.1).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn who_does_not_understand_whom_is_seen_on_the_call_between_them() {
        let mut store = store(3, SimTime::ZERO);
        for second in 1..=600 {
            let refused = if second % 4 == 0 { Outcome::Failed(Reason::SchemaMismatch) } else { Outcome::Ok };
            // The users of the first service fail with it, and that is nobody's misunderstanding.
            store.hops(&[hop(0, 20, refused), hop(1, 10, Outcome::Failed(Reason::DependencyFailed)), hop(2, 5, refused)]);
            store.window(SimTime::from_secs(second), &[gauge(0, 1.0, 1.0), gauge(1, 1.0, 1.0), gauge(2, 1.0, 1.0)], &[]);
        }
        let now = SimTime::from_secs(601);
        let found: Vec<(ServiceId, ServiceId, f64)> = misunderstandings(&store, now).collect();
        let [(caller, called, share)] = found.as_slice() else { panic!("one pair: {found:?}") };
        assert_eq!((*caller, *called), (ServiceId(1), ServiceId(2)));
        assert!((share - 0.25).abs() < 1e-9, "{share}");
        assert_eq!(misunderstandings(&store, SimTime::from_secs(600 + 16 * 60)).count(), 0, "that is long ago");
    }
}
