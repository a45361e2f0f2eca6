//! The Kubernetes rolling update.
//!
//! `maxSurge` of the desired count, rounded up, may exist on top of it; `maxUnavailable`, rounded down, may be missing.
//! Pods that terminate count for neither. Old pods that are not available go first, because they serve nobody. A pod is
//! available once it has been ready for `minReadySeconds`. A rollout without progress is reported after the deadline
//! and goes on trying: nothing is rolled back.

use super::driver::{Driver, Orders, Scene, Seen, Stand, choose};
use super::int_or_percent::IntOrPercent;
use crate::choice::params;
use crate::telemetry::ledger::Cause;
use crate::units::{SimSpan, SimTime};

params! {
    /// Kubernetes `RollingUpdate`: `maxSurge` rounds up, `maxUnavailable` rounds down; both zero is refused.
    pub struct RollingUpdate {
        /// Pods above the desired count: a number of pods (`1`) or a percentage (`"25%"`). Default `"25%"` (Kubernetes).
        pub max_surge: IntOrPercent = IntOrPercent::Percent(25),
        /// Pods that may be missing: a number of pods (`1`) or a percentage up to 100 (`"25%"`). Default `"25%"`
        /// (Kubernetes).
        pub max_unavailable: IntOrPercent = IntOrPercent::Percent(25),
        /// How long a pod must be ready before it counts as available. Default `"0s"` (Kubernetes `minReadySeconds`).
        pub min_ready: SimSpan = SimSpan::ZERO,
        /// After this long without progress the rollout is reported as stuck (nothing is rolled back). Default `"10m"`
        /// (Kubernetes `progressDeadlineSeconds`).
        pub progress_deadline: SimSpan = SimSpan::from_secs(600),
    }
}

impl RollingUpdate {
    /// Most pods and fewest available pods while `desired` are wanted. Where both round to nothing, one pod may be
    /// missing, as in Kubernetes.
    pub fn limits(&self, desired: u32) -> (u32, u32) {
        let (surge, missing) = (self.max_surge.rounded_up(desired), self.max_unavailable.rounded_down(desired));
        let missing = if surge == 0 && missing == 0 { 1 } else { missing };
        (desired.saturating_add(surge), desired.saturating_sub(missing))
    }

    /// Says what is impossible about the parameters, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.max_surge.is_zero() && self.max_unavailable.is_zero() {
            return Err("`max_surge` and `max_unavailable` are both 0, which leaves no room to replace anything".to_owned());
        }
        if matches!(self.max_unavailable, IntOrPercent::Percent(101..)) {
            return Err(format!("`max_unavailable` is {}; no more than 100% can be missing", self.max_unavailable));
        }
        Ok(())
    }

    /// Carries a deployment out.
    pub(super) fn driver(&self, _restores: bool) -> Box<dyn Driver> {
        Box::new(Update { params: self.clone(), progress: None, reported: false, seen: (0, 0), failed: 0 })
    }
}

struct Update {
    params: RollingUpdate,
    /// When the rollout last made progress.
    progress: Option<SimTime>,
    reported: bool,
    /// Old pods left and new pods available at the last progress.
    seen: (usize, usize),
    failed: u32,
}

impl Driver for Update {
    fn failed(&self) -> u32 {
        self.failed
    }

    fn step(&mut self, scene: &Scene) -> Orders {
        let mut orders = Orders::default();
        self.failed += scene.failures.len() as u32;
        let available_at = |seen: &Seen| {
            let since = seen.healthy_since?;
            // The first fleet has been ready for long.
            Some(if seen.up_since == Some(SimTime::ZERO) { since } else { since + self.params.min_ready })
        };
        let is_available = |seen: &Seen| available_at(seen).is_some_and(|at| at <= scene.now);
        let (most, fewest) = self.params.limits(scene.desired);
        let new_available = scene.new.iter().filter(|seen| is_available(seen)).count();
        let (fit, unfit): (Vec<Seen>, Vec<Seen>) = scene.old.iter().partition(|seen| is_available(seen));
        let (mut fit_left, mut unfit_left) = (fit.len() as u32, unfit.len() as u32);
        let mut new_count = scene.new.len() as u32;

        // The controller grows the new set and shrinks the old one by turns until neither moves.
        loop {
            let total = new_count + fit_left + unfit_left;
            let grow = scene.desired.saturating_sub(new_count).min(most.saturating_sub(total));
            new_count += grow;
            orders.start += grow;
            let total = total + grow;
            let new_unavailable = new_count - (new_available as u32).min(new_count);
            let mut shrink = total.saturating_sub(fewest).saturating_sub(new_unavailable);
            let unfit_stops = shrink.min(unfit_left);
            shrink -= unfit_stops;
            let fit_stops = shrink.min(fit_left).min((fit_left + new_available as u32).saturating_sub(fewest));
            unfit_left -= unfit_stops;
            fit_left -= fit_stops;
            if grow + unfit_stops + fit_stops == 0 {
                break;
            }
        }
        orders.stop.extend(choose(&unfit, unfit.len() - unfit_left as usize));
        orders.stop.extend(choose(&fit, fit.len() - fit_left as usize));
        orders.stop.extend(choose(&scene.new, (scene.new.len() as u32).saturating_sub(scene.desired) as usize));

        if scene.old.is_empty() && new_available as u32 >= scene.desired && scene.new.len() as u32 == scene.desired {
            orders.stand = Stand::Completed;
            return orders;
        }
        let seen = (scene.old.len(), new_available);
        let progress = match self.progress {
            Some(at) if self.seen == seen => at,
            _ => scene.now,
        };
        (self.progress, self.seen) = (Some(progress), seen);
        let deadline = progress + self.params.progress_deadline;
        if scene.now < deadline {
            self.reported = false;
        } else if !self.reported {
            self.reported = true;
            orders.report = Some(Cause::ProgressDeadline);
        }
        let next_available = scene.new.iter().chain(&scene.old).filter_map(available_at).filter(|at| *at > scene.now).min();
        orders.wake = next_available.into_iter().chain((scene.now < deadline).then_some(deadline)).min();
        orders
    }
}

#[cfg(test)]
mod tests {
    use super::super::driver::testing::{healthy, starting};
    use super::IntOrPercent::{Percent, Pods};
    use super::*;

    #[test]
    fn the_surge_rounds_up_and_the_missing_round_down() {
        let update = RollingUpdate::default();
        for (desired, limits) in [(1, (2, 1)), (2, (3, 2)), (3, (4, 3)), (4, (5, 3)), (5, (7, 4)), (7, (9, 6)), (10, (13, 8)), (11, (14, 9))] {
            assert_eq!(update.limits(desired), limits, "{desired} pods");
        }
        let update = |max_surge, max_unavailable| RollingUpdate { max_surge, max_unavailable, ..RollingUpdate::default() };
        assert_eq!(update(Pods(0), Percent(10)).limits(3), (3, 2), "both round to nothing");
        assert_eq!(update(Percent(10), Percent(10)).limits(30), (33, 27));
    }

    /// `maxSurge: 1` is one pod, however many there are.
    #[test]
    fn a_number_is_a_number_of_pods() {
        let update = |max_surge, max_unavailable| RollingUpdate { max_surge, max_unavailable, ..RollingUpdate::default() };
        for (desired, limits) in [(1, (2, 1)), (4, (5, 4)), (10, (11, 10))] {
            assert_eq!(update(Pods(1), Pods(0)).limits(desired), limits, "{desired} pods");
        }
        assert_eq!(update(Pods(0), Pods(2)).limits(10), (10, 8));
        assert_eq!(update(Pods(2), Percent(50)).limits(5), (7, 3));
        assert_eq!(update(Percent(150), Pods(0)).limits(4), (10, 4), "a surge may be more than everything");
        let mut driver = update(Pods(1), Pods(0)).driver(false);
        let orders = driver.step(&Scene { desired: 4, checked: true, old: healthy(0, 4, 0), ..Scene::default() });
        assert_eq!((orders.start, orders.stop.len()), (1, 0), "one by one");
    }

    #[test]
    fn ten_pods_at_25_percent_go_through_13_and_8() {
        let mut driver = RollingUpdate::default().driver(false);
        let orders = driver.step(&Scene { desired: 10, checked: true, old: healthy(0, 10, 0), ..Scene::default() });
        // Three on top, two old ones away, and two more in their place: 8 old and 5 new make 13.
        assert_eq!((orders.start, orders.stop.len()), (5, 2));
        let waiting = Scene { desired: 10, checked: true, old: healthy(0, 8, 0), new: starting(10, 5), ..Scene::default() };
        let orders = driver.step(&waiting);
        assert_eq!((orders.start, orders.stop.len()), (0, 0), "13 pods, 8 of them available: nothing may move");
        let orders = driver.step(&Scene { new: [healthy(10, 2, 0), starting(12, 3)].concat(), ..waiting });
        assert_eq!((orders.start, orders.stop.len()), (2, 2), "two new ones are ready: two old ones go, two more come");
    }

    #[test]
    fn old_pods_that_serve_nobody_go_first() {
        let mut driver = RollingUpdate::default().driver(false);
        let mut old = healthy(0, 4, 0);
        old[2].healthy_since = None;
        let orders = driver.step(&Scene { desired: 4, checked: true, old, ..Scene::default() });
        assert_eq!(orders.stop, [crate::ids::InstanceId(2)]);
    }

    #[test]
    fn a_pod_must_be_ready_for_min_ready_before_it_counts() {
        let params = RollingUpdate { min_ready: SimSpan::from_secs(30), ..RollingUpdate::default() };
        let mut driver = params.driver(false);
        let scene = |now| Scene { now: SimTime::from_secs(now), desired: 1, checked: true, old: healthy(0, 1, 0), new: healthy(1, 1, 50), ..Scene::default() };
        let early = driver.step(&scene(79));
        assert_eq!((early.stop.len(), early.wake), (0, Some(SimTime::from_secs(80))));
        assert_eq!(driver.step(&scene(80)).stop.len(), 1);
    }

    #[test]
    fn a_rollout_without_progress_is_reported_and_goes_on() {
        let mut driver = RollingUpdate::default().driver(false);
        let scene = |now| Scene { now: SimTime::from_secs(now), desired: 4, checked: true, old: healthy(0, 3, 0), new: starting(4, 2), ..Scene::default() };
        assert_eq!(driver.step(&scene(0)).wake, Some(SimTime::from_secs(600)));
        assert_eq!(driver.step(&scene(599)).report, None);
        let late = driver.step(&scene(600));
        assert_eq!((late.report, late.stand), (Some(Cause::ProgressDeadline), Stand::Running));
        assert_eq!(driver.step(&scene(601)).report, None, "said once");
        // Progress starts the deadline anew.
        let moved = Scene { new: healthy(4, 2, 0), ..scene(700) };
        assert_eq!(driver.step(&moved).wake, Some(SimTime::from_secs(1_300)));
    }

    #[test]
    fn no_room_at_all_is_refused() {
        let update = |max_surge, max_unavailable| RollingUpdate { max_surge, max_unavailable, ..RollingUpdate::default() };
        assert!(update(Pods(0), Percent(0)).check().is_err());
        assert!(update(Pods(1), Percent(101)).check().is_err());
        assert!(update(Percent(200), Percent(100)).check().is_ok());
        assert!(RollingUpdate::default().check().is_ok());
    }
}
