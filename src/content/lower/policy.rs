//! Call policies: every number inside its documented range.

use super::super::diagnostic::{Code, Finding};
use super::super::tree::At;
use super::Lower;
use crate::kernel::resilience::CallPolicy;
use crate::kernel::resilience::budget::Budget;
use crate::kernel::resilience::retry::Retry;

/// Tokens in a bucket; far above any client's needs.
const TOKENS: f64 = 1e9;

impl Lower<'_> {
    pub(crate) fn check_policy(&mut self, policy: &CallPolicy, at: &At<'_>) {
        if let Some(timeout) = policy.timeout {
            self.check_not_zero(&at.key("timeout"), timeout);
        }
        if let Some(retry) = &policy.retry {
            self.check_retry(retry, &at.key("retry"));
        }
        if let Some(hedge) = &policy.hedge {
            self.check_count(&at.key("hedge").key("copies"), hedge.copies.into(), 1, 5);
        }
        if let Some(breaker) = &policy.breaker {
            let at = at.key("breaker");
            self.check_count(&at.key("window"), breaker.window.into(), 1, 10_000);
            self.check_count(&at.key("minimum_calls"), breaker.minimum_calls.into(), 1, 10_000);
            self.check_count(&at.key("half_open_calls"), breaker.half_open_calls.into(), 1, 10_000);
            self.check_number(&at.key("failure_rate"), breaker.failure_rate.get(), 0.001, 1.0);
            self.check_number(&at.key("slow_call_rate"), breaker.slow_call_rate.get(), 0.001, 1.0);
        }
        if let Some(pool) = &policy.pool {
            self.check_count(&at.key("pool").key("size"), pool.size.into(), 1, 1_000_000);
        }
        if let Some(bulkhead) = &policy.bulkhead {
            self.check_count(&at.key("bulkhead").key("max_concurrent"), bulkhead.max_concurrent.into(), 1, 1_000_000);
        }
        if let Some(limit) = &policy.rate_limit {
            let at = at.key("rate_limit");
            self.check_number(&at.key("burst"), limit.burst, 1.0, TOKENS);
            if limit.rate.get() <= 0.0 {
                self.report(&at.key("rate"), Finding::error(Code::Impossible, "a rate limit of nothing").label("write more than 0/s"));
            }
        }
        if let Some(throttle) = &policy.throttle {
            let at = at.key("throttle");
            self.check_number(&at.key("k"), throttle.k, 1.0, 10.0);
            self.check_not_zero(&at.key("window"), throttle.window);
        }
    }

    fn check_retry(&mut self, retry: &Retry, at: &At<'_>) {
        self.check_count(&at.key("attempts"), retry.attempts.into(), 1, 20);
        if let Some(backoff) = &retry.backoff {
            let at = at.key("backoff");
            self.check_number(&at.key("factor"), backoff.factor, 1.0, 10.0);
            if backoff.base > backoff.cap {
                let finding = Finding::error(Code::Impossible, format!("the first wait ({}) is longer than the longest ({})", backoff.base, backoff.cap));
                self.report(&at.key("base"), finding.label("must not be above `cap`"));
            }
        }
        if let Some(budget) = &retry.budget {
            let at = at.key("budget");
            let at = at.key(budget.name());
            let numbers: Vec<(&str, f64, f64)> = match budget {
                Budget::Share(share) => vec![("burst", share.burst, 0.0)],
                Budget::TokenBucket(bucket) => vec![
                    ("capacity", bucket.capacity, 1.0),
                    ("retry_cost", bucket.retry_cost, 0.0),
                    ("timeout_cost", bucket.timeout_cost, 0.0),
                    ("refund", bucket.refund, 0.0),
                ],
                Budget::Concurrency(_) => Vec::new(),
                Budget::Throttling(throttling) => vec![("max_tokens", throttling.max_tokens, 1.0), ("token_ratio", throttling.token_ratio, 0.001)],
            };
            for (key, value, least) in numbers {
                self.check_number(&at.key(key), value, least, TOKENS);
            }
        }
    }
}
