//! Approvals of pipelines, by the rules.

use super::*;

fn with_approval() -> Value {
    declared("SUPERSEDED", &[("Source", &[("src", 1)]), ("Prod", &[("ok-go", 1), ("ship", 2)])])
}

#[test]
fn an_approval_locks_its_stage_until_somebody_decides() {
    let mut bench = check(
        with_approval(),
        "start
         pass 1 src      => 1 src Succeeded, 1 Source Succeeded, 1 enters Prod, 1 begins ok-go
         start
         pass 2 src      => 2 src Succeeded, 2 Source Succeeded, 2 waits at Prod (Stage)
         approve 1 ok-go => 1 ok-go Succeeded, 1 begins ship
         approve 1 ok-go => refused: the approval has its answer already; or has expired
         pass 1 ship     => 1 ship Succeeded, 1 Prod Succeeded, 1 Succeeded, 2 enters Prod, 2 begins ok-go",
    );
    assert!(matches!(&bench.outcome.events[..], [.., Event::ApprovalWaits { action, .. }] if action == "ok-go"));
    assert!(bench.outcome.effects.is_empty(), "nobody runs an approval");
    bench.check("reject 2 ok-go => 2 ok-go Failed, 2 Prod Failed, 2 Failed");
    assert_eq!(bench.engine.stages()[1].actions[0].why.clone().expect("a reason").to_string(), "rejected: no");
    bench.check("retry 2 Prod failed => 2 retries Prod (ManualStageRetry), 2 begins ok-go");
}

#[test]
fn an_approval_times_out_after_seven_days_as_a_failure() {
    let mut bench = check(
        with_approval(),
        "start
         pass 1 src
         wait 167h       =>
         wait 1h         => 1 ok-go Failed, 1 Prod Failed, 1 Failed
         approve 1 ok-go => refused: the approval has its answer already; or has expired",
    );
    assert_eq!(bench.engine.stages()[1].actions[0].why.clone().expect("a reason").to_string(), "no answer within 7d");
    bench.check("retry 1 Prod failed");
}

#[test]
fn an_approval_can_have_a_time_limit_of_its_own() {
    let mut pipeline = with_approval();
    pipeline["stages"][1]["actions"][0]["timeoutInMinutes"] = json!(5);
    check(
        pipeline,
        "start
         pass 1 src
         wait 5m         => 1 ok-go Failed, 1 Prod Failed, 1 Failed",
    );
}

#[test]
fn an_approval_is_decided_and_not_finished() {
    let mut bench = check(with_approval(), "start\npass 1 src");
    bench.check("pass 1 ok-go => refused: an approval is approved or rejected");
    assert_eq!(bench.engine.decide_approval(bench.now, ActionRunId(99), true, ""), Err(Refused::NoSuchApproval));
    bench.check("approve 1 ok-go");
    let ship = bench.action(ExecutionId(1), "ship");
    assert_eq!(bench.engine.decide_approval(bench.now, ship, true, ""), Err(Refused::NoSuchApproval));
}
