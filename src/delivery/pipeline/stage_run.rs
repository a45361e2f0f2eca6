//! One execution in one stage: its actions, its conditions, how often it was tried again.
//!
//! Actions of one run order run at once; those of the next begin when all of them succeeded ("Action structure
//! reference"). A stage with a failed action fails when none is under way any more: actions under way go on when another
//! fails. It knows no other executions.

use super::conditions::ConditionRun;
use super::definition::{RetryMode, Stage};
use super::outcome::{ActionRunId, Why};
use super::status::{ActionStatus, ConditionType, RetryTrigger, StageStatus};
use crate::units::SimTime;

/// One execution in one stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StageRun {
    pub(super) status: StageStatus,
    /// When it was last entered or tried again.
    pub(super) since: SimTime,
    /// In the order of the stage.
    pub(super) actions: Vec<ActionRun>,
    pub(super) before_entry: Option<ConditionRun>,
    pub(super) on_success: Option<ConditionRun>,
    pub(super) on_failure: Option<ConditionRun>,
    pub(super) automatic_retries: u32,
    pub(super) manual_retries: u32,
    pub(super) latest_retry: Option<RetryTrigger>,
}

/// One action of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ActionRun {
    /// Its latest run.
    pub(super) run: Option<ActionRunId>,
    /// How it stands; `None` if it is not its turn yet.
    pub(super) status: Option<ActionStatus>,
    pub(super) why: Option<Why>,
    /// When its state last changed.
    pub(super) since: SimTime,
    /// When it counts as failed, while it is under way.
    pub(super) due: Option<SimTime>,
}

/// What comes next in a stage whose actions stand as they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Actions are under way.
    Wait,
    /// It is the turn of these actions.
    Begin(Vec<usize>),
    /// All actions succeeded.
    Succeeded,
    /// These actions failed.
    Failed(Vec<usize>),
}

impl StageRun {
    /// Somebody just entered.
    pub(super) fn new(stage: &Stage, now: SimTime) -> Self {
        Self {
            status: StageStatus::InProgress,
            since: now,
            actions: vec![ActionRun { since: now, ..ActionRun::default() }; stage.actions.len()],
            before_entry: None,
            on_success: None,
            on_failure: None,
            automatic_retries: 0,
            manual_retries: 0,
            latest_retry: None,
        }
    }

    /// What comes next.
    pub(super) fn next(&self, stage: &Stage) -> Next {
        let with = |status: Option<ActionStatus>| self.actions.iter().enumerate().filter(move |(_, action)| action.status == status).map(|(at, _)| at);
        if with(Some(ActionStatus::InProgress)).next().is_some() {
            return Next::Wait;
        }
        let failed: Vec<usize> = with(Some(ActionStatus::Failed)).collect();
        if !failed.is_empty() {
            return Next::Failed(failed);
        }
        let turn = |at: &usize| stage.actions[*at].run_order;
        match with(None).map(|at| turn(&at)).min() {
            Some(lowest) => Next::Begin(with(None).filter(|at| turn(at) == lowest).collect()),
            None => Next::Succeeded,
        }
    }

    /// Makes it ready to be tried again.
    pub(super) fn reset(&mut self, mode: RetryMode, trigger: RetryTrigger, now: SimTime) {
        for action in &mut self.actions {
            if mode == RetryMode::AllActions || action.status != Some(ActionStatus::Succeeded) {
                *action = ActionRun { since: now, ..ActionRun::default() };
            }
        }
        (self.on_success, self.on_failure) = (None, None);
        (self.status, self.since, self.latest_retry) = (StageStatus::InProgress, now, Some(trigger));
        match trigger {
            RetryTrigger::AutomatedStageRetry => self.automatic_retries += 1,
            RetryTrigger::ManualStageRetry => self.manual_retries += 1,
        }
    }

    /// Whether an action of it failed.
    pub(super) fn has_failed_actions(&self) -> bool {
        self.actions.iter().any(|action| action.status == Some(ActionStatus::Failed))
    }

    /// Its conditions of a kind, if they were asked.
    pub(super) const fn condition(&self, kind: ConditionType) -> Option<&ConditionRun> {
        match kind {
            ConditionType::BeforeEntry => self.before_entry.as_ref(),
            ConditionType::OnSuccess => self.on_success.as_ref(),
            ConditionType::OnFailure => self.on_failure.as_ref(),
        }
    }

    /// Its conditions of a kind, to be asked, answered or ended.
    pub(super) const fn condition_mut(&mut self, kind: ConditionType) -> &mut Option<ConditionRun> {
        match kind {
            ConditionType::BeforeEntry => &mut self.before_entry,
            ConditionType::OnSuccess => &mut self.on_success,
            ConditionType::OnFailure => &mut self.on_failure,
        }
    }
}
