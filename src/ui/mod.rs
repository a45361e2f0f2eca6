//! The window.
pub mod app;
mod fonts;
mod format;
mod icons;
mod keys;
pub mod link;
mod map;
mod panels;
pub mod settings;
pub mod state;
pub mod text;
mod theme;
mod widgets;
pub mod worker;
