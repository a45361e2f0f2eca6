//! Power of two choices: the less loaded of `choices` random targets (Mitzenmacher, TPDS 2001).

use super::Choice;
use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// The less loaded of a few random targets wins.
    pub struct PowerOfTwo {
        /// How many targets are sampled, 2 to 16. Default 2 (Envoy `choice_count`).
        pub choices: u8 = 2,
        /// How often the view of the counts is refreshed. Default `"0s"`: always fresh.
        pub stale: SimSpan = SimSpan::ZERO,
    }
}

impl PowerOfTwo {
    /// The less loaded of a few distinct random targets; the first one wins a tie.
    pub(super) fn pick(&self, choice: &mut Choice<'_>) -> usize {
        choice.refresh(self.stale.nanos());
        let stale = !self.stale.is_zero();
        let n = choice.targets.len() as u32;
        let mut best = choice.stream.below(n) as usize;
        let mut fewest = choice.outstanding(best, stale);
        let first = best as u32;
        for _ in 1..u32::from(self.choices).min(n) {
            // The second choice differs from the first; further ones may repeat, which changes little.
            let other = ((first + 1 + choice.stream.below(n - 1)) % n) as usize;
            let outstanding = choice.outstanding(other, stale);
            if outstanding < fewest {
                (best, fewest) = (other, outstanding);
            }
        }
        best
    }
}
