//! Load balancers: how a call picks one of a service's targets. One file per balancer.
//!
//! A balancer sees the targets in rotation and what it could know of them (its own counts of outstanding requests, the
//! latencies it observed); it does not see queues inside instances, health checks or versions. To add one: a file with
//! its parameters, its choice and its tests, and one line in the registry below.

mod least_outstanding;
mod peak_ewma;
mod power_of_two;
mod random;
mod ring_hash;
mod round_robin;

pub use least_outstanding::LeastOutstanding;
pub use peak_ewma::PeakEwma;
pub use power_of_two::PowerOfTwo;
pub use random::Random;
pub use ring_hash::RingHash;
pub use round_robin::RoundRobin;

use crate::choice::choice;

choice! {
    /// How a service's load balancer picks a target.
    pub enum Balancer {
        /// Fewest outstanding requests wins.
        "least-outstanding" => LeastOutstanding(LeastOutstanding),
        /// Lowest expected cost wins: recent peak latency × (outstanding + 1), of two random targets.
        "peak-ewma" => PeakEwma(PeakEwma),
        /// The less loaded of a few random targets wins.
        "power-of-two" => PowerOfTwo(PowerOfTwo),
        /// Any target, with equal probability.
        "random" => Random(Random),
        /// The same user goes to the same target.
        "ring-hash" => RingHash(RingHash),
        /// Each target in turn.
        "round-robin" => RoundRobin(RoundRobin),
    }
}

impl Default for Balancer {
    /// Round robin, the default algorithm of an Application Load Balancer target group.
    fn default() -> Self {
        Self::RoundRobin(RoundRobin {})
    }
}
