//! Whether a lesson says the same in all its languages: nothing stays as it was copied, and each sentence quotes the same values.
//!
//! That every key is there is found when a lesson is read (`content/lesson`). What is found here is told there as a warning, so
//! that a lesson can be tried before it is translated, and refused by the proof.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::texts::{LessonTexts, Piece, pieces};
use crate::lang::Lang;

/// From how many words on a text is a sentence, and the same sentence in two languages is a copy: below it are names and terms.
const SENTENCE: usize = 5;

/// A text that does not say what it says in another language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untranslated {
    /// The language that lacks it.
    pub lang: Lang,
    /// The step; `None` for what is said of the whole lesson.
    pub step: Option<String>,
    /// Which of its texts, as in `hints[1]`.
    pub key: String,
    /// What is wrong with it.
    pub lack: Lack,
}

/// What a text lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// It is the same as in this language.
    Copied(Lang),
    /// It has no letter with a mark, which every Vietnamese sentence has.
    NoMarks,
    /// It does not quote these values, which it quotes in this language.
    Quotes(Lang, Vec<String>),
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copied(from) => write!(f, "it is the same as in `{}`", from.code()),
            Self::NoMarks => f.write_str("no letter of it is Vietnamese"),
            Self::Quotes(other, values) => {
                let values: Vec<String> = values.iter().map(|value| format!("`{{{value}}}`")).collect();
                write!(f, "it does not quote {}, as it does in `{}`", values.join(" and "), other.code())
            }
        }
    }
}

impl fmt::Display for Untranslated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` in `{}`: {}", self.key, self.lang.code(), self.lack)
    }
}

/// The texts that say less in one language than in another.
pub fn untranslated(texts: &BTreeMap<Lang, LessonTexts>) -> Vec<Untranslated> {
    let mut languages = texts.iter();
    let Some((first, reference)) = languages.next() else { return Vec::new() };
    let reference = by_key(reference);
    let mut found = Vec::new();
    for (lang, texts) in languages {
        let here = by_key(texts);
        // What only one of them has is told when a lesson is read.
        for ((step, key), text) in &here {
            let Some(other) = reference.get(&(*step, key.clone())) else { continue };
            let mut add = |lang: Lang, lack: Lack| found.push(Untranslated { lang, step: step.map(str::to_owned), key: key.clone(), lack });
            if text.trim() == other.trim() && words(text) >= SENTENCE {
                add(*lang, Lack::Copied(*first));
            } else if *lang == Lang::Vi && words(text) >= SENTENCE && !plain(text).chars().any(|letter| letter.is_alphabetic() && !letter.is_ascii()) {
                add(*lang, Lack::NoMarks);
            }
            let (quoted, wanted) = (quotes(text), quotes(other));
            for (lang, other, lacks) in [(*lang, *first, &wanted - &quoted), (*first, *lang, &quoted - &wanted)] {
                if !lacks.is_empty() {
                    add(lang, Lack::Quotes(other, lacks.into_iter().map(str::to_owned).collect()));
                }
            }
        }
    }
    found
}

/// Every text with its step and key.
fn by_key(texts: &LessonTexts) -> BTreeMap<(Option<&str>, String), &str> {
    let whole = [("title", &texts.title), ("summary", &texts.summary)].map(|(key, text)| ((None, key.to_owned()), text.as_str()));
    let steps = texts.step.iter().flat_map(|(id, step)| step.sentences().map(move |(key, text)| ((Some(id.as_str()), key), text)));
    whole.into_iter().chain(steps).collect()
}

/// The values that a text quotes.
fn quotes(text: &str) -> BTreeSet<&str> {
    pieces(text).into_iter().filter_map(|piece| if let Piece::Quote(name) = piece { Some(name) } else { None }).collect()
}

/// A text without its code and without what it quotes.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split('`').step_by(2).collect();
    let words = words.join(" ");
    pieces(&words).into_iter().map(|piece| if let Piece::Plain(plain) = piece { plain } else { " " }).collect()
}

/// How many words a text has, of two letters or more.
fn words(text: &str) -> usize {
    plain(text).split_whitespace().filter(|word| word.chars().filter(|letter| letter.is_alphabetic()).count() >= 2).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::texts::StepTexts;

    fn found(en: &str, vi: &str) -> Vec<(Lang, Lack)> {
        let texts = |text: &str| {
            let step = StepTexts { text: text.to_owned(), ..StepTexts::default() };
            LessonTexts { step: BTreeMap::from([("watch".to_owned(), step)]), ..LessonTexts::default() }
        };
        let found = untranslated(&BTreeMap::from([(Lang::En, texts(en)), (Lang::Vi, texts(vi))]));
        assert!(found.iter().all(|one| one.step.as_deref() == Some("watch") && one.key == "text"), "{found:?}");
        found.into_iter().map(|one| (one.lang, one.lack)).collect()
    }

    #[test]
    fn a_sentence_that_was_copied_is_found_and_a_term_is_none() {
        let copied = vec![(Lang::Vi, Lack::Copied(Lang::En))];
        assert_eq!(found("The server is nearly full now.", "The server is nearly full now.\n"), copied);
        assert_eq!(found("Đây là một câu tiếng Việt.", "Đây là một câu tiếng Việt."), copied);
        assert_eq!(found("All at once, rolling", "All at once, rolling"), []);
        assert_eq!(found("`npm test -- --retries 2 and five more words`", "`npm test -- --retries 2 and five more words`"), []);
    }

    #[test]
    fn vietnamese_has_marks() {
        assert_eq!(found("The server is nearly full now.", "The server is almost full now."), [(Lang::Vi, Lack::NoMarks)]);
        assert_eq!(found("The server is nearly full now.", "Server gần như đã đầy tải."), []);
        assert_eq!(found("Blue/green: {a} ms", "Blue/green: {a} ms"), []);
    }

    #[test]
    fn what_one_language_quotes_the_other_one_quotes() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(found("Theory {mean.theory}, run {mean}", "Lý thuyết {mean.theory}"), [(Lang::Vi, Lack::Quotes(Lang::En, names(&["mean"])))]);
        assert_eq!(found("Your run", "Bạn: {a}, {b.c}"), [(Lang::En, Lack::Quotes(Lang::Vi, names(&["a", "b.c"])))]);
        assert_eq!(found("{a} before {b}", "{b} sau {a}, {a}"), []);
    }
}
