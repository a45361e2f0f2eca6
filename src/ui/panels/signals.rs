//! The four golden signals of what is selected, as charts that share one time axis, one cursor and all marks.
//!
//! Values are drawn where they were measured and nowhere else: a window without requests leaves a gap. During a rollout
//! each version has a line of its own, over the line of all of them together: requests that reached no version at all are
//! only in that one. The source of the term is the SRE book, chapter 6.

use eframe::egui::{Align2, Rect, RichText, Sense, Ui, pos2, vec2};
use egui_plot::{AxisHints, GridInput, GridMark, HLine, HPlacement, Line, LineStyle, PlotPoint, PlotPoints, VLine};

use super::panes::PaneSpec;
use crate::lab::snapshot::{ChartPoint, Charts, Mark};
use crate::ui::state::{Run, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::chart;
use crate::ui::widgets::{label, status};
use crate::ui::{fonts, format, icons};
use crate::units::{SimSpan, SimTime};

/// Latency.
pub(crate) const LATENCY: PaneSpec = PaneSpec { title: "signal.latency", icon: icons::LATENCY, draw: |ui, shell| chart_ui(ui, shell, Metric::Latency) };
/// Traffic.
pub(crate) const TRAFFIC: PaneSpec = PaneSpec { title: "signal.traffic", icon: icons::TRAFFIC, draw: |ui, shell| chart_ui(ui, shell, Metric::Traffic) };
/// Errors.
pub(crate) const ERRORS: PaneSpec = PaneSpec { title: "signal.errors", icon: icons::WARNING, draw: |ui, shell| chart_ui(ui, shell, Metric::Errors) };
/// Saturation.
pub(crate) const SATURATION: PaneSpec =
    PaneSpec { title: "signal.saturation", icon: icons::SATURATION, draw: |ui, shell| chart_ui(ui, shell, Metric::Saturation) };

/// The stretches of time that can be charted.
pub(crate) const HISTORIES: [(Option<SimSpan>, &str); 5] = [
    (Some(SimSpan::from_secs(300)), "5m"),
    (Some(SimSpan::from_secs(900)), "15m"),
    (Some(SimSpan::from_secs(3_600)), "1h"),
    (Some(SimSpan::from_secs(21_600)), "6h"),
    (None, "∞"),
];

/// What the charts remember.
#[derive(Debug, Clone)]
pub(crate) struct ChartState {
    /// How much of the past is charted; `None`: everything.
    pub(crate) history: Option<SimSpan>,
    /// The time under the pointer, in whichever chart it is [s].
    pub(crate) cursor: Option<f64>,
    /// The time on the timeline to which a person may go back.
    pub(crate) back: Option<SimTime>,
    /// The time under the pointer in this frame, for the next.
    next_cursor: Option<f64>,
}

impl Default for ChartState {
    fn default() -> Self {
        Self { history: HISTORIES[1].0, cursor: None, back: None, next_cursor: None }
    }
}

impl ChartState {
    /// Takes over the cursor that the last frame found.
    pub(crate) fn begin_frame(&mut self) {
        self.cursor = self.next_cursor.take();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    Latency,
    Traffic,
    Errors,
    Saturation,
}

impl Metric {
    const fn term(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Traffic => "traffic",
            Self::Errors => "errors",
            Self::Saturation => "saturation",
        }
    }
    fn text(self, lang: Lang, value: f64) -> String {
        match self {
            Self::Latency => format::millis(lang, value),
            Self::Traffic => format::rate(lang, value),
            Self::Errors | Self::Saturation => format::percent(lang, value),
        }
    }
}

/// One line of a chart.
struct Series {
    name: String,
    color: eframe::egui::Color32,
    width: f32,
    fill: bool,
    points: Vec<(f64, f64)>,
}

fn points(from: &[ChartPoint], value: fn(&ChartPoint) -> f64) -> Vec<(f64, f64)> {
    from.iter().map(|point| (point.t, value(point))).collect()
}

fn series(metric: Metric, charts: &Charts, lang: Lang, palette: &Palette) -> Vec<Series> {
    let line = |name: &str, color, width, points| Series { name: name.to_owned(), color, width, fill: false, points };
    // A version that serves nobody in this stretch of time is no line, and one version alone is the whole.
    let serving = |(_, points): &(String, Vec<ChartPoint>)| points.iter().any(|point| point.rate > 0.0);
    let by_version = charts.versions.iter().filter(|version| serving(version)).count() > 1;
    let value: fn(&ChartPoint) -> f64 = match metric {
        Metric::Latency => |point| point.p99_ms,
        Metric::Traffic => |point| point.rate,
        Metric::Errors => |point| if point.rate > 0.0 { point.error_ratio } else { f64::NAN },
        Metric::Saturation => |point| point.saturation,
    };
    let total = &charts.total;
    if by_version && metric != Metric::Saturation {
        let (name, color) = match metric {
            Metric::Latency => (lang.tr("chart.all-p99"), palette.secondary),
            Metric::Errors => (lang.tr("chart.all"), palette.failing),
            Metric::Traffic | Metric::Saturation => (lang.tr("chart.all"), palette.secondary),
        };
        // Wider than what lies over it.
        let mut lines = vec![Series { fill: metric == Metric::Errors, ..line(&name, color, 2.5, points(total, value)) }];
        let versions = charts.versions.iter().enumerate().filter(|(_, version)| serving(version));
        lines.extend(versions.map(|(at, (name, from))| line(name, palette.version(at), 1.5, points(from, value))));
        return lines;
    }
    match metric {
        Metric::Latency => vec![
            line("p50", palette.series[3], 1.5, points(total, |point| point.p50_ms)),
            line("p90", palette.series[0], 1.5, points(total, |point| point.p90_ms)),
            line("p99", palette.series[1], 1.5, points(total, |point| point.p99_ms)),
        ],
        Metric::Traffic => vec![
            line(&lang.tr("signal.rate"), palette.series[0], 1.5, points(total, |point| point.rate)),
            line(&lang.tr("signal.goodput"), palette.series[3], 1.5, points(total, |point| point.goodput)),
        ],
        Metric::Errors => vec![Series { fill: true, ..line(&lang.tr("signal.failed"), palette.failing, 1.5, points(total, value)) }],
        Metric::Saturation => {
            vec![Series { fill: true, ..line(&lang.tr("signal.busy"), palette.series[2], 1.5, points(total, value)) }]
        }
    }
}

/// The value of the newest window, where `newest` is its time [s]; NaN if the line ends before it: what was measured
/// earlier is not how things are.
fn current(points: &[(f64, f64)], newest: f64, window: f64) -> f64 {
    points.last().filter(|&&(t, _)| newest - t <= window * 1.5).map_or(f64::NAN, |&(_, value)| value)
}

/// The value at a time: that of the window which it lies in.
fn at(points: &[(f64, f64)], time: f64, window: f64) -> f64 {
    let index = points.partition_point(|&(t, _)| t < time);
    points.get(index).filter(|&&(t, _)| t - time <= window * 1.5).map_or(f64::NAN, |&(_, value)| value)
}

/// Width of a stretch of which only the extremes are drawn [points]: where lines go up and down more often, nobody tells one stroke
/// from the next.
const STRETCH: f32 = 6.0;

/// The extremes of each of about `most` stretches, so that no spike is lost.
fn thinned(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    if points.len() <= most.max(8) * 2 {
        return points.to_vec();
    }
    let mut out = Vec::with_capacity(most * 2);
    for chunk in points.chunks(points.len().div_ceil(most.max(8))) {
        let known = chunk.iter().filter(|(_, value)| value.is_finite());
        let least = known.clone().min_by(|a, b| a.1.total_cmp(&b.1));
        let greatest = known.max_by(|a, b| a.1.total_cmp(&b.1));
        match (least, greatest) {
            (Some(&a), Some(&b)) if a.0 < b.0 => out.extend([a, b]),
            (Some(&a), Some(&b)) if a.0 > b.0 => out.extend([b, a]),
            (Some(&a), _) => out.push(a),
            _ => out.push((chunk[0].0, f64::NAN)),
        }
    }
    out
}

/// The stretches without a gap: a window without requests ends one, and so does a step that is longer than both `window`
/// and the step before it. (Older windows are wider, so steps only ever get shorter.)
pub(super) fn stretches(points: &[(f64, f64)], window: f64) -> Vec<Vec<[f64; 2]>> {
    let mut out: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut last: Option<f64> = None;
    let mut step = f64::INFINITY;
    let mut open = false;
    for &(t, value) in points {
        let taken = last.map_or(0.0, |last| t - last);
        if last.is_some() {
            open &= taken <= window.max(step * 1.6);
            step = taken;
        }
        last = Some(t);
        if !value.is_finite() {
            open = false;
        } else if let (true, Some(stretch)) = (open, out.last_mut()) {
            stretch.push([t, value]);
        } else {
            out.push(vec![[t, value]]);
            open = true;
        }
    }
    out
}

/// Ticks at round values, about `wanted` of them.
pub(super) fn ticks(bounds: (f64, f64), wanted: f64) -> Vec<GridMark> {
    let span = bounds.1 - bounds.0;
    if span.is_nan() || span <= 0.0 {
        return Vec::new();
    }
    let rough = span / wanted;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough).unwrap_or(power * 10.0);
    let first = (bounds.0 / step).ceil() as i64;
    let last = (bounds.1 / step).floor() as i64;
    (first..=last).map(|n| GridMark { value: n as f64 * step, step_size: step }).collect()
}

/// Ticks of a time axis at round times, two at least, whose labels have room for themselves and within an axis that is
/// `width` points wide.
pub(super) fn time_ticks(bounds: (f64, f64), width: f32) -> Vec<GridMark> {
    const STEPS: [f64; 23] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 180.0, 240.0, 300.0, 600.0, 900.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0,
        43_200.0, 86_400.0, 604_800.0,
    ];
    let span = bounds.1 - bounds.0;
    if span.is_nan() || span <= 0.0 {
        return Vec::new();
    }
    let per_point = span / f64::from(width.max(1.0));
    // Half of a label and of what keeps it from the next one [s].
    let half = |time: f64| f64::midpoint(format::axis_time(time).len() as f64 * LETTER, 6.0) * per_point;
    let marks = |step: f64| -> Vec<f64> {
        let all = (bounds.0 / step).ceil() as i64..=(bounds.1 / step).floor() as i64;
        all.map(|n| n as f64 * step).filter(|time| time - half(*time) >= bounds.0 && time + half(*time) <= bounds.1).collect()
    };
    let apart = |times: &[f64]| times.windows(2).all(|pair| pair[1] - pair[0] >= half(pair[0]) + half(pair[1]));
    // The coarsest step that marks about every 80 points, and if its labels touch, a coarser one.
    let wanted = (f64::from(width) / 80.0).clamp(2.0, 8.0) as usize;
    let candidates = || STEPS.into_iter().rev().filter(|step| span / step < 64.0).map(|step| (step, marks(step))).filter(|(_, times)| apart(times));
    let best = candidates().find(|(_, times)| times.len() >= wanted);
    let (step, times) = best.or_else(|| candidates().max_by_key(|(_, times)| times.len())).unwrap_or((span, Vec::new()));
    times.into_iter().map(|value| GridMark { value, step_size: step }).collect()
}

/// Width of a letter of the labels of axes [points].
const LETTER: f64 = 6.0;

fn log_ticks(bounds: (f64, f64)) -> Vec<GridMark> {
    let (low, high) = (bounds.0.floor() as i32, bounds.1.ceil() as i32);
    let fine = high - low <= 2;
    (low..=high)
        .flat_map(|decade| {
            let factors: &[f64] = if fine { &[1.0, 3.0] } else { &[1.0] };
            factors.iter().map(move |factor| GridMark { value: f64::from(decade) + factor.log10(), step_size: 1.0 })
        })
        .filter(|mark| (bounds.0..=bounds.1).contains(&mark.value))
        .collect()
}

#[expect(clippy::too_many_lines, reason = "one chart, from its data to its cursor")]
fn chart_ui(ui: &mut Ui, shell: &mut Shell, metric: Metric) {
    let palette = colors(ui);
    let lang = shell.lang();
    let Some(run) = shell.run.as_mut() else { return };
    let snapshot = run.snapshot.clone();
    let charts = &snapshot.charts;
    let window = charts.window.as_secs_f64().max(1.0);
    let lines = series(metric, charts, lang, palette);
    let cursor = run.charts.cursor;
    let newest = charts.total.last().map_or(f64::NAN, |point| point.t);
    let values = |line: &Series| cursor.map_or_else(|| current(&line.points, newest, window), |cursor| at(&line.points, cursor, window));
    header_ui(ui, metric, if metric == Metric::Saturation && charts.service.is_none() { &[] } else { &lines }, &values, run, lang);

    let now = snapshot.now.as_secs_f64();
    let from = run.charts.history.map_or(0.0, |history| (now - history.as_secs_f64()).max(0.0));
    let to = now.max(from + run.charts.history.map_or(60.0, |history| history.as_secs_f64().min(60.0)));
    let whole = metric == Metric::Saturation && charts.service.is_none();
    if whole || lines.iter().all(|line| line.points.iter().all(|(_, value)| !value.is_finite())) {
        let rect = ui.available_rect_before_wrap();
        let text = lang.tr(if whole {
            "chart.select"
        } else if snapshot.now.nanos() == 0 {
            "chart.not-started"
        } else {
            "chart.no-data"
        });
        let galley = ui.painter().layout(text.into_owned(), fonts::regular(size::BODY - 1.0), palette.secondary, (rect.width() - 32.0).min(280.0));
        ui.painter().galley(rect.center() - galley.size() / 2.0, galley, palette.secondary);
        return;
    }

    let seen = |line: &Series| line.points.iter().filter(|(t, value)| *t >= from && value.is_finite()).map(|(_, value)| *value).collect::<Vec<_>>();
    let values: Vec<f64> = lines.iter().flat_map(seen).collect();
    let greatest = values.iter().copied().fold(0.0, f64::max);
    let least = values.iter().copied().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    // Where the median and the tail part, a linear axis shows only the tail.
    let log = metric == Metric::Latency && least.is_finite() && greatest / least > 30.0;
    let (low, high) = match metric {
        Metric::Latency if log => (least.log10() - 0.1, greatest.log10() + 0.15),
        Metric::Latency | Metric::Traffic => (0.0, (greatest * 1.15).max(1.0)),
        Metric::Errors => (0.0, (greatest * 1.15).clamp(0.01, 1.02)),
        Metric::Saturation => (0.0, 1.02),
    };
    let slo = slo_line(metric, run);
    let high = slo.filter(|_| !log).map_or(high, |slo| if slo < high * 3.0 { high.max(slo * 1.1) } else { high });

    let width = ui.available_width();
    let tick_font = fonts::mono(10.0);
    let y_axis = AxisHints::new_y()
        .formatter(move |mark, _| metric.text(lang, if log { 10_f64.powf(mark.value) } else { mark.value }))
        .placement(HPlacement::Left)
        .min_thickness(52.0)
        .tick_label_font(tick_font.clone())
        .tick_label_color(palette.secondary);
    let end = run.snapshot.end;
    let x_axis = AxisHints::new_x()
        .formatter(move |mark, _| format::tick(lang, mark.value, end))
        .label_spacing(eframe::egui::Rangef::new(8.0, 9.0))
        .tick_label_font(tick_font)
        .tick_label_color(palette.secondary);
    let axis = width - 56.0;
    let wanted_y = f64::from((ui.available_height() / 42.0).clamp(2.0, 5.0));
    let plot = chart::still(("signal", metric.term()), palette, x_axis, y_axis)
        .x_grid_spacer(move |input: GridInput| time_ticks(input.bounds, axis))
        .y_grid_spacer(move |input: GridInput| if log { log_ticks(input.bounds) } else { ticks(input.bounds, wanted_y) })
        .height(ui.available_height() - 4.0);

    let most = (axis / STRETCH) as usize;
    // What happens to one service shows in the charts of others: its marks are there too, but faintly.
    let strength = |mark: &Mark| if mark.service.is_none() || charts.service.is_none() || mark.service == charts.service { 0.6 } else { 0.2 };
    let marks: Vec<(f64, eframe::egui::Color32)> = snapshot
        .marks
        .iter()
        .filter(|mark| (from..=to).contains(&mark.at.as_secs_f64()))
        .map(|mark| (mark.at.as_secs_f64(), theme::faded(status::mark_color(mark.kind, palette), strength(mark))))
        .collect();
    let response = plot.show(ui, |plot| {
        plot.set_plot_bounds_x(from..=to);
        plot.set_plot_bounds_y(low..=high);
        for (time, color) in marks {
            plot.vline(VLine::new("", time).color(color).width(1.0).allow_hover(false));
        }
        if let Some(slo) = slo {
            let value = if log { slo.log10() } else { slo };
            plot.hline(HLine::new("", value).color(theme::faded(palette.warning, 0.8)).width(1.0).style(LineStyle::dashed_dense()).allow_hover(false));
        }
        for line in lines {
            let visible: Vec<(f64, f64)> = line.points.iter().copied().filter(|(t, _)| *t >= from - window).collect();
            let step = if visible.len() > most * 2 { window * (visible.len() as f64 / most as f64) * 2.0 } else { window * 1.6 };
            for stretch in stretches(&thinned(&visible, most), step) {
                let mapped: Vec<[f64; 2]> = if log { stretch.iter().map(|[t, value]| [*t, value.max(1e-9).log10()]).collect() } else { stretch };
                // Stroke by stroke: where a long line turns back on itself many times, its joins are drawn as wide wedges.
                let of = |points: &[[f64; 2]]| Line::new("", PlotPoints::from(points.to_vec())).color(line.color).allow_hover(false);
                if line.fill {
                    plot.line(of(&mapped).width(0.0).fill(0.0).fill_alpha(0.14));
                }
                for stroke in mapped.windows(2) {
                    plot.line(of(stroke).width(line.width));
                }
                if let [alone] = mapped.as_slice() {
                    plot.line(of(&[*alone]).width(line.width));
                }
            }
        }
        if let Some(cursor) = cursor {
            plot.vline(VLine::new("", cursor).color(palette.secondary).width(1.0).allow_hover(false));
        }
    });
    if let Some(cursor) = cursor.filter(|cursor| (from..=to).contains(cursor)) {
        // The time at the foot of the line, on the side where there is room.
        let frame = *response.transform.frame();
        let x = response.transform.position_from_point(&PlotPoint::new(cursor, low)).x;
        let align = if x > frame.center().x { Align2::RIGHT_BOTTOM } else { Align2::LEFT_BOTTOM };
        let place = pos2(if x > frame.center().x { x - 4.0 } else { x + 4.0 }, frame.bottom() - 2.0);
        let text = run.moment(lang, SimTime::ZERO + SimSpan::from_secs_f64(cursor));
        let galley = ui.painter().layout_no_wrap(text, fonts::mono(10.0), palette.text);
        let spot = align.anchor_size(place, galley.size());
        ui.painter().rect_filled(spot.expand2(vec2(2.0, 0.0)), 2.0, theme::faded(palette.panel, 0.85));
        ui.painter().galley(spot.min, galley, palette.text);
    }
    if let Some(pointer) = response.response.hover_pos() {
        let place: PlotPoint = response.transform.value_from_position(pointer);
        run.charts.next_cursor = Some(place.x.clamp(from, now));
    }
}

/// The line that must not be crossed: the objective's latency, or the share of failures that spends the budget.
fn slo_line(metric: Metric, run: &Run) -> Option<f64> {
    let wanted = run.snapshot.charts.service;
    let slo = run.scenario.slos.iter().find(|slo| slo.service == wanted)?;
    match metric {
        Metric::Latency => slo.latency.map(SimSpan::as_millis_f64),
        Metric::Errors => Some(1.0 - slo.objective.get()),
        Metric::Traffic | Metric::Saturation => None,
    }
}

/// Title, and the values at the cursor or the newest ones: beside the title where the chart is wide, in rows below it
/// otherwise. Every line has its entry.
fn header_ui(ui: &mut Ui, metric: Metric, lines: &[Series], values: &dyn Fn(&Series) -> f64, run: &Run, lang: Lang) {
    let palette = colors(ui);
    let width = ui.available_width();
    let wide = width > 430.0;
    let (rect, response) = ui.allocate_exact_size(vec2(width, if wide { 30.0 } else { 24.0 }), Sense::hover());
    label::explained(response, lang, metric.term());
    let title = match metric {
        Metric::Latency => "signal.latency",
        Metric::Traffic => "signal.traffic",
        Metric::Errors => "signal.errors",
        Metric::Saturation => "signal.saturation",
    };
    let whose = run.snapshot.charts.service.map_or_else(|| lang.tr("users"), |service| run.service_name(service).to_owned().into());
    let line = rect.shrink2(vec2(12.0, 0.0));
    let title = ui.painter().layout_no_wrap(lang.tr(title).into_owned(), fonts::semibold(size::BODY - 1.0), palette.text);
    let used = title.size().x + 8.0;
    ui.painter().galley(pos2(line.left(), line.center().y - title.size().y / 2.0), title, palette.text);
    // Whose they are, as far as there is room.
    let mut job = eframe::egui::text::LayoutJob::simple_singleline(whose.into_owned(), fonts::regular(size::SMALL), palette.secondary);
    job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(if wide { 150.0 } else { line.width() - used });
    let whose = ui.painter().layout_job(job);
    let used = used + whose.size().x + 16.0;
    ui.painter().galley(pos2(line.left() + used - whose.size().x - 16.0, line.center().y - whose.size().y / 2.0), whose, palette.secondary);

    let legend: Vec<(std::sync::Arc<eframe::egui::Galley>, &Series, f64)> = lines
        .iter()
        .map(|line| {
            let value = values(line);
            let text = format!("{} {}", line.name, metric.text(lang, value));
            (ui.painter().layout_no_wrap(text, fonts::regular(size::SMALL), palette.secondary), line, value)
        })
        .collect();
    if legend.is_empty() {
        return;
    }
    let gap = 8.0;
    ui.spacing_mut().item_spacing.y = 1.0;
    let needed: f32 = legend.iter().map(|(galley, ..)| galley.size().x + 11.0 + gap).sum();
    let beside = wide && needed <= line.width() - used;
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    let mut room = if beside { line.width() - used } else { line.width() };
    for (at, (galley, ..)) in legend.iter().enumerate() {
        let width = galley.size().x + 11.0 + gap;
        if width > room + gap && rows.last().is_some_and(|row| !row.is_empty()) {
            rows.push(Vec::new());
            room = line.width();
        }
        room -= width;
        if let Some(row) = rows.last_mut() {
            row.push(at);
        }
    }
    for row in rows {
        let (spots, mut x) = if beside {
            (rect, line.right() - needed + gap)
        } else {
            let (spots, _) = ui.allocate_exact_size(vec2(width, 15.0), Sense::hover());
            (spots, line.left())
        };
        for at in row {
            let (galley, series, value) = &legend[at];
            let spot = Rect::from_min_size(pos2(x, spots.center().y - 8.0), vec2(galley.size().x + 11.0, 16.0));
            x = spot.right() + gap;
            ui.painter().rect_filled(Rect::from_center_size(pos2(spot.left() + 4.0, spot.center().y), vec2(8.0, 3.0)), 1.0, series.color);
            ui.painter().galley(pos2(spot.left() + 11.0, spot.center().y - galley.size().y / 2.0), galley.clone(), palette.secondary);
            let response = ui.interact(spot, ui.scope_id().with(("legend", at)), Sense::hover());
            let text = if value.is_finite() { series.name.clone() } else { lang.with("chart.silent", &[("name", &series.name)]) };
            response.on_hover_text(RichText::new(text));
        }
    }
    if !beside {
        ui.add_space(5.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_without_data_leaves_a_gap() {
        let points = [(1.0, 5.0), (2.0, 6.0), (3.0, f64::NAN), (4.0, 7.0), (5.0, 8.0), (9.0, 1.0)];
        let parts: Vec<usize> = stretches(&points, 1.6).iter().map(Vec::len).collect();
        assert_eq!(parts, [2, 2, 1]);
    }

    #[test]
    fn older_and_wider_windows_are_no_gaps() {
        let points: Vec<(f64, f64)> = (0..5).map(|n| (f64::from(n) * 10.0, 1.0)).chain((41..60).map(|t| (f64::from(t), 1.0))).collect();
        assert_eq!(stretches(&points, 1.6).len(), 1);
    }

    #[test]
    fn what_reached_no_version_is_in_the_line_of_all() {
        let palette = theme::palette(&eframe::egui::Visuals::dark());
        let point = |rate, error_ratio| ChartPoint { t: 1.0, rate, error_ratio, ..ChartPoint::default() };
        let versions = vec![("v1".to_owned(), vec![point(5.0, 0.0)]), ("v2".to_owned(), vec![point(3.0, 0.0)])];
        let charts = Charts { total: vec![point(400.0, 1.0)], versions, ..Charts::default() };
        let lines = series(Metric::Errors, &charts, Lang::En, palette);
        assert_eq!(lines.iter().map(|line| line.points[0].1).collect::<Vec<_>>(), [1.0, 0.0, 0.0]);
        let lines = series(Metric::Traffic, &charts, Lang::En, palette);
        assert_eq!(lines.iter().map(|line| line.points[0].1).collect::<Vec<_>>(), [400.0, 5.0, 3.0]);
    }

    #[test]
    fn a_version_keeps_its_colour_whoever_else_serves() {
        let palette = theme::palette(&eframe::egui::Visuals::dark());
        let serving = |rate: f64| vec![ChartPoint { t: 1.0, rate, ..ChartPoint::default() }];
        let color = |versions: [f64; 3], of: &str| {
            let versions = versions.iter().zip(["v1", "v2", "v2-bad"]).map(|(rate, name)| (name.to_owned(), serving(*rate))).collect();
            let charts = Charts { total: serving(5.0), versions, ..Charts::default() };
            series(Metric::Traffic, &charts, Lang::En, palette).into_iter().find(|line| line.name == of).map(|line| line.color)
        };
        assert_eq!(color([5.0, 5.0, 0.0], "v1"), color([5.0, 0.0, 5.0], "v1"));
        assert_eq!(color([5.0, 0.0, 5.0], "v2-bad"), color([0.0, 5.0, 5.0], "v2-bad"));
        assert_eq!(color([5.0, 5.0, 0.0], "v1"), Some(palette.stable));
        assert_eq!(color([5.0, 5.0, 0.0], "v2"), Some(palette.new));
    }

    #[test]
    fn what_was_measured_earlier_is_not_shown_as_current() {
        let line = [(1.0, 5.0), (2.0, 6.0)];
        assert!((current(&line, 2.0, 1.0) - 6.0).abs() < f64::EPSILON);
        assert!((current(&line, 3.0, 1.0) - 6.0).abs() < f64::EPSILON, "its window has just not ended");
        assert!(current(&line, 400.0, 1.0).is_nan());
    }

    #[test]
    fn a_time_axis_has_at_least_two_labels_with_room_for_them() {
        for width in [120.0_f32, 165.0, 240.0, 500.0, 1_200.0] {
            for (from, to) in [(0.0, 60.0), (0.0, 533.0), (240.0, 540.0), (100.0, 1_000.0), (899.0, 1_799.0), (0.0, 3_600.0), (12.0, 86_400.0)] {
                let ticks = time_ticks((from, to), width);
                let x = |mark: &GridMark| (mark.value - from) / (to - from) * f64::from(width);
                let half = |mark: &GridMark| format::axis_time(mark.value).len() as f64 * 3.0;
                let shown = format!("{from}…{to} s on {width} points: {:?}", ticks.iter().map(|mark| mark.value).collect::<Vec<_>>());
                assert!(ticks.len() >= 2, "{shown}");
                assert!(ticks.iter().all(|mark| x(mark) >= half(mark) && x(mark) + half(mark) <= f64::from(width)), "{shown}");
                assert!(ticks.windows(2).all(|pair| x(&pair[1]) - x(&pair[0]) > half(&pair[0]) + half(&pair[1])), "{shown}");
            }
        }
    }

    #[test]
    fn only_versions_that_serve_have_lines() {
        let serving = |rate: f64| vec![ChartPoint { t: 1.0, rate, p99_ms: 9.0, ..ChartPoint::default() }];
        let palette = theme::palette(&eframe::egui::Visuals::dark());
        let names = |versions: &[(&str, f64)]| -> Vec<String> {
            let versions = versions.iter().map(|(name, rate)| ((*name).to_owned(), serving(*rate))).collect();
            let charts = Charts { total: serving(5.0), versions, ..Charts::default() };
            series(Metric::Latency, &charts, Lang::En, palette).into_iter().map(|line| line.name).collect()
        };
        assert_eq!(names(&[("v1", 5.0), ("v2", 0.0)]), ["p50", "p90", "p99"], "one version alone is the whole");
        assert_eq!(names(&[("v1", 5.0), ("v2", 0.0), ("v3", 2.0)]), ["all, p99", "v1", "v3"]);
    }

    #[test]
    fn thinning_keeps_the_spike() {
        let mut points: Vec<(f64, f64)> = (0..10_000).map(|t| (f64::from(t), 1.0)).collect();
        points[7_003].1 = 900.0;
        let thin = thinned(&points, 200);
        assert!(thin.len() <= 420);
        assert!(thin.contains(&(7_003.0, 900.0)));
        assert!(thin.windows(2).all(|pair| pair[0].0 < pair[1].0), "time goes on");
    }

    #[test]
    fn ticks_stand_at_round_values() {
        let values = |marks: Vec<GridMark>| marks.into_iter().map(|mark| mark.value).collect::<Vec<_>>();
        assert_eq!(values(ticks((0.0, 460.0), 4.0)), [0.0, 200.0, 400.0]);
        assert_eq!(values(time_ticks((100.0, 1_000.0), 300.0)), [300.0, 600.0, 900.0]);
        assert!(ticks((1.0, 1.0), 4.0).is_empty());
    }

    #[test]
    fn the_cursor_shows_the_window_it_lies_in() {
        let points = [(1.0, 5.0), (2.0, 6.0), (9.0, 1.0)];
        assert!((at(&points, 1.5, 1.0) - 6.0).abs() < f64::EPSILON);
        assert!(at(&points, 4.0, 1.0).is_nan(), "there was no window at that time");
    }
}
