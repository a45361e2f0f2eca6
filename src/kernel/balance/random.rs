//! Random: any target with equal probability, whatever its load.

use crate::choice::params;

params! {
    /// Any target, with equal probability.
    pub struct Random {}
}
