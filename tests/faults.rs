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
    let (errors, p50) = felt(&in_and_out("{ latency = { delay = '20ms' } }", "service = 'db'"));
    assert!(errors < 0.001);
    assert!((43.0..=48.0).contains(&p50), "{p50} ms");
}

#[test]
fn packet_loss_shows_as_timeouts_where_nobody_retransmits() {
    let during = in_and_out("{ packet-loss = { loss = 0.3 } }", "service = 'db'");
    let (errors, p50) = felt(&during);
    assert!(errors > 0.05 || p50 > 50.0, "{errors} failed, median {p50} ms");
}

#[test]
fn a_partition_cuts_one_caller_off() {
    let (errors, _) = felt(&in_and_out("{ partition = { from = 'web' } }", "service = 'db'"));
    assert!(errors > 0.99, "{errors}");
    let (errors, _) = felt(&in_and_out("{ partition = { from = 'users' } }", "service = 'db'"));
    assert!(errors < 0.001, "users do not call the database: {errors}");
}

#[test]
fn in_a_one_way_partition_answers_still_pass() {
    let mut session = two();
    session.advance_to(secs(60));
    inject(&mut session, "{ partition = { from = 'web', one_way = true } }", "service = 'db'");
    let during = look(&mut session, 90);
    assert!(felt(&during).0 > 0.99, "requests are lost");
    assert!(db(&during).instances.iter().all(|instance| instance.busy == 0));
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
