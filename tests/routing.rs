//! Traffic that goes another way than by shares: users who stay with a version, users with a header, copies of requests.

use std::sync::Arc;

use fleetlab::content::{self, Folder};
use fleetlab::lab::Session;
use fleetlab::lab::snapshot::Interest;
use fleetlab::scenario::{Action, Scenario};
use fleetlab::telemetry::ledger::Event;
use fleetlab::units::SimTime;

const fn minutes(minutes: u64) -> SimTime {
    SimTime::from_secs(minutes * 60)
}

/// A shop that calls a catalogue, of which there is a second version.
fn world(catalogue: &str, more: &str) -> Arc<Scenario> {
    let text = format!(
        r#"
format_version = 1
duration = "40m"
[services.shop]
workers = 64
worker_model = "async"
endpoints.home.steps = [{{ work = "1ms" }}, {{ call = "catalogue.items" }}]
[services.catalogue]
instances = 2
workers = 64
start_up = "1s"
endpoints.items.steps = [{{ work = "2ms" }}, {{ call = "prices.all" }}]
versions.v2 = {{ {catalogue} }}
[services.prices]
workers = 64
endpoints.all.steps = [{{ work = "1ms" }}]
[traffic.users]
to = "shop.home"
rate = "40/s"
population = 4000
{more}
"#
    );
    Arc::new(content::read_str("routing", "routing.toml", &text, &Folder::Nowhere).unwrap_or_else(|found| panic!("{found}")).scenario)
}

fn hurt(session: &Session) -> u64 {
    session.store().users_hurt(None)
}

/// Requests per second at each service, and of each version of the catalogue.
fn rates(session: &mut Session) -> (Vec<f64>, Vec<f64>) {
    let snapshot = session.snapshot(&Interest::default());
    let versions = snapshot.services[1].versions.iter().map(|version| version.signals.rate).collect();
    (snapshot.services.iter().map(|service| service.signals.rate).collect(), versions)
}

fn shift(session: &mut Session, new: f64) {
    let weights = [("v1".to_owned(), 1.0 - new), ("v2".to_owned(), new)].into();
    session.act(Action::ShiftTraffic { service: "catalogue".into(), weights }).expect("weights");
}

/// Both versions run: the deployment waits for a day at no traffic.
fn both_run(scenario: &Arc<Scenario>) -> Session {
    let mut session = Session::new(Arc::clone(scenario), 11);
    session.advance_to(minutes(1));
    let strategy = serde_json::from_value(serde_json::json!({ "canary": { "percent": 0.001, "canary_bake": "12h" } })).expect("a strategy");
    session.act(Action::Deploy { service: "catalogue".into(), version: "v2".into(), strategy: Some(strategy) }).expect("a deployment");
    session.advance_to(minutes(2));
    session
}

#[test]
fn sticky_users_stay_while_the_share_grows() {
    let run = |sticky: bool| {
        let mut scenario = Scenario::clone(&world("error_rate = 1.0", ""));
        scenario.model.services[1].sticky = sticky;
        let mut session = both_run(&Arc::new(scenario));
        shift(&mut session, 0.1);
        session.advance_to(minutes(20));
        let tenth = hurt(&session);
        session.advance_to(minutes(38));
        (tenth, hurt(&session))
    };
    // 4,000 users come twelve times each in 20 minutes: nearly all who can be hurt have been.
    let (first, later) = run(true);
    assert!((300..520).contains(&first), "a tenth of the users, and those of the first minute: {first}");
    assert!(later - first < 20, "always the same ones: {first}, then {later}");
    let (first, later) = run(false);
    assert!(first > 2_000 && later > first + 300, "without stickiness nearly everybody is unlucky some time: {first}, {later}");
}

#[test]
fn a_growing_share_keeps_those_it_had() {
    let mut scenario = Scenario::clone(&world("error_rate = 1.0", ""));
    scenario.model.services[1].sticky = true;
    let mut session = both_run(&Arc::new(scenario));
    shift(&mut session, 0.2);
    session.advance_to(minutes(20));
    let fifth = hurt(&session);
    shift(&mut session, 0.05);
    session.advance_to(minutes(38));
    assert!(hurt(&session) - fifth < 10, "a smaller share reaches only users that the larger one had: {fifth}, {}", hurt(&session));
}

/// An A/B test of Flagger's, by header.
fn by_header(headers: &str) -> Arc<Scenario> {
    world("error_rate = 1.0", headers)
}

fn ab_test(value: &serde_json::Value) -> Action {
    let flagger =
        serde_json::json!({ "flagger": { "interval": "1m", "threshold": 1000, "iterations": 30, "match": [{ "header": "X-Tester", "value": value }] } });
    Action::Deploy { service: "catalogue".into(), version: "v2".into(), strategy: Some(serde_json::from_value(flagger).expect("a strategy")) }
}

#[test]
fn only_users_with_the_header_meet_the_new_version() {
    let mut session = Session::new(by_header("[user_headers.x-tester]\n\"yes, please\" = \"5%\"\nno = \"30%\""), 5);
    session.advance_to(minutes(1));
    session.act(ab_test(&serde_json::json!({ "regex": "yes.*" }))).expect("a deployment");
    session.advance_to(minutes(25));
    // 5 % of 4,000 users, each of whom came many times.
    let hurt = hurt(&session) as f64;
    assert!((hurt - 200.0).abs() < 4.0 * (4_000.0_f64 * 0.05 * 0.95).sqrt(), "{hurt}");
    let (_, versions) = rates(&mut session);
    assert!((versions[1] / (versions[0] + versions[1]) - 0.05).abs() < 0.03, "{versions:?}");
}

#[test]
fn a_route_ends_with_its_deployment_and_a_header_that_nobody_sends_leads_nobody() {
    let mut session = Session::new(by_header("[user_headers]\nx-tester = { yes = \"50%\" }"), 5);
    session.advance_to(minutes(1));
    session.act(ab_test(&serde_json::json!({ "exact": "yes" }))).expect("a deployment");
    session.advance_to(minutes(10));
    assert!(rates(&mut session).1[1] > 10.0);
    session.act(Action::RollBack { service: "catalogue".into() }).expect("there is something to go back from");
    session.advance_to(minutes(15));
    let before = hurt(&session);
    session.advance_to(minutes(20));
    assert_eq!(hurt(&session), before, "nobody is led there any more");
    let mut session = Session::new(by_header(""), 5);
    session.advance_to(minutes(1));
    session.act(ab_test(&serde_json::json!({ "exact": "yes" }))).expect("a deployment");
    session.advance_to(minutes(10));
    assert_eq!(hurt(&session), 0);
    let mistake = ab_test_error(&serde_json::json!({ "regex": "(" }));
    assert!(mistake.contains("no regular expression"), "{mistake}");
}

fn ab_test_error(value: &serde_json::Value) -> String {
    let mut session = Session::new(by_header(""), 5);
    session.act(ab_test(value)).expect_err("it cannot work").to_string()
}

#[test]
fn a_mirrored_request_is_work_for_everybody_and_an_answer_for_nobody() {
    let flagger = r#"deployment = { flagger = { interval = "5m", threshold = 3, mirror = true, mirror_weight = 50, step_weight = 50, max_weight = 50, metrics = [{ name = "request-success-rate", threshold_range = { min = 99.0 }, interval = "1m" }] } }"#;
    for (broken, text) in [(false, "latency_factor = 1.0"), (true, "error_rate = 0.5")] {
        let scenario = world(text, "");
        let mut session = Session::new(Arc::clone(&scenario), 3);
        session.advance_to(minutes(1));
        let strategy = toml::from_str::<toml::Table>(flagger).expect("TOML");
        let strategy = serde_json::to_value(&strategy["deployment"]).expect("JSON");
        session
            .act(Action::Deploy { service: "catalogue".into(), version: "v2".into(), strategy: Some(serde_json::from_value(strategy).expect("a strategy")) })
            .expect("a deployment");
        // Two intervals prepare, in the third one half of the requests are copied.
        session.advance_to(minutes(16) - fleetlab::units::SimSpan::from_secs(30));
        let (services, versions) = rates(&mut session);
        let edge = session.snapshot(&Interest::default()).edges.iter().find(|edge| edge.to.index() == 1).expect("an edge").rate;
        assert!((edge - 40.0).abs() < 8.0, "callers send what they always send: {edge}");
        assert!((services[2] - 60.0).abs() < 12.0, "the copies call the prices like everybody: {services:?}");
        assert!((versions[1] - 20.0).abs() < 6.0, "half is copied: {versions:?}");
        assert_eq!(hurt(&session), 0, "and no user meets an answer of the new version");
        if broken {
            session.advance_to(minutes(35));
            let failed = session.ledger().truth().iter().any(|record| matches!(record.event, Event::DeploymentFailed { .. }));
            assert!(failed, "the copies' failures are evidence enough");
            assert_eq!(hurt(&session), 0, "it is found out before any user pays for it");
        }
    }
}

#[test]
fn what_is_routed_replays_to_the_same_digest() {
    let mut session = Session::new(by_header("[user_headers]\nx-tester = { yes = \"20%\" }"), 8);
    session.advance_to(minutes(1));
    session.act(ab_test(&serde_json::json!({ "prefix": "y" }))).expect("a deployment");
    session.advance_to(minutes(9));
    let file = session.save();
    assert_eq!(Session::replay(&file).expect("it replays").digest(), session.digest());
}
