//! The steps of a script as people write them, with their shorthands.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess};

use crate::kernel::dist::Distribution;
use crate::kernel::resilience::CallPolicy;
use crate::units::Ratio;

/// One step of a script: a table with one key.
#[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Step")]
pub(crate) enum StepFile {
    /// Uses a worker and the CPU for this long.
    Work(Distribution),
    /// Waits for the disk for this long.
    Io(Distribution),
    /// Waits for this long without using anything.
    Sleep(Distribution),
    /// Calls an endpoint, `service.endpoint`, and waits for the answer.
    Call(CallFile),
    /// Runs branches at once and waits for all.
    Parallel(ParallelFile),
    /// Runs one branch or the other.
    Probability(ProbabilityFile),
    /// Runs one branch for users who have a feature, the other one for all others.
    Flag(FlagStepFile),
    /// Runs steps again and again.
    Repeat(RepeatFile),
    /// Looks a cache up and runs steps on a miss.
    Cache(LookupFile),
    /// Puts a message into a queue and goes on.
    Publish(String),
    /// Fails with this probability, as an application error.
    Fail(Ratio),
}

/// A call: its target, or a table with a policy of its own.
#[derive(Debug, Clone)]
pub(crate) struct CallFile {
    /// What is called, as `service.endpoint`.
    pub(crate) to: String,
    /// A policy of its own. Boxed: a policy is large, and most calls have none.
    pub(crate) policy: Option<Box<CallPolicy>>,
    /// Whether it is written as a table.
    pub(crate) is_table: bool,
}

/// A call with a policy of its own.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CallTable")]
struct CallTable {
    /// What is called, as `service.endpoint`.
    to: String,
    /// The policy of this call. Default: the one that `calls` has for the target.
    #[serde(default)]
    policy: Option<Box<CallPolicy>>,
}

impl<'de> Deserialize<'de> for CallFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = CallFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an endpoint such as \"db.query\", or a table with `to` and `policy`")
            }
            fn visit_str<E: de::Error>(self, to: &str) -> Result<CallFile, E> {
                Ok(CallFile { to: to.to_owned(), policy: None, is_table: false })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CallFile, A::Error> {
                let CallTable { to, policy } = CallTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(CallFile { to, policy, is_table: true })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for CallFile {
    fn schema_name() -> Cow<'static, str> {
        "Call".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<CallTable>();
        json_schema!({ "anyOf": [{ "type": "string", "description": "what is called, as `service.endpoint`" }, table] })
    }
}

/// Branches that run at once.
#[derive(Debug, Clone)]
pub(crate) enum ParallelFile {
    /// Different branches.
    Branches(Vec<BranchFile>),
    /// The same branch many times.
    Times {
        /// How many times.
        times: u32,
        /// The branch.
        steps: Vec<StepFile>,
    },
}

/// The same branch many times at once.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ParallelCopies")]
struct ParallelTable {
    /// How many times at once, at least 1.
    #[schemars(range(min = 1, max = 10_000))]
    times: u32,
    /// What runs in each.
    steps: Vec<StepFile>,
}

impl<'de> Deserialize<'de> for ParallelFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = ParallelFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of branches, or a table with `times` and `steps`")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, branches: A) -> Result<ParallelFile, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(branches)).map(ParallelFile::Branches)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ParallelFile, A::Error> {
                let ParallelTable { times, steps } = ParallelTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ParallelFile::Times { times, steps })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for ParallelFile {
    fn schema_name() -> Cow<'static, str> {
        "Parallel".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let branches = generator.subschema_for::<Vec<BranchFile>>();
        let table = generator.subschema_for::<ParallelTable>();
        json_schema!({ "anyOf": [branches, table] })
    }
}

/// A branch: one step, or several in an array.
#[derive(Debug, Clone)]
pub(crate) enum BranchFile {
    /// Boxed: a step is large.
    One(Box<StepFile>),
    /// Steps one after the other.
    Many(Vec<StepFile>),
}

impl<'de> Deserialize<'de> for BranchFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = BranchFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a step, or an array of steps")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, steps: A) -> Result<BranchFile, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(steps)).map(BranchFile::Many)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<BranchFile, A::Error> {
                StepFile::deserialize(MapAccessDeserializer::new(map)).map(|step| BranchFile::One(Box::new(step)))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for BranchFile {
    fn schema_name() -> Cow<'static, str> {
        "Branch".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let step = generator.subschema_for::<StepFile>();
        let steps = generator.subschema_for::<Vec<StepFile>>();
        json_schema!({ "anyOf": [step, steps] })
    }
}

/// One branch or the other.
#[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Probability")]
pub(crate) struct ProbabilityFile {
    /// Probability of `then`.
    pub(crate) p: Ratio,
    /// Runs with probability `p`. Default: nothing.
    #[serde(default)]
    pub(crate) then: Vec<StepFile>,
    /// Runs otherwise. Default: nothing.
    #[serde(default, rename = "else")]
    pub(crate) otherwise: Vec<StepFile>,
}

/// One branch for users who have a feature, the other one for all others.
#[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FlagStep")]
pub(crate) struct FlagStepFile {
    /// The flag.
    pub(crate) name: String,
    /// Runs for users who have the feature. Default: nothing.
    #[serde(default)]
    pub(crate) then: Vec<StepFile>,
    /// Runs for all others. Default: nothing.
    #[serde(default, rename = "else")]
    pub(crate) otherwise: Vec<StepFile>,
}

/// Steps that run again and again.
#[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Repeat")]
pub(crate) struct RepeatFile {
    /// How many times: a number, or `[fewest, most]` to draw it, up to 1000.
    pub(crate) times: TimesFile,
    /// What is repeated.
    pub(crate) steps: Vec<StepFile>,
}

/// How many times: always the same, or drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimesFile {
    /// Fewest.
    pub(crate) min: u32,
    /// Most.
    pub(crate) max: u32,
}

impl<'de> Deserialize<'de> for TimesFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = TimesFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or two as [fewest, most]")
            }
            fn visit_i64<E: de::Error>(self, times: i64) -> Result<TimesFile, E> {
                let times = u32::try_from(times).map_err(|_out_of_range| E::invalid_value(de::Unexpected::Signed(times), &self))?;
                Ok(TimesFile { min: times, max: times })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, pair: A) -> Result<TimesFile, A::Error> {
                let (min, max) = Deserialize::deserialize(SeqAccessDeserializer::new(pair))?;
                Ok(TimesFile { min, max })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for TimesFile {
    fn schema_name() -> Cow<'static, str> {
        "Times".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let times = json_schema!({ "type": "integer", "minimum": 0, "maximum": 1000 });
        json_schema!({ "anyOf": [times, { "type": "array", "items": times, "minItems": 2, "maxItems": 2 }] })
    }
}

/// A lookup in a cache.
#[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Lookup")]
pub(crate) struct LookupFile {
    /// The name of a cache of this service.
    pub(crate) name: String,
    /// What a miss costs. Default: nothing.
    #[serde(default)]
    pub(crate) miss: Vec<StepFile>,
}
