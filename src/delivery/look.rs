//! Delivery, for a reader: what people are at, what waits, the repository, the pipelines, builds, incidents.
//!
//! Owned and read only. What is hidden in a change (its defects) is here too, marked as truth: a reader that plays the role
//! of a real tool leaves it out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::builds::Build;
use super::change::DefectKind;
use super::history::Commit;
use super::incident::Incident;
use super::pipeline::definition::{ExecutionMode, Pipeline};
use super::pipeline::view::{ExecutionView, StageView};
use super::pipelines::BuildProject;
use super::{Delivery, Job};
use crate::ids::{FlawId, ServiceId, VersionId};
use crate::telemetry::ledger::{ChangeNumber, DeploymentNumber, ExecutionNumber};
use crate::units::SimTime;

/// Commits, changes and executions that a reader gets at most, the newest.
const MOST: usize = 200;
/// Executions of one pipeline that a reader gets at most, besides those that its stages name.
const MOST_EXECUTIONS: usize = 20;
/// So many executions of a pipeline in PARALLEL mode are told stage by stage, besides those on their way.
const MOST_LANES: usize = 8;

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeStage {
    /// Nobody has begun it.
    Waiting,
    /// Somebody writes it.
    InProgress,
    /// It is in review, or mended after one.
    InReview,
    /// It was merged.
    Merged,
    /// A version that has it was deployed.
    Deployed,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangeLook {
    /// Its number.
    pub number: ChangeNumber,
    /// The service.
    pub service: ServiceId,
    /// Lines changed.
    pub lines: u32,
    /// Whether it is planned work.
    pub planned: bool,
    /// Who writes it.
    pub author: Option<u16>,
    /// Where it stands.
    pub stage: ChangeStage,
    /// Its latest commit's name, if it has one.
    pub commit: Option<String>,
    /// Truth: what is wrong with it.
    pub defects: Vec<(FlawId, DefectKind)>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PersonLook {
    /// What they are at, and since when.
    pub job: Option<(JobLook, SimTime)>,
    /// Whether they are at it now: in working time, or at any hour for what cannot wait.
    pub working: bool,
    /// Whether they are on call.
    pub on_call: bool,
}

/// What a person is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobLook {
    /// Writes a change.
    Code(ChangeNumber),
    /// Mends what was found in a change.
    Rework(ChangeNumber),
    /// Reviews a change.
    Review(ChangeNumber),
    /// Resolves a merge conflict.
    Resolve(ChangeNumber),
    /// Mends what a release's tests found.
    Stabilise(ServiceId),
    /// Decides about an approval.
    Approve(ServiceId),
    /// Looks for a suspect.
    Diagnose(u32),
    /// Looks for the defect in the code.
    Investigate(u32),
}

/// A service's pipeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PipelineLook {
    /// The service.
    pub service: ServiceId,
    /// Its declaration.
    pub definition: Pipeline,
    /// Its stages as they stand.
    pub stages: Vec<StageView>,
    /// In PARALLEL mode, the stages as each of the newest executions has passed them, the newest first; else nothing.
    pub lanes: Vec<(ExecutionNumber, Vec<StageView>)>,
    /// Its executions, the newest first, each with its number in the run.
    pub executions: Vec<(ExecutionNumber, ExecutionView)>,
    /// Whether its deployments are held back until a fix is in.
    pub held: bool,
}

/// Where a version came from: the walk back from a deployment to its commits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArtifactLook {
    /// The version.
    pub version: VersionId,
    /// Its service.
    pub service: ServiceId,
    /// The commit's name.
    pub commit: String,
    /// The execution that built it.
    pub execution: ExecutionNumber,
    /// The build that made it; `None` if its pipeline builds nothing.
    pub build: Option<u32>,
    /// The changes in it that are new since the version before, or all if there was none.
    pub changes: Vec<ChangeNumber>,
    /// Deployments that brought it.
    pub deployments: Vec<DeploymentNumber>,
}

/// Where a defect came from. Truth: people find out by looking for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Origin {
    /// The change in which it hides.
    pub change: ChangeNumber,
    /// Its kind.
    pub kind: DefectKind,
    /// Who wrote it.
    pub author: Option<u16>,
    /// The name of the change's latest commit.
    pub commit: Option<String>,
}

/// What tells one look from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    runs: u64,
    working_time: bool,
    on_call: u16,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeliveryLook {
    /// The people, by number.
    pub people: Vec<PersonLook>,
    /// Whether it is working time.
    pub working_time: bool,
    /// Tasks that wait for somebody.
    pub waiting_tasks: usize,
    /// Items that wait to become changes.
    pub pooled_items: usize,
    /// The newest changes, in order.
    pub changes: Vec<ChangeLook>,
    /// The newest commits, in order.
    pub commits: Vec<Commit>,
    /// The pipelines, in the order of the services.
    pub pipelines: Vec<PipelineLook>,
    /// Builds, the oldest first.
    pub builds: Vec<Build>,
    /// Build projects as they are now, by name.
    pub projects: BTreeMap<String, BuildProject>,
    /// Builds that run at once.
    pub agents: usize,
    /// Incidents, the oldest first.
    pub incidents: Vec<Incident>,
    /// Versions that were built, in order.
    pub artifacts: Vec<ArtifactLook>,
    /// The release branch under way, if the model has one.
    pub release: Option<super::branch::Release>,
}

impl Delivery {
    /// What a reader sees at `now`: nothing has happened since it last ran, but people may have gone home.
    pub fn look(&self, now: SimTime) -> DeliveryLook {
        let people = (0..self.staff.people())
            .map(|person| PersonLook {
                job: self.staff.at(person).map(|(job, since)| (job_look(job), since)),
                working: self.staff.is_working(person, now),
                on_call: self.staff.on_call(now) == person,
            })
            .collect();
        let newest = |len: usize| len.saturating_sub(MOST);
        let change = |change: &super::history::Change| {
            let shipped = self.production.get(&change.service).is_some_and(|production| production.shipped.contains(&change.number));
            let stage = match (shipped, change.merged, change.commit, change.author) {
                (true, ..) => ChangeStage::Deployed,
                (_, Some(_), ..) => ChangeStage::Merged,
                (_, _, Some(_), _) => ChangeStage::InReview,
                (_, _, _, Some(_)) => ChangeStage::InProgress,
                _ => ChangeStage::Waiting,
            };
            ChangeLook {
                number: change.number,
                service: change.service,
                lines: change.lines,
                planned: change.planned,
                author: change.author,
                stage,
                commit: change.commit.map(|(commit, _)| self.history.get(commit).sha.clone()),
                defects: change.defects.iter().map(|defect| (defect.id, defect.kind)).collect(),
            }
        };
        let pipelines = self.line.services().filter_map(|service| {
            let engine = self.line.engine(service)?;
            let stages = engine.stages();
            // Whoever is in a stage is named there, however many came after it.
            let named = |id| {
                stages
                    .iter()
                    .any(|stage| stage.latest.as_ref().map(|latest| latest.execution) == Some(id) || [stage.last_succeeded, stage.way_back].contains(&Some(id)))
            };
            let newest = engine.executions().enumerate().filter(|(at, view)| *at < MOST_EXECUTIONS || named(view.id) || view.status.is_active());
            let executions = newest.map(|(_, view)| (self.line.number(service, view.id).unwrap_or_default(), view)).collect();
            let is_parallel = engine.pipeline().get().mode() == ExecutionMode::Parallel;
            let shown = engine.executions().filter(|_| is_parallel).enumerate().filter(|(at, view)| *at < MOST_LANES || view.status.is_active());
            // What ran before the pipeline was in this mode went through the stages that all shared; it has none of its own.
            let lane = |(_, view): (usize, ExecutionView)| {
                let stages = engine.stages_of(view.id).filter(|stages| view.status.is_active() || stages.iter().any(|stage| stage.latest.is_some()))?;
                Some((self.line.number(service, view.id)?, stages))
            };
            Some(PipelineLook {
                lanes: shown.filter_map(lane).collect(),
                service,
                definition: engine.pipeline().get().clone(),
                stages,
                executions,
                held: self.production.get(&service).is_some_and(|production| production.held_for.is_some()),
            })
        });
        let artifact = |artifact: &super::Artifact| {
            let before = self.artifacts.range(..artifact.version).rev().map(|(_, other)| other).find(|other| other.service == artifact.service);
            let known = before.map_or(&[][..], |before| before.revision.changes.as_slice());
            ArtifactLook {
                version: artifact.version,
                service: artifact.service,
                commit: self.history.get(artifact.revision.commit).sha.clone(),
                execution: artifact.execution,
                build: artifact.build,
                changes: artifact.revision.changes.iter().copied().filter(|change| !known.contains(change)).collect(),
                deployments: self.deployments.iter().filter(|(_, deployed)| deployed.version == artifact.version).map(|(number, _)| *number).collect(),
            }
        };
        DeliveryLook {
            people,
            working_time: self.team.calendar.is_open(now),
            waiting_tasks: self.staff.waiting().count(),
            pooled_items: self.pooled.values().map(Vec::len).sum(),
            changes: self.changes[newest(self.changes.len())..].iter().map(change).collect(),
            commits: self.history.commits()[newest(self.history.commits().len())..].to_vec(),
            pipelines: pipelines.collect(),
            builds: self.line.farm().builds().cloned().collect(),
            projects: self.project_names().into_iter().map(|name| (name.to_owned(), self.project(name))).collect(),
            agents: self.line.farm().agents(),
            incidents: self.incidents.clone(),
            artifacts: self.artifacts.values().rev().take(MOST).rev().map(artifact).collect(),
            release: self.release.as_ref().map(|(release, _)| release.clone()),
        }
    }

    /// A build project as it is now; one that nobody described has the defaults.
    pub fn project(&self, name: &str) -> BuildProject {
        self.line.farm().projects().get(name).cloned().unwrap_or_default()
    }

    /// Where a defect came from; `None` if no change of this team has it.
    pub fn origin(&self, flaw: FlawId) -> Option<Origin> {
        self.changes.iter().find_map(|change| {
            let defect = change.defects.iter().find(|defect| defect.id == flaw)?;
            let commit = change.commit.map(|(commit, _)| self.history.get(commit).sha.clone());
            Some(Origin { change: change.number, kind: defect.kind, author: change.author, commit })
        })
    }

    /// The execution and the build that made a version, and the name of the commit that it was made from; `None` if no pipeline
    /// built it.
    pub fn made_by(&self, version: VersionId) -> Option<(ExecutionNumber, Option<u32>, String)> {
        let artifact = self.artifacts.get(&version)?;
        Some((artifact.execution, artifact.build, self.history.get(artifact.revision.commit).sha.clone()))
    }

    /// Changes whenever anything that [`Delivery::look`] shows may have.
    pub fn generation(&self, now: SimTime) -> Generation {
        Generation { runs: self.runs, working_time: self.team.calendar.is_open(now), on_call: self.staff.on_call(now) }
    }
}

const fn job_look(job: &Job) -> JobLook {
    match *job {
        Job::Code(change) => JobLook::Code(change),
        Job::Rework(change) => JobLook::Rework(change),
        Job::Review(change) => JobLook::Review(change),
        Job::Resolve(change) => JobLook::Resolve(change),
        Job::Stabilise { service, .. } => JobLook::Stabilise(service),
        Job::Approve { service, .. } => JobLook::Approve(service),
        Job::Diagnose(incident) => JobLook::Diagnose(incident),
        Job::Investigate { incident, .. } => JobLook::Investigate(incident),
    }
}
