//! What a lesson measures: values that texts quote, numbers that they say, expressions.

use std::sync::Arc;

use super::{Here, Planner};
use crate::content::diagnostic::{Code, Finding};
use crate::content::lesson::raw::ValueFile;
use crate::content::lesson::within;
use crate::content::tree::At;
use crate::lesson::expression::{Expression, ExpressionError, Names};
use crate::lesson::facts;
use crate::lesson::kind::Kind;
use crate::lesson::plan::{Fact, LiveValue, Step, Theory};
use crate::wording::{listed, nearest, shown};

impl Planner<'_> {
    pub(super) fn value(&mut self, name: &str, file: &ValueFile, at: &At<'_>, here: Here<'_>) -> Option<LiveValue> {
        self.id(name, std::iter::empty(), &at.as_key());
        self.count(u64::from(file.digits), 0, 6, &at.key("digits"));
        let ask = self.expression(&file.ask, Kind::Open, &at.key("ask"), here);
        let theory_at = at.key("theory");
        let theory = match &file.theory {
            None => None,
            Some(theory) => {
                let number = self.expression(&theory.number, Kind::Number, &theory_at.key("number"), here)?;
                Some(Theory { number, formula: theory.formula.clone(), source: theory.source.clone(), near: theory.near.get() })
            }
        };
        Some(LiveValue { name: name.to_owned(), ask: ask?, unit: file.unit.clone(), digits: file.digits as usize, theory })
    }

    pub(super) fn facts(&mut self, steps: &[Step]) -> Vec<Fact> {
        let all = At::ROOT.key("facts");
        let mut facts = Vec::new();
        for (text, fact) in self.file.facts.iter() {
            let at = all.key(text);
            if facts::number(text).is_none() {
                let finding = Finding::error(Code::BadName, format!("`{}` is no number with a unit", shown(text)));
                self.report(
                    &at.as_key(),
                    finding
                        .help("write it as English does, such as \"99.9 %\" or \"5 min\"; units are %, ms, s, min, h, days, /s, users, requests, calls and $"),
                );
            }
            if fact.source.trim().is_empty() {
                self.report(&at.key("source"), Finding::error(Code::MissingKey, "where does it come from?"));
            }
            let measured = match (&fact.step, &fact.ask) {
                (None, None) => None,
                (Some(step), Some(ask)) => {
                    self.one_of(step, steps.iter().map(|step| step.id.as_str()), "step", &at.key("step"));
                    let scenario = steps.iter().find(|known| known.id == *step).map(|step| Arc::clone(&step.scenario));
                    let recalled = self.recalled.clone();
                    let read = scenario.map(|scenario| {
                        Expression::read(ask, &Names { scenario: &scenario, recalled: &recalled, draws: &[] }).and_then(|ask| ask.of_kind(Kind::Number))
                    });
                    match read {
                        Some(Ok(ask)) => Some((step.clone(), ask, fact.near.get())),
                        Some(Err(error)) => {
                            self.expression_error(ask, &error, &at.key("ask"));
                            None
                        }
                        None => None,
                    }
                }
                _ => {
                    self.report(&at.as_key(), Finding::error(Code::MissingKey, "what is measured has both `step` and `ask`"));
                    None
                }
            };
            facts.push(Fact { text: text.to_owned(), source: fact.source.clone(), measured });
        }
        facts
    }

    /// An expression that comes to a value of a kind.
    pub(super) fn expression(&mut self, text: &str, kind: Kind, at: &At<'_>, here: Here<'_>) -> Option<Expression> {
        let read = Expression::read(text, &Names { scenario: here.scenario, recalled: &self.recalled, draws: &self.draws });
        match read.and_then(|expression| expression.of_kind(kind)) {
            Ok(expression) => Some(expression),
            Err(error) => {
                self.expression_error(text, &error, at);
                // Something stands for it, so that words and names that belong to it are not told to be wrong as well.
                Expression::read(if kind == Kind::Truth { "true" } else { "0" }, &Names::of(here.scenario)).ok()
            }
        }
    }

    pub(super) fn expression_error(&mut self, text: &str, error: &ExpressionError, at: &At<'_>) {
        let whole = self.tree.place_of(&at.segments());
        let start = text.char_indices().nth(error.at).map_or(text.len(), |(at, _)| at);
        let end = start + text[start..].chars().next().map_or(0, char::len_utf8);
        let place = within(&whole, text, start..end, self.collector);
        let meant = error.message.split('`').nth(1).and_then(|name| nearest(name, error.known.iter().map(String::as_str)));
        let known = || listed(error.known.iter().map(String::as_str)).map(|names| format!("there are {names}"));
        self.collector.add(&place, Finding::error(Code::BadValue, error.message.clone()).label("here").suggest(meant, known));
    }
}
