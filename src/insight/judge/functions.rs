//! The functions of conditions, and the values that they work on.
//!
//! Numbers are doubles throughout. A function that meets a value that it does not go with fails; the measurement is then
//! an error. It knows no syntax.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use cel::extractors::Arguments;
use cel::objects::Key;
use cel::{Context, ExecutionError, Value};
use serde::Serialize;

/// What a metric's provider answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Measured {
    /// No value at all; `nil` in conditions.
    Nothing,
    /// True or false.
    Boolean(bool),
    /// One number.
    Number(f64),
    /// A text, such as a field of a web answer.
    Text(String),
    /// Several values; a Prometheus query answers with a list of numbers.
    List(Vec<Measured>),
    /// Values by name, such as a web answer.
    Map(BTreeMap<String, Measured>),
}

impl Measured {
    /// How many values there are in it.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::count).sum::<usize>(),
            Self::Map(entries) => 1 + entries.values().map(Self::count).sum::<usize>(),
            _ => 1,
        }
    }
}

impl From<f64> for Measured {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}
impl From<bool> for Measured {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}
impl From<Vec<f64>> for Measured {
    fn from(values: Vec<f64>) -> Self {
        Self::List(values.into_iter().map(Self::Number).collect())
    }
}
impl<T: Into<Measured>> From<Option<T>> for Measured {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

/// A measured value as the evaluator has it.
pub(super) fn value_of(measured: &Measured) -> Value {
    // Nothing in a measured value is unknown to the evaluator.
    cel::to_value(measured).unwrap_or(Value::Null)
}

/// The functions that a condition may call, and how many values each takes. Each is called by its own name, with
/// [`PREFIX`] before it so that CEL's functions of the same name do not get in the way.
pub(super) const FUNCTIONS: [(&str, usize); 16] = [
    ("len", 1),
    ("isNaN", 1),
    ("isInf", 1),
    ("isNil", 1),
    ("default", 2),
    ("asInt", 1),
    ("asFloat", 1),
    ("int", 1),
    ("float", 1),
    ("abs", 1),
    ("ceil", 1),
    ("floor", 1),
    ("round", 1),
    ("max", 1),
    ("min", 1),
    ("sum", 1),
];

/// Functions of lists with another name than what they do.
pub(super) const MEAN: &str = "mean";

/// What the names of our functions begin with in CEL.
pub(super) const PREFIX: &str = "f_";

fn fail(message: impl Into<String>) -> ExecutionError {
    ExecutionError::FunctionError { function: String::new(), message: message.into() }
}

fn number(function: &str, value: &Value) -> Result<f64, ExecutionError> {
    match value {
        Value::Float(number) => Ok(*number),
        other => Err(fail(format!("`{function}` wants a number, not a {}", other.type_of()))),
    }
}

fn numbers(function: &str, value: &Value) -> Result<Vec<f64>, ExecutionError> {
    match value {
        Value::List(items) => items.iter().map(|item| number(function, item)).collect(),
        single => number(function, single).map(|single| vec![single]),
    }
}

fn converted(function: &str, value: &Value) -> Result<f64, ExecutionError> {
    match value {
        Value::String(text) => text.parse().map_err(|_no_number| fail(format!("`{function}` wants a number, and \"{text}\" is none"))),
        other => number(function, other),
    }
}

/// What one of [`FUNCTIONS`] gives.
fn call(name: &str, values: &[Value]) -> Result<Value, ExecutionError> {
    let [first, ..] = values else { return Err(fail(format!("`{name}` wants a value"))) };
    let folded = |fold: fn(f64, f64) -> f64| {
        let numbers = numbers(name, first)?;
        numbers.into_iter().reduce(fold).ok_or_else(|| fail(format!("`{name}` of an empty list")))
    };
    let given = match name {
        "len" => match first {
            Value::List(items) => items.len() as f64,
            Value::Map(map) => map.map.len() as f64,
            Value::String(text) => text.chars().count() as f64,
            other => return Err(fail(format!("`len` wants a list, not a {}", other.type_of()))),
        },
        "isNaN" => return number(name, first).map(|number| Value::Bool(number.is_nan())),
        "isInf" => return number(name, first).map(|number| Value::Bool(number.is_infinite())),
        "isNil" => return Ok(Value::Bool(matches!(first, Value::Null))),
        "default" => return Ok(if matches!(first, Value::Null) { values[1].clone() } else { first.clone() }),
        "asInt" if matches!(first, Value::String(_)) => {
            let number = converted(name, first)?;
            if number.fract() == 0.0 { number } else { return Err(fail(format!("`asInt` wants a whole number, not {number}"))) }
        }
        "asInt" | "int" => converted(name, first)?.trunc(),
        "asFloat" | "float" => converted(name, first)?,
        "abs" => number(name, first)?.abs(),
        "ceil" => number(name, first)?.ceil(),
        "floor" => number(name, first)?.floor(),
        "round" => number(name, first)?.round(),
        "max" => folded(f64::max)?,
        "min" => folded(f64::min)?,
        "sum" => numbers(name, first)?.into_iter().sum(),
        _ => {
            let numbers = numbers(name, first)?;
            if numbers.is_empty() {
                return Err(fail(format!("`{name}` of an empty list")));
            }
            numbers.iter().sum::<f64>() / numbers.len() as f64
        }
    };
    Ok(Value::Float(given))
}

/// Whether two values stand in an order; what cannot be ordered is an error, and NaN stands in none.
fn ordered(sign: &str, left: &Value, right: &Value) -> Result<bool, ExecutionError> {
    let ordering = match (left, right) {
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => return Err(fail(format!("`{sign}` cannot compare a {} with a {}", left.type_of(), right.type_of()))),
    };
    Ok(match sign {
        "<" => ordering == Some(Ordering::Less),
        "<=" => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        ">" => ordering == Some(Ordering::Greater),
        _ => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
    })
}

/// The element of a list, or the value of a map's key.
fn at(inside: &Value, place: &Value) -> Result<Value, ExecutionError> {
    match (inside, place) {
        (Value::List(items), Value::Float(index)) if index.fract() == 0.0 => {
            let from_front = if *index < 0.0 { index + items.len() as f64 } else { *index };
            let found = if from_front < 0.0 { None } else { items.get(from_front as usize) };
            found.cloned().ok_or_else(|| fail(format!("index {index} is past the end of a list of {}", items.len())))
        }
        (Value::Map(map), Value::String(key)) => Ok(map.get(&Key::from(Arc::clone(key))).cloned().unwrap_or(Value::Null)),
        _ => Err(fail(format!("a {} has no element {}", inside.type_of(), place.type_of()))),
    }
}

/// A list to walk through. A map is none, as in Argo: the order of its keys would be an accident.
fn list(value: &Value) -> Result<Value, ExecutionError> {
    match value {
        Value::List(_) => Ok(value.clone()),
        other => Err(fail(format!("a predicate looks at the elements of a list, not of a {}", other.type_of()))),
    }
}

/// Makes every function known to an evaluation.
pub(super) fn register(context: &mut Context<'_, '_>) {
    let mut all_known = true;
    for name in FUNCTIONS.iter().map(|(name, _)| *name).chain([MEAN]) {
        all_known &= context.add_function(&format!("{PREFIX}{name}"), move |Arguments(values): Arguments| call(name, &values)).is_ok();
    }
    for (name, sign) in ORDERS {
        all_known &= context.add_function(name, move |left: Value, right: Value| ordered(sign, &left, &right)).is_ok();
    }
    let rest = |left: Value, right: Value| Ok::<f64, ExecutionError>(number("%", &left)? % number("%", &right)?);
    all_known &= context.add_function(REST, rest).is_ok();
    all_known &= context.add_function(LIST, |value: Value| list(&value)).is_ok();
    all_known &= context.add_function(AT, |inside: Value, place: Value| at(&inside, &place)).is_ok();
    assert!(all_known, "the names of our functions differ from one another and from CEL's");
}

/// The comparisons, and the names of the functions that do them.
pub(super) const ORDERS: [(&str, &str); 4] = [("f_less", "<"), ("f_most", "<="), ("f_more", ">"), ("f_least", ">=")];
/// The function that looks into a list or a map.
pub(super) const AT: &str = "f_at";
/// The function that gives what is left after a division.
pub(super) const REST: &str = "f_rest";
/// The function that lets nothing but lists through.
pub(super) const LIST: &str = "f_list";
