//! Other phenomena: pauses, noisy neighbours, cold instances, pools, stampedes.

use crate::{close, entry, quantile_ms, run};

#[test]
fn half_a_second_of_pause_a_minute_moves_only_the_tail() {
    let users = entry(&run("gc-pauses"));
    close("p50", quantile_ms(&users, 0.5), 14.2, 0.03);
    close("p99", quantile_ms(&users, 0.99), 237.0, 0.08);
}
