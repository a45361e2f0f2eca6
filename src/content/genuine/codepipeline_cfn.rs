//! Pipelines out of `CloudFormation` templates, YAML or JSON: resources of type `AWS::CodePipeline::Pipeline`.
//!
//! The rest of a template is not looked at. What its functions would say nobody knows before it is deployed, so readable
//! texts take their place (see `intrinsic`), and names made of them are not checked.

use super::super::diagnostic::{Code, Collector, Finding};
use super::super::tree::{Node, Segment, Value};
use super::super::{read as reader, yaml};
use super::codepipeline::mistakes;
use super::codepipeline_cfn_raw::{Disabled, Properties};
use super::codepipeline_findings::{Spelling, report};
use super::intrinsic;
use crate::delivery::pipeline::check::is_open;
use crate::delivery::pipeline::definition::Pipeline;
use crate::wording::{listed, nearest, shown};

/// The type of the resources that are read.
pub(crate) const RESOURCE_TYPE: &str = "AWS::CodePipeline::Pipeline";

/// A pipeline of a template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PipelineResource {
    /// The name of the resource in the template.
    pub(crate) logical_id: String,
    /// The pipeline.
    pub(crate) pipeline: Pipeline,
}

/// Reads the pipelines of a template, the file at index `file` of the collector's sources, in its order; `None` if it
/// is no template. They are right if no error was found.
pub(crate) fn read(file: usize, text: &str, alarms: Option<&[&str]>, collector: &mut Collector) -> Option<Vec<PipelineResource>> {
    let mut template = yaml::parse(file, text, collector)?.into_iter().next()?;
    let Some(resources) = child(&mut template, "Resources") else {
        let finding = Finding::error(Code::MissingKey, "the key `Resources` is missing").label("no template of CloudFormation");
        collector.add(&template.place, finding);
        return None;
    };
    let Value::Table(entries) = &mut resources.value else {
        let finding = Finding::error(Code::BadValue, format!("`Resources` must be a table, not {}", resources.kind()));
        collector.add(&resources.place, finding.label("not expected here"));
        return None;
    };
    let is_pipeline = |node: &Node| matches!(node.get("Type").map(|kind| &kind.value), Some(Value::String(kind)) if kind == RESOURCE_TYPE);
    let mut found = Vec::new();
    for entry in entries.iter_mut().filter(|entry| is_pipeline(&entry.node)) {
        if let Some(properties) = child(&mut entry.node, "Properties") {
            found.extend(resource(&entry.key, properties, alarms, collector));
        } else {
            let finding = Finding::error(Code::MissingKey, "the key `Properties` is missing").label("needs `Properties`");
            collector.add(&entry.key_place, finding);
        }
    }
    Some(found)
}

fn child<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    match &mut node.value {
        Value::Table(entries) => entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node),
        _ => None,
    }
}

fn resource(logical_id: &str, properties: &mut Node, alarms: Option<&[&str]>, collector: &mut Collector) -> Option<PipelineResource> {
    intrinsic::resolve(properties, collector);
    if !matches!(properties.value, Value::Table(_)) {
        let finding = Finding::error(Code::BadValue, format!("`Properties` must be a table, not {}", properties.kind()));
        collector.add(&properties.place, finding.label("not expected here"));
        return None;
    }
    let mut raw: Properties = reader::read(properties, collector)?;
    let disabled = raw.disable_inbound_stage_transitions.take().unwrap_or_default();
    let mut pipeline = raw.pipeline(logical_id);
    report(&mistakes(&pipeline, alarms), properties, &[], Spelling::CloudFormation, collector);
    transitions(&disabled, &mut pipeline, properties, collector);
    Some(PipelineResource { logical_id: logical_id.to_owned(), pipeline })
}

/// The stages into which nothing may go at first.
fn transitions(disabled: &[Disabled], pipeline: &mut Pipeline, properties: &Node, collector: &mut Collector) {
    for (n, entry) in disabled.iter().enumerate() {
        let (name, key) = (entry.stage_name.0.as_str(), |key: &str| Segment::Key(key.to_owned()));
        let place = properties.place_of(&[key("DisableInboundStageTransitions"), Segment::Index(n), key("StageName")]);
        match pipeline.stages.iter().position(|stage| stage.name == name) {
            Some(0) => {
                let finding = Finding::error(Code::Impossible, "nothing leads into the first stage that could be disabled");
                collector.add(&place, finding.help("disable the transition into a later stage"));
            }
            Some(at) => pipeline.stages[at].inbound_disabled = Some(entry.reason.as_ref().map(|reason| reason.0.clone()).unwrap_or_default()),
            None if is_open(name) || pipeline.stages.iter().any(|stage| is_open(&stage.name)) => {}
            None => {
                let known = pipeline.stages.iter().map(|stage| stage.name.as_str());
                let finding = Finding::error(Code::UnknownName, format!("no stage is called `{}`", shown(name))).label("no such stage");
                let others = || listed(known.clone()).map(|names| format!("the stages are {names}"));
                collector.add(&place, finding.suggest(nearest(name, known.clone()), others));
            }
        }
    }
}
