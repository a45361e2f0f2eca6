//! Power of two choices: the less loaded of `choices` random targets (Mitzenmacher, TPDS 2001).

use super::Choice;
use crate::choice::params;
use crate::units::SimSpan;

/// The most targets that may be sampled.
const MOST_CHOICES: usize = 16;

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
        let (mut best, mut fewest) = (0, u32::MAX);
        // Those drawn so far, in order of their index: a draw among the others skips them.
        let mut drawn: [u32; MOST_CHOICES] = [0; MOST_CHOICES];
        for count in 0..usize::from(self.choices).min(n as usize).min(MOST_CHOICES) {
            let mut at = choice.stream.below(n - count as u32);
            let skipped = drawn[..count].iter().take_while(|&&other| {
                let skips = at >= other;
                at += u32::from(skips);
                skips
            });
            let place = skipped.count();
            drawn.copy_within(place..count, place + 1);
            drawn[place] = at;
            let outstanding = choice.outstanding(at as usize, stale);
            if outstanding < fewest || count == 0 {
                (best, fewest) = (at as usize, outstanding);
            }
        }
        best
    }
}
