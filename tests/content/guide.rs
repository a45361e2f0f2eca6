//! The guide for instructors names everything that can be written, and its examples are right.

use std::collections::BTreeSet;

use fleetlab::content;
use fleetlab::fleet::autoscale::Autoscaling;
use fleetlab::fleet::deploy::Strategy;
use fleetlab::fleet::fault::{FaultKind, Selector};
use fleetlab::fleet::health::HealthCheck;
use fleetlab::kernel::balance::Balancer;
use fleetlab::kernel::resilience::budget::Budget;
use fleetlab::kernel::traffic::Shape;
use serde_json::Value;

use super::said;

const GUIDE: &str = include_str!("../../scenarios/README.md");

/// The row of a table that begins with a name.
fn row(name: &str) -> &'static str {
    let start = format!("| `{name}` |");
    GUIDE.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("the guide has no row `{name}`"))
}

fn schema() -> Value {
    serde_json::to_value(content::scenario_schema()).expect("a schema is JSON")
}

#[test]
fn every_alternative_is_named() {
    let lists = [Autoscaling::NAMES, Balancer::NAMES, Budget::NAMES, FaultKind::NAMES, HealthCheck::NAMES, Selector::NAMES, Shape::NAMES, Strategy::NAMES];
    let missing: Vec<&str> =
        lists.into_iter().flatten().copied().filter(|name| !GUIDE.contains(&format!("`{name}`")) && !GUIDE.contains(&format!("\"{name}\""))).collect();
    assert!(missing.is_empty(), "not in the guide: {missing:?}");
}

#[test]
fn every_fault_has_a_row_with_its_parameters() {
    for name in FaultKind::NAMES {
        let fault: FaultKind = serde_json::from_value(Value::String((*name).to_owned())).expect("a bare name takes the defaults");
        let params = serde_json::to_value(&fault).expect("JSON");
        for key in params[name].as_object().into_iter().flatten().map(|(key, _)| key) {
            assert!(row(name).contains(&format!("`{key}`")), "`{key}` of `{name}`: {}", row(name));
        }
    }
}

#[test]
fn every_action_has_a_row_with_its_keys() {
    let schema = schema();
    let forms = schema["$defs"]["Action"]["oneOf"].as_array().expect("alternatives");
    let mut named = BTreeSet::new();
    for (name, keys) in forms.iter().filter_map(|form| form["properties"].as_object()).flatten() {
        named.insert(name.clone());
        for (key, _) in keys["properties"].as_object().into_iter().flatten() {
            assert!(row(name).contains(&format!("`{key}`")), "`{key}` of `{name}`: {}", row(name));
        }
    }
    assert!(named.len() >= 11, "{named:?}");
}

#[test]
fn every_key_of_the_larger_tables_is_named() {
    let schema = schema();
    let mut missing = Vec::new();
    for table in ["Service", "Version", "Cache", "Traffic", "CallPolicy", "MessageQueue", "Slo", "Alarm", "CompositeAlarm", "Flag"] {
        for (key, _) in schema["$defs"][table]["properties"].as_object().unwrap_or_else(|| panic!("the schema has no {table}")) {
            let forms = [format!("`{key}`"), format!("`{key}."), format!("`{key} = "), format!("\n{key} = "), format!("{{ {key} = ")];
            if !forms.iter().any(|form| GUIDE.contains(form.as_str())) {
                missing.push(format!("{table}.{key}"));
            }
        }
    }
    assert!(missing.is_empty(), "not in the guide: {missing:?}");
}

/// The examples together are a scenario without a mistake and without a warning, as somebody who follows the guide writes it.
#[test]
fn the_examples_together_load_without_a_warning() {
    let examples: Vec<&str> = GUIDE.split("```toml").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [world, calls, _traffic, happens, hooks, alarms, flags] = examples[..] else { panic!("{} examples", examples.len()) };
    let whole = format!("{world}\n{calls}\n[services.web.versions.v2]\nerror_rate = \"5%\"\n{happens}\n{hooks}\n{alarms}\n{flags}");
    assert_eq!(said(&whole), "");
}

/// Whoever reads a default in an editor learns where it comes from, unless it only means "off".
#[test]
fn every_default_names_its_source() {
    // Nothing, everything, or the same as without the key.
    const NEUTRAL: &[&str] = &[
        "none",
        "any",
        "0.",
        "0;",
        "0:",
        "`\"0",
        "\"0",
        "false",
        "true",
        "empty",
        "all",
        "`\"all",
        "everybody",
        "nothing",
        "never",
        "for ever",
        "unbounded",
        "at once",
        "no ",
        "it ",
        "its ",
        "see ",
        "the ",
        "a policy",
        "a null",
        "until ",
        "what users",
        "every failure",
        "sessions do not",
        "not cut",
        "1: everybody",
        "1.",
        "delivered",
        "they ",
    ];
    // Parameters of an experiment: their defaults are somewhere to begin, as the guide says.
    const KNOBS: &[&str] = &[
        "BadConfiguration",
        "ErrorResponses",
        "CpuStarvation",
        "GcStorm",
        "IoSlowness",
        "Latency",
        "MemoryLeak",
        "PacketLoss",
        "PoolExhaustion",
        "RestartLoop",
        "Fixed",
        "FixedPercent",
        "RandomMaxPercent",
        "Burst",
        "Daily",
        "Ramp",
        "Spike",
    ];
    fn look(value: &Value, path: &str, missing: &mut Vec<String>) {
        if let Some(text) = value.get("description").and_then(Value::as_str)
            && let Some((_, default)) = text.split_once("Default ").or_else(|| text.split_once("Default: "))
        {
            let default = default.replace('\n', " ");
            let is_knob = KNOBS.iter().any(|name| path.starts_with(&format!("/$defs/{name}/")));
            if !is_knob && !default.contains('(') && !NEUTRAL.iter().any(|neutral| default.starts_with(neutral)) {
                missing.push(format!("{path}: {text}"));
            }
        }
        match value {
            Value::Object(entries) => entries.iter().for_each(|(key, value)| look(value, &format!("{path}/{key}"), missing)),
            Value::Array(items) => items.iter().enumerate().for_each(|(n, value)| look(value, &format!("{path}/{n}"), missing)),
            _ => {}
        }
    }
    let mut missing = Vec::new();
    look(&schema(), "", &mut missing);
    assert!(missing.is_empty(), "{} without a source:\n{}", missing.len(), missing.join("\n"));
}
