//! Quantities with their units: simulated time, spans of it, rates, ratios, sizes and money.
//!
//! People write quantities as `"250ms"`, `"120/s"`, `"0.5%"` or `"512MiB"`; these types read exactly that, print it back
//! without loss, and refuse what is not finite or does not fit. Nothing here knows files, services or the screen.
//!
//! To add a unit, extend the table of its type; parsing, printing and the error text follow from it.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Nanoseconds in a second.
pub const NANOS_PER_SEC: u64 = 1_000_000_000;

/// A quantity that could not be read; the message says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnitError(String);

/// An instant of simulated time: whole nanoseconds since the start of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

/// A length of simulated time: whole nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimSpan(u64);

impl SimTime {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Later than any event.
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }
    /// The instant `secs` seconds after the start.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(NANOS_PER_SEC))
    }
    /// Nanoseconds since the start.
    pub const fn nanos(self) -> u64 {
        self.0
    }
    /// Seconds since the start.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC as f64
    }
    /// The span since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> SimSpan {
        SimSpan(self.0.saturating_sub(earlier.0))
    }
}

impl SimSpan {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest span that content may ask for: ten years.
    pub const LONGEST: Self = Self::from_secs(10 * 365 * 86_400);

    /// A span of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }
    /// A span of `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }
    /// A span of `secs` seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(NANOS_PER_SEC))
    }
    /// A span of `secs` seconds, rounded to the nanosecond; negative and NaN become zero.
    pub fn from_secs_f64(secs: f64) -> Self {
        Self((secs * NANOS_PER_SEC as f64).round() as u64)
    }
    /// Nanoseconds in the span.
    pub const fn nanos(self) -> u64 {
        self.0
    }
    /// Seconds in the span.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC as f64
    }
    /// Milliseconds in the span.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
    /// Whether the span is empty.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add<SimSpan> for SimTime {
    type Output = Self;
    fn add(self, span: SimSpan) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}
impl AddAssign<SimSpan> for SimTime {
    fn add_assign(&mut self, span: SimSpan) {
        *self = *self + span;
    }
}
impl Sub<SimSpan> for SimTime {
    type Output = Self;
    fn sub(self, span: SimSpan) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}
impl Add for SimSpan {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// Units of time, longest first, so that printing picks the longest that divides exactly.
const TIME_UNITS: [(&str, u64); 7] =
    [("d", 86_400 * NANOS_PER_SEC), ("h", 3_600 * NANOS_PER_SEC), ("m", 60 * NANOS_PER_SEC), ("s", NANOS_PER_SEC), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];

/// Splits `"12.5ms"` into its number and its unit.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '+'))).unwrap_or(text.len());
    // An exponent ("1e3") belongs to the number only when digits follow it; "e" starts no unit.
    let end = match text[end..].strip_prefix(['e', 'E']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') => {
            let tail = rest[1..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |at| at + 1);
            end + 1 + tail
        }
        _ => end,
    };
    let number: f64 = text[..end].replace('_', "").parse().ok()?;
    number.is_finite().then_some((number, text[end..].trim()))
}

impl FromStr for SimSpan {
    type Err = UnitError;

    /// Reads one or more number–unit pairs: `"250ms"`, `"1.5h"`, `"1h 30m"`.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError(format!("`{text}` is not a duration; write a number and a unit, such as \"250ms\", \"30s\", \"5m\", \"1h30m\" or \"7d\""));
        let mut rest = text.trim();
        if rest.is_empty() || rest.len() > 64 {
            return Err(wrong());
        }
        let mut total = 0.0_f64;
        while !rest.is_empty() {
            let unit_at = rest.find(|c: char| c.is_ascii_alphabetic() || c == 'µ').ok_or_else(wrong)?;
            let unit_end = rest[unit_at..].find(|c: char| !(c.is_ascii_alphabetic() || c == 'µ')).map_or(rest.len(), |n| unit_at + n);
            let unit = match &rest[unit_at..unit_end] {
                "µs" => "us",
                "min" => "m",
                other => other,
            };
            let (number, tail) = split_number(&rest[..unit_at]).ok_or_else(wrong)?;
            let scale = TIME_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1;
            if !tail.is_empty() {
                return Err(wrong());
            }
            if number < 0.0 {
                return Err(UnitError(format!("`{text}` is negative; a duration is zero or more")));
            }
            total += number * scale as f64;
            rest = rest[unit_end..].trim_start();
        }
        if total > Self::LONGEST.0 as f64 {
            return Err(UnitError(format!("`{text}` is too long; the longest duration is ten years (3650d)")));
        }
        Ok(Self(total.round() as u64))
    }
}

impl FromStr for SimTime {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        text.parse::<SimSpan>().map(|span| Self(span.0))
    }
}

impl fmt::Display for SimSpan {
    /// Prints without loss in the longest unit that divides the span: `90s`, `1500ms`, `2h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) = TIME_UNITS.iter().find(|(_, scale)| self.0.is_multiple_of(*scale)).unwrap_or(&("ns", 1));
        if self.0 == 0 { write!(f, "0s") } else { write!(f, "{}{unit}", self.0 / scale) }
    }
}
impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimSpan(self.0).fmt(f)
    }
}

/// Requests (or other happenings) per second [1/s], finite and not negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct PerSecond(f64);

impl PerSecond {
    /// The largest rate that content may ask for [1/s].
    pub const MOST: f64 = 10_000_000.0;
    /// A rate of `rate` per second; anything not finite or negative becomes zero.
    pub fn new(rate: f64) -> Self {
        Self(if rate.is_finite() { rate.max(0.0) } else { 0.0 })
    }
    /// The rate [1/s].
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl FromStr for PerSecond {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError(format!("`{text}` is not a rate; write a number and a period, such as \"120/s\", \"30/m\" or \"5000/h\""));
        let (number, unit) = split_number(text).ok_or_else(wrong)?;
        let per = match unit {
            "/s" => 1.0,
            "/m" => 60.0,
            "/h" => 3_600.0,
            "/d" => 86_400.0,
            _ => return Err(wrong()),
        };
        if number < 0.0 {
            return Err(UnitError(format!("`{text}` is negative; a rate is zero or more")));
        }
        if number / per > Self::MOST {
            return Err(UnitError(format!("`{text}` is more than the simulation takes; the highest rate is 10000000/s")));
        }
        Ok(Self(number / per))
    }
}
impl fmt::Display for PerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

/// A share of a whole, from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Ratio(f64);

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self(0.0);
    /// Everything.
    pub const ONE: Self = Self(1.0);
    /// A share clamped to 0…1; NaN becomes 0.
    pub fn new(value: f64) -> Self {
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }
    /// The share, 0…1.
    pub const fn get(self) -> f64 {
        self.0
    }
    /// Reads a number from 0 to 1.
    pub fn from_number(value: f64) -> Result<Self, UnitError> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(UnitError(format!("`{value}` is not a share; write 0 to 1, or a percentage such as \"2.5%\"")))
        }
    }
}
impl FromStr for Ratio {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError(format!("`{text}` is not a share; write 0 to 1, or a percentage such as \"2.5%\""));
        match split_number(text).ok_or_else(wrong)? {
            (number, "%") => Self::from_number(number / 100.0).map_err(|_out_of_range| wrong()),
            (number, "") => Self::from_number(number),
            _ => Err(wrong()),
        }
    }
}
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A size in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(u64);

/// Units of size, largest first; decimal and binary as the trade writes them.
const SIZE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

impl Bytes {
    /// `bytes` bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }
    /// `mib` mebibytes.
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib << 20)
    }
    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}
impl FromStr for Bytes {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError(format!("`{text}` is not a size; write a number and a unit, such as \"512MiB\", \"64kB\" or \"2GiB\""));
        let (number, unit) = split_number(text).ok_or_else(wrong)?;
        let scale = SIZE_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1;
        let bytes = number * scale as f64;
        if bytes < 0.0 {
            return Err(UnitError(format!("`{text}` is negative; a size is zero or more")));
        }
        if bytes > (1_u64 << 50) as f64 {
            return Err(UnitError(format!("`{text}` is too large; the largest size is 1024TiB")));
        }
        Ok(Self(bytes.round() as u64))
    }
}
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) = SIZE_UNITS.iter().find(|(_, scale)| self.0.is_multiple_of(*scale)).unwrap_or(&("B", 1));
        if self.0 == 0 { write!(f, "0B") } else { write!(f, "{}{unit}", self.0 / scale) }
    }
}

/// Money in US dollars, as cloud price lists state it.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Dollars(pub f64);

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${:.2}", self.0)
    }
}

/// Serialises a quantity as the text that people write, and describes it so in the schema.
macro_rules! as_text {
    ($type:ident, $expecting:literal, $pattern:literal, [$($example:literal),+] $(, number = $number:expr)?) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                    $(
                        fn visit_f64<E: de::Error>(self, value: f64) -> Result<$type, E> {
                            let read: fn(f64) -> Result<$type, UnitError> = $number;
                            read(value).map_err(E::custom)
                        }
                        fn visit_i64<E: de::Error>(self, value: i64) -> Result<$type, E> {
                            self.visit_f64(value as f64)
                        }
                        fn visit_u64<E: de::Error>(self, value: u64) -> Result<$type, E> {
                            self.visit_f64(value as f64)
                        }
                    )?
                }
                deserializer.deserialize_any(Visitor)
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                #[allow(unused_mut, unused_assignments, reason = "only the types that also take a number change it")]
                let mut kinds = vec!["string"];
                $(
                    let _: fn(f64) -> Result<$type, UnitError> = $number;
                    kinds.push("number");
                )?
                json_schema!({ "type": kinds, "description": $expecting, "pattern": $pattern, "examples": [$($example),+] })
            }
        }
    };
}

as_text!(
    SimSpan,
    "a duration such as \"250ms\", \"30s\", \"5m\" or \"1h30m\"",
    r"^\s*([0-9._+]+(e[+-]?[0-9]+)?\s*(ns|us|µs|ms|s|m|h|d)\s*)+$",
    ["250ms", "5m"]
);
as_text!(SimTime, "a time since the start such as \"90s\" or \"2h\"", r"^\s*([0-9._+]+(e[+-]?[0-9]+)?\s*(ns|us|µs|ms|s|m|h|d)\s*)+$", ["90s", "2h"]);
as_text!(PerSecond, "a rate such as \"120/s\", \"30/m\" or \"5000/h\"", r"^\s*[0-9._+]+(e[+-]?[0-9]+)?\s*/(s|m|h|d)$", ["120/s", "30/m"]);
as_text!(Ratio, "a share from 0 to 1, or a percentage such as \"2.5%\"", r"^\s*[0-9._+]+(e[+-]?[0-9]+)?\s*%?$", ["2.5%"], number = Ratio::from_number);
as_text!(Bytes, "a size such as \"512MiB\" or \"64kB\"", r"^\s*[0-9._+]+(e[+-]?[0-9]+)?\s*(B|kB|KiB|MB|MiB|GB|GiB|TB|TiB)$", ["512MiB"]);

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Result<SimSpan, UnitError> {
        text.parse()
    }

    #[test]
    fn durations_read_as_people_write_them() {
        assert_eq!(span("250ms"), Ok(SimSpan::from_millis(250)));
        assert_eq!(span("1.5h"), Ok(SimSpan::from_secs(5_400)));
        assert_eq!(span("1h 30m"), Ok(SimSpan::from_secs(5_400)));
        assert_eq!(span("12 µs"), Ok(SimSpan::from_nanos(12_000)));
        assert_eq!(span("0s"), Ok(SimSpan::ZERO));
    }

    #[test]
    fn durations_refuse_what_cannot_be() {
        for bad in ["", "5", "ms", "-5ms", "5 parsecs", "1e400s", "NaNs", "infs", "99999999d", "5ms6", "5m!"] {
            assert!(span(bad).is_err(), "{bad} was read as {:?}", span(bad));
        }
    }

    #[test]
    fn printing_loses_nothing() {
        for nanos in [0, 1, 999, 1_500, 1_500_000, 90 * NANOS_PER_SEC, 86_400 * NANOS_PER_SEC, 123_456_789] {
            let printed = SimSpan::from_nanos(nanos).to_string();
            assert_eq!(span(&printed), Ok(SimSpan::from_nanos(nanos)), "{printed}");
        }
        assert_eq!(Bytes::from_mib(512).to_string(), "512MiB");
    }

    #[test]
    fn rates_shares_and_sizes() {
        assert_eq!("120/s".parse(), Ok(PerSecond::new(120.0)));
        assert_eq!("30/m".parse(), Ok(PerSecond::new(0.5)));
        assert!("1e12/s".parse::<PerSecond>().is_err());
        assert_eq!("2.5%".parse(), Ok(Ratio::new(0.025)));
        assert!("101%".parse::<Ratio>().is_err());
        assert!("-1%".parse::<Ratio>().is_err());
        assert_eq!("64kB".parse(), Ok(Bytes::new(64_000)));
        assert!("64 parsecs".parse::<Bytes>().is_err());
    }
}
