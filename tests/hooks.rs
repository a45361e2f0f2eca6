//! Life-cycle hooks, test requests and probes of deployments at work, in worlds of a few lines: timelines to the second, who is turned
//! back and who is not, and who meets a bad version.

use std::sync::Arc;

use fleetlab::content::{Folder, read_str};
use fleetlab::fleet::deploy::{Progress, StepState, Strategy, Waiting, Wish};
use fleetlab::ids::{ServiceId, VersionId};
use fleetlab::insight::deployments::{Deployment, Status, deployments};
use fleetlab::insight::judge::analysis::Phase;
use fleetlab::lab::Session;
use fleetlab::scenario::Action;
use fleetlab::telemetry::ledger::Cause;
use fleetlab::units::{SimSpan, SimTime};

const NEW: VersionId = VersionId(1);

/// A web service of four instances to which v2 is deployed at one minute; an instance is up after 20 seconds.
fn world(strategy: &str, version: &str) -> String {
    format!(
        "format_version = 1
duration = \"3h\"
[services.web]
instances = 4
workers = 32
start_up = \"20s\"
drain = \"1s\"
deployment = {strategy}
endpoints.get.steps = [{{ work = \"5ms\" }}]
endpoints.put.steps = [{{ work = \"5ms\" }}]
versions.v2 = {version}
versions.v3 = {{}}
[traffic.users]
mix = {{ \"web.get\" = 1, \"web.put\" = 1 }}
rate = \"40/s\"
[[timeline]]
at = \"1m\"
do = {{ deploy = {{ service = \"web\", version = \"v2\" }} }}
"
    )
}

fn shop(strategy: &str, version: &str) -> Session {
    let loaded = read_str("world", "world.toml", &world(strategy, version), &Folder::Nowhere).unwrap_or_else(|error| panic!("{error}"));
    Session::new(Arc::new(loaded.scenario), 7)
}

/// What is said of a strategy that is refused.
fn refused(strategy: &str) -> String {
    read_str("world", "world.toml", &world(strategy, "{}"), &Folder::Nowhere).expect_err(strategy).to_string()
}

/// The seconds at which the share of traffic that reaches the new version changed, and to what [%], as the panel says it.
fn shares(session: &mut Session, until: u64) -> Vec<(u64, f64)> {
    let mut shares = Vec::new();
    for second in session.now().as_secs_f64() as u64..=until {
        session.advance_to(SimTime::from_secs(second));
        let look = session.fleet().service(ServiceId(0));
        let all: f64 = look.weights.iter().map(|(_, weight)| weight).sum();
        let new: f64 = look.weights.iter().filter(|(version, _)| *version == NEW).map(|(_, weight)| weight / all * 100.0).sum();
        if shares.last().map_or(0.0, |(_, share)| *share) < new - 1e-9 {
            shares.push((second, (new * 10.0).round() / 10.0));
        }
    }
    shares
}

fn all(session: &Session) -> Vec<Deployment> {
    deployments(session.ledger())
}

fn ended(deployment: &Deployment) -> Option<f64> {
    deployment.ended.map(SimTime::as_secs_f64)
}

/// The first second [s] in which an instance of the new version answered anything.
fn first_request(session: &Session, until: u64) -> Option<u64> {
    let requests = |second: u64| -> u64 {
        let (from, to) = (SimTime::from_secs(second), SimTime::from_secs(second + 1));
        session.store().version_windows(NEW, from, to).map(|window| window.counts.requests).sum()
    };
    (0..until).find(|second| requests(*second) > 0)
}

fn hurt(session: &Session) -> u64 {
    session.store().entry_totals(None).counts.failed()
}

fn progress(session: &Session) -> Progress {
    session.fleet().service(ServiceId(0)).deployment.expect("one is under way").progress
}

fn current(session: &Session) -> String {
    let progress = progress(session);
    let at = progress.steps.iter().position(|(_, state)| *state == StepState::Current).expect("a step is under way");
    assert_eq!(progress.current, Some(at));
    progress.steps[at].0.clone()
}

#[test]
fn an_ecs_canary_waits_for_its_hooks_to_the_second() {
    let hooks = "hooks = [
        { at = \"PRE_SCALE_UP\", takes = \"30s\" },
        { at = \"POST_SCALE_UP\", takes = \"40s\" },
        { at = \"POST_TEST_TRAFFIC_SHIFT\", takes = \"90s\" },
        { at = \"PRE_PRODUCTION_TRAFFIC_SHIFT\", takes = \"10s\" },
        { at = \"PRODUCTION_TRAFFIC_SHIFT\", takes = \"5s\" },
        { at = \"POST_PRODUCTION_TRAFFIC_SHIFT\" },
    ]";
    let mut session = shop(&format!("{{ canary = {{ percent = \"10%\", canary_bake = \"5m\", bake = \"1m\", {hooks} }} }}"), "{}");
    session.advance_to(SimTime::from_secs(89));
    assert_eq!((current(&session).as_str(), session.fleet().service(ServiceId(0)).instances.len()), ("PRE_SCALE_UP", 4), "nothing is started before");
    session.advance_to(SimTime::from_secs(100));
    assert_eq!((current(&session).as_str(), progress(&session).waiting), ("SCALE_UP", Some(Waiting::Instances)));
    session.advance_to(SimTime::from_secs(160));
    let now = progress(&session);
    assert_eq!((current(&session).as_str(), now.waiting), ("POST_TEST_TRAFFIC_SHIFT", Some(Waiting::Hook)));
    assert_eq!((now.since, now.until), (Some(SimTime::from_secs(150)), Some(SimTime::from_secs(240))));
    // 30 s, 20 s to start, 40 s, 90 s and 10 s; 5 s and the hold of 5 min; 10 s.
    assert_eq!(shares(&mut session, 700), [(250, 10.0), (565, 100.0)]);
    assert_eq!(first_request(&session, 700), Some(250));
    let done = &all(&session)[0];
    // 5 s, the usual 30 s, and the bake time.
    assert_eq!((&done.status, ended(done)), (&Status::Completed, Some(660.0)));
}

#[test]
fn codedeploy_for_ecs_goes_through_its_events_to_the_second() {
    let hooks = "hooks = [
        { at = \"BeforeInstall\", takes = \"30s\" },
        { at = \"AfterInstall\" },
        { at = \"AfterAllowTestTraffic\", takes = \"60s\" },
        { at = \"BeforeAllowTraffic\", takes = \"15s\" },
        { at = \"AfterAllowTraffic\", takes = \"45s\" },
    ]";
    let strategy = format!("{{ codedeploy = {{ config = \"ECSCanary10Percent5Minutes\", termination_wait = \"5m\", {hooks} }} }}");
    let mut session = shop(&strategy, "{}");
    session.advance_to(SimTime::from_secs(530));
    let names: Vec<String> = progress(&session).steps.into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names.join(", "),
        "BeforeInstall, Install, AfterInstall, AllowTestTraffic, AfterAllowTestTraffic, BeforeAllowTraffic, AllowTraffic 10 %, AllowTraffic 100 %, \
         AfterAllowTraffic, clean up"
    );
    assert_eq!(current(&session), "AfterAllowTraffic");
    let mut session = shop(&strategy, "{}");
    assert_eq!(shares(&mut session, 900), [(215, 10.0), (515, 100.0)]);
    assert_eq!(ended(&all(&session)[0]), Some(860.0), "45 s of the last hook, and five minutes of both fleets");
}

#[test]
fn a_lambda_function_runs_its_hooks_before_and_after_traffic() {
    let hooks = "hooks = [{ at = \"BeforeAllowTraffic\", takes = \"20s\" }, { at = \"AfterAllowTraffic\", takes = \"7s\" }]";
    let mut session = shop(&format!("{{ codedeploy = {{ config = \"LambdaLinear10PercentEvery1Minute\", termination_wait = \"0s\", {hooks} }} }}"), "{}");
    let shares = shares(&mut session, 800);
    assert_eq!((shares.len(), shares[0], shares[9]), (10, (100, 10.0), (100 + 540, 100.0)));
    assert_eq!(ended(&all(&session)[0]), Some(647.0));
}

#[test]
fn a_hook_that_fails_turns_back_where_that_is_possible() {
    let strategy = |hook: &str| format!("{{ codedeploy = {{ config = \"ECSAllAtOnce\", hooks = [{hook}] }} }}");
    let run = |hook: &str| {
        let mut session = shop(&strategy(hook), "{}");
        session.advance_to(SimTime::from_secs(1_000));
        session
    };
    let failed = |event: &str| Status::Failed(Cause::HookFailed { event: event.to_owned() });
    let before = run("{ at = \"BeforeInstall\", takes = \"5s\", ends = \"failed\" }");
    let list = all(&before);
    assert_eq!((list.len(), &list[0].status, ended(&list[0])), (1, &failed("BeforeInstall"), Some(65.0)), "there is nothing to turn back yet");
    assert_eq!(first_request(&before, 1_000), None);
    assert_eq!(before.fleet().service(ServiceId(0)).instances.len(), 4);
    let after = run("{ at = \"AfterAllowTraffic\", takes = \"5s\", ends = \"failed\" }");
    let list = all(&after);
    assert_eq!((list.len(), &list[0].status, ended(&list[0])), (2, &failed("AfterAllowTraffic"), Some(85.0)));
    assert_eq!((list[1].rolls_back, &list[1].status, ended(&list[1])), (Some(1), &Status::Completed, Some(85.0)), "the old fleet still stood");
    assert_eq!(first_request(&after, 1_000), Some(80), "users met it for five seconds");
}

#[test]
fn a_hook_that_never_answers_is_given_up_as_its_platform_does() {
    let mut session = shop("{ codedeploy = { config = \"ECSAllAtOnce\", hooks = [{ at = \"AfterInstall\", ends = \"never\" }] } }", "{}");
    session.advance_to(SimTime::from_secs(5_000));
    let list = all(&session);
    let why = Status::Failed(Cause::HookTimedOut { event: "AfterInstall".to_owned(), within: "1h".to_owned() });
    assert_eq!((&list[0].status, ended(&list[0]), list.len()), (&why, Some(80.0 + 3_600.0), 2));
    let ecs = |action: &str| {
        let hook = format!("{{ at = \"POST_SCALE_UP\", ends = \"never\", timeout = \"2m\", on_timeout = \"{action}\" }}");
        let mut session = shop(&format!("{{ blue-green = {{ bake = \"1m\", hooks = [{hook}] }} }}"), "{}");
        session.advance_to(SimTime::from_secs(600));
        (all(&session)[0].status.clone(), ended(&all(&session)[0]))
    };
    let why = Status::Failed(Cause::HookTimedOut { event: "POST_SCALE_UP".to_owned(), within: "2m".to_owned() });
    assert_eq!(ecs("ROLLBACK"), (why, Some(200.0)));
    assert_eq!(ecs("CONTINUE"), (Status::Completed, Some(260.0)));
}

#[test]
fn test_requests_find_a_bad_version_before_a_single_user_meets_it() {
    let hook = "{ at = \"POST_TEST_TRAFFIC_SHIFT\", check = { requests = 20, interval = \"1s\" } }";
    let strategy = format!("{{ blue-green = {{ bake = \"1m\", hooks = [{hook}] }} }}");
    let run = |strategy: &str, version: &str| {
        let mut session = shop(strategy, version);
        session.advance_to(SimTime::from_secs(1_000));
        session
    };
    let unchecked = run("{ blue-green = { bake = \"1m\" } }", "{ error_rate = \"50%\" }");
    assert!(hurt(&unchecked) > 1_000, "{}", hurt(&unchecked));
    let caught = run(&strategy, "{ error_rate = \"50%\" }");
    let list = all(&caught);
    assert!(
        matches!(&list[0].status, Status::Failed(Cause::HookTestsFailed { event, failed: 1, sent }) if event == "POST_TEST_TRAFFIC_SHIFT" && *sent < 10),
        "{:?}",
        list[0].status
    );
    assert_eq!((hurt(&caught), list.len()), (0, 2), "nobody met it");
    // A good one passes, nineteen seconds and an answer later than without.
    let good = run(&strategy, "{}");
    let took = ended(&all(&good)[0]).expect("it is over");
    assert_eq!(all(&good)[0].status, Status::Completed);
    assert!((159.0..159.2).contains(&took), "{took}");
    // What only one user in a hundred meets, twenty requests most often do not; what only one endpoint has, they all find.
    let rare = run(&strategy, "{ error_rate = 1, users = \"1%\" }");
    assert_eq!(all(&rare)[0].status, Status::Completed);
    assert!(hurt(&rare) > 0);
    let one_endpoint = run(&strategy, "{ endpoints.put.steps = [{ fail = 1 }] }");
    assert_eq!((hurt(&one_endpoint), all(&one_endpoint).len()), (0, 2));
    // A limit on the time is a test of it, too.
    let slow = run(&strategy.replace("interval", "timeout = \"20ms\", interval"), "{ latency_factor = 5 }");
    assert_eq!((all(&slow).len(), first_request_of_users(&slow)), (2, None));
}

/// The first second [s] in which the new version had a share of the traffic.
fn first_request_of_users(session: &Session) -> Option<u64> {
    let weights = &session.fleet().service(ServiceId(0)).weights;
    assert!(weights.iter().all(|(version, weight)| *version != NEW || *weight == 0.0));
    let calls = |second: u64| -> u64 {
        let (from, to) = (SimTime::from_secs(second), SimTime::from_secs(second + 1));
        session.store().version_windows(NEW, from, to).map(|window| window.counts.requests).sum()
    };
    // Test requests come one a second; users forty.
    (0..1_000).find(|second| calls(*second) > 4)
}

#[test]
fn a_pause_waits_for_a_person() {
    let hooks = "hooks = [{ at = \"PRE_PRODUCTION_TRAFFIC_SHIFT\", target = \"PAUSE\" }]";
    let strategy = format!("{{ canary = {{ percent = \"10%\", canary_bake = \"1m\", bake = \"1m\", {hooks} }} }}");
    let steer = |wish| Action::Steer { service: "web".to_owned(), wish };
    let mut session = shop(&strategy, "{}");
    session.advance_to(SimTime::from_secs(70));
    assert!(session.act(steer(Wish::Promote)).is_err(), "nothing waits for it yet");
    session.advance_to(SimTime::from_secs(300));
    assert_eq!((current(&session).as_str(), progress(&session).waiting), ("PRE_PRODUCTION_TRAFFIC_SHIFT", Some(Waiting::Person)));
    session.act(steer(Wish::Promote)).expect("it waits for that");
    session.advance_to(SimTime::from_secs(400));
    assert_eq!(current(&session), "PRE_PRODUCTION_TRAFFIC_SHIFT", "each step has its own");
    session.act(steer(Wish::PromoteFull)).expect("steps are left");
    session.advance_to(SimTime::from_secs(600));
    assert_eq!((&all(&session)[0].status, ended(&all(&session)[0])), (&Status::Completed, Some(460.0)));
    let mut session = shop(&strategy, "{}");
    session.advance_to(SimTime::from_secs(300));
    session.act(steer(Wish::Abort)).expect("it can be given up");
    session.advance_to(SimTime::from_secs(310));
    assert_eq!((&all(&session)[0].status, all(&session).len()), (&Status::Failed(Cause::Aborted), 2));
}

#[test]
fn scripts_in_place_run_on_every_instance_before_it_is_let_in() {
    let hooks = "hooks = [
        { at = \"ApplicationStop\", takes = \"5s\" },
        { at = \"BeforeInstall\", takes = \"10s\" },
        { at = \"ValidateService\", takes = \"25s\" },
    ]";
    let mut session = shop(&format!("{{ codedeploy = {{ config = \"OneAtATime\", {hooks} }} }}"), "{}");
    session.advance_to(SimTime::from_secs(100));
    assert_eq!((current(&session).as_str(), progress(&session).waiting), ("ValidateService", Some(Waiting::Hook)));
    session.advance_to(SimTime::from_secs(119));
    assert_eq!(first_request(&session, 119), None, "it is up since 95 s");
    session.advance_to(SimTime::from_secs(600));
    assert_eq!(first_request(&session, 600), Some(120));
    // Each takes 5 + 10 s, 20 s to start, and 25 s.
    assert_eq!((&all(&session)[0].status, ended(&all(&session)[0])), (&Status::Completed, Some(60.0 + 4.0 * 60.0)));
    assert_eq!(hurt(&session), 0);
    let mut half = shop(&format!("{{ codedeploy = {{ config = \"HalfAtATime\", {hooks} }} }}"), "{}");
    half.advance_to(SimTime::from_secs(600));
    assert_eq!(ended(&all(&half)[0]), Some(60.0 + 2.0 * 60.0), "two at a time");
}

#[test]
fn in_place_nobody_meets_a_version_that_its_validation_refuses() {
    let hooks = "hooks = [{ at = \"ValidateService\", check = { requests = 20 } }]";
    let mut session = shop(&format!("{{ codedeploy = {{ config = \"OneAtATime\", {hooks} }} }}"), "{ error_rate = \"60%\" }");
    session.advance_to(SimTime::from_secs(1_000));
    let list = all(&session);
    assert!(matches!(&list[0].status, Status::Failed(Cause::HookTestsFailed { event, .. }) if event == "ValidateService"), "{:?}", list[0].status);
    assert_eq!((hurt(&session), list.len(), &list[1].status), (0, 2, &Status::Completed));
    let look = session.fleet().service(ServiceId(0));
    assert!(look.instances.len() == 4 && look.instances.iter().all(|instance| instance.version != NEW && instance.serving), "the old version is whole again");
}

#[test]
fn the_way_back_in_place_runs_the_scripts_of_what_it_goes_back_to() {
    let back = |scripts: &str| {
        let mut session = shop(&format!("{{ codedeploy = {{ config = \"AllAtOnce\", {scripts} }} }}"), "{}");
        session.advance_to(SimTime::from_secs(1_000));
        session.act(Action::RollBack { service: "web".to_owned() }).expect("it came this way");
        session.advance_to(SimTime::from_secs(3_000));
        let list = all(&session);
        assert_eq!((list.len(), &list[1].status, list[1].rolls_back), (2, &Status::Completed, Some(1)));
        (ended(&list[1]).expect("it is over") - 1_000.0, hurt(&session))
    };
    let (bare, _) = back("hooks = []");
    let (scripted, _) = back("hooks = [{ at = \"BeforeInstall\", takes = \"10s\" }, { at = \"ValidateService\", takes = \"25s\" }]");
    assert_eq!((bare, scripted), (20.0, 20.0 + 10.0 + 25.0), "an instance needs 20 s to be up");
}

/// Whoever deploys while the old fleet still stands goes on from what users have, not from what they had before.
#[test]
fn a_release_in_the_tail_of_another_one_sends_nobody_back_two_versions() {
    for strategy in [
        "{ blue-green = { bake = \"30m\" } }",
        "{ codedeploy = { config = \"ECSCanary10Percent5Minutes\" } }",
        "{ argo-blue-green = { scale_down_delay = \"30m\" } }",
    ] {
        let mut session = shop(strategy, "{}");
        let minute = |minute: u64| SimTime::from_secs(60 * minute);
        session.advance_to(minute(10));
        let served = |session: &Session, version: u16, from: SimTime| -> u64 {
            session.store().version_windows(VersionId(version), from, session.now()).map(|window| window.counts.requests).sum()
        };
        assert_eq!(session.fleet().service(ServiceId(0)).instances.len(), 8, "{strategy}: the old fleet still stands");
        session.act(Action::Deploy { service: "web".to_owned(), version: "v3".to_owned(), strategy: None }).expect("it can be deployed");
        session.advance_to(minute(11));
        let list = all(&session);
        assert_eq!((&list[0].status, list[1].replaces), (&Status::Completed, NEW), "{strategy}");
        assert_eq!(served(&session, 0, minute(10)), 0, "{strategy}: nobody is sent back to the first version");
        session.act(Action::RollBack { service: "web".to_owned() }).expect("it is taken back");
        session.advance_to(minute(20));
        assert_eq!(
            (served(&session, 0, minute(10)), all(&session).last().map(|last| (last.version, last.status.clone()))),
            (0, Some((NEW, Status::Completed))),
            "{strategy}"
        );
        let look = session.fleet().service(ServiceId(0));
        let of = |version: u16| look.instances.iter().filter(|instance| instance.version == VersionId(version)).count();
        assert_eq!((of(0), of(1)), (0, 4), "{strategy}: the first version is gone");
    }
}

/// An Argo rollout is done when it is healthy; the old fleet stands for its delay, without traffic, and can be gone back to at once.
#[test]
fn what_argo_keeps_is_gone_back_to_at_once_and_goes_by_itself() {
    let world = "{ argo-blue-green = { scale_down_delay = \"10m\" } }";
    let mut session = shop(world, "{}");
    session.advance_to(SimTime::from_secs(300));
    assert_eq!(ended(&all(&session)[0]), Some(80.0), "healthy is done");
    let mut quick = shop(world, "{}");
    quick.advance_to(SimTime::from_secs(300));
    quick.act(Action::RollBack { service: "web".to_owned() }).expect("it can go back");
    quick.advance_to(SimTime::from_secs(310));
    assert_eq!((&all(&quick)[1].status, ended(&all(&quick)[1])), (&Status::Completed, Some(300.0)), "what it goes back to still stands");
    session.advance_to(SimTime::from_secs(679));
    assert_eq!(session.fleet().service(ServiceId(0)).instances.len(), 8);
    session.advance_to(SimTime::from_secs(690));
    let look = session.fleet().service(ServiceId(0));
    assert!(look.instances.len() == 4 && look.weights.is_empty(), "{look:?}");
    session.advance_to(SimTime::from_secs(700));
    assert_eq!(hurt(&session), 0);
}

#[test]
fn in_place_a_version_that_does_not_start_fails_with_and_without_scripts() {
    for (config, minutes) in [("AllAtOnce", 5), ("HalfAtATime", 5), ("OneAtATime", 5)] {
        let mut session = shop(&format!("{{ codedeploy = {{ config = \"{config}\" }} }}"), "{ startup_failure = 1 }");
        session.advance_to(SimTime::from_secs(60 * minutes));
        let list = all(&session);
        assert!(matches!(&list[0].status, Status::Failed(Cause::TooFewHealthy { .. })), "{config}: {:?}", list[0].status);
        assert_eq!((list[1].rolls_back, &list[1].status), (Some(1), &Status::Completed), "{config}");
    }
}

#[test]
fn what_a_deployment_went_through_can_be_looked_at_after_its_end() {
    let hooks = "hooks = [{ at = \"POST_SCALE_UP\", check = { requests = 20 } }]";
    let mut session = shop(&format!("{{ canary = {{ percent = \"10%\", canary_bake = \"5m\", bake = \"1m\", {hooks} }} }}"), "{ error_rate = \"60%\" }");
    session.advance_to(SimTime::from_secs(600));
    let list: Vec<_> = session.fleet().ended_deployments().cloned().collect();
    assert_eq!(list.iter().map(|ended| ended.number).collect::<Vec<_>>(), [1, 2], "what failed, and its rollback");
    let states: Vec<StepState> = list[0].steps.iter().map(|(_, state)| *state).collect();
    let at = states.iter().position(|state| *state == StepState::Stopped).expect("it was stopped");
    assert_eq!(list[0].steps[at].0, "POST_SCALE_UP");
    assert!(states[..at].iter().all(|state| *state == StepState::Done) && states[at + 1..].iter().all(|state| *state == StepState::Ahead), "{states:?}");
    let test = &list[0].analyses[0];
    assert_eq!((test.phase, test.counts[0] + test.counts[1] <= 20, test.counts[1] > 0, test.next), (Phase::Failed, true, true, None));
    let mut well = shop(&format!("{{ canary = {{ percent = \"10%\", canary_bake = \"5m\", bake = \"1m\", {hooks} }} }}"), "{}");
    well.advance_to(SimTime::from_secs(1_200));
    let list: Vec<_> = well.fleet().ended_deployments().cloned().collect();
    assert!(list.len() == 1 && !list[0].steps.is_empty() && list[0].steps.iter().all(|(_, state)| *state == StepState::Done), "{list:?}");
    assert_eq!((list[0].analyses[0].phase, list[0].analyses[0].counts), (Phase::Successful, [20, 0, 0, 0]));
}

#[test]
fn probes_turn_back_what_breaks_after_a_while() {
    let strategy = |more: &str| format!("{{ canary = {{ percent = \"10%\", canary_bake = \"20m\", bake = \"1m\", {more} }} }}");
    let run = |more: &str| {
        let mut session = shop(&strategy(more), "{ error_rate = 1, after = \"5m\" }");
        session.advance_to(SimTime::from_secs(3_000));
        (all(&session), hurt(&session))
    };
    let (list, hurt) = run("probes = { interval = \"10s\", failures = 3 }");
    let why = Cause::ProbesFailed { what: "new version", failed: 3, of: 3 };
    assert_eq!(list[0].status, Status::Failed(why));
    // Up at 80 s, broken from 380 s on: the probes at 380, 390 and 400 s fail.
    let at = ended(&list[0]).expect("it is over");
    assert!((400.0..400.1).contains(&at), "{at}");
    assert_eq!(list[1].rolls_back, Some(1));
    let (unwatched, all_hurt) = run("");
    assert_eq!((&unwatched[0].status, hurt * 20 < all_hurt), (&Status::Completed, true), "{hurt} {all_hurt}");
    // The service as a whole still answers nine of ten: three in a row hardly ever fail.
    let (list, _) = run("probes = { at = \"service\", interval = \"10s\", failures = 3 }");
    assert_eq!(list[0].ended.map(|at| at > SimTime::from_secs(1_280)), Some(true), "{:?}", list[0].status);
    let (list, _) = run("probes = { failures = 3, rollback = false }");
    assert_eq!(list.len(), 1, "nobody goes back");
}

#[test]
fn kayenta_refuses_a_canary_that_is_twice_as_slow_and_passes_one_that_is_not() {
    let strategy = "{ canary = { percent = \"50%\", canary_bake = \"15m\", bake = \"1m\", kayenta = {} } }";
    let run = |version: &str, until: u64| {
        let mut session = shop(strategy, version);
        session.advance_to(SimTime::from_secs(until));
        session
    };
    let slow = run("{ latency_factor = 2 }", 2_000);
    let list = all(&slow);
    // It has traffic from 80 s on; the judge speaks with its fifteenth sample.
    assert_eq!((ended(&list[0]), list[1].rolls_back), (Some(80.0 + 900.0), Some(1)));
    let said = match &list[0].status {
        Status::Failed(why) => why.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(said, "canary analysis: score 50 of 95 wanted: Fail");
    let good = run("{}", 2_000);
    assert_eq!((&all(&good)[0].status, ended(&all(&good)[0])), (&Status::Completed, Some(80.0 + 900.0 + 60.0)));
    let early = run("{ latency_factor = 2 }", 600);
    let look = early.fleet().service(ServiceId(0)).deployment.expect("it is under way").analyses;
    let compared = look[0].compared.clone().expect("it is a comparison");
    assert_eq!((look[0].metric.as_str(), compared.samples, compared.score), ("latency-p95", (8, 15), None));
    assert!(compared.latest[0] > 1.8 * compared.latest[1], "{:?}", compared.latest);
}

#[test]
fn genuine_files_say_which_hooks_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("it can be written");
    write(
        "appspec.yml",
        "version: 0.0\nResources:\n  - Web:\n      Type: AWS::ECS::Service\n      Properties:\n        TaskDefinition: \"arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7\"\n        \
         LoadBalancerInfo:\n          ContainerName: \"web\"\n          ContainerPort: 80\nHooks:\n  - BeforeInstall: \"before\"\n  - AfterAllowTestTraffic: \"validate\"\n",
    );
    write(
        "server.yml",
        "version: 0.0\nos: linux\nfiles:\n  - source: /\n    destination: /srv\nhooks:\n  ValidateService:\n    - location: check.sh\n      timeout: 40\n",
    );
    let load = |keys: &str| {
        write("world.toml", &world(&format!("{{ codedeploy = {{ {keys} }} }}"), "{}"));
        fleetlab::content::load(&folder.path().join("world.toml").display().to_string())
    };
    let ended_at = |keys: &str, until: u64| {
        let loaded = load(keys).unwrap_or_else(|error| panic!("{error}"));
        let mut session = Session::new(Arc::new(loaded.scenario), 7);
        session.advance_to(SimTime::from_secs(until));
        (all(&session)[0].status.clone(), ended(&all(&session)[0]))
    };
    let at_once = "config = \"ECSAllAtOnce\", termination_wait = \"0s\", appspec = \"appspec.yml\"";
    assert_eq!(ended_at(at_once, 300), (Status::Completed, Some(140.0)), "30 s each, and 20 s to start");
    let slow = format!("{at_once}, hooks = [{{ at = \"AfterAllowTestTraffic\", takes = \"90s\" }}]");
    assert_eq!(ended_at(&slow, 400).1, Some(200.0));
    let server = "appspec = \"server.yml\", hooks = [{ at = \"ValidateService\", ends = \"never\" }]";
    let (status, at) = ended_at(server, 600);
    let why = Cause::HookTimedOut { event: "ValidateService".to_owned(), within: "40s".to_owned() };
    assert_eq!((status, at), (Status::Failed(why), Some(120.0)), "the file says how long it may take");
    for (keys, says) in [
        ("config = \"ECSAllAtOnce\", appspec = \"nowhere.yml\"", "nowhere.yml"),
        ("config = \"ECSAllAtOnce\", appspec = \"../appspec.yml\"", "must lie beside the scenario"),
        ("config = \"ECSAllAtOnce\", appspec = \"server.yml\"", "is for instances (EC2), and `ECSAllAtOnce` deploys to an ECS service"),
        ("config = \"ECSAllAtOnce\", appspec = \"appspec.yml\", hooks = [{ at = \"AfterInstall\" }]", "no such hook at `AfterInstall`"),
    ] {
        let said = load(keys).expect_err(keys).to_string();
        assert!(said.contains(says) && said.contains("world.toml:8"), "{keys}: {said}");
    }
}

#[test]
fn hooks_that_cannot_be_are_refused_at_their_line() {
    for (strategy, says) in [
        ("{ canary = { hooks = [{ at = \"AfterInstall\" }] } }", "there is no event `AfterInstall` here; hooks run at PRE_SCALE_UP"),
        ("{ canary = { hooks = [{ at = \"BAKE_TIME\" }] } }", "a step of the platform's own"),
        ("{ canary = { hooks = [{ at = \"POST_SCALE_UP\", timeout = \"30s\" }] } }", "the timeout of `POST_SCALE_UP` is 30s; it is 1m to 14d"),
        ("{ canary = { hooks = [{ at = \"POST_SCALE_UP\", ends = \"badly\" }] } }", "badly"),
        ("{ canary = { hooks = [{ at = \"POST_SCALE_UP\", takse = \"1s\" }] } }", "takse"),
        ("{ canary = { hooks = [{ at = \"POST_SCALE_UP\", check = { endpoint = \"gte\" } }] } }", "did you mean `get`"),
        ("{ canary = { hooks = [{ at = \"PRE_SCALE_UP\", check = {} }] } }", "nothing of the new version runs"),
        ("{ canary = { probes = { timeout = \"20s\" } } }", "`timeout` is 20s"),
        ("{ canary = { probes = { endpoint = \"home\" } } }", "`web` has no endpoint `home`"),
        ("{ canary = { canary_bake = \"30s\", kayenta = {} } }", "0 samples"),
        ("{ codedeploy = { config = \"OneAtATime\", kayenta = {} } }", "replaces instances in place"),
        ("{ codedeploy = { config = \"ECSAllAtOnce\", hooks = [{ at = \"ValidateService\" }] } }", "there is no event `ValidateService` here"),
        ("{ codedeploy = { hooks = [{ at = \"ValidateService\", on_timeout = \"CONTINUE\" }] } }", "for hooks of ECS services without CodeDeploy"),
        ("{ rolling = { hooks = [] } }", "hooks"),
    ] {
        let said = refused(strategy);
        assert!(said.contains(says) && said.contains("world.toml:8"), "{strategy}: {said}");
    }
}

#[test]
fn an_endpoint_that_nobody_calls_cannot_be_tested() {
    let toml = world("{ canary = { probes = { endpoint = \"put\" } } }", "{}").replace(", \"web.put\" = 1", "");
    let loaded = read_str("world", "world.toml", &toml, &Folder::Nowhere).unwrap_or_else(|error| panic!("{error}"));
    let mut session = Session::new(Arc::new(loaded.scenario), 7);
    let error = session.act(Action::Deploy { service: "web".to_owned(), version: "v2".to_owned(), strategy: None }).expect_err("nobody calls it");
    assert!(error.to_string().contains("ask `put`, which is no endpoint of `web` that anybody calls"), "{error}");
}

#[test]
fn without_hooks_nothing_takes_longer() {
    for (strategy, at) in [
        ("{ blue-green = { test = \"1m\", bake = \"10m\" } }", 60 + 20 + 60 + 600),
        ("{ linear = { step = \"25%\", step_bake = \"2m\", bake = \"1m\" } }", 60 + 20 + 360 + 60),
        ("{ codedeploy = { config = \"ECSCanary10Percent5Minutes\", termination_wait = \"1m\" } }", 60 + 20 + 300 + 60),
    ] {
        let mut session = shop(strategy, "{}");
        session.advance_to(session.now() + SimSpan::from_secs(1_500));
        assert_eq!(ended(&all(&session)[0]), Some(f64::from(at)), "{strategy}");
    }
}

/// A web service that Flagger deploys to; the share grows by a quarter a minute up to a half.
fn flagger(webhook: &str) -> Session {
    shop(&format!("{{ flagger = {{ threshold = 3, max_weight = 50, step_weight = 25, webhooks = [{webhook}] }} }}"), "{}")
}

fn phase(session: &Session) -> &'static str {
    progress(session).phase
}

#[test]
fn a_gate_of_flaggers_waits_for_the_person_who_opens_it() {
    let mut session = flagger("{ name = \"release board\", type = \"confirm-promotion\", answer = \"person\" }");
    session.advance_to(SimTime::from_secs(1_000));
    let now = progress(&session);
    assert_eq!((now.phase, now.waiting, now.approval.as_deref()), ("WaitingPromotion", Some(Waiting::Approval), Some("release board")));
    let promote = || Action::Steer { service: "web".to_owned(), wish: Wish::Promote };
    session.act(promote()).expect("it is asked for");
    session.advance_to(SimTime::from_secs(1_019));
    assert_eq!(phase(&session), "WaitingPromotion", "it is asked again at the next interval");
    session.advance_to(SimTime::from_secs(1_021));
    assert_eq!(phase(&session), "Promoting");
    session.advance_to(SimTime::from_secs(2_000));
    assert_eq!((&all(&session)[0].status, hurt(&session)), (&Status::Completed, 0));
    // A gate that nobody opens by hand cannot be opened by hand.
    let mut closed = flagger("{ name = \"gate\", type = \"confirm-promotion\", answer = \"no\" }");
    closed.advance_to(SimTime::from_secs(1_000));
    assert_eq!(phase(&closed), "WaitingPromotion");
    assert!(closed.act(promote()).is_err());
}

#[test]
fn webhooks_agree_or_not_from_a_time_on() {
    let mut session = flagger("{ name = \"window\", type = \"confirm-rollout\", from = \"5m\" }");
    session.advance_to(SimTime::from_secs(359));
    assert_eq!((phase(&session), progress(&session).approval.as_deref()), ("Waiting", Some("window")));
    session.advance_to(SimTime::from_secs(361));
    assert_eq!(phase(&session), "Progressing", "five minutes after the deployment began");
    let ends = |webhook: &str| {
        let mut session = flagger(webhook);
        session.advance_to(SimTime::from_secs(2_000));
        (all(&session)[0].status.clone(), ended(&all(&session)[0]))
    };
    // Noticed at 120 s, 25 % at 180 s; the load test fails from 240 s on, three times, and then it goes back.
    let (status, at) = ends("{ name = \"load test\", type = \"rollout\", answer = \"no\", from = \"3m\" }");
    assert_eq!((status, at), (Status::Failed(Cause::FailedChecks { failed: 3 }), Some(240.0 + 180.0)));
    let (status, at) = ends("{ name = \"panic\", type = \"rollback\", answer = \"yes\", from = \"3m\" }");
    assert_eq!((status, at), (Status::Failed(Cause::RollbackHook { name: "panic".to_owned() }), Some(240.0)));
    assert_eq!(ends("{ name = \"panic\", type = \"rollback\" }").0, Status::Completed, "nobody asks for it");
    let person = |of: &str| refused(&format!("{{ flagger = {{ step_weight = 25, webhooks = [{{ name = \"x\", {of} }}] }} }}"));
    assert!(person("type = \"rollout\", answer = \"person\"").contains("a person can answer only webhooks that confirm something"));
    assert!(person("type = \"confirm-promotion\", answer = \"person\", from = \"1m\"").contains("it has no `from`"));
}

/// C11 of the truth table: a fifth more latency is caught 5 times in 100 with 15 samples, 54 times with 60, and false alarms hardly ever come.
#[test]
fn kayentas_power_grows_with_its_samples_as_published() {
    let scenario = fleetlab::content::load("kayenta").unwrap_or_else(|error| panic!("{error}")).scenario;
    let caught = |minutes: u64, factor: f64| {
        let mut world = scenario.clone();
        world.model.versions[1].behaviour.latency_factor = factor;
        let Strategy::Canary(canary) = &mut world.fleet[0].strategy else { panic!("a canary") };
        canary.canary_bake = SimSpan::from_secs(minutes * 60);
        let world = Arc::new(world);
        let turned_back = |seed: &u64| {
            let mut session = Session::new(Arc::clone(&world), *seed);
            session.run();
            let first = &all(&session)[0];
            assert_eq!(first.took(), Some(SimSpan::from_secs(minutes * 60)), "it is judged when its time is over");
            matches!(first.status, Status::Failed(Cause::Kayenta { .. }))
        };
        (1_000..1_100).filter(turned_back).count()
    };
    let (few, many, none) = (caught(15, 1.2), caught(60, 1.2), caught(15, 1.0));
    assert!((1..=12).contains(&few), "{few} of 100 with 15 samples");
    assert!((35..=65).contains(&many), "{many} of 100 with 60 samples");
    assert!(none <= 2, "{none} of 100 that are no slower");
}
