//! Marks on the timeline: what the ledger says, in a few words.
//!
//! Faults are marked because the app shows a person what they themselves injected; what plays the role of a real tool
//! reads the ledger's visible part instead.

use crate::ids::{ServiceId, VersionId};
use crate::lab::snapshot::{Mark, MarkKind};
use crate::scenario::Scenario;
use crate::telemetry::ledger::{DeploymentNumber, Event, Ledger, Record};

/// Marks that are kept for a reader; of more than these the newest.
const MOST_MARKS: usize = 5_000;

/// The ledger as marks, oldest first.
pub(super) fn marks(scenario: &Scenario, ledger: &Ledger) -> Vec<Mark> {
    let mut deployed: Vec<(DeploymentNumber, ServiceId, VersionId)> = Vec::new();
    let mut faulty: Vec<(&str, Option<ServiceId>)> = Vec::new();
    let mut marks: Vec<Mark> = Vec::new();
    for Record { at, event } in ledger.truth() {
        let marked = match event {
            Event::DeploymentStarted { deployment, service, version, strategy, rolls_back, .. } => {
                deployed.push((*deployment, *service, *version));
                let name = &scenario.model.versions[version.index()].name;
                let label = if rolls_back.is_some() { format!("back to {name}, {strategy}") } else { format!("deploy {name}, {strategy}") };
                Some((MarkKind::Deploy, Some(*service), label))
            }
            Event::DeploymentCompleted { deployment } => of_deployment(scenario, &deployed, *deployment, MarkKind::DeployDone, "deployed"),
            Event::DeploymentFailed { deployment, why } => of_deployment(scenario, &deployed, *deployment, MarkKind::DeployFailed, &format!("failed: {why}")),
            Event::DeploymentSuperseded { deployment, by } => {
                of_deployment(scenario, &deployed, *deployment, MarkKind::DeployFailed, &format!("superseded by deployment {by}"))
            }
            Event::DeploymentStalled { deployment, why } => of_deployment(scenario, &deployed, *deployment, MarkKind::Action, &format!("stalls: {why}")),
            Event::Scaled { service, from, to, by } => {
                let by = if *by == "action" { String::new() } else { format!(" ({by})") };
                Some((MarkKind::Scale, Some(*service), format!("{from} → {to} instances{by}")))
            }
            Event::Instance { instance, service, change } => {
                let worth_it = matches!(*change, "crashed" | "out-of-memory" | "restarted" | "failed-to-start" | "unhealthy" | "fail-open");
                worth_it.then(|| (MarkKind::Instance, Some(*service), format!("instance {} {}", instance.0, change.replace('-', " "))))
            }
            Event::FaultInjected { name, service, .. } => {
                faulty.push((name, *service));
                Some((MarkKind::Fault, *service, name.clone()))
            }
            Event::FaultCleared { name } => {
                let service = faulty.iter().rev().find(|(known, _)| known == name).and_then(|(_, service)| *service);
                Some((MarkKind::FaultCleared, service, format!("{name} over")))
            }
            Event::Acted { service, what } => Some((MarkKind::Action, *service, what.clone())),
        };
        if let Some((kind, service, label)) = marked {
            marks.push(Mark { at: *at, kind, service, label });
        }
    }
    let surplus = marks.len().saturating_sub(MOST_MARKS);
    marks.drain(..surplus);
    marks
}

fn of_deployment(
    scenario: &Scenario,
    deployed: &[(DeploymentNumber, ServiceId, VersionId)],
    number: DeploymentNumber,
    kind: MarkKind,
    what: &str,
) -> Option<(MarkKind, Option<ServiceId>, String)> {
    let (_, service, version) = deployed.iter().find(|(known, ..)| *known == number)?;
    Some((kind, Some(*service), format!("{} {what}", scenario.model.versions[version.index()].name)))
}
