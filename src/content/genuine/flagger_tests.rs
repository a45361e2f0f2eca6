//! What the reader of Flagger's resources promises: genuine files are read, and mistakes are found where they are.

use super::flagger::{Resource, read_all};
use super::testing::{corpus, read_as, said};
use crate::fleet::deploy::TextMatch;
use crate::fleet::deploy::flagger::{HookType, Provider};
use crate::units::SimSpan;

#[test]
fn genuine_files_are_read_without_an_error() {
    let (mut canaries, mut templates, mut others) = (0, 0, 0);
    let files = corpus("flagger");
    for (name, text) in &files {
        let (resources, diagnostics) = read_as(text, read_all);
        assert!(!diagnostics.has_errors() && !resources.is_empty(), "{name}:\n{diagnostics}");
        for resource in resources {
            match resource {
                Resource::Canary(canary) => {
                    canaries += 1;
                    // What is complete can be carried out.
                    if canary.analysis().is_some() {
                        assert_eq!(canary.strategy().check(), Ok(()), "{name}");
                    }
                }
                Resource::MetricTemplate(_) | Resource::AlertProvider(_) => templates += 1,
                Resource::Other => others += 1,
            }
        }
    }
    if !files.is_empty() {
        assert!(canaries >= 40 && templates >= 10 && others >= 2, "{canaries} canaries, {templates} templates, {others} others");
    }
}

/// A canary whose `analysis` is as given, indented by four.
fn canary(analysis: &str) -> String {
    format!("apiVersion: flagger.app/v1beta1\nkind: Canary\nspec:\n  targetRef: {{ kind: Deployment, name: web }}\n  analysis:\n{analysis}")
}

#[test]
fn a_canary_becomes_a_strategy() {
    let text = canary(
        r#"    interval: 1m30s
    threshold: 5
    iterations: 10
    maxWeight: 0
    stepWeightPromotion: 20
    mirror: true
    match:
      - headers: { cookie: { regex: "^insider" } }
      - headers: { x-user: { suffix: "@example.com" } }
    sessionAffinity: { cookieName: c, maxAge: 3600 }
    metrics:
      - { name: request-success-rate, threshold: 99, interval: 30s }
      - { name: latency, templateRef: { name: latency }, thresholdRange: { max: 0.5 } }
    webhooks:
      - { name: load, url: http://load/, metadata: { cmd: hey, logCmdOutput: true } }
      - { name: gate, type: confirm-promotion, url: http://gate/ }
"#,
    );
    let (resources, diagnostics) = read_as(&text, read_all);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let [Resource::Canary(canary)] = resources.as_slice() else { panic!("{resources:?}") };
    let strategy = canary.strategy();
    assert_eq!((strategy.interval, strategy.threshold, strategy.iterations, strategy.max_weight), (SimSpan::from_secs(90), 5, 10, 100));
    assert_eq!((strategy.step_weight_promotion, strategy.mirror, strategy.provider), (20, true, Provider::Mesh));
    let values: Vec<&TextMatch> = strategy.r#match.iter().map(|condition| &condition.value).collect();
    assert_eq!(values, [&TextMatch::Regex("^insider".to_owned()), &TextMatch::Regex(r".*@example\.com$".to_owned())]);
    assert_eq!(strategy.session_affinity.map(|affinity| affinity.max_age), Some(SimSpan::from_secs(3_600)));
    assert_eq!(strategy.metrics.iter().map(|metric| (metric.range().min, metric.range().max)).collect::<Vec<_>>(), [(Some(99.0), None), (None, Some(0.5))]);
    assert_eq!(strategy.webhooks.iter().map(|hook| hook.r#type).collect::<Vec<_>>(), [HookType::Rollout, HookType::ConfirmPromotion]);
    assert_eq!((strategy.skip_analysis, strategy.progress_deadline), (false, SimSpan::from_secs(600)));
}

#[test]
fn mistakes_are_found_where_they_are() {
    let fine = "    interval: 1m\n    threshold: 5\n    stepWeight: 10\n";
    let table: &[(&str, String, &[&str])] = &[
        (
            "a misspelt key",
            canary("    interval: 1m\n    treshold: 5\n    stepWeight: 10\n"),
            &["7:5 error: unknown key `treshold` (did you mean `threshold`?)"],
        ),
        (
            "a number as text",
            canary("    interval: 1m\n    threshold: five\n    stepWeight: 10\n"),
            &["7:16 error: `threshold` must be a whole number, 0 or more, not the string \"five\""],
        ),
        (
            "not a time",
            canary("    interval: 1 minute\n    threshold: 5\n    stepWeight: 10\n"),
            &["6:15 error: `1 minute` is not a duration (write a number and a unit, such as \"30s\", \"1m\" or \"1h\")"],
        ),
        (
            "a webhook of no type",
            canary(&format!("{fine}    webhooks:\n      - {{ name: x, url: http://x/, type: pre-rolout }}\n")),
            &["10:42 error: `pre-rolout` is not one of the alternatives here (did you mean `pre-rollout`?)"],
        ),
        ("a webhook without an address", canary(&format!("{fine}    webhooks:\n      - {{ name: x }}\n")), &["10:9 error: the key `url` is missing"]),
        (
            "two mistakes at once",
            canary("    interval: 1m\n    threshold: -1\n    stepWeight: 10\n    maxWeihgt: 50\n"),
            &["7:16 error: `threshold` must be a whole number, 0 or more, not the number -1", "9:5 error: unknown key `maxWeihgt` (did you mean `maxWeight`?)"],
        ),
        (
            "more than everything",
            canary("    interval: 1m\n    threshold: 5\n    stepWeight: 110\n"),
            &["8:5 error: `stepWeight` is 110; it is a percentage, 100 at most"],
        ),
        (
            "steps that fall",
            canary("    interval: 1m\n    threshold: 5\n    stepWeights: [10, 5]\n"),
            &["8:5 error: `stepWeights` are percentages from 1 to 100 that rise"],
        ),
        (
            "a range that nothing passes",
            canary(&format!("{fine}    metrics:\n      - name: request-duration\n        thresholdRange: {{ min: 5, max: 1 }}\n")),
            &["11:9 error: nothing passes: `min` is 5 and `max` 1"],
        ),
        (
            "a header match of no kind",
            canary("    interval: 1m\n    threshold: 5\n    iterations: 3\n    match:\n      - headers: { a: { exakt: b } }\n"),
            &["10:25 error: `exakt` is not one of the alternatives here (did you mean `exact`?)"],
        ),
        (
            "another kind",
            "apiVersion: flagger.app/v1beta1\nkind: Canery\n".to_owned(),
            &["2:1 error: `Canery` is no kind of `flagger.app` (did you mean `Canary`?)"],
        ),
        (
            "no kind",
            "apiVersion: flagger.app/v1beta1\nspec: {}\n".to_owned(),
            &["1:1 error: the key `kind` is missing (a resource of Kubernetes says what it is)"],
        ),
        ("broken syntax", "kind: Canary\nspec: [\n".to_owned(), &[]),
    ];
    let mut wrong = Vec::new();
    for (what, text, expected) in table {
        let (_, diagnostics) = read_as(text, read_all);
        assert!(diagnostics.has_errors(), "{what}");
        let errors: Vec<String> = said(&diagnostics).into_iter().filter(|line| line.contains(" error: ")).collect();
        if !expected.is_empty() && errors != *expected {
            wrong.push((what, errors));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_has_no_effect_is_a_warning() {
    let table: &[(&str, String, &str)] = &[
        ("nothing moves", canary("    interval: 1m\n    threshold: 5\n"), "5:3 warning: the key `stepWeight` is missing"),
        (
            "two ways",
            canary("    interval: 1m\n    threshold: 5\n    stepWeight: 5\n    iterations: 3\n"),
            "8:5 warning: `iterations` and `stepWeight` exclude each other",
        ),
        ("a short interval", canary("    interval: 5s\n    threshold: 5\n    stepWeight: 5\n"), "6:5 warning: an interval of 5s counts as 10s"),
        ("no threshold", canary("    interval: 15s\n    stepWeight: 5\n"), "5:3 warning: the key `threshold` is missing"),
        (
            "a metric that nobody knows",
            canary("    interval: 1m\n    threshold: 5\n    stepWeight: 5\n    metrics: [{ name: request-succes-rate, threshold: 99 }]\n"),
            "9:17 warning: nothing checks `request-succes-rate` (did you mean `request-success-rate`?)",
        ),
        (
            "headers without an A/B test",
            canary("    interval: 1m\n    threshold: 5\n    stepWeight: 5\n    match: [{ headers: { a: { exact: b } } }]\n"),
            "9:5 warning: `match` has no effect",
        ),
        (
            "a provider that nobody knows",
            "apiVersion: flagger.app/v1beta1\nkind: Canary\nspec: { provider: istoi }\n".to_owned(),
            "3:9 warning: `istoi` is no provider that is known here (did you mean `istio`?)",
        ),
        (
            "an unknown variable",
            "apiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nspec:\n  provider: { type: prometheus }\n  query: up{job=\"{{ targt }}\"}\n".to_owned(),
            "5:3 warning: a query cannot refer to `targt` (did you mean `target`?)",
        ),
        (
            "nobody to tell",
            "apiVersion: flagger.app/v1beta1\nkind: AlertProvider\nspec: { type: slack }\n".to_owned(),
            "3:1 warning: the key `address` is missing",
        ),
        (
            "an older version",
            "apiVersion: flagger.app/v1alpha3\nkind: AlertProvider\nspec: { type: slack, address: x }\n".to_owned(),
            "1:1 warning: `flagger.app/v1alpha3` is not the current version",
        ),
    ];
    for (what, text, expected) in table {
        let (_, diagnostics) = read_as(text, read_all);
        let lines = said(&diagnostics);
        assert!(!diagnostics.has_errors() && lines.iter().any(|line| line.starts_with(expected)), "{what}: {lines:#?}");
    }
}

#[test]
fn other_kinds_of_the_same_file_are_passed_over() {
    let text = format!("apiVersion: v1\nkind: Service\nspec: {{ ports: [] }}\n---\n{}    interval: 1m\n    threshold: 1\n    stepWeight: 1\n---\n", canary(""));
    let (resources, diagnostics) = read_as(&text, read_all);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    assert!(matches!(resources.as_slice(), [Resource::Other, Resource::Canary(_)]), "{resources:?}");
}
