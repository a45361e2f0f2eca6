//! Conditions of entry, success and failure, and overriding them.

use super::*;

fn with(kind: &str, conditions: Value) -> Value {
    let mut pipeline = declared("SUPERSEDED", THREE);
    pipeline["stages"][1][kind] = conditions;
    pipeline
}

#[test]
fn an_entry_condition_that_is_met_lets_the_execution_in() {
    let mut bench = check(
        with("beforeEntry", condition("FAIL", &["window", "alarm"])),
        "start
         pass 1 src      => 1 src Succeeded, 1 Source Succeeded, 1 enters Build, 1 BeforeEntry InProgress
         yes 1 window    =>
         start
         pass 2 src      => 2 src Succeeded, 2 Source Succeeded, 2 waits at Build (Stage)
         yes 1 alarm     => 1 BeforeEntry Succeeded, 1 begins make
         yes 1 alarm     => refused: nobody waits for this",
    );
    assert_eq!(bench.engine.next_due(), Some(SimTime::from_secs(24 * 3_600)));
    bench.check("pass 1 make");
}

#[test]
fn an_entry_condition_that_is_not_met_fails_the_stage_or_lets_the_execution_pass_by() {
    let mut bench = check(
        with("beforeEntry", condition("FAIL", &["window", "alarm"])),
        "start
         pass 1 src
         no 1 window     => 1 BeforeEntry Failed, 1 Build Failed, 1 Failed",
    );
    assert_eq!(bench.effects.iter().filter(|effect| matches!(effect, Effect::AbandonRule { .. })).count(), 1, "the other rule is not waited for");
    assert_eq!(bench.engine.execution(ExecutionId(1)).expect("it is remembered").why.expect("a reason").to_string(), "a condition is not met: window");
    bench.check(
        "retry 1 Build failed => 1 retries Build (ManualStageRetry), 1 BeforeEntry InProgress
         error 1 window  => 1 BeforeEntry Errored, 1 Build Failed, 1 Failed",
    );
    check(
        with("beforeEntry", condition("SKIP", &["window"])),
        "start
         pass 1 src
         no 1 window     => 1 BeforeEntry Failed, 1 Build Skipped, 1 enters Prod, 1 begins ship
         override 1 Build entry => refused: the condition cannot be overridden: it does not hold the execution back
         pass 1 ship     => 1 ship Succeeded, 1 Prod Succeeded, 1 Succeeded",
    );
}

#[test]
fn a_condition_of_success_that_is_not_met_fails_the_stage() {
    check(
        with("onSuccess", condition("FAIL", &["alarm"])),
        "start
         pass 1 src
         pass 1 make     => 1 make Succeeded, 1 OnSuccess InProgress
         no 1 alarm      => 1 OnSuccess Failed, 1 Build Failed, 1 Failed
         retry 1 Build failed => refused: the stage cannot be retried: it contains no failed actions
         retry 1 Build all => 1 retries Build (ManualStageRetry), 1 begins make
         pass 1 make     => 1 make Succeeded, 1 OnSuccess InProgress
         yes 1 alarm     => 1 OnSuccess Succeeded, 1 Build Succeeded, 1 enters Prod, 1 begins ship",
    );
}

#[test]
fn a_condition_of_success_can_roll_the_stage_back() {
    check(
        with("onSuccess", condition("ROLLBACK", &["alarm"])),
        "start
         pass 1 src
         pass 1 make
         yes 1 alarm
         start
         pass 2 src
         pass 2 make
         no 1 alarm      => refused: nobody waits for this
         no 2 alarm      => 2 OnSuccess Failed, 2 Build Failed, 2 Failed, 3 rolls Build back to 1, 3 enters Build, 3 begins make
         override 2 Build success => refused: the condition cannot be overridden: it does not hold the execution back
         pass 3 make     => 3 make Succeeded, 3 Build Succeeded, 3 Succeeded",
    );
}

#[test]
fn a_condition_of_failure_that_is_not_met_rolls_the_stage_back() {
    let pipeline = with("onFailure", condition("ROLLBACK", &["alarm"]));
    let script = "start
         pass 1 src
         pass 1 make
         start
         pass 2 src
         break 2 make    => 2 make Failed, 2 OnFailure InProgress
         override 2 Build failure => refused: the condition cannot be overridden: conditions of failure cannot be";
    let mut bench = check(pipeline.clone(), script);
    bench.check("no 2 alarm => 2 OnFailure Failed, 2 Build Failed, 2 Failed, 3 rolls Build back to 1, 3 enters Build, 3 begins make");
    let mut bench = check(pipeline, script);
    bench.check("yes 2 alarm => 2 OnFailure Succeeded, 2 Build Failed, 2 Failed");
}

#[test]
fn a_condition_can_be_overridden_while_it_is_asked_or_after_it_failed_the_stage() {
    for (kind, word, begin) in [("beforeEntry", "entry", "start\npass 1 src"), ("onSuccess", "success", "start\npass 1 src\npass 1 make")] {
        let name = if kind == "beforeEntry" { "BeforeEntry" } else { "OnSuccess" };
        let then = if kind == "beforeEntry" { "1 begins make" } else { "1 Build Succeeded, 1 enters Prod, 1 begins ship" };
        let pipeline = with(kind, condition("FAIL", &["alarm", "window"]));
        let mut bench = check(pipeline.clone(), begin);
        bench.check(&format!("override 1 Build {word} => 1 {name} Overridden, {then}"));
        assert_eq!(bench.effects.iter().filter(|effect| matches!(effect, Effect::AbandonRule { .. })).count(), 2, "nobody waits for the rules");
        let mut bench = check(pipeline.clone(), begin);
        bench.check("no 1 alarm");
        assert!(bench.engine.stages()[1].conditions[0].overridable);
        bench.check(&format!("override 1 Build {word} => 1 {name} Overridden, {then}"));
        let mut bench = check(pipeline, begin);
        bench.check(&format!(
            "no 1 alarm
             start
             pass 2 src
             override 1 Build {word} => refused: a later execution entered the stage"
        ));
    }
    check(declared("SUPERSEDED", THREE), "start\npass 1 src\noverride 1 Build entry => refused: the condition cannot be overridden: nobody asked it");
}

#[test]
fn a_rule_that_takes_too_long_has_failed() {
    let mut pipeline = with("beforeEntry", condition("FAIL", &["window", "alarm"]));
    pipeline["stages"][1]["beforeEntry"]["conditions"][0]["rules"][0]["timeoutInMinutes"] = json!(30);
    let bench = check(
        pipeline,
        "start
         pass 1 src
         wait 29m        =>
         wait 1m         => 1 BeforeEntry Failed, 1 Build Failed, 1 Failed",
    );
    let why = bench.engine.stages()[1].conditions[0].rules[0].2.clone().expect("a reason");
    assert_eq!(why.to_string(), "no answer within 30m");
    assert_eq!(bench.engine.next_due(), None);
}

#[test]
fn a_rule_whose_variables_cannot_be_filled_in_is_an_error() {
    let mut pipeline = with("beforeEntry", condition("FAIL", &["alarm", "window"]));
    pipeline["stages"][1]["beforeEntry"]["conditions"][0]["rules"][0]["configuration"]["AlarmName"] = json!("#{Of-src.Nothing}");
    let bench = check(
        pipeline,
        "start
         pass 1 src      => 1 src Succeeded, 1 Source Succeeded, 1 enters Build, 1 BeforeEntry Errored, 1 Build Failed, 1 Failed",
    );
    assert!(!bench.effects.iter().any(|effect| matches!(effect, Effect::AskRule(_))));
}
