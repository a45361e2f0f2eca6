//! Partition: nothing passes between the service and a peer, in both directions or in one.
//!
//! It lies between the two whichever of them calls the other. Cut in one direction, the same partition is two different
//! failures: if requests are lost, nothing reaches the server; if answers are lost, the server works, and for nothing.
//! TCP holds lost messages back and sends them when the cut is mended, unless somebody gives up before.
//!
//! | who calls | `direction = "to"` | `direction = "from"` |
//! |---|---|---|
//! | the peer calls the service | requests are lost | answers are lost |
//! | the service calls the peer | answers are lost | requests are lost |

use super::effect::{Aim, Direction, Effect, Impact};
use crate::choice::params;

params! {
    /// Nothing passes between the service and a peer, in both directions or in one.
    pub struct Partition {
        /// The peer: a service or traffic source that is cut off from the service, whichever of the two calls the other.
        /// Default: everybody, health checks included.
        pub from: Option<String> = None,
        /// Which messages are lost: those `to` the service, those `from` the service, or `both`. Default `"both"` (chosen
        /// for Fleetlab: a cable that is cut; Chaos Mesh begins with `to`).
        pub direction: Direction = Direction::Both,
    }
}

impl Effect for Partition {
    fn act(&self, aim: Aim, on: &mut Impact) {
        on.cuts.push((aim.from, self.direction));
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
    fn it_cuts_both_directions_unless_one_is_named() {
        let (fault, mut impact) = (Partition::default(), Impact::default());
        fault.act(Aim::default(), &mut impact);
        assert!(fault.reaches_later());
        Partition { direction: Direction::To, ..Partition::default() }.act(Aim::default(), &mut impact);
        assert_eq!(impact.cuts, [(None, Direction::Both), (None, Direction::To)]);
    }
}
