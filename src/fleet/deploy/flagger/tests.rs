//! What Flagger's loop promises, to the second: when traffic moves, when it is promoted, when it goes back.

use super::super::driver::testing::healthy;
use super::super::driver::{Orders, Scene, Seen, Stand, TextMatch, Waiting, Wishes};
use super::{Check, Flagger, HeaderMatch, HookType, Provider, Webhook};
use crate::ids::{InstanceId, VersionId, ZoneId};
use crate::insight::judge::analysis::Phase;
use crate::insight::judge::flagger::Metric;
use crate::telemetry::ledger::Cause;
use crate::units::{SimSpan, SimTime};

/// What happened, with times [s].
#[derive(Debug, Default)]
struct Log {
    /// The new version's share of the requests [%], rounded.
    shares: Vec<(u64, u32)>,
    phases: Vec<(u64, &'static str)>,
    mirrored: Vec<(u64, u32)>,
    reports: Vec<(u64, String)>,
    end: Option<(u64, Stand)>,
    /// Instances of the new version at most.
    most: usize,
    /// How many headers lead to the new version.
    headers: Vec<(u64, usize)>,
}

/// Four instances of the old version, and a driver that replaces them. Started instances are ready after `warm` [s]; stopped
/// ones are gone at once. `passes` says at which times [s] which check succeeds.
fn run(params: &Flagger, warm: Option<u64>, passes: impl Fn(u64, u32) -> bool) -> Log {
    let mut driver = params.driver(false);
    let mut scene = Scene { desired: 4, replaced: VersionId(0), deployed: VersionId(1), old: healthy(0, 4, 0), ..Scene::default() };
    let (mut log, mut next, mut coming) = (Log::default(), 100, Vec::<(u64, InstanceId)>::new());
    let mut now = 0;
    while now < 100_000 {
        scene.now = SimTime::from_secs(now);
        coming.retain(|(at, id)| {
            if *at <= now {
                scene.new.iter_mut().filter(|seen| seen.id == *id).for_each(|seen| (seen.up_since, seen.healthy_since) = (Some(scene.now), Some(scene.now)));
            }
            *at > now
        });
        let checks = (params.metrics.len() + params.webhooks.len()) as u32;
        scene.verdicts = (0..checks).map(|number| (number, if passes(now, number) { Phase::Successful } else { Phase::Failed })).collect();
        let Orders { start, stop, weights, wake, report, headers, mirror, stand, .. } = driver.step(&scene);
        log.shares.extend(weights.iter().filter(|weights| !weights.is_empty()).map(|weights| (now, (weights[1].1 * 100.0).round() as u32)));
        log.mirrored.extend(mirror.map(|share| (now, (share.get() * 100.0).round() as u32)));
        log.headers.extend(headers.map(|routes| (now, routes.iter().map(|route| route.headers.len()).sum())));
        log.reports.extend(report.map(|why| (now, why.to_string())));
        let phase = driver.progress().phase;
        if log.phases.last().is_none_or(|(_, last)| *last != phase) {
            log.phases.push((now, phase));
        }
        if stand != Stand::Running {
            scene.new.retain(|seen| !stop.contains(&seen.id));
            log.end = Some((now, stand));
            break;
        }
        scene.old.retain(|seen| !stop.contains(&seen.id));
        scene.new.retain(|seen| !stop.contains(&seen.id));
        for _ in 0..start {
            scene.new.push(Seen { id: InstanceId(next), version: VersionId(1), zone: ZoneId(0), up_since: None, healthy_since: None, failed: false });
            coming.extend(warm.map(|warm| (now + warm, InstanceId(next))));
            next += 1;
        }
        log.most = log.most.max(scene.new.len());
        if start > 0 || !stop.is_empty() {
            // A change steps it again at once.
            continue;
        }
        let ready = coming.iter().map(|(at, _)| *at).min();
        let Some(at) = ready.into_iter().chain(wake.map(|at| at.as_secs_f64() as u64)).min() else { break };
        assert!(at > now, "nothing comes of the past: {at} after {now}");
        now = at;
    }
    log
}

fn canary() -> Flagger {
    Flagger { threshold: 10, max_weight: 50, step_weight: 2, metrics: vec![success_rate()], ..Flagger::default() }
}

fn success_rate() -> Metric {
    Metric { name: "request-success-rate".to_owned(), threshold: Some(99.0), ..Metric::default() }
}

fn hook(name: &str, r#type: HookType) -> Webhook {
    Webhook { name: name.to_owned(), r#type, ..Webhook::default() }
}

const ALWAYS: fn(u64, u32) -> bool = |_, _| true;
const MINUTE: u64 = 60;

#[test]
fn promotion_takes_interval_times_most_by_step() {
    let log = run(&canary(), Some(10), ALWAYS);
    // Noticed at 1 min, ready and first shifted at 2 min; then 2 % more every minute up to half.
    let shifts: Vec<(u64, u32)> = (0..25).map(|step| ((2 + step) * MINUTE, 2 * (step as u32 + 1))).collect();
    assert_eq!((log.shares[0], &log.shares[1..26]), ((0, 0), &shifts[..]));
    let at = |phase: &str| log.phases.iter().find(|(_, name)| *name == phase).map(|(at, _)| *at);
    assert_eq!(at("Progressing"), Some(MINUTE));
    assert_eq!(at("Promoting"), Some((2 + 25) * MINUTE), "25 minutes after the first shift");
    assert_eq!((at("Finalising"), at("Succeeded")), (Some(28 * MINUTE), Some(29 * MINUTE)));
    assert_eq!(log.end, Some((29 * MINUTE, Stand::Completed)));
    assert_eq!(log.phases.iter().map(|(_, phase)| *phase).collect::<Vec<_>>(), ["Initialized", "Progressing", "Promoting", "Finalising", "Succeeded"]);
    assert_eq!(log.most, 8, "canary and primary stand side by side");
    assert_eq!(log.shares.last().map(|(_, share)| *share), Some(100), "the primary is the new version in the end");
}

#[test]
fn the_rollback_comes_interval_times_threshold_after_the_first_failed_check() {
    let first = 3 * MINUTE;
    let log = run(&canary(), Some(10), |now, _| now < first);
    assert_eq!(log.end, Some((first + 10 * MINUTE, Stand::Failed { why: Cause::FailedChecks { failed: 10 }, restore: true })));
    assert_eq!(log.shares, [(0, 0), (2 * MINUTE, 2), (13 * MINUTE, 0)], "the step is halted until everything goes back");
    assert_eq!(log.reports.first(), Some(&(first, "check `request-success-rate` failed: 1 of 10".to_owned())));
    assert_eq!(log.reports.len(), 10);
    assert_eq!(log.phases.last(), Some(&(13 * MINUTE, "Failed")));
}

#[test]
fn a_failed_check_halts_the_step_and_is_not_forgotten() {
    let params = Flagger { threshold: 3, max_weight: 30, step_weight: 10, metrics: vec![success_rate()], ..Flagger::default() };
    // Fails in the minutes 3 and 4; the steps come two minutes later.
    let log = run(&params, Some(10), |now, _| ![3 * MINUTE, 4 * MINUTE].contains(&now));
    assert_eq!(log.shares[..4], [(0, 0), (2 * MINUTE, 10), (5 * MINUTE, 20), (6 * MINUTE, 30)]);
    assert_eq!(log.end, Some((9 * MINUTE, Stand::Completed)));
    // A third failure, much later, is one too many.
    let log = run(&params, Some(10), |now, _| ![3 * MINUTE, 4 * MINUTE, 6 * MINUTE].contains(&now));
    assert_eq!(log.end.map(|(at, _)| at), Some(7 * MINUTE));
}

#[test]
fn weights_may_be_listed_and_the_way_back_may_be_slow() {
    let params = Flagger { step_weights: vec![5, 20, 60], step_weight_promotion: 25, ..Flagger::default() };
    assert_eq!(params.check(), Ok(()));
    let log = run(&params, Some(10), ALWAYS);
    assert_eq!(log.shares[..4], [(0, 0), (2 * MINUTE, 5), (3 * MINUTE, 20), (4 * MINUTE, 60)]);
    let at = |phase: &str| log.phases.iter().find(|(_, name)| *name == phase).map(|(at, _)| at / MINUTE);
    // 60, 35, 10, 0: three intervals after the promotion at five minutes.
    assert_eq!((at("Promoting"), at("Finalising"), at("Succeeded")), (Some(5), Some(8), Some(9)));
}

#[test]
fn a_primary_that_takes_its_time_delays_the_end() {
    // 100 s to start: found ready at 3 min, promoted at 3 + 5 min; the primary's four pods come in two rounds of 100 s.
    let params = Flagger { max_weight: 50, step_weight: 10, ..Flagger::default() };
    let log = run(&params, Some(100), ALWAYS);
    let at = |phase: &str| log.phases.iter().find(|(_, name)| *name == phase).map(|(at, _)| *at);
    assert_eq!(at("Promoting"), Some(8 * MINUTE));
    let half = log.shares.iter().find(|(at, share)| *at == 8 * MINUTE + 100 && *share > 50);
    assert!(half.is_some(), "the primary's part is the new version bit by bit: {:?}", log.shares);
    assert_eq!((at("Finalising"), at("Succeeded")), (Some(12 * MINUTE), Some(13 * MINUTE)));
}

#[test]
fn blue_green_checks_without_traffic_and_then_routes_everything() {
    let params = Flagger { iterations: 10, metrics: vec![success_rate()], ..Flagger::default() };
    let log = run(&params, Some(10), ALWAYS);
    // Iterations at the minutes 2 to 11, all traffic at 12, promotion at 13, back at 14, the end at 15.
    assert_eq!(log.shares[..2], [(0, 0), (12 * MINUTE, 100)]);
    assert_eq!(log.end, Some((15 * MINUTE, Stand::Completed)));
    let kubernetes = Flagger { provider: Provider::Kubernetes, metrics: vec![success_rate()], ..Flagger::default() };
    assert_eq!(kubernetes.check(), Ok(()), "ten iterations without being told");
    let log = run(&kubernetes, Some(10), ALWAYS);
    assert!(log.shares.iter().all(|(at, share)| *share == 0 || *at >= 13 * MINUTE), "a Kubernetes service gives the canary nothing: {:?}", log.shares);
    assert_eq!(log.end, Some((15 * MINUTE, Stand::Completed)));
}

#[test]
fn an_ab_test_shows_the_canary_to_whom_the_condition_meets() {
    let condition = |value: &str| HeaderMatch { header: "x-canary".to_owned(), value: TextMatch::Exact(value.to_owned()) };
    let params = Flagger { iterations: 5, r#match: vec![condition("insider"), condition("friend")], ..Flagger::default() };
    let log = run(&params, Some(10), ALWAYS);
    let promoted = 7 * MINUTE;
    assert_eq!(log.headers, [(2 * MINUTE, 2), (promoted + MINUTE, 0)], "until the primary is up to date");
    assert!(log.shares.iter().all(|(at, share)| *share == 0 || *at >= promoted), "all others stay where they are: {:?}", log.shares);
    assert_eq!(log.phases.iter().find(|(_, phase)| *phase == "Promoting"), Some(&(promoted, "Promoting")));
    // A failure takes it away from them at once.
    let log = run(&Flagger { metrics: vec![success_rate()], ..params }, Some(10), |_, _| false);
    assert_eq!((log.headers, log.end.map(|(at, _)| at)), (vec![(2 * MINUTE, 2), (4 * MINUTE, 0)], Some(4 * MINUTE)));
}

#[test]
fn mirroring_comes_before_traffic() {
    let params = Flagger { mirror: true, mirror_weight: 50, max_weight: 40, step_weight: 20, ..Flagger::default() };
    let log = run(&params, Some(10), ALWAYS);
    assert_eq!(log.mirrored, [(2 * MINUTE, 50), (3 * MINUTE, 0)]);
    assert_eq!(log.shares[..3], [(0, 0), (3 * MINUTE, 20), (4 * MINUTE, 40)]);
    let blue_green = Flagger { mirror: true, iterations: 3, ..Flagger::default() };
    assert_eq!(run(&blue_green, Some(10), ALWAYS).mirrored, [(2 * MINUTE, 100), (5 * MINUTE, 0)]);
}

#[test]
fn gates_wait_for_approval_and_the_analysis_goes_on() {
    let mut params = Flagger { max_weight: 20, step_weight: 10, threshold: 2, metrics: vec![success_rate()], ..Flagger::default() };
    params.webhooks =
        vec![hook("start gate", HookType::ConfirmRollout), hook("more gate", HookType::ConfirmTrafficIncrease), hook("gate", HookType::ConfirmPromotion)];
    let log = run(&params, Some(10), |now, number| match number {
        1 => now >= 5 * MINUTE,
        2 => now != 7 * MINUTE,
        3 => now >= 15 * MINUTE,
        _ => true,
    });
    let phases: Vec<(u64, &str)> = log.phases.iter().map(|(at, phase)| (at / MINUTE, *phase)).collect();
    assert_eq!(
        phases,
        [(0, "Initialized"), (1, "Waiting"), (5, "Progressing"), (9, "WaitingPromotion"), (15, "Promoting"), (16, "Finalising"), (17, "Succeeded"),]
    );
    // Noticed at 5; the first step at 6, the second is not approved at 7.
    assert_eq!(log.shares[..3], [(0, 0), (6 * MINUTE, 10), (8 * MINUTE, 20)]);
    let waits: Vec<(u64, &str)> = log.reports.iter().map(|(at, why)| (at / MINUTE, why.as_str())).collect();
    assert_eq!(
        waits,
        [(1, "waiting for the approval of `start gate`"), (7, "waiting for the approval of `more gate`"), (9, "waiting for the approval of `gate`")],
        "each is said once"
    );
    // While the promotion waits, checks still count.
    let log = run(&params, Some(10), |now, number| number != 3 && (number != 0 || now < 11 * MINUTE));
    assert_eq!(log.end.map(|(at, _)| at), Some(13 * MINUTE));
}

#[test]
fn webhooks_fail_checks_and_roll_back() {
    let mut params = Flagger { max_weight: 20, step_weight: 10, threshold: 2, ..Flagger::default() };
    params.webhooks = vec![hook("acceptance", HookType::PreRollout), hook("load", HookType::Rollout), hook("panic", HookType::Rollback)];
    let calm = |number: u32| number != 2;
    let log = run(&params, Some(10), |_, number| calm(number) && number != 0);
    assert_eq!(log.end, Some((4 * MINUTE, Stand::Failed { why: Cause::FailedChecks { failed: 2 }, restore: true })), "it never gets traffic");
    assert_eq!(log.shares, [(0, 0)]);
    let log = run(&params, Some(10), |_, number| calm(number) && number != 1);
    assert_eq!((log.shares, log.end.map(|(at, _)| at)), (vec![(0, 0), (2 * MINUTE, 10), (5 * MINUTE, 0)], Some(5 * MINUTE)));
    let log = run(&params, Some(10), |now, number| calm(number) || now >= 3 * MINUTE);
    assert_eq!(log.end, Some((3 * MINUTE, Stand::Failed { why: Cause::RollbackHook { name: "panic".to_owned() }, restore: true })));
}

#[test]
fn checks_are_numbered_metrics_first() {
    let mut params = canary();
    params.webhooks = vec![hook("acceptance", HookType::PreRollout), hook("notice", HookType::PostRollout)];
    let checks: Vec<(u32, Check<'_>)> = params.checks().collect();
    assert_eq!(checks, [(0, Check::Metric(&params.metrics[0])), (1, Check::Webhook(&params.webhooks[0])), (2, Check::Webhook(&params.webhooks[1]))]);
}

#[test]
fn a_canary_that_does_not_come_up_is_rolled_back_after_the_deadline() {
    // Scaled up at one minute; ten minutes are over at eleven, but not yet at eleven exactly.
    let log = run(&canary(), None, ALWAYS);
    assert_eq!(log.end, Some((12 * MINUTE, Stand::Failed { why: Cause::ProgressDeadline, restore: true })));
    let quick = Flagger { progress_deadline: SimSpan::from_secs(90), ..canary() };
    assert_eq!(run(&quick, None, ALWAYS).end.map(|(at, _)| at), Some(3 * MINUTE));
    let patient = Flagger { canary_ready_threshold: 0, ..canary() };
    assert_eq!(run(&patient, None, ALWAYS).shares[1], (2 * MINUTE, 2), "nobody needs to be ready");
}

#[test]
fn without_analysis_it_is_promoted_as_soon_as_it_is_ready() {
    let params = Flagger { skip_analysis: true, metrics: vec![success_rate()], ..Flagger::default() };
    assert_eq!(params.check(), Ok(()));
    let log = run(&params, Some(10), |_, _| false);
    // Promoted at two minutes; the primary's four pods come in two rounds of ten seconds.
    assert_eq!(log.end, Some((2 * MINUTE + 20, Stand::Completed)));
    assert_eq!(log.phases.last(), Some(&(2 * MINUTE, "Succeeded")));
}

#[test]
fn a_suspended_canary_does_nothing() {
    let log = run(&Flagger { suspend: true, ..canary() }, Some(10), ALWAYS);
    assert_eq!((log.end, log.shares, log.phases), (None, vec![(0, 0)], vec![(0, "Initialized")]));
}

#[test]
fn short_intervals_count_as_ten_seconds() {
    let params = Flagger { interval: SimSpan::from_secs(1), max_weight: 20, step_weight: 10, ..Flagger::default() };
    assert_eq!(run(&params, Some(1), ALWAYS).shares[..3], [(0, 0), (20, 10), (30, 20)]);
}

#[test]
fn the_way_back_is_one_step_to_a_primary_that_stands() {
    let mut driver = canary().driver(true);
    let scene = Scene { desired: 4, replaced: VersionId(1), deployed: VersionId(0), old: healthy(100, 4, 60), new: healthy(0, 4, 0), ..Scene::default() };
    let orders = driver.step(&scene);
    assert_eq!((orders.start, orders.stop.len(), orders.weights), (0, 4, Some(vec![(VersionId(1), 0.0), (VersionId(0), 1.0)])));
}

#[test]
fn progress_counts_steps() {
    let params = Flagger { max_weight: 50, step_weight: 20, ..Flagger::default() };
    let mut driver = params.driver(false);
    let mut scene = Scene { desired: 4, replaced: VersionId(0), deployed: VersionId(1), old: healthy(0, 4, 0), new: healthy(100, 4, 0), ..Scene::default() };
    let mut told = Vec::new();
    for now in [0, 60, 120, 180, 240, 300] {
        scene.now = SimTime::from_secs(now);
        driver.step(&scene);
        let progress = driver.progress();
        let names: Vec<&str> = progress.steps.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["weight 20 %", "weight 40 %", "weight 60 %", "promotion"], "60 is more than asked for, as in Flagger");
        told.push((progress.phase, progress.current, progress.waiting, progress.weight.map(|weight| (weight.get() * 100.0).round() as u32)));
    }
    let time = Some(Waiting::Time);
    assert_eq!(
        told,
        [
            ("Initialized", None, time, Some(0)),
            ("Progressing", None, Some(Waiting::Instances), Some(0)),
            ("Progressing", Some(0), time, Some(20)),
            ("Progressing", Some(1), time, Some(40)),
            ("Progressing", Some(2), time, Some(60)),
            ("Promoting", Some(3), Some(Waiting::Instances), Some(60)),
        ]
    );
}

#[test]
fn impossible_parameters_are_refused() {
    let refused = |params: Flagger| params.check().expect_err("impossible");
    assert!(refused(Flagger::default()).contains("nothing would ever move"));
    assert!(refused(Flagger { step_weights: vec![10, 5], ..Flagger::default() }).contains("rise"));
    assert!(refused(Flagger { step_weight: 101, ..Flagger::default() }).contains("100"));
    assert!(refused(Flagger { step_weight: 5, r#match: vec![HeaderMatch::default()], ..Flagger::default() }).contains("iterations"));
    assert!(refused(Flagger { step_weight: 5, metrics: vec![Metric::default()], ..Flagger::default() }).contains("name"));
}

#[test]
fn it_can_be_written_in_toml() {
    let text = r#"
        interval = "30s"
        threshold = 5
        step_weights = [1, 2, 10, 80]
        match = [{ header = "cookie", value = { prefix = "type=" } }]
        iterations = 3
        session_affinity = { cookie_name = "x" }
        metrics = [{ name = "request-duration", threshold_range = { max = 500 } }]
        webhooks = [{ name = "gate", type = "confirm-promotion" }]
    "#;
    let params: Flagger = toml::from_str(text).expect("parameters");
    assert_eq!((params.check(), params.webhooks[0].r#type), (Ok(()), HookType::ConfirmPromotion));
    assert_eq!(params.session_affinity.map(|affinity| affinity.max_age), Some(SimSpan::from_secs(86_400)));
}

/// Steps a driver with a ready canary at these times [s], each with what a person asks for then; returns phase and share [%].
fn steered(params: &Flagger, asked: &[(u64, Wishes)]) -> Vec<(&'static str, u32)> {
    let mut driver = params.driver(false);
    let mut scene = Scene { desired: 4, replaced: VersionId(0), deployed: VersionId(1), old: healthy(0, 4, 0), new: healthy(100, 4, 0), ..Scene::default() };
    scene.verdicts = vec![(0, Phase::Successful)];
    let mut told = Vec::new();
    for (now, wishes) in asked {
        (scene.now, scene.wishes) = (SimTime::from_secs(*now), *wishes);
        let orders = driver.step(&scene);
        let share = driver.progress().weight.map_or(0, |share| (share.get() * 100.0).round() as u32);
        told.push((if orders.stand == Stand::Running { driver.progress().phase } else { "over" }, share));
    }
    told
}

#[test]
fn a_person_suspends_resumes_skips_the_analysis_and_aborts() {
    let params = Flagger { threshold: 10, max_weight: 50, step_weight: 10, metrics: vec![success_rate()], ..Flagger::default() };
    let none = Wishes::default();
    let (pause, resume) = (Wishes { pause: true, ..none }, Wishes { resume: true, ..none });
    let begun = [(0, none), (60, none), (120, none), (180, none)];
    let after = |then: &[(u64, Wishes)]| steered(&params, &[&begun[..], then].concat()).split_off(begun.len() - 1);
    assert_eq!(after(&[]), [("Progressing", 20)]);
    // It stays where it is for as long as it is suspended; the intervals that went by are gone.
    let held = after(&[(200, pause), (240, none), (300, none), (1_000, resume), (1_010, none), (1_020, none)]);
    assert_eq!(held.iter().map(|(_, share)| *share).collect::<Vec<_>>(), [20, 20, 20, 20, 20, 20, 30]);
    let skipped = after(&[(200, Wishes { promote_full: true, ..none }), (240, none)]);
    assert_eq!(skipped.last().map(|(phase, _)| *phase), Some("Succeeded"), "promoted at the next interval, without the steps between");
    assert_eq!(after(&[(200, Wishes { abort: true, ..none })]).last(), Some(&("over", 0)));
}
