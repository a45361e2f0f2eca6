//! The order in which behaviours run: observe, decide, act; within these, one step after the other.
//!
//! Systems that touch the same data and have no order between them are an error when the schedule is built, so the
//! order in which behaviours install themselves cannot matter. A behaviour chooses the steps that its systems belong
//! to; systems of one step are put in order by the folder that registers them.

use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor};

/// The three parts of a run.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// Takes in what happened.
    Observe,
    /// Works out what should be.
    Decide,
    /// Brings it about.
    Act,
}

/// The steps of a run, in order.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// Start-ups, drains and restarts whose time has come; notices about instances.
    Life,
    /// Answers of health checks.
    Health,
    /// Faults that begin and end.
    Faults,
    /// Processes that die of all that.
    Kill,
    /// How many instances there should be.
    Autoscale,
    /// States of alarms.
    Alarms,
    /// Which features the users have.
    Features,
    /// Which instances of which version to start and to stop.
    Deploy,
    /// Starting and stopping them.
    Change,
    /// What those that were just created are told.
    Enrol,
    /// Who gets requests.
    Rotation,
    /// Sending health checks.
    Probe,
}

/// The control plane's schedule.
#[derive(ScheduleLabel, Debug, Clone, PartialEq, Eq, Hash)]
struct ControlPlane;

/// An empty schedule with its parts and steps in order.
pub(super) fn new() -> Schedule {
    let mut schedule = Schedule::new(ControlPlane);
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.set_build_settings(ScheduleBuildSettings { ambiguity_detection: LogLevel::Error, ..ScheduleBuildSettings::default() });
    schedule.configure_sets((Part::Observe, Part::Decide, Part::Act).chain());
    schedule.configure_sets((Step::Life, Step::Health).chain().in_set(Part::Observe));
    schedule.configure_sets((Step::Faults, Step::Kill, Step::Autoscale, Step::Alarms, Step::Features, Step::Deploy).chain().in_set(Part::Decide));
    schedule.configure_sets((Step::Change, Step::Enrol, Step::Rotation, Step::Probe).chain().in_set(Part::Act));
    schedule
}

/// What runs in quiet times.
#[derive(ScheduleLabel, Debug, Clone, PartialEq, Eq, Hash)]
struct Round;

/// An empty schedule without steps.
pub(super) fn round() -> Schedule {
    let mut schedule = Schedule::new(Round);
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Resource, Default)]
    struct Shared(u32);
    fn one(mut shared: ResMut<'_, Shared>) {
        shared.0 += 1;
    }
    fn other(mut shared: ResMut<'_, Shared>) {
        shared.0 *= 2;
    }

    #[test]
    fn conflicting_systems_without_an_order_are_refused() {
        let mut world = World::new();
        world.init_resource::<Shared>();
        let mut ordered = new();
        ordered.add_systems((one.in_set(Step::Life), other.in_set(Step::Deploy)));
        assert!(ordered.initialize(&mut world).is_ok());
        let mut unordered = new();
        unordered.add_systems((one.in_set(Step::Deploy), other.in_set(Step::Deploy)));
        assert!(unordered.initialize(&mut world).is_err());
    }
}
