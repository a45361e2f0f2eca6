//! Restart loop: the process crashes again some time after every start.

use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// The process crashes again some time after every start.
    pub struct RestartLoop {
        /// How long it runs before it dies again. Default `"10s"`.
        pub after: SimSpan = SimSpan::from_secs(10),
    }
}
