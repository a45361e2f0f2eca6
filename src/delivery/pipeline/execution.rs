//! The engine: a pipeline and its executions, moved by what it is told.
//!
//! Each method is something that happened outside, with its time; its answer is what is to be done and what came of it.
//! Times never go back. Equal calls in equal order give equal answers. It knows nothing of builds, deployments, people
//! or clocks, and keeps no timers but says when it wants to be called ([`Engine::next_due`]). How executions move on is
//! in `flow`; retries, rollbacks and overrides are in `again`; what a screen shows is in `view`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::check::Checked;
use super::conditions::Answer;
use super::definition::{ExecutionMode, Stage};
use super::limits;
use super::outcome::{ActionRunId, Event, ExecutionId, Outcome, Refused, RuleRunId, Why, cut};
use super::record::{Execution, Place};
use super::stage_lock::StageLock;
use super::status::{ActionStatus, ConditionStatus, ConditionType, ExecutionStatus, ExecutionType, StageStatus, TriggerType};
use crate::units::SimTime;

/// A pipeline and its executions.
#[derive(Debug, Clone, PartialEq)]
pub struct Engine {
    pub(super) pipeline: Checked,
    /// How often the pipeline was changed, counted from 1.
    pub(super) version: u32,
    pub(super) executions: BTreeMap<ExecutionId, Execution>,
    pub(super) stages: Vec<StageState>,
    /// Actions under way: their execution, stage and place in the stage.
    pub(super) action_runs: BTreeMap<ActionRunId, (ExecutionId, usize, usize)>,
    /// Rules being asked: their execution, stage, condition and place in the condition.
    pub(super) rule_runs: BTreeMap<RuleRunId, (ExecutionId, usize, ConditionType, usize)>,
    /// When something under way counts as failed.
    pub(super) timers: BTreeSet<(SimTime, Timer)>,
    pub(super) last_execution: u32,
    pub(super) last_action: u32,
    pub(super) last_rule: u32,
    /// What is still to be done before a call returns.
    pub(super) todo: VecDeque<Todo>,
    /// What the call at hand answers.
    pub(super) out: Outcome,
}

/// What is remembered of a stage.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct StageState {
    pub(super) lock: StageLock,
    /// Who entered it last.
    pub(super) latest: Option<ExecutionId>,
    /// Who succeeded in it last.
    pub(super) last_succeeded: Option<ExecutionId>,
    /// Who succeeded in it last and was no rollback: where a rollback goes back to.
    pub(super) last_standard: Option<ExecutionId>,
    /// Since when its transition is as it is.
    pub(super) transition_since: SimTime,
}

/// What has a time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Action(ActionRunId),
    Rule(RuleRunId),
}

/// A step that follows from another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Todo {
    /// An execution comes to a stage.
    Arrive(ExecutionId, usize),
    /// A stage may have become free.
    Admit(usize),
    /// The actions of an execution in a stage may have got further.
    Proceed(ExecutionId, usize),
    /// The conditions of an execution in a stage may be answered.
    Decide(ExecutionId, usize, ConditionType),
}

/// How an execution is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// What started it.
    pub trigger: TriggerType,
    /// More about what started it, such as who. Possibly empty.
    pub detail: String,
    /// Revisions that source actions are to fetch, by action. The newest for those that are not here.
    pub revisions: BTreeMap<String, String>,
    /// Values of the pipeline's variables. The default for those that are not here.
    pub variables: BTreeMap<String, String>,
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionResult {
    /// Well.
    Succeeded {
        /// What there is to say, possibly nothing.
        summary: String,
        /// Variables that it put out. Later actions find them if it has a namespace.
        variables: BTreeMap<String, String>,
        /// Revisions of the artifacts that it made, by name; those that it does not declare are left out.
        artifacts: BTreeMap<String, String>,
    },
    /// Badly.
    Failed {
        /// Why, if there is something to say.
        why: Option<Why>,
    },
}

impl Engine {
    /// A pipeline that nobody started yet.
    pub fn new(pipeline: Checked) -> Self {
        let stages = pipeline.get().stages.iter().enumerate().map(|(at, stage)| StageState::declared(at, stage)).collect();
        Self {
            version: pipeline.get().version.unwrap_or(1),
            pipeline,
            executions: BTreeMap::new(),
            stages,
            action_runs: BTreeMap::new(),
            rule_runs: BTreeMap::new(),
            timers: BTreeSet::new(),
            last_execution: 0,
            last_action: 0,
            last_rule: 0,
            todo: VecDeque::new(),
            out: Outcome::default(),
        }
    }

    /// The pipeline.
    pub fn pipeline(&self) -> &Checked {
        &self.pipeline
    }

    /// Starts an execution.
    pub fn start(&mut self, now: SimTime, start: Start) -> Result<(ExecutionId, Outcome), Refused> {
        self.is_room()?;
        let variables = self.variables(start.variables)?;
        let sources = |name: &str| self.pipeline.get().stages.first().is_some_and(|stage| stage.actions.iter().any(|action| action.name == name));
        for (action, revision) in &start.revisions {
            if !sources(action) {
                return Err(Refused::NoSuchSource(action.clone()));
            }
            length("revision", revision, limits::REVISION)?;
        }
        let id = self.add(Execution {
            id: ExecutionId(0),
            target: None,
            version: self.version,
            trigger: start.trigger,
            trigger_detail: start.detail,
            status: ExecutionStatus::InProgress,
            why: None,
            started: now,
            updated: now,
            variables,
            outputs: BTreeMap::new(),
            artifacts: BTreeMap::new(),
            revisions: start.revisions,
            place: Place::Before(0),
            stage: String::new(),
            runs: BTreeMap::new(),
        });
        self.todo.push_back(Todo::Arrive(id, 0));
        Ok((id, self.settle(now)))
    }

    /// An action ended.
    pub fn finish(&mut self, now: SimTime, run: ActionRunId, result: ActionResult) -> Result<Outcome, Refused> {
        let &(execution, stage, at) = self.action_runs.get(&run).ok_or(Refused::NotWaitedFor)?;
        let action = &self.pipeline.get().stages[stage].actions[at];
        if action.is_approval() {
            return Err(Refused::IsApproval);
        }
        match result {
            ActionResult::Failed { why } => self.end_action(now, run, ActionStatus::Failed, why),
            ActionResult::Succeeded { summary, variables, artifacts } => {
                let declared: Vec<&str> = action.output_artifacts.iter().map(|output| output.name.trim()).collect();
                let made = artifacts.into_iter().filter(|(name, _)| declared.contains(&name.as_str()));
                let made: BTreeMap<String, String> = made.map(|(name, revision)| (name, cut(&revision, limits::REVISION))).collect();
                let source = declared.first().and_then(|first| made.get(*first)).filter(|_| stage == 0).map(|revision| (action.name.clone(), revision.clone()));
                let namespace = action.namespace.clone();
                let record = self.record_mut(execution);
                if let Some(namespace) = namespace {
                    let size = |variables: &BTreeMap<String, String>| variables.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
                    let others: usize = record.outputs.iter().filter(|(other, _)| **other != namespace).map(|(_, variables)| size(variables)).sum();
                    if others + size(&variables) > limits::OUTPUT_BYTES {
                        return Err(Refused::TooManyOutputs);
                    }
                    record.outputs.insert(namespace, variables);
                }
                record.artifacts.extend(made);
                record.revisions.extend(source);
                self.end_action(now, run, ActionStatus::Succeeded, Why::said(&summary));
            }
        }
        self.todo.push_back(Todo::Proceed(execution, stage));
        Ok(self.settle(now))
    }

    /// A person approved or rejected.
    pub fn decide_approval(&mut self, now: SimTime, run: ActionRunId, approved: bool, summary: &str) -> Result<Outcome, Refused> {
        let Some(&(execution, stage, at)) = self.action_runs.get(&run) else {
            let is_past =
                self.executions.values().flat_map(|record| record.runs.values()).any(|stage| stage.actions.iter().any(|action| action.run == Some(run)));
            return Err(if is_past { Refused::ApprovalAnswered } else { Refused::NoSuchApproval });
        };
        if !self.pipeline.get().stages[stage].actions[at].is_approval() {
            return Err(Refused::NoSuchApproval);
        }
        let summary = cut(summary, limits::APPROVAL_SUMMARY);
        let (status, why) = match (approved, summary.is_empty()) {
            (true, _) => (ActionStatus::Succeeded, Why::said(&summary)),
            (false, true) => (ActionStatus::Failed, Some(Why::RejectedSilently)),
            (false, false) => (ActionStatus::Failed, Some(Why::Rejected { text: summary })),
        };
        self.end_action(now, run, status, why);
        self.todo.push_back(Todo::Proceed(execution, stage));
        Ok(self.settle(now))
    }

    /// A rule answered.
    pub fn answer(&mut self, now: SimTime, rule: RuleRunId, answer: Answer) -> Result<Outcome, Refused> {
        let (execution, stage, kind, at) = self.forget_rule(rule).ok_or(Refused::NotWaitedFor)?;
        let abandoned = self.condition_mut(execution, stage, kind).map(|run| run.answer(at, answer)).unwrap_or_default();
        self.answered(now, execution, stage, kind, abandoned);
        Ok(self.settle(now))
    }

    /// Lets nothing into a stage any more.
    pub fn disable_transition(&mut self, now: SimTime, stage: &str, reason: &str) -> Result<Outcome, Refused> {
        let at = self.stage_named(stage)?;
        if at == 0 {
            return Err(Refused::NoInboundTransition);
        }
        length("reason", reason, limits::DISABLED_REASON)?;
        self.set_transition(now, at, Some(reason.to_owned()));
        Ok(self.settle(now))
    }

    /// Lets executions into a stage again; who waits goes in.
    pub fn enable_transition(&mut self, now: SimTime, stage: &str) -> Result<Outcome, Refused> {
        let at = self.stage_named(stage)?;
        self.set_transition(now, at, None);
        self.todo.push_back(Todo::Admit(at));
        Ok(self.settle(now))
    }

    fn set_transition(&mut self, now: SimTime, at: usize, disabled: Option<String>) {
        if self.stages[at].lock.disabled() != disabled.as_deref() {
            self.stages[at].transition_since = now;
            self.stages[at].lock.set_disabled(disabled.clone());
            let stage = self.stage_name(at);
            self.out.events.push(Event::Transition { stage, disabled });
        }
    }

    /// Stops an execution: lets what is under way come to its end, or abandons it. Rules that are being asked are not
    /// waited for either way, and neither is a place in front of a stage.
    pub fn stop(&mut self, now: SimTime, execution: ExecutionId, abandon: bool, reason: &str) -> Result<Outcome, Refused> {
        if reason.chars().count() > limits::STOP_REASON {
            return Err(Refused::Length { what: "reason", most: limits::STOP_REASON });
        }
        let record = self.executions.get_mut(&execution).ok_or(Refused::NoSuchExecution(execution))?;
        match record.status {
            ExecutionStatus::InProgress => {}
            ExecutionStatus::Stopping if abandon => {}
            ExecutionStatus::Stopping => return Err(Refused::AlreadyStopping),
            _ => return Err(Refused::NotStoppable),
        }
        record.why = Why::said(reason).or(record.why.take());
        match record.place {
            Place::Over => {}
            Place::Before(stage) => {
                self.stages[stage].lock.leave(execution);
                self.end(now, execution, ExecutionStatus::Stopped, None);
            }
            Place::In(stage) => {
                let status = if abandon { ConditionStatus::Abandoned } else { ConditionStatus::Cancelled };
                self.close_conditions(execution, stage, status);
                if abandon {
                    self.abandon_actions(now, execution, stage);
                }
                let record = self.record_mut(execution);
                record.status = ExecutionStatus::Stopping;
                record.updated = now;
                let why = record.why.clone();
                let is_under_way = record.runs.get(&stage).is_some_and(|run| run.actions.iter().any(|action| action.status == Some(ActionStatus::InProgress)));
                if is_under_way {
                    self.mark_stage(execution, stage, StageStatus::Stopping, None);
                    self.out.events.push(Event::ExecutionEnded { execution, status: ExecutionStatus::Stopping, why });
                } else {
                    self.todo.push_back(Todo::Proceed(execution, stage));
                }
            }
        }
        Ok(self.settle(now))
    }

    /// The pipeline was changed. What was in progress is cancelled, and stages start afresh; transitions stay as they
    /// are for stages that keep their names. (The service cancels only where a stage changed; here it is always.)
    pub fn update(&mut self, now: SimTime, pipeline: Checked) -> Outcome {
        let active: Vec<(ExecutionId, Place)> =
            self.executions.values().filter(|record| record.status.is_active()).map(|record| (record.id, record.place)).collect();
        for (execution, place) in active {
            if let Place::In(stage) = place {
                self.close_conditions(execution, stage, ConditionStatus::Cancelled);
                self.abandon_actions(now, execution, stage);
                self.mark_stage(execution, stage, StageStatus::Cancelled, None);
            }
            self.end(now, execution, ExecutionStatus::Cancelled, None);
        }
        let old = std::mem::take(&mut self.stages);
        let names: Vec<String> = self.pipeline.get().stages.iter().map(|stage| stage.name.clone()).collect();
        self.stages = (pipeline.get().stages.iter().enumerate())
            .map(|(at, stage)| match names.iter().position(|name| *name == stage.name).filter(|_| at > 0) {
                Some(was) => StageState { transition_since: old[was].transition_since, ..StageState::new(old[was].lock.disabled().map(str::to_owned)) },
                None => StageState { transition_since: now, ..StageState::declared(at, stage) },
            })
            .collect();
        for record in self.executions.values_mut() {
            record.runs.clear();
        }
        self.pipeline = pipeline;
        self.version += 1;
        self.out.events.push(Event::PipelineUpdated { version: self.version });
        self.settle(now)
    }

    /// Whether one more execution may be in progress. In SUPERSEDED mode the stages themselves are the bound.
    pub(super) fn is_room(&self) -> Result<(), Refused> {
        let active = || self.executions.values().filter(|record| record.status.is_active()).count();
        if self.mode() != ExecutionMode::Superseded && active() >= limits::CONCURRENT { Err(Refused::TooManyExecutions) } else { Ok(()) }
    }

    /// The pipeline's variables for an execution that is given some.
    fn variables(&self, mut given: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Refused> {
        let mut values = BTreeMap::new();
        for variable in &self.pipeline.get().variables {
            let value = given.remove(&variable.name).or_else(|| variable.default_value.clone());
            let value = value.ok_or_else(|| Refused::VariableWithoutValue(variable.name.clone()))?;
            length("value of a variable", &value, limits::VARIABLE_VALUE)?;
            values.insert(variable.name.clone(), value);
        }
        match given.into_keys().next() {
            Some(unknown) => Err(Refused::NoSuchVariable(unknown)),
            None => Ok(values),
        }
    }

    /// Adds an execution under the next number, and tells of it.
    pub(super) fn add(&mut self, record: Execution) -> ExecutionId {
        self.last_execution += 1;
        let execution = ExecutionId(self.last_execution);
        let (kind, trigger) = (record.kind(), record.trigger);
        self.executions.insert(execution, Execution { id: execution, ..record });
        self.out.events.push(Event::ExecutionStarted { execution, kind, trigger });
        execution
    }

    pub(super) fn mode(&self) -> ExecutionMode {
        self.pipeline.get().mode()
    }

    pub(super) fn stage(&self, at: usize) -> &Stage {
        &self.pipeline.get().stages[at]
    }

    pub(super) fn stage_name(&self, at: usize) -> String {
        self.stage(at).name.clone()
    }

    pub(super) fn stage_named(&self, name: &str) -> Result<usize, Refused> {
        self.pipeline.get().stages.iter().position(|stage| stage.name == name).ok_or_else(|| Refused::NoSuchStage(name.to_owned()))
    }

    /// An execution that is on its way, and therefore remembered.
    pub(super) fn record_mut(&mut self, execution: ExecutionId) -> &mut Execution {
        self.executions.get_mut(&execution).unwrap_or_else(|| panic!("execution {execution} is on its way and was forgotten"))
    }

    /// Whether an execution goes through the pipeline. Rollbacks run their stage's actions and ask no conditions: an
    /// entry condition must not keep a broken stage from being mended, and a rollback is not rolled back (chosen for
    /// Fleetlab; the service does not say).
    pub(super) fn is_standard(&self, execution: ExecutionId) -> bool {
        self.executions.get(&execution).is_some_and(|record| record.kind() == ExecutionType::Standard)
    }
}

impl StageState {
    /// A stage that nobody entered yet, as it is declared. Nothing leads into the first one that could be disabled.
    fn declared(at: usize, stage: &Stage) -> Self {
        Self::new(stage.inbound_disabled.clone().filter(|_| at > 0))
    }

    fn new(disabled: Option<String>) -> Self {
        Self { lock: StageLock::new(disabled), ..Self::default() }
    }
}

impl Start {
    /// Somebody starts it as it is, with the newest of every source.
    pub fn manually() -> Self {
        Self { trigger: TriggerType::StartPipelineExecution, detail: String::new(), revisions: BTreeMap::new(), variables: BTreeMap::new() }
    }
}

fn length(what: &'static str, text: &str, most: usize) -> Result<(), Refused> {
    if (1..=most).contains(&text.chars().count()) { Ok(()) } else { Err(Refused::Length { what, most }) }
}
