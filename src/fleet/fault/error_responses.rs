//! Error responses: a share of requests is answered with an error.
//!
//! It is injected into the instances that are there: those started later are free of it.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;
use crate::units::Ratio;

params! {
    /// A share of requests is answered with an error.
    pub struct ErrorResponses {
        /// Share of requests that fail. Default 50 %.
        pub error_rate: Ratio = Ratio::new(0.5),
    }
}

impl Effect for ErrorResponses {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.fail(self.error_rate.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_answers_are_errors() {
        let (fault, mut impact) = (ErrorResponses::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert!((impact.modifiers.error_rate - 0.5).abs() < 1e-12);
        assert!(!fault.reaches_later());
    }
}
