//! Who can do what: the providers of actions and of rules that the service knows, and what each needs.
//!
//! From the user guide's "Valid action providers", "Valid input and output artifacts for each action type", "Action
//! structure reference", "Rule structure reference" and "Quotas". Providers of the owner `Custom` are one's own and not
//! in the table. It knows nothing of what a provider does. To add one, add a line.

use std::ops::RangeInclusive;

use super::definition::{ActionTypeId, Category, Owner};
use super::limits;
use crate::units::SimSpan;

/// A provider of actions.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// What kind of thing it does.
    pub category: Category,
    /// Whose it is.
    pub owner: Owner,
    /// What it is called.
    pub name: &'static str,
    /// Keys that its configuration must have.
    pub needs: &'static [&'static str],
    /// How many artifacts it reads.
    pub inputs: RangeInclusive<usize>,
    /// How many artifacts it makes.
    pub outputs: RangeInclusive<usize>,
    /// Whether only pipelines of type V2 can have it.
    pub v2: bool,
}

const fn provider(
    category: Category,
    owner: Owner,
    name: &'static str,
    needs: &'static [&'static str],
    inputs: RangeInclusive<usize>,
    outputs: RangeInclusive<usize>,
) -> Provider {
    Provider { category, owner, name, needs, inputs, outputs, v2: false }
}

const fn v2(provider: Provider) -> Provider {
    Provider { v2: true, ..provider }
}

use Category::{Approval, Build, Compute, Deploy, Invoke, Source, Test};
use Owner::{Aws, Custom, ThirdParty};

/// The providers, by category. Where the guide gives no number of artifacts for a provider, it is what its page's
/// example and its kind allow.
pub const PROVIDERS: &[Provider] = &[
    provider(Approval, Aws, "Manual", &[], 0..=0, 0..=0),
    provider(Build, Aws, "CodeBuild", &["ProjectName"], 1..=5, 0..=5),
    v2(provider(Build, Aws, "ECRBuildAndPublish", &["ECRRepositoryName"], 1..=1, 0..=1)),
    v2(provider(Compute, Aws, "Commands", &[], 1..=10, 0..=1)),
    provider(Deploy, Aws, "AppConfig", &["Application", "Environment", "ConfigurationProfile", "InputArtifactConfigurationPath"], 1..=1, 0..=0),
    provider(Deploy, Aws, "CloudFormation", &["ActionMode", "StackName"], 0..=10, 0..=1),
    provider(Deploy, Aws, "CloudFormationStackInstances", &["StackSetName"], 0..=10, 0..=1),
    provider(Deploy, Aws, "CloudFormationStackSet", &["StackSetName", "TemplatePath"], 1..=10, 0..=1),
    provider(Deploy, Aws, "CodeDeploy", &["ApplicationName", "DeploymentGroupName"], 1..=1, 0..=0),
    provider(
        Deploy,
        Aws,
        "CodeDeployToECS",
        &["ApplicationName", "DeploymentGroupName", "TaskDefinitionTemplateArtifact", "AppSpecTemplateArtifact"],
        1..=5,
        0..=0,
    ),
    v2(provider(Deploy, Aws, "EC2", &[], 1..=1, 0..=0)),
    provider(Deploy, Aws, "ECS", &["ClusterName", "ServiceName"], 1..=1, 0..=0),
    v2(provider(Deploy, Aws, "EKS", &["ClusterName"], 0..=1, 0..=0)),
    provider(Deploy, Aws, "ElasticBeanstalk", &["ApplicationName", "EnvironmentName"], 1..=1, 0..=0),
    v2(provider(Deploy, Aws, "Lambda", &["FunctionName"], 0..=1, 0..=0)),
    provider(Deploy, Aws, "OpsWorks", &["Stack", "App"], 1..=1, 0..=0),
    provider(Deploy, Aws, "S3", &["BucketName", "Extract"], 1..=1, 0..=0),
    provider(Deploy, Aws, "ServiceCatalog", &[], 1..=1, 0..=0),
    provider(Deploy, ThirdParty, "AlexaSkillsKit", &["ClientId", "ClientSecret", "RefreshToken", "SkillId"], 1..=2, 0..=0),
    v2(provider(Invoke, Aws, "CodePipeline", &["PipelineName"], 0..=1, 0..=0)),
    v2(provider(Invoke, Aws, "InspectorScan", &["InspectorRunMode"], 1..=1, 0..=1)),
    provider(Invoke, Aws, "Lambda", &["FunctionName"], 0..=5, 0..=5),
    provider(Invoke, Aws, "StepFunctions", &["StateMachineArn"], 0..=1, 0..=1),
    provider(Invoke, ThirdParty, "Snyk", &[], 1..=1, 0..=1),
    provider(Source, Aws, "CodeCommit", &["RepositoryName", "BranchName"], 0..=0, 1..=1),
    provider(Source, Aws, "CodeStarSourceConnection", &["ConnectionArn", "FullRepositoryId", "BranchName"], 0..=0, 1..=1),
    provider(Source, Aws, "ECR", &["RepositoryName"], 0..=0, 1..=1),
    provider(Source, Aws, "S3", &["S3Bucket", "S3ObjectKey"], 0..=0, 1..=1),
    provider(Source, ThirdParty, "CodeStarSourceConnection", &["ConnectionArn", "FullRepositoryId", "BranchName"], 0..=0, 1..=1),
    provider(Source, ThirdParty, "GitHub", &["Owner", "Repo", "Branch", "OAuthToken"], 0..=0, 1..=1),
    provider(Test, Aws, "CodeBuild", &["ProjectName"], 1..=5, 0..=5),
    provider(Test, Aws, "DeviceFarm", &["ProjectId", "DevicePoolArn"], 1..=1, 0..=0),
    provider(Test, ThirdParty, "BlazeMeter", &[], 0..=5, 0..=5),
    provider(Test, ThirdParty, "GhostInspector", &[], 0..=5, 0..=5),
    provider(Test, ThirdParty, "Nouvola", &[], 0..=5, 0..=5),
    provider(Test, ThirdParty, "Runscope", &[], 0..=5, 0..=5),
    provider(Test, ThirdParty, "StormRunnerLoad", &[], 0..=5, 0..=5),
];

/// How many artifacts an action of one's own reads or makes.
pub const CUSTOM_ARTIFACTS: RangeInclusive<usize> = 0..=5;

/// What a provider's name turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// A provider of the table, by its name.
    Exactly(&'static Provider),
    /// A provider of the table, by another spelling that genuine files have, such as `AWS CodeBuild`.
    TakenFor(&'static Provider),
    /// One's own.
    Custom,
    /// None.
    Unknown,
}

/// Which provider an action names.
pub fn known(kind: &ActionTypeId) -> Known {
    if kind.owner == Custom {
        return Known::Custom;
    }
    let candidates = || of(kind.category, kind.owner);
    if let Some(provider) = candidates().find(|provider| provider.name == kind.provider) {
        return Known::Exactly(provider);
    }
    let plain = |name: &str| {
        let name = name.trim();
        let name = name.strip_prefix("AWS ").or_else(|| name.strip_prefix("Amazon ")).unwrap_or(name);
        name.replace(' ', "").to_ascii_lowercase()
    };
    match candidates().find(|provider| plain(provider.name) == plain(&kind.provider)) {
        Some(provider) => Known::TakenFor(provider),
        None => Known::Unknown,
    }
}

/// The providers of a category and an owner.
pub fn of(category: Category, owner: Owner) -> impl Iterator<Item = &'static Provider> {
    PROVIDERS.iter().filter(move |provider| provider.category == category && provider.owner == owner)
}

/// Keys that the configuration of a `CloudFormation` action must have besides, by its `ActionMode`.
pub fn needs_for_mode(mode: &str) -> &'static [&'static str] {
    match mode {
        "CREATE_UPDATE" | "REPLACE_ON_FAILURE" => &["TemplatePath"],
        "CHANGE_SET_REPLACE" => &["TemplatePath", "ChangeSetName"],
        "CHANGE_SET_EXECUTE" => &["ChangeSetName"],
        _ => &[],
    }
}

/// After how long an action of a provider counts as failed ("Quotas": lengths of time before an action times out).
pub fn time_limit(kind: &ActionTypeId) -> SimSpan {
    let hours = |hours: u64| SimSpan::from_secs(hours * 3_600);
    let name = match known(kind) {
        Known::Custom => return hours(24),
        Known::Unknown => return hours(1),
        Known::Exactly(provider) | Known::TakenFor(provider) => provider.name,
    };
    match (kind.category, name) {
        (Category::Approval, _) => limits::APPROVAL,
        (Deploy, "CloudFormation" | "CloudFormationStackSet" | "CloudFormationStackInstances") => hours(3 * 24),
        (Deploy, "CodeDeploy" | "CodeDeployToECS") => hours(5 * 24),
        (Deploy, "S3") => SimSpan::from_secs(90 * 60),
        (Build | Test, "CodeBuild") => hours(8),
        (Invoke, "Lambda") => hours(24),
        (Invoke, "StepFunctions") => hours(7 * 24),
        _ => hours(1),
    }
}

/// A provider of rules, and the keys that its configuration must have.
pub const RULES: &[(&str, &[&str])] = &[
    ("CloudWatchAlarm", &["AlarmName"]),
    ("CodeBuild", &["ProjectName"]),
    ("Commands", &[]),
    ("DeploymentWindow", &["Cron"]),
    ("LambdaInvoke", &["FunctionName"]),
    ("VariableCheck", &["Variable", "Value", "Operator"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(category: Category, owner: Owner, provider: &str) -> ActionTypeId {
        ActionTypeId { category, owner, provider: provider.to_owned(), version: "1".to_owned() }
    }

    #[test]
    fn providers_are_known_by_category_owner_and_name() {
        assert!(matches!(known(&kind(Build, Aws, "CodeBuild")), Known::Exactly(provider) if provider.needs == ["ProjectName"]));
        assert!(matches!(known(&kind(Build, Aws, "AWS CodeBuild")), Known::TakenFor(provider) if provider.name == "CodeBuild"));
        assert!(matches!(known(&kind(Source, Aws, "Amazon ECR")), Known::TakenFor(provider) if provider.name == "ECR"));
        assert_eq!(known(&kind(Deploy, Aws, "CodeBuild")), Known::Unknown);
        assert_eq!(known(&kind(Deploy, Custom, "Artifactory")), Known::Custom);
    }

    #[test]
    fn no_provider_is_in_the_table_twice() {
        for (n, one) in PROVIDERS.iter().enumerate() {
            assert!(!PROVIDERS[..n].iter().any(|other| (other.category, other.owner, other.name) == (one.category, one.owner, one.name)), "{one:?}");
        }
        assert!(RULES.is_sorted());
    }

    #[test]
    fn actions_time_out_as_the_quotas_say() {
        for (category, owner, provider, hours) in [
            (Approval, Aws, "Manual", 168),
            (Build, Aws, "CodeBuild", 8),
            (Deploy, Aws, "CloudFormation", 72),
            (Deploy, Aws, "CodeDeploy", 120),
            (Deploy, Aws, "ECS", 1),
            (Invoke, Aws, "Lambda", 24),
            (Deploy, Custom, "Artifactory", 24),
        ] {
            assert_eq!(time_limit(&kind(category, owner, provider)), SimSpan::from_secs(hours * 3_600), "{provider}");
        }
    }
}
