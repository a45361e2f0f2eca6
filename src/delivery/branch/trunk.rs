//! Trunk-based development: short branches, merged into the trunk at least once a day; every merge may be released.
//!
//! After DORA's capability of that name: three or fewer active branches, no code freezes, no integration phase. A broken trunk
//! is mended before anything else.

use crate::choice::params;
use crate::units::Ratio;

params! {
    /// Trunk-based development.
    pub struct TrunkBased {
        /// Probability that 100 lines of a change conflict with 100 lines that somebody else merged into the same service
        /// meanwhile. Default 2 % (chosen for Fleetlab).
        pub conflict: Ratio = Ratio::new(0.02),
    }
}

impl TrunkBased {
    /// Says what is impossible about the parameters, if anything is.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "it is called like the other models")]
    pub(super) fn check(&self) -> Result<(), String> {
        Ok(())
    }
}
