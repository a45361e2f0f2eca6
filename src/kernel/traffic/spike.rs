//! Spike: a higher level for a while, then the base rate again.

use crate::choice::params;
use crate::units::{SimSpan, SimTime};

params! {
    /// Up for a while.
    pub struct Spike {
        /// When it begins. Default `"60s"`.
        pub start: SimTime = SimTime::from_secs(60),
        /// How long it lasts. Default `"60s"`.
        pub lasts: SimSpan = SimSpan::from_secs(60),
        /// Factor during the spike [1], 0 to 1000. Default 3.
        pub factor: f64 = 3.0,
    }
}

impl Spike {
    /// See [`super::Shape::piece`].
    pub(super) fn piece(&self, at: u64) -> super::Piece {
        let (start, end) = (self.start.nanos(), (self.start + self.lasts).nanos());
        if at < start {
            super::Piece { until: start, from: 1.0, to: 1.0 }
        } else if at < end {
            super::Piece { until: end, from: self.factor, to: self.factor }
        } else {
            super::Piece { until: u64::MAX, from: 1.0, to: 1.0 }
        }
    }
}
