//! How soon an endpoint can answer: the least mean time, with nobody waiting, every cache hitting, and every part that can
//! refuse refusing at once.
//!
//! It bounds how often closed-loop users can ask, so it must never be too long. Refusals come from full queues, guards of
//! clients, failing versions, and from faults and actions on the timeline.

use std::collections::BTreeSet;

use super::service::Services;
use crate::fleet::fault::FaultKind;
use crate::ids::EndpointId;
use crate::kernel::model::Step;
use crate::kernel::resilience::CallPolicy;
use crate::scenario::{Action, TimedAction};
use crate::units::SimSpan;

/// How soon an answer can come.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Soonest {
    /// Mean time [s].
    pub(crate) secs: f64,
    /// Whether it can be a refusal, which spares the rest of the work.
    pub(crate) refuses: bool,
}

/// Whether the client may refuse a call by itself.
pub(crate) fn is_guarded(policy: &CallPolicy) -> bool {
    policy.rate_limit.is_some() || policy.throttle.is_some() || policy.bulkhead.is_some() || policy.breaker.is_some() || policy.pool.is_some()
}

/// How soon each endpoint can answer. `order` lists endpoints such that each comes after all that it calls.
pub(crate) fn soonest(services: &Services, timeline: &[TimedAction], order: &[EndpointId]) -> Vec<Soonest> {
    let refusing = refusing(services, timeline);
    let mut all = vec![Soonest::default(); services.endpoints.len()];
    for &endpoint in order {
        let described = &services.endpoints[endpoint.index()];
        let replaced = services.versions.iter().flat_map(|version| &version.scripts).filter(|(replaced, _)| *replaced == endpoint);
        let scripts = replaced.map(|(_, steps)| steps.as_slice()).chain([described.steps.as_slice()]);
        let answers = scripts.map(|steps| of_script(steps, &all));
        let fastest = answers.fold(Soonest { secs: f64::INFINITY, refuses: false }, |one, other| Soonest {
            secs: one.secs.min(other.secs),
            refuses: one.refuses || other.refuses,
        });
        let refuses = refusing.contains(&described.service.index());
        all[endpoint.index()] = if refuses { Soonest { secs: 0.0, refuses } } else { fastest };
    }
    all
}

/// The services that may refuse at once, by number.
fn refusing(services: &Services, timeline: &[TimedAction]) -> BTreeSet<usize> {
    let mut refusing = BTreeSet::new();
    for (n, (service, fleet)) in services.list.iter().zip(&services.fleet).enumerate() {
        let fails = |version: &crate::ids::VersionId| {
            let behaviour = &services.versions[version.index()].behaviour;
            behaviour.error_rate.get() > 0.0 || behaviour.startup_failure.get() > 0.0 || behaviour.memory_leak.get() > 0
        };
        let queue = &service.server.queue;
        let full = queue.capacity.is_some() || queue.drop_expired.is_some();
        if full || fleet.instances == 0 || service.server.memory_limit.is_some() || service.versions.iter().any(fails) {
            refusing.insert(n);
        }
    }
    for timed in timeline {
        let service = match &timed.action {
            Action::Inject { fault } if matches!(fault.kind, FaultKind::ZoneLoss(_)) => {
                refusing.extend(0..services.list.len());
                continue;
            }
            Action::Inject { fault } => fault.service.as_ref(),
            Action::Restart { service, .. } | Action::Scale { service, .. } | Action::SetCapacity { service, .. } => Some(service),
            Action::SetPolicy { to, policy, .. } if is_guarded(policy) => {
                refusing.extend(services.list.iter().position(|other| Some(other.name.as_str()) == to.split('.').next()));
                continue;
            }
            _ => None,
        };
        refusing.extend(service.and_then(|name| services.list.iter().position(|other| other.name == *name)));
    }
    refusing
}

/// How soon a script can end.
fn of_script(steps: &[Step], below: &[Soonest]) -> Soonest {
    let mut secs = 0.0;
    // Share of requests that come this far.
    let mut share = 1.0;
    for step in steps {
        let step = of_step(step, below);
        secs += share * step.secs;
        if step.refuses {
            return Soonest { secs, refuses: true };
        }
        share *= step.goes_on;
    }
    Soonest { secs, refuses: share < 1.0 }
}

/// How soon a step can be over.
struct Over {
    secs: f64,
    refuses: bool,
    /// Share of requests that go on after it.
    goes_on: f64,
}

fn of_step(step: &Step, below: &[Soonest]) -> Over {
    let over = |Soonest { secs, refuses }| Over { secs, refuses, goes_on: 1.0 };
    match step {
        Step::Work(time) | Step::Io(time) | Step::Sleep(time) => over(Soonest { secs: time.mean_nanos() / 1e9, refuses: false }),
        Step::Call(call) => {
            let answer = below[call.endpoint.index()];
            let ignored = call.policy.optional || call.policy.fallback;
            let limit = call.policy.timeout.map_or(f64::INFINITY, SimSpan::as_secs_f64);
            // A call whose failure is ignored may be over at once, and the rest follows.
            let secs = if is_guarded(&call.policy) || call.policy.optional { 0.0 } else { answer.secs.min(limit) };
            over(Soonest { secs, refuses: !ignored && (answer.refuses || is_guarded(&call.policy)) })
        }
        Step::Parallel(branches) => {
            let branches = branches.iter().map(|branch| of_script(branch, below));
            let all = branches.fold(Soonest::default(), |all, branch| Soonest { secs: all.secs.max(branch.secs), refuses: all.refuses || branch.refuses });
            over(if all.refuses { Soonest { secs: 0.0, ..all } } else { all })
        }
        Step::Probability { p, then, otherwise } => {
            let (then, otherwise) = (of_script(then, below), of_script(otherwise, below));
            let refuses = (then.refuses && p.get() > 0.0) || (otherwise.refuses && p.get() < 1.0);
            over(Soonest { secs: p.get() * then.secs + (1.0 - p.get()) * otherwise.secs, refuses })
        }
        // The percentage may be set to anything later.
        Step::Feature { then, otherwise, .. } => {
            let (then, otherwise) = (of_script(then, below), of_script(otherwise, below));
            over(Soonest { secs: then.secs.min(otherwise.secs), refuses: then.refuses || otherwise.refuses })
        }
        Step::Repeat { min, max, steps } => {
            let once = of_script(steps, below);
            let times = if once.refuses { f64::from((*min).min(1)) } else { f64::midpoint(f64::from(*min), f64::from(*max)) };
            over(Soonest { secs: once.secs * times, ..once })
        }
        Step::Cache { .. } | Step::Publish(_) => over(Soonest::default()),
        Step::Fail(p) => Over { secs: 0.0, refuses: false, goes_on: 1.0 - p.get() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::dist::Distribution;
    use crate::kernel::model::Call;
    use crate::kernel::resilience::bulkhead::Bulkhead;
    use crate::units::Ratio;

    fn work(millis: u64) -> Step {
        Step::Work(Distribution::Fixed(SimSpan::from_millis(millis)))
    }

    fn call(policy: CallPolicy) -> Step {
        Step::Call(Call { endpoint: EndpointId(0), policy })
    }

    #[test]
    fn a_refusal_spares_the_rest_of_the_script() {
        let bulkhead = || CallPolicy { bulkhead: Some(Bulkhead::default()), ..CallPolicy::default() };
        let calm = [Soonest { secs: 0.05, refuses: false }];
        let full = [Soonest { secs: 0.0, refuses: true }];
        let answer = |policy, below: &[Soonest]| {
            let Soonest { secs, refuses } = of_script(&[work(4), call(policy), work(6)], below);
            ((secs * 1e3).round(), refuses)
        };
        assert_eq!(answer(CallPolicy::default(), &calm), (60.0, false));
        assert_eq!(answer(CallPolicy::default(), &full), (4.0, true));
        assert_eq!(answer(bulkhead(), &calm), (4.0, true));
        assert_eq!(answer(CallPolicy { optional: true, ..bulkhead() }, &full), (10.0, false));
    }

    #[test]
    fn a_step_that_fails_ends_some_requests() {
        let found = of_script(&[work(4), Step::Fail(Ratio::new(0.5)), work(6)], &[]);
        assert_eq!(((found.secs * 1e3).round(), found.refuses), (7.0, true));
    }
}
