//! Retry budgets: what caps retries as a share of the load, so that they cannot multiply an overload.

use crate::choice::{choice, params};
use crate::units::Ratio;

choice! {
    /// What caps a client's retries.
    pub enum Budget {
        /// A share of requests: each request deposits `ratio` tokens, each retry takes one (Finagle; SRE book ch. 21).
        "ratio" => Share(Share),
        /// A bucket of tokens that successes refill (AWS SDKs).
        "token-bucket" => TokenBucket(TokenBucket),
        /// Retries in flight as a share of requests in flight (Envoy).
        "concurrency" => Concurrency(Concurrency),
        /// Tokens lost per failure and regained per success; no retries in the lower half (gRPC `retryThrottling`).
        "throttling" => Throttling(Throttling),
    }
}

params! {
    /// A share of requests.
    pub struct Share {
        /// Retries per request (0 to 1). Default 0.1 (SRE book ch. 21).
        pub ratio: Ratio = Ratio::new(0.1),
        /// Tokens that can be saved up. Default 10.
        pub burst: f64 = 10.0,
    }
}
params! {
    /// The AWS SDKs' bucket.
    pub struct TokenBucket {
        /// Tokens in a full bucket. Default 500.
        pub capacity: f64 = 500.0,
        /// Tokens that a retry takes. Default 5.
        pub retry_cost: f64 = 5.0,
        /// Tokens that a retry after a timeout takes. Default 10.
        pub timeout_cost: f64 = 10.0,
        /// Tokens that a first-attempt success gives back. Default 1.
        pub refund: f64 = 1.0,
    }
}
params! {
    /// Envoy's retry budget.
    pub struct Concurrency {
        /// Retries in flight as a share of requests in flight. Default 0.2.
        pub ratio: Ratio = Ratio::new(0.2),
        /// Retries always allowed. Default 3.
        pub minimum: u32 = 3,
    }
}
params! {
    /// gRPC's retry throttling.
    pub struct Throttling {
        /// Most tokens. Default 10.
        pub max_tokens: f64 = 10.0,
        /// Tokens regained per success. Default 0.1.
        pub token_ratio: f64 = 0.1,
    }
}
