//! A build before it begins, and what becomes of it.
//!
//! ```text
//!  SUBMITTED QUEUED PROVISIONING DOWNLOAD_SOURCE ─► INSTALL ─► PRE_BUILD ─► BUILD ─► POST_BUILD ─► UPLOAD_ARTIFACTS ─► FINALIZING COMPLETED
//!                                                      │ fails    │ fails     │ fails    ▲ fails       ▲                  ▲
//!                                                      └──────────┴───────────┼──────────┼─────────────┼──────────────────┘
//!                                                                             └──────────┴─────────────┘
//! ```
//!
//! These are CodeBuild's transitions: who fails in `INSTALL` or `PRE_BUILD` goes straight to the end; `POST_BUILD` runs once
//! `BUILD` ran, whether that failed or not; `UPLOAD_ARTIFACTS` is always attempted then. `on-failure` changes them: ABORT goes
//! straight to the end, CONTINUE to the next phase, RETRY tries the phase again. CodeBuild does not document what
//! CONTINUE does to the result of the build; here the phase is FAILED, `CODEBUILD_BUILD_SUCCEEDING` is 0 from then on, and
//! the build does not fail for that phase, as genuine specifications expect that exit with 1 of their own later. Nor does
//! it say clearly whether RETRY repeats the phase or the build; here it is the phase. A cache is saved only by a build
//! that succeeds (chosen for Fleetlab).
//!
//! Within a phase each command waits for the one before it; the first that fails ends `commands`, and `finally` runs in any
//! case. The plan knows neither what is wrong with the change nor who waits for the build.

use std::collections::BTreeMap;

use super::batch::BatchBuild;
use super::cache::{Before, CacheConfig, CacheType, Hits};
use super::cost::{CostModel, Work};
use super::findings::Findings;
use super::machine::ComputeType;
use super::project::{Project, Touched};
use super::shell::{Shell, Stop, Value};
use super::spec::{Buildspec, OnFailure, Phase, Version};
use super::timeline::{CommandRecord, Log, PhaseRecord, PhaseType, Status, Timeline};
use crate::rng::Stream;
use crate::rng::purpose;
use crate::units::{Bytes, SimSpan, SimTime};

/// Everything that decides how a build goes.
#[derive(Debug, Clone)]
pub struct BuildPlan<'a> {
    /// What to do.
    pub spec: &'a Buildspec,
    /// What is built.
    pub project: &'a Project,
    /// What it costs.
    pub model: &'a CostModel,
    /// On which machine.
    pub machine: ComputeType,
    /// Whether it may run a Docker daemon.
    pub privileged: bool,
    /// Which caches the project has.
    pub cache: &'a CacheConfig,
    /// What earlier builds left in them.
    pub before: Before,
    /// What changed since.
    pub touched: Touched,
    /// Variables of the project and of whoever started the build; they win over the specification's.
    pub variables: Vec<(String, String)>,
    /// Which of how many executors it is, where tests are split.
    pub shard: Option<(u32, u32)>,
    /// The project's own stream.
    pub stream: Stream,
    /// Which build of the project it is.
    pub build: u64,
    /// When it was asked for.
    pub submitted: SimTime,
    /// How long it waits because too many others run.
    pub waits: SimSpan,
}

/// Where a build stands while its phases run.
struct Course {
    phases: Vec<PhaseRecord>,
    /// Whether a phase failed and the build with it.
    failed: bool,
    timed_out: bool,
}

impl<'a> BuildPlan<'a> {
    /// The plan of one build of a batch that begins at a time: its own machine, variables and part of the tests. Who uses
    /// another specification changes `spec` as well.
    #[must_use]
    pub fn of_batch(&self, n: usize, member: &BatchBuild, begin: SimTime) -> BuildPlan<'a> {
        let mut variables = member.env.variables.clone();
        variables.extend(self.variables.iter().cloned());
        BuildPlan {
            machine: member.env.compute_type.unwrap_or(self.machine),
            privileged: member.env.privileged_mode.unwrap_or(self.privileged),
            variables,
            shard: member.shard,
            // A batch has at most a hundred builds, so that no two have the same number.
            build: self.build << 7 | n as u64,
            submitted: begin,
            ..self.clone()
        }
    }

    /// Whether there is a Docker daemon.
    pub(super) fn has_docker(&self) -> bool {
        self.privileged && self.machine.has_docker()
    }

    /// What it finds in caches.
    pub fn hits(&self) -> Hits {
        let mut hits = Hits::of(self.cache, self.spec.cache.as_ref(), self.machine, self.project, self.touched, self.before);
        if !self.has_docker() {
            hits.layers = super::cache::Layers::default();
        }
        hits
    }

    /// What becomes of it.
    pub fn timeline(&self, findings: &mut dyn Findings) -> Timeline {
        let hits = self.hits();
        let mut course = Course { phases: Vec::new(), failed: false, timed_out: false };
        let mut log = Log::default();
        log.add(self.submitted, "[Fleetlab] simulated log: no command was run");
        let model = self.model;
        let provisioning = if self.machine.has_docker() { model.provisioning } else { model.provisioning_lambda };
        let repository = self.project.repository.get() as f64 * if hits.source { model.fetched_anew } else { 1.0 };
        let restored = if hits.from_bucket { self.kept_bytes() * hits.kept() } else { 0.0 };
        course.system(PhaseType::Submitted, self.submitted, SimSpan::ZERO);
        course.system(PhaseType::Queued, self.submitted, self.waits + self.time(PhaseType::Queued, &waiting(model.queued)));
        course.system(PhaseType::Provisioning, course.now(), self.time(PhaseType::Provisioning, &waiting(provisioning)));
        let source = waiting(model.checkout).fetching(repository + restored);
        course.system(PhaseType::DownloadSource, course.now(), self.time(PhaseType::DownloadSource, &source));
        // CodeBuild's timeout begins with the build, not with its waiting.
        let deadline = course.phases[1].end + model.timeout;
        let mut shell = Shell::new(self, findings, &hits, course.now(), deadline);
        shell.log = log;
        shell.renew(self.environment(true));
        if hits.from_bucket {
            shell.log.add(shell.now, &format!("[Container] Downloaded cache of {} bytes", restored as u64));
        }
        let uploads = self.run_phases(&mut shell, &mut course);
        let exported = self.spec.env.exported_variables.iter().map(|name| {
            let value = match shell.variables.get(name) {
                Some(Value::Known(value)) => Some(value.clone()),
                _ => None,
            };
            (name.clone(), value)
        });
        let exported = exported.collect();
        let mut log = std::mem::take(&mut shell.log);
        let mut uploaded = None;
        let mut cache_saved = false;
        if uploads {
            cache_saved = hits.to_bucket && !course.failed;
            uploaded = self.artifact();
            let bytes = uploaded.map_or(0.0, |bytes| bytes.get() as f64) + if cache_saved { self.kept_bytes() } else { 0.0 };
            let reports = self.spec.reports.len() as f64;
            let work = Work::waiting(0.2 + reports + uploaded.map_or(0.0, |_| model.upload_artifacts.as_secs_f64())).sending(bytes);
            course.system(PhaseType::UploadArtifacts, course.now(), self.time(PhaseType::UploadArtifacts, &work));
            if uploaded.is_some() {
                log.add(course.now(), "[Container] Uploaded artifacts");
            }
        }
        course.system(PhaseType::Finalizing, course.now(), self.time(PhaseType::Finalizing, &waiting(model.finalizing)));
        course.system(PhaseType::Completed, course.now(), SimSpan::ZERO);
        let status = match (course.timed_out, course.failed) {
            (true, _) => Status::TimedOut,
            (false, true) => Status::Failed,
            (false, false) => Status::Succeeded,
        };
        Timeline { status, phases: course.phases, log, uploaded, cache_saved, exported }
    }

    /// What later builds find when this one has been.
    pub fn leaves(&self, timeline: &Timeline) -> Before {
        let kept = self.cache.r#type == CacheType::Local && self.machine.has_local_cache();
        Before { in_bucket: self.before.in_bucket || timeline.cache_saved, on_host: kept }
    }

    /// Runs the phases with commands; whether it comes to uploading.
    fn run_phases(&self, shell: &mut Shell<'_>, course: &mut Course) -> bool {
        let types = [PhaseType::Install, PhaseType::PreBuild, PhaseType::Build, PhaseType::PostBuild];
        for (phase_type, phase) in types.into_iter().zip(self.spec.phases.in_order()) {
            let record = self.run_phase(shell, phase_type, phase);
            let status = record.status;
            course.phases.push(record);
            if status == Status::Succeeded {
                continue;
            }
            shell.variables.insert("CODEBUILD_BUILD_SUCCEEDING".to_owned(), Value::Known("0".to_owned()));
            if status == Status::TimedOut {
                course.timed_out = true;
                return false;
            }
            let goes_on = matches!(phase_type, PhaseType::Build | PhaseType::PostBuild);
            match phase.and_then(|phase| phase.on_failure.as_ref()) {
                Some(OnFailure::Continue) => {}
                Some(OnFailure::Abort) => {
                    course.failed = true;
                    return false;
                }
                None | Some(OnFailure::Retry { .. }) => {
                    course.failed = true;
                    if !goes_on {
                        return false;
                    }
                }
            }
        }
        true
    }

    fn run_phase(&self, shell: &mut Shell<'_>, phase_type: PhaseType, phase: Option<&Phase>) -> PhaseRecord {
        let begin = shell.now;
        let mut record = PhaseRecord { phase: phase_type, status: Status::Succeeded, begin, end: begin, attempts: 1, message: None, commands: Vec::new() };
        shell.phase = phase_type;
        let Some(phase) = phase else { return record };
        shell.log.add(shell.now, &format!("[Container] Entering phase {phase_type}"));
        let versions: f64 = phase.runtime_versions.len() as f64 * self.model.runtime_version.as_secs_f64();
        shell.now += self.time(phase_type, &Work::on_one_core(versions));
        let retries = match &phase.on_failure {
            Some(OnFailure::Retry { count, .. }) => *count,
            _ => 0,
        };
        loop {
            let failure = self.attempt(shell, phase, &mut record);
            let Err(stop) = failure else {
                record.status = Status::Succeeded;
                break;
            };
            let Stop::Exit(_) = stop else {
                record.status = Status::TimedOut;
                record.message = Some("BUILD_TIMED_OUT Message: Build has timed out.".to_owned());
                break;
            };
            record.status = Status::Failed;
            let again = match &phase.on_failure {
                Some(OnFailure::Retry { pattern, .. }) => record.attempts <= retries && matches(pattern, record.message.as_deref().unwrap_or_default()),
                _ => false,
            };
            if !again {
                break;
            }
            record.attempts += 1;
        }
        record.end = shell.now;
        shell.log.add(shell.now, &format!("[Container] Phase complete: {phase_type} State: {}", record.status.name()));
        if let Some(message) = &record.message {
            shell.log.add(shell.now, &format!("[Container] Phase context status code: {message}"));
        }
        if record.status == Status::Succeeded {
            record.message = None;
        }
        record
    }

    /// Runs the commands of a phase once, and `finally` in any case. The message of the first failure is recorded.
    fn attempt(&self, shell: &mut Shell<'_>, phase: &Phase, record: &mut PhaseRecord) -> Result<(), Stop> {
        let mut result = Ok(());
        record.message = None;
        for (finally, commands) in [(false, &phase.commands), (true, &phase.finally)] {
            for (n, text) in commands.iter().enumerate() {
                if self.spec.version == Version::V0_1 {
                    let succeeding = shell.variables.get("CODEBUILD_BUILD_SUCCEEDING") != Some(&Value::Known("0".to_owned()));
                    shell.renew(self.environment(succeeding));
                }
                let stream = self.stream.child(purpose::BUILD_TIME).child(self.build).child(record.phase as u64);
                shell.stream = stream.child(u64::from(record.attempts) << 1 | u64::from(finally)).child(n as u64);
                shell.log.add(shell.now, &format!("[Container] Running command {text}"));
                let begin = shell.now;
                let outcome = shell.entry(text);
                let exit = outcome.unwrap_or(143);
                record.commands.push(CommandRecord { text: text.clone(), finally, begin, end: shell.now, exit, steps: std::mem::take(&mut shell.steps) });
                outcome?;
                if exit != 0 {
                    shell.log.add(shell.now, &format!("[Container] Command did not exit successfully {text} exit status {exit}"));
                    if result.is_ok() {
                        result = Err(Stop::Exit(exit));
                        record.message = Some(format!("COMMAND_EXECUTION_ERROR Message: Error while executing command: {text}. Reason: exit status {exit}"));
                    }
                    break;
                }
            }
        }
        result
    }

    /// The variables with which every shell begins.
    fn environment(&self, succeeding: bool) -> BTreeMap<String, Value> {
        let env = &self.spec.env;
        let mut variables: BTreeMap<String, Value> = env.variables.iter().map(|(name, value)| (name.clone(), Value::Known(value.clone()))).collect();
        variables.extend(env.parameter_store.keys().chain(env.secrets_manager.keys()).map(|name| (name.clone(), Value::Secret)));
        variables.extend(self.variables.iter().map(|(name, value)| (name.clone(), Value::Known(value.clone()))));
        variables.insert("CODEBUILD_BUILD_SUCCEEDING".to_owned(), Value::Known(u8::from(succeeding).to_string()));
        variables.insert("CODEBUILD_BUILD_NUMBER".to_owned(), Value::Known(self.build.to_string()));
        variables
    }

    /// How long something takes that CodeBuild itself does in a phase.
    fn time(&self, phase: PhaseType, work: &Work) -> SimSpan {
        // Commands are numbered from zero; CodeBuild's own work has a number that none of them reaches.
        let stream = self.stream.child(purpose::BUILD_TIME).child(self.build).child(phase as u64).child(u64::MAX);
        self.model.time(work, self.machine.cores(), stream)
    }

    /// How large a full cache is [B].
    fn kept_bytes(&self) -> f64 {
        f64::from(self.project.dependencies) * self.project.package.get() as f64
    }

    /// How much there is to upload.
    fn artifact(&self) -> Option<Bytes> {
        let artifacts = self.spec.artifacts.as_ref()?;
        let count = u64::from(!artifacts.main.files.is_empty()) + artifacts.secondary.len() as u64;
        (count > 0).then(|| Bytes::new(self.project.artifact.get().saturating_mul(count)))
    }
}

fn waiting(span: SimSpan) -> Work {
    Work::waiting(span.as_secs_f64())
}

impl Course {
    fn now(&self) -> SimTime {
        self.phases.last().map_or(SimTime::ZERO, |record| record.end)
    }

    /// Something that CodeBuild itself does, and that always succeeds.
    fn system(&mut self, phase: PhaseType, begin: SimTime, span: SimSpan) {
        self.phases.push(PhaseRecord { phase, status: Status::Succeeded, begin, end: begin + span, attempts: 1, message: None, commands: Vec::new() });
    }
}

/// Whether a message fits the pattern of a RETRY. Of regular expressions, `.*` and `.+` are understood; everything else
/// stands for itself. As with any search, the pattern may fit anywhere.
fn matches(pattern: &str, message: &str) -> bool {
    let mut rest = message;
    for piece in pattern.split(".*").flat_map(|piece| piece.split(".+")) {
        let piece = piece.trim_start_matches('^').trim_end_matches('$').replace('\\', "");
        match rest.find(&piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}
