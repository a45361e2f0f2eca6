//! Kinds of values: what an expression comes to, so that what can never hold is found when it is read.
//!
//! A comparison of a share with `"1%"`, or a goal that is a number, would be evaluated to nothing in every run. It looks at the tree of an
//! expression alone; what functions give they say themselves.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};

use super::function::named;
use crate::units::Ratio;

/// What kind of value something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A text.
    Text,
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
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Truth => "true or false",
            Self::List => "a list",
            Self::Open => "anything",
        }
    }

    /// Whether it can be one of these.
    pub fn can_be(self, wanted: Self) -> bool {
        self == wanted || self == Self::Open || wanted == Self::Open
    }
}

/// Something that never comes to a value: the part of the expression, and why.
pub(super) type Mismatch = (u64, String);

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
        Some(at) => Err((sides[at].id, format!("`{operator}` takes {}, and this is {}", wanted.words(), kinds[at].words()))),
    };
    match (call.func_name.as_str(), kinds.as_slice()) {
        ("_&&_" | "_||_" | "!_", _) => all(Kind::Truth).map(|()| Kind::Truth),
        ("_?_:_", [when, one, other]) => {
            if !when.can_be(Kind::Truth) {
                return Err((sides[0].id, format!("`?` asks whether something holds, and this is {}", when.words())));
            }
            Ok(if one == other { *one } else { Kind::Open })
        }
        ("_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_", [left, right]) => {
            if left.can_be(*right) {
                return Ok(Kind::Truth);
            }
            let why = format!("{} is never compared with {}", left.words(), right.words());
            Err((id, share_in(&sides).map_or_else(|| why.clone(), |share| format!("{why}; a share is 0 to 1 here: write `{share}`"))))
        }
        ("_+_", [left, right]) if left.can_be(Kind::Text) && right.can_be(Kind::Text) && (*left == Kind::Text || *right == Kind::Text) => Ok(Kind::Text),
        ("_+_" | "_-_" | "_*_" | "_/_" | "-_", _) => all(Kind::Number).map(|()| Kind::Number),
        ("@in", [_, right]) if !right.can_be(Kind::List) => {
            Err((sides[1].id, format!("`in` looks into a list, such as `[\"OK\"]`, and this is {}", right.words())))
        }
        ("@in", _) => Ok(Kind::Truth),
        // What a text contains, begins or ends with.
        _ => all(Kind::Text).map(|()| Kind::Truth),
    }
}

/// The number that a text such as `1%` stands for, if one of these is one.
fn share_in(sides: &[&IdedExpr]) -> Option<f64> {
    sides.iter().find_map(|side| match &side.expr {
        Expr::Literal(LiteralValue::String(text)) if text.inner().contains('%') => text.inner().parse::<Ratio>().ok().map(Ratio::get),
        _ => None,
    })
}
