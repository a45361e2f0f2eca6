//! The network between a client and an instance: latency and loss by zone, faults of links, retransmission.
//!
//! A lost message is sent again by TCP after a retransmission timeout that starts at 200 ms (Linux's `TCP_RTO_MIN`) and
//! doubles, so loss shows as latency and a cut link holds messages back until it is mended; after 15 losses the
//! connection fails (Linux's default `tcp_retries2`).

use super::command::{Caller, LinkFault};
use super::dist::Sampler;
use super::model;
use super::outcome::Reason;
use super::row::{NONE, State, flag};
use super::{Kernel, failed, outcome};
use crate::ids::InstanceId;
use crate::rng::purpose;

/// The first retransmission timeout [ns].
const RTO: u64 = 200_000_000;
/// The longest one [ns] (Linux's `TCP_RTO_MAX`).
const LONGEST_RTO: u64 = 120_000_000_000;
/// Times that a message is sent again before the connection fails; after the last one a timeout passes, too.
const GIVE_UP: u8 = 15;
/// How long those take, timeout after timeout [ns]: the 924.6 s of Linux's documentation.
pub(super) const GIVE_UP_AFTER: u64 = 924_600_000_000;

/// One direction of a path.
#[derive(Debug)]
struct Link {
    latency: Sampler,
    loss: f64,
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
        let touched = self.stations.iter().any(|station| station.delay.is_some() || station.modifiers.loss > 0.0 || station.vanished);
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
    fn travel(&mut self, id: u32, target: u32, there: bool) {
        let row = self.rows.hot[id as usize];
        let lost = self.rows.cold[id as usize].lost;
        let caller = self.labels[row.site as usize].caller;
        let mut stream = self.stream(id, purpose::NETWORK, u64::from(lost) << 1 | u64::from(there));
        let station = &self.stations[target as usize];
        let link = if row.parent == NONE {
            &self.network.edge
        } else {
            // A caller that died meanwhile leaves an answer that nobody waits for; its way does not matter.
            let from = self.rows.live(row.parent, row.parent_tag).map_or(station.zone, |parent| self.stations[parent.instance as usize].zone);
            if from == station.zone { &self.network.same_zone } else { &self.network.cross_zone }
        };
        let loss = 1.0 - (1.0 - link.loss) * (1.0 - station.modifiers.loss);
        if (there && station.vanished) || self.is_cut(caller, target, there) || (loss > 0.0 && stream.chance(loss)) {
            self.rows.cold[id as usize].lost = lost + 1;
            if lost > GIVE_UP {
                self.break_off(id, there);
                return;
            }
            self.rows.hot[id as usize].state = if there { State::LostThere } else { State::LostBack };
            self.wheel.schedule(id, self.now + (RTO << lost.min(20)).min(LONGEST_RTO));
            return;
        }
        let mut nanos = link.latency.sample(&mut stream);
        if let Some(delay) = &station.delay {
            nanos += delay.sample(&mut stream);
        }
        if nanos >= 1.0 {
            self.rows.hot[id as usize].state = if there { State::Travelling } else { State::Returning };
            self.wheel.schedule(id, self.now + nanos as u64);
        } else if there {
            self.arrive(id);
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

    fn is_cut(&self, caller: Caller, target: u32, there: bool) -> bool {
        self.network.faults.iter().any(|fault| fault.to == InstanceId(target) && fault.from.is_none_or(|from| from == caller) && (there || fault.both_ways))
    }

    /// The connection fails for good: the server never saw the attempt, or its answer got lost.
    fn break_off(&mut self, id: u32, there: bool) {
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
