//! What the metrics would be if every failure were put down to the deployment that brought it: the truth beside the tools.
//!
//! A deployment failed in truth if its version has a flaw that the version before it had not, and that flaw made requests of
//! users fail. A team sees less (what no alarm and no user told) and more (what it put down to the wrong deployment, or rolled
//! back for nothing); how many incidents it does not put down to a deployment is its own choice, and that is how a fail rate
//! looks better than it is.

use std::collections::BTreeSet;

use super::super::deployments::{Deployment, Status};
use super::{Period, median};
use crate::ids::{FlawId, ServiceId, VersionId};
use crate::telemetry::ledger::DeploymentNumber;
use crate::telemetry::strikes::Strikes;
use crate::units::SimSpan;

/// The truth about the deployments of a period.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Truth {
    /// Deployments that ended.
    pub deployments: u32,
    /// Of which brought a flaw that made users' requests fail.
    pub hurt: Vec<DeploymentNumber>,
    /// Of which the team counts as failed.
    pub known: Vec<DeploymentNumber>,
    /// What the team counts as failed and which hurt nobody.
    pub innocent: Vec<DeploymentNumber>,
    /// The true change fail rate, 0…1; `None` without deployments.
    pub change_fail_rate: Option<f64>,
    /// Median time from the beginning of a deployment that hurt users to the last request that failed of what it brought, or to
    /// the end of the period if it still hurts then; `None` if none hurt.
    pub recovery: Option<SimSpan>,
    /// Unplanned deployments over all, 0…1, without rollbacks of what hurt nobody; `None` without deployments.
    pub rework_rate: Option<f64>,
}

/// The truth about a period, of one service or of all; `flaws` says which flaws a version has.
pub fn truth(deployments: &[Deployment], service: Option<ServiceId>, period: Period, strikes: &Strikes, flaws: impl Fn(VersionId) -> Vec<FlawId>) -> Truth {
    let mut truth = Truth::default();
    let mut recoveries = Vec::new();
    let ended = |deployment: &&Deployment| deployment.rolls_back.is_none() && deployment.ended.is_some_and(|ended| period.has(ended));
    let all = deployments
        .iter()
        .filter(|deployment| service.is_none_or(|service| deployment.service == service) && deployment.ended.is_some_and(|ended| period.has(ended)));
    truth.deployments = u32::try_from(all.clone().count()).unwrap_or(u32::MAX);
    for deployment in all.clone().filter(ended) {
        let before: BTreeSet<FlawId> = flaws(deployment.replaces).into_iter().collect();
        let brought = flaws(deployment.version).into_iter().filter(|flaw| !before.contains(flaw));
        let last = brought.filter_map(|flaw| strikes.of(flaw)).map(|damage| damage.last).max();
        let hurt = last.is_some();
        recoveries.extend(last.filter(|last| *last >= deployment.started).map(|last| last.since(deployment.started)));
        let counted = deployment.needed_intervention();
        if hurt {
            truth.hurt.push(deployment.number);
        }
        if hurt && counted {
            truth.known.push(deployment.number);
        }
        if counted && !hurt && !matches!(deployment.status, Status::Failed(_)) {
            truth.innocent.push(deployment.number);
        }
    }
    truth.recovery = median(&mut recoveries);
    let needless = |deployment: &&Deployment| deployment.rolls_back.is_some_and(|undone| truth.innocent.contains(&undone));
    let rework = all.filter(|deployment| !deployment.planned && !needless(deployment)).count();
    truth.rework_rate = (truth.deployments > 0).then(|| rework as f64 / f64::from(truth.deployments));
    truth.change_fail_rate = (truth.deployments > 0).then(|| truth.hurt.len() as f64 / f64::from(truth.deployments));
    truth
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::deployments::deployments;
    use crate::kernel::outcome::{Outcome, Reason};
    use crate::kernel::record::{Entry, Recorder as _, Strike};
    use crate::telemetry::ledger::{Event, Ledger};
    use crate::telemetry::testing;
    use crate::units::SimTime;

    #[test]
    fn who_hurt_users_is_known_whatever_the_team_says() {
        let mut ledger = Ledger::default();
        for (number, version) in [(1, 1), (2, 2), (3, 3)] {
            let (deployment, service) = (number, ServiceId(0));
            let (version, replaces) = (VersionId(version), VersionId(version - 1));
            ledger.push(
                SimTime::from_secs(u64::from(number)),
                Event::DeploymentStarted { deployment, service, version, replaces, strategy: "rolling", rolls_back: None },
            );
            ledger.push(SimTime::from_secs(u64::from(number)), Event::DeploymentCompleted { deployment });
        }
        // The team blames the third; the second brought the flaw, and the third still has it.
        ledger.push(SimTime::from_secs(9), Event::IncidentResolved { incident: 1, cause: Some(3), remedy: None });
        let mut store = testing::store(2, SimTime::ZERO);
        let strike = Some(Strike { flaw: FlawId(7), instance: crate::ids::InstanceId(0) });
        store.entries(&[Entry { strike, ..testing::entry(5, Outcome::Failed(Reason::ApplicationError)) }]);
        let flaws = |version: VersionId| if version.0 >= 2 { vec![FlawId(7)] } else { Vec::new() };
        let found = truth(&deployments(&ledger), None, Period::until(SimTime::from_secs(10)), store.strikes(), flaws);
        assert_eq!((found.hurt, found.known, found.innocent), (vec![2], vec![], vec![3]));
        assert!(found.change_fail_rate.is_some_and(|rate| (rate - 1.0 / 3.0).abs() < 1e-12));
    }
}
