//! DORA's metrics of software delivery, from the ledger's deployments and from nothing else.
//!
//! Definitions after dora.dev (2026): deployment frequency is deployments per period; change fail rate is the share of
//! deployments that needed immediate intervention afterwards, here those that failed by themselves or were rolled back.
//! Rollbacks are deployments too. The other three metrics need commits, incidents and plans, which the ledger does not
//! have yet: they are `None` rather than guessed. Metrics are per service; [`metrics`] filters.

use super::deployments::{Deployment, Status};
use crate::ids::ServiceId;
use crate::units::SimSpan;

/// Why a metric is not given.
pub const LEAD_TIME_NEEDS: &str = "change lead time runs from commit to production, and the ledger has no commits";
/// Why a metric is not given.
pub const RECOVERY_NEEDS: &str = "failed deployment recovery time needs to know when service was restored, and the ledger has no incidents";
/// Why a metric is not given.
pub const REWORK_NEEDS: &str = "deployment rework rate needs to know which deployments were planned, and the ledger has no plans";

/// The metrics that deployments alone allow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dora {
    /// Deployments that ended, in whatever way, or are under way.
    pub deployments: u32,
    /// Of which ended, well or badly.
    pub finished: u32,
    /// Of which needed immediate intervention.
    pub failed: u32,
    /// Deployments per day of simulated time; `None` if no time passed.
    pub per_day: Option<f64>,
    /// Share of finished deployments that needed intervention, 0…1; `None` without finished ones.
    pub change_fail_rate: Option<f64>,
}

/// The metrics of one service, or of all together, over a run of length `period`.
pub fn metrics(deployments: &[Deployment], service: Option<ServiceId>, period: SimSpan) -> Dora {
    let of_service = || deployments.iter().filter(|deployment| service.is_none_or(|service| deployment.service == service));
    let count = of_service().count() as u32;
    let finished = of_service().filter(|deployment| deployment.status != Status::InProgress || deployment.needed_intervention()).count() as u32;
    let failed = of_service().filter(|deployment| deployment.needed_intervention()).count() as u32;
    let days = period.as_secs_f64() / 86_400.0;
    Dora {
        deployments: count,
        finished,
        failed,
        per_day: (days > 0.0).then(|| f64::from(count) / days),
        change_fail_rate: (finished > 0).then(|| f64::from(failed) / f64::from(finished)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::deployments::{deployments, tests::started};
    use super::*;
    use crate::telemetry::ledger::{Event, Ledger};
    use crate::units::SimTime;

    #[test]
    fn twenty_deployments_in_twenty_eight_days_with_three_failures() {
        // The test vector of the definitions, as far as deployments alone tell it: three were undone by the next one.
        let mut ledger = Ledger::default();
        for number in 1..=20 {
            let at = SimTime::from_secs(u64::from(number) * 86_400);
            ledger.push(at, started(number, [6, 12, 18].contains(&number).then_some(number - 1)));
            ledger.push(at + SimSpan::from_secs(60), Event::DeploymentCompleted { deployment: number });
        }
        let dora = metrics(&deployments(&ledger), None, SimSpan::from_secs(28 * 86_400));
        assert_eq!((dora.deployments, dora.failed), (20, 3));
        assert!((dora.per_day.expect("days") - 0.714).abs() < 0.001);
        assert!((dora.change_fail_rate.expect("deployments") - 0.15).abs() < 1e-9);
        assert_eq!(metrics(&deployments(&ledger), Some(ServiceId(3)), SimSpan::from_secs(1)).deployments, 0);
    }

    #[test]
    fn without_deployments_there_is_no_rate() {
        let dora = metrics(&[], None, SimSpan::from_secs(600));
        assert_eq!((dora.deployments, dora.change_fail_rate), (0, None));
    }
}
