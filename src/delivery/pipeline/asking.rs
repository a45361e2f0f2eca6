//! The conditions of a stage: asking their rules, and what follows from the answers.

use super::acting::inputs;
use super::conditions::{Answer, ConditionRun, declared};
use super::definition::{Condition, ConditionResult};
use super::execution::{Engine, Timer, Todo};
use super::outcome::{AskRule, Effect, Event, ExecutionId, RuleRunId, Why};
use super::status::{ConditionStatus, ConditionType, RuleStatus, StageStatus};
use super::variables::Unresolved;
use crate::units::SimTime;

impl Engine {
    /// Asks the rules of a condition.
    pub(super) fn ask(&mut self, now: SimTime, execution: ExecutionId, stage: usize, kind: ConditionType) {
        let stage_declared = self.stage(stage);
        let otherwise = if kind == ConditionType::OnFailure { ConditionResult::Rollback } else { ConditionResult::Fail };
        // Conditions of which none is written are met.
        let none = Condition { result: None, rules: Vec::new() };
        let condition = declared(stage_declared, kind).unwrap_or(&none);
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
                    stage: stage_declared.name.clone(),
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
        if let Some((at, reference)) = unresolved {
            // What cannot be asked decides at once, so nothing is asked.
            let summary = Why::Unresolved { reference: reference.to_string() }.to_string();
            run.answer(at, Answer::Errored { summary });
            questions.clear();
        }
        self.asked(execution, stage, kind, run, questions);
    }

    /// Takes a condition over whose rules are being asked, or that is decided already.
    fn asked(&mut self, execution: ExecutionId, stage: usize, kind: ConditionType, run: ConditionRun, questions: Vec<AskRule>) {
        self.last_rule += run.rules.len() as u32;
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

    pub(super) fn decide(&mut self, now: SimTime, execution: ExecutionId, stage: usize, kind: ConditionType) {
        let Some(run) = self.condition_mut(execution, stage, kind) else { return };
        let (status, result) = (run.status, run.result);
        let failing = run.rules.iter().enumerate().filter(|(_, rule)| rule.status == RuleStatus::Failed).map(|(at, _)| at);
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
        let declared = declared(self.stage(stage), kind).map_or(&[] as &[_], |condition| &condition.rules);
        let names: Vec<&str> = rules.iter().filter_map(|at| declared.get(*at)).map(|rule| rule.name.as_str()).collect();
        names.join(", ")
    }

    pub(super) fn condition_mut(&mut self, execution: ExecutionId, stage: usize, kind: ConditionType) -> Option<&mut ConditionRun> {
        self.executions.get_mut(&execution)?.runs.get_mut(&stage)?.condition_mut(kind).as_mut()
    }
}
