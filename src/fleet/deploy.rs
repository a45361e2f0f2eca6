//! Deployments: how a service's instances are replaced by those of another version.
//!
//! This file holds what all strategies share; all at once and rolling are here, and others join as files of their own.

use crate::choice::{choice, params};
use crate::units::{Ratio, SimSpan};

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

params! {
    /// Every instance is replaced at once: the old ones stop, the new ones start.
    pub struct AllAtOnce {}
}

params! {
    /// ECS rolling update: `minimumHealthyPercent` rounds up, `maximumPercent` rounds down.
    pub struct EcsRolling {
        /// Share of the desired count that stays healthy. Default 100 %.
        pub minimum_healthy_percent: u32 = 100,
        /// Share of the desired count that may run. Default 200 %.
        pub maximum_percent: u32 = 200,
        /// Deployment circuit breaker. Default: none.
        pub circuit_breaker: Option<DeploymentBreaker> = None,
    }
}

params! {
    /// ECS deployment circuit breaker: threshold = clamp(ceil(0.5 × desired), 3, 200) failed tasks.
    pub struct DeploymentBreaker {
        /// Whether the last completed deployment is restored. Default true.
        pub rollback: bool = true,
        /// Share of the desired count that may fail. Default 50 %.
        pub threshold: Ratio = Ratio::new(0.5),
    }
}

params! {
    /// Kubernetes `RollingUpdate`: `maxSurge` rounds up, `maxUnavailable` rounds down; both zero is refused.
    pub struct RollingUpdate {
        /// Pods above the desired count. Default 25 %.
        pub max_surge: Ratio = Ratio::new(0.25),
        /// Pods that may be missing. Default 25 %.
        pub max_unavailable: Ratio = Ratio::new(0.25),
        /// How long a pod must be ready before it counts as available. Default `"0s"`.
        pub min_ready: SimSpan = SimSpan::ZERO,
        /// After this long without progress the rollout is reported as stuck (nothing is rolled back). Default `"10m"`.
        pub progress_deadline: SimSpan = SimSpan::from_secs(600),
    }
}
