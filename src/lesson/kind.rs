//! Kinds of values: what an expression comes to, so that what can never hold is found when it is read.
//!
//! A comparison of a share with `"1%"`, or a goal that is a number, would be evaluated to nothing in every run. It looks at the tree of an
//! expression alone; what functions give they say themselves.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};

use super::function::{Unknown, named};
use crate::units::Ratio;

/// What kind of value something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A number from 0 to 1.
    Share,
    /// A text.
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// True or false.
    Truth,
    /// Several values in brackets.
    List,
    /// One or another, which only the run says.
    Open,
}

impl Kind {
    /// How a sentence says it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Number | Self::Share => "a number",
            Self::Text | Self::OneOf(_) => "a text",
            Self::Truth => "true or false",
            Self::List => "a list",
            Self::Open => "anything",
        }
    }

    /// Whether it can be one of these.
    pub fn can_be(self, wanted: Self) -> bool {
        let (own, wanted) = (self.broad(), wanted.broad());
        own == wanted || own == Self::Open || wanted == Self::Open
    }

    /// What it is apart from the values that it takes.
    const fn broad(self) -> Self {
        match self {
            Self::Share => Self::Number,
            Self::OneOf(_) => Self::Text,
            other => other,
        }
    }
}

/// Something that never comes to a value, or never holds: the part of the expression, and why.
pub(super) type Mismatch = (u64, Unknown);

fn mismatch<T>(id: u64, message: String) -> Result<T, Mismatch> {
    Err((id, Unknown { message, known: Vec::new() }))
}

/// What kind of value an expression comes to.
pub(super) fn kind_of(expression: &IdedExpr) -> Result<Kind, Mismatch> {
    Ok(match &expression.expr {
        Expr::Literal(LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_)) => Kind::Number,
        Expr::Literal(LiteralValue::String(_)) => Kind::Text,
        Expr::Literal(LiteralValue::Boolean(_)) => Kind::Truth,
        Expr::List(list) => {
            list.elements.iter().try_for_each(|element| kind_of(element).map(|_| ()))?;
            Kind::List
        }
        Expr::Call(call) => kind_of_call(expression.id, call)?,
        _ => Kind::Open,
    })
}

fn kind_of_call(id: u64, call: &CallExpr) -> Result<Kind, Mismatch> {
    if let Some(function) = named(&call.func_name).filter(|_| call.target.is_none()) {
        return Ok(function.gives);
    }
    let sides: Vec<&IdedExpr> = call.target.iter().map(AsRef::as_ref).chain(&call.args).collect();
    let kinds = sides.iter().map(|side| kind_of(side)).collect::<Result<Vec<Kind>, Mismatch>>()?;
    let operator = call.func_name.trim_matches(['_', '@']);
    let all = |wanted: Kind| match kinds.iter().position(|kind| !kind.can_be(wanted)) {
        None => Ok(()),
        Some(at) => mismatch(sides[at].id, format!("`{operator}` takes {}, and this is {}", wanted.words(), kinds[at].words())),
    };
    match (call.func_name.as_str(), kinds.as_slice()) {
        ("_&&_" | "_||_" | "!_", _) => all(Kind::Truth).map(|()| Kind::Truth),
        ("_?_:_", [when, one, other]) => {
            if !when.can_be(Kind::Truth) {
                return mismatch(sides[0].id, format!("`?` asks whether something holds, and this is {}", when.words()));
            }
            Ok(if one.broad() == other.broad() { one.broad() } else { Kind::Open })
        }
        ("_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_", [left, right]) => {
            if left.can_be(*right) {
                fits(*left, sides[1])?;
                fits(*right, sides[0])?;
                return Ok(Kind::Truth);
            }
            let why = format!("{} is never compared with {}", left.words(), right.words());
            mismatch(id, share_in(&sides).map_or_else(|| why.clone(), |share| format!("{why}; a share is 0 to 1 here: write `{share}`")))
        }
        ("_+_", [left, right]) if left.can_be(Kind::Text) && right.can_be(Kind::Text) && [left, right].iter().any(|side| side.broad() == Kind::Text) => {
            Ok(Kind::Text)
        }
        ("_+_" | "_-_" | "_*_" | "_/_" | "-_", _) => all(Kind::Number).map(|()| Kind::Number),
        ("@in", [_, right]) if !right.can_be(Kind::List) => {
            mismatch(sides[1].id, format!("`in` looks into a list, such as `[\"OK\"]`, and this is {}", right.words()))
        }
        ("@in", [left, _]) => {
            if let Expr::List(list) = &sides[1].expr {
                list.elements.iter().try_for_each(|element| fits(*left, element))?;
            }
            Ok(Kind::Truth)
        }
        // What a text contains, begins or ends with.
        _ => all(Kind::Text).map(|()| Kind::Truth),
    }
}

/// Whether something can be what is written: what takes a few texts is never another one, and a share is never above 1.
fn fits(kind: Kind, written: &IdedExpr) -> Result<(), Mismatch> {
    match (kind, &written.expr) {
        (Kind::OneOf(names), Expr::Literal(LiteralValue::String(text))) if !names.contains(&text.inner()) => {
            let known: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            Err((written.id, Unknown { message: format!("`{}` is none of `{}`", text.inner(), known.join("`, `")), known }))
        }
        (Kind::Share, Expr::Literal(LiteralValue::Double(number))) if *number.inner() > 1.0 => {
            let number = *number.inner();
            mismatch(written.id, format!("a share is 0 to 1 and never {number}: write `{}` for {number} %", number / 100.0))
        }
        _ => Ok(()),
    }
}

/// The number that a text such as `1%` stands for, if one of these is one.
fn share_in(sides: &[&IdedExpr]) -> Option<f64> {
    sides.iter().find_map(|side| match &side.expr {
        Expr::Literal(LiteralValue::String(text)) if text.inner().contains('%') => text.inner().parse::<Ratio>().ok().map(Ratio::get),
        _ => None,
    })
}
