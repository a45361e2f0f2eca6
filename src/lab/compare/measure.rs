//! What is measured of one session, and what it means.
//!
//! | measure | definition |
//! |---|---|
//! | users hurt | different users of whom at least one request failed, since the warm-up |
//! | failed requests | requests of users that failed, after all their retries, since the warm-up |
//! | budget burned | of each objective: bad share over allowed share since the warm-up (`insight::slo`); 1 is the whole budget |
//! | time to detect | from the start of the first deployment of a version that is worse, until the first alarm goes to `ALARM` or that deployment fails by itself, whichever is first; nobody detects what a person had already undone |
//! | time to recover | from that start until its rollback was completed; without one, until the last request that reached the version, if nobody reaches it any more |
//! | missed | deployments of versions that are worse which completed, or had everybody when the run ended, and were never rolled back |
//! | false rollbacks | deployments of versions that are the same as those they replace, which failed or were rolled back |
//! | instance-hours, cost | of the whole fleet, over the whole session |
//! | deployment time | from start to completion, on average over the deployments that completed and are no rollbacks |
//! | lead time | median from commit to production, where a team commits (`insight::dora`) |
//! | change fail rate, recovery | DORA's, where a team works |
//!
//! Less is better for all of them. What a session cannot say (the time to detect what was never detected) is `None`. Which
//! version is worse is the truth (`truth.rs`), everything else is what tools would see. To add a measure: a variant of
//! [`Measure`] with its name and unit, and where it comes from.

use std::collections::BTreeSet;

use super::truth::{Nature, nature};
use crate::ids::ServiceId;
use crate::insight::deployments::{Deployment, Status, deployments};
use crate::insight::dora::{self, Period};
use crate::kernel::command::Caller;
use crate::lab::Session;
use crate::lang::Lang;
use crate::scenario::Scenario;
use crate::telemetry::ledger::{AlarmState, Cause, Event};
use crate::units::{Ratio, SimSpan, SimTime};

/// A version that got no request for this long at the end of a session is not reached any more.
const UNREACHED_FOR: SimSpan = SimSpan::from_secs(60);

/// What a measure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// A share, 0…1 and beyond.
    Share,
    /// Seconds.
    Seconds,
    /// Hours of instances.
    Hours,
    /// Dollars.
    Dollars,
}

impl Unit {
    /// Its name in data.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Share => "share",
            Self::Seconds => "s",
            Self::Hours => "h",
            Self::Dollars => "$",
        }
    }
    /// The unit of a name in data; counts for any other.
    pub fn of_name(name: &str) -> Self {
        [Self::Share, Self::Seconds, Self::Hours, Self::Dollars].into_iter().find(|unit| unit.name() == name).unwrap_or(Self::Count)
    }
}

/// Something that is compared. Less is better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// Different users with a failed request.
    UsersHurt,
    /// Failed requests of users.
    FailedRequests,
    /// Share of the error budget that is gone: the objective's index and name.
    BudgetBurned(usize, String),
    /// Time to detect [s].
    TimeToDetect,
    /// Time to recover [s].
    TimeToRecover,
    /// Harmful versions that stayed.
    Missed,
    /// Harmless versions that were turned back.
    FalseRollbacks,
    /// Hours of instances.
    InstanceHours,
    /// Cost [$].
    Cost,
    /// Time that a deployment takes [s].
    DeploymentTime,
    /// Median time from commit to production [s].
    LeadTime,
    /// DORA's change fail rate.
    ChangeFailRate,
    /// DORA's failed deployment recovery time [s].
    Recovery,
}

impl Measure {
    /// Every measure of a scenario, what users feel first. Lead time is one of them also where nobody commits, so that a reader
    /// sees that it is not known.
    pub fn all(scenario: &Scenario) -> Vec<Self> {
        let budgets = scenario.slos.iter().enumerate().map(|(at, slo)| Self::BudgetBurned(at, slo.name.clone()));
        let after = [
            Self::TimeToDetect,
            Self::TimeToRecover,
            Self::Missed,
            Self::FalseRollbacks,
            Self::InstanceHours,
            Self::Cost,
            Self::DeploymentTime,
            Self::LeadTime,
        ];
        let delivery = if scenario.team.is_some() { vec![Self::ChangeFailRate, Self::Recovery] } else { Vec::new() };
        [Self::UsersHurt, Self::FailedRequests].into_iter().chain(budgets).chain(after).chain(delivery).collect()
    }
    /// Under which key translations have it: `compare.measure.KEY`, `compare.less.KEY` and `compare.more.KEY`.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::UsersHurt => "users-hurt",
            Self::FailedRequests => "failed-requests",
            Self::BudgetBurned(..) => "budget-burned",
            Self::TimeToDetect => "time-to-detect",
            Self::TimeToRecover => "time-to-recover",
            Self::Missed => "missed",
            Self::FalseRollbacks => "false-rollbacks",
            Self::InstanceHours => "instance-hours",
            Self::Cost => "cost",
            Self::DeploymentTime => "deployment-time",
            Self::LeadTime => "lead-time",
            Self::ChangeFailRate => "change-fail-rate",
            Self::Recovery => "recovery",
        }
    }
    /// The name of the objective that it is about, if it is about one.
    pub fn slo(&self) -> Option<&str> {
        if let Self::BudgetBurned(_, slo) = self { Some(slo) } else { None }
    }
    /// What people call it in a language.
    pub fn title(&self, lang: Lang) -> String {
        lang.find_with(&format!("compare.measure.{}", self.key()), &[("slo", self.slo().unwrap_or_default())])
    }
    /// Whether it says something only of versions that are worse.
    pub const fn is_of_harm(&self) -> bool {
        matches!(self, Self::TimeToDetect | Self::TimeToRecover | Self::Missed)
    }
    /// Its name in data.
    pub fn name(&self) -> String {
        match self {
            Self::UsersHurt => "users hurt".into(),
            Self::FailedRequests => "failed requests".into(),
            Self::BudgetBurned(_, slo) => format!("budget burned: {slo}"),
            Self::TimeToDetect => "time to detect".into(),
            Self::TimeToRecover => "time to recover".into(),
            Self::Missed => "missed".into(),
            Self::FalseRollbacks => "false rollbacks".into(),
            Self::InstanceHours => "instance-hours".into(),
            Self::Cost => "cost".into(),
            Self::DeploymentTime => "deployment time".into(),
            Self::LeadTime => "lead time".into(),
            Self::ChangeFailRate => "change fail rate".into(),
            Self::Recovery => "failed deployment recovery".into(),
        }
    }
    /// What it counts.
    pub const fn unit(&self) -> Unit {
        match self {
            Self::UsersHurt | Self::FailedRequests | Self::Missed | Self::FalseRollbacks => Unit::Count,
            Self::BudgetBurned(..) | Self::ChangeFailRate => Unit::Share,
            Self::TimeToDetect | Self::TimeToRecover | Self::DeploymentTime | Self::LeadTime | Self::Recovery => Unit::Seconds,
            Self::InstanceHours => Unit::Hours,
            Self::Cost => Unit::Dollars,
        }
    }
    /// Its value of a session; `None` if the session cannot say.
    pub fn of(&self, session: &Measured) -> Option<f64> {
        match self {
            Self::UsersHurt => Some(session.users_hurt as f64),
            Self::FailedRequests => Some(session.failed as f64),
            Self::BudgetBurned(at, _) => session.burned.get(*at).copied().flatten(),
            Self::TimeToDetect => session.detect_s,
            Self::TimeToRecover => session.recover_s,
            Self::Missed => session.missed.map(f64::from),
            Self::FalseRollbacks => session.false_rollbacks.map(f64::from),
            Self::InstanceHours => Some(session.instance_hours),
            Self::Cost => Some(session.cost),
            Self::DeploymentTime => session.deployment_s,
            Self::LeadTime => session.lead_time_s,
            Self::ChangeFailRate => session.change_fail_rate,
            Self::Recovery => session.recovery_s,
        }
    }
}

/// What was measured of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Different users of whom a request failed.
    pub users_hurt: u64,
    /// Requests of users that failed.
    pub failed: u64,
    /// Share of each objective's error budget that is gone.
    pub burned: Vec<Option<f64>>,
    /// Time to detect [s].
    pub detect_s: Option<f64>,
    /// Time to recover [s].
    pub recover_s: Option<f64>,
    /// Harmful versions that were turned back by their own deployment, not by a person; `None` if none was deployed.
    pub turned_back: Option<u32>,
    /// Harmful versions that completed and stayed; `None` if none was deployed.
    pub missed: Option<u32>,
    /// Harmless versions that failed or were rolled back; `None` if none was deployed.
    pub false_rollbacks: Option<u32>,
    /// Hours of instances.
    pub instance_hours: f64,
    /// Cost [$].
    pub cost: f64,
    /// Mean time from start to completion of deployments that completed [s].
    pub deployment_s: Option<f64>,
    /// Median time from commit to production [s].
    pub lead_time_s: Option<f64>,
    /// DORA's change fail rate, 0…1.
    pub change_fail_rate: Option<f64>,
    /// Median recovery time of failed deployments [s].
    pub recovery_s: Option<f64>,
    /// Deployments that began, rollbacks left out.
    pub begun: u32,
    /// Of which had not ended when the session did.
    pub unfinished: u32,
}

/// Measures a session that has come to its end.
pub(super) fn measure(session: &Session) -> Measured {
    let scenario = session.scenario();
    let all = deployments(session.ledger());
    let dora = dora::metrics(&all, None, Period::until(session.now()));
    let forward = || all.iter().filter(|deployment| deployment.rolls_back.is_none());
    let of_nature = |wanted: Nature| forward().filter(move |deployment| nature(&scenario.model, deployment.version, deployment.replaces) == wanted);
    let count = |nature: Nature, is: &dyn Fn(&Deployment) -> bool| {
        let count = of_nature(nature).filter(|deployment| is(deployment)).count() as u32;
        (of_nature(nature).count() > 0).then_some(count)
    };
    let completed: Vec<f64> =
        forward().filter(|deployment| deployment.status == Status::Completed).filter_map(|deployment| deployment.took().map(SimSpan::as_secs_f64)).collect();
    let first = of_nature(Nature::Worse).next();
    let recovered = first.and_then(|deployment| recovered(session, &all, deployment));
    let since = |at: Option<SimTime>| first.zip(at).map(|(deployment, at)| at.since(deployment.started).as_secs_f64());
    Measured {
        users_hurt: session.store().users_hurt(None),
        failed: session.store().entry_totals(None).counts.failed(),
        burned: scenario.slos.iter().map(|slo| session.standing(slo).burn_rate).collect(),
        detect_s: since(first.and_then(|deployment| detected(session, deployment)).filter(|at| recovered.is_none_or(|end| *at <= end))),
        recover_s: since(recovered),
        turned_back: count(Nature::Worse, &failed_by_itself),
        missed: count(Nature::Worse, &|deployment| {
            let reached_all = deployment.status == Status::Completed
                || (deployment.status == Status::InProgress && deployment.share.is_some_and(|share| share >= Ratio::ONE));
            reached_all && deployment.rolled_back_by.is_none()
        }),
        false_rollbacks: count(Nature::Same, &Deployment::needed_intervention),
        instance_hours: session.fleet().instance_hours(session.now()),
        cost: session.fleet().cost(session.now()).0,
        deployment_s: (!completed.is_empty()).then(|| completed.iter().sum::<f64>() / completed.len() as f64),
        lead_time_s: dora.lead_time.map(SimSpan::as_secs_f64),
        change_fail_rate: dora.change_fail_rate,
        recovery_s: dora.recovery.map(SimSpan::as_secs_f64),
        begun: forward().count() as u32,
        unfinished: forward().filter(|deployment| deployment.status == Status::InProgress).count() as u32,
    }
}

/// Whether a deployment failed without anybody's doing.
fn failed_by_itself(deployment: &Deployment) -> bool {
    matches!(&deployment.status, Status::Failed(why) if *why != Cause::RolledBack)
}

/// When something told of a deployment that is worse: the first alarm since it began that can be about it, or its own failure. An alarm on
/// what users get can, and one on the service itself or on a service that calls it, through others, too.
fn detected(session: &Session, deployment: &Deployment) -> Option<SimTime> {
    let feel = feels(session, deployment.service);
    let alarm = session.ledger().visible().find(|record| {
        let Event::AlarmChanged { to: AlarmState::Alarm, service, .. } = &record.event else { return false };
        record.at >= deployment.started && service.is_none_or(|service| feel.contains(&service))
    });
    let failure = deployment.ended.filter(|_| failed_by_itself(deployment));
    alarm.map(|record| record.at).into_iter().chain(failure).min()
}

/// A service, and those that call it, directly or through others.
fn feels(session: &Session, service: ServiceId) -> BTreeSet<ServiceId> {
    let mut found = BTreeSet::new();
    let mut next = vec![service];
    while let Some(service) = next.pop() {
        if found.insert(service) {
            next.extend(session.store().edges().iter().filter(|edge| edge.to == service).filter_map(|edge| match edge.from {
                Caller::Service(caller) => Some(caller),
                Caller::Source(_) | Caller::Queue(_) => None,
            }));
        }
    }
    found
}

/// When nobody met a version any more.
fn recovered(session: &Session, all: &[Deployment], deployment: &Deployment) -> Option<SimTime> {
    let undone_by = deployment.rolled_back_by.and_then(|number| all.iter().find(|other| other.number == number));
    if let Some(rollback) = undone_by.filter(|rollback| rollback.status == Status::Completed) {
        return rollback.ended;
    }
    let windows = session.store().version_windows(deployment.version, deployment.started, SimTime::NEVER);
    let last = windows.filter(|window| window.counts.requests > 0).map(|window| window.end).max()?;
    (session.now().since(last) >= UNREACHED_FOR).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_has_a_title_and_its_verbs_in_both_languages() {
        let slo = || "availability".to_owned();
        let all = [
            Measure::UsersHurt,
            Measure::FailedRequests,
            Measure::BudgetBurned(0, slo()),
            Measure::TimeToDetect,
            Measure::TimeToRecover,
            Measure::Missed,
            Measure::FalseRollbacks,
            Measure::InstanceHours,
            Measure::Cost,
            Measure::DeploymentTime,
            Measure::LeadTime,
            Measure::ChangeFailRate,
            Measure::Recovery,
        ];
        for measure in all {
            assert_eq!(measure.title(Lang::En), measure.name(), "the same word in data and in English");
            assert!(!measure.title(Lang::Vi).contains("compare."), "{measure:?}");
            for (lang, way) in Lang::ALL.iter().flat_map(|(lang, _)| ["less", "more"].map(|way| (*lang, way))) {
                assert!(lang.find(&format!("compare.{way}.{}", measure.key())).is_some(), "{way} {measure:?} in {}", lang.code());
            }
        }
    }
}
