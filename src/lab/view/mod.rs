//! Makes snapshots: what a reader sees of a running session, from what was recorded and from the control plane.
//!
//! A service is shown as its clients see it where that differs: requests and failures count those that never reached an
//! instance, too. Latency of a service is that of its servers, and so is what is known of one version, except that attempts
//! which callers gave up at one of its instances count as its failures. It reads, and changes nothing.

mod charts;
mod delivery;
mod flags;
mod marks;
mod overview;
mod policies;
mod smooth;
mod verdict;
mod walk;

pub(super) use delivery::Kept;
pub use marks::Said;
pub(super) use overview::Overview;
pub use verdict::Why;

use std::collections::BTreeMap;

use self::smooth::Smooth;
use super::session::Session;
use super::snapshot::{
    AlarmSnapshot, Charts, DeploymentSnapshot, EdgeEnd, EdgeSnapshot, FaultSnapshot, InstanceSnapshot, Interest, Mark, ServiceSnapshot, Signals, SloSnapshot,
    Snapshot, SourceSnapshot, Totals, VersionSnapshot,
};
use crate::fleet::look::{InstanceLook, ServiceLook};
use crate::ids::{QueueId, ServiceId, SourceId, VersionId};
use crate::insight::golden::Subject;
use crate::kernel::command::Caller;
use crate::kernel::model::{Model, Step};
use crate::scenario::Slo;
use crate::units::SimSpan;

/// How far back an instance's CPU use is averaged.
const CPU_SPAN: SimSpan = SimSpan::from_secs(5);

/// Which services put messages into each queue: on the map they are the callers of its consumer.
pub(super) fn publishers(model: &Model) -> Vec<Vec<ServiceId>> {
    let mut publishers = vec![Vec::new(); model.queues.len()];
    let scripts = model.endpoints.iter().map(|endpoint| (endpoint.service, &endpoint.steps));
    let replaced = model.versions.iter().flat_map(|version| version.scripts.iter().map(|(_, steps)| (version.service, steps)));
    for (service, steps) in scripts.chain(replaced) {
        let mut found: Vec<QueueId> = Vec::new();
        Step::each(steps, &mut |step| {
            if let Step::Publish(queue) = step {
                found.push(*queue);
            }
        });
        for queue in found {
            let known: &mut Vec<ServiceId> = &mut publishers[queue.index()];
            if !known.contains(&service) {
                known.push(service);
            }
        }
    }
    publishers
}

/// The signals of a version. An attempt that its caller gave up is a failure of the version, though its server never saw one.
fn version_signals(smooth: &Smooth<'_>) -> Signals {
    Signals { error_ratio: smooth.callers_error_ratio(), ..smooth.signals() }
}

/// A version's share of the traffic [0…1], if shares were set.
fn share_of(weights: &[(VersionId, f64)], version: VersionId) -> Option<f64> {
    let whole: f64 = weights.iter().map(|(_, weight)| weight).sum();
    (whole > 0.0).then(|| weights.iter().filter(|(of, _)| *of == version).map(|(_, weight)| weight).sum::<f64>() / whole)
}

impl Session {
    /// The charts that a reader is interested in, without the rest of a snapshot.
    pub(in crate::lab) fn charts(&self, interest: &Interest) -> Charts {
        charts::charts(self, interest)
    }
    /// The ledger as marks, oldest first.
    pub(in crate::lab) fn marks(&self) -> Vec<Mark> {
        marks::marks(self.scenario(), self.ledger())
    }

    /// What a reader sees now.
    pub fn snapshot(&mut self, interest: &Interest) -> Snapshot {
        let digest = self.digest();
        self.look_at_delivery();
        let this = &*self;
        let (model, store) = (&this.scenario().model, this.store());
        let counts = store.run_counts();
        let looks: Vec<ServiceLook> = (0..model.services.len()).map(|at| this.fleet().service(ServiceId::from_index(at))).collect();
        Snapshot {
            now: this.now(),
            end: this.end(),
            speed: 0.0,
            digest,
            entry: Smooth::of(store, Subject::Users(None)).signals(),
            services: looks.iter().enumerate().map(|(at, look)| this.service_snapshot(ServiceId::from_index(at), look)).collect(),
            edges: this.edge_snapshots(),
            sources: this.source_snapshots(),
            charts: charts::charts(this, interest),
            overview: this.overview().points(),
            marks: marks::marks(this.scenario(), this.ledger()),
            faults: this
                .fleet()
                .faults()
                .into_iter()
                .map(|fault| FaultSnapshot { name: fault.name, kind: fault.kind, service: fault.service, until: fault.until })
                .collect(),
            policies: policies::changes(this),
            ended: this.fleet().ended_deployments().cloned().collect(),
            alarms: this
                .fleet()
                .alarms()
                .zip(this.fleet().datapoints().chain(std::iter::repeat(None)))
                .map(|(alarm, latest)| AlarmSnapshot {
                    name: alarm.name.to_owned(),
                    service: alarm.service,
                    new_version: alarm.new_version,
                    composite: alarm.composite,
                    state: alarm.state,
                    latest,
                })
                .collect(),
            flags: this.flags(),
            slos: this.scenario().slos.iter().map(|slo| this.slo_snapshot(slo)).collect(),
            cost: this.fleet().cost(this.now()).0,
            delivery: this.delivery_look(),
            dora: this.dora(),
            flaws: this.flaws(),
            totals: Totals { requests: counts.requests, answered: counts.answered, hops: counts.hops, events: this.kernel().events() },
        }
    }

    fn slo_snapshot(&self, slo: &Slo) -> SloSnapshot {
        let standing = self.standing(slo);
        // An objective of 100 % allows nothing: the first bad request overspends it beyond any measure.
        let spent = if standing.met(slo) { 1.0 } else { f64::NEG_INFINITY };
        SloSnapshot { name: slo.name.clone(), objective: slo.objective.get(), achieved: standing.achieved, budget_left: standing.budget_left.unwrap_or(spent) }
    }

    fn service_snapshot(&self, service: ServiceId, look: &ServiceLook) -> ServiceSnapshot {
        let (model, store) = (&self.scenario().model, self.store());
        let described = &model.services[service.index()];
        let servers = Smooth::of(store, Subject::Service(service));
        let callers = Smooth::of(store, Subject::Callers(service));
        let mut signals = servers.signals();
        if callers.is_known() {
            let seen = callers.signals();
            (signals.rate, signals.goodput, signals.error_ratio) = (seen.rate, seen.goodput, seen.error_ratio);
        }
        let instances: Vec<InstanceSnapshot> = look.instances.iter().map(|instance| self.instance_snapshot(&described.versions, instance)).collect();
        let (queued, workers) = (instances.iter().map(|instance| instance.queued).sum(), look.instances.iter().map(|it| self.view(it.id).workers).max());
        let versions = described.versions.iter().map(|version| VersionSnapshot {
            name: model.versions[version.index()].name.clone(),
            instances: look.instances.iter().filter(|instance| instance.version == *version && instance.serving).count() as u32,
            share: share_of(&look.weights, *version),
            signals: version_signals(&Smooth::of(store, Subject::Version(*version))),
        });
        let alarm = |index: &usize| self.scenario().alarm_names().nth(*index).map(str::to_owned);
        let deployment = look.deployment.as_ref().map(|deployment| DeploymentSnapshot {
            number: deployment.number,
            alarms: deployment.alarms.iter().filter_map(alarm).collect(),
            version: model.versions[deployment.version.index()].name.clone(),
            strategy: deployment.strategy.to_owned(),
            done: deployment.done,
            wanted: look.desired,
            failed: deployment.failed,
            progress: deployment.progress.clone(),
            analyses: deployment.analyses.clone(),
        });
        let (health, why) = verdict::verdict(&verdict::Facts {
            signals,
            desired: look.desired,
            healthy: instances.iter().filter(|instance| instance.state == crate::fleet::instance::InstanceState::Healthy).count() as u32,
            deploying: deployment.is_some(),
            queued,
            workers: workers.unwrap_or(described.server.workers) * instances.len() as u32,
        });
        ServiceSnapshot {
            strategy: look.strategy.clone(),
            signals,
            health,
            why: why.map(|why| why.sentence()),
            desired: look.desired,
            versions: versions.collect(),
            stable: model.versions[look.stable.index()].name.clone(),
            previous: look.previous.map(|version| model.versions[version.index()].name.clone()),
            deployment,
            queued,
            workers: workers.unwrap_or(described.server.workers),
            queue: self.kernel().queue_of(service).clone(),
            reasons: if callers.is_known() { callers.reasons() } else { servers.reasons() },
            instances,
        }
    }

    fn instance_snapshot(&self, versions: &[crate::ids::VersionId], look: &InstanceLook) -> InstanceSnapshot {
        let (view, store) = (self.view(look.id), self.store());
        let (mut cpu, mut span) = (0_u64, 0_u64);
        for window in store.instance_windows(look.id, store.since(CPU_SPAN), store.now()) {
            (cpu, span) = (cpu + window.load.cpu_nanos, span + window.span.nanos());
        }
        InstanceSnapshot {
            id: look.id.0,
            state: look.state,
            version: versions.iter().position(|version| *version == look.version).unwrap_or(0) as u16,
            zone: look.zone.0,
            busy: view.busy,
            queued: view.queued,
            cpu: if span == 0 { 0.0 } else { cpu as f64 / span as f64 },
            memory: view.memory,
            faulted: look.faulted,
        }
    }

    fn edge_snapshots(&self) -> Vec<EdgeSnapshot> {
        // A service may both call another one and feed a queue that it consumes: that is one edge on the map.
        let mut edges: BTreeMap<(EdgeEnd, ServiceId), (EdgeSnapshot, f64)> = BTreeMap::new();
        for (index, edge) in self.store().edges().iter().enumerate() {
            let smooth = Smooth::of(self.store(), Subject::Edge(index));
            let signals = smooth.signals();
            let ends: Vec<EdgeEnd> = match edge.from {
                Caller::Service(service) => vec![EdgeEnd::Service(service)],
                Caller::Source(source) => vec![EdgeEnd::Source(source)],
                Caller::Queue(queue) => self.publishers(queue).iter().copied().map(EdgeEnd::Service).collect(),
            };
            let share = 1.0 / ends.len().max(1) as f64;
            for from in ends {
                let rate = signals.rate * share;
                let fresh = EdgeSnapshot {
                    from,
                    to: edge.to,
                    rate,
                    error_ratio: signals.error_ratio,
                    p99_ms: signals.p99_ms,
                    breaker_open: self.kernel().breaker_open(edge.from, edge.to),
                    retry_ratio: smooth.retry_ratio(),
                };
                edges
                    .entry((from, edge.to))
                    .and_modify(|(known, _)| {
                        let total = (known.rate + rate).max(f64::MIN_POSITIVE);
                        known.error_ratio = (known.error_ratio * known.rate + fresh.error_ratio * rate) / total;
                        known.retry_ratio = (known.retry_ratio * known.rate + fresh.retry_ratio * rate) / total;
                        known.p99_ms = known.p99_ms.into_iter().chain(fresh.p99_ms).reduce(f64::max);
                        known.breaker_open |= fresh.breaker_open;
                        known.rate += rate;
                    })
                    .or_insert((fresh, rate));
            }
        }
        edges.into_values().map(|(edge, _)| edge).collect()
    }

    fn source_snapshots(&self) -> Vec<SourceSnapshot> {
        let sources = self.scenario().model.sources.iter().enumerate();
        sources
            .map(|(at, source)| {
                let id = SourceId::from_index(at);
                SourceSnapshot {
                    name: source.name.clone(),
                    rate: self.overview().sent_rate(self.now(), at, self.kernel().source(id).begun),
                    factor: self.kernel().source(id).factor,
                }
            })
            .collect()
    }
}
