//! The build farm: builds wait for an agent, take their time, and find what their tests find.
//!
//! What a suite finds is `check`'s business, what happens then the pipeline's. A build is the same however often it runs,
//! but for tests that fail now and then.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::change::DefectKind;
use super::check::{detect, flake, shard};
use super::history::Revision;
use super::pipeline::outcome::{ActionRunId, BeginAction};
use super::pipelines::{Pipelines, Project};
use crate::ids::{FlawId, ServiceId};
use crate::rng::{Stream, purpose};
use crate::telemetry::ledger::ExecutionNumber;
use crate::units::{SimSpan, SimTime};

/// Builds that are remembered with their logs.
const REMEMBERED: usize = 300;
/// From the request to the first phase: a container is provisioned (chosen for Fleetlab; CodeBuild takes 20 s to 60 s).
const PROVISIONING: SimSpan = SimSpan::from_secs(30);

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
    /// Where it stands.
    pub status: BuildStatus,
    /// When it was asked for.
    pub submitted: SimTime,
    /// When an agent took it up.
    pub started: Option<SimTime>,
    /// When it ends or ended.
    pub ends: Option<SimTime>,
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
    projects: BTreeMap<String, Project>,
    agents: usize,
    queue: VecDeque<Job>,
    running: BTreeMap<(SimTime, u32), Job>,
    builds: VecDeque<Build>,
    last: u32,
    /// How often each suite of a service ran, so that flakes are drawn anew.
    runs: BTreeMap<ServiceId, u64>,
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

    /// The build that made what an execution deploys: the last one that succeeded and compiles.
    pub fn made(&self, execution: ExecutionNumber) -> Option<u32> {
        let compiles = |build: &&Build| self.projects.get(&build.project).is_none_or(|project| project.compiles);
        let succeeded = self.builds.iter().rev().filter(|build| build.execution == execution && build.status == BuildStatus::Succeeded);
        succeeded.clone().find(compiles).or_else(|| succeeded.clone().next()).map(|build| build.number)
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
            status: BuildStatus::Queued,
            submitted: now,
            started: None,
            ends: None,
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
            let outcome = carry_out(self.root, now, &project, &job, run);
            let ends = now + outcome.took;
            if let Some(build) = self.builds.iter_mut().find(|build| build.number == job.number) {
                build.status = BuildStatus::InProgress;
                (build.started, build.ends) = (Some(now), Some(ends));
                (build.log, build.failed, build.found) = (outcome.log, outcome.failed, outcome.found);
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
            all.push(Finished { service: job.service, run: job.run, failed, found });
        }
        self.take_up(now);
        all
    }
}

/// What a build comes to.
struct Outcome {
    took: SimSpan,
    log: Vec<(SimTime, String)>,
    failed: Option<String>,
    found: Vec<FlawId>,
}

/// Works out what a build that begins at `now` does, line by line. A step that fails ends it.
fn carry_out(root: Stream, now: SimTime, project: &Project, job: &Job, run: u64) -> Outcome {
    let mut at = now + PROVISIONING;
    let mut log = vec![(now, "Provisioning the build environment".to_owned()), (at, format!("Building {}", job.project))];
    let end = |at: SimTime, mut log: Vec<(SimTime, String)>, failed: Option<String>, found: Vec<FlawId>| {
        let last = failed.as_ref().map_or_else(|| "Phase complete: SUCCEEDED".to_owned(), |why| format!("Phase complete: FAILED ({why})"));
        log.push((at, last));
        Outcome { took: at.since(now), log, failed, found }
    };
    // No two builds take equally long.
    let spread = shard::lognormal(root.child(u64::from(job.service.0)).child(run), 0.15);
    at = at + SimSpan::from_secs_f64(project.build.as_secs_f64() * spread);
    let broken: Vec<FlawId> = job.defects.iter().filter(|(_, kind)| *kind == DefectKind::DoesNotCompile).map(|(id, _)| *id).collect();
    if project.compiles && !broken.is_empty() {
        log.push((at, "error: the build does not compile".to_owned()));
        return end(at, log, Some("it does not compile".to_owned()), broken);
    }
    for (kind, suite) in &project.suites {
        let stream = root.child(u64::from(job.service.0)).child(1_000 + *kind as u64);
        at = at + shard::run_time(stream, suite, 1, project.cores).longest();
        let found: Vec<FlawId> = job
            .defects
            .iter()
            .filter(|(id, defect)| detect::verdict(root, *kind, suite, u64::from(id.0), *defect) == detect::Verdict::Found)
            .map(|(id, _)| *id)
            .collect();
        let flaky = flake::run(stream, suite, run);
        let failing = found.len() + flaky.still_failing.len();
        log.push((at, format!("{kind}: {} checks, {failing} failed", suite.tests)));
        if failing > 0 {
            let why = format!("{failing} of {} {kind} checks failed", suite.tests);
            return end(at, log, Some(why), found);
        }
    }
    end(at, log, None, Vec::new())
}
