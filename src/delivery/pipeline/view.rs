//! What a screen shows of a pipeline: its stages as `get-pipeline-state` has them, and its executions as
//! `list-pipeline-executions` has them.
//!
//! Owned, serialisable and read only; nothing here changes an engine.

use std::collections::BTreeMap;

use serde::Serialize;

use super::conditions;
use super::definition::{ActionTypeId, Stage};
use super::execution::Engine;
use super::outcome::{ActionRunId, ExecutionId, Why};
use super::record::{Execution, Place};
use super::stage_run::StageRun;
use super::status::{ActionStatus, ConditionStatus, ConditionType, ExecutionStatus, ExecutionType, RetryTrigger, RuleStatus, StageStatus, TriggerType};
use crate::units::SimTime;

/// A stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageView {
    /// Its name.
    pub name: String,
    /// Whether executions may enter it.
    pub transition: TransitionView,
    /// Who waits in front of it, the first to enter first.
    pub inbound: Vec<ExecutionId>,
    /// Who is in it or was in it last, and how that stands.
    pub latest: Option<StageExecution>,
    /// Who succeeded in it last.
    pub last_succeeded: Option<ExecutionId>,
    /// What somebody who rolls it back wants in it again.
    pub way_back: Option<ExecutionId>,
    /// Whether who was in it last can try again.
    pub retryable: bool,
    /// How often it was tried again.
    pub retries: RetryView,
    /// Its conditions, as far as they were asked.
    pub conditions: Vec<ConditionView>,
    /// Its actions.
    pub actions: Vec<ActionView>,
}

/// Whether executions may enter a stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TransitionView {
    /// Whether they may.
    pub enabled: bool,
    /// Why not.
    pub disabled_reason: Option<String>,
    /// Since when it is so.
    pub since: SimTime,
}

/// An execution in a stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageExecution {
    /// Which.
    pub execution: ExecutionId,
    /// How the stage stands for it.
    pub status: StageStatus,
    /// Through the pipeline or of this stage.
    pub kind: ExecutionType,
    /// When it entered or last tried again.
    pub since: SimTime,
}

/// How often a stage was tried again.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RetryView {
    /// By itself.
    pub automatic: u32,
    /// By somebody.
    pub manual: u32,
    /// By whom last.
    pub latest: Option<RetryTrigger>,
}

/// The conditions of a stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConditionView {
    /// Which.
    pub kind: ConditionType,
    /// How they stand.
    pub status: ConditionStatus,
    /// Whether somebody can override them now.
    pub overridable: bool,
    /// Their rules: name, state, and what was said.
    pub rules: Vec<(String, RuleStatus, Option<Why>)>,
}

/// An action of a stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionView {
    /// Its name.
    pub name: String,
    /// What it does, and who does it.
    pub kind: ActionTypeId,
    /// When it is its turn.
    pub run_order: u32,
    /// How it stands; `None` if it is not its turn yet.
    pub status: Option<ActionStatus>,
    /// Its latest run. While an approval waits, this is what the answer names.
    pub run: Option<ActionRunId>,
    /// Why it ended so, if there is something to say.
    pub why: Option<Why>,
    /// When its state last changed.
    pub since: Option<SimTime>,
    /// When it counts as failed, while it is under way.
    pub due: Option<SimTime>,
}

/// An execution.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExecutionView {
    /// Which.
    pub id: ExecutionId,
    /// How it stands.
    pub status: ExecutionStatus,
    /// Why, if there is something to say.
    pub why: Option<Why>,
    /// Through the pipeline or of one stage.
    pub kind: ExecutionType,
    /// For a rollback, where it goes back to.
    pub target: Option<ExecutionId>,
    /// What started it.
    pub trigger: TriggerType,
    /// More about what started it.
    pub trigger_detail: String,
    /// Source revisions, by action.
    pub revisions: BTreeMap<String, String>,
    /// The pipeline's variables.
    pub variables: BTreeMap<String, String>,
    /// When it began.
    pub started: SimTime,
    /// When it last changed.
    pub updated: SimTime,
    /// The version of the pipeline that it runs.
    pub version: u32,
    /// The stage that it is in front of, in, or was in last.
    pub stage: String,
    /// Whether it waits in front of that stage.
    pub waits: bool,
}

impl Engine {
    /// How often the pipeline was changed, counted from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The stages, each with who is in it or was in it last. In PARALLEL mode that is only the latest of many:
    /// [`Engine::stages_of`] has each execution's own.
    pub fn stages(&self) -> Vec<StageView> {
        (0..self.stages.len()).map(|at| self.stage_view(at, self.stages[at].latest)).collect()
    }

    /// The stages as one execution has passed them.
    pub fn stages_of(&self, execution: ExecutionId) -> Option<Vec<StageView>> {
        let record = self.executions.get(&execution)?;
        Some((0..self.stages.len()).map(|at| self.stage_view(at, record.runs.contains_key(&at).then_some(execution))).collect())
    }

    /// The executions that are remembered, the newest first.
    pub fn executions(&self) -> impl Iterator<Item = ExecutionView> {
        self.executions.values().rev().map(execution_view)
    }

    /// One execution.
    pub fn execution(&self, execution: ExecutionId) -> Option<ExecutionView> {
        self.executions.get(&execution).map(execution_view)
    }

    fn stage_view(&self, at: usize, shown: Option<ExecutionId>) -> StageView {
        let (declared, state) = (self.stage(at), &self.stages[at]);
        let record = shown.and_then(|execution| self.executions.get(&execution));
        let run = record.and_then(|record| record.runs.get(&at));
        let resumable = shown.is_some_and(|execution| self.resumable(execution, at).is_ok());
        StageView {
            name: declared.name.clone(),
            transition: TransitionView {
                enabled: state.lock.disabled().is_none(),
                disabled_reason: state.lock.disabled().map(str::to_owned),
                since: state.transition_since,
            },
            inbound: state.lock.waiting().collect(),
            latest: record.zip(run).map(|(record, run)| StageExecution { execution: record.id, status: run.status, kind: record.kind(), since: run.since }),
            last_succeeded: state.last_succeeded,
            way_back: self.before(at),
            retryable: resumable,
            retries: run.map(|run| RetryView { automatic: run.automatic_retries, manual: run.manual_retries, latest: run.latest_retry }).unwrap_or_default(),
            conditions: run.map(|run| condition_views(declared, run, resumable)).unwrap_or_default(),
            actions: action_views(declared, run),
        }
    }
}

fn action_views(declared: &Stage, run: Option<&StageRun>) -> Vec<ActionView> {
    let view = |(at, action): (usize, &super::definition::Action)| {
        let run = run.and_then(|run| run.actions.get(at)).filter(|run| run.status.is_some());
        ActionView {
            name: action.name.clone(),
            kind: action.action_type_id.clone(),
            run_order: action.run_order,
            status: run.and_then(|run| run.status),
            run: run.and_then(|run| run.run),
            why: run.and_then(|run| run.why.clone()),
            since: run.map(|run| run.since),
            due: run.and_then(|run| run.due),
        }
    };
    declared.actions.iter().enumerate().map(view).collect()
}

fn condition_views(declared: &Stage, run: &StageRun, resumable: bool) -> Vec<ConditionView> {
    let view = |kind: ConditionType| {
        let asked = run.condition(kind)?;
        let names = conditions::declared(declared, kind).map_or(&[] as &[_], |condition| &condition.rules).iter().map(|rule| rule.name.clone());
        let blocks = asked.is_unmet() && asked.result == super::definition::ConditionResult::Fail && resumable;
        Some(ConditionView {
            kind,
            status: asked.status,
            overridable: kind != ConditionType::OnFailure && (asked.status == ConditionStatus::InProgress || blocks),
            rules: names.zip(&asked.rules).map(|(name, rule)| (name, rule.status, rule.why.clone())).collect(),
        })
    };
    [ConditionType::BeforeEntry, ConditionType::OnSuccess, ConditionType::OnFailure].into_iter().filter_map(view).collect()
}

fn execution_view(record: &Execution) -> ExecutionView {
    ExecutionView {
        id: record.id,
        status: record.status,
        why: record.why.clone(),
        kind: record.kind(),
        target: record.target,
        trigger: record.trigger,
        trigger_detail: record.trigger_detail.clone(),
        revisions: record.revisions.clone(),
        variables: record.variables.clone(),
        started: record.started,
        updated: record.updated,
        version: record.version,
        stage: record.stage.clone(),
        waits: matches!(record.place, Place::Before(_)),
    }
}
