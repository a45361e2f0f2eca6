//! Values as Argo writes them: durations, numbers in text, and what `{{args.name}}` stands for.

use super::raw::{Argument, IntOrText, PodHash};
use crate::units::SimSpan;

/// The longest duration that is taken [s]: ten years, as everywhere.
const LONGEST_SECS: f64 = 315_360_000.0;

/// A duration as Go reads it: numbers with the units h, m, s, ms, us or ns, without spaces.
pub(super) fn duration(text: &str) -> Result<SimSpan, String> {
    let wrong = || format!("`{text}` is not a duration; write a number and a unit, such as \"30s\", \"5m\" or \"1h30m\"");
    let units = [("ms", 1e-3), ("us", 1e-6), ("µs", 1e-6), ("ns", 1e-9), ("h", 3_600.0), ("m", 60.0), ("s", 1.0)];
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(SimSpan::ZERO);
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let number: f64 = rest[..digits].parse().map_err(|_no_number| wrong())?;
        let (unit, scale) = units.iter().find(|(unit, _)| rest[digits..].starts_with(unit)).ok_or_else(wrong)?;
        total += number * scale;
        rest = &rest[digits + unit.len()..];
    }
    if text.is_empty() || total > LONGEST_SECS { Err(wrong()) } else { Ok(SimSpan::from_secs_f64(total)) }
}

/// The duration of a pause: a number of seconds, or a duration, of which whole seconds count.
pub(super) fn pause(value: &IntOrText) -> Result<SimSpan, String> {
    let seconds = |seconds: i64| match u64::try_from(seconds) {
        Ok(seconds) if seconds as f64 <= LONGEST_SECS => Ok(SimSpan::from_secs(seconds)),
        Ok(_) => Err(format!("{seconds} seconds are more than ten years")),
        Err(_negative) => Err(format!("{seconds} is negative; a pause takes zero seconds or more")),
    };
    match value {
        IntOrText::Int(number) => seconds(*number),
        IntOrText::Text(text) => match text.parse::<i64>() {
            Ok(number) => seconds(number),
            Err(_no_number) => duration(text).map(|span| SimSpan::from_secs(span.nanos() / 1_000_000_000)),
        },
    }
}

/// A whole number, also as text.
pub(super) fn whole(value: &IntOrText) -> Result<i64, String> {
    match value {
        IntOrText::Int(number) => Ok(*number),
        IntOrText::Text(text) => text.trim().parse().map_err(|_no_number| format!("`{text}` is not a whole number")),
    }
}

/// The value of an argument, as far as it is known here: hashes and secrets are named instead.
pub(super) fn argument(argument: &Argument) -> Option<String> {
    if let Some(value) = &argument.value {
        return Some(value.clone());
    }
    let from = argument.value_from.as_ref()?;
    match (&from.pod_template_hash_value, &from.field_ref, &from.secret_key_ref) {
        (Some(PodHash::Latest), ..) => Some("latest".to_owned()),
        (Some(PodHash::Stable), ..) => Some("stable".to_owned()),
        (None, Some(field), _) => field.field_path.clone(),
        (None, None, Some(secret)) => Some(format!("{}/{}", secret.name.as_deref().unwrap_or_default(), secret.key.as_deref().unwrap_or_default())),
        (None, None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        for (text, secs) in [("30s", 30.0), ("5m", 300.0), ("1h30m", 5_400.0), ("1.5h", 5_400.0), ("250ms", 0.25), ("0", 0.0), ("1m0s", 60.0)] {
            assert_eq!(duration(text), Ok(SimSpan::from_secs_f64(secs)), "{text}");
        }
        for bad in ["", "30", "1d", "5 m", "-5m", "s", "1h-5m", "999999999h", "1..5s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pause_is_seconds_or_a_duration() {
        let text = |text: &str| IntOrText::Text(text.to_owned());
        for (value, secs) in [(IntOrText::Int(10), 10), (text("10"), 10), (text("10s"), 10), (text("1h"), 3_600), (text("1500ms"), 1)] {
            assert_eq!(pause(&value), Ok(SimSpan::from_secs(secs)), "{value:?}");
        }
        for bad in [IntOrText::Int(-1), text("-5"), text("10x"), text("soon"), IntOrText::Int(i64::MAX)] {
            assert!(pause(&bad).is_err(), "{bad:?}");
        }
    }
}
