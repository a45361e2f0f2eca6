//! Bad configuration: the process runs, but a share of its answers is wrong because a setting is; a restart does not help, only clearing the fault does.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;
use crate::units::Ratio;

params! {
    /// The process runs, but a share of its answers is wrong because a setting is; a restart does not help, only clearing the fault does.
    pub struct BadConfiguration {
        /// Share of requests that fail. Default 1.
        pub error_rate: Ratio = Ratio::ONE,
    }
}

impl Effect for BadConfiguration {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.fail(self.error_rate.get());
    }
    /// A setting belongs to the service: instances started later read it, too.
    fn reaches_later(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_wrong_and_a_new_instance_does_not_help() {
        let (fault, mut impact) = (BadConfiguration::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert!((impact.modifiers.error_rate - 1.0).abs() < 1e-12);
        assert!(fault.reaches_later());
    }
}
