//! The functions that goals may ask of a run, one file for each thing that is asked about.
//!
//! To add a function: an entry in [`FUNCTIONS`] of its file, with its parameters, what it gives and its unit. To add a file:
//! a `mod` line and a line in [`all`]. Arguments are written as texts, so that every name in a goal is checked when the goal
//! is read.

mod delivery;
mod experiment;
mod fleet;
mod learner;
mod operations;
mod pipeline;
mod signals;
mod truth;

use crate::delivery::build::timeline::PhaseType;
use crate::delivery::pipeline::definition::Category;
use crate::ids::{FeatureId, ServiceId, SourceId, VersionId};
use crate::insight::golden::Subject;
use crate::insight::judge::Measured;
use crate::lab::Session;
use crate::lesson::expression::{Names, Scope};
use crate::lesson::kind::Kind;
use crate::scenario::Action;
use crate::telemetry::whole;
use crate::telemetry::window::Window;
use crate::units::{SimSpan, SimTime};

/// The window that begins with the step of a lesson.
const STEP: &str = "step";

/// Something that a goal may ask.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its parameters, in order.
    pub params: &'static [Param],
    /// How many of them have to be given.
    pub needs: usize,
    /// What it gives, with its unit.
    pub about: &'static str,
    /// What kind of value that is.
    pub gives: Kind,
    /// Asks it; an argument that is not given is `None`.
    ask: fn(&Asked<'_>) -> Measured,
}

impl Function {
    /// The same for something that gives a share.
    const fn share(self) -> Self {
        Self { gives: Kind::Share, ..self }
    }
}

/// What a parameter names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// Whose signals: `users`, `users:` and a traffic source, a service, or `service@version`.
    Of,
    /// A service.
    Service,
    /// A version of the service before it.
    Version,
    /// How much of the past: a time such as `5m`, or `step` for what came since the step of a lesson began. Not given:
    /// everything since the warm-up.
    Window,
    /// An alarm.
    Alarm,
    /// An objective (`[slos]`).
    Objective,
    /// A feature flag.
    Flag,
    /// A kind of action, such as `restart`.
    Action,
    /// What an earlier step of a lesson measured, as `step.value`.
    Value,
    /// Something that a lesson's world may have drawn.
    Draw,
    /// A category of a pipeline's actions, such as `Test`.
    Category,
    /// A build project.
    Project,
    /// A phase of a build, such as `INSTALL`.
    Phase,
    /// Some words of a command.
    Words,
    /// A setting of a strategy, by the keys that lead to it.
    Setting,
}

impl Param {
    /// What it is called in documentation.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Of => "of",
            Self::Service => "service",
            Self::Version => "version",
            Self::Window => "window",
            Self::Alarm => "alarm",
            Self::Objective => "objective",
            Self::Flag => "flag",
            Self::Action => "action",
            Self::Value => "value",
            Self::Draw => "draw",
            Self::Category => "category",
            Self::Project => "project",
            Self::Phase => "phase",
            Self::Words => "words",
            Self::Setting => "setting",
        }
    }
}

/// An argument that means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// What is wrong.
    pub message: String,
    /// The names that there are.
    pub known: Vec<String>,
}

/// Every function, in the order of the documentation.
pub fn all() -> impl Iterator<Item = &'static Function> {
    let files = [
        signals::FUNCTIONS,
        fleet::FUNCTIONS,
        delivery::FUNCTIONS,
        pipeline::FUNCTIONS,
        operations::FUNCTIONS,
        experiment::FUNCTIONS,
        learner::FUNCTIONS,
        truth::FUNCTIONS,
    ];
    files.into_iter().flatten()
}

/// The function of a name.
pub fn named(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name == name)
}

impl Function {
    /// How it is called: `name(of, window)`; what may be left out stands in brackets.
    pub fn signature(&self) -> String {
        let params = self.params.iter().enumerate().map(|(at, param)| {
            let comma = if at == 0 { "" } else { ", " };
            if at < self.needs { format!("{comma}{}", param.name()) } else { format!("[{comma}{}]", param.name()) }
        });
        format!("{}({})", self.name, params.collect::<String>())
    }

    /// Whether arguments mean something in a scenario; how many there are is right already.
    pub(super) fn check(&self, arguments: &[String], names: &Names<'_>) -> Result<(), Unknown> {
        for (at, (param, argument)) in self.params.iter().zip(arguments).enumerate() {
            let before = at.checked_sub(1).and_then(|at| arguments.get(at)).map(String::as_str);
            param.check(argument, before, names)?;
        }
        Ok(())
    }

    /// What a run answers.
    pub(super) fn ask(&self, scope: &Scope<'_>, arguments: &[String]) -> Measured {
        (self.ask)(&Asked { session: scope.session, scope: *scope, params: self.params, arguments })
    }
}

impl Param {
    fn check(self, argument: &str, before: Option<&str>, names: &Names<'_>) -> Result<(), Unknown> {
        let scenario = names.scenario;
        let among = |known: Vec<String>, what: &str| {
            if known.iter().any(|name| name == argument) { Ok(()) } else { Err(Unknown { message: format!("there is no {what} `{argument}`"), known }) }
        };
        let services = || scenario.model.services.iter().map(|service| service.name.clone()).collect::<Vec<_>>();
        let versions = |service: &str| {
            let of = scenario.model.services.iter().find(|known| known.name == service);
            of.map_or_else(Vec::new, |of| of.versions.iter().map(|version| scenario.model.versions[version.index()].name.clone()).collect())
        };
        match self {
            Self::Of => {
                let sources = scenario.model.sources.iter().map(|source| format!("users:{}", source.name));
                let of_versions = services().into_iter().flat_map(|name| versions(&name).into_iter().map(move |version| format!("{name}@{version}")));
                among(["users".to_owned()].into_iter().chain(services()).chain(sources).chain(of_versions).collect(), "service, version or traffic source")
            }
            Self::Service => among(services(), "service"),
            Self::Version => among(versions(before.unwrap_or_default()), "version"),
            Self::Window if argument == STEP => Ok(()),
            Self::Window => match argument.parse::<SimSpan>() {
                Ok(span) if span > SimSpan::ZERO => Ok(()),
                Ok(_) => Err(Unknown { message: "a window of no time measures nothing".to_owned(), known: Vec::new() }),
                Err(error) => Err(Unknown { message: format!("`{argument}` is no time: {error}"), known: Vec::new() }),
            },
            Self::Alarm => among(scenario.alarm_names().map(str::to_owned).collect(), "alarm"),
            Self::Objective => among(scenario.slos.iter().map(|slo| slo.name.clone()).collect(), "objective"),
            Self::Flag => among(scenario.model.features.iter().map(|flag| flag.name.clone()).collect(), "flag"),
            Self::Action => among(Action::NAMES.map(str::to_owned).to_vec(), "action"),
            Self::Value => among(names.recalled.to_vec(), "value of an earlier step"),
            Self::Draw => among(names.draws.to_vec(), "draw of this world"),
            Self::Category => among(Category::ALL.map(|category| category.to_string()).to_vec(), "category of actions"),
            Self::Project => among(scenario.pipelines.projects.keys().cloned().collect(), "build project"),
            Self::Words if argument.trim().is_empty() => Err(Unknown { message: "no words are in every command".to_owned(), known: Vec::new() }),
            Self::Words => Ok(()),
            Self::Setting => {
                let (first, known) = (argument.split('.').next().unwrap_or_default(), fleet::settings());
                if known.iter().any(|name| name == first) { Ok(()) } else { Err(Unknown { message: format!("no strategy has a setting `{first}`"), known }) }
            }
            Self::Phase => among(PhaseType::ALL.map(|phase| phase.name().to_owned()).to_vec(), "phase of a build"),
        }
    }
}

/// A question with its arguments, which were checked.
struct Asked<'a> {
    session: &'a Session,
    scope: Scope<'a>,
    params: &'static [Param],
    arguments: &'a [String],
}

impl Asked<'_> {
    fn given(&self, param: Param) -> Option<&str> {
        let at = self.params.iter().position(|known| *known == param)?;
        self.arguments.get(at).map(String::as_str)
    }

    fn service(&self) -> Option<ServiceId> {
        self.given(Param::Service).and_then(|name| self.service_named(name))
    }

    fn service_named(&self, name: &str) -> Option<ServiceId> {
        self.session.scenario().model.services.iter().position(|service| service.name == name).map(ServiceId::from_index)
    }

    fn version_named(&self, service: ServiceId, name: &str) -> Option<VersionId> {
        let model = &self.session.scenario().model;
        model.services[service.index()].versions.iter().copied().find(|version| model.versions[version.index()].name == name)
    }

    fn flag(&self) -> Option<FeatureId> {
        let name = self.given(Param::Flag)?;
        self.session.scenario().model.features.iter().position(|flag| flag.name == name).map(FeatureId::from_index)
    }

    /// Whose signals are asked for.
    fn subject(&self) -> Option<Subject> {
        let of = self.given(Param::Of)?;
        if of == "users" {
            return Some(Subject::Users(None));
        }
        if let Some(name) = of.strip_prefix("users:") {
            let source = self.session.scenario().model.sources.iter().position(|source| source.name == name)?;
            return Some(Subject::Users(Some(SourceId::from_index(source))));
        }
        match of.split_once('@') {
            Some((service, version)) => self.version_named(self.service_named(service)?, version).map(Subject::Version),
            None => self.service_named(of).map(Subject::Service),
        }
    }

    /// From when to when is looked at.
    fn stretch(&self) -> (SimTime, SimTime) {
        let store = self.session.store();
        let from = match self.given(Param::Window) {
            Some(STEP) => self.scope.began,
            Some(window) => window.parse::<SimSpan>().map_or(SimTime::ZERO, |span| store.since(span)),
            None => store.measured_from().unwrap_or(SimTime::ZERO),
        };
        (from, self.session.now())
    }

    /// What was recorded of it then; `None` if nothing was.
    fn window(&self) -> Option<Window> {
        let (from, to) = self.stretch();
        whole(self.subject()?.windows(self.session.store(), from, to).iter().map(AsRef::as_ref))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_there_once_and_its_signature_can_be_read() {
        let mut names: Vec<&str> = all().map(|function| function.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(named("error_ratio").map(Function::signature).as_deref(), Some("error_ratio(of[, window])"));
        for function in all() {
            assert!(function.needs <= function.params.len() && !function.about.is_empty(), "{}", function.name);
        }
    }

    /// What is compared is checked by what a function says that it gives.
    #[test]
    fn what_a_function_gives_is_what_its_documentation_says() {
        for function in all() {
            let share = function.about.contains(", 0…1") && function.gives != Kind::Open;
            assert_eq!(function.gives == Kind::Share, share, "{}", function.name);
            if let Kind::OneOf(names) = function.gives {
                let named = names.iter().filter(|name| function.about.contains(&format!("`{name}`"))).count();
                assert!(named == names.len() || function.name == "strategy", "{}: {names:?}", function.name);
            }
        }
    }

    /// The documentation for authors has every function, as it is.
    #[test]
    fn every_function_is_documented() {
        let documentation = include_str!("../../../scenarios/README.md");
        for function in all() {
            let row = format!("| `{}` | {} |", function.signature(), function.about);
            assert!(documentation.contains(&row), "scenarios/README.md lacks: {row}");
        }
    }
}
