//! Which kind of genuine file something is, told by what is in it, and what there is to say about it.
//!
//! Names tell little (`appspec` and `buildspec` aside), so it is the keys that tell. To add a kind: a variant, how it is told,
//! and its reader.

use std::path::Path;

use super::super::diagnostic::{Code, Collector, Diagnostics, Finding};
use super::super::files::Bytes;
use super::super::parse::text;
use super::super::source::Place;
use super::super::tree::{Node, Value};
use super::super::yaml;
use super::{appspec, argo, buildspec, codepipeline, codepipeline_cfn, flagger};
use crate::delivery::pipeline::definition::Pipeline;
use crate::fleet::deploy::Strategy;
use crate::scenario::limits;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `CodeDeploy`'s `appspec`.
    AppSpec,
    /// Manifests of Argo Rollouts.
    Argo,
    /// `CodeBuild`'s `buildspec`.
    Buildspec,
    /// A pipeline as `CodePipeline` prints it.
    CodePipeline,
    /// A `CloudFormation` template with pipelines.
    CloudFormation,
    /// Flagger's manifests.
    Flagger,
}

impl Kind {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppSpec => "an appspec of CodeDeploy",
            Self::Argo => "manifests of Argo Rollouts",
            Self::Buildspec => "a buildspec of CodeBuild",
            Self::CodePipeline => "a pipeline of CodePipeline",
            Self::CloudFormation => "a CloudFormation template with a pipeline",
            Self::Flagger => "manifests of Flagger",
        }
    }
}

/// Whether a file is one that the trade has, by its name.
pub fn is_genuine(path: &Path) -> bool {
    path.extension()
        .and_then(std::ffi::OsStr::to_str)
        .is_some_and(|extension| matches!(extension.to_ascii_lowercase().as_str(), "yml" | "yaml" | "json" | "template"))
}

fn has(node: &Node, keys: &[&str]) -> bool {
    keys.iter().any(|key| node.get(key).is_some())
}

fn string<'a>(node: &'a Node, key: &str) -> &'a str {
    match node.get(key).map(|node| &node.value) {
        Some(Value::String(text)) => text,
        _ => "",
    }
}

/// The kind of a file, from its name and its documents.
fn kind_of(name: &str, documents: &[Node]) -> Option<Kind> {
    let groups = |suffix: &str| documents.iter().any(|document| string(document, "apiVersion").contains(suffix));
    let first = documents.first()?;
    let name = name.to_ascii_lowercase();
    if groups("flagger.app") {
        Some(Kind::Flagger)
    } else if documents.iter().any(|document| has(document, &["apiVersion", "kind"])) || groups("argoproj.io") {
        Some(Kind::Argo)
    } else if has(first, &["pipeline"]) || has(first, &["stages"]) {
        Some(Kind::CodePipeline)
    } else if has(first, &["AWSTemplateFormatVersion"]) || first.get("Resources").is_some_and(|resources| matches!(resources.value, Value::Table(_))) {
        Some(Kind::CloudFormation)
    } else if has(first, &["os", "Resources", "resources", "hooks", "Hooks", "permissions"]) || name.contains("appspec") {
        Some(Kind::AppSpec)
    } else if has(first, &["phases", "batch", "containers", "environment_variables"]) || name.contains("buildspec") {
        Some(Kind::Buildspec)
    } else if has(first, &["files"]) {
        Some(Kind::AppSpec)
    } else {
        None
    }
}

/// Reads a genuine file, whatever kind it is: what it is, and everything there is to say about it.
pub fn check(name: &str, bytes: Vec<u8>) -> (Option<Kind>, Diagnostics) {
    let mut collector = Collector::default();
    if bytes.len() as u64 > limits::FILE_BYTES {
        let file = collector.sources.add(name, "");
        let finding = Finding::error(Code::Unreadable, format!("the file has {} bytes; at most {} are read", bytes.len(), limits::FILE_BYTES));
        collector.add(&Place { file, range: 0..0 }, finding);
        return (None, collector.finish());
    }
    let Some((file, text)) = text(&Bytes { name: name.to_owned(), bytes }, &mut collector) else { return (None, collector.finish()) };
    let mut told = Collector::default();
    let known = told.sources.add(name, &text);
    let documents = yaml::parse(known, &text, &mut told).unwrap_or_default();
    let kind = kind_of(name, &documents);
    match kind {
        Some(Kind::AppSpec) => {
            if let Some(spec) = appspec::read_one(file, &text, &mut collector)
                && spec.platform().is_none()
                && !spec.hooks().is_empty()
            {
                let finding = Finding::warning(Code::Unused, "nothing tells for which platform this is, so its hooks may never run");
                collector.add(&Place { file, range: 0..0 }, finding.help("write `os`, or `Resources` with a function or a service"));
            }
        }
        Some(Kind::Argo) => drop(argo::read(file, &text, &mut collector)),
        Some(Kind::Buildspec) => drop(buildspec::read_from(file, &text, &mut collector)),
        Some(Kind::CodePipeline) => drop(codepipeline::read(file, &text, None, &mut collector)),
        Some(Kind::CloudFormation) => drop(codepipeline_cfn::read(file, &text, None, &mut collector)),
        Some(Kind::Flagger) => drop(flagger::read_all(file, &text, &mut collector)),
        None if told.has_errors() => return (None, told.finish()),
        None => {
            let finding = Finding::error(Code::Unreadable, "this is none of the files that can be read here");
            let kinds = "a buildspec, an appspec, a pipeline of CodePipeline or its CloudFormation template, or manifests of Argo Rollouts or Flagger";
            collector.add(&Place { file, range: 0..0 }, finding.help(format!("it may be {kinds}")));
        }
    }
    (kind, collector.finish())
}

/// The pipeline in a declaration, or in a template that has one; the file at index `file` of the collector's sources. Its rules may
/// name these alarms.
pub(crate) fn pipeline(name: &str, file: usize, text: &str, alarms: &[&str], collector: &mut Collector) -> Option<Pipeline> {
    let mut told = Collector::default();
    let known = told.sources.add(name, text);
    let documents = yaml::parse(known, text, &mut told).unwrap_or_default();
    if kind_of(name, &documents) != Some(Kind::CloudFormation) {
        return codepipeline::read(file, text, Some(alarms), collector);
    }
    let mut resources = codepipeline_cfn::read(file, text, Some(alarms), collector)?;
    if resources.len() > 1 {
        let names: Vec<&str> = resources.iter().map(|resource| resource.logical_id.as_str()).collect();
        let finding = Finding::warning(Code::Unused, format!("the template has {} pipelines; only the first one is used", resources.len()));
        collector.add(&Place { file, range: 0..0 }, finding.help(format!("they are {}", names.join(", "))));
    }
    (!resources.is_empty()).then(|| resources.remove(0).pipeline)
}

/// The strategy in a manifest, the file at index `file` of the collector's sources: the first rollout of Argo or canary of Flagger.
pub(crate) fn strategy(name: &str, file: usize, text: &str, collector: &mut Collector) -> Option<Strategy> {
    let mut told = Collector::default();
    let known = told.sources.add(name, text);
    let documents = yaml::parse(known, text, &mut told).unwrap_or_default();
    let nowhere = Place { file, range: 0..0 };
    if kind_of(name, &documents) == Some(Kind::Flagger) {
        let canary = flagger::read_all(file, text, collector).into_iter().find_map(|resource| match resource {
            flagger::Resource::Canary(canary) => Some(Strategy::Flagger(canary.strategy())),
            _ => None,
        });
        if canary.is_none() && !collector.has_errors() {
            collector.add(&nowhere, Finding::error(Code::MissingKey, "there is no `Canary` in this file"));
        }
        return canary;
    }
    let manifests = argo::read(file, text, collector)?;
    let Some(rollout) = manifests.rollouts.first() else {
        if !collector.has_errors() {
            collector.add(&nowhere, Finding::error(Code::MissingKey, "there is no `Rollout` in this file"));
        }
        return None;
    };
    match manifests.strategy(rollout) {
        Ok(argo::Strategy::Canary(canary)) => Some(Strategy::ArgoCanary(canary)),
        Ok(argo::Strategy::BlueGreen(blue_green)) => Some(Strategy::ArgoBlueGreen(blue_green)),
        Err(problem) => {
            collector.add(&rollout.tree.place, Finding::error(Code::Impossible, problem.to_string()));
            None
        }
    }
}
