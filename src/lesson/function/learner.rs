//! What a learner did in a step of a lesson, and what earlier steps measured.

use super::{Function, Param};
use crate::insight::judge::Measured;
use crate::lesson::kind::Kind;

/// What is asked of steps.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "acted",
        params: &[Param::Action],
        needs: 0,
        about: "actions, or those of a kind, since the step of the lesson began",
        gives: Kind::Number,
        ask: |asked| {
            let kind = asked.given(Param::Action);
            let since = asked.session.actions().iter().rev().take_while(|timed| timed.at >= asked.scope.began);
            Measured::Number(since.filter(|timed| kind.is_none_or(|kind| timed.action.name() == kind)).count() as f64)
        },
    },
    Function {
        name: "recalled",
        params: &[Param::Value],
        needs: 1,
        about: "what an earlier step of the lesson measured, by `step.value`",
        gives: Kind::Open,
        ask: |asked| asked.given(Param::Value).and_then(|name| asked.scope.recalled.get(name)).cloned().unwrap_or(Measured::Nothing),
    },
];
