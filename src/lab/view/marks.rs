//! Marks on the timeline: what the ledger says, in a few words.
//!
//! Faults are marked because the app shows a person what they themselves injected; what plays the role of a real tool
//! reads the ledger's visible part instead.

use crate::ids::{ServiceId, VersionId};
use crate::lab::snapshot::{About, Mark, MarkKind};
use crate::phrase::{Sentence, phrases};
use crate::scenario::Scenario;
use crate::telemetry::ledger::{AlarmState, Cause, DeploymentNumber, Event, ExecutionNumber, IncidentNumber, Ledger, Progress, Record, Trouble};

/// Marks that are kept for a reader; of more than these the newest.
const MOST_MARKS: usize = 5_000;

phrases! {
    /// What a mark says.
    pub enum Said {
        /// A deployment began.
        "deploys" => Deploys {
            /// The new version.
            version: String,
            /// How.
            strategy: &'static str,
        } = "deploy {version}, {strategy}",
        /// A rollback began.
        "goes-back" => GoesBack {
            /// The version it goes back to.
            version: String,
            /// How.
            strategy: &'static str,
        } = "back to {version}, {strategy}",
        /// A deployment ended well.
        "deployed" => Deployed {
            /// The new version.
            version: String,
        } = "{version} deployed",
        /// A deployment ended badly.
        "failed" => Failed {
            /// The new version.
            version: String,
            /// Why.
            why: Cause,
        } = "{version} failed: {why}",
        /// A newer deployment took over.
        "superseded" => Superseded {
            /// The version that was on its way.
            version: String,
            /// The newer deployment.
            by: DeploymentNumber,
        } = "{version} superseded by deployment {by}",
        /// A deployment makes no progress.
        "stalls" => Stalls {
            /// The new version.
            version: String,
            /// Why.
            why: Cause,
        } = "{version} stalls: {why}",
        /// A person changed the desired count.
        "scaled" => Scaled {
            /// Before.
            from: u32,
            /// After.
            to: u32,
        } = "{from} → {to} instances",
        /// An autoscaler changed the desired count.
        "autoscaled" => Autoscaled {
            /// Before.
            from: u32,
            /// After.
            to: u32,
            /// Which autoscaler.
            by: &'static str,
        } = "{from} → {to} instances ({by})",
        /// A process died.
        "crashed" => Crashed {
            /// Which instance.
            number: u32,
        } = "instance {number} crashed",
        /// A process was killed because its memory was full.
        "out-of-memory" => OutOfMemory {
            /// Which instance.
            number: u32,
        } = "instance {number} out of memory",
        /// A process was started again.
        "restarted" => Restarted {
            /// Which instance.
            number: u32,
        } = "instance {number} restarted",
        /// A process did not come up.
        "failed-to-start" => FailedToStart {
            /// Which instance.
            number: u32,
        } = "instance {number} failed to start",
        /// Checks found an instance unhealthy.
        "unhealthy" => Unhealthy {
            /// Which instance.
            number: u32,
        } = "instance {number} unhealthy",
        /// No target is healthy, so all of them get traffic.
        "fail-open" => FailOpen = "no healthy target: traffic goes to all of them",
        /// An alarm went off.
        "alarm" => Alarm {
            /// Its name.
            name: String,
        } = "alarm {name}",
        /// An alarm is off no more.
        "alarm-over" => AlarmOver {
            /// Its name.
            name: String,
            /// The state that it is in now.
            state: &'static str,
        } = "alarm {name}: {state}",
        /// A fault began.
        "fault" => Fault {
            /// Its name.
            name: String,
        } = "{name}",
        /// A fault ended.
        "fault-over" => FaultOver {
            /// Its name.
            name: String,
        } = "{name} over",
        /// An execution of a pipeline failed before it deployed anything.
        "pipeline-failed" => PipelineFailed {
            /// Which.
            execution: ExecutionNumber,
            /// Where.
            stage: String,
        } = "pipeline failed in {stage}: execution #{execution}",
        /// An incident began.
        "incident" => Incident {
            /// Which.
            number: IncidentNumber,
            /// What opened it.
            why: Trouble,
        } = "incident {number}: {why}",
        /// An incident ended.
        "incident-over" => IncidentOver {
            /// Which.
            number: IncidentNumber,
        } = "incident {number} over",
    }
}

/// Deployments seen so far.
type Deployed = Vec<(DeploymentNumber, ServiceId, VersionId)>;

/// What an event is about, if a reader can see more of that.
const fn about(event: &Event) -> Option<About> {
    match event {
        Event::DeploymentStarted { deployment, .. }
        | Event::DeploymentCompleted { deployment }
        | Event::DeploymentFailed { deployment, .. }
        | Event::DeploymentSuperseded { deployment, .. }
        | Event::DeploymentStalled { deployment, .. } => Some(About::Deployment(*deployment)),
        Event::Pipeline { execution, .. } => Some(About::Execution(*execution)),
        Event::IncidentOpened { incident, .. } | Event::IncidentResolved { incident, .. } => Some(About::Incident(*incident)),
        _ => None,
    }
}

/// The ledger as marks, oldest first.
pub(super) fn marks(scenario: &Scenario, ledger: &Ledger) -> Vec<Mark> {
    let mut deployed: Deployed = Vec::new();
    let mut faulty: Vec<(&str, Option<ServiceId>)> = Vec::new();
    let mut incidents: Vec<(IncidentNumber, Option<ServiceId>)> = Vec::new();
    let mut marks: Vec<Mark> = Vec::new();
    let version_name = |version: VersionId| scenario.model.versions[version.index()].name.clone();
    for Record { at, event } in ledger.truth() {
        let of = |known: &Deployed, number: DeploymentNumber, kind: MarkKind, say: &dyn Fn(String) -> Said| {
            let (_, service, version) = known.iter().find(|(known, ..)| *known == number)?;
            Some((kind, Some(*service), say(version_name(*version)).sentence()))
        };
        let marked: Option<(MarkKind, Option<ServiceId>, Sentence)> = match event {
            Event::DeploymentStarted { deployment, service, version, strategy, rolls_back, .. } => {
                deployed.push((*deployment, *service, *version));
                let version = version_name(*version);
                let said = if rolls_back.is_some() { Said::GoesBack { version, strategy } } else { Said::Deploys { version, strategy } };
                Some((MarkKind::Deploy, Some(*service), said.sentence()))
            }
            Event::DeploymentCompleted { deployment } => of(&deployed, *deployment, MarkKind::DeployDone, &|version| Said::Deployed { version }),
            Event::DeploymentFailed { deployment, why } => {
                of(&deployed, *deployment, MarkKind::DeployFailed, &|version| Said::Failed { version, why: why.clone() })
            }
            Event::DeploymentSuperseded { deployment, by } => {
                of(&deployed, *deployment, MarkKind::DeployFailed, &|version| Said::Superseded { version, by: *by })
            }
            Event::DeploymentStalled { deployment, why } => of(&deployed, *deployment, MarkKind::Action, &|version| Said::Stalls { version, why: why.clone() }),
            Event::Scaled { service, from, to, by } => {
                let (from, to) = (*from, *to);
                let said = if *by == "action" { Said::Scaled { from, to } } else { Said::Autoscaled { from, to, by } };
                Some((MarkKind::Scale, Some(*service), said.sentence()))
            }
            Event::Instance { instance, service, change } => {
                let number = instance.0;
                let said = match *change {
                    "crashed" => Some(Said::Crashed { number }),
                    "out-of-memory" => Some(Said::OutOfMemory { number }),
                    "restarted" => Some(Said::Restarted { number }),
                    "failed-to-start" => Some(Said::FailedToStart { number }),
                    "unhealthy" => Some(Said::Unhealthy { number }),
                    "fail-open" => Some(Said::FailOpen),
                    _ => None,
                };
                said.map(|said| (MarkKind::Instance, Some(*service), said.sentence()))
            }
            Event::AlarmChanged { name, service, to: AlarmState::Alarm, .. } => {
                Some((MarkKind::Alarm, *service, Said::Alarm { name: name.clone() }.sentence()))
            }
            Event::AlarmChanged { name, service, from: AlarmState::Alarm, to, .. } => {
                Some((MarkKind::Action, *service, Said::AlarmOver { name: name.clone(), state: to.name() }.sentence()))
            }
            Event::FaultInjected { name, service, .. } => {
                faulty.push((name, *service));
                Some((MarkKind::Fault, *service, Said::Fault { name: name.clone() }.sentence()))
            }
            Event::FaultCleared { name } => {
                let service = faulty.iter().rev().find(|(known, _)| known == name).and_then(|(_, service)| *service);
                Some((MarkKind::FaultCleared, service, Said::FaultOver { name: name.clone() }.sentence()))
            }
            Event::Acted { service, what } => Some((MarkKind::Action, *service, what.sentence())),
            Event::IncidentOpened { incident, service, why } => {
                incidents.push((*incident, *service));
                Some((MarkKind::Incident, *service, Said::Incident { number: *incident, why: why.clone() }.sentence()))
            }
            Event::IncidentResolved { incident, .. } => {
                let service = incidents.iter().find(|(known, _)| known == incident).and_then(|(_, service)| *service);
                Some((MarkKind::IncidentOver, service, Said::IncidentOver { number: *incident }.sentence()))
            }
            Event::Pipeline { service, execution, what: Progress::Failed { stage } } => {
                Some((MarkKind::Pipeline, Some(*service), Said::PipelineFailed { execution: *execution, stage: stage.clone() }.sentence()))
            }
            // That data of an alarm begins or ceases to come is no news. The pipeline's and the repository's own panels tell what goes
            // well; there would be too many of them on the timeline.
            Event::DeploymentStepped { .. }
            | Event::DeploymentRestored { .. }
            | Event::AlarmChanged { .. }
            | Event::AlarmActions { .. }
            | Event::Committed { .. }
            | Event::Merged { .. }
            | Event::Pipeline { .. }
            | Event::Built { .. }
            | Event::DefectWritten { .. } => None,
        };
        if let Some((kind, service, what)) = marked {
            marks.push(Mark { at: *at, kind, service, about: about(event), what });
        }
    }
    let surplus = marks.len().saturating_sub(MOST_MARKS);
    marks.drain(..surplus);
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_knows_what_there_is_more_to_see_of() {
        let failed = Event::Pipeline { service: ServiceId(0), execution: 41, what: Progress::Failed { stage: "Build".to_owned() } };
        assert_eq!(about(&failed), Some(About::Execution(41)));
        assert_eq!(about(&Event::DeploymentFailed { deployment: 3, why: Cause::RolledBack }), Some(About::Deployment(3)));
        assert_eq!(about(&Event::IncidentResolved { incident: 2, cause: Some(3), remedy: None }), Some(About::Incident(2)));
        assert_eq!(about(&Event::FaultCleared { name: "latency".to_owned() }), None);
    }
}
