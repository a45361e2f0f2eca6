//! Stopping an execution: waiting for what is under way, or abandoning it.

use super::super::status::{ActionStatus, ExecutionStatus};
use super::*;

const TEST: &[Stage<'_>] = &[("Source", &[("src", 1)]), ("Test", &[("unit", 1), ("lint", 1), ("load", 2)])];

#[test]
fn stop_and_wait_lets_actions_end_and_begins_no_others() {
    let mut bench = check(
        declared("SUPERSEDED", TEST),
        "start
         pass 1 src
         start
         pass 2 src
         stop 1          => 1 Test Stopping, 1 Stopping
         stop 1          => refused: the execution is being stopped already
         pass 1 unit     => 1 unit Succeeded",
    );
    assert_eq!(bench.engine.execution(ExecutionId(1)).expect("it is remembered").status, ExecutionStatus::Stopping);
    bench.check(
        "pass 1 lint     => 1 lint Succeeded, 1 Test Stopped, 1 Stopped, 2 enters Test, 2 begins unit, 2 begins lint
         stop 1          => refused: the execution is not in progress
         retry 1 Test all => refused: the stage cannot be retried: it did not fail",
    );
    assert_eq!(bench.engine.execution(ExecutionId(1)).expect("it is remembered").why.expect("a reason").to_string(), "wrong commit");
}

#[test]
fn an_action_that_fails_while_its_execution_is_stopped_leaves_it_stopped() {
    let mut pipeline = declared("SUPERSEDED", TEST);
    pipeline["stages"][1]["onFailure"] = json!({ "result": "RETRY" });
    check(
        pipeline,
        "start
         pass 1 src
         pass 1 unit
         stop 1
         break 1 lint    => 1 lint Failed, 1 Test Stopped, 1 Stopped",
    );
}

#[test]
fn stop_and_abandon_ends_at_once() {
    let mut bench = check(
        declared("SUPERSEDED", TEST),
        "start
         pass 1 src
         stop 1
         abandon 1       => 1 unit Abandoned, 1 lint Abandoned, 1 Test Stopped, 1 Stopped
         pass 1 unit     => refused: nobody waits for this",
    );
    assert_eq!(bench.outcome.effects.len(), 2, "{:?}", bench.outcome.effects);
    let states: Vec<_> = bench.engine.stages()[1].actions.iter().map(|action| action.status).collect();
    assert_eq!(states, [Some(ActionStatus::Abandoned), Some(ActionStatus::Abandoned), None]);
    bench.check("abandon 1 => refused: the execution is not in progress");
    assert_eq!(bench.engine.next_due(), None);
}

#[test]
fn an_execution_that_waits_in_front_of_a_stage_stops_at_once() {
    check(
        declared("QUEUED", THREE),
        "start
         start
         start
         stop 2          => 2 Stopped
         pass 1 src      => 1 src Succeeded, 1 Source Succeeded, 1 enters Build, 1 begins make, 3 enters Source, 3 begins src",
    );
}

#[test]
fn rules_that_are_being_asked_are_not_waited_for() {
    for (command, status) in [("stop", "Cancelled"), ("abandon", "Abandoned")] {
        let mut pipeline = declared("SUPERSEDED", THREE);
        pipeline["stages"][1]["beforeEntry"] = condition("FAIL", &["window"]);
        let mut bench = check(
            pipeline,
            &format!(
                "start
                 pass 1 src
                 {command} 1 => 1 BeforeEntry {status}, 1 Build Stopped, 1 Stopped
                 yes 1 window => refused: nobody waits for this"
            ),
        );
        assert_eq!(bench.effects.iter().filter(|effect| matches!(effect, Effect::AbandonRule { .. })).count(), 1);
        bench.check("wait 25h =>");
    }
}

#[test]
fn a_reason_to_stop_is_bounded() {
    let mut bench = check(declared("SUPERSEDED", THREE), "start");
    let refused = Err(Refused::Length { what: "reason", most: 200 });
    assert_eq!(bench.engine.stop(bench.now, ExecutionId(1), false, &"x".repeat(201)), refused);
    assert_eq!(bench.told("stop 5"), Err(Refused::NoSuchExecution(ExecutionId(5))));
}
