//! What is wrong with a declaration: every mistake at once, each with the path to where it is.
//!
//! The rules are the user guide's ("Pipeline structure reference", "Quotas", "Valid action providers", "Configure
//! conditions for a stage") and the API's bounds. Texts that a template fills in later (`${…}`) are not looked at. It
//! knows no file syntax: who read the pipeline from a file turns a path into a position. A new rule is a [`Reason`] and
//! a line in the file of its concern beside this one.

mod actions;
mod artifacts;
mod conditions;
mod names;
mod reason;
mod references;
#[cfg(test)]
mod tests;

pub use reason::Reason;

use std::fmt;

use serde::Serialize;

use super::definition::{ExecutionMode, Pipeline, PipelineType, Stage};
use super::{limits, rules};

/// One step of a path into a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A key of the service's structure, as its JSON spells it.
    Field(&'static str),
    /// A key that the author chose: of a configuration, or a region.
    Key(String),
    /// An element of a list.
    Index(usize),
}

/// Where in a declaration something is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The value of a key of the structure in here.
    #[must_use]
    pub fn field(&self, name: &'static str) -> Self {
        self.then(Step::Field(name))
    }
    /// The value of a key that the author chose in here.
    #[must_use]
    pub fn key(&self, name: &str) -> Self {
        self.then(Step::Key(name.to_owned()))
    }
    /// An element in here.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }
    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Field(name) => write!(f, "{}{name}", if n == 0 { "" } else { "." })?,
                Step::Key(name) => write!(f, "{}{name}", if n == 0 { "" } else { "." })?,
            }
        }
        Ok(())
    }
}

impl Serialize for Path {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A mistake in a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Where it is.
    pub path: Path,
    /// What it is.
    pub reason: Reason,
}

impl Mistake {
    /// Whether the pipeline can run all the same, and is taken for what was probably meant.
    pub fn is_warning(&self) -> bool {
        self.reason.is_warning()
    }
}

/// A declaration without mistakes; there may be warnings.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Checked(Pipeline);

impl Checked {
    /// Takes a declaration if nothing is wrong with it; else says what.
    pub fn new(pipeline: Pipeline) -> Result<Self, Vec<Mistake>> {
        let mistakes = check(&pipeline);
        if mistakes.iter().all(Mistake::is_warning) { Ok(Self(pipeline)) } else { Err(mistakes) }
    }

    /// The declaration.
    pub fn get(&self) -> &Pipeline {
        &self.0
    }
}

/// Everything that is wrong or odd about a pipeline: first stage by stage, then its artifacts, then its variables.
pub fn check(pipeline: &Pipeline) -> Vec<Mistake> {
    let mut checker = Checker { pipeline, mistakes: Vec::new(), is_wrong: false };
    let root = Path::default();
    checker.pipeline(&root);
    for (at, stage) in pipeline.stages.iter().enumerate().take(limits::STAGES) {
        let actions = root.field("stages").index(at).field("actions");
        checker.count(&actions, "actions", stage.actions.len(), 1, limits::ACTIONS);
    }
    // Of a declaration beyond all bounds there is no end of mistakes; its size is the one that matters.
    if pipeline.stages.len() > limits::STAGES || pipeline.stages.iter().any(|stage| stage.actions.len() > limits::ACTIONS) {
        return checker.mistakes;
    }
    for (at, stage) in pipeline.stages.iter().enumerate() {
        checker.stage(at, stage, &root.field("stages").index(at));
    }
    checker.artifacts();
    checker.references();
    checker.mistakes
}

/// Rules that ask about alarms which do not exist, where it is known which do.
pub fn unknown_alarms(pipeline: &Pipeline, known: &[&str]) -> Vec<Mistake> {
    let stages = Path::default().field("stages");
    let all = pipeline.stages.iter().enumerate().flat_map(|(at, stage)| conditions::rules(stage, &stages.index(at)));
    let about_alarms = all.flat_map(|(rules, _)| rules).filter(|(_, rule)| rule.rule_type_id.provider == "CloudWatchAlarm");
    about_alarms
        .filter_map(|(path, rule)| {
            let name = rules::alarm(rule.configuration.get("AlarmName")?);
            // A name that is filled in later may be any.
            let is_known = is_open(name) || name.contains("#{") || known.contains(&name);
            let reason = Reason::UnknownAlarm { name: name.to_owned(), known: known.iter().map(|name| (*name).to_owned()).collect() };
            (!is_known).then(|| Mistake { path: path.field("configuration").key("AlarmName"), reason })
        })
        .collect()
}

/// Whether a template fills a text in later, so that nothing can be said about it now.
pub fn is_open(text: &str) -> bool {
    text.contains("${")
}

struct Checker<'a> {
    pipeline: &'a Pipeline,
    mistakes: Vec<Mistake>,
    /// Whether there is more among them than warnings.
    is_wrong: bool,
}

impl Checker<'_> {
    fn add(&mut self, path: &Path, reason: Reason) {
        // However many warnings there are, the first thing that is wrong is told.
        if self.mistakes.len() < limits::MISTAKES || !self.is_wrong && !reason.is_warning() {
            self.is_wrong |= !reason.is_warning();
            self.mistakes.push(Mistake { path: path.clone(), reason });
        }
    }

    /// Whether looking further is of no use.
    fn is_full(&self) -> bool {
        self.is_wrong && self.mistakes.len() >= limits::MISTAKES
    }

    /// Adds a mistake if there are too few or too many of something.
    fn count(&mut self, path: &Path, what: &'static str, count: usize, least: usize, most: usize) {
        if count < least {
            self.add(path, Reason::TooFew { what, count, least });
        } else if count > most {
            self.add(path, Reason::TooMany { what, count, most });
        }
    }

    /// Says that something needs type V2, if the pipeline is not of it.
    fn needs_v2(&mut self, path: &Path, what: &str) {
        if self.pipeline.kind() == PipelineType::V1 {
            // Genuine declarations leave the type out and mean the newer one.
            let said = self.pipeline.pipeline_type.is_some();
            self.add(path, Reason::NeedsV2 { what: what.to_owned(), said });
        }
    }

    fn pipeline(&mut self, root: &Path) {
        let pipeline = self.pipeline;
        self.name(&root.field("name"), "pipeline", &pipeline.name);
        if pipeline.mode() != ExecutionMode::Superseded {
            self.needs_v2(&root.field("executionMode"), &format!("execution mode {}", pipeline.mode()));
        }
        if let (Some(_), Some(_)) = (&pipeline.artifact_store, &pipeline.artifact_stores) {
            self.add(&root.field("artifactStores"), Reason::BothArtifactStores);
        }
        self.count(&root.field("stages"), "stages", pipeline.stages.len(), limits::FEWEST_STAGES, limits::STAGES);
        let variables = root.field("variables");
        self.count(&variables, "variables", pipeline.variables.len(), 0, limits::VARIABLES);
        if !pipeline.variables.is_empty() {
            self.needs_v2(&variables, "a variable");
        }
        let names = pipeline.variables.iter().map(|variable| variable.name.as_str());
        self.unique(&variables, "variable", names.take(limits::VARIABLES));
        for (n, variable) in pipeline.variables.iter().enumerate().take(limits::VARIABLES) {
            let at = variables.index(n);
            self.variable_name(&at.field("name"), &variable.name);
            if let Some(value) = &variable.default_value {
                self.length(&at.field("defaultValue"), "default value", value, 1, limits::VARIABLE_VALUE);
            }
        }
        self.triggers(&root.field("triggers"));
        let names = pipeline.stages.iter().map(|stage| stage.name.as_str());
        self.unique(&root.field("stages"), "stage", names.take(limits::STAGES));
    }

    fn triggers(&mut self, triggers: &Path) {
        let pipeline = self.pipeline;
        self.count(triggers, "triggers", pipeline.triggers.len(), 0, limits::TRIGGERS);
        if !pipeline.triggers.is_empty() {
            self.needs_v2(triggers, "a trigger");
        }
        for (n, trigger) in pipeline.triggers.iter().enumerate().take(limits::TRIGGERS) {
            let name = &trigger.git_configuration.source_action_name;
            let sources = || pipeline.stages.first().into_iter().flat_map(|stage| &stage.actions).map(|action| &action.name);
            if !is_open(name) && !sources().any(|source| source == name || is_open(source)) {
                let path = triggers.index(n).field("gitConfiguration").field("sourceActionName");
                self.add(&path, Reason::UnknownSource { name: name.clone(), known: sources().cloned().collect() });
            }
        }
    }

    fn stage(&mut self, at: usize, stage: &Stage, path: &Path) {
        self.name(&path.field("name"), "stage", &stage.name);
        let actions = path.field("actions");
        self.unique(&actions, "action", stage.actions.iter().map(|action| action.name.as_str()));
        for (n, action) in stage.actions.iter().enumerate() {
            self.action(at, action, &actions.index(n));
        }
        self.conditions(at, stage, path);
    }
}
