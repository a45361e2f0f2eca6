//! Same scenario, seed and actions: same digest, however the run is stepped, saved, replayed or put together.

#[path = "support/digests.rs"]
mod digests;
mod support;

use std::sync::Arc;

use fleetlab::lab::{ReplayError, Session, SessionFile};
use fleetlab::rng::Stream;
use fleetlab::scenario::Scenario;
use fleetlab::units::{SimSpan, SimTime};
use support::{action, read, secs};

/// A world in which everything moves: checks, scaling, deployments, faults, retries, a cache and a queue.
const LIVELY: &str = r#"
format_version = 1
duration = "8m"
zones = ["a", "b", "c"]
network = { same_zone = { latency = "300us" }, cross_zone = { latency = { exponential = "1ms" }, loss = 0.001 } }

[services.web]
instances = 4
workers = 4
start_up = { lognormal = { mean = "8s", cv = 0.5 } }
drain = "10s"
health_check = { alb = { interval = "10s", timeout = "2s", slow_start = "30s" } }
deployment = { rolling = { circuit_breaker = {} } }
endpoints.home.steps = [ { work = { exponential = "8ms" } }, { cache = { name = "pages", miss = [ { call = "api.get" } ] } }, { publish = "mail" } ]
caches.pages = { keys = 500, ttl = "5s" }
calls.api = { timeout = "300ms", retry = { attempts = 3, backoff = { base = "20ms" } }, breaker = {} }
versions.v1 = {}
versions.v2 = { startup_failure = 0.3, error_rate = 0.02 }

[services.api]
instances = 3
workers = 8
start_up = "5s"
restart_after = "5s"
health_check = { kubernetes = { readiness = { period = "5s" }, liveness = { period = "5s" } } }
autoscaling = { hpa = { min = 2, max = 12, target_cpu = 0.15 } }
deployment = "rolling-update"
balancer = "power-of-two"
endpoints.get.steps = [ { work = { gamma = { mean = "10ms", cv = 0.7 } } } ]
versions.v1 = {}
versions.v2 = { latency_factor = 1.3 }

[services.mailer]
instances = 2
endpoints.send.steps = [ { work = "5ms" } ]

[queues.mail]
consumer = "mailer.send"

[traffic.users]
to = "web.home"
rate = "150/s"
shapes = [ { spike = { start = "3m", lasts = "1m", factor = 2.5 } } ]

[[faults]]
at = "1m"
kind = { latency = { delay = { exponential = "30ms" } } }
service = "api"
selector = { fixed-percent = { value = 50 } }
duration = "40s"

[[faults]]
at = "100s"
kind = { crash = {} }
service = "web"
selector = "one"

[[faults]]
at = "5m"
kind = { zone-loss = { zone = "b" } }
duration = "1m"

[[timeline]]
at = "2m"
do = { deploy = { service = "web", version = "v2" } }

[[timeline]]
at = "130s"
do = { deploy = { service = "api", version = "v2" } }

[[timeline]]
at = "6m"
do = { restart = { service = "web", selector = { fixed = { value = 2 } } } }
"#;

fn lively() -> Arc<Scenario> {
    read(LIVELY)
}

fn run(mut session: Session) -> String {
    session.run();
    session.digest()
}

#[test]
fn a_run_repeats_itself_and_another_seed_does_not() {
    let digest = run(Session::new(lively(), 7));
    assert_eq!(digest, run(Session::new(lively(), 7)));
    assert_ne!(digest, run(Session::new(lively(), 8)));
}

#[test]
fn stepping_in_any_chunks_comes_to_the_same_as_one_jump() {
    let whole = run(Session::new(lively(), 7));
    let mut seconds = Session::new(lively(), 7);
    while !seconds.is_over() {
        seconds.advance_to(seconds.now() + SimSpan::from_secs(1));
    }
    assert_eq!(seconds.digest(), whole, "second by second");
    let (mut odd, mut stream) = (Session::new(lively(), 7), Stream::root(99));
    while !odd.is_over() {
        odd.advance_to(odd.now() + SimSpan::from_nanos(1 + (stream.uniform() * 3e9) as u64));
    }
    assert_eq!(odd.digest(), whole, "in odd steps");
}

#[test]
fn the_order_in_which_behaviours_are_installed_does_not_matter() {
    let expected = run(Session::new(lively(), 7));
    for shuffle in 1..=6 {
        assert_eq!(run(Session::with_registration_order(lively(), 7, shuffle)), expected, "shuffle {shuffle}");
    }
}

/// A run in which people meddle.
fn meddled() -> Session {
    let mut session = Session::new(lively(), 7);
    session.advance_to(SimTime::from_nanos(45_123_456_789));
    session.act(action("set-load = { source = 'users', factor = 1.7 }")).expect("known");
    session.act(action("scale = { service = 'mailer', instances = 3 }")).expect("known");
    session.advance_to(secs(200));
    session.act(action("roll-back = { service = 'web' }")).expect("a deployment is under way or completed");
    session.act(action("inject = { fault = { name = 'slow', kind = 'cpu-starvation', service = 'api', selector = 'one' } }")).expect("known");
    session.advance_to(secs(290));
    session.act(action("clear = { fault = 'slow' }")).expect("in force");
    session.advance_to(secs(400));
    session
}

#[test]
fn a_session_that_was_saved_replays_to_the_same_digest() {
    let mut session = meddled();
    let text = serde_json::to_string(&session.save()).expect("serialises");
    let file: SessionFile = serde_json::from_str(&text).expect("reads back");
    assert_eq!(&file.scenario, session.scenario().as_ref(), "nothing is lost on the way");
    let mut replayed = Session::replay(&file).expect("replays");
    assert_eq!(replayed.digest(), session.digest());
    // And it goes on as the first one would have.
    session.run();
    replayed.run();
    assert_eq!(replayed.digest(), session.digest());
}

#[test]
fn a_replay_that_differs_says_from_when_on() {
    let mut file = meddled().save();
    // Somebody claims to have cleared the fault a second later than they did.
    file.actions[4].at = secs(291);
    match Session::replay(&file) {
        Err(ReplayError::Diverged { same_until: Some(same), at, .. }) => {
            assert!(same <= secs(290) && at > secs(290) && at <= secs(300), "same until {same}, different at {at}");
        }
        other => panic!("expected a divergence, got {:?}", other.map(|session| session.now())),
    }
}

#[test]
fn a_session_file_that_makes_no_sense_is_refused() {
    let file = meddled().save();
    let future = SessionFile { format_version: 2, ..file.clone() };
    assert_eq!(Session::replay(&future).err(), Some(ReplayError::Version(2)));
    let mut unordered = file.clone();
    unordered.actions.swap(0, 4);
    assert!(matches!(Session::replay(&unordered), Err(ReplayError::Order(_))));
    let mut broken = file.clone();
    broken.scenario.fleet.pop();
    assert!(matches!(Session::replay(&broken), Err(ReplayError::Scenario(_))));
    let mut refused = file;
    refused.actions[1].action = action("scale = { service = 'mailr', instances = 3 }");
    let error = Session::replay(&refused).expect_err("no such service").to_string();
    assert!(error.contains("did you mean `mailer`"), "{error}");
}

#[test]
fn every_shipped_scenario_passes_the_audit_of_session_files_and_survives_being_written_down() {
    for entry in fleetlab::content::library() {
        let scenario = fleetlab::content::load(&entry.name).unwrap_or_else(|found| panic!("{found}")).scenario;
        let mut session = Session::new(Arc::new(scenario), 1);
        let text = serde_json::to_string(&session.save()).expect("serialises");
        let file: SessionFile = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", entry.name));
        assert_eq!(&file.scenario, session.scenario().as_ref(), "{}", entry.name);
        Session::prepare(&file).unwrap_or_else(|error| panic!("{}: {error}", entry.name));
    }
}

#[test]
fn a_scenario_that_a_stranger_edited_is_refused_before_it_runs() {
    use fleetlab::ids::{EndpointId, ServiceId, VersionId, ZoneId};
    use fleetlab::kernel::model::{Call, Step};
    type Edit = fn(&mut Scenario);
    let file = Session::new(lively(), 1).save();
    let call = |endpoint| Step::Call(Call { endpoint, policy: fleetlab::kernel::resilience::CallPolicy::default() });
    let circle = |scenario: &mut Scenario| {
        scenario.model.endpoints[1].steps.push(Step::Call(Call { endpoint: EndpointId(0), policy: fleetlab::kernel::resilience::CallPolicy::default() }));
    };
    let edits: [(&str, Edit); 9] = [
        ("zone", |scenario| scenario.fleet[0].zones = vec![ZoneId(9)]),
        ("versions", |scenario| scenario.model.services[0].versions = vec![VersionId(200)]),
        ("versions", |scenario| scenario.model.versions[0].service = ServiceId(2)),
        ("circle", circle),
        ("nowhere", |scenario| {
            scenario.model.endpoints[0].steps.push(Step::Call(Call { endpoint: EndpointId(99), policy: fleetlab::kernel::resilience::CallPolicy::default() }));
        }),
        ("instances", |scenario| scenario.fleet[0].instances = 4_000_000_000),
        ("workers", |scenario| scenario.model.services[0].server.workers = 0),
        ("no cache", |scenario| scenario.model.caches.clear()),
        ("too long", |scenario| scenario.duration = SimSpan::from_secs(u64::MAX / 2_000_000_000)),
    ];
    for (expected, edit) in edits {
        let mut broken = file.clone();
        edit(&mut broken.scenario);
        match Session::replay(&broken) {
            Err(ReplayError::Scenario(why)) => assert!(why.contains(expected), "{expected}: {why}"),
            other => panic!("{expected}: {:?}", other.map(|session| session.now())),
        }
    }
    // A hundred calls of a hundred calls of a hundred calls of a hundred calls.
    let mut endless = file;
    let endpoints = &mut endless.scenario.model.endpoints;
    endpoints[0].steps = vec![Step::Repeat { min: 1_000, max: 1_000, steps: vec![call(EndpointId(1))] }];
    endpoints[1].steps = vec![Step::Repeat { min: 1_000, max: 1_000, steps: vec![call(EndpointId(2))] }];
    endpoints[2].steps =
        vec![Step::Repeat { min: 1_000, max: 1_000, steps: vec![Step::Work(fleetlab::kernel::dist::Distribution::Fixed(SimSpan::from_millis(1)))] }];
    let error = Session::replay(&endless).expect_err("too many steps").to_string();
    assert!(error.contains("too many steps"), "{error}");
}

#[test]
fn runs_come_to_what_is_written_down() {
    digests::check();
}
