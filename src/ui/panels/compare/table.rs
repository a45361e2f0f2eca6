//! Every measure under each strategy, with its mean difference to one of them and how sure that is; a click on a name compares
//! the others with it.
//!
//! What is better says so in colour, by an arrow, and in the row's accessible name.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{Align2, Color32, FontId, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::state::{Against, Row, Shown, Value};
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::{Palette, faded, mixed, size};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// Height of a row with two lines, and of the header [points].
const HEIGHTS: [f32; 2] = [38.0, 26.0];
/// The least and the greatest width of the column of measures, and of that of a strategy [points].
const MEASURE: [f32; 2] = [190.0, 270.0];
const STRATEGY: [f32; 2] = [156.0, 236.0];

/// How wide the columns are.
#[derive(Debug, Clone, Copy)]
struct Widths {
    /// That of measures [points].
    measure: f32,
    /// That of each strategy [points].
    each: f32,
    /// All of them [points].
    whole: f32,
}

impl Widths {
    /// Those of so many strategies in a room of this width [points].
    fn of(strategies: usize, room: f32) -> Self {
        let count = strategies as f32;
        let measure = (room - count * STRATEGY[0]).clamp(MEASURE[0], MEASURE[1]);
        let each = ((room - measure) / count.max(1.0)).clamp(STRATEGY[0], STRATEGY[1]);
        Self { measure, each, whole: measure + each * count }
    }
}

/// How wide the table is in a room of this width [points].
pub(super) fn width(shown: &Shown, room: f32) -> f32 {
    Widths::of(shown.outcome.plan().variants().len(), room).whole.min(room)
}

impl Against {
    /// Its arrow, its colour and the key of its word; nothing if there is nothing to say.
    fn look(self, palette: &Palette) -> Option<(&'static str, Color32, &'static str)> {
        match self {
            Self::Nothing => None,
            Self::Better => Some((icons::DOWN, palette.ok_text, "compare.better")),
            Self::Worse => Some((icons::UP, palette.failing_text, "compare.worse")),
            Self::Alike => Some(("≈", palette.secondary, "compare.alike")),
            Self::Slight => Some(("≠", palette.secondary, "compare.slight")),
            Self::Unsure => Some(("?", palette.secondary, "compare.unsure")),
        }
    }
}

/// Draws it.
pub(super) fn table_ui(ui: &mut Ui, lang: Lang, shown: &mut Shown) {
    let plan = shown.outcome.plan();
    let baseline = shown.baseline;
    let labels: Vec<&str> = plan.variants().iter().map(|variant| variant.label.as_str()).collect();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(12.0, 2.0);
        let title = label::section(ui, lang.tr("compare.differences"));
        label::explained(title, lang, "common-random-numbers");
        legend_ui(ui, lang, labels[baseline]);
    });
    ui.add_space(2.0);
    let widths = Widths::of(labels.len(), ui.available_width());
    let mut clicked = None;
    ScrollArea::horizontal().id_salt("differences").auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        clicked = head_ui(ui, lang, &labels, baseline, widths);
        for row in &shown.told.rows {
            row_ui(ui, lang, row, &labels, baseline, widths);
        }
    });
    if let Some(why) = &shown.told.no_lead_time {
        ui.add_space(4.0);
        label::secondary(ui, why);
    }
    shown.baseline = clicked.unwrap_or(baseline);
}

/// What the signs mean.
fn legend_ui(ui: &mut Ui, lang: Lang, baseline: &str) {
    let palette = colors(ui);
    let sign = |ui: &mut Ui, glyph: &'static str, color: Color32, text: &str| {
        label::keyed(ui, text, |painter, center| {
            painter.text(center, Align2::CENTER_CENTER, glyph, fonts::medium(size::BODY), color);
        });
    };
    sign(ui, icons::CHECK, palette.ok_text, &lang.tr("compare.best.about"));
    for against in [Against::Better, Against::Worse, Against::Slight, Against::Alike] {
        if let Some((glyph, color, key)) = against.look(palette) {
            let text = lang.find_with(&format!("{key}.about"), &[("baseline", baseline)]);
            sign(ui, glyph, color, &text);
        }
    }
}

/// Writes one line, cut where there is no room; right-aligned if `right`.
fn write(ui: &Ui, rect: Rect, text: &str, font: FontId, color: Color32, right: bool) {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = TextWrapping::truncate_at_width(rect.width());
    let galley = ui.painter().layout_job(job);
    let x = if right { rect.right() - galley.size().x } else { rect.left() };
    ui.painter().galley(pos2(x, rect.center().y - galley.size().y / 2.0), galley, color);
}

fn cell(rect: Rect, at: usize, widths: Widths) -> Rect {
    let left = widths.each.mul_add(at as f32, rect.left() + widths.measure);
    Rect::from_min_max(pos2(left + 10.0, rect.top()), pos2(left + widths.each - 8.0, rect.bottom()))
}

/// The names of the strategies; returns the one that was clicked, which the others are to be compared with.
fn head_ui(ui: &mut Ui, lang: Lang, labels: &[&str], baseline: usize, widths: Widths) -> Option<usize> {
    let palette = colors(ui);
    let mut clicked = None;
    let (rect, _) = ui.allocate_exact_size(vec2(widths.whole, HEIGHTS[1]), Sense::hover());
    write(ui, rect.with_max_x(rect.left() + widths.measure), &lang.tr("report.compare.mean"), fonts::regular(size::SMALL), palette.secondary, false);
    for (at, name) in labels.iter().enumerate() {
        let cell = cell(rect, at, widths);
        let title = if at == baseline { lang.with("compare.baseline", &[("strategy", name)]) } else { (*name).to_owned() };
        let response = ui.interact(cell, ui.scope_id().with(("head", at)), Sense::click());
        button::focus_ring(ui, &response);
        let ink = if response.hovered() && at != baseline { palette.accent } else { palette.text };
        let galley = ui.painter().layout_no_wrap(title.clone(), fonts::medium(size::BODY - 1.0), ink);
        let used = galley.size().x.min(cell.width() - 14.0);
        ui.painter().circle_filled(pos2(cell.right() - used - 9.0, cell.center().y), 4.0, palette.series[at % palette.series.len()]);
        write(ui, cell.with_min_x(cell.right() - used - 1.0), &title, fonts::medium(size::BODY - 1.0), ink, true);
        let about = lang.tr(if at == baseline { "compare.baseline.is" } else { "compare.baseline.make" });
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, at == baseline, title.as_str()));
        if response.on_hover_text(format!("{name}\n{about}")).clicked() {
            clicked = Some(at);
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, (1.0, palette.line));
    clicked
}

/// A value in words: `326, -173 ± 31.1, better than rolling`.
fn spoken(lang: Lang, value: &Value, baseline: &str, palette: &Palette) -> String {
    let mut words = vec![value.mean.clone()];
    if !value.difference.is_empty() {
        words.push(value.difference.clone());
    }
    words.extend(value.against.look(palette).map(|(_, _, key)| lang.find_with(key, &[("baseline", baseline)])));
    if value.best {
        words.push(lang.tr("compare.best").into_owned());
    }
    words.join(", ")
}

fn row_ui(ui: &mut Ui, lang: Lang, row: &Row, labels: &[&str], baseline: usize, widths: Widths) {
    let palette = colors(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(widths.whole, HEIGHTS[0]), Sense::hover());
    if response.hovered() {
        ui.painter().rect_filled(rect, 4.0, palette.hovered);
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, (1.0, faded(palette.line, 0.5)));
    write(ui, rect.with_min_x(rect.left() + 4.0).with_max_x(rect.left() + widths.measure), &row.title, fonts::regular(size::BODY), palette.text, false);
    let told: Vec<String> = labels.iter().zip(&row.values).map(|(name, value)| format!("{name} {}", spoken(lang, value, labels[baseline], palette))).collect();
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, format!("{}: {}", row.title, told.join("; "))));
    for (at, value) in row.values.iter().enumerate() {
        let cell = cell(rect, at, widths);
        if value.best {
            let ground = mixed(palette.ok, if response.hovered() { palette.hovered } else { palette.panel }, 0.12);
            ui.painter().rect_filled(cell.expand2(vec2(6.0, -2.0)), 4.0, ground);
        }
        let (mean, font) =
            if value.best { (format!("{} {}", icons::CHECK, value.mean), fonts::mono(size::BODY)) } else { (value.mean.clone(), fonts::mono(size::BODY)) };
        let ink = if value.best { palette.ok_text } else { palette.text };
        let two = !value.difference.is_empty();
        let upper = if two { Rect::from_min_max(cell.min, pos2(cell.right(), cell.center().y + 1.0)) } else { cell };
        write(ui, upper, &mean, font, ink, true);
        if let Some((glyph, color, _)) = value.against.look(palette).filter(|_| two) {
            let lower = Rect::from_min_max(pos2(cell.left(), cell.center().y + 1.0), pos2(cell.right(), cell.bottom() - 3.0));
            write(ui, lower, &format!("{glyph} {}", value.difference), fonts::mono(size::SMALL), color, true);
        }
    }
    response.on_hover_ui(|ui| {
        ui.set_max_width(380.0);
        ui.label(eframe::egui::RichText::new(&row.title).font(fonts::semibold(size::BODY)));
        ui.label(&row.about);
        for text in &told {
            label::caption(ui, text);
        }
    });
}
