//! Numbers with units that texts say: finding them in English and Vietnamese, so that each can be held against its source.

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::lang::Lang;

/// Units as texts write them, and what they are called among facts.
const UNITS: &[(&str, &str)] = &[
    ("requests/s", "/s"),
    ("request/s", "/s"),
    ("req/s", "/s"),
    ("/giây", "/s"),
    ("/s", "/s"),
    ("rps", "/s"),
    ("%", "%"),
    ("per cent", "%"),
    ("percent", "%"),
    ("phần trăm", "%"),
    ("milliseconds", "ms"),
    ("mili giây", "ms"),
    ("ms", "ms"),
    ("µs", "µs"),
    ("μs", "µs"),
    ("minutes", "min"),
    ("minute", "min"),
    ("min", "min"),
    ("phút", "min"),
    ("seconds", "s"),
    ("second", "s"),
    ("giây", "s"),
    ("s", "s"),
    ("hours", "h"),
    ("hour", "h"),
    ("giờ", "h"),
    ("h", "h"),
    ("days", "days"),
    ("day", "days"),
    ("ngày", "days"),
    ("MiB", "MiB"),
    ("GiB", "GiB"),
    ("MB", "MB"),
    ("GB", "GB"),
];

static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    let units = UNITS.iter().map(|(written, _)| regex_lite::escape(written)).collect::<Vec<_>>().join("|");
    Regex::new(&format!(r"(\d[\d.,]*\d|\d)[ \x{{a0}}-]?({units})")).expect("the units are escaped")
});

/// A number with its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The number.
    pub number: f64,
    /// Its unit, as facts call it.
    pub unit: &'static str,
    /// Where it stands in the text [bytes].
    pub at: std::ops::Range<usize>,
}

/// The number and the unit that a fact is about; `None` if it is not a number with a unit.
pub fn number(fact: &str) -> Option<(f64, &'static str)> {
    let said = said(fact, Lang::En);
    match said.as_slice() {
        [one] if one.at == (0..fact.len()) => Some((one.number, one.unit)),
        _ => None,
    }
}

/// The numbers with units that a text says, except in code.
pub fn said(text: &str, lang: Lang) -> Vec<Said> {
    let is_code = |at: usize| text[..at].matches('`').count() % 2 == 1;
    let found = NUMBER.captures_iter(text).filter_map(|captures| {
        let (whole, digits, unit) = (captures.get(0)?, captures.get(1)?, captures.get(2)?);
        // `p99 s…` is no number, nor is `v2-s…`; and a unit ends where its word ends.
        let before = text[..whole.start()].chars().next_back();
        let after = text[whole.end()..].chars().next();
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let ends_in_a_letter = unit.as_str().ends_with(char::is_alphabetic);
        if is_word(before) || before == Some('-') || (ends_in_a_letter && is_word(after)) || is_code(whole.start()) {
            return None;
        }
        let (_, unit) = UNITS.iter().find(|(written, _)| *written == unit.as_str())?;
        let plain = match lang {
            Lang::En => digits.as_str().replace(',', ""),
            Lang::Vi => digits.as_str().replace('.', "").replace(',', "."),
        };
        Some(Said { number: plain.parse().ok()?, unit, at: whole.range() })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str, lang: Lang) -> Vec<(f64, &'static str)> {
        said(text, lang).into_iter().map(|said| (said.number, said.unit)).collect()
    }

    #[test]
    fn numbers_with_units_are_found_as_each_language_writes_them() {
        let en = "An error ratio of 0.5 % for 5 minutes at 1,200 requests/s; p99 stays at 250 ms.";
        let vi = "Tỷ lệ lỗi 0,5 % trong 5 phút ở 1.200 request/s; p99 giữ ở 250 ms.";
        let expected = [(0.5, "%"), (5.0, "min"), (1200.0, "/s"), (250.0, "ms")];
        assert_eq!(numbers("a 37-ms delay, 5 percent of 40 rps, 64 MB", Lang::En), [(37.0, "ms"), (5.0, "%"), (40.0, "/s"), (64.0, "MB")]);
        assert_eq!(numbers("trễ 37 mili giây, 5 phần trăm", Lang::Vi), [(37.0, "ms"), (5.0, "%")]);
        assert_eq!(numbers(en, Lang::En), expected);
        assert_eq!(numbers(vi, Lang::Vi), expected);
    }

    #[test]
    fn what_only_looks_like_a_number_with_a_unit_is_none() {
        for text in ["p99 spikes", "v2 hotfix", "lesson 3 starts", "`error_ratio < 5 %`", "10 services", "step-2 s", "3 suốt"] {
            assert_eq!(numbers(text, Lang::En), [], "{text}");
        }
    }

    #[test]
    fn a_fact_is_one_number_and_nothing_else() {
        assert_eq!(number("99.9 %"), Some((99.9, "%")));
        assert_eq!(number("60/s"), Some((60.0, "/s")));
        assert_eq!(number("about 5 min"), None);
        assert_eq!(number("5"), None);
    }
}
