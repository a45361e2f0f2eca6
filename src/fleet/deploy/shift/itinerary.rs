//! The stages of a shift of traffic in their order, with the platform's events between them where there are hooks.
//!
//! Without hooks there are only the steps that take time: the new fleet comes up, test traffic, shares, the bake time, the old
//! fleet goes. With hooks every event of the platform stands in its place, also those without a hook, which take no time. A
//! platform names its own steps itself. It knows neither times nor traffic.

use super::super::hooks::{Event, Platform};
use super::Plan;
use crate::units::SimSpan;

/// What is done in a stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// The hooks of an event run.
    Event(Event),
    /// The new fleet comes up.
    ScaleUp,
    /// Test traffic is watched for so long.
    Test(SimSpan),
    /// A share of the production traffic is watched.
    Step {
        /// For how long.
        hold: SimSpan,
        /// Whether everything comes next.
        last: bool,
        /// Whether it is everything.
        all: bool,
    },
    /// Both fleets stand.
    Bake,
    /// It succeeded; the old fleet still stands.
    KeepOld,
    /// The old fleet goes.
    CleanUp,
}

/// A stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stage {
    /// Its name; neighbours with the same name are one step to whoever watches.
    pub(super) name: String,
    /// What is done.
    pub(super) kind: Kind,
    /// The share of the production traffic that the new version has there.
    pub(super) share: f64,
}

/// Stages one after the other.
#[derive(Debug, Default)]
struct Stages {
    list: Vec<Stage>,
    share: f64,
}

impl Stages {
    fn push(&mut self, name: impl Into<String>, kind: Kind) {
        self.list.push(Stage { name: name.into(), kind, share: self.share });
    }

    fn event(&mut self, event: Event) {
        self.push(event.name, Kind::Event(event));
    }

    /// A share that is held; `before` is written before it.
    fn step(&mut self, plan: &Plan, at: usize, before: &str) {
        let (share, hold) = plan.steps[at];
        let last = plan.steps.get(at + 1).is_some_and(|(next, _)| *next >= 1.0);
        self.share = share;
        self.push(format!("{before}{}", percent(share)), Kind::Step { hold, last, all: share >= 1.0 });
    }

    fn end(&mut self, bake: &str, clean_up: &str) {
        self.share = 1.0;
        self.push(bake, Kind::Bake);
        self.push(clean_up, Kind::KeepOld);
        self.push(clean_up, Kind::CleanUp);
    }
}

/// A share for people.
fn percent(share: f64) -> String {
    format!("{} %", (share * 1_000.0).round() / 10.0)
}

/// The stages of a plan.
pub(super) fn itinerary(plan: &Plan) -> Vec<Stage> {
    let mut stages = Stages::default();
    let Some(platform) = plan.platform.filter(|_| !plan.hooks.is_empty()) else {
        stages.push("scale up", Kind::ScaleUp);
        if let Some(test) = plan.test {
            stages.push("test traffic", Kind::Test(test));
        }
        (0..plan.steps.len()).for_each(|at| stages.step(plan, at, ""));
        stages.end("bake", "clean up");
        return stages.list;
    };
    if platform == Platform::Lambda {
        // A version of a function is just there; here it is a fleet, too.
        stages.push("scale up", Kind::ScaleUp);
    }
    let mut step = 0;
    for event in platform.events() {
        match event.name {
            "SCALE_UP" | "Install" => stages.push(event.name, Kind::ScaleUp),
            "AllowTestTraffic" => stages.push(event.name, Kind::Test(plan.test.unwrap_or(SimSpan::ZERO))),
            "AllowTraffic" => (0..plan.steps.len()).for_each(|at| stages.step(plan, at, "AllowTraffic ")),
            "TEST_TRAFFIC_SHIFT" => {
                stages.event(event);
                if let Some(test) = plan.test {
                    stages.push("test traffic", Kind::Test(test));
                }
            }
            "PRODUCTION_TRAFFIC_SHIFT" => {
                // Its hooks run while the share is shifted, which is then held.
                stages.share = plan.steps.get(step).map_or(1.0, |(share, _)| *share);
                stages.event(event);
                stages.step(plan, step, "");
                step += 1;
            }
            "BAKE_TIME" => stages.end(event.name, "CLEAN_UP"),
            "CLEAN_UP" => {}
            _ => stages.event(event),
        }
    }
    if !matches!(platform, Platform::EcsService { .. }) {
        stages.end("clean up", "clean up");
    }
    stages.list
}

#[cfg(test)]
mod tests {
    use super::super::super::hooks::Hook;
    use super::*;

    fn names(platform: Option<Platform>, steps: &[f64], test: Option<SimSpan>) -> Vec<String> {
        let hooks = platform.iter().map(|_| Hook::default()).collect();
        let steps = steps.iter().map(|share| (*share, SimSpan::from_secs(60))).collect();
        let mut names: Vec<String> = itinerary(&Plan { test, steps, platform, hooks, ..Plan::default() }).into_iter().map(|stage| stage.name).collect();
        names.dedup();
        names
    }

    #[test]
    fn without_hooks_there_are_the_steps_that_take_time() {
        assert_eq!(names(None, &[0.1, 1.0], None), ["scale up", "10 %", "100 %", "bake", "clean up"]);
        assert_eq!(names(None, &[1.0], Some(SimSpan::ZERO)), ["scale up", "test traffic", "100 %", "bake", "clean up"]);
    }

    #[test]
    fn with_hooks_every_event_stands_in_its_place() {
        assert_eq!(
            names(Some(Platform::EcsService { reconcile: false, steps: 2 }), &[0.05, 1.0], Some(SimSpan::from_secs(60))).join(" "),
            "PRE_SCALE_UP SCALE_UP POST_SCALE_UP TEST_TRAFFIC_SHIFT test traffic POST_TEST_TRAFFIC_SHIFT \
             PRE_PRODUCTION_TRAFFIC_SHIFT PRODUCTION_TRAFFIC_SHIFT 5 % PRE_PRODUCTION_TRAFFIC_SHIFT PRODUCTION_TRAFFIC_SHIFT 100 % \
             POST_PRODUCTION_TRAFFIC_SHIFT BAKE_TIME CLEAN_UP"
        );
        assert_eq!(
            names(Some(Platform::Ecs), &[0.1, 1.0], None),
            [
                "BeforeInstall",
                "Install",
                "AfterInstall",
                "AllowTestTraffic",
                "AfterAllowTestTraffic",
                "BeforeAllowTraffic",
                "AllowTraffic 10 %",
                "AllowTraffic 100 %",
                "AfterAllowTraffic",
                "clean up"
            ]
        );
        assert_eq!(names(Some(Platform::Lambda), &[1.0], None), ["scale up", "BeforeAllowTraffic", "AllowTraffic 100 %", "AfterAllowTraffic", "clean up"]);
    }

    #[test]
    fn production_traffic_is_shifted_by_no_earlier_stage() {
        let plan = Plan {
            steps: vec![(0.1, SimSpan::ZERO), (1.0, SimSpan::ZERO)],
            platform: Some(Platform::EcsService { reconcile: false, steps: 2 }),
            hooks: vec![Hook::default()],
            ..Plan::default()
        };
        let shares: Vec<f64> = itinerary(&plan).iter().map(|stage| stage.share).collect();
        assert_eq!(shares, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.1, 0.1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    }
}
