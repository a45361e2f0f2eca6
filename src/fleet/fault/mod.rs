//! Faults: what can be made to go wrong, on which instances, for how long. One file per fault.
//!
//! A fault changes conditions (a process dies, a link loses messages, a CPU is shared); what users feel follows from the
//! model, never from the fault. To add one: a file with its parameters, its effect and its tests, and its lines in the
//! lists below.

mod effect;
mod force;
mod selector;

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

pub use selector::{All, Fixed, FixedPercent, One, RandomMaxPercent, Selector};

pub use effect::Direction;
pub(crate) use effect::{Aim, Impact};
pub(super) use force::install;
pub(crate) use force::{Active, FaultOrders, Faults, Injection};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::effect::Effect;
use crate::choice::choice;
use crate::units::SimSpan;

choice! {
    /// What goes wrong.
    pub enum FaultKind {
        /// The process runs, but a share of its answers is wrong because a setting is; a restart does not help, only clearing the fault does.
        "bad-configuration" => BadConfiguration(BadConfiguration),
        /// From the moment it expires, every new call to the service fails, pooled connections included.
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
        /// Messages from the service take longer on the network.
        "latency" => Latency(Latency),
        /// Memory grows with every request until the kernel kills the process at its limit.
        "memory-leak" => MemoryLeak(MemoryLeak),
        /// A share of messages from the service is lost, and TCP sends them again.
        "packet-loss" => PacketLoss(PacketLoss),
        /// Nothing passes between the service and a peer, in both directions or in one.
        "partition" => Partition(Partition),
        /// Leaked connections leave fewer for the calls to the service.
        "pool-exhaustion" => PoolExhaustion(PoolExhaustion),
        /// The process crashes again some time after every start.
        "restart-loop" => RestartLoop(RestartLoop),
        /// Every instance in one availability zone is gone.
        "zone-loss" => ZoneLoss(ZoneLoss),
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

impl FaultKind {
    /// What it does.
    fn effect(&self) -> &dyn Effect {
        match self {
            Self::BadConfiguration(fault) => fault,
            Self::CertificateExpiry(fault) => fault,
            Self::CpuStarvation(fault) => fault,
            Self::Crash(fault) => fault,
            Self::DependencyOutage(fault) => fault,
            Self::ErrorResponses(fault) => fault,
            Self::GcStorm(fault) => fault,
            Self::IoSlowness(fault) => fault,
            Self::Latency(fault) => fault,
            Self::MemoryLeak(fault) => fault,
            Self::PacketLoss(fault) => fault,
            Self::Partition(fault) => fault,
            Self::PoolExhaustion(fault) => fault,
            Self::RestartLoop(fault) => fault,
            Self::ZoneLoss(fault) => fault,
        }
    }
}
