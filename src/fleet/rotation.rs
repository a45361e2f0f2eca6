//! Who gets requests: turns the verdicts of health checks into membership of the load balancer's rotation.
//!
//! | health check | in rotation |
//! |---|---|
//! | none | from the first time it runs until it drains; nobody notices that it crashed, its clients are refused |
//! | ALB | while its checks say healthy; every registered target when fewer than `minimum_healthy` are (fail-open) |
//! | Kubernetes | while it runs and is ready; the kubelet sees at once that a container exited, but is gone itself when its machine is: then until the node is found not ready |
//!
//! An instance that a deployment in place still looks at is kept out of it. It does not know how verdicts are reached.

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;

use super::deploy::Rollout;
use super::desk::{Desk, Member, Roster};
use super::health::HealthCheck;
use super::life::{Life, News, Phase, Plan};
use super::schedule::Step;
use crate::ids::ServiceId;
use crate::kernel::command::Command;
use crate::units::{SimSpan, SimTime};

/// What the checks say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing yet.
    #[default]
    Initial,
    /// It may serve.
    Healthy,
    /// It may not.
    Unhealthy,
}

/// How an instance stands with the load balancer.
#[derive(Component, Debug, Default)]
pub(super) struct Standing {
    pub(super) verdict: Verdict,
    /// Since when the verdict is what it is.
    pub(super) since: SimTime,
    /// Whether it was put into rotation.
    pub(super) serving: bool,
    /// Whether it is known to the load balancer: its process has run.
    registered: bool,
}

/// Services whose rotation has failed open.
#[derive(Resource, Debug, Default)]
struct FailedOpen(BTreeSet<ServiceId>);

/// Adds this behaviour to the control plane.
pub(super) fn install(world: &mut World, schedule: &mut Schedule) {
    world.init_resource::<FailedOpen>();
    schedule.add_systems(rotate.in_set(Step::Rotation));
}

/// Works the rotation out again for every service in which something changed.
fn rotate(
    mut desk: Desk<'_>,
    roster: Res<'_, Roster>,
    news: Res<'_, News>,
    mut failed_open: ResMut<'_, FailedOpen>,
    plans: Query<'_, '_, &Plan>,
    rollouts: Query<'_, '_, &Rollout>,
    mut members: Query<'_, '_, (&Member, &Life, &mut Standing)>,
) {
    for instance in &news.risen {
        if let Some((_, _, mut standing)) = roster.instance(*instance).and_then(|entity| members.get_mut(entity).ok()) {
            standing.registered = true;
        }
    }
    for service in std::mem::take(&mut desk.attention.rotation) {
        let Ok(plan) = plans.get(roster.service(service)) else { continue };
        let health = plan.0.health.as_ref();
        let (open, slow_start) = match health {
            Some(HealthCheck::Alb(alb)) => {
                let seen = |id: &_| roster.instance(*id).and_then(|entity| members.get(entity).ok());
                let registered =
                    roster.members(service).iter().filter_map(seen).filter(|(_, life, standing)| standing.registered && life.phase != Phase::Draining);
                let (mut all, mut healthy) = (0, 0);
                for (_, _, standing) in registered {
                    all += 1;
                    healthy += u32::from(standing.verdict == Verdict::Healthy);
                }
                (all > 0 && healthy < alb.minimum_healthy, alb.slow_start)
            }
            _ => (false, SimSpan::ZERO),
        };
        let newly_open = open && failed_open.0.insert(service);
        if !open {
            failed_open.0.remove(&service);
        }
        let deployment = rollouts.get(roster.service(service)).ok().and_then(|rollout| rollout.0.as_ref());
        for id in roster.members(service) {
            let Some((member, life, mut standing)) = roster.instance(*id).and_then(|entity| members.get_mut(entity).ok()) else { continue };
            let wanted = match (life.phase, health) {
                (Phase::Draining, _) => false,
                (Phase::Running, None) => true,
                (Phase::Starting | Phase::Crashed, None) => standing.serving,
                (_, Some(HealthCheck::Alb(_))) => standing.registered && (open || standing.verdict == Verdict::Healthy),
                (phase, Some(HealthCheck::Kubernetes(_))) => {
                    let unnoticed = life.lost_since.is_some() && standing.serving;
                    (phase == Phase::Running || unnoticed) && standing.verdict == Verdict::Healthy
                }
            };
            let wanted = wanted && !deployment.is_some_and(|deployment| deployment.withholds(member));
            if newly_open && wanted && standing.verdict != Verdict::Healthy {
                desk.note_instance(member, "fail-open");
            }
            if wanted == standing.serving {
                continue;
            }
            standing.serving = wanted;
            // The first fleet has been there for long, and fail-open is an emergency: neither starts slowly.
            let slow = if wanted && !open && desk.now() > SimTime::ZERO { slow_start } else { SimSpan::ZERO };
            desk.send(Command::SetRotation { instance: *id, serving: wanted, slow_start: slow });
        }
    }
}
