//! Circuit breaker: a client stops calling a dependency that mostly fails. States and defaults are Resilience4j's.

use crate::choice::params;
use crate::units::{Ratio, SimSpan};

params! {
    /// A circuit breaker with a count-based window.
    pub struct Breaker {
        /// Calls in the window, 1 to 10000. Default 100 (Resilience4j).
        pub window: u16 = 100,
        /// Share of failures that opens it. Default 50 % (Resilience4j).
        pub failure_rate: Ratio = Ratio::new(0.5),
        /// Calls before a rate is computed. Default 100 (Resilience4j).
        pub minimum_calls: u16 = 100,
        /// How long it stays open. Default `"60s"` (Resilience4j).
        pub open: SimSpan = SimSpan::from_secs(60),
        /// Calls let through half-open. Default 10 (Resilience4j).
        pub half_open_calls: u16 = 10,
        /// A call slower than this counts as slow. Default `"60s"` (Resilience4j).
        pub slow_call: SimSpan = SimSpan::from_secs(60),
        /// Share of slow calls that opens it. Default 100 % (Resilience4j).
        pub slow_call_rate: Ratio = Ratio::ONE,
    }
}

/// The states of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) enum State {
    /// Calls pass and are counted.
    Closed,
    /// Calls are refused until this time [ns].
    Open { until: u64 },
    /// Some calls pass, to see.
    HalfOpen { admitted: u16 },
}

/// One client's breaker towards one dependency.
#[derive(Debug, Clone)]
pub(in crate::kernel) struct BreakerState {
    state: State,
    /// The last results, oldest overwritten: bit 0 failed, bit 1 slow.
    results: Vec<u8>,
    next: usize,
    failed: u32,
    slow: u32,
    /// How often it opened.
    openings: u32,
}

impl BreakerState {
    pub(in crate::kernel) const fn new() -> Self {
        Self { state: State::Closed, results: Vec::new(), next: 0, failed: 0, slow: 0, openings: 0 }
    }

    /// Whether calls are refused at `now` [ns].
    pub(in crate::kernel) const fn is_open(&self, now: u64) -> bool {
        matches!(self.state, State::Open { until } if now < until)
    }

    /// Whether a call may pass at `now` [ns].
    pub(in crate::kernel) fn admit(&mut self, params: &Breaker, now: u64) -> bool {
        match self.state {
            State::Closed => true,
            State::Open { until } if now < until => false,
            State::Open { .. } => {
                self.enter(State::HalfOpen { admitted: 1 });
                true
            }
            State::HalfOpen { admitted } if admitted < params.half_open_calls => {
                self.state = State::HalfOpen { admitted: admitted + 1 };
                true
            }
            State::HalfOpen { .. } => false,
        }
    }

    /// Takes in the result of a call that had passed.
    pub(in crate::kernel) fn record(&mut self, params: &Breaker, failed: bool, latency: u64, now: u64) {
        let slow = latency > params.slow_call.nanos();
        let window = match self.state {
            // A straggler from before it opened.
            State::Open { .. } => return,
            State::Closed => params.window,
            State::HalfOpen { .. } => params.half_open_calls,
        };
        self.count(usize::from(window.max(1)), failed, slow);
        let calls = self.results.len() as f64;
        let bad = f64::from(self.failed) / calls >= params.failure_rate.get() || f64::from(self.slow) / calls >= params.slow_call_rate.get();
        match self.state {
            State::Closed if self.results.len() >= usize::from(params.minimum_calls.clamp(1, window.max(1))) && bad => self.open(params, now),
            State::HalfOpen { .. } if self.results.len() >= usize::from(params.half_open_calls) => {
                if bad {
                    self.open(params, now);
                } else {
                    self.enter(State::Closed);
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, window: usize, failed: bool, slow: bool) {
        let result = u8::from(failed) | u8::from(slow) << 1;
        if self.results.len() < window {
            self.results.push(result);
        } else {
            let old = std::mem::replace(&mut self.results[self.next], result);
            self.next = (self.next + 1) % window;
            self.failed -= u32::from(old & 1);
            self.slow -= u32::from(old >> 1);
        }
        self.failed += u32::from(failed);
        self.slow += u32::from(slow);
    }

    fn open(&mut self, params: &Breaker, now: u64) {
        self.openings += 1;
        self.enter(State::Open { until: now + params.open.nanos() });
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.results.clear();
        (self.next, self.failed, self.slow) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::NANOS_PER_SEC;

    /// 100 calls/s to a backend that is dead from 60 s to 660 s (truth table B7): 50 failures open it, then ten probes a
    /// minute; 140 calls reach the dead backend, and the first batch after the recovery closes it.
    #[test]
    fn a_dead_backend_sees_140_calls_instead_of_60000() {
        let params = Breaker::default();
        let mut breaker = BreakerState::new();
        let (mut reached, mut first_refused) = (0, None);
        for call in 0..80_000_u64 {
            let now = call * NANOS_PER_SEC / 100;
            let dead = (60 * NANOS_PER_SEC..660 * NANOS_PER_SEC).contains(&now);
            if breaker.admit(&params, now) {
                reached += u64::from(dead);
                breaker.record(&params, dead, 0, now);
            } else if first_refused.is_none() {
                first_refused = Some(now);
            }
        }
        assert_eq!(reached, 140);
        assert_eq!(breaker.openings, 10);
        // The 50th failure is the call at 60.49 s.
        assert_eq!(first_refused, Some(60_500_000_000));
        assert_eq!(breaker.state, State::Closed);
    }

    #[test]
    fn slow_calls_open_it_too() {
        let params = Breaker { slow_call: SimSpan::from_millis(100), slow_call_rate: Ratio::new(0.5), minimum_calls: 10, window: 10, ..Breaker::default() };
        let mut breaker = BreakerState::new();
        for call in 0..10 {
            breaker.record(&params, false, if call % 2 == 0 { 200_000_000 } else { 1 }, call);
        }
        assert!(breaker.is_open(10));
    }

    #[test]
    fn fewer_calls_than_the_minimum_never_open_it() {
        let params = Breaker::default();
        let mut breaker = BreakerState::new();
        for call in 0..99 {
            breaker.record(&params, true, 0, call);
        }
        assert!(breaker.admit(&params, 100));
    }
}
