//! Constant: the base rate all the time.

use crate::choice::params;

params! {
    /// The same all the time.
    pub struct Constant {}
}
