//! Load balancers: how a call picks one of a service's targets. One file per balancer.
//!
//! A balancer sees the targets in rotation and what it could know of them (its own counts of outstanding requests, the
//! latencies it observed); it does not see queues inside instances, health checks or versions. To add one: a file with
//! its parameters, its choice and its tests, and one line in the registry below.

mod least_outstanding;
mod peak_ewma;
mod power_of_two;
mod random;
mod ring_hash;
mod round_robin;

pub use least_outstanding::LeastOutstanding;
pub use peak_ewma::PeakEwma;
pub use power_of_two::PowerOfTwo;
pub use random::Random;
pub use ring_hash::RingHash;
pub use round_robin::RoundRobin;

use crate::choice::choice;
use crate::rng::Stream;

choice! {
    /// How a service's load balancer picks a target.
    pub enum Balancer {
        /// Fewest outstanding requests wins.
        "least-outstanding" => LeastOutstanding(LeastOutstanding),
        /// Lowest expected cost wins: recent peak latency × (outstanding + 1), of two random targets.
        "peak-ewma" => PeakEwma(PeakEwma),
        /// The less loaded of a few random targets wins.
        "power-of-two" => PowerOfTwo(PowerOfTwo),
        /// Any target, with equal probability.
        "random" => Random(Random),
        /// The same user goes to the same target.
        "ring-hash" => RingHash(RingHash),
        /// Each target in turn.
        "round-robin" => RoundRobin(RoundRobin),
    }
}

impl Default for Balancer {
    /// Round robin, the default algorithm of an Application Load Balancer target group.
    fn default() -> Self {
        Self::RoundRobin(RoundRobin::default())
    }
}

/// What a balancer knows of a target from its own traffic.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    /// Requests sent to it and not yet answered.
    pub(super) outstanding: u32,
    /// The view of `outstanding` that balancers with stale information share.
    pub(super) seen: u32,
    /// Recent peak latency [ns].
    pub(super) peak_nanos: f64,
    /// When it last answered [ns]; 0 before the first time.
    pub(super) observed_at: u64,
}

/// A set of targets and the balancer's memory about it.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    /// Instances in rotation, in order of joining.
    pub(super) targets: Vec<u32>,
    cursor: usize,
    refreshed_at: Option<u64>,
    ring: Vec<(u64, u32)>,
}

impl Group {
    /// Replaces the targets.
    pub(super) fn set_targets(&mut self, targets: Vec<u32>) {
        self.targets = targets;
        self.ring.clear();
    }

    /// The next target in turn, if there is any.
    #[inline]
    pub(super) fn next_in_turn(&mut self) -> Option<u32> {
        let at = RoundRobin::turn(&mut self.cursor, self.targets.len());
        self.targets.get(at).copied()
    }

    /// The next target for a caller that takes turns of its own.
    pub(super) fn next_in_own_turn(&self, cursor: &mut usize) -> Option<u32> {
        let at = RoundRobin::turn(cursor, self.targets.len());
        self.targets.get(at).copied()
    }
}

/// One choice to make.
struct Choice<'a> {
    targets: &'a [u32],
    cursor: &'a mut usize,
    refreshed_at: &'a mut Option<u64>,
    ring: &'a mut Vec<(u64, u32)>,
    loads: &'a mut [Load],
    stream: &'a mut Stream,
    user: u32,
    now: u64,
}

impl Choice<'_> {
    /// Looks at all targets again if the last look is older than `interval` [ns].
    fn refresh(&mut self, interval: u64) {
        if interval == 0 || self.refreshed_at.is_some_and(|at| self.now < at + interval) {
            return;
        }
        // Looks happen on a fixed grid, whenever somebody asks.
        *self.refreshed_at = Some(self.now / interval * interval);
        for &target in self.targets {
            let load = &mut self.loads[target as usize];
            load.seen = load.outstanding;
        }
    }
    /// Requests in flight at the target with this index.
    fn outstanding(&self, at: usize, stale: bool) -> u32 {
        let load = &self.loads[self.targets[at] as usize];
        if stale { load.seen } else { load.outstanding }
    }
}

impl Balancer {
    /// Picks an instance from a group that is not empty.
    #[inline]
    pub(super) fn pick(&self, group: &mut Group, loads: &mut [Load], stream: &mut Stream, user: u32, now: u64) -> u32 {
        let Group { targets, cursor, refreshed_at, ring } = group;
        let mut choice = Choice { targets, cursor, refreshed_at, ring, loads, stream, user, now };
        let at = match self {
            Self::RoundRobin(_) => RoundRobin::turn(choice.cursor, choice.targets.len()),
            Self::LeastOutstanding(balancer) => balancer.pick(&mut choice),
            Self::PeakEwma(balancer) => balancer.pick(&mut choice),
            Self::PowerOfTwo(balancer) => balancer.pick(&mut choice),
            Self::Random(_) => Random::pick(&mut choice),
            Self::RingHash(balancer) => balancer.pick(&mut choice),
        };
        choice.targets[at]
    }
    /// Whether it looks at requests in flight, which are then counted.
    pub(super) const fn counts_outstanding(&self) -> bool {
        matches!(self, Self::LeastOutstanding(_) | Self::PeakEwma(_) | Self::PowerOfTwo(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimSpan;

    /// Picks `n` times among targets with these requests in flight; counts by target.
    fn picks(balancer: &Balancer, outstanding: &[u32], n: u64) -> Vec<u32> {
        let mut group = Group::default();
        group.set_targets((0..outstanding.len() as u32).collect());
        let mut loads: Vec<Load> = outstanding.iter().map(|&outstanding| Load { outstanding, ..Load::default() }).collect();
        let mut counts = vec![0; outstanding.len()];
        for i in 0..n {
            let mut stream = Stream::root(i);
            counts[balancer.pick(&mut group, &mut loads, &mut stream, i as u32, 1) as usize] += 1;
        }
        counts
    }

    #[test]
    fn round_robin_takes_turns() {
        assert_eq!(picks(&Balancer::default(), &[9, 0, 0], 9), [3, 3, 3]);
    }

    #[test]
    fn random_ignores_load() {
        let counts = picks(&Balancer::Random(Random {}), &[100, 0], 10_000);
        assert!(counts.iter().all(|n| (4_800..5_200).contains(n)), "{counts:?}");
    }

    #[test]
    fn least_outstanding_finds_the_idle_one_and_breaks_ties_evenly() {
        let balancer = Balancer::LeastOutstanding(LeastOutstanding::default());
        assert_eq!(picks(&balancer, &[3, 1, 2], 100), [0, 100, 0]);
        let counts = picks(&balancer, &[0, 0, 5], 10_000);
        assert!((4_800..5_200).contains(&counts[0]) && counts[2] == 0, "{counts:?}");
    }

    #[test]
    fn two_choices_never_pick_the_worst_of_three() {
        let counts = picks(&Balancer::PowerOfTwo(PowerOfTwo::default()), &[5, 1, 3], 9_000);
        assert_eq!(counts[0], 0);
        // The best wins whenever it is among the two distinct samples: 2 times in 3.
        assert!((5_800..6_200).contains(&counts[1]), "{counts:?}");
    }

    #[test]
    fn more_choices_are_distinct_so_that_as_many_as_targets_find_the_best() {
        for choices in [3, 5, 16] {
            let counts = picks(&Balancer::PowerOfTwo(PowerOfTwo { choices, ..PowerOfTwo::default() }), &[5, 1, 3], 1_000);
            assert_eq!(counts, [0, 1_000, 0], "{choices} choices among three");
        }
        let counts = picks(&Balancer::PowerOfTwo(PowerOfTwo { choices: 3, ..PowerOfTwo::default() }), &[9, 9, 9, 9, 9, 1, 9, 9, 9, 9], 10_000);
        assert!((2_850..3_150).contains(&counts[5]), "three of ten have the best among them 3 times in 10: {counts:?}");
    }

    #[test]
    fn stale_counts_are_the_old_ones_until_the_next_look() {
        let balancer = LeastOutstanding { stale: SimSpan::from_nanos(100) };
        let mut group = Group::default();
        group.set_targets(vec![0, 1]);
        let mut loads = vec![Load::default(); 2];
        loads[0].outstanding = 5;
        let mut pick = |loads: &mut [Load], now| Balancer::LeastOutstanding(balancer.clone()).pick(&mut group, loads, &mut Stream::root(1), 0, now);
        assert_eq!(pick(&mut loads, 10), 1);
        loads[1].outstanding = 50;
        assert_eq!(pick(&mut loads, 99), 1, "still the old view");
        assert_eq!(pick(&mut loads, 100), 0);
    }

    #[test]
    fn peak_ewma_avoids_the_slow_target_and_forgives_it_later() {
        let params = PeakEwma::default();
        let balancer = Balancer::PeakEwma(params.clone());
        let mut loads = vec![Load::default(); 2];
        params.observe(&mut loads[0], 1_000_000_000, 1_000);
        params.observe(&mut loads[1], 1_000_000, 1_000);
        let mut group = Group::default();
        group.set_targets(vec![0, 1]);
        assert_eq!(balancer.pick(&mut group, &mut loads, &mut Stream::root(1), 0, 2_000), 1);
        // Ten time constants later the peak has decayed below what the other one shows now.
        let later = 100_000_000_000;
        params.observe(&mut loads[1], 100_000_000, later);
        assert_eq!(balancer.pick(&mut group, &mut loads, &mut Stream::root(1), 0, later), 0);
    }

    #[test]
    fn ring_hash_keeps_users_and_moves_few_when_a_target_leaves() {
        let balancer = Balancer::RingHash(RingHash::default());
        let mut group = Group::default();
        let mut loads = vec![Load::default(); 5];
        let mut place = |targets: Vec<u32>| {
            group.set_targets(targets);
            (0..2_000).map(|user| balancer.pick(&mut group, &mut loads, &mut Stream::root(1), user, 0)).collect::<Vec<_>>()
        };
        let before = place(vec![0, 1, 2, 3, 4]);
        assert_eq!(before, place(vec![0, 1, 2, 3, 4]));
        let after = place(vec![0, 1, 2, 3]);
        assert!(before.iter().zip(&after).all(|(old, new)| old == new || *old == 4), "only the users of the target that left move");
    }
}
