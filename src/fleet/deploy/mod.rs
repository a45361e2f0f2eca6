//! Deployments: how a service's instances are replaced by those of another version.
//!
//! A strategy sees the instances of the old and of the new version and says how many to start and which to stop
//! ([`driver::Driver`]); it may also set the versions' shares of the traffic and ask to be woken at a time. Everything
//! else (numbering, superseding, rolling back, watching alarms, the ledger) is common and lives in `rollout`; what all
//! strategies that shift traffic have in common lives in `shift`. To add a strategy: a file
//! with its parameters, its driver and its tests, and its lines in the two lists below.

mod all_at_once;
mod argo;
mod blue_green;
mod breaker;
mod canary;
pub mod canary_analysis;
mod code_deploy;
mod driver;
pub mod flagger;
pub mod hooks;
mod int_or_percent;
pub mod judging;
mod linear;
mod past;
mod releases;
mod rolling;
mod rolling_update;
mod rollout;
mod shift;
pub mod trial;
mod watch;

pub use all_at_once::AllAtOnce;
pub use argo::{ArgoBlueGreen, ArgoCanary, Background, steps};
pub use blue_green::BlueGreen;
pub use breaker::DeploymentBreaker;
pub use canary::Canary;
pub use code_deploy::CodeDeploy;
pub use driver::{Progress, StepState, TextMatch, Waiting};
pub use flagger::Flagger;
pub use int_or_percent::IntOrPercent;
pub use linear::Linear;
pub use past::{EndedAlarm, EndedDeployment};
pub use rolling::EcsRolling;
pub use rolling_update::RollingUpdate;
pub use watch::Watch;

pub use rollout::Wish;

pub(super) use past::Past;
pub(super) use releases::Releases;
pub(super) use rollout::{DeployOrders, Rollout, Size, install};

use self::driver::Driver;
use self::hooks::Hook;
pub use self::shift::Problem;

use self::shift::Plan;
use self::trial::Probes;
use crate::choice::choice;
use crate::insight::judge::analysis::Metric;

choice! {
    /// How a new version replaces the old one.
    pub enum Strategy {
        /// Every instance is replaced at once.
        "all-at-once" => AllAtOnce(AllAtOnce),
        /// Argo Rollouts' blue/green.
        "argo-blue-green" => ArgoBlueGreen(ArgoBlueGreen),
        /// Argo Rollouts' canary.
        "argo-canary" => ArgoCanary(ArgoCanary),
        /// A second fleet, and all traffic at once.
        "blue-green" => BlueGreen(BlueGreen),
        /// A small share first, then everything.
        "canary" => Canary(Canary),
        /// CodeDeploy's predefined configurations.
        "codedeploy" => CodeDeploy(CodeDeploy),
        /// Flagger's loop of checks.
        "flagger" => Flagger(Flagger),
        /// Equal steps.
        "linear" => Linear(Linear),
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
    /// All metrics that its analyses ask a provider for.
    pub fn measured(&self) -> Vec<&Metric> {
        let analyses = match self {
            Self::ArgoCanary(strategy) => strategy.analyses(),
            Self::ArgoBlueGreen(strategy) => [&strategy.pre_promotion_analysis, &strategy.post_promotion_analysis].into_iter().flatten().collect(),
            _ => Vec::new(),
        };
        analyses.into_iter().flat_map(|analysis| &analysis.metrics).collect()
    }

    /// Says what is impossible about the parameters, if anything is.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::AllAtOnce(_) => Ok(()),
            Self::BlueGreen(strategy) => strategy.check(),
            Self::ArgoBlueGreen(strategy) => strategy.check(),
            Self::ArgoCanary(strategy) => strategy.check(),
            Self::Flagger(strategy) => strategy.check(),
            Self::Canary(canary) => canary.check(),
            Self::CodeDeploy(configuration) => configuration.check(),
            Self::Linear(linear) => linear.check(),
            Self::EcsRolling(rolling) => rolling.check(),
            Self::RollingUpdate(rolling) => rolling.check(),
        }
    }

    /// The alarms that it watches, if it watches any.
    pub const fn watch(&self) -> Option<&Watch> {
        match self {
            Self::BlueGreen(strategy) => strategy.alarms.as_ref(),
            Self::Canary(strategy) => strategy.alarms.as_ref(),
            Self::CodeDeploy(strategy) => strategy.alarms.as_ref(),
            Self::Linear(strategy) => strategy.alarms.as_ref(),
            Self::EcsRolling(strategy) => strategy.alarms.as_ref(),
            Self::AllAtOnce(_) | Self::ArgoBlueGreen(_) | Self::ArgoCanary(_) | Self::Flagger(_) | Self::RollingUpdate(_) => None,
        }
    }

    /// Whether it can watch alarms at all; the others do not look at what users get.
    pub const fn can_watch(&self) -> bool {
        !matches!(self, Self::AllAtOnce(_) | Self::ArgoBlueGreen(_) | Self::ArgoCanary(_) | Self::Flagger(_) | Self::RollingUpdate(_))
    }

    /// The same strategy, watching these alarms; one that cannot watch any stays as it is.
    #[must_use]
    pub fn watching(mut self, alarms: Option<Watch>) -> Self {
        match &mut self {
            Self::BlueGreen(strategy) => strategy.alarms = alarms,
            Self::Canary(strategy) => strategy.alarms = alarms,
            Self::CodeDeploy(strategy) => strategy.alarms = alarms,
            Self::Linear(strategy) => strategy.alarms = alarms,
            Self::EcsRolling(strategy) => strategy.alarms = alarms,
            Self::AllAtOnce(_) | Self::ArgoBlueGreen(_) | Self::ArgoCanary(_) | Self::Flagger(_) | Self::RollingUpdate(_) => {}
        }
        self
    }

    /// Whether it shares the traffic out between versions, so that it needs two different ones.
    pub fn shifts_traffic(&self) -> bool {
        match self {
            Self::ArgoBlueGreen(_) | Self::BlueGreen(_) | Self::Canary(_) | Self::Flagger(_) | Self::Linear(_) => true,
            Self::ArgoCanary(strategy) => strategy.traffic_routing,
            Self::CodeDeploy(configuration) => configuration.shifts_traffic(),
            Self::AllAtOnce(_) | Self::EcsRolling(_) | Self::RollingUpdate(_) => false,
        }
    }

    /// Its life-cycle hooks.
    pub fn hooks(&self) -> &[Hook] {
        match self {
            Self::BlueGreen(strategy) => &strategy.hooks,
            Self::Canary(strategy) => &strategy.hooks,
            Self::CodeDeploy(strategy) => &strategy.hooks,
            Self::Linear(strategy) => &strategy.hooks,
            Self::AllAtOnce(_) | Self::ArgoBlueGreen(_) | Self::ArgoCanary(_) | Self::EcsRolling(_) | Self::Flagger(_) | Self::RollingUpdate(_) => &[],
        }
    }

    /// Its synthetic probes.
    pub const fn probes(&self) -> Option<&Probes> {
        match self {
            Self::BlueGreen(strategy) => strategy.probes.as_ref(),
            Self::Canary(strategy) => strategy.probes.as_ref(),
            Self::CodeDeploy(strategy) => strategy.probes.as_ref(),
            Self::Linear(strategy) => strategy.probes.as_ref(),
            Self::AllAtOnce(_) | Self::ArgoBlueGreen(_) | Self::ArgoCanary(_) | Self::EcsRolling(_) | Self::Flagger(_) | Self::RollingUpdate(_) => None,
        }
    }

    /// What is impossible about its hooks and judges.
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::BlueGreen(strategy) => strategy.plan().problems(),
            Self::Canary(strategy) => strategy.plan().problems(),
            Self::CodeDeploy(strategy) => strategy.problems(),
            Self::Linear(strategy) => strategy.plan().problems(),
            Self::AllAtOnce(_) | Self::ArgoBlueGreen(_) | Self::ArgoCanary(_) | Self::EcsRolling(_) | Self::Flagger(_) | Self::RollingUpdate(_) => Vec::new(),
        }
    }

    /// The endpoints that its test requests name.
    pub fn tested_endpoints(&self) -> impl Iterator<Item = &str> {
        let checks = self.hooks().iter().filter_map(|hook| hook.check.as_ref()).filter_map(|trial| trial.endpoint.as_deref());
        checks.chain(self.probes().and_then(|probes| probes.endpoint.as_deref()))
    }

    /// Whoever carries a deployment out. `restores` marks a rollback, which is never itself rolled back.
    fn driver(&self, restores: bool) -> Box<dyn Driver> {
        match self {
            Self::AllAtOnce(strategy) => strategy.driver(restores),
            Self::ArgoBlueGreen(strategy) => strategy.driver(restores),
            Self::ArgoCanary(strategy) => strategy.driver(restores),
            Self::Flagger(strategy) => strategy.driver(restores),
            Self::BlueGreen(strategy) => strategy.driver(restores),
            Self::Canary(strategy) => strategy.driver(restores),
            Self::CodeDeploy(strategy) => strategy.driver(restores),
            Self::Linear(strategy) => strategy.driver(restores),
            Self::EcsRolling(strategy) => strategy.driver(restores),
            Self::RollingUpdate(strategy) => strategy.driver(restores),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategy_watches_what_it_is_told_to_if_it_can() {
        let watch = Watch { names: vec!["errors".into()], rollback: true };
        for name in Strategy::NAMES {
            let strategy: Strategy = serde_json::from_str(&format!("\"{name}\"")).expect("a bare name takes every default");
            let watching = strategy.clone().watching(Some(watch.clone()));
            assert_eq!(watching.watch().is_some(), strategy.can_watch(), "{name}");
            assert_eq!(watching.watching(None), strategy, "{name}");
        }
    }
}
