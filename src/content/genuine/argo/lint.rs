//! What is wrong with a rollout or an analysis by itself.
//!
//! Errors are what `kubectl argo rollouts lint` refuses (`pkg/apis/rollouts/validation/validation.go`), and for analyses
//! what the controller refuses (`utils/analysis/factory.go`). Warnings are what is missing in an excerpt, and what the
//! controller would refuse although the linter does not.

use super::raw::{Alb, Analysis, AnalysisSpec, BlueGreen, Canary, IntOrText, Metric, Rollout, RolloutSpec, SetCanaryScale, Step, TextMatch, TrafficRouting};
use super::values::{duration, pause, whole};
use super::{Code, Collector, Document, Finding};
use crate::content::tree::{At, Node, Value};
use crate::fleet::order::MOST_INSTANCES;
use crate::insight::judge::condition::Condition;
use crate::wording::shown;

/// Reports at paths of one document.
pub(super) struct Lint<'a> {
    pub(super) tree: &'a Node,
    pub(super) collector: &'a mut Collector,
    /// It holds only a part, so that what is missing is no mistake.
    pub(super) is_excerpt: bool,
}

impl Lint<'_> {
    /// Reports at a path, unless what is there is broken anyway.
    pub(super) fn add(&mut self, at: &At<'_>, finding: Finding) {
        let segments = at.segments();
        if self.tree.is_broken_at(&segments) {
            return;
        }
        let place = if at.is_on_key() { self.tree.key_place_of(&segments) } else { self.tree.place_of(&segments) };
        self.collector.add(&place, finding);
    }

    /// Something that cannot be.
    pub(super) fn refuse(&mut self, at: &At<'_>, message: impl Into<String>) {
        self.add(at, Finding::error(Code::Impossible, message));
    }

    /// Something that is probably not meant.
    pub(super) fn warn(&mut self, at: &At<'_>, message: impl Into<String>) {
        self.add(at, Finding::warning(Code::Impossible, message));
    }

    /// Something that has to be there; in an excerpt it may be elsewhere.
    fn missing(&mut self, at: &At<'_>, key: &str, why: &str) {
        // What could not be read may be what is missing.
        if let Some(Value::Table(entries)) = self.tree.at(&at.segments()).map(|node| &node.value)
            && entries.iter().any(|entry| entry.node.is_broken())
        {
            return;
        }
        let message = format!("the key `{key}` is missing{why}");
        let finding = if self.is_excerpt { Finding::warning(Code::MissingKey, message) } else { Finding::error(Code::MissingKey, message) };
        self.add(&at.as_key(), finding.label(format!("needs `{key}`")));
    }
}

/// Checks a rollout.
pub(super) fn rollout(document: &Document<Rollout>, collector: &mut Collector) {
    let Rollout { metadata, spec, .. } = &document.resource;
    let root = At::ROOT;
    let Some(spec) = spec else {
        let mut lint = Lint { tree: &document.tree, collector, is_excerpt: metadata.is_some() };
        return lint.missing(&root.key("kind"), "spec", "");
    };
    let is_excerpt = spec.template.is_none() && spec.workload_ref.is_none();
    let mut lint = Lint { tree: &document.tree, collector, is_excerpt };
    let at = root.key("spec");
    if metadata.as_ref().is_none_or(|metadata| metadata.name.is_none() && metadata.generate_name.is_none()) {
        let finding = Finding::warning(Code::MissingKey, "the rollout has no name");
        lint.add(&root.key("metadata").as_key(), finding);
    }
    workload(&mut lint, &at, spec);
    let deadline = spec.progress_deadline_seconds.unwrap_or(600);
    let min_ready = spec.min_ready_seconds.unwrap_or(0);
    if deadline <= min_ready {
        let written = if spec.progress_deadline_seconds.is_some() { "progressDeadlineSeconds" } else { "minReadySeconds" };
        lint.refuse(&at.key(written), format!("`progressDeadlineSeconds` is {deadline}; it must be greater than `minReadySeconds`, {min_ready}"));
    }
    let Some(strategy) = &spec.strategy else { return lint.missing(&at, "strategy", "") };
    let within = at.key("strategy");
    match (&strategy.canary, &strategy.blue_green) {
        (Some(_), Some(_)) => lint.refuse(&within.key("blueGreen").as_key(), "`canary` and `blueGreen` in one rollout; keep one"),
        (Some(canary_spec), None) => canary(&mut lint, &within.key("canary"), canary_spec),
        (None, Some(blue_green_spec)) => blue_green(&mut lint, &within.key("blueGreen"), blue_green_spec, spec),
        (None, None) => lint.missing(&within, "canary` or `blueGreen", ""),
    }
}

/// Checks whose pods are rolled out.
fn workload(lint: &mut Lint<'_>, at: &At<'_>, spec: &RolloutSpec) {
    if lint.is_excerpt {
        lint.missing(at, "template", "");
    } else if spec.selector.is_none() && spec.workload_ref.is_none() {
        lint.missing(at, "selector", "");
    }
    let labels = spec.selector.as_ref().and_then(|selector| selector.match_labels.as_ref());
    if let Some(selector) = spec.selector.as_ref().filter(|selector| selector.match_expressions.is_none())
        && selector.match_labels.as_ref().is_none_or(std::collections::BTreeMap::is_empty)
    {
        lint.refuse(&at.key("selector"), "an empty selector selects nothing");
    }
    let Some(template) = &spec.template else { return };
    if spec.workload_ref.is_some() {
        lint.warn(&at.key("template").as_key(), "`template` beside `workloadRef`: the controller takes only one of them");
    }
    let own = template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
    let lacking = labels.and_then(|labels| labels.iter().find(|(key, value)| own.and_then(|own| own.get(*key)) != Some(*value)));
    if let Some((key, _)) = lacking.filter(|_| spec.workload_ref.is_none()) {
        let selector = at.key("selector");
        let labels = selector.key("matchLabels");
        lint.warn(&labels.key(key), format!("the template's labels do not match the selector's `{}`", shown(key)));
    }
}

fn blue_green(lint: &mut Lint<'_>, at: &At<'_>, strategy: &BlueGreen, spec: &RolloutSpec) {
    match (&strategy.active_service, &strategy.preview_service) {
        (None, _) => lint.missing(at, "activeService", ""),
        (Some(active), Some(preview)) if active == preview => {
            lint.refuse(&at.key("previewService"), "the preview service is the active service; two different ones are needed");
        }
        _ => {}
    }
    if strategy.scale_down_delay_revision_limit > Some(spec.revision_history_limit.unwrap_or(10)) && strategy.scale_down_delay_revision_limit.is_some() {
        lint.refuse(&at.key("scaleDownDelayRevisionLimit"), "the revision history limit is smaller than this");
    }
    if strategy.preview_replica_count.is_some_and(|count| count > MOST_INSTANCES) {
        lint.refuse(&at.key("previewReplicaCount"), format!("`previewReplicaCount` is 1 to {MOST_INSTANCES} here"));
    }
    anti_affinity(lint, &at.key("antiAffinity"), strategy.anti_affinity.as_ref());
    for (key, analysis) in [("prePromotionAnalysis", &strategy.pre_promotion_analysis), ("postPromotionAnalysis", &strategy.post_promotion_analysis)] {
        if let Some(analysis) = analysis {
            refer(lint, &at.key(key), analysis);
        }
    }
}

fn anti_affinity(lint: &mut Lint<'_>, at: &At<'_>, written: Option<&super::raw::AntiAffinity>) {
    let Some(written) = written else { return };
    let preferred = written.preferred_during_scheduling_ignored_during_execution.as_ref();
    if preferred.is_some() == written.required_during_scheduling_ignored_during_execution.is_some() {
        lint.refuse(at, "`antiAffinity` takes exactly one of its two ways");
    }
    if preferred.is_some_and(|preferred| !(1..=100).contains(&preferred.weight.unwrap_or(0))) {
        lint.refuse(at, "the weight of `antiAffinity` is 1 to 100");
    }
}

fn canary(lint: &mut Lint<'_>, at: &At<'_>, strategy: &Canary) {
    let is_zero = |limit: &Option<crate::fleet::deploy::IntOrPercent>| limit.is_some_and(crate::fleet::deploy::IntOrPercent::is_zero);
    if is_zero(&strategy.max_surge) && is_zero(&strategy.max_unavailable) {
        lint.refuse(&at.key("maxSurge"), "`maxSurge` and `maxUnavailable` are both 0, which leaves no room to replace anything");
    }
    if matches!(strategy.max_unavailable, Some(crate::fleet::deploy::IntOrPercent::Percent(101..))) {
        lint.refuse(&at.key("maxUnavailable"), "`maxUnavailable` is more than 100 %; no more than all can be missing");
    }
    if strategy.canary_service.is_some() && strategy.canary_service == strategy.stable_service {
        lint.refuse(&at.key("stableService"), "the stable service is the canary service; two different ones are needed");
    }
    for (key, is_written) in [("activeMetadata", strategy.active_metadata.is_some()), ("previewMetadata", strategy.preview_metadata.is_some())] {
        if is_written {
            lint.warn(&at.key(key).as_key(), format!("`{key}` belongs to `blueGreen`"));
        }
    }
    anti_affinity(lint, &at.key("antiAffinity"), strategy.anti_affinity.as_ref());
    if let Some(analysis) = &strategy.analysis {
        refer(lint, &at.key("analysis"), analysis);
    }
    routing(lint, at, strategy);
    let max_weight = strategy.traffic_routing.as_ref().and_then(|routing| routing.max_traffic_weight).unwrap_or(100);
    let steps = at.key("steps");
    for (index, written) in strategy.steps.iter().flatten().enumerate() {
        step(lint, &steps.index(index), written, strategy.traffic_routing.as_ref(), max_weight);
    }
}

/// Checks who shares the traffic out, and what depends on it.
fn routing(lint: &mut Lint<'_>, at: &At<'_>, strategy: &Canary) {
    if let Some(ping_pong) = &strategy.ping_pong {
        let within = at.key("pingPong");
        match (&ping_pong.ping_service, &ping_pong.pong_service) {
            (Some(ping), Some(pong)) if ping == pong => {
                lint.refuse(&within.key("pongService"), "ping and pong are the same service; two different ones are needed");
            }
            (None, _) => lint.missing(&within, "pingService", ""),
            (_, None) => lint.missing(&within, "pongService", ""),
            _ => {}
        }
    }
    let Some(routing) = &strategy.traffic_routing else {
        if strategy.scale_down_delay_seconds.is_some() {
            lint.refuse(&at.key("scaleDownDelaySeconds"), "`scaleDownDelaySeconds` is only for traffic routing");
        }
        if strategy.dynamic_stable_scale == Some(true) {
            lint.refuse(&at.key("dynamicStableScale"), "`dynamicStableScale` is only for traffic routing");
        }
        return;
    };
    let within = at.key("trafficRouting");
    if strategy.scale_down_delay_seconds.is_some() && strategy.dynamic_stable_scale == Some(true) {
        lint.refuse(&at.key("dynamicStableScale"), "`dynamicStableScale` and `scaleDownDelaySeconds` exclude each other");
    }
    if routing.max_traffic_weight.is_some() && routing.nginx.is_none() && routing.plugins.is_none() {
        lint.refuse(&within.key("maxTrafficWeight"), "`maxTrafficWeight` is only for nginx and plugins");
    }
    if strategy.ping_pong.is_some() && routing.alb.is_none() && routing.istio.is_none() {
        lint.refuse(&at.key("pingPong").as_key(), "`pingPong` is only for the ALB and Istio");
    }
    if let Some(Alb { ingress: Some(_), ingresses: Some(_), .. }) = &routing.alb {
        lint.warn(&within.key("alb").key("ingresses").as_key(), "`ingress` and `ingresses`: the controller takes only one of them");
    }
    let by_subsets = routing.istio.as_ref().is_some_and(|istio| istio.destination_rule.is_some());
    let by_istio = routing.istio.is_some() && !by_subsets && strategy.ping_pong.is_none();
    let by_alb = routing.alb.is_some() && strategy.ping_pong.is_none();
    let by_others = routing.smi.is_some() || routing.apisix.is_some() || routing.ambassador.is_some() || routing.nginx.is_some();
    if by_istio || by_alb || by_others || routing.app_mesh.is_some() || routing.traefik.is_some() {
        for (key, service) in [("canaryService", &strategy.canary_service), ("stableService", &strategy.stable_service)] {
            if service.is_none() {
                lint.missing(at, key, ": traffic routing needs both services");
            }
        }
    }
}

/// Checks one step.
fn step(lint: &mut Lint<'_>, at: &At<'_>, step: &Step, routing: Option<&TrafficRouting>, max_weight: u32) {
    let exclusive = [step.set_weight.is_some(), step.pause.is_some(), step.experiment.is_some(), step.analysis.is_some()];
    let others = [
        step.set_canary_scale.is_some(),
        step.set_header_route.is_some(),
        step.set_mirror_route.is_some(),
        step.plugin.is_some(),
        step.replica_progress_threshold.is_some(),
    ];
    if !exclusive.iter().chain(&others).any(|written| *written) {
        let finding = Finding::error(Code::MissingKey, "a step without anything to do").help("a pause that waits for a person is written `pause: {}`");
        return lint.add(at, finding);
    }
    if exclusive.iter().filter(|written| **written).count() > 1 {
        lint.refuse(at, "a step does one of `setWeight`, `pause`, `experiment` and `analysis`");
    }
    if step.plugin.as_ref().is_some_and(|plugin| plugin.disabled != Some(true)) {
        lint.warn(&at.key("plugin"), "no plugin is run here; the step is done at once");
    }
    if step.set_weight.is_some_and(|weight| weight > max_weight) {
        lint.refuse(&at.key("setWeight"), format!("`setWeight` is 0 to {max_weight}"));
    }
    if let Some(Err(why)) = step.pause.as_ref().and_then(|written| written.duration.as_ref()).map(pause) {
        lint.add(&at.key("pause").key("duration"), split(Code::BadValue, &why));
    }
    if let Some(scale) = &step.set_canary_scale {
        canary_scale(lint, &at.key("setCanaryScale"), scale, routing.is_some());
    }
    if let Some(analysis) = &step.analysis {
        refer(lint, &at.key("analysis"), analysis);
    }
    routes(lint, at, step, routing);
    let Some(experiment) = &step.experiment else { return };
    let within = at.key("experiment");
    if let Some(Err(why)) = experiment.duration.as_deref().map(duration) {
        lint.add(&within.key("duration"), split(Code::BadValue, &why));
    }
    let templates = within.key("templates");
    for (index, template) in experiment.templates.iter().flatten().enumerate() {
        if template.weight.is_none() {
            continue;
        }
        let why = match routing {
            None => "the weight of an experiment's template needs `trafficRouting`",
            Some(routing) if routing.alb.is_none() && routing.smi.is_none() && routing.istio.is_none() && routing.plugins.is_none() => {
                "the weight of an experiment's template works with SMI, ALB, Istio and plugins only"
            }
            Some(_) => continue,
        };
        lint.refuse(&templates.index(index).key("weight"), why);
    }
}

/// Checks how many instances a step gives the canary.
fn canary_scale(lint: &mut Lint<'_>, at: &At<'_>, scale: &SetCanaryScale, routed: bool) {
    if !routed {
        lint.refuse(&at.as_key(), "`setCanaryScale` needs `trafficRouting`");
    }
    let written =
        [("replicas", scale.replicas.is_some()), ("weight", scale.weight.is_some()), ("matchTrafficWeight", scale.match_traffic_weight == Some(true))];
    let written: Vec<&str> = written.into_iter().filter_map(|(name, is)| is.then_some(name)).collect();
    match written.as_slice() {
        [] => lint.refuse(&at.as_key(), "`setCanaryScale` takes one of `replicas`, `weight` and `matchTrafficWeight`"),
        [first, second, ..] => lint.warn(&at.key(second).as_key(), format!("`{first}` is what counts; `{second}` is not looked at")),
        [_] => {}
    }
    if scale.replicas.is_some_and(|replicas| replicas > MOST_INSTANCES) {
        lint.refuse(&at.key("replicas"), format!("`replicas` is 0 to {MOST_INSTANCES} here"));
    }
    if scale.weight.is_some_and(|weight| weight > 100) {
        lint.refuse(&at.key("weight"), "`weight` is 0 to 100");
    }
}

/// Checks the routes of a step.
fn routes(lint: &mut Lint<'_>, at: &At<'_>, step: &Step, routing: Option<&TrafficRouting>) {
    let known = routing.and_then(|routing| routing.managed_routes.as_ref());
    let header = step.set_header_route.as_ref().map(|route| ("setHeaderRoute", &route.name));
    let mirror = step.set_mirror_route.as_ref().map(|route| ("setMirrorRoute", &route.name));
    for (key, name) in header.into_iter().chain(mirror) {
        let within = at.key(key);
        let fits = routing.is_some_and(|routing| {
            let by_header = key == "setHeaderRoute" && (routing.alb.is_some() || routing.apisix.is_some());
            routing.istio.is_some() || routing.plugins.is_some() || by_header
        });
        if !fits {
            let who = if key == "setHeaderRoute" { "Istio, ALB, Apisix or a plugin" } else { "Istio or a plugin" };
            lint.refuse(&within.as_key(), format!("`{key}` needs `trafficRouting` by {who}"));
            continue;
        }
        match (known, name) {
            (_, None) => lint.missing(&within, "name", ""),
            (None, Some(_)) => lint.missing(&within, "managedRoutes", " in `trafficRouting`"),
            (Some(known), Some(name)) if !known.iter().any(|route| route.name.as_ref() == Some(name)) => {
                let names = known.iter().filter_map(|route| route.name.as_deref());
                let finding = Finding::error(Code::UnknownName, format!("no managed route is called `{}`", shown(name)));
                let guess = crate::wording::nearest(name, names.clone());
                lint.add(&within.key("name"), finding.suggest(guess, || crate::wording::listed(names).map(|names| format!("there are {names}"))));
            }
            _ => {}
        }
    }
    let within = at.key("setHeaderRoute");
    let matches = within.key("match");
    for (index, one) in step.set_header_route.iter().filter_map(|route| route.matches.as_ref()).flatten().enumerate() {
        one_value(lint, &matches.index(index), one.header_value.as_ref(), true);
    }
    let within = at.key("setMirrorRoute");
    let matches = within.key("match");
    for (index, one) in step.set_mirror_route.iter().filter_map(|route| route.matches.as_ref()).flatten().enumerate() {
        one_value(lint, &matches.index(index), one.method.as_ref(), false);
        one_value(lint, &matches.index(index), one.path.as_ref(), false);
    }
}

fn one_value(lint: &mut Lint<'_>, at: &At<'_>, value: Option<&TextMatch>, needed: bool) {
    let Some(value) = value else {
        if needed {
            lint.refuse(at, "a header needs a value: one of `exact`, `prefix` and `regex`");
        }
        return;
    };
    if [&value.exact, &value.prefix, &value.regex].into_iter().flatten().count() != 1 {
        lint.refuse(at, "exactly one of `exact`, `prefix` and `regex` says which texts are meant");
    }
}

/// Checks that an analysis of a rollout names its templates.
fn refer(lint: &mut Lint<'_>, at: &At<'_>, analysis: &Analysis) {
    let templates = at.key("templates");
    if analysis.templates.as_ref().is_none_or(Vec::is_empty) {
        return lint.missing(at, "templates", "");
    }
    for (index, template) in analysis.templates.iter().flatten().enumerate() {
        if template.template_name.is_none() {
            lint.missing(&templates.index(index), "templateName", "");
        }
    }
}

/// A message of a type of ours: what is wrong, and after a semicolon what to write.
pub(super) fn split(code: Code, message: &str) -> Finding {
    match message.split_once("; ") {
        Some((message, help)) => Finding::error(code, message).help(help),
        None => Finding::error(code, message),
    }
}

/// Checks an analysis by itself.
pub(super) fn analysis(tree: &Node, spec: Option<&AnalysisSpec>, collector: &mut Collector) {
    let mut lint = Lint { tree, collector, is_excerpt: true };
    let root = At::ROOT;
    let Some(spec) = spec else { return lint.missing(&root.key("kind"), "spec", "") };
    let at = root.key("spec");
    let has_templates = spec.templates.as_ref().is_some_and(|templates| !templates.is_empty());
    if spec.metrics.as_ref().is_none_or(Vec::is_empty) && !has_templates {
        lint.missing(&at, "metrics", "");
    }
    let metrics = at.key("metrics");
    let mut names = std::collections::BTreeMap::new();
    for (index, written) in spec.metrics.iter().flatten().enumerate() {
        let here = metrics.index(index);
        match &written.name {
            Some(name) if names.insert(name, index).is_some() => {
                lint.add(&here.key("name"), Finding::error(Code::Duplicate, format!("two metrics are called `{}`", shown(name))));
            }
            Some(_) => {}
            None => lint.add(&here, Finding::error(Code::MissingKey, "the key `name` is missing").label("needs `name`")),
        }
        metric(&mut lint, &here, written);
    }
    let rules = at.key("dryRun");
    for (index, rule) in spec.dry_run.iter().flatten().enumerate() {
        let name = rule.metric_name.as_deref().unwrap_or_default();
        let is_met = name.ends_with('*') || spec.metrics.iter().flatten().any(|metric| metric.name.as_deref() == Some(name));
        if !is_met && !has_templates {
            lint.add(&rules.index(index), Finding::error(Code::UnknownName, format!("no metric is called `{}`", shown(name))));
        }
    }
}

/// Checks a metric.
fn metric(lint: &mut Lint<'_>, at: &At<'_>, metric: &Metric) {
    match metric.provider.as_ref().map(super::raw::Provider::written).unwrap_or_default().as_slice() {
        [] => lint.add(at, Finding::error(Code::MissingKey, "the metric has no provider").label("needs `provider`")),
        [_] => {}
        [(first, _), (second, _), ..] => lint.refuse(&at.key("provider"), format!("`{first}` and `{second}`: a metric has one provider")),
    }
    for (key, condition) in [("successCondition", &metric.success_condition), ("failureCondition", &metric.failure_condition)] {
        if let Some(Err(why)) = condition.as_deref().map(str::parse::<Condition>) {
            lint.add(&at.key(key), Finding::error(Code::BadValue, why.to_string()));
        }
    }
    for (key, span) in [("interval", &metric.interval), ("initialDelay", &metric.initial_delay)] {
        if let Some(Err(why)) = span.as_deref().filter(|text| !has_args(text)).map(duration) {
            lint.add(&at.key(key), split(Code::BadValue, &why));
        }
    }
    let mut number = |key: &str, value: &Option<IntOrText>, least: i64| match value {
        Some(IntOrText::Text(text)) if has_args(text) => None,
        None => Some(0),
        Some(value) => match whole(value) {
            Ok(number) if number >= least => Some(number),
            Ok(number) => {
                lint.refuse(&at.key(key), format!("`{key}` is {number}; it is {least} or more"));
                None
            }
            Err(why) => {
                lint.add(&at.key(key), Finding::error(Code::BadValue, why));
                None
            }
        },
    };
    let count = number("count", &metric.count, 0);
    // -1 takes any number of failures, since Argo 1.8.
    let failures = number("failureLimit", &metric.failure_limit, -1);
    let inconclusive = number("inconclusiveLimit", &metric.inconclusive_limit, 0);
    number("consecutiveErrorLimit", &metric.consecutive_error_limit, 0);
    number("consecutiveSuccessLimit", &metric.consecutive_success_limit, 0);
    let Some(count) = count.filter(|count| *count > 0) else { return };
    for (key, limit) in [("failureLimit", failures), ("inconclusiveLimit", inconclusive)] {
        if limit.is_some_and(|limit| limit > count) {
            lint.refuse(&at.key(key), format!("`count` is {count}; it must not be less than `{key}`"));
        }
    }
    if count > 1 && metric.interval.is_none() {
        lint.refuse(&at.key("count"), "more than one measurement needs an `interval`");
    }
}

/// Whether an argument stands in a text, so that nothing can be said yet.
pub(super) fn has_args(text: &str) -> bool {
    text.contains("{{")
}
