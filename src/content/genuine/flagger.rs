//! Flagger's resources as teams write them: `Canary`, `MetricTemplate` and `AlertProvider` of `flagger.app`.
//!
//! A file may hold several documents, also of other kinds; those are passed over. What the schema refuses is an error. What
//! it would require but a fragment of documentation leaves out, and what Flagger accepts without any effect, are warnings.
//! Routing rules of the meshes (`match`, `rewrite`, `retries`, …) are not looked into. A canary becomes the parameters of a
//! deployment strategy ([`Canary::strategy`]). Source: fluxcd/flagger, `artifacts/flagger/crd.yaml`. To read a field more,
//! add it to its struct in `flagger_raw`.

use super::flagger_raw::{AlertProvider, Canary, CanaryAnalysis, CanaryMetric, HookType, MatchCondition, MetricTemplate, StringMatch};
use super::flagger_review as review;
use crate::content::diagnostic::Collector;
use crate::content::read;
use crate::content::tree::Node;
use crate::content::yaml;
use crate::fleet::deploy::TextMatch;
use crate::fleet::deploy::flagger as strategy;
use crate::insight::judge::flagger as judge;
use crate::units::SimSpan;

/// A resource of a file.
#[derive(Debug, Clone)]
pub(crate) enum Resource {
    /// How something is released.
    Canary(Box<Canary>),
    /// A metric of one's own.
    MetricTemplate(MetricTemplate),
    /// Somebody who is told.
    AlertProvider(AlertProvider),
    /// Something that is not Flagger's.
    Other,
}

/// Reads all documents of a file, the one at index `file` of the collector's sources.
pub(crate) fn read_all(file: usize, text: &str, collector: &mut Collector) -> Vec<Resource> {
    let documents = yaml::parse(file, text, collector).unwrap_or_default();
    documents.into_iter().filter_map(|mut document| resource(&mut document, collector)).collect()
}

/// Reads one document; `None` for an empty one and for one that cannot be read.
fn resource(document: &mut Node, collector: &mut Collector) -> Option<Resource> {
    let kind = review::kind(document, collector)?;
    let resource = match kind.as_str() {
        "Canary" => Resource::Canary(Box::new(read::read(document, collector)?)),
        "MetricTemplate" => Resource::MetricTemplate(read::read(document, collector)?),
        "AlertProvider" => Resource::AlertProvider(read::read(document, collector)?),
        _ => Resource::Other,
    };
    review::review(&resource, document, collector);
    Some(resource)
}

impl Canary {
    /// How it is analysed: `analysis`, or its older name.
    pub(crate) fn analysis(&self) -> Option<&CanaryAnalysis> {
        self.spec.analysis.as_ref().or(self.spec.canary_analysis.as_ref())
    }

    /// The deployment strategy that it describes. Of a condition with several headers only one can be kept; regular
    /// expressions stand for suffixes.
    pub(crate) fn strategy(&self) -> strategy::Flagger {
        let (defaults, none) = (strategy::Flagger::default(), CanaryAnalysis::default());
        let analysis = self.analysis().unwrap_or(&none);
        let kubernetes = self.spec.provider.as_deref() == Some("kubernetes");
        let seconds = |seconds: u32| SimSpan::from_secs(seconds.into());
        strategy::Flagger {
            provider: if kubernetes { strategy::Provider::Kubernetes } else { strategy::Provider::Mesh },
            interval: analysis.interval.map_or(defaults.interval, |interval| interval.0),
            threshold: analysis.threshold.unwrap_or(defaults.threshold),
            max_weight: analysis.max_weight.filter(|most| *most > 0).unwrap_or(defaults.max_weight),
            step_weight: analysis.step_weight.unwrap_or_default(),
            step_weights: analysis.step_weights.clone(),
            step_weight_promotion: analysis.step_weight_promotion.unwrap_or(defaults.step_weight_promotion),
            iterations: analysis.iterations.unwrap_or_default(),
            r#match: if kubernetes { Vec::new() } else { analysis.r#match.iter().filter_map(MatchCondition::header).collect() },
            mirror: analysis.mirror,
            mirror_weight: analysis.mirror_weight.unwrap_or(defaults.mirror_weight),
            session_affinity: analysis.session_affinity.as_ref().map(|affinity| strategy::SessionAffinity {
                cookie_name: affinity.cookie_name.clone(),
                max_age: affinity.max_age.filter(|age| *age > 0).map_or(strategy::SessionAffinity::default().max_age, seconds),
            }),
            skip_analysis: self.spec.skip_analysis || self.analysis().is_none(),
            suspend: self.spec.suspend,
            progress_deadline: self.spec.progress_deadline_seconds.map_or(defaults.progress_deadline, seconds),
            primary_ready_threshold: analysis.primary_ready_threshold.unwrap_or(defaults.primary_ready_threshold),
            canary_ready_threshold: analysis.canary_ready_threshold.unwrap_or(defaults.canary_ready_threshold),
            metrics: analysis.metrics.iter().filter(|metric| metric.is_checked()).map(CanaryMetric::check).collect(),
            webhooks: analysis
                .webhooks
                .iter()
                .map(|hook| strategy::Webhook { name: hook.name.clone(), r#type: hook.hook_type.into(), ..strategy::Webhook::default() })
                .collect(),
        }
    }
}

impl MatchCondition {
    fn header(&self) -> Option<strategy::HeaderMatch> {
        let (header, value) = self.headers.iter().next()?;
        let value = match value {
            StringMatch::Exact(text) => TextMatch::Exact(text.clone()),
            StringMatch::Prefix(text) => TextMatch::Prefix(text.clone()),
            StringMatch::Regex(text) => TextMatch::Regex(text.clone()),
            StringMatch::Suffix(text) => TextMatch::Regex(format!(".*{}$", escaped(text))),
        };
        Some(strategy::HeaderMatch { header: header.clone(), value })
    }
}

/// A text as a regular expression that means just it.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| [if r"\.+*?()|[]{}^$".contains(c) { Some('\\') } else { None }, Some(c)]).flatten().collect()
}

impl CanaryMetric {
    /// Whether Flagger checks it at all: it is one of its own, or says how it is measured.
    pub(super) fn is_checked(&self) -> bool {
        judge::Builtin::named(&self.name).is_some() || self.template_ref.is_some() || self.query.is_some()
    }

    fn check(&self) -> judge::Metric {
        let defaults = judge::Metric::default();
        judge::Metric {
            name: self.name.clone(),
            interval: self.interval.map_or(defaults.interval, |interval| interval.0),
            threshold_range: self.threshold_range.as_ref().map(|range| judge::ThresholdRange { min: range.min, max: range.max }),
            threshold: self.threshold,
        }
    }
}

impl From<HookType> for strategy::HookType {
    fn from(hook: HookType) -> Self {
        match hook {
            HookType::Unset | HookType::Rollout => Self::Rollout,
            HookType::ConfirmRollout => Self::ConfirmRollout,
            HookType::PreRollout => Self::PreRollout,
            HookType::ConfirmTrafficIncrease => Self::ConfirmTrafficIncrease,
            HookType::ConfirmPromotion => Self::ConfirmPromotion,
            HookType::PostRollout => Self::PostRollout,
            HookType::Rollback => Self::Rollback,
            HookType::Event => Self::Event,
        }
    }
}
