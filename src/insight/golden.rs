//! The golden signals of something over a stretch of time: latency, traffic, errors, saturation.
//!
//! After the SRE book, chapter 6: latency is that of answers, and the latency of failures stands beside it, because fast
//! failures would flatter the one and slow ones hide in it. It says what was measured, not whether that is good.

use std::borrow::Cow;

use crate::ids::{InstanceId, ServiceId, SourceId, VersionId};
use crate::telemetry::store::Store;
use crate::telemetry::whole;
use crate::telemetry::window::Window;
use crate::units::{SimSpan, SimTime};

/// Whose signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// What users got, from one source or from all: whole requests after all their retries.
    Users(Option<SourceId>),
    /// A service, as its servers saw it.
    Service(ServiceId),
    /// A service, as all its clients saw it: with the attempts that never reached an instance.
    Callers(ServiceId),
    /// A version of a service, as its servers saw it.
    Version(VersionId),
    /// One instance.
    Instance(InstanceId),
    /// An edge, by its position in the store's list.
    Edge(usize),
}

impl Subject {
    /// Its windows that overlap a stretch of time, in order.
    pub fn windows(self, store: &Store, from: SimTime, to: SimTime) -> Vec<Cow<'_, Window>> {
        match self {
            Self::Users(source) => store.entry_windows(source, from, to),
            Self::Service(service) => store.service_windows(service, from, to),
            Self::Callers(service) => store.caller_windows(service, from, to),
            Self::Version(version) => store.version_windows(version, from, to).map(Cow::Borrowed).collect(),
            Self::Instance(instance) => store.instance_windows(instance, from, to).map(Cow::Borrowed).collect(),
            Self::Edge(edge) => store.edge_windows(edge, from, to).map(Cow::Borrowed).collect(),
        }
    }
}

/// The golden signals over a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Golden {
    /// How long that stretch was.
    pub span: SimSpan,
    /// Requests ended [1/s].
    pub rate: f64,
    /// Requests answered while somebody waited [1/s].
    pub goodput: f64,
    /// Share of requests that failed, or were served after their caller had stopped waiting, 0…1; `None` without requests.
    pub error_ratio: Option<f64>,
    /// Mean latency of answers [ms]; `None` without answers.
    pub mean_ms: Option<f64>,
    /// Median latency of answers [ms]; `None` without answers.
    pub p50_ms: Option<f64>,
    /// 90th percentile of the latency of answers [ms]; `None` without answers.
    pub p90_ms: Option<f64>,
    /// 99th percentile of the latency of answers [ms]; `None` without answers.
    pub p99_ms: Option<f64>,
    /// Mean latency of failures [ms]; `None` without failures.
    pub failed_ms: Option<f64>,
    /// Share of workers in use, 0…1; `None` where there are no workers (users, edges).
    pub saturation: Option<f64>,
    /// Requests waiting, on average.
    pub queued: f64,
}

impl From<&Window> for Golden {
    fn from(window: &Window) -> Self {
        let quantiles = window.latency.quantiles([0.5, 0.9, 0.99]).map(|all| all.map(|nanos| nanos / 1e6));
        Self {
            span: window.span,
            rate: window.per_second(window.counts.requests),
            goodput: window.per_second(window.counts.answered),
            error_ratio: window.counts.error_ratio(),
            mean_ms: window.counts.mean_latency().map(|nanos| nanos / 1e6),
            p50_ms: quantiles.map(|[p50, _, _]| p50),
            p90_ms: quantiles.map(|[_, p90, _]| p90),
            p99_ms: quantiles.map(|[_, _, p99]| p99),
            failed_ms: window.counts.mean_failed_latency().map(|nanos| nanos / 1e6),
            saturation: window.load.utilisation(),
            queued: window.average(window.load.queue_area),
        }
    }
}

/// The signals from one time to another, at the resolution that is left (whole windows that overlap); `None` if nothing
/// was recorded then.
pub fn between(store: &Store, subject: Subject, from: SimTime, to: SimTime) -> Option<Golden> {
    let windows = subject.windows(store, from, to);
    whole(windows.iter().map(AsRef::as_ref)).map(|window| Golden::from(&window))
}

/// The signals of the last `span`; `None` if nothing was recorded then.
pub fn recent(store: &Store, subject: Subject, span: SimSpan) -> Option<Golden> {
    between(store, subject, store.since(span), store.now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::outcome::{Outcome, Reason};
    use crate::kernel::record::Recorder as _;
    use crate::telemetry::testing::{entry, gauge, hop, store};

    #[test]
    fn signals_say_what_happened_lately() {
        let mut store = store(2, SimTime::ZERO);
        for second in 1..=60 {
            let slow = if second > 50 { 400 } else { 20 };
            store.hops(&[hop(0, slow, Outcome::Ok), hop(0, slow, Outcome::Ok), hop(0, 3, Outcome::Ok), hop(0, 900, Outcome::Failed(Reason::DependencyFailed))]);
            store.entries(&[entry(slow, Outcome::Ok)]);
            store.window(SimTime::from_secs(second), &[gauge(0, 3.0, 5.0), gauge(1, 0.0, 0.0)], &[]);
        }
        let now = recent(&store, Subject::Service(ServiceId(0)), SimSpan::from_secs(5)).expect("recorded");
        assert_eq!((now.rate, now.goodput, now.error_ratio), (4.0, 3.0, Some(0.25)));
        assert!((now.p50_ms.expect("answers") / 400.0 - 1.0).abs() < 0.01);
        assert_eq!(now.failed_ms, Some(900.0));
        assert_eq!((now.saturation, now.queued), (Some(0.75), 2.0));
        let before = between(&store, Subject::Service(ServiceId(0)), SimTime::from_secs(10), SimTime::from_secs(50)).expect("recorded");
        assert!((before.p99_ms.expect("answers") / 20.0 - 1.0).abs() < 0.01);
        let users = recent(&store, Subject::Users(None), SimSpan::from_secs(5)).expect("recorded");
        assert_eq!((users.rate, users.saturation), (1.0, None));
        assert_eq!(recent(&store, Subject::Callers(ServiceId(1)), SimSpan::from_secs(5)), None, "nobody called it");
    }
}
