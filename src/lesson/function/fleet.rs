//! The fleet: instances, versions, and what they cost.

use serde_json::Value;

use super::{Asked, Function, Param};
use crate::fleet::deploy::Strategy;
use crate::fleet::look::ServiceLook;
use crate::insight::judge::Measured;
use crate::lesson::kind::Kind;
use crate::units::SimSpan;

/// What is asked of the fleet.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "instances",
        params: &[Param::Service, Param::Version],
        needs: 1,
        about: "instances of a service, or of a version of it, that are in rotation",
        gives: Kind::Number,
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
        gives: Kind::Number,
        ask: |asked| look(asked).map(|look| f64::from(look.desired)).into(),
    },
    Function {
        name: "version",
        params: &[Param::Service],
        needs: 1,
        about: "name of the version whose deployment completed last",
        gives: Kind::Text,
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
        gives: Kind::OneOf(Strategy::NAMES),
        ask: |asked| look(asked).map_or(Measured::Nothing, |look| Measured::Text(look.strategy.name().to_owned())),
    },
    Function {
        name: "strategy_setting",
        params: &[Param::Service, Param::Setting],
        needs: 2,
        about: "a setting of the strategy by which a service is deployed, such as `percent`, or `alarms.names`; times in seconds, shares 0…1, nothing if that strategy has no such setting",
        gives: Kind::Open,
        ask: |asked| look(asked).map_or(Measured::Nothing, |look| setting(&look.strategy, asked.given(Param::Setting).unwrap_or_default())),
    },
    Function {
        name: "cost",
        params: &[],
        needs: 0,
        about: "cost of the fleet so far [$]",
        gives: Kind::Number,
        ask: |asked| Measured::Number(asked.session.fleet().cost(asked.session.now()).0),
    },
];

/// A setting of a strategy, by the keys that lead to it.
fn setting(strategy: &Strategy, keys: &str) -> Measured {
    // A strategy without settings is written as its name alone.
    let written = serde_json::to_value(strategy).unwrap_or_default();
    let settings = written.get(strategy.name());
    let found = settings.and_then(|settings| keys.split('.').try_fold(settings, |value, key| value.get(key)));
    match found {
        Some(Value::Number(number)) => number.as_f64().into(),
        Some(Value::Bool(is)) => Measured::Text(is.to_string()),
        Some(Value::String(text)) => {
            let number = text.parse::<f64>().ok().or_else(|| text.parse::<SimSpan>().ok().map(SimSpan::as_secs_f64));
            number.map_or_else(|| Measured::Text(text.clone()), Measured::Number)
        }
        Some(Value::Array(several)) => {
            Measured::Text(several.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect::<Vec<_>>().join(", "))
        }
        Some(Value::Object(_) | Value::Null) | None => Measured::Nothing,
    }
}

/// The settings that strategies have, those of all of them.
pub(super) fn settings() -> Vec<String> {
    let usual = |name: &str| serde_json::from_value::<Strategy>(Value::String(name.to_owned())).ok();
    let of = |strategy: Strategy| match serde_json::to_value(&strategy).unwrap_or_default().get(strategy.name()) {
        Some(Value::Object(settings)) => settings.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let mut names: Vec<String> = Strategy::NAMES.iter().copied().filter_map(usual).flat_map(of).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn look(asked: &Asked<'_>) -> Option<ServiceLook> {
    asked.service().map(|service| asked.session.fleet().service(service))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(strategy: serde_json::Value) -> Strategy {
        serde_json::from_value(strategy).expect("a strategy")
    }

    #[test]
    fn settings_are_read_in_the_units_of_goals() {
        let canary = read(serde_json::json!({ "canary": { "percent": "5%", "canary_bake": "10m", "alarms": { "names": ["errors", "slow"] } } }));
        assert_eq!(setting(&canary, "percent"), Measured::Number(0.05));
        assert_eq!(setting(&canary, "canary_bake"), Measured::Number(600.0));
        assert_eq!(setting(&canary, "alarms.names"), Measured::Text("errors, slow".to_owned()));
        assert_eq!(setting(&canary, "alarms"), Measured::Nothing);
        assert_eq!(setting(&read("all-at-once".into()), "percent"), Measured::Nothing);
        assert!(["percent", "canary_bake", "alarms"].iter().all(|name| settings().iter().any(|known| known == name)));
    }
}
