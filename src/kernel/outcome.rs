//! How a request ends: success, degraded, or a failure with a named reason.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares the reasons with their names, in one list.
macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// Why a request or an attempt failed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        #[repr(u8)]
        pub enum Reason { $($(#[$doc])* $variant,)+ }

        impl Reason {
            /// All reasons, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The name as written in reports and files.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

reasons! {
    /// The client stopped waiting.
    Timeout = "timeout",
    /// The instance's queue was full.
    QueueFull = "queue-full",
    /// Dropped at dequeue because its deadline had passed or was too near.
    Expired = "expired",
    /// The client's circuit breaker was open.
    BreakerOpen = "breaker-open",
    /// Nobody listened: the instance was down.
    ConnectionRefused = "connection-refused",
    /// The instance died, or the connection broke, while the request was there.
    Reset = "reset",
    /// The load balancer had no target in rotation.
    NoHealthyTarget = "no-healthy-target",
    /// No connection became free in the client's pool.
    PoolExhausted = "pool-exhausted",
    /// The client's bulkhead was full.
    BulkheadFull = "bulkhead-full",
    /// A rate limit refused it.
    RateLimited = "rate-limited",
    /// The client's own adaptive throttling refused it.
    Throttled = "throttled",
    /// The application answered with an error.
    ApplicationError = "application-error",
    /// A call that the answer needed failed.
    DependencyFailed = "dependency-failed",
    /// The caller cancelled it.
    Cancelled = "cancelled",
    /// The network lost it and nothing noticed in time.
    Unreachable = "unreachable",
    /// The certificate was not valid.
    CertificateExpired = "certificate-expired",
    /// The instance speaks no schema that its caller's version understands.
    SchemaMismatch = "schema-mismatch",
}

impl Reason {
    /// Failures that may pass, and that clients retry unless they are told otherwise: no answer, refusals by the server, and
    /// its errors (as a gateway retries 5xx). Not a certificate that stays invalid, not what the client itself decided to
    /// refuse (breaker, bulkhead, rate limit, throttling), not what was cancelled, not a schema that stays another one.
    pub const TRANSIENT: &'static [Self] = &[
        Self::Timeout,
        Self::QueueFull,
        Self::Expired,
        Self::ConnectionRefused,
        Self::Reset,
        Self::NoHealthyTarget,
        Self::PoolExhausted,
        Self::ApplicationError,
        Self::DependencyFailed,
        Self::Unreachable,
    ];
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The full answer.
    Ok,
    /// An answer, but some part of it came from a fallback.
    Degraded,
    /// No answer, for this reason.
    Failed(Reason),
}

impl Outcome {
    /// Whether the client got an answer (full or degraded).
    pub const fn is_answer(self) -> bool {
        !matches!(self, Self::Failed(_))
    }
    /// The reason of a failure.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Failed(reason) => Some(reason),
            Self::Ok | Self::Degraded => None,
        }
    }
}
