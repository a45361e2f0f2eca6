//! Genuine manifests, good and bad, and what is said of them.

use std::path::{Path, PathBuf};

use super::*;
use crate::content::diagnostic::{Diagnostics, Severity};
use crate::fleet::deploy::steps::{Pause, SetCanaryScale, Step};
use crate::units::SimSpan;

/// Reads a text as a file of this name.
fn read_text(name: &str, text: &str) -> (Option<Manifests>, Diagnostics) {
    let mut collector = Collector::default();
    let file = collector.sources.add(name, text);
    let manifests = read(file, text, &mut collector);
    (manifests, collector.finish())
}

/// The folder of genuine files, beside the checkout.
fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let found = beside.is_dir().then_some(beside);
    if found.is_none() {
        eprintln!("skipped: no genuine files in ../shared/corpus");
    }
    found
}

fn files(folder: &str) -> Vec<(String, String)> {
    let Some(folder) = corpus().map(|corpus| corpus.join(folder)) else { return Vec::new() };
    let mut files: Vec<(String, String)> = std::fs::read_dir(&folder)
        .expect("the folder of genuine files can be listed")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read_to_string(&path).expect("text")))
        .collect();
    files.sort();
    files
}

#[test]
fn every_genuine_file_is_read_without_an_error() {
    let mut all = Manifests::default();
    for (name, text) in files("argo-rollouts") {
        let (manifests, diagnostics) = read_text(&name, &text);
        let errors: Vec<String> = diagnostics.iter().filter(|item| item.severity == Severity::Error).map(ToString::to_string).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let manifests = manifests.unwrap_or_else(|| panic!("{name} gave nothing"));
        assert!(manifests.rollouts.len() + manifests.templates.len() + manifests.runs.len() + manifests.experiments.len() > 0, "{name}");
        // Whatever has a strategy and its templates becomes parameters that a driver accepts.
        for rollout in &manifests.rollouts {
            match manifests.strategy(rollout) {
                Ok(_) | Err(LowerError::NoStrategy | LowerError::NoTemplate { .. }) => {}
                Err(LowerError::Wrong(why)) => assert!(why.contains("has no value") || why.contains("runs for ever"), "{name}: {why}"),
            }
        }
        all.extend(manifests);
    }
    if corpus().is_some() {
        let strategies = all.rollouts.iter().filter(|rollout| all.strategy(rollout).is_ok()).count();
        assert!(strategies > 25, "{strategies} of {} rollouts became strategies", all.rollouts.len());
    }
}

/// Which line of which bad file is wrong, and why; the reasons are those of the source project's own tests.
#[test]
fn every_bad_file_is_refused_where_it_is_wrong() {
    let expected: [(&str, usize, &str); 11] = [
        ("create__testdata__analysis-template-no-name.yaml", 3, "the key `name` is missing"),
        ("lint__testdata__invalid-empty-rollout-vsvc.yml", 2, "the key `spec` is missing"),
        ("lint__testdata__invalid-ingress-smi-multi.yml", 89, "the service `rollout-smi-experiment-canary` selects pods by the label `app`"),
        ("lint__testdata__invalid-multiple-docs.yml", 25, "`maxSurge` and `maxUnavailable` are both 0"),
        ("lint__testdata__invalid-nginx-canary.yml", 98, "the weight of an experiment's template works with SMI, ALB, Istio"),
        ("lint__testdata__invalid-ping-pong.yml", 12, "the service `ping-service` selects pods by the label `app`"),
        ("lint__testdata__invalid-service-labels.yml", 11, "the service `istio-host-split-canary` selects pods by the label `app`"),
        ("lint__testdata__invalid-unknown-field.yml", 9, "unknown key `unknown-strategy`"),
        ("lint__testdata__invalid.json", 13, "`maxSurge` and `maxUnavailable` are both 0"),
        ("lint__testdata__invalid.yml", 12, "`maxSurge` and `maxUnavailable` are both 0"),
        ("expectedfailures__analysis-run-failfast.yaml", 19, ""),
    ];
    let files = files("bad-argo-rollouts");
    for (name, text) in &files {
        let (_, diagnostics) = read_text(name, text);
        let first = diagnostics.iter().find(|item| item.severity == Severity::Error).unwrap_or_else(|| panic!("{name} was not refused"));
        let (_, line, message) = expected.iter().find(|(end, ..)| name.ends_with(end)).unwrap_or_else(|| panic!("{name} is not expected: {first}"));
        assert_eq!(first.line, *line, "{first}");
        assert!(first.message.contains(message), "{first}");
    }
    assert!(files.is_empty() || files.len() >= expected.len());
}

/// What is said of a text: line and message of each finding, errors marked.
fn said(text: &str) -> Vec<String> {
    let (_, diagnostics) = read_text("r.yaml", text);
    let mark = |severity| if severity == Severity::Error { "" } else { "warning: " };
    diagnostics.iter().map(|item| format!("{}: {}{}", item.line, mark(item.severity), item.message)).collect()
}

fn rollout(strategy: &str) -> String {
    let indented = format!("    {}\n", strategy.replace('\n', "\n    "));
    let head = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r}\nspec:\n  selector: {matchLabels: {app: a}}\n";
    format!("{head}  template: {{metadata: {{labels: {{app: a}}}}}}\n  strategy:\n{indented}")
}

#[test]
fn what_cannot_be_is_refused_with_its_line() {
    for (strategy, expected) in [
        ("canary: {}\nblueGreen: {activeService: a}", "9: `canary` and `blueGreen` in one rollout; keep one"),
        ("canary:\n  steps:\n  - setWeight: 101", "10: `setWeight` is 0 to 100"),
        ("canary:\n  steps:\n  - pause:", "10: a step without anything to do"),
        ("canary:\n  steps:\n  - pause: {duration: 1d}", "10: `1d` is not a duration"),
        ("canary:\n  steps:\n  - pause: {duration: -5}", "10: -5 is negative"),
        ("canary:\n  steps:\n  - pause: {}\n    setWeight: 5", "10: a step does one of `setWeight`, `pause`, `experiment` and `analysis`"),
        ("canary:\n  steps:\n  - setCanaryScale: {replicas: 1}", "10: `setCanaryScale` needs `trafficRouting`"),
        ("canary:\n  steps:\n  - setMirrorRoute: {name: m}", "10: `setMirrorRoute` needs `trafficRouting` by Istio or a plugin"),
        ("canary:\n  steps:\n  - setWaight: 5", "10: unknown key `setWaight`"),
        ("canary: {scaleDownDelaySeconds: 5}", "8: `scaleDownDelaySeconds` is only for traffic routing"),
        ("canary: {dynamicStableScale: true}", "8: `dynamicStableScale` is only for traffic routing"),
        ("canary: {trafficRouting: {smi: {}}, stableService: s}", "8: the key `canaryService` is missing: traffic routing needs both services"),
        ("canary: {canaryService: s, stableService: s}", "8: the stable service is the canary service; two different ones are needed"),
        ("canary: {trafficRouting: {smi: {}, maxTrafficWeight: 5}, canaryService: c, stableService: s}", "8: `maxTrafficWeight` is only for nginx and plugins"),
        ("canary: {pingPong: {pingService: p, pongService: p}}", "8: ping and pong are the same service; two different ones are needed"),
        ("canary: {antiAffinity: {}}", "8: `antiAffinity` takes exactly one of its two ways"),
        ("canary: {analysis: {}}", "8: the key `templates` is missing"),
        ("blueGreen: {activeService: a, previewService: a}", "8: the preview service is the active service; two different ones are needed"),
        ("blueGreen: {}", "8: the key `activeService` is missing"),
        ("blueGreen: {activeService: a, autoPromotionSeconds: soon}", "8: `autoPromotionSeconds` must be a whole number, 0 or more"),
        ("{}", "7: the key `canary` or `blueGreen` is missing"),
    ] {
        let said = said(&rollout(strategy));
        assert!(said.iter().any(|finding| finding.starts_with(expected)), "{strategy}\n{said:#?}");
    }
}

#[test]
fn a_plugin_is_read_and_said_to_do_nothing() {
    let with = |more: &str| said(&rollout(&format!("canary:\n  steps:\n  - plugin: {{name: argo/check{more}}}\n  - setWeight: 5")));
    assert_eq!(with(""), ["10: warning: no plugin is run here; the step is done at once"]);
    assert!(with(", disabled: true").is_empty(), "what is switched off does nothing anywhere");
}

#[test]
fn routes_must_be_managed() {
    let with =
        |routing: &str, step: &str| rollout(&format!("canary:\n  canaryService: c\n  stableService: s\n  trafficRouting: {routing}\n  steps:\n  - {step}"));
    let route = "setHeaderRoute: {name: rout, match: [{headerName: x, headerValue: {exact: '1'}}]}";
    assert!(said(&with("{istio: {}}", route)).iter().any(|finding| finding.contains("the key `managedRoutes` is missing")));
    assert!(said(&with("{istio: {}, managedRoutes: [{name: route}]}", route)).iter().any(|finding| finding == "13: no managed route is called `rout`"));
    assert!(said(&with("{nginx: {stableIngress: i}}", route)).iter().any(|finding| finding.contains("needs `trafficRouting` by Istio, ALB")));
    let two = "setHeaderRoute: {name: route, match: [{headerName: x, headerValue: {exact: '1', prefix: '2'}}]}";
    assert!(said(&with("{alb: {}, managedRoutes: [{name: route}]}", two)).iter().any(|finding| finding.contains("exactly one of")));
}

#[test]
fn virtual_services_must_lead_to_both_versions() {
    let with = |http: &str| {
        let strategy = "canary:\n  canaryService: c\n  stableService: s\n  trafficRouting:\n    istio:\n      virtualService: {name: v, routes: [primary]}";
        format!("{}---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: v}}\nspec:\n  http: {http}\n", rollout(strategy))
    };
    let both = "[{name: primary, route: [{destination: {host: c.ns.svc.cluster.local}}, {destination: {host: s}}]}]";
    assert_eq!(said(&with(both)), Vec::<String>::new());
    assert_eq!(said(&with(&both.replace("primary", "other"))), ["13: the virtual service has no route `primary`"]);
    assert_eq!(said(&with(&both.replace("host: s", "host: x"))), ["13: warning: a route of the virtual service does not lead to the host `s`"]);
    assert_eq!(said(&with("[]")), ["13: the virtual service has no routes"]);
}

#[test]
fn analyses_are_checked_with_their_conditions() {
    let with = |metric: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {{name: t}}\nspec:\n  metrics:\n  - name: m\n    provider: {{prometheus: {{query: q}}}}\n    {metric}"
        )
    };
    for (metric, expected) in [
        ("successCondition: result[0] >=", "8: something is missing at character 13 of `result[0] >=`"),
        ("failureCondition: latency > 1", "8: unknown name `latency`"),
        ("interval: 60", "8: `interval` must be a string"),
        ("interval: 1 minute", "8: `1 minute` is not a duration"),
        ("count: 3", "8: more than one measurement needs an `interval`"),
        ("{count: 2, interval: 1s, failureLimit: 3}", ""),
        ("failureLimit: -2", "8: `failureLimit` is -2; it is -1 or more"),
        ("count: many", "8: `many` is not a whole number"),
        ("count: '{{args.count}}'", ""),
        ("succesCondition: 'true'", "8: unknown key `succesCondition`"),
    ] {
        if metric.starts_with('{') {
            continue;
        }
        let said = said(&with(metric));
        assert!(if expected.is_empty() { said.is_empty() } else { said.iter().any(|finding| finding.starts_with(expected)) }, "{metric}: {said:#?}");
    }
    let limits = with("count: 2\n    interval: 1s\n    failureLimit: 3");
    assert_eq!(said(&limits), ["10: `count` is 2; it must not be less than `failureLimit`"]);
    let two = with("successCondition: 'true'").replace("{prometheus: {query: q}}", "{prometheus: {query: q}, web: {url: u}}");
    assert!(said(&two)[0].contains("`prometheus` and `web`: a metric has one provider"));
}

#[test]
fn an_excerpt_is_read_as_far_as_it_goes() {
    let said = said("apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec:\n  strategy:\n    canary:\n      steps:\n      - setWeight: 20\n      - pause: {}");
    assert!(!said.is_empty() && said.iter().all(|finding| finding.contains("warning: ")), "{said:#?}");
}

#[test]
fn a_rollout_becomes_the_parameters_of_a_driver() {
    let text = format!(
        "{}---\n{}",
        rollout(
            "canary:
  canaryService: c
  stableService: s
  trafficRouting: {istio: {virtualService: {name: v}}, managedRoutes: [{name: h}]}
  abortScaleDownDelaySeconds: 0
  analysis:
    templates: [{templateName: t}]
    startingStep: 1
    args: [{name: least, value: '0.9'}]
  steps:
  - setCanaryScale: {weight: 10}
    setHeaderRoute: {name: h, match: [{headerName: x, headerValue: {prefix: a}}]}
    pause: {duration: 15}
  - setWeight: 90
  - pause: {}"
        ),
        "apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: t}
spec:
  args: [{name: least}, {name: who, value: web}]
  metrics:
  - name: m
    interval: 1m
    successCondition: result[0] >= {{args.least}}
    provider: {prometheus: {query: 'up{job=\"{{args.who}}\"}'}}"
    );
    let (manifests, diagnostics) = read_text("r.yaml", &text);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let manifests = manifests.expect("manifests");
    let Ok(Strategy::Canary(canary)) = manifests.strategy(&manifests.rollouts[0]) else { panic!("a canary") };
    assert_eq!(canary.abort_scale_down_delay, Some(SimSpan::ZERO));
    let kinds: Vec<String> = canary.steps.iter().map(Step::label).collect();
    assert_eq!(kinds, ["setCanaryScale: weight 10", "setHeaderRoute: h", "pause: 15s", "setWeight: 90", "pause: {}"]);
    assert_eq!(canary.steps[0], Step::SetCanaryScale(SetCanaryScale { weight: Some(10), ..SetCanaryScale::default() }));
    assert_eq!(canary.steps[4], Step::Pause(Pause::default()));
    let background = canary.analysis.expect("a background analysis");
    assert_eq!(background.starting_step, 3, "the first written step became three");
    let metric = &background.analysis.metrics[0];
    assert_eq!(metric.success_condition.as_ref().map(ToString::to_string).as_deref(), Some("result[0] >= 0.9"));
    assert_eq!((metric.provider.query.as_str(), metric.effective_count()), ("up{job=\"web\"}", None));
}

#[test]
fn what_is_not_in_the_files_is_named() {
    let text = rollout("blueGreen:\n  activeService: a\n  prePromotionAnalysis: {templates: [{templateName: t, clusterScope: true}]}");
    let (manifests, _) = read_text("r.yaml", &text);
    let manifests = manifests.expect("manifests");
    let error = manifests.strategy(&manifests.rollouts[0]).expect_err("no template");
    assert_eq!(error.to_string(), "the cluster analysis template `t` is not in the files");
}

#[test]
fn lists_and_other_kinds_are_taken_in() {
    let text = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: Service, metadata: {{name: s}}}}\n- {}",
        "{apiVersion: argoproj.io/v1alpha1, kind: Workflow}"
    );
    let (manifests, diagnostics) = read_text("l.yaml", &text);
    let kinds: Vec<String> = manifests.expect("manifests").others.into_iter().map(|other| other.kind).collect();
    assert_eq!((kinds, diagnostics.len()), (vec!["Service".to_owned(), "Workflow".to_owned()], 0));
}

#[test]
fn hostile_files_end_in_an_answer() {
    for text in ["", "---", "a: &a [*a]", "kind: Rollout\napiVersion: argoproj.io/v1alpha1\nspec: 5", "- - - -", "\u{0}", "kind: [", "spec: {strategy: 1e999}"]
    {
        let (_, diagnostics) = read_text("h.yaml", text);
        let _ = diagnostics.to_string();
    }
    let many = "---\napiVersion: v1\nkind: Service\n".repeat(2_000);
    assert!(read_text("m.yaml", &many).1.has_errors());
}
