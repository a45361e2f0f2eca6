//! The digest: a fingerprint of a run, made of what users got, what was recorded and what the ledger says.
//!
//! Runs are compared by it, so it covers all that a run can differ in, and nothing that depends on how it was stepped.

use crate::fleet::Fleet;
use crate::kernel::Kernel;
use crate::rng::mix;
use crate::telemetry::ledger::Record;
use crate::telemetry::store::Store;

/// Folds a value into a fingerprint.
const fn fold(state: u64, value: u64) -> u64 {
    mix(state.rotate_left(5) ^ mix(value.wrapping_add(0x9E37_79B9_7F4A_7C15)))
}

/// The fingerprint of a text.
pub fn fingerprint(text: &str) -> u64 {
    let words = text.as_bytes().chunks(8).map(|chunk| chunk.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte)));
    words.fold(fold(0, text.len() as u64), fold)
}

/// The fingerprint of one record of the ledger.
pub(super) fn of_record(record: &Record) -> u64 {
    // The record's own notation covers every field, new ones included; it holds no maps whose order could vary.
    fingerprint(&serde_json::to_string(record).unwrap_or_default())
}

/// The fingerprint of the ledger so far, so that only what is new has to be read again.
#[derive(Debug, Default)]
pub(super) struct Digest {
    records: usize,
    ledger: u64,
}

impl Digest {
    /// The fingerprint of a run, in hexadecimal.
    pub(super) fn of(&mut self, kernel: &Kernel, fleet: &Fleet, store: &Store) -> String {
        let records = fleet.ledger().truth();
        for record in &records[self.records..] {
            self.ledger = fold(self.ledger, of_record(record));
        }
        self.records = records.len();
        let counts = store.run_counts();
        let cost = fleet.cost(kernel.now()).0.to_bits();
        let parts = [
            kernel.digest(),
            kernel.events(),
            kernel.now().nanos(),
            self.ledger,
            counts.requests,
            counts.answered,
            counts.hops,
            counts.attempts,
            store.spans_seen(),
            cost,
        ];
        format!("{:016x}", parts.into_iter().fold(0, fold))
    }
}
