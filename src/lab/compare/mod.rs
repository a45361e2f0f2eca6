//! Comparisons: the same change, users and traffic under several deployment strategies, seed by seed.
//!
//! A [`Plan`] says which scenario, which strategies, which seeds and perhaps which parameters are swept; [`run()`] runs its
//! sessions on several threads and hands back an [`Outcome`], which answers what differed by how much. Every seed is run
//! under every strategy, and a request's user, target and service times depend on nothing but the seed, so what differs
//! between two sessions of a seed is due to the strategies (common random numbers). Where the scenario deploys a version
//! that is worse than the one it replaces, each session has a *twin* in which that version is harmless: only there can
//! a rollback be false, and only there is it known how long a deployment takes that nothing stops.
//!
//! What a session was like over time (`curve.rs`) is kept only if the plan asks for it. What follows from an outcome is said by
//! [`conclusions()`], in the reader's language, for reports and the window alike.
//!
//! Results do not depend on the number of threads. Nothing here prints, reads files or knows how a report looks. To measure
//! something new, add it to `measure.rs`.

mod conclusions;
mod curve;
mod measure;
mod outcome;
mod plan;
pub mod quantity;
mod run;
mod truth;

#[cfg(test)]
mod tests;

pub use conclusions::conclusions;
pub use curve::{Curve, Point};
pub use measure::{Measure, Measured, Unit};
pub use outcome::{Cell, Outcome, Spoiled};
pub use plan::{Axis, Named, Note, Plan, PlanError, Sweep, Variant, deploys, labelled, worlds};
pub use run::{Progress, run};
pub use truth::{Nature, Release};

/// Whether sessions run with the versions of the scenario, or with those that are worse made harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// As the scenario says.
    AsItIs,
    /// The twin.
    Harmless,
}
