//! What is wrong with Flagger's resources beyond their form: what is missing, impossible, or without effect.
//!
//! Errors are what Flagger or the API server would refuse; the rest are warnings. To check something more, add it to the
//! function of its resource.

use super::flagger::Resource;
use super::flagger_raw::{AlertProvider, Canary, CanaryAnalysis, CanaryMetric, MetricTemplate};
use crate::content::diagnostic::{Code, Collector, Finding};
use crate::content::tree::{Node, Segment, Value};
use crate::insight::judge::flagger::Builtin;
use crate::units::SimSpan;
use crate::wording::{listed, nearest, shown};

/// Kinds of `flagger.app`.
const KINDS: [&str; 3] = ["Canary", "MetricTemplate", "AlertProvider"];
/// Providers of routes that the schema lists, and those of older versions.
const PROVIDERS: [&str; 26] = [
    "apisix",
    "appmesh",
    "appmesh:v1beta1",
    "appmesh:v1beta2",
    "contour",
    "crossover",
    "gatewayapi:v1",
    "gatewayapi:v1alpha2",
    "gatewayapi:v1beta1",
    "gloo",
    "istio",
    "knative",
    "kubernetes",
    "kuma",
    "linkerd",
    "nginx",
    "osm",
    "skipper",
    "smi:crossover",
    "smi:istio",
    "smi:linkerd",
    "smi:v1alpha1",
    "smi:v1alpha2",
    "smi:v1alpha3",
    "supergloo:istio",
    "traefik",
];
/// Providers of metrics (`spec.provider.type`).
const METRIC_PROVIDERS: [&str; 11] =
    ["cloudwatch", "datadog", "dynatrace", "externalmetrics", "graphite", "influxdb", "keptn", "newrelic", "prometheus", "splunk", "stackdriver"];
/// Receivers of alerts (`spec.type`).
const ALERT_PROVIDERS: [&str; 5] = ["discord", "gchat", "msteams", "rocket", "slack"];
/// What a query may refer to.
const VARIABLES: [&str; 8] = ["name", "namespace", "target", "service", "ingress", "route", "interval", "variables"];
/// The shortest interval; a shorter one counts as this (Flagger).
const SHORTEST: SimSpan = SimSpan::from_secs(10);

/// Where findings go, and the tree that has their places.
struct Desk<'a> {
    tree: &'a Node,
    collector: &'a mut Collector,
}

impl Desk<'_> {
    /// Adds a finding at the key of a path such as `spec/analysis/metrics/0/name`.
    fn add(&mut self, path: &str, finding: Finding) {
        let segment = |part: &str| part.parse().map_or_else(|_word| Segment::Key(part.to_owned()), Segment::Index);
        let path: Vec<Segment> = path.split('/').filter(|part| !part.is_empty()).map(segment).collect();
        let place = self.tree.key_place_of(&path);
        self.collector.add(&place, finding);
    }

    fn missing(&mut self, path: &str, what: &str, then: &str) {
        self.add(path, Finding::warning(Code::MissingKey, format!("the key `{what}` is missing")).label(format!("needs `{what}`")).help(then));
    }

    fn unused(&mut self, path: &str, message: String, help: &str) {
        self.add(path, Finding::warning(Code::Unused, message).help(help));
    }

    fn impossible(&mut self, path: &str, message: String) {
        self.add(path, Finding::error(Code::Impossible, message));
    }

    /// Warns about a word that is none of those that are known; newer versions may know more.
    fn known(&mut self, path: &str, what: &str, word: &str, known: &'static [&'static str]) {
        if !known.contains(&word) {
            let finding = Finding::warning(Code::UnknownChoice, format!("`{}` is no {what} that is known here", shown(word)));
            self.add(path, finding.suggest(nearest(word, known.iter().copied()), || listed(known.iter().copied()).map(|names| format!("there are {names}"))));
        }
    }

    fn version(&mut self, version: Option<&str>) {
        let Some(version) = version else { return self.missing("", "apiVersion", "write `apiVersion: flagger.app/v1beta1`") };
        if version != "flagger.app/v1beta1" {
            let finding = Finding::warning(Code::UnknownName, format!("`{}` is not the current version", shown(version)));
            self.add("apiVersion", finding.help("write `flagger.app/v1beta1`"));
        }
    }
}

/// The kind of a document, empty for one of another group; `None` for an empty document and for one without a kind, which
/// is reported.
pub(super) fn kind(document: &Node, collector: &mut Collector) -> Option<String> {
    if matches!(document.value, Value::Null) {
        return None;
    }
    let text = |key: &str| match document.get(key).map(|node| &node.value) {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    let mut desk = Desk { tree: document, collector };
    let Some(kind) = text("kind") else {
        let finding = Finding::error(Code::MissingKey, "the key `kind` is missing");
        desk.add("", finding.label("needs `kind`").help("a resource of Kubernetes says what it is"));
        return None;
    };
    let is_flaggers = text("apiVersion").is_none_or(|version| version.starts_with("flagger.app/"));
    if is_flaggers && !KINDS.contains(&kind.as_str()) {
        let finding = Finding::error(Code::UnknownChoice, format!("`{}` is no kind of `flagger.app`", shown(&kind)));
        desk.add("kind", finding.suggest(nearest(&kind, KINDS), || listed(KINDS).map(|names| format!("there are {names}"))));
        return None;
    }
    Some(if is_flaggers { kind } else { String::new() })
}

/// Looks at a resource that could be read.
pub(super) fn review(resource: &Resource, tree: &Node, collector: &mut Collector) {
    let mut desk = Desk { tree, collector };
    match resource {
        Resource::Canary(canary) => canary_of(canary, &mut desk),
        Resource::MetricTemplate(template) => template_of(template, &mut desk),
        Resource::AlertProvider(provider) => provider_of(provider, &mut desk),
        Resource::Other => {}
    }
}

fn canary_of(canary: &Canary, desk: &mut Desk<'_>) {
    let spec = &canary.spec;
    desk.version(canary.api_version.as_deref());
    if spec.target_ref.is_none() {
        desk.missing("spec", "targetRef", "a canary releases what `targetRef` names");
    }
    if let Some(provider) = &spec.provider {
        desk.known("spec/provider", "provider", provider, &PROVIDERS);
    }
    if spec.analysis.is_some() && spec.canary_analysis.is_some() {
        desk.unused("spec/canaryAnalysis", "`canaryAnalysis` has no effect beside `analysis`".to_owned(), "keep `analysis`");
    }
    let at = if spec.analysis.is_some() { "spec/analysis" } else { "spec/canaryAnalysis" };
    match canary.analysis() {
        Some(analysis) => analysis_of(analysis, spec.provider.as_deref() == Some("kubernetes"), at, desk),
        None if spec.skip_analysis => {}
        None => desk.missing("spec", "analysis", "without it Flagger promotes whatever is ready"),
    }
}

fn analysis_of(analysis: &CanaryAnalysis, kubernetes: bool, at: &str, desk: &mut Desk<'_>) {
    match analysis.interval {
        None => desk.missing(at, "interval", "Flagger then takes 60s"),
        Some(interval) if interval.0 < SHORTEST => {
            desk.unused(&format!("{at}/interval"), format!("an interval of {} counts as 10s", interval.0), "write 10s or more");
        }
        Some(_) => {}
    }
    if analysis.threshold.unwrap_or(0) == 0 {
        desk.missing(at, "threshold", "Flagger then goes back at the first failed check");
    }
    let ways =
        [("iterations", analysis.iterations.is_some()), ("stepWeight", analysis.step_weight.is_some()), ("stepWeights", !analysis.step_weights.is_empty())];
    let given: Vec<&str> = ways.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    match given.as_slice() {
        [] if kubernetes => {}
        [] => desk.missing(at, "stepWeight", "without `stepWeight`, `stepWeights` or `iterations` the canary never gets on"),
        [first, second, ..] => {
            desk.unused(&format!("{at}/{second}"), format!("`{first}` and `{second}` exclude each other"), "keep one; the schema refuses both");
        }
        [_] => {}
    }
    let percentages = [
        ("maxWeight", analysis.max_weight),
        ("stepWeight", analysis.step_weight),
        ("stepWeightPromotion", analysis.step_weight_promotion),
        ("mirrorWeight", analysis.mirror_weight),
        ("primaryReadyThreshold", analysis.primary_ready_threshold),
        ("canaryReadyThreshold", analysis.canary_ready_threshold),
    ];
    for (name, value) in percentages {
        if let Some(value) = value.filter(|value| *value > 100) {
            desk.impossible(&format!("{at}/{name}"), format!("`{name}` is {value}; it is a percentage, 100 at most"));
        }
    }
    if analysis.step_weight == Some(0) && analysis.step_weights.is_empty() && analysis.iterations.unwrap_or(0) == 0 && !kubernetes {
        desk.impossible(&format!("{at}/stepWeight"), "`stepWeight` is 0, so that the canary never gets on".to_owned());
    }
    let weights = &analysis.step_weights;
    if !weights.is_sorted_by(|one, two| one < two) || weights.iter().any(|weight| *weight == 0 || *weight > 100) {
        desk.impossible(&format!("{at}/stepWeights"), "`stepWeights` are percentages from 1 to 100 that rise".to_owned());
    }
    if !analysis.r#match.is_empty() && (kubernetes || analysis.iterations.is_none()) {
        let why = if kubernetes { "the provider routes nothing by headers" } else { "an A/B test counts `iterations`" };
        desk.unused(&format!("{at}/match"), "`match` has no effect".to_owned(), why);
    }
    for (index, condition) in analysis.r#match.iter().enumerate() {
        if condition.headers.len() > 1 || !condition.query_params.is_empty() {
            let message = "a condition on more than one header, or on the query, is simulated by its first header".to_owned();
            desk.unused(&format!("{at}/match/{index}"), message, "write one header");
        }
    }
    for (index, metric) in analysis.metrics.iter().enumerate() {
        metric_of(metric, &format!("{at}/metrics/{index}"), desk);
    }
}

fn metric_of(metric: &CanaryMetric, at: &str, desk: &mut Desk<'_>) {
    if !metric.is_checked() {
        let finding = Finding::warning(Code::Unused, format!("nothing checks `{}`", shown(&metric.name)));
        let guess = nearest(&metric.name, Builtin::NAMES);
        desk.add(&format!("{at}/name"), finding.suggest(guess, || Some("name a template with `templateRef`".to_owned())));
    }
    match (&metric.threshold_range, metric.threshold) {
        (Some(_), Some(_)) => desk.unused(&format!("{at}/threshold"), "`threshold` has no effect beside `thresholdRange`".to_owned(), "keep one"),
        (None, None) => desk.missing(&format!("{at}/name"), "thresholdRange", "Flagger then compares with 0"),
        (Some(range), None) if range.min.is_none() && range.max.is_none() => {
            desk.unused(&format!("{at}/thresholdRange"), "a range without ends lets everything pass".to_owned(), "write `min`, `max` or both");
        }
        _ => {}
    }
    if let Some((min, max)) = metric.threshold_range.as_ref().and_then(|range| range.min.zip(range.max)).filter(|(min, max)| min > max) {
        desk.impossible(&format!("{at}/thresholdRange"), format!("nothing passes: `min` is {min} and `max` {max}"));
    }
}

fn template_of(template: &MetricTemplate, desk: &mut Desk<'_>) {
    desk.version(template.api_version.as_deref());
    match &template.spec.provider {
        None => desk.missing("spec", "provider", "somebody must be asked"),
        Some(provider) => desk.known("spec/provider/type", "provider of metrics", &provider.provider_type, &METRIC_PROVIDERS),
    }
    let Some(query) = &template.spec.query else {
        return desk.missing("spec", "query", "something must be asked");
    };
    for part in query.split("{{").skip(1).filter_map(|part| part.split_once("}}")).map(|(inside, _)| inside.trim_start_matches('-').trim()) {
        let word: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if !word.is_empty() && !VARIABLES.contains(&word.as_str()) {
            let finding = Finding::warning(Code::UnknownName, format!("a query cannot refer to `{}`", shown(&word)));
            desk.add("spec/query", finding.suggest(nearest(&word, VARIABLES), || listed(VARIABLES).map(|names| format!("there are {names}"))));
        }
    }
}

fn provider_of(provider: &AlertProvider, desk: &mut Desk<'_>) {
    desk.version(provider.api_version.as_deref());
    let Some(spec) = &provider.spec else { return desk.missing("", "spec", "somebody must be told") };
    desk.known("spec/type", "receiver of alerts", &spec.provider_type, &ALERT_PROVIDERS);
    if spec.address.is_none() && spec.secret_ref.is_none() {
        desk.missing("spec", "address", "an alert goes to an `address`, or to the one in a secret that `secretRef` names");
    }
}
