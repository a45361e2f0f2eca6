//! Expressions over a run, in CEL: read against a scenario, asked of a session.
//!
//! The `cel` crate parses and evaluates. An expression is checked when it is read: every function is one of `function`, and
//! every name that it asks about exists, and what is compared can be (`kind`). What was measured is asked before it is evaluated, so that both sides of a comparison
//! can be shown. Expressions come from strangers: they are bounded in length and nesting, and walk through no lists, so each
//! is evaluated in a moment. It does not know what an expression is for: goals, values in texts, answers.
//!
//! Numbers are doubles throughout (`2` is `2.0`). What could not be measured is `null`, and no comparison with it holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, IdedExpr, ListExpr, LiteralValue};
use cel::extractors::Arguments;
use cel::{Context, Program};

use super::function::{Function, Unknown, all, named};
use super::kind::{Kind, kind_of};
use super::slip::slip;
use crate::insight::judge::Measured;
use crate::lab::Session;
use crate::scenario::Scenario;
use crate::units::SimTime;

/// Length of an expression [characters].
pub const MOST_CHARS: usize = 500;
/// How deep parentheses may be nested.
pub const MOST_DEPTH: usize = 16;

/// The operators of CEL that expressions may use, as CEL calls them.
const OPERATORS: [&str; 15] = ["_&&_", "_||_", "!_", "_?_:_", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_+_", "_-_", "_*_", "_/_", "-_"];
/// Comparisons, and how they are written.
const COMPARISONS: [(&str, &str); 6] = [("_==_", "=="), ("_!=_", "!="), ("_<_", "<"), ("_<=_", "<="), ("_>_", ">"), ("_>=_", ">=")];
/// The other functions of CEL that expressions may use.
const BUILT_IN: [&str; 4] = ["@in", "contains", "startsWith", "endsWith"];

/// An expression that means nothing: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {} of `{}`)", .at + 1, shown(.text))]
pub struct ExpressionError {
    /// What is wrong.
    pub message: String,
    /// Where, counted from 0 [characters].
    pub at: usize,
    /// The names that could have been meant instead.
    pub known: Vec<String>,
    /// The expression.
    text: String,
}

impl ExpressionError {
    /// The same mistake of a part, seen in the whole, in which the part begins at a character.
    pub(super) fn within(self, whole: &str, start: usize) -> Self {
        Self { at: self.at + start, text: whole.to_owned(), ..self }
    }
}

fn shown(text: &str) -> String {
    if text.chars().count() > 60 { text.chars().take(59).chain(['…']).collect() } else { text.to_owned() }
}

/// What an expression may name.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The world.
    pub scenario: &'a Scenario,
    /// What was measured in earlier steps, as `step.value`.
    pub recalled: &'a [String],
    /// What the world may have drawn.
    pub draws: &'a [String],
}

impl<'a> Names<'a> {
    /// The names of a scenario, and nothing else.
    pub const fn of(scenario: &'a Scenario) -> Self {
        Self { scenario, recalled: &[], draws: &[] }
    }
}

/// What earlier steps measured, by `step.value`.
pub type Recalled = BTreeMap<String, Measured>;

/// What an expression is asked of.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The run.
    pub session: &'a Session,
    /// Since when a window called `step` looks at it.
    pub began: SimTime,
    /// What earlier steps measured.
    pub recalled: &'a Recalled,
    /// What the world has drawn.
    pub drawn: Option<&'a str>,
}

impl<'a> Scope<'a> {
    /// A whole run, without anything before it.
    pub fn whole(session: &'a Session) -> Self {
        static NOTHING: Recalled = Recalled::new();
        Self { session, began: SimTime::ZERO, recalled: &NOTHING, drawn: None }
    }
}

/// An expression, checked against a scenario.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    tree: IdedExpr,
    questions: Vec<Question>,
    kind: Kind,
}

/// A function with its arguments.
#[derive(Debug, Clone)]
struct Question {
    function: &'static Function,
    arguments: Vec<String>,
}

/// What came of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// Its value, or why it has none.
    pub(super) value: Result<Measured, String>,
    /// What both sides came to, if it is a comparison.
    pub(super) sides: Option<(Measured, Measured)>,
}

impl Expression {
    /// Reads an expression.
    pub fn read(text: &str, names: &Names<'_>) -> Result<Self, ExpressionError> {
        bounded(text)?;
        Self::part(text, text, 0, names)
    }

    /// Reads a part of a text that begins at a byte.
    pub(super) fn part(whole: &str, part: &str, start: usize, names: &Names<'_>) -> Result<Self, ExpressionError> {
        let place = |at: usize| characters(whole, start + at.min(part.len()));
        let program = Program::compile(part).map_err(|errors| {
            let first = errors.errors.first();
            let (line, column) = first.map_or((1, 1), |error| error.pos);
            let at = part.split_inclusive('\n').take(line.max(1) as usize - 1).map(str::len).sum::<usize>() + (column.max(1) as usize - 1);
            match slip(part) {
                Some((at, why)) => wrong(whole, why, place(at), Vec::new()),
                None => wrong(whole, "this is no expression".to_owned(), place(at), Vec::new()),
            }
        })?;
        let offset = |id: u64| place(program.source_info().offset_for(id).map_or(0, |(start, _)| start as usize));
        let mut questions = Vec::new();
        let expression =
            checked(program.expression(), names, &mut questions).map_err(|(id, Unknown { message, known })| wrong(whole, message, offset(id), known))?;
        let kind = kind_of(&expression).map_err(|(id, Unknown { message, known })| wrong(whole, message, offset(id), known))?;
        Ok(Self { text: part.to_owned(), tree: expression, questions, kind })
    }

    /// Refuses it where something of another kind is needed.
    pub fn of_kind(self, wanted: Kind) -> Result<Self, ExpressionError> {
        if self.kind.can_be(wanted) {
            return Ok(self);
        }
        let needed = if wanted == Kind::Truth { "something that holds or does not" } else { wanted.words() };
        Err(wrong(&self.text, format!("this is {}, and here {needed} is needed", self.kind.words()), 0, Vec::new()))
    }

    /// It, as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it comes to.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Measured, String> {
        self.answer(scope).value
    }

    /// The number that it comes to; `None` if it comes to none.
    pub fn number(&self, scope: &Scope<'_>) -> Option<f64> {
        match self.value(scope) {
            Ok(Measured::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// Whether it holds; what is not true does not.
    pub fn holds(&self, scope: &Scope<'_>) -> bool {
        self.value(scope) == Ok(Measured::Boolean(true))
    }

    /// What it comes to, and both sides if it is a comparison.
    pub(super) fn answer(&self, scope: &Scope<'_>) -> Answer {
        let mut answers: BTreeMap<&'static str, Vec<(Vec<String>, cel::Value)>> = BTreeMap::new();
        for Question { function, arguments } in &self.questions {
            let answer = cel::to_value(function.ask(scope, arguments)).unwrap_or(cel::Value::Null);
            answers.entry(function.name).or_default().push((arguments.clone(), answer));
        }
        let mut context = Context::default();
        let mut known = true;
        for (name, answers) in answers {
            let answers = Arc::new(answers);
            known &= context.add_function(name, move |Arguments(values): Arguments| Ok::<_, cel::ExecutionError>(answer(&answers, &values))).is_ok();
        }
        assert!(known, "the names of our functions differ from CEL's");
        let sides = comparison(&self.tree).map(|(left, right)| (value(&context, left), value(&context, right)));
        let nothing = matches!(&sides, Some((left, right)) if *left == Measured::Nothing || *right == Measured::Nothing);
        let value = match context.resolve(&self.tree) {
            // Null is no number: nothing is above it, and nothing below.
            _ if nothing => Err("nothing was measured".to_owned()),
            Ok(value) => Ok(measured(value)),
            Err(error) => Err(reason(&error)),
        };
        Answer { value, sides }
    }
}

fn wrong(text: &str, message: String, at: usize, known: Vec<String>) -> ExpressionError {
    ExpressionError { message, at, known, text: text.to_owned() }
}

/// Refuses what is empty or too long.
pub(super) fn bounded(text: &str) -> Result<(), ExpressionError> {
    if text.trim().is_empty() {
        return Err(wrong(text, "an expression says what is to hold, or what is asked".to_owned(), 0, Vec::new()));
    }
    if text.chars().count() > MOST_CHARS {
        return Err(wrong(text, format!("an expression has at most {MOST_CHARS} characters"), MOST_CHARS, Vec::new()));
    }
    nested(text)
}

/// The answer that was asked for before.
fn answer(answers: &[(Vec<String>, cel::Value)], given: &[cel::Value]) -> cel::Value {
    let is_given = |arguments: &[String]| {
        arguments.len() == given.len() && arguments.iter().zip(given).all(|(text, value)| matches!(value, cel::Value::String(given) if **given == *text))
    };
    answers.iter().find(|(arguments, _)| is_given(arguments)).map_or(cel::Value::Null, |(_, answer)| answer.clone())
}

/// A value of CEL as a measurement; what is neither number, text nor truth is nothing.
fn measured(value: cel::Value) -> Measured {
    match value {
        cel::Value::Float(number) => Measured::Number(number),
        cel::Value::String(text) => Measured::Text(text.as_ref().clone()),
        cel::Value::Bool(value) => Measured::Boolean(value),
        _ => Measured::Nothing,
    }
}

/// What a side of a comparison comes to.
fn value(context: &Context<'_, '_>, side: &IdedExpr) -> Measured {
    context.resolve(side).map_or(Measured::Nothing, measured)
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
pub(super) fn characters(text: &str, at: usize) -> usize {
    text.char_indices().take_while(|(byte, _)| *byte < at).count()
}

/// Refuses what is nested too deep, with parentheses or without.
fn nested(text: &str) -> Result<(), ExpressionError> {
    let (mut depth, mut quote) = (0_usize, None);
    let mut letters = text.char_indices();
    while let Some((at, c)) = letters.next() {
        if let Some(open) = quote {
            match c {
                '\\' => _ = letters.next(),
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
                    return Err(wrong(text, format!("parentheses are nested more than {MOST_DEPTH} deep"), characters(text, at), Vec::new()));
                }
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            // Chains of these nest without parentheses.
            '!' | '-' if text[at..].starts_with("!!") || text[at..].starts_with("--") => {
                return Err(wrong(text, format!("`{c}{c}` says nothing that is not said without"), characters(text, at), Vec::new()));
            }
            _ => {}
        }
    }
    Ok(())
}

type Found = (u64, Unknown);

fn unknown<T>(id: u64, message: impl Into<String>, known: Vec<String>) -> Result<T, Found> {
    Err((id, Unknown { message: message.into(), known }))
}

/// The same expression with doubles for whole numbers, if it asks nothing but what can be asked; its questions are added.
fn checked(expression: &IdedExpr, names: &Names<'_>, questions: &mut Vec<Question>) -> Result<IdedExpr, Found> {
    let id = expression.id;
    let expr = match &expression.expr {
        Expr::Literal(LiteralValue::Int(number)) => Expr::Literal(LiteralValue::Double((*number.inner() as f64).into())),
        Expr::Literal(LiteralValue::UInt(number)) => Expr::Literal(LiteralValue::Double((*number.inner() as f64).into())),
        Expr::Literal(LiteralValue::Bytes(_)) => return unknown(id, "an expression has no bytes", Vec::new()),
        Expr::Literal(_) => expression.expr.clone(),
        Expr::List(list) => {
            let elements = list.elements.iter().map(|element| checked(element, names, questions)).collect::<Result<_, _>>()?;
            Expr::List(ListExpr::new(elements))
        }
        Expr::Call(call) => Expr::Call(checked_call(id, call, names, questions)?),
        Expr::Ident(name) => return unknown(id, format!("nothing is called `{name}`"), all().map(Function::signature).collect()),
        Expr::Select(select) => return unknown(id, format!("nothing has a part `{}`", select.field), Vec::new()),
        Expr::Comprehension(_) => return unknown(id, "an expression walks through no lists", Vec::new()),
        Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => return unknown(id, "this is nothing that an expression can say", Vec::new()),
    };
    Ok(IdedExpr { id, expr })
}

fn checked_call(id: u64, call: &CallExpr, names: &Names<'_>, questions: &mut Vec<Question>) -> Result<CallExpr, Found> {
    let is_operator = OPERATORS.contains(&call.func_name.as_str()) || BUILT_IN.contains(&call.func_name.as_str());
    if is_operator {
        let target = call.target.as_ref().map(|target| checked(target, names, questions).map(Box::new)).transpose()?;
        let args = call.args.iter().map(|argument| checked(argument, names, questions)).collect::<Result<_, _>>()?;
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
    function.check(&arguments, names).map_err(|unknown| (id, unknown))?;
    questions.push(Question { function, arguments });
    Ok(call.clone())
}
