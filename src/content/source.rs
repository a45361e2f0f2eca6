//! The texts that diagnostics point into: which file, and where in it.
//!
//! Knows names and positions, not what the text means.

use std::ops::Range;
use std::sync::Arc;

/// A file that was read. Its name is what people are shown; it need not be a path.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// What people call it.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) text: Arc<str>,
}

/// A position in one of the files of a [`Sources`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Index of the file.
    pub(crate) file: usize,
    /// Bytes of its text.
    pub(crate) range: Range<usize>,
}

/// The files that one scenario was read from: itself first, then what it extends, then data files.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources(Vec<Source>);

impl Sources {
    /// Adds a file and returns its index.
    pub(crate) fn add(&mut self, name: &str, text: &str) -> usize {
        self.0.push(Source { name: name.to_owned(), text: text.into() });
        self.0.len() - 1
    }

    /// The file at `index`.
    pub(crate) fn get(&self, index: usize) -> Option<&Source> {
        self.0.get(index)
    }
}

impl Source {
    /// Line and column of a byte, both counted from 1; columns count characters, as editors do.
    pub(crate) fn line_column(&self, at: usize) -> (usize, usize) {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_positions_past_the_end_are_the_end() {
        let source = Source { name: "x".to_owned(), text: "một\nhai ba".into() };
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column("mộ".len()), (1, 3));
        assert_eq!(source.line_column("mộ".len() - 1), (1, 2), "inside a character is its start");
        assert_eq!(source.line_column("một\n".len()), (2, 1));
        assert_eq!(source.line_column(1_000), (2, 7));
    }
}
