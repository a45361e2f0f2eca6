//! What a lesson says, in one language. Texts are Markdown; `{name}` quotes a live value of the step, `{name.theory}` what
//! theory says of it, `{step.name}` a value of an earlier step.
//!
//! The keys are those of the lesson's structure, and `content/lesson` sees to it that none is missing and none is left over.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// The texts of a lesson in one language (`en.toml`, `vi.toml`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Texts of a Fleetlab lesson", rename = "LessonTexts")]
pub struct LessonTexts {
    /// Its title.
    pub title: String,
    /// What somebody can do or say who has finished it, in a sentence.
    pub summary: String,
    /// The texts of each step, by its name.
    #[serde(default)]
    pub step: BTreeMap<String, StepTexts>,
}

/// What one step says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepTexts {
    /// Its title.
    pub title: String,
    /// What it tells, before anything is done.
    pub text: String,
    /// What is to be done, in a sentence or two. For steps with a goal, and for predictions: the question.
    #[serde(default)]
    pub task: String,
    /// What is to be learnt from what happened; shown once the step is done.
    #[serde(default)]
    pub explain: String,
    /// Hints, in the order in which they are given.
    #[serde(default)]
    pub hints: Vec<String>,
    /// What each goal asks for, by its name.
    #[serde(default)]
    pub goals: BTreeMap<String, String>,
    /// What is said to somebody who has a misconception, by its name.
    #[serde(default)]
    pub misconceptions: BTreeMap<String, String>,
    /// The options of a prediction, by their names.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// What is said to somebody who chose an option of a prediction that does not come true, by its name.
    #[serde(default)]
    pub feedback: BTreeMap<String, String>,
    /// The questions of a quiz, by their names.
    #[serde(default)]
    pub questions: BTreeMap<String, QuestionTexts>,
    /// What a teacher would say, for a step of reflection.
    #[serde(default)]
    pub model: String,
}

/// What a question of a quiz says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionTexts {
    /// The question.
    pub ask: String,
    /// The options, by their names.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Why the right answer is right.
    pub explain: String,
}

impl StepTexts {
    /// All sentences in which values may be quoted, with the key of each.
    pub fn sentences(&self) -> impl Iterator<Item = (String, &str)> {
        let plain = [("title", &self.title), ("text", &self.text), ("task", &self.task), ("explain", &self.explain), ("model", &self.model)];
        let maps = [("goals", &self.goals), ("misconceptions", &self.misconceptions), ("options", &self.options), ("feedback", &self.feedback)];
        let plain = plain.into_iter().map(|(key, text)| (key.to_owned(), text.as_str()));
        let hints = self.hints.iter().enumerate().map(|(at, text)| (format!("hints[{at}]"), text.as_str()));
        let maps = maps.into_iter().flat_map(|(key, map)| map.iter().map(move |(name, text)| (format!("{key}.{name}"), text.as_str())));
        let questions = self.questions.iter().flat_map(|(id, question)| {
            let of = |key: &str| format!("questions.{id}.{key}");
            let options = question.options.iter().map(move |(name, text)| (format!("questions.{id}.options.{name}"), text.as_str()));
            [(of("ask"), question.ask.as_str()), (of("explain"), question.explain.as_str())].into_iter().chain(options)
        });
        plain.chain(hints).chain(maps).chain(questions)
    }
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it is.
    Plain(&'a str),
    /// A value that is quoted, by its name.
    Quote(&'a str),
}

/// The pieces of a text. A brace that quotes nothing is a brace.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut plain = 0;
    while let Some(open) = rest[plain..].find('{').map(|at| at + plain) {
        let name = rest[open + 1..].split('}').next().filter(|name| rest[open + 1 + name.len()..].starts_with('}') && is_quote(name));
        if let Some(name) = name {
            if open > 0 {
                pieces.push(Piece::Plain(&rest[..open]));
            }
            pieces.push(Piece::Quote(name));
            rest = &rest[open + name.len() + 2..];
            plain = 0;
        } else {
            plain = open + 1;
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest));
    }
    pieces
}

/// Whether what stands in braces can name a value: `name`, `step.name`, each with letters, digits and `-`.
fn is_quote(name: &str) -> bool {
    !name.is_empty() && name.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_by_name_and_other_braces_stay() {
        let read = pieces("Theory {mean.theory}, your run {mean}: `{ deploy = {} }`");
        let expected =
            [Piece::Plain("Theory "), Piece::Quote("mean.theory"), Piece::Plain(", your run "), Piece::Quote("mean"), Piece::Plain(": `{ deploy = {} }`")];
        assert_eq!(read, expected);
        assert_eq!(pieces("{"), [Piece::Plain("{")]);
        assert_eq!(pieces("{a b} {c.}"), [Piece::Plain("{a b} {c.}")]);
        assert!(pieces("").is_empty());
    }
}
