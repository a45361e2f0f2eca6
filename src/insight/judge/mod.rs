//! Judges of progressive delivery: whether a new version is worse than the old one, as real tools decide it; one judge a
//! file.
//!
//! Each judge is a pure function or a small state machine with its parameters beside it. It is given numbers or results and
//! gives a verdict; it knows neither where a datapoint comes from nor what a deployment does about the verdict. To add a
//! judge, add a file with its parameters, its source and its tests, and one line here.

pub mod analysis;
pub mod analysis_run;
pub mod condition;
mod expression;
pub mod flagger;
mod functions;
pub mod kayenta;
pub mod probe;
pub mod rank;

#[cfg(test)]
mod kayenta_tests;

pub use functions::Measured;
