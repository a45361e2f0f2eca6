//! What users got over time: bars of characters, and charts with what happened as marks.

use super::super::chart::{Chart, Line, Look, Mark, Unit};
use super::super::document::Block;
use super::super::model::{Moment, Report};
use crate::figures::{clock, millis, rate, sparkline};

/// At most so many bars fit beside their captions.
const BARS: usize = 60;
/// Happenings that are marked: as many as are told in full.
const MARKS: usize = 20;

type Value = fn(&Moment) -> Option<f64>;
const GOODPUT: Value = |moment| Some(moment.goodput_per_s);
const FAILED: Value = |moment| Some(moment.failed_per_s);
const P50: Value = |moment| moment.p50_ms;
const P99: Value = |moment| moment.p99_ms;

/// Tells what users got over time.
pub(super) fn tell(report: &Report) -> Block {
    Block::OverTime(bars(report), charts(report))
}

fn bars(report: &Report) -> Vec<String> {
    let moments = &report.over_time;
    // Neighbours that share a bar show the larger value.
    let step = moments.len().div_ceil(BARS);
    let bars = |name: &str, value: Value, write: &dyn Fn(f64) -> String| {
        let most = moments.iter().filter_map(value).fold(0.0, f64::max);
        let values: Vec<_> = moments.chunks(step).map(|chunk| chunk.iter().filter_map(value).reduce(f64::max)).collect();
        format!("{name:<10} {}  up to {}", sparkline(values.into_iter()), write(most))
    };
    let (wide, end) = (moments.len().div_ceil(step), clock(report.simulated_s));
    let scale = if wide > 5 + end.len() { format!("{:<10} 00:00{end:>width$}", "", width = wide - 5) } else { format!("{:<10} 00:00–{end}", "") };
    vec![bars("answered", GOODPUT, &rate), bars("failed", FAILED, &rate), bars("p99", P99, &|ms| millis(Some(ms))), scale]
}

fn charts(report: &Report) -> Vec<Chart> {
    let line = |name: &str, look, value: Value| {
        let mut before = 0.0;
        let points = report.over_time.iter().map(|moment| {
            // A stretch is drawn at its middle.
            let middle = f64::midpoint(before, moment.t_s);
            before = moment.t_s;
            (middle, value(moment))
        });
        Line { name: name.into(), look, points: points.collect() }
    };
    let marks: Vec<_> = report
        .happenings
        .iter()
        .take(MARKS)
        .map(|happening| {
            let lasting = happening.kind != "action";
            Mark {
                what: format!("{} {}", clock(happening.at_s), happening.what),
                from: happening.at_s,
                until: lasting.then(|| happening.until_s.unwrap_or(report.simulated_s)),
            }
        })
        .collect();
    let chart = |title: &str, unit, lines| Chart { title: title.into(), unit, end: report.simulated_s, lines, marks: marks.clone() };
    vec![
        chart("What users got, requests per second", Unit::PerSecond, vec![line("answered", Look::Good, GOODPUT), line("failed", Look::Bad, FAILED)]),
        chart("How long answers took", Unit::Millis, vec![line("p50", Look::Soft, P50), line("p99", Look::Plain, P99)]),
    ]
}
