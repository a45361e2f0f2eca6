//! The lab: a scenario, a seed and a list of timed actions become a running world that can be watched and replayed.
//!
//! It owns the one clock and the one door ([`crate::scenario::Action`]). It knows no file syntax and no screen; readers
//! get snapshots.

mod audit;
mod bounds;
pub mod compare;
mod digest;
pub mod file;
mod resolve;
pub mod session;
pub mod snapshot;
mod view;

pub use digest::fingerprint;
pub use view::{Said, Why};

pub use file::{ReplayError, SessionFile};
pub use resolve::{ActionError, Refused};
pub use session::{Checkpoint, Exhausted, Session};
