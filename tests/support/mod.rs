//! What the integration tests share: scenarios from text, actions from text, times.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::sync::Arc;

use fleetlab::content;
use fleetlab::scenario::{Action, Scenario};
use fleetlab::units::SimTime;

/// A scenario from TOML.
pub(crate) fn read(source: &str) -> Arc<Scenario> {
    match content::read_str("test", "test.toml", source, &content::Folder::Nowhere) {
        Ok(loaded) => Arc::new(loaded.scenario),
        Err(diagnostics) => panic!("{}", diagnostics.render(false)),
    }
}

/// An action from TOML: `"scale = { service = 'web', instances = 3 }"`.
pub(crate) fn action(source: &str) -> Action {
    toml::from_str(source).expect("an action")
}

/// So many seconds after the start.
pub(crate) fn secs(secs: u64) -> SimTime {
    SimTime::from_secs(secs)
}
