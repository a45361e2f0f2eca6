//! Deployments that shift traffic, the alarms that turn them back, and versions that must understand each other, in worlds of a
//! few lines.

use std::sync::Arc;

use fleetlab::content::{Folder, read_str};
use fleetlab::ids::{EndpointId, ServiceId, VersionId};
use fleetlab::insight::deployments::{Status, deployments};
use fleetlab::kernel::outcome::Reason;
use fleetlab::lab::Session;
use fleetlab::scenario::Action;
use fleetlab::telemetry::ledger::{AlarmState, Cause, Event};
use fleetlab::units::{SimSpan, SimTime};

fn load(toml: &str) -> Session {
    let loaded = read_str("world", "world.toml", &format!("format_version = 1\n{toml}"), &Folder::Nowhere).unwrap_or_else(|error| panic!("{error}"));
    Session::new(Arc::new(loaded.scenario), 7)
}

/// A web service of four instances to which v2 is deployed at one minute.
fn shop(strategy: &str, version: &str) -> Session {
    load(&format!(
        "duration = \"2h\"
         [services.web]
         instances = 4
         workers = 32
         start_up = \"20s\"
         deployment = {strategy}
         endpoints.get.steps = [{{ work = \"5ms\" }}]
         versions.v2 = {version}
         [alarms.new-errors]
         service = \"web\"
         new_version = true
         metric = {{ error-rate = {{ above = \"5%\" }} }}
         [traffic.users]
         to = \"web.get\"
         rate = \"100/s\"
         [[timeline]]
         at = \"1m\"
         do = {{ deploy = {{ service = \"web\", version = \"v2\" }} }}"
    ))
}

const OLD: VersionId = VersionId(0);
const NEW: VersionId = VersionId(1);

/// The share of requests that the new version answered between two times [min].
fn share(session: &Session, from: u64, to: u64) -> f64 {
    let requests = |version: VersionId| {
        session.store().version_windows(version, SimTime::from_secs(from * 60), SimTime::from_secs(to * 60)).map(|window| window.counts.requests).sum::<u64>()
            as f64
    };
    requests(NEW) / (requests(OLD) + requests(NEW))
}

fn running(session: &Session) -> usize {
    session.fleet().service(fleetlab::ids::ServiceId(0)).instances.iter().filter(|instance| instance.serving).count()
}

/// When the first such event happened [s].
fn when(session: &Session, wanted: impl Fn(&Event) -> bool) -> Option<f64> {
    session.ledger().truth().iter().find(|record| wanted(&record.event)).map(|record| record.at.as_secs_f64())
}

#[test]
fn blue_green_shifts_everything_at_once_and_keeps_both_for_the_bake_time() {
    let mut session = shop("{ blue-green = { bake = \"10m\" } }", "{ latency_factor = 1.2 }");
    session.advance_to(SimTime::from_secs(79));
    assert!(share(&session, 0, 2) < 1e-12, "green comes up beside blue and gets nothing");
    session.advance_to(SimTime::from_secs(300));
    assert_eq!((share(&session, 2, 5), running(&session)), (1.0, 8), "everything at once, and both fleets stand");
    session.advance_to(SimTime::from_secs(60 + 20 + 600 - 1));
    assert_eq!(running(&session), 8);
    session.advance_to(SimTime::from_secs(800));
    assert_eq!(running(&session), 4);
    let done = &deployments(session.ledger())[0];
    assert_eq!((&done.status, done.ended.map(SimTime::as_secs_f64)), (&Status::Completed, Some(680.0)));
}

#[test]
fn two_fleets_cost_as_much_as_two_fleets() {
    let cost = |strategy: &str| {
        let mut session = shop(strategy, "{ latency_factor = 1.2 }");
        session.advance_to(SimTime::from_secs(3_600));
        session.fleet().cost(session.now()).0
    };
    let (short, long) = (cost("{ blue-green = { bake = \"1m\" } }"), cost("{ blue-green = { bake = \"31m\" } }"));
    // Four more instances for half an hour are half of four instances for an hour.
    assert!((long - short - 0.5 * cost("\"rolling\"")).abs() < 0.05 * short, "{short} {long}");
}

#[test]
fn a_canary_gets_its_share_first() {
    let mut session = shop("{ canary = { percent = \"10%\", canary_bake = \"5m\", bake = \"1m\" } }", "{ latency_factor = 1.2 }");
    session.advance_to(SimTime::from_secs(600));
    let first = share(&session, 2, 6);
    assert!((first - 0.1).abs() < 0.01, "{first}");
    assert!(share(&session, 7, 9) > 1.0 - 1e-12);
    assert_eq!(deployments(session.ledger())[0].status, Status::Completed);
}

#[test]
fn codedeploy_linear_takes_a_tenth_each_minute() {
    let mut session =
        shop("{ codedeploy = { config = \"CodeDeployDefault.ECSLinear10PercentEvery1Minutes\", termination_wait = \"5m\" } }", "{ latency_factor = 1.2 }");
    session.advance_to(SimTime::from_secs(3_600));
    // It began at 80 s, when the new fleet was up.
    let shares: Vec<f64> = (0..11)
        .map(|step| {
            let (from, to) = (SimTime::from_secs(80 + step * 60), SimTime::from_secs(140 + step * 60));
            let requests = |version| session.store().version_windows(version, from, to).map(|window| window.counts.requests).sum::<u64>() as f64;
            requests(NEW) / (requests(OLD) + requests(NEW))
        })
        .collect();
    for (step, share) in shares.iter().enumerate() {
        assert!((share - ((step + 1) as f64 / 10.0).min(1.0)).abs() < 0.03, "{shares:?}");
    }
    assert_eq!(deployments(session.ledger())[0].ended.map(SimTime::as_secs_f64), Some(80.0 + 9.0 * 60.0 + 300.0), "ten steps in nine minutes, and the wait");
}

#[test]
fn an_alarm_on_the_new_version_turns_a_canary_back_and_few_users_are_hurt() {
    let watch = "alarms = { names = [\"new-errors\"] }";
    let hurt = |strategy: &str| {
        let mut session = shop(strategy, "{ error_rate = \"50%\" }");
        session.advance_to(SimTime::from_secs(3_600));
        (session.store().entry_totals(None).counts.failed(), session)
    };
    let (canary, session) = hurt(&format!("{{ canary = {{ percent = \"5%\", {watch} }} }}"));
    let all = deployments(session.ledger());
    assert_eq!(all[0].status, Status::Failed(Cause::Alarm { name: "new-errors".to_owned() }));
    assert_eq!((all[1].rolls_back, &all[1].status), (Some(1), &Status::Completed));
    // The canary began at 80 s; the first whole minute of it is bad, and the way back takes no time.
    let off = when(&session, |event| matches!(event, Event::AlarmChanged { to: AlarmState::Alarm, .. })).expect("it went off");
    assert!((120.0..=180.0).contains(&off), "{off}");
    assert_eq!(all[1].ended.map(SimTime::as_secs_f64), Some(off));
    assert_eq!(running(&session), 4);
    let (blue_green, _) = hurt(&format!("{{ blue-green = {{ {watch} }} }}"));
    let (rolling, _) = hurt("\"rolling\"");
    assert!(canary * 10 < blue_green && blue_green * 10 < rolling, "{canary} {blue_green} {rolling}");
}

#[test]
fn an_alarm_that_is_off_already_is_ignored_and_without_rollback_things_stay() {
    let world = |alarms: &str| {
        load(&format!(
            "duration = \"30m\"
             [services.web]
             instances = 2
             workers = 32
             deployment = {{ blue-green = {{ bake = \"5m\", {alarms} }} }}
             endpoints.get.steps = [{{ work = \"5ms\" }}, {{ fail = 0.2 }}]
             versions.v2 = {{ error_rate = \"50%\" }}
             [alarms.errors]
             service = \"web\"
             metric = {{ error-rate = {{ above = \"5%\" }} }}
             [alarms.worse]
             service = \"web\"
             metric = {{ error-rate = {{ above = \"40%\" }} }}
             [traffic.users]
             to = \"web.get\"
             rate = \"100/s\"
             [[timeline]]
             at = \"3m\"
             do = {{ deploy = {{ service = \"web\", version = \"v2\" }} }}"
        ))
    };
    let mut ignored = world("alarms = { names = [\"errors\"] }");
    ignored.run();
    assert_eq!(deployments(ignored.ledger())[0].status, Status::Completed, "it had gone off before");
    let mut stays = world("alarms = { names = [\"worse\"], rollback = false }");
    stays.run();
    let all = deployments(stays.ledger());
    assert_eq!((all.len(), &all[0].status), (1, &Status::Failed(Cause::Alarm { name: "worse".to_owned() })));
}

#[test]
fn going_back_by_hand_is_one_change_of_weights_while_the_old_fleet_stands() {
    let mut session = shop("{ blue-green = { bake = \"30m\" } }", "{ error_rate = \"20%\" }");
    session.advance_to(SimTime::from_secs(600));
    session.act(Action::RollBack { service: "web".to_owned() }).expect("there is something to go back to");
    session.advance_to(SimTime::from_secs(602));
    let back = &deployments(session.ledger())[1];
    assert_eq!((&back.status, back.took()), (&Status::Completed, Some(SimSpan::ZERO)));
    session.advance_to(SimTime::from_secs(900));
    assert_eq!((share(&session, 11, 15), running(&session)), (0.0, 4));
}

#[test]
fn what_cannot_be_done_is_refused_with_the_reason() {
    let mut session = shop("{ canary = {} }", "{ latency_factor = 1.2 }");
    let error = session.act(Action::Deploy { service: "web".to_owned(), version: "v1".to_owned(), strategy: None }).expect_err("it runs already");
    assert!(error.to_string().contains("shifts traffic from one version to another"), "{error}");
    let watch: fleetlab::fleet::deploy::Strategy = serde_json::from_str(r#"{"canary":{"alarms":{"names":["nothing"]}}}"#).expect("a strategy");
    let error = session.act(Action::Deploy { service: "web".to_owned(), version: "v2".to_owned(), strategy: Some(watch) }).expect_err("no such alarm");
    assert!(error.to_string().contains("`nothing`"), "{error}");
}

/// The shipped comparison: the same version, users and seed, three ways of letting it out.
#[test]
fn the_shipped_bad_release_hurts_thousands_hundreds_or_one() {
    let hurt = |name: &str| {
        let mut session = Session::new(Arc::new(fleetlab::content::load(name).unwrap_or_else(|error| panic!("{error}")).scenario), 42);
        session.run();
        let failed = session.store().entry_totals(None).counts.failed();
        let alarms = session.ledger().visible().filter(|record| matches!(record.event, Event::AlarmChanged { to: AlarmState::Alarm, .. })).count();
        (failed, alarms, deployments(session.ledger()))
    };
    let (rolling, _, all) = hurt("bad-release");
    assert_eq!((rolling, all.len(), &all[0].status), (5_350, 2, &Status::Completed), "nobody is told");
    let (canary, alarms, all) = hurt("bad-release-canary");
    assert_eq!((canary, alarms, all.len()), (1, 1, 2));
    assert_eq!(all[1].ended, Some(SimTime::from_secs(660)), "back at the end of the alarm's first minute");
    let (blue_green, alarms, _) = hurt("bad-release-blue-green");
    assert_eq!((blue_green, alarms), (315, 1));
}

#[test]
fn what_a_deployment_cannot_follow_is_refused() {
    use fleetlab::fleet::deploy::Wish;
    let steer = |wish| Action::Steer { service: "web".into(), wish };
    let mut session = shop("\"rolling\"", "{}");
    session.advance_to(SimTime::from_secs(61));
    let why = session.act(steer(Wish::Pause)).expect_err("it has no steps").to_string();
    assert!(why.contains("the `rolling` deployment of `web` cannot follow `pause`"), "{why}");
    let mut session = shop("{ canary = { percent = \"10%\", canary_bake = \"5m\", bake = \"1m\" } }", "{}");
    session.advance_to(SimTime::from_secs(120));
    assert!(session.act(steer(Wish::Resume)).is_err(), "it is not paused");
    session.act(steer(Wish::Pause)).expect("it can be paused");
    session.act(steer(Wish::Resume)).expect("in the same moment, too");
    session.act(steer(Wish::PromoteFull)).expect("steps are left");
    session.advance_to(SimTime::from_secs(300));
    let all = deployments(session.ledger());
    assert_eq!(all[0].status, Status::Completed, "the bake time alone was left");
}

/// What a shipped scenario comes to: failed requests of users, failed checkouts, and calls of the payment service that failed
/// because neither side speaks the other's schema, before and after a time [min]; and all other failures of any service.
struct Clash {
    users: u64,
    checkouts: u64,
    mismatches: (u64, u64),
    others: u64,
}

fn clash(name: &str, at: u64) -> Clash {
    let scenario = fleetlab::content::load(name).unwrap_or_else(|error| panic!("{error}")).scenario;
    let model = scenario.model.clone();
    let service = |name: &str| ServiceId::from_index(model.services.iter().position(|service| service.name == name).expect("it exists"));
    let checkout = model.endpoints.iter().position(|endpoint| endpoint.name == "checkout").map(EndpointId::from_index).expect("it exists");
    let mut session = Session::new(Arc::new(scenario), 42);
    let mismatches = |session: &Session| session.store().service_totals(service("paymentservice")).counts.failures.of(Reason::SchemaMismatch);
    session.advance_to(SimTime::from_secs(at * 60));
    let before = mismatches(&session);
    session.run();
    let after = mismatches(&session) - before;
    let others = model.services.iter().enumerate().map(|(index, _)| {
        let failures = &session.store().service_totals(ServiceId::from_index(index)).counts.failures;
        failures.total() - failures.of(Reason::SchemaMismatch) - failures.of(Reason::DependencyFailed)
    });
    Clash {
        users: session.store().entry_totals(None).counts.failed(),
        checkouts: session.store().endpoint_totals(checkout).map_or(0, |totals| totals.counts.failed()),
        mismatches: (before, after),
        others: others.sum(),
    }
}

#[test]
fn an_interface_that_is_expanded_migrated_and_contracted_hurts_nobody_there_and_back() {
    for name in ["expand-contract", "expand-contract-back"] {
        let came = clash(name, 20);
        assert_eq!((came.users, came.mismatches, came.others), (0, (0, 0), 0), "{name}");
    }
}

#[test]
fn contracting_too_early_or_going_back_on_one_side_fails_the_calls_between_the_two_and_nothing_else() {
    for (name, at, failed) in [("expand-contract-too-early", 10, 2_093), ("expand-contract-one-side", 20, 1_686)] {
        let came = clash(name, at);
        assert_eq!(came.mismatches, (0, failed), "{name}: from the clash on, each failed call is one");
        assert_eq!((came.users, came.checkouts, came.others), (failed, failed, 0), "{name}: each costs one order, and only orders fail");
    }
}

/// The last two steps of the shipped scenarios, by hand: the same two rollbacks, in one order and in the other.
#[test]
fn the_order_of_two_rollbacks_decides_whether_anybody_is_hurt() {
    let hurt = |first: &str, second: &str| {
        let mut session = load(
            "duration = \"1h\"
             [services.orders]
             instances = 2
             endpoints.place.steps = [{ call = \"cards.charge\" }]
             versions.v1 = { expects = { cards = [1] } }
             versions.v2 = { expects = { cards = [2] } }
             [services.cards]
             instances = 2
             endpoints.charge.steps = [{ work = \"2ms\" }]
             versions.expanded = { schema = [1, 2] }
             versions.contracted = { schema = 2 }
             [traffic.users]
             to = \"orders.place\"
             rate = \"20/s\"
             process = \"fixed\"",
        );
        let failed = |session: &Session| session.store().entry_totals(None).counts.failed();
        for (service, version) in [("cards", "expanded"), ("orders", "v2"), ("cards", "contracted")] {
            session.act(Action::Deploy { service: service.to_owned(), version: version.to_owned(), strategy: None }).expect("it can be deployed");
            session.advance_to(session.now() + SimSpan::from_secs(300));
        }
        assert_eq!(failed(&session), 0, "there, nobody is hurt");
        session.act(Action::RollBack { service: first.to_owned() }).expect("there is something to go back to");
        session.advance_to(session.now() + SimSpan::from_secs(300));
        session.act(Action::RollBack { service: second.to_owned() }).expect("there is something to go back to");
        let between = failed(&session);
        session.advance_to(session.now() + SimSpan::from_secs(60));
        let when_both_are_back = failed(&session);
        session.advance_to(session.now() + SimSpan::from_secs(240));
        (between, failed(&session) - when_both_are_back)
    };
    assert_eq!(hurt("cards", "orders"), (0, 0), "the server expands again before its caller goes back");
    let (between, after) = hurt("orders", "cards");
    assert!((5_500..=6_000).contains(&between), "{between} of 6000 calls failed once the caller had gone back alone");
    assert_eq!(after, 0, "and none when the server had followed");
}

/// A web service to which a bad v2 is deployed at five minutes by a canary that watches `release`, one of these alarms; `maintenance`
/// is in `ALARM` from its first minute on, and `errors` when the new version fails.
fn watched(composite: &str) -> Session {
    load(&format!(
        "duration = \"40m\"
         [services.web]
         instances = 2
         workers = 32
         deployment = {{ canary = {{ percent = \"50%\", canary_bake = \"10m\", bake = \"5m\", alarms = {{ names = [\"release\"] }} }} }}
         endpoints.get.steps = [{{ work = \"5ms\" }}]
         versions.v2 = {{ error_rate = \"50%\" }}
         [alarms.errors]
         metric = {{ error-rate = {{ above = \"5%\" }} }}
         [alarms.maintenance]
         metric = {{ requests = {{ below = \"1000/s\" }} }}
         [composite_alarms]
         {composite}
         [traffic.users]
         to = \"web.get\"
         rate = \"100/s\"
         [[timeline]]
         at = \"5m\"
         do = {{ deploy = {{ service = \"web\", version = \"v2\" }} }}"
    ))
}

#[test]
fn a_composite_alarm_turns_a_deployment_back_when_its_rule_holds() {
    let outcome = |rule: &str| {
        let mut session = watched(&format!("release.rule = '{rule}'"));
        session.run();
        let of = |event: &Event| matches!(event, Event::AlarmChanged { name, to: AlarmState::Alarm, .. } if name == "release");
        (deployments(session.ledger())[0].status.clone(), when(&session, of))
    };
    let failed = Status::Failed(Cause::Alarm { name: "release".to_owned() });
    let (status, off) = outcome("ALARM(errors) AND ALARM(maintenance)");
    assert_eq!((&status, off), (&failed, Some(360.0)), "with the end of the first minute of the new version");
    assert_eq!(outcome("ALARM(errors) AND NOT ALARM(maintenance)"), (Status::Completed, None));
}

#[test]
fn composite_alarms_are_evaluated_after_those_that_they_name() {
    let mut session =
        watched("release.rule = 'ALARM(both) AND TRUE'\nboth.rule = 'ALARM(\"errors\") AND ALARM(\"maintenance\")'\nnever.rule = 'NOT (TRUE OR OK(errors))'");
    session.run();
    let states = session.fleet().alarms().map(|alarm| (alarm.name, alarm.state)).collect::<Vec<_>>();
    assert_eq!(states[1..], [("maintenance", AlarmState::Alarm), ("release", AlarmState::Ok), ("both", AlarmState::Ok), ("never", AlarmState::Ok)]);
    let changes: Vec<(f64, &str)> = session
        .ledger()
        .truth()
        .iter()
        .filter_map(|record| match &record.event {
            Event::AlarmChanged { name, to: AlarmState::Alarm, .. } => Some((record.at.as_secs_f64(), name.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(changes, [(60.0, "maintenance"), (360.0, "errors"), (360.0, "both"), (360.0, "release")], "at once, however deep");
}

#[test]
fn a_suppressor_holds_actions_back_and_the_state_is_seen_all_the_same() {
    let told = |suppressor: &str| {
        let keys = "actions_suppressor_wait_period = \"2m\"\nrelease.actions_suppressor_extension_period = \"3m\"";
        let mut session =
            watched(&format!("release.rule = 'ALARM(errors)'\nrelease.actions_suppressor = \"{suppressor}\"\nrelease.{keys}\nnothing.rule = 'FALSE'"));
        session.run();
        assert!(matches!(&deployments(session.ledger())[0].status, Status::Failed(Cause::Alarm { .. })), "a deployment watches the state");
        let of_release = |event: &Event| match event {
            Event::AlarmChanged { name, to, suppressed, .. } if name == "release" => {
                Some(format!("{}{}", to.name(), if *suppressed { " suppressed" } else { "" }))
            }
            Event::AlarmActions { name, state } if name == "release" => Some(format!("{} told", state.name())),
            _ => None,
        };
        session.ledger().truth().iter().filter_map(|record| Some((record.at.as_secs_f64(), of_release(&record.event)?))).collect::<Vec<_>>()
    };
    // The canary is turned back at once, so the errors are over after one minute.
    let seen = |all: &[(f64, String)]| all.iter().map(|(at, what)| format!("{at} {what}")).collect::<Vec<_>>();
    assert_eq!(
        seen(&told("nothing")),
        ["0 OK suppressed", "120 OK told", "360 ALARM suppressed", "420 OK suppressed", "540 OK told"],
        "a short alarm tells nobody"
    );
    assert_eq!(seen(&told("maintenance")), ["0 OK suppressed", "360 ALARM suppressed", "420 OK suppressed"], "it is in ALARM all the time");
}
