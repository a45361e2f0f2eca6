//! Numbers as people read them: rates, latencies, shares, clocks, with their units.
//!
//! The one place where a number becomes text: three significant digits, a space before the unit, the decimal sign of the
//! reader's language. To add a quantity, add a function and a row to the tests.

use super::text::Lang;
use crate::figures;
use crate::units::{SimSpan, SimTime};

/// A day [ns].
const DAY: u64 = 86_400_000_000_000;

/// What stands where nothing is known.
pub(crate) const NOTHING: &str = "–";

/// A number written with a decimal point, as the language writes it.
pub(crate) fn localised(lang: Lang, text: &str) -> String {
    lang.figure(text)
}

/// Three significant digits at most, without trailing zeros after the decimal sign.
fn digits(lang: Lang, value: f64) -> String {
    let magnitude = value.abs();
    let decimals = if magnitude >= 99.95 || magnitude == 0.0 {
        0
    } else if magnitude >= 9.995 {
        1
    } else {
        2
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    // What rounds to nothing has no sign.
    localised(lang, if text == "-0" { "0" } else { text })
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
pub(crate) fn count(lang: Lang, value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    let (scaled, suffix) = match value.abs() {
        v if v >= 999_500_000.0 => (value / 1e9, "G"),
        v if v >= 999_500.0 => (value / 1e6, "M"),
        v if v >= 999.5 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    format!("{}{suffix}", digits(lang, scaled))
}

/// A rate: `412/s`, `1.2k/s`.
pub(crate) fn rate(lang: Lang, per_second: f64) -> String {
    if !per_second.is_finite() {
        return NOTHING.to_owned();
    }
    format!("{}/s", count(lang, per_second))
}

/// A time, given in milliseconds: `420 µs`, `84 ms`, `1.2 s`, `3 min`.
pub(crate) fn millis(lang: Lang, ms: f64) -> String {
    if !ms.is_finite() {
        return NOTHING.to_owned();
    }
    match ms.abs() {
        0.0 => "0 ms".to_owned(),
        v if v < 0.9995 => format!("{} µs", digits(lang, ms * 1e3)),
        v if v < 999.5 => format!("{} ms", digits(lang, ms)),
        v if v < 120_000.0 => format!("{} s", digits(lang, ms / 1e3)),
        _ => format!("{} {}", digits(lang, ms / 60e3), lang.unit("min")),
    }
}

/// A length of time as delivery has them: `42 s`, `12 min`, `5.2 h`, `3.1 d`.
pub(crate) fn span(lang: Lang, span: SimSpan) -> String {
    let seconds = span.as_secs_f64();
    let (value, unit) = match seconds {
        s if s < 59.5 => (s, "s"),
        s if s < 5_970.0 => (s / 60.0, "min"),
        s if s < 172_000.0 => (s / 3_600.0, "h"),
        s => (s / 86_400.0, "d"),
    };
    let text = if value >= 9.95 { format!("{value:.0}") } else { format!("{value:.1}") };
    localised(lang, &format!("{}\u{a0}{unit}", text.strip_suffix(".0").unwrap_or(&text)))
}

/// What is left of a time, to the second: `0:42`, `4:12`, `1:04:12`; of days only the longest two units, `2 d 3 h`.
pub(crate) fn countdown(left: SimSpan) -> String {
    let seconds = left.as_secs_f64().ceil() as u64;
    let (d, h, m, s) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    match (d, h) {
        (0, 0) => format!("{m}:{s:02}"),
        (0, h) => format!("{h}:{m:02}:{s:02}"),
        (d, h) => format!("{d}\u{a0}d {h}\u{a0}h"),
    }
}

/// A time of a run that lasts for days: `day 2, 14:03`.
pub(crate) fn day_time(lang: Lang, at: SimTime) -> String {
    let (day, time) = clock(at);
    lang.with("time.day", &[("day", &day.to_string()), ("time", &time[..5])])
}

/// A time of a run that lasts until `end`: to the second, or with its day if there is more than one.
pub(crate) fn moment(lang: Lang, at: SimTime, end: SimTime) -> String {
    if at.max(end).nanos() > DAY { day_time(lang, at) } else { clock(at).1 }
}

/// A time that may be unknown; see [`millis`].
pub(crate) fn millis_or_nothing(lang: Lang, ms: Option<f64>) -> String {
    ms.map_or_else(|| NOTHING.to_owned(), |ms| millis(lang, ms))
}

/// A share of 0…1 as a percentage: `0.02 %`, `12 %`, `99.95 %`.
pub(crate) fn percent(lang: Lang, share: f64) -> String {
    if !share.is_finite() {
        return NOTHING.to_owned();
    }
    let value = share * 100.0;
    // Close to the whole the distance from it is what matters: 99.95 %, not 100 %.
    if value > 99.0 && value < 100.0 {
        let text = format!("{:.3}", (value * 1e3).floor() / 1e3);
        return localised(lang, &format!("{} %", text.trim_end_matches('0').trim_end_matches('.')));
    }
    if value > 0.0 && value < 0.01 {
        return localised(lang, "<0.01 %");
    }
    format!("{} %", digits(lang, value))
}

/// The simulated clock: hours, minutes, seconds, with the day once there is a second one.
pub(crate) fn clock(now: SimTime) -> (u64, String) {
    let seconds = now.nanos() / 1_000_000_000;
    let (day, rest) = (seconds / 86_400, seconds % 86_400);
    (day + 1, format!("{:02}:{:02}:{:02}", rest / 3_600, rest / 60 % 60, rest % 60))
}

/// A time on an axis, given in seconds: `45s`, `3m`, `3m20s`, `2h`, `1d 6h`, `1d 6h20m`.
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
        (d, 0, 0, _) => format!("{d}d"),
        (d, h, 0, _) => format!("{d}d {h}h"),
        (d, h, m, _) => format!("{d}d {h}h{m:02}m"),
    };
    format!("{negative}{text}")
}

/// A time on the axis of a run that lasts until `end`, given in seconds: as the clock shows it where a run lasts for days,
/// `day 2` and `06:00`, else since its beginning, `3m20s`.
pub(crate) fn tick(lang: Lang, seconds: f64, end: SimTime) -> String {
    let at = SimTime::ZERO + SimSpan::from_secs_f64(seconds.max(0.0).round());
    if end.nanos() <= DAY {
        return axis_time(seconds);
    }
    match clock(at) {
        (day, time) if time == "00:00:00" => lang.with("time.day.only", &[("day", &day.to_string())]),
        (_, time) => time.strip_suffix(":00").unwrap_or(&time).to_owned(),
    }
}

/// Memory: `64 MiB`, `1.5 GiB`.
pub(crate) fn bytes(lang: Lang, bytes: u64) -> String {
    let kib = bytes as f64 / 1_024.0;
    match kib {
        v if v < 1_024.0 => format!("{} KiB", digits(lang, v)),
        v if v < 1_048_576.0 => format!("{} MiB", digits(lang, v / 1_024.0)),
        v => format!("{} GiB", digits(lang, v / 1_048_576.0)),
    }
}

/// Money: `$12.30`, `$0.0042`.
pub(crate) fn dollars(lang: Lang, amount: f64) -> String {
    localised(lang, &if amount > 0.0 && amount < 0.01 { format!("${amount:.4}") } else { format!("${amount:.2}") })
}

/// A share of an error budget, the negative of which is overspent: `70 % left`, `overspent 52×`.
pub(crate) fn budget(lang: Lang, left: f64) -> String {
    if left >= 0.0 {
        return lang.with("slo.left", &[("share", &percent(lang, left))]);
    }
    if left < -1e6 {
        // An objective of 100 % has no budget to measure by.
        return lang.tr("slo.none-left").into_owned();
    }
    lang.with("slo.overspent", &[("times", &count(lang, 1.0 - left))])
}

/// A whole number with the language's sign between thousands, as in reports: `1,234,567`.
pub(crate) fn whole(lang: Lang, value: u64) -> String {
    localised(lang, &figures::count(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_as_people_write_them() {
        for (value, expected) in [(0.0, "0/s"), (0.4, "0.4/s"), (412.3, "412/s"), (999.6, "1k/s"), (1_234.0, "1.23k/s"), (2.5e6, "2.5M/s"), (f64::NAN, "–")] {
            assert_eq!(rate(Lang::En, value), expected);
        }
        for (value, expected) in
            [(0.0, "0 ms"), (0.42, "420 µs"), (84.2, "84.2 ms"), (999.6, "1 s"), (1_234.0, "1.23 s"), (300_000.0, "5 min"), (f64::NAN, "–")]
        {
            assert_eq!(millis(Lang::En, value), expected);
        }
        for (value, expected) in
            [(0.0, "0 %"), (0.0002, "0.02 %"), (0.000_02, "<0.01 %"), (0.12, "12 %"), (0.999_95, "99.995 %"), (0.9995, "99.95 %"), (1.0, "100 %")]
        {
            assert_eq!(percent(Lang::En, value), expected);
        }
    }

    #[test]
    fn a_share_below_the_whole_is_never_rounded_up_to_it() {
        assert_eq!(percent(Lang::En, 0.999_999_9), "99.999 %");
    }

    #[test]
    fn times_on_axes_are_short() {
        for (value, expected) in [(0.0, "0s"), (45.0, "45s"), (180.0, "3m"), (200.0, "3m20s"), (7_200.0, "2h"), (108_000.0, "1d 6h"), (86_520.0, "1d 0h02m")] {
            assert_eq!(axis_time(value), expected);
        }
        assert_eq!(clock(SimTime::from_secs(86_400 + 3_661)), (2, "01:01:01".to_owned()));
        assert_eq!([Lang::En, Lang::Vi].map(|lang| whole(lang, 1_234_567)), ["1,234,567", "1.234.567"]);
    }

    #[test]
    fn lengths_of_time_are_in_the_unit_that_people_would_use() {
        for (seconds, expected) in [(0, "0 s"), (42, "42 s"), (90, "1.5 min"), (720, "12 min"), (5_400, "90 min"), (18_720, "5.2 h"), (267_840, "3.1 d")] {
            assert_eq!(span(Lang::En, SimSpan::from_secs(seconds)), expected.replace(' ', "\u{a0}"));
        }
        assert_eq!(span(Lang::Vi, SimSpan::from_secs(18_720)), "5,2\u{a0}giờ");
        assert_eq!(span(Lang::Vi, SimSpan::from_secs(720)), "12\u{a0}phút");
        assert_eq!(span(Lang::Vi, SimSpan::from_secs(267_840)), "3,1\u{a0}ngày");
        assert_eq!(day_time(Lang::En, SimTime::from_secs(86_400 + 3_661)), "day 2, 01:01");
        let (hour, days) = (SimTime::from_secs(3_600), SimTime::from_secs(7 * 86_400));
        assert_eq!(moment(Lang::En, SimTime::from_secs(61), hour), "00:01:01");
        assert_eq!(moment(Lang::En, SimTime::from_secs(61), days), "day 1, 00:01");
        assert_eq!(moment(Lang::En, SimTime::from_secs(86_461), hour), "day 2, 00:01");
        let ticks = [(86_400.0, days), (108_000.0, days), (108_030.0, days), (200.0, hour)].map(|(at, end)| tick(Lang::En, at, end));
        assert_eq!(ticks, ["day 2", "06:00", "06:00:30", "3m20s"]);
    }

    #[test]
    fn a_countdown_is_exact_to_the_second_and_ends_at_nothing() {
        let tenths = |tenths: u64| countdown(SimSpan::from_millis(tenths * 100));
        assert_eq!([0, 1, 420, 2_520, 38_520].map(tenths), ["0:00", "0:01", "0:42", "4:12", "1:04:12"]);
        assert_eq!(countdown(SimSpan::from_secs(2 * 86_400 + 3 * 3_600 + 7)), "2\u{a0}d 3\u{a0}h");
    }

    #[test]
    fn nothing_has_no_sign() {
        assert_eq!(rate(Lang::En, -0.0), "0/s");
        assert_eq!(count(Lang::En, -0.001), "0");
        assert_eq!(percent(Lang::En, -0.0), "0 %");
    }

    #[test]
    fn vietnamese_writes_a_decimal_comma() {
        assert_eq!(rate(Lang::Vi, 1_234.0), "1,23k/s");
        assert_eq!(millis(Lang::Vi, 84.2), "84,2 ms");
        assert_eq!(percent(Lang::Vi, 0.9995), "99,95 %");
        assert_eq!(percent(Lang::Vi, 0.000_02), "<0,01 %");
        assert_eq!(dollars(Lang::Vi, 12.3), "$12,30");
    }

    #[test]
    fn a_budget_is_left_or_overspent_and_never_cut_off() {
        assert_eq!(budget(Lang::En, 0.7), "70 % of the error budget left");
        assert_eq!(budget(Lang::En, -51.15), "52.1× the error budget spent");
        assert_eq!(budget(Lang::Vi, -51.15), "đã tiêu 52,1× error budget");
        assert!(!budget(Lang::En, f64::NEG_INFINITY).contains("inf"));
    }
}
