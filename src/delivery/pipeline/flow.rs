//! How executions move on: through doors, from action to action, from stage to stage.
//!
//! Every step that follows from another goes through a list of what is still to be done, so that a long queue that
//! fails at once takes no deep stack.

use super::conditions::ConditionRun;
use super::definition::{Action, ConditionResult, EnvironmentVariable, InputArtifact};
use super::execution::{Engine, Timer, Todo};
use super::limits;
use super::outcome::{ActionRunId, AskRule, BeginAction, Effect, Event, ExecutionId, Input, Outcome, RuleRunId, Why};
use super::record::{Execution, Place};
use super::stage_run::{Next, StageRun};
use super::status::{ActionStatus, ConditionStatus, ConditionType, ExecutionStatus, RetryTrigger, StageStatus};
use super::variables::Unresolved;
use crate::units::SimTime;

impl Engine {
    /// Does all that follows, and answers the call.
    pub(super) fn settle(&mut self, now: SimTime) -> Outcome {
        while let Some(step) = self.todo.pop_front() {
            match step {
                Todo::Arrive(execution, stage) => self.arrive(now, execution, stage),
                Todo::Admit(stage) => self.admit(now, stage),
                Todo::Proceed(execution, stage) => self.proceed(now, execution, stage),
                Todo::Decide(execution, stage, kind) => self.decide(now, execution, stage, kind),
            }
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
        while let Some(execution) = self.stages[stage].lock.admit(mode) {
            self.enter(now, execution, stage);
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

    fn begin(&mut self, now: SimTime, execution: ExecutionId, stage: usize, at: usize) {
        let declared = self.stage(stage);
        let action = &declared.actions[at];
        let (stage_name, name) = (declared.name.clone(), action.name.clone());
        let record = &self.executions[&execution];
        let begin = match begin_action(record, &stage_name, action, ActionRunId(self.last_action + 1), now) {
            Ok(begin) => begin,
            Err(unresolved) => {
                let why = Some(Why::Unresolved { reference: unresolved.to_string() });
                if let Some(run) = self.action_mut(execution, stage, at) {
                    (run.run, run.status, run.why, run.since) = (None, Some(ActionStatus::Failed), why.clone(), now);
                }
                self.out.events.push(Event::ActionEnded { run: None, execution, stage: stage_name, action: name, status: ActionStatus::Failed, why });
                return;
            }
        };
        let (run, due, is_approval) = (begin.run, begin.due, action.is_approval());
        self.last_action += 1;
        self.action_runs.insert(run, (execution, stage, at));
        self.timers.insert((due, Timer::Action(run)));
        if let Some(action) = self.action_mut(execution, stage, at) {
            (action.run, action.status, action.why, action.since, action.due) = (Some(run), Some(ActionStatus::InProgress), None, now, Some(due));
        }
        self.out.events.push(Event::ActionBegan { run, execution, stage: stage_name.clone(), action: name.clone() });
        if is_approval {
            self.out.events.push(Event::ApprovalWaits { run, execution, stage: stage_name, action: name, configuration: begin.configuration, due });
        } else {
            self.out.effects.push(Effect::BeginAction(begin));
        }
    }

    /// An action under way ended.
    pub(super) fn end_action(&mut self, now: SimTime, run: ActionRunId, status: ActionStatus, why: Option<Why>) {
        let Some((execution, stage, at)) = self.action_runs.remove(&run) else { return };
        let declared = self.stage(stage);
        let (stage_name, name) = (declared.name.clone(), declared.actions[at].name.clone());
        let mut due = None;
        if let Some(action) = self.action_mut(execution, stage, at) {
            due = action.due.take();
            (action.status, action.why, action.since) = (Some(status), why.clone(), now);
        }
        if let Some(due) = due {
            self.timers.remove(&(due, Timer::Action(run)));
        }
        self.record_mut(execution).updated = now;
        self.out.events.push(Event::ActionEnded { run: Some(run), execution, stage: stage_name, action: name, status, why });
    }

    /// Waits for no action of an execution any more.
    pub(super) fn abandon_actions(&mut self, now: SimTime, execution: ExecutionId, stage: usize) {
        let under_way = self.action_runs.iter().filter(|(_, place)| (place.0, place.1) == (execution, stage)).map(|(run, place)| (*run, place.2));
        let under_way: Vec<(ActionRunId, usize)> = under_way.collect();
        for (run, at) in under_way {
            if !self.stage(stage).actions[at].is_approval() {
                self.out.effects.push(Effect::AbandonAction { run });
            }
            self.end_action(now, run, ActionStatus::Abandoned, None);
        }
    }

    fn actions_failed(&mut self, now: SimTime, execution: ExecutionId, stage: usize, failed: &[usize]) {
        let declared = self.stage(stage);
        let names: Vec<&str> = failed.iter().map(|at| declared.actions[*at].name.as_str()).collect();
        let why = Why::ActionsFailed { actions: names.join(", ") };
        let Some(failure) = declared.on_failure.as_ref().filter(|_| self.is_standard(execution)) else {
            return self.fail(now, execution, stage, why, false);
        };
        let (result, is_asked) = (failure.result, !failure.conditions.is_empty());
        let mode = failure.retry_configuration.as_ref().map_or(super::definition::RetryMode::FailedActions, super::definition::RetryConfiguration::mode);
        let retries = self.executions[&execution].runs[&stage].automatic_retries;
        if result == Some(ConditionResult::Retry) && retries < limits::AUTOMATIC_RETRIES {
            self.again(now, execution, stage, mode, RetryTrigger::AutomatedStageRetry);
        } else if is_asked {
            if self.condition_mut(execution, stage, ConditionType::OnFailure).is_none() {
                self.ask(now, execution, stage, ConditionType::OnFailure);
            }
        } else {
            self.fail(now, execution, stage, why, result == Some(ConditionResult::Rollback));
        }
    }

    /// Asks the rules of a condition.
    fn ask(&mut self, now: SimTime, execution: ExecutionId, stage: usize, kind: ConditionType) {
        let declared = self.stage(stage);
        let (conditions, otherwise) = match kind {
            ConditionType::BeforeEntry => (declared.before_entry.as_ref().map(|conditions| &conditions.conditions), ConditionResult::Fail),
            ConditionType::OnSuccess => (declared.on_success.as_ref().map(|conditions| &conditions.conditions), ConditionResult::Fail),
            ConditionType::OnFailure => (declared.on_failure.as_ref().map(|conditions| &conditions.conditions), ConditionResult::Rollback),
        };
        let Some(condition) = conditions.and_then(|conditions| conditions.first()) else {
            // Conditions of which none is written are met.
            let met = ConditionRun::new(&super::definition::Condition { result: None, rules: Vec::new() }, otherwise);
            return self.asked(execution, stage, kind, met, Vec::new(), Vec::new());
        };
        let mut run = ConditionRun::new(condition, otherwise);
        let mut questions = Vec::new();
        let mut unresolved = None;
        let record = &self.executions[&execution];
        for (n, rule) in condition.rules.iter().enumerate() {
            let id = RuleRunId(self.last_rule + 1 + n as u32);
            let due = run.ask(rule, id, now);
            let filled =
                record.resolving(|variables| Ok::<_, Unresolved>((variables.resolve_all(&rule.configuration)?, variables.resolve_each(&rule.commands)?)));
            match filled {
                Ok((configuration, commands)) => questions.push(AskRule {
                    rule: id,
                    execution,
                    stage: declared.name.clone(),
                    condition: kind,
                    name: rule.name.clone(),
                    kind: rule.rule_type_id.clone(),
                    configuration,
                    commands,
                    inputs: inputs(record, &rule.input_artifacts),
                    due,
                }),
                Err(reference) => {
                    unresolved.get_or_insert((n, reference));
                }
            }
        }
        let ids: Vec<RuleRunId> = run.rules.iter().map(|rule| rule.run).collect();
        if let Some((at, reference)) = unresolved {
            // What cannot be asked decides at once, so nothing is asked.
            let summary = Why::Unresolved { reference: reference.to_string() }.to_string();
            run.answer(at, super::conditions::Answer::Errored { summary });
            questions.clear();
        }
        self.asked(execution, stage, kind, run, ids, questions);
    }

    fn asked(&mut self, execution: ExecutionId, stage: usize, kind: ConditionType, run: ConditionRun, ids: Vec<RuleRunId>, questions: Vec<AskRule>) {
        self.last_rule += ids.len() as u32;
        for (at, question) in questions.iter().enumerate() {
            self.rule_runs.insert(question.rule, (execution, stage, kind, at));
            self.timers.insert((question.due, Timer::Rule(question.rule)));
        }
        let name = self.stage_name(stage);
        self.out.events.push(Event::Condition { execution, stage: name, condition: kind, status: run.status });
        self.out.effects.extend(questions.into_iter().map(Effect::AskRule));
        if let Some(here) = self.record_mut(execution).runs.get_mut(&stage) {
            *here.condition_mut(kind) = Some(run);
        }
        self.todo.push_back(Todo::Decide(execution, stage, kind));
    }

    /// A rule answered, and these others are not waited for any more.
    pub(super) fn answered(&mut self, now: SimTime, execution: ExecutionId, stage: usize, kind: ConditionType, abandoned: Vec<RuleRunId>) {
        self.abandon_rules(abandoned);
        self.record_mut(execution).updated = now;
        if let Some(status) = self.condition_mut(execution, stage, kind).map(|run| run.status)
            && status != ConditionStatus::InProgress
        {
            let name = self.stage_name(stage);
            self.out.events.push(Event::Condition { execution, stage: name, condition: kind, status });
            self.todo.push_back(Todo::Decide(execution, stage, kind));
        }
    }

    /// Ends the conditions that are being asked.
    pub(super) fn close_conditions(&mut self, execution: ExecutionId, stage: usize, status: ConditionStatus) {
        for kind in [ConditionType::BeforeEntry, ConditionType::OnSuccess, ConditionType::OnFailure] {
            let Some(run) = self.condition_mut(execution, stage, kind).filter(|run| run.status == ConditionStatus::InProgress) else { continue };
            let abandoned = run.close(status);
            self.abandon_rules(abandoned);
            let name = self.stage_name(stage);
            self.out.events.push(Event::Condition { execution, stage: name, condition: kind, status });
        }
    }

    pub(super) fn abandon_rules(&mut self, rules: Vec<RuleRunId>) {
        for rule in rules {
            if self.forget_rule(rule).is_some() {
                self.out.effects.push(Effect::AbandonRule { rule });
            }
        }
    }

    /// Waits for a rule no more; says where it belonged.
    pub(super) fn forget_rule(&mut self, rule: RuleRunId) -> Option<(ExecutionId, usize, ConditionType, usize)> {
        let (execution, stage, kind, at) = self.rule_runs.remove(&rule)?;
        if let Some(due) = self.condition_mut(execution, stage, kind).and_then(|run| run.rules.get(at)).map(|rule| rule.due) {
            self.timers.remove(&(due, Timer::Rule(rule)));
        }
        Some((execution, stage, kind, at))
    }

    fn decide(&mut self, now: SimTime, execution: ExecutionId, stage: usize, kind: ConditionType) {
        let Some(run) = self.condition_mut(execution, stage, kind) else { return };
        let (status, result) = (run.status, run.result);
        let failing = run.rules.iter().enumerate().filter(|(_, rule)| rule.status == super::status::RuleStatus::Failed).map(|(at, _)| at);
        let failing: Vec<usize> = failing.collect();
        match status {
            ConditionStatus::InProgress | ConditionStatus::Cancelled | ConditionStatus::Abandoned => {}
            ConditionStatus::Succeeded | ConditionStatus::Overridden => match kind {
                ConditionType::BeforeEntry => self.todo.push_back(Todo::Proceed(execution, stage)),
                ConditionType::OnSuccess => self.succeed(now, execution, stage),
                ConditionType::OnFailure => self.fail_by_actions(now, execution, stage, false),
            },
            ConditionStatus::Failed | ConditionStatus::Errored => match (kind, result) {
                (ConditionType::OnFailure, _) => self.fail_by_actions(now, execution, stage, result == ConditionResult::Rollback),
                (ConditionType::BeforeEntry, ConditionResult::Skip) => self.pass(now, execution, stage, StageStatus::Skipped),
                _ => {
                    let why = Why::NotMet { rules: self.rule_names(stage, kind, &failing) };
                    self.fail(now, execution, stage, why, result == ConditionResult::Rollback);
                }
            },
        }
    }

    fn rule_names(&self, stage: usize, kind: ConditionType, rules: &[usize]) -> String {
        let declared = self.stage(stage);
        let conditions = match kind {
            ConditionType::BeforeEntry => declared.before_entry.as_ref().map(|conditions| &conditions.conditions),
            ConditionType::OnSuccess => declared.on_success.as_ref().map(|conditions| &conditions.conditions),
            ConditionType::OnFailure => declared.on_failure.as_ref().map(|conditions| &conditions.conditions),
        };
        let declared = conditions.and_then(|conditions| conditions.first()).map_or(&[] as &[_], |condition| &condition.rules);
        let names: Vec<&str> = rules.iter().filter_map(|at| declared.get(*at)).map(|rule| rule.name.as_str()).collect();
        names.join(", ")
    }

    fn fail_by_actions(&mut self, now: SimTime, execution: ExecutionId, stage: usize, rollback: bool) {
        let declared = self.stage(stage);
        let runs = self.executions[&execution].runs[&stage].actions.iter().zip(&declared.actions);
        let names: Vec<&str> = runs.filter(|(run, _)| run.status == Some(ActionStatus::Failed)).map(|(_, action)| action.name.as_str()).collect();
        let why = Why::ActionsFailed { actions: names.join(", ") };
        self.fail(now, execution, stage, why, rollback);
    }

    /// A stage failed, and with it the execution. A failure releases the stage's lock.
    fn fail(&mut self, now: SimTime, execution: ExecutionId, stage: usize, why: Why, rollback: bool) {
        self.leave_stage(now, execution, stage, StageStatus::Failed, Some(why), ExecutionStatus::Failed);
        if rollback {
            self.roll_back_by_itself(now, execution, stage);
        }
    }

    fn succeed(&mut self, now: SimTime, execution: ExecutionId, stage: usize) {
        self.stages[stage].last_succeeded = Some(execution);
        if self.is_standard(execution) {
            self.stages[stage].last_standard = Some(execution);
        }
        self.pass(now, execution, stage, StageStatus::Succeeded);
    }

    /// An execution is through with a stage, and goes to the next one if there is one for it.
    fn pass(&mut self, now: SimTime, execution: ExecutionId, stage: usize, status: StageStatus) {
        self.mark_stage(execution, stage, status, None);
        self.stages[stage].lock.leave(execution);
        if self.is_standard(execution) && stage + 1 < self.stages.len() {
            self.todo.push_back(Todo::Arrive(execution, stage + 1));
        } else {
            self.end(now, execution, ExecutionStatus::Succeeded, None);
        }
        self.todo.push_back(Todo::Admit(stage));
    }

    fn leave_stage(&mut self, now: SimTime, execution: ExecutionId, stage: usize, status: StageStatus, why: Option<Why>, ends: ExecutionStatus) {
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

    pub(super) fn condition_mut(&mut self, execution: ExecutionId, stage: usize, kind: ConditionType) -> Option<&mut ConditionRun> {
        self.executions.get_mut(&execution)?.runs.get_mut(&stage)?.condition_mut(kind).as_mut()
    }

    fn action_mut(&mut self, execution: ExecutionId, stage: usize, at: usize) -> Option<&mut super::stage_run::ActionRun> {
        self.executions.get_mut(&execution)?.runs.get_mut(&stage)?.actions.get_mut(at)
    }
}

/// Artifacts that are read, with their revisions.
fn inputs(record: &Execution, declared: &[InputArtifact]) -> Vec<Input> {
    declared.iter().map(|input| Input { name: input.name.clone(), revision: record.artifacts.get(&input.name).cloned() }).collect()
}

/// An action with everything that it needs.
fn begin_action(record: &Execution, stage: &str, action: &Action, run: ActionRunId, now: SimTime) -> Result<BeginAction, Unresolved> {
    record.resolving(|variables| {
        let environment = action.environment_variables.iter().map(|variable| {
            let value = variables.resolve(&variable.value)?;
            Ok(EnvironmentVariable { value, ..variable.clone() })
        });
        Ok(BeginAction {
            run,
            execution: record.id,
            stage: stage.to_owned(),
            action: action.name.clone(),
            kind: action.action_type_id.clone(),
            region: action.region.clone(),
            configuration: variables.resolve_all(&action.configuration)?,
            commands: variables.resolve_each(&action.commands)?,
            environment: environment.collect::<Result<_, Unresolved>>()?,
            inputs: inputs(record, &action.input_artifacts),
            outputs: action.output_artifacts.iter().map(|output| output.name.clone()).collect(),
            revision: record.revisions.get(&action.name).filter(|_| action.action_type_id.category == super::definition::Category::Source).cloned(),
            due: now + action.time_limit(),
        })
    })
}
