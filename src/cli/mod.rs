//! The command line: one file per command, and the reports.

pub mod report;
