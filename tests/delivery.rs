//! Delivery as a whole: a team, its pipelines, what escapes them, and what is known and true of it afterwards.

use std::sync::Arc;

use fleetlab::content::{self, Folder};
use fleetlab::delivery::builds::BuildStatus;
use fleetlab::delivery::command::PipelineCommand;
use fleetlab::delivery::look::PipelineLook;
use fleetlab::delivery::pipeline::status::{ExecutionStatus, StageStatus};
use fleetlab::delivery::pipelines::BuildspecFrom;
use fleetlab::delivery::plan::Team;
use fleetlab::ids::ServiceId;
use fleetlab::insight::deployments::{Deployment, Status, deployments};
use fleetlab::insight::dora::{self, Period};
use fleetlab::insight::flow;
use fleetlab::lab::Session;
use fleetlab::scenario::{Action, Scenario};
use fleetlab::telemetry::ledger::{Event, Progress};
use fleetlab::units::{SimSpan, SimTime};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// A shipped scenario, changed.
fn scenario(name: &str, change: impl FnOnce(&mut Scenario)) -> Arc<Scenario> {
    let mut scenario = content::load(name).unwrap_or_else(|found| panic!("{found}")).scenario;
    // Few users are enough to be hurt, and quick to simulate.
    if let fleetlab::kernel::model::Arrivals::Open { rate, .. } = &mut scenario.model.sources[0].arrivals {
        *rate = fleetlab::units::PerSecond::new(0.5);
    }
    change(&mut scenario);
    Arc::new(scenario)
}

fn run(scenario: &Arc<Scenario>, seed: u64, days: u64) -> Session {
    let mut session = Session::new(Arc::clone(scenario), seed);
    session.advance_to(SimTime::from_secs(days * DAY));
    session
}

fn count_of(session: &Session, what: impl Fn(&Event) -> bool) -> usize {
    session.ledger().truth().iter().filter(|record| what(&record.event)).count()
}

#[test]
fn a_team_delivers_and_its_metrics_come_out_of_the_ledger() {
    let session = run(&scenario("month-startup", |_| {}), 1, 4);
    let all = deployments(session.ledger());
    let metrics = dora::metrics(&all, None, Period::until(session.now()));
    assert!(metrics.deployments >= 8, "{metrics:?}");
    assert!(metrics.lead_time.is_some_and(|lead| lead.as_secs_f64() > 600.0 && lead.as_secs_f64() < 2.0 * DAY as f64), "{metrics:?}");
    assert!(count_of(&session, |event| matches!(event, Event::Pipeline { what: Progress::Failed { .. }, .. })) > 0, "some changes are caught in the pipeline");
    // Every deployment of the team's brings a version that a build made of commits.
    for deployment in all.iter().filter(|deployment| deployment.rolls_back.is_none()) {
        let built = count_of(&session, |event| matches!(event, Event::Built { version, .. } if *version == deployment.version));
        assert_eq!(built, 1, "deployment {} has no build", deployment.number);
    }
}

#[test]
fn the_same_team_does_the_same_in_any_steps() {
    let scenario = scenario("month-startup", |_| {});
    let mut whole = run(&scenario, 7, 2);
    let mut steps = Session::new(Arc::clone(&scenario), 7);
    for hour in 1..=48 {
        steps.advance_to(SimTime::from_secs(hour * HOUR));
    }
    assert_eq!(whole.digest(), steps.digest());
    assert_ne!(whole.digest(), run(&scenario, 8, 2).digest());
}

#[test]
fn a_session_of_a_team_replays_from_its_file() {
    let scenario = scenario("month-startup", |_| {});
    let mut session = run(&scenario, 3, 1);
    let transition = PipelineCommand::DisableTransition { stage: "Deploy".into(), reason: "freeze".into() };
    session.act(Action::Pipeline { service: "frontend".into(), command: transition }).expect("the frontend has a pipeline");
    session.advance_to(SimTime::from_secs(2 * DAY));
    let json = serde_json::to_string(&session.save()).expect("JSON");
    let file: fleetlab::lab::SessionFile = serde_json::from_str(&json).expect("the file reads");
    let mut again = Session::replay(&file).expect("it replays");
    assert_eq!(again.digest(), session.digest());
    let frontend = content::load("month-startup").expect("it loads").scenario.model.services.iter().position(|service| service.name == "frontend");
    let deployed = deployments(session.ledger())
        .iter()
        .filter(|deployment| Some(deployment.service.index()) == frontend && deployment.started > SimTime::from_secs(DAY))
        .count();
    assert_eq!(deployed, 0, "nothing passes a disabled transition");
}

#[test]
fn every_failure_by_a_defect_walks_back_to_its_commit() {
    // Without tests everything escapes.
    let session = run(
        &scenario("month-startup", |scenario| {
            for project in scenario.pipelines.projects.values_mut() {
                project.source.suites.clear();
            }
        }),
        5,
        3,
    );
    let model = &session.scenario().model;
    let delivery = session.delivery().expect("a team");
    let look = delivery.look(session.now());
    let mut walked = 0;
    for (flaw, damage) in session.store().strikes().iter() {
        for hurt in &damage.examples {
            // request → instance → version
            let version = session.store().version_of(hurt.instance).expect("the instance is known");
            assert!(model.versions[version.index()].flaws.iter().any(|known| known.id == flaw), "the version has the flaw that struck");
            // version → build → commit
            let built = session.ledger().truth().iter().find_map(|record| match &record.event {
                Event::Built { version: of, commit, .. } if *of == version => Some((record.at, *commit)),
                _ => None,
            });
            let (at, commit) = built.expect("the version was built");
            assert!(at <= hurt.ended, "it was built before it hurt");
            assert!(look.commits.iter().any(|known| known.number == commit), "the commit is in the repository");
            // flaw → change
            let written = count_of(&session, |event| matches!(event, Event::DefectWritten { flaw: of, .. } if *of == flaw));
            assert_eq!(written, 1, "one change brought it");
            walked += 1;
        }
    }
    assert!(walked > 20, "only {walked} failures");
}

/// The share of the defects in what was delivered that nothing before production had found. How much each one hurts varies so
/// widely that a week of failed requests says little.
#[test]
fn more_defects_reach_production_without_tests() {
    let of = |with: bool, seed: u64| {
        let scenario = scenario("month-startup", |scenario| {
            if !with {
                for project in scenario.pipelines.projects.values_mut() {
                    project.source.suites.clear();
                }
            }
        });
        let session = run(&scenario, seed, 4);
        let flaws = |version: fleetlab::ids::VersionId| session.scenario().model.versions[version.index()].flaws.iter().map(|flaw| flaw.id).collect();
        let period = Period::until(session.now());
        flow::defects(session.ledger(), &deployments(session.ledger()), period, session.store().strikes(), flaws)
    };
    // Four days of one team have some twenty-five defects: not enough to tell.
    let escaped = |with: bool| {
        let runs: Vec<_> = [1, 2, 3, 4, 5, 6].into_par_iter().map(|seed| of(with, seed)).collect();
        f64::from(runs.iter().map(|defects| defects.escaped).sum::<u32>()) / f64::from(runs.iter().map(|defects| defects.written).sum::<u32>())
    };
    let (with, without) = (escaped(true), escaped(false));
    assert!(without > 1.3 * with, "{with} of the defects with tests, {without} without");
}

#[test]
fn release_branches_make_lead_time_long_and_batches_large() {
    let of = |name: &str, change: fn(&mut Scenario)| {
        let session = run(&scenario(name, change), 2, 6);
        let all = deployments(session.ledger());
        let largest = all.iter().map(|deployment| deployment.changes.len()).max().unwrap_or(0);
        (dora::metrics(&all, None, Period::until(session.now())), largest)
    };
    let (startup, small) = of("month-startup", |_| {});
    // A release every three days instead of every week, so that a week shows one.
    let (enterprise, large) = of("month-enterprise", |scenario| {
        let Some(team) = &mut scenario.team else { return };
        team.work.batch = 1;
        team.branching = toml::from_str::<Team>("branching = { gitflow = { release_every = '3d', stabilise = '8h' } }").expect("a team").branching;
    });
    let hours = |metrics: &dora::Dora| metrics.lead_time.map_or(0.0, |lead| lead.as_secs_f64() / HOUR as f64);
    assert!(hours(&enterprise) > 5.0 * hours(&startup), "{} and {} hours", hours(&startup), hours(&enterprise));
    assert!(enterprise.per_day < startup.per_day && large > small, "{small} and {large} changes at once");
}

/// Where the time goes, and what a deployment risks: small changes that deploy themselves, against large ones, and against ones
/// that wait for somebody's signature (DORA's capabilities "working in small batches" and "streamlining change approval").
#[test]
fn batches_risk_more_at_once_and_approvals_wait() {
    let of = |change: fn(&mut Scenario)| {
        let session = run(&scenario("month-startup", change), 2, 9);
        let (all, period) = (deployments(session.ledger()), Period::until(session.now()));
        let flaws = |version: fleetlab::ids::VersionId| session.scenario().model.versions[version.index()].flaws.iter().map(|flaw| flaw.id).collect();
        let defects = flow::defects(session.ledger(), &all, period, session.store().strikes(), flaws);
        let delivered = all.iter().filter(|one| !one.changes.is_empty()).count() as f64;
        let metrics = dora::metrics(&all, None, period);
        (metrics, flow::flow(session.ledger(), &all, period).expect("changes arrive"), f64::from(defects.written) / delivered)
    };
    let (small, alone, risk) = of(|_| {});
    let (large, _, more_risk) = of(|scenario| scenario.team.as_mut().expect("a team").work.batch = 4);
    assert!(large.per_day < small.per_day, "{:?} and {:?} deployments a day", large.per_day, small.per_day);
    assert!(large.lead_time > small.lead_time, "{:?} and {:?}", large.lead_time, small.lead_time);
    assert!(more_risk > 2.0 * risk, "{more_risk} defects a deployment in large changes, {risk} in small ones");
    let (_, signed, _) = of(|scenario| {
        let board = content::load("month-enterprise").expect("it loads").scenario.pipelines.lines[0].definition.clone();
        let approval = board.stages.into_iter().find(|stage| stage.name == "ChangeBoard").expect("it has a board");
        let stages = &mut scenario.pipelines.lines[0].definition.stages;
        stages.insert(stages.len() - 1, approval);
    });
    assert!(signed.pipeline.as_secs_f64() > 3.0 * alone.pipeline.as_secs_f64(), "{signed:?} against {alone:?}");
}

/// What escapes the tests meets a tenth of the users under a canary, and everybody under a rolling update: fewer are hurt, and
/// what fails is taken back by itself instead of by whoever wakes up.
#[test]
fn a_canary_hurts_fewer_users_and_shortens_recovery() {
    let of = |canary: bool| {
        let one = |seed| {
            let session = run(
                &scenario("month-startup", |scenario| {
                    let rolling = serde_json::from_str("\"rolling-update\"").expect("a strategy");
                    let guarded = scenario.fleet.iter_mut().filter(|_| !canary);
                    guarded.for_each(|fleet| fleet.strategy = std::clone::Clone::clone(&rolling));
                    // Every page needs it: what escapes there hurts somebody.
                    if let Some(team) = &mut scenario.team {
                        team.services.retain(|name, _| name == "frontend");
                    }
                }),
                seed,
                6,
            );
            let metrics = dora::metrics(&deployments(session.ledger()), None, Period::until(session.now()));
            (
                session.store().entry_totals(None).counts.failed(),
                metrics.mean_recovery.map_or(0.0, fleetlab::units::SimSpan::as_secs_f64) * f64::from(metrics.failed),
                metrics.failed,
            )
        };
        let runs = [1, 2].map(one);
        let failed: u32 = runs.iter().map(|(_, _, failed)| failed).sum();
        (runs.iter().map(|(hurt, ..)| hurt).sum::<u64>(), runs.iter().map(|(_, spent, _)| spent).sum::<f64>() / f64::from(failed))
    };
    let ((few, quick), (many, slow)) = (of(true), of(false));
    // Without one, an alarm, somebody who looks at the service map and a rollback come to little more time than the canary's own
    // steps; what counts is who meets the defect meanwhile.
    assert!(10 * few < many && quick < slow, "{few} requests failed and {quick} s to recover with a canary, {many} and {slow} s without");
}

/// The frontend's pipeline as it stands, and its number among the services.
fn frontend(session: &Session) -> (ServiceId, PipelineLook) {
    let at = session.scenario().model.services.iter().position(|service| service.name == "frontend").map(ServiceId::from_index);
    let service = at.expect("it is there");
    let look = session.delivery().expect("a team").look(session.now());
    let pipeline = look.pipelines.iter().find(|pipeline| pipeline.service == service).expect("it has one").clone();
    (service, pipeline)
}

#[test]
fn a_stage_goes_back_to_what_it_had_before_and_the_same_revision_may_go_through_again() {
    let mut session = Session::new(scenario("month-startup", |_| {}), 3);
    let ask = |session: &mut Session, command: PipelineCommand| {
        session.act(Action::Pipeline { service: "frontend".into(), command }).expect("it is possible");
    };
    // A night after two executions went through, in which nobody works.
    let deploy = |pipeline: &PipelineLook| pipeline.stages.iter().find(|stage| stage.name == "Deploy").expect("it deploys").clone();
    let quiet = |pipeline: &PipelineLook| {
        let stage = deploy(pipeline);
        let succeeded = stage.latest.as_ref().is_some_and(|latest| latest.status == StageStatus::Succeeded);
        succeeded && stage.way_back.is_some() && !pipeline.held && pipeline.executions.iter().all(|(_, view)| !view.status.is_active())
    };
    let night = (1..10).find(|day| {
        session.advance_to(SimTime::from_secs(day * DAY - 2 * HOUR));
        quiet(&frontend(&session).1)
    });
    assert!(night.is_some(), "two executions went through in nine days");
    let (service, before) = frontend(&session);
    let brought = |session: &Session| -> Vec<Deployment> { deployments(session.ledger()).into_iter().filter(|one| one.service == service).collect() };
    let count = brought(&session).len();
    // The strategy is a canary: it has nothing to share out between a version and itself.
    ask(&mut session, PipelineCommand::Start {});
    session.advance_to(session.now() + SimSpan::from_secs(HOUR));
    let (_, again) = frontend(&session);
    let newest = again.executions.first().expect("it was started");
    assert_ne!(Some(newest.0), before.executions.first().map(|first| first.0));
    assert_eq!((newest.1.status, brought(&session).len()), (ExecutionStatus::Succeeded, count), "{:?}", newest.1.why);
    // Whoever goes back now comes to the execution before, which had the same: it runs already.
    ask(&mut session, PipelineCommand::RollBackStage { stage: "Deploy".into() });
    session.advance_to(session.now() + SimSpan::from_secs(HOUR));
    assert_eq!((frontend(&session).1.executions[0].1.status, brought(&session).len()), (ExecutionStatus::Succeeded, count));
    // And back to what was there before: by a rollback of what brought the latest version.
    let deployed = brought(&session).into_iter().rfind(|one| one.status == Status::Completed).expect("one did");
    ask(&mut session, PipelineCommand::RollBackStage { stage: "Deploy".into() });
    session.advance_to(session.now() + SimSpan::from_secs(HOUR));
    let all = brought(&session);
    let back = all.last().expect("there are some");
    assert_eq!((back.rolls_back, back.version, &back.status), (Some(deployed.number), deployed.replaces, &Status::Completed));
    assert_eq!(frontend(&session).1.executions.first().map(|(_, view)| view.status), Some(ExecutionStatus::Succeeded));
    let open = |event: &Event| matches!(event, Event::IncidentOpened { .. });
    let closed = |event: &Event| matches!(event, Event::IncidentResolved { .. });
    assert_eq!(count_of(&session, open), count_of(&session, closed), "what was rolled back by hand does not stay an incident");
}

#[test]
fn bad_definitions_are_refused_and_nothing_is_half_applied() {
    let mut session = run(&scenario("month-startup", |_| {}), 3, 0);
    let mut definition = session.given().pipelines.lines[0].definition.clone();
    definition.stages[1].actions[0].input_artifacts[0].name = "Nowhere".into();
    let refused = session.act(Action::Pipeline { service: "frontend".into(), command: PipelineCommand::Update { definition } });
    assert!(refused.is_err_and(|why| why.to_string().contains("Nowhere")));
    assert_eq!(session.actions().len(), 0);
    let unknown = session.act(Action::Pipeline { service: "redis-cart".into(), command: PipelineCommand::Start {} });
    assert!(unknown.is_err_and(|why| why.to_string().contains("no pipeline")));
    let nothing = content::read_str("x", "x.toml", "format_version = 1\n[team]\npeople = 0\n", &Folder::Nowhere);
    let found = nothing.err().map(|found| found.to_string()).unwrap_or_default();
    assert!(found.contains("1 to 200 people") && found.contains("delivers nothing"), "{found}");
}

/// The median time of builds of a project that an agent took up within a span and that succeeded [s].
fn build_time(session: &Session, project: &str, (from, until): (u64, u64)) -> f64 {
    let look = session.delivery().expect("a team").look(session.now());
    let within = |at: SimTime| (SimTime::from_secs(from)..SimTime::from_secs(until)).contains(&at);
    let mut times: Vec<f64> = look
        .builds
        .iter()
        .filter(|build| build.project == project && build.status == BuildStatus::Succeeded && build.started.is_some_and(within))
        .filter_map(|build| Some(build.ends?.since(build.started?).as_secs_f64()))
        .collect();
    times.sort_by(f64::total_cmp);
    assert!(times.len() >= 3, "{times:?}");
    times[times.len() / 2]
}

#[test]
fn a_changed_build_project_builds_in_another_way_from_then_on_and_replays() {
    let scenario = scenario("month-startup", |scenario| scenario.alarms.clear());
    let mut session = run(&scenario, 3, 2);
    let update = |text: &str| -> Action { toml::from_str(&format!("update-project = {text}")).expect("an action") };
    let before = session.digest();
    for (text, expected) in [
        ("{ project = 'boutique-biuld', compute_type = 'BUILD_GENERAL1_LARGE' }", "there is no build project `boutique-biuld`; there are `boutique-build`"),
        ("{ project = 'boutique-build' }", "Name `buildspec`"),
        ("{ project = 'boutique-build', buildspec = 'fast.yml' }", "was not read"),
    ] {
        let refused = session.act(update(text)).expect_err(text).to_string();
        assert!(refused.contains(expected), "{text}: {refused}");
    }
    assert_eq!(session.digest(), before, "what is refused changes nothing");
    session.act(update("{ project = 'boutique-build', compute_type = 'BUILD_GENERAL1_SMALL', cache = { type = 'NO_CACHE' } }")).expect("it is changed");
    session.advance_to(SimTime::from_secs(4 * DAY));
    let (quick, slow) = (build_time(&session, "boutique-build", (0, 2 * DAY)), build_time(&session, "boutique-build", (2 * DAY, 4 * DAY)));
    assert!(quick < 0.8 * slow, "{slow} s before, {quick} s after");
    let said =
        |event: &Event| matches!(event, Event::Acted { what, .. } if what.to_string() == "update the build project `boutique-build`: compute_type, cache");
    assert_eq!(count_of(&session, said), 1);
    let file = serde_json::from_str(&serde_json::to_string(&session.save()).expect("JSON")).expect("the file reads");
    assert_eq!(Session::replay(&file).expect("it replays").digest(), session.digest());
}

#[test]
fn a_timeline_names_a_specification_and_its_mistakes_are_told() {
    let with = |buildspec: &str| {
        let text = format!(
            "format_version = 1\nextends = 'first-pipeline'\n[[timeline]]\nat = '2h'\ndo = {{ update-project = {{ project = 'shop-build', buildspec = {buildspec} }} }}\n"
        );
        content::read_str("x", "x.toml", &text, &Folder::Disk(std::path::Path::new("scenarios").canonicalize().expect("it is there")))
    };
    let loaded = with("\"version: 0.2\\nphases:\\n  build:\\n    commands:\\n      - npm test\\n\"").unwrap_or_else(|found| panic!("{found}"));
    let Some(Action::UpdateProject(update)) = loaded.scenario.timeline.last().map(|timed| &timed.action) else { panic!("it is on the timeline") };
    let Some(BuildspecFrom::Read(read)) = &update.buildspec else { panic!("it was read") };
    assert_eq!(read.spec.phases.build.as_ref().map(|phase| phase.commands.clone()), Some(vec!["npm test".to_owned()]));
    let refused = with("\"version: 0.2\\nphases:\\n  biuld:\\n    commands: [npm test]\\n\"").expect_err("a misspelt phase").to_string();
    assert!(refused.contains("line 3 of the build specification") && refused.contains("`build`"), "{refused}");
    let refused = with("'nowhere.yml'").expect_err("no such file").to_string();
    assert!(refused.contains("nowhere.yml"), "{refused}");
}

#[test]
fn an_approval_waits_for_office_hours() {
    let session = run(
        &scenario("month-enterprise", |scenario| {
            if let Some(team) = &mut scenario.team {
                team.branching = fleetlab::delivery::branch::Branching::default();
                team.work.batch = 1;
            }
        }),
        4,
        4,
    );
    let calendar = session.scenario().team.as_ref().expect("a team").calendar.clone();
    let mut approved = 0;
    for record in session.ledger().truth() {
        if matches!(&record.event, Event::Pipeline { what: Progress::ActionSucceeded { stage, .. }, .. } if stage == "ChangeBoard") {
            let just_before = record.at - fleetlab::units::SimSpan::from_secs(1);
            assert!(calendar.is_open(just_before), "approved at {}", record.at);
            approved += 1;
        }
    }
    assert!(approved > 0, "nothing was ever approved");
}

/// A version that never starts, deployed to all at once while another incident is open: the pipeline's action waits for an hour,
/// gives up, and somebody goes back.
#[test]
fn a_deployment_that_its_pipeline_gave_up_is_taken_back() {
    let mut scenario = content::load("tests/fixtures/team.toml").unwrap_or_else(|found| panic!("{found}")).scenario;
    // Nobody is woken: what hangs is for the pipeline to find.
    scenario.alarms.clear();
    if let Some(team) = &mut scenario.team {
        team.defects.configuration = 20.0;
    }
    let scenario = Arc::new(scenario);
    let lasted = |deployment: &fleetlab::insight::deployments::Deployment| deployment.ended.map(|ended| ended.since(deployment.started).as_secs_f64());
    let hangs = |deployment: &&fleetlab::insight::deployments::Deployment| lasted(deployment).is_some_and(|lasted| (3_600.0..3_700.0).contains(&lasted));
    // A defect that keeps instances from starting is rare: not every team writes one in so few days.
    let teams = (0..40).map(|seed| {
        let mut session = Session::new(Arc::clone(&scenario), seed);
        session.advance_to(SimTime::from_secs(60 * HOUR));
        session
    });
    let session = teams.into_iter().find(|session| deployments(session.ledger()).iter().any(|deployment| hangs(&deployment))).expect("one hangs");
    let all = deployments(session.ledger());
    let given_up = all.iter().find(hangs).expect("one hangs");
    let back = all.iter().find(|deployment| deployment.rolls_back == Some(given_up.number)).expect("somebody goes back");
    assert!(back.started.since(given_up.started).as_secs_f64() < 3_700.0, "{back:?}");
    assert!(all.iter().all(|deployment| lasted(deployment).is_none_or(|lasted| lasted < 3_700.0)), "nothing hangs for longer: {all:#?}");
    let open = |event: &Event| matches!(event, Event::IncidentOpened { .. });
    assert!(count_of(&session, open) >= 1, "it is an incident");
}
