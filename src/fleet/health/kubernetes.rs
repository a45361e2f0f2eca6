//! Kubernetes probes.
//!
//! Readiness puts a pod into the rotation and takes it out; liveness restarts its container; a start-up probe suspends
//! the other two until it succeeds, and restarts the container when it fails. Without a readiness probe a pod serves as
//! soon as it runs. Every restart of a container begins from scratch.
//!
//! The kubelet does all that, and it is gone when its machine is (a lost zone, a silent restart): the pod's endpoint stays
//! until the node is found not ready, and the pod is replaced elsewhere only after its toleration. A machine that comes
//! back before that brings its pods with it: their containers start again, and have to become ready anew.

use bevy_ecs::prelude::*;

use super::{first_check, pronounce};
use crate::choice::params;
use crate::fleet::agenda::Timetable;
use crate::fleet::desk::{Chance, Desk, Inbox, Member, Roster};
use crate::fleet::health::HealthCheck;
use crate::fleet::life::{Cause, Kills, Life, News, Phase, Plan};
use crate::fleet::rotation::{Standing, Verdict};
use crate::ids::InstanceId;
use crate::kernel::command::{Command, Notice};
use crate::units::{SimSpan, SimTime};

params! {
    /// One Kubernetes probe (core/v1 defaults).
    pub struct Probe {
        /// Wait before the first probe. Default `"0s"`.
        pub initial_delay: SimSpan = SimSpan::ZERO,
        /// From one probe to the next. Default `"10s"` (Kubernetes).
        pub period: SimSpan = SimSpan::from_secs(10),
        /// How long an answer may take. Default `"1s"` (Kubernetes).
        pub timeout: SimSpan = SimSpan::from_secs(1),
        /// Successes in a row that count as success. Default 1 (must be 1 for liveness and start-up).
        pub success_threshold: u32 = 1,
        /// Failures in a row that count as failure. Default 3 (Kubernetes).
        pub failure_threshold: u32 = 3,
    }
}

params! {
    /// Kubernetes probes; each is off unless written.
    pub struct Kubernetes {
        /// Takes the instance out of rotation while it fails. Default: none: in rotation as soon as it runs.
        pub readiness: Option<Probe> = None,
        /// Restarts the instance when it fails. Default: none.
        pub liveness: Option<Probe> = None,
        /// Suspends the other two until it succeeds. Default: none.
        pub startup: Option<Probe> = None,
        /// How long after its machine is gone the node is found not ready, so that its endpoints are taken out. Default
        /// `"50s"` (`--node-monitor-grace-period` of Kubernetes 1.32 and later; `"40s"` before).
        pub node_grace: SimSpan = SimSpan::from_secs(50),
        /// How long after that its pods are given up and replaced elsewhere. Default `"300s"` (`tolerationSeconds` for
        /// `node.kubernetes.io/unreachable`, as admission sets it).
        pub toleration: SimSpan = SimSpan::from_secs(300),
    }
}

/// The three probes, with the numbers that mark their answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Startup = 1,
    Readiness = 2,
    Liveness = 3,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Startup, Self::Readiness, Self::Liveness];

    const fn of(self, kubernetes: &Kubernetes) -> Option<&Probe> {
        match self {
            Self::Startup => kubernetes.startup.as_ref(),
            Self::Readiness => kubernetes.readiness.as_ref(),
            Self::Liveness => kubernetes.liveness.as_ref(),
        }
    }
}

/// Answers in a row to one probe.
#[derive(Debug, Clone, Copy, Default)]
struct Streak {
    successes: u32,
    failures: u32,
}

/// What a streak amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tally {
    Success,
    Failure,
    Undecided,
}

impl Streak {
    fn count(&mut self, probe: &Probe, ok: bool) -> Tally {
        if ok {
            (self.successes, self.failures) = (self.successes.saturating_add(1), 0);
            if self.successes >= probe.success_threshold { Tally::Success } else { Tally::Undecided }
        } else {
            (self.successes, self.failures) = (0, self.failures.saturating_add(1));
            if self.failures >= probe.failure_threshold { Tally::Failure } else { Tally::Undecided }
        }
    }
}

/// The state of a pod's probes.
#[derive(Component, Debug, Default)]
pub(in crate::fleet) struct Probes {
    streaks: [Streak; 3],
    /// Counts the container's starts: answers to and timers for an earlier one are stale.
    run: u32,
}

/// A pod to be probed.
#[derive(Debug)]
pub(super) struct Due(InstanceId, Kind, u32);

/// A node, lost since then, is found not ready.
#[derive(Debug)]
pub(super) struct NotReady(InstanceId, SimTime);

/// The token of a probe: its kind, and the container's run.
const fn token(kind: Kind, run: u32) -> u64 {
    kind as u64 | (run as u64) << 8
}

/// What this behaviour keeps.
pub(super) fn prepare(world: &mut World) {
    world.insert_resource(Timetable::<Due>::of_checks());
    world.insert_resource(Timetable::<NotReady>::new());
}

/// Begins the readiness and liveness probes of a container.
fn begin(desk: &mut Desk<'_>, table: &mut Timetable<Due>, chance: &Chance, kubernetes: &Kubernetes, member: &Member, up_since: SimTime, run: u32) {
    let now = desk.now();
    for kind in [Kind::Readiness, Kind::Liveness] {
        if let Some(probe) = kind.of(kubernetes) {
            // The delay counts from the start of the container, part of which a start-up probe may have used.
            let delay = (up_since + probe.initial_delay).since(now);
            table.set(&mut desk.agenda, first_check(chance, member, now, delay, probe.period), Due(member.id, kind, run));
        }
    }
}

/// Begins probing containers that came up, and counts answers.
pub(super) fn observe(
    mut desk: Desk<'_>,
    inbox: Res<'_, Inbox>,
    (news, roster, chance): (Res<'_, News>, Res<'_, Roster>, Res<'_, Chance>),
    (mut table, mut nodes): (ResMut<'_, Timetable<Due>>, ResMut<'_, Timetable<NotReady>>),
    mut kills: ResMut<'_, Kills>,
    plans: Query<'_, '_, &Plan>,
    mut pods: Query<'_, '_, (&Member, &Life, &mut Standing, &mut Probes)>,
) {
    let now = desk.now();
    for NotReady(instance, since) in nodes.take(now) {
        let Some((member, life, mut standing, _)) = roster.instance(instance).and_then(|entity| pods.get_mut(entity).ok()) else { continue };
        if life.lost_since == Some(since) {
            pronounce(&mut desk, member, &mut standing, Verdict::Unhealthy);
        }
    }
    for instance in &news.risen {
        let Some((member, _, mut standing, mut probes)) = roster.instance(*instance).and_then(|entity| pods.get_mut(entity).ok()) else { continue };
        let Ok(Plan(plan)) = plans.get(roster.service(member.service)) else { continue };
        let Some(HealthCheck::Kubernetes(kubernetes)) = &plan.health else { continue };
        probes.run += 1;
        probes.streaks = [Streak::default(); 3];
        (standing.verdict, standing.since) = (Verdict::Initial, now);
        match &kubernetes.startup {
            Some(startup) if now > SimTime::ZERO => {
                table.set(&mut desk.agenda, now + startup.initial_delay, Due(*instance, Kind::Startup, probes.run));
            }
            _ => {
                if kubernetes.readiness.is_none() || now == SimTime::ZERO {
                    standing.verdict = Verdict::Healthy;
                }
                begin(&mut desk, &mut table, &chance, kubernetes, member, now, probes.run);
            }
        }
        desk.touch(member.service);
    }
    for notice in &inbox.0 {
        let Notice::Probed { instance, token: answered, ok } = *notice else { continue };
        let Some((member, life, mut standing, mut probes)) = roster.instance(instance).and_then(|entity| pods.get_mut(entity).ok()) else { continue };
        let Ok(Plan(plan)) = plans.get(roster.service(member.service)) else { continue };
        let Some(HealthCheck::Kubernetes(kubernetes)) = &plan.health else { continue };
        let Some(kind) = Kind::ALL.into_iter().find(|kind| token(*kind, probes.run) == answered) else { continue };
        let Some(probe) = kind.of(kubernetes).filter(|_| life.phase == Phase::Running) else { continue };
        let result = probes.streaks[kind as usize - 1].count(probe, ok);
        match (kind, result) {
            (_, Tally::Undecided) | (Kind::Liveness, Tally::Success) => {}
            (Kind::Startup, Tally::Success) => {
                if kubernetes.readiness.is_none() {
                    pronounce(&mut desk, member, &mut standing, Verdict::Healthy);
                }
                begin(&mut desk, &mut table, &chance, kubernetes, member, life.up_since, probes.run);
            }
            (Kind::Readiness, Tally::Success) => pronounce(&mut desk, member, &mut standing, Verdict::Healthy),
            (Kind::Readiness, Tally::Failure) => pronounce(&mut desk, member, &mut standing, Verdict::Unhealthy),
            (Kind::Liveness | Kind::Startup, Tally::Failure) => {
                pronounce(&mut desk, member, &mut standing, Verdict::Unhealthy);
                kills.0.push((instance, Cause::Restart));
                // Nothing counts against the container that takes its place.
                probes.run += 1;
            }
        }
    }
}

/// Sends the probes that are due, and begins to wait for nodes that went silent.
pub(super) fn probe(
    mut desk: Desk<'_>,
    (roster, news): (Res<'_, Roster>, Res<'_, News>),
    (mut table, mut nodes): (ResMut<'_, Timetable<Due>>, ResMut<'_, Timetable<NotReady>>),
    plans: Query<'_, '_, &Plan>,
    pods: Query<'_, '_, (&Member, &Life, &Probes)>,
) {
    let now = desk.now();
    for instance in &news.fallen {
        let Some((member, life, _)) = roster.instance(*instance).and_then(|entity| pods.get(entity).ok()) else { continue };
        let Ok(Plan(plan)) = plans.get(roster.service(member.service)) else { continue };
        if let (Some(HealthCheck::Kubernetes(kubernetes)), Some(since)) = (&plan.health, life.lost_since) {
            nodes.set(&mut desk.agenda, since + kubernetes.node_grace, NotReady(*instance, since));
        }
    }
    for Due(instance, kind, run) in table.take(now) {
        let Some((member, life, probes)) = roster.instance(instance).and_then(|entity| pods.get(entity).ok()) else { continue };
        let Ok(Plan(plan)) = plans.get(roster.service(member.service)) else { continue };
        let Some(HealthCheck::Kubernetes(kubernetes)) = &plan.health else { continue };
        let Some(probe) = kind.of(kubernetes) else { continue };
        if probes.run != run || life.phase != Phase::Running {
            continue;
        }
        // A start-up probe that has succeeded is done.
        if kind == Kind::Startup && probes.streaks[0].successes >= probe.success_threshold {
            continue;
        }
        desk.send(Command::Probe { instance, timeout: probe.timeout, token: token(kind, run) });
        table.set(&mut desk.agenda, now + probe.period.max(SimSpan::from_millis(1)), Due(instance, kind, run));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_fail_a_probe_and_one_success_mends_it() {
        let (probe, mut streak) = (Probe::default(), Streak::default());
        let results: Vec<Tally> = "--+---+".chars().map(|answer| streak.count(&probe, answer == '+')).collect();
        assert_eq!(results, [Tally::Undecided, Tally::Undecided, Tally::Success, Tally::Undecided, Tally::Undecided, Tally::Failure, Tally::Success]);
    }

    #[test]
    fn answers_to_another_probe_or_another_container_are_told_apart() {
        assert_ne!(token(Kind::Readiness, 1), token(Kind::Readiness, 2));
        assert_ne!(token(Kind::Readiness, 1), token(Kind::Liveness, 1));
        assert_ne!(token(Kind::Startup, 0), super::super::alb::TOKEN);
    }
}
