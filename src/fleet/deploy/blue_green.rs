//! Blue/green as ECS does it (`deploymentConfiguration.strategy = BLUE_GREEN`).
//!
//! The green fleet is brought up beside the blue one, gets test traffic, then all production traffic at once; both stand
//! for the bake time. The price is two whole fleets for as long as that takes; the gain is a way back that takes no time.

use super::Plan;
use super::driver::Driver;
use super::hooks::Hook;
use super::trial::Probes;
use super::watch::Watch;
use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// ECS blue/green: a second fleet, all traffic at once, and a bake time in which the way back is a change of weights.
    pub struct BlueGreen {
        /// How long test traffic is watched before production traffic is shifted. Default: no test traffic.
        pub test: Option<SimSpan> = None,
        /// `bakeTimeInMinutes`: how long both fleets stand after the shift, up to a day. Default `"15m"` (chosen for Fleetlab:
        /// ECS demands a value of its user).
        pub bake: SimSpan = SimSpan::from_secs(900),
        /// Alarms that turn the deployment back. Default: none.
        pub alarms: Option<Watch> = None,
        /// Life-cycle hooks (`lifecycleHooks`), at ECS' stages from `PRE_SCALE_UP` to `POST_PRODUCTION_TRAFFIC_SHIFT`. Default: none.
        pub hooks: Vec<Hook> = Vec::new(),
        /// Synthetic probes that turn the deployment back. Default: none.
        pub probes: Option<Probes> = None,
    }
}

impl BlueGreen {
    pub(super) fn plan(&self) -> Plan {
        let (hooks, probes) = (self.hooks.clone(), self.probes.clone());
        Plan { test: self.test, steps: vec![(1.0, SimSpan::ZERO)], bake: self.bake, hooks, probes, ..Plan::default() }.on_ecs()
    }

    /// Says what is impossible about the parameters, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        self.plan().check()
    }

    /// Carries a deployment out.
    pub(super) fn driver(&self, restores: bool) -> Box<dyn Driver> {
        self.plan().driver(restores)
    }
}
