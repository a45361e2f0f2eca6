//! Deployments, as a team would list them: put together from the ledger's visible part.
//!
//! It knows ids, not names, and judges nothing beyond what the ledger says.

use std::collections::BTreeMap;

use crate::ids::{ServiceId, VersionId};
use crate::telemetry::ledger::{Cause, ChangeNumber, DeploymentNumber, Event, IncidentNumber, Ledger};
use crate::units::{Ratio, SimSpan, SimTime};

/// How a deployment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It is under way.
    InProgress,
    /// It ended well.
    Completed,
    /// It ended badly, for this reason.
    Failed(Cause),
    /// A newer deployment replaced it before it ended.
    Superseded(DeploymentNumber),
}

/// One deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// Its number within the run.
    pub number: DeploymentNumber,
    /// The service.
    pub service: ServiceId,
    /// The version it brings.
    pub version: VersionId,
    /// The version it replaces.
    pub replaces: VersionId,
    /// The strategy's name.
    pub strategy: &'static str,
    /// The deployment that it undoes.
    pub rolls_back: Option<DeploymentNumber>,
    /// The deployment that undoes it.
    pub rolled_back_by: Option<DeploymentNumber>,
    /// When it began.
    pub started: SimTime,
    /// When it ended, well or badly.
    pub ended: Option<SimTime>,
    /// How it stands.
    pub status: Status,
    /// The share of the traffic that its version was given last; `None` where the strategy gives none.
    pub share: Option<Ratio>,
    /// When it had put back what it changed, if it failed and no rollback was needed.
    pub restored: Option<SimTime>,
    /// Why it once reported that it made no progress.
    pub stalled: Option<Cause>,
    /// Whether it brought planned work: not a rollback, and no version that holds nothing but fixes of what users met.
    pub planned: bool,
    /// The changes that it brought to production for the first time, with when each was committed. Empty where nothing is
    /// known of commits.
    pub changes: Vec<(ChangeNumber, SimTime)>,
    /// Incidents that the team holds it to have caused.
    pub incidents: Vec<Blame>,
}

/// An incident that a deployment is held to have caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blame {
    /// The incident.
    pub incident: IncidentNumber,
    /// When it ended.
    pub resolved: SimTime,
    /// The deployment that ended it.
    pub remedy: Option<DeploymentNumber>,
}

impl Deployment {
    /// How long it took; `None` while under way.
    pub fn took(&self) -> Option<SimSpan> {
        self.ended.map(|ended| ended.since(self.started))
    }
    /// Whether it needed intervention: it ended badly, it was undone, or an incident is put down to it.
    pub const fn needed_intervention(&self) -> bool {
        matches!(self.status, Status::Failed(_)) || self.rolled_back_by.is_some() || !self.incidents.is_empty()
    }
}

/// All deployments, in the order in which they began.
pub fn deployments(ledger: &Ledger) -> Vec<Deployment> {
    let mut all: Vec<Deployment> = Vec::new();
    let mut committed: BTreeMap<ChangeNumber, SimTime> = BTreeMap::new();
    let mut built: BTreeMap<VersionId, (bool, &[ChangeNumber])> = BTreeMap::new();
    for record in ledger.visible() {
        let mut end = |number: DeploymentNumber, status: Status| {
            if let Some(deployment) = all.iter_mut().find(|deployment| deployment.number == number) {
                deployment.ended = Some(record.at);
                deployment.status = status;
            }
        };
        match &record.event {
            Event::DeploymentStarted { deployment, service, version, replaces, strategy, rolls_back } => {
                if let Some(undone) = rolls_back.and_then(|number| all.iter_mut().find(|other| other.number == number)) {
                    undone.rolled_back_by = Some(*deployment);
                }
                let first = all.iter().all(|other| other.version != *version);
                let (planned, new) = built.get(version).copied().unwrap_or((true, &[]));
                let new = if first && rolls_back.is_none() { new } else { &[] };
                all.push(Deployment {
                    planned: planned && rolls_back.is_none(),
                    changes: new.iter().filter_map(|change| Some((*change, *committed.get(change)?))).collect(),
                    incidents: Vec::new(),
                    number: *deployment,
                    service: *service,
                    version: *version,
                    replaces: *replaces,
                    strategy,
                    rolls_back: *rolls_back,
                    rolled_back_by: None,
                    started: record.at,
                    ended: None,
                    status: Status::InProgress,
                    share: None,
                    restored: None,
                    stalled: None,
                });
            }
            Event::DeploymentCompleted { deployment } => end(*deployment, Status::Completed),
            Event::DeploymentFailed { deployment, why } => end(*deployment, Status::Failed(why.clone())),
            Event::DeploymentSuperseded { deployment, by } => end(*deployment, Status::Superseded(*by)),
            Event::DeploymentStepped { deployment, share, .. } => {
                if let Some(stepped) = all.iter_mut().find(|other| other.number == *deployment) {
                    stepped.share = *share;
                }
            }
            Event::DeploymentRestored { deployment } => {
                if let Some(restored) = all.iter_mut().find(|other| other.number == *deployment) {
                    restored.restored = Some(record.at);
                }
            }
            Event::DeploymentStalled { deployment, why } => {
                if let Some(stalled) = all.iter_mut().find(|other| other.number == *deployment) {
                    stalled.stalled = Some(why.clone());
                }
            }
            Event::Committed { change, .. } => {
                committed.insert(*change, record.at);
            }
            Event::Built { version, changes, planned, .. } => {
                built.insert(*version, (*planned, changes));
            }
            Event::IncidentResolved { incident, cause: Some(cause), remedy } => {
                if let Some(blamed) = all.iter_mut().find(|other| other.number == *cause) {
                    blamed.incidents.push(Blame { incident: *incident, resolved: record.at, remedy: *remedy });
                }
            }
            _ => {}
        }
    }
    all
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Starts a deployment of the first service.
    pub(crate) fn started(deployment: DeploymentNumber, rolls_back: Option<DeploymentNumber>) -> Event {
        Event::DeploymentStarted { deployment, service: ServiceId(0), version: VersionId(1), replaces: VersionId(0), strategy: "rolling", rolls_back }
    }

    #[test]
    fn deployments_are_put_together_from_what_the_ledger_says() {
        let mut ledger = Ledger::default();
        let at = SimTime::from_secs;
        ledger.push(at(10), started(1, None));
        ledger.push(at(40), Event::DeploymentCompleted { deployment: 1 });
        ledger.push(at(50), Event::FaultInjected { name: "truth".into(), kind: "crash", service: None, instances: Vec::new() });
        ledger.push(at(60), started(2, Some(1)));
        ledger.push(at(65), Event::DeploymentStalled { deployment: 2, why: Cause::NoRoom { keep: 3, most: 3 } });
        ledger.push(at(70), started(3, None));
        ledger.push(at(70), Event::DeploymentSuperseded { deployment: 2, by: 3 });
        ledger.push(at(80), Event::DeploymentFailed { deployment: 3, why: Cause::CircuitBreaker { failed: 4, threshold: 4 } });
        ledger.push(at(90), started(4, None));
        let all = deployments(&ledger);
        assert_eq!(all.len(), 4);
        assert_eq!((all[0].took(), all[0].rolled_back_by, all[0].needed_intervention()), (Some(SimSpan::from_secs(30)), Some(2), true));
        assert_eq!((&all[1].status, all[1].stalled.clone()), (&Status::Superseded(3), Some(Cause::NoRoom { keep: 3, most: 3 })));
        assert!(!all[1].needed_intervention());
        assert!(all[2].needed_intervention());
        assert_eq!((&all[3].status, all[3].took()), (&Status::InProgress, None));
    }
}
