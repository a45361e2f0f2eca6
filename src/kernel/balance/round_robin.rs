//! Round robin: each target in turn, the default algorithm of an Application Load Balancer.

use crate::choice::params;

params! {
    /// Each target in turn.
    pub struct RoundRobin {}
}
