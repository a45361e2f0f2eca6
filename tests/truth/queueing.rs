//! Queueing theory: M/M/1, M/M/c, M/G/1, bounded queues, Jackson networks, the universal scalability law.

use fleetlab::kernel::outcome::Reason;

use crate::{close, entry, failed_share, mean_ms, quantile_ms, run, service};

#[test]
fn one_worker_at_80_percent_answers_as_m_m_1() {
    let session = run("mm1");
    let (users, server) = (entry(&session), service(&session, "server"));
    assert!(users.counts.requests >= 900_000, "{} requests are too few for the tolerances", users.counts.requests);
    close("mean", mean_ms(&users), 50.0, 0.04);
    close("p50", quantile_ms(&users, 0.5), 34.66, 0.04);
    close("p99", quantile_ms(&users, 0.99), 230.3, 0.07);
    close("number in system", server.average(server.load.in_system_area).expect("it ran"), 4.0, 0.04);
    close("utilisation", server.load.utilisation().expect("it has workers"), 0.8, 0.01);
    close("wait", server.counts.mean_wait().expect("some came") / 1e6, 40.0, 0.05);
    close("share that waits", server.counts.wait_probability().expect("some came"), 0.8, 0.01);
}

#[test]
fn utilisation_decides_how_long_one_worker_takes() {
    close("50 %", mean_ms(&entry(&run("mm1-50"))), 20.0, 0.01);
    // At 95 % three standard errors of a million requests are 11 %.
    close("95 %", mean_ms(&entry(&run("mm1-95"))), 200.0, 0.15);
}

#[test]
fn ten_workers_share_one_queue_as_m_m_10() {
    let session = run("mmc");
    let (users, server) = (entry(&session), service(&session, "server"));
    close("share that waits", server.counts.wait_probability().expect("some came"), 0.4092, 0.02);
    close("mean", mean_ms(&users), 12.05, 0.02);
    close("p99", quantile_ms(&users, 0.99), 49.46, 0.02);
}

#[test]
fn a_bounded_queue_refuses_what_erlang_says() {
    let session = run("mmck");
    let (users, server) = (entry(&session), service(&session, "server"));
    close("refused", failed_share(&users, Reason::QueueFull), 0.1797, 0.02);
    close("mean of the accepted", mean_ms(&users), 16.36, 0.015);
    close("number in system", server.average(server.load.in_system_area).expect("it ran"), 16.10, 0.015);
}

#[test]
fn loss_without_a_queue_does_not_depend_on_the_service_law() {
    // Erlang B(10, 10) = 0.2146, with lognormal service here.
    close("refused", failed_share(&entry(&run("erlang-b")), Reason::QueueFull), 0.2146, 0.02);
}

#[test]
fn variable_work_waits_longer_as_pollaczek_and_khinchine_say() {
    close("deterministic", mean_ms(&entry(&run("mg1-deterministic"))), 30.0, 0.025);
    close("lognormal", mean_ms(&entry(&run("mg1-lognormal"))), 64.37, 0.05);
    close("bimodal", mean_ms(&entry(&run("mg1-bimodal"))), 125.0, 0.07);
}

#[test]
fn a_network_with_feedback_has_product_form() {
    let session = run("jackson-feedback");
    close("mean", mean_ms(&entry(&session)), 71.25, 0.02);
    let users = entry(&session);
    let per_second = |name: &str| {
        let totals = service(&session, name);
        totals.per_second(totals.counts.requests)
    };
    let offered = users.per_second(users.counts.requests);
    close("rate at a", per_second("a"), 44.44 * offered / 40.0, 0.01);
    close("rate at b", per_second("b"), 44.44 * offered / 40.0, 0.01);
    close("rate at c", per_second("c"), 22.22 * offered / 40.0, 0.01);
}

#[test]
fn queues_in_a_row_add_up() {
    close("mean", mean_ms(&entry(&run("jackson-tandem"))), 91.67, 0.02);
}
