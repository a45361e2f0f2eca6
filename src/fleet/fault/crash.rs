//! Crash: the process dies with everything it was doing, and is started again if its service restarts what crashed.

use crate::choice::params;

params! {
    /// The process dies with everything it was doing, and is started again if its service restarts what crashed.
    pub struct Crash {}
}
