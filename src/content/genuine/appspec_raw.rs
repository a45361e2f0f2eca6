//! `appspec.yml`, as it is written: names, kinds and defaults of its fields.
//!
//! It knows what may be written, blanks and placeholders of templates included, not what is wrong with it beyond that.
//! Source: `CodeDeploy` User Guide, "`AppSpec` file reference". To read a field more, add it to its struct.
#![allow(dead_code, reason = "many fields are there so that a misspelt one or one of the wrong kind is found")]

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserializer, IgnoredAny, IntoDeserializer as _, MapAccess, SeqAccess, Visitor};

use crate::content::raw::Entries;
use crate::content::yaml::Scalar;

/// What is there, or stands in its place in a template.
#[derive(Debug, Clone, Default)]
pub(crate) enum Slot<T> {
    /// Nothing.
    #[default]
    Blank,
    /// Words that are to be replaced.
    Placeholder(String),
    /// It.
    Given(T),
}

impl<T> Slot<T> {
    /// Whether nothing is there.
    pub(crate) const fn is_blank(&self) -> bool {
        matches!(self, Self::Blank)
    }

    /// It, if it is there.
    pub(crate) const fn given(&self) -> Option<&T> {
        match self {
            Self::Given(it) => Some(it),
            Self::Blank | Self::Placeholder(_) => None,
        }
    }
}

/// Whether a text is meant to be replaced: `script-location`, `<SERVICE_PORT>`, `[Your container name]`, `{{ port }}`.
pub(crate) fn is_placeholder(text: &str) -> bool {
    let words = text.contains('-') && text.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()));
    let bracketed = [("<", ">"), ("[", "]"), ("{{", "}}"), ("${", "}")].iter().any(|(open, close)| text.starts_with(open) && text.ends_with(close));
    words || bracketed || text.contains("-or-")
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Slot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Any<T> {
            type Value = Slot<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E: de::Error>(self) -> Result<Slot<T>, E> {
                Ok(Slot::Blank)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Slot<T>, E> {
                match text.trim() {
                    "" => Ok(Slot::Blank),
                    trimmed if is_placeholder(trimmed) => Ok(Slot::Placeholder(trimmed.to_owned())),
                    _ => T::deserialize(text.into_deserializer()).map(Slot::Given),
                }
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Slot<T>, E> {
                T::deserialize(value.into_deserializer()).map(Slot::Given)
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Slot<T>, E> {
                T::deserialize(number.into_deserializer()).map(Slot::Given)
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Slot<T>, E> {
                T::deserialize(number.into_deserializer()).map(Slot::Given)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Slot<T>, A::Error> {
                T::deserialize(SeqAccessDeserializer::new(items)).map(Slot::Given)
            }
            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Slot<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(entries)).map(Slot::Given)
            }
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}

/// The only version there is, 0.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    /// Whether it is written as a text, which the agent on instances does not accept.
    pub(crate) quoted: bool,
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Zero;
        impl Visitor<'_> for Zero {
            type Value = Version;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the number 0.0")
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Version, E> {
                if number == 0.0 { Ok(Version { quoted: false }) } else { Err(E::custom(format!("there is no version {number} of this file; write 0.0"))) }
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Version, E> {
                self.visit_f64(number as f64)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Version, E> {
                match text.trim().parse() {
                    Ok(number) => self.visit_f64(number).map(|_| Version { quoted: true }),
                    Err(_not_a_number) => Err(E::invalid_type(de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(Zero)
    }
}

/// A file for instances.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    #[serde(default)]
    pub(crate) version: Option<Version>,
    #[serde(default)]
    pub(crate) os: Option<String>,
    #[serde(default)]
    pub(crate) files: Slot<Vec<FileEntry>>,
    #[serde(default)]
    pub(crate) permissions: Slot<Vec<Permission>>,
    #[serde(default)]
    pub(crate) hooks: Slot<Entries<Slot<Vec<Script>>>>,
    #[serde(default)]
    pub(crate) file_exists_behavior: Option<String>,
}

/// Files that are copied.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FileEntry {
    pub(crate) source: Option<Scalar>,
    pub(crate) destination: Option<Scalar>,
    /// Some write it; nothing reads it.
    pub(crate) overwrite: Option<IgnoredAny>,
}

/// Who may do what with files that were copied.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Permission {
    pub(crate) object: Option<Scalar>,
    pub(crate) pattern: Option<Scalar>,
    pub(crate) except: Slot<Vec<Option<Scalar>>>,
    pub(crate) owner: Option<Scalar>,
    pub(crate) group: Option<Scalar>,
    pub(crate) mode: Slot<Scalar>,
    pub(crate) acls: Slot<Vec<Option<Scalar>>>,
    pub(crate) context: Slot<Context>,
    pub(crate) r#type: Slot<Vec<Option<Scalar>>>,
}

/// Labels of `SELinux`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Context {
    pub(crate) user: Option<Scalar>,
    pub(crate) r#type: Option<Scalar>,
    pub(crate) range: Option<Scalar>,
}

/// A script of an event.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Script {
    pub(crate) location: Option<Scalar>,
    /// How long it may take [s].
    pub(crate) timeout: Slot<Scalar>,
    pub(crate) runas: Option<Scalar>,
    /// Some write it; nothing reads it.
    pub(crate) sudo: Option<IgnoredAny>,
}

/// A file for an ECS service or a Lambda function.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Managed {
    #[serde(default)]
    pub(crate) version: Option<Version>,
    #[serde(default, rename = "Resources", alias = "resources")]
    pub(crate) resources: Slot<Vec<Entries<Target>>>,
    #[serde(default, rename = "Hooks", alias = "hooks")]
    pub(crate) hooks: Slot<Vec<Entries<Option<Scalar>>>>,
}

/// What is deployed to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Target {
    pub(crate) r#type: TargetType,
    #[serde(default)]
    pub(crate) properties: Slot<Properties>,
}

/// The kind of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum TargetType {
    #[serde(rename = "AWS::ECS::Service")]
    Ecs,
    #[serde(rename = "AWS::Lambda::Function")]
    Lambda,
}

/// The properties of both kinds; which must be there and which must not is looked at later.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub(crate) struct Properties {
    pub(crate) task_definition: Option<Scalar>,
    pub(crate) load_balancer_info: Slot<LoadBalancerInfo>,
    pub(crate) platform_version: Option<Scalar>,
    pub(crate) network_configuration: Slot<NetworkConfiguration>,
    pub(crate) capacity_provider_strategy: Slot<Vec<CapacityProvider>>,
    pub(crate) name: Option<Scalar>,
    pub(crate) alias: Option<Scalar>,
    pub(crate) current_version: Option<Scalar>,
    pub(crate) target_version: Option<Scalar>,
}

/// Where the load balancer sends requests.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub(crate) struct LoadBalancerInfo {
    pub(crate) container_name: Option<Scalar>,
    pub(crate) container_port: Slot<Scalar>,
}

/// The network of an ECS service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NetworkConfiguration {
    #[serde(rename = "AwsvpcConfiguration", alias = "awsvpcConfiguration")]
    pub(crate) awsvpc_configuration: Slot<AwsvpcConfiguration>,
}

/// Subnets and security groups of its tasks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AwsvpcConfiguration {
    #[serde(rename = "Subnets", alias = "subnets")]
    pub(crate) subnets: Slot<Vec<Scalar>>,
    #[serde(rename = "SecurityGroups", alias = "securityGroups")]
    pub(crate) security_groups: Slot<Vec<Scalar>>,
    #[serde(rename = "AssignPublicIp", alias = "assignPublicIp")]
    pub(crate) assign_public_ip: Slot<PublicIp>,
}

/// Whether tasks get a public address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum PublicIp {
    Enabled,
    Disabled,
}

/// Who runs the tasks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub(crate) struct CapacityProvider {
    pub(crate) base: Slot<Scalar>,
    #[serde(rename = "CapacityProvider")]
    pub(crate) name: Option<Scalar>,
    pub(crate) weight: Slot<Scalar>,
}
