//! Services: their data plane, their control plane, endpoints, versions and caches.

use std::collections::BTreeSet;

use super::super::diagnostic::{Code, Finding};
use super::super::genuine::kinds;
use super::super::parse::text;
use super::super::prices;
use super::super::raw::{FIRST_VERSION, ServiceFile, VersionFile};
use super::super::tree::At;
use super::Lower;
use super::script::Caller;
use crate::fleet::deploy::Strategy;
use crate::fleet::health::HealthCheck;
use crate::fleet::instance::{DEREGISTRATION_DELAY, GRACE_PERIOD, ServiceFleet};
use crate::ids::{EndpointId, ServiceId, VersionId, ZoneId};
use crate::insight::judge::analysis::Metric;
use crate::insight::query::Query;
use crate::kernel::model::{Cache, Endpoint, Expectation, FeatureFlag, Service, Version};
use crate::kernel::schemas::Schemas;
use crate::scenario::ServiceKind;
use crate::scenario::limits;
use crate::units::Dollars;
use crate::wording::shown;

/// Everything that the services of a file become.
#[derive(Debug, Default)]
pub(crate) struct Services {
    pub(crate) list: Vec<Service>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) versions: Vec<Version>,
    pub(crate) caches: Vec<Cache>,
    pub(crate) fleet: Vec<ServiceFleet>,
    pub(crate) kinds: Vec<ServiceKind>,
    pub(crate) features: Vec<FeatureFlag>,
}

impl Lower<'_> {
    pub(crate) fn services(&mut self) -> Services {
        let mut out = Services::default();
        let all = At::ROOT.key("services");
        if self.file.services.is_empty() && !self.tree.is_broken_at(&all.segments()) {
            self.report(&At::ROOT, Finding::error(Code::MissingKey, "no service").help("define one: [services.web.endpoints.home]"));
        }
        for (n, (name, service)) in self.file.services.iter().enumerate() {
            self.one_service(&mut out, ServiceId::from_index(n), name, service, &all.key(name));
        }
        out
    }

    fn one_service(&mut self, out: &mut Services, id: ServiceId, name: &str, service: &ServiceFile, at: &At<'_>) {
        self.check_name("service", name, at, false);
        if service.endpoints.is_empty() && !self.has_broken(&at.key("endpoints")) {
            let finding = Finding::error(Code::MissingKey, format!("the service `{name}` has no endpoint"));
            self.report_key(at, finding.label("needs `endpoints`").help(format!("define one: [services.{name}.endpoints.home]")));
        }
        self.check_server(id, service, at);
        let endpoints = at.key("endpoints");
        for (endpoint, script) in service.endpoints.iter() {
            let at = endpoints.key(endpoint);
            self.check_name("endpoint", endpoint, &at, true);
            let caller = Caller { service: id, endpoint: EndpointId::from_index(out.endpoints.len()) };
            let steps = self.script(caller, &script.steps, &at.key("steps"));
            out.endpoints.push(Endpoint { service: id, name: endpoint.to_owned(), steps });
        }
        let calls = at.key("calls");
        for (target, policy) in service.calls.iter() {
            let at = calls.key(target);
            self.check_target(target, &at.as_key());
            self.check_policy(policy, &at);
        }
        self.caches(out, id, service, at);
        let versions = self.versions(out, id, service, at);
        let mut endpoint_ids: Vec<EndpointId> = self.names.endpoints[id.index()].values().copied().collect();
        endpoint_ids.sort_unstable();
        out.list.push(Service {
            name: name.to_owned(),
            server: service.server(),
            balancer: service.balancer.clone(),
            sticky: service.sticky,
            versions,
            endpoints: endpoint_ids,
        });
        let fleet = self.fleet(service, at);
        out.fleet.push(fleet);
        out.kinds.push(service.kind);
    }

    /// Whether something in here is written but could not be read.
    pub(crate) fn has_broken(&self, at: &At<'_>) -> bool {
        let path = at.segments();
        self.tree.is_broken_at(&path) || self.tree.at(&path).is_some_and(super::super::tree::Node::is_hollow)
    }

    /// What `calls` and `set-policy` name: a service, or an endpoint of it.
    pub(crate) fn check_target(&mut self, target: &str, at: &At<'_>) {
        if target.contains('.') {
            self.endpoint(target, at);
        } else {
            self.service(target, at);
        }
    }

    fn caches(&mut self, out: &mut Services, id: ServiceId, service: &ServiceFile, at: &At<'_>) {
        let caches = at.key("caches");
        for (name, cache) in service.caches.iter() {
            let at = caches.key(name);
            self.check_name("cache", name, &at, true);
            self.check_count(&at.key("keys"), cache.keys.into(), 1, limits::KEYS_PER_CACHE.into());
            self.check_number(&at.key("zipf"), cache.zipf, 0.0, 5.0);
            self.check_not_zero(&at.key("ttl"), cache.ttl);
            if let Some(beta) = cache.early_refresh {
                self.check_number(&at.key("early_refresh"), beta, 0.001, 100.0);
            }
            out.caches.push(Cache {
                name: name.to_owned(),
                service: id,
                keys: cache.keys,
                zipf: cache.zipf,
                ttl: cache.ttl,
                single_flight: cache.single_flight,
                early_refresh: cache.early_refresh,
                per_instance: cache.per_instance,
                warm: cache.warm,
            });
        }
    }

    /// Adds the versions; returns their ids with the initial one first.
    fn versions(&mut self, out: &mut Services, id: ServiceId, service: &ServiceFile, at: &At<'_>) -> Vec<VersionId> {
        let versions = at.key("versions");
        let plain = VersionFile::default();
        let implied = service.implied_version().map(|name| (name, &plain));
        for (name, version) in implied.into_iter().chain(service.versions.iter()) {
            let at = versions.key(name);
            self.check_name("version", name, &at, true);
            self.check_number(&at.key("latency_factor"), version.latency_factor, 0.01, 1_000.0);
            self.check_schemas(&version.schema, &at.key("schema"));
            let expects = self.expects(version, &at.key("expects"));
            let replaced = at.key("endpoints");
            let mut scripts = Vec::new();
            for (endpoint, script) in version.endpoints.iter() {
                let Some(id_replaced) = self.replaced(id, endpoint, &replaced) else { continue };
                let caller = Caller { service: id, endpoint: id_replaced };
                scripts.push((id_replaced, self.script(caller, &script.steps, &replaced.key(endpoint).key("steps"))));
            }
            out.versions.push(Version { service: id, name: name.to_owned(), behaviour: version.behaviour(expects), scripts, flaws: Vec::new() });
        }
        let mut ids: Vec<_> = self.names.versions[id.index()].values().copied().collect();
        ids.sort_unstable();
        let initial = self.version(id, service.version.as_deref().unwrap_or(FIRST_VERSION), &at.key("version"));
        ids.sort_by_key(|version| Some(*version) != initial);
        ids
    }

    /// The schemas that a version speaks.
    fn check_schemas(&mut self, schemas: &Schemas, at: &At<'_>) {
        let all = schemas.all();
        if let [schema] = all {
            return self.check_count(at, (*schema).into(), 1, limits::SCHEMA.into());
        }
        if all.is_empty() {
            self.report(at, Finding::error(Code::Impossible, "no schema is spoken").label("write at least one, or leave it out for 1"));
        }
        for (n, schema) in all.iter().enumerate() {
            let at = at.index(n);
            self.check_count(&at, (*schema).into(), 1, limits::SCHEMA.into());
            if all[..n].contains(schema) {
                self.report(&at, Finding::error(Code::Duplicate, format!("the schema {schema} is written twice")));
            }
        }
    }

    /// The schemas that a version understands of others.
    fn expects(&mut self, version: &VersionFile, at: &At<'_>) -> Vec<Expectation> {
        let mut expects = Vec::new();
        for (name, schemas) in version.expects.iter() {
            let at = at.key(name);
            if schemas.is_empty() {
                self.report(
                    &at,
                    Finding::error(Code::Impossible, format!("no schema of `{}` is understood", shown(name)))
                        .label("write at least one, or leave it out for all"),
                );
            }
            for (n, schema) in schemas.iter().enumerate() {
                self.check_count(&at.index(n), (*schema).into(), 1, limits::SCHEMA.into());
            }
            let Some(service) = self.service(name, &at.as_key()) else { continue };
            let spoken: BTreeSet<u32> = match self.file.services.0.get(service.index()) {
                Some((_, callee)) if !callee.versions.is_empty() => callee.versions.iter().flat_map(|(_, version)| version.schema.all()).copied().collect(),
                _ => VersionFile::default().schema.all().iter().copied().collect(),
            };
            if !schemas.is_empty() && !schemas.iter().any(|schema| spoken.contains(schema)) {
                let finding = Finding::warning(Code::Unused, format!("no version of `{}` speaks a schema that is understood here", shown(name)));
                let spoken = spoken.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
                self.report(&at, finding.label(format!("its versions speak {spoken}")).help("every call of it will fail with `schema-mismatch`"));
            }
            expects.push(Expectation { service, schemas: schemas.clone() });
        }
        expects
    }

    fn fleet(&mut self, service: &ServiceFile, at: &At<'_>) -> ServiceFleet {
        self.check_count(&at.key("instances"), service.instances.into(), 0, limits::INSTANCES_PER_SERVICE.into());
        let zones: Vec<ZoneId> = match &service.zones {
            None => (0..self.file.zones.len()).map(ZoneId::from_index).collect(),
            Some(names) => {
                let zones = at.key("zones");
                if names.is_empty() {
                    self.report(&zones, Finding::error(Code::Impossible, "no zone to run in").label("write at least one, or leave it out for all"));
                }
                names.iter().enumerate().filter_map(|(n, name)| self.zone(name, &zones.index(n))).collect()
            }
        };
        if let Some(after) = service.restart_after.0 {
            self.check_period(&at.key("restart_after"), after);
        }
        ServiceFleet {
            instances: service.instances,
            zones,
            start_up: service.start_up.clone(),
            drain: service.drain.unwrap_or(match &service.health_check {
                Some(HealthCheck::Alb(_)) => DEREGISTRATION_DELAY,
                _ => GRACE_PERIOD,
            }),
            restart_after: service.restart_after.0,
            health: service.health_check.clone(),
            autoscaling: service.autoscaling.clone(),
            strategy: self.manifest(service, at).unwrap_or_else(|| self.with_appspec(service.deployment.clone(), &at.key("deployment"))),
            price_per_hour: self.price(service, at),
        }
    }

    /// The strategy of a manifest, if the service names one.
    fn manifest(&mut self, service: &ServiceFile, at: &At<'_>) -> Option<Strategy> {
        let name = service.manifest.as_deref()?;
        let at = at.key("manifest");
        let bytes = match self.data(name, &at) {
            Ok(bytes) => bytes,
            Err(refused) => {
                self.report(&at, refused.into());
                return None;
            }
        };
        let (file, text) = text(&bytes, self.collector)?;
        let strategy = kinds::strategy(name, file, &text, self.collector)?;
        if let Err(problem) = strategy.check() {
            self.report(&at, Finding::error(Code::Impossible, problem));
        }
        self.check_queries(&strategy, &at);
        Some(strategy)
    }

    /// A query that nobody here can answer makes every measurement an error.
    fn check_queries(&mut self, strategy: &Strategy, at: &At<'_>) {
        let unknown = |metric: &&&Metric| Query::of(&metric.provider.kind, &metric.provider.query).is_none();
        for metric in strategy.measured().iter().filter(unknown) {
            let what = format!("the query of the metric `{}` is about nothing that is measured here: each measurement will be an error", shown(&metric.name));
            let help = "queries are recognised by what they are about: success or error rate, a quantile of latency, requests";
            self.report(at, Finding::warning(Code::Unused, what).help(help));
        }
    }

    fn price(&mut self, service: &ServiceFile, at: &At<'_>) -> Dollars {
        if let Some(price) = service.price {
            self.check_number(&at.key("price"), price.0, 0.0, 1_000_000.0);
            return price;
        }
        let name = service.instance_type.as_deref().unwrap_or(prices::SMALLEST);
        prices::price_per_hour(name).unwrap_or_else(|| {
            self.unknown_instance_type(name, &at.key("instance_type"));
            Dollars::default()
        })
    }
}
