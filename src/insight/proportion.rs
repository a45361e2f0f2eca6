//! A share of trials, and between which bounds the true share lies.
//!
//! The interval is Wilson's score interval (Wilson 1927; Brown, Cai and `DasGupta` 2001 recommend it for few trials): unlike
//! p ± z·√(p(1−p)/n) it keeps a width when all trials came out alike, so that 20 of 20 does not read as certainty. It
//! knows nothing of what was tried.

/// The 97.5 % quantile of the normal distribution, for intervals that hold the truth in 95 % of cases.
const Z: f64 = 1.959_963_984_540_054;

/// How many of some trials came out in one way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    /// How many did.
    pub hits: usize,
    /// Of how many; at least one.
    pub trials: usize,
    /// The share, 0…1.
    pub share: f64,
    /// Lower bound of the 95 % interval, 0…1.
    pub low: f64,
    /// Upper bound of the 95 % interval, 0…1.
    pub high: f64,
}

impl Proportion {
    /// Of `hits` among `trials`; `None` without trials.
    pub fn of(hits: usize, trials: usize) -> Option<Self> {
        if trials == 0 {
            return None;
        }
        let (n, share) = (trials as f64, hits as f64 / trials as f64);
        let shrink = 1.0 + Z * Z / n;
        let centre = (share + Z * Z / (2.0 * n)) / shrink;
        let half = Z / shrink * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        // At the ends rounding must not leave the range, nor the end itself.
        let low = if hits == 0 { 0.0 } else { (centre - half).max(0.0) };
        let high = if hits == trials { 1.0 } else { (centre + half).min(1.0) };
        Some(Self { hits, trials, share, low, high })
    }

    /// The 95 % interval of this share less another one, of trials that have nothing to do with each other (Newcombe 1998, hybrid
    /// score interval).
    pub fn less(&self, other: &Self) -> (f64, f64) {
        let difference = self.share - other.share;
        let far = |one: f64, another: f64| one.hypot(another);
        (difference - far(self.share - self.low, other.high - other.share), difference + far(self.high - self.share, other.share - other.low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brown, Cai and `DasGupta`'s formula by hand: 8 of 10, none of 20, all of 20.
    #[test]
    fn the_bounds_are_wilsons() {
        for (hits, trials, low, high) in [(8, 10, 0.490_2, 0.943_3), (0, 20, 0.0, 0.161_1), (20, 20, 0.838_9, 1.0), (1, 1, 0.206_5, 1.0)] {
            let proportion = Proportion::of(hits, trials).expect("trials");
            assert!((proportion.low - low).abs() < 1e-4 && (proportion.high - high).abs() < 1e-4, "{hits} of {trials}: {proportion:?}");
        }
        assert_eq!(Proportion::of(0, 0), None);
    }

    /// Newcombe's own examples (Statistics in Medicine 17, 1998, table II, method 10): 56 of 70 against 48 of 80, 9 of 10 against 3
    /// of 10, and none of 20 against none of 10.
    #[test]
    fn the_bounds_of_a_difference_are_newcombes() {
        for (one, other, low, high) in [((56, 70), (48, 80), 0.052_4, 0.333_9), ((9, 10), (3, 10), 0.170_5, 0.809_0), ((0, 20), (0, 10), -0.277_5, 0.161_1)] {
            let [one, other] = [one, other].map(|(hits, trials)| Proportion::of(hits, trials).expect("trials"));
            let (least, most) = one.less(&other);
            assert!((least - low).abs() < 1e-4 && (most - high).abs() < 1e-4, "{least} {most}");
        }
    }
}
