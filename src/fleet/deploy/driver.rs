//! What a deployment strategy sees, and what it may ask for.
//!
//! A driver is a small state machine that is stepped whenever something changed in its service. It knows counts and
//! times, no entities and no kernel, so its arithmetic can be tested alone.

use std::collections::BTreeMap;

use crate::ids::{InstanceId, VersionId, ZoneId};
use crate::telemetry::ledger::Cause;
use crate::units::{SimSpan, SimTime};

/// One instance, as a strategy sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) id: InstanceId,
    pub(super) zone: ZoneId,
    /// Since when its process runs; `None` if it does not.
    pub(super) up_since: Option<SimTime>,
    /// Since when it is healthy by its checks, or runs if nobody checks; `None` if it is not.
    pub(super) healthy_since: Option<SimTime>,
    /// Its checks found it unhealthy, or its process died.
    pub(super) failed: bool,
}

/// A service in the middle of a deployment. Instances on their way out are left out.
#[derive(Debug, Clone, Default)]
pub(super) struct Scene {
    pub(super) now: SimTime,
    /// How many instances the service should have.
    pub(super) desired: u32,
    /// The version that is replaced, and the one that is deployed.
    pub(super) replaced: VersionId,
    pub(super) deployed: VersionId,
    /// Whether somebody checks the instances' health.
    pub(super) checked: bool,
    /// After how long a crashed instance of the service is started again.
    pub(super) restart_after: Option<SimSpan>,
    /// Instances of other versions.
    pub(super) old: Vec<Seen>,
    /// Instances of the new version.
    pub(super) new: Vec<Seen>,
    /// Instances of the new version that failed since the last step: they died, did not start, or were found unhealthy.
    pub(super) failures: Vec<InstanceId>,
}

/// How a deployment stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Stand {
    /// It goes on.
    #[default]
    Running,
    /// It ended well.
    Completed,
    /// It ended badly; says why, and whether the last completed version is to be restored.
    Failed { why: Cause, restore: bool },
}

/// What a strategy asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Orders {
    /// How many instances of the new version to start.
    pub(super) start: u32,
    /// Instances to drain and stop.
    pub(super) stop: Vec<InstanceId>,
    /// Shares of the traffic by version, if they change.
    pub(super) weights: Option<Vec<(VersionId, f64)>>,
    /// When to be stepped again even if nothing changes.
    pub(super) wake: Option<SimTime>,
    /// Something that people should know, such as that nothing moves.
    pub(super) report: Option<Cause>,
    pub(super) stand: Stand,
}

/// A strategy at work on one deployment.
pub(super) trait Driver: Send + Sync {
    /// Says what to do next. Stepped again after every change, and at the time that it asked for.
    fn step(&mut self, scene: &Scene) -> Orders;
    /// How many instances of the new version failed so far.
    fn failed(&self) -> u32 {
        0
    }
}

/// Picks `count` instances to stop: first those that serve nobody, then from the fullest zone, the newest first.
pub(super) fn choose(among: &[Seen], count: usize) -> Vec<InstanceId> {
    let mut crowds: BTreeMap<ZoneId, u32> = BTreeMap::new();
    // By how useful they are (0 does not run, 1 runs without being healthy, 2 serves) and zone; newest last.
    let mut classes: [BTreeMap<ZoneId, Vec<InstanceId>>; 3] = Default::default();
    let mut in_order: Vec<&Seen> = among.iter().collect();
    in_order.sort_unstable_by_key(|seen| seen.id);
    for seen in in_order {
        *crowds.entry(seen.zone).or_default() += 1;
        let class = usize::from(seen.up_since.is_some()) + usize::from(seen.healthy_since.is_some());
        classes[class].entry(seen.zone).or_default().push(seen.id);
    }
    let mut chosen = Vec::new();
    for mut zones in classes {
        while chosen.len() < count {
            let fullest = zones.iter().filter_map(|(zone, ids)| ids.last().map(|newest| (crowds[zone], *newest, *zone))).max();
            let Some((_, newest, zone)) = fullest else { break };
            zones.entry(zone).or_default().pop();
            crowds.entry(zone).and_modify(|crowd| *crowd -= 1);
            chosen.push(newest);
        }
    }
    chosen
}

/// Some instances for the tests of strategies.
#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// `count` instances, numbered from `first`, running and healthy since `since`.
    pub(in crate::fleet::deploy) fn healthy(first: u32, count: u32, since: u64) -> Vec<Seen> {
        let since = Some(SimTime::from_secs(since));
        (first..first + count)
            .map(|id| Seen { id: InstanceId(id), zone: ZoneId((id % 3) as u8), up_since: since, healthy_since: since, failed: false })
            .collect()
    }

    /// `count` instances, numbered from `first`, that do not run yet.
    pub(in crate::fleet::deploy) fn starting(first: u32, count: u32) -> Vec<Seen> {
        healthy(first, count, 0).into_iter().map(|seen| Seen { up_since: None, healthy_since: None, ..seen }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_instances_go_first_then_the_fullest_zone_gives() {
        let mut among = testing::healthy(0, 4, 0);
        // Zones 0 1 2 0; number 1 is not healthy.
        among[1].healthy_since = None;
        assert_eq!(choose(&among, 3), [1, 3, 2].map(InstanceId));
        assert_eq!(choose(&among, 9).len(), 4);
    }
}
