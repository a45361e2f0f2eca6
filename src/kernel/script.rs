//! The steps of an endpoint: what a request does on its instance, operation by operation.

use super::outcome::Reason;
use super::program::{Branch, Op};
use super::row::{Row, State, flag};
use super::station::CORE;
use super::{DEGRADED, Kernel, OK, failed};
use crate::rng::{Stream, purpose};

impl Kernel {
    /// A row goes on within the current event.
    #[inline]
    pub(super) fn resume(&mut self, id: u32) {
        if self.rows.hot[id as usize].has(flag::BROKEN) {
            self.finish(id, failed(Reason::DependencyFailed));
        } else {
            self.run(id);
        }
    }

    /// Runs a request's script until it has to wait or ends.
    #[inline]
    #[allow(clippy::too_many_lines, reason = "one arm per operation: the list is the meaning of a script")]
    pub(super) fn run(&mut self, id: u32) {
        loop {
            let row = &mut self.rows.hot[id as usize];
            let pc = row.pc;
            match self.program.ops[pc as usize] {
                Op::Work(sampler) => {
                    if row.flags & (flag::WORKER | flag::TASK) == 0 && !self.take_worker(id) {
                        return;
                    }
                    let row = &mut self.rows.hot[id as usize];
                    let mut stream = Stream::from_key(row.key).at(purpose::STEP << 32 | u64::from(pc));
                    let nanos = self.program.samplers[sampler as usize].sample(&mut stream);
                    row.pc = pc + 1;
                    row.state = State::Working;
                    let station = &mut self.stations[row.instance as usize];
                    let (span, rate) = if station.plain { (nanos as u64, CORE) } else { self.slow_work(id, nanos) };
                    let row = &mut self.rows.hot[id as usize];
                    // What is at work stands in no list.
                    row.next = rate;
                    self.stations[row.instance as usize].cpu.begin(rate, self.now);
                    self.wheel.schedule(id, self.now + span);
                    return;
                }
                Op::Call(site) => {
                    row.pc = pc + 1;
                    row.pending = 1;
                    row.state = State::Waiting;
                    self.lend_worker(id);
                    self.call(id, site, u64::from(pc) << 10);
                    return;
                }
                Op::End => {
                    let code = if row.has(flag::FAULTY) {
                        failed(Reason::ApplicationError)
                    } else if row.has(flag::DEGRADED) {
                        DEGRADED
                    } else {
                        OK
                    };
                    self.finish(id, code);
                    return;
                }
                Op::Fork { first, n } => {
                    row.pc = pc + 1;
                    row.pending = n;
                    row.state = State::Waiting;
                    self.lend_worker(id);
                    for index in 0..u32::from(n) {
                        let counter = u64::from(pc) << 10 | u64::from(index);
                        match self.program.branches[(first + index) as usize] {
                            Branch::Call(site) => self.call(id, site, counter),
                            Branch::Task(start) => self.branch(id, start, counter),
                        }
                    }
                    return;
                }
                Op::Jump(to) => row.pc = to,
                Op::Chance { p, otherwise } => {
                    let key = row.key;
                    let happens = Stream::from_key(key).at(purpose::STEP << 32 | u64::from(pc)).chance(f64::from(p));
                    row.pc = if happens { pc + 1 } else { otherwise };
                }
                Op::Feature { feature, otherwise } => {
                    let user = row.user;
                    let next = if self.ask_feature(feature, user) { pc + 1 } else { otherwise };
                    self.rows.hot[id as usize].pc = next;
                }
                Op::Io(sampler) => {
                    if row.flags & (flag::WORKER | flag::TASK) == 0 && !self.take_worker(id) {
                        return;
                    }
                    let row = &mut self.rows.hot[id as usize];
                    let mut stream = Stream::from_key(row.key).at(purpose::STEP << 32 | u64::from(pc));
                    let nanos = self.program.samplers[sampler as usize].sample(&mut stream);
                    let factor = self.stations[row.instance as usize].modifiers.io_factor;
                    row.pc = pc + 1;
                    row.state = State::Sleeping;
                    self.wheel.schedule(id, self.now + (nanos * factor) as u64);
                    return;
                }
                Op::Sleep(sampler) => {
                    let mut stream = Stream::from_key(row.key).at(purpose::STEP << 32 | u64::from(pc));
                    let nanos = self.program.samplers[sampler as usize].sample(&mut stream);
                    row.pc = pc + 1;
                    row.state = State::Sleeping;
                    self.lend_worker(id);
                    self.wheel.schedule(id, self.now + nanos as u64);
                    return;
                }
                Op::Repeat { min, max, len } => {
                    let mut stream = Stream::from_key(row.key).at(purpose::STEP << 32 | u64::from(pc));
                    let times = u32::from(min) + stream.below(u32::from(max - min) + 1);
                    row.pc = pc + 1 + (u32::from(max) - times) * len;
                }
                Op::Lookup { cache, hit } => {
                    if !self.look_up(id, cache, hit) {
                        return;
                    }
                }
                Op::Fill { cache } => {
                    row.pc = pc + 1;
                    self.fill(id, cache);
                }
                Op::Publish(queue) => {
                    row.pc = pc + 1;
                    self.publish(id, queue, u64::from(pc));
                }
                Op::Fail(p) => {
                    let happens = Stream::from_key(row.key).at(purpose::STEP << 32 | u64::from(pc)).chance(f64::from(p));
                    row.pc = pc + 1;
                    if happens {
                        self.finish(id, failed(Reason::ApplicationError));
                        return;
                    }
                }
            }
        }
    }

    /// How long work takes on an instance that something slows down [ns], and how much of a core it uses.
    fn slow_work(&mut self, id: u32, nanos: f64) -> (u64, u32) {
        let factor = self.version_slows(id);
        let row = &self.rows.hot[id as usize];
        let station = &mut self.stations[row.instance as usize];
        self.rows.cold[id as usize].paused = station.paused_total;
        station.stretch(nanos * factor, self.now)
    }

    /// Work ends, or is broken off.
    #[inline]
    pub(super) fn leave_cpu(&mut self, id: u32) {
        let row = &mut self.rows.hot[id as usize];
        // A pause that falls into the work makes it end later without more of it.
        let rate = std::mem::replace(&mut row.next, 0);
        self.stations[row.instance as usize].cpu.end(rate, self.now);
    }

    /// Whether a pause fell into a row's work, which then ends later.
    pub(super) fn was_paused(&mut self, id: u32) -> bool {
        let row = &self.rows.hot[id as usize];
        let total = self.stations[row.instance as usize].paused_total;
        let cold = &mut self.rows.cold[id as usize];
        let late = total.saturating_sub(cold.paused);
        if late == 0 {
            return false;
        }
        cold.paused = total;
        self.wheel.schedule(id, self.now + late);
        true
    }

    /// With asynchronous workers, one that would only wait serves others meanwhile.
    #[inline]
    pub(super) fn lend_worker(&mut self, id: u32) {
        let row = &mut self.rows.hot[id as usize];
        let station = &mut self.stations[row.instance as usize];
        if station.async_workers && row.has(flag::WORKER) {
            row.flags &= !flag::WORKER;
            station.integrate(self.now);
            let instance = row.instance;
            self.release_worker(instance);
        }
    }

    /// Takes a worker again; `false` if the row has to queue for it.
    fn take_worker(&mut self, id: u32) -> bool {
        let row = &mut self.rows.hot[id as usize];
        let station = &mut self.stations[row.instance as usize];
        station.integrate(self.now);
        if station.busy < station.workers {
            station.busy += 1;
            row.flags |= flag::WORKER;
            return true;
        }
        self.rows.cold[id as usize].joined = self.now;
        self.enqueue(id);
        false
    }

    /// Starts a branch with a script of its own, on its parent's instance.
    fn branch(&mut self, parent: u32, start: u32, counter: u64) {
        let id = self.take_row();
        let row = self.rows.hot[parent as usize];
        self.rows.hot[id as usize] = Row {
            key: Stream::from_key(row.key).child(purpose::ATTEMPT << 32 | counter).key(),
            sent: self.now,
            received: self.now,
            parent,
            parent_tag: row.tag(),
            instance: row.instance,
            pc: start,
            site: row.site,
            user: row.user,
            flags: flag::TASK | (row.flags & flag::INHERITED),
            state: State::Waiting,
            ..Row::FREE
        };
        let from = self.rows.cold[parent as usize];
        let deadline = if row.has(flag::DEADLINE) { from.deadline } else { u64::MAX };
        self.rows.cold[id as usize] = super::row::Cold { deadline, trace: from.trace, ..super::row::Cold::default() };
        if row.has(flag::DEADLINE) {
            self.rows.hot[id as usize].flags |= flag::DEADLINE;
        }
        self.ready.push(id);
    }
}
