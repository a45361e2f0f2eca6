//! What each call policy and each step does, in worlds of a few lines whose outcome can be worked out by hand.

use std::sync::Arc;

use fleetlab::content::{Folder, read_str};
use fleetlab::ids::QueueId;
use fleetlab::kernel::outcome::Reason;
use fleetlab::lab::Session;
use fleetlab::units::SimTime;

use crate::{close, entry, mean_ms, quantile_ms, service};

/// Runs a scenario of a few lines to its end.
fn world(toml: &str) -> Session {
    let source = format!("format_version = 1\n{toml}");
    let loaded = read_str("world", "world.toml", &source, &Folder::Nowhere).unwrap_or_else(|error| panic!("{error}"));
    let mut session = Session::new(Arc::new(loaded.scenario), 7);
    session.run();
    session
}

/// A client at `rate` per second, exactly spaced, of a web service that calls a database with a policy.
fn two_tiers(rate: u32, policy: &str, database: &str) -> Session {
    world(&format!(
        "duration = \"60s\"
         [services.web]
         workers = 1000
         endpoints.get.steps = [{{ call = \"db.get\" }}]
         calls.db = {policy}
         [services.db]
         {database}
         [traffic.users]
         to = \"web.get\"
         rate = \"{rate}/s\"
         process = \"fixed\""
    ))
}

#[test]
fn a_bulkhead_refuses_what_exceeds_it() {
    // 100/s × 1 s would be 100 calls at once; 25 fit.
    let session = two_tiers(100, "{ bulkhead = { max_concurrent = 25 } }", "workers = 200\nendpoints.get.steps = [{ work = \"1s\" }]");
    let db = service(&session, "db");
    close("calls that pass", db.per_second(db.counts.requests), 25.0, 0.05);
    assert!(session.store().caller_totals(fleetlab::ids::ServiceId(1)).counts.failures.of(Reason::BulkheadFull) > 4_000);
}

#[test]
fn a_rate_limit_lets_its_rate_through() {
    let session = two_tiers(100, "{ rate_limit = { rate = \"30/s\", burst = 10.0 } }", "endpoints.get.steps = [{ work = \"1ms\" }]");
    let db = service(&session, "db");
    close("calls that pass", db.per_second(db.counts.requests), 30.0, 0.02);
}

#[test]
fn a_fallback_degrades_and_an_optional_call_does_not_matter() {
    let failing = "endpoints.get.steps = [{ fail = 1.0 }]";
    let plain = entry(&two_tiers(10, "{}", failing));
    assert_eq!((plain.counts.answered, plain.counts.failures.of(Reason::DependencyFailed)), (0, plain.counts.requests));
    let fallback = entry(&two_tiers(10, "{ fallback = true }", failing));
    assert_eq!((fallback.counts.failed(), fallback.counts.degraded), (0, fallback.counts.requests));
    let optional = entry(&two_tiers(10, "{ optional = true }", failing));
    assert_eq!((optional.counts.failed(), optional.counts.degraded), (0, 0));
}

#[test]
fn abandoned_work_burns_capacity_unless_it_is_cancelled() {
    // A second of work for clients that wait 100 ms: without cancellation ten workers are busy for nobody.
    let burnt = service(&two_tiers(5, "{ timeout = \"100ms\" }", "workers = 10\nendpoints.get.steps = [{ work = \"1s\" }]"), "db");
    close("busy", burnt.average(burnt.load.busy_area).expect("it ran"), 5.0, 0.05);
    let spared = service(&two_tiers(5, "{ timeout = \"100ms\", cancel = true }", "workers = 10\nendpoints.get.steps = [{ work = \"1s\" }]"), "db");
    close("busy", spared.average(spared.load.busy_area).expect("it ran"), 0.5, 0.05);
}

#[test]
fn cancelling_reaches_through_to_whoever_was_called() {
    let session = world(
        "duration = \"60s\"
         [services.web]
         workers = 100
         endpoints.get.steps = [{ call = \"middle.get\" }]
         calls.middle = { timeout = \"100ms\", cancel = true }
         [services.middle]
         workers = 100
         endpoints.get.steps = [{ parallel = [{ call = \"db.get\" }, { call = \"db.get\" }] }]
         [services.db]
         workers = 100
         endpoints.get.steps = [{ work = \"1s\" }]
         [traffic.users]
         to = \"web.get\"
         rate = \"5/s\"
         process = \"fixed\"",
    );
    let db = service(&session, "db");
    close("busy", db.average(db.load.busy_area).expect("it ran"), 1.0, 0.05);
    assert_eq!(db.counts.failures.of(Reason::Cancelled), db.counts.requests);
}

#[test]
fn a_deadline_that_is_passed_on_stops_calls_that_would_come_too_late() {
    let with = |propagate: bool| {
        let session = world(&format!(
            "duration = \"60s\"
             [services.web]
             workers = 100
             endpoints.get.steps = [{{ sleep = \"200ms\" }}, {{ call = \"db.get\" }}]
             calls.db = {{ timeout = \"5s\", propagate_deadline = {propagate} }}
             [services.db]
             workers = 100
             endpoints.get.steps = [{{ work = \"1s\" }}]
             [traffic.users]
             to = \"web.get\"
             rate = \"5/s\"
             process = \"fixed\"
             policy = {{ timeout = \"150ms\", propagate_deadline = true }}"
        ));
        service(&session, "db").counts.requests
    };
    assert!(with(false) > 200, "without it the database works for nobody");
    assert_eq!(with(true), 0, "with it the call is not even sent");
}

#[test]
fn a_pool_makes_callers_wait_for_a_connection() {
    // One connection, 10 ms a call, 50/s evenly spaced: nobody waits. At 200/s half of the calls cannot be served.
    let calm = entry(&two_tiers(50, "{ pool = { size = 1 } }", "endpoints.get.steps = [{ work = \"10ms\" }]"));
    close("mean", mean_ms(&calm), 10.0, 0.001);
    let session = two_tiers(200, "{ pool = { size = 1, acquire_timeout = \"100ms\" } }", "endpoints.get.steps = [{ work = \"10ms\" }]");
    let users = entry(&session);
    close("answered", users.per_second(users.counts.answered), 100.0, 0.03);
    assert!(quantile_ms(&users, 0.99) < 125.0, "nobody waits longer than the pool's timeout");
}

#[test]
fn asynchronous_workers_do_not_wait_for_others() {
    let world = |model: &str| {
        two_tiers(
            50,
            "{}",
            &format!("workers = 1\nworker_model = \"{model}\"\nendpoints.get.steps = [{{ work = \"1ms\" }}, {{ sleep = \"100ms\" }}, {{ work = \"1ms\" }}]"),
        )
    };
    let held = service(&world("blocking"), "db");
    close("answered with a held worker", held.per_second(held.counts.answered), 9.8, 0.05);
    let free = service(&world("async"), "db");
    close("answered with a lent worker", free.per_second(free.counts.answered), 50.0, 0.01);
}

/// A queue whose consumer fails a share of the messages.
fn consumer(fail: f64, max_receives: &str) -> Session {
    world(&format!(
        "duration = \"10m\"
         [services.web]
         endpoints.get.steps = [{{ publish = \"mail\" }}]
         [services.mailer]
         endpoints.send.steps = [{{ work = \"5ms\" }}, {{ fail = {fail} }}]
         [queues.mail]
         consumer = \"mailer.send\"
         visibility_timeout = \"5s\"
         {max_receives}
         [traffic.users]
         to = \"web.get\"
         rate = \"20/s\"
         process = \"fixed\""
    ))
}

#[test]
fn messages_come_back_until_they_are_consumed_or_dead() {
    let session = consumer(0.5, "max_receives = 3");
    let published = entry(&session).counts.answered as f64;
    let received = service(&session, "mailer").counts.requests as f64;
    // 1 + 1/2 + 1/4 receives of each message; an eighth of the messages dies.
    close("receives per message", received / published, 1.75, 0.03);
    close("dead letters", session.kernel().queue(QueueId(0)).dead as f64 / published, 0.125, 0.06);
    let calm = consumer(0.0, "");
    assert_eq!(calm.kernel().queue(QueueId(0)).dead, 0);
    assert_eq!(service(&calm, "mailer").counts.requests, entry(&calm).counts.answered);
}

#[test]
fn users_in_a_closed_loop_obey_the_response_time_law() {
    // X = N / (Z + R): 50 users, 900 ms of thought, 100 ms of work on enough workers.
    let session = world(
        "duration = \"20m\"
         warm_up = \"1m\"
         [services.web]
         workers = 100
         endpoints.get.steps = [{ work = { exponential = \"100ms\" } }]
         [traffic.users]
         to = \"web.get\"
         users = 50
         think = { exponential = \"900ms\" }
         session = 10",
    );
    let users = entry(&session);
    close("throughput", users.per_second(users.counts.answered), 50.0, 0.02);
}

#[test]
fn a_lost_message_is_sent_again_and_comes_late() {
    // A fifth of the messages to the database and of those from it are lost: TCP repeats after 200 ms, 400 ms, …; none fails.
    let session = world(
        "duration = \"5m\"
         [services.web]
         workers = 1000
         endpoints.get.steps = [{ call = \"db.get\" }]
         [services.db]
         workers = 1000
         endpoints.get.steps = [{ work = \"1ms\" }]
         [traffic.users]
         to = \"web.get\"
         rate = \"20/s\"
         [[faults]]
         at = \"0s\"
         kind = { packet-loss = { loss = 0.2, direction = \"both\" } }
         service = \"db\"",
    );
    let users = entry(&session);
    assert_eq!(users.counts.failed(), 0);
    close("in time", users.latency.count_at_most(50_000_000) / users.counts.requests as f64, 0.64, 0.05);
    assert!(quantile_ms(&users, 0.999) > 1_000.0);
}

#[test]
fn what_a_vanished_machine_held_is_only_missed_by_timeouts() {
    let world = |silent: bool, timeout: &str| {
        world(&format!(
            "duration = \"60s\"
             [services.web]
             workers = 100
             start_up = \"5s\"
             endpoints.get.steps = [{{ work = \"2s\" }}]
             [traffic.users]
             to = \"web.get\"
             rate = \"10/s\"
             process = \"fixed\"
             {timeout}
             [[timeline]]
             at = \"30s\"
             do = {{ restart = {{ service = \"web\", silent = {silent} }} }}"
        ))
    };
    let told = entry(&world(false, "policy = { timeout = \"3s\" }"));
    assert!(told.counts.failures.of(Reason::Reset) >= 19 && told.counts.failures.of(Reason::Timeout) == 0);
    let untold = entry(&world(true, "policy = { timeout = \"3s\" }"));
    assert!(untold.counts.failures.of(Reason::Timeout) >= 19 && untold.counts.failures.of(Reason::Reset) == 0);
}

#[test]
fn requests_of_counts_come_as_they_were_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("load.csv"), "0,120\n60,0\n120,600\n").expect("written");
    let toml = "format_version = 1\nduration = \"4m\"\n[services.web]\nendpoints.get.steps = [{ work = \"1ms\" }]\n[traffic.users]\nto = \"web.get\"\ncounts = \"load.csv\"\n";
    let path = folder.path().join("counted.toml");
    std::fs::write(&path, toml).expect("written");
    let scenario = fleetlab::content::load(&path.to_string_lossy()).unwrap_or_else(|error| panic!("{error}")).scenario;
    let mut session = Session::new(Arc::new(scenario), 7);
    let mut asked = Vec::new();
    for minute in 1..=4 {
        session.advance_to(SimTime::from_secs(60 * minute));
        asked.push(session.store().run_counts().requests);
    }
    assert!((119..=120).contains(&asked[0]) && asked[1] == 120 && (719..=720).contains(&asked[2]) && asked[3] == 720, "{asked:?}");
}

#[test]
fn drop_expired_spares_the_work_for_clients_that_left() {
    // 200/s for a server of 100/s whose clients wait 500 ms: without dropping, every answer comes too late.
    let world = |queue: &str| two_tiers(200, "{ timeout = \"500ms\" }", &format!("workers = 1\n{queue}\nendpoints.get.steps = [{{ work = \"10ms\" }}]"));
    let late = entry(&world(""));
    let fresh = entry(&world("queue = { drop_expired = \"50ms\" }"));
    assert!(late.per_second(late.counts.answered) < 5.0);
    close("answered in time", fresh.per_second(fresh.counts.answered), 100.0, 0.03);
}

#[test]
fn answers_to_a_vanished_machine_find_nobody() {
    // The middle tier vanishes while its calls are under way and is back later; what the database answers is for nobody.
    let session = world(
        "duration = \"60s\"
         network = { same_zone = { latency = \"1ms\" } }
         [services.web]
         workers = 100
         endpoints.get.steps = [{ call = \"middle.get\" }]
         calls.middle = { timeout = \"2s\", hedge = { after = \"300ms\" }, retry = { attempts = 2 } }
         [services.middle]
         instances = 2
         workers = 100
         start_up = \"10s\"
         endpoints.get.steps = [{ parallel = [{ call = \"db.get\" }, { call = \"db.get\" }] }, { work = \"10ms\" }]
         [services.db]
         workers = 100
         endpoints.get.steps = [{ work = \"200ms\" }]
         [traffic.users]
         to = \"web.get\"
         rate = \"50/s\"
         [[timeline]]
         at = \"20s\"
         do = { restart = { service = \"middle\", silent = true, selector = \"one\" } }
         [[timeline]]
         at = \"40s\"
         do = { restart = { service = \"middle\", silent = true } }",
    );
    let users = entry(&session);
    assert!(users.counts.answered as f64 > 0.6 * users.counts.requests as f64, "the fleet recovers both times: {}", users.counts.answered);
    for instance in session.store().instances_of(fleetlab::ids::ServiceId(1)) {
        assert!(session.view(instance).in_system < 100, "nothing is left behind");
    }
}

/// CPU in use on average, in cores.
fn cores(session: &Session, name: &str) -> f64 {
    let totals = service(session, name);
    totals.load.cpu_nanos as f64 / totals.span.nanos() as f64
}

#[test]
fn cpu_is_used_while_work_goes_on_and_not_before() {
    let work = "workers = 100\nendpoints.get.steps = [{ work = \"20s\" }]";
    let spared = two_tiers(1, "{ timeout = \"100ms\", cancel = true }", work);
    assert!((cores(&spared, "db") - 0.1).abs() < 0.005, "a tenth of a second of each 20 s is burnt: {}", cores(&spared, "db"));
    let whole = two_tiers(1, "{}", work);
    let windows = whole.store().service_windows(fleetlab::ids::ServiceId(1), SimTime::from_secs(30), SimTime::from_secs(40));
    for window in windows {
        let cores = window.load.cpu_nanos as f64 / window.span.nanos() as f64;
        assert!((cores - 20.0).abs() < 1.01, "twenty requests at a time, evenly: {cores}");
    }
    // A crash takes what is left of the work with it.
    let crashed = world(
        "duration = \"60s\"
         [services.db]
         workers = 10
         restart_after = \"never\"
         endpoints.get.steps = [{ work = \"50s\" }]
         [traffic.users]
         to = \"db.get\"
         rate = \"0.1/s\"
         process = \"fixed\"
         [[faults]]
         service = \"db\"
         at = \"15s\"
         kind = \"crash\"",
    );
    assert!((cores(&crashed, "db") * 60.0 - 5.0).abs() < 0.01, "begun at 10 s, dead at 15 s: {} CPU-seconds", cores(&crashed, "db") * 60.0);
}

#[test]
fn half_a_core_of_quota_is_half_a_core_in_use() {
    let session = two_tiers(10, "{}", "workers = 10\ncpu_limit = 0.5\nqueue = { capacity = 10 }\nendpoints.get.steps = [{ work = \"200ms\" }]");
    // What is at work at the end has been given its share of the quota in advance, which is a part of the eleven requests held.
    close("cores", cores(&session, "db"), 0.5, 0.04);
}

#[test]
fn callers_see_the_whole_of_a_long_wait_for_a_connection() {
    let session = two_tiers(4, "{ pool = { size = 1, acquire_timeout = \"20s\" } }", "endpoints.get.steps = [{ work = \"500ms\" }]");
    let edge = session.store().caller_totals(fleetlab::ids::ServiceId(1));
    let users = mean_ms(&entry(&session));
    assert!(users > 8_000.0, "the pool is far too small: {users} ms");
    close("the edge's mean", mean_ms(&edge), users, 1e-6);
}

#[test]
fn what_a_caller_drops_still_stands_in_its_books() {
    let session = world(
        "duration = \"60s\"
         [services.web]
         workers = 100
         endpoints.get.steps = [{ call = \"db.get\" }]
         calls.db = { hedge = { after = \"20ms\" } }
         [services.db]
         workers = 100
         endpoints.get.steps = [{ work = { exponential = \"20ms\" } }]
         [traffic.users]
         to = \"web.get\"
         rate = \"50/s\"",
    );
    let (edge, db) = (session.store().caller_totals(fleetlab::ids::ServiceId(1)).counts, service(&session, "db").counts);
    assert_eq!(edge.requests, edge.answered + edge.failed() + edge.dropped);
    let copies = edge.dropped as f64 / edge.answered as f64;
    assert!((0.3..0.43).contains(&copies), "e⁻¹ of the calls are sent twice: {copies}");
    assert!(edge.requests.abs_diff(db.requests) <= 3, "{} sent, {} received", edge.requests, db.requests);
    // A caller whose own client gives up, and that passes this on.
    let session = world(
        "duration = \"60s\"
         [services.web]
         workers = 100
         endpoints.get.steps = [{ call = \"db.get\" }]
         calls.db = { cancel = true }
         [services.db]
         workers = 100
         endpoints.get.steps = [{ work = \"1s\" }]
         [traffic.users]
         to = \"web.get\"
         rate = \"5/s\"
         process = \"fixed\"
         policy = { timeout = \"200ms\", cancel = true }",
    );
    let edge = session.store().caller_totals(fleetlab::ids::ServiceId(1)).counts;
    assert!(edge.dropped > 290 && edge.requests == edge.dropped, "{edge:?}");
}

#[test]
fn a_fetch_that_fails_fails_for_everybody_who_waited_for_it() {
    let session = world(
        "duration = \"60s\"
         [services.web]
         workers = 10000
         endpoints.get.steps = [{ cache = { name = \"pages\", miss = [{ call = \"db.get\" }] } }]
         caches.pages = { keys = 1, single_flight = true, warm = false }
         calls.db = { timeout = \"100ms\" }
         [services.db]
         workers = 10000
         endpoints.get.steps = [{ work = \"300ms\" }]
         [traffic.users]
         to = \"web.get\"
         rate = \"100/s\"
         process = \"fixed\"",
    );
    let users = entry(&session).counts;
    assert_eq!((users.answered, users.failures.of(Reason::DependencyFailed)), (0, users.requests));
    let mean = users.mean_failed_latency().expect("failures") / 1e6;
    assert!(mean < 100.0, "nobody waits for more than one timeout: {mean} ms");
    assert!(service(&session, "db").counts.requests < 610, "one fetch at a time");
}

#[test]
fn each_direction_of_a_connection_has_its_own_timeouts() {
    // A share p of lost messages costs 200 ms × ((1 − p)/(1 − 2p) − 1) each way: 25 ms of 10 %.
    let session = world(
        "duration = \"30m\"
         network.edge = { loss = \"10%\" }
         [services.web]
         workers = 1000
         endpoints.get.steps = [{ work = \"1ms\" }]
         [traffic.users]
         to = \"web.get\"
         rate = \"200/s\"",
    );
    close("mean", mean_ms(&entry(&session)), 51.0, 0.03);
}

#[test]
fn a_machine_that_is_gone_leaves_no_work_in_the_books_of_its_service() {
    let session = world(
        "duration = \"20m\"
         [services.web]
         instances = 2
         workers = 1000
         endpoints.get.steps = [{ work = \"1s\" }]
         [traffic.users]
         to = \"web.get\"
         rate = \"50/s\"
         [[timeline]]
         at = \"1m\"
         do = { restart = { service = \"web\", selector = \"one\", silent = true } }",
    );
    let web = service(&session, "web");
    let little = fleetlab::insight::little::little(&web).expect("requests");
    assert!(little.gap().expect("some were held") < 0.01, "{little:?}");
    assert_eq!(web.counts.failures.of(Reason::Unreachable), 0, "the machine saw the end of none of them");
    let lost = entry(&session).counts.failures.of(Reason::Unreachable);
    assert!((12..40).contains(&lost), "TCP gives up after 924.6 s on the 25 or so that were at work: {lost}");
}

#[test]
fn callers_that_take_turns_of_their_own_do_not_fall_into_step() {
    let mean = |balancer: &str| {
        let session = world(&format!(
            "duration = \"2m\"
             zones = [\"a\", \"b\"]
             network.cross_zone = {{ latency = \"10ms\" }}
             [services.web]
             instances = 2
             workers = 100
             endpoints.get.steps = [{{ call = \"db.get\" }}]
             [services.db]
             instances = 2
             workers = 100
             balancer = {balancer}
             endpoints.get.steps = [{{ work = \"1ms\" }}]
             [traffic.users]
             to = \"web.get\"
             rate = \"20/s\""
        ));
        mean_ms(&session.store().caller_totals(fleetlab::ids::ServiceId(1)))
    };
    // Half of the calls cross the zones, there and back.
    close("own turns", mean("{ round-robin = { per_caller = true } }"), 11.0, 0.05);
    close("random", mean("\"random\""), 11.0, 0.05);
}

#[test]
fn what_is_sent_counts_even_if_it_is_never_answered() {
    let session = world(
        "duration = \"2m\"
         slos.answered.objective = \"99%\"
         [services.db]
         workers = 1
         endpoints.get.steps = [{ work = \"20ms\" }]
         [traffic.users]
         to = \"db.get\"
         rate = \"100/s\"
         process = \"fixed\"",
    );
    let users = entry(&session);
    assert!(users.load.arrivals >= 11_999, "{}", users.load.arrivals);
    assert_eq!(users.load.arrivals, users.counts.requests + users.load.in_system);
    let held = service(&session, "db");
    close("users who wait", users.average(users.load.in_system_area).expect("time"), held.average(held.load.in_system_area).expect("time"), 1e-6);
    let standing = session.standing(&session.scenario().slos[0]);
    // After two minutes every request sent in the last minute waits, and none for longer than 60 s; one second later some do.
    assert!(standing.total >= users.counts.requests);
    let session = world(
        "duration = \"3m\"
         slos.answered.objective = \"99%\"
         slos.fast = { objective = \"99%\", latency = \"1s\" }
         [services.db]
         workers = 1
         endpoints.get.steps = [{ work = \"200s\" }]
         [traffic.users]
         to = \"db.get\"
         rate = \"10/s\"
         process = \"fixed\"",
    );
    let [answered, fast] = [0, 1].map(|at| session.standing(&session.scenario().slos[at]));
    assert_eq!((answered.total, answered.achieved), (1_199, Some(0.0)), "nobody was answered; those of the last minute may still be");
    assert_eq!((fast.total, fast.achieved), (1_789, Some(0.0)));
}

#[test]
fn a_queue_says_what_waits_and_for_how_long() {
    let session = world(
        "duration = \"100s\"
         [services.web]
         endpoints.post.steps = [{ publish = \"jobs\" }]
         [services.worker]
         workers = 1
         endpoints.handle.steps = [{ work = \"200ms\" }]
         [queues.jobs]
         consumer = \"worker.handle\"
         concurrency = 1
         [traffic.users]
         to = \"web.post\"
         rate = \"10/s\"
         process = \"fixed\"",
    );
    let queue = session.kernel().queue(QueueId(0));
    assert_eq!(queue.published, queue.deleted + queue.dead + queue.visible + queue.in_flight);
    // Half of what comes is handled: after 100 s, 500 wait, and the oldest came when 500 had been published.
    close("visible", queue.visible as f64, 500.0, 0.01);
    close("age of the oldest", queue.oldest.expect("some wait").as_secs_f64(), 50.0, 0.01);
    close("mean age of the handled", queue.mean_age_s.expect("some were"), 25.0, 0.02);
    assert!(queue.most_visible >= queue.visible);
}

#[test]
fn a_run_that_would_exhaust_the_machine_ends() {
    let source = "format_version = 1
         duration = \"1m\"
         [services.web]
         workers = 1
         endpoints.get.steps = [{ work = \"10m\" }]
         [traffic.users]
         to = \"web.get\"
         rate = \"1000000/s\"
         process = \"fixed\"";
    let loaded = read_str("world", "world.toml", source, &Folder::Nowhere).unwrap_or_else(|error| panic!("{error}"));
    let mut session = Session::new(Arc::new(loaded.scenario), 7);
    session.run();
    let failure = session.failure().expect("it ends early");
    assert!(failure.at < SimTime::from_secs(5) && session.is_over(), "{failure}");
    assert!(session.act(fleetlab::scenario::Action::Clear { fault: "x".to_owned() }).is_err());
}
