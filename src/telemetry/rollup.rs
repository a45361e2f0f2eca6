//! For how long windows are kept at which width, so that memory is bounded whatever the length of a run.
//!
//! New windows are one second wide. Older ones are merged into windows of 10 s, then 1 min, then 10 min; when the run
//! grows longer than the widest kind covers, that kind doubles its width. Boundaries depend on the clock alone, so
//! windows of different things of the same [`Schedule`] always line up.

use super::histogram::BUCKETS;
use super::sparse::{FINE, Sparse, Writer};
use super::window::Window;
use crate::units::{NANOS_PER_SEC, SimSpan, SimTime};

/// Number of widths.
pub(crate) const TIERS: usize = 4;
/// The widths at the start [s].
const WIDTHS: [u64; TIERS] = [1, 10, 60, 600];
/// How a budget of windows is shared out: five minutes of seconds, half an hour of tens, four hours of minutes, a day of
/// tens of minutes when there is room for all of it.
const SHARES: [usize; TIERS] = [300, 180, 240, 144];
/// Fewest windows of each width: enough to fill one of the next width while the smoothed signals still see seconds.
const FEWEST: [usize; TIERS] = [30, 12, 12, 12];

/// How many windows of which width a series keeps.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    keep: [usize; TIERS],
    widths: [u64; TIERS],
}

impl Schedule {
    /// Shares a budget of windows over `series` series.
    pub(crate) fn new(budget: usize, series: usize) -> Self {
        let mut schedule = Self { keep: SHARES, widths: WIDTHS.map(|secs| secs * NANOS_PER_SEC) };
        schedule.share(budget, series);
        schedule
    }
    /// Shares the budget anew, because there are more series than before.
    pub(crate) fn share(&mut self, budget: usize, series: usize) {
        let all: usize = SHARES.iter().sum();
        let each = (budget / series.max(1)).min(all);
        self.keep = std::array::from_fn(|tier| (SHARES[tier] * each / all).max(FEWEST[tier]));
    }
    /// Widens the widest windows if a run until `now` needs it; whether it did.
    pub(crate) fn advance(&mut self, now: SimTime) -> bool {
        let last = TIERS - 1;
        let before = self.widths[last];
        while now.nanos() / self.widths[last] > self.keep[last] as u64 {
            self.widths[last] *= 2;
        }
        self.widths[last] != before
    }
    /// Windows of this tier that ended by the returned time are due for the next one. It is a boundary of the next one.
    fn due(&self, tier: usize, now: SimTime) -> SimTime {
        let keep = SimSpan::from_nanos(self.keep[tier] as u64 * self.widths[tier]);
        let (due, next) = ((now - keep).nanos(), self.widths[tier + 1]);
        SimTime::from_nanos(due - due % next)
    }
    /// What grows old at `now`.
    pub(crate) fn aging(&self, now: SimTime, widened: bool) -> Aging {
        let complete = |tier: usize| {
            let width = self.widths[tier + 1];
            now.nanos().is_multiple_of(width).then(|| now - SimSpan::from_nanos(width))
        };
        Aging { due: std::array::from_fn(|tier| self.due(tier, now)), complete: std::array::from_fn(complete), widened }
    }
    /// The end of the slot of this tier in which a window that ended at `end` belongs.
    pub(crate) fn slot_end(&self, tier: usize, end: SimTime) -> SimTime {
        SimTime::from_nanos(end.nanos().next_multiple_of(self.widths[tier]))
    }
}

/// What grows old at one moment, worked out once for all series.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Aging {
    /// Windows of each tier but the widest that ended by then go into the next one.
    pub(crate) due: [SimTime; TIERS - 1],
    /// Of each tier but the widest: since when the stretch of a window of the next tier went, if it ends now.
    pub(crate) complete: [Option<SimTime>; TIERS - 1],
    /// Whether the widest windows have just become wider.
    pub(crate) widened: bool,
}

/// Merges many windows into one; keeps its buffers between merges.
#[derive(Debug)]
pub(crate) struct Merger {
    counts: Box<[u64]>,
    writer: Writer,
}

impl Default for Merger {
    fn default() -> Self {
        Self { counts: vec![0; (BUCKETS >> FINE) + 1].into_boxed_slice(), writer: Writer::default() }
    }
}

impl Merger {
    /// The windows of one thing, in order of time, as one; `None` without any.
    pub(crate) fn merge<'a>(&mut self, windows: impl Iterator<Item = &'a Window> + Clone) -> Option<Window> {
        let mut rest = windows.clone();
        let first = rest.next()?;
        let mut whole = Window { latency: Sparse::default(), ..first.clone() };
        for window in rest {
            whole.end = whole.end.max(window.end);
            whole.span = whole.span + window.span;
            whole.counts.merge(&window.counts);
            whole.load.merge_later(&window.load);
        }
        whole.latency = self.merge_latency(windows.map(|window| &window.latency));
        Some(whole)
    }
    /// Adds the counts of many histograms: cheaper than one by one, because each is decoded only once.
    fn merge_latency<'a>(&mut self, all: impl Iterator<Item = &'a Sparse> + Clone) -> Sparse {
        let shift = all.clone().map(Sparse::shift).max().unwrap_or(FINE);
        let (mut low, mut high) = (usize::MAX, 0);
        for (bucket, count) in all.flat_map(|one| one.iter(shift)) {
            self.counts[bucket] += count;
            (low, high) = (low.min(bucket), high.max(bucket));
        }
        for bucket in low..=high {
            let count = std::mem::take(&mut self.counts[bucket]);
            if count > 0 {
                self.writer.add(bucket, count);
            }
        }
        self.writer.finish(shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_budget_still_keeps_the_last_half_minute() {
        let schedule = Schedule::new(1_000, 1_000_000);
        assert_eq!(schedule.keep, FEWEST);
        let schedule = Schedule::new(1_000_000, 10);
        assert_eq!(schedule.keep, SHARES);
    }

    #[test]
    fn the_widest_windows_double_as_the_run_goes_on() {
        let mut schedule = Schedule::new(1_000_000, 1);
        assert!(!schedule.advance(SimTime::from_secs(86_400)));
        assert!(schedule.advance(SimTime::from_secs(86_400 + 600)));
        assert!(!schedule.advance(SimTime::from_secs(86_400 + 601)));
        assert_eq!(schedule.slot_end(3, SimTime::from_secs(1)), SimTime::from_secs(1_200));
    }
}
