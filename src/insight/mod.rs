//! What is concluded from what was recorded: golden signals, objectives, the service map, Little's law, delivery.
//!
//! One file per conclusion, each a pure function of the store or of the ledger's visible part: insight reads what tools
//! of a real fleet would see, never the truth. It knows no names, no words and no screen. To add a conclusion, add a
//! file with its definition and its tests, and one line here.

pub mod alarm;
pub mod composite;
pub mod deployments;
pub mod dora;
pub mod experiment;
pub mod flow;
pub mod golden;
pub mod judge;
pub mod little;
pub mod metric;
pub mod normal;
pub mod paired;
pub mod proportion;
pub mod query;
pub mod service_map;
pub mod significance;
pub mod slo;

#[cfg(test)]
mod composite_tests;
