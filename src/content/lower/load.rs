//! How busy the traffic makes each service, estimated from means: expected visits, times the mean time for which a visit
//! holds a worker, over the workers that there are.
//!
//! A lower bound, so that "above capacity" is never a false alarm: at the base rate, without queueing, network, retries
//! or faults, with the versions that run at the start and with as many instances as the autoscaler may add. A closed loop
//! adapts to what it gets and counts as nothing. A client sends no more than its rate limit, bulkhead and pool let
//! through, a service that cannot keep up calls others no more often than it gets to, and a visit that its client cuts
//! short counts as a part of one. It estimates; what really happens is the simulation's business.

use std::collections::BTreeMap;

use super::service::Services;
use super::totals::most_instances;
use crate::ids::{EndpointId, ServiceId};
use crate::kernel::model::{Arrivals, Behaviour, Cache, MessageQueue, Source, Step, WorkerModel};
use crate::kernel::resilience::CallPolicy;
use crate::units::SimSpan;

/// What the traffic asks of one service.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Load {
    /// Requests [1/s].
    pub(crate) rate: f64,
    /// Workers that are busy on average if nobody has to wait [1].
    pub(crate) busy: f64,
    /// Workers, or less where contention keeps them from being of use [1].
    pub(crate) capacity: f64,
    /// CPU used [cores].
    pub(crate) cores: f64,
    /// CPU quota [cores]; infinite without one.
    pub(crate) quota: f64,
    /// Whether something on the way holds requests back, so that this is what remains of them.
    pub(crate) held_back: bool,
    /// Whether a client throttles itself by what this service accepts, so that nothing can be said.
    pub(crate) throttled: bool,
}

impl Load {
    /// Share of the capacity that is needed [1]; above 1 the queue grows for ever.
    pub(crate) fn utilisation(&self) -> f64 {
        let workers = if self.busy > 0.0 { self.busy / self.capacity } else { 0.0 };
        workers.max(self.cores / self.quota)
    }

    /// Whether it is more than can be served, or exactly as much without anything that holds it back.
    pub(crate) fn is_too_much(&self) -> bool {
        // NaN comes from infinite means, which are no less of a problem.
        let utilisation = self.utilisation();
        let fits = if self.held_back { utilisation <= 1.0 + SHARP } else { utilisation < 1.0 - ROUNDING };
        !(fits || self.throttled)
    }

    /// Whether it is exactly as much as can be served.
    pub(crate) fn is_just_enough(&self) -> bool {
        (self.utilisation() - 1.0).abs() <= ROUNDING
    }
}

/// Most rounds of propagation. Each settles one more cache, queue or limit on the way; few scenarios have a handful in a
/// row.
const ROUNDS: usize = 100;
/// Sums of shares and rates are this exact.
const ROUNDING: f64 = 1e-9;
/// A limit that lets through exactly what can be served keeps a service busy, not overloaded.
const SHARP: f64 = 1e-3;

/// The load of each service. `order` lists endpoints such that each comes after all that it calls.
pub(crate) fn load(services: &Services, queues: &[MessageQueue], sources: &[Source], order: &[EndpointId]) -> Vec<Load> {
    let mut estimate = Estimate::new(services, queues, order);
    for _ in 0..ROUNDS {
        let before = estimate.state();
        estimate.propagate(sources);
        let settled = |(now, before): (f64, f64)| (now - before).abs() <= ROUNDING * now;
        if estimate.state().into_iter().zip(before).all(settled) {
            break;
        }
    }
    estimate.sum()
}

/// Popularity of a cache's keys in blocks of neighbouring ranks: how many keys, and the share of lookups of each.
fn popularity(cache: &Cache) -> Vec<(f64, f64)> {
    let mut blocks = Vec::new();
    let mut first = 1.0_f64;
    while first <= f64::from(cache.keys) {
        // Single ranks at first, then blocks that grow by a tenth: the law is nearly straight inside one.
        let last = (first * 1.1).floor().max(first).min(f64::from(cache.keys));
        let middle = (first * last).sqrt();
        blocks.push((last - first + 1.0, middle.powf(-cache.zipf)));
        first = last + 1.0;
    }
    let total: f64 = blocks.iter().map(|(keys, weight)| keys * weight).sum();
    blocks.into_iter().map(|(keys, weight)| (keys, weight / total)).collect()
}

/// Share of lookups that miss, for keys that expire a fixed time after they were filled: a key looked up at rate λ is
/// missed once per ttl + 1/λ.
fn miss_share(popularity: &[(f64, f64)], rate: f64, ttl: SimSpan) -> f64 {
    popularity.iter().map(|(keys, share)| keys * share / (1.0 + rate * share * ttl.as_secs_f64())).sum()
}

struct Estimate<'a> {
    services: &'a Services,
    queues: &'a [MessageQueue],
    order: &'a [EndpointId],
    popularity: Vec<Vec<(f64, f64)>>,
    /// Share of lookups that miss, per cache.
    misses: Vec<f64>,
    /// Share of its visits that a service gets to, per service: 1 unless it cannot keep up.
    served: Vec<f64>,
    /// What flowed in the round before.
    flow: Flow,
}

/// What flows in one round.
#[derive(Debug, Clone)]
struct Flow {
    /// Visits [1/s], per endpoint.
    rates: Vec<f64>,
    /// Lookups [1/s], per cache.
    lookups: Vec<f64>,
    /// Messages [1/s], per queue.
    messages: Vec<f64>,
    /// What clients would like to send to each service.
    wishes: BTreeMap<(Client, ServiceId), Wish>,
    /// Whether something holds visits back, per endpoint.
    held_back: Vec<bool>,
    /// Whether a client throttles itself, per service.
    throttled: Vec<bool>,
}

/// Who has limits towards a service: all instances of a service together, or a traffic source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Client {
    Source(usize),
    Service(ServiceId),
}

/// What a client would like to send to a service.
#[derive(Debug, Clone, Copy, Default)]
struct Wish {
    /// Calls [1/s].
    rate: f64,
    /// Calls in flight at the least [1].
    in_flight: f64,
}

/// Mean times of one visit [s].
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    /// Until the answer.
    answer: f64,
    /// Of which without holding a worker, if the worker model gives it back.
    given_back: f64,
    /// CPU.
    work: f64,
}

impl Flow {
    fn new(services: &Services, queues: &[MessageQueue]) -> Self {
        Self {
            rates: vec![0.0; services.endpoints.len()],
            lookups: vec![0.0; services.caches.len()],
            messages: vec![0.0; queues.len()],
            wishes: BTreeMap::new(),
            held_back: vec![false; services.endpoints.len()],
            throttled: vec![false; services.list.len()],
        }
    }
}

impl<'a> Estimate<'a> {
    fn new(services: &'a Services, queues: &'a [MessageQueue], order: &'a [EndpointId]) -> Self {
        Self {
            services,
            queues,
            order,
            popularity: services.caches.iter().map(popularity).collect(),
            misses: vec![0.0; services.caches.len()],
            served: vec![1.0; services.list.len()],
            flow: Flow::new(services, queues),
        }
    }

    /// Every number that one round passes on to the next.
    fn state(&self) -> Vec<f64> {
        let flows = [&self.flow.rates, &self.flow.lookups, &self.flow.messages, &self.served];
        flows.into_iter().flatten().copied().collect()
    }

    /// The script that runs at the start.
    fn script(&self, endpoint: EndpointId) -> &'a [Step] {
        let service = self.services.endpoints[endpoint.index()].service;
        let initial = self.services.list[service.index()].versions.first();
        let replaced = initial.and_then(|version| self.services.versions[version.index()].scripts.iter().find(|(replaced, _)| *replaced == endpoint));
        replaced.map_or(&self.services.endpoints[endpoint.index()].steps, |(_, steps)| steps)
    }

    /// The behaviour of the version that runs at the start.
    fn behaviour(&self, service: ServiceId) -> Option<&'a Behaviour> {
        let initial = self.services.list[service.index()].versions.first()?;
        Some(&self.services.versions[initial.index()].behaviour)
    }

    /// One round: from the traffic down the calls; caches, queues and limits with what the round before found.
    fn propagate(&mut self, sources: &[Source]) {
        let answers: Vec<f64> = self.visits().iter().map(|times| times.answer).collect();
        let mut flow = Flow::new(self.services, self.queues);
        for (n, source) in sources.iter().enumerate() {
            let rate = match &source.arrivals {
                Arrivals::Open { rate, .. } => rate.get(),
                Arrivals::Counts { counts, .. } => mean_rate(counts),
                Arrivals::Closed { .. } => 0.0,
            };
            let total: f64 = source.mix.iter().map(|(_, weight)| weight).sum();
            for (endpoint, weight) in &source.mix {
                self.send(Client::Source(n), *endpoint, &source.policy, (rate * weight / total, false), &answers, &mut flow);
            }
        }
        for (queue, rate) in self.queues.iter().zip(&self.flow.messages) {
            flow.rates[queue.consumer.index()] += rate;
        }
        for &endpoint in self.order.iter().rev() {
            let service = self.services.endpoints[endpoint.index()].service;
            let fails = self.behaviour(service).map_or(0.0, |behaviour| behaviour.error_rate.get());
            let served = self.served[service.index()];
            let rate = flow.rates[endpoint.index()] * served * (1.0 - fails);
            let held_back = flow.held_back[endpoint.index()] || served < 1.0;
            if rate > 0.0 {
                self.run(Client::Service(service), self.script(endpoint), (rate, held_back), &answers, &mut flow);
            }
        }
        for (n, cache) in self.services.caches.iter().enumerate() {
            let copies = if cache.per_instance { self.services.fleet[cache.service.index()].instances.max(1) } else { 1 };
            self.misses[n] = miss_share(&self.popularity[n], flow.lookups[n] / f64::from(copies), cache.ttl);
        }
        self.flow = flow;
        self.served = self.sum().iter().map(|load| 1.0 / load.utilisation().max(1.0)).collect();
    }

    /// Sends calls [1/s] to an endpoint, as many as the client's limits let through.
    fn send(&self, client: Client, to: EndpointId, policy: &CallPolicy, calls: (f64, bool), answers: &[f64], flow: &mut Flow) {
        let (rate, held_back) = calls;
        let called = self.services.endpoints[to.index()].service;
        let answer = policy.timeout.map_or(answers[to.index()], |timeout| answers[to.index()].min(timeout.as_secs_f64()));
        let wish = flow.wishes.entry((client, called)).or_default();
        wish.rate += rate;
        wish.in_flight += rate * answer;
        let processes = match client {
            Client::Source(_) => 1.0,
            Client::Service(service) => f64::from(self.services.fleet[service.index()].instances.max(1)),
        };
        let wished = self.flow.wishes.get(&(client, called)).copied().unwrap_or_default();
        let in_flight = [policy.bulkhead.as_ref().map(|bulkhead| bulkhead.max_concurrent), policy.pool.as_ref().map(|pool| pool.size)];
        let in_flight = in_flight.into_iter().flatten().map(|most| f64::from(most) * processes / wished.in_flight);
        let limits = policy.rate_limit.iter().map(|limit| limit.rate.get() * processes / wished.rate).chain(in_flight);
        let let_through = limits.filter(|share| !share.is_nan()).fold(1.0, f64::min);
        // Of a visit that may be cut short this much is sure, if its time varies as the exponential does or less:
        // E[min(X, t)] = m (1 − e^(−t/m)) ≥ m t/(t + m).
        let cut = policy.timeout.filter(|_| policy.cancel || policy.propagate_deadline).map(SimSpan::as_secs_f64);
        let done = cut.map_or(1.0, |limit| if limit > 0.0 { limit / (limit + answers[to.index()]) } else { 0.0 });
        flow.rates[to.index()] += rate * let_through * done;
        flow.held_back[to.index()] |= rate > 0.0 && (held_back || let_through < 1.0);
        flow.throttled[called.index()] |= rate > 0.0 && policy.throttle.is_some();
    }

    /// Runs a script so many times a second.
    fn run(&self, client: Client, steps: &[Step], calls: (f64, bool), answers: &[f64], flow: &mut Flow) {
        let (mut rate, held_back) = calls;
        for step in steps {
            match step {
                Step::Work(_) | Step::Io(_) | Step::Sleep(_) => {}
                Step::Call(call) => self.send(client, call.endpoint, &call.policy, (rate, held_back), answers, flow),
                Step::Parallel(branches) => branches.iter().for_each(|branch| self.run(client, branch, (rate, held_back), answers, flow)),
                Step::Probability { p, then, otherwise } => {
                    self.run(client, then, (rate * p.get(), held_back), answers, flow);
                    self.run(client, otherwise, (rate * (1.0 - p.get()), held_back), answers, flow);
                }
                Step::Feature { feature, then, otherwise } => {
                    let p = self.services.features[feature.index()].percentage.get();
                    self.run(client, then, (rate * p, held_back), answers, flow);
                    self.run(client, otherwise, (rate * (1.0 - p), held_back), answers, flow);
                }
                Step::Repeat { min, max, steps } => {
                    self.run(client, steps, (rate * f64::midpoint(f64::from(*min), f64::from(*max)), held_back), answers, flow);
                }
                Step::Cache { cache, on_miss } => {
                    flow.lookups[cache.index()] += rate;
                    self.run(client, on_miss, (rate * self.misses[cache.index()], held_back), answers, flow);
                }
                Step::Publish(queue) => flow.messages[queue.index()] += rate,
                Step::Fail(p) => rate *= 1.0 - p.get(),
            }
        }
    }

    fn times(&self, steps: &[Step], below: &[Times]) -> Times {
        let mut sum = Times::default();
        for step in steps {
            let step = self.times_of(step, below);
            sum = Times { answer: sum.answer + step.answer, given_back: sum.given_back + step.given_back, work: sum.work + step.work };
        }
        sum
    }

    fn times_of(&self, step: &Step, below: &[Times]) -> Times {
        let scaled = |times: Times, by: f64| Times { answer: times.answer * by, given_back: times.given_back * by, work: times.work * by };
        let either = |p: f64, then: &[Step], otherwise: &[Step]| {
            let (then, otherwise) = (scaled(self.times(then, below), p), scaled(self.times(otherwise, below), 1.0 - p));
            Times { answer: then.answer + otherwise.answer, given_back: then.given_back + otherwise.given_back, work: then.work + otherwise.work }
        };
        match step {
            Step::Work(time) => {
                let work = time.mean_nanos() / 1e9;
                Times { answer: work, given_back: 0.0, work }
            }
            Step::Io(time) => Times { answer: time.mean_nanos() / 1e9, ..Times::default() },
            Step::Sleep(time) => {
                let sleep = time.mean_nanos() / 1e9;
                Times { answer: sleep, given_back: sleep, work: 0.0 }
            }
            Step::Call(call) => {
                let limit = call.policy.timeout.map_or(f64::INFINITY, SimSpan::as_secs_f64);
                // A call whose failure is ignored may be cut short in ways that a lower bound must allow for.
                let answer = if call.policy.optional { 0.0 } else { below[call.endpoint.index()].answer.min(limit) };
                Times { answer, given_back: answer, work: 0.0 }
            }
            // The longest mean is a lower bound of the mean of the longest.
            Step::Parallel(branches) => {
                let branches: Vec<Times> = branches.iter().map(|branch| self.times(branch, below)).collect();
                let answer = branches.iter().map(|times| times.answer).fold(0.0, f64::max);
                let held = branches.iter().map(|times| times.answer - times.given_back).fold(0.0, f64::max);
                Times { answer, given_back: (answer - held).max(0.0), work: branches.iter().map(|times| times.work).sum() }
            }
            Step::Probability { p, then, otherwise } => either(p.get(), then, otherwise),
            Step::Feature { feature, then, otherwise } => either(self.services.features[feature.index()].percentage.get(), then, otherwise),
            Step::Repeat { min, max, steps } => scaled(self.times(steps, below), f64::midpoint(f64::from(*min), f64::from(*max))),
            Step::Cache { cache, on_miss } => scaled(self.times(on_miss, below), self.misses[cache.index()]),
            Step::Publish(_) | Step::Fail(_) => Times::default(),
        }
    }

    /// Mean times of one visit of each endpoint.
    fn visits(&self) -> Vec<Times> {
        let mut times = vec![Times::default(); self.services.endpoints.len()];
        for &endpoint in self.order {
            let service = self.services.endpoints[endpoint.index()].service;
            let mut visit = self.times(self.script(endpoint), &times);
            let slower = self.behaviour(service).map_or(1.0, slowdown);
            visit.answer += visit.work * (slower - 1.0);
            visit.work *= slower;
            times[endpoint.index()] = visit;
        }
        times
    }

    fn sum(&self) -> Vec<Load> {
        let times = self.visits();
        let mut loads: Vec<Load> = self
            .services
            .list
            .iter()
            .zip(&self.services.fleet)
            .map(|(service, fleet)| {
                let instances = f64::from(most_instances(fleet));
                let workers = f64::from(service.server.workers);
                let useful = service.server.contention.as_ref().map_or(workers, |contention| most_useful(workers, contention.sigma, contention.kappa));
                let quota = service.server.cpu_limit.map_or(f64::INFINITY, |cores| cores * instances);
                Load { capacity: useful * instances, quota, ..Load::default() }
            })
            .collect();
        for (n, (endpoint, visit)) in self.services.endpoints.iter().zip(&times).enumerate() {
            let fails = self.behaviour(endpoint.service).map_or(0.0, |behaviour| behaviour.error_rate.get());
            let load = &mut loads[endpoint.service.index()];
            let held = match self.services.list[endpoint.service.index()].server.worker_model {
                WorkerModel::Blocking => visit.answer,
                WorkerModel::Async => visit.answer - visit.given_back,
            };
            let rate = self.flow.rates[n];
            load.rate += rate;
            load.held_back |= self.flow.held_back[n];
            if rate > 0.0 {
                load.busy += rate * (1.0 - fails) * held;
                load.cores += rate * (1.0 - fails) * visit.work;
            }
        }
        for (load, throttled) in loads.iter_mut().zip(&self.flow.throttled) {
            load.throttled = *throttled;
        }
        loads
    }
}

/// The factor by which the version that runs at the start slows everybody down.
fn slowdown(behaviour: &Behaviour) -> f64 {
    let everybody = behaviour.users.get() >= 1.0 && behaviour.after.is_zero() && behaviour.above_load.get() <= 0.0;
    if everybody { behaviour.latency_factor } else { behaviour.latency_factor.min(1.0) }
}

/// How many undisturbed workers the given ones are worth at best, by the universal scalability law.
fn most_useful(workers: f64, sigma: f64, kappa: f64) -> f64 {
    let worth = |n: f64| n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0));
    let peak = if kappa > 0.0 { ((1.0 - sigma) / kappa).sqrt().clamp(1.0, workers) } else { workers };
    worth(peak.floor()).max(worth(peak.ceil().min(workers))).max(worth(workers))
}

fn mean_rate(counts: &[(crate::units::SimTime, u64)]) -> f64 {
    // The last interval is as long as the one before; a single one lasts a minute.
    let last = match counts {
        [] => return 0.0,
        [_] => SimSpan::from_secs(60),
        [.., before, last] => last.0.since(before.0),
    };
    let length = counts[counts.len() - 1].0.since(counts[0].0) + last;
    counts.iter().map(|(_, n)| *n as f64).sum::<f64>() / length.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_keys_add_up_to_all_lookups() {
        for (keys, zipf) in [(1, 1.0), (10, 0.0), (1_000, 1.0), (1_000_000, 0.8)] {
            let blocks = popularity(&Cache { keys, zipf, ..Cache::default() });
            let (count, share): (f64, f64) = blocks.iter().fold((0.0, 0.0), |(n, s), (keys, share)| (n + keys, s + keys * share));
            assert!((count - f64::from(keys)).abs() < 0.5 && (share - 1.0).abs() < 1e-9, "{keys} {zipf}: {count} {share}");
            assert!(blocks.len() < 200, "{}", blocks.len());
        }
    }

    /// The blocks against the exact sum over keys.
    #[test]
    fn misses_of_skewed_keys_agree_with_the_sum_over_all_keys() {
        let cache = Cache { keys: 20_000, zipf: 1.0, ..Cache::default() };
        let harmonic: f64 = (1..=20_000).map(|rank| 1.0 / f64::from(rank)).sum();
        for rate in [0.1, 10.0, 1_000.0] {
            let exact: f64 = (1..=20_000).map(|rank| 1.0 / f64::from(rank) / harmonic).map(|p| p / (1.0 + rate * p * 60.0)).sum();
            let blocks = miss_share(&popularity(&cache), rate, SimSpan::from_secs(60));
            assert!((blocks / exact - 1.0).abs() < 0.01, "{rate}: {blocks} instead of {exact}");
        }
    }

    #[test]
    fn contention_makes_workers_worth_less() {
        assert!((most_useful(16.0, 0.0, 0.0) - 16.0).abs() < 1e-9);
        assert!((most_useful(16.0, 0.1, 0.0) - 6.4).abs() < 1e-9);
        // With coherency the peak lies below the number of workers.
        assert!(most_useful(100.0, 0.02, 0.001) > 100.0 / (1.0 + 0.02 * 99.0 + 0.001 * 9_900.0));
    }
}
