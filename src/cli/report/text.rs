//! A document for a terminal: aligned columns, underlined headings, lines of at most a hundred characters.

use super::document::{Block, Document, Table, add};

/// The longest line of a paragraph [characters].
const WIDTH: usize = 100;

/// The document as plain text.
pub(super) fn render(document: &Document) -> String {
    let mut out = String::new();
    line(&mut out, &document.title);
    line(&mut out, &"═".repeat(document.title.chars().count()));
    for block in &document.blocks {
        out.push('\n');
        match block {
            Block::Heading(text) => {
                line(&mut out, text);
                line(&mut out, &"─".repeat(text.chars().count()));
            }
            Block::Subheading(text) => line(&mut out, text),
            Block::Text(text) => wrap(&mut out, "", "", text),
            Block::Lines(lines) => {
                for text in lines {
                    line(&mut out, text);
                }
            }
            Block::Table(rows) => table(&mut out, rows),
            Block::Items(items) => {
                for text in items {
                    wrap(&mut out, "• ", "  ", text);
                }
            }
        }
    }
    // What a heading is about follows at once.
    out.replace("─\n\n", "─\n")
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

/// Breaks a paragraph between words.
fn wrap(out: &mut String, first: &str, next: &str, text: &str) {
    let mut current = String::from(first);
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && current.chars().count() + 1 + word.chars().count() > WIDTH {
            line(out, &current);
            current = String::from(next);
            empty = true;
        }
        if !empty {
            current.push(' ');
        }
        current.push_str(word);
        empty = false;
    }
    line(out, &current);
}

fn table(out: &mut String, table: &Table) {
    let width = |column: usize| {
        let cells = table.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.chars().count());
        cells.chain(table.columns.get(column).map(|head| head.chars().count())).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..table.columns.len()).map(width).collect();
    let row = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::from(" ");
        for ((column, cell), width) in cells.enumerate().zip(&widths) {
            if table.is_left(column) {
                add(&mut text, format_args!(" {cell:<width$} "));
            } else {
                add(&mut text, format_args!(" {cell:>width$} "));
            }
        }
        text
    };
    line(out, &row(&mut table.columns.iter().map(String::as_str)));
    for cells in &table.rows {
        line(out, &row(&mut cells.iter().map(|cell| cell.text.as_str())));
    }
}
