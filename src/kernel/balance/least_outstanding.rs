//! Least outstanding requests: the target with the fewest requests in flight; ties are broken at random.
//!
//! With a stale view of the counts all callers herd to the same targets (Mitzenmacher, TPDS 2000).

use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// Fewest outstanding requests wins.
    pub struct LeastOutstanding {
        /// How often the view of the counts is refreshed. Default `"0s"`: always fresh.
        pub stale: SimSpan = SimSpan::ZERO,
    }
}
