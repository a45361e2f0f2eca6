//! Shifting traffic from one fleet to another, which blue/green, canary and linear deployments have in common.
//!
//! The new version gets a fleet of its own beside the old one, and only then requests: test traffic first where a
//! deployment has some, then growing shares of production traffic, each watched for a while; then both stand for the
//! bake time, and the old fleet goes. Until it goes, the way back is a change of weights. A rollback is the same shift
//! without waiting, hooks and judges: where the fleet that it goes back to still stands, it takes no time.
//!
//! With life-cycle hooks the platform's events stand between these steps (`itinerary`), and each waits for its hooks.
//! It knows counts and times; who judges what is watched is the business of `watch`, `judging` and `trial`.

mod itinerary;

use self::itinerary::{Kind, Stage, itinerary};
use super::canary_analysis::CanaryAnalysis;
use super::driver::{Driver, Orders, Progress, Scene, Stand, StepState, Waiting, choose};
use super::hooks::runner::{Passed, Runner};
use super::hooks::{Hook, Platform};
use super::rollout::Wish;
use super::trial::{self, Probes, Test};
use crate::insight::judge::analysis::Phase;
use crate::telemetry::ledger::Cause;
use crate::units::{Ratio, SimSpan, SimTime};

/// How long the new fleet may take to become healthy: `CodeDeploy` gives an ECS replacement task set an hour.
pub(super) const READY_WITHIN: SimSpan = SimSpan::from_secs(3_600);

/// By which the driver knows its probes, its analysis, and the test requests of its hooks.
const PROBES: u32 = 0;
const ANALYSIS: u32 = 1;
const HOOKS: u32 = 2;

/// What is shifted, and how long each step is watched.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    /// How long test traffic alone is watched before any production traffic; `None`: there is no such step.
    pub(super) test: Option<SimSpan>,
    /// Shares of the production traffic [0…1], rising to 1, and how long each is held before the next.
    pub(super) steps: Vec<(f64, SimSpan)>,
    /// How long both fleets stand after the last step, so that alarms can still turn it back.
    pub(super) bake: SimSpan,
    /// How long the old fleet stands after the deployment has succeeded.
    pub(super) keep_old: SimSpan,
    /// Whose events there are; only where there are hooks.
    pub(super) platform: Option<Platform>,
    /// Life-cycle hooks.
    pub(super) hooks: Vec<Hook>,
    /// Synthetic probes that watch it from when the new fleet is up.
    pub(super) probes: Option<Probes>,
    /// The comparison of the two versions that must end well before everything is shifted.
    pub(super) analysis: Option<CanaryAnalysis>,
}

/// Something impossible about a strategy's hooks and judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key that it is about.
    pub key: &'static str,
    /// Which one, if there are several.
    pub index: Option<usize>,
    /// Why.
    pub why: String,
}

impl Problem {
    /// Those of hooks on a platform.
    pub(super) fn of_hooks(hooks: &[Hook], platform: Platform) -> Vec<Self> {
        let problem = |(index, hook): (usize, &Hook)| hook.check(platform).err().map(|why| Self { key: "hooks", index: Some(index), why });
        hooks.iter().enumerate().filter_map(problem).collect()
    }
}

impl Plan {
    /// Carries the plan out; a rollback shifts everything at once.
    pub(super) fn driver(self, restores: bool) -> Box<dyn Driver> {
        let plan = if restores { Self { steps: vec![(1.0, SimSpan::ZERO)], ..Self::default() } } else { self };
        let runner = plan.platform.map(|platform| Runner::new(platform, &plan.hooks, HOOKS));
        let stages = itinerary(&plan);
        Box::new(Shift { plan, stages, at: None, since: SimTime::ZERO, until: None, paused: None, share: None, runner, judging: Judging::Ahead, failed: 0 })
    }

    /// An ECS service deployment without `CodeDeploy`.
    pub(super) fn on_ecs(mut self) -> Self {
        self.platform = Some(Platform::EcsService { reconcile: false, steps: self.steps.len() as u32 });
        self
    }

    /// What is impossible about its hooks and judges.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.platform.map_or_else(Vec::new, |platform| Problem::of_hooks(&self.hooks, platform));
        let mut judge = |key, result: Option<Result<(), String>>| problems.extend(result.and_then(Result::err).map(|why| Problem { key, index: None, why }));
        judge("probes", self.probes.as_ref().map(Probes::check));
        judge("kayenta", self.analysis.as_ref().map(|analysis| analysis.check(self.watched_for())));
        problems
    }

    /// Says what is impossible about its hooks and judges, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        self.problems().into_iter().next().map_or(Ok(()), |problem| Err(problem.why))
    }

    /// How long shares of less than everything are held altogether.
    pub(super) fn watched_for(&self) -> SimSpan {
        SimSpan::from_nanos(self.steps.iter().filter(|(share, _)| *share < 1.0).map(|(_, hold)| hold.nanos()).sum())
    }
}

/// How far the comparison of the versions is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judging {
    /// It did not begin.
    Ahead,
    /// It goes on.
    UnderWay,
    /// It ended well, or a person did not wait for it.
    Over,
}

struct Shift {
    plan: Plan,
    stages: Vec<Stage>,
    /// The stage under way; `None`: nothing was done yet.
    at: Option<usize>,
    /// Since when it is there.
    since: SimTime,
    /// Until when it stays there, or until when it must be done.
    until: Option<SimTime>,
    /// Since when a person holds it where it is.
    paused: Option<SimTime>,
    /// The new version's share, as it was last set.
    share: Option<f64>,
    runner: Option<Runner>,
    judging: Judging,
    failed: u32,
}

impl Shift {
    fn kind(&self) -> Option<Kind> {
        self.at.and_then(|at| self.stages.get(at)).map(|stage| stage.kind)
    }

    /// Whether the time of the stage under way is what it waits for, so that a person can end it.
    fn has_time(&self) -> bool {
        matches!(self.kind(), Some(Kind::Test(_) | Kind::Step { .. } | Kind::Bake | Kind::KeepOld))
    }

    /// Whether steps are left that a person can pass over.
    fn has_steps(&self) -> bool {
        let last = self.stages.iter().rposition(|stage| matches!(stage.kind, Kind::Step { .. }));
        self.at.is_none_or(|at| last.is_some_and(|last| at <= last))
    }

    /// The share of the traffic that belongs to the stage.
    fn wanted_share(&self) -> f64 {
        self.at.and_then(|at| self.stages.get(at)).map_or(0.0, |stage| stage.share)
    }

    /// Whether the stage under way is over; where a hook stopped it, why, and whether it may be turned back.
    fn is_over(&mut self, scene: &Scene, promoted: bool, orders: &mut Orders) -> Passed {
        let now = scene.now;
        let over = |over: bool| if over { Passed::Yes } else { Passed::NotYet(SimTime::NEVER) };
        let healthy = scene.new.iter().filter(|seen| seen.healthy_since.is_some()).count() as u32;
        let in_time = self.until.is_none_or(|until| now >= until);
        match self.kind() {
            Some(Kind::Event(_)) => self.runner.as_mut().map_or(Passed::Yes, |runner| runner.step(scene, None, promoted, orders)),
            Some(Kind::ScaleUp) => over(healthy >= scene.desired),
            // What takes everything is watched by the bake time.
            None | Some(Kind::Step { all: true, .. }) => Passed::Yes,
            Some(Kind::Step { last, .. }) => over(in_time && (!last || self.judging != Judging::UnderWay)),
            Some(Kind::Test(_) | Kind::Bake | Kind::KeepOld) => over(in_time),
            Some(Kind::CleanUp) => over(false),
        }
    }

    /// Enters the next stage.
    fn enter(&mut self, scene: &Scene, orders: &mut Orders) {
        let now = scene.now;
        let was = self.kind();
        self.at = Some(self.at.map_or(0, |at| at + 1));
        self.since = now;
        self.until = match self.kind() {
            Some(Kind::ScaleUp) => Some(now + READY_WITHIN),
            Some(Kind::Test(hold) | Kind::Step { hold, .. }) => Some(now + hold),
            Some(Kind::Bake) => Some(now + self.plan.bake),
            Some(Kind::KeepOld) => Some(now + self.plan.keep_old),
            Some(Kind::Event(_) | Kind::CleanUp) | None => None,
        };
        if let (Some(Kind::Event(event)), Some(runner)) = (self.kind(), &mut self.runner) {
            runner.begin(event, now);
        }
        if let Some(probes) = self.plan.probes.as_ref().filter(|_| was == Some(Kind::ScaleUp)) {
            let name = format!("probes of the {}", probes.at.name());
            orders.tests.push((PROBES, Test { name, kind: trial::Kind::Probes(probes.clone()), instance: None }));
        }
        if let Some(analysis) = self.plan.analysis.as_ref().filter(|_| self.judging == Judging::Ahead && self.wanted_share() > 0.0) {
            self.judging = Judging::UnderWay;
            orders.compare.push((ANALYSIS, analysis.clone(), self.plan.watched_for()));
        }
    }

    /// Does what a person asks for: holds it where it is, lets it go on, or leaves what it waits for. Promoting either ends a
    /// pause or leaves what is waited for, never both; says whether it leaves that.
    fn follow(&mut self, scene: &Scene, orders: &mut Orders) -> bool {
        let now = scene.now;
        if scene.wishes.pause && self.paused.is_none() {
            self.paused = Some(now);
        }
        let leaves = scene.wishes.promote && self.paused.is_none();
        if (scene.wishes.resume || scene.wishes.promote)
            && let Some(since) = self.paused.take()
            && self.has_time()
        {
            // What was left of the step is still to come.
            self.until = self.until.map(|until| until + now.since(since));
        }
        if leaves || scene.wishes.promote_full {
            self.paused = None;
            if self.has_time() {
                self.until = Some(now);
            }
            let leaves_last = matches!(self.kind(), Some(Kind::Step { last: true, .. }));
            if self.judging != Judging::Over && (leaves_last || scene.wishes.promote_full) {
                if self.judging == Judging::UnderWay {
                    orders.end.push(ANALYSIS);
                }
                self.judging = Judging::Over;
            }
        }
        if scene.wishes.promote_full {
            for stage in &mut self.stages {
                if let Kind::Test(hold) | Kind::Step { hold, .. } = &mut stage.kind {
                    *hold = SimSpan::ZERO;
                }
            }
            if let Some(runner) = &mut self.runner {
                runner.pass_pauses();
            }
        }
        leaves
    }

    /// What those who judge it say: why it is to fail, and whether it goes back.
    fn condemned(&mut self, scene: &Scene) -> Option<Stand> {
        let failed = |key| scene.tried.iter().any(|(known, tried)| *known == key && tried.phase == Phase::Failed);
        if let Some(probes) = self.plan.probes.as_ref().filter(|_| failed(PROBES)) {
            let (failed, of) = probes.rule();
            return Some(Stand::Failed { why: Cause::ProbesFailed { what: probes.at.name(), failed, of }, restore: probes.rollback });
        }
        match scene.verdicts.iter().find(|(key, _)| *key == ANALYSIS && self.judging == Judging::UnderWay) {
            Some((_, Phase::Successful)) => self.judging = Judging::Over,
            Some((_, Phase::Failed)) => {
                let why = scene.compared.clone().unwrap_or(Cause::Aborted);
                return Some(Stand::Failed { why, restore: true });
            }
            _ => {}
        }
        None
    }

    /// What a person can ask of it now.
    fn wishes(&self) -> Vec<Wish> {
        let is_paused = self.paused.is_some();
        let asks = matches!(self.kind(), Some(Kind::Event(_))) && self.runner.as_ref().is_some_and(Runner::waits_for_person);
        let possible = [
            (Wish::Promote, self.has_time() || is_paused || asks),
            (Wish::PromoteFull, self.has_steps()),
            (Wish::Pause, !is_paused && self.kind() != Some(Kind::CleanUp)),
            (Wish::Resume, is_paused),
            (Wish::Abort, true),
        ];
        possible.into_iter().filter(|(_, possible)| *possible).map(|(wish, _)| wish).collect()
    }

    fn waiting(&self) -> Waiting {
        match (self.paused, self.kind(), &self.runner) {
            (Some(_), ..) => Waiting::Person,
            (None, Some(Kind::Event(_)), Some(runner)) if runner.waits_for_person() => Waiting::Person,
            (None, Some(Kind::Event(_)), Some(runner)) if runner.waits_for_tests() => Waiting::Tests,
            (None, Some(Kind::Event(_)), _) => Waiting::Hook,
            (None, None | Some(Kind::ScaleUp | Kind::CleanUp), _) => Waiting::Instances,
            _ => Waiting::Time,
        }
    }
}

impl Driver for Shift {
    fn progress(&self) -> Progress {
        // Stages that are one step to whoever watches have the same name.
        let mut steps: Vec<(String, StepState)> = Vec::new();
        let (here, mut current) = (self.at.unwrap_or(0), 0);
        for (at, stage) in self.stages.iter().enumerate() {
            if at == 0 || self.stages[at - 1].name != stage.name {
                steps.push((stage.name.clone(), StepState::Ahead));
            }
            if at <= here {
                current = steps.len() - 1;
            }
        }
        for (at, (_, state)) in steps.iter_mut().enumerate() {
            *state = match at.cmp(&current) {
                std::cmp::Ordering::Less => StepState::Done,
                std::cmp::Ordering::Equal => StepState::Current,
                std::cmp::Ordering::Greater => StepState::Ahead,
            };
        }
        Progress {
            approval: None,
            steps,
            current: Some(current),
            since: Some(self.since),
            until: self.until.filter(|until| self.paused.is_none() && *until < SimTime::NEVER),
            waiting: Some(self.waiting()),
            weight: Some(Ratio::new(self.wanted_share())),
            phase: if self.paused.is_some() { "Paused" } else { "Progressing" },
            wishes: self.wishes(),
        }
    }

    fn failed(&self) -> u32 {
        self.failed
    }

    fn took_over(&self) -> bool {
        self.share.is_some_and(|share| share >= 1.0)
    }

    fn step(&mut self, scene: &Scene) -> Orders {
        self.failed += scene.failures.len() as u32;
        if scene.wishes.abort {
            return Orders { stand: Stand::Failed { why: Cause::Aborted, restore: true }, ..Orders::default() };
        }
        let mut orders = Orders::default();
        // A person who promotes means what is waited for now, not what comes after it.
        let mut promoted = self.follow(scene, &mut orders);
        if let Some(stand) = self.condemned(scene) {
            return Orders { stand, ..Orders::default() };
        }
        loop {
            match self.is_over(scene, std::mem::take(&mut promoted), &mut orders) {
                Passed::Yes if self.paused.is_none() => self.enter(scene, &mut orders),
                Passed::Yes => break,
                Passed::NotYet(until) => {
                    if matches!(self.kind(), Some(Kind::Event(_))) {
                        self.until = Some(until);
                    }
                    break;
                }
                Passed::Stopped(why, restore) => return Orders { stand: Stand::Failed { why, restore }, ..Orders::default() },
            }
        }
        let scale_up = self.stages.iter().position(|stage| stage.kind == Kind::ScaleUp);
        if self.at >= scale_up {
            orders.start = scene.desired.saturating_sub(scene.new.len() as u32);
        }
        orders.stop = choose(&scene.new, (scene.new.len() as u32).saturating_sub(scene.desired) as usize);
        let share = self.wanted_share();
        if self.share.is_none_or(|set| (set - share).abs() > 1e-12) && scene.replaced != scene.deployed {
            self.share = Some(share);
            orders.weights = Some(vec![(scene.replaced, 1.0 - share), (scene.deployed, share)]);
        }
        let goes_on = self.paused.is_none();
        match self.kind() {
            Some(Kind::ScaleUp) if self.until.is_some_and(|by| scene.now >= by) => {
                orders.stand = Stand::Failed { why: Cause::NotReady { minutes: (READY_WITHIN.as_secs_f64() / 60.0) as u32 }, restore: true };
            }
            // A hook goes on while a person holds the deployment.
            Some(Kind::ScaleUp | Kind::Event(_)) => orders.wake = self.until.filter(|until| *until > scene.now),
            Some(Kind::Test(_) | Kind::Step { .. } | Kind::Bake | Kind::KeepOld) => orders.wake = self.until.filter(|_| goes_on),
            None => {}
            Some(Kind::CleanUp) => {
                orders.stop.extend(scene.old.iter().map(|seen| seen.id));
                let healthy = scene.new.iter().filter(|seen| seen.healthy_since.is_some()).count() as u32;
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
            ..Plan::default()
        };
        assert_eq!(shares(plan, 10_000), (vec![(0, 0.1), (300, 1.0)], Some(960)));
    }

    #[test]
    fn test_traffic_comes_before_production_traffic() {
        let plan = Plan { test: Some(SimSpan::from_secs(120)), steps: vec![(1.0, SimSpan::ZERO)], ..Plan::default() };
        assert_eq!(shares(plan, 10_000), (vec![(120, 1.0)], Some(120)));
    }

    #[test]
    fn a_fleet_that_does_not_come_up_fails_after_an_hour() {
        let mut driver = Plan { steps: vec![(1.0, SimSpan::ZERO)], ..Plan::default() }.driver(false);
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
            ..Plan::default()
        };
        let orders = plan.driver(true).step(&scene(100));
        assert_eq!((orders.start, orders.stop.len()), (0, 4), "what it goes back to is there; the others go at once");
        assert_eq!(orders.weights, Some(vec![(VersionId(0), 0.0), (VersionId(1), 1.0)]));
    }

    #[test]
    fn a_person_holds_it_lets_it_go_on_promotes_and_aborts() {
        use super::super::driver::Wishes;
        let plan = || Plan { steps: vec![(0.1, SimSpan::from_secs(300)), (1.0, SimSpan::ZERO)], bake: SimSpan::from_secs(60), ..Plan::default() };
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
        let mut held = plan().driver(false);
        held.step(&scene(60));
        held.step(&wish(160, Wishes { pause: true, ..Wishes::default() }));
        let orders = held.step(&wish(2_000, Wishes { promote: true, ..Wishes::default() }));
        assert_eq!((orders.weights, orders.wake, held.progress().phase), (None, Some(SimTime::from_secs(2_200)), "Progressing"), "only the pause ends");
        held.step(&wish(2_100, Wishes { pause: true, ..Wishes::default() }));
        let orders = held.step(&wish(2_150, Wishes { promote_full: true, ..Wishes::default() }));
        assert_eq!(orders.weights, Some(vec![(VersionId(0), 0.0), (VersionId(1), 1.0)]), "no pause is left on the way to the end");
        let orders = plan().driver(false).step(&wish(60, Wishes { abort: true, ..Wishes::default() }));
        assert_eq!(orders.stand, Stand::Failed { why: Cause::Aborted, restore: true });
    }

    #[test]
    fn the_count_is_kept_meanwhile() {
        let mut driver = Plan { steps: vec![(0.1, SimSpan::from_secs(300)), (1.0, SimSpan::ZERO)], ..Plan::default() }.driver(false);
        assert_eq!(driver.step(&Scene { desired: 6, ..scene(0) }).start, 2, "the service was scaled");
        assert_eq!(driver.step(&Scene { desired: 3, ..scene(10) }).stop.len(), 1);
    }
}
