//! Says what a record of the ledger is, with names instead of ids: for the happenings and for the ledger in JSON.

use super::facts::Facts;
use crate::figures::{millis, percent, rate};
use crate::fleet::fault::{Fault, FaultKind};
use crate::ids::{InstanceId, ServiceId, VersionId};
use crate::insight::metric::Metric;
use crate::scenario::Action;
use crate::telemetry::ledger::{AlarmState, Deed, DeploymentNumber};
use crate::units::SimTime;

/// `deployment 3: cart v1 → v2 (rolling)`.
pub(super) fn deployment(
    facts: &Facts<'_>,
    number: DeploymentNumber,
    service: ServiceId,
    [from, to]: [VersionId; 2],
    strategy: &str,
    rolls_back: Option<DeploymentNumber>,
) -> String {
    let (name, from, to) = (facts.service(service), facts.version(from), facts.version(to));
    match rolls_back {
        Some(undone) => format!("rollback of deployment {undone}: {name} {from} → {to} ({strategy})"),
        None => format!("deployment {number}: {name} {from} → {to} ({strategy})"),
    }
}

/// `latency on db (1 instance)`, `zone-loss of zone-a (3 instances)`.
pub(super) fn fault(facts: &Facts<'_>, at: SimTime, name: &str, kind: &str, service: Option<ServiceId>, instances: usize) -> String {
    let on = service.map_or_else(String::new, |id| format!(" on {}", facts.service(id)));
    let more = match injected(facts, at, name, kind, service).map(|fault| &fault.kind) {
        Some(FaultKind::ZoneLoss(loss)) => format!(" of {}", loss.zone),
        Some(FaultKind::Partition(partition)) => partition.from.as_ref().map_or_else(String::new, |from| format!(" between it and {from}")),
        _ => String::new(),
    };
    let many = match instances {
        0 => String::new(),
        1 => " (1 instance)".into(),
        many => format!(" ({many} instances)"),
    };
    format!("{kind}{on}{more}{many}")
}

/// The fault as somebody described it: the last one of that name and kind that was to be injected by then.
fn injected<'a>(facts: &Facts<'a>, at: SimTime, name: &str, kind: &str, service: Option<ServiceId>) -> Option<&'a Fault> {
    let all = facts.scenario.timeline.iter().chain(facts.actions).filter(|timed| timed.at <= at);
    let fault = all.filter_map(|timed| match &timed.action {
        Action::Inject { fault } => Some((timed.at, fault)),
        _ => None,
    });
    let same = fault.filter(|(_, fault)| {
        let named = fault.name.as_deref().is_none_or(|known| known == name);
        named && fault.kind.name() == kind && fault.service.as_deref() == service.map(|id| facts.service(id))
    });
    same.max_by_key(|(at, _)| *at).map(|(_, fault)| fault)
}

/// What was done, with the service that it was done to where the phrase leaves that to its record.
pub(super) fn deed(facts: &Facts<'_>, service: Option<ServiceId>, what: &Deed) -> String {
    match (what, service) {
        (Deed::Restart { picked, all }, Some(id)) => format!("restart {picked} of {all} instances of `{}`", facts.service(id)),
        (Deed::ShiftTraffic { shares }, Some(id)) => format!("shift the traffic of `{}`: {shares}", facts.service(id)),
        _ => what.to_string(),
    }
}

/// `instance 3 restarted`, or without its number for several at once.
pub(super) fn instance(number: Option<InstanceId>, change: &str) -> String {
    match change {
        "fail-open" => "no target is healthy, so traffic goes to all of them (fail open)".into(),
        _ => format!("instance{} {}", number.map_or_else(String::new, |id| format!(" {}", id.0)), change.replace('-', " ")),
    }
}

/// An alarm that changed its state, with the datapoint that did it.
pub(super) fn alarm(facts: &Facts<'_>, name: &str, (from, to): (AlarmState, AlarmState), value: Option<f64>, suppressed: bool) -> String {
    let metric = facts.scenario.alarms.iter().find(|alarm| alarm.name == name).map(|alarm| &alarm.metric);
    let at = value.zip(metric).map(|(value, metric)| match metric {
        Metric::ErrorRate(_) => format!(", {} of requests failed", percent(Some(value))),
        Metric::Latency(latency) => format!(", p{} was {}", latency.quantile * 100.0, millis(Some(value))),
        Metric::Requests(_) => format!(", {} came", rate(value)),
        Metric::Saturation(_) => format!(", {} of the workers were busy", percent(Some(value))),
    });
    let held = if suppressed { ", its actions suppressed" } else { "" };
    format!("alarm `{name}`: {} → {}{}{held}", from.name(), to.name(), at.unwrap_or_default())
}

/// The actions of a composite alarm, which were held back until now.
pub(super) fn alarm_actions(name: &str, state: AlarmState) -> String {
    format!("alarm `{name}`: the actions of {} are suppressed no longer", state.name())
}
