//! Goals: what is to hold in a run, such as `error_ratio("users", "5m") < 0.01 && alarm("errors") == "OK"`.
//!
//! A goal is an expression, cut at its `&&`: one that does not hold can say which of its parts does not, what was measured and
//! how far that is from what is wanted.

use std::fmt;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;

use super::expression::{Expression, ExpressionError, Names, Scope, bounded, characters};
use super::kind::Kind;
use crate::insight::judge::Measured;

/// What is to hold, checked against a scenario.
#[derive(Debug, Clone)]
pub struct Goal {
    text: String,
    /// All of these are to hold.
    parts: Vec<Expression>,
}

/// What came of a goal.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Verdict {
    /// The goal, as it was written.
    pub goal: String,
    /// Whether everything that it asserts holds.
    pub held: bool,
    /// Its assertions.
    pub assertions: Vec<Assertion>,
}

/// What came of one assertion.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Assertion {
    /// It, as it was written.
    pub text: String,
    /// Whether it holds.
    pub held: bool,
    /// What the left side of a comparison came to; null if nothing was measured, or if it compares nothing.
    #[schemars(with = "serde_json::Value")]
    pub measured: Measured,
    /// What the right side came to.
    #[schemars(with = "serde_json::Value")]
    pub wanted: Measured,
    /// How far the left side is from the right one, the right one less the left one; null unless both are numbers.
    pub distance: Option<f64>,
    /// Why it could not be said whether it holds; null if it could.
    pub problem: Option<String>,
}

impl Goal {
    /// Reads a goal.
    pub fn read(text: &str, names: &Names<'_>) -> Result<Self, ExpressionError> {
        bounded(text)?;
        let part = |range: Range<usize>| {
            let start = range.start + (text[range.clone()].len() - text[range.clone()].trim_start().len());
            let read = Expression::part(text, text[range].trim(), start, names)?;
            read.of_kind(Kind::Truth).map_err(|error| error.within(text, characters(text, start)))
        };
        let parts = conjuncts(text).into_iter().map(part).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), parts })
    }

    /// It, as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds in a run as it is now.
    pub fn judge(&self, scope: &Scope<'_>) -> Verdict {
        let assertions: Vec<Assertion> = self.parts.iter().map(|part| judge(part, scope)).collect();
        Verdict { goal: self.text.clone(), held: assertions.iter().all(|assertion| assertion.held), assertions }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn judge(part: &Expression, scope: &Scope<'_>) -> Assertion {
    let answer = part.answer(scope);
    let (held, problem) = match answer.value {
        Ok(Measured::Boolean(holds)) => (holds, None),
        Ok(other) => (false, Some(format!("it is {}, neither true nor false", kind(&other)))),
        Err(problem) => (false, Some(problem)),
    };
    let (measured, wanted) = answer.sides.unwrap_or((Measured::Nothing, Measured::Nothing));
    let distance = match (&measured, &wanted) {
        (Measured::Number(measured), Measured::Number(wanted)) => Some(wanted - measured),
        _ => None,
    };
    Assertion { text: part.text().to_owned(), held, measured, wanted, distance, problem }
}

/// What kind of value it is.
const fn kind(value: &Measured) -> &'static str {
    match value {
        Measured::Number(_) => "a number",
        Measured::Text(_) => "a text",
        _ => "nothing",
    }
}

/// The parts of a goal between `&&`, if it is nothing but such parts; all of it otherwise.
fn conjuncts(text: &str) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut depth, mut quote, mut mixed) = (Vec::new(), 0, 0_usize, None, false);
    let mut letters = text.char_indices();
    while let Some((at, c)) = letters.next() {
        match (quote, c) {
            (Some(_), '\\') => _ = letters.next(),
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, '&') if depth == 0 && text[at..].starts_with("&&") => {
                parts.push(start..at);
                letters.next();
                start = at + 2;
            }
            (None, '?' | '|') if depth == 0 => mixed = true,
            _ => {}
        }
    }
    parts.push(start..text.len());
    if mixed { std::iter::once(0..text.len()).collect() } else { parts }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lab::Session;
    use crate::lesson::expression::MOST_CHARS;
    use crate::scenario::Scenario;
    use crate::units::SimTime;

    fn scenario() -> Arc<Scenario> {
        Arc::new(crate::content::load("bad-release-canary").expect("it is shipped").scenario)
    }

    fn refused(text: &str) -> ExpressionError {
        Goal::read(text, &Names::of(&scenario())).expect_err(text)
    }

    #[test]
    fn what_cannot_be_asked_is_refused_where_it_stands() {
        for (text, at, message) in [
            ("", 0, "an expression says what is to hold"),
            ("error_rate(\"users\") < 1", 10, "there is no function `error_rate`"),
            ("now() > 1 && p99(\"nobody\") < 5", 16, "there is no service, version or traffic source `nobody`"),
            ("p99(\"users\", \"soon\") < 5", 3, "`soon` is no time"),
            ("p99(users) < 5", 4, "`p99` is asked with names in quotes: p99(of[, window])"),
            ("p99() < 5", 3, "`p99` is asked as p99(of[, window])"),
            ("now() >", 7, "this is no expression"),
            ("[1, 2].all(x, x > 1)", 10, "an expression walks through no lists"),
            ("answer == 42", 0, "nothing is called `answer`"),
            ("now() > 1 && error_ratio(\"users\") < \"1%\"", 34, "a number is never compared with a text; a share is 0 to 1 here: write `0.01`"),
            ("now() < \"soon\"", 6, "a number is never compared with a text"),
            ("now() > 1 && p99(\"users\")", 13, "this is a number, and here something that holds or does not is needed"),
            ("version(\"frontend\") > 1", 20, "a text is never compared with a number"),
            ("now() + true > 1", 8, "`+` takes a number, and this is true or false"),
            ("version(\"frontend\") in \"v1\"", 23, "`in` looks into a list"),
            ("now() > 1 and now() < 5", 10, "`and` is written `&&`"),
            ("now() > 1 && p99(\"users\") < 120ms", 28, "numbers have no unit here"),
            ("error_ratio(\"users\") < 1%", 23, "a share is 0 to 1 here: write `0.01`"),
            ("error_ratio(\"users\") <= 5", 24, "a share is 0 to 1 and never 5: write `0.05` for 5 %"),
            ("95 < success_ratio(\"users\")", 0, "a share is 0 to 1 and never 95: write `0.95` for 95 %"),
            ("now() > 1 && deployment(\"currencyservice\") == \"complete\"", 46, "`complete` is none of `in-progress`, `completed`"),
            ("\"canarry\" == strategy(\"currencyservice\")", 0, "`canarry` is none of "),
            ("deployment(\"currencyservice\") in [\"failed\", \"aborted\"]", 44, "`aborted` is none of "),
            ("!!met(\"x\")", 0, "`!!` says nothing that is not said without"),
        ] {
            let error = refused(text);
            assert!(error.message.starts_with(message), "{text}: {error}");
            assert_eq!(error.at, at, "{text}: {error}");
        }
        let known = refused("deployment(\"currencyservice\") == \"complete\"").known;
        assert!(known.iter().any(|name| name == "completed"), "what could have been meant: {known:?}");
        // What is worked out of a share is a number like any other.
        for text in ["error_ratio(\"users\") * 100 < 5", "error_ratio(\"users\") <= 1", "deployment(\"currencyservice\") + \"!\" == \"failed!\""] {
            Goal::read(text, &Names::of(&scenario())).expect(text);
        }
        assert!(refused(&format!("now() > {}", "1".repeat(MOST_CHARS))).message.contains("at most"));
        assert!(refused(&format!("{}1{} > 0", "(".repeat(40), ")".repeat(40))).message.contains("nested"));
        // What is nested otherwise is read, or refused, and nothing breaks.
        for long in ["! ".repeat(240) + "true", "- ".repeat(240) + "1 > 0", "1 ? ".repeat(120), "1 < ".repeat(120) + "1", "[[".repeat(8)] {
            let _read_or_refused = Goal::read(&long, &Names::of(&scenario()));
        }
    }

    #[test]
    fn a_goal_says_which_assertion_fails_and_by_how_much() {
        let scenario = scenario();
        let mut session = Session::new(Arc::clone(&scenario), 42);
        session.advance_to(SimTime::from_secs(30));
        let judge = |session: &Session, text: &str| Goal::read(text, &Names::of(&scenario)).expect(text).judge(&Scope::whole(session));
        let verdict = judge(&session, "now() == 30 && requests(\"users\") > 1000000 && version(\"currencyservice\") == \"v2-bad\"");
        assert!(!verdict.held);
        let held: Vec<bool> = verdict.assertions.iter().map(|assertion| assertion.held).collect();
        assert_eq!(held, [true, false, false], "{verdict:?}");
        let short = &verdict.assertions[1];
        let (Measured::Number(measured), Some(distance)) = (&short.measured, short.distance) else { panic!("{short:?}") };
        assert!(*measured > 100.0 && (measured + distance - 1_000_000.0).abs() < 1e-6, "{short:?}");
        assert_eq!(verdict.assertions[2].measured, Measured::Text("v1".to_owned()));
        assert!(judge(&session, "now() < 10 || error_ratio(\"users\", \"10s\") / 2 <= 0.5").held);
        let nothing = judge(&session, "saturation(\"users\") < 1");
        assert_eq!((nothing.held, nothing.assertions[0].problem.as_deref()), (false, Some("nothing was measured")));
        // What only the run can say is said by the run.
        let mixed = judge(&session, "strategy_setting(\"currencyservice\", \"percent\") == \"much\"");
        assert!(!mixed.held && mixed.assertions[0].measured != Measured::Nothing, "{mixed:?}");
    }

    #[test]
    fn every_function_answers_a_session_and_agrees_with_the_report_of_it() {
        let scenario = scenario();
        let mut session = Session::new(Arc::clone(&scenario), 42);
        session.run();
        let store = session.store();
        let totals = store.entry_totals(None);
        let expected = [
            ("requests(\"users\")", totals.counts.requests as f64),
            ("failed(\"users\")", totals.counts.failed() as f64),
            ("users_hurt()", store.users_hurt(None) as f64),
            ("cost()", session.fleet().cost(session.now()).0),
        ];
        for (text, expected) in expected {
            let verdict = Goal::read(&format!("{text} == {expected:?}"), &Names::of(&scenario)).expect(text).judge(&Scope::whole(&session));
            assert!(verdict.held, "{verdict:?}");
        }
        for text in [
            "deployment(\"currencyservice\") == \"failed\"",
            "version(\"currencyservice\") in [\"v1\", \"v0\"]",
            "strategy(\"currencyservice\").startsWith(\"can\")",
            "failed_deployments() == 1 && rollbacks(\"currencyservice\") == 1",
            "instances(\"currencyservice\", \"v2-bad\") == 0 && instances(\"currencyservice\") == desired(\"currencyservice\")",
            "open_incidents() == 0 && actions() == 0 && faults() == 0",
        ] {
            let verdict = Goal::read(text, &Names::of(&scenario)).expect(text).judge(&Scope::whole(&session));
            assert!(verdict.held, "{text}: {verdict:#?}");
        }
    }
}
