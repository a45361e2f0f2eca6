//! The client's guards around a call: rate limit, throttling, bulkhead, breaker, retry budget and connection pool.
//!
//! One [`Client`] holds the state of one calling process towards one called service. It lives as long as the process.

use std::collections::VecDeque;

use super::Kernel;
use super::command::Caller;
use super::outcome::Reason;
use super::resilience::breaker::BreakerState;
use super::resilience::budget::BudgetState;
use super::resilience::pool::Pool;
use super::resilience::rate_limit::BucketState;
use super::resilience::throttle::ThrottleState;
use super::row::{NONE, Row, State, flag};
use super::timer::FifoKind;
use crate::ids::ServiceId;
use crate::rng::purpose;

/// One process's state towards one service.
#[derive(Debug)]
pub(super) struct Client {
    /// Attempts on their way.
    pub(super) in_flight: u32,
    connections: u32,
    /// Rows that wait for a connection, by slot and tag; those that gave up are passed over.
    waiting: VecDeque<(u32, u32)>,
    /// Whose turn it is next, where callers take turns of their own; `None` before the first.
    turn: Option<usize>,
    pub(super) breaker: BreakerState,
    budget: BudgetState,
    bucket: BucketState,
    throttle: Option<Box<ThrottleState>>,
}

impl Client {
    pub(super) const fn new() -> Self {
        Self {
            in_flight: 0,
            connections: 0,
            waiting: VecDeque::new(),
            turn: None,
            breaker: BreakerState::new(),
            budget: BudgetState::new(),
            bucket: BucketState::new(),
            throttle: None,
        }
    }
}

impl Kernel {
    /// The state of whoever sends this attempt towards the called service.
    fn client_of(&self, row: &Row) -> usize {
        let edge = usize::from(self.sites[row.site as usize].edge);
        let first = if row.parent == NONE {
            match self.labels[row.site as usize].caller {
                Caller::Source(source) => self.sources[source.index()].clients,
                Caller::Service(_) | Caller::Queue(_) => unreachable!("only sources call without a parent and with a policy"),
            }
        } else {
            self.stations[self.rows.hot[row.parent as usize].instance as usize].clients
        };
        first as usize + edge
    }

    /// The target whose turn it is for whoever sends this attempt; `NONE` if nothing is in rotation.
    pub(super) fn own_turn(&mut self, id: u32) -> u32 {
        let row = self.rows.hot[id as usize];
        let at = self.client_of(&row);
        let group = &self.services[usize::from(self.sites[row.site as usize].service)].groups[0].1;
        let begin = || self.root.child(purpose::BALANCE).child(at as u64).below((group.targets.len() as u32).max(1)) as usize;
        let mut cursor = self.clients[at].turn.unwrap_or_else(begin);
        let target = group.next_in_own_turn(&mut cursor).unwrap_or(NONE);
        self.clients[at].turn = Some(cursor);
        target
    }

    /// Passes an attempt through the guards; `false` if it was refused or waits for a connection.
    pub(super) fn guard(&mut self, id: u32) -> bool {
        let row = self.rows.hot[id as usize];
        let at = self.client_of(&row);
        let now = self.now;
        let draw = self.stream(id, purpose::THROTTLE, 0).uniform();
        let policy = &self.program.sites[row.site as usize].policy;
        let client = &mut self.clients[at];
        if row.attempt == 0
            && let Some(budget) = policy.retry.as_ref().and_then(|retry| retry.budget.as_ref())
        {
            client.budget.on_request(budget);
        }
        let refused = if policy.rate_limit.as_ref().is_some_and(|limit| !client.bucket.take(limit, now)) {
            Some(Reason::RateLimited)
        } else if policy
            .throttle
            .as_ref()
            .is_some_and(|throttle| !client.throttle.get_or_insert_with(|| Box::new(ThrottleState::new())).admit(throttle, now, draw))
        {
            Some(Reason::Throttled)
        } else if policy.bulkhead.as_ref().is_some_and(|bulkhead| client.in_flight >= bulkhead.max_concurrent) {
            Some(Reason::BulkheadFull)
        } else if policy.breaker.as_ref().is_some_and(|breaker| !client.breaker.admit(breaker, now)) {
            Some(Reason::BreakerOpen)
        } else {
            None
        };
        if let Some(reason) = refused {
            self.refuse(id, reason);
            return false;
        }
        client.in_flight += 1;
        if row.has(flag::RETRY) {
            client.budget.retrying += 1;
        }
        let hot = &mut self.rows.hot[id as usize];
        hot.flags |= flag::GUARDED;
        self.rows.cold[id as usize].client = at as u32;
        match policy.pool.clone() {
            None => true,
            Some(pool) => self.connect(id, at, &pool),
        }
    }

    /// Takes a connection, or waits for one.
    fn connect(&mut self, id: u32, at: usize, pool: &Pool) -> bool {
        let size = self.pool_size(id, pool);
        let client = &mut self.clients[at];
        if client.connections < size {
            client.connections += 1;
            self.rows.cold[id as usize].connected = true;
            return true;
        }
        if pool.max_waiting.is_some_and(|most| client.waiting.len() >= most as usize) {
            self.refuse(id, Reason::PoolExhausted);
            return false;
        }
        let row = &mut self.rows.hot[id as usize];
        row.state = State::Pooled;
        let tag = row.tag();
        client.waiting.push_back((id, tag));
        let index = self.fifo(FifoKind::Acquire, pool.acquire_timeout.nanos());
        self.wait_in(index, id, tag);
        false
    }

    /// Connections that a client has towards the service that this attempt calls.
    fn pool_size(&self, id: u32, pool: &Pool) -> u32 {
        let service = self.sites[self.rows.hot[id as usize].site as usize].service;
        let leak = self.services[usize::from(service)].pool_leak;
        (f64::from(pool.size) * (1.0 - leak)).floor() as u32
    }

    /// No connection became free in time.
    pub(super) fn give_up_pool(&mut self, id: u32) {
        let row = self.rows.hot[id as usize];
        self.rows.hot[id as usize].state = State::Waiting;
        let at = self.rows.cold[id as usize].client as usize;
        self.clients[at].waiting.retain(|&(waiting, _)| waiting != id);
        if row.parent != NONE && self.rows.live(row.parent, row.parent_tag).is_none() {
            self.dispose(id);
            return;
        }
        self.refuse(id, Reason::PoolExhausted);
    }

    /// An attempt ended for its client: gives back what it held and counts the result.
    pub(super) fn leave_guard(&mut self, id: u32, ok: bool, latency: u64) {
        let row = self.rows.hot[id as usize];
        if !row.has(flag::GUARDED) {
            return;
        }
        self.rows.hot[id as usize].flags &= !flag::GUARDED;
        let cold = self.rows.cold[id as usize];
        let now = self.now;
        let policy = &self.program.sites[row.site as usize].policy;
        let client = &mut self.clients[cold.client as usize];
        client.in_flight = client.in_flight.saturating_sub(1);
        if row.has(flag::RETRY) {
            client.budget.retrying = client.budget.retrying.saturating_sub(1);
        }
        if let Some(breaker) = &policy.breaker {
            client.breaker.record(breaker, !ok, latency, now);
        }
        if let Some(budget) = policy.retry.as_ref().and_then(|retry| retry.budget.as_ref()) {
            client.budget.on_result(budget, ok, row.attempt == 0);
        }
        if ok
            && let Some(throttle) = &policy.throttle
            && let Some(state) = &mut client.throttle
        {
            state.accept(throttle, now);
        }
        if cold.connected {
            self.rows.cold[id as usize].connected = false;
            client.connections = client.connections.saturating_sub(1);
            self.hand_over_connection(cold.client as usize);
        }
    }

    /// A connection is free: whoever waits longest takes it.
    fn hand_over_connection(&mut self, at: usize) {
        while let Some(&(id, tag)) = self.clients[at].waiting.front() {
            let row = self.rows.hot[id as usize];
            if row.tag() != tag || row.state != State::Pooled {
                self.clients[at].waiting.pop_front();
                continue;
            }
            if row.has(flag::DETACHED) || (row.parent != NONE && self.rows.live(row.parent, row.parent_tag).is_none()) {
                self.clients[at].waiting.pop_front();
                self.rows.free(id);
                continue;
            }
            let Some(pool) = self.program.sites[row.site as usize].policy.pool.clone() else { return };
            if self.clients[at].connections >= self.pool_size(id, &pool) {
                return;
            }
            self.clients[at].waiting.pop_front();
            self.clients[at].connections += 1;
            self.rows.cold[id as usize].connected = true;
            self.rows.hot[id as usize].state = State::Waiting;
            self.transmit(id);
        }
    }

    /// Lets waiting calls of all clients of a service go on, after its pools grew.
    pub(super) fn review_pools(&mut self) {
        for at in 0..self.clients.len() {
            self.hand_over_connection(at);
        }
    }

    /// Whether a retry is within the client's budget; takes what it costs.
    pub(super) fn may_retry(&mut self, row: &Row, reason: Reason) -> bool {
        if self.program.sites[row.site as usize].policy.retry.as_ref().is_none_or(|retry| retry.budget.is_none()) {
            return true;
        }
        let at = self.client_of(row);
        let policy = &self.program.sites[row.site as usize].policy;
        let Some(budget) = policy.retry.as_ref().and_then(|retry| retry.budget.as_ref()) else { return true };
        let client = &mut self.clients[at];
        client.budget.take(budget, reason == Reason::Timeout, client.in_flight)
    }

    /// Whether any client of this caller refuses calls to the service now because its breaker is open.
    pub fn breaker_open(&self, from: Caller, to: ServiceId) -> bool {
        let (edges, firsts): (&[ServiceId], Vec<u32>) = match from {
            Caller::Service(service) => (
                &self.program.service_edges[service.index()],
                self.stations.iter().filter(|station| station.up && usize::from(station.service) == service.index()).map(|station| station.clients).collect(),
            ),
            Caller::Source(source) => (&self.program.source_edges[source.index()], vec![self.sources[source.index()].clients]),
            Caller::Queue(_) => return false,
        };
        let Some(edge) = edges.iter().position(|known| *known == to) else { return false };
        firsts.into_iter().any(|first| self.clients[first as usize + edge].breaker.is_open(self.now))
    }

    /// A client's latency counts for balancers that watch it.
    pub(super) fn observe(&mut self, row: &Row) {
        let service = usize::from(self.sites[row.site as usize].service);
        if let super::balance::Balancer::PeakEwma(balancer) = &self.services[service].balancer
            && row.instance != NONE
        {
            balancer.observe(&mut self.loads[row.instance as usize], self.now - row.sent, self.now);
        }
    }
}
