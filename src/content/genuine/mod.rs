//! Genuine files of the trade, read as they are: one file per format.
//!
//! A reader turns a file into the checked types of the room that has its meaning, and reports every mistake at its place.
//! To add a format: a file with its reader and tests, and its line here.

pub(crate) mod appspec;
mod appspec_raw;
mod appspec_review;
#[cfg(test)]
mod appspec_tests;
pub(crate) mod argo;
pub(crate) mod buildspec;
pub(crate) mod codepipeline;
pub(crate) mod codepipeline_cfn;
mod codepipeline_cfn_raw;
mod codepipeline_findings;
#[cfg(test)]
mod codepipeline_tests;
pub(crate) mod flagger;
mod flagger_raw;
mod flagger_review;
#[cfg(test)]
mod flagger_tests;
mod intrinsic;
pub mod kinds;
#[cfg(test)]
mod testing;
