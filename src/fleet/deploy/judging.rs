//! Judges at work on deployments: which measurements are due, and what the answers come to.
//!
//! A strategy begins an analysis and is told how it stands; here the analyses run. Whoever has the telemetry is asked
//! ([`Wanted`]) and answers before the control plane runs. It knows no queries and no traffic.

use std::collections::{BTreeMap, BTreeSet};

use super::Strategy;
use super::canary_analysis::{CanaryAnalysis, CanaryRun, Compared, Side};
use super::flagger::Check;
use super::rollout::Rollout;
use crate::fleet::desk::Roster;
use crate::ids::{ServiceId, VersionId};
use crate::insight::judge::Measured;
use crate::insight::judge::analysis::{Analysis, Phase, Provider};
use crate::insight::judge::analysis_run::AnalysisRun;
use crate::insight::judge::condition::Condition;
use crate::insight::judge::flagger::{self, Builtin};
use crate::telemetry::ledger::Cause;
use crate::units::{SimSpan, SimTime};

use bevy_ecs::prelude::*;

/// A measurement that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    service: ServiceId,
    key: u32,
    metric: usize,
    /// Of which side of a comparison it is, if it is one.
    side: Option<Side>,
    /// Of which version.
    pub version: VersionId,
    /// What is asked.
    pub provider: Provider,
}

/// So many results of analyses that are over are kept for each deployment.
const OVER: usize = 32;

/// The analyses of one deployment.
#[derive(Debug, Default)]
pub(super) struct Judges {
    runs: BTreeMap<u32, AnalysisRun>,
    /// Flagger's checks as they came out last.
    checks: BTreeMap<u32, Phase>,
    /// What Flagger's metrics were, to look at.
    seen: BTreeMap<u32, AnalysisLook>,
    /// When they were last made.
    checked: Option<SimTime>,
    /// Gates that a person opened.
    opened: BTreeSet<u32>,
    /// Comparisons of the versions.
    compared: BTreeMap<u32, CanaryRun>,
    /// What the latest analyses that are over came to.
    over: Vec<AnalysisLook>,
}

/// An analysis of a deployment, for people to watch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AnalysisLook {
    /// The metric's name.
    pub metric: String,
    /// What is asked, in the provider's language.
    pub query: String,
    /// When a measurement is good, and when it is bad, as written.
    pub conditions: [Option<String>; 2],
    /// How many measurements there are to be; `None`: they go on until the deployment ends them.
    pub planned: Option<u32>,
    /// When it is measured next; `None` if it is not.
    pub next: Option<SimTime>,
    /// Whether it decides nothing.
    pub dry_run: bool,
    /// Its latest value as written, and whether it was good, bad, or neither.
    pub last: Option<(String, Phase)>,
    /// Good, bad, inconclusive measurements and errors so far.
    pub counts: [u32; 4],
    /// Bad measurements that may be; any number if it is negative.
    pub failure_limit: i32,
    /// Inconclusive measurements that may be.
    pub inconclusive_limit: u32,
    /// Errors in a row that may be.
    pub error_limit: u32,
    /// How it stands.
    pub phase: Phase,
    /// How the versions compare, where that is what it does.
    pub compared: Option<Compared>,
}

impl Judges {
    /// Begins and ends analyses, as a strategy orders.
    pub(super) fn follow(&mut self, begun: &[(u32, Analysis)], compare: &[(u32, CanaryAnalysis, SimSpan)], over: &[u32], now: SimTime) {
        for (key, analysis) in begun {
            self.runs.insert(*key, AnalysisRun::begin(analysis, now));
        }
        for (key, analysis, watched_for) in compare {
            self.compared.insert(*key, CanaryRun::begin(analysis, *watched_for, now));
        }
        for key in over {
            let ended = Self {
                runs: self.runs.remove(key).map(|run| (*key, run)).into_iter().collect(),
                compared: self.compared.remove(key).map(|run| (*key, run)).into_iter().collect(),
                ..Self::default()
            };
            // Whoever ends an analysis before it has decided takes it for good, as Argo does.
            let decided = |look: AnalysisLook| match look.phase {
                Phase::Running | Phase::Pending => AnalysisLook { phase: Phase::Successful, ..look },
                _ => look,
            };
            self.keep(ended.look().into_iter().map(decided));
        }
    }
    /// Keeps what is over, to look at.
    pub(super) fn keep(&mut self, looks: impl IntoIterator<Item = AnalysisLook>) {
        self.over.extend(looks.into_iter().map(|look| AnalysisLook { next: None, ..look }));
        let surplus = self.over.len().saturating_sub(OVER);
        self.over.drain(..surplus);
    }
    /// What the analyses that are over came to; nothing more is due of them.
    pub(super) fn over(&self) -> impl Iterator<Item = AnalysisLook> {
        self.over.iter().cloned()
    }
    /// A person opened a gate, if one did.
    pub(super) fn open(&mut self, gate: Option<u32>) {
        self.opened.extend(gate);
    }
    pub(super) fn next_due(&self) -> Option<SimTime> {
        let compared = self.compared.values().filter_map(CanaryRun::next_due);
        self.runs.values().filter_map(AnalysisRun::next_due).chain(compared).min()
    }
    /// How everything stands that the strategy asked for.
    pub(super) fn verdicts(&self) -> Vec<(u32, Phase)> {
        let compared = self.compared.iter().map(|(key, run)| (*key, run.phase()));
        self.runs.iter().map(|(key, run)| (*key, run.phase())).chain(self.checks.iter().map(|(key, phase)| (*key, *phase))).chain(compared).collect()
    }
    /// Why a comparison of the versions came out as it did.
    pub(super) fn compared(&self) -> Option<Cause> {
        self.compared.values().find_map(CanaryRun::why)
    }
    /// The analyses and checks, to look at.
    pub(super) fn look(&self) -> Vec<AnalysisLook> {
        let text = |condition: &Option<Condition>| condition.as_ref().map(|condition| condition.text().to_owned());
        let of = |run: &AnalysisRun| {
            let metrics = run.metrics().map(|(metric, result)| AnalysisLook {
                metric: metric.name.clone(),
                query: metric.provider.query.clone(),
                conditions: [text(&metric.success_condition), text(&metric.failure_condition)],
                planned: metric.effective_count(),
                next: run.next_of(metric, result),
                dry_run: result.dry_run,
                last: result.last.as_ref().map(|(_, value, phase)| (value.as_ref().map_or_else(Clone::clone, shown), *phase)),
                counts: [result.successful, result.failed, result.inconclusive, result.errors],
                failure_limit: metric.failure_limit,
                inconclusive_limit: metric.inconclusive_limit,
                error_limit: metric.consecutive_error_limit,
                phase: result.phase,
                compared: None,
            });
            metrics.collect::<Vec<_>>()
        };
        let compared = self.compared.values().flat_map(|run| {
            let next = run.next_due();
            run.look().map(move |(metric, phase, compared)| AnalysisLook { metric, phase, next, compared: Some(compared), ..AnalysisLook::default() })
        });
        self.runs.values().flat_map(of).chain(self.seen.values().cloned()).chain(compared).collect()
    }
}

/// A check of Flagger's before its first value. All its checks together may fail so often, less one, before it rolls back.
fn unseen(metric: &flagger::Metric, threshold: u32) -> AnalysisLook {
    let flagger::ThresholdRange { min, max } = metric.range();
    let least = min.map(|min| format!("{} >= {min}", metric.name));
    let most = max.map(|max| format!("{} <= {max}", metric.name));
    let both: Vec<String> = least.into_iter().chain(most).collect();
    AnalysisLook {
        metric: metric.name.clone(),
        conditions: [(!both.is_empty()).then(|| both.join(" && ")), None],
        failure_limit: i32::try_from(threshold.max(1) - 1).unwrap_or(i32::MAX),
        phase: Phase::Running,
        ..AnalysisLook::default()
    }
}

/// A measured value in a few characters.
fn shown(value: &Measured) -> String {
    match value {
        Measured::Nothing => "nothing".to_owned(),
        Measured::Boolean(value) => value.to_string(),
        Measured::Number(number) => format!("{number:.4}"),
        Measured::Text(text) => text.clone(),
        Measured::List(items) => items.first().map_or_else(|| "[]".to_owned(), |first| format!("[{}]", shown(first))),
        Measured::Map(_) => "{…}".to_owned(),
    }
}

/// The measurements that are due at `now`.
pub(in crate::fleet) fn wanted(world: &mut World, now: SimTime) -> Vec<Wanted> {
    let services: Vec<(ServiceId, Entity)> = {
        let roster = world.resource::<Roster>();
        roster.service_ids().map(|service| (service, roster.service(service))).collect()
    };
    let mut all = Vec::new();
    for (service, entity) in services {
        let Some(mut rollout) = world.get_mut::<Rollout>(entity) else { continue };
        let Some(deployment) = rollout.0.as_mut() else { continue };
        let version = deployment.version;
        for (key, run) in &mut deployment.judges.runs {
            if run.next_due().is_none_or(|due| due > now) {
                continue;
            }
            all.extend(run.due(now).into_iter().map(|(metric, provider)| Wanted { service, key: *key, metric, side: None, version, provider }));
        }
        let replaced = deployment.replaced();
        for (key, run) in &mut deployment.judges.compared {
            all.extend(run.due(now).into_iter().map(|(metric, side, provider)| {
                let version = if side == Side::Control { replaced } else { version };
                Wanted { service, key: *key, metric, side: Some(side), version, provider }
            }));
        }
        if let Strategy::Flagger(flagger) = &deployment.strategy
            && deployment.wakes.is_some_and(|at| at <= now)
            && deployment.judges.checked != Some(now)
        {
            deployment.judges.checked = Some(now);
            for (key, check) in flagger.checks() {
                match check {
                    Check::Metric(metric) => {
                        deployment.judges.seen.entry(key).or_insert_with(|| unseen(metric, flagger.threshold));
                        let query = match Builtin::named(&metric.name) {
                            Some(Builtin::RequestSuccessRate) => format!("success-rate [{}]", metric.interval),
                            Some(Builtin::RequestDuration) => format!("latency-p99 milliseconds [{}]", metric.interval),
                            None => metric.name.clone(),
                        };
                        all.push(Wanted { service, key, metric: CHECK, side: None, version, provider: Provider { kind: "flagger".to_owned(), query } });
                    }
                    Check::Webhook(hook) => {
                        let agrees = hook.agrees(now.since(deployment.began), deployment.judges.opened.contains(&key));
                        deployment.judges.checks.insert(key, if agrees { Phase::Successful } else { Phase::Failed });
                    }
                }
            }
        }
    }
    all
}

/// Marks a check of Flagger's among the measurements.
const CHECK: usize = usize::MAX;

/// Takes an answer in.
pub(in crate::fleet) fn answer(world: &mut World, wanted: &Wanted, now: SimTime, value: Result<Measured, String>) {
    let entity = world.resource::<Roster>().service(wanted.service);
    let Some(mut rollout) = world.get_mut::<Rollout>(entity) else { return };
    let Some(deployment) = rollout.0.as_mut() else { return };
    if let Some(side) = wanted.side {
        if let Some(run) = deployment.judges.compared.get_mut(&wanted.key) {
            run.measured(wanted.metric, side, &value);
        }
        return;
    }
    if wanted.metric != CHECK {
        if let Some(run) = deployment.judges.runs.get_mut(&wanted.key) {
            run.measured(wanted.metric, now, value);
        }
        return;
    }
    let Strategy::Flagger(flagger) = &deployment.strategy else { return };
    let metric = flagger.checks().find_map(|(key, check)| match check {
        Check::Metric(metric) if key == wanted.key => Some(metric.clone()),
        _ => None,
    });
    let Some(metric) = metric else { return };
    let number = match value {
        Ok(Measured::Number(number)) if metric.name == "request-success-rate" => Some(number * 100.0),
        Ok(Measured::Number(number)) => Some(number),
        _ => None,
    };
    let phase = if metric.passes(number).is_ok() { Phase::Successful } else { Phase::Failed };
    deployment.judges.checks.insert(wanted.key, phase);
    if let Some(seen) = deployment.judges.seen.get_mut(&wanted.key) {
        seen.last = Some((number.map_or_else(|| shown(&Measured::Nothing), |number| shown(&Measured::Number(number))), phase));
        seen.counts[usize::from(phase == Phase::Failed)] += 1;
    }
}

/// The shortest time after which a deployment with analyses looks again.
pub(super) fn look_again(judges: &Judges, wake: Option<SimTime>, now: SimTime) -> Option<SimTime> {
    let due = judges.next_due().map(|at| at.max(now + SimSpan::from_nanos(1)));
    [wake, due].into_iter().flatten().min()
}
