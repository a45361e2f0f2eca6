//! Operations: alarms, objectives, incidents, flags, the clock.

use super::{Asked, Function, Param};
use crate::insight::judge::Measured;
use crate::insight::slo::Standing;
use crate::lesson::kind::Kind;
use crate::scenario::Slo;
use crate::telemetry::ledger::Event;

/// What is asked of operations.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "alarm",
        params: &[Param::Alarm],
        needs: 1,
        about: "state of an alarm: `OK`, `ALARM` or `INSUFFICIENT_DATA`",
        gives: Kind::OneOf(&["OK", "ALARM", "INSUFFICIENT_DATA"]),
        ask: |asked| {
            let name = asked.given(Param::Alarm);
            let state = asked.session.fleet().alarms().find(|alarm| Some(alarm.name) == name).map(|alarm| alarm.state.name());
            state.map_or(Measured::Nothing, |state| Measured::Text(state.to_owned()))
        },
    },
    Function {
        name: "achieved",
        params: &[Param::Objective],
        needs: 1,
        about: "share of requests that were good in terms of an objective, 0…1",
        gives: Kind::Share,
        ask: |asked| standing(asked).and_then(|(_, standing)| standing.achieved).into(),
    },
    Function {
        name: "budget_left",
        params: &[Param::Objective],
        needs: 1,
        about: "share of an objective's error budget that is left; negative when overspent",
        gives: Kind::Number,
        ask: |asked| standing(asked).and_then(|(_, standing)| standing.budget_left).into(),
    },
    Function {
        name: "met",
        params: &[Param::Objective],
        needs: 1,
        about: "whether an objective is met so far",
        gives: Kind::Truth,
        ask: |asked| standing(asked).map_or(Measured::Nothing, |(slo, standing)| Measured::Boolean(standing.met(slo))),
    },
    Function {
        name: "open_incidents",
        params: &[],
        needs: 0,
        about: "incidents that go on",
        gives: Kind::Number,
        ask: |asked| {
            let events = || asked.session.ledger().visible().map(|record| &record.event);
            let opened = events().filter(|event| matches!(event, Event::IncidentOpened { .. })).count();
            let resolved = events().filter(|event| matches!(event, Event::IncidentResolved { .. })).count();
            Measured::Number(opened.saturating_sub(resolved) as f64)
        },
    },
    Function {
        name: "flag",
        params: &[Param::Flag],
        needs: 1,
        about: "share of users who have a feature, 0…1",
        gives: Kind::Share,
        ask: |asked| {
            let at = asked.flag();
            at.and_then(|flag| asked.session.flags().into_iter().nth(flag.index())).map(|flag| flag.percentage.get()).into()
        },
    },
    Function {
        name: "now",
        params: &[],
        needs: 0,
        about: "simulated time [s]",
        gives: Kind::Number,
        ask: |asked| Measured::Number(asked.session.now().as_secs_f64()),
    },
    Function {
        name: "actions",
        params: &[],
        needs: 0,
        about: "actions that people took",
        gives: Kind::Number,
        ask: |asked| Measured::Number(asked.session.actions().len() as f64),
    },
];

fn standing<'a>(asked: &Asked<'a>) -> Option<(&'a Slo, Standing)> {
    let name = asked.given(Param::Objective)?;
    let slo = asked.session.scenario().slos.iter().find(|slo| slo.name == name)?;
    Some((slo, asked.session.standing(slo)))
}
