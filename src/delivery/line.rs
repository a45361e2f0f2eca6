//! Pipelines at work: what each action of an execution takes, and what comes of it.
//!
//! Every service that a pipeline delivers has a pipeline of its own, of the same declaration. `pipeline` decides what runs
//! when; here builds wait for an agent and find what they find, approvals are asked for, rules are answered (`gates`), and
//! deployments are handed on. It knows no people and no fleet: whoever must do something is told ([`Told`]).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::builds::{Farm, Finished};
use super::gates::Gates;
use super::history::Revision;
use super::not_deployed::NotDeployed;
use super::pipeline::check::Checked;
use super::pipeline::definition::{Category, Pipeline, RetryMode};
use super::pipeline::execution::{ActionResult, Engine, Start};
use super::pipeline::outcome::{ActionRunId, BeginAction, Effect, Event as Happened, ExecutionId, Outcome, Refused, Why};
use super::pipeline::status::{ActionStatus, ConditionType, ExecutionStatus, StageStatus, TriggerType};
use super::pipelines::{Pipelines, ProjectUpdate};
use crate::ids::{FlawId, ServiceId, VersionId};
use crate::kernel::model::Model;
use crate::phrase::Sentence;
use crate::telemetry::ledger::{AlarmState, Event, ExecutionNumber, Progress};
use crate::units::{SimSpan, SimTime};

/// How long a source action takes (chosen for Fleetlab).
const FETCH: SimSpan = SimSpan::from_secs(10);
/// How long an invocation or a notification takes (chosen for Fleetlab).
const INVOKE: SimSpan = SimSpan::from_secs(15);
/// How long a deployment takes that is not the one to production (chosen for Fleetlab).
const STAGING: SimSpan = SimSpan::from_secs(180);
/// Undisturbed time that somebody takes to decide about an approval (chosen for Fleetlab).
const DECIDE: SimSpan = SimSpan::from_secs(600);
/// Executions of a service that are remembered with what they built.
const REMEMBERED: usize = 200;

/// What a pipeline tells or wants.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    /// Something for the ledger.
    Note(Event),
    /// A build found defects.
    Found { service: ServiceId, defects: Vec<FlawId> },
    /// Nothing was wrong with what failed: a test that fails now and then did.
    Flaked { service: ServiceId, execution: ExecutionId, stage: String },
    /// Somebody must decide.
    WantsApproval { service: ServiceId, run: ActionRunId, effort: SimSpan },
    /// Nobody needs to decide any more.
    NoApproval { run: ActionRunId },
    /// The pipeline waits no longer for a deployment: its action took longer than it may.
    GaveUp { service: ServiceId, version: VersionId },
    /// A revision is to go to production, made of these artifacts.
    Deploy { service: ServiceId, execution: ExecutionNumber, run: ActionRunId, revision: Revision, artifacts: Vec<String> },
    /// A stage is rolled back: production is to have this revision again.
    GoBack { service: ServiceId, run: ActionRunId, revision: Revision },
}

/// What time brings.
#[derive(Debug, Clone)]
enum Due {
    /// An action that nothing can make fail is over; with what it puts out.
    Over(ServiceId, ActionRunId, BTreeMap<String, String>),
}

/// One service's pipeline.
#[derive(Debug)]
struct Belt {
    engine: Engine,
    /// What each execution is about.
    revisions: BTreeMap<ExecutionId, Arc<Revision>>,
    /// The number of each execution in the run.
    numbers: BTreeMap<ExecutionId, ExecutionNumber>,
    /// Deployments under way, by the action that waits for each.
    deploying: BTreeMap<ActionRunId, Option<VersionId>>,
    /// The action that brings a revision to production: stage and name.
    to_production: Option<(String, String)>,
    /// The revision that was built last, to tell what a change touches.
    built: BTreeMap<ActionRunId, ExecutionId>,
}

impl Belt {
    fn new(definition: Checked) -> Self {
        Self {
            to_production: production_action(definition.get()),
            engine: Engine::new(definition),
            revisions: BTreeMap::new(),
            numbers: BTreeMap::new(),
            deploying: BTreeMap::new(),
            built: BTreeMap::new(),
        }
    }
}

/// All pipelines.
#[derive(Debug)]
pub(super) struct Line {
    belts: BTreeMap<ServiceId, Belt>,
    farm: Farm,
    gates: Gates,
    agenda: BTreeMap<SimTime, Vec<Due>>,
    told: VecDeque<Told>,
    executions: ExecutionNumber,
}

impl Line {
    pub(super) fn new<'a>(pipelines: &Pipelines, model: &Model, alarms: impl IntoIterator<Item = &'a str>, seed: u64) -> Self {
        let mut belts = BTreeMap::new();
        for line in &pipelines.lines {
            let Ok(checked) = Checked::new(line.definition.clone()) else { continue };
            for name in &line.services {
                let Some(at) = model.services.iter().position(|service| service.name == *name) else { continue };
                belts.insert(ServiceId::from_index(at), Belt::new(checked.clone()));
            }
        }
        let (farm, gates) = (Farm::new(pipelines, seed), Gates::new(alarms));
        Self { belts, farm, gates, agenda: BTreeMap::new(), told: VecDeque::new(), executions: 0 }
    }

    /// The pipeline of a service.
    pub(super) fn engine(&self, service: ServiceId) -> Option<&Engine> {
        self.belts.get(&service).map(|belt| &belt.engine)
    }
    /// The services that have one.
    pub(super) fn services(&self) -> impl Iterator<Item = ServiceId> {
        self.belts.keys().copied()
    }
    /// The number in the run of an execution.
    pub(super) fn number(&self, service: ServiceId, execution: ExecutionId) -> Option<ExecutionNumber> {
        self.belts.get(&service)?.numbers.get(&execution).copied()
    }
    /// The builds.
    pub(super) const fn farm(&self) -> &Farm {
        &self.farm
    }

    /// Changes a build project.
    pub(super) fn update_project(&mut self, update: &ProjectUpdate) {
        self.farm.update(update);
    }

    /// When it wants to be called next.
    pub(super) fn next_due(&self) -> Option<SimTime> {
        let engines = self.belts.values().filter_map(|belt| belt.engine.next_due()).min();
        let agenda = self.agenda.first_key_value().map(|(at, _)| *at);
        [engines, agenda, self.farm.next_due(), self.gates.next_due()].into_iter().flatten().min()
    }

    /// What was told since the last call.
    pub(super) fn take(&mut self) -> Vec<Told> {
        self.told.drain(..).collect()
    }

    /// It is `now`.
    pub(super) fn due(&mut self, now: SimTime) {
        for finished in self.farm.due(now) {
            self.built(now, finished);
        }
        while let Some(first) = self.agenda.first_entry().filter(|entry| *entry.key() <= now) {
            for due in first.remove() {
                let Due::Over(service, run, variables) = due;
                self.finish(now, service, run, ActionResult::Succeeded { summary: String::new(), variables, artifacts: BTreeMap::new() });
            }
        }
        for ((service, rule), answer) in self.gates.due(now) {
            self.with(now, service, |engine| engine.answer(now, rule, answer));
        }
        let late: Vec<ServiceId> =
            self.belts.iter().filter(|(_, belt)| belt.engine.next_due().is_some_and(|due| due <= now)).map(|(service, _)| *service).collect();
        for service in late {
            self.with(now, service, |engine| Ok(engine.due(now)));
        }
    }

    /// An alarm changed its state.
    pub(super) fn alarm(&mut self, now: SimTime, name: &str, to: AlarmState) {
        for ((service, rule), answer) in self.gates.alarm(name, to) {
            self.with(now, service, |engine| engine.answer(now, rule, answer));
        }
    }

    /// A service has a new revision.
    pub(super) fn trigger(&mut self, now: SimTime, service: ServiceId, revision: Revision, sha: &str) {
        self.start(now, service, revision, TriggerType::WebhookV2, sha);
    }

    /// Starts an execution; what follows from it is told.
    fn start(&mut self, now: SimTime, service: ServiceId, revision: Revision, trigger: TriggerType, sha: &str) {
        let Some(belt) = self.belts.get_mut(&service) else { return };
        let sources = belt.engine.pipeline().get().stages.first().map(|stage| stage.actions.iter().map(|action| action.name.clone()).collect::<Vec<_>>());
        let revisions = sources.unwrap_or_default().into_iter().map(|action| (action, sha.to_owned())).collect();
        let start = Start { trigger, detail: sha.to_owned(), revisions, variables: BTreeMap::new() };
        self.executions += 1;
        let number = self.executions;
        match belt.engine.start(now, start) {
            Ok((execution, outcome)) => {
                belt.numbers.insert(execution, number);
                belt.revisions.insert(execution, Arc::new(revision));
                while belt.revisions.len() > REMEMBERED {
                    belt.revisions.pop_first();
                }
                self.follow(now, service, outcome);
            }
            Err(why) => self.told.push_back(Told::Note(Event::Pipeline { service, execution: number, what: Progress::Note { what: why.to_string() } })),
        }
    }

    /// Somebody starts an execution by hand.
    pub(super) fn start_by_hand(&mut self, now: SimTime, service: ServiceId, revision: Revision, sha: &str) {
        self.start(now, service, revision, TriggerType::StartPipelineExecution, sha);
    }

    /// Rolls a stage back: a new execution goes through it with what the one before had, or the last good one where it failed.
    pub(super) fn roll_back(&mut self, now: SimTime, service: ServiceId, stage: &str) -> Result<(), Refused> {
        let Some(belt) = self.belts.get_mut(&service) else { return Ok(()) };
        let before = belt.engine.way_back(stage).ok_or(Refused::NotRollbackable("nothing succeeded in it before"))?;
        let (_, outcome) = belt.engine.roll_back(now, stage, Some(before))?;
        self.follow(now, service, outcome);
        Ok(())
    }

    /// Makes the pipeline of a service that has none, and starts it with a revision.
    pub(super) fn create(&mut self, now: SimTime, service: ServiceId, definition: Checked, revision: Revision, sha: &str) {
        self.belts.insert(service, Belt::new(definition));
        self.start(now, service, revision, TriggerType::CreatePipeline, sha);
    }

    /// Replaces a declaration.
    pub(super) fn update(&mut self, now: SimTime, service: ServiceId, definition: Checked) {
        let Some(belt) = self.belts.get_mut(&service) else { return };
        belt.to_production = production_action(definition.get());
        let outcome = belt.engine.update(now, definition);
        self.follow(now, service, outcome);
    }

    /// The execution of a number in the run.
    pub(super) fn id(&self, service: ServiceId, execution: ExecutionNumber) -> Option<ExecutionId> {
        self.belts.get(&service)?.numbers.iter().find(|(_, number)| **number == execution).map(|(id, _)| *id)
    }

    /// Somebody agrees.
    pub(super) fn approve(&mut self, now: SimTime, service: ServiceId, run: ActionRunId) {
        self.with(now, service, |engine| engine.decide_approval(now, run, true, "looks good"));
    }

    /// Tries a failed stage again.
    pub(super) fn retry(&mut self, now: SimTime, service: ServiceId, execution: ExecutionId, stage: &str) {
        self.with(now, service, |engine| engine.retry(now, execution, stage, RetryMode::FailedActions));
    }

    /// How often somebody tried a stage again with an execution.
    pub(super) fn retried_by_hand(&self, service: ServiceId, execution: ExecutionId, stage: &str) -> u32 {
        let stages = self.engine(service).and_then(|engine| engine.stages_of(execution)).unwrap_or_default();
        stages.iter().find(|view| view.name == stage).map_or(0, |view| view.retries.manual)
    }

    /// A person's hand on a pipeline; what is not possible is said.
    pub(super) fn command(&mut self, now: SimTime, service: ServiceId, command: impl FnOnce(&mut Engine) -> Result<Outcome, Refused>) -> Result<(), Refused> {
        let Some(belt) = self.belts.get_mut(&service) else { return Ok(()) };
        let outcome = command(&mut belt.engine)?;
        self.follow(now, service, outcome);
        Ok(())
    }

    /// A deployment has begun for an action.
    pub(super) fn deploying(&mut self, service: ServiceId, run: ActionRunId, version: VersionId) {
        if let Some(belt) = self.belts.get_mut(&service) {
            belt.deploying.insert(run, Some(version));
        }
    }

    /// A deployment was not begun.
    pub(super) fn refuse_deployment(&mut self, now: SimTime, service: ServiceId, run: ActionRunId, why: &NotDeployed) {
        self.finish(now, service, run, ActionResult::not_deployed(why.sentence()));
    }

    /// A deployment ended, well or for a reason.
    pub(super) fn deployment_ended(&mut self, now: SimTime, service: ServiceId, version: VersionId, failed: Option<Sentence>) {
        let Some(belt) = self.belts.get_mut(&service) else { return };
        let Some(run) = belt.deploying.iter().find(|(_, deployed)| **deployed == Some(version)).map(|(run, _)| *run) else { return };
        belt.deploying.remove(&run);
        let result = failed.map_or_else(ActionResult::succeeded, ActionResult::not_deployed);
        self.finish(now, service, run, result);
    }

    /// A build ended.
    fn built(&mut self, now: SimTime, finished: Finished) {
        let Finished { service, run, failed, found, .. } = finished;
        let execution = self.belts.get_mut(&service).and_then(|belt| belt.built.remove(&run));
        let Some(why) = failed else {
            self.finish(now, service, run, ActionResult::succeeded());
            return;
        };
        let stage = execution.and_then(|execution| self.engine(service)?.execution(execution)).map(|view| view.stage);
        self.finish(now, service, run, ActionResult::Failed { why: Why::said(&why) });
        if found.is_empty() {
            if let (Some(execution), Some(stage)) = (execution, stage) {
                self.told.push_back(Told::Flaked { service, execution, stage });
            }
        } else {
            self.told.push_back(Told::Found { service, defects: found });
        }
    }

    fn finish(&mut self, now: SimTime, service: ServiceId, run: ActionRunId, result: ActionResult) {
        self.with(now, service, |engine| engine.finish(now, run, result));
    }

    /// Moves an engine on; what nobody waits for any more is of no consequence.
    fn with(&mut self, now: SimTime, service: ServiceId, step: impl FnOnce(&mut Engine) -> Result<Outcome, Refused>) {
        let Some(belt) = self.belts.get_mut(&service) else { return };
        if let Ok(outcome) = step(&mut belt.engine) {
            self.follow(now, service, outcome);
        }
    }

    fn wait(&mut self, at: SimTime, due: Due) {
        self.agenda.entry(at).or_default().push(due);
    }

    /// Does what an engine asks for, and tells what happened.
    fn follow(&mut self, now: SimTime, service: ServiceId, outcome: Outcome) {
        for happened in &outcome.events {
            if let Happened::RolledBack { execution, target, .. } = happened {
                self.rolls_back(service, *execution, *target);
            }
        }
        for happened in outcome.events {
            self.tell(service, happened);
        }
        for effect in outcome.effects {
            match effect {
                Effect::BeginAction(begin) => self.begin(now, service, &begin),
                Effect::AbandonAction { run, timed_out } => {
                    self.farm.abandon(service, run);
                    self.told.push_back(Told::NoApproval { run });
                    let deployed = self.belts.get_mut(&service).and_then(|belt| belt.deploying.remove(&run)).flatten();
                    if let Some(version) = deployed.filter(|_| timed_out) {
                        self.told.push_back(Told::GaveUp { service, version });
                    }
                }
                Effect::AskRule(ask) => {
                    if let Some(answer) = self.gates.ask(now, service, &ask) {
                        self.with(now, service, |engine| engine.answer(now, ask.rule, answer));
                    }
                }
                Effect::AbandonRule { rule } => self.gates.abandon((service, rule)),
            }
        }
    }

    /// An execution began that brings a stage back to what another one had.
    fn rolls_back(&mut self, service: ServiceId, execution: ExecutionId, target: ExecutionId) {
        let Some(belt) = self.belts.get_mut(&service) else { return };
        if let Some(revision) = belt.revisions.get(&target).map(Arc::clone) {
            belt.revisions.insert(execution, revision);
        }
        self.executions += 1;
        belt.numbers.insert(execution, self.executions);
    }

    fn begin(&mut self, now: SimTime, service: ServiceId, begin: &BeginAction) {
        let Some(belt) = self.belts.get_mut(&service) else { return };
        let revision = belt.revisions.get(&begin.execution).map(Arc::clone);
        match begin.kind.category {
            Category::Source => self.wait(now + FETCH, Due::Over(service, begin.run, fetched(begin))),
            Category::Build | Category::Test | Category::Compute => {
                belt.built.insert(begin.run, begin.execution);
                let number = belt.numbers.get(&begin.execution).copied().unwrap_or_default();
                self.farm.enqueue(now, service, number, begin, revision.as_deref());
            }
            Category::Deploy => {
                let is_production = belt.to_production.as_ref().is_some_and(|(stage, action)| *stage == begin.stage && *action == begin.action);
                let execution = belt.numbers.get(&begin.execution).copied().unwrap_or_default();
                let goes_back = belt.engine.execution(begin.execution).is_some_and(|view| view.target.is_some());
                match revision.filter(|_| is_production) {
                    Some(revision) if goes_back => {
                        belt.deploying.insert(begin.run, None);
                        self.told.push_back(Told::GoBack { service, run: begin.run, revision: Revision::clone(&revision) });
                    }
                    Some(revision) => {
                        belt.deploying.insert(begin.run, None);
                        let artifacts = begin.inputs.iter().map(|input| input.name.clone()).collect();
                        self.told.push_back(Told::Deploy { service, execution, run: begin.run, revision: Revision::clone(&revision), artifacts });
                    }
                    None => self.wait(now + STAGING, Due::Over(service, begin.run, BTreeMap::new())),
                }
            }
            Category::Invoke => self.wait(now + INVOKE, Due::Over(service, begin.run, BTreeMap::new())),
            Category::Approval => {}
        }
    }

    fn tell(&mut self, service: ServiceId, happened: Happened) {
        let number = |execution: ExecutionId| self.number(service, execution).unwrap_or(self.executions);
        let newer = |why: Option<&Why>| {
            let Some(Why::SupersededBy { execution }) = why else { return self.executions };
            let executions = self.engine(service).into_iter().flat_map(Engine::executions);
            executions.map(|view| view.id).find(|id| id.to_string() == *execution).map_or(self.executions, number)
        };
        let why = |why: Option<Why>| why.map_or_else(|| "no reason given".to_owned(), |why| why.to_string());
        let (execution, what) = match happened {
            Happened::ExecutionStarted { execution, trigger, .. } => (number(execution), Progress::Started { trigger: trigger.to_string() }),
            Happened::StageEntered { execution, stage } => (number(execution), Progress::Entered { stage }),
            Happened::ActionEnded { execution, stage, action, status: ActionStatus::Succeeded, .. } => {
                (number(execution), Progress::ActionSucceeded { stage, action })
            }
            Happened::ActionEnded { execution, stage, action, status: ActionStatus::Failed, why: reason, .. } => {
                (number(execution), Progress::ActionFailed { stage, action, why: why(reason) })
            }
            Happened::ApprovalWaits { run, execution, stage, action, .. } => {
                self.told.push_back(Told::WantsApproval { service, run, effort: DECIDE });
                (self.number(service, execution).unwrap_or(self.executions), Progress::ApprovalWanted { stage, action })
            }
            Happened::ExecutionEnded { execution, status, why: reason } => {
                let what = match status {
                    ExecutionStatus::Succeeded => Progress::Succeeded,
                    ExecutionStatus::Superseded => Progress::Superseded { by: newer(reason.as_ref()) },
                    ExecutionStatus::Failed => Progress::Failed { stage: self.stage_of(service, execution) },
                    ExecutionStatus::Stopped | ExecutionStatus::Cancelled => Progress::Stopped,
                    ExecutionStatus::InProgress | ExecutionStatus::Stopping => Progress::Note { what: format!("{status}: {}", why(reason)) },
                };
                (number(execution), what)
            }
            Happened::StageRetried { execution, stage, trigger, .. } => {
                (number(execution), Progress::Note { what: format!("{stage} tried again ({trigger})") })
            }
            Happened::RolledBack { execution, stage, .. } => (number(execution), Progress::Note { what: format!("{stage} rolled back") }),
            Happened::RollbackImpossible { execution, stage } => {
                (number(execution), Progress::Note { what: format!("{stage} cannot be rolled back: nothing succeeded there before") })
            }
            Happened::Condition { execution, stage, condition, status } => {
                let condition = match condition {
                    ConditionType::BeforeEntry => "entry condition",
                    ConditionType::OnSuccess => "success condition",
                    ConditionType::OnFailure => "failure condition",
                };
                (number(execution), Progress::Note { what: format!("{stage}: {condition} {status}") })
            }
            Happened::Transition { stage, disabled } => {
                let what = match disabled {
                    Some(why) => Progress::TransitionDisabled { stage, why },
                    None => Progress::TransitionEnabled { stage },
                };
                (self.executions, what)
            }
            Happened::StageEnded { execution, stage, status: StageStatus::Skipped, .. } => (number(execution), Progress::Skipped { stage }),
            Happened::ExecutionWaits { .. }
            | Happened::StageEnded { .. }
            | Happened::ActionBegan { .. }
            | Happened::ActionEnded { .. }
            | Happened::PipelineUpdated { .. } => return,
        };
        self.told.push_back(Told::Note(Event::Pipeline { service, execution, what }));
    }

    fn stage_of(&self, service: ServiceId, execution: ExecutionId) -> String {
        self.engine(service).and_then(|engine| engine.execution(execution)).map(|view| view.stage).unwrap_or_default()
    }
}

/// What a source action puts out (user guide, "Variables available for pipeline actions"): what it was told to fetch, and the
/// commit that it found.
fn fetched(begin: &BeginAction) -> BTreeMap<String, String> {
    let told = ["BranchName", "FullRepositoryId", "RepositoryName", "ConnectionArn"];
    let mut variables: BTreeMap<String, String> =
        told.iter().filter_map(|key| Some((key.replace("RepositoryId", "RepositoryName"), begin.configuration.get(*key)?.clone()))).collect();
    variables.extend(begin.revision.clone().map(|revision| ("CommitId".to_owned(), revision)));
    variables
}

/// The action that brings a revision to production: the first deployment of the last stage that has one.
fn production_action(pipeline: &Pipeline) -> Option<(String, String)> {
    pipeline.stages.iter().rev().find_map(|stage| {
        let action = stage.actions.iter().find(|action| action.action_type_id.category == Category::Deploy)?;
        Some((stage.name.clone(), action.name.clone()))
    })
}

impl ActionResult {
    /// It went well, and there is no more to say.
    fn succeeded() -> Self {
        Self::Succeeded { summary: String::new(), variables: BTreeMap::new(), artifacts: BTreeMap::new() }
    }

    /// It did not bring what it was to bring.
    const fn not_deployed(why: Sentence) -> Self {
        Self::Failed { why: Some(Why::NotDeployed { why }) }
    }
}
