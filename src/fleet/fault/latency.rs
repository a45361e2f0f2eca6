//! Latency: messages to the service take longer on the network.

use super::effect::{Aim, Effect, Impact};
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

impl Effect for Latency {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.delay(&self.delay);
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
    fn messages_take_longer() {
        let (fault, mut impact) = (Latency::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert_eq!(impact.modifiers.delay, Some(Distribution::Fixed(SimSpan::from_millis(100))));
        assert!(fault.reaches_later());
    }
}
