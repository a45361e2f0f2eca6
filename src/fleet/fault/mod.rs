//! Faults: what can be made to go wrong, on which instances, for how long. One file per fault.
//!
//! A fault changes conditions (a process dies, a link loses messages, a CPU is shared); what users feel follows from the
//! model, never from the fault. To add one: a file with its parameters, its effect and its tests, and one line below.

mod bad_configuration;
mod certificate_expiry;
mod cpu_starvation;
mod crash;
mod dependency_outage;
mod error_responses;
mod gc_storm;
mod io_slowness;
mod latency;
mod memory_leak;
mod packet_loss;
mod partition;
mod pool_exhaustion;
mod restart_loop;
mod zone_loss;

pub use bad_configuration::BadConfiguration;
pub use certificate_expiry::CertificateExpiry;
pub use cpu_starvation::CpuStarvation;
pub use crash::Crash;
pub use dependency_outage::DependencyOutage;
pub use error_responses::ErrorResponses;
pub use gc_storm::GcStorm;
pub use io_slowness::IoSlowness;
pub use latency::Latency;
pub use memory_leak::MemoryLeak;
pub use packet_loss::PacketLoss;
pub use partition::Partition;
pub use pool_exhaustion::PoolExhaustion;
pub use restart_loop::RestartLoop;
pub use zone_loss::ZoneLoss;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choice::{choice, params};
use crate::units::SimSpan;

choice! {
    /// What goes wrong.
    pub enum FaultKind {
        /// The process runs, but a share of its answers is wrong because a setting is; a restart does not help, only clearing the fault does.
        "bad-configuration" => BadConfiguration(BadConfiguration),
        /// From the moment it expires, every new connection to the service fails.
        "certificate-expiry" => CertificateExpiry(CertificateExpiry),
        /// Somebody else uses the machine's CPU, and work takes longer.
        "cpu-starvation" => CpuStarvation(CpuStarvation),
        /// The process dies with everything it was doing, and is started again if its service restarts what crashed.
        "crash" => Crash(Crash),
        /// Every instance of the service is gone until the fault is cleared.
        "dependency-outage" => DependencyOutage(DependencyOutage),
        /// A share of requests is answered with an error.
        "error-responses" => ErrorResponses(ErrorResponses),
        /// Long stop-the-world pauses in quick succession.
        "gc-storm" => GcStorm(GcStorm),
        /// Every wait for the disk takes longer.
        "io-slowness" => IoSlowness(IoSlowness),
        /// Messages to the service take longer on the network.
        "latency" => Latency(Latency),
        /// Memory grows with every request until the kernel kills the process at its limit.
        "memory-leak" => MemoryLeak(MemoryLeak),
        /// A share of messages to the service never arrives.
        "packet-loss" => PacketLoss(PacketLoss),
        /// Nothing passes between two services, in both directions or in one.
        "partition" => Partition(Partition),
        /// Leaked connections leave fewer for the calls to the service.
        "pool-exhaustion" => PoolExhaustion(PoolExhaustion),
        /// The process crashes again some time after every start.
        "restart-loop" => RestartLoop(RestartLoop),
        /// Every instance in one availability zone is gone.
        "zone-loss" => ZoneLoss(ZoneLoss),
    }
}

choice! {
    /// Which instances of the service it happens to (modes of Chaos Mesh).
    pub enum Selector {
        /// One instance, picked at random.
        "one" => One(One),
        /// All instances.
        "all" => All(All),
        /// This many instances, picked at random.
        "fixed" => Fixed(Fixed),
        /// This percentage of the instances, picked at random, rounded down.
        "fixed-percent" => FixedPercent(FixedPercent),
        /// A random percentage up to this one.
        "random-max-percent" => RandomMaxPercent(RandomMaxPercent),
    }
}

impl Default for Selector {
    fn default() -> Self {
        Self::All(All {})
    }
}

params! {
    /// One instance.
    pub struct One {}
}
params! {
    /// All instances.
    pub struct All {}
}
params! {
    /// A number of instances.
    pub struct Fixed {
        /// How many. Default 1.
        pub value: u32 = 1,
    }
}
params! {
    /// A percentage of the instances.
    pub struct FixedPercent {
        /// The percentage [%], 0 to 100. Default 50.
        pub value: f64 = 50.0,
    }
}
params! {
    /// At most a percentage of the instances.
    pub struct RandomMaxPercent {
        /// The percentage [%], 0 to 100. Default 50.
        pub value: f64 = 50.0,
    }
}

/// A fault as it is injected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// A name by which it can be cleared and found on the timeline. Default: its kind and target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What goes wrong.
    pub kind: FaultKind,
    /// The service it happens to; a zone loss needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Which of its instances. Default `"all"`.
    #[serde(default)]
    pub selector: Selector,
    /// How long it lasts. Default: until it is cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<SimSpan>,
}
