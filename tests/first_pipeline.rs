//! A learner's way through `first-pipeline`, headless: a team without a pipeline, the pipeline, the strategy and its judge, and
//! what becomes of bad changes on the way.

use std::sync::Arc;

use fleetlab::content;
use fleetlab::delivery::command::PipelineCommand;
use fleetlab::delivery::pipeline::definition::{Pipeline, PipelineFile};
use fleetlab::fleet::deploy::Strategy;
use fleetlab::ids::ServiceId;
use fleetlab::insight::deployments::{Deployment, Status, deployments};
use fleetlab::lab::{Session, SessionFile};
use fleetlab::scenario::{Action, Scenario};
use fleetlab::telemetry::ledger::{Cause, Event, Progress};
use fleetlab::units::SimTime;

const DAY: u64 = 86_400;

fn scenario() -> Arc<Scenario> {
    let mut scenario = content::load("first-pipeline").unwrap_or_else(|found| panic!("{found}")).scenario;
    // Few users are enough to be hurt, and quick to simulate.
    if let fleetlab::kernel::model::Arrivals::Open { rate, .. } = &mut scenario.model.sources[0].arrivals {
        *rate = fleetlab::units::PerSecond::new(0.5);
    }
    Arc::new(scenario)
}

fn frontend(session: &Session) -> ServiceId {
    let services = &session.scenario().model.services;
    ServiceId::from_index(services.iter().position(|service| service.name == "frontend").expect("it is there"))
}

/// Source, Build, Test, Deploy, of the scenario's projects.
fn declaration() -> Pipeline {
    let text = include_str!("../scenarios/startup-pipeline.json").replace("boutique-build", "shop-build").replace("boutique-test", "shop-test");
    serde_json::from_str::<PipelineFile>(&text).expect("it is a declaration").pipeline
}

fn pipeline(command: PipelineCommand) -> Action {
    Action::Pipeline { service: "frontend".into(), command }
}

fn strategy(text: &str) -> Action {
    Action::SetStrategy { service: "frontend".into(), strategy: serde_json::from_str::<Strategy>(text).expect("a strategy") }
}

const CANARY: &str = r#"{"canary":{"percent":0.1,"canary_bake":"30m","bake":"10m","alarms":{"names":["frontend-canary"]}}}"#;

fn of_team(session: &Session) -> Vec<Deployment> {
    deployments(session.ledger()).into_iter().filter(|one| one.rolls_back.is_none()).collect()
}

#[test]
fn nothing_reaches_production_until_somebody_builds_a_pipeline() {
    let mut session = Session::new(scenario(), 1);
    session.advance_to(SimTime::from_secs(2 * DAY));
    let merged = |session: &Session| session.ledger().truth().iter().filter(|record| matches!(record.event, Event::Merged { .. })).count();
    assert!(merged(&session) > 0, "people work");
    assert_eq!(of_team(&session), [], "and nobody gets any of it");
    session.act(pipeline(PipelineCommand::Create { definition: declaration() })).expect("the frontend has none yet");
    let started = |session: &Session| {
        let mut of = session.ledger().truth().iter().filter_map(|record| match &record.event {
            Event::Pipeline { what: Progress::Started { trigger }, .. } => Some((record.at, trigger.clone())),
            _ => None,
        });
        of.next()
    };
    session.advance_to(SimTime::from_secs(2 * DAY + 1));
    assert_eq!(started(&session), Some((SimTime::from_secs(2 * DAY), "CreatePipeline".to_owned())), "it begins with what is on the main branch");
    session.advance_to(SimTime::from_secs(4 * DAY));
    let all = of_team(&session);
    assert!(!all.is_empty(), "what is merged is deployed");
    assert!(all.iter().all(|one| one.service == frontend(&session)), "the checkout has no pipeline still");
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let mut session = Session::new(scenario(), 1);
    let says = |session: &mut Session, action: Action| session.act(action).expect_err("it cannot be").to_string();
    assert_eq!(says(&mut session, pipeline(PipelineCommand::Start {})), "no pipeline delivers `frontend`");
    let mut broken = declaration();
    broken.stages[3].actions[0].input_artifacts[0].name = "Imaeg".into();
    assert!(says(&mut session, pipeline(PipelineCommand::Create { definition: broken })).contains("Imaeg"));
    assert!(session.delivery().expect("there is a team").look(SimTime::ZERO).pipelines.is_empty());
    session.act(pipeline(PipelineCommand::Create { definition: declaration() })).expect("it can be");
    assert_eq!(says(&mut session, pipeline(PipelineCommand::Create { definition: declaration() })), "`frontend` has a pipeline already; change that one");
    let unknown = CANARY.replace("frontend-canary", "frontend-canray");
    assert!(says(&mut session, strategy(&unknown)).contains("frontend-canray"));
    assert!(says(&mut session, strategy(r#"{"linear":{"step":0.01}}"#)).contains("strategy cannot work"));
    let before = session.fleet().service(frontend(&session)).strategy.name();
    assert_eq!(before, "all-at-once");
    let mut lonely = Session::new(Arc::new(content::load("bad-release").expect("it loads").scenario), 1);
    let create = pipeline(PipelineCommand::Create { definition: declaration() });
    assert!(says(&mut lonely, create).contains("needs a team"));
}

#[test]
fn bad_changes_are_caught_in_the_build_by_the_canary_or_by_everybody() {
    let mut session = Session::new(scenario(), 1);
    session.act(pipeline(PipelineCommand::Create { definition: declaration() })).expect("it can be");
    session.advance_to(SimTime::from_secs(4 * DAY));
    let failed_in = |session: &Session, stage: &str| {
        let records = session.ledger().truth().iter();
        records.filter(|record| matches!(&record.event, Event::Pipeline { what: Progress::Failed { stage: at }, .. } if at == stage)).count()
    };
    assert!(failed_in(&session, "Build") > 0, "a bad change is caught in the build");
    // All at once: nothing looks at a version before everybody has it.
    let first: Vec<Deployment> = of_team(&session);
    let turned_back = |one: &Deployment| matches!(&one.status, Status::Failed(Cause::Alarm { name }) if name == "frontend-canary");
    assert!(first.iter().all(|one| one.strategy == "all-at-once" && !turned_back(one)), "{first:?}");
    let blamed = |all: &[Deployment]| all.iter().filter(|one| !one.incidents.is_empty()).count();
    assert!(blamed(&first) > 0, "one reached everybody, and people had to take it back");
    session.act(strategy(CANARY)).expect("the alarm exists");
    session.advance_to(SimTime::from_secs(11 * DAY));
    let later: Vec<Deployment> = of_team(&session).into_iter().filter(|one| one.started > SimTime::from_secs(4 * DAY)).collect();
    assert!(later.iter().all(|one| one.strategy == "canary"));
    assert!(later.iter().any(turned_back), "another is caught by the canary: {later:?}");
    // Somebody is at it until it is over, and who takes something back takes back what is suspected.
    let incidents = session.delivery().expect("there is a team").look(session.now()).incidents;
    let hangs = incidents.iter().find(|incident| incident.is_open() && incident.opened < SimTime::from_secs(9 * DAY));
    assert_eq!(hangs, None, "an incident lasts for two days");
    let of_all = deployments(session.ledger());
    let rollback = |number: Option<u32>| of_all.iter().find(|one| Some(one.number) == number).and_then(|one| one.rolls_back);
    let remedied: Vec<_> = incidents.iter().filter_map(|incident| Some((rollback(incident.remedy)?, incident.cause?))).collect();
    assert!(!remedied.is_empty() && remedied.iter().all(|(undone, cause)| undone == cause), "{remedied:?}");
    // The whole of it replays.
    let json = serde_json::to_string(&session.save()).expect("JSON");
    let file: SessionFile = serde_json::from_str(&json).expect("the file reads");
    assert_eq!(Session::replay(&file).expect("it replays").digest(), session.digest());
}
