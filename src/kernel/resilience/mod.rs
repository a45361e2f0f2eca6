//! Call policies: what a client does so that a dependency's trouble does not become its own. One file per policy.
//!
//! A policy sees the outcomes of its own calls and the clock; it does not know what is wrong with the other side. State
//! lives per client process and dependency, as in the libraries that are mirrored. To add a policy: a file with its
//! parameters, its behaviour and its tests, one field of [`CallPolicy`], and its place in the way of a call.

pub mod backoff;
pub mod breaker;
pub mod budget;
pub mod bulkhead;
pub mod hedge;
pub mod pool;
pub mod rate_limit;
pub mod retry;
pub mod throttle;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::SimSpan;

/// Everything that a client does around one call. Every part is off unless it is written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch that people set by its own name")]
pub struct CallPolicy {
    /// How long the client waits for one attempt. Default: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<SimSpan>,
    /// Retries. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<retry::Retry>,
    /// Hedged requests. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hedge: Option<hedge::Hedge>,
    /// Circuit breaker. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<breaker::Breaker>,
    /// Connection pool. Default: unbounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<pool::Pool>,
    /// Bulkhead: calls in flight to the dependency. Default: unbounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulkhead: Option<bulkhead::Bulkhead>,
    /// Rate limit. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<rate_limit::RateLimit>,
    /// Adaptive client-side throttling. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle: Option<throttle::Throttle>,
    /// Whether a failed call is answered by a fallback, which makes the caller's answer degraded instead of failed.
    /// Default false.
    pub fallback: bool,
    /// Whether the caller ignores the call's failure altogether (fire and forget). Default false.
    pub optional: bool,
    /// Whether the time left is passed on, so that nobody below waits longer. Default false.
    pub propagate_deadline: bool,
    /// Whether the server is told when the client gives up. Default false: abandoned work keeps burning capacity.
    pub cancel: bool,
}
