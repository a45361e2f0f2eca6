//! The way of a change to production, stretch by stretch: where lead time goes, and what became of defects on the way.
//!
//! A value stream (Poppendieck & Poppendieck 2003; DORA's guide to the capability "visibility of work in the value stream") of
//! four stretches, each from one record of the ledger to the next, so that together they are the change lead time: the latest
//! commit, the first merge after it, the beginning of the pipeline execution that built it, the beginning of its first
//! deployment, and the end of that. They are means, because means add up. It knows ids, not names.

use std::collections::{BTreeMap, BTreeSet};

use super::deployments::{Deployment, Status};
use super::dora::Period;
use crate::ids::{FlawId, VersionId};
use crate::telemetry::ledger::{ChangeNumber, Event, ExecutionNumber, Ledger, Progress};
use crate::telemetry::strikes::Strikes;
use crate::units::{SimSpan, SimTime};

/// Where the lead time of changes went. The four stretches add up to the mean lead time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// Changes that were followed all the way.
    pub changes: u32,
    /// From the latest commit to the first merge: review, and what it has changed.
    pub review: SimSpan,
    /// From the merge until the execution of the pipeline began that built it: a release branch, or a pipeline that is busy.
    pub waiting: SimSpan,
    /// From there to the deployment: builds, tests, approvals.
    pub pipeline: SimSpan,
    /// The deployment.
    pub deployment: SimSpan,
}

/// What became of the defects in changes that reached production. Truth: people know only of those that they met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Defects {
    /// Defects that people wrote into these changes.
    pub written: u32,
    /// Of which were in a version that was deployed: nothing before found them.
    pub escaped: u32,
    /// Of which made requests of users fail.
    pub hurt: u32,
}

/// Deployments that brought changes to production and completed within the period.
fn delivered(deployments: &[Deployment], period: Period) -> impl Iterator<Item = (&Deployment, SimTime)> {
    let completed = |one: &&Deployment| one.status == Status::Completed && !one.changes.is_empty();
    deployments.iter().filter(completed).filter_map(move |one| Some((one, one.ended.filter(|ended| period.has(*ended))?)))
}

/// Where the lead time of the changes went that reached production in a period; `None` if none can be followed.
pub fn flow(ledger: &Ledger, deployments: &[Deployment], period: Period) -> Option<Flow> {
    let mut merged: BTreeMap<ChangeNumber, Vec<SimTime>> = BTreeMap::new();
    let mut begun: BTreeMap<ExecutionNumber, SimTime> = BTreeMap::new();
    let mut execution_of: BTreeMap<VersionId, ExecutionNumber> = BTreeMap::new();
    for record in ledger.visible() {
        match &record.event {
            Event::Merged { change, .. } => merged.entry(*change).or_default().push(record.at),
            Event::Pipeline { execution, what: Progress::Started { .. }, .. } => {
                begun.insert(*execution, record.at);
            }
            Event::Built { version, execution, .. } => {
                execution_of.insert(*version, *execution);
            }
            _ => {}
        }
    }
    let (mut changes, mut sums) = (0, [0_u64; 4]);
    for (deployment, ended) in delivered(deployments, period) {
        let Some(start) = execution_of.get(&deployment.version).and_then(|execution| begun.get(execution)) else { continue };
        for (change, committed) in &deployment.changes {
            let Some(merge) = merged.get(change).and_then(|times| times.iter().find(|at| *at >= committed)) else { continue };
            let stations = [*committed, *merge, *start, deployment.started, ended];
            if !stations.is_sorted() {
                continue;
            }
            changes += 1;
            for (sum, stretch) in sums.iter_mut().zip(stations.windows(2)) {
                *sum += stretch[1].since(stretch[0]).nanos();
            }
        }
    }
    let mean = |sum: u64| SimSpan::from_nanos(sum / u64::from(changes));
    let [review, waiting, pipeline, deployment] = sums;
    (changes > 0).then(|| Flow { changes, review: mean(review), waiting: mean(waiting), pipeline: mean(pipeline), deployment: mean(deployment) })
}

/// What became of the defects in the changes that were deployed in a period, to everybody or to some; `flaws` says which flaws a version has.
pub fn defects(ledger: &Ledger, deployments: &[Deployment], period: Period, strikes: &Strikes, flaws: impl Fn(VersionId) -> Vec<FlawId>) -> Defects {
    let mut changes = BTreeSet::new();
    let mut deployed = BTreeSet::new();
    // What a canary turned back has met some users, too.
    for deployment in deployments.iter().filter(|deployment| deployment.rolls_back.is_none() && period.has(deployment.ended.unwrap_or(deployment.started))) {
        changes.extend(deployment.changes.iter().map(|(change, _)| *change));
        deployed.extend(flaws(deployment.version));
    }
    let mut found = Defects::default();
    for record in ledger.truth() {
        let Event::DefectWritten { flaw, change, .. } = &record.event else { continue };
        if changes.contains(change) {
            let escaped = deployed.contains(flaw);
            found.written += 1;
            found.escaped += u32::from(escaped);
            found.hurt += u32::from(escaped && strikes.of(*flaw).is_some());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ServiceId;
    use crate::insight::deployments::deployments;
    use crate::kernel::outcome::{Outcome, Reason};
    use crate::kernel::record::{Entry, Recorder as _, Strike};
    use crate::telemetry::testing;

    const HOUR: u64 = 3_600;

    /// Change 7, committed at 0 h and again at 1 h, merged at 3 h, built by execution 4 from 10 h on, deployed from 11 h to 13 h.
    fn ledger() -> Ledger {
        let (service, version) = (ServiceId(0), VersionId(1));
        let mut ledger = Ledger::default();
        let mut at = |hour: u64, event: Event| ledger.push(SimTime::from_secs(hour * HOUR), event);
        at(0, Event::DefectWritten { flaw: FlawId(1), kind: "logic", change: 7 });
        at(0, Event::DefectWritten { flaw: FlawId(2), kind: "logic", change: 7 });
        at(0, Event::DefectWritten { flaw: FlawId(3), kind: "logic", change: 8 });
        at(0, Event::Committed { change: 7, commit: 1, service, planned: true });
        at(1, Event::Committed { change: 7, commit: 2, service, planned: true });
        at(3, Event::Merged { change: 7, commit: 3, into: "main" });
        at(10, Event::Pipeline { service, execution: 4, what: Progress::Started { trigger: "Webhook".into() } });
        at(11, Event::Built { version, service, commit: 3, execution: 4, changes: vec![7], planned: true });
        at(11, Event::DeploymentStarted { deployment: 1, service, version, replaces: VersionId(0), strategy: "rolling", rolls_back: None });
        at(13, Event::DeploymentCompleted { deployment: 1 });
        ledger
    }

    #[test]
    fn the_stretches_of_the_way_add_up_to_the_lead_time() {
        let (ledger, period) = (ledger(), Period::until(SimTime::from_secs(20 * HOUR)));
        let all = deployments(&ledger);
        let flow = flow(&ledger, &all, period).expect("one change went all the way");
        let hours = [flow.review, flow.waiting, flow.pipeline, flow.deployment].map(|span| span.nanos() / 1_000_000_000 / HOUR);
        assert_eq!((flow.changes, hours), (1, [2, 7, 1, 2]));
        let lead = crate::insight::dora::metrics(&all, None, period).lead_time.expect("it was committed");
        assert_eq!(flow.review + flow.waiting + flow.pipeline + flow.deployment, lead);
        let before = Period::until(SimTime::from_secs(12 * HOUR));
        assert_eq!(super::flow(&ledger, &all, before), None, "it was not there yet");
    }

    #[test]
    fn defects_are_followed_from_the_change_to_the_users() {
        let (ledger, period) = (ledger(), Period::until(SimTime::from_secs(20 * HOUR)));
        let all = deployments(&ledger);
        let mut store = testing::store(2, SimTime::ZERO);
        let flaws = |version: VersionId| if version.0 == 1 { vec![FlawId(2)] } else { Vec::new() };
        let of = |strikes: &Strikes| defects(&ledger, &all, period, strikes, flaws);
        assert_eq!(of(store.strikes()), Defects { written: 2, escaped: 1, hurt: 0 }, "change 8 never came to production");
        let strike = Some(Strike { flaw: FlawId(2), instance: crate::ids::InstanceId(0) });
        store.entries(&[Entry { strike, ..testing::entry(5, Outcome::Failed(Reason::ApplicationError)) }]);
        assert_eq!(of(store.strikes()), Defects { written: 2, escaped: 1, hurt: 1 });
    }
}
