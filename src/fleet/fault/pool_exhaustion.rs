//! Connection-pool exhaustion: leaked connections leave fewer for the calls to the service.

use crate::choice::params;
use crate::units::Ratio;

params! {
    /// Leaked connections leave fewer for the calls to the service.
    pub struct PoolExhaustion {
        /// Share of each client's connections that is lost. Default 1.
        pub leaked: Ratio = Ratio::ONE,
    }
}
