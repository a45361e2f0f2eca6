//! The fleet: instances, versions, and what they cost.

use super::{Asked, Function, Param};
use crate::fleet::look::ServiceLook;
use crate::insight::judge::Measured;

/// What is asked of the fleet.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "instances",
        params: &[Param::Service, Param::Version],
        needs: 1,
        about: "instances of a service, or of a version of it, that are in rotation",
        ask: |asked| {
            let version = |look: &ServiceLook| {
                let Some(name) = asked.given(Param::Version) else { return look.instances.iter().filter(|instance| instance.serving).count() };
                let version = asked.service().and_then(|service| asked.version_named(service, name));
                look.instances.iter().filter(|instance| instance.serving && Some(instance.version) == version).count()
            };
            Measured::Number(look(asked).as_ref().map_or(0, version) as f64)
        },
    },
    Function {
        name: "desired",
        params: &[Param::Service],
        needs: 1,
        about: "instances that a service should have",
        ask: |asked| look(asked).map(|look| f64::from(look.desired)).into(),
    },
    Function {
        name: "version",
        params: &[Param::Service],
        needs: 1,
        about: "name of the version whose deployment completed last",
        ask: |asked| {
            let name = |look: ServiceLook| asked.session.scenario().model.versions[look.stable.index()].name.clone();
            look(asked).map_or(Measured::Nothing, |look| Measured::Text(name(look)))
        },
    },
    Function {
        name: "strategy",
        params: &[Param::Service],
        needs: 1,
        about: "name of the strategy by which a service is deployed",
        ask: |asked| look(asked).map_or(Measured::Nothing, |look| Measured::Text(look.strategy.name().to_owned())),
    },
    Function {
        name: "cost",
        params: &[],
        needs: 0,
        about: "cost of the fleet so far [$]",
        ask: |asked| Measured::Number(asked.session.fleet().cost(asked.session.now()).0),
    },
];

fn look(asked: &Asked<'_>) -> Option<ServiceLook> {
    asked.service().map(|service| asked.session.fleet().service(service))
}
