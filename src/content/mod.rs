//! The only place that knows file syntax and paths: from TOML files to a checked [`Scenario`] or lesson, with diagnostics.
//!
//! ```text
//!  text ──► tree (keys, values, places) ──► raw (the file's types) ──► lower (names, ranges) ──► Scenario
//!            ▲ extends merges trees          all mistakes collected      all mistakes collected
//! ```
//!
//! It knows nothing of what a scenario does when it runs. A new key is a field in `raw/` and its use in `lower/`; a new
//! bound is a line in `scenario/limits.rs`; a new kind of content is a module of its own beside these.

mod brackets;
mod counts;
mod diagnostic;
mod files;
pub mod genuine;
mod lesson;
mod library;
mod lower;
pub mod pack;
mod parse;
mod prices;
mod raw;
mod read;
mod source;
mod strategy;
mod tree;
mod yaml;

pub use diagnostic::{Code, Diagnostic, Diagnostics, Related, Severity};
pub use files::Folder;
pub use lesson::{LessonEntry, Lessons, LoadedLesson};
pub use library::{Library, ScenarioEntry};
pub use prices::{Prices, prices};
pub use strategy::{Parameter, parameter, strategy, strategy_within, vary};

use std::path::Path;

use schemars::Schema;
use schemars::generate::SchemaSettings;

use crate::scenario::{Scenario, TimedAction};

/// A scenario that can run, and what is questionable about it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// What is probably not meant, but does not keep it from running.
    pub warnings: Diagnostics,
}

/// Loads a scenario: a path to a TOML file, or the name of a shipped one (`online-boutique`).
pub fn load(path_or_name: &str) -> Result<Loaded, Diagnostics> {
    Library::shipped().load(path_or_name)
}

/// Reads a file of actions for a scenario: `[[timeline]]` entries as in a scenario, in the order of the file. Names are
/// those of the scenario, and mistakes are reported where they are in the actions' file.
pub fn actions(path_or_name: &str, actions: &Path) -> Result<Vec<TimedAction>, Diagnostics> {
    Library::shipped().actions(path_or_name, actions)
}

/// Reads a scenario from text. `folder` is where the files lie that it names; mistakes are reported in `file_name`.
pub fn read_str(name: &str, file_name: &str, source: &str, folder: &Folder) -> Result<Loaded, Diagnostics> {
    let file = files::Bytes { name: file_name.to_owned(), bytes: source.as_bytes().to_vec() };
    parse::scenario(name, &file, folder, &Library::shipped())
}

/// The shipped scenarios, sorted by name.
pub fn library() -> Vec<ScenarioEntry> {
    Library::shipped().entries()
}

/// The JSON Schema (draft 2020-12) of lesson files, for editors.
pub fn lesson_schema() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<lesson::LessonFile>()
}

/// The JSON Schema (draft 2020-12) of `courses.toml`, for editors.
pub fn courses_schema() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<lesson::CoursesFile>()
}

/// The JSON Schema (draft 2020-12) of scenario files, for editors.
pub fn scenario_schema() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<raw::ScenarioFile>()
}
