//! What can run and was probably not meant: services that nothing reaches, more load than capacity, policies and queues
//! without use, faults without effect. Warnings only, on a scenario that is otherwise right.

use std::collections::BTreeSet;

use super::super::diagnostic::{Code, Finding};
use super::super::tree::At;
use super::Lower;
use super::graph::{Target, scripts};
use super::load;
use super::service::Services;
use crate::fleet::fault::{Fault, FaultKind, Selector};
use crate::ids::{EndpointId, ServiceId};
use crate::kernel::model::{MessageQueue, Source, Step};
use crate::kernel::resilience::CallPolicy;
use crate::scenario::{Action, TimedAction};
use crate::wording::shown;

/// Everything that a scenario describes, before it becomes one.
pub(crate) struct World<'a> {
    pub(crate) services: &'a Services,
    pub(crate) queues: &'a [MessageQueue],
    pub(crate) sources: &'a [Source],
    pub(crate) timeline: &'a [TimedAction],
    /// Endpoints such that each comes after all that it calls.
    pub(crate) order: &'a [EndpointId],
}

impl Lower<'_> {
    pub(crate) fn review(&mut self, world: &World<'_>) {
        self.unreached(world);
        self.overloads(world);
        self.unused_policies();
        self.unused_queues_and_caches(world);
        self.expiry_without_timeout(world);
        self.faults_without_effect(world);
    }

    fn unreached(&mut self, world: &World<'_>) {
        if world.sources.is_empty() {
            let finding = Finding::warning(Code::Unused, "there is no traffic, so nothing will happen");
            self.report(&At::ROOT, finding.help("add a source: [traffic.users] with `to` and `rate`"));
            return;
        }
        let mut reached = BTreeSet::new();
        let mut ahead: Vec<EndpointId> = world.sources.iter().flat_map(|source| source.mix.iter().map(|(endpoint, _)| *endpoint)).collect();
        let mut leads_to: Vec<Vec<EndpointId>> = vec![Vec::new(); world.services.endpoints.len()];
        for site in &self.sites {
            let to = match site.to {
                Target::Endpoint(endpoint) => endpoint,
                Target::Queue(queue) => world.queues[queue.index()].consumer,
            };
            leads_to[site.from.index()].push(to);
        }
        while let Some(endpoint) = ahead.pop() {
            if reached.insert(endpoint) {
                ahead.extend(&leads_to[endpoint.index()]);
            }
        }
        let services: BTreeSet<ServiceId> = reached.iter().map(|endpoint| world.services.endpoints[endpoint.index()].service).collect();
        let all = At::ROOT.key("services");
        for (n, service) in world.services.list.iter().enumerate() {
            if !services.contains(&ServiceId::from_index(n)) {
                let finding = Finding::warning(Code::Unused, format!("nothing reaches `{}`", shown(&service.name)));
                self.report_key(&all.key(&service.name), finding.label("no traffic, call or queue leads here"));
            }
        }
    }

    fn overloads(&mut self, world: &World<'_>) {
        let all = At::ROOT.key("services");
        let loads = load::load(world.services, world.queues, world.sources, world.order);
        for (n, (service, load)) in world.services.list.iter().zip(loads).enumerate() {
            if !load.is_too_much() {
                continue;
            }
            let utilisation = load.utilisation();
            let name = shown(&service.name);
            let what = if load.is_just_enough() {
                format!("`{name}` gets all the load that it can serve, with nothing to spare: 100 % of its capacity")
            } else {
                format!("`{name}` gets more load than it can serve: {} of its capacity", percent(utilisation))
            };
            let finding = Finding::warning(Code::Overload, what);
            let by_cpu = load.cores / load.quota > load.busy / load.capacity;
            let finding = if by_cpu {
                finding.label(format!("{}/s need {} cores of {}", number(load.rate), number(load.cores), number(load.quota)))
            } else {
                finding.label(format!("{}/s keep {} workers busy of {}", number(load.rate), number(load.busy), number(load.capacity)))
            };
            let instances = super::totals::most_instances(&world.services.fleet[n]);
            let needed = (f64::from(instances.max(1)) * utilisation / 0.7).ceil();
            let finding = if needed.is_finite() && instances > 0 {
                finding.help(format!("estimated from means, without waiting and retries; {needed} instances would be at most 70 % busy"))
            } else {
                finding.help("estimated from means, without waiting and retries")
            };
            self.report_key(&all.key(&service.name), finding);
        }
    }

    /// A policy for something that is never called says that a name or a call is missing.
    fn unused_policies(&mut self) {
        let all = At::ROOT.key("services");
        let mut called: BTreeSet<(ServiceId, Target)> = BTreeSet::new();
        let mut called_services: BTreeSet<(ServiceId, ServiceId)> = BTreeSet::new();
        let owner: Vec<ServiceId> = self.endpoint_owners();
        for site in &self.sites {
            let from = owner[site.from.index()];
            called.insert((from, site.to));
            if let Target::Endpoint(to) = site.to {
                called_services.insert((from, owner[to.index()]));
            }
        }
        for (n, (name, service)) in self.file.services.iter().enumerate() {
            let from = ServiceId::from_index(n);
            let at = all.key(name);
            let calls = at.key("calls");
            for target in service.calls.names() {
                let used = match target.split_once('.') {
                    None => self.names.services.get(target).is_some_and(|to| called_services.contains(&(from, *to))),
                    Some((to, endpoint)) => {
                        let endpoint = self.names.services.get(to).and_then(|to| self.names.endpoints[to.index()].get(endpoint));
                        endpoint.is_some_and(|endpoint| called.contains(&(from, Target::Endpoint(*endpoint))))
                    }
                };
                if !used {
                    let finding = Finding::warning(Code::Unused, format!("`{}` never calls `{}`, so this policy has no use", shown(name), shown(target)));
                    self.report_key(&calls.key(target), finding.label("no such call"));
                }
            }
        }
    }

    /// Whether a service and a peer (a service or a traffic source) call each other, in one direction or the other.
    fn exchange(&self, world: &World<'_>, service: ServiceId, peer: &str) -> bool {
        let owner = |endpoint: EndpointId| world.services.endpoints[endpoint.index()].service;
        let from_source = world.sources.iter().any(|source| source.name == peer && source.mix.iter().any(|(endpoint, _)| owner(*endpoint) == service));
        let peer = self.names.services.get(peer).copied();
        let between = self.sites.iter().any(|site| {
            let Target::Endpoint(to) = site.to else { return false };
            let (from, to) = (owner(site.from), owner(to));
            (Some(from) == peer && to == service) || (from == service && Some(to) == peer)
        });
        from_source || between
    }

    /// The service of each endpoint.
    fn endpoint_owners(&self) -> Vec<ServiceId> {
        let of_service =
            |(n, (_, service)): (usize, (&str, &super::super::raw::ServiceFile))| std::iter::repeat_n(ServiceId::from_index(n), service.endpoints.len());
        self.file.services.iter().enumerate().flat_map(of_service).collect()
    }

    fn unused_queues_and_caches(&mut self, world: &World<'_>) {
        let published: BTreeSet<usize> =
            self.sites.iter().filter_map(|site| if let Target::Queue(queue) = site.to { Some(queue.index()) } else { None }).collect();
        let queues = At::ROOT.key("queues");
        for (n, queue) in world.queues.iter().enumerate() {
            if !published.contains(&n) {
                let finding = Finding::warning(Code::Unused, format!("nothing publishes into `{}`", shown(&queue.name)));
                self.report_key(&queues.key(&queue.name), finding.label("stays empty"));
            }
        }
        let mut looked_up = BTreeSet::new();
        for script in scripts(world.services).into_iter().flatten() {
            visit(script, &mut |step| {
                if let Step::Cache { cache, .. } = step {
                    looked_up.insert(cache.index());
                }
            });
        }
        let services = At::ROOT.key("services");
        for (n, cache) in world.services.caches.iter().enumerate() {
            if !looked_up.contains(&n) {
                let service = services.key(self.service_name(cache.service));
                let finding = Finding::warning(Code::Unused, format!("nothing looks `{}` up", shown(&cache.name)));
                self.report_key(&service.key("caches").key(&cache.name), finding.label("no step uses it"));
            }
        }
    }

    /// Every policy towards each service, as a list of (called service, policy).
    fn policies<'w>(world: &World<'w>) -> Vec<(ServiceId, &'w CallPolicy)> {
        let mut policies = Vec::new();
        for script in scripts(world.services).into_iter().flatten() {
            visit(script, &mut |step| {
                if let Step::Call(call) = step {
                    policies.push((world.services.endpoints[call.endpoint.index()].service, &call.policy));
                }
            });
        }
        for source in world.sources {
            policies.extend(source.mix.iter().map(|(endpoint, _)| (world.services.endpoints[endpoint.index()].service, &source.policy)));
        }
        policies
    }

    fn expiry_without_timeout(&mut self, world: &World<'_>) {
        let policies = Self::policies(world);
        let deadlines_pass = policies.iter().any(|(_, policy)| policy.propagate_deadline && policy.timeout.is_some());
        let all = At::ROOT.key("services");
        for (n, service) in world.services.list.iter().enumerate() {
            let patient = !policies.iter().any(|(to, policy)| to.index() == n && policy.timeout.is_some());
            if service.server.queue.drop_expired.is_some() && patient && !deadlines_pass {
                let at = all.key(&service.name);
                let at = at.key("queue");
                let finding = Finding::warning(Code::Unused, format!("no client of `{}` has a timeout, so nothing ever expires", shown(&service.name)));
                self.report(&at.key("drop_expired"), finding.label("has no effect"));
            }
        }
    }

    fn faults_without_effect(&mut self, world: &World<'_>) {
        let policies = Self::policies(world);
        let mut with_io = BTreeSet::new();
        for (endpoint, scripts) in world.services.endpoints.iter().zip(scripts(world.services)) {
            for script in scripts {
                visit(script, &mut |step| {
                    if matches!(step, Step::Io(_)) {
                        with_io.insert(endpoint.service);
                    }
                });
            }
        }
        let changed_later = world.timeline.iter().any(|timed| matches!(timed.action, Action::SetPolicy { .. }));
        let why = |service: ServiceId, fault: &Fault| {
            let server = &world.services.list[service.index()].server;
            match &fault.kind {
                FaultKind::IoSlowness(_) if !with_io.contains(&service) => Some("no script of it has an `io` step"),
                FaultKind::MemoryLeak(_) if server.memory_limit.is_none() => Some("it has no `memory_limit`, so it is never killed"),
                FaultKind::PoolExhaustion(_) if !changed_later && !policies.iter().any(|(to, policy)| *to == service && policy.pool.is_some()) => {
                    Some("none of its clients has a connection pool")
                }
                _ => None,
            }
        };
        let faults = At::ROOT.key("faults");
        for (n, timed) in self.file.faults.iter().enumerate() {
            self.fault_without_effect(world, &timed.fault(), &why, &faults.index(n));
        }
        let actions = At::ROOT.key("timeline");
        for (n, timed) in self.file.timeline.iter().enumerate() {
            let (at, key) = (actions.index(n), timed.action.name());
            let at = at.key("do");
            let at = at.key(key);
            match &timed.action {
                Action::Inject { fault } => self.fault_without_effect(world, fault, &why, &at.key("fault")),
                Action::Restart { service, selector, .. } => {
                    if let Some(nobody) = self.picks_nobody(world, service, selector) {
                        let finding = Finding::warning(Code::Unused, format!("the restart of `{}` has no effect", shown(service)));
                        self.report(&at.key("selector"), finding.label(nobody));
                    }
                }
                _ => {}
            }
        }
    }

    fn fault_without_effect(&mut self, world: &World<'_>, fault: &Fault, why: &dyn Fn(ServiceId, &Fault) -> Option<&'static str>, at: &At<'_>) {
        let Some((service, id)) = fault.service.as_deref().and_then(|name| Some((name, *self.names.services.get(name)?))) else { return };
        let has_no_effect = || Finding::warning(Code::Unused, format!("the fault `{}` has no effect on `{}`", fault.kind.name(), shown(service)));
        let apart = match &fault.kind {
            FaultKind::Partition(partition) if partition.from.as_ref().is_some_and(|peer| !self.exchange(world, id, peer)) => {
                Some("neither of the two ever calls the other")
            }
            _ => None,
        };
        if let Some(why) = why(id, fault).or(apart) {
            self.report(&at.key("kind"), has_no_effect().label(why));
        } else if !matches!(fault.kind, FaultKind::ZoneLoss(_))
            && let Some(nobody) = self.picks_nobody(world, service, &fault.selector)
        {
            self.report(&at.key("selector"), has_no_effect().label(nobody));
        }
    }

    /// Why a selector picks none of a service's instances, if their number is known and it does not.
    fn picks_nobody(&self, world: &World<'_>, service: &str, selector: &Selector) -> Option<String> {
        let fleet = &world.services.fleet[self.names.services.get(service)?.index()];
        let changes = |timed: &TimedAction| match &timed.action {
            Action::Scale { service: other, .. } | Action::Deploy { service: other, .. } | Action::RollBack { service: other } => other == service,
            _ => false,
        };
        let is_known = fleet.autoscaling.is_none() && !world.timeline.iter().any(changes);
        (is_known && selector.most(fleet.instances as usize) == 0).then(|| match (fleet.instances, selector) {
            (0, _) => "it has no instance".to_owned(),
            (instances, Selector::FixedPercent(percent)) => format!("{} % of {instances} rounds down to no instance", percent.value),
            (instances, Selector::RandomMaxPercent(percent)) => format!("at most {} % of {instances} rounds down to no instance", percent.value),
            _ => "picks no instance".to_owned(),
        })
    }
}

/// Calls `found` for every step of a script.
fn visit<'s>(steps: &'s [Step], found: &mut dyn FnMut(&'s Step)) {
    for step in steps {
        found(step);
        match step {
            Step::Parallel(branches) => branches.iter().for_each(|branch| visit(branch, found)),
            Step::Probability { then, otherwise, .. } | Step::Feature { then, otherwise, .. } => {
                visit(then, found);
                visit(otherwise, found);
            }
            Step::Repeat { steps, .. } | Step::Cache { on_miss: steps, .. } => visit(steps, found),
            Step::Work(_) | Step::Io(_) | Step::Sleep(_) | Step::Call(_) | Step::Publish(_) | Step::Fail(_) => {}
        }
    }
}

/// A number with about three digits, as one says it.
fn number(value: f64) -> String {
    let digits = if value >= 100.0 || value <= 0.0 { 0 } else { (2 - value.log10().floor() as i32).clamp(0, 4) as usize };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn percent(share: f64) -> String {
    if share.is_finite() { format!("{} %", number(share * 100.0)) } else { "infinitely much".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let said: Vec<String> = [0.0, 0.012_34, 1.0, 3.6, 12.345, 123.4, 20_000.0].map(number).to_vec();
        assert_eq!(said, ["0", "0.0123", "1", "3.6", "12.3", "123", "20000"]);
    }
}
