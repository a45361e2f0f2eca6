//! The tail at scale: fan-out and hedged requests.

use crate::{close, entry, mean_ms, quantile_ms, run, service};

#[test]
fn the_slowest_of_a_hundred_decides() {
    let users = entry(&run("fan-out"));
    close("mean", mean_ms(&users), 51.87, 0.01);
    close("p99", quantile_ms(&users, 0.99), 92.05, 0.03);
}

#[test]
fn one_percent_slow_leaves_make_two_thirds_of_the_roots_slow() {
    let users = entry(&run("fan-out-slow"));
    // A slow leaf takes a second; nothing else comes near half of that.
    let slow = 1.0 - users.latency.count_at_most(500_000_000) / users.counts.requests as f64;
    assert!((slow - 0.634).abs() < 0.01, "{slow}");
}

#[test]
fn a_second_copy_after_ten_milliseconds_cuts_the_tail_for_two_percent_more_load() {
    let plain = entry(&run("hedging-off"));
    close("p99.9 without", quantile_ms(&plain, 0.999), 1_800.0, 0.10);
    let session = run("hedging");
    let users = entry(&session);
    close("p99.9 with", quantile_ms(&users, 0.999), 74.0, 0.08);
    let leaves = service(&session, "leaf").load.arrivals as f64;
    let extra = leaves / (users.counts.requests as f64 * 100.0) - 1.0;
    assert!((extra - 0.02).abs() < 0.0005, "{extra}");
}
