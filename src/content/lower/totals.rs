//! Bounds on what a scenario adds up to: instances, cache keys, requests over the whole duration.

use std::collections::BTreeMap;

use super::super::diagnostic::{Code, Finding};
use super::super::tree::At;
use super::Lower;
use super::service::Services;
use super::soonest::{is_guarded, soonest};
use crate::fleet::autoscale::Autoscaling;
use crate::fleet::instance::ServiceFleet;
use crate::ids::EndpointId;
use crate::kernel::model::{Arrivals, Source};
use crate::kernel::traffic::Shape;
use crate::scenario::limits;
use crate::scenario::{Action, TimedAction};
use crate::wording::shown;

/// The most instances that a service can have without a person's help.
pub(crate) fn most_instances(fleet: &ServiceFleet) -> u32 {
    let scaled = match &fleet.autoscaling {
        None => 0,
        Some(Autoscaling::Hpa(hpa)) => hpa.max,
        Some(Autoscaling::TargetTracking(tracking)) => tracking.max,
        Some(Autoscaling::StepScaling(scaling)) => scaling.max,
        Some(Autoscaling::Scheduled(scheduled)) => scheduled.changes.iter().map(|change| change.instances).max().unwrap_or(0),
    };
    fleet.instances.max(scaled)
}

/// The highest factor that shapes can multiply to.
fn peak_factor(shapes: &[Shape]) -> f64 {
    let peak = |shape: &Shape| match shape {
        Shape::Constant(_) => 1.0,
        Shape::Burst(burst) => burst.factor.max(1.0),
        Shape::Daily(daily) => 1.0 + daily.swing.get(),
        Shape::Ramp(ramp) => ramp.from.max(ramp.to),
        Shape::Spike(spike) => spike.factor.max(1.0),
        Shape::Steps(steps) => steps.levels.iter().map(|level| level.factor).fold(1.0, f64::max),
    };
    shapes.iter().map(peak).product()
}

impl Lower<'_> {
    pub(crate) fn totals(&mut self, services: &Services, timeline: &[TimedAction]) {
        let mut scaled: BTreeMap<&str, u32> = BTreeMap::new();
        for timed in timeline {
            if let Action::Scale { service, instances } = &timed.action {
                let most = scaled.entry(service).or_default();
                *most = (*most).max(*instances);
            }
        }
        let most = |(service, fleet): (&crate::kernel::model::Service, &ServiceFleet)| {
            let by_hand = scaled.get(service.name.as_str()).copied().unwrap_or(0);
            u64::from(most_instances(fleet).max(by_hand))
        };
        let counts: Vec<u64> = services.list.iter().zip(&services.fleet).map(most).collect();
        let all: u64 = counts.iter().sum();
        if all > limits::INSTANCES {
            let finding = Finding::error(Code::TooMuch, format!("the services have up to {all} instances together"));
            self.report(&At::ROOT.key("services"), finding.label(format!("the simulation takes {}", limits::INSTANCES)));
        }
        let keys = |cache: &crate::kernel::model::Cache| u64::from(cache.keys) * if cache.per_instance { counts[cache.service.index()].max(1) } else { 1 };
        let keys: u64 = services.caches.iter().map(keys).sum();
        if keys > limits::CACHE_KEYS {
            let finding = Finding::error(Code::TooMuch, format!("the caches have {keys} keys together"));
            self.report(&At::ROOT.key("services"), finding.label(format!("the simulation takes {}", limits::CACHE_KEYS)));
        }
    }

    /// `order` lists endpoints such that each comes after all that it calls.
    pub(crate) fn requests(&mut self, services: &Services, sources: &[Source], timeline: &[TimedAction], order: &[EndpointId]) {
        let answers = soonest(services, timeline, order);
        let seconds = self.file.duration.as_secs_f64();
        let traffic = At::ROOT.key("traffic");
        let mut requests = 0.0;
        for source in sources {
            requests += match &source.arrivals {
                Arrivals::Open { rate, shapes, .. } => rate.get() * peak_factor(shapes) * seconds,
                Arrivals::Counts { counts, .. } => counts.iter().map(|(_, n)| *n as f64).sum(),
                Arrivals::Closed { users, think, .. } => {
                    let total: f64 = source.mix.iter().map(|(_, weight)| weight).sum();
                    let guarded = is_guarded(&source.policy);
                    let answer = |endpoint: &EndpointId| if guarded { 0.0 } else { answers[endpoint.index()].secs };
                    let answer: f64 = source.mix.iter().map(|(endpoint, weight)| weight / total * answer(endpoint)).sum();
                    let round = think.mean_nanos() / 1e9 + answer;
                    let refuses = guarded || source.mix.iter().any(|(endpoint, _)| answers[endpoint.index()].refuses);
                    if refuses && round < limits::SHORTEST_ROUND.as_secs_f64() {
                        let finding = Finding::error(Code::Impossible, "users who are refused at once and hardly think ask again without end");
                        let finding = finding.label(format!("must be {} or more here, on average", limits::SHORTEST_ROUND));
                        let source = traffic.key(&source.name);
                        self.report(&source.key("think"), finding.help("give them time to think, or let them wait: no bounded queue, no guard, no fault"));
                        continue;
                    }
                    f64::from(*users) * seconds / round
                }
            };
            if requests > limits::REQUESTS {
                let finding = Finding::error(
                    Code::TooMuch,
                    format!("with `{}` the traffic sends up to {requests:.0e} requests in {}", shown(&source.name), self.file.duration),
                );
                let finding = finding.label(format!("the simulation takes {:.0e}", limits::REQUESTS)).help("lower the rate, or shorten the duration");
                self.report_key(&traffic.key(&source.name), finding);
                return;
            }
        }
    }
}
