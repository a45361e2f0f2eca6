//! Signals of the last seconds, smoothed: raw one-second values flicker.
//!
//! Rates are an exponential average with a time constant of 2.5 s over one-second windows; latency quantiles are those of
//! the last five seconds together, because quantiles do not average.

use std::borrow::Cow;

use crate::insight::golden::Subject;
use crate::lab::snapshot::Signals;
use crate::telemetry::store::Store;
use crate::telemetry::whole;
use crate::telemetry::window::{Failures, Window};
use crate::units::{SimSpan, SimTime};

/// Time constant of the average [s].
const TIME_CONSTANT_SECS: f64 = 2.5;
/// Windows older than this weigh nothing: e^(−4).
const MEMORY: SimSpan = SimSpan::from_secs(10);
/// Over how long quantiles are taken.
const QUANTILE_SPAN: SimSpan = SimSpan::from_secs(5);

/// The last windows of something.
pub(super) struct Smooth<'a> {
    windows: Vec<Cow<'a, Window>>,
    now: SimTime,
}

impl<'a> Smooth<'a> {
    /// The last windows of a subject.
    pub(super) fn of(store: &'a Store, subject: Subject) -> Self {
        Self { windows: subject.windows(store, store.since(MEMORY), store.now()), now: store.now() }
    }

    /// Whether anything was recorded lately.
    pub(super) const fn is_known(&self) -> bool {
        !self.windows.is_empty()
    }

    /// A weighted sum over the windows.
    fn sum(&self, value: impl Fn(&Window) -> f64) -> f64 {
        let weight = |window: &Window| (-self.now.since(window.end).as_secs_f64() / TIME_CONSTANT_SECS).exp();
        self.windows.iter().map(|window| weight(window) * value(window)).sum()
    }

    /// A count as a rate [1/s]. Time without a window counts as quiet.
    fn rate(&self, count: impl Fn(&Window) -> f64) -> f64 {
        // The weight of a window each second since the start, or since the memory reaches back.
        let seconds = (self.now.as_secs_f64().min(MEMORY.as_secs_f64())) as u32;
        let all: f64 = (0..seconds).map(|age| (-f64::from(age) / TIME_CONSTANT_SECS).exp()).sum();
        if all > 0.0 { self.sum(count) / all } else { 0.0 }
    }

    fn share(&self, part: impl Fn(&Window) -> f64, of: impl Fn(&Window) -> f64) -> f64 {
        let whole = self.sum(of);
        if whole > 0.0 { self.sum(part) / whole } else { 0.0 }
    }

    /// The golden signals.
    pub(super) fn signals(&self) -> Signals {
        let recent = self.windows.iter().filter(|window| window.end > self.now - QUANTILE_SPAN).map(AsRef::as_ref);
        let quantiles = whole(recent).and_then(|window| window.latency.quantiles([0.5, 0.99]));
        Signals {
            rate: self.rate(|window| window.counts.requests as f64),
            goodput: self.rate(|window| window.counts.answered as f64),
            error_ratio: self.share(|window| window.counts.wasted() as f64, |window| window.counts.requests as f64),
            p50_ms: quantiles.map(|[p50, _]| p50 / 1e6),
            p99_ms: quantiles.map(|[_, p99]| p99 / 1e6),
            saturation: self.share(|window| window.load.busy_area as f64, |window| window.load.capacity_area as f64),
        }
    }

    /// Share of the attempts that reached a version and failed for their callers.
    pub(super) fn callers_error_ratio(&self) -> f64 {
        self.share(|window| window.counts.as_callers_saw().1 as f64, |window| window.counts.as_callers_saw().0 as f64)
    }

    /// Share of requests that were not a first attempt.
    pub(super) fn retry_ratio(&self) -> f64 {
        self.share(|window| window.counts.retries as f64, |window| window.counts.requests as f64)
    }

    /// Failures by reason, most first [1/s].
    pub(super) fn reasons(&self) -> Vec<(&'static str, f64)> {
        let mut all = Failures::default();
        self.windows.iter().for_each(|window| all.merge(&window.counts.failures));
        let rates = all.iter().map(|(reason, _)| (reason.name(), self.rate(|window| window.counts.failures.of(reason) as f64)));
        let mut rates: Vec<_> = rates.collect();
        rates.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(other.0)));
        rates
    }
}
