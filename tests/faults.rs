//! Faults as they show in a session: what users feel while one is in force, and that nothing is left when it is over.

mod support;

use fleetlab::fleet::instance::InstanceState;
use fleetlab::ids::ServiceId;
use fleetlab::lab::Session;
use fleetlab::lab::snapshot::{Interest, ServiceSnapshot, Snapshot};
use fleetlab::telemetry::ledger::Event;
use support::{action, read, secs};

const DB: ServiceId = ServiceId(1);

/// Two services in three zones; the second one works, waits for its disk, and is called through a pool.
const TWO: &str = r#"
format_version = 1
duration = "1h"
zones = ["a", "b", "c"]
network = { same_zone = { latency = "200us" }, cross_zone = { latency = "200us" } }

[services.web]
instances = 3
workers = 64
endpoints.home.steps = [ { call = "db.query" } ]
calls.db = { timeout = "1s", pool = { size = 10, acquire_timeout = "500ms" } }

[services.db]
instances = 3
workers = 8
start_up = "5s"
restart_after = "5s"
memory = "64MiB"
memory_limit = "128MiB"
endpoints.query.steps = [ { work = "2ms" }, { io = "2ms" } ]
versions.v1 = {}
versions.v2 = {}
deployment = "rolling-update"

[traffic.users]
to = "web.home"
rate = "200/s"
"#;

fn two() -> Session {
    Session::new(read(TWO), 5)
}

fn act(session: &mut Session, deed: &str) {
    session.act(action(deed)).unwrap_or_else(|error| panic!("{deed}: {error}"));
}

fn inject(session: &mut Session, kind: &str, more: &str) {
    act(session, &format!("inject = {{ fault = {{ name = 'it', kind = {kind}, {more} }} }}"));
}

fn look(session: &mut Session, at: u64) -> Snapshot {
    session.advance_to(secs(at));
    session.snapshot(&Interest::default())
}

fn db(snapshot: &Snapshot) -> &ServiceSnapshot {
    &snapshot.services[DB.index()]
}

/// What users get: share of failures and median [ms].
fn felt(snapshot: &Snapshot) -> (f64, f64) {
    (snapshot.entry.error_ratio, snapshot.entry.p50_ms.unwrap_or(f64::NAN))
}

/// Injects a fault at 60 s, looks at 90 s, clears it, and looks at 150 s: everything must be as before.
fn in_and_out(kind: &str, more: &str) -> Snapshot {
    let mut session = two();
    let before = look(&mut session, 60);
    inject(&mut session, kind, more);
    let during = look(&mut session, 90);
    act(&mut session, "clear = { fault = 'it' }");
    let after = look(&mut session, 150);
    let ((_, p50), (errors, p50_after)) = (felt(&before), felt(&after));
    assert!(errors < 0.001, "{kind}: {errors} of the requests still fail");
    assert!((p50_after / p50 - 1.0).abs() < 0.1, "{kind}: median {p50} ms before, {p50_after} ms after");
    assert!(after.faults.is_empty() && db(&after).instances.iter().all(|instance| !instance.faulted), "{kind}");
    assert!(db(&after).instances.iter().all(|instance| instance.state == InstanceState::Healthy), "{kind}");
    during
}

#[test]
fn latency_delays_messages_and_passes() {
    // 4.8 ms without it; netem delays what leaves the instance, once per round trip.
    for (direction, range) in [("", 23.0..=28.0), (", direction = 'to'", 23.0..=28.0), (", direction = 'both'", 43.0..=48.0)] {
        let (errors, p50) = felt(&in_and_out(&format!("{{ latency = {{ delay = '20ms'{direction} }} }}"), "service = 'db'"));
        assert!(errors < 0.001);
        assert!(range.contains(&p50), "{direction}: {p50} ms");
    }
}

#[test]
fn latency_of_a_service_delays_its_own_calls_as_well_as_its_answers() {
    let (_, p50) = felt(&in_and_out("{ latency = { delay = '20ms' } }", "service = 'web'"));
    assert!((43.0..=48.0).contains(&p50), "the call of the database and the answer to the user: {p50} ms");
}

#[test]
fn overlapping_delays_add_up_whatever_their_distributions() {
    let mut session = two();
    session.advance_to(secs(60));
    for (name, delay) in [("one", "{ lognormal = { mean = '20ms', cv = 0.1 } }"), ("two", "{ lognormal = { mean = '20ms', cv = 0.1 } }"), ("three", "'10ms'")] {
        act(&mut session, &format!("inject = {{ fault = {{ name = '{name}', kind = {{ latency = {{ delay = {delay} }} }}, service = 'db' }} }}"));
    }
    let (_, p50) = felt(&look(&mut session, 90));
    assert!((53.0..=58.0).contains(&p50), "20 + 20 + 10 + 4.8 ms: {p50} ms");
}

#[test]
fn packet_loss_shows_as_timeouts_where_nobody_retransmits() {
    // Answers come after 200, 600 and 1,400 ms: whoever waits one second misses those that were lost three times.
    let (errors, _) = felt(&in_and_out("{ packet-loss = { loss = 0.3 } }", "service = 'db'"));
    assert!((errors - 0.027).abs() < 0.01, "{errors} failed");
    let (both, _) = felt(&in_and_out("{ packet-loss = { loss = 0.3, direction = 'both' } }", "service = 'db'"));
    assert!(both > 2.0 * errors, "{both} failed");
}

#[test]
fn a_partition_cuts_one_caller_off() {
    let (errors, _) = felt(&in_and_out("{ partition = { from = 'web' } }", "service = 'db'"));
    assert!(errors > 0.99, "{errors}");
    let (errors, _) = felt(&in_and_out("{ partition = { from = 'users' } }", "service = 'db'"));
    assert!(errors < 0.001, "users do not call the database: {errors}");
}

/// CPU time that the database used [s].
fn db_cpu(session: &Session) -> f64 {
    session.store().instances_of(DB).map(|instance| session.view(instance).cpu_nanos as f64 / 1e9).sum()
}

#[test]
fn a_one_way_partition_loses_either_requests_or_answers_whoever_calls() {
    // The web calls the database. What goes towards the database are requests, what comes from it are answers.
    for (service, peer, direction, works) in [("db", "web", "to", false), ("db", "web", "from", true), ("web", "db", "to", true), ("web", "db", "from", false)]
    {
        // Not held back by a pool, whose connections would all be waiting.
        let mut session = Session::new(read(&TWO.replace(", pool = { size = 10, acquire_timeout = \"500ms\" }", "")), 5);
        session.advance_to(secs(60));
        inject(&mut session, &format!("{{ partition = {{ from = '{peer}', direction = '{direction}' }} }}"), &format!("service = '{service}'"));
        session.advance_to(secs(70));
        let before = db_cpu(&session);
        let during = look(&mut session, 80);
        let used = db_cpu(&session) - before;
        assert!(felt(&during).0 > 0.99, "{service} {direction}: nobody gets an answer");
        // 200/s of 2 ms for 10 s.
        assert!(if works { (used - 4.0).abs() < 0.3 } else { used < 0.01 }, "{service} {direction}: {used} s of work");
    }
}

#[test]
fn a_partition_from_everybody_cuts_both_roles() {
    // Towards the web it stops the users' requests, from the web its calls: the database has nothing to do.
    for direction in ["to", "from"] {
        let mut session = two();
        session.advance_to(secs(60));
        inject(&mut session, &format!("{{ partition = {{ direction = '{direction}' }} }}"), "service = 'web'");
        session.advance_to(secs(70));
        let before = db_cpu(&session);
        session.advance_to(secs(80));
        assert!(db_cpu(&session) - before < 0.01, "{direction}");
    }
}

#[test]
fn error_responses_fail_their_share() {
    let (errors, _) = felt(&in_and_out("{ error-responses = { error_rate = 0.3 } }", "service = 'db'"));
    assert!((errors - 0.3).abs() < 0.05, "{errors}");
    let (errors, _) = felt(&in_and_out("{ bad-configuration = { error_rate = 1.0 } }", "service = 'db'"));
    assert!(errors > 0.99, "{errors}");
}

#[test]
fn an_expired_certificate_refuses_new_connections() {
    let during = in_and_out("'certificate-expiry'", "service = 'db'");
    assert!(felt(&during).0 > 0.99);
    assert_eq!(db(&during).reasons[0].0, "certificate-expired");
}

#[test]
fn a_starved_cpu_slows_work_and_a_slow_disk_slows_waiting() {
    let (_, p50) = felt(&in_and_out("{ cpu-starvation = { stolen = 0.9 } }", "service = 'db'"));
    assert!((20.0..=26.0).contains(&p50), "2 ms of work take 20 ms: {p50} ms");
    let (_, p50) = felt(&in_and_out("{ io-slowness = { factor = 10.0 } }", "service = 'db'"));
    assert!((20.0..=26.0).contains(&p50), "2 ms of disk take 20 ms: {p50} ms");
}

#[test]
fn a_storm_of_collections_stops_the_world_again_and_again() {
    let during = in_and_out("{ gc-storm = { every = '2s', pause = '400ms' } }", "service = 'db'");
    assert!(during.entry.p99_ms.is_some_and(|p99| p99 > 300.0), "{:?}", during.entry);
}

#[test]
fn leaked_connections_exhaust_the_pool() {
    let during = in_and_out("{ pool-exhaustion = { leaked = 1.0 } }", "service = 'db'");
    assert!(felt(&during).0 > 0.99);
    assert_eq!(db(&during).reasons[0].0, "pool-exhausted");
}

#[test]
fn connections_leak_by_the_share_of_the_selected_instances() {
    // Three instances and a pool of ten: with one selected, six connections are left, which are plenty.
    for selector in ["'one'", "{ fixed-percent = { value = 0.0 } }", "{ random-max-percent = { value = 0.0 } }"] {
        let (errors, p50) = felt(&in_and_out("{ pool-exhaustion = { leaked = 1.0 } }", &format!("service = 'db', selector = {selector}")));
        assert!(errors < 0.001 && p50 < 7.0, "{selector}: {errors} fail, median {p50} ms");
    }
    // With all of them busy for 100 ms, six connections in each of three clients carry 180 requests/s of 200.
    let slow = TWO.replace("{ io = \"2ms\" }", "{ io = \"98ms\" }").replace("workers = 8", "workers = 64");
    let mut session = Session::new(read(&slow), 5);
    session.advance_to(secs(60));
    inject(&mut session, "'pool-exhaustion'", "service = 'db', selector = 'one'");
    let (errors, _) = felt(&look(&mut session, 120));
    assert!((errors - 0.1).abs() < 0.03, "{errors}");
}

#[test]
fn health_checks_do_not_see_an_expired_certificate() {
    let checked = TWO.replace("[services.db]\n", "[services.db]\nhealth_check = { alb = { interval = '5s', timeout = '2s' } }\n");
    let mut session = Session::new(read(&checked), 5);
    session.advance_to(secs(60));
    inject(&mut session, "'certificate-expiry'", "service = 'db'");
    let during = look(&mut session, 120);
    assert!(felt(&during).0 > 0.99);
    assert!(db(&during).instances.iter().all(|instance| instance.state == InstanceState::Healthy));
}

#[test]
fn an_outage_takes_everything_down_until_it_is_over() {
    let during = in_and_out("'dependency-outage'", "service = 'db'");
    assert!(felt(&during).0 > 0.99);
    assert!(db(&during).instances.iter().all(|instance| instance.state == InstanceState::Crashed));
}

#[test]
fn a_crash_with_a_duration_keeps_its_instances_down() {
    let mut session = two();
    session.advance_to(secs(60));
    inject(&mut session, "'crash'", "service = 'db', selector = { fixed = { value = 2 } }, duration = '1m'");
    let down = |snapshot: &Snapshot| db(snapshot).instances.iter().filter(|instance| instance.state != InstanceState::Healthy).count();
    assert_eq!(down(&look(&mut session, 61)), 2);
    assert_eq!(down(&look(&mut session, 119)), 2);
    assert_eq!(down(&look(&mut session, 126)), 0, "its start-up takes 5 s");
}

#[test]
fn a_restart_loop_crashes_the_process_after_every_start() {
    let mut session = two();
    session.advance_to(secs(60));
    inject(&mut session, "{ restart-loop = { after = '10s' } }", "service = 'db', selector = 'one'");
    session.advance_to(secs(125));
    act(&mut session, "clear = { fault = 'it' }");
    session.advance_to(secs(300));
    let of = |wanted: &str| -> Vec<u64> {
        let times = session.ledger().truth().iter().filter(|record| matches!(record.event, Event::Instance { change, .. } if change == wanted));
        times.map(|record| record.at.nanos() / 1_000_000_000).collect()
    };
    // It has run for longer than 10 s, so it dies at once; 5 s to the restart, 5 s of start-up, and 10 s of life.
    assert_eq!(of("crashed"), [60, 80, 100, 120]);
    assert_eq!(of("restarted"), [70, 90, 110, 130]);
}

#[test]
fn a_slower_restart_loop_waits_for_its_own_time() {
    let mut session = two();
    let loops = |session: &mut Session, after: &str, duration: &str| {
        inject(session, &format!("{{ restart-loop = {{ after = '{after}' }} }}"), &format!("service = 'db', selector = 'all', duration = '{duration}'"));
    };
    session.advance_to(secs(30));
    loops(&mut session, "60s", "10s");
    session.advance_to(secs(41));
    loops(&mut session, "100s", "70s");
    session.advance_to(secs(110));
    let of = |record: &fleetlab::telemetry::ledger::Record| matches!(record.event, Event::Instance { change: "crashed", .. }).then_some(record.at);
    let crashes: Vec<_> = session.ledger().truth().iter().filter_map(of).collect();
    assert_eq!(crashes, [secs(100); 3], "the timer of the first loop is nobody's any more");
}

#[test]
fn a_storm_of_mild_collections_cures_nobody() {
    let pausing = TWO.replace("[services.db]\n", "[services.db]\ngc = { every = '10s', pause = '500ms' }\n");
    let mut session = Session::new(read(&pausing), 5);
    session.advance_to(secs(60));
    inject(&mut session, "{ gc-storm = { every = '100s', pause = '10ms' } }", "service = 'db'");
    let during = look(&mut session, 120);
    assert!(during.entry.p99_ms.is_some_and(|p99| p99 > 300.0), "{:?}", during.entry);
}

#[test]
fn who_was_dead_before_an_outage_stays_dead_after_it() {
    let down = |snapshot: &Snapshot| db(snapshot).instances.iter().filter(|instance| instance.state == InstanceState::Crashed).count();
    for (restart_after, just_after, later) in [("never", 1, 1), ("200s", 1, 0)] {
        let mut session = Session::new(read(&TWO.replace("restart_after = \"5s\"", &format!("restart_after = \"{restart_after}\""))), 5);
        session.advance_to(secs(60));
        act(&mut session, "inject = { fault = { kind = 'crash', service = 'db', selector = 'one' } }");
        session.advance_to(secs(70));
        inject(&mut session, "'dependency-outage'", "service = 'db', duration = '30s'");
        assert_eq!(down(&look(&mut session, 90)), 3);
        assert_eq!(down(&look(&mut session, 110)), just_after, "{restart_after}");
        assert_eq!(down(&look(&mut session, 259)), just_after, "{restart_after}: its time has not come");
        assert_eq!(down(&look(&mut session, 270)), later, "{restart_after}");
    }
}

#[test]
fn an_instance_born_into_an_outage_starts_after_it_even_if_crashes_are_for_good() {
    let mut session = Session::new(read(&TWO.replace("restart_after = \"5s\"", "restart_after = \"never\"")), 5);
    session.advance_to(secs(60));
    inject(&mut session, "'dependency-outage'", "service = 'db', duration = '60s'");
    act(&mut session, "scale = { service = 'db', instances = 4 }");
    let after = look(&mut session, 130);
    assert!(db(&after).instances.iter().all(|instance| instance.state == InstanceState::Healthy), "{:?}", db(&after).instances);
}

#[test]
fn a_memory_leak_ends_in_an_oom_kill_and_begins_anew() {
    let mut session = two();
    session.advance_to(secs(60));
    inject(&mut session, "{ memory-leak = { per_request = '64KiB' } }", "service = 'db'");
    // 64 MiB at 67 requests/s of 64 KiB each last about 15 s.
    let during = look(&mut session, 70);
    assert!(db(&during).instances.iter().all(|instance| instance.memory > 80 << 20), "{:?}", db(&during).instances);
    session.advance_to(secs(120));
    let kills = session.ledger().truth().iter().filter(|record| matches!(record.event, Event::Instance { change: "out-of-memory", .. })).count();
    assert!((3..=9).contains(&kills), "{kills}");
    act(&mut session, "clear = { fault = 'it' }");
    session.advance_to(secs(140));
    let before = session.ledger().truth().len();
    session.advance_to(secs(400));
    assert_eq!(session.ledger().truth().len(), before, "nothing happens any more");
}

#[test]
fn a_lost_zone_is_left_for_the_others_and_comes_back() {
    let mut session = two();
    session.advance_to(secs(60));
    act(&mut session, "inject = { fault = { name = 'it', kind = { zone-loss = { zone = 'b' } } } }");
    let down = look(&mut session, 61);
    for service in &down.services {
        assert_eq!(service.instances.iter().filter(|instance| instance.state == InstanceState::Crashed).count(), 1);
    }
    let during = look(&mut session, 120);
    for service in &during.services {
        assert!(service.instances.iter().all(|instance| instance.zone != 1 && instance.state == InstanceState::Healthy), "{:?}", service.instances);
        assert_eq!(service.instances.len(), 3, "each was replaced elsewhere");
    }
    act(&mut session, "clear = { fault = 'it' }");
    act(&mut session, "scale = { service = 'db', instances = 4 }");
    let after = look(&mut session, 180);
    assert_eq!(db(&after).instances.iter().filter(|instance| instance.zone == 1).count(), 1, "the next one goes where there is nobody");
}

#[test]
fn a_service_that_lives_in_the_lost_zone_only_waits_for_it() {
    let source = TWO.replace("[services.db]\n", "[services.db]\nzones = ['b']\n");
    let mut session = Session::new(read(&source), 5);
    session.advance_to(secs(60));
    act(&mut session, "inject = { fault = { name = 'it', kind = { zone-loss = { zone = 'b' } }, duration = '2m' } }");
    let during = look(&mut session, 170);
    assert!(db(&during).instances.iter().all(|instance| instance.state == InstanceState::Crashed));
    let after = look(&mut session, 186);
    assert!(db(&after).instances.iter().all(|instance| instance.state == InstanceState::Healthy), "{:?}", db(&after).instances);
}

#[test]
fn selectors_pick_as_many_instances_as_they_say() {
    for (selector, count) in [("'one'", 1), ("'all'", 3), ("{ fixed = { value = 2 } }", 2), ("{ fixed-percent = { value = 70.0 } }", 2)] {
        let mut session = two();
        inject(&mut session, "'latency'", &format!("service = 'db', selector = {selector}"));
        assert_eq!(session.fleet().faults()[0].instances.len(), count, "{selector}");
        let felt = session.fleet().service(DB).instances.iter().filter(|instance| instance.faulted).count();
        assert_eq!(felt, count, "{selector}");
    }
}

#[test]
fn other_faults_do_not_change_whom_a_fault_picks_within_its_turn() {
    let picks = |seed| {
        let mut session = Session::new(read(TWO), seed);
        inject(&mut session, "'latency'", "service = 'db', selector = 'one'");
        session.fleet().faults()[0].instances[0]
    };
    assert_eq!(picks(5), picks(5));
    assert!((0..20).map(picks).collect::<std::collections::BTreeSet<_>>().len() > 1, "another seed picks another one");
}

#[test]
fn what_belongs_to_the_service_hits_instances_started_later_and_what_belongs_to_a_machine_does_not() {
    for (kind, reaches) in [
        ("'bad-configuration'", true),
        ("'certificate-expiry'", true),
        ("'latency'", true),
        ("'memory-leak'", true),
        ("'error-responses'", false),
        ("'cpu-starvation'", false),
        ("'io-slowness'", false),
    ] {
        let mut session = two();
        inject(&mut session, kind, "service = 'db'");
        act(&mut session, "scale = { service = 'db', instances = 4 }");
        session.advance_to(secs(10));
        let newest = *session.fleet().service(DB).instances.last().expect("four");
        assert_eq!(newest.faulted, reaches, "{kind}");
        act(&mut session, "clear = { fault = 'it' }");
        assert!(session.fleet().service(DB).instances.iter().all(|instance| !instance.faulted), "{kind}");
    }
}

#[test]
fn a_fault_on_some_instances_does_not_spread_to_later_ones() {
    let mut session = two();
    inject(&mut session, "'latency'", "service = 'db', selector = { fixed = { value = 3 } }");
    act(&mut session, "scale = { service = 'db', instances = 4 }");
    session.advance_to(secs(10));
    assert!(!session.fleet().service(DB).instances.last().expect("four").faulted);
}

#[test]
fn nothing_leaks_when_the_fleet_changes_under_a_fault() {
    let mut session = two();
    session.advance_to(secs(60));
    act(&mut session, "inject = { fault = { name = 'slow', kind = 'latency', service = 'db', duration = '90s' } }");
    act(&mut session, "inject = { fault = { name = 'errors', kind = 'bad-configuration', service = 'db', duration = '60s' } }");
    act(&mut session, "inject = { fault = { name = 'cut', kind = { partition = { from = 'web' } }, service = 'db', duration = '30s' } }");
    act(&mut session, "deploy = { service = 'db', version = 'v2' }");
    session.advance_to(secs(66));
    act(&mut session, "scale = { service = 'db', instances = 6 }");
    session.advance_to(secs(100));
    act(&mut session, "roll-back = { service = 'db' }");
    act(&mut session, "scale = { service = 'db', instances = 3 }");
    let after = look(&mut session, 240);
    let (errors, p50) = felt(&after);
    assert!(errors < 0.001 && p50 < 7.0, "{errors} fail, median {p50} ms");
    assert_eq!(db(&after).instances.len(), 3);
    assert!(db(&after).instances.iter().all(|instance| !instance.faulted));
}

#[test]
fn two_faults_add_up_and_end_one_by_one() {
    let mut session = two();
    session.advance_to(secs(60));
    act(&mut session, "inject = { fault = { name = 'one', kind = { error-responses = { error_rate = 0.5 } }, service = 'db' } }");
    act(&mut session, "inject = { fault = { name = 'other', kind = { error-responses = { error_rate = 0.5 } }, service = 'db' } }");
    let both = felt(&look(&mut session, 90)).0;
    assert!((both - 0.75).abs() < 0.06, "{both}");
    act(&mut session, "clear = { fault = 'one' }");
    let one = felt(&look(&mut session, 120)).0;
    assert!((one - 0.5).abs() < 0.06, "{one}");
}

#[test]
fn an_instance_held_down_by_two_faults_comes_back_after_the_second() {
    let mut session = two();
    session.advance_to(secs(60));
    act(&mut session, "inject = { fault = { name = 'outage', kind = 'dependency-outage', service = 'db', duration = '30s' } }");
    act(&mut session, "inject = { fault = { name = 'crash', kind = 'crash', service = 'db', duration = '60s' } }");
    let state = |session: &mut Session, at| db(&look(session, at)).instances[0].state;
    assert_eq!(state(&mut session, 110), InstanceState::Crashed);
    assert_eq!(state(&mut session, 126), InstanceState::Healthy);
}
