//! Pipelines: the structure and the execution rules of AWS `CodePipeline`, of type V1 and V2.
//!
//! ```text
//!  definition ──► check ──► Checked ──► Engine ──► what to do (begin, abandon, ask) and what happened
//!  the service's JSON  all mistakes        ▲ started, finished, approved, answered, stopped, retried, due
//! ```
//!
//! An [`execution::Engine`] is a state machine: it is told what happened and when, and says what is to be done. It knows
//! nothing of builds, deployments, people or clocks. Statuses and names are the service's. What the service does not
//! document is decided in the file of its concern, and said there.

mod acting;
mod again;
mod asking;
pub mod check;
mod conditions;
pub mod definition;
pub mod execution;
mod flow;
pub mod limits;
pub mod outcome;
pub mod providers;
mod record;
pub mod rules;
mod stage_lock;
mod stage_run;
pub mod status;
#[cfg(test)]
mod tests;
mod timers;
pub mod variables;
pub mod view;
pub mod window;

pub use conditions::Answer;
