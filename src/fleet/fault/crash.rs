//! Crash: the process dies with everything it was doing, and is started again if its service restarts what crashed.
//!
//! The process starts again as its service says. With a duration it stays down at least that long, as a failed pod of Chaos
//! Mesh does.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;

params! {
    /// The process dies with everything it was doing, and is started again if its service restarts what crashed.
    pub struct Crash {}
}

impl Effect for Crash {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.held = true;
    }
    fn is_momentary(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_dies_and_is_held_down_only_for_a_duration() {
        let (fault, mut impact) = (Crash::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert!(fault.is_momentary() && impact.held);
    }
}
