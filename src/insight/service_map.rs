//! The service map: for each pair of caller and called service what X-Ray shows on an edge.
//!
//! X-Ray counts an edge's responses as ok (2xx), error (4xx, of which throttled, 429) or fault (5xx, and whatever broke
//! on the way), and their mean as total response time over total count. Fleetlab's reasons are sorted in the same way:
//! what a limit refused is throttled, what the caller itself gave up is an error, everything else a fault.

use crate::kernel::outcome::Reason;
use crate::telemetry::histogram::Histogram;
use crate::telemetry::store::{Edge, Store};
use crate::telemetry::window::{Counts, Failures};

/// How X-Ray would count a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// 429: a limit refused it.
    Throttled,
    /// Another 4xx: the caller's own doing.
    Error,
    /// 5xx, or no answer.
    Fault,
}

/// How X-Ray would count a failure for this reason.
pub const fn class(reason: Reason) -> Class {
    match reason {
        Reason::RateLimited | Reason::Throttled => Class::Throttled,
        Reason::Cancelled => Class::Error,
        _ => Class::Fault,
    }
}

/// The statistics of an edge since the warm-up.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeStatistics {
    /// Whose.
    pub edge: Edge,
    /// Attempts, retries included.
    pub total: u64,
    /// Attempts [1/s].
    pub rate: f64,
    /// Answered.
    pub ok: u64,
    /// Refused by a limit.
    pub throttled: u64,
    /// Given up by the caller.
    pub errors: u64,
    /// Failed in any other way.
    pub faults: u64,
    /// Failures by reason.
    pub failures: Failures,
    /// Attempts after the first one.
    pub retries: u64,
    /// Mean response time of answers, as the client saw it [ms]; `None` without answers.
    pub mean_ms: Option<f64>,
    /// Response times of answers, as the client saw them.
    pub response_time: Histogram,
}

impl EdgeStatistics {
    /// Share of attempts that were not answered, 0…1; `None` without attempts.
    pub fn error_ratio(&self) -> Option<f64> {
        (self.total > 0).then(|| (self.total - self.ok) as f64 / self.total as f64)
    }
    /// Share of attempts that were retries, 0…1; `None` without attempts.
    pub fn retry_ratio(&self) -> Option<f64> {
        (self.total > 0).then(|| self.retries as f64 / self.total as f64)
    }
}

/// Failures of one class.
fn of_class(counts: &Counts, wanted: Class) -> u64 {
    counts.failures.iter().filter(|(reason, _)| class(*reason) == wanted).map(|(_, count)| count).sum()
}

/// Every edge in the store's order, those without traffic included.
pub fn edges(store: &Store) -> Vec<EdgeStatistics> {
    let statistics = |(at, edge): (usize, &Edge)| {
        let totals = store.edge_totals(at);
        EdgeStatistics {
            edge: *edge,
            total: totals.counts.requests,
            rate: totals.per_second(totals.counts.requests),
            ok: totals.counts.answered,
            throttled: of_class(&totals.counts, Class::Throttled),
            errors: of_class(&totals.counts, Class::Error),
            faults: of_class(&totals.counts, Class::Fault),
            retries: totals.counts.retries,
            mean_ms: totals.latency.mean().map(|nanos| nanos / 1e6),
            failures: totals.counts.failures,
            response_time: totals.latency,
        }
    };
    store.edges().iter().enumerate().map(statistics).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::outcome::Outcome;
    use crate::kernel::record::{Hop, Recorder as _};
    use crate::telemetry::testing::{hop, store};
    use crate::units::SimTime;

    #[test]
    fn an_edge_counts_like_x_ray() {
        let mut store = store(2, SimTime::ZERO);
        let failed = |reason| Hop { attempt: 1, ..hop(1, 5, Outcome::Failed(reason)) };
        store.hops(&[hop(1, 10, Outcome::Ok), hop(1, 30, Outcome::Degraded), failed(Reason::RateLimited), failed(Reason::Cancelled), failed(Reason::Timeout)]);
        store.window(SimTime::from_secs(10), &[], &[]);
        let all = edges(&store);
        assert_eq!(all.len(), 2);
        let edge = all.iter().find(|edge| edge.edge.to.0 == 1).expect("there is one");
        assert_eq!((edge.total, edge.ok, edge.throttled, edge.errors, edge.faults), (5, 2, 1, 1, 1));
        assert_eq!((edge.retry_ratio(), edge.error_ratio(), edge.mean_ms), (Some(0.6), Some(0.6), Some(20.0)));
        assert!((edge.rate - 0.5).abs() < 1e-9);
        assert_eq!(all.iter().find(|edge| edge.edge.to.0 == 0).and_then(EdgeStatistics::error_ratio), None);
    }
}
