//! GC storm: long stop-the-world pauses in quick succession.
//!
//! Of the service's own pauses and those of storms the ones count that take the largest share of the time: a storm never
//! makes a service better.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;
use crate::kernel::model::GcPauses;
use crate::units::SimSpan;

params! {
    /// Long stop-the-world pauses in quick succession.
    pub struct GcStorm {
        /// From one pause to the next. Default `"5s"`.
        pub every: SimSpan = SimSpan::from_secs(5),
        /// How long everything stands still. Default `"1s"`.
        pub pause: SimSpan = SimSpan::from_secs(1),
    }
}

impl Effect for GcStorm {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.pause(GcPauses { every: self.every, pause: self.pause });
    }
    /// The heap is too small for every instance alike, later ones included.
    fn reaches_later(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_stands_still_one_second_in_five() {
        let (fault, mut impact) = (GcStorm::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert_eq!(impact.modifiers.gc, Some(GcPauses { every: SimSpan::from_secs(5), pause: SimSpan::from_secs(1) }));
    }
}
