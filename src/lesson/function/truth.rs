//! The truth: what no simulated tool sees, for grading and for what really happened.

use super::{Function, Param};
use crate::insight::judge::Measured;
use crate::lesson::kind::Kind;

/// What is asked of the truth.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "users_hurt",
        params: &[],
        needs: 0,
        about: "different users of whom a request failed (truth)",
        gives: Kind::Number,
        ask: |asked| Measured::Number(asked.session.store().users_hurt(None) as f64),
    },
    Function {
        name: "true_change_fail_rate",
        params: &[Param::Service],
        needs: 0,
        about: "share of deployments that brought a defect by which requests of users failed, 0…1 (truth)",
        gives: Kind::Share,
        ask: |asked| asked.session.true_dora(asked.service()).change_fail_rate.into(),
    },
    Function {
        name: "harmful_deployments",
        params: &[Param::Service],
        needs: 0,
        about: "deployments that brought a defect by which requests of users failed (truth)",
        gives: Kind::Number,
        ask: |asked| Measured::Number(asked.session.true_dora(asked.service()).hurt.len() as f64),
    },
    Function {
        name: "drawn",
        params: &[Param::Draw],
        needs: 1,
        about: "whether this was drawn when the lesson's world began (truth)",
        gives: Kind::Truth,
        ask: |asked| Measured::Boolean(asked.scope.drawn.is_some() && asked.given(Param::Draw) == asked.scope.drawn),
    },
    Function {
        name: "faults",
        params: &[],
        needs: 0,
        about: "faults in force (truth)",
        gives: Kind::Number,
        ask: |asked| Measured::Number(asked.session.fleet().faults().len() as f64),
    },
];
