//! What a learner's work is worth: it is run again, and only what comes out the same is counted.
//!
//! A task is worth three points, less what its hints cost, and none if the solution was watched or the step was left to the
//! reference; an optional goal one more; a question of a quiz one. Predictions give no points, for one is to say what one thinks;
//! how many came true is told beside. Nothing here trusts a file: an action is done only where the lesson allows it, every world is made
//! again and must come to the digest that was written down.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::attempt::{Attempt, Outcome, Stuck};
pub use super::not_graded::NotGraded;
use super::plan::{Kind, Lesson, Prediction, Question};
use super::view::Came;
use super::work::{self, StepWork, Work};
use crate::units::SimSpan;

/// Points of a task that was solved without help.
pub const TASK_POINTS: u32 = 3;
/// Actions of one step that are run again at most; nobody does as much by hand.
pub const MOST_ACTIONS: usize = 1_000;

/// What a learner's work came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Grade {
    /// Whose it is.
    pub learner: String,
    /// The lesson.
    pub lesson: String,
    /// The seed.
    pub seed: u64,
    /// Whether all steps were gone through, or the test was passed.
    pub finished: bool,
    /// Whether the lesson's test was passed; `None` if it was not taken.
    pub test: Option<bool>,
    /// Points.
    pub points: u32,
    /// Points that there are, without optional goals.
    pub most: u32,
    /// Predictions that were made and can be right or wrong.
    pub predictions: u32,
    /// Of which came true.
    pub came_true: u32,
    /// Hints that were read.
    pub hints: u32,
    /// Each step that was done.
    pub steps: Vec<StepGrade>,
}

/// What a learner's work in one step came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct StepGrade {
    /// The step.
    pub step: String,
    /// Its kind.
    pub kind: &'static str,
    /// Whether it was left to the reference.
    pub skipped: bool,
    /// Whether the solution was watched.
    pub shown: bool,
    /// Hints that were read.
    pub hints: u32,
    /// Points.
    pub points: u32,
    /// Points that there are, without optional goals.
    pub most: u32,
    /// Points that hints cost.
    pub cost: u32,
    /// Points for optional goals.
    pub extra: u32,
    /// What was predicted.
    pub predicted: Option<String>,
    /// How sure the learner was, 1 to 3.
    pub confidence: u8,
    /// Whether it came true; `None` where there is no right and wrong.
    pub came_true: Option<bool>,
    /// Questions that were answered rightly, and all.
    pub quiz: Option<(u32, u32)>,
    /// Questions that were answered wrongly, each with what was said.
    pub wrong: BTreeMap<String, String>,
    /// What was written.
    pub reflection: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// Refuses a work that is not one on this lesson as it is now.
fn checked(lesson: &Lesson, work: &Work) -> Result<(), NotGraded> {
    if work.format_version != work::FORMAT_VERSION {
        return Err(NotGraded::Version { version: work.format_version, known: work::FORMAT_VERSION });
    }
    if work.seal != work.seal_of() {
        return Err(NotGraded::Seal);
    }
    if work.lesson != lesson.name || work.edition != work::edition(lesson) {
        return Err(NotGraded::Edition);
    }
    for (at, said) in work.steps.iter().enumerate() {
        if lesson.steps.get(at).is_none_or(|step| step.id != said.step) {
            return Err(NotGraded::Steps { number: at + 1, step: said.step.clone() });
        }
        if said.actions.len() > MOST_ACTIONS {
            return Err(NotGraded::TooMuch { step: said.step.clone(), actions: said.actions.len(), most: MOST_ACTIONS });
        }
    }
    Ok(())
}

/// Takes up a work that was left: what was done is done again, and the step after it begins. A work that is finished goes nowhere.
pub fn take_up(lesson: &Arc<Lesson>, work: &Work) -> Result<Attempt, NotGraded> {
    checked(lesson, work)?;
    let mut attempt = Attempt::new(Arc::clone(lesson), work.seed)?;
    for said in &work.steps {
        again(&mut attempt, said)?;
        attempt.go_on()?;
    }
    Ok(attempt)
}

/// Runs a work again and grades it.
pub fn grade(lesson: &Arc<Lesson>, work: &Work) -> Result<Grade, NotGraded> {
    checked(lesson, work)?;
    let mut grade = Grade {
        learner: work.learner.clone(),
        lesson: work.lesson.clone(),
        seed: work.seed,
        finished: work.steps.len() == lesson.steps.len(),
        test: work.test.then_some(false),
        most: lesson.steps.iter().enumerate().filter(|(at, _)| !work.test || lesson.test.contains(at)).map(|(_, step)| most(&step.kind)).sum(),
        ..Grade::default()
    };
    if work.steps.is_empty() {
        return Ok(grade);
    }
    let mut attempt = Attempt::new(Arc::clone(lesson), work.seed)?;
    for (at, said) in work.steps.iter().enumerate() {
        if at > 0 {
            attempt.go_on()?;
        }
        let step = again(&mut attempt, said)?;
        grade.points += step.points;
        grade.hints += step.hints;
        grade.predictions += u32::from(step.came_true.is_some());
        grade.came_true += u32::from(step.came_true == Some(true));
        grade.steps.push(step);
    }
    if work.test {
        let passed = passes(lesson, work, |at| grade.steps.get(at).and_then(|step| step.came_true));
        (grade.test, grade.finished) = (Some(passed), passed);
    }
    Ok(grade)
}

/// Whether a work passes the lesson's test: every task without help, every question and every prediction right. `came_true` says of a step
/// whether what was predicted came true.
pub fn passes(lesson: &Lesson, work: &Work, came_true: impl Fn(usize) -> Option<bool>) -> bool {
    let meets = |at: usize| {
        let (Some(step), Some(said)) = (lesson.steps.get(at), work.steps.get(at)) else { return false };
        let alone = !said.skipped && !said.shown && !said.played && said.hints == 0;
        alone
            && match &step.kind {
                Kind::Quiz(questions) => right(questions, said) == questions.len(),
                Kind::Predict(_) => came_true(at) == Some(true),
                Kind::Show | Kind::Fade(_) | Kind::Solve(_) | Kind::Twist(_) | Kind::Reflect => true,
            }
    };
    work.test && !lesson.test.is_empty() && lesson.test.iter().all(|at| meets(*at))
}

/// How many questions were answered rightly.
fn right(questions: &[Question], said: &StepWork) -> usize {
    questions.iter().filter(|question| said.answers.get(&question.id).is_some_and(|answer| question.is_right(answer))).count()
}

/// What the reference comes to, step by step; for a learner to compare with.
pub fn reference(lesson: &Arc<Lesson>, seed: u64) -> Result<Vec<Outcome>, Stuck> {
    let mut attempt = Attempt::new(Arc::clone(lesson), seed)?;
    let mut outcomes = Vec::new();
    loop {
        attempt.play_reference()?;
        outcomes.extend(attempt.ended().map(|ended| ended.outcome));
        if !attempt.go_on()? {
            return Ok(outcomes);
        }
    }
}

/// Does again what was done in a step.
fn again(attempt: &mut Attempt, said: &StepWork) -> Result<StepGrade, NotGraded> {
    let step = said.step.clone();
    if said.skipped {
        attempt.play_reference()?;
        let outcome = attempt.ended().map(|ended| ended.outcome).unwrap_or_default();
        let kind = &attempt.step().kind;
        return Ok(StepGrade { step, kind: kind.name(), skipped: true, most: most(kind), outcome, ..StepGrade::default() });
    }
    if said.played {
        attempt.show_solution()?;
    }
    for timed in &said.actions {
        if timed.at < attempt.session().now() || timed.at > attempt.ends() {
            return Err(NotGraded::Time { step, at: timed.at });
        }
        attempt.advance_to(timed.at)?;
        if attempt.session().now() != timed.at {
            // It was done before that.
            return Err(NotGraded::not_done(step, said.done, attempt.done()));
        }
        attempt.act(timed.action.clone()).map_err(|why| NotGraded::Refused { step: step.clone(), at: timed.at, why })?;
    }
    attempt.finish()?;
    let Some(ended) = attempt.ended().cloned().filter(|ended| ended.at == said.done) else {
        return Err(NotGraded::not_done(step, said.done, attempt.done()));
    };
    if ended.digest != said.digest {
        return Err(NotGraded::Diverged { step, said: said.digest.clone(), came: ended.digest });
    }
    Ok(worth(attempt, said, ended.outcome))
}

/// What a step is worth that was done.
fn worth(attempt: &Attempt, said: &StepWork, outcome: Outcome) -> StepGrade {
    let kind = &attempt.step().kind;
    let mut grade = StepGrade {
        step: said.step.clone(),
        kind: kind.name(),
        shown: said.shown || said.played,
        // Nobody reads more hints than there are.
        hints: said.hints.min(kind.task().map_or(0, |task| task.hints.len() as u32)),
        most: most(kind),
        reflection: said.reflection.clone(),
        outcome,
        ..StepGrade::default()
    };
    if let Some(task) = kind.task() {
        let cost: u32 = task.hints.iter().take(said.hints as usize).map(|hint| hint.cost).sum();
        let optional = attempt.standings().filter(|(goal, _)| goal.optional);
        let now = attempt.session().now();
        let reached = optional.filter(|(goal, standing)| standing.since.is_some_and(|since| now.since(since) >= goal.hold)).count() as u32;
        if !grade.shown {
            (grade.cost, grade.extra) = (cost.min(TASK_POINTS), reached);
            grade.points = TASK_POINTS.saturating_sub(cost) + reached;
        }
    }
    match kind {
        Kind::Quiz(questions) => {
            let right = right(questions, said) as u32;
            let answer = |question: &Question| said.answers.get(&question.id).cloned().unwrap_or_default();
            let wrong = questions.iter().filter(|question| !question.is_right(&answer(question)));
            grade.wrong = wrong.map(|question| (question.id.clone(), answer(question))).collect();
            grade.quiz = Some((right, questions.len() as u32));
            grade.points = right;
        }
        Kind::Predict(prediction) => {
            grade.predicted.clone_from(&said.predicted);
            grade.confidence = said.confidence;
            grade.came_true = said.predicted.as_ref().and_then(|predicted| attempt.view().came.and_then(|came| came_true(prediction, predicted, &came)));
        }
        Kind::Show | Kind::Fade(_) | Kind::Solve(_) | Kind::Twist(_) | Kind::Reflect => {}
    }
    grade
}

/// Whether a prediction came true; `None` where there is no right and wrong.
pub fn came_true(prediction: &Prediction, said: &str, came: &Came) -> Option<bool> {
    match (prediction, came) {
        (Prediction::Option { .. }, Came::Option(came)) => Some(said == came),
        (Prediction::Number(asked), Came::Number(number)) => {
            Some(super::plan::typed(said).is_some_and(|said| super::proof::is_near(said, *number, asked.near)))
        }
        _ => None,
    }
}

/// The points of a step, without optional goals.
const fn most(kind: &Kind) -> u32 {
    match kind {
        Kind::Fade(_) | Kind::Solve(_) | Kind::Twist(_) => TASK_POINTS,
        Kind::Quiz(questions) => questions.len() as u32,
        Kind::Show | Kind::Predict(_) | Kind::Reflect => 0,
    }
}

/// How long all steps of a work took in simulated time.
pub fn took(grade: &Grade) -> SimSpan {
    grade.steps.iter().fold(SimSpan::ZERO, |sum, step| sum + step.outcome.took)
}
