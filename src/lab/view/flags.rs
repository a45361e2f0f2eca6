//! Feature flags as readers see them: who has a feature, what came of it, and what an experiment says so far.

use super::super::session::Session;
use super::super::snapshot::{ExperimentSnapshot, FlagSnapshot, Look};
use crate::fleet::features::Standing;
use crate::ids::FeatureId;
use crate::insight::experiment::{AlwaysValid, Arm, compare};
use crate::kernel::feature::Side;
use crate::kernel::model::Experiment;

/// The confidence of an experiment's interval, and one minus the level of its test: the usual 95 %.
const CONFIDENCE: f64 = 0.95;

const fn arm(side: Side) -> Arm {
    Arm { shown: side.shown, converted: side.converted }
}

impl Session {
    /// All flags, in the scenario's order.
    pub fn flags(&self) -> Vec<FlagSnapshot> {
        let scenario = self.scenario();
        let snapshot = |(at, standing): (usize, &Standing)| {
            let id = FeatureId::from_index(at);
            let (flag, plan) = (&scenario.model.features[at], &scenario.features[at]);
            FlagSnapshot {
                name: flag.name.clone(),
                percentage: standing.percentage,
                changed: standing.changed,
                killed_by: standing.killed_by.clone(),
                removed: standing.removed,
                stale: self.fleet().is_stale(id, self.now()),
                stale_after: plan.stale_after,
                kill_on: plan.kill_on.clone(),
                sides: self.kernel().sides(id),
                experiment: flag.experiment.map(|experiment| self.experiment(id, experiment)),
            }
        };
        self.fleet().features().iter().enumerate().map(snapshot).collect()
    }

    fn experiment(&self, feature: FeatureId, experiment: Experiment) -> ExperimentSnapshot {
        // A mixture whose spread is the effect that the experiment was made for.
        let expected = (experiment.on.get() - experiment.off.get()).abs().max(0.01);
        let mut valid = AlwaysValid::new(expected);
        let looks = self.looks().iter().map(|(at, sides)| {
            let [off, on] = sides[feature.index()].map(arm);
            Look { at: *at, p_value: compare(off, on, CONFIDENCE).map(|comparison| comparison.p_value), always_valid: valid.look(off, on) }
        });
        let looks: Vec<Look> = looks.collect();
        let arms = self.kernel().sides(feature).map(arm);
        let mut latest = valid;
        ExperimentSnapshot {
            endpoint: experiment.endpoint,
            arms,
            now: compare(arms[0], arms[1], CONFIDENCE),
            always_valid: latest.look(arms[0], arms[1]),
            first_significant: looks.iter().position(|look| look.p_value.is_some_and(|p| p < 1.0 - CONFIDENCE)),
            looks,
        }
    }
}
