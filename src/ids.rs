//! Dense typed ids: each is an index into the table of its kind, and cannot be mistaken for another kind's.
//!
//! Names belong to people and files; below `content/` everything is an id. To add a kind, add a line to the list.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares id types over an integer.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($repr:ty);)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub $repr);

        impl $name {
            /// The id of the entry at `index` of its table.
            pub const fn from_index(index: usize) -> Self {
                Self(index as $repr)
            }
            /// The index of its entry in its table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

ids! {
    /// A service of the scenario.
    ServiceId(u16);
    /// An endpoint, numbered through all services.
    EndpointId(u16);
    /// A version of a service, numbered through all services.
    VersionId(u16);
    /// An instance, numbered in order of creation and never reused within a run.
    InstanceId(u32);
    /// An availability zone.
    ZoneId(u8);
    /// A traffic source.
    SourceId(u16);
    /// A place in a script, or in a traffic source's mix, from which an endpoint is called.
    CallSiteId(u32);
    /// A client's view of one dependency: the (calling service or source, called service) pair.
    EdgeId(u16);
    /// A message queue.
    QueueId(u16);
    /// A cache.
    CacheId(u16);
    /// A header that some users send.
    UserHeaderId(u16);
    /// A feature flag.
    FeatureId(u16);
    /// A flaw that a change brought into a service, numbered through the whole run.
    FlawId(u32);
}
