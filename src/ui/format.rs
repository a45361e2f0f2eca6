//! Numbers as people read them: rates, latencies, shares, clocks, with their units.
//!
//! It knows no language beyond the trade's unit symbols. To add a quantity, add a function and a row to the tests.

use crate::units::SimTime;

/// What stands where nothing is known.
pub(crate) const NOTHING: &str = "–";

/// Three significant digits at most, without trailing zeros after the point.
fn digits(value: f64) -> String {
    let magnitude = value.abs();
    let decimals = if magnitude >= 99.95 || magnitude == 0.0 {
        0
    } else if magnitude >= 9.995 {
        1
    } else {
        2
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A value with only its two leading digits: `1234` becomes `1200`.
pub(crate) fn coarse(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let unit = 10_f64.powf(value.abs().log10().floor() - 1.0);
    (value / unit).round() * unit
}

/// A number with a metric suffix: `412`, `1.2k`, `3.4M`.
pub(crate) fn count(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    let (scaled, suffix) = match value.abs() {
        v if v >= 999_500_000.0 => (value / 1e9, "G"),
        v if v >= 999_500.0 => (value / 1e6, "M"),
        v if v >= 999.5 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    format!("{}{suffix}", digits(scaled))
}

/// A rate: `412/s`, `1.2k/s`.
pub(crate) fn rate(per_second: f64) -> String {
    if !per_second.is_finite() {
        return NOTHING.to_owned();
    }
    format!("{}/s", count(per_second))
}

/// A time, given in milliseconds: `420 µs`, `84 ms`, `1.2 s`, `3 min`.
pub(crate) fn millis(ms: f64) -> String {
    if !ms.is_finite() {
        return NOTHING.to_owned();
    }
    match ms.abs() {
        0.0 => "0 ms".to_owned(),
        v if v < 0.9995 => format!("{} µs", digits(ms * 1e3)),
        v if v < 999.5 => format!("{} ms", digits(ms)),
        v if v < 120_000.0 => format!("{} s", digits(ms / 1e3)),
        _ => format!("{} min", digits(ms / 60e3)),
    }
}

/// A time that may be unknown; see [`millis`].
pub(crate) fn millis_or_nothing(ms: Option<f64>) -> String {
    ms.map_or_else(|| NOTHING.to_owned(), millis)
}

/// A share of 0…1 as a percentage: `0.02 %`, `12 %`, `99.95 %`.
pub(crate) fn percent(share: f64) -> String {
    if !share.is_finite() {
        return NOTHING.to_owned();
    }
    let value = share * 100.0;
    // Close to the whole the distance from it is what matters: 99.95 %, not 100 %.
    if value > 99.0 && value < 100.0 {
        let text = format!("{:.3}", (value * 1e3).floor() / 1e3);
        return format!("{} %", text.trim_end_matches('0').trim_end_matches('.'));
    }
    if value > 0.0 && value < 0.01 {
        return "<0.01 %".to_owned();
    }
    format!("{} %", digits(value))
}

/// The simulated clock: hours, minutes, seconds, with the day once there is a second one.
pub(crate) fn clock(now: SimTime) -> (u64, String) {
    let seconds = now.nanos() / 1_000_000_000;
    let (day, rest) = (seconds / 86_400, seconds % 86_400);
    (day + 1, format!("{:02}:{:02}:{:02}", rest / 3_600, rest / 60 % 60, rest % 60))
}

/// A time on an axis, given in seconds: `45s`, `3m`, `3m20s`, `2h`, `1d 6h`.
pub(crate) fn axis_time(seconds: f64) -> String {
    let negative = if seconds < 0.0 { "-" } else { "" };
    let total = seconds.abs().round() as u64;
    let (d, h, m, s) = (total / 86_400, total / 3_600 % 24, total / 60 % 60, total % 60);
    let text = match (d, h, m, s) {
        (0, 0, 0, s) => format!("{s}s"),
        (0, 0, m, 0) => format!("{m}m"),
        (0, 0, m, s) => format!("{m}m{s:02}s"),
        (0, h, 0, 0) => format!("{h}h"),
        (0, h, m, _) => format!("{h}h{m:02}m"),
        (d, 0, _, _) => format!("{d}d"),
        (d, h, _, _) => format!("{d}d {h}h"),
    };
    format!("{negative}{text}")
}

/// Money: `$12.30`, `$0.0042`.
pub(crate) fn dollars(amount: f64) -> String {
    if amount > 0.0 && amount < 0.01 { format!("${amount:.4}") } else { format!("${amount:.2}") }
}

/// A whole number with thin separators: `1 234 567`.
pub(crate) fn whole(value: u64) -> String {
    let text = value.to_string();
    let mut out = String::with_capacity(text.len() + text.len() / 3);
    for (at, digit) in text.chars().enumerate() {
        if at > 0 && (text.len() - at).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_as_people_write_them() {
        for (value, expected) in [(0.0, "0/s"), (0.4, "0.4/s"), (412.3, "412/s"), (999.6, "1k/s"), (1_234.0, "1.23k/s"), (2.5e6, "2.5M/s"), (f64::NAN, "–")] {
            assert_eq!(rate(value), expected);
        }
        for (value, expected) in
            [(0.0, "0 ms"), (0.42, "420 µs"), (84.2, "84.2 ms"), (999.6, "1 s"), (1_234.0, "1.23 s"), (300_000.0, "5 min"), (f64::NAN, "–")]
        {
            assert_eq!(millis(value), expected);
        }
        for (value, expected) in
            [(0.0, "0 %"), (0.0002, "0.02 %"), (0.000_02, "<0.01 %"), (0.12, "12 %"), (0.999_95, "99.995 %"), (0.9995, "99.95 %"), (1.0, "100 %")]
        {
            assert_eq!(percent(value), expected);
        }
    }

    #[test]
    fn a_share_below_the_whole_is_never_rounded_up_to_it() {
        assert_eq!(percent(0.999_999_9), "99.999 %");
    }

    #[test]
    fn times_on_axes_are_short() {
        for (value, expected) in [(0.0, "0s"), (45.0, "45s"), (180.0, "3m"), (200.0, "3m20s"), (7_200.0, "2h"), (108_000.0, "1d 6h")] {
            assert_eq!(axis_time(value), expected);
        }
        assert_eq!(clock(SimTime::from_secs(86_400 + 3_661)), (2, "01:01:01".to_owned()));
        assert_eq!(whole(1_234_567), "1\u{a0}234\u{a0}567");
    }
}
