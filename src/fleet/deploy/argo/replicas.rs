//! How many instances of each version an Argo canary wants.
//!
//! Without traffic routing the share of instances stands in for the share of traffic, within `maxSurge` and
//! `maxUnavailable`; with it the instances follow the weight. The rules and the rounding are those of
//! `argoproj/argo-rollouts`, `utils/replicaset/canary.go`. Pure arithmetic: it knows no times and no steps.

/// Instances of one version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Set {
    /// How many are wanted.
    pub(super) spec: u32,
    /// How many are available.
    pub(super) available: u32,
}

impl Set {
    /// How many may be counted on while others are scaled down. Those that go anyway are not counted; where availability
    /// does not matter, those that are wanted are.
    fn to_count_on(self, ignore_availability: bool) -> u32 {
        if ignore_availability { self.spec } else { self.available.min(self.spec) }
    }
}

/// What a canary without traffic routing has and may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Basic {
    /// Instances that the service should have.
    pub(super) desired: u32,
    /// The new version's share [%].
    pub(super) weight: u32,
    /// Instances above the desired count.
    pub(super) max_surge: u32,
    /// Instances that may be missing.
    pub(super) max_unavailable: u32,
    pub(super) canary: Set,
    pub(super) stable: Set,
    /// Instances of versions that are neither.
    pub(super) others: Set,
}

impl Basic {
    /// Instances of the new and of the stable version that come nearest to the weight: together the desired count, or one
    /// more if a surge is allowed and comes nearer. Weights from 1 to 99 give each version at least one instance, if there
    /// is room for two.
    pub(super) fn approximate(desired: u32, weight: u32, max_surge: u32) -> (u32, u32) {
        if desired == 0 {
            return (0, 0);
        }
        let exact = u64::from(desired) * u64::from(weight);
        let (ceiling, floor) = (exact.div_ceil(100) as u32, (exact / 100) as u32);
        // Where both roundings are equally far, the larger count is taken.
        let is_tied = |total: u32| u64::from(total) * u64::from(weight) % 100 == 50;
        let zero_allowed = weight == 0 || weight == 100 || (desired == 1 && max_surge == 0);
        let mut options = Vec::new();
        if ceiling < desired || zero_allowed {
            options.push((ceiling, desired));
        }
        if !is_tied(desired) && (floor != 0 || zero_allowed) {
            options.push((floor, desired));
        }
        if max_surge > 0 {
            options.push((ceiling, desired + 1));
            if !is_tied(desired + 1) && (floor != 0 || zero_allowed) {
                options.push((floor, desired + 1));
            }
        }
        let delta = |(canary, total): (u32, u32)| (f64::from(canary * 100) / f64::from(total) - f64::from(weight)).abs();
        let best = options.into_iter().reduce(|best, option| if delta(option) < delta(best) { option } else { best });
        best.map_or((0, desired), |(canary, total)| (canary, total - canary))
    }

    /// The next counts of the new and of the stable version on the way to the weight.
    fn next(&self) -> (u32, u32) {
        let (wanted_canary, wanted_stable) = Self::approximate(self.desired, self.weight, self.max_surge);
        let (mut canary, mut stable) = (self.canary.spec, self.stable.spec);
        let most = self.desired + self.max_surge;
        let fewest = self.desired.saturating_sub(self.max_unavailable);
        let mut room = most.saturating_sub(canary + stable + self.others.spec);
        let grow = |count: &mut u32, wanted: u32, room: &mut u32| {
            let more = wanted.saturating_sub(*count).min(*room);
            *count += more;
            *room -= more;
        };
        // The stable version comes first.
        grow(&mut stable, wanted_stable, &mut room);
        grow(&mut canary, wanted_canary, &mut room);
        if self.others.spec > 0 {
            return (canary, stable);
        }
        let increasing = wanted_canary >= self.canary.spec;
        let counted_on = self.canary.to_count_on(!increasing) + self.stable.to_count_on(increasing);
        let spare = counted_on.saturating_sub(fewest);
        if spare == 0 {
            return (canary, stable);
        }
        let shrink = |set: Set, wanted: u32, count: u32| if set.spec > wanted { wanted.max(set.spec.saturating_sub(spare)) } else { count };
        if increasing {
            stable = shrink(self.stable, wanted_stable, stable);
            (stable, canary) = Self::within_limits((self.stable, stable), (self.canary, canary), most, fewest);
        } else {
            canary = shrink(self.canary, wanted_canary, canary);
            (canary, stable) = Self::within_limits((self.canary, canary), (self.stable, stable), most, fewest);
        }
        (canary, stable)
    }

    /// Keeps the version that is drained and the other one within the limits together.
    fn within_limits(drained: (Set, u32), other: (Set, u32), most: u32, fewest: u32) -> (u32, u32) {
        let ((drained, mut drained_count), (other, mut other_count)) = (drained, other);
        let over = (drained_count + other_count).saturating_sub(most);
        other_count = other_count.saturating_sub(over);
        let available = drained.available.min(drained_count) + other.available.min(other_count);
        let lost = other.available.saturating_sub(other_count);
        other_count += lost.min(fewest.saturating_sub(available));
        drained_count = drained_count.saturating_sub((drained_count + other_count).saturating_sub(most));
        (drained_count, other_count)
    }

    /// Follows the rules until nothing moves, as the controller does when nothing else happens: the stable version moves
    /// first, then the new one, then the others go as far as enough instances stay available.
    pub(super) fn settled(mut self) -> (u32, u32, u32) {
        // Each round moves something towards its goal, so this ends; the bound only guards against a cycle.
        for _ in 0..10_000 {
            let (canary, stable) = self.next();
            if stable != self.stable.spec {
                self.stable.spec = stable;
                continue;
            }
            if canary != self.canary.spec {
                self.canary.spec = canary;
                continue;
            }
            let counted_on = [self.canary, self.stable, self.others].map(|set| set.available.min(set.spec)).iter().sum::<u32>();
            let fewest = self.desired.saturating_sub(self.max_unavailable);
            // Those that serve nobody go in any case.
            let unavailable = self.others.spec - self.others.available.min(self.others.spec);
            let gone = (unavailable + counted_on.saturating_sub(fewest)).min(self.others.spec);
            if gone == 0 {
                break;
            }
            self.others.spec -= gone;
        }
        (self.canary.spec, self.stable.spec, self.others.spec)
    }
}

/// Instances for a share of the traffic, rounded up.
pub(super) fn for_weight(desired: u32, weight: u32, most: u32) -> u32 {
    (u64::from(desired) * u64::from(weight)).div_ceil(u64::from(most.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(spec: u32) -> Set {
        Set { spec, available: spec }
    }

    fn basic(desired: u32, weight: u32, limits: (u32, u32), canary: Set, stable: Set) -> Basic {
        Basic { desired, weight, max_surge: limits.0, max_unavailable: limits.1, canary, stable, others: Set::default() }
    }

    /// The examples in the comments of Argo's source.
    #[test]
    fn the_first_move_is_argos() {
        for (desired, weight, stable, surge, unavailable, moved) in
            [(10, 10, 10, 1, 1, (1, 9)), (10, 30, 10, 3, 0, (3, 10)), (10, 30, 10, 0, 5, (0, 7)), (1, 5, 1, 1, 0, (1, 1)), (1, 95, 1, 1, 0, (1, 1))]
        {
            let mut canary = basic(desired, weight, (surge, unavailable), set(0), set(stable));
            // One pass of the controller: the counts before any instance has started.
            let next = canary.next();
            canary.canary.available = 0;
            assert_eq!(next, moved, "{desired} replicas, weight {weight}, surge {surge}, unavailable {unavailable}");
        }
    }

    #[test]
    fn counts_come_nearest_to_the_weight() {
        for (desired, weight, surge, counts) in [
            (10, 10, 1, (1, 9)),
            (10, 0, 1, (0, 10)),
            (10, 100, 1, (10, 0)),
            (5, 20, 1, (1, 4)),
            (5, 50, 0, (3, 2)),
            (5, 50, 1, (3, 3)),
            (3, 50, 0, (2, 1)),
            (3, 50, 1, (2, 2)),
            (4, 1, 0, (1, 3)),
            (4, 1, 1, (1, 4)),
            (4, 99, 0, (3, 1)),
            (4, 99, 1, (4, 1)),
            (1, 50, 0, (1, 0)),
            (1, 50, 1, (1, 1)),
            (1, 10, 0, (0, 1)),
            (2, 10, 0, (1, 1)),
            (0, 50, 1, (0, 0)),
        ] {
            assert_eq!(Basic::approximate(desired, weight, surge), counts, "{desired} replicas, weight {weight}, surge {surge}");
        }
    }

    #[test]
    fn the_way_to_a_weight_keeps_both_limits() {
        // Ten at 50 % with 25 % and 25 %: at most 13, at least 8 available.
        let start = basic(10, 50, (3, 2), set(0), set(10));
        assert_eq!(start.settled(), (5, 8, 0), "two stable ones go at once, and five come");
        let waiting = basic(10, 50, (3, 2), Set { spec: 5, available: 0 }, set(8));
        assert_eq!(waiting.settled(), (5, 8, 0));
        let some_ready = basic(10, 50, (3, 2), Set { spec: 5, available: 2 }, set(8));
        assert_eq!(some_ready.settled(), (5, 6, 0));
        assert_eq!(basic(10, 50, (3, 2), set(5), set(6)).settled(), (5, 5, 0));
        // Back to nothing: the stable version grows within the surge before the new one goes.
        assert_eq!(basic(10, 0, (3, 2), set(5), set(5)).settled(), (3, 10, 0));
        assert_eq!(basic(10, 0, (3, 2), set(3), Set { spec: 10, available: 5 }).settled(), (3, 10, 0));
        assert_eq!(basic(10, 0, (3, 2), set(3), set(10)).settled(), (0, 10, 0));
    }

    #[test]
    fn versions_that_are_neither_go_first() {
        let three = Basic { others: set(4), ..basic(10, 50, (3, 2), set(0), set(6)) };
        // Thirteen may be there, so three new ones come, and two of the others may go.
        assert_eq!(three.settled().2, 2);
        let broken = Basic { others: Set { spec: 4, available: 0 }, ..basic(10, 50, (3, 2), set(0), set(10)) };
        assert_eq!(broken.settled().2, 0, "what serves nobody goes at once");
    }

    #[test]
    fn instances_for_a_weight_are_rounded_up() {
        assert_eq!([0, 1, 10, 11, 50, 100].map(|weight| for_weight(10, weight, 100)), [0, 1, 1, 2, 5, 10]);
        assert_eq!(for_weight(10, 250, 1_000), 3);
    }
}
