//! What life-cycle hooks promise: their order, and to the second what runs from when to when.

use super::super::trial::Trial;
use super::{End, Ends, EventRun, Hook, Place, Platform, Ran, Standing, Target, TimeoutAction, Told};
use crate::telemetry::ledger::Cause;
use crate::units::{SimSpan, SimTime};

const fn secs(secs: u64) -> SimSpan {
    SimSpan::from_secs(secs)
}

fn names(platform: Platform) -> Vec<String> {
    // Steps of the platform's own in brackets.
    platform.events().iter().map(|event| if event.scriptable { event.name.to_owned() } else { format!("({})", event.name) }).collect()
}

/// A hook that answers after so many seconds; it fails if they are negative.
fn at(event: &str, takes: i64) -> Hook {
    let ends = if takes < 0 { Ends::Failed } else { Ends::Succeeded };
    Hook { at: event.to_owned(), takes: Some(secs(takes.unsigned_abs())), ends, ..Hook::default() }
}

fn silent(event: &str) -> Hook {
    Hook { at: event.to_owned(), ends: Ends::Never, ..Hook::default() }
}

/// How a run ended.
#[derive(Debug, PartialEq)]
enum Ended {
    Well,
    Failed { event: &'static str, why: Cause, may_roll_back: bool },
}

const fn seconds(time: SimTime) -> u64 {
    time.nanos() / 1_000_000_000
}

/// Goes through all events with ten seconds for every step of the platform's own: when it ends [s], how, and what ran.
fn run(platform: Platform, hooks: &[Hook]) -> (u64, Ended, Vec<(String, u64, u64)>) {
    let (mut now, mut log) = (SimTime::ZERO, Vec::new());
    for event in platform.events() {
        if !event.scriptable {
            now += secs(10);
            continue;
        }
        let run = EventRun::new(platform, event, hooks, now);
        if let Standing::Running(over) = run.standing(now) {
            assert!(matches!(run.standing(SimTime::from_nanos(over.nanos() - 1)), Standing::Running(_)), "it is over then, and no earlier");
            now = over;
        }
        log.extend(run.ran().iter().map(|ran| (event.name.to_owned(), seconds(ran.from), seconds(ran.to))));
        match run.standing(now) {
            Standing::Succeeded => {}
            Standing::Failed(why) => return (seconds(now), Ended::Failed { event: event.name, why, may_roll_back: event.may_roll_back }, log),
            Standing::Running(_) => panic!("{} does not end", event.name),
        }
    }
    (seconds(now), Ended::Well, log)
}

#[test]
fn events_come_in_the_order_of_the_documentation() {
    let install = ["ApplicationStop", "(DownloadBundle)", "BeforeInstall", "(Install)", "AfterInstall", "ApplicationStart", "ValidateService"];
    let (block, allow) = (["BeforeBlockTraffic", "(BlockTraffic)", "AfterBlockTraffic"], ["BeforeAllowTraffic", "(AllowTraffic)", "AfterAllowTraffic"]);
    assert_eq!(names(Platform::InPlace { load_balancer: false }), install);
    assert_eq!(names(Platform::InPlace { load_balancer: true }), [&block[..], &install, &allow].concat());
    assert_eq!(names(Platform::BlueGreen), [&install[..], &allow, &block].concat());
    let places: Vec<Place> = Platform::BlueGreen.events().iter().map(|event| event.place).collect();
    assert_eq!(places, [[Place::Replacement; 10].to_vec(), [Place::Original; 3].to_vec()].concat());
    assert_eq!(
        names(Platform::Ecs),
        [
            "BeforeInstall",
            "(Install)",
            "AfterInstall",
            "(AllowTestTraffic)",
            "AfterAllowTestTraffic",
            "BeforeAllowTraffic",
            "(AllowTraffic)",
            "AfterAllowTraffic"
        ]
    );
    assert_eq!(names(Platform::Lambda), allow);
    let (pre, shift) = ("PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT");
    let begin = ["RECONCILE_SERVICE", "PRE_SCALE_UP", "(SCALE_UP)", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT"];
    let end = ["POST_PRODUCTION_TRAFFIC_SHIFT", "(BAKE_TIME)", "(CLEAN_UP)"];
    assert_eq!(names(Platform::EcsService { reconcile: true, steps: 2 }), [&begin[..], &[pre, shift, pre, shift], &end].concat());
    assert_eq!(names(Platform::EcsService { reconcile: false, steps: 1 }), [&begin[1..], &[pre, shift], &end].concat());
}

#[test]
fn only_before_install_on_ecs_cannot_turn_back() {
    let stuck: Vec<&str> =
        [Platform::InPlace { load_balancer: true }, Platform::BlueGreen, Platform::Ecs, Platform::Lambda, Platform::EcsService { reconcile: true, steps: 1 }]
            .iter()
            .flat_map(|platform| platform.events())
            .filter(|event| !event.may_roll_back)
            .map(|event| event.name)
            .collect();
    assert_eq!(stuck, ["BeforeInstall"]);
    let (end, standing, _) = run(Platform::Ecs, &[at("BeforeInstall", -5)]);
    assert!(matches!(standing, Ended::Failed { may_roll_back: false, .. }) && end == 5, "{standing:?}");
    let (end, standing, _) = run(Platform::Ecs, &[at("AfterAllowTestTraffic", -5)]);
    assert!(matches!(standing, Ended::Failed { may_roll_back: true, .. }) && end == 25, "{standing:?}");
}

#[test]
fn scripts_of_an_instance_run_one_after_the_other() {
    let hooks = [at("BeforeInstall", 30), at("ApplicationStart", 20), at("ApplicationStop", 5), at("BeforeInstall", 12), at("ValidateService", 60)];
    let (end, standing, log) = run(Platform::InPlace { load_balancer: false }, &hooks);
    let ran = |event: &str, from, to| (event.to_owned(), from, to);
    // 5, then 10 s of download, 30 + 12, 10 s of installation, 20 and 60.
    assert_eq!(
        log,
        [
            ran("ApplicationStop", 0, 5),
            ran("BeforeInstall", 15, 45),
            ran("BeforeInstall", 45, 57),
            ran("ApplicationStart", 67, 87),
            ran("ValidateService", 87, 147)
        ]
    );
    assert_eq!((end, standing), (147, Ended::Well));
}

#[test]
fn a_script_that_fails_ends_the_event_and_the_deployment() {
    let hooks = [at("AfterInstall", 10), at("AfterInstall", -7), at("AfterInstall", 10), at("ApplicationStart", 1)];
    let (end, standing, log) = run(Platform::InPlace { load_balancer: false }, &hooks);
    assert_eq!((end, log.len()), (37, 2));
    assert!(matches!(&standing, Ended::Failed { event: "AfterInstall", why: Cause::HookFailed { .. }, .. }), "{standing:?}");
}

#[test]
fn scripts_time_out_by_themselves_and_share_an_hour() {
    let in_place = Platform::InPlace { load_balancer: false };
    let slow = Hook { timeout: Some(secs(300)), ..at("ApplicationStop", 301) };
    let (end, standing, _) = run(in_place, &[slow]);
    assert_eq!(end, 300);
    assert!(matches!(standing, Ended::Failed { why: Cause::HookTimedOut { within, .. }, .. } if within == "5m"));
    assert_eq!(run(in_place, &[Hook { timeout: Some(secs(300)), ..at("ApplicationStop", 300) }]).1, Ended::Well, "just in time");
    // 2,000 s and 1,600 s are an hour together; a second more is too much, whatever each may take.
    assert_eq!(run(in_place, &[at("ApplicationStop", 2_000), at("ApplicationStop", 1_600)]).1, Ended::Well);
    let (end, standing, _) = run(in_place, &[at("ApplicationStop", 2_000), at("ApplicationStop", 1_601)]);
    assert!(matches!(standing, Ended::Failed { .. }) && end == 3_600);
}

#[test]
fn a_silent_function_fails_after_an_hour() {
    let (end, standing, _) = run(Platform::Lambda, &[silent("BeforeAllowTraffic")]);
    assert_eq!(end, 3_600);
    let Ended::Failed { event, why, may_roll_back } = standing else { panic!("{standing:?}") };
    assert_eq!((event, may_roll_back), ("BeforeAllowTraffic", true));
    assert_eq!(why.to_string(), "the hook at BeforeAllowTraffic did not answer within 1h");
}

#[test]
fn hooks_of_an_ecs_service_run_side_by_side_and_may_be_passed_over() {
    let service = Platform::EcsService { reconcile: false, steps: 1 };
    let (end, standing, log) = run(service, &[at("POST_SCALE_UP", 40), at("POST_SCALE_UP", 90)]);
    assert_eq!(log, [("POST_SCALE_UP".to_owned(), 10, 50), ("POST_SCALE_UP".to_owned(), 10, 100)]);
    assert_eq!((end, standing), (120, Ended::Well), "ten seconds each for scaling, baking and cleaning up");
    let (end, standing, log) = run(service, &[at("POST_SCALE_UP", 90), at("POST_SCALE_UP", -40)]);
    assert!(matches!(standing, Ended::Failed { .. }) && end == 50 && log.len() == 1, "the first failure ends it");
    assert_eq!(run(service, &[silent("PRE_SCALE_UP")]).0, 86_400, "a day is the default");
    let passed_over =
        Hook { timeout: Some(secs(600)), on_timeout: TimeoutAction::Continue, target: Target::Pause, ends: Ends::Succeeded, ..silent("PRE_SCALE_UP") };
    assert_eq!((run(service, std::slice::from_ref(&passed_over)).0, run(service, &[passed_over]).1), (630, Ended::Well));
}

#[test]
fn hooks_run_before_each_step_of_the_traffic() {
    let (end, _, log) = run(Platform::EcsService { reconcile: false, steps: 3 }, &[at("PRE_PRODUCTION_TRAFFIC_SHIFT", 5)]);
    assert_eq!((end, log.iter().map(|(_, from, _)| *from).collect::<Vec<_>>()), (45, vec![10, 15, 20]));
}

#[test]
fn what_a_person_or_test_requests_say_ends_a_hook_when_they_say_it() {
    let service = Platform::EcsService { reconcile: false, steps: 1 };
    let event = service.events().into_iter().find(|event| event.name == "POST_SCALE_UP").expect("it is one of its events");
    let hooks = [Hook { target: Target::Pause, ..Hook { at: "POST_SCALE_UP".to_owned(), ..Hook::default() } }, at("POST_SCALE_UP", 40)];
    let time = SimTime::from_secs;
    let mut run = EventRun::new(service, event, &hooks, time(100));
    assert_eq!(run.under_way(time(120)), [(0, time(100)), (1, time(100))]);
    assert_eq!((run.under_way(time(200)), run.standing(time(200))), (vec![(0, time(100))], Standing::Running(time(100 + 86_400))));
    run.tell(0, Told { at: time(200), tried: None, ok: true });
    assert_eq!(run.standing(time(200)), Standing::Succeeded);
    let ran = |hook, to| Ran { hook, from: time(100), to: time(to), end: End::Succeeded };
    assert_eq!(run.ran(), [ran(1, 140), ran(0, 200)]);
    let tests = [Hook { check: Some(Trial::default()), ..Hook { at: "POST_SCALE_UP".to_owned(), ..Hook::default() } }];
    let mut run = EventRun::new(service, event, &tests, time(100));
    run.tell(0, Told { at: time(119), tried: Some((3, 20)), ok: false });
    let why = Cause::HookTestsFailed { event: "POST_SCALE_UP".to_owned(), failed: 3, sent: 20 };
    assert_eq!((run.standing(time(119)), why.to_string().as_str()), (Standing::Failed(why), "the hook at POST_SCALE_UP failed: 3 of 20 test requests did"));
}

#[test]
fn impossible_hooks_are_refused() {
    let service = Platform::EcsService { reconcile: true, steps: 1 };
    let in_place = Platform::InPlace { load_balancer: false };
    let plain = |event: &str| Hook { at: event.to_owned(), ..Hook::default() };
    let pause = |event: &str| Hook { target: Target::Pause, ..plain(event) };
    let tests = |event: &str| Hook { check: Some(Trial::default()), ..plain(event) };
    let within = |event: &str, seconds| Hook { timeout: Some(secs(seconds)), ..silent(event) };
    let table = [
        (in_place, silent("BeforeInstall"), None),
        (in_place, silent("BeforeBlockTraffic"), Some("no event `BeforeBlockTraffic`")),
        (in_place, silent("Install"), Some("platform's own")),
        (in_place, within("BeforeInstall", 3_601), Some("1s to 1h")),
        (in_place, within("BeforeInstall", 0), Some("1s to 1h")),
        (in_place, Hook { on_timeout: TimeoutAction::Continue, ..silent("BeforeInstall") }, Some("CONTINUE")),
        (in_place, pause("BeforeInstall"), Some("PAUSE")),
        (service, pause("POST_SCALE_UP"), None),
        (service, pause("PRODUCTION_TRAFFIC_SHIFT"), Some("PAUSE")),
        (service, within("PRE_SCALE_UP", 20_160 * 60), None),
        (service, within("PRE_SCALE_UP", 59), Some("1m to 14d")),
        (service, silent("BAKE_TIME"), Some("platform's own")),
        (service, Hook { takes: Some(secs(3)), ..pause("POST_SCALE_UP") }, Some("a person answers it")),
        (service, tests("POST_SCALE_UP"), None),
        (service, tests("PRE_SCALE_UP"), Some("nothing of the new version runs at `PRE_SCALE_UP`")),
        (Platform::Ecs, tests("AfterAllowTestTraffic"), None),
        (Platform::Ecs, tests("BeforeInstall"), Some("`AfterInstall` is the first event")),
        (in_place, tests("ApplicationStart"), Some("`ValidateService` is the first event")),
        (service, Hook { ends: Ends::Failed, ..tests("POST_SCALE_UP") }, Some("decides by itself")),
        (service, Hook { check: Some(Trial { requests: 0, ..Trial::default() }), ..plain("POST_SCALE_UP") }, Some("`requests` is 0")),
    ];
    for (platform, hook, expected) in table {
        match (hook.check(platform), expected) {
            (Ok(()), None) => {}
            (Err(message), Some(part)) => assert!(message.contains(part), "{message}"),
            (result, _) => panic!("{hook:?}: {result:?}"),
        }
    }
}
