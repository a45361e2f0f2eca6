//! A/B tests: which of two variants converts better, how many people that takes to see, and why nobody may peek.
//!
//! | question | answer |
//! |---|---|
//! | does it differ | two-proportion z-test, pooled; its interval unpooled ([`compare`]) |
//! | how many people | the usual normal formula ([`people_per_arm`]), as R's `power.prop.test` has it |
//! | what does looking often cost | [`false_positive_rate`]: at the 5 % level 5 % once, 14 % at 5 looks, 19 % at 10 |
//! | how to look often all the same | a stricter level planned for it ([`level_for`], Pocock 1977), or p-values that are valid at any time ([`AlwaysValid`]) |
//!
//! Whoever stops at the first "significant" look tests many times and reports once. Armitage, `McPherson` and Rowe (Repeated
//! significance tests on accumulating data, JRSS A 132, 1969) computed what that does; Johari, Pekelis and Walsh (Always valid
//! inference, 2015) describe the mixture sequential probability ratio test that does not mind. It knows counts, not who
//! was shown what.

use super::normal;

/// Most looks for which the price of peeking is computed.
pub const MOST_LOOKS: u32 = 200;

/// What a variant achieved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arm {
    /// People who were shown it.
    pub shown: u64,
    /// Those of them who converted.
    pub converted: u64,
}

impl Arm {
    /// Share of those who converted [0…1]; 0 if nobody was shown it.
    pub fn rate(&self) -> f64 {
        if self.shown == 0 { 0.0 } else { self.converted as f64 / self.shown as f64 }
    }

    /// The variance of that share.
    fn variance(&self) -> f64 {
        self.rate() * (1.0 - self.rate()) / self.shown as f64
    }
}

/// Two variants compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// By how much the second converts better [share].
    pub difference: f64,
    /// Lower end of the confidence interval of that difference.
    pub lower: f64,
    /// Upper end of it.
    pub upper: f64,
    /// The test's statistic: standard errors from "no difference".
    pub z: f64,
    /// Two-sided p-value of "no difference".
    pub p_value: f64,
}

/// Compares two variants at a confidence level such as 0.95; `None` if one of them was shown to nobody. For one look that was
/// planned beforehand.
pub fn compare(first: Arm, second: Arm, confidence: f64) -> Option<Comparison> {
    if first.shown == 0 || second.shown == 0 {
        return None;
    }
    let difference = second.rate() - first.rate();
    let (n, m) = (first.shown as f64, second.shown as f64);
    let pooled = (first.converted + second.converted) as f64 / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    let z = if error > 0.0 { difference / error } else { 0.0 };
    let reach = normal::quantile(0.5 + confidence / 2.0) * (first.variance() + second.variance()).sqrt();
    Some(Comparison { difference, lower: difference - reach, upper: difference + reach, z, p_value: normal::two_sided(z) })
}

/// The chance to find a difference between the conversion rates `first` and `second` with so many people in each arm, at
/// a significance level such as 0.05 (two-sided).
pub fn power(first: f64, second: f64, people: f64, level: f64) -> f64 {
    let (null, spread) = spreads(first, second);
    normal::cdf((people.sqrt() * (second - first).abs() - normal::quantile(1.0 - level / 2.0) * null) / spread)
}

/// How many people each arm needs to find a difference between the conversion rates `first` and `second` with a chance such
/// as 0.8, at a significance level such as 0.05 (two-sided); infinite if there is none.
pub fn people_per_arm(first: f64, second: f64, chance: f64, level: f64) -> f64 {
    let (null, spread) = spreads(first, second);
    let reach = normal::quantile(1.0 - level / 2.0) * null + normal::quantile(chance) * spread;
    (reach / (second - first)).powi(2)
}

/// Standard deviation of the difference for one person in each arm, if both are alike and as they are.
fn spreads(first: f64, second: f64) -> (f64, f64) {
    let mean = f64::midpoint(first, second);
    ((2.0 * mean * (1.0 - mean)).sqrt(), (first * (1.0 - first) + second * (1.0 - second)).sqrt())
}

/// How often a test of two variants that are alike says "significant" at one of `looks` equally spaced looks, if each is done
/// at a two-sided `level`, such as 0.05: the price of peeking.
///
/// The sums of a random walk are followed from look to look while they stay within the bounds (the recursion of Armitage,
/// `McPherson` and Rowe 1969), integrated by Simpson's rule. More than [`MOST_LOOKS`] count as that many.
pub fn false_positive_rate(looks: u32, level: f64) -> f64 {
    let z = normal::quantile(1.0 - level / 2.0);
    let density = |x: f64| libm::exp(-0.5 * x * x) / (2.0 * std::f64::consts::PI).sqrt();
    // The density of the sum after a look, on a grid, times Simpson's weights.
    let mut walk: Vec<(f64, f64)> = vec![(0.0, 1.0)];
    for look in 1..=looks.min(MOST_LOOKS) {
        let bound = z * f64::from(look).sqrt();
        // Steps of a tenth of a standard deviation: the error is below 1e-5.
        let steps = ((bound * 20.0).ceil() as usize).next_multiple_of(2).max(2);
        let width = 2.0 * bound / steps as f64;
        walk = (0..=steps)
            .map(|step| {
                let sum = step as f64 * width - bound;
                let simpson = match step {
                    0 => 1.0,
                    _ if step == steps => 1.0,
                    _ if step % 2 == 1 => 4.0,
                    _ => 2.0,
                };
                let here: f64 = walk.iter().map(|(before, weight)| weight * density(sum - before)).sum();
                (sum, here * simpson * width / 3.0)
            })
            .collect();
    }
    1.0 - walk.iter().map(|(_, weight)| weight).sum::<f64>()
}

/// The two-sided level at which each of `looks` looks must be done so that all together say "significant" in `overall` of the
/// cases without a difference (Pocock 1977): 0.0158 for five looks and 5 %.
pub fn level_for(looks: u32, overall: f64) -> f64 {
    let (mut low, mut high) = (overall / f64::from(looks.max(1)), overall);
    for _ in 0..30 {
        let middle = f64::midpoint(low, high);
        if false_positive_rate(looks, middle) > overall {
            high = middle;
        } else {
            low = middle;
        }
    }
    f64::midpoint(low, high)
}

/// A p-value that may be looked at whenever one likes: the mixture sequential probability ratio test.
///
/// It asks how much likelier the counts are under differences drawn from a normal distribution than under none. However
/// often one looks, it falls below a level in at most that share of the cases without a difference; the price is that a
/// difference is found somewhat later than by one planned look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlwaysValid {
    /// Standard deviation of the differences one expects [share].
    spread: f64,
    p_value: f64,
}

impl AlwaysValid {
    /// For differences of about `expected`, such as 0.02 for two points.
    pub const fn new(expected: f64) -> Self {
        Self { spread: expected, p_value: 1.0 }
    }

    /// Looks at the counts so far; returns the p-value, which never rises.
    pub fn look(&mut self, first: Arm, second: Arm) -> f64 {
        let variance = first.variance() + second.variance();
        // Without a conversion, or without anybody, there is no variance to speak of.
        if variance > 0.0 {
            let difference = second.rate() - first.rate();
            let (prior, all) = (self.spread * self.spread, variance + self.spread * self.spread);
            let ratio = (variance / all).sqrt() * libm::exp(prior * difference * difference / (2.0 * variance * all));
            self.p_value = self.p_value.min(1.0 / ratio);
        }
        self.p_value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    const fn arm(shown: u64, converted: u64) -> Arm {
        Arm { shown, converted }
    }

    /// By hand: 100 and 130 of 1,000 each; pooled 0.115, error sqrt(0.115·0.885·0.002) = 0.014267.
    #[test]
    fn two_proportions_are_compared_as_in_a_textbook() {
        let comparison = compare(arm(1_000, 100), arm(1_000, 130), 0.95).expect("people");
        assert!((comparison.difference - 0.03).abs() < 1e-12 && (comparison.z - 2.102_741).abs() < 1e-6, "{comparison:?}");
        assert!((comparison.p_value - 0.035_488).abs() < 1e-6, "{comparison:?}");
        // Unpooled: sqrt(0.1·0.9/1000 + 0.13·0.87/1000) = 0.0142513.
        assert!((comparison.lower - 0.002_067_9).abs() < 1e-6 && (comparison.upper - 0.057_932_1).abs() < 1e-6, "{comparison:?}");
        assert_eq!(compare(arm(0, 0), arm(10, 1), 0.95), None);
        assert!((compare(arm(10, 0), arm(10, 0), 0.95).expect("people").p_value - 1.0).abs() < 1e-12, "nobody converted anywhere");
    }

    /// The examples of R's `power.prop.test`: 76.7 people for 0.5 against 0.75 with 90 %; with 50 people 74.0 %.
    #[test]
    fn sample_sizes_are_those_of_r() {
        assert!((people_per_arm(0.5, 0.75, 0.9, 0.05) - 76.7).abs() < 0.05);
        assert!((power(0.5, 0.75, 50.0, 0.05) - 0.740).abs() < 0.0005);
        assert!((people_per_arm(0.10, 0.12, 0.8, 0.05) - 3_840.847).abs() < 0.01);
        let people = people_per_arm(0.10, 0.12, 0.8, 0.05);
        assert!((power(0.10, 0.12, people, 0.05) - 0.8).abs() < 1e-9, "one is the inverse of the other");
        assert!(people_per_arm(0.1, 0.1, 0.8, 0.05).is_infinite());
    }

    /// Armitage, `McPherson` and Rowe 1969, table 2, to three digits.
    #[test]
    fn the_price_of_peeking_is_the_published_one() {
        for (looks, published) in [(1, 0.05), (2, 0.083), (3, 0.107), (4, 0.126), (5, 0.142), (10, 0.193), (20, 0.248), (50, 0.320)] {
            let rate = false_positive_rate(looks, 0.05);
            assert!((rate - published).abs() < 0.0006, "{looks} looks: {rate}");
        }
        assert!((false_positive_rate(1, 0.01) - 0.01).abs() < 1e-6);
    }

    /// Pocock 1977, nominal levels for an overall 5 %.
    #[test]
    fn levels_for_planned_looks_are_the_published_ones() {
        for (looks, published) in [(1, 0.05), (2, 0.0294), (3, 0.0221), (4, 0.0182), (5, 0.0158), (10, 0.0106)] {
            let level = level_for(looks, 0.05);
            assert!((level - published).abs() < 0.000_06, "{looks} looks: {level}");
        }
    }

    /// Runs experiments with `looks` looks after every 1,000 people per arm; returns the share in which `says` was ever true.
    fn ever(rates: (f64, f64), looks: u64, mut says: impl FnMut(bool, Arm, Arm) -> bool) -> f64 {
        const ROUNDS: u64 = 2_000;
        let found = (0..ROUNDS).filter(|round| {
            let mut streams = [0, 1].map(|of| Stream::root(7).child(looks).child(*round).child(of));
            let mut arms = [arm(0, 0); 2];
            (0..looks).any(|look| {
                for (arm, (stream, rate)) in arms.iter_mut().zip(streams.iter_mut().zip([rates.0, rates.1])) {
                    arm.shown += 1_000;
                    arm.converted += (0..1_000).filter(|_| stream.chance(rate)).count() as u64;
                }
                says(look == 0, arms[0], arms[1])
            })
        });
        found.count() as f64 / ROUNDS as f64
    }

    /// Four standard errors of a share that is estimated from 2,000 experiments.
    fn tolerance(share: f64) -> f64 {
        4.0 * (share * (1.0 - share) / 2_000.0_f64).sqrt()
    }

    #[test]
    fn who_peeks_finds_what_is_not_there() {
        for (looks, expected) in [(1, 0.05), (5, 0.142), (10, 0.193)] {
            let found = ever((0.1, 0.1), looks, |_, first, second| compare(first, second, 0.95).is_some_and(|comparison| comparison.p_value < 0.05));
            assert!((found - expected).abs() < tolerance(expected), "{looks} looks: {found}");
        }
        let level = level_for(10, 0.05);
        let found = ever((0.1, 0.1), 10, |_, first, second| compare(first, second, 0.95).is_some_and(|comparison| comparison.p_value < level));
        assert!((found - 0.05).abs() < tolerance(0.05), "ten planned looks: {found}");
    }

    #[test]
    fn an_always_valid_p_value_may_be_looked_at_whenever_one_likes() {
        let mut test = AlwaysValid::new(0.02);
        let mut says = |begins: bool, first, second| {
            if begins {
                test = AlwaysValid::new(0.02);
            }
            test.look(first, second) < 0.05
        };
        let wrong = ever((0.1, 0.1), 20, &mut says);
        assert!(wrong <= 0.05 + tolerance(0.05), "{wrong} of experiments without a difference");
        let right = ever((0.1, 0.12), 20, &mut says);
        assert!(right > 0.95, "{right} of experiments with two points of difference");
    }

    #[test]
    fn an_always_valid_p_value_never_rises() {
        let mut test = AlwaysValid::new(0.02);
        assert_eq!(test.look(arm(0, 0), arm(0, 0)).to_bits(), 1.0_f64.to_bits());
        let low = test.look(arm(5_000, 500), arm(5_000, 650));
        assert!(low < 0.01, "{low}");
        assert_eq!(test.look(arm(6_000, 700), arm(6_000, 700)).to_bits(), low.to_bits());
    }
}
