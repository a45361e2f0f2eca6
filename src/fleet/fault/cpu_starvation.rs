//! CPU starvation: somebody else uses the machine's CPU, and work takes longer.
//!
//! The neighbour sits on the same machine: instances started later are placed elsewhere.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;
use crate::units::Ratio;

params! {
    /// Somebody else uses the machine's CPU, and work takes longer.
    pub struct CpuStarvation {
        /// Share of the CPU that is gone (0 to 0.99). Default 50 %.
        pub stolen: Ratio = Ratio::new(0.5),
    }
}

impl Effect for CpuStarvation {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.slow(1.0 - self.stolen.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_cpu_is_gone() {
        let (fault, mut impact) = (CpuStarvation::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert!((impact.modifiers.speed - 0.5).abs() < 1e-12);
        assert!(!fault.reaches_later());
    }
}
