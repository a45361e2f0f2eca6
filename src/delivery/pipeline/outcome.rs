//! What an engine says: what is to be done, what happened, and why it refuses something.
//!
//! Plain data. A new effect or event is a variant here, and where the engine says it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use thiserror::Error;

use super::definition::{ActionTypeId, EnvironmentVariable, RetryMode, RuleTypeId};
use super::status::{ActionStatus, ConditionStatus, ConditionType, ExecutionType, RetryTrigger, TriggerType};
use super::{limits, status};
use crate::phrase::{Sentence, phrases};
use crate::units::{SimSpan, SimTime};

/// Declares ids: numbers in order of creation, shown in the shape that the service gives them.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($salt:literal);)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_uuid(f, $salt, self.0)
            }
        }
    )+};
}

ids! {
    /// An execution of a pipeline, numbered from 1 in the order of their start.
    ExecutionId(1);
    /// One run of an action.
    ActionRunId(2);
    /// One run of a rule.
    RuleRunId(3);
}

/// Writes a number in the shape of a UUID of version 4; the same number always gives the same.
fn write_uuid(f: &mut fmt::Formatter<'_>, salt: u64, number: u32) -> fmt::Result {
    // SplitMix64's finaliser: neighbouring numbers get nothing in common.
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let high = mix(salt << 32 | u64::from(number));
    let low = mix(!high);
    write!(f, "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", high >> 32, high >> 16 & 0xffff, low >> 52, high & 0xfff, low & 0xffff_ffff_ffff)
}

/// What came of something that the engine was told.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// What is to be done now, in order.
    pub effects: Vec<Effect>,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// Something to be done by whoever runs actions.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Begin an action, and say later how it ended.
    BeginAction(BeginAction),
    /// Nobody waits for an action any more.
    AbandonAction {
        /// Which run.
        run: ActionRunId,
        /// Because it took longer than it may; otherwise somebody stopped its execution.
        timed_out: bool,
    },
    /// Ask a rule, and say later what it answered.
    AskRule(AskRule),
    /// Nobody waits for a rule any more.
    AbandonRule {
        /// Which run.
        rule: RuleRunId,
    },
}

/// An action to begin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BeginAction {
    /// This run of it.
    pub run: ActionRunId,
    /// The execution.
    pub execution: ExecutionId,
    /// The stage's name.
    pub stage: String,
    /// The action's name.
    pub action: String,
    /// What kind of thing it does.
    pub kind: ActionTypeId,
    /// Where it runs, if it says.
    pub region: Option<String>,
    /// Its configuration, variables filled in.
    pub configuration: BTreeMap<String, String>,
    /// Its commands, variables filled in.
    pub commands: Vec<String>,
    /// Its environment variables, variables filled in.
    pub environment: Vec<EnvironmentVariable>,
    /// What it reads.
    pub inputs: Vec<Input>,
    /// The names of what it makes.
    pub outputs: Vec<String>,
    /// The revision that a source action is to fetch; its newest if none.
    pub revision: Option<String>,
    /// When it counts as failed.
    pub due: SimTime,
}

/// An artifact that an action or a rule reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its revision; `None` if who made it did not say.
    pub revision: Option<String>,
}

/// A rule to ask.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AskRule {
    /// This run of it.
    pub rule: RuleRunId,
    /// The execution.
    pub execution: ExecutionId,
    /// The stage's name.
    pub stage: String,
    /// For which conditions.
    pub condition: ConditionType,
    /// The rule's name.
    pub name: String,
    /// Who answers it.
    pub kind: RuleTypeId,
    /// Its configuration, variables filled in.
    pub configuration: BTreeMap<String, String>,
    /// Its commands, variables filled in.
    pub commands: Vec<String>,
    /// What it reads.
    pub inputs: Vec<Input>,
    /// When it counts as failed.
    pub due: SimTime,
}

/// Why an execution waits in front of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitsFor {
    /// Another execution is in the stage.
    Stage,
    /// The transition into the stage is disabled.
    Transition,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// An execution began.
    ExecutionStarted {
        /// Which.
        execution: ExecutionId,
        /// Through the pipeline or of one stage.
        kind: ExecutionType,
        /// What started it.
        trigger: TriggerType,
    },
    /// An execution has to wait in front of a stage.
    ExecutionWaits {
        /// Which.
        execution: ExecutionId,
        /// The stage's name.
        stage: String,
        /// What for.
        waits_for: WaitsFor,
    },
    /// An execution ended, or is being stopped.
    ExecutionEnded {
        /// Which.
        execution: ExecutionId,
        /// How.
        status: status::ExecutionStatus,
        /// Why, if there is something to say.
        why: Option<Why>,
    },
    /// An execution entered a stage, which is locked now.
    StageEntered {
        /// Which execution.
        execution: ExecutionId,
        /// The stage's name.
        stage: String,
    },
    /// A stage ended for an execution, or is being stopped.
    StageEnded {
        /// Which execution.
        execution: ExecutionId,
        /// The stage's name.
        stage: String,
        /// How.
        status: status::StageStatus,
        /// Why, if there is something to say.
        why: Option<Why>,
    },
    /// A failed stage is tried again.
    StageRetried {
        /// Which execution.
        execution: ExecutionId,
        /// The stage's name.
        stage: String,
        /// By whom.
        trigger: RetryTrigger,
        /// What of it.
        mode: RetryMode,
    },
    /// A stage goes back to an earlier execution.
    RolledBack {
        /// The new execution, which does it.
        execution: ExecutionId,
        /// The stage's name.
        stage: String,
        /// The execution whose artifacts and variables it has.
        target: ExecutionId,
    },
    /// A stage should go back and cannot, because nothing succeeded in it yet.
    RollbackImpossible {
        /// The execution that failed.
        execution: ExecutionId,
        /// The stage's name.
        stage: String,
    },
    /// An action began.
    ActionBegan {
        /// Which run.
        run: ActionRunId,
        /// Which execution.
        execution: ExecutionId,
        /// The stage's name.
        stage: String,
        /// The action's name.
        action: String,
    },
    /// An approval waits for a person.
    ApprovalWaits {
        /// Which run; the answer names it.
        run: ActionRunId,
        /// Which execution.
        execution: ExecutionId,
        /// The stage's name.
        stage: String,
        /// The action's name.
        action: String,
        /// What it says (`CustomData`, `ExternalEntityLink`, …), variables filled in.
        configuration: BTreeMap<String, String>,
        /// When it counts as rejected.
        due: SimTime,
    },
    /// An action ended.
    ActionEnded {
        /// Which run; `None` if it could not even begin.
        run: Option<ActionRunId>,
        /// Which execution.
        execution: ExecutionId,
        /// The stage's name.
        stage: String,
        /// The action's name.
        action: String,
        /// How.
        status: ActionStatus,
        /// Why, if there is something to say.
        why: Option<Why>,
    },
    /// A stage's conditions are asked, or are answered.
    Condition {
        /// Which execution.
        execution: ExecutionId,
        /// The stage's name.
        stage: String,
        /// Which conditions.
        condition: ConditionType,
        /// How they stand.
        status: ConditionStatus,
    },
    /// A transition was disabled or enabled.
    Transition {
        /// The stage that it leads into.
        stage: String,
        /// Why it is disabled; `None` if it is enabled.
        disabled: Option<String>,
    },
    /// The pipeline was changed.
    PipelineUpdated {
        /// The number of its version.
        version: u32,
    },
}

phrases! {
    /// Why something ended as it did.
    pub enum Why {
        /// What whoever ran it says.
        "pipeline-said" => Said {
            /// It.
            text: String,
        } = "{text}",
        /// It took too long.
        "pipeline-timed-out" => TimedOut {
            /// How long it could have taken.
            after: String,
        } = "no answer within {after}",
        /// A person said no.
        "pipeline-rejected" => Rejected {
            /// What the person said.
            text: String,
        } = "rejected: {text}",
        /// A person said no without a word.
        "pipeline-rejected-silently" => RejectedSilently = "rejected",
        /// A variable has no value.
        "pipeline-unresolved" => Unresolved {
            /// The variable as it is written.
            reference: String,
        } = "cannot be filled in: {reference}",
        /// Actions of the stage failed.
        "pipeline-actions-failed" => ActionsFailed {
            /// Their names.
            actions: String,
        } = "failed: {actions}",
        /// A condition was not met.
        "pipeline-not-met" => NotMet {
            /// The rules that do not hold.
            rules: String,
        } = "a condition is not met: {rules}",
        /// A newer execution took its place.
        "pipeline-superseded" => SupersededBy {
            /// The newer one.
            execution: String,
        } = "superseded by {execution}",
        /// A deployment was not begun, or did not end well.
        "pipeline-not-deployed" => NotDeployed {
            /// Why.
            why: Sentence,
        } = "{why}",
    }
}

impl Why {
    /// What whoever ran something says about its end, cut to length; `None` if nothing.
    pub(in crate::delivery) fn said(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::Said { text: cut(text, limits::SUMMARY) })
    }

    pub(super) fn timed_out(after: SimSpan) -> Self {
        Self::TimedOut { after: after.to_string() }
    }
}

/// The beginning of a text, at most so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Why the engine does not do what it is asked for. The names in brackets are the service's exceptions.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// [`PipelineExecutionNotFoundException`]
    #[error("no execution {0}")]
    NoSuchExecution(ExecutionId),
    /// [`StageNotFoundException`]
    #[error("no stage `{0}`")]
    NoSuchStage(String),
    /// A run of an action or a rule that is not under way: it ended, was abandoned, or never was.
    #[error("nobody waits for this")]
    NotWaitedFor,
    /// [`ConcurrentPipelineExecutionsLimitExceededException`]
    #[error("{} executions are in progress already", limits::CONCURRENT)]
    TooManyExecutions,
    /// [`ValidationException`]: a variable that the pipeline does not have.
    #[error("the pipeline has no variable `{0}`")]
    NoSuchVariable(String),
    /// [`ValidationException`]: a variable has neither a value nor a default.
    #[error("the variable `{0}` needs a value")]
    VariableWithoutValue(String),
    /// [`ValidationException`]: a source revision for something that is no source.
    #[error("no source action `{0}`")]
    NoSuchSource(String),
    /// [`ValidationException`]: a text that is empty or too long.
    #[error("the {what} must have 1 to {most} characters")]
    Length {
        /// What it is.
        what: &'static str,
        /// How long it may be [characters].
        most: usize,
    },
    /// [`OutputVariablesSizeExceededException`]
    #[error("output variables of more than {} bytes", limits::OUTPUT_BYTES)]
    TooManyOutputs,
    /// An approval cannot be finished like a build: somebody approves or rejects it.
    #[error("an approval is approved or rejected")]
    IsApproval,
    /// [`InvalidApprovalTokenException`]
    #[error("no approval waits under this id")]
    NoSuchApproval,
    /// [`ApprovalAlreadyCompletedException`]
    #[error("the approval has its answer already, or has expired")]
    ApprovalAnswered,
    /// The first stage has no transition into it.
    #[error("nothing leads into the first stage that could be disabled")]
    NoInboundTransition,
    /// [`PipelineExecutionNotStoppableException`]
    #[error("the execution is not in progress")]
    NotStoppable,
    /// [`DuplicatedStopRequestException`]
    #[error("the execution is being stopped already")]
    AlreadyStopping,
    /// [`StageNotRetryableException`]
    #[error("the stage cannot be retried: {0}")]
    NotRetryable(&'static str),
    /// [`NotLatestPipelineExecutionException`]
    #[error("a later execution entered the stage")]
    NotLatest,
    /// [`ConditionNotOverridableException`]
    #[error("the condition cannot be overridden: {0}")]
    NotOverridable(&'static str),
    /// [`UnableToRollbackStageException`]
    #[error("the stage cannot be rolled back: {0}")]
    NotRollbackable(&'static str),
    /// [`PipelineExecutionOutdatedException`]
    #[error("the pipeline was changed since that execution")]
    Outdated,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_look_like_those_of_the_service_and_are_different() {
        let ids: BTreeSet<String> = (0..1_000).flat_map(|n| [ExecutionId(n).to_string(), ActionRunId(n).to_string()]).collect();
        assert_eq!(ids.len(), 2_000);
        for id in ids {
            let lengths: Vec<usize> = id.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
            assert!(id.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)), "{id}");
        }
    }
}
