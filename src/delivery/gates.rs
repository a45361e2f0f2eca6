//! Rules of conditions, answered from the world: from the alarms' states, the clock, and the values of variables.
//!
//! A `CloudWatchAlarm` of an entry condition holds as soon as its alarm is not off; one that is off has the rule's
//! `WaitTime` to end. After a stage's actions it is the other way round: the rule holds if the alarm does not go off within
//! that time, so that it can be a bake time (user guide, "`CloudWatchAlarm`" and "Configure conditions for a stage"). A
//! `DeploymentWindow` is waited for until it opens or the rule's time is over, and is not asked again after that. It knows
//! no pipelines and nothing of how alarms come to their states.

use std::collections::BTreeMap;

use super::pipeline::Answer;
use super::pipeline::outcome::{AskRule, RuleRunId};
use super::pipeline::rules::{Question, question};
use super::pipeline::status::ConditionType;
use crate::ids::ServiceId;
use crate::telemetry::ledger::AlarmState;
use crate::units::SimTime;

/// One run of a rule, in the pipeline of a service.
pub(super) type RuleOf = (ServiceId, RuleRunId);

/// What a rule waits for.
#[derive(Debug, Clone)]
enum Waits {
    /// For an alarm to leave these states; when the time is over it does not hold.
    Ends(String, Vec<AlarmState>),
    /// For the time to be over; an alarm that goes into one of these states before does not let it hold.
    Bakes(String, Vec<AlarmState>),
    /// For the window to open.
    Opens,
    /// For what it runs, by its provider's name.
    Runs(String),
}

/// Rules that wait, and what they look at.
#[derive(Debug, Default)]
pub(super) struct Gates {
    /// Every alarm that there is.
    alarms: BTreeMap<String, AlarmState>,
    waiting: BTreeMap<RuleOf, (SimTime, Waits)>,
}

fn holds(summary: impl Into<String>) -> Answer {
    Answer::Succeeded { summary: summary.into() }
}
fn fails(summary: impl Into<String>) -> Answer {
    Answer::Failed { summary: summary.into() }
}

impl Gates {
    /// With these alarms, none of which has a state yet.
    pub(super) fn new<'a>(alarms: impl IntoIterator<Item = &'a str>) -> Self {
        let alarms = alarms.into_iter().map(|name| (name.to_owned(), AlarmState::InsufficientData)).collect();
        Self { alarms, waiting: BTreeMap::new() }
    }

    /// When a rule is over that nothing happened to.
    pub(super) fn next_due(&self) -> Option<SimTime> {
        self.waiting.values().map(|(due, _)| *due).min()
    }

    /// Nobody waits for a rule any more.
    pub(super) fn abandon(&mut self, rule: RuleOf) {
        self.waiting.remove(&rule);
    }

    /// Asks a rule; `None` if it has to wait.
    pub(super) fn ask(&mut self, now: SimTime, service: ServiceId, ask: &AskRule) -> Option<Answer> {
        let provider = &ask.kind.provider;
        let question = match question(provider, &ask.configuration) {
            None => return Some(Answer::Errored { summary: format!("nobody answers for `{provider}`") }),
            Some(Err(wrong)) => return Some(Answer::Errored { summary: wrong.problem }),
            Some(Ok(question)) => question,
        };
        let (until, waits) = match question {
            Question::Variable { holds: true, said } => return Some(holds(said)),
            Question::Variable { holds: false, said } => return Some(fails(format!("not true: {said}"))),
            Question::Run(takes) => (now + takes, Waits::Runs(provider.clone())),
            // What opens too late the pipeline does not wait for.
            Question::Window(window) => match window.opens(now, ask.due) {
                Some(at) if at == now => return Some(holds("the window is open")),
                Some(at) => (at, Waits::Opens),
                None => return None,
            },
            Question::Alarm { name, states, wait } => {
                let Some(state) = self.alarms.get(&name) else {
                    return Some(Answer::Errored { summary: format!("no alarm is called `{name}`") });
                };
                let (is_off, is_entry) = (states.contains(state), ask.condition == ConditionType::BeforeEntry);
                let said = format!("{name} is {}", state.name());
                match (is_off, is_entry) {
                    (true, true) if !wait.is_zero() => (now + wait, Waits::Ends(name, states)),
                    (true, _) => return Some(fails(said)),
                    (false, false) if !wait.is_zero() => (now + wait, Waits::Bakes(name, states)),
                    (false, _) => return Some(holds(said)),
                }
            }
        };
        self.waiting.insert((service, ask.rule), (until, waits));
        None
    }

    /// An alarm changed its state: rules that are answered by that.
    pub(super) fn alarm(&mut self, name: &str, to: AlarmState) -> Vec<(RuleOf, Answer)> {
        self.alarms.insert(name.to_owned(), to);
        let answer = |waits: &Waits| match waits {
            Waits::Ends(of, states) if of == name && !states.contains(&to) => Some(holds(format!("{name} is {}", to.name()))),
            Waits::Bakes(of, states) if of == name && states.contains(&to) => Some(fails(format!("{name} went to {}", to.name()))),
            _ => None,
        };
        let answered: Vec<_> = self.waiting.iter().filter_map(|(rule, (_, waits))| Some((*rule, answer(waits)?))).collect();
        self.waiting.retain(|rule, _| answered.iter().all(|(done, _)| done != rule));
        answered
    }

    /// It is `now`: rules that are answered by that.
    pub(super) fn due(&mut self, now: SimTime) -> Vec<(RuleOf, Answer)> {
        let over: Vec<RuleOf> = self.waiting.iter().filter(|(_, (due, _))| *due <= now).map(|(rule, _)| *rule).collect();
        let answer = |waits: Waits| match waits {
            Waits::Ends(name, _) => fails(format!("{name} is {} still", self.alarms[&name].name())),
            Waits::Bakes(name, _) => holds(format!("{name} is {}", self.alarms[&name].name())),
            Waits::Opens => holds("the window has opened"),
            Waits::Runs(provider) => holds(format!("{provider}: nothing is run in a simulation, and nothing failed")),
        };
        let done: Vec<_> = over.iter().filter_map(|rule| Some((*rule, self.waiting.remove(rule)?.1))).collect();
        done.into_iter().map(|(rule, waits)| (rule, answer(waits))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::pipeline::definition::RuleTypeId;
    use super::super::pipeline::outcome::ExecutionId;
    use super::*;

    const SHOP: ServiceId = ServiceId(0);

    fn asks(rule: u32, condition: ConditionType, provider: &str, configuration: &[(&str, &str)]) -> AskRule {
        AskRule {
            rule: RuleRunId(rule),
            execution: ExecutionId(1),
            stage: "Prod".to_owned(),
            condition,
            name: "Gate".to_owned(),
            kind: RuleTypeId { category: "Rule".to_owned(), owner: None, provider: provider.to_owned(), version: None },
            configuration: configuration.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            commands: Vec::new(),
            inputs: Vec::new(),
            due: SimTime::from_secs(24 * 3_600),
        }
    }

    fn at(minute: u64) -> SimTime {
        SimTime::from_secs(minute * 60)
    }

    fn says(answered: &[(RuleOf, Answer)]) -> String {
        let one = |((_, rule), answer): &(RuleOf, Answer)| match answer {
            Answer::Succeeded { summary } => format!("{} yes: {summary}", rule.0),
            Answer::Failed { summary } => format!("{} no: {summary}", rule.0),
            Answer::Errored { summary } => format!("{} error: {summary}", rule.0),
        };
        answered.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    const WAITS: &[(&str, &str)] = &[("AlarmName", "errors"), ("WaitTime", "20")];

    #[test]
    fn an_entry_waits_for_an_alarm_to_end_but_not_for_one_that_is_quiet() {
        let mut gates = Gates::new(["errors"]);
        let entry = |rule| asks(rule, ConditionType::BeforeEntry, "CloudWatchAlarm", WAITS);
        assert!(matches!(gates.ask(at(0), SHOP, &entry(1)), Some(Answer::Succeeded { .. })), "it has no data and is not off");
        assert_eq!(gates.alarm("errors", AlarmState::Alarm), []);
        assert_eq!((gates.ask(at(1), SHOP, &entry(2)), gates.next_due()), (None, Some(at(21))));
        assert_eq!(says(&gates.alarm("errors", AlarmState::Ok)), "2 yes: errors is OK");
        gates.alarm("errors", AlarmState::Alarm);
        assert_eq!(gates.ask(at(2), SHOP, &entry(3)), None);
        assert_eq!(says(&gates.due(at(22))), "3 no: errors is ALARM still");
        assert_eq!(gates.next_due(), None);
        let at_once = asks(4, ConditionType::BeforeEntry, "CloudWatchAlarm", &[("AlarmName", "errors")]);
        assert!(matches!(gates.ask(at(30), SHOP, &at_once), Some(Answer::Failed { .. })));
    }

    #[test]
    fn a_success_bakes_and_an_alarm_within_that_time_ends_it() {
        let mut gates = Gates::new(["errors", "slow"]);
        let success = |rule| asks(rule, ConditionType::OnSuccess, "CloudWatchAlarm", WAITS);
        assert_eq!((gates.ask(at(0), SHOP, &success(1)), gates.ask(at(0), SHOP, &success(2))), (None, None));
        gates.abandon((SHOP, RuleRunId(2)));
        assert_eq!(gates.alarm("slow", AlarmState::Alarm), []);
        assert_eq!(says(&gates.due(at(20))), "1 yes: errors is INSUFFICIENT_DATA");
        assert_eq!(gates.ask(at(30), SHOP, &success(3)), None);
        assert_eq!(says(&gates.alarm("errors", AlarmState::Alarm)), "3 no: errors went to ALARM");
        assert!(matches!(gates.ask(at(31), SHOP, &success(4)), Some(Answer::Failed { .. })), "it is off already");
    }

    #[test]
    fn windows_are_waited_for_as_long_as_the_rule_may_take() {
        let mut gates = Gates::default();
        let ask = |cron| asks(1, ConditionType::BeforeEntry, "DeploymentWindow", &[("Cron", cron)]);
        assert_eq!((gates.ask(at(0), SHOP, &ask("* * 9-16 ? * MON-FRI")), gates.next_due()), (None, Some(at(540))));
        assert_eq!(says(&gates.due(at(540))), "1 yes: the window has opened");
        assert!(matches!(gates.ask(at(600), SHOP, &ask("* * 9-16 ? * MON-FRI")), Some(Answer::Succeeded { .. })));
        assert_eq!((gates.ask(at(600), SHOP, &ask("* * * ? * SUN")), gates.next_due()), (None, None), "the pipeline's own time limit ends it");
    }

    #[test]
    fn what_cannot_be_answered_is_an_error() {
        let mut gates = Gates::new(["errors"]);
        for (provider, configuration) in [("CloudWatchAlarm", ("AlarmName", "nothing")), ("DeploymentWindow", ("Cron", "now")), ("Oracle", ("Ask", "it"))] {
            let answer = gates.ask(at(0), SHOP, &asks(1, ConditionType::BeforeEntry, provider, &[configuration]));
            assert!(matches!(answer, Some(Answer::Errored { .. })), "{provider}: {answer:?}");
        }
    }
}
