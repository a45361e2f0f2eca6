//! Composite alarms: rules over the states of other alarms, evaluated when one of those changes.
//!
//! The rules and the periods of suppression are `insight::composite`'s. The state of a composite alarm is written into the
//! ledger and watched by deployments like that of any other alarm: whoever watches a state sees it, as ECS and `CodePipeline`
//! do. A suppressor holds back the alarm's *actions*, that is who is told: then the change is recorded as suppressed, and a
//! record of its own follows when the actions are taken. It knows no metrics and nothing of who is told.

use super::agenda::Timetable;
use super::alarm::Alarms;
use super::desk::Desk;
use crate::insight::alarm::AlarmState;
use crate::insight::composite::{Actions, Rule, RuleError, Suppressor, evaluation_order};
use crate::telemetry::ledger::Event;
use crate::units::SimTime;

/// A composite alarm, as it was asked for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct CompositeAlarm {
    /// Its name; no other alarm has it.
    pub name: String,
    /// `AlarmRule`: an expression over the states of alarms.
    pub rule: String,
    /// What holds its actions back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressor: Option<Suppressor>,
}

impl CompositeAlarm {
    /// Its rule, read.
    pub fn parsed(&self) -> Result<Rule, RuleError> {
        Rule::parse(&self.rule)
    }
}

/// A composite alarm at work.
#[derive(Debug)]
pub(super) struct Composite {
    pub(super) alarm: CompositeAlarm,
    pub(super) state: AlarmState,
    rule: Rule,
    actions: Actions,
}

/// A period of suppression that ends.
#[derive(Debug)]
pub(super) struct PeriodEnds;

/// All of them, each after those that it names.
#[derive(Debug, Default)]
pub(super) struct Composites {
    pub(super) all: Vec<Composite>,
    order: Vec<usize>,
    /// Whether they were evaluated once.
    begun: bool,
}

impl Composites {
    /// In the scenario's order. Rules that cannot be read, or name themselves in a circle, are never evaluated; content and the
    /// audit of session files refuse them.
    pub(super) fn new(alarms: &[CompositeAlarm]) -> Self {
        let read = |alarm: &CompositeAlarm| {
            let actions = Actions::new(alarm.suppressor.as_ref());
            Some(Composite { alarm: alarm.clone(), state: AlarmState::default(), rule: alarm.parsed().ok()?, actions })
        };
        let all: Vec<Composite> = alarms.iter().filter_map(read).collect();
        let (order, _) = evaluation_order(&all.iter().map(|one| (one.alarm.name.as_str(), &one.rule)).collect::<Vec<_>>());
        Self { all, order, begun: false }
    }
}

/// Evaluates the composite alarms if alarms changed or a period is over; adds the indices of those that changed to `changed`.
pub(super) fn evaluate(desk: &mut Desk<'_>, alarms: &mut Alarms, table: &mut Timetable<PeriodEnds>, changed: &mut Vec<usize>) {
    let now = desk.now();
    let is_due = !table.take(now).is_empty();
    if alarms.composites.all.is_empty() || alarms.composites.begun && changed.is_empty() && !is_due {
        return;
    }
    alarms.composites.begun = true;
    let state_of = |alarms: &Alarms, name: &str| alarms.index_of(name).map_or(AlarmState::InsufficientData, |index| alarms.state(index));
    let order = alarms.composites.order.clone();
    let before: Vec<AlarmState> = alarms.composites.all.iter().map(|one| one.state).collect();
    for at in order.iter().copied() {
        let state = alarms.composites.all[at].rule.evaluate(|name| state_of(alarms, name));
        alarms.composites.all[at].state = state;
        if state != before[at] {
            changed.push(alarms.metrics.len() + at);
        }
    }
    // A suppressor may come after what it suppresses, so actions follow when every state is known.
    let mut ends: Option<SimTime> = None;
    for at in order {
        let suppressor = alarms.composites.all[at].alarm.suppressor.as_ref().map(|suppressor| suppressor.alarm.clone());
        let suppressing = suppressor.map_or(AlarmState::InsufficientData, |name| state_of(alarms, &name));
        let one = &mut alarms.composites.all[at];
        let taken = one.actions.step(now, one.state, suppressing);
        let (name, from, to) = (one.alarm.name.clone(), before[at], one.state);
        if from != to {
            desk.note(Event::AlarmChanged { name, service: None, from, to, value: None, suppressed: taken.is_none() });
        } else if taken.is_some() {
            desk.note(Event::AlarmActions { name, state: to });
        }
        ends = [ends, one.actions.next_due()].into_iter().flatten().min();
    }
    if let Some(at) = ends {
        table.set(&mut desk.agenda, at, PeriodEnds);
    }
}
