//! The whole run in a few hundred points, kept up as it goes, so that a snapshot need not read it all again.

use std::collections::VecDeque;

use crate::ids::SourceId;
use crate::kernel::Kernel;
use crate::lab::snapshot::OverviewPoint;
use crate::telemetry::store::Store;
use crate::units::{NANOS_PER_SEC, SimSpan, SimTime};

/// When there are more points than this, two become one.
const MOST_POINTS: usize = 600;
/// Over how long the rate of a source is averaged.
const RATE_SPAN: SimSpan = SimSpan::from_secs(5);

/// Requests that ended during one stretch of the run.
#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    answered: u64,
    failed: u64,
    covered: SimSpan,
}

/// The run so far.
#[derive(Debug)]
pub(in crate::lab) struct Overview {
    /// Width of a bin [ns].
    width: u64,
    bins: Vec<Bin>,
    /// Up to where it is counted.
    until: SimTime,
    /// How many requests each source had begun, at some recent times.
    begun: VecDeque<(SimTime, Vec<u64>)>,
}

impl Default for Overview {
    fn default() -> Self {
        Self { width: NANOS_PER_SEC, bins: Vec::new(), until: SimTime::ZERO, begun: VecDeque::new() }
    }
}

impl Overview {
    /// Takes in what was recorded since the last time.
    pub(in crate::lab) fn follow(&mut self, store: &Store, kernel: &Kernel, sources: usize) {
        for window in store.entry_windows(None, self.until, store.now()) {
            let at = (window.start().nanos() / self.width) as usize;
            if self.bins.len() <= at {
                self.bins.resize(at + 1, Bin::default());
            }
            let bin = &mut self.bins[at];
            bin.answered += window.counts.answered;
            bin.failed += window.counts.failed();
            bin.covered = bin.covered + window.span;
            if self.bins.len() > MOST_POINTS {
                self.halve();
            }
        }
        self.until = store.now();
        let now = kernel.now();
        if self.begun.back().is_none_or(|(at, _)| now.since(*at) >= SimSpan::from_secs(1)) {
            self.begun.push_back((now, (0..sources).map(|source| kernel.source(SourceId::from_index(source)).begun).collect()));
        }
        while self.begun.len() > 2 && now.since(self.begun[1].0) >= RATE_SPAN {
            self.begun.pop_front();
        }
    }

    /// Makes one bin of two until there is room.
    fn halve(&mut self) {
        while self.bins.len() > MOST_POINTS {
            self.width *= 2;
            let halved = self.bins.chunks(2).map(|pair| {
                pair.iter().fold(Bin::default(), |sum, bin| Bin {
                    answered: sum.answered + bin.answered,
                    failed: sum.failed + bin.failed,
                    covered: sum.covered + bin.covered,
                })
            });
            self.bins = halved.collect();
        }
    }

    /// The points, oldest first.
    pub(super) fn points(&self) -> Vec<OverviewPoint> {
        let width = self.width as f64 / NANOS_PER_SEC as f64;
        let end = self.until.as_secs_f64();
        let point = |(at, bin): (usize, &Bin)| {
            let secs = bin.covered.as_secs_f64();
            let per_second = |count: u64| if secs > 0.0 { count as f64 / secs } else { 0.0 };
            OverviewPoint { t: ((at + 1) as f64 * width).min(end), goodput: per_second(bin.answered), failed: per_second(bin.failed) }
        };
        self.bins.iter().enumerate().map(point).collect()
    }

    /// Requests that a source sends lately [1/s], given how many it has begun by now.
    pub(super) fn sent_rate(&self, now: SimTime, source: usize, begun: u64) -> f64 {
        let Some((at, before)) = self.begun.front().filter(|(at, _)| *at < now) else { return 0.0 };
        begun.saturating_sub(before[source]) as f64 / now.since(*at).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_keeps_few_points_and_loses_nothing() {
        let bins = vec![Bin { answered: 3, failed: 1, covered: SimSpan::from_secs(1) }; 5_000];
        let mut overview = Overview { bins, until: SimTime::from_secs(5_000), ..Overview::default() };
        overview.halve();
        assert_eq!(overview.width, 16 * NANOS_PER_SEC);
        assert_eq!(overview.bins.iter().map(|bin| bin.answered).sum::<u64>(), 15_000);
        let points = overview.points();
        assert!(points.len() <= MOST_POINTS);
        assert!(points.iter().all(|point| (point.goodput - 3.0).abs() < 1e-9 && (point.failed - 1.0).abs() < 1e-9));
        assert!((points.last().map_or(0.0, |point| point.t) - 5_000.0).abs() < 1e-9);
    }
}
