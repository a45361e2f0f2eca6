//! Scripts: steps with their names resolved, policies attached and copies written out.

use super::super::diagnostic::{Code, Finding};
use super::super::raw::{BranchFile, CallFile, Entries, ParallelFile, StepFile};
use super::super::tree::At;
use super::Lower;
use super::graph::{Site, Target, saturated};
use crate::ids::{EndpointId, ServiceId};
use crate::kernel::model::{Call, Step};
use crate::kernel::resilience::CallPolicy;
use crate::scenario::limits;

/// Whose script it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) service: ServiceId,
    pub(crate) endpoint: EndpointId,
}

impl Lower<'_> {
    /// The script at `at`. One that is too long is reported, and its parallel copies are not written out.
    pub(crate) fn script(&mut self, caller: Caller, steps: &[StepFile], at: &At<'_>) -> Vec<Step> {
        let expanded = count(steps);
        if expanded > limits::STEPS_PER_SCRIPT {
            let finding = Finding::error(Code::TooMuch, format!("the script has {} steps once its parallel copies are written out", saturated(expanded)));
            self.report(at, finding.label(format!("the simulation takes {}", limits::STEPS_PER_SCRIPT)));
        } else {
            self.steps = self.steps.saturating_add(expanded);
            if self.steps > limits::STEPS {
                self.report(at, Finding::error(Code::TooMuch, format!("the scripts have more than {} steps together", limits::STEPS)));
            }
        }
        // Too much is still looked at for other mistakes, but not written out.
        self.writes_out = expanded <= limits::STEPS_PER_SCRIPT && self.steps <= limits::STEPS;
        self.steps_at(caller, steps, at)
    }

    fn steps_at(&mut self, caller: Caller, steps: &[StepFile], at: &At<'_>) -> Vec<Step> {
        steps.iter().enumerate().filter_map(|(n, step)| self.step(caller, step, &at.index(n))).collect()
    }

    fn step(&mut self, caller: Caller, step: &StepFile, at: &At<'_>) -> Option<Step> {
        Some(match step {
            StepFile::Work(time) => Step::Work(time.clone()),
            StepFile::Io(time) => Step::Io(time.clone()),
            StepFile::Sleep(time) => Step::Sleep(time.clone()),
            StepFile::Call(call) => self.call(caller, call, &at.key("call"))?,
            StepFile::Parallel(parallel) => self.parallel(caller, parallel, &at.key("parallel"))?,
            StepFile::Probability(choice) => {
                let at = at.key("probability");
                Step::Probability {
                    p: choice.p,
                    then: self.steps_at(caller, &choice.then, &at.key("then")),
                    otherwise: self.steps_at(caller, &choice.otherwise, &at.key("else")),
                }
            }
            StepFile::Flag(choice) => {
                let at = at.key("flag");
                let feature = self.flag(&choice.name, &at.key("name"));
                let then = self.steps_at(caller, &choice.then, &at.key("then"));
                let otherwise = self.steps_at(caller, &choice.otherwise, &at.key("else"));
                Step::Feature { feature: feature?, then, otherwise }
            }
            StepFile::Repeat(repeat) => {
                let at = at.key("repeat");
                let (min, max) = (repeat.times.min, repeat.times.max);
                self.check_count(&at.key("times"), max.into(), 1, limits::REPEATS.into());
                if min > max {
                    let finding = Finding::error(Code::Impossible, format!("fewest times ({min}) is more than most times ({max})"));
                    self.report(&at.key("times"), finding.label("write [fewest, most]"));
                }
                Step::Repeat { min, max, steps: self.steps_at(caller, &repeat.steps, &at.key("steps")) }
            }
            StepFile::Cache(lookup) => {
                let at = at.key("cache");
                let cache = self.cache(caller.service, &lookup.name, &at.key("name"));
                let on_miss = self.steps_at(caller, &lookup.miss, &at.key("miss"));
                Step::Cache { cache: cache?, on_miss }
            }
            StepFile::Publish(queue) => {
                let at = at.key("publish");
                let queue = self.queue(queue, &at)?;
                self.sites.push(Site { from: caller.endpoint, to: Target::Queue(queue), path: at.segments() });
                Step::Publish(queue)
            }
            StepFile::Fail(probability) => Step::Fail(*probability),
        })
    }

    fn call(&mut self, caller: Caller, call: &CallFile, at: &At<'_>) -> Option<Step> {
        let policy = match &call.policy {
            Some(policy) => {
                self.check_policy(policy, &at.key("policy"));
                CallPolicy::clone(policy)
            }
            None => self.policy_for(caller.service, &call.to),
        };
        let to = at.key("to");
        let endpoint = self.endpoint(&call.to, if call.is_table { &to } else { at })?;
        self.sites.push(Site { from: caller.endpoint, to: Target::Endpoint(endpoint), path: at.segments() });
        Some(Step::Call(Call { endpoint, policy }))
    }

    /// The policy that a service's `calls` has for a target: the endpoint's, else the service's, else none.
    fn policy_for(&self, service: ServiceId, target: &str) -> CallPolicy {
        let Some((_, service)) = self.file.services.0.get(service.index()) else { return CallPolicy::default() };
        let find = |calls: &Entries<CallPolicy>, name: &str| calls.iter().find(|(key, _)| *key == name).map(|(_, policy)| policy.clone());
        let whole = target.split_once('.').map_or(target, |(service, _)| service);
        find(&service.calls, target).or_else(|| find(&service.calls, whole)).unwrap_or_default()
    }

    fn parallel(&mut self, caller: Caller, parallel: &ParallelFile, at: &At<'_>) -> Option<Step> {
        match parallel {
            ParallelFile::Branches(branches) => {
                if branches.is_empty() {
                    // An array that lost all its branches to mistakes is no second mistake.
                    self.report(at, Finding::error(Code::Impossible, "no branch to run").label("write at least one"));
                    return None;
                }
                let branch = |(n, branch): (usize, &BranchFile)| match branch {
                    BranchFile::One(step) => self.step(caller, step, &at.index(n)).into_iter().collect(),
                    BranchFile::Many(steps) => self.steps_at(caller, steps, &at.index(n)),
                };
                Some(Step::Parallel(branches.iter().enumerate().map(branch).collect()))
            }
            ParallelFile::Times { times, steps } => {
                self.check_count(&at.key("times"), (*times).into(), 1, limits::STEPS_PER_SCRIPT);
                let branch = self.steps_at(caller, steps, &at.key("steps"));
                let copies = if self.writes_out { *times as usize } else { 1 };
                Some(Step::Parallel(vec![branch; copies]))
            }
        }
    }

    /// The endpoint whose script a version replaces.
    pub(crate) fn replaced(&mut self, service: ServiceId, endpoint: &str, at: &At<'_>) -> Option<EndpointId> {
        let full = format!("{}.{endpoint}", self.service_name(service));
        self.endpoint(&full, &at.key(endpoint).as_key())
    }
}

/// Steps in a script once parallel copies are written out.
fn count(steps: &[StepFile]) -> u64 {
    steps.iter().map(count_one).fold(0, u64::saturating_add)
}

fn count_one(step: &StepFile) -> u64 {
    let inner = match step {
        StepFile::Parallel(ParallelFile::Branches(branches)) => branches
            .iter()
            .map(|branch| match branch {
                BranchFile::One(step) => count_one(step),
                BranchFile::Many(steps) => count(steps),
            })
            .fold(0, u64::saturating_add),
        StepFile::Parallel(ParallelFile::Times { times, steps }) => count(steps).max(1).saturating_mul(u64::from(*times)),
        StepFile::Flag(choice) => count(&choice.then).saturating_add(count(&choice.otherwise)),
        StepFile::Probability(choice) => count(&choice.then).saturating_add(count(&choice.otherwise)),
        StepFile::Repeat(repeat) => count(&repeat.steps),
        StepFile::Cache(lookup) => count(&lookup.miss),
        StepFile::Work(_) | StepFile::Io(_) | StepFile::Sleep(_) | StepFile::Call(_) | StepFile::Publish(_) | StepFile::Fail(_) => 0,
    };
    inner.saturating_add(1)
}
