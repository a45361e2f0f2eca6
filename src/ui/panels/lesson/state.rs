//! What the window remembers of the lesson that is open: the learner's answers, and how far they got.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui_commonmark::CommonMarkCache;

use crate::lesson::plan::{Kind, Lesson, Step};
use crate::lesson::texts::{LessonTexts, StepTexts};
use crate::lesson::view::LessonView;
use crate::ui::text::Lang;

/// The lesson that is open.
pub(crate) struct LessonState {
    /// It.
    pub(crate) lesson: Arc<Lesson>,
    /// How the step that is under way stands.
    pub(crate) view: Arc<LessonView>,
    /// What the learner answered, by the number of the step.
    pub(crate) answers: BTreeMap<usize, Answers>,
    /// Whether its last step was left.
    pub(crate) finished: bool,
    /// The seed of its runs.
    pub(crate) seed: u64,
    /// What the Markdown viewer remembers.
    pub(crate) markdown: CommonMarkCache,
}

/// What the learner answered in one step.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answers {
    /// The option that was chosen, or is.
    pub(crate) choice: Option<String>,
    /// The number, as typed; or what was filled into a gap.
    pub(crate) number: String,
    /// The curve that was drawn: a value for each of some moments, in its unit.
    pub(crate) curve: Vec<Option<f64>>,
    /// How sure they are: 1 to 3.
    pub(crate) confidence: u8,
    /// Whether the prediction is made, or the quiz handed in.
    pub(crate) given: bool,
    /// How many hints were read.
    pub(crate) hints: usize,
    /// Whether the solution was shown.
    pub(crate) shown: bool,
    /// Chosen options and typed numbers of a quiz, by question.
    pub(crate) quiz: BTreeMap<String, String>,
    /// What was written in a reflection.
    pub(crate) text: String,
    /// Whether the prediction came true; `None` where there is no right and wrong, or nothing has come yet.
    pub(crate) right: Option<bool>,
    /// Whether what came of a prediction was brought into sight.
    pub(crate) seen: bool,
    /// What could not be done with what was filled in.
    pub(crate) problem: Option<String>,
}

impl LessonState {
    /// A lesson that begins.
    pub(crate) fn new(lesson: Arc<Lesson>, seed: u64) -> Self {
        Self { lesson, view: Arc::default(), answers: BTreeMap::new(), finished: false, seed, markdown: CommonMarkCache::default() }
    }

    /// The step that is under way.
    pub(crate) fn step(&self) -> &Step {
        &self.lesson.steps[self.view.step.min(self.lesson.steps.len() - 1)]
    }

    /// The texts of the lesson.
    pub(crate) fn texts(&self, lang: Lang) -> &LessonTexts {
        self.lesson.texts(lang)
    }

    /// The texts of the step that is under way.
    pub(crate) fn step_texts(&self, lang: Lang) -> StepTexts {
        self.texts(lang).step.get(&self.step().id).cloned().unwrap_or_default()
    }

    /// What the learner answered in the step that is under way.
    pub(crate) fn answer(&mut self) -> &mut Answers {
        let confidence = 2;
        self.answers.entry(self.view.step).or_insert_with(|| Answers { confidence, ..Answers::default() })
    }

    /// Forgets what was answered in the step, but not which help was taken.
    pub(crate) fn start_over(&mut self) {
        let answer = self.answer();
        *answer = Answers { confidence: answer.confidence, hints: answer.hints, shown: answer.shown, ..Answers::default() };
    }

    /// Whether the step is done, and the next one may begin.
    pub(crate) fn is_done(&mut self) -> bool {
        let given = self.answer().given;
        match &self.step().kind {
            Kind::Quiz(_) | Kind::Reflect => given,
            Kind::Predict(_) => given && self.view.done.is_some(),
            Kind::Show | Kind::Fade(_) | Kind::Solve(_) | Kind::Twist(_) => self.view.done.is_some(),
        }
    }
}
