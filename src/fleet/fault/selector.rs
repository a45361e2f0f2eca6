//! Which instances a fault, or a restart, happens to: the modes of Chaos Mesh.
//!
//! The choice is drawn from a stream named by the number of the choice, so other faults never change it.

use crate::choice::{choice, params};
use crate::rng::Stream;

choice! {
    /// Which instances of the service it happens to (modes of Chaos Mesh).
    pub enum Selector {
        /// One instance, picked at random.
        "one" => One(One),
        /// All instances.
        "all" => All(All),
        /// This many instances, picked at random.
        "fixed" => Fixed(Fixed),
        /// This percentage of the instances, picked at random, rounded down.
        "fixed-percent" => FixedPercent(FixedPercent),
        /// A random percentage up to this one.
        "random-max-percent" => RandomMaxPercent(RandomMaxPercent),
    }
}

impl Default for Selector {
    fn default() -> Self {
        Self::All(All {})
    }
}

params! {
    /// One instance.
    pub struct One {}
}
params! {
    /// All instances.
    pub struct All {}
}
params! {
    /// A number of instances.
    pub struct Fixed {
        /// How many. Default 1.
        pub value: u32 = 1,
    }
}
params! {
    /// A percentage of the instances.
    pub struct FixedPercent {
        /// The percentage [%], 0 to 100. Default 50.
        pub value: f64 = 50.0,
    }
}
params! {
    /// At most a percentage of the instances.
    pub struct RandomMaxPercent {
        /// The percentage [%], 0 to 100. Default 50.
        pub value: f64 = 50.0,
    }
}

/// A percentage of so many, rounded down.
fn share(percent: f64, of: usize) -> usize {
    (of as f64 * percent.clamp(0.0, 100.0) / 100.0).floor() as usize
}

impl Selector {
    /// The most that it picks from so many candidates.
    pub fn most(&self, candidates: usize) -> usize {
        let count = match self {
            Self::All(_) => candidates,
            Self::One(_) => 1,
            Self::Fixed(fixed) => fixed.value as usize,
            Self::FixedPercent(FixedPercent { value }) | Self::RandomMaxPercent(RandomMaxPercent { value }) => share(*value, candidates),
        };
        count.min(candidates)
    }

    /// Picks from `candidates`, in their order.
    pub(in crate::fleet) fn pick<T: Copy>(&self, candidates: &[T], mut stream: Stream) -> Vec<T> {
        let count = match self {
            Self::RandomMaxPercent(most) => share(most.value * stream.uniform(), candidates.len()),
            _ => self.most(candidates.len()),
        };
        // Selection sampling (Knuth, The Art of Computer Programming, vol. 2, 3.4.2, algorithm S) keeps the order.
        let (mut wanted, mut left) = (count.min(candidates.len()), candidates.len());
        let mut picked = Vec::with_capacity(wanted);
        for candidate in candidates {
            if (stream.below(left as u32) as usize) < wanted {
                picked.push(*candidate);
                wanted -= 1;
            }
            left -= 1;
        }
        picked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(selector: &Selector, of: usize, seed: u64) -> usize {
        let candidates: Vec<usize> = (0..of).collect();
        let picked = selector.pick(&candidates, Stream::root(seed));
        assert!(picked.windows(2).all(|pair| pair[0] < pair[1]), "nobody twice, in order");
        picked.len()
    }

    #[test]
    fn each_mode_picks_as_many_as_it_says() {
        assert_eq!(count(&Selector::One(One {}), 7, 1), 1);
        assert_eq!(count(&Selector::One(One {}), 0, 1), 0);
        assert_eq!(count(&Selector::All(All {}), 7, 1), 7);
        assert_eq!(count(&Selector::Fixed(Fixed { value: 3 }), 7, 1), 3);
        assert_eq!(count(&Selector::Fixed(Fixed { value: 30 }), 7, 1), 7);
        assert_eq!(count(&Selector::FixedPercent(FixedPercent { value: 50.0 }), 7, 1), 3);
        assert_eq!(count(&Selector::FixedPercent(FixedPercent { value: 100.0 }), 7, 1), 7);
        assert_eq!(count(&Selector::FixedPercent(FixedPercent { value: 50.0 }), 1, 1), 0, "rounded down");
        assert_eq!(Selector::RandomMaxPercent(RandomMaxPercent { value: 40.0 }).most(7), 2);
    }

    #[test]
    fn a_random_percentage_stays_below_its_bound_and_varies() {
        let selector = Selector::RandomMaxPercent(RandomMaxPercent { value: 40.0 });
        let counts: std::collections::BTreeSet<usize> = (0..200).map(|seed| count(&selector, 10, seed)).collect();
        assert!(counts.len() > 2 && counts.iter().all(|n| *n <= 4), "{counts:?}");
    }

    #[test]
    fn every_instance_is_equally_likely() {
        let mut hits = [0_u32; 5];
        for seed in 0..10_000 {
            for at in Selector::Fixed(Fixed { value: 2 }).pick(&[0_usize, 1, 2, 3, 4], Stream::root(seed)) {
                hits[at] += 1;
            }
        }
        // 4000 each; one standard deviation is 49.
        assert!(hits.iter().all(|n| (3_800..4_200).contains(n)), "{hits:?}");
    }
}
