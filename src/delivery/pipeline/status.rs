//! The states that executions, stages, actions, conditions and rules can be in, by the service's names.
//!
//! From the API's enumerations (`codepipeline/2015-07-09`, botocore 1.44.5). Nothing here knows how they are reached.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares states whose names are the service's.
macro_rules! states {
    ($( $(#[$doc:meta])* pub enum $name:ident { $( $(#[$state_doc:meta])* $state:ident ),+ $(,)? } )+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $( $(#[$state_doc])* $state ),+ }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.serialize(f)
            }
        }
    )+};
}

states! {
    /// How an execution of a pipeline stands (`PipelineExecutionStatus`).
    pub enum ExecutionStatus {
        /// The pipeline was changed before it was completed.
        Cancelled,
        /// It is on its way, or waits.
        InProgress,
        /// Somebody stopped it.
        Stopped,
        /// Somebody stopped it, and what was under way goes on to its end.
        Stopping,
        /// It went through.
        Succeeded,
        /// A newer one took its place while it waited in front of a stage.
        Superseded,
        /// A stage failed.
        Failed,
    }

    /// How a stage stands for an execution (`StageExecutionStatus`).
    pub enum StageStatus {
        /// The pipeline was changed before it was completed.
        Cancelled,
        /// An execution is in it.
        InProgress,
        /// An action failed, or a condition was not met.
        Failed,
        /// Somebody stopped the execution in it.
        Stopped,
        /// Somebody stopped the execution, and what was under way goes on to its end.
        Stopping,
        /// All its actions succeeded, and its conditions were met.
        Succeeded,
        /// Its entry condition let the execution pass by.
        Skipped,
    }

    /// How an action stands (`ActionExecutionStatus`).
    pub enum ActionStatus {
        /// It is under way, or waits for an approval.
        InProgress,
        /// The execution was stopped without waiting for it.
        Abandoned,
        /// It ended well.
        Succeeded,
        /// It ended badly, took too long, or was rejected.
        Failed,
    }

    /// How a condition stands (`ConditionExecutionStatus`).
    pub enum ConditionStatus {
        /// Its rules are being asked.
        InProgress,
        /// A rule failed.
        Failed,
        /// A rule could not be asked.
        Errored,
        /// All its rules succeeded.
        Succeeded,
        /// The execution was stopped, or the pipeline changed, while they were asked.
        Cancelled,
        /// The execution was stopped without waiting for them.
        Abandoned,
        /// Somebody let the execution pass all the same.
        Overridden,
    }

    /// How a rule stands (`RuleExecutionStatus`).
    pub enum RuleStatus {
        /// It is being asked.
        InProgress,
        /// Its answer does not matter any more.
        Abandoned,
        /// It holds.
        Succeeded,
        /// It does not hold, or took too long.
        Failed,
    }

    /// What started an execution (`TriggerType`).
    pub enum TriggerType {
        /// The pipeline was made.
        CreatePipeline,
        /// Somebody started it.
        StartPipelineExecution,
        /// A source was looked at again and had changed.
        PollForSourceChanges,
        /// A repository called.
        Webhook,
        /// An event of another service.
        CloudWatchEvent,
        /// Somebody handed a revision in.
        PutActionRevision,
        /// A connected repository had an event that a trigger of the pipeline names.
        WebhookV2,
        /// Somebody rolled a stage back.
        ManualRollback,
        /// A stage rolled itself back.
        AutomatedRollback,
    }

    /// What made a stage try again (`RetryTrigger`).
    pub enum RetryTrigger {
        /// Its declaration.
        AutomatedStageRetry,
        /// Somebody.
        ManualStageRetry,
    }
}

/// What kind of execution it is (`ExecutionType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ExecutionType {
    /// Through the whole pipeline.
    Standard,
    /// One stage again, with what an earlier execution had.
    Rollback,
}

/// Which conditions of a stage (`ConditionType`, which leaves failures out because nobody can override them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConditionType {
    /// Before an execution enters it.
    BeforeEntry,
    /// After all its actions succeeded.
    OnSuccess,
    /// After an action failed.
    OnFailure,
}

impl ExecutionStatus {
    /// Whether it goes on.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::InProgress | Self::Stopping)
    }
}

impl StageStatus {
    /// Whether it goes on, so that the stage is locked.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::InProgress | Self::Stopping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_written_as_the_service_writes_them() {
        assert_eq!(serde_json::to_string(&ExecutionStatus::InProgress).expect("a text"), "\"InProgress\"");
        assert_eq!(serde_json::to_string(&ExecutionType::Rollback).expect("a text"), "\"ROLLBACK\"");
        assert_eq!(serde_json::to_string(&ConditionType::BeforeEntry).expect("a text"), "\"BEFORE_ENTRY\"");
        assert_eq!(TriggerType::WebhookV2.to_string(), "WebhookV2");
    }
}
