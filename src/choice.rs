//! `choice!`: a registry of alternatives that people pick by name, such as the load balancers.
//!
//! Each alternative is a parameter struct in a file of its own; one line in the registry gives it a name in scenario
//! files, in sessions and in the JSON Schema. In a file an alternative is written as its bare name, which takes every
//! default (`balancer = "round-robin"`), or as a table with one key (`balancer = { power-of-two = { stale = "1s" } }`).
//! Keys are `snake_case`, names of alternatives `kebab-case`. The form is serde's external tagging: with an internal tag the TOML reader would lose the position of a mistake.

/// Declares an enum of named alternatives; see the module's documentation.
macro_rules! choice {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $( $(#[$variant_doc:meta])* $key:literal => $variant:ident($params:ty) ),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name {
            $( $(#[$variant_doc])* $variant($params) ),+
        }

        impl $name {
            /// The names by which people choose, in the order of registration.
            pub const NAMES: &'static [&'static str] = &[$($key),+];

            /// The name of this alternative.
            pub const fn name(&self) -> &'static str {
                match self { $( Self::$variant(_) => $key ),+ }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(Some(1))?;
                match self { $( Self::$variant(params) => map.serialize_entry($key, params)? ),+ }
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(f, "one of `{}`, or a table with one of them as its only key", $name::NAMES.join("`, `"))
                    }
                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$name, E> {
                        match name {
                            $(
                                $key => {
                                    let empty = serde::de::value::MapDeserializer::<_, E>::new(std::iter::empty::<(&str, &str)>());
                                    <$params as serde::Deserialize>::deserialize(empty).map($name::$variant)
                                }
                            )+
                            _ => Err(E::unknown_variant(name, $name::NAMES)),
                        }
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        use serde::de::Error as _;
                        struct Key(usize);
                        impl<'de> serde::Deserialize<'de> for Key {
                            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                                let name = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                                $name::NAMES
                                    .iter()
                                    .position(|known| *known == name)
                                    .map(Key)
                                    .ok_or_else(|| D::Error::unknown_variant(&name, $name::NAMES))
                            }
                        }
                        let Some(Key(at)) = map.next_key::<Key>()? else {
                            return Err(A::Error::custom(format!("an empty table; write one of `{}`", $name::NAMES.join("`, `"))));
                        };
                        let mut index = 0..;
                        let value = $(
                            if index.next() == Some(at) { $name::$variant(map.next_value::<$params>()?) } else
                        )+ {
                            return Err(A::Error::custom("an alternative without a reader"));
                        };
                        if let Some(Key(second)) = map.next_key::<Key>()? {
                            return Err(A::Error::custom(format!(
                                "two alternatives in one table (`{}` and `{}`); keep one",
                                $name::NAMES[at], $name::NAMES[second]
                            )));
                        }
                        Ok(value)
                    }
                }
                deserializer.deserialize_any(Visitor)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let tables = vec![$(
                    serde_json::json!({
                        "type": "object",
                        "properties": { $key: generator.subschema_for::<$params>() },
                        "required": [$key],
                        "additionalProperties": false
                    })
                ),+];
                let mut forms = vec![serde_json::json!({ "enum": $name::NAMES })];
                forms.extend(tables);
                schemars::json_schema!({ "anyOf": forms })
            }
        }
    };
}
pub(crate) use choice;

/// Declares a parameter block: every key has a documented default, unknown keys are refused.
macro_rules! params {
    (
        $(#[$doc:meta])*
        pub struct $name:ident {
            $( $(#[$field_doc:meta])* pub $field:ident: $type:ty = $default:expr ),* $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $( $(#[$field_doc])* pub $field: $type ),*
        }
        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default ),* }
            }
        }
    };
}
pub(crate) use params;

#[cfg(test)]
#[allow(unreachable_pub, dead_code, reason = "the macros make public types, as their users want them")]
mod tests {
    use crate::units::SimSpan;

    params! {
        /// Nothing to set.
        pub struct Plain {}
    }
    params! {
        /// One thing to set.
        pub struct Tuned {
            /// How old a value may be.
            pub stale: SimSpan = SimSpan::from_secs(1),
        }
    }
    choice! {
        /// Two ways.
        pub enum Way {
            /// Without parameters.
            "plain" => Plain(Plain),
            /// With one.
            "tuned-way" => Tuned(Tuned),
        }
    }

    fn read(toml: &str) -> Result<Way, String> {
        #[derive(serde::Deserialize)]
        struct File {
            way: Way,
        }
        toml::from_str::<File>(toml).map(|file| file.way).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_bare_name_takes_the_defaults_and_a_table_sets_them() {
        assert_eq!(read("way = 'plain'"), Ok(Way::Plain(Plain {})));
        assert_eq!(read("way = 'tuned-way'"), Ok(Way::Tuned(Tuned::default())));
        assert_eq!(read("way = { tuned-way = { stale = '5s' } }"), Ok(Way::Tuned(Tuned { stale: SimSpan::from_secs(5) })));
    }

    #[test]
    fn mistakes_name_what_was_expected() {
        assert!(read("way = 'tuned'").is_err_and(|message| message.contains("`plain`") && message.contains("`tuned-way`")));
        assert!(read("way = { tuned-way = { stail = '5s' } }").is_err_and(|message| message.contains("stail")));
        assert!(read("way = { plain = {}, tuned-way = {} }").is_err_and(|message| message.contains("keep one")));
        assert!(read("way = {}").is_err());
        assert!(read("way = 7").is_err());
    }
}
