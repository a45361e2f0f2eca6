//! Conditions of stages: what may follow from them, and their rules.

use super::super::definition::{Condition, ConditionResult, ExecutionMode, Rule, Stage};
use super::super::{limits, providers, rules};
use super::{Checker, Path, Reason, is_open};

/// What may follow if an entry condition is not met ("Configure conditions for a stage").
const BEFORE_ENTRY: &[ConditionResult] = &[ConditionResult::Fail, ConditionResult::Skip];
/// What may follow if a condition of success is not met.
const ON_SUCCESS: &[ConditionResult] = &[ConditionResult::Rollback, ConditionResult::Fail];
/// What may follow if a condition of failure is not met.
const ON_FAILURE: &[ConditionResult] = &[ConditionResult::Rollback];
/// What may follow from a failure at once.
const AT_ONCE: &[ConditionResult] = &[ConditionResult::Rollback, ConditionResult::Retry];

/// The rules of a stage with their paths, and whether they are asked after its actions.
pub(super) fn rules<'a>(stage: &'a Stage, path: &Path) -> Vec<(Vec<(Path, &'a Rule)>, bool)> {
    let of = |field: &'static str, conditions: &'a [Condition]| {
        let list = path.field(field).field("conditions");
        let each = conditions.iter().enumerate().flat_map(move |(n, condition)| {
            let rules = list.index(n).field("rules");
            condition.rules.iter().enumerate().map(move |(n, rule)| (rules.index(n), rule))
        });
        each.collect::<Vec<_>>()
    };
    let before = stage.before_entry.as_ref().map_or(&[] as &[_], |conditions| &conditions.conditions);
    let success = stage.on_success.as_ref().map_or(&[] as &[_], |conditions| &conditions.conditions);
    let failure = stage.on_failure.as_ref().map_or(&[] as &[_], |conditions| &conditions.conditions);
    vec![(of("beforeEntry", before), false), (of("onSuccess", success), true), (of("onFailure", failure), true)]
}

impl Checker<'_> {
    pub(super) fn conditions(&mut self, at: usize, stage: &Stage, path: &Path) {
        if let Some(entry) = &stage.before_entry {
            self.kind(at, &path.field("beforeEntry"), "beforeEntry", &entry.conditions, BEFORE_ENTRY);
        }
        if let Some(success) = &stage.on_success {
            self.kind(at, &path.field("onSuccess"), "onSuccess", &success.conditions, ON_SUCCESS);
        }
        let Some(failure) = &stage.on_failure else { return };
        let path = path.field("onFailure");
        self.kind(at, &path, "onFailure", &failure.conditions, ON_FAILURE);
        if let Some(result) = failure.result {
            self.result(at, &path.field("result"), "onFailure", result, AT_ONCE);
        }
        if failure.retry_configuration.is_some() && failure.result != Some(ConditionResult::Retry) {
            self.add(&path.field("retryConfiguration"), Reason::NoRetry);
        }
    }

    fn kind(&mut self, at: usize, path: &Path, kind: &'static str, conditions: &[Condition], allowed: &'static [ConditionResult]) {
        self.needs_v2(path, "a condition");
        let list = path.field("conditions");
        // A failure can have its result without any condition.
        let least = usize::from(kind != "onFailure");
        self.count(&list, "conditions", conditions.len(), least, limits::CONDITIONS);
        for (n, condition) in conditions.iter().enumerate().take(limits::CONDITIONS) {
            let path = list.index(n);
            if let Some(result) = condition.result {
                self.result(at, &path.field("result"), kind, result, allowed);
            }
            let rules = path.field("rules");
            self.count(&rules, "rules", condition.rules.len(), 1, limits::RULES);
            self.unique(&rules, "rule", condition.rules.iter().take(limits::RULES).map(|rule| rule.name.as_str()));
            for (n, rule) in condition.rules.iter().enumerate().take(limits::RULES) {
                self.rule(&rules.index(n), rule);
            }
        }
    }

    fn result(&mut self, at: usize, path: &Path, condition: &'static str, result: ConditionResult, allowed: &'static [ConditionResult]) {
        if !allowed.contains(&result) {
            self.add(path, Reason::ResultNotAllowed { condition, result, allowed });
        } else if result == ConditionResult::Rollback && self.pipeline.mode() == ExecutionMode::Parallel {
            self.add(path, Reason::RollbackInParallel);
        } else if result == ConditionResult::Rollback && at == 0 {
            self.add(path, Reason::RollbackOfSources);
        }
    }

    fn rule(&mut self, path: &Path, rule: &Rule) {
        self.name(&path.field("name"), "rule", &rule.name);
        let provider = &rule.rule_type_id.provider;
        let at = path.field("ruleTypeId").field("provider");
        match providers::RULES.iter().find(|(name, _)| name == provider) {
            None if is_open(provider) => {}
            None => {
                let known = providers::RULES.iter().map(|(name, _)| *name).collect();
                self.add(&at, Reason::UnknownRule { provider: provider.clone(), known });
            }
            Some((_, needs)) => {
                for key in needs.iter().filter(|key| !rule.configuration.contains_key(**key)) {
                    // A rule without any configuration has none to point at.
                    let at = if rule.configuration.is_empty() { path.clone() } else { path.field("configuration") };
                    self.add(&at, Reason::MissingConfiguration { provider: provider.clone(), key });
                }
                if provider == "Commands" && rule.commands.is_empty() {
                    self.add(path, Reason::MissingCommands { provider: provider.clone() });
                }
            }
        }
        for wrong in rules::mistakes(provider, &rule.configuration) {
            self.add(&path.field("configuration").key(wrong.key), Reason::BadValue { problem: wrong.problem });
        }
        for (key, value) in &rule.configuration {
            let at = path.field("configuration").key(key);
            self.length(&at, "key", key, 1, limits::CONFIGURATION_KEY);
            self.length(&at, "value", value, 1, limits::RULE_VALUE);
        }
        self.commands(&path.field("commands"), &rule.commands);
        if let Some(minutes) = rule.timeout_in_minutes {
            self.timeout(&path.field("timeoutInMinutes"), minutes);
        }
    }
}
