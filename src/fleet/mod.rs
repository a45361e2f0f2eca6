//! The control plane: instances and their life cycle, health checks, autoscaling, placement, deployments, faults, cost.
//!
//! Entities of `bevy_ecs`. It observes the kernel through what a real control plane could see and acts through commands;
//! it does not know scenario files, lessons or the screen, and never looks into a request.

pub mod autoscale;
pub mod deploy;
pub mod fault;
pub mod health;
pub mod instance;
