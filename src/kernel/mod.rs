//! The event core: requests flowing through instances, in simulated time.
//!
//! The data plane: millions of short-lived rows, one clock, integer time. It knows no entities, no files and no screen;
//! it takes a [`model::Model`] and [`command::Command`]s and hands out [`record`]s and [`command::Notice`]s.

pub mod balance;
pub mod command;
pub mod dist;
pub mod model;
pub mod outcome;
pub mod record;
pub mod resilience;
pub mod traffic;
