//! GC storm: long stop-the-world pauses in quick succession.

use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// Long stop-the-world pauses in quick succession.
    pub struct GcStorm {
        /// From one pause to the next. Default `"5s"`.
        pub every: SimSpan = SimSpan::from_secs(5),
        /// How long everything stands still. Default `"1s"`.
        pub pause: SimSpan = SimSpan::from_secs(1),
    }
}
