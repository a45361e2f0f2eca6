//! Call policies that are no longer those of the scenario, because the timeline or a person replaced them.

use crate::lab::Session;
use crate::lab::snapshot::PolicyChange;
use crate::scenario::{Action, TimedAction};
use crate::units::SimTime;

/// The changes so far, in order: where two are about the same calls, the later one holds.
pub(super) fn changes(session: &Session) -> Vec<PolicyChange> {
    made(&session.scenario().timeline, session.actions(), session.now())
}

fn made(timeline: &[TimedAction], actions: &[TimedAction], now: SimTime) -> Vec<PolicyChange> {
    let mut all: Vec<&TimedAction> = timeline.iter().filter(|timed| timed.at <= now).chain(actions).collect();
    all.sort_by_key(|timed| timed.at);
    let change = |timed: &TimedAction| match &timed.action {
        Action::SetPolicy { from, to, policy } => Some(PolicyChange { from: from.clone(), to: to.clone(), policy: policy.clone() }),
        _ => None,
    };
    all.into_iter().filter_map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::resilience::CallPolicy;
    use crate::units::SimSpan;

    #[test]
    fn changes_of_the_timeline_and_of_people_come_in_the_order_of_time() {
        let at = |secs: u64| TimedAction {
            at: SimTime::from_secs(secs),
            action: Action::SetPolicy {
                from: "a".to_owned(),
                to: "b".to_owned(),
                policy: CallPolicy { timeout: Some(SimSpan::from_secs(secs)), ..CallPolicy::default() },
            },
        };
        let made = made(&[at(10), at(30), at(90)], &[at(20)], SimTime::from_secs(60));
        let timeouts: Vec<_> = made.iter().filter_map(|change| change.policy.timeout).collect();
        assert_eq!(timeouts, [10, 20, 30].map(SimSpan::from_secs), "what has not happened yet is none");
    }
}
