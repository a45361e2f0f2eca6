//! What a fault does, and how the effects of several faults on one instance add up.
//!
//! What acts on an instance is always worked out from all faults in force, never patched: ending a fault is leaving it
//! out, so nothing can leak.

use bevy_ecs::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::command::{Caller, Disturbance, Modifiers};
use crate::kernel::dist::Distribution;
use crate::kernel::model::GcPauses;
use crate::kernel::outcome::Reason;
use crate::units::SimSpan;

/// What a fault was aimed at, with its names resolved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Aim {
    /// Who is cut off by a partition; `None` means everybody.
    pub(crate) from: Option<Caller>,
}

/// Which messages a network fault hits, seen from the instance, whichever side began the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Messages to the instance: requests to it, and answers to its own calls.
    To,
    /// Messages from the instance: its answers, and its own calls.
    From,
    /// All messages.
    Both,
}

impl Direction {
    /// The names by which people choose.
    pub const NAMES: &'static [&'static str] = &["to", "from", "both"];

    /// Whether messages to the instance are hit.
    pub(super) const fn is_inbound(self) -> bool {
        matches!(self, Self::To | Self::Both)
    }
    /// Whether messages from the instance are hit.
    pub(super) const fn is_outbound(self) -> bool {
        matches!(self, Self::From | Self::Both)
    }
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
    /// Share of the connections to its instances that their clients lose.
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
    /// Who is cut off from it, and in which direction messages are lost.
    pub(crate) cuts: Vec<(Option<Caller>, Direction)>,
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
    pub(super) fn lose(&mut self, direction: Direction, share: f64) {
        self.disturb(direction, |on| on.loss = either(on.loss, share));
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
    /// Messages take longer; several delays follow one another.
    pub(super) fn delay(&mut self, direction: Direction, delay: &Distribution) {
        self.disturb(direction, |on| on.delays.push(delay.clone()));
    }

    fn disturb(&mut self, direction: Direction, how: impl Fn(&mut Disturbance)) {
        if direction.is_inbound() {
            how(&mut self.modifiers.inbound);
        }
        if direction.is_outbound() {
            how(&mut self.modifiers.outbound);
        }
    }
}

/// The probability that at least one of two independent things happens.
pub(super) fn either(p: f64, q: f64) -> f64 {
    1.0 - (1.0 - p) * (1.0 - q)
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
        impact.lose(Direction::To, 0.5);
        impact.lose(Direction::Both, 0.5);
        impact.leak(3);
        impact.leak(4);
        let delays = [Distribution::Fixed(SimSpan::from_millis(5)), Distribution::Exponential(SimSpan::from_millis(1))];
        impact.delay(Direction::From, &delays[0]);
        impact.delay(Direction::Both, &delays[1]);
        impact.refuse(Reason::CertificateExpired);
        impact.refuse(Reason::ConnectionRefused);
        let modifiers = impact.modifiers;
        assert!((modifiers.speed - 0.25).abs() < 1e-12);
        assert!((modifiers.error_rate - 0.75).abs() < 1e-12);
        assert!((modifiers.inbound.loss - 0.75).abs() < 1e-12 && (modifiers.outbound.loss - 0.5).abs() < 1e-12);
        assert_eq!(modifiers.leak, 7);
        assert_eq!((modifiers.inbound.delays.as_slice(), modifiers.outbound.delays.as_slice()), (&delays[1..], delays.as_slice()));
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
