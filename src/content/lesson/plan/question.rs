//! What is asked of a learner: predictions before a run, and the questions of a quiz.

use super::{Here, Planner};
use crate::content::diagnostic::{Code, Finding};
use crate::content::lesson::raw::{PredictFile, QuestionFile};
use crate::content::raw::Entries;
use crate::content::tree::At;
use crate::lesson::kind::Kind;
use crate::lesson::plan::{NumberAsked, Prediction, Question, RightAnswer};

impl Planner<'_> {
    pub(super) fn prediction(&mut self, file: &PredictFile, at: &At<'_>, here: Here<'_>) -> Option<Prediction> {
        let given = [("options", file.options.is_some()), ("number", file.number.is_some()), ("curve", file.curve.is_some())];
        if given.iter().filter(|(_, given)| *given).count() != 1 {
            let finding = Finding::error(Code::Impossible, "what is to be predicted?").label("needs one of `options`, `number` and `curve`");
            self.report(at, finding);
            return None;
        }
        if file.answer.is_some() && file.options.is_none() {
            self.report(&at.key("answer"), Finding::error(Code::Impossible, "only a choice between options has an `answer` beside it"));
        }
        if let Some(options) = &file.options {
            let options_at = at.key("options");
            let mut read = Vec::new();
            for (id, when) in options.iter() {
                let at = options_at.key(id);
                self.id(id, std::iter::empty(), &at.as_key());
                if let Some(when) = self.expression(when, Kind::Truth, &at, here) {
                    read.push((id.to_owned(), when));
                }
            }
            if options.len() < 2 {
                self.report(&options_at, Finding::error(Code::Impossible, "a choice has at least two options"));
            }
            let Some(answer) = &file.answer else {
                if !self.draws.is_empty() {
                    return Some(Prediction::Option { options: read, answer: None });
                }
                self.report(&options_at, Finding::error(Code::MissingKey, "which option comes true?").label("needs `answer` beside it"));
                return None;
            };
            self.one_of(answer, options.names(), "option", &at.key("answer"));
            return Some(Prediction::Option { options: read, answer: Some(answer.clone()) });
        }
        if let Some(number) = &file.number {
            let at = at.key("number");
            let ask = self.expression(&number.ask, Kind::Number, &at.key("ask"), here)?;
            return Some(Prediction::Number(NumberAsked { ask, unit: number.unit.clone(), answer: number.answer, near: number.near.get() }));
        }
        let curve = file.curve.as_ref()?;
        let at = at.key("curve");
        self.count(u64::from(curve.points), 2, 200, &at.key("points"));
        if !(curve.most > 0.0 && curve.most.is_finite()) {
            self.report(&at.key("most"), Finding::error(Code::Impossible, "the axis of a curve ends above 0"));
        }
        let ask = self.expression(&curve.ask, Kind::Number, &at.key("ask"), here)?;
        Some(Prediction::Curve { ask, unit: curve.unit.clone(), most: curve.most, points: curve.points })
    }

    pub(super) fn quiz(&mut self, file: &Entries<QuestionFile>, at: &At<'_>) -> Vec<Question> {
        let mut questions = Vec::new();
        for (id, question) in file.iter() {
            let at = at.key(id);
            self.id(id, std::iter::empty(), &at.as_key());
            let answer = match (&question.number, &question.answer) {
                (Some(number), None) if question.options.is_empty() => {
                    if question.tolerance < 0.0 || !question.tolerance.is_finite() {
                        self.report(&at.key("tolerance"), Finding::error(Code::Impossible, "a tolerance is 0 or more: nobody could answer right"));
                    }
                    RightAnswer::Number { answer: *number, unit: question.unit.clone(), tolerance: question.tolerance.max(0.0) }
                }
                (None, Some(answer)) if question.options.len() >= 2 => {
                    for (n, option) in question.options.iter().enumerate() {
                        let options_at = at.key("options");
                        self.id(option, question.options[..n].iter().map(String::as_str), &options_at.index(n));
                    }
                    self.one_of(answer, question.options.iter().map(String::as_str), "option", &at.key("answer"));
                    RightAnswer::Option { options: question.options.clone(), answer: answer.clone() }
                }
                _ => {
                    let finding = Finding::error(Code::Impossible, "what is the right answer?");
                    self.report(&at, finding.help("write `options` (two or more) with an `answer`, or a `number`"));
                    continue;
                }
            };
            questions.push(Question { id: id.to_owned(), answer });
        }
        if file.is_empty() {
            self.report(at, Finding::error(Code::MissingKey, "a quiz has at least one question"));
        }
        questions
    }
}
