//! Peak EWMA: of two random targets, the one with the lower recent peak latency × (outstanding + 1).
//!
//! The average reacts at once to a slower answer and forgets it exponentially, as in Finagle and Linkerd.

use super::{Choice, Load};
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

impl PeakEwma {
    /// The cheaper of two distinct random targets.
    pub(super) fn pick(&self, choice: &mut Choice<'_>) -> usize {
        let n = choice.targets.len() as u32;
        let first = choice.stream.below(n);
        if n == 1 {
            return 0;
        }
        let second = (first + 1 + choice.stream.below(n - 1)) % n;
        let cost = |at: u32| {
            let load = &choice.loads[choice.targets[at as usize] as usize];
            let peak = if load.observed_at == 0 { self.initial.nanos() as f64 } else { self.decayed(load, choice.now) };
            peak * f64::from(load.outstanding + 1)
        };
        if cost(second) < cost(first) { second as usize } else { first as usize }
    }

    /// Takes in an answer's latency [ns]: a slower one counts at once, a faster one gradually.
    pub(in crate::kernel) fn observe(&self, load: &mut Load, latency: u64, now: u64) {
        let latency = latency as f64;
        let average = if load.observed_at == 0 { self.initial.nanos() as f64 } else { load.peak_nanos };
        let weight = libm::exp(-((now - load.observed_at.min(now)) as f64) / self.decay.nanos().max(1) as f64);
        load.peak_nanos = if latency > average { latency } else { average * weight + latency * (1.0 - weight) };
        load.observed_at = now.max(1);
    }

    /// The average as it has decayed since the last answer.
    fn decayed(&self, load: &Load, now: u64) -> f64 {
        load.peak_nanos * libm::exp(-((now - load.observed_at.min(now)) as f64) / self.decay.nanos().max(1) as f64)
    }
}
