//! A learner's work on a lesson, written down so that anybody can run it again: what was done in each step, what was predicted
//! and answered, which help was taken.
//!
//! It holds no world: a lesson and a seed make that again, and the digests say whether it came to the same. A seal over all of it
//! shows that nothing was changed afterwards. It is no signature: whoever builds a program for it can seal anything, and then only
//! what is run again (actions, goals, what came of predictions) is sure. Inert; [`super::grade`] runs it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan::{Deed, Kind, Lesson, Prediction};
use crate::lab::fingerprint;
use crate::scenario::TimedAction;
use crate::units::SimTime;

/// The version of the format.
pub const FORMAT_VERSION: u32 = 1;

/// A learner's work on a lesson.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A learner's work on a Fleetlab lesson")]
pub struct Work {
    /// The version of this format.
    pub format_version: u32,
    /// Whose it is, as they call themselves.
    pub learner: String,
    /// The lesson.
    pub lesson: String,
    /// The fingerprint of what the lesson was then: its worlds, goals and answers.
    pub edition: String,
    /// The seed of its runs.
    pub seed: u64,
    /// Whether it is the lesson's test: steps that do not belong to it are left to the reference.
    #[serde(default, skip_serializing_if = "is_no_test")]
    pub test: bool,
    /// What was done in its steps, from the first.
    pub steps: Vec<StepWork>,
    /// The fingerprint of all of this.
    pub seal: String,
}

/// What was done in one step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepWork {
    /// Its name.
    pub step: String,
    /// Whether it was left to the reference.
    pub skipped: bool,
    /// What was predicted: an option's name, a number, or the values of a curve.
    pub predicted: Option<String>,
    /// How sure the learner was, 1 to 3.
    pub confidence: u8,
    /// Answers to a quiz, by question.
    pub answers: BTreeMap<String, String>,
    /// What was written.
    pub reflection: String,
    /// Hints that were read.
    pub hints: u32,
    /// Whether the solution was watched at any time.
    pub shown: bool,
    /// Whether it was the solution that played itself in the run that counts.
    pub played: bool,
    /// What was done, with its simulated time in the step's world.
    pub actions: Vec<TimedAction>,
    /// When the step was done, in its world.
    pub done: SimTime,
    /// The digest of its world then.
    pub digest: String,
}

impl Work {
    /// Work on a lesson that begins.
    pub fn new(lesson: &Lesson, seed: u64, learner: &str) -> Self {
        let (learner, name) = (learner.to_owned(), lesson.name.clone());
        Self { format_version: FORMAT_VERSION, learner, lesson: name, edition: edition(lesson), seed, ..Self::default() }
    }

    /// Leaves steps to the reference, up to the one with this number.
    pub fn leave_to_reference(&mut self, lesson: &Lesson, until: usize) {
        let left = lesson.steps.iter().take(until).skip(self.steps.len());
        self.steps.extend(left.map(|step| StepWork { step: step.id.clone(), skipped: true, ..StepWork::default() }));
    }

    /// The seal that belongs on it.
    pub fn seal_of(&self) -> String {
        let bare = Self { seal: String::new(), ..self.clone() };
        // Plain structures of numbers and texts have a JSON form.
        let text = serde_json::to_string(&bare).unwrap_or_default();
        format!("{:016x}{:016x}", fingerprint(&text), fingerprint(&format!("fleetlab {text}")))
    }

    /// It, sealed.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.seal = self.seal_of();
        self
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "it is called with a reference to the field")]
const fn is_no_test(test: &bool) -> bool {
    !*test
}

/// The fingerprint of what a lesson does: its worlds, what happens in them, goals and answers. Its texts may be mended without changing it.
pub fn edition(lesson: &Lesson) -> String {
    let mut text = format!("{} {:?}", lesson.name, lesson.test);
    let deeds = |text: &mut String, deeds: &[Deed]| {
        for Deed { after, action, drawn } in deeds {
            text.push_str(&serde_json::to_string(&(after, action, drawn)).unwrap_or_default());
        }
    };
    for step in &lesson.steps {
        text.push_str(&step.id);
        text.push_str(step.kind.name());
        text.push_str(&step.lasts.to_string());
        deeds(&mut text, &step.run);
        if let Some(world) = &step.world {
            text.push_str(&serde_json::to_string(&(&*step.scenario, world.seed, world.until)).unwrap_or_default());
            deeds(&mut text, &world.actions);
            for (name, drawn) in &world.draws {
                text.push_str(name);
                deeds(&mut text, drawn);
            }
        }
        if let Some(task) = step.kind.task() {
            for goal in &task.goals {
                // Writing to a string cannot fail.
                let _ = write!(text, "{}{}{}{}", goal.id, goal.holds, goal.hold, goal.optional);
            }
            deeds(&mut text, &task.solution);
            for hint in &task.hints {
                let _ = write!(text, "{}", hint.cost);
            }
        }
        match &step.kind {
            Kind::Predict(Prediction::Option { options, answer }) => {
                for (name, when) in options {
                    let _ = write!(text, "{name}{}", when.text());
                }
                let _ = write!(text, "{answer:?}");
            }
            Kind::Predict(Prediction::Number(number)) => {
                let _ = write!(text, "{}{}{}{}", number.ask.text(), number.unit, number.answer, number.near);
            }
            _ => {}
        }
        if let Kind::Quiz(questions) = &step.kind {
            let _ = write!(text, "{questions:?}");
        }
    }
    format!("{:016x}", fingerprint(&text))
}
