//! The normal distribution: probabilities and quantiles, the same on every machine.
//!
//! Built on `libm`'s complementary error function, whose relative error is below 1e-15. It knows no samples and no
//! tests; those are the business of whoever compares something.

use std::f64::consts::SQRT_2;

/// The probability that a standard normal variable is at most `z`.
pub fn cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// The two-sided p-value of a standard normal statistic: how often chance alone goes at least as far as `z`, in either
/// direction.
pub fn two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() / SQRT_2).min(1.0)
}

/// The value below which a standard normal variable lies with probability `p`, 0 < p < 1; infinite at 0 and 1.
///
/// Bisection to the last bit: quantiles are asked for once per comparison, and a rational approximation would be good to
/// nine digits only.
pub fn quantile(p: f64) -> f64 {
    if p.is_nan() {
        return f64::NAN;
    }
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        // The lower tail keeps its digits.
        return -quantile(1.0 - p);
    }
    // Below -39 the probability is smaller than any number.
    let (mut low, mut high) = (-39.0_f64, 0.0_f64);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return high;
        }
        if cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: NIST/SEMATECH e-Handbook and the usual tables, to ten digits.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (p, z) in
            [(0.5, 0.0), (0.8, 0.841_621_233_6), (0.975, 1.959_963_984_5), (0.99, 2.326_347_874_0), (0.995, 2.575_829_303_5), (1e-6, -4.753_424_308_8)]
        {
            assert!((quantile(p) - z).abs() < 1e-9, "{p}: {}", quantile(p));
            assert!((cdf(z) - p).abs() < 1e-9, "{z}: {}", cdf(z));
        }
        assert!((two_sided(1.959_963_984_5) - 0.05).abs() < 1e-9);
        assert_eq!(two_sided(0.0).to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn the_ends_are_infinite() {
        assert_eq!((quantile(0.0), quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(quantile(f64::NAN).is_nan());
    }
}
