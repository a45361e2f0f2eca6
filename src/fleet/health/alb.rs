//! Target group health checks of an Application Load Balancer.
//!
//! A new target needs one success; out of the rotation after `unhealthy_threshold` failures in a row, back after
//! `healthy_threshold` successes in a row. The load balancer knows nothing of processes: it goes on checking a target
//! that crashed, and finds out by its checks alone.

use bevy_ecs::prelude::*;

use super::{first_check, pronounce};
use crate::choice::params;
use crate::fleet::agenda::Timetable;
use crate::fleet::desk::{Chance, Desk, Inbox, Member, Roster};
use crate::fleet::health::HealthCheck;
use crate::fleet::life::{Life, News, Phase, Plan};
use crate::fleet::rotation::{Standing, Verdict};
use crate::ids::InstanceId;
use crate::kernel::command::{Command, Notice};
use crate::units::{SimSpan, SimTime};

params! {
    /// Target group health check (Elastic Load Balancing API defaults).
    pub struct Alb {
        /// From one check to the next, 5 s to 300 s. Default `"30s"` (ALB).
        pub interval: SimSpan = SimSpan::from_secs(30),
        /// How long an answer may take. Default `"5s"` (ALB).
        pub timeout: SimSpan = SimSpan::from_secs(5),
        /// Successes in a row that make an unhealthy target healthy, 2 to 10. Default 5 (ALB). A new target needs one.
        pub healthy_threshold: u32 = 5,
        /// Failures in a row that make a target unhealthy, 2 to 10. Default 2 (ALB).
        pub unhealthy_threshold: u32 = 2,
        /// Below this many healthy targets traffic goes to all of them (fail-open). Default 1 (ALB).
        pub minimum_healthy: u32 = 1,
        /// A target that turned healthy gets a share that rises linearly for this long, 30 s to 900 s. Default `"0s"`: off.
        pub slow_start: SimSpan = SimSpan::ZERO,
    }
}

/// Marks an answer as one of this file's.
pub(super) const TOKEN: u64 = 0;

/// Answers in a row.
#[derive(Component, Debug, Default)]
pub(in crate::fleet) struct Tally {
    successes: u32,
    failures: u32,
    checking: bool,
}

impl Tally {
    /// The verdict after one more answer.
    fn count(&mut self, alb: &Alb, verdict: Verdict, ok: bool) -> Verdict {
        if ok {
            (self.successes, self.failures) = (self.successes.saturating_add(1), 0);
            match verdict {
                Verdict::Unhealthy if self.successes < alb.healthy_threshold => verdict,
                _ => Verdict::Healthy,
            }
        } else {
            (self.successes, self.failures) = (0, self.failures.saturating_add(1));
            if self.failures >= alb.unhealthy_threshold { Verdict::Unhealthy } else { verdict }
        }
    }
}

/// A target to be checked.
#[derive(Debug)]
pub(super) struct Due(InstanceId);

/// What this behaviour keeps.
pub(super) fn prepare(world: &mut World) {
    world.insert_resource(Timetable::<Due>::of_checks());
}

/// Registers targets that came up, and counts answers.
pub(super) fn observe(
    mut desk: Desk<'_>,
    inbox: Res<'_, Inbox>,
    news: Res<'_, News>,
    roster: Res<'_, Roster>,
    chance: Res<'_, Chance>,
    mut table: ResMut<'_, Timetable<Due>>,
    plans: Query<'_, '_, &Plan>,
    mut targets: Query<'_, '_, (&Member, &mut Standing, &mut Tally)>,
) {
    let now = desk.now();
    for instance in &news.risen {
        let Some((member, mut standing, mut tally)) = roster.instance(*instance).and_then(|entity| targets.get_mut(entity).ok()) else { continue };
        let Ok(Plan(plan)) = plans.get(roster.service(member.service)) else { continue };
        let Some(HealthCheck::Alb(alb)) = &plan.health else { continue };
        if now == SimTime::ZERO {
            standing.verdict = Verdict::Healthy;
        }
        if !tally.checking {
            tally.checking = true;
            table.set(&mut desk.agenda, first_check(&chance, member, now, SimSpan::ZERO, alb.interval), Due(*instance));
        }
        desk.touch(member.service);
    }
    for notice in &inbox.0 {
        let Notice::Probed { instance, token: TOKEN, ok } = *notice else { continue };
        let Some((member, mut standing, mut tally)) = roster.instance(instance).and_then(|entity| targets.get_mut(entity).ok()) else { continue };
        let Ok(Plan(plan)) = plans.get(roster.service(member.service)) else { continue };
        let Some(HealthCheck::Alb(alb)) = &plan.health else { continue };
        let verdict = tally.count(alb, standing.verdict, ok);
        pronounce(&mut desk, member, &mut standing, verdict);
    }
}

/// Sends the checks that are due.
pub(super) fn probe(
    mut desk: Desk<'_>,
    roster: Res<'_, Roster>,
    mut table: ResMut<'_, Timetable<Due>>,
    plans: Query<'_, '_, &Plan>,
    targets: Query<'_, '_, (&Member, &Life), With<Tally>>,
) {
    let now = desk.now();
    for Due(instance) in table.take(now) {
        let Some((member, life)) = roster.instance(instance).and_then(|entity| targets.get(entity).ok()) else { continue };
        let Ok(Plan(plan)) = plans.get(roster.service(member.service)) else { continue };
        let Some(HealthCheck::Alb(alb)) = &plan.health else { continue };
        // A target that deregisters is not checked any more.
        if life.phase != Phase::Draining {
            desk.send(Command::Probe { instance, timeout: alb.timeout, token: TOKEN });
            table.set(&mut desk.agenda, now + alb.interval.max(SimSpan::from_millis(1)), Due(instance));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a target through answers and says its verdict after each.
    fn verdicts(start: Verdict, answers: &str) -> String {
        let (alb, mut tally, mut verdict) = (Alb::default(), Tally::default(), start);
        let mut letters = String::new();
        for answer in answers.chars() {
            verdict = tally.count(&alb, verdict, answer == '+');
            letters.push(match verdict {
                Verdict::Initial => 'i',
                Verdict::Healthy => 'h',
                Verdict::Unhealthy => 'u',
            });
        }
        letters
    }

    #[test]
    fn a_new_target_needs_one_success_and_a_returning_one_five_in_a_row() {
        assert_eq!(verdicts(Verdict::Initial, "-+"), "ih");
        assert_eq!(verdicts(Verdict::Unhealthy, "++++-+++++"), "uuuuuuuuuh");
    }

    #[test]
    fn two_failures_in_a_row_take_a_target_out() {
        assert_eq!(verdicts(Verdict::Healthy, "-+--+"), "hhhuu");
        assert_eq!(verdicts(Verdict::Initial, "--"), "iu");
    }
}
