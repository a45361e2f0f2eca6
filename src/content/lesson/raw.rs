//! A lesson file as people write it. Every key is documented here; the JSON Schema shows these texts.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::content::raw::Entries;
use crate::lesson::plan::Look;
use crate::scenario::Action;
use crate::units::{Ratio, SimSpan, SimTime};

/// A Fleetlab lesson: what a learner is shown, asked and to reach. Its texts lie beside it, in `en.toml` and `vi.toml`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Fleetlab lesson", rename = "Lesson")]
pub(crate) struct LessonFile {
    /// Version of this format: 1.
    #[serde(default = "known_version")]
    #[schemars(required, range(min = 1, max = 1))]
    pub(crate) format_version: u32,
    /// The scenario of its worlds, unless a step names another: a file in the lesson's folder, or a shipped one.
    pub(crate) scenario: String,
    /// Seed of every random stream. Default 42 (chosen for Fleetlab).
    #[serde(default = "default_seed")]
    pub(crate) seed: u64,
    /// How long it takes a learner [min], 1 to 60. Default 10.
    #[serde(default = "default_minutes")]
    #[schemars(range(min = 1, max = 60))]
    pub(crate) minutes: u32,
    /// What it teaches: rows of the syllabus, such as `"D4"`. Default: none.
    #[serde(default)]
    pub(crate) topics: Vec<String>,
    /// Lessons that come before it, by name. Default: none.
    #[serde(default)]
    pub(crate) requires: Vec<String>,
    /// Where its claims come from. Default: nothing.
    #[serde(default)]
    pub(crate) sources: Vec<String>,
    /// The numbers with a unit that its texts say, each as English writes it (`"99.9 %"`). Units: `%`, `ms`, `s`, `min`, `h`,
    /// `days`, `/s`. What depends on the run is better quoted (`{name}`).
    #[serde(default)]
    pub(crate) facts: Entries<FactFile>,
    /// Its test, which whoever knows it already takes instead of it: names of tasks, predictions and quizzes, in their order. Empty: it has
    /// none. Default: the last step in which something is to be reached, and its quizzes.
    #[serde(default)]
    pub(crate) test: Option<Vec<String>>,
    /// Its steps, in order.
    #[serde(default)]
    pub(crate) step: Vec<StepFile>,
}

/// Where a number comes from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonFact")]
pub(crate) struct FactFile {
    /// Where it comes from, in words: the scenario, a document, a definition.
    pub(crate) source: String,
    /// The step at whose end it is measured; needs `ask`. Default: it is not measured.
    #[serde(default)]
    pub(crate) step: Option<String>,
    /// An expression that measures it; a share (0…1) if its unit is `%`. Needs `step`.
    #[serde(default)]
    pub(crate) ask: Option<String>,
    /// How far what is measured may be from it. Default `"5%"`.
    #[serde(default = "default_near")]
    pub(crate) near: Ratio,
}

/// One step of a lesson. It is of one kind: `show`, `fade`, `predict`, `solve`, `twist`, `quiz` or `reflect`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonStep")]
pub(crate) struct StepFile {
    /// Its name within the lesson: letters, digits and `-`.
    pub(crate) id: String,
    /// A world of its own. Default: it goes on where the step before ended; the first step begins anew.
    #[serde(default)]
    pub(crate) world: Option<WorldFile>,
    /// What happens by itself in it. Default: nothing.
    #[serde(default)]
    pub(crate) run: Vec<DeedFile>,
    /// How much simulated time belongs to it: what is shown ends then, and a goal has to be reached by then. Default: none, for
    /// quiz and reflection.
    #[serde(default)]
    pub(crate) lasts: SimSpan,
    /// What its texts quote as `{name}`. Default: nothing.
    #[serde(default)]
    pub(crate) values: Entries<ValueFile>,
    /// Where the learner is to look. Default: wherever they are.
    #[serde(default)]
    pub(crate) look: Option<Look>,
    /// It runs by itself while it explains.
    #[serde(default)]
    pub(crate) show: Option<NothingElse>,
    /// A worked example with a gap that the learner fills.
    #[serde(default)]
    pub(crate) fade: Option<FadeFile>,
    /// The learner says what will come of it, before it runs.
    #[serde(default)]
    pub(crate) predict: Option<PredictFile>,
    /// The learner is to reach a goal.
    #[serde(default)]
    pub(crate) solve: Option<TaskFile>,
    /// The learner is to reach a goal where the same cause looks different.
    #[serde(default)]
    pub(crate) twist: Option<TaskFile>,
    /// Questions, by their names.
    #[serde(default)]
    pub(crate) quiz: Option<Entries<QuestionFile>>,
    /// The learner writes what they think, and compares it with what a teacher would say.
    #[serde(default)]
    pub(crate) reflect: Option<NothingElse>,
}

/// An empty table: there is nothing to set.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NothingElse {}

/// A world at a moment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonWorld")]
pub(crate) struct WorldFile {
    /// Its scenario: a file in the lesson's folder, or a shipped one. Default: the lesson's.
    #[serde(default)]
    pub(crate) scenario: Option<String>,
    /// Its seed. Default: that of the attempt.
    #[serde(default)]
    pub(crate) seed: Option<u64>,
    /// How long it has been running when the step begins. Default `"0s"`.
    #[serde(default)]
    pub(crate) until: SimTime,
    /// What was done before; `after` counts from the world's beginning. Default: nothing.
    #[serde(default)]
    pub(crate) actions: Vec<DeedFile>,
    /// One of these happens, by name: which one, the seed says. `after` counts from the world's beginning. Default: nothing is drawn.
    #[serde(default)]
    pub(crate) draw: Entries<Vec<DeedFile>>,
}

/// Something that is done.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonDeed")]
pub(crate) struct DeedFile {
    /// How long after the step's beginning. Default `"0s"`.
    #[serde(default)]
    pub(crate) after: SimSpan,
    /// What is done.
    #[serde(rename = "do")]
    pub(crate) action: Action,
    /// It is done only where the world drew this. Default: always.
    #[serde(default)]
    pub(crate) drawn: Option<String>,
}

/// Something measured that texts quote.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonValue")]
pub(crate) struct ValueFile {
    /// An expression; a share (0…1) if its unit is `%`.
    pub(crate) ask: String,
    /// Its unit. Default: none.
    #[serde(default)]
    pub(crate) unit: String,
    /// Digits after the decimal sign, 0 to 6. Default 0.
    #[serde(default)]
    #[schemars(range(min = 0, max = 6))]
    pub(crate) digits: u32,
    /// What theory says of it, quoted as `{name.theory}`. Default: nothing.
    #[serde(default)]
    pub(crate) theory: Option<TheoryFile>,
}

/// What theory says of a value.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonTheory")]
pub(crate) struct TheoryFile {
    /// An expression for the number, in the value's unit.
    pub(crate) number: String,
    /// The formula, as people write it.
    pub(crate) formula: String,
    /// Where it comes from.
    pub(crate) source: String,
    /// How far a run may be from it. Default `"5%"`.
    #[serde(default = "default_near")]
    pub(crate) near: Ratio,
}

/// What is to be reached.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonTask")]
pub(crate) struct TaskFile {
    /// What is to hold, all at once, by name.
    pub(crate) goals: Entries<GoalFile>,
    /// Kinds of actions that are not allowed, such as `"restart"`. Default: none.
    #[serde(default)]
    pub(crate) disabled: Vec<String>,
    /// Help, at most three: where to look, which knob, the action. Their words are in the texts. Default: none.
    #[serde(default)]
    pub(crate) hints: Vec<HintFile>,
    /// A way to reach it.
    pub(crate) solution: Vec<DeedFile>,
    /// Other ways. Default: none.
    #[serde(default)]
    pub(crate) alternatives: Vec<Vec<DeedFile>>,
    /// What learners believe that is wrong, by name. Default: none.
    #[serde(default)]
    pub(crate) misconceptions: Entries<MisconceptionFile>,
}

/// A worked example with a gap.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonFade")]
pub(crate) struct FadeFile {
    /// The action, whole: it is the solution, too.
    #[serde(rename = "do")]
    pub(crate) action: Action,
    /// The keys that lead to what is left open, such as `"scale.instances"`.
    pub(crate) gap: String,
    /// What may be filled in, as written in files. Default: anything.
    #[serde(default)]
    pub(crate) options: Vec<String>,
    /// What is to come of it, by name.
    pub(crate) goals: Entries<GoalFile>,
    /// Help, at most three. Default: none.
    #[serde(default)]
    pub(crate) hints: Vec<HintFile>,
    /// What learners fill in that is wrong, by name. Default: none.
    #[serde(default)]
    pub(crate) misconceptions: Entries<MisconceptionFile>,
}

/// Something that is to hold for a time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonGoal")]
pub(crate) struct GoalFile {
    /// What is to hold, in CEL.
    pub(crate) holds: String,
    /// How long. Default `"0s"`.
    #[serde(default)]
    pub(crate) hold: SimSpan,
    /// Whether it is for credit only. Default false.
    #[serde(default)]
    pub(crate) optional: bool,
    /// Where to look if it does not hold. Default: wherever the step points.
    #[serde(default)]
    pub(crate) look: Option<Look>,
}

/// A piece of help.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonHint")]
pub(crate) struct HintFile {
    /// Where it points. Default: nowhere.
    #[serde(default)]
    pub(crate) look: Option<Look>,
    /// What it costs [points], 0 to 10. Default 0.
    #[serde(default)]
    #[schemars(range(min = 0, max = 10))]
    pub(crate) cost: u32,
    /// The action that it reveals. Default: none.
    #[serde(default, rename = "do")]
    pub(crate) action: Option<Action>,
}

/// Something that learners believe and that is wrong.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonMisconception")]
pub(crate) struct MisconceptionFile {
    /// An expression that holds in the run of somebody who believes it, and in no solution.
    pub(crate) when: String,
    /// What somebody does who believes it.
    pub(crate) actions: Vec<DeedFile>,
}

/// What is asked before a run. It is of one kind: `options`, `number` or `curve`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonPrediction")]
pub(crate) struct PredictFile {
    /// What may come true at the end of the step, by name: expressions of which exactly one holds.
    #[serde(default)]
    pub(crate) options: Option<Entries<String>>,
    /// The option that comes true.
    #[serde(default)]
    pub(crate) answer: Option<String>,
    /// A number at the end of the step.
    #[serde(default)]
    pub(crate) number: Option<NumberFile>,
    /// A curve over the step.
    #[serde(default)]
    pub(crate) curve: Option<CurveFile>,
}

/// A number that is to be predicted.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonNumber")]
pub(crate) struct NumberFile {
    /// An expression; a share (0…1) if its unit is `%`.
    pub(crate) ask: String,
    /// Its unit. Default: none.
    #[serde(default)]
    pub(crate) unit: String,
    /// What it will be, in the unit.
    pub(crate) answer: f64,
    /// How far an answer, and the run, may be from it. Default `"20%"`.
    #[serde(default = "default_guess")]
    pub(crate) near: Ratio,
}

/// A curve that is to be drawn.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonCurve")]
pub(crate) struct CurveFile {
    /// An expression; a share (0…1) if its unit is `%`.
    pub(crate) ask: String,
    /// Its unit. Default: none.
    #[serde(default)]
    pub(crate) unit: String,
    /// The highest value of the axis, in the unit.
    pub(crate) most: f64,
    /// At how many moments it is measured, 2 to 200. Default 60.
    #[serde(default = "default_points")]
    #[schemars(range(min = 2, max = 200))]
    pub(crate) points: u32,
}

/// A question of a quiz: `options` with the right `answer`, or a `number`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LessonQuestion")]
pub(crate) struct QuestionFile {
    /// The names of the options, in order. Default: none, the answer is a number.
    #[serde(default)]
    pub(crate) options: Vec<String>,
    /// The name of the right one.
    #[serde(default)]
    pub(crate) answer: Option<String>,
    /// The right number.
    #[serde(default)]
    pub(crate) number: Option<f64>,
    /// Its unit. Default: none.
    #[serde(default)]
    pub(crate) unit: String,
    /// How far an answer may be from the number, in its unit. Default 0.
    #[serde(default)]
    pub(crate) tolerance: f64,
}

const fn known_version() -> u32 {
    1
}
const fn default_seed() -> u64 {
    42
}
const fn default_minutes() -> u32 {
    10
}
const fn default_points() -> u32 {
    60
}
fn default_near() -> Ratio {
    Ratio::new(0.05)
}
fn default_guess() -> Ratio {
    Ratio::new(0.2)
}
