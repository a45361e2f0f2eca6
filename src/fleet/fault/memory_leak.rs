//! Memory leak: memory grows with every request until the kernel kills the process at its limit.

use crate::choice::params;
use crate::units::Bytes;

params! {
    /// Memory grows with every request until the kernel kills the process at its limit.
    pub struct MemoryLeak {
        /// Leaked by each request. Default `"64KiB"`.
        pub per_request: Bytes = Bytes::new(64 * 1024),
    }
}
