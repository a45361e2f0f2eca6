//! Comparisons of a small shop, told: what the tables and sentences say, and that every form says it.

use std::sync::atomic::AtomicBool;

use super::super::Format;
use super::*;
use crate::content::{Folder, read_str};
use crate::fleet::deploy::Strategy;
use crate::lab::compare::{Axis, Outcome, Plan, Sweep, Variant, run};
use crate::lang::Lang;
use crate::units::SimTime;

/// A release that fails for half of the requests.
const SHOP: &str = r#"
format_version = 1
title.en = "A <shop>"
duration = "8m"
slos.availability.objective = "99%"
[services.web]
instances = 2
workers = 32
start_up = "5s"
deployment = { rolling = { alarms = { names = ["new-errors"] } } }
endpoints.get.steps = [{ work = "5ms" }]
versions.v1 = {}
versions.bad = { error_rate = "50%" }
[alarms.new-errors]
service = "web"
new_version = true
metric = { error-rate = { above = "20%" } }
[traffic.users]
to = "web.get"
rate = "20/s"
population = 500
[[timeline]]
at = "1m"
do = { deploy = { service = "web", version = "bad" } }
"#;

fn variant(label: &str, json: &str) -> Variant {
    Variant { label: label.into(), strategy: serde_json::from_str(json).expect("a strategy") }
}

fn outcome(variants: Vec<Variant>, sweep: Option<Sweep>, seeds: u64) -> Outcome {
    let scenario = read_str("shop", "shop.toml", SHOP, &Folder::Nowhere).unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario;
    let plan = Plan::new(scenario, variants, sweep, (1..=seeds).collect(), SimTime::from_secs(480)).expect("it can run");
    run(plan, 2, &AtomicBool::new(false), &|_| {})
}

fn three() -> Vec<Variant> {
    vec![
        variant("rolling", r#""rolling""#),
        variant("blue-green", r#"{"blue-green":{"bake":"2m"}}"#),
        variant("canary", r#"{"canary":{"percent":"10%","canary_bake":"2m","bake":"1m"}}"#),
    ]
}

fn sweep() -> Sweep {
    let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let axes =
        vec![Axis { name: "canary.weight".into(), values: values(&["5%", "50%"]) }, Axis { name: "canary.duration".into(), values: values(&["1m", "3m"]) }];
    let cell = |(percent, bake): (&str, &str)| {
        serde_json::from_str::<Strategy>(&format!(r#"{{"canary":{{"percent":"{percent}","canary_bake":"{bake}","bake":"1m"}}}}"#)).expect("a strategy")
    };
    Sweep { axes, cells: [("5%", "1m"), ("5%", "3m"), ("50%", "1m"), ("50%", "3m")].map(cell).to_vec() }
}

#[test]
fn the_text_comparison() {
    let comparison = Comparison::new(&outcome(three(), Some(sweep()), 3), None, Lang::En);
    insta::assert_snapshot!(Format::Text.render_comparison(&comparison).expect("renders"));
}

#[test]
fn the_text_comparison_in_vietnamese() {
    let comparison = Comparison::new(&outcome(three(), Some(sweep()), 3), None, Lang::Vi);
    insta::assert_snapshot!(Format::Text.render_comparison(&comparison).expect("renders"));
}

#[test]
fn every_form_is_in_the_language_that_was_asked_for() {
    let comparison = Comparison::new(&outcome(three(), Some(sweep()), 2), None, Lang::Vi);
    let rendered = |format: Format| format.render_comparison(&comparison).expect("renders");
    let html = rendered(Format::Html);
    assert!(html.starts_with("<!doctype html>\n<html lang=\"vi\">") && html.contains("người dùng gặp lỗi, chênh lệch so với rolling"), "{html}");
    let md = rendered(Format::Md);
    assert!(md.contains("## Kết luận") && md.contains("| người dùng gặp lỗi |") && md.contains("### Nếu `bad` vô hại"), "{md}");
    for text in [html, md, rendered(Format::Text)] {
        for english in ["compared", "instead of", "difference", "users hurt", "harmless", "seeds", "of 2", "compare."] {
            assert!(!text.contains(english), "`{english}` in {text}");
        }
    }
    // What programs read is the same in every language.
    let json: serde_json::Value = serde_json::from_str(&rendered(Format::Json)).expect("is JSON");
    assert_eq!((json["language"].as_str(), json["as_it_is"][0]["measure"].as_str()), (Some("vi"), Some("users hurt")));
    assert!(json["conclusions"][1].as_str().is_some_and(|said| said.contains("thay vì")));
}

#[test]
fn the_json_comparison_keeps_to_its_schema() {
    let comparison = Comparison::new(&outcome(three(), Some(sweep()), 2), Some(0.5), Lang::En);
    let json: serde_json::Value = serde_json::from_str(&Format::Json.render_comparison(&comparison).expect("renders")).expect("is JSON");
    let schema = serde_json::to_value(schemars::schema_for!(Comparison)).expect("is JSON");
    let validator = jsonschema::validator_for(&schema).expect("is a schema");
    let wrong: Vec<_> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!((json["format_version"].as_u64(), json["seeds"].as_array().map(Vec::len), json["confidence"].as_f64()), (Some(1), Some(2), Some(0.95)));
    let lead_time = json["as_it_is"].as_array().and_then(|rows| rows.iter().find(|row| row["measure"] == "lead time")).expect("its row");
    assert!(lead_time["variants"][0]["mean"].is_null() && json["unknown"]["lead time"].is_string(), "no made-up lead time");
    assert!(json["as_it_is"][0]["variants"][0]["difference"].is_null() && json["as_it_is"][0]["variants"][1]["difference"]["mean"].is_number());
}

#[test]
fn a_page_draws_each_measure_and_loads_nothing() {
    let comparison = Comparison::new(&outcome(three(), Some(sweep()), 2), None, Lang::En);
    let html = Format::Html.render_comparison(&comparison).expect("renders");
    assert!(html.contains("users hurt, difference to rolling") && html.matches("<svg").count() >= 12, "{html}");
    assert_eq!(html.matches("background:color-mix(in srgb,var(--good)").count(), 4, "the map of what is found has a ground in each cell");
    for loads in ["<script", "http:", "https:", "src=", "@import", "url(", "NaN", "<shop>"] {
        assert!(!html.contains(loads), "{loads}");
    }
    let md = Format::Md.render_comparison(&comparison).expect("renders");
    assert!(md.contains("| users hurt |") && md.contains("### How often the harmful version was found"), "{md}");
}

#[test]
fn strategies_that_are_the_same_are_said_to_be() {
    let twice = vec![variant("one", r#""canary""#), variant("other", r#""canary""#)];
    let comparison = Comparison::new(&outcome(twice, None, 2), None, Lang::En);
    assert!(
        comparison
            .as_it_is
            .iter()
            .chain(&comparison.harmless)
            .filter_map(|measure| measure.variants[1].difference)
            .all(|difference| { (difference.mean, difference.low, difference.high, difference.excludes_zero) == (0.0, Some(0.0), Some(0.0), false) })
    );
    assert!(comparison.conclusions.iter().any(|said| said == "`other` and `one` do not differ at all: every difference is exactly zero."));
}

#[test]
fn a_single_seed_has_no_interval() {
    let comparison = Comparison::new(&outcome(three(), None, 1), None, Lang::En);
    let text = Format::Text.render_comparison(&comparison).expect("renders");
    assert!(text.contains("(interval n/a)") && text.contains("a single seed cannot tell"), "{text}");
    assert!(!text.contains("instead of"), "nothing is concluded: {text}");
}

#[test]
fn many_strategies_are_told_in_tables_that_fit() {
    let many = (0..8).map(|n| variant(&format!("canary number {n} of eight"), &format!(r#"{{"canary":{{"percent":"{}%"}}}}"#, n + 1))).collect();
    let text = Format::Text.render_comparison(&Comparison::new(&outcome(many, None, 2), None, Lang::En)).expect("renders");
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|widest| widest <= 140), "{widest:?}: {text}");
    for n in 0..8 {
        assert!(text.contains(&format!("canary number {n} of eight")), "{text}");
    }
}
