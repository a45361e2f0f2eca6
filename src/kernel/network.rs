//! The network between a client and an instance: latency and loss by zone, faults of links, retransmission.
//!
//! Faults act on an instance's network interface, in one direction or both, whichever side began the exchange: what comes
//! in are requests to it and answers to its own calls, what goes out are its answers and its own calls. A health check
//! meets the same faults as any request, but no latency of its own: the kubelet and the load balancer are near.
//!
//! A lost message is sent again by TCP after a retransmission timeout that starts at 200 ms (Linux's `TCP_RTO_MIN`) and
//! doubles, so loss shows as latency and a cut link holds messages back until it is mended; after 15 losses the
//! connection fails (Linux's default `tcp_retries2`).

use super::command::{self, Caller, LinkFault};
use super::dist::Sampler;
use super::model;
use super::outcome::Reason;
use super::row::{NONE, State, flag};
use super::{Kernel, failed, outcome};
use crate::ids::{InstanceId, ServiceId};
use crate::rng::{Stream, purpose};

/// The first retransmission timeout [ns].
const RTO: u64 = 200_000_000;
/// The longest one [ns] (Linux's `TCP_RTO_MAX`).
const LONGEST_RTO: u64 = 120_000_000_000;
/// Times that a message is sent again before the connection fails; after the last one a timeout passes, too.
const GIVE_UP: u8 = 15;
/// How long those take, timeout after timeout [ns]: the 924.6 s of Linux's documentation.
pub(super) const GIVE_UP_AFTER: u64 = 924_600_000_000;

/// Marks the stream from which a fault at the server's, or at the caller's interface draws.
const FAULT: u64 = 1 << 16;
const CALLERS_FAULT: u64 = 1 << 17;

/// One direction of a path.
#[derive(Debug)]
struct Link {
    latency: Sampler,
    loss: f64,
}

/// What faults do to messages at an instance, in one direction.
#[derive(Debug, Default)]
pub(super) struct Disturbance {
    delays: Vec<Sampler>,
    loss: f64,
}

impl Disturbance {
    pub(super) fn new(told: &command::Disturbance) -> Self {
        Self { delays: told.delays.iter().map(Sampler::new).collect(), loss: told.loss }
    }
    fn is_felt(&self) -> bool {
        self.loss > 0.0 || !self.delays.is_empty()
    }
    /// Whether it loses this message, and else by how much it delays it [ns].
    fn strike(&self, stream: &mut Stream) -> Option<f64> {
        if self.loss > 0.0 && stream.chance(self.loss) { None } else { Some(self.delays.iter().map(|delay| delay.sample(stream)).sum()) }
    }
}

/// All paths.
#[derive(Debug)]
pub(super) struct Network {
    same_zone: Link,
    cross_zone: Link,
    edge: Link,
    /// Whether messages take any time or may be lost at all.
    pub(super) is_active: bool,
    configured: bool,
    pub(super) faults: Vec<LinkFault>,
}

impl Network {
    pub(super) fn new(network: &model::Network) -> Self {
        let link = |link: &model::Link| Link { latency: Sampler::new(&link.latency), loss: link.loss.get() };
        let configured = *network != model::Network::default();
        Self {
            same_zone: link(&network.same_zone),
            cross_zone: link(&network.cross_zone),
            edge: link(&network.edge),
            is_active: configured,
            configured,
            faults: Vec::new(),
        }
    }
}

impl Kernel {
    /// Works out whether messages take the long way, after faults changed.
    pub(super) fn review_network(&mut self) {
        let touched = self.stations.iter().any(|station| station.inbound.is_felt() || station.outbound.is_felt() || station.vanished);
        let active = self.network.configured || touched || !self.network.faults.is_empty();
        if active && !self.network.is_active {
            // Attempts that are on their way may not have initialised their cold half.
            for cold in &mut self.rows.cold {
                cold.lost = 0;
            }
        }
        self.network.is_active = active;
    }

    /// Sends an attempt towards an instance.
    #[inline]
    pub(super) fn transmit(&mut self, id: u32) {
        let row = &self.rows.hot[id as usize];
        let (site, user) = (self.sites[row.site as usize], row.user);
        let mut target = row.instance;
        if target == NONE {
            target = self.pick(id, site.service, user);
            if target == NONE {
                self.refuse(id, Reason::NoHealthyTarget);
                return;
            }
            self.rows.hot[id as usize].instance = target;
            if self.services[usize::from(site.service)].routes.mirrors() {
                self.mirror(id, site.service);
            }
        }
        if self.network.is_active {
            self.travel(id, target, true);
        } else {
            self.arrive(id);
        }
    }

    /// The server's answer sets out; the row's outcome is set.
    #[inline]
    pub(super) fn answer(&mut self, id: u32) {
        if self.network.is_active && !self.rows.hot[id as usize].has(flag::DETACHED | flag::MESSAGE) {
            let row = &mut self.rows.hot[id as usize];
            if !row.has(flag::RETURNED) {
                row.flags |= flag::RETURNED;
                let cold = &mut self.rows.cold[id as usize];
                // The server's TCP sends the answer, with losses and timeouts of its own.
                (cold.joined, cold.lost) = (self.now, 0);
            }
            let target = row.instance;
            self.travel(id, target, false);
        } else {
            self.receive(id);
        }
    }

    /// Puts a message on its way, in one direction or the other.
    pub(super) fn travel(&mut self, id: u32, target: u32, there: bool) {
        let row = self.rows.hot[id as usize];
        let lost = self.rows.cold[id as usize].lost;
        let probe = row.has(flag::PROBE);
        let counter = u64::from(lost) << 1 | u64::from(there);
        let mut stream = self.stream(id, purpose::NETWORK, counter);
        let station = &self.stations[target as usize];
        // A caller that died meanwhile leaves an answer that nobody waits for; its way does not matter.
        let caller = if row.parent == NONE { None } else { self.rows.live(row.parent, row.parent_tag).map(|parent| parent.instance) };
        let zone = caller.map_or(station.zone, |caller| self.stations[caller as usize].zone);
        let link = match (row.parent == NONE, zone == station.zone) {
            (true, _) => &self.network.edge,
            (false, true) => &self.network.same_zone,
            (false, false) => &self.network.cross_zone,
        };
        let mut nanos = if probe {
            Some(0.0)
        } else if link.loss > 0.0 && stream.chance(link.loss) {
            None
        } else {
            Some(link.latency.sample(&mut stream))
        };
        if (there && station.vanished) || (!self.network.faults.is_empty() && self.is_cut(id, caller, there)) {
            nanos = None;
        }
        // Faults draw from streams of their own, so that they do not change what the network does by itself.
        let near = if there { &station.inbound } else { &station.outbound };
        if near.is_felt() {
            let struck = near.strike(&mut self.stream(id, purpose::NETWORK, counter | FAULT));
            nanos = nanos.and_then(|nanos| Some(nanos + struck?));
        }
        if let Some(caller) = caller.map(|caller| &self.stations[caller as usize]) {
            let far = if there { &caller.outbound } else { &caller.inbound };
            if far.is_felt() {
                let struck = far.strike(&mut self.stream(id, purpose::NETWORK, counter | CALLERS_FAULT));
                nanos = nanos.and_then(|nanos| Some(nanos + struck?));
            }
        }
        let Some(nanos) = nanos else {
            self.rows.cold[id as usize].lost = lost + 1;
            if lost > GIVE_UP {
                self.break_off(id, there);
                return;
            }
            self.rows.hot[id as usize].state = if there { State::LostThere } else { State::LostBack };
            self.wheel.schedule(id, self.now + (RTO << lost.min(20)).min(LONGEST_RTO));
            return;
        };
        if nanos >= 1.0 {
            self.rows.hot[id as usize].state = if there { State::Travelling } else { State::Returning };
            self.wheel.schedule(id, self.now + nanos as u64);
        } else if there {
            self.arrive(id);
        } else if probe {
            self.receive_probe(id);
        } else {
            self.receive(id);
        }
    }

    /// A client whose server vanished still waits: TCP gives up in the end, if the client does not do so before.
    pub(super) fn stay_unanswered(&mut self, id: u32) {
        let row = &self.rows.hot[id as usize];
        let (parent, tag) = (row.parent, row.parent_tag);
        let gives_up_at = self.rows.cold[id as usize].joined;
        if row.has(flag::DETACHED) || (parent != NONE && self.rows.live(parent, tag).is_none()) {
            self.rows.free(id);
        } else if self.now < gives_up_at {
            self.wheel.schedule(id, gives_up_at);
        } else {
            self.rows.hot[id as usize].state = State::Waiting;
            self.give_up(id, Reason::Unreachable);
        }
    }

    /// A message reached a machine that is gone: TCP sends it again. A health check is not sent again; its timer tells.
    pub(super) fn lose(&mut self, id: u32) {
        let row = &mut self.rows.hot[id as usize];
        if row.has(flag::PROBE) {
            row.state = State::Unanswered;
            self.rows.cold[id as usize].joined = self.now + GIVE_UP_AFTER;
            self.wheel.schedule(id, self.now + GIVE_UP_AFTER);
            return;
        }
        if row.has(flag::MESSAGE) {
            row.outcome = failed(Reason::Unreachable);
            self.receive(id);
            return;
        }
        row.state = State::LostThere;
        self.wheel.schedule(id, self.now + RTO);
    }

    /// Whether a partition cuts the way of this message. It separates an instance from a peer, whichever calls the other.
    fn is_cut(&self, id: u32, caller: Option<u32>, there: bool) -> bool {
        let row = &self.rows.hot[id as usize];
        // Health checks have no caller that could be cut off on its own.
        let (client, server) = if row.has(flag::PROBE) {
            (None, None)
        } else {
            (Some(self.labels[row.site as usize].caller), Some(Caller::Service(ServiceId(self.sites[row.site as usize].service))))
        };
        // Where a caller was that has given up meanwhile is not known any more, but of which service it was: what it sent
        // is held back by a cut of any of that service's instances.
        let is_caller = |instance: InstanceId| match caller {
            Some(caller) => instance.0 == caller,
            None => client == Some(Caller::Service(ServiceId(self.stations[instance.index()].service))),
        };
        self.network.faults.iter().any(|fault| {
            let cuts = |inwards: bool| if inwards { fault.inbound } else { fault.outbound };
            let meets = |peer| fault.peer.is_none() || fault.peer == peer;
            (cuts(there) && fault.instance.0 == row.instance && meets(client)) || (cuts(!there) && meets(server) && is_caller(fault.instance))
        })
    }

    /// The connection fails for good: the server never saw the attempt, or its answer got lost.
    fn break_off(&mut self, id: u32, there: bool) {
        let row = &mut self.rows.hot[id as usize];
        if row.has(flag::PROBE) {
            row.outcome = failed(Reason::Unreachable);
            self.receive_probe(id);
            return;
        }
        if there {
            self.uncount(id);
            self.rows.hot[id as usize].instance = NONE;
        }
        let row = self.rows.hot[id as usize];
        if row.has(flag::DETACHED) || (row.parent != NONE && self.rows.live(row.parent, row.parent_tag).is_none()) {
            self.receive(id);
            return;
        }
        if !there {
            self.record_server(&row, outcome(row.outcome), self.rows.cold[id as usize].joined);
        }
        self.give_up(id, Reason::Unreachable);
    }
}
