//! Adaptive throttling: a client rejects its own calls with probability max(0, (requests − K·accepts)/(requests + 1)),
//! counted over a sliding window (SRE book ch. 21).

use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// Client-side adaptive throttling.
    pub struct Throttle {
        /// The multiplier K [1], 1 to 10. Default 2 (SRE book ch. 21): the backend then receives about twice what it accepts.
        pub k: f64 = 2.0,
        /// The window over which requests and accepts are counted. Default `"2m"` (SRE book ch. 21).
        pub window: SimSpan = SimSpan::from_secs(120),
    }
}

/// Buckets into which the window is cut.
const SLICES: usize = 20;

/// One client's counts.
#[derive(Debug, Clone)]
pub(in crate::kernel) struct ThrottleState {
    /// Requests and accepts by slice of the window, circular.
    slices: [(u32, u32); SLICES],
    /// The slice of the last use.
    slice: u64,
}

impl ThrottleState {
    pub(in crate::kernel) const fn new() -> Self {
        Self { slices: [(0, 0); SLICES], slice: 0 }
    }

    /// Forgets slices that left the window; returns the current one's place.
    fn turn(&mut self, params: &Throttle, now: u64) -> usize {
        let slice = now / (params.window.nanos() / SLICES as u64).max(1);
        for passed in 0..(slice - self.slice).min(SLICES as u64) {
            self.slices[((slice - passed) % SLICES as u64) as usize] = (0, 0);
        }
        self.slice = slice;
        (slice % SLICES as u64) as usize
    }

    /// Counts a request at `now` [ns]; whether it may be sent, given a uniform draw `u`.
    pub(in crate::kernel) fn admit(&mut self, params: &Throttle, now: u64, u: f64) -> bool {
        let at = self.turn(params, now);
        let (requests, accepts) = self.slices.iter().fold((0.0, 0.0), |sum, slice| (sum.0 + f64::from(slice.0), sum.1 + f64::from(slice.1)));
        self.slices[at].0 += 1;
        u >= ((requests - params.k * accepts) / (requests + 1.0)).max(0.0)
    }

    /// Counts that the backend accepted a request.
    pub(in crate::kernel) fn accept(&mut self, params: &Throttle, now: u64) {
        let at = self.turn(params, now);
        self.slices[at].1 += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    /// Offered 1000/s to a backend that accepts 100/s: about 200/s are sent (SRE book ch. 21; 5 %).
    #[test]
    fn the_backend_receives_about_twice_what_it_accepts() {
        let params = Throttle::default();
        let mut throttle = ThrottleState::new();
        let mut stream = Stream::root(1);
        let (mut sent, mut tokens) = (0_u32, 0.0_f64);
        for call in 0..1_200_000_u64 {
            let now = call * 1_000_000;
            tokens = (tokens + 0.1).min(20.0);
            if throttle.admit(&params, now, stream.uniform()) {
                sent += u32::from(call >= 600_000);
                if tokens >= 1.0 {
                    tokens -= 1.0;
                    throttle.accept(&params, now);
                }
            }
        }
        let rate = f64::from(sent) / 600.0;
        assert!((190.0..=210.0).contains(&rate), "{rate}/s");
    }
}
