//! A document in Markdown, with tables as GitHub and GitLab draw them.

use super::document::{Block, Document, Table};

/// The document as Markdown.
pub(super) fn render(document: &Document) -> String {
    let mut out = format!("# {}\n", escape(&document.title));
    for block in &document.blocks {
        out.push('\n');
        match block {
            Block::Heading(text) => out.push_str(&format!("## {}\n", escape(text))),
            Block::Subheading(text) => out.push_str(&format!("### {}\n", escape(text))),
            Block::Text(text) => out.push_str(&format!("{}\n", escape(text))),
            Block::Lines(lines) => out.push_str(&format!("```text\n{}\n```\n", lines.join("\n"))),
            Block::Table(rows) => table(&mut out, rows),
            Block::Items(items) => items.iter().for_each(|text| out.push_str(&format!("- {}\n", escape(text)))),
        }
    }
    out
}

/// Takes their meaning from characters that Markdown would read.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

fn table(out: &mut String, table: &Table) {
    let mut row = |cells: &mut dyn Iterator<Item = String>| {
        out.push('|');
        cells.for_each(|cell| out.push_str(&format!(" {cell} |")));
        out.push('\n');
    };
    row(&mut table.columns.iter().map(|head| escape(head)));
    row(&mut (0..table.columns.len()).map(|column| if table.is_left(column) { "---".to_string() } else { "---:".to_string() }));
    for cells in &table.rows {
        row(&mut cells.iter().map(|cell| escape(&cell.text)));
    }
}
