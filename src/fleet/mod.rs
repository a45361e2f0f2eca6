//! The control plane: instances and their life cycle, health checks, autoscaling, placement, deployments, faults, cost.
//!
//! Entities of `bevy_ecs`: one per service, one per instance. It observes the kernel through what a real control plane
//! could see ([`Notice`]s, [`InstanceView`]s) and acts through [`Command`]s; it does not know scenario files, lessons or
//! the screen, and never looks into a request. Nothing polls: it runs when something that it waits for is due
//! ([`Fleet::next_due`]), when the kernel tells it something, and when somebody orders something.
//!
//! To add a behaviour: a file with its components, its systems and a `pub fn install(&mut World, &mut Schedule)`, and a
//! line in [`BEHAVIOURS`].

#![allow(clippy::needless_pass_by_value, reason = "bevy_ecs hands a system its parameters by value")]
#![allow(clippy::too_many_arguments, reason = "each argument of a system is a resource that it touches; bundling them would hide it")]

mod agenda;
pub mod alarm;
pub mod autoscale;
pub mod composite;
mod cost;
pub mod deploy;
mod desk;
pub mod fault;
pub mod features;
pub mod health;
pub mod instance;
mod life;
pub mod look;
pub mod order;
mod placement;
mod rotation;
mod schedule;

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;

use self::agenda::Agenda;
use self::alarm::{Alarm, Alarms, Due, Measured};
use self::autoscale::Scaler;
use self::composite::CompositeAlarm;
use self::cost::Meters;
use self::deploy::judging::{self, Wanted};
use self::deploy::{Releases, Rollout, Size};
use self::desk::{Attention, Book, Chance, Clock, Facts, Inbox, Outbox, Roster, ServiceFacts, Sight, VersionFacts};
use self::instance::ServiceFleet;
use self::life::{News, Plan};
use crate::ids::{EndpointId, InstanceId, ServiceId};
use crate::insight::judge;
use crate::insight::metric::Datapoint;
use crate::kernel::command::{Command, InstanceView, Notice};
use crate::kernel::model::{Model, Service, Version};
use crate::rng::{Stream, mix};
use crate::units::SimTime;

/// Adds one behaviour to the control plane.
type Install = fn(&mut World, &mut Schedule);

/// All behaviours. Their order does not matter: `schedule` orders what they do.
const BEHAVIOURS: [Install; 8] =
    [alarm::install, autoscale::install, deploy::install, fault::install, features::install, health::install, life::install, rotation::install];

/// More runs than this at one instant mean that two behaviours undo each other's work for ever.
const MOST_RUNS_AT_ONCE: u32 = 100_000;

/// The control plane of a whole fleet.
pub struct Fleet {
    world: World,
    schedule: Schedule,
    /// Answers of health checks counted, and checks sent: all that there is to do in quiet times.
    rounds: [Schedule; 2],
    /// Somebody ordered something since the last run.
    ordered: bool,
    runs: (SimTime, u32),
    total_runs: u64,
}

impl Fleet {
    /// Brings up the first fleet. What the kernel must be told comes out of the first [`Fleet::run`].
    pub fn new(model: &Model, plans: &[ServiceFleet], alarms: (&[Alarm], &[CompositeAlarm]), seed: u64) -> Self {
        Self::with_order(model, plans, alarms, seed, 0)
    }

    /// The same with behaviours installed in another order, to prove that the order does not matter.
    pub fn with_order(model: &Model, plans: &[ServiceFleet], alarms: (&[Alarm], &[CompositeAlarm]), seed: u64, shuffle: u64) -> Self {
        let mut world = World::new();
        let mut schedule = schedule::new();
        world.init_resource::<Clock>();
        world.init_resource::<Inbox>();
        world.init_resource::<Outbox>();
        world.init_resource::<Sight>();
        world.init_resource::<Book>();
        world.init_resource::<Attention>();
        world.init_resource::<Agenda>();
        world.init_resource::<Roster>();
        world.insert_resource(Alarms::new(alarms.0, alarms.1));
        world.insert_resource(Chance(Stream::root(seed)));
        let called = model.called_endpoints();
        world.insert_resource(Facts {
            zones: model.zones.clone(),
            user_headers: model.user_headers.iter().map(|header| (header.name.clone(), header.value.clone())).collect(),
            services: model
                .services
                .iter()
                .map(|service| ServiceFacts {
                    name: service.name.clone(),
                    cpu_limit: service.server.cpu_limit,
                    endpoints: called_endpoints(model, &called, service),
                })
                .collect(),
            versions: model
                .versions
                .iter()
                .map(|version| VersionFacts { name: version.name.clone(), service: version.service, startup_failure: version.startup_failure() })
                .collect(),
        });
        let mut order: Vec<usize> = (0..BEHAVIOURS.len()).collect();
        order.sort_by_key(|index| if shuffle == 0 { 0 } else { mix(shuffle.wrapping_add(*index as u64)) });
        for index in order {
            BEHAVIOURS[index](&mut world, &mut schedule);
        }
        for (index, plan) in plans.iter().enumerate() {
            let service = ServiceId::from_index(index);
            let first = model.services[index].versions[0];
            let mut entity = world.spawn((Plan(plan.clone()), Size { desired: plan.instances }, Releases::new(first), Rollout::default()));
            if let Some(autoscaling) = &plan.autoscaling {
                entity.insert(Scaler::new(autoscaling));
            }
            let entity = entity.id();
            world.resource_mut::<Roster>().add_service(entity);
            world.resource_mut::<Meters>().add_service(plan.price_per_hour);
            world.resource_mut::<life::Changes>().first.push((service, first, plan.instances));
        }
        Self { world, schedule, rounds: health::rounds(), ordered: false, runs: (SimTime::ZERO, 0), total_runs: 0 }
    }

    /// When the control plane must run next, if nothing happens before.
    pub fn next_due(&self) -> Option<SimTime> {
        if self.is_unsettled() { Some(self.world.resource::<Clock>().0) } else { self.world.resource::<Agenda>().next() }
    }

    /// Whether something changed from which more follows.
    fn is_unsettled(&self) -> bool {
        let attention = self.world.resource::<Attention>();
        let changes = !self.world.resource::<life::Changes>().first.is_empty() || !self.world.resource::<life::Kills>().0.is_empty();
        changes || !attention.fleet.is_empty() || !attention.rotation.is_empty()
    }

    /// Whether there is nothing to do at `now` but to count answers of health checks and to send the next ones.
    pub fn only_checks(&self, now: SimTime, notices: &[Notice]) -> bool {
        let answers = notices.iter().all(|notice| matches!(notice, Notice::Probed { .. }));
        answers && !self.ordered && !self.is_unsettled() && !self.world.resource::<Agenda>().wants_more(now)
    }

    /// Makes a version known. Ids are handed out densely, in order.
    pub fn add_version(&mut self, version: &Version) {
        let known = VersionFacts { name: version.name.clone(), service: version.service, startup_failure: version.startup_failure() };
        self.world.resource_mut::<Facts>().versions.push(known);
    }

    /// How often the control plane has run.
    pub const fn total_runs(&self) -> u64 {
        self.total_runs
    }

    /// The datapoints that alarms want at `now`, for whoever has the telemetry.
    pub fn datapoints_due(&mut self, now: SimTime) -> Vec<Due> {
        alarm::due(&mut self.world, now)
    }

    /// The measurements that analyses of deployments want at `now`, for whoever has the telemetry.
    pub fn measurements_due(&mut self, now: SimTime) -> Vec<Wanted> {
        judging::wanted(&mut self.world, now)
    }

    /// Takes the answer to a measurement in, for the run that follows.
    pub fn answer(&mut self, wanted: &Wanted, now: SimTime, value: Result<judge::Measured, String>) {
        judging::answer(&mut self.world, wanted, now, value);
    }

    /// Takes datapoints in, for the run that follows.
    pub fn measured(&mut self, due: &Due, point: Option<Datapoint>) {
        self.world.resource_mut::<Measured>().0.push((due.index(), point));
    }

    /// Runs the control plane once at `now` on what the kernel told, and says what the kernel must do. `view` is asked
    /// only when some behaviour looks at the instances.
    pub fn run(&mut self, now: SimTime, notices: Vec<Notice>, view: impl Fn(InstanceId) -> InstanceView) -> Vec<Command> {
        self.total_runs += 1;
        self.runs = if self.runs.0 == now { (now, self.runs.1 + 1) } else { (now, 0) };
        assert!(self.runs.1 < MOST_RUNS_AT_ONCE, "the control plane does not settle at {now}");
        let quiet = self.only_checks(now, &notices);
        self.ordered = false;
        if self.world.resource::<Agenda>().observes(now) {
            let everybody: Vec<InstanceId> = self.world.resource::<Roster>().everybody().collect();
            let mut sight = self.world.resource_mut::<Sight>();
            for instance in everybody {
                if sight.0.len() <= instance.index() {
                    sight.0.resize(instance.index() + 1, InstanceView::default());
                }
                sight.0[instance.index()] = view(instance);
            }
        }
        self.world.resource_mut::<Agenda>().pass(now);
        self.world.resource_mut::<Clock>().0 = now;
        self.world.resource_mut::<Inbox>().0 = notices;
        if quiet {
            self.rounds[0].run(&mut self.world);
            self.world.resource_mut::<Inbox>().0.clear();
            if !self.is_unsettled() {
                self.rounds[1].run(&mut self.world);
                return std::mem::take(&mut self.world.resource_mut::<Outbox>().0);
            }
        }
        self.schedule.run(&mut self.world);
        *self.world.resource_mut::<News>() = News::default();
        std::mem::take(&mut self.world.resource_mut::<Outbox>().0)
    }
}

/// A service's endpoints that a user or a service calls, by name.
fn called_endpoints(model: &Model, called: &BTreeSet<EndpointId>, service: &Service) -> Vec<(String, EndpointId)> {
    let named = service.endpoints.iter().map(|endpoint| (model.endpoints[endpoint.index()].name.clone(), *endpoint));
    named.filter(|(_, endpoint)| called.contains(endpoint)).collect()
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").field("next_due", &self.next_due()).finish_non_exhaustive()
    }
}
