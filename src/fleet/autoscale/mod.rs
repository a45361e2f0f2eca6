//! Autoscaling: how many instances a service should have. One file per rule.
//!
//! A rule is stepped at the times that it asks for. It sees what a metrics service would report, CPU utilisation and
//! readiness, and says a number; who starts and stops instances is another behaviour's business. To add a rule: a file
//! with its parameters, its arithmetic and its tests, and its lines in the two lists below.
//!
//! CPU utilisation of an instance is the CPU time that it used over the time since the last look, divided by its cores:
//! its `cpu_limit`, or else as many cores as it has workers. (Kubernetes and ECS divide by what was requested for the
//! container, which for a container without a limit is what its workers can use at most.) It therefore lags by one look,
//! as a real metrics pipeline does, and does not exceed 100 %.

mod hpa;
mod minutes;
mod rule;
mod scheduled;
mod step;
mod target_tracking;

pub use hpa::Hpa;
pub use scheduled::{Scheduled, ScheduledChange};
pub use step::{ScalingStep, StepScaling};
pub use target_tracking::TargetTracking;

pub(super) use rule::{Scaler, install};

use self::rule::Rule;
use crate::choice::choice;

choice! {
    /// By which rules a service is scaled.
    pub enum Autoscaling {
        /// Kubernetes horizontal pod autoscaler: desired = ceil(current × metric ÷ target).
        "hpa" => Hpa(Hpa),
        /// ECS target tracking through the alarms that AWS manages.
        "target-tracking" => TargetTracking(TargetTracking),
        /// Step scaling on an alarm.
        "step" => StepScaling(StepScaling),
        /// Scheduled capacity.
        "scheduled" => Scheduled(Scheduled),
    }
}

impl Autoscaling {
    /// Whoever applies the rule.
    fn rule(&self) -> Box<dyn Rule> {
        match self {
            Self::Hpa(params) => params.rule(),
            Self::TargetTracking(params) => params.rule(),
            Self::StepScaling(params) => params.rule(),
            Self::Scheduled(params) => params.rule(),
        }
    }
}
