//! The report of a learner's work on a lesson: what was done against the reference, what was predicted, answered and written.

use serde::Serialize;

use super::document::{Block, Cell, Document, Table, Tone};
use crate::figures::{NONE, count, dollars, span};
use crate::lang::Lang;
use crate::lesson::Lesson;
use crate::lesson::attempt::Outcome;
use crate::lesson::grade::{Grade, StepGrade};
use crate::lesson::plan::{Kind, Prediction, Question, RightAnswer, Step};
use crate::lesson::texts::LessonTexts;

/// A learner's work, ready to be told.
#[derive(Debug, Clone, Serialize)]
pub struct LessonReport {
    /// The language.
    pub language: Lang,
    /// The lesson's title.
    pub title: String,
    /// What somebody can do or say who has finished it.
    pub summary: String,
    /// What the work came to.
    #[serde(flatten)]
    pub grade: Grade,
    /// The titles of its steps, in order.
    pub titles: Vec<String>,
    /// What the reference comes to in each step; empty if that is not known.
    pub reference: Vec<Outcome>,
    /// What was predicted in each step, as the lesson's texts say it.
    #[serde(skip)]
    predicted: Vec<Option<String>>,
    /// Questions that were answered wrongly, as the lesson's texts ask them: the question, what was said, and what is right.
    #[serde(skip)]
    wrong: Vec<[String; 3]>,
}

impl LessonReport {
    /// What is to be told of a grade.
    pub fn new(lesson: &Lesson, grade: Grade, reference: Vec<Outcome>, language: Lang) -> Self {
        let texts = lesson.texts(language);
        let steps = || lesson.steps.iter().zip(&grade.steps);
        let title = |id: &str| texts.step.get(id).map_or_else(|| id.to_owned(), |texts| texts.title.clone());
        let predicted = steps().map(|(step, graded)| {
            let said = graded.predicted.as_ref()?;
            match &step.kind {
                Kind::Predict(Prediction::Option { .. }) => texts.step.get(&step.id)?.options.get(said).cloned(),
                Kind::Predict(Prediction::Number(number)) => Some(format!("{} {}", language.figure(said), number.unit)),
                Kind::Predict(Prediction::Curve { .. }) => Some(language.tr("report.lesson.curve").into_owned()),
                _ => None,
            }
        });
        Self {
            language,
            title: texts.title.clone(),
            summary: texts.summary.clone(),
            titles: steps().map(|(step, _)| title(&step.id)).collect(),
            predicted: predicted.collect(),
            wrong: steps().flat_map(|(step, graded)| wrong(texts, step, graded, language)).collect(),
            reference,
            grade,
        }
    }
}

/// The questions of a step that were answered wrongly: each as it is asked, with what was said and what is right.
fn wrong(texts: &LessonTexts, step: &Step, graded: &StepGrade, lang: Lang) -> Vec<[String; 3]> {
    let Kind::Quiz(questions) = &step.kind else { return Vec::new() };
    let Some(words) = texts.step.get(&step.id) else { return Vec::new() };
    let of = |question: &Question| {
        let (said, words) = (graded.wrong.get(&question.id)?, words.questions.get(&question.id)?);
        let (said, right) = match &question.answer {
            RightAnswer::Option { answer, .. } => (words.options.get(said)?.clone(), words.options.get(answer)?.clone()),
            RightAnswer::Number { answer, unit, .. } => (format!("{said} {unit}"), lang.figure(&format!("{answer} {unit}"))),
        };
        Some([words.ask.clone(), said, right].map(|text| text.trim().to_owned()))
    };
    questions.iter().filter_map(of).collect()
}

/// The report as a document.
pub(super) fn tell(report: &LessonReport) -> Document {
    let lang = report.language;
    let grade = &report.grade;
    let heading = |key: &'static str| Block::Heading(lang.tr(key).into_owned());
    let mut blocks = vec![Block::Text(report.summary.clone())];
    let learner = if grade.learner.is_empty() { lang.tr("report.lesson.nobody").into_owned() } else { grade.learner.clone() };
    let values = [("learner", learner.as_str()), ("points", &grade.points.to_string()), ("most", &grade.most.to_string()), ("seed", &grade.seed.to_string())];
    let went = match (grade.test, grade.finished) {
        (Some(true), _) => "report.lesson.test.passed",
        (Some(false), _) => "report.lesson.test.failed",
        (None, true) => "report.lesson.finished",
        (None, false) => "report.lesson.begun",
    };
    blocks.push(Block::Text(lang.with(went, &values)));
    blocks.push(heading("report.lesson.steps"));
    blocks.push(Block::Table(steps(report)));
    if !report.reference.is_empty() {
        blocks.push(Block::Text(lang.tr("report.lesson.reference").into_owned()));
    }
    let predictions: Vec<String> = told(report, |at, step| {
        let said = report.predicted.get(at)?.as_ref()?;
        let sure = lang.find(&format!("lesson.sure.{}", step.confidence)).unwrap_or_default();
        let came = match step.came_true {
            Some(true) => lang.tr("report.lesson.came"),
            Some(false) => lang.tr("report.lesson.came-not"),
            None => "".into(),
        };
        Some(lang.with("report.lesson.predicted", &[("title", &report.titles[at]), ("said", said), ("sure", &sure.to_lowercase()), ("came", &came)]))
    });
    if !predictions.is_empty() {
        blocks.push(heading("report.lesson.predictions"));
        blocks.push(Block::Items(predictions));
    }
    if !report.wrong.is_empty() {
        blocks.push(heading("report.lesson.wrong"));
        let line = |[ask, said, right]: &[String; 3]| lang.with("report.lesson.wrong.one", &[("ask", ask), ("said", said), ("right", right)]);
        blocks.push(Block::Items(report.wrong.iter().map(line).collect()));
    }
    let thoughts = told(report, |at, step| (!step.reflection.trim().is_empty()).then(|| format!("{}: {}", report.titles[at], step.reflection.trim())));
    if !thoughts.is_empty() {
        blocks.push(heading("report.lesson.thoughts"));
        blocks.push(Block::Items(thoughts));
    }
    Document { title: report.title.clone(), lang, blocks }
}

fn told(report: &LessonReport, line: impl Fn(usize, &StepGrade) -> Option<String>) -> Vec<String> {
    report.grade.steps.iter().enumerate().filter_map(|(at, step)| line(at, step)).collect()
}

/// What was done in each step, beside what the reference comes to.
fn steps(report: &LessonReport) -> Table {
    let lang = report.language;
    let columns = ["step", "how", "points", "time", "time-reference", "users", "users-reference", "cost", "cost-reference"];
    let with_reference = !report.reference.is_empty();
    let keep = |name: &&str| with_reference || !name.ends_with("-reference");
    let columns: Vec<&str> = columns.into_iter().filter(keep).collect();
    let row = |(at, step): (usize, &StepGrade)| {
        let reference = report.reference.get(at);
        let is_run = step.outcome.took.as_secs_f64() > 0.0;
        let measured = |text: String| Cell::from(if is_run { lang.figure(&text) } else { NONE.to_owned() });
        let cell = |column: &&str| -> Cell {
            match *column {
                "step" => report.titles[at].clone().into(),
                "how" => how(lang, step),
                "points" if step.most == 0 => NONE.into(),
                "points" => format!("{} / {}", step.points, step.most).into(),
                "time" => measured(span(step.outcome.took.as_secs_f64())),
                "time-reference" => measured(reference.map_or_else(|| NONE.to_owned(), |of| span(of.took.as_secs_f64()))),
                "users" => measured(count(step.outcome.users_hurt)),
                "users-reference" => measured(reference.map_or_else(|| NONE.to_owned(), |of| count(of.users_hurt))),
                "cost" => measured(dollars(step.outcome.cost)),
                _ => measured(reference.map_or_else(|| NONE.to_owned(), |of| dollars(of.cost))),
            }
        };
        columns.iter().map(cell).collect()
    };
    let rows = report.grade.steps.iter().enumerate().map(row).collect();
    let heads = columns.iter().map(|name| lang.find(&format!("report.lesson.column.{name}")).unwrap_or_default().into_owned());
    Table { columns: heads.collect(), left: 2, last_left: false, rows }
}

/// How a task was done, and what that adds to its points or takes away.
pub(crate) fn worth(lang: Lang, step: &StepGrade) -> String {
    let mut text = if step.hints == 0 { lang.tr("lesson.end.alone").into_owned() } else { lang.counted("hints", step.hints as usize) };
    if step.cost > 0 {
        text = format!("{text} (−{})", step.cost);
    }
    if step.extra > 0 {
        text = lang.with("lesson.end.extra", &[("text", &text), ("points", &step.extra.to_string())]);
    }
    text
}

/// How a step was done.
fn how(lang: Lang, step: &StepGrade) -> Cell {
    if step.skipped {
        return Cell::from(lang.tr("report.lesson.skipped").into_owned()).toned(Tone::Warning);
    }
    if let Some((right, all)) = step.quiz {
        let tone = if right == all { Tone::Good } else { Tone::Warning };
        return Cell::from(lang.with("lesson.end.quiz", &[("right", &right.to_string()), ("count", &all.to_string())])).toned(tone);
    }
    match (step.most, step.shown, step.hints) {
        (0, ..) => NONE.into(),
        (_, true, _) => Cell::from(lang.tr("lesson.end.shown").into_owned()).toned(Tone::Warning),
        (_, false, hints) => Cell::from(worth(lang, step)).toned(if hints == 0 { Tone::Good } else { Tone::Plain }),
    }
}
