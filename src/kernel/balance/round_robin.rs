//! Round robin: each target in turn, the default algorithm of an Application Load Balancer.

use super::Choice;
use crate::choice::params;

params! {
    /// Each target in turn.
    pub struct RoundRobin {}
}

impl RoundRobin {
    /// The next target in turn.
    #[inline]
    pub(super) fn pick(choice: &mut Choice<'_>) -> usize {
        let at = *choice.cursor;
        // The list may have shrunk since the last choice.
        let at = if at < choice.targets.len() { at } else { 0 };
        *choice.cursor = at + 1;
        at
    }
}
