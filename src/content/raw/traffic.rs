//! A traffic source as people write it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Entries;
use crate::kernel::dist::Distribution;
use crate::kernel::model::Process;
use crate::kernel::resilience::CallPolicy;
use crate::kernel::traffic::Shape;
use crate::units::PerSecond;

/// A traffic source: users or clients that send requests. One of `rate`, `counts` and `users` says how many.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Traffic")]
pub(crate) struct SourceFile {
    /// The endpoint that it asks for, as `service.endpoint`. Default: see `mix`.
    pub(crate) to: Option<String>,
    /// Endpoints that it asks for, with their relative weights, instead of `to`.
    pub(crate) mix: Entries<f64>,
    /// Open loop: base rate of requests.
    pub(crate) rate: Option<PerSecond>,
    /// Open loop from counts: a CSV file beside the scenario, with the start of each interval in seconds and the number
    /// of requests in it. A first line that begins with a letter is a heading; the last interval is as long as the one
    /// before, and nothing arrives after it.
    pub(crate) counts: Option<String>,
    /// Closed loop: users at once, each of whom waits for an answer, thinks and asks again; 1 to 10000000.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub(crate) users: Option<u32>,
    /// Whether gaps between arrivals are exponential (`"poisson"`) or equal (`"fixed"`). Default `"poisson"` (chosen for
    /// Fleetlab: many users who know nothing of each other).
    pub(crate) process: Process,
    /// How the base rate changes over time; the factors multiply. Default: it does not.
    pub(crate) shapes: Vec<Shape>,
    /// Closed loop: time between an answer and the next request; a mean below 1 µs counts as 1 µs. Default
    /// `{ exponential = "7s" }` (TPC-W).
    pub(crate) think: Option<Distribution>,
    /// Closed loop: mean number of requests per session [1], at least 1; a new user follows at once. Default: sessions
    /// do not end.
    pub(crate) session: Option<f64>,
    /// Size of the user population, 1 to 10000000; each request belongs to one user. Default 10000 (chosen for Fleetlab);
    /// for a closed loop the number of users.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub(crate) population: Option<u32>,
    /// What the clients do around each request. Default: a policy with nothing in it.
    pub(crate) policy: CallPolicy,
}

impl SourceFile {
    /// Whether its users ask for this endpoint, written as `service.endpoint`.
    pub(crate) fn asks_for(&self, endpoint: &str) -> bool {
        self.to.as_deref() == Some(endpoint) || self.mix.names().any(|name| name == endpoint)
    }
}

impl Default for SourceFile {
    fn default() -> Self {
        Self {
            to: None,
            mix: Entries::default(),
            rate: None,
            counts: None,
            users: None,
            process: Process::Poisson,
            shapes: Vec::new(),
            think: None,
            session: None,
            population: None,
            policy: CallPolicy::default(),
        }
    }
}
