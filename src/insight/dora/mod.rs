//! DORA's five metrics of software delivery, from the ledger and from nothing else.
//!
//! Definitions after dora.dev (2026), and what the ledger says of each:
//!
//! | metric | definition | here |
//! |---|---|---|
//! | change lead time | commit in version control to production | for each change, from its latest commit to the end of the first deployment that brought it; the median |
//! | deployment frequency | deployments per period | deployments that ended, in whatever way, rollbacks included |
//! | failed deployment recovery time | time to recover from a deployment that failed and needs immediate intervention | from the beginning of a failed deployment to the end of what remedied it: its rollback, or the deployment that ended its incident; the median |
//! | change fail rate | share of deployments that need immediate intervention | of those that ended, the ones that failed by themselves, were rolled back, or to which the team puts down an incident; a rollback is the remedy and never a failed change itself |
//! | deployment rework rate | share of deployments that were unplanned, because of an incident | rollbacks, and deployments of nothing but fixes of what users met |
//!
//! What the ledger cannot say is `None`, never a guess: without commits there is no lead time, and where nothing is known of
//! plans and a failed deployment was not rolled back, how it was mended is unknown. Metrics are per service, and DORA advises
//! against blending services; [`metrics`] filters. How they are graded is in [`bands`] and [`quick_check`]; what they would be
//! if every failure were put down to the deployment that brought it is in [`truth`].

pub mod bands;
pub mod quick_check;
pub mod truth;

use std::collections::BTreeSet;

use super::deployments::{Deployment, Status};
use crate::ids::ServiceId;
use crate::telemetry::ledger::{DeploymentNumber, Event, Ledger};
use crate::units::{SimSpan, SimTime};

/// Why a metric is not given.
pub const LEAD_TIME_NEEDS: &str = "change lead time runs from commit to production, and no deployment brought a commit that the ledger knows";
/// Why a metric is not given.
pub const NOTHING_ENDED: &str = "no deployment ended";
/// Why a metric is not given.
pub const NOTHING_FAILED: &str = "no deployment failed or was rolled back";
/// Why a metric is not given.
pub const RECOVERY_NEEDS: &str = "no failed deployment was remedied to the end, and the ledger has no incidents that would say how service was restored";
/// Why a metric is not given.
pub const REWORK_NEEDS: &str = "a failed deployment was not rolled back, and the ledger has no plans that would tell its fix from planned work";

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// From here on.
    pub from: SimTime,
    /// Up to here.
    pub to: SimTime,
}

impl Period {
    /// From the beginning.
    pub const fn until(to: SimTime) -> Self {
        Self { from: SimTime::ZERO, to }
    }
    /// The last `span` before `to`.
    pub fn last(span: SimSpan, to: SimTime) -> Self {
        Self { from: to - span, to }
    }
    /// How long it is [d].
    pub fn days(&self) -> f64 {
        self.to.since(self.from).as_secs_f64() / 86_400.0
    }
    /// Whether a moment lies in it.
    pub(super) fn has(&self, at: SimTime) -> bool {
        at > self.from && at <= self.to || at == SimTime::ZERO && self.from == SimTime::ZERO
    }
}

/// The metrics, with the numbers of the deployments behind each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dora {
    /// Deployments that ended, well or badly, rollbacks included.
    pub deployments: u32,
    /// Of which roll another one back.
    pub rollbacks: u32,
    /// Of which needed immediate intervention: they failed by themselves, were rolled back, or caused an incident, and are no
    /// rollbacks.
    pub failed: u32,
    /// Of which were not planned.
    pub unplanned: u32,
    /// Deployments that never ended: none of the above.
    pub unfinished: u32,
    /// Deployments per day of simulated time; `None` if no time passed.
    pub per_day: Option<f64>,
    /// Median time from a change's commit to its deployment; `None` without commits.
    pub lead_time: Option<SimSpan>,
    /// Share of deployments that needed intervention, 0…1; `None` without deployments.
    pub change_fail_rate: Option<f64>,
    /// Share of deployments that were not planned, 0…1; `None` without deployments, or if a failed one was mended nobody knows
    /// how.
    pub rework_rate: Option<f64>,
    /// Median time from the beginning of a failed deployment to the end of what remedied it; `None` without any.
    pub recovery: Option<SimSpan>,
    /// The mean of the same.
    pub mean_recovery: Option<SimSpan>,
    /// Median number of changes that a deployment of changes brought [1]; `None` without any. A frequency that rises while this
    /// falls below one shows that deployments were split.
    pub batch: Option<f64>,
    /// Deployments that brought no change, rollbacks aside: they raise the frequency and deliver nothing.
    pub empty: u32,
    /// The deployments that failed, to look at.
    pub failed_deployments: Vec<DeploymentNumber>,
    /// Those that were not planned.
    pub unplanned_deployments: Vec<DeploymentNumber>,
}

/// The metrics of one service, or of all together, over a period.
pub fn metrics(deployments: &[Deployment], service: Option<ServiceId>, period: Period) -> Dora {
    let all: Vec<_> = deployments.iter().filter(|deployment| service.is_none_or(|service| deployment.service == service)).collect();
    // Whoever rolls back a deployment under way has ended it.
    let ended: Vec<_> = all.iter().copied().filter(|deployment| deployment.ended.is_some_and(|ended| period.has(ended))).collect();
    let failed: Vec<_> = ended.iter().copied().filter(|deployment| deployment.rolls_back.is_none() && deployment.needed_intervention()).collect();
    let unplanned: Vec<_> = ended.iter().copied().filter(|deployment| !deployment.planned).collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let total = count(ended.len());
    let share = |part: usize| (total > 0).then(|| part as f64 / f64::from(total));
    let mut recoveries: Vec<SimSpan> = failed.iter().filter_map(|deployment| recovered(deployment, deployments)).collect();
    let mut lead_times: Vec<SimSpan> = ended
        .iter()
        .filter(|deployment| deployment.status == Status::Completed)
        .flat_map(|deployment| deployment.changes.iter().filter_map(|(_, committed)| Some(deployment.ended?.since(*committed))))
        .collect();
    let mut batches: Vec<usize> = ended.iter().map(|deployment| deployment.changes.len()).filter(|changes| *changes > 0).collect();
    batches.sort_unstable();
    let known_plans = all.iter().any(|deployment| !deployment.changes.is_empty());
    let mean = (!recoveries.is_empty())
        .then(|| SimSpan::from_nanos((recoveries.iter().map(|span| u128::from(span.nanos())).sum::<u128>() / recoveries.len() as u128) as u64));
    Dora {
        deployments: total,
        rollbacks: count(ended.iter().filter(|deployment| deployment.rolls_back.is_some()).count()),
        failed: count(failed.len()),
        unplanned: count(unplanned.len()),
        unfinished: count(all.iter().filter(|deployment| deployment.ended.is_none() && deployment.started <= period.to).count()),
        per_day: (period.days() > 0.0).then(|| f64::from(total) / period.days()),
        lead_time: median(&mut lead_times),
        change_fail_rate: share(failed.len()),
        rework_rate: share(unplanned.len()).filter(|_| known_plans || failed.iter().all(|deployment| deployment.rolled_back_by.is_some())),
        recovery: median(&mut recoveries),
        mean_recovery: mean,
        batch: (!batches.is_empty()).then(|| f64::midpoint(batches[(batches.len() - 1) / 2] as f64, batches[batches.len() / 2] as f64)),
        empty: if known_plans { count(ended.iter().filter(|deployment| deployment.rolls_back.is_none() && deployment.changes.is_empty()).count()) } else { 0 },
        failed_deployments: failed.iter().map(|deployment| deployment.number).collect(),
        unplanned_deployments: unplanned.iter().map(|deployment| deployment.number).collect(),
    }
}

/// From the beginning of a failed deployment to the end of its remedy, if it had one that worked.
pub fn recovered(failed: &Deployment, all: &[Deployment]) -> Option<SimSpan> {
    let ended = |number: DeploymentNumber| {
        let remedy = all.iter().find(|deployment| deployment.number == number && deployment.status == Status::Completed)?;
        remedy.ended
    };
    let by_rollback = failed.rolled_back_by.and_then(ended);
    let by_incident = failed.incidents.iter().filter_map(|blame| ended(blame.remedy?)).max();
    by_rollback.into_iter().chain(by_incident).chain(failed.restored).min().map(|at| at.since(failed.started))
}

/// The middle of some lengths of time, or the mean of the two in the middle.
fn median(all: &mut [SimSpan]) -> Option<SimSpan> {
    all.sort_unstable();
    let (low, high) = (*all.get(all.len().checked_sub(1)? / 2)?, *all.get(all.len() / 2)?);
    Some(SimSpan::from_nanos(low.nanos() + (high.nanos() - low.nanos()) / 2))
}

/// What was called MTTR: mean and median time to restore service after an incident, whatever caused it.
///
/// DORA asked for it until 2022 as "time to restore service". Since 2023 it asks only for failures that a deployment caused
/// (failed deployment recovery time), because how fast a data centre comes back says nothing about how software is
/// delivered, and a mean of few incidents of very different length says little at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeToRestore {
    /// Incidents that ended.
    pub incidents: u32,
    /// Their mean length.
    pub mean: Option<SimSpan>,
    /// Their median length.
    pub median: Option<SimSpan>,
}

impl TimeToRestore {
    /// Of incidents that took so long.
    pub fn of(mut lengths: Vec<SimSpan>) -> Self {
        let mean = (!lengths.is_empty()).then(|| SimSpan::from_nanos(lengths.iter().map(|span| span.nanos()).sum::<u64>() / lengths.len() as u64));
        Self { incidents: lengths.len() as u32, mean, median: median(&mut lengths) }
    }
}

/// Time to restore over a period, of one service or of all; incidents without a service count for all only.
pub fn time_to_restore(ledger: &Ledger, service: Option<ServiceId>, period: Period) -> TimeToRestore {
    let (mut open, mut lengths) = (Vec::new(), Vec::new());
    for record in ledger.visible() {
        match &record.event {
            Event::IncidentOpened { incident, service: of, .. } if service.is_none() || *of == service => open.push((*incident, record.at)),
            Event::IncidentResolved { incident, .. } if period.has(record.at) => {
                if let Some(at) = open.iter().find(|(number, _)| number == incident).map(|(_, at)| *at) {
                    lengths.push(record.at.since(at));
                }
            }
            _ => {}
        }
    }
    TimeToRestore::of(lengths)
}

/// On how many days of a week there is a deployment: the median over whole weeks, by which frequency is classed as daily (3
/// or more), weekly (1 or more) or less often (dora-team/fourkeys).
pub fn deployment_days_a_week(deployments: &[Deployment], service: Option<ServiceId>, period: Period) -> Option<f64> {
    const DAY: u64 = 86_400_000_000_000;
    let weeks = (period.days() / 7.0).floor() as u64;
    if weeks == 0 {
        return None;
    }
    let mut days: Vec<BTreeSet<u64>> = vec![BTreeSet::new(); weeks as usize];
    for deployment in deployments.iter().filter(|deployment| service.is_none_or(|service| deployment.service == service)) {
        if let Some(ended) = deployment.ended.filter(|ended| period.has(*ended)) {
            let day = ended.since(period.from).nanos() / DAY;
            if let Some(week) = days.get_mut((day / 7) as usize) {
                week.insert(day);
            }
        }
    }
    let mut counts: Vec<usize> = days.iter().map(BTreeSet::len).collect();
    counts.sort_unstable();
    Some(f64::midpoint(counts[(counts.len() - 1) / 2] as f64, counts[counts.len() / 2] as f64))
}

#[cfg(test)]
mod tests {
    use super::super::deployments::{deployments, tests::started};
    use super::*;
    use crate::ids::VersionId;
    use crate::telemetry::ledger::{Cause, Trouble};

    /// The test vector of the definitions: 20 deployments in 28 days. Number 5 is mended after half an hour by the unplanned 6,
    /// number 11 is rolled back after two hours by 12, number 17 is mended after twenty hours by 18, and 9 is an unplanned fix
    /// of what users met.
    fn vector() -> Ledger {
        let mut ledger = Ledger::default();
        let day = |day: u32| SimTime::from_secs(u64::from(day) * 86_400);
        let mut incident = 0;
        for number in 1..=20_u32 {
            let (remedies, after) = match number {
                6 => (Some(5), Some(SimSpan::from_secs(1_800))),
                12 => (Some(11), Some(SimSpan::from_secs(7_200))),
                18 => (Some(17), Some(SimSpan::from_secs(72_000))),
                _ => (None, None),
            };
            let at = after.map_or(day(number), |after| day(number - 1) + after - SimSpan::from_secs(60));
            let planned = ![6, 9, 18].contains(&number);
            let version = VersionId(number as u16);
            if number != 12 {
                ledger.push(at, Event::Committed { change: number, commit: number, service: ServiceId(0), planned });
                ledger.push(at, Event::Built { version, service: ServiceId(0), commit: number, execution: number, changes: vec![number], planned });
            }
            let rolls_back = (number == 12).then_some(11);
            let (deployment, service, replaces) = (number, ServiceId(0), VersionId(0));
            ledger.push(at, Event::DeploymentStarted { deployment, service, version, replaces, strategy: "rolling", rolls_back });
            ledger.push(at + SimSpan::from_secs(60), Event::DeploymentCompleted { deployment: number });
            if let Some(cause) = remedies.filter(|_| number != 12) {
                incident += 1;
                let why = Trouble::Reports { count: 1 };
                ledger.push(at + SimSpan::from_secs(60), Event::IncidentOpened { incident, service: Some(ServiceId(0)), why });
                ledger.push(at + SimSpan::from_secs(60), Event::IncidentResolved { incident, cause: Some(cause), remedy: Some(number) });
            }
        }
        ledger
    }

    #[test]
    fn the_test_vector_of_the_definitions() {
        let ledger = vector();
        let all = deployments(&ledger);
        let dora = metrics(&all, None, Period::until(SimTime::from_secs(28 * 86_400)));
        assert_eq!((dora.deployments, dora.rollbacks, dora.failed, dora.unplanned, dora.unfinished), (20, 1, 3, 4, 0));
        assert!((dora.per_day.expect("days") - 0.714).abs() < 0.001);
        assert!((dora.change_fail_rate.expect("deployments") - 0.15).abs() < 1e-9);
        assert!((dora.rework_rate.expect("deployments") - 0.2).abs() < 1e-9);
        assert_eq!((dora.recovery, dora.mean_recovery), (Some(SimSpan::from_secs(2 * 3_600)), Some(SimSpan::from_secs(27_000))), "2 h and 7.5 h");
        assert_eq!(
            (dora.failed_deployments.clone(), dora.unplanned_deployments.clone()),
            (vec![5, 11, 17], vec![6, 9, 12, 18]),
            "each number opens to its records"
        );
        assert_eq!(dora.lead_time, Some(SimSpan::from_secs(60)));
        assert_eq!(metrics(&all, Some(ServiceId(3)), Period::until(SimTime::from_secs(1))).deployments, 0);
        let grades = quick_check::grade(&dora, None);
        assert_eq!((grades.recovery, grades.change_fail, grades.rework), (Some(8.0), Some(8.5), Some(8.0)));
    }

    #[test]
    fn a_rolling_window_counts_what_ended_in_it() {
        let all = deployments(&vector());
        let week = Period::last(SimSpan::from_secs(7 * 86_400), SimTime::from_secs(14 * 86_400));
        let dora = metrics(&all, None, week);
        assert_eq!((dora.deployments, dora.failed), (7, 1), "8 to 13 of the mornings, and the rollback");
        assert_eq!(deployment_days_a_week(&all, None, Period::until(SimTime::from_secs(28 * 86_400))), Some(5.5), "days of deployments by week: 5, 6, 6, 0");
    }

    #[test]
    fn without_deployments_there_is_no_rate() {
        let dora = metrics(&[], None, Period::until(SimTime::from_secs(600)));
        assert_eq!((dora.deployments, dora.change_fail_rate, dora.rework_rate, dora.recovery), (0, None, None, None));
    }

    #[test]
    fn what_never_ended_is_no_deployment() {
        let mut ledger = Ledger::default();
        ledger.push(SimTime::from_secs(10), started(1, None));
        ledger.push(SimTime::from_secs(20), Event::DeploymentStalled { deployment: 1, why: Cause::NoRoom { keep: 3, most: 3 } });
        let dora = metrics(&deployments(&ledger), None, Period::until(SimTime::from_secs(600)));
        assert_eq!((dora.deployments, dora.unfinished, dora.per_day, dora.change_fail_rate), (0, 1, Some(0.0), None));
    }

    #[test]
    fn a_rollback_is_the_remedy_and_no_failed_change() {
        let (mut ledger, at) = (Ledger::default(), SimTime::from_secs);
        ledger.push(at(100), started(1, None));
        ledger.push(at(160), started(2, Some(1)));
        ledger.push(at(160), Event::DeploymentFailed { deployment: 1, why: Cause::RolledBack });
        ledger.push(at(220), Event::DeploymentFailed { deployment: 2, why: Cause::ProgressDeadline });
        let dora = metrics(&deployments(&ledger), None, Period::until(SimTime::from_secs(600)));
        assert_eq!((dora.deployments, dora.rollbacks, dora.failed), (2, 1, 1));
        assert_eq!((dora.change_fail_rate, dora.rework_rate, dora.recovery), (Some(0.5), Some(0.5), None), "the remedy did not work");

        ledger.push(at(300), started(3, None));
        ledger.push(at(310), Event::DeploymentFailed { deployment: 3, why: Cause::ProgressDeadline });
        let dora = metrics(&deployments(&ledger), None, Period::until(SimTime::from_secs(600)));
        assert_eq!((dora.failed, dora.rework_rate), (2, None), "how the third was mended is unknown");
    }
}
