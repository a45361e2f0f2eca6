//! Scripts made flat: the endpoints' steps become one array of operations that requests walk through by index.
//!
//! Branches, loops and probabilities become jumps, so that a request needs no stack of its own, only a position. Call
//! sites are numbered here; equal calls within one endpoint share a number.

use super::command::Caller;
use super::dist::{Distribution, Sampler};
use super::model::{Model, Step};
use super::record::Site;
use super::resilience::CallPolicy;
use crate::ids::{EdgeId, EndpointId, QueueId, ServiceId, SourceId};

/// One operation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    /// Uses a worker and the CPU.
    Work(u32),
    /// Waits for the disk with a worker.
    Io(u32),
    /// Waits without anything.
    Sleep(u32),
    /// Calls from this site and waits.
    Call(u32),
    /// Starts `n` branches from this one on and waits for all.
    Fork { first: u32, n: u16 },
    /// Goes on with probability `p`, else jumps.
    Chance { p: f32, otherwise: u32 },
    /// Goes on if the user has the feature, else jumps.
    Feature { feature: u16, otherwise: u32 },
    /// Jumps.
    Jump(u32),
    /// Draws how many of `max` copies of a body of `len` operations run, and skips the others.
    Repeat { min: u16, max: u16, len: u32 },
    /// Looks a key up; on a hit jumps.
    Lookup { cache: u16, hit: u32 },
    /// Fills the cache with the key that was looked up.
    Fill { cache: u16 },
    /// Puts a message into a queue.
    Publish(u16),
    /// Fails with this probability.
    Fail(f32),
    /// The answer is ready, or the branch is done.
    End,
}

/// One branch of a fork.
#[derive(Debug, Clone, Copy)]
pub(super) enum Branch {
    /// A single call, made on behalf of the forking request itself.
    Call(u32),
    /// A script of its own.
    Task(u32),
}

/// What a call site needs beyond its [`Site`].
#[derive(Debug, Clone)]
pub(super) struct SiteSpec {
    pub(super) site: Site,
    pub(super) policy: CallPolicy,
    /// The client's state towards the called service, within the client's list of edges.
    pub(super) edge: EdgeId,
}

/// All scripts of a model.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) branches: Vec<Branch>,
    pub(super) samplers: Vec<Sampler>,
    pub(super) sites: Vec<SiteSpec>,
    /// Start of each version's endpoint: `entries[version][endpoint's index in its service]`.
    pub(super) entries: Vec<Vec<u32>>,
    /// Edges of each service's instances: the services that it calls.
    pub(super) service_edges: Vec<Vec<ServiceId>>,
    /// Edges of each source's clients.
    pub(super) source_edges: Vec<Vec<ServiceId>>,
    /// First call site of each source; its sites follow the order of its mix.
    pub(super) source_sites: Vec<u32>,
    /// The call site of each queue.
    pub(super) queue_sites: Vec<u32>,
    /// Where a health check starts: it only needs a worker.
    pub(super) probe: u32,
}

impl Program {
    pub(super) fn new(model: &Model) -> Self {
        let mut program = Self {
            ops: vec![Op::End],
            branches: Vec::new(),
            samplers: Vec::new(),
            sites: Vec::new(),
            entries: Vec::new(),
            service_edges: vec![Vec::new(); model.services.len()],
            source_edges: vec![Vec::new(); model.sources.len()],
            source_sites: Vec::new(),
            queue_sites: Vec::new(),
            probe: 0,
        };
        let base: Vec<u32> = (0..model.endpoints.len())
            .map(|index| {
                let endpoint = &model.endpoints[index];
                program.script(model, EndpointId::from_index(index), endpoint.service, &endpoint.steps)
            })
            .collect();
        for version in &model.versions {
            let endpoints = &model.services[version.service.index()].endpoints;
            let starts = endpoints.iter().map(|&endpoint| match version.scripts.iter().find(|(replaced, _)| *replaced == endpoint) {
                Some((_, steps)) => program.script(model, endpoint, version.service, steps),
                None => base[endpoint.index()],
            });
            let starts = starts.collect();
            program.entries.push(starts);
        }
        for (index, source) in model.sources.iter().enumerate() {
            program.source_sites.push(program.sites.len() as u32);
            let caller = Caller::Source(SourceId::from_index(index));
            for (endpoint, _) in &source.mix {
                let edge = edge_to(&mut program.source_edges[index], model.endpoints[endpoint.index()].service);
                program.sites.push(SiteSpec { site: Site { caller, from: None, to: *endpoint }, policy: source.policy.clone(), edge });
            }
        }
        for (index, queue) in model.queues.iter().enumerate() {
            program.queue_sites.push(program.sites.len() as u32);
            let site = Site { caller: Caller::Queue(QueueId::from_index(index)), from: None, to: queue.consumer };
            program.sites.push(SiteSpec { site, policy: CallPolicy::default(), edge: EdgeId(0) });
        }
        program
    }

    /// Compiles one script; returns where it starts.
    fn script(&mut self, model: &Model, from: EndpointId, service: ServiceId, steps: &[Step]) -> u32 {
        // Scripts of parallel branches are compiled first, because operations are laid out in one piece.
        let start = self.ops.len() as u32;
        let mut later = Vec::new();
        self.steps(model, from, service, steps, &mut later);
        self.ops.push(Op::End);
        while let Some((branch, steps)) = later.pop() {
            let at = self.ops.len() as u32;
            self.branches[branch] = Branch::Task(at);
            self.steps(model, from, service, &steps, &mut later);
            self.ops.push(Op::End);
        }
        start
    }

    fn steps(&mut self, model: &Model, from: EndpointId, service: ServiceId, steps: &[Step], later: &mut Vec<(usize, Vec<Step>)>) {
        for step in steps {
            match step {
                Step::Work(distribution) => {
                    let sampler = self.sampler(distribution);
                    self.ops.push(Op::Work(sampler));
                }
                Step::Io(distribution) => {
                    let sampler = self.sampler(distribution);
                    self.ops.push(Op::Io(sampler));
                }
                Step::Sleep(distribution) => {
                    let sampler = self.sampler(distribution);
                    self.ops.push(Op::Sleep(sampler));
                }
                Step::Call(call) => {
                    let site = self.site(model, from, service, call);
                    self.ops.push(Op::Call(site));
                }
                Step::Parallel(branches) => {
                    let first = self.branches.len();
                    self.ops.push(Op::Fork { first: first as u32, n: branches.len() as u16 });
                    self.branches.resize(first + branches.len(), Branch::Task(0));
                    for (index, steps) in branches.iter().enumerate() {
                        if let [Step::Call(call)] = steps.as_slice() {
                            self.branches[first + index] = Branch::Call(self.site(model, from, service, call));
                        } else {
                            later.push((first + index, steps.clone()));
                        }
                    }
                }
                Step::Probability { p, then, otherwise: other } => {
                    let either = |otherwise| Op::Chance { p: p.get() as f32, otherwise };
                    self.either(model, from, service, (then, other), either, later);
                }
                Step::Feature { feature, then, otherwise: other } => {
                    let either = |otherwise| Op::Feature { feature: feature.0, otherwise };
                    self.either(model, from, service, (then, other), either, later);
                }
                Step::Repeat { min, max, steps } => {
                    let repeat = self.ops.len();
                    self.ops.push(Op::End);
                    let before = self.ops.len();
                    for _ in 0..*max {
                        self.steps(model, from, service, steps, later);
                    }
                    let len = if *max == 0 { 0 } else { (self.ops.len() - before) as u32 / max };
                    self.ops[repeat] = Op::Repeat { min: *min as u16, max: *max as u16, len };
                }
                Step::Cache { cache, on_miss } => {
                    let lookup = self.ops.len();
                    self.ops.push(Op::End);
                    self.steps(model, from, service, on_miss, later);
                    self.ops.push(Op::Fill { cache: cache.0 });
                    self.ops[lookup] = Op::Lookup { cache: cache.0, hit: self.ops.len() as u32 };
                }
                Step::Publish(queue) => self.ops.push(Op::Publish(queue.0)),
                Step::Fail(p) => self.ops.push(Op::Fail(p.get() as f32)),
            }
        }
    }

    /// One branch or the other: `op` goes on or jumps to where it is told.
    fn either(
        &mut self,
        model: &Model,
        from: EndpointId,
        service: ServiceId,
        (then, otherwise): (&[Step], &[Step]),
        op: impl Fn(u32) -> Op,
        later: &mut Vec<(usize, Vec<Step>)>,
    ) {
        let fork = self.ops.len();
        self.ops.push(Op::End);
        self.steps(model, from, service, then, later);
        let jump = self.ops.len();
        self.ops.push(Op::End);
        self.ops[fork] = op(self.ops.len() as u32);
        self.steps(model, from, service, otherwise, later);
        self.ops[jump] = Op::Jump(self.ops.len() as u32);
    }

    fn sampler(&mut self, distribution: &Distribution) -> u32 {
        self.samplers.push(Sampler::new(distribution));
        self.samplers.len() as u32 - 1
    }

    fn site(&mut self, model: &Model, from: EndpointId, service: ServiceId, call: &super::model::Call) -> u32 {
        let site = Site { caller: Caller::Service(service), from: Some(from), to: call.endpoint };
        // A fan-out repeats the same call many times; only the endpoint's own sites, the latest ones, can be equal.
        let own = self.sites.iter().enumerate().rev().take_while(|(_, known)| known.site.from == Some(from));
        if let Some((index, _)) = own.into_iter().find(|(_, known)| known.site == site && known.policy == call.policy) {
            return index as u32;
        }
        let edge = edge_to(&mut self.service_edges[service.index()], model.endpoints[call.endpoint.index()].service);
        self.sites.push(SiteSpec { site, policy: call.policy.clone(), edge });
        self.sites.len() as u32 - 1
    }
}

/// The edge towards `service` in a client's list, added if it is new.
fn edge_to(edges: &mut Vec<ServiceId>, service: ServiceId) -> EdgeId {
    let index = edges.iter().position(|known| *known == service).unwrap_or_else(|| {
        edges.push(service);
        edges.len() - 1
    });
    EdgeId::from_index(index)
}
