//! Rolling a stage back, by somebody and by itself.

use super::super::status::{ExecutionType, TriggerType};
use super::*;

/// Two executions that went through.
const TWICE: &str = "start
    pass 1 src
    pass 1 make
    pass 1 ship
    start
    pass 2 src
    pass 2 make
    pass 2 ship";

#[test]
fn a_rollback_is_a_new_execution_of_one_stage_with_what_the_target_had() {
    let mut bench = Bench::new(declared("SUPERSEDED", THREE));
    let revisions = BTreeMap::from([("src".to_owned(), "v1".to_owned())]);
    bench.engine.start(bench.now, Start { revisions, ..Start::manually() }).expect("it starts");
    bench.actions.insert(ActionRunId(1), (ExecutionId(1), "src".to_owned()));
    bench.check(
        "pass 1 src
         pass 1 make
         pass 1 ship
         start
         pass 2 src
         pass 2 make
         pass 2 ship
         rollback Prod 1 => 3 rolls Prod back to 1, 3 enters Prod, 3 begins ship",
    );
    let view = bench.engine.execution(ExecutionId(3)).expect("it is remembered");
    assert_eq!((view.kind, view.trigger, view.target), (ExecutionType::Rollback, TriggerType::ManualRollback, Some(ExecutionId(1))));
    assert_eq!(view.revisions["src"], "r1");
    bench.check("pass 3 ship => 3 ship Succeeded, 3 Prod Succeeded, 3 Succeeded");
    assert_eq!(bench.engine.stages()[2].last_succeeded, Some(ExecutionId(3)));
}

#[test]
fn without_a_target_the_stage_goes_back_to_the_last_that_succeeded_and_was_no_rollback() {
    let mut bench = check(declared("SUPERSEDED", THREE), TWICE);
    bench.check(
        "rollback Build 1
         pass 3 make
         rollback Build  => 4 rolls Build back to 2, 4 enters Build, 4 begins make
         break 4 make    => 4 make Failed, 4 Build Failed, 4 Failed
         retry 4 Build failed => 4 retries Build (ManualStageRetry), 4 begins make",
    );
}

#[test]
fn whoever_rolls_a_stage_back_wants_what_it_had_before() {
    let bench = Bench::new(declared("SUPERSEDED", THREE));
    assert_eq!(bench.engine.way_back("Prod"), None, "nothing was ever there");
    let mut bench = check(declared("SUPERSEDED", THREE), TWICE);
    assert_eq!(bench.engine.way_back("Prod"), Some(ExecutionId(1)), "what is there now is no way back");
    bench.check(
        "rollback Prod 1
         pass 3 ship",
    );
    assert_eq!(bench.engine.way_back("Prod"), None, "nothing came before the first");
    bench.check(
        "start
         pass 4 src
         pass 4 make
         break 4 ship",
    );
    assert_eq!(bench.engine.way_back("Prod"), Some(ExecutionId(2)), "after a failure what went well last");
    assert_eq!(bench.engine.way_back("Nowhere"), None);
}

#[test]
fn a_rollback_needs_a_free_stage_after_the_first_and_a_target_that_succeeded_there() {
    let mut bench = check(
        declared("SUPERSEDED", THREE),
        "rollback Prod   => refused: the stage cannot be rolled back: nothing succeeded in it yet
         start
         rollback Source 1 => refused: the stage cannot be rolled back: it is a stage of sources
         pass 1 src
         break 1 make
         rollback Build 1 => refused: the stage cannot be rolled back: the target did not succeed in it
         retry 1 Build all
         pass 1 make
         rollback Prod   => refused: the stage cannot be rolled back: it is running
         pass 1 ship
         rollback Prod 1
         pass 2 ship
         rollback Prod 2 => refused: the stage cannot be rolled back: the target is a rollback itself",
    );
    assert_eq!(bench.told("rollback Prod 7"), Err(Refused::NoSuchExecution(ExecutionId(7))));
}

#[test]
fn a_stage_that_fails_rolls_itself_back_before_anybody_else_enters() {
    let mut pipeline = declared("SUPERSEDED", THREE);
    pipeline["stages"][2]["onFailure"] = json!({ "result": "ROLLBACK" });
    let mut bench = check(
        pipeline,
        "start
         pass 1 src
         pass 1 make
         break 1 ship    => 1 ship Failed, 1 Prod Failed, 1 Failed, 1 cannot roll Prod back
         retry 1 Prod failed
         pass 1 ship     => 1 ship Succeeded, 1 Prod Succeeded, 1 Succeeded
         start
         pass 2 src
         pass 2 make
         start
         pass 3 src
         pass 3 make     => 3 make Succeeded, 3 Build Succeeded, 3 waits at Prod (Stage)
         break 2 ship    => 2 ship Failed, 2 Prod Failed, 2 Failed, 4 rolls Prod back to 1, 4 enters Prod, 4 begins ship
         retry 2 Prod failed => refused: a later execution entered the stage
         break 4 ship    => 4 ship Failed, 4 Prod Failed, 4 Failed, 3 enters Prod, 3 begins ship",
    );
    assert_eq!(bench.engine.execution(ExecutionId(4)).expect("it is remembered").trigger, TriggerType::AutomatedRollback);
    bench.check("pass 3 ship => 3 ship Succeeded, 3 Prod Succeeded, 3 Succeeded");
}

#[test]
fn a_rollback_asks_no_conditions_and_passes_a_disabled_transition() {
    let mut pipeline = declared("SUPERSEDED", THREE);
    pipeline["stages"][2]["beforeEntry"] = condition("FAIL", &["window"]);
    pipeline["stages"][2]["onSuccess"] = condition("ROLLBACK", &["alarm"]);
    check(
        pipeline,
        "start
         pass 1 src
         pass 1 make
         yes 1 window
         pass 1 ship
         yes 1 alarm     => 1 OnSuccess Succeeded, 1 Prod Succeeded, 1 Succeeded
         disable Prod
         rollback Prod   => 2 rolls Prod back to 1, 2 enters Prod, 2 begins ship
         pass 2 ship     => 2 ship Succeeded, 2 Prod Succeeded, 2 Succeeded",
    );
}
