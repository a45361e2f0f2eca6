//! The types of a `buildspec.yml` as it is written, before anything is checked.
//!
//! Every scalar is text here, because CodeBuild reads it as text: `python: 3.10` is not 3.1. Keys are optional, so that
//! `lower` can say all that is missing at once. Knows the file's syntax only. A new key is a field here and its use in
//! `lower`.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) version: Option<String>,
    pub(super) run_as: Option<String>,
    pub(super) env: Option<Env>,
    pub(super) proxy: Option<Proxy>,
    pub(super) batch: Option<Batch>,
    pub(super) phases: Option<Phases>,
    pub(super) reports: Option<Ordered<Option<Report>>>,
    pub(super) artifacts: Option<RawArtifacts>,
    pub(super) cache: Option<Cache>,
}

/// The keys of [`File`].
pub(super) const KEYS: [&str; 9] = ["version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Env {
    pub(super) shell: Option<String>,
    pub(super) variables: Option<Ordered<Option<String>>>,
    pub(super) parameter_store: Option<Ordered<String>>,
    pub(super) secrets_manager: Option<Ordered<String>>,
    pub(super) exported_variables: Option<Texts>,
    pub(super) git_credential_helper: Option<YesNo>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Proxy {
    pub(super) upload_artifacts: Option<YesNo>,
    pub(super) logs: Option<YesNo>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Phases {
    pub(super) install: Option<Phase>,
    pub(super) pre_build: Option<Phase>,
    pub(super) build: Option<Phase>,
    pub(super) post_build: Option<Phase>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Phase {
    pub(super) run_as: Option<String>,
    pub(super) on_failure: Option<String>,
    pub(super) runtime_versions: Option<Ordered<String>>,
    pub(super) commands: Option<Texts>,
    pub(super) finally: Option<Texts>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Report {
    pub(super) files: Option<Texts>,
    pub(super) base_directory: Option<String>,
    pub(super) discard_paths: Option<YesNo>,
    pub(super) file_format: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawArtifacts {
    pub(super) files: Option<Texts>,
    pub(super) name: Option<String>,
    pub(super) discard_paths: Option<YesNo>,
    pub(super) base_directory: Option<String>,
    pub(super) exclude_paths: Option<Texts>,
    pub(super) enable_symlinks: Option<YesNo>,
    pub(super) s3_prefix: Option<String>,
    /// Of version 0.1; CodeBuild ignores it.
    pub(super) r#type: Option<String>,
    pub(super) secondary_artifacts: Option<Ordered<Option<Secondary>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Secondary {
    pub(super) files: Option<Texts>,
    pub(super) name: Option<String>,
    pub(super) discard_paths: Option<YesNo>,
    pub(super) base_directory: Option<String>,
    pub(super) exclude_paths: Option<Texts>,
    pub(super) enable_symlinks: Option<YesNo>,
    pub(super) s3_prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Cache {
    pub(super) key: Option<String>,
    pub(super) fallback_keys: Option<Texts>,
    pub(super) action: Option<String>,
    pub(super) paths: Option<Texts>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Batch {
    pub(super) fast_fail: Option<YesNo>,
    pub(super) build_list: Option<Vec<Member>>,
    pub(super) build_graph: Option<Vec<Member>>,
    pub(super) build_matrix: Option<Matrix>,
    pub(super) build_fanout: Option<Fanout>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Member {
    pub(super) identifier: Option<String>,
    pub(super) buildspec: Option<String>,
    pub(super) debug_session: Option<YesNo>,
    pub(super) depend_on: Option<Texts>,
    pub(super) env: Option<MemberEnv>,
    pub(super) ignore_failure: Option<YesNo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct MemberEnv {
    pub(super) compute_type: Option<String>,
    pub(super) fleet: Option<String>,
    pub(super) image: Option<String>,
    pub(super) privileged_mode: Option<YesNo>,
    pub(super) r#type: Option<String>,
    pub(super) variables: Option<Ordered<Option<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Matrix {
    pub(super) r#static: Option<MatrixStatic>,
    pub(super) dynamic: Option<MatrixDynamic>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MatrixStatic {
    pub(super) debug_session: Option<YesNo>,
    pub(super) env: Option<MemberEnv>,
    pub(super) ignore_failure: Option<YesNo>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MatrixDynamic {
    pub(super) buildspec: Option<Texts>,
    pub(super) env: Option<MatrixEnv>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MatrixEnv {
    pub(super) compute_type: Option<Texts>,
    pub(super) image: Option<Texts>,
    pub(super) variables: Option<Ordered<Texts>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Fanout {
    pub(super) parallelism: Option<String>,
    pub(super) ignore_failure: Option<YesNo>,
}

/// `yes` or `no`, in any of the spellings that YAML had.
#[derive(Debug, Clone, Copy)]
pub(super) struct YesNo(pub(super) bool);

impl<'de> Deserialize<'de> for YesNo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.to_ascii_lowercase().as_str() {
            "yes" | "true" | "on" | "y" => Ok(Self(true)),
            "no" | "false" | "off" | "n" => Ok(Self(false)),
            _ => Err(de::Error::custom(format!("`{}` is neither yes nor no; write yes or no", super::shown(&text)))),
        }
    }
}

/// Texts in a list; a single one may stand without a list. What is empty in a list is `None`.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub(super) items: Vec<Option<String>>,
    /// Whether it is a list.
    pub(super) listed: bool,
}

impl Texts {
    /// The texts that say something.
    pub(super) fn texts(&self) -> Vec<String> {
        self.items.iter().flatten().cloned().collect()
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Several;
        impl<'de> Visitor<'de> for Several {
            type Value = Texts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of texts")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts { items: vec![Some(text.to_owned())], listed: false })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element::<Item>()? {
                    items.push(item.0);
                }
                Ok(Texts { items, listed: true })
            }
        }
        deserializer.deserialize_any(Several)
    }
}

/// A text of a list. A mapping in its place is nearly always a command with a colon in it.
struct Item(Option<String>);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Item;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Item, E> {
                Ok(Item(Some(text.to_owned())))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Item, E> {
                Ok(Item(None))
            }
            fn visit_map<A: MapAccess<'de>>(self, _map: A) -> Result<Item, A::Error> {
                Err(de::Error::custom("this must be a text, not a mapping; where it holds a colon and a space, put all of it in quotes"))
            }
        }
        deserializer.deserialize_any(One)
    }
}

/// A mapping in the order of the file.
#[derive(Debug)]
pub(super) struct Ordered<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}
