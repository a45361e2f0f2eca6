//! The panels of the window, one file each. The frame (top bar, rail, timeline, inspector) is fixed; what is docked in
//! the middle is listed in [`panes::arrangement`].
//!
//! A panel reads the shell and asks for things; it never changes the simulation and never talks to its thread.

pub(crate) mod asked;
pub(crate) mod commits;
pub(crate) mod compare;
pub(crate) mod delivery;
pub(crate) mod deployments;
pub(crate) mod dora;
pub(crate) mod events;
pub(crate) mod flags;
pub(crate) mod help;
pub(crate) mod home;
pub(crate) mod inspector;
pub(crate) mod lesson;
pub(crate) mod palette;
pub(crate) mod panes;
pub(crate) mod pipeline;
pub(crate) mod rail;
pub(crate) mod service_map;
pub(crate) mod settings;
pub(crate) mod signals;
pub(crate) mod team;
pub(crate) mod timeline;
pub(crate) mod top_bar;
pub(crate) mod walk;
