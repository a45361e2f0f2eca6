//! What a rollout refers to in the same files: services, Istio's virtual services, ingresses and templates.
//!
//! `kubectl argo rollouts lint` checks the labels of services and the routes of virtual services
//! (`validation_references.go`); what only the controller checks is a warning. A reference to something that is not in
//! the files says nothing.

use std::collections::BTreeMap;

use super::lint::Lint;
use super::lower::merged;
use super::raw::{Analysis, Canary, Labels, RoleMetadata, Rollout, RolloutSpec, TrafficRouting};
use super::{Code, Collector, Document, Finding, Manifests, Other, text_at};
use crate::content::tree::{At, Node, Value};
use crate::wording::shown;

/// The label that the controller sets itself.
const HASH_LABEL: &str = "rollouts-pod-template-hash";
/// The groups of ingresses.
const INGRESS_GROUPS: [&str; 2] = ["networking.k8s.io", "extensions"];

/// Checks what a rollout refers to.
pub(super) fn rollout(document: &Document<Rollout>, manifests: &Manifests, collector: &mut Collector) {
    let Some(spec) = &document.resource.spec else { return };
    let Some(strategy) = &spec.strategy else { return };
    let mut lint = Lint { tree: &document.tree, collector, is_excerpt: false };
    let root = At::ROOT;
    let (at_spec, labels) = (root.key("spec"), pod_labels(spec, manifests));
    let within = at_spec.key("strategy");
    if let Some(canary) = &strategy.canary {
        let at = within.key("canary");
        services(&mut lint, &at, canary, labels.as_ref(), manifests);
        if let Some(routing) = &canary.traffic_routing {
            virtual_services(&mut lint, &at, canary, routing, manifests);
            ingresses(&mut lint, &at, canary, routing, manifests);
        }
        if let Some(analysis) = &canary.analysis {
            templates(&mut lint, &at.key("analysis"), analysis, manifests, false);
        }
        let steps = at.key("steps");
        for (index, step) in canary.steps.iter().flatten().enumerate() {
            if let Some(analysis) = &step.analysis {
                templates(&mut lint, &steps.index(index).key("analysis"), analysis, manifests, true);
            }
        }
    }
    if let Some(blue_green) = &strategy.blue_green {
        let at = within.key("blueGreen");
        let both = [
            ("activeService", &blue_green.active_service, &blue_green.active_metadata),
            ("previewService", &blue_green.preview_service, &blue_green.preview_metadata),
        ];
        for (key, service, role) in both {
            labels_match(&mut lint, &at.key(key), service.as_deref(), labels.as_ref(), role.as_ref(), manifests);
        }
        for (key, analysis) in [("prePromotionAnalysis", &blue_green.pre_promotion_analysis), ("postPromotionAnalysis", &blue_green.post_promotion_analysis)] {
            if let Some(analysis) = analysis {
                templates(&mut lint, &at.key(key), analysis, manifests, true);
            }
        }
    }
}

/// The labels of the rollout's pods: its template's, or those of the workload that it refers to.
fn pod_labels(spec: &RolloutSpec, manifests: &Manifests) -> Option<Labels> {
    if let Some(template) = &spec.template {
        return Some(template.metadata.as_ref().and_then(|metadata| metadata.labels.clone()).unwrap_or_default());
    }
    let workload = spec.workload_ref.as_ref()?;
    let named = |other: &&Other| Some(&other.kind) == workload.kind.as_ref() && other.name.is_some() && other.name == workload.name;
    let document = manifests.others.iter().find(named)?;
    Some(texts(["spec", "template", "metadata", "labels"].iter().try_fold(&document.tree, |node, key| node.get(key))?))
}

/// A table of texts; other values are left out.
fn texts(node: &Node) -> Labels {
    let Value::Table(entries) = &node.value else { return Labels::new() };
    let text = |value: &Value| if let Value::String(text) = value { Some(text.clone()) } else { None };
    entries.iter().filter_map(|entry| Some((entry.key.clone(), text(&entry.node.value)?))).collect()
}

fn services(lint: &mut Lint<'_>, at: &At<'_>, canary: &Canary, labels: Option<&Labels>, manifests: &Manifests) {
    let mut check = |at: At<'_>, service: Option<&String>, role: Option<&RoleMetadata>| {
        labels_match(lint, &at, service.map(String::as_str), labels, role, manifests);
    };
    check(at.key("canaryService"), canary.canary_service.as_ref(), canary.canary_metadata.as_ref());
    check(at.key("stableService"), canary.stable_service.as_ref(), canary.stable_metadata.as_ref());
    if let Some(ping_pong) = &canary.ping_pong {
        let within = at.key("pingPong");
        check(within.key("pingService"), ping_pong.ping_service.as_ref(), None);
        check(within.key("pongService"), ping_pong.pong_service.as_ref(), None);
    }
}

/// Checks that a service selects the rollout's pods.
fn labels_match(lint: &mut Lint<'_>, at: &At<'_>, service: Option<&str>, labels: Option<&Labels>, role: Option<&RoleMetadata>, manifests: &Manifests) {
    let (Some(service), Some(labels)) = (service, labels) else { return };
    let Some(document) = manifests.others.iter().find(|other| other.is(&[""], "Service") && other.name.as_deref() == Some(service)) else { return };
    let Some(selector) = document.tree.get("spec").and_then(|spec| spec.get("selector")) else { return };
    let of_role = role.and_then(|role| role.labels.as_ref());
    let has = |key: &String, value: &String| labels.get(key) == Some(value) || of_role.and_then(|labels| labels.get(key)) == Some(value);
    let Some((key, value)) = texts(selector).into_iter().find(|(key, value)| key != HASH_LABEL && !has(key, value)) else { return };
    let message = format!("the service `{}` selects pods by the label `{}`, which the rollout's pods do not have so", shown(service), shown(&key));
    let place = selector.get(&key).map_or_else(|| selector.place.clone(), |node| node.place.clone());
    lint.add(at, Finding::error(Code::Impossible, message).related(place, format!("selects `{}`", shown(&value))));
}

/// Checks that the routes of virtual services lead to the canary and to the stable version.
fn virtual_services(lint: &mut Lint<'_>, at: &At<'_>, canary: &Canary, routing: &TrafficRouting, manifests: &Manifests) {
    let Some(istio) = &routing.istio else { return };
    let at_routing = at.key("trafficRouting");
    let within = at_routing.key("istio");
    let several = within.key("virtualServices");
    let one = istio.virtual_service.iter().map(|written| (within.key("virtualService"), written));
    let all = istio.virtual_services.iter().flatten().enumerate().map(|(index, written)| (several.index(index), written));
    for (here, written) in one.chain(all) {
        let named = |other: &&Other| other.is(&["networking.istio.io"], "VirtualService") && other.name.is_some() && other.name == written.name;
        let Some(document) = manifests.others.iter().find(named) else { continue };
        let found = |kind: &str| match document.tree.get("spec").and_then(|spec| spec.get(kind)).map(|node| &node.value) {
            Some(Value::Array(routes)) => routes.as_slice(),
            _ => &[],
        };
        let routes = found("http");
        if routes.is_empty() {
            if found("tls").is_empty() && found("tcp").is_empty() {
                lint.refuse(&here.key("name"), "the virtual service has no routes");
            }
            continue;
        }
        let wanted = here.key("routes");
        let asked = written.routes.iter().flatten().enumerate();
        let mut chosen: Vec<&Node> = Vec::new();
        for (index, name) in asked {
            let route = routes.iter().find(|route| text_at(route, &["name"]).as_deref() == Some(name));
            if route.is_none() {
                let finding = Finding::error(Code::UnknownName, format!("the virtual service has no route `{}`", shown(name)));
                lint.add(&wanted.index(index), finding);
            }
            chosen.extend(route);
        }
        if written.routes.as_ref().is_none_or(Vec::is_empty) {
            if routes.len() > 1 {
                lint.refuse(&here, "the virtual service has several routes; `routes` must name some");
            }
            chosen.extend(routes.first());
        }
        let by_subset = istio.destination_rule.as_ref().filter(|rule| rule.canary_subset_name.is_some());
        for route in chosen {
            let (kind, targets) = match by_subset {
                Some(rule) => ("subset", [rule.canary_subset_name.as_ref(), rule.stable_subset_name.as_ref()]),
                None => ("host", [canary.canary_service.as_ref(), canary.stable_service.as_ref()]),
            };
            for target in targets.into_iter().flatten().filter(|target| !leads_to(route, kind, target)) {
                lint.warn(&here, format!("a route of the virtual service does not lead to the {kind} `{}`", shown(target)));
            }
        }
    }
}

/// Whether a route has a destination; hosts may be fully qualified.
fn leads_to(route: &Node, kind: &str, target: &str) -> bool {
    let Some(Value::Array(destinations)) = route.get("route").map(|node| &node.value) else { return false };
    destinations.iter().filter_map(|node| text_at(node, &["destination", kind])).any(|host| host == target || host.split('.').next() == Some(target))
}

/// Checks that the ingresses have a rule for the service; the linter leaves that to the controller.
fn ingresses(lint: &mut Lint<'_>, at: &At<'_>, canary: &Canary, routing: &TrafficRouting, manifests: &Manifests) {
    let at_routing = at.key("trafficRouting");
    let nginx = routing.nginx.as_ref().map(|nginx| ("nginx", "stableIngress", &nginx.stable_ingress, canary.stable_service.as_ref()));
    let alb = routing.alb.as_ref().map(|alb| ("alb", "ingress", &alb.ingress, alb.root_service.as_ref().or(canary.stable_service.as_ref())));
    for (router, key, ingress, service) in nginx.into_iter().chain(alb) {
        let (Some(ingress), Some(service)) = (ingress, service) else { continue };
        let named = |other: &&Other| other.is(&INGRESS_GROUPS, "Ingress") && other.name.as_ref() == Some(ingress);
        if let Some(document) = manifests.others.iter().find(named)
            && !names_service(&document.tree, service)
        {
            lint.warn(&at_routing.key(router).key(key), format!("the ingress `{}` has no rule for the service `{}`", shown(ingress), shown(service)));
        }
    }
}

/// Whether an ingress names a service anywhere among its backends.
fn names_service(ingress: &Node, service: &str) -> bool {
    let is_backend = |node: &Node| text_at(node, &["service", "name"]).or_else(|| text_at(node, &["serviceName"])).as_deref() == Some(service);
    let rules = match ingress.get("spec").and_then(|spec| spec.get("rules")).map(|node| &node.value) {
        Some(Value::Array(rules)) => rules.as_slice(),
        _ => &[],
    };
    let paths = |rule: &Node| match rule.get("http").and_then(|http| http.get("paths")).map(|node| node.value.clone()) {
        Some(Value::Array(paths)) => paths,
        _ => Vec::new(),
    };
    rules.iter().flat_map(paths).filter_map(|path| path.get("backend").cloned()).any(|backend| is_backend(&backend))
}

/// Checks the templates of an analysis that are in the files.
fn templates(lint: &mut Lint<'_>, at: &At<'_>, analysis: &Analysis, manifests: &Manifests, is_waited_for: bool) {
    let Ok(found) = merged(analysis.templates.iter().flatten(), manifests) else { return };
    let mut values = BTreeMap::new();
    for argument in found.args.iter().chain(analysis.args.iter().flatten()) {
        let has_value = argument.value.is_some() || argument.value_from.is_some();
        *values.entry(argument.name.as_deref().unwrap_or_default()).or_insert(false) |= has_value;
    }
    if let Some((name, _)) = values.iter().find(|(_, has_value)| !**has_value) {
        lint.warn(at, format!("the argument `{}` has no value", shown(name)));
    }
    let is_endless = |metric: &&super::raw::Metric| metric.interval.is_some() && metric.count.is_none() && metric.consecutive_success_limit.is_none();
    if is_waited_for && let Some(metric) = found.metrics.iter().find(is_endless) {
        let name = metric.name.as_deref().unwrap_or_default();
        lint.warn(at, format!("the metric `{}` runs for ever; the rollout would wait for it for ever", shown(name)));
    }
}
