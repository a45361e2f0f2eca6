//! Canary as ECS does it (`deploymentConfiguration.strategy = CANARY`): a small share first, then everything.

use super::Plan;
use super::canary_analysis::CanaryAnalysis;
use super::driver::Driver;
use super::hooks::Hook;
use super::trial::Probes;
use super::watch::Watch;
use crate::choice::params;
use crate::units::{Ratio, SimSpan};

params! {
    /// ECS canary: a small share of the traffic is watched for a while, then everything is shifted.
    pub struct Canary {
        /// `canaryPercent`: the share that the new version gets first, 0.1 % to 100 %. Default 5 % (ECS).
        pub percent: Ratio = Ratio::new(0.05),
        /// `canaryBakeTimeInMinutes`: how long that share is watched, up to a day. Default `"10m"` (ECS).
        pub canary_bake: SimSpan = SimSpan::from_secs(600),
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

impl Canary {
    /// Says what is impossible about the parameters, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        if (0.001..=1.0).contains(&self.percent.get()) { self.plan().check() } else { Err(format!("`percent` is {}; it is 0.1% to 100%", self.percent)) }
    }

    pub(super) fn plan(&self) -> Plan {
        let steps = vec![(self.percent.get(), self.canary_bake), (1.0, SimSpan::ZERO)];
        let (hooks, probes, analysis) = (self.hooks.clone(), self.probes.clone(), self.kayenta.clone());
        Plan { test: self.test, steps, bake: self.bake, hooks, probes, analysis, ..Plan::default() }.on_ecs()
    }

    /// Carries a deployment out.
    pub(super) fn driver(&self, restores: bool) -> Box<dyn Driver> {
        self.plan().driver(restores)
    }
}
