//! How much of the traffic and how many instances an Argo canary wants where it is.
//!
//! Everything here follows from the step, the state and the counts, and changes nothing. The rules are those of
//! `argoproj/argo-rollouts` (`utils/replicaset/canary.go`, `rollout/trafficrouting.go`).

use super::common::{DELAY, available};
use super::driver::{Scene, Seen};
use super::replicas::{Basic, Set, for_weight};
use super::rollout::{CanaryRun, State};
use super::steps::{SetCanaryScale, Step};
use crate::units::SimSpan;

/// What there is.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    pub(super) canary: Set,
    pub(super) stable: Set,
    pub(super) stables: Vec<Seen>,
    pub(super) others: Vec<Seen>,
    pub(super) others_available: u32,
}

impl CanaryRun {
    /// The weight of the last `setWeight` up to a step, that step included.
    pub(super) fn weight_by(&self, steps: usize) -> u32 {
        let mut before = self.params.steps.iter().take(steps).rev();
        before.find_map(|step| if let Step::SetWeight(weight) = step { Some(*weight) } else { None }).unwrap_or(0)
    }

    /// The weight that belongs to where it is.
    pub(super) fn wanted_weight(&self) -> u32 {
        match self.state {
            State::Promoted { .. } => self.most(),
            State::Aborted { .. } => 0,
            State::Going if self.full || self.at >= self.params.steps.len() => self.most(),
            State::Going => self.weight_by(self.at + 1),
        }
    }

    /// The `setCanaryScale` that counts now.
    pub(super) fn canary_scale(&self) -> Option<&SetCanaryScale> {
        if !self.params.traffic_routing || self.full || !self.is_going() || self.at >= self.params.steps.len() {
            return None;
        }
        let mut before = self.params.steps.iter().take(self.at + 1).rev();
        before.find_map(|step| if let Step::SetCanaryScale(scale) = step { Some(scale) } else { None }).filter(|scale| !scale.match_traffic_weight)
    }

    /// How long the new version's instances stay after an abort; `None`: for ever.
    pub(super) fn abort_delay(&self) -> Option<SimSpan> {
        match self.params.abort_scale_down_delay {
            Some(SimSpan::ZERO) => None,
            Some(delay) => Some(delay),
            None if self.params.dynamic_stable_scale => Some(SimSpan::ZERO),
            None => Some(DELAY),
        }
    }

    pub(super) fn counts(&self, scene: &Scene) -> Counts {
        let set = |seen: &[Seen]| Set { spec: seen.len() as u32, available: available(seen, self.params.min_ready, scene.now) };
        let (stables, others): (Vec<Seen>, Vec<Seen>) = scene.old.iter().partition(|seen| seen.version == scene.replaced);
        Counts { canary: set(&scene.new), stable: set(&stables), others_available: set(&others).available, stables, others }
    }

    /// The weight to set now, from what is available.
    pub(super) fn weight_now(&self, counts: &Counts) -> u32 {
        let share = |set: Set| (self.most() * set.available.min(self.desired)).checked_div(self.desired).unwrap_or(self.most());
        match self.state {
            State::Promoted { .. } => self.most(),
            State::Aborted { .. } if self.params.dynamic_stable_scale => (self.most() - share(counts.stable)).min(self.weight),
            State::Aborted { .. } => 0,
            // Nobody is sent where nobody is.
            State::Going if counts.canary.available == 0 && self.desired > 0 => 0,
            State::Going if self.full && self.params.dynamic_stable_scale => share(counts.canary),
            State::Going if self.full => self.weight,
            State::Going if !self.is_at_counts(counts, self.routed_counts(self.weight)) => self.weight_by(self.at),
            State::Going => self.wanted_weight(),
        }
    }

    /// Counts of the new and of the old version with traffic routing, when the weight is this.
    pub(super) fn routed_counts(&self, weight: u32) -> (u32, u32) {
        let fewest = |count: u32| if count == 0 { 0 } else { count.max(self.params.min_pods_per_replica_set) };
        let wanted = self.wanted_weight();
        let mut canary = match self.canary_scale() {
            Some(SetCanaryScale { replicas: Some(replicas), .. }) => *replicas,
            Some(SetCanaryScale { weight: Some(scale), .. }) => fewest(for_weight(self.desired, *scale, 100)),
            _ => fewest(for_weight(self.desired, wanted, self.most())),
        };
        if !self.params.dynamic_stable_scale {
            return (canary, self.desired);
        }
        let shift = match self.canary_scale() {
            Some(SetCanaryScale { weight: Some(scale), .. }) => for_weight(self.desired, 100_u32.saturating_sub(*scale), 100),
            Some(SetCanaryScale { replicas: Some(_), .. }) => self.desired,
            _ => for_weight(self.desired, self.most() - wanted, self.most()),
        };
        // The old version stays as large as its traffic needs, before and after the weight moves.
        let stable = shift.max(for_weight(self.desired, self.most().saturating_sub(weight), self.most()));
        if !self.is_going() {
            canary = canary.max(for_weight(self.desired, weight, self.most()));
        }
        (fewest(canary), fewest(stable))
    }

    /// Whether there are as many instances as a step wants.
    pub(super) fn is_at_counts(&self, counts: &Counts, wanted: (u32, u32)) -> bool {
        let enough = match self.threshold {
            Some(threshold) => threshold.is_met(counts.canary.available, wanted.0),
            None => counts.canary.available == wanted.0 && counts.canary.spec == wanted.0,
        };
        let settled = if self.params.traffic_routing {
            self.params.dynamic_stable_scale || counts.stable.spec == wanted.1
        } else {
            counts.stable.spec == wanted.1 && counts.others_available == 0
        };
        enough && settled
    }

    /// Counts of the new version, the old one and the others that are wanted now.
    pub(super) fn wanted_counts(&self, scene: &Scene, counts: &Counts) -> (u32, u32, u32) {
        let others = counts.others.len() as u32;
        match &self.state {
            State::Promoted { scale_down } if scene.now >= *scale_down => (self.desired, 0, 0),
            State::Promoted { .. } => (self.desired, counts.stable.spec, 0),
            // They stay until their time has come, and for ever without one.
            State::Aborted { scale_down, .. }
                if self.params.traffic_routing && !(self.params.dynamic_stable_scale && self.params.abort_scale_down_delay.is_none()) =>
            {
                let is_over = scale_down.is_some_and(|at| scene.now >= at);
                (if is_over { 0 } else { counts.canary.spec }, self.desired, 0)
            }
            _ if self.params.traffic_routing => {
                let (canary, stable) = self.routed_counts(self.weight);
                (canary, stable, 0)
            }
            _ => Basic {
                desired: self.desired,
                weight: self.wanted_weight(),
                max_surge: self.params.max_surge.rounded_up(self.desired),
                max_unavailable: self.max_unavailable(),
                canary: counts.canary,
                stable: counts.stable,
                others: Set { spec: others, available: counts.others_available },
            }
            .settled(),
        }
    }

    /// Instances that may be missing; where both limits round to nothing, one may be, as in Kubernetes.
    pub(super) fn max_unavailable(&self) -> u32 {
        let (surge, missing) = (self.params.max_surge.rounded_up(self.desired), self.params.max_unavailable.rounded_down(self.desired));
        if surge == 0 && missing == 0 { 1 } else { missing.min(self.desired) }
    }
}
