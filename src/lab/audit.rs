//! Whether a scenario keeps the promises that the simulation relies on.
//!
//! Scenarios from `content/` keep them by construction. One that comes inside a session file may have been edited by a
//! stranger: numbers that point nowhere, tables of different lengths, requests that never end. Such a scenario is refused
//! before anything runs.

use super::bounds;
use crate::kernel::dist::Distribution;
use crate::kernel::model::{Arrivals, Model, Step};
use crate::scenario::Scenario;
use crate::scenario::limits;
use crate::units::SimSpan;

/// Says what is wrong with a scenario, if anything is.
pub(super) fn audit(scenario: &Scenario) -> Result<(), String> {
    let Scenario { model, fleet, kinds, slos, timeline, duration, .. } = scenario;
    let services = model.services.len();
    demand(fleet.len() == services && kinds.len() == services, "its tables of services have different lengths")?;
    demand(!model.zones.is_empty() && model.zones.len() <= 256, "it has no zones, or too many")?;
    demand(*duration <= SimSpan::LONGEST, "it runs for too long")?;
    demand(timeline.windows(2).all(|pair| pair[0].at <= pair[1].at), "its timeline is not in order")?;
    demand(slos.iter().all(|slo| slo.service.is_none_or(|service| service.index() < services)), "an objective names a service that is not there")?;
    for plan in fleet {
        demand(!plan.zones.is_empty() && plan.zones.iter().all(|zone| zone.index() < model.zones.len()), "a service names a zone that is not there")?;
        bounds::fleet(plan)?;
    }
    demand(fleet.iter().map(|plan| u64::from(plan.instances)).sum::<u64>() <= limits::INSTANCES, "it has too many instances")?;
    demand(timeline.len() <= limits::TIMELINE, "too much happens on its timeline")?;
    timeline.iter().try_for_each(|timed| bounds::action(&timed.action))?;
    for alarm in &scenario.composite_alarms {
        demand(alarm.parsed().is_ok(), "the rule of a composite alarm cannot be read")?;
    }
    audit_model(model)
}

fn demand(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

fn audit_model(model: &Model) -> Result<(), String> {
    let services = model.services.len();
    for (index, service) in model.services.iter().enumerate() {
        let versions = service.versions.iter().all(|id| model.versions.get(id.index()).is_some_and(|version| version.service.index() == index));
        demand(!service.versions.is_empty() && versions, "a service and its versions do not belong together")?;
        let endpoints = service.endpoints.iter().all(|id| model.endpoints.get(id.index()).is_some_and(|endpoint| endpoint.service.index() == index));
        demand(!service.endpoints.is_empty() && endpoints, "a service and its endpoints do not belong together")?;
        bounds::server(&service.server)?;
        bounds::balancer(&service.balancer)?;
    }
    for endpoint in &model.endpoints {
        let listed = model.services.get(endpoint.service.index()).map(|service| &service.endpoints);
        demand(listed.is_some_and(|ids| ids.iter().any(|id| std::ptr::eq(&raw const model.endpoints[id.index()], endpoint))), "an endpoint is in no service")?;
    }
    demand(model.versions.iter().all(|version| version.service.index() < services), "a version is in no service")?;
    demand(model.caches.iter().all(|cache| cache.service.index() < services && (1..=1_000_000).contains(&cache.keys)), "a cache makes no sense")?;
    demand(model.caches.iter().all(|cache| (0.0..=5.0).contains(&cache.zipf)), "the skew of a cache makes no sense")?;
    demand(model.queues.iter().all(|queue| queue.consumer.index() < model.endpoints.len()), "a queue has no consumer")?;
    for link in [&model.network.same_zone, &model.network.cross_zone, &model.network.edge] {
        link.latency.check()?;
    }
    for source in &model.sources {
        let weights = source.mix.iter().all(|(endpoint, weight)| endpoint.index() < model.endpoints.len() && weight.is_finite() && *weight > 0.0);
        bounds::source(source)?;
        demand(!source.mix.is_empty() && weights, "the mix of a traffic source makes no sense")?;
        match &source.arrivals {
            Arrivals::Open { .. } => {}
            Arrivals::Counts { counts, .. } => {
                demand(!counts.is_empty() && counts.windows(2).all(|pair| pair[0].0 < pair[1].0), "the counts of a traffic source are not in order")?;
            }
            Arrivals::Closed { think, session, .. } => {
                think.check()?;
                demand(session.is_none_or(|mean| mean.is_finite() && mean >= 1.0), "the sessions of a traffic source make no sense")?;
            }
        }
    }
    let mut steps = 0;
    for script in
        model.endpoints.iter().map(|endpoint| &endpoint.steps).chain(model.versions.iter().flat_map(|version| version.scripts.iter().map(|(_, steps)| steps)))
    {
        audit_steps(model, script, 0, &mut steps)?;
    }
    let replaced = model.versions.iter().flat_map(|version| version.scripts.iter().map(move |(id, _)| (version.service, id)));
    let mut replaced = replaced.map(|(service, id)| model.endpoints.get(id.index()).is_some_and(|endpoint| endpoint.service == service));
    demand(replaced.all(|belongs| belongs), "a version replaces the script of another service")?;
    finite(model)
}

fn audit_steps(model: &Model, steps: &[Step], depth: usize, seen: &mut usize) -> Result<(), String> {
    *seen += steps.len();
    demand(depth < limits::NESTING && (*seen as u64) < limits::STEPS, "its scripts are too deep or too long")?;
    let law = |law: &Distribution| law.check();
    for step in steps {
        match step {
            Step::Work(times) | Step::Io(times) | Step::Sleep(times) => law(times)?,
            Step::Call(call) => {
                demand(call.endpoint.index() < model.endpoints.len(), "a call goes nowhere")?;
                bounds::policy(&call.policy)?;
            }
            Step::Parallel(branches) => {
                demand(!branches.is_empty(), "a parallel step has no branches")?;
                branches.iter().try_for_each(|branch| audit_steps(model, branch, depth + 1, seen))?;
            }
            Step::Feature { feature, then, otherwise } => {
                demand(feature.index() < model.features.len(), "a script asks for no flag")?;
                audit_steps(model, then, depth + 1, seen)?;
                audit_steps(model, otherwise, depth + 1, seen)?;
            }
            Step::Probability { then, otherwise, .. } => {
                audit_steps(model, then, depth + 1, seen)?;
                audit_steps(model, otherwise, depth + 1, seen)?;
            }
            Step::Repeat { min, max, steps } => {
                demand(min <= max && *max <= 1_000, "a repeat makes no sense")?;
                audit_steps(model, steps, depth + 1, seen)?;
            }
            Step::Cache { cache, on_miss } => {
                demand(cache.index() < model.caches.len(), "a lookup goes to no cache")?;
                audit_steps(model, on_miss, depth + 1, seen)?;
            }
            Step::Publish(queue) => demand(queue.index() < model.queues.len(), "a message goes into no queue")?,
            Step::Fail(_) => {}
        }
    }
    Ok(())
}

/// Endpoints that a script calls, and how often at most; returns how many steps it runs itself at most.
fn calls(steps: &[Step], times: f64, into: &mut Vec<(usize, f64)>) -> f64 {
    let mut run = steps.len() as f64 * times;
    for step in steps {
        run += match step {
            Step::Call(call) => {
                into.push((call.endpoint.index(), times));
                0.0
            }
            Step::Parallel(branches) => branches.iter().map(|branch| calls(branch, times, into)).sum(),
            Step::Probability { then, otherwise, .. } | Step::Feature { then, otherwise, .. } => calls(then, times, into) + calls(otherwise, times, into),
            Step::Repeat { max, steps, .. } => calls(steps, times * f64::from(*max), into),
            Step::Cache { on_miss, .. } => calls(on_miss, times, into),
            Step::Work(_) | Step::Io(_) | Step::Sleep(_) | Step::Publish(_) | Step::Fail(_) => 0.0,
        };
    }
    run
}

/// A call that in the end calls itself would never end, and one that branches again and again would hardly.
fn finite(model: &Model) -> Result<(), String> {
    let mut called: Vec<Vec<(usize, f64)>> = vec![Vec::new(); model.endpoints.len()];
    let mut own: Vec<f64> = vec![0.0; model.endpoints.len()];
    for (index, endpoint) in model.endpoints.iter().enumerate() {
        own[index] += calls(&endpoint.steps, 1.0, &mut called[index]);
    }
    for (endpoint, steps) in model.versions.iter().flat_map(|version| &version.scripts) {
        own[endpoint.index()] += calls(steps, 1.0, &mut called[endpoint.index()]);
    }
    // Callers are taken away as long as nobody calls them; what is left calls itself.
    let mut callers = vec![0_usize; called.len()];
    called.iter().flatten().for_each(|(to, _)| callers[*to] += 1);
    let mut order: Vec<usize> = (0..called.len()).filter(|at| callers[*at] == 0).collect();
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        next += 1;
        for (to, _) in &called[at] {
            callers[*to] -= 1;
            if callers[*to] == 0 {
                order.push(*to);
            }
        }
    }
    demand(order.len() == called.len(), "its calls go round in a circle")?;
    // From the bottom up: whoever is called is worked out before its callers. All versions are added up here, which no
    // request does; hence the room.
    let mut steps = own;
    for at in order.into_iter().rev() {
        steps[at] += called[at].iter().map(|(to, times)| times * (steps[*to] + 1.0)).sum::<f64>();
        demand(steps[at] <= 8.0 * limits::STEPS_PER_REQUEST as f64, "one of its requests would run too many steps")?;
    }
    Ok(())
}
