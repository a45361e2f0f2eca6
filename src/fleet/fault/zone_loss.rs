//! Zone loss: every instance in one availability zone is gone.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;

params! {
    /// Every instance in one availability zone is gone.
    pub struct ZoneLoss {
        /// The zone's name.
        pub zone: String = String::new(),
    }
}

impl Effect for ZoneLoss {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.held = true;
    }
    /// Whatever is started in the zone does not come up either.
    fn reaches_later(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_zone_runs() {
        let (fault, mut impact) = (ZoneLoss::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert!(impact.held && fault.reaches_later());
    }
}
