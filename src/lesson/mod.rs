//! What somebody is to reach in a run, and whether it is reached: goals, and the functions that they ask.
//!
//! ```text
//!  text ──► goal (CEL: checked against a scenario) ──► judged on a session ──► verdict: each assertion, measured and wanted
//!                │                                            ▲
//!                └── function/ (what may be asked, by name) ──┘
//! ```
//!
//! A goal reads what the simulated tools see; functions that read the truth say so. It changes nothing, and knows no file
//! format and no screen. To add a function, see `function`.

pub mod function;
pub mod goal;

pub use goal::{Assertion, Goal, GoalError, Verdict};
