//! Faults in force: beginning and ending them, and telling the instances what acts on them.
//!
//! It knows no kind of fault: what each does is in its own file. Whenever something changes, what acts on an instance
//! is worked out again from all faults in force.

use std::collections::{BTreeMap, BTreeSet};

use bevy_ecs::prelude::*;

use super::FaultKind;
use super::effect::{Aim, Impact, either};
use super::selector::{All, Selector};
use crate::fleet::agenda::Timetable;
use crate::fleet::desk::{Chance, Desk, Member, Roster};
use crate::fleet::life::{Cause, Kills, Life, News, Released};
use crate::fleet::placement::LostZones;
use crate::fleet::schedule::Step;
use crate::ids::{InstanceId, ServiceId, ZoneId};
use crate::kernel::command::{Command, LinkFault};
use crate::rng::purpose;
use crate::telemetry::ledger::Event;
use crate::units::{SimSpan, SimTime};

/// A fault to be injected, with its names resolved.
#[derive(Debug, Clone)]
pub(crate) struct Injection {
    /// Its name, unlike that of any fault in force.
    pub(crate) name: String,
    /// What goes wrong.
    pub(crate) kind: FaultKind,
    /// The service it happens to.
    pub(crate) service: Option<ServiceId>,
    /// The zone it happens to.
    pub(crate) zone: Option<ZoneId>,
    /// What else it is aimed at.
    pub(crate) aim: Aim,
    /// Which instances.
    pub(crate) selector: Selector,
    /// How long.
    pub(crate) duration: Option<SimSpan>,
}

/// A fault in force.
#[derive(Debug)]
pub(crate) struct Active {
    /// What it is.
    pub(crate) injection: Injection,
    /// The instances that it acts on.
    pub(crate) instances: BTreeSet<InstanceId>,
    /// Which share of the instances that it could act on it was injected into.
    share: f64,
    /// When it ends by itself.
    pub(crate) until: Option<SimTime>,
    /// Whether it acts on instances that are started later.
    reaches_later: bool,
}

impl Active {
    /// Whether an instance is where the fault happens.
    fn covers(injection: &Injection, member: &Member) -> bool {
        injection.service.is_none_or(|service| service == member.service) && injection.zone.is_none_or(|zone| zone == member.zone)
    }
}

/// The faults in force, in the order in which they began.
#[derive(Resource, Debug, Default)]
pub(crate) struct Faults {
    /// By the number of the injection.
    pub(crate) active: BTreeMap<u32, Active>,
    injected: u32,
    pool_leaks: BTreeMap<ServiceId, f64>,
    links: Vec<LinkFault>,
}

/// Asked of this behaviour.
#[derive(Resource, Debug, Default)]
pub(crate) struct FaultOrders {
    /// Faults to inject.
    pub(crate) inject: Vec<Injection>,
    /// Faults to clear, by name.
    pub(crate) clear: Vec<String>,
}

/// What this behaviour waits for.
#[derive(Debug)]
enum FaultDue {
    /// A fault ends.
    Over(u32),
    /// A process, running since then, dies of a restart loop of this length.
    DiesAgain(InstanceId, SimTime, SimSpan),
}

/// Adds this behaviour to the control plane.
pub(in crate::fleet) fn install(world: &mut World, schedule: &mut Schedule) {
    world.init_resource::<Faults>();
    world.init_resource::<FaultOrders>();
    world.insert_resource(Timetable::<FaultDue>::new());
    schedule.add_systems((change.in_set(Step::Faults), enrol.in_set(Step::Enrol)));
}

type Instances<'w, 's> = Query<'w, 's, (&'static Member, &'static mut Life, &'static mut Impact)>;

/// Ends and begins faults.
fn change(
    mut desk: Desk<'_>,
    mut faults: ResMut<'_, Faults>,
    mut orders: ResMut<'_, FaultOrders>,
    mut table: ResMut<'_, Timetable<FaultDue>>,
    (mut kills, mut released, mut lost): (ResMut<'_, Kills>, ResMut<'_, Released>, ResMut<'_, LostZones>),
    (news, roster, chance): (Res<'_, News>, Res<'_, Roster>, Res<'_, Chance>),
    mut instances: Instances<'_, '_>,
) {
    let now = desk.now();
    let mut changed = false;
    for due in table.take(now) {
        match due {
            FaultDue::Over(number) => changed |= end(&mut desk, &mut faults, number),
            FaultDue::DiesAgain(instance, up_since, after) => {
                let Some((_, life, impact)) = roster.instance(instance).and_then(|entity| instances.get(entity).ok()) else { continue };
                // A timer of a loop that is over, or that a faster one took the place of, is stale.
                if life.up && life.up_since == up_since && impact.dies_after == Some(after) {
                    kills.0.push((instance, Cause::Crash));
                }
            }
        }
    }
    for name in std::mem::take(&mut orders.clear) {
        let number = faults.active.iter().find(|(_, active)| active.injection.name == name).map(|(number, _)| *number);
        changed |= number.is_some_and(|number| end(&mut desk, &mut faults, number));
    }
    for injection in std::mem::take(&mut orders.inject) {
        let number = faults.injected;
        faults.injected += 1;
        let effect = injection.kind.effect();
        let mut candidates: Vec<InstanceId> = roster
            .service_ids()
            .flat_map(|service| roster.staying(service))
            .filter(|member| Active::covers(&injection, member))
            .map(|member| member.id)
            .collect();
        candidates.sort_unstable();
        let picked = injection.selector.pick(&candidates, chance.0.child(purpose::SELECT).child(u64::from(number)));
        desk.note(Event::FaultInjected { name: injection.name.clone(), kind: injection.kind.name(), service: injection.service, instances: picked.clone() });
        if effect.is_momentary() && injection.duration.is_none() {
            kills.0.extend(picked.into_iter().map(|instance| (instance, Cause::Crash)));
            desk.note(Event::FaultCleared { name: injection.name });
            continue;
        }
        let until = injection.duration.map(|duration| now + duration);
        if let Some(until) = until {
            table.set(&mut desk.agenda, until, FaultDue::Over(number));
        }
        let share = picked.len() as f64 / candidates.len().max(1) as f64;
        let reaches_later = effect.reaches_later() && matches!(injection.selector, Selector::All(_));
        faults.active.insert(number, Active { injection, instances: picked.into_iter().collect(), share, until, reaches_later });
        changed = true;
    }
    if changed {
        lost.0 = faults.active.values().filter(|active| active.reaches_later).filter_map(|active| active.injection.zone).collect();
        for id in roster.everybody() {
            let Some((_, mut life, mut impact)) = roster.instance(id).and_then(|entity| instances.get_mut(entity).ok()) else { continue };
            let fresh = faults.on(id);
            if fresh == *impact {
                continue;
            }
            if fresh.held && !impact.held {
                kills.0.push((id, if fresh.silent { Cause::Lost } else { Cause::Held }));
            } else if impact.held && !fresh.held {
                released.0.push(id);
            }
            if fresh.dies_after != impact.dies_after && life.up {
                wait_for_death(&mut desk, &mut table, id, life.up_since, &fresh);
            }
            if fresh.modifiers != impact.modifiers {
                desk.send(Command::SetModifiers { instance: id, modifiers: fresh.modifiers.clone() });
            }
            life.held = fresh.held;
            *impact = fresh;
        }
        faults.tell_of_links(&mut desk);
        faults.tell_of_pools(&mut desk);
    }
    for id in &news.risen {
        if let Some((_, life, impact)) = roster.instance(*id).and_then(|entity| instances.get(entity).ok()) {
            wait_for_death(&mut desk, &mut table, *id, life.up_since, impact);
        }
    }
}

/// Sets the timer of a restart loop, if one acts on the instance.
fn wait_for_death(desk: &mut Desk<'_>, table: &mut Timetable<FaultDue>, instance: InstanceId, up_since: SimTime, impact: &Impact) {
    if let Some(after) = impact.dies_after {
        // A loop of no time at all would stop the clock.
        let at = (up_since + after.max(SimSpan::from_millis(1))).max(desk.now());
        table.set(&mut desk.agenda, at, FaultDue::DiesAgain(instance, up_since, after));
    }
}

fn end(desk: &mut Desk<'_>, faults: &mut Faults, number: u32) -> bool {
    let Some(active) = faults.active.remove(&number) else { return false };
    desk.note(Event::FaultCleared { name: active.injection.name });
    true
}

/// Lets faults that reach instances started later act on those that were just created.
fn enrol(mut desk: Desk<'_>, mut faults: ResMut<'_, Faults>, news: Res<'_, News>, roster: Res<'_, Roster>, mut instances: Instances<'_, '_>) {
    let mut cut = false;
    for id in &news.born {
        let Some((member, mut life, mut impact)) = roster.instance(*id).and_then(|entity| instances.get_mut(entity).ok()) else { continue };
        for active in faults.active.values_mut() {
            if active.reaches_later && Active::covers(&active.injection, member) {
                active.instances.insert(*id);
            }
        }
        let fresh = faults.on(*id);
        if fresh.is_felt() {
            desk.send(Command::SetModifiers { instance: *id, modifiers: fresh.modifiers.clone() });
            life.held = fresh.held;
            cut |= !fresh.cuts.is_empty();
            *impact = fresh;
        }
    }
    if cut {
        faults.tell_of_links(&mut desk);
    }
}

impl Faults {
    /// What acts on an instance.
    fn on(&self, instance: InstanceId) -> Impact {
        let mut impact = Impact::default();
        for active in self.active.values().filter(|active| active.instances.contains(&instance)) {
            active.injection.kind.effect().act(active.injection.aim, &mut impact);
        }
        impact
    }

    /// Tells the kernel which links are cut, if that changed.
    fn tell_of_links(&mut self, desk: &mut Desk<'_>) {
        let mut links = Vec::new();
        for active in self.active.values() {
            let mut impact = Impact::default();
            active.injection.kind.effect().act(active.injection.aim, &mut impact);
            for (peer, direction) in impact.cuts {
                let cut = |instance: &InstanceId| LinkFault { instance: *instance, peer, inbound: direction.is_inbound(), outbound: direction.is_outbound() };
                links.extend(active.instances.iter().map(cut));
            }
        }
        if links != self.links {
            self.links.clone_from(&links);
            desk.send(Command::SetLinkFaults(links));
        }
    }

    /// Tells the kernel how much of each pool is lost, if that changed.
    fn tell_of_pools(&mut self, desk: &mut Desk<'_>) {
        let mut leaks: BTreeMap<ServiceId, f64> = BTreeMap::new();
        for active in self.active.values() {
            let share = if active.injection.selector == Selector::All(All {}) { 1.0 } else { active.share };
            let leaked = active.injection.kind.effect().leaks_pool() * share;
            if let Some(service) = active.injection.service.filter(|_| leaked > 0.0) {
                let known = leaks.entry(service).or_insert(0.0);
                *known = either(*known, leaked);
            }
        }
        let services: BTreeSet<ServiceId> = leaks.keys().chain(self.pool_leaks.keys()).copied().collect();
        for service in services {
            let leaked = leaks.get(&service).copied().unwrap_or(0.0);
            if self.pool_leaks.get(&service).copied().unwrap_or(0.0).to_bits() != leaked.to_bits() {
                desk.send(Command::SetPoolLeak { service, leaked });
            }
        }
        self.pool_leaks = leaks;
    }
}
