//! Reports of a run, and of a comparison of many: one set of data, told as JSON, text, Markdown and HTML.
//!
//! `facts` is what a report is made from, `watch` notes what moved while the run is under way, `build` and `delivery` make the data of
//! `model`, `story` puts it into words and tables, and the other files print those; `comparison` has the same parts
//! for comparisons. No simulation happens here. To add a
//! format, add a file that prints a [`document::Document`] and one line in [`Format`].

mod build;
mod chart;
pub mod comparison;
mod delivery;
pub mod document;
mod facts;
pub mod grades;
mod html;
mod interval;
mod ledger;
pub mod lesson;
mod markdown;
pub mod model;
mod story;
mod tell;
mod text;
mod watch;

pub use facts::Facts;
pub use watch::{EVERY, Watcher};

use clap::ValueEnum;
use comparison::Comparison;
use document::Document;
use grades::Grades;
use lesson::LessonReport;
use model::Report;
use serde::Serialize;

/// A form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people at a terminal.
    Text,
    /// For programs; `fleetlab schema report` describes that of a run, `fleetlab schema comparison` that of a comparison.
    Json,
    /// Markdown, for a ticket or a wiki.
    Md,
    /// A page for a browser, in one file.
    Html,
}

impl Format {
    /// The ending of files of this form.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Json => "json",
            Self::Md => "md",
            Self::Html => "html",
        }
    }

    /// The report in this form, with a line feed at its end.
    pub fn render(self, report: &Report) -> Result<String, serde_json::Error> {
        self.print(report, story::tell)
    }

    /// A comparison in this form, with a line feed at its end.
    pub fn render_comparison(self, comparison: &Comparison) -> Result<String, serde_json::Error> {
        self.print(comparison, comparison::tell)
    }

    /// An instructor's table in this form, with a line feed at its end.
    pub fn render_grades(self, grades: &Grades) -> Result<String, serde_json::Error> {
        self.print(grades, grades::tell)
    }

    /// The report of a learner's work in this form, with a line feed at its end.
    pub fn render_lesson(self, report: &LessonReport) -> Result<String, serde_json::Error> {
        self.print(report, lesson::tell)
    }

    fn print<T: Serialize>(self, data: &T, tell: impl FnOnce(&T) -> Document) -> Result<String, serde_json::Error> {
        Ok(match self {
            Self::Text => text::render(&tell(data)),
            Self::Json => serde_json::to_string_pretty(data)? + "\n",
            Self::Md => markdown::render(&tell(data)),
            Self::Html => html::render(&tell(data)),
        })
    }
}

#[cfg(test)]
mod tests;
