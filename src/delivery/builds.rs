//! The build farm: builds wait for an agent, take their time, and find what their tests find.
//!
//! What a build takes is `build`'s business, what a suite finds `check`'s, and what happens then the pipeline's.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::build::batch::{expand, run as run_batch};
use super::build::cache::Before;
use super::build::cost::CostModel;
use super::build::findings::{Suspect, Suspects};
use super::build::plan::BuildPlan;
use super::build::project::Touched;
use super::build::timeline::{PhaseType, Status, Timeline};
use super::change::DefectKind;
use super::history::Revision;
use super::pipeline::outcome::{ActionRunId, BeginAction};
use super::pipelines::{BuildProject, Pipelines, ProjectUpdate};
use crate::ids::{FlawId, ServiceId};
use crate::rng::{Stream, purpose};
use crate::telemetry::ledger::ExecutionNumber;
use crate::units::{SimSpan, SimTime};

/// Builds that are remembered with their logs.
const REMEMBERED: usize = 300;
/// Lines of a log that are kept.
const MOST_LOG: usize = 400;

/// Where a build stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BuildStatus {
    /// It waits for an agent.
    Queued,
    /// It runs.
    InProgress,
    /// It ended well.
    Succeeded,
    /// It ended badly.
    Failed,
    /// Nobody wanted it any more.
    Stopped,
}

/// A build, as its log tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Build {
    /// Its number in the run, counting from 1.
    pub number: u32,
    /// The service.
    pub service: ServiceId,
    /// The execution that wants it.
    pub execution: ExecutionNumber,
    /// The stage and the action.
    pub action: String,
    /// The project's name.
    pub project: String,
    /// The names of the artifacts that its action makes.
    pub outputs: Vec<String>,
    /// Where it stands.
    pub status: BuildStatus,
    /// When it was asked for.
    pub submitted: SimTime,
    /// When an agent took it up.
    pub started: Option<SimTime>,
    /// When it ends or ended.
    pub ends: Option<SimTime>,
    /// Its phases: how each ended, when it began and when it ended; of the first build of a batch.
    pub phases: Vec<(PhaseType, Status, SimTime, SimTime)>,
    /// Its log, with the time of each line.
    pub log: Vec<(SimTime, String)>,
    /// Why it failed.
    pub failed: Option<String>,
    /// The defects that it found.
    pub found: Vec<FlawId>,
}

/// A build that ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finished {
    pub(super) service: ServiceId,
    pub(super) run: ActionRunId,
    /// Why it failed; `None`: it succeeded.
    pub(super) failed: Option<String>,
    pub(super) found: Vec<FlawId>,
}

/// A build that waits or runs.
#[derive(Debug, Clone)]
struct Job {
    number: u32,
    service: ServiceId,
    run: ActionRunId,
    project: String,
    defects: Vec<(FlawId, DefectKind)>,
}

/// All builds.
#[derive(Debug)]
pub struct Farm {
    root: Stream,
    projects: BTreeMap<String, BuildProject>,
    agents: usize,
    queue: VecDeque<Job>,
    running: BTreeMap<(SimTime, u32), Job>,
    builds: VecDeque<Build>,
    last: u32,
    /// How often each service was built, so that flakes are drawn anew.
    runs: BTreeMap<ServiceId, u64>,
    /// How many builds ended by themselves, and how many of them failed.
    ended: BTreeMap<ServiceId, (u64, u64)>,
    /// What earlier builds left behind, by service and project.
    caches: BTreeMap<(ServiceId, String), Before>,
}

impl Farm {
    pub(super) fn new(pipelines: &Pipelines, seed: u64) -> Self {
        Self {
            root: Stream::root(seed).child(purpose::BUILD_TIME),
            projects: pipelines.projects.clone(),
            agents: pipelines.concurrent_builds() as usize,
            queue: VecDeque::new(),
            running: BTreeMap::new(),
            builds: VecDeque::new(),
            last: 0,
            runs: BTreeMap::new(),
            ended: BTreeMap::new(),
            caches: BTreeMap::new(),
        }
    }

    /// Builds that run at once.
    pub const fn agents(&self) -> usize {
        self.agents
    }
    /// Builds, the oldest first; of many the newest.
    pub fn builds(&self) -> impl Iterator<Item = &Build> {
        self.builds.iter()
    }

    /// The build that made what an execution deploys: the last one that succeeded and whose action made one of the artifacts
    /// that the deployment reads; where it reads none of them, the last one that left an image or files behind.
    pub fn made(&self, execution: ExecutionNumber, reads: &[String]) -> Option<u32> {
        let gives = |build: &&Build| build.outputs.iter().any(|artifact| reads.contains(artifact));
        let makes = |build: &&Build| self.projects.get(&build.project).is_none_or(BuildProject::makes_artifacts);
        let succeeded = self.builds.iter().rev().filter(|build| build.execution == execution && build.status == BuildStatus::Succeeded);
        let found = succeeded.clone().find(gives).or_else(|| succeeded.clone().find(makes));
        found.or_else(|| succeeded.clone().next()).map(|build| build.number)
    }

    /// How many builds of a service ended by themselves, and how many of those failed; of all services if none is named.
    pub fn ended(&self, service: Option<ServiceId>) -> (u64, u64) {
        let ours = self.ended.iter().filter(|(of, _)| service.is_none_or(|service| service == **of));
        ours.fold((0, 0), |sum, (_, ended)| (sum.0 + ended.0, sum.1 + ended.1))
    }
    /// Build projects that are described or were changed, by name; one that is not here has the defaults.
    pub const fn projects(&self) -> &BTreeMap<String, BuildProject> {
        &self.projects
    }
    /// Changes a project, for the builds that agents take up from now on.
    pub(super) fn update(&mut self, update: &ProjectUpdate) {
        self.projects.entry(update.project.clone()).or_default().update(update);
        if update.compute_type.is_some() || update.cache.is_some() {
            // Another machine, or another cache on it, has nothing yet.
            self.caches.iter_mut().filter(|((_, project), _)| *project == update.project).for_each(|(_, before)| before.on_host = false);
        }
    }

    pub(super) fn next_due(&self) -> Option<SimTime> {
        self.running.first_key_value().map(|((at, _), _)| *at)
    }

    /// An action wants a build.
    pub(super) fn enqueue(&mut self, now: SimTime, service: ServiceId, execution: ExecutionNumber, begin: &BeginAction, revision: Option<&Revision>) {
        self.last += 1;
        let project = begin.configuration.get("ProjectName").cloned().unwrap_or_else(|| begin.action.clone());
        let defects = revision.map(|revision| revision.defects.iter().map(|defect| (defect.id, defect.kind)).collect()).unwrap_or_default();
        self.builds.push_back(Build {
            number: self.last,
            service,
            execution,
            action: format!("{}/{}", begin.stage, begin.action),
            project: project.clone(),
            outputs: begin.outputs.clone(),
            status: BuildStatus::Queued,
            submitted: now,
            started: None,
            ends: None,
            phases: Vec::new(),
            log: Vec::new(),
            failed: None,
            found: Vec::new(),
        });
        if self.builds.len() > REMEMBERED {
            self.builds.pop_front();
        }
        self.queue.push_back(Job { number: self.last, service, run: begin.run, project, defects });
        self.take_up(now);
    }

    /// Nobody waits for a build any more.
    pub(super) fn abandon(&mut self, service: ServiceId, run: ActionRunId) {
        let of = |job: &Job| job.service == service && job.run == run;
        let gone: Vec<u32> = self.queue.iter().chain(self.running.values()).filter(|job| of(job)).map(|job| job.number).collect();
        self.queue.retain(|job| !of(job));
        self.running.retain(|_, job| !of(job));
        for build in self.builds.iter_mut().filter(|build| gone.contains(&build.number)) {
            build.status = BuildStatus::Stopped;
        }
    }

    /// Free agents take up what waits.
    fn take_up(&mut self, now: SimTime) {
        while self.running.len() < self.agents {
            let Some(job) = self.queue.pop_front() else { return };
            let ran = self.runs.entry(job.service).or_default();
            *ran += 1;
            let run = *ran;
            let project = self.projects.get(&job.project).cloned().unwrap_or_default();
            let before = self.caches.entry((job.service, job.project.clone())).or_default();
            let outcome = carry_out(self.root, now, &project, &job, run, *before);
            *before = outcome.after;
            let ends = outcome.ends;
            if let Some(build) = self.builds.iter_mut().find(|build| build.number == job.number) {
                build.status = BuildStatus::InProgress;
                (build.started, build.ends) = (Some(now), Some(ends));
                (build.log, build.phases, build.failed, build.found) = (outcome.log, outcome.phases, outcome.failed, outcome.found);
            }
            self.running.insert((ends, job.number), job);
        }
    }

    /// Builds that end now.
    pub(super) fn due(&mut self, now: SimTime) -> Vec<Finished> {
        let mut all = Vec::new();
        while let Some(entry) = self.running.first_entry().filter(|entry| entry.key().0 <= now) {
            let job = entry.remove();
            let build = self.builds.iter_mut().find(|build| build.number == job.number);
            let (failed, found) = build.map_or((None, Vec::new()), |build| {
                build.status = if build.failed.is_some() { BuildStatus::Failed } else { BuildStatus::Succeeded };
                (build.failed.clone(), build.found.clone())
            });
            let ended = self.ended.entry(job.service).or_default();
            *ended = (ended.0 + 1, ended.1 + u64::from(failed.is_some()));
            all.push(Finished { service: job.service, run: job.run, failed, found });
        }
        self.take_up(now);
        all
    }
}

/// Works out what a build that begins at `now` does. Batch builds run side by side, each on a machine of its own.
fn carry_out(root: Stream, now: SimTime, project: &BuildProject, job: &Job, run: u64, before: Before) -> Outcome {
    let own = root.child(u64::from(job.service.0));
    let model = CostModel::default();
    let touched = Touched { sources: true, dependencies: own.child(run).chance(project.new_dependencies.get()), ..Touched::default() };
    let plan = BuildPlan {
        spec: &project.buildspec.spec,
        project: &project.source,
        model: &model,
        machine: project.compute_type,
        privileged: project.privileged,
        cache: &project.cache,
        before,
        touched,
        variables: Vec::new(),
        shard: None,
        stream: own,
        build: run,
        submitted: now,
        waits: SimSpan::ZERO,
    };
    let defects: Vec<Suspect> = job.defects.iter().map(|(id, kind)| Suspect { id: u64::from(id.0), kind: *kind }).collect();
    let suspects = || Suspects { root, project: own, build: run, defects: defects.clone(), found: Vec::new() };
    let mut found: Vec<u64> = Vec::new();
    let mut timelines: Vec<Timeline> = Vec::new();
    match &project.buildspec.spec.batch {
        None => {
            let mut inspector = suspects();
            timelines.push(plan.timeline(&mut inspector));
            found = inspector.found;
        }
        Some(batch) => {
            let builds = expand(batch);
            run_batch(&builds, batch.fast_fail, builds.len().max(1) as u32, now, |n, begin| {
                // Each build of a batch runs its tests by itself: it has flakes of its own.
                let mut inspector = Suspects { project: own.child(n as u64), ..suspects() };
                let timeline = plan.of_batch(n, &builds[n], begin).timeline(&mut inspector);
                found.append(&mut inspector.found);
                let ended = (timeline.end(), timeline.status);
                timelines.push(timeline);
                ended
            });
        }
    }
    found.sort_unstable();
    found.dedup();
    let ends = timelines.iter().map(Timeline::end).max().unwrap_or(now);
    let failed = timelines.iter().find(|timeline| timeline.status != Status::Succeeded).map(|timeline| {
        let message = timeline.phases.iter().find_map(|phase| phase.message.clone());
        message.unwrap_or_else(|| timeline.status.name().to_owned())
    });
    let after = timelines.first().map_or(before, |timeline| plan.leaves(timeline));
    let log = timelines.iter().flat_map(|timeline| timeline.log.lines.iter().map(|line| (line.at, line.text.clone()))).take(MOST_LOG).collect();
    let phases =
        timelines.first().map_or_else(Vec::new, |timeline| timeline.phases.iter().map(|phase| (phase.phase, phase.status, phase.begin, phase.end)).collect());
    let found = found.into_iter().map(|id| FlawId(id as u32)).collect();
    Outcome { ends, log, phases, failed, found, after }
}

/// What a build comes to.
struct Outcome {
    ends: SimTime,
    log: Vec<(SimTime, String)>,
    phases: Vec<(PhaseType, Status, SimTime, SimTime)>,
    failed: Option<String>,
    found: Vec<FlawId>,
    after: Before,
}
