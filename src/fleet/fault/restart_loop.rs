//! Restart loop: the process crashes again some time after every start.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// The process crashes again some time after every start.
    pub struct RestartLoop {
        /// How long it runs before it dies again. Default `"10s"`.
        pub after: SimSpan = SimSpan::from_secs(10),
    }
}

impl Effect for RestartLoop {
    fn act(&self, _: Aim, on: &mut Impact) {
        on.dies_after = Some(on.dies_after.map_or(self.after, |known| known.min(self.after)));
    }
    /// Whatever kills the process kills every instance alike, later ones included.
    fn reaches_later(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_dies_again_ten_seconds_after_each_start() {
        let (fault, mut impact) = (RestartLoop::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert_eq!(impact.dies_after, Some(SimSpan::from_secs(10)));
        RestartLoop { after: SimSpan::from_secs(3) }.act(Aim::default(), &mut impact);
        assert_eq!(impact.dies_after, Some(SimSpan::from_secs(3)), "the faster loop wins");
    }
}
