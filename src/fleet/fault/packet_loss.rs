//! Packet loss: a share of messages from the service is lost, and TCP sends them again.
//!
//! By default it acts as `tc netem` and the `loss` of Chaos Mesh do: on what leaves the instance. TCP sends a lost message
//! again after 200 ms, 400 ms, …, so loss shows as latency, and as timeouts where clients do not wait that long.

use super::effect::{Aim, Direction, Effect, Impact};
use crate::choice::params;
use crate::units::Ratio;

params! {
    /// A share of messages from the service is lost, and TCP sends them again.
    pub struct PacketLoss {
        /// Share of messages lost. Default 5 %.
        pub loss: Ratio = Ratio::new(0.05),
        /// Which messages: `from` the instances (answers and own calls), `to` them (requests and answers to own calls), or
        /// `both`. Default `"from"` (netem acts on egress), once per round trip.
        pub direction: Direction = Direction::From,
    }
}

impl Effect for PacketLoss {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.lose(self.direction, self.loss.get());
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
    fn messages_get_lost_once_per_round_trip() {
        let (fault, mut impact) = (PacketLoss::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert!((impact.modifiers.outbound.loss - 0.05).abs() < 1e-12 && impact.modifiers.inbound.loss.to_bits() == 0);
        assert!(fault.reaches_later());
    }
}
