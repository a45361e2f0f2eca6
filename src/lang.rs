//! Languages: every sentence for people comes from `assets/i18n/*.yml` through [`Lang`], in English or Vietnamese.
//!
//! The trade's own terms (deployment, p99, circuit breaker) stay English in both languages; the window explains them in
//! tooltips. To add a sentence, add its key to both files; a test of the window's finds keys that only one of them has.

use std::borrow::Cow;

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::phrase::{Sentence, Value};

/// A language of the app and of reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Vietnamese.
    Vi,
}

impl Lang {
    /// All languages, with their own names.
    pub(crate) const ALL: [(Self, &'static str); 2] = [(Self::En, "English"), (Self::Vi, "Tiếng Việt")];

    /// The code that translations and scenarios use.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Vi => "vi",
        }
    }

    /// The sentence of `key`.
    pub(crate) fn tr(self, key: &'static str) -> Cow<'static, str> {
        crate::words::_rust_i18n_translate(self.code(), key)
    }

    /// The sentence of a key that is put together at run time, if there is one.
    pub(crate) fn find(self, key: &str) -> Option<Cow<'static, str>> {
        crate::words::_rust_i18n_try_translate(self.code(), key)
    }

    /// A number of things: `count.THINGS.one` for one of them, `count.THINGS` otherwise.
    pub(crate) fn counted(self, things: &str, count: usize) -> String {
        let key = format!("count.{things}");
        let one = (count == 1).then(|| self.find(&format!("{key}.one"))).flatten();
        one.or_else(|| self.find(&key)).unwrap_or_default().replace("%{count}", &count.to_string())
    }

    /// The sentence of `key` with each `%{name}` replaced: `key.one` if it is about one of something, where the language tells
    /// one from several.
    pub(crate) fn with_count(self, key: &'static str, count: usize, values: &[(&str, &str)]) -> String {
        let one = (count == 1).then(|| self.find(&format!("{key}.one"))).flatten();
        filled(&one.unwrap_or_else(|| self.tr(key)), values)
    }

    /// What the simulation says, without the marks around names: for tables and lists.
    pub(crate) fn say_plainly(self, sentence: &Sentence) -> String {
        self.say(sentence).replace('`', "")
    }

    /// What the simulation says: `said.KEY` with its values, or the English if no translation has it.
    pub(crate) fn say(self, sentence: &Sentence) -> String {
        // One of something is not several, where the language tells them apart.
        let single = sentence.values.iter().any(|(name, value)| *name == "count" && matches!(value, Value::Plain(plain) if plain == "1"));
        let one = || if single { self.find(&format!("said.{}.one", sentence.key)) } else { None };
        let Some(template) = one().or_else(|| self.find(&format!("said.{}", sentence.key))) else { return sentence.english.clone() };
        sentence.values.iter().fold(template.into_owned(), |text, (name, value)| {
            let value = match value {
                // What is a measure has the decimal sign of the language; what is a name stays as it is.
                Value::Plain(plain) if matches!(*name, "percent" | "factor") => self.figure(plain),
                // Files name a strategy for machines; people have a name of their own for it.
                Value::Plain(plain) if *name == "strategy" => self.find(&format!("strategy.{plain}.name")).map_or_else(|| plain.clone(), Cow::into_owned),
                Value::Plain(plain) => plain.clone(),
                Value::Sentence(inner) => self.say(inner),
            };
            text.replace(&format!("%{{{name}}}"), &value)
        })
    }

    /// The sentence of `key` with each `%{name}` replaced.
    pub(crate) fn with(self, key: &'static str, values: &[(&str, &str)]) -> String {
        filled(&self.tr(key), values)
    }

    /// The same for a key that is put together at run time; the key itself if there is no such sentence.
    pub(crate) fn find_with(self, key: &str, values: &[(&str, &str)]) -> String {
        self.find(key).map_or_else(|| key.to_owned(), |text| filled(&text, values))
    }

    /// A number that is written as in English (`4,321.5`), as the language writes it: Vietnamese has a comma before decimals
    /// and a point between thousands.
    pub(crate) fn figure(self, english: &str) -> String {
        match self {
            Self::En => english.to_owned(),
            Self::Vi => {
                let swapped = |character: char| match character {
                    '.' => ',',
                    ',' => '.',
                    other => other,
                };
                let text = english.chars().map(swapped).collect::<String>().replace(" days", " ngày");
                // A figure ends in its unit, after a space that may not be broken at.
                match text.rsplit_once([' ', '\u{a0}']) {
                    Some((number, unit)) if self.unit(unit) != unit => {
                        let space = &text[number.len()..text.len() - unit.len()];
                        format!("{number}{space}{}", self.unit(unit))
                    }
                    _ => text,
                }
            }
        }
    }

    /// A unit of time as the language writes it: minutes and longer have words of their own in Vietnamese.
    pub(crate) fn unit(self, unit: &str) -> &str {
        match (self, unit) {
            (Self::Vi, "min") => "phút",
            (Self::Vi, "h") => "giờ",
            (Self::Vi, "d") => "ngày",
            _ => unit,
        }
    }

    /// `a`, `a and b`, `a, b and c`.
    pub(crate) fn and(self, parts: &[String]) -> String {
        match parts {
            [] => String::new(),
            [one] => one.clone(),
            [most @ .., last] => format!("{} {} {last}", most.join(", "), self.tr("and")),
        }
    }
}

/// A template with each `%{name}` replaced, from its beginning to its end: what a value brings is not looked at again.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("%{") {
        text.push_str(before);
        let found = after.split_once('}').and_then(|(name, after)| Some((values.iter().find(|(known, _)| *known == name)?.1, after)));
        if let Some((value, after)) = found {
            text.push_str(value);
            rest = after;
        } else {
            text.push_str("%{");
            rest = after;
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_each_language_does() {
        assert_eq!(["4,321.5", "601 %", "2.1 days"].map(|text| Lang::Vi.figure(text)), ["4.321,5", "601 %", "2,1 ngày"]);
        assert_eq!(Lang::En.figure("4,321.5"), "4,321.5");
    }

    #[test]
    fn a_value_that_looks_like_a_hole_is_left_alone() {
        assert_eq!(filled("%{a} and %{b}", &[("a", "%{b}"), ("b", "2")]), "%{b} and 2");
        assert_eq!(filled("100 %{odd", &[("odd", "no")]), "100 %{odd");
    }

    #[test]
    fn several_things_are_listed_with_an_and_before_the_last() {
        let parts = ["a", "b", "c"].map(str::to_owned);
        assert_eq!((Lang::En.and(&parts), Lang::Vi.and(&parts), Lang::En.and(&parts[..1])), ("a, b and c".into(), "a, b và c".into(), "a".into()));
    }
}
