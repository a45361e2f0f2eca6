//! Slow disk: every wait for the disk takes longer.

use crate::choice::params;

params! {
    /// Every wait for the disk takes longer.
    pub struct IoSlowness {
        /// Factor on the time of disk steps [1], 1 to 10000. Default 10.
        pub factor: f64 = 10.0,
    }
}
