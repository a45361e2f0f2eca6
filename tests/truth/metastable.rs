//! Metastable failure (Bronson et al., `HotOS` 2021): a ten-second outage that never ends, its two stable states, its cures.

use crate::{arrivals_per_second, close, goodput_ratio, run, run_seed};

/// Share answered in the last minute of the run.
fn at_the_end(name: &str) -> f64 {
    let session = run(name);
    let end = session.now().nanos() / 1_000_000_000;
    goodput_ratio(&session, end - 60, end)
}

#[track_caller]
fn healed(name: &str) {
    let share = at_the_end(name);
    assert!(share >= 0.99, "{name}: {share} answered at the end");
}

#[track_caller]
fn lost(name: &str) {
    let share = at_the_end(name);
    assert!(share <= 0.01, "{name}: {share} answered at the end");
}

#[test]
fn the_outage_ends_and_the_failure_does_not() {
    let session = run("metastable");
    assert!(goodput_ratio(&session, 10, 60) >= 0.99);
    assert!(goodput_ratio(&session, 540, 600) <= 0.01);
    close("attempts", arrivals_per_second(&session, "server", 540, 600), 560.0, 0.02);
}

#[test]
fn below_half_of_the_capacity_it_heals_by_itself() {
    healed("metastable-140");
    lost("metastable-160");
}

#[test]
fn without_retries_or_with_a_small_budget_it_heals() {
    healed("metastable-no-retries");
    healed("metastable-budget-2");
    healed("metastable-budget-5");
}

#[test]
fn a_budget_that_still_exceeds_the_capacity_does_not_help() {
    lost("metastable-budget-10");
}

#[test]
fn a_queue_shorter_than_the_timeout_heals_and_a_longer_one_does_not() {
    healed("metastable-queue-150");
    lost("metastable-queue-600");
}

#[test]
fn serving_the_newest_or_dropping_the_late_heals() {
    healed("metastable-lifo");
    healed("metastable-drop-expired");
}

#[test]
fn restarting_the_server_does_not_help_while_clients_retry() {
    lost("metastable-restart");
}

#[test]
fn shedding_heals_only_if_it_lasts_until_the_backlog_is_gone() {
    lost("metastable-shed-too-short");
    healed("metastable-shed");
    healed("metastable-shed-all");
}

/// Two minutes a step: 120…320/s up, then down again, in steps of 20/s. At 300/s the load equals the capacity, so when the
/// queue first grows to a second of work is a matter of chance; within the step at 320/s it is certain.
#[test]
fn the_load_that_breaks_it_is_twice_the_load_that_heals_it() {
    let mut broke_at_capacity = 0;
    for seed in 1..=5 {
        let session = run_seed("metastable-hysteresis", seed);
        let step = |n: u64| goodput_ratio(&session, n * 120, (n + 1) * 120);
        for n in 0..=8 {
            assert!(step(n) >= 0.99, "seed {seed}, up, {}/s: {}", 120 + 20 * n, step(n));
        }
        broke_at_capacity += u32::from(step(9) < 0.99);
        let late = goodput_ratio(&session, 1_260, 1_320);
        assert!(late <= 0.01, "seed {seed}, up, 320/s: {late} in its second minute");
        for n in 11..=18 {
            assert!(step(n) <= 0.01, "seed {seed}, down, {}/s: {}", 320 - 20 * (n - 10), step(n));
        }
        assert!(step(19) > 0.2, "seed {seed}, down, 140/s: {}", step(19));
        assert!(step(20) >= 0.99, "seed {seed}, down, 120/s: {}", step(20));
    }
    assert!(broke_at_capacity >= 3, "it broke within the step at 300/s in {broke_at_capacity} of 5 runs");
}
