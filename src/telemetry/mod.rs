//! What is recorded of a run: counts, histograms, spans, gauges, and the ledger of what happened.
//!
//! It keeps what the kernel and the fleet hand over, in bounded memory, and concludes nothing (that is `insight/`). It
//! knows no names of services, no screen and no files. To record something new, start at `window.rs`.

pub mod histogram;
pub mod ledger;
mod people;
mod query;
mod rollup;
mod scratch;
mod series;
pub mod sparse;
pub mod store;
pub mod strikes;
pub mod trace;
pub mod window;

pub use query::whole;
#[cfg(test)]
mod store_tests;
#[cfg(test)]
pub(crate) mod testing;
