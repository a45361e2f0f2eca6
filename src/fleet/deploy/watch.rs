//! Which alarms a deployment watches, and what it does when one goes off.
//!
//! ECS and `CodeDeploy` agree: the deployment fails when one of its alarms enters `ALARM` before it is over, the bake time
//! included, and goes back if it is told to. An alarm that is in `ALARM` when the deployment begins says nothing about
//! it, and is ignored for as long as it takes.

use crate::choice::params;

params! {
    /// Alarms that a deployment watches.
    pub struct Watch {
        /// Their names. Default: none.
        pub names: Vec<String> = Vec::new(),
        /// Whether the last completed deployment is restored when one goes off. Default true.
        pub rollback: bool = true,
    }
}
