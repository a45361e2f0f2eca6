//! What the window remembers of the lesson that is open: the learner's answers, and how far they got.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{SystemTime, UNIX_EPOCH};

use egui_commonmark::CommonMarkCache;

use crate::lesson::attempt::Outcome;
use crate::lesson::grade::{self, Grade};
use crate::lesson::plan::{Kind, Lesson, Prediction, Step};
use crate::lesson::texts::{LessonTexts, StepTexts};
use crate::lesson::view::LessonView;
use crate::lesson::work::{StepWork, Work};
use crate::ui::author::Author;
use crate::ui::text::Lang;
use crate::units::SimTime;

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
    /// The moment at which it was opened, which tells it from any other [ms since 1970].
    pub(crate) since: u128,
    /// The name or path by which it was opened.
    pub(crate) opened: String,
    /// Whether what was done before is being run again, and has not come to its end.
    pub(crate) taken_up: bool,
    /// The seed of its runs.
    pub(crate) seed: u64,
    /// What was done in the steps so far, to be kept.
    pub(crate) work: Work,
    /// Where it is kept, once it is.
    pub(crate) kept: Option<PathBuf>,
    /// The step that was left last: whoever clicks twice leaves it once.
    pub(crate) left: Option<usize>,
    /// Whether this step is being done as the reference does it, to go on.
    pub(crate) skipping: bool,
    /// What the work comes to, beside the reference; worked out when the lesson is finished.
    pub(crate) graded: Graded,
    /// The lesson's folder, if it is being written.
    pub(crate) author: Option<Author>,
    /// What the Markdown viewer remembers.
    pub(crate) markdown: CommonMarkCache,
}

/// What a finished lesson comes to.
#[derive(Default)]
pub(crate) enum Graded {
    /// It is not finished.
    #[default]
    NotYet,
    /// It is worked out.
    Waiting(Receiver<Result<(Grade, Vec<Outcome>), String>>),
    /// It is known.
    Done(Box<(Grade, Vec<Outcome>)>),
    /// It cannot be said, and why.
    Failed(String),
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
    /// What was predicted first, and how sure one was.
    pub(crate) first: Option<(String, u8)>,
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
    /// Whether the first prediction came true; `None` where there is no right and wrong, or nothing has come yet.
    pub(crate) right: Option<bool>,
    /// Whether what came of a prediction was brought into sight.
    pub(crate) seen: bool,
    /// What was brought into sight already, so that it is only once.
    pub(crate) brought: BTreeSet<String>,
    /// Where the pen that draws a curve was last, while it draws.
    pub(crate) pen: Option<usize>,
    /// What could not be done with what was filled in.
    pub(crate) problem: Option<String>,
}

impl LessonState {
    /// A lesson that begins.
    pub(crate) fn new(lesson: Arc<Lesson>, seed: u64, learner: &str) -> Self {
        Self {
            work: Work::new(&lesson, seed, learner),
            kept: None,
            left: None,
            skipping: false,
            graded: Graded::default(),
            author: None,
            since: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis()),
            opened: lesson.name.clone(),
            taken_up: false,
            view: Arc::default(),
            answers: BTreeMap::new(),
            finished: false,
            seed,
            markdown: CommonMarkCache::default(),
            lesson,
        }
    }

    /// Goes on with a work that was left.
    pub(crate) fn take_up(&mut self, path: PathBuf, work: Work) {
        self.view = Arc::new(LessonView { step: work.steps.len(), ..LessonView::default() });
        (self.seed, self.kept, self.work, self.taken_up) = (work.seed, Some(path), work, true);
    }

    /// The lesson's test, from its first step.
    pub(crate) fn test(lesson: Arc<Lesson>, seed: u64, learner: &str) -> Self {
        let first = lesson.test.first().copied().unwrap_or_default();
        let mut state = Self::new(lesson, seed, learner);
        state.work.test = true;
        state.work.leave_to_reference(&state.lesson, first);
        state.view = Arc::new(LessonView { step: first, ..LessonView::default() });
        state
    }

    /// Whether the lesson's test was passed; `None` while it is not over, or if it is not taken.
    pub(crate) fn passed(&self) -> Option<bool> {
        let came_true = |at: usize| self.answers.get(&at).and_then(|answers| answers.right);
        (self.work.test && self.finished).then(|| grade::passes(&self.lesson, &self.work, came_true))
    }

    /// The number of the step that comes next; `None` after the last one.
    pub(crate) fn next(&self) -> Option<usize> {
        if self.work.test { self.lesson.next_of_test(self.view.step) } else { Some(self.view.step + 1).filter(|next| *next < self.lesson.steps.len()) }
    }

    /// The numbers of the steps that are gone through.
    pub(crate) fn course(&self) -> Vec<usize> {
        if self.work.test { self.lesson.test.clone() } else { (0..self.lesson.steps.len()).collect() }
    }

    /// The prediction is made. What counts is the first one: whoever starts over has seen what comes.
    pub(crate) fn predict(&mut self) {
        let kind = self.step().kind.clone();
        let answers = self.answer();
        let said = match &kind {
            Kind::Predict(Prediction::Option { .. }) => answers.choice.clone().unwrap_or_default(),
            Kind::Predict(Prediction::Curve { .. }) => {
                let drawn = answers.curve.iter().map(|value| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}")));
                drawn.collect::<Vec<_>>().join(" ")
            }
            _ => answers.number.trim().to_owned(),
        };
        answers.given = true;
        let confidence = answers.confidence;
        answers.first.get_or_insert((said, confidence));
    }

    /// What was done in the step that is under way, to be kept.
    pub(crate) fn step_work(&self) -> StepWork {
        let answers = self.answers.get(&self.view.step).cloned().unwrap_or_default();
        let ended = self.view.ended.clone();
        StepWork {
            step: self.step().id.clone(),
            skipped: self.skipping,
            predicted: answers.first.as_ref().map(|(said, _)| said.clone()),
            confidence: answers.first.as_ref().map_or(0, |(_, confidence)| *confidence),
            answers: answers.quiz,
            reflection: answers.text,
            hints: answers.hints as u32,
            shown: answers.shown,
            played: self.view.played,
            actions: if self.skipping { Vec::new() } else { self.view.own.clone() },
            done: ended.as_ref().map_or(SimTime::ZERO, |ended| ended.at),
            digest: ended.map_or_else(String::new, |ended| ended.digest),
        }
    }

    /// Takes over what the work came to, if that is known by now.
    pub(crate) fn look_at_grade(&mut self) {
        if let Graded::Waiting(waiting) = &self.graded
            && let Ok(graded) = waiting.try_recv()
        {
            self.graded = match graded {
                Ok(graded) => Graded::Done(Box::new(graded)),
                Err(why) => Graded::Failed(why),
            };
        }
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
        *answer = Answers {
            first: answer.first.take(),
            right: answer.right,
            confidence: answer.confidence,
            hints: answer.hints,
            shown: answer.shown,
            ..Answers::default()
        };
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
