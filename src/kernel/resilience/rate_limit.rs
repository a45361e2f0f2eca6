//! Rate limit: a token bucket; a call that finds no token fails as throttled.

use crate::choice::params;
use crate::units::PerSecond;

params! {
    /// A token bucket per client instance.
    pub struct RateLimit {
        /// Tokens gained. Default `"100/s"` (chosen for Fleetlab).
        pub rate: PerSecond = PerSecond::new(100.0),
        /// Tokens that can be saved up, at least 1. Default 100 (chosen for Fleetlab).
        pub burst: f64 = 100.0,
    }
}

/// One client's bucket.
#[derive(Debug, Clone, Copy)]
pub(in crate::kernel) struct BucketState {
    tokens: f64,
    at: u64,
}

impl BucketState {
    pub(in crate::kernel) const fn new() -> Self {
        Self { tokens: f64::NAN, at: 0 }
    }

    /// Takes a token if there is one at `now` [ns].
    pub(in crate::kernel) fn take(&mut self, params: &RateLimit, now: u64) -> bool {
        let burst = params.burst.max(1.0);
        if self.tokens.is_nan() {
            self.tokens = burst;
        }
        self.tokens = (self.tokens + params.rate.get() * (now - self.at) as f64 / 1e9).min(burst);
        self.at = now;
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_rate_is_half_refused() {
        let params = RateLimit { rate: PerSecond::new(100.0), burst: 1.0 };
        let mut bucket = BucketState::new();
        let passed = (0..2_000_u64).filter(|call| bucket.take(&params, call * 5_000_000)).count();
        assert!((1_000..=1_001).contains(&passed), "{passed} of 2000 passed in ten seconds at 100/s");
    }
}
