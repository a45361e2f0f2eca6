//! Stations: the instances as the data plane sees them, with workers, a queue, and everything that slows them down.

use super::command::Modifiers;
use super::model::{Contention, Queue, QueueOrder, Server, WarmUp, WorkerModel};
use super::network::Disturbance;
use super::outcome::Reason;
use super::row::NONE;

/// The period of the Linux CFS bandwidth controller [ns].
const CFS_PERIOD: u64 = 100_000_000;

/// One core, as CPU in use is counted.
pub(super) const CORE: u32 = 1 << 16;

/// CPU time, as a sum of ends less a sum of beginnings: whatever is at work now adds the present time once more.
#[derive(Debug, Default)]
pub(super) struct Cpu {
    /// Work that uses a whole core now.
    whole: u64,
    /// Its ends less its beginnings [ns], wrapping.
    nanos: u64,
    /// What other work uses now, in cores × [`CORE`].
    parts: u64,
    /// Its ends less its beginnings [ns × `CORE`], wrapping.
    part_nanos: u128,
}

impl Cpu {
    /// Work begins that uses `rate` of a core (× [`CORE`]).
    #[inline]
    pub(super) const fn begin(&mut self, rate: u32, now: u64) {
        if rate == CORE {
            self.whole += 1;
            self.nanos = self.nanos.wrapping_sub(now);
        } else {
            self.parts += rate as u64;
            self.part_nanos = self.part_nanos.wrapping_sub(rate as u128 * now as u128);
        }
    }

    /// Work ends, or is broken off, that used `rate` of a core.
    #[inline]
    pub(super) const fn end(&mut self, rate: u32, now: u64) {
        if rate == CORE {
            self.whole -= 1;
            self.nanos = self.nanos.wrapping_add(now);
        } else {
            self.parts -= rate as u64;
            self.part_nanos = self.part_nanos.wrapping_add(rate as u128 * now as u128);
        }
    }

    /// CPU time used up to `now` [ns].
    pub(super) const fn used(&self, now: u64) -> u64 {
        let parts = self.part_nanos.wrapping_add(self.parts as u128 * now as u128) / CORE as u128;
        self.nanos.wrapping_add(self.whole.wrapping_mul(now)).wrapping_add(parts as u64)
    }

    /// Everything is broken off.
    const fn stop(&mut self, now: u64) {
        *self = Self { whole: 0, nanos: self.used(now), parts: 0, part_nanos: 0 };
    }
}

/// One instance.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts, each read on its own by the hot path")]
pub(super) struct Station {
    // Touched by every request.
    pub(super) workers: u32,
    pub(super) busy: u32,
    pub(super) head: u32,
    pub(super) tail: u32,
    pub(super) queued: u32,
    pub(super) in_system: u32,
    changed: u64,
    busy_area: u64,
    in_system_area: u64,
    queue_area: u64,
    pub(super) cpu: Cpu,
    pub(super) arrivals: u32,
    pub(super) service: u16,
    pub(super) version: u16,
    pub(super) zone: u8,
    pub(super) up: bool,
    /// Its machine is gone, so that nothing answers, not even a refusal.
    pub(super) vanished: bool,
    /// It never comes back: this is the last window in which it is measured.
    pub(super) forgotten: bool,
    /// In the load balancer's rotation.
    pub(super) serving: bool,
    /// Nothing slows it down or makes it fail, so the short way through the kernel is right.
    pub(super) plain: bool,
    pub(super) async_workers: bool,
    pub(super) lifo: bool,
    // Touched by some.
    pub(super) capacity: u32,
    pub(super) drop_margin: Option<u64>,
    pub(super) contention: Option<Contention>,
    pub(super) warm_up: Option<WarmUp>,
    pub(super) gc: Option<(u64, u64)>,
    pub(super) own_gc: Option<(u64, u64)>,
    cpu_limit: Option<f64>,
    memory_base: u64,
    memory_per_request: u64,
    memory_limit: Option<u64>,
    pub(super) leaked: u64,
    pub(super) version_leak: u64,
    pub(super) modifiers: Modifiers,
    /// What faults do to messages to it and from it.
    pub(super) inbound: Disturbance,
    pub(super) outbound: Disturbance,
    pub(super) up_since: u64,
    /// Its process started within the run; the fleet of the first moment has been up for long.
    came_up: bool,
    /// Counts the starts of the process, so that timers of an earlier one are recognised.
    pub(super) life: u32,
    pub(super) paused_until: u64,
    /// All pauses that began, summed [ns].
    pub(super) paused_total: u64,
    quota_period: u64,
    quota_used: f64,
    pub(super) slow_start: Option<(u64, u64)>,
    pub(super) notify_idle: bool,
    /// First of its clients' states in the kernel's table.
    pub(super) clients: u32,
    /// CPU time at the start of the window.
    window_cpu: u64,
    window_start: u64,
    /// Messages that it consumes now.
    pub(super) consuming: u32,
}

impl Station {
    pub(super) fn new(server: &Server, service: u16, version: u16, zone: u8, version_leak: u64, clients: u32, now: u64) -> Self {
        let mut station = Self {
            workers: server.workers,
            busy: 0,
            head: NONE,
            tail: NONE,
            queued: 0,
            in_system: 0,
            changed: now,
            busy_area: 0,
            in_system_area: 0,
            queue_area: 0,
            cpu: Cpu::default(),
            arrivals: 0,
            service,
            version,
            zone,
            up: false,
            vanished: false,
            forgotten: false,
            serving: false,
            plain: false,
            async_workers: server.worker_model == WorkerModel::Async,
            lifo: false,
            capacity: u32::MAX,
            drop_margin: None,
            contention: server.contention.clone(),
            warm_up: server.warm_up.clone(),
            gc: None,
            own_gc: server.gc.as_ref().map(|gc| (gc.every.nanos(), gc.pause.nanos())),
            cpu_limit: server.cpu_limit,
            memory_base: server.memory.get(),
            memory_per_request: server.memory_per_request.get(),
            memory_limit: server.memory_limit.map(crate::units::Bytes::get),
            leaked: 0,
            version_leak,
            modifiers: Modifiers::default(),
            inbound: Disturbance::default(),
            outbound: Disturbance::default(),
            up_since: now,
            came_up: false,
            life: 0,
            paused_until: 0,
            paused_total: 0,
            quota_period: 0,
            quota_used: 0.0,
            slow_start: None,
            notify_idle: false,
            clients,
            window_cpu: 0,
            window_start: now,
            consuming: 0,
        };
        station.set_queue(&server.queue);
        station.gc = station.own_gc;
        station
    }

    pub(super) fn set_queue(&mut self, queue: &Queue) {
        self.capacity = queue.capacity.unwrap_or(u32::MAX);
        self.lifo = queue.order == QueueOrder::Lifo;
        self.drop_margin = queue.drop_expired.map(crate::units::SimSpan::nanos);
    }

    /// Works out again whether the short way is right; `special` says whether its version wants the long one.
    pub(super) fn review(&mut self, special: bool) {
        let m = &self.modifiers;
        self.plain = !special
            && self.contention.is_none()
            && self.warm_up.is_none()
            && self.gc.is_none()
            && self.paused_until == 0
            && self.cpu_limit.is_none()
            && self.memory_per_request == 0
            && self.version_leak == 0
            && self.leaked == 0
            && m.leak == 0
            && m.speed.to_bits() == 1.0_f64.to_bits()
            && m.io_factor.to_bits() == 1.0_f64.to_bits()
            && m.error_rate <= 0.0
            && m.refuse.is_none();
    }

    /// Brings the integrals up to `now`; call before any count changes.
    #[inline]
    pub(super) fn integrate(&mut self, now: u64) {
        let span = now - self.changed;
        if span == 0 {
            return;
        }
        self.changed = now;
        self.busy_area += u64::from(self.busy) * span;
        self.in_system_area += u64::from(self.in_system) * span;
        self.queue_area += u64::from(self.queued) * span;
    }

    /// The process died: it does nothing and holds nothing.
    pub(super) fn stop(&mut self, now: u64) {
        self.integrate(now);
        self.cpu.stop(now);
        self.up = false;
        self.plain = false;
        self.life += 1;
        (self.busy, self.queued, self.in_system, self.consuming) = (0, 0, 0, 0);
        (self.head, self.tail) = (NONE, NONE);
    }

    /// Memory in use [B].
    pub(super) fn memory(&self) -> u64 {
        if self.up { self.memory_base + self.memory_per_request * u64::from(self.in_system) + self.leaked } else { 0 }
    }

    /// Whether memory reached the limit.
    pub(super) fn is_out_of_memory(&self) -> bool {
        self.memory_limit.is_some_and(|limit| self.memory() >= limit)
    }

    /// The share of full speed that its age allows.
    fn warmth(&self, now: u64) -> f64 {
        match &self.warm_up {
            Some(warm_up) if self.came_up && now < self.up_since + warm_up.over.nanos() => {
                let age = (now - self.up_since) as f64 / warm_up.over.nanos() as f64;
                warm_up.initial_speed + (1.0 - warm_up.initial_speed) * age
            }
            _ => 1.0,
        }
    }

    /// How long CPU work of `nanos` at full speed takes from `now` on, everything considered [ns], and how much of a core
    /// it uses meanwhile (× [`CORE`]).
    pub(super) fn stretch(&mut self, nanos: f64, now: u64) -> (u64, u32) {
        let mut nanos = nanos / (self.modifiers.speed * self.warmth(now));
        if let Some(Contention { sigma, kappa }) = &self.contention {
            let n = f64::from(self.busy.max(1));
            nanos *= 1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0);
        }
        let begin = now.max(self.paused_until);
        let end = match self.cpu_limit {
            Some(cores) => self.throttle(nanos, begin, cores),
            None => begin + nanos as u64,
        };
        let span = end - now;
        let rate = if span == 0 { 0 } else { (nanos as u64 as u128 * u128::from(CORE) / u128::from(span)) as u32 };
        (span, rate)
    }

    /// The end of work begun at `begin` under a quota: what exceeds the period's share runs in the following ones.
    fn throttle(&mut self, nanos: f64, begin: u64, cores: f64) -> u64 {
        let quota = cores * CFS_PERIOD as f64;
        let period = begin / CFS_PERIOD;
        if period > self.quota_period {
            self.quota_period = period;
            self.quota_used = 0.0;
        }
        // Work that arrives when the quota of later periods is already promised queues up behind it.
        let mut start = begin.max(self.quota_period * CFS_PERIOD);
        let mut left = nanos;
        while self.quota_used + left > quota {
            let share = (quota - self.quota_used).max(0.0);
            left -= share;
            self.quota_period += 1;
            self.quota_used = 0.0;
            start = self.quota_period * CFS_PERIOD;
            if left > quota {
                // Whole periods at once; what remains fits into one.
                let whole = (left / quota).ceil() - 1.0;
                self.quota_period += whole as u64;
                left -= whole * quota;
                start = self.quota_period * CFS_PERIOD;
            }
        }
        self.quota_used += left;
        start + left as u64
    }

    /// The share of a full share of requests that slow start gives it.
    pub(super) fn slow_start_share(&self, now: u64) -> f64 {
        match self.slow_start {
            Some((begin, span)) if now < begin + span => (now - begin) as f64 / span as f64,
            _ => 1.0,
        }
    }

    /// Why a new connection fails, if it does.
    pub(super) fn refusal(&self) -> Option<Reason> {
        if self.up { self.modifiers.refuse } else { Some(Reason::ConnectionRefused) }
    }

    /// What it did since the last window; starts a new one.
    pub(super) fn gauge(&mut self, instance: u32, now: u64) -> super::record::Gauge {
        self.integrate(now);
        let cpu = self.cpu.used(now);
        let gauge = super::record::Gauge {
            instance: crate::ids::InstanceId(instance),
            up: self.up,
            busy_area: self.busy_area,
            in_system_area: self.in_system_area,
            queue_area: self.queue_area,
            capacity_area: if self.up { u64::from(self.workers) * (now - self.window_start.max(self.up_since)) } else { 0 },
            cpu_nanos: cpu - self.window_cpu,
            arrivals: self.arrivals,
            queued: self.queued,
            in_system: self.in_system,
            memory: self.memory(),
        };
        (self.busy_area, self.in_system_area, self.queue_area, self.arrivals) = (0, 0, 0, 0);
        self.window_cpu = cpu;
        self.window_start = now;
        gauge
    }

    /// The process starts anew at `now`.
    pub(super) fn start(&mut self, now: u64) {
        self.integrate(now);
        self.up = true;
        self.vanished = false;
        self.up_since = now;
        self.came_up = now > 0 || self.life > 0;
        self.life += 1;
        self.leaked = 0;
        (self.paused_until, self.quota_period, self.quota_used) = (0, 0, 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::NANOS_PER_SEC;

    fn station(server: &Server) -> Station {
        let mut station = Station::new(server, 0, 0, 0, 0, 0, 0);
        station.start(0);
        station
    }

    /// Truth table A8: the universal scalability law, exactly.
    #[test]
    fn contention_follows_the_universal_scalability_law() {
        for (sigma, kappa, expected) in [
            (0.05, 0.0, [1.0, 1.905, 3.478, 5.926, 9.143, 12.55, 15.42, 17.41]),
            (0.05, 0.001, [1.0, 1.901, 3.442, 5.690, 8.040, 9.034, 7.822, 5.422]),
            (0.02, 0.0005, [1.0, 1.959, 3.752, 6.849, 11.27, 15.12, 14.97, 10.97]),
        ] {
            let mut station = station(&Server { contention: Some(Contention { sigma, kappa }), ..Server::default() });
            for (power, expected) in expected.into_iter().enumerate() {
                let n = 1 << power;
                station.busy = n;
                let throughput = f64::from(n) * 1e9 / station.stretch(1e9, 0).0 as f64;
                assert!((throughput / expected - 1.0).abs() < 5e-4, "sigma {sigma} kappa {kappa} N {n}: {throughput}");
            }
        }
    }

    #[test]
    fn a_quota_of_half_a_core_makes_long_work_take_twice_as_long() {
        let mut station = station(&Server { cpu_limit: Some(0.5), ..Server::default() });
        // 50 ms fit into the first period at full speed; 200 ms more need the next four, half of each.
        assert_eq!(station.stretch(50e6, 0), (50_000_000, CORE));
        assert_eq!(station.stretch(200e6, 50_000_000), (400_000_000, CORE / 2));
        // The quota of 400…500 ms is used up; what comes now runs in the period after.
        assert_eq!(station.stretch(10e6, 460_000_000).0, 50_000_000);
    }

    #[test]
    fn cpu_time_is_what_was_at_work_whole_or_in_part() {
        let mut cpu = Cpu::default();
        cpu.begin(CORE, 1_000);
        cpu.begin(CORE / 4, 2_000);
        assert_eq!(cpu.used(6_000), 5_000 + 1_000);
        cpu.end(CORE, 6_000);
        assert_eq!(cpu.used(10_000), 5_000 + 2_000);
        cpu.stop(10_000);
        assert_eq!(cpu.used(u64::from(u32::MAX) << 20), 7_000);
    }

    #[test]
    fn warm_up_speeds_up_linearly() {
        let mut station = station(&Server { warm_up: Some(WarmUp::default()), ..Server::default() });
        assert_eq!(station.stretch(1e6, 0).0, 1_000_000, "the first fleet is warm");
        station.start(NANOS_PER_SEC);
        assert_eq!(station.stretch(1e6, NANOS_PER_SEC).0, 2_000_000);
        assert_eq!(station.stretch(1e6, 31 * NANOS_PER_SEC).0, 1_333_333);
        assert_eq!(station.stretch(1e6, 61 * NANOS_PER_SEC).0, 1_000_000);
    }
}
