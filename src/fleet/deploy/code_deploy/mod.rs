//! `CodeDeploy` for ECS services and for fleets of EC2 instances, by the names of its predefined configurations.
//!
//! For ECS it shifts traffic between two task sets: all at once, a tenth first, or a tenth at a time. For EC2 it replaces
//! in place: as many at a time as `minimum healthy hosts` allows, rounded up to whole instances; instances that serve
//! nobody go first. Source: `CodeDeploy` User Guide, "Working with deployment configurations".

mod in_place;

use self::in_place::Scripted;
use super::Plan;
use super::canary_analysis::CanaryAnalysis;
use super::driver::Driver;
use super::hooks::{Ends, Hook, Platform};
use super::linear::steps;
use super::shift::Problem;
use super::trial::Probes;
use super::watch::Watch;
use crate::choice::params;
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
        /// A genuine `appspec.yml` beside the scenario, whose hooks run; how they go is written in `hooks`. Default: none.
        pub appspec: Option<String> = None,
        /// Life-cycle hooks, at the events of the platform that the configuration is for. With an `appspec` each says how one of
        /// its hooks goes: the first one at an event the first one there. Default: none.
        pub hooks: Vec<Hook> = Vec::new(),
        /// Synthetic probes that turn a deployment which shifts traffic back. Default: none.
        pub probes: Option<Probes> = None,
        /// Kayenta's comparison of the two versions while both have traffic; everything is shifted only if it passes. Default: none.
        pub kayenta: Option<CanaryAnalysis> = None,
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
        if self.is_known() {
            if let Some(name) = &self.appspec {
                return Err(format!("`{name}` lies beside a scenario, and is read with it; here write its `hooks`"));
            }
            return self.problems().into_iter().next().map_or(Ok(()), |problem| Err(problem.why));
        }
        Err(format!("`{}` is no predefined configuration of CodeDeploy; there are: {}", self.config, Self::configs().collect::<Vec<_>>().join(", ")))
    }

    /// Whether there is a configuration of this name.
    pub fn is_known(&self) -> bool {
        self.way().is_some()
    }

    /// What is impossible about its hooks and judges.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let Some(way) = self.way() else { return Vec::new() };
        if self.shifts_traffic() {
            return self.plan(way).problems();
        }
        let why = || format!("`{}` replaces instances in place; this is for configurations that shift traffic", self.config);
        let judges = [("probes", self.probes.is_some()), ("kayenta", self.kayenta.is_some())];
        let judges = judges.into_iter().filter(|(_, given)| *given).map(|(key, _)| Problem { key, index: None, why: why() });
        Problem::of_hooks(&self.hooks, self.platform()).into_iter().chain(judges).collect()
    }

    /// Whether the configuration shifts traffic between two fleets; the others replace in place.
    pub(super) fn shifts_traffic(&self) -> bool {
        matches!(self.way(), Some(Way::AtOnce | Way::Canary(..) | Way::Linear(..)))
    }

    /// What it deploys to, by the name of its configuration.
    pub fn platform(&self) -> Platform {
        let name = self.config.strip_prefix("CodeDeployDefault.").unwrap_or(&self.config);
        if name.starts_with("ECS") {
            Platform::Ecs
        } else if name.starts_with("Lambda") {
            Platform::Lambda
        } else {
            in_place::PLATFORM
        }
    }

    fn plan(&self, way: Way) -> Plan {
        let minutes = |minutes: u64| SimSpan::from_secs(minutes * 60);
        let steps = match way {
            Way::Canary(share, hold) => vec![(share, minutes(hold)), (1.0, SimSpan::ZERO)],
            Way::Linear(step, every) => steps(Ratio::new(step), minutes(every)),
            Way::AtOnce | Way::InPlace(_) | Way::OneAtATime => vec![(1.0, SimSpan::ZERO)],
        };
        Plan {
            test: self.test,
            steps,
            bake: SimSpan::ZERO,
            // A version of a function costs nothing while nobody calls it, and is not terminated.
            keep_old: if self.platform() == Platform::Lambda { SimSpan::ZERO } else { self.termination_wait },
            platform: Some(self.platform()),
            hooks: self.hooks.clone(),
            probes: self.probes.clone(),
            analysis: self.kayenta.clone(),
        }
    }

    /// Carries a deployment out. On instances that stay a rollback is a deployment of the last good revision, with the scripts
    /// of that revision, which went well when it came; elsewhere traffic goes back to instances that still run, without hooks.
    pub(super) fn driver(&self, restores: bool) -> Box<dyn Driver> {
        let in_place = |least: Option<f64>| -> Box<dyn Driver> {
            let went_well = |hook: &Hook| Hook { ends: Ends::Succeeded, ..hook.clone() };
            let hooks = if restores { self.hooks.iter().map(went_well).collect() } else { self.hooks.clone() };
            Box::new(Scripted::new(least, hooks))
        };
        match self.way().unwrap_or(Way::OneAtATime) {
            way @ (Way::AtOnce | Way::Canary(..) | Way::Linear(..)) => self.plan(way).driver(restores),
            Way::InPlace(least) => in_place(Some(least)),
            Way::OneAtATime => in_place(None),
        }
    }
}

/// How many of `desired` instances must be healthy: a share, rounded up, or all but one.
pub(super) fn keep(least: Option<f64>, desired: u32) -> u32 {
    match least {
        Some(share) => ((share * f64::from(desired) * 1e9).round() / 1e9).ceil() as u32,
        None => desired.saturating_sub(1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::driver::testing::{healthy, starting};
    use super::super::driver::{Scene, Stand};
    use super::*;
    use crate::telemetry::ledger::Cause;
    use crate::units::SimTime;

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
        let orders = driver.step(&Scene { desired: 9, old: healthy(0, 1, 0), new: healthy(9, 8, 0), ..Scene::default() });
        assert_eq!((orders.stop.len(), orders.start), (1, 1));
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
    fn too_many_broken_instances_fail_the_deployment() {
        let broken = |name: &str, desired: u32, going: u32, broken: usize| {
            let mut driver = config(name).driver(false);
            assert_eq!(driver.step(&Scene { desired, old: healthy(0, desired, 0), ..Scene::default() }).start, going);
            let mut new = starting(9, going);
            new.iter_mut().take(broken).for_each(|seen| seen.failed = true);
            new.iter_mut().skip(broken).for_each(|seen| (seen.up_since, seen.healthy_since) = (Some(SimTime::ZERO), Some(SimTime::ZERO)));
            driver.step(&Scene { desired, old: healthy(0, desired - going, 0), new, ..Scene::default() }).stand
        };
        assert_eq!(broken("HalfAtATime", 9, 4, 3), Stand::Running, "three of the four that may be missing");
        let failed = |keep, desired| Stand::Failed { why: Cause::TooFewHealthy { keep, desired }, restore: true };
        assert_eq!(broken("HalfAtATime", 9, 4, 4), failed(5, 9), "nothing can be replaced any more");
        assert_eq!(broken("OneAtATime", 9, 1, 1), failed(8, 9));
        assert_eq!(broken("AllAtOnce", 9, 9, 8), Stand::Completed, "one has succeeded");
        assert_eq!(broken("AllAtOnce", 9, 9, 9), failed(0, 9), "at least one has to");
    }
}
