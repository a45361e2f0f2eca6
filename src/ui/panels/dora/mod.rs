//! DORA's five metrics: tiles with values, definitions, levels and trends, the Quick Check, and the records behind each number.
//!
//! It shows what `insight::dora` has worked out and concludes nothing of its own. With "what really happened" the truth
//! stands beside it: which deployments hurt users, how a number is made to look better, and the walk back from a failed
//! request. What a metric is called and how it is written is in `metric`, its trend in `trend`, its records in `records`,
//! everything that is said about the numbers in `notes`.

mod metric;
mod notes;
mod records;
mod scoped;
mod trend;

use eframe::egui::{
    Align, Align2, ComboBox, Frame, Layout, Margin, Pos2, Rect, Role, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

pub(crate) use self::metric::Metric;
pub(crate) use self::scoped::Scoped;
use super::delivery::truth_ui;
use super::panes::PaneSpec;
use super::walk;
use crate::ids::ServiceId;
use crate::insight::dora::bands::{Level, Year, levels};
use crate::ui::state::{Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::segmented::{Segment, segmented};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, format, icons};

/// The panel.
pub(crate) const PANE: PaneSpec = PaneSpec { title: "pane.dora", icon: icons::DORA, draw: dora_ui };

/// Height of a tile [points].
const TILE: f32 = 122.0;
/// A tile is no narrower than this [points].
const NARROWEST: f32 = 140.0;
/// From this width on the trend and the Quick Check stand side by side [points].
const BESIDE: f32 = 640.0;
/// Height of the trend [points].
const TREND: f32 = 160.0;

fn dora_ui(ui: &mut Ui, shell: &mut Shell) {
    let Some(run) = shell.run.as_mut() else { return };
    let snapshot = run.snapshot.clone();
    let service = run.delivery.scope;
    if !run.delivery.scoped.as_ref().is_some_and(|scoped| scoped.is_of(&snapshot.dora, service)) {
        run.delivery.scoped = Some(Scoped::new(&snapshot.dora, snapshot.delivery.as_deref(), service, snapshot.now));
    }
    // Taken out while it is drawn, like the docked panels themselves.
    let Some(scoped) = run.delivery.scoped.take() else { return };
    Frame::new().inner_margin(Margin { left: 12, right: 4, top: 8, bottom: 0 }).show(ui, |ui| {
        header_ui(ui, shell);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            Frame::new().inner_margin(Margin { left: 0, right: 10, top: 0, bottom: 12 }).show(ui, |ui| body_ui(ui, shell, &scoped));
        });
    });
    if let Some(run) = shell.run.as_mut() {
        run.delivery.scoped = Some(scoped);
    }
}

/// Whose metrics, graded by which year, with the truth or without.
fn header_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let Some(run) = shell.run.as_mut() else { return };
    let names: Vec<String> = run.scenario.model.services.iter().map(|service| service.name.clone()).collect();
    ui.horizontal_wrapped(|ui| {
        let state = &mut run.delivery;
        let whole = lang.tr("dora.whole-fleet");
        let chosen = state.scope.and_then(|service| names.get(service.index())).map_or(whole.as_ref(), String::as_str);
        let combo = ComboBox::from_id_salt("dora scope").width(150.0).selected_text(chosen).show_ui(ui, |ui| {
            ui.selectable_value(&mut state.scope, None, whole.as_ref());
            for (at, name) in names.iter().enumerate() {
                ui.selectable_value(&mut state.scope, Some(ServiceId::from_index(at)), name);
            }
        });
        combo.response.clone().accessible_name(lang.tr("dora.scope"));
        label::explained(combo.response, lang, "dora-scope");
        let years = Year::ALL.map(|year| year.number().to_string());
        let about = Year::ALL.map(|year| lang.with("dora.year", &[("year", &year.number().to_string())]));
        let segments: Vec<Segment<'_>> = years.iter().zip(&about).map(|(text, name)| Segment { text, name }).collect();
        if let Some(at) = segmented(ui, &segments, Year::ALL.iter().position(|year| *year == state.year), 7.0) {
            state.year = Year::ALL[at];
        }
        let note = label::caption(ui, lang.tr("dora.no-levels"));
        label::explained(note, lang, "dora-levels");
        truth_ui(ui, lang, &mut state.truth);
    });
    if run.delivery.scope.is_none() {
        label::caption(ui, lang.tr("dora.blending"));
    }
    ui.add_space(2.0);
}

fn body_ui(ui: &mut Ui, shell: &mut Shell, scoped: &Scoped) {
    let lang = shell.lang();
    let Some(run) = shell.run.as_mut() else { return };
    if let Some(metric) = tiles_ui(ui, lang, scoped, run.delivery.metric, run.delivery.year, run.delivery.truth) {
        run.delivery.metric = metric;
        run.delivery.reveal = true;
    }
    let (metric, truth) = (run.delivery.metric, run.delivery.truth);
    ui.add_space(4.0);
    let width = ui.available_width();
    if width >= BESIDE {
        ui.horizontal_top(|ui| {
            let left = ((width - 20.0) * 0.56).floor();
            ui.allocate_ui_with_layout(vec2(left, TREND), Layout::top_down(Align::Min), |ui| {
                ui.set_min_width(left);
                trend::trend_ui(ui, lang, metric, scoped, truth, TREND);
            });
            ui.add_space(8.0);
            ui.allocate_ui_with_layout(vec2(width - 20.0 - left, TREND), Layout::top_down(Align::Min), |ui| notes::quick_check_ui(ui, lang, scoped));
        });
    } else {
        trend::trend_ui(ui, lang, metric, scoped, truth, TREND);
        notes::quick_check_ui(ui, lang, scoped);
    }
    ui.add_space(8.0);
    records::records_ui(ui, shell, scoped);
    ui.add_space(8.0);
    notes::notes_ui(ui, shell, scoped);
    if truth {
        ui.add_space(8.0);
        walk::walk_ui(ui, shell);
    }
}

/// The five tiles in their two groups; returns the one that was clicked.
fn tiles_ui(ui: &mut Ui, lang: Lang, scoped: &Scoped, on: Metric, year: Year, truth: bool) -> Option<Metric> {
    let mut clicked = None;
    let gap = 8.0;
    let width = ui.available_width();
    let one_row = (width - gap * 4.0) / 5.0 >= NARROWEST;
    let rows: &[&[Metric]] = if one_row { &[&Metric::ALL] } else { &[&Metric::ALL[..Metric::THROUGHPUT], &Metric::ALL[Metric::THROUGHPUT..]] };
    let columns = if one_row { 5 } else { Metric::THROUGHPUT };
    let tile = ((width - gap * (columns as f32 - 1.0)) / columns as f32).floor();
    let graded = levels(&scoped.dora, year);
    for metrics in rows {
        let (heads, _) = ui.allocate_exact_size(vec2(width, 16.0), Sense::hover());
        let (row, _) = ui.allocate_exact_size(vec2(width, TILE), Sense::hover());
        for (at, metric) in metrics.iter().enumerate() {
            let left = row.left() + (tile + gap) * at as f32;
            let group = match metric {
                Metric::LeadTime => Some("throughput"),
                Metric::ChangeFail => Some("instability"),
                _ => None,
            };
            if let Some(group) = group {
                let rect = Rect::from_min_max(pos2(left, heads.top()), pos2(left + tile, heads.bottom()));
                let mut child = ui.new_child(UiBuilder::new().id_salt(group).max_rect(rect));
                let text = label::section(&mut child, lang.tr(if group == "throughput" { "dora.throughput" } else { "dora.instability" }));
                label::explained(text, lang, if group == "throughput" { "dora-throughput" } else { "dora-instability" });
            }
            let rect = Rect::from_min_size(pos2(left, row.top()), vec2(tile, TILE));
            if tile_ui(ui, lang, rect, *metric, scoped, metric.level(graded), year, *metric == on, truth) {
                clicked = Some(*metric);
            }
        }
    }
    clicked
}

#[expect(clippy::too_many_arguments, reason = "everything that a tile says")]
fn tile_ui(ui: &Ui, lang: Lang, rect: Rect, metric: Metric, scoped: &Scoped, level: Option<Level>, year: Year, on: bool, truth: bool) -> bool {
    let palette = colors(ui);
    let response = ui.interact(rect, ui.scope_id().with(("tile", metric.term())), Sense::click());
    let fill = if response.hovered() || response.has_focus() { palette.hovered } else { palette.raised };
    ui.painter().rect_filled(rect, theme::RADIUS, fill);
    if on {
        ui.painter().rect_stroke(rect, theme::RADIUS, Stroke::new(1.5, palette.accent), StrokeKind::Inside);
    }
    button::focus_ring(ui, &response);
    let painter = ui.painter_at(rect.shrink(2.0));
    let inner = rect.shrink2(vec2(10.0, 8.0));
    let wrapped = |text: String, font, color, rows| {
        let mut job = eframe::egui::text::LayoutJob::single_section(text, eframe::egui::TextFormat::simple(font, color));
        job.wrap = eframe::egui::text::TextWrapping { max_width: inner.width(), max_rows: rows, break_anywhere: false, ..Default::default() };
        painter.layout_job(job)
    };
    let name = lang.tr(metric.title());
    let title = wrapped(name.to_string(), fonts::medium(size::SMALL + 1.0), palette.secondary, 2);
    let below = inner.top() + title.size().y.max(15.0) + 1.0;
    painter.galley(inner.min, title, palette.secondary);
    let value = metric.value(&scoped.dora);
    let early = scoped.is_early(metric);
    let text = match value {
        Some(_) if early => lang.counted("deployments", scoped.dora.deployments as usize),
        Some(value) => metric.text(lang, value),
        None => format::NOTHING.to_owned(),
    };
    let galley = painter.layout_no_wrap(text.clone(), fonts::semibold(size::HEADING), palette.text);
    let end = inner.left() + galley.size().x;
    painter.galley(pos2(inner.left(), below), galley, palette.text);
    let mut words = vec![name.to_string(), text];
    if truth
        && metric == Metric::ChangeFail
        && let Some(really) = scoped.true_rate
    {
        let text = lang.with("dora.really", &[("value", &metric.text(lang, really))]);
        painter.text(pos2(end + 8.0, below + 17.0), Align2::LEFT_CENTER, &text, fonts::medium(size::SMALL), palette.failing_text);
        words.push(text);
    }
    if value.is_some() {
        let line = below + 36.0;
        let level = level.filter(|_| !early);
        let graded = if early { lang.tr("dora.early").into_owned() } else { level_text(lang, metric, level, year) };
        let x = match level {
            Some(level) => level_shape(&painter, pos2(inner.left(), line), level, palette),
            None => inner.left(),
        };
        painter.text(pos2(x, line), Align2::LEFT_CENTER, &graded, fonts::regular(size::SMALL), palette.secondary);
        words.push(graded);
        let period = lang.with("dora.period", &[("span", &format::span(lang, scoped.lasted))]);
        painter.text(pos2(inner.left(), line + 15.0), Align2::LEFT_CENTER, &period, fonts::regular(size::SMALL), palette.secondary);
        words.push(period);
        let chart = Rect::from_min_max(pos2(inner.left(), line + 24.0), inner.max);
        // What cannot be said yet has no trend.
        let color_of = if on { palette.accent } else { palette.secondary };
        let points = if early { Vec::new() } else { scoped.trend.iter().map(|(_, dora, _)| metric.value(dora)).collect() };
        spark(&painter, chart, points, color_of);
    } else {
        let why = lang.tr(metric.unknown(&scoped.dora));
        painter.galley(pos2(inner.left(), below + 28.0), wrapped(why.to_string(), fonts::regular(size::SMALL), palette.secondary, 3), palette.secondary);
        words.push(why.into_owned());
    }
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, words.join(", ")));
    let clicked = response.clicked();
    response.on_hover_ui(|ui| {
        label::definition(ui, lang, metric.term());
        if value.is_none() {
            label::secondary(ui, lang.tr(metric.unknown(&scoped.dora)));
        }
        label::caption(ui, lang.tr("dora.tile.click"));
    });
    clicked
}

/// A level in words, or why there is none.
fn level_text(lang: Lang, metric: Metric, level: Option<Level>, year: Year) -> String {
    match level {
        Some(level) => {
            let name = lang.find(&format!("dora.level.{}", level.name())).unwrap_or_else(|| level.name().into());
            lang.with("dora.level", &[("level", &name), ("year", &year.number().to_string())])
        }
        None if metric == Metric::Rework => lang.tr("dora.level.never").into_owned(),
        None => String::new(),
    }
}

/// A level as bars, one for low to four for elite; returns where text goes on.
fn level_shape(painter: &eframe::egui::Painter, at: Pos2, level: Level, palette: &Palette) -> f32 {
    let filled = match level {
        Level::Elite => 4,
        Level::High => 3,
        Level::Medium => 2,
        Level::Low => 1,
    };
    for bar in 0..4_u8 {
        let height = 4.0 + 2.0 * f32::from(bar);
        let rect = Rect::from_min_max(pos2(at.x + 5.0 * f32::from(bar), at.y + 5.0 - height), pos2(at.x + 5.0 * f32::from(bar) + 3.0, at.y + 5.0));
        painter.rect_filled(rect, 1.0, if bar < filled { palette.info } else { palette.line });
    }
    at.x + 26.0
}

/// A trend without axes: enough to see whether it goes up or down.
fn spark(painter: &eframe::egui::Painter, rect: Rect, values: Vec<Option<f64>>, color: eframe::egui::Color32) {
    if rect.height() < 8.0 || values.is_empty() {
        return;
    }
    let most = values.iter().flatten().copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let step = rect.width() / (values.len().max(2) - 1) as f32;
    let place = |at: usize, value: f64| pos2(rect.left() + step * at as f32, rect.bottom() - 1.0 - (value / most) as f32 * (rect.height() - 4.0));
    let mut line: Vec<Pos2> = Vec::new();
    let last = values.len() - 1;
    for (at, value) in values.into_iter().enumerate() {
        match value {
            Some(value) => line.push(place(if last == 0 { 1 } else { at }, value)),
            None => {
                painter.add(Shape::line(std::mem::take(&mut line), Stroke::new(1.5, color)));
            }
        }
    }
    if let Some(end) = line.last() {
        painter.circle_filled(*end - vec2(2.0, 0.0), 2.0, color);
    }
    painter.add(Shape::line(line, Stroke::new(1.5, color)));
}
