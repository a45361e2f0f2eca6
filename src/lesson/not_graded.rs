//! Why a file is not graded, for whoever graded it: each reason is a phrase, which the table says in its language.

use super::attempt::{Forbidden, Stuck};
use crate::phrase::{Say, Sentence, Value, phrases};
use crate::units::SimTime;

impl Say for SimTime {
    fn say(&self) -> Value {
        Value::Plain(self.to_string())
    }
}

phrases! {
    /// Why a work is not graded.
    pub enum NotGraded {
        /// The file is of another version.
        "work-version" => Version {
            /// Its version.
            version: u32,
            /// The one that is read.
            known: u32,
        } = "it has format version {version}; this program reads version {known}",
        /// Something in it was changed after it was written.
        "work-seal" => Seal = "it was changed after it was written: its seal does not belong to it",
        /// The lesson is another one, or not what it was.
        "work-edition" => Edition = "it was done with another edition of the lesson",
        /// The steps are not those of the lesson.
        "work-steps" => Steps {
            /// Which, counting from 1.
            number: usize,
            /// What it says.
            step: String,
        } = "its step {number} is `{step}`, which is not that step of the lesson",
        /// Something is done at a moment at which it could not be.
        "work-time" => Time {
            /// The step.
            step: String,
            /// When.
            at: SimTime,
        } = "step `{step}`: something is done at {at}, which is not in the step or comes before what stands above it",
        /// More is done than anybody does.
        "work-too-much" => TooMuch {
            /// The step.
            step: String,
            /// How many actions.
            actions: usize,
            /// How many are run again at most.
            most: usize,
        } = "step `{step}`: {actions} actions; at most {most} are run again",
        /// An action is refused.
        "work-refused" => Refused {
            /// The step.
            step: String,
            /// When.
            at: SimTime,
            /// Why.
            why: Forbidden,
        } = "step `{step}`: at {at} an action is refused: {why}",
        /// The step is not done when the run is made again.
        "work-not-done" => NotDone {
            /// The step.
            step: String,
            /// When it is said to be done.
            said: SimTime,
        } = "step `{step}` is said to be done at {said}, and it is not when it is run again",
        /// The step is done at another moment when the run is made again.
        "work-done-then" => DoneThen {
            /// The step.
            step: String,
            /// When it is said to be done.
            said: SimTime,
            /// When it was.
            came: SimTime,
        } = "step `{step}` is said to be done at {said}, and when it is run again it is at {came}",
        /// The run comes to something else.
        "work-diverged" => Diverged {
            /// The step.
            step: String,
            /// The digest in the file.
            said: String,
            /// The digest of the run.
            came: String,
        } = "step `{step}`: the run does not come to the same when it is made again (digest {came}, said to be {said})",
        /// The lesson itself cannot go on.
        "work-stuck" => Stuck {
            /// Why.
            why: String,
        } = "the lesson cannot go on: {why}",
    }
}

impl std::error::Error for NotGraded {}

impl From<Stuck> for NotGraded {
    fn from(stuck: Stuck) -> Self {
        Self::Stuck { why: stuck.to_string() }
    }
}

impl NotGraded {
    /// A step that does not come to its end when it is said to.
    pub(super) fn not_done(step: String, said: SimTime, came: Option<SimTime>) -> Self {
        match came {
            Some(came) => Self::DoneThen { step, said, came },
            None => Self::NotDone { step, said },
        }
    }
}

phrases! {
    /// Why a file is not even looked at, or whose it is said to be.
    pub enum Unread {
        /// It cannot be read.
        "work-unreadable" => Unreadable {
            /// Why.
            why: String,
        } = "{why}",
        /// It is something else.
        "work-other" => Other {
            /// What is wrong.
            why: String,
        } = "it is no learner's work on a lesson: {why}",
        /// It is a session of a scenario, and what was recorded is what happens.
        "work-session" => Session {
            /// The scenario.
            scenario: String,
        } = "it is a session of the scenario `{scenario}`, not a lesson; it replays as recorded",
        /// It is a session of a scenario, and does not come to what is recorded.
        "work-session-changed" => SessionChanged {
            /// The scenario.
            scenario: String,
            /// Why not.
            why: String,
        } = "it is a session of the scenario `{scenario}`, not a lesson, and was changed: {why}",
        /// Nobody knows its lesson.
        "work-no-lesson" => NoLesson {
            /// Its name.
            lesson: String,
        } = "there is no lesson `{lesson}`; give the folder or the pack that has it with `--lessons`",
        /// Its lesson has mistakes.
        "work-bad-lesson" => BadLesson {
            /// Its name.
            lesson: String,
        } = "the lesson `{lesson}` has mistakes; `fleetlab check` says which",
        /// Its learner's name is none.
        "work-name" => Name {
            /// The longest name [characters].
            most: usize,
        } = "the learner's name is no name: it has 0 to {most} letters in one line",
        /// It is not graded; whose it is said to be, so that nobody has to open the file.
        "work-not-graded" => NotGraded {
            /// Why.
            why: Sentence,
            /// The learner.
            learner: String,
            /// The lesson.
            lesson: String,
        } = "{why} (it says: {learner}, {lesson})",
    }
}
