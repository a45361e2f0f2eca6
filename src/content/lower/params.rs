//! The parameter blocks that behaviours declare: every number inside its documented range.

use super::super::diagnostic::{Code, Finding};
use super::super::raw::ServiceFile;
use super::super::tree::At;
use super::Lower;
use crate::fleet::autoscale::Autoscaling;
use crate::fleet::deploy::{CodeDeploy, DeploymentBreaker, IntOrPercent, Strategy};
use crate::fleet::health::{HealthCheck, Probe};
use crate::ids::ServiceId;
use crate::kernel::balance::Balancer;
use crate::kernel::model::Queue;
use crate::scenario::limits;
use crate::units::SimSpan;
use crate::wording::nearest;

/// The longest bake time of ECS.
const LONGEST_BAKE: SimSpan = SimSpan::from_secs(86_400);
/// Largest surge of a rolling update [%]; more than twice over makes no difference.
const PERCENT: u32 = 1_000;

impl Lower<'_> {
    /// How one instance serves, and who looks after it.
    pub(crate) fn check_server(&mut self, id: ServiceId, service: &ServiceFile, at: &At<'_>) {
        self.check_count(&at.key("workers"), service.workers.into(), 1, limits::WORKERS.into());
        self.check_queue(&service.queue, &at.key("queue"));
        if let Some(cores) = service.cpu_limit {
            self.check_number(&at.key("cpu_limit"), cores, 0.001, 1_024.0);
        }
        if let Some(limit) = service.memory_limit
            && limit <= service.memory
        {
            let finding = Finding::error(Code::Impossible, format!("the memory limit ({limit}) is not above the memory at rest ({})", service.memory));
            self.report(&at.key("memory_limit"), finding.label("every instance would be killed at once"));
        }
        if let Some(contention) = &service.contention {
            let at = at.key("contention");
            self.check_number(&at.key("sigma"), contention.sigma, 0.0, 1.0);
            self.check_number(&at.key("kappa"), contention.kappa, 0.0, 1.0);
        }
        if let Some(gc) = &service.gc {
            self.check_pauses(gc.every, gc.pause, &at.key("gc"));
        }
        if let Some(warm_up) = &service.warm_up {
            self.check_number(&at.key("warm_up").key("initial_speed"), warm_up.initial_speed, 0.01, 1.0);
        }
        self.check_balancer(&service.balancer, &at.key("balancer"));
        if let Some(check) = &service.health_check {
            self.check_health(check, &at.key("health_check"));
        }
        if let Some(autoscaling) = &service.autoscaling {
            self.check_autoscaling(autoscaling, &at.key("autoscaling"));
        }
        self.check_strategy(&service.deployment, Some(id), &at.key("deployment"));
    }

    pub(crate) fn check_queue(&mut self, queue: &Queue, at: &At<'_>) {
        if let Some(capacity) = queue.capacity {
            self.check_count(&at.key("capacity"), capacity.into(), 0, limits::QUEUE_CAPACITY.into());
        }
    }

    pub(crate) fn check_pauses(&mut self, every: SimSpan, pause: SimSpan, at: &At<'_>) {
        self.check_period(&at.key("every"), every);
        if pause >= every {
            let finding = Finding::error(Code::Impossible, format!("a pause of {pause} every {every} leaves no time to work"));
            self.report(&at.key("pause"), finding.label("must be shorter than `every`"));
        }
    }

    fn check_balancer(&mut self, balancer: &Balancer, at: &At<'_>) {
        let at = at.key(balancer.name());
        match balancer {
            Balancer::PowerOfTwo(params) => self.check_count(&at.key("choices"), params.choices.into(), 2, 16),
            Balancer::PeakEwma(params) => self.check_not_zero(&at.key("decay"), params.decay),
            Balancer::RingHash(params) => self.check_count(&at.key("replicas"), params.replicas.into(), 1, 1_024),
            Balancer::LeastOutstanding(_) | Balancer::Random(_) | Balancer::RoundRobin(_) => {}
        }
    }

    fn check_health(&mut self, check: &HealthCheck, at: &At<'_>) {
        let at = at.key(check.name());
        match check {
            HealthCheck::Alb(alb) => {
                self.check_span(&at.key("interval"), alb.interval, SimSpan::from_secs(5), SimSpan::from_secs(300));
                self.check_span(&at.key("timeout"), alb.timeout, SimSpan::from_millis(1), SimSpan::from_secs(120));
                self.check_count(&at.key("healthy_threshold"), alb.healthy_threshold.into(), 2, 10);
                self.check_count(&at.key("unhealthy_threshold"), alb.unhealthy_threshold.into(), 2, 10);
                self.check_count(&at.key("minimum_healthy"), alb.minimum_healthy.into(), 1, limits::INSTANCES_PER_SERVICE.into());
                if !alb.slow_start.is_zero() {
                    self.check_span(&at.key("slow_start"), alb.slow_start, SimSpan::from_secs(30), SimSpan::from_secs(900));
                }
            }
            HealthCheck::Kubernetes(probes) => {
                let both = [("readiness", &probes.readiness, false), ("liveness", &probes.liveness, true), ("startup", &probes.startup, true)];
                for (key, probe, only_one) in both {
                    if let Some(probe) = probe {
                        self.check_probe(probe, only_one, &at.key(key));
                    }
                }
            }
        }
    }

    fn check_probe(&mut self, probe: &Probe, only_one_success: bool, at: &At<'_>) {
        self.check_span(&at.key("period"), probe.period, SimSpan::from_secs(1), SimSpan::from_secs(3_600));
        self.check_span(&at.key("timeout"), probe.timeout, SimSpan::from_millis(1), SimSpan::from_secs(3_600));
        let most = if only_one_success { 1 } else { 1_000 };
        self.check_count(&at.key("success_threshold"), probe.success_threshold.into(), 1, most);
        self.check_count(&at.key("failure_threshold"), probe.failure_threshold.into(), 1, 1_000);
    }

    fn check_autoscaling(&mut self, autoscaling: &Autoscaling, at: &At<'_>) {
        let at = at.key(autoscaling.name());
        match autoscaling {
            Autoscaling::Hpa(hpa) => {
                self.check_bounds(hpa.min, hpa.max, &at);
                self.check_number(&at.key("target_cpu"), hpa.target_cpu.get(), 0.01, 1.0);
                self.check_span(&at.key("sync"), hpa.sync, SimSpan::from_secs(1), SimSpan::from_secs(3_600));
                self.check_number(&at.key("tolerance"), hpa.tolerance, 0.0, 1.0);
            }
            Autoscaling::TargetTracking(tracking) => {
                self.check_bounds(tracking.min, tracking.max, &at);
                self.check_number(&at.key("target_cpu"), tracking.target_cpu.get(), 0.01, 1.0);
            }
            Autoscaling::StepScaling(scaling) => {
                self.check_bounds(scaling.min, scaling.max, &at);
                self.check_count(&at.key("evaluation_periods"), scaling.evaluation_periods.into(), 1, 1_440);
                if scaling.steps.is_empty() && !self.has_broken(&at.key("steps")) {
                    self.report(&at, Finding::error(Code::MissingKey, "step scaling without a step").label("needs `steps`"));
                }
            }
            Autoscaling::Scheduled(scheduled) => {
                let changes = at.key("changes");
                if scheduled.changes.is_empty() && !self.has_broken(&changes) {
                    self.report(&at, Finding::error(Code::MissingKey, "a schedule without a change").label("needs `changes`"));
                }
                for (n, change) in scheduled.changes.iter().enumerate() {
                    self.check_count(&changes.index(n).key("instances"), change.instances.into(), 0, limits::INSTANCES_PER_SERVICE.into());
                }
            }
        }
    }

    fn check_bounds(&mut self, min: u32, max: u32, at: &At<'_>) {
        self.check_count(&at.key("max"), max.into(), 1, limits::INSTANCES_PER_SERVICE.into());
        if min > max {
            let finding = Finding::error(Code::Impossible, format!("`min` ({min}) is above `max` ({max})"));
            self.report(&at.key("min"), finding.label("must not be above `max`"));
        }
    }

    /// Checks a strategy, for deployments of a service if that is known.
    pub(crate) fn check_strategy(&mut self, strategy: &Strategy, of: Option<ServiceId>, at: &At<'_>) {
        self.check_watch(strategy, at);
        let at = at.key(strategy.name());
        self.check_judges(strategy, of, &at);
        match strategy {
            Strategy::AllAtOnce(_) => {}
            Strategy::ArgoBlueGreen(_) | Strategy::ArgoCanary(_) | Strategy::Flagger(_) => {
                if let Err(problem) = strategy.check() {
                    self.report(&at, Finding::error(Code::Impossible, problem));
                }
            }
            Strategy::BlueGreen(blue_green) => self.check_shift(blue_green.test, Some(blue_green.bake), &at),
            Strategy::Canary(canary) => {
                self.check_number(&at.key("percent"), canary.percent.get(), 0.001, 1.0);
                self.check_span(&at.key("canary_bake"), canary.canary_bake, SimSpan::ZERO, LONGEST_BAKE);
                self.check_shift(canary.test, Some(canary.bake), &at);
            }
            Strategy::Linear(linear) => {
                self.check_number(&at.key("step"), linear.step.get(), 0.03, 1.0);
                self.check_span(&at.key("step_bake"), linear.step_bake, SimSpan::ZERO, LONGEST_BAKE);
                self.check_shift(linear.test, Some(linear.bake), &at);
            }
            Strategy::CodeDeploy(configuration) => {
                if !configuration.is_known() {
                    let known = CodeDeploy::configs();
                    let finding = Finding::error(Code::UnknownChoice, format!("`{}` is no predefined configuration of CodeDeploy", configuration.config));
                    let name = configuration.config.trim_start_matches("CodeDeployDefault.");
                    let help = match nearest(name, known.clone()) {
                        Some(nearest) => format!("did you mean `CodeDeployDefault.{nearest}`?"),
                        None => format!("there are {}", known.collect::<Vec<_>>().join(", ")),
                    };
                    self.report(&at.key("config"), finding.label("not one of its names").help(help));
                }
                self.check_span(&at.key("termination_wait"), configuration.termination_wait, SimSpan::ZERO, SimSpan::from_secs(2 * 86_400));
                self.check_shift(configuration.test, None, &at);
            }
            Strategy::EcsRolling(rolling) => {
                let (least, most) = (rolling.minimum_healthy_percent, rolling.maximum_percent);
                self.check_count(&at.key("minimum_healthy_percent"), least.into(), 0, 100);
                self.check_count(&at.key("maximum_percent"), most.into(), 100, 200);
                if least == 100 && most == 100 {
                    let finding = Finding::error(Code::Impossible, "at 100 % and 100 % no task may stop and none may start");
                    self.report(&at.key("maximum_percent"), finding.label("raise this, or lower `minimum_healthy_percent`"));
                }
                if let Some(DeploymentBreaker { threshold, .. }) = &rolling.circuit_breaker {
                    self.check_number(&at.key("circuit_breaker").key("threshold"), threshold.get(), 0.01, 1.0);
                }
            }
            Strategy::RollingUpdate(update) => {
                for (key, limit, most_percent) in [("max_surge", update.max_surge, PERCENT), ("max_unavailable", update.max_unavailable, 100)] {
                    match limit {
                        IntOrPercent::Pods(pods) => self.check_count(&at.key(key), pods.into(), 0, limits::INSTANCES_PER_SERVICE.into()),
                        IntOrPercent::Percent(percent) if percent > most_percent => {
                            self.out_of_range(&at.key(key), limit, format_args!("must be at most {most_percent}%"));
                        }
                        IntOrPercent::Percent(_) => {}
                    }
                }
                if update.max_surge.is_zero() && update.max_unavailable.is_zero() {
                    let finding = Finding::error(Code::Impossible, "`max_surge` and `max_unavailable` are both zero, so no pod can be replaced");
                    self.report(&at.key("max_surge"), finding.label("Kubernetes refuses this too"));
                }
            }
        }
    }

    fn check_shift(&mut self, test: Option<SimSpan>, bake: Option<SimSpan>, at: &At<'_>) {
        if let Some(test) = test {
            self.check_span(&at.key("test"), test, SimSpan::ZERO, LONGEST_BAKE);
        }
        if let Some(bake) = bake {
            self.check_span(&at.key("bake"), bake, SimSpan::ZERO, LONGEST_BAKE);
        }
    }

    /// Reports a time outside its range.
    pub(crate) fn check_span(&mut self, at: &At<'_>, value: SimSpan, least: SimSpan, most: SimSpan) {
        if !(least..=most).contains(&value) {
            self.out_of_range(at, value, format_args!("must be {least} to {most}"));
        }
    }
}
