//! Paired differences: by how much one thing differs from another where both were measured under the same conditions.
//!
//! With common random numbers (the same seed, so the same users, arrivals and service times) most of what varies from
//! run to run is the same on both sides and cancels out, so few pairs suffice. The interval is Student's t on the
//! differences: mean ± t(0.975, n − 1) · s/√n (Law, "Simulation Modeling and Analysis", 5th edition, section 10.2.1,
//! the paired-t confidence interval). It supposes that the mean of the differences is about normal, which for counts with
//! a long tail takes some twenty pairs; how many pairs differ in which direction ([`Paired::lower`], [`Paired::higher`])
//! supposes nothing. It knows neither strategies nor seeds.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// Share of intervals that hold the true difference.
pub const CONFIDENCE: f64 = 0.95;

/// Differences of pairs, summed up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paired {
    /// How many pairs there are; at least one.
    pub pairs: usize,
    /// Mean difference.
    pub mean: f64,
    /// How far the confidence interval reaches to either side of the mean; `None` for a single pair.
    pub half_width: Option<f64>,
    /// Pairs whose difference is below zero.
    pub lower: usize,
    /// Pairs whose difference is above zero.
    pub higher: usize,
}

/// Values that differ by less than this are equal: what subtracting nearly equal numbers leaves is dust. A billionth of a
/// second is the unit of simulated time.
const DUST: f64 = 1e-9;

impl Paired {
    /// Sums up by how much the first of each pair differs from the second; `None` without pairs.
    pub fn between(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<Self> {
        let differences: Vec<f64> = pairs.into_iter().map(|(one, other)| ((one - other) / DUST).round() * DUST).collect();
        Self::of(&differences)
    }

    /// Sums up differences; `None` without any. Where all differences are equal, the mean is exactly that difference and
    /// the interval has no width.
    pub fn of(differences: &[f64]) -> Option<Self> {
        let (&first, pairs) = (differences.first()?, differences.len());
        let n = pairs as f64;
        let all_equal = differences.iter().all(|difference| difference.total_cmp(&first).is_eq());
        let mean = if all_equal { first } else { differences.iter().sum::<f64>() / n };
        let half_width = (pairs > 1).then(|| {
            if all_equal {
                return 0.0;
            }
            let variance = differences.iter().map(|difference| (difference - mean).powi(2)).sum::<f64>() / (n - 1.0);
            t_quantile(f64::midpoint(1.0, CONFIDENCE), n - 1.0) * (variance / n).sqrt()
        });
        let lower = differences.iter().filter(|difference| **difference < 0.0).count();
        let higher = differences.iter().filter(|difference| **difference > 0.0).count();
        Some(Self { pairs, mean, half_width, lower, higher })
    }

    /// The confidence interval; `None` for a single pair.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.half_width.map(|half| (self.mean - half, self.mean + half))
    }

    /// Whether the interval leaves zero out: the difference is more than chance. Never of a single pair.
    pub fn excludes_zero(&self) -> bool {
        self.interval().is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    }
}

/// The quantile of Student's t distribution with `freedom` ≥ 1 degrees of freedom.
fn t_quantile(share: f64, freedom: f64) -> f64 {
    // The parameters are constants and counts, which the distribution takes.
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    /// Tables of the t distribution, two-sided 95 %.
    #[test]
    fn the_quantiles_are_those_of_the_tables() {
        for (freedom, quantile) in [(1.0, 12.706), (2.0, 4.303), (4.0, 2.776), (9.0, 2.262), (19.0, 2.093), (30.0, 2.042), (999.0, 1.962)] {
            assert!((t_quantile(0.975, freedom) - quantile).abs() < 6e-4, "{freedom}: {}", t_quantile(0.975, freedom));
        }
    }

    #[test]
    fn what_does_not_differ_differs_by_exactly_zero() {
        let same = Paired::of(&[0.0; 7]).expect("pairs");
        assert_eq!(same, Paired { pairs: 7, mean: 0.0, half_width: Some(0.0), lower: 0, higher: 0 });
        assert!(!same.excludes_zero());
        let shifted = Paired::of(&[0.1; 3]).expect("pairs");
        assert_eq!((shifted.interval(), shifted.excludes_zero(), shifted.higher), (Some((0.1, 0.1)), true, 3), "no rounding makes a width");
    }

    /// The differences of Law's example 10.2 would do as well; these are worked out by hand: mean 3, s² = 2.5, n = 5.
    #[test]
    fn the_interval_is_the_paired_t() {
        let paired = Paired::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).expect("pairs");
        let (low, high) = paired.interval().expect("more than one pair");
        assert!((paired.mean - 3.0).abs() < 1e-12 && (high - low - 2.0 * 2.776_445 * (2.5_f64 / 5.0).sqrt()).abs() < 1e-4, "{low} {high}");
        assert!(paired.excludes_zero() && (paired.lower, paired.higher) == (0, 5));
    }

    #[test]
    fn subtraction_leaves_no_dust() {
        let paired = Paired::between([(0.1 + 0.2, 0.3), (0.7, 0.1 + 0.6), (1_505.1, 1_505.1)]).expect("pairs");
        assert_eq!((paired.mean, paired.half_width, paired.lower, paired.higher), (0.0, Some(0.0), 0, 0));
        let later = Paired::between([(1_505.31, 905.31), (1_506.77, 906.77)]).expect("pairs");
        assert_eq!(later.half_width, Some(0.0), "ten minutes each time");
    }

    #[test]
    fn one_pair_has_no_interval_and_none_is_nothing() {
        let one = Paired::of(&[5.0]).expect("a pair");
        assert_eq!((one.half_width, one.interval(), one.excludes_zero()), (None, None, false));
        assert_eq!(Paired::of(&[]), None);
    }

    #[test]
    fn nineteen_of_twenty_intervals_hold_the_truth() {
        let mut stream = Stream::from_key(5);
        let trials = 2_000;
        let held = (0..trials).filter(|_| {
            // Sums of uniform draws are nearly normal.
            let differences: Vec<f64> = (0..10).map(|_| (0..12).map(|_| stream.uniform()).sum::<f64>() - 5.0).collect();
            Paired::of(&differences).and_then(|paired| paired.interval()).is_some_and(|(low, high)| (low..=high).contains(&1.0))
        });
        let share = held.count() as f64 / f64::from(trials);
        assert!((share - CONFIDENCE).abs() < 0.02, "{share}");
    }
}
