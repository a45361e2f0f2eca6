//! Round robin: each target in turn, the default algorithm of an Application Load Balancer.

use crate::choice::params;

params! {
    /// Each target in turn.
    pub struct RoundRobin {}
}

impl RoundRobin {
    /// The next of `n` targets in turn.
    #[inline]
    pub(super) const fn turn(cursor: &mut usize, n: usize) -> usize {
        // The list may have shrunk since the last choice.
        let at = if *cursor < n { *cursor } else { 0 };
        *cursor = at + 1;
        at
    }
}
