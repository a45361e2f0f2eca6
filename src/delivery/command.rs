//! What a person may do to a pipeline, beside working in it.
//!
//! Each is an [`crate::scenario::Action`], so it is journalled, replayed and usable in an actions file. Executions are named by
//! their number in the run.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line::Line;
use super::pipeline::check::Checked;
use super::pipeline::definition::{ExecutionMode, Pipeline, RetryMode};
use super::pipeline::execution::Engine;
use super::pipeline::outcome::{ActionRunId, ExecutionId};
use super::pipeline::status::ConditionType;
use super::pipelines::{BuildspecFrom, ProjectUpdate};
use super::{Delivery, Job};
use crate::ids::ServiceId;
use crate::phrase::phrases;
use crate::telemetry::ledger::ExecutionNumber;
use crate::units::SimTime;

/// Something done to a service's pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case", deny_unknown_fields)]
#[allow(clippy::large_enum_variant, reason = "people do few things")]
pub enum PipelineCommand {
    /// Decides about the approval that waits in a stage.
    Approve {
        /// The stage.
        stage: String,
        /// Whether the execution may go on. Default true.
        #[serde(default = "yes")]
        approved: bool,
        /// What is said about it.
        #[serde(default)]
        summary: String,
        /// The execution that waits. Default: the only one; in PARALLEL mode several may wait in one stage.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        execution: Option<ExecutionNumber>,
    },
    /// Lets nothing enter a stage.
    DisableTransition {
        /// The stage.
        stage: String,
        /// Why.
        reason: String,
    },
    /// Lets executions enter a stage again.
    EnableTransition {
        /// The stage.
        stage: String,
    },
    /// Starts an execution with what is on the main branch.
    Start {},
    /// Stops an execution.
    Stop {
        /// Its number.
        execution: ExecutionNumber,
        /// Whether actions under way are abandoned instead of waited for. Default false.
        #[serde(default)]
        abandon: bool,
    },
    /// Tries a failed stage again with an execution that failed in it.
    RetryStage {
        /// The stage.
        stage: String,
        /// Whether all its actions run again, and not only those that failed. Default false.
        #[serde(default)]
        all_actions: bool,
        /// The execution. Default: the one that was in the stage last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        execution: Option<ExecutionNumber>,
    },
    /// Rolls a stage back to the execution that succeeded in it before the latest one that did, or to that one if another has failed since.
    RollBackStage {
        /// The stage.
        stage: String,
    },
    /// Lets an execution pass a condition that holds it back, or that made its stage fail (`override-stage-condition`).
    OverrideCondition {
        /// The execution's number.
        execution: ExecutionNumber,
        /// The stage.
        stage: String,
        /// `BEFORE_ENTRY` or `ON_SUCCESS`; conditions of failure cannot be overridden.
        condition_type: ConditionType,
    },
    /// Makes the pipeline of a service that has none, and starts it, as `create-pipeline` does.
    Create {
        /// Its declaration.
        #[schemars(with = "serde_json::Value")]
        definition: Pipeline,
    },
    /// Replaces the declaration; executions under way are cancelled, as `update-pipeline` does.
    Update {
        /// The new declaration.
        #[schemars(with = "serde_json::Value")]
        definition: Pipeline,
    },
}

impl PipelineCommand {
    /// Its name as written in files.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Approve { .. } => "approve",
            Self::DisableTransition { .. } => "disable-transition",
            Self::EnableTransition { .. } => "enable-transition",
            Self::Start {} => "start",
            Self::Stop { .. } => "stop",
            Self::RetryStage { .. } => "retry-stage",
            Self::RollBackStage { .. } => "roll-back-stage",
            Self::OverrideCondition { .. } => "override-condition",
            Self::Create { .. } => "create",
            Self::Update { .. } => "update",
        }
    }
}

const fn yes() -> bool {
    true
}

phrases! {
    /// Why a pipeline does not do what a person wants.
    pub enum NoPipeline {
        /// Nobody delivers the service.
        "no-pipeline" => NoPipeline {
            /// The service.
            service: String,
        } = "no pipeline delivers `{service}`",
        /// Nobody works in the scenario.
        "no-team" => NoTeam = "nobody works here: a pipeline needs a team, which this scenario does not have",
        /// There is one already.
        "pipeline-exists" => Exists {
            /// The service.
            service: String,
        } = "`{service}` has a pipeline already; change that one",
        /// No such execution is known.
        "no-execution" => NoExecution {
            /// Its number.
            execution: ExecutionNumber,
        } = "no execution #{execution} of this pipeline is known",
        /// Nothing waits for approval there.
        "no-approval" => NoApproval {
            /// The stage.
            stage: String,
        } = "nothing waits for approval in `{stage}`",
        /// Several wait for approval there.
        "several-approvals" => SeveralApprovals {
            /// The stage.
            stage: String,
        } = "several executions wait for approval in `{stage}`; say which `execution`",
        /// Nothing builds such a project.
        "no-project" => NoProject {
            /// The project.
            project: String,
            /// Those that there are.
            known: String,
        } = "there is no build project `{project}`; there are {known}",
        /// An update that names nothing.
        "nothing-updated" => NothingUpdated {
            /// The project.
            project: String,
        } = "what changes in `{project}`? Name `buildspec`, `compute_type`, `privileged` or `cache`",
        /// A specification that is a name or a text, and was not read.
        "buildspec-unread" => Unread {
            /// The project.
            project: String,
        } = "the build specification for `{project}` was not read: files are read with the scenario or the actions that name them",
        /// The engine refuses.
        "pipeline-refuses" => Refused {
            /// Why.
            why: String,
        } = "{why}",
    }
}

impl std::error::Error for NoPipeline {}

impl Delivery {
    /// Does something to the pipeline of a service, now.
    pub fn command(&mut self, now: SimTime, service: ServiceId, name: &str, command: &PipelineCommand) -> Result<(), NoPipeline> {
        self.now = now;
        let refused = |why: super::pipeline::outcome::Refused| NoPipeline::Refused { why: why.to_string() };
        if let PipelineCommand::Create { definition } = command {
            return self.create(now, service, name, definition);
        }
        let Some(engine) = self.line.engine(service) else { return Err(NoPipeline::NoPipeline { service: name.to_owned() }) };
        match command {
            PipelineCommand::Create { .. } => {}
            PipelineCommand::Approve { stage, approved, summary, execution } => {
                let only = execution.map(|execution| id_of(&self.line, service, execution)).transpose()?;
                let run = waiting_approval(engine, stage, only)?;
                self.line.command(now, service, |engine| engine.decide_approval(now, run, *approved, summary)).map_err(refused)?;
                self.staff.drop_tasks(|job| matches!(job, Job::Approve { run: of, service: at } if *of == run && *at == service));
            }
            PipelineCommand::DisableTransition { stage, reason } => {
                self.line.command(now, service, |engine| engine.disable_transition(now, stage, reason)).map_err(refused)?;
            }
            PipelineCommand::EnableTransition { stage } => self.line.command(now, service, |engine| engine.enable_transition(now, stage)).map_err(refused)?,
            PipelineCommand::Start {} => {
                let revision = self.history.revision(service);
                let sha = self.history.get(revision.commit).sha.clone();
                self.line.start_by_hand(now, service, revision, &sha);
            }
            PipelineCommand::Stop { execution, abandon } => {
                let id = id_of(&self.line, service, *execution)?;
                self.line.command(now, service, |engine| engine.stop(now, id, *abandon, "stopped by hand")).map_err(refused)?;
            }
            PipelineCommand::RetryStage { stage, all_actions, execution } => {
                let only = execution.map(|execution| id_of(&self.line, service, execution)).transpose()?;
                let latest = || engine.stages().iter().find(|view| view.name == *stage).and_then(|view| view.latest.as_ref()).map(|latest| latest.execution);
                let execution = only.or_else(latest).ok_or_else(|| NoPipeline::Refused { why: format!("nothing was ever in `{stage}`") })?;
                let mode = if *all_actions { RetryMode::AllActions } else { RetryMode::FailedActions };
                self.line.command(now, service, |engine| engine.retry(now, execution, stage, mode)).map_err(refused)?;
            }
            PipelineCommand::RollBackStage { stage } => {
                self.line.roll_back(now, service, stage).map_err(refused)?;
            }
            PipelineCommand::OverrideCondition { execution, stage, condition_type } => {
                let id = id_of(&self.line, service, *execution)?;
                self.line.command(now, service, |engine| engine.override_condition(now, id, stage, *condition_type)).map_err(refused)?;
            }
            PipelineCommand::Update { definition } => {
                self.line.update(now, service, checked(definition)?);
            }
        }
        self.followed();
        Ok(())
    }

    /// Changes a build project, now. Builds under way go on as they began.
    pub fn update_project(&mut self, now: SimTime, update: &ProjectUpdate) -> Result<(), NoPipeline> {
        self.now = now;
        let project = || update.project.clone();
        let known = self.project_names();
        if !known.contains(update.project.as_str()) {
            let known = known.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            return Err(NoPipeline::NoProject { project: project(), known: if known.is_empty() { "none".to_owned() } else { known } });
        }
        if update.changed().next().is_none() {
            return Err(NoPipeline::NothingUpdated { project: project() });
        }
        if matches!(update.buildspec, Some(BuildspecFrom::Written(_))) {
            return Err(NoPipeline::Unread { project: project() });
        }
        self.line.update_project(update);
        self.runs += 1;
        Ok(())
    }

    /// The names of the build projects: those that are described, and those that actions of pipelines name.
    pub fn project_names(&self) -> BTreeSet<&str> {
        let pipelines = self.line.services().filter_map(|service| self.line.engine(service));
        let actions = pipelines.flat_map(|engine| &engine.pipeline().get().stages).flat_map(|stage| &stage.actions);
        let named = actions.filter_map(|action| action.configuration.get("ProjectName").map(String::as_str));
        self.line.farm().projects().keys().map(String::as_str).chain(named).collect()
    }

    /// A service gets its first pipeline, which begins with what is on the main branch.
    fn create(&mut self, now: SimTime, service: ServiceId, name: &str, definition: &Pipeline) -> Result<(), NoPipeline> {
        if self.line.engine(service).is_some() {
            return Err(NoPipeline::Exists { service: name.to_owned() });
        }
        let definition = checked(definition)?;
        self.production.entry(service).or_default();
        let revision = self.history.revision(service);
        let sha = self.history.get(revision.commit).sha.clone();
        self.line.create(now, service, definition, revision, &sha);
        self.followed();
        Ok(())
    }

    /// What was done to a pipeline has its consequences.
    fn followed(&mut self) {
        self.follow_line();
        // Readers look again, though no time has passed.
        self.runs += 1;
    }
}

/// A declaration that can run, or the first thing that is wrong with it.
fn checked(definition: &Pipeline) -> Result<Checked, NoPipeline> {
    Checked::new(definition.clone()).map_err(|mistakes| {
        let first = mistakes.iter().find(|mistake| !mistake.is_warning()).map(|mistake| mistake.reason.to_string());
        NoPipeline::Refused { why: first.unwrap_or_default() }
    })
}

/// The approval that waits in a stage, of one execution if that is said.
fn waiting_approval(engine: &Engine, stage: &str, only: Option<ExecutionId>) -> Result<ActionRunId, NoPipeline> {
    let views = match (only, engine.pipeline().get().mode()) {
        (Some(execution), ExecutionMode::Parallel) => engine.stages_of(execution).unwrap_or_default(),
        (None, ExecutionMode::Parallel) => engine.executions().filter_map(|view| engine.stages_of(view.id)).flatten().collect(),
        _ => engine.stages(),
    };
    let here = views.iter().filter(|view| view.name == stage && (only.is_none() || view.latest.as_ref().map(|latest| latest.execution) == only));
    let mut waiting =
        here.flat_map(|view| &view.actions).filter(|action| action.due.is_some() && action.kind.provider == "Manual").filter_map(|action| action.run);
    let run = waiting.next().ok_or_else(|| NoPipeline::NoApproval { stage: stage.to_owned() })?;
    if waiting.next().is_some() && engine.pipeline().get().mode() == ExecutionMode::Parallel {
        return Err(NoPipeline::SeveralApprovals { stage: stage.to_owned() });
    }
    Ok(run)
}

fn id_of(line: &Line, service: ServiceId, execution: ExecutionNumber) -> Result<ExecutionId, NoPipeline> {
    line.id(service, execution).ok_or(NoPipeline::NoExecution { execution })
}
