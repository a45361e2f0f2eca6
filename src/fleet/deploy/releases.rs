//! What was deployed to a service, and how its fleet is kept while nothing is deployed.
//!
//! A service has a stable version, the one whose deployment completed last, and a history to go back through. Instances of the
//! version before may be kept for a while; they get no traffic and are not counted. It begins and ends no deployments.

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;

use super::Strategy;
use super::driver::{Seen, Way, choose};
use super::rollout::see;
use crate::fleet::desk::{Desk, Member, Roster};
use crate::fleet::life::{Changes, Life};
use crate::fleet::rotation::Standing;
use crate::ids::{InstanceId, ServiceId, VersionId};
use crate::kernel::command::Command;
use crate::telemetry::ledger::DeploymentNumber;
use crate::units::SimTime;

/// A deployment that completed.
#[derive(Debug, Clone)]
pub(super) struct Release {
    /// Its number; 0 is the first fleet.
    pub(super) number: DeploymentNumber,
    pub(super) version: VersionId,
    /// How it was deployed; the first fleet was just there.
    pub(super) strategy: Option<Strategy>,
}

/// What was deployed to a service.
#[derive(Component, Debug)]
pub(in crate::fleet) struct Releases {
    /// Deployments that completed, oldest first; the first fleet comes first of all. Never empty.
    pub(super) completed: Vec<Release>,
    /// Shares of the traffic by version, if somebody set them.
    pub(in crate::fleet) weights: Vec<(VersionId, f64)>,
    /// What the latest deployment replaced, while that still stands.
    pub(super) kept: Option<Kept>,
}

/// Instances that a deployment replaced and that stay for a while, without traffic.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) until: SimTime,
    pub(super) instances: BTreeSet<InstanceId>,
}

impl Releases {
    /// Of a service that has only its first fleet.
    pub(in crate::fleet) fn new(first: VersionId) -> Self {
        Self { completed: vec![Release { number: 0, version: first, strategy: None }], weights: Vec::new(), kept: None }
    }
    /// Until when instances that were replaced are kept, if any are.
    pub(in crate::fleet) fn kept_until(&self) -> Option<SimTime> {
        self.kept.as_ref().map(|kept| kept.until)
    }
    /// The deployment that completed last, and its version.
    pub(in crate::fleet) fn stable(&self) -> (DeploymentNumber, VersionId) {
        self.completed.last().map(|release| (release.number, release.version)).unwrap_or_default()
    }
    /// Which way it is to a version: back, if it was released before the stable one.
    pub(super) fn way_to(&self, version: VersionId) -> Way {
        match self.completed.iter().rev().position(|release| release.version == version) {
            Some(back) if back > 0 => Way::Back { between: back as u32 - 1 },
            _ => Way::Forward,
        }
    }
    /// The version before the stable one, to go back to.
    pub(in crate::fleet) fn previous(&self) -> Option<VersionId> {
        let (_, stable) = self.stable();
        self.completed.iter().rev().map(|release| release.version).find(|version| *version != stable)
    }
}

/// What was kept of an earlier version is part of the fleet again if that is deployed; else it goes.
pub(super) fn drop_kept(releases: &mut Releases, roster: &Roster, service: ServiceId, version: VersionId) -> Vec<InstanceId> {
    let kept = releases.kept.take().map(|kept| kept.instances).unwrap_or_default();
    roster.staying(service).filter(|member| kept.contains(&member.id) && member.version != version).map(|member| member.id).collect()
}

/// An instance with all that strategies want to know of it.
type Known<'a> = (&'a Member, &'a Life, &'a Standing);

/// Keeps the fleet of a service to which nothing is deployed: what was kept goes when its time is over, and the count is kept.
pub(super) fn keep_fleet(desk: &mut Desk<'_>, changes: &mut Changes, service: ServiceId, desired: u32, releases: &mut Releases, everybody: &[Known<'_>]) {
    let now = desk.now();
    if let Some(over) = releases.kept.take_if(|kept| kept.until <= now) {
        changes.stop.extend(everybody.iter().map(|(member, ..)| member.id).filter(|id| over.instances.contains(id)));
        // Only one version is left; shares have nothing to say any more.
        releases.weights.clear();
        desk.send(Command::SetWeights { service, weights: Vec::new() });
        return desk.touch(service);
    }
    let is_kept = |id: InstanceId| releases.kept.as_ref().is_some_and(|kept| kept.instances.contains(&id));
    let counted: Vec<Known<'_>> = everybody.iter().copied().filter(|(member, ..)| !is_kept(member.id)).collect();
    keep_count(changes, service, desired, releases.stable(), &counted);
}

/// Starts what is missing and stops what is too much.
fn keep_count(changes: &mut Changes, service: ServiceId, desired: u32, stable: (DeploymentNumber, VersionId), everybody: &[Known<'_>]) {
    let count = everybody.len() as u32;
    if count < desired {
        changes.start.push((service, stable.1, stable.0, desired - count));
    } else if count > desired {
        let seen: Vec<Seen> = everybody.iter().map(|(member, life, standing)| see(member, life, standing)).collect();
        changes.stop.extend(choose(&seen, (count - desired) as usize));
    }
}
