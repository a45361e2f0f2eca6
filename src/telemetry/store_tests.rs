//! What the store promises: nothing lost, views kept apart, the warm-up left out, memory bounded.

use super::store::Store;
use super::testing::{chain, entry, gauge, hop, store};
use super::whole;
use crate::ids::{InstanceId, ServiceId, SourceId, VersionId};
use crate::kernel::command::Caller;
use crate::kernel::outcome::{Outcome, Reason};
use crate::kernel::record::{Hop, Recorder as _, View};
use crate::units::{SimSpan, SimTime};

const OK: Outcome = Outcome::Ok;
const WEB: ServiceId = ServiceId(0);
const DB: ServiceId = ServiceId(1);

fn secs(secs: u64) -> SimTime {
    SimTime::from_secs(secs)
}

#[test]
fn a_service_is_the_sum_of_its_versions() {
    let mut store = store(2, SimTime::ZERO);
    store.register_instance(InstanceId(2), VersionId(1));
    for second in 1..=200 {
        store.hops(&[hop(0, 10, OK), Hop { instance: InstanceId(2), ..hop(0, 30, OK) }]);
        store.window(secs(second), &[gauge(0, 1.0, 1.0), gauge(1, 0.0, 0.0), gauge(2, 2.0, 3.0)], &[]);
    }
    let totals = store.service_totals(WEB);
    assert_eq!((totals.counts.requests, totals.counts.answered), (400, 400));
    assert_eq!(totals.latency.mean(), Some(20e6));
    assert_eq!(store.version_totals(VersionId(1)).latency.mean(), Some(30e6));
    assert!((totals.load.utilisation().expect("workers") - 3.0 / 8.0).abs() < 1e-9);
    assert!((totals.average(totals.load.in_system_area).expect("time") - 4.0).abs() < 1e-9);
    let windows = store.service_windows(WEB, SimTime::ZERO, SimTime::NEVER);
    assert_eq!(windows.iter().map(|window| window.counts.requests).sum::<u64>(), 400);
    assert!(windows.iter().all(|window| (window.per_second(window.counts.requests) - 2.0).abs() < 1e-9));
}

#[test]
fn servers_and_clients_see_different_things() {
    let mut store = store(2, SimTime::ZERO);
    // The client gives up after 50 ms; the server goes on until 80 ms, for nothing. A retry is refused at the door.
    let gave_up = Hop { view: View::Client, outcome: Outcome::Failed(Reason::Timeout), ..hop(1, 50, OK) };
    let finished = Hop { view: View::Server, ..hop(1, 80, OK) };
    let refused = Hop { view: View::Client, instance: Hop::NOWHERE, outcome: Outcome::Failed(Reason::NoHealthyTarget), attempt: 1, ..hop(1, 0, OK) };
    let far = Hop { network: 5_000_000, ..hop(1, 10, OK) };
    store.hops(&[gave_up, finished, refused, far]);
    store.window(secs(1), &[], &[]);

    let server = store.service_totals(DB).counts;
    assert_eq!((server.requests, server.answered, server.abandoned, server.failed()), (2, 1, 1, 0));
    let edge = store.edge_index(Caller::Service(WEB), DB).expect("the edge exists");
    let client = store.edge_totals(edge);
    assert_eq!((client.counts.requests, client.counts.answered, client.counts.retries), (3, 1, 1));
    assert_eq!((client.counts.failures.of(Reason::Timeout), client.counts.failures.of(Reason::NoHealthyTarget)), (1, 1));
    assert_eq!(client.latency.mean(), Some(15e6), "the network counts for the client");
    assert_eq!(store.service_totals(DB).latency.mean(), Some(45e6), "and not for the server");
    let version = store.service_totals(DB).counts;
    assert_eq!(version.as_callers_saw(), (2, 1), "one of the two that reached an instance failed for its caller");
    assert_eq!((version.lost.of(Reason::Timeout), version.failed()), (1, 0));
    assert_eq!(store.run_counts().hops, 2);
    assert_eq!(store.run_counts().attempts, 3);
}

#[test]
fn what_was_refused_at_the_door_did_not_wait() {
    let mut store = store(1, SimTime::ZERO);
    let waited = Hop { wait: 4e6, ..hop(0, 10, OK) };
    store.hops(&[waited, hop(0, 6, OK), hop(0, 0, Outcome::Failed(Reason::QueueFull))]);
    store.window(secs(1), &[], &[]);
    let totals = store.service_totals(WEB);
    assert_eq!(totals.counts.wait_probability(), Some(0.5));
    assert_eq!(totals.counts.mean_wait(), Some(2e6));
    assert_eq!(totals.wait_quantile(0.5), Some(0.0));
    assert!((totals.wait_quantile(0.99).expect("requests") / 4e6 - 1.0).abs() < 0.01);
    assert_eq!(totals.latency.count(), 2, "latency is that of answers");
}

#[test]
fn totals_leave_the_warm_up_out_and_windows_do_not() {
    let mut store = store(1, SimTime::from_nanos(1_500_000_000));
    for second in 1..=5 {
        store.hops(&[Hop { wait: 1_000.0, ..hop(0, second * 10, OK) }]);
        store.entries(&[entry(second * 10, OK)]);
        store.window(secs(second), &[gauge(0, 1.0, 1.0)], &[]);
    }
    assert_eq!(store.measured_from(), Some(secs(2)), "whole windows");
    assert_eq!(store.measured_span(), SimSpan::from_secs(3));
    let totals = store.service_totals(WEB);
    assert_eq!((totals.counts.requests, totals.latency.mean(), totals.wait.count()), (3, Some(40e6), 3));
    assert_eq!(store.entry_totals(Some(SourceId(0))).counts.answered, 3);
    assert!((totals.average(totals.load.busy_area).expect("time") - 1.0).abs() < 1e-9);
    assert_eq!(store.run_counts().requests, 5);
    assert_eq!(store.entry_windows(None, SimTime::ZERO, SimTime::NEVER).len(), 5);
}

#[test]
fn windows_of_instances_know_reasons_and_latency() {
    let mut store = store(1, SimTime::ZERO);
    store.hops(&[hop(0, 10, OK), hop(0, 1, Outcome::Failed(Reason::ApplicationError)), hop(0, 12, Outcome::Degraded)]);
    store.window(secs(1), &[gauge(0, 2.0, 5.0)], &[]);
    let window = whole(store.instance_windows(InstanceId(0), SimTime::ZERO, SimTime::NEVER)).expect("a window");
    assert_eq!((window.counts.requests, window.counts.degraded, window.counts.failures.of(Reason::ApplicationError)), (3, 1, 1));
    assert!((window.latency.quantile(0.99).expect("answers") / 12e6 - 1.0).abs() < 1.0 / 32.0);
    assert!((window.average(window.load.in_system_area) - 5.0).abs() < 1e-9);
}

#[test]
fn instances_that_are_gone_are_forgotten_after_an_hour_but_stay_in_the_totals() {
    let mut store = store(1, SimTime::ZERO);
    store.hops(&[hop(0, 10, OK)]);
    store.window(secs(1), &[gauge(0, 1.0, 1.0)], &[]);
    (2..4_000).for_each(|second| store.window(secs(second), &[], &[]));
    assert_eq!(store.instance_windows(InstanceId(0), SimTime::ZERO, SimTime::NEVER).count(), 0);
    assert_eq!(store.instance_totals(InstanceId(0)).map(|(counts, _)| counts.requests), Some(1));
    assert_eq!(store.service_totals(WEB).counts.requests, 1);
}

#[test]
fn a_version_that_comes_later_adds_up_with_the_one_before() {
    let mut store = store(1, SimTime::ZERO);
    for second in 1..=3_000 {
        if second == 1_234 {
            store.register_instance(InstanceId(1), VersionId(1));
        }
        store.hops(&[hop(0, 10, OK)]);
        if second >= 1_234 {
            store.hops(&[Hop { instance: InstanceId(1), ..hop(0, 10, OK) }]);
            store.window(secs(second), &[gauge(0, 1.0, 1.0), gauge(1, 1.0, 1.0)], &[]);
        } else {
            store.window(secs(second), &[gauge(0, 1.0, 1.0)], &[]);
        }
    }
    let windows = store.service_windows(WEB, SimTime::ZERO, SimTime::NEVER);
    assert_eq!(windows.iter().map(|window| window.counts.requests).sum::<u64>(), 3_000 + (3_000 - 1_233));
    let mut at = SimTime::ZERO;
    for window in &windows {
        assert_eq!(window.start(), at, "windows follow each other");
        at = window.end;
    }
}

#[test]
fn a_day_stays_small() {
    // Twelve services at 500 requests a second each, thinned: what counts is how many buckets a window has in use.
    let (model, sites) = chain(12);
    let mut store = Store::new(&model, &sites, SimTime::ZERO);
    (0..12).for_each(|at| store.register_instance(InstanceId::from_index(at), VersionId::from_index(2 * at)));
    let gauges: Vec<_> = (0..12).map(|at| gauge(at, 1.0, 1.0)).collect();
    let mut stream = crate::rng::Stream::root(1);
    let mut hops = Vec::new();
    let mut most = 0;
    for second in 1..=20_000 {
        hops.clear();
        for at in 0..12 {
            hops.extend((0..60).map(|_| Hop { latency: (-(stream.uniform().max(1e-9)).ln() * 10e6) as u64, ..hop(at, 0, OK) }));
        }
        store.hops(&hops);
        store.window(secs(second), &gauges, &[]);
        if second % 1_000 == 0 {
            most = most.max(store.window_bytes());
        }
    }
    assert!(most < 40 << 20, "{} MiB", most >> 20);
}

#[test]
fn a_user_is_hurt_once_and_only_after_the_warm_up() {
    let mut store = store(1, secs(1));
    let by = |user, outcome| crate::kernel::record::Entry { user, ..entry(10, outcome) };
    let failed = Outcome::Failed(Reason::Timeout);
    store.entries(&[by(1, failed), by(2, OK)]);
    store.window(secs(1), &[], &[]);
    assert_eq!(store.users_hurt(None), 0, "the warm-up is left out");
    store.entries(&[by(3, failed), by(3, failed), by(4, OK), by(5_000, failed)]);
    store.window(secs(2), &[], &[]);
    assert_eq!((store.users_hurt(None), store.users_hurt(Some(SourceId(0)))), (2, 2));
    assert_eq!(store.entry_totals(None).counts.failed(), 3);
}
