//! The schemas that a version speaks: one, or several at once while its callers move from one to the next.
//!
//! That is the expanded state of an expand/contract migration (Fowler, "Parallel Change"): the server first learns the new
//! schema beside the old one, its callers migrate, and only then the old one is dropped. A list is written as an array, a
//! single schema as its number. It does not know who calls whom.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Schemas by number, in the order in which they were written. Content checks that there is one, and none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schemas(Vec<u32>);

impl Schemas {
    /// One schema.
    pub fn one(schema: u32) -> Self {
        Self(vec![schema])
    }
    /// All of them.
    pub fn all(&self) -> &[u32] {
        &self.0
    }
    /// The newest of them; 0 if there is none.
    pub fn newest(&self) -> u32 {
        self.0.iter().copied().max().unwrap_or(0)
    }
}

impl fmt::Display for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, schema) in self.0.iter().enumerate() {
            write!(f, "{}{schema}", if n == 0 { "" } else { " and " })?;
        }
        Ok(())
    }
}

impl Serialize for Schemas {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [schema] => serializer.serialize_u32(*schema),
            all => all.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Schemas {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Schemas;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the number of a schema, such as 2, or several, such as [1, 2]")
            }
            fn visit_u64<E: de::Error>(self, schema: u64) -> Result<Schemas, E> {
                let Ok(one) = u32::try_from(schema) else { return Err(E::invalid_value(de::Unexpected::Unsigned(schema), &self)) };
                Ok(Schemas::one(one))
            }
            fn visit_i64<E: de::Error>(self, schema: i64) -> Result<Schemas, E> {
                let Ok(one) = u32::try_from(schema) else { return Err(E::invalid_value(de::Unexpected::Signed(schema), &self)) };
                Ok(Schemas::one(one))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<Schemas, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(Schemas)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Schemas {
    fn schema_name() -> Cow<'static, str> {
        "Schemas".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = json_schema!({ "type": "integer", "minimum": 1, "maximum": 1_000_000 });
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1, "uniqueItems": true }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_written_as_its_number_and_several_as_a_list() {
        for (json, all) in [("2", vec![2]), ("[1,2]", vec![1, 2])] {
            let read: Schemas = serde_json::from_str(json).expect("it reads");
            assert_eq!(read.all(), all);
            assert_eq!(serde_json::to_string(&read).expect("it writes"), json);
        }
        assert_eq!(serde_json::from_str::<Schemas>("[1,2]").expect("it reads").to_string(), "1 and 2");
        for json in ["-1", "\"2\"", "5000000000", "[[1]]"] {
            let refused = serde_json::from_str::<Schemas>(json).expect_err(json).to_string();
            assert!(refused.contains("expected"), "{refused}");
        }
    }
}
