//! The Kubernetes horizontal pod autoscaler, as the controller computes it.
//!
//! desired = ceil(ratio × pods) with ratio = utilisation ÷ target, where
//! - utilisation is a whole percentage, the mean over pods that are ready;
//! - nothing happens while the ratio is within 1 ± tolerance;
//! - when scaling up, pods that are not ready count as 0 %; pods without a metric count as 0 % when scaling up and as
//!   100 % when scaling down; if counting them turns the direction round, nothing happens;
//! - outside its bounds the count first goes to the nearest bound, and is worked out again at the next look;
//! - scaling up is limited to the larger of +100 % and +4 pods in 15 s; scaling down goes to the highest recommendation
//!   of the stabilisation window.
//!
//! A pod is not ready for this purpose, either, during its first five minutes until a whole metric window has passed
//! since it became ready.

use std::collections::VecDeque;

use super::rule::{Reported, Rule, Situation};
use crate::choice::params;
use crate::units::{Ratio, SimSpan, SimTime};

params! {
    /// Kubernetes horizontal pod autoscaler (autoscaling/v2 defaults).
    pub struct Hpa {
        /// Fewest pods. Default 1 (Kubernetes).
        pub min: u32 = 1,
        /// Most pods. Default 10 (chosen for Fleetlab).
        pub max: u32 = 10,
        /// Target CPU utilisation. Default 80 % (Kubernetes).
        pub target_cpu: Ratio = Ratio::new(0.8),
        /// From one decision to the next. Default `"15s"` (Kubernetes).
        pub sync: SimSpan = SimSpan::from_secs(15),
        /// No action while |ratio − 1| is at most this. Default 0.1 (Kubernetes).
        pub tolerance: f64 = 0.1,
        /// Scale down to the highest recommendation of this long. Default `"5m"` (Kubernetes).
        pub scale_down_stabilisation: SimSpan = SimSpan::from_secs(300),
    }
}

/// How long after its creation a pod's readiness is distrusted (`--horizontal-pod-autoscaler-cpu-initialization-period`).
const CPU_INITIALISATION: SimSpan = SimSpan::from_secs(300);
/// Period of the default scaling policies.
const POLICY_PERIOD: SimSpan = SimSpan::from_secs(15);

/// A pod in the controller's eyes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Pod {
    /// Ready, with its utilisation [%].
    Ready(f64),
    /// Not ready.
    Unready,
    /// Without a metric.
    Missing,
}

impl Hpa {
    /// Applies the rule.
    pub(super) fn rule(&self) -> Box<dyn Rule> {
        Box::new(Controller { params: self.clone(), recommendations: VecDeque::new(), scale_ups: VecDeque::new() })
    }

    /// How the controller groups a pod.
    fn group(&self, now: SimTime, pod: &Reported) -> Pod {
        let Some(utilisation) = pod.utilisation else {
            return if pod.has_run { Pod::Missing } else { Pod::Unready };
        };
        let young = now < pod.born + CPU_INITIALISATION;
        match pod.ready_since {
            Some(since) if young && now < since + self.sync => Pod::Unready,
            None if young => Pod::Unready,
            _ => Pod::Ready(utilisation * 100.0),
        }
    }

    /// The count that the metric asks for, before any limit.
    fn recommend(&self, current: u32, pods: &[Pod]) -> u32 {
        let target = (self.target_cpu.get() * 100.0).round().max(1.0);
        let ready: Vec<f64> = pods.iter().filter_map(|pod| if let Pod::Ready(percent) = pod { Some(*percent) } else { None }).collect();
        let count = |kind: Pod| pods.iter().filter(|pod| **pod == kind).count();
        let (unready, missing) = (count(Pod::Unready), count(Pod::Missing));
        if ready.is_empty() {
            return current;
        }
        // Whole percentages, as the controller's integer division leaves them; the hair is for sums that binary
        // fractions leave just below a whole number.
        let ratio = |sum: f64, pods: usize| (sum / pods as f64 + 1e-6).floor() / target;
        let within = |ratio: f64| (1.0 - self.tolerance..=1.0 + self.tolerance).contains(&ratio);
        let sum: f64 = ready.iter().sum();
        let first = ratio(sum, ready.len());
        let count_unready = unready > 0 && first > 1.0;
        if !count_unready && missing == 0 {
            return if within(first) { current } else { (first * ready.len() as f64).ceil() as u32 };
        }
        let mut pods = ready.len() + missing;
        let mut sum = sum;
        if first < 1.0 {
            sum += missing as f64 * target.max(100.0);
        } else if count_unready {
            pods += unready;
        }
        let second = ratio(sum, pods);
        if within(second) || (first < 1.0 && second > 1.0) || (first > 1.0 && second < 1.0) {
            return current;
        }
        let desired = (second * pods as f64).ceil() as u32;
        if (second < 1.0 && desired > current) || (second > 1.0 && desired < current) { current } else { desired }
    }
}

struct Controller {
    params: Hpa,
    /// Recommendations of the stabilisation window.
    recommendations: VecDeque<(SimTime, u32)>,
    /// Pods added, for the scale-up policies.
    scale_ups: VecDeque<(SimTime, u32)>,
}

impl Controller {
    fn decide(&mut self, now: SimTime, current: u32, recommended: u32) -> u32 {
        let Hpa { min, max, scale_down_stabilisation: window, .. } = self.params;
        let forget = |list: &mut VecDeque<(SimTime, u32)>, span: SimSpan| {
            while list.front().is_some_and(|(at, _)| *at + span <= now) {
                list.pop_front();
            }
        };
        forget(&mut self.recommendations, window);
        forget(&mut self.scale_ups, POLICY_PERIOD);
        self.recommendations.push_back((now, recommended));
        let highest = self.recommendations.iter().map(|(_, count)| *count).max().unwrap_or(recommended);
        let stabilised = if recommended >= current { recommended } else { current.min(highest) };
        let added: u32 = self.scale_ups.iter().map(|(_, count)| *count).sum();
        let start = current.saturating_sub(added);
        let ceiling = (start * 2).max(start + 4).max(current);
        let desired = if stabilised > current { stabilised.min(ceiling) } else { stabilised }.clamp(min, max.max(min));
        if desired > current {
            self.scale_ups.push_back((now, desired - current));
        }
        desired
    }
}

impl Rule for Controller {
    fn first(&self) -> SimTime {
        SimTime::ZERO + self.params.sync
    }

    fn step(&mut self, situation: &Situation) -> (u32, SimTime) {
        let next = situation.now + self.params.sync.max(SimSpan::from_secs(1));
        // A service that was scaled to nothing is left alone.
        if situation.desired == 0 {
            return (0, next);
        }
        if self.recommendations.is_empty() {
            // The controller remembers where it found things, so that it does not scale down at once.
            self.recommendations.push_back((situation.now, situation.desired));
        }
        let bounded = situation.desired.clamp(self.params.min, self.params.max.max(self.params.min));
        if bounded != situation.desired {
            return (bounded, next);
        }
        let pods: Vec<Pod> = situation.instances.iter().map(|pod| self.params.group(situation.now, pod)).collect();
        let recommended = self.params.recommend(situation.desired, &pods).clamp(self.params.min, self.params.max.max(self.params.min));
        (self.decide(situation.now, situation.desired, recommended), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hpa(target: f64, max: u32) -> Hpa {
        Hpa { target_cpu: Ratio::new(target), max, ..Hpa::default() }
    }

    /// Runs the controller every 15 s over a load in pod-equivalents, with pods that are ready at once, and says when it
    /// changed the count and to what.
    fn trace(params: &Hpa, mut pods: u32, until: u64, load: impl Fn(u64) -> f64) -> Vec<(u64, u32)> {
        let mut rule = params.rule();
        let mut changes = Vec::new();
        for t in (15..=until).step_by(15) {
            let each = Reported { born: SimTime::ZERO, ready_since: Some(SimTime::ZERO), has_run: true, utilisation: Some(load(t) / f64::from(pods)) };
            let situation = Situation { now: SimTime::from_secs(t), desired: pods, deploying: false, instances: vec![each; pods as usize] };
            let (desired, next) = rule.step(&situation);
            assert_eq!(next, SimTime::from_secs(t + 15));
            if desired != pods {
                changes.push((t, desired));
                pods = desired;
            }
        }
        changes
    }

    #[test]
    fn a_step_from_2_to_6_pods_of_load_takes_4_to_8_to_12_and_back_after_the_window() {
        let load = |t: u64| if (60..600).contains(&t) { 6.0 } else { 2.0 };
        let changes = trace(&hpa(0.5, 20), 4, 1_200, load);
        assert_eq!(changes, [(60, 8), (75, 12), (885, 4)]);
    }

    #[test]
    fn a_large_step_doubles_every_15_seconds() {
        let changes = trace(&hpa(0.5, 100), 4, 300, |t| if t >= 60 { 20.0 } else { 2.0 });
        assert_eq!(changes, [(60, 8), (75, 16), (90, 32), (105, 40)]);
    }

    #[test]
    fn a_ratio_of_1_10_is_tolerated_and_1_12_is_not() {
        assert_eq!(trace(&hpa(0.5, 20), 4, 60, |_| 4.0 * 0.55), []);
        assert_eq!(trace(&hpa(0.5, 20), 4, 60, |_| 4.0 * 0.56), [(15, 5)]);
    }

    #[test]
    fn small_fleets_grow_by_four_pods_and_large_ones_double() {
        assert_eq!(trace(&hpa(0.5, 100), 1, 30, |_| 50.0)[0], (15, 5));
        assert_eq!(trace(&hpa(0.5, 100), 10, 30, |_| 50.0)[0], (15, 20));
    }

    #[test]
    fn unready_pods_count_as_idle_when_scaling_up_only() {
        let hpa = hpa(0.5, 100);
        let full = [Pod::Ready(100.0); 4];
        assert_eq!(hpa.recommend(4, &full), 8);
        // 400 % over 8 pods is on target, so the pods that are starting are enough.
        assert_eq!(hpa.recommend(8, &[full, [Pod::Unready; 4]].concat()), 8);
        // Scaling down looks at the ready ones alone.
        assert_eq!(hpa.recommend(8, &[[Pod::Ready(10.0); 4], [Pod::Unready; 4]].concat()), 1);
    }

    #[test]
    fn missing_metrics_dampen_either_direction() {
        let hpa = hpa(0.5, 100);
        assert_eq!(hpa.recommend(4, &[Pod::Ready(20.0), Pod::Ready(20.0), Pod::Ready(20.0), Pod::Missing]), 4, "160 % over 4 pods is 40 %");
        assert_eq!(hpa.recommend(4, &[Pod::Ready(80.0), Pod::Ready(80.0), Pod::Missing, Pod::Missing]), 4, "160 % over 4 pods again");
        assert_eq!(hpa.recommend(3, &[Pod::Missing, Pod::Unready]), 3, "nothing to go by");
    }

    #[test]
    fn a_pod_is_not_ready_until_a_whole_window_has_passed_in_its_first_minutes() {
        let hpa = Hpa::default();
        let pod = |born, ready| Reported { born: SimTime::from_secs(born), ready_since: ready, has_run: true, utilisation: Some(0.5) };
        let at = SimTime::from_secs;
        assert_eq!(hpa.group(at(100), &pod(60, Some(at(90)))), Pod::Unready);
        assert_eq!(hpa.group(at(105), &pod(60, Some(at(90)))), Pod::Ready(50.0));
        assert_eq!(hpa.group(at(105), &pod(60, None)), Pod::Unready);
        assert_eq!(hpa.group(at(500), &pod(60, None)), Pod::Ready(50.0), "it was ready once, so its metric counts");
    }

    #[test]
    fn a_count_above_the_most_goes_to_the_most_first() {
        let params = Hpa { scale_down_stabilisation: SimSpan::from_secs(15), ..hpa(0.5, 10) };
        assert_eq!(trace(&params, 30, 60, |_| 2.0), [(15, 10), (30, 4)]);
    }

    #[test]
    fn the_bounds_hold() {
        let params = Hpa { min: 3, max: 6, ..hpa(0.5, 6) };
        assert_eq!(trace(&params, 4, 30, |_| 40.0), [(15, 6)]);
        let changes = trace(&params, 6, 600, |_| 0.1);
        assert_eq!(changes.last().map(|(_, count)| *count), Some(3));
    }
}
