//! Feature flags: who turns them, when, and which of them nobody needs any more.
//!
//! A flag's percentage is set by people and by the timeline; an alarm that goes to ALARM turns the flags off that name it
//! (a kill switch). A flag that nobody has touched for long is stale: the decision was made, and the code still asks. It
//! does not know who has a feature (that is the kernel's) nor what stale flags cost (that is delivery's).

use bevy_ecs::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fleet;
use super::alarm::Alarms;
use super::desk::{Book, Desk, Outbox};
use super::order::Refusal;
use super::schedule::Step;
use crate::ids::FeatureId;
use crate::insight::alarm::AlarmState;
use crate::kernel::command::Command;
use crate::kernel::model::FeatureFlag;
use crate::telemetry::ledger::{Deed, Event};
use crate::units::{Ratio, SimSpan, SimTime};

/// When a flag is stale unless the scenario says otherwise: Unleash's expected lifetime of a release flag, 40 days.
pub const STALE_AFTER: SimSpan = SimSpan::from_secs(40 * 86_400);

/// What the control plane does with a flag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeaturePlan {
    /// The alarms that turn it off.
    pub kill_on: Vec<String>,
    /// After how long without a change it is stale.
    pub stale_after: SimSpan,
}

/// A flag as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// Share of users who have the feature.
    pub percentage: Ratio,
    /// When it was changed last; the beginning of the run if never.
    pub changed: SimTime,
    /// The alarm that turned it off, if that was its last change.
    pub killed_by: Option<String>,
    /// Its code was cleaned up: the flag is gone, and all users have one side of it for good.
    pub removed: bool,
}

/// All flags, in the scenario's order.
#[derive(Resource, Debug, Default)]
struct Features {
    plans: Vec<FeaturePlan>,
    standing: Vec<Standing>,
    /// The alarms' states when they were looked at last.
    seen: Vec<AlarmState>,
}

/// Adds this behaviour to the control plane.
pub(super) fn install(world: &mut World, schedule: &mut Schedule) {
    world.init_resource::<Features>();
    schedule.add_systems(kill.in_set(Step::Features));
}

/// A share as people say it: `2.5 %`.
fn percent(share: Ratio) -> String {
    format!("{} %", (share.get() * 1e6).round() / 1e4)
}

/// Turns off what an alarm that has just gone off turns off.
fn kill(mut desk: Desk<'_>, mut features: ResMut<'_, Features>, alarms: Res<'_, Alarms>) {
    if features.standing.is_empty() {
        return;
    }
    let states: Vec<AlarmState> = (0..alarms.metrics.len() + alarms.composites.all.len()).map(|at| alarms.state(at)).collect();
    let before = std::mem::replace(&mut features.seen, states.clone());
    let gone_off = |at: usize| states[at] == AlarmState::Alarm && before.get(at) != Some(&AlarmState::Alarm);
    let names: Vec<String> = (0..states.len()).filter(|at| gone_off(*at)).map(|at| alarms.name(at).to_owned()).collect();
    for at in 0..features.standing.len() {
        let by = names.iter().find(|name| features.plans[at].kill_on.contains(name));
        let flag = &mut features.standing[at];
        if let Some(alarm) = by.filter(|_| !flag.removed && flag.percentage > Ratio::ZERO) {
            (flag.percentage, flag.changed, flag.killed_by) = (Ratio::ZERO, desk.now(), Some(alarm.clone()));
            let what = Deed::KillFlag { flag: flag.name.clone(), alarm: alarm.clone() };
            desk.note(Event::Acted { service: None, what });
            desk.send(Command::SetFeature { feature: FeatureId::from_index(at), percentage: Ratio::ZERO });
        }
    }
}

impl Fleet {
    /// Takes the flags of a scenario up, before the first run.
    pub fn plan_features(&mut self, flags: &[FeatureFlag], plans: &[FeaturePlan]) {
        let stands =
            |flag: &FeatureFlag| Standing { name: flag.name.clone(), percentage: flag.percentage, changed: SimTime::ZERO, killed_by: None, removed: false };
        let mut features = self.world.resource_mut::<Features>();
        features.standing = flags.iter().map(stands).collect();
        features.plans = plans.to_vec();
    }

    /// The flags as they stand, in the scenario's order.
    pub fn features(&self) -> &[Standing] {
        &self.world.resource::<Features>().standing
    }

    /// Whether a flag is stale at `now`.
    pub fn is_stale(&self, feature: FeatureId, now: SimTime) -> bool {
        let features = self.world.resource::<Features>();
        let standing = &features.standing[feature.index()];
        !standing.removed && now.since(standing.changed) >= features.plans[feature.index()].stale_after
    }

    /// Gives a feature to another share of the users.
    pub(super) fn set_feature(&mut self, now: SimTime, feature: FeatureId, percentage: Ratio) -> Result<(), Refusal> {
        let mut features = self.world.resource_mut::<Features>();
        let flag = &mut features.standing[feature.index()];
        if flag.removed {
            return Err(Refusal::NoFlagAnyMore { flag: flag.name.clone() });
        }
        (flag.percentage, flag.changed, flag.killed_by) = (percentage, now, None);
        let what = Deed::SetFlag { flag: flag.name.clone(), percentage: percent(percentage) };
        self.world.resource_mut::<Book>().0.push(now, Event::Acted { service: None, what });
        self.world.resource_mut::<Outbox>().0.push(Command::SetFeature { feature, percentage });
        Ok(())
    }

    /// Cleans a flag up: the code asks it no more.
    pub(super) fn remove_feature(&mut self, now: SimTime, feature: FeatureId) -> Result<(), Refusal> {
        let mut features = self.world.resource_mut::<Features>();
        let flag = &mut features.standing[feature.index()];
        if flag.removed {
            return Err(Refusal::NoFlagAnyMore { flag: flag.name.clone() });
        }
        if flag.percentage > Ratio::ZERO && flag.percentage < Ratio::ONE {
            return Err(Refusal::FlagDivides { flag: flag.name.clone(), percentage: percent(flag.percentage) });
        }
        (flag.removed, flag.changed) = (true, now);
        let what = Deed::RemoveFlag { flag: flag.name.clone(), percentage: percent(flag.percentage) };
        self.world.resource_mut::<Book>().0.push(now, Event::Acted { service: None, what });
        Ok(())
    }
}
