//! Latency: messages to the service take longer on the network.

use crate::choice::params;
use crate::kernel::dist::Distribution;
use crate::units::SimSpan;

params! {
    /// Messages to the service take longer on the network.
    pub struct Latency {
        /// Added to each message to the instance. Default `"100ms"`.
        pub delay: Distribution = Distribution::Fixed(SimSpan::from_millis(100)),
    }
}
