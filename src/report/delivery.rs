//! Delivery in the report: deployments with what they went through, incidents, and DORA's metrics.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::model::{
    AnalysisReport, DeploymentReport, DoraMetrics, DoraReport, DoraTruthReport, DoraWindowReport, FlowReport, IncidentReport, LevelsReport, QuickCheckReport,
    ServiceDoraReport, StepReport, TimeToRestoreReport,
};
use crate::fleet::deploy::judging::AnalysisLook;
use crate::ids::VersionId;
use crate::insight::deployments::{Deployment, Status, deployments};
use crate::insight::dora::Period;
use crate::insight::dora::bands::{Year, levels};
use crate::insight::{dora, flow};
use crate::telemetry::ledger::Event;
use crate::units::{SimSpan, SimTime};

/// The rolling window of the metrics.
const WINDOW: SimSpan = SimSpan::from_secs(7 * 86_400);
/// From one window to the next.
const DAY: u64 = 86_400;
/// Windows that a report holds at most: the latest.
const WINDOWS: u64 = 400;

/// All deployments, in the order in which they began.
pub(super) fn deployment_reports(facts: &Facts<'_>) -> Vec<DeploymentReport> {
    let mut steps: BTreeMap<u32, Vec<StepReport>> = BTreeMap::new();
    for record in facts.ledger.visible() {
        if let Event::DeploymentStepped { deployment, step, share, waits } = &record.event {
            let report = StepReport { at_s: record.at.as_secs_f64(), step: step.clone(), share: share.map(crate::units::Ratio::get), waits_for_person: *waits };
            steps.entry(*deployment).or_default().push(report);
        }
    }
    deployments(facts.ledger).iter().map(|deployment| deployment_report(facts, deployment, steps.remove(&deployment.number).unwrap_or_default())).collect()
}

/// What an analysis came to.
fn analysis(look: &AnalysisLook) -> AnalysisReport {
    let [successful, failed, inconclusive, errors] = look.counts;
    AnalysisReport {
        metric: look.metric.clone(),
        query: look.query.clone(),
        phase: look.phase.name().into(),
        dry_run: look.dry_run,
        successful,
        failed,
        inconclusive,
        errors,
        last: look.last.as_ref().map(|(value, _)| value.clone()),
    }
}

/// All incidents, in the order in which they were opened.
pub(super) fn incidents(facts: &Facts<'_>) -> Vec<IncidentReport> {
    let mut all: Vec<IncidentReport> = Vec::new();
    for record in facts.ledger.visible() {
        match &record.event {
            Event::IncidentOpened { incident, service, why } => all.push(IncidentReport {
                number: *incident,
                service: service.map(|service| facts.service(service).into()),
                why: why.to_string(),
                opened_s: record.at.as_secs_f64(),
                resolved_s: None,
                cause: None,
                remedy: None,
            }),
            Event::IncidentResolved { incident, cause, remedy } => {
                if let Some(open) = all.iter_mut().find(|open| open.number == *incident) {
                    (open.resolved_s, open.cause, open.remedy) = (Some(record.at.as_secs_f64()), *cause, *remedy);
                }
            }
            _ => {}
        }
    }
    all
}

fn five(metrics: &dora::Dora) -> DoraMetrics {
    DoraMetrics {
        deployments: metrics.deployments,
        failed: metrics.failed,
        deployment_frequency_per_day: metrics.per_day,
        change_lead_time_s: metrics.lead_time.map(SimSpan::as_secs_f64),
        failed_deployment_recovery_time_s: metrics.recovery.map(SimSpan::as_secs_f64),
        change_fail_rate: metrics.change_fail_rate,
        deployment_rework_rate: metrics.rework_rate,
    }
}

/// The metrics of each seven days that end with a day of the run, the latest last.
fn windows(facts: &Facts<'_>, all: &[Deployment]) -> Vec<DoraWindowReport> {
    let days = facts.now.nanos() / 1_000_000_000 / DAY;
    let window = |day: u64| {
        let to = SimTime::from_secs(day * DAY);
        let metrics = dora::metrics(all, None, Period::last(WINDOW, to));
        DoraWindowReport { from_s: to.as_secs_f64() - WINDOW.as_secs_f64(), to_s: to.as_secs_f64(), metrics: five(&metrics) }
    };
    (7.max(days.saturating_sub(WINDOWS) + 1)..=days).map(window).collect()
}

fn quick_check(metrics: &dora::Dora) -> QuickCheckReport {
    let grades = dora::quick_check::grade(metrics, None);
    QuickCheckReport {
        change_lead_time: grades.lead_time,
        deployment_frequency: grades.frequency,
        failed_deployment_recovery_time: grades.recovery,
        change_fail_rate: grades.change_fail,
        deployment_rework_rate: grades.rework,
        throughput: grades.throughput,
        stability: grades.stability,
        overall: grades.overall,
    }
}

fn levels_by_year(metrics: &dora::Dora) -> BTreeMap<String, LevelsReport> {
    Year::ALL.into_iter().map(|year| (year.number().to_string(), levels_report(metrics, year))).collect()
}

fn deployment_report(facts: &Facts<'_>, deployment: &Deployment, steps: Vec<StepReport>) -> DeploymentReport {
    let (status, why) = match &deployment.status {
        Status::InProgress => ("in-progress", deployment.stalled.as_ref().map(ToString::to_string)),
        Status::Completed => ("completed", None),
        Status::Failed(why) => ("failed", Some(why.to_string())),
        Status::Superseded(by) => ("superseded", Some(format!("by deployment {by}"))),
    };
    DeploymentReport {
        number: deployment.number,
        service: facts.service(deployment.service).into(),
        version: facts.version(deployment.version).into(),
        replaces: facts.version(deployment.replaces).into(),
        strategy: deployment.strategy.into(),
        started_s: deployment.started.as_secs_f64(),
        ended_s: deployment.ended.map(SimTime::as_secs_f64),
        status: status.into(),
        why,
        rolls_back: deployment.rolls_back,
        rolled_back_by: deployment.rolled_back_by,
        restored_s: deployment.restored.map(SimTime::as_secs_f64),
        steps,
        analyses: facts
            .ended
            .iter()
            .find(|ended| ended.number == deployment.number)
            .map(|ended| ended.analyses.iter().map(analysis).collect())
            .unwrap_or_default(),
    }
}

/// Delivery metrics over the whole run, over its weeks and by service, with the truth beside them.
pub(super) fn dora_report(facts: &Facts<'_>) -> DoraReport {
    let period = Period::until(facts.now);
    let all = deployments(facts.ledger);
    let metrics = dora::metrics(&all, None, period);
    let restore = dora::time_to_restore(facts.ledger, None, period);
    let flaws = |version: VersionId| {
        facts.scenario.model.versions.get(version.index()).map_or_else(Vec::new, |version| version.flaws.iter().map(|flaw| flaw.id).collect())
    };
    let truth = dora::truth::truth(&all, None, period, facts.store.strikes(), flaws);
    let defects = flow::defects(facts.ledger, &all, period, facts.store.strikes(), flaws);
    let flow = flow::flow(facts.ledger, &all, period).map(|flow| FlowReport {
        changes: flow.changes,
        review_s: flow.review.as_secs_f64(),
        waiting_s: flow.waiting.as_secs_f64(),
        pipeline_s: flow.pipeline.as_secs_f64(),
        deployment_s: flow.deployment.as_secs_f64(),
    });
    let seconds = |span: Option<SimSpan>| span.map(SimSpan::as_secs_f64);
    let mut unknown = Vec::new();
    if metrics.lead_time.is_none() {
        unknown.push(("change_lead_time_s", dora::LEAD_TIME_NEEDS));
    }
    if metrics.change_fail_rate.is_none() {
        unknown.push(("change_fail_rate", dora::NOTHING_ENDED));
    }
    if metrics.recovery.is_none() {
        unknown.push(("failed_deployment_recovery_time_s", if metrics.failed == 0 { dora::NOTHING_FAILED } else { dora::RECOVERY_NEEDS }));
    }
    if metrics.rework_rate.is_none() {
        unknown.push(("deployment_rework_rate", if metrics.deployments == 0 { dora::NOTHING_ENDED } else { dora::REWORK_NEEDS }));
    }
    let per_service = facts
        .services()
        .map(|service| (facts.service(service).to_owned(), dora::metrics(&all, Some(service), period)))
        .filter(|(_, metrics)| metrics.deployments > 0)
        .map(|(name, metrics)| {
            let report = ServiceDoraReport { metrics: five(&metrics), quick_check: quick_check(&metrics), levels: levels_by_year(&metrics) };
            (name, report)
        })
        .collect();
    DoraReport {
        metrics: five(&metrics),
        rollbacks: metrics.rollbacks,
        unfinished: metrics.unfinished,
        unplanned: metrics.unplanned,
        changes_per_deployment: metrics.batch,
        empty_deployments: metrics.empty,
        incidents: restore.incidents,
        time_to_restore_s: TimeToRestoreReport { mean: seconds(restore.mean), median: seconds(restore.median) },
        quick_check: quick_check(&metrics),
        levels: levels_by_year(&metrics),
        windows: windows(facts, &all),
        truth: DoraTruthReport {
            hurt: truth.hurt.clone(),
            known: truth.known.clone(),
            innocent: truth.innocent.clone(),
            defects_written: defects.written,
            defects_escaped: defects.escaped,
            defects_hurt: defects.hurt,
            change_fail_rate: truth.change_fail_rate,
            failed_deployment_recovery_time_s: seconds(truth.recovery),
            deployment_rework_rate: truth.rework_rate,
        },
        flow,
        services: per_service,
        failed_deployments: metrics.failed_deployments.clone(),
        unplanned_deployments: metrics.unplanned_deployments.clone(),
        unknown: unknown.into_iter().map(|(metric, why)| (metric.to_string(), why.to_string())).collect(),
    }
}

fn levels_report(metrics: &dora::Dora, year: Year) -> LevelsReport {
    let levels = levels(metrics, year);
    let name = |level: Option<dora::bands::Level>| level.map(|level| level.name().to_owned());
    LevelsReport {
        deployment_frequency: name(levels.frequency),
        change_lead_time: name(levels.lead_time),
        failed_deployment_recovery_time: name(levels.recovery),
        change_fail_rate: name(levels.change_fail),
    }
}
