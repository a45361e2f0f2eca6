//! From a rollout as it is written to the parameters of a strategy.
//!
//! Templates are looked up in what was read, merged and given their arguments, as the controller does when it begins an
//! analysis. A step that does several things becomes several steps: scale, route, then the rest. It assumes that the
//! checks passed; what they leave open is an error here.

use std::collections::BTreeSet;

use super::raw::{self, Metric, SpecRef, TemplateRef, ThresholdType};
use super::values::{argument, duration, pause, whole};
use super::{Document, Manifests};
use crate::fleet::deploy::steps as target;
use crate::fleet::deploy::{ArgoBlueGreen, ArgoCanary, Background, TextMatch};
use crate::insight::judge::analysis::{Analysis, Argument, Metric as Measured, Provider};
use crate::insight::judge::condition::{arguments_of, substitute};
use crate::units::SimSpan;

/// Templates that use one another in a row.
const MOST_NESTED: usize = 8;

/// Why a rollout does not become a strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LowerError {
    /// It is an excerpt without a strategy.
    #[error("the rollout has no strategy")]
    NoStrategy,
    /// It refers to a template that was not read.
    #[error("the {} template `{name}` is not in the files", if *.cluster { "cluster analysis" } else { "analysis" })]
    NoTemplate {
        /// Its name.
        name: String,
        /// Whether it would be the cluster's.
        cluster: bool,
    },
    /// Something that the checks do not see.
    #[error("{0}")]
    Wrong(String),
}

/// The strategy of a rollout.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Strategy {
    /// A canary.
    Canary(ArgoCanary),
    /// Blue/green.
    BlueGreen(ArgoBlueGreen),
}

/// Templates put together.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) metrics: Vec<Metric>,
    pub(super) args: Vec<raw::Argument>,
    dry_run: Vec<raw::DryRun>,
}

/// Looks templates up, those that they use included.
pub(super) fn merged<'a>(templates: impl Iterator<Item = &'a TemplateRef>, manifests: &Manifests) -> Result<Merged, LowerError> {
    let mut all = Merged::default();
    let mut seen = BTreeSet::new();
    for template in templates {
        merge(template, manifests, &mut all, &mut seen, 0)?;
    }
    Ok(all)
}

fn merge(template: &TemplateRef, manifests: &Manifests, all: &mut Merged, seen: &mut BTreeSet<(String, bool)>, depth: usize) -> Result<(), LowerError> {
    let name = template.template_name.clone().unwrap_or_default();
    let cluster = template.cluster_scope.unwrap_or(false);
    if depth > MOST_NESTED {
        return Err(LowerError::Wrong(format!("the template `{name}` is used too deeply")));
    }
    if !seen.insert((name.clone(), cluster)) {
        return Ok(());
    }
    let found = manifests.template(&name, cluster).and_then(|template| template.spec.as_ref());
    let spec = found.ok_or(LowerError::NoTemplate { name, cluster })?;
    all.metrics.extend(spec.metrics.iter().flatten().cloned());
    all.dry_run.extend(spec.dry_run.iter().flatten().cloned());
    for argument in spec.args.iter().flatten() {
        match all.args.iter_mut().find(|known| known.name == argument.name) {
            // The first value stays; a name without one takes what comes.
            Some(known) if known.value.is_none() && known.value_from.is_none() => *known = argument.clone(),
            Some(_) => {}
            None => all.args.push(argument.clone()),
        }
    }
    spec.templates.iter().flatten().try_for_each(|inner| merge(inner, manifests, all, seen, depth + 1))
}

impl Manifests {
    /// The strategy of a rollout, with the templates that were read.
    pub(crate) fn strategy(&self, rollout: &Document<raw::Rollout>) -> Result<Strategy, LowerError> {
        let spec = rollout.resource.spec.as_ref().ok_or(LowerError::NoStrategy)?;
        let strategy = spec.strategy.as_ref().ok_or(LowerError::NoStrategy)?;
        match (&strategy.canary, &strategy.blue_green) {
            (Some(canary), None) => self.canary(canary, spec).map(Strategy::Canary),
            (None, Some(blue_green)) => self.blue_green(blue_green, spec).map(Strategy::BlueGreen),
            _ => Err(LowerError::NoStrategy),
        }
    }

    fn analysis(&self, written: &raw::Analysis) -> Result<Analysis, LowerError> {
        let mut all = merged(written.templates.iter().flatten(), self)?;
        all.dry_run.extend(written.dry_run.iter().flatten().cloned());
        finish(&all, written.args.as_deref().unwrap_or_default())
    }

    fn canary(&self, canary: &raw::Canary, spec: &raw::RolloutSpec) -> Result<ArgoCanary, LowerError> {
        let defaults = ArgoCanary::default();
        let mut steps = Vec::new();
        // Where each written step begins, because one may become several.
        let mut starts = Vec::new();
        for step in canary.steps.iter().flatten() {
            starts.push(steps.len() as u32);
            self.step(step, &mut steps)?;
        }
        let background = |analysis: &raw::Analysis| {
            let first = analysis.starting_step.unwrap_or(0);
            let starting_step = starts.get(first as usize).copied().unwrap_or(steps.len() as u32);
            self.analysis(analysis).map(|analysis| Background { analysis, starting_step })
        };
        Ok(ArgoCanary {
            analysis: canary.analysis.as_ref().map(background).transpose()?,
            traffic_routing: canary.traffic_routing.is_some(),
            max_traffic_weight: canary.traffic_routing.as_ref().and_then(|routing| routing.max_traffic_weight).unwrap_or(defaults.max_traffic_weight),
            max_surge: canary.max_surge.unwrap_or(defaults.max_surge),
            max_unavailable: canary.max_unavailable.unwrap_or(defaults.max_unavailable),
            min_ready: seconds(spec.min_ready_seconds).unwrap_or(defaults.min_ready),
            scale_down_delay: seconds(canary.scale_down_delay_seconds).unwrap_or(defaults.scale_down_delay),
            abort_scale_down_delay: seconds(canary.abort_scale_down_delay_seconds),
            dynamic_stable_scale: canary.dynamic_stable_scale.unwrap_or(false),
            min_pods_per_replica_set: canary.min_pods_per_replica_set.unwrap_or(defaults.min_pods_per_replica_set),
            progress_deadline: seconds(spec.progress_deadline_seconds).unwrap_or(defaults.progress_deadline),
            progress_deadline_abort: spec.progress_deadline_abort.unwrap_or(false),
            rollback_window: spec.rollback_window.as_ref().and_then(|window| window.revisions),
            replica_progress_threshold: canary.replica_progress_threshold.as_ref().map(threshold),
            steps,
        })
    }

    fn blue_green(&self, written: &raw::BlueGreen, spec: &raw::RolloutSpec) -> Result<ArgoBlueGreen, LowerError> {
        let defaults = ArgoBlueGreen::default();
        let analysis = |written: &Option<raw::Analysis>| written.as_ref().map(|written| self.analysis(written)).transpose();
        Ok(ArgoBlueGreen {
            preview_replica_count: written.preview_replica_count,
            auto_promotion_enabled: written.auto_promotion_enabled.unwrap_or(true),
            auto_promotion: seconds(written.auto_promotion_seconds).filter(|wait| !wait.is_zero()),
            pre_promotion_analysis: analysis(&written.pre_promotion_analysis)?,
            post_promotion_analysis: analysis(&written.post_promotion_analysis)?,
            scale_down_delay: seconds(written.scale_down_delay_seconds).unwrap_or(defaults.scale_down_delay),
            abort_scale_down_delay: seconds(written.abort_scale_down_delay_seconds).unwrap_or(defaults.abort_scale_down_delay),
            min_ready: seconds(spec.min_ready_seconds).unwrap_or(defaults.min_ready),
            progress_deadline: seconds(spec.progress_deadline_seconds).unwrap_or(defaults.progress_deadline),
            progress_deadline_abort: spec.progress_deadline_abort.unwrap_or(false),
            rollback_window: spec.rollback_window.as_ref().and_then(|window| window.revisions),
        })
    }

    /// Writes a step out.
    fn step(&self, step: &raw::Step, steps: &mut Vec<target::Step>) -> Result<(), LowerError> {
        if let Some(written) = &step.replica_progress_threshold {
            steps.push(target::Step::ReplicaProgressThreshold(threshold(written)));
        }
        if let Some(scale) = &step.set_canary_scale {
            steps.push(target::Step::SetCanaryScale(target::SetCanaryScale {
                replicas: scale.replicas,
                weight: scale.weight.filter(|_| scale.replicas.is_none()),
                match_traffic_weight: scale.match_traffic_weight.unwrap_or(false) && scale.replicas.is_none() && scale.weight.is_none(),
            }));
        }
        if let Some(route) = &step.set_header_route {
            let one = |one: &raw::HeaderMatch| {
                Some(target::HeaderMatch { header_name: one.header_name.clone()?, header_value: text_match(one.header_value.as_ref()?)? })
            };
            let matches = route.matches.iter().flatten().filter_map(one).collect();
            steps.push(target::Step::SetHeaderRoute(target::SetHeaderRoute { name: route.name.clone().unwrap_or_default(), matches }));
        }
        if let Some(route) = &step.set_mirror_route {
            let one = |one: &raw::RequestMatch| target::RequestMatch {
                method: one.method.as_ref().and_then(text_match),
                path: one.path.as_ref().and_then(text_match),
                headers: one.headers.iter().flatten().filter_map(|(name, value)| Some((name.clone(), text_match(value)?))).collect(),
            };
            let matches = route.matches.iter().flatten().map(one).collect();
            let name = route.name.clone().unwrap_or_default();
            steps.push(target::Step::SetMirrorRoute(target::SetMirrorRoute { name, percentage: route.percentage, matches }));
        }
        steps.extend(step.set_weight.map(target::Step::SetWeight));
        if let Some(written) = &step.pause {
            let duration = written.duration.as_ref().map(pause).transpose().map_err(LowerError::Wrong)?;
            steps.push(target::Step::Pause(target::Pause { duration }));
        }
        if let Some(analysis) = &step.analysis {
            steps.push(target::Step::Analysis(self.analysis(analysis)?));
        }
        if let Some(experiment) = &step.experiment {
            steps.push(target::Step::Experiment(self.experiment(experiment)?));
        }
        let plugin = step.plugin.as_ref().filter(|plugin| plugin.disabled != Some(true));
        steps.extend(plugin.map(|plugin| target::Step::Plugin(target::Plugin { name: plugin.name.clone().unwrap_or_default() })));
        Ok(())
    }

    fn experiment(&self, written: &raw::ExperimentStep) -> Result<target::Experiment, LowerError> {
        let template = |one: &raw::ExperimentTemplate| target::ExperimentTemplate {
            name: one.name.clone().unwrap_or_default(),
            spec_ref: if one.spec_ref == Some(SpecRef::Stable) { target::SpecRef::Stable } else { target::SpecRef::Canary },
            replicas: one.replicas,
            weight: one.weight,
        };
        let analysis = |one: &raw::ExperimentAnalysis| {
            let template = TemplateRef { template_name: one.template_name.clone(), cluster_scope: one.cluster_scope };
            let inner = raw::Analysis { templates: Some(vec![template]), args: one.args.clone(), dry_run: one.dry_run.clone(), ..raw::Analysis::default() };
            let analysis = self.analysis(&inner)?;
            let required_for_completion = one.required_for_completion.unwrap_or(false);
            Ok(target::ExperimentAnalysis { name: one.name.clone().unwrap_or_default(), required_for_completion, analysis })
        };
        Ok(target::Experiment {
            duration: written.duration.as_deref().map(duration).transpose().map_err(LowerError::Wrong)?,
            templates: written.templates.iter().flatten().map(template).collect(),
            analyses: written.analyses.iter().flatten().map(analysis).collect::<Result<_, LowerError>>()?,
        })
    }
}

fn seconds(written: Option<u32>) -> Option<SimSpan> {
    written.map(|seconds| SimSpan::from_secs(u64::from(seconds)))
}

fn threshold(written: &raw::Threshold) -> target::ReplicaProgressThreshold {
    let kind = if written.kind == Some(ThresholdType::Pod) { target::ProgressType::Pod } else { target::ProgressType::Percent };
    target::ReplicaProgressThreshold { kind, value: written.value.unwrap_or(100) }
}

fn text_match(written: &raw::TextMatch) -> Option<TextMatch> {
    let exact = written.exact.clone().map(TextMatch::Exact);
    exact.or_else(|| written.prefix.clone().map(TextMatch::Prefix)).or_else(|| written.regex.clone().map(TextMatch::Regex))
}

/// Gives templates their arguments, and reads what then stands there.
fn finish(all: &Merged, given: &[raw::Argument]) -> Result<Analysis, LowerError> {
    let value_of = |name: &str| {
        let named = |written: &&raw::Argument| written.name.as_deref() == Some(name);
        given.iter().find(named).and_then(argument).or_else(|| all.args.iter().find(named).and_then(argument))
    };
    let names: BTreeSet<&str> = all.args.iter().chain(given).filter_map(|written| written.name.as_deref()).collect();
    let args: Vec<Argument> = names.into_iter().map(|name| Argument { name: name.to_owned(), value: value_of(name) }).collect();
    if let Some(open) = all.args.iter().filter_map(|written| written.name.as_deref()).find(|name| value_of(name).is_none()) {
        return Err(LowerError::Wrong(format!("the argument `{open}` has no value")));
    }
    let text = |text: &str| match arguments_of(text).into_iter().find(|name| value_of(name).is_none()) {
        Some(open) => Err(LowerError::Wrong(format!("the argument `{open}` has no value"))),
        None => Ok(substitute(text, |name| value_of(name).map(Into::into))),
    };
    let metrics = all.metrics.iter().map(|written| metric(written, &text)).collect::<Result<Vec<_>, _>>()?;
    let dry_run = all.dry_run.iter().filter_map(|rule| rule.metric_name.clone()).collect();
    let analysis = Analysis { metrics, dry_run, args };
    analysis.check().map_err(LowerError::Wrong)?;
    Ok(analysis)
}

fn metric(written: &Metric, text: &dyn Fn(&str) -> Result<String, LowerError>) -> Result<Measured, LowerError> {
    let span = |span: &Option<String>| match span {
        Some(span) => duration(&text(span)?).map(Some).map_err(LowerError::Wrong),
        None => Ok(None),
    };
    let number = |number: &Option<raw::IntOrText>| match number {
        Some(raw::IntOrText::Text(digits)) => whole(&raw::IntOrText::Text(text(digits)?)).map(Some).map_err(LowerError::Wrong),
        Some(int) => whole(int).map(Some).map_err(LowerError::Wrong),
        None => Ok(None),
    };
    let count = |name: &str, value: Option<i64>| match value.map(u32::try_from) {
        Some(Err(_out_of_range)) => Err(LowerError::Wrong(format!("`{name}` is 0 or more"))),
        Some(Ok(value)) => Ok(Some(value)),
        None => Ok(None),
    };
    let condition = |condition: &Option<String>| match condition {
        Some(condition) => {
            text(condition)?.parse().map(Some).map_err(|why: crate::insight::judge::condition::ConditionError| LowerError::Wrong(why.to_string()))
        }
        None => Ok(None),
    };
    let provider = match written.provider.as_ref().map(raw::Provider::written).unwrap_or_default().as_slice() {
        [(kind, settings)] => {
            let query = match settings.get("query") {
                Some(serde_json::Value::String(query)) => query.clone(),
                _ => settings.to_string(),
            };
            Provider { kind: (*kind).to_owned(), query: text(&query)? }
        }
        _ => return Err(LowerError::Wrong("a metric has exactly one provider".to_owned())),
    };
    let failure_limit = number(&written.failure_limit)?.unwrap_or(0);
    Ok(Measured {
        name: text(written.name.as_deref().unwrap_or_default())?,
        interval: span(&written.interval)?,
        initial_delay: span(&written.initial_delay)?.unwrap_or(SimSpan::ZERO),
        count: count("count", number(&written.count)?)?,
        success_condition: condition(&written.success_condition)?,
        failure_condition: condition(&written.failure_condition)?,
        failure_limit: i32::try_from(failure_limit).map_err(|_out_of_range| LowerError::Wrong("`failureLimit` is too large".to_owned()))?,
        inconclusive_limit: count("inconclusiveLimit", number(&written.inconclusive_limit)?)?.unwrap_or(0),
        consecutive_error_limit: count("consecutiveErrorLimit", number(&written.consecutive_error_limit)?)?.unwrap_or(4),
        consecutive_success_limit: count("consecutiveSuccessLimit", number(&written.consecutive_success_limit)?)?.unwrap_or(0),
        provider,
    })
}
