//! Autoscaling: the Kubernetes horizontal pod autoscaler, ECS target tracking, step and scheduled scaling.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choice::{choice, params};
use crate::units::{Ratio, SimSpan, SimTime};

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

params! {
    /// Kubernetes horizontal pod autoscaler (autoscaling/v2 defaults).
    pub struct Hpa {
        /// Fewest pods. Default 1.
        pub min: u32 = 1,
        /// Most pods. Default 10.
        pub max: u32 = 10,
        /// Target CPU utilisation. Default 80 %.
        pub target_cpu: Ratio = Ratio::new(0.8),
        /// From one decision to the next. Default `"15s"`.
        pub sync: SimSpan = SimSpan::from_secs(15),
        /// No action while |ratio − 1| is at most this. Default 0.1.
        pub tolerance: f64 = 0.1,
        /// Scale down to the highest recommendation of this long. Default `"5m"`.
        pub scale_down_stabilisation: SimSpan = SimSpan::from_secs(300),
    }
}

params! {
    /// ECS service target tracking.
    pub struct TargetTracking {
        /// Fewest tasks. Default 1.
        pub min: u32 = 1,
        /// Most tasks. Default 10.
        pub max: u32 = 10,
        /// Target CPU utilisation. Default 70 %.
        pub target_cpu: Ratio = Ratio::new(0.7),
        /// Wait after a scale-out. Default `"5m"`.
        pub scale_out_cooldown: SimSpan = SimSpan::from_secs(300),
        /// Wait after a scale-in. Default `"5m"`.
        pub scale_in_cooldown: SimSpan = SimSpan::from_secs(300),
    }
}

/// One step of step scaling.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingStep {
    /// The step applies from this utilisation up.
    pub above: Ratio,
    /// Tasks added (negative: removed).
    pub change: i32,
}

params! {
    /// Step scaling on CPU utilisation.
    pub struct StepScaling {
        /// Fewest tasks. Default 1.
        pub min: u32 = 1,
        /// Most tasks. Default 10.
        pub max: u32 = 10,
        /// Minutes in a row above the lowest adding step that trigger it. Default 3.
        pub evaluation_periods: u32 = 3,
        /// The steps; the highest one reached applies.
        pub steps: Vec<ScalingStep> = Vec::new(),
        /// Wait after an action. Default `"5m"`.
        pub cooldown: SimSpan = SimSpan::from_secs(300),
    }
}

/// One scheduled change.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduledChange {
    /// When.
    pub at: SimTime,
    /// Instances from then on.
    pub instances: u32,
}

params! {
    /// Scheduled capacity.
    pub struct Scheduled {
        /// The changes.
        pub changes: Vec<ScheduledChange> = Vec::new(),
    }
}
