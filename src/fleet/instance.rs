//! Instances: how a service's fleet is sized, placed, started and stopped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::autoscale::Autoscaling;
use super::deploy::Strategy;
use super::health::HealthCheck;
use crate::ids::ZoneId;
use crate::kernel::dist::Distribution;
use crate::units::{Dollars, SimSpan};

/// How long targets of an Application Load Balancer may drain by default (`deregistration_delay.timeout_seconds`).
pub const DEREGISTRATION_DELAY: SimSpan = SimSpan::from_secs(300);
/// How long everybody else may finish what it has by default (Kubernetes `terminationGracePeriodSeconds`, ECS
/// `stopTimeout`).
pub const GRACE_PERIOD: SimSpan = SimSpan::from_secs(30);

/// One service's control plane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceFleet {
    /// Instances at the start.
    pub instances: u32,
    /// Zones over which they are spread, in turn; never empty.
    pub zones: Vec<ZoneId>,
    /// From the decision to start an instance until it serves. Instances of the first moment are already up.
    pub start_up: Distribution,
    /// After it left the rotation an instance keeps serving what it has for at most this long.
    pub drain: SimSpan,
    /// Whether, and after how long, a crashed instance is started again; where Kubernetes checks, the first step of its
    /// crash-loop back-off.
    pub restart_after: Option<SimSpan>,
    /// Health checks.
    pub health: Option<HealthCheck>,
    /// Autoscaling.
    pub autoscaling: Option<Autoscaling>,
    /// How new versions are deployed unless a deployment says otherwise.
    pub strategy: Strategy,
    /// Price of one instance-hour.
    pub price_per_hour: Dollars,
}

/// The state of an instance, as the fleet sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceState {
    /// Being started; serves nothing yet.
    Starting,
    /// In rotation.
    Healthy,
    /// Running, but out of rotation because its checks fail.
    Unhealthy,
    /// Out of rotation for good, finishing what it has.
    Draining,
    /// Crashed, and to be started again.
    Crashed,
    /// Gone.
    Stopped,
}
