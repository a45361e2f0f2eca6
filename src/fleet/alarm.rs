//! Alarms: metrics that are looked at period after period, and the states that follow.
//!
//! An alarm is evaluated at the end of each of its periods; the datapoints come from whoever runs the fleet, which has
//! the telemetry ([`Due`]). Its state is a visible fact: it is written into the ledger when it changes, and deployments
//! watch it. It knows nothing of how a datapoint is measured and nothing of what is done about a state.

use std::collections::VecDeque;

use bevy_ecs::prelude::*;

use super::agenda::Timetable;
use super::composite::{self, Composite, CompositeAlarm, Composites};
use super::deploy::Rollout;
use super::desk::{Desk, Roster};
use super::schedule::Step;
use crate::ids::ServiceId;
use crate::insight::alarm::{AlarmState, Missing, Rule};
use crate::insight::metric::{Datapoint, Metric, Watched};
use crate::telemetry::ledger::Event;
use crate::units::{SimSpan, SimTime};

/// An alarm, as it was asked for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Whose metric; `None`: what users get.
    pub service: Option<ServiceId>,
    /// Whether only the version that is being deployed counts; without a deployment its datapoints are missing.
    pub new_version: bool,
    /// What is watched.
    pub metric: Metric,
    /// How long a datapoint covers (`Period`).
    pub period: SimSpan,
    /// How many datapoints are evaluated (`EvaluationPeriods`).
    pub evaluation_periods: u32,
    /// How many of them must breach (`DatapointsToAlarm`).
    pub datapoints_to_alarm: u32,
    /// What missing datapoints count as (`TreatMissingData`).
    pub missing: Missing,
}

impl Alarm {
    fn rule(&self) -> Rule {
        Rule { periods: self.evaluation_periods as usize, to_alarm: self.datapoints_to_alarm as usize, missing: self.missing }
    }
}

/// An alarm at work.
#[derive(Debug)]
pub(super) struct Watching {
    pub(super) alarm: Alarm,
    pub(super) state: AlarmState,
    points: VecDeque<Option<Datapoint>>,
}

impl Watching {
    /// Its latest datapoint.
    pub(super) fn latest(&self) -> Option<Datapoint> {
        self.points.back().copied().flatten()
    }
}

/// All alarms, in the scenario's order: those that watch metrics, and behind them the composite ones.
#[derive(Resource, Debug, Default)]
pub(super) struct Alarms {
    pub(super) metrics: Vec<Watching>,
    pub(super) composites: Composites,
}

impl Alarms {
    /// Begins to watch.
    pub(super) fn new(alarms: &[Alarm], composites: &[CompositeAlarm]) -> Self {
        let watching = |alarm: &Alarm| Watching { alarm: alarm.clone(), state: AlarmState::default(), points: VecDeque::new() };
        Self { metrics: alarms.iter().map(watching).collect(), composites: Composites::new(composites) }
    }
    fn composite(&self, index: usize) -> Option<&Composite> {
        self.composites.all.get(index - self.metrics.len())
    }
    /// The alarm of this name.
    pub(super) fn index_of(&self, name: &str) -> Option<usize> {
        let metric = self.metrics.iter().position(|watching| watching.alarm.name == name);
        metric.or_else(|| Some(self.metrics.len() + self.composites.all.iter().position(|one| one.alarm.name == name)?))
    }
    /// The name of an alarm.
    pub(super) fn name(&self, index: usize) -> &str {
        match self.metrics.get(index) {
            Some(watching) => &watching.alarm.name,
            None => self.composite(index).map_or("", |one| &one.alarm.name),
        }
    }
    /// The latest datapoint of an alarm that watches a metric.
    pub(super) fn latest(&self, index: usize) -> Option<Datapoint> {
        self.metrics.get(index).and_then(Watching::latest)
    }
    /// How an alarm stands.
    pub(super) fn state(&self, index: usize) -> AlarmState {
        match self.metrics.get(index) {
            Some(watching) => watching.state,
            None => self.composite(index).map_or(AlarmState::InsufficientData, |one| one.state),
        }
    }
}

/// A datapoint that is due.
#[derive(Debug, Clone)]
pub struct Due {
    /// The alarm's index.
    index: usize,
    /// What is measured.
    pub metric: Metric,
    /// Whose metric; `None` if there is nobody to measure.
    pub of: Option<Watched>,
    /// The period.
    pub from: SimTime,
    /// Its end.
    pub to: SimTime,
}

impl Due {
    /// The alarm's index.
    pub(super) const fn index(&self) -> usize {
        self.index
    }
}

/// Datapoints that were measured for this run.
#[derive(Resource, Debug, Default)]
pub(super) struct Measured(pub(super) Vec<(usize, Option<Datapoint>)>);

/// An alarm's period that ends.
#[derive(Debug)]
pub(super) struct PeriodEnds(usize);

/// Adds this behaviour to the control plane.
pub(super) fn install(world: &mut World, schedule: &mut Schedule) {
    world.insert_resource(Timetable::<PeriodEnds>::new());
    world.insert_resource(Timetable::<composite::PeriodEnds>::new());
    world.init_resource::<Measured>();
    world.init_resource::<Begun>();
    schedule.add_systems((begin, evaluate).chain().in_set(Step::Alarms));
}

/// Whether the first periods were set.
#[derive(Resource, Debug, Default)]
struct Begun(bool);

/// Sets the end of every alarm's first period, once.
fn begin(mut desk: Desk<'_>, mut begun: ResMut<'_, Begun>, mut table: ResMut<'_, Timetable<PeriodEnds>>, alarms: Res<'_, Alarms>) {
    if !std::mem::replace(&mut begun.0, true) {
        for (index, watching) in alarms.metrics.iter().enumerate() {
            table.set(&mut desk.agenda, SimTime::ZERO + watching.alarm.period, PeriodEnds(index));
        }
    }
}

/// The datapoints that are due at `now`, for whoever can measure them.
pub(super) fn due(world: &mut World, now: SimTime) -> Vec<Due> {
    let ending: Vec<usize> = world.resource::<Timetable<PeriodEnds>>().due(now).map(|PeriodEnds(index)| *index).collect();
    let mut all = Vec::with_capacity(ending.len());
    for index in ending {
        let alarm = world.resource::<Alarms>().metrics[index].alarm.clone();
        let of = match (alarm.service, alarm.new_version) {
            (None, _) => Some(Watched::Users),
            (Some(service), false) => Some(Watched::Service(service)),
            (Some(service), true) => {
                let entity = world.resource::<Roster>().service(service);
                world.get::<Rollout>(entity).and_then(|rollout| rollout.0.as_ref()).map(|deployment| Watched::Version(deployment.version))
            }
        };
        all.push(Due { index, metric: alarm.metric, of, from: now - alarm.period, to: now });
    }
    all
}

/// Takes the datapoints in; what changes its state is written down, and the deployments that watch it look at it.
fn evaluate(
    mut desk: Desk<'_>,
    mut table: ResMut<'_, Timetable<PeriodEnds>>,
    mut suppressed: ResMut<'_, Timetable<composite::PeriodEnds>>,
    mut alarms: ResMut<'_, Alarms>,
    mut measured: ResMut<'_, Measured>,
    roster: Res<'_, Roster>,
    rollouts: Query<'_, '_, &Rollout>,
) {
    let now = desk.now();
    let measured = std::mem::take(&mut measured.0);
    let mut changed = Vec::new();
    for PeriodEnds(index) in table.take(now) {
        let watching = &mut alarms.metrics[index];
        let point = measured.iter().find(|(of, _)| *of == index).and_then(|(_, point)| *point);
        let rule = watching.alarm.rule();
        watching.points.push_back(point);
        if watching.points.len() > rule.range() {
            watching.points.pop_front();
        }
        let points: Vec<Option<bool>> = watching.points.iter().map(|point| point.map(|point| point.breaches)).collect();
        let state = rule.evaluate(&points, watching.state);
        if state != watching.state {
            let name = watching.alarm.name.clone();
            let (service, value) = (watching.alarm.service, point.map(|point| point.value));
            desk.note(Event::AlarmChanged { name, service, from: watching.state, to: state, value, suppressed: false });
            watching.state = state;
            changed.push(index);
        }
        let period = watching.alarm.period;
        table.set(&mut desk.agenda, now + period, PeriodEnds(index));
    }
    composite::evaluate(&mut desk, &mut alarms, &mut suppressed, &mut changed);
    if changed.is_empty() {
        return;
    }
    for service in roster.service_ids() {
        if rollouts.get(roster.service(service)).is_ok_and(|rollout| rollout.0.as_ref().is_some_and(|deployment| deployment.watches(&changed))) {
            desk.touch(service);
        }
    }
}
