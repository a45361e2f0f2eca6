//! The library: scenarios that are part of the program, and those of a folder that overrides them.

use std::path::Path;

use super::diagnostic::{Code, Collector, Diagnostics, Finding};
use super::files::{Bytes, Folder, Refused, read_scenario, scenario_name};
use super::source::Place;
use super::{Loaded, parse};
use crate::fleet::deploy::Strategy;
use crate::scenario::{Text, TimedAction};
use crate::wording::{listed, nearest, shown};

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
    /// Whether it starts from another scenario.
    pub extends: bool,
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
        Self { folders: vec![Folder::shipped()] }
    }

    /// The scenarios of a folder, before those that are part of the program.
    pub fn with_folder(folder: &Path) -> std::io::Result<Self> {
        Ok(Self { folders: vec![Folder::Disk(folder.canonicalize()?), Folder::shipped()] })
    }

    /// Every scenario that can be loaded, sorted by name; what has mistakes is left out.
    pub fn entries(&self) -> Vec<ScenarioEntry> {
        let entry = |name: String| {
            let Found { file, folder, .. } = self.find_named(&name)?.ok()?;
            let scenario = parse::scenario(&name, &file, &folder, self).ok()?.scenario;
            let (services, happenings, extends) = (scenario.model.services.len(), scenario.timeline.len(), parse::extends_another(&file));
            Some(ScenarioEntry { name, title: scenario.title, description: scenario.description, services, happenings, extends })
        };
        self.names().into_iter().filter_map(entry).collect()
    }

    /// The names of all scenarios, sorted, those with mistakes included.
    pub fn names(&self) -> Vec<String> {
        sorted(self.folders.iter().flat_map(Folder::scenarios))
    }

    /// Loads a scenario by path (it ends in `.toml` or contains a `/`) or by name.
    pub fn load(&self, path_or_name: &str) -> Result<Loaded, Diagnostics> {
        let Found { name, file, folder } = self.find(path_or_name)?;
        parse::scenario(&name, &file, &folder, self)
    }

    /// Reads a file of actions for a scenario, whose names they use; mistakes are reported in that file.
    pub fn actions(&self, path_or_name: &str, actions: &Path) -> Result<Vec<TimedAction>, Diagnostics> {
        let (file, _) = read_scenario(actions).map_err(|problem| refused(&actions.display().to_string(), unreadable(problem)))?;
        let Found { name, file: scenario, folder } = self.find(path_or_name)?;
        parse::actions(&file, &name, &scenario, &folder, self)
    }

    /// Reads a strategy for deployments of a scenario, whose alarms it may watch; `written` is where mistakes are shown.
    pub(crate) fn strategy(&self, path_or_name: &str, written: &Bytes) -> Result<Strategy, Diagnostics> {
        let Found { name, file: scenario, folder } = self.find(path_or_name)?;
        parse::strategy(written, &name, &scenario, &folder, self)
    }

    /// The file that a path or a name means.
    fn find(&self, path_or_name: &str) -> Result<Found, Diagnostics> {
        let path = Path::new(path_or_name);
        if path_or_name.contains(['/', '\\']) || path.extension().is_some_and(|extension| extension == "toml") || path.is_dir() {
            return find_path(path);
        }
        if let Some(found) = self.find_named(path_or_name) {
            return found;
        }
        let names = self.names();
        let known = names.iter().map(String::as_str);
        let finding = Finding::error(Code::Unreadable, format!("there is no scenario `{}`", shown(path_or_name)));
        let others = || listed(known.clone()).map(|names| format!("there are {names}; a file is given by its path"));
        Err(refused(path_or_name, finding.suggest(nearest(path_or_name, known.clone()), others)))
    }

    fn find_named(&self, name: &str) -> Option<Result<Found, Diagnostics>> {
        for folder in &self.folders {
            match folder.scenario(name) {
                Ok(Some(file)) => return Some(Ok(Found { name: name.to_owned(), file, folder: folder.clone() })),
                Ok(None) => {}
                Err(problem) => return Some(Err(refused(name, unreadable(problem)))),
            }
        }
        None
    }

    /// Loads a scenario from a file.
    pub fn load_path(&self, path: &Path) -> Result<Loaded, Diagnostics> {
        let Found { name, file, folder } = find_path(path)?;
        parse::scenario(&name, &file, &folder, self)
    }

    /// What `extends = "name"` means in a folder: its neighbour, else a scenario of the library; never the scenario that
    /// extends. Comes with the folder of its own neighbours.
    pub(crate) fn base(&self, name: &str, folder: &Folder, is_itself: bool) -> Result<Option<(Bytes, Folder)>, Refused> {
        // A scenario may override a shipped one of its own name by extending it.
        let others = self.folders.iter().filter(|other| !folder.is(other));
        let places = std::iter::once(folder).filter(|_| !is_itself).chain(others);
        for place in places {
            if let Some(file) = place.scenario(name)? {
                return Ok(Some((file, place.clone())));
            }
        }
        Ok(None)
    }

    /// The names that `extends` could mean in a folder.
    pub(crate) fn names_near(&self, folder: &Folder) -> Vec<String> {
        sorted(std::iter::once(folder).chain(&self.folders).flat_map(Folder::scenarios))
    }
}

/// A scenario's file, and the folder of its neighbours.
struct Found {
    name: String,
    file: Bytes,
    folder: Folder,
}

fn find_path(path: &Path) -> Result<Found, Diagnostics> {
    let (file, folder) = read_scenario(path).map_err(|problem| refused(&path.display().to_string(), unreadable(problem)))?;
    let name = scenario_name(path).or_else(|| path.file_name().map(|name| name.to_string_lossy().into_owned())).unwrap_or_default();
    Ok(Found { name, file, folder })
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    names
}

/// What a person asked for by name or path cannot be read, whatever the reason.
fn unreadable(problem: Refused) -> Finding {
    let (Refused::Name(problem) | Refused::Reading(problem)) = problem;
    Finding::error(Code::Unreadable, problem)
}

fn refused(name: &str, finding: Finding) -> Diagnostics {
    let mut collector = Collector::default();
    let file = collector.sources.add(name, "");
    collector.add(&Place { file, range: 0..0 }, finding);
    collector.finish()
}
