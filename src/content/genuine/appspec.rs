//! `appspec.yml`: what `CodeDeploy` does with a revision, on instances, for ECS services and for Lambda functions.
//!
//! The form decides: a file with `Resources` is for ECS or Lambda, any other for instances (EC2 and on-premises). Both may be
//! YAML or JSON. Templates are read, too: what is blank or filled with a placeholder (`script-location`, `<SERVICE_PORT>`)
//! is a warning. Sources: `CodeDeploy` User Guide, "`AppSpec` file reference"; aws/aws-codedeploy-agent,
//! `application_specification.rb` for what the agent refuses. To read a field more, add it to its struct in `appspec_raw`.

use super::appspec_raw::{Managed, Script, Server, Target, TargetType};
use super::appspec_review::review;
use crate::content::diagnostic::{Code, Collector, Finding};
use crate::content::raw::Entries;
use crate::content::read;
use crate::content::tree::Node;
use crate::content::yaml;
use crate::fleet::deploy::hooks::{Hook, Platform};
use crate::units::SimSpan;

/// A file that could be read.
#[derive(Debug, Clone)]
pub(crate) enum AppSpec {
    /// For instances.
    Server(Box<Server>),
    /// For an ECS service or a Lambda function.
    Managed(Box<Managed>),
}

/// Reads a file, the one at index `file` of the collector's sources; `None` if it cannot be read.
pub(crate) fn read_one(file: usize, text: &str, collector: &mut Collector) -> Option<AppSpec> {
    let mut documents = yaml::parse(file, text, collector)?.into_iter();
    let mut tree = documents.next()?;
    if let Some(second) = documents.next() {
        collector.add(&second.place, Finding::warning(Code::Unused, "only the first document of the file is read").label("nobody looks at this"));
    }
    let spec = spec(&mut tree, collector)?;
    review(&spec, &tree, collector);
    Some(spec)
}

fn spec(tree: &mut Node, collector: &mut Collector) -> Option<AppSpec> {
    if tree.get("Resources").or_else(|| tree.get("resources")).is_some() {
        return read::read(tree, collector).map(|managed| AppSpec::Managed(Box::new(managed)));
    }
    read::read(tree, collector).map(|server| AppSpec::Server(Box::new(server)))
}

impl Script {
    /// How long it may take, if that is written [s].
    pub(super) fn seconds(&self) -> Option<u64> {
        self.timeout.given().and_then(|timeout| timeout.0.trim().parse().ok())
    }
}

impl Managed {
    /// The targets by name.
    pub(super) fn targets(&self) -> impl Iterator<Item = (&str, &Target)> {
        self.resources.given().into_iter().flatten().flat_map(Entries::iter)
    }
}

impl AppSpec {
    /// What it is for, if that is clear. Instances stay where they are, as far as the file is concerned.
    pub(crate) fn platform(&self) -> Option<Platform> {
        match self {
            Self::Server(_) => Some(Platform::InPlace { load_balancer: true }),
            Self::Managed(managed) => managed.targets().next().map(|(_, target)| match target.r#type {
                TargetType::Ecs => Platform::Ecs,
                TargetType::Lambda => Platform::Lambda,
            }),
        }
    }

    /// Its hooks, each with the time that it is given. How they go is not written in a file.
    pub(crate) fn hooks(&self) -> Vec<Hook> {
        match self {
            Self::Server(server) => {
                let events = server.hooks.given().into_iter().flat_map(Entries::iter);
                let known = events.filter(|(event, _)| Platform::instance_events().any(|known| known == *event));
                let scripts = known.flat_map(|(event, scripts)| scripts.given().into_iter().flatten().map(move |script| (event, script)));
                scripts.map(|(event, script)| Hook { at: event.to_owned(), timeout: script.seconds().map(SimSpan::from_secs), ..Hook::default() }).collect()
            }
            Self::Managed(managed) => {
                let hooks = managed.hooks.given().into_iter().flatten().flat_map(Entries::iter);
                hooks.filter(|(_, function)| function.is_some()).map(|(event, _)| Hook { at: event.to_owned(), ..Hook::default() }).collect()
            }
        }
    }
}
