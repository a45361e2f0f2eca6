//! The windows of one thing over the whole run: recent ones narrow, old ones wide.
//!
//! It knows neither what it is about nor how wide windows should be (that is `rollup.rs`).

use std::collections::VecDeque;

use super::rollup::{Aging, Merger, Schedule, TIERS};
use super::window::Window;
use crate::units::SimTime;

/// Windows in order of time, by how wide they are.
///
/// Wider windows are made as soon as their stretch of time is over, while what goes into them is still in the processor's
/// cache, and wait behind the narrow ones until those are dropped: nothing that is read twice is read cold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    tiers: [VecDeque<Window>; TIERS],
    /// How many of a tier's newest windows hold what the narrower ones before them still show.
    ahead: [usize; TIERS],
}

impl Series {
    /// Adds the newest window.
    pub(crate) fn push(&mut self, window: Window) {
        self.tiers[0].push_back(window);
    }
    /// Merges what is complete and drops what is old enough.
    pub(crate) fn age(&mut self, aging: &Aging, schedule: &Schedule, merger: &mut Merger) {
        if aging.widened {
            self.widen(schedule, merger);
        }
        for tier in 0..TIERS - 1 {
            if let Some(since) = aging.complete[tier] {
                self.merge_ahead(tier, since, merger);
            }
            let due = aging.due[tier];
            while let Some(oldest) = self.tiers[tier].front().filter(|oldest| oldest.end <= due) {
                let slot = schedule.slot_end(tier + 1, oldest.end);
                let many = self.tiers[tier].partition_point(|window| window.end <= slot);
                let next = self.tiers[tier + 1].len() - self.ahead[tier + 1];
                if self.tiers[tier + 1].get(next).is_some_and(|merged| merged.end <= slot) {
                    self.ahead[tier + 1] -= 1;
                } else if let Some(whole) = merger.merge(self.tiers[tier].range(..many)) {
                    self.tiers[tier + 1].insert(next, whole);
                }
                self.tiers[tier].drain(..many);
            }
        }
    }
    /// Merges the windows of a tier that ended after `since` into one of the next tier.
    fn merge_ahead(&mut self, tier: usize, since: SimTime, merger: &mut Merger) {
        let windows = &self.tiers[tier];
        let from = windows.len() - windows.iter().rev().take_while(|window| window.end > since).count();
        if let Some(whole) = merger.merge(windows.range(from..)) {
            self.tiers[tier + 1].push_back(whole);
            self.ahead[tier + 1] += 1;
        }
    }
    /// Merges the widest windows again, now that they are wider.
    fn widen(&mut self, schedule: &Schedule, merger: &mut Merger) {
        let last = TIERS - 1;
        let mut narrow = std::mem::take(&mut self.tiers[last]);
        // What is ahead is made again when the narrower windows are dropped.
        narrow.truncate(narrow.len() - std::mem::take(&mut self.ahead[last]));
        while let Some(oldest) = narrow.front() {
            let slot = schedule.slot_end(last, oldest.end);
            let many = narrow.partition_point(|window| window.end <= slot);
            self.tiers[last].extend(merger.merge(narrow.range(..many)));
            narrow.drain(..many);
        }
    }
    /// All windows in order of time.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Window> {
        self.tiers.iter().zip(&self.ahead).rev().flat_map(|(tier, ahead)| tier.range(..tier.len() - ahead))
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
        size_of::<Self>() + self.tiers.iter().flatten().map(Window::bytes).sum::<usize>()
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
            series.age(&schedule.aging(end, widened), &schedule, &mut merger);
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
