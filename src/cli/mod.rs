//! The command line: one file per command, and the reports.

pub mod check;
pub mod report;
pub mod schema;
