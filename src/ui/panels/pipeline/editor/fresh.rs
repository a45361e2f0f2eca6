//! New parts of a declaration, so that each is as right as it can be from the beginning: the smallest legal pipeline, a
//! stage, an action, another provider.
//!
//! What a provider needs comes from `delivery::pipeline::providers`; values for its keys are examples. It draws nothing.

use std::collections::BTreeMap;

use crate::delivery::pipeline::definition::{
    Action, ActionTypeId, ArtifactStore, Category, InputArtifact, OutputArtifact, Owner, Pipeline, PipelineType, Stage,
};
use crate::delivery::pipeline::providers::{self, Provider};
use crate::scenario::Scenario;

/// A name that is not taken yet.
fn unused(wanted: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|n| format!("{wanted}{n}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

/// The provider that a new action of a category has (chosen for Fleetlab: what most declarations of the corpus have).
fn usual(category: Category) -> &'static str {
    match category {
        Category::Source => "CodeStarSourceConnection",
        Category::Build | Category::Test => "CodeBuild",
        Category::Deploy => "ECS",
        Category::Approval => "Manual",
        Category::Invoke => "Lambda",
        Category::Compute => "Commands",
    }
}

/// An example of the value of a configuration key.
fn example(key: &str, category: Category, service: &str, scenario: &Scenario) -> String {
    match key {
        "ProjectName" => project(category, scenario).unwrap_or_else(|| format!("{service}-{}", category.to_string().to_lowercase())),
        "BranchName" | "Branch" => "main".to_owned(),
        "FullRepositoryId" => format!("shop/{service}"),
        "ConnectionArn" => "arn:aws:codestar-connections:eu-west-1:111122223333:connection/00000000-0000-4000-8000-000000000000".to_owned(),
        "RepositoryName" | "ECRRepositoryName" | "Repo" | "ServiceName" | "FunctionName" | "ApplicationName" | "App" | "Application" => service.to_owned(),
        "ClusterName" | "Stack" | "StackName" | "StackSetName" | "Owner" => "shop".to_owned(),
        "DeploymentGroupName" | "Environment" | "EnvironmentName" => "production".to_owned(),
        "ActionMode" => "CREATE_UPDATE".to_owned(),
        "Extract" => "true".to_owned(),
        _ => format!("{service}-{}", key.to_lowercase()),
    }
}

/// The build project that suits a category: one that leaves something to deploy for builds, one that only tries it out for tests.
fn project(category: Category, scenario: &Scenario) -> Option<String> {
    let projects = &scenario.pipelines.projects;
    let suits = projects.iter().find(|(_, project)| project.makes_artifacts() == (category == Category::Build));
    suits.or_else(|| projects.iter().next()).map(|(name, _)| name.clone())
}

/// Everything that a new part is made for.
pub(super) struct Place<'a> {
    /// The pipeline.
    pub(super) pipeline: &'a Pipeline,
    /// The stage that the action is or will be in.
    pub(super) stage: usize,
    /// The name of the service.
    pub(super) service: &'a str,
    /// The scenario, for its build projects.
    pub(super) scenario: &'a Scenario,
}

impl Place<'_> {
    /// The artifacts that are made before the stage, with the category of what makes them, in order.
    pub(super) fn artifacts(&self) -> Vec<(String, Category)> {
        let actions = self.pipeline.stages.iter().take(self.stage).flat_map(|stage| &stage.actions);
        actions.flat_map(|action| action.output_artifacts.iter().map(|made| (made.name.clone(), action.action_type_id.category))).collect()
    }

    /// What a new action of a category reads: deployments what was built, everything else the sources.
    fn input(&self, category: Category) -> Option<String> {
        let all = self.artifacts();
        let wanted = if category == Category::Deploy { Category::Build } else { Category::Source };
        let found = if category == Category::Deploy { all.iter().rev().find(|(_, of)| *of == wanted) } else { all.iter().find(|(_, of)| *of == wanted) };
        found.or_else(|| all.last()).map(|(name, _)| name.clone())
    }

    fn output(&self, category: Category) -> String {
        let wanted = if category == Category::Source { "SourceOutput" } else { "BuildOutput" };
        let made = |name: &str| {
            self.pipeline.stages.iter().flat_map(|stage| &stage.actions).flat_map(|action| &action.output_artifacts).any(|artifact| artifact.name == name)
        };
        unused(wanted, &made)
    }

    /// Gives an action to a provider: the keys that it needs are added, those that only the last one needed go.
    pub(super) fn give(&self, action: &mut Action, provider: &'static Provider) {
        let before = match providers::known(&action.action_type_id) {
            providers::Known::Exactly(before) | providers::Known::TakenFor(before) => before.needs,
            providers::Known::Custom | providers::Known::Unknown => &[],
        };
        action.action_type_id =
            ActionTypeId { category: provider.category, owner: provider.owner, provider: provider.name.to_owned(), version: "1".to_owned() };
        action.configuration.retain(|key, _| provider.needs.contains(&key.as_str()) || !before.contains(&key.as_str()));
        for key in provider.needs {
            let value = || example(key, provider.category, self.service, self.scenario);
            action.configuration.entry((*key).to_owned()).or_insert_with(value);
        }
        action.input_artifacts.truncate(*provider.inputs.end());
        if action.input_artifacts.len() < *provider.inputs.start() {
            action.input_artifacts.extend(self.input(provider.category).map(|name| InputArtifact { name }));
        }
        action.output_artifacts.truncate(*provider.outputs.end());
        let makes = *provider.outputs.start() > 0 || provider.category == Category::Build && *provider.outputs.end() > 0;
        if makes && action.output_artifacts.is_empty() {
            action.output_artifacts.push(OutputArtifact { name: self.output(provider.category), files: Vec::new() });
        }
        if provider.category == Category::Compute && action.commands.is_empty() {
            action.commands.push("echo done".to_owned());
        }
        if provider.category != Category::Approval {
            action.timeout_in_minutes = None;
        }
    }

    /// A new action of a category, of its usual provider.
    pub(super) fn action(&self, category: Category) -> Action {
        let taken = |name: &str| self.pipeline.stages.get(self.stage).is_some_and(|stage| stage.actions.iter().any(|action| action.name == name));
        let mut action = Action {
            name: unused(&category.to_string(), &taken),
            action_type_id: ActionTypeId { category, owner: Owner::Custom, provider: String::new(), version: "1".to_owned() },
            run_order: 1,
            configuration: BTreeMap::new(),
            commands: Vec::new(),
            environment_variables: Vec::new(),
            input_artifacts: Vec::new(),
            output_artifacts: Vec::new(),
            output_variables: Vec::new(),
            role_arn: None,
            region: None,
            namespace: None,
            timeout_in_minutes: None,
        };
        if let Some(provider) = providers::of(category, Owner::Aws).find(|provider| provider.name == usual(category)) {
            self.give(&mut action, provider);
        }
        action
    }
}

/// A stage of one action, and where it belongs: what is checked comes before what is deployed.
fn stage(pipeline: &Pipeline, category: Category, service: &str, scenario: &Scenario) -> (usize, Stage) {
    let first_of = |wanted: Category| pipeline.stages.iter().position(|stage| stage.actions.iter().any(|action| action.action_type_id.category == wanted));
    let at = match category {
        Category::Source => 0,
        Category::Build => first_of(Category::Test).or_else(|| first_of(Category::Deploy)).unwrap_or(pipeline.stages.len()),
        Category::Test | Category::Approval => first_of(Category::Deploy).unwrap_or(pipeline.stages.len()),
        Category::Deploy | Category::Invoke | Category::Compute => pipeline.stages.len(),
    };
    let name = unused(&category.to_string(), &|name| pipeline.stages.iter().any(|stage| stage.name == name));
    // The new stage is not there yet, so that only its place counts.
    let action = Place { pipeline, stage: at, service, scenario }.action(category);
    (at, bare(name, vec![Action { name: category.to_string(), ..action }]))
}

/// Adds a stage of one action where it belongs, and says where. What is deployed after it is what it builds, where that
/// was the sources until now.
pub(super) fn add_stage(pipeline: &mut Pipeline, category: Category, service: &str, scenario: &Scenario) -> usize {
    let (at, stage) = stage(pipeline, category, service, scenario);
    if category == Category::Build
        && let (Some(read), Some(made)) = (stage.actions[0].input_artifacts.first().cloned(), stage.actions[0].output_artifacts.first().cloned())
    {
        let later = pipeline.stages[at..].iter_mut().flat_map(|stage| &mut stage.actions);
        let deployments = later.filter(|action| action.action_type_id.category == Category::Deploy);
        deployments.flat_map(|action| &mut action.input_artifacts).filter(|input| input.name == read.name).for_each(|input| input.name.clone_from(&made.name));
    }
    pipeline.stages.insert(at, stage);
    at
}

fn bare(name: String, actions: Vec<Action>) -> Stage {
    Stage { name, actions, blockers: None, before_entry: None, on_success: None, on_failure: None, inbound_disabled: None }
}

/// The smallest legal pipeline that delivers something: a source and a deployment.
pub(in crate::ui::panels::pipeline) fn smallest(service: &str, scenario: &Scenario) -> Pipeline {
    let mut pipeline = Pipeline {
        name: format!("{service}-pipeline"),
        pipeline_type: Some(PipelineType::V2),
        execution_mode: None,
        role_arn: Some("arn:aws:iam::111122223333:role/pipeline".to_owned()),
        artifact_store: Some(ArtifactStore { kind: "S3".to_owned(), location: format!("{service}-artifacts"), encryption_key: None }),
        artifact_stores: None,
        stages: Vec::new(),
        variables: Vec::new(),
        triggers: Vec::new(),
        version: Some(1),
    };
    for category in [Category::Source, Category::Deploy] {
        add_stage(&mut pipeline, category, service, scenario);
    }
    pipeline
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::pipeline::check::check;
    use crate::delivery::pipeline::providers::PROVIDERS;

    fn scenario() -> Scenario {
        crate::content::load("month-startup").expect("it is in the library").scenario
    }

    #[test]
    fn the_smallest_pipeline_is_legal_and_grows_in_the_order_of_the_trade() {
        let scenario = scenario();
        let mut pipeline = smallest("cart", &scenario);
        assert_eq!(check(&pipeline), []);
        assert_eq!(pipeline.stages.len(), 2);
        for category in [Category::Test, Category::Build, Category::Approval] {
            add_stage(&mut pipeline, category, "cart", &scenario);
            assert_eq!(check(&pipeline), [], "{category}");
        }
        let names: Vec<&str> = pipeline.stages.iter().map(|stage| stage.name.as_str()).collect();
        assert_eq!(names, ["Source", "Build", "Test", "Approval", "Deploy"]);
        assert_eq!(pipeline.stages[1].actions[0].configuration["ProjectName"], "boutique-build");
        assert_eq!(pipeline.stages[2].actions[0].configuration["ProjectName"], "boutique-test");
        let read: Vec<&str> = pipeline.stages.iter().map(|stage| stage.actions[0].input_artifacts.first().map_or("", |input| input.name.as_str())).collect();
        assert_eq!(read, ["", "SourceOutput", "SourceOutput", "", "BuildOutput"], "what was built is deployed");
    }

    #[test]
    fn every_provider_can_be_chosen_without_a_mistake() {
        let scenario = scenario();
        let base = {
            let mut pipeline = smallest("cart", &scenario);
            add_stage(&mut pipeline, Category::Build, "cart", &scenario);
            pipeline
        };
        for provider in PROVIDERS {
            let mut pipeline = base.clone();
            let at = if provider.category == Category::Source { 0 } else { 2 };
            let mut action = pipeline.stages[at].actions[0].clone();
            Place { pipeline: &base, stage: at, service: "cart", scenario: &scenario }.give(&mut action, provider);
            pipeline.stages[at].actions[0] = action;
            let wrong: Vec<_> = check(&pipeline).into_iter().filter(|mistake| !mistake.is_warning()).map(|mistake| mistake.reason.to_string()).collect();
            // Modes of CloudFormation need more, which the form then asks for.
            let expected: &[&str] = if provider.name == "CloudFormation" { &["`CloudFormation` needs `TemplatePath` in its configuration"] } else { &[] };
            assert_eq!(wrong, expected, "{provider:?}");
        }
    }

    #[test]
    fn names_are_never_taken_twice() {
        let scenario = scenario();
        let mut pipeline = smallest("cart", &scenario);
        for _ in 0..3 {
            add_stage(&mut pipeline, Category::Build, "cart", &scenario);
            let action = Place { pipeline: &pipeline, stage: 1, service: "cart", scenario: &scenario }.action(Category::Build);
            pipeline.stages[1].actions.push(action);
        }
        assert_eq!(check(&pipeline), []);
    }
}
