//! Zone loss: every instance in one availability zone is gone.

use crate::choice::params;

params! {
    /// Every instance in one availability zone is gone.
    pub struct ZoneLoss {
        /// The zone's name.
        pub zone: String = String::new(),
    }
}
