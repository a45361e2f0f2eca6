//! The blue/green of Argo Rollouts: a second fleet, a check before the switch, the switch, a check after it.
//!
//! The new fleet comes up beside the old one (at first only `preview_replica_count` of it); `pre_promotion_analysis`
//! measures it; then it waits for a person, for a time, or not at all; then the active service is switched at once. A
//! failure of `post_promotion_analysis` switches back. The old fleet goes `scale_down_delay` after the new version
//! has become the stable one. Behaviour is that of `argoproj/argo-rollouts` (`rollout/bluegreen.go`, `pause.go`,
//! `analysis.go`): the wait begins when the first analysis is over, and the old fleet is kept while the second one runs.
//!
//! It knows counts, times and verdicts. Left out: revision limits, and the preview service's own traffic.

use super::common::{DELAY, Deadline, Runs, available, next_available, wake};
use super::driver::{Driver, Orders, Progress, Scene, Seen, Stand, StepState, Waiting, Way, choose};
use super::steps::check_inline;
use crate::choice::params;
use crate::fleet::deploy::Wish;
use crate::fleet::order::MOST_INSTANCES;
use crate::insight::judge::analysis::{Analysis, Phase as Verdict};
use crate::telemetry::ledger::Cause;
use crate::units::{Ratio, SimSpan, SimTime};

params! {
    /// Argo Rollouts' blue/green.
    pub struct ArgoBlueGreen {
        /// Instances of the new version before the promotion. Default: the desired count (Argo).
        pub preview_replica_count: Option<u32> = None,
        /// Whether nobody has to promote it. Default true (Argo).
        pub auto_promotion_enabled: bool = true,
        /// How long it waits before it promotes itself, from when the new fleet is available and checked. Default: not at
        /// all (Argo `autoPromotionSeconds`).
        pub auto_promotion: Option<SimSpan> = None,
        /// An analysis before the switch. Default: none.
        pub pre_promotion_analysis: Option<Analysis> = None,
        /// An analysis after the switch; a failure switches back. Default: none.
        pub post_promotion_analysis: Option<Analysis> = None,
        /// How long the old version's instances stay once the new version is the stable one. Default `"30s"` (Argo).
        pub scale_down_delay: SimSpan = DELAY,
        /// How long the new version's instances stay after an abort; `"0s"` is for ever. Default `"30s"` (Argo).
        pub abort_scale_down_delay: SimSpan = DELAY,
        /// How long an instance must be healthy before it counts as available. Default `"0s"` (Argo `minReadySeconds`).
        pub min_ready: SimSpan = SimSpan::ZERO,
        /// After this long without progress the rollout is reported as stuck. Default `"10m"` (Argo).
        pub progress_deadline: SimSpan = SimSpan::from_secs(600),
        /// Whether it is then aborted. Default false (Argo).
        pub progress_deadline_abort: bool = false,
        /// Going back over fewer releases than this skips waiting and analyses. Default: never (Argo).
        pub rollback_window: Option<u32> = None,
    }
}

impl ArgoBlueGreen {
    /// Says what is impossible about the parameters, if anything is.
    pub(in crate::fleet::deploy) fn check(&self) -> Result<(), String> {
        if self.preview_replica_count == Some(0) {
            return Err("`preview_replica_count` is 0; nothing could be checked before the switch".to_owned());
        }
        if let Some(count) = self.preview_replica_count.filter(|count| *count > MOST_INSTANCES) {
            return Err(format!("`preview_replica_count` is {count}; it is 1 to {MOST_INSTANCES}"));
        }
        if self.progress_deadline <= self.min_ready {
            return Err("`progress_deadline` must be longer than `min_ready`".to_owned());
        }
        let named = |name: &'static str, analysis: &Option<Analysis>| match analysis {
            Some(analysis) => check_inline(analysis).map_err(|why| format!("`{name}`: {why}")),
            None => Ok(()),
        };
        named("pre_promotion_analysis", &self.pre_promotion_analysis)?;
        named("post_promotion_analysis", &self.post_promotion_analysis)
    }

    /// Carries a deployment out. `restores` marks a rollback; where nothing more is known about it, it waits for nothing.
    pub(in crate::fleet::deploy) fn driver(&self, restores: bool) -> Box<dyn Driver> {
        Box::new(BlueGreen {
            params: self.clone(),
            restores,
            begun: false,
            stage: Stage::ScaleUp,
            since: SimTime::ZERO,
            run: None,
            held: Vec::new(),
            fast: false,
            runs: Runs::default(),
            active: None,
            aborted: None,
            deadline: Deadline::default(),
            failed: 0,
            desired: 0,
        })
    }

    /// Whether it waits before the switch.
    const fn waits(&self) -> bool {
        !self.auto_promotion_enabled || self.auto_promotion.is_some()
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// The new fleet comes up, or its first part.
    ScaleUp,
    /// It is measured before the switch.
    PreAnalysis,
    /// It waits for the promotion.
    Wait,
    /// The rest of it comes up.
    Complete,
    /// It is measured after the switch.
    PostAnalysis,
    /// It is the stable version, and the old fleet still stands.
    Promoted,
}

/// Why it waits for a person, whatever the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    Inconclusive,
    Asked,
}

struct BlueGreen {
    params: ArgoBlueGreen,
    restores: bool,
    begun: bool,
    stage: Stage,
    since: SimTime,
    /// The analysis under way.
    run: Option<u32>,
    held: Vec<Hold>,
    /// Nothing is waited for and nothing measured.
    fast: bool,
    runs: Runs,
    /// Whether the new version has the traffic, as it was ordered last.
    active: Option<bool>,
    /// It gave up: why, and when the new fleet goes.
    aborted: Option<(Cause, Option<SimTime>)>,
    deadline: Deadline,
    failed: u32,
    desired: u32,
}

impl BlueGreen {
    /// Instances of the new version that are wanted now.
    fn wanted(&self) -> u32 {
        match self.params.preview_replica_count {
            Some(count) if self.stage < Stage::Complete && !self.fast => count,
            _ => self.desired,
        }
    }

    fn go_to(&mut self, stage: Stage, now: SimTime, orders: &mut Orders) {
        if let Some(key) = self.run.take() {
            self.runs.end(key, orders);
        }
        self.stage = stage;
        self.since = now;
    }

    fn abort(&mut self, why: Cause, now: SimTime, orders: &mut Orders) {
        self.runs.end_all(orders);
        self.run = None;
        self.held.clear();
        self.since = now;
        orders.aborted = Some(why.clone());
        let delay = self.params.abort_scale_down_delay;
        self.aborted = Some((why, (!delay.is_zero()).then(|| now + delay)));
    }

    /// What a person can ask of it now. What gave up can still be promoted to the end, as in Argo.
    fn wishes(&self) -> Vec<Wish> {
        let is_open = self.stage != Stage::Promoted;
        let is_going = is_open && self.aborted.is_none();
        let is_paused = self.held.contains(&Hold::Asked);
        let possible = [
            (Wish::Promote, is_going && (!self.held.is_empty() || self.stage == Stage::Wait)),
            (Wish::PromoteFull, is_open && (self.aborted.is_some() || !self.fast)),
            (Wish::Pause, is_going && !is_paused),
            (Wish::Resume, is_going && is_paused),
            (Wish::Abort, is_going),
        ];
        possible.into_iter().filter(|(_, possible)| *possible).map(|(wish, _)| wish).collect()
    }

    fn take_wishes(&mut self, scene: &Scene, orders: &mut Orders) {
        let wishes = scene.wishes;
        if self.stage == Stage::Promoted {
            return;
        }
        if wishes.abort && self.aborted.is_none() {
            return self.abort(Cause::Aborted, scene.now, orders);
        }
        if wishes.promote_full {
            self.aborted = None;
            self.held.clear();
            self.fast = true;
            self.runs.end_all(orders);
            self.run = None;
        }
        if self.aborted.is_some() {
            return;
        }
        if wishes.pause && !self.held.contains(&Hold::Asked) {
            self.held.push(Hold::Asked);
        }
        let was_held = !self.held.is_empty();
        if wishes.promote {
            self.held.clear();
            // Only a wait can be ended; an analysis is not left out by promoting.
            if !was_held && self.stage == Stage::Wait {
                self.go_to(Stage::Complete, scene.now, orders);
            }
        } else if wishes.resume {
            self.held.retain(|hold| *hold == Hold::Inconclusive);
        }
    }

    /// Begins or asks the analysis of a stage; whether it is over, and well.
    fn is_passed(&mut self, scene: &Scene, orders: &mut Orders) -> bool {
        let (analysis, which) = match self.stage {
            Stage::PreAnalysis => (&self.params.pre_promotion_analysis, "pre-promotion"),
            _ => (&self.params.post_promotion_analysis, "post-promotion"),
        };
        let Some(analysis) = analysis.as_ref().filter(|_| !self.fast) else { return true };
        let Some(key) = self.run else {
            self.run = Some(self.runs.begin(analysis, orders));
            return false;
        };
        match Runs::phase(scene, key) {
            Verdict::Successful => true,
            Verdict::Running | Verdict::Pending => false,
            Verdict::Inconclusive => {
                self.runs.end(key, orders);
                self.run = None;
                self.held.push(Hold::Inconclusive);
                false
            }
            bad => {
                self.abort(Cause::Analysis { which: which.to_owned(), phase: bad.name() }, scene.now, orders);
                false
            }
        }
    }

    /// Goes as far as it can now.
    fn advance(&mut self, scene: &Scene, ready: u32, orders: &mut Orders) {
        while self.aborted.is_none() && self.held.is_empty() {
            let (is_over, next) = match self.stage {
                Stage::ScaleUp => (ready >= self.wanted(), Stage::PreAnalysis),
                Stage::PreAnalysis => (self.is_passed(scene, orders), Stage::Wait),
                Stage::Wait => (self.is_waited(scene.now), Stage::Complete),
                Stage::Complete => (ready >= self.wanted(), Stage::PostAnalysis),
                Stage::PostAnalysis => (self.is_passed(scene, orders), Stage::Promoted),
                Stage::Promoted => return,
            };
            if !is_over {
                return;
            }
            self.go_to(next, scene.now, orders);
        }
    }

    fn is_waited(&self, now: SimTime) -> bool {
        self.fast || !self.params.waits() || self.wait_until().is_some_and(|until| now >= until)
    }

    /// When the wait for the promotion ends by itself.
    fn wait_until(&self) -> Option<SimTime> {
        self.params.auto_promotion.filter(|_| self.params.auto_promotion_enabled).map(|wait| self.since + wait)
    }

    /// Whether the new version has the traffic.
    fn is_active(&self) -> bool {
        self.stage >= Stage::PostAnalysis && self.aborted.is_none()
    }

    fn waiting(&self) -> Waiting {
        match self.stage {
            _ if self.aborted.is_some() => Waiting::Time,
            _ if !self.held.is_empty() => Waiting::Person,
            Stage::PreAnalysis | Stage::PostAnalysis => Waiting::Analysis,
            Stage::Wait if self.wait_until().is_none() => Waiting::Person,
            Stage::Wait | Stage::Promoted => Waiting::Time,
            Stage::ScaleUp | Stage::Complete => Waiting::Instances,
        }
    }

    /// When the old fleet goes, or after an abort the new one.
    fn scale_down_at(&self) -> Option<SimTime> {
        match (&self.aborted, self.stage) {
            (Some((_, at)), _) => *at,
            (None, Stage::Promoted) => Some(self.since + self.params.scale_down_delay),
            _ => None,
        }
    }

    /// Starts and stops instances, and says how it ended.
    fn scale(&self, scene: &Scene, ready: u32, orders: &mut Orders) {
        let (stables, others): (Vec<Seen>, Vec<Seen>) = scene.old.iter().partition(|seen| seen.version == scene.replaced);
        let goes = self.scale_down_at().is_some_and(|at| scene.now >= at);
        let count = scene.new.len() as u32;
        let wanted_new = match &self.aborted {
            Some(_) if goes => 0,
            Some(_) => count,
            None => self.wanted(),
        };
        let wanted_old = match self.stage {
            Stage::Promoted if goes => 0,
            Stage::Promoted => stables.len() as u32,
            _ => self.desired,
        };
        orders.start = wanted_new.saturating_sub(count);
        orders.start_old = wanted_old.saturating_sub(stables.len() as u32);
        orders.stop.extend(choose(&scene.new, count.saturating_sub(wanted_new) as usize));
        orders.stop.extend(choose(&stables, stables.len().saturating_sub(wanted_old as usize)));
        // Fleets that were on their way before have no traffic.
        orders.stop.extend(others.iter().map(|seen| seen.id));
        if let Some((why, _)) = &self.aborted {
            if scene.new.is_empty() && available(&stables, self.params.min_ready, scene.now) >= self.desired {
                orders.stand = Stand::Failed { why: why.clone(), restore: false };
            }
        } else if self.stage == Stage::Promoted && !goes && ready >= self.desired {
            // It is healthy now: the old fleet goes later, and nobody waits for that.
            orders.keep_old = self.scale_down_at();
            orders.stand = Stand::Completed;
        } else if goes && scene.old.is_empty() && ready >= self.desired {
            orders.stand = Stand::Completed;
        }
    }
}

impl Driver for BlueGreen {
    fn failed(&self) -> u32 {
        self.failed
    }

    fn step(&mut self, scene: &Scene) -> Orders {
        let mut orders = Orders::default();
        self.failed += scene.failures.len() as u32;
        self.desired = scene.desired;
        let ready = available(&scene.new, self.params.min_ready, scene.now);
        if !std::mem::replace(&mut self.begun, true) {
            self.since = scene.now;
            self.fast = match scene.way {
                Way::Forward => self.restores,
                Way::ToStable => true,
                // A fleet that still stands within its delay is gone back to at once.
                Way::Back { between } => self.params.rollback_window.is_some_and(|window| between < window) || (ready >= self.desired && ready > 0),
            };
        }
        self.take_wishes(scene, &mut orders);
        self.advance(scene, ready, &mut orders);
        let stable = scene.old.iter().filter(|seen| seen.version == scene.replaced).count() as u32;
        let waits = !self.held.is_empty() || !matches!(self.stage, Stage::ScaleUp | Stage::Complete);
        if self.aborted.is_none()
            && self.deadline.passed(scene.now, [self.stage as u32, scene.new.len() as u32, ready, stable, 0], waits, self.params.progress_deadline, &mut orders)
        {
            orders.report = Some(Cause::ProgressDeadline);
            if self.params.progress_deadline_abort {
                self.abort(Cause::ProgressDeadline, scene.now, &mut orders);
            }
        }
        self.scale(scene, ready, &mut orders);
        let is_active = self.is_active();
        if scene.replaced != scene.deployed && self.active != Some(is_active) {
            self.active = Some(is_active);
            let share = f64::from(u8::from(is_active));
            orders.weights = Some(vec![(scene.replaced, 1.0 - share), (scene.deployed, share)]);
        }
        if orders.stand != Stand::Running && orders.keep_old.is_none() {
            // Only one version is left; shares have nothing to say any more.
            orders.weights = Some(Vec::new());
        }
        let times = [self.scale_down_at(), self.wait_until().filter(|_| self.stage == Stage::Wait), next_available(scene, self.params.min_ready)];
        for at in times.into_iter().flatten().filter(|at| *at > scene.now) {
            wake(&mut orders, at);
        }
        orders
    }

    fn progress(&self) -> Progress {
        let mut stages = vec![(Stage::ScaleUp, "preview".to_owned())];
        if self.params.pre_promotion_analysis.is_some() {
            stages.push((Stage::PreAnalysis, "prePromotionAnalysis".to_owned()));
        }
        match self.params.auto_promotion.filter(|_| self.params.auto_promotion_enabled) {
            Some(wait) => stages.push((Stage::Wait, format!("autoPromotionSeconds: {wait}"))),
            None if self.params.waits() => stages.push((Stage::Wait, "promote".to_owned())),
            None => {}
        }
        stages.push((Stage::Complete, "activeService".to_owned()));
        if self.params.post_promotion_analysis.is_some() {
            stages.push((Stage::PostAnalysis, "postPromotionAnalysis".to_owned()));
        }
        let is_skipped = |stage: Stage| self.fast && matches!(stage, Stage::PreAnalysis | Stage::Wait | Stage::PostAnalysis) && stage != self.stage;
        let state = |stage: Stage| match stage.cmp(&self.stage) {
            _ if is_skipped(stage) => StepState::Skipped,
            std::cmp::Ordering::Less => StepState::Done,
            std::cmp::Ordering::Equal if self.aborted.is_none() => StepState::Current,
            _ => StepState::Ahead,
        };
        let phase = match self.stage {
            _ if self.aborted.is_some() => "Degraded",
            Stage::Promoted => "Healthy",
            _ if !self.held.is_empty() || self.stage == Stage::Wait => "Paused",
            _ => "Progressing",
        };
        Progress {
            approval: None,
            current: stages.iter().position(|(stage, _)| *stage == self.stage).filter(|_| self.aborted.is_none()),
            steps: stages.into_iter().map(|(stage, label)| (label, state(stage))).collect(),
            since: Some(self.since),
            until: self.scale_down_at().or_else(|| self.wait_until().filter(|_| self.stage == Stage::Wait)),
            waiting: Some(self.waiting()),
            weight: Some(if self.is_active() { Ratio::ONE } else { Ratio::ZERO }),
            phase,
            wishes: self.wishes(),
        }
    }
}

#[cfg(test)]
#[path = "blue_green_tests.rs"]
mod tests;
