//! A number of pods, or a percentage of the desired count: the `IntOrString` of the Kubernetes API.
//!
//! `1` and `"1"` are one pod, `"25%"` is a quarter of them. Which way a share rounds is up to whoever asks.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number of pods, or a whole percentage of the desired count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntOrPercent {
    /// This many pods.
    Pods(u32),
    /// This percentage of the desired count [%]; may be above 100.
    Percent(u32),
}

impl IntOrPercent {
    /// How many pods that is of `desired`, rounded up.
    pub fn rounded_up(self, desired: u32) -> u32 {
        match self {
            Self::Pods(pods) => pods,
            Self::Percent(percent) => clamped((u64::from(percent) * u64::from(desired)).div_ceil(100)),
        }
    }

    /// How many pods that is of `desired`, rounded down.
    pub fn rounded_down(self, desired: u32) -> u32 {
        match self {
            Self::Pods(pods) => pods,
            Self::Percent(percent) => clamped(u64::from(percent) * u64::from(desired) / 100),
        }
    }

    /// Whether it is nothing, whatever is desired.
    pub fn is_zero(self) -> bool {
        matches!(self, Self::Pods(0) | Self::Percent(0))
    }
}

fn clamped(pods: u64) -> u32 {
    u32::try_from(pods).unwrap_or(u32::MAX)
}

fn wrong(text: impl fmt::Display) -> String {
    format!("`{text}` is neither a number of pods nor a percentage; write pods as a whole number, such as 1, or a share as \"25%\"")
}

impl FromStr for IntOrPercent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |digits: &str| digits.trim().parse().map_err(|_not_whole| wrong(text));
        match text.trim().strip_suffix('%') {
            Some(percent) => number(percent).map(Self::Percent),
            None => number(text).map(Self::Pods),
        }
    }
}

impl fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pods(pods) => write!(f, "{pods}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Serialize for IntOrPercent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Pods(pods) => serializer.serialize_u32(*pods),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrPercent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = IntOrPercent;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of pods, such as 1, or a percentage, such as \"25%\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<IntOrPercent, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, pods: i64) -> Result<IntOrPercent, E> {
                u32::try_from(pods).map(IntOrPercent::Pods).map_err(|_out_of_range| E::custom(wrong(pods)))
            }
            fn visit_u64<E: de::Error>(self, pods: u64) -> Result<IntOrPercent, E> {
                u32::try_from(pods).map(IntOrPercent::Pods).map_err(|_out_of_range| E::custom(wrong(pods)))
            }
            fn visit_f64<E: de::Error>(self, share: f64) -> Result<IntOrPercent, E> {
                Err(E::custom(wrong(share)))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for IntOrPercent {
    fn schema_name() -> Cow<'static, str> {
        "IntOrPercent".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "a number of pods, such as 1, or a percentage of the desired count, such as \"25%\"",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^\\s*[0-9]+\\s*%?\\s*$" }],
            "examples": [1, "25%"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct File {
        max: IntOrPercent,
    }

    fn read(toml: &str) -> Result<IntOrPercent, String> {
        toml::from_str::<File>(toml).map(|file| file.max).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_bare_number_is_pods_and_a_percent_sign_makes_a_share() {
        assert_eq!(read("max = 1"), Ok(IntOrPercent::Pods(1)));
        assert_eq!(read("max = '1'"), Ok(IntOrPercent::Pods(1)));
        assert_eq!(read("max = '25%'"), Ok(IntOrPercent::Percent(25)));
        assert_eq!(read("max = '150%'"), Ok(IntOrPercent::Percent(150)));
        for bad in ["max = 0.25", "max = -1", "max = '-1'", "max = '2.5%'", "max = ''", "max = '%'", "max = 99999999999", "max = true", "max = '1 pod'"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_printed_reads_the_same() {
        for max in [IntOrPercent::Pods(3), IntOrPercent::Percent(25)] {
            assert_eq!(read(&format!("max = '{max}'")), Ok(max));
            let json = serde_json::to_string(&File { max }).expect("JSON");
            assert_eq!(serde_json::from_str::<File>(&json).map_err(|error| error.to_string()), Ok(File { max }), "{json}");
        }
    }

    #[test]
    fn shares_round_exactly() {
        assert_eq!((IntOrPercent::Percent(10).rounded_up(30), IntOrPercent::Percent(10).rounded_down(30)), (3, 3));
        assert_eq!((IntOrPercent::Percent(25).rounded_up(10), IntOrPercent::Percent(25).rounded_down(10)), (3, 2));
        assert_eq!(IntOrPercent::Percent(u32::MAX).rounded_up(u32::MAX), u32::MAX);
        assert_eq!((IntOrPercent::Pods(4).rounded_up(2), IntOrPercent::Pods(4).rounded_down(2)), (4, 4));
    }
}
