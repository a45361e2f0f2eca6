//! Live values in texts: "theory 50.0 ms, your run 49.6 ms", written as the language writes numbers.

use super::expression::Recalled;
use super::plan::{Lesson, LiveValue, Step};
use super::texts::{Piece, pieces};
use crate::figures::NONE;
use crate::insight::judge::Measured;
use crate::lang::Lang;

/// What a name in braces means.
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'a> {
    /// The step that measures it.
    pub step: &'a Step,
    /// The value.
    pub value: &'a LiveValue,
    /// Whether it is what theory says, and not what is measured.
    pub is_theory: bool,
}

/// What a name in the texts of a step means: a value of this step or of an earlier one; `None` if there is none.
pub fn quoted<'a>(lesson: &'a Lesson, at: usize, name: &str) -> Option<Quoted<'a>> {
    let value_of = |step: &'a Step, name: &str| step.values.iter().find(|value| value.name == name);
    let here = &lesson.steps[at];
    let (name, is_theory) = match name.strip_suffix(".theory") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let (step, value) = match name.split_once('.') {
        None => (here, value_of(here, name)?),
        Some((step, name)) => {
            let step = lesson.steps[..at].iter().find(|known| known.id == step)?;
            (step, value_of(step, name)?)
        }
    };
    (!is_theory || value.theory.is_some()).then_some(Quoted { step, value, is_theory })
}

/// A text of a step, with the values that it quotes ([`super::Attempt::values`]).
pub fn filled(text: &str, lesson: &Lesson, at: usize, values: &Recalled, lang: Lang) -> String {
    let piece = |piece: Piece<'_>| match piece {
        Piece::Plain(plain) => plain.to_owned(),
        Piece::Quote(name) => match quoted(lesson, at, name) {
            Some(Quoted { step, value, is_theory }) => {
                let name = format!("{}.{}{}", step.id, value.name, if is_theory { ".theory" } else { "" });
                let measured = values.get(&name).cloned().unwrap_or(Measured::Nothing);
                let measured = if is_theory { measured } else { scaled(measured, &value.unit) };
                written(&measured, &value.unit, value.digits, lang)
            }
            None => format!("{{{name}}}"),
        },
    };
    pieces(text).into_iter().map(piece).collect()
}

/// A share in per cent, if that is the unit; what theory says is in the unit already.
pub(super) fn scaled(measured: Measured, unit: &str) -> Measured {
    match measured {
        Measured::Number(number) if unit == "%" => Measured::Number(number * 100.0),
        other => other,
    }
}

/// A value as people read it.
pub fn written(measured: &Measured, unit: &str, digits: usize, lang: Lang) -> String {
    match measured {
        Measured::Number(number) => {
            let number = lang.figure(&grouped(*number, digits));
            match unit {
                "" => number,
                unit if lang.unit(unit) != unit => format!("{number}\u{a0}{}", lang.unit(unit)),
                "$" => format!("${number}"),
                unit if unit.starts_with('/') => format!("{number}{unit}"),
                unit => format!("{number}\u{a0}{unit}"),
            }
        }
        Measured::Text(text) => text.clone(),
        Measured::Boolean(value) => lang.tr(if *value { "lesson.true" } else { "lesson.false" }).into_owned(),
        _ => NONE.to_owned(),
    }
}

/// A number with digits after the point, and a comma between thousands.
fn grouped(number: f64, digits: usize) -> String {
    let plain = format!("{number:.digits$}");
    let (sign, plain) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, fraction) = plain.split_once('.').map_or((plain, String::new()), |(whole, fraction)| (whole, format!(".{fraction}")));
    let grouped = if whole.len() < 4 {
        whole.to_owned()
    } else {
        let digits: Vec<char> = whole.chars().collect();
        digits.rchunks(3).rev().map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(",")
    };
    format!("{sign}{grouped}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_each_language_writes_them() {
        let number = |number: f64| Measured::Number(number);
        assert_eq!(written(&number(49.64), "ms", 1, Lang::En), "49.6\u{a0}ms");
        assert_eq!(written(&number(49.64), "ms", 1, Lang::Vi), "49,6\u{a0}ms");
        assert_eq!(written(&number(4.0), "min", 0, Lang::Vi), "4\u{a0}phút");
        assert_eq!(written(&number(2_437.0), "", 0, Lang::En), "2,437");
        assert_eq!(written(&number(1_234_567.0), "", 0, Lang::Vi), "1.234.567");
        assert_eq!(written(&number(-12_345.5), "$", 1, Lang::En), "$-12,345.5");
        assert_eq!(written(&scaled(number(0.999), "%"), "%", 1, Lang::En), "99.9\u{a0}%");
        assert_eq!(written(&Measured::Nothing, "ms", 0, Lang::En), NONE);
    }
}
