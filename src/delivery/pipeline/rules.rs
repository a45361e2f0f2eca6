//! What rules ask, read from their configuration.
//!
//! From the user guide's "Rule structure reference". `AlarmStates` are taken for the states in which the rule does not hold,
//! `ALARM` if none is named: the guide calls them "the states to monitor" and its examples leave them out. `MATCHES` is
//! Java's `matches`, of the whole text, in the syntax that Rust's `regex` shares with it. What a rule would run (a function,
//! a build, commands) has a declared length and succeeds, because the simulation has no code of it. It knows no world to
//! answer from. To add a provider, add a line to [`super::providers::RULES`] and what it asks here.

use std::collections::BTreeMap;

use regex_lite::Regex;

use super::window::{BadWindow, Window};
use crate::telemetry::ledger::AlarmState;
use crate::units::SimSpan;

/// How long a rule takes that invokes a function (chosen for Fleetlab).
const INVOKE: SimSpan = SimSpan::from_secs(15);
/// How long a rule takes that runs a build or commands, with what starts them (chosen for Fleetlab).
const COMMANDS: SimSpan = SimSpan::from_secs(60);
/// Longest wait for an alarm [min]: that of a rule's own time limit (API).
const LONGEST_WAIT: u64 = 86_400;
/// Comparisons of a `VariableCheck`.
const OPERATORS: [&str; 4] = ["CONTAINS", "EQ", "MATCHES", "NE"];

/// What a rule asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// How an alarm stands.
    Alarm {
        /// Its name.
        name: String,
        /// The states in which the rule does not hold.
        states: Vec<AlarmState>,
        /// `WaitTime`: how long a change of its state is waited for. Default 0 (the guide names none).
        wait: SimSpan,
    },
    /// Whether deployments are allowed now.
    Window(Box<Window>),
    /// Whether a variable is what it should be.
    Variable {
        /// Whether it is.
        holds: bool,
        /// What was compared.
        said: String,
    },
    /// Something that is run, and succeeds after this time.
    Run(SimSpan),
}

/// A value of a rule's configuration that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadValue {
    /// The key.
    pub key: &'static str,
    /// What is wrong with it: one sentence without a full stop.
    pub problem: String,
}

/// What a rule of a provider asks, its variables filled in; `None` if nobody knows the provider.
pub fn question(provider: &str, configuration: &BTreeMap<String, String>) -> Option<Result<Question, BadValue>> {
    let value = |key: &str| configuration.get(key).map_or("", String::as_str);
    let bad = |key| move |problem| BadValue { key, problem };
    Some(match provider {
        "CloudWatchAlarm" => states(configuration.get("AlarmStates").map(String::as_str)).map_err(bad("AlarmStates")).and_then(|states| {
            let wait = wait(configuration.get("WaitTime").map(String::as_str)).map_err(bad("WaitTime"))?;
            Ok(Question::Alarm { name: alarm(value("AlarmName")).to_owned(), states, wait })
        }),
        "DeploymentWindow" => window(value("Cron"), configuration.get("TimeZone").map(String::as_str)).map(|window| Question::Window(Box::new(window))),
        "VariableCheck" => {
            let (variable, operator, wanted) = (value("Variable"), value("Operator"), value("Value"));
            compare(variable, operator, wanted).map(|holds| Question::Variable { holds, said: format!("`{variable}` {operator} `{wanted}`") })
        }
        "LambdaInvoke" => Ok(Question::Run(INVOKE)),
        "CodeBuild" | "Commands" => Ok(Question::Run(COMMANDS)),
        _ => return None,
    })
}

/// What is wrong with a rule's configuration, apart from values that are only known when it is asked.
pub fn mistakes(provider: &str, configuration: &BTreeMap<String, String>) -> Vec<BadValue> {
    let known = |key: &str| configuration.get(key).map(String::as_str).filter(|value| !value.contains("#{") && !value.contains("${"));
    let mut all = Vec::new();
    let mut add = |key, problem: Option<String>| all.extend(problem.map(|problem| BadValue { key, problem }));
    match provider {
        "CloudWatchAlarm" => {
            add("AlarmStates", known("AlarmStates").and_then(|states_written| states(Some(states_written)).err()));
            add("WaitTime", known("WaitTime").and_then(|minutes| wait(Some(minutes)).err()));
        }
        "DeploymentWindow" => {
            let zone = known("TimeZone");
            add("TimeZone", zone.and_then(|zone| window("* * * * * ?", Some(zone)).err()).map(|wrong| wrong.problem));
            add("Cron", known("Cron").and_then(|cron| window(cron, None).err()).map(|wrong| wrong.problem));
        }
        "VariableCheck" => {
            let operator = known("Operator").filter(|operator| !OPERATORS.contains(operator));
            add("Operator", operator.map(|operator| no_operator(operator).problem));
            if known("Operator") == Some("MATCHES") {
                add("Value", known("Value").and_then(|value| whole(value).err()).map(|wrong| wrong.problem));
            }
        }
        _ => {}
    }
    all
}

/// The alarm that a rule names: by its name or its ARN.
pub fn alarm(written: &str) -> &str {
    match written.split_once(":alarm:") {
        Some((arn, name)) if arn.starts_with("arn:") => name,
        _ => written,
    }
}

fn states(written: Option<&str>) -> Result<Vec<AlarmState>, String> {
    let Some(written) = written else { return Ok(vec![AlarmState::Alarm]) };
    let all = [AlarmState::Alarm, AlarmState::Ok, AlarmState::InsufficientData];
    let one = |name: &str| {
        let known = all.into_iter().find(|state| state.name() == name.trim());
        known.ok_or_else(|| format!("`{}` is no state of an alarm; there are ALARM, OK and INSUFFICIENT_DATA", name.trim()))
    };
    written.split(',').map(one).collect()
}

fn wait(minutes: Option<&str>) -> Result<SimSpan, String> {
    let Some(minutes) = minutes else { return Ok(SimSpan::ZERO) };
    let read = minutes.trim().parse().ok().filter(|minutes| *minutes <= LONGEST_WAIT);
    read.map(|minutes: u64| SimSpan::from_secs(minutes * 60)).ok_or_else(|| format!("`{minutes}` is no time to wait; write 0 to {LONGEST_WAIT} minutes"))
}

fn window(cron: &str, zone: Option<&str>) -> Result<Window, BadValue> {
    Window::parse(cron, zone)
        .map_err(|wrong| BadValue { key: if matches!(wrong, BadWindow::Zone(_)) { "TimeZone" } else { "Cron" }, problem: wrong.to_string() })
}

fn compare(variable: &str, operator: &str, wanted: &str) -> Result<bool, BadValue> {
    Ok(match operator {
        "EQ" => variable == wanted,
        "NE" => variable != wanted,
        "CONTAINS" => variable.contains(wanted),
        "MATCHES" => whole(wanted)?.is_match(variable),
        _ => return Err(no_operator(operator)),
    })
}

fn no_operator(operator: &str) -> BadValue {
    BadValue { key: "Operator", problem: format!("`{operator}` is no operator; there are {}", OPERATORS.join(", ")) }
}

/// An expression that must match all of a text.
fn whole(expression: &str) -> Result<Regex, BadValue> {
    let Ok(regex) = Regex::new(&format!("^(?:{expression})$")) else {
        let short: String = expression.chars().take(60).collect();
        return Err(BadValue { key: "Value", problem: format!("`{short}` is no regular expression") });
    };
    Ok(regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn asked(provider: &str, pairs: &[(&str, &str)]) -> Result<Question, BadValue> {
        question(provider, &configuration(pairs)).expect("a known provider")
    }

    #[test]
    fn an_alarm_is_named_and_waited_for() {
        let plain = Question::Alarm { name: "errors".to_owned(), states: vec![AlarmState::Alarm], wait: SimSpan::ZERO };
        assert_eq!(asked("CloudWatchAlarm", &[("AlarmName", "errors")]), Ok(plain));
        let pairs = [("AlarmName", "arn:aws:cloudwatch:eu-west-1:1:alarm:errors"), ("WaitTime", "20"), ("AlarmStates", "ALARM, INSUFFICIENT_DATA")];
        let states = vec![AlarmState::Alarm, AlarmState::InsufficientData];
        assert_eq!(asked("CloudWatchAlarm", &pairs), Ok(Question::Alarm { name: "errors".to_owned(), states, wait: SimSpan::from_secs(1_200) }));
    }

    #[test]
    fn variables_are_compared_in_four_ways() {
        for (operator, value, holds) in [
            ("EQ", "main", true),
            ("EQ", "mai", false),
            ("NE", "dev", true),
            ("NE", "main", false),
            ("CONTAINS", "ai", true),
            ("CONTAINS", "x", false),
            ("MATCHES", "m[a-z]+", true),
            ("MATCHES", "m[a-z]", false),
            ("MATCHES", "dev|main", true),
        ] {
            let question = asked("VariableCheck", &[("Variable", "main"), ("Operator", operator), ("Value", value)]);
            assert!(matches!(question, Ok(Question::Variable { holds: is, .. }) if is == holds), "{operator} {value}: {question:?}");
        }
    }

    #[test]
    fn what_is_run_takes_its_time_and_what_is_unknown_is_nothing() {
        assert_eq!(asked("LambdaInvoke", &[("FunctionName", "check")]), Ok(Question::Run(INVOKE)));
        assert_eq!(asked("Commands", &[]), Ok(Question::Run(COMMANDS)));
        assert!(question("Oracle", &BTreeMap::new()).is_none());
    }

    #[test]
    fn mistakes_are_found_before_anything_runs_where_no_variable_hides_them() {
        for (provider, pairs, key) in [
            ("CloudWatchAlarm", [("WaitTime", "soon"), ("AlarmName", "a")], "WaitTime"),
            ("CloudWatchAlarm", [("AlarmStates", "RED"), ("AlarmName", "a")], "AlarmStates"),
            ("DeploymentWindow", [("Cron", "9-17"), ("TimeZone", "UTC")], "Cron"),
            ("DeploymentWindow", [("Cron", "* * 9-17 ? * *"), ("TimeZone", "Here")], "TimeZone"),
            ("VariableCheck", [("Operator", "LIKE"), ("Value", "x")], "Operator"),
            ("VariableCheck", [("Operator", "MATCHES"), ("Value", "(")], "Value"),
        ] {
            let found = mistakes(provider, &configuration(&pairs));
            assert_eq!(found.iter().map(|wrong| wrong.key).collect::<Vec<_>>(), [key], "{found:?}");
            assert!(asked(provider, &pairs).is_err_and(|wrong| wrong == found[0]), "the same is said when it is asked");
        }
        assert!(mistakes("DeploymentWindow", &configuration(&[("Cron", "#{variables.window}")])).is_empty());
        assert!(mistakes("CloudWatchAlarm", &configuration(&[("WaitTime", "${Minutes}")])).is_empty());
    }
}
