//! What an autoscaling rule sees and says, and the system that steps the rules.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;

use super::Autoscaling;
use crate::fleet::agenda::Timetable;
use crate::fleet::deploy::{DeployOrders, Rollout, Size};
use crate::fleet::desk::{Desk, Member, Roster, Sight};
use crate::fleet::life::{Life, Phase};
use crate::fleet::order::MOST_INSTANCES;
use crate::fleet::rotation::{Standing, Verdict};
use crate::fleet::schedule::Step;
use crate::ids::{InstanceId, ServiceId};
use crate::units::SimTime;

/// One instance, as a metrics service reports it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reported {
    /// When it was created.
    pub(super) born: SimTime,
    /// Since when it is ready; `None` if it is not.
    pub(super) ready_since: Option<SimTime>,
    /// Whether its process has ever run.
    pub(super) has_run: bool,
    /// CPU utilisation since the last look [0…1]; `None` if there is nothing to measure.
    pub(super) utilisation: Option<f64>,
}

/// A service whose size is reconsidered.
#[derive(Debug, Clone, Default)]
pub(super) struct Situation {
    pub(super) now: SimTime,
    /// How many instances it should have so far.
    pub(super) desired: u32,
    /// Whether a deployment is under way.
    pub(super) deploying: bool,
    /// Its instances, without those on their way out.
    pub(super) instances: Vec<Reported>,
}

impl Situation {
    /// Mean utilisation of the instances that report one [0…1].
    pub(super) fn utilisation(&self) -> Option<f64> {
        let values: Vec<f64> = self.instances.iter().filter_map(|instance| instance.utilisation).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }
}

/// A rule at work on one service.
pub(super) trait Rule: Send + Sync {
    /// Says how many instances there should be, and when to be asked again.
    fn step(&mut self, situation: &Situation) -> (u32, SimTime);
    /// When to be asked for the first time.
    fn first(&self) -> SimTime;
}

/// A service's rule and what it has measured.
#[derive(Component)]
pub(in crate::fleet) struct Scaler {
    rule: Box<dyn Rule>,
    name: &'static str,
    /// CPU time used by each instance [ns], and when that was.
    readings: BTreeMap<InstanceId, (u64, SimTime)>,
}

impl Scaler {
    /// Applies a rule.
    pub(in crate::fleet) fn new(params: &Autoscaling) -> Self {
        Self { rule: params.rule(), name: params.name(), readings: BTreeMap::new() }
    }
}

/// A service that is to be reconsidered.
#[derive(Debug)]
struct ScaleDue(ServiceId);

/// Adds this behaviour to the control plane.
pub(in crate::fleet) fn install(world: &mut World, schedule: &mut Schedule) {
    world.insert_resource(Timetable::<ScaleDue>::observing());
    world.init_resource::<Enlisted>();
    schedule.add_systems((enlist, scale).chain().in_set(Step::Autoscale));
}

/// Whether the rules have said when they want to be asked first.
#[derive(Resource, Debug, Default)]
struct Enlisted(bool);

/// Asks every rule, once, when it wants to be asked first.
fn enlist(
    mut desk: Desk<'_>,
    mut enlisted: ResMut<'_, Enlisted>,
    mut table: ResMut<'_, Timetable<ScaleDue>>,
    roster: Res<'_, Roster>,
    scalers: Query<'_, '_, &Scaler>,
) {
    if std::mem::replace(&mut enlisted.0, true) {
        return;
    }
    for service in roster.service_ids() {
        if let Ok(scaler) = scalers.get(roster.service(service)) {
            table.set(&mut desk.agenda, scaler.rule.first(), ScaleDue(service));
        }
    }
}

/// Asks the rules that are due.
fn scale(
    mut desk: Desk<'_>,
    mut table: ResMut<'_, Timetable<ScaleDue>>,
    mut orders: ResMut<'_, DeployOrders>,
    (roster, sight): (Res<'_, Roster>, Res<'_, Sight>),
    mut services: Query<'_, '_, (&Size, &Rollout, &mut Scaler)>,
    instances: Query<'_, '_, (&Member, &Life, &Standing)>,
) {
    let now = desk.now();
    for ScaleDue(service) in table.take(now) {
        let Ok((size, rollout, mut scaler)) = services.get_mut(roster.service(service)) else { continue };
        let cpu_limit = desk.facts.services[service.index()].cpu_limit;
        let mut readings = BTreeMap::new();
        let mut situation = Situation { now, desired: size.desired, deploying: rollout.0.is_some(), instances: Vec::new() };
        for member in roster.staying(service) {
            let Some((_, life, standing)) = roster.instance(member.id).and_then(|entity| instances.get(entity).ok()) else { continue };
            let view = sight.of(member.id);
            let (cpu_before, read_before) = scaler.readings.get(&member.id).copied().unwrap_or((0, life.born));
            readings.insert(member.id, (view.cpu_nanos, now));
            let since = read_before.max(life.up_since);
            let cores = cpu_limit.unwrap_or(f64::from(view.workers));
            let available = cores * now.since(since).nanos() as f64;
            let used = view.cpu_nanos.saturating_sub(cpu_before) as f64;
            let ready = life.phase == Phase::Running && standing.verdict == Verdict::Healthy;
            situation.instances.push(Reported {
                born: life.born,
                ready_since: ready.then(|| life.up_since.max(standing.since)),
                has_run: life.has_run(),
                utilisation: (life.up && available > 0.0).then(|| used / available),
            });
        }
        scaler.readings = readings;
        let (desired, next) = scaler.rule.step(&situation);
        let desired = desired.min(MOST_INSTANCES);
        if desired != size.desired {
            orders.scale.push((service, desired, scaler.name));
        }
        table.set(&mut desk.agenda, next, ScaleDue(service));
    }
}
