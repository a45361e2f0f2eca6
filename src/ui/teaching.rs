//! Lessons behind the window: an attempt as the worker's world, journalled like any other session.
//!
//! It knows the lesson and how it is moved on; what is drawn of it is the business of `panels/lesson`.

use std::path::PathBuf;

use super::link::LessonCommand;
use super::worker::World;
use crate::lab::snapshot::{Interest, Snapshot};
use crate::learner::write_whole;
use crate::lesson::Attempt;
use crate::lesson::plan::Kind;
use crate::lesson::view::LessonView;
use crate::phrase::Sentence;
use crate::scenario::{Action, TimedAction};
use crate::units::SimTime;

/// An attempt that writes its sessions down.
pub(super) struct Taught {
    pub(super) attempt: Attempt,
    pub(super) path: PathBuf,
    /// Whether the step waits for a prediction.
    waits: bool,
}

impl Taught {
    pub(super) fn new(attempt: Attempt, path: PathBuf) -> Self {
        let waits = matches!(attempt.step().kind, Kind::Predict(_));
        Self { attempt, path, waits }
    }
}

impl World for Taught {
    fn now(&self) -> SimTime {
        self.attempt.session().now()
    }
    fn is_over(&self) -> bool {
        self.attempt.done().is_some() || self.attempt.is_missed()
    }
    fn holds(&self) -> bool {
        self.waits
    }
    fn advance_to(&mut self, to: SimTime) -> Result<(), String> {
        self.attempt.advance_to(to).map_err(|stuck| stuck.to_string())
    }
    fn act(&mut self, action: Action) -> Result<(), Sentence> {
        self.attempt.act(action).map_err(|forbidden| forbidden.sentence())
    }
    fn actions(&self) -> Vec<TimedAction> {
        self.attempt.session().actions().to_vec()
    }
    fn snapshot(&mut self, interest: &Interest) -> Snapshot {
        let snapshot = self.attempt.session_mut().snapshot(interest);
        if self.attempt.is_a_riddle() { snapshot.without_faults() } else { snapshot }
    }
    fn save(&mut self) -> Result<(), String> {
        let file = self.attempt.session_mut().save();
        let text = serde_json::to_string(&file).map_err(|error| error.to_string())?;
        write_whole(&self.path, &text).map_err(|error| format!("{}: {error}", self.path.display()))
    }
    fn lesson(&self) -> Option<LessonView> {
        Some(self.attempt.view())
    }
    fn teach(&mut self, command: LessonCommand) -> Result<(), String> {
        let done = match command {
            LessonCommand::Run => {
                self.waits = false;
                return Ok(());
            }
            LessonCommand::Next => self.attempt.go_on().map(|_| ()),
            LessonCommand::Finish => self.attempt.rewind().and_then(|()| self.attempt.play_reference()),
            LessonCommand::Rewind => self.attempt.rewind(),
            LessonCommand::Solution => self.attempt.show_solution(),
        };
        self.waits = command != LessonCommand::Finish && matches!(self.attempt.step().kind, Kind::Predict(_));
        done.map_err(|stuck| stuck.to_string())
    }
}
