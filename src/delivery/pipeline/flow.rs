//! How executions move on: through doors, and from stage to stage.
//!
//! Every step that follows from another goes through a list of what is still to be done, so that a long queue that
//! fails at once takes no deep stack.

use super::execution::{Engine, Todo};
use super::limits;
use super::outcome::{Event, ExecutionId, Outcome, Why};
use super::record::Place;
use super::stage_run::{Next, StageRun};
use super::status::{ConditionType, ExecutionStatus, StageStatus};
use crate::units::SimTime;

impl Engine {
    /// Does all that follows, and answers the call.
    pub(super) fn settle(&mut self, now: SimTime) -> Outcome {
        while let Some(step) = self.todo.pop_front() {
            // What follows from a step comes before what was to be done after it.
            let mut later = std::mem::take(&mut self.todo);
            match step {
                Todo::Arrive(execution, stage) => self.arrive(now, execution, stage),
                Todo::Admit(stage) => self.admit(now, stage),
                Todo::Proceed(execution, stage) => self.proceed(now, execution, stage),
                Todo::Decide(execution, stage, kind) => self.decide(now, execution, stage, kind),
            }
            self.todo.append(&mut later);
        }
        self.forget();
        std::mem::take(&mut self.out)
    }

    fn arrive(&mut self, now: SimTime, execution: ExecutionId, stage: usize) {
        let (mode, name) = (self.mode(), self.stage_name(stage));
        let record = self.record_mut(execution);
        (record.place, record.updated, record.stage) = (Place::Before(stage), now, name.clone());
        let superseded = self.stages[stage].lock.arrive(execution, mode);
        if let Some(other) = superseded {
            let newer = if other == execution { self.stages[stage].lock.waiting().next() } else { Some(execution) };
            let why = newer.map(|newer| Why::SupersededBy { execution: newer.to_string() });
            self.end(now, other, ExecutionStatus::Superseded, why);
        }
        self.admit(now, stage);
        if self.stages[stage].lock.holds_back(execution) {
            let waits_for = self.stages[stage].lock.waits_for();
            self.out.events.push(Event::ExecutionWaits { execution, stage: name, waits_for });
        }
    }

    fn admit(&mut self, now: SimTime, stage: usize) {
        let mode = self.mode();
        if let Some(execution) = self.stages[stage].lock.admit(mode) {
            self.enter(now, execution, stage);
            self.todo.push_back(Todo::Admit(stage));
        }
    }

    /// An execution is in a stage now; the stage is locked already.
    pub(super) fn enter(&mut self, now: SimTime, execution: ExecutionId, stage: usize) {
        self.stages[stage].latest = Some(execution);
        let (run, name) = (StageRun::new(self.stage(stage), now), self.stage_name(stage));
        let record = self.record_mut(execution);
        (record.place, record.updated, record.stage) = (Place::In(stage), now, name.clone());
        record.runs.insert(stage, run);
        self.out.events.push(Event::StageEntered { execution, stage: name });
        self.gate(now, execution, stage);
    }

    /// Asks the conditions of entry, if there are any, or begins.
    pub(super) fn gate(&mut self, now: SimTime, execution: ExecutionId, stage: usize) {
        if self.is_standard(execution) && self.stage(stage).before_entry.is_some() {
            self.ask(now, execution, stage, ConditionType::BeforeEntry);
        } else {
            self.todo.push_back(Todo::Proceed(execution, stage));
        }
    }

    fn proceed(&mut self, now: SimTime, execution: ExecutionId, stage: usize) {
        let Some(record) = self.executions.get(&execution) else { return };
        let Some(run) = record.runs.get(&stage).filter(|run| run.status.is_active()) else { return };
        match run.next(self.stage(stage)) {
            Next::Wait => {}
            _ if record.status == ExecutionStatus::Stopping => self.leave_stage(now, execution, stage, StageStatus::Stopped, None, ExecutionStatus::Stopped),
            Next::Begin(actions) => {
                for at in actions {
                    self.begin(now, execution, stage, at);
                }
                // An action whose variables cannot be filled in has failed already.
                self.todo.push_back(Todo::Proceed(execution, stage));
            }
            Next::Succeeded if self.is_standard(execution) && self.stage(stage).on_success.is_some() => {
                if self.condition_mut(execution, stage, ConditionType::OnSuccess).is_none() {
                    self.ask(now, execution, stage, ConditionType::OnSuccess);
                }
            }
            Next::Succeeded => self.succeed(now, execution, stage),
            Next::Failed(failed) => self.actions_failed(now, execution, stage, &failed),
        }
    }

    /// A stage failed, and with it the execution. A failure releases the stage's lock.
    pub(super) fn fail(&mut self, now: SimTime, execution: ExecutionId, stage: usize, why: Why, rollback: bool) {
        self.leave_stage(now, execution, stage, StageStatus::Failed, Some(why), ExecutionStatus::Failed);
        if rollback {
            self.roll_back_by_itself(now, execution, stage);
        }
    }

    pub(super) fn succeed(&mut self, now: SimTime, execution: ExecutionId, stage: usize) {
        self.stages[stage].last_succeeded = Some(execution);
        if self.is_standard(execution) {
            self.stages[stage].last_standard = Some(execution);
        }
        self.pass(now, execution, stage, StageStatus::Succeeded);
    }

    /// An execution is through with a stage, and goes to the next one if there is one for it.
    pub(super) fn pass(&mut self, now: SimTime, execution: ExecutionId, stage: usize, status: StageStatus) {
        self.mark_stage(execution, stage, status, None);
        self.stages[stage].lock.leave(execution);
        if self.is_standard(execution) && stage + 1 < self.stages.len() {
            self.todo.push_back(Todo::Arrive(execution, stage + 1));
        } else {
            self.end(now, execution, ExecutionStatus::Succeeded, None);
        }
        self.todo.push_back(Todo::Admit(stage));
    }

    pub(super) fn leave_stage(&mut self, now: SimTime, execution: ExecutionId, stage: usize, status: StageStatus, why: Option<Why>, ends: ExecutionStatus) {
        self.mark_stage(execution, stage, status, why.clone());
        self.stages[stage].lock.leave(execution);
        self.end(now, execution, ends, why);
        self.todo.push_back(Todo::Admit(stage));
    }

    /// Notes how a stage stands for an execution.
    pub(super) fn mark_stage(&mut self, execution: ExecutionId, stage: usize, status: StageStatus, why: Option<Why>) {
        if let Some(run) = self.record_mut(execution).runs.get_mut(&stage) {
            run.status = status;
        }
        let stage = self.stage_name(stage);
        self.out.events.push(Event::StageEnded { execution, stage, status, why });
    }

    /// An execution ended.
    pub(super) fn end(&mut self, now: SimTime, execution: ExecutionId, status: ExecutionStatus, why: Option<Why>) {
        let record = self.record_mut(execution);
        record.why = why.or(record.why.take());
        (record.status, record.place, record.updated) = (status, Place::Over, now);
        let why = record.why.clone();
        self.out.events.push(Event::ExecutionEnded { execution, status, why });
    }

    /// Forgets the oldest executions that are over, beyond as many as are remembered. Those that a stage still shows or
    /// may go back to stay.
    fn forget(&mut self) {
        if self.executions.len() <= limits::REMEMBERED {
            return;
        }
        let pinned = |id: &ExecutionId| self.stages.iter().any(|stage| [stage.latest, stage.last_succeeded, stage.last_standard].contains(&Some(*id)));
        let surplus = self.executions.len() - limits::REMEMBERED;
        let oldest: Vec<ExecutionId> =
            self.executions.values().filter(|record| record.place == Place::Over && !pinned(&record.id)).map(|record| record.id).take(surplus).collect();
        for execution in oldest {
            self.executions.remove(&execution);
        }
    }
}
