//! Feature flags: who has a feature, what it does to users, who turns it off, and what an experiment may be believed.

use std::sync::Arc;

use fleetlab::content::{self, Folder};
use fleetlab::ids::FeatureId;
use fleetlab::lab::Session;
use fleetlab::lab::snapshot::{FlagSnapshot, Interest};
use fleetlab::scenario::{Action, Scenario};
use fleetlab::telemetry::ledger::{Deed, Event};
use fleetlab::units::{Ratio, SimTime};

/// Experiments that are repeated.
const RUNS: u64 = 60;

const fn minutes(minutes: u64) -> SimTime {
    SimTime::from_secs(minutes * 60)
}

fn session(name: &str, seed: u64) -> Session {
    let loaded = content::load(name).unwrap_or_else(|found| panic!("{found}"));
    Session::new(Arc::new(loaded.scenario), seed)
}

fn flag(session: &mut Session, name: &str) -> FlagSnapshot {
    session.snapshot(&Interest::default()).flags.into_iter().find(|flag| flag.name == name).expect("a flag of that name")
}

fn set(session: &mut Session, name: &str, percentage: f64) {
    session.act(Action::SetFlag { flag: name.into(), percentage: Ratio::new(percentage) }).expect("the flag can be set");
}

/// A world in which one endpoint asks one flag, and the feature fails.
fn broken_feature(percentage: &str, kill: &str) -> Arc<Scenario> {
    let text = format!(
        r#"
format_version = 1
duration = "30m"
[services.web]
workers = 32
endpoints.home.steps = [{{ flag = {{ name = "new", then = [{{ work = "2ms" }}, {{ fail = 1.0 }}], else = [{{ work = "1ms" }}] }} }}]
[traffic.users]
to = "web.home"
rate = "50/s"
population = 2000
[alarms.errors]
service = "web"
metric = {{ error-rate = {{ above = "2%" }} }}
[flags.new]
percentage = "{percentage}"
kill_on = [{kill}]
"#
    );
    Arc::new(content::read_str("flags", "flags.toml", &text, &Folder::Nowhere).unwrap_or_else(|found| panic!("{found}")).scenario)
}

#[test]
fn a_dark_launch_hurts_nobody_and_its_kill_switch_ends_it() {
    let mut session = session("dark-launch", 42);
    let recommender = session.scenario().model.services.iter().position(|service| service.name == "recommender").expect("it is there");
    let busy = |session: &mut Session| session.snapshot(&Interest::default()).services[recommender].signals.saturation;
    session.advance_to(minutes(14));
    assert!(busy(&mut session) < 1e-9, "nobody has the feature yet");
    session.advance_to(minutes(59));
    let tenth = busy(&mut session);
    assert!((0.05..0.3).contains(&tenth), "{tenth}");
    session.advance_to(minutes(92));
    assert!(busy(&mut session) > 0.95, "with everybody it is too much for the new service");
    session.advance_to(minutes(120));
    let recommendations = flag(&mut session, "new-recommendations");
    assert_eq!((recommendations.percentage, recommendations.killed_by.as_deref()), (Ratio::ZERO, Some("slow-pages")));
    assert!(recommendations.changed < minutes(97), "{:?}", recommendations.changed);
    let killed = |event: &Event| matches!(event, Event::Acted { what: Deed::KillFlag { alarm, .. }, .. } if alarm == "slow-pages");
    assert_eq!(session.ledger().truth().iter().filter(|record| killed(&record.event)).count(), 1);
    assert!(busy(&mut session) < 1e-9);
    let counts = session.store().run_counts();
    assert_eq!(session.store().users_hurt(None), 0, "no user noticed: {counts:?}");
    assert!(flag(&mut session, "season-banner").stale && !flag(&mut session, "short-checkout").stale);
}

#[test]
fn a_percentage_hurts_that_share_of_users_and_a_ramp_keeps_them() {
    let mut session = Session::new(broken_feature("10%", ""), 7);
    session.advance_to(minutes(10));
    let hurt = session.store().users_hurt(None) as f64;
    // 2,000 users in a flag's order: the share below 10 % is binomial; each user came about 15 times.
    assert!((hurt - 200.0).abs() < 4.0 * (2_000.0_f64 * 0.1 * 0.9).sqrt(), "{hurt}");
    session.advance_to(minutes(20));
    assert!((session.store().users_hurt(None) as f64 - hurt).abs() < 2.0, "the same users again: it sticks");
    set(&mut session, "new", 0.0);
    session.advance_to(minutes(21));
    let asked = flag(&mut session, "new").sides[1].asked;
    session.advance_to(minutes(29));
    assert_eq!(flag(&mut session, "new").sides[1].asked, asked, "the switch works at once, and without a deployment");
    assert!(session.fleet().features()[0].killed_by.is_none());
}

#[test]
fn an_alarm_turns_a_bad_feature_off_once() {
    let mut session = Session::new(broken_feature("50%", "\"errors\""), 3);
    session.advance_to(minutes(5));
    let now = flag(&mut session, "new");
    assert_eq!((now.percentage, now.killed_by.as_deref()), (Ratio::ZERO, Some("errors")));
    // Whoever turns it on again while the alarm is still off is not overruled: the alarm has not gone off again.
    let mut session = Session::new(broken_feature("50%", "\"errors\""), 3);
    session.advance_to(SimTime::from_secs(61));
    assert_eq!(session.fleet().features()[0].percentage, Ratio::ZERO);
    set(&mut session, "new", 0.5);
    session.advance_to(minutes(4));
    assert_eq!(session.fleet().features()[0].percentage, Ratio::new(0.5));
}

#[test]
fn an_experiment_finds_its_difference_within_its_interval() {
    let mut session = session("dark-launch", 5);
    session.run();
    let experiment = flag(&mut session, "short-checkout").experiment.expect("it has one");
    let [off, on] = experiment.arms;
    // Users, not visits, are dealt out by halves, and every visit is on one side.
    assert!(off.shown.abs_diff(on.shown) < (off.shown + on.shown) / 50, "{off:?} {on:?}");
    let now = experiment.now.expect("both sides were visited");
    assert!(now.lower <= 0.006 && 0.006 <= now.upper, "the true difference is 0.6 points: {now:?}");
    assert!(experiment.looks.len() >= 19 && experiment.looks.is_sorted_by_key(|look| look.at));
    assert!(experiment.looks.is_sorted_by(|before, after| after.always_valid <= before.always_valid), "it never rises");
}

#[test]
fn looking_often_finds_differences_that_are_not_there() {
    // The same experiment without a difference, on many seeds: some look says "significant" far more often than one in twenty.
    let mut scenario = content::load("dark-launch").unwrap_or_else(|found| panic!("{found}")).scenario;
    let place = scenario.model.features.iter().position(|feature| feature.experiment.is_some()).expect("an experiment");
    if let Some(experiment) = &mut scenario.model.features[place].experiment {
        experiment.on = experiment.off;
    }
    // Short, and only the visits that count.
    scenario.duration = fleetlab::units::SimSpan::from_secs(600);
    scenario.model.sources[0].mix.retain(|(endpoint, _)| scenario.model.endpoints[endpoint.index()].name == "checkout");
    let scenario = Arc::new(scenario);
    let (mut ever, mut last) = (0, 0);
    for seed in 0..RUNS {
        let mut session = Session::new(Arc::clone(&scenario), seed);
        session.run();
        let experiment = session.flags()[place].experiment.clone().expect("an experiment");
        ever += u64::from(experiment.first_significant.is_some());
        last += u64::from(experiment.now.is_some_and(|now| now.p_value < 0.05));
        assert_eq!(session.kernel().sides(FeatureId::from_index(place)).map(|side| side.shown), experiment.arms.map(|arm| arm.shown));
    }
    // 20 looks: 24.8 % (Armitage et al. 1969); one look: 5 %. Four standard errors of 60 runs are 22 and 11 points.
    assert!((0.06..0.47).contains(&(ever as f64 / RUNS as f64)), "{ever} of {RUNS}");
    assert!(last as f64 / (RUNS as f64) < 0.16 && last < ever, "{last} of {RUNS}, {ever} ever");
}

#[test]
fn a_flag_is_removed_only_when_it_decides_nothing() {
    let mut session = Session::new(broken_feature("10%", ""), 1);
    session.advance_to(minutes(1));
    let refused = session.act(Action::RemoveFlag { flag: "new".into() }).expect_err("some users have it");
    assert!(refused.to_string().contains("10 %"), "{refused}");
    set(&mut session, "new", 0.0);
    session.act(Action::RemoveFlag { flag: "new".into() }).expect("now it decides nothing");
    let refused = session.act(Action::SetFlag { flag: "new".into(), percentage: Ratio::ONE }).expect_err("it is gone");
    assert!(refused.to_string().contains("removed"), "{refused}");
    assert!(session.act(Action::SetFlag { flag: "news".into(), percentage: Ratio::ONE }).expect_err("unknown").to_string().contains("news"));
}

#[test]
fn a_session_with_flags_replays_to_the_same_digest() {
    let mut session = Session::new(broken_feature("10%", "\"errors\""), 9);
    session.advance_to(minutes(7));
    set(&mut session, "new", 0.01);
    session.advance_to(minutes(20));
    let json = serde_json::to_string(&session.save()).expect("JSON");
    let file: fleetlab::lab::SessionFile = serde_json::from_str(&json).expect("the file reads");
    assert_eq!(Session::replay(&file).expect("it replays").digest(), session.digest());
}

#[test]
fn mistakes_in_flags_are_said_where_they_are() {
    let said = |change: (&str, &str)| {
        let text = include_str!("../scenarios/dark-launch.toml").replace(change.0, change.1);
        match content::read_str("flags", "flags.toml", &text, &Folder::Nowhere) {
            Ok(_) => panic!("{change:?} was accepted"),
            Err(found) => found.to_string(),
        }
    };
    for (change, expected) in [
        (("name = \"season-banner\"", "name = \"season-baner\""), "did you mean `season-banner`"),
        (("kill_on = [\"slow-pages\"]", "kill_on = [\"slow-page\"]"), "did you mean `slow-pages`"),
        (("endpoint = \"web.checkout\"", "endpoint = \"payment.pay\""), "nobody visits it"),
        (("stale_after = \"1h\"", "stale_after = \"0s\""), "stale at once"),
        (("percentage = \"50%\"\nexperiment", "percentage = \"150%\"\nexperiment"), "150%"),
        (
            ("do = { set-flag = { flag = \"new-recommendations\", percentage = \"1%\" } }", "do = { set-flag = { flag = \"nothing\", percentage = \"1%\" } }"),
            "unknown flag `nothing`",
        ),
    ] {
        let said = said(change);
        assert!(said.contains(expected), "{change:?}: {said}");
    }
}
