//! Circuit breaker: a client stops calling a dependency that mostly fails. States and defaults are Resilience4j's.

use crate::choice::params;
use crate::units::{Ratio, SimSpan};

params! {
    /// A circuit breaker with a count-based window.
    pub struct Breaker {
        /// Calls in the window, 1 to 10000. Default 100.
        pub window: u16 = 100,
        /// Share of failures that opens it. Default 50 %.
        pub failure_rate: Ratio = Ratio::new(0.5),
        /// Calls before a rate is computed. Default 100.
        pub minimum_calls: u16 = 100,
        /// How long it stays open. Default `"60s"`.
        pub open: SimSpan = SimSpan::from_secs(60),
        /// Calls let through half-open. Default 10.
        pub half_open_calls: u16 = 10,
        /// A call slower than this counts as slow. Default `"60s"`.
        pub slow_call: SimSpan = SimSpan::from_secs(60),
        /// Share of slow calls that opens it. Default 100 %.
        pub slow_call_rate: Ratio = Ratio::ONE,
        /// Whether it turns half-open by itself when the time is over, instead of at the next call. Default false.
        pub automatic_half_open: bool = false,
    }
}
