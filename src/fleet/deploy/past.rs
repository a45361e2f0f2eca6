//! Deployments that have ended, as they stood then: their steps, what their judges measured, and the alarms that they watched.
//!
//! The ledger says how and why a deployment ended; this is what a person looks at to see what led there. The latest [`KEPT`]
//! are kept. Nothing decides by it.

use std::collections::VecDeque;
use std::sync::Arc;

use bevy_ecs::prelude::*;

use super::driver::{Progress, StepState};
use super::judging::AnalysisLook;
use super::rollout::Deployment;
use crate::fleet::alarm::Alarms;
use crate::insight::metric::Datapoint;
use crate::telemetry::ledger::{AlarmState, DeploymentNumber};

/// So many deployments are kept, of all services together.
const KEPT: usize = 256;

/// An alarm that a deployment watched, when that ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EndedAlarm {
    /// Which one, as an index into [`crate::fleet::Fleet::alarms`].
    pub index: usize,
    /// Its state.
    pub state: AlarmState,
    /// Its latest datapoint; `None` if it was missing, or none was due yet.
    pub latest: Option<Datapoint>,
}

/// A deployment that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct EndedDeployment {
    /// Its number.
    pub number: DeploymentNumber,
    /// Instances of its version that failed.
    pub failed: u32,
    /// Its steps, and how far it came.
    pub steps: Vec<(String, StepState)>,
    /// Its analyses and test requests: those that were under way, then those that were over.
    pub analyses: Vec<AnalysisLook>,
    /// The alarms that turn it back.
    pub alarms: Vec<EndedAlarm>,
}

/// Deployments that have ended, oldest first.
#[derive(Resource, Debug, Default)]
pub(in crate::fleet) struct Past(VecDeque<Arc<EndedDeployment>>);

impl Past {
    /// Keeps a deployment that ends now; `well` says whether it came to its end.
    pub(super) fn keep(&mut self, deployment: &Deployment, alarms: &Alarms, well: bool) {
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        let alarm = |index| EndedAlarm { index, state: alarms.state(index), latest: alarms.latest(index) };
        self.0.push_back(Arc::new(EndedDeployment {
            number: deployment.number,
            failed: deployment.failed(),
            steps: ended(deployment.latest_progress(), well),
            analyses: deployment.analyses(),
            alarms: deployment.watched().map(alarm).collect(),
        }));
    }

    /// Those that are kept, oldest first.
    pub(in crate::fleet) fn iter(&self) -> impl Iterator<Item = &Arc<EndedDeployment>> {
        self.0.iter()
    }
}

/// How steps stand once nothing goes on any more.
fn ended(progress: Progress, well: bool) -> Vec<(String, StepState)> {
    let state = |state: StepState| match (state, well) {
        (StepState::Current, true) => StepState::Done,
        (StepState::Current, false) => StepState::Stopped,
        (StepState::Ahead, true) => StepState::Skipped,
        (other, _) => other,
    };
    progress.steps.into_iter().map(|(name, stood)| (name, state(stood))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_under_way_is_done_or_was_stopped() {
        use StepState::{Ahead, Current, Done, Skipped, Stopped};
        let progress = || Progress { steps: [Done, Skipped, Current, Ahead].map(|state| (String::new(), state)).to_vec(), ..Progress::default() };
        let states = |well| ended(progress(), well).into_iter().map(|(_, state)| state).collect::<Vec<_>>();
        assert_eq!(states(true), [Done, Skipped, Done, Skipped]);
        assert_eq!(states(false), [Done, Skipped, Stopped, Ahead]);
    }
}
