//! Bulkhead: a limit on a client's calls in flight to one dependency; more fail at once.

use crate::choice::params;

params! {
    /// A semaphore without waiting (Resilience4j's default `maxWaitDuration` is 0).
    pub struct Bulkhead {
        /// Calls in flight per client instance. Default 25 (Resilience4j `maxConcurrentCalls`).
        pub max_concurrent: u32 = 25,
    }
}
