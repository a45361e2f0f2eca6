//! The golden signals of one service over time, in at most a few hundred points.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::insight::golden::Subject;
use crate::lab::Session;
use crate::lab::snapshot::{ChartPoint, Charts, Interest};
use crate::telemetry::window::Window;
use crate::units::{NANOS_PER_SEC, SimSpan, SimTime};

/// The most points of a chart.
const MOST_POINTS: u64 = 300;
/// Widths of a point that people can read [s].
const WIDTHS: [u64; 15] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400];

/// The width of a point for so much time, of which some is only known in windows as wide as `widest`: all points of a
/// chart are of one width, or else it would look as if the noise had grown where windows begin to be narrow.
fn width_for(span: SimSpan, widest: SimSpan) -> u64 {
    let secs = |span: SimSpan| span.nanos().div_ceil(NANOS_PER_SEC);
    let fits = |width: u64| secs(span).div_ceil(width) <= MOST_POINTS && width >= secs(widest);
    WIDTHS.into_iter().find(|&width| fits(width)).unwrap_or_else(|| secs(span).div_ceil(MOST_POINTS).max(secs(widest)))
}

/// Windows put together into points of one width, by the number of the point.
fn binned(windows: Vec<Cow<'_, Window>>, width: u64) -> BTreeMap<u64, Window> {
    let mut bins: BTreeMap<u64, Window> = BTreeMap::new();
    for window in windows {
        let at = window.start().nanos() / NANOS_PER_SEC / width;
        bins.entry(at).and_modify(|bin| bin.merge_later(&window)).or_insert_with(|| window.into_owned());
    }
    bins
}

/// A point of what servers saw, counting requests as clients saw them where that is known.
fn point(servers: Option<&Window>, clients: Option<&Window>) -> ChartPoint {
    let none = Window::default();
    let counted = clients.or(servers).unwrap_or(&none);
    let served = servers.or(clients).unwrap_or(&none);
    let quantiles = served.latency.quantiles([0.5, 0.9, 0.99]).map_or([f64::NAN; 3], |all| all.map(|nanos| nanos / 1e6));
    ChartPoint {
        t: counted.end.max(served.end).as_secs_f64(),
        rate: counted.per_second(counted.counts.requests),
        goodput: counted.per_second(counted.counts.answered),
        error_ratio: counted.counts.error_ratio().unwrap_or(f64::NAN),
        p50_ms: quantiles[0],
        p90_ms: quantiles[1],
        p99_ms: quantiles[2],
        saturation: served.load.utilisation().unwrap_or(0.0),
        queued: served.load.queued as f64,
    }
}

/// A point of a version: what its servers saw, and the failures that its callers saw.
fn version_point(window: &Window) -> ChartPoint {
    let (attempts, failed) = window.counts.as_callers_saw();
    ChartPoint { error_ratio: if attempts == 0 { f64::NAN } else { failed as f64 / attempts as f64 }, ..point(Some(window), None) }
}

/// The charts that a reader is interested in.
pub(super) fn charts(session: &Session, interest: &Interest) -> Charts {
    let (store, now) = (session.store(), session.store().now());
    let from = interest.history.map_or(SimTime::ZERO, |history| now - history);
    let kept = interest.service.map_or(Subject::Users(None), Subject::Service).windows(store, from, now);
    let widest = kept.iter().map(|window| window.span).max().unwrap_or_default();
    let width = width_for(now.since(from), widest);
    // Whole points only, so that they do not change while time goes on.
    let from = SimTime::from_secs(from.nanos() / NANOS_PER_SEC / width * width);
    let bins = |subject: Subject| binned(subject.windows(store, from, now), width);
    let mut charts = Charts { service: interest.service, window: SimSpan::from_secs(width), ..Charts::default() };
    let Some(service) = interest.service else {
        charts.total = bins(Subject::Users(None)).values().map(|window| point(None, Some(window))).collect();
        return charts;
    };
    let (servers, clients) = (bins(Subject::Service(service)), bins(Subject::Callers(service)));
    let mut numbers: Vec<u64> = servers.keys().chain(clients.keys()).copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    charts.total = numbers.iter().map(|at| point(servers.get(at), clients.get(at))).collect();
    let model = &session.scenario().model;
    let versions = store.versions_of(service);
    if versions.len() > 1 {
        let chart = |version: &crate::ids::VersionId| {
            let points = bins(Subject::Version(*version)).values().map(version_point).collect();
            (model.versions[version.index()].name.clone(), points)
        };
        charts.versions = versions.iter().map(chart).collect();
    }
    charts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_have_readable_widths_and_are_few() {
        for (secs, width) in [(10, 1), (300, 1), (301, 2), (3_600, 15), (86_400, 300), (2_592_000, 14_400), (86_400 * 365, 105_120)] {
            assert_eq!(width_for(SimSpan::from_secs(secs), SimSpan::from_secs(1)), width, "{secs} s");
            assert!(secs.div_ceil(width) <= MOST_POINTS);
        }
    }

    #[test]
    fn no_point_is_narrower_than_what_is_kept_of_the_past() {
        for (secs, widest, width) in [(900, 1, 5), (900, 10, 10), (3_600, 60, 60), (86_400, 1_200, 1_800), (86_400 * 365, 200_000, 200_000)] {
            assert_eq!(width_for(SimSpan::from_secs(secs), SimSpan::from_secs(widest)), width, "{secs} s of windows of up to {widest} s");
        }
    }
}
