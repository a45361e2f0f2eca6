//! How the app answers what a lesson asks for: opening one, going from step to step, keeping what was answered, asking again.

use std::path::Path;
use std::sync::Arc;

use super::hand_in::{left_work, state_finished};
use super::{App, OpenedLesson};
use crate::ids::ServiceId;
use crate::learner;
use crate::lesson::plan::Look;
use crate::lesson::progress::Deed;
use crate::lesson::{Lesson, Recalled};
use crate::ui::author::{self, Author};
use crate::ui::link::{Command, Lecture, LessonCommand, Opening, Speed};
use crate::ui::panels::lesson::{self, LessonState};
use crate::ui::panels::panes;
use crate::ui::state::{Learning, Level, Page, Selection};
use crate::units::SimTime;

/// How long a step of a lesson that runs by itself takes at most [real s].
const STEP_SECS: f64 = 30.0;
/// How long the time of a step lasts in which one is to do something, about [real s].
const TASK_SECS: f64 = 240.0;

impl App {
    /// Opens a lesson by its name or the path of its folder: where it was left, or at its beginning.
    pub fn open_lesson(&mut self, name: &str) {
        self.open_lesson_at(name, false);
    }

    /// Opens a lesson where it was left, or at its beginning if it is to be begun `anew`.
    pub(super) fn open_lesson_at(&mut self, name: &str, anew: bool) {
        match (self.sources.open_lesson)(name) {
            Ok(OpenedLesson { lesson, warnings }) => {
                // Whoever repeats a lesson that draws something meets another of its draws, all of which were proved.
                let seed = lesson.seed + learner::now() % lesson.draws();
                let mut state = LessonState::new(Arc::clone(&lesson), seed, &self.shell.settings.learner);
                name.clone_into(&mut state.opened);
                let folder = Path::new(name);
                let writes = folder.is_dir();
                if writes {
                    state.author = Some(Author::new(folder, warnings, self.waker()));
                }
                let left = if anew || writes { None } else { self.folder.as_ref().and_then(|folder| left_work(folder, &lesson)) };
                if let Some((path, work)) = left {
                    state.take_up(path, work);
                }
                self.shell.lesson = Some(state);
                self.open_work();
            }
            Err(why) => {
                let what = name.to_owned();
                self.shell.notify(Level::Failed, move |lang| (lang.with("open.failed", &[("what", &what)]), why.clone()));
            }
        }
    }

    /// Begins the test of the lesson that is open; what does not belong to it is done as the reference does.
    fn take_test(&mut self) {
        let Some(state) = self.shell.lesson.as_mut().filter(|state| !state.lesson.test.is_empty()) else { return };
        let (author, opened) = (state.author.take(), std::mem::take(&mut state.opened));
        let fresh = LessonState::test(Arc::clone(&state.lesson), state.seed, &self.shell.settings.learner);
        *state = LessonState { opened, author, ..fresh };
        self.open_work();
    }

    /// Opens the world of the step that comes after what was done so far, which is done again.
    fn open_work(&mut self) {
        let Some(state) = self.shell.lesson.as_ref() else { return };
        let (lesson, seed, step) = (Arc::clone(&state.lesson), state.seed, state.work.steps.len());
        let work = (step > 0).then(|| Arc::new(state.work.clone().sealed()));
        self.open_lecture(Lecture { lesson, step, recalled: Recalled::new(), as_reference: false, work }, seed);
    }

    /// Opens the world of a lesson's step.
    fn open_step(&mut self, lesson: &Arc<Lesson>, seed: u64, step: usize, recalled: Recalled) {
        self.open_step_with(lesson, seed, step, recalled, false);
    }

    /// Opens the world of a lesson's step; with `as_reference` the steps before were done as the reference does.
    fn open_step_with(&mut self, lesson: &Arc<Lesson>, seed: u64, step: usize, recalled: Recalled, as_reference: bool) {
        self.open_lecture(Lecture { lesson: Arc::clone(lesson), step, recalled, as_reference, work: None }, seed);
    }

    /// Opens the world of a lesson's step.
    fn open_lecture(&mut self, lecture: Lecture, seed: u64) {
        let (lesson, step) = (Arc::clone(&lecture.lesson), lecture.step);
        let begins = &lesson.steps[step];
        let opening = Opening { scenario: Arc::clone(&begins.scenario), seed, actions: Vec::new(), until: SimTime::ZERO, lesson: Some(lecture) };
        let look = begins.look.clone();
        self.open(opening);
        self.pace(&lesson, step);
        // Where to look is known before there is something to be seen; it is gone to when there is.
        self.look_next = look;
    }

    /// Sets a speed at which the step is neither over at once nor tedious.
    fn pace(&mut self, lesson: &Lesson, step: usize) {
        let lasts = lesson.steps[step].lasts.as_secs_f64();
        let most = if lesson.steps[step].kind.task().is_some() { TASK_SECS } else { STEP_SECS };
        let speed = Speed::ALL.into_iter().find(|speed| matches!(speed, Speed::Times(factor) if lasts / f64::from(*factor) <= most));
        let speed = speed.unwrap_or(Speed::Max);
        if let Some(run) = self.shell.run.as_mut() {
            run.status.speed = speed;
        }
        self.link.send(Command::Speed(speed));
        // Whoever is to do something reads first: time runs when they act, or let it run.
        if lesson.steps[step].kind.task().is_some() {
            self.link.send(Command::Pause);
        }
    }

    /// Wakes the window from another thread.
    pub(super) fn waker(&self) -> impl Fn() + Send + use<> {
        let ctx = self.ctx.clone();
        move || ctx.request_repaint()
    }

    /// What a lesson waits for: a step that is being skipped, what it came to, a file that changed.
    pub(super) fn look_after_lesson(&mut self) {
        let Some(state) = self.shell.lesson.as_mut() else { return };
        state.look_at_grade();
        let (skipped, changed) = (state.skipping && state.view.done.is_some(), state.author.as_ref().is_some_and(Author::has_changed));
        if skipped {
            self.next_step();
        }
        if changed {
            self.reload_lesson();
        }
    }

    /// Has this step done as the reference does it, and goes on then.
    fn skip_step(&mut self) {
        let Some(state) = self.shell.lesson.as_mut() else { return };
        state.skipping = true;
        self.link.send(Command::Lesson(LessonCommand::Finish));
    }

    /// Reads the lesson again that is being written. If it is broken now, the last good version goes on.
    fn reload_lesson(&mut self) {
        let Some(folder) = self.shell.lesson.as_ref().and_then(|state| state.author.as_ref()).map(|author| author.folder.clone()) else { return };
        let read = (self.sources.open_lesson)(&folder.to_string_lossy());
        let Some(state) = self.shell.lesson.as_mut() else { return };
        match read {
            Err(mistakes) => {
                if let Some(author) = state.author.as_mut() {
                    author.mistakes = Some(mistakes);
                }
            }
            // Where only words were changed, time goes on.
            Ok(OpenedLesson { lesson, warnings }) if format!("{:?}", lesson.steps) == format!("{:?}", state.lesson.steps) => {
                state.lesson = lesson;
                if let Some(author) = state.author.as_mut() {
                    author.read(warnings);
                }
            }
            Ok(OpenedLesson { lesson, warnings }) => {
                let (step, seed) = (author::same_step(&state.lesson, state.view.step, &lesson), state.seed);
                let mut author = state.author.take();
                if let Some(author) = author.as_mut() {
                    author.read(warnings);
                }
                let fresh = LessonState::new(Arc::clone(&lesson), seed, &self.shell.settings.learner);
                *state = LessonState { author, ..fresh };
                self.jump_to_step(step);
            }
        }
    }

    /// Goes to any step, having done those before as the reference does.
    fn jump_to_step(&mut self, step: usize) {
        let Some(state) = self.shell.lesson.as_mut() else { return };
        // What was skipped is nobody's work.
        state.left = None;
        state.work.steps.clear();
        state.work.test = false;
        state.kept = None;
        state.answers.clear();
        state.finished = false;
        let (lesson, seed) = (Arc::clone(&state.lesson), state.seed);
        self.open_step_with(&lesson, seed, step, Recalled::new(), true);
    }

    /// Goes on to the next step of the lesson, in the world as it is or in its own.
    fn next_step(&mut self) {
        let Some(state) = self.shell.lesson.as_mut() else { return };
        if state.left == Some(state.view.step) {
            return;
        }
        state.left = Some(state.view.step);
        let (lesson, seed, at, skipped) = (Arc::clone(&state.lesson), state.seed, state.view.step, state.skipping);
        let (done, next) = (state.step_work(), state.next());
        // Whoever jumped into the middle has no whole work to hand in.
        if state.work.steps.len() == state.view.step {
            state.work.steps.push(done);
        }
        if state.work.test {
            state.work.leave_to_reference(&lesson, next.unwrap_or(lesson.steps.len()));
        }
        state.skipping = false;
        self.keep_work();
        let Some(state) = self.shell.lesson.as_mut() else { return };
        if !skipped {
            let answers = state.answers.get(&state.view.step);
            let (hints, shown) = answers.map_or((0, false), |answers| (answers.hints as u32, answers.shown));
            self.record(&lesson.name, Deed::Done { step: lesson.steps[at].id.clone(), hints, shown });
        }
        let Some(next) = next else {
            self.finish_lesson(&lesson);
            return;
        };
        let Some(state) = self.shell.lesson.as_ref() else { return };
        let (step, recalled) = (&lesson.steps[next], state.view.values.clone());
        if next > at + 1 {
            self.open_work();
        } else if step.world.is_some() {
            self.open_step(&lesson, seed, next, recalled);
        } else {
            self.link.send(Command::Lesson(LessonCommand::Next));
            self.pace(&lesson, next);
            if let Some(look) = step.look.clone() {
                self.look(&look);
            }
        }
    }

    /// The last step was left. Whoever took the lesson's test has finished it if they passed.
    fn finish_lesson(&mut self, lesson: &Lesson) {
        state_finished(&mut self.shell.lesson);
        let tested = self.shell.lesson.as_ref().and_then(LessonState::passed);
        if let Some(passed) = tested {
            self.record(&lesson.name, Deed::Tested { passed });
        }
        if tested != Some(false) {
            self.record(&lesson.name, Deed::Finished {});
        }
        self.grade();
    }

    /// Lets time run. Whether it stands is not asked: what is known of that may be a moment old.
    fn let_run(&self) {
        if !self.shell.is_over() {
            self.link.send(Command::Play);
        }
    }

    /// Keeps what the learner did.
    fn record(&mut self, lesson: &str, what: Deed) {
        if let Err(problem) = self.shell.learner.record(lesson, what) {
            let problem = problem.to_string();
            self.shell.notify(Level::Failed, move |lang| (lang.tr("learner.not-kept").into_owned(), problem.clone()));
        }
    }

    /// Asks what is due again of a lesson.
    fn review(&mut self, name: &str) {
        let due = { self.shell.learner.progress().due(learner::now()) }.into_iter().find(|due| due.lesson == name);
        let known = self.shell.lessons.iter().find(|entry| entry.id == name).map_or(name, |entry| entry.name.as_str());
        let lesson = due.and_then(|due| (self.sources.open_lesson)(known).ok().map(|opened| (opened.lesson, due)));
        self.shell.review = lesson.and_then(|(lesson, due)| lesson::review::of(&lesson, &due.questions));
    }

    /// Goes where a lesson points.
    pub(super) fn look(&mut self, look: &Look) {
        let Some(run) = self.shell.run.as_mut() else { return };
        self.shell.page = Page::Fleet;
        let at = look.service.as_ref().and_then(|name| run.scenario.model.services.iter().position(|service| service.name == *name));
        if let Some(tiles) = run.tiles.as_mut() {
            panes::show(tiles, lesson::pane(look.panel));
        }
        if let Some(at) = at {
            run.selection = Selection::Service(ServiceId::from_index(at));
            run.inspector.selection_changed();
            self.interest.service = run.selected_service();
            self.link.send(Command::Interest(self.interest.clone()));
        }
    }

    /// Answers what is asked for in a lesson, or about lessons.
    pub(super) fn teach(&mut self, ask: Learning) {
        match ask {
            Learning::Open(name) => self.open_lesson(&name),
            Learning::Anew(name) => self.open_lesson_at(&name, true),
            Learning::Test => self.take_test(),
            Learning::Leave => {
                self.shell.lesson = None;
                self.shell.page = Page::Home;
            }
            Learning::Command(command) => {
                self.link.send(Command::Lesson(command));
            }
            Learning::Next => self.next_step(),
            Learning::Skip => self.skip_step(),
            Learning::JumpTo(step) => self.jump_to_step(step),
            Learning::Prove => {
                let waker = self.waker();
                if let Some((lesson, author)) = self.shell.lesson.as_mut().and_then(|state| Some((Arc::clone(&state.lesson), state.author.as_mut()?))) {
                    author.prove(&lesson, waker);
                }
            }
            Learning::Reload => self.reload_lesson(),
            Learning::Named(name) => self.name_learner(name),
            Learning::WriteReport => self.write_report(),
            Learning::ExportProgress => self.export_progress(),
            Learning::Look(look) => self.look(&look),
            Learning::LetRun => self.let_run(),
            Learning::Watch => _ = self.link.send(Command::Play),
            Learning::Record(lesson, what) => self.record(&lesson, what),
            Learning::Review(name) => self.review(&name),
            Learning::CloseReview => self.shell.review = None,
        }
    }
}
