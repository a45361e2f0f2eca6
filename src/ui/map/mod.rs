//! The service map: where things stand (`layout`).
pub(crate) mod layout;
