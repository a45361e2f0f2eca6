//! The life of an instance: started, running, draining, gone; or crashed and started again.
//!
//! ```text
//!  Starting ──► Running ──► Draining ──► (gone)
//!     │  ▲         │
//!     ▼  │         ▼
//!    Crashed ◄─────┘        a crashed instance is started again after `restart_after`
//! ```
//!
//! Where Kubernetes checks, the kubelet doubles that wait with each crash up to 5 minutes, and begins anew when a container
//! has run for 10 (crash-loop back-off). A fault that holds instances down leaves no trace: whoever was dead before stays
//! dead, and whoever waited to be started goes on waiting.
//!
//! Start-up times and start-up failures come from streams named by the instance, so another instance's fate never
//! changes them. It does not know who is healthy or why instances come and go: others put [`Changes`] and [`Kills`].

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;

use super::agenda::Timetable;
use super::cost::Meters;
use super::desk::{Chance, Desk, Inbox, Member, Roster};
use super::health::HealthCheck;
use super::instance::ServiceFleet;
use super::placement::{LostZones, place};
use super::schedule::Step;
use crate::ids::{InstanceId, ServiceId, VersionId, ZoneId};
use crate::kernel::command::{Command, Notice};
use crate::rng::purpose;
use crate::units::{SimSpan, SimTime};

/// No process starts again sooner than this after it died, so that a fleet that dies at birth cannot stop the clock.
const SOONEST_RESTART: SimSpan = SimSpan::from_millis(10);

/// An instance that left the rotation is not asked whether it is idle before this has passed: requests already on the
/// network towards it still arrive.
const NETWORK_GRACE: SimSpan = SimSpan::from_secs(1);

/// The longest wait of the crash-loop back-off.
const LONGEST_BACK_OFF: SimSpan = SimSpan::from_secs(300);

/// A container that has run for this long begins its crash-loop back-off anew.
const BACK_OFF_RESET: SimSpan = SimSpan::from_secs(600);

/// Where an instance is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Running,
    Draining,
    Crashed,
}

/// An instance's life so far.
#[derive(Component, Debug, Clone)]
pub(super) struct Life {
    pub(super) phase: Phase,
    /// Counts changes of phase, so that a timer set for an earlier phase is known to be stale.
    turn: u32,
    /// Whether the process runs.
    pub(super) up: bool,
    /// Since when the process runs, if it does.
    pub(super) up_since: SimTime,
    /// When the instance was created.
    pub(super) born: SimTime,
    /// How often its process was started.
    starts: u32,
    /// It never starts, because its version's start-up fails for it.
    doomed: bool,
    /// A fault keeps its process down.
    pub(super) held: bool,
    /// From when on it may start again; `None`: never, unless somebody restarts it.
    back_at: Option<SimTime>,
    /// Since when its machine is gone without a word, if it is.
    pub(super) lost_since: Option<SimTime>,
    /// Crashes in a row, for the crash-loop back-off.
    crashes: u32,
}

impl Life {
    /// Whether the process has ever run.
    pub(super) const fn has_run(&self) -> bool {
        self.up || self.starts > 1
    }
}

/// A service's parameters.
#[derive(Component, Debug)]
pub(super) struct Plan(pub(super) ServiceFleet);

/// What the life of an instance waits for.
#[derive(Debug)]
pub(super) enum LifeDue {
    /// Its start-up ends.
    Started(InstanceId, u32),
    /// It is started again.
    Restart(InstanceId, u32),
    /// It may be asked whether it is idle.
    AskIdle(InstanceId, u32),
    /// It has drained long enough.
    Drained(InstanceId, u32),
}

/// Asked of this behaviour: instances to start and to stop.
#[derive(Resource, Debug, Default)]
pub(super) struct Changes {
    /// Instances of the first fleet, which run already: service, version, how many.
    pub(super) first: Vec<(ServiceId, VersionId, u32)>,
    /// Instances to start: service, version, deployment, how many.
    pub(super) start: Vec<(ServiceId, VersionId, u32, u32)>,
    /// Instances to drain and stop.
    pub(super) stop: Vec<InstanceId>,
}

/// Why a process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It crashed or was crashed; it starts again if its service restarts what crashed.
    Crash,
    /// A fault holds it down; it starts again when it is released.
    Held,
    /// A fault holds it down, and its machine is gone with it: its clients are not told.
    Lost,
    /// Somebody restarts it: it starts again at once.
    Restart,
    /// Its machine is replaced without a word to its clients; it starts again at once.
    Replace,
}

impl Cause {
    /// Whether its machine is gone with it, so that nobody is told.
    const fn is_silent(self) -> bool {
        matches!(self, Self::Lost | Self::Replace)
    }
    /// Whether it starts again at once.
    const fn is_restart(self) -> bool {
        matches!(self, Self::Restart | Self::Replace)
    }
    /// What the data plane is told.
    const fn command(self, instance: InstanceId) -> Command {
        if self.is_silent() { Command::Vanish(instance) } else { Command::Down(instance) }
    }
}

/// Asked of this behaviour: processes to kill.
#[derive(Resource, Debug, Default)]
pub(super) struct Kills(pub(super) Vec<(InstanceId, Cause)>);

/// Asked of this behaviour: instances that no fault holds down any more.
#[derive(Resource, Debug, Default)]
pub(super) struct Released(pub(super) Vec<InstanceId>);

/// Told by this behaviour: what happened in this run, for those who must react.
#[derive(Resource, Debug, Default)]
pub(super) struct News {
    /// Processes that came up.
    pub(super) risen: Vec<InstanceId>,
    /// Processes that died or failed to start.
    pub(super) fallen: Vec<InstanceId>,
    /// Instances that were created.
    pub(super) born: Vec<InstanceId>,
}

/// Adds this behaviour to the control plane.
pub(super) fn install(world: &mut World, schedule: &mut Schedule) {
    world.insert_resource(Timetable::<LifeDue>::new());
    world.init_resource::<Changes>();
    world.init_resource::<Kills>();
    world.init_resource::<Released>();
    world.init_resource::<News>();
    world.init_resource::<Meters>();
    world.init_resource::<LostZones>();
    schedule.add_systems((live.in_set(Step::Life), kill.in_set(Step::Kill), change.in_set(Step::Change)));
}

/// Everything that moves an instance through its life.
#[derive(SystemParam)]
pub(super) struct Registrar<'w, 's> {
    desk: Desk<'w>,
    timers: ResMut<'w, Timetable<LifeDue>>,
    news: ResMut<'w, News>,
    roster: ResMut<'w, Roster>,
    meters: ResMut<'w, Meters>,
    chance: Res<'w, Chance>,
    lost: Res<'w, LostZones>,
    plans: Query<'w, 's, &'static Plan>,
    members: Query<'w, 's, (&'static Member, &'static mut Life)>,
    commands: Commands<'w, 's>,
}

impl Registrar<'_, '_> {
    /// What one instance is and how it lives, unless it is gone.
    fn of(&mut self, instance: InstanceId) -> Option<(Member, &mut Life)> {
        let entity = self.roster.instance(instance)?;
        self.members.get_mut(entity).ok().map(|(member, life)| (*member, life.into_inner()))
    }

    fn plan(&self, service: ServiceId) -> Option<&ServiceFleet> {
        self.plans.get(self.roster.service(service)).ok().map(|plan| &plan.0)
    }

    /// Moves an instance to a phase; timers of the phase that it leaves become stale.
    fn enter(&mut self, instance: InstanceId, phase: Phase) -> Option<(Member, Life)> {
        let (member, life) = self.of(instance)?;
        life.phase = phase;
        life.turn += 1;
        let state = (member, life.clone());
        self.desk.touch(member.service);
        Some(state)
    }

    fn wait(&mut self, span: SimSpan, due: LifeDue) {
        let at = self.desk.now() + span;
        self.timers.set(&mut self.desk.agenda, at, due);
    }

    /// Begins to start a process.
    fn start(&mut self, instance: InstanceId) {
        let Some((_, life)) = self.of(instance) else { return };
        life.starts += 1;
        let Some((member, life)) = self.enter(instance, Phase::Starting) else { return };
        let mut stream = self.chance.0.child(purpose::START_UP).child(u64::from(instance.0)).child(u64::from(life.starts));
        let takes = self.plan(member.service).map_or(SimSpan::ZERO, |plan| plan.start_up.draw(&mut stream));
        self.wait(takes, LifeDue::Started(instance, life.turn));
    }

    /// The start-up ended: the process runs, or it failed.
    fn rise(&mut self, instance: InstanceId) {
        let Some((member, life)) = self.of(instance) else { return };
        if life.doomed || life.held {
            let cause = if life.doomed { Cause::Crash } else { Cause::Held };
            self.desk.note_instance(&member, "failed-to-start");
            self.fall(instance, cause);
            return;
        }
        let again = life.starts > 1;
        let Some((member, _)) = self.enter(instance, Phase::Running) else { return };
        let now = self.desk.now();
        if let Some((_, life)) = self.of(instance) {
            (life.up, life.up_since, life.lost_since) = (true, now, None);
        }
        self.desk.send(Command::Up(instance));
        self.desk.note_instance(&member, if again { "restarted" } else { "started" });
        self.news.risen.push(instance);
    }

    /// The process is dead; says what becomes of the instance.
    fn fall(&mut self, instance: InstanceId, cause: Cause) {
        let now = self.desk.now();
        let Some((member, life)) = self.of(instance) else { return };
        if life.up && life.up_since + BACK_OFF_RESET <= now {
            life.crashes = 0;
        }
        life.up = false;
        life.lost_since = cause.is_silent().then_some(now);
        let (draining, held) = (life.phase == Phase::Draining, life.held);
        if draining {
            self.leave(instance);
            return;
        }
        self.news.fallen.push(instance);
        if cause.is_restart() && !held {
            self.start(instance);
            return;
        }
        let crashes = if let Some((_, life)) = self.of(instance).filter(|_| cause == Cause::Crash) {
            life.crashes += 1;
            life.crashes
        } else {
            0
        };
        let after = self.plan(member.service).and_then(|plan| absence(plan, cause, crashes)).map(|after| after.max(SOONEST_RESTART));
        let Some((_, life)) = self.enter(instance, Phase::Crashed) else { return };
        if let Some((_, life)) = self.of(instance) {
            life.back_at = if cause == Cause::Crash { after.map(|after| now + after) } else { Some(now) };
        }
        if let Some(after) = after {
            self.wait(after, LifeDue::Restart(instance, life.turn));
        }
    }

    /// No fault holds it down any more: it starts again, unless it was dead or waiting to be started for reasons of its own.
    fn release(&mut self, instance: InstanceId) {
        let now = self.desk.now();
        let rests = self.of(instance).is_some_and(|(_, life)| life.phase == Phase::Crashed && !life.held && life.back_at.is_some_and(|at| at <= now));
        if rests {
            self.start(instance);
        }
    }

    /// A crashed instance's time to start again has come.
    fn restart(&mut self, instance: InstanceId) {
        let Some((member, life)) = self.of(instance) else { return };
        let held = life.held;
        if self.plan(member.service).is_some_and(|plan| self.lost.should_leave(member.zone, &plan.zones)) {
            // The scheduler gives up on a lost zone: whoever counts the instances has another one started elsewhere.
            self.leave(instance);
        } else if !held {
            self.start(instance);
        }
    }

    /// Takes an instance out of service, letting it finish what it has.
    fn drain(&mut self, instance: InstanceId) {
        let Some((member, life)) = self.of(instance) else { return };
        if life.phase == Phase::Draining {
            return;
        }
        if !life.up {
            self.leave(instance);
            return;
        }
        let Some((_, life)) = self.enter(instance, Phase::Draining) else { return };
        self.roster.set_leaving(instance);
        self.desk.note_instance(&member, "draining");
        let drain = self.plan(member.service).map_or(SimSpan::ZERO, |plan| plan.drain);
        if drain > NETWORK_GRACE {
            self.wait(NETWORK_GRACE, LifeDue::AskIdle(instance, life.turn));
        }
        self.wait(drain, LifeDue::Drained(instance, life.turn));
    }

    /// Ends an instance's life.
    fn leave(&mut self, instance: InstanceId) {
        let Some((member, life)) = self.of(instance) else { return };
        let up = life.up;
        // A process that is down may still be in rotation, because nobody noticed; it leaves it now.
        self.desk.send(Command::SetRotation { instance, serving: false, slow_start: SimSpan::ZERO });
        if up {
            self.desk.send(Command::Down(instance));
        }
        self.desk.send(Command::Forget(instance));
        self.desk.note_instance(&member, "stopped");
        self.desk.touch(member.service);
        self.meters.leave(member.service, self.desk.now());
        if let Some(entity) = self.roster.remove_instance(instance) {
            self.commands.entity(entity).despawn();
        }
    }

    /// Creates an instance; `established` ones belong to the first fleet, which runs from the first moment.
    fn create(&mut self, service: ServiceId, version: VersionId, revision: u32, established: bool) {
        let Some(zones) = self.plan(service).map(|plan| plan.zones.clone()) else { return };
        let taken: Vec<ZoneId> = self.roster.staying(service).map(|member| member.zone).collect();
        let zone = place(&zones, &taken, &self.lost);
        let now = self.desk.now();
        let id = self.roster.next_instance();
        let chance = self.chance.0.child(purpose::START_UP).child(u64::from(id.0));
        let doomed = !established && chance.child(0).chance(self.desk.facts.versions[version.index()].startup_failure);
        let member = Member { id, service, version, zone, revision };
        let life = Life {
            phase: Phase::Starting,
            turn: 1,
            up: false,
            up_since: now,
            born: now,
            starts: 1,
            doomed,
            held: false,
            back_at: None,
            lost_since: None,
            crashes: 0,
        };
        self.desk.send(Command::AddInstance { instance: id, service, version, zone });
        let takes = self.plan(service).filter(|_| !established).map_or(SimSpan::ZERO, |plan| plan.start_up.draw(&mut chance.child(1)));
        self.wait(takes, LifeDue::Started(id, 1));
        let entity = self.commands.spawn((member, life, super::rotation::Standing::default(), super::fault::Impact::default())).id();
        self.roster.add_instance(entity, member);
        self.news.born.push(id);
        self.meters.enter(service, now);
        self.desk.touch(service);
    }
}

/// How long after its process died an instance is started again, or given up if it cannot be; `None`: never.
///
/// The kubelet doubles the wait after each crash (crash-loop back-off). It is gone when its machine is: a pod is replaced
/// only after the node was found not ready and the pod's toleration is over.
fn absence(plan: &ServiceFleet, cause: Cause, crashes: u32) -> Option<SimSpan> {
    match (&plan.health, cause) {
        (Some(HealthCheck::Kubernetes(kubernetes)), Cause::Lost) => Some(kubernetes.node_grace + kubernetes.toleration),
        (Some(HealthCheck::Kubernetes(_)), Cause::Crash) => plan.restart_after.map(|first| {
            let doubled = SimSpan::from_nanos(first.nanos().saturating_mul(1 << crashes.saturating_sub(1).min(20)));
            doubled.min(LONGEST_BACK_OFF.max(first))
        }),
        _ => plan.restart_after,
    }
}

/// Start-ups that end, drains that end, crashes that the kernel tells of.
fn live(mut registrar: Registrar<'_, '_>, inbox: Res<'_, Inbox>) {
    for notice in &inbox.0 {
        match *notice {
            Notice::OutOfMemory(instance) => {
                if let Some((member, _)) = registrar.of(instance) {
                    registrar.desk.note_instance(&member, "out-of-memory");
                    registrar.fall(instance, Cause::Crash);
                }
            }
            Notice::Idle(instance) => {
                if registrar.of(instance).is_some_and(|(_, life)| life.phase == Phase::Draining) {
                    registrar.leave(instance);
                }
            }
            Notice::Probed { .. } | Notice::Tested { .. } | Notice::Exhausted => {}
        }
    }
    let now = registrar.desk.now();
    for due in registrar.timers.take(now) {
        let (LifeDue::Started(instance, turn) | LifeDue::Restart(instance, turn) | LifeDue::AskIdle(instance, turn) | LifeDue::Drained(instance, turn)) = due;
        if registrar.of(instance).is_none_or(|(_, life)| life.turn != turn) {
            continue;
        }
        match due {
            LifeDue::Started(..) => registrar.rise(instance),
            LifeDue::Restart(..) => registrar.restart(instance),
            LifeDue::AskIdle(..) => registrar.desk.send(Command::NotifyWhenIdle(instance)),
            LifeDue::Drained(..) => registrar.leave(instance),
        }
    }
}

/// Kills what others want dead, and starts what faults let go.
fn kill(mut registrar: Registrar<'_, '_>, mut kills: ResMut<'_, Kills>, mut released: ResMut<'_, Released>) {
    for (instance, cause) in std::mem::take(&mut kills.0) {
        let Some((member, life)) = registrar.of(instance) else { continue };
        if life.phase == Phase::Crashed && !cause.is_restart() {
            continue;
        }
        if life.up {
            registrar.desk.send(cause.command(instance));
            if !cause.is_restart() {
                registrar.desk.note_instance(&member, "crashed");
            }
        }
        registrar.fall(instance, cause);
    }
    for instance in std::mem::take(&mut released.0) {
        registrar.release(instance);
    }
}

/// Starts and stops what others decided, stops first, so that a new instance takes the place of an old one.
fn change(mut registrar: Registrar<'_, '_>, mut changes: ResMut<'_, Changes>) {
    for (service, version, count) in std::mem::take(&mut changes.first) {
        for _ in 0..count {
            registrar.create(service, version, 0, true);
        }
    }
    let (start, stop) = (std::mem::take(&mut changes.start), std::mem::take(&mut changes.stop));
    for instance in stop {
        registrar.drain(instance);
    }
    for (service, version, revision, count) in start {
        for _ in 0..count {
            registrar.create(service, version, revision, false);
        }
    }
}
