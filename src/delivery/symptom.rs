//! Where it hurts, as a service map shows it: which versions answer with errors of their own.
//!
//! A fault that a service answers with because one that it calls failed is not its own. Whoever is on call looks here
//! before the list of deployments; what only makes requests slow is not seen here.

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
    use crate::kernel::outcome::Outcome;
    use crate::kernel::record::Recorder as _;
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
