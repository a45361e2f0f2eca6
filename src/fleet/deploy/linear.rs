//! Linear as ECS does it (`deploymentConfiguration.strategy = LINEAR`): equal steps, each watched for the same time.

use super::Plan;
use super::canary_analysis::CanaryAnalysis;
use super::driver::Driver;
use super::hooks::Hook;
use super::trial::Probes;
use super::watch::Watch;
use crate::choice::params;
use crate::units::{Ratio, SimSpan};

params! {
    /// ECS linear: the traffic is shifted in equal steps, each watched for the same time.
    pub struct Linear {
        /// `stepPercent`: by how much the share grows, 3 % to 100 %. Default 10 % (ECS).
        pub step: Ratio = Ratio::new(0.1),
        /// `stepBakeTimeInMinutes`: how long each step is watched, up to a day; not the last one. Default `"6m"` (ECS).
        pub step_bake: SimSpan = SimSpan::from_secs(360),
        /// How long test traffic is watched before production traffic is shifted. Default: no test traffic.
        pub test: Option<SimSpan> = None,
        /// `bakeTimeInMinutes`: how long both fleets stand after the shift, up to a day. Default `"15m"` (chosen for Fleetlab).
        pub bake: SimSpan = SimSpan::from_secs(900),
        /// Alarms that turn the deployment back. Default: none.
        pub alarms: Option<Watch> = None,
        /// Life-cycle hooks (`lifecycleHooks`), at ECS' stages from `PRE_SCALE_UP` to `POST_PRODUCTION_TRAFFIC_SHIFT`. Default: none.
        pub hooks: Vec<Hook> = Vec::new(),
        /// Synthetic probes that turn the deployment back. Default: none.
        pub probes: Option<Probes> = None,
        /// Kayenta's comparison of the two versions while both have traffic; everything is shifted only if it passes. Default: none.
        pub kayenta: Option<CanaryAnalysis> = None,
    }
}

/// Equal steps up to everything, each held for `hold`.
pub(super) fn steps(step: Ratio, hold: SimSpan) -> Vec<(f64, SimSpan)> {
    // Rounded to nine digits first, so that ten steps of 0.1 are ten.
    let count = ((1.0 / step.get().clamp(0.001, 1.0) * 1e9).round() / 1e9).ceil() as u32;
    (1..=count)
        .map(|at| ((f64::from(at) * step.get()).min(1.0), hold))
        .map(|(share, hold)| if share > 1.0 - 1e-9 { (1.0, SimSpan::ZERO) } else { (share, hold) })
        .collect()
}

impl Linear {
    /// Says what is impossible about the parameters, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        if (0.03..=1.0).contains(&self.step.get()) { self.plan().check() } else { Err(format!("`step` is {}; it is 3% to 100%", self.step)) }
    }

    pub(super) fn plan(&self) -> Plan {
        let (hooks, probes, analysis) = (self.hooks.clone(), self.probes.clone(), self.kayenta.clone());
        Plan { test: self.test, steps: steps(self.step, self.step_bake), bake: self.bake, hooks, probes, analysis, ..Plan::default() }.on_ecs()
    }

    /// Carries a deployment out.
    pub(super) fn driver(&self, restores: bool) -> Box<dyn Driver> {
        self.plan().driver(restores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_percent_every_six_minutes_is_everything_after_54_minutes() {
        let steps = steps(Ratio::new(0.1), SimSpan::from_secs(360));
        assert_eq!(steps.len(), 10);
        assert!((steps[2].0 - 0.3).abs() < 1e-12);
        assert_eq!(steps.iter().map(|(_, hold)| hold.nanos()).sum::<u64>(), SimSpan::from_secs(54 * 60).nanos());
        let uneven = super::steps(Ratio::new(0.3), SimSpan::from_secs(60));
        assert_eq!(uneven.iter().map(|(share, _)| (share * 100.0).round()).collect::<Vec<_>>(), [30.0, 60.0, 90.0, 100.0]);
        assert_eq!(super::steps(Ratio::new(1.0), SimSpan::from_secs(60)), [(1.0, SimSpan::ZERO)]);
    }
}
