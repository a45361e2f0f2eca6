//! The store: takes what the kernel records, keeps it in windows and totals, and answers questions about it.
//!
//! It sees what tools of a real fleet would see (`super::ledger` keeps what really happened apart). It knows ids, no
//! names; it concludes nothing. How long windows are kept at which width is `rollup.rs`, questions are in `query.rs`.
//!
//! Two views are kept apart, as in real tools: a *server's* (services, versions, instances: what reached a process and how
//! it ended there, even if nobody waited any more) and a *client's* (edges: every attempt, with what no server ever saw).

use super::histogram::{Histogram, bucket_of};
use super::people::People;
use super::rollup::{Merger, Schedule};
use super::scratch::{CallRow, InstanceRow, VersionRow};
use super::series::Series;
use super::sparse::Writer;
use super::strikes::Strikes;
use super::trace::Traces;
use super::window::{Counts, Load, Window};
use crate::ids::{InstanceId, ServiceId, VersionId};
use crate::kernel::command::Caller;
use crate::kernel::model::Model;
use crate::kernel::outcome::Outcome;
use crate::kernel::record::{Entry, Gauge, Hop, Recorder, Site, SourceGauge, Span, View};
use crate::units::{SimSpan, SimTime};

/// Windows kept of services, versions, edges and sources together: about 55 MB when all are busy.
const WINDOWS: usize = 60_000;
/// Windows kept of instances together: about 40 MB when all are busy.
const INSTANCE_WINDOWS: usize = 120_000;
/// The windows of an instance that is gone are kept for this long.
const GONE_FOR: SimSpan = SimSpan::from_secs(3_600);
/// An instance without gauge and requests for this many windows is gone.
const GONE_AFTER: u16 = 5;

/// Everything that was counted of one thing since the warm-up.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// How long was measured.
    pub span: SimSpan,
    /// What was counted, exactly.
    pub counts: Counts,
    /// Latency of those served well.
    pub latency: Histogram,
    /// Waiting for a worker, of those that waited at all.
    pub wait: Histogram,
    /// How loaded the instances were, exactly.
    pub load: Load,
}

impl Totals {
    /// Adds what was counted of something else over the same time.
    pub fn merge_across(&mut self, other: &Self) {
        self.span = self.span.max(other.span);
        self.counts.merge(&other.counts);
        self.latency.merge(&other.latency);
        self.wait.merge(&other.wait);
        self.load.merge_across(&other.load);
    }
    /// Waiting at a quantile, those that did not wait included [ns]; `None` without requests.
    pub fn wait_quantile(&self, q: f64) -> Option<f64> {
        self.wait.quantile_with_zeros(q, self.counts.admitted.saturating_sub(self.counts.waited))
    }
    /// A count as a rate [1/s]; 0 if nothing was measured.
    pub fn per_second(&self, count: u64) -> f64 {
        if self.span.is_zero() { 0.0 } else { count as f64 / self.span.as_secs_f64() }
    }
    /// An area as an average over the time measured; `None` if nothing was measured.
    pub fn average(&self, area: u64) -> Option<f64> {
        (!self.span.is_zero()).then(|| area as f64 / self.span.nanos() as f64)
    }
}

/// What was counted since the very start, warm-up included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Users' requests that ended.
    pub requests: u64,
    /// Of which were answered.
    pub answered: u64,
    /// Service calls that an instance saw the end of.
    pub hops: u64,
    /// Attempts of calls, whether or not an instance ever saw them.
    pub attempts: u64,
}

/// A pair of a caller and a called service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Who calls.
    pub from: Caller,
    /// What is called.
    pub to: ServiceId,
}

/// Records and answers; see the module's documentation.
#[derive(Debug)]
pub struct Store {
    pub(super) version_service: Vec<ServiceId>,
    pub(super) service_versions: Vec<Vec<VersionId>>,
    pub(super) edges: Vec<Edge>,
    /// Index into `edges`, by call site.
    site_edge: Vec<u16>,

    instance_rows: Vec<InstanceRow>,
    version_rows: Vec<VersionRow>,
    edge_rows: Vec<CallRow>,
    source_rows: Vec<CallRow>,
    /// Instances that may still have gauges or requests, by index.
    live: Vec<u32>,

    pub(super) instances: Vec<Option<Box<Series>>>,
    pub(super) versions: Vec<Series>,
    pub(super) edge_series: Vec<Series>,
    pub(super) sources: Vec<Series>,
    schedule: Schedule,
    instance_schedule: Schedule,
    /// For how many instances there is room at the present widths; doubles when there are more.
    planned_instances: usize,
    merger: Merger,
    writer: Writer,

    pub(super) instance_totals: Vec<(VersionId, Counts, Load)>,
    pub(super) version_totals: Vec<Totals>,
    pub(super) edge_totals: Vec<Totals>,
    pub(super) source_totals: Vec<Totals>,
    pub(super) endpoint_totals: Vec<Totals>,
    /// Users of each source of whom a request failed, since the warm-up.
    pub(super) hurt: Vec<People>,
    pub(super) run: RunCounts,
    pub(super) traces: Traces,
    pub(super) strikes: Strikes,
    /// Versions that may still have instances or requests, in order, and for how many windows each had neither.
    busy_versions: Vec<(u16, u16)>,
    /// For how many versions, edges and sources there is room at the present widths.
    planned_series: usize,

    pub(super) now: SimTime,
    warm_up: SimTime,
    pub(super) measured_from: Option<SimTime>,
}

impl Store {
    /// An empty store for a model. `sites` labels the hops' call sites. Totals leave out windows that end up to `warm_up`:
    /// a warm-up counts in whole windows, so one of 1.5 s leaves out two seconds.
    pub fn new(model: &Model, sites: &[Site], warm_up: SimTime) -> Self {
        let version_service: Vec<_> = model.versions.iter().map(|version| version.service).collect();
        let service_versions = model.services.iter().map(|service| service.versions.clone()).collect();
        let edge_of = |site: &Site| Edge { from: site.caller, to: model.endpoints[site.to.index()].service };
        let mut edges: Vec<Edge> = sites.iter().map(edge_of).collect();
        edges.sort_unstable();
        edges.dedup();
        let site_edge = sites.iter().map(|site| edges.partition_point(|edge| *edge < edge_of(site)) as u16).collect();
        let (versions, calls, sources) = (version_service.len(), edges.len(), model.sources.len());
        Self {
            service_versions,
            site_edge,
            instance_rows: Vec::new(),
            version_rows: (0..versions).map(|_| VersionRow::default()).collect(),
            edge_rows: (0..calls).map(|_| CallRow::default()).collect(),
            source_rows: (0..sources).map(|_| CallRow::default()).collect(),
            live: Vec::new(),
            instances: Vec::new(),
            versions: vec![Series::default(); versions],
            edge_series: vec![Series::default(); calls],
            sources: vec![Series::default(); sources],
            schedule: Schedule::new(WINDOWS, versions + calls + sources),
            instance_schedule: Schedule::new(INSTANCE_WINDOWS, 64),
            planned_instances: 64,
            merger: Merger::default(),
            writer: Writer::default(),
            instance_totals: Vec::new(),
            version_totals: vec![Totals::default(); versions],
            edge_totals: vec![Totals::default(); calls],
            source_totals: vec![Totals::default(); sources],
            endpoint_totals: vec![Totals::default(); model.endpoints.len()],
            hurt: vec![People::default(); sources],
            run: RunCounts::default(),
            traces: Traces::default(),
            strikes: Strikes::default(),
            busy_versions: (0..versions as u16).map(|version| (version, 0)).collect(),
            planned_series: versions + calls + sources,
            now: SimTime::ZERO,
            warm_up,
            measured_from: (warm_up == SimTime::ZERO).then_some(SimTime::ZERO),
            version_service,
            edges,
        }
    }

    /// Adds a version of a service. Ids come densely, in order.
    pub fn register_version(&mut self, version: VersionId, service: ServiceId) {
        debug_assert_eq!(version.index(), self.version_service.len(), "versions are registered in order");
        self.version_service.push(service);
        self.service_versions[service.index()].push(version);
        self.version_rows.push(VersionRow::default());
        self.versions.push(Series::default());
        self.version_totals.push(Totals::default());
    }

    /// A version whose instances come, or come back, is counted from now on.
    fn wake_version(&mut self, version: u16) {
        match self.busy_versions.binary_search_by_key(&version, |(known, _)| *known) {
            Ok(at) => self.busy_versions[at].1 = 0,
            Err(at) => self.busy_versions.insert(at, (version, 0)),
        }
    }

    /// Says to which version an instance belongs, before its first hop. Ids come densely, in order.
    pub fn register_instance(&mut self, instance: InstanceId, version: VersionId) {
        debug_assert_eq!(instance.index(), self.instance_rows.len(), "instances are registered in order");
        self.instance_rows.push(InstanceRow::new(version.0));
        self.instance_totals.push((version, Counts::default(), Load::default()));
        self.instances.push(None);
        self.live.push(instance.0);
        self.wake_version(version.0);
    }

    /// Waiting times above zero of a version, since the warm-up.
    pub(super) fn wait_of(&self, version: VersionId) -> &Histogram {
        &self.version_rows[version.index()].wait
    }

    /// Ends the window: empties the instances' rows into their windows and their versions' rows.
    fn close_instances(&mut self, end: SimTime, span: SimSpan, gauges: &[Gauge]) {
        let mut woken = Vec::new();
        // Both are in order of the instances' numbers.
        let mut gauges = gauges.iter().peekable();
        for &id in &self.live {
            let row = &mut self.instance_rows[id as usize];
            while gauges.next_if(|gauge| gauge.instance.0 < id).is_some() {}
            let gauge = gauges.next_if(|gauge| gauge.instance.0 == id);
            if gauge.is_none() && row.is_empty() {
                row.idle += 1;
                continue;
            }
            row.idle = 0;
            // An instance that takes long to start lets its version fall asleep.
            if self.busy_versions.binary_search_by_key(&row.version, |(known, _)| *known).is_err() {
                woken.push(row.version);
            }
            let (counts, latency) = row.drain(&mut self.writer);
            let load = gauge.map_or_else(Load::default, |gauge| load_of(gauge, span));
            let version = &mut self.version_rows[row.version as usize];
            version.counts.merge(&counts);
            version.load.merge_across(&load);
            let total = &mut self.instance_totals[id as usize];
            total.1.merge(&counts);
            total.2.merge_later(&load);
            self.instances[id as usize].get_or_insert_default().push(Window { end, span, counts, latency, load });
        }
        for version in woken {
            self.wake_version(version);
        }
        let rows = &mut self.instance_rows;
        self.live.retain(|&id| {
            let row = &mut rows[id as usize];
            let stays = row.idle < GONE_AFTER;
            if !stays {
                row.retire();
            }
            stays
        });
    }

    /// Ends the window for everything else: empties the rows into windows and adds them to the totals.
    fn close_rows(&mut self, end: SimTime, span: SimSpan, gauges: &[SourceGauge]) {
        let Self { writer, version_rows, version_totals, versions, edge_rows, edge_totals, edge_series, source_rows, source_totals, sources, .. } = self;
        for (version, idle) in &mut self.busy_versions {
            let at = usize::from(*version);
            let (row, total, series) = (&mut version_rows[at], &mut version_totals[at], &mut versions[at]);
            let counts = std::mem::take(&mut row.counts);
            let load = std::mem::take(&mut row.load);
            total.counts.merge(&counts);
            total.load.merge_later(&load);
            total.latency.add_sum(counts.latency_sum);
            let latency = row.drain_latency(writer, &mut total.latency);
            // A version without instances has no windows, which is not the same as windows without requests.
            if load != Load::default() || counts.requests > 0 {
                *idle = 0;
                series.push(Window { end, span, counts, latency, load });
            } else {
                *idle += 1;
            }
        }
        self.busy_versions.retain(|(_, idle)| *idle < GONE_AFTER);
        let calls = edge_rows.iter_mut().zip(edge_totals).zip(edge_series);
        let loads = gauges.iter().map(load_of_source).chain(std::iter::repeat(Load::default()));
        let asked = source_rows.iter_mut().zip(source_totals).zip(sources).zip(loads);
        for (((row, total), series), load) in calls.zip(std::iter::repeat(Load::default())).chain(asked) {
            // An edge or a source has windows from its first call on.
            if row.is_empty() && load == Load::default() && series.last_end().is_none() {
                continue;
            }
            let (counts, latency) = row.drain(writer, &mut total.latency);
            total.counts.merge(&counts);
            total.load.merge_later(&load);
            series.push(Window { end, span, counts, latency, load });
        }
    }

    /// Rolls up what is old, and drops the windows of instances that are long gone.
    fn age(&mut self, end: SimTime) {
        let widened = self.schedule.advance(end);
        let series = self.busy_versions.len() + self.edge_series.len() + self.sources.len();
        if series > self.planned_series {
            self.planned_series = series.next_power_of_two();
            self.schedule.share(WINDOWS, self.planned_series);
        }
        let aging = self.schedule.aging(end, widened);
        for series in self.versions.iter_mut().chain(&mut self.edge_series).chain(&mut self.sources) {
            series.age(&aging, &self.schedule, &mut self.merger);
        }
        if self.live.len() > self.planned_instances {
            self.planned_instances = self.live.len().next_power_of_two();
            self.instance_schedule.share(INSTANCE_WINDOWS, self.planned_instances);
        }
        let widened = self.instance_schedule.advance(end);
        let aging = self.instance_schedule.aging(end, widened);
        for kept in &mut self.instances {
            let Some(series) = kept else { continue };
            if series.last_end().is_some_and(|last| end.since(last) > GONE_FOR) {
                *kept = None;
            } else {
                series.age(&aging, &self.instance_schedule, &mut self.merger);
            }
        }
    }

    /// Forgets what the warm-up counted, and measures from here on.
    fn start_measuring(&mut self, at: SimTime) {
        self.measured_from = Some(at);
        self.instance_totals.iter_mut().for_each(|(_, counts, load)| (*counts, *load) = Default::default());
        for totals in [&mut self.version_totals, &mut self.edge_totals, &mut self.source_totals, &mut self.endpoint_totals] {
            totals.fill_with(Totals::default);
        }
        self.version_rows.iter_mut().for_each(|row| row.wait.clear());
        self.hurt.iter_mut().for_each(People::clear);
    }
}

/// A gauge as the load of a window of length `span`.
fn load_of(gauge: &Gauge, span: SimSpan) -> Load {
    Load {
        busy_area: gauge.busy_area,
        capacity_area: gauge.capacity_area,
        in_system_area: gauge.in_system_area,
        queue_area: gauge.queue_area,
        up_area: if gauge.up { span.nanos() } else { 0 },
        cpu_nanos: gauge.cpu_nanos,
        memory_area: u128::from(gauge.memory) * u128::from(span.nanos()),
        arrivals: u64::from(gauge.arrivals),
        queued: u64::from(gauge.queued),
        in_system: u64::from(gauge.in_system),
        memory: gauge.memory,
        up: u32::from(gauge.up),
    }
}

/// What a source did, as the load of a window: requests sent, and requests under way.
fn load_of_source(gauge: &SourceGauge) -> Load {
    Load { arrivals: u64::from(gauge.sent), in_system_area: gauge.area, in_system: gauge.under_way, ..Load::default() }
}

impl Recorder for Store {
    fn hops(&mut self, hops: &[Hop]) {
        let Self { instance_rows, version_rows, edge_rows, site_edge, .. } = self;
        let (mut served, mut attempts) = (0, 0);
        for hop in hops {
            let bucket = bucket_of(hop.latency);
            if hop.view == View::Dropped {
                edge_rows[site_edge[hop.site.index()] as usize].record_dropped(hop);
                attempts += 1;
                continue;
            }
            if hop.view != View::Client && hop.instance != Hop::NOWHERE {
                let row = &mut instance_rows[hop.instance.index()];
                let version = &mut version_rows[row.version as usize];
                row.record(hop, bucket, version);
                served += 1;
            } else if hop.instance != Hop::NOWHERE {
                version_rows[instance_rows[hop.instance.index()].version as usize].record_lost(hop.outcome);
            }
            if !matches!(hop.view, View::Server | View::Copy) {
                edge_rows[site_edge[hop.site.index()] as usize].record_hop(hop, bucket);
                attempts += 1;
            }
        }
        self.run.hops += served;
        self.run.attempts += attempts;
    }

    fn entries(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.source_rows[entry.source.index()].record_entry(entry, bucket_of(entry.latency));
            let total = &mut self.endpoint_totals[entry.endpoint.index()];
            total.counts.requests += 1;
            match entry.outcome {
                Outcome::Failed(reason) => {
                    total.counts.failures.add(reason, 1);
                    total.counts.failed_latency_sum += entry.latency;
                    self.hurt[entry.source.index()].insert(entry.user);
                }
                Outcome::Ok | Outcome::Degraded => {
                    total.counts.answered += 1;
                    total.counts.degraded += u64::from(entry.outcome == Outcome::Degraded);
                    total.counts.latency_sum += entry.latency;
                    total.latency.record(entry.latency);
                }
            }
            self.run.answered += u64::from(entry.outcome.is_answer());
            if let Some(strike) = entry.strike {
                self.strikes.add(entry, strike);
            }
        }
        self.run.requests += entries.len() as u64;
    }

    fn spans(&mut self, spans: &[Span]) {
        for span in spans {
            self.traces.add(span);
        }
    }

    fn window(&mut self, end: SimTime, gauges: &[Gauge], sources: &[SourceGauge]) {
        let span = end.since(self.now);
        if span.is_zero() {
            return;
        }
        self.close_instances(end, span, gauges);
        self.close_rows(end, span, sources);
        self.age(end);
        self.now = end;
        if self.measured_from.is_none() && end >= self.warm_up {
            self.start_measuring(end);
        }
    }
}
