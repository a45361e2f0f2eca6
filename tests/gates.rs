//! Conditions of pipelines, answered from the world: alarms, windows and variables hold deployments back or take them back.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fleetlab::content;
use fleetlab::delivery::calendar::Day;
use fleetlab::delivery::change::DefectKind;
use fleetlab::delivery::command::PipelineCommand;
use fleetlab::delivery::pipeline::definition::{Conditions, ExecutionMode, Pipeline};
use fleetlab::delivery::pipeline::status::{ConditionType, StageStatus};
use fleetlab::insight::deployments::{Deployment, Status, deployments};
use fleetlab::lab::Session;
use fleetlab::lab::snapshot::Interest;
use fleetlab::scenario::{Action, Scenario};
use fleetlab::telemetry::ledger::{AlarmState, Event, Progress};
use fleetlab::units::{PerSecond, SimTime};
use serde_json::{Value, json};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// The startup's month with a team for the frontend alone, who make no mistakes, few users, and something changed.
fn frontend(change: impl FnOnce(&mut Scenario)) -> Session {
    let mut scenario = content::load("month-startup").unwrap_or_else(|found| panic!("{found}")).scenario;
    if let fleetlab::kernel::model::Arrivals::Open { rate, .. } = &mut scenario.model.sources[0].arrivals {
        *rate = PerSecond::new(0.1);
    }
    // Nothing breaks here that a health check would find, and a week of them takes long.
    scenario.fleet.iter_mut().for_each(|fleet| fleet.health = None);
    scenario.pipelines.lines[0].services = vec!["frontend".to_owned()];
    if let Some(team) = &mut scenario.team {
        team.services = BTreeMap::from([("frontend".to_owned(), 1.0)]);
        // What holds a deployment back here is the gate, and no defect that somebody is after.
        let kinds = DefectKind::ALL.iter().map(|kind| (kind.name().replace('-', "_"), json!(0.0)));
        team.defects = serde_json::from_value(Value::Object(kinds.collect())).expect("numbers of defects");
    }
    change(&mut scenario);
    Session::new(Arc::new(scenario), 1)
}

/// The stage in which production is deployed.
fn deploy_stage(scenario: &mut Scenario) -> &mut fleetlab::delivery::pipeline::definition::Stage {
    scenario.pipelines.lines[0].definition.stages.last_mut().expect("it has stages")
}

fn condition(result: &str, provider: &str, configuration: &Value, minutes: Option<u32>) -> Conditions {
    let mut rule = json!({ "name": "Gate", "ruleTypeId": { "category": "Rule", "owner": "AWS", "provider": provider, "version": "1" },
        "configuration": configuration });
    if let Some(minutes) = minutes {
        rule["timeoutInMinutes"] = json!(minutes);
    }
    serde_json::from_value(json!({ "conditions": [{ "result": result, "rules": [rule] }] })).expect("a condition")
}

/// An alarm that is off from its first period on: nobody has so many users.
fn lonely(scenario: &mut Scenario) {
    let alarm = json!({ "name": "lonely", "service": null, "new_version": false, "metric": { "requests": { "below": "1000/s" } }, "period": "1m",
        "evaluation_periods": 1, "datapoints_to_alarm": 1, "missing": "missing" });
    scenario.alarms.push(serde_json::from_value(alarm).expect("an alarm"));
}

fn count(session: &Session, wanted: impl Fn(&Progress) -> bool) -> usize {
    session.ledger().truth().iter().filter(|record| matches!(&record.event, Event::Pipeline { what, .. } if wanted(what))).count()
}

fn forward(session: &Session) -> Vec<Deployment> {
    deployments(session.ledger()).into_iter().filter(|deployment| deployment.rolls_back.is_none()).collect()
}

#[test]
fn an_alarm_that_is_off_keeps_every_deployment_out_or_lets_it_pass_by() {
    let run = |result: &str, alarm: &str| {
        let mut session = frontend(|scenario| {
            lonely(scenario);
            deploy_stage(scenario).before_entry = Some(condition(result, "CloudWatchAlarm", &json!({ "AlarmName": alarm, "WaitTime": "30" }), None));
        });
        session.advance_to(SimTime::from_secs(2 * DAY));
        session
    };
    let held = run("FAIL", "lonely");
    assert_eq!(forward(&held), []);
    let failed = count(&held, |what| matches!(what, Progress::Failed { stage } if stage == "Deploy"));
    assert!(failed > 3 && count(&held, |what| *what == Progress::Succeeded) == 0, "{failed}");
    // It has half an hour to end, and does not.
    let at = |wanted: &str| {
        let said = |event: &Event| matches!(event, Event::Pipeline { what: Progress::Note { what }, .. } if what == wanted);
        held.ledger().truth().iter().find(|record| said(&record.event)).map(|record| record.at.as_secs_f64())
    };
    let (asked, answered) = (at("Deploy: entry condition InProgress"), at("Deploy: entry condition Failed"));
    assert_eq!(answered.zip(asked).map(|(answered, asked)| answered - asked), Some(1_800.0));
    let passed = run("SKIP", "lonely");
    assert_eq!(forward(&passed), []);
    assert!(count(&passed, |what| *what == Progress::Succeeded) > 3, "the stage is skipped, and the execution goes on to its end");
    assert!(forward(&run("FAIL", "users-errors")).len() > 3, "an alarm that is quiet keeps nobody out");
}

#[test]
fn somebody_overrides_a_condition_and_the_execution_goes_on() {
    let mut session = frontend(|scenario| {
        lonely(scenario);
        deploy_stage(scenario).before_entry = Some(condition("FAIL", "CloudWatchAlarm", &json!({ "AlarmName": "lonely" }), None));
    });
    session.advance_to(SimTime::from_secs(2 * DAY));
    assert_eq!(forward(&session), []);
    let failed = session.ledger().truth().iter().rev().find_map(|record| match &record.event {
        Event::Pipeline { execution, what: Progress::Failed { stage }, .. } if stage == "Deploy" => Some(*execution),
        _ => None,
    });
    let wish = |condition_type| {
        let command = PipelineCommand::OverrideCondition { execution: failed.expect("one failed"), stage: "Deploy".into(), condition_type };
        Action::Pipeline { service: "frontend".into(), command }
    };
    assert!(session.act(wish(ConditionType::OnSuccess)).is_err_and(|why| why.to_string().contains("nobody asked it")));
    session.act(wish(ConditionType::BeforeEntry)).expect("it holds the execution back");
    session.advance_to(SimTime::from_secs(2 * DAY + 3 * HOUR));
    assert_eq!(forward(&session).len(), 1);
    // It is journalled as any other action.
    let file = session.save();
    let read: fleetlab::lab::SessionFile = serde_json::from_str(&serde_json::to_string(&file).expect("JSON")).expect("the file reads");
    assert_eq!(Session::replay(&read).expect("it replays").digest(), session.digest());
}

/// Twice a day, the frontend fails for a while, whoever is to blame.
fn troubles(scenario: &mut Scenario) {
    for day in 0..4 {
        for hour in [11, 15] {
            let at = SimTime::from_secs(day * DAY + hour * HOUR);
            let kind =
                toml::from_str::<Action>("inject = { fault = { kind = { error-responses = { error_rate = 0.5 } }, service = 'frontend', duration = '20m' } }");
            scenario.timeline.push(fleetlab::scenario::TimedAction { at, action: kind.expect("an action") });
        }
    }
}

#[test]
fn an_alarm_while_a_success_bakes_goes_back_to_the_last_good_execution() {
    let bake = json!({ "AlarmName": "users-errors", "WaitTime": "120" });
    let mut session = frontend(|scenario| {
        troubles(scenario);
        // Deployments complete at once, so that what goes back is the pipeline.
        scenario.fleet.iter_mut().for_each(|fleet| fleet.strategy = serde_json::from_str("\"rolling\"").expect("a strategy"));
        deploy_stage(scenario).on_success = Some(condition("ROLLBACK", "CloudWatchAlarm", &bake, None));
    });
    session.advance_to(SimTime::from_secs(4 * DAY));
    let all = deployments(session.ledger());
    let notes = |wanted: &str| {
        let said = |event: &Event| match event {
            Event::Pipeline { execution, what: Progress::Note { what }, .. } if what == wanted => Some(*execution),
            _ => None,
        };
        session.ledger().truth().iter().filter_map(|record| Some((record.at, said(&record.event)?))).collect::<Vec<_>>()
    };
    let back = notes("Deploy rolled back");
    assert!(!back.is_empty(), "no deployment was baking when an alarm went off");
    for (at, execution) in back {
        let off = session
            .ledger()
            .truth()
            .iter()
            .any(|record| record.at == at && matches!(&record.event, Event::AlarmChanged { name, to: AlarmState::Alarm, .. } if name == "users-errors"));
        assert!(off, "at {at} no alarm went off");
        let rollback = all.iter().find(|deployment| deployment.started == at).expect("a deployment begins at once");
        let undone = all.iter().find(|deployment| Some(deployment.number) == rollback.rolls_back).expect("it is a rollback of another");
        assert_eq!((rollback.version, &rollback.status), (undone.replaces, &Status::Completed), "back to what ran before");
        let ended = |event: &Event| matches!(event, Event::Pipeline { execution: of, what: Progress::Succeeded, .. } if *of == execution);
        assert!(session.ledger().truth().iter().any(|record| ended(&record.event)), "the execution that goes back succeeds");
    }
    assert!(notes("Deploy: success condition Succeeded").len() > 3, "what bakes in peace stays");
}

#[test]
fn a_window_keeps_friday_and_the_weekend_free_of_deployments() {
    let run = |window: Option<(&str, &str)>| {
        let mut session = frontend(|scenario| {
            let gate = window.map(|(cron, zone)| condition("FAIL", "DeploymentWindow", &json!({ "Cron": cron, "TimeZone": zone }), Some(5_000)));
            deploy_stage(scenario).before_entry = gate;
        });
        session.advance_to(SimTime::from_secs(8 * DAY));
        forward(&session).into_iter().map(|deployment| deployment.started).collect::<Vec<_>>()
    };
    let on = |all: &[SimTime], day: Day| all.iter().filter(|at| Day::of(**at) == day).count();
    let free = run(None);
    assert!(on(&free, Day::Fri) > 0, "without a window Friday is a day as any other: {free:?}");
    let gated = run(Some(("* * 9-15 ? * MON-THU *", "UTC")));
    let hour = |at: &SimTime| at.nanos() / (HOUR * 1_000_000_000) % 24;
    assert!(gated.iter().all(|at| (9..16).contains(&hour(at))), "{gated:?}");
    assert_eq!([Day::Fri, Day::Sat, Day::Sun].map(|day| on(&gated, day)), [0; 3], "{gated:?}");
    let monday = SimTime::from_secs(7 * DAY + 9 * HOUR);
    assert!(gated.contains(&monday), "what waited goes out when the window opens: {gated:?}");
    let far = run(Some(("* * 9-15 ? * MON-THU *", "Asia/Ho_Chi_Minh")));
    assert!(!far.is_empty() && far.iter().all(|at| (2..9).contains(&hour(at))), "nine in Ho Chi Minh City is two in UTC: {far:?}");
}

#[test]
fn a_variable_of_the_source_decides() {
    let run = |value: &str| {
        let mut session = frontend(|scenario| {
            let check = json!({ "Variable": "#{Src.BranchName}", "Operator": "EQ", "Value": value });
            deploy_stage(scenario).before_entry = Some(condition("FAIL", "VariableCheck", &check, None));
            scenario.pipelines.lines[0].definition.stages[0].actions[0].namespace = Some("Src".to_owned());
        });
        session.advance_to(SimTime::from_secs(2 * DAY));
        forward(&session).len()
    };
    let branch = |pipeline: &Pipeline| pipeline.stages[0].actions[0].configuration["BranchName"].clone();
    let own = branch(&content::load("month-startup").expect("it loads").scenario.pipelines.lines[0].definition);
    assert!(run(&own) > 3);
    assert_eq!(run("another"), 0);
}

/// What is said about a scenario whose pipeline has this rule.
fn said(rule: &Value) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let action = |name: &str, category: &str, provider: &str, configuration: Value, inputs: Value, outputs: Value| {
        json!({ "name": name, "actionTypeId": { "category": category, "owner": "AWS", "provider": provider, "version": "1" },
            "configuration": configuration, "inputArtifacts": inputs, "outputArtifacts": outputs })
    };
    let source = action("Code", "Source", "CodeCommit", json!({ "RepositoryName": "r", "BranchName": "b" }), json!([]), json!([{ "name": "code" }]));
    let ship = action("Ship", "Deploy", "ECS", json!({ "ClusterName": "c", "ServiceName": "s" }), json!([{ "name": "code" }]), json!([]));
    let pipeline = json!({ "pipeline": { "name": "p", "pipelineType": "V2", "stages": [
        { "name": "Source", "actions": [source] },
        { "name": "Prod", "actions": [ship], "beforeEntry": { "conditions": [{ "result": "FAIL", "rules": [rule] }] } }] } });
    let write = |name: &str, text: &str| std::fs::write(Path::join(folder.path(), name), text).expect("it is written");
    write("pipeline.json", &serde_json::to_string_pretty(&pipeline).expect("JSON"));
    write(
        "mine.toml",
        "format_version = 1\n[services.web.endpoints.home]\nsteps = [{ work = \"4ms\" }]\n[traffic.users]\nto = \"web.home\"\nrate = \"1/s\"\n\
         [alarms.errors]\n[team]\n[[pipelines]]\ndefinition = \"pipeline.json\"\nservices = [\"web\"]\n",
    );
    let path = folder.path().join("mine.toml");
    content::load(&path.display().to_string()).err().map(|found| found.to_string()).unwrap_or_default()
}

#[test]
fn what_a_rule_cannot_mean_is_refused_where_it_is_written() {
    let rule = |provider: &str, configuration: Value| json!({ "name": "Gate", "ruleTypeId": { "category": "Rule", "owner": "AWS", "provider": provider, "version": "1" }, "configuration": configuration });
    assert_eq!(said(&rule("CloudWatchAlarm", json!({ "AlarmName": "errors", "WaitTime": "5" }))), "");
    for (provider, configuration, wanted, spot) in [
        ("CloudWatchAlarm", json!({ "AlarmName": "erorrs" }), "no alarm is called `erorrs`", "\"erorrs\""),
        ("CloudWatchAlarm", json!({ "AlarmName": "errors", "WaitTime": "soon" }), "`soon` is no time to wait", "\"soon\""),
        ("DeploymentWindow", json!({ "Cron": "* * 9-24 ? * *" }), "`9-24` cannot be hours", "\"* * 9-24 ? * *\""),
        ("DeploymentWindow", json!({ "Cron": "* * 9 ? * *", "TimeZone": "Saigon" }), "no time zone is called `Saigon`", "\"Saigon\""),
        ("VariableCheck", json!({ "Variable": "x", "Value": "y", "Operator": "IS" }), "`IS` is no operator", "\"IS\""),
    ] {
        let found = said(&rule(provider, configuration));
        assert!(found.contains(wanted) && found.contains("pipeline.json:") && found.contains(spot), "{found}");
    }
}

#[test]
fn side_by_side_each_execution_has_its_own_stages_and_its_own_approval() {
    let mut session = frontend(|scenario| {
        let line = &mut scenario.pipelines.lines[0].definition;
        line.execution_mode = Some(ExecutionMode::Parallel);
        // Whoever approves is a person outside the team.
        let gate = json!({ "name": "Gate", "actions": [{ "name": "SignOff", "actionTypeId": { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" } }] });
        line.stages.insert(1, serde_json::from_value(gate).expect("a stage"));
    });
    let act = |session: &mut Session, command: PipelineCommand| session.act(Action::Pipeline { service: "frontend".to_owned(), command });
    let approve = |execution| PipelineCommand::Approve { stage: "Gate".to_owned(), approved: true, summary: String::new(), execution };
    // It is night: nobody of the team decides.
    for minute in [0, 10] {
        session.advance_to(SimTime::from_secs(60 * minute));
        act(&mut session, PipelineCommand::Start {}).expect("it starts");
    }
    session.advance_to(SimTime::from_secs(1_200));
    let look = |session: &mut Session| session.snapshot(&Interest::default()).delivery.clone().expect("a team").pipelines[0].clone();
    let stands = |session: &mut Session, execution: u32| -> Vec<Option<StageStatus>> {
        let look = look(session);
        let (_, stages) = look.lanes.iter().find(|(number, _)| *number == execution).expect("it is told");
        stages.iter().take(3).map(|stage| stage.latest.as_ref().map(|latest| latest.status)).collect()
    };
    let numbers: Vec<u32> = look(&mut session).lanes.iter().map(|(number, _)| *number).collect();
    let [newer, older] = numbers[..] else { panic!("{numbers:?}") };
    let waits = [Some(StageStatus::Succeeded), Some(StageStatus::InProgress), None];
    assert_eq!((stands(&mut session, older), stands(&mut session, newer)), (waits.to_vec(), waits.to_vec()));
    let refusal = act(&mut session, approve(None)).expect_err("two wait").to_string();
    assert!(refusal.contains("several executions wait for approval in `Gate`"), "{refusal}");
    act(&mut session, approve(Some(older))).expect("that one waits");
    session.advance_to(SimTime::from_secs(1_260));
    assert_eq!(stands(&mut session, older)[1..], [Some(StageStatus::Succeeded), Some(StageStatus::InProgress)], "the older one builds");
    assert_eq!(stands(&mut session, newer), waits, "the newer one still waits");
    act(&mut session, approve(Some(older))).expect_err("it waits no more");
    act(&mut session, approve(None)).expect("only one waits");
    let file = session.save();
    let read: fleetlab::lab::SessionFile = serde_json::from_str(&serde_json::to_string(&file).expect("JSON")).expect("the file reads");
    assert_eq!(Session::replay(&read).expect("it replays").digest(), session.digest());
}
