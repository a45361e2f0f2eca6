//! What the control plane may ask of the kernel, what it may see of it, and what the kernel tells it unasked.
//!
//! Commands take effect at the kernel's current time, in the order in which they are given. They name instances by ids
//! that the control plane hands out densely, starting at zero.

use super::dist::Distribution;
use super::model::{Flaw, GcPauses, Queue};
use super::outcome::Reason;
use super::resilience::CallPolicy;
use crate::ids::{CacheId, EndpointId, FeatureId, InstanceId, QueueId, ServiceId, SourceId, UserHeaderId, VersionId, ZoneId};
use crate::units::{PerSecond, Ratio, SimSpan, SimTime};

/// Who calls: a service, a traffic source or a message queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Caller {
    /// A service.
    Service(ServiceId),
    /// A traffic source.
    Source(SourceId),
    /// A message queue, which hands messages to its consumer.
    Queue(QueueId),
}

/// Asked of the kernel.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Creates an instance, down and out of rotation. Ids are handed out densely.
    AddInstance {
        /// Its id, the number of instances created so far.
        instance: InstanceId,
        /// Its service.
        service: ServiceId,
        /// Its version.
        version: VersionId,
        /// Its zone.
        zone: ZoneId,
    },
    /// Creates a version that does what another one of its service does, with these flaws in the place of that one's. Ids are
    /// handed out densely.
    AddVersion {
        /// The version that it is like.
        like: VersionId,
        /// What is wrong with it.
        flaws: Vec<Flaw>,
    },
    /// The process runs: it accepts requests that reach it, and its age counts from here.
    Up(InstanceId),
    /// The process dies: what it holds fails with `reset`, and what reaches it later is refused.
    Down(InstanceId),
    /// The machine is gone: nobody is told. Clients of what it held, and of what is sent to it later, only notice by their
    /// timeouts, until another [`Command::Up`].
    Vanish(InstanceId),
    /// The instance never comes back: nothing is measured of it any more.
    Forget(InstanceId),
    /// Puts an instance into its load balancer's rotation, or takes it out.
    SetRotation {
        /// Which instance.
        instance: InstanceId,
        /// Whether it gets requests.
        serving: bool,
        /// For how long its share rises linearly to a full one.
        slow_start: SimSpan,
    },
    /// Asks for [`Notice::Idle`] as soon as the instance holds no request (at once if it holds none).
    NotifyWhenIdle(InstanceId),
    /// Sends a health check through the instance's queue; answered by [`Notice::Probed`].
    Probe {
        /// Which instance.
        instance: InstanceId,
        /// How long the answer may take.
        timeout: SimSpan,
        /// Handed back with the answer.
        token: u64,
    },
    /// Sends a test request: it works as a user's does, except that it is nobody's; answered by [`Notice::Tested`]. Whoever sends
    /// it gives up by itself: what a vanished machine holds is never answered.
    Test {
        /// What is asked for.
        endpoint: EndpointId,
        /// Which instance is asked; `None`: the load balancer chooses.
        instance: Option<InstanceId>,
        /// Whose request it pretends to be.
        user: u32,
        /// Handed back with the answer.
        token: u64,
    },
    /// Shares of a service's requests by version; versions without instances in rotation are passed over.
    SetWeights {
        /// Which service.
        service: ServiceId,
        /// Weight by version; versions not named get none.
        weights: Vec<(VersionId, f64)>,
    },
    /// Replaces everything that faults do to an instance.
    SetModifiers {
        /// Which instance.
        instance: InstanceId,
        /// All that is in force, combined.
        modifiers: Modifiers,
    },
    /// Replaces all cut links.
    SetLinkFaults(Vec<LinkFault>),
    /// Share of every client's connections to a service that is lost.
    SetPoolLeak {
        /// The called service.
        service: ServiceId,
        /// Share lost, 0…1.
        leaked: f64,
    },
    /// Replaces a client's call policy towards a service or one endpoint of it.
    SetPolicy {
        /// The client.
        from: Caller,
        /// The called service.
        to: ServiceId,
        /// One endpoint of it; `None` means all.
        endpoint: Option<EndpointId>,
        /// The new policy.
        policy: CallPolicy,
    },
    /// Changes the capacity of all instances of a service, present and future.
    SetCapacity {
        /// Which service.
        service: ServiceId,
        /// Requests served at once.
        workers: Option<u32>,
        /// The queue.
        queue: Option<Queue>,
    },
    /// Changes a source's load.
    SetLoad {
        /// Which source.
        source: SourceId,
        /// Factor on its own rate (or number of users) [1].
        factor: f64,
        /// A new base rate.
        rate: Option<PerSecond>,
    },
    /// Empties a cache.
    FlushCache(CacheId),
    /// Leads users who send one of these headers to a version, whatever the versions' shares are; without headers nobody is led.
    SetHeaderRoute {
        /// The service.
        service: ServiceId,
        /// The version.
        version: VersionId,
        /// The headers.
        headers: Vec<UserHeaderId>,
    },
    /// Copies a share of the requests to a version; nobody waits for the copies.
    SetMirror {
        /// The service.
        service: ServiceId,
        /// The version.
        version: VersionId,
        /// Share of the requests.
        share: Ratio,
    },
    /// Gives a feature to another share of the users.
    SetFeature {
        /// The flag.
        feature: FeatureId,
        /// Share of users who have it from now on.
        percentage: Ratio,
    },
}

/// Everything that faults do to one instance, combined.
#[derive(Debug, Clone, PartialEq)]
pub struct Modifiers {
    /// Factor on its CPU speed, above 0 [1].
    pub speed: f64,
    /// Factor on the time of disk steps [1].
    pub io_factor: f64,
    /// Share of requests answered with an error.
    pub error_rate: f64,
    /// New connections fail for this reason.
    pub refuse: Option<Reason>,
    /// What happens to each message to it: requests to it, and answers to its own calls.
    pub inbound: Disturbance,
    /// What happens to each message from it: its answers, and its own calls.
    pub outbound: Disturbance,
    /// Memory that each request leaks [B].
    pub leak: u64,
    /// Pauses; they take the place of the service's own unless those take a larger share of the time.
    pub gc: Option<GcPauses>,
}

impl Default for Modifiers {
    fn default() -> Self {
        Self { speed: 1.0, io_factor: 1.0, error_rate: 0.0, refuse: None, inbound: Disturbance::default(), outbound: Disturbance::default(), leak: 0, gc: None }
    }
}

/// What faults do to the messages that pass an instance in one direction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Disturbance {
    /// Delays, one after another: each message draws from every one of them.
    pub delays: Vec<Distribution>,
    /// Share of messages that is lost.
    pub loss: f64,
}

/// A cut link between an instance and a peer, whichever of the two calls the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkFault {
    /// The instance.
    pub instance: InstanceId,
    /// Who is cut off from it; `None` means everybody.
    pub peer: Option<Caller>,
    /// Whether messages to the instance are lost.
    pub inbound: bool,
    /// Whether messages from the instance are lost.
    pub outbound: bool,
}

/// Told by the kernel unasked; the control plane wakes up for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// More is under way than the simulation can hold: it cannot go on.
    Exhausted,
    /// The instance reached its memory limit and was killed.
    OutOfMemory(InstanceId),
    /// An instance that was asked about holds no request any more.
    Idle(InstanceId),
    /// A health check ended.
    Probed {
        /// Which instance.
        instance: InstanceId,
        /// As given with the command.
        token: u64,
        /// Whether it was answered in time and without error.
        ok: bool,
    },
    /// A test request ended.
    Tested {
        /// As given with the command.
        token: u64,
        /// Whether it was answered without error.
        ok: bool,
    },
}

/// What a control plane can see of an instance.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct InstanceView {
    /// Whether the process runs.
    pub up: bool,
    /// Whether it is in rotation.
    pub serving: bool,
    /// Workers in use.
    pub busy: u32,
    /// Workers in all.
    pub workers: u32,
    /// Requests waiting.
    pub queued: u32,
    /// Requests held (waiting and served).
    pub in_system: u32,
    /// CPU time used since it was created [ns].
    pub cpu_nanos: u64,
    /// Memory in use [B].
    pub memory: u64,
}

/// Why the kernel paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// It reached the time it was asked for.
    Reached,
    /// There are notices to take.
    Notice(SimTime),
}
