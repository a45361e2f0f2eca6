//! Actions of a stage: run orders, artifacts, variables, time limits.

use super::*;

#[test]
fn actions_of_one_run_order_run_at_once_and_the_next_begin_when_all_succeeded() {
    let stages: &[Stage<'_>] = &[("Source", &[("src", 1)]), ("Test", &[("unit", 1), ("lint", 1), ("load", 7), ("report", 9)])];
    check(
        declared("SUPERSEDED", stages),
        "start           => 1 enters Source, 1 begins src
         pass 1 src      => 1 src Succeeded, 1 Source Succeeded, 1 enters Test, 1 begins unit, 1 begins lint
         pass 1 lint     => 1 lint Succeeded
         pass 1 unit     => 1 unit Succeeded, 1 begins load
         pass 1 load     => 1 load Succeeded, 1 begins report
         pass 1 report   => 1 report Succeeded, 1 Test Succeeded, 1 Succeeded",
    );
}

#[test]
fn a_failed_action_fails_the_stage_when_the_others_under_way_have_ended() {
    let stages: &[Stage<'_>] = &[("Source", &[("src", 1)]), ("Test", &[("unit", 1), ("lint", 1), ("load", 2)])];
    check(
        declared("SUPERSEDED", stages),
        "start
         pass 1 src
         break 1 unit    => 1 unit Failed
         pass 1 lint     => 1 lint Succeeded, 1 Test Failed, 1 Failed
         pass 1 lint     => refused: nobody waits for this",
    );
}

#[test]
fn a_failure_releases_the_lock_of_the_stage() {
    check(
        declared("SUPERSEDED", THREE),
        "start
         pass 1 src
         start
         pass 2 src      => 2 src Succeeded, 2 Source Succeeded, 2 waits at Build (Stage)
         break 1 make    => 1 make Failed, 1 Build Failed, 1 Failed, 2 enters Build, 2 begins make",
    );
}

#[test]
fn an_action_gets_its_inputs_revisions_and_its_variables_filled_in() {
    let mut pipeline = declared("SUPERSEDED", THREE);
    pipeline["variables"] = json!([{ "name": "level", "defaultValue": "beta" }, { "name": "who" }]);
    let make = &mut pipeline["stages"][1]["actions"][0];
    make["inputArtifacts"] = json!([{ "name": "src" }]);
    make["outputArtifacts"] = json!([{ "name": "image" }]);
    make["namespace"] = json!("Made");
    make["configuration"] = json!({ "Tag": "#{Of-src.CommitId}-#{variables.level}-#{variables.who}", "Id": "#{codepipeline.PipelineExecutionId}" });
    pipeline["stages"][2]["actions"][0]["configuration"] = json!({ "From": "#{Made.Digest}" });
    let mut bench = Bench::new(pipeline);
    assert_eq!(bench.engine.start(bench.now, Start::manually()), Err(Refused::VariableWithoutValue("who".to_owned())));
    let variables = BTreeMap::from([("who".to_owned(), "me".to_owned())]);
    let revisions = BTreeMap::from([("src".to_owned(), "v7".to_owned())]);
    let (id, outcome) = bench.engine.start(bench.now, Start { revisions, variables, ..Start::manually() }).expect("it starts");
    let [Effect::BeginAction(begin)] = &outcome.effects[..] else { panic!("{outcome:?}") };
    assert_eq!((begin.action.as_str(), begin.revision.as_deref(), begin.outputs.as_slice()), ("src", Some("v7"), ["src".to_owned()].as_slice()));
    bench.actions.insert(begin.run, (id, "src".to_owned()));
    bench.check("pass 1 src");
    let [Effect::BeginAction(begin)] = &bench.outcome.effects[..] else { panic!("{:?}", bench.outcome) };
    assert_eq!(begin.inputs, [super::super::outcome::Input { name: "src".to_owned(), revision: Some("r1".to_owned()) }]);
    assert_eq!(begin.configuration["Tag"], "c1-beta-me");
    assert_eq!(begin.configuration["Id"], id.to_string());
    assert_eq!(begin.revision, None);
    // The build does not put out what the next stage wants to know.
    bench.check("pass 1 make => 1 make Succeeded, 1 Build Succeeded, 1 enters Prod, 1 ship Failed, 1 Prod Failed, 1 Failed");
    let view = bench.engine.execution(id).expect("it is remembered");
    assert_eq!((view.revisions["src"].as_str(), view.stage.as_str()), ("r1", "Prod"));
    let why = bench.engine.stages()[2].actions[0].why.clone().expect("a reason");
    assert_eq!(why.to_string(), "cannot be filled in: #{Made.Digest}");
}

#[test]
fn an_odd_spelling_is_taken_for_the_right_one_when_actions_begin() {
    let mut pipeline = declared("SUPERSEDED", THREE);
    let make = &mut pipeline["stages"][1]["actions"][0];
    make["actionTypeId"] = json!({ "category": "Build", "owner": "AWS", "provider": "AWS CodeBuild", "version": "1" });
    make["configuration"] = json!({ "ProjectName": "shop" });
    make["inputArtifacts"] = json!([{ "name": " src" }]);
    make["outputArtifacts"] = json!([{ "name": "make " }]);
    pipeline["stages"][2]["actions"][0]["inputArtifacts"] = json!([{ "name": "make" }]);
    let mut bench = check(pipeline, "start\npass 1 src");
    let [Effect::BeginAction(begin)] = &bench.outcome.effects[..] else { panic!("{:?}", bench.outcome) };
    assert_eq!((begin.kind.provider.as_str(), begin.inputs[0].revision.as_deref()), ("CodeBuild", Some("r1")));
    bench.check("pass 1 make");
    let [Effect::BeginAction(begin)] = &bench.outcome.effects[..] else { panic!("{:?}", bench.outcome) };
    assert_eq!(begin.inputs[0].revision.as_deref(), Some("r1"));
}

#[test]
fn what_is_given_to_an_execution_must_exist_and_fit() {
    let mut bench = Bench::new(declared("SUPERSEDED", THREE));
    let pair = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    for (start, refused) in [
        (Start { variables: pair("x", "1"), ..Start::manually() }, Refused::NoSuchVariable("x".to_owned())),
        (Start { revisions: pair("make", "1"), ..Start::manually() }, Refused::NoSuchSource("make".to_owned())),
        (Start { revisions: pair("src", ""), ..Start::manually() }, Refused::Length { what: "revision", most: 1_500 }),
    ] {
        assert_eq!(bench.engine.start(bench.now, start), Err(refused));
    }
    assert_eq!(bench.engine.executions().count(), 0);
}

#[test]
fn an_action_that_takes_too_long_fails_and_is_abandoned() {
    let mut bench = check(declared("SUPERSEDED", THREE), "start\npass 1 src");
    assert_eq!(bench.engine.next_due(), Some(SimTime::from_secs(24 * 3_600)), "an action of one's own");
    bench.check(
        "wait 23h59m     =>
         wait 1m         => 1 make Failed, 1 Build Failed, 1 Failed",
    );
    assert!(matches!(bench.outcome.effects[..], [Effect::AbandonAction { .. }]));
    assert_eq!(bench.engine.stages()[1].actions[0].why.clone().expect("a reason").to_string(), "no answer within 1d");
    assert_eq!(bench.engine.next_due(), None);
}

#[test]
fn output_variables_are_bounded() {
    let mut bench = check(declared("SUPERSEDED", THREE), "start");
    let variables = BTreeMap::from([("x".to_owned(), "y".repeat(super::super::limits::OUTPUT_BYTES))]);
    let result = ActionResult::Succeeded { summary: String::new(), variables, artifacts: BTreeMap::new() };
    let run = bench.action(ExecutionId(1), "src");
    assert_eq!(bench.engine.finish(bench.now, run, result), Err(Refused::TooManyOutputs));
    bench.check("pass 1 src");
}
