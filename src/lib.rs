//! Fleetlab simulates a fleet of microservices under traffic, failures and deployments, and teaches DevOps on it.

mod choice;
pub mod cli;
pub mod content;
pub mod delivery;
mod figures;
pub mod fleet;
pub mod ids;
pub mod insight;
pub mod kernel;
pub mod lab;
pub mod lang;
#[expect(clippy::disallowed_types, reason = "reviews come after days of the wall clock; nothing in a run depends on it")]
pub mod learner;
pub mod lesson;
pub mod phrase;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod telemetry;
#[allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a window lives by the machine's clock; nothing in a run depends on it")]
pub mod ui;
pub mod units;
mod wording;

/// The app's words in every language, generated from `assets/i18n`.
#[allow(clippy::disallowed_types, reason = "the localisation macro keeps its table in a hash map; nothing iterates over it")]
mod words {
    rust_i18n::i18n!("assets/i18n", fallback = "en");
}
