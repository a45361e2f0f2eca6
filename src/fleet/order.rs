//! Orders: what people, the timeline and lessons ask of the control plane, with names already resolved.
//!
//! An order is checked before it is taken, so that whoever gave it is told what is wrong. It takes effect in the next
//! run. Orders that only concern the kernel (a policy, a load) do not come this way.

use super::Fleet;
use super::alarm::Alarms;
use super::deploy::{DeployOrders, Releases, Rollout, Strategy, Wish};
use super::desk::{Attention, Book, Chance, Clock, Facts, Roster};
use super::fault::{Aim, FaultKind, FaultOrders, Faults, Injection, Selector};
use super::life::{Cause, Kills, Plan};
use crate::ids::{FeatureId, ServiceId, VersionId, ZoneId};
use crate::kernel::command::Caller;
use crate::phrase::phrases;
use crate::rng::purpose;
use crate::telemetry::ledger::{Deed, DeploymentNumber, Event};
use crate::units::{Ratio, SimSpan, SimTime};

/// The most instances that a service may be scaled to.
pub const MOST_INSTANCES: u32 = 10_000;

/// Something asked of the control plane.
#[derive(Debug, Clone)]
pub enum Order {
    /// Deploys a version, by the service's own strategy unless another one is given.
    Deploy {
        /// The service.
        service: ServiceId,
        /// The version.
        version: VersionId,
        /// How.
        strategy: Option<Strategy>,
    },
    /// Goes back to the last completed version.
    RollBack(ServiceId),
    /// Takes one deployment of a service back: to the version that it replaced, whatever was deployed since.
    Undo {
        /// The service.
        service: ServiceId,
        /// The deployment.
        deployment: DeploymentNumber,
        /// The version that it replaced.
        to: VersionId,
    },
    /// Asks something of the deployment under way.
    Steer {
        /// The service.
        service: ServiceId,
        /// What.
        wish: Wish,
    },
    /// Changes how later deployments go that name no strategy of their own.
    SetStrategy {
        /// The service.
        service: ServiceId,
        /// How.
        strategy: Strategy,
    },
    /// Sets the desired count.
    Scale {
        /// The service.
        service: ServiceId,
        /// How many.
        instances: u32,
    },
    /// Kills processes and starts them again.
    Restart {
        /// The service.
        service: ServiceId,
        /// Which of its instances.
        selector: Selector,
        /// Whether their machines go with them, so that clients are not told.
        silently: bool,
    },
    /// Sets the versions' shares of the traffic.
    ShiftTraffic {
        /// The service.
        service: ServiceId,
        /// Weight by version.
        weights: Vec<(VersionId, f64)>,
    },
    /// Gives a feature to another share of the users.
    SetFeature {
        /// The flag.
        feature: FeatureId,
        /// Share of users who have it from now on.
        percentage: Ratio,
    },
    /// Cleans a flag up.
    RemoveFeature(FeatureId),
    /// Injects a fault.
    Inject(FaultOrder),
    /// Clears a fault.
    Clear(String),
}

/// A fault to be injected, with its names resolved.
#[derive(Debug, Clone)]
pub struct FaultOrder {
    /// Its name; `None` makes one of its kind and target.
    pub name: Option<String>,
    /// What goes wrong.
    pub kind: FaultKind,
    /// The service it happens to.
    pub service: Option<ServiceId>,
    /// The zone it happens to.
    pub zone: Option<ZoneId>,
    /// Who is cut off by a partition.
    pub from: Option<Caller>,
    /// Which instances.
    pub selector: Selector,
    /// How long.
    pub duration: Option<SimSpan>,
}

phrases! {
    /// Why an order was refused.
    pub enum Refusal {
        /// There is nothing to go back to.
        "nothing-to-roll-back" => NothingToRollBack {
            /// The service.
            service: String,
        } = "`{service}` has no earlier version to go back to; only its first version was ever deployed",
        /// No deployment is under way.
        "nothing-under-way" => NothingUnderWay {
            /// The service.
            service: String,
        } = "no deployment of `{service}` is under way",
        /// Nothing would follow.
        "not-now" => NotNow {
            /// The service.
            service: String,
            /// What was asked for.
            wish: &'static str,
            /// The strategy.
            strategy: &'static str,
        } = "the `{strategy}` deployment of `{service}` cannot follow `{wish}`: its strategy has no such thing, or nothing is left of it now",
        /// Too many instances.
        "too-many" => TooMany {
            /// How many were wanted.
            instances: u32,
            /// How many there may be.
            most: u32,
        } = "{instances} instances are more than the simulation takes; the most is {most} per service",
        /// The version belongs to another service.
        "foreign-version" => ForeignVersion {
            /// The version.
            version: String,
            /// The service.
            service: String,
        } = "`{version}` is not a version of `{service}`",
        /// A strategy that shares the traffic out between versions needs two of them.
        "same-version" => SameVersion {
            /// The version.
            version: String,
            /// The strategy.
            strategy: &'static str,
        } = "`{version}` runs already; a `{strategy}` deployment shifts traffic from one version to another, so deploy another one",
        /// An alarm is not known.
        "no-such-alarm" => NoSuchAlarm {
            /// The alarm.
            name: String,
        } = "the deployment watches the alarm `{name}`, which the scenario does not have",
        /// An endpoint that test requests ask is not there, or nobody else calls it.
        "no-such-endpoint" => NoSuchEndpoint {
            /// The endpoint.
            name: String,
            /// The service.
            service: String,
        } = "test requests of the deployment ask `{name}`, which is no endpoint of `{service}` that anybody calls",
        /// The strategy's parameters contradict each other.
        "impossible-strategy" => Strategy {
            /// Why.
            why: String,
        } = "the strategy cannot work: {why}",
        /// The weights are not weights.
        "impossible-weights" => Weights = "traffic weights are zero or more, and at least one is above zero",
        /// The flag was cleaned up.
        "no-flag-any-more" => NoFlagAnyMore {
            /// The flag.
            flag: String,
        } = "the flag `{flag}` was removed from the code; nothing asks it any more",
        /// A flag that only some users have cannot be cleaned up.
        "flag-divides" => FlagDivides {
            /// The flag.
            flag: String,
            /// Who has it.
            percentage: String,
        } = "{percentage} of the users have `{flag}`; set it to 0 % or 100 % before it is removed",
        /// The fault has no target.
        "no-target" => NoTarget {
            /// The fault's kind.
            kind: &'static str,
        } = "a `{kind}` fault needs the service that it happens to",
        /// A fault of that name is in force.
        "fault-exists" => FaultExists {
            /// The name.
            name: String,
        } = "a fault named `{name}` is in force already; clear it first, or give this one another name",
        /// No fault at all is in force.
        "no-fault" => NoFault {
            /// The name that was asked for.
            name: String,
        } = "no fault named `{name}` is in force",
        /// Others are in force, but not this one.
        "no-such-fault" => NoSuchFault {
            /// The name that was asked for.
            name: String,
            /// Those that are in force.
            active: String,
        } = "no fault named `{name}` is in force; in force: {active}",
    }
}

impl std::error::Error for Refusal {}

impl Fleet {
    /// Takes an order at `now`, to be carried out in the next run, or says why not.
    pub fn order(&mut self, now: SimTime, order: Order) -> Result<(), Refusal> {
        self.world.resource_mut::<Clock>().0 = now;
        self.ordered = true;
        match order {
            Order::Deploy { service, version, strategy } => self.deploy(service, version, strategy)?,
            Order::RollBack(service) => self.roll_back(service, None)?,
            Order::Undo { service, deployment, to } => self.roll_back(service, Some((deployment, to)))?,
            Order::Steer { service, wish } => {
                let entity = self.world.resource::<Roster>().service(service);
                let name = || self.world.resource::<Facts>().service(service).to_owned();
                let Some(deployment) = self.world.get::<Rollout>(entity).and_then(|rollout| rollout.0.as_ref()) else {
                    return Err(Refusal::NothingUnderWay { service: name() });
                };
                let mut wishes = self.world.resource::<DeployOrders>().wishes.iter();
                // What was asked for in the same moment may make it possible.
                if !deployment.progress().wishes.contains(&wish) && !wishes.any(|(of, _)| *of == service) {
                    return Err(Refusal::NotNow { service: name(), wish: wish.name(), strategy: deployment.strategy.name() });
                }
                self.world.resource_mut::<DeployOrders>().wishes.push((service, wish));
                self.attend(service);
            }
            Order::SetStrategy { service, strategy } => {
                self.check_strategy(service, &strategy)?;
                self.note(now, Some(service), Deed::SetStrategy { strategy: strategy.name() });
                let entity = self.world.resource::<Roster>().service(service);
                if let Some(mut plan) = self.world.get_mut::<Plan>(entity) {
                    plan.0.strategy = strategy;
                }
            }
            Order::Scale { service, instances } => {
                if instances > MOST_INSTANCES {
                    return Err(Refusal::TooMany { instances, most: MOST_INSTANCES });
                }
                self.world.resource_mut::<DeployOrders>().scale.push((service, instances, "action"));
                self.attend(service);
            }
            Order::Restart { service, selector, silently } => {
                let roster = self.world.resource::<Roster>();
                let candidates: Vec<_> = roster.staying(service).map(|member| member.id).collect();
                // Named by the moment and the service: a restart changes no other choice.
                let stream = self.world.resource::<Chance>().0.child(purpose::SELECT).child(now.nanos()).child(u64::from(service.0) + (1 << 32));
                let picked = selector.pick(&candidates, stream);
                let cause = if silently { Cause::Replace } else { Cause::Restart };
                self.note(now, Some(service), Deed::Restart { picked: picked.len(), all: candidates.len() });
                self.world.resource_mut::<Kills>().0.extend(picked.into_iter().map(|instance| (instance, cause)));
                self.attend(service);
            }
            Order::ShiftTraffic { service, weights } => {
                let usable = weights.iter().all(|(_, weight)| weight.is_finite() && *weight >= 0.0) && weights.iter().any(|(_, weight)| *weight > 0.0);
                if !usable {
                    return Err(Refusal::Weights);
                }
                for (version, _) in &weights {
                    self.check_version(service, *version)?;
                }
                let facts = self.world.resource::<Facts>();
                let shares: Vec<String> = weights.iter().map(|(version, weight)| format!("{} {weight}", facts.version(*version))).collect();
                self.note(now, Some(service), Deed::ShiftTraffic { shares: shares.join(", ") });
                self.world.resource_mut::<DeployOrders>().weights.push((service, weights));
                self.attend(service);
            }
            Order::SetFeature { feature, percentage } => self.set_feature(now, feature, percentage)?,
            Order::RemoveFeature(feature) => self.remove_feature(now, feature)?,
            Order::Inject(fault) => self.inject(fault)?,
            Order::Clear(name) => {
                let active: Vec<String> = self.world.resource::<Faults>().active.values().map(|active| active.injection.name.clone()).collect();
                if !active.contains(&name) {
                    let quoted: Vec<String> = active.iter().map(|name| format!("`{name}`")).collect();
                    return Err(if quoted.is_empty() { Refusal::NoFault { name } } else { Refusal::NoSuchFault { name, active: quoted.join(", ") } });
                }
                self.world.resource_mut::<FaultOrders>().clear.push(name);
            }
        }
        Ok(())
    }

    /// Writes something that happened elsewhere into the ledger.
    pub fn record(&mut self, now: SimTime, event: Event) {
        self.world.resource_mut::<Book>().0.push(now, event);
    }

    /// Writes something that was done into the ledger.
    pub fn note(&mut self, now: SimTime, service: Option<ServiceId>, what: Deed) {
        self.world.resource_mut::<Book>().0.push(now, Event::Acted { service, what });
    }

    fn attend(&mut self, service: ServiceId) {
        let mut attention = self.world.resource_mut::<Attention>();
        attention.fleet.insert(service);
        attention.rotation.insert(service);
    }

    fn check_version(&self, service: ServiceId, version: VersionId) -> Result<(), Refusal> {
        let facts = self.world.resource::<Facts>();
        if facts.versions[version.index()].service == service {
            Ok(())
        } else {
            Err(Refusal::ForeignVersion { version: facts.version(version).to_owned(), service: facts.service(service).to_owned() })
        }
    }

    /// That a strategy can work for a service, with the alarms and the endpoints that there are.
    fn check_strategy(&self, service: ServiceId, strategy: &Strategy) -> Result<(), Refusal> {
        strategy.check().map_err(|why| Refusal::Strategy { why })?;
        let alarms = self.world.resource::<Alarms>();
        if let Some(unknown) = strategy.watch().and_then(|watch| watch.names.iter().find(|name| alarms.index_of(name).is_none())) {
            return Err(Refusal::NoSuchAlarm { name: unknown.clone() });
        }
        let facts = &self.world.resource::<Facts>().services[service.index()];
        match strategy.tested_endpoints().find(|name| !facts.endpoints.iter().any(|(known, _)| known == name)) {
            Some(unknown) => Err(Refusal::NoSuchEndpoint { name: unknown.to_owned(), service: facts.name.clone() }),
            None => Ok(()),
        }
    }

    fn deploy(&mut self, service: ServiceId, version: VersionId, strategy: Option<Strategy>) -> Result<(), Refusal> {
        self.check_version(service, version)?;
        let entity = self.world.resource::<Roster>().service(service);
        let chosen = strategy.clone().or_else(|| self.world.get::<Plan>(entity).map(|plan| plan.0.strategy.clone())).unwrap_or_default();
        let deploying = self.world.get::<Rollout>(entity).is_some_and(|rollout| rollout.0.is_some());
        let stable = self.world.get::<Releases>(entity).map(|releases| releases.stable().1);
        if chosen.shifts_traffic() && !deploying && stable == Some(version) {
            let version = self.world.resource::<Facts>().version(version).to_owned();
            return Err(Refusal::SameVersion { version, strategy: chosen.name() });
        }
        self.check_strategy(service, &chosen)?;
        self.world.resource_mut::<DeployOrders>().deploy.push((service, version, strategy));
        self.attend(service);
        Ok(())
    }

    fn roll_back(&mut self, service: ServiceId, undo: Option<(DeploymentNumber, VersionId)>) -> Result<(), Refusal> {
        let entity = self.world.resource::<Roster>().service(service);
        let deploying = self.world.get::<Rollout>(entity).is_some_and(|rollout| rollout.0.is_some());
        let releases = self.world.get::<Releases>(entity);
        let possible = match undo {
            Some((_, to)) => releases.is_some_and(|releases| releases.stable().1 != to),
            None => releases.and_then(Releases::previous).is_some(),
        };
        if !deploying && !possible {
            return Err(Refusal::NothingToRollBack { service: self.world.resource::<Facts>().service(service).to_owned() });
        }
        self.world.resource_mut::<DeployOrders>().roll_back.push((service, undo));
        self.attend(service);
        Ok(())
    }

    fn inject(&mut self, fault: FaultOrder) -> Result<(), Refusal> {
        let FaultOrder { name, kind, service, zone, from, selector, duration } = fault;
        if service.is_none() && zone.is_none() {
            return Err(Refusal::NoTarget { kind: kind.name() });
        }
        let faults = self.world.resource::<Faults>();
        let waiting = self.world.resource::<FaultOrders>();
        let taken =
            |name: &str| faults.active.values().any(|active| active.injection.name == name) || waiting.inject.iter().any(|injection| injection.name == name);
        let name = match name {
            Some(name) if taken(&name) => return Err(Refusal::FaultExists { name }),
            Some(name) => name,
            None => {
                let facts = self.world.resource::<Facts>();
                let target =
                    service.map(|service| facts.service(service).to_owned()).or_else(|| zone.map(|zone| facts.zones[zone.index()].clone())).unwrap_or_default();
                let plain = format!("{}-{target}", kind.name());
                (1..=u32::MAX).map(|n| if n == 1 { plain.clone() } else { format!("{plain}-{n}") }).find(|name| !taken(name)).unwrap_or(plain)
            }
        };
        let injection = Injection { name, kind, service, zone, aim: Aim { from }, selector, duration };
        self.world.resource_mut::<FaultOrders>().inject.push(injection);
        Ok(())
    }
}
