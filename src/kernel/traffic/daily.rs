//! Daily: a sinusoid over the day, with its peak at a chosen hour; the mean over a day is the base rate.

use crate::choice::params;
use crate::units::{Ratio, SimSpan};

params! {
    /// A day with a peak and a quiet night.
    pub struct Daily {
        /// Time of day of the peak. Default `"20h"`: the evening peak of a shop.
        pub peak: SimSpan = SimSpan::from_secs(20 * 3_600),
        /// How far the rate swings about its mean (0 to 1). Default 0.6: the peak is 1.6×, the trough 0.4× the mean.
        pub swing: Ratio = Ratio::new(0.6),
        /// Time of day at which the simulation starts. Default `"0s"`: midnight.
        pub starts_at: SimSpan = SimSpan::ZERO,
    }
}

/// The sinusoid is drawn with straight lines of a quarter of an hour: off by at most 0.06 % of the swing.
const LINE: u64 = 900 * crate::units::NANOS_PER_SEC;
const DAY: u64 = 86_400 * crate::units::NANOS_PER_SEC;

impl Daily {
    /// See [`super::Shape::piece`].
    pub(super) fn piece(&self, at: u64) -> super::Piece {
        let start = at / LINE * LINE;
        let (low, high) = (self.level(start), self.level(start + LINE));
        let share = (at - start) as f64 / LINE as f64;
        super::Piece { until: start + LINE, from: low + (high - low) * share, to: high }
    }

    /// The sinusoid itself.
    fn level(&self, at: u64) -> f64 {
        let from_peak = (at % DAY + self.starts_at.nanos() % DAY + DAY - self.peak.nanos() % DAY) % DAY;
        1.0 + self.swing.get() * libm::cos(std::f64::consts::TAU * from_peak as f64 / DAY as f64)
    }
}
