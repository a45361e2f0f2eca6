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
        /// Tokens that can be saved up. Default 10 (chosen for Fleetlab).
        pub burst: f64 = 10.0,
    }
}
params! {
    /// The AWS SDKs' bucket.
    pub struct TokenBucket {
        /// Tokens in a full bucket. Default 500 (AWS SDKs).
        pub capacity: f64 = 500.0,
        /// Tokens that a retry takes. Default 5 (AWS SDKs).
        pub retry_cost: f64 = 5.0,
        /// Tokens that a retry after a timeout takes. Default 10 (AWS SDKs).
        pub timeout_cost: f64 = 10.0,
        /// Tokens that a first-attempt success gives back. Default 1 (AWS SDKs).
        pub refund: f64 = 1.0,
    }
}
params! {
    /// Envoy's retry budget.
    pub struct Concurrency {
        /// Retries in flight as a share of requests in flight. Default 0.2 (Envoy).
        pub ratio: Ratio = Ratio::new(0.2),
        /// Retries always allowed. Default 3 (Envoy).
        pub minimum: u32 = 3,
    }
}
params! {
    /// gRPC's retry throttling.
    pub struct Throttling {
        /// Most tokens. Default 10 (the example of gRPC's A6).
        pub max_tokens: f64 = 10.0,
        /// Tokens regained per success. Default 0.1 (the example of gRPC's A6).
        pub token_ratio: f64 = 0.1,
    }
}

/// One client's budget towards one dependency.
#[derive(Debug, Clone, Copy)]
pub(in crate::kernel) struct BudgetState {
    /// Tokens left; NaN until the first use fills it.
    tokens: f64,
    /// Retries in flight.
    pub(in crate::kernel) retrying: u32,
}

impl BudgetState {
    pub(in crate::kernel) const fn new() -> Self {
        Self { tokens: f64::NAN, retrying: 0 }
    }

    fn tokens(&mut self, full: f64) -> &mut f64 {
        if self.tokens.is_nan() {
            self.tokens = full;
        }
        &mut self.tokens
    }

    /// Takes in that a first attempt was sent.
    pub(in crate::kernel) fn on_request(&mut self, params: &Budget) {
        if let Budget::Share(params) = params {
            // The bucket starts empty: retries are earned by requests.
            let tokens = self.tokens(0.0);
            *tokens = (*tokens + params.ratio.get()).min(params.burst.max(1.0));
        }
    }

    /// Takes in how an attempt ended.
    pub(in crate::kernel) fn on_result(&mut self, params: &Budget, ok: bool, first: bool) {
        match params {
            Budget::TokenBucket(params) if ok && first => {
                let tokens = self.tokens(params.capacity);
                *tokens = (*tokens + params.refund).min(params.capacity);
            }
            Budget::Throttling(params) => {
                let tokens = self.tokens(params.max_tokens);
                *tokens = (*tokens + if ok { params.token_ratio } else { -1.0 }).clamp(0.0, params.max_tokens);
            }
            _ => {}
        }
    }

    /// Whether a retry is allowed, with `in_flight` requests of this client on their way; takes what it costs.
    pub(in crate::kernel) fn take(&mut self, params: &Budget, timed_out: bool, in_flight: u32) -> bool {
        let (cost, full) = match params {
            Budget::Share(_) => (1.0, 0.0),
            Budget::TokenBucket(params) => (if timed_out { params.timeout_cost } else { params.retry_cost }, params.capacity),
            Budget::Concurrency(params) => {
                let allowed = f64::from(in_flight) * params.ratio.get();
                return self.retrying < params.minimum || f64::from(self.retrying) < allowed;
            }
            Budget::Throttling(params) => return *self.tokens(params.max_tokens) > params.max_tokens / 2.0,
        };
        let tokens = self.tokens(full);
        // The share's tokens are sums of decimal fractions; a hair below a whole token is a whole token.
        let enough = *tokens + 1e-9 >= cost;
        if enough {
            *tokens -= cost;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_ten_percent_allows_one_retry_in_ten_requests() {
        let params = Budget::Share(Share::default());
        let mut budget = BudgetState::new();
        let mut retries = 0;
        for _ in 0..10_000 {
            budget.on_request(&params);
            retries += u32::from(budget.take(&params, false, 1));
        }
        assert_eq!(retries, 1_000);
    }

    #[test]
    fn the_sdk_bucket_runs_dry_and_successes_refill_it() {
        let params = Budget::TokenBucket(TokenBucket::default());
        let mut budget = BudgetState::new();
        assert_eq!((0..1_000).filter(|_| budget.take(&params, false, 1)).count(), 100, "500 tokens at 5 each");
        for _ in 0..10 {
            budget.on_result(&params, true, true);
        }
        assert!(budget.take(&params, true, 1), "ten successes pay one retry after a timeout");
        assert!(!budget.take(&params, true, 1));
    }

    #[test]
    fn grpc_throttling_stops_at_half_of_its_tokens() {
        let params = Budget::Throttling(Throttling::default());
        let mut budget = BudgetState::new();
        for failure in 0..5 {
            assert!(budget.take(&params, false, 1), "after {failure} failures");
            budget.on_result(&params, false, true);
        }
        assert!(!budget.take(&params, false, 1));
    }

    #[test]
    fn envoys_budget_counts_what_is_in_flight() {
        let params = Budget::Concurrency(Concurrency::default());
        let budget = |retrying| BudgetState { retrying, ..BudgetState::new() };
        assert!(budget(2).take(&params, false, 1), "three are always allowed");
        assert!(!budget(3).take(&params, false, 15));
        assert!(budget(3).take(&params, false, 16));
    }
}
