//! Step scaling: the higher the utilisation, the larger the step.
//!
//! One-minute points; when enough of them in a row are above the lowest adding step, the highest step that the newest
//! one reaches applies, and likewise with removing steps. After an action nothing happens during the cooldown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::minutes::{Minutes, PERIOD_SECS, next_minute};
use super::rule::{Rule, Situation};
use crate::choice::params;
use crate::units::{Ratio, SimSpan, SimTime};

/// One step of step scaling.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingStep {
    /// The step applies from this utilisation up.
    pub above: Ratio,
    /// Tasks added (negative: removed).
    pub change: i32,
}

params! {
    /// Step scaling on CPU utilisation.
    pub struct StepScaling {
        /// Fewest tasks. Default 1 (chosen for Fleetlab).
        pub min: u32 = 1,
        /// Most tasks. Default 10 (chosen for Fleetlab).
        pub max: u32 = 10,
        /// Minutes in a row above the lowest adding step that trigger it. Default 3 (chosen for Fleetlab).
        pub evaluation_periods: u32 = 3,
        /// The steps; the highest one reached applies.
        pub steps: Vec<ScalingStep> = Vec::new(),
        /// Wait after an action. Default `"5m"` (AWS Application Auto Scaling).
        pub cooldown: SimSpan = SimSpan::from_secs(300),
    }
}

impl StepScaling {
    /// Applies the rule.
    pub(super) fn rule(&self) -> Box<dyn Rule> {
        Box::new(Stepper { params: self.clone(), minutes: Minutes::default(), until: SimTime::ZERO })
    }

    /// The change that a utilisation asks for.
    fn change_at(&self, utilisation: f64) -> i32 {
        let reached = self.steps.iter().filter(|step| utilisation >= step.above.get());
        reached.max_by(|one, other| one.above.get().total_cmp(&other.above.get())).map_or(0, |step| step.change)
    }
}

struct Stepper {
    params: StepScaling,
    minutes: Minutes,
    /// Until when the cooldown lasts.
    until: SimTime,
}

impl Rule for Stepper {
    fn first(&self) -> SimTime {
        SimTime::from_secs(PERIOD_SECS)
    }

    fn step(&mut self, situation: &Situation) -> (u32, SimTime) {
        let now = situation.now;
        self.minutes.push(situation.utilisation());
        let StepScaling { min, max, evaluation_periods, .. } = self.params;
        let mut desired = i64::from(situation.desired);
        let periods = evaluation_periods.max(1) as usize;
        let adding = self.minutes.all(periods, |point| self.params.change_at(point) > 0);
        let removing = self.minutes.all(periods, |point| self.params.change_at(point) < 0);
        if now >= self.until && (adding || removing) {
            desired += i64::from(self.params.change_at(self.minutes.last().unwrap_or(0.0)));
        }
        let desired = desired.clamp(i64::from(min), i64::from(max.max(min))) as u32;
        if desired != situation.desired {
            self.until = now + self.params.cooldown;
        }
        (desired, next_minute(now))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Reported;
    use super::*;

    fn trace(points: &[f64]) -> Vec<u32> {
        let step = |above, change| ScalingStep { above: Ratio::new(above), change };
        let params = StepScaling { steps: vec![step(0.9, 4), step(0.7, 1), step(0.3, 0), step(0.0, -1)], min: 2, ..StepScaling::default() };
        let mut rule = params.rule();
        let mut tasks = 4;
        points
            .iter()
            .enumerate()
            .map(|(minute, point)| {
                let each = Reported { born: SimTime::ZERO, ready_since: Some(SimTime::ZERO), has_run: true, utilisation: Some(*point) };
                let now = SimTime::from_secs((minute as u64 + 1) * 60);
                tasks = rule.step(&Situation { now, desired: tasks, deploying: false, instances: vec![each; 2] }).0;
                tasks
            })
            .collect()
    }

    #[test]
    fn the_highest_step_reached_applies_after_three_minutes() {
        assert_eq!(trace(&[0.8, 0.8, 0.8]), [4, 4, 5]);
        assert_eq!(trace(&[0.8, 0.8, 0.95]), [4, 4, 8]);
        assert_eq!(trace(&[0.8, 0.5, 0.95]), [4, 4, 4]);
    }

    #[test]
    fn nothing_happens_during_the_cooldown_nor_in_the_quiet_zone() {
        assert_eq!(trace(&[0.8; 9]), [4, 4, 5, 5, 5, 5, 5, 6, 6]);
        assert_eq!(trace(&[0.5; 9]), [4; 9]);
    }

    #[test]
    fn low_utilisation_removes_down_to_the_minimum() {
        assert_eq!(trace(&[0.1; 20]).last(), Some(&2));
    }
}
