//! Timelines of Argo's blue/green, to the second.

use super::super::testing::{Fleet, NEW, OLD, assert_story, one, secs};
use super::*;

fn fleet(params: &ArgoBlueGreen) -> Fleet {
    assert_eq!(params.check(), Ok(()));
    Fleet::sized(params.driver(false), 4)
}

#[test]
fn the_new_fleet_comes_up_beside_the_old_one_and_takes_everything() {
    assert_story(&fleet(&ArgoBlueGreen::default()).story(1_000), &[(0, "4 new, 4 old"), (0, "weight 0"), (10, "weight 100"), (10, "completed, old until 40")]);
}

#[test]
fn a_person_promotes_it_or_a_time_does() {
    let manual = ArgoBlueGreen { auto_promotion_enabled: false, auto_promotion: Some(secs(20)), ..ArgoBlueGreen::default() };
    let mut fleet = fleet(&manual).wish(500, |wishes| wishes.promote = true);
    fleet.run_to(499);
    let progress = fleet.driver.progress();
    assert_eq!((progress.phase, progress.waiting, progress.until), ("Paused", Some(Waiting::Person), None));
    assert_eq!(progress.steps[1], ("promote".to_owned(), StepState::Current));
    assert_story(&fleet.story(1_000)[2..], &[(500, "weight 100"), (500, "completed, old until 530")]);
    let timed = ArgoBlueGreen { auto_promotion: Some(secs(60)), ..ArgoBlueGreen::default() };
    let mut fleet = self::fleet(&timed);
    fleet.run_to(30);
    assert_eq!((fleet.driver.progress().until, fleet.driver.progress().waiting), (Some(SimTime::from_secs(70)), Some(Waiting::Time)));
    assert!(fleet.story(1_000).contains(&(70, "weight 100".to_owned())));
}

#[test]
fn a_part_of_the_new_fleet_is_enough_until_it_is_promoted() {
    let params = ArgoBlueGreen { preview_replica_count: Some(1), auto_promotion: Some(secs(60)), ..ArgoBlueGreen::default() };
    assert_story(
        &fleet(&params).story(90),
        &[(0, "1 new, 4 old"), (0, "weight 0"), (70, "4 new, 4 old"), (80, "weight 100"), (80, "completed, old until 110")],
    );
}

#[test]
fn a_check_before_the_switch_decides() {
    let params = ArgoBlueGreen { pre_promotion_analysis: Some(one()), auto_promotion: Some(secs(60)), ..ArgoBlueGreen::default() };
    let played = |phase| {
        let mut fleet = fleet(&params);
        fleet.script = vec![(30, phase), (5, Verdict::Successful)];
        fleet
    };
    // The wait begins when the analysis is over.
    assert_story(
        &played(Verdict::Successful).story(110)[2..],
        &[(10, "analysis 0 begins"), (40, "analysis 0 ends"), (100, "weight 100"), (100, "completed, old until 130")],
    );
    assert_story(
        &played(Verdict::Failed).story(200)[2..],
        &[
            (10, "analysis 0 begins"),
            (40, "analysis 0 ends"),
            (40, "aborted: pre-promotion analysis: Failed"),
            (70, "0 new, 4 old"),
            (70, "shares cleared"),
            (70, "failed: pre-promotion analysis: Failed"),
        ],
    );
    let mut unsure = played(Verdict::Inconclusive).wish(100, |wishes| wishes.promote = true);
    unsure.run_to(99);
    assert_eq!((unsure.driver.progress().phase, unsure.driver.progress().waiting), ("Paused", Some(Waiting::Person)));
    assert_story(
        &unsure.story(170)[2..],
        &[
            (10, "analysis 0 begins"),
            (40, "analysis 0 ends"),
            (100, "analysis 1 begins"),
            (105, "analysis 1 ends"),
            (165, "weight 100"),
            (165, "completed, old until 195"),
        ],
    );
}

#[test]
fn a_check_after_the_switch_switches_back() {
    let params = ArgoBlueGreen { post_promotion_analysis: Some(one()), ..ArgoBlueGreen::default() };
    let mut bad = fleet(&params);
    bad.script = vec![(120, Verdict::Error)];
    assert_story(
        &bad.story(1_000)[2..],
        &[
            (10, "weight 100"),
            (10, "analysis 0 begins"),
            (130, "weight 0"),
            (130, "analysis 0 ends"),
            (130, "aborted: post-promotion analysis: Error"),
            (160, "0 new, 4 old"),
            (160, "shares cleared"),
            (160, "failed: post-promotion analysis: Error"),
        ],
    );
    let mut good = fleet(&params);
    good.script = vec![(120, Verdict::Successful)];
    // The old fleet is kept until the analysis is over, and its delay begins then.
    assert_eq!(good.story(1_000).last(), Some(&(130, "completed, old until 160".to_owned())));
}

#[test]
fn an_abort_at_any_time_brings_the_old_version_back() {
    let params = ArgoBlueGreen {
        pre_promotion_analysis: Some(one()),
        auto_promotion: Some(secs(20)),
        post_promotion_analysis: Some(one()),
        preview_replica_count: Some(2),
        ..ArgoBlueGreen::default()
    };
    for at in 0..80 {
        let mut fleet = fleet(&params).wish(at, |wishes| wishes.abort = true);
        fleet.script = vec![(15, Verdict::Successful), (30, Verdict::Successful)];
        fleet.run_to(1_000);
        assert_eq!((fleet.counts(), fleet.log.last().map(|(_, what)| what.as_str())), ((0, 4), Some("failed: aborted")), "abort at {at}: {:?}", fleet.log);
        let weight = fleet.log.iter().rev().find(|(_, what)| what.starts_with("weight"));
        assert!(weight.is_none_or(|(_, what)| what == "weight 0"), "abort at {at}: {:?}", fleet.log);
    }
    let forever = ArgoBlueGreen { abort_scale_down_delay: SimSpan::ZERO, ..ArgoBlueGreen { auto_promotion_enabled: false, ..ArgoBlueGreen::default() } };
    let mut fleet = fleet(&forever).wish(50, |wishes| wishes.abort = true);
    fleet.run_to(5_000);
    assert_eq!((fleet.counts(), fleet.driver.progress().phase), ((4, 4), "Degraded"));
}

#[test]
fn full_promotion_leaves_waiting_and_analyses_out() {
    let params =
        ArgoBlueGreen { pre_promotion_analysis: Some(one()), post_promotion_analysis: Some(one()), auto_promotion_enabled: false, ..ArgoBlueGreen::default() };
    let story = fleet(&params).wish(50, |wishes| wishes.promote_full = true).story(1_000);
    assert_story(&story[2..], &[(10, "analysis 0 begins"), (50, "weight 100"), (50, "analysis 0 ends"), (50, "completed, old until 80")]);
}

#[test]
fn a_person_can_stop_it_and_go_on() {
    let mut fleet = fleet(&ArgoBlueGreen::default()).wish(5, |wishes| wishes.pause = true).wish(300, |wishes| wishes.resume = true);
    fleet.run_to(299);
    assert_eq!((fleet.counts(), fleet.driver.progress().phase), ((4, 4), "Paused"));
    assert!(fleet.story(1_000).contains(&(300, "weight 100".to_owned())));
}

#[test]
fn going_back_to_a_fleet_that_stands_takes_no_time() {
    let params = ArgoBlueGreen { auto_promotion_enabled: false, pre_promotion_analysis: Some(one()), ..ArgoBlueGreen::default() };
    for (way, stands, at_once) in
        [(Way::ToStable, true, true), (Way::Back { between: 0 }, true, true), (Way::Back { between: 0 }, false, false), (Way::Forward, true, false)]
    {
        let mut fleet = Fleet::sized(params.driver(way != Way::Forward), 4);
        fleet.way = way;
        if stands {
            fleet.instances.extend((10..14).map(|id| (id, NEW, 0)));
        }
        fleet.run_to(100);
        assert_eq!(fleet.log.contains(&(0, "weight 100".to_owned())), at_once, "{way:?} {stands}: {:?}", fleet.log);
    }
    let windowed = ArgoBlueGreen { rollback_window: Some(2), ..params };
    let mut fleet = Fleet::sized(windowed.driver(true), 4);
    fleet.way = Way::Back { between: 1 };
    assert!(fleet.story(100).contains(&(10, "weight 100".to_owned())), "within the window it waits for instances only");
}

#[test]
fn without_progress_it_is_reported_or_aborted() {
    let mut stuck = fleet(&ArgoBlueGreen::default());
    stuck.start_up = None;
    assert_eq!(stuck.story(5_000).last(), Some(&(600, "report: ProgressDeadlineExceeded".to_owned())));
    let mut aborted = fleet(&ArgoBlueGreen { progress_deadline_abort: true, ..ArgoBlueGreen::default() });
    aborted.start_up = None;
    assert_eq!(aborted.story(5_000).last(), Some(&(630, "failed: ProgressDeadlineExceeded".to_owned())));
}

#[test]
fn fleets_that_were_on_their_way_before_go_at_once() {
    let mut fleet = fleet(&ArgoBlueGreen::default());
    fleet.instances.extend((20..23).map(|id| (id, crate::ids::VersionId(7), 0)));
    fleet.run_to(0);
    assert_eq!(fleet.instances.iter().filter(|(_, version, _)| *version != OLD && *version != NEW).count(), 0);
}

#[test]
fn it_is_written_in_toml_and_nonsense_is_refused() {
    let read: ArgoBlueGreen = toml::from_str("auto_promotion_enabled = false\npreview_replica_count = 1\nscale_down_delay = '5m'").expect("blue/green");
    assert_eq!((read.check(), read.preview_replica_count, read.scale_down_delay), (Ok(()), Some(1), secs(300)));
    assert!(ArgoBlueGreen { preview_replica_count: Some(0), ..ArgoBlueGreen::default() }.check().is_err());
    assert!(ArgoBlueGreen { pre_promotion_analysis: Some(Analysis::default()), ..ArgoBlueGreen::default() }.check().is_err());
    assert!(toml::from_str::<ArgoBlueGreen>("auto_promote = true").is_err());
}
