//! From names to ids: what an action means in a scenario, or what is wrong with it.

use super::bounds;
use crate::delivery::command::NoPipeline;
use crate::fleet::fault::{Fault, FaultKind};
use crate::fleet::order::{FaultOrder, Order, Refusal};
use crate::ids::{CacheId, EndpointId, FeatureId, ServiceId, SourceId, VersionId, ZoneId};
use crate::kernel::command::{Caller, Command};
use crate::phrase::{Sentence, phrases};
use crate::scenario::{Action, Scenario};
use crate::telemetry::ledger::Deed;
use crate::wording::nearest;

/// Why an action was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// A name is not known.
    #[error("there is no {what} named `{name}`{}", did_you_mean(.nearest.as_ref()))]
    Unknown {
        /// What kind of thing was looked for.
        what: &'static str,
        /// The name.
        name: String,
        /// The known name that was probably meant.
        nearest: Option<String>,
    },
    /// A number is out of its bounds.
    #[error("{0}")]
    Number(String),
    /// The control plane refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The pipeline refuses it.
    #[error(transparent)]
    Pipeline(#[from] NoPipeline),
    /// The scenario is over.
    #[error("the scenario is over; nothing can be done any more")]
    Over,
}

phrases! {
    /// What the lab itself says of an action that it refuses.
    pub enum Refused {
        /// A name is not known.
        "unknown" => Unknown {
            /// What kind of thing was looked for.
            what: &'static str,
            /// The name.
            name: String,
        } = "there is no {what} named `{name}`",
        /// A name is not known, but one like it is.
        "unknown-but" => UnknownBut {
            /// What kind of thing was looked for.
            what: &'static str,
            /// The name.
            name: String,
            /// The name that was probably meant.
            nearest: String,
        } = "there is no {what} named `{name}`; did you mean `{nearest}`?",
        /// The scenario is over.
        "over" => Over = "the scenario is over; nothing can be done any more",
    }
}

impl ActionError {
    /// It, for a front end that says it in its reader's language.
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Unknown { what, name, nearest: None } => Refused::Unknown { what, name: name.clone() }.sentence(),
            Self::Unknown { what, name, nearest: Some(nearest) } => Refused::UnknownBut { what, name: name.clone(), nearest: nearest.clone() }.sentence(),
            Self::Refused(refusal) => refusal.sentence(),
            Self::Pipeline(refusal) => refusal.sentence(),
            Self::Over => Refused::Over.sentence(),
            // Bounds are told by whoever checks files, too, which speaks English.
            Self::Number(english) => Sentence { english: english.clone(), ..Sentence::default() },
        }
    }
}

fn did_you_mean(nearest: Option<&String>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// What an action means.
pub(super) enum Resolved {
    /// Something for the control plane.
    Order(Box<Order>),
    /// Something for the kernel alone, and how the ledger says it.
    Direct { service: Option<ServiceId>, what: Deed, command: Box<Command> },
    /// Something for the delivery of a service.
    Pipeline(ServiceId),
    /// Something for a build project.
    Project,
}

/// Finds a name in a list.
fn find<'a>(what: &'static str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Result<usize, ActionError> {
    known.clone().position(|other| other == name).ok_or_else(|| ActionError::Unknown {
        what,
        name: name.to_owned(),
        nearest: nearest(name, known).map(str::to_owned),
    })
}

fn service(scenario: &Scenario, name: &str) -> Result<ServiceId, ActionError> {
    find("service", name, scenario.model.services.iter().map(|service| service.name.as_str())).map(ServiceId::from_index)
}

fn flag(scenario: &Scenario, name: &str) -> Result<FeatureId, ActionError> {
    find("flag", name, scenario.model.features.iter().map(|feature| feature.name.as_str())).map(FeatureId::from_index)
}

fn source(scenario: &Scenario, name: &str) -> Result<SourceId, ActionError> {
    find("traffic source", name, scenario.model.sources.iter().map(|source| source.name.as_str())).map(SourceId::from_index)
}

fn version(scenario: &Scenario, of: ServiceId, name: &str) -> Result<VersionId, ActionError> {
    let versions = &scenario.model.services[of.index()].versions;
    find("version", name, versions.iter().map(|version| scenario.model.versions[version.index()].name.as_str())).map(|at| versions[at])
}

fn zone(scenario: &Scenario, name: &str) -> Result<ZoneId, ActionError> {
    find("zone", name, scenario.model.zones.iter().map(String::as_str)).map(ZoneId::from_index)
}

/// A service or a traffic source.
fn caller(scenario: &Scenario, name: &str) -> Result<Caller, ActionError> {
    let sources = scenario.model.sources.iter().map(|source| source.name.as_str());
    let everybody = scenario.model.services.iter().map(|service| service.name.as_str()).chain(sources);
    let services = scenario.model.services.len();
    find("service or traffic source", name, everybody)
        .map(|at| if at < services { Caller::Service(ServiceId::from_index(at)) } else { Caller::Source(SourceId::from_index(at - services)) })
}

/// A service, or one endpoint of it as `service.endpoint`.
fn target(scenario: &Scenario, name: &str) -> Result<(ServiceId, Option<EndpointId>), ActionError> {
    let Some((of, endpoint)) = name.split_once('.') else { return Ok((service(scenario, name)?, None)) };
    let of = service(scenario, of)?;
    let endpoints = &scenario.model.services[of.index()].endpoints;
    let at = find("endpoint", endpoint, endpoints.iter().map(|endpoint| scenario.model.endpoints[endpoint.index()].name.as_str()))?;
    Ok((of, Some(endpoints[at])))
}

fn cache(scenario: &Scenario, of: ServiceId, name: &str) -> Result<CacheId, ActionError> {
    let caches: Vec<usize> = (0..scenario.model.caches.len()).filter(|at| scenario.model.caches[*at].service == of).collect();
    find("cache", name, caches.iter().map(|at| scenario.model.caches[*at].name.as_str())).map(|at| CacheId::from_index(caches[at]))
}

fn fault(scenario: &Scenario, fault: &Fault) -> Result<FaultOrder, ActionError> {
    let (zone, from) = match &fault.kind {
        FaultKind::ZoneLoss(loss) => (Some(zone(scenario, &loss.zone)?), None),
        FaultKind::Partition(partition) => (None, partition.from.as_deref().map(|from| caller(scenario, from)).transpose()?),
        _ => (None, None),
    };
    Ok(FaultOrder {
        name: fault.name.clone(),
        kind: fault.kind.clone(),
        service: fault.service.as_deref().map(|name| service(scenario, name)).transpose()?,
        zone,
        from,
        selector: fault.selector.clone(),
        duration: fault.duration,
    })
}

/// What an action means in a scenario.
pub(super) fn resolve(scenario: &Scenario, action: &Action) -> Result<Resolved, ActionError> {
    bounds::action(action).map_err(ActionError::Number)?;
    let order = |order| Resolved::Order(Box::new(order));
    let direct = |service, what, command| Resolved::Direct { service, what, command: Box::new(command) };
    Ok(match action {
        Action::Deploy { service: name, version: to, strategy } => {
            let of = service(scenario, name)?;
            order(Order::Deploy { service: of, version: version(scenario, of, to)?, strategy: strategy.clone() })
        }
        Action::RollBack { service: name } => order(Order::RollBack(service(scenario, name)?)),
        Action::SetStrategy { service: name, strategy } => order(Order::SetStrategy { service: service(scenario, name)?, strategy: strategy.clone() }),
        Action::Scale { service: name, instances } => order(Order::Scale { service: service(scenario, name)?, instances: *instances }),
        Action::Restart { service: name, selector, silent } => {
            order(Order::Restart { service: service(scenario, name)?, selector: selector.clone(), silently: *silent })
        }
        Action::SetPolicy { from, to, policy } => {
            let (called, endpoint) = target(scenario, to)?;
            let command = Command::SetPolicy { from: caller(scenario, from)?, to: called, endpoint, policy: policy.clone() };
            direct(Some(called), Deed::SetPolicy { from: from.clone(), to: to.clone() }, command)
        }
        Action::SetCapacity { service: name, workers, queue } => {
            let of = service(scenario, name)?;
            let what = match (*workers, queue.as_ref().and_then(|queue| queue.capacity)) {
                (Some(workers), Some(queue)) => Deed::SetCapacity { service: name.clone(), workers, queue },
                (Some(workers), None) => Deed::SetWorkers { service: name.clone(), workers },
                (None, Some(queue)) => Deed::SetQueue { service: name.clone(), queue },
                (None, None) => Deed::SetQueueing { service: name.clone() },
            };
            direct(Some(of), what, Command::SetCapacity { service: of, workers: *workers, queue: queue.clone() })
        }
        Action::ShiftTraffic { service: name, weights } => {
            let of = service(scenario, name)?;
            let weights = weights.iter().map(|(name, weight)| Ok((version(scenario, of, name)?, *weight))).collect::<Result<_, ActionError>>()?;
            order(Order::ShiftTraffic { service: of, weights })
        }
        Action::Inject { fault: injected } => order(Order::Inject(fault(scenario, injected)?)),
        Action::Clear { fault } => order(Order::Clear(fault.clone())),
        Action::SetLoad { source: name, factor, rate } => {
            let of = source(scenario, name)?;
            let factor = factor.unwrap_or(1.0);
            let what = match rate {
                Some(rate) => Deed::SetRate { source: name.clone(), rate: rate.to_string(), factor: factor.to_string() },
                None => Deed::SetLoad { source: name.clone(), factor: factor.to_string() },
            };
            direct(None, what, Command::SetLoad { source: of, factor, rate: *rate })
        }
        Action::Steer { service: name, wish } => Resolved::Order(Box::new(Order::Steer { service: service(scenario, name)?, wish: *wish })),
        Action::Pipeline { service: name, .. } => Resolved::Pipeline(service(scenario, name)?),
        Action::UpdateProject(_) => Resolved::Project,
        Action::SetFlag { flag: name, percentage } => order(Order::SetFeature { feature: flag(scenario, name)?, percentage: *percentage }),
        Action::RemoveFlag { flag: name } => order(Order::RemoveFeature(flag(scenario, name)?)),
        Action::FlushCache { service: name, cache: flushed } => {
            let of = service(scenario, name)?;
            let command = Command::FlushCache(cache(scenario, of, flushed)?);
            direct(Some(of), Deed::FlushCache { cache: flushed.clone(), service: name.clone() }, command)
        }
    })
}
