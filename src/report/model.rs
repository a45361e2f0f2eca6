//! The report as data: the one source of the JSON, text, Markdown and HTML forms, and of the JSON Schema.
//!
//! Numbers that could not be measured are `null`, never NaN and never a made-up zero. Latencies are milliseconds, spans
//! seconds, shares 0…1. To report something new, add a field with its definition here, fill it in `build.rs`, and tell
//! it in `story.rs`.

mod dora;
mod flags;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

pub use self::dora::{
    DoraMetrics, DoraReport, DoraTruthReport, DoraWindowReport, FlowReport, LevelsReport, QuickCheckReport, ServiceDoraReport, TimeToRestoreReport,
};
pub use self::flags::{ExperimentReport, FlagReport};
use crate::lesson::Verdict;

/// The version of the JSON report's format.
pub const FORMAT_VERSION: u32 = 1;

/// What a run did, from the end of its warm-up unless said otherwise.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Report {
    /// The version of this format: 1.
    pub format_version: u32,
    /// The scenario's name.
    pub scenario: String,
    /// Its title in English.
    pub title: String,
    /// Its description in English.
    pub description: String,
    /// The seed of every random stream.
    pub seed: u64,
    /// How long was simulated, warm-up included [s].
    pub simulated_s: f64,
    /// How much of the beginning is left out, in whole windows [s].
    pub warm_up_s: f64,
    /// How long was measured [s].
    pub measured_s: f64,
    /// How long the simulation took on this machine [s]; null where nobody measured it.
    pub wall_s: Option<f64>,
    /// Fingerprint of everything that happened: equal for the same scenario, seed and actions on any machine.
    pub digest: String,
    /// Users' requests that ended, warm-up included.
    pub requests: u64,
    /// Service calls executed: attempts that an instance saw the end of, warm-up included.
    pub hops: u64,
    /// Attempts of calls, whether or not they reached an instance, warm-up included.
    pub attempts: u64,
    /// Events that the kernel processed, warm-up included; null where unknown.
    pub events: Option<u64>,
    /// What users got: whole requests after all their retries, measured from when the user meant to send.
    pub entry: Traffic,
    /// Different users of whom at least one request failed; users of different sources are different people.
    pub users_hurt: u64,
    /// What the users of each traffic source got.
    pub sources: BTreeMap<String, Traffic>,
    /// What users got by what they asked for, as `service.endpoint`.
    pub endpoints: BTreeMap<String, Traffic>,
    /// Each service.
    pub services: BTreeMap<String, ServiceReport>,
    /// Each pair of caller and called service, as the caller saw it.
    pub edges: Vec<EdgeReport>,
    /// What was to hold at the end (`--goal`), and whether it does.
    pub goals: Vec<Verdict>,
    /// Objectives and how they stand.
    pub slos: Vec<SloReport>,
    /// Feature flags as they stood at the end, in the scenario's order.
    pub flags: Vec<FlagReport>,
    /// Each instance that there was.
    pub instances: Vec<InstanceReport>,
    /// Message queues by name, over the whole run; `published` = `deleted` + `dead` + `visible` + `in_flight`.
    pub queues: BTreeMap<String, QueueReport>,
    /// Deployments, in the order in which they began.
    pub deployments: Vec<DeploymentReport>,
    /// Incidents, in the order in which they were opened; without a team there is nobody to open one.
    pub incidents: Vec<IncidentReport>,
    /// Delivery metrics.
    pub dora: DoraReport,
    /// Faults that were injected: the truth, which the simulated tools do not see.
    pub faults: Vec<FaultReport>,
    /// What happened in order of time, with the signals before, during and after.
    pub happenings: Vec<Happening>,
    /// Everything else that the ledger recorded, runs of the same thing put together.
    pub log: Vec<LogLine>,
    /// The ledger, record by record in order of time: the first 20,000.
    pub ledger: Vec<LedgerRecord>,
    /// How many later records of the ledger were left out.
    pub ledger_left_out: u64,
    /// What the fleet cost.
    pub cost: CostReport,
    /// What users got over time, warm-up included, in at most 120 steps of equal length.
    pub over_time: Vec<Moment>,
}

/// Requests and how they ended: `requests` = `goodput` + `failed`, and `dropped` where there are such. For services as their
/// instances saw them, for edges and users as those saw them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Traffic {
    /// Requests that ended.
    pub requests: u64,
    /// The same per second of the time measured [1/s].
    pub rate_per_s: f64,
    /// Requests that users sent in the time measured; null where nobody counts them but by their end (services, edges, endpoints).
    pub sent: Option<u64>,
    /// Requests of users that were neither answered nor failed yet at the end; null as `sent`.
    pub under_way: Option<u64>,
    /// Attempts that were of no use any more before they ended, because another copy answered first (hedging) or the caller's
    /// own client gave up; 0 but at edges.
    pub dropped: u64,
    /// Requests answered, in full or degraded, while somebody still waited.
    pub goodput: u64,
    /// The same per second of the time measured [1/s].
    pub goodput_per_s: f64,
    /// Of the goodput, answers in which something came from a fallback.
    pub degraded: u64,
    /// Requests that were not answered while somebody waited.
    pub failed: u64,
    /// Share of requests that failed, 0…1; null without requests.
    pub error_ratio: Option<f64>,
    /// Failed requests by reason; they add up to `failed`. At services `abandoned` are those that were served well after
    /// their caller had stopped waiting: work for nothing, which the caller counts as a `timeout` or as `cancelled`.
    pub errors: BTreeMap<String, u64>,
    /// Latency of those served well, the `abandoned` included; other failures are not in it.
    pub latency_ms: Latency,
    /// Mean latency of failures, the `abandoned` left out [ms]; null without failures.
    pub failed_latency_ms: Option<f64>,
    /// Waiting for a worker, of all requests that were not refused on arrival; null for users and edges.
    pub wait_ms: Option<Wait>,
    /// Requests held at once, on average over time. For services and users integrated from moment to moment; for edges and
    /// endpoints the sum of their latencies over the time measured (Little's law).
    pub in_system: Option<f64>,
    /// Share of workers in use, on average over time, 0…1; null for users and edges.
    pub utilisation: Option<f64>,
}

/// A message queue, by the names of Amazon SQS's metrics where it has one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct QueueReport {
    /// Messages sent to it.
    pub published: u64,
    /// Messages handled by a consumer and deleted.
    pub deleted: u64,
    /// Times that a message was received again.
    pub redelivered: u64,
    /// Dead letters: received too often without success.
    pub dead: u64,
    /// Messages that waited to be received at the end.
    pub visible: u64,
    /// The most that ever waited for want of a consumer.
    pub most_visible: u64,
    /// Messages received and not yet deleted at the end.
    pub in_flight: u64,
    /// Age of the message at the front at the end [s]; null if none waited.
    pub oldest_s: Option<f64>,
    /// Mean time from publication to deletion [s]; null if none was deleted.
    pub mean_age_s: Option<f64>,
}

/// A distribution of latencies [ms]; each null without answers. The mean is exact, quantiles are within 0.8 %.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Latency {
    /// Mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 99.9th percentile.
    pub p999: Option<f64>,
}

/// Waiting for a worker [ms]; null without requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Wait {
    /// Mean, those that did not wait included.
    pub mean: Option<f64>,
    /// 99th percentile, those that did not wait included.
    pub p99: Option<f64>,
    /// Share that waited at all, 0…1.
    pub wait_probability: Option<f64>,
}

/// One service.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ServiceReport {
    /// As its instances saw it.
    #[serde(flatten)]
    pub traffic: Traffic,
    /// Requests that were served well although nobody waited any more: `errors.abandoned`.
    pub abandoned: u64,
    /// Requests that were not their caller's first attempt.
    pub retries: u64,
    /// Instances running, on average over time.
    pub instances: Option<f64>,
    /// Instances running at the end.
    pub instances_at_end: u32,
    /// Requests waiting for a worker, on average over time.
    pub queued: Option<f64>,
    /// CPU in use, on average over time, all instances together [cores].
    pub cpu_cores: Option<f64>,
    /// Memory at the end, all instances together [B].
    pub memory_bytes: u64,
    /// The same requests as its callers saw them: with the network, and with attempts that never reached an instance.
    pub callers: Traffic,
    /// Each version that had traffic.
    pub versions: BTreeMap<String, VersionReport>,
    /// Little's law on this service's books; null without requests.
    pub little: Option<LittleReport>,
}

/// One version of a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct VersionReport {
    /// As its instances saw it.
    #[serde(flatten)]
    pub traffic: Traffic,
    /// Attempts that reached one of its instances, by how they ended for their callers.
    pub callers: VersionCallers,
}

/// What callers saw of one version. Attempts that never reached an instance belong to no version and are not in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct VersionCallers {
    /// Attempts that ended for their callers.
    pub requests: u64,
    /// Of which failed: answered with an error, or given up before an answer came.
    pub failed: u64,
    /// Share that failed, 0…1; null without attempts.
    pub error_ratio: Option<f64>,
    /// Of the failed, those that callers gave up or lost before the instance had ended them, by reason.
    pub given_up: BTreeMap<String, u64>,
}

/// Both sides of Little's law.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct LittleReport {
    /// L: requests held, integrated from moment to moment.
    pub in_system: f64,
    /// λW: the rate of requests times the mean time each spent there.
    pub rate_times_sojourn: f64,
    /// How far apart they are, relative to L; null while nothing was held.
    pub gap: Option<f64>,
}

/// One pair of caller and called service.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct EdgeReport {
    /// The calling service, `users:` and a traffic source, or `queue:` and a message queue.
    pub from: String,
    /// The called service.
    pub to: String,
    /// Attempts after the first one.
    pub retries: u64,
    /// As X-Ray would count the failures: refused by a limit (429).
    pub throttled: u64,
    /// As X-Ray would count the failures: given up by the caller (4xx).
    pub client_errors: u64,
    /// As X-Ray would count the failures: everything else (5xx).
    pub faults: u64,
    /// Attempts as the caller saw them.
    #[serde(flatten)]
    pub traffic: Traffic,
}

/// One objective.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct SloReport {
    /// Its name.
    pub name: String,
    /// The service whose callers count; null for users.
    pub service: Option<String>,
    /// Share of requests that must be good, 0…1.
    pub objective: f64,
    /// A request is good only if answered within this time [ms]; null if any answer is good.
    pub latency_ms: Option<f64>,
    /// Requests that were good.
    pub good: f64,
    /// Requests in all.
    pub total: u64,
    /// Share that was good, 0…1; null without requests.
    pub achieved: Option<f64>,
    /// Bad share over allowed share; null without requests or if nothing bad is allowed.
    pub burn_rate: Option<f64>,
    /// Share of the error budget that is left; negative when overspent.
    pub budget_left: Option<f64>,
    /// Whether it was met.
    pub met: bool,
}

/// One instance.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct InstanceReport {
    /// Its number.
    pub id: u32,
    /// Its service.
    pub service: String,
    /// Its version.
    pub version: String,
    /// Its availability zone; null if unknown.
    pub zone: Option<String>,
    /// Requests that ended there.
    pub requests: u64,
    /// Of which failed, or were served after their caller had stopped waiting.
    pub failed: u64,
    /// Share of its workers in use while it had any, 0…1.
    pub utilisation: Option<f64>,
    /// Whether it ran at the end.
    pub up: bool,
}

/// One deployment.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct DeploymentReport {
    /// Its number within the run.
    pub number: u32,
    /// The service.
    pub service: String,
    /// The version it brings.
    pub version: String,
    /// The version it replaces.
    pub replaces: String,
    /// The strategy's name.
    pub strategy: String,
    /// When it began [s].
    pub started_s: f64,
    /// When it ended [s]; null while under way.
    pub ended_s: Option<f64>,
    /// `in-progress`, `completed`, `failed` or `superseded`.
    pub status: String,
    /// Why it failed, by what it was superseded, or why it stalled.
    pub why: Option<String>,
    /// The deployment that it undoes.
    pub rolls_back: Option<u32>,
    /// The deployment that undoes it.
    pub rolled_back_by: Option<u32>,
    /// When it had put back what it changed [s], if it failed and took itself back.
    pub restored_s: Option<f64>,
    /// What it went through, in order; empty for strategies that replace instances without steps.
    pub steps: Vec<StepReport>,
    /// What its judges measured, of the latest 256 deployments that ended.
    pub analyses: Vec<AnalysisReport>,
}

/// A deployment is at another step, gives another share of the traffic to its version, or begins to wait for a person.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct StepReport {
    /// When [s].
    pub at_s: f64,
    /// The step under way, in the strategy's own words; null before the first and after the last.
    pub step: Option<String>,
    /// The share of the traffic that the new version should get, 0…1; null where the strategy sets none.
    pub share: Option<f64>,
    /// Whether it goes on only when a person says so.
    pub waits_for_person: bool,
}

/// What an analysis, a check or test requests came to.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct AnalysisReport {
    /// The metric's name.
    pub metric: String,
    /// What was asked, in the provider's language.
    pub query: String,
    /// How it stood at the end: `Successful`, `Failed`, `Inconclusive`, `Error` or `Running`.
    pub phase: String,
    /// Whether it decided nothing.
    pub dry_run: bool,
    /// Good measurements.
    pub successful: u32,
    /// Bad ones.
    pub failed: u32,
    /// Neither good nor bad.
    pub inconclusive: u32,
    /// Those that could not be made.
    pub errors: u32,
    /// The latest value, as written.
    pub last: Option<String>,
}

/// An incident.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct IncidentReport {
    /// Its number.
    pub number: u32,
    /// The service, if one was known.
    pub service: Option<String>,
    /// What opened it.
    pub why: String,
    /// When [s].
    pub opened_s: f64,
    /// When it ended [s]; null while it goes on.
    pub resolved_s: Option<f64>,
    /// The deployment that the team holds to have caused it.
    pub cause: Option<u32>,
    /// The deployment that ended it.
    pub remedy: Option<u32>,
}

/// One fault, as it really was.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct FaultReport {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The service; null if it is not about one.
    pub service: Option<String>,
    /// The instances that it selected.
    pub instances: Vec<u32>,
    /// When it began [s].
    pub started_s: f64,
    /// When it ended [s]; null while in force.
    pub ended_s: Option<f64>,
}

/// Something that happened and what moved.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Happening {
    /// `deployment`, `fault` or `action`.
    pub kind: String,
    /// What, in a few words.
    pub what: String,
    /// When it began [s].
    pub at_s: f64,
    /// When it ended [s]; null if it is not something that ends, or has not yet.
    pub until_s: Option<f64>,
    /// Whether a team would know of it from its tools.
    pub visible: bool,
    /// The service it is about; null if none.
    pub service: Option<String>,
    /// What users got.
    pub users: Movement,
    /// The signals of that service, as its callers saw it.
    pub target: Option<Movement>,
    /// The other services whose signals moved most, by name, as their callers saw them.
    pub moved: Vec<(String, Movement)>,
}

/// Signals before, during and after something.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Movement {
    /// Over the minute before it; null if nothing was recorded then.
    pub before: Option<Signals>,
    /// While it lasted; over the minute from its beginning if it is not something that lasts.
    pub during: Option<Signals>,
    /// Over the minute after it ended; null if it did not end in time, or is not something that lasts.
    pub after: Option<Signals>,
    /// Over the last minute before the next thing began or ended, or before the end of the run, as far as that is not in
    /// `during` or `after`; null if less than ten seconds are left.
    pub later: Option<Signals>,
    /// Which signals moved from `before` to `during` or `after` by more than chance: of `failed`, `p50`, `p99` and `busy`.
    /// `failed`: by half a point and three standard errors. `p50` (from 20 answers on) and `p99` (from 1,000 on): by a tenth
    /// and beyond the ranges in which they lie with 99.7 % confidence. `busy`: by five points.
    pub moved: Vec<String>,
}

/// Golden signals over a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Signals {
    /// Requests ended [1/s].
    pub rate_per_s: f64,
    /// Requests answered [1/s].
    pub goodput_per_s: f64,
    /// Share that failed, 0…1; null without requests.
    pub error_ratio: Option<f64>,
    /// Answers that were counted: what the latencies below rest on.
    pub answers: u64,
    /// Mean latency of answers [ms]; null without answers.
    pub mean_ms: Option<f64>,
    /// Median latency of answers [ms]; null without answers.
    pub p50_ms: Option<f64>,
    /// 99th percentile of the latency of answers [ms]; null without answers. From fewer than 1,000 answers it is mostly
    /// chance.
    pub p99_ms: Option<f64>,
    /// Share of workers in use, 0…1; null for users.
    pub saturation: Option<f64>,
}

/// Something that the ledger recorded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct LogLine {
    /// When, or when first [s].
    pub at_s: f64,
    /// When last [s].
    pub until_s: f64,
    /// How many times.
    pub times: u32,
    /// The service; null if none.
    pub service: Option<String>,
    /// What, in a few words.
    pub what: String,
}

/// One record of the ledger.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct LedgerRecord {
    /// When [s].
    pub at_s: f64,
    /// What: `deployment-started`, `deployment-completed`, `deployment-failed`, `deployment-superseded`,
    /// `deployment-stalled`, `scaled`, `action`, `fault-injected`, `fault-cleared`, or `instance-` and what happened to the
    /// instance (`started`, `healthy`, `unhealthy`, `draining`, `stopped`, `crashed`, `out-of-memory`, `restarted`,
    /// `failed-to-start`, `fail-open`).
    pub event: String,
    /// The service; null if it is not about one.
    pub service: Option<String>,
    /// The instance's number; null if it is not about a single one.
    pub instance: Option<u32>,
    /// The version of that instance, or the version that the deployment brings; null otherwise.
    pub version: Option<String>,
    /// The deployment's number; null if it is not about one.
    pub deployment: Option<u32>,
    /// Whether a team would know of it from its tools; false for faults, which are the truth behind.
    pub visible: bool,
    /// The record in a few words.
    pub text: String,
}

/// What the fleet cost.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct CostReport {
    /// Over the whole run [$].
    pub dollars: f64,
    /// The same per hour of simulated time [$/h]; null if no time passed.
    pub dollars_per_hour: Option<f64>,
    /// The same per million answers [$]; null without answers.
    pub dollars_per_million_answers: Option<f64>,
}

/// What users got over a short stretch.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct Moment {
    /// The end of the stretch [s].
    pub t_s: f64,
    /// Requests answered [1/s].
    pub goodput_per_s: f64,
    /// Requests failed [1/s].
    pub failed_per_s: f64,
    /// Median latency of answers [ms]; null without answers.
    pub p50_ms: Option<f64>,
    /// 99th percentile of the latency of answers [ms]; null without answers.
    pub p99_ms: Option<f64>,
}
