//! Conditions of an analysis: Argo's expressions, such as `result[0] >= 0.95` or `len(result) == 0`.
//!
//! Argo evaluates them with the Go library `expr`; here they are parsed, translated into CEL and evaluated by the `cel`
//! crate. A mistake is refused when the condition is read, with its position; what only a value can decide (an index past
//! the end, a comparison of text with a number) is an error of the measurement, as in Argo. It knows no metrics and no
//! time. To add a function, add a line to [`FUNCTIONS`] and its behaviour to `functions`.
//!
//! What differs between the two languages, and how it is translated:
//!
//! - Numbers are doubles, so that `result * 100` works; CEL keeps integers apart.
//! - `and`, `or`, `not`, `nil`, `not in`, `contains`, `startsWith` and `endsWith` are written as words in `expr`.
//! - `&&` and `||` stop at the first side that decides, and a left side that fails is an error: `result[0] > 1 ||
//!   len(result) == 0` is an error for an empty result. CEL would take the right side instead, so a conditional is
//!   written.
//! - `<`, `<=`, `>` and `>=` are false where a number is NaN; CEL refuses to compare it.
//! - `x[i]` and `x.name` give `nil` for a missing key, and negative indices count from the end.
//! - `all`, `any`, `none`, `one`, `filter`, `map` and `count` take a predicate in which `#` is the element and `.name`
//!   is `#.name`; CEL's macros take a variable.
//! - `a ?? b` is `b` where `a` is `nil`, and `%` works on doubles.
//! - Left out, and refused by name: `matches`, `**`, `..`, `?.`, slices and `let`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use cel::{Context, Program};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::expression::translate;
use super::functions::{Measured, register, value_of};

/// Length of a condition [characters]; the longest in use have about two hundred.
const MOST_CHARS: usize = 2_000;
/// Values in one measurement; predicates look at each.
const MOST_VALUES: usize = 1_000;

/// A condition that is no expression: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {at} of `{shown}`")]
pub struct ConditionError {
    /// What is wrong.
    pub message: String,
    /// Where, counted from 1 [characters].
    pub at: usize,
    /// The beginning of the condition.
    shown: String,
}

/// A condition that was checked and can be asked.
///
/// Arguments (`{{args.name}}`) stand in it until [`Condition::with_args`] puts their values in; a condition in which some
/// are missing was checked with 0 in their place.
#[derive(Clone)]
pub struct Condition {
    text: String,
    program: Arc<Program>,
}

impl Condition {
    /// The condition as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the condition holds for a measured value; an error if that cannot be said.
    pub fn holds(&self, result: &Measured) -> Result<bool, String> {
        if result.count() > MOST_VALUES {
            return Err(format!("the measurement has more than {MOST_VALUES} values"));
        }
        let mut context = Context::default();
        register(&mut context);
        context.add_variable_from_value("result", value_of(result));
        match self.program.execute(&context) {
            Ok(cel::Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(format!("`{}` is {}, neither true nor false", self.text, other.type_of())),
            Err(error) => Err(reason(&error)),
        }
    }

    /// The same condition with the values of arguments in it.
    pub fn with_args<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> Result<Self, ConditionError> {
        substitute(&self.text, |name| value_of(name).map(Cow::Borrowed)).parse()
    }

    /// The arguments that stand in it.
    pub fn arguments(&self) -> Vec<String> {
        arguments_of(&self.text)
    }
}

/// An error of evaluation in the words of people who write conditions.
fn reason(error: &cel::ExecutionError) -> String {
    match error {
        cel::ExecutionError::FunctionError { message, .. } => message.clone(),
        cel::ExecutionError::NoSuchOverload(overload) => {
            let kinds = overload.argument_types().join(" and ");
            format!("`{}` does not go with {kinds}", overload.function().trim_matches('_'))
        }
        other => other.to_string(),
    }
}

/// The names of the arguments in a text, in order, each once.
pub fn arguments_of(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    substitute(text, |name| {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        None
    });
    names
}

/// Puts values in the place of `{{args.name}}`, spaces allowed; what has no value stays.
pub fn substitute<'a>(text: &str, mut value_of: impl FnMut(&str) -> Option<Cow<'a, str>>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else { break };
        let inside = rest[start + 2..start + length].trim();
        out.push_str(&rest[..start]);
        match inside.strip_prefix("args.").and_then(|name| value_of(name.trim())) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[start..start + length + 2]),
        }
        rest = &rest[start + length + 2..];
    }
    out.push_str(rest);
    out
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let wrong = |message: String, at: usize| ConditionError { message, at: at + 1, shown: text.chars().take(60).collect() };
        if text.chars().count() > MOST_CHARS {
            return Err(wrong(format!("the condition has more than {MOST_CHARS} characters"), MOST_CHARS));
        }
        let closed = substitute(text, |_| Some(Cow::Borrowed("0")));
        let translated = translate(&closed).map_err(|(message, at)| wrong(message, at))?;
        let program = Program::compile(&translated).map_err(|_errors| wrong("this is no expression".to_owned(), 0))?;
        Ok(Self { text: text.to_owned(), program: Arc::new(program) })
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({:?})", self.text)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Condition;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a condition such as \"result[0] >= 0.95\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Condition, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl JsonSchema for Condition {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "a condition on `result`, the measured value, such as \"result[0] >= 0.95\"",
            "maxLength": MOST_CHARS,
            "examples": ["result[0] >= 0.95", "len(result) == 0 || result[0] < 0.05"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Measured::{Boolean, List, Nothing, Number, Text};
    use super::*;

    fn asked(condition: &str, result: &Measured) -> Result<bool, String> {
        condition.parse::<Condition>().map_err(|error| error.to_string())?.holds(result)
    }

    fn vector(values: &[f64]) -> Measured {
        List(values.iter().copied().map(Number).collect())
    }

    fn map(entries: &[(&str, Measured)]) -> Measured {
        Measured::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    #[test]
    fn conditions_hold_as_in_argo() {
        let values = map(&[("values", List(vec![map(&[("value", Text("9950".to_owned()))]), map(&[("value", Number(9_900.0))])]))]);
        for (condition, result, holds) in [
            ("result[0] >= 0.95", vector(&[0.95]), true),
            ("result[0] >= 0.95", vector(&[0.949]), false),
            ("result < 0.05", Number(0.01), true),
            ("len(result) == 0", vector(&[]), true),
            ("len(result) == 0 || result[0] < 0.05", vector(&[]), true),
            ("len(result) > 0 && result[0] < 0.05", vector(&[]), false),
            ("isNaN(result)", Number(f64::NAN), true),
            ("isNaN(result[0]) or result[0] <= 1", vector(&[f64::NAN]), true),
            ("isInf(result)", Number(f64::NEG_INFINITY), true),
            ("result >= 0.95", Number(f64::NAN), false),
            ("result < 0.95", Number(f64::NAN), false),
            ("result == result", Number(f64::NAN), false),
            ("all(result, # > 0)", vector(&[1.0, 2.0]), true),
            ("all(result, {# > 0})", vector(&[1.0, 0.0]), false),
            ("all(result, # > 0)", vector(&[]), true),
            ("any(result, # > 1) and none(result, # > 2)", vector(&[1.0, 2.0]), true),
            ("count(result, # > 1) == 1", vector(&[1.0, 2.0]), true),
            ("one(result, # > 1)", vector(&[1.0, 2.0]), true),
            ("len(filter(result, # > 1)) == 1", vector(&[1.0, 2.0]), true),
            ("max(map(result, # * 100)) == 200", vector(&[1.0, 2.0]), true),
            ("all(result.values, {asFloat(.value) >= 9900})", values.clone(), true),
            ("all(result.values, any(result.values, asInt(.value) > 9940))", values.clone(), true),
            ("result.absent == nil", values.clone(), true),
            ("isNil(result['absent'])", values, true),
            ("default(result, 0) == 0", Nothing, true),
            ("default(result, 0) == 0.5", Number(0.5), true),
            ("isNil(result)", Nothing, true),
            ("result == nil", Nothing, true),
            ("asInt(result) == 12", Text("12".to_owned()), true),
            ("asFloat(result) < 0.5", Text("0.25".to_owned()), true),
            ("asInt(result) == 2", Number(2.9), true),
            ("result == 'healthy'", Text("healthy".to_owned()), true),
            ("result == \"It's\"", Text("It's".to_owned()), true),
            ("result == \"true\"", Boolean(true), false),
            ("result", Boolean(true), true),
            ("!result", Boolean(false), true),
            ("not result", Boolean(false), true),
            ("result in ['ok', 'fine']", Text("fine".to_owned()), true),
            ("result not in [1, 2]", Number(3.0), true),
            ("result contains 'ea' and result startsWith 'h' and result endsWith 'y'", Text("healthy".to_owned()), true),
            ("result > 1 ? result < 3 : false", Number(2.0), true),
            ("result / 2 == 0.5", Number(1.0), true),
            ("1 - result > 0.5e-1", Number(0.9), true),
            ("-result < 0", Number(1.0), true),
            ("result * 3 % 2 == 1 && 7 % 4 * 2 == 6", Number(1.0), true),
            ("(result ?? 5) == 5 && result ?? 5 == 5", Nothing, true),
            ("result[-1] == 3", vector(&[1.0, 3.0]), true),
            ("abs(result) == 1 && floor(1.5) == 1 && ceil(1.5) == 2 && round(1.5) == 2", Number(-1.0), true),
            ("result.major == '1'", map(&[("major", Text("1".to_owned()))]), true),
            ("sum(result) == 3 && mean(result) == 1.5 && min(result) == 1", vector(&[1.0, 2.0]), true),
        ] {
            assert_eq!(asked(condition, &result), Ok(holds), "{condition} of {result:?}");
        }
    }

    /// The left side of `||` fails first, as in Argo; CEL alone would answer true.
    #[test]
    fn what_only_a_value_shows_is_an_error_of_the_measurement() {
        for (condition, result) in [
            ("result[0] >= 0.90 || len(result) == 0", vector(&[])),
            ("result[0] >= 0.90 && len(result) > 0", vector(&[])),
            ("result >= 0.95", Nothing),
            ("result >= 0.95", Text("high".to_owned())),
            ("result >= 0.95", vector(&[1.0])),
            ("isNaN(result)", vector(&[1.0])),
            ("asInt(result) == 1", Text("one".to_owned())),
            ("result + 1", Number(1.0)),
            ("all(result, # > 0)", Number(1.0)),
            ("any(result, # == 'a')", map(&[("a", Number(1.0))])),
            ("result[0.5] > 1", vector(&[1.0])),
            ("result && true", Number(1.0)),
        ] {
            let error = asked(condition, &result);
            assert!(error.is_err(), "{condition} of {result:?} gave {error:?}");
        }
        assert_eq!(asked("result[0] > 0", &vector(&[])), Err("index 0 is past the end of a list of 0".to_owned()));
    }

    #[test]
    fn mistakes_are_refused_when_a_condition_is_read() {
        for (condition, message, at) in [
            ("", "the condition is empty", 1),
            ("result >=", "something is missing", 10),
            ("result => 1", "`=>` is no operator", 8),
            ("result = 1", "`=` is no operator; did you mean `==`?", 8),
            ("reslt > 1", "unknown name `reslt`; the measured value is called `result`", 1),
            ("length(result) > 1", "unknown function `length`", 1),
            ("isNaN(result, 1)", "`isNaN` takes 1 value, not 2", 1),
            ("result[0 > 1", "`]` is missing", 13),
            ("(result > 1", "`)` is missing", 12),
            ("result > 1)", "`)` is too much", 11),
            ("result > 1 result", "this does not belong here", 12),
            ("result == 'ok", "the text does not end", 11),
            ("result matches 'a.*'", "`matches` is not supported", 8),
            ("result?.a > 1", "`?.` is not supported", 7),
            ("result ** 2 > 1", "`**` is not supported", 8),
            ("result[0:1] == 1", "slices are not supported", 9),
            ("# > 1", "`#` stands only in a predicate, such as all(result, # > 0)", 1),
            ("result > 1 ? true", "`:` is missing", 18),
            ("result.5 > 1", "a name must follow the dot", 8),
            ("result > 1..2", "`..` is not supported", 11),
            ("result > 12abc", "`12abc` is no number", 10),
            ("result @ 1", "`@` is no operator", 8),
        ] {
            let error = condition.parse::<Condition>().map(|_| ()).expect_err(condition);
            assert_eq!((error.message.as_str(), error.at), (message, at), "{condition}");
        }
        let deep = format!("{}result{}", "(".repeat(200), ")".repeat(200));
        assert!(deep.parse::<Condition>().is_err_and(|error| error.message.contains("nested too deeply")));
        assert!("any(result, any(result, any(result, # > 1)))".parse::<Condition>().is_err_and(|error| error.message.contains("predicates")));
        assert!("!".repeat(500).parse::<Condition>().is_err());
        assert!("result > 1 && ".repeat(1_000).parse::<Condition>().is_err_and(|error| error.message.contains("2000")));
        assert!(format!("{}true", "true && ".repeat(200)).parse::<Condition>().is_ok_and(|long| long.holds(&Nothing) == Ok(true)));
    }

    #[test]
    fn arguments_are_put_in_before_a_condition_is_asked() {
        let condition: Condition = "result >= {{ args.least }} && '{{args.word}}' == 'ok'".parse().expect("checked with 0");
        assert_eq!(condition.arguments(), ["least", "word"]);
        let full = condition.with_args(|name| Some(if name == "least" { "0.9" } else { "ok" })).expect("a condition");
        assert_eq!(full.holds(&Number(0.9)), Ok(true));
        assert!(condition.with_args(|_| Some("0) || (true")).is_err());
    }

    /// Hostile text ends in a condition or in a mistake, and a condition in an answer or in an error.
    #[test]
    fn any_text_ends_in_an_answer() {
        let pieces = [
            "result",
            "[0]",
            ".a",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "#",
            "all(",
            ", ",
            "1",
            "1e9",
            "'x",
            "'",
            "&&",
            "||",
            "!",
            "not ",
            "in ",
            "??",
            "%",
            "?",
            ":",
            "-",
            "\\",
            "nil",
            "{{args.x}}",
            "é",
        ];
        let mut state = 7_u64;
        let values = [Nothing, Number(1.0), vector(&[1.0, f64::NAN]), Text("x".to_owned()), map(&[("a", Number(1.0))])];
        let mut conditions = 0;
        for _ in 0..3_000 {
            let mut text = String::new();
            for _ in 0..=state % 7 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
            }
            if let Ok(condition) = text.parse::<Condition>() {
                conditions += 1;
                for value in &values {
                    let _ = condition.holds(value);
                }
            }
        }
        assert!(conditions > 50, "{conditions}");
    }

    #[test]
    fn conditions_are_text_in_files() {
        let condition: Condition = serde_json::from_str("\"result > 1\"").expect("a condition");
        assert_eq!(serde_json::to_string(&condition).expect("text"), "\"result > 1\"");
        let error = serde_json::from_str::<Condition>("\"result >\"").expect_err("no condition");
        assert!(error.to_string().contains("something is missing at character 9 of `result >`"), "{error}");
    }
}
