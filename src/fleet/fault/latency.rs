//! Latency: messages from the service take longer on the network.
//!
//! By default it acts as `tc netem` and the `delay` of Chaos Mesh do: on what leaves the instance, so that it costs a
//! client of the service its delay once per round trip, and the instance's own calls to others once more. Health checks
//! wait for their answers, too.

use super::effect::{Aim, Direction, Effect, Impact};
use crate::choice::params;
use crate::kernel::dist::Distribution;
use crate::units::SimSpan;

params! {
    /// Messages from the service take longer on the network.
    pub struct Latency {
        /// Added to each message; drawn for each anew, and delays of several faults add up. Default `"100ms"`.
        pub delay: Distribution = Distribution::Fixed(SimSpan::from_millis(100)),
        /// Which messages: `from` the instances (answers and own calls), `to` them (requests and answers to own calls), or
        /// `both`. Default `"from"` (netem acts on egress), once per round trip.
        pub direction: Direction = Direction::From,
    }
}

impl Effect for Latency {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.delay(self.direction, &self.delay);
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
    fn messages_take_longer_once_per_round_trip() {
        let (fault, mut impact) = (Latency::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert_eq!(impact.modifiers.outbound.delays, [Distribution::Fixed(SimSpan::from_millis(100))]);
        assert!(impact.modifiers.inbound.delays.is_empty());
        assert!(fault.reaches_later());
    }
}
