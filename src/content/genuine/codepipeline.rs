//! `CodePipeline` declarations, as `aws codepipeline get-pipeline` prints them.

use super::super::diagnostic::{Code, Collector, Finding};
use super::super::source::Place;
use super::super::{read, yaml};
use crate::delivery::pipeline::check::check;
use crate::delivery::pipeline::definition::{Pipeline, PipelineFile};

/// Reads a declaration, the file at index `file` of the collector's sources.
pub(crate) fn read(file: usize, text: &str, collector: &mut Collector) -> Option<Pipeline> {
    let mut documents = yaml::parse(file, text, collector)?;
    let declared: PipelineFile = read::read(documents.first_mut()?, collector)?;
    for mistake in check(&declared.pipeline) {
        let place = Place { file, range: 0..0 };
        let finding = if mistake.is_warning() {
            Finding::warning(Code::Impossible, mistake.reason.to_string())
        } else {
            Finding::error(Code::Impossible, mistake.reason.to_string())
        };
        collector.add(&place, finding);
    }
    Some(declared.pipeline)
}
