//! A table of many rows of which only the visible ones are drawn; numbers are right-aligned, units stand in the header.

use eframe::egui::{Align2, Color32, Pos2, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::ui::fonts;
use crate::ui::map::names;
use crate::ui::state::colors;
use crate::ui::theme::{Palette, faded, size};

/// Height of a row [points].
const ROW: f32 = 24.0;

/// Height of the head [points].
const HEAD: f32 = 20.0;

/// Size of numbers, and of those that do not fit so [points].
const NUMBERS: f32 = size::BODY - 1.0;
const SMALL: f32 = 10.0;

/// Between the texts of two columns at least [points].
const GAP: f32 = 10.0;

/// How wide columns are that want a share of the width each, and at least so much: whoever needs more than its share gets that,
/// and the others share what is left.
fn widths(wanted: &[(f32, f32)], width: f32) -> Vec<f32> {
    let mut fixed = vec![false; wanted.len()];
    loop {
        let taken: f32 = wanted.iter().zip(&fixed).filter(|(_, fixed)| **fixed).map(|((_, least), _)| *least).sum();
        let shares: f32 = wanted.iter().zip(&fixed).filter(|(_, fixed)| !**fixed).map(|((share, _), _)| *share).sum();
        let per_share = if shares > 0.0 { (width - taken).max(0.0) / shares } else { 0.0 };
        let narrow = (0..wanted.len()).find(|&at| !fixed[at] && wanted[at].0 * per_share < wanted[at].1);
        if let Some(at) = narrow {
            fixed[at] = true;
            continue;
        }
        let all: Vec<f32> = wanted.iter().zip(&fixed).map(|((share, least), fixed)| if *fixed { *least } else { share * per_share }).collect();
        // Where not even the least fits, all give way alike.
        let scale = (width / all.iter().sum::<f32>().max(1.0)).min(1.0);
        return all.into_iter().map(|w| w * scale).collect();
    }
}

/// A column.
pub(crate) struct Column<'a> {
    /// Its header.
    pub(crate) head: &'a str,
    /// Share of the width, relative to the others.
    pub(crate) share: f32,
    /// Whether it holds numbers.
    pub(crate) number: bool,
    /// What fits in any case, and how far from the left it begins [points].
    sample: (&'a str, f32),
}

impl<'a> Column<'a> {
    /// A column of text.
    pub(crate) const fn text(head: &'a str, share: f32) -> Self {
        Self { head, share, number: false, sample: ("", 0.0) }
    }
    /// A column of numbers.
    pub(crate) const fn number(head: &'a str, share: f32) -> Self {
        Self { head, share, number: true, sample: ("", 0.0) }
    }
    /// The same, wide enough for such a text that begins `indent` points from the left.
    pub(crate) const fn holding(self, text: &'a str, indent: f32) -> Self {
        Self { sample: (text, indent), ..self }
    }
}

/// The rows of a table.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// How many there are.
    count: usize,
    /// The one that comes into view now.
    reveal: Option<usize>,
    /// Whether a click on one leads anywhere.
    leads: Option<&'a dyn Fn(usize) -> bool>,
}

impl From<usize> for Rows<'_> {
    fn from(count: usize) -> Self {
        Self { count, reveal: None, leads: None }
    }
}

impl<'a> Rows<'a> {
    /// The same, one of which comes into view now.
    pub(crate) const fn revealing(self, row: Option<usize>) -> Self {
        Self { reveal: row, ..self }
    }
    /// The same; those that lead nowhere do not look as if they could be clicked.
    pub(crate) fn leading(self, leads: &'a dyn Fn(usize) -> bool) -> Self {
        Self { leads: Some(leads), ..self }
    }
}

/// How high the rows of a table may be in all, so that with its head it fits into `room` and no row is cut [points].
pub(crate) fn whole_rows(room: f32) -> f32 {
    ((room - HEAD) / ROW).floor().max(1.0) * ROW
}

/// How far a list of `count` rows is scrolled when one of them lies in the middle of what is seen of it [points].
fn scrolled_to(row: usize, count: usize, height: f32) -> f32 {
    let most = (count as f32 * ROW - height).max(0.0);
    ((row as f32 + 0.5) * ROW - height / 2.0).clamp(0.0, most)
}

/// Where a row's cells are painted.
pub(crate) struct Cells<'a> {
    ui: &'a Ui,
    edges: &'a [(f32, f32)],
    columns: &'a [Column<'a>],
    rect: Rect,
    /// Whether all numbers are written smaller, because not all of them fit otherwise.
    small: bool,
    /// The colours.
    pub(crate) palette: &'static Palette,
}

impl Cells<'_> {
    /// Writes text into a column.
    pub(crate) fn text(&self, column: usize, text: &str) {
        self.colored(column, text, self.palette.text, 0.0);
    }
    /// Writes text into a column in a colour, `indent` points from the left. Text that does not fit ends in an ellipsis; a
    /// number is never cut, but written smaller.
    pub(crate) fn colored(&self, column: usize, text: &str, color: Color32, indent: f32) {
        let (left, right) = self.edges[column];
        if right - left < 1.0 {
            return;
        }
        let room = right - left - GAP - indent;
        let painter = self.ui.painter();
        let y = self.rect.center().y;
        if self.columns[column].number {
            let wide = painter.layout_no_wrap(text.to_owned(), fonts::mono(if self.small { SMALL } else { NUMBERS }), color);
            let galley = if wide.size().x <= room { wide } else { painter.layout_no_wrap(text.to_owned(), fonts::mono(SMALL), color) };
            painter.galley(pos2(right - 4.0 - galley.size().x, y - galley.size().y / 2.0), galley, color);
            return;
        }
        let mut job = eframe::egui::text::LayoutJob::simple_singleline(text.to_owned(), fonts::regular(size::BODY), color);
        job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(room);
        let galley = painter.layout_job(job);
        painter.galley(pos2(left + 4.0 + indent, y - galley.size().y / 2.0), galley, color);
    }
    /// Writes a service's name into a column: the middle goes if it does not fit.
    pub(crate) fn name(&self, column: usize, name: &str, color: Color32, indent: f32) {
        let (left, right) = self.edges[column];
        let room = right - left - GAP - indent;
        let wide = self.ui.painter().layout_no_wrap(name.to_owned(), fonts::regular(size::BODY), color).size().x;
        if wide <= room {
            self.colored(column, name, color, indent);
        } else {
            let letters = (room / wide * name.chars().count() as f32) as usize;
            self.colored(column, &names::shortened(&[name], letters.saturating_sub(1))[0], color, indent);
        }
    }
    /// The centre of a place at the left of a column, for a shape.
    pub(crate) fn mark(&self, column: usize) -> Pos2 {
        pos2(self.edges[column].0 + 10.0, self.rect.center().y)
    }
    /// The painter.
    pub(crate) fn painter(&self) -> &eframe::egui::Painter {
        self.ui.painter()
    }
}

/// Draws a table whose rows are at most `height` points high in all; `name` gives a row's accessible name. Returns the row
/// that was clicked.
pub(crate) fn table<'a>(
    ui: &mut Ui,
    id: &str,
    columns: &[Column<'_>],
    rows: impl Into<Rows<'a>>,
    height: f32,
    name: impl Fn(usize) -> String,
    mut draw: impl FnMut(usize, &Cells<'_>),
) -> Option<usize> {
    let Rows { count, reveal, leads } = rows.into();
    let palette = colors(ui);
    let width = ui.available_width();
    let left = ui.max_rect().left();
    let mut edges = Vec::with_capacity(columns.len());
    let mut x = left;
    let head = |column: &Column<'_>| ui.painter().layout_no_wrap(column.head.to_owned(), fonts::regular(size::SMALL), palette.secondary).size().x;
    let held = |column: &Column<'_>, numbers: f32| {
        let (text, indent) = column.sample;
        let font = if column.number { fonts::mono(numbers) } else { fonts::regular(size::BODY) };
        if text.is_empty() { 0.0 } else { ui.painter().layout_no_wrap(text.to_owned(), font, palette.text).size().x + indent + 1.0 }
    };
    let least = |column: &Column<'_>, numbers: f32| if column.share > 0.0 { head(column).max(held(column, numbers)) + GAP } else { 0.0 };
    let wanted = |numbers: f32| -> Vec<(f32, f32)> { columns.iter().map(|column| (column.share, least(column, numbers))).collect() };
    let wide = wanted(NUMBERS);
    // Numbers beside each other have one size.
    let sampled = columns.iter().any(|column| column.number && column.share > 0.0 && !column.sample.0.is_empty());
    let small = sampled && wide.iter().map(|(_, least)| *least).sum::<f32>() > width;
    let wanted = if small { wanted(SMALL) } else { wide };
    for w in widths(&wanted, width) {
        edges.push((x, x + w));
        x += w;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let (head, _) = ui.allocate_exact_size(vec2(width, HEAD), Sense::hover());
    for (column, &(left, right)) in columns.iter().zip(&edges).filter(|(column, _)| column.share > 0.0) {
        let (at, align) =
            if column.number { (pos2(right - 4.0, head.center().y), Align2::RIGHT_CENTER) } else { (pos2(left + 4.0, head.center().y), Align2::LEFT_CENTER) };
        ui.painter().text(at, align, column.head, fonts::regular(size::SMALL), palette.secondary);
    }
    ui.painter().hline(head.x_range(), head.bottom(), (1.0, palette.line));
    let mut clicked = None;
    let mut area = ScrollArea::vertical().id_salt(id).max_height(height).auto_shrink([false, true]);
    if let Some(row) = reveal {
        area = area.vertical_scroll_offset(scrolled_to(row, count, height));
    }
    area.show_rows(ui, ROW, count, |ui, rows| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for row in rows {
            let leads = leads.is_none_or(|leads| leads(row));
            let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), if leads { Sense::click() } else { Sense::hover() });
            if leads && response.hovered() {
                ui.painter().rect_filled(rect, 4.0, palette.hovered);
            }
            ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, (1.0, faded(palette.line, 0.5)));
            response.widget_info(|| WidgetInfo::labeled(Role::Row, true, name(row)));
            if response.clicked() {
                clicked = Some(row);
            }
            // What was cut is here in full.
            response.on_hover_text(name(row));
            draw(row, &Cells { ui, edges: &edges, columns, rect, small, palette });
        }
    });
    clicked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_wide_as_its_share_and_never_narrower_than_its_head() {
        assert_eq!(widths(&[(1.0, 10.0), (3.0, 10.0)], 100.0), [25.0, 75.0]);
        assert_eq!(widths(&[(1.0, 40.0), (3.0, 10.0), (0.0, 0.0)], 100.0), [40.0, 60.0, 0.0]);
        let tight = widths(&[(1.0, 80.0), (1.0, 120.0)], 100.0);
        assert!((tight[0] - 40.0).abs() < 1e-3 && (tight[1] - 60.0).abs() < 1e-3, "{tight:?}");
    }

    #[test]
    fn a_row_comes_to_the_middle_if_the_ends_of_the_list_let_it() {
        let near = |value: f32, wanted: f32| (value - wanted).abs() < 1e-3;
        assert!(near(scrolled_to(0, 100, 240.0), 0.0) && near(scrolled_to(99, 100, 240.0), 100.0 * ROW - 240.0));
        assert!(near(scrolled_to(50, 100, 240.0), 50.5 * ROW - 120.0));
        assert!(near(scrolled_to(3, 4, 240.0), 0.0), "all of them are seen");
    }

    #[test]
    fn rows_that_are_seen_are_seen_whole() {
        let rows = |room: f32| whole_rows(room) / ROW;
        assert!((rows(HEAD + 3.9 * ROW) - 3.0).abs() < 1e-3 && (rows(0.0) - 1.0).abs() < 1e-3);
    }
}
