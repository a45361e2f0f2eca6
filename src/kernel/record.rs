//! What the kernel records: compact rows, handed over in batches, for `telemetry/` to count and keep.

use super::outcome::{Outcome, Reason};
use crate::ids::{CallSiteId, EndpointId, FlawId, InstanceId, SourceId};
use crate::units::SimTime;

/// Takes what the kernel records.
pub trait Recorder {
    /// Attempts that ended since the last call. All ended within the current window.
    fn hops(&mut self, hops: &[Hop]);
    /// Users' requests that ended since the last call. All ended within the current window.
    fn entries(&mut self, entries: &[Entry]);
    /// Sampled spans that ended since the last call.
    fn spans(&mut self, spans: &[Span]);
    /// A window of one second ended; `gauges` has one row per instance that exists, in order of their numbers, `sources` one per traffic source.
    fn window(&mut self, end: SimTime, gauges: &[Gauge], sources: &[SourceGauge]);
}

/// From whose point of view an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Server and client saw the same end.
    Both,
    /// The server finished work that no client waited for any more.
    Server,
    /// The server finished a copy of a request, for which nobody ever waited, or a test request, which is no client's.
    Copy,
    /// The client gave up or was refused before any server saw the end of it.
    Client,
    /// Nobody wanted the answer any more, and no server has ended it yet: another copy answered first, or whoever called
    /// was itself given up.
    Dropped,
}

/// One attempt of a call, ended.
#[derive(Debug, Clone, Copy)]
pub struct Hop {
    /// From the instance's receipt to its answer [ns]; for [`View::Client`] from the client's sending on.
    pub latency: u64,
    /// Time on the network and in the client's pool, to be added for the client's view [ns].
    pub network: u64,
    /// Of the latency, waiting for a worker [ns].
    pub wait: f32,
    /// Where; [`Hop::NOWHERE`] if it never reached an instance.
    pub instance: InstanceId,
    /// From where it was called.
    pub site: CallSiteId,
    /// How it ended.
    pub outcome: Outcome,
    /// Who saw it end.
    pub view: View,
    /// Which attempt it was, the first being 0.
    pub attempt: u8,
}

impl Hop {
    /// The instance of an attempt that never reached one.
    pub const NOWHERE: InstanceId = InstanceId(u32::MAX);
}

/// One request of a user, ended: after all its retries, measured from when the user meant to send it.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What the user waited [ns].
    pub latency: u64,
    /// When the user meant to send it.
    pub sent: SimTime,
    /// Whose it was.
    pub source: SourceId,
    /// Which of the source's users it was.
    pub user: u32,
    /// What was asked for.
    pub endpoint: EndpointId,
    /// How it ended.
    pub outcome: Outcome,
    /// The flaw that struck it, if it failed and one had: in the last attempt, the last one to strike. Truth: no tool sees it.
    pub strike: Option<Strike>,
}

/// A flaw of a version that hit a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// Which flaw.
    pub flaw: FlawId,
    /// On which instance.
    pub instance: InstanceId,
}

/// One sampled span.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The trace's key.
    pub trace: u64,
    /// Its own key.
    pub id: u64,
    /// The key of the span that called it; 0 at the root.
    pub parent: u64,
    /// What was called.
    pub endpoint: EndpointId,
    /// Where; [`Hop::NOWHERE`] if nowhere.
    pub instance: InstanceId,
    /// When the client sent it.
    pub sent: SimTime,
    /// When the instance received it.
    pub received: SimTime,
    /// When a worker took it up.
    pub started: SimTime,
    /// When it ended.
    pub ended: SimTime,
    /// How it ended.
    pub outcome: Outcome,
    /// Which attempt it was.
    pub attempt: u8,
}

/// What one instance did during a window.
#[derive(Debug, Clone, Copy)]
pub struct Gauge {
    /// Which instance.
    pub instance: InstanceId,
    /// Whether its process ran at the end of the window.
    pub up: bool,
    /// Workers in use, integrated over the window [worker·ns].
    pub busy_area: u64,
    /// Requests held, integrated over the window [request·ns].
    pub in_system_area: u64,
    /// Requests waiting, integrated over the window [request·ns].
    pub queue_area: u64,
    /// Workers × time [worker·ns].
    pub capacity_area: u64,
    /// CPU time used [ns].
    pub cpu_nanos: u64,
    /// Requests received.
    pub arrivals: u32,
    /// Requests waiting at its end.
    pub queued: u32,
    /// Requests held at its end.
    pub in_system: u32,
    /// Memory at its end [B].
    pub memory: u64,
}

/// What one traffic source did during a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceGauge {
    /// Requests that its users sent.
    pub sent: u32,
    /// Requests under way at its end.
    pub under_way: u64,
    /// Requests under way, integrated over the window [request·ns].
    pub area: u64,
}

/// A place from which an endpoint is called, for whoever labels records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site {
    /// Who calls.
    pub caller: super::command::Caller,
    /// The endpoint in whose script the call stands; `None` for a source.
    pub from: Option<EndpointId>,
    /// What is called.
    pub to: EndpointId,
}

/// The named failures of a set of hops, counted.
pub type ReasonCounts = [u64; Reason::ALL.len()];
