//! Whether the numbers of an action, or of a scenario inside a session file, are within the bounds that content keeps.
//!
//! What is read from a scenario file is checked where it is read, with positions. What comes through the one door at
//! run time (the app, an actions file, a session file) is checked here, by the same bounds, before it can make a run
//! hang or burst.

use crate::fleet::autoscale::Autoscaling;
use crate::fleet::fault::{Fault, FaultKind, Selector};
use crate::fleet::health::{HealthCheck, Probe};
use crate::fleet::instance::ServiceFleet;
use crate::kernel::balance::Balancer;
use crate::kernel::model::{GcPauses, Queue, Server, Source};
use crate::kernel::resilience::CallPolicy;
use crate::kernel::resilience::budget::Budget;
use crate::kernel::traffic::Shape;
use crate::scenario::Action;
use crate::scenario::limits;
use crate::units::SimSpan;

/// Nothing wrong, or what is.
type Checked = Result<(), String>;

/// Tokens in a bucket.
const TOKENS: f64 = 1e9;

/// Demands that a number lies in a range.
fn within(what: &str, value: impl Into<f64>, least: f64, most: f64) -> Checked {
    let value = value.into();
    if (least..=most).contains(&value) { Ok(()) } else { Err(format!("{what} is {value}; it is {least} to {most}")) }
}

/// Demands that something that happens again and again leaves time in between.
fn period(what: &str, span: SimSpan) -> Checked {
    if span >= limits::SHORTEST_PERIOD { Ok(()) } else { Err(format!("{what} is {span}; it is {} or more", limits::SHORTEST_PERIOD)) }
}

fn not_zero(what: &str, span: SimSpan) -> Checked {
    if span.is_zero() { Err(format!("{what} is zero")) } else { Ok(()) }
}

fn pauses(every: SimSpan, pause: SimSpan) -> Checked {
    period("the time from one pause to the next", every)?;
    if pause < every { Ok(()) } else { Err(format!("a pause of {pause} every {every} leaves no time to work")) }
}

/// An action's numbers. Names are another matter.
pub(super) fn action(action: &Action) -> Checked {
    match action {
        Action::Restart { selector: chosen, .. } => selector(chosen),
        Action::SetPolicy { policy: set, .. } => policy(set),
        Action::SetCapacity { workers, queue: set, .. } => {
            if let Some(workers) = workers {
                within("the number of workers", *workers, 1.0, f64::from(limits::WORKERS))?;
            }
            set.as_ref().map_or(Ok(()), queue)
        }
        Action::Inject { fault: injected } => fault(injected),
        Action::SetLoad { factor: Some(factor), .. } => within("the factor on a load", *factor, 0.0, limits::FACTOR),
        Action::SetLoad { factor: None, rate: None, .. } => Err("the load changes to what? It needs a factor or a rate".to_owned()),
        Action::Deploy { .. }
        | Action::SetStrategy { .. }
        | Action::RollBack { .. }
        | Action::Scale { .. }
        | Action::ShiftTraffic { .. }
        | Action::Clear { .. }
        | Action::SetLoad { .. }
        | Action::Steer { .. }
        | Action::Pipeline { .. }
        | Action::UpdateProject(_)
        | Action::SetFlag { .. }
        | Action::RemoveFlag { .. }
        | Action::FlushCache { .. } => Ok(()),
    }
}

fn fault(fault: &Fault) -> Checked {
    if let Some(duration) = fault.duration {
        not_zero("the duration of the fault", duration)?;
    }
    if let Some(name) = &fault.name
        && (name.is_empty() || name.chars().count() > limits::NAME_CHARS)
    {
        return Err(format!("the name of a fault has 1 to {} characters", limits::NAME_CHARS));
    }
    selector(&fault.selector)?;
    match &fault.kind {
        FaultKind::CpuStarvation(starvation) => within("the share of CPU that is gone", starvation.stolen.get(), 0.0, 0.99),
        FaultKind::GcStorm(storm) => pauses(storm.every, storm.pause),
        FaultKind::IoSlowness(slowness) => within("the factor on the time of disk steps", slowness.factor, 1.0, 10_000.0),
        FaultKind::Latency(latency) => latency.delay.check(),
        FaultKind::RestartLoop(restarts) => period("the time from a start to a crash", restarts.after),
        FaultKind::BadConfiguration(_)
        | FaultKind::CertificateExpiry(_)
        | FaultKind::Crash(_)
        | FaultKind::DependencyOutage(_)
        | FaultKind::ErrorResponses(_)
        | FaultKind::MemoryLeak(_)
        | FaultKind::PacketLoss(_)
        | FaultKind::Partition(_)
        | FaultKind::PoolExhaustion(_)
        | FaultKind::ZoneLoss(_) => Ok(()),
    }
}

fn selector(selector: &Selector) -> Checked {
    match selector {
        Selector::One(_) | Selector::All(_) => Ok(()),
        Selector::Fixed(fixed) => within("the number of instances", fixed.value, 1.0, f64::from(limits::INSTANCES_PER_SERVICE)),
        Selector::FixedPercent(percent) => within("the percentage of instances", percent.value, 0.0, 100.0),
        Selector::RandomMaxPercent(percent) => within("the percentage of instances", percent.value, 0.0, 100.0),
    }
}

fn queue(queue: &Queue) -> Checked {
    queue.capacity.map_or(Ok(()), |capacity| within("the capacity of a queue", capacity, 0.0, f64::from(limits::QUEUE_CAPACITY)))
}

/// A call policy's numbers.
pub(super) fn policy(policy: &CallPolicy) -> Checked {
    if let Some(timeout) = policy.timeout {
        not_zero("a timeout", timeout)?;
    }
    if let Some(retry) = &policy.retry {
        within("the number of attempts", retry.attempts, 1.0, 20.0)?;
        if let Some(backoff) = &retry.backoff {
            within("the factor of a backoff", backoff.factor, 1.0, 10.0)?;
        }
        match &retry.budget {
            None | Some(Budget::Concurrency(_)) => {}
            Some(Budget::Share(share)) => within("the burst of a retry budget", share.burst, 0.0, TOKENS)?,
            Some(Budget::TokenBucket(bucket)) => {
                within("the capacity of a token bucket", bucket.capacity, 1.0, TOKENS)?;
                for tokens in [bucket.retry_cost, bucket.timeout_cost, bucket.refund] {
                    within("a number of tokens", tokens, 0.0, TOKENS)?;
                }
            }
            Some(Budget::Throttling(throttling)) => {
                within("the number of retry tokens", throttling.max_tokens, 1.0, TOKENS)?;
                within("the token ratio", throttling.token_ratio, 0.001, TOKENS)?;
            }
        }
    }
    if let Some(hedge) = &policy.hedge {
        within("the number of copies of a hedged request", hedge.copies, 1.0, 5.0)?;
    }
    if let Some(breaker) = &policy.breaker {
        for calls in [breaker.window, breaker.minimum_calls, breaker.half_open_calls] {
            within("a number of calls of a circuit breaker", calls, 1.0, 10_000.0)?;
        }
        for rate in [breaker.failure_rate, breaker.slow_call_rate] {
            within("a rate of a circuit breaker", rate.get(), 0.001, 1.0)?;
        }
    }
    if let Some(pool) = &policy.pool {
        within("the size of a pool", pool.size, 1.0, 1e6)?;
    }
    if let Some(bulkhead) = &policy.bulkhead {
        within("the size of a bulkhead", bulkhead.max_concurrent, 1.0, 1e6)?;
    }
    if let Some(limit) = &policy.rate_limit {
        within("the burst of a rate limit", limit.burst, 1.0, TOKENS)?;
        within("a rate limit", limit.rate.get(), 1e-9, TOKENS)?;
    }
    if let Some(throttle) = &policy.throttle {
        within("the factor k of adaptive throttling", throttle.k, 1.0, 10.0)?;
        not_zero("the window of adaptive throttling", throttle.window)?;
    }
    Ok(())
}

/// How one instance serves.
pub(super) fn server(server: &Server) -> Checked {
    within("the number of workers", server.workers, 1.0, f64::from(limits::WORKERS))?;
    queue(&server.queue)?;
    if let Some(cores) = server.cpu_limit {
        within("a CPU limit", cores, 0.001, 1_024.0)?;
    }
    if let Some(contention) = &server.contention {
        within("sigma", contention.sigma, 0.0, 1.0)?;
        within("kappa", contention.kappa, 0.0, 1.0)?;
    }
    if let Some(GcPauses { every, pause }) = server.gc {
        pauses(every, pause)?;
    }
    if let Some(warm_up) = &server.warm_up {
        within("the speed at the start", warm_up.initial_speed, 0.01, 1.0)?;
    }
    Ok(())
}

/// How calls are spread.
pub(super) fn balancer(balancer: &Balancer) -> Checked {
    match balancer {
        Balancer::PowerOfTwo(params) => within("the number of choices", params.choices, 2.0, 16.0),
        Balancer::PeakEwma(params) => not_zero("the decay of a balancer", params.decay),
        Balancer::RingHash(params) => within("the number of replicas on the ring", params.replicas, 1.0, 1_024.0),
        Balancer::LeastOutstanding(_) | Balancer::Random(_) | Balancer::RoundRobin(_) => Ok(()),
    }
}

/// One service's control plane.
pub(super) fn fleet(plan: &ServiceFleet) -> Checked {
    within("the number of instances", plan.instances, 0.0, f64::from(limits::INSTANCES_PER_SERVICE))?;
    within("a price", plan.price_per_hour.0, 0.0, 1e9)?;
    plan.start_up.check()?;
    plan.strategy.check()?;
    let probe = |probe: &Probe| period("the time from one probe to the next", probe.period).and_then(|()| not_zero("the timeout of a probe", probe.timeout));
    match &plan.health {
        None => {}
        Some(HealthCheck::Alb(alb)) => {
            period("the time from one check to the next", alb.interval)?;
            not_zero("the timeout of a check", alb.timeout)?;
        }
        Some(HealthCheck::Kubernetes(probes)) => [&probes.readiness, &probes.liveness, &probes.startup].into_iter().flatten().try_for_each(probe)?,
    }
    let most = |max: u32| within("the most instances", max, 1.0, f64::from(limits::INSTANCES_PER_SERVICE));
    match &plan.autoscaling {
        None => Ok(()),
        Some(Autoscaling::Hpa(hpa)) => {
            most(hpa.max)?;
            within("the tolerance", hpa.tolerance, 0.0, 1.0)?;
            within("the target utilisation", hpa.target_cpu.get(), 0.01, 1.0)
        }
        Some(Autoscaling::TargetTracking(tracking)) => {
            most(tracking.max)?;
            within("the target utilisation", tracking.target_cpu.get(), 0.01, 1.0)
        }
        Some(Autoscaling::StepScaling(scaling)) => most(scaling.max),
        Some(Autoscaling::Scheduled(scheduled)) => {
            let most = f64::from(limits::INSTANCES_PER_SERVICE);
            scheduled.changes.iter().try_for_each(|change| within("the number of instances", change.instances, 0.0, most))
        }
    }
}

/// A traffic source's policy and shapes.
pub(super) fn source(source: &Source) -> Checked {
    within("the population", source.population, 1.0, f64::from(limits::USERS))?;
    policy(&source.policy)?;
    let crate::kernel::model::Arrivals::Open { shapes, .. } = &source.arrivals else { return Ok(()) };
    within("the number of shapes", shapes.len() as u32, 0.0, limits::SHAPES as f64)?;
    let factor = |factor: f64| within("the factor of a shape", factor, 0.0, limits::FACTOR);
    for shape in shapes {
        match shape {
            Shape::Burst(burst) => {
                period("the time from one burst to the next", burst.every)?;
                factor(burst.factor)?;
            }
            Shape::Ramp(ramp) => {
                factor(ramp.from)?;
                factor(ramp.to)?;
            }
            Shape::Spike(spike) => factor(spike.factor)?,
            Shape::Steps(steps) => steps.levels.iter().try_for_each(|level| factor(level.factor))?,
            Shape::Constant(_) | Shape::Daily(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(source: &str) -> String {
        action(&toml::from_str::<Action>(source).expect("an action")).expect_err(source)
    }

    #[test]
    fn numbers_that_could_stop_the_clock_are_refused() {
        assert!(refused("inject = { fault = { service = 'a', kind = { gc-storm = { every = '0s', pause = '0s' } } } }").contains("10ms or more"));
        assert!(refused("inject = { fault = { service = 'a', kind = { gc-storm = { every = '1s', pause = '1s' } } } }").contains("no time to work"));
        assert!(refused("inject = { fault = { service = 'a', kind = { restart-loop = { after = '1ns' } } } }").contains("10ms or more"));
        assert!(refused("set-policy = { from = 'a', to = 'b', policy = { retry = { attempts = 255 } } }").contains("1 to 20"));
        assert!(refused("set-policy = { from = 'a', to = 'b', policy = { timeout = '0s' } }").contains("zero"));
        assert!(refused("set-capacity = { service = 'a', workers = 0 }").contains("1 to 100000"));
        assert!(refused("restart = { service = 'a', selector = { fixed-percent = { value = 101.0 } } }").contains("0 to 100"));
        assert!(refused("set-load = { source = 'a' }").contains("needs a factor or a rate"));
    }

    #[test]
    fn ordinary_actions_pass() {
        for source in [
            "inject = { fault = { service = 'a', kind = 'gc-storm', duration = '1m' } }",
            "set-policy = { from = 'a', to = 'b', policy = { timeout = '1s', retry = {}, breaker = {}, pool = {}, hedge = {}, throttle = {}, rate_limit = {} } }",
            "set-load = { source = 'a', factor = 3.0 }",
        ] {
            assert_eq!(action(&toml::from_str::<Action>(source).expect("an action")), Ok(()), "{source}");
        }
    }
}
