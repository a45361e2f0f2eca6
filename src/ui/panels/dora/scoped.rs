//! DORA's metrics of what is looked at: one service, or the whole fleet, with their trend and what really happened.
//!
//! A snapshot has the fleet's and each service's metrics of the whole run; the trend of one service, and which deployments
//! hurt users day by day, are worked out here from the same deployments, and only when either has changed.

use std::sync::Arc;

use super::Metric;
use crate::delivery::look::DeliveryLook;
use crate::ids::ServiceId;
use crate::insight::dora::quick_check::{self, Grades};
use crate::insight::dora::{self, Dora, Period, TimeToRestore};
use crate::lab::snapshot::DoraSnapshot;
use crate::telemetry::ledger::DeploymentNumber;
use crate::units::{SimSpan, SimTime};

/// The window of the trend.
const WEEK: SimSpan = SimSpan::from_secs(7 * 86_400);

/// The metrics of what is looked at.
#[derive(Debug)]
pub(crate) struct Scoped {
    of: Arc<DoraSnapshot>,
    service: Option<ServiceId>,
    /// Since the beginning.
    pub(super) dora: Dora,
    /// The Quick Check.
    pub(super) grades: Grades,
    /// How long the run has lasted.
    pub(super) lasted: SimSpan,
    /// Over the last 7 days at the end of each day, and now; with the true change fail rate of the same stretch.
    pub(super) trend: Vec<(SimTime, Dora, Option<f64>)>,
    /// Time to restore.
    pub(super) restore: TimeToRestore,
    /// Deployments that hurt users. Truth.
    pub(super) hurt: Vec<DeploymentNumber>,
    /// Of which the team counts as failed. Truth.
    pub(super) known: Vec<DeploymentNumber>,
    /// What failed by itself before it could hurt anybody. Truth.
    pub(super) spared: Vec<DeploymentNumber>,
    /// What the team counts as failed and which hurt nobody. Truth.
    pub(super) innocent: Vec<DeploymentNumber>,
    /// The true change fail rate [0…1].
    pub(super) true_rate: Option<f64>,
}

/// Before so much has passed nothing can be said per day.
const DAY: SimSpan = SimSpan::from_secs(86_400);

impl Scoped {
    /// Whether it is too early to say how often something happens.
    pub(super) fn is_early(&self, metric: Metric) -> bool {
        metric == Metric::Frequency && self.lasted < DAY
    }

    /// Whether it is what would be worked out now.
    pub(super) fn is_of(&self, snapshot: &Arc<DoraSnapshot>, service: Option<ServiceId>) -> bool {
        Arc::ptr_eq(&self.of, snapshot) && self.service == service
    }

    /// Works it out.
    pub(super) fn new(snapshot: &Arc<DoraSnapshot>, delivery: Option<&DeliveryLook>, service: Option<ServiceId>, now: SimTime) -> Self {
        let dora = match service {
            Some(service) => snapshot.services.get(service.index()).cloned().unwrap_or_default(),
            None => snapshot.fleet.clone(),
        };
        let ours = |number: &DeploymentNumber| {
            service.is_none_or(|service| snapshot.deployments.iter().any(|deployment| deployment.number == *number && deployment.service == service))
        };
        let only = |all: &[DeploymentNumber]| all.iter().copied().filter(ours).collect::<Vec<_>>();
        let hurt = only(&snapshot.truth.hurt);
        let ended = |number: &DeploymentNumber| snapshot.deployments.iter().find(|deployment| deployment.number == *number)?.ended;
        let hurt_at: Vec<SimTime> = hurt.iter().filter_map(ended).collect();
        let point = |at: SimTime, dora: Dora| {
            let from = Period::last(WEEK, at).from;
            let hurting = hurt_at.iter().filter(|ended| **ended > from && **ended <= at).count();
            let really = (dora.deployments > 0).then(|| hurting as f64 / f64::from(dora.deployments));
            (at, dora, really)
        };
        let days = snapshot.trend.iter().map(|(at, of_all)| match service {
            Some(_) => point(*at, dora::metrics(&snapshot.deployments, service, Period::last(WEEK, *at))),
            None => point(*at, of_all.clone()),
        });
        let today = point(now, dora::metrics(&snapshot.deployments, service, Period::last(WEEK, now)));
        let innocent = only(&snapshot.truth.innocent);
        let is_spared = |number: &DeploymentNumber| !hurt.contains(number) && !innocent.contains(number);
        Self {
            spared: dora.failed_deployments.iter().copied().filter(is_spared).collect(),
            of: Arc::clone(snapshot),
            service,
            lasted: now.since(SimTime::ZERO),
            grades: graded(&dora, now.since(SimTime::ZERO)),
            trend: days.chain([today]).collect(),
            restore: match (service, delivery) {
                (Some(_), Some(delivery)) => restore(delivery, service),
                _ => snapshot.restore,
            },
            known: only(&snapshot.truth.known),
            innocent,
            true_rate: (dora.deployments > 0).then(|| hurt.len() as f64 / f64::from(dora.deployments)),
            hurt,
            dora,
        }
    }
}

/// The Quick Check. As long as nothing can be said per day, the frequency has no score, nor have the means that it is part of.
fn graded(dora: &Dora, lasted: SimSpan) -> Grades {
    let grades = quick_check::grade(dora, None);
    if lasted < DAY { Grades { frequency: None, throughput: None, overall: None, ..grades } } else { grades }
}

/// How long the incidents of a service took.
fn restore(delivery: &DeliveryLook, service: Option<ServiceId>) -> TimeToRestore {
    let of = delivery.incidents.iter().filter(|incident| incident.service == service);
    TimeToRestore::of(of.filter_map(|incident| Some(incident.resolved?.since(incident.opened))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_first_day_the_frequency_has_no_score() {
        let dora = Dora { deployments: 3, per_day: Some(0.1), change_fail_rate: Some(0.0), ..Dora::default() };
        let early = graded(&dora, SimSpan::from_secs(3_600));
        assert_eq!((early.frequency, early.throughput, early.overall), (None, None, None));
        assert!(early.change_fail.is_some(), "what is counted is counted from the beginning");
        assert!(graded(&dora, SimSpan::from_secs(2 * 86_400)).frequency.is_some());
    }
}
