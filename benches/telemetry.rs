//! What recording costs: nanoseconds per attempt with one-second windows, histograms and edges, and per window closed.
//!
//! The target is 10 ns per attempt, a small part of what simulating one costs. Run with `cargo bench --bench telemetry`.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fleetlab::ids::{CallSiteId, EndpointId, InstanceId, ServiceId, SourceId, VersionId};
use fleetlab::kernel::balance::Balancer;
use fleetlab::kernel::command::Caller;
use fleetlab::kernel::model::{Behaviour, Endpoint, Model, Network, Server, Service, Version};
use fleetlab::kernel::outcome::{Outcome, Reason};
use fleetlab::kernel::record::{Gauge, Hop, Recorder as _, Site, View};
use fleetlab::rng::Stream;
use fleetlab::telemetry::store::Store;
use fleetlab::units::{NANOS_PER_SEC, SimTime};

/// A store for a chain of services, each with so many instances.
fn store(services: usize, instances: usize) -> Store {
    let model = Model {
        zones: vec!["zone-a".into()],
        network: Network::default(),
        services: (0..services)
            .map(|at| Service {
                sticky: false,
                name: format!("s{at}"),
                server: Server::default(),
                balancer: Balancer::default(),
                versions: vec![VersionId::from_index(at)],
                endpoints: vec![EndpointId::from_index(at)],
            })
            .collect(),
        endpoints: (0..services).map(|at| Endpoint { service: ServiceId::from_index(at), name: "e".into(), steps: Vec::new() }).collect(),
        versions: (0..services)
            .map(|at| Version {
                service: ServiceId::from_index(at),
                name: "v1".into(),
                behaviour: Behaviour::default(),
                scripts: Vec::new(),
                flaws: Vec::new(),
            })
            .collect(),
        caches: Vec::new(),
        features: Vec::new(),
        user_headers: Vec::new(),
        queues: Vec::new(),
        sources: Vec::new(),
    };
    let caller = |at: usize| if at == 0 { Caller::Source(SourceId(0)) } else { Caller::Service(ServiceId::from_index(at - 1)) };
    let sites: Vec<_> = (0..services).map(|at| Site { caller: caller(at), from: None, to: EndpointId::from_index(at) }).collect();
    let mut store = Store::new(&model, &sites, SimTime::ZERO);
    for instance in 0..services * instances {
        store.register_instance(InstanceId::from_index(instance), VersionId::from_index(instance % services));
    }
    store
}

/// Attempts spread over all instances, a tenth of them with waiting, one in a hundred failed.
fn hops(services: usize, instances: usize, count: usize) -> Vec<Hop> {
    let mut stream = Stream::root(7);
    (0..count)
        .map(|_| {
            let instance = stream.below((services * instances) as u32);
            Hop {
                latency: (-(1.0 - stream.uniform()).ln() * 8e6) as u64,
                wait: if stream.chance(0.1) { 1e6 } else { 0.0 },
                instance: InstanceId(instance),
                site: CallSiteId(instance % services as u32),
                network: 250_000,
                outcome: if stream.chance(0.01) { Outcome::Failed(Reason::Timeout) } else { Outcome::Ok },
                view: View::Both,
                attempt: 0,
            }
        })
        .collect()
}

fn gauges(instances: usize) -> Vec<Gauge> {
    let gauge = |at| Gauge {
        instance: InstanceId::from_index(at),
        up: true,
        busy_area: NANOS_PER_SEC,
        in_system_area: NANOS_PER_SEC,
        queue_area: 0,
        capacity_area: 8 * NANOS_PER_SEC,
        cpu_nanos: NANOS_PER_SEC,
        arrivals: 100,
        queued: 0,
        in_system: 1,
        memory: 64 << 20,
    };
    (0..instances).map(gauge).collect()
}

fn recording(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("telemetry/hops");
    for (name, services, instances) in [("10 services of 4", 10, 4), ("64 services of 16", 64, 16)] {
        let batch = hops(services, instances, 4_096);
        let mut store = store(services, instances);
        group.throughput(Throughput::Elements(batch.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| store.hops(black_box(&batch))));
    }
    group.finish();
}

/// A whole second: its attempts, its window, and the rolling up of what is old.
fn seconds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("telemetry/second");
    for (name, services, instances, rate) in [("12 services of 2, 5000 hops", 12, 2, 5_000), ("64 services of 16, 300000 hops", 64, 16, 300_000)] {
        let batch = hops(services, instances, rate);
        let gauges = gauges(services * instances);
        let (mut store, mut second) = (store(services, instances), 0);
        group.throughput(Throughput::Elements(rate as u64));
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || (),
                |()| {
                    second += 1;
                    store.hops(black_box(&batch));
                    store.window(SimTime::from_secs(second), &gauges, &[]);
                },
                BatchSize::SmallInput,
            );
        });
        eprintln!("{name}: windows take {} MiB after {second} s", store.window_bytes() >> 20);
    }
    group.finish();
}

criterion_group!(benches, recording, seconds);
criterion_main!(benches);
