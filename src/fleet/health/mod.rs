//! Health checks: who is fit to serve. One file per kind of check.
//!
//! A check sees only what a real one sees: whether a probe through the instance's own queue was answered in time. It
//! reaches a verdict; `rotation` makes something of it. To add a kind: a file with its parameters, its systems and its
//! tests, one line in the registry, and its row in `rotation`'s table.

mod alb;
mod kubernetes;

pub use alb::Alb;
pub use kubernetes::{Kubernetes, Probe};

use bevy_ecs::prelude::*;

use super::desk::{Chance, Desk, Member, Roster};
use super::life::{News, Plan};
use super::rotation::{Standing, Verdict};
use super::schedule::{self, Step};
use crate::choice::choice;
use crate::rng::purpose;
use crate::units::{SimSpan, SimTime};

choice! {
    /// Who checks an instance's health, and by which rules.
    pub enum HealthCheck {
        /// An Application Load Balancer's target group: unhealthy targets leave the rotation, and all stay in it when
        /// all are unhealthy (fail-open).
        "alb" => Alb(Alb),
        /// Kubernetes probes: readiness takes an instance out of rotation, liveness restarts it.
        "kubernetes" => Kubernetes(Kubernetes),
    }
}

/// Adds this behaviour to the control plane. Each kind's systems follow the other's: their order is fixed here.
pub(super) fn install(world: &mut World, schedule: &mut Schedule) {
    alb::prepare(world);
    kubernetes::prepare(world);
    schedule.add_systems((
        (trust, alb::observe, kubernetes::observe).chain().in_set(Step::Health),
        enrol.in_set(Step::Enrol),
        (alb::probe, kubernetes::probe).chain().in_set(Step::Probe),
    ));
}

/// Counting answers and sending checks, as two schedules of their own: in quiet times there is nothing else to do.
pub(super) fn rounds() -> [Schedule; 2] {
    let mut rounds = [schedule::round(), schedule::round()];
    rounds[0].add_systems((alb::observe, kubernetes::observe).chain());
    rounds[1].add_systems((alb::probe, kubernetes::probe).chain());
    rounds
}

/// Gives every new instance what its check keeps.
fn enrol(news: Res<'_, News>, roster: Res<'_, Roster>, plans: Query<'_, '_, &Plan>, members: Query<'_, '_, &Member>, mut commands: Commands<'_, '_>) {
    for instance in &news.born {
        let Some(entity) = roster.instance(*instance) else { continue };
        let Ok(Plan(plan)) = members.get(entity).and_then(|member| plans.get(roster.service(member.service))) else { continue };
        match plan.health {
            Some(HealthCheck::Alb(_)) => commands.entity(entity).insert(alb::Tally::default()),
            Some(HealthCheck::Kubernetes(_)) => commands.entity(entity).insert(kubernetes::Probes::default()),
            None => continue,
        };
    }
}

/// Changes a verdict, and has everything worked out again that follows from it.
fn pronounce(desk: &mut Desk<'_>, member: &Member, standing: &mut Standing, verdict: Verdict) {
    if standing.verdict == verdict {
        return;
    }
    (standing.verdict, standing.since) = (verdict, desk.now());
    match verdict {
        Verdict::Initial => {}
        Verdict::Healthy => desk.note_instance(member, "healthy"),
        Verdict::Unhealthy => desk.note_instance(member, "unhealthy"),
    }
    desk.touch(member.service);
}

/// Where nobody checks, whatever runs is trusted.
fn trust(mut desk: Desk<'_>, news: Res<'_, News>, roster: Res<'_, Roster>, plans: Query<'_, '_, &Plan>, mut members: Query<'_, '_, (&Member, &mut Standing)>) {
    for instance in &news.risen {
        let Some((member, mut standing)) = roster.instance(*instance).and_then(|entity| members.get_mut(entity).ok()) else { continue };
        if plans.get(roster.service(member.service)).is_ok_and(|plan| plan.0.health.is_none()) {
            (standing.verdict, standing.since) = (Verdict::Healthy, desk.now());
            desk.touch(member.service);
        }
    }
}

/// When an instance is checked first. The first fleet was not started in one instant, so its checks are spread over one
/// interval; who starts later is checked at once.
fn first_check(chance: &Chance, member: &Member, now: SimTime, delay: SimSpan, interval: SimSpan) -> SimTime {
    if now == SimTime::ZERO {
        let mut stream = chance.0.child(purpose::PROBE).child(u64::from(member.id.0));
        now + SimSpan::from_nanos((interval.nanos() as f64 * stream.uniform()) as u64)
    } else {
        now + delay
    }
}
