//! What is recorded of a run: counts, histograms, spans, gauges, and the ledger of what happened.
//!
//! It keeps what the kernel and the fleet hand over, in bounded memory, and concludes nothing (that is `insight/`). It
//! knows no names of services, no screen and no files.

pub mod ledger;
