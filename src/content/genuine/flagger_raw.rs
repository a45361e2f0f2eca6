//! Flagger's resources, as they are written: names, kinds and defaults of their fields.
//!
//! It knows what may be written, not what is wrong with it beyond that, nor what it means. Source: fluxcd/flagger,
//! `artifacts/flagger/crd.yaml`. To read a field more, add it to its struct.
#![allow(dead_code, reason = "many fields are there so that a misspelt one or one of the wrong kind is found")]
#![allow(clippy::struct_excessive_bools, reason = "the fields are Flagger's")]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny};

use crate::content::yaml::Scalar;
use crate::units::SimSpan;

/// A time as Go writes it: `30s`, `1m`, `1m30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GoDuration(pub(crate) SimSpan);

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Go knows no days.
        match text.parse() {
            Ok(span) if !text.contains('d') => Ok(Self(span)),
            _ => Err(de::Error::custom(format!("`{text}` is not a duration; write a number and a unit, such as \"30s\", \"1m\" or \"1h\""))),
        }
    }
}

/// What Kubernetes keeps about an object, as far as it matters here.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) namespace: Option<String>,
}

/// How something is released.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Canary {
    #[serde(default)]
    pub(crate) api_version: Option<String>,
    #[serde(default, rename = "kind")]
    _kind: IgnoredAny,
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default)]
    pub(crate) spec: CanarySpec,
    #[serde(default, rename = "status")]
    _status: IgnoredAny,
}

/// What a canary is and does.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct CanarySpec {
    pub(crate) provider: Option<String>,
    pub(crate) metrics_server: Option<String>,
    pub(crate) insecure_skip_verify: bool,
    pub(crate) progress_deadline_seconds: Option<u32>,
    pub(crate) target_ref: Option<Reference>,
    pub(crate) autoscaler_ref: Option<AutoscalerReference>,
    pub(crate) ingress_ref: Option<Reference>,
    pub(crate) route_ref: Option<Reference>,
    pub(crate) upstream_ref: Option<Reference>,
    pub(crate) service: Option<Service>,
    pub(crate) skip_analysis: bool,
    pub(crate) revert_on_deletion: bool,
    pub(crate) suspend: bool,
    pub(crate) analysis: Option<CanaryAnalysis>,
    /// The older name of `analysis`.
    pub(crate) canary_analysis: Option<CanaryAnalysis>,
}

/// Another object.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Reference {
    #[serde(default)]
    pub(crate) api_version: Option<String>,
    #[serde(default)]
    pub(crate) kind: Option<String>,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) namespace: Option<String>,
}

/// Who scales canary and primary.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AutoscalerReference {
    #[serde(default)]
    pub(crate) api_version: Option<String>,
    #[serde(default)]
    pub(crate) kind: Option<String>,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) primary_scaler_queries: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) primary_scaler_replicas: Option<ScalerReplicas>,
}

/// Bounds for the primary's autoscaler.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct ScalerReplicas {
    pub(crate) min_replicas: Option<u32>,
    pub(crate) max_replicas: Option<u32>,
}

/// The Kubernetes service and its routes; what only the mesh reads is taken as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Service {
    pub(crate) name: Option<String>,
    pub(crate) port: Option<u32>,
    pub(crate) port_name: Option<String>,
    pub(crate) app_protocol: Option<String>,
    pub(crate) traffic_distribution: Option<String>,
    pub(crate) target_port: Option<Scalar>,
    pub(crate) port_discovery: bool,
    pub(crate) headless: bool,
    pub(crate) timeout: Option<GoDuration>,
    pub(crate) backend_timeout: Option<GoDuration>,
    pub(crate) mesh_name: Option<String>,
    pub(crate) backends: Vec<String>,
    pub(crate) hosts: Vec<String>,
    pub(crate) gateways: Vec<String>,
    pub(crate) delegation: bool,
    pub(crate) gateway_refs: IgnoredAny,
    pub(crate) r#match: IgnoredAny,
    pub(crate) rewrite: IgnoredAny,
    pub(crate) retries: IgnoredAny,
    pub(crate) headers: IgnoredAny,
    pub(crate) cors_policy: IgnoredAny,
    pub(crate) traffic_policy: IgnoredAny,
    pub(crate) mirror: IgnoredAny,
    pub(crate) apex: IgnoredAny,
    pub(crate) primary: IgnoredAny,
    pub(crate) canary: IgnoredAny,
    pub(crate) unmanaged_metadata: IgnoredAny,
}

/// How the canary is analysed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct CanaryAnalysis {
    pub(crate) interval: Option<GoDuration>,
    pub(crate) threshold: Option<u32>,
    pub(crate) iterations: Option<u32>,
    pub(crate) max_weight: Option<u32>,
    pub(crate) step_weight: Option<u32>,
    pub(crate) step_weights: Vec<u32>,
    pub(crate) step_weight_promotion: Option<u32>,
    pub(crate) mirror: bool,
    pub(crate) mirror_weight: Option<u32>,
    pub(crate) primary_ready_threshold: Option<u32>,
    pub(crate) canary_ready_threshold: Option<u32>,
    pub(crate) r#match: Vec<MatchCondition>,
    pub(crate) metrics: Vec<CanaryMetric>,
    pub(crate) alerts: Vec<CanaryAlert>,
    pub(crate) webhooks: Vec<CanaryWebhook>,
    pub(crate) session_affinity: Option<SessionAffinity>,
}

/// A condition of an A/B test: all of its headers must match.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct MatchCondition {
    pub(crate) headers: BTreeMap<String, StringMatch>,
    pub(crate) query_params: BTreeMap<String, StringMatch>,
    pub(crate) source_labels: BTreeMap<String, String>,
}

/// Which texts are meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StringMatch {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Regex(String),
}

/// A metric that is checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CanaryMetric {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) interval: Option<GoDuration>,
    #[serde(default)]
    pub(crate) threshold: Option<f64>,
    #[serde(default)]
    pub(crate) threshold_range: Option<ThresholdRange>,
    #[serde(default)]
    pub(crate) query: Option<String>,
    #[serde(default)]
    pub(crate) template_ref: Option<Reference>,
    #[serde(default)]
    pub(crate) template_variables: BTreeMap<String, String>,
}

/// The range in which a value must lie.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ThresholdRange {
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

/// Somebody who is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CanaryAlert {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) severity: Severity,
    pub(crate) provider_ref: Reference,
}

/// From which severity on somebody is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Severity {
    #[serde(rename = "")]
    Unset,
    #[default]
    Info,
    Warn,
    Error,
}

/// Somebody who is asked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CanaryWebhook {
    pub(crate) name: String,
    #[serde(default, rename = "type")]
    pub(crate) hook_type: HookType,
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) mute_alert: bool,
    #[serde(default)]
    pub(crate) timeout: Option<GoDuration>,
    #[serde(default)]
    pub(crate) retries: Option<u32>,
    #[serde(default, rename = "disableTLS")]
    pub(crate) disable_tls: bool,
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, Scalar>,
}

/// When a webhook is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HookType {
    #[serde(rename = "")]
    Unset,
    ConfirmRollout,
    PreRollout,
    #[default]
    Rollout,
    ConfirmTrafficIncrease,
    ConfirmPromotion,
    PostRollout,
    Rollback,
    Event,
}

/// Users who met the canary meet it again.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct SessionAffinity {
    pub(crate) cookie_name: String,
    #[serde(default)]
    pub(crate) primary_cookie_name: Option<String>,
    /// How long the cookie lasts [s].
    #[serde(default)]
    pub(crate) max_age: Option<u32>,
    #[serde(default, rename = "domain")]
    _domain: IgnoredAny,
    #[serde(default, rename = "httpOnly")]
    _http_only: IgnoredAny,
    #[serde(default, rename = "partitioned")]
    _partitioned: IgnoredAny,
    #[serde(default, rename = "path")]
    _path: IgnoredAny,
    #[serde(default, rename = "sameSite")]
    _same_site: IgnoredAny,
    #[serde(default, rename = "secure")]
    _secure: IgnoredAny,
}

/// A metric of one's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct MetricTemplate {
    #[serde(default)]
    pub(crate) api_version: Option<String>,
    #[serde(default, rename = "kind")]
    _kind: IgnoredAny,
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default)]
    pub(crate) spec: MetricTemplateSpec,
    #[serde(default, rename = "status")]
    _status: IgnoredAny,
}

/// How a metric of one's own is measured.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MetricTemplateSpec {
    pub(crate) provider: Option<MetricProvider>,
    pub(crate) query: Option<String>,
}

/// Who measures it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct MetricProvider {
    #[serde(rename = "type")]
    pub(crate) provider_type: String,
    #[serde(default)]
    pub(crate) address: Option<String>,
    #[serde(default)]
    pub(crate) region: Option<String>,
    #[serde(default)]
    pub(crate) insecure_skip_verify: bool,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) secret_ref: Option<Reference>,
}

/// Somebody who can be told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AlertProvider {
    #[serde(default)]
    pub(crate) api_version: Option<String>,
    #[serde(default, rename = "kind")]
    _kind: IgnoredAny,
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default)]
    pub(crate) spec: Option<AlertProviderSpec>,
    #[serde(default, rename = "status")]
    _status: IgnoredAny,
}

/// How somebody is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AlertProviderSpec {
    #[serde(rename = "type")]
    pub(crate) provider_type: String,
    #[serde(default)]
    pub(crate) channel: Option<String>,
    #[serde(default)]
    pub(crate) username: Option<String>,
    #[serde(default)]
    pub(crate) address: Option<String>,
    #[serde(default)]
    pub(crate) proxy: Option<String>,
    #[serde(default)]
    pub(crate) secret_ref: Option<Reference>,
}
