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
