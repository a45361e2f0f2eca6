//! Arrival shapes: how a traffic source's rate changes over time. One file per shape.
//!
//! A shape is a factor on the source's base rate, as a function of time that is piecewise linear; arrivals then follow
//! by inverting the integrated rate, so that the same draws give the same users under every shape. To add a shape: a
//! file with its parameters, its breakpoints and its tests, and one line in the registry below.

mod burst;
mod constant;
mod daily;
mod ramp;
mod spike;
mod steps;

pub use burst::Burst;
pub use constant::Constant;
pub use daily::Daily;
pub use ramp::Ramp;
pub use spike::Spike;
pub use steps::Steps;

use crate::choice::choice;

choice! {
    /// How the rate changes over time.
    pub enum Shape {
        /// Short bursts at regular intervals.
        "burst" => Burst(Burst),
        /// The same all the time.
        "constant" => Constant(Constant),
        /// A day with a peak and a quiet night.
        "daily" => Daily(Daily),
        /// From one level to another.
        "ramp" => Ramp(Ramp),
        /// Up for a while.
        "spike" => Spike(Spike),
        /// One level after another.
        "steps" => Steps(Steps),
    }
}

impl Default for Shape {
    fn default() -> Self {
        Self::Constant(Constant {})
    }
}

/// A stretch of time over which a factor is a straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    /// Where the stretch ends [ns].
    until: u64,
    /// The factor where the question was asked.
    from: f64,
    /// The factor just before the end.
    to: f64,
}

impl Shape {
    /// The straight piece that holds at `at` [ns].
    fn piece(&self, at: u64) -> Piece {
        match self {
            Self::Burst(shape) => shape.piece(at),
            Self::Constant(_) => Constant::piece(),
            Self::Daily(shape) => shape.piece(at),
            Self::Ramp(shape) => shape.piece(at),
            Self::Spike(shape) => shape.piece(at),
            Self::Steps(shape) => shape.piece(at),
        }
    }
}

/// Where several shapes multiply, the product of straight lines is drawn straight for at most this long.
const PRODUCT_LINE: u64 = 30 * crate::units::NANOS_PER_SEC;

/// A source's rate over time: the base rate times every shape.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    /// Base rate times the factor that actions put on it [1/s].
    pub(super) rate: f64,
    shapes: Vec<Shape>,
}

impl Profile {
    pub(super) fn new(rate: f64, shapes: &[Shape]) -> Self {
        let shapes = shapes.iter().filter(|shape| !matches!(shape, Shape::Constant(_))).cloned().collect();
        Self { rate, shapes }
    }

    /// Whether the rate never changes by itself.
    pub(super) const fn is_constant(&self) -> bool {
        self.shapes.is_empty()
    }

    fn piece(&self, at: u64) -> Piece {
        let mut product = Piece { until: u64::MAX, from: self.rate, to: self.rate };
        for shape in &self.shapes {
            let piece = shape.piece(at);
            let until = product.until.min(piece.until);
            // Each line is cut at the nearer end before they multiply.
            let cut = |piece: Piece| {
                if piece.until == until { piece.to } else { piece.from + (piece.to - piece.from) * (until - at) as f64 / (piece.until - at) as f64 }
            };
            product = Piece { until, from: product.from * piece.from, to: cut(product) * cut(piece) };
        }
        if self.shapes.len() > 1 && product.until - at > PRODUCT_LINE {
            let until = at + PRODUCT_LINE;
            let share = PRODUCT_LINE as f64 / (product.until - at) as f64;
            product = Piece { until, from: product.from, to: product.from + (product.to - product.from) * share };
        }
        product
    }

    /// When the expected number of arrivals since `at` reaches `exposure`; `u64::MAX` if it never does.
    pub(super) fn after_exposure(&self, mut at: u64, mut exposure: f64) -> u64 {
        loop {
            let Piece { until, from, to } = self.piece(at);
            if until == u64::MAX {
                return if from > 0.0 { at.saturating_add((exposure / from * 1e9) as u64) } else { u64::MAX };
            }
            let span = (until - at) as f64 / 1e9;
            let area = f64::midpoint(from, to) * span;
            if area >= exposure && area > 0.0 {
                // Solve from·x + slope·x²/2 = exposure, in the form that stays exact as the slope goes to zero.
                let slope = (to - from) / span;
                let x = 2.0 * exposure / (from + (from * from + 2.0 * slope * exposure).max(0.0).sqrt());
                return at + ((x * 1e9) as u64).min(until - at);
            }
            exposure -= area;
            at = until;
            if at > crate::units::SimSpan::LONGEST.nanos() {
                return u64::MAX;
            }
        }
    }

    /// The expected number of arrivals between two times.
    pub(super) fn exposure(&self, mut at: u64, end: u64) -> f64 {
        let mut sum = 0.0;
        while at < end {
            let Piece { until, from, to } = self.piece(at);
            let stop = until.min(end);
            let to = from + (to - from) * (stop - at) as f64 / (until - at) as f64;
            sum += f64::midpoint(from, to) * (stop - at) as f64 / 1e9;
            at = stop;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{NANOS_PER_SEC, Ratio, SimSpan, SimTime};

    const S: u64 = NANOS_PER_SEC;

    fn profiles() -> Vec<Profile> {
        let ramp = Shape::Ramp(Ramp { start: SimTime::from_secs(10), over: SimSpan::from_secs(20), from: 0.5, to: 3.0 });
        let spike = Shape::Spike(Spike::default());
        let burst = Shape::Burst(Burst::default());
        let daily = Shape::Daily(Daily::default());
        let levels = vec![steps::Level { at: SimTime::from_secs(30), factor: 0.0 }, steps::Level { at: SimTime::from_secs(50), factor: 4.0 }];
        let steps = Shape::Steps(Steps { levels });
        [
            vec![],
            vec![ramp.clone()],
            vec![spike.clone()],
            vec![burst.clone()],
            vec![daily.clone()],
            vec![steps.clone()],
            vec![daily, spike],
            vec![ramp, burst, steps],
        ]
        .into_iter()
        .map(|shapes| Profile::new(7.0, &shapes))
        .collect()
    }

    #[test]
    fn inverting_the_exposure_gives_back_the_time() {
        for profile in profiles() {
            for (start, exposure) in [(0, 0.5), (3 * S, 20.0), (25 * S, 40.0), (70 * S, 1_000.0), (3_600 * S, 5.0)] {
                let end = profile.after_exposure(start, exposure);
                assert!((profile.exposure(start, end) - exposure).abs() < 1e-6 * exposure, "{profile:?} {start} {exposure}");
            }
        }
    }

    #[test]
    fn a_day_has_the_base_rate_as_its_mean_and_the_peak_at_its_hour() {
        let daily = Daily { swing: Ratio::new(0.6), ..Daily::default() };
        let profile = Profile::new(10.0, &[Shape::Daily(daily)]);
        let mean = profile.exposure(0, 86_400 * S) / 86_400.0;
        assert!((mean - 10.0).abs() < 1e-6, "{mean}");
        assert!((profile.piece(20 * 3_600 * S).from - 16.0).abs() < 1e-9);
        assert!((profile.piece(8 * 3_600 * S).from - 4.0).abs() < 1e-9);
    }

    #[test]
    fn a_rate_that_ends_at_zero_has_no_further_arrival() {
        let silent = Shape::Steps(Steps { levels: vec![steps::Level { at: SimTime::from_secs(1), factor: 0.0 }] });
        assert_eq!(Profile::new(1.0, &[silent]).after_exposure(0, 2.0), u64::MAX);
    }
}
