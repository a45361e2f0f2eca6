//! Partition: nothing passes between two services, in both directions or in one.

use crate::choice::params;

params! {
    /// Nothing passes between two services, in both directions or in one.
    pub struct Partition {
        /// The service or traffic source that is cut off from the target. Default: everybody.
        pub from: Option<String> = None,
        /// Only requests are lost; answers still pass. Default false.
        pub one_way: bool = false,
    }
}
