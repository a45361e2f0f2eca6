//! A pipeline that is changed while executions are in progress, and what is remembered of executions.

use super::super::limits;
use super::super::status::ExecutionStatus;
use super::*;

#[test]
fn a_change_cancels_what_is_in_progress_and_outdates_what_was() {
    let mut bench = check(
        declared("SUPERSEDED", THREE),
        "start
         pass 1 src
         pass 1 make
         pass 1 ship
         start
         pass 2 src
         pass 2 make
         start
         pass 3 src
         disable Prod",
    );
    let outcome = bench.engine.update(bench.now, checked(declared("SUPERSEDED", THREE)));
    assert_eq!(outcome.effects.len(), 2, "two actions were under way");
    let states: Vec<ExecutionStatus> = bench.engine.executions().map(|view| view.status).collect();
    assert_eq!(states, [ExecutionStatus::Cancelled, ExecutionStatus::Cancelled, ExecutionStatus::Succeeded]);
    assert_eq!((bench.engine.version(), bench.engine.next_due()), (2, None));
    assert!(!bench.engine.stages()[2].transition.enabled, "transitions stay as they are");
    bench.check(
        "rollback Prod 1 => refused: the pipeline was changed since that execution
         rollback Prod   => refused: the stage cannot be rolled back: nothing succeeded in it yet
         pass 2 ship     => refused: nobody waits for this
         start           => 4 enters Source, 4 begins src",
    );
}

#[test]
fn old_executions_are_forgotten_but_for_those_that_a_stage_still_shows() {
    let mut bench = check(
        declared("SUPERSEDED", THREE),
        "start
         pass 1 src
         pass 1 make
         pass 1 ship",
    );
    for n in 2..=(limits::REMEMBERED as u32 + 50) {
        bench.run("start");
        bench.run(&format!("break {n} src"));
    }
    let ids: Vec<u32> = bench.engine.executions().map(|view| view.id.0).collect();
    assert_eq!(ids.len(), limits::REMEMBERED);
    assert_eq!(ids.last(), Some(&1), "what production runs is remembered");
    bench.check("rollback Prod 1");
}
