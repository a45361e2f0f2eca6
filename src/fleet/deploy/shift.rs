//! Shifting traffic from one fleet to another, which blue/green, canary and linear deployments have in common.
//!
//! The new version gets a fleet of its own beside the old one, and only then requests: test traffic first where a
//! deployment has some, then growing shares of production traffic, each watched for a while; then both stand for the
//! bake time, and the old fleet goes. Until it goes, the way back is a change of weights. A rollback is the same shift
//! without waiting: where the fleet that it goes back to still stands, it takes no time.
//!
//! It knows counts and times; who judges what is watched is `watch`'s business.

use super::driver::{Driver, Orders, Progress, Scene, Stand, StepState, Waiting, choose};
use super::rollout::Wish;
use crate::telemetry::ledger::Cause;
use crate::units::{Ratio, SimSpan, SimTime};

/// How long the new fleet may take to become healthy: `CodeDeploy` gives an ECS replacement task set an hour.
pub(super) const READY_WITHIN: SimSpan = SimSpan::from_secs(3_600);

/// What is shifted, and how long each step is watched.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// How long test traffic alone is watched before any production traffic; `None`: there is no such step.
    pub(super) test: Option<SimSpan>,
    /// Shares of the production traffic [0…1], rising to 1, and how long each is held before the next.
    pub(super) steps: Vec<(f64, SimSpan)>,
    /// How long both fleets stand after the last step, so that alarms can still turn it back.
    pub(super) bake: SimSpan,
    /// How long the old fleet stands after the deployment has succeeded.
    pub(super) keep_old: SimSpan,
}

impl Plan {
    /// Carries the plan out; a rollback shifts everything at once.
    pub(super) fn driver(self, restores: bool) -> Box<dyn Driver> {
        let plan = if restores { Self { test: None, steps: vec![(1.0, SimSpan::ZERO)], bake: SimSpan::ZERO, keep_old: SimSpan::ZERO } } else { self };
        Box::new(Shift { plan, phase: Phase::New, since: SimTime::ZERO, paused: None, share: None, failed: 0 })
    }
}

/// How far a shift is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// Nothing was done yet.
    New,
    /// The new fleet comes up; it fails if that is not done by then.
    ScaleUp { by: SimTime },
    /// Test traffic is watched.
    Test { until: SimTime },
    /// This step is watched.
    Step { at: usize, until: SimTime },
    /// Both fleets stand.
    Bake { until: SimTime },
    /// It succeeded; the old fleet still stands.
    KeepOld { until: SimTime },
    /// The old fleet goes.
    CleanUp,
}

struct Shift {
    plan: Plan,
    phase: Phase,
    /// Since when it is in that phase.
    since: SimTime,
    /// Since when a person holds it where it is.
    paused: Option<SimTime>,
    /// The new version's share, as it was last set.
    share: Option<f64>,
    failed: u32,
}

impl Shift {
    /// The phase after this one, if it is over.
    fn next(&self, scene: &Scene, healthy: u32) -> Option<Phase> {
        let now = scene.now;
        let step = |at: usize| self.plan.steps.get(at).map_or(Phase::Bake { until: now + self.plan.bake }, |(_, hold)| Phase::Step { at, until: now + *hold });
        match self.phase {
            Phase::New => Some(Phase::ScaleUp { by: now + READY_WITHIN }),
            Phase::ScaleUp { .. } => (healthy >= scene.desired).then(|| self.plan.test.map_or_else(|| step(0), |test| Phase::Test { until: now + test })),
            Phase::Test { until } => (now >= until).then(|| step(0)),
            // What takes everything is watched by the bake time.
            Phase::Step { at, until } => (now >= until || self.plan.steps[at].0 >= 1.0).then(|| step(at + 1)),
            Phase::Bake { until } => (now >= until).then(|| Phase::KeepOld { until: now + self.plan.keep_old }),
            Phase::KeepOld { until } => (now >= until).then_some(Phase::CleanUp),
            Phase::CleanUp => None,
        }
    }

    /// The share of the traffic that belongs to the phase.
    fn wanted_share(&self) -> f64 {
        match self.phase {
            Phase::New | Phase::ScaleUp { .. } | Phase::Test { .. } => 0.0,
            Phase::Step { at, .. } => self.plan.steps[at].0,
            Phase::Bake { .. } | Phase::KeepOld { .. } | Phase::CleanUp => 1.0,
        }
    }
}

impl Shift {
    /// Does what a person asks for: holds it where it is, lets it go on, or leaves what it waits for.
    fn follow(&mut self, scene: &Scene) {
        let now = scene.now;
        let until = |phase: &mut Phase, change: &dyn Fn(SimTime) -> SimTime| match phase {
            Phase::Test { until } | Phase::Step { until, .. } | Phase::Bake { until } | Phase::KeepOld { until } => *until = change(*until),
            Phase::New | Phase::ScaleUp { .. } | Phase::CleanUp => {}
        };
        if scene.wishes.pause && self.paused.is_none() {
            self.paused = Some(now);
        }
        if scene.wishes.resume
            && let Some(since) = self.paused.take()
        {
            // What was left of the step is still to come.
            until(&mut self.phase, &|until| until + now.since(since));
        }
        if scene.wishes.promote || scene.wishes.promote_full {
            self.paused = None;
            until(&mut self.phase, &|_| now);
        }
        if scene.wishes.promote_full {
            self.plan = Plan {
                test: self.plan.test.map(|_| SimSpan::ZERO),
                steps: self.plan.steps.iter().map(|(share, _)| (*share, SimSpan::ZERO)).collect(),
                ..self.plan.clone()
            };
        }
    }
}

impl Shift {
    /// What a person can ask of it in this phase.
    fn wishes(&self) -> Vec<Wish> {
        let has_time = matches!(self.phase, Phase::Test { .. } | Phase::Step { .. } | Phase::Bake { .. } | Phase::KeepOld { .. });
        let has_steps = matches!(self.phase, Phase::New | Phase::ScaleUp { .. } | Phase::Test { .. } | Phase::Step { .. });
        let is_paused = self.paused.is_some();
        let possible = [
            (Wish::Promote, has_time || is_paused),
            (Wish::PromoteFull, has_steps),
            (Wish::Pause, !is_paused && self.phase != Phase::CleanUp),
            (Wish::Resume, is_paused),
            (Wish::Abort, true),
        ];
        possible.into_iter().filter(|(_, possible)| *possible).map(|(wish, _)| wish).collect()
    }
}

impl Driver for Shift {
    fn progress(&self) -> Progress {
        let mut steps = vec!["scale up".to_owned()];
        steps.extend(self.plan.test.map(|_| "test traffic".to_owned()));
        let first = steps.len();
        steps.extend(self.plan.steps.iter().map(|(share, _)| format!("{} %", (share * 1_000.0).round() / 10.0)));
        steps.extend(["bake".to_owned(), "clean up".to_owned()]);
        let last = steps.len() - 1;
        let (current, until) = match self.phase {
            Phase::New => (0, None),
            Phase::ScaleUp { by } => (0, Some(by)),
            Phase::Test { until } => (1, Some(until)),
            Phase::Step { at, until } => (first + at, Some(until)),
            Phase::Bake { until } => (last - 1, Some(until)),
            Phase::KeepOld { until } => (last, Some(until)),
            Phase::CleanUp => (last, None),
        };
        let state = |at: usize| match at.cmp(&current) {
            std::cmp::Ordering::Less => StepState::Done,
            std::cmp::Ordering::Equal => StepState::Current,
            std::cmp::Ordering::Greater => StepState::Ahead,
        };
        let waiting = match (self.paused, self.phase) {
            (Some(_), _) => Waiting::Person,
            (None, Phase::New | Phase::ScaleUp { .. } | Phase::CleanUp) => Waiting::Instances,
            _ => Waiting::Time,
        };
        Progress {
            steps: steps.into_iter().enumerate().map(|(at, step)| (step, state(at))).collect(),
            current: Some(current),
            since: Some(self.since),
            until: until.filter(|_| self.paused.is_none()),
            waiting: Some(waiting),
            weight: Some(Ratio::new(self.wanted_share())),
            phase: if self.paused.is_some() { "Paused" } else { "Progressing" },
            wishes: self.wishes(),
        }
    }

    fn failed(&self) -> u32 {
        self.failed
    }

    fn step(&mut self, scene: &Scene) -> Orders {
        self.failed += scene.failures.len() as u32;
        if scene.wishes.abort {
            return Orders { stand: Stand::Failed { why: Cause::Aborted, restore: true }, ..Orders::default() };
        }
        self.follow(scene);
        let healthy = scene.new.iter().filter(|seen| seen.healthy_since.is_some()).count() as u32;
        let mut orders = Orders::default();
        while let Some(next) = if self.paused.is_some() { None } else { self.next(scene, healthy) } {
            (self.phase, self.since) = (next, scene.now);
        }
        orders.start = scene.desired.saturating_sub(scene.new.len() as u32);
        orders.stop = choose(&scene.new, (scene.new.len() as u32).saturating_sub(scene.desired) as usize);
        let share = self.wanted_share();
        if self.share.is_none_or(|set| (set - share).abs() > 1e-12) && scene.replaced != scene.deployed {
            self.share = Some(share);
            orders.weights = Some(vec![(scene.replaced, 1.0 - share), (scene.deployed, share)]);
        }
        match self.phase {
            Phase::ScaleUp { by } if scene.now >= by => {
                orders.stand = Stand::Failed { why: Cause::NotReady { minutes: (READY_WITHIN.as_secs_f64() / 60.0) as u32 }, restore: true };
            }
            Phase::ScaleUp { by } => orders.wake = Some(by),
            Phase::Test { until } | Phase::Step { until, .. } | Phase::Bake { until } | Phase::KeepOld { until } => {
                orders.wake = Some(until).filter(|_| self.paused.is_none());
            }
            Phase::New => {}
            Phase::CleanUp => {
                orders.stop.extend(scene.old.iter().map(|seen| seen.id));
                if scene.old.is_empty() && healthy >= scene.desired {
                    // Only one version is left; shares have nothing to say any more.
                    orders.weights = Some(Vec::new());
                    orders.stand = Stand::Completed;
                }
            }
        }
        orders
    }
}

#[cfg(test)]
mod tests {
    use super::super::driver::testing::{healthy, starting};
    use super::*;
    use crate::ids::VersionId;

    fn scene(now: u64) -> Scene {
        Scene {
            now: SimTime::from_secs(now),
            desired: 4,
            checked: true,
            replaced: VersionId(0),
            deployed: VersionId(1),
            old: healthy(0, 4, 0),
            new: healthy(4, 4, 60),
            ..Scene::default()
        }
    }

    /// Steps a plan at these times with a healthy new fleet; returns when each share of traffic was set [s].
    fn shares(plan: Plan, until: u64) -> (Vec<(u64, f64)>, Option<u64>) {
        let mut driver = plan.driver(false);
        assert_eq!(driver.step(&Scene { new: Vec::new(), ..scene(0) }).start, 4);
        let (mut set, mut now, mut completed) = (Vec::new(), 60, None);
        while now <= until {
            let old = if completed.is_some() { Vec::new() } else { healthy(0, 4, 0) };
            let mut orders = driver.step(&Scene { old, ..scene(now) });
            if let Some(weights) = orders.weights.take().filter(|weights| !weights.is_empty()) {
                set.push((now - 60, weights[1].1));
            }
            if orders.stop.len() == 4 && completed.is_none() {
                completed = Some(now - 60);
                continue;
            }
            match orders.wake {
                Some(at) if orders.stand == Stand::Running => now = (at.as_secs_f64() as u64).max(now + 1),
                _ => break,
            }
        }
        (set, completed)
    }

    #[test]
    fn a_canary_holds_its_share_and_then_takes_everything() {
        let plan = Plan {
            test: None,
            steps: vec![(0.1, SimSpan::from_secs(300)), (1.0, SimSpan::ZERO)],
            bake: SimSpan::from_secs(600),
            keep_old: SimSpan::from_secs(60),
        };
        assert_eq!(shares(plan, 10_000), (vec![(0, 0.1), (300, 1.0)], Some(960)));
    }

    #[test]
    fn test_traffic_comes_before_production_traffic() {
        let plan = Plan { test: Some(SimSpan::from_secs(120)), steps: vec![(1.0, SimSpan::ZERO)], bake: SimSpan::ZERO, keep_old: SimSpan::ZERO };
        assert_eq!(shares(plan, 10_000), (vec![(120, 1.0)], Some(120)));
    }

    #[test]
    fn a_fleet_that_does_not_come_up_fails_after_an_hour() {
        let mut driver = Plan { test: None, steps: vec![(1.0, SimSpan::ZERO)], bake: SimSpan::ZERO, keep_old: SimSpan::ZERO }.driver(false);
        let orders = driver.step(&Scene { new: starting(4, 4), ..scene(0) });
        assert_eq!((orders.wake, orders.stand), (Some(SimTime::from_secs(3_600)), Stand::Running));
        let orders = driver.step(&Scene { new: starting(4, 4), ..scene(3_600) });
        assert_eq!(orders.stand, Stand::Failed { why: Cause::NotReady { minutes: 60 }, restore: true });
    }

    #[test]
    fn a_rollback_to_a_fleet_that_stands_is_one_step() {
        let plan = Plan {
            test: Some(SimSpan::from_secs(60)),
            steps: vec![(0.1, SimSpan::from_secs(60)), (1.0, SimSpan::ZERO)],
            bake: SimSpan::from_secs(60),
            keep_old: SimSpan::from_secs(60),
        };
        let orders = plan.driver(true).step(&scene(100));
        assert_eq!((orders.start, orders.stop.len()), (0, 4), "what it goes back to is there; the others go at once");
        assert_eq!(orders.weights, Some(vec![(VersionId(0), 0.0), (VersionId(1), 1.0)]));
    }

    #[test]
    fn a_person_holds_it_lets_it_go_on_promotes_and_aborts() {
        use super::super::driver::Wishes;
        let plan =
            || Plan { test: None, steps: vec![(0.1, SimSpan::from_secs(300)), (1.0, SimSpan::ZERO)], bake: SimSpan::from_secs(60), keep_old: SimSpan::ZERO };
        let wish = |now: u64, wishes: Wishes| Scene { wishes, ..scene(now) };
        let mut held = plan().driver(false);
        held.step(&scene(60));
        let orders = held.step(&wish(160, Wishes { pause: true, ..Wishes::default() }));
        assert_eq!((orders.wake, held.progress().waiting, held.progress().phase), (None, Some(Waiting::Person), "Paused"));
        assert_eq!(held.progress().wishes, [Wish::Promote, Wish::PromoteFull, Wish::Resume, Wish::Abort]);
        assert_eq!(held.step(&scene(2_000)).weights, None, "it stays at 10 %");
        // A hundred of three hundred seconds had passed; the other two hundred follow.
        assert_eq!(held.step(&wish(2_000, Wishes { resume: true, ..Wishes::default() })).wake, Some(SimTime::from_secs(2_200)));
        assert_eq!(held.step(&wish(2_010, Wishes { promote: true, ..Wishes::default() })).weights, Some(vec![(VersionId(0), 0.0), (VersionId(1), 1.0)]));
        let orders = plan().driver(false).step(&wish(60, Wishes { abort: true, ..Wishes::default() }));
        assert_eq!(orders.stand, Stand::Failed { why: Cause::Aborted, restore: true });
    }

    #[test]
    fn the_count_is_kept_meanwhile() {
        let mut driver =
            Plan { test: None, steps: vec![(0.1, SimSpan::from_secs(300)), (1.0, SimSpan::ZERO)], bake: SimSpan::ZERO, keep_old: SimSpan::ZERO }.driver(false);
        assert_eq!(driver.step(&Scene { desired: 6, ..scene(0) }).start, 2, "the service was scaled");
        assert_eq!(driver.step(&Scene { desired: 3, ..scene(10) }).stop.len(), 1);
    }
}
