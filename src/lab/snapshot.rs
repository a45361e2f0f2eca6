//! What a reader (the app) sees of a running session: plain data, detached from the simulation.
//!
//! The worker publishes a snapshot now and then; panels draw it. Rates are smoothed over a few seconds, because raw
//! one-second values flicker.

use std::sync::Arc;

use crate::delivery::look::{DeliveryLook, Origin};
use crate::fleet::deploy::judging::AnalysisLook;
use crate::fleet::deploy::{EndedDeployment, Progress, Strategy};
use crate::fleet::instance::InstanceState;
use crate::ids::{EndpointId, FlawId, ServiceId, SourceId, VersionId};
use crate::insight::alarm::AlarmState;
use crate::insight::deployments::Deployment;
use crate::insight::dora::quick_check::Grades;
use crate::insight::dora::truth::Truth;
use crate::insight::dora::{Dora, TimeToRestore};
use crate::insight::experiment::{Arm, Comparison};
use crate::insight::metric::Datapoint;
use crate::kernel::feature::Side;
use crate::kernel::model::Queue;
use crate::kernel::resilience::CallPolicy;
use crate::phrase::Sentence;
use crate::telemetry::ledger::{DeploymentNumber, ExecutionNumber, IncidentNumber};
use crate::telemetry::strikes::Hurt;
use crate::units::{Ratio, SimSpan, SimTime};

/// What the reader wants in detail.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Interest {
    /// The service whose signals are charted; `None`: what users get.
    pub service: Option<ServiceId>,
    /// How much of the past is charted; `None`: everything.
    pub history: Option<SimSpan>,
}

/// A session at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The simulated time.
    pub now: SimTime,
    /// Where the scenario ends.
    pub end: SimTime,
    /// Simulated seconds per real second, lately [1]; the worker fills it in.
    pub speed: f64,
    /// The digest so far, in hexadecimal.
    pub digest: String,
    /// What users get.
    pub entry: Signals,
    /// Each service, in the scenario's order.
    pub services: Vec<ServiceSnapshot>,
    /// Each pair of caller and called service that exists in the scripts.
    pub edges: Vec<EdgeSnapshot>,
    /// Each traffic source.
    pub sources: Vec<SourceSnapshot>,
    /// The charts of the service of interest.
    pub charts: Charts,
    /// The whole run, coarsely, for the timeline.
    pub overview: Vec<OverviewPoint>,
    /// What happened, oldest first.
    pub marks: Vec<Mark>,
    /// Faults in force, by name.
    pub faults: Vec<FaultSnapshot>,
    /// Call policies that were replaced since the start, in order.
    pub policies: Vec<PolicyChange>,
    /// Objectives and how they stand.
    pub slos: Vec<SloSnapshot>,
    /// The latest deployments that have ended, oldest first, as they stood then.
    pub ended: Vec<Arc<EndedDeployment>>,
    /// Alarms and their states.
    pub alarms: Vec<AlarmSnapshot>,
    /// Feature flags and what came of them, in the scenario's order.
    pub flags: Vec<FlagSnapshot>,
    /// Cost so far [$].
    pub cost: f64,
    /// Requests and service calls so far.
    pub totals: Totals,
    /// The team and its pipelines, if the scenario has a team.
    pub delivery: Option<Arc<DeliveryLook>>,
    /// DORA's metrics.
    pub dora: Arc<DoraSnapshot>,
    /// What flaws of versions did to users, each walked back to where it came from. Truth: no tool shows it.
    pub flaws: Arc<Vec<FlawSnapshot>>,
}

/// A feature flag at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagSnapshot {
    /// Its name.
    pub name: String,
    /// Share of users who have the feature.
    pub percentage: Ratio,
    /// When it was changed last.
    pub changed: SimTime,
    /// The alarm that turned it off, if that was its last change.
    pub killed_by: Option<String>,
    /// Its code was cleaned up.
    pub removed: bool,
    /// Nobody has changed it for so long that its code should be cleaned up.
    pub stale: bool,
    /// After how long without a change it is stale.
    pub stale_after: SimSpan,
    /// The alarms that turn it off.
    pub kill_on: Vec<String>,
    /// What came of it so far: without the feature, and with it.
    pub sides: [Side; 2],
    /// Its experiment, if it has one.
    pub experiment: Option<ExperimentSnapshot>,
}

/// An A/B test at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentSnapshot {
    /// Whose requests are its visits.
    pub endpoint: EndpointId,
    /// Visits and conversions: without the feature, and with it.
    pub arms: [Arm; 2],
    /// The two compared as if this were the only look; `None` while one of them had no visit.
    pub now: Option<Comparison>,
    /// The p-value that may be looked at whenever one likes.
    pub always_valid: f64,
    /// What somebody would have seen who looked again and again.
    pub looks: Vec<Look>,
    /// Which of these looks was the first to be called significant at 5 %.
    pub first_significant: Option<usize>,
}

/// One look at an experiment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// When.
    pub at: SimTime,
    /// The p-value then; `None` while one side had no visit.
    pub p_value: Option<f64>,
    /// The always-valid p-value then.
    pub always_valid: f64,
}

/// A flaw that made users' requests fail, and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct FlawSnapshot {
    /// Which.
    pub flaw: FlawId,
    /// Users' requests that failed because of it.
    pub failed: u64,
    /// When the last of them failed.
    pub last: SimTime,
    /// The change that has it; `None` if it is in a version that the scenario brought along.
    pub origin: Option<Origin>,
    /// The first deployment that brought it to production; `None` if it was there from the start.
    pub introduced: Option<DeploymentNumber>,
    /// The first requests that it made fail, in order.
    pub requests: Vec<FailedRequest>,
}

/// A user's request that failed because of a flaw, walked back to what the instance ran.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedRequest {
    /// The request and the instance on which the flaw struck.
    pub hurt: Hurt,
    /// The service of the instance.
    pub service: ServiceId,
    /// The version that the instance ran.
    pub version: VersionId,
    /// The deployment that had brought that version when the instance was created; `None` for the first fleet.
    pub deployment: Option<DeploymentNumber>,
    /// The execution of the pipeline that made the version; `None` if no pipeline did.
    pub execution: Option<ExecutionNumber>,
    /// Its build.
    pub build: Option<u32>,
    /// The name of the commit that the version was made from.
    pub commit: Option<String>,
}

/// DORA's metrics at one moment.
#[derive(Debug, Clone, Default)]
pub struct DoraSnapshot {
    /// Of all services together.
    pub fleet: Dora,
    /// Of each service, in the scenario's order.
    pub services: Vec<Dora>,
    /// Of all services together, over the last 7 days (or what there is) at the end of each day.
    pub trend: Vec<(SimTime, Dora)>,
    /// Time to restore, as MTTR was defined.
    pub restore: TimeToRestore,
    /// The Quick Check.
    pub grades: Grades,
    /// What really happened.
    pub truth: Truth,
    /// The deployments, oldest first.
    pub deployments: Vec<Deployment>,
    /// The name of each version that there ever was, by its number.
    pub versions: Vec<String>,
}

/// Counts of the whole run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Users' requests that ended.
    pub requests: u64,
    /// Of which answered.
    pub answered: u64,
    /// Service calls executed.
    pub hops: u64,
    /// Kernel events.
    pub events: u64,
}

/// The golden signals at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Signals {
    /// Requests ended [1/s].
    pub rate: f64,
    /// Requests answered [1/s].
    pub goodput: f64,
    /// Share that failed [0…1].
    pub error_ratio: f64,
    /// Median latency [ms]; `None` without requests.
    pub p50_ms: Option<f64>,
    /// 99th percentile of latency [ms]; `None` without requests.
    pub p99_ms: Option<f64>,
    /// Share of workers in use [0…1].
    pub saturation: f64,
}

/// A verdict at a glance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Health {
    /// Nothing to look at.
    Ok,
    /// Look at it soon.
    Warning,
    /// Look at it now.
    Failing,
    /// No requests, so nothing is known.
    #[default]
    Unknown,
}

/// One service at one moment.
#[derive(Debug, Clone, Default)]
pub struct ServiceSnapshot {
    /// Its signals.
    pub signals: Signals,
    /// The verdict.
    pub health: Health,
    /// Why, if there is anything to say.
    pub why: Option<Sentence>,
    /// Its instances that are not stopped, in order of creation.
    pub instances: Vec<InstanceSnapshot>,
    /// How many it should have.
    pub desired: u32,
    /// Its versions in order: name, share of traffic [0…1], instances.
    pub versions: Vec<VersionSnapshot>,
    /// The version whose deployment completed last.
    pub stable: String,
    /// The version that a rollback of that one goes back to, if there is any.
    pub previous: Option<String>,
    /// How it is deployed unless a deployment says otherwise.
    pub strategy: Strategy,
    /// The deployment under way: a sentence such as `v2: 3 of 10 replaced`.
    pub deployment: Option<DeploymentSnapshot>,
    /// Requests waiting, over all instances.
    pub queued: u32,
    /// Workers per instance.
    pub workers: u32,
    /// The queue of each instance.
    pub queue: Queue,
    /// Failures lately, by reason, most first: name and rate [1/s].
    pub reasons: Vec<(&'static str, f64)>,
}

/// One version of a service at one moment.
#[derive(Debug, Clone, Default)]
pub struct VersionSnapshot {
    /// Its name.
    pub name: String,
    /// Instances in rotation.
    pub instances: u32,
    /// Its share of the traffic [0…1], if shares were set: by a strategy that shifts traffic, or by somebody.
    pub share: Option<f64>,
    /// Its signals.
    pub signals: Signals,
}

/// A deployment under way.
#[derive(Debug, Clone, Default)]
pub struct DeploymentSnapshot {
    /// Its number within the run.
    pub number: DeploymentNumber,
    /// The version it brings.
    pub version: String,
    /// The strategy's name.
    pub strategy: String,
    /// Instances of the new version that serve.
    pub done: u32,
    /// Instances wanted.
    pub wanted: u32,
    /// Instances that failed to start or to become healthy.
    pub failed: u32,
    /// Its steps, how far it is and what it waits for; without steps if its strategy has none.
    pub progress: Progress,
    /// Its analyses: the evidence against the thresholds.
    pub analyses: Vec<AnalysisLook>,
    /// The names of the alarms that turn it back.
    pub alarms: Vec<String>,
}

/// One instance at one moment.
#[derive(Debug, Clone, Copy)]
pub struct InstanceSnapshot {
    /// Its number.
    pub id: u32,
    /// Its state.
    pub state: InstanceState,
    /// Index of its version in the service's list.
    pub version: u16,
    /// Its zone's index.
    pub zone: u8,
    /// Workers in use.
    pub busy: u32,
    /// Requests waiting.
    pub queued: u32,
    /// CPU in use, as a share of one core [0…].
    pub cpu: f64,
    /// Memory [B].
    pub memory: u64,
    /// Whether a fault acts on it (the truth, not what the tools see).
    pub faulted: bool,
}

/// Traffic from one caller to one service at one moment.
#[derive(Debug, Clone, Copy)]
pub struct EdgeSnapshot {
    /// The calling service, or the traffic source.
    pub from: EdgeEnd,
    /// The called service.
    pub to: ServiceId,
    /// Attempts [1/s].
    pub rate: f64,
    /// Share that failed, as the caller sees it [0…1].
    pub error_ratio: f64,
    /// 99th percentile as the caller sees it [ms].
    pub p99_ms: Option<f64>,
    /// Whether a circuit breaker on it is open now.
    pub breaker_open: bool,
    /// Share of attempts that are retries [0…1].
    pub retry_ratio: f64,
}

/// Where an edge starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeEnd {
    /// At a service.
    Service(ServiceId),
    /// At a traffic source.
    Source(SourceId),
}

/// A traffic source at one moment.
#[derive(Debug, Clone, Default)]
pub struct SourceSnapshot {
    /// Its name.
    pub name: String,
    /// Requests sent [1/s].
    pub rate: f64,
    /// The factor that an action put on its load [1].
    pub factor: f64,
}

/// The golden signals of one service over time.
#[derive(Debug, Clone, Default)]
pub struct Charts {
    /// Whose they are; `None`: what users get.
    pub service: Option<ServiceId>,
    /// Width of one point.
    pub window: SimSpan,
    /// All versions together.
    pub total: Vec<ChartPoint>,
    /// By version, when there is more than one: name and points.
    pub versions: Vec<(String, Vec<ChartPoint>)>,
}

/// One window of a chart.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChartPoint {
    /// The end of the window [s].
    pub t: f64,
    /// Requests ended [1/s].
    pub rate: f64,
    /// Requests answered [1/s].
    pub goodput: f64,
    /// Share that failed [0…1]; NaN without requests.
    pub error_ratio: f64,
    /// Latency [ms]; NaN without requests.
    pub p50_ms: f64,
    /// Latency [ms]; NaN without requests.
    pub p90_ms: f64,
    /// Latency [ms]; NaN without requests.
    pub p99_ms: f64,
    /// Share of workers in use [0…1].
    pub saturation: f64,
    /// Requests waiting at the end of the window.
    pub queued: f64,
}

/// One point of the timeline's overview.
#[derive(Debug, Clone, Copy, Default)]
pub struct OverviewPoint {
    /// The end of the window [s].
    pub t: f64,
    /// Requests answered [1/s].
    pub goodput: f64,
    /// Requests failed [1/s].
    pub failed: f64,
}

impl Snapshot {
    /// Without what no tool would show: faults in force, whom they act on, and when they began. For whoever has to find out.
    #[must_use]
    pub fn without_faults(mut self) -> Self {
        self.faults.clear();
        self.marks.retain(|mark| !matches!(mark.kind, MarkKind::Fault | MarkKind::FaultCleared));
        for instance in self.services.iter_mut().flat_map(|service| &mut service.instances) {
            instance.faulted = false;
        }
        self
    }
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarkKind {
    /// A deployment began.
    Deploy,
    /// A deployment ended well.
    DeployDone,
    /// A deployment failed or was rolled back.
    DeployFailed,
    /// A fault began.
    Fault,
    /// A fault ended.
    FaultCleared,
    /// An alarm went off.
    Alarm,
    /// The fleet was scaled.
    Scale,
    /// An instance crashed, or was restarted.
    Instance,
    /// An incident began.
    Incident,
    /// An incident ended.
    IncidentOver,
    /// An execution of a pipeline failed.
    Pipeline,
    /// Somebody changed something else.
    Action,
}

/// What a mark is about, where there is more to see of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A deployment.
    Deployment(DeploymentNumber),
    /// An execution of the service's pipeline.
    Execution(ExecutionNumber),
    /// An incident.
    Incident(IncidentNumber),
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Mark {
    /// When.
    pub at: SimTime,
    /// What kind.
    pub kind: MarkKind,
    /// Which service, if one.
    pub service: Option<ServiceId>,
    /// What it is about, if there is more to see of that.
    pub about: Option<About>,
    /// What.
    pub what: Sentence,
}

/// A fault in force.
#[derive(Debug, Clone)]
pub struct FaultSnapshot {
    /// Its name, by which it can be cleared.
    pub name: String,
    /// Its kind's name.
    pub kind: &'static str,
    /// Which service, if one.
    pub service: Option<ServiceId>,
    /// When it ends by itself.
    pub until: Option<SimTime>,
}

/// A call policy that was replaced.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyChange {
    /// The calling service or traffic source.
    pub from: String,
    /// The called service, or one endpoint as `service.endpoint`.
    pub to: String,
    /// The policy in its place.
    pub policy: CallPolicy,
}

/// An alarm and its state.
#[derive(Debug, Clone)]
pub struct AlarmSnapshot {
    /// Its name.
    pub name: String,
    /// The service that it watches; `None`: what users get, or other alarms.
    pub service: Option<ServiceId>,
    /// Whether it watches only the version that is being deployed.
    pub new_version: bool,
    /// Whether it watches other alarms.
    pub composite: bool,
    /// Its state.
    pub state: AlarmState,
    /// Its latest datapoint; `None` if it is missing, or none was due yet.
    pub latest: Option<Datapoint>,
}

/// An objective and how it stands.
#[derive(Debug, Clone)]
pub struct SloSnapshot {
    /// Its name.
    pub name: String,
    /// What it demands [0…1].
    pub objective: f64,
    /// What was achieved since the start [0…1]; `None` without requests.
    pub achieved: Option<f64>,
    /// Share of the error budget of the run so far that is left [−∞…1].
    pub budget_left: f64,
}
