//! Blue/green as ECS does it (`deploymentConfiguration.strategy = BLUE_GREEN`).
//!
//! The green fleet is brought up beside the blue one, gets test traffic, then all production traffic at once; both stand
//! for the bake time. The price is two whole fleets for as long as that takes; the gain is a way back that takes no time.

use super::Plan;
use super::driver::Driver;
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
    }
}

impl BlueGreen {
    /// Carries a deployment out.
    pub(super) fn driver(&self, restores: bool) -> Box<dyn Driver> {
        Plan { test: self.test, steps: vec![(1.0, SimSpan::ZERO)], bake: self.bake, keep_old: SimSpan::ZERO }.driver(restores)
    }
}
