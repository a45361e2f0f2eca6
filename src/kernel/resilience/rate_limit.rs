//! Rate limit: a token bucket; a call that finds no token fails as throttled.

use crate::choice::params;
use crate::units::PerSecond;

params! {
    /// A token bucket per client instance.
    pub struct RateLimit {
        /// Tokens gained. Default `"100/s"`.
        pub rate: PerSecond = PerSecond::new(100.0),
        /// Tokens that can be saved up, at least 1. Default 100.
        pub burst: f64 = 100.0,
    }
}
