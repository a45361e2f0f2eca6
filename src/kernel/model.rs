//! The data plane described: what the kernel is given to run. Inert, resolved to ids, already checked.
//!
//! The kernel knows only this and [`super::Command`]s: no names of files, no entities, no screen. Names are carried for
//! error messages and reports. Whoever builds a model keeps the promises written at each field.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::balance::Balancer;
use super::dist::Distribution;
use super::resilience::CallPolicy;
use super::schemas::Schemas;
use super::traffic::Shape;
use crate::choice::params;
use crate::ids::{CacheId, EndpointId, FeatureId, FlawId, QueueId, ServiceId, VersionId};
use crate::units::{Bytes, PerSecond, Ratio, SimSpan, SimTime};

/// Everything that the kernel runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Model {
    /// Availability zones, at least one.
    pub zones: Vec<String>,
    /// Latency and loss between places.
    pub network: Network,
    /// The services; [`ServiceId`] is the index.
    pub services: Vec<Service>,
    /// The endpoints of all services; [`EndpointId`] is the index.
    pub endpoints: Vec<Endpoint>,
    /// The versions of all services; [`VersionId`] is the index.
    pub versions: Vec<Version>,
    /// The caches of all services; [`CacheId`] is the index.
    pub caches: Vec<Cache>,
    /// The message queues; [`QueueId`] is the index.
    pub queues: Vec<MessageQueue>,
    /// The traffic sources; `SourceId` is the index.
    pub sources: Vec<Source>,
    /// The feature flags; [`FeatureId`] is the index.
    #[serde(default)]
    pub features: Vec<FeatureFlag>,
    /// Headers that some users send; [`UserHeaderId`](crate::ids::UserHeaderId) is the index.
    #[serde(default)]
    pub user_headers: Vec<UserHeader>,
}

impl Model {
    /// The endpoints that a user or a service calls.
    pub fn called_endpoints(&self) -> BTreeSet<EndpointId> {
        let calls = |steps: &[Step], called: &mut BTreeSet<EndpointId>| {
            Step::each(steps, &mut |step| {
                if let Step::Call(call) = step {
                    called.insert(call.endpoint);
                }
            });
        };
        let mut called: BTreeSet<EndpointId> = self.sources.iter().flat_map(|source| source.mix.iter().map(|(endpoint, _)| *endpoint)).collect();
        self.endpoints.iter().for_each(|endpoint| calls(&endpoint.steps, &mut called));
        self.versions.iter().flat_map(|version| &version.scripts).for_each(|(_, steps)| calls(steps, &mut called));
        called
    }
}

/// A header that some of the users send with each request: testers with a cookie, a kind of browser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UserHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Share of users who send it.
    pub share: Ratio,
}

/// A feature flag: code that is deployed, and that some of the users have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeatureFlag {
    /// Its name, unique among flags.
    pub name: String,
    /// Share of users who have the feature at the beginning; 0 is off.
    pub percentage: Ratio,
    /// What is measured of those who have it and of those who have not.
    #[serde(default)]
    pub experiment: Option<Experiment>,
}

/// An A/B test: how many visits of an endpoint lead to what the business wants, without and with a feature.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Experiment {
    /// The endpoint; each request of a user for it is a visit. One that fails converts nobody.
    pub endpoint: EndpointId,
    /// Chance that an answered visit converts, without the feature.
    pub off: Ratio,
    /// The same with the feature.
    pub on: Ratio,
}

/// One direction of a network path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Link {
    /// One-way latency. Default `"0s"`.
    pub latency: Distribution,
    /// Share of messages lost. Default 0.
    pub loss: Ratio,
}

impl Default for Link {
    fn default() -> Self {
        Self { latency: Distribution::Fixed(SimSpan::ZERO), loss: Ratio::ZERO }
    }
}

/// Latency and loss by where the two ends are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// Between instances in one zone. Default: no latency, no loss.
    pub same_zone: Link,
    /// Between instances in different zones. Default: no latency, no loss.
    pub cross_zone: Link,
    /// Between users and the services they call. Default: no latency, no loss.
    pub edge: Link,
}

/// One service's data plane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Its name, unique among services.
    pub name: String,
    /// How each instance serves.
    pub server: Server,
    /// How calls are spread over its instances.
    pub balancer: Balancer,
    /// Whether a user meets the same version again while traffic shifts from one version to another.
    #[serde(default)]
    pub sticky: bool,
    /// Its versions, the initial one first; never empty.
    pub versions: Vec<VersionId>,
    /// Its endpoints; never empty.
    pub endpoints: Vec<EndpointId>,
}

/// What a worker does while it waits for a call or a sleep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WorkerModel {
    /// It is held: thread-per-request servers.
    #[default]
    Blocking,
    /// It is given back, and one is taken again when the answer is there: event loops, coroutines, virtual threads.
    Async,
}

/// In which order waiting requests are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QueueOrder {
    /// Oldest first.
    #[default]
    Fifo,
    /// Newest first: under overload somebody is still served in time.
    Lifo,
}

params! {
    /// The queue of one instance.
    pub struct Queue {
        /// Requests that may wait; one more is refused with `queue-full`. Default: any number.
        pub capacity: Option<u32> = None,
        /// In which order they are taken. Default `"fifo"` (chosen for Fleetlab).
        pub order: QueueOrder = QueueOrder::Fifo,
        /// Drop a request at dequeue if its client stops waiting within this margin. Needs a timeout at the client,
        /// passed on with the request. Default: never.
        pub drop_expired: Option<SimSpan> = None,
    }
}

params! {
    /// Contention by the universal scalability law (Gunther): with N busy workers each runs at
    /// 1 / (1 + sigma·(N−1) + kappa·N·(N−1)) of its speed.
    pub struct Contention {
        /// Serial share [1]. Default 0.
        pub sigma: f64 = 0.0,
        /// Cost of coherency [1]. Default 0.
        pub kappa: f64 = 0.0,
    }
}

params! {
    /// Stop-the-world pauses of garbage collection.
    pub struct GcPauses {
        /// From one pause to the next. Default `"60s"` (chosen for Fleetlab).
        pub every: SimSpan = SimSpan::from_secs(60),
        /// How long everything stands still. Default `"200ms"` (chosen for Fleetlab).
        pub pause: SimSpan = SimSpan::from_millis(200),
    }
}

params! {
    /// A new instance is slow at first (JIT, caches, lazy connections) and speeds up linearly.
    pub struct WarmUp {
        /// How long until full speed. Default `"60s"` (chosen for Fleetlab).
        pub over: SimSpan = SimSpan::from_secs(60),
        /// Speed at the start (0.01 to 1). Default 0.5 (chosen for Fleetlab).
        pub initial_speed: f64 = 0.5,
    }
}

params! {
    /// How one instance serves.
    pub struct Server {
        /// Requests served at once, 1 to 100000. Default 16 (chosen for Fleetlab).
        pub workers: u32 = 16,
        /// What a worker does while it waits for others. Default `"blocking"` (chosen for Fleetlab).
        pub worker_model: WorkerModel = WorkerModel::Blocking,
        /// Where requests wait for a worker.
        pub queue: Queue = Queue::default(),
        /// CPU quota per instance [cores]: work beyond quota × 100 ms in a period of 100 ms waits for the next period
        /// (the Linux CFS bandwidth controller). Default: none.
        pub cpu_limit: Option<f64> = None,
        /// Memory at rest. Default `"64MiB"` (chosen for Fleetlab).
        pub memory: Bytes = Bytes::from_mib(64),
        /// Memory per request in flight. Default `"0B"`.
        pub memory_per_request: Bytes = Bytes::new(0),
        /// Memory at which the instance is killed. Default: none.
        pub memory_limit: Option<Bytes> = None,
        /// Contention between busy workers. Default: none.
        pub contention: Option<Contention> = None,
        /// Garbage-collection pauses. Default: none.
        pub gc: Option<GcPauses> = None,
        /// Slow first minute of an instance. Default: none.
        pub warm_up: Option<WarmUp> = None,
    }
}

/// An endpoint: a script that an instance runs for each request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// Its service.
    pub service: ServiceId,
    /// Its name, unique in its service.
    pub name: String,
    /// The script.
    pub steps: Vec<Step>,
}

/// One step of a script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[allow(clippy::large_enum_variant, reason = "scripts are read once and compiled; a call is the commonest step")]
pub enum Step {
    /// Uses a worker and the CPU for this long (at full speed).
    Work(Distribution),
    /// Waits for the disk for this long; slowed by slow disks, not by the CPU. The worker is held in either model.
    Io(Distribution),
    /// Waits for this long without using anything.
    Sleep(Distribution),
    /// Calls an endpoint and waits for the answer.
    Call(Call),
    /// Runs all branches at once and waits for all; at least one branch.
    Parallel(Vec<Vec<Step>>),
    /// Runs one branch with probability `p`, else the other.
    Probability {
        /// Probability of `then`.
        p: Ratio,
        /// Runs with probability `p`.
        then: Vec<Step>,
        /// Runs otherwise.
        otherwise: Vec<Step>,
    },
    /// Runs one branch for users who have a feature, the other one for all others.
    Feature {
        /// The flag.
        feature: FeatureId,
        /// Runs for those who have it.
        then: Vec<Step>,
        /// Runs for all others.
        otherwise: Vec<Step>,
    },
    /// Runs the steps a number of times, drawn uniformly from `min..=max` (at most 1000).
    Repeat {
        /// Fewest times.
        min: u32,
        /// Most times.
        max: u32,
        /// What is repeated.
        steps: Vec<Step>,
    },
    /// Looks a key up; runs the steps on a miss and then fills the cache.
    Cache {
        /// Which cache.
        cache: CacheId,
        /// What a miss costs.
        on_miss: Vec<Step>,
    },
    /// Puts a message into a queue and goes on.
    Publish(QueueId),
    /// Fails with this probability, as an application error.
    Fail(Ratio),
}

impl Step {
    /// Looks at each of the steps and at those within them, in the order in which they are written.
    pub fn each<'a>(steps: &'a [Self], look: &mut impl FnMut(&'a Self)) {
        for step in steps {
            look(step);
            match step {
                Self::Parallel(branches) => branches.iter().for_each(|branch| Self::each(branch, look)),
                Self::Probability { then, otherwise, .. } | Self::Feature { then, otherwise, .. } => {
                    Self::each(then, look);
                    Self::each(otherwise, look);
                }
                Self::Repeat { steps, .. } | Self::Cache { on_miss: steps, .. } => Self::each(steps, look),
                Self::Work(_) | Self::Io(_) | Self::Sleep(_) | Self::Call(_) | Self::Publish(_) | Self::Fail(_) => {}
            }
        }
    }
}

/// A call of another endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// What is called.
    pub endpoint: EndpointId,
    /// How.
    pub policy: CallPolicy,
}

/// A version of a service: what a release changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// Its service.
    pub service: ServiceId,
    /// Its name, unique in its service.
    pub name: String,
    /// What is different in it.
    pub behaviour: Behaviour,
    /// Endpoints whose script it replaces (extra dependency calls, another algorithm).
    pub scripts: Vec<(EndpointId, Vec<Step>)>,
    /// What is wrong with it besides, each flaw with its own conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaws: Vec<Flaw>,
}

/// One flaw of a version. A version may have several, and each strikes by itself: whoever it hits is marked with it, so that a
/// failure can be told apart from all others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Flaw {
    /// Which one; it keeps its number from version to version.
    pub id: FlawId,
    /// What it does. `expects` and `schema` count with those of the version.
    pub behaviour: Behaviour,
}

params! {
    /// What a version does differently. Defaults change nothing.
    pub struct Behaviour {
        /// Share of requests that it answers with an error. Default 0. Health checks do not notice: they ask an endpoint
        /// of their own, which answers well while others fail (see `health_error_rate`).
        pub error_rate: Ratio = Ratio::ZERO,
        /// Share of health checks that it answers with an error, on instances older than `after`. Default 0.
        pub health_error_rate: Ratio = Ratio::ZERO,
        /// Factor on the time of its work [1], 0.01 to 1000. Default 1.
        pub latency_factor: f64 = 1.0,
        /// Memory that each request leaks. Default `"0B"`.
        pub memory_leak: Bytes = Bytes::new(0),
        /// Share of its instances that never start. Default 0.
        pub startup_failure: Ratio = Ratio::ZERO,
        /// Only this share of users meets errors and latency. Default 1: everybody.
        pub users: Ratio = Ratio::ONE,
        /// Only instances older than this show errors and latency. Default `"0s"`: at once.
        pub after: SimSpan = SimSpan::ZERO,
        /// Only while at least this share of an instance's workers is busy. Default 0: always.
        pub above_load: Ratio = Ratio::ZERO,
        /// The schemas that it speaks as a server: a number, or a list while it speaks an old one and a new one. Default 1.
        pub schema: Schemas = Schemas::one(1),
        /// The schemas that it understands of services which it calls, one of which must be spoken there; of a service not
        /// named here it understands all. Default: none named.
        pub expects: Vec<Expectation> = Vec::new(),
    }
}

/// Which schemas of a service a version understands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The called service.
    pub service: ServiceId,
    /// The schemas that it can talk to.
    pub schemas: Vec<u32>,
}

impl Version {
    /// Its own behaviour and that of its flaws.
    pub fn behaviours(&self) -> impl Iterator<Item = &Behaviour> {
        std::iter::once(&self.behaviour).chain(self.flaws.iter().map(|flaw| &flaw.behaviour))
    }
    /// The schemas that it speaks as a server: its own, unless a flaw of it speaks a newer one.
    pub fn speaks(&self) -> &Schemas {
        let of_flaws = self.flaws.iter().map(|flaw| &flaw.behaviour.schema);
        of_flaws.fold(&self.behaviour.schema, |spoken, schema| if schema.newest() > spoken.newest() { schema } else { spoken })
    }
    /// Whether it can talk to a service that speaks these schemas: one of them must be understood by all that is in it.
    pub fn understands(&self, service: ServiceId, spoken: &Schemas) -> bool {
        spoken.all().iter().any(|schema| self.behaviours().all(|behaviour| behaviour.expects_of(service, *schema)))
    }
    /// Whether its calls of an instance of `callee` fail, because it understands no schema that the version speaks.
    pub fn clashes_with(&self, callee: &Self) -> bool {
        !self.understands(callee.service, callee.speaks())
    }
    /// Share of its instances that never start.
    pub fn startup_failure(&self) -> f64 {
        1.0 - self.behaviours().map(|behaviour| 1.0 - behaviour.startup_failure.get()).product::<f64>()
    }
    /// Memory that each request leaks [B].
    pub fn memory_leak(&self) -> u64 {
        self.behaviours().map(|behaviour| behaviour.memory_leak.get()).sum()
    }
    /// Whether it does anything but its work.
    pub fn is_plain(&self) -> bool {
        self.flaws.is_empty() && self.behaviour == Behaviour::default()
    }
}

impl Behaviour {
    /// Whether it understands this schema of a service.
    fn expects_of(&self, service: ServiceId, schema: u32) -> bool {
        self.expects.iter().all(|expected| expected.service != service || expected.schemas.contains(&schema))
    }
    /// Whether it can talk to a service that speaks these schemas.
    pub fn understands(&self, service: ServiceId, spoken: &Schemas) -> bool {
        spoken.all().iter().any(|schema| self.expects_of(service, *schema))
    }
}

/// How a cache decides between hit and miss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cache {
    /// Its name, unique in its service.
    pub name: String,
    /// The service that looks it up.
    pub service: ServiceId,
    /// Number of keys, 1 to 1000000. Default 1000 (chosen for Fleetlab).
    pub keys: u32,
    /// Skew of the keys' popularity: Zipf exponent [1], 0 to 5. Default 1 (chosen for Fleetlab); 0 makes all keys equally popular.
    pub zipf: f64,
    /// How long an entry lives. Default `"60s"` (chosen for Fleetlab).
    pub ttl: SimSpan,
    /// Whether concurrent misses of one key wait for the first of them. Default false.
    pub single_flight: bool,
    /// Early refresh by chance, as in `XFetch` (Vattani et al. 2015): the parameter beta. Default: none.
    pub early_refresh: Option<f64>,
    /// Whether every instance has a cache of its own, empty when it starts, instead of one for the service. Default
    /// false.
    pub per_instance: bool,
    /// Whether it holds every key when the simulation starts. Default true.
    pub warm: bool,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            name: String::new(),
            service: ServiceId(0),
            keys: 1_000,
            zipf: 1.0,
            ttl: SimSpan::from_secs(60),
            single_flight: false,
            early_refresh: None,
            per_instance: false,
            warm: true,
        }
    }
}

/// A message queue and its consumers. Defaults are Amazon SQS's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessageQueue {
    /// Its name, unique among queues.
    pub name: String,
    /// The endpoint that consumes a message.
    pub consumer: EndpointId,
    /// Messages that one instance consumes at once.
    pub concurrency: u32,
    /// How long a received message stays invisible; not deleted by then, it is delivered again.
    pub visibility_timeout: SimSpan,
    /// Receives after which a message moves to the dead letters; `None` delivers for ever.
    pub max_receives: Option<u32>,
}

/// A traffic source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Its name, unique among sources.
    pub name: String,
    /// What its users ask for, with relative weights; never empty, weights positive.
    pub mix: Vec<(EndpointId, f64)>,
    /// How requests arrive.
    pub arrivals: Arrivals,
    /// Size of the user population, at least 1. Each request belongs to one user.
    pub population: u32,
    /// What its clients do around each request.
    pub policy: CallPolicy,
}

/// How requests arrive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[allow(clippy::large_enum_variant, reason = "there are as many as traffic sources: a handful")]
pub enum Arrivals {
    /// Open loop: users come whether or not earlier ones were served.
    Open {
        /// Base rate.
        rate: PerSecond,
        /// Whether gaps are exponential (Poisson) or fixed.
        process: Process,
        /// How the rate changes over time; the factors multiply.
        shapes: Vec<Shape>,
    },
    /// Open loop from counts: (start of the interval, requests in it); the last interval is as long as the one before.
    Counts {
        /// The counts, rising in time.
        counts: Vec<(SimTime, u64)>,
        /// Whether arrivals in an interval are random or evenly spaced.
        process: Process,
    },
    /// Closed loop: each user waits for the answer, thinks, and asks again.
    Closed {
        /// Users at once, at most 1000000.
        users: u32,
        /// Time between an answer and the next request.
        think: Distribution,
        /// Requests per session, drawn geometrically with this mean; a new user follows at once. `None`: for ever.
        session: Option<f64>,
    },
}

/// The randomness of arrivals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Process {
    /// Exponential gaps: many independent users.
    #[default]
    Poisson,
    /// Equal gaps.
    Fixed,
}
