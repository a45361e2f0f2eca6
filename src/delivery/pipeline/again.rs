//! Once more: retrying a failed stage, rolling a stage back, overriding a condition.
//!
//! A failed stage can be tried again while no other execution entered it ("Configuring stage retry"). A rollback is a
//! new execution of one stage with the artifacts and variables of one that succeeded there, was no rollback itself and
//! ran the pipeline as it is now ("Configuring stage rollback").

use super::definition::{ConditionResult, ExecutionMode, RetryMode};
use super::execution::{Engine, Todo};
use super::outcome::{Event, ExecutionId, Outcome, Refused};
use super::record::{Execution, Place};
use super::status::{ConditionStatus, ConditionType, ExecutionStatus, ExecutionType, RetryTrigger, StageStatus, TriggerType};
use crate::units::SimTime;

impl Engine {
    /// Tries a failed stage again: its failed actions and what comes after them, or all actions. One that failed because
    /// its entry condition was not met is asked again.
    pub fn retry(&mut self, now: SimTime, execution: ExecutionId, stage: &str, mode: RetryMode) -> Result<Outcome, Refused> {
        let at = self.stage_named(stage)?;
        let record = self.resumable(execution, at)?;
        let run = &record.runs[&at];
        let is_gate = run.before_entry.as_ref().is_some_and(super::conditions::ConditionRun::is_unmet);
        if mode == RetryMode::FailedActions && !is_gate && !run.has_failed_actions() {
            return Err(Refused::NotRetryable("it contains no failed actions"));
        }
        self.resume(now, execution, at);
        self.again(now, execution, at, mode, RetryTrigger::ManualStageRetry);
        Ok(self.settle(now))
    }

    /// Tries a stage again that an execution is in.
    pub(super) fn again(&mut self, now: SimTime, execution: ExecutionId, stage: usize, mode: RetryMode, trigger: RetryTrigger) {
        let mut is_gate = false;
        if let Some(run) = self.record_mut(execution).runs.get_mut(&stage) {
            is_gate = run.before_entry.as_ref().is_some_and(super::conditions::ConditionRun::is_unmet);
            run.reset(mode, trigger, now);
        }
        let name = self.stage_name(stage);
        self.out.events.push(Event::StageRetried { execution, stage: name, trigger, mode });
        if is_gate {
            self.gate(now, execution, stage);
        } else {
            self.todo.push_back(Todo::Proceed(execution, stage));
        }
    }

    /// Whether a failed execution can go on where it failed.
    pub(super) fn resumable(&self, execution: ExecutionId, stage: usize) -> Result<&Execution, Refused> {
        let record = self.executions.get(&execution).ok_or(Refused::NoSuchExecution(execution))?;
        if record.version != self.version {
            return Err(Refused::NotRetryable("the pipeline was changed since"));
        }
        let failed = record.runs.get(&stage).is_some_and(|run| run.status == StageStatus::Failed);
        if !failed || record.status != ExecutionStatus::Failed {
            return Err(Refused::NotRetryable("it did not fail"));
        }
        // In PARALLEL mode executions do not know of one another.
        if self.mode() != ExecutionMode::Parallel && self.stages[stage].latest != Some(execution) {
            return Err(Refused::NotLatest);
        }
        self.is_room()?;
        Ok(record)
    }

    fn resume(&mut self, now: SimTime, execution: ExecutionId, stage: usize) {
        let mode = self.mode();
        self.stages[stage].lock.lock(execution, mode);
        let record = self.record_mut(execution);
        (record.status, record.why, record.place, record.updated) = (ExecutionStatus::InProgress, None, Place::In(stage), now);
    }

    /// Lets an execution pass a condition all the same: one that is being asked, or one that made the stage fail.
    pub fn override_condition(&mut self, now: SimTime, execution: ExecutionId, stage: &str, kind: ConditionType) -> Result<Outcome, Refused> {
        let at = self.stage_named(stage)?;
        if kind == ConditionType::OnFailure {
            return Err(Refused::NotOverridable("conditions of failure cannot be"));
        }
        let record = self.executions.get(&execution).ok_or(Refused::NoSuchExecution(execution))?;
        let run = record.runs.get(&at).and_then(|run| run.condition(kind)).ok_or(Refused::NotOverridable("nobody asked it"))?;
        match run.status {
            ConditionStatus::InProgress => {}
            _ if run.is_unmet() && run.result == ConditionResult::Fail => {
                self.resumable(execution, at)?;
                self.resume(now, execution, at);
                if let Some(run) = self.record_mut(execution).runs.get_mut(&at) {
                    (run.status, run.since) = (StageStatus::InProgress, now);
                }
            }
            _ => return Err(Refused::NotOverridable("it does not hold the execution back")),
        }
        let abandoned = self.condition_mut(execution, at, kind).map(|run| run.close(ConditionStatus::Overridden)).unwrap_or_default();
        self.answered(now, execution, at, kind, abandoned);
        Ok(self.settle(now))
    }

    /// Rolls a stage back to an execution that succeeded in it, or to the last one.
    pub fn roll_back(&mut self, now: SimTime, stage: &str, target: Option<ExecutionId>) -> Result<(ExecutionId, Outcome), Refused> {
        let at = self.stage_named(stage)?;
        let target = self.rollback_target(at, target)?;
        self.is_room()?;
        let execution = self.begin_rollback(now, at, target, TriggerType::ManualRollback);
        Ok((execution, self.settle(now)))
    }

    /// What somebody who rolls a stage back wants in it again, by its name: where the latest execution failed, what succeeded last; where
    /// it succeeded, what succeeded before what the stage has now. `None` if there is no such execution of the pipeline as it is.
    pub fn way_back(&self, stage: &str) -> Option<ExecutionId> {
        self.before(self.stage_named(stage).ok()?)
    }

    pub(super) fn before(&self, stage: usize) -> Option<ExecutionId> {
        let succeeded = |record: &Execution| record.runs.get(&stage).is_some_and(|run| run.status == StageStatus::Succeeded);
        let is_target = |record: &&Execution| record.kind() == ExecutionType::Standard && record.version == self.version && succeeded(record);
        let mut targets = self.executions.values().rev().filter(is_target).map(|record| record.id);
        let latest = self.stages[stage].latest.and_then(|latest| self.executions.get(&latest));
        match latest.filter(|latest| succeeded(latest)) {
            Some(latest) => {
                let has = latest.target.unwrap_or(latest.id);
                targets.find(|target| *target < has)
            }
            None => targets.next(),
        }
    }

    /// What a stage can be rolled back to.
    fn rollback_target(&self, stage: usize, wanted: Option<ExecutionId>) -> Result<ExecutionId, Refused> {
        if self.mode() == ExecutionMode::Parallel {
            return Err(Refused::NotRollbackable("the pipeline is in PARALLEL mode"));
        }
        if stage == 0 {
            return Err(Refused::NotRollbackable("it is a stage of sources"));
        }
        if self.stages[stage].lock.holder().is_some() {
            return Err(Refused::NotRollbackable("it is running"));
        }
        let Some(wanted) = wanted else {
            return self.stages[stage].last_standard.ok_or(Refused::NotRollbackable("nothing succeeded in it yet"));
        };
        let record = self.executions.get(&wanted).ok_or(Refused::NoSuchExecution(wanted))?;
        if record.version != self.version {
            return Err(Refused::Outdated);
        }
        if record.kind() == ExecutionType::Rollback {
            return Err(Refused::NotRollbackable("the target is a rollback itself"));
        }
        let succeeded = record.runs.get(&stage).is_some_and(|run| run.status == StageStatus::Succeeded);
        if succeeded { Ok(wanted) } else { Err(Refused::NotRollbackable("the target did not succeed in it")) }
    }

    /// A stage failed whose declaration says to roll back. That goes before whoever waits in front of it.
    pub(super) fn roll_back_by_itself(&mut self, now: SimTime, failed: ExecutionId, stage: usize) {
        if let Ok(target) = self.rollback_target(stage, None) {
            self.begin_rollback(now, stage, target, TriggerType::AutomatedRollback);
        } else {
            let name = self.stage_name(stage);
            self.out.events.push(Event::RollbackImpossible { execution: failed, stage: name });
        }
    }

    fn begin_rollback(&mut self, now: SimTime, stage: usize, target: ExecutionId, trigger: TriggerType) -> ExecutionId {
        let mode = self.mode();
        let from = self.record_mut(target).clone();
        let execution = self.add(Execution {
            target: Some(target),
            trigger,
            trigger_detail: target.to_string(),
            status: ExecutionStatus::InProgress,
            why: None,
            started: now,
            updated: now,
            place: Place::In(stage),
            runs: std::collections::BTreeMap::new(),
            ..from
        });
        let name = self.stage_name(stage);
        self.out.events.push(Event::RolledBack { execution, stage: name, target });
        self.stages[stage].lock.lock(execution, mode);
        self.enter(now, execution, stage);
        execution
    }
}
