//! DORA's metrics of software delivery, from the ledger's deployments and from nothing else.
//!
//! Definitions after dora.dev (2026), and what the ledger can say of each:
//!
//! | metric | definition | here |
//! |---|---|---|
//! | deployment frequency | deployments per period | deployments that ended, in whatever way, rollbacks included |
//! | change fail rate | share of deployments that need immediate intervention | of those, the ones that failed by themselves or were rolled back; a rollback is the remedy and never a failed change itself |
//! | deployment rework rate | share of deployments that were unplanned, because of an incident | the rollbacks among them |
//! | failed deployment recovery time | time to recover from a deployment that failed | from the beginning of a failed deployment to the end of its rollback; the median |
//! | change lead time | commit to production | not given: the ledger has no commits |
//!
//! Fixes that roll forward look like any other deployment, so where a failed deployment was not rolled back, how it was
//! mended is unknown: rework is then `None` rather than too low. Metrics are per service, and DORA advises against
//! blending services; [`metrics`] filters.

use super::deployments::{Deployment, Status};
use crate::ids::ServiceId;
use crate::units::SimSpan;

/// Why a metric is not given.
pub const LEAD_TIME_NEEDS: &str = "change lead time runs from commit to production, and the ledger has no commits";
/// Why a metric is not given.
pub const NOTHING_ENDED: &str = "no deployment ended";
/// Why a metric is not given.
pub const NOTHING_FAILED: &str = "no deployment failed or was rolled back";
/// Why a metric is not given.
pub const RECOVERY_NEEDS: &str = "no failed deployment was rolled back to the end, and the ledger has no incidents that would say how service was restored";
/// Why a metric is not given.
pub const REWORK_NEEDS: &str = "a failed deployment was not rolled back, and the ledger has no plans that would tell its fix from planned work";

/// The metrics that deployments alone allow.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Dora {
    /// Deployments that ended, well or badly, rollbacks included.
    pub deployments: u32,
    /// Of which roll another one back.
    pub rollbacks: u32,
    /// Of which needed immediate intervention: they failed by themselves or were rolled back, and are no rollbacks.
    pub failed: u32,
    /// Deployments that never ended: none of the above.
    pub unfinished: u32,
    /// Deployments per day of simulated time; `None` if no time passed.
    pub per_day: Option<f64>,
    /// Share of deployments that needed intervention, 0…1; `None` without deployments.
    pub change_fail_rate: Option<f64>,
    /// Share of deployments that were rollbacks, 0…1; `None` without deployments, or if a failed one was not rolled back.
    pub rework_rate: Option<f64>,
    /// Median time from the beginning of a failed deployment to the end of its rollback; `None` without any.
    pub recovery: Option<SimSpan>,
}

/// The metrics of one service, or of all together, over a run of length `period`.
pub fn metrics(deployments: &[Deployment], service: Option<ServiceId>, period: SimSpan) -> Dora {
    let all: Vec<_> = deployments.iter().filter(|deployment| service.is_none_or(|service| deployment.service == service)).collect();
    // Whoever rolls back a deployment under way has ended it.
    let ended = || all.iter().filter(|deployment| deployment.ended.is_some());
    let failed: Vec<_> = ended().filter(|deployment| deployment.rolls_back.is_none() && deployment.needed_intervention()).collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let (total, rollbacks) = (count(ended().count()), count(ended().filter(|deployment| deployment.rolls_back.is_some()).count()));
    let share = |part: u32| (total > 0).then(|| f64::from(part) / f64::from(total));
    let remedy = |failed: &Deployment| {
        let by = failed.rolled_back_by?;
        let remedy = all.iter().find(|deployment| deployment.number == by && deployment.status == Status::Completed)?;
        Some(remedy.ended?.since(failed.started))
    };
    let mut recoveries: Vec<SimSpan> = failed.iter().filter_map(|deployment| remedy(deployment)).collect();
    let days = period.as_secs_f64() / 86_400.0;
    Dora {
        deployments: total,
        rollbacks,
        failed: count(failed.len()),
        unfinished: count(all.len()) - total,
        per_day: (days > 0.0).then(|| f64::from(total) / days),
        change_fail_rate: share(count(failed.len())),
        rework_rate: share(rollbacks).filter(|_| failed.iter().all(|deployment| deployment.rolled_back_by.is_some())),
        recovery: median(&mut recoveries),
    }
}

/// The middle of some lengths of time, or the mean of the two in the middle.
fn median(all: &mut [SimSpan]) -> Option<SimSpan> {
    all.sort_unstable();
    let (low, high) = (*all.get(all.len().checked_sub(1)? / 2)?, *all.get(all.len() / 2)?);
    Some(SimSpan::from_nanos(low.nanos() + (high.nanos() - low.nanos()) / 2))
}

#[cfg(test)]
mod tests {
    use super::super::deployments::{deployments, tests::started};
    use super::*;
    use crate::telemetry::ledger::{Cause, Event, Ledger};
    use crate::units::SimTime;

    #[test]
    fn twenty_deployments_in_twenty_eight_days_with_three_failures() {
        // The test vector of the definitions, as far as rollbacks tell it: 5, 11 and 17 were undone by the next one after
        // half an hour, two hours and twenty hours. (Its fourth unplanned deployment, a fix, is not to be told from others.)
        let mut ledger = Ledger::default();
        let minutes = |minutes: u64| SimSpan::from_secs(60 * minutes);
        for number in 1..=20 {
            let late = match number {
                6 => minutes(30),
                12 => minutes(120),
                18 => minutes(20 * 60),
                _ => minutes(24 * 60),
            };
            let planned = SimTime::from_secs(u64::from(number) * 86_400);
            let at = if late == minutes(24 * 60) { planned } else { SimTime::from_secs(u64::from(number - 1) * 86_400) + late - SimSpan::from_secs(60) };
            ledger.push(at, started(number, [6, 12, 18].contains(&number).then_some(number - 1)));
            ledger.push(at + SimSpan::from_secs(60), Event::DeploymentCompleted { deployment: number });
        }
        let dora = metrics(&deployments(&ledger), None, SimSpan::from_secs(28 * 86_400));
        assert_eq!((dora.deployments, dora.rollbacks, dora.failed, dora.unfinished), (20, 3, 3, 0));
        assert!((dora.per_day.expect("days") - 0.714).abs() < 0.001);
        assert!((dora.change_fail_rate.expect("deployments") - 0.15).abs() < 1e-9);
        assert!((dora.rework_rate.expect("deployments") - 0.15).abs() < 1e-9);
        assert_eq!(dora.recovery, Some(minutes(120)), "the median");
        assert_eq!(metrics(&deployments(&ledger), Some(ServiceId(3)), SimSpan::from_secs(1)).deployments, 0);
    }

    #[test]
    fn without_deployments_there_is_no_rate() {
        let dora = metrics(&[], None, SimSpan::from_secs(600));
        assert_eq!((dora.deployments, dora.change_fail_rate, dora.rework_rate, dora.recovery), (0, None, None, None));
    }

    #[test]
    fn what_never_ended_is_no_deployment() {
        let mut ledger = Ledger::default();
        ledger.push(SimTime::from_secs(10), started(1, None));
        ledger.push(SimTime::from_secs(20), Event::DeploymentStalled { deployment: 1, why: Cause::NoRoom { keep: 3, most: 3 } });
        let dora = metrics(&deployments(&ledger), None, SimSpan::from_secs(600));
        assert_eq!((dora.deployments, dora.unfinished, dora.per_day, dora.change_fail_rate), (0, 1, Some(0.0), None));
    }

    #[test]
    fn a_rollback_is_the_remedy_and_no_failed_change() {
        let (mut ledger, at) = (Ledger::default(), SimTime::from_secs);
        ledger.push(at(100), started(1, None));
        ledger.push(at(160), started(2, Some(1)));
        ledger.push(at(160), Event::DeploymentFailed { deployment: 1, why: Cause::RolledBack });
        ledger.push(at(220), Event::DeploymentFailed { deployment: 2, why: Cause::ProgressDeadline });
        let dora = metrics(&deployments(&ledger), None, SimSpan::from_secs(600));
        assert_eq!((dora.deployments, dora.rollbacks, dora.failed), (2, 1, 1));
        assert_eq!((dora.change_fail_rate, dora.rework_rate, dora.recovery), (Some(0.5), Some(0.5), None), "the remedy did not work");

        ledger.push(at(300), started(3, None));
        ledger.push(at(310), Event::DeploymentFailed { deployment: 3, why: Cause::ProgressDeadline });
        let dora = metrics(&deployments(&ledger), None, SimSpan::from_secs(600));
        assert_eq!((dora.failed, dora.rework_rate), (2, None), "how the third was mended is unknown");
    }
}
