//! Which flaw made which of the users' requests fail: the truth from which every failure can be walked back.
//!
//! Flaws are counted exactly; of the requests that each one made fail, the first are kept as they were. No simulated tool
//! sees this; grading, reports of what really happened and the walk back from a failed request may. It knows ids, no names.

use std::collections::BTreeMap;

use crate::ids::{EndpointId, FlawId, InstanceId, SourceId};
use crate::kernel::outcome::{Outcome, Reason};
use crate::kernel::record::{Entry, Strike};
use crate::units::{SimSpan, SimTime};

/// Failed requests kept of each flaw.
const KEPT: usize = 20;

/// A user's request that failed because of a flaw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hurt {
    /// When the user meant to send it.
    pub sent: SimTime,
    /// When it failed.
    pub ended: SimTime,
    /// Whose it was.
    pub source: SourceId,
    /// Which of the source's users.
    pub user: u32,
    /// What was asked for.
    pub endpoint: EndpointId,
    /// How it failed.
    pub reason: Reason,
    /// The instance on which the flaw struck.
    pub instance: InstanceId,
}

/// What one flaw did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Damage {
    /// Users' requests that failed because of it.
    pub failed: u64,
    /// When the last of them failed.
    pub last: SimTime,
    /// The first of them, in order.
    pub examples: Vec<Hurt>,
}

/// The damage by flaw.
#[derive(Debug, Clone, Default)]
pub struct Strikes(BTreeMap<FlawId, Damage>);

impl Strikes {
    /// Counts a request that ended.
    pub(super) fn add(&mut self, entry: &Entry, strike: Strike) {
        let Outcome::Failed(reason) = entry.outcome else { return };
        let damage = self.0.entry(strike.flaw).or_default();
        let ended = entry.sent + SimSpan::from_nanos(entry.latency);
        damage.failed += 1;
        damage.last = damage.last.max(ended);
        if damage.examples.len() < KEPT {
            let Entry { sent, source, user, endpoint, .. } = *entry;
            damage.examples.push(Hurt { sent, ended, source, user, endpoint, reason, instance: strike.instance });
        }
    }
    /// What a flaw did; `None` if it made nothing fail.
    pub fn of(&self, flaw: FlawId) -> Option<&Damage> {
        self.0.get(&flaw)
    }
    /// What each flaw did that made anything fail, in order of the flaws.
    pub fn iter(&self) -> impl Iterator<Item = (FlawId, &Damage)> {
        self.0.iter().map(|(flaw, damage)| (*flaw, damage))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::entry;
    use super::*;

    #[test]
    fn failures_are_counted_by_flaw_and_the_first_are_kept() {
        let mut strikes = Strikes::default();
        let strike = Strike { flaw: FlawId(3), instance: InstanceId(7) };
        for n in 0..25 {
            strikes.add(&entry(n, Outcome::Failed(Reason::ApplicationError)), strike);
        }
        strikes.add(&entry(9, Outcome::Ok), Strike { flaw: FlawId(4), ..strike });
        let damage = strikes.of(FlawId(3)).expect("it struck");
        assert_eq!((damage.failed, damage.examples.len()), (25, KEPT));
        assert_eq!((damage.examples[4].instance, damage.examples[4].ended), (InstanceId(7), SimTime::ZERO + SimSpan::from_millis(4)));
        assert_eq!(strikes.of(FlawId(4)), None, "what was answered was not hurt");
    }
}
