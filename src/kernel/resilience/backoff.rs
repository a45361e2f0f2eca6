//! Backoff: how long a client waits before it tries again.
//!
//! Formulas as in the AWS Architecture Blog's "Exponential Backoff And Jitter" (2015): with `v = min(cap, base·2ⁿ)` the
//! jitters are none `v`, full `U(0, v)`, equal `v/2 + U(0, v/2)`, decorrelated `min(cap, U(base, 3·previous))`; the
//! counter n starts at 1.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choice::params;
use crate::rng::Stream;
use crate::units::SimSpan;

/// How the waiting time is randomised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Jitter {
    /// Not at all: all clients come back together.
    None,
    /// Uniform from zero to the full wait.
    #[default]
    Full,
    /// Half the wait, and uniform over the other half.
    Equal,
    /// Uniform from the base to three times the previous wait.
    Decorrelated,
}

params! {
    /// Exponential backoff with jitter.
    pub struct Backoff {
        /// The base: with factor 2 the first wait is up to twice this, as in the published formula. Default `"50ms"` (chosen for Fleetlab).
        pub base: SimSpan = SimSpan::from_millis(50),
        /// The longest wait. Default `"20s"` (AWS SDK standard mode).
        pub cap: SimSpan = SimSpan::from_secs(20),
        /// What each wait is multiplied by [1], 1 to 10. Default 2 (chosen for Fleetlab); 1 waits the same every time.
        pub factor: f64 = 2.0,
        /// How the wait is randomised. Default `"full"` (chosen for Fleetlab).
        pub jitter: Jitter = Jitter::Full,
    }
}

impl Backoff {
    /// The wait [ns] before retry `n` (the first retry is 1), after a wait of `previous` [ns] (zero at first).
    pub fn wait_nanos(&self, n: u32, previous: u64, stream: &mut Stream) -> u64 {
        let (base, cap) = (self.base.nanos() as f64, self.cap.nanos() as f64);
        let full = (base * self.factor.powi(n.min(64) as i32)).min(cap);
        let wait = match self.jitter {
            Jitter::None => full,
            Jitter::Full => full * stream.uniform(),
            Jitter::Equal => full / 2.0 + full / 2.0 * stream.uniform(),
            Jitter::Decorrelated => {
                let previous = if previous == 0 { base } else { previous as f64 };
                (base + (3.0 * previous - base).max(0.0) * stream.uniform()).min(cap)
            }
        };
        wait as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(jitter: Jitter) -> Vec<(u32, f64, f64)> {
        let backoff = Backoff { base: SimSpan::from_millis(5), cap: SimSpan::from_millis(2_000), jitter, ..Backoff::default() };
        (1..=12)
            .map(|n| {
                let draws = (0..2_000).map(|i| backoff.wait_nanos(n, 0, &mut Stream::root(i)) as f64 / 1e6);
                let (low, high) = draws.fold((f64::INFINITY, 0.0_f64), |(low, high), wait| (low.min(wait), high.max(wait)));
                (n, low, high)
            })
            .collect()
    }

    #[test]
    fn jitters_span_what_they_promise() {
        for (n, low, high) in waits(Jitter::None) {
            let full = (5.0 * 2_f64.powi(n as i32)).min(2_000.0);
            assert_eq!((low, high), (full, full));
        }
        for (n, low, high) in waits(Jitter::Full) {
            let full = (5.0 * 2_f64.powi(n as i32)).min(2_000.0);
            assert!(low < 0.01 * full && high > 0.99 * full && high <= full);
        }
        for (n, low, high) in waits(Jitter::Equal) {
            let full = (5.0 * 2_f64.powi(n as i32)).min(2_000.0);
            assert!(low >= 0.499 * full && low < 0.51 * full && high > 0.99 * full && high <= full);
        }
    }

    #[test]
    fn decorrelated_waits_grow_from_the_previous_one() {
        let backoff = Backoff { base: SimSpan::from_millis(5), cap: SimSpan::from_millis(2_000), jitter: Jitter::Decorrelated, ..Backoff::default() };
        for seed in 0..1_000 {
            let wait = backoff.wait_nanos(3, 100_000_000, &mut Stream::root(seed));
            assert!((5_000_000..=300_000_000).contains(&wait));
            assert!(backoff.wait_nanos(3, 1_900_000_000, &mut Stream::root(seed)) <= 2_000_000_000);
        }
    }
}
