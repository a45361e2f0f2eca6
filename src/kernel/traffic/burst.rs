//! Burst: short bursts at regular intervals, such as clients that align on the full minute.

use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// Short bursts at regular intervals; between them the factor is 1.
    pub struct Burst {
        /// From one burst to the next. Default `"60s"`.
        pub every: SimSpan = SimSpan::from_secs(60),
        /// How long a burst lasts. Default `"5s"`.
        pub lasts: SimSpan = SimSpan::from_secs(5),
        /// Factor during a burst [1], 0 to 1000. Default 5.
        pub factor: f64 = 5.0,
    }
}

impl Burst {
    /// See [`super::Shape::piece`].
    pub(super) fn piece(&self, at: u64) -> super::Piece {
        let every = self.every.nanos().max(1);
        let start = at / every * every;
        let end = start + self.lasts.nanos().min(every);
        if at < end { super::Piece { until: end, from: self.factor, to: self.factor } } else { super::Piece { until: start + every, from: 1.0, to: 1.0 } }
    }
}
