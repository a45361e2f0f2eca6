//! Peak EWMA: of two random targets, the one with the lower recent peak latency × (outstanding + 1).
//!
//! The average reacts at once to a slower answer and forgets it exponentially, as in Finagle and Linkerd.

use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// Lowest expected cost of two random targets wins.
    pub struct PeakEwma {
        /// Time constant of the forgetting. Default `"10s"` (Finagle and Linkerd).
        pub decay: SimSpan = SimSpan::from_secs(10),
        /// Latency assumed of a target that has not answered yet. Default `"30ms"` (Linkerd).
        pub initial: SimSpan = SimSpan::from_millis(30),
    }
}
