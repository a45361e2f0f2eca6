//! Retries: trying again after a failure that may pass.

use crate::choice::params;
use crate::kernel::outcome::Reason;

use super::backoff::Backoff;
use super::budget::Budget;

params! {
    /// Retries of a failed call.
    pub struct Retry {
        /// Attempts in all, the first included, 1 to 20. Default 3 (AWS SDK standard mode; SRE book ch. 21).
        pub attempts: u8 = 3,
        /// The wait between attempts; `"none"` is written by leaving it out: retry at once.
        pub backoff: Option<Backoff> = None,
        /// What caps the retries. Default: nothing.
        pub budget: Option<Budget> = None,
        /// Which failures are retried. Default: timeouts, connection failures, refusals by the server and its errors
        /// (`application-error`, `dependency-failed`); not what the client itself refused, nor an invalid certificate.
        pub on: Vec<Reason> = Reason::TRANSIENT.to_vec(),
    }
}
