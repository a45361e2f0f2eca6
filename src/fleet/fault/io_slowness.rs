//! Slow disk: every wait for the disk takes longer.
//!
//! The disk belongs to the machine: instances started later are placed elsewhere.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;

params! {
    /// Every wait for the disk takes longer.
    pub struct IoSlowness {
        /// Factor on the time of disk steps [1], 1 to 10000. Default 10.
        pub factor: f64 = 10.0,
    }
}

impl Effect for IoSlowness {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.slow_disk(self.factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_is_ten_times_slower() {
        let (fault, mut impact) = (IoSlowness::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert!((impact.modifiers.io_factor - 10.0).abs() < 1e-12);
        assert!((impact.modifiers.speed - 1.0).abs() < 1e-12, "the CPU is not");
    }
}
