//! Where a scenario's files come from, and that none is read from anywhere else.
//!
//! A scenario names other files (`extends`, `counts`); they lie beside it. Names with folders, `..` or a root are
//! refused, and so are links that lead out of the folder, so that a scenario from a stranger reads nothing of ours.
//! Files are handed out as bytes: whether they are text is looked at where mistakes are reported.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::diagnostic::{Code, Finding};
use super::pack::Pack;
use super::source::Place;
use crate::scenario::limits;
use crate::wording::shown;

/// The scenarios that are part of the program.
pub(crate) static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");
/// The lessons that are part of the program, a folder each.
pub(crate) static LESSONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/lessons");

/// The folder in which a scenario lies.
#[derive(Debug, Clone)]
pub enum Folder {
    /// A folder on disk, as a canonical path.
    Disk(PathBuf),
    /// One that is part of the program.
    Embedded(&'static Dir<'static>),
    /// One in a pack; `""` is the pack itself.
    Packed(Arc<Pack>, String),
    /// No folder: the text came from somewhere else, and other files do not exist.
    Nowhere,
}

/// The folders of the scenario files that were read: what a file names lies beside that file, also when another scenario
/// extends it.
#[derive(Debug, Default)]
pub(crate) struct Folders(Vec<(usize, Folder)>);

impl Folders {
    /// A file lies in a folder.
    pub(crate) fn add(&mut self, file: usize, folder: &Folder) {
        self.0.push((file, folder.clone()));
    }
    /// The neighbour of the file in which a name stands.
    pub(crate) fn data(&self, name: &str, written: &Place) -> Result<Bytes, Refused> {
        self.0.iter().find(|(file, _)| *file == written.file).map_or(&Folder::Nowhere, |(_, folder)| folder).data(name)
    }
}

/// A file that was read: the name to show for it, and what is in it.
#[derive(Debug)]
pub(crate) struct Bytes {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Why a file was not read.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Its name is not that of a neighbour.
    Name(String),
    /// It leads elsewhere, is no file, is too large, or the system says no.
    Reading(String),
}

impl From<Refused> for Finding {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Name(problem) => Self::error(Code::BadName, problem).label("must lie beside the scenario").help("write a plain name without folders"),
            Refused::Reading(problem) => Self::error(Code::Unreadable, problem),
        }
    }
}

impl Folder {
    /// The scenarios that are part of the program.
    pub(crate) const fn shipped() -> Self {
        Self::Embedded(&SCENARIOS)
    }

    /// Whether two folders are the same one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Disk(one), Self::Disk(other)) => one == other,
            (Self::Embedded(one), Self::Embedded(other)) => one.path() == other.path(),
            (Self::Packed(one, here), Self::Packed(other, there)) => Arc::ptr_eq(one, other) && here == there,
            _ => false,
        }
    }

    /// A data file in this folder.
    pub(crate) fn data(&self, name: &str) -> Result<Bytes, Refused> {
        check_file_name(name)?;
        match self {
            Self::Disk(folder) => read_inside(folder, &folder.join(name), limits::COUNTS_BYTES),
            Self::Embedded(dir) => match dir.get_file(dir.path().join(name)) {
                Some(file) => Ok(Bytes { name: name.to_owned(), bytes: file.contents().to_vec() }),
                None => Err(Refused::Reading(format!("there is no shipped file `{}`", shown(name)))),
            },
            Self::Packed(pack, folder) => match pack.file(folder, name) {
                Some(file) => Ok(file),
                None => Err(Refused::Reading(format!("there is no file `{}` in `{}`", shown(name), pack.name()))),
            },
            Self::Nowhere => Err(Refused::Reading(format!("`{}` cannot be read: this scenario lies in no folder", shown(name)))),
        }
    }

    /// The scenario called `name` in this folder; `None` if there is none.
    pub(crate) fn scenario(&self, name: &str) -> Result<Option<Bytes>, Refused> {
        check_file_name(name)?;
        let file = format!("{name}.toml");
        match self {
            Self::Disk(folder) => {
                let path = folder.join(&file);
                // A link that leads nowhere is there, and cannot be read.
                if path.symlink_metadata().is_err() { Ok(None) } else { read_inside(folder, &path, limits::FILE_BYTES).map(Some) }
            }
            Self::Embedded(dir) => Ok(dir.get_file(dir.path().join(&file)).map(|found| Bytes { name: file, bytes: found.contents().to_vec() })),
            Self::Packed(pack, folder) => Ok(pack.file(folder, &file)),
            Self::Nowhere => Ok(None),
        }
    }

    /// The names of the scenarios in this folder, sorted.
    pub(crate) fn scenarios(&self) -> Vec<String> {
        let mut names: Vec<String> = match self {
            Self::Disk(folder) => {
                let entries = folder.read_dir().into_iter().flatten().filter_map(Result::ok);
                entries.filter_map(|entry| scenario_name(&entry.path())).take(limits::LISTED).collect()
            }
            Self::Embedded(dir) => dir.files().filter_map(|file| scenario_name(file.path())).collect(),
            Self::Packed(pack, folder) => pack.scenarios(folder).map(str::to_owned).collect(),
            Self::Nowhere => Vec::new(),
        };
        names.sort();
        names
    }
}

/// Reads the scenario at a path, and says in which folder it lies.
pub(crate) fn read_scenario(path: &Path) -> Result<(Bytes, Folder), Refused> {
    if let Some((pack, inside)) = Pack::on_the_way(path) {
        return read_packed(&pack, &inside);
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = parent.canonicalize().map_err(|error| cannot_read(path, &error))?;
    let mut file = read_inside(&folder, path, limits::FILE_BYTES)?;
    file.name = path.display().to_string();
    Ok((file, Folder::Disk(folder)))
}

/// Reads the scenario at a path in a pack; the pack itself stands for its only one.
fn read_packed(pack: &Path, inside: &Path) -> Result<(Bytes, Folder), Refused> {
    let read = Pack::open(pack)?;
    let names: Vec<&str> = read.scenarios("").collect();
    let inside = match (inside.to_str(), names.as_slice()) {
        (Some(""), [only]) => format!("{only}.toml"),
        (Some(""), _) => {
            let names = names.join("`, `");
            return Err(Refused::Reading(format!("which scenario of `{}`? Write it behind a `/`; it has `{names}`", pack.display())));
        }
        (inside, _) => inside.unwrap_or_default().to_owned(),
    };
    let is_whole = Path::new(&inside).extension().is_some_and(|ending| ending == "toml");
    let name = if is_whole { inside } else { format!("{inside}.toml") };
    let file = read.file("", &name).ok_or_else(|| Refused::Reading(format!("there is no scenario `{}` in `{}`", shown(&name), pack.display())))?;
    Ok((file, Folder::Packed(read, String::new())))
}

/// The name under which a file is a scenario, if it is one.
pub(crate) fn scenario_name(path: &Path) -> Option<String> {
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    path.file_stem().filter(|_| is_toml).map(|stem| stem.to_string_lossy().into_owned())
}

/// Names of other files are plain names: no folders, no way up, no root, nothing hidden.
pub(super) fn check_file_name(name: &str) -> Result<(), Refused> {
    let plain = !name.is_empty()
        && name.chars().count() <= limits::NAME_CHARS
        && !name.starts_with('.')
        && !name.chars().any(|c| matches!(c, '/' | '\\' | ':') || c.is_control());
    if plain { Ok(()) } else { Err(Refused::Name(format!("`{}` is not the name of a file beside the scenario", shown(name)))) }
}

/// Reads a file that, links followed, lies in `folder`.
fn read_inside(folder: &Path, path: &Path, most: u64) -> Result<Bytes, Refused> {
    let real = path.canonicalize().map_err(|error| cannot_read(path, &error))?;
    if !real.starts_with(folder) {
        return Err(Refused::Reading(format!("`{}` leads out of its folder", path.display())));
    }
    let bytes = read_bounded(&real, path, most)?;
    Ok(Bytes { name: path.display().to_string(), bytes })
}

/// Reads a regular file of at most `most` bytes. Never waits: pipes and devices are refused.
fn read_bounded(real: &Path, path: &Path, most: u64) -> Result<Vec<u8>, Refused> {
    let cannot = |error: std::io::Error| cannot_read(path, &error);
    let meta = real.metadata().map_err(cannot)?;
    if !meta.is_file() {
        return Err(Refused::Reading(format!("`{}` is not a file", path.display())));
    }
    let too_large = || Refused::Reading(format!("`{}` is larger than {} KiB", path.display(), most / 1024));
    if meta.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    // The file may grow while it is read, so what is read is bounded too.
    File::open(real).map_err(cannot)?.take(most + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Refused {
    Refused::Reading(format!("`{}` cannot be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_names_of_neighbours() {
        for name in ["load.csv", "online-boutique", "Đơn hàng"] {
            assert!(check_file_name(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", "../x", "/etc/passwd", "a/b", "a\\b", "C:x", ".hidden", "a\0b", &"x".repeat(200)] {
            assert!(check_file_name(name).is_err(), "{name}");
        }
    }
}
