//! The two reference workloads, against the values on which independent implementations agree.

use crate::{close, entry, mean_ms, quantile_ms, run, service};

#[test]
fn ten_workers_of_100_ms_agree_with_theory() {
    let session = run("yardstick-w1");
    let users = entry(&session);
    close("mean", mean_ms(&users), 120.459, 0.02);
    close("p50", quantile_ms(&users, 0.5), 91.214, 0.02);
    close("p95", quantile_ms(&users, 0.95), 332.827, 0.025);
    close("p99", quantile_ms(&users, 0.99), 494.611, 0.03);
    close("share that waits", service(&session, "server").counts.wait_probability().expect("some came"), 0.40918, 0.02);
}

/// Five implementations agree; a run of 300,000 requests scatters by 0.14, 0.15, 0.35 and 0.56 ms.
#[test]
fn ten_services_at_800_per_second_agree_with_five_implementations() {
    let session = run("yardstick-w2");
    let users = entry(&session);
    assert!(users.counts.requests > 200_000);
    close("mean", mean_ms(&users), 31.435, 0.14 / 31.435 + 0.001);
    close("p50", quantile_ms(&users, 0.5), 29.942, 0.15 / 29.942 + 0.01);
    close("p95", quantile_ms(&users, 0.95), 52.045, 0.35 / 52.045 + 0.01);
    close("p99", quantile_ms(&users, 0.99), 64.10, 0.56 / 64.10 + 0.01);
    assert_eq!(users.counts.failed(), 0);
}
