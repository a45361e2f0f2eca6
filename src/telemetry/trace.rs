//! Sampled traces, as X-Ray keeps them: the recent ones, and of the older ones the slow and the failed.
//!
//! Which requests are sampled is decided where they start (the kernel). Spans arrive one by one as they end, the root as
//! a rule last; a span that outlives its root is added as long as its trace is kept. Memory is bounded by the number of
//! spans. Knows no names.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::kernel::record::Span;
use crate::units::{SimSpan, SimTime};

/// Recent traces kept whatever happened in them.
const RECENT: usize = 1_000;
/// Older traces kept because they were slow.
const SLOW: usize = 100;
/// Older traces kept because they failed.
const FAILED: usize = 200;
/// Spans kept of one trace; X-Ray's limit is 64 kB a segment document, about as much.
const SPANS_PER_TRACE: usize = 500;
/// Spans kept in all.
const SPANS: usize = 60_000;
/// A slow trace that is older gives way to any newer one.
const SLOW_FOR: SimSpan = SimSpan::from_secs(3_600);

/// One sampled request and everything it caused.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// Its key.
    pub key: u64,
    /// Its spans, in the order in which they ended.
    pub spans: Vec<Span>,
    /// Spans beyond the limit of one trace, which were not kept.
    pub dropped: u32,
}

impl Trace {
    /// The span that no other one called; `None` while the request is under way.
    pub fn root(&self) -> Option<&Span> {
        self.spans.iter().find(|span| span.parent == 0)
    }
    /// From the first sending to the end of the root; `None` while the request is under way.
    pub fn duration(&self) -> Option<SimSpan> {
        self.root().map(|root| root.ended.since(root.sent))
    }
    /// Whether the request failed in the end. A failed attempt that was retried with success does not count.
    pub fn failed(&self) -> bool {
        self.root().is_some_and(|root| !root.outcome.is_answer())
    }
    /// When it began.
    pub fn started(&self) -> SimTime {
        self.spans.iter().map(|span| span.sent).min().unwrap_or_default()
    }
}

/// The traces that are kept.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    by_key: BTreeMap<u64, Trace>,
    recent: VecDeque<u64>,
    failed: VecDeque<u64>,
    /// By duration, the fastest of the slow ones first, with when each began.
    slow: BTreeSet<(SimSpan, SimTime, u64)>,
    spans: usize,
    /// Spans seen, kept or not.
    pub(crate) seen: u64,
}

impl Traces {
    /// Adds a span that ended.
    pub(crate) fn add(&mut self, span: &Span) {
        self.seen += 1;
        let trace = self.by_key.entry(span.trace).or_insert_with(|| {
            self.recent.push_back(span.trace);
            Trace { key: span.trace, ..Trace::default() }
        });
        // The root tells how the request ended: it is kept even where others are not.
        if trace.spans.len() >= SPANS_PER_TRACE && span.parent != 0 {
            trace.dropped += 1;
            return;
        }
        trace.spans.push(*span);
        self.spans += 1;
        while self.recent.len() > RECENT || (self.spans > SPANS && self.recent.len() > 1) {
            self.retire(span.ended);
        }
    }
    /// Moves the oldest recent trace to the failed or the slow ones, or drops it.
    fn retire(&mut self, now: SimTime) {
        let Some(key) = self.recent.pop_front() else { return };
        let Some((failed, duration, started)) = self.by_key.get(&key).map(|trace| (trace.failed(), trace.duration(), trace.started())) else { return };
        if failed {
            self.failed.push_back(key);
            if self.failed.len() > FAILED
                && let Some(oldest) = self.failed.pop_front()
            {
                self.drop(oldest);
            }
            return;
        }
        let Some(duration) = duration else { return self.drop(key) };
        self.slow.insert((duration, started, key));
        if self.slow.len() > SLOW {
            let stale = self.slow.iter().find(|(_, started, _)| now.since(*started) > SLOW_FOR).copied();
            if let Some(out) = stale.or_else(|| self.slow.first().copied()) {
                self.slow.remove(&out);
                self.drop(out.2);
            }
        }
    }
    fn drop(&mut self, key: u64) {
        if let Some(trace) = self.by_key.remove(&key) {
            self.spans -= trace.spans.len();
        }
    }
    /// One trace.
    pub(crate) fn get(&self, key: u64) -> Option<&Trace> {
        self.by_key.get(&key)
    }
    /// The recent traces, newest first.
    pub(crate) fn recent(&self) -> impl Iterator<Item = &Trace> {
        self.recent.iter().rev().filter_map(|key| self.by_key.get(key))
    }
    /// Every trace that is kept.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Trace> {
        self.by_key.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{EndpointId, InstanceId};
    use crate::kernel::outcome::{Outcome, Reason};

    fn span(trace: u64, id: u64, parent: u64, at_ms: u64, took_ms: u64, outcome: Outcome) -> Span {
        let sent = SimTime::from_nanos(at_ms * 1_000_000);
        let ended = sent + SimSpan::from_millis(took_ms);
        Span { trace, id, parent, endpoint: EndpointId(0), instance: InstanceId(0), sent, received: sent, started: sent, ended, outcome, attempt: 0 }
    }

    #[test]
    fn a_trace_has_its_spans_and_ends_with_its_root() {
        let mut traces = Traces::default();
        traces.add(&span(7, 2, 1, 1, 5, Outcome::Failed(Reason::Timeout)));
        assert!(traces.get(7).is_some_and(|trace| trace.root().is_none() && !trace.failed()));
        traces.add(&span(7, 1, 0, 0, 20, Outcome::Ok));
        let trace = traces.get(7).expect("kept");
        assert_eq!((trace.spans.len(), trace.duration(), trace.failed()), (2, Some(SimSpan::from_millis(20)), false));
    }

    #[test]
    fn failed_and_slow_traces_outlive_the_recent_ones() {
        let mut traces = Traces::default();
        traces.add(&span(1_000_001, 1, 0, 0, 10, Outcome::Failed(Reason::QueueFull)));
        traces.add(&span(1_000_002, 1, 0, 0, 9_000, Outcome::Ok));
        for key in 1..=20_000 {
            traces.add(&span(key, 1, 0, 10 + key, 10, Outcome::Ok));
        }
        assert!(traces.get(1_000_001).is_some() && traces.get(1_000_002).is_some());
        assert!(traces.get(1).is_none());
        assert!(traces.all().count() <= RECENT + SLOW + FAILED);
    }

    #[test]
    fn memory_is_bounded_by_spans_even_for_huge_fan_outs() {
        let mut traces = Traces::default();
        for key in 1..=500_u64 {
            for id in 2..=1_001 {
                traces.add(&span(key, id, 1, key, 5, Outcome::Ok));
            }
            traces.add(&span(key, 1, 0, key, 10, Outcome::Ok));
        }
        assert!(traces.all().map(|trace| trace.spans.len()).sum::<usize>() <= SPANS + SLOW * (SPANS_PER_TRACE + 1));
        let last = traces.get(500).expect("the newest is kept");
        assert!(last.root().is_some() && last.dropped == 500);
    }
}
