//! An Argo canary at work: goes through the steps, listens to people and analyses, and finds the way back.
//!
//! It is stepped whenever something changed. What is wanted where it is, is `counts`' business.

use super::canary::{ArgoCanary, Background};
use super::common::{Deadline, Runs, next_available, wake};
use super::counts::Counts;
use super::driver::{Driver, HeaderRoute, Orders, Progress, Scene, Stand, Waiting, Way, choose};
use super::steps::{ReplicaProgressThreshold, Step};
use crate::insight::judge::analysis::Phase;
use crate::telemetry::ledger::Cause;
use crate::units::{Ratio, SimSpan, SimTime};

/// How a rollout stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum State {
    /// Through the steps.
    Going,
    /// It gave up, and puts back what it changed.
    Aborted {
        why: Cause,
        /// When the new version's instances go; `None` before the old version is complete.
        scale_down: Option<SimTime>,
    },
    /// The new version is the stable one; the old one's instances go then.
    Promoted { scale_down: SimTime },
}

/// Why a rollout waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// An analysis was inconclusive.
    Inconclusive,
    /// A person paused it.
    Asked,
}

/// A canary at work.
#[expect(clippy::struct_excessive_bools, reason = "each remembers something that happened by itself")]
pub(super) struct CanaryRun {
    pub(super) params: ArgoCanary,
    restores: bool,
    begun: bool,
    /// The step under way; past the last one all are over.
    pub(super) at: usize,
    /// Since when.
    pub(super) since: SimTime,
    pub(super) state: State,
    holds: Vec<Hold>,
    /// A person asked for everything at once.
    pub(super) full: bool,
    /// The step under way is a pause that a person ended, or a step to leave.
    go_on: bool,
    /// Steps that were left out.
    pub(super) skipped: Vec<usize>,
    /// The new version's weight, as it is set.
    pub(super) weight: u32,
    /// The weight that was ordered last.
    ordered: Option<u32>,
    /// Counts of the new and of the old version as last wanted; kept while it is held.
    pub(super) wanted: (u32, u32),
    /// The desired count that they belong to.
    wanted_of: u32,
    runs: Runs,
    background: Option<u32>,
    /// The background analysis was over, and well.
    background_over: bool,
    /// Analyses of the step under way: key, and whether the step waits for it.
    step_runs: Vec<(u32, bool)>,
    mirrors: Vec<(String, u32)>,
    headers: Vec<HeaderRoute>,
    pub(super) threshold: Option<ReplicaProgressThreshold>,
    deadline: Deadline,
    failed: u32,
    pub(super) waiting: Option<Waiting>,
    pub(super) desired: u32,
}

impl CanaryRun {
    pub(super) fn new(params: ArgoCanary, restores: bool) -> Self {
        Self {
            threshold: params.replica_progress_threshold,
            params,
            restores,
            begun: false,
            at: 0,
            since: SimTime::ZERO,
            state: State::Going,
            holds: Vec::new(),
            full: false,
            go_on: false,
            skipped: Vec::new(),
            weight: 0,
            ordered: None,
            wanted: (0, 0),
            wanted_of: 0,
            runs: Runs::default(),
            background: None,
            background_over: false,
            step_runs: Vec::new(),
            mirrors: Vec::new(),
            headers: Vec::new(),
            deadline: Deadline::default(),
            failed: 0,
            waiting: None,
            desired: 0,
        }
    }

    pub(super) fn most(&self) -> u32 {
        self.params.max_traffic_weight
    }

    pub(super) fn is_going(&self) -> bool {
        self.state == State::Going
    }

    /// Moves to a step.
    fn go_to(&mut self, step: usize, now: SimTime, orders: &mut Orders) {
        for (key, _) in std::mem::take(&mut self.step_runs) {
            self.runs.end(key, orders);
        }
        self.at = step;
        self.since = now;
        self.go_on = false;
    }

    /// Gives up.
    fn abort(&mut self, why: Cause, now: SimTime, orders: &mut Orders) {
        self.runs.end_all(orders);
        self.step_runs.clear();
        self.background = None;
        self.holds.clear();
        self.full = false;
        self.since = now;
        self.clear_routes(orders);
        orders.aborted = Some(why.clone());
        self.state = State::Aborted { why, scale_down: None };
    }

    /// The new version is the stable one from now on.
    fn promote(&mut self, now: SimTime, orders: &mut Orders) {
        self.runs.end_all(orders);
        self.step_runs.clear();
        self.background = None;
        self.holds.clear();
        if self.at < self.params.steps.len() {
            self.skipped.extend(self.at..self.params.steps.len());
            self.at = self.params.steps.len();
        }
        self.since = now;
        self.clear_routes(orders);
        let at_once = !self.params.traffic_routing || self.params.dynamic_stable_scale;
        let delay = if at_once { SimSpan::ZERO } else { self.params.scale_down_delay };
        self.state = State::Promoted { scale_down: now + delay };
    }

    fn clear_routes(&mut self, orders: &mut Orders) {
        if !self.headers.is_empty() {
            self.headers.clear();
            orders.headers = Some(Vec::new());
        }
        if !self.mirrors.is_empty() {
            self.mirrors.clear();
            orders.mirror = Some(Ratio::ZERO);
        }
    }

    /// Takes in what people asked for.
    fn take_wishes(&mut self, scene: &Scene, orders: &mut Orders) {
        let wishes = scene.wishes;
        if matches!(self.state, State::Promoted { .. }) {
            return;
        }
        if wishes.abort && self.is_going() {
            self.abort(Cause::Aborted, scene.now, orders);
            return;
        }
        if wishes.promote_full {
            self.state = State::Going;
            self.holds.clear();
            self.full = true;
            self.runs.end_all(orders);
            self.step_runs.clear();
            self.background = None;
            self.clear_routes(orders);
        }
        if wishes.pause && self.is_going() && !self.holds.contains(&Hold::Asked) {
            self.holds.push(Hold::Asked);
        }
        if wishes.resume || wishes.promote {
            let was_held = !self.holds.is_empty();
            self.holds.retain(|hold| *hold == Hold::Inconclusive && !wishes.promote);
            // Promoting either ends a pause or leaves a step, never both.
            self.go_on = wishes.promote && !was_held && self.is_going();
        }
    }

    /// Whether a person asked for it to be left where it is.
    pub(super) fn is_paused(&self) -> bool {
        self.holds.contains(&Hold::Asked)
    }

    /// Whether it is left where it is.
    pub(super) fn is_held(&self) -> bool {
        self.is_going() && !self.holds.is_empty()
    }

    /// What the analyses say.
    fn take_verdicts(&mut self, scene: &Scene, orders: &mut Orders) {
        if !self.is_going() || self.full {
            return;
        }
        if let Some(key) = self.background {
            match Runs::phase(scene, key) {
                Phase::Successful => {
                    self.background_over = true;
                    self.background = None;
                    self.runs.end(key, orders);
                }
                bad @ (Phase::Failed | Phase::Error) => {
                    return self.abort(Cause::Analysis { which: "background".to_owned(), phase: bad.name() }, scene.now, orders);
                }
                Phase::Inconclusive => {
                    self.runs.end(key, orders);
                    self.background = None;
                    self.hold_inconclusive();
                }
                Phase::Running | Phase::Pending => {}
            }
        }
        let bad = self.step_runs.iter().map(|(key, _)| Runs::phase(scene, *key)).filter(|phase| *phase > Phase::Pending).max();
        match bad {
            Some(Phase::Inconclusive) => {
                for (key, _) in std::mem::take(&mut self.step_runs) {
                    self.runs.end(key, orders);
                }
                self.hold_inconclusive();
            }
            Some(bad) => self.abort(Cause::Analysis { which: format!("step {}", self.at + 1), phase: bad.name() }, scene.now, orders),
            None => {}
        }
    }

    fn hold_inconclusive(&mut self) {
        if !self.holds.contains(&Hold::Inconclusive) {
            self.holds.push(Hold::Inconclusive);
        }
    }

    /// Begins what is to be measured where it is.
    fn begin_analyses(&mut self, orders: &mut Orders) {
        if !self.is_going() || self.full || self.is_held() {
            return;
        }
        let is_due = |background: &&Background| self.at >= background.starting_step as usize || self.at >= self.params.steps.len();
        if self.background.is_none()
            && !self.background_over
            && let Some(background) = self.params.analysis.as_ref().filter(is_due)
        {
            self.background = Some(self.runs.begin(&background.analysis, orders));
        }
        if !self.step_runs.is_empty() {
            return;
        }
        match self.params.steps.get(self.at) {
            Some(Step::Analysis(analysis)) => self.step_runs.push((self.runs.begin(analysis, orders), true)),
            Some(Step::Experiment(experiment)) => {
                for inner in &experiment.analyses {
                    self.step_runs.push((self.runs.begin(&inner.analysis, orders), inner.required_for_completion));
                }
            }
            _ => {}
        }
    }

    /// Whether the step under way is over; does what it does at once.
    fn is_step_over(&mut self, scene: &Scene, counts: &Counts, orders: &mut Orders) -> bool {
        if std::mem::take(&mut self.go_on) {
            if !matches!(self.params.steps[self.at], Step::Pause(_)) {
                self.skipped.push(self.at);
            }
            return true;
        }
        let wanted = if self.params.traffic_routing { self.routed_counts(self.weight) } else { self.wanted };
        let at_counts = self.is_at_counts(counts, wanted);
        match &self.params.steps[self.at] {
            Step::SetWeight(_) | Step::SetCanaryScale(_) => at_counts,
            Step::Pause(pause) => pause.duration.is_some_and(|duration| scene.now >= self.since + duration),
            Step::SetHeaderRoute(route) => {
                self.headers.retain(|known| known.name != route.name);
                if !route.matches.is_empty() {
                    self.headers.push(route.route());
                }
                orders.headers = Some(self.headers.clone());
                true
            }
            Step::SetMirrorRoute(route) => {
                self.mirrors.retain(|(name, _)| *name != route.name);
                if !route.matches.is_empty() {
                    self.mirrors.push((route.name.clone(), route.percentage.unwrap_or(100)));
                }
                let share = self.mirrors.iter().map(|(_, share)| *share).max().unwrap_or(0);
                orders.mirror = Some(Ratio::new(f64::from(share) / 100.0));
                true
            }
            Step::Analysis(_) => !self.step_runs.is_empty() && self.step_runs.iter().all(|(key, _)| Runs::phase(scene, *key) == Phase::Successful),
            Step::Experiment(experiment) => {
                let required = self.step_runs.iter().filter(|(_, required)| *required);
                let done = |(key, _): &(u32, bool)| Runs::phase(scene, *key) == Phase::Successful;
                let begun = self.step_runs.len() == experiment.analyses.len();
                match experiment.duration {
                    Some(duration) => begun && scene.now >= self.since + duration && required.clone().all(done),
                    None => begun && required.clone().next().is_some() && required.clone().all(done),
                }
            }
            Step::ReplicaProgressThreshold(threshold) => {
                self.threshold = Some(*threshold);
                true
            }
            Step::Plugin(_) => true,
        }
    }

    /// Goes through the steps as far as it can now.
    fn advance(&mut self, scene: &Scene, counts: &Counts, orders: &mut Orders) {
        loop {
            self.begin_analyses(orders);
            self.set_weight(counts);
            self.set_wanted(scene, counts);
            if !self.is_going() || self.is_held() {
                return;
            }
            let everything = counts.canary.available >= self.desired;
            if everything && (self.full || self.at >= self.params.steps.len()) {
                self.promote(scene.now, orders);
                self.set_weight(counts);
                self.set_wanted(scene, counts);
                return;
            }
            if self.full || self.at >= self.params.steps.len() || !self.is_step_over(scene, counts, orders) {
                return;
            }
            self.go_to(self.at + 1, scene.now, orders);
        }
    }

    fn set_weight(&mut self, counts: &Counts) {
        if self.params.traffic_routing {
            self.weight = self.weight_now(counts);
        }
    }

    /// What is held keeps its counts, unless the service itself is scaled.
    fn set_wanted(&mut self, scene: &Scene, counts: &Counts) {
        if self.is_held() && self.wanted_of == self.desired {
            return;
        }
        self.wanted_of = self.desired;
        let (canary, stable, _) = self.wanted_counts(scene, counts);
        self.wanted = (canary, stable);
    }

    /// Starts and stops instances until the counts are as wanted.
    fn scale(&self, scene: &Scene, counts: &Counts, orders: &mut Orders) {
        let (canary, stable) = self.wanted;
        orders.start = canary.saturating_sub(counts.canary.spec);
        orders.start_old = stable.saturating_sub(counts.stable.spec);
        orders.stop.extend(choose(&scene.new, counts.canary.spec.saturating_sub(canary) as usize));
        orders.stop.extend(choose(&counts.stables, counts.stable.spec.saturating_sub(stable) as usize));
        if !self.is_held() {
            let others = self.wanted_counts(scene, counts).2 as usize;
            orders.stop.extend(choose(&counts.others, counts.others.len().saturating_sub(others)));
        }
    }

    /// Whether nothing is left to do, and how it ended.
    fn stand(&mut self, scene: &Scene, counts: &Counts, orders: &mut Orders) {
        match &mut self.state {
            State::Promoted { scale_down } => {
                // With traffic routing it is healthy now: the old instances go later, and nobody waits for that.
                if scene.now < *scale_down && counts.canary.spec == self.desired {
                    orders.keep_old = Some(*scale_down);
                    orders.stand = Stand::Completed;
                } else if scene.old.is_empty() && counts.canary.spec == self.desired {
                    orders.stand = Stand::Completed;
                }
            }
            State::Aborted { why, .. } if scene.new.is_empty() && counts.stable.available >= self.desired && counts.others.is_empty() => {
                orders.stand = Stand::Failed { why: why.clone(), restore: false };
            }
            State::Going | State::Aborted { .. } => {}
        }
        if orders.stand != Stand::Running && orders.keep_old.is_none() && self.params.traffic_routing {
            // Only one version is left; shares have nothing to say any more.
            orders.weights = Some(Vec::new());
        }
    }

    /// After an abort, says when the new version's instances go: a while after the old version is complete.
    fn time_scale_down(&mut self, scene: &Scene, counts: &Counts, orders: &mut Orders) {
        let delay = self.abort_delay();
        if let State::Aborted { scale_down, .. } = &mut self.state
            && self.params.traffic_routing
        {
            if scale_down.is_none() && counts.stable.available >= self.desired {
                *scale_down = delay.map(|delay| scene.now + delay);
            }
            if let Some(at) = *scale_down
                && at > scene.now
            {
                wake(orders, at);
            }
        }
    }

    fn order_weight(&mut self, scene: &Scene, orders: &mut Orders) {
        if self.params.traffic_routing && scene.replaced != scene.deployed && self.ordered != Some(self.weight) {
            self.ordered = Some(self.weight);
            let share = f64::from(self.weight) / f64::from(self.most());
            orders.weights = Some(vec![(scene.replaced, 1.0 - share), (scene.deployed, share)]);
        }
    }
}

impl Driver for CanaryRun {
    fn failed(&self) -> u32 {
        self.failed
    }

    fn step(&mut self, scene: &Scene) -> Orders {
        let mut orders = Orders::default();
        self.failed += scene.failures.len() as u32;
        self.desired = scene.desired;
        let was_begun = std::mem::replace(&mut self.begun, true);
        if !was_begun {
            self.since = scene.now;
            let skips = match scene.way {
                Way::Forward => self.restores,
                Way::ToStable => true,
                Way::Back { between } => self.params.rollback_window.is_some_and(|window| between < window),
            };
            if skips {
                self.full = true;
                self.skipped.extend(0..self.params.steps.len());
                self.at = self.params.steps.len();
            }
            if scene.way == Way::ToStable && !self.params.dynamic_stable_scale && !scene.new.is_empty() {
                // The stable version was never scaled down: it takes everything at once.
                self.weight = self.most();
            }
        }
        let counts = self.counts(scene);
        if !was_begun {
            (self.wanted, self.wanted_of) = ((counts.canary.spec, counts.stable.spec), self.desired);
        }
        self.take_wishes(scene, &mut orders);
        self.take_verdicts(scene, &mut orders);
        self.advance(scene, &counts, &mut orders);
        let waits = self.is_held() || (!self.full && self.params.steps.get(self.at).is_some_and(Step::is_indefinite));
        if self.is_going() {
            let signature = [self.at as u32, counts.canary.spec, counts.canary.available, scene.old.len() as u32, counts.stable.available];
            if self.deadline.passed(scene.now, signature, waits, self.params.progress_deadline, &mut orders) {
                orders.report = Some(Cause::ProgressDeadline);
                if self.params.progress_deadline_abort {
                    self.abort(Cause::ProgressDeadline, scene.now, &mut orders);
                    self.advance(scene, &counts, &mut orders);
                }
            }
        }
        self.time_scale_down(scene, &counts, &mut orders);
        self.set_wanted(scene, &counts);
        self.scale(scene, &counts, &mut orders);
        self.order_weight(scene, &mut orders);
        self.stand(scene, &counts, &mut orders);
        self.waiting = Some(self.waiting(scene, &counts));
        let times = [self.step_ends().filter(|at| *at > scene.now), next_available(scene, self.params.min_ready)];
        for at in times.into_iter().flatten() {
            wake(&mut orders, at);
        }
        orders
    }

    fn progress(&self) -> Progress {
        self.told()
    }
}
