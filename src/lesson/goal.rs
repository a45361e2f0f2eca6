//! Goals: what is to hold in a run, written in CEL, such as `error_ratio("users", "5m") < 0.01 && alarm("errors") == "OK"`.
//!
//! The `cel` crate parses and evaluates. A goal is checked against the scenario when it is read: every function is one of
//! `function`, and every name that it asks about exists. What was measured is asked before a goal is evaluated, so that a
//! goal that does not hold can say which of its parts does not, what was measured and how far that is from what is wanted.
//! Goals come from strangers: they are bounded in length and nesting, and walk through no lists, so each is evaluated in a
//! moment.
//!
//! Numbers are doubles throughout (`2` is `2.0`). What could not be measured is `null`, and no comparison with it holds.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, IdedExpr, ListExpr, LiteralValue};
use cel::extractors::Arguments;
use cel::{Context, Program};
use schemars::JsonSchema;
use serde::Serialize;

use super::function::{Function, Unknown, all, named};
use crate::insight::judge::Measured;
use crate::lab::Session;
use crate::scenario::Scenario;

/// Length of a goal [characters].
pub const MOST_CHARS: usize = 500;
/// How deep parentheses may be nested.
pub const MOST_DEPTH: usize = 16;

/// The operators of CEL that goals may use, as CEL calls them.
const OPERATORS: [&str; 15] = ["_&&_", "_||_", "!_", "_?_:_", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_+_", "_-_", "_*_", "_/_", "-_"];
/// Comparisons, and how they are written.
const COMPARISONS: [(&str, &str); 6] = [("_==_", "=="), ("_!=_", "!="), ("_<_", "<"), ("_<=_", "<="), ("_>_", ">"), ("_>=_", ">=")];
/// The other functions of CEL that goals may use.
const BUILT_IN: [&str; 4] = ["@in", "contains", "startsWith", "endsWith"];

/// A goal that means nothing: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {} of `{}`)", .at + 1, shown(.text))]
pub struct GoalError {
    /// What is wrong.
    pub message: String,
    /// Where, counted from 0 [characters].
    pub at: usize,
    /// The names that could have been meant instead.
    pub known: Vec<String>,
    /// The goal.
    text: String,
}

fn shown(text: &str) -> String {
    if text.chars().count() > 60 { text.chars().take(59).chain(['…']).collect() } else { text.to_owned() }
}

/// What is to hold, checked against a scenario.
#[derive(Debug, Clone)]
pub struct Goal {
    text: String,
    parts: Vec<Part>,
}

/// One of the assertions of a goal, all of which are to hold.
#[derive(Debug, Clone)]
struct Part {
    text: String,
    expression: IdedExpr,
    questions: Vec<Question>,
}

/// A function with its arguments.
#[derive(Debug, Clone)]
struct Question {
    function: &'static Function,
    arguments: Vec<String>,
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
    /// Reads a goal on a scenario.
    pub fn read(text: &str, scenario: &Scenario) -> Result<Self, GoalError> {
        let wrong = |message: String, at: usize, known: Vec<String>| GoalError { message, at, known, text: text.to_owned() };
        if text.trim().is_empty() {
            return Err(wrong("a goal says what is to hold".to_owned(), 0, Vec::new()));
        }
        if text.chars().count() > MOST_CHARS {
            return Err(wrong(format!("a goal has at most {MOST_CHARS} characters"), MOST_CHARS, Vec::new()));
        }
        let ranges = conjuncts(text).map_err(|(message, at)| wrong(message, characters(text, at), Vec::new()))?;
        let mut parts = Vec::new();
        for range in ranges {
            let start = range.start + (text[range.clone()].len() - text[range.clone()].trim_start().len());
            let part = text[range].trim();
            let place = |at: usize| characters(text, start + at.min(part.len()));
            let program = Program::compile(part).map_err(|errors| {
                let first = errors.errors.first();
                let (line, column) = first.map_or((1, 1), |error| error.pos);
                let at = part.split_inclusive('\n').take(line.max(1) as usize - 1).map(str::len).sum::<usize>() + (column.max(1) as usize - 1);
                wrong("this is no expression".to_owned(), place(at), Vec::new())
            })?;
            let offset = |id: u64| place(program.source_info().offset_for(id).map_or(0, |(start, _)| start as usize));
            let mut questions = Vec::new();
            let expression =
                checked(program.expression(), scenario, &mut questions).map_err(|(id, Unknown { message, known })| wrong(message, offset(id), known))?;
            parts.push(Part { text: part.to_owned(), expression, questions });
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// It, as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds in a run as it is now.
    pub fn judge(&self, session: &Session) -> Verdict {
        let assertions: Vec<Assertion> = self.parts.iter().map(|part| part.judge(session)).collect();
        Verdict { goal: self.text.clone(), held: assertions.iter().all(|assertion| assertion.held), assertions }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Part {
    fn judge(&self, session: &Session) -> Assertion {
        let mut answers: BTreeMap<&'static str, Vec<(Vec<String>, cel::Value)>> = BTreeMap::new();
        for Question { function, arguments } in &self.questions {
            let answer = cel::to_value(function.ask(session, arguments)).unwrap_or(cel::Value::Null);
            answers.entry(function.name).or_default().push((arguments.clone(), answer));
        }
        let mut context = Context::default();
        let mut known = true;
        for (name, answers) in answers {
            let answers = Arc::new(answers);
            known &= context.add_function(name, move |Arguments(values): Arguments| Ok::<_, cel::ExecutionError>(answer(&answers, &values))).is_ok();
        }
        assert!(known, "the names of our functions differ from CEL's");
        let sides = comparison(&self.expression).map(|(left, right)| (value(&context, left), value(&context, right)));
        let (measured, wanted) = sides.unwrap_or((Measured::Nothing, Measured::Nothing));
        let distance = match (&measured, &wanted) {
            (Measured::Number(measured), Measured::Number(wanted)) => Some(wanted - measured),
            _ => None,
        };
        let compares = comparison(&self.expression).is_some();
        let (held, problem) = match context.resolve(&self.expression) {
            // Null is no number: nothing is above it, and nothing below.
            _ if compares && (measured == Measured::Nothing || wanted == Measured::Nothing) => (false, Some("nothing was measured".to_owned())),
            Ok(cel::Value::Bool(holds)) => (holds, None),
            Ok(other) => (false, Some(format!("it is {}, neither true nor false", kind(&other)))),
            Err(error) => (false, Some(reason(&error))),
        };
        Assertion { text: self.text.clone(), held, measured, wanted, distance, problem }
    }
}

/// The answer that was asked for before.
fn answer(answers: &[(Vec<String>, cel::Value)], given: &[cel::Value]) -> cel::Value {
    let is_given = |arguments: &[String]| {
        arguments.len() == given.len() && arguments.iter().zip(given).all(|(text, value)| matches!(value, cel::Value::String(given) if **given == *text))
    };
    answers.iter().find(|(arguments, _)| is_given(arguments)).map_or(cel::Value::Null, |(_, answer)| answer.clone())
}

/// What kind of value it is.
const fn kind(value: &cel::Value) -> &'static str {
    match value {
        cel::Value::Float(_) => "a number",
        cel::Value::String(_) => "a text",
        cel::Value::List(_) => "a list",
        _ => "nothing",
    }
}

fn reason(error: &cel::ExecutionError) -> String {
    match error {
        cel::ExecutionError::NoSuchOverload(overload) => {
            let kinds = overload.argument_types().join(" and ");
            format!("`{}` does not go with {kinds}", overload.function().trim_matches('_'))
        }
        other => other.to_string(),
    }
}

/// What a side of a comparison comes to.
fn value(context: &Context<'_, '_>, side: &IdedExpr) -> Measured {
    match context.resolve(side) {
        Ok(cel::Value::Float(number)) => Measured::Number(number),
        Ok(cel::Value::String(text)) => Measured::Text(text.as_ref().clone()),
        Ok(cel::Value::Bool(value)) => Measured::Boolean(value),
        _ => Measured::Nothing,
    }
}

/// Both sides of a comparison.
fn comparison(expression: &IdedExpr) -> Option<(&IdedExpr, &IdedExpr)> {
    match &expression.expr {
        Expr::Call(CallExpr { func_name, target: None, args }) if COMPARISONS.iter().any(|(name, _)| name == func_name) => match args.as_slice() {
            [left, right] => Some((left, right)),
            _ => None,
        },
        _ => None,
    }
}

/// How many characters come before a byte.
fn characters(text: &str, at: usize) -> usize {
    text.char_indices().take_while(|(byte, _)| *byte < at).count()
}

/// The parts of a goal between `&&`, if it is nothing but such parts; all of it otherwise.
fn conjuncts(text: &str) -> Result<Vec<Range<usize>>, (String, usize)> {
    let (mut parts, mut start, mut depth, mut quote, mut mixed) = (Vec::new(), 0, 0_usize, None, false);
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if let Some(open) = quote {
            match c {
                '\\' => _ = characters.next(),
                c if c == open => quote = None,
                _ => {}
            }
            continue;
        }
        match c {
            '"' | '\'' => quote = Some(c),
            '(' | '[' | '{' => {
                depth += 1;
                if depth > MOST_DEPTH {
                    return Err((format!("parentheses are nested more than {MOST_DEPTH} deep"), at));
                }
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '&' if depth == 0 && text[at..].starts_with("&&") => {
                parts.push(start..at);
                characters.next();
                start = at + 2;
            }
            '?' | '|' if depth == 0 => mixed = true,
            // Chains of these nest without parentheses.
            '!' | '-' if text[at..].starts_with("!!") || text[at..].starts_with("--") => {
                return Err((format!("`{c}{c}` says nothing that is not said without"), at));
            }
            _ => {}
        }
    }
    parts.push(start..text.len());
    Ok(if mixed { std::iter::once(0..text.len()).collect() } else { parts })
}

type Found = (u64, Unknown);

fn unknown<T>(id: u64, message: impl Into<String>, known: Vec<String>) -> Result<T, Found> {
    Err((id, Unknown { message: message.into(), known }))
}

/// The same expression with doubles for whole numbers, if it asks nothing but what can be asked; its questions are added.
fn checked(expression: &IdedExpr, scenario: &Scenario, questions: &mut Vec<Question>) -> Result<IdedExpr, Found> {
    let id = expression.id;
    let expr = match &expression.expr {
        Expr::Literal(LiteralValue::Int(number)) => Expr::Literal(LiteralValue::Double((*number.inner() as f64).into())),
        Expr::Literal(LiteralValue::UInt(number)) => Expr::Literal(LiteralValue::Double((*number.inner() as f64).into())),
        Expr::Literal(LiteralValue::Bytes(_)) => return unknown(id, "a goal has no bytes", Vec::new()),
        Expr::Literal(_) => expression.expr.clone(),
        Expr::List(list) => {
            let elements = list.elements.iter().map(|element| checked(element, scenario, questions)).collect::<Result<_, _>>()?;
            Expr::List(ListExpr::new(elements))
        }
        Expr::Call(call) => Expr::Call(checked_call(id, call, scenario, questions)?),
        Expr::Ident(name) => return unknown(id, format!("nothing is called `{name}`"), all().map(Function::signature).collect()),
        Expr::Select(select) => return unknown(id, format!("nothing has a part `{}`", select.field), Vec::new()),
        Expr::Comprehension(_) => return unknown(id, "a goal walks through no lists", Vec::new()),
        Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => return unknown(id, "this is nothing that a goal can say", Vec::new()),
    };
    Ok(IdedExpr { id, expr })
}

fn checked_call(id: u64, call: &CallExpr, scenario: &Scenario, questions: &mut Vec<Question>) -> Result<CallExpr, Found> {
    let is_operator = OPERATORS.contains(&call.func_name.as_str()) || BUILT_IN.contains(&call.func_name.as_str());
    if is_operator {
        let target = call.target.as_ref().map(|target| checked(target, scenario, questions).map(Box::new)).transpose()?;
        let args = call.args.iter().map(|argument| checked(argument, scenario, questions)).collect::<Result<_, _>>()?;
        return Ok(CallExpr { func_name: call.func_name.clone(), target, args });
    }
    let Some(function) = named(&call.func_name).filter(|_| call.target.is_none()) else {
        return unknown(id, format!("there is no function `{}`", call.func_name), all().map(|function| function.name.to_owned()).collect());
    };
    let mut arguments = Vec::new();
    for argument in &call.args {
        let Expr::Literal(LiteralValue::String(text)) = &argument.expr else {
            return unknown(argument.id, format!("`{}` is asked with names in quotes: {}", function.name, function.signature()), Vec::new());
        };
        arguments.push(text.inner().to_owned());
    }
    if arguments.len() < function.needs || arguments.len() > function.params.len() {
        return unknown(id, format!("`{}` is asked as {}", function.name, function.signature()), Vec::new());
    }
    function.check(&arguments, scenario).map_err(|unknown| (id, unknown))?;
    questions.push(Question { function, arguments });
    Ok(call.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimTime;

    fn scenario() -> Arc<Scenario> {
        Arc::new(crate::content::load("bad-release-canary").expect("it is shipped").scenario)
    }

    fn refused(text: &str) -> GoalError {
        Goal::read(text, &scenario()).expect_err(text)
    }

    #[test]
    fn what_cannot_be_asked_is_refused_where_it_stands() {
        for (text, at, message) in [
            ("", 0, "a goal says what is to hold"),
            ("error_rate(\"users\") < 1", 10, "there is no function `error_rate`"),
            ("now() > 1 && p99(\"nobody\") < 5", 16, "there is no service, version or traffic source `nobody`"),
            ("p99(\"users\", \"soon\") < 5", 3, "`soon` is no time"),
            ("p99(users) < 5", 4, "`p99` is asked with names in quotes: p99(of[, window])"),
            ("p99() < 5", 3, "`p99` is asked as p99(of[, window])"),
            ("now() >", 7, "this is no expression"),
            ("[1, 2].all(x, x > 1)", 10, "a goal walks through no lists"),
            ("answer == 42", 0, "nothing is called `answer`"),
            ("!!met(\"x\")", 0, "`!!` says nothing that is not said without"),
        ] {
            let error = refused(text);
            assert!(error.message.starts_with(message), "{text}: {error}");
            assert_eq!(error.at, at, "{text}: {error}");
        }
        assert!(refused(&format!("now() > {}", "1".repeat(MOST_CHARS))).message.contains("at most"));
        assert!(refused(&format!("{}1{} > 0", "(".repeat(40), ")".repeat(40))).message.contains("nested"));
        // What is nested otherwise is read, or refused, and nothing breaks.
        for long in ["! ".repeat(240) + "true", "- ".repeat(240) + "1 > 0", "1 ? ".repeat(120), "1 < ".repeat(120) + "1", "[[".repeat(8)] {
            let _read_or_refused = Goal::read(&long, &scenario());
        }
    }

    #[test]
    fn a_goal_says_which_assertion_fails_and_by_how_much() {
        let scenario = scenario();
        let mut session = Session::new(Arc::clone(&scenario), 42);
        session.advance_to(SimTime::from_secs(30));
        let judge = |session: &Session, text: &str| Goal::read(text, &scenario).expect(text).judge(session);
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
        let neither = judge(&session, "now() + 1");
        assert_eq!(neither.assertions[0].problem.as_deref(), Some("it is a number, neither true nor false"));
        let mixed = judge(&session, "now() < \"soon\"");
        assert!(!mixed.held && mixed.assertions[0].problem.is_some(), "{mixed:?}");
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
            let verdict = Goal::read(&format!("{text} == {expected:?}"), &scenario).expect(text).judge(&session);
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
            let verdict = Goal::read(text, &scenario).expect(text).judge(&session);
            assert!(verdict.held, "{text}: {verdict:#?}");
        }
    }
}
