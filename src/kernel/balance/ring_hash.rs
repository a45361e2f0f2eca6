//! Ring hash: consistent hashing of the user, so that one user stays on one target while the fleet stays as it is.

use super::Choice;
use crate::choice::params;
use crate::rng::mix;

params! {
    /// The same user goes to the same target.
    pub struct RingHash {
        /// Points on the ring per target, 1 to 1024. Default 100 (chosen for Fleetlab); more points spread users more evenly.
        pub replicas: u16 = 100,
    }
}

impl RingHash {
    /// The first point on the ring at or after the user's hash.
    pub(super) fn pick(&self, choice: &mut Choice<'_>) -> usize {
        if choice.ring.is_empty() {
            for (at, &target) in choice.targets.iter().enumerate() {
                let points = (0..u64::from(self.replicas.max(1))).map(|replica| (mix(mix(u64::from(target) + 1) ^ replica), at as u32));
                choice.ring.extend(points);
            }
            choice.ring.sort_unstable();
        }
        let hash = mix(u64::from(choice.user) ^ 0x5248);
        let at = choice.ring.partition_point(|(point, _)| *point < hash);
        choice.ring[at % choice.ring.len()].1 as usize
    }
}
