//! What the window under way has counted so far: dense rows, made for a few nanoseconds per attempt.
//!
//! This is the hot path of a whole simulation. A row is a cache line; histograms are one addition; nothing is allocated
//! except an instance's details, once. Rows are emptied into windows every second. Knows no time and no names.

use super::histogram::{Histogram, Tally, bucket_of};
use super::sparse::{COARSE, FINE, Sparse, Writer};
use super::window::{Counts, Failures, Load};
use crate::kernel::outcome::{Outcome, Reason};
use crate::kernel::record::{Entry, Hop, ReasonCounts, View};

/// Adds counts by reason to failures, and starts them again from zero.
fn drain_reasons(reasons: &mut ReasonCounts, failures: &mut Failures) {
    for (&reason, count) in Reason::ALL.iter().zip(reasons) {
        if *count > 0 {
            failures.add(reason, std::mem::take(count));
        }
    }
}

/// Empties a tally into its stored form and, if given, into a histogram of the whole run.
fn drain_tally<const SHIFT: usize>(tally: &mut Tally<SHIFT>, stored: u8, writer: &mut Writer, mut total: Option<&mut Histogram>) -> Sparse {
    tally.drain(|bucket, count| {
        writer.add(bucket >> (stored as usize - SHIFT), u64::from(count));
        if let Some(total) = total.as_mut() {
            total.add(bucket, u64::from(count));
        }
    });
    writer.finish(stored)
}

/// Refusals before the instance took the request in: these neither waited nor were served.
const fn refused_on_arrival(reason: Reason) -> bool {
    matches!(reason, Reason::QueueFull | Reason::ConnectionRefused | Reason::RateLimited | Reason::CertificateExpired | Reason::NoHealthyTarget)
}

/// One instance, as its server sees it.
#[derive(Debug)]
pub(crate) struct InstanceRow {
    /// Index of its version.
    pub(crate) version: u16,
    /// Windows in a row without a gauge and without a request.
    pub(crate) idle: u16,
    requests: u32,
    served: u32,
    degraded: u32,
    abandoned: u32,
    retries: u32,
    waited: u32,
    refused: u32,
    latency_sum: u64,
    failed_latency_sum: u64,
    wait_sum: u64,
    detail: Option<Box<InstanceDetail>>,
}

#[derive(Debug, Default)]
struct InstanceDetail {
    tally: Tally<{ COARSE as usize }>,
    reasons: ReasonCounts,
}

impl InstanceRow {
    pub(crate) const fn new(version: u16) -> Self {
        Self {
            version,
            idle: 0,
            requests: 0,
            served: 0,
            degraded: 0,
            abandoned: 0,
            retries: 0,
            waited: 0,
            refused: 0,
            latency_sum: 0,
            failed_latency_sum: 0,
            wait_sum: 0,
            detail: None,
        }
    }
    /// Counts an attempt that this server saw end, for itself and for its version.
    #[inline]
    pub(crate) fn record(&mut self, hop: &Hop, bucket: usize, version: &mut VersionRow) {
        let detail = self.detail.get_or_insert_default();
        self.requests += 1;
        self.retries += u32::from(hop.attempt > 0);
        match hop.outcome {
            Outcome::Ok | Outcome::Degraded => {
                self.served += 1;
                self.degraded += u32::from(hop.outcome == Outcome::Degraded && hop.view == View::Both);
                self.abandoned += u32::from(hop.view == View::Server);
                self.latency_sum += hop.latency;
                detail.tally.bump(bucket);
                version.tally.bump(bucket);
            }
            Outcome::Failed(reason) => {
                self.failed_latency_sum += hop.latency;
                self.refused += u32::from(refused_on_arrival(reason));
                detail.reasons[reason as usize] += 1;
                version.counts.orphaned += u64::from(hop.view == View::Server);
            }
        }
        let wait = hop.wait as u64;
        if wait > 0 {
            self.waited += 1;
            self.wait_sum += wait;
            version.wait.record(wait);
        }
    }
    /// Whether it saw nothing since it was emptied.
    pub(crate) const fn is_empty(&self) -> bool {
        self.requests == 0
    }
    /// Empties it into the form in which windows are stored.
    pub(crate) fn drain(&mut self, writer: &mut Writer) -> (Counts, Sparse) {
        let mut counts = Counts {
            requests: u64::from(self.requests),
            answered: u64::from(self.served - self.abandoned),
            degraded: u64::from(self.degraded),
            abandoned: u64::from(self.abandoned),
            retries: u64::from(self.retries),
            admitted: u64::from(self.requests - self.refused),
            waited: u64::from(self.waited),
            wait_sum: self.wait_sum,
            latency_sum: self.latency_sum,
            failed_latency_sum: self.failed_latency_sum,
            ..Counts::default()
        };
        let detail = self.detail.take();
        *self = Self { idle: self.idle, ..Self::new(self.version) };
        let Some(mut detail) = detail else { return (counts, Sparse::default()) };
        drain_reasons(&mut detail.reasons, &mut counts.failures);
        let latency = drain_tally(&mut detail.tally, COARSE, writer, None);
        self.detail = Some(detail);
        (counts, latency)
    }
    /// Gives back what an instance that is gone no longer needs.
    pub(crate) fn retire(&mut self) {
        self.detail = None;
    }
}

/// One version: what its instances' rows do not hold already.
#[derive(Debug, Default)]
pub(crate) struct VersionRow {
    tally: Tally<0>,
    /// Waiting times above zero, of the whole measured run.
    pub(crate) wait: Histogram,
    /// Sum of its instances' rows.
    pub(crate) counts: Counts,
    /// Sum of its instances' gauges.
    pub(crate) load: Load,
}

impl VersionRow {
    /// Counts an attempt that its caller gave up or lost before the server saw the end of it.
    pub(crate) fn record_lost(&mut self, outcome: Outcome) {
        if let Outcome::Failed(reason) = outcome {
            self.counts.lost.add(reason, 1);
        }
    }
    /// Empties the latencies into a stored window, adding them to the whole run.
    pub(crate) fn drain_latency(&mut self, writer: &mut Writer, total: &mut Histogram) -> Sparse {
        drain_tally(&mut self.tally, FINE, writer, Some(total))
    }
}

/// Calls as a client sees them: of an edge, or of a traffic source.
#[derive(Debug, Default)]
pub(crate) struct CallRow {
    requests: u32,
    answered: u32,
    degraded: u32,
    dropped: u32,
    retries: u32,
    latency_sum: u64,
    failed_latency_sum: u64,
    reasons: ReasonCounts,
    tally: Tally<0>,
}

impl CallRow {
    /// Counts an attempt whose answer nobody wanted any more.
    pub(crate) fn record_dropped(&mut self, hop: &Hop) {
        self.requests += 1;
        self.dropped += 1;
        self.retries += u32::from(hop.attempt > 0);
    }
    /// Counts an attempt that the client saw end. `bucket` is the bucket of the server's latency, if that is known.
    #[inline]
    pub(crate) fn record_hop(&mut self, hop: &Hop, bucket: usize) {
        self.retries += u32::from(hop.attempt > 0);
        let bucket = if hop.network == 0 { bucket } else { bucket_of(hop.latency + hop.network) };
        self.record(hop.outcome, hop.latency + hop.network, bucket);
    }
    /// Counts a user's request.
    #[inline]
    pub(crate) fn record_entry(&mut self, entry: &Entry, bucket: usize) {
        self.record(entry.outcome, entry.latency, bucket);
    }
    #[inline]
    fn record(&mut self, outcome: Outcome, latency: u64, bucket: usize) {
        self.requests += 1;
        match outcome {
            Outcome::Ok | Outcome::Degraded => {
                self.answered += 1;
                self.degraded += u32::from(outcome == Outcome::Degraded);
                self.latency_sum += latency;
                self.tally.bump(bucket);
            }
            Outcome::Failed(reason) => {
                self.failed_latency_sum += latency;
                self.reasons[reason as usize] += 1;
            }
        }
    }
    /// Whether it saw nothing since it was emptied.
    pub(crate) const fn is_empty(&self) -> bool {
        self.requests == 0
    }
    /// Empties it into the form in which windows are stored, adding the latencies to the whole run.
    pub(crate) fn drain(&mut self, writer: &mut Writer, total: &mut Histogram) -> (Counts, Sparse) {
        let mut counts = Counts {
            requests: u64::from(std::mem::take(&mut self.requests)),
            answered: u64::from(std::mem::take(&mut self.answered)),
            degraded: u64::from(std::mem::take(&mut self.degraded)),
            dropped: u64::from(std::mem::take(&mut self.dropped)),
            retries: u64::from(std::mem::take(&mut self.retries)),
            latency_sum: std::mem::take(&mut self.latency_sum),
            failed_latency_sum: std::mem::take(&mut self.failed_latency_sum),
            ..Counts::default()
        };
        drain_reasons(&mut self.reasons, &mut counts.failures);
        total.add_sum(counts.latency_sum);
        let latency = drain_tally(&mut self.tally, FINE, writer, Some(total));
        (counts, latency)
    }
}
