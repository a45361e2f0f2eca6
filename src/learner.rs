//! What is kept of a learner on this machine's disk: where that is, and their progress, a journal to which a line is added for everything that is answered, written through before the
//! window goes on. Killed at any moment, it loses at most the line that was being written.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::lesson::progress::{Deed, Event, Progress};

/// The file in the data folder.
const FILE: &str = "progress.jsonl";

/// What the learner did, and where it is kept.
#[derive(Debug, Default)]
pub struct Learner {
    /// `None`: nothing is kept.
    path: Option<PathBuf>,
    progress: Progress,
}

impl Learner {
    /// Reads the journal of a data folder. What is wrong with it comes along; a journal that cannot be read is kept under another
    /// name, and a new one begins.
    pub fn open(folder: Option<&Path>) -> (Self, Option<String>) {
        let Some(path) = folder.map(|folder| folder.join(FILE)) else { return (Self::default(), None) };
        let read = match std::fs::read(&path) {
            Ok(bytes) => Progress::read(&String::from_utf8_lossy(&bytes)).map_err(|problem| problem.to_string()),
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok((Progress::default(), 0)),
            Err(problem) => return (Self::default(), Some(format!("{}: {problem}", path.display()))),
        };
        match read {
            Ok((progress, _)) => (Self { path: Some(path), progress }, None),
            Err(problem) => {
                let aside = path.with_extension(format!("unreadable-{}", now()));
                let moved = std::fs::rename(&path, &aside).map_or_else(|error| error.to_string(), |()| aside.display().to_string());
                (Self { path: Some(path), progress: Progress::default() }, Some(format!("{problem}; {moved}")))
            }
        }
    }

    /// What was done so far.
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Takes over what another journal has and this one does not; how much that is.
    pub fn import(&mut self, other: &Progress) -> io::Result<usize> {
        let fresh = self.progress.merge(other);
        let lines: String = fresh.iter().map(Progress::line).collect();
        match &self.path {
            Some(path) if !fresh.is_empty() => append(path, &lines).map(|()| fresh.len()),
            _ => Ok(fresh.len()),
        }
    }

    /// Adds what the learner did. It counts also if it could not be written.
    pub fn record(&mut self, lesson: &str, what: Deed) -> io::Result<()> {
        let event = Event { at: now(), lesson: lesson.to_owned(), what };
        let line = Progress::line(&event);
        self.progress.add(event);
        self.path.as_ref().map_or(Ok(()), |path| append(path, &line))
    }
}

/// The app's data folder: `FLEETLAB_DATA`, else the place that the platform has for such things.
pub fn data_folder() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = named("FLEETLAB_DATA") {
        return folder;
    }
    let base = if cfg!(target_os = "windows") {
        named("APPDATA")
    } else if cfg!(target_os = "macos") {
        named("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        named("XDG_DATA_HOME").or_else(|| named("HOME").map(|home| home.join(".local/share")))
    };
    base.unwrap_or_else(std::env::temp_dir).join("fleetlab")
}

/// Writes a file so that a crash leaves either the old or the new content, never half of one.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let temporary = path.with_extension("tmp");
    std::fs::write(&temporary, text)?;
    std::fs::rename(&temporary, path)
}

/// The wall clock [Unix s]; reviews come after days, and nothing in a run depends on it.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Adds a line to a journal and has it written through.
fn append(path: &Path, line: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let mut text = String::new();
    match file.metadata()?.len() {
        0 => text.push_str(&Progress::head()),
        length if !ends_a_line(&mut file, length)? => text.push('\n'),
        _ => {}
    }
    text.push_str(line);
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

/// Whether a file ends with a whole line: the program may have been killed while it wrote one.
fn ends_a_line(file: &mut File, length: u64) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(question: &str) -> Deed {
        Deed::Answered { question: question.to_owned(), said: "100".to_owned(), right: true }
    }

    #[test]
    fn whatever_was_answered_is_there_after_a_kill_at_any_moment() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE);
        let (mut learner, _) = Learner::open(Some(folder.path()));
        for question in ["one", "two", "three"] {
            learner.record("02-queues", answered(question)).expect("written");
        }
        let whole = std::fs::read(&path).expect("the journal");
        let third = whole.len() - 30;
        // Killed while the third line was being written.
        std::fs::write(&path, &whole[..third]).expect("cut");
        let (mut again, problem) = Learner::open(Some(folder.path()));
        assert_eq!((again.progress().events().len(), problem), (2, None));
        again.record("02-queues", answered("four")).expect("written");
        let (last, _) = Learner::open(Some(folder.path()));
        let questions: Vec<_> = last.progress().events().iter().map(|event| event.what.clone()).collect();
        assert_eq!(questions, [answered("one"), answered("two"), answered("four")]);
    }

    #[test]
    fn a_journal_of_another_version_is_kept_aside() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(FILE), "{\"format_version\":9}\n").expect("written");
        let (mut learner, problem) = Learner::open(Some(folder.path()));
        assert!(problem.expect("it is told").contains("format version 9"));
        learner.record("02-queues", answered("one")).expect("written");
        let names: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        assert!(names.iter().any(|name| name.contains("unreadable")) && names.len() == 2, "{names:?}");
    }
}
