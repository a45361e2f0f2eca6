//! `CodePipeline` declarations, as `aws codepipeline get-pipeline` prints them and `create-pipeline` takes them.
//!
//! JSON, or YAML of the same shape (`--cli-input-yaml`). The pipeline may stand alone, without the `pipeline` around it.
//! What the declaration means and whether it makes sense is `delivery::pipeline`'s business.

use super::super::diagnostic::{Code, Collector, Finding};
use super::super::tree::{Node, Segment, Value};
use super::super::{read as reader, yaml};
use super::codepipeline_findings::{Spelling, report};
use crate::delivery::pipeline::check::{Mistake, check, unknown_alarms};
use crate::delivery::pipeline::definition::{Pipeline, PipelineFile};
use crate::wording::nearest;

/// Reads a pipeline from the file at index `file` of the collector's sources; `None` if there is none to read. It is
/// right if no error was found.
pub(crate) fn read(file: usize, text: &str, alarms: Option<&[&str]>, collector: &mut Collector) -> Option<Pipeline> {
    read_file(file, text, alarms, collector).map(|declared| declared.pipeline)
}

/// Everything that is wrong with a pipeline, also about the alarms that its rules name if it is known which there are.
pub(super) fn mistakes(pipeline: &Pipeline, alarms: Option<&[&str]>) -> Vec<Mistake> {
    let mut all = check(pipeline);
    all.extend(alarms.map(|known| unknown_alarms(pipeline, known)).unwrap_or_default());
    all
}

/// Reads a pipeline with what is around it, such as its metadata.
pub(crate) fn read_file(file: usize, text: &str, alarms: Option<&[&str]>, collector: &mut Collector) -> Option<PipelineFile> {
    let mut documents = yaml::parse(file, text, collector)?.into_iter();
    let mut tree = documents.next()?;
    if let Some(more) = documents.next() {
        let finding = Finding::error(Code::BadValue, "a second document; a file declares one pipeline").label("from here on");
        collector.add(&more.place, finding);
    }
    match shape(&tree) {
        Shape::Wrapped => {
            let declared: PipelineFile = reader::read(&mut tree, collector)?;
            report(&mistakes(&declared.pipeline, alarms), &tree, &[Segment::Key("pipeline".to_owned())], Spelling::Json, collector);
            Some(declared)
        }
        Shape::Alone => {
            let pipeline: Pipeline = reader::read(&mut tree, collector)?;
            report(&mistakes(&pipeline, alarms), &tree, &[], Spelling::Json, collector);
            Some(PipelineFile { pipeline, metadata: None, tags: None })
        }
        Shape::Neither(finding) => {
            collector.add(&tree.place, finding);
            None
        }
    }
}

enum Shape {
    /// A table with the key `pipeline`.
    Wrapped,
    /// The pipeline itself.
    Alone,
    /// No pipeline, and what to say about that.
    Neither(Finding),
}

fn shape(tree: &Node) -> Shape {
    let Value::Table(entries) = &tree.value else {
        let finding = Finding::error(Code::BadValue, format!("a pipeline must be a table, not {}", tree.kind()));
        return Shape::Neither(finding.label("not expected here").help(HELP));
    };
    if let Some(pipeline) = tree.get("pipeline") {
        return match &pipeline.value {
            Value::Table(_) => Shape::Wrapped,
            _ => Shape::Neither(Finding::error(Code::BadValue, format!("`pipeline` must be a table, not {}", pipeline.kind())).help(HELP)),
        };
    }
    if tree.get("stages").is_some() {
        return Shape::Alone;
    }
    // Whose key is misspelt is told so where the keys are read.
    if entries.iter().any(|entry| nearest(&entry.key, ["pipeline"]).is_some() && matches!(entry.node.value, Value::Table(_))) {
        return Shape::Wrapped;
    }
    if entries.iter().any(|entry| nearest(&entry.key, ["stages"]).is_some()) {
        return Shape::Alone;
    }
    Shape::Neither(Finding::error(Code::MissingKey, "the key `pipeline` is missing").label("needs `pipeline`").help(HELP))
}

/// What a file of this format is.
const HELP: &str = "write what `aws codepipeline get-pipeline` prints: `{ \"pipeline\": { \"name\": …, \"stages\": [ … ] } }`";
