//! Delivery metrics (DORA) in the report: what the tools say, their levels, and the truth beside them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// Delivery metrics (DORA), all services together. Metrics that deployments alone do not allow are null, and say why.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct DoraReport {
    /// The five metrics over the whole run.
    #[serde(flatten)]
    pub metrics: DoraMetrics,
    /// Of the deployments, those that roll another one back.
    pub rollbacks: u32,
    /// Deployments that never ended; they are counted nowhere else.
    pub unfinished: u32,
    /// Deployments that were not planned: rollbacks, and those of nothing but fixes of what users met.
    pub unplanned: u32,
    /// Median number of changes that a deployment of changes brought [1].
    pub changes_per_deployment: Option<f64>,
    /// Deployments that brought no change, rollbacks aside; 0 where no commits are known.
    pub empty_deployments: u32,
    /// Incidents that ended.
    pub incidents: u32,
    /// What was called MTTR until 2022: from the opening of an incident to its end [s], whatever caused it.
    pub time_to_restore_s: TimeToRestoreReport,
    /// DORA's Quick Check, 0 to 10 each.
    pub quick_check: QuickCheckReport,
    /// The level of each metric among the answers of a year's report.
    pub levels: BTreeMap<String, LevelsReport>,
    /// The metrics over seven days, at the end of each day from the seventh on.
    pub windows: Vec<DoraWindowReport>,
    /// What the change fail rate would be if every failure were put down to the deployment that brought it.
    pub truth: DoraTruthReport,
    /// Where the lead time of changes went; null if none can be followed from its commit to production.
    pub flow: Option<FlowReport>,
    /// The same metrics by service; DORA advises against blending services.
    pub services: BTreeMap<String, ServiceDoraReport>,
    /// The numbers of the deployments that failed.
    pub failed_deployments: Vec<u32>,
    /// The numbers of those that were not planned.
    pub unplanned_deployments: Vec<u32>,
    /// Why a metric is null.
    pub unknown: BTreeMap<String, String>,
}

/// DORA's five metrics over a period, and what they count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct DoraMetrics {
    /// Deployments that ended, well or badly, rollbacks included: what the rates below count.
    pub deployments: u32,
    /// Of which failed by themselves or were rolled back; a rollback is a remedy and never counts here.
    pub failed: u32,
    /// Deployments per day of simulated time.
    pub deployment_frequency_per_day: Option<f64>,
    /// Median time from a change's latest commit to the end of the first deployment that brought it [s]; null where no
    /// commits are known.
    pub change_lead_time_s: Option<f64>,
    /// Median time from the beginning of a failed deployment to the end of its remedy [s]: its rollback, or the deployment that
    /// ended its incident; null if none was remedied to the end.
    pub failed_deployment_recovery_time_s: Option<f64>,
    /// `failed` over `deployments`, 0…1; null without deployments.
    pub change_fail_rate: Option<f64>,
    /// Share of the deployments that were not planned, 0…1. Null without deployments, or if a failed one was mended nobody
    /// knows how.
    pub deployment_rework_rate: Option<f64>,
}

/// Length of incidents.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct TimeToRestoreReport {
    /// The mean [s]; null without any.
    pub mean: Option<f64>,
    /// The median [s].
    pub median: Option<f64>,
}

/// DORA's Quick Check, 0 to 10; null where the metric is unknown.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct QuickCheckReport {
    /// Change lead time.
    pub change_lead_time: Option<f64>,
    /// Deployment frequency.
    pub deployment_frequency: Option<f64>,
    /// Failed deployment recovery time.
    pub failed_deployment_recovery_time: Option<f64>,
    /// Change fail rate.
    pub change_fail_rate: Option<f64>,
    /// Deployment rework rate.
    pub deployment_rework_rate: Option<f64>,
    /// The mean of lead time, frequency and recovery.
    pub throughput: Option<f64>,
    /// The mean of the two rates.
    pub stability: Option<f64>,
    /// The mean of all that are known.
    pub overall: Option<f64>,
}

/// Levels among the answers of a year: `elite`, `high`, `medium`, `low`; null where the metric is unknown.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct LevelsReport {
    /// Deployment frequency.
    pub deployment_frequency: Option<String>,
    /// Change lead time.
    pub change_lead_time: Option<String>,
    /// Failed deployment recovery time; time to restore before 2023.
    pub failed_deployment_recovery_time: Option<String>,
    /// Change fail rate.
    pub change_fail_rate: Option<String>,
}

/// The truth about deployments.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct DoraTruthReport {
    /// Deployments that brought a flaw which made requests of users fail.
    pub hurt: Vec<u32>,
    /// Of which the team counts as failed.
    pub known: Vec<u32>,
    /// Deployments that an incident or a rollback was put down to, and that hurt nobody.
    pub innocent: Vec<u32>,
    /// Defects that people wrote into the changes that reached production.
    pub defects_written: u32,
    /// Of which nothing before production found.
    pub defects_escaped: u32,
    /// Of which made users' requests fail.
    pub defects_hurt: u32,
    /// `hurt` over all deployments that ended, 0…1; null without deployments.
    pub change_fail_rate: Option<f64>,
    /// Median time from the beginning of a deployment that hurt users to the last request that failed of what it brought [s].
    pub failed_deployment_recovery_time_s: Option<f64>,
    /// Unplanned deployments over all, 0…1, without rollbacks of deployments that hurt nobody.
    pub deployment_rework_rate: Option<f64>,
}

/// The metrics over a window of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct DoraWindowReport {
    /// Its beginning [s].
    pub from_s: f64,
    /// Its end [s].
    pub to_s: f64,
    /// The five metrics.
    #[serde(flatten)]
    pub metrics: DoraMetrics,
}

/// The metrics of one service.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ServiceDoraReport {
    /// The five metrics.
    #[serde(flatten)]
    pub metrics: DoraMetrics,
    /// DORA's Quick Check, 0 to 10 each.
    pub quick_check: QuickCheckReport,
    /// Its levels, by year.
    pub levels: BTreeMap<String, LevelsReport>,
}

/// The way of changes from commit to production: means, which add up to the mean lead time.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct FlowReport {
    /// Changes that were followed all the way.
    pub changes: u32,
    /// From the latest commit to the merge [s].
    pub review_s: f64,
    /// From the merge until a pipeline took it up [s]: a release branch, or a pipeline that was busy.
    pub waiting_s: f64,
    /// From there to the deployment [s]: builds, tests, approvals.
    pub pipeline_s: f64,
    /// The deployment [s].
    pub deployment_s: f64,
}
