//! Constant: the base rate all the time.

use crate::choice::params;

params! {
    /// The same all the time.
    pub struct Constant {}
}

impl Constant {
    /// See [`super::Shape::piece`].
    pub(super) const fn piece() -> super::Piece {
        super::Piece { until: u64::MAX, from: 1.0, to: 1.0 }
    }
}
