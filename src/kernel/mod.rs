//! The event core: requests flowing through instances, in simulated time.
//!
//! The data plane: millions of short-lived rows, one clock, integer time. It knows no entities, no files and no screen;
//! it takes a [`model::Model`] and [`command::Command`]s and hands out [`record`]s and [`command::Notice`]s.
//!
//! ```text
//!  source ─► client ─► (pool, breaker, …) ─► balancer ─► network ─► station: queue ─► worker ─► script ─┐
//!    ▲         ▲ │                                                                    ▲                 │ call, fork
//!    │ answer  │ └─ timeout, retry, hedge                                             └─────────────────┤
//!    └─────────┴──────────────────────────── network ◄──────────────────────────────────── answer ◄─────┘
//! ```
//!
//! | file | what a request meets there |
//! |---|---|
//! | `arrivals` | traffic sources and their users |
//! | `client`, `twins` | sending, waiting, giving up, trying again; hedged copies |
//! | `guard` | the client's pool, breaker, bulkhead, limits and budget |
//! | `network` | latency, loss, cut links |
//! | `server` | the queue, the worker, the end of the answer |
//! | `script` | the steps of an endpoint |
//! | `routing` | routes by header, sticky users, copies of requests |
//! | `feature` | feature flags and A/B tests |
//! | `cache`, `messages` | cache lookups; queues and their consumers |
//! | `control` | commands, views, crashes |
//! | `schemas` | the schemas that a version speaks |
//! | `wheel`, `row`, `station`, `program` | the event queue and the tables |
//!
//! To add a behaviour: a balancer, a call policy or an arrival shape is a file in its folder; a step is an operation in
//! `program` and its meaning in `script`.

pub mod balance;
pub mod command;
pub mod dist;
pub mod feature;
pub mod model;
pub mod outcome;
pub mod record;
pub mod resilience;
pub mod routing;
pub mod schemas;
pub mod traffic;

mod arrivals;
mod cache;
mod client;
mod control;
mod guard;
mod messages;
mod network;
mod program;
mod row;
mod script;
mod server;
mod station;
mod timer;
mod twins;
mod wheel;

pub use arrivals::SourceView;
pub use messages::QueueView;

use balance::{Balancer, Group, Load};
use command::{Notice, Pause};
use model::Model;
use outcome::{Outcome, Reason};
use program::Program;
use record::{Entry, Hop, Recorder, Site, Span};
use row::{NONE, Rows, State, flag};
use station::Station;
use timer::{Fifo, TimerKind};
use wheel::Wheel;

use crate::rng::{Stream, mix};
use crate::units::{NANOS_PER_SEC, Ratio, SimTime};

/// Hops that are gathered before they are handed over.
const BATCH: usize = 2_048;

/// How traces are sampled: the first `reservoir` requests of each second, and a share of the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Traces always taken per second.
    pub reservoir: u32,
    /// Share of the other requests, 0…1.
    pub fixed_rate: f64,
}

impl Default for Sampling {
    /// The default rule of X-Ray: the first each second, then 5 %.
    fn default() -> Self {
        Self { reservoir: 1, fixed_rate: 0.05 }
    }
}

/// What the hot path needs of a call site.
#[derive(Debug, Clone, Copy)]
struct HotSite {
    service: u16,
    /// The endpoint's index in its service.
    endpoint: u16,
    /// [`site_flag`]s.
    flags: u16,
    /// The list in which its timeouts expire.
    timeouts: u16,
    /// The client's edge.
    edge: u16,
    timeout: u64,
}

/// Properties of a call site, as bits.
mod site_flag {
    /// Attempts time out.
    pub(super) const TIMEOUT: u16 = 1;
    /// The client keeps state about the called service.
    pub(super) const GUARD: u16 = 1 << 1;
    /// Slow attempts get a copy.
    pub(super) const HEDGE: u16 = 1 << 2;
    /// The time left is passed on.
    pub(super) const DEADLINE: u16 = 1 << 3;
}

/// A service's load balancer.
#[derive(Debug)]
struct Service {
    balancer: Balancer,
    /// Whether outstanding requests are counted for the balancer.
    counts: bool,
    /// All in rotation, in order of joining.
    rotation: Vec<u32>,
    /// Weight by version; empty: all targets alike.
    weights: Vec<(u16, f64)>,
    /// Target sets with their cumulative weights; one without weights.
    groups: Vec<(f64, Group)>,
    /// Whether some target is in slow start.
    slow_starting: bool,
    /// Whether a target is chosen in another way than by turns among all.
    choosy: bool,
    /// The routes besides the shares of the versions.
    routes: routing::Routes,
    /// Share of the connections to it that clients have lost.
    pool_leak: f64,
}

/// A version and whether it needs the long way.
#[derive(Debug)]
struct Version {
    described: model::Version,
    special: bool,
}

/// The data plane, running.
#[derive(Debug)]
pub struct Kernel {
    now: u64,
    events: u64,
    digest: u64,
    root: Stream,
    wheel: Wheel,
    rows: Rows,
    /// Rows that go on within the current event.
    ready: Vec<u32>,
    program: Program,
    sites: Vec<HotSite>,
    labels: Vec<Site>,
    services: Vec<Service>,
    versions: Vec<Version>,
    servers: Vec<model::Server>,
    stations: Vec<Station>,
    /// The instances that still exist, in order.
    measured: Vec<u32>,
    loads: Vec<Load>,
    clients: Vec<guard::Client>,
    sources: Vec<arrivals::Source>,
    caches: Vec<cache::Cache>,
    features: Vec<feature::Feature>,
    /// Share of users who send each header.
    headers: Vec<Ratio>,
    queues: Vec<messages::Queue>,
    network: network::Network,
    fifos: Vec<Fifo>,
    /// Instances that reached their memory limit within the current event.
    doomed: Vec<u32>,
    /// Queues whose messages may find room after the current event.
    deliveries: Vec<u16>,
    notices: Vec<Notice>,
    hops: Vec<Hop>,
    entries: Vec<Entry>,
    spans: Vec<Span>,
    sampling: Sampling,
    sampled_second: u64,
    sampled: u32,
    window_due: bool,
    probes: u64,
    tests: u64,
}

/// Attempts (with timers and calls between two attempts) that may be under way at once: what goes beyond would exhaust
/// the machine, at about 200 bytes each and twice that while the table grows.
pub const MOST_UNDER_WAY: usize = 1 << 22;

impl Kernel {
    /// Prepares a model; nothing has happened yet, and no instance exists.
    pub fn new(model: &Model, seed: u64, sampling: Sampling) -> Self {
        let program = Program::new(model);
        let labels: Vec<Site> = program.sites.iter().map(|spec| spec.site).collect();
        let mut kernel = Self {
            now: 0,
            events: 0,
            digest: mix(seed),
            root: Stream::root(seed),
            wheel: Wheel::new(),
            rows: Rows::new(),
            ready: Vec::new(),
            sites: Vec::new(),
            labels,
            services: model
                .services
                .iter()
                .map(|service| Service {
                    balancer: service.balancer.clone(),
                    counts: service.balancer.counts_outstanding(),
                    rotation: Vec::new(),
                    weights: Vec::new(),
                    groups: vec![(1.0, Group::default())],
                    slow_starting: false,
                    choosy: service.sticky,
                    routes: routing::Routes::new(service.sticky),
                    pool_leak: 0.0,
                })
                .collect(),
            versions: model.versions.iter().map(|version| Version { described: version.clone(), special: false }).collect(),
            servers: model.services.iter().map(|service| service.server.clone()).collect(),
            stations: Vec::new(),
            measured: Vec::new(),
            loads: Vec::new(),
            clients: Vec::new(),
            sources: Vec::new(),
            caches: model.caches.iter().map(cache::Cache::new).collect(),
            features: model.features.iter().map(feature::Feature::new).collect(),
            headers: model.user_headers.iter().map(|header| header.share).collect(),
            queues: Vec::new(),
            network: network::Network::new(&model.network),
            fifos: Vec::new(),
            doomed: Vec::new(),
            deliveries: Vec::new(),
            notices: Vec::new(),
            hops: Vec::with_capacity(BATCH + 64),
            entries: Vec::new(),
            spans: Vec::new(),
            sampling,
            sampled_second: u64::MAX,
            sampled: 0,
            window_due: false,
            probes: 0,
            tests: 0,
            program,
        };
        for index in 0..kernel.program.sites.len() {
            let to = kernel.labels[index].to;
            let service = model.endpoints[to.index()].service;
            let position = model.services[service.index()].endpoints.iter().position(|&endpoint| endpoint == to);
            let endpoint = position.expect("an endpoint is listed in its service") as u16;
            let edge = kernel.program.sites[index].edge.0;
            kernel.sites.push(HotSite { service: service.0, endpoint, flags: 0, timeouts: 0, edge, timeout: 0 });
            kernel.review_site(index);
        }
        kernel.review_versions();
        kernel.open_queues(model);
        kernel.set_timer(NANOS_PER_SEC, TimerKind::Window, 0, 0);
        kernel.open_sources(model);
        kernel
    }

    /// The simulated time.
    pub const fn now(&self) -> SimTime {
        SimTime::from_nanos(self.now)
    }

    /// Events processed so far.
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// A fingerprint of everything that users got so far: equal runs have equal digests.
    pub const fn digest(&self) -> u64 {
        mix(self.digest ^ self.events)
    }

    /// The call sites, by which records are labelled.
    pub fn sites(&self) -> &[Site] {
        &self.labels
    }

    /// Runs until `until`, with all events at that very time, or until there are notices to take.
    pub fn run_until(&mut self, until: SimTime, recorder: &mut dyn Recorder) -> Pause {
        if !self.notices.is_empty() {
            return Pause::Notice(self.now());
        }
        while let Some((time, handle)) = self.wheel.pop(until.nanos()) {
            self.now = time;
            self.events += 1;
            self.fire(handle);
            self.settle();
            if self.hops.len() >= BATCH {
                self.flush(recorder);
            }
            if self.window_due {
                self.close_window(recorder);
            }
            if !self.notices.is_empty() {
                return Pause::Notice(self.now());
            }
        }
        self.now = self.now.max(until.nanos());
        Pause::Reached
    }

    /// Takes what the kernel has to tell.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Hands over everything that is still buffered.
    pub fn flush(&mut self, recorder: &mut dyn Recorder) {
        if !self.hops.is_empty() {
            recorder.hops(&self.hops);
            self.hops.clear();
        }
        if !self.entries.is_empty() {
            recorder.entries(&self.entries);
            self.entries.clear();
        }
        if !self.spans.is_empty() {
            recorder.spans(&self.spans);
            self.spans.clear();
        }
    }

    /// Ends a window of one second.
    fn close_window(&mut self, recorder: &mut dyn Recorder) {
        self.window_due = false;
        self.flush(recorder);
        let now = self.now;
        let stations = &mut self.stations;
        let gauges: Vec<_> = self.measured.iter().map(|&instance| stations[instance as usize].gauge(instance, now)).collect();
        let sources: Vec<_> = self.sources.iter_mut().map(|source| source.gauge(now)).collect();
        recorder.window(SimTime::from_nanos(now), &gauges, &sources);
        self.measured.retain(|&instance| !stations[instance as usize].forgotten);
    }

    /// Lets everything go on that can within the current event.
    #[inline]
    fn settle(&mut self) {
        while let Some(id) = self.ready.pop() {
            self.resume(id);
        }
        if !(self.doomed.is_empty() && self.deliveries.is_empty()) {
            self.settle_rare();
        }
    }

    /// Deaths and deliveries that the current event brought about.
    #[cold]
    fn settle_rare(&mut self) {
        loop {
            if let Some(instance) = self.doomed.pop() {
                self.kill(instance, false);
                self.notices.push(Notice::OutOfMemory(crate::ids::InstanceId(instance)));
            } else if let Some(queue) = self.deliveries.pop() {
                self.deliver_messages(queue);
            } else {
                return;
            }
            while let Some(id) = self.ready.pop() {
                self.resume(id);
            }
        }
    }

    /// What an event means depends on what its row is doing.
    #[inline]
    fn fire(&mut self, id: u32) {
        let row = &mut self.rows.hot[id as usize];
        match row.state {
            State::Working => {
                self.leave_cpu(id);
                let row = &self.rows.hot[id as usize];
                if !self.stations[row.instance as usize].plain && self.was_paused(id) {
                    return;
                }
                self.rows.hot[id as usize].state = State::Waiting;
                self.run(id);
            }
            State::Timer => self.fire_timer(id),
            State::Travelling => {
                row.state = State::Waiting;
                self.arrive(id);
            }
            State::Returning => {
                row.state = State::Waiting;
                if row.has(flag::PROBE) {
                    self.receive_probe(id);
                } else {
                    self.receive(id);
                }
            }
            State::Sleeping => {
                row.state = State::Waiting;
                self.run(id);
            }
            State::BackingOff => self.try_again(id),
            // Nobody waits for the answer of a health check whose time was up.
            State::LostThere | State::LostBack if row.has(flag::PROBE) && row.has(flag::DETACHED) => self.rows.free(id),
            State::LostThere => {
                row.state = State::Waiting;
                if row.has(flag::PROBE) {
                    self.send_probe(id);
                } else {
                    self.transmit(id);
                }
            }
            State::LostBack => {
                row.state = State::Waiting;
                if row.has(flag::PROBE) {
                    self.answer_probe(id);
                } else {
                    self.answer(id);
                }
            }
            State::Unanswered => self.stay_unanswered(id),
            State::Dead => self.rows.free(id),
            State::Free | State::Queued | State::Waiting | State::Pooled | State::Fetching => {
                unreachable!("nothing is scheduled for a row that is {:?}", row.state)
            }
        }
    }

    /// Takes a free row.
    #[inline]
    fn take_row(&mut self) -> u32 {
        match self.rows.take() {
            Some(id) => id,
            None => self.grow_rows(),
        }
    }

    #[cold]
    fn grow_rows(&mut self) -> u32 {
        let rows = self.rows.grow();
        if rows > MOST_UNDER_WAY {
            self.exhaust();
        }
        self.wheel.grow(rows);
        self.rows.take().expect("there are free rows after growing")
    }

    /// There is no room for more: the current event still ends, then somebody has to know.
    #[cold]
    fn exhaust(&mut self) {
        if !self.notices.contains(&Notice::Exhausted) {
            self.notices.push(Notice::Exhausted);
        }
    }

    /// Ends a row's use: at once, or when its pending event fires.
    #[inline]
    fn dispose(&mut self, id: u32) {
        let row = &mut self.rows.hot[id as usize];
        if row.state.is_scheduled() {
            row.state = State::Dead;
            row.key = 0;
        } else {
            self.rows.free(id);
        }
    }

    /// The stream of a row for a purpose and a counter.
    #[inline]
    fn stream(&self, id: u32, purpose: u64, counter: u64) -> Stream {
        Stream::from_key(self.rows.hot[id as usize].key).at(purpose << 32 | counter)
    }
}

/// Outcomes as bytes in rows: 0 well, 1 degraded, else 2 + the reason.
const OK: u8 = 0;
const DEGRADED: u8 = 1;
const fn failed(reason: Reason) -> u8 {
    2 + reason as u8
}
fn outcome(code: u8) -> Outcome {
    match code {
        OK => Outcome::Ok,
        DEGRADED => Outcome::Degraded,
        code => Outcome::Failed(Reason::ALL[usize::from(code) - 2]),
    }
}
