//! Numbers and times as people read them in English: few digits, a unit, a thin separator between thousands.
//!
//! It knows nothing of what the numbers mean. A missing number is a dash. [`crate::lang::Lang::figure`] writes them as another
//! language does.

/// What stands for a number that there is not.
pub(crate) const NONE: &str = "–";

/// `1234567` as `1,234,567`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 request`, `2,000 requests`: a count with what is counted.
pub(crate) fn counted(value: u64, what: &str) -> String {
    format!("{} {what}{}", count(value), if value == 1 { "" } else { "s" })
}

/// Three significant digits, without an exponent and without trailing zeros after a point. What is not quite nothing does
/// not look as if it were.
pub(crate) fn short(value: f64) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    let size = value.abs();
    if size > 0.0 && size < 0.000_5 {
        return "<0.001".into();
    }
    if size >= 999.5 {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}{}", count(size.round() as u64));
    }
    let digits = if size >= 99.95 {
        0
    } else if size >= 9.995 {
        1
    } else if size >= 0.9995 || size == 0.0 {
        2
    } else {
        3
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// A rate, with its unit.
pub(crate) fn rate(per_second: f64) -> String {
    format!("{}/s", short(per_second))
}

/// A latency in the unit that suits it.
pub(crate) fn millis(value: Option<f64>) -> String {
    match value {
        // Seconds keep three digits, zeros too, so that they look alike in a column.
        Some(ms) if ms >= 999_500.0 => format!("{} s", short(ms / 1e3)),
        Some(ms) if ms >= 99_950.0 => format!("{:.0} s", ms / 1e3),
        Some(ms) if ms >= 9_995.0 => format!("{:.1} s", ms / 1e3),
        Some(ms) if ms >= 999.5 => format!("{:.2} s", ms / 1e3),
        Some(ms) if ms >= 1.0 || ms == 0.0 => format!("{} ms", short(ms)),
        Some(ms) => format!("{} µs", short(ms * 1e3)),
        None => NONE.into(),
    }
}

/// A share as a percentage. What is not quite nothing or everything does not look as if it were.
pub(crate) fn percent(share: Option<f64>) -> String {
    let Some(share) = share.filter(|share| share.is_finite()) else { return NONE.into() };
    let value = share * 100.0;
    if share == 0.0 {
        "0 %".into()
    } else if value.abs() < 0.01 {
        "<0.01 %".into()
    } else if (99.0..100.0).contains(&value) {
        // Rounded down, so that 99.996 % does not read as everything.
        format!("{} %", (value * 100.0 + 1e-6).floor() / 100.0)
    } else {
        format!("{} %", short(value))
    }
}

/// A moment of the run as `mm:ss`, `h:mm:ss`, or with days.
pub(crate) fn clock(seconds: f64) -> String {
    let secs = seconds.max(0.0).round() as u64;
    let (days, hours, minutes, rest) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60, secs % 60);
    if days > 0 {
        format!("{days}d {hours:02}:{minutes:02}:{rest:02}")
    } else if hours > 0 {
        format!("{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{minutes:02}:{rest:02}")
    }
}

/// A length of time in words.
pub(crate) fn span(seconds: f64) -> String {
    if seconds >= 2.0 * 86_400.0 {
        format!("{} days", short(seconds / 86_400.0))
    } else if seconds >= 2.0 * 3_600.0 {
        format!("{} h", short(seconds / 3_600.0))
    } else if seconds >= 120.0 {
        format!("{} min", short(seconds / 60.0))
    } else if seconds >= 1.0 {
        format!("{} s", short(seconds))
    } else {
        millis(Some(seconds * 1e3))
    }
}

/// What is left of an error budget, or by how much it is overspent: twice the budget is a whole budget too much.
pub(crate) fn budget(left: Option<f64>) -> String {
    match left.filter(|left| left.is_finite()) {
        Some(left) if left <= -1.0 => format!("{} × overspent", short(-left)),
        Some(left) if left < 0.0 => format!("{} overspent", percent(Some(-left))),
        left => percent(left),
    }
}

/// Money.
pub(crate) fn dollars(value: f64) -> String {
    if value > 0.0 && value < 0.000_05 {
        "<$0.0001".into()
    } else if value != 0.0 && value.abs() < 0.095 {
        format!("${value:.4}")
    } else {
        format!("${value:.2}")
    }
}

/// A row of bars, one per value, from nothing to the largest.
pub(crate) fn sparkline(values: impl Iterator<Item = Option<f64>> + Clone) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = values.clone().flatten().fold(0.0, f64::max);
    let bar = |value: Option<f64>| match value {
        None => ' ',
        Some(value) if value <= 0.0 || most <= 0.0 => '·',
        Some(value) => BARS[((value / most * 8.0).ceil() as usize).clamp(1, 8) - 1],
    };
    values.map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_keep_their_meaning() {
        assert_eq!(["0", "999", "1,000", "1,234,567"], [0, 999, 1_000, 1_234_567].map(count).each_ref().map(String::as_str));
        for (value, text) in
            [(0.0, "0"), (0.1234, "0.123"), (1.5, "1.5"), (12.345, "12.3"), (999.6, "1,000"), (-3.2, "-3.2"), (0.000_4, "<0.001"), (f64::NAN, "–")]
        {
            assert_eq!(short(value), text);
        }
        for (value, text) in
            [(0.25, "250 µs"), (4.2, "4.2 ms"), (250.4, "250 ms"), (1_800.0, "1.80 s"), (9_996.0, "10.0 s"), (75_000.0, "75.0 s"), (1e6, "1,000 s")]
        {
            assert_eq!(millis(Some(value)), text);
        }
    }

    #[test]
    fn one_is_not_many_and_little_money_is_not_none() {
        assert_eq!([counted(1, "time"), counted(0, "time"), counted(2_000, "time")], ["1 time", "0 times", "2,000 times"]);
        assert_eq!([0.0, 0.000_01, 0.013_7, 12.5].map(dollars), ["$0.00", "<$0.0001", "$0.0137", "$12.50"]);
        let budgets = [Some(0.4), Some(-0.5), Some(-435.39), None].map(budget);
        assert_eq!(budgets, ["40 %", "50 % overspent", "435 × overspent", NONE]);
    }

    #[test]
    fn almost_everything_does_not_read_as_everything() {
        for (share, text) in [(1.0, "100 %"), (0.999_97, "99.99 %"), (0.999, "99.9 %"), (0.5, "50 %"), (0.000_03, "<0.01 %"), (0.0, "0 %"), (0.0012, "0.12 %")]
        {
            assert_eq!(percent(Some(share)), text);
        }
        assert_eq!(percent(None), NONE);
    }

    #[test]
    fn times_read_like_a_clock() {
        assert_eq!((clock(65.0).as_str(), clock(3_725.0).as_str(), clock(90_061.0).as_str()), ("01:05", "1:02:05", "1d 01:01:01"));
        assert_eq!((span(600.0).as_str(), span(86_400.0).as_str(), span(0.5).as_str()), ("10 min", "24 h", "500 ms"));
    }

    #[test]
    fn a_sparkline_shows_gaps_zeros_and_the_largest() {
        assert_eq!(sparkline([Some(0.0), Some(1.0), None, Some(8.0)].into_iter()), "·▁ █");
        assert_eq!(sparkline([Some(0.0)].into_iter()), "·");
    }
}
