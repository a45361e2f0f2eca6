//! Deployment strategies as people write them on a command line, and changes of one of their parameters.
//!
//! Three forms: a name (`canary`), a table with its parameters as in a scenario file (`canary = { percent = "10%" }`), and
//! the name of one of `CodeDeploy`'s configurations (`CodeDeployDefault.ECSCanary10Percent5Minutes`). Any of them may have
//! a label before it (`fast canary: canary = { … }`): a colon that comes before any `=`, `{` and quote can be nothing
//! else. All go the way of a scenario file, so that they are checked by the same bounds and with the same messages; what
//! is shown as the place of a mistake is the line that a scenario file would have. It does not run anything.

use super::Diagnostics;
use super::files::{Bytes, Folder};
use super::library::Library;
use super::parse;
use crate::fleet::deploy::{CodeDeploy, Strategy};
use crate::lab::compare::Named;
use crate::scenario::Scenario;
use crate::wording::{nearest, shown};

/// A parameter of a strategy, by the names of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The strategy's name.
    pub strategy: &'static str,
    /// The parameter's name, as in scenario files.
    pub key: String,
}

/// Other names of parameters: what people call them.
const ALIASES: &[(&str, &str, &str)] = &[("canary", "duration", "canary_bake"), ("canary", "weight", "percent")];

/// The prefix of `CodeDeploy`'s predefined configurations.
const PREFIX: &str = "CodeDeployDefault.";

/// Reads a strategy for deployments of a scenario (a path or a name), whose alarms it may watch.
pub fn strategy(scenario: &str, text: &str) -> Result<Named, Diagnostics> {
    let (label, text) = labelled(text.trim());
    let line = line(text);
    let written = Bytes { name: "--with".to_owned(), bytes: format!("{line}\n").into_bytes() };
    let strategy = Library::shipped().strategy(scenario, &written)?;
    Ok(Named { label: label.map(str::to_owned), derived: derived(&line, &strategy), strategy })
}

/// Reads a strategy for deployments of a scenario that is loaded already, whose alarms it may watch.
pub fn strategy_within(scenario: &Scenario, text: &str) -> Result<Named, Diagnostics> {
    let (label, text) = labelled(text.trim());
    let line = line(text);
    let written = Bytes { name: "--with".to_owned(), bytes: format!("{line}\n").into_bytes() };
    // All that a strategy can name of a scenario are its alarms.
    let alarms: toml::Table = scenario.alarm_names().map(|name| (name.to_owned(), toml::Value::Table(toml::Table::new()))).collect();
    let known: toml::Table = [
        ("format_version".to_owned(), toml::Value::Integer(1)),
        ("services".to_owned(), toml::Value::Table(toml::Table::new())),
        ("alarms".to_owned(), toml::Value::Table(alarms)),
    ]
    .into_iter()
    .collect();
    let known = Bytes { name: scenario.name.clone(), bytes: known.to_string().into_bytes() };
    let strategy = parse::strategy(&written, &scenario.name, &known, &Folder::Nowhere, &Library::shipped())?;
    Ok(Named { label: label.map(str::to_owned), derived: derived(&line, &strategy), strategy })
}

/// Finds a parameter by `strategy.parameter`, or says what is wrong with that.
pub fn parameter(name: &str) -> Result<Parameter, String> {
    let Some((of, key)) = name.trim().split_once('.') else {
        return Err(format!("`{}` names no parameter of a strategy; write it as in `canary.percent`", shown(name)));
    };
    let Some(known) = Strategy::NAMES.iter().find(|known| **known == of) else {
        let meant = nearest(of, Strategy::NAMES.iter().copied()).map(|name| format!("did you mean `{name}.{key}`?"));
        let meant = meant.unwrap_or_else(|| format!("there are `{}`", Strategy::NAMES.join("`, `")));
        return Err(format!("there is no strategy `{}`; {meant}", shown(of)));
    };
    let key = ALIASES.iter().find(|(strategy, alias, _)| strategy == known && *alias == key).map_or(key, |(_, _, meant)| meant);
    let keys = keys(known);
    if keys.iter().any(|other| other == key) {
        return Ok(Parameter { strategy: known, key: key.to_owned() });
    }
    let aliases = ALIASES.iter().filter(|(strategy, ..)| strategy == known).map(|(_, alias, _)| *alias);
    let meant = match nearest(key, keys.iter().map(String::as_str).chain(aliases)) {
        Some(nearest) => format!("did you mean `{known}.{nearest}`?"),
        None if keys.is_empty() => "it has none".to_owned(),
        None => format!("it has `{}`", keys.join("`, `")),
    };
    Err(format!("`{known}` has no parameter `{}`; {meant}", shown(key)))
}

/// The same strategy with other values of some parameters, for deployments of a scenario (a path or a name).
pub fn vary(scenario: &str, strategy: &Strategy, values: &[(&str, &str)]) -> Result<Strategy, Diagnostics> {
    let mut table = toml::Table::try_from(strategy).unwrap_or_default();
    if let Some(toml::Value::Table(parameters)) = table.get_mut(strategy.name()) {
        for (key, text) in values {
            parameters.insert((*key).to_owned(), value(text));
        }
    }
    let written = Bytes { name: "--sweep".to_owned(), bytes: format!("deployment = {}\n", toml::Value::Table(table)).into_bytes() };
    Library::shipped().strategy(scenario, &written)
}

/// The label before a strategy, and the strategy.
fn labelled(text: &str) -> (Option<&str>, &str) {
    match text.find(['=', '{', '"', '\'', ':']).filter(|at| text[*at..].starts_with(':')) {
        Some(colon) => (Some(text[..colon].trim()).filter(|label| !label.is_empty()), text[colon + 1..].trim()),
        None => (None, text),
    }
}

/// The line that a scenario file would have for it.
fn line(text: &str) -> String {
    if text.starts_with('{') {
        return format!("deployment = {text}");
    }
    if text.contains('=') {
        return format!("deployment = {{ {text} }}");
    }
    // A name in quotes is the same name.
    let name = text.trim_matches(['"', '\'']);
    let is_near = |name: &str| CodeDeploy::configs().any(|known| known == name) || nearest(name, CodeDeploy::configs()).is_some();
    let value = toml::Value::String(name.to_owned());
    if name.starts_with(PREFIX) || (!Strategy::NAMES.contains(&name) && is_near(name)) {
        format!("deployment = {{ codedeploy = {{ config = {value} }} }}")
    } else {
        format!("deployment = {value}")
    }
}

/// `canary percent=10%`: the strategy with the parameters that are written in the line; for a configuration of `CodeDeploy`
/// its name instead of `codedeploy`.
fn derived(line: &str, strategy: &Strategy) -> String {
    let written = line.parse::<toml::Table>().ok().and_then(|mut table| table.remove("deployment"));
    let parameters = match written {
        Some(toml::Value::Table(mut table)) => table.remove(strategy.name()),
        _ => None,
    };
    let mut words = vec![strategy.name().to_owned()];
    for (key, value) in parameters.as_ref().and_then(toml::Value::as_table).into_iter().flatten() {
        match (strategy, value) {
            (Strategy::CodeDeploy(_), toml::Value::String(config)) if key == "config" => config.trim_start_matches(PREFIX).clone_into(&mut words[0]),
            (_, toml::Value::String(text)) => words.push(format!("{key}={text}")),
            // What has parts of its own is too long for a name.
            (_, toml::Value::Table(_) | toml::Value::Array(_)) => words.push(format!("{key}=…")),
            (_, other) => words.push(format!("{key}={other}")),
        }
    }
    words.join(" ")
}

/// The names of a strategy's parameters.
fn keys(strategy: &str) -> Vec<String> {
    let defaults = serde_json::from_value::<Strategy>(serde_json::Value::from(strategy)).and_then(serde_json::to_value);
    let parameters = defaults.ok().and_then(|table| table.get(strategy).cloned());
    parameters.as_ref().and_then(serde_json::Value::as_object).map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

/// A value as it stands on a command line: a number or a word of TOML, else text without its quotes.
fn value(text: &str) -> toml::Value {
    let plain = || toml::Value::String(text.to_owned());
    let read = format!("value = {text}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("value"));
    read.filter(|value| !matches!(value, toml::Value::Datetime(_))).unwrap_or_else(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Named {
        strategy("bad-release", text).unwrap_or_else(|problems| panic!("{text}: {}", problems.render(false)))
    }

    #[test]
    fn a_strategy_is_a_name_a_table_or_a_configuration_with_or_without_a_label() {
        for (text, label, derived, name) in [
            ("canary", None, "canary", "canary"),
            (" \"blue-green\" ", None, "blue-green", "blue-green"),
            ("canary = { percent = \"10%\", canary_bake = \"5m\" }", None, "canary percent=10% canary_bake=5m", "canary"),
            ("canary = { alarms = { names = [\"new-version-errors\"] }, hooks = [{ at = \"POST_SCALE_UP\" }] }", None, "canary alarms=… hooks=…", "canary"),
            ("{ rolling = { maximum_percent = 150 } }", None, "rolling maximum_percent=150", "rolling"),
            ("CodeDeployDefault.ECSCanary10Percent5Minutes", None, "ECSCanary10Percent5Minutes", "codedeploy"),
            ("ECSLinear10PercentEvery1Minutes", None, "ECSLinear10PercentEvery1Minutes", "codedeploy"),
            ("fast canary: canary = { canary_bake = \"2m\" }", Some("fast canary"), "canary canary_bake=2m", "canary"),
            ("careful: linear", Some("careful"), "linear", "linear"),
        ] {
            let named = read(text);
            assert_eq!((named.label.as_deref(), named.derived.as_str(), named.strategy.name()), (label, derived, name), "{text}");
        }
    }

    #[test]
    fn mistakes_are_those_of_a_scenario_file() {
        let scenario = crate::content::load("bad-release").map(|loaded| loaded.scenario);
        let scenario = scenario.unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        for (text, says) in [
            ("canry", "did you mean `canary`"),
            ("canary = { percnt = \"10%\" }", "percent"),
            ("canary = { percent = \"0%\" }", "must be 0.001 to 1"),
            ("canary = { canary_bake = \"2d\" }", "must be"),
            ("CodeDeployDefault.ECSCanary10Percent6Minutes", "did you mean `CodeDeployDefault.ECSCanary10Percent5Minutes`"),
            ("canary = { alarms = { names = [\"new-version-erors\"] } }", "did you mean `new-version-errors`"),
            ("canary = { percent = ", "--with"),
            ("canary = {}, linear = {}", "keep one"),
            ("bogus", "not one of the alternatives here"),
            ("canary = 3", "must be a table, not the number 3"),
            ("", "not known here"),
        ] {
            let problems = strategy("bad-release", text).expect_err(text).render(false);
            assert!(problems.contains(says), "{text}: {problems}");
            assert!(!problems.contains("`deployment` is missing"), "what is wrong is not missing as well: {problems}");
            assert_eq!(strategy_within(&scenario, text).expect_err(text).render(false), problems, "wherever the scenario comes from");
        }
        for text in ["canary = { alarms = { names = [\"new-version-errors\"] } }", "x: ECSCanary10Percent5Minutes", "blue-green"] {
            assert_eq!(strategy_within(&scenario, text).expect(text), read(text));
        }
    }

    #[test]
    fn parameters_are_found_by_their_names_and_by_what_people_call_them() {
        for (name, key) in [("canary.percent", "percent"), ("canary.weight", "percent"), ("canary.duration", "canary_bake"), ("linear.step", "step")] {
            assert_eq!(parameter(name).map(|parameter| parameter.key), Ok(key.to_owned()));
        }
        for (name, says) in [
            ("canary.wieght", "did you mean `canary.weight`"),
            ("canary.colour", "it has `alarms`, `bake`"),
            ("canery.weight", "did you mean `canary.weight`"),
            ("weight", "canary.percent"),
            ("all-at-once.speed", "it has none"),
        ] {
            assert!(parameter(name).is_err_and(|problem| problem.contains(says)), "{name}: {:?}", parameter(name));
        }
    }

    #[test]
    fn a_parameter_takes_another_value_and_the_others_stay() {
        let base = read("canary = { bake = \"1m\", alarms = { names = [\"new-version-errors\"] } }").strategy;
        let varied = vary("bad-release", &base, &[("percent", "25%"), ("canary_bake", "2m")]).expect("fine");
        let expected = read("canary = { bake = \"1m\", percent = 0.25, canary_bake = \"2m\", alarms = { names = [\"new-version-errors\"] } }");
        assert_eq!(varied, expected.strategy);
        assert!(vary("bad-release", &base, &[("percent", "lots")]).is_err_and(|problems| problems.render(false).contains("lots")));
        let rolling = vary("bad-release", &read("rolling").strategy, &[("maximum_percent", "150")]).expect("a number");
        assert_eq!(rolling, read("rolling = { maximum_percent = 150 }").strategy);
    }
}
