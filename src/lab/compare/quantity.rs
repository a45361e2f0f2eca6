//! A number of a unit as people read it: alone, as a difference with its sign, and with how sure it is.

use super::measure::Unit;
use crate::figures::{dollars, percent, short, span};
use crate::insight::paired::Paired;
use crate::lang::Lang;

/// `4,321`, `58 %`, `15 min`, `24.9 h`, `$0.52`; without a sign.
pub fn size(lang: Lang, unit: Unit, value: f64) -> String {
    let value = value.abs();
    lang.figure(&match unit {
        Unit::Count => short(value),
        Unit::Share => percent(Some(value)),
        Unit::Seconds if value == 0.0 => "0 s".into(),
        Unit::Seconds => span(value),
        Unit::Hours => format!("{} h", short(value)),
        Unit::Dollars => dollars(value),
    })
}

/// The same with its sign: `-4,009`, `+15 min`, and plain for exactly nothing.
pub fn signed(lang: Lang, unit: Unit, value: f64) -> String {
    let text = size(lang, unit, value);
    if value > 0.0 {
        format!("+{text}")
    } else if value < 0.0 {
        format!("-{text}")
    } else {
        text
    }
}

/// `-4,009 ± 105`: a mean difference and half of its interval, where that is known and has a width.
pub fn difference(lang: Lang, unit: Unit, mean: f64, half_width: Option<f64>) -> String {
    let text = signed(lang, unit, mean);
    match half_width {
        None => format!("{text} ({})", lang.tr("compare.no-interval")),
        Some(half) if half <= 0.0 => text,
        Some(half) => format!("{text} ± {}", size(lang, unit, half)),
    }
}

/// The same of pairs.
pub fn paired(lang: Lang, unit: Unit, paired: &Paired) -> String {
    difference(lang, unit, paired.mean, paired.half_width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_unit_and_differences_their_sign() {
        for (unit, value, text, vietnamese) in [
            (Unit::Count, 4_320.6, "4,321", "4.321"),
            (Unit::Share, 6.01, "601 %", "601 %"),
            (Unit::Seconds, 0.0, "0 s", "0 s"),
            (Unit::Seconds, 906.0, "15.1 min", "15,1 phút"),
            (Unit::Seconds, 259_200.0, "3 days", "3 ngày"),
            (Unit::Hours, 24.91, "24.9 h", "24,9 giờ"),
            (Unit::Dollars, 0.52, "$0.52", "$0,52"),
        ] {
            assert_eq!((size(Lang::En, unit, value).as_str(), size(Lang::Vi, unit, value).as_str()), (text, vietnamese));
            assert_eq!(Unit::of_name(unit.name()), unit);
        }
        assert_eq!([-12.0, 0.0, 3.5].map(|value| signed(Lang::En, Unit::Count, value)), ["-12", "0", "+3.5"]);
        assert_eq!(signed(Lang::En, Unit::Dollars, -0.004), "-$0.0040");
        let told = |half| difference(Lang::En, Unit::Count, -4_009.0, half);
        assert_eq!([Some(105.2), Some(0.0), None].map(told), ["-4,009 ± 105", "-4,009", "-4,009 (interval n/a)"]);
        assert_eq!(difference(Lang::Vi, Unit::Count, -4_009.0, None), "-4.009 (không có khoảng tin cậy)");
    }
}
