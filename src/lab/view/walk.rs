//! The walk back from a failed request: the instance on which a flaw struck, what it ran, which deployment had brought that,
//! which build made it from which commit, and the change in which the flaw hides.
//!
//! It is the truth, and exact: each step is looked up, none is guessed. What is not known (a version that no pipeline built,
//! the first fleet) is `None`. No simulated tool sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::{FlawId, VersionId};
use crate::insight::deployments::Deployment;
use crate::lab::Session;
use crate::lab::snapshot::{FailedRequest, FlawSnapshot};
use crate::telemetry::strikes::Hurt;

/// Failed requests that a reader gets of each flaw, the first.
const REQUESTS: usize = 5;

/// What was worked out so far. A walk never changes: the instance was created, its version built and the change merged
/// before the flaw could strike.
#[derive(Debug, Default)]
pub(super) struct Walks {
    /// Failed requests when it was last looked at.
    failed: u64,
    known: BTreeMap<FlawId, FlawSnapshot>,
    flaws: Arc<Vec<FlawSnapshot>>,
}

impl Walks {
    pub(super) fn flaws(&self) -> Arc<Vec<FlawSnapshot>> {
        Arc::clone(&self.flaws)
    }

    /// Adds what has failed since the last time.
    pub(super) fn follow(&mut self, session: &Session, deployments: &[Deployment]) {
        let strikes = session.store().strikes();
        let failed = strikes.iter().map(|(_, damage)| damage.failed).sum();
        if failed == self.failed {
            return;
        }
        self.failed = failed;
        for (flaw, damage) in strikes.iter() {
            let walked = self.known.entry(flaw).or_insert_with(|| FlawSnapshot {
                flaw,
                failed: 0,
                last: damage.last,
                origin: session.delivery().and_then(|delivery| delivery.origin(flaw)),
                introduced: introduced(session, deployments, flaw),
                requests: Vec::new(),
            });
            (walked.failed, walked.last) = (damage.failed, damage.last);
            let new = damage.examples.iter().take(REQUESTS).skip(walked.requests.len());
            walked.requests.extend(new.filter_map(|hurt| request(session, deployments, hurt)));
        }
        self.flaws = Arc::new(self.known.values().cloned().collect());
    }
}

/// The first deployment that brought a flaw: its version has it, the one before had not.
fn introduced(session: &Session, deployments: &[Deployment], flaw: FlawId) -> Option<u32> {
    let versions = &session.scenario().model.versions;
    let has = |version: VersionId| versions.get(version.index()).is_some_and(|version| version.flaws.iter().any(|known| known.id == flaw));
    deployments.iter().find(|deployment| has(deployment.version) && !has(deployment.replaces)).map(|deployment| deployment.number)
}

fn request(session: &Session, deployments: &[Deployment], hurt: &Hurt) -> Option<FailedRequest> {
    let version = session.store().version_of(hurt.instance)?;
    let service = session.store().service_of(version);
    let born = session.born(hurt.instance)?;
    let before = |deployment: &&Deployment| deployment.service == service && deployment.version == version && deployment.started <= born;
    let made = session.delivery().and_then(|delivery| delivery.made_by(version));
    let (execution, build, commit) = made.map_or((None, None, None), |(execution, build, commit)| (Some(execution), build, Some(commit)));
    let deployment = deployments.iter().rev().find(before).map(|deployment| deployment.number);
    Some(FailedRequest { hurt: *hurt, service, version, deployment, execution, build, commit })
}
