//! Where a new instance goes: the zone of its service with the fewest instances, the first named winning a tie.
//!
//! This spreads a fleet evenly, as the ECS service scheduler and the default topology spread of Kubernetes do. A zone
//! that is lost takes nobody, unless the service has no other.

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;

use crate::ids::ZoneId;

/// Zones that are lost at the moment.
#[derive(Resource, Debug, Default)]
pub(super) struct LostZones(pub(super) BTreeSet<ZoneId>);

impl LostZones {
    /// Whether an instance in `zone` could be replaced in another of its service's zones.
    pub(super) fn should_leave(&self, zone: ZoneId, zones: &[ZoneId]) -> bool {
        self.0.contains(&zone) && zones.iter().any(|other| !self.0.contains(other))
    }
}

/// The zone for a new instance, given the zones of those that are there. `zones` is not empty.
pub(super) fn place(zones: &[ZoneId], taken: &[ZoneId], lost: &LostZones) -> ZoneId {
    let crowd = |zone: &ZoneId| taken.iter().filter(|other| *other == zone).count();
    let usable = zones.iter().filter(|zone| !lost.0.contains(zone)).min_by_key(|zone| crowd(zone));
    usable.or_else(|| zones.iter().min_by_key(|zone| crowd(zone))).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_fill_the_zones_in_turn() {
        let zones = [ZoneId(2), ZoneId(0), ZoneId(1)];
        let mut taken = Vec::new();
        for _ in 0..7 {
            taken.push(place(&zones, &taken, &LostZones::default()));
        }
        assert_eq!(taken, [2, 0, 1, 2, 0, 1, 2].map(ZoneId));
    }

    #[test]
    fn a_lost_zone_takes_nobody_while_there_is_another() {
        let zones = [ZoneId(0), ZoneId(1)];
        let lost = LostZones(BTreeSet::from([ZoneId(0)]));
        assert_eq!(place(&zones, &[ZoneId(1), ZoneId(1)], &lost), ZoneId(1));
        assert_eq!(place(&zones[..1], &[], &lost), ZoneId(0));
        assert!(lost.should_leave(ZoneId(0), &zones));
        assert!(!lost.should_leave(ZoneId(0), &zones[..1]));
        assert!(!lost.should_leave(ZoneId(1), &zones));
    }
}
