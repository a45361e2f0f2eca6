//! Metrics that alarms watch: one number for a period of a service's, a version's or the users' signals.
//!
//! What is counted is what a load balancer or a client counts: attempts that their callers gave up are errors, even where
//! no server saw one. A period without requests has no error rate and no latency: its datapoint is missing.

use crate::choice::{choice, params};
use crate::ids::{ServiceId, VersionId};
use crate::insight::golden::Subject;
use crate::telemetry::store::Store;
use crate::telemetry::whole;
use crate::units::{PerSecond, Ratio, SimSpan, SimTime};

params! {
    /// The share of requests that fail is too high.
    pub struct ErrorRateLimit {
        /// The datapoint breaches when the share is above this. Default 5 % (chosen for Fleetlab).
        pub above: Ratio = Ratio::new(0.05),
    }
}

params! {
    /// Answers take too long.
    pub struct LatencyLimit {
        /// Which quantile of the latency of answers, 0.5 to 0.999. Default 0.99.
        pub quantile: f64 = 0.99,
        /// The datapoint breaches when the quantile is above this. Default `"1s"` (chosen for Fleetlab).
        pub above: SimSpan = SimSpan::from_secs(1),
    }
}

params! {
    /// Fewer requests come than should.
    pub struct RequestsLimit {
        /// The datapoint breaches when the rate is below this. Default `"1/s"` (chosen for Fleetlab).
        pub below: PerSecond = PerSecond::new(1.0),
    }
}

params! {
    /// Workers are too busy.
    pub struct SaturationLimit {
        /// The datapoint breaches when the share of busy workers is above this. Default 90 % (chosen for
        /// Fleetlab).
        pub above: Ratio = Ratio::new(0.9),
    }
}

choice! {
    /// What an alarm watches, and from where on it is too much.
    pub enum Metric {
        /// Share of requests that fail.
        "error-rate" => ErrorRate(ErrorRateLimit),
        /// A quantile of the latency of answers.
        "latency" => Latency(LatencyLimit),
        /// Requests per second.
        "requests" => Requests(RequestsLimit),
        /// Share of busy workers.
        "saturation" => Saturation(SaturationLimit),
    }
}

impl Default for Metric {
    fn default() -> Self {
        Self::ErrorRate(ErrorRateLimit::default())
    }
}

/// Whose metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// What users get.
    Users,
    /// A service, as its callers see it.
    Service(ServiceId),
    /// A version of a service, as its callers see it.
    Version(VersionId),
}

/// A datapoint: the value, and whether it breaches the threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Datapoint {
    /// The value: a share [0…1], a latency [ms] or a rate [1/s].
    pub value: f64,
    /// Whether it is beyond the threshold.
    pub breaches: bool,
}

impl Metric {
    /// The datapoint of a period; `None` if there is nothing to measure.
    pub fn datapoint(&self, store: &Store, of: Watched, from: SimTime, to: SimTime) -> Option<Datapoint> {
        let (servers, clients) = match of {
            Watched::Users => (Subject::Users(None), Subject::Users(None)),
            Watched::Service(service) => (Subject::Service(service), Subject::Callers(service)),
            Watched::Version(version) => (Subject::Version(version), Subject::Version(version)),
        };
        let window = |subject: Subject| whole(subject.windows(store, from, to).iter().map(AsRef::as_ref));
        let (value, breaches) = match self {
            Self::ErrorRate(limit) => {
                let counts = window(clients)?.counts;
                let (all, failed) =
                    if matches!(of, Watched::Version(_)) { counts.as_callers_saw() } else { (counts.requests - counts.dropped, counts.failed()) };
                let share = (all > 0).then(|| failed as f64 / all as f64)?;
                (share, share > limit.above.get())
            }
            Self::Latency(limit) => {
                let nanos = window(servers)?.latency.quantile(limit.quantile)?;
                (nanos / 1e6, nanos > limit.above.nanos() as f64)
            }
            Self::Requests(limit) => {
                let rate = window(clients).map_or(0.0, |window| window.per_second(window.counts.requests));
                (rate, rate < limit.below.get())
            }
            Self::Saturation(limit) => {
                let share = window(servers)?.load.utilisation()?;
                (share, share > limit.above.get())
            }
        };
        Some(Datapoint { value, breaches })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::outcome::{Outcome, Reason};
    use crate::kernel::record::{Hop, Recorder as _, View};
    use crate::telemetry::testing::{gauge, hop, store};

    fn run() -> Store {
        let mut store = store(2, SimTime::ZERO);
        let gave_up = Hop { view: View::Client, outcome: Outcome::Failed(Reason::Timeout), ..hop(1, 1_000, Outcome::Ok) };
        for second in 1..=10 {
            store.hops(&[hop(1, 10, Outcome::Ok), hop(1, 20, Outcome::Ok), hop(1, 30, Outcome::Ok), gave_up]);
            store.window(SimTime::from_secs(second), &[gauge(1, 3.0, 3.0)], &[]);
        }
        store
    }

    #[test]
    fn a_datapoint_is_what_callers_saw_in_its_period() {
        let store = run();
        let of = |metric: Metric, of: Watched| metric.datapoint(&store, of, SimTime::from_secs(4), SimTime::from_secs(8));
        let db = ServiceId(1);
        let version = Watched::Version(store.versions_of(db)[0]);
        for watched in [Watched::Service(db), version] {
            assert_eq!(of(Metric::default(), watched), Some(Datapoint { value: 0.25, breaches: true }), "a timeout is the version's error, too");
        }
        let tolerant = Metric::ErrorRate(ErrorRateLimit { above: Ratio::new(0.25) });
        assert_eq!(of(tolerant, version).map(|point| point.breaches), Some(false), "at the threshold nothing is breached");
        let slow = of(Metric::Latency(LatencyLimit { quantile: 0.99, above: SimSpan::from_millis(25) }), version).expect("answers");
        assert!(slow.breaches && (slow.value / 30.0 - 1.0).abs() < 0.02, "{slow:?}");
        assert_eq!(of(Metric::Saturation(SaturationLimit::default()), version), Some(Datapoint { value: 0.75, breaches: false }));
        assert_eq!(of(Metric::Requests(RequestsLimit { below: PerSecond::new(5.0) }), Watched::Service(db)), Some(Datapoint { value: 4.0, breaches: true }));
    }

    #[test]
    fn nothing_to_measure_is_a_missing_datapoint_except_for_the_rate() {
        let store = run();
        let of = |metric: Metric| metric.datapoint(&store, Watched::Service(ServiceId(0)), SimTime::ZERO, SimTime::from_secs(10));
        assert_eq!(of(Metric::default()), None);
        assert_eq!(of(Metric::Latency(LatencyLimit::default())), None);
        assert_eq!(of(Metric::Requests(RequestsLimit::default())), Some(Datapoint { value: 0.0, breaches: true }));
    }
}
