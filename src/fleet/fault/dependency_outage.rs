//! Dependency outage: every instance of the service is gone until the fault is cleared.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;

params! {
    /// Every instance of the service is gone until the fault is cleared.
    pub struct DependencyOutage {}
}

impl Effect for DependencyOutage {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.held = true;
    }
    /// What is gone is the service, so instances started later do not come up either.
    fn reaches_later(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_service_runs() {
        let (fault, mut impact) = (DependencyOutage::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert!(!fault.is_momentary() && impact.held && fault.reaches_later());
    }
}
