//! `CodeDeploy` for ECS services and for fleets of EC2 instances, by the names of its predefined configurations.
//!
//! For ECS it shifts traffic between two task sets: all at once, a tenth first, or a tenth at a time. For EC2 it replaces
//! in place: as many at a time as `minimum healthy hosts` allows, rounded up to whole instances; instances that serve
//! nobody go first. Source: `CodeDeploy` User Guide, "Working with deployment configurations".

use super::Plan;
use super::driver::{Driver, Orders, Scene, Stand, choose};
use super::linear::steps;
use super::watch::Watch;
use crate::choice::params;
use crate::telemetry::ledger::Cause;
use crate::units::{Ratio, SimSpan};

params! {
    /// CodeDeploy, by the name of a predefined configuration.
    pub struct CodeDeploy {
        /// The configuration, with or without `CodeDeployDefault.` before it. Default `"CodeDeployDefault.OneAtATime"`
        /// (CodeDeploy).
        pub config: String = "CodeDeployDefault.OneAtATime".to_owned(),
        /// `terminationWaitTimeInMinutes`: how long the old task set stands after a successful shift, up to two days. Default
        /// `"1h"` (what the console proposes).
        pub termination_wait: SimSpan = SimSpan::from_secs(3_600),
        /// How long test traffic is watched before production traffic is shifted, where there is a test listener. Default:
        /// there is none.
        pub test: Option<SimSpan> = None,
        /// Alarms that stop the deployment. Default: none.
        pub alarms: Option<Watch> = None,
    }
}

/// How a configuration goes about it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// Everything is shifted at once.
    AtOnce,
    /// A share first, for so many minutes.
    Canary(f64, u64),
    /// By this share, every so many minutes.
    Linear(f64, u64),
    /// In place, with at least this share of healthy hosts.
    InPlace(f64),
    /// In place, one after the other.
    OneAtATime,
}

/// The predefined configurations, without `CodeDeployDefault.`.
const CONFIGS: &[(&str, Way)] = &[
    ("OneAtATime", Way::OneAtATime),
    ("HalfAtATime", Way::InPlace(0.5)),
    ("AllAtOnce", Way::InPlace(0.0)),
    ("ECSAllAtOnce", Way::AtOnce),
    ("ECSLinear10PercentEvery1Minutes", Way::Linear(0.1, 1)),
    ("ECSLinear10PercentEvery3Minutes", Way::Linear(0.1, 3)),
    ("ECSCanary10Percent5Minutes", Way::Canary(0.1, 5)),
    ("ECSCanary10Percent15Minutes", Way::Canary(0.1, 15)),
    ("LambdaAllAtOnce", Way::AtOnce),
    ("LambdaCanary10Percent5Minutes", Way::Canary(0.1, 5)),
    ("LambdaCanary10Percent10Minutes", Way::Canary(0.1, 10)),
    ("LambdaCanary10Percent15Minutes", Way::Canary(0.1, 15)),
    ("LambdaCanary10Percent30Minutes", Way::Canary(0.1, 30)),
    ("LambdaLinear10PercentEvery1Minute", Way::Linear(0.1, 1)),
    ("LambdaLinear10PercentEvery2Minutes", Way::Linear(0.1, 2)),
    ("LambdaLinear10PercentEvery3Minutes", Way::Linear(0.1, 3)),
    ("LambdaLinear10PercentEvery10Minutes", Way::Linear(0.1, 10)),
];

impl CodeDeploy {
    /// The names of the predefined configurations.
    pub fn configs() -> impl Iterator<Item = &'static str> + Clone {
        CONFIGS.iter().map(|(name, _)| *name)
    }

    fn way(&self) -> Option<Way> {
        let name = self.config.strip_prefix("CodeDeployDefault.").unwrap_or(&self.config);
        CONFIGS.iter().find(|(known, _)| *known == name).map(|(_, way)| *way)
    }

    /// Says what is impossible about the parameters, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.way().is_some() {
            return Ok(());
        }
        Err(format!("`{}` is no predefined configuration of CodeDeploy; there are: {}", self.config, Self::configs().collect::<Vec<_>>().join(", ")))
    }

    /// Whether the configuration shifts traffic between two fleets; the others replace in place.
    pub(super) fn shifts_traffic(&self) -> bool {
        matches!(self.way(), Some(Way::AtOnce | Way::Canary(..) | Way::Linear(..)))
    }

    /// Carries a deployment out.
    pub(super) fn driver(&self, restores: bool) -> Box<dyn Driver> {
        let plan = |steps| Plan { test: self.test, steps, bake: SimSpan::ZERO, keep_old: self.termination_wait };
        let minutes = |minutes: u64| SimSpan::from_secs(minutes * 60);
        match self.way().unwrap_or(Way::OneAtATime) {
            Way::AtOnce => plan(vec![(1.0, SimSpan::ZERO)]).driver(restores),
            Way::Canary(share, hold) => plan(vec![(share, minutes(hold)), (1.0, SimSpan::ZERO)]).driver(restores),
            Way::Linear(step, every) => plan(steps(Ratio::new(step), minutes(every))).driver(restores),
            Way::InPlace(least) => Box::new(InPlace { least: Some(least), failed: 0 }),
            Way::OneAtATime => Box::new(InPlace { least: None, failed: 0 }),
        }
    }
}

/// Replaces instances where they stand.
struct InPlace {
    /// Share that must stay healthy; `None`: all but one.
    least: Option<f64>,
    failed: u32,
}

impl InPlace {
    /// How many of `desired` instances must be healthy, rounded up.
    fn keep(&self, desired: u32) -> u32 {
        match self.least {
            Some(share) => ((share * f64::from(desired) * 1e9).round() / 1e9).ceil() as u32,
            None => desired.saturating_sub(1),
        }
    }
}

impl Driver for InPlace {
    fn failed(&self) -> u32 {
        self.failed
    }

    fn step(&mut self, scene: &Scene) -> Orders {
        self.failed += scene.failures.len() as u32;
        let keep = self.keep(scene.desired);
        let healthy = |all: &[super::driver::Seen]| all.iter().filter(|seen| seen.healthy_since.is_some()).count() as u32;
        let (old, new) = (healthy(&scene.old), healthy(&scene.new));
        let mut orders = Orders::default();
        // An instance whose application does not come up stays as it is: in place there is no other to put there.
        let broken = scene.new.iter().filter(|seen| seen.failed).count() as u32;
        if broken > scene.desired - keep.min(scene.desired) {
            orders.stand = Stand::Failed { why: Cause::TooFewHealthy { keep, desired: scene.desired }, restore: true };
            return orders;
        }
        let idle = scene.old.len() as u32 - old;
        let may_stop = idle + old.min((old + new).saturating_sub(keep));
        let under_way = scene.new.len() as u32 - new;
        let at_a_time = (scene.desired - keep.min(scene.desired)).max(1);
        let count = may_stop.min(at_a_time.saturating_sub(under_way)).min(scene.old.len() as u32);
        orders.stop = choose(&scene.old, count as usize);
        let left = scene.old.len() as u32 - count;
        orders.start = scene.desired.saturating_sub(scene.new.len() as u32 + left);
        orders.stop.extend(choose(&scene.new, (scene.new.len() as u32).saturating_sub(scene.desired) as usize));
        if scene.old.is_empty() && new >= scene.desired {
            orders.stand = Stand::Completed;
        }
        orders
    }
}

#[cfg(test)]
mod tests {
    use super::super::driver::testing::{healthy, starting};
    use super::*;

    fn config(name: &str) -> CodeDeploy {
        CodeDeploy { config: name.to_owned(), ..CodeDeploy::default() }
    }

    #[test]
    fn every_name_is_known_with_and_without_its_prefix() {
        for name in CodeDeploy::configs() {
            assert!(config(name).check().is_ok() && config(&format!("CodeDeployDefault.{name}")).check().is_ok());
        }
        assert_eq!(CodeDeploy::configs().count(), 17);
        let refused = config("CodeDeployDefault.ECSCanary10Percent7Minutes").check().expect_err("there is none");
        assert!(refused.contains("ECSCanary10Percent5Minutes"), "{refused}");
    }

    #[test]
    fn half_of_nine_keeps_five_and_replaces_four_at_a_time() {
        let mut driver = config("HalfAtATime").driver(false);
        let orders = driver.step(&Scene { desired: 9, old: healthy(0, 9, 0), ..Scene::default() });
        assert_eq!((orders.stop.len(), orders.start), (4, 4));
        let orders = driver.step(&Scene { desired: 9, old: healthy(0, 5, 0), new: starting(9, 4), ..Scene::default() });
        assert_eq!((orders.stop.len(), orders.start), (0, 0), "five must stay");
        let orders = driver.step(&Scene { desired: 9, old: healthy(0, 5, 0), new: healthy(9, 4, 0), ..Scene::default() });
        assert_eq!((orders.stop.len(), orders.start), (4, 4));
        let orders = driver.step(&Scene { desired: 9, new: healthy(9, 9, 0), ..Scene::default() });
        assert_eq!(orders.stand, Stand::Completed);
    }

    #[test]
    fn one_at_a_time_is_the_default_and_all_at_once_stops_everybody() {
        let orders = CodeDeploy::default().driver(false).step(&Scene { desired: 9, old: healthy(0, 9, 0), ..Scene::default() });
        assert_eq!((orders.stop.len(), orders.start), (1, 1));
        let orders = config("AllAtOnce").driver(false).step(&Scene { desired: 9, old: healthy(0, 9, 0), ..Scene::default() });
        assert_eq!((orders.stop.len(), orders.start), (9, 9));
    }

    #[test]
    fn instances_that_serve_nobody_go_first() {
        let mut old = healthy(0, 4, 0);
        old[2].healthy_since = None;
        let orders = CodeDeploy::default().driver(false).step(&Scene { desired: 4, old, ..Scene::default() });
        assert_eq!(orders.stop, [crate::ids::InstanceId(2)]);
    }

    #[test]
    fn more_broken_instances_than_may_be_missing_fail_the_deployment() {
        let broken = |count: usize| {
            let mut new = starting(9, 4);
            new.iter_mut().take(count).for_each(|seen| seen.failed = true);
            config("HalfAtATime").driver(false).step(&Scene { desired: 9, old: healthy(0, 5, 0), new, ..Scene::default() }).stand
        };
        assert_eq!(broken(4), Stand::Running);
        let mut driver = CodeDeploy::default().driver(false);
        let mut new = starting(9, 2);
        for seen in &mut new {
            seen.failed = true;
        }
        let stand = driver.step(&Scene { desired: 9, old: healthy(0, 7, 0), new, ..Scene::default() }).stand;
        assert_eq!(stand, Stand::Failed { why: Cause::TooFewHealthy { keep: 8, desired: 9 }, restore: true });
    }
}
