//! Flagger's loop at work: what it does at each interval. What it is and where it comes from is told in [`super::flagger`].
//!
//! It knows counts, times and which checks have succeeded, neither metrics nor requests.

use std::collections::BTreeSet;

use super::super::driver::{Driver, HeaderRoute, Orders, Progress, Scene, Seen, Stand, StepState, Waiting, choose};
use super::super::rolling_update::RollingUpdate;
use super::super::rollout::Wish;
use super::{Flagger, HookType, Provider, SHORTEST, TOTAL, Way, Webhook};
use crate::ids::InstanceId;
use crate::insight::judge::analysis;
use crate::insight::judge::flagger::{Counter, Step};
use crate::telemetry::ledger::Cause;
use crate::units::{Ratio, SimTime};

/// The phase of a `Canary` (`status.phase`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing was done yet.
    Initializing,
    /// The primary stands; the new version is not noticed yet.
    Initialized,
    /// A webhook must approve the rollout.
    Waiting,
    /// The canary comes up or is analysed.
    Progressing,
    /// A webhook must approve the promotion.
    WaitingPromotion,
    /// The primary is updated, or gets its traffic back.
    Promoting,
    /// The primary has all traffic.
    Finalising,
    /// The canary is scaled to zero.
    Succeeded,
    /// It was rolled back.
    Failed,
}

impl Phase {
    const fn name(self) -> &'static str {
        match self {
            Self::Initializing => "Initializing",
            Self::Initialized => "Initialized",
            Self::Waiting => "Waiting",
            Self::Progressing => "Progressing",
            Self::WaitingPromotion => "WaitingPromotion",
            Self::Promoting => "Promoting",
            Self::Finalising => "Finalising",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

/// The primary on its way to the new version.
struct Promotion {
    update: Box<dyn Driver>,
    /// The canary's instances; all others of the new version are the primary's.
    canary: BTreeSet<InstanceId>,
}

/// The loop at work.
pub(super) struct Run {
    params: Flagger,
    counter: Counter,
    phase: Phase,
    /// The next interval.
    tick: SimTime,
    /// The canary's weight [%], of the requests that an A/B test shows it.
    weight: u32,
    /// Iterations that are done.
    iteration: u32,
    mirrored: bool,
    promotion: Option<Promotion>,
    /// Since when too few of the canary's pods are ready.
    canary_unready: Option<SimTime>,
    /// Since when too few of the primary's pods are ready.
    primary_unready: Option<SimTime>,
    /// The webhook whose approval people were told to wait for.
    asked: Option<u32>,
    /// The new version's share, as it was last set.
    share: Option<f64>,
    failed: u32,
}

/// Whether enough of `seen` are ready, where there must be `count`; a share of a pod counts as none, as in Flagger.
fn is_ready<'a>(seen: impl Iterator<Item = &'a Seen>, count: u32, threshold: u32) -> bool {
    let (mut all, mut ready) = (0, 0);
    for one in seen {
        all += 1;
        ready += u32::from(one.healthy_since.is_some());
    }
    all >= count && ready >= count * threshold / TOTAL
}

impl Run {
    /// Before its first step.
    pub(super) fn new(params: &Flagger) -> Self {
        Self {
            counter: Counter::new(params.threshold),
            params: params.clone(),
            phase: Phase::Initializing,
            tick: SimTime::NEVER,
            weight: 0,
            iteration: 0,
            mirrored: false,
            promotion: None,
            canary_unready: None,
            primary_unready: None,
            asked: None,
            share: None,
            failed: 0,
        }
    }

    /// Whether an instance of the new version is the canary's.
    fn is_canary(&self, seen: &Seen) -> bool {
        self.promotion.as_ref().is_none_or(|promotion| promotion.canary.contains(&seen.id))
    }

    /// Notes since when canary or primary are short of ready pods.
    fn look(&mut self, scene: &Scene) {
        let canary = |seen: &&Seen| self.is_canary(seen);
        let count = if self.promotion.is_some() { scene.new.iter().filter(canary).count() as u32 } else { scene.desired };
        let canary_ready = is_ready(scene.new.iter().filter(canary), count, self.params.canary_ready_threshold);
        let threshold = self.params.primary_ready_threshold;
        let primary_ready = match self.promotion {
            None => is_ready(scene.old.iter(), scene.old.len() as u32, threshold),
            Some(_) => scene.old.is_empty() && is_ready(scene.new.iter().filter(|seen| !self.is_canary(seen)), scene.desired, threshold),
        };
        let is_up = !matches!(self.phase, Phase::Initializing | Phase::Initialized | Phase::Waiting);
        let since = |ready: bool, since: Option<SimTime>| if ready { None } else { since.or(Some(scene.now)) };
        self.canary_unready = since(canary_ready || !is_up, self.canary_unready);
        self.primary_unready = since(primary_ready, self.primary_unready);
    }

    /// The first of these checks that has not succeeded, if one has not.
    fn first_failed<'a>(scene: &Scene, mut checks: impl Iterator<Item = (u32, &'a str)>) -> Option<(u32, String)> {
        let passes = |number: u32| scene.verdicts.iter().any(|(of, result)| *of == number && *result == analysis::Phase::Successful);
        checks.find(|(number, _)| !passes(*number)).map(|(number, name)| (number, name.to_owned()))
    }

    /// Whether all webhooks of a type approve. People are told once whose approval is waited for.
    fn is_approved(&mut self, gate: HookType, scene: &Scene, orders: &mut Orders) -> bool {
        let Some((number, name)) = Self::first_failed(scene, self.params.hooks(gate)) else {
            self.asked = None;
            return true;
        };
        if self.asked.replace(number) != Some(number) {
            orders.report = Some(Cause::Approval { name });
        }
        false
    }

    /// Goes through one interval.
    fn advance(&mut self, scene: &Scene, orders: &mut Orders) {
        if matches!(self.phase, Phase::Initialized | Phase::Waiting) {
            let approved = self.is_approved(HookType::ConfirmRollout, scene, orders);
            self.phase = if approved { Phase::Progressing } else { Phase::Waiting };
            self.canary_unready = approved.then_some(scene.now);
            return;
        }
        let checked_first = if self.params.skip_analysis { None } else { self.primary_unready };
        if let Some(since) = checked_first.or(self.canary_unready) {
            if scene.now > since + self.params.progress_deadline {
                self.roll_back(Cause::ProgressDeadline, orders);
            }
            return;
        }
        match self.phase {
            Phase::Promoting => self.give_back(),
            Phase::Finalising => self.succeed(),
            _ if self.params.skip_analysis => {
                self.promote(scene);
                self.succeed();
            }
            _ => self.analyse(scene, orders),
        }
    }

    /// Checks the canary, and takes a step if all is well.
    fn analyse(&mut self, scene: &Scene, orders: &mut Orders) {
        let called = self.params.hooks(HookType::Rollback).find(|hook| Self::first_failed(scene, std::iter::once(*hook)).is_none());
        if let Some((_, name)) = called {
            let name = name.to_owned();
            return self.roll_back(Cause::RollbackHook { name }, orders);
        }
        let starts = self.weight == 0 && self.iteration == 0 && !self.mirrored;
        let failed =
            if starts { Self::first_failed(scene, self.params.hooks(HookType::PreRollout)) } else { Self::first_failed(scene, self.params.rollout_checks()) };
        match self.counter.step(|| failed.is_none()) {
            Step::RollBack => self.roll_back(Cause::FailedChecks { failed: self.counter.failed() }, orders),
            Step::Halt => {
                let name = failed.map(|(_, name)| name).unwrap_or_default();
                orders.report = Some(Cause::FailedCheck { name, failed: self.counter.failed(), threshold: self.counter.threshold() });
            }
            Step::Advance if self.params.way() == Way::Canary => self.grow(scene, orders),
            Step::Advance => self.iterate(scene, orders),
        }
    }

    /// A step of a canary.
    fn grow(&mut self, scene: &Scene, orders: &mut Orders) {
        let gate = !self.mirrored && self.phase != Phase::WaitingPromotion;
        if gate && !self.is_approved(HookType::ConfirmTrafficIncrease, scene, orders) {
            return;
        }
        if self.weight >= self.params.most() {
            self.ask_and_promote(scene, orders);
        } else if self.params.mirror && self.weight == 0 && !self.mirrored {
            self.mirrored = true;
        } else {
            self.mirrored = false;
            self.weight = (self.weight + self.params.growth(self.weight)).min(TOTAL);
        }
    }

    /// A step of an A/B test or of blue/green.
    fn iterate(&mut self, scene: &Scene, orders: &mut Orders) {
        let (way, kubernetes) = (self.params.way(), self.params.provider == Provider::Kubernetes);
        if self.iteration < self.params.iterations() {
            self.iteration += 1;
            self.mirrored = way == Way::BlueGreen && self.params.mirror && !kubernetes;
            if way == Way::AbTest {
                self.weight = TOTAL;
            }
        } else if way == Way::BlueGreen && self.iteration == self.params.iterations() {
            // Everything goes to the canary for one interval before the primary is touched.
            if self.is_promotable(scene, orders) {
                self.iteration += 1;
                self.mirrored = false;
                self.weight = if kubernetes { 0 } else { TOTAL };
            }
        } else {
            self.ask_and_promote(scene, orders);
        }
    }

    /// Whether the promotion is approved; else it waits.
    fn is_promotable(&mut self, scene: &Scene, orders: &mut Orders) -> bool {
        let approved = self.is_approved(HookType::ConfirmPromotion, scene, orders);
        if !approved {
            self.phase = Phase::WaitingPromotion;
        }
        approved
    }

    fn ask_and_promote(&mut self, scene: &Scene, orders: &mut Orders) {
        if self.is_promotable(scene, orders) {
            self.promote(scene);
        }
    }

    /// Copies the new version to the primary, which is updated as Kubernetes updates a deployment.
    fn promote(&mut self, scene: &Scene) {
        self.phase = Phase::Promoting;
        let canary = scene.new.iter().map(|seen| seen.id).collect();
        self.promotion = Some(Promotion { update: RollingUpdate::default().driver(false), canary });
        self.primary_unready = Some(scene.now);
    }

    /// Gives the primary its traffic back.
    fn give_back(&mut self) {
        let step = if self.params.step_weight_promotion == 0 { TOTAL } else { self.params.step_weight_promotion };
        self.weight = self.weight.saturating_sub(step);
        if self.weight == 0 {
            self.phase = Phase::Finalising;
        }
    }

    fn succeed(&mut self) {
        self.phase = Phase::Succeeded;
        self.weight = 0;
    }

    fn roll_back(&mut self, why: Cause, orders: &mut Orders) {
        self.phase = Phase::Failed;
        (self.weight, self.mirrored) = (0, false);
        orders.stand = Stand::Failed { why, restore: true };
    }

    /// Whether a person's approval is waited for.
    fn asks_person(&self) -> bool {
        self.asked.and_then(|number| self.params.webhook(number)).is_some_and(Webhook::asks_person)
    }

    /// What a person can ask of it now: what can be changed in a `Canary` while it is under way.
    fn wishes(&self) -> Vec<Wish> {
        let is_over = matches!(self.phase, Phase::Succeeded | Phase::Failed);
        let is_analysed = !is_over && !matches!(self.phase, Phase::Promoting | Phase::Finalising);
        let possible = [
            (Wish::Promote, !is_over && (self.params.suspend || self.asks_person())),
            (Wish::PromoteFull, is_analysed && !self.params.skip_analysis),
            (Wish::Pause, !is_over && !self.params.suspend),
            (Wish::Resume, !is_over && self.params.suspend),
            (Wish::Abort, is_analysed),
        ];
        possible.into_iter().filter(|(_, possible)| *possible).map(|(wish, _)| wish).collect()
    }

    /// Does what a person asks for: `suspend`, `skipAnalysis`, and what an open `rollback` gate does.
    fn follow(&mut self, scene: &Scene, orders: &mut Orders) {
        let (wishes, possible) = (scene.wishes, self.wishes());
        let asked = |wish: Wish, asked: bool| asked && possible.contains(&wish);
        if asked(Wish::Abort, wishes.abort) {
            return self.roll_back(Cause::Aborted, orders);
        }
        if asked(Wish::Pause, wishes.pause) {
            self.params.suspend = true;
        }
        if wishes.promote && !self.params.suspend && self.asks_person() {
            // The gate is open from here on; it is asked again at the next interval.
            orders.open = self.asked;
        }
        if self.params.suspend && (wishes.resume || wishes.promote || wishes.promote_full) {
            self.params.suspend = false;
            // The intervals went by meanwhile, and nothing was checked in them.
            let interval = self.params.interval.max(SHORTEST);
            while self.tick <= scene.now {
                self.tick += interval;
            }
        }
        if asked(Wish::PromoteFull, wishes.promote_full) {
            self.params.skip_analysis = true;
        }
    }

    /// Says what to start and to stop.
    fn staff(&mut self, scene: &Scene, orders: &mut Orders) {
        if self.phase == Phase::Failed {
            // Whoever restores the primary finds everything as it is.
            return;
        }
        let Some(mut promotion) = self.promotion.take() else {
            if matches!(self.phase, Phase::Progressing | Phase::WaitingPromotion) {
                let count = scene.new.len() as u32;
                orders.start = scene.desired.saturating_sub(count);
                orders.stop = choose(&scene.new, count.saturating_sub(scene.desired) as usize);
            }
            return;
        };
        let (canary, primary): (Vec<Seen>, Vec<Seen>) = scene.new.iter().copied().partition(|seen| promotion.canary.contains(&seen.id));
        let update = promotion.update.step(&Scene { new: primary, failures: Vec::new(), verdicts: Vec::new(), ..scene.clone() });
        (orders.start, orders.stop) = (update.start, update.stop);
        orders.wake = update.wake;
        if self.phase == Phase::Succeeded {
            orders.stop.extend(canary.iter().map(|seen| seen.id));
            orders.stand = update.stand;
        }
        self.promotion = Some(promotion);
    }

    /// Says whom an A/B test shows the canary.
    fn headers(&self) -> Vec<HeaderRoute> {
        if self.params.way() != Way::AbTest || self.weight == 0 {
            return Vec::new();
        }
        let headers = self.params.r#match.iter().map(|condition| (condition.header.clone(), condition.value.clone())).collect();
        vec![HeaderRoute { name: "flagger".to_owned(), headers }]
    }

    /// Says which share of the requests the new version gets: the canary's, and that of the primary as far as it is updated.
    fn route(&mut self, scene: &Scene, orders: &mut Orders) {
        if orders.stand == Stand::Completed {
            orders.weights = Some(Vec::new());
            return;
        }
        // In an A/B test headers decide, and the shares are those of all others.
        let canary = if self.params.way() == Way::AbTest { 0.0 } else { f64::from(self.weight) / f64::from(TOTAL) };
        let ready = |seen: &[Seen], counts: &dyn Fn(&Seen) -> bool| seen.iter().filter(|seen| seen.healthy_since.is_some() && counts(seen)).count() as f64;
        let (old, updated) = (ready(&scene.old, &|_| true), ready(&scene.new, &|seen| !self.is_canary(seen)));
        let primary = if old + updated > 0.0 { updated / (old + updated) } else { 0.0 };
        let share = canary + (1.0 - canary) * primary;
        if self.share.is_none_or(|set| (set - share).abs() > 1e-12) && scene.replaced != scene.deployed {
            self.share = Some(share);
            orders.weights = Some(vec![(scene.replaced, 1.0 - share), (scene.deployed, share)]);
        }
    }
}

impl Driver for Run {
    fn failed(&self) -> u32 {
        self.failed
    }

    fn progress(&self) -> Progress {
        let (mut names, done): (Vec<String>, usize) = match self.params.way() {
            Way::Canary => {
                let weights = self.params.weights();
                (weights.iter().map(|weight| format!("weight {weight} %")).collect(), weights.iter().filter(|weight| **weight <= self.weight).count())
            }
            Way::AbTest | Way::BlueGreen => {
                let all = self.params.iterations();
                ((1..=all).map(|iteration| format!("iteration {iteration}")).collect(), self.iteration.min(all) as usize)
            }
        };
        names.push("promotion".to_owned());
        let last = names.len() - 1;
        // The step that was taken last is the one that is watched; all are over when the primary has its traffic back.
        let current = match self.phase {
            Phase::Promoting => Some(last),
            Phase::Progressing | Phase::WaitingPromotion => done.checked_sub(1),
            _ => None,
        };
        let state = |at: usize| match (self.phase, current) {
            (Phase::Finalising | Phase::Succeeded, _) => StepState::Done,
            (_, Some(now)) if at < now => StepState::Done,
            (_, Some(now)) if at == now => StepState::Current,
            _ => StepState::Ahead,
        };
        let waiting = match self.phase {
            _ if self.params.suspend && !matches!(self.phase, Phase::Succeeded | Phase::Failed) => Some(Waiting::Person),
            Phase::Waiting | Phase::WaitingPromotion => Some(Waiting::Approval),
            _ if self.asked.is_some() => Some(Waiting::Approval),
            Phase::Initialized | Phase::Progressing | Phase::Promoting if self.canary_unready.or(self.primary_unready).is_some() => Some(Waiting::Instances),
            Phase::Initialized | Phase::Progressing | Phase::Promoting | Phase::Finalising => Some(Waiting::Time),
            Phase::Initializing | Phase::Succeeded | Phase::Failed => None,
        };
        Progress {
            steps: names.into_iter().enumerate().map(|(at, name)| (name, state(at))).collect(),
            current,
            until: waiting.filter(|waiting| *waiting == Waiting::Time).map(|_| self.tick),
            waiting,
            weight: self.share.map(Ratio::new),
            phase: self.phase.name(),
            approval: self.asked.filter(|_| waiting == Some(Waiting::Approval)).and_then(|number| self.params.webhook(number)).map(|hook| hook.name.clone()),
            wishes: self.wishes(),
            ..Progress::default()
        }
    }

    fn step(&mut self, scene: &Scene) -> Orders {
        self.failed += scene.failures.len() as u32;
        let mut orders = Orders::default();
        let interval = self.params.interval.max(SHORTEST);
        self.follow(scene, &mut orders);
        let (mirrored, headers) = (self.mirrored, self.headers());
        if self.phase == Phase::Initializing {
            self.phase = Phase::Initialized;
            self.tick = scene.now + interval;
        }
        self.look(scene);
        let is_over = matches!(self.phase, Phase::Succeeded | Phase::Failed);
        if scene.now >= self.tick && !is_over && !self.params.suspend {
            self.tick += interval;
            self.advance(scene, &mut orders);
        }
        self.staff(scene, &mut orders);
        self.route(scene, &mut orders);
        if self.mirrored != mirrored {
            orders.mirror = Some(if self.mirrored { Ratio::new(f64::from(self.params.mirror_weight) / f64::from(TOTAL)) } else { Ratio::ZERO });
        }
        orders.headers = Some(self.headers()).filter(|now| *now != headers);
        if orders.stand == Stand::Running && self.phase != Phase::Succeeded && !self.params.suspend {
            orders.wake = orders.wake.into_iter().chain([self.tick]).min();
        }
        orders
    }
}
