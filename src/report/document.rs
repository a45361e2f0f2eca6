//! A document: headings, paragraphs, tables and lists, before anybody decides how they look.
//!
//! It knows nothing of reports, and nothing of terminals or browsers.

use super::chart::Chart;
use super::interval::Intervals;
use crate::lang::Lang;
use std::fmt::{Arguments, Write as _};

/// Adds formatted text to a string.
pub(super) fn add(out: &mut String, text: Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

/// Cuts a text at its back-ticks: words, and names between back-ticks that are to look like code (`true`). Back-ticks that
/// do not come in pairs are words.
pub(super) fn spans(text: &str) -> Vec<(bool, &str)> {
    if !text.matches('`').count().is_multiple_of(2) {
        return vec![(false, text)];
    }
    text.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part)).filter(|(_, part)| !part.is_empty()).collect()
}

/// What a cell tells at a glance; formats that have colours use it, others need not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Look at it soon.
    Warning,
    /// Look at it now.
    Bad,
}

/// A cell of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// What it tells at a glance.
    pub tone: Tone,
    /// How deep its background is coloured [%], 0 to 100, where a table is a map; formats without colours need not.
    pub depth: Option<u8>,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), tone: Tone::Plain, depth: None }
    }
}

impl Cell {
    /// The cell with a tone.
    #[must_use]
    pub const fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
    /// The cell with a background in its tone.
    #[must_use]
    pub const fn filled(mut self, depth: u8) -> Self {
        self.depth = Some(depth);
        self
    }
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns' heads. The first `left` columns hold words and are aligned to the left, the others numbers.
    pub columns: Vec<String>,
    /// How many columns, from the first, hold words.
    pub left: usize,
    /// Whether the last column holds words as well.
    pub last_left: bool,
    /// The rows, as long as the columns.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Whether a column holds words rather than numbers.
    pub fn is_left(&self, column: usize) -> bool {
        column < self.left || (self.last_left && column + 1 == self.columns.len())
    }
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading of a section.
    Heading(String),
    /// A heading within a section.
    Subheading(String),
    /// A paragraph.
    Text(String),
    /// Something over time: lines of equal pitch, and charts for formats that can draw.
    OverTime(Vec<String>, Vec<Chart>),
    /// Differences with their intervals, for formats that can draw; the numbers stand in a table beside it.
    Intervals(Vec<Intervals>),
    /// A table.
    Table(Table),
    /// A list.
    Items(Vec<String>),
}

/// A document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// The language that it is in.
    pub lang: Lang,
    /// Its parts.
    pub blocks: Vec<Block>,
}
