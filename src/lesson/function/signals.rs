//! Golden signals: what users got, or what a service or a version of it did.

use super::{Asked, Function, Param};
use crate::insight::golden::Golden;
use crate::insight::judge::Measured;
use crate::lesson::kind::Kind;
use crate::telemetry::window::Window;

/// A function of a window of signals.
const fn signal(name: &'static str, about: &'static str, ask: fn(&Asked<'_>) -> Measured) -> Function {
    Function { name, params: &[Param::Of, Param::Window], needs: 1, about, gives: Kind::Number, ask }
}

/// What is asked of signals.
pub(super) const FUNCTIONS: &[Function] = &[
    signal("requests", "requests that ended", |asked| counted(asked, |window| window.counts.requests)),
    signal("failed", "requests that failed", |asked| counted(asked, |window| window.counts.failed())),
    signal("rate", "requests that ended [1/s]", |asked| golden(asked, |golden| Some(golden.rate))),
    signal("goodput", "requests answered while somebody waited [1/s]", |asked| golden(asked, |golden| Some(golden.goodput))),
    signal("error_ratio", "share of requests that failed, 0…1", |asked| golden(asked, |golden| golden.error_ratio)).share(),
    signal("success_ratio", "share of requests that were answered, 0…1", |asked| golden(asked, |golden| golden.error_ratio.map(|failed| 1.0 - failed))).share(),
    signal("mean_latency", "mean latency of answers [ms]", |asked| golden(asked, |golden| golden.mean_ms)),
    signal("p50", "median latency of answers [ms]", |asked| golden(asked, |golden| golden.p50_ms)),
    signal("p90", "90th percentile of the latency of answers [ms]", |asked| golden(asked, |golden| golden.p90_ms)),
    signal("p99", "99th percentile of the latency of answers [ms]", |asked| golden(asked, |golden| golden.p99_ms)),
    signal("saturation", "share of workers in use, 0…1; nothing for users", |asked| golden(asked, |golden| golden.saturation)).share(),
    signal("queued", "requests that wait for a worker, on average", |asked| golden(asked, |golden| Some(golden.queued))),
];

/// A count; nothing recorded is none.
fn counted(asked: &Asked<'_>, count: fn(&Window) -> u64) -> Measured {
    Measured::Number(asked.window().map_or(0, |window| count(&window)) as f64)
}

/// A signal; nothing recorded is nothing measured.
fn golden(asked: &Asked<'_>, signal: fn(&Golden) -> Option<f64>) -> Measured {
    asked.window().and_then(|window| signal(&Golden::from(&window))).into()
}
