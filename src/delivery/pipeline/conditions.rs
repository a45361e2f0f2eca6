//! One asking of a stage's conditions: its rules, their answers, and what they come to.
//!
//! A condition is met if all of its rules succeed; one that fails decides, and the others are not waited for
//! ("Configure conditions for a stage"). What follows from it is the stage's business.

use super::definition::{Condition, ConditionResult, Rule, Stage};
use super::outcome::{RuleRunId, Why};
use super::status::{ConditionStatus, ConditionType, RuleStatus};
use crate::units::SimTime;

/// The condition of a kind that a stage declares; the service takes one of each.
pub(super) fn declared(stage: &Stage, kind: ConditionType) -> Option<&Condition> {
    let conditions = match kind {
        ConditionType::BeforeEntry => stage.before_entry.as_ref().map(|conditions| &conditions.conditions),
        ConditionType::OnSuccess => stage.on_success.as_ref().map(|conditions| &conditions.conditions),
        ConditionType::OnFailure => stage.on_failure.as_ref().map(|conditions| &conditions.conditions),
    };
    conditions?.first()
}

/// One asking of a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ConditionRun {
    pub(super) status: ConditionStatus,
    /// What happens if it is not met.
    pub(super) result: ConditionResult,
    pub(super) rules: Vec<RuleRun>,
}

/// One asking of a rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RuleRun {
    pub(super) run: RuleRunId,
    pub(super) status: RuleStatus,
    /// When it counts as failed.
    pub(super) due: SimTime,
    pub(super) why: Option<Why>,
}

/// What a rule answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It holds.
    Succeeded {
        /// What there is to say, possibly nothing.
        summary: String,
    },
    /// It does not hold.
    Failed {
        /// Why.
        summary: String,
    },
    /// It could not be asked.
    Errored {
        /// Why.
        summary: String,
    },
}

impl ConditionRun {
    /// A condition of which nothing is asked yet. One without rules is met.
    pub(super) fn new(condition: &Condition, otherwise: ConditionResult) -> Self {
        Self { status: ConditionStatus::Succeeded, result: condition.result.unwrap_or(otherwise), rules: Vec::new() }
    }

    /// Asks a rule.
    pub(super) fn ask(&mut self, rule: &Rule, run: RuleRunId, now: SimTime) -> SimTime {
        let due = now + rule.time_limit();
        self.rules.push(RuleRun { run, status: RuleStatus::InProgress, due, why: None });
        self.status = ConditionStatus::InProgress;
        due
    }

    /// Notes what a rule answered. Says which rules are not waited for any more.
    pub(super) fn answer(&mut self, at: usize, answer: Answer) -> Vec<RuleRunId> {
        let Some(rule) = self.rules.get_mut(at) else { return Vec::new() };
        let (status, summary, decided) = match answer {
            Answer::Succeeded { summary } => (RuleStatus::Succeeded, summary, None),
            Answer::Failed { summary } => (RuleStatus::Failed, summary, Some(ConditionStatus::Failed)),
            Answer::Errored { summary } => (RuleStatus::Failed, summary, Some(ConditionStatus::Errored)),
        };
        (rule.status, rule.why) = (status, Why::said(&summary));
        self.decide(decided)
    }

    /// A rule has taken too long, which counts as a failure.
    pub(super) fn time_out(&mut self, at: usize, why: Why) -> Vec<RuleRunId> {
        let Some(rule) = self.rules.get_mut(at) else { return Vec::new() };
        (rule.status, rule.why) = (RuleStatus::Failed, Some(why));
        self.decide(Some(ConditionStatus::Failed))
    }

    fn decide(&mut self, decided: Option<ConditionStatus>) -> Vec<RuleRunId> {
        if let Some(status) = decided {
            return self.close(status);
        }
        if self.rules.iter().all(|rule| rule.status == RuleStatus::Succeeded) {
            self.status = ConditionStatus::Succeeded;
        }
        Vec::new()
    }

    /// Ends it so. Says which rules are not waited for any more.
    pub(super) fn close(&mut self, status: ConditionStatus) -> Vec<RuleRunId> {
        self.status = status;
        let open = self.rules.iter_mut().filter(|rule| rule.status == RuleStatus::InProgress);
        open.map(|rule| {
            rule.status = RuleStatus::Abandoned;
            rule.run
        })
        .collect()
    }

    /// Whether it was asked to the end, and is not met.
    pub(super) const fn is_unmet(&self) -> bool {
        matches!(self.status, ConditionStatus::Failed | ConditionStatus::Errored)
    }
}

#[cfg(test)]
mod tests {
    use super::super::definition::RuleTypeId;
    use super::*;

    fn asked(rules: u32) -> ConditionRun {
        let condition = Condition { result: None, rules: Vec::new() };
        let mut run = ConditionRun::new(&condition, ConditionResult::Skip);
        for n in 0..rules {
            let kind = RuleTypeId { category: "Rule".to_owned(), owner: None, provider: "CloudWatchAlarm".to_owned(), version: None };
            let rule = Rule {
                name: format!("rule-{n}"),
                rule_type_id: kind,
                configuration: std::collections::BTreeMap::new(),
                commands: Vec::new(),
                input_artifacts: Vec::new(),
                role_arn: None,
                region: None,
                timeout_in_minutes: Some(5),
            };
            assert_eq!(run.ask(&rule, RuleRunId(n), SimTime::from_secs(10)), SimTime::from_secs(310));
        }
        run
    }

    fn holds() -> Answer {
        Answer::Succeeded { summary: String::new() }
    }

    #[test]
    fn it_is_met_when_all_rules_succeed() {
        let mut run = asked(2);
        assert_eq!((run.answer(1, holds()), run.status), (vec![], ConditionStatus::InProgress));
        assert_eq!((run.answer(0, holds()), run.status), (vec![], ConditionStatus::Succeeded));
        assert!(!run.is_unmet());
        assert_eq!(asked(0).status, ConditionStatus::Succeeded);
    }

    #[test]
    fn one_rule_that_fails_decides_and_the_others_are_abandoned() {
        for (answer, status) in
            [(Answer::Failed { summary: "no".to_owned() }, ConditionStatus::Failed), (Answer::Errored { summary: String::new() }, ConditionStatus::Errored)]
        {
            let mut run = asked(3);
            run.answer(1, holds());
            assert_eq!(run.answer(0, answer), [RuleRunId(2)]);
            assert_eq!(run.status, status);
            assert_eq!(run.rules.iter().map(|rule| rule.status).collect::<Vec<_>>(), [RuleStatus::Failed, RuleStatus::Succeeded, RuleStatus::Abandoned]);
            assert!(run.is_unmet());
        }
    }
}
