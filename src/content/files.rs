//! Where a scenario's files come from, and that none is read from anywhere else.
//!
//! A scenario names other files (`extends`, `counts`); they lie beside it. Names with folders, `..` or a root are
//! refused, and so are links that lead out of the folder, so that a scenario from a stranger reads nothing of ours.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::diagnostic::shown;
use super::limits;

/// The scenarios that are part of the program.
static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// The folder in which a scenario lies.
#[derive(Debug, Clone)]
pub enum Folder {
    /// A folder on disk, as a canonical path.
    Disk(PathBuf),
    /// The scenarios that are part of the program.
    Embedded,
    /// No folder: the text came from somewhere else, and other files do not exist.
    Nowhere,
}

impl Folder {
    /// The text of a data file in this folder, with the name to show for it.
    pub(crate) fn data(&self, name: &str) -> Result<(String, String), String> {
        check_file_name(name)?;
        match self {
            Self::Disk(folder) => {
                let path = folder.join(name);
                read_inside(folder, &path, limits::COUNTS_BYTES).map(|text| (path.display().to_string(), text))
            }
            Self::Embedded => match EMBEDDED.get_file(name).and_then(include_dir::File::contents_utf8) {
                Some(text) => Ok((name.to_owned(), text.to_owned())),
                None => Err(format!("there is no shipped file `{}`", shown(name))),
            },
            Self::Nowhere => Err(format!("`{}` cannot be read: this scenario lies in no folder", shown(name))),
        }
    }

    /// The text of a scenario called `name` in this folder, with the name to show for it; `None` if there is none.
    pub(crate) fn scenario(&self, name: &str) -> Result<Option<(String, String)>, String> {
        check_file_name(name)?;
        let file = format!("{name}.toml");
        match self {
            Self::Disk(folder) => {
                let path = folder.join(&file);
                if path.symlink_metadata().is_err() {
                    return Ok(None);
                }
                read_inside(folder, &path, limits::FILE_BYTES).map(|text| Some((path.display().to_string(), text)))
            }
            Self::Embedded => Ok(EMBEDDED.get_file(&file).and_then(include_dir::File::contents_utf8).map(|text| (file, text.to_owned()))),
            Self::Nowhere => Ok(None),
        }
    }

    /// The names of the scenarios in this folder, sorted.
    pub(crate) fn scenarios(&self) -> Vec<String> {
        let mut names: Vec<String> = match self {
            Self::Disk(folder) => {
                let entries = folder.read_dir().into_iter().flatten().filter_map(Result::ok);
                entries.filter_map(|entry| scenario_name(&entry.path())).take(limits::SERVICES).collect()
            }
            Self::Embedded => EMBEDDED.files().filter_map(|file| scenario_name(file.path())).collect(),
            Self::Nowhere => Vec::new(),
        };
        names.sort();
        names
    }
}

/// The name under which a file is a scenario, if it is one.
pub(crate) fn scenario_name(path: &Path) -> Option<String> {
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    path.file_stem().filter(|_| is_toml).map(|stem| stem.to_string_lossy().into_owned())
}

/// Names of other files are plain names: no folders, no way up, no root, nothing hidden.
fn check_file_name(name: &str) -> Result<(), String> {
    let plain = !name.is_empty()
        && name.chars().count() <= limits::NAME_CHARS
        && !name.starts_with('.')
        && !name.chars().any(|c| matches!(c, '/' | '\\' | ':') || c.is_control());
    if plain { Ok(()) } else { Err(format!("`{}` is not the name of a file beside the scenario; write a plain name without folders", shown(name))) }
}

/// Reads a file that, links followed, lies in `folder`.
fn read_inside(folder: &Path, path: &Path, most: u64) -> Result<String, String> {
    let real = path.canonicalize().map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
    if !real.starts_with(folder) {
        return Err(format!("`{}` leads out of the scenario's folder", path.display()));
    }
    let bytes = read_bounded(&real, most)?;
    String::from_utf8(bytes).map_err(|error| format!("`{}` is not UTF-8 text (byte {})", path.display(), error.utf8_error().valid_up_to()))
}

/// Reads a regular file of at most `most` bytes. Never waits: pipes and devices are refused.
pub(crate) fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("`{}` cannot be read: {error}", path.display());
    let meta = path.metadata().map_err(cannot)?;
    if !meta.is_file() {
        return Err(format!("`{}` is not a file", path.display()));
    }
    let too_large = || format!("`{}` is larger than {} KiB", path.display(), most / 1024);
    if meta.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    // The file may grow while it is read, so what is read is bounded too.
    File::open(path).map_err(cannot)?.take(most + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}
