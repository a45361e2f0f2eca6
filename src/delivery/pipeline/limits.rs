//! Every bound that a pipeline and its executions keep, in one place, each with its source.
//!
//! "API" is the service's model, `codepipeline/2015-07-09` in botocore 1.44.5; "quotas" is the page "Quotas" of
//! the user guide. To add a bound, add a constant here and name it where it is kept.

use crate::units::SimSpan;

/// Fewest stages of a pipeline (quotas).
pub const FEWEST_STAGES: usize = 2;
/// Stages of a pipeline (quotas).
pub const STAGES: usize = 50;
/// Actions of a stage, those at once and those one after the other together (quotas).
pub const ACTIONS: usize = 50;
/// Variables of a pipeline (API).
pub const VARIABLES: usize = 50;
/// Triggers of a pipeline (API).
pub const TRIGGERS: usize = 50;
/// Conditions of one kind on a stage (API).
pub const CONDITIONS: usize = 1;
/// Rules of a condition (API).
pub const RULES: usize = 5;
/// Shell commands of an action or a rule (API).
pub const COMMANDS: usize = 50;
/// Environment variables of an action (API).
pub const ENVIRONMENT: usize = 10;
/// Variables that a compute action exports (API).
pub const OUTPUT_VARIABLES: usize = 15;
/// Length of the name of a pipeline, stage, action, rule, artifact or namespace [characters] (API).
pub const NAME: usize = 100;
/// Length of the name of a pipeline's variable [characters] (API).
pub const VARIABLE_NAME: usize = 128;
/// Length of the value of a pipeline's variable [characters] (API).
pub const VARIABLE_VALUE: usize = 1_000;
/// Length of the name of a configuration key [characters] (API).
pub const CONFIGURATION_KEY: usize = 50;
/// Length of the value of an action's configuration key [characters] (API).
pub const CONFIGURATION_VALUE: usize = 1_000;
/// Length of the value of a rule's configuration key [characters] (API).
pub const RULE_VALUE: usize = 10_000;
/// Length of a command [characters] (API).
pub const COMMAND: usize = 1_000;
/// Largest run order of an action; the smallest is 1 (API).
pub const RUN_ORDER: u32 = 999;
/// Shortest time limit that an approval or a rule can be given [min] (API).
pub const SHORTEST_TIMEOUT: u32 = 5;
/// Longest time limit that an approval or a rule can be given [min]: 60 days (API).
pub const LONGEST_TIMEOUT: u32 = 86_400;
/// Length of the reason for which an execution is stopped [characters] (API).
pub const STOP_REASON: usize = 200;
/// Length of the reason for which a transition is disabled [characters] (API).
pub const DISABLED_REASON: usize = 300;
/// Length of what an action or a rule says at its end [characters] (API); the rest is cut off.
pub const SUMMARY: usize = 2_048;
/// Length of the answer to an approval [characters] (API); the rest is cut off.
pub const APPROVAL_SUMMARY: usize = 512;
/// Length of a source revision [characters] (API).
pub const REVISION: usize = 1_500;
/// Times that a failed stage is tried again by itself (API, `RetryStageMetadata`: one attempt is allowed).
pub const AUTOMATIC_RETRIES: u32 = 1;

/// Mistakes that are told of one declaration, and names that are told with a mistake (chosen for Fleetlab): after that a
/// person stops reading anyway, and a hostile declaration would go on for long.
pub const MISTAKES: usize = 200;

/// Executions in progress at once in QUEUED and PARALLEL mode. The service refuses more with
/// `ConcurrentPipelineExecutionsLimitExceededException`; its number is not in the model, so 50 is chosen for Fleetlab.
pub const CONCURRENT: usize = 50;
/// Executions that are remembered (chosen for Fleetlab; the service remembers those of twelve months).
pub const REMEMBERED: usize = 1_000;
/// Size of all output variables of an execution [B] (chosen for Fleetlab; the service refuses more with
/// `OutputVariablesSizeExceededException`).
pub const OUTPUT_BYTES: usize = 128 << 10;
/// Length of a configuration value once its variables are filled in [characters] (chosen for Fleetlab): as much as the
/// longest value of a rule.
pub const RESOLVED: usize = RULE_VALUE;

/// How long an approval waits if its action does not say: 7 days (quotas).
pub const APPROVAL: SimSpan = SimSpan::from_secs(7 * 24 * 3_600);
/// How long a rule may take if it does not say: a day (chosen for Fleetlab).
pub const RULE: SimSpan = SimSpan::from_secs(24 * 3_600);
