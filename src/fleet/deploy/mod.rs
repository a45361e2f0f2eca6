//! Deployments: how a service's instances are replaced by those of another version.
//!
//! A strategy sees the instances of the old and of the new version and says how many to start and which to stop
//! ([`driver::Driver`]); it may also set the versions' shares of the traffic and ask to be woken at a time. Everything
//! else (numbering, superseding, rolling back, the ledger) is common and lives in `rollout`. To add a strategy: a file
//! with its parameters, its driver and its tests, and its lines in the two lists below.

mod all_at_once;
mod breaker;
mod driver;
mod int_or_percent;
mod rolling;
mod rolling_update;
mod rollout;

pub use all_at_once::AllAtOnce;
pub use breaker::DeploymentBreaker;
pub use int_or_percent::IntOrPercent;
pub use rolling::EcsRolling;
pub use rolling_update::RollingUpdate;

pub(super) use rollout::{DeployOrders, Releases, Rollout, Size, install};

use self::driver::Driver;
use crate::choice::choice;

choice! {
    /// How a new version replaces the old one.
    pub enum Strategy {
        /// Every instance is replaced at once.
        "all-at-once" => AllAtOnce(AllAtOnce),
        /// ECS rolling update.
        "rolling" => EcsRolling(EcsRolling),
        /// Kubernetes rolling update.
        "rolling-update" => RollingUpdate(RollingUpdate),
    }
}

impl Default for Strategy {
    fn default() -> Self {
        Self::EcsRolling(EcsRolling::default())
    }
}

impl Strategy {
    /// Says what is impossible about the parameters, if anything is.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::AllAtOnce(_) => Ok(()),
            Self::EcsRolling(rolling) => rolling.check(),
            Self::RollingUpdate(rolling) => rolling.check(),
        }
    }

    /// Whoever carries a deployment out. `restores` marks a rollback, which is never itself rolled back.
    fn driver(&self, restores: bool) -> Box<dyn Driver> {
        match self {
            Self::AllAtOnce(strategy) => strategy.driver(restores),
            Self::EcsRolling(strategy) => strategy.driver(restores),
            Self::RollingUpdate(strategy) => strategy.driver(restores),
        }
    }
}
