//! When the control plane wants to run next. Nothing polls: whoever waits for a time says so here.
//!
//! Each behaviour keeps a [`Timetable`] of its own for what it waits for; the [`Agenda`] knows only the times, so that
//! the lab can run the kernel straight to the next one. Neither knows what the times are for.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;

use crate::units::SimTime;

/// The times at which the control plane must run.
#[derive(Resource, Debug, Default)]
pub(super) struct Agenda {
    times: BTreeMap<SimTime, Wants>,
}

/// What is wanted at a time.
#[derive(Debug, Clone, Copy, Default)]
struct Wants {
    /// The instances must be looked at.
    observing: bool,
    /// There is more to do than to send health checks.
    more: bool,
}

impl Agenda {
    /// Asks to run at `at`.
    fn add(&mut self, at: SimTime, wants: Wants) {
        let known = self.times.entry(at).or_default();
        known.observing |= wants.observing;
        known.more |= wants.more;
    }
    /// The earliest time, if any.
    pub(super) fn next(&self) -> Option<SimTime> {
        self.times.first_key_value().map(|(at, _)| *at)
    }
    /// Whether something that is due needs fresh views.
    pub(super) fn observes(&self, now: SimTime) -> bool {
        self.times.range(..=now).any(|(_, wants)| wants.observing)
    }
    /// Whether something is due besides health checks that are to be sent.
    pub(super) fn wants_more(&self, now: SimTime) -> bool {
        self.times.range(..=now).any(|(_, wants)| wants.more)
    }
    /// Forgets everything up to now: it runs now.
    pub(super) fn pass(&mut self, now: SimTime) {
        while self.next().is_some_and(|at| at <= now) {
            self.times.pop_first();
        }
    }
}

/// What one behaviour waits for, in order of time; equal times keep the order in which they were set.
#[derive(Resource, Debug)]
pub(super) struct Timetable<T: Send + Sync + 'static> {
    due: BTreeMap<SimTime, Vec<T>>,
    wants: Wants,
}

impl<T: Send + Sync + 'static> Timetable<T> {
    /// An empty timetable.
    pub(super) const fn new() -> Self {
        Self { due: BTreeMap::new(), wants: Wants { observing: false, more: true } }
    }
    /// An empty timetable of a behaviour that looks at the instances when it is due.
    pub(super) const fn observing() -> Self {
        Self { due: BTreeMap::new(), wants: Wants { observing: true, more: true } }
    }
    /// An empty timetable of health checks: nothing but sending them follows.
    pub(super) const fn of_checks() -> Self {
        Self { due: BTreeMap::new(), wants: Wants { observing: false, more: false } }
    }
    /// Waits for `at`.
    pub(super) fn set(&mut self, agenda: &mut Agenda, at: SimTime, what: T) {
        if at < SimTime::NEVER {
            agenda.add(at, self.wants);
            self.due.entry(at).or_default().push(what);
        }
    }
    /// What is due, in order, to be looked at.
    pub(super) fn due(&self, now: SimTime) -> impl Iterator<Item = &T> {
        self.due.range(..=now).flat_map(|(_, items)| items)
    }
    /// Takes what is due.
    pub(super) fn take(&mut self, now: SimTime) -> Vec<T> {
        let mut taken = Vec::new();
        while self.due.first_key_value().is_some_and(|(at, _)| *at <= now) {
            taken.extend(self.due.pop_first().into_iter().flat_map(|(_, items)| items));
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_in_order_of_time_and_then_of_asking() {
        let mut agenda = Agenda::default();
        let mut table = Timetable::new();
        table.set(&mut agenda, SimTime::from_secs(2), 'c');
        table.set(&mut agenda, SimTime::from_secs(1), 'a');
        table.set(&mut agenda, SimTime::from_secs(1), 'b');
        table.set(&mut agenda, SimTime::NEVER, 'z');
        assert_eq!(agenda.next(), Some(SimTime::from_secs(1)));
        assert_eq!(table.take(SimTime::from_secs(1)), ['a', 'b']);
        agenda.pass(SimTime::from_secs(1));
        assert_eq!(agenda.next(), Some(SimTime::from_secs(2)));
        assert_eq!(table.take(SimTime::from_secs(9)), ['c']);
        agenda.pass(SimTime::from_secs(9));
        assert_eq!(agenda.next(), None);
    }

    #[test]
    fn views_are_asked_for_only_when_somebody_looks() {
        let mut agenda = Agenda::default();
        Timetable::new().set(&mut agenda, SimTime::from_secs(1), ());
        assert!(!agenda.observes(SimTime::from_secs(1)));
        Timetable::observing().set(&mut agenda, SimTime::from_secs(2), ());
        assert!(!agenda.observes(SimTime::from_secs(1)));
        assert!(agenda.observes(SimTime::from_secs(2)));
    }
}
