//! The door of a stage: who is in, who waits in front, and whether anybody may come in.
//!
//! The rules of the three modes ("How pipeline executions work"): in SUPERSEDED and QUEUED mode one execution is in a
//! stage at a time. SUPERSEDED: one waits in front, and a newer one takes its place. QUEUED: they wait in order. PARALLEL:
//! nobody waits, except for a disabled transition. A disabled transition lets nobody in; who waits, waits on by the same
//! rules. It knows no actions and no times.

use std::collections::VecDeque;

use super::definition::ExecutionMode;
use super::outcome::{ExecutionId, WaitsFor};

/// The door of a stage.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct StageLock {
    /// Who is in; nobody in PARALLEL mode, where it does not matter.
    holder: Option<ExecutionId>,
    /// Who waits in front, the first to go in first.
    waiting: VecDeque<ExecutionId>,
    /// Why nobody may come in.
    disabled: Option<String>,
}

impl StageLock {
    /// A door, and why it is closed from the beginning if it is.
    pub(super) fn new(disabled: Option<String>) -> Self {
        Self { disabled, ..Self::default() }
    }

    /// Somebody comes to the door. Says whose place is taken.
    pub(super) fn arrive(&mut self, execution: ExecutionId, mode: ExecutionMode) -> Option<ExecutionId> {
        let superseded = if mode == ExecutionMode::Superseded { self.waiting.pop_front() } else { None };
        // Executions do not overtake one another, but should one ever do so, the newer one counts.
        let (stays, goes) = match superseded {
            Some(other) if other > execution => (other, Some(execution)),
            other => (execution, other),
        };
        self.waiting.push_back(stays);
        goes
    }

    /// Who goes in now, if anybody can; the stage is locked then.
    pub(super) fn admit(&mut self, mode: ExecutionMode) -> Option<ExecutionId> {
        if self.disabled.is_some() || self.holder.is_some() {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.lock(next, mode);
        Some(next)
    }

    /// Somebody is in who did not come through the door: a retry or a rollback.
    pub(super) fn lock(&mut self, execution: ExecutionId, mode: ExecutionMode) {
        if mode != ExecutionMode::Parallel {
            self.holder = Some(execution);
        }
    }

    /// Somebody leaves, or goes away from the door.
    pub(super) fn leave(&mut self, execution: ExecutionId) {
        if self.holder == Some(execution) {
            self.holder = None;
        }
        self.waiting.retain(|waiting| *waiting != execution);
    }

    /// Why somebody in front of the door waits.
    pub(super) fn waits_for(&self) -> WaitsFor {
        if self.disabled.is_some() { WaitsFor::Transition } else { WaitsFor::Stage }
    }

    /// Whether somebody waits in front.
    pub(super) fn holds_back(&self, execution: ExecutionId) -> bool {
        self.waiting.contains(&execution)
    }

    /// Who is in.
    pub(super) const fn holder(&self) -> Option<ExecutionId> {
        self.holder
    }

    /// Who waits in front, the first to go in first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = ExecutionId> {
        self.waiting.iter().copied()
    }

    /// Why nobody may come in.
    pub(super) fn disabled(&self) -> Option<&str> {
        self.disabled.as_deref()
    }

    /// Closes or opens the door.
    pub(super) fn set_disabled(&mut self, reason: Option<String>) {
        self.disabled = reason;
    }
}

#[cfg(test)]
mod tests {
    use super::ExecutionMode::{Parallel, Queued, Superseded};
    use super::*;

    const A: ExecutionId = ExecutionId(1);
    const B: ExecutionId = ExecutionId(2);
    const C: ExecutionId = ExecutionId(3);

    #[test]
    fn one_is_in_and_the_newest_waits_in_superseded_mode() {
        let mut door = StageLock::default();
        assert_eq!((door.arrive(A, Superseded), door.admit(Superseded)), (None, Some(A)));
        assert_eq!((door.arrive(B, Superseded), door.admit(Superseded)), (None, None));
        assert_eq!((door.arrive(C, Superseded), door.admit(Superseded)), (Some(B), None), "C takes B's place");
        door.leave(A);
        assert_eq!((door.admit(Superseded), door.admit(Superseded)), (Some(C), None));
    }

    #[test]
    fn all_wait_in_order_in_queued_mode() {
        let mut door = StageLock::default();
        for execution in [A, B, C] {
            assert_eq!(door.arrive(execution, Queued), None);
        }
        assert_eq!((door.admit(Queued), door.admit(Queued)), (Some(A), None));
        door.leave(A);
        assert_eq!(door.admit(Queued), Some(B));
    }

    #[test]
    fn nobody_waits_for_anybody_in_parallel_mode() {
        let mut door = StageLock::default();
        for execution in [A, B] {
            assert_eq!((door.arrive(execution, Parallel), door.admit(Parallel)), (None, Some(execution)));
        }
    }

    #[test]
    fn a_closed_door_holds_everybody_back() {
        for (mode, then) in [(Superseded, vec![B]), (Queued, vec![A]), (Parallel, vec![A, B])] {
            let mut door = StageLock::new(Some("not now".to_owned()));
            door.arrive(A, mode);
            door.arrive(B, mode);
            assert_eq!((door.admit(mode), door.waits_for()), (None, WaitsFor::Transition));
            door.set_disabled(None);
            assert_eq!(std::iter::from_fn(|| door.admit(mode)).collect::<Vec<_>>(), then, "{mode}");
        }
    }

    #[test]
    fn an_older_one_never_takes_the_place_of_a_newer_one() {
        let mut door = StageLock::new(Some("not now".to_owned()));
        door.arrive(B, Superseded);
        assert_eq!(door.arrive(A, Superseded), Some(A));
        assert!(door.holds_back(B) && !door.holds_back(A));
    }
}
