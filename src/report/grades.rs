//! The table of an instructor: every work of a room, graded or refused.

use std::collections::BTreeMap;

use serde::Serialize;

use super::document::{Block, Cell, Document, Table, Tone};
use crate::figures::{NONE, count, span};
use crate::lang::Lang;
use crate::lesson::grade::{self, Grade};

/// All works of a folder.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Grades {
    /// The language.
    pub language: Lang,
    /// Each file.
    pub works: Vec<Graded>,
}

/// One file.
#[derive(Debug, Clone, Serialize)]
pub struct Graded {
    /// The file's name.
    pub file: String,
    /// What it came to; `None` if it was refused.
    pub grade: Option<Grade>,
    /// Why it was refused, in the language of the table.
    pub refused: Option<String>,
    /// Files of other learners in which the same was done at the same moments, and other files with the same work.
    pub same_as: Vec<String>,
}

/// The columns of the CSV file.
const COLUMNS: [&str; 16] = [
    "file",
    "learner",
    "lesson",
    "seed",
    "finished",
    "test",
    "points",
    "most_points",
    "predictions_right",
    "predictions",
    "hints",
    "solutions_watched",
    "steps_skipped",
    "simulated_seconds",
    "users_hurt",
    "remark",
];

/// What one line of the table is about.
struct Line<'a> {
    grade: &'a Grade,
    watched: usize,
    skipped: usize,
    hurt: u64,
}

impl<'a> Line<'a> {
    fn of(grade: &'a Grade) -> Self {
        Self {
            grade,
            watched: grade.steps.iter().filter(|step| step.shown).count(),
            // What does not belong to a test is not skipped by whoever takes it.
            skipped: if grade.test.is_some() { 0 } else { grade.steps.iter().filter(|step| step.skipped).count() },
            hurt: grade.steps.iter().map(|step| step.outcome.users_hurt).sum(),
        }
    }
}

/// The grades as CSV, with a line for each file.
pub fn csv(grades: &Grades) -> Result<String, csv::Error> {
    // Spreadsheets take a file without this mark for one in the letters of the machine, and spoil Vietnamese names.
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(COLUMNS)?;
    for work in &grades.works {
        let remark = remark(work, Lang::En).unwrap_or_default();
        let mut record = vec![work.file.clone()];
        match work.grade.as_ref().map(Line::of) {
            Some(Line { grade, watched, skipped, hurt }) => record.extend([
                grade.learner.clone(),
                grade.lesson.clone(),
                grade.seed.to_string(),
                grade.finished.to_string(),
                grade.test.map_or("", |passed| if passed { "passed" } else { "failed" }).to_owned(),
                grade.points.to_string(),
                grade.most.to_string(),
                grade.came_true.to_string(),
                grade.predictions.to_string(),
                grade.hints.to_string(),
                watched.to_string(),
                skipped.to_string(),
                grade::took(grade).as_secs_f64().to_string(),
                hurt.to_string(),
            ]),
            None => record.resize(COLUMNS.len() - 1, String::new()),
        }
        record.push(remark);
        writer.write_record(record.iter().map(|field| harmless(field)))?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A field that no spreadsheet takes for a formula: names come from strangers.
fn harmless(field: &str) -> String {
    let is_formula = field.starts_with(['=', '+', '@', '\t', '\r']) || (field.starts_with('-') && field.parse::<f64>().is_err());
    if is_formula { format!("'{field}") } else { field.to_owned() }
}

fn remark(work: &Graded, lang: Lang) -> Option<String> {
    let refused = work.refused.as_ref().map(|why| lang.with("report.grades.refused", &[("why", why)]));
    let same = (!work.same_as.is_empty()).then(|| lang.with("report.grades.same", &[("files", &work.same_as.join(", "))]));
    refused.or(same)
}

/// The grades as a document.
pub(super) fn tell(grades: &Grades) -> Document {
    let lang = grades.language;
    let refused = grades.works.iter().filter(|work| work.grade.is_none()).count();
    let [all, bad] = [grades.works.len(), refused].map(|count| count.to_string());
    let mut blocks = vec![Block::Text(lang.with_count("report.grades.count", grades.works.len(), &[("count", &all), ("refused", &bad)]))];
    let mut lessons: BTreeMap<&str, Vec<&Graded>> = BTreeMap::new();
    for work in &grades.works {
        lessons.entry(work.grade.as_ref().map_or("", |grade| grade.lesson.as_str())).or_default().push(work);
    }
    for (lesson, mut works) in lessons {
        let title = if lesson.is_empty() { lang.tr("report.grades.not-graded").into_owned() } else { lesson.to_owned() };
        blocks.push(Block::Heading(title));
        works.sort_by(|a, b| (&a.grade.as_ref().map(|grade| &grade.learner), &a.file).cmp(&(&b.grade.as_ref().map(|grade| &grade.learner), &b.file)));
        if lesson.is_empty() {
            blocks.push(Block::Items(works.iter().map(|work| format!("`{}`: {}", work.file, work.refused.as_deref().unwrap_or_default())).collect()));
            continue;
        }
        let columns = ["learner", "file", "points", "predictions", "hints", "watched", "skipped", "time", "users", "remark"];
        let heads = columns.iter().map(|name| lang.find(&format!("report.grades.column.{name}")).unwrap_or_default().into_owned());
        let rows = works.iter().filter_map(|work| Some(row(work, &Line::of(work.grade.as_ref()?), lang)));
        blocks.push(Block::Table(Table { columns: heads.collect(), left: 2, last_left: true, rows: rows.collect() }));
    }
    Document { title: lang.tr("report.grades.title").into_owned(), lang, blocks }
}

fn row(work: &Graded, line: &Line<'_>, lang: Lang) -> Vec<Cell> {
    let grade = line.grade;
    let told = match (grade.test, grade.finished) {
        (Some(true), _) => Some(("report.grades.test.passed", Tone::Plain)),
        (Some(false), _) => Some(("report.grades.test.failed", Tone::Warning)),
        (None, false) => Some(("report.grades.unfinished", Tone::Warning)),
        (None, true) => None,
    };
    let told = told.map(|(key, tone)| Cell::from(lang.tr(key).into_owned()).toned(tone));
    let remark = remark(work, lang).map(|text| Cell::from(text).toned(Tone::Warning)).or(told);
    vec![
        if grade.learner.is_empty() { NONE.into() } else { grade.learner.as_str().into() },
        work.file.as_str().into(),
        Cell::from(format!("{} / {}", grade.points, grade.most)).toned(if grade.points >= grade.most { Tone::Good } else { Tone::Plain }),
        format!("{} / {}", grade.came_true, grade.predictions).into(),
        grade.hints.to_string().into(),
        line.watched.to_string().into(),
        line.skipped.to_string().into(),
        lang.figure(&span(grade::took(grade).as_secs_f64())).into(),
        lang.figure(&count(line.hurt)).into(),
        remark.unwrap_or_else(|| NONE.into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_strangers_are_no_formulas_in_a_spreadsheet() {
        let grade = Grade { learner: "=HYPERLINK(\"x\")".to_owned(), ..Grade::default() };
        let works = vec![Graded { file: "a,b.json".to_owned(), grade: Some(grade), refused: None, same_as: Vec::new() }];
        let text = csv(&Grades { language: Lang::En, works }).expect("a table");
        assert!(text.contains("\"a,b.json\",\"'=HYPERLINK(\"\"x\"\")\""), "{text}");
        assert_eq!(text.lines().count(), 2);
    }
}
