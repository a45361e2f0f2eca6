//! A number of a unit as people read it: alone, or as a difference with its sign.

use super::super::words::{dollars, percent, short, span};
use crate::lab::compare::Unit;

/// The unit's name in data.
pub(super) const fn name(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Share => "share",
        Unit::Seconds => "s",
        Unit::Hours => "h",
        Unit::Dollars => "$",
    }
}

/// The unit of a name in data; counts for any other.
pub(super) fn unit(name: &str) -> Unit {
    [Unit::Share, Unit::Seconds, Unit::Hours, Unit::Dollars].into_iter().find(|unit| self::name(*unit) == name).unwrap_or(Unit::Count)
}

/// `4,321`, `58 %`, `15 min`, `24.9 h`, `$0.52`; without a sign.
pub(super) fn size(unit: Unit, value: f64) -> String {
    let value = value.abs();
    match unit {
        Unit::Count => short(value),
        Unit::Share => percent(Some(value)),
        Unit::Seconds if value == 0.0 => "0 s".into(),
        Unit::Seconds => span(value),
        Unit::Hours => format!("{} h", short(value)),
        Unit::Dollars => dollars(value),
    }
}

/// The same with its sign: `-4,009`, `+15 min`, and plain for exactly nothing.
pub(super) fn signed(unit: Unit, value: f64) -> String {
    let text = size(unit, value);
    if value > 0.0 {
        format!("+{text}")
    } else if value < 0.0 {
        format!("-{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_unit_and_differences_their_sign() {
        for (unit, value, text) in [
            (Unit::Count, 4_320.6, "4,321"),
            (Unit::Share, 6.01, "601 %"),
            (Unit::Seconds, 0.0, "0 s"),
            (Unit::Seconds, 906.0, "15.1 min"),
            (Unit::Hours, 24.91, "24.9 h"),
            (Unit::Dollars, 0.52, "$0.52"),
        ] {
            assert_eq!(size(unit, value), text);
            assert_eq!(super::unit(name(unit)), unit);
        }
        assert_eq!([-12.0, 0.0, 3.5].map(|value| signed(Unit::Count, value)), ["-12", "0", "+3.5"]);
        assert_eq!(signed(Unit::Dollars, -0.004), "-$0.0040");
    }
}
