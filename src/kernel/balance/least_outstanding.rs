//! Least outstanding requests: the target with the fewest requests in flight; ties are broken at random.
//!
//! With a stale view of the counts all callers herd to the same targets (Mitzenmacher, TPDS 2000).

use super::Choice;
use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// Fewest outstanding requests wins.
    pub struct LeastOutstanding {
        /// How often the view of the counts is refreshed. Default `"0s"`: always fresh.
        pub stale: SimSpan = SimSpan::ZERO,
    }
}

impl LeastOutstanding {
    /// The target with the fewest requests in flight, as far as is known.
    pub(super) fn pick(&self, choice: &mut Choice<'_>) -> usize {
        choice.refresh(self.stale.nanos());
        let stale = !self.stale.is_zero();
        let (mut best, mut fewest, mut ties) = (0, u32::MAX, 0);
        for at in 0..choice.targets.len() {
            let outstanding = choice.outstanding(at, stale);
            if outstanding < fewest {
                (best, fewest, ties) = (at, outstanding, 1);
            } else if outstanding == fewest {
                // Reservoir sampling: each of the tied targets is equally likely.
                ties += 1;
                if choice.stream.below(ties) == 0 {
                    best = at;
                }
            }
        }
        best
    }
}
