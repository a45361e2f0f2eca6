//! What happened under each strategy, one below the other on one time axis: the users' errors, the new version's share of the
//! traffic, and marks for deployments and alarms. All have the same scale, so that heights compare, too.

use eframe::egui::{Align2, Color32, ComboBox, Id, Painter, Pos2, Rangef, Rect, RichText, Role, Sense, Stroke, Ui, UiBuilder, Vec2b, WidgetInfo, pos2, vec2};
use egui_plot::{AxisHints, GridInput, HPlacement, Line, PlotPoint, PlotPoints, PlotResponse, VLine};

use super::state::Shown;
use crate::lab::compare::{Curve, Point};
use crate::lab::snapshot::{Mark, MarkKind};
use crate::ui::panels::signals::{stretches, ticks, time_ticks};
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::chart;
use crate::ui::widgets::{label, status};
use crate::ui::{fonts, format, icons};
use crate::units::{SimSpan, SimTime};

/// Height of a chart of errors, of one of shares, and of the time axis below the last one [points].
const HEIGHTS: [f32; 3] = [62.0, 44.0, 20.0];
/// Room for the values of an axis [points].
const AXIS: f32 = 52.0;
/// Width of a mark [points].
const MARK: f32 = 9.0;
/// More marks than these are only lines: shapes would lie over each other.
const MOST_SHAPES: usize = 24;

/// What a mark stands for: its kind, and whether it is the beginning of a way back.
fn is_way_back(mark: &Mark) -> bool {
    mark.kind == MarkKind::Deploy && mark.what.key == "goes-back"
}

fn mark_color(mark: &Mark, palette: &Palette) -> Color32 {
    if is_way_back(mark) { palette.warning } else { status::mark_color(mark.kind, palette) }
}

fn mark_ui(painter: &Painter, center: Pos2, kind: MarkKind, back: bool, palette: &Palette) {
    if back {
        painter.text(center, Align2::CENTER_CENTER, icons::ROLL_BACK, fonts::regular(MARK + 3.0), palette.warning);
    } else {
        status::mark(painter, center, MARK, kind, palette);
    }
}

/// How deploying came out: a failure if there was one, else a way back, else the last deployment that was done.
fn ending(marks: &[Mark]) -> Option<&Mark> {
    let failed = marks.iter().find(|mark| mark.kind == MarkKind::DeployFailed);
    failed.or_else(|| marks.iter().find(|mark| is_way_back(mark))).or_else(|| marks.iter().rev().find(|mark| mark.kind == MarkKind::DeployDone))
}

/// How often what happened, where it is too much to be told one by one.
fn counted(lang: Lang, marks: &[Mark]) -> String {
    let count = |is: &dyn Fn(&Mark) -> bool| marks.iter().filter(|mark| is(mark)).count();
    let deployments = lang.counted("deployments", count(&|mark| mark.kind == MarkKind::Deploy && !is_way_back(mark)));
    let [failed, alarms] = [MarkKind::DeployFailed, MarkKind::Alarm].map(|kind| count(&|mark| mark.kind == kind).to_string());
    lang.with("compare.many", &[("deployments", &deployments), ("failed", &failed), ("alarms", &alarms)])
}

/// What happened, in words: `10:00 deploy v2-bad, canary`.
fn told(lang: Lang, mark: &Mark, end: SimTime) -> String {
    let time = format::moment(lang, mark.at, end);
    // A label has one font, so names stand without their back-ticks.
    format!("{time} {}", lang.say_plainly(&mark.what))
}

/// Draws all of them.
pub(super) fn lanes_ui(ui: &mut Ui, lang: Lang, shown: &mut Shown) {
    let palette = colors(ui);
    let seeds = shown.seeds();
    shown.seed = shown.seed.min(seeds.len().saturating_sub(1));
    let Some(&seed) = seeds.get(shown.seed) else { return };
    let plan = shown.outcome.plan();
    let version = plan.shown_release().map(|release| plan.scenario().model.versions[release.version.index()].name.clone());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(10.0, 4.0);
        label::section(ui, lang.tr("compare.over-time"));
        let name = lang.with("report.compare.seed", &[("seed", &seed.to_string())]);
        let combo = ComboBox::from_id_salt("seed of the curves").selected_text(&name).width(92.0).show_ui(ui, |ui| {
            for (at, seed) in seeds.iter().enumerate() {
                ui.selectable_value(&mut shown.seed, at, lang.with("report.compare.seed", &[("seed", &seed.to_string())]));
            }
        });
        combo.response.on_hover_text(lang.tr("compare.over-time.seed"));
        legend_ui(ui, lang, version.as_deref());
    });
    ui.add_space(2.0);
    let Some(&seed) = seeds.get(shown.seed) else { return };
    let curves: Vec<Option<&Curve>> = (0..plan.variants().len()).map(|at| shown.outcome.curve(at, shown.world, seed)).collect();
    let to = plan.until().as_secs_f64();
    let greatest = curves.iter().flatten().flat_map(|curve| &curve.errors).map(|(_, share)| *share).filter(|share| share.is_finite()).fold(0.0, f64::max);
    let high = (greatest * 1.15).clamp(0.01, 1.02);
    let shares = curves.iter().flatten().any(|curve| !curve.share.is_empty());
    let mut cursor = None;
    for (at, curve) in curves.iter().enumerate() {
        let Some(curve) = curve else { continue };
        let last = at + 1 == curves.len();
        let lane = Lane { at, label: &plan.variants()[at].label, curve, to, high, shares, last, cursor: shown.cursor, version: version.as_deref() };
        cursor = lane_ui(ui, lang, &lane).or(cursor);
        if !last {
            let y = ui.cursor().top();
            ui.painter().hline(ui.max_rect().x_range(), y, (1.0, theme::faded(palette.line, 0.6)));
            ui.add_space(2.0);
        }
    }
    shown.cursor = cursor;
}

/// What lines, areas and marks mean.
fn legend_ui(ui: &mut Ui, lang: Lang, version: Option<&str>) {
    let palette = colors(ui);
    let swatch = |color: Color32| {
        move |painter: &Painter, center: Pos2| {
            painter.rect_filled(Rect::from_center_size(center, vec2(10.0, 3.0)), 1.0, color);
        }
    };
    label::keyed(ui, &lang.tr("compare.errors"), swatch(palette.failing));
    if let Some(version) = version {
        label::keyed(ui, &lang.with("compare.share", &[("version", version)]), swatch(palette.new));
    }
    let kinds = [
        (MarkKind::Deploy, false, "compare.mark.deploy"),
        (MarkKind::Alarm, false, "compare.mark.alarm"),
        (MarkKind::DeployFailed, false, "compare.mark.failed"),
        (MarkKind::Deploy, true, "compare.mark.back"),
        (MarkKind::DeployDone, false, "compare.mark.done"),
    ];
    for (kind, back, key) in kinds {
        label::keyed(ui, &lang.tr(key), |painter, center| mark_ui(painter, center, kind, back, palette));
    }
}

/// One strategy's part of the time axis.
struct Lane<'a> {
    /// Its place.
    at: usize,
    /// Its label.
    label: &'a str,
    /// What happened.
    curve: &'a Curve,
    /// The end of the axis [s].
    to: f64,
    /// The top of the axis of errors [0…1].
    high: f64,
    /// Whether there are shares to draw.
    shares: bool,
    /// Whether it is the lowest one, which carries the time axis.
    last: bool,
    /// The time under the pointer [s].
    cursor: Option<f64>,
    /// The version whose share is drawn.
    version: Option<&'a str>,
}

impl Lane<'_> {
    /// The end of the axis.
    fn end(&self) -> SimTime {
        SimTime::ZERO + SimSpan::from_secs_f64(self.to)
    }
}

/// The value of the window in which a time lies.
fn value_at(points: &[Point], time: f64, window: SimSpan) -> f64 {
    let at = points.partition_point(|(t, _)| *t < time);
    points.get(at).filter(|(t, _)| t - time <= window.as_secs_f64() * 1.5).map_or(f64::NAN, |(_, value)| *value)
}

/// Points as steps: each value holds for the whole of its window, which begins where the one before it ended. Windows are put
/// together from those that are kept, so that not all of them are of the same length.
fn steps(points: &[[f64; 2]], window: f64) -> Vec<[f64; 2]> {
    let begins = std::iter::once((points.first().map_or(0.0, |[t, _]| t - window)).max(0.0)).chain(points.iter().map(|[t, _]| *t));
    begins.zip(points).flat_map(|(begin, &[t, value])| [[begin, value], [t, value]]).collect()
}

/// Draws one; returns the time under the pointer.
fn lane_ui(ui: &mut Ui, lang: Lang, lane: &Lane<'_>) -> Option<f64> {
    let height = HEIGHTS[0] + if lane.shares { HEIGHTS[1] + 2.0 } else { 0.0 } + if lane.last { HEIGHTS[2] } else { 0.0 };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let aside = (rect.width() * 0.2).clamp(120.0, 220.0);
    let name = rect.with_max_x(rect.left() + aside);
    name_ui(ui, lang, lane, name);
    let plots = rect.with_min_x(name.right());
    let mut child = ui.new_child(UiBuilder::new().id_salt(("lane", lane.at)).max_rect(plots));
    child.set_clip_rect(plots.intersect(ui.clip_rect()));
    child.spacing_mut().item_spacing.y = 2.0;
    let palette = colors(ui);
    let only = !lane.shares;
    let errors = plot_ui(&mut child, lang, lane, ("errors", lane.at), &lane.curve.errors, lane.high, palette.failing, only);
    marks_ui(&child, lane, &errors);
    let mut cursor = pointed(&errors);
    hover_ui(lang, lane, &errors);
    if lane.shares {
        let shares = plot_ui(&mut child, lang, lane, ("shares", lane.at), &lane.curve.share, 1.04, palette.new, true);
        cursor = cursor.or_else(|| pointed(&shares));
        hover_ui(lang, lane, &shares);
    }
    cursor.map(|time| time.clamp(0.0, lane.to))
}

/// The strategy's name, and its values at the time under the pointer.
fn name_ui(ui: &mut Ui, lang: Lang, lane: &Lane<'_>, rect: Rect) {
    let palette = colors(ui);
    let response = ui.interact(rect, ui.scope_id().with(("lane name", lane.at)), Sense::hover());
    let events: Vec<String> = lane.curve.marks.iter().map(|mark| told(lang, mark, lane.end())).collect();
    let spoken = format!("{}: {}", lane.label, if events.is_empty() { lang.tr("compare.no-events").into_owned() } else { events.join("; ") });
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    painter.circle_filled(pos2(rect.left() + 5.0, rect.top() + 12.0), 4.0, palette.series[lane.at % palette.series.len()]);
    let room = rect.width() - 24.0;
    let line = |text: &str, font, color, most: usize| {
        let mut job = eframe::egui::text::LayoutJob::simple(text.to_owned(), font, color, room);
        job.wrap.max_rows = most;
        painter.layout_job(job)
    };
    let title = line(lane.label, fonts::semibold(size::BODY), palette.text, 2);
    let mut y = rect.top() + 4.0;
    painter.galley(pos2(rect.left() + 14.0, y), title.clone(), palette.text);
    y += title.size().y + 2.0;
    if let Some(time) = lane.cursor {
        let window = lane.curve.window;
        let at = format::moment(lang, SimTime::ZERO + SimSpan::from_secs_f64(time), lane.end());
        let mut rows = vec![(at, palette.secondary)];
        rows.push((lang.with("compare.at.errors", &[("share", &format::percent(lang, value_at(&lane.curve.errors, time, window)))]), palette.failing_text));
        if let Some(version) = lane.version.filter(|_| lane.shares) {
            let share = format::percent(lang, value_at(&lane.curve.share, time, window));
            rows.push((lang.with("compare.at.share", &[("version", version), ("share", &share)]), palette.text));
        }
        for (text, color) in rows {
            let galley = line(&text, fonts::regular(size::SMALL), color, 1);
            painter.galley(pos2(rect.left() + 14.0, y), galley.clone(), color);
            y += galley.size().y + 1.0;
        }
    } else if lane.curve.marks.len() > MOST_SHAPES {
        let galley = line(&counted(lang, &lane.curve.marks), fonts::regular(size::SMALL), palette.secondary, 3);
        painter.galley(pos2(rect.left() + 14.0, y), galley, palette.secondary);
    } else if let Some(end) = ending(&lane.curve.marks) {
        // How it ended, where nothing is pointed at.
        mark_ui(&painter, pos2(rect.left() + 19.0, y + 8.0), end.kind, is_way_back(end), palette);
        let galley = line(&told(lang, end, lane.end()), fonts::regular(size::SMALL), palette.secondary, 3);
        painter.galley(pos2(rect.left() + 28.0, y + 1.0), galley, palette.secondary);
    }
    response.on_hover_ui(|ui| {
        ui.set_max_width(420.0);
        ui.label(RichText::new(lane.label).font(fonts::semibold(size::BODY)));
        for text in events.iter().take(MOST_SHAPES) {
            label::caption(ui, text);
        }
    });
}

/// One chart of a lane.
#[expect(clippy::too_many_arguments, reason = "all of them differ between the two charts of a lane")]
fn plot_ui(ui: &mut Ui, lang: Lang, lane: &Lane<'_>, id: (&'static str, usize), points: &[Point], high: f64, color: Color32, lowest: bool) -> PlotResponse<()> {
    let palette = colors(ui);
    let timed = lane.last && lowest;
    let errors = id.0 == "errors";
    let height = if errors { HEIGHTS[0] } else { HEIGHTS[1] } + if timed { HEIGHTS[2] } else { 0.0 };
    let axis = ui.available_width() - AXIS;
    let font = fonts::mono(10.0);
    let y_axis = AxisHints::new_y()
        // That it begins at nothing goes without saying, and would lie over the top of the chart below.
        .formatter(move |mark, _| if mark.value > 0.0 { format::percent(lang, mark.value) } else { String::new() })
        .placement(HPlacement::Left)
        .min_thickness(AXIS)
        .tick_label_font(font.clone())
        .tick_label_color(palette.secondary);
    let end = lane.end();
    let x_axis = AxisHints::new_x()
        .formatter(move |mark, _| format::tick(lang, mark.value, end))
        .label_spacing(Rangef::new(8.0, 9.0))
        .tick_label_font(font)
        .tick_label_color(palette.secondary);
    let group = Id::unique("compared over time");
    let (from, to) = (0.0, lane.to);
    let plot = chart::still(id, palette, x_axis, y_axis)
        .link_axis(group, Vec2b::new(true, false))
        .show_axes(Vec2b::new(timed, true))
        .x_grid_spacer(move |input: GridInput| time_ticks(input.bounds, axis))
        .y_grid_spacer(move |input: GridInput| ticks(input.bounds, 2.0))
        .height(height);
    let window = lane.curve.window.as_secs_f64();
    let many = lane.curve.marks.len() > MOST_SHAPES;
    plot.show(ui, |plot| {
        plot.set_plot_bounds_x(from..=to);
        plot.set_plot_bounds_y(0.0..=high);
        for mark in &lane.curve.marks {
            let color = theme::faded(mark_color(mark, palette), if many { 0.25 } else { 0.6 });
            plot.vline(VLine::new("", mark.at.as_secs_f64()).color(color).width(1.0).allow_hover(false));
        }
        for stretch in stretches(points, window * 1.6) {
            plot.line(
                Line::new("", PlotPoints::from(steps(&stretch, window)))
                    .color(color)
                    .width(1.5)
                    .fill(0.0)
                    .fill_alpha(0.16)
                    .allow_band(false)
                    .allow_hover(false),
            );
        }
        if let Some(cursor) = lane.cursor {
            plot.vline(VLine::new("", cursor).color(palette.secondary).width(1.0).allow_hover(false));
        }
    })
}

/// The shapes of marks at the top of a chart, beside each other where they would touch.
fn marks_ui(ui: &Ui, lane: &Lane<'_>, plot: &PlotResponse<()>) {
    let palette = colors(ui);
    if lane.curve.marks.len() > MOST_SHAPES {
        return;
    }
    let frame = *plot.transform.frame();
    let painter = ui.painter().with_clip_rect(ui.clip_rect());
    let mut free = f32::NEG_INFINITY;
    for mark in &lane.curve.marks {
        let wanted = plot.transform.position_from_point(&PlotPoint::new(mark.at.as_secs_f64(), 0.0)).x;
        let x = wanted.max(free).min(frame.right() - MARK / 2.0);
        free = x + MARK + 3.0;
        let center = pos2(x, frame.top() + MARK / 2.0 + 2.0);
        // Whatever line lies behind it does not run through it.
        painter.circle(center, MARK / 2.0 + 2.0, palette.panel, Stroke::NONE);
        mark_ui(&painter, center, mark.kind, is_way_back(mark), palette);
    }
}

/// The time under the pointer.
fn pointed(plot: &PlotResponse<()>) -> Option<f64> {
    plot.response.hover_pos().map(|pointer| plot.transform.value_from_position(pointer).x)
}

/// What happened near the pointer.
fn hover_ui(lang: Lang, lane: &Lane<'_>, plot: &PlotResponse<()>) {
    let Some(pointer) = plot.response.hover_pos() else { return };
    let x = |mark: &Mark| plot.transform.position_from_point(&PlotPoint::new(mark.at.as_secs_f64(), 0.0)).x;
    // Marks at the same time stand beside each other, to the right.
    let near: Vec<String> =
        lane.curve.marks.iter().filter(|mark| (-6.0..=30.0).contains(&(pointer.x - x(mark)))).map(|mark| told(lang, mark, lane.end())).collect();
    if near.is_empty() {
        return;
    }
    plot.response.clone().on_hover_ui_at_pointer(|ui| {
        ui.set_max_width(360.0);
        for text in near.iter().take(8) {
            ui.label(text);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_reads_the_window_that_it_lies_in() {
        let points = [(10.0, 0.1), (20.0, 0.2), (60.0, 0.6)];
        let at = |time| value_at(&points, time, SimSpan::from_secs(10));
        assert!((at(15.0) - 0.2).abs() < 1e-9 && (at(20.0) - 0.2).abs() < 1e-9);
        assert!(at(30.0).is_nan() && at(61.0).is_nan(), "there was no window");
        assert_eq!(steps(&[[10.0, 0.1], [22.0, 0.2]], 10.0), [[0.0, 0.1], [10.0, 0.1], [10.0, 0.2], [22.0, 0.2]]);
        assert_eq!(steps(&[], 10.0), [[0.0; 2]; 0]);
    }
}
