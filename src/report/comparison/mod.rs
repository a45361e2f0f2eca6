//! The report of a comparison: one set of data, told as JSON, text, Markdown and HTML.
//!
//! `model` is the data, `build` makes it from an outcome, `story` puts it into words, tables and pictures, in the language that
//! was asked for; what follows from the numbers is said by `lab::compare`, for the window, too. How documents look is decided
//! where all reports are printed. No simulation happens here.

mod build;
mod model;
mod story;

pub use model::Comparison;

pub(super) use story::tell;

#[cfg(test)]
mod tests;
