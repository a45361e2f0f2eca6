//! CPU starvation: somebody else uses the machine's CPU, and work takes longer.

use crate::choice::params;
use crate::units::Ratio;

params! {
    /// Somebody else uses the machine's CPU, and work takes longer.
    pub struct CpuStarvation {
        /// Share of the CPU that is gone (0 to 0.99). Default 50 %.
        pub stolen: Ratio = Ratio::new(0.5),
    }
}
