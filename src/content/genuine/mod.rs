//! Genuine files of the trade, read as they are: one file per format.
//!
//! A reader turns a file into the checked types of the room that has its meaning, and reports every mistake at its place.
//! To add a format: a file with its reader and tests, and its line here.

pub(crate) mod codepipeline;
