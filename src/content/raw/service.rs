//! A service as people write it.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer};

use super::Entries;
use super::step::StepFile;
use crate::fleet::autoscale::Autoscaling;
use crate::fleet::deploy::Strategy;
use crate::fleet::health::HealthCheck;
use crate::kernel::balance::Balancer;
use crate::kernel::dist::Distribution;
use crate::kernel::model::{Behaviour, Cache, Contention, Expectation, GcPauses, Queue, Server, WarmUp, WorkerModel};
use crate::kernel::resilience::CallPolicy;
use crate::kernel::schemas::Schemas;
use crate::scenario::ServiceKind;
use crate::units::{Bytes, Dollars, Ratio, SimSpan};

/// A service: instances that serve endpoints.
#[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Service")]
pub(crate) struct ServiceFile {
    /// What it is; decides its icon, not its behaviour. Default `"service"` (chosen for Fleetlab).
    pub(crate) kind: ServiceKind,
    /// Instances at the start, 0 to 10000. Default 1 (chosen for Fleetlab).
    #[schemars(range(max = 10_000))]
    pub(crate) instances: u32,
    /// Zones over which the instances are spread in turn. Default: all zones.
    pub(crate) zones: Option<Vec<String>>,

    /// Requests that one instance serves at once, 1 to 100000. Default 16 (chosen for Fleetlab).
    #[schemars(range(min = 1, max = 100_000))]
    pub(crate) workers: u32,
    /// What a worker does while it waits for others. Default `"blocking"` (chosen for Fleetlab).
    pub(crate) worker_model: WorkerModel,
    /// Where requests wait for a worker. Default: any number of them, oldest first.
    pub(crate) queue: Queue,
    /// CPU quota per instance [cores], above 0: work beyond it waits for the next period of 100 ms (the Linux CFS
    /// bandwidth controller). Default: none.
    pub(crate) cpu_limit: Option<f64>,
    /// Memory at rest. Default `"64MiB"` (chosen for Fleetlab).
    pub(crate) memory: Bytes,
    /// Memory per request in flight. Default `"0B"`.
    pub(crate) memory_per_request: Bytes,
    /// Memory at which an instance is killed. Default: none.
    pub(crate) memory_limit: Option<Bytes>,
    /// Contention between busy workers, by the universal scalability law. Default: none.
    pub(crate) contention: Option<Contention>,
    /// Garbage-collection pauses. Default: none.
    pub(crate) gc: Option<GcPauses>,
    /// Slow first minute of an instance. Default: none.
    pub(crate) warm_up: Option<WarmUp>,

    /// How calls are spread over the instances. Default `"round-robin"` (Application Load Balancer).
    pub(crate) balancer: Balancer,
    /// Whether a user meets the same version again while traffic shifts from one to another (stickiness between target groups).
    /// Default false (Application Load Balancer).
    pub(crate) sticky: bool,
    /// Time from the decision to start an instance until it serves. Default `"0s"`.
    pub(crate) start_up: Distribution,
    /// How long an instance that left the rotation may finish what it has; it is gone as soon as it is idle. Default as
    /// the platform that checks it: `"300s"` with `health_check = "alb"` (the target group's
    /// `deregistration_delay.timeout_seconds`), else `"30s"` (Kubernetes `terminationGracePeriodSeconds`, and the
    /// `stopTimeout` of ECS).
    pub(crate) drain: Option<SimSpan>,
    /// After how long a crashed instance is started again, or `"never"`. Default `"10s"` (the first step of the
    /// Kubernetes crash-loop back-off). With `health_check = "kubernetes"` it doubles with each crash, up to 5 minutes, and
    /// begins anew when the container has run for 10.
    pub(crate) restart_after: RestartAfter,
    /// Health checks: `"alb"` or `"kubernetes"`, or a table with parameters. Default: none.
    pub(crate) health_check: Option<HealthCheck>,
    /// Autoscaling. Default: none.
    pub(crate) autoscaling: Option<Autoscaling>,
    /// How new versions are deployed unless a deployment says otherwise. Default `"rolling"` (ECS).
    pub(crate) deployment: Strategy,
    /// A manifest beside the scenario whose strategy takes the place of `deployment`: a `Rollout` of Argo Rollouts with its
    /// analysis templates, or a `Canary` of Flagger. Default: none.
    pub(crate) manifest: Option<String>,
    /// Dollars per instance-hour. Default: the price of `instance_type`.
    pub(crate) price: Option<Dollars>,
    /// A line of the price table. Default `"fargate-0.25vcpu-0.5gb"` (chosen for Fleetlab), the smallest.
    pub(crate) instance_type: Option<String>,

    /// What it serves, by name; at least one endpoint.
    pub(crate) endpoints: Entries<EndpointFile>,
    /// Caches by name. Default: none.
    pub(crate) caches: Entries<CacheFile>,
    /// Call policies by what is called: a service (`db`) or one endpoint of it (`"db.query"`), which then replaces the
    /// service's. Default: a policy with nothing in it.
    pub(crate) calls: Entries<CallPolicy>,
    /// Versions by name. Default: none but `v1`.
    pub(crate) versions: Entries<VersionFile>,
    /// The version that runs at the start. Default `"v1"`, which need not be written among `versions`: it then changes
    /// nothing (chosen for Fleetlab, so that writing the bad version is enough).
    pub(crate) version: Option<String>,
}

impl Default for ServiceFile {
    fn default() -> Self {
        let server = Server::default();
        Self {
            kind: ServiceKind::default(),
            instances: 1,
            zones: None,
            workers: server.workers,
            worker_model: server.worker_model,
            queue: server.queue,
            cpu_limit: server.cpu_limit,
            memory: server.memory,
            memory_per_request: server.memory_per_request,
            memory_limit: server.memory_limit,
            contention: server.contention,
            gc: server.gc,
            warm_up: server.warm_up,
            balancer: Balancer::default(),
            sticky: false,
            start_up: Distribution::Fixed(SimSpan::ZERO),
            drain: None,
            restart_after: RestartAfter(Some(SimSpan::from_secs(10))),
            health_check: None,
            autoscaling: None,
            deployment: Strategy::default(),
            manifest: None,
            price: None,
            instance_type: None,
            endpoints: Entries::default(),
            caches: Entries::default(),
            calls: Entries::default(),
            versions: Entries::default(),
            version: None,
        }
    }
}

/// The name of the version that runs at the start unless a service says otherwise.
pub(crate) const FIRST_VERSION: &str = "v1";

impl ServiceFile {
    /// The version that the service starts with and does not write among its `versions`, if so.
    pub(crate) fn implied_version(&self) -> Option<&'static str> {
        let starts_with_it = self.version.as_deref().is_none_or(|version| version == FIRST_VERSION);
        (starts_with_it && !self.versions.names().any(|name| name == FIRST_VERSION)).then_some(FIRST_VERSION)
    }

    /// How one instance serves.
    pub(crate) fn server(&self) -> Server {
        Server {
            workers: self.workers,
            worker_model: self.worker_model,
            queue: self.queue.clone(),
            cpu_limit: self.cpu_limit,
            memory: self.memory,
            memory_per_request: self.memory_per_request,
            memory_limit: self.memory_limit,
            contention: self.contention.clone(),
            gc: self.gc.clone(),
            warm_up: self.warm_up.clone(),
        }
    }
}

/// An endpoint: a script that runs for each request.
#[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Endpoint")]
pub(crate) struct EndpointFile {
    /// The script. An empty one answers at once.
    pub(crate) steps: Vec<StepFile>,
}

/// A cache that a service looks up.
#[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Cache")]
pub(crate) struct CacheFile {
    /// Number of keys, 1 to 1000000. Default 1000 (chosen for Fleetlab).
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) keys: u32,
    /// Skew of the keys' popularity: Zipf exponent [1], 0 to 5. Default 1 (chosen for Fleetlab); 0 makes all keys equally popular.
    #[schemars(range(min = 0.0, max = 5.0))]
    pub(crate) zipf: f64,
    /// How long an entry lives. Default `"60s"` (chosen for Fleetlab).
    pub(crate) ttl: SimSpan,
    /// Whether concurrent misses of one key wait for the first of them. Default false.
    pub(crate) single_flight: bool,
    /// Early refresh by chance, as in `XFetch` (Vattani et al. 2015): the parameter beta [1], above 0 to 100. Default:
    /// none.
    pub(crate) early_refresh: Option<f64>,
    /// Whether every instance has a cache of its own, empty when it starts. Default false: one for the service.
    pub(crate) per_instance: bool,
    /// Whether it holds every key when the simulation starts. Default true.
    pub(crate) warm: bool,
}

impl Default for CacheFile {
    fn default() -> Self {
        let Cache { keys, zipf, ttl, single_flight, early_refresh, per_instance, warm, .. } = Cache::default();
        Self { keys, zipf, ttl, single_flight, early_refresh, per_instance, warm }
    }
}

/// A version of a service: what a release changes.
#[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Version")]
pub(crate) struct VersionFile {
    /// Share of requests that it answers with an error. Default 0. Health checks do not notice: they ask an endpoint of
    /// their own, which answers well while others fail (see `health_error_rate`).
    pub(crate) error_rate: Ratio,
    /// Share of health checks that it answers with an error, on instances older than `after`. Default 0.
    pub(crate) health_error_rate: Ratio,
    /// Factor on the time of its work [1], 0.01 to 1000. Default 1.
    #[schemars(range(min = 0.01, max = 1000.0))]
    pub(crate) latency_factor: f64,
    /// Memory that each request leaks. Default `"0B"`.
    pub(crate) memory_leak: Bytes,
    /// Share of its instances that never start. Default 0.
    pub(crate) startup_failure: Ratio,
    /// Only this share of users meets errors and latency. Default 1: everybody.
    pub(crate) users: Ratio,
    /// Only instances older than this show errors and latency. Default `"0s"`: at once.
    pub(crate) after: SimSpan,
    /// Only while at least this share of an instance's workers is busy. Default 0: always.
    pub(crate) above_load: Ratio,
    /// The schema that it speaks as a server, 1 to 1000000, or several: `[1, 2]` while it speaks an old one and a new one, as
    /// between the expansion and the contraction of an interface. Default 1.
    pub(crate) schema: Schemas,
    /// The schemas that it understands of services which it calls: `{ db = [1, 2] }`. A call that reaches an instance which
    /// speaks none of them fails there with `schema-mismatch`. Default: it understands all.
    pub(crate) expects: Entries<Vec<u32>>,
    /// Endpoints whose script it replaces. Default: none.
    pub(crate) endpoints: Entries<EndpointFile>,
}

impl Default for VersionFile {
    fn default() -> Self {
        let Behaviour { error_rate, health_error_rate, latency_factor, memory_leak, startup_failure, users, after, above_load, schema, .. } =
            Behaviour::default();
        Self {
            error_rate,
            health_error_rate,
            latency_factor,
            memory_leak,
            startup_failure,
            users,
            after,
            above_load,
            schema,
            expects: Entries::default(),
            endpoints: Entries::default(),
        }
    }
}

impl VersionFile {
    /// What is different in it, apart from its scripts and with what it expects resolved.
    pub(crate) fn behaviour(&self, expects: Vec<Expectation>) -> Behaviour {
        Behaviour {
            error_rate: self.error_rate,
            health_error_rate: self.health_error_rate,
            latency_factor: self.latency_factor,
            memory_leak: self.memory_leak,
            startup_failure: self.startup_failure,
            users: self.users,
            after: self.after,
            above_load: self.above_load,
            schema: self.schema.clone(),
            expects,
        }
    }
}

/// After how long a crashed instance is started again; `"never"` leaves it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RestartAfter(pub(crate) Option<SimSpan>);

impl<'de> Deserialize<'de> for RestartAfter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = RestartAfter;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as \"10s\", or \"never\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<RestartAfter, E> {
                if text == "never" { Ok(RestartAfter(None)) } else { text.parse().map(|span| RestartAfter(Some(span))).map_err(E::custom) }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for RestartAfter {
    fn schema_name() -> Cow<'static, str> {
        "RestartAfter".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let span = generator.subschema_for::<SimSpan>();
        json_schema!({ "anyOf": [span, { "const": "never" }] })
    }
}
