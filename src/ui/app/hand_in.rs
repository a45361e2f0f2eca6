//! What a learner takes away: their work on a lesson, kept after every step and graded at the end, a report of it, and their
//! progress as one file; and what they bring along.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use super::App;
use crate::learner::{self, write_whole};
use crate::lesson::Lesson;
use crate::lesson::grade;
use crate::lesson::progress::Progress;
use crate::lesson::work::{Work, edition};
use crate::report::Format;
use crate::report::lesson::LessonReport;
use crate::ui::panels::lesson::{Graded, LessonState};
use crate::ui::state::{Level, Page};

/// The largest journal that is imported [B].
const LARGEST: u64 = 64 << 20;

/// The lesson is over.
pub(super) fn state_finished(lesson: &mut Option<LessonState>) {
    if let Some(state) = lesson {
        state.finished = true;
    }
}

/// The work on a lesson that was left unfinished last, if it is on the lesson as it is now.
pub(super) fn left_work(folder: &Path, lesson: &Lesson) -> Option<(PathBuf, Work)> {
    let entries = folder.join("work").read_dir().into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let begins = format!("{}-", lesson.name);
    let ours = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with(&begins) && path.extension().is_some_and(|ending| ending == "json")
    };
    let path = entries.filter(ours).max_by_key(|path| path.metadata().and_then(|about| about.modified()).ok())?;
    let work: Work = serde_json::from_str(&std::fs::read_to_string(&path).ok()?).ok()?;
    let is_whole = work.seal == work.seal_of() && work.lesson == lesson.name && work.edition == edition(lesson);
    // A test is taken in one go.
    (is_whole && !work.test && !work.steps.is_empty() && work.steps.len() < lesson.steps.len()).then_some((path, work))
}

impl App {
    /// Writes down what was done in the lesson so far.
    pub(super) fn keep_work(&mut self) {
        let Some(folder) = self.folder.clone() else { return };
        let Some(state) = self.shell.lesson.as_mut().filter(|state| !state.work.steps.is_empty()) else { return };
        let name = || format!("{}-{}-{}.json", state.lesson.name, state.seed, learner::now());
        let path = state.kept.clone().unwrap_or_else(|| folder.join("work").join(name()));
        let text = serde_json::to_string_pretty(&state.work.clone().sealed()).unwrap_or_default();
        match write_whole(&path, &text) {
            Ok(()) => state.kept = Some(path),
            Err(problem) => {
                let problem = format!("{}: {problem}", path.display());
                self.shell.notify(Level::Failed, move |lang| (lang.tr("learner.not-kept").into_owned(), problem.clone()));
            }
        }
    }

    /// Works out what the finished lesson comes to, beside what the reference does, on a thread of its own.
    pub(super) fn grade(&mut self) {
        let waker = self.waker();
        let Some(state) = self.shell.lesson.as_mut() else { return };
        if state.work.steps.len() != state.lesson.steps.len() {
            return;
        }
        let (lesson, work) = (Arc::clone(&state.lesson), state.work.clone().sealed());
        let (done, waiting) = channel();
        let run = move || {
            let grade = grade::grade(&lesson, &work).map_err(|why| why.to_string());
            let graded = grade.and_then(|grade| Ok((grade, grade::reference(&lesson, work.seed).map_err(|stuck| stuck.to_string())?)));
            // Whoever left meanwhile does not want to know.
            let _ = done.send(graded);
            waker();
        };
        state.graded = match thread::Builder::new().name("grade".to_owned()).spawn(run) {
            Ok(_) => Graded::Waiting(waiting),
            Err(problem) => Graded::Failed(problem.to_string()),
        };
    }

    /// The learner says what they are called.
    pub(super) fn name_learner(&mut self, name: String) {
        if let Some(state) = self.shell.lesson.as_mut() {
            state.work.learner.clone_from(&name);
            if let Graded::Done(graded) = &mut state.graded {
                graded.0.learner.clone_from(&name);
            }
        }
        self.shell.settings.learner = name;
        self.keep_work();
    }

    /// Writes the report of the lesson, as a page and as Markdown.
    pub(super) fn write_report(&mut self) {
        let lang = self.shell.lang();
        let Some(state) = self.shell.lesson.as_ref() else { return };
        let Graded::Done(graded) = &state.graded else { return };
        let Some(kept) = state.kept.clone() else { return };
        let report = LessonReport::new(&state.lesson, graded.0.clone(), graded.1.clone(), lang);
        let write = |format: Format| -> Result<PathBuf, String> {
            let path = kept.with_extension(format.extension());
            let text = format.render_lesson(&report).map_err(|problem| problem.to_string())?;
            write_whole(&path, &text).map(|()| path.clone()).map_err(|problem| format!("{}: {problem}", path.display()))
        };
        match write(Format::Md).and_then(|_| write(Format::Html)) {
            Ok(path) => {
                let path = path.display().to_string();
                self.shell.notify(Level::Done, move |lang| (lang.tr("lesson.report.written").into_owned(), path.clone()));
            }
            Err(problem) => self.shell.notify(Level::Failed, move |lang| (lang.tr("lesson.report.not-written").into_owned(), problem.clone())),
        }
    }

    /// Writes all that was learnt into one file.
    pub(super) fn export_progress(&mut self) {
        let Some(folder) = self.folder.clone() else { return };
        let path = folder.join("fleetlab-progress.jsonl");
        match write_whole(&path, &self.shell.learner.progress().journal()) {
            Ok(()) => {
                let path = path.display().to_string();
                self.shell.notify(Level::Done, move |lang| (lang.tr("progress.exported").into_owned(), path.clone()));
            }
            Err(problem) => {
                let problem = format!("{}: {problem}", path.display());
                self.shell.notify(Level::Failed, move |lang| (lang.tr("learner.not-kept").into_owned(), problem.clone()));
            }
        }
    }

    /// Adds what another machine knows of the learner.
    pub(super) fn import_progress(&mut self, path: &Path) {
        let read = || -> Result<Progress, String> {
            let length = path.metadata().map_err(|problem| problem.to_string())?.len();
            if length > LARGEST {
                return Err(format!("{length} bytes"));
            }
            let text = std::fs::read_to_string(path).map_err(|problem| problem.to_string())?;
            Progress::read(&text).map(|(progress, _)| progress).map_err(|problem| problem.to_string())
        };
        let imported = read().and_then(|other| self.shell.learner.import(&other).map_err(|problem| problem.to_string()));
        match imported {
            Ok(count) => {
                self.shell.page = Page::Home;
                self.shell.notify(Level::Done, move |lang| (lang.with("progress.imported", &[("count", &count.to_string())]), String::new()));
            }
            Err(why) => {
                let what = path.display().to_string();
                self.shell.notify(Level::Failed, move |lang| (lang.with("open.failed", &[("what", &what)]), why.clone()));
            }
        }
    }

    /// Opens a pack: its only lesson, or the first page, where its lessons and scenarios stand first.
    pub(super) fn open_pack(&mut self, path: &Path) {
        match (self.sources.open_pack)(path) {
            Ok(packed) => {
                let only = packed.lessons.first().filter(|_| packed.lessons.len() == 1 && packed.scenarios.is_empty()).map(|lesson| lesson.name.clone());
                let count = packed.lessons.len() + packed.scenarios.len();
                // What is brought along takes the place of what it is an edition of.
                self.shell.lessons.retain(|known| packed.lessons.iter().all(|lesson| lesson.id != known.id));
                self.shell.library.retain(|known| packed.scenarios.iter().all(|scenario| scenario.name != known.name));
                self.shell.courses.retain(|known| packed.courses.iter().all(|course| course.id != known.id));
                self.shell.lessons.splice(0..0, packed.lessons);
                self.shell.library.splice(0..0, packed.scenarios);
                self.shell.courses.splice(0..0, packed.courses);
                if let Some(name) = only {
                    self.open_lesson(&name);
                } else {
                    self.shell.page = Page::Home;
                    self.shell.notify(Level::Done, move |lang| (lang.with("pack.opened", &[("count", &count.to_string())]), String::new()));
                }
            }
            Err(why) => {
                let what = path.display().to_string();
                self.shell.notify(Level::Failed, move |lang| (lang.with("open.failed", &[("what", &what)]), why.clone()));
            }
        }
    }
}
