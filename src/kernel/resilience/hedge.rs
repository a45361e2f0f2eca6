//! Hedged requests: a second copy of a slow request, and the first answer wins (Dean and Barroso, CACM 2013).

use crate::choice::params;
use crate::units::SimSpan;

params! {
    /// A copy of a slow request.
    pub struct Hedge {
        /// How long to wait before a copy is sent. Default `"10ms"` (chosen for Fleetlab); the usual choice is the callee's p95.
        pub after: SimSpan = SimSpan::from_millis(10),
        /// Copies at most, 1 to 5. Default 1 (chosen for Fleetlab).
        pub copies: u8 = 1,
        /// Whether the losing copy is cancelled. Default false.
        pub cancel_loser: bool = false,
    }
}
