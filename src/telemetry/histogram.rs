//! Histograms of latencies with a bounded relative error, in three forms for three uses.
//!
//! All share one set of buckets: below 256 ns one per nanosecond, above that 128 per power of two, so that a bucket is at
//! most 1/128 of its lower bound wide (0.78 %). A value's bucket follows from its bits in a few instructions.
//!
//! - [`Tally`]: what the window under way has so far; one addition per value, nothing allocated.
//! - [`Histogram`]: the whole run; all buckets, exact count and sum.
//! - [`super::sparse::Sparse`]: a stored window; only the buckets that are not empty.
//!
//! Nothing here knows what is measured, nor time beyond the nanosecond.

/// Bits of a value that its bucket keeps below the leading one.
const SUB_BITS: u32 = 7;
/// Values from here on count as one nanosecond less [ns]: 73 minutes is beyond any timeout that makes sense.
const LIMIT: u64 = 1 << 42;
/// Number of buckets.
pub const BUCKETS: usize = ((42 - SUB_BITS as usize) << SUB_BITS) + (1 << SUB_BITS);
/// Buckets per chunk: one power of two.
const CHUNK: usize = 1 << SUB_BITS;

/// The bucket of a value [ns].
#[inline]
pub const fn bucket_of(nanos: u64) -> usize {
    let nanos = if nanos < LIMIT { nanos } else { LIMIT - 1 };
    // The leading one of anything below 128 is lifted to bit 7, which makes the shift zero: those buckets are exact.
    let shift = 63 - SUB_BITS - (nanos | 1 << SUB_BITS).leading_zeros();
    ((shift as usize) << SUB_BITS) + (nanos >> shift) as usize
}

/// The smallest value of a bucket [ns]; for the number of buckets, the end of the last one.
#[inline]
pub const fn lower_bound(bucket: usize) -> u64 {
    if bucket < 2 * CHUNK {
        bucket as u64
    } else {
        let shift = (bucket >> SUB_BITS) - 1;
        (((bucket & (CHUNK - 1)) + CHUNK) as u64) << shift
    }
}

/// How far into a sorted sample of `count` the quantile `q` lies: the rank of its value, from 1.
pub(crate) fn rank(q: f64, count: u64) -> u64 {
    ((q.clamp(0.0, 1.0) * count as f64).ceil() as u64).clamp(1, count.max(1))
}

/// A histogram of everything: exact count and sum, quantiles within 0.78 % of a value that occurred.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Counts by bucket; as long as the highest bucket in use needs.
    counts: Vec<u64>,
    count: u64,
    sum: u64,
}

impl Histogram {
    /// Counts one value [ns].
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.add(bucket_of(nanos), 1);
        self.sum += nanos;
    }
    /// Counts `count` values of a bucket; their sum is added by [`Self::add_sum`].
    #[inline]
    pub(crate) fn add(&mut self, bucket: usize, count: u64) {
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += count;
        self.count += count;
    }
    /// Adds to the exact sum of the values [ns].
    #[inline]
    pub(crate) fn add_sum(&mut self, nanos: u64) {
        self.sum += nanos;
    }
    /// Adds everything that another histogram counted.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, &count) in other.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.add(bucket, count);
        }
        self.sum += other.sum;
    }
    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
    /// Number of values.
    pub const fn count(&self) -> u64 {
        self.count
    }
    /// Their exact sum [ns].
    pub const fn sum(&self) -> u64 {
        self.sum
    }
    /// Their exact mean [ns]; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }
    /// The value below or at which a share `q` of all lies [ns], interpolated within its bucket; `None` without values.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.quantile_with_zeros(q, 0)
    }
    /// As [`Self::quantile`], over these values and `zeros` more that are zero.
    pub fn quantile_with_zeros(&self, q: f64, zeros: u64) -> Option<f64> {
        let total = self.count + zeros;
        if total == 0 {
            return None;
        }
        let rank = rank(q, total);
        let mut before = zeros;
        if rank <= before {
            return Some(0.0);
        }
        for (bucket, &count) in self.counts.iter().enumerate() {
            if before + count >= rank {
                let (from, to) = (lower_bound(bucket) as f64, lower_bound(bucket + 1) as f64);
                // A bucket of one nanosecond holds one value, not a range.
                let width = if to - from > 1.0 { to - from } else { 0.0 };
                return Some(from + width * ((rank - before) as f64 - 0.5) / count as f64);
            }
            before += count;
        }
        None
    }
    /// Number of values up to `nanos`, assuming an even spread within its bucket [1].
    pub fn count_at_most(&self, nanos: u64) -> f64 {
        let at = bucket_of(nanos);
        let below: u64 = self.counts.iter().take(at).sum();
        let inside = self.counts.get(at).copied().unwrap_or(0) as f64;
        let (from, to) = (lower_bound(at), lower_bound(at + 1));
        below as f64 + inside * ((nanos.saturating_add(1).min(to) - from) as f64 / (to - from) as f64)
    }
    /// The buckets in use: lower bound, upper bound [ns] and count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(bucket, &count)| (lower_bound(bucket), lower_bound(bucket + 1), count))
    }
}

/// So many values of a window are kept one by one.
const FEW: usize = 16;

/// Counts of the window under way: made for one addition per value.
///
/// The first few are a list, so that what sees few requests a second neither walks its buckets nor keeps them in the cache.
///
/// `SHIFT` halves the resolution that many times, for things so numerous that full resolution would not fit the cache:
/// 0 keeps buckets of 1/128, 3 of 1/16.
#[derive(Debug, Clone)]
pub(crate) struct Tally<const SHIFT: usize> {
    few: [u16; FEW],
    /// How many of them there are.
    listed: u8,
    /// One bit per chunk that has a count beyond those that are listed.
    touched: u64,
    counts: Box<[u32]>,
}

impl<const SHIFT: usize> Default for Tally<SHIFT> {
    fn default() -> Self {
        Self { few: [0; FEW], listed: 0, touched: 0, counts: vec![0; BUCKETS >> SHIFT].into_boxed_slice() }
    }
}

impl<const SHIFT: usize> Tally<SHIFT> {
    /// Counts one value by its bucket.
    #[inline]
    pub(crate) fn bump(&mut self, bucket: usize) {
        if let Some(place) = self.few.get_mut(usize::from(self.listed)) {
            *place = (bucket >> SHIFT) as u16;
            self.listed += 1;
        } else {
            self.count(bucket >> SHIFT);
        }
    }
    #[inline]
    fn count(&mut self, halved: usize) {
        self.counts[halved] += 1;
        self.touched |= 1 << (halved >> (SUB_BITS as usize - SHIFT));
    }
    /// Hands over each (halved) bucket in use with its count, in order, and starts again from nothing.
    pub(crate) fn drain(&mut self, mut take: impl FnMut(usize, u32)) {
        let few = self.few;
        let few = &few[..usize::from(std::mem::take(&mut self.listed))];
        if self.touched == 0 {
            let mut few: [u16; FEW] = std::array::from_fn(|at| few.get(at).copied().unwrap_or(u16::MAX));
            few.sort_unstable();
            few.chunk_by(|a, b| a == b).filter(|same| same[0] != u16::MAX).for_each(|same| take(usize::from(same[0]), same.len() as u32));
            return;
        }
        for halved in few {
            self.count(usize::from(*halved));
        }
        let mut touched = std::mem::take(&mut self.touched);
        while touched != 0 {
            let chunk = touched.trailing_zeros() as usize;
            touched &= touched - 1;
            let width = CHUNK >> SHIFT;
            for (at, count) in self.counts[chunk * width..(chunk + 1) * width].iter_mut().enumerate() {
                if *count > 0 {
                    take(chunk * width + at, std::mem::take(count));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_buckets_are_narrow() {
        let mut value = 0_u64;
        while value < LIMIT {
            let bucket = bucket_of(value);
            let (from, to) = (lower_bound(bucket), lower_bound(bucket + 1));
            assert!(from <= value && value < to, "{value} in {from}..{to}");
            assert!(to - from <= 1 || (to - from) as f64 <= from as f64 / 128.0, "{from}..{to} is wider than 1/128");
            value += 1 + value / 97;
        }
        assert_eq!(bucket_of(LIMIT - 1), BUCKETS - 1);
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_of_an_exponential_are_right_to_a_third_of_a_percent() {
        let mut histogram = Histogram::default();
        let n = 200_000;
        let mean = 10e6;
        for i in 0..n {
            let u = (f64::from(i) + 0.5) / f64::from(n);
            histogram.record((-(1.0 - u).ln() * mean) as u64);
        }
        for q in [0.5, 0.9, 0.95, 0.99, 0.999] {
            let exact = -(1.0_f64 - q).ln() * mean;
            let got = histogram.quantile(q).expect("values");
            assert!((got / exact - 1.0).abs() < 0.003, "p{q}: {got} against {exact}");
        }
        assert!((histogram.mean().expect("values") / mean - 1.0).abs() < 1e-4);
    }

    #[test]
    fn a_tally_hands_over_what_it_counted_whether_it_was_little_or_much() {
        let mut tally = Tally::<3>::default();
        for many in [0_usize, 1, FEW - 1, FEW, FEW + 1, 500] {
            let buckets: Vec<usize> = (0..many).map(|n| n * 97 % 1_000).collect();
            let mut expected = std::collections::BTreeMap::new();
            for bucket in buckets {
                tally.bump(bucket);
                *expected.entry(bucket >> 3).or_insert(0_u32) += 1;
            }
            let mut found = Vec::new();
            tally.drain(|bucket, count| found.push((bucket, count)));
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{many}");
        }
    }

    #[test]
    fn one_repeated_value_is_found_within_the_bound() {
        let mut histogram = Histogram::default();
        (0..1000).for_each(|_| histogram.record(1_800_000_000));
        for q in [0.001, 0.5, 1.0] {
            let got = histogram.quantile(q).expect("values");
            assert!((got / 1.8e9 - 1.0).abs() <= 1.0 / 128.0, "{got}");
        }
        assert_eq!(histogram.mean(), Some(1.8e9));
    }

    #[test]
    fn merging_equals_recording_together() {
        let (mut a, mut b, mut both) = (Histogram::default(), Histogram::default(), Histogram::default());
        for i in 0..5_000_u64 {
            let value = i * i * 37;
            if i % 3 == 0 {
                a.record(value);
            } else {
                b.record(value);
            }
            both.record(value);
        }
        a.merge(&b);
        assert_eq!(a, both);
    }

    #[test]
    fn zeros_count_without_being_stored() {
        let mut histogram = Histogram::default();
        (0..40).for_each(|_| histogram.record(1_000_000));
        assert_eq!(histogram.quantile_with_zeros(0.5, 60), Some(0.0));
        assert!(histogram.quantile_with_zeros(0.61, 60).expect("values") > 990_000.0);
    }

    #[test]
    fn counting_up_to_a_threshold() {
        let mut histogram = Histogram::default();
        (1..=1000_u64).for_each(|ms| histogram.record(ms * 1_000_000));
        let below = histogram.count_at_most(250_000_000);
        assert!((below - 250.0).abs() < 2.0, "{below}");
        assert!((histogram.count_at_most(u64::MAX) - 1000.0).abs() < 1e-9);
        assert!(Histogram::default().count_at_most(5).abs() < 1e-9);
    }

    #[test]
    fn a_drained_tally_is_empty_and_lost_nothing() {
        let mut tally = Tally::<3>::default();
        for value in [1, 500, 1_000_000, 1_000_001, u64::MAX] {
            tally.bump(bucket_of(value));
        }
        let mut seen = Vec::new();
        tally.drain(|bucket, count| seen.push((bucket, count)));
        assert_eq!(seen.iter().map(|(_, count)| count).sum::<u32>(), 5);
        assert!(seen.is_sorted());
        tally.drain(|_, _| panic!("it was emptied"));
    }
}
