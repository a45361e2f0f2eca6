//! For tests of this and higher rooms: a small model, and hops and gauges written in a line.

use super::store::Store;
use crate::ids::{CallSiteId, EndpointId, InstanceId, ServiceId, SourceId, VersionId};
use crate::kernel::balance::Balancer;
use crate::kernel::command::Caller;
use crate::kernel::dist::Distribution;
use crate::kernel::model::{Arrivals, Behaviour, Endpoint, Model, Network, Process, Server, Service, Source, Step, Version};
use crate::kernel::outcome::Outcome;
use crate::kernel::record::{Entry, Gauge, Hop, Site, View};
use crate::kernel::resilience::CallPolicy;
use crate::units::{NANOS_PER_SEC, PerSecond, SimSpan, SimTime};

/// `services` services in a chain, each with one endpoint and versions `v1` and `v2`, and users of the first one.
pub(crate) fn chain(services: usize) -> (Model, Vec<Site>) {
    let id = |at: usize| at as u16;
    let model = Model {
        zones: vec!["zone-a".into()],
        network: Network::default(),
        services: (0..services)
            .map(|at| Service {
                name: ["web", "cart", "db"].get(at).map_or_else(|| format!("s{at}"), ToString::to_string),
                server: Server::default(),
                balancer: Balancer::default(),
                sticky: false,
                versions: vec![VersionId(id(2 * at)), VersionId(id(2 * at + 1))],
                endpoints: vec![EndpointId(id(at))],
            })
            .collect(),
        endpoints: (0..services)
            .map(|at| Endpoint {
                service: ServiceId(id(at)),
                name: ["home", "view", "query"].get(at).map_or_else(|| format!("e{at}"), ToString::to_string),
                steps: vec![Step::Work(Distribution::Fixed(SimSpan::from_millis(1)))],
            })
            .collect(),
        versions: (0..2 * services)
            .map(|at| Version {
                service: ServiceId(id(at / 2)),
                name: format!("v{}", at % 2 + 1),
                behaviour: Behaviour::default(),
                scripts: Vec::new(),
                flaws: Vec::new(),
            })
            .collect(),
        caches: Vec::new(),
        features: Vec::new(),
        user_headers: Vec::new(),
        queues: Vec::new(),
        sources: vec![Source {
            name: "users".into(),
            mix: vec![(EndpointId(0), 1.0)],
            arrivals: Arrivals::Open { rate: PerSecond::new(100.0), process: Process::Poisson, shapes: Vec::new() },
            population: 1_000,
            policy: CallPolicy::default(),
        }],
    };
    let caller = |at: usize| if at == 0 { Caller::Source(SourceId(0)) } else { Caller::Service(ServiceId(id(at - 1))) };
    let site = |at: usize| Site { caller: caller(at), from: at.checked_sub(1).map(|from| EndpointId(id(from))), to: EndpointId(id(at)) };
    (model, (0..services).map(site).collect())
}

/// A store for [`chain`] with one instance of `v1` per service, numbered like the services.
pub(crate) fn store(services: usize, warm_up: SimTime) -> Store {
    let (model, sites) = chain(services);
    let mut store = Store::new(&model, &sites, warm_up);
    (0..services).for_each(|at| store.register_instance(InstanceId::from_index(at), VersionId::from_index(2 * at)));
    store
}

/// An attempt at the service with this number that both ends saw end after so many milliseconds.
pub(crate) fn hop(service: usize, millis: u64, outcome: Outcome) -> Hop {
    Hop {
        latency: millis * 1_000_000,
        wait: 0.0,
        instance: InstanceId::from_index(service),
        site: CallSiteId::from_index(service),
        network: 0,
        outcome,
        view: View::Both,
        attempt: 0,
    }
}

/// A user's request that ended after so many milliseconds.
pub(crate) fn entry(millis: u64, outcome: Outcome) -> Entry {
    Entry { latency: millis * 1_000_000, sent: SimTime::ZERO, source: SourceId(0), endpoint: EndpointId(0), user: 0, outcome, strike: None }
}

/// A second of an instance with four workers, of which `busy` were in use and which held `held` requests on average.
pub(crate) fn gauge(instance: usize, busy: f64, held: f64) -> Gauge {
    let second = NANOS_PER_SEC as f64;
    Gauge {
        instance: InstanceId::from_index(instance),
        up: true,
        busy_area: (busy * second) as u64,
        in_system_area: (held * second) as u64,
        queue_area: ((held - busy).max(0.0) * second) as u64,
        capacity_area: 4 * NANOS_PER_SEC,
        cpu_nanos: (busy * second) as u64,
        arrivals: 1,
        queued: 0,
        in_system: held as u32,
        memory: 64 << 20,
    }
}
