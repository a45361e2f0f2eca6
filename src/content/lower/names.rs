//! Which names a scenario defines, and finding what a name means or what was probably meant by it.

use std::collections::BTreeMap;

use super::super::diagnostic::{Code, Finding};
use super::super::prices::prices;
use super::super::raw::ScenarioFile;
use super::super::tree::{At, Segment};
use super::Lower;
use crate::ids::{CacheId, EndpointId, FeatureId, QueueId, ServiceId, SourceId, VersionId, ZoneId};
use crate::wording::{listed, nearest, shown};

/// Everything that has a name, with its id.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    /// Services.
    pub(crate) services: BTreeMap<&'a str, ServiceId>,
    /// Endpoints by service.
    pub(crate) endpoints: Vec<BTreeMap<&'a str, EndpointId>>,
    /// Versions by service.
    pub(crate) versions: Vec<BTreeMap<&'a str, VersionId>>,
    /// Caches by service.
    pub(crate) caches: Vec<BTreeMap<&'a str, CacheId>>,
    /// Message queues.
    pub(crate) queues: BTreeMap<&'a str, QueueId>,
    /// Traffic sources.
    pub(crate) sources: BTreeMap<&'a str, SourceId>,
    /// Feature flags.
    pub(crate) flags: BTreeMap<&'a str, FeatureId>,
    /// Zones.
    pub(crate) zones: BTreeMap<&'a str, ZoneId>,
}

impl<'a> Names<'a> {
    /// Numbers everything in the order of the file.
    pub(crate) fn of(file: &'a ScenarioFile) -> Self {
        fn number<'a, Id>(names: impl Iterator<Item = &'a str>, next: &mut usize, id: fn(usize) -> Id) -> BTreeMap<&'a str, Id> {
            names
                .map(|name| {
                    *next += 1;
                    (name, id(*next - 1))
                })
                .collect()
        }
        let mut names = Self {
            services: number(file.services.names(), &mut 0, ServiceId::from_index),
            queues: number(file.queues.names(), &mut 0, QueueId::from_index),
            sources: number(file.traffic.names(), &mut 0, SourceId::from_index),
            flags: number(file.flags.names(), &mut 0, FeatureId::from_index),
            zones: number(file.zones.iter().map(String::as_str), &mut 0, ZoneId::from_index),
            ..Self::default()
        };
        let (mut endpoints, mut versions, mut caches) = (0, 0, 0);
        for (_, service) in file.services.iter() {
            names.endpoints.push(number(service.endpoints.names(), &mut endpoints, EndpointId::from_index));
            names.versions.push(number(service.implied_version().into_iter().chain(service.versions.names()), &mut versions, VersionId::from_index));
            names.caches.push(number(service.caches.names(), &mut caches, CacheId::from_index));
        }
        names
    }
}

impl<'a> Lower<'a> {
    /// The service with this name, which is written at `at`.
    pub(crate) fn service(&mut self, name: &str, at: &At<'_>) -> Option<ServiceId> {
        if let Some(id) = self.names.services.get(name) {
            return Some(*id);
        }
        if !self.is_broken(&["services", name]) {
            let known = self.names.services.keys().copied();
            self.unknown("service", name, at, nearest(name, known.clone()), listed(known).map(|names| format!("the services are {names}")));
        }
        None
    }

    /// The endpoint written as `service.endpoint` at `at`.
    pub(crate) fn endpoint(&mut self, name: &str, at: &At<'_>) -> Option<EndpointId> {
        let Some((service_name, endpoint)) = name.split_once('.') else {
            let finding = Finding::error(Code::UnknownName, format!("`{}` does not name an endpoint", shown(name))).label("write `service.endpoint`");
            let endpoints = self.names.services.get(name).and_then(|id| listed(self.names.endpoints[id.index()].keys().copied()));
            let finding = match endpoints {
                Some(endpoints) => finding.help(format!("the endpoints of `{name}` are {endpoints}")),
                None => finding.suggest(nearest(name, self.names.services.keys().copied()), || None),
            };
            self.report(at, finding);
            return None;
        };
        let service = self.service(service_name, at)?;
        if let Some(id) = self.names.endpoints[service.index()].get(endpoint) {
            return Some(*id);
        }
        if !self.is_broken(&["services", service_name, "endpoints", endpoint]) {
            let known = self.names.endpoints[service.index()].keys().copied();
            let guess = nearest(endpoint, known.clone()).map(|guess| format!("{service_name}.{guess}"));
            let others = listed(known).map(|names| format!("the endpoints of `{service_name}` are {names}"));
            let what = format!("`{service_name}` has no endpoint `{}`", shown(endpoint));
            self.report(at, Finding::error(Code::UnknownName, what).label("no such endpoint").suggest(guess.as_deref(), || others));
        }
        None
    }

    /// The version of a service, by name.
    pub(crate) fn version(&mut self, service: ServiceId, name: &str, at: &At<'_>) -> Option<VersionId> {
        if let Some(id) = self.names.versions[service.index()].get(name) {
            return Some(*id);
        }
        let service_name = self.service_name(service);
        if !self.is_broken(&["services", service_name, "versions", name]) {
            let known = self.names.versions[service.index()].keys().copied();
            let others = listed(known.clone()).map(|names| format!("the versions of `{service_name}` are {names}"));
            self.unknown("version", name, at, nearest(name, known), others);
        }
        None
    }

    /// The cache of a service, by name.
    pub(crate) fn cache(&mut self, service: ServiceId, name: &str, at: &At<'_>) -> Option<CacheId> {
        if let Some(id) = self.names.caches[service.index()].get(name) {
            return Some(*id);
        }
        let service_name = self.service_name(service);
        if !self.is_broken(&["services", service_name, "caches", name]) {
            let known = self.names.caches[service.index()].keys().copied();
            let others = listed(known.clone()).map(|names| format!("the caches of `{service_name}` are {names}"));
            let others = others.or_else(|| Some(format!("define it as [services.{service_name}.caches.{}]", shown(name))));
            self.unknown("cache", name, at, nearest(name, known), others);
        }
        None
    }

    /// The message queue with this name.
    pub(crate) fn queue(&mut self, name: &str, at: &At<'_>) -> Option<QueueId> {
        if let Some(id) = self.names.queues.get(name) {
            return Some(*id);
        }
        if !self.is_broken(&["queues", name]) {
            let known = self.names.queues.keys().copied();
            let others = listed(known.clone()).map(|names| format!("the queues are {names}"));
            let others = others.or_else(|| Some(format!("define it as [queues.{}]", shown(name))));
            self.unknown("queue", name, at, nearest(name, known), others);
        }
        None
    }

    /// The feature flag with this name.
    pub(crate) fn flag(&mut self, name: &str, at: &At<'_>) -> Option<FeatureId> {
        if let Some(id) = self.names.flags.get(name) {
            return Some(*id);
        }
        if !self.is_broken(&["flags", name]) {
            let known = self.names.flags.keys().copied();
            let others = listed(known.clone()).map(|names| format!("the flags are {names}"));
            let others = others.or_else(|| Some(format!("define it as [flags.{}]", shown(name))));
            self.unknown("flag", name, at, nearest(name, known), others);
        }
        None
    }

    /// The traffic source with this name.
    pub(crate) fn source(&mut self, name: &str, at: &At<'_>) -> Option<SourceId> {
        if let Some(id) = self.names.sources.get(name) {
            return Some(*id);
        }
        if !self.is_broken(&["traffic", name]) {
            let known = self.names.sources.keys().copied();
            let others = listed(known.clone()).map(|names| format!("the traffic sources are {names}"));
            self.unknown("traffic source", name, at, nearest(name, known), others);
        }
        None
    }

    /// Whether a service or a traffic source has this name; if none has, that is reported.
    pub(crate) fn check_caller(&mut self, name: &str, at: &At<'_>) {
        let (services, sources) = (&self.names.services, &self.names.sources);
        if services.contains_key(name) || sources.contains_key(name) || self.is_broken(&["services", name]) || self.is_broken(&["traffic", name]) {
            return;
        }
        let known = services.keys().chain(sources.keys()).copied();
        let others = listed(known.clone()).map(|names| format!("the services and traffic sources are {names}"));
        self.unknown("service or traffic source", name, at, nearest(name, known), others);
    }

    /// The zone with this name.
    pub(crate) fn zone(&mut self, name: &str, at: &At<'_>) -> Option<ZoneId> {
        if let Some(id) = self.names.zones.get(name) {
            return Some(*id);
        }
        if !self.is_broken(&["zones"]) {
            let known = self.names.zones.keys().copied();
            self.unknown("zone", name, at, nearest(name, known.clone()), listed(known).map(|names| format!("the zones are {names}")));
        }
        None
    }

    /// Reports an instance type that the price table does not have.
    pub(crate) fn unknown_instance_type(&mut self, name: &str, at: &At<'_>) {
        let known = prices().by_type.keys().map(String::as_str);
        self.unknown("instance type", name, at, nearest(name, known), Some("write `price = …` for one that the price table does not have".to_owned()));
    }

    /// The name of a service.
    pub(crate) fn service_name(&self, service: ServiceId) -> &'a str {
        self.file.services.0.get(service.index()).map_or("", |(name, _)| name.as_str())
    }

    pub(crate) fn unknown(&mut self, what: &str, name: &str, at: &At<'_>, guess: Option<&str>, otherwise: Option<String>) {
        let finding = Finding::error(Code::UnknownName, format!("unknown {what} `{}`", shown(name))).label(format!("no such {what}"));
        self.report(at, finding.suggest(guess, || otherwise));
    }

    /// Whether something is defined there, but so that it could not be read; then its name is not unknown.
    pub(crate) fn is_broken(&self, path: &[&str]) -> bool {
        let segments: Vec<Segment> = path.iter().map(|key| Segment::Key((*key).to_owned())).collect();
        self.tree.is_broken_at(&segments) || path.last().is_some_and(|name| self.collector.may_be_lost(name))
    }
}
