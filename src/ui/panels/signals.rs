//! The four golden signals of what is selected, as charts that share one time axis, one cursor and all marks.
//!
//! Values are drawn where they were measured and nowhere else: a window without requests leaves a gap. During a rollout
//! each version has its own line. The source of the term is the SRE book, chapter 6.

use eframe::egui::{Align, Layout, Rect, RichText, Sense, Ui, Vec2b, pos2, vec2};
use egui_plot::{AxisHints, GridInput, GridMark, HLine, HPlacement, Line, LineStyle, Plot, PlotPoint, PlotPoints, VLine};

use super::panes::PaneSpec;
use crate::lab::snapshot::{ChartPoint, Charts};
use crate::ui::state::{Run, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, Palette, size};
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
    fn text(self, value: f64) -> String {
        match self {
            Self::Latency => format::millis(value),
            Self::Traffic => format::rate(value),
            Self::Errors | Self::Saturation => format::percent(value),
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

fn series(metric: Metric, charts: &Charts, stable: &str, lang: Lang, palette: &Palette) -> Vec<Series> {
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
    if by_version && metric != Metric::Saturation {
        let stable = charts.versions.iter().position(|(name, _)| name == stable).unwrap_or(0);
        let mut lines: Vec<Series> = charts
            .versions
            .iter()
            .enumerate()
            .filter(|(_, version)| serving(version))
            .map(|(at, (name, from))| line(name, palette.version(at, stable), 1.5, points(from, value)))
            .collect();
        if metric == Metric::Latency {
            for series in &mut lines {
                series.name = format!("{} p99", series.name);
            }
        }
        return lines;
    }
    let total = &charts.total;
    match metric {
        Metric::Latency => vec![
            line("p50", theme::mixed(palette.series[0], palette.panel, 0.5), 1.5, points(total, |point| point.p50_ms)),
            line("p90", theme::mixed(palette.series[0], palette.panel, 0.75), 1.5, points(total, |point| point.p90_ms)),
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

/// The value at a time: that of the window which it lies in.
fn at(points: &[(f64, f64)], time: f64, window: f64) -> f64 {
    let index = points.partition_point(|&(t, _)| t < time);
    points.get(index).filter(|&&(t, _)| t - time <= window * 1.5).map_or(f64::NAN, |&(_, value)| value)
}

/// At most about two points per pixel: the extremes of each stretch, so that no spike is lost.
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
fn stretches(points: &[(f64, f64)], window: f64) -> Vec<Vec<[f64; 2]>> {
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
fn ticks(bounds: (f64, f64), wanted: f64) -> Vec<GridMark> {
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

/// Ticks of a time axis at round times.
fn time_ticks(bounds: (f64, f64), wanted: f64) -> Vec<GridMark> {
    const STEPS: [f64; 19] =
        [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0, 604_800.0];
    let rough = (bounds.1 - bounds.0) / wanted;
    let step = STEPS.into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let (first, last) = ((bounds.0 / step).ceil() as i64, (bounds.1 / step).floor() as i64);
    (first..=last).map(|n| GridMark { value: n as f64 * step, step_size: step }).collect()
}

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
    let stable = charts.service.and_then(|service| snapshot.services.get(service.index())).map_or("", |service| service.stable.as_str());
    let window = charts.window.as_secs_f64().max(1.0);
    let lines = series(metric, charts, stable, lang, palette);
    let cursor = run.charts.cursor;
    header_ui(ui, metric, if metric == Metric::Saturation && charts.service.is_none() { &[] } else { &lines }, cursor, window, run, lang);

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
        .formatter(move |mark, _| metric.text(if log { 10_f64.powf(mark.value) } else { mark.value }))
        .placement(HPlacement::Left)
        .min_thickness(52.0)
        .tick_label_font(tick_font.clone())
        .tick_label_color(palette.secondary);
    let origin = from + (to - from) * 0.04;
    // At the origin the axes' labels would lie on each other.
    let x_axis = AxisHints::new_x()
        .formatter(move |mark, _| if mark.value < origin { String::new() } else { format::axis_time(mark.value) })
        .tick_label_font(tick_font)
        .tick_label_color(palette.secondary);
    let wanted_x = f64::from((width / 90.0).clamp(2.0, 8.0));
    let wanted_y = f64::from((ui.available_height() / 42.0).clamp(2.0, 5.0));
    let plot = Plot::new(("signal", metric.term()))
        .show_background(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_drag(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .show_crosshair(false)
        .show_x(false)
        .show_y(false)
        .sense(Sense::hover())
        .set_margin_fraction(vec2(0.0, 0.0))
        .show_grid(Vec2b::new(false, true))
        .grid_color(palette.line)
        .grid_fade(0.0)
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![y_axis])
        .x_grid_spacer(move |input: GridInput| time_ticks(input.bounds, wanted_x))
        .y_grid_spacer(move |input: GridInput| if log { log_ticks(input.bounds) } else { ticks(input.bounds, wanted_y) })
        .label_formatter(|_| None)
        .height(ui.available_height() - 4.0);

    let most = (width / 1.5) as usize;
    let marks: Vec<(f64, eframe::egui::Color32)> = snapshot
        .marks
        .iter()
        .filter(|mark| (from..=to).contains(&mark.at.as_secs_f64()) && (mark.service.is_none() || charts.service.is_none() || mark.service == charts.service))
        .map(|mark| (mark.at.as_secs_f64(), status::mark_color(mark.kind, palette)))
        .collect();
    let response = plot.show(ui, |plot| {
        plot.set_plot_bounds_x(from..=to);
        plot.set_plot_bounds_y(low..=high);
        for (time, color) in marks {
            plot.vline(VLine::new("", time).color(theme::faded(color, 0.55)).width(1.0).allow_hover(false));
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
                let mut drawn = Line::new("", PlotPoints::from(mapped)).color(line.color).width(line.width).allow_hover(false);
                if line.fill {
                    drawn = drawn.fill(0.0).fill_alpha(0.14);
                }
                plot.line(drawn);
            }
        }
        if let Some(cursor) = cursor {
            plot.vline(VLine::new("", cursor).color(palette.secondary).width(1.0).allow_hover(false));
        }
    });
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

/// Title, and the values at the cursor or the newest ones.
fn header_ui(ui: &mut Ui, metric: Metric, lines: &[Series], cursor: Option<f64>, window: f64, run: &Run, lang: Lang) {
    let palette = colors(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::hover());
    label::explained(response, lang, metric.term());
    let mut inner = ui.new_child(eframe::egui::UiBuilder::new().max_rect(rect.shrink2(vec2(12.0, 0.0))).layout(Layout::left_to_right(Align::Center)));
    let ui = &mut inner;
    let title = match metric {
        Metric::Latency => "signal.latency",
        Metric::Traffic => "signal.traffic",
        Metric::Errors => "signal.errors",
        Metric::Saturation => "signal.saturation",
    };
    let whose = run.snapshot.charts.service.map_or_else(|| lang.tr("users"), |service| run.service_name(service).to_owned().into());
    let title = ui.painter().layout_no_wrap(lang.tr(title).into_owned(), fonts::semibold(size::BODY - 1.0), palette.text);
    let (place, _) = ui.allocate_exact_size(title.size(), Sense::hover());
    ui.painter().galley(place.min, title, palette.text);
    if rect.width() > 380.0 {
        label::caption(ui, whose);
    }
    let entries: Vec<(std::sync::Arc<eframe::egui::Galley>, &Series)> = lines
        .iter()
        .map(|line| {
            let value = cursor.map_or_else(|| line.points.last().map_or(f64::NAN, |&(_, value)| value), |cursor| at(&line.points, cursor, window));
            let text = format!("{} {}", line.name, metric.text(value));
            (ui.painter().layout_no_wrap(text, fonts::regular(size::SMALL), palette.secondary), line)
        })
        .collect();
    if entries.is_empty() {
        return;
    }
    // Where there is no room for all, the last one (the tail, the answered) and then the first are the ones to keep.
    let mut keep: Vec<usize> = Vec::new();
    let mut room = ui.available_width();
    for at in [entries.len() - 1, 0].into_iter().chain(1..entries.len() - 1) {
        let width = entries[at].0.size().x + 21.0;
        if !keep.contains(&at) && width <= room {
            room -= width;
            keep.push(at);
        }
    }
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        for (at, (galley, line)) in entries.into_iter().enumerate().rev() {
            if !keep.contains(&at) {
                continue;
            }
            let (spot, response) = ui.allocate_exact_size(vec2(galley.size().x + 11.0, 16.0), Sense::hover());
            ui.painter().rect_filled(Rect::from_center_size(pos2(spot.left() + 4.0, spot.center().y), vec2(8.0, 3.0)), 1.0, line.color);
            ui.painter().galley(pos2(spot.left() + 11.0, spot.center().y - galley.size().y / 2.0), galley, palette.secondary);
            response.on_hover_text(RichText::new(&line.name));
        }
    });
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
    fn only_versions_that_serve_have_lines() {
        let serving = |rate: f64| vec![ChartPoint { t: 1.0, rate, p99_ms: 9.0, ..ChartPoint::default() }];
        let palette = theme::palette(&eframe::egui::Visuals::dark());
        let names = |versions: &[(&str, f64)]| -> Vec<String> {
            let versions = versions.iter().map(|(name, rate)| ((*name).to_owned(), serving(*rate))).collect();
            let charts = Charts { total: serving(5.0), versions, ..Charts::default() };
            series(Metric::Latency, &charts, "v1", Lang::En, palette).into_iter().map(|line| line.name).collect()
        };
        assert_eq!(names(&[("v1", 5.0), ("v2", 0.0)]), ["p50", "p90", "p99"], "one version alone is the whole");
        assert_eq!(names(&[("v1", 5.0), ("v2", 0.0), ("v3", 2.0)]), ["v1 p99", "v3 p99"]);
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
        assert_eq!(values(time_ticks((100.0, 1_000.0), 4.0)), [300.0, 600.0, 900.0]);
        assert!(ticks((1.0, 1.0), 4.0).is_empty());
    }

    #[test]
    fn the_cursor_shows_the_window_it_lies_in() {
        let points = [(1.0, 5.0), (2.0, 6.0), (9.0, 1.0)];
        assert!((at(&points, 1.5, 1.0) - 6.0).abs() < f64::EPSILON);
        assert!(at(&points, 4.0, 1.0).is_nan(), "there was no window at that time");
    }
}
