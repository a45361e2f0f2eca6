//! Builds the report from a run's facts.
//!
//! Every number comes from the store, the ledger or the scenario; what cannot be known stays `None`.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::model::{
    CostReport, EdgeReport, ExperimentReport, FORMAT_VERSION, FaultReport, FlagReport, InstanceReport, Latency, LittleReport, LogLine, Moment, QueueReport,
    Report, ServiceReport, SloReport, Traffic, VersionCallers, VersionReport, Wait,
};
use super::tell;
use super::watch::Watcher;
use super::{delivery, ledger};
use crate::ids::{EndpointId, InstanceId, ServiceId, SourceId};
use crate::insight::deployments::deployments;
use crate::insight::experiment::Comparison;
use crate::insight::{golden, little, service_map, slo};
use crate::kernel::QueueView;
use crate::lab::snapshot::FlagSnapshot;
use crate::telemetry::ledger::{AlarmState, Event};
use crate::telemetry::store::Totals;
use crate::telemetry::whole;
use crate::telemetry::window::Failures;
use crate::units::{SimSpan, SimTime};

/// Steps of the signals over time.
const MOMENTS: u64 = 120;
/// How work that was served though nobody waited is called among the errors of a service.
const ABANDONED: &str = "abandoned";
/// Lines of the log; more than these nobody reads.
const LOG_LINES: usize = 500;

/// A number that JSON can say.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

impl Report {
    /// The report of a run that was watched.
    pub fn new(facts: &Facts<'_>, watcher: Watcher) -> Self {
        let Facts { scenario, store, .. } = *facts;
        let run = store.run_counts();
        let measured_from = store.measured_from().unwrap_or(facts.now);
        let entry = user_side(&store.entry_totals(None));
        let hours = facts.now.as_secs_f64() / 3_600.0;
        let answers = run.answered as f64;
        let (happenings, missed) = watcher.finish(facts);
        let (ledger, ledger_left_out) = ledger::records(facts);
        let mut log = log(facts);
        if missed > 0 {
            let end = facts.now.as_secs_f64();
            log.push(LogLine { at_s: end, until_s: end, times: missed as u32, service: None, what: "more happenings than a report tells".into() });
        }
        Self {
            format_version: FORMAT_VERSION,
            scenario: scenario.name.clone(),
            title: scenario.title.get("en").into(),
            description: scenario.description.get("en").into(),
            seed: facts.seed,
            simulated_s: facts.now.as_secs_f64(),
            warm_up_s: measured_from.as_secs_f64(),
            measured_s: store.measured_span().as_secs_f64(),
            wall_s: facts.wall_s.and_then(finite),
            digest: facts.digest.into(),
            requests: run.requests,
            hops: run.hops,
            attempts: run.attempts,
            events: facts.events,
            users_hurt: store.users_hurt(None),
            sources: sources(facts),
            endpoints: endpoints(facts),
            services: facts.services().map(|id| (facts.service(id).to_string(), service(facts, id))).collect(),
            edges: edges(facts),
            goals: Vec::new(),
            slos: slos(facts),
            flags: facts.flags.iter().map(|flag| flag_report(facts, flag)).collect(),
            queues: queues(facts),
            instances: instances(facts),
            deployments: delivery::deployment_reports(facts),
            incidents: delivery::incidents(facts),
            dora: delivery::dora_report(facts),
            faults: faults(facts),
            happenings,
            log,
            ledger,
            ledger_left_out,
            cost: CostReport {
                dollars: finite(facts.cost).unwrap_or(0.0),
                dollars_per_hour: finite(facts.cost / hours),
                dollars_per_million_answers: finite(facts.cost / answers * 1e6),
            },
            over_time: over_time(facts),
            entry,
        }
    }
}

fn latency(totals: &Totals) -> Latency {
    let at = |q| totals.latency.quantile(q).map(|nanos| nanos / 1e6);
    Latency { mean: totals.latency.mean().map(|nanos| nanos / 1e6), p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), p999: at(0.999) }
}

fn by_reason(failures: &Failures) -> impl Iterator<Item = (String, u64)> {
    failures.iter().map(|(reason, count)| (reason.name().to_string(), count))
}

fn traffic(totals: &Totals) -> Traffic {
    let counts = &totals.counts;
    Traffic {
        requests: counts.requests,
        rate_per_s: totals.per_second(counts.requests),
        sent: None,
        under_way: None,
        dropped: counts.dropped,
        goodput: counts.answered,
        goodput_per_s: totals.per_second(counts.answered),
        degraded: counts.degraded,
        failed: counts.wasted(),
        error_ratio: counts.error_ratio(),
        errors: by_reason(&counts.failures).chain((counts.abandoned > 0).then(|| (ABANDONED.to_string(), counts.abandoned))).collect(),
        latency_ms: latency(totals),
        failed_latency_ms: counts.mean_failed_latency().map(|nanos| nanos / 1e6),
        wait_ms: None,
        in_system: None,
        utilisation: None,
    }
}

/// Traffic as clients see it: what they have under way follows from Little's law.
fn client_side(totals: &Totals) -> Traffic {
    Traffic { in_system: totals.average(totals.counts.latency_sum + totals.counts.failed_latency_sum), ..traffic(totals) }
}

/// Traffic of users, who know what they sent.
fn user_side(totals: &Totals) -> Traffic {
    let load = &totals.load;
    Traffic { sent: Some(load.arrivals), under_way: Some(load.in_system), in_system: totals.average(load.in_system_area), ..traffic(totals) }
}

/// Traffic as servers see it.
fn server_side(totals: &Totals) -> Traffic {
    let wait = Wait {
        mean: totals.counts.mean_wait().map(|nanos| nanos / 1e6),
        p99: totals.wait_quantile(0.99).map(|nanos| nanos / 1e6),
        wait_probability: totals.counts.wait_probability(),
    };
    Traffic { wait_ms: Some(wait), in_system: totals.average(totals.load.in_system_area), utilisation: totals.load.utilisation(), ..traffic(totals) }
}

fn sources(facts: &Facts<'_>) -> BTreeMap<String, Traffic> {
    let source = |at| SourceId::from_index(at);
    let named = |at| (facts.source(source(at)).to_string(), user_side(&facts.store.entry_totals(Some(source(at)))));
    (0..facts.scenario.model.sources.len()).map(named).collect()
}

fn endpoints(facts: &Facts<'_>) -> BTreeMap<String, Traffic> {
    let asked = |at| {
        let id = EndpointId::from_index(at);
        facts.store.endpoint_totals(id).map(|totals| (facts.endpoint(id), client_side(&totals)))
    };
    (0..facts.scenario.model.endpoints.len()).filter_map(asked).collect()
}

fn version_report(totals: &Totals) -> VersionReport {
    let (requests, failed) = totals.counts.as_callers_saw();
    let error_ratio = (requests > 0).then(|| failed as f64 / requests as f64);
    VersionReport {
        traffic: server_side(totals),
        callers: VersionCallers { requests, failed, error_ratio, given_up: by_reason(&totals.counts.lost).collect() },
    }
}

fn service(facts: &Facts<'_>, id: ServiceId) -> ServiceReport {
    let store = facts.store;
    let totals = store.service_totals(id);
    let versions = store.versions_of(id).iter().map(|&version| (facts.version(version).to_string(), version_report(&store.version_totals(version))));
    let now = golden::Subject::Service(id).windows(store, store.since(SimSpan::from_secs(1)), SimTime::NEVER);
    let load = now.last().map(|window| window.load).unwrap_or_default();
    ServiceReport {
        traffic: server_side(&totals),
        abandoned: totals.counts.abandoned,
        retries: totals.counts.retries,
        instances: totals.average(totals.load.up_area),
        instances_at_end: load.up,
        queued: totals.average(totals.load.queue_area),
        cpu_cores: totals.average(totals.load.cpu_nanos),
        memory_bytes: load.memory,
        callers: client_side(&store.caller_totals(id)),
        versions: versions.filter(|(_, version)| version.traffic.requests > 0 || version.callers.requests > 0).collect(),
        little: little::little(&totals).map(|little| LittleReport {
            in_system: little.in_system,
            rate_times_sojourn: little.rate_times_sojourn(),
            gap: little.gap().and_then(finite),
        }),
    }
}

fn edges(facts: &Facts<'_>) -> Vec<EdgeReport> {
    let edge = |(at, statistics): (usize, service_map::EdgeStatistics)| EdgeReport {
        from: facts.caller(statistics.edge.from),
        to: facts.service(statistics.edge.to).into(),
        retries: statistics.retries,
        throttled: statistics.throttled,
        client_errors: statistics.errors,
        faults: statistics.faults,
        traffic: client_side(&facts.store.edge_totals(at)),
    };
    service_map::edges(facts.store).into_iter().enumerate().map(edge).collect()
}

fn queues(facts: &Facts<'_>) -> BTreeMap<String, QueueReport> {
    let report = |queue: &QueueView| QueueReport {
        published: queue.published,
        deleted: queue.deleted,
        redelivered: queue.redelivered,
        dead: queue.dead,
        visible: queue.visible,
        most_visible: queue.most_visible,
        in_flight: queue.in_flight,
        oldest_s: queue.oldest.map(SimSpan::as_secs_f64),
        mean_age_s: queue.mean_age_s,
    };
    facts.scenario.model.queues.iter().zip(facts.queues).map(|(described, queue)| (described.name.clone(), report(queue))).collect()
}

fn flag_report(facts: &Facts<'_>, flag: &FlagSnapshot) -> FlagReport {
    let [without, with] = flag.sides;
    let experiment = flag.experiment.as_ref().map(|experiment| {
        let [off, on] = experiment.arms;
        let compared = |of: fn(&Comparison) -> f64| experiment.now.as_ref().and_then(|comparison| finite(of(comparison)));
        ExperimentReport {
            endpoint: facts.endpoint(experiment.endpoint),
            visits_without: off.shown,
            conversions_without: off.converted,
            visits_with: on.shown,
            conversions_with: on.converted,
            difference: compared(|comparison| comparison.difference),
            lower: compared(|comparison| comparison.lower),
            upper: compared(|comparison| comparison.upper),
            p_value: compared(|comparison| comparison.p_value),
            always_valid_p_value: experiment.always_valid,
            looks: experiment.looks.len() as u32,
            first_significant_look: experiment.first_significant.map(|look| look as u32 + 1),
        }
    });
    FlagReport {
        name: flag.name.clone(),
        percentage: flag.percentage.get(),
        changed_at_s: flag.changed.as_secs_f64(),
        killed_by: flag.killed_by.clone(),
        stale: flag.stale,
        removed: flag.removed,
        asked_with: with.asked,
        asked_without: without.asked,
        experiment,
    }
}

fn slos(facts: &Facts<'_>) -> Vec<SloReport> {
    let report = |(at, slo): (usize, &crate::scenario::Slo)| {
        let standing = slo::standing(facts.store, slo, facts.overdue.get(at).copied().unwrap_or(0));
        SloReport {
            name: slo.name.clone(),
            service: slo.service.map(|id| facts.service(id).into()),
            objective: slo.objective.get(),
            latency_ms: slo.latency.map(SimSpan::as_millis_f64),
            good: standing.good,
            total: standing.total,
            achieved: standing.achieved,
            burn_rate: standing.burn_rate,
            budget_left: standing.budget_left,
            met: standing.met(slo),
        }
    };
    facts.scenario.slos.iter().enumerate().map(report).collect()
}

fn instances(facts: &Facts<'_>) -> Vec<InstanceReport> {
    let report = |id: InstanceId| {
        let version = facts.store.version_of(id)?;
        let (counts, load) = facts.store.instance_totals(id)?;
        Some(InstanceReport {
            id: id.0,
            service: facts.service(facts.store.service_of(version)).into(),
            version: facts.version(version).into(),
            zone: facts.zone(id).map(Into::into),
            requests: counts.requests,
            failed: counts.wasted(),
            utilisation: load.utilisation(),
            up: load.up > 0,
        })
    };
    (0..).map(InstanceId).map_while(report).collect()
}

fn faults(facts: &Facts<'_>) -> Vec<FaultReport> {
    let mut all: Vec<FaultReport> = Vec::new();
    for record in facts.ledger.truth() {
        match &record.event {
            Event::FaultInjected { name, kind, service, instances } => all.push(FaultReport {
                name: name.clone(),
                kind: (*kind).into(),
                service: service.map(|id| facts.service(id).into()),
                instances: instances.iter().map(|id| id.0).collect(),
                started_s: record.at.as_secs_f64(),
                ended_s: None,
            }),
            Event::FaultCleared { name } => {
                if let Some(fault) = all.iter_mut().rev().find(|fault| fault.name == *name && fault.ended_s.is_none()) {
                    fault.ended_s = Some(record.at.as_secs_f64());
                }
            }
            _ => {}
        }
    }
    all
}

/// What is neither a deployment's beginning or end, nor a fault, nor an action: those are happenings. Equal lines that
/// follow each other within five minutes are put together.
fn log(facts: &Facts<'_>) -> Vec<LogLine> {
    let mut lines: Vec<LogLine> = Vec::new();
    let mut left_out = 0;
    for record in facts.ledger.visible() {
        let at = record.at.as_secs_f64();
        let (service, what) = match &record.event {
            // That data begins to come is not news.
            Event::AlarmChanged { from: AlarmState::InsufficientData, to: AlarmState::Ok, .. } => continue,
            Event::AlarmChanged { name, service, from, to, value, suppressed } => (*service, tell::alarm(facts, name, (*from, *to), *value, *suppressed)),
            Event::AlarmActions { name, state } => (None, tell::alarm_actions(name, *state)),
            Event::Scaled { service, from, to, by } => (Some(*service), format!("scaled {from} → {to} by {by}")),
            // The fleet of the first moment is the scenario's, not news.
            Event::Instance { change, .. } if record.at == SimTime::ZERO && matches!(*change, "started" | "healthy") => continue,
            Event::Instance { service, change, .. } => (Some(*service), tell::instance(None, change)),
            Event::DeploymentStalled { deployment, why } => {
                let Some(stalled) = deployments(facts.ledger).into_iter().find(|other| other.number == *deployment) else { continue };
                (Some(stalled.service), format!("deployment {deployment} makes no progress: {why}"))
            }
            _ => continue,
        };
        let service = service.map(|id| facts.service(id).to_string());
        let same = lines.iter_mut().rev().take(20).find(|line| line.service == service && line.what == what && at - line.until_s <= 300.0);
        if let Some(line) = same {
            line.until_s = at;
            line.times += 1;
        } else if lines.len() < LOG_LINES {
            lines.push(LogLine { at_s: at, until_s: at, times: 1, service, what });
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        let end = facts.now.as_secs_f64();
        lines.push(LogLine { at_s: end, until_s: end, times: left_out, service: None, what: "more events than a report lists".into() });
    }
    lines
}

fn over_time(facts: &Facts<'_>) -> Vec<Moment> {
    let windows = facts.store.entry_windows(None, SimTime::ZERO, SimTime::NEVER);
    let end = facts.store.now().nanos();
    let step = (end / MOMENTS).max(1_000_000_000);
    let steps = end.div_ceil(step);
    let moment = |at: u64| {
        let to = ((at + 1) * step).min(end);
        // A window that is wider than a step belongs to each step in which it has a part.
        let within = windows.iter().map(AsRef::as_ref).filter(|window| window.end.nanos() > at * step && window.start().nanos() < to);
        let signals = whole(within).map(|window| golden::Golden::from(&window)).unwrap_or_default();
        Moment {
            t_s: SimTime::from_nanos(to).as_secs_f64(),
            goodput_per_s: signals.goodput,
            failed_per_s: (signals.rate - signals.goodput).max(0.0),
            p50_ms: signals.p50_ms,
            p99_ms: signals.p99_ms,
        }
    };
    (0..steps).map(moment).collect()
}
