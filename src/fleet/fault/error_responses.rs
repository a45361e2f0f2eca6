//! Error responses: a share of requests is answered with an error.

use crate::choice::params;
use crate::units::Ratio;

params! {
    /// A share of requests is answered with an error.
    pub struct ErrorResponses {
        /// Share of requests that fail. Default 50 %.
        pub error_rate: Ratio = Ratio::new(0.5),
    }
}
