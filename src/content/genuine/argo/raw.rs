//! Argo Rollouts' manifests as they are written: every key of the resource definitions, and nothing else.
//!
//! Keys are those of `argoproj/argo-rollouts` 1.9. A key that is written without a value is as if it were not written, as
//! in Kubernetes. What is inside a pod template, a status or a provider of no interest is taken as it is. To add a key,
//! add a field.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, Visitor};

use crate::fleet::deploy::IntOrPercent;

/// Declares a table of optional keys in Argo's spelling; unknown keys are refused.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $( $(#[$field:meta])* $key:ident: $type:ty ),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        #[allow(dead_code, clippy::struct_field_names, reason = "keys are spelt as in Argo, and some are only known so that they are not refused")]
        pub(crate) struct $name { $( $(#[$field])* pub(crate) $key: Option<$type> ),* }
    };
}

/// A whole number, or text that may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IntOrText {
    Int(i64),
    Text(String),
}

impl<'de> Deserialize<'de> for IntOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = IntOrText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or text")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<IntOrText, E> {
                Ok(IntOrText::Text(text.to_owned()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<IntOrText, E> {
                Ok(IntOrText::Int(number))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<IntOrText, E> {
                i64::try_from(number).map(IntOrText::Int).map_err(|_too_large| E::custom(format!("{number} is too large")))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Something that is not looked at.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct Any(#[allow(dead_code, reason = "it is only read past")] IgnoredAny);

/// Labels or annotations.
pub(crate) type Labels = BTreeMap<String, String>;

table! {
    /// What every resource says of itself.
    Metadata {
        name: String,
        generate_name: String,
        namespace: String,
        labels: Labels,
        annotations: Labels,
        creation_timestamp: Any,
        deletion_timestamp: Any,
        deletion_grace_period_seconds: Any,
        finalizers: Any,
        generation: Any,
        managed_fields: Any,
        owner_references: Any,
        resource_version: Any,
        self_link: Any,
        uid: Any,
    }
}

/// Declares a resource with its own `spec`.
macro_rules! resource {
    ($(#[$doc:meta])* $name:ident, $spec:ty) => {
        table! { $(#[$doc])* $name { api_version: String, kind: String, metadata: Metadata, spec: $spec, status: Any } }
    };
}
resource!(
    /// A rollout.
    Rollout,
    RolloutSpec
);
resource!(
    /// A template of an analysis, of a namespace or of the cluster.
    AnalysisTemplate,
    AnalysisSpec
);
resource!(
    /// An analysis of its own.
    AnalysisRun,
    AnalysisSpec
);
resource!(
    /// An experiment of its own.
    Experiment,
    ExperimentSpec
);

table! {
    /// How a service is rolled out.
    RolloutSpec {
        replicas: u32,
        selector: LabelSelector,
        template: PodTemplate,
        workload_ref: WorkloadRef,
        min_ready_seconds: u32,
        strategy: Strategy,
        revision_history_limit: u32,
        paused: bool,
        progress_deadline_seconds: u32,
        progress_deadline_abort: bool,
        restart_at: Any,
        analysis: History,
        rollback_window: RollbackWindow,
        /// Of a proposal in Argo's documentation.
        resource_plugin: Any,
    }
}
table! {
    /// How many finished analyses are kept.
    History { successful_run_history_limit: u32, unsuccessful_run_history_limit: u32 }
}
table! {
    /// How far back the steps are skipped.
    RollbackWindow { revisions: u32 }
}
table! {
    /// Which pods are meant.
    LabelSelector { match_labels: Labels, match_expressions: Any }
}
table! {
    /// A workload whose template is used.
    WorkloadRef { api_version: String, kind: String, name: String, scale_down: String }
}
table! {
    /// Pods; only their labels are looked at.
    PodTemplate { metadata: Metadata, spec: Any }
}
table! {
    /// One of two strategies.
    Strategy { canary: Canary, blue_green: BlueGreen }
}
table! {
    /// Labels and annotations of pods in a role.
    RoleMetadata { labels: Labels, annotations: Labels }
}
table! {
    /// Where pods are kept apart.
    AntiAffinity {
        required_during_scheduling_ignored_during_execution: Any,
        preferred_during_scheduling_ignored_during_execution: Preferred,
    }
}
table! {
    /// How much that matters.
    Preferred { weight: i64 }
}
table! {
    /// Argo's canary.
    Canary {
        canary_service: String,
        stable_service: String,
        steps: Vec<Step>,
        traffic_routing: TrafficRouting,
        max_unavailable: IntOrPercent,
        max_surge: IntOrPercent,
        analysis: Analysis,
        anti_affinity: AntiAffinity,
        canary_metadata: RoleMetadata,
        stable_metadata: RoleMetadata,
        /// Belongs to blue/green; genuine files have it here.
        active_metadata: RoleMetadata,
        /// Belongs to blue/green; genuine files have it here.
        preview_metadata: RoleMetadata,
        scale_down_delay_seconds: u32,
        scale_down_delay_revision_limit: u32,
        abort_scale_down_delay_seconds: u32,
        dynamic_stable_scale: bool,
        ping_pong: PingPong,
        min_pods_per_replica_set: u32,
        replica_progress_threshold: Threshold,
    }
}
table! {
    /// Two services that take turns.
    PingPong { ping_service: String, pong_service: String }
}
table! {
    /// How many instances are enough.
    Threshold { #[serde(rename = "type")] kind: ThresholdType, value: u32 }
}
/// What a threshold counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum ThresholdType {
    Percent,
    Pod,
}
table! {
    /// Argo's blue/green.
    BlueGreen {
        active_service: String,
        preview_service: String,
        preview_replica_count: u32,
        auto_promotion_enabled: bool,
        auto_promotion_seconds: u32,
        max_unavailable: IntOrPercent,
        scale_down_delay_seconds: u32,
        scale_down_delay_revision_limit: u32,
        abort_scale_down_delay_seconds: u32,
        pre_promotion_analysis: Analysis,
        post_promotion_analysis: Analysis,
        anti_affinity: AntiAffinity,
        active_metadata: RoleMetadata,
        preview_metadata: RoleMetadata,
    }
}
table! {
    /// One step of a canary; Argo allows routes and scales beside others.
    Step {
        set_weight: u32,
        pause: Pause,
        set_canary_scale: SetCanaryScale,
        set_header_route: SetHeaderRoute,
        set_mirror_route: SetMirrorRoute,
        analysis: Analysis,
        experiment: ExperimentStep,
        replica_progress_threshold: Threshold,
        plugin: Plugin,
    }
}
table! {
    /// A pause.
    Pause { duration: IntOrText }
}
table! {
    /// How many instances a canary has.
    SetCanaryScale { replicas: u32, weight: u32, match_traffic_weight: bool }
}
table! {
    /// Requests by header.
    SetHeaderRoute { name: String, #[serde(rename = "match")] matches: Vec<HeaderMatch> }
}
table! {
    /// A header.
    HeaderMatch { header_name: String, header_value: TextMatch }
}
table! {
    /// Which texts are meant: one of these.
    TextMatch { exact: String, prefix: String, regex: String }
}
table! {
    /// Copies of requests.
    SetMirrorRoute { name: String, percentage: u32, #[serde(rename = "match")] matches: Vec<RequestMatch> }
}
table! {
    /// What a request must be like.
    RequestMatch { method: TextMatch, path: TextMatch, headers: BTreeMap<String, TextMatch> }
}
table! {
    /// A step of a plugin.
    Plugin { name: String, disabled: bool, config: Any }
}
table! {
    /// An analysis of a rollout, made of templates.
    Analysis {
        templates: Vec<TemplateRef>,
        args: Vec<Argument>,
        dry_run: Vec<DryRun>,
        measurement_retention: Vec<Any>,
        analysis_run_metadata: RoleMetadata,
        /// Only of background analyses.
        starting_step: u32,
    }
}
table! {
    /// A template by name.
    TemplateRef { template_name: String, cluster_scope: bool }
}
table! {
    /// A metric that decides nothing.
    DryRun { metric_name: String }
}
table! {
    /// A value for templates.
    Argument { name: String, value: String, value_from: ValueFrom }
}
table! {
    /// Where a value comes from.
    ValueFrom { pod_template_hash_value: PodHash, field_ref: FieldRef, secret_key_ref: SecretRef }
}
/// The pods of which version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum PodHash {
    Stable,
    Latest,
}
table! {
    /// A field of the rollout itself.
    FieldRef { field_path: String }
}
table! {
    /// A value of a secret.
    SecretRef { name: String, key: String, optional: bool }
}
table! {
    /// An experiment as a step.
    ExperimentStep {
        templates: Vec<ExperimentTemplate>,
        duration: String,
        analyses: Vec<ExperimentAnalysis>,
        dry_run: Vec<DryRun>,
        analysis_run_metadata: RoleMetadata,
    }
}
table! {
    /// A version in an experiment.
    ExperimentTemplate {
        name: String,
        spec_ref: SpecRef,
        replicas: u32,
        min_ready_seconds: u32,
        metadata: RoleMetadata,
        selector: LabelSelector,
        template: PodTemplate,
        weight: u32,
        service: Any,
    }
}
/// A version, as experiments name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SpecRef {
    Canary,
    Stable,
}
table! {
    /// An analysis of an experiment.
    ExperimentAnalysis {
        name: String,
        template_name: String,
        cluster_scope: bool,
        args: Vec<Argument>,
        required_for_completion: bool,
        dry_run: Vec<DryRun>,
        analysis_run_metadata: RoleMetadata,
    }
}
table! {
    /// An experiment of its own.
    ExperimentSpec {
        templates: Vec<ExperimentTemplate>,
        duration: IntOrText,
        progress_deadline_seconds: u32,
        terminate: bool,
        analyses: Vec<ExperimentAnalysis>,
        scale_down_delay_seconds: u32,
        dry_run: Vec<DryRun>,
        measurement_retention: Vec<Any>,
        analysis_run_metadata: RoleMetadata,
    }
}
table! {
    /// Who shares the traffic out.
    TrafficRouting {
        istio: Istio,
        nginx: Nginx,
        alb: Alb,
        smi: Smi,
        ambassador: Any,
        app_mesh: Any,
        traefik: Any,
        apisix: Any,
        plugins: Any,
        managed_routes: Vec<Named>,
        max_traffic_weight: u32,
    }
}
table! {
    /// Something with a name.
    Named { name: String }
}
table! {
    /// Istio.
    Istio { virtual_service: IstioRoutes, virtual_services: Vec<IstioRoutes>, destination_rule: DestinationRule }
}
table! {
    /// A virtual service, and which of its routes.
    IstioRoutes { name: String, routes: Vec<String>, tls_routes: Any, tcp_routes: Any }
}
table! {
    /// A destination rule with two subsets.
    DestinationRule { name: String, canary_subset_name: String, stable_subset_name: String }
}
table! {
    /// The nginx ingress controller.
    Nginx {
        annotation_prefix: String,
        stable_ingress: String,
        stable_ingresses: Vec<String>,
        additional_ingress_annotations: Labels,
        canary_ingress_annotations: Labels,
    }
}
table! {
    /// The AWS load balancer controller.
    Alb {
        ingress: String,
        ingresses: Vec<String>,
        service_port: Any,
        service_ports: Any,
        root_service: String,
        annotation_prefix: String,
        stickiness_config: Any,
    }
}
table! {
    /// The Service Mesh Interface.
    Smi { root_service: String, traffic_split_name: String }
}
table! {
    /// What is measured.
    AnalysisSpec {
        metrics: Vec<Metric>,
        args: Vec<Argument>,
        dry_run: Vec<DryRun>,
        measurement_retention: Vec<Any>,
        templates: Vec<TemplateRef>,
        terminate: bool,
        ttl_strategy: Any,
    }
}
table! {
    /// A metric.
    Metric {
        name: String,
        interval: String,
        initial_delay: String,
        count: IntOrText,
        success_condition: String,
        failure_condition: String,
        failure_limit: IntOrText,
        inconclusive_limit: IntOrText,
        consecutive_error_limit: IntOrText,
        consecutive_success_limit: IntOrText,
        provider: Provider,
    }
}
table! {
    /// Who is asked; one of these.
    Provider {
        prometheus: serde_json::Value,
        web: serde_json::Value,
        job: serde_json::Value,
        datadog: serde_json::Value,
        kayenta: serde_json::Value,
        wavefront: serde_json::Value,
        new_relic: serde_json::Value,
        cloud_watch: serde_json::Value,
        graphite: serde_json::Value,
        influxdb: serde_json::Value,
        skywalking: serde_json::Value,
        plugin: serde_json::Value,
    }
}

impl Provider {
    /// The providers that are written, each with its settings.
    pub(crate) fn written(&self) -> Vec<(&'static str, &serde_json::Value)> {
        let all = [
            ("prometheus", &self.prometheus),
            ("web", &self.web),
            ("job", &self.job),
            ("datadog", &self.datadog),
            ("kayenta", &self.kayenta),
            ("wavefront", &self.wavefront),
            ("newRelic", &self.new_relic),
            ("cloudWatch", &self.cloud_watch),
            ("graphite", &self.graphite),
            ("influxdb", &self.influxdb),
            ("skywalking", &self.skywalking),
            ("plugin", &self.plugin),
        ];
        all.into_iter().filter_map(|(name, settings)| settings.as_ref().map(|settings| (name, settings))).collect()
    }
}
