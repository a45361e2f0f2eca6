//! The lab: a scenario, a seed and a list of timed actions become a running world that can be watched and replayed.
//!
//! It owns the one clock and the one door (`Action`). It knows no file syntax and no screen; readers get snapshots.

pub mod snapshot;
