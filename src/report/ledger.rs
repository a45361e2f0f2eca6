//! The ledger as a part of the report: every record with names instead of ids, for programs that count for themselves.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::model::LedgerRecord;
use super::tell;
use crate::ids::{ServiceId, VersionId};
use crate::telemetry::ledger::{DeploymentNumber, Event, Progress};
use crate::units::Ratio;

/// Records that a report holds; a day of an ordinary fleet has fewer.
const MOST: usize = 20_000;

/// The first records of the ledger, and how many were left out.
pub(super) fn records(facts: &Facts<'_>) -> (Vec<LedgerRecord>, u64) {
    let mut deployments = BTreeMap::new();
    let all = facts.ledger.truth();
    let records = all.iter().take(MOST).map(|record| {
        let told = told(facts, &record.event, record.at, &mut deployments);
        LedgerRecord { at_s: record.at.as_secs_f64(), visible: record.event.is_visible(), ..told }
    });
    (records.collect(), all.len().saturating_sub(MOST) as u64)
}

/// How far a deployment is, in words.
fn stepped(step: Option<&str>, share: Option<Ratio>, waits: bool) -> String {
    let step = step.map_or_else(|| "is between its steps".to_owned(), |step| format!("is at step `{step}`"));
    let share = share.map_or_else(String::new, |share| format!(", {} of the traffic", crate::figures::percent(Some(share.get()))));
    format!("{step}{share}{}", if waits { ", and waits for a person" } else { "" })
}

/// One record without its time.
fn told(facts: &Facts<'_>, event: &Event, at: crate::units::SimTime, deployments: &mut BTreeMap<DeploymentNumber, (ServiceId, VersionId)>) -> LedgerRecord {
    let service = |id: ServiceId| Some(facts.service(id).to_string());
    let plain = |event: &str, text: String| LedgerRecord { event: event.into(), text, ..LedgerRecord::default() };
    let of_deployment = |event: &str, number: DeploymentNumber, text: String| {
        let known = deployments.get(&number);
        LedgerRecord {
            deployment: Some(number),
            service: known.and_then(|(id, _)| service(*id)),
            version: known.map(|(_, version)| facts.version(*version).into()),
            ..plain(event, format!("deployment {number} {text}"))
        }
    };
    match event {
        Event::DeploymentStarted { deployment, service, version, replaces, strategy, rolls_back } => {
            let text = tell::deployment(facts, *deployment, *service, [*replaces, *version], strategy, *rolls_back);
            deployments.insert(*deployment, (*service, *version));
            LedgerRecord {
                deployment: Some(*deployment),
                service: Some(facts.service(*service).into()),
                version: Some(facts.version(*version).into()),
                ..plain("deployment-started", text)
            }
        }
        Event::DeploymentCompleted { deployment } => of_deployment("deployment-completed", *deployment, "completed".into()),
        Event::DeploymentFailed { deployment, why } => of_deployment("deployment-failed", *deployment, format!("failed: {why}")),
        Event::DeploymentSuperseded { deployment, by } => of_deployment("deployment-superseded", *deployment, format!("superseded by deployment {by}")),
        Event::DeploymentStepped { deployment, step, share, waits } => of_deployment("deployment-step", *deployment, stepped(step.as_deref(), *share, *waits)),
        Event::DeploymentRestored { deployment } => of_deployment("deployment-restored", *deployment, "has put back what it changed".into()),
        Event::DeploymentStalled { deployment, why } => of_deployment("deployment-stalled", *deployment, format!("makes no progress: {why}")),
        Event::Scaled { service: id, from, to, by } => LedgerRecord { service: service(*id), ..plain("scaled", format!("scaled {from} → {to} by {by}")) },
        Event::Instance { instance, service: id, change } => LedgerRecord {
            service: service(*id),
            instance: Some(instance.0),
            version: facts.store.version_of(*instance).map(|version| facts.version(version).into()),
            ..plain(&format!("instance-{change}"), tell::instance(Some(*instance), change))
        },
        Event::AlarmChanged { name, service: id, from, to, value, suppressed } => {
            LedgerRecord { service: id.and_then(service), ..plain("alarm", tell::alarm(facts, name, (*from, *to), *value, *suppressed)) }
        }
        Event::AlarmActions { name, state } => plain("alarm-actions", tell::alarm_actions(name, *state)),
        Event::Committed { change, service: id, planned, .. } => {
            let what = if *planned { "" } else { ", unplanned" };
            LedgerRecord { service: service(*id), ..plain("committed", format!("change {change} committed{what}")) }
        }
        Event::Merged { change, into, .. } => plain("merged", format!("change {change} merged into {into}")),
        Event::Pipeline { service: id, execution, what } => {
            // A transition is no execution's.
            let text = match what {
                Progress::TransitionDisabled { .. } | Progress::TransitionEnabled { .. } => what.to_string(),
                _ => format!("execution #{execution} {what}"),
            };
            LedgerRecord { service: service(*id), ..plain("pipeline", text) }
        }
        Event::Built { version, service: id, changes, .. } => {
            let text = format!("version {} built with {} new changes", facts.version(*version), changes.len());
            LedgerRecord { service: service(*id), version: Some(facts.version(*version).into()), ..plain("built", text) }
        }
        Event::IncidentOpened { incident, service: id, why } => {
            LedgerRecord { service: id.and_then(service), ..plain("incident-opened", format!("incident {incident} opened: {why}")) }
        }
        Event::IncidentResolved { incident, cause, .. } => {
            let cause = cause.map_or_else(String::new, |cause| format!(", put down to deployment {cause}"));
            plain("incident-resolved", format!("incident {incident} resolved{cause}"))
        }
        Event::DefectWritten { flaw, kind, change } => plain("defect-written", format!("change {change} hides defect {} ({kind})", flaw.0)),
        Event::FaultInjected { name, kind, service: id, instances } => LedgerRecord {
            service: id.and_then(service),
            instance: if let [one] = instances.as_slice() { Some(one.0) } else { None },
            ..plain("fault-injected", format!("{name}: {}", tell::fault(facts, at, name, kind, *id, instances.len())))
        },
        Event::FaultCleared { name } => plain("fault-cleared", format!("{name} is over")),
        Event::Acted { service: id, what } => LedgerRecord { service: id.and_then(service), ..plain("action", tell::deed(facts, *id, what)) },
    }
}
