//! What the fleet costs: every instance-hour at its service's price, counted exactly in nanoseconds.
//!
//! An instance is paid for from the decision to start it until it is gone, crashed or not: its place is reserved. Where
//! prices come from is content's business.

use bevy_ecs::prelude::*;

use crate::ids::ServiceId;
use crate::units::{Dollars, SimTime};

/// Nanoseconds in an hour.
const NANOS_PER_HOUR: f64 = 3.6e12;

/// One service's meter.
#[derive(Debug, Clone, Copy)]
struct Meter {
    price_per_hour: f64,
    live: u32,
    since: SimTime,
    instance_nanos: u128,
}

impl Meter {
    fn until(&self, now: SimTime) -> u128 {
        self.instance_nanos + u128::from(self.live) * u128::from(now.since(self.since).nanos())
    }
}

/// The meters of all services.
#[derive(Resource, Debug, Default)]
pub(super) struct Meters(Vec<Meter>);

impl Meters {
    /// Adds the next service's meter.
    pub(super) fn add_service(&mut self, price_per_hour: Dollars) {
        self.0.push(Meter { price_per_hour: price_per_hour.0, live: 0, since: SimTime::ZERO, instance_nanos: 0 });
    }
    /// An instance is started.
    pub(super) fn enter(&mut self, service: ServiceId, now: SimTime) {
        let meter = &mut self.0[service.index()];
        (meter.instance_nanos, meter.since, meter.live) = (meter.until(now), now, meter.live + 1);
    }
    /// An instance is gone.
    pub(super) fn leave(&mut self, service: ServiceId, now: SimTime) {
        let meter = &mut self.0[service.index()];
        (meter.instance_nanos, meter.since, meter.live) = (meter.until(now), now, meter.live.saturating_sub(1));
    }
    /// What a service cost so far.
    pub(super) fn cost(&self, service: ServiceId, now: SimTime) -> Dollars {
        let meter = &self.0[service.index()];
        Dollars(meter.until(now) as f64 / NANOS_PER_HOUR * meter.price_per_hour)
    }
    /// What all instances together were paid for so far [instance·h].
    pub(super) fn instance_hours(&self, now: SimTime) -> f64 {
        self.0.iter().map(|meter| meter.until(now)).sum::<u128>() as f64 / NANOS_PER_HOUR
    }
    /// What the fleet cost so far.
    pub(super) fn total(&self, now: SimTime) -> Dollars {
        Dollars((0..self.0.len()).map(|service| self.cost(ServiceId::from_index(service), now).0).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instance_hour_is_paid_and_no_more() {
        let mut meters = Meters::default();
        meters.add_service(Dollars(0.04));
        let (web, hours) = (ServiceId(0), |h: u64| SimTime::from_secs(h * 3_600));
        meters.enter(web, hours(0));
        meters.enter(web, hours(1));
        meters.leave(web, hours(3));
        // 3 h of one and 2 h, still running at 3 h, of the other; then one goes on alone for 5 h more.
        assert!((meters.cost(web, hours(3)).0 - 5.0 * 0.04).abs() < 1e-12);
        assert!((meters.total(hours(8)).0 - 10.0 * 0.04).abs() < 1e-12);
        assert!((meters.instance_hours(hours(8)) - 10.0).abs() < 1e-12);
    }
}
