//! The ways back of Argo canaries: aborts, deadlines and rollbacks, to the second.

use super::canary::ArgoCanary;
use super::driver::{TextMatch, Way};
use super::steps::{HeaderMatch, SetHeaderRoute, Step};
use super::testing::{Fleet, NEW, OLD, assert_story, basic, fleet, for_ever, one, pause, replicas, routed, secs};
use crate::insight::judge::analysis::Phase;
use crate::units::SimSpan;

/// At every moment of a rollout an abort takes the traffic back at once, and then the instances.
#[test]
fn an_abort_at_any_step_brings_the_old_version_back() {
    let steps = vec![
        replicas(2),
        Step::SetHeaderRoute(SetHeaderRoute {
            name: "h".to_owned(),
            matches: vec![HeaderMatch { header_name: "x".to_owned(), header_value: TextMatch::Exact("1".to_owned()) }],
        }),
        Step::SetWeight(10),
        pause(30),
        Step::Analysis(one()),
        Step::SetWeight(60),
        for_ever(),
    ];
    let all = [
        routed(steps.clone()),
        ArgoCanary { dynamic_stable_scale: true, ..routed(steps.clone()) },
        ArgoCanary { dynamic_stable_scale: true, abort_scale_down_delay: Some(secs(20)), ..routed(steps) },
        basic(vec![Step::SetWeight(10), pause(30), Step::Analysis(one()), Step::SetWeight(60), for_ever()]),
    ];
    for (case, params) in all.iter().enumerate() {
        for at in 0..100 {
            let mut fleet = fleet(params).wish(at, |wishes| wishes.abort = true);
            fleet.script = vec![(15, Phase::Successful)];
            fleet.run_to(1_000);
            let story = format!("case {case}, abort at {at}: {:?}", fleet.log);
            assert_eq!(fleet.counts(), (0, 10), "{story}");
            assert_eq!(fleet.log.last().map(|(_, what)| what.as_str()), Some("failed: aborted"), "{story}");
            let weights: Vec<f64> = fleet.log.iter().filter_map(|(when, what)| what.strip_prefix("weight ").filter(|_| *when >= at)?.parse().ok()).collect();
            assert!(weights.is_sorted_by(|before, after| before >= after), "the weight only falls: {story}");
            let had_route = fleet.log.iter().any(|(_, what)| what.contains("\"h\""));
            assert_eq!(had_route, fleet.log.iter().any(|(_, what)| what == "headers []"), "{story}");
        }
    }
}

#[test]
fn an_abort_takes_the_instances_away_after_its_delay_or_never() {
    let params = |delay: Option<SimSpan>| ArgoCanary { abort_scale_down_delay: delay, ..routed(vec![Step::SetWeight(50), for_ever()]) };
    for (delay, gone) in [(None, Some(130)), (Some(secs(300)), Some(400)), (Some(SimSpan::ZERO), None)] {
        let mut fleet = fleet(&params(delay)).wish(100, |wishes| wishes.abort = true);
        fleet.run_to(5_000);
        assert!(fleet.log.contains(&(100, "weight 0".to_owned())), "{:?}", fleet.log);
        let empty = fleet.log.iter().find(|(_, what)| what.starts_with("0 new")).map(|(at, _)| *at);
        assert_eq!((empty, fleet.counts().0), (gone, if gone.is_some() { 0 } else { 5 }), "{delay:?}");
        assert_eq!(fleet.driver.progress().phase, "Degraded");
    }
}

#[test]
fn the_old_version_shrinks_as_the_weight_grows_if_it_is_told_to() {
    let params = ArgoCanary { dynamic_stable_scale: true, ..routed(vec![Step::SetWeight(40), pause(60), Step::SetWeight(80), for_ever()]) };
    let mut fleet = fleet(&params).wish(200, |wishes| wishes.abort = true);
    fleet.run_to(199);
    assert_story(
        &fleet.log,
        &[(0, "4 new, 10 old"), (0, "weight 0"), (10, "4 new, 6 old"), (10, "weight 40"), (70, "8 new, 6 old"), (80, "8 new, 2 old"), (80, "weight 80")],
    );
    fleet.run_to(1_000);
    // The way back is as slow as the old version's instances: that is what the saving costs.
    assert_story(
        &fleet.log[7..],
        &[(200, "8 new, 10 old"), (200, "aborted: aborted"), (210, "0 new, 10 old"), (210, "weight 0"), (210, "shares cleared"), (210, "failed: aborted")],
    );
}

#[test]
fn without_progress_it_is_reported_or_aborted() {
    let params = routed(vec![Step::SetWeight(10), for_ever()]);
    let mut stuck = fleet(&params);
    stuck.start_up = None;
    assert_story(&stuck.story(5_000), &[(0, "1 new, 10 old"), (0, "weight 0"), (600, "report: ProgressDeadlineExceeded")]);
    let mut aborted = fleet(&ArgoCanary { progress_deadline: secs(100), progress_deadline_abort: true, ..params.clone() });
    aborted.start_up = None;
    assert_story(
        &aborted.story(5_000)[2..],
        &[
            (100, "aborted: ProgressDeadlineExceeded"),
            (100, "report: ProgressDeadlineExceeded"),
            (130, "0 new, 10 old"),
            (130, "shares cleared"),
            (130, "failed: ProgressDeadlineExceeded"),
        ],
    );
    let mut paused = fleet(&params);
    paused.run_to(5_000);
    assert!(!paused.log.iter().any(|(_, what)| what.starts_with("report")), "a pause is no lack of progress");
}

#[test]
fn going_back_skips_the_steps_where_argo_does() {
    let params = |window| ArgoCanary { rollback_window: window, ..routed(vec![Step::SetWeight(10), for_ever()]) };
    for (way, window, restores, skips) in [
        (Way::Forward, None, false, false),
        (Way::Forward, None, true, true),
        (Way::ToStable, None, true, true),
        (Way::Back { between: 0 }, None, true, false),
        (Way::Back { between: 0 }, Some(1), true, true),
        (Way::Back { between: 1 }, Some(1), true, false),
        (Way::Back { between: 2 }, Some(3), true, true),
    ] {
        let mut fleet = Fleet::new(params(window).driver(restores));
        fleet.way = way;
        fleet.run_to(1_000);
        let last = fleet.log.last().map(|(at, what)| (*at, what.as_str()));
        let expected = if skips { (10, "completed, old until 40") } else { (10, "weight 10") };
        assert_eq!(last, Some(expected), "{way:?} {window:?}: {:?}", fleet.log);
    }
    // The stable version still has all its instances, and takes everything at once.
    let mut fleet = Fleet::new(params(None).driver(true));
    fleet.way = Way::ToStable;
    fleet.instances = (0..10).map(|id| (id, NEW, 0)).chain([(10, OLD, 0)]).collect();
    assert_story(&fleet.story(100), &[(0, "weight 100"), (0, "completed, old until 30")]);
}

/// Whatever the steps, the analyses and the people do: the driver settles, and a full promotion ends it.
#[test]
fn any_rollout_settles_and_can_be_promoted() {
    for seed in 0..2_000_u64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let (is_routed, desired) = (draw(3) > 0, 1 + draw(12) as u32);
        let steps = (0..draw(7)).map(|_| match draw(if is_routed { 6 } else { 4 }) {
            0 => Step::SetWeight(draw(101) as u32),
            1 => pause(draw(100)),
            2 => for_ever(),
            3 => Step::Analysis(one()),
            4 => replicas(draw(12) as u32),
            _ => Step::SetHeaderRoute(SetHeaderRoute { name: "h".to_owned(), matches: Vec::new() }),
        });
        let steps: Vec<Step> = steps.collect();
        let params = ArgoCanary {
            dynamic_stable_scale: is_routed && draw(2) == 0,
            min_pods_per_replica_set: 1 + draw(u64::from(desired.min(3))) as u32,
            traffic_routing: is_routed,
            ..basic(steps)
        };
        let mut fleet = Fleet::sized(params.driver(false), desired);
        fleet.script = (0..10).map(|_| (draw(60), [Phase::Successful, Phase::Inconclusive, Phase::Failed][draw(3) as usize])).collect();
        for _ in 0..draw(8) {
            let at = draw(900);
            let wish: fn(&mut super::driver::Wishes) = match draw(4) {
                0 => |wishes| wishes.promote = true,
                1 => |wishes| wishes.pause = true,
                2 => |wishes| wishes.resume = true,
                _ => |wishes| wishes.abort = true,
            };
            fleet = fleet.wish(at, wish);
        }
        let mut fleet = fleet.wish(1_000, |wishes| wishes.promote_full = true);
        fleet.run_to(5_000);
        let (new, old) = fleet.counts();
        let ended = fleet.log.last().map(|(_, what)| what.clone()).unwrap_or_default();
        let fits = if ended == "completed" {
            (new, old) == (desired as usize, 0)
        } else if ended.starts_with("completed, old until") {
            new == desired as usize
        } else {
            ended.starts_with("failed") && (new, old) == (0, desired as usize)
        };
        assert!(fits, "seed {seed}, {desired} desired, {:?}: {new} new, {old} old: {:?}", params, fleet.log);
    }
}
