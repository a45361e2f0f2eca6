//! The windows of one thing over the whole run: recent ones narrow, old ones wide.
//!
//! It knows neither what it is about nor how wide windows should be (that is `rollup.rs`).

use std::collections::VecDeque;

use super::rollup::{Merger, Schedule, TIERS};
use super::window::Window;
use crate::units::SimTime;

/// Windows in order of time, those of the widest kind first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    tiers: [VecDeque<Window>; TIERS],
}

impl Series {
    /// Adds the newest window.
    pub(crate) fn push(&mut self, window: Window) {
        self.tiers[0].push_back(window);
    }
    /// Merges what is old enough; `widened` says that the widest windows have just become wider.
    pub(crate) fn age(&mut self, now: SimTime, schedule: &Schedule, widened: bool, merger: &mut Merger) {
        for tier in 0..TIERS - 1 {
            let due = schedule.due(tier, now);
            while self.tiers[tier].front().is_some_and(|oldest| oldest.end <= due) {
                let wider = Self::take_slot(&mut self.tiers[tier], tier + 1, schedule, merger);
                self.tiers[tier + 1].extend(wider);
            }
        }
        if widened {
            let mut narrow = std::mem::take(&mut self.tiers[TIERS - 1]);
            while !narrow.is_empty() {
                let wider = Self::take_slot(&mut narrow, TIERS - 1, schedule, merger);
                self.tiers[TIERS - 1].extend(wider);
            }
        }
    }
    /// Takes from the front all windows that belong to one slot of `tier`, merged.
    fn take_slot(windows: &mut VecDeque<Window>, tier: usize, schedule: &Schedule, merger: &mut Merger) -> Option<Window> {
        let slot = schedule.slot_end(tier, windows.front()?.end);
        let many = windows.partition_point(|window| window.end <= slot);
        let whole = merger.merge(windows.range(..many));
        windows.drain(..many);
        whole
    }
    /// All windows in order of time.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Window> {
        self.tiers.iter().rev().flatten()
    }
    /// The windows that overlap a stretch of time, in order.
    pub(crate) fn range(&self, from: SimTime, to: SimTime) -> impl Iterator<Item = &Window> {
        // From the newest backwards, so that a look at the last seconds does not walk the whole past.
        let mut within: Vec<&Window> = self.iter().rev().skip_while(|window| window.start() >= to).take_while(|window| window.end > from).collect();
        within.reverse();
        within.into_iter()
    }
    /// When its last window ended.
    pub(crate) fn last_end(&self) -> Option<SimTime> {
        self.iter().next_back().map(|window| window.end)
    }
    /// Bytes that it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.iter().map(Window::bytes).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::window::Counts;
    use crate::units::SimSpan;

    fn run(seconds: u64, budget: usize) -> (Series, Schedule) {
        let (mut series, mut schedule, mut merger) = (Series::default(), Schedule::new(budget, 1), Merger::default());
        for second in 1..=seconds {
            let end = SimTime::from_secs(second);
            series.push(Window { end, span: SimSpan::from_secs(1), counts: Counts { requests: second, ..Counts::default() }, ..Window::default() });
            let widened = schedule.advance(end);
            series.age(end, &schedule, widened, &mut merger);
        }
        (series, schedule)
    }

    #[test]
    fn nothing_is_lost_and_nothing_overlaps_while_windows_grow_old() {
        for seconds in [1, 59, 3_600, 50_000, 400_000] {
            let (series, _) = run(seconds, 200);
            assert_eq!(series.iter().map(|window| window.counts.requests).sum::<u64>(), seconds * (seconds + 1) / 2);
            let mut at = SimTime::ZERO;
            for window in series.iter() {
                assert_eq!(window.start(), at, "windows follow each other");
                at = window.end;
            }
            assert_eq!(at, SimTime::from_secs(seconds));
        }
    }

    #[test]
    fn the_number_of_windows_is_bounded_whatever_the_length() {
        let lengths = [3_600, 86_400, 1_000_000].map(|seconds| run(seconds, 864).0.iter().count());
        assert!(lengths.iter().all(|&windows| windows < 864 + 100), "{lengths:?}");
    }

    #[test]
    fn recent_windows_are_seconds_and_a_range_has_what_overlaps_it() {
        let (series, _) = run(10_000, 864);
        let last: Vec<_> = series.range(SimTime::from_secs(9_990), SimTime::NEVER).collect();
        assert_eq!(last.len(), 10);
        assert!(last.iter().all(|window| window.span == SimSpan::from_secs(1)));
        let early: Vec<_> = series.range(SimTime::from_secs(100), SimTime::from_secs(200)).collect();
        assert!(early.first().is_some_and(|window| window.start() <= SimTime::from_secs(100)));
        assert!(early.last().is_some_and(|window| window.end >= SimTime::from_secs(200)));
    }
}
