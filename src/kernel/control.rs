//! The control plane's hand: commands, views, and what happens when a process dies.

use super::command::{Command, InstanceView, Notice};
use super::guard::Client;
use super::model::{self, Flaw};
use super::network::Disturbance;
use super::outcome::{Outcome, Reason};
use super::row::{NONE, Row, State, flag};
use super::station::Station;
use super::timer::TimerKind;
use super::{Group, Kernel, Load, Version, failed};
use crate::ids::{InstanceId, ServiceId, VersionId, ZoneId};
use crate::rng::purpose;
use crate::units::SimSpan;

impl Kernel {
    /// Carries out a command at the current time.
    pub fn apply(&mut self, command: Command) {
        match command {
            Command::AddInstance { instance, service, version, zone } => self.add_instance(instance, service, version, zone),
            Command::AddVersion { like, flaws } => self.add_version(like, flaws),
            Command::Up(instance) => self.start_instance(instance.0),
            Command::Down(instance) => self.kill(instance.0, false),
            Command::Vanish(instance) => {
                self.stations[instance.index()].vanished = true;
                self.review_network();
                self.kill(instance.0, true);
            }
            Command::Forget(instance) => self.stations[instance.index()].forgotten = true,
            Command::SetRotation { instance, serving, slow_start } => self.set_rotation(instance.0, serving, slow_start),
            Command::NotifyWhenIdle(instance) => {
                let station = &mut self.stations[instance.index()];
                if station.in_system == 0 {
                    self.notices.push(Notice::Idle(instance));
                } else {
                    station.notify_idle = true;
                }
            }
            Command::Probe { instance, timeout, token } => self.probe(instance, timeout, token),
            Command::Test { endpoint, instance, user, token } => self.test(endpoint, instance, user, token),
            Command::SetWeights { service, weights } => {
                self.services[service.index()].weights = weights.into_iter().map(|(version, weight)| (version.0, weight)).collect();
                self.review_rotation(service.index());
            }
            Command::SetModifiers { instance, modifiers } => {
                let service = usize::from(self.stations[instance.index()].service);
                let station = &mut self.stations[instance.index()];
                (station.inbound, station.outbound) = (Disturbance::new(&modifiers.inbound), Disturbance::new(&modifiers.outbound));
                let gc = worse(station.own_gc, modifiers.gc.as_ref().map(|gc| (gc.every.nanos(), gc.pause.nanos())));
                let restart_gc = gc != station.gc;
                station.gc = gc;
                station.modifiers = modifiers;
                if restart_gc {
                    // Timers of the old rhythm recognise by the life's number that they are stale.
                    station.life += 1;
                    self.arm_gc(instance.0);
                }
                self.review_station(instance.0);
                self.review_network();
                self.consumers_changed(service as u16);
            }
            Command::SetLinkFaults(faults) => {
                self.network.faults = faults;
                self.review_network();
            }
            Command::SetPoolLeak { service, leaked } => {
                self.services[service.index()].pool_leak = leaked.clamp(0.0, 1.0);
                self.review_pools();
            }
            Command::SetPolicy { from, to, endpoint, policy } => {
                for index in 0..self.labels.len() {
                    let label = self.labels[index];
                    let wanted = label.caller == from && usize::from(self.sites[index].service) == to.index() && endpoint.is_none_or(|it| it == label.to);
                    if wanted {
                        self.program.sites[index].policy = policy.clone();
                        self.review_site(index);
                    }
                }
                self.review_pools();
            }
            Command::SetCapacity { service, workers, queue } => self.set_capacity(service, workers, queue.as_ref()),
            Command::SetLoad { source, factor, rate } => self.set_load(source, factor, rate),
            Command::SetHeaderRoute { service, version, headers } => self.set_header_route(service, version, &headers),
            Command::SetMirror { service, version, share } => self.set_mirror(service, version, share),
            Command::SetFeature { feature, percentage } => self.features[feature.index()].percentage = percentage.get(),
            Command::FlushCache(cache) => self.caches[cache.index()].flush(),
        }
        self.settle();
    }

    /// What can be seen of an instance.
    pub fn view(&self, instance: InstanceId) -> InstanceView {
        let station = &self.stations[instance.index()];
        InstanceView {
            up: station.up,
            serving: station.serving,
            busy: station.busy,
            workers: station.workers,
            queued: station.queued,
            in_system: station.in_system,
            cpu_nanos: station.cpu.used(self.now),
            memory: station.memory(),
        }
    }

    /// The queue of a service's instances, as it is in force.
    pub fn queue_of(&self, service: ServiceId) -> &model::Queue {
        &self.servers[service.index()].queue
    }

    fn add_instance(&mut self, instance: InstanceId, service: ServiceId, version: VersionId, zone: ZoneId) {
        assert_eq!(instance.index(), self.stations.len(), "instance ids are handed out densely");
        let leak = self.versions[version.index()].described.memory_leak();
        let clients = self.clients.len() as u32;
        let server = &self.servers[service.index()];
        self.stations.push(Station::new(server, service.0, version.0, zone.0, leak, clients, self.now));
        self.clients.extend(self.program.service_edges[service.index()].iter().map(|_| Client::new()));
        self.loads.push(Load::default());
        self.measured.push(instance.0);
    }

    /// A version that differs from another one in its flaws only.
    fn add_version(&mut self, like: VersionId, flaws: Vec<Flaw>) {
        let entries = self.program.entries[like.index()].clone();
        self.program.entries.push(entries);
        let described = model::Version { flaws, ..self.versions[like.index()].described.clone() };
        self.versions.push(Version { described, special: false });
        self.review_versions();
    }

    /// Works out which versions need the long way through the kernel.
    pub(super) fn review_versions(&mut self) {
        let choosy: Vec<usize> = (0..self.versions.len()).filter(|&at| self.versions[at].described.behaviours().any(|it| !it.expects.is_empty())).collect();
        for at in 0..self.versions.len() {
            let version = &self.versions[at].described;
            let special = !version.is_plain() || choosy.iter().any(|&caller| self.versions[caller].described.clashes_with(version));
            if special != std::mem::replace(&mut self.versions[at].special, special) {
                for instance in 0..self.stations.len() as u32 {
                    if usize::from(self.stations[instance as usize].version) == at {
                        self.review_station(instance);
                    }
                }
            }
        }
    }

    fn start_instance(&mut self, instance: u32) {
        let (now, service) = (self.now, self.stations[instance as usize].service);
        if self.stations[instance as usize].up {
            return;
        }
        let vanished = self.stations[instance as usize].vanished;
        self.stations[instance as usize].start(now);
        if vanished {
            self.review_network();
        }
        for cache in &mut self.caches {
            cache.restart(instance, now);
        }
        self.arm_gc(instance);
        self.review_station(instance);
        self.consumers_changed(service);
    }

    fn review_station(&mut self, instance: u32) {
        let station = &mut self.stations[instance as usize];
        station.review(self.versions[usize::from(station.version)].special);
    }

    /// Schedules the first pause of a process; phases differ between instances.
    fn arm_gc(&mut self, instance: u32) {
        let station = &self.stations[instance as usize];
        if let Some((every, _)) = station.gc
            && station.up
        {
            let life = station.life;
            let phase = self.root.child(purpose::PAUSE).child(u64::from(instance) << 32 | u64::from(life)).uniform();
            self.set_timer(self.now + (every as f64 * phase) as u64, TimerKind::Gc, instance, life);
        }
    }

    /// A pause begins: everything on the instance stands still until it is over.
    pub(super) fn pause(&mut self, timer: u32, instance: u32, life: u32) {
        let station = &mut self.stations[instance as usize];
        match station.gc {
            Some((every, pause)) if station.up && station.life == life => {
                station.paused_until = self.now + pause;
                station.paused_total += pause;
                self.wheel.schedule(timer, self.now + every.max(1));
            }
            _ => self.rows.free(timer),
        }
    }

    fn set_rotation(&mut self, instance: u32, serving: bool, slow_start: SimSpan) {
        let now = self.now;
        let station = &mut self.stations[instance as usize];
        let service = usize::from(station.service);
        station.slow_start = (serving && !slow_start.is_zero()).then(|| (now, slow_start.nanos()));
        if station.serving != serving {
            station.serving = serving;
            let rotation = &mut self.services[service].rotation;
            if serving {
                rotation.push(instance);
            } else {
                rotation.retain(|&other| other != instance);
            }
        }
        self.review_rotation(service);
        self.consumers_changed(service as u16);
    }

    /// Rebuilds a service's target sets.
    fn review_rotation(&mut self, index: usize) {
        let service = &mut self.services[index];
        let stations = &self.stations;
        service.slow_starting = service.rotation.iter().any(|&target| stations[target as usize].slow_start.is_some());
        if service.weights.is_empty() {
            service.groups.truncate(1);
            if service.groups.is_empty() {
                service.groups.push((1.0, Group::default()));
            }
            service.groups[0].0 = 1.0;
            service.groups[0].1.set_targets(service.rotation.clone());
        } else {
            service.groups.resize(service.weights.len(), (0.0, Group::default()));
            for ((version, weight), group) in service.weights.iter().zip(&mut service.groups) {
                let targets = service.rotation.iter().copied().filter(|&target| stations[target as usize].version == *version);
                let targets = if *weight > 0.0 { targets.collect() } else { Vec::new() };
                group.0 = weight.max(0.0);
                group.1.set_targets(targets);
            }
        }
        self.review_routes(index);
    }

    fn set_capacity(&mut self, service: ServiceId, workers: Option<u32>, queue: Option<&super::model::Queue>) {
        let server = &mut self.servers[service.index()];
        if let Some(workers) = workers {
            server.workers = workers.max(1);
        }
        if let Some(queue) = queue {
            server.queue = queue.clone();
        }
        let server = server.clone();
        for instance in 0..self.stations.len() as u32 {
            let station = &mut self.stations[instance as usize];
            if usize::from(station.service) != service.index() {
                continue;
            }
            station.set_queue(&server.queue);
            station.integrate(self.now);
            station.workers = server.workers;
            // New workers take up what waits; surplus ones end with what they hold.
            while self.stations[instance as usize].busy < server.workers && self.stations[instance as usize].head != NONE {
                self.stations[instance as usize].busy += 1;
                self.release_worker(instance);
            }
        }
    }

    /// Sends a health check to an instance.
    fn probe(&mut self, instance: InstanceId, timeout: SimSpan, token: u64) {
        let id = self.take_row();
        let key = self.root.child(purpose::PROBE).child(self.probes).key();
        self.probes += 1;
        self.rows.hot[id as usize] =
            Row { key, sent: self.now, received: self.now, instance: instance.0, flags: flag::PROBE, state: State::Waiting, ..Row::FREE };
        self.rows.cold[id as usize] = super::row::Cold { intended: token, ..super::row::Cold::default() };
        self.set_timer(self.now + timeout.nanos(), TimerKind::Deadline, id, key as u32);
        self.send_probe(id);
    }

    /// A health check sets out, for the first time or again.
    pub(super) fn send_probe(&mut self, id: u32) {
        if self.network.is_active {
            let instance = self.rows.hot[id as usize].instance;
            self.travel(id, instance, true);
        } else {
            self.arrive(id);
        }
    }

    /// A health check's answer sets out; the row's outcome is set.
    pub(super) fn answer_probe(&mut self, id: u32) {
        let row = &self.rows.hot[id as usize];
        if self.network.is_active && !row.has(flag::DETACHED) {
            let instance = row.instance;
            self.travel(id, instance, false);
        } else {
            self.receive_probe(id);
        }
    }

    /// A health check's answer arrives.
    pub(super) fn receive_probe(&mut self, id: u32) {
        let row = &self.rows.hot[id as usize];
        if !row.has(flag::DETACHED) {
            let ok = super::outcome(row.outcome).is_answer();
            self.probe_ended(id, ok);
        }
        self.dispose(id);
    }

    /// A health check ended, or nobody waits for it any more.
    pub(super) fn probe_ended(&mut self, id: u32, ok: bool) {
        let (instance, token) = (self.rows.hot[id as usize].instance, self.rows.cold[id as usize].intended);
        self.notices.push(Notice::Probed { instance: InstanceId(instance), token, ok });
    }

    /// A process dies with everything that it was doing; its clients hear of it unless it dies silently.
    pub(super) fn kill(&mut self, instance: u32, silently: bool) {
        let now = self.now;
        let station = &mut self.stations[instance as usize];
        if !station.up {
            return;
        }
        let by_leak = station.is_out_of_memory();
        station.stop(now);
        self.loads[instance as usize].outstanding = 0;
        let edges = self.program.service_edges[usize::from(station.service)].len();
        let first = station.clients as usize;
        // What it held fails. Who held it is found by looking at every row: processes die rarely.
        let here: Vec<u32> = (0..self.rows.hot.len() as u32)
            .filter(|&id| {
                let row = &self.rows.hot[id as usize];
                row.instance == instance && matches!(row.state, State::Queued | State::Working | State::Waiting | State::Sleeping | State::Fetching)
            })
            .collect();
        let mut held = Vec::new();
        for &id in &here {
            let row = self.rows.hot[id as usize];
            held.push((id, row));
            if row.has(flag::FETCHER) {
                self.fetch_abandoned(id);
            }
        }
        self.ready.retain(|id| !here.contains(id));
        let leak = if by_leak { self.leak_of(instance) } else { None };
        for (id, row) in held {
            if let Some(flaw) = leak {
                self.blame(id, flaw);
            }
            if row.has(flag::TASK) {
                self.dispose(id);
                continue;
            }
            if row.has(flag::PROBE) && !silently {
                if !row.has(flag::DETACHED) {
                    self.probe_ended(id, false);
                }
                self.dispose(id);
                continue;
            }
            if silently {
                self.leave_unanswered(id);
                continue;
            }
            self.rows.hot[id as usize].outcome = failed(Reason::Reset);
            if row.has(flag::TRACED) {
                self.trace(id, Outcome::Failed(Reason::Reset));
            }
            self.receive(id);
        }
        for client in &mut self.clients[first..first + edges] {
            *client = Client::new();
        }
        // Calls of the dead that waited for a connection wait for nothing.
        for id in 0..self.rows.hot.len() as u32 {
            let row = self.rows.hot[id as usize];
            if row.state == State::Pooled && row.parent != NONE && self.rows.live(row.parent, row.parent_tag).is_none() {
                self.rows.free(id);
            }
        }
        let service = self.stations[instance as usize].service;
        self.consumers_changed(service);
    }

    /// What a vanished machine held is never answered; who waits for it is not told.
    fn leave_unanswered(&mut self, id: u32) {
        let row = &self.rows.hot[id as usize];
        if row.flags & (flag::DETACHED | flag::MESSAGE) != 0 {
            self.dispose(id);
            return;
        }
        let at = self.now + super::network::GIVE_UP_AFTER;
        let is_scheduled = row.state.is_scheduled();
        self.rows.cold[id as usize].joined = at;
        self.rows.hot[id as usize].state = State::Unanswered;
        // What had a pending event is scheduled anew when that fires; a row never has two.
        if !is_scheduled {
            self.wheel.schedule(id, at);
        }
    }
}

/// Of two rhythms of pauses (from one to the next, how long [ns]) the one that takes the larger share of the time.
fn worse(one: Option<(u64, u64)>, other: Option<(u64, u64)>) -> Option<(u64, u64)> {
    let (Some((every, pause)), Some((other_every, other_pause))) = (one, other) else { return one.or(other) };
    if u128::from(other_pause) * u128::from(every) > u128::from(pause) * u128::from(other_every) { other } else { one }
}
