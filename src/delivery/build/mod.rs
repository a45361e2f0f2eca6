//! Builds: what a build specification costs in simulated time, and what becomes of a build.
//!
//! ```text
//!  spec (what to do) ──► plan ──► shell ──► command ──► cost ──► timeline (phases, commands, log)
//!                         ▲         │ script (which commands run)
//!  project, touched ──► cache       └──► findings (what a command finds: decided elsewhere)
//!  batch (one build as several)
//! ```
//!
//! Commands are never run. Each is recognised by `command`, one family of tools a file, and costs core-seconds, transfers
//! and waiting by the model in `cost`; caches spare what a change did not touch. Nothing here knows files, pipelines, or
//! what is wrong with a change. To add a tool, add it to its family in `command/`; to add a parameter of the model, to
//! `cost`.

pub mod batch;
pub mod cache;
pub mod command;
pub mod cost;
pub mod findings;
pub mod machine;
pub mod plan;
pub mod project;
pub mod script;
mod shell;
pub mod spec;
pub mod timeline;

#[cfg(test)]
mod tests;
