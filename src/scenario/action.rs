//! Actions: everything that a person, a timeline or a lesson can do to a running world.
//!
//! The app, the command line, a replay and a test all act through this one door. Actions name things as people do; the
//! lab resolves the names and refuses what does not exist.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::delivery::command::PipelineCommand;
use crate::delivery::pipelines::{BuildspecFrom, ProjectUpdate};
use crate::fleet::deploy::{Strategy, Wish};
use crate::fleet::fault::{Fault, Selector};
use crate::kernel::model::Queue;
use crate::kernel::resilience::CallPolicy;
use crate::units::{PerSecond, Ratio, SimTime};

/// An action and when it happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimedAction {
    /// When.
    pub at: SimTime,
    /// What.
    #[serde(rename = "do")]
    pub action: Action,
}

/// Something done to the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Deploys a version.
    Deploy {
        /// The service.
        service: String,
        /// The version.
        version: String,
        /// How. Default: the service's own strategy.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strategy: Option<Strategy>,
    },
    /// Goes back to the last version whose deployment completed.
    RollBack {
        /// The service.
        service: String,
    },
    /// Steers the deployment under way: promotes, pauses, resumes or aborts it.
    Steer {
        /// The service.
        service: String,
        /// What.
        wish: Wish,
    },
    /// Changes how a service is deployed from now on, by its pipeline and by whoever names no other strategy. What is under way
    /// goes on as it began.
    SetStrategy {
        /// The service.
        service: String,
        /// The strategy.
        strategy: Strategy,
    },
    /// Sets the desired number of instances.
    Scale {
        /// The service.
        service: String,
        /// How many.
        instances: u32,
    },
    /// Kills and starts instances again, with everything they were doing lost.
    Restart {
        /// The service.
        service: String,
        /// Which instances. Default: all.
        #[serde(default)]
        selector: Selector,
        /// Whether their machines go with them, so that no connection is reset and clients only notice by their timeouts.
        /// Default false.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        silent: bool,
    },
    /// Replaces the call policy of a client towards a service.
    SetPolicy {
        /// The calling service or traffic source.
        from: String,
        /// The called service, or one endpoint as `service.endpoint`.
        to: String,
        /// The new policy, whole.
        policy: CallPolicy,
    },
    /// Changes the capacity of a service's instances.
    SetCapacity {
        /// The service.
        service: String,
        /// Requests served at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workers: Option<u32>,
        /// The queue.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<Queue>,
    },
    /// Sets which share of a service's requests goes to which version.
    ShiftTraffic {
        /// The service.
        service: String,
        /// Weight by version name.
        weights: BTreeMap<String, f64>,
    },
    /// Injects a fault.
    Inject {
        /// The fault.
        fault: Fault,
    },
    /// Clears a fault by name.
    Clear {
        /// Its name.
        fault: String,
    },
    /// Changes a traffic source's load: a factor on what it does by itself, or a new base rate.
    SetLoad {
        /// The traffic source.
        source: String,
        /// Factor on the scenario's rate (or number of users) [1], 0 to 1000.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        factor: Option<f64>,
        /// A new base rate instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rate: Option<PerSecond>,
    },
    /// Does something to a service's pipeline.
    Pipeline {
        /// The service that it delivers.
        service: String,
        /// What.
        command: PipelineCommand,
    },
    /// Changes a build project, for builds that an agent takes up from now on.
    UpdateProject(ProjectUpdate),
    /// Gives a feature to another share of the users; 0 % is the kill switch. Whoever has it keeps it when the share grows.
    SetFlag {
        /// The flag.
        flag: String,
        /// Share of users who have the feature from now on.
        percentage: Ratio,
    },
    /// Cleans up a flag that is at 0 % or 100 %: the code asks it no more.
    RemoveFlag {
        /// The flag.
        flag: String,
    },
    /// Empties a cache.
    FlushCache {
        /// The service.
        service: String,
        /// The cache.
        cache: String,
    },
}

impl Action {
    /// The names of all actions as written in files.
    pub const NAMES: [&'static str; 17] = [
        "deploy",
        "roll-back",
        "set-strategy",
        "scale",
        "restart",
        "set-policy",
        "set-capacity",
        "shift-traffic",
        "inject",
        "clear",
        "set-load",
        "steer",
        "pipeline",
        "update-project",
        "set-flag",
        "remove-flag",
        "flush-cache",
    ];

    /// It as a file has it: where one names a file or holds its text, what was read of that is the simulation's business.
    #[must_use]
    pub fn as_written(&self) -> Self {
        let mut action = self.clone();
        if let Self::UpdateProject(update) = &mut action
            && let Some(BuildspecFrom::Read(read)) = &update.buildspec
        {
            update.buildspec = Some(BuildspecFrom::Written(read.text.clone()));
        }
        action
    }

    /// Its name as written in files.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Deploy { .. } => "deploy",
            Self::RollBack { .. } => "roll-back",
            Self::SetStrategy { .. } => "set-strategy",
            Self::Scale { .. } => "scale",
            Self::Restart { .. } => "restart",
            Self::SetPolicy { .. } => "set-policy",
            Self::SetCapacity { .. } => "set-capacity",
            Self::ShiftTraffic { .. } => "shift-traffic",
            Self::Inject { .. } => "inject",
            Self::Clear { .. } => "clear",
            Self::SetLoad { .. } => "set-load",
            Self::Steer { .. } => "steer",
            Self::Pipeline { .. } => "pipeline",
            Self::UpdateProject(_) => "update-project",
            Self::SetFlag { .. } => "set-flag",
            Self::RemoveFlag { .. } => "remove-flag",
            Self::FlushCache { .. } => "flush-cache",
        }
    }
}
