//! What is remembered of an execution.

use std::collections::BTreeMap;

use super::outcome::{ExecutionId, Why};
use super::stage_run::StageRun;
use super::status::{ExecutionStatus, ExecutionType, TriggerType};
use super::variables::Namespaces;
use crate::units::SimTime;

/// An execution.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Execution {
    pub(super) id: ExecutionId,
    /// For a rollback, whose artifacts and variables it has.
    pub(super) target: Option<ExecutionId>,
    /// The version of the pipeline that it runs.
    pub(super) version: u32,
    pub(super) trigger: TriggerType,
    /// More about what started it, such as who.
    pub(super) trigger_detail: String,
    pub(super) status: ExecutionStatus,
    pub(super) why: Option<Why>,
    pub(super) started: SimTime,
    pub(super) updated: SimTime,
    /// The pipeline's variables.
    pub(super) variables: BTreeMap<String, String>,
    /// What actions put out, by namespace.
    pub(super) outputs: BTreeMap<String, BTreeMap<String, String>>,
    /// Revisions of artifacts, by name.
    pub(super) artifacts: BTreeMap<String, String>,
    /// Source revisions, by action.
    pub(super) revisions: BTreeMap<String, String>,
    pub(super) place: Place,
    /// The stage that it is in front of, in, or was in last, by name.
    pub(super) stage: String,
    /// Its stages so far. Empty when the pipeline was changed since.
    pub(super) runs: BTreeMap<usize, StageRun>,
}

/// Where an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In front of a stage.
    Before(usize),
    /// In a stage.
    In(usize),
    /// Nowhere any more.
    Over,
}

impl Execution {
    /// Through the pipeline or of one stage.
    pub(super) const fn kind(&self) -> ExecutionType {
        if self.target.is_some() { ExecutionType::Rollback } else { ExecutionType::Standard }
    }

    /// Fills in variables with what there is so far.
    pub(super) fn resolving<T>(&self, resolve: impl FnOnce(&Namespaces<'_>) -> T) -> T {
        let id = self.id.to_string();
        resolve(&Namespaces { execution: &id, pipeline: &self.variables, outputs: &self.outputs })
    }
}
