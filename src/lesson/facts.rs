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
    ("users", "users"),
    ("user", "users"),
    ("người dùng", "users"),
    ("people", "people"),
    ("người", "people"),
    ("requests", "requests"),
    ("request", "requests"),
    ("calls", "calls"),
    ("call", "calls"),
    ("lời gọi", "calls"),
    ("visits", "visits"),
    ("visit", "visits"),
    ("lượt", "visits"),
    ("deployments", "deployments"),
    ("deployment", "deployments"),
    ("lần deploy", "deployments"),
    ("instances", "instances"),
    ("instance", "instances"),
];
/// The unit of money, which stands before its number.
const MONEY: &str = "$";

static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    let units = UNITS.iter().map(|(written, _)| regex_lite::escape(written)).collect::<Vec<_>>().join("|");
    Regex::new(&format!(r"\$(?P<money>\d[\d.,]*\d|\d)|(?P<number>\d[\d.,]*\d|\d)[ \x{{a0}}-]?(?P<unit>{units})")).expect("the units are escaped")
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

impl Said {
    /// It, as a fact has it.
    pub fn fact(&self) -> String {
        if self.unit == MONEY { format!("{MONEY}{}", self.number) } else { format!("{} {}", self.number, self.unit) }
    }
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
        let whole = captures.get(0)?;
        let (digits, unit) = match captures.name("money") {
            Some(digits) => (digits, MONEY),
            None => (captures.name("number")?, captures.name("unit")?.as_str()),
        };
        // `p99 s…` is no number, nor is `v2-s…`; and a unit ends where its word ends.
        let before = text[..whole.start()].chars().next_back();
        let after = text[whole.end()..].chars().next();
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let ends_in_a_letter = unit.ends_with(char::is_alphabetic);
        if is_word(before) || before == Some('-') || (ends_in_a_letter && is_word(after)) || is_code(whole.start()) {
            return None;
        }
        let unit = if unit == MONEY { MONEY } else { UNITS.iter().find(|(written, _)| *written == unit)?.1 };
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
    fn what_is_counted_and_what_is_paid_are_numbers_with_units() {
        let en = "It hurt 20 users in 1,200 requests, 1 call and 50 visits; 2 instances cost $0.37, $2.";
        let vi = "Có 20 người dùng gặp lỗi trong 1.200 request, 1 lời gọi và 50 lượt; 2 instance tốn $0,37, $2.";
        let expected = [(20.0, "users"), (1200.0, "requests"), (1.0, "calls"), (50.0, "visits"), (2.0, "instances"), (0.37, "$"), (2.0, "$")];
        assert_eq!(numbers(en, Lang::En), expected);
        assert_eq!(numbers(vi, Lang::Vi), expected);
        assert_eq!(numbers("1.200 request/s cho 120 người", Lang::Vi), [(1200.0, "/s"), (120.0, "people")]);
        assert_eq!(number("$0.37"), Some((0.37, "$")));
        assert_eq!(number("20 users"), Some((20.0, "users")));
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
