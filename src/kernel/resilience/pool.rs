//! Connection pool: a call needs a connection for as long as it lasts; who finds none waits, or fails.

use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// A client process's connections to one dependency.
    pub struct Pool {
        /// Connections per client instance. Default 10 (`HikariCP`: `maximumPoolSize`).
        pub size: u32 = 10,
        /// How long a call waits for one. Default `"30s"` (`HikariCP`: `connectionTimeout`).
        pub acquire_timeout: SimSpan = SimSpan::from_secs(30),
        /// Calls that may wait. Default: any number.
        pub max_waiting: Option<u32> = None,
    }
}
