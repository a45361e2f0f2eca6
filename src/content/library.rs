//! The library: scenarios that are part of the program, and those of a folder that overrides them.

use std::path::{Path, PathBuf};

use super::diagnostic::{Code, Collector, Diagnostics, Finding, listed, nearest, shown};
use super::files::{Folder, read_bounded, scenario_name};
use super::source::Place;
use super::{Loaded, limits, parse};
use crate::scenario::Text;

/// A scenario of the library, for a list to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioEntry {
    /// The name by which it is loaded.
    pub name: String,
    /// Its title, by language.
    pub title: Text,
    /// What it is and what to try, by language.
    pub description: Text,
    /// How many services it has.
    pub services: usize,
    /// How many faults and actions are on its timeline.
    pub happenings: usize,
}

/// Where scenarios are looked up by name.
#[derive(Debug, Clone)]
pub struct Library {
    /// Looked up in this order.
    folders: Vec<Folder>,
}

impl Library {
    /// The scenarios that are part of the program.
    pub fn shipped() -> Self {
        Self { folders: vec![Folder::Embedded] }
    }

    /// The scenarios of a folder, before those that are part of the program.
    pub fn with_folder(folder: &Path) -> std::io::Result<Self> {
        Ok(Self { folders: vec![Folder::Disk(folder.canonicalize()?), Folder::Embedded] })
    }

    /// Every scenario that can be loaded, sorted by name; what has mistakes is left out.
    pub fn entries(&self) -> Vec<ScenarioEntry> {
        let mut names: Vec<String> = self.folders.iter().flat_map(Folder::scenarios).collect();
        names.sort();
        names.dedup();
        let entry = |name: String| {
            let scenario = self.load_named(&name)?.ok()?.scenario;
            let (services, happenings) = (scenario.model.services.len(), scenario.timeline.len());
            Some(ScenarioEntry { name, title: scenario.title, description: scenario.description, services, happenings })
        };
        names.into_iter().filter_map(entry).collect()
    }

    /// Loads a scenario by path (it ends in `.toml` or contains a `/`) or by name.
    pub fn load(&self, path_or_name: &str) -> Result<Loaded, Diagnostics> {
        let path = Path::new(path_or_name);
        if path_or_name.contains(['/', '\\']) || path.extension().is_some_and(|extension| extension == "toml") {
            return self.load_path(path);
        }
        if let Some(loaded) = self.load_named(path_or_name) {
            return loaded;
        }
        let names: Vec<String> = self.folders.iter().flat_map(Folder::scenarios).collect();
        let known = names.iter().map(String::as_str);
        let finding = Finding::error(Code::Unreadable, format!("there is no scenario `{}`", shown(path_or_name)));
        Err(unreadable(
            path_or_name,
            finding.suggest(nearest(path_or_name, known.clone()), || listed(known).map(|names| format!("there are {names}; a file is given by its path"))),
        ))
    }

    fn load_named(&self, name: &str) -> Option<Result<Loaded, Diagnostics>> {
        for folder in &self.folders {
            match folder.scenario(name) {
                Ok(Some((file_name, text))) => return Some(parse::scenario(name, &file_name, &text, folder, self)),
                Ok(None) => {}
                Err(problem) => return Some(Err(unreadable(name, Finding::error(Code::Unreadable, problem)))),
            }
        }
        None
    }

    /// Loads a scenario from a file.
    pub fn load_path(&self, path: &Path) -> Result<Loaded, Diagnostics> {
        let shown_path = path.display().to_string();
        let refuse = |problem: String| unreadable(&shown_path, Finding::error(Code::Unreadable, problem));
        let bytes = read_bounded(path, limits::FILE_BYTES).map_err(refuse)?;
        let text = String::from_utf8(bytes).map_err(|error| not_utf8(&shown_path, &error))?;
        // Neighbours are looked for where the file really is.
        let real = path.canonicalize().map_err(|error| refuse(format!("`{shown_path}` cannot be read: {error}")))?;
        let folder = real.parent().map_or(Folder::Nowhere, |parent| Folder::Disk(PathBuf::from(parent)));
        let name = scenario_name(path).or_else(|| path.file_name().map(|name| name.to_string_lossy().into_owned())).unwrap_or_default();
        parse::scenario(&name, &shown_path, &text, &folder, self)
    }

    /// What `extends = "name"` means in a folder: its neighbour, unless that is the scenario itself, else one of the
    /// library. Comes with the name to show, the text, and the folder of its own neighbours.
    pub(crate) fn base(&self, name: &str, folder: &Folder, is_itself: bool) -> Result<Option<(String, String, Folder)>, String> {
        let neighbour = (!is_itself).then_some(folder);
        let embedded_itself = is_itself && matches!(folder, Folder::Embedded);
        let others = self.folders.iter().filter(|other| !(embedded_itself && matches!(other, Folder::Embedded)));
        for place in neighbour.into_iter().chain(others) {
            if let Some((file_name, text)) = place.scenario(name)? {
                return Ok(Some((file_name, text, place.clone())));
            }
        }
        Ok(None)
    }

    /// The names that `extends` could mean in a folder.
    pub(crate) fn names_near(&self, folder: &Folder) -> Vec<String> {
        let mut names: Vec<String> = std::iter::once(folder).chain(&self.folders).flat_map(Folder::scenarios).collect();
        names.sort();
        names.dedup();
        names
    }
}

fn unreadable(name: &str, finding: Finding) -> Diagnostics {
    let mut collector = Collector::default();
    let file = collector.sources.add(name, "");
    collector.add(&Place { file, range: 0..0 }, finding);
    collector.finish()
}

/// Points at the first byte that is not UTF-8, showing the text before it.
fn not_utf8(name: &str, error: &std::string::FromUtf8Error) -> Diagnostics {
    let at = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes());
    let mut collector = Collector::default();
    let file = collector.sources.add(name, &text);
    let finding = Finding::error(Code::Unreadable, "the file is not UTF-8 text").label("not a character").help("save the file as UTF-8");
    let width = text[at..].chars().next().map_or(0, char::len_utf8);
    collector.add(&Place { file, range: at..at + width }, finding);
    collector.finish()
}
