//! A document as one HTML file: its own style, no scripts, nothing loaded from anywhere, light and dark.

use super::chart;
use super::document::{Block, Cell, Document, Table, Tone, add, spans};
use super::interval;

const STYLE: &str = "\
:root{color-scheme:light dark;--text:#1c2024;--soft:#60646c;--line:#d9d9e0;--back:#fcfcfd;--good:#18794e;--warning:#ab6400;--bad:#c62a2f}\
@media(prefers-color-scheme:dark){:root{--text:#edeef0;--soft:#b0b4ba;--line:#363a3f;--back:#111113;--good:#4cc38a;--warning:#ffb224;--bad:#ff6369}}\
body{font:15px/1.55 system-ui,sans-serif;color:var(--text);background:var(--back);max-width:72rem;margin:2.5rem auto;padding:0 1.5rem}\
h1{font-size:1.7rem;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}\
h3{font-size:1rem;margin:1.5rem 0 .4rem}p,li{max-width:60rem}li{color:var(--soft)}\
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.5rem 0 1rem}\
th{font-weight:500;color:var(--soft);border-bottom:1px solid var(--line)}th,td{padding:.25rem .8rem;text-align:right;white-space:nowrap}\
tbody tr:nth-child(even){background:color-mix(in srgb,var(--line) 25%,transparent)}\
.left{text-align:left}.good{color:var(--good)}.warning{color:var(--warning)}.bad{color:var(--bad);font-weight:600}\
code{font:.92em ui-monospace,monospace}figure{margin:1.2rem 0;max-width:60rem}figcaption{color:var(--soft)}figcaption strong{color:var(--text);font-weight:600;margin-right:.8rem}\
svg{width:100%;height:auto;display:block}svg.sample{display:inline-block;width:28px;height:8px;margin-left:.6rem}\
svg text{fill:var(--soft);font:12px system-ui,sans-serif}.grid{stroke:var(--line)}.mark rect{fill:var(--warning);opacity:.25}.mark text{fill:var(--warning)}\
.line{fill:none;stroke-width:2;stroke:var(--text)}.ok{stroke:var(--good)}.ko{stroke:var(--bad);stroke-dasharray:6 3}.aside{stroke:var(--soft);stroke-dasharray:2 3}\
.small{display:grid;grid-template-columns:repeat(auto-fill,minmax(26rem,1fr));gap:.5rem 2rem}.small figure{margin:.6rem 0}\
.whisker{fill:none;stroke-width:2;stroke:var(--soft)}.dot{fill:var(--soft)}.better .whisker{stroke:var(--good)}.better .dot{fill:var(--good)}\
.worse .whisker{stroke:var(--bad)}.worse .dot{fill:var(--bad)}.zero{stroke:var(--text);stroke-dasharray:3 3}.small text.value{fill:var(--text)}";

/// The document as HTML.
pub(super) fn render(document: &Document) -> String {
    let title = escape(&document.title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{}</h1>\n",
        document.lang.code(),
        inline(&document.title)
    );
    for block in &document.blocks {
        match block {
            Block::Heading(text) => add(&mut out, format_args!("<h2>{}</h2>\n", inline(text))),
            Block::Subheading(text) => add(&mut out, format_args!("<h3>{}</h3>\n", inline(text))),
            Block::Text(text) => add(&mut out, format_args!("<p>{}</p>\n", inline(text))),
            Block::OverTime(_, charts) => charts.iter().for_each(|one| out.push_str(&chart::render(one))),
            Block::Intervals(all) => intervals(&mut out, all),
            Block::Table(rows) => table(&mut out, rows),
            Block::Items(items) => {
                out.push_str("<ul>\n");
                for text in items {
                    add(&mut out, format_args!("<li>{}</li>\n", inline(text)));
                }
                out.push_str("</ul>\n");
            }
        }
    }
    out + "</body>\n</html>\n"
}

/// Takes their meaning from characters that HTML would read: names come from files of strangers.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A text with the names between back-ticks as code.
fn inline(text: &str) -> String {
    spans(text).into_iter().map(|(code, part)| if code { format!("<code>{}</code>", escape(part)) } else { escape(part) }).collect()
}

/// The background of a cell of a map.
fn ground(cell: &Cell) -> String {
    let colour = match cell.tone {
        Tone::Plain => "line",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Bad => "bad",
    };
    cell.depth.map_or_else(String::new, |depth| format!(" style=\"background:color-mix(in srgb,var(--{colour}) {}%,transparent)\"", u32::from(depth) * 6 / 10))
}

/// Small pictures side by side.
fn intervals(out: &mut String, all: &[interval::Intervals]) {
    out.push_str("<div class=\"small\">\n");
    for one in all {
        out.push_str(&interval::render(one));
    }
    out.push_str("</div>\n");
}

fn table(out: &mut String, table: &Table) {
    let class = |column: usize, tone: Tone| {
        let mut classes = Vec::new();
        classes.extend(table.is_left(column).then_some("left"));
        classes.extend(match tone {
            Tone::Plain => None,
            Tone::Good => Some("good"),
            Tone::Warning => Some("warning"),
            Tone::Bad => Some("bad"),
        });
        if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) }
    };
    out.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
    for (column, head) in table.columns.iter().enumerate() {
        add(out, format_args!("<th{}>{}</th>", class(column, Tone::Plain), escape(head)));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            // On a coloured ground the text keeps its own colour.
            let tone = if cell.depth.is_some() { Tone::Plain } else { cell.tone };
            add(out, format_args!("<td{}{}>{}</td>", class(column, tone), ground(cell), inline(&cell.text)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table></div>\n");
}
