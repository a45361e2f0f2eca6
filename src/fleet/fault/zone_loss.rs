//! Zone loss: every instance in one availability zone is gone, and nothing there answers any more, not even with a refusal.
//!
//! So clients notice by their timeouts, and without timeouts they wait until TCP gives up.

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
        on.silent = true;
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
        assert!(impact.held && impact.silent && fault.reaches_later());
    }
}
