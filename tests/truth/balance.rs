//! Load balancing: the supermarket model, with fresh and with stale information. Service takes 100 ms on average.

use crate::{close, entry, mean_ms, run};

#[test]
fn two_choices_are_exponentially_better_than_one() {
    let random = mean_ms(&entry(&run("balancer-random"))) / 100.0;
    let two = mean_ms(&entry(&run("power-of-two"))) / 100.0;
    close("random", random, 10.0, 0.06);
    close("two choices", two, 2.68, 0.04);
    close("three choices", mean_ms(&entry(&run("power-of-three"))) / 100.0, 2.08, 0.04);
}

#[test]
fn on_stale_information_the_best_choice_is_the_worst() {
    let random = mean_ms(&entry(&run("balancer-random")));
    let two = mean_ms(&entry(&run("power-of-two-stale")));
    let all = mean_ms(&entry(&run("least-outstanding-stale")));
    assert!(two < random, "two choices degrade gracefully: {two} against {random}");
    assert!(all > 4.0 * random, "joining the shortest queue herds: {all} against {random}");
}
