//! One-minute data points of utilisation, as `CloudWatch` keeps them for alarms.

use std::collections::VecDeque;

use crate::units::SimTime;

/// How long a data point spans [s].
pub(super) const PERIOD_SECS: u64 = 60;

/// The newest points, oldest first.
#[derive(Debug, Default)]
pub(super) struct Minutes(VecDeque<Option<f64>>);

impl Minutes {
    /// Adds a point; a minute without a task that reports leaves a gap.
    pub(super) fn push(&mut self, utilisation: Option<f64>) {
        self.0.push_back(utilisation);
        if self.0.len() > 60 {
            self.0.pop_front();
        }
    }
    /// The newest point.
    pub(super) fn last(&self) -> Option<f64> {
        self.0.back().copied().flatten()
    }
    /// Whether the newest `count` points are all there and all satisfy `test`.
    pub(super) fn all(&self, count: usize, test: impl Fn(f64) -> bool) -> bool {
        count > 0 && self.0.len() >= count && self.0.iter().rev().take(count).all(|point| point.is_some_and(&test))
    }
}

/// The minute after `now`.
pub(super) fn next_minute(now: SimTime) -> SimTime {
    SimTime::from_secs((now.nanos() / crate::units::NANOS_PER_SEC / PERIOD_SECS + 1) * PERIOD_SECS)
}
