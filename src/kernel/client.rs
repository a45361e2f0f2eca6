//! The client's side of a call: sending an attempt, taking its answer, giving up, trying again, hedging.

use super::command::Caller;
use super::outcome::{Outcome, Reason};
use super::record::{Entry, Hop, Span, Strike, View};
use super::routing::is_nobodys;
use super::row::{Cold, NONE, Row, State, flag};
use super::timer::{FifoKind, TimerKind};
use super::{DEGRADED, Kernel, OK, failed, outcome, site_flag};
use crate::ids::{CallSiteId, FlawId, InstanceId, ServiceId};
use crate::rng::{Stream, mix, purpose};
use crate::units::{SimSpan, SimTime};

/// An attempt about to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Launch {
    pub(super) site: u32,
    pub(super) key: u64,
    pub(super) parent: u32,
    pub(super) parent_tag: u32,
    pub(super) user: u32,
    pub(super) flags: u16,
    pub(super) attempt: u8,
    /// When the user meant to send it [ns].
    pub(super) intended: u64,
    /// When the caller's own client stops waiting [ns]; `u64::MAX` if that is not known.
    pub(super) deadline: u64,
    /// The previous backoff [ns].
    pub(super) backoff: u64,
    /// The number of its trace, if it is traced.
    pub(super) trace: u32,
}

impl Kernel {
    /// Works out what the hot path must know of a call site's policy.
    pub(super) fn review_site(&mut self, index: usize) {
        let policy = &self.program.sites[index].policy;
        let (timeout, hedge) = (policy.timeout, policy.hedge.as_ref().map(|hedge| hedge.after.nanos()));
        let mut flags = 0;
        if policy.breaker.is_some()
            || policy.pool.is_some()
            || policy.bulkhead.is_some()
            || policy.rate_limit.is_some()
            || policy.throttle.is_some()
            || policy.retry.as_ref().is_some_and(|retry| retry.budget.is_some())
        {
            flags |= site_flag::GUARD;
        }
        if policy.propagate_deadline {
            flags |= site_flag::DEADLINE;
        }
        if let Some(timeout) = timeout {
            flags |= site_flag::TIMEOUT;
            self.sites[index].timeouts = self.fifo(FifoKind::Timeout, timeout.nanos());
            self.sites[index].timeout = timeout.nanos();
        }
        if let Some(after) = hedge {
            flags |= site_flag::HEDGE;
            self.fifo(FifoKind::Hedge, after);
        }
        self.sites[index].flags = flags;
    }

    /// Calls from a script: `counter` tells the calls of one request apart.
    #[inline]
    pub(super) fn call(&mut self, parent: u32, site: u32, counter: u64) {
        let row = &self.rows.hot[parent as usize];
        let key = Stream::from_key(row.key).child(purpose::ATTEMPT << 32 | counter).key();
        let (parent_tag, user, flags) = (row.tag(), row.user, row.flags & flag::INHERITED);
        let deadline = if row.has(flag::DEADLINE) { self.rows.cold[parent as usize].deadline } else { u64::MAX };
        let trace = if flags & flag::TRACED == 0 { 0 } else { self.rows.cold[parent as usize].trace };
        self.launch(Launch { site, key, parent, parent_tag, user, flags, attempt: 0, intended: self.now, deadline, backoff: 0, trace });
    }

    /// Sends an attempt; returns its row.
    #[inline]
    pub(super) fn launch(&mut self, launch: Launch) -> u32 {
        let id = self.take_row();
        let site = self.sites[launch.site as usize];
        self.rows.hot[id as usize] = Row {
            key: launch.key,
            sent: self.now,
            received: self.now,
            waited: 0.0,
            parent: launch.parent,
            parent_tag: launch.parent_tag,
            next: NONE,
            instance: NONE,
            pc: 0,
            site: launch.site,
            user: launch.user,
            pending: 0,
            flags: launch.flags,
            state: State::Waiting,
            attempt: launch.attempt,
            outcome: OK,
            struck: false,
        };
        if site.flags & site_flag::TIMEOUT != 0 {
            self.wait_in(site.timeouts, id, launch.key as u32);
        }
        let cold_path = site.flags & !site_flag::TIMEOUT != 0
            || launch.parent == NONE
            || launch.attempt > 0
            || launch.deadline != u64::MAX
            || self.network.is_active
            || launch.flags & flag::TRACED != 0;
        if !cold_path || self.prepare(id, &launch, site.flags) {
            self.transmit(id);
        }
        id
    }

    /// What only some attempts need before they are sent; `false` if this one ended or waits.
    fn prepare(&mut self, id: u32, launch: &Launch, flags: u16) -> bool {
        let mut cold = Cold { intended: launch.intended, backoff: launch.backoff, trace: launch.trace, twin: id, ..Cold::default() };
        if flags & site_flag::DEADLINE != 0 {
            // Own timeouts expire by their list; an earlier deadline from above needs a timer of its own.
            let own = if flags & site_flag::TIMEOUT != 0 { self.now + self.sites[launch.site as usize].timeout } else { u64::MAX };
            cold.deadline = own.min(launch.deadline);
            if cold.deadline != u64::MAX {
                self.rows.hot[id as usize].flags |= flag::DEADLINE;
            }
            if launch.deadline < own {
                if launch.deadline <= self.now {
                    self.rows.cold[id as usize] = cold;
                    self.refuse(id, Reason::Timeout);
                    return false;
                }
                self.set_timer(launch.deadline, TimerKind::Deadline, id, launch.key as u32);
            }
        }
        self.rows.cold[id as usize] = cold;
        if flags & site_flag::HEDGE != 0 {
            let after = self.program.sites[launch.site as usize].policy.hedge.as_ref().map_or(0, |hedge| hedge.after.nanos());
            let index = self.fifo(FifoKind::Hedge, after);
            self.wait_in(index, id, launch.key as u32);
        }
        flags & site_flag::GUARD == 0 || self.guard(id)
    }

    /// Ends an attempt that was never sent.
    pub(super) fn refuse(&mut self, id: u32, reason: Reason) {
        self.abandon(id, reason, 0);
        self.dispose(id);
    }

    /// The client's connection to the server is gone, and with it whatever would have come.
    pub(super) fn give_up(&mut self, id: u32, reason: Reason) {
        let sent = self.rows.hot[id as usize].sent;
        self.abandon(id, reason, self.now - sent);
        self.dispose(id);
    }

    /// Ends the client's half of an attempt that no server ended, `latency` [ns] after it was sent.
    fn abandon(&mut self, id: u32, reason: Reason, latency: u64) {
        self.record_client(id, reason);
        self.leave_guard(id, false, latency);
        self.rows.hot[id as usize].flags |= flag::DETACHED;
        // A copy that ends does not end the call: another attempt still runs.
        if self.leave_twins(id) {
            self.fail(id, reason);
        }
    }

    /// The client stops waiting for an attempt.
    pub(super) fn expire(&mut self, id: u32) {
        let row = self.rows.hot[id as usize];
        if row.has(flag::PROBE) {
            self.rows.hot[id as usize].flags |= flag::DETACHED;
            self.probe_ended(id, false);
            return;
        }
        if row.parent != NONE && self.rows.live(row.parent, row.parent_tag).is_none() {
            // Whoever called has died; only the server's half lives on.
            self.rows.hot[id as usize].flags |= flag::DETACHED;
            return;
        }
        self.abandon(id, Reason::Timeout, self.now - row.sent);
        if row.state == State::Unanswered {
            self.dispose(id);
            return;
        }
        // One that waits for a connection stays in the pool's list, to be passed over there.
        if self.program.sites[row.site as usize].policy.cancel && row.state != State::Pooled {
            self.cancel(id);
        }
    }

    /// Records that an attempt which its client waited for is of no use any more, though nothing went wrong with it.
    pub(super) fn record_dropped(&mut self, id: u32) {
        let row = &self.rows.hot[id as usize];
        if !row.has(flag::TASK | flag::MESSAGE | flag::PROBE) && row.state != State::BackingOff {
            self.record_unended(id, Reason::Cancelled, View::Dropped);
        }
    }

    /// Records that the client saw an attempt end which no server ended.
    fn record_client(&mut self, id: u32, reason: Reason) {
        self.record_unended(id, reason, View::Client);
        if self.rows.hot[id as usize].has(flag::TRACED) {
            self.trace(id, Outcome::Failed(reason));
        }
    }

    fn record_unended(&mut self, id: u32, reason: Reason, view: View) {
        let row = &self.rows.hot[id as usize];
        self.hops.push(Hop {
            latency: self.now - row.sent,
            wait: 0.0,
            instance: if row.instance == NONE { Hop::NOWHERE } else { InstanceId(row.instance) },
            site: CallSiteId(row.site),
            network: 0,
            outcome: Outcome::Failed(reason),
            view,
            attempt: row.attempt,
        });
    }

    /// Records a span that ends now.
    pub(super) fn trace(&mut self, id: u32, outcome: Outcome) {
        let row = &self.rows.hot[id as usize];
        let parent = if row.parent == NONE { 0 } else { self.rows.live(row.parent, row.parent_tag).map_or(0, |parent| parent.key) };
        let trace = self.rows.cold[id as usize].trace;
        self.spans.push(Span {
            trace: u64::from(trace),
            id: row.key,
            parent,
            endpoint: self.labels[row.site as usize].to,
            instance: if row.instance == NONE { Hop::NOWHERE } else { InstanceId(row.instance) },
            sent: SimTime::from_nanos(row.sent),
            received: SimTime::from_nanos(row.received),
            started: SimTime::from_nanos(row.received + row.waited as u64),
            ended: SimTime::from_nanos(self.now),
            outcome,
            attempt: row.attempt,
        });
    }

    /// The client gets an attempt's answer (or its failure).
    #[inline]
    pub(super) fn receive(&mut self, id: u32) {
        // Field by field on purpose: reading the whole row right after parts of it were written would stall the processor.
        let row = &self.rows.hot[id as usize];
        let (flags, code, site, instance, attempt) = (row.flags, row.outcome, row.site, row.instance, row.attempt);
        let (parent, parent_tag, sent, received, waited) = (row.parent, row.parent_tag, row.sent, row.received, row.waited);
        let orphaned = flags & flag::DETACHED != 0 || (parent != NONE && self.rows.live(parent, parent_tag).is_none());
        // Time on the way there, in the pool and on the way back; a server's time ends when it answered.
        let served = if flags & flag::RETURNED == 0 { self.now } else { self.rows.cold[id as usize].joined };
        let ended = outcome(code);
        self.hops.push(Hop {
            latency: served - received,
            wait: waited,
            // `NONE` and `Hop::NOWHERE` are the same number.
            instance: InstanceId(instance),
            site: CallSiteId(site),
            network: self.now - served + received - sent,
            outcome: ended,
            view: if !orphaned {
                View::Both
            } else if is_nobodys(parent, parent_tag) {
                View::Copy
            } else {
                View::Server
            },
            attempt,
        });
        if orphaned {
            if flags & flag::MESSAGE != 0 {
                self.message_ended(id, code <= DEGRADED);
            }
            self.test_ended(id, code <= DEGRADED);
            self.dispose(id);
            return;
        }
        let answered = code <= DEGRADED;
        if flags & (flag::GUARDED | flag::COUNTED | flag::TWINNED | flag::MESSAGE) != 0 && self.receive_rare(id, answered) {
            return;
        }
        if answered {
            self.reply(id, parent, parent_tag, site, code);
        } else {
            self.rows.hot[id as usize].flags |= flag::DETACHED;
            if let Outcome::Failed(reason) = ended {
                self.fail(id, reason);
            }
        }
        self.dispose(id);
    }

    /// What only some answers bring about; whether the call goes on without this attempt.
    fn receive_rare(&mut self, id: u32, answered: bool) -> bool {
        let row = self.rows.hot[id as usize];
        if row.has(flag::MESSAGE) {
            self.message_ended(id, answered);
            self.dispose(id);
            return true;
        }
        self.leave_guard(id, answered, self.now - row.sent);
        self.observe(&row);
        if row.has(flag::TWINNED) {
            if answered {
                self.drop_twins(id);
            } else if !self.leave_twins(id) {
                self.dispose(id);
                return true;
            }
        }
        false
    }

    /// An attempt failed: try again, or pass the failure on.
    fn fail(&mut self, id: u32, reason: Reason) {
        let row = self.rows.hot[id as usize];
        let spec = &self.program.sites[row.site as usize];
        if let Some(retry) = &spec.policy.retry
            && row.attempt + 1 < retry.attempts
            && retry.on.contains(&reason)
        {
            let cold = self.rows.cold[id as usize];
            // The first attempt of a call within the fleet may have no cold half: it was sent when it was meant to be.
            let first = row.attempt == 0 && row.parent != NONE;
            let (intended, previous) = if first { (row.sent, 0) } else { (cold.intended, cold.backoff) };
            let trace = if row.has(flag::TRACED) { cold.trace } else { 0 };
            let deadline = self.caller_deadline(&row);
            let n = u32::from(row.attempt) + 1;
            let key = mix(row.key ^ (purpose::ATTEMPT << 32 | u64::from(n)));
            let wait = match &retry.backoff {
                Some(backoff) => backoff.wait_nanos(n, previous, &mut Stream::from_key(key).child(purpose::BACKOFF << 32)),
                None => 0,
            };
            if self.now + wait < deadline && self.may_retry(&row, reason) {
                let flags = (row.flags & flag::INHERITED) | flag::RETRY;
                let launch = Launch {
                    site: row.site,
                    key,
                    parent: row.parent,
                    parent_tag: row.parent_tag,
                    user: row.user,
                    flags,
                    attempt: row.attempt + 1,
                    intended,
                    deadline,
                    backoff: wait,
                    trace,
                };
                if wait == 0 {
                    self.launch(launch);
                } else {
                    self.back_off(launch, wait);
                }
                return;
            }
        }
        let code = if self.program.sites[row.site as usize].policy.fallback { DEGRADED } else { failed(reason) };
        self.reply(id, row.parent, row.parent_tag, row.site, code);
    }

    /// When the caller's own client stops waiting [ns], if it passes that on.
    pub(super) fn caller_deadline(&self, row: &Row) -> u64 {
        match self.rows.live(row.parent, row.parent_tag) {
            Some(parent) if parent.has(flag::DEADLINE) => self.rows.cold[row.parent as usize].deadline,
            _ => u64::MAX,
        }
    }

    /// Waits before the next attempt.
    fn back_off(&mut self, launch: Launch, wait: u64) {
        let id = self.take_row();
        self.rows.hot[id as usize] = Row {
            key: launch.key,
            parent: launch.parent,
            parent_tag: launch.parent_tag,
            site: launch.site,
            user: launch.user,
            flags: launch.flags,
            attempt: launch.attempt,
            state: State::BackingOff,
            ..Row::FREE
        };
        self.rows.cold[id as usize] =
            Cold { intended: launch.intended, deadline: launch.deadline, backoff: launch.backoff, trace: launch.trace, ..Cold::default() };
        self.wheel.schedule(id, self.now + wait);
    }

    /// The backoff is over.
    pub(super) fn try_again(&mut self, id: u32) {
        let (row, cold) = (self.rows.hot[id as usize], self.rows.cold[id as usize]);
        self.rows.free(id);
        if row.parent != NONE && self.rows.live(row.parent, row.parent_tag).is_none() {
            return;
        }
        self.launch(Launch {
            site: row.site,
            key: row.key,
            parent: row.parent,
            parent_tag: row.parent_tag,
            user: row.user,
            flags: row.flags,
            attempt: row.attempt,
            intended: cold.intended,
            deadline: cold.deadline,
            backoff: cold.backoff,
            trace: cold.trace,
        });
    }

    /// Passes a call's final result to whoever waits for it.
    #[inline]
    fn reply(&mut self, id: u32, parent: u32, parent_tag: u32, site: u32, code: u8) {
        if parent == NONE {
            self.end_entry(id, code);
        } else if self.rows.live(parent, parent_tag).is_some() {
            if code > OK && !self.program.sites[site as usize].policy.optional {
                self.rows.hot[parent as usize].flags |= if code == DEGRADED { flag::DEGRADED } else { flag::BROKEN };
            }
            self.child_done(parent);
        }
    }

    /// One child less to wait for.
    #[inline]
    pub(super) fn child_done(&mut self, parent: u32) {
        let row = &mut self.rows.hot[parent as usize];
        row.pending -= 1;
        if row.pending == 0 {
            self.ready.push(parent);
        }
    }

    /// A user's request ends.
    fn end_entry(&mut self, id: u32, code: u8) {
        let row = &self.rows.hot[id as usize];
        let (key, user) = (row.key, row.user);
        let site = self.labels[row.site as usize];
        let Caller::Source(source) = site.caller else { return };
        let cold = &self.rows.cold[id as usize];
        let strike = (row.struck && code > DEGRADED).then_some(Strike { flaw: FlawId(cold.flaw), instance: InstanceId(cold.struck_at) });
        let intended = cold.intended;
        let latency = self.now - intended;
        self.digest = mix(self.digest ^ latency ^ u64::from(code) << 56 ^ key).wrapping_add(self.now);
        self.entries.push(Entry { latency, sent: SimTime::from_nanos(intended), source, endpoint: site.to, user, outcome: outcome(code), strike });
        if !self.features.is_empty() {
            self.visited(site.to, user, key, code <= DEGRADED);
        }
        self.user_answered(source, user);
    }

    /// A user's request begins.
    pub(super) fn enter(&mut self, site: u32, key: u64, user: u32) {
        let flags = if self.is_sampled(key) { flag::TRACED } else { 0 };
        let (intended, trace) = (self.now, key as u32);
        self.launch(Launch { site, key, parent: NONE, parent_tag: 0, user, flags, attempt: 0, intended, deadline: u64::MAX, backoff: 0, trace });
    }

    /// Requests that somebody has waited for longer than `age`: users' requests with all their attempts, or attempts at a
    /// service.
    pub fn waiting_longer_than(&self, age: SimSpan, service: Option<ServiceId>) -> u64 {
        let before = self.now.saturating_sub(age.nanos());
        let waits = |id: usize| {
            let row = &self.rows.hot[id];
            let called =
                row.flags & (flag::TASK | flag::PROBE | flag::MESSAGE | flag::DETACHED) == 0 && !matches!(row.state, State::Timer | State::Dead | State::Free);
            called
                && match service {
                    None => row.parent == NONE && self.rows.cold[id].intended < before,
                    Some(service) => {
                        let mine = usize::from(self.sites[row.site as usize].service) == service.index() && row.state != State::BackingOff;
                        mine && row.sent < before && (row.parent == NONE || self.rows.live(row.parent, row.parent_tag).is_some())
                    }
                }
        };
        (0..self.rows.hot.len()).filter(|&id| waits(id)).count() as u64
    }

    /// Whether a request's trace is recorded: the first ones of each second, then a share.
    fn is_sampled(&mut self, key: u64) -> bool {
        let second = self.now / crate::units::NANOS_PER_SEC;
        if second != self.sampled_second {
            (self.sampled_second, self.sampled) = (second, 0);
        }
        if self.sampled < self.sampling.reservoir {
            self.sampled += 1;
            return true;
        }
        Stream::from_key(key).child(purpose::SAMPLE << 32).chance(self.sampling.fixed_rate)
    }
}
