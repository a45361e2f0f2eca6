//! Steps: one level after another, each held until the next begins.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choice::params;
use crate::units::SimTime;

/// One level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// When it begins.
    pub at: SimTime,
    /// Factor from then on [1], 0 to 1000.
    pub factor: f64,
}

params! {
    /// One level after another; before the first the factor is 1.
    pub struct Steps {
        /// The levels, in order of time.
        pub levels: Vec<Level> = Vec::new(),
    }
}

impl Steps {
    /// See [`super::Shape::piece`].
    pub(super) fn piece(&self, at: u64) -> super::Piece {
        let next = self.levels.partition_point(|level| level.at.nanos() <= at);
        let factor = if next == 0 { 1.0 } else { self.levels[next - 1].factor };
        super::Piece { until: self.levels.get(next).map_or(u64::MAX, |level| level.at.nanos()), from: factor, to: factor }
    }
}
