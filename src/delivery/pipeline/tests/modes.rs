//! SUPERSEDED, QUEUED, PARALLEL, and transitions in each.

use super::*;

#[test]
fn superseded_one_execution_is_in_a_stage_and_one_waits_in_front() {
    check(
        declared("SUPERSEDED", THREE),
        "start           => 1 enters Source, 1 begins src
         start           => 2 waits at Source (Stage)
         pass 1 src      => 1 src Succeeded, 1 Source Succeeded, 1 enters Build, 1 begins make, 2 enters Source, 2 begins src",
    );
}

#[test]
fn superseded_a_newer_execution_takes_the_place_of_the_one_that_waits_and_not_of_the_one_inside() {
    let bench = check(
        declared("SUPERSEDED", THREE),
        "start
         pass 1 src
         start
         pass 2 src      => 2 src Succeeded, 2 Source Succeeded, 2 waits at Build (Stage)
         start           => 3 enters Source, 3 begins src
         pass 3 src      => 3 src Succeeded, 3 Source Succeeded, 2 Superseded, 3 waits at Build (Stage)
         pass 1 make     => 1 make Succeeded, 1 Build Succeeded, 1 enters Prod, 1 begins ship, 3 enters Build, 3 begins make",
    );
    let view = bench.engine.execution(ExecutionId(2)).expect("it is remembered");
    assert_eq!(view.why.expect("a reason").to_string(), format!("superseded by {}", ExecutionId(3)));
    assert_eq!((view.stage.as_str(), view.waits), ("Build", false));
}

#[test]
fn a_disabled_transition_holds_the_latest_inbound_execution() {
    let mut bench = check(
        declared("SUPERSEDED", THREE),
        "disable Prod    => Prod closed
         disable Prod    =>
         start
         pass 1 src
         pass 1 make     => 1 make Succeeded, 1 Build Succeeded, 1 waits at Prod (Transition)
         start
         pass 2 src
         pass 2 make     => 2 make Succeeded, 2 Build Succeeded, 1 Superseded, 2 waits at Prod (Transition)",
    );
    let view = bench.engine.stages();
    assert_eq!((view[2].inbound.as_slice(), view[2].transition.disabled_reason.as_deref()), ([ExecutionId(2)].as_slice(), Some("freeze")));
    bench.check("enable Prod => Prod open, 2 enters Prod, 2 begins ship");
}

#[test]
fn a_transition_can_be_disabled_from_the_beginning_and_never_into_the_first_stage() {
    let mut pipeline: Pipeline = serde_json::from_value(declared("SUPERSEDED", THREE)).expect("the service's structure");
    pipeline.stages[1].inbound_disabled = Some("not yet".to_owned());
    let mut bench = Bench::new(declared("SUPERSEDED", THREE));
    bench.engine = Engine::new(Checked::new(pipeline).expect("no mistakes"));
    bench.check(
        "start
         pass 1 src      => 1 src Succeeded, 1 Source Succeeded, 1 waits at Build (Transition)
         disable Source  => refused: nothing leads into the first stage that could be disabled
         disable Nowhere => refused: no stage `Nowhere`",
    );
    assert_eq!(bench.engine.disable_transition(bench.now, "Prod", ""), Err(Refused::Length { what: "reason", most: 300 }));
}

#[test]
fn queued_executions_go_through_each_stage_one_by_one_in_order() {
    let bench = check(
        declared("QUEUED", THREE),
        "start           => 1 enters Source, 1 begins src
         start           => 2 waits at Source (Stage)
         start           => 3 waits at Source (Stage)
         pass 1 src      => 1 src Succeeded, 1 Source Succeeded, 1 enters Build, 1 begins make, 2 enters Source, 2 begins src
         pass 2 src      => 2 src Succeeded, 2 Source Succeeded, 2 waits at Build (Stage), 3 enters Source, 3 begins src
         pass 3 src      => 3 src Succeeded, 3 Source Succeeded, 3 waits at Build (Stage)
         pass 1 make     => 1 make Succeeded, 1 Build Succeeded, 1 enters Prod, 1 begins ship, 2 enters Build, 2 begins make
         break 2 make    => 2 make Failed, 2 Build Failed, 2 Failed, 3 enters Build, 3 begins make",
    );
    assert_eq!(bench.engine.stages()[1].inbound, []);
}

#[test]
fn queued_a_disabled_transition_holds_all_in_order() {
    check(
        declared("QUEUED", THREE),
        "disable Build
         start
         pass 1 src
         start
         pass 2 src      => 2 src Succeeded, 2 Source Succeeded, 2 waits at Build (Transition)
         enable Build    => Build open, 1 enters Build, 1 begins make
         pass 1 make     => 1 make Succeeded, 1 Build Succeeded, 1 enters Prod, 1 begins ship, 2 enters Build, 2 begins make",
    );
}

#[test]
fn parallel_executions_do_not_know_of_one_another() {
    let mut bench = check(
        declared("PARALLEL", THREE),
        "start           => 1 enters Source, 1 begins src
         start           => 2 enters Source, 2 begins src
         pass 2 src      => 2 src Succeeded, 2 Source Succeeded, 2 enters Build, 2 begins make
         pass 1 src      => 1 src Succeeded, 1 Source Succeeded, 1 enters Build, 1 begins make
         pass 2 make     => 2 make Succeeded, 2 Build Succeeded, 2 enters Prod, 2 begins ship
         break 1 make    => 1 make Failed, 1 Build Failed, 1 Failed
         start
         pass 3 src
         retry 1 Build failed => 1 retries Build (ManualStageRetry), 1 begins make
         rollback Prod   => refused: the stage cannot be rolled back: the pipeline is in PARALLEL mode
         disable Prod
         pass 1 make     => 1 make Succeeded, 1 Build Succeeded, 1 waits at Prod (Transition)
         pass 3 make     => 3 make Succeeded, 3 Build Succeeded, 3 waits at Prod (Transition)
         enable Prod     => Prod open, 1 enters Prod, 1 begins ship, 3 enters Prod, 3 begins ship",
    );
    let status = |bench: &Bench, id| bench.engine.stages_of(ExecutionId(id)).expect("it is remembered")[2].latest.as_ref().map(|latest| latest.status);
    assert_eq!(status(&bench, 2), Some(super::super::status::StageStatus::InProgress));
    bench.check("pass 2 ship => 2 ship Succeeded, 2 Prod Succeeded, 2 Succeeded");
    assert_eq!(status(&bench, 2), Some(super::super::status::StageStatus::Succeeded));
}

#[test]
fn no_more_than_fifty_executions_are_in_progress_in_queued_and_parallel_mode() {
    for mode in ["QUEUED", "PARALLEL"] {
        let mut bench = Bench::new(declared(mode, THREE));
        for _ in 0..50 {
            bench.check("start");
        }
        bench.check(
            "start       => refused: 50 executions are in progress already
             break 1 src
             start",
        );
    }
}

#[test]
fn a_newer_execution_that_enters_a_failed_stage_makes_the_old_one_impossible_to_retry() {
    let mut bench = check(
        declared("SUPERSEDED", THREE),
        "start
         pass 1 src
         break 1 make
         start",
    );
    assert!(bench.engine.stages()[1].retryable, "it only entered the stage before");
    bench.check(
        "pass 2 src      => 2 src Succeeded, 2 Source Succeeded, 2 enters Build, 2 begins make
         retry 1 Build failed => refused: a later execution entered the stage
         break 2 make
         retry 1 Build failed => refused: a later execution entered the stage
         retry 2 Build failed => 2 retries Build (ManualStageRetry), 2 begins make",
    );
    assert!(!bench.engine.stages()[1].retryable, "it runs");
}
