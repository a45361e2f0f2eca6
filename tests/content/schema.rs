//! The JSON Schema of scenario files.

use fleetlab::content;
use jsonschema::Validator;

fn validator() -> Validator {
    let schema = serde_json::to_value(content::scenario_schema()).expect("a schema is JSON");
    jsonschema::draft202012::meta::validate(&schema).expect("the schema is one");
    jsonschema::validator_for(&schema).expect("the schema can be used")
}

fn json(toml: &str) -> serde_json::Value {
    let table: toml::Table = toml.parse().expect("TOML");
    serde_json::to_value(table).expect("JSON")
}

#[track_caller]
fn accepts(validator: &Validator, name: &str, toml: &str) {
    let mistakes: Vec<String> = validator.iter_errors(&json(toml)).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(mistakes.is_empty(), "{name}:\n{}", mistakes.join("\n"));
}

/// A line of the shop.
const ROLLING: &str = "deployment = { rolling = { minimum_healthy_percent = 100, circuit_breaker = { rollback = true } } }";
const SHOP: &str = include_str!("../fixtures/shop.toml");

#[test]
fn the_schema_accepts_what_loads() {
    let validator = validator();
    accepts(&validator, "shop", SHOP);
    accepts(&validator, "shop-busy", include_str!("../fixtures/shop-busy.toml"));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    for entry in std::fs::read_dir(folder).expect("the folder ships") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            accepts(&validator, &path.display().to_string(), &std::fs::read_to_string(&path).expect("text"));
        }
    }
}

#[test]
fn pods_are_a_number_or_a_percentage() {
    let validator = validator();
    for max in ["1", "'1'", "'25%'", "'150%'"] {
        assert!(SHOP.contains(ROLLING));
        let update = format!("deployment = {{ rolling-update = {{ max_surge = {max} }} }}");
        accepts(&validator, max, &SHOP.replacen(ROLLING, &update, 1));
    }
}

#[test]
fn the_schema_refuses_what_does_not() {
    let validator = validator();
    for (right, wrong) in [
        ("instances = 3", "instnces = 3"),
        ("instances = 3", "instances = -3"),
        ("kind = \"frontend\"", "kind = \"fronted\""),
        ("worker_model = \"async\"", "worker_model = 3"),
        ("power-of-two = { stale", "power-of-three = { stale"),
        ("{ stale = \"100ms\" }", "{ stail = \"100ms\" }"),
        ("duration = \"30m\"", "duration = \"30 parsecs\""),
        ("rate = \"60/s\"", "rate = \"60\""),
        ("{ sleep = \"1ms\" }", "{ slep = \"1ms\" }"),
        ("consumer = \"mailer.send\"", ""),
        ("format_version = 1", "format_version = 2"),
        ("at = \"12m\"", "at = 12"),
        (ROLLING, "deployment = { rolling-update = { max_surge = 0.25 } }"),
    ] {
        assert!(SHOP.contains(right), "{right} is not in the fixture");
        assert!(!validator.is_valid(&json(&SHOP.replacen(right, wrong, 1))), "`{wrong}` is accepted");
    }
}

/// An editor shows the description while one types, so every key that a person can write has one.
#[test]
fn every_key_is_described() {
    fn look(value: &serde_json::Value, path: &str, missing: &mut Vec<String>) {
        if let Some(properties) = value.get("properties").and_then(serde_json::Value::as_object) {
            // The only key of an alternative is described by the alternative.
            let is_alternative = properties.len() == 1 && value.get("additionalProperties") == Some(&false.into()) && value.get("required").is_some();
            for (key, property) in properties {
                if !is_alternative && property.get("description").is_none() {
                    missing.push(format!("{path}/{key}"));
                }
            }
        }
        match value {
            serde_json::Value::Object(entries) => entries.iter().for_each(|(key, value)| look(value, &format!("{path}/{key}"), missing)),
            serde_json::Value::Array(items) => items.iter().enumerate().for_each(|(n, value)| look(value, &format!("{path}/{n}"), missing)),
            _ => {}
        }
    }
    let schema = serde_json::to_value(content::scenario_schema()).expect("a schema is JSON");
    let mut missing = Vec::new();
    look(&schema, "", &mut missing);
    assert!(missing.is_empty(), "without a description:\n{}", missing.join("\n"));
}
