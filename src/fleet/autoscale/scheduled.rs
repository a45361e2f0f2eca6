//! Scheduled capacity: so many instances from a given time on, whatever the load.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, Situation};
use crate::choice::params;
use crate::units::SimTime;

/// One scheduled change.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduledChange {
    /// When.
    pub at: SimTime,
    /// Instances from then on.
    pub instances: u32,
}

params! {
    /// Scheduled capacity.
    pub struct Scheduled {
        /// The changes.
        pub changes: Vec<ScheduledChange> = Vec::new(),
    }
}

impl Scheduled {
    /// Applies the rule.
    pub(super) fn rule(&self) -> Box<dyn Rule> {
        let mut changes = self.changes.clone();
        // Of several changes at one time the one written last stands.
        changes.sort_by_key(|change| change.at);
        Box::new(Calendar(changes))
    }
}

struct Calendar(Vec<ScheduledChange>);

impl Calendar {
    fn after(&self, now: SimTime) -> SimTime {
        self.0.iter().map(|change| change.at).find(|at| *at > now).unwrap_or(SimTime::NEVER)
    }
}

impl Rule for Calendar {
    fn first(&self) -> SimTime {
        self.0.first().map_or(SimTime::NEVER, |change| change.at)
    }

    fn step(&mut self, situation: &Situation) -> (u32, SimTime) {
        let due = self.0.iter().rfind(|change| change.at <= situation.now);
        (due.map_or(situation.desired, |change| change.instances), self.after(situation.now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_comes_at_its_time_in_whatever_order_they_were_written() {
        let change = |at, instances| ScheduledChange { at: SimTime::from_secs(at), instances };
        let mut rule = Scheduled { changes: vec![change(300, 2), change(100, 9)] }.rule();
        assert_eq!(rule.first(), SimTime::from_secs(100));
        let mut step = |at, desired| rule.step(&Situation { now: SimTime::from_secs(at), desired, ..Situation::default() });
        assert_eq!(step(100, 4), (9, SimTime::from_secs(300)));
        assert_eq!(step(300, 9), (2, SimTime::NEVER));
    }
}
