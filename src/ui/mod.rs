//! The window.
pub mod link;
mod format;
mod fonts;
mod icons;
mod map;
pub mod settings;
mod text;
mod theme;
pub mod worker;
