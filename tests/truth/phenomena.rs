//! Other phenomena: pauses, noisy neighbours, contention, breakers, throttling, black holes, stampedes.

use fleetlab::lab::Session;
use fleetlab::units::SimTime;

use crate::{close, entry, goodput_ratio, mean_ms, quantile_ms, run, service, service_id};

/// Attempts that a service's instances ended, in a whole run.
fn reached(session: &Session, name: &str) -> u64 {
    service(session, name).counts.requests
}

#[test]
fn half_a_second_of_pause_a_minute_moves_only_the_tail() {
    let users = entry(&run("gc-pauses"));
    close("p50", quantile_ms(&users, 0.5), 14.2, 0.03);
    close("p99", quantile_ms(&users, 0.99), 237.0, 0.08);
    close("p99.9", quantile_ms(&users, 0.999), 508.0, 0.05);
}

#[test]
fn thirty_percent_less_cpu_makes_answers_four_times_slower() {
    // The report leaves out the time before the theft.
    close("mean", mean_ms(&entry(&run("noisy-neighbour"))), 100.0, 0.12);
}

#[test]
fn throughput_follows_the_scalability_law_up_and_down() {
    let session = run("scalability");
    for (minute, expected) in [100.0, 190.1, 344.2, 569.0, 804.0, 903.4, 782.2, 542.2].into_iter().enumerate() {
        let (from, to) = (minute as u64 * 60 + 10, minute as u64 * 60 + 60);
        let windows = session.store().entry_windows(None, SimTime::from_secs(from), SimTime::from_secs(to));
        let answered = windows.iter().map(|window| window.counts.answered).sum::<u64>() as f64;
        let seconds: f64 = windows.iter().map(|window| window.span.as_secs_f64()).sum();
        // Exponential work: 50 s at 100/s scatter by 1.4 %.
        close(&format!("N = {}", 1 << minute), answered / seconds, expected, 0.05);
    }
}

#[test]
fn a_breaker_lets_140_calls_reach_a_dead_backend() {
    let session = run("circuit-breaker");
    let users = entry(&session);
    // Every call before the failure and after the breaker closed reached the backend; 140 of the 60,000 in between did.
    let refused = users.counts.failures.total();
    let reached = reached(&session, "backend");
    assert_eq!(users.counts.requests - reached, refused - 140, "{refused} failed, {reached} reached the backend");
}

#[test]
fn adaptive_throttling_sends_twice_what_is_accepted() {
    let session = run("adaptive-throttling");
    let backend = service(&session, "backend");
    close("sent to the backend", backend.per_second(backend.counts.requests), 200.0, 0.05);
}

#[test]
fn who_fails_fast_attracts_the_traffic_of_those_who_work() {
    let least = goodput_ratio(&run("black-hole"), 180, 600);
    let turns = goodput_ratio(&run("black-hole-round-robin"), 180, 600);
    assert!((turns - 0.9).abs() < 0.005, "round robin loses its tenth: {turns}");
    assert!(least < 0.7, "least outstanding loses far more: {least}");
}

#[test]
fn a_slower_database_exhausts_a_pool_of_twenty() {
    let session = run("pool-exhaustion");
    // Little's law: 20 connections ÷ 50 ms = 400/s carry 360/s; ÷ 75 ms = 267/s do not.
    assert!(goodput_ratio(&session, 60, 300) > 0.999);
    close("goodput", goodput_ratio(&session, 420, 600), 266.7 / 360.0, 0.05);
}

#[test]
fn an_expired_key_is_computed_two_hundred_times_or_once() {
    // Ten minutes, a key of 60 s, 200 ms to compute it, 1,000/s: 200 computations an expiry; single flight makes one.
    let stampede = reached(&run("cache-stampede"), "database") as f64;
    let single = reached(&run("cache-stampede-single-flight"), "database");
    let early = reached(&run("cache-stampede-early-refresh"), "database") as f64;
    assert!((1_700.0..=2_100.0).contains(&stampede), "{stampede} computations in nine or ten expiries");
    assert!((9..=11).contains(&single), "{single} computations with single flight");
    // Early refresh learns from the first expiry how long a computation takes; after that a few a minute are enough.
    assert!(early < 0.15 * stampede, "{early} computations with early refresh");
}

#[test]
fn a_cold_instance_hurts_who_meets_it_and_slow_start_spares_them() {
    let plain = run("cold-instance");
    let eased = run("cold-instance-slow-start");
    let worst = |session: &Session| {
        let windows = session.store().service_windows(service_id(session, "app"), SimTime::from_secs(125), SimTime::from_secs(300));
        windows.iter().map(|window| window.load.queued).max().unwrap_or(0)
    };
    assert!(worst(&plain) > 250, "a backlog of about 360 builds up: {}", worst(&plain));
    assert!(worst(&eased) < worst(&plain) / 2, "slow start at least halves it: {}", worst(&eased));
    assert!(calls_do_not_fail(&plain) && calls_do_not_fail(&eased));
}

/// Nobody gives up in these scenarios: the cost is time.
fn calls_do_not_fail(session: &Session) -> bool {
    entry(session).counts.failed() == 0
}
