//! What a fault does, and how the effects of several faults on one instance add up.
//!
//! What acts on an instance is always worked out from all faults in force, never patched: ending a fault is leaving it
//! out, so nothing can leak.

use bevy_ecs::prelude::*;

use crate::kernel::command::{Caller, Modifiers};
use crate::kernel::dist::{Distribution, Uniform};
use crate::kernel::model::GcPauses;
use crate::kernel::outcome::Reason;
use crate::units::SimSpan;

/// What a fault was aimed at, with its names resolved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Aim {
    /// Who is cut off by a partition; `None` means everybody.
    pub(crate) from: Option<Caller>,
}

/// One kind of fault: implemented beside its parameters.
pub(super) trait Effect {
    /// Adds what it does to one of its instances.
    fn act(&self, aim: Aim, on: &mut Impact);
    /// Whether a fault on all instances of a service hits those started later, too.
    fn reaches_later(&self) -> bool {
        false
    }
    /// Whether it is over as soon as it has begun, unless it was given a duration: its instances crash, and that is all.
    fn is_momentary(&self) -> bool {
        false
    }
    /// Share of every client's connections to the service that it takes away.
    fn leaks_pool(&self) -> f64 {
        0.0
    }
}

/// Everything that faults do to one instance.
#[derive(Component, Debug, Clone, Default, PartialEq)]
pub(crate) struct Impact {
    /// What the kernel is told.
    pub(crate) modifiers: Modifiers,
    /// The process is kept down.
    pub(crate) held: bool,
    /// Its machine is gone with it, so that nobody is told.
    pub(crate) silent: bool,
    /// The process dies this long after each start.
    pub(crate) dies_after: Option<SimSpan>,
    /// Who is cut off from it, and whether answers are lost, too.
    pub(crate) cuts: Vec<(Option<Caller>, bool)>,
}

impl Impact {
    /// Whether any fault acts on the instance.
    pub(crate) fn is_felt(&self) -> bool {
        *self != Self::default()
    }
    /// Work takes longer by this factor on the speed [1].
    pub(super) fn slow(&mut self, speed: f64) {
        // A share of CPU of less than a thousandth would stop the clock of whoever waits for the work.
        self.modifiers.speed = (self.modifiers.speed * speed).max(0.001);
    }
    /// Waits for the disk take longer by this factor [1].
    pub(super) fn slow_disk(&mut self, factor: f64) {
        self.modifiers.io_factor *= factor;
    }
    /// This share of requests fails, independently of what else makes them fail.
    pub(super) fn fail(&mut self, share: f64) {
        self.modifiers.error_rate = either(self.modifiers.error_rate, share);
    }
    /// This share of messages is lost, independently of what else loses them.
    pub(super) fn lose(&mut self, share: f64) {
        self.modifiers.loss = either(self.modifiers.loss, share);
    }
    /// Each request leaks this much memory [B].
    pub(super) fn leak(&mut self, bytes: u64) {
        self.modifiers.leak = self.modifiers.leak.saturating_add(bytes);
    }
    /// New connections fail; the reason that came first stays.
    pub(super) fn refuse(&mut self, reason: Reason) {
        self.modifiers.refuse.get_or_insert(reason);
    }
    /// Everything stands still at times; of several such faults the one that takes the larger share of time counts.
    pub(super) fn pause(&mut self, gc: GcPauses) {
        let share = |gc: &GcPauses| gc.pause.as_secs_f64() / gc.every.as_secs_f64();
        if self.modifiers.gc.as_ref().is_none_or(|known| share(known) < share(&gc)) {
            self.modifiers.gc = Some(gc);
        }
    }
    /// Messages take longer.
    pub(super) fn delay(&mut self, delay: &Distribution) {
        self.modifiers.delay = Some(match self.modifiers.delay.take() {
            None => delay.clone(),
            Some(known) => sum(known, delay.clone()),
        });
    }
}

/// The probability that at least one of two independent things happens.
pub(super) fn either(p: f64, q: f64) -> f64 {
    1.0 - (1.0 - p) * (1.0 - q)
}

/// One delay after another. A fixed delay shifts a fixed, uniform or measured one exactly; of two others, which have no
/// closed form, the longer on average counts.
fn sum(one: Distribution, other: Distribution) -> Distribution {
    match (one, other) {
        (Distribution::Fixed(by), of) | (of, Distribution::Fixed(by)) => match of {
            Distribution::Fixed(span) => Distribution::Fixed(span + by),
            Distribution::Uniform(Uniform { min, max }) => Distribution::Uniform(Uniform { min: min + by, max: max + by }),
            Distribution::Empirical(mut table) => {
                for (_, time) in &mut table.quantiles {
                    *time = *time + by;
                }
                Distribution::Empirical(table)
            }
            of => longer(Distribution::Fixed(by), of),
        },
        (one, other) => longer(one, other),
    }
}

fn longer(one: Distribution, other: Distribution) -> Distribution {
    if one.mean_nanos() >= other.mean_nanos() { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_of_several_faults_add_up() {
        let mut impact = Impact::default();
        impact.slow(0.5);
        impact.slow(0.5);
        impact.fail(0.5);
        impact.fail(0.5);
        impact.lose(0.1);
        impact.leak(3);
        impact.leak(4);
        impact.delay(&Distribution::Fixed(SimSpan::from_millis(5)));
        impact.delay(&Distribution::Uniform(Uniform { min: SimSpan::from_millis(1), max: SimSpan::from_millis(2) }));
        impact.refuse(Reason::CertificateExpired);
        impact.refuse(Reason::ConnectionRefused);
        let modifiers = impact.modifiers;
        assert!((modifiers.speed - 0.25).abs() < 1e-12);
        assert!((modifiers.error_rate - 0.75).abs() < 1e-12);
        assert!((modifiers.loss - 0.1).abs() < 1e-12);
        assert_eq!(modifiers.leak, 7);
        assert_eq!(modifiers.delay, Some(Distribution::Uniform(Uniform { min: SimSpan::from_millis(6), max: SimSpan::from_millis(7) })));
        assert_eq!(modifiers.refuse, Some(Reason::CertificateExpired));
    }

    #[test]
    fn the_worse_pauses_count_whatever_the_order() {
        let (mild, bad) = (GcPauses::default(), GcPauses { every: SimSpan::from_secs(5), pause: SimSpan::from_secs(1) });
        for order in [[&mild, &bad], [&bad, &mild]] {
            let mut impact = Impact::default();
            for gc in order {
                impact.pause(gc.clone());
            }
            assert_eq!(impact.modifiers.gc.as_ref(), Some(&bad));
        }
    }

    #[test]
    fn starving_a_cpu_many_times_over_leaves_a_little() {
        let mut impact = Impact::default();
        for _ in 0..50 {
            impact.slow(0.01);
        }
        assert!(impact.modifiers.speed >= 0.001);
    }
}
