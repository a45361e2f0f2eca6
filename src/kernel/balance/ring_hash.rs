//! Ring hash: consistent hashing of the user, so that one user stays on one target while the fleet stays as it is.

use crate::choice::params;

params! {
    /// The same user goes to the same target.
    pub struct RingHash {
        /// Points on the ring per target, 1 to 1024. Default 100; more points spread users more evenly.
        pub replicas: u16 = 100,
    }
}
