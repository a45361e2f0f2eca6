//! Argo Rollouts' strategies: the `canary` with its steps, and `blueGreen`.
//!
//! `canary` and `blue_green` hold the parameters; `rollout` is the canary's state machine, with its arithmetic in `replicas`
//! and `counts`. A kind of step is added in `steps`.

#[cfg(test)]
mod abort_tests;
mod blue_green;
mod canary;
#[cfg(test)]
mod canary_tests;
mod common;
mod counts;
mod progress;
mod replicas;
mod rollout;
pub mod steps;
#[cfg(test)]
mod testing;

pub use blue_green::ArgoBlueGreen;
pub use canary::{ArgoCanary, Background};

use super::{driver, int_or_percent};
