//! Timelines of Argo canaries, to the second.

use super::canary::{ArgoCanary, Background};
use super::driver::{StepState, TextMatch, Waiting};
use super::int_or_percent::IntOrPercent;
use super::steps::{
    Experiment, ExperimentAnalysis, HeaderMatch, Plugin, ProgressType, ReplicaProgressThreshold, RequestMatch, SetCanaryScale, SetHeaderRoute, SetMirrorRoute,
    Step,
};
use super::testing::{NEW, assert_story, basic, fleet, for_ever, one, pause, replicas, routed, scale_weight, secs};
use crate::insight::judge::analysis::Phase;
use crate::units::{Ratio, SimTime};

#[test]
fn without_routing_the_share_of_instances_stands_for_the_weight() {
    let story = fleet(&basic(vec![Step::SetWeight(20), pause(60), Step::SetWeight(50), pause(60)])).story(1_000);
    assert_story(
        &story,
        &[
            // At most 13 are there, and at least 8 of them available.
            (0, "2 new, 8 old"),
            (70, "5 new, 6 old"),
            (80, "5 new, 5 old"),
            (140, "10 new, 3 old"),
            (150, "10 new, 0 old"),
            (150, "completed"),
        ],
    );
}

#[test]
fn without_steps_it_is_a_rolling_update() {
    let story = fleet(&basic(Vec::new())).story(1_000);
    assert_eq!(story.last(), Some(&(20, "completed".to_owned())), "{story:?}");
    let careful = ArgoCanary { max_surge: IntOrPercent::Pods(1), max_unavailable: IntOrPercent::Pods(0), ..ArgoCanary::default() };
    let story = fleet(&careful).story(1_000);
    assert_eq!(story.last(), Some(&(100, "completed".to_owned())), "one by one: {story:?}");
}

#[test]
fn with_routing_the_weight_is_exact_and_follows_the_instances() {
    let story = fleet(&routed(vec![Step::SetWeight(5), pause(60), Step::SetWeight(50), pause(30)])).story(1_000);
    assert_story(
        &story,
        &[
            (0, "1 new, 10 old"),
            (0, "weight 0"),
            (10, "weight 5"),
            (70, "5 new, 10 old"),
            (80, "weight 50"),
            (110, "10 new, 10 old"),
            (120, "weight 100"),
            // It is healthy; the old version stands for thirty seconds more.
            (120, "completed, old until 150"),
        ],
    );
}

/// `setCanaryScale` keeps a tenth of the instances under nine tenths of the traffic: the trap that Argo's documentation
/// warns of.
#[test]
fn ninety_percent_of_the_traffic_on_a_tenth_of_the_instances_is_possible() {
    let params = routed(vec![scale_weight(10), Step::SetWeight(90), for_ever()]);
    let mut fleet = fleet(&params);
    fleet.run_to(600);
    assert_eq!(fleet.counts(), (1, 10));
    assert_story(&fleet.log, &[(0, "1 new, 10 old"), (0, "weight 0"), (10, "weight 90")]);
    let matching = routed(vec![
        scale_weight(10),
        Step::SetWeight(90),
        pause(60),
        Step::SetCanaryScale(SetCanaryScale { match_traffic_weight: true, ..SetCanaryScale::default() }),
        for_ever(),
    ]);
    let mut fleet = self::fleet(&matching);
    fleet.run_to(600);
    assert_eq!(fleet.counts(), (9, 10), "until the scale follows the weight again");
}

#[test]
fn a_canary_can_be_there_before_it_gets_traffic() {
    let story = fleet(&routed(vec![replicas(3), pause(20), Step::SetWeight(10), pause(60)])).story(80);
    assert_story(&story, &[(0, "3 new, 10 old"), (0, "weight 0"), (30, "weight 10")]);
}

#[test]
fn a_pause_without_a_duration_waits_for_a_person() {
    let params = routed(vec![Step::SetWeight(10), for_ever(), Step::SetWeight(30), for_ever()]);
    let mut fleet = fleet(&params).wish(500, |wishes| wishes.promote = true);
    fleet.run_to(499);
    let progress = fleet.driver.progress();
    assert_eq!((progress.phase, progress.waiting, progress.current, progress.until), ("Paused", Some(Waiting::Person), Some(1), None));
    assert_eq!(progress.weight, Some(Ratio::new(0.1)));
    fleet.run_to(2_000);
    assert_story(&fleet.log[3..], &[(500, "3 new, 10 old"), (510, "weight 30")]);
    assert_eq!(fleet.driver.progress().steps[1], ("pause: {}".to_owned(), StepState::Done));
}

#[test]
fn promoting_ends_a_pause_early_and_leaves_a_step_that_is_no_pause() {
    let story = fleet(&routed(vec![Step::SetWeight(10), pause(600), Step::SetWeight(20)])).wish(60, |wishes| wishes.promote = true).story(60);
    assert_eq!(story.last().map(|(at, what)| (*at, what.as_str())), Some((60, "2 new, 10 old")));
    let mut never = fleet(&routed(vec![Step::Analysis(one()), for_ever()])).wish(60, |wishes| wishes.promote = true);
    never.run_to(100);
    assert_story(&never.log, &[(0, "weight 0"), (0, "analysis 0 begins"), (60, "analysis 0 ends")]);
    assert_eq!(never.driver.progress().steps[0].1, StepState::Skipped);
}

#[test]
fn full_promotion_leaves_pauses_and_analyses_out() {
    let params = routed(vec![Step::SetWeight(10), for_ever(), Step::Analysis(one()), Step::SetWeight(50), for_ever()]);
    let params = ArgoCanary { analysis: Some(Background { analysis: one(), starting_step: 0 }), ..params };
    let story = fleet(&params).wish(100, |wishes| wishes.promote_full = true).story(1_000);
    assert_story(
        &story,
        &[
            (0, "1 new, 10 old"),
            (0, "weight 0"),
            (0, "analysis 0 begins"),
            (10, "weight 10"),
            (100, "10 new, 10 old"),
            (100, "analysis 0 ends"),
            (110, "weight 100"),
            (110, "completed, old until 140"),
        ],
    );
}

#[test]
fn a_person_can_stop_it_and_go_on() {
    let params = routed(vec![Step::SetWeight(10), pause(60), Step::SetWeight(50), pause(60)]);
    let mut fleet = fleet(&params).wish(30, |wishes| wishes.pause = true).wish(400, |wishes| wishes.resume = true);
    fleet.run_to(399);
    assert_eq!(fleet.counts(), (1, 10));
    assert_eq!((fleet.driver.progress().phase, fleet.driver.progress().waiting), ("Paused", Some(Waiting::Person)));
    fleet.run_to(410);
    assert_story(&fleet.log[3..], &[(400, "5 new, 10 old"), (410, "weight 50")]);
}

#[test]
fn an_analysis_step_goes_on_aborts_or_waits() {
    let params = routed(vec![Step::SetWeight(10), Step::Analysis(one()), Step::SetWeight(20), for_ever()]);
    let played = |phase: Phase| {
        let mut fleet = fleet(&params);
        fleet.script = vec![(30, phase), (30, Phase::Successful)];
        fleet
    };
    assert_story(&played(Phase::Successful).story(60)[3..], &[(10, "analysis 0 begins"), (40, "2 new, 10 old"), (40, "analysis 0 ends"), (50, "weight 20")]);
    for (phase, word) in [(Phase::Failed, "Failed"), (Phase::Error, "Error")] {
        let aborted = format!("aborted: step 2 analysis: {word}");
        let failed = format!("failed: step 2 analysis: {word}");
        assert_story(
            &played(phase).story(200)[3..],
            &[
                (10, "analysis 0 begins"),
                (40, "weight 0"),
                (40, "analysis 0 ends"),
                (40, &aborted),
                // The instances stay thirty seconds longer.
                (70, "0 new, 10 old"),
                (70, "shares cleared"),
                (70, &failed),
            ],
        );
    }
    let mut unsure = played(Phase::Inconclusive).wish(100, |wishes| wishes.promote = true);
    unsure.run_to(99);
    assert_eq!((unsure.driver.progress().phase, unsure.driver.progress().waiting), ("Paused", Some(Waiting::Person)));
    unsure.run_to(200);
    // Going on means measuring anew.
    assert_story(
        &unsure.log[3..],
        &[(10, "analysis 0 begins"), (40, "analysis 0 ends"), (100, "analysis 1 begins"), (130, "2 new, 10 old"), (130, "analysis 1 ends"), (140, "weight 20")],
    );
}

#[test]
fn a_background_analysis_begins_at_its_step_and_aborts_at_any_time() {
    let params = routed(vec![Step::SetWeight(10), pause(60), Step::SetWeight(20), pause(600)]);
    let params = ArgoCanary { analysis: Some(Background { analysis: one(), starting_step: 2 }), ..params };
    let mut fleet = fleet(&params);
    fleet.script = vec![(100, Phase::Failed)];
    assert_story(
        &fleet.story(400)[3..],
        &[
            (70, "2 new, 10 old"),
            (70, "analysis 0 begins"),
            (80, "weight 20"),
            (170, "weight 0"),
            (170, "analysis 0 ends"),
            (170, "aborted: background analysis: Failed"),
            (200, "0 new, 10 old"),
            (200, "shares cleared"),
            (200, "failed: background analysis: Failed"),
        ],
    );
    let mut good = self::fleet(&params);
    good.script = vec![(10, Phase::Successful)];
    good.run_to(400);
    assert_eq!(good.log.iter().filter(|(_, what)| what.contains("begins")).count(), 1, "what was over well is not begun again");
    let mut unsure = self::fleet(&params).wish(300, |wishes| wishes.promote = true);
    unsure.script = vec![(10, Phase::Inconclusive)];
    unsure.run_to(299);
    assert_eq!((unsure.driver.progress().phase, unsure.counts()), ("Paused", (2, 10)));
    unsure.run_to(301);
    assert_eq!(unsure.log.last(), Some(&(300, "analysis 1 begins".to_owned())));
}

#[test]
fn each_version_keeps_its_fewest_instances() {
    let params = ArgoCanary { min_pods_per_replica_set: 3, ..routed(vec![Step::SetWeight(10), for_ever()]) };
    let mut fleet = fleet(&params);
    fleet.run_to(60);
    assert_eq!(fleet.counts(), (3, 10));
    let params = ArgoCanary { dynamic_stable_scale: true, min_pods_per_replica_set: 2, ..routed(vec![Step::SetWeight(95), for_ever()]) };
    let mut fleet = self::fleet(&params);
    fleet.run_to(60);
    assert_eq!(fleet.counts(), (10, 2));
}

#[test]
fn weights_can_be_out_of_more_than_a_hundred() {
    let params = ArgoCanary { max_traffic_weight: 1_000, ..routed(vec![Step::SetWeight(5), for_ever()]) };
    let mut fleet = fleet(&params);
    fleet.run_to(60);
    assert_story(&fleet.log, &[(0, "1 new, 10 old"), (0, "weight 0"), (10, "weight 0.5")]);
}

#[test]
fn routes_are_set_replaced_and_removed() {
    let header = |name: &str, value: Option<&str>| {
        let one = |value: &str| HeaderMatch { header_name: "x-canary".to_owned(), header_value: TextMatch::Exact(value.to_owned()) };
        Step::SetHeaderRoute(SetHeaderRoute { name: name.to_owned(), matches: value.map(one).into_iter().collect() })
    };
    let mirror = |name: &str, percentage: Option<u32>| {
        let matches = percentage.map(|_| RequestMatch::default()).into_iter().collect();
        Step::SetMirrorRoute(SetMirrorRoute { name: name.to_owned(), percentage, matches })
    };
    let steps = vec![
        replicas(1),
        header("a", Some("yes")),
        mirror("m", Some(35)),
        pause(10),
        header("b", Some("1")),
        header("a", None),
        mirror("m", None),
        pause(10),
        Step::Plugin(Plugin { name: "p".to_owned() }),
        Step::SetWeight(100),
    ];
    let story = fleet(&routed(steps)).story(1_000);
    let routes: Vec<(u64, &str)> =
        story.iter().filter(|(_, what)| what.starts_with("headers") || what.starts_with("mirror")).map(|(at, what)| (*at, what.as_str())).collect();
    assert_eq!(
        routes,
        [(10, "mirror 0.35"), (10, "headers [\"a\"]"), (20, "mirror 0"), (20, "headers [\"b\"]"), (40, "headers []")],
        "they are gone when the new version is the stable one"
    );
}

#[test]
fn an_experiment_takes_its_time_and_its_analyses() {
    let analysis = |required| ExperimentAnalysis { name: "a".to_owned(), required_for_completion: required, analysis: one() };
    let with = |duration: Option<u64>, analyses| Step::Experiment(Experiment { duration: duration.map(secs), templates: Vec::new(), analyses });
    for (step, script, until) in [
        (with(Some(90), Vec::new()), vec![], Some(90)),
        (with(Some(90), vec![analysis(true)]), vec![(120, Phase::Successful)], Some(120)),
        (with(Some(90), vec![analysis(false)]), vec![(120, Phase::Successful)], Some(90)),
        (with(None, vec![analysis(true)]), vec![(40, Phase::Successful)], Some(40)),
        (with(None, Vec::new()), vec![], None),
    ] {
        let mut fleet = fleet(&routed(vec![step.clone(), Step::SetWeight(10), for_ever()]));
        fleet.script = script;
        fleet.run_to(1_000);
        let went_on = fleet.log.iter().find(|(_, what)| what == "1 new, 10 old").map(|(at, _)| *at);
        assert_eq!(went_on, until, "{step:?}: {:?}", fleet.log);
    }
    let mut bad = fleet(&routed(vec![with(Some(90), vec![analysis(false)]), for_ever()]));
    bad.script = vec![(30, Phase::Failed)];
    assert!(bad.story(200).contains(&(30, "aborted: step 1 analysis: Failed".to_owned())));
}

#[test]
fn fewer_instances_than_wanted_can_be_enough() {
    for (threshold, enough) in [
        (None, false),
        (Some(ReplicaProgressThreshold { kind: ProgressType::Percent, value: 80 }), true),
        (Some(ReplicaProgressThreshold { kind: ProgressType::Percent, value: 90 }), false),
        (Some(ReplicaProgressThreshold { kind: ProgressType::Pod, value: 4 }), true),
    ] {
        let mut steps = vec![Step::SetWeight(50), for_ever()];
        steps.splice(0..0, threshold.map(Step::ReplicaProgressThreshold));
        let mut fleet = fleet(&routed(steps));
        fleet.run_to(0);
        // One of the five new instances never comes up.
        if let Some(instance) = fleet.instances.iter_mut().find(|(_, version, _)| *version == NEW) {
            instance.2 = u64::MAX;
        }
        fleet.run_to(60);
        assert_eq!(fleet.log.contains(&(10, "weight 50".to_owned())), enough, "{threshold:?}: {:?}", fleet.log);
    }
}

#[test]
fn an_instance_must_be_ready_for_a_while_before_it_counts() {
    let params = ArgoCanary { min_ready: secs(25), ..routed(vec![Step::SetWeight(10), for_ever()]) };
    assert_story(&fleet(&params).story(100), &[(0, "1 new, 10 old"), (0, "weight 0"), (35, "weight 10")]);
}

#[test]
fn the_service_can_be_scaled_meanwhile() {
    let mut fleet = fleet(&routed(vec![Step::SetWeight(20), for_ever()])).wish(101, |_| ()).wish(200, |wishes| wishes.pause = true).wish(300, |_| ());
    fleet.run_to(100);
    fleet.desired = 20;
    fleet.run_to(199);
    assert_eq!(fleet.counts(), (4, 20));
    fleet.run_to(299);
    fleet.desired = 5;
    fleet.run_to(400);
    assert_eq!(fleet.counts(), (1, 5), "also while a person holds it");
}

#[test]
fn what_breaks_is_replaced_also_while_it_is_held() {
    let mut fleet = fleet(&routed(vec![Step::SetWeight(20), for_ever()])).wish(50, |wishes| wishes.pause = true).wish(101, |_| ());
    fleet.run_to(100);
    fleet.instances.retain(|(id, ..)| *id != 0 && *id != 10);
    fleet.run_to(200);
    assert_eq!(fleet.counts(), (2, 10));
}

#[test]
fn the_screen_sees_the_step_and_the_countdown() {
    let mut fleet = fleet(&routed(vec![Step::SetWeight(20), pause(600), Step::Analysis(one())]));
    fleet.run_to(100);
    let progress = fleet.driver.progress();
    let steps: Vec<(&str, StepState)> = progress.steps.iter().map(|(label, state)| (label.as_str(), *state)).collect();
    assert_eq!(steps, [("setWeight: 20", StepState::Done), ("pause: 10m", StepState::Current), ("analysis: errors", StepState::Ahead)]);
    assert_eq!((progress.since, progress.until), (Some(SimTime::from_secs(10)), Some(SimTime::from_secs(610))));
    assert_eq!((progress.waiting, progress.phase, progress.weight), (Some(Waiting::Time), "Paused", Some(Ratio::new(0.2))));
}
