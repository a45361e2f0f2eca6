//! The ledger: the append-only record of everything that happened in delivery and operations.
//!
//! Deployment metrics are computed from it and from nothing else. Each record says whether a team would know of it:
//! what was injected is the truth, and tools that mirror real ones must not read it.

use serde::Serialize;

use crate::ids::{FlawId, InstanceId, ServiceId, VersionId};
use crate::phrase::phrases;
use crate::units::{Ratio, SimTime};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// When.
    pub at: SimTime,
    /// What.
    pub event: Event,
}

/// The number of a deployment within a run, counting from 1.
pub type DeploymentNumber = u32;
/// The number of a change within a run, counting from 1.
pub type ChangeNumber = u32;
/// The number of a commit within a run, counting from 0.
pub type CommitNumber = u32;
/// The number of a pipeline's execution within a run, counting from 1.
pub type ExecutionNumber = u32;
/// The number of an incident within a run, counting from 1.
pub type IncidentNumber = u32;

phrases! {
    /// Why a deployment failed, or makes no progress.
    pub enum Cause {
        /// A person or the timeline went back.
        "rolled-back" => RolledBack = "rolled back",
        /// The ECS deployment circuit breaker gave up.
        "circuit-breaker" => CircuitBreaker {
            /// Tasks that failed in a row.
            failed: u32,
            /// How many may.
            threshold: u32,
        } = "circuit breaker: {failed} tasks failed, threshold {threshold}",
        /// The limits of a rolling deployment leave no room.
        "no-room" => NoRoom {
            /// Tasks that must stay healthy.
            keep: u32,
            /// Tasks that may run.
            most: u32,
        } = "cannot stop or start tasks: {keep} must stay healthy and {most} may run",
        /// The new fleet did not come up in time.
        "not-ready" => NotReady {
            /// How long it was given [min].
            minutes: u32,
        } = "the new fleet was not healthy within {minutes} minutes",
        /// In place, more instances broke than may be missing.
        "too-few-healthy" => TooFewHealthy {
            /// Instances that must stay healthy.
            keep: u32,
            /// Instances there should be.
            desired: u32,
        } = "too few healthy instances: {keep} of {desired} must be",
        /// An alarm that it watches went off.
        "went-off" => Alarm {
            /// The alarm.
            name: String,
        } = "alarm `{name}` went off",
        /// A person gave up.
        "aborted" => Aborted = "aborted",
        /// An analysis did not end well.
        "analysis" => Analysis {
            /// Which analysis.
            which: String,
            /// How it ended.
            phase: &'static str,
        } = "{which} analysis: {phase}",
        /// A check of Flagger's failed, and the step is halted.
        "failed-check" => FailedCheck {
            /// The check.
            name: String,
            /// Checks that failed so far.
            failed: u32,
            /// How many may.
            threshold: u32,
        } = "check `{name}` failed: {failed} of {threshold}",
        /// As many checks of Flagger's failed as may.
        "failed-checks" => FailedChecks {
            /// Checks that failed.
            failed: u32,
        } = "failed checks threshold reached: {failed}",
        /// A webhook asked for the rollback.
        "rollback-hook" => RollbackHook {
            /// The webhook.
            name: String,
        } = "the webhook `{name}` asked for a rollback",
        /// A life-cycle hook failed.
        "hook-failed" => HookFailed {
            /// The event.
            event: String,
        } = "the hook at {event} failed",
        /// The test requests of a life-cycle hook failed.
        "hook-tests-failed" => HookTestsFailed {
            /// The event.
            event: String,
            /// How many failed.
            failed: u32,
            /// Of how many.
            sent: u32,
        } = "the hook at {event} failed: {failed} of {sent} test requests did",
        /// Synthetic probes found it unhealthy.
        "probes-failed" => ProbesFailed {
            /// What was probed.
            what: &'static str,
            /// How many of the newest probes failed.
            failed: u32,
            /// Of how many that are looked at.
            of: u32,
        } = "synthetic probes of the {what}: {failed} of {of} failed",
        /// Kayenta's judge was not satisfied.
        "kayenta" => Kayenta {
            /// The score.
            score: String,
            /// The score from which on it passes.
            pass: String,
            /// What it was classified as.
            class: &'static str,
        } = "canary analysis: score {score} of {pass} wanted: {class}",
        /// A life-cycle hook did not answer in time.
        "hook-timed-out" => HookTimedOut {
            /// The event.
            event: String,
            /// How long it was given.
            within: String,
        } = "the hook at {event} did not answer within {within}",
        /// A webhook must approve first.
        "approval" => Approval {
            /// The webhook.
            name: String,
        } = "waiting for the approval of `{name}`",
        /// Kubernetes' word for a rollout without progress.
        "progress-deadline" => ProgressDeadline = "ProgressDeadlineExceeded",
    }
}

phrases! {
    /// What a person or the timeline did, where it is not a deployment, a scaling or a fault.
    pub enum Deed {
        /// Instances were restarted.
        "restart" => Restart {
            /// How many.
            picked: usize,
            /// Of how many.
            all: usize,
        } = "restart {picked} of {all} instances",
        /// The versions' shares of the traffic were set.
        "shift-traffic" => ShiftTraffic {
            /// Weight by version.
            shares: String,
        } = "shift traffic: {shares}",
        /// A call policy was replaced.
        "set-policy" => SetPolicy {
            /// Who calls.
            from: String,
            /// Whom.
            to: String,
        } = "set the policy of `{from}` towards `{to}`",
        /// Workers and the queue of a service were set.
        "set-capacity" => SetCapacity {
            /// The service.
            service: String,
            /// Workers per instance.
            workers: u32,
            /// Places in the queue.
            queue: u32,
        } = "set the capacity of `{service}`: {workers} workers, queue of {queue}",
        /// Workers of a service were set.
        "set-workers" => SetWorkers {
            /// The service.
            service: String,
            /// Workers per instance.
            workers: u32,
        } = "set the capacity of `{service}`: {workers} workers",
        /// The queue of a service was set.
        "set-queue" => SetQueue {
            /// The service.
            service: String,
            /// Places in the queue.
            queue: u32,
        } = "set the capacity of `{service}`, queue of {queue}",
        /// The queue's order or answer was set.
        "set-queueing" => SetQueueing {
            /// The service.
            service: String,
        } = "set the capacity of `{service}`",
        /// The rate of a traffic source was set.
        "set-rate" => SetRate {
            /// The source.
            source: String,
            /// The rate.
            rate: String,
            /// What it is multiplied with.
            factor: String,
        } = "set the load of `{source}` to {rate} × {factor}",
        /// The load of a traffic source was multiplied.
        "set-load" => SetLoad {
            /// The source.
            source: String,
            /// With what.
            factor: String,
        } = "set the load of `{source}` to {factor} times",
        /// Later deployments of a service go another way.
        "set-strategy" => SetStrategy {
            /// The strategy.
            strategy: &'static str,
        } = "deploy by `{strategy}` from now on",
        /// Another share of the users has a feature.
        "set-flag" => SetFlag {
            /// The flag.
            flag: String,
            /// The share.
            percentage: String,
        } = "set the flag `{flag}` to {percentage} of the users",
        /// An alarm turned a feature off.
        "kill-flag" => KillFlag {
            /// The flag.
            flag: String,
            /// The alarm.
            alarm: String,
        } = "the alarm `{alarm}` turned the flag `{flag}` off",
        /// A flag was cleaned up.
        "remove-flag" => RemoveFlag {
            /// The flag.
            flag: String,
            /// Which share of the users has the feature for good.
            percentage: String,
        } = "remove the flag `{flag}` from the code, for good at {percentage}",
        /// A cache was emptied.
        "flush-cache" => FlushCache {
            /// The cache.
            cache: String,
            /// Its service.
            service: String,
        } = "flush the cache `{cache}` of `{service}`",
        /// A build project was changed.
        "update-project" => UpdateProject {
            /// The project.
            project: String,
            /// What was changed.
            what: String,
        } = "update the build project `{project}`: {what}",
        /// An entry of the timeline did not fit what had been done before.
        "left-out" => LeftOut {
            /// Why.
            why: String,
        } = "left out of the timeline: {why}",
    }
}

phrases! {
    /// What became of a pipeline's execution.
    pub enum Progress {
        /// It began.
        "execution-started" => Started {
            /// What started it.
            trigger: String,
        } = "started by {trigger}",
        /// It entered a stage.
        "stage-entered" => Entered {
            /// The stage.
            stage: String,
        } = "entered {stage}",
        /// An action ended well.
        "action-succeeded" => ActionSucceeded {
            /// The stage.
            stage: String,
            /// The action.
            action: String,
        } = "{stage}/{action} succeeded",
        /// An action failed.
        "action-failed" => ActionFailed {
            /// The stage.
            stage: String,
            /// The action.
            action: String,
            /// Why.
            why: String,
        } = "{stage}/{action} failed: {why}",
        /// Somebody must agree.
        "approval-wanted" => ApprovalWanted {
            /// The stage.
            stage: String,
            /// The action.
            action: String,
        } = "{stage}/{action} waits for approval",
        /// It ended well.
        "execution-succeeded" => Succeeded = "succeeded",
        /// It ended badly.
        "execution-failed" => Failed {
            /// Where.
            stage: String,
        } = "failed in {stage}",
        /// A newer one took its place.
        "execution-superseded" => Superseded {
            /// The newer one.
            by: ExecutionNumber,
        } = "superseded by #{by}",
        /// Somebody stopped it.
        "execution-stopped" => Stopped = "stopped",
        /// A stage was left out, because its entry condition was not met.
        "stage-skipped" => Skipped {
            /// The stage.
            stage: String,
        } = "{stage} skipped",
        /// Nothing may enter a stage any more.
        "transition-disabled" => TransitionDisabled {
            /// The stage.
            stage: String,
            /// Why.
            why: String,
        } = "transition into {stage} disabled: {why}",
        /// Executions may enter a stage again.
        "transition-enabled" => TransitionEnabled {
            /// The stage.
            stage: String,
        } = "transition into {stage} enabled",
        /// A stage was held back, tried again or rolled back.
        "stage-note" => Note {
            /// What.
            what: String,
        } = "{what}",
    }
}

phrases! {
    /// What opened an incident.
    pub enum Trouble {
        /// An alarm went off.
        "alarm-went-off" => Alarm {
            /// The alarm.
            name: String,
        } = "alarm `{name}`",
        /// A deployment turned back by itself.
        "turned-back" => TurnedBack {
            /// The deployment.
            deployment: DeploymentNumber,
        } = "deployment #{deployment} turned back",
        /// Users wrote to support.
        "users-wrote" => Reports {
            /// How many.
            count: u32,
        } = "{count} reports by users",
    }
}

/// The state of an alarm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum AlarmState {
    /// The metric is within its threshold.
    #[serde(rename = "OK")]
    Ok,
    /// The metric is beyond its threshold.
    #[serde(rename = "ALARM")]
    Alarm,
    /// Not enough is known.
    #[default]
    #[serde(rename = "INSUFFICIENT_DATA")]
    InsufficientData,
}

impl AlarmState {
    /// Its name, as CloudWatch writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A deployment began.
    DeploymentStarted {
        /// Which deployment.
        deployment: DeploymentNumber,
        /// The service.
        service: ServiceId,
        /// The version it brings.
        version: VersionId,
        /// The version it replaces.
        replaces: VersionId,
        /// The strategy's name.
        strategy: &'static str,
        /// The deployment that it undoes, if it is a rollback.
        rolls_back: Option<DeploymentNumber>,
    },
    /// A deployment ended well.
    DeploymentCompleted {
        /// Which deployment.
        deployment: DeploymentNumber,
    },
    /// A deployment ended badly.
    DeploymentFailed {
        /// Which deployment.
        deployment: DeploymentNumber,
        /// Why.
        why: Cause,
    },
    /// A deployment was replaced by a newer one before it ended.
    DeploymentSuperseded {
        /// Which deployment.
        deployment: DeploymentNumber,
        /// The newer one.
        by: DeploymentNumber,
    },
    /// A deployment is at another step, gives another share of the traffic to its version, or begins to wait for a person.
    DeploymentStepped {
        /// Which deployment.
        deployment: DeploymentNumber,
        /// The step under way, in the strategy's own words; `None` before the first and after the last.
        step: Option<String>,
        /// The share of the traffic that its version should get; `None` where the strategy sets none.
        share: Option<Ratio>,
        /// Whether it goes on only when a person says so.
        waits: bool,
    },
    /// A deployment that failed has put back what it changed: nobody gets its version any more, and no rollback follows.
    DeploymentRestored {
        /// Which deployment.
        deployment: DeploymentNumber,
    },
    /// A deployment reports that it makes no progress; it goes on trying.
    DeploymentStalled {
        /// Which deployment.
        deployment: DeploymentNumber,
        /// Why.
        why: Cause,
    },
    /// The desired number of instances changed.
    Scaled {
        /// The service.
        service: ServiceId,
        /// Before.
        from: u32,
        /// After.
        to: u32,
        /// Who decided: `action`, or the autoscaler's name.
        by: &'static str,
    },
    /// An instance changed its state.
    Instance {
        /// The instance.
        instance: InstanceId,
        /// Its service.
        service: ServiceId,
        /// What happened to it: `started`, `healthy`, `unhealthy`, `draining`, `stopped`, `crashed`, `out-of-memory`,
        /// `restarted`, `failed-to-start`, `fail-open`.
        change: &'static str,
    },
    /// An alarm changed its state.
    AlarmChanged {
        /// Its name.
        name: String,
        /// The service that it watches; `None`: what users get.
        service: Option<ServiceId>,
        /// Before.
        from: AlarmState,
        /// After.
        to: AlarmState,
        /// The datapoint that did it: a share [0…1], a latency [ms] or a rate [1/s]; `None` if it was missing, and for a
        /// composite alarm.
        value: Option<f64>,
        /// Whether a suppressor holds the alarm's actions back; [`Event::AlarmActions`] follows when they are taken.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        suppressed: bool,
    },
    /// The actions of a composite alarm are taken that a suppressor held back.
    AlarmActions {
        /// Its name.
        name: String,
        /// The state whose actions they are.
        state: AlarmState,
    },
    /// Version control has a change's latest commit from here on.
    Committed {
        /// The change.
        change: ChangeNumber,
        /// The commit.
        commit: CommitNumber,
        /// The service that it changes.
        service: ServiceId,
        /// Whether it is planned work, and no answer to something that users met.
        planned: bool,
    },
    /// A change came into a branch.
    Merged {
        /// The change.
        change: ChangeNumber,
        /// The commit.
        commit: CommitNumber,
        /// The branch.
        into: &'static str,
    },
    /// A pipeline went on.
    Pipeline {
        /// The service that it delivers.
        service: ServiceId,
        /// Which execution.
        execution: ExecutionNumber,
        /// What became of it.
        what: Progress,
    },
    /// A build made a version of a service.
    Built {
        /// The version.
        version: VersionId,
        /// The service.
        service: ServiceId,
        /// From which commit.
        commit: CommitNumber,
        /// By which execution.
        execution: ExecutionNumber,
        /// The changes in it that no version before it had which reached production.
        changes: Vec<ChangeNumber>,
        /// Whether it holds nothing but fixes of what users met.
        planned: bool,
    },
    /// An incident began.
    IncidentOpened {
        /// Which.
        incident: IncidentNumber,
        /// The service, if one is known.
        service: Option<ServiceId>,
        /// What opened it.
        why: Trouble,
    },
    /// An incident ended.
    IncidentResolved {
        /// Which.
        incident: IncidentNumber,
        /// The deployment that the team holds to have caused it.
        cause: Option<DeploymentNumber>,
        /// The deployment that ended it.
        remedy: Option<DeploymentNumber>,
    },
    /// A defect hides in a change. Truth: nobody knows.
    DefectWritten {
        /// Its number as a flaw of versions.
        flaw: FlawId,
        /// Its kind's name.
        kind: &'static str,
        /// The change.
        change: ChangeNumber,
    },
    /// A fault began. Truth: the tools do not see it.
    FaultInjected {
        /// Its name.
        name: String,
        /// Its kind's name.
        kind: &'static str,
        /// The service, if one.
        service: Option<ServiceId>,
        /// The instances that it selected.
        instances: Vec<InstanceId>,
    },
    /// A fault ended. Truth: the tools do not see it.
    FaultCleared {
        /// Its name.
        name: String,
    },
    /// A person or the timeline did something else.
    Acted {
        /// The service, if one.
        service: Option<ServiceId>,
        /// What.
        what: Deed,
    },
}

impl Event {
    /// Whether a team would know of it from its tools.
    pub const fn is_visible(&self) -> bool {
        !matches!(self, Self::FaultInjected { .. } | Self::FaultCleared { .. } | Self::DefectWritten { .. })
    }
}

/// The records of a run, in order of time.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    records: Vec<Record>,
}

impl Ledger {
    /// Adds a record; time never goes back.
    pub fn push(&mut self, at: SimTime, event: Event) {
        debug_assert!(self.records.last().is_none_or(|last| last.at <= at), "the ledger is written in order of time");
        self.records.push(Record { at, event });
    }
    /// What a team would know.
    pub fn visible(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.event.is_visible())
    }
    /// Everything, for grading and for the "what really happened" view.
    pub fn truth(&self) -> &[Record] {
        &self.records
    }
}
