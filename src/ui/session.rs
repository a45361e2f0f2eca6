//! Real sessions behind the window: the library as sources of scenarios, `lab::Session` as the worker's world, and the
//! journal that keeps what was done on disk as it is done.
//!
//! It knows the lab and the content; it draws nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::app::{OpenedLesson, Packed, Sources};
use super::link::{Lecture, Opening};
use super::state::{Group, LessonEntry, LibraryEntry, RecentSession};
use super::teaching::Taught;
use super::worker::{Opener, World};
use crate::content;
use crate::lab::snapshot::{Interest, Snapshot};
use crate::lab::{Session, SessionFile};
use crate::learner::write_whole;
use crate::lesson::grade;
use crate::lesson::texts::LessonTexts;
use crate::lesson::{Attempt, Lesson};
use crate::phrase::Sentence;
use crate::scenario::limits;
use crate::scenario::{Action, Text, TimedAction};
use crate::units::{SimSpan, SimTime};

/// Sessions that are kept; the oldest go first.
const KEPT: usize = 200;

/// A session that writes itself down.
struct Journalled {
    session: Session,
    path: PathBuf,
}

impl World for Journalled {
    fn now(&self) -> SimTime {
        self.session.now()
    }
    fn is_over(&self) -> bool {
        self.session.is_over()
    }
    fn advance_to(&mut self, to: SimTime) -> Result<(), String> {
        self.session.advance_to(to);
        self.session.failure().map_or(Ok(()), |exhausted| Err(exhausted.to_string()))
    }
    fn act(&mut self, action: Action) -> Result<(), Sentence> {
        self.session.act(action).map_err(|error| error.sentence())
    }
    fn actions(&self) -> Vec<TimedAction> {
        self.session.actions().to_vec()
    }
    fn snapshot(&mut self, interest: &Interest) -> Snapshot {
        self.session.snapshot(interest)
    }
    fn save(&mut self) -> Result<(), String> {
        let file = self.session.save();
        let text = serde_json::to_string(&file).map_err(|error| error.to_string())?;
        write_whole(&self.path, &text).map_err(|error| format!("{}: {error}", self.path.display()))
    }
}

/// Opens sessions that are journalled in the data folder.
pub(crate) fn opener(folder: PathBuf) -> Opener {
    Box::new(move |opening: &Opening| {
        let folder = sessions_folder(&folder);
        prune(&folder);
        // The wall clock only tells file names apart; nothing in a run depends on it.
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let name: String = opening.scenario.name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).take(64).collect();
        let path = folder.join(format!("{name}-{}-{millis}.json", opening.seed));
        if let Some(Lecture { lesson, step, recalled, as_reference, work }) = &opening.lesson {
            let path = folder.join(format!("{LESSON}{}-{}-{millis}.json", lesson.name, opening.seed));
            let attempt = if let Some(work) = work {
                return grade::take_up(lesson, work).map(|attempt| Box::new(Taught::new(attempt, path)) as Box<dyn World>).map_err(|why| why.to_string());
            } else if *as_reference {
                Attempt::at_step(Arc::clone(lesson), opening.seed, *step)
            } else {
                Attempt::in_world(Arc::clone(lesson), opening.seed, *step, recalled.clone())
            };
            let attempt = attempt.map_err(|stuck| stuck.to_string())?;
            return Ok(Box::new(Taught::new(attempt, path)) as Box<dyn World>);
        }
        Ok(Box::new(Journalled { session: Session::new(Arc::clone(&opening.scenario), opening.seed), path }) as Box<dyn World>)
    })
}

/// How the names of session files begin that are steps of lessons.
const LESSON: &str = "lesson-";

fn sessions_folder(folder: &Path) -> PathBuf {
    folder.join("sessions")
}

/// The session files of the data folder and when they were written, newest first.
fn session_files(folder: &Path) -> Vec<(SystemTime, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<(SystemTime, PathBuf)> = entries
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort_by(|a, b| b.cmp(a));
    files
}

/// Removes the oldest sessions beyond what is kept, those in which nothing was done first.
fn prune(folder: &Path) {
    let files = session_files(folder);
    if files.len() <= KEPT {
        return;
    }
    let paths = files.into_iter().map(|(_, path)| path);
    let (acted, idle): (Vec<PathBuf>, Vec<PathBuf>) = paths.partition(|path| head_of(path).is_some_and(|head| !head.actions.is_empty()));
    for path in acted.into_iter().chain(idle).skip(KEPT) {
        // A file that cannot be removed is only a file too many.
        let _ = std::fs::remove_file(path);
    }
}

/// What the list of recent sessions shows of a file.
#[derive(Deserialize)]
struct Head {
    scenario: HeadScenario,
    seed: u64,
    actions: Vec<IgnoredAny>,
    until: SimTime,
}

#[derive(Deserialize)]
struct HeadScenario {
    name: String,
    #[serde(default)]
    title: Text,
    #[serde(default)]
    duration: SimSpan,
}

fn head_of(path: &Path) -> Option<Head> {
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

/// What is known of session files, so that only those are read that were written since.
type Known = BTreeMap<(SystemTime, PathBuf), Option<RecentSession>>;

fn recent(folder: &Path, known: &mut Known) -> Vec<RecentSession> {
    let read = |path: &Path| {
        let head = head_of(path)?;
        let HeadScenario { name, title, duration } = head.scenario;
        let end = SimTime::ZERO + duration;
        Some(RecentSession { path: path.to_owned(), scenario: name, title, seed: head.seed, until: head.until, end, actions: head.actions.len() })
    };
    // Steps of lessons have the lesson's card to go back to.
    let mut files = session_files(&sessions_folder(folder));
    files.retain(|(_, path)| path.file_name().is_none_or(|name| !name.to_string_lossy().starts_with(LESSON)));
    let mut before = std::mem::take(known);
    for file in &files {
        let session = before.remove(file).unwrap_or_else(|| read(&file.1));
        known.insert(file.clone(), session);
    }
    files.iter().filter_map(|file| known.get(file).cloned().flatten()).collect()
}

/// Reads a scenario (`.toml`) or a session (`.json`).
fn open_file(path: &Path) -> Result<Opening, String> {
    if path.extension().is_some_and(|extension| extension == "json") {
        let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
        if size > limits::FILE_BYTES * 32 {
            return Err(format!("the file has {size} bytes; a session file is smaller than that"));
        }
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let file: SessionFile = serde_json::from_str(&text).map_err(|error| format!("this is not a session file: {error}"))?;
        // Files come from strangers: what the simulation relies on is checked before it runs.
        Session::prepare(&file).map_err(|error| error.to_string())?;
        return Ok(Opening { seed: file.seed, actions: file.actions, until: file.until, scenario: Arc::new(file.scenario), lesson: None });
    }
    open_scenario(&path.to_string_lossy())
}

fn open_scenario(path_or_name: &str) -> Result<Opening, String> {
    let loaded = content::load(path_or_name).map_err(|mistakes| mistakes.render(false))?;
    let scenario = Arc::new(loaded.scenario);
    Ok(Opening { seed: scenario.seed, scenario, actions: Vec::new(), until: SimTime::ZERO, lesson: None })
}

fn open_lesson(path_or_name: &str) -> Result<OpenedLesson, String> {
    let loaded = content::Lessons::load(path_or_name).map_err(|mistakes| mistakes.render(false))?;
    Ok(OpenedLesson { lesson: Arc::new(loaded.lesson), warnings: loaded.warnings.render(false) })
}

/// A lesson of the list.
fn lesson_entry(lesson: Lesson) -> LessonEntry {
    let texts = |of: fn(&LessonTexts) -> &str| Text(lesson.texts.iter().map(|(lang, texts)| (lang.code().to_owned(), of(texts).to_owned())).collect());
    let (title, summary) = (texts(|texts| &texts.title), texts(|texts| &texts.summary));
    let (id, name) = (lesson.name.clone(), lesson.name);
    LessonEntry { title, summary, minutes: lesson.minutes, topics: lesson.topics, requires: lesson.requires, id, name, pack: None }
}

/// The shipped lessons; one with mistakes is left out, and the check of shipped content says why.
fn lessons() -> Vec<LessonEntry> {
    content::Lessons::shipped().into_iter().filter_map(|shipped| shipped.loaded.ok()).map(|loaded| lesson_entry(loaded.lesson)).collect()
}

/// What is in a pack; what has mistakes is told, and nothing of it is offered.
fn open_pack(path: &Path) -> Result<Packed, String> {
    let contents = content::Lessons::and_scenarios_of_pack(path).ok_or_else(|| {
        // Whoever opens it once more says why it cannot be.
        content::Lessons::load(&path.to_string_lossy()).map_or_else(|found| found.render(false), |_| String::new())
    })?;
    let mut packed = Packed::default();
    for inside in contents {
        let name = inside.to_string_lossy().into_owned();
        if content::Lessons::is_lesson(&inside) {
            let loaded = content::Lessons::load(&name).map_err(|found| found.render(false))?;
            let pack = path.file_name().map(|file| file.to_string_lossy().into_owned());
            packed.lessons.push(LessonEntry { name, pack, ..lesson_entry(loaded.lesson) });
        } else {
            let scenario = content::load(&name).map_err(|found| found.render(false))?.scenario;
            packed.scenarios.push(LibraryEntry { name, title: scenario.title, description: scenario.description, group: Group::Experiment });
        }
    }
    packed.courses = content::Lessons::courses_of(path).map_err(|found| found.render(false))?.0;
    Ok(packed)
}

/// The library and the sessions of the data folder.
pub(crate) fn sources(folder: PathBuf) -> Sources {
    let entry = |entry: content::ScenarioEntry| {
        // An application has several services and something happens to it; everything else shows one thing, if need be on one
        // of the applications.
        let group = if entry.services >= 7 && entry.happenings > 0 && !entry.extends { Group::Application } else { Group::Experiment };
        LibraryEntry { name: entry.name, title: entry.title, description: entry.description, group }
    };
    Sources {
        library: content::library().into_iter().map(entry).collect(),
        lessons: lessons(),
        courses: content::Lessons::courses().map(|(courses, _)| courses).unwrap_or_default(),
        open_pack: Box::new(open_pack),
        open: Box::new(open_scenario),
        open_lesson: Box::new(open_lesson),
        open_file: Box::new(open_file),
        recent: {
            let known = RefCell::new(Known::new());
            Box::new(move || recent(&folder, &mut known.borrow_mut()))
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, actions: &str) {
        let text = format!(r#"{{"scenario":{{"name":"{name}","title":{{"en":"The {name}"}}}},"seed":1,"actions":[{actions}],"until":"5m"}}"#);
        write_whole(&sessions_folder(folder).join(format!("{name}.json")), &text).expect("written");
    }

    #[test]
    fn every_session_is_offered_with_the_title_of_its_scenario() {
        let folder = tempfile::tempdir().expect("a folder");
        (0..30).for_each(|n| write(folder.path(), &format!("shop-{n}"), ""));
        let found = recent(folder.path(), &mut Known::new());
        assert_eq!(found.len(), 30);
        assert!(found.iter().all(|session| session.title.get("en") == format!("The {}", session.scenario)));
    }

    #[test]
    fn sessions_in_which_something_was_done_are_removed_last() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "acted", "0");
        (0..KEPT + 20).for_each(|n| write(folder.path(), &format!("idle-{n:03}"), ""));
        prune(&sessions_folder(folder.path()));
        let left = recent(folder.path(), &mut Known::new());
        assert_eq!(left.len(), KEPT);
        assert!(left.iter().any(|session| session.scenario == "acted"), "though it is the oldest");
    }
}
