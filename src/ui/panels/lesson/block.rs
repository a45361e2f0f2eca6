//! Tables and lists in a lesson's text: tables as wide as the column that they stand in, so that no column of theirs is out of sight, and
//! the marks of lists beside the first line of what they mark. Everything else of the text is a Markdown library's business, whose
//! tables are as wide as their words and whose marks stand above theirs.

use eframe::egui::text::LayoutJob;
use eframe::egui::{Align, Layout, Sense, Ui, pos2, vec2};

use crate::ui::fonts;
use crate::ui::state::colors;
use crate::ui::theme::size;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text with its marks.
    Text(String),
    /// The rows of a table, the first its heading, their cells without marks.
    Table(Vec<Vec<String>>),
    /// An item of a list: what stands before it, and its text with its marks.
    Item(String, String),
}

/// Between two columns [points].
const GAP: f32 = 12.0;
/// Width of the mark of a list's item [points].
const MARK: f32 = 20.0;
/// Above and below the text of a row [points].
const PAD: f32 = 4.0;

/// Cuts a text at its tables (rows that begin with `|`, of which the second is the line below the heading) and at the items of its
/// lists (which begin with `- ` or `1. ` and end before the next one or an empty line).
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut all = Vec::new();
    let mut plain = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let is_heading = line.trim_start().starts_with('|') && lines.peek().is_some_and(|next| is_rule(next));
        if let Some((mark, first)) = item(line) {
            if !plain.trim().is_empty() {
                all.push(Piece::Text(std::mem::take(&mut plain)));
            }
            plain.clear();
            let mut text = first.to_owned();
            while let Some(more) = lines.next_if(|next| !next.trim().is_empty() && item(next).is_none()) {
                text.push('\n');
                text.push_str(more.trim_start());
            }
            all.push(Piece::Item(mark, text));
            continue;
        }
        if !is_heading {
            plain.push_str(line);
            plain.push('\n');
            continue;
        }
        if !plain.trim().is_empty() {
            all.push(Piece::Text(std::mem::take(&mut plain)));
        }
        plain.clear();
        lines.next();
        let mut rows = vec![cells(line)];
        while let Some(row) = lines.next_if(|next| next.trim_start().starts_with('|')) {
            rows.push(cells(row));
        }
        all.push(Piece::Table(rows));
    }
    if !plain.trim().is_empty() {
        all.push(Piece::Text(plain));
    }
    all
}

/// The mark and the text of a line that begins an item of a list.
fn item(line: &str) -> Option<(String, &str)> {
    if let Some(text) = line.strip_prefix("- ") {
        return Some(("•".to_owned(), text));
    }
    let (number, text) = line.split_once(". ")?;
    let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| (format!("{number}."), text))
}

/// Draws an item: its mark, and beside it what `text` draws.
pub(super) fn item_ui(ui: &mut Ui, mark: &str, text: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.allocate_ui_with_layout(vec2(MARK, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.set_width(MARK);
            ui.label(mark);
        });
        ui.vertical(|ui| {
            ui.set_width(ui.available_width());
            text(ui);
        });
    });
}

/// Whether a line is the one below a heading.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('|') && line.contains('-') && line.chars().all(|letter| matches!(letter, '|' | '-' | ':' | ' '))
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    inner.split('|').map(|cell| cell.trim().replace(['`', '*'], "")).collect()
}

/// The widths of columns that would like to be so wide: who wants no more than an equal share has what they want, and the others
/// share the rest.
fn shares(wanted: &[f32], width: f32) -> Vec<f32> {
    let mut given: Vec<Option<f32>> = vec![None; wanted.len()];
    loop {
        let open = given.iter().filter(|given| given.is_none()).count().max(1);
        let share = (width - given.iter().flatten().sum::<f32>()).max(0.0) / open as f32;
        let fits = given.iter().zip(wanted).position(|(given, wanted)| given.is_none() && *wanted <= share);
        match fits {
            Some(at) => given[at] = Some(wanted[at]),
            None => return given.into_iter().map(|given| given.unwrap_or(share)).collect(),
        }
    }
}

/// Draws a table. Short columns are as wide as their words; long ones wrap.
pub(super) fn table_ui(ui: &mut Ui, rows: &[Vec<String>]) {
    let palette = colors(ui);
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    if columns == 0 {
        return;
    }
    let width = ui.available_width();
    let font = fonts::regular(size::BODY - 0.5);
    let natural = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| ui.painter().layout_no_wrap(cell.clone(), font.clone(), palette.text).size().x).fold(0.0, f32::max)
    };
    let widths = shares(&(0..columns).map(|column| natural(column) + GAP).collect::<Vec<_>>(), width);
    for (at, row) in rows.iter().enumerate() {
        let ink = if at == 0 { palette.secondary } else { palette.text };
        let galleys: Vec<_> = (0..columns)
            .map(|column| {
                let text = row.get(column).cloned().unwrap_or_default();
                ui.painter().layout_job(LayoutJob::simple(text, font.clone(), ink, (widths[column] - GAP).max(20.0)))
            })
            .collect();
        let height = galleys.iter().map(|galley| galley.size().y).fold(0.0, f32::max) + 2.0 * PAD;
        let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::Label, true, row.join(", ")));
        let mut x = rect.left();
        for (galley, width) in galleys.into_iter().zip(&widths) {
            ui.painter().galley(pos2(x, rect.top() + PAD), galley, ink);
            x += width;
        }
        ui.painter().hline(rect.x_range(), rect.bottom(), (1.0, palette.line));
    }
    ui.add_space(6.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_columns_keep_their_width_and_long_ones_share_the_rest() {
        assert_eq!(shares(&[90.0, 300.0, 50.0], 310.0), [90.0, 170.0, 50.0]);
        assert_eq!(shares(&[90.0, 100.0], 310.0), [90.0, 100.0]);
        assert_eq!(shares(&[400.0, 200.0, 40.0], 240.0), [100.0, 100.0, 40.0]);
    }

    #[test]
    fn items_of_lists_are_cut_out_with_all_their_lines() {
        let item = |mark: &str, text: &str| Piece::Item(mark.to_owned(), text.to_owned());
        let all = pieces("Three:\n\n1. one\n   and more\n2. *two*\n\n- `last`\nAfter 3. this\n\n2026. was no list\n");
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(
            all,
            [text("Three:\n\n"), item("1.", "one\nand more"), item("2.", "*two*"), item("•", "`last`\nAfter 3. this"), text("\n2026. was no list\n")]
        );
    }

    #[test]
    fn tables_are_cut_out_of_a_text_and_their_marks_are_left_out() {
        let text = "Before.\n\n| | **blue** | canary |\n|---|--:|---|\n| by day | `17` | 29 |\n| by night | 3 | 4 |\n\nAfter | this.\n";
        let rows = [["", "blue", "canary"], ["by day", "17", "29"], ["by night", "3", "4"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec()).to_vec();
        let all = pieces(text);
        assert_eq!(all.len(), 3);
        assert_eq!(all[1], Piece::Table(rows));
        assert_eq!(all[2], Piece::Text("\nAfter | this.\n".to_owned()));
        assert_eq!(pieces("No table here.\n| not one |"), [Piece::Text("No table here.\n| not one |\n".to_owned())]);
    }
}
