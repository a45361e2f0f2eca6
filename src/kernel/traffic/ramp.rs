//! Ramp: a straight line from one level to another.

use crate::choice::params;
use crate::units::{SimSpan, SimTime};

params! {
    /// From one level to another.
    pub struct Ramp {
        /// When it begins. Default `"0s"`.
        pub start: SimTime = SimTime::ZERO,
        /// How long it takes. Default `"5m"`.
        pub over: SimSpan = SimSpan::from_secs(300),
        /// Factor before it [1], 0 to 1000. Default 1.
        pub from: f64 = 1.0,
        /// Factor after it [1], 0 to 1000. Default 2.
        pub to: f64 = 2.0,
    }
}

impl Ramp {
    /// See [`super::Shape::piece`].
    pub(super) fn piece(&self, at: u64) -> super::Piece {
        let (start, end) = (self.start.nanos(), (self.start + self.over).nanos());
        if at < start {
            super::Piece { until: start, from: self.from, to: self.from }
        } else if at < end {
            let share = (at - start) as f64 / (end - start) as f64;
            super::Piece { until: end, from: self.from + (self.to - self.from) * share, to: self.to }
        } else {
            super::Piece { until: u64::MAX, from: self.to, to: self.to }
        }
    }
}
