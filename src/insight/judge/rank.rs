//! Two samples compared by ranks: the Mann-Whitney U test, and by how much one is shifted against the other.
//!
//! The shift is the Hodges-Lehmann estimate, the median of all differences between a value of the one and a value of the
//! other; its confidence interval comes from the same differences by the normal approximation of U with a continuity
//! correction of 0.5, and with ties *within* each sample taken into account, as R's `wilcox.test(exact = FALSE,
//! conf.int = TRUE)` and Kayenta's port of it have it. Those search a root numerically; a root can only lie at one of the
//! differences, so it is counted off here, without an error. Sources: Hollander, Wolfe and Chicken, Nonparametric
//! Statistical Methods, chapter 4; Lehmann, Nonparametrics, 1975, for the tie correction.
//!
//! It knows numbers and nothing of canaries.

use std::cmp::Ordering;

use crate::insight::normal;

/// How one sample lies against another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// Hodges-Lehmann estimate of how much larger the first sample is, in the samples' unit.
    pub estimate: f64,
    /// Lower end of the confidence interval of that shift.
    pub lower: f64,
    /// Upper end of it.
    pub upper: f64,
    /// Two-sided p-value of "there is no shift".
    pub p_value: f64,
    /// The share of pairs in which the first sample's value is the larger one, ties counting half [0…1]: the common
    /// language effect size (Vargha and Delaney 2000).
    pub cles: f64,
}

/// Compares `first` with `second` at a confidence level between 0 and 1, such as 0.98. All values must be finite; `None`
/// if a sample is empty.
pub fn compare(first: &[f64], second: &[f64], confidence: f64) -> Option<Shift> {
    if first.is_empty() || second.is_empty() {
        return None;
    }
    let mut differences: Vec<f64> = first.iter().flat_map(|x| second.iter().map(move |y| x - y)).collect();
    differences.sort_unstable_by(f64::total_cmp);
    let (n, m, pairs) = (first.len() as f64, second.len() as f64, differences.len());
    let middle = pairs / 2;
    let estimate = if pairs % 2 == 1 { differences[middle] } else { 0.5 * (differences[middle - 1] + differences[middle]) };

    // For any shift that is no difference, only ties within a sample are left.
    let spread = spread(n, m, ties(first) + ties(second));
    let half = pairs as f64 / 2.0;
    let reach = normal::quantile(0.5 + confidence / 2.0) * spread;
    // So many of the differences lie outside the interval on either side.
    let outside = (half - 0.5 - reach).floor().max(0.0) as usize;
    let (lower, upper) = (differences[outside], differences[pairs - 1 - outside]);

    let above = differences.iter().filter(|difference| **difference > 0.0).count() as f64;
    let level = differences.iter().filter(|difference| **difference == 0.0).count() as f64;
    let u = above + 0.5 * level;
    let pooled: Vec<f64> = first.iter().chain(second).copied().collect();
    let pooled_spread = self::spread(n, m, ties(&pooled));
    let away = ((u - half).abs() - 0.5).max(0.0);
    let p_value = if pooled_spread > 0.0 { normal::two_sided(away / pooled_spread) } else { 1.0 };
    Some(Shift { estimate, lower, upper, p_value, cles: u / pairs as f64 })
}

/// The standard deviation of U for samples of `n` and `m` values, whose tied groups have this sum of t³ − t.
fn spread(n: f64, m: f64, ties: f64) -> f64 {
    let all = n + m;
    (n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)))).max(0.0).sqrt()
}

/// The sum of t³ − t over groups of t equal values.
fn ties(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.chunk_by(|one, two| one.partial_cmp(two) == Some(Ordering::Equal)).map(|group| group.len() as f64).map(|t| t * t * t - t).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTROL: [f64; 15] = [10.0, 11.0, 9.0, 12.0, 10.0, 11.0, 10.0, 9.0, 13.0, 10.0, 11.0, 12.0, 10.0, 9.0, 11.0];

    /// What an independent implementation of R's algorithm gives for these numbers at 98 %.
    #[test]
    fn shifts_and_their_intervals_are_those_of_the_reference() {
        for (factor, estimate, lower, upper) in [(1.5, Some(5.0), 4.0, 6.5), (1.1, None, 0.0, 2.1), (0.6, None, -5.0, -3.4)] {
            let experiment = CONTROL.map(|value| value * factor);
            let shift = compare(&experiment, &CONTROL, 0.98).expect("values");
            assert!((shift.lower - lower).abs() < 1e-12 && (shift.upper - upper).abs() < 1e-12, "{factor}: {shift:?}");
            if let Some(estimate) = estimate {
                assert!((shift.estimate - estimate).abs() < 1e-12, "{factor}: {shift:?}");
            }
        }
    }

    /// Hollander and Wolfe, table 4.1 (diffusion through the chorioamnion): U = 35; the estimate is 0.305 and its 95 %
    /// interval -0.15 to 0.76, as R's packages `stats` and `coin` print them.
    #[test]
    fn the_textbook_example_comes_out() {
        let term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
        let early = [1.15, 0.88, 0.90, 0.74, 1.21];
        let shift = compare(&term, &early, 0.95).expect("values");
        assert!((shift.cles - 35.0 / 50.0).abs() < 1e-12, "{shift:?}");
        // |35 - 25| - 0.5 over sqrt(10·5·16/12).
        assert!((shift.p_value - normal::two_sided(9.5 / (800.0_f64 / 12.0).sqrt())).abs() < 1e-12);
        assert!((shift.estimate - 0.305).abs() < 1e-9, "{shift:?}");
        assert!((shift.lower + 0.15).abs() < 1e-9 && (shift.upper - 0.76).abs() < 1e-9, "{shift:?}");
    }

    #[test]
    fn the_comparison_is_symmetric() {
        let (one, two) = ([1.0, 2.0, 2.0, 5.0, 9.0, 3.0], [0.5, 2.0, 4.0, 4.0]);
        let (there, back) = (compare(&one, &two, 0.9).expect("values"), compare(&two, &one, 0.9).expect("values"));
        assert_eq!((there.lower, there.upper, there.estimate), (-back.upper, -back.lower, -back.estimate));
        assert!((there.p_value - back.p_value).abs() < 1e-15 && (there.cles + back.cles - 1.0).abs() < 1e-15);
    }

    #[test]
    fn few_values_give_the_widest_interval_and_none_give_nothing() {
        let shift = compare(&[3.0, 4.0], &[1.0, 2.0], 0.98).expect("values");
        assert_eq!((shift.lower, shift.upper), (1.0, 3.0), "from the smallest to the largest difference");
        assert_eq!(compare(&[], &[1.0], 0.98), None);
        let tied = compare(&[1.0, 1.0], &[1.0], 0.98).expect("values");
        assert_eq!((tied.estimate, tied.p_value, tied.cles), (0.0, 1.0, 0.5));
    }
}
