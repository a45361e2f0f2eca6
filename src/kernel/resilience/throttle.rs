//! Adaptive throttling: a client rejects its own calls with probability max(0, (requests − K·accepts)/(requests + 1)),
//! counted over a sliding window (SRE book ch. 21).

use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// Client-side adaptive throttling.
    pub struct Throttle {
        /// The multiplier K [1], 1 to 10. Default 2: the backend then receives about twice what it accepts.
        pub k: f64 = 2.0,
        /// The window over which requests and accepts are counted. Default `"2m"`.
        pub window: SimSpan = SimSpan::from_secs(120),
    }
}
