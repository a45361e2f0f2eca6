//! Incidents: what a team knows of its trouble in production, from the first sign to the end.
//!
//! An incident is opened by an alarm, by a deployment that turned back by itself, or by users who write to support. It is a
//! record and a small state machine; who is woken and what they do is decided in `response`.

use serde::Serialize;

use crate::ids::{FlawId, ServiceId, VersionId};
use crate::telemetry::ledger::{ChangeNumber, DeploymentNumber, IncidentNumber, Trouble};
use crate::units::SimTime;

/// What is being done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Nobody is at it yet.
    Waiting,
    /// Whoever is on call looks for a suspect.
    Diagnosing,
    /// A rollback is on its way.
    RollingBack,
    /// Somebody looks for the defect in the code.
    Investigating,
    /// A fix is written, tested and deployed.
    Fixing,
    /// It is over.
    Resolved,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// Its number, counting from 1.
    pub number: IncidentNumber,
    /// The service, if one is known.
    pub service: Option<ServiceId>,
    /// When it was opened.
    pub opened: SimTime,
    /// What opened it.
    pub why: Trouble,
    /// When it ended.
    pub resolved: Option<SimTime>,
    /// What is being done about it.
    pub step: Step,
    /// Alarms that are off because of it, as far as the team can tell.
    pub alarms: Vec<String>,
    /// The deployment that the team holds to have caused it.
    pub cause: Option<DeploymentNumber>,
    /// Whether more speaks against that deployment than its date: errors of its version, or a judge of its own.
    pub seen: bool,
    /// The deployment that is to end it, or ended it.
    pub remedy: Option<DeploymentNumber>,
    /// The change that mends it.
    pub fix: Option<ChangeNumber>,
    /// The defects that were found to be behind it.
    pub defects: Vec<FlawId>,
    /// Versions that were rolled back for nothing: they are suspected no more.
    pub cleared: Vec<VersionId>,
    /// Services whose latest version was rolled back because of it: while anything else is to be seen they come last.
    pub tried: Vec<ServiceId>,
    /// When somebody looks at the service map again.
    pub look: Option<SimTime>,
    /// Whether users met it while it lasted; a deployment that turned back in time may have spared them.
    pub pages: bool,
}

impl Incident {
    /// A new one.
    pub const fn new(number: IncidentNumber, service: Option<ServiceId>, opened: SimTime, why: Trouble, pages: bool) -> Self {
        Self {
            number,
            service,
            opened,
            why,
            resolved: None,
            step: Step::Waiting,
            alarms: Vec::new(),
            cause: None,
            seen: false,
            remedy: None,
            fix: None,
            defects: Vec::new(),
            cleared: Vec::new(),
            tried: Vec::new(),
            look: None,
            pages,
        }
    }
    /// Whether it goes on.
    pub const fn is_open(&self) -> bool {
        self.resolved.is_none()
    }
}
