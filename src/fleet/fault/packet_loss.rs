//! Packet loss: a share of messages to the service never arrives.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;
use crate::units::Ratio;

params! {
    /// A share of messages to the service never arrives.
    pub struct PacketLoss {
        /// Share of messages lost. Default 5 %.
        pub loss: Ratio = Ratio::new(0.05),
    }
}

impl Effect for PacketLoss {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.lose(self.loss.get());
    }
    /// The network path leads to the service, instances started later included.
    fn reaches_later(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_get_lost() {
        let (fault, mut impact) = (PacketLoss::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert!((impact.modifiers.loss - 0.05).abs() < 1e-12);
        assert!(fault.reaches_later());
    }
}
