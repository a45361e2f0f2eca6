//! Reads the manifests of Argo Rollouts: `Rollout`, `AnalysisTemplate`, `ClusterAnalysisTemplate`, `AnalysisRun` and
//! `Experiment`, several documents in a file, YAML or JSON.
//!
//! Other kinds are noted and skipped, but what `kubectl argo rollouts lint` checks between them and a rollout is checked.
//! An excerpt that holds only a part of a rollout is read as far as it goes, and what is missing is a warning. It knows no
//! cluster: templates and services that are not in the files are taken to exist. Keys are in `raw`, checks in `lint` and
//! `references`, and `lower` makes parameters of them.

mod lint;
mod lower;
pub(crate) mod raw;
mod references;
mod values;

#[cfg(test)]
mod tests;

use super::super::diagnostic::{Code, Collector, Finding};
use super::super::read::read as read_tree;
use super::super::tree::{At, Node, Value};
use super::super::yaml;
use crate::wording::shown;

#[cfg(test)]
pub(crate) use lower::LowerError;
pub(crate) use lower::Strategy;

/// The API group of Argo.
const GROUP: &str = "argoproj.io/";
/// Resources in one file.
const MOST_RESOURCES: usize = 1_000;

/// A resource, its tree and what was read of it.
#[derive(Debug)]
pub(crate) struct Document<T> {
    /// Its name; excerpts may have none.
    pub(crate) name: Option<String>,
    /// Where everything is written.
    pub(crate) tree: Node,
    /// What is written.
    pub(crate) resource: T,
}

/// A resource that is nobody's business here.
#[derive(Debug)]
pub(crate) struct Other {
    /// Its API version and kind, as far as they are written.
    pub(crate) api_version: String,
    pub(crate) kind: String,
    /// Its name.
    pub(crate) name: Option<String>,
    /// Where everything is written.
    pub(crate) tree: Node,
}

impl Other {
    /// Whether it is of this kind and of a group of this name.
    pub(crate) fn is(&self, groups: &[&str], kind: &str) -> bool {
        let group = self.api_version.rsplit_once('/').map_or("", |(group, _)| group);
        self.kind == kind && groups.contains(&group)
    }
}

/// What was read from one file, or from several.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    /// Rollouts.
    pub(crate) rollouts: Vec<Document<raw::Rollout>>,
    /// Templates of analyses, and whether each is the cluster's.
    pub(crate) templates: Vec<(Document<raw::AnalysisTemplate>, bool)>,
    /// Analyses of their own.
    pub(crate) runs: Vec<Document<raw::AnalysisRun>>,
    /// Experiments of their own.
    pub(crate) experiments: Vec<Document<raw::Experiment>>,
    /// Everything else.
    pub(crate) others: Vec<Other>,
}

impl Manifests {
    /// Takes over what was read from another file.
    #[cfg(test)]
    fn extend(&mut self, other: Self) {
        self.rollouts.extend(other.rollouts);
        self.templates.extend(other.templates);
        self.runs.extend(other.runs);
        self.experiments.extend(other.experiments);
        self.others.extend(other.others);
    }

    /// A template by name.
    pub(crate) fn template(&self, name: &str, cluster: bool) -> Option<&raw::AnalysisTemplate> {
        let is_meant = |(document, is_cluster): &&(Document<raw::AnalysisTemplate>, bool)| document.name.as_deref() == Some(name) && *is_cluster == cluster;
        self.templates.iter().find(is_meant).map(|(document, _)| &document.resource)
    }
}

/// Reads the file at index `file` of the collector's sources. Mistakes go to the collector; `None` if nothing could be
/// read.
pub(crate) fn read(file: usize, text: &str, collector: &mut Collector) -> Option<Manifests> {
    let mut manifests = Manifests::default();
    let mut left = MOST_RESOURCES;
    for document in yaml::parse(file, text, collector)? {
        take(document, &mut manifests, &mut left, collector);
    }
    check(&manifests, collector);
    Some(manifests)
}

/// Takes in one document, or the items of a list.
fn take(document: Node, manifests: &mut Manifests, left: &mut usize, collector: &mut Collector) {
    if matches!(document.value, Value::Null | Value::Broken) {
        return;
    }
    *left = left.saturating_sub(1);
    if *left == 0 {
        let finding = Finding::error(Code::TooMuch, format!("more than {MOST_RESOURCES} resources in one file"));
        collector.add(&document.place, finding);
        return;
    }
    if text_at(&document, &["kind"]).as_deref() == Some("List") {
        if let Value::Table(entries) = document.value
            && let Some(items) = entries.into_iter().find(|entry| entry.key == "items")
            && let Value::Array(items) = items.node.value
        {
            for item in items {
                take(item, manifests, left, collector);
            }
        }
        return;
    }
    let (api_version, kind) = (text_at(&document, &["apiVersion"]).unwrap_or_default(), text_at(&document, &["kind"]).unwrap_or_default());
    let name = text_at(&document, &["metadata", "name"]);
    if !api_version.starts_with(GROUP) {
        manifests.others.push(Other { api_version, kind, name, tree: document });
        return;
    }
    match kind.as_str() {
        "Rollout" => manifests.rollouts.extend(typed(document, name, collector)),
        "AnalysisTemplate" => manifests.templates.extend(typed(document, name, collector).map(|template| (template, false))),
        "ClusterAnalysisTemplate" => manifests.templates.extend(typed(document, name, collector).map(|template| (template, true))),
        "AnalysisRun" => manifests.runs.extend(typed(document, name, collector)),
        "Experiment" => manifests.experiments.extend(typed(document, name, collector)),
        _ => manifests.others.push(Other { api_version, kind, name, tree: document }),
    }
}

/// Reads a document as a resource.
fn typed<T: serde::de::DeserializeOwned>(mut tree: Node, name: Option<String>, collector: &mut Collector) -> Option<Document<T>> {
    let resource = read_tree(&mut tree, collector)?;
    Some(Document { name, tree, resource })
}

/// The text at a path of keys.
fn text_at(node: &Node, path: &[&str]) -> Option<String> {
    match &path.iter().try_fold(node, |node, key| node.get(key))?.value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// Checks every resource by itself, and then what refers to what.
fn check(manifests: &Manifests, collector: &mut Collector) {
    for document in &manifests.rollouts {
        lint::rollout(document, collector);
        references::rollout(document, manifests, collector);
    }
    for (document, _) in &manifests.templates {
        named(&document.tree, document.resource.metadata.as_ref(), collector);
        lint::analysis(&document.tree, document.resource.spec.as_ref(), collector);
    }
    for document in &manifests.runs {
        named(&document.tree, document.resource.metadata.as_ref(), collector);
        lint::analysis(&document.tree, document.resource.spec.as_ref(), collector);
    }
    for document in &manifests.experiments {
        named(&document.tree, document.resource.metadata.as_ref(), collector);
    }
}

/// A resource that others find by its name must have one; a rollout's excerpt is of use without.
fn named(tree: &Node, metadata: Option<&raw::Metadata>, collector: &mut Collector) {
    let has_name = metadata.is_some_and(|metadata| metadata.name.is_some() || metadata.generate_name.is_some());
    if !has_name && !tree.is_broken_at(&At::ROOT.key("metadata").segments()) {
        let kind = text_at(tree, &["kind"]).unwrap_or_default();
        let metadata = At::ROOT.key("metadata");
        let finding = Finding::error(Code::MissingKey, format!("the key `name` is missing: nothing can refer to this {}", shown(&kind)));
        collector.add(&tree.key_place_of(&metadata.segments()), finding.label("needs `name` or `generateName`"));
    }
}
