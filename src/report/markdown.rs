//! A document in Markdown, with tables as GitHub and GitLab draw them.

use super::document::{Block, Document, Table, add, spans};

/// The document as Markdown.
pub(super) fn render(document: &Document) -> String {
    let mut out = format!("# {}\n", escape(&document.title));
    for block in document.blocks.iter().filter(|block| !matches!(block, Block::Intervals(_))) {
        out.push('\n');
        match block {
            Block::Heading(text) => add(&mut out, format_args!("## {}\n", escape(text))),
            Block::Subheading(text) => add(&mut out, format_args!("### {}\n", escape(text))),
            Block::Text(text) => add(&mut out, format_args!("{}\n", escape(text))),
            Block::OverTime(lines, _) => add(&mut out, format_args!("```text\n{}\n```\n", lines.join("\n"))),
            // Left out above: the table has the numbers.
            Block::Intervals(_) => {}
            Block::Table(rows) => table(&mut out, rows),
            Block::Items(items) => {
                for text in items {
                    add(&mut out, format_args!("- {}\n", escape(text)));
                }
            }
        }
    }
    out
}

/// Takes their meaning from characters that Markdown would read; what stands between back-ticks is code.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (code, part) in spans(text) {
        if code {
            // Within code nothing has a meaning but the bar of a table.
            add(&mut out, format_args!("`{}`", part.replace('|', "\\|")));
            continue;
        }
        for character in part.chars() {
            if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#') {
                out.push('\\');
            }
            out.push(character);
        }
    }
    out
}

fn table(out: &mut String, table: &Table) {
    let mut row = |cells: &mut dyn Iterator<Item = String>| {
        out.push('|');
        for cell in cells {
            add(out, format_args!(" {cell} |"));
        }
        out.push('\n');
    };
    row(&mut table.columns.iter().map(|head| escape(head)));
    row(&mut (0..table.columns.len()).map(|column| if table.is_left(column) { "---".to_string() } else { "---:".to_string() }));
    for cells in &table.rows {
        row(&mut cells.iter().map(|cell| escape(&cell.text)));
    }
}
