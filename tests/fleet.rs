//! The control plane as it shows in a session: exact traces of deployments, health checks, scaling, and faults.

mod support;

use fleetlab::fleet::instance::InstanceState;
use fleetlab::fleet::look::InstanceLook;
use fleetlab::ids::{InstanceId, ServiceId};
use fleetlab::lab::Session;
use fleetlab::telemetry::ledger::Event;
use fleetlab::units::{SimSpan, SimTime};
use support::{action, read, secs};

const WEB: ServiceId = ServiceId(0);

/// A service `web` with these keys, under light traffic.
fn web(keys: &str) -> Session {
    web_with(keys, "rate = \"20/s\"", "")
}

fn web_with(keys: &str, traffic: &str, more: &str) -> Session {
    let source = format!(
        "format_version = 1\nduration = '3h'\nzones = ['a', 'b', 'c']\n[services.web]\n{keys}\n\
         endpoints.home.steps = [ {{ work = '2ms' }} ]\n\
         versions.v1 = {{}}\nversions.v2 = {{}}\nversions.v3 = {{}}\nversions.dead = {{ startup_failure = 1.0 }}\n\
         [traffic.users]\nto = 'web.home'\n{traffic}\n{more}"
    );
    Session::new(read(&source), 3)
}

fn act(session: &mut Session, deed: &str) {
    session.act(action(deed)).unwrap_or_else(|error| panic!("{deed}: {error}"));
}

fn instances(session: &Session) -> Vec<InstanceLook> {
    session.fleet().service(WEB).instances
}

/// Instances that are not on their way out, and of these the healthy ones.
fn counts(session: &Session) -> (usize, usize) {
    let staying: Vec<InstanceLook> = instances(session).into_iter().filter(|instance| instance.state != InstanceState::Draining).collect();
    (staying.len(), staying.iter().filter(|instance| instance.state == InstanceState::Healthy).count())
}

/// Names of the versions that run, with how many instances each.
fn versions(session: &Session) -> Vec<(String, usize)> {
    let mut all: Vec<(String, usize)> = Vec::new();
    for instance in instances(session).into_iter().filter(|instance| instance.state == InstanceState::Healthy) {
        let name = &session.scenario().model.versions[instance.version.index()].name;
        match all.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => all.push((name.clone(), 1)),
        }
    }
    all
}

/// When something was first written into the ledger.
fn first(session: &Session, wanted: impl Fn(&Event) -> bool) -> Option<SimTime> {
    session.ledger().truth().iter().find(|record| wanted(&record.event)).map(|record| record.at)
}

fn changes(session: &Session, instance: u32) -> Vec<(SimTime, &'static str)> {
    let of = |record: &fleetlab::telemetry::ledger::Record| match record.event {
        Event::Instance { instance: id, change, .. } if id == InstanceId(instance) => Some((record.at, change)),
        _ => None,
    };
    session.ledger().truth().iter().filter_map(of).collect()
}

fn scalings(session: &Session) -> Vec<(u64, u32, u32, &'static str)> {
    let of = |record: &fleetlab::telemetry::ledger::Record| match record.event {
        Event::Scaled { from, to, by, .. } => Some((record.at.nanos() / 1_000_000_000, from, to, by)),
        _ => None,
    };
    session.ledger().truth().iter().filter_map(of).collect()
}

/// The extremes of (staying, healthy) while time goes on, second by second.
fn extremes(session: &mut Session, until: SimTime) -> (usize, usize) {
    let (mut most, mut fewest) = (0, usize::MAX);
    while session.now() < until {
        session.advance_to(session.now() + SimSpan::from_secs(1));
        let (staying, healthy) = counts(session);
        (most, fewest) = (most.max(staying), fewest.min(healthy));
    }
    (most, fewest)
}

// Life, placement, start-up.

#[test]
fn the_first_fleet_is_up_at_once_and_spread_over_the_zones_in_turn() {
    let session = web("instances = 7\nstart_up = '30s'");
    let zones: Vec<u8> = instances(&session).iter().map(|instance| instance.zone.0).collect();
    assert_eq!(zones, [0, 1, 2, 0, 1, 2, 0]);
    assert_eq!(counts(&session), (7, 7));
}

#[test]
fn scaling_up_takes_a_start_up_and_scaling_down_keeps_the_zones_even() {
    let mut session = web("instances = 3\nstart_up = '30s'");
    session.advance_to(secs(10));
    act(&mut session, "scale = { service = 'web', instances = 6 }");
    session.advance_to(SimTime::from_nanos(39_999_999_999));
    assert_eq!(counts(&session), (6, 3));
    session.advance_to(secs(40));
    assert_eq!(counts(&session), (6, 6));
    act(&mut session, "scale = { service = 'web', instances = 3 }");
    session.advance_to(secs(120));
    let left: Vec<(u32, u8)> = instances(&session).iter().map(|instance| (instance.id.0, instance.zone.0)).collect();
    assert_eq!(left, [(0, 0), (1, 1), (2, 2)], "the newest go, one of each zone");
}

#[test]
fn a_crashed_instance_starts_again_after_its_delay_and_its_start_up() {
    let mut session = web("instances = 2\nstart_up = '5s'\nrestart_after = '20s'");
    session.advance_to(secs(10));
    act(&mut session, "inject = { fault = { kind = 'crash', service = 'web', selector = 'one' } }");
    let crashed = instances(&session).into_iter().find(|instance| instance.state == InstanceState::Crashed).expect("one crashed").id.0;
    session.advance_to(secs(100));
    let happened: Vec<(SimTime, &str)> = changes(&session, crashed).split_off(1);
    assert_eq!(happened, [(secs(10), "crashed"), (secs(35), "restarted")]);
    assert!(session.fleet().faults().is_empty(), "a crash is over as soon as it has happened");
}

#[test]
fn an_instance_that_never_restarts_stays_down_and_counts() {
    let mut session = web("instances = 2\nrestart_after = 'never'");
    session.advance_to(secs(10));
    act(&mut session, "inject = { fault = { kind = 'crash', service = 'web', selector = 'one' } }");
    session.advance_to(secs(1_000));
    assert_eq!(counts(&session), (2, 1));
}

#[test]
fn without_health_checks_nobody_notices_a_crash_and_clients_are_refused() {
    let mut session = web("instances = 2\nrestart_after = '100s'");
    session.advance_to(secs(10));
    act(&mut session, "inject = { fault = { kind = 'crash', service = 'web', selector = 'one' } }");
    session.advance_to(secs(60));
    let snapshot = session.snapshot(&fleetlab::lab::snapshot::Interest::default());
    let web = &snapshot.services[0];
    assert!((web.signals.error_ratio - 0.5).abs() < 0.1, "{:?}", web.signals);
    assert_eq!(web.reasons[0].0, "connection-refused");
}

#[test]
fn draining_lets_requests_finish_and_gives_up_after_its_time() {
    // Requests take 20 s: one that came just before is given 30 s, or 5 s.
    for (drain, stopped_after) in [("30s", 15..=21), ("5s", 5..=5)] {
        let mut session = web_with(&format!("instances = 2\ndrain = '{drain}'\nworkers = 1000"), "rate = '20/s'\nprocess = 'fixed'", "");
        let mut scenario = session.scenario().as_ref().clone();
        scenario.model.endpoints[0].steps = vec![fleetlab::kernel::model::Step::Sleep(fleetlab::kernel::dist::Distribution::Fixed(SimSpan::from_secs(20)))];
        session = Session::new(std::sync::Arc::new(scenario), 3);
        session.advance_to(secs(60));
        act(&mut session, "scale = { service = 'web', instances = 1 }");
        session.advance_to(secs(120));
        let stopped = changes(&session, 1).into_iter().find(|(_, change)| *change == "stopped").expect("stopped").0;
        let after = stopped.since(secs(60)).as_secs_f64();
        assert!((f64::from(*stopped_after.start())..=f64::from(*stopped_after.end())).contains(&after), "drain {drain}: stopped after {after} s");
        let failed = session.store().run_counts().requests - session.store().run_counts().answered;
        assert_eq!(failed == 0, drain == "30s", "{failed} requests failed");
    }
}

#[test]
fn a_restart_kills_and_starts_at_once() {
    let mut session = web("instances = 4\nstart_up = '7s'\nrestart_after = '60s'");
    session.advance_to(secs(10));
    act(&mut session, "restart = { service = 'web', selector = { fixed = { value = 2 } } }");
    assert_eq!(counts(&session), (4, 2));
    session.advance_to(secs(17));
    assert_eq!(counts(&session), (4, 4));
}

// Health checks.

const ALB: &str = "health_check = { alb = { interval = '30s', timeout = '5s' } }";

#[test]
fn a_target_leaves_after_two_failed_checks_and_returns_after_five_good_ones() {
    let mut session = web(&format!("instances = 3\n{ALB}"));
    session.advance_to(secs(100));
    act(&mut session, "inject = { fault = { kind = 'bad-configuration', service = 'web', selector = 'one', duration = '200s' } }");
    let id = session.fleet().faults()[0].instances[0].0;
    session.advance_to(secs(500));
    let happened: Vec<(f64, &str)> = changes(&session, id).into_iter().skip(1).map(|(at, change)| (at.as_secs_f64(), change)).collect();
    assert_eq!(happened.iter().map(|(_, change)| *change).collect::<Vec<_>>(), ["unhealthy", "healthy"], "{happened:?}");
    assert!((130.0..=160.1).contains(&happened[0].0), "two checks, 30 s apart: {happened:?}");
    assert!((420.0..=450.1).contains(&happened[1].0), "five checks, 30 s apart: {happened:?}");
}

#[test]
fn a_target_that_is_down_is_out_after_two_checks_and_back_after_five() {
    let mut session = web(&format!("instances = 3\nrestart_after = '3m'\n{ALB}"));
    session.advance_to(secs(100));
    act(&mut session, "inject = { fault = { kind = 'crash', service = 'web', selector = 'one' } }");
    session.advance_to(secs(700));
    let id = instances(&session).into_iter().find(|instance| changes(&session, instance.id.0).len() > 1).expect("one crashed").id.0;
    let happened = changes(&session, id);
    let at = |change: &str| happened.iter().find(|(_, known)| *known == change).unwrap_or_else(|| panic!("{change}: {happened:?}")).0.as_secs_f64();
    let out = at("unhealthy") - at("crashed");
    assert!((30.0..=60.0).contains(&out), "out after {out} s");
    assert!((at("restarted") - at("crashed") - 180.0).abs() < 1e-6);
    let back = at("healthy") - at("restarted");
    assert!((120.0..=150.0).contains(&back), "back after {back} s");
}

#[test]
fn a_new_target_needs_one_good_check() {
    let mut session = web(&format!("instances = 1\nstart_up = '10s'\n{ALB}"));
    session.advance_to(secs(50));
    act(&mut session, "scale = { service = 'web', instances = 2 }");
    session.advance_to(secs(61));
    let healthy = changes(&session, 1).into_iter().find(|(_, change)| *change == "healthy").expect("healthy").0;
    assert!((healthy.as_secs_f64() - 60.0).abs() < 0.1, "{healthy}");
}

#[test]
fn when_all_targets_are_unhealthy_all_of_them_get_traffic() {
    let mut session = web(&format!("instances = 3\n{ALB}"));
    session.advance_to(secs(100));
    act(&mut session, "inject = { fault = { name = 'bad', kind = 'bad-configuration', service = 'web' } }");
    session.advance_to(secs(200));
    assert!(instances(&session).iter().all(|instance| instance.state == InstanceState::Unhealthy && instance.serving));
    assert!(first(&session, |event| matches!(event, Event::Instance { change: "fail-open", .. })).is_some());
    let failed = session.snapshot(&fleetlab::lab::snapshot::Interest::default()).services[0].reasons[0];
    assert_eq!(failed.0, "application-error", "requests still arrive");
    act(&mut session, "clear = { fault = 'bad' }");
    session.advance_to(secs(400));
    assert!(instances(&session).iter().all(|instance| instance.state == InstanceState::Healthy && instance.serving));
}

#[test]
fn an_overloaded_instance_fails_its_checks() {
    let keys = "instances = 2\nworkers = 1\nhealth_check = { alb = { interval = '5s', timeout = '2s' } }";
    let mut session = web_with(keys, "rate = '100/s'\nshapes = [ { spike = { start = '60s', lasts = '120s', factor = 20.0 } } ]", "");
    session.advance_to(secs(59));
    assert_eq!(counts(&session), (2, 2));
    session.advance_to(secs(120));
    assert_eq!(counts(&session), (2, 0), "checks wait in the same queue as requests");
}

#[test]
fn readiness_takes_a_pod_out_and_liveness_restarts_it() {
    let ready = "health_check = { kubernetes = { readiness = { period = '10s', timeout = '1s' } } }";
    let mut session = web(&format!("instances = 2\n{ready}"));
    session.advance_to(secs(100));
    act(&mut session, "inject = { fault = { name = 'slow', kind = { latency = { delay = '3s' } }, service = 'web', selector = 'one', duration = '100s' } }");
    let id = session.fleet().faults()[0].instances[0].0;
    session.advance_to(secs(300));
    let happened: Vec<(f64, &str)> = changes(&session, id).into_iter().skip(1).map(|(at, change)| (at.as_secs_f64(), change)).collect();
    assert_eq!(happened.iter().map(|(_, change)| *change).collect::<Vec<_>>(), ["unhealthy", "healthy"], "no restart: {happened:?}");
    assert!((121.0..=131.0).contains(&happened[0].0), "three failures, 10 s apart, each after 1 s: {happened:?}");
    assert!((200.0..=210.2).contains(&happened[1].0), "one success: {happened:?}");

    let live = "health_check = { kubernetes = { liveness = { period = '10s', timeout = '1s' } } }\nstart_up = '5s'";
    let mut session = web(&format!("instances = 2\n{live}"));
    session.advance_to(secs(100));
    act(&mut session, "inject = { fault = { name = 'slow', kind = { latency = { delay = '3s' } }, service = 'web', selector = 'one', duration = '30s' } }");
    let id = session.fleet().faults()[0].instances[0].0;
    session.advance_to(secs(300));
    let happened: Vec<(f64, &str)> = changes(&session, id).into_iter().skip(1).map(|(at, change)| (at.as_secs_f64(), change)).collect();
    assert_eq!(happened.iter().map(|(_, change)| *change).collect::<Vec<_>>(), ["unhealthy", "restarted"], "{happened:?}");
    assert!((happened[1].0 - happened[0].0 - 5.0).abs() < 1e-6, "restarted at once, after its start-up: {happened:?}");
}

#[test]
fn probes_meet_the_same_delays_and_cuts_as_requests() {
    let ready = |timeout: &str| format!("instances = 2\nhealth_check = {{ kubernetes = {{ readiness = {{ period = '10s', timeout = '{timeout}' }} }} }}");
    let cases = [
        ("500ms", "{ latency = { delay = '600ms' } }", true),
        ("1s", "{ latency = { delay = '600ms' } }", false),
        ("1s", "{ latency = { delay = '600ms', direction = 'both' } }", true),
        ("1s", "{ partition = { direction = 'from' } }", true),
        ("1s", "{ partition = { direction = 'to' } }", true),
        ("1s", "{ partition = { from = 'users' } }", false),
        // A lost probe is sent again after 200 ms, as any message over TCP.
        ("1s", "{ packet-loss = { loss = 0.2 } }", false),
    ];
    for (timeout, kind, fails) in cases {
        let mut session = web(&ready(timeout));
        session.advance_to(secs(100));
        act(&mut session, &format!("inject = {{ fault = {{ kind = {kind}, service = 'web', selector = 'one', duration = '100s' }} }}"));
        let id = session.fleet().faults()[0].instances[0].0;
        session.advance_to(secs(300));
        let happened: Vec<&str> = changes(&session, id).into_iter().skip(1).map(|(_, change)| change).collect();
        assert_eq!(happened, if fails { vec!["unhealthy", "healthy"] } else { vec![] }, "{kind}, answered within {timeout}");
    }
}

#[test]
fn a_lost_node_keeps_its_endpoints_for_50_s_and_its_pods_for_350_s() {
    let keys = "instances = 3\nhealth_check = { kubernetes = { readiness = {} } }";
    let lose = "inject = { fault = { name = 'it', kind = { zone-loss = { zone = 'b' } } } }";
    let serving = |session: &Session| instances(session).iter().filter(|instance| instance.serving).count();
    let mut session = web(keys);
    session.advance_to(secs(60));
    act(&mut session, lose);
    session.advance_to(SimTime::from_nanos(109_999_999_999));
    assert_eq!(serving(&session), 3, "the kubelet is gone with its node, and nobody knows yet");
    session.advance_to(secs(110));
    assert_eq!(serving(&session), 2);
    session.advance_to(SimTime::from_nanos(409_999_999_999));
    assert!(instances(&session).iter().any(|instance| instance.zone.0 == 1), "tolerated");
    session.advance_to(secs(421));
    assert!(instances(&session).iter().all(|instance| instance.zone.0 != 1 && instance.state == InstanceState::Healthy), "replaced elsewhere");
    // A node that is back within the toleration starts its pods again, which have to become ready anew.
    let mut session = web(keys);
    session.advance_to(secs(60));
    act(&mut session, lose);
    session.advance_to(secs(200));
    act(&mut session, "clear = { fault = 'it' }");
    session.advance_to(secs(220));
    let happened: Vec<(SimTime, &str)> = changes(&session, 1).split_off(1);
    assert_eq!(happened.iter().map(|(_, change)| *change).collect::<Vec<_>>(), ["crashed", "unhealthy", "restarted", "healthy"], "{happened:?}");
    assert_eq!(happened[1].0, secs(110));
}

#[test]
fn a_silent_restart_is_not_noticed_before_the_machine_is_back() {
    let mut session = web("instances = 2\nstart_up = '20s'\nhealth_check = { kubernetes = { readiness = {} } }");
    session.advance_to(secs(60));
    act(&mut session, "restart = { service = 'web', selector = 'one', silent = true }");
    let serving = |session: &Session| instances(session).iter().filter(|instance| instance.serving).count();
    session.advance_to(secs(79));
    assert_eq!(serving(&session), 2, "requests still go to the machine that is gone");
    session.advance_to(secs(91));
    assert_eq!((serving(&session), counts(&session)), (2, (2, 2)));
    // A restart of the container is seen by the kubelet at once.
    act(&mut session, "restart = { service = 'web', selector = 'one' }");
    session.advance_to(secs(92));
    assert_eq!(serving(&session), 1);
}

#[test]
fn the_kubelet_waits_twice_as_long_after_each_crash() {
    let starts = |health: &str| {
        let mut session = web(&format!("instances = 1\nrestart_after = '10s'\n{health}"));
        session.advance_to(secs(60));
        act(&mut session, "inject = { fault = { kind = { restart-loop = { after = '5s' } }, service = 'web' } }");
        session.advance_to(secs(1_500));
        let of = |wanted: &str| changes(&session, 0).into_iter().filter(|(_, change)| *change == wanted).map(|(at, _)| at).collect::<Vec<_>>();
        let waits = of("restarted").into_iter().zip(of("crashed")).map(|(up, down)| up.since(down).as_secs_f64().round() as u64);
        waits.take(8).collect::<Vec<_>>()
    };
    assert_eq!(starts("health_check = 'kubernetes'"), [10, 20, 40, 80, 160, 300, 300, 300]);
    assert_eq!(starts(""), [10; 8]);
}

#[test]
fn draining_takes_as_long_as_the_platform_allows_unless_a_time_is_written() {
    let drain = |keys: &str| web(keys).scenario().fleet[0].drain.as_secs_f64() as u64;
    assert_eq!(drain(ALB), 300);
    assert_eq!(drain("health_check = 'kubernetes'"), 30);
    assert_eq!(drain(""), 30);
    assert_eq!(drain(&format!("drain = '7s'\n{ALB}")), 7);
}

#[test]
fn a_startup_probe_suspends_the_others_until_it_succeeds() {
    let keys =
        "instances = 1\nhealth_check = { kubernetes = { startup = { initial_delay = '20s', period = '5s' }, readiness = { period = '10s' }, liveness = {} } }";
    let mut session = web(keys);
    session.advance_to(secs(50));
    act(&mut session, "scale = { service = 'web', instances = 2 }");
    session.advance_to(secs(100));
    let healthy = changes(&session, 1).into_iter().find(|(_, change)| *change == "healthy").expect("ready in the end").0;
    assert!((healthy.as_secs_f64() - 70.0).abs() < 0.1, "{healthy}");
}

// Deployments.

#[test]
fn all_at_once_replaces_everything_in_one_start_up() {
    let mut session = web("instances = 4\nstart_up = '10s'\ndeployment = 'all-at-once'");
    session.advance_to(secs(60));
    act(&mut session, "deploy = { service = 'web', version = 'v2' }");
    assert_eq!(counts(&session), (4, 0), "an outage");
    session.advance_to(secs(70));
    assert_eq!(versions(&session), [("v2".to_owned(), 4)]);
    assert_eq!(first(&session, |event| matches!(event, Event::DeploymentCompleted { .. })), Some(secs(70)));
}

#[test]
fn kubernetes_replaces_ten_pods_between_13_and_8() {
    let mut session = web("instances = 10\nstart_up = '10s'\ndeployment = 'rolling-update'");
    session.advance_to(secs(60));
    act(&mut session, "deploy = { service = 'web', version = 'v2' }");
    assert_eq!(counts(&session), (13, 8), "from the first moment");
    assert_eq!(extremes(&mut session, secs(120)), (13, 8));
    assert_eq!(versions(&session), [("v2".to_owned(), 10)]);
    // Five pods in the first wave and five in the second.
    assert_eq!(first(&session, |event| matches!(event, Event::DeploymentCompleted { .. })), Some(secs(80)));
}

#[test]
fn ecs_with_its_defaults_never_has_less_than_all_nor_more_than_twice() {
    let mut session = web("instances = 4\nstart_up = '10s'");
    session.advance_to(secs(60));
    act(&mut session, "deploy = { service = 'web', version = 'v2' }");
    assert_eq!(extremes(&mut session, secs(109)), (8, 4));
    assert_eq!(versions(&session), [("v1".to_owned(), 4), ("v2".to_owned(), 4)], "a task that nobody checks counts after 40 s");
    session.advance_to(secs(110));
    assert_eq!(counts(&session), (4, 4));
    assert_eq!(first(&session, |event| matches!(event, Event::DeploymentCompleted { .. })), Some(secs(110)));
}

#[test]
fn ecs_stops_at_most_two_of_four_at_50_and_200() {
    let keys = "instances = 4\nstart_up = '10s'\ndeployment = { rolling = { minimum_healthy_percent = 50, maximum_percent = 100 } }";
    let mut session = web(keys);
    session.advance_to(secs(60));
    act(&mut session, "deploy = { service = 'web', version = 'v2' }");
    assert_eq!(extremes(&mut session, secs(300)), (4, 2));
    assert_eq!(versions(&session), [("v2".to_owned(), 4)]);
}

#[test]
fn three_tasks_at_100_and_125_percent_are_stuck_for_ever() {
    let mut session = web("instances = 3\ndeployment = { rolling = { maximum_percent = 125 } }");
    session.advance_to(secs(60));
    act(&mut session, "deploy = { service = 'web', version = 'v2' }");
    session.advance_to(secs(7_200));
    assert_eq!(versions(&session), [("v1".to_owned(), 3)]);
    let look = session.fleet().service(WEB);
    assert!(look.deployment.is_some(), "still in progress");
    let reports = session.ledger().truth().iter().filter(|record| matches!(record.event, Event::DeploymentStalled { .. })).count();
    assert_eq!(reports, 1);
    // A fourth task makes room: floor(4 × 1.25) = 5.
    act(&mut session, "scale = { service = 'web', instances = 4 }");
    session.advance_to(secs(9_000));
    assert_eq!(versions(&session), [("v2".to_owned(), 4)]);
}

#[test]
fn the_circuit_breaker_trips_at_13_of_25_and_restores_the_last_version() {
    let mut session = web("instances = 25\nstart_up = '10s'\ndeployment = { rolling = { circuit_breaker = {} } }");
    session.advance_to(secs(60));
    act(&mut session, "deploy = { service = 'web', version = 'dead' }");
    session.advance_to(secs(300));
    let failures = session.ledger().truth().iter().filter(|record| matches!(record.event, Event::Instance { change: "failed-to-start", .. })).count();
    let why = session.ledger().truth().iter().find_map(|record| match &record.event {
        Event::DeploymentFailed { why, .. } => Some(why.to_string()),
        _ => None,
    });
    assert!(why.as_ref().is_some_and(|why| why.contains("threshold 13")), "{why:?}");
    assert!((13..=25).contains(&failures), "all 25 started together and no more after that: {failures}");
    let restored = first(&session, |event| matches!(event, Event::DeploymentStarted { rolls_back: Some(1), .. }));
    assert_eq!(restored, Some(secs(70)));
    assert_eq!(versions(&session), [("v1".to_owned(), 25)]);
    assert!(session.fleet().service(WEB).deployment.is_none(), "the restoring deployment completed");
}

#[test]
fn the_breaker_counts_one_by_one_when_tasks_start_one_by_one() {
    let keys = "instances = 4\nstart_up = '10s'\nrestart_after = '20s'\ndeployment = { rolling = { minimum_healthy_percent = 75, maximum_percent = 100, circuit_breaker = { rollback = false } } }";
    let mut session = web(keys);
    session.advance_to(secs(60));
    act(&mut session, "deploy = { service = 'web', version = 'dead' }");
    session.advance_to(secs(600));
    // Each try takes 10 s to fail and 20 s to be repeated: 70, 100, 130.
    assert_eq!(first(&session, |event| matches!(event, Event::DeploymentFailed { .. })), Some(secs(130)));
    assert_eq!(versions(&session), [("v1".to_owned(), 4)], "without rollback the count is kept with the stable version");
}

#[test]
fn a_task_that_fails_its_checks_counts_for_the_breaker() {
    let keys = format!("instances = 2\nstart_up = '5s'\ndeployment = {{ rolling = {{ circuit_breaker = {{}} }} }}\n{ALB}");
    let mut session = web(&keys);
    session.advance_to(secs(60));
    // A bad setting that the new tasks read, too.
    act(&mut session, "inject = { fault = { kind = 'bad-configuration', service = 'web' } }");
    act(&mut session, "deploy = { service = 'web', version = 'v2' }");
    session.advance_to(secs(900));
    let failed =
        first(&session, |event| matches!(event, Event::DeploymentFailed { deployment: 1, why } if why.to_string().contains("threshold 3"))).expect("failed");
    // Two tasks are found unhealthy 30 s after they began to run, at 95 s; their successors start 10 s after that.
    assert!((failed.as_secs_f64() - 140.0).abs() < 0.5, "{failed}");
    assert_eq!(changes(&session, 2).iter().map(|(_, change)| *change).collect::<Vec<_>>(), ["started", "unhealthy", "draining", "stopped"]);
}

#[test]
fn a_rollout_that_makes_no_progress_is_only_reported() {
    let mut session = web("instances = 4\nstart_up = '10s'\ndeployment = 'rolling-update'");
    session.advance_to(secs(60));
    act(&mut session, "deploy = { service = 'web', version = 'dead' }");
    session.advance_to(secs(2_000));
    assert_eq!(
        first(&session, |event| matches!(event, Event::DeploymentStalled { why, .. } if why.to_string() == "ProgressDeadlineExceeded")),
        Some(secs(660))
    );
    assert_eq!(first(&session, |event| matches!(event, Event::DeploymentFailed { .. })), None);
    let (_, healthy) = counts(&session);
    assert_eq!(healthy, 3, "one of four may be missing, and the old ones serve on");
    act(&mut session, "roll-back = { service = 'web' }");
    session.advance_to(secs(2_100));
    assert_eq!(versions(&session), [("v1".to_owned(), 4)]);
}

#[test]
fn a_newer_deployment_supersedes_one_that_is_under_way() {
    let mut session = web("instances = 6\nstart_up = '20s'\ndeployment = 'rolling-update'");
    session.advance_to(secs(60));
    act(&mut session, "deploy = { service = 'web', version = 'v2' }");
    session.advance_to(secs(85));
    act(&mut session, "deploy = { service = 'web', version = 'v3' }");
    session.advance_to(secs(300));
    assert_eq!(first(&session, |event| matches!(event, Event::DeploymentSuperseded { deployment: 1, by: 2 })), Some(secs(85)));
    assert_eq!(versions(&session), [("v3".to_owned(), 6)]);
    assert_eq!(first(&session, |event| matches!(event, Event::DeploymentCompleted { deployment: 1 })), None);
}

#[test]
fn rolling_back_goes_to_the_version_before_and_says_what_it_undoes() {
    let mut session = web("instances = 2\ndeployment = 'all-at-once'");
    for (at, version) in [(60, "v2"), (120, "v3")] {
        session.advance_to(secs(at));
        act(&mut session, &format!("deploy = {{ service = 'web', version = '{version}' }}"));
    }
    session.advance_to(secs(180));
    act(&mut session, "roll-back = { service = 'web' }");
    session.advance_to(secs(240));
    assert_eq!(versions(&session), [("v2".to_owned(), 2)]);
    assert!(first(&session, |event| matches!(event, Event::DeploymentStarted { deployment: 3, rolls_back: Some(2), .. })).is_some());
}

#[test]
fn a_roll_back_goes_the_way_that_the_deployment_went() {
    let mut session = web("instances = 2\ndeployment = 'rolling-update'");
    session.advance_to(secs(60));
    act(&mut session, "deploy = { service = 'web', version = 'v2', strategy = 'all-at-once' }");
    session.advance_to(secs(120));
    act(&mut session, "roll-back = { service = 'web' }");
    session.advance_to(secs(180));
    assert_eq!(versions(&session), [("v1".to_owned(), 2)]);
    assert!(first(&session, |event| matches!(event, Event::DeploymentStarted { rolls_back: Some(1), strategy: "all-at-once", .. })).is_some());
}

#[test]
fn checks_notice_only_a_version_whose_health_endpoint_fails() {
    for (broken, noticed) in [("error_rate = 1.0", false), ("health_error_rate = 1.0", true), ("error_rate = 1.0\nversions.bad.health_error_rate = 1.0", true)]
    {
        let keys = format!("instances = 2\nversions.bad.{broken}\ndeployment = {{ rolling = {{ circuit_breaker = {{}} }} }}\n{ALB}");
        let mut session = web(&keys);
        session.advance_to(secs(60));
        act(&mut session, "deploy = { service = 'web', version = 'bad' }");
        session.advance_to(secs(900));
        let tripped = first(&session, |event| matches!(event, Event::DeploymentFailed { .. })).is_some();
        assert_eq!(tripped, noticed, "{broken}");
        assert_eq!(versions(&session), [(if noticed { "v1" } else { "bad" }.to_owned(), 2)], "{broken}");
    }
}

/// Requests and failures from now until then.
fn requests_and_failures(session: &mut Session, until: u64) -> (u64, u64) {
    let failed = |session: &Session| session.store().run_counts().requests - session.store().run_counts().answered;
    let (requests, failures) = (session.store().run_counts().requests, failed(session));
    session.advance_to(secs(until));
    (session.store().run_counts().requests - requests, failed(session) - failures)
}

#[test]
fn only_calls_between_versions_that_do_not_understand_each_other_fail() {
    // The new web asks for schema 2, which only the new database speaks; the old web understands both.
    let source = "format_version = 1\nduration = '1h'\n[services.web]\ninstances = 4\nendpoints.home.steps = [ { call = 'db.query' } ]\n\
         versions.v1 = { expects = { db = [1, 2] } }\nversions.v2 = { expects = { db = [2] } }\ndeployment = 'all-at-once'\n\
         [services.db]\ninstances = 4\nendpoints.query.steps = [ { work = '2ms' } ]\nversions.v1 = {}\nversions.v2 = { schema = 2 }\ndeployment = 'all-at-once'\n\
         [traffic.users]\nto = 'web.home'\nrate = '100/s'";
    let mut session = Session::new(read(source), 3);
    assert_eq!(requests_and_failures(&mut session, 100).1, 0);
    // The database goes first: the old web understands both.
    act(&mut session, "deploy = { service = 'db', version = 'v2', strategy = { rolling = { minimum_healthy_percent = 50, maximum_percent = 100 } } }");
    let of_versions = |session: &Session, service: u16| {
        let all = session.fleet().service(ServiceId(service)).instances;
        let old = all.iter().map(|instance| instance.version).min();
        all.iter().filter(|instance| instance.serving && Some(instance.version) != old).count() as f64
            / all.iter().filter(|instance| instance.serving).count() as f64
    };
    assert_eq!(requests_and_failures(&mut session, 300).1, 0, "the database first, then who needs it");
    act(&mut session, "deploy = { service = 'web', version = 'v2' }");
    session.advance_to(secs(310));
    assert_eq!(requests_and_failures(&mut session, 400).1, 0);
    // Rolling back the database alone hurts everybody; half of it, half.
    act(&mut session, "deploy = { service = 'db', version = 'v1', strategy = { rolling = { minimum_healthy_percent = 50, maximum_percent = 100 } } }");
    session.advance_to(secs(405));
    let share = of_versions(&session, 1);
    let (requests, failures) = requests_and_failures(&mut session, 435);
    assert!(share > 0.0 && share < 1.0, "in the middle of it: {share}");
    assert!((failures as f64 / requests as f64 - (1.0 - share)).abs() < 0.03, "{failures} of {requests}, {share} new");
    session.advance_to(secs(600));
    let (requests, failures) = requests_and_failures(&mut session, 700);
    assert_eq!(failures, requests);
    let web = session.snapshot(&fleetlab::lab::snapshot::Interest::default());
    assert_eq!(web.services[1].reasons[0].0, "schema-mismatch");
    // The web goes back, too, and all is well.
    act(&mut session, "roll-back = { service = 'web' }");
    session.advance_to(secs(710));
    assert_eq!(requests_and_failures(&mut session, 800).1, 0);
}

#[test]
fn deploying_the_running_version_again_replaces_every_instance() {
    let mut session = web("instances = 3\ndeployment = 'all-at-once'");
    session.advance_to(secs(60));
    act(&mut session, "deploy = { service = 'web', version = 'v1' }");
    session.advance_to(secs(120));
    let ids: Vec<u32> = instances(&session).iter().map(|instance| instance.id.0).collect();
    assert_eq!(ids, [3, 4, 5]);
}

#[test]
fn scaling_in_the_middle_of_a_deployment_ends_with_the_new_count_of_the_new_version() {
    for strategy in ["all-at-once", "rolling", "rolling-update"] {
        for count in [2, 9] {
            let mut session = web(&format!("instances = 5\nstart_up = '15s'\ndeployment = '{strategy}'"));
            session.advance_to(secs(60));
            act(&mut session, "deploy = { service = 'web', version = 'v2' }");
            session.advance_to(secs(70));
            act(&mut session, &format!("scale = {{ service = 'web', instances = {count} }}"));
            session.advance_to(secs(400));
            assert_eq!(versions(&session), [("v2".to_owned(), count)], "{strategy} to {count}");
            assert!(session.fleet().service(WEB).deployment.is_none());
        }
    }
}

#[test]
fn an_instance_that_crashes_in_the_middle_of_a_deployment_does_not_derail_it() {
    for strategy in ["all-at-once", "rolling", "rolling-update"] {
        let mut session = web(&format!("instances = 5\nstart_up = '15s'\ndeployment = '{strategy}'"));
        session.advance_to(secs(60));
        act(&mut session, "deploy = { service = 'web', version = 'v2' }");
        for at in [62, 76, 90] {
            session.advance_to(secs(at));
            act(&mut session, "inject = { fault = { kind = 'crash', service = 'web', selector = { fixed = { value = 2 } } } }");
        }
        session.advance_to(secs(600));
        assert_eq!(versions(&session), [("v2".to_owned(), 5)], "{strategy}");
    }
}

// Autoscaling.

#[test]
fn the_horizontal_pod_autoscaler_follows_a_step_from_4_to_8_to_12_and_back() {
    // Two workers a pod are two cores: 1,000 and 3,000 requests/s of 2 ms are 25 % and 75 % of four pods.
    let keys = "instances = 4\nworkers = 2\nautoscaling = { hpa = { target_cpu = 0.25, max = 20 } }";
    let shape = "rate = '1000/s'\nprocess = 'fixed'\nshapes = [ { spike = { start = '60s', lasts = '540s', factor = 3.0 } } ]";
    let mut session = web_with(keys, shape, "");
    session.advance_to(secs(1_000));
    // The metric of the last 15 s shows the whole step one look later than an instantaneous one would.
    assert_eq!(scalings(&session), [(75, 4, 8, "hpa"), (90, 8, 12, "hpa"), (900, 12, 4, "hpa")]);
}

#[test]
fn target_tracking_reacts_after_three_minutes_and_returns_after_fifteen() {
    let keys = "instances = 4\nworkers = 2\nautoscaling = { target-tracking = { target_cpu = 0.25, max = 20 } }";
    let shape = "rate = '900/s'\nprocess = 'fixed'\nshapes = [ { spike = { start = '5m', lasts = '10m', factor = 3.0 } } ]";
    let mut session = web_with(keys, shape, "");
    session.advance_to(secs(3_000));
    // Minutes 6, 7 and 8 are above: 4 × 0.675 / 0.25 = 10.8. From minute 16 on 900/s over 11 tasks are 8.2 %: 15 points.
    assert_eq!(scalings(&session), [(480, 4, 11, "target-tracking"), (1_800, 11, 4, "target-tracking")]);
}

#[test]
fn scheduled_capacity_comes_at_its_time() {
    let keys = "instances = 2\nautoscaling = { scheduled = { changes = [ { at = '100s', instances = 5 }, { at = '200s', instances = 1 } ] } }";
    let mut session = web(keys);
    session.advance_to(secs(300));
    assert_eq!(scalings(&session), [(100, 2, 5, "scheduled"), (200, 5, 1, "scheduled")]);
}
