//! Forms of strategies, faults and selectors: they read back as what they were, and say what does not fit.

use serde_json::Value;

use super::field::{Fields, example_of};
use super::shape::{Form, Shapes, usual_of};
use super::*;
use crate::fleet::deploy::{IntOrPercent, Strategy};
use crate::fleet::fault::{FaultKind, Selector};
use crate::ui::text::Lang;

#[test]
fn a_form_of_what_is_there_reads_back_as_what_it_was() {
    let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
    for text in [
        r#"{"canary":{"percent":0.05,"canary_bake":"7m","bake":"3m","alarms":{"names":["errors"],"rollback":false}}}"#,
        r#"{"linear":{}}"#,
        r#"{"blue-green":{"hooks":[{"at":"POST_SCALE_UP","check":{}}]}}"#,
        r#"{"rolling":{"maximum_percent":150}}"#,
    ] {
        let strategy: Strategy = serde_json::from_str(text).expect("it is a strategy");
        let fields = alternatives.filled(strategy.name(), &strategy);
        assert_eq!(fields.read::<Strategy>(Lang::En, strategy.name(), &alternatives), Ok(strategy), "{text}");
    }
}

#[test]
fn every_fault_has_a_form_whose_defaults_are_the_faults_own() {
    let alternatives = Alternatives::of::<FaultKind>(FaultKind::NAMES);
    for &name in FaultKind::NAMES {
        let read: FaultKind = alternatives.fields(name).read(Lang::En, name, &alternatives).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected: FaultKind = serde_json::from_value(Value::String(name.to_owned())).expect("a bare name takes the defaults");
        assert_eq!(read, expected);
        for key in alternatives.fields(name).0.keys() {
            assert!(alternatives.doc(name, key).is_some(), "{name}.{key} is documented");
        }
    }
}

#[test]
fn what_is_typed_is_read_as_in_a_file() {
    let alternatives = Alternatives::of::<FaultKind>(FaultKind::NAMES);
    let mut fields = alternatives.fields("latency");
    fields.set("delay", "2s");
    let FaultKind::Latency(latency) = fields.read(Lang::En, "latency", &alternatives).expect("a duration") else { panic!("another fault") };
    assert_eq!(latency.delay, crate::kernel::dist::Distribution::Fixed(crate::units::SimSpan::from_secs(2)));
    fields.set("delay", "two seconds");
    assert!(fields.read::<FaultKind>(Lang::En, "latency", &alternatives).is_err());
    fields.set("delay", r#"{ "lognormal": { "mean": "50ms", "cv": 2.0 } }"#);
    assert!(fields.read::<FaultKind>(Lang::En, "latency", &alternatives).is_ok());
    let mut loss = alternatives.fields("packet-loss");
    loss.set("loss", "20%");
    assert!(loss.read::<FaultKind>(Lang::En, "packet-loss", &alternatives).is_ok());
    loss.set("loss", "120%");
    assert!(
        loss.read::<FaultKind>(Lang::En, "packet-loss", &alternatives).is_err_and(|error| error.starts_with("Share lost: “120%” does not fit. An example: "))
    );
}

#[test]
fn alarms_are_chosen_from_a_list_and_left_out_otherwise() {
    let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
    let mut fields = alternatives.fields("canary");
    let watched = |fields: &Fields| {
        let strategy: Strategy = fields.read(Lang::En, "canary", &alternatives).expect("a strategy");
        strategy.watch().map(|watch| (watch.names.clone(), watch.rollback))
    };
    assert_eq!(watched(&fields), None);
    fields.set("alarms", "true");
    assert_eq!(watched(&fields), Some((Vec::new(), true)));
    if let Some(names) = fields.0.get_mut("alarms").and_then(|alarms| alarms.inner.0.get_mut("names")) {
        names.text = "errors, latency".to_owned();
    }
    assert_eq!(watched(&fields), Some((vec!["errors".to_owned(), "latency".to_owned()], true)));
}

/// A field that takes a number or a text takes either, whichever its default is.
#[test]
fn pods_are_typed_as_a_number_or_a_percentage() {
    let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
    let mut fields = alternatives.fields("rolling-update");
    for (typed, expected) in [("1", IntOrPercent::Pods(1)), ("50%", IntOrPercent::Percent(50)), ("150%", IntOrPercent::Percent(150))] {
        fields.set("max_surge", typed);
        let Ok(Strategy::RollingUpdate(update)) = fields.read(Lang::En, "rolling-update", &alternatives) else { panic!("{typed}") };
        assert_eq!(update.max_surge, expected);
    }
    for wrong in ["0.5", "one", "-1"] {
        fields.set("max_surge", wrong);
        assert!(fields.read::<Strategy>(Lang::En, "rolling-update", &alternatives).is_err(), "{wrong}");
    }
}

#[test]
fn numbers_stay_numbers() {
    let alternatives = Alternatives::of::<Selector>(Selector::NAMES);
    let mut fields = alternatives.fields("fixed");
    fields.set("value", "3");
    assert!(fields.read::<Selector>(Lang::En, "fixed", &alternatives).is_ok());
    fields.set("value", "3.5");
    assert!(fields.read::<Selector>(Lang::En, "fixed", &alternatives).is_err());
}

#[test]
fn what_does_not_fit_is_said_in_plain_words_in_both_languages() {
    let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
    let mut fields = alternatives.fields("rolling");
    fields.set("maximum_percent", "-5");
    let why = fields.read::<Strategy>(Lang::En, "rolling", &alternatives).expect_err("it is negative");
    assert_eq!(why, "Maximum percent: “-5” does not fit. An example: 200");
    let why = fields.read::<Strategy>(Lang::Vi, "rolling", &alternatives).expect_err("it is negative");
    assert!(why.contains("“-5”") && why.contains("200") && !why.contains("u32"), "{why}");
    fields.set("maximum_percent", "");
    let why = fields.read::<Strategy>(Lang::En, "rolling", &alternatives).expect_err("there is none");
    assert_eq!(why, "Maximum percent is missing. An example: 200");
}

#[test]
fn a_structure_that_may_be_left_out_is_a_switch_with_fields_of_its_own() {
    let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
    let mut fields = alternatives.fields("rolling");
    let breaker = |fields: &Fields| match fields.read::<Strategy>(Lang::En, "rolling", &alternatives).expect("it can be read") {
        Strategy::EcsRolling(rolling) => rolling.circuit_breaker,
        other => panic!("{other:?}"),
    };
    assert_eq!(breaker(&fields), None);
    fields.set("circuit_breaker", "true");
    assert_eq!(breaker(&fields), Some(crate::fleet::deploy::DeploymentBreaker::default()));
    let inner = &mut fields.0.get_mut("circuit_breaker").expect("the breaker").inner;
    inner.set("threshold", "much");
    let why = fields.read::<Strategy>(Lang::En, "rolling", &alternatives).expect_err("that is no share");
    assert_eq!(why, "Threshold: “much” does not fit. An example: 50%");
}

#[test]
fn a_list_of_structures_is_rows_that_read_back() {
    let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
    let mut fields = alternatives.fields("canary");
    let inner = &alternatives.shapes["canary"]["hooks"].inner;
    let mut row = Fields::of(Some(inner), usual_of(inner).as_object().expect("a hook"));
    row.set("at", "POST_SCALE_UP");
    row.set("takes", "90s");
    row.set("ends", "failed");
    assert_eq!(inner["ends"].names, ["succeeded", "failed", "never"]);
    fields.0.get_mut("hooks").expect("hooks").rows.push(row);
    let Ok(Strategy::Canary(canary)) = fields.read(Lang::En, "canary", &alternatives) else { panic!("a canary") };
    assert_eq!(canary.hooks.len(), 1);
    assert_eq!((canary.hooks[0].at.as_str(), canary.hooks[0].takes), ("POST_SCALE_UP", Some(crate::units::SimSpan::from_secs(90))));
    fields.0.get_mut("hooks").expect("hooks").rows[0].set("takes", "a while");
    let why = fields.read::<Strategy>(Lang::En, "canary", &alternatives).expect_err("that is no time");
    assert!(why.contains("“a while” does not fit. An example: "), "{why}");
}

#[test]
fn whatever_a_strategy_takes_has_an_example() {
    fn without(lang: Lang, path: &str, shapes: &Shapes, found: &mut Vec<String>) {
        for (key, shape) in shapes {
            let path = format!("{path}.{key}");
            let edited = matches!(shape.form, Form::Plain | Form::List | Form::Map) && shape.names.is_empty() && shape.usual != Value::Bool(false);
            if edited && example_of(lang, key, Some(shape)).is_empty() {
                found.push(path.clone());
            }
            without(lang, &path, &shape.inner, found);
        }
    }
    let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
    for lang in [Lang::En, Lang::Vi] {
        let mut found = Vec::new();
        for (name, shapes) in &alternatives.shapes {
            without(lang, name, shapes, &mut found);
        }
        assert_eq!(found, Vec::<String>::new(), "{lang:?}");
    }
}

#[test]
fn numbers_that_may_be_left_out_are_read_as_numbers() {
    let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
    let mut fields = alternatives.fields("canary");
    fields.set("probes", "true");
    fields.0.get_mut("probes").expect("probes").inner.set("of", "5");
    let Ok(Strategy::Canary(canary)) = fields.read(Lang::En, "canary", &alternatives) else { panic!("a canary") };
    assert_eq!(canary.probes.and_then(|probes| probes.of), Some(5));
    let mut fields = alternatives.fields("flagger");
    fields.set("step_weights", "5, 20, 100");
    let Ok(Strategy::Flagger(flagger)) = fields.read(Lang::En, "flagger", &alternatives) else { panic!("flagger") };
    assert_eq!(flagger.step_weights, [5, 20, 100]);
}

#[test]
fn shares_are_written_as_percentages() {
    let alternatives = Alternatives::of::<FaultKind>(FaultKind::NAMES);
    assert_eq!(alternatives.fields("error-responses").0["error_rate"].text, "50%");
}
