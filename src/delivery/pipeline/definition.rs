//! A pipeline as it is declared: the structure that `aws codepipeline get-pipeline` prints and `update-pipeline` takes.
//!
//! The types have the service's own shape and names (API `codepipeline/2015-07-09`, botocore 1.44.5), so that they are
//! read from its JSON and written back without loss: every key of the declaration is here, and a key that is not is
//! refused, as the service does. What is not written down is not written back, except for what the service always
//! prints (`inputArtifacts`, `outputArtifacts`, `configuration`, `runOrder`). The types know no files and do not say
//! whether a declaration makes sense: [`super::check`] does. To add a key, add a field here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{limits, providers};
use crate::units::SimSpan;

/// Declares a structure of the service: keys in its spelling, unknown ones refused.
macro_rules! declared {
    ($( $(#[$doc:meta])* pub struct $name:ident { $($body:tt)* } )+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name { $($body)* }
    )+};
}

/// Declares a list of words of the service.
macro_rules! words {
    ($( $(#[$doc:meta])* $style:literal pub enum $name:ident { $( $(#[$word_doc:meta])* $word:ident ),+ $(,)? } )+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = $style)]
        pub enum $name { $( $(#[$word_doc])* $word ),+ }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.serialize(f)
            }
        }
    )+};
}

declared! {
    /// What `get-pipeline` prints, and what `create-pipeline` takes.
    pub struct PipelineFile {
        /// The pipeline.
        pub pipeline: Pipeline,
        /// When it was created and the like. Kept as it is; the service fills it in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub metadata: Option<BTreeMap<String, Value>>,
        /// Tags of the resource. Kept as they are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tags: Option<Vec<BTreeMap<String, String>>>,
    }

    /// A pipeline.
    pub struct Pipeline {
        /// Its name. Must be there; optional to serde so that a declaration without it is read on, and
        /// [`super::check`] demands it.
        #[serde(default)]
        pub name: String,
        /// Which type it is; V1 if it does not say ([`Pipeline::kind`]).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub pipeline_type: Option<PipelineType>,
        /// What happens if there is more than one execution; SUPERSEDED if it does not say ([`Pipeline::mode`]).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub execution_mode: Option<ExecutionMode>,
        /// The role that the pipeline acts as. The simulation has no use for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub role_arn: Option<String>,
        /// Where artifacts are kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub artifact_store: Option<ArtifactStore>,
        /// Where artifacts are kept, by region, if actions run in several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub artifact_stores: Option<BTreeMap<String, ArtifactStore>>,
        /// Its stages, in order. Must be there, as its name.
        #[serde(default)]
        pub stages: Vec<Stage>,
        /// Values that an execution can be started with.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub variables: Vec<Variable>,
        /// Which events of repositories start it. None: its sources' own change detection does.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub triggers: Vec<Trigger>,
        /// How often it was changed, counted from 1 by the service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub version: Option<u32>,
    }

    /// Where artifacts are kept.
    pub struct ArtifactStore {
        /// Always `S3`.
        #[serde(rename = "type")]
        pub kind: String,
        /// The bucket.
        pub location: String,
        /// What they are encrypted with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub encryption_key: Option<EncryptionKey>,
    }

    /// A key that artifacts are encrypted with.
    pub struct EncryptionKey {
        /// Its id.
        pub id: String,
        /// Always `KMS`.
        #[serde(rename = "type")]
        pub kind: String,
    }

    /// A value that an execution can be started with.
    pub struct Variable {
        /// Its name: `#{variables.name}` stands for its value.
        pub name: String,
        /// What it is if nobody says otherwise; without one it must be given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub default_value: Option<String>,
        /// What it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub description: Option<String>,
    }

    /// Which events of a repository start the pipeline.
    pub struct Trigger {
        /// Always `CodeStarSourceConnection`.
        pub provider_type: String,
        /// Which events.
        pub git_configuration: GitConfiguration,
    }

    /// Which events of a repository start the pipeline.
    pub struct GitConfiguration {
        /// The source action that reads the repository.
        pub source_action_name: String,
        /// Pushes, any of which will do.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub push: Vec<GitPush>,
        /// Pull requests, any of which will do.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub pull_request: Vec<GitPullRequest>,
    }

    /// Pushes that start the pipeline.
    pub struct GitPush {
        /// Of which tags.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tags: Option<GitPatterns>,
        /// To which branches.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub branches: Option<GitPatterns>,
        /// Changing which files.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub file_paths: Option<GitPatterns>,
    }

    /// Pull requests that start the pipeline.
    pub struct GitPullRequest {
        /// `OPEN`, `UPDATED`, `CLOSED`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub events: Vec<String>,
        /// Into which branches.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub branches: Option<GitPatterns>,
        /// Changing which files.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub file_paths: Option<GitPatterns>,
    }

    /// Patterns of names.
    pub struct GitPatterns {
        /// What is meant.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub includes: Vec<String>,
        /// What is not.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub excludes: Vec<String>,
    }

    /// A stage: what is locked while an execution is in it.
    pub struct Stage {
        /// Its name.
        pub name: String,
        /// What it does, by run order.
        pub actions: Vec<Action>,
        /// Reserved by the service; kept as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub blockers: Option<Vec<Value>>,
        /// What must hold before an execution enters it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub before_entry: Option<Conditions>,
        /// What must hold after all its actions succeeded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub on_success: Option<Conditions>,
        /// What happens when an action of it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub on_failure: Option<FailureConditions>,
        /// Why nothing may enter it from the beginning; `None`: executions may. The service keeps this with the
        /// pipeline's state and not in its declaration, so its JSON does not have it; `CloudFormation` does
        /// (`DisableInboundStageTransitions`).
        #[serde(skip)]
        pub inbound_disabled: Option<String>,
    }

    /// Something that a stage does.
    pub struct Action {
        /// Its name.
        pub name: String,
        /// What kind of thing it does, and who does it.
        pub action_type_id: ActionTypeId,
        /// When it is its turn: those of the same number run at once, higher numbers after all of the lower. Default 1.
        #[serde(default = "first")]
        pub run_order: u32,
        /// What its provider must know.
        #[serde(default)]
        pub configuration: BTreeMap<String, String>,
        /// Shell commands of a compute action.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub commands: Vec<String>,
        /// Environment variables of its commands.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub environment_variables: Vec<EnvironmentVariable>,
        /// What it reads.
        #[serde(default)]
        pub input_artifacts: Vec<InputArtifact>,
        /// What it makes.
        #[serde(default)]
        pub output_artifacts: Vec<OutputArtifact>,
        /// Which environment variables of a compute action become output variables.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub output_variables: Vec<String>,
        /// The role that it acts as.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub role_arn: Option<String>,
        /// Where it runs; the pipeline's region if it does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub region: Option<String>,
        /// Under which name later actions find its output variables.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub namespace: Option<String>,
        /// After how long an approval counts as failed [min], 5 to 86400. Other actions cannot say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub timeout_in_minutes: Option<u32>,
    }

    /// What kind of thing an action does, and who does it.
    pub struct ActionTypeId {
        /// What kind of thing.
        pub category: Category,
        /// Whose the provider is.
        pub owner: Owner,
        /// Who does it.
        pub provider: String,
        /// Always `1`.
        pub version: String,
    }

    /// An artifact that an action or a rule reads.
    pub struct InputArtifact {
        /// Its name.
        pub name: String,
    }

    /// An artifact that an action makes.
    pub struct OutputArtifact {
        /// Its name.
        pub name: String,
        /// Which files of a compute action are in it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub files: Vec<String>,
    }

    /// An environment variable of an action's commands.
    pub struct EnvironmentVariable {
        /// Its name.
        pub name: String,
        /// Its value, or the secret's name.
        pub value: String,
        /// `PLAINTEXT` or `SECRETS_MANAGER`.
        #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
        pub kind: Option<String>,
    }

    /// What must hold before an execution enters a stage, or after it succeeded.
    pub struct Conditions {
        /// The condition; the service takes one.
        pub conditions: Vec<Condition>,
    }

    /// What happens when an action of a stage failed.
    pub struct FailureConditions {
        /// What happens at once: `ROLLBACK` or `RETRY`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub result: Option<ConditionResult>,
        /// What is tried again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub retry_configuration: Option<RetryConfiguration>,
        /// What is asked first; the service takes one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub conditions: Vec<Condition>,
    }

    /// What is tried again.
    pub struct RetryConfiguration {
        /// Which actions; the failed ones if it does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub retry_mode: Option<RetryMode>,
    }

    /// A condition: it is met if all of its rules succeed.
    pub struct Condition {
        /// What happens if it is not met.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub result: Option<ConditionResult>,
        /// What is asked.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub rules: Vec<Rule>,
    }

    /// One question of a condition.
    pub struct Rule {
        /// Its name.
        pub name: String,
        /// Who answers it.
        pub rule_type_id: RuleTypeId,
        /// What its provider must know.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub configuration: BTreeMap<String, String>,
        /// Shell commands of a `Commands` rule.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub commands: Vec<String>,
        /// What it reads.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub input_artifacts: Vec<InputArtifact>,
        /// The role that it acts as.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub role_arn: Option<String>,
        /// Where it runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub region: Option<String>,
        /// After how long it counts as failed [min], 5 to 86400.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub timeout_in_minutes: Option<u32>,
    }

    /// Who answers a rule.
    pub struct RuleTypeId {
        /// Always `Rule`.
        pub category: String,
        /// Always `AWS`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub owner: Option<String>,
        /// Who answers.
        pub provider: String,
        /// Always `1`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub version: Option<String>,
    }
}

words! {
    /// Which features a pipeline has, and how it is paid for.
    "UPPERCASE" pub enum PipelineType {
        /// Stages and actions, one execution per stage.
        V1,
        /// Also variables, triggers, conditions and all execution modes.
        V2,
    }

    /// What happens if there is more than one execution.
    "UPPERCASE" pub enum ExecutionMode {
        /// A newer execution takes the place of one that waits in front of a stage.
        Superseded,
        /// Executions go through each stage one by one, in order.
        Queued,
        /// Executions do not know of one another.
        Parallel,
    }

    /// What kind of thing an action does.
    "PascalCase" pub enum Category {
        /// Brings artifacts into the pipeline.
        Source,
        /// Makes artifacts of artifacts.
        Build,
        /// Tries them out.
        Test,
        /// Brings them to where they run.
        Deploy,
        /// Lets a person decide.
        Approval,
        /// Calls something.
        Invoke,
        /// Runs commands.
        Compute,
    }

    /// Whose a provider is.
    "PascalCase" pub enum Owner {
        /// The service's own.
        #[serde(rename = "AWS")]
        Aws,
        /// A partner's.
        ThirdParty,
        /// One's own.
        Custom,
    }

    /// What happens if a condition is not met.
    "UPPERCASE" pub enum ConditionResult {
        /// The stage goes back to the last execution that succeeded in it.
        Rollback,
        /// The stage fails.
        Fail,
        /// The stage is tried again, once.
        Retry,
        /// The stage is left out.
        Skip,
    }

    /// What of a failed stage is tried again.
    "SCREAMING_SNAKE_CASE" pub enum RetryMode {
        /// The actions that failed, and those after them.
        FailedActions,
        /// All actions, from the first.
        AllActions,
    }
}

/// Run order of an action that does not say (API).
fn first() -> u32 {
    1
}

impl Category {
    /// All, in the order in which a change meets them.
    pub const ALL: [Self; 7] = [Self::Source, Self::Build, Self::Test, Self::Approval, Self::Deploy, Self::Invoke, Self::Compute];
}

impl RetryConfiguration {
    /// Which actions are tried again; the failed ones if it does not say (chosen for Fleetlab; the API names no default).
    pub fn mode(&self) -> RetryMode {
        self.retry_mode.unwrap_or(RetryMode::FailedActions)
    }
}

impl Pipeline {
    /// Its type; V1 if it does not say, as for pipelines from before there were two.
    pub fn kind(&self) -> PipelineType {
        self.pipeline_type.unwrap_or(PipelineType::V1)
    }

    /// Its execution mode; SUPERSEDED if it does not say (API).
    pub fn mode(&self) -> ExecutionMode {
        self.execution_mode.unwrap_or(ExecutionMode::Superseded)
    }
}

impl Action {
    /// Whether a person decides it.
    pub fn is_approval(&self) -> bool {
        self.action_type_id.category == Category::Approval
    }

    /// After how long it counts as failed.
    pub fn time_limit(&self) -> SimSpan {
        match self.timeout_in_minutes {
            Some(minutes) if self.is_approval() => SimSpan::from_secs(u64::from(minutes) * 60),
            _ => providers::time_limit(&self.action_type_id),
        }
    }
}

impl Rule {
    /// After how long it counts as failed.
    pub fn time_limit(&self) -> SimSpan {
        self.timeout_in_minutes.map_or(limits::RULE, |minutes| SimSpan::from_secs(u64::from(minutes) * 60))
    }
}
