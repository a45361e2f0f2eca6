//! Scenario files: what is read, and what is said about what cannot be. One file per kind of behaviour.

mod diagnostics;
mod extends;
mod fuzz;
mod guide;
mod hostile;
mod loading;
mod schema;

use fleetlab::content::{self, Diagnostics, Folder, Loaded};

/// Reads a scenario called `test` from text.
fn read(source: &str) -> Result<Loaded, Diagnostics> {
    content::read_str("test", "test.toml", source, &Folder::Nowhere)
}

/// Everything that is said about a text, drawn as on a terminal without colour.
fn said(source: &str) -> String {
    match read(source) {
        Ok(loaded) => loaded.warnings.to_string(),
        Err(found) => found.to_string(),
    }
}

/// A path under `tests/fixtures`.
fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Loads what must load.
fn load(path: &str) -> Loaded {
    content::load(path).unwrap_or_else(|found| panic!("{path}:\n{found}"))
}

/// Text for each of many numbers, one after the other.
fn each(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}
