//! One action: its kind, its place, its configuration, how many artifacts it has.

use super::super::definition::{Action, Category, EnvironmentVariable};
use super::super::providers::{self, Known, Provider};
use super::super::{limits, variables};
use super::{Checker, Path, Reason, is_open};

impl Checker<'_> {
    /// An action of the stage number `stage`.
    pub(super) fn action(&mut self, stage: usize, action: &Action, path: &Path) {
        self.name(&path.field("name"), "action", &action.name);
        self.place(stage, action, path);
        if !(1..=limits::RUN_ORDER).contains(&action.run_order) {
            self.add(&path.field("runOrder"), Reason::RunOrder { found: action.run_order });
        }
        if let Some(minutes) = action.timeout_in_minutes {
            let at = path.field("timeoutInMinutes");
            if action.is_approval() {
                self.timeout(&at, minutes);
            } else {
                self.add(&at, Reason::TimeoutNotAllowed);
            }
        }
        self.provider(action, path);
        for (key, value) in &action.configuration {
            let at = path.field("configuration").key(key);
            self.length(&at, "key", key, 1, limits::CONFIGURATION_KEY);
            self.length(&at, "value", value, 0, limits::CONFIGURATION_VALUE);
        }
        self.commands(&path.field("commands"), &action.commands);
        self.environment(&path.field("environmentVariables"), &action.environment_variables);
        self.count(&path.field("outputVariables"), "output variables", action.output_variables.len(), 0, limits::OUTPUT_VARIABLES);
        if let Some(namespace) = &action.namespace {
            let at = path.field("namespace");
            self.namespace_name(&at, namespace);
            if [variables::PIPELINE, variables::SERVICE].contains(&namespace.as_str()) {
                self.add(&at, Reason::ReservedNamespace { name: namespace.clone() });
            }
        }
    }

    /// Sources are in the first stage, and nothing else is.
    fn place(&mut self, stage: usize, action: &Action, path: &Path) {
        let category = action.action_type_id.category;
        let at = path.field("actionTypeId").field("category");
        if stage == 0 && category != Category::Source {
            self.add(&at, Reason::NotSource { action: action.name.clone(), category });
        } else if stage > 0 && category == Category::Source {
            self.add(&at, Reason::SourceLater { action: action.name.clone() });
        }
    }

    pub(super) fn timeout(&mut self, path: &Path, minutes: u32) {
        if !(limits::SHORTEST_TIMEOUT..=limits::LONGEST_TIMEOUT).contains(&minutes) {
            self.add(path, Reason::Timeout { found: minutes });
        }
    }

    fn provider(&mut self, action: &Action, path: &Path) {
        let kind = &action.action_type_id;
        let at = path.field("actionTypeId").field("provider");
        if is_open(&kind.provider) {
            return;
        }
        match providers::known(kind) {
            Known::Exactly(provider) => self.fits(provider, action, path),
            Known::TakenFor(provider) => {
                self.add(&at, Reason::OddProvider { written: kind.provider.clone(), taken: provider.name });
                self.fits(provider, action, path);
            }
            Known::Custom => self.artifact_counts(&kind.provider, &providers::CUSTOM_ARTIFACTS, &providers::CUSTOM_ARTIFACTS, action, path),
            Known::Unknown => {
                let known = providers::of(kind.category, kind.owner).map(|provider| provider.name).collect();
                self.add(&at, Reason::UnknownProvider { provider: kind.provider.clone(), category: kind.category, owner: kind.owner, known });
            }
        }
    }

    /// What a provider needs.
    fn fits(&mut self, provider: &Provider, action: &Action, path: &Path) {
        if provider.v2 {
            self.needs_v2(&path.field("actionTypeId").field("provider"), &format!("the provider `{}`", provider.name));
        }
        let mode = action.configuration.get("ActionMode").filter(|_| provider.name == "CloudFormation");
        let besides = mode.map_or(&[] as &[_], |mode| providers::needs_for_mode(mode));
        for key in provider.needs.iter().chain(besides).filter(|key| !action.configuration.contains_key(**key)) {
            self.add(&path.field("configuration"), Reason::MissingConfiguration { provider: provider.name.to_owned(), key });
        }
        if provider.category == Category::Compute && action.commands.is_empty() {
            self.add(path, Reason::MissingCommands { provider: provider.name.to_owned() });
        }
        self.artifact_counts(provider.name, &provider.inputs, &provider.outputs, action, path);
    }

    fn artifact_counts(
        &mut self,
        provider: &str,
        inputs: &std::ops::RangeInclusive<usize>,
        outputs: &std::ops::RangeInclusive<usize>,
        action: &Action,
        path: &Path,
    ) {
        let provider = provider.to_owned();
        let found = action.input_artifacts.len();
        if !inputs.contains(&found) {
            let reason = match *inputs.end() {
                0 => Reason::NoInputs { provider: provider.clone() },
                most => Reason::Inputs { provider: provider.clone(), least: *inputs.start(), most, found },
            };
            self.add(&path.field("inputArtifacts"), reason);
        }
        let found = action.output_artifacts.len();
        if !outputs.contains(&found) {
            let reason = match *outputs.end() {
                0 => Reason::NoOutputs { provider },
                most => Reason::Outputs { provider, least: *outputs.start(), most, found },
            };
            self.add(&path.field("outputArtifacts"), reason);
        }
    }

    pub(super) fn commands(&mut self, path: &Path, commands: &[String]) {
        self.count(path, "commands", commands.len(), 0, limits::COMMANDS);
        for (n, command) in commands.iter().enumerate().take(limits::COMMANDS) {
            self.length(&path.index(n), "command", command, 1, limits::COMMAND);
        }
    }

    fn environment(&mut self, path: &Path, environment: &[EnvironmentVariable]) {
        self.count(path, "environment variables", environment.len(), 0, limits::ENVIRONMENT);
        self.unique(path, "environment variable", environment.iter().map(|variable| variable.name.as_str()));
    }
}
