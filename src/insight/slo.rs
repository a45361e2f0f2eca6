//! Service level objectives: what was achieved, how much of the error budget is left, how fast it burns.
//!
//! A request is good if it was answered, within the objective's latency if it has one. The error budget is the share of
//! requests that may be bad, 1 − objective. The burn rate is the share of bad requests divided by that (SRE workbook,
//! chapter 5): at 1 the budget lasts exactly as long as the period. An objective for a service counts what its callers
//! saw, because a request that never reached the service is bad all the same; without a service it counts what users got.
//! A request that is still waited for is bad as soon as it has taken longer than the objective's latency, or than
//! [`LOST_AFTER`] if it has none: otherwise a service that answers nobody would meet every objective.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::ServiceId;
use crate::insight::golden::Subject;
use crate::telemetry::store::Store;
use crate::telemetry::window::Counts;
use crate::units::{Ratio, SimSpan, SimTime};

/// A service level objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Slo {
    /// Its name.
    pub name: String,
    /// The service whose requests count; `None`: what users get.
    pub service: Option<ServiceId>,
    /// Share of requests that must be good.
    pub objective: Ratio,
    /// A request is good only if it is answered within this time; `None`: any answer is good.
    pub latency: Option<SimSpan>,
}

/// When a request without an answer counts as lost: the idle timeout of an Application Load Balancer.
pub const LOST_AFTER: SimSpan = SimSpan::from_secs(60);

/// After how long a request without an answer is bad for an objective.
pub fn patience(slo: &Slo) -> SimSpan {
    slo.latency.unwrap_or(LOST_AFTER)
}

/// How an objective stands.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Standing {
    /// Requests that were good. A latency threshold is resolved within a histogram's bucket, so this need not be whole.
    pub good: f64,
    /// Requests in all.
    pub total: u64,
    /// Share that was good, 0…1; `None` without requests.
    pub achieved: Option<f64>,
    /// Bad share over allowed share [1]; `None` without requests, or if nothing bad is allowed.
    pub burn_rate: Option<f64>,
    /// Share of the error budget that is left, 1 − burn rate; negative when overspent.
    pub budget_left: Option<f64>,
}

impl Standing {
    fn new(slo: &Slo, counts: &Counts, overdue: u64, at_most: impl FnOnce(u64) -> f64) -> Self {
        let good = slo.latency.map_or(counts.answered as f64, |limit| at_most(limit.nanos()));
        let total = counts.requests - counts.dropped + overdue;
        let achieved = (total > 0).then(|| (good / total as f64).clamp(0.0, 1.0));
        let allowed = 1.0 - slo.objective.get();
        let burn_rate = achieved.filter(|_| allowed > 0.0).map(|achieved| (1.0 - achieved) / allowed);
        Self { good, total, achieved, burn_rate, budget_left: burn_rate.map(|burn| 1.0 - burn) }
    }
    /// Whether the objective is met; without requests it is.
    pub fn met(&self, slo: &Slo) -> bool {
        self.achieved.is_none_or(|achieved| achieved >= slo.objective.get())
    }
}

/// How an objective stands over the whole run since the warm-up; `overdue` requests have waited beyond its [`patience`].
pub fn standing(store: &Store, slo: &Slo, overdue: u64) -> Standing {
    let totals = slo.service.map_or_else(|| store.entry_totals(None), |service| store.caller_totals(service));
    Standing::new(slo, &totals.counts, overdue, |limit| totals.latency.count_at_most(limit))
}

/// How it stood over the last `span`, for burn-rate alerts.
pub fn recent(store: &Store, slo: &Slo, span: SimSpan) -> Standing {
    between(store, slo, store.since(span), store.now())
}

/// How it stood between two times, at the resolution that is left.
pub fn between(store: &Store, slo: &Slo, from: SimTime, to: SimTime) -> Standing {
    let (mut counts, mut good) = (Counts::default(), 0.0);
    for window in slo.service.map_or(Subject::Users(None), Subject::Callers).windows(store, from, to) {
        counts.merge(&window.counts);
        good += slo.latency.map_or(0.0, |limit| window.latency.count_at_most(limit.nanos()));
    }
    Standing::new(slo, &counts, 0, |_| good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::outcome::{Outcome, Reason};
    use crate::kernel::record::Recorder as _;
    use crate::telemetry::testing::{entry, store};
    use crate::units::Ratio;

    fn slo(latency: Option<u64>) -> Slo {
        Slo { name: "answers".into(), service: None, objective: Ratio::new(0.99), latency: latency.map(SimSpan::from_millis) }
    }

    fn run() -> Store {
        let mut store = store(1, SimTime::ZERO);
        for second in 1..=100 {
            let mut entries = vec![entry(20, Outcome::Ok); 99];
            entries.push(entry(20, if second > 98 { Outcome::Failed(Reason::Timeout) } else { Outcome::Ok }));
            if second % 10 == 0 {
                entries[0].latency = 300_000_000;
            }
            store.entries(&entries);
            store.window(SimTime::from_secs(second), &[], &[]);
        }
        store
    }

    #[test]
    fn the_budget_is_spent_by_what_is_bad() {
        let standing = standing(&run(), &slo(None), 0);
        assert_eq!((standing.total, standing.achieved), (10_000, Some(0.9998)));
        assert!((standing.burn_rate.expect("requests") - 0.02).abs() < 1e-9);
        assert!((standing.budget_left.expect("requests") - 0.98).abs() < 1e-9);
        assert!(standing.met(&slo(None)));
    }

    #[test]
    fn requests_that_are_waited_for_in_vain_are_bad() {
        let standing = standing(&run(), &slo(None), 10_000);
        assert_eq!((standing.total, standing.achieved), (20_000, Some(0.4999)));
        assert!(!standing.met(&slo(None)));
    }

    #[test]
    fn slow_answers_are_bad_when_the_objective_says_so() {
        let standing = standing(&run(), &slo(Some(200)), 0);
        assert!((standing.achieved.expect("requests") - 0.9988).abs() < 1e-9, "2 failed and 10 slow of 10,000");
    }

    #[test]
    fn a_short_window_burns_faster_than_the_run() {
        let recent = recent(&run(), &slo(None), SimSpan::from_secs(2));
        assert!((recent.burn_rate.expect("requests") - 1.0).abs() < 1e-9, "1 % bad where 1 % is allowed");
    }

    #[test]
    fn nothing_is_concluded_from_nothing() {
        let empty = standing(&store(1, SimTime::ZERO), &slo(None), 0);
        assert_eq!((empty.achieved, empty.budget_left), (None, None));
        assert!(empty.met(&slo(None)));
        let perfect = Slo { objective: Ratio::ONE, ..slo(None) };
        assert_eq!(standing(&run(), &perfect, 0).budget_left, None, "no budget, so no share of it");
        assert!(!standing(&run(), &perfect, 0).met(&perfect));
    }
}
