//! An `AWS::CodePipeline::Pipeline` resource as a `CloudFormation` template has it: the same declaration in other words.
//!
//! Keys begin with capitals, scalars of any kind stand for texts, and artifact stores are a list. Here is only the shape
//! and how it becomes a [`Pipeline`]; whether that makes sense is `delivery::pipeline`'s business. A new key of the
//! service is a field here and in the definition.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, Unexpected, Visitor};

use super::super::yaml::Scalar;
use crate::delivery::pipeline::definition as pipeline;
use crate::delivery::pipeline::definition::{Category, ConditionResult, ExecutionMode, Owner, Pipeline, PipelineType, RetryMode};

/// Declares structures with `CloudFormation`'s keys; unknown ones are refused, as it does.
macro_rules! raw {
    ($( $(#[$doc:meta])* struct $name:ident { $( $field:ident: $type:ty ),* $(,)? } )+) => {$(
        $(#[$doc])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub(super) struct $name { $( pub(super) $field: $type ),* }
    )+};
}

/// A list that may be left out.
type List<T> = Option<Vec<T>>;

raw! {
    /// The properties of the resource.
    #[expect(dead_code, reason = "keys that a template may have and the simulation has no use for")]
    struct Properties {
        name: Option<Scalar>,
        pipeline_type: Option<PipelineType>,
        execution_mode: Option<ExecutionMode>,
        role_arn: Option<Scalar>,
        artifact_store: Option<ArtifactStore>,
        artifact_stores: List<RegionalStore>,
        stages: List<Stage>,
        variables: List<Variable>,
        triggers: List<Trigger>,
        disable_inbound_stage_transitions: List<Disabled>,
        restart_execution_on_update: Option<IgnoredAny>,
        tags: Option<IgnoredAny>,
    }
    struct ArtifactStore { r#type: Scalar, location: Scalar, encryption_key: Option<EncryptionKey> }
    struct EncryptionKey { id: Scalar, r#type: Scalar }
    struct RegionalStore { region: Scalar, artifact_store: ArtifactStore }
    struct Variable { name: Scalar, default_value: Option<Scalar>, description: Option<Scalar> }
    struct Trigger { provider_type: Scalar, git_configuration: GitConfiguration }
    struct GitConfiguration { source_action_name: Scalar, push: List<GitPush>, pull_request: List<GitPullRequest> }
    struct GitPush { tags: Option<GitPatterns>, branches: Option<GitPatterns>, file_paths: Option<GitPatterns> }
    struct GitPullRequest { events: List<Scalar>, branches: Option<GitPatterns>, file_paths: Option<GitPatterns> }
    struct GitPatterns { includes: List<Scalar>, excludes: List<Scalar> }
    /// A stage into which nothing may go at first.
    struct Disabled { stage_name: Scalar, reason: Option<Scalar> }
    struct Stage {
        name: Scalar,
        actions: Vec<ActionFile>,
        blockers: Option<Vec<serde_json::Value>>,
        before_entry: Option<Conditions>,
        on_success: Option<Conditions>,
        on_failure: Option<FailureConditions>,
    }
    struct ActionFile {
        name: Scalar,
        action_type_id: ActionTypeId,
        run_order: Option<Number>,
        configuration: Option<BTreeMap<String, Scalar>>,
        commands: List<Scalar>,
        environment_variables: List<EnvironmentVariable>,
        input_artifacts: List<Input>,
        output_artifacts: List<Output>,
        output_variables: List<Scalar>,
        role_arn: Option<Scalar>,
        region: Option<Scalar>,
        namespace: Option<Scalar>,
        timeout_in_minutes: Option<Number>,
    }
    struct ActionTypeId { category: Category, owner: Owner, provider: Scalar, version: Scalar }
    struct Input { name: Scalar }
    struct Output { name: Scalar, files: List<Scalar> }
    struct EnvironmentVariable { name: Scalar, value: Scalar, r#type: Option<Scalar> }
    struct Conditions { conditions: List<Condition> }
    struct FailureConditions { result: Option<ConditionResult>, retry_configuration: Option<RetryConfiguration>, conditions: List<Condition> }
    struct RetryConfiguration { retry_mode: Option<RetryMode> }
    struct Condition { result: Option<ConditionResult>, rules: List<RuleFile> }
    struct RuleFile {
        name: Scalar,
        rule_type_id: RuleTypeId,
        configuration: Option<BTreeMap<String, Scalar>>,
        commands: List<Scalar>,
        input_artifacts: List<Input>,
        role_arn: Option<Scalar>,
        region: Option<Scalar>,
        timeout_in_minutes: Option<Number>,
    }
    struct RuleTypeId { category: Scalar, owner: Option<Scalar>, provider: Scalar, version: Option<Scalar> }
}

/// A whole number, which templates also write as a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number(u32);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of at most ten digits")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Number, E> {
                u32::try_from(number).map(Number).or(Err(E::invalid_value(Unexpected::Signed(number), &self)))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
                u32::try_from(number).map(Number).or(Err(E::invalid_value(Unexpected::Unsigned(number), &self)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                text.parse().map(Number).or(Err(E::invalid_value(Unexpected::Str(text), &self)))
            }
        }
        deserializer.deserialize_any(Whole)
    }
}

impl Properties {
    /// The pipeline. One without a name has that of its resource, to which `CloudFormation` would add something.
    pub(super) fn pipeline(self, logical_id: &str) -> Pipeline {
        Pipeline {
            name: self.name.map_or_else(|| logical_id.to_owned(), |name| name.0),
            pipeline_type: self.pipeline_type,
            execution_mode: self.execution_mode,
            role_arn: text(self.role_arn),
            artifact_store: self.artifact_store.map(ArtifactStore::lower),
            artifact_stores: self.artifact_stores.map(|stores| stores.into_iter().map(|store| (store.region.0, store.artifact_store.lower())).collect()),
            stages: each(self.stages, Stage::lower),
            variables: each(self.variables, |variable| pipeline::Variable {
                name: variable.name.0,
                default_value: text(variable.default_value),
                description: text(variable.description),
            }),
            triggers: each(self.triggers, |trigger| pipeline::Trigger {
                provider_type: trigger.provider_type.0,
                git_configuration: pipeline::GitConfiguration {
                    source_action_name: trigger.git_configuration.source_action_name.0,
                    push: each(trigger.git_configuration.push, |push| pipeline::GitPush {
                        tags: push.tags.map(GitPatterns::lower),
                        branches: push.branches.map(GitPatterns::lower),
                        file_paths: push.file_paths.map(GitPatterns::lower),
                    }),
                    pull_request: each(trigger.git_configuration.pull_request, |request| pipeline::GitPullRequest {
                        events: texts(request.events),
                        branches: request.branches.map(GitPatterns::lower),
                        file_paths: request.file_paths.map(GitPatterns::lower),
                    }),
                },
            }),
            version: None,
        }
    }
}

impl ArtifactStore {
    fn lower(self) -> pipeline::ArtifactStore {
        let encryption_key = self.encryption_key.map(|key| pipeline::EncryptionKey { id: key.id.0, kind: key.r#type.0 });
        pipeline::ArtifactStore { kind: self.r#type.0, location: self.location.0, encryption_key }
    }
}

impl GitPatterns {
    fn lower(self) -> pipeline::GitPatterns {
        pipeline::GitPatterns { includes: texts(self.includes), excludes: texts(self.excludes) }
    }
}

impl Stage {
    fn lower(self) -> pipeline::Stage {
        let conditions = |conditions: Conditions| pipeline::Conditions { conditions: each(conditions.conditions, Condition::lower) };
        pipeline::Stage {
            name: self.name.0,
            actions: self.actions.into_iter().map(ActionFile::lower).collect(),
            blockers: self.blockers,
            before_entry: self.before_entry.map(conditions),
            on_success: self.on_success.map(conditions),
            on_failure: self.on_failure.map(|failure| pipeline::FailureConditions {
                result: failure.result,
                retry_configuration: failure.retry_configuration.map(|retry| pipeline::RetryConfiguration { retry_mode: retry.retry_mode }),
                conditions: each(failure.conditions, Condition::lower),
            }),
            inbound_disabled: None,
        }
    }
}

impl ActionFile {
    fn lower(self) -> pipeline::Action {
        let kind = self.action_type_id;
        pipeline::Action {
            name: self.name.0,
            action_type_id: pipeline::ActionTypeId { category: kind.category, owner: kind.owner, provider: kind.provider.0, version: kind.version.0 },
            run_order: self.run_order.map_or(1, |number| number.0),
            configuration: configuration(self.configuration),
            commands: texts(self.commands),
            environment_variables: each(self.environment_variables, |variable| pipeline::EnvironmentVariable {
                name: variable.name.0,
                value: variable.value.0,
                kind: text(variable.r#type),
            }),
            input_artifacts: each(self.input_artifacts, |input| pipeline::InputArtifact { name: input.name.0 }),
            output_artifacts: each(self.output_artifacts, |output| pipeline::OutputArtifact { name: output.name.0, files: texts(output.files) }),
            output_variables: texts(self.output_variables),
            role_arn: text(self.role_arn),
            region: text(self.region),
            namespace: text(self.namespace),
            timeout_in_minutes: self.timeout_in_minutes.map(|number| number.0),
        }
    }
}

impl Condition {
    fn lower(self) -> pipeline::Condition {
        let rule = |rule: RuleFile| pipeline::Rule {
            name: rule.name.0,
            rule_type_id: pipeline::RuleTypeId {
                category: rule.rule_type_id.category.0,
                owner: text(rule.rule_type_id.owner),
                provider: rule.rule_type_id.provider.0,
                version: text(rule.rule_type_id.version),
            },
            configuration: configuration(rule.configuration),
            commands: texts(rule.commands),
            input_artifacts: each(rule.input_artifacts, |input| pipeline::InputArtifact { name: input.name.0 }),
            role_arn: text(rule.role_arn),
            region: text(rule.region),
            timeout_in_minutes: rule.timeout_in_minutes.map(|number| number.0),
        };
        pipeline::Condition { result: self.result, rules: each(self.rules, rule) }
    }
}

fn text(scalar: Option<Scalar>) -> Option<String> {
    scalar.map(|scalar| scalar.0)
}

fn texts(list: List<Scalar>) -> Vec<String> {
    each(list, |scalar| scalar.0)
}

fn each<T, U>(list: List<T>, lower: impl Fn(T) -> U) -> Vec<U> {
    list.into_iter().flatten().map(lower).collect()
}

fn configuration(raw: Option<BTreeMap<String, Scalar>>) -> BTreeMap<String, String> {
    raw.into_iter().flatten().map(|(key, value)| (key, value.0)).collect()
}
