//! ECS service auto scaling by target tracking.
//!
//! Two alarms that AWS manages look at one-minute points: three in a row above the target scale out, fifteen in a row
//! below 90 % of it scale in. The new count is proportional: ceil(count × utilisation ÷ target). During the cooldown
//! after a scale-out the count before it stays the base, so that only a larger need adds more; scale-in waits for either
//! cooldown and for deployments to end. Scale-out never waits for the cooldown of a scale-in.

use super::minutes::{Minutes, PERIOD_SECS, next_minute};
use super::rule::{Rule, Situation};
use crate::choice::params;
use crate::units::{Ratio, SimSpan, SimTime};

params! {
    /// ECS service target tracking.
    pub struct TargetTracking {
        /// Fewest tasks. Default 1 (chosen for Fleetlab).
        pub min: u32 = 1,
        /// Most tasks. Default 10 (chosen for Fleetlab).
        pub max: u32 = 10,
        /// Target CPU utilisation. Default 70 % (chosen for Fleetlab).
        pub target_cpu: Ratio = Ratio::new(0.7),
        /// Wait after a scale-out. Default `"5m"` (AWS Application Auto Scaling).
        pub scale_out_cooldown: SimSpan = SimSpan::from_secs(300),
        /// Wait after a scale-in. Default `"5m"` (AWS Application Auto Scaling).
        pub scale_in_cooldown: SimSpan = SimSpan::from_secs(300),
    }
}

/// Points above the target that scale out.
const HIGH_POINTS: usize = 3;
/// Points below the lower bound that scale in.
const LOW_POINTS: usize = 15;
/// The lower bound as a share of the target, for ECS.
const LOW_SHARE: f64 = 0.9;

impl TargetTracking {
    /// Applies the rule.
    pub(super) fn rule(&self) -> Box<dyn Rule> {
        Box::new(Tracker { params: self.clone(), minutes: Minutes::default(), out: None, in_until: SimTime::ZERO })
    }
}

struct Tracker {
    params: TargetTracking,
    minutes: Minutes,
    /// The count before the last scale-out, and until when its cooldown lasts.
    out: Option<(u32, SimTime)>,
    /// Until when the cooldown of the last scale-in lasts.
    in_until: SimTime,
}

impl Rule for Tracker {
    fn first(&self) -> SimTime {
        SimTime::from_secs(PERIOD_SECS)
    }

    fn step(&mut self, situation: &Situation) -> (u32, SimTime) {
        let (now, current) = (situation.now, situation.desired);
        let TargetTracking { min, max, .. } = self.params;
        let target = self.params.target_cpu.get();
        self.minutes.push(situation.utilisation());
        self.out = self.out.filter(|(_, until)| now < *until);
        let wanted = |base: u32| {
            let ratio = self.minutes.last().unwrap_or(0.0) / target;
            // Nine digits, so that 4 × 0.7 ÷ 0.7 is 4.
            (((f64::from(base) * ratio * 1e9).round() / 1e9).ceil() as u32).clamp(min, max.max(min))
        };
        let mut desired = current.clamp(min, max.max(min));
        if self.minutes.all(HIGH_POINTS, |point| point > target) {
            let base = self.out.map_or(current, |(base, _)| base);
            let needed = wanted(base);
            if needed > desired {
                desired = needed;
                self.out = Some((base, now + self.params.scale_out_cooldown));
            }
        } else if self.minutes.all(LOW_POINTS, |point| point < target * LOW_SHARE) && self.out.is_none() && now >= self.in_until && !situation.deploying {
            let needed = wanted(current);
            if needed < desired {
                desired = needed;
                self.in_until = now + self.params.scale_in_cooldown;
            }
        }
        (desired, next_minute(now))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Reported;
    use super::*;

    /// Runs the rule every minute over a load in task-equivalents and says at which minute it changed the count to what.
    fn trace(params: &TargetTracking, mut tasks: u32, minutes: u64, load: impl Fn(u64) -> f64, deploying: impl Fn(u64) -> bool) -> Vec<(u64, u32)> {
        let mut rule = params.rule();
        let mut changes = Vec::new();
        for minute in 1..=minutes {
            let utilisation = Some((load(minute) / f64::from(tasks)).min(1.0));
            let each = Reported { born: SimTime::ZERO, ready_since: Some(SimTime::ZERO), has_run: true, utilisation };
            let situation =
                Situation { now: SimTime::from_secs(minute * 60), desired: tasks, deploying: deploying(minute), instances: vec![each; tasks as usize] };
            let (desired, next) = rule.step(&situation);
            assert_eq!(next, SimTime::from_secs((minute + 1) * 60));
            if desired != tasks {
                changes.push((minute, desired));
                tasks = desired;
            }
        }
        changes
    }

    fn tracking() -> TargetTracking {
        TargetTracking { target_cpu: Ratio::new(0.5), max: 40, ..TargetTracking::default() }
    }

    #[test]
    fn three_minutes_above_the_target_scale_out_in_proportion() {
        // Minutes 10, 11 and 12 are above; 4 tasks at 90 % make ceil(4 × 0.9 / 0.5) = 8.
        let changes = trace(&tracking(), 4, 14, |minute| if minute >= 10 { 3.6 } else { 2.0 }, |_| false);
        assert_eq!(changes, [(12, 8)]);
    }

    #[test]
    fn fifteen_minutes_below_nine_tenths_of_it_scale_in() {
        let at = |load: f64| trace(&tracking(), 10, 40, move |minute| if minute > 5 { load } else { 5.0 }, |_| false);
        assert_eq!(at(4.5), [], "45 % is not below 90 % of 50 %");
        assert_eq!(at(4.4), [(20, 9)]);
        assert_eq!(at(2.0), [(20, 4)]);
    }

    #[test]
    fn a_deployment_holds_scale_in_back_but_not_scale_out() {
        let quiet = trace(&tracking(), 10, 40, |_| 2.0, |minute| minute < 30);
        assert_eq!(quiet, [(30, 4)]);
        let busy = trace(&tracking(), 4, 5, |_| 3.6, |_| true);
        assert_eq!(busy, [(3, 8)]);
    }

    #[test]
    fn during_the_cooldown_only_a_larger_need_adds_more() {
        // 4 tasks saturated ask for 8; still saturated at the next minutes they ask for no more than 8 of the base 4.
        let steady = trace(&tracking(), 4, 7, |_| 100.0, |_| false);
        assert_eq!(steady, [(3, 8)]);
        // At 60 % first, then at 100 %: 5, and then 8 within the cooldown.
        let growing = trace(&tracking(), 4, 7, |minute| if minute < 5 { 2.4 } else { 100.0 }, |_| false);
        assert_eq!(growing, [(3, 5), (7, 8)]);
        // When the cooldown is over (300 s), the base is the new count.
        let on = trace(&tracking(), 4, 9, |_| 100.0, |_| false);
        assert_eq!(on, [(3, 8), (8, 16)]);
    }

    #[test]
    fn scale_in_waits_for_its_own_cooldown() {
        let load = |minute: u64| if minute < 20 { 4.0 } else { 1.0 };
        let changes = trace(&tracking(), 10, 60, load, |_| false);
        // At 15 min 40 % of 10 asks for 8, which is then at target until the load falls.
        assert_eq!(changes, [(15, 8), (34, 2)]);
    }
}
