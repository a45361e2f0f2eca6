//! A document for a terminal: aligned columns, underlined headings, lines of at most a hundred characters.

use super::document::{Block, Document, Table, add};

/// The longest line of a paragraph [characters].
const WIDTH: usize = 100;

/// The document as plain text.
pub(super) fn render(document: &Document) -> String {
    let mut out = String::new();
    line(&mut out, &document.title);
    line(&mut out, &"═".repeat(width(&document.title)));
    for block in document.blocks.iter().filter(|block| !matches!(block, Block::Intervals(_))) {
        out.push('\n');
        match block {
            Block::Heading(text) => {
                line(&mut out, text);
                line(&mut out, &"─".repeat(width(text)));
            }
            Block::Subheading(text) => line(&mut out, text),
            Block::Text(text) => wrap(&mut out, "", "", text),
            Block::OverTime(lines, _) => {
                for text in lines {
                    line(&mut out, text);
                }
            }
            // Left out above: a terminal does not draw.
            Block::Intervals(_) => {}
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
    for word in words(text) {
        if !empty && width(&current) + 1 + width(&word) > WIDTH {
            line(out, &current);
            current = String::from(next);
            empty = true;
        }
        if !empty {
            current.push(' ');
        }
        current.push_str(&word);
        empty = false;
    }
    line(out, &current);
}

/// The words of a text; a number and its unit are one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(number) if word.starts_with(['%', '×']) => {
                number.push(' ');
                number.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

fn table(out: &mut String, table: &Table) {
    let widest = |column: usize| {
        let cells = table.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(&cell.text));
        cells.chain(table.columns.get(column).map(|head| width(head))).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..table.columns.len()).map(widest).collect();
    let row = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::from(" ");
        for ((column, cell), widest) in cells.enumerate().zip(&widths) {
            let space = " ".repeat(widest - width(cell));
            if table.is_left(column) {
                add(&mut text, format_args!(" {cell}{space} "));
            } else {
                add(&mut text, format_args!(" {space}{cell} "));
            }
        }
        text
    };
    line(out, &row(&mut table.columns.iter().map(String::as_str)));
    for cells in &table.rows {
        line(out, &row(&mut cells.iter().map(|cell| cell.text.as_str())));
    }
}

/// How many columns of a terminal a text takes.
fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// How many columns a character takes: none if it is put onto the one before, two if it is wide. The main ranges of
/// Unicode's East Asian Width (UAX 11) and of combining characters; whatever is not in them takes one.
const fn columns(character: char) -> usize {
    match character as u32 {
        0x0300..=0x036F | 0x200B..=0x200F | 0x20D0..=0x20FF | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE4F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F
        | 0x1F680..=0x1F6FF
        | 0x1F900..=0x1F9FF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::Cell;
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_script() {
        let rows = ["web", "数据库", "giỏ hàng", "gio\u{309} ha\u{300}ng"].map(|name| vec![Cell::from(name), Cell::from("1")]).to_vec();
        let mut out = String::new();
        table(&mut out, &Table { columns: vec!["service".into(), "n".into()], left: 1, last_left: false, rows });
        let widths: Vec<_> = out.lines().map(width).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{out}");
    }
}
