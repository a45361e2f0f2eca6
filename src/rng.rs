//! Named random streams: every draw is a pure function of the seed, a purpose, and who draws it.
//!
//! No generator is shared between entities, so the order in which events happen to run changes no draw: two runs that
//! differ in one policy or one fault still send the same requests with the same service times (common random numbers).
//! A stream is a 64-bit key; deriving a child key and drawing are a multiply and two shifts each. The mixer is the
//! finaliser of `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014), whose output passes `BigCrush` on a counter.
//!
//! To name a new purpose, add a constant to [`purpose`].

use std::convert::Infallible;

use rand::TryRng;

/// The golden-ratio increment of `SplitMix64`; any odd constant with a balanced bit pattern would do.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// An odd constant unrelated to [`GAMMA`] (the fraction of √3), by which draws of one key are told apart.
const SPREAD: u64 = 0xBB67_AE85_84CA_A73B;

/// The purposes for which streams are named: the first coordinate of every key.
pub mod purpose {
    /// Gaps between arrivals of a traffic source.
    pub const ARRIVAL: u64 = 1;
    /// Everything that belongs to one request of a source.
    pub const REQUEST: u64 = 2;
    /// Which entry of a mix, and which user.
    pub const MIX: u64 = 3;
    /// Steps of a script: work, sleep, probability, repeat, cache keys.
    pub const STEP: u64 = 4;
    /// One attempt of a call.
    pub const ATTEMPT: u64 = 5;
    /// Backoff jitter.
    pub const BACKOFF: u64 = 6;
    /// Network latency and loss.
    pub const NETWORK: u64 = 7;
    /// Load balancers' choices.
    pub const BALANCE: u64 = 8;
    /// Errors by version or fault.
    pub const ERROR: u64 = 9;
    /// Which instances a fault selects.
    pub const SELECT: u64 = 10;
    /// Start-up time and start-up failure of an instance.
    pub const START_UP: u64 = 11;
    /// Pauses of an instance.
    pub const PAUSE: u64 = 12;
    /// Think time of a closed-loop user.
    pub const THINK: u64 = 13;
    /// Trace sampling.
    pub const SAMPLE: u64 = 14;
    /// Health probes.
    pub const PROBE: u64 = 15;
    /// Messages of a queue.
    pub const MESSAGE: u64 = 16;
    /// Client-side throttling.
    pub const THROTTLE: u64 = 17;
    /// Items of work, and the defects in them.
    pub const WORK: u64 = 18;
    /// How long people take, and what they notice.
    pub const PEOPLE: u64 = 19;
    /// How much a command of a build takes longer or shorter than usual.
    pub const BUILD_TIME: u64 = 20;
    /// How long each test of a suite takes.
    pub const TEST_TIME: u64 = 21;
    /// Which tests fail in a run although nothing is wrong.
    pub const FLAKE: u64 = 22;
    /// Whether a suite finds a defect.
    pub const DETECT: u64 = 23;
    /// In which order a feature flag reaches its users, and what they make of it.
    pub const FEATURE: u64 = 24;
    /// Which users send a header.
    pub const HEADER: u64 = 25;
    /// Which requests are copied, and their copies.
    pub const MIRROR: u64 = 26;
    /// Test requests of deployments.
    pub const TEST: u64 = 27;
}

/// Scrambles 64 bits: a bijection in which every input bit flips about half of the output bits.
#[inline]
pub const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The key of a stream: derive children by name, draw from it as from any generator of `rand`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream(u64);

impl Stream {
    /// The root of a run's streams.
    pub const fn root(seed: u64) -> Self {
        Self(mix(seed ^ 0x466C_6565_744C_6162))
    }
    /// The stream with this key, as kept in a compact record.
    #[inline]
    pub const fn from_key(key: u64) -> Self {
        Self(key)
    }
    /// The key to keep in a compact record.
    #[inline]
    pub const fn key(self) -> u64 {
        self.0
    }
    /// The child stream for `coordinate` (a purpose, an entity, a request number, a step, an attempt).
    #[inline]
    #[must_use]
    pub const fn child(self, coordinate: u64) -> Self {
        Self(mix(self.0 ^ coordinate.wrapping_add(1).wrapping_mul(GAMMA)))
    }
    /// The stream for a draw at `coordinate`, not to be derived from further: cheaper than [`Self::child`], because the
    /// draw itself does the mixing. Coordinates are spread by an odd constant of their own, so that neighbouring ones do
    /// not meet the steps of a stream that moves on.
    #[inline]
    #[must_use]
    pub const fn at(self, coordinate: u64) -> Self {
        Self(self.0.wrapping_add(coordinate.wrapping_add(1).wrapping_mul(SPREAD)))
    }
    /// The next 64 bits; the stream moves on.
    #[inline]
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }
    /// The next number in [0, 1); the stream moves on.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }
    /// The next whole number in 0…`bound`; the stream moves on. `bound` must not be zero.
    #[inline]
    pub const fn below(&mut self, bound: u32) -> u32 {
        // Multiply-shift: the bias is below bound / 2^64.
        ((self.next() as u128 * bound as u128) >> 64) as u32
    }
    /// Whether an event of probability `p` happens; the stream moves on.
    #[inline]
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }
}

impl TryRng for Stream {
    type Error = Infallible;
    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }
    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_the_name_and_on_nothing_else() {
        let root = Stream::root(42);
        let mut first = root.child(purpose::STEP).child(7);
        let mut again = root.child(purpose::STEP).child(7);
        let mut other = root.child(purpose::STEP).child(8);
        assert_eq!(first.next(), again.next());
        assert_ne!(first.next(), other.next());
    }

    #[test]
    fn neighbouring_streams_are_uncorrelated() {
        let root = Stream::root(1);
        let (mut sum, mut product) = (0.0, 0.0);
        let n = 100_000;
        for i in 0..n {
            let x = root.child(i).uniform() - 0.5;
            let y = root.child(i + 1).uniform() - 0.5;
            sum += x;
            product += x * y;
        }
        // The cheap way to tell draws apart is held to the same.
        let (mut near, mut next) = (0.0, 0.0);
        for i in 0..n {
            let mut stream = root.at(i);
            let x = stream.uniform() - 0.5;
            near += x * (root.at(i + 1).uniform() - 0.5);
            next += x * (stream.uniform() - 0.5);
        }
        for product in [near, next] {
            assert!((product / n as f64).abs() < 4.0 * 0.0833 / (n as f64).sqrt());
        }
        // Standard errors: mean 0.29/sqrt(n), product 0.083/sqrt(n); four of each.
        assert!((sum / n as f64).abs() < 4.0 * 0.2887 / (n as f64).sqrt());
        assert!((product / n as f64).abs() < 4.0 * 0.0833 / (n as f64).sqrt());
    }

    #[test]
    fn below_covers_its_range_evenly() {
        let mut stream = Stream::root(3);
        let mut seen = [0_u32; 7];
        for _ in 0..70_000 {
            seen[stream.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| (9_600..10_400).contains(&n)), "{seen:?}");
    }
}
