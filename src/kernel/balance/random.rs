//! Random: any target with equal probability, whatever its load.

use super::Choice;
use crate::choice::params;

params! {
    /// Any target, with equal probability.
    pub struct Random {}
}

impl Random {
    /// Any target.
    pub(super) fn pick(choice: &mut Choice<'_>) -> usize {
        choice.stream.below(choice.targets.len() as u32) as usize
    }
}
