//! Partition: nothing passes between two services, in both directions or in one.

use super::effect::{Aim, Effect, Impact};
use crate::choice::params;

params! {
    /// Nothing passes between two services, in both directions or in one.
    pub struct Partition {
        /// The service or traffic source that is cut off from the target. Default: everybody.
        pub from: Option<String> = None,
        /// Only requests are lost; answers still pass. Default false.
        pub one_way: bool = false,
    }
}

impl Effect for Partition {
    fn act(&self, aim: Aim, on: &mut Impact) {
        on.cuts.push((aim.from, !self.one_way));
    }
    /// The cut runs in front of the service, instances started later included.
    fn reaches_later(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_lost_too_unless_it_is_one_way() {
        let (fault, mut impact) = (Partition::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert!(fault.reaches_later());
        Partition { one_way: true, ..Partition::default() }.act(Aim::default(), &mut impact);
        assert_eq!(impact.cuts, [(None, true), (None, false)]);
    }
}
