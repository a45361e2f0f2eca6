//! Round robin: each target in turn, the default algorithm of an Application Load Balancer.
//!
//! One load balancer in front of a service takes turns for everybody who calls it. Where requests come one at a time and
//! call one service after another, its turns can fall into step with those of the balancer before it, so that each
//! caller always meets the same target. Clients that balance by themselves (gRPC, Envoy) take their own turns.

use crate::choice::params;

params! {
    /// Each target in turn.
    pub struct RoundRobin {
        /// Whether each calling instance takes turns of its own, beginning anywhere, as clients that balance by themselves
        /// do (gRPC's `round_robin`, Envoy). Default false: one load balancer takes turns for all callers.
        pub per_caller: bool = false,
    }
}

impl RoundRobin {
    /// The next of `n` targets in turn.
    #[inline]
    pub(super) const fn turn(cursor: &mut usize, n: usize) -> usize {
        // The list may have shrunk since the last choice.
        let at = if *cursor < n { *cursor } else { 0 };
        *cursor = at + 1;
        at
    }
}
