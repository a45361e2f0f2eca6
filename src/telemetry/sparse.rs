//! The stored form of a window's histogram: the buckets in use, two bytes each as a rule.
//!
//! It is written once, merged when windows are rolled up, and read for quantiles. It keeps counts only: exact sums stand
//! beside it in the window. Resolution is halved from the run's histogram (1/64 of the lower bound for services, edges
//! and users, 1/16 for single instances), and quantiles answer a bucket's middle, so their relative error is at most
//! 0.78 % (instances: 3.1 %).

use smallvec::SmallVec;

use super::histogram::{Histogram, lower_bound, rank};

/// Halvings of resolution for windows of services, versions, edges and sources.
pub(crate) const FINE: u8 = 1;
/// Halvings of resolution for windows of single instances.
pub(crate) const COARSE: u8 = 3;

/// A histogram of one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sparse {
    /// Pairs of (distance from the bucket before, count), as variable-length integers. A dozen fit without a heap block.
    bytes: SmallVec<[u8; 32]>,
    shift: u8,
}

impl Default for Sparse {
    fn default() -> Self {
        Self { bytes: SmallVec::new(), shift: FINE }
    }
}

/// Writes a [`Sparse`], bucket by bucket in rising order.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    at: usize,
    pending: u64,
}

impl Writer {
    /// Adds to a bucket, which must not lie below the one before.
    pub(crate) fn add(&mut self, bucket: usize, count: u64) {
        if self.pending > 0 && bucket != self.at {
            let count = std::mem::take(&mut self.pending);
            push(&mut self.bytes, count);
        }
        if self.pending == 0 {
            push(&mut self.bytes, (bucket - self.at) as u64);
            self.at = bucket;
        }
        self.pending += count;
    }
    /// The histogram; the writer keeps its buffer for the next one.
    pub(crate) fn finish(&mut self, shift: u8) -> Sparse {
        if self.pending > 0 {
            push(&mut self.bytes, self.pending);
        }
        let bytes = SmallVec::from_slice(&self.bytes);
        self.bytes.clear();
        (self.at, self.pending) = (0, 0);
        Sparse { bytes, shift }
    }
}

/// Writes an integer, seven bits a byte, lowest first.
fn push(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Reads what [`push`] wrote.
fn pop(bytes: &mut &[u8]) -> Option<u64> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(value);
        }
        shift += 7;
    }
}

impl Sparse {
    /// The buckets in use and their counts, in rising order, at resolution `shift`.
    pub(crate) fn iter(&self, shift: u8) -> impl Iterator<Item = (usize, u64)> {
        let (mut bytes, mut at) = (&*self.bytes, 0);
        let coarsen = shift - self.shift;
        std::iter::from_fn(move || {
            at += pop(&mut bytes)? as usize;
            Some((at >> coarsen, pop(&mut bytes)?))
        })
    }
    /// This and another histogram together.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        if other.bytes.is_empty() {
            return self.clone();
        }
        if self.bytes.is_empty() {
            return other.clone();
        }
        let shift = self.shift.max(other.shift);
        let (mut a, mut b) = (self.iter(shift).peekable(), other.iter(shift).peekable());
        let mut writer = Writer { bytes: Vec::with_capacity(self.bytes.len() + other.bytes.len()), ..Writer::default() };
        loop {
            let from_a = match (a.peek(), b.peek()) {
                (Some((x, _)), Some((y, _))) => x <= y,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => break,
            };
            if let Some((bucket, count)) = if from_a { a.next() } else { b.next() } {
                writer.add(bucket, count);
            }
        }
        writer.finish(shift)
    }
    /// Number of values.
    pub fn count(&self) -> u64 {
        self.iter(self.shift).map(|(_, count)| count).sum()
    }
    /// Values [ns] at several quantiles in rising order, in one pass; `None` without values.
    pub fn quantiles<const N: usize>(&self, qs: [f64; N]) -> Option<[f64; N]> {
        debug_assert!(qs.is_sorted(), "quantiles are asked for in rising order");
        let total = self.count();
        if total == 0 {
            return None;
        }
        let mut found = [0.0; N];
        let (mut next, mut before) = (0, 0);
        for (bucket, count) in self.iter(self.shift) {
            before += count;
            while next < N && rank(qs[next], total) <= before {
                found[next] = self.middle(bucket);
                next += 1;
            }
        }
        Some(found)
    }
    /// The value at one quantile [ns]; `None` without values.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.quantiles([q]).map(|[value]| value)
    }
    /// Number of values up to `nanos`, to the resolution of a bucket [1].
    pub fn count_at_most(&self, nanos: u64) -> f64 {
        let mut sum = 0.0;
        for (bucket, count) in self.iter(self.shift) {
            let (from, to) = self.bounds(bucket);
            if to <= nanos {
                sum += count as f64;
            } else if from <= nanos {
                sum += count as f64 * ((nanos.saturating_add(1) - from) as f64 / (to - from) as f64).min(1.0);
            } else {
                break;
            }
        }
        sum
    }
    /// The buckets in use: lower bound, upper bound [ns] and count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.iter(self.shift).map(|(bucket, count)| {
            let (from, to) = self.bounds(bucket);
            (from, to, count)
        })
    }
    /// Adds the counts to a histogram at its own, finer resolution: each at its bucket's middle. Sums are not added.
    pub fn add_to(&self, histogram: &mut Histogram) {
        for (bucket, count) in self.iter(self.shift) {
            histogram.add(super::histogram::bucket_of(self.middle(bucket) as u64), count);
        }
    }
    /// Halvings of its resolution.
    pub(crate) const fn shift(&self) -> u8 {
        self.shift
    }
    /// Bytes that it takes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        if self.bytes.spilled() { self.bytes.capacity() } else { 0 }
    }
    fn bounds(&self, bucket: usize) -> (u64, u64) {
        (lower_bound(bucket << self.shift), lower_bound((bucket + 1) << self.shift))
    }
    fn middle(&self, bucket: usize) -> f64 {
        let (from, to) = self.bounds(bucket);
        // The first bucket is mostly what took no time at all.
        if to - from <= 1 || from == 0 { from as f64 } else { (from + to) as f64 / 2.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::histogram::{Tally, bucket_of};
    use super::*;

    fn sparse(values: &[u64], shift: u8) -> Sparse {
        let mut tally = Tally::<0>::default();
        for &value in values {
            tally.bump(bucket_of(value));
        }
        let mut writer = Writer::default();
        tally.drain(|bucket, count| writer.add(bucket >> shift, u64::from(count)));
        writer.finish(shift)
    }

    #[test]
    fn quantiles_stay_within_the_documented_error() {
        for (shift, bound) in [(FINE, 1.0 / 128.0), (COARSE, 1.0 / 32.0)] {
            let mut value = 1_000_u64;
            while value < 1 << 41 {
                let got = sparse(&[value], shift).quantile(0.5).expect("a value");
                assert!((got / value as f64 - 1.0).abs() <= bound, "{got} for {value} at {shift}");
                value += value / 53;
            }
        }
    }

    #[test]
    fn no_time_at_all_is_none() {
        assert_eq!([FINE, COARSE].map(|shift| sparse(&[0, 0, 5_000], shift).quantile(0.5)), [Some(0.0); 2]);
    }

    #[test]
    fn merging_equals_recording_together() {
        let values: Vec<u64> = (0..3_000).map(|i| i * i * 1_013).collect();
        let (left, right) = values.split_at(1_100);
        assert_eq!(sparse(left, FINE).merged(&sparse(right, FINE)), sparse(&values, FINE));
        assert_eq!(sparse(left, FINE).merged(&sparse(right, COARSE)), sparse(&values, COARSE));
        assert_eq!(Sparse::default().merged(&sparse(&values, FINE)), sparse(&values, FINE));
        assert_eq!(sparse(&values, FINE).count(), 3_000);
    }

    #[test]
    fn an_empty_one_has_no_quantiles() {
        assert_eq!(Sparse::default().quantile(0.99), None);
        assert_eq!(Sparse::default().count(), 0);
    }

    #[test]
    fn several_quantiles_in_one_pass_are_the_single_ones() {
        let one = sparse(&(1..=1_000).map(|ms| ms * 1_000_000).collect::<Vec<_>>(), FINE);
        let [p50, p90, p99] = one.quantiles([0.5, 0.9, 0.99]).expect("values");
        assert_eq!([Some(p50), Some(p90), Some(p99)], [one.quantile(0.5), one.quantile(0.9), one.quantile(0.99)]);
        assert!((p90 / 900e6 - 1.0).abs() < 0.01, "{p90}");
        assert!((one.count_at_most(900_000_000) - 900.0).abs() < 10.0);
    }
}
