//! Bad configuration: the process runs, but a share of its answers is wrong because a setting is; a restart does not help, only clearing the fault does.

use crate::choice::params;
use crate::units::Ratio;

params! {
    /// The process runs, but a share of its answers is wrong because a setting is; a restart does not help, only clearing the fault does.
    pub struct BadConfiguration {
        /// Share of requests that fail. Default 1.
        pub error_rate: Ratio = Ratio::ONE,
    }
}
