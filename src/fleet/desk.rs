//! What every behaviour of the control plane works with: the clock, what came in, what goes out, who is who.
//!
//! The desk knows no behaviour. A behaviour that must tell another one something does so through a resource that the
//! other one owns, never by calling it.

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;

use super::agenda::Agenda;
use crate::ids::{EndpointId, InstanceId, ServiceId, VersionId, ZoneId};
use crate::kernel::command::{Command, InstanceView, Notice};
use crate::rng::Stream;
use crate::telemetry::ledger::{Event, Ledger};
use crate::units::SimTime;

/// The simulated time at which the schedule runs.
#[derive(Resource, Debug, Default)]
pub(super) struct Clock(pub(super) SimTime);

/// What the kernel told since the last run.
#[derive(Resource, Debug, Default)]
pub(super) struct Inbox(pub(super) Vec<Notice>);

/// What the kernel is asked to do, in order.
#[derive(Resource, Debug, Default)]
pub(super) struct Outbox(pub(super) Vec<Command>);

/// The latest look at each instance, by its number. Fresh only when a behaviour asked for it.
#[derive(Resource, Debug, Default)]
pub(super) struct Sight(pub(super) Vec<InstanceView>);

impl Sight {
    /// The latest look at an instance.
    pub(super) fn of(&self, instance: InstanceId) -> InstanceView {
        self.0.get(instance.index()).copied().unwrap_or_default()
    }
}

/// The root of the run's random streams.
#[derive(Resource, Debug)]
pub(super) struct Chance(pub(super) Stream);

/// The ledger.
#[derive(Resource, Debug, Default)]
pub(super) struct Book(pub(super) Ledger);

/// Services whose instances or wishes changed in this run, so that what follows from them is worked out again.
#[derive(Resource, Debug, Default)]
pub(super) struct Attention {
    /// For whoever decides how many instances of which version there are.
    pub(super) fleet: BTreeSet<ServiceId>,
    /// For whoever decides which of them get requests.
    pub(super) rotation: BTreeSet<ServiceId>,
}

/// What the control plane knows of a version.
#[derive(Debug, Clone)]
pub(super) struct VersionFacts {
    /// Its name.
    pub(super) name: String,
    /// Its service.
    pub(super) service: ServiceId,
    /// Share of its instances that never start.
    pub(super) startup_failure: f64,
}

/// What the control plane knows of a service, besides its fleet.
#[derive(Debug, Clone)]
pub(super) struct ServiceFacts {
    /// Its name.
    pub(super) name: String,
    /// CPU quota of an instance [cores].
    pub(super) cpu_limit: Option<f64>,
    /// Its endpoints that somebody calls, by name.
    pub(super) endpoints: Vec<(String, EndpointId)>,
}

/// Names and belongings, which never change.
#[derive(Resource, Debug, Default)]
pub(super) struct Facts {
    /// By service.
    pub(super) services: Vec<ServiceFacts>,
    /// By version.
    pub(super) versions: Vec<VersionFacts>,
    /// Names by zone.
    pub(super) zones: Vec<String>,
    /// Headers that some users send: name and value.
    pub(super) user_headers: Vec<(String, String)>,
}

impl Facts {
    /// A service's name.
    pub(super) fn service(&self, service: ServiceId) -> &str {
        &self.services[service.index()].name
    }
    /// A version's name.
    pub(super) fn version(&self, version: VersionId) -> &str {
        &self.versions[version.index()].name
    }
}

/// An instance on the roster.
#[derive(Debug, Clone, Copy)]
struct Entry {
    entity: Entity,
    member: Member,
    leaving: bool,
}

/// The entities by their numbers. Behaviours walk these lists, never a query, so that their order is the order of
/// creation whatever the ECS does inside.
#[derive(Resource, Debug, Default)]
pub(super) struct Roster {
    services: Vec<Entity>,
    instances: Vec<Option<Entry>>,
    members: Vec<Vec<InstanceId>>,
}

impl Roster {
    /// Enters the next service.
    pub(super) fn add_service(&mut self, entity: Entity) {
        self.services.push(entity);
        self.members.push(Vec::new());
    }
    /// The number that the next instance gets.
    pub(super) const fn next_instance(&self) -> InstanceId {
        InstanceId::from_index(self.instances.len())
    }
    /// Enters the next instance.
    pub(super) fn add_instance(&mut self, entity: Entity, member: Member) {
        self.members[member.service.index()].push(member.id);
        self.instances.push(Some(Entry { entity, member, leaving: false }));
    }
    /// An instance is on its way out: it counts neither for its service's size nor for its zone's.
    pub(super) fn set_leaving(&mut self, instance: InstanceId) {
        if let Some(Some(entry)) = self.instances.get_mut(instance.index()) {
            entry.leaving = true;
        }
    }
    /// Strikes an instance out.
    pub(super) fn remove_instance(&mut self, instance: InstanceId) -> Option<Entity> {
        let entry = self.instances.get_mut(instance.index()).and_then(Option::take)?;
        self.members[entry.member.service.index()].retain(|member| *member != instance);
        Some(entry.entity)
    }
    /// A service's entity.
    pub(super) fn service(&self, service: ServiceId) -> Entity {
        self.services[service.index()]
    }
    /// All services, in order.
    pub(super) fn service_ids(&self) -> impl Iterator<Item = ServiceId> + use<> {
        (0..self.services.len()).map(ServiceId::from_index)
    }
    /// An instance's entity, unless it is gone.
    pub(super) fn instance(&self, instance: InstanceId) -> Option<Entity> {
        self.instances.get(instance.index()).copied().flatten().map(|entry| entry.entity)
    }
    /// A service's instances that are not gone, in order of creation.
    pub(super) fn members(&self, service: ServiceId) -> &[InstanceId] {
        &self.members[service.index()]
    }
    /// A service's instances that are neither gone nor on their way out, in order of creation.
    pub(super) fn staying(&self, service: ServiceId) -> impl Iterator<Item = Member> + '_ {
        self.members(service).iter().filter_map(|id| self.instances[id.index()]).filter(|entry| !entry.leaving).map(|entry| entry.member)
    }
    /// All instances that are not gone, service by service.
    pub(super) fn everybody(&self) -> impl Iterator<Item = InstanceId> + '_ {
        self.members.iter().flatten().copied()
    }
}

/// An instance's belongings, which never change.
#[derive(Component, Debug, Clone, Copy)]
pub(super) struct Member {
    /// Its number.
    pub(super) id: InstanceId,
    /// Its service.
    pub(super) service: ServiceId,
    /// Its version.
    pub(super) version: VersionId,
    /// Its zone.
    pub(super) zone: ZoneId,
    /// The deployment that started it; 0 for the first fleet.
    pub(super) revision: u32,
}

/// The part of the desk that nearly every behaviour needs.
#[derive(SystemParam)]
pub(super) struct Desk<'w> {
    pub(super) clock: Res<'w, Clock>,
    pub(super) facts: Res<'w, Facts>,
    pub(super) agenda: ResMut<'w, Agenda>,
    pub(super) outbox: ResMut<'w, Outbox>,
    pub(super) book: ResMut<'w, Book>,
    pub(super) attention: ResMut<'w, Attention>,
}

impl Desk<'_> {
    /// The simulated time.
    pub(super) fn now(&self) -> SimTime {
        self.clock.0
    }
    /// Asks the kernel for something.
    pub(super) fn send(&mut self, command: Command) {
        self.outbox.0.push(command);
    }
    /// Writes into the ledger.
    pub(super) fn note(&mut self, event: Event) {
        let now = self.now();
        self.book.0.push(now, event);
    }
    /// Writes an instance's change into the ledger.
    pub(super) fn note_instance(&mut self, member: &Member, change: &'static str) {
        self.note(Event::Instance { instance: member.id, service: member.service, change });
    }
    /// Has everything worked out again that follows from a service's instances.
    pub(super) fn touch(&mut self, service: ServiceId) {
        self.attention.fleet.insert(service);
        self.attention.rotation.insert(service);
    }
}
