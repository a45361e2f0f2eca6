//! Questions to the store: windows over time at the best resolution that is left, totals, recent signals, traces.
//!
//! Only facts come from here, as ids and counts; what they mean is concluded in `insight/`. To add a question, add a
//! method that reads; nothing here changes the store.

use std::borrow::Cow;

use super::series::Series;
use super::store::{Edge, RunCounts, Store, Totals};
use super::strikes::Strikes;
use super::trace::Trace;
use super::window::{Counts, Load, Window};
use crate::ids::{EndpointId, InstanceId, ServiceId, SourceId, VersionId};
use crate::kernel::command::Caller;
use crate::units::{SimSpan, SimTime};

/// Windows of several things over the same time, added up per window, in order of time. Their boundaries line up.
fn across<'a>(all: impl Iterator<Item = &'a Series>, from: SimTime, to: SimTime) -> Vec<Cow<'a, Window>> {
    let mut sum: Vec<Cow<'a, Window>> = Vec::new();
    for series in all {
        if sum.is_empty() {
            sum.extend(series.range(from, to).map(Cow::Borrowed));
            continue;
        }
        let before = std::mem::take(&mut sum);
        let (mut left, mut right) = (before.into_iter().peekable(), series.range(from, to).peekable());
        loop {
            match (left.peek(), right.peek()) {
                (Some(a), Some(b)) if a.end == b.end => {
                    if let (Some(mut both), Some(other)) = (left.next(), right.next()) {
                        // A version that came or went within a rolled-up window covers less of it.
                        let span = both.span.max(other.span);
                        let window = both.to_mut();
                        window.merge_across(other);
                        window.span = span;
                        sum.push(both);
                    }
                }
                (Some(a), Some(b)) if a.end < b.end => sum.extend(left.next()),
                (Some(_), None) => sum.extend(left.next()),
                (_, Some(_)) => sum.extend(right.next().map(Cow::Borrowed)),
                (None, None) => break,
            }
        }
    }
    sum
}

/// Totals of several things over the same time, added up.
fn sum<'a>(all: impl Iterator<Item = &'a Totals>, span: SimSpan) -> Totals {
    let mut total = Totals { span, ..Totals::default() };
    all.for_each(|one| total.merge_across(one));
    total
}

impl Store {
    /// The end of the last window: up to here everything is counted.
    pub const fn now(&self) -> SimTime {
        self.now
    }
    /// Since when totals are counted: the end of the warm-up; `None` during it.
    pub const fn measured_from(&self) -> Option<SimTime> {
        self.measured_from
    }
    /// How long totals were counted.
    pub fn measured_span(&self) -> SimSpan {
        self.measured_from.map_or(SimSpan::ZERO, |from| self.now.since(from))
    }
    /// Counts since the very start, warm-up included, with what the window under way has so far.
    pub const fn run_counts(&self) -> RunCounts {
        self.run
    }

    /// Which flaw made which of the users' requests fail. Truth: no tool sees it.
    pub const fn strikes(&self) -> &Strikes {
        &self.strikes
    }

    // What there is.

    /// The pairs of caller and called service that stand in the scripts, in order.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }
    /// The position in [`Self::edges`] of an edge.
    pub fn edge_index(&self, from: Caller, to: ServiceId) -> Option<usize> {
        self.edges.binary_search(&Edge { from, to }).ok()
    }
    /// The number of services.
    pub fn services(&self) -> impl Iterator<Item = ServiceId> + use<> {
        (0..self.service_versions.len()).map(ServiceId::from_index)
    }
    /// The versions of a service.
    pub fn versions_of(&self, service: ServiceId) -> &[VersionId] {
        &self.service_versions[service.index()]
    }
    /// The service of a version.
    pub fn service_of(&self, version: VersionId) -> ServiceId {
        self.version_service[version.index()]
    }
    /// The version of an instance; `None` if it was never registered.
    pub fn version_of(&self, instance: InstanceId) -> Option<VersionId> {
        self.instance_totals.get(instance.index()).map(|(version, ..)| *version)
    }
    /// The instances that were ever registered for a service, in order of creation.
    pub fn instances_of(&self, service: ServiceId) -> impl Iterator<Item = InstanceId> {
        let of = move |version: VersionId| self.version_service[version.index()] == service;
        self.instance_totals.iter().enumerate().filter(move |(_, (version, ..))| of(*version)).map(|(at, _)| InstanceId::from_index(at))
    }

    // Windows that overlap from…to, in order of time; recent ones are a second wide, older ones wider.

    /// A service as its servers saw it.
    pub fn service_windows(&self, service: ServiceId, from: SimTime, to: SimTime) -> Vec<Cow<'_, Window>> {
        across(self.service_versions[service.index()].iter().map(|version| &self.versions[version.index()]), from, to)
    }
    /// One version of a service.
    pub fn version_windows(&self, version: VersionId, from: SimTime, to: SimTime) -> impl Iterator<Item = &Window> {
        self.versions[version.index()].range(from, to)
    }
    /// One instance; nothing if it is long gone. Latency is coarser here (3.1 %).
    pub fn instance_windows(&self, instance: InstanceId, from: SimTime, to: SimTime) -> impl Iterator<Item = &Window> {
        self.instances.get(instance.index()).and_then(Option::as_deref).into_iter().flat_map(move |series| series.range(from, to))
    }
    /// An edge, by its position in [`Self::edges`], as its clients saw it.
    pub fn edge_windows(&self, edge: usize, from: SimTime, to: SimTime) -> impl Iterator<Item = &Window> {
        self.edge_series[edge].range(from, to)
    }
    /// A service as all its clients saw it: attempts with those that never reached an instance.
    pub fn caller_windows(&self, service: ServiceId, from: SimTime, to: SimTime) -> Vec<Cow<'_, Window>> {
        across(self.edges.iter().zip(&self.edge_series).filter(|(edge, _)| edge.to == service).map(|(_, series)| series), from, to)
    }
    /// What users got, from one source or from all.
    pub fn entry_windows(&self, source: Option<SourceId>, from: SimTime, to: SimTime) -> Vec<Cow<'_, Window>> {
        across(self.sources.iter().enumerate().filter(|(at, _)| source.is_none_or(|source| source.index() == *at)).map(|(_, series)| series), from, to)
    }
    /// The start of the signals of the last `span`.
    pub fn since(&self, span: SimSpan) -> SimTime {
        self.now - span
    }

    // Totals since the warm-up.

    /// A service as its servers saw it.
    pub fn service_totals(&self, service: ServiceId) -> Totals {
        self.sum_of_versions(self.versions_of(service))
    }
    /// One version of a service.
    pub fn version_totals(&self, version: VersionId) -> Totals {
        self.sum_of_versions(&[version])
    }
    fn sum_of_versions(&self, versions: &[VersionId]) -> Totals {
        let mut total = sum(versions.iter().map(|version| &self.version_totals[version.index()]), self.measured_span());
        for version in versions {
            total.wait.merge(self.wait_of(*version));
        }
        total
    }
    /// One instance: what it counted and its load.
    pub fn instance_totals(&self, instance: InstanceId) -> Option<(&Counts, &Load)> {
        self.instance_totals.get(instance.index()).map(|(_, counts, load)| (counts, load))
    }
    /// An edge, by its position in [`Self::edges`], as its clients saw it.
    pub fn edge_totals(&self, edge: usize) -> Totals {
        sum(std::iter::once(&self.edge_totals[edge]), self.measured_span())
    }
    /// A service as all its clients saw it.
    pub fn caller_totals(&self, service: ServiceId) -> Totals {
        sum(self.edges.iter().zip(&self.edge_totals).filter(|(edge, _)| edge.to == service).map(|(_, totals)| totals), self.measured_span())
    }
    /// What users got, from one source or from all.
    pub fn entry_totals(&self, source: Option<SourceId>) -> Totals {
        let wanted = |at: usize| source.is_none_or(|source| source.index() == at);
        sum(self.source_totals.iter().enumerate().filter(|(at, _)| wanted(*at)).map(|(_, totals)| totals), self.measured_span())
    }
    /// Different users of whom at least one request failed, of one source or of all. A source's users are other people than
    /// another source's.
    pub fn users_hurt(&self, source: Option<SourceId>) -> u64 {
        let wanted = |at: usize| source.is_none_or(|source| source.index() == at);
        self.hurt.iter().enumerate().filter(|(at, _)| wanted(*at)).map(|(_, people)| people.count()).sum()
    }
    /// What users got when they asked for this endpoint; `None` if they never did.
    pub fn endpoint_totals(&self, endpoint: EndpointId) -> Option<Totals> {
        let totals = self.endpoint_totals.get(endpoint.index()).filter(|totals| totals.counts.requests > 0)?;
        Some(sum(std::iter::once(totals), self.measured_span()))
    }

    // Traces.

    /// One trace by its key.
    pub fn trace(&self, key: u64) -> Option<&Trace> {
        self.traces.get(key)
    }
    /// The recent traces, newest first.
    pub fn recent_traces(&self) -> impl Iterator<Item = &Trace> {
        self.traces.recent()
    }
    /// Every trace that is kept: the recent ones, and of the older ones the slow and the failed.
    pub fn traces(&self) -> impl Iterator<Item = &Trace> {
        self.traces.all()
    }
    /// Sampled spans since the start, kept or not.
    pub const fn spans_seen(&self) -> u64 {
        self.traces.seen
    }

    /// About how much memory windows take [B].
    pub fn window_bytes(&self) -> usize {
        let shared = self.versions.iter().chain(&self.edge_series).chain(&self.sources).map(Series::bytes).sum::<usize>();
        shared + self.instances.iter().flatten().map(|series| series.bytes()).sum::<usize>()
    }
}

/// The windows together as one, from the start of the first to the end of the last; `None` without windows.
pub fn whole<'a>(windows: impl IntoIterator<Item = &'a Window>) -> Option<Window> {
    let mut windows = windows.into_iter();
    let mut whole = windows.next()?.clone();
    windows.for_each(|window| whole.merge_later(window));
    Some(whole)
}
