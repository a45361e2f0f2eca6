//! The actions of a stage: beginning them, ending them, and what follows when one failed.

use super::definition::{Action, ActionTypeId, Category, ConditionResult, EnvironmentVariable, InputArtifact, RetryConfiguration, RetryMode};
use super::execution::{Engine, Timer};
use super::limits;
use super::outcome::{ActionRunId, BeginAction, Effect, Event, ExecutionId, Input, Why};
use super::providers::{self, Known};
use super::record::Execution;
use super::stage_run::ActionRun;
use super::status::{ActionStatus, ConditionType, RetryTrigger};
use super::variables::Unresolved;
use crate::units::SimTime;

impl Engine {
    pub(super) fn begin(&mut self, now: SimTime, execution: ExecutionId, stage: usize, at: usize) {
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
                self.out.effects.push(Effect::AbandonAction { run, timed_out: false });
            }
            self.end_action(now, run, ActionStatus::Abandoned, None);
        }
    }

    pub(super) fn actions_failed(&mut self, now: SimTime, execution: ExecutionId, stage: usize, failed: &[usize]) {
        let declared = self.stage(stage);
        let names: Vec<&str> = failed.iter().map(|at| declared.actions[*at].name.as_str()).collect();
        let why = Why::ActionsFailed { actions: names.join(", ") };
        let Some(failure) = declared.on_failure.as_ref().filter(|_| self.is_standard(execution)) else {
            return self.fail(now, execution, stage, why, false);
        };
        let (result, is_asked) = (failure.result, !failure.conditions.is_empty());
        let mode = failure.retry_configuration.as_ref().map_or(RetryMode::FailedActions, RetryConfiguration::mode);
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

    pub(super) fn fail_by_actions(&mut self, now: SimTime, execution: ExecutionId, stage: usize, rollback: bool) {
        let declared = self.stage(stage);
        let runs = self.executions[&execution].runs[&stage].actions.iter().zip(&declared.actions);
        let names: Vec<&str> = runs.filter(|(run, _)| run.status == Some(ActionStatus::Failed)).map(|(_, action)| action.name.as_str()).collect();
        let why = Why::ActionsFailed { actions: names.join(", ") };
        self.fail(now, execution, stage, why, rollback);
    }

    fn action_mut(&mut self, execution: ExecutionId, stage: usize, at: usize) -> Option<&mut ActionRun> {
        self.executions.get_mut(&execution)?.runs.get_mut(&stage)?.actions.get_mut(at)
    }
}

/// Artifacts that are read, with their revisions. Spaces around a name are not meant ([`super::check`] says so).
pub(super) fn inputs(record: &Execution, declared: &[InputArtifact]) -> Vec<Input> {
    let names = declared.iter().map(|input| input.name.trim());
    names.map(|name| Input { name: name.to_owned(), revision: record.artifacts.get(name).cloned() }).collect()
}

/// What an action does, its provider by its right name.
fn kind(action: &Action) -> ActionTypeId {
    let declared = &action.action_type_id;
    match providers::known(declared) {
        Known::TakenFor(provider) => ActionTypeId { provider: provider.name.to_owned(), ..declared.clone() },
        Known::Exactly(_) | Known::Custom | Known::Unknown => declared.clone(),
    }
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
            kind: kind(action),
            region: action.region.clone(),
            configuration: variables.resolve_all(&action.configuration)?,
            commands: variables.resolve_each(&action.commands)?,
            environment: environment.collect::<Result<_, Unresolved>>()?,
            inputs: inputs(record, &action.input_artifacts),
            outputs: action.output_artifacts.iter().map(|output| output.name.trim().to_owned()).collect(),
            revision: record.revisions.get(&action.name).filter(|_| action.action_type_id.category == Category::Source).cloned(),
            due: now + action.time_limit(),
        })
    })
}
