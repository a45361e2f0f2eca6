//! Dependency outage: every instance of the service is gone until the fault is cleared.

use crate::choice::params;

params! {
    /// Every instance of the service is gone until the fault is cleared.
    pub struct DependencyOutage {}
}
