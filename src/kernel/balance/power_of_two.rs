//! Power of two choices: the less loaded of `choices` random targets (Mitzenmacher, TPDS 2001).

use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// The less loaded of a few random targets wins.
    pub struct PowerOfTwo {
        /// How many targets are sampled, 2 to 16. Default 2.
        pub choices: u8 = 2,
        /// How often the view of the counts is refreshed. Default `"0s"`: always fresh.
        pub stale: SimSpan = SimSpan::ZERO,
    }
}
