//! What a report is made from, and the names by which it speaks of it.
//!
//! A report needs a scenario's names, the store, the ledger and a few numbers; it does not need a running session, so
//! tests feed it by hand.

use std::sync::Arc;

use crate::fleet::deploy::EndedDeployment;
use crate::ids::{EndpointId, InstanceId, ServiceId, SourceId, VersionId, ZoneId};
use crate::kernel::QueueView;
use crate::kernel::command::Caller;
use crate::lab::snapshot::FlagSnapshot;
use crate::scenario::{Scenario, TimedAction};
use crate::telemetry::ledger::Ledger;
use crate::telemetry::store::Store;
use crate::units::SimTime;

/// A run, as far as a report needs it.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What ran.
    pub scenario: &'a Scenario,
    /// With which seed.
    pub seed: u64,
    /// Until when.
    pub now: SimTime,
    /// The digest of everything that happened.
    pub digest: &'a str,
    /// Events that the kernel processed, where known.
    pub events: Option<u64>,
    /// What was recorded.
    pub store: &'a Store,
    /// What happened.
    pub ledger: &'a Ledger,
    /// For each objective, the requests that are waited for in vain; none if it is empty.
    pub overdue: &'a [u64],
    /// What can be seen of each message queue.
    pub queues: &'a [QueueView],
    /// The zone of each instance, by its number.
    pub zones: &'a [ZoneId],
    /// Feature flags and what came of them.
    pub flags: &'a [FlagSnapshot],
    /// What people did, in order.
    pub actions: &'a [TimedAction],
    /// The latest deployments that ended, as they stood then.
    pub ended: &'a [Arc<EndedDeployment>],
    /// What it cost [$].
    pub cost: f64,
    /// How long it took on this machine [s].
    pub wall_s: Option<f64>,
}

impl<'a> Facts<'a> {
    /// A service's name.
    pub(super) fn service(&self, id: ServiceId) -> &'a str {
        self.scenario.model.services.get(id.index()).map_or("?", |service| &service.name)
    }
    /// A version's name.
    pub(super) fn version(&self, id: VersionId) -> &'a str {
        self.scenario.model.versions.get(id.index()).map_or("?", |version| &version.name)
    }
    /// A source's name.
    pub(super) fn source(&self, id: SourceId) -> &'a str {
        self.scenario.model.sources.get(id.index()).map_or("?", |source| &source.name)
    }
    /// An endpoint as `service.endpoint`.
    pub(super) fn endpoint(&self, id: EndpointId) -> String {
        self.scenario.model.endpoints.get(id.index()).map_or_else(|| "?".into(), |endpoint| format!("{}.{}", self.service(endpoint.service), endpoint.name))
    }
    /// A caller: a service by its name, others with what they are before it.
    pub(super) fn caller(&self, caller: Caller) -> String {
        match caller {
            Caller::Service(id) => self.service(id).to_string(),
            Caller::Source(id) => format!("users:{}", self.source(id)),
            Caller::Queue(id) => format!("queue:{}", self.scenario.model.queues.get(id.index()).map_or("?", |queue| &queue.name)),
        }
    }
    /// The name of the zone of an instance.
    pub(super) fn zone(&self, id: InstanceId) -> Option<&'a str> {
        let zone = self.zones.get(id.index())?;
        self.scenario.model.zones.get(zone.index()).map(String::as_str)
    }
    /// The ids of all services.
    pub(super) fn services(&self) -> impl Iterator<Item = ServiceId> + use<> {
        (0..self.scenario.model.services.len()).map(ServiceId::from_index)
    }
}
