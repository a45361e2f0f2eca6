//! A line chart over the time of a run, as SVG: no script, colours from the page's own light and dark style.
//!
//! Lines differ by dashes, not by colour alone, and what the picture shows is also said in its label. It knows nothing of
//! reports: whoever makes a [`Chart`] says what its lines are.

use super::document::add;
use super::html::escape;
use crate::figures::{clock, millis, rate};

/// The picture [px of its own grid].
const SIZE: (f64, f64) = (760.0, 230.0);
/// Where the lines are: left, top, right, bottom.
const PLOT: (f64, f64, f64, f64) = (70.0, 22.0, 736.0, 196.0);
/// Steps between labels of time that people can read [s].
const STEPS: [f64; 16] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 86_400.0];

/// What the values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Events per second.
    PerSecond,
    /// Milliseconds.
    Millis,
}

/// How a line looks; each is told from the others without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// As it should be: solid.
    Good,
    /// What should not be: dashed.
    Bad,
    /// Anything: solid, in the colour of text.
    Plain,
    /// Something beside it: dotted.
    Soft,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// How it looks.
    pub look: Look,
    /// Time [s] and value; a missing value is a gap.
    pub points: Vec<(f64, Option<f64>)>,
}

/// Something that happened: a line at one time, or an area.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// What.
    pub what: String,
    /// When it began [s].
    pub from: f64,
    /// When it ended [s]; `None` if it did not last.
    pub until: Option<f64>,
}

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What the values are.
    pub unit: Unit,
    /// How long the run was [s].
    pub end: f64,
    /// The lines.
    pub lines: Vec<Line>,
    /// What happened.
    pub marks: Vec<Mark>,
}

impl Look {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "line ok",
            Self::Bad => "line ko",
            Self::Plain => "line main",
            Self::Soft => "line aside",
        }
    }
}

impl Unit {
    fn write(self, value: f64) -> String {
        match self {
            Self::PerSecond => rate(value),
            Self::Millis => millis(Some(value)),
        }
    }
}

/// The chart as a figure with its legend.
pub(super) fn render(chart: &Chart) -> String {
    let highest = |line: &Line| line.points.iter().filter_map(|(_, value)| *value).fold(0.0, f64::max);
    let (top, step) = scale(chart.lines.iter().map(highest).fold(0.0, f64::max));
    let (left, upper, right, lower) = PLOT;
    let x = |seconds: f64| left + (right - left) * (seconds / chart.end.max(1e-9)).clamp(0.0, 1.0);
    let y = |value: f64| lower - (lower - upper) * (value / top).clamp(0.0, 1.0);
    let most: Vec<_> = chart.lines.iter().map(|line| format!("{} up to {}", line.name, chart.unit.write(highest(line)))).collect();
    let label = format!("{}, from 00:00 to {}: {}", chart.title, clock(chart.end), most.join(", "));
    let mut out = format!("<figure>\n<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", SIZE.0, SIZE.1, escape(&label));
    let mut value = 0.0;
    while value <= top * 1.001 {
        let at = y(value);
        add(&mut out, format_args!("<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>"));
        add(&mut out, format_args!("<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n", left - 8.0, at + 4.0, chart.unit.write(value)));
        value += step;
    }
    let every = STEPS.into_iter().find(|step| chart.end / step <= 8.0).unwrap_or(chart.end);
    for at in (0_u32..).map(|n| f64::from(n) * every).take_while(|at| *at <= chart.end) {
        add(&mut out, format_args!("<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n", x(at), lower + 18.0, clock(at)));
    }
    for (number, mark) in chart.marks.iter().enumerate() {
        let (from, until) = (x(mark.from), mark.until.map_or(0.0, |until| x(until) - x(mark.from)));
        add(&mut out, format_args!("<g class=\"mark\"><title>{}</title>", escape(&mark.what)));
        add(&mut out, format_args!("<rect x=\"{from:.1}\" y=\"{upper}\" width=\"{:.1}\" height=\"{:.1}\"/>", until.max(1.0), lower - upper));
        add(&mut out, format_args!("<text x=\"{from:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text></g>\n", upper - 6.0, number + 1));
    }
    for line in &chart.lines {
        let mut path = String::new();
        let mut drawing = false;
        for (at, value) in &line.points {
            if let Some(value) = value {
                add(&mut path, format_args!("{}{:.1} {:.1}", if drawing { "L" } else { "M" }, x(*at), y(*value)));
            }
            drawing = value.is_some();
        }
        add(&mut out, format_args!("<path class=\"{}\" d=\"{path}\"/>\n", line.look.class()));
    }
    out.push_str("</svg>\n<figcaption>");
    add(&mut out, format_args!("<strong>{}</strong>", escape(&chart.title)));
    for line in &chart.lines {
        let sample = "<svg class=\"sample\" viewBox=\"0 0 28 8\" aria-hidden=\"true\"><path class=";
        add(&mut out, format_args!(" {sample}\"{}\" d=\"M0 4L28 4\"/></svg>&nbsp;{}", line.look.class(), escape(&line.name)));
    }
    if !chart.marks.is_empty() {
        out.push_str(" &nbsp; The numbers are those of what happened, below.");
    }
    out + "</figcaption>\n</figure>\n"
}

/// The end of an axis that holds `most`, and the step between its labels: 1, 2 or 5 times a power of ten.
fn scale(most: f64) -> (f64, f64) {
    if !most.is_finite() || most <= 0.0 {
        return (1.0, 1.0);
    }
    let power = 10_f64.powf((most / 4.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| most / step <= 4.0).unwrap_or(most);
    ((most / step).ceil() * step, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number_above_everything() {
        for (most, end) in [(814.0, (1_000.0, 500.0)), (3.9, (4.0, 1.0)), (0.013, (0.015, 0.005)), (0.0, (1.0, 1.0))] {
            let (top, step) = scale(most);
            assert!((top - end.0).abs() < 1e-9 && (step - end.1).abs() < 1e-9, "{most}: {top}, {step}");
        }
    }

    #[test]
    fn gaps_are_gaps_and_what_happened_is_marked() {
        let line = Line { name: "p<99>".into(), look: Look::Plain, points: vec![(1.0, Some(2.0)), (2.0, None), (3.0, Some(4.0)), (4.0, Some(4.0))] };
        let mark = Mark { what: "latency on <db>".into(), from: 1.0, until: Some(3.0) };
        let svg = render(&Chart { title: "Latency".into(), unit: Unit::Millis, end: 4.0, lines: vec![line], marks: vec![mark] });
        let path = svg.split("class=\"line main\" d=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a path");
        assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1), "{path}");
        assert!(svg.contains("<title>latency on &lt;db&gt;</title>") && svg.contains("p&lt;99&gt; up to 4 ms") && !svg.contains("NaN"), "{svg}");
    }
}
