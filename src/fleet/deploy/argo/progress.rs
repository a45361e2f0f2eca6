//! How far an Argo canary is, for people to watch: its steps, what it waits for, and until when.
//!
//! It changes nothing.

use super::counts::Counts;
use super::driver::{Progress, Scene, StepState, Waiting};
use super::rollout::{CanaryRun, State};
use super::steps::Step;
use crate::fleet::deploy::Wish;
use crate::units::{Ratio, SimTime};

impl CanaryRun {
    /// When the time of the step under way is over.
    pub(super) fn step_ends(&self) -> Option<SimTime> {
        let duration = match self.params.steps.get(self.at).filter(|_| self.is_going() && !self.full)? {
            Step::Pause(pause) => pause.duration,
            Step::Experiment(experiment) => experiment.duration,
            _ => None,
        };
        duration.map(|duration| self.since + duration)
    }

    /// What it waits for.
    pub(super) fn waiting(&self, scene: &Scene, counts: &Counts) -> Waiting {
        let step = self.params.steps.get(self.at).filter(|_| self.is_going() && !self.full);
        let has_time = self.step_ends().is_some_and(|until| until > scene.now);
        match (step, &self.state) {
            _ if self.is_held() => Waiting::Person,
            (Some(Step::Pause(_) | Step::Experiment(_)), _) if has_time => Waiting::Time,
            (Some(Step::Pause(_)), _) => Waiting::Person,
            (Some(Step::Experiment(experiment)), _) if !experiment.analyses.iter().any(|inner| inner.required_for_completion) => Waiting::Person,
            (Some(Step::Analysis(_) | Step::Experiment(_)), _) => Waiting::Analysis,
            (_, State::Promoted { .. }) if counts.canary.spec == self.desired => Waiting::Time,
            (_, State::Aborted { scale_down: Some(_), .. }) => Waiting::Time,
            _ => Waiting::Instances,
        }
    }

    /// What a person can ask of it now. What gave up can still be promoted to the end, as in Argo.
    fn wishes(&self) -> Vec<Wish> {
        let (going, has_step) = (self.is_going(), self.at < self.params.steps.len() && !self.full);
        let possible = [
            (Wish::Promote, going && (self.is_held() || has_step)),
            (Wish::PromoteFull, matches!(self.state, State::Aborted { .. }) || (going && !self.full)),
            (Wish::Pause, going && !self.is_paused()),
            (Wish::Resume, going && self.is_paused()),
            (Wish::Abort, going),
        ];
        possible.into_iter().filter(|(_, possible)| *possible).map(|(wish, _)| wish).collect()
    }

    /// How far it is.
    pub(super) fn told(&self) -> Progress {
        let state = |index: usize| {
            if self.skipped.contains(&index) {
                StepState::Skipped
            } else if index < self.at {
                StepState::Done
            } else if index == self.at && self.is_going() && !self.full {
                StepState::Current
            } else {
                StepState::Ahead
            }
        };
        let steps = &self.params.steps;
        let until = match &self.state {
            State::Going => self.step_ends(),
            State::Promoted { scale_down } => Some(*scale_down),
            State::Aborted { scale_down, .. } => *scale_down,
        };
        let phase = match self.state {
            State::Promoted { .. } => "Healthy",
            State::Aborted { .. } => "Degraded",
            State::Going if self.is_held() || matches!(steps.get(self.at), Some(Step::Pause(_))) && !self.full => "Paused",
            State::Going => "Progressing",
        };
        Progress {
            approval: None,
            steps: steps.iter().enumerate().map(|(index, step)| (step.label(), state(index))).collect(),
            current: Some(self.at).filter(|at| *at < steps.len() && self.is_going() && !self.full),
            since: Some(self.since),
            until,
            waiting: self.waiting,
            weight: Some(Ratio::new(f64::from(self.wanted_weight()) / f64::from(self.most()))),
            phase,
            wishes: self.wishes(),
        }
    }
}
