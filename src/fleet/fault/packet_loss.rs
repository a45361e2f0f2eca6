//! Packet loss: a share of messages to the service never arrives.

use crate::choice::params;
use crate::units::Ratio;

params! {
    /// A share of messages to the service never arrives.
    pub struct PacketLoss {
        /// Share of messages lost. Default 5 %.
        pub loss: Ratio = Ratio::new(0.05),
    }
}
