//! Small building blocks that several panels draw: status shapes, buttons, chips, tables, empty states, notices.
//!
//! They know colours only by meaning and hold no state of their own. One file each.

pub(crate) mod button;
pub(crate) mod chart;
pub(crate) mod code;
pub(crate) mod empty;
pub(crate) mod label;
pub(crate) mod notice;
pub(crate) mod params;
pub(crate) mod segmented;
pub(crate) mod status;
pub(crate) mod table;
