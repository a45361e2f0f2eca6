//! The report of a comparison: one set of data, told as JSON, text, Markdown and HTML.
//!
//! `model` is the data, `build` makes it from an outcome, `story` puts it into words, tables and pictures, `conclusions`
//! says in sentences what follows from the numbers, and `quantity` writes a number of each unit. How documents look is
//! decided where all reports are printed. No simulation happens here.

mod build;
mod conclusions;
mod model;
mod quantity;
mod story;

pub use model::Comparison;

pub(super) use story::tell;

#[cfg(test)]
mod tests;
