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
        /// The first wait. Default `"50ms"` (AWS SDK standard mode).
        pub base: SimSpan = SimSpan::from_millis(50),
        /// The longest wait. Default `"20s"` (AWS SDK standard mode).
        pub cap: SimSpan = SimSpan::from_secs(20),
        /// What each wait is multiplied by [1], 1 to 10. Default 2; 1 waits the same every time.
        pub factor: f64 = 2.0,
        /// How the wait is randomised. Default `"full"`.
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
