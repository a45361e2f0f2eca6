//! The ECS rolling update.
//!
//! `minimumHealthyPercent` of the desired count, rounded up, stays healthy; `maximumPercent`, rounded down, may run.
//! Tasks on their way out count for neither. A task that nobody checks counts as healthy 40 s after it began to run.
//! Between the two limits old tasks are stopped only to make room or when new ones have taken their place. If the
//! limits leave no room at all (3 tasks at 100 % and 125 %), nothing moves and ECS says so in the service's events.
//! ECS never restarts a task: one that fails is stopped, and another one is started in its place.

use std::collections::BTreeSet;

use super::breaker::DeploymentBreaker;
use super::driver::{Driver, Orders, Scene, Seen, Stand, choose};
use super::watch::Watch;
use crate::choice::params;
use crate::ids::InstanceId;
use crate::telemetry::ledger::Cause;
use crate::units::{SimSpan, SimTime};

params! {
    /// ECS rolling update: `minimumHealthyPercent` rounds up, `maximumPercent` rounds down.
    pub struct EcsRolling {
        /// Share of the desired count that stays healthy. Default 100 % (ECS).
        pub minimum_healthy_percent: u32 = 100,
        /// Share of the desired count that may run. Default 200 % (ECS).
        pub maximum_percent: u32 = 200,
        /// Deployment circuit breaker. Default: none.
        pub circuit_breaker: Option<DeploymentBreaker> = None,
        /// Alarms that turn the deployment back. Default: none.
        pub alarms: Option<Watch> = None,
    }
}

/// A task that nobody checks counts as healthy after it has run this long.
const UNCHECKED_HEALTHY_AFTER: SimSpan = SimSpan::from_secs(40);

/// A failed task is replaced no sooner than this after the failure, if its service does not say when a crashed instance
/// starts again: ECS throttles tasks that fail.
const REPLACED_AFTER: SimSpan = SimSpan::from_secs(10);

impl EcsRolling {
    /// Fewest healthy and most running tasks while `desired` are wanted.
    pub fn limits(&self, desired: u32) -> (u32, u32) {
        let share = |percent: u32| u64::from(desired) * u64::from(percent);
        (share(self.minimum_healthy_percent).div_ceil(100) as u32, (share(self.maximum_percent) / 100) as u32)
    }

    /// Says what is impossible about the parameters, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.minimum_healthy_percent > 100 {
            Err(format!("`minimum_healthy_percent` is {}; it is 0 to 100", self.minimum_healthy_percent))
        } else if !(100..=1_000).contains(&self.maximum_percent) {
            Err(format!("`maximum_percent` is {}; it is 100 to 1000", self.maximum_percent))
        } else if self.minimum_healthy_percent == 100 && self.maximum_percent == 100 {
            Err("`minimum_healthy_percent` and `maximum_percent` are both 100, which leaves no room to replace anything".to_owned())
        } else {
            Ok(())
        }
    }

    /// Carries a deployment out.
    pub(super) fn driver(&self, restores: bool) -> Box<dyn Driver> {
        Box::new(Rolling {
            params: self.clone(),
            restores,
            in_a_row: 0,
            failed: 0,
            hold_until: SimTime::ZERO,
            healthy_before: BTreeSet::new(),
            reported: false,
        })
    }
}

struct Rolling {
    params: EcsRolling,
    restores: bool,
    /// Failures since a new task last became healthy.
    in_a_row: u32,
    failed: u32,
    /// No task is started before this, because one failed.
    hold_until: SimTime,
    /// New tasks that have been healthy.
    healthy_before: BTreeSet<InstanceId>,
    reported: bool,
}

impl Rolling {
    /// When a task counts as healthy; `None` if it does not yet and nobody can say when.
    fn healthy_at(scene: &Scene, seen: &Seen) -> Option<SimTime> {
        let since = seen.healthy_since?;
        if scene.checked || seen.up_since == Some(SimTime::ZERO) { Some(since) } else { Some(since + UNCHECKED_HEALTHY_AFTER) }
    }
}

impl Driver for Rolling {
    fn failed(&self) -> u32 {
        self.failed
    }

    fn step(&mut self, scene: &Scene) -> Orders {
        let mut orders = Orders::default();
        let is_healthy = |seen: &Seen| Self::healthy_at(scene, seen).is_some_and(|at| at <= scene.now);
        for seen in scene.new.iter().filter(|seen| is_healthy(seen)) {
            if self.healthy_before.insert(seen.id) {
                self.in_a_row = 0;
            }
        }
        let broken: BTreeSet<InstanceId> = scene.failures.iter().filter(|id| !self.healthy_before.contains(id)).copied().collect();
        self.in_a_row += broken.len() as u32;
        self.failed += broken.len() as u32;
        if !broken.is_empty() {
            self.hold_until = scene.now + scene.restart_after.unwrap_or(REPLACED_AFTER);
        }
        if let Some(breaker) = self.params.circuit_breaker.as_ref().filter(|_| !self.restores) {
            let threshold = breaker.failures_allowed(scene.desired);
            if self.in_a_row >= threshold {
                orders.stand = Stand::Failed { why: Cause::CircuitBreaker { failed: self.in_a_row, threshold }, restore: breaker.rollback };
                return orders;
            }
        }
        let is_broken = |seen: &Seen| broken.contains(&seen.id) || (seen.failed && !self.healthy_before.contains(&seen.id));
        let (replaced_tasks, new): (Vec<Seen>, Vec<Seen>) = scene.new.iter().partition(|seen| is_broken(seen));
        orders.stop.extend(replaced_tasks.iter().map(|seen| seen.id));

        let (keep, most) = self.params.limits(scene.desired);
        let (old_count, new_count) = (scene.old.len() as u32, new.len() as u32);
        let missing = scene.desired.saturating_sub(new_count);
        let room = most.saturating_sub(old_count + new_count);
        let held = scene.now < self.hold_until;
        orders.start = if held { 0 } else { missing.min(room) };
        orders.stop.extend(choose(&new, new_count.saturating_sub(scene.desired) as usize));

        let new_healthy = new.iter().filter(|seen| is_healthy(seen)).count() as u32;
        let (fit, unfit): (Vec<Seen>, Vec<Seen>) = scene.old.iter().partition(|seen| is_healthy(seen));
        let spare = (fit.len() as u32 + new_healthy).saturating_sub(keep);
        // Old tasks that nobody misses, and those that stand in the way of new ones.
        let replaced = old_count.saturating_sub(scene.desired.saturating_sub(new_healthy));
        let in_the_way = missing.saturating_sub(room);
        let wanted = replaced.max(in_the_way).min(old_count);
        let unfit_stops = wanted.min(unfit.len() as u32);
        let fit_stops = (wanted - unfit_stops).min(spare);
        orders.stop.extend(choose(&unfit, unfit_stops as usize));
        orders.stop.extend(choose(&fit, fit_stops as usize));

        if scene.old.is_empty() && new_healthy >= scene.desired && new_count == scene.desired {
            orders.stand = Stand::Completed;
            return orders;
        }
        let stuck = missing > 0 && room == 0 && unfit_stops + fit_stops == 0 && fit.len() as u32 == old_count && new_healthy == new_count;
        if stuck && !self.reported {
            self.reported = true;
            orders.report = Some(Cause::NoRoom { keep, most });
        }
        let next_healthy = new.iter().filter_map(|seen| Self::healthy_at(scene, seen)).filter(|at| *at > scene.now).min();
        orders.wake = next_healthy.into_iter().chain(held.then_some(self.hold_until)).min();
        orders
    }
}

#[cfg(test)]
mod tests {
    use super::super::driver::testing::{healthy, starting};
    use super::*;

    fn rolling(minimum_healthy_percent: u32, maximum_percent: u32) -> EcsRolling {
        EcsRolling { minimum_healthy_percent, maximum_percent, circuit_breaker: None, alarms: None }
    }

    #[test]
    fn the_minimum_rounds_up_and_the_maximum_rounds_down() {
        for (desired, minimum, maximum, limits) in
            [(4, 50, 200, (2, 8)), (2, 75, 200, (2, 4)), (3, 100, 125, (3, 3)), (5, 50, 150, (3, 7)), (10, 90, 110, (9, 11)), (1, 0, 100, (0, 1))]
        {
            assert_eq!(rolling(minimum, maximum).limits(desired), limits, "{desired} tasks at {minimum}/{maximum}");
        }
    }

    #[test]
    fn with_the_defaults_all_new_tasks_start_beside_the_old_ones() {
        let mut driver = EcsRolling::default().driver(false);
        let first = driver.step(&Scene { desired: 4, checked: true, old: healthy(0, 4, 0), ..Scene::default() });
        assert_eq!((first.start, first.stop), (4, vec![]));
        let one = Scene { desired: 4, checked: true, old: healthy(0, 4, 0), new: [healthy(4, 1, 9), starting(5, 3)].concat(), ..Scene::default() };
        let second = driver.step(&Scene { now: SimTime::from_secs(9), ..one });
        assert_eq!((second.start, second.stop.len()), (0, 1), "one old task goes for the one that is healthy");
    }

    #[test]
    fn three_tasks_at_100_and_125_percent_are_stuck_and_say_so_once() {
        let mut driver = rolling(100, 125).driver(false);
        let scene = Scene { desired: 3, checked: true, old: healthy(0, 3, 0), ..Scene::default() };
        let orders = driver.step(&scene);
        assert_eq!((orders.start, orders.stop.len(), orders.stand), (0, 0, Stand::Running));
        assert!(orders.report == Some(Cause::NoRoom { keep: 3, most: 3 }));
        assert_eq!(driver.step(&scene).report, None);
    }

    #[test]
    fn without_surplus_old_tasks_make_room() {
        let mut driver = rolling(50, 100).driver(false);
        let orders = driver.step(&Scene { desired: 4, checked: true, old: healthy(0, 4, 0), ..Scene::default() });
        assert_eq!((orders.start, orders.stop.len()), (0, 2));
        let orders = driver.step(&Scene { desired: 4, checked: true, old: healthy(0, 2, 0), ..Scene::default() });
        assert_eq!((orders.start, orders.stop.len()), (2, 0));
    }

    #[test]
    fn a_task_that_nobody_checks_counts_after_40_seconds() {
        let mut driver = EcsRolling::default().driver(false);
        let scene = |now| Scene { now: SimTime::from_secs(now), desired: 1, old: healthy(0, 1, 0), new: healthy(1, 1, 100), ..Scene::default() };
        let early = driver.step(&scene(139));
        assert_eq!((early.stop.len(), early.wake), (0, Some(SimTime::from_secs(140))));
        assert_eq!(driver.step(&scene(140)).stop, [InstanceId(0)]);
    }

    #[test]
    fn the_breaker_trips_at_13_failures_of_25() {
        let params = EcsRolling { circuit_breaker: Some(DeploymentBreaker::default()), ..EcsRolling::default() };
        let mut driver = params.driver(false);
        let mut restoring = params.driver(true);
        for failure in 1..=13 {
            let scene = Scene {
                now: SimTime::from_secs(u64::from(failure) * 60),
                desired: 25,
                checked: true,
                old: healthy(0, 25, 0),
                failures: vec![InstanceId(100 + failure)],
                ..Scene::default()
            };
            let stand = driver.step(&scene).stand;
            assert_eq!(matches!(stand, Stand::Failed { restore: true, .. }), failure == 13, "failure {failure}: {stand:?}");
            assert_eq!(restoring.step(&scene).stand, Stand::Running, "a rollback is not rolled back");
        }
        assert_eq!(driver.failed(), 13);
    }

    #[test]
    fn a_healthy_task_sets_the_breaker_back() {
        let params = EcsRolling { circuit_breaker: Some(DeploymentBreaker::default()), ..EcsRolling::default() };
        let mut driver = params.driver(false);
        let scene = Scene { desired: 2, checked: true, old: healthy(0, 2, 0), ..Scene::default() };
        driver.step(&Scene { failures: vec![InstanceId(7), InstanceId(8)], ..scene.clone() });
        driver.step(&Scene { new: healthy(9, 1, 0), ..scene.clone() });
        let orders = driver.step(&Scene { failures: vec![InstanceId(10), InstanceId(11)], new: healthy(9, 1, 0), ..scene });
        assert_eq!(orders.stand, Stand::Running);
    }

    #[test]
    fn a_failed_task_is_replaced_after_a_while_and_not_restarted() {
        let mut driver = EcsRolling::default().driver(false);
        let mut failed = starting(4, 1);
        failed[0].failed = true;
        let scene = Scene { desired: 1, checked: true, old: healthy(0, 1, 0), new: failed, failures: vec![InstanceId(4)], ..Scene::default() };
        let orders = driver.step(&scene);
        assert_eq!((orders.start, orders.stop, orders.wake), (0, vec![InstanceId(4)], Some(SimTime::from_secs(10))));
        let later = Scene { now: SimTime::from_secs(10), desired: 1, checked: true, old: healthy(0, 1, 0), ..Scene::default() };
        assert_eq!(driver.step(&later).start, 1);
    }

    #[test]
    fn limits_that_leave_no_room_by_definition_are_refused() {
        assert!(rolling(100, 100).check().is_err());
        assert!(rolling(101, 200).check().is_err());
        assert!(rolling(0, 100).check().is_ok());
    }
}
