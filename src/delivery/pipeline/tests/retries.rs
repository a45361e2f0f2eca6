//! Retrying a failed stage, by somebody and by itself.

use super::*;

const TEST: &[Stage<'_>] = &[("Source", &[("src", 1)]), ("Test", &[("unit", 1), ("lint", 1), ("load", 2)])];

#[test]
fn failed_actions_are_tried_again_and_those_that_succeeded_are_not() {
    let mut bench = check(
        declared("SUPERSEDED", TEST),
        "start
         pass 1 src
         pass 1 lint
         break 1 unit    => 1 unit Failed, 1 Test Failed, 1 Failed
         retry 1 Test failed => 1 retries Test (ManualStageRetry), 1 begins unit
         retry 1 Test failed => refused: the stage cannot be retried: it did not fail
         pass 1 unit     => 1 unit Succeeded, 1 begins load
         pass 1 load     => 1 load Succeeded, 1 Test Succeeded, 1 Succeeded
         retry 1 Test all => refused: the stage cannot be retried: it did not fail",
    );
    let retries = bench.engine.stages()[1].retries.clone();
    assert_eq!((retries.automatic, retries.manual), (0, 1));
    assert_eq!(bench.told("retry 9 Test all"), Err(Refused::NoSuchExecution(ExecutionId(9))));
}

#[test]
fn all_actions_are_tried_again_from_the_first() {
    check(
        declared("SUPERSEDED", TEST),
        "start
         pass 1 src
         pass 1 lint
         pass 1 unit
         break 1 load
         retry 1 Test all => 1 retries Test (ManualStageRetry), 1 begins unit, 1 begins lint",
    );
}

#[test]
fn a_stage_tries_itself_again_once() {
    for (mode, begins) in [("FAILED_ACTIONS", "1 begins unit"), ("ALL_ACTIONS", "1 begins unit, 1 begins lint")] {
        let mut pipeline = declared("SUPERSEDED", TEST);
        pipeline["stages"][1]["onFailure"] = json!({ "result": "RETRY", "retryConfiguration": { "retryMode": mode } });
        let mut bench = check(
            pipeline,
            &format!(
                "start
                 pass 1 src
                 start
                 pass 2 src
                 pass 1 lint
                 break 1 unit    => 1 unit Failed, 1 retries Test (AutomatedStageRetry), {begins}"
            ),
        );
        assert_eq!(bench.engine.stages()[1].inbound, [ExecutionId(2)], "the stage stays locked meanwhile");
        bench.run("pass 1 lint");
        bench.check("break 1 unit => 1 unit Failed, 1 Test Failed, 1 Failed, 2 enters Test, 2 begins unit, 2 begins lint");
    }
}

#[test]
fn after_its_one_retry_a_stage_asks_its_condition_of_failure() {
    let mut pipeline = declared("SUPERSEDED", THREE);
    let mut failure = condition("ROLLBACK", &["alarm"]);
    failure["result"] = json!("RETRY");
    pipeline["stages"][1]["onFailure"] = failure;
    check(
        pipeline,
        "start
         pass 1 src
         pass 1 make
         start
         pass 2 src
         break 2 make    => 2 make Failed, 2 retries Build (AutomatedStageRetry), 2 begins make
         break 2 make    => 2 make Failed, 2 OnFailure InProgress
         no 2 alarm      => 2 OnFailure Failed, 2 Build Failed, 2 Failed, 3 rolls Build back to 1, 3 enters Build, 3 begins make",
    );
}

#[test]
fn a_failed_execution_can_be_retried_while_another_waits_at_a_disabled_transition() {
    check(
        declared("SUPERSEDED", THREE),
        "start
         pass 1 src
         disable Build
         start
         pass 2 src
         break 1 make    => 1 make Failed, 1 Build Failed, 1 Failed
         retry 1 Build failed => 1 retries Build (ManualStageRetry), 1 begins make
         enable Build    => Build open
         pass 1 make     => 1 make Succeeded, 1 Build Succeeded, 1 enters Prod, 1 begins ship, 2 enters Build, 2 begins make",
    );
}
