//! Backoff under contention, as in the AWS Architecture Blog's model: one row, optimistic concurrency, N clients.
//!
//! Each client reads, then writes conditionally, over a network of |Normal(10, 2)| ms a hop; who loses waits and tries
//! again. The scenario format has no conditional write, so the model is here and the backoff is the simulation's own.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fleetlab::kernel::resilience::backoff::{Backoff, Jitter};
use fleetlab::rng::Stream;
use fleetlab::units::SimSpan;
use rand_distr::{Distribution as _, Normal};

use crate::close;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Read,
    Write(u64),
    Answer(bool),
}

/// One run with 100 clients: writes attempted, and when the last client succeeded [s].
fn contend(backoff: Option<&Backoff>, seed: u64) -> (f64, f64) {
    let root = Stream::root(seed);
    let normal = Normal::new(10.0, 2.0).expect("a positive deviation");
    let mut hop = {
        let mut stream = root.child(1);
        move || (f64::abs(normal.sample(&mut stream)) * 1e6) as u64
    };
    let mut jitter = root.child(2);
    let mut events = BinaryHeap::new();
    let (mut version, mut calls, mut last, mut order) = (0_u64, 0_u32, 0, 0_u64);
    let mut tries = [1_u32; 100];
    let mut previous = [0_u64; 100];
    for client in 0..100 {
        events.push(Reverse((hop(), client as u64, client, Step::Read)));
    }
    while let Some(Reverse((now, _, client, step))) = events.pop() {
        order += 1;
        let (at, next) = match step {
            // The read's answer travels back, and the write travels there.
            Step::Read => (now + hop() + hop(), Step::Write(version)),
            Step::Write(seen) => {
                calls += 1;
                let won = seen == version;
                version += u64::from(won);
                (now + hop(), Step::Answer(won))
            }
            Step::Answer(true) => {
                last = now;
                continue;
            }
            Step::Answer(false) => {
                let wait = backoff.map_or(0, |backoff| backoff.wait_nanos(tries[client], previous[client], &mut jitter));
                tries[client] += 1;
                previous[client] = wait;
                (now + wait + hop(), Step::Read)
            }
        };
        events.push(Reverse((at, 100 + order, client, next)));
    }
    (f64::from(calls), last as f64 / 1e9)
}

/// Means over 100 runs.
fn mean(jitter: Option<Jitter>) -> (f64, f64) {
    let backoff = jitter.map(|jitter| Backoff { base: SimSpan::from_millis(5), cap: SimSpan::from_millis(2_000), jitter, ..Backoff::default() });
    let runs = (0..100).map(|seed| contend(backoff.as_ref(), seed));
    let (calls, time) = runs.fold((0.0, 0.0), |sum, run| (sum.0 + run.0, sum.1 + run.1));
    (calls / 100.0, time / 100.0)
}

#[test]
fn jitter_halves_the_work_of_a_hundred_clients() {
    let none = mean(None);
    let exponential = mean(Some(Jitter::None));
    let equal = mean(Some(Jitter::Equal));
    let full = mean(Some(Jitter::Full));
    let decorrelated = mean(Some(Jitter::Decorrelated));
    assert!(full.0 < equal.0 && equal.0 < decorrelated.0 && decorrelated.0 < exponential.0 && exponential.0 < none.0);
    for (name, measured, calls, time) in [
        ("none", none, 2_427.0, 2.03),
        ("exponential", exponential, 1_852.0, 62.8),
        ("equal", equal, 811.0, 6.56),
        ("full", full, 796.0, 4.87),
        ("decorrelated", decorrelated, 1_005.0, 4.72),
    ] {
        close(&format!("{name}: calls"), measured.0, calls, 0.03);
        close(&format!("{name}: time"), measured.1, time, 0.08);
    }
}
