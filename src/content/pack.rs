//! Packs: lessons and scenarios in one file (`.fleetlab`, a zip), for a USB stick.
//!
//! A pack is read into memory as a whole, within bounds, and never unpacked onto the disk, so that no path in it can lead anywhere. In
//! it lie scenarios and other files, and folders with lessons; nothing lies deeper.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::files::{Bytes, Refused, check_file_name};
use crate::scenario::limits;
use crate::wording::shown;

/// How a pack's file name ends.
pub const ENDING: &str = "fleetlab";

/// The files of a pack.
#[derive(Debug, Default)]
pub struct Pack {
    name: String,
    /// By folder, `""` being the pack itself, and name.
    files: BTreeMap<(String, String), Vec<u8>>,
}

/// A pack that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NotPacked {
    /// A file cannot be read.
    #[error("cannot read `{0}`: {1}")]
    Reading(String, String),
    /// A file is a link.
    #[error("`{0}` is a link; a pack holds files only, so put a copy in its place")]
    Link(String),
    /// There is nothing to pack.
    #[error("`{0}` holds no lesson and no scenario")]
    Nothing(String),
    /// There is more than a pack may hold.
    #[error("{0}")]
    TooMuch(String),
    /// A name that no pack may have.
    #[error("`{0}` is no name that a pack can hold")]
    Name(String),
    /// It cannot be written.
    #[error("the pack cannot be written: {0}")]
    Writing(String),
}

impl Pack {
    /// The pack on the way to a path, and what of the path lies in it: `a.fleetlab/mine` is the folder `mine` in a pack. `None` if
    /// there is no pack on the way.
    pub(crate) fn on_the_way(path: &Path) -> Option<(PathBuf, PathBuf)> {
        let is_pack = |path: &&Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING)) && path.is_file();
        let pack = path.ancestors().find(is_pack)?;
        Some((pack.to_owned(), path.strip_prefix(pack).ok()?.to_owned()))
    }

    /// Reads a pack.
    pub(crate) fn open(path: &Path) -> Result<Arc<Self>, Refused> {
        let cannot = |problem: &dyn std::fmt::Display| Refused::Reading(format!("`{}` cannot be read as a pack: {problem}", path.display()));
        let length = path.metadata().map_err(|problem| cannot(&problem))?.len();
        if length > limits::PACK_BYTES {
            return Err(cannot(&format!("it is larger than {} MiB", limits::PACK_BYTES >> 20)));
        }
        let mut bytes = Vec::new();
        // The file may grow while it is read, so what is read is bounded too.
        File::open(path).and_then(|file| file.take(limits::PACK_BYTES).read_to_end(&mut bytes)).map_err(|problem| cannot(&problem))?;
        Self::read(&path.display().to_string(), &bytes).map(Arc::new).map_err(|problem| cannot(&problem))
    }

    /// Reads a pack from its bytes; what is wrong with it is said in a sentence.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, String> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|problem| format!("it was cut off, or is no pack; copy it again ({problem})"))?;
        if archive.len() > limits::PACK_FILES {
            return Err(format!("it has {} entries; a pack has at most {}", archive.len(), limits::PACK_FILES));
        }
        let mut pack = Self { name: name.to_owned(), files: BTreeMap::new() };
        let mut left = limits::PACK_UNPACKED_BYTES;
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at).map_err(|problem| problem.to_string())?;
            let path = entry.name().map_err(|problem| problem.to_string())?.into_owned();
            if entry.is_dir() {
                continue;
            }
            if entry.is_symlink() {
                return Err(format!("`{}` is a link", shown(&path)));
            }
            let place = place(&path).ok_or_else(|| format!("`{}` is no name that a pack can hold", shown(&path)))?;
            let mut content = Vec::new();
            // What an entry says of its own size is not believed.
            entry.by_ref().take(left + 1).read_to_end(&mut content).map_err(|problem| format!("`{}`: {problem}", shown(&path)))?;
            left = left.checked_sub(content.len() as u64).ok_or_else(|| format!("it unpacks to more than {} MiB", limits::PACK_UNPACKED_BYTES >> 20))?;
            if pack.files.insert(place, content).is_some() {
                return Err(format!("`{}` is in it twice", shown(&path)));
            }
        }
        Ok(pack)
    }

    /// Packs a lesson's folder, or a folder with lessons and scenarios: what lies in them, but no hidden files, and nothing deeper.
    pub fn of_folder(folder: &Path) -> Result<Self, NotPacked> {
        let reading = |problem: std::io::Error| NotPacked::Reading(folder.display().to_string(), problem.to_string());
        let root = folder.canonicalize().map_err(reading)?;
        let mut pack = Self { name: folder.display().to_string(), files: BTreeMap::new() };
        if root.join(super::lesson::LESSON_FILE).is_file() {
            let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            pack.take_in(&root, &name)?;
        } else {
            pack.take_in(&root, "")?;
            for lesson in super::Lessons::in_folder(&root) {
                let name = lesson.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                pack.take_in(&lesson, &name)?;
            }
        }
        if pack.lessons().next().is_none() && pack.scenarios("").next().is_none() {
            return Err(NotPacked::Nothing(folder.display().to_string()));
        }
        Ok(pack)
    }

    fn take_in(&mut self, folder: &Path, name: &str) -> Result<(), NotPacked> {
        let reading = |problem: std::io::Error| NotPacked::Reading(folder.display().to_string(), problem.to_string());
        for entry in folder.read_dir().map_err(reading)? {
            let path = entry.map_err(reading)?.path();
            let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let is_ours = path.extension().is_some_and(|ending| ["toml", "yml", "yaml", "json", "csv"].iter().any(|known| ending == *known));
            if file.starts_with('.') || !is_ours || !path.is_file() {
                continue;
            }
            // A link may lead to what nobody meant to give away.
            if path.is_symlink() {
                return Err(NotPacked::Link(path.display().to_string()));
            }
            let inside = if name.is_empty() { file } else { format!("{name}/{file}") };
            let place = place(&inside).ok_or(NotPacked::Name(inside))?;
            let size = path.metadata().map_err(reading)?.len();
            if size > limits::COUNTS_BYTES {
                return Err(NotPacked::TooMuch(format!("`{}` is larger than {} KiB", path.display(), limits::COUNTS_BYTES >> 10)));
            }
            self.files.insert(place, std::fs::read(&path).map_err(reading)?);
        }
        let size: u64 = self.files.values().map(|content| content.len() as u64).sum();
        if size > limits::PACK_UNPACKED_BYTES || self.files.len() > limits::PACK_FILES {
            let (most, files) = (limits::PACK_UNPACKED_BYTES >> 20, limits::PACK_FILES);
            return Err(NotPacked::TooMuch(format!("a pack holds at most {files} files and {most} MiB")));
        }
        Ok(())
    }

    /// The bytes of the pack's file: the same files give the same bytes.
    pub fn write(&self) -> Result<Vec<u8>, NotPacked> {
        let cannot = |problem: &dyn std::fmt::Display| NotPacked::Writing(problem.to_string());
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).last_modified_time(zip::DateTime::default());
        for ((folder, file), content) in &self.files {
            let path = if folder.is_empty() { file.clone() } else { format!("{folder}/{file}") };
            writer.start_file(path, options).map_err(|problem| cannot(&problem))?;
            writer.write_all(content).map_err(|problem| cannot(&problem))?;
        }
        Ok(writer.finish().map_err(|problem| cannot(&problem))?.into_inner())
    }

    /// How many files are in it.
    pub fn len(&self) -> usize {
        self.files.len()
    }
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The folders with lessons, in the order of their names.
    pub fn lessons(&self) -> impl Iterator<Item = &str> {
        self.files.keys().filter(|(folder, file)| !folder.is_empty() && file == super::lesson::LESSON_FILE).map(|(folder, _)| folder.as_str())
    }

    /// The names of the scenarios in a folder of it; the files of a lesson are none.
    pub fn scenarios(&self, folder: &str) -> impl Iterator<Item = &str> {
        let is_here = move |(of, _): &&(String, String)| of == folder;
        let names = self.files.keys().filter(is_here).filter_map(|(_, file)| file.strip_suffix(".toml"));
        names.filter(|name| !["lesson", "en", "vi", "courses"].contains(name))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A file of a folder of it.
    pub(crate) fn file(&self, folder: &str, file: &str) -> Option<Bytes> {
        let bytes = self.files.get(&(folder.to_owned(), file.to_owned()))?.clone();
        let inside = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
        Some(Bytes { name: format!("{}/{inside}", self.name), bytes })
    }
}

/// Where a path of a zip lies: its folder and its name. `None` if it leads anywhere else.
fn place(path: &str) -> Option<(String, String)> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let is_fine = |name: &str| check_file_name(name).is_ok();
    (is_fine(file) && (folder.is_empty() || is_fine(folder))).then(|| (folder.to_owned(), file.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).expect("a file");
            writer.write_all(content).expect("written");
        }
        writer.finish().expect("a zip").into_inner()
    }

    fn refused(entries: &[(&str, &[u8])]) -> String {
        Pack::read("x", &zipped(entries)).expect_err("refused")
    }

    #[test]
    fn what_is_packed_comes_out_again_and_always_as_the_same_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("mine")).expect("made");
        for (file, text) in [("mine/lesson.toml", "a"), ("mine/en.toml", "b"), ("mine/.secret", "no"), ("mine/note.txt", "no"), ("shop.toml", "c")] {
            std::fs::write(folder.path().join(file), text).expect("written");
        }
        let bytes = Pack::of_folder(folder.path()).expect("packed").write().expect("written");
        assert_eq!(bytes, Pack::of_folder(folder.path()).expect("packed").write().expect("written"));
        let pack = Pack::read("x.fleetlab", &bytes).expect("read");
        assert_eq!((pack.len(), pack.lessons().collect::<Vec<_>>(), pack.scenarios("").collect::<Vec<_>>()), (3, vec!["mine"], vec!["shop"]));
        assert_eq!(pack.file("mine", "en.toml").expect("there").bytes, b"b");
    }

    #[test]
    fn no_path_leads_out_of_a_pack() {
        for path in ["../evil.toml", "/etc/passwd", "a/../../evil", "a/b/c.toml", "C:\\evil.toml", "a\\b.toml", ".hidden", "a/.hidden", "a//b"] {
            assert!(refused(&[(path, b"x")]).contains("no name that a pack can hold"), "{path}");
        }
    }

    #[test]
    fn a_pack_that_unpacks_to_too_much_is_refused_before_it_fills_the_memory() {
        let zeros = vec![0; 9 << 20];
        let names: Vec<String> = (0..8).map(|n| format!("{n}.toml")).collect();
        let bomb: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), zeros.as_slice())).collect();
        let bytes = zipped(&bomb);
        assert!(bytes.len() < 1 << 20, "it is small: {} bytes", bytes.len());
        assert!(Pack::read("x", &bytes).expect_err("refused").contains("unpacks to more than"));
        let many: Vec<String> = (0..=limits::PACK_FILES).map(|n| format!("{n}.toml")).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert!(refused(&many).contains("entries"));
    }

    #[test]
    fn what_is_no_zip_or_was_cut_is_refused() {
        let whole = zipped(&[("mine/lesson.toml", b"format_version = 1"), ("mine/en.toml", b"title = 'x'")]);
        assert!(Pack::read("x", b"hello").is_err());
        for end in 0..whole.len() {
            assert!(Pack::read("x", &whole[..end]).is_err(), "cut at {end}");
        }
        // Turned bits never bring it down, whatever else they do.
        for at in 0..whole.len() {
            let mut turned = whole.clone();
            turned[at] ^= 0x55;
            let _ = Pack::read("x", &turned);
        }
    }
}
