//! The truth: what no simulated tool sees, for grading and for what really happened.

use super::Function;
use crate::insight::judge::Measured;

/// What is asked of the truth.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "users_hurt",
        params: &[],
        needs: 0,
        about: "different users of whom a request failed (truth)",
        ask: |asked| Measured::Number(asked.session.store().users_hurt(None) as f64),
    },
    Function {
        name: "faults",
        params: &[],
        needs: 0,
        about: "faults in force (truth)",
        ask: |asked| Measured::Number(asked.session.fleet().faults().len() as f64),
    },
];
