//! A window: what was counted over a stretch of time, for a service, a version, an instance, an edge or users.
//!
//! Everything in it adds up, so that windows merge over time (roll-up) and over things (a service is its versions).
//! It knows no names and no clock.
//!
//! To record something new, add a field here, to its `merge`, and fill it in `store.rs`.

use super::sparse::Sparse;
use crate::kernel::outcome::Reason;
use crate::units::{SimSpan, SimTime};

/// Failures by reason; only those that occurred are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failures(Vec<(Reason, u64)>);

impl Failures {
    /// Adds `count` failures for one reason.
    pub fn add(&mut self, reason: Reason, count: u64) {
        match self.0.binary_search_by_key(&reason, |(known, _)| *known) {
            Ok(at) => self.0[at].1 += count,
            Err(at) => self.0.insert(at, (reason, count)),
        }
    }
    /// Adds everything that another one counted.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|&(reason, count)| self.add(reason, count));
    }
    /// Reasons and counts, in the order of [`Reason::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> {
        self.0.iter().copied()
    }
    /// Reasons and counts, most first.
    pub fn most_first(&self) -> Vec<(Reason, u64)> {
        let mut list = self.0.clone();
        list.sort_by_key(|&(reason, count)| (std::cmp::Reverse(count), reason));
        list
    }
    /// How many failed for this reason.
    pub fn of(&self, reason: Reason) -> u64 {
        self.0.iter().find(|(known, _)| *known == reason).map_or(0, |(_, count)| *count)
    }
    /// How many failed in all.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }
    const fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(Reason, u64)>()
    }
}

/// Requests that ended, counted. What a request is depends on whose window it is: see [`Window`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that ended.
    pub requests: u64,
    /// Of which were answered, in full or degraded, while somebody still waited: the goodput.
    pub answered: u64,
    /// Of the answered, those that were degraded.
    pub degraded: u64,
    /// Served well although nobody waited any more: work for nothing. Only on the server's side.
    pub abandoned: u64,
    /// Neither answered nor failed: of no use any more, because another copy answered first or the caller's own client gave
    /// up. Only on edges.
    pub dropped: u64,
    /// Of the requests, those that were not the first attempt. Only on edges and on the server's side.
    pub retries: u64,
    /// Requests that were admitted to an instance rather than refused on arrival. Only on the server's side.
    pub admitted: u64,
    /// Of the admitted, those that waited for a worker.
    pub waited: u64,
    /// Their waiting [ns].
    pub wait_sum: u64,
    /// Latency of those in the histogram: served well, whether or not somebody waited [ns].
    pub latency_sum: u64,
    /// Latency of the failed ones [ns].
    pub failed_latency_sum: u64,
    /// Failed requests by reason.
    pub failures: Failures,
    /// Of the failed ones, those that nobody waited for any more. Only of versions.
    pub orphaned: u64,
    /// Attempts that their callers gave up or lost before the server saw the end of them, by reason. They are none of the
    /// requests above. Only of versions.
    pub lost: Failures,
}

impl Counts {
    /// Adds everything that another one counted.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.answered += other.answered;
        self.degraded += other.degraded;
        self.abandoned += other.abandoned;
        self.dropped += other.dropped;
        self.retries += other.retries;
        self.admitted += other.admitted;
        self.waited += other.waited;
        self.wait_sum += other.wait_sum;
        self.latency_sum += other.latency_sum;
        self.failed_latency_sum += other.failed_latency_sum;
        self.failures.merge(&other.failures);
        self.orphaned += other.orphaned;
        self.lost.merge(&other.lost);
    }
    /// Attempts as callers saw them end, of a version: all, and those that failed.
    pub fn as_callers_saw(&self) -> (u64, u64) {
        let failed = self.failed() - self.orphaned + self.lost.total();
        (self.answered + failed, failed)
    }
    /// Requests that failed.
    pub fn failed(&self) -> u64 {
        self.failures.total()
    }
    /// Requests that were of no use to anybody: failed, or served after the caller had stopped waiting. With the answered
    /// they are all requests.
    pub fn wasted(&self) -> u64 {
        self.failed() + self.abandoned
    }
    /// Share of requests that failed or were served for nothing, 0…1; `None` without requests.
    pub fn error_ratio(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.wasted() as f64 / self.requests as f64)
    }
    /// Mean latency of those served well [ns]; `None` without any.
    pub fn mean_latency(&self) -> Option<f64> {
        let served = self.answered + self.abandoned;
        (served > 0).then(|| self.latency_sum as f64 / served as f64)
    }
    /// Mean latency of the failed ones [ns]; `None` without any.
    pub fn mean_failed_latency(&self) -> Option<f64> {
        let failed = self.failed();
        (failed > 0).then(|| self.failed_latency_sum as f64 / failed as f64)
    }
    /// Mean waiting of the admitted [ns]; `None` without any.
    pub fn mean_wait(&self) -> Option<f64> {
        (self.admitted > 0).then(|| self.wait_sum as f64 / self.admitted as f64)
    }
    /// Share of the admitted that waited, 0…1; `None` without any.
    pub fn wait_probability(&self) -> Option<f64> {
        (self.admitted > 0).then(|| self.waited as f64 / self.admitted as f64)
    }
}

/// How loaded instances were. Areas are integrals over time: divided by the length of the window they are averages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Workers in use [worker·ns].
    pub busy_area: u64,
    /// Workers there were [worker·ns].
    pub capacity_area: u64,
    /// Requests held [request·ns].
    pub in_system_area: u64,
    /// Requests waiting [request·ns].
    pub queue_area: u64,
    /// Running processes [instance·ns], counted by those that ran at the end of each second.
    pub up_area: u64,
    /// CPU time used [ns].
    pub cpu_nanos: u64,
    /// Memory [B·ns], counted at the end of each second.
    pub memory_area: u128,
    /// Requests received.
    pub arrivals: u64,
    /// Requests waiting at the end.
    pub queued: u64,
    /// Requests held at the end.
    pub in_system: u64,
    /// Memory at the end [B].
    pub memory: u64,
    /// Processes running at the end.
    pub up: u32,
}

impl Load {
    /// Adds what happened over the same time elsewhere: levels add up.
    pub const fn merge_across(&mut self, other: &Self) {
        self.add_areas(other);
        self.queued += other.queued;
        self.in_system += other.in_system;
        self.memory += other.memory;
        self.up += other.up;
    }
    /// Adds what happened later: levels are those of the end.
    pub const fn merge_later(&mut self, later: &Self) {
        self.add_areas(later);
        self.queued = later.queued;
        self.in_system = later.in_system;
        self.memory = later.memory;
        self.up = later.up;
    }
    const fn add_areas(&mut self, other: &Self) {
        self.busy_area += other.busy_area;
        self.capacity_area += other.capacity_area;
        self.in_system_area += other.in_system_area;
        self.queue_area += other.queue_area;
        self.up_area += other.up_area;
        self.cpu_nanos += other.cpu_nanos;
        self.memory_area += other.memory_area;
        self.arrivals += other.arrivals;
    }
    /// Share of workers in use, 0…1; `None` without workers.
    pub fn utilisation(&self) -> Option<f64> {
        (self.capacity_area > 0).then(|| self.busy_area as f64 / self.capacity_area as f64)
    }
}

/// What was counted over a stretch of time.
///
/// - For a service, a version or an instance: what servers saw end (whether or not a client still waited), and the load.
/// - For an edge: attempts as the client saw them end, including those that no server ever saw; no load.
/// - For users (entries): whole requests after all their retries, from when the user meant to send; no load.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Window {
    /// When it ended.
    pub end: SimTime,
    /// How long it was.
    pub span: SimSpan,
    /// What was counted.
    pub counts: Counts,
    /// Latency of those served well.
    pub latency: Sparse,
    /// How loaded the instances were.
    pub load: Load,
}

impl Window {
    /// When it began.
    pub fn start(&self) -> SimTime {
        self.end - self.span
    }
    /// Adds the window that follows.
    pub fn merge_later(&mut self, later: &Self) {
        self.end = self.end.max(later.end);
        self.span = self.span + later.span;
        self.counts.merge(&later.counts);
        self.latency = self.latency.merged(&later.latency);
        self.load.merge_later(&later.load);
    }
    /// Adds a window of the same time elsewhere.
    pub fn merge_across(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        self.latency = self.latency.merged(&other.latency);
        self.load.merge_across(&other.load);
    }
    /// A count as a rate over the window [1/s].
    pub fn per_second(&self, count: u64) -> f64 {
        if self.span.is_zero() { 0.0 } else { count as f64 / self.span.as_secs_f64() }
    }
    /// An area as an average over the window.
    pub fn average(&self, area: u64) -> f64 {
        if self.span.is_zero() { 0.0 } else { area as f64 / self.span.nanos() as f64 }
    }
    /// Bytes that it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.latency.heap_bytes() + self.counts.failures.heap_bytes() + self.counts.lost.heap_bytes()
    }
}
