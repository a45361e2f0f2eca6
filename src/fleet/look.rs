//! What readers may see of the control plane: sizes, versions, deployments, instances, faults, cost, the ledger.
//!
//! Plain data copied out of the ECS. Reading changes nothing.

use std::sync::Arc;

use super::Fleet;
use super::alarm::{Alarms, Watching};
use super::cost::Meters;
use super::deploy::judging::AnalysisLook;
use super::deploy::{EndedDeployment, Past, Progress, Releases, Rollout, Size, Strategy};
use super::desk::{Book, Clock, Member, Roster};
use super::fault::{Faults, Impact};
use super::instance::InstanceState;
use super::life::{Life, Phase, Plan};
use super::rotation::{Standing, Verdict};
use crate::ids::{InstanceId, ServiceId, VersionId, ZoneId};
use crate::insight::alarm::AlarmState;
use crate::insight::metric::Datapoint;
use crate::telemetry::ledger::{DeploymentNumber, Ledger};
use crate::units::{Dollars, SimTime};

/// One service's fleet.
#[derive(Debug, Clone)]
pub struct ServiceLook {
    /// How many instances it should have.
    pub desired: u32,
    /// The version whose deployment completed last.
    pub stable: VersionId,
    /// The version to go back to from that one, if there is any.
    pub previous: Option<VersionId>,
    /// How it is deployed unless a deployment says otherwise.
    pub strategy: Strategy,
    /// Shares of the traffic by version, if somebody set them.
    pub weights: Vec<(VersionId, f64)>,
    /// The deployment under way.
    pub deployment: Option<DeploymentLook>,
    /// Its instances that are not gone, in order of creation.
    pub instances: Vec<InstanceLook>,
}

/// An alarm and how it stands.
#[derive(Debug, Clone, Copy)]
pub struct AlarmLook<'a> {
    /// Its name.
    pub name: &'a str,
    /// The service that it watches; `None`: what users get, or other alarms.
    pub service: Option<ServiceId>,
    /// Whether it watches only the version that is being deployed.
    pub new_version: bool,
    /// Whether it watches other alarms.
    pub composite: bool,
    /// Its state.
    pub state: AlarmState,
}

/// A deployment under way.
#[derive(Debug, Clone)]
pub struct DeploymentLook {
    /// Its number.
    pub number: DeploymentNumber,
    /// The version that it brings.
    pub version: VersionId,
    /// The strategy's name.
    pub strategy: &'static str,
    /// Instances of the new version that serve.
    pub done: u32,
    /// Instances of the new version that failed so far.
    pub failed: u32,
    /// How far it is.
    pub progress: Progress,
    /// Its analyses.
    pub analyses: Vec<AnalysisLook>,
    /// The alarms that turn it back, as indices into [`Fleet::alarms`].
    pub alarms: Vec<usize>,
}

/// One instance.
#[derive(Debug, Clone, Copy)]
pub struct InstanceLook {
    /// Its number.
    pub id: InstanceId,
    /// Its version.
    pub version: VersionId,
    /// Its zone.
    pub zone: ZoneId,
    /// Its state.
    pub state: InstanceState,
    /// Whether it is in rotation.
    pub serving: bool,
    /// When it was created.
    pub born: SimTime,
    /// Whether a fault acts on it. Truth: the tools do not see it.
    pub faulted: bool,
}

/// A fault in force. Truth: the tools do not see it.
#[derive(Debug, Clone)]
pub struct FaultLook {
    /// Its name.
    pub name: String,
    /// Its kind's name.
    pub kind: &'static str,
    /// The service it happens to.
    pub service: Option<ServiceId>,
    /// The instances that it acts on.
    pub instances: Vec<InstanceId>,
    /// When it ends by itself.
    pub until: Option<SimTime>,
}

impl Fleet {
    /// One service's fleet.
    pub fn service(&self, service: ServiceId) -> ServiceLook {
        let roster = self.world.resource::<Roster>();
        let entity = roster.service(service);
        let instances: Vec<InstanceLook> = roster.members(service).iter().filter_map(|id| self.instance(*id)).collect();
        let deployment = self.world.get::<Rollout>(entity).and_then(|rollout| rollout.0.as_ref()).map(|deployment| {
            let serves = |look: &&InstanceLook| {
                look.state == InstanceState::Healthy
                    && roster.instance(look.id).and_then(|entity| self.world.get::<Member>(entity)).is_some_and(|member| deployment.brings(member))
            };
            DeploymentLook {
                number: deployment.number,
                version: deployment.version,
                strategy: deployment.strategy.name(),
                done: instances.iter().filter(serves).count() as u32,
                failed: deployment.failed(),
                progress: deployment.progress(),
                analyses: deployment.analyses(),
                alarms: deployment.watched().collect(),
            }
        });
        let releases = self.world.get::<Releases>(entity);
        ServiceLook {
            strategy: self.world.get::<Plan>(entity).map(|plan| plan.0.strategy.clone()).unwrap_or_default(),
            desired: self.world.get::<Size>(entity).map_or(0, |size| size.desired),
            stable: releases.map(|releases| releases.stable().1).unwrap_or_default(),
            previous: releases.and_then(Releases::previous),
            weights: releases.map(|releases| releases.weights.clone()).unwrap_or_default(),
            deployment,
            instances,
        }
    }

    /// A service's instances that are not gone, in order of creation.
    pub fn instances_of(&self, service: ServiceId) -> impl Iterator<Item = InstanceId> + '_ {
        self.world.resource::<Roster>().members(service).iter().copied()
    }

    /// One instance, unless it is gone.
    pub fn instance(&self, instance: InstanceId) -> Option<InstanceLook> {
        let entity = self.world.resource::<Roster>().instance(instance)?;
        let (member, life) = (self.world.get::<Member>(entity)?, self.world.get::<Life>(entity)?);
        let (standing, impact) = (self.world.get::<Standing>(entity)?, self.world.get::<Impact>(entity)?);
        let state = match (life.phase, standing.verdict) {
            (Phase::Draining, _) => InstanceState::Draining,
            (Phase::Crashed, _) => InstanceState::Crashed,
            (Phase::Starting, _) | (Phase::Running, Verdict::Initial) => InstanceState::Starting,
            (Phase::Running, Verdict::Healthy) => InstanceState::Healthy,
            (Phase::Running, Verdict::Unhealthy) => InstanceState::Unhealthy,
        };
        Some(InstanceLook {
            id: member.id,
            version: member.version,
            zone: member.zone,
            state,
            serving: standing.serving,
            born: life.born,
            faulted: impact.is_felt(),
        })
    }

    /// Faults in force, in the order in which they began.
    pub fn faults(&self) -> Vec<FaultLook> {
        let look = |active: &super::fault::Active| FaultLook {
            name: active.injection.name.clone(),
            kind: active.injection.kind.name(),
            service: active.injection.service,
            instances: active.instances.iter().copied().collect(),
            until: active.until,
        };
        self.world.resource::<Faults>().active.values().map(look).collect()
    }

    /// The alarms with their states, in the scenario's order, composite ones last.
    pub fn alarms(&self) -> impl Iterator<Item = AlarmLook<'_>> {
        let alarms = self.world.resource::<Alarms>();
        let metric = |watching: &'_ Watching| (watching.alarm.service, watching.alarm.new_version);
        (0..alarms.metrics.len() + alarms.composites.all.len()).map(move |index| {
            let (service, new_version) = alarms.metrics.get(index).map_or((None, false), metric);
            AlarmLook { name: alarms.name(index), service, new_version, composite: index >= alarms.metrics.len(), state: alarms.state(index) }
        })
    }

    /// The latest datapoint of each alarm that watches a metric, in the scenario's order; `None` if it is missing, or none was due yet.
    pub fn datapoints(&self) -> impl Iterator<Item = Option<Datapoint>> {
        self.world.resource::<Alarms>().metrics.iter().map(Watching::latest)
    }

    /// The latest deployments that have ended, oldest first, as they stood then.
    pub fn ended_deployments(&self) -> impl Iterator<Item = &Arc<EndedDeployment>> {
        self.world.resource::<Past>().iter()
    }

    /// What everything cost until now.
    pub fn cost(&self, now: SimTime) -> Dollars {
        self.world.resource::<Meters>().total(now)
    }

    /// Hours of instances that were paid for until now, of all services together [instance·h].
    pub fn instance_hours(&self, now: SimTime) -> f64 {
        self.world.resource::<Meters>().instance_hours(now)
    }

    /// What one service cost until now.
    pub fn cost_of(&self, service: ServiceId, now: SimTime) -> Dollars {
        self.world.resource::<Meters>().cost(service, now)
    }

    /// The record of what happened.
    pub fn ledger(&self) -> &Ledger {
        &self.world.resource::<Book>().0
    }

    /// The time of the last run.
    pub fn last_run(&self) -> SimTime {
        self.world.resource::<Clock>().0
    }
}
