//! A lesson described: its steps, what each asks of the learner, and its texts. Inert and already checked.
//!
//! It knows no file syntax (that is `content/lesson`) and runs nothing (that is `attempt`).

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::expression::Expression;
use super::goal::Goal;
use super::texts::LessonTexts;
use crate::lang::Lang;
use crate::scenario::{Action, Scenario};
use crate::units::{SimSpan, SimTime};

/// A lesson, checked.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// Its name, that of its folder.
    pub name: String,
    /// How long it takes a learner, about [min].
    pub minutes: u32,
    /// Rows of the syllabus, such as `D4`.
    pub topics: Vec<String>,
    /// Lessons that come before it.
    pub requires: Vec<String>,
    /// Where what it claims comes from.
    pub sources: Vec<String>,
    /// Numbers that its texts may say, each as it is written, with where it comes from.
    pub facts: Vec<Fact>,
    /// The seed unless another one is asked for.
    pub seed: u64,
    /// Its steps, in order; there is at least one, and the first one has a world of its own.
    pub steps: Vec<Step>,
    /// The numbers of the steps that are its test: whoever does them without help need not go through the others. Empty: it has none.
    pub test: Vec<usize>,
    /// Its texts, in every language.
    pub texts: BTreeMap<Lang, LessonTexts>,
}

/// A number with its unit that texts say.
#[derive(Debug, Clone)]
pub struct Fact {
    /// It, as English writes it: `99.9 %`.
    pub text: String,
    /// Where it comes from.
    pub source: String,
    /// The step at whose end `ask` is asked, what it comes to, and how far it may be from what is written, as a share.
    pub measured: Option<(String, Expression, f64)>,
}

/// One step of a lesson.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name within the lesson.
    pub id: String,
    /// The world in which it begins; `None`: as the step before left it.
    pub world: Option<World>,
    /// The world's scenario, whether it is its own or that of a step before.
    pub scenario: Arc<Scenario>,
    /// What happens by itself.
    pub run: Vec<Deed>,
    /// How much simulated time belongs to it: what is shown ends then, and what is to be reached has to be reached by then.
    pub lasts: SimSpan,
    /// What its texts quote.
    pub values: Vec<LiveValue>,
    /// What the learner is to look at.
    pub look: Option<Look>,
    /// What it asks of the learner.
    pub kind: Kind,
}

/// A world at a moment.
#[derive(Debug, Clone)]
pub struct World {
    /// The seed; `None`: the attempt's.
    pub seed: Option<u64>,
    /// How long it has been running when the step begins.
    pub until: SimTime,
    /// What was done before.
    pub actions: Vec<Deed>,
    /// What it draws one of, by name, when it begins: each with what happens then. Empty: nothing is drawn.
    pub draws: Vec<(String, Vec<Deed>)>,
}

impl World {
    /// Which of its draws a seed gets: all come in turn from one seed to the next, so that as many seeds as there are draws meet each.
    pub fn drawn(&self, seed: u64) -> Option<&(String, Vec<Deed>)> {
        let count = self.draws.len() as u64;
        seed.checked_rem(count).and_then(|at| self.draws.get(at as usize))
    }
}

/// Something that is done some time after a beginning: that of the step, or of the world.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    /// How long after.
    pub after: SimSpan,
    /// What.
    pub action: Action,
    /// It is done only where this was drawn; `None`: everywhere.
    pub drawn: Option<String>,
}

impl Deed {
    /// Whether it is done where this was drawn.
    pub fn applies(&self, drawn: Option<&str>) -> bool {
        self.drawn.as_deref().is_none_or(|only| drawn == Some(only))
    }
}

/// Something measured that texts quote, as `{name}`.
#[derive(Debug, Clone)]
pub struct LiveValue {
    /// Its name within the step.
    pub name: String,
    /// What is measured.
    pub ask: Expression,
    /// Its unit; a share is asked for in 0…1 and written in `%`.
    pub unit: String,
    /// Digits after the decimal sign.
    pub digits: usize,
    /// What theory says, quoted as `{name.theory}`.
    pub theory: Option<Theory>,
}

/// What theory says of a value.
#[derive(Debug, Clone)]
pub struct Theory {
    /// The number, in the value's unit.
    pub number: Expression,
    /// The formula, as people write it.
    pub formula: String,
    /// Where it comes from.
    pub source: String,
    /// How far a run may be from it, as a share.
    pub near: f64,
}

/// A place in the app that a text can point at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The panel.
    pub panel: Panel,
    /// The service that is selected there. Default: none.
    #[serde(default)]
    pub service: Option<String>,
}

/// The panels of the app that a lesson can point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Panel {
    /// The service map.
    Map,
    /// What happened.
    Events,
    /// The commit graph.
    Commits,
    /// The team.
    Team,
    /// The pipelines.
    Pipelines,
    /// The deployments.
    Deployments,
    /// Strategies side by side.
    Compare,
    /// DORA's metrics.
    Dora,
    /// Feature flags.
    Flags,
    /// The inspector of what is selected.
    Inspector,
}

/// What a step asks of the learner.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Nothing: it runs while it explains.
    Show,
    /// To fill the gap in a worked example.
    Fade(Box<Fade>),
    /// To say what will come of it, before it runs.
    Predict(Prediction),
    /// To reach a goal.
    Solve(Task),
    /// To reach a goal where the same cause looks different.
    Twist(Task),
    /// To answer questions.
    Quiz(Vec<Question>),
    /// To write what they think, and compare it with what a teacher would say.
    Reflect,
}

impl Kind {
    /// Its name, as written in files.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Show => "show",
            Self::Fade(_) => "fade",
            Self::Predict(_) => "predict",
            Self::Solve(_) => "solve",
            Self::Twist(_) => "twist",
            Self::Quiz(_) => "quiz",
            Self::Reflect => "reflect",
        }
    }

    /// What is to be reached, if anything is.
    pub fn task(&self) -> Option<&Task> {
        match self {
            Self::Fade(fade) => Some(&fade.task),
            Self::Solve(task) | Self::Twist(task) => Some(task),
            Self::Show | Self::Predict(_) | Self::Quiz(_) | Self::Reflect => None,
        }
    }
}

/// A worked example with a gap.
#[derive(Debug, Clone)]
pub struct Fade {
    /// The action, with the right value in its gap.
    pub action: Action,
    /// The keys that lead to the gap.
    pub gap: Vec<String>,
    /// What may be filled in, as written in files; empty: anything.
    pub options: Vec<String>,
    /// What is to come of it; its solution is the action.
    pub task: Task,
}

impl Fade {
    /// The action with something else in its gap; `None` if it is no value for it.
    pub fn filled(&self, text: &str) -> Option<Action> {
        let mut action = serde_json::to_value(&self.action).ok()?;
        let gap = self.gap.iter().try_fold(&mut action, |value, key| value.get_mut(key))?;
        // A number where a number belongs, and a text otherwise; what it may be, the action itself says.
        *gap = match (&*gap, text.trim().parse::<serde_json::Number>()) {
            (Value::Number(_), Ok(number)) => Value::Number(number),
            (Value::Number(_), Err(_)) => return None,
            (Value::Bool(_), _) => Value::Bool(text.trim().parse().ok()?),
            _ => Value::String(text.trim().to_owned()),
        };
        serde_json::from_value(action).ok()
    }
}

/// What is to be reached.
#[derive(Debug, Clone, Default)]
pub struct Task {
    /// What is to hold, all at once.
    pub goals: Vec<StepGoal>,
    /// Kinds of actions that are not allowed, as written in files.
    pub disabled: Vec<String>,
    /// Help, in the order in which it is given: where to look, which knob, the action.
    pub hints: Vec<Hint>,
    /// A way to reach it.
    pub solution: Vec<Deed>,
    /// Other ways.
    pub alternatives: Vec<Vec<Deed>>,
    /// What learners try, and why it does not work.
    pub misconceptions: Vec<Misconception>,
}

/// Something that is to hold for a time.
#[derive(Debug, Clone)]
pub struct StepGoal {
    /// Its name within the step.
    pub id: String,
    /// What is to hold.
    pub holds: Goal,
    /// How long.
    pub hold: SimSpan,
    /// Whether it is for credit only.
    pub optional: bool,
    /// Where to look if it does not hold.
    pub look: Option<Look>,
}

/// One piece of help.
#[derive(Debug, Clone, Default)]
pub struct Hint {
    /// Where it points.
    pub look: Option<Look>,
    /// What it costs [points].
    pub cost: u32,
    /// The action that it reveals.
    pub action: Option<Action>,
}

/// Something that learners believe and that is wrong.
#[derive(Debug, Clone)]
pub struct Misconception {
    /// Its name within the step.
    pub id: String,
    /// When it shows: it holds in the run of somebody who believes it, and in no solution.
    pub when: Expression,
    /// What somebody does who believes it.
    pub actions: Vec<Deed>,
}

/// What is asked before a run.
#[derive(Debug, Clone)]
pub enum Prediction {
    /// Which of these will hold at the end of the step.
    Option {
        /// Each with its name; exactly one holds in any run.
        options: Vec<(String, Expression)>,
        /// The one that holds; `None` where it depends on what was drawn.
        answer: Option<String>,
    },
    /// A number at the end of the step.
    Number(NumberAsked),
    /// A curve over the step.
    Curve {
        /// What is drawn over time.
        ask: Expression,
        /// Its unit; a share is asked for in 0…1 and drawn in `%`.
        unit: String,
        /// The highest value of the axis, in the unit.
        most: f64,
        /// At how many moments it is measured.
        points: u32,
    },
}

/// A number that is asked for.
#[derive(Debug, Clone)]
pub struct NumberAsked {
    /// What it is in the run.
    pub ask: Expression,
    /// Its unit; a share is asked for in 0…1 and answered in `%`.
    pub unit: String,
    /// What the author expects it to be, in the unit.
    pub answer: f64,
    /// How far an answer may be from it, as a share.
    pub near: f64,
}

/// A question of a quiz.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Its name within the step.
    pub id: String,
    /// What is right.
    pub answer: RightAnswer,
}

/// What is right.
#[derive(Debug, Clone, PartialEq)]
pub enum RightAnswer {
    /// One of several.
    Option {
        /// Their names.
        options: Vec<String>,
        /// The right one.
        answer: String,
    },
    /// A number.
    Number {
        /// It.
        answer: f64,
        /// Its unit.
        unit: String,
        /// How far an answer may be from it, in its unit.
        tolerance: f64,
    },
}

impl Question {
    /// Whether an answer is right.
    pub fn is_right(&self, said: &str) -> bool {
        match &self.answer {
            RightAnswer::Option { answer, .. } => said == answer,
            RightAnswer::Number { answer, tolerance, .. } => typed(said).is_some_and(|number| (number - answer).abs() <= *tolerance),
        }
    }
}

/// A number as people type it, with a point or a comma.
pub fn typed(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite())
}

impl Lesson {
    /// How many seeds meet everything that its worlds draw.
    pub fn draws(&self) -> u64 {
        self.steps.iter().filter_map(|step| step.world.as_ref()).map(|world| world.draws.len() as u64).max().unwrap_or(0).max(1)
    }

    /// The step of its test that comes after a step.
    pub fn next_of_test(&self, step: usize) -> Option<usize> {
        self.test.iter().copied().find(|at| *at > step)
    }

    /// The texts in a language.
    pub fn texts(&self, lang: Lang) -> &LessonTexts {
        self.texts.get(&lang).or_else(|| self.texts.values().next()).expect("a lesson that was checked has texts")
    }
}
