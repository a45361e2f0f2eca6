//! The server's side: choosing the instance, its queue, its workers, and the end of an answer.

use super::balance::Balancer;
use super::model::{Behaviour, Flaw};
use super::outcome::{Outcome, Reason};
use super::record::{Hop, View};
use super::row::{NONE, Row, State, flag};
use super::{DEGRADED, Kernel, OK, failed, outcome, site_flag};
use crate::ids::{CallSiteId, FlawId, InstanceId, ServiceId};
use crate::rng::purpose;

/// Draws of flaws are counted from here on, above those of a version's own behaviour.
const FLAWS: u64 = 1 << 16;

impl Kernel {
    /// The load balancer's choice; `NONE` if nothing is in rotation.
    #[inline]
    pub(super) fn pick(&mut self, id: u32, index: u16, user: u32) -> u32 {
        let service = &mut self.services[usize::from(index)];
        if let (Balancer::RoundRobin(turns), [(_, group)], false) = (&service.balancer, service.groups.as_mut_slice(), service.choosy) {
            // The default needs no draw, and is worth a short way of its own.
            return if turns.per_caller { self.own_turn(id) } else { group.next_in_turn().unwrap_or(NONE) };
        }
        let mut stream = crate::rng::Stream::from_key(self.rows.hot[id as usize].key).at(purpose::BALANCE << 32);
        if service.choosy
            && let Some(target) = self.pick_by_header(index, user, &mut stream)
        {
            return self.count(id, index, target);
        }
        let service = &mut self.services[usize::from(index)];
        let (groups, loads) = (&mut service.groups, &mut self.loads);
        let sticky = service.routes.sticky;
        let at = if groups.len() == 1 {
            0
        } else if sticky {
            // One draw for each user and service, for good: who is beyond a growing share stays beyond it.
            weighted(groups, &mut crate::rng::Stream::from_key(u64::from(user)).child(purpose::BALANCE).child(u64::from(index)))
        } else {
            weighted(groups, &mut stream)
        };
        let Some((_, group)) = groups.get_mut(at) else { return NONE };
        if group.targets.is_empty() {
            return NONE;
        }
        let mut target = service.balancer.pick(group, loads, &mut stream, user, self.now);
        if service.slow_starting {
            // A target in slow start takes its share and leaves the rest to another pick.
            let share = self.stations[target as usize].slow_start_share(self.now);
            if share < 1.0 && !stream.chance(share) {
                target = service.balancer.pick(group, loads, &mut stream, user, self.now);
            }
        }
        self.count(id, index, target)
    }

    /// Puts a request on an instance's list of outstanding ones, if the balancer looks at them.
    #[inline]
    fn count(&mut self, id: u32, service: u16, target: u32) -> u32 {
        if self.services[usize::from(service)].counts {
            self.loads[target as usize].outstanding += 1;
            self.rows.hot[id as usize].flags |= flag::COUNTED;
        }
        target
    }

    /// A request is off an instance's list of outstanding ones.
    #[inline]
    pub(super) fn uncount(&mut self, id: u32) {
        let row = &self.rows.hot[id as usize];
        if row.has(flag::COUNTED) {
            let load = &mut self.loads[row.instance as usize];
            load.outstanding = load.outstanding.saturating_sub(1);
        }
    }

    /// A request reaches its instance.
    #[inline]
    pub(super) fn arrive(&mut self, id: u32) {
        let now = self.now;
        let row = &mut self.rows.hot[id as usize];
        row.received = now;
        let station = &mut self.stations[row.instance as usize];
        if !(station.up && station.plain) {
            if station.vanished {
                self.lose(id);
                return;
            }
            // Neither the kubelet nor a load balancer verifies the certificate of what it checks.
            let unverified = |reason: &Reason| row.has(flag::PROBE) && *reason == Reason::CertificateExpired;
            if let Some(reason) = station.refusal().filter(|reason| !unverified(reason)) {
                self.bounce(id, reason);
                return;
            }
            station.arrivals += u32::from(!row.has(flag::PROBE));
            let error_rate = self.stations[self.rows.hot[id as usize].instance as usize].modifiers.error_rate;
            if error_rate > 0.0 && self.stream(id, purpose::ERROR, 0).chance(error_rate) {
                self.bounce(id, Reason::ApplicationError);
                return;
            }
            if self.is_misunderstood(id) {
                self.bounce(id, Reason::SchemaMismatch);
                return;
            }
        }
        let row = &mut self.rows.hot[id as usize];
        let station = &mut self.stations[row.instance as usize];
        let counted = u32::from(!row.has(flag::PROBE));
        station.integrate(now);
        // On the long way it was counted above, before an error could turn it away.
        station.arrivals += if station.plain { counted } else { 0 };
        if station.busy < station.workers {
            station.busy += 1;
            station.in_system += counted;
            row.flags |= flag::WORKER;
            self.begin(id);
        } else if station.queued >= station.capacity {
            self.bounce(id, Reason::QueueFull);
        } else {
            station.in_system += counted;
            self.enqueue(id);
        }
    }

    /// Puts a row into its instance's queue.
    pub(super) fn enqueue(&mut self, id: u32) {
        let row = &mut self.rows.hot[id as usize];
        let station = &mut self.stations[row.instance as usize];
        row.state = State::Queued;
        station.queued += 1;
        if station.head == NONE {
            row.next = NONE;
            station.head = id;
            station.tail = id;
        } else if station.lifo {
            row.next = station.head;
            station.head = id;
        } else {
            row.next = NONE;
            let last = station.tail;
            station.tail = id;
            self.rows.hot[last as usize].next = id;
        }
    }

    /// An instance turns a request away without doing anything for it.
    fn bounce(&mut self, id: u32, reason: Reason) {
        self.uncount(id);
        let row = &mut self.rows.hot[id as usize];
        row.outcome = failed(reason);
        if row.has(flag::PROBE) {
            self.answer_probe(id);
            return;
        }
        if row.has(flag::TRACED) {
            self.trace(id, Outcome::Failed(reason));
        }
        self.answer(id);
    }

    /// A worker takes a request up for the first time.
    #[inline]
    fn begin(&mut self, id: u32) {
        let row = &mut self.rows.hot[id as usize];
        let station = &self.stations[row.instance as usize];
        let site = self.sites[row.site as usize];
        row.state = State::Waiting;
        if row.has(flag::PROBE) {
            row.pc = self.program.probe;
            if !station.plain {
                self.version_fails_check(id);
            }
        } else {
            row.pc = self.program.entries[usize::from(station.version)][usize::from(site.endpoint)];
            if !station.plain {
                self.version_strikes(id);
            }
        }
        self.ready.push(id);
    }

    /// Decides whether the version answers this request with an error.
    fn version_strikes(&mut self, id: u32) {
        let version = &self.versions[usize::from(self.stations[self.rows.hot[id as usize].instance as usize].version)];
        if !version.special {
            return;
        }
        let behaviour = &version.described.behaviour;
        let rate = behaviour.error_rate.get();
        if rate > 0.0 && self.shows(id, behaviour, None) && self.stream(id, purpose::ERROR, 1).chance(rate) {
            self.rows.hot[id as usize].flags |= flag::FAULTY;
            return;
        }
        let strikes = |flaw: &&Flaw| {
            let rate = flaw.behaviour.error_rate.get();
            rate > 0.0 && self.shows(id, &flaw.behaviour, Some(flaw.id)) && self.stream(id, purpose::ERROR, FLAWS + u64::from(flaw.id.0)).chance(rate)
        };
        if let Some(flaw) = version.described.flaws.iter().find(strikes).map(|flaw| flaw.id) {
            self.rows.hot[id as usize].flags |= flag::FAULTY;
            self.blame(id, flaw);
        }
    }

    /// Decides whether the version answers this health check with an error.
    fn version_fails_check(&mut self, id: u32) {
        let station = &self.stations[self.rows.hot[id as usize].instance as usize];
        let version = &self.versions[usize::from(station.version)].described;
        let age = self.now - station.up_since.min(self.now);
        let fails = version.behaviours().enumerate().any(|(n, behaviour)| {
            let rate = behaviour.health_error_rate.get();
            rate > 0.0 && age >= behaviour.after.nanos() && self.stream(id, purpose::ERROR, 1 + n as u64).chance(rate)
        });
        if fails {
            self.rows.hot[id as usize].flags |= flag::FAULTY;
        }
    }

    /// Whether the calling instance's version understands no schema that this one's version speaks.
    fn is_misunderstood(&mut self, id: u32) -> bool {
        let row = &self.rows.hot[id as usize];
        let station = &self.stations[row.instance as usize];
        let caller = if row.parent == NONE { None } else { self.rows.live(row.parent, row.parent_tag) };
        let version = |station: &super::station::Station| &self.versions[usize::from(station.version)].described;
        let Some(caller) = caller.map(|caller| version(&self.stations[caller.instance as usize])) else { return false };
        let (service, callee) = (ServiceId(station.service), version(station));
        if caller.understands(service, callee.speaks()) {
            return false;
        }
        let speaks = callee.flaws.iter().find(|flaw| !caller.understands(service, &flaw.behaviour.schema));
        let expects = caller.flaws.iter().find(|flaw| !flaw.behaviour.understands(service, callee.speaks()));
        if let Some(flaw) = speaks.or(expects).map(|flaw| flaw.id) {
            self.blame(id, flaw);
        }
        true
    }

    /// By which factor the version makes this request's work longer, here and now; who is struck by it is marked.
    pub(super) fn version_slows(&mut self, id: u32) -> f64 {
        let version = &self.versions[usize::from(self.stations[self.rows.hot[id as usize].instance as usize].version)];
        if !version.special {
            return 1.0;
        }
        let behaviour = &version.described.behaviour;
        let mut factor = if self.shows(id, behaviour, None) { behaviour.latency_factor } else { 1.0 };
        let mut slowed_by = None;
        for flaw in &version.described.flaws {
            if (flaw.behaviour.latency_factor - 1.0).abs() > 1e-12 && self.shows(id, &flaw.behaviour, Some(flaw.id)) {
                factor *= flaw.behaviour.latency_factor;
                slowed_by = Some(flaw.id);
            }
        }
        if let Some(flaw) = slowed_by {
            self.blame(id, flaw);
        }
        factor
    }

    /// Whether what is wrong with a version shows for this request, here and now.
    fn shows(&self, id: u32, behaviour: &Behaviour, flaw: Option<FlawId>) -> bool {
        let row = &self.rows.hot[id as usize];
        let station = &self.stations[row.instance as usize];
        // A flaw meets the same users in every version that has it, whatever they ask for; another flaw meets others.
        let user = || {
            let stream = crate::rng::Stream::from_key(u64::from(row.user)).child(purpose::ERROR);
            flaw.map_or(stream, |flaw| stream.child(u64::from(flaw.0))).uniform()
        };
        (behaviour.users.get() >= 1.0 || user() < behaviour.users.get())
            && self.now - station.up_since.min(self.now) >= behaviour.after.nanos()
            && f64::from(station.busy) >= behaviour.above_load.get() * f64::from(station.workers)
    }

    /// Marks a request, and those that wait for it, as struck by a flaw.
    pub(super) fn blame(&mut self, id: u32, flaw: FlawId) {
        let instance = self.rows.hot[id as usize].instance;
        let mut here = Some(id);
        while let Some(at) = here {
            let row = &mut self.rows.hot[at as usize];
            row.struck = true;
            let (parent, tag) = (row.parent, row.parent_tag);
            let cold = &mut self.rows.cold[at as usize];
            (cold.flaw, cold.struck_at) = (flaw.0, instance);
            here = (parent != NONE && self.rows.live(parent, tag).is_some()).then_some(parent);
        }
    }

    /// The flaw that makes an instance leak memory, if one does.
    pub(super) fn leak_of(&self, instance: u32) -> Option<FlawId> {
        let version = &self.versions[usize::from(self.stations[instance as usize].version)].described;
        version.flaws.iter().max_by_key(|flaw| flaw.behaviour.memory_leak).filter(|flaw| flaw.behaviour.memory_leak.get() > 0).map(|flaw| flaw.id)
    }

    /// A worker of an instance is free: the next request that still makes sense takes it.
    #[inline]
    pub(super) fn release_worker(&mut self, instance: u32) {
        loop {
            let station = &mut self.stations[instance as usize];
            let id = station.head;
            if id == NONE || station.busy > station.workers {
                station.busy -= 1;
                return;
            }
            let row = &mut self.rows.hot[id as usize];
            station.head = row.next;
            if row.next == NONE {
                station.tail = NONE;
            }
            if row.state == State::Dead {
                self.rows.free(id);
                continue;
            }
            station.integrate(self.now);
            station.queued -= 1;
            row.flags |= flag::WORKER;
            row.state = State::Waiting;
            if row.pc != 0 {
                // It had begun before, and waited for a worker to go on.
                let joined = self.rows.cold[id as usize].joined;
                row.waited += (self.now - joined) as f32;
                self.ready.push(id);
                return;
            }
            row.waited = (self.now - row.received) as f32;
            if let Some(margin) = station.drop_margin
                && self.is_expired(id, margin)
            {
                self.rows.hot[id as usize].flags &= !flag::WORKER;
                self.leave_station(id);
                self.rows.hot[id as usize].outcome = failed(Reason::Expired);
                self.answer(id);
                continue;
            }
            self.begin(id);
            return;
        }
    }

    /// Whether a request's client stops waiting within `margin` [ns].
    fn is_expired(&self, id: u32, margin: u64) -> bool {
        let row = &self.rows.hot[id as usize];
        let site = self.sites[row.site as usize];
        let mut deadline = if site.flags & site_flag::TIMEOUT == 0 { u64::MAX } else { row.sent + site.timeout };
        if row.has(flag::DEADLINE) {
            deadline = deadline.min(self.rows.cold[id as usize].deadline);
        }
        deadline <= self.now.saturating_add(margin)
    }

    /// Takes a request off its instance's books; what it holds must be given back separately.
    #[inline]
    fn leave_station(&mut self, id: u32) {
        self.uncount(id);
        let row = &self.rows.hot[id as usize];
        let station = &mut self.stations[row.instance as usize];
        station.integrate(self.now);
        if !row.has(flag::PROBE) {
            station.in_system -= 1;
        }
        if !station.plain {
            self.leak(id);
        }
        let station = &mut self.stations[self.rows.hot[id as usize].instance as usize];
        if station.notify_idle && station.in_system == 0 {
            station.notify_idle = false;
            self.notices.push(super::command::Notice::Idle(InstanceId(self.rows.hot[id as usize].instance)));
        }
    }

    /// What a request leaves behind in memory.
    fn leak(&mut self, id: u32) {
        let instance = self.rows.hot[id as usize].instance;
        let station = &mut self.stations[instance as usize];
        station.leaked += station.version_leak + station.modifiers.leak;
        if station.is_out_of_memory() && !self.doomed.contains(&instance) {
            self.doomed.push(instance);
        }
    }

    /// A request's script ended on its instance.
    #[inline]
    pub(super) fn finish(&mut self, id: u32, code: u8) {
        let row = &mut self.rows.hot[id as usize];
        if row.flags & (flag::TASK | flag::PROBE | flag::FETCHER) != 0 {
            self.finish_rare(id, code);
            return;
        }
        row.outcome = code;
        let (instance, worker) = (row.instance, row.has(flag::WORKER));
        if row.has(flag::TRACED) {
            self.trace(id, outcome(code));
        }
        self.leave_station(id);
        if worker {
            self.release_worker(instance);
        }
        self.answer(id);
    }

    /// The end of a branch, of a health check, and of whoever fetched a key for others.
    fn finish_rare(&mut self, id: u32, code: u8) {
        let row = self.rows.hot[id as usize];
        if row.has(flag::FETCHER) {
            self.fetch_failed(id);
            self.finish(id, code);
        } else if row.has(flag::TASK) {
            if self.rows.live(row.parent, row.parent_tag).is_some() {
                let parent = &mut self.rows.hot[row.parent as usize];
                parent.flags |= match code {
                    OK => 0,
                    DEGRADED => flag::DEGRADED,
                    _ => flag::BROKEN,
                };
                self.child_done(row.parent);
            }
            self.dispose(id);
        } else {
            self.leave_station(id);
            if row.has(flag::WORKER) {
                self.release_worker(row.instance);
            }
            self.rows.hot[id as usize].outcome = code;
            self.answer_probe(id);
        }
    }

    /// The server is told that nobody waits any more: it stops at once and frees what it holds.
    pub(super) fn cancel(&mut self, id: u32) {
        let row = self.rows.hot[id as usize];
        match row.state {
            State::Travelling | State::LostThere => {
                self.uncount(id);
                self.dispose(id);
            }
            // Nothing is being done for it: it has not begun, or its answer is already on its way.
            State::Free | State::Dead | State::Timer | State::BackingOff | State::Pooled | State::Returning | State::LostBack | State::Unanswered => {}
            State::Queued => {
                let station = &mut self.stations[row.instance as usize];
                station.integrate(self.now);
                station.queued -= 1;
                self.leave_station(id);
                self.record_server(&row, Outcome::Failed(Reason::Cancelled), self.now);
                // It stays in the list, to be passed over there.
                let row = &mut self.rows.hot[id as usize];
                row.state = State::Dead;
                row.key = 0;
            }
            State::Working | State::Sleeping | State::Waiting | State::Fetching => {
                if row.state == State::Working {
                    self.leave_cpu(id);
                }
                self.cancel_children(id);
                if row.has(flag::FETCHER) {
                    self.fetch_abandoned(id);
                }
                if !row.has(flag::TASK) {
                    self.leave_station(id);
                    if row.has(flag::WORKER) {
                        self.release_worker(row.instance);
                    }
                    self.record_server(&row, Outcome::Failed(Reason::Cancelled), self.now);
                }
                self.ready.retain(|&ready| ready != id);
                self.dispose(id);
            }
        }
    }

    /// Cancels everything that a request waits for.
    fn cancel_children(&mut self, id: u32) {
        let row = self.rows.hot[id as usize];
        if row.pending == 0 {
            return;
        }
        for child in 0..self.rows.hot.len() as u32 {
            let other = self.rows.hot[child as usize];
            let mine = other.parent == id && other.parent_tag == row.tag() && !matches!(other.state, State::Free | State::Dead | State::Timer);
            if mine && !other.has(flag::DETACHED) {
                self.record_dropped(child);
                self.leave_guard(child, true, self.now - other.sent.min(self.now));
                self.rows.hot[child as usize].flags |= flag::DETACHED;
                self.cancel(child);
            }
        }
    }

    /// Records that a server ended at `ended` something for which no client waited.
    pub(super) fn record_server(&mut self, row: &Row, outcome: Outcome, ended: u64) {
        self.hops.push(Hop {
            latency: ended - row.received,
            wait: row.waited,
            instance: InstanceId(row.instance),
            site: CallSiteId(row.site),
            network: 0,
            outcome,
            view: View::Server,
            attempt: row.attempt,
        });
    }
}

/// Picks a target set by weight, among those that have targets.
fn weighted(groups: &[(f64, super::balance::Group)], stream: &mut crate::rng::Stream) -> usize {
    let total: f64 = groups.iter().filter(|(_, group)| !group.targets.is_empty()).map(|(weight, _)| weight).sum();
    let mut u = stream.uniform() * total;
    let mut last = usize::MAX;
    for (at, (weight, group)) in groups.iter().enumerate() {
        if group.targets.is_empty() || *weight <= 0.0 {
            continue;
        }
        last = at;
        if u < *weight {
            break;
        }
        u -= weight;
    }
    last
}
