//! Flagger's loop: a canary beside the primary, checked and given more traffic at every interval, then promoted.
//!
//! Nothing happens between intervals: at each one Flagger looks whether canary and primary are ready, asks the webhooks,
//! checks the metrics, and takes one step or none. The way depends on the parameters: growing weights (canary),
//! iterations with a condition on headers (A/B testing), or iterations alone (blue/green). *Promotion* copies the new
//! version to the primary, which is a rolling update of its own while the canary keeps its share; then traffic goes back to
//! the primary, and the canary is scaled to zero. So for a while the new version runs twice.
//!
//! The time from the first shift to the promotion is interval × `max_weight` / `step_weight`, the time from the first
//! of a row of failed checks to the rollback is interval × `threshold`. On top of that come the interval at which the
//! new version is noticed, the one at which the canary is found ready, and after the promotion one for routing and one for
//! the end. Source: fluxcd/flagger, `pkg/controller/scheduler.go`.
//!
//! Metrics and webhooks come as checks with a number ([`Flagger::checks`]): the metrics in their order, then the webhooks in
//! theirs; only what has succeeded at the time of an interval passes. What is not here: the first interval is counted from
//! the deployment, where Flagger's ticker may be up to one interval ahead; a canary pod that is lost during promotion is
//! not replaced.

mod run;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::run::Run;
use super::Plan;
use super::driver::{Driver, TextMatch};
use crate::choice::params;
use crate::insight::judge::flagger::Metric;
use crate::units::SimSpan;

/// The shortest interval; a shorter one counts as this (Flagger).
pub(super) const SHORTEST: SimSpan = SimSpan::from_secs(10);
/// The sum of the weights.
pub(super) const TOTAL: u32 = 100;
/// Iterations where the provider shifts no traffic and none are written (Flagger).
const KUBERNETES_ITERATIONS: u32 = 10;

/// When a webhook is called, and what its answer does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HookType {
    /// Before the canary is scaled up; waits for approval.
    ConfirmRollout,
    /// Before the first traffic; a failure counts as a failed check.
    PreRollout,
    /// At every interval with traffic; a failure counts as a failed check.
    #[default]
    Rollout,
    /// Before each rise of the weight; waits for approval.
    ConfirmTrafficIncrease,
    /// Before the promotion; waits for approval, and the analysis goes on meanwhile.
    ConfirmPromotion,
    /// After the end; its answer does nothing.
    PostRollout,
    /// At every interval; success rolls back.
    Rollback,
    /// Is told everything; its answer does nothing.
    Event,
}

impl HookType {
    /// Whether it is a gate: it waits for approval, and its no counts as nothing else.
    const fn is_gate(self) -> bool {
        matches!(self, Self::ConfirmRollout | Self::ConfirmTrafficIncrease | Self::ConfirmPromotion)
    }
}

/// What a webhook answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It agrees (HTTP 2xx).
    Yes,
    /// It does not.
    No,
    /// A person opens the gate; it is closed until then, and stays open (Flagger's `gate/open` and `gate/close`).
    Person,
}

params! {
    /// A webhook.
    pub struct Webhook {
        /// Its name. No default.
        pub name: String = String::new(),
        /// When it is called. Default `"rollout"` (Flagger).
        pub r#type: HookType = HookType::default(),
        /// What it answers: `"yes"`, `"no"`, or for those that confirm something `"person"`: no, until a person promotes. Default
        /// `"yes"`, and `"no"` for a `rollback` (chosen for Fleetlab: all is well).
        pub answer: Option<Answer> = None,
        /// How long after the deployment began that is its answer; before, it is the opposite. Default `"0s"`: from the beginning.
        pub from: SimSpan = SimSpan::ZERO,
    }
}

impl Webhook {
    fn usual(&self) -> Answer {
        self.answer.unwrap_or(if self.r#type == HookType::Rollback { Answer::No } else { Answer::Yes })
    }

    /// Whether a person opens it.
    pub(super) fn asks_person(&self) -> bool {
        self.usual() == Answer::Person
    }

    /// Whether it agrees so long after the deployment began, if it was or was not opened by a person.
    pub(super) fn agrees(&self, after: SimSpan, is_open: bool) -> bool {
        match self.usual() {
            Answer::Person => is_open,
            Answer::Yes => after >= self.from,
            Answer::No => after < self.from,
        }
    }

    fn check(&self) -> Result<(), String> {
        if !self.asks_person() {
            return Ok(());
        }
        if !self.r#type.is_gate() {
            return Err(format!("a person can answer only webhooks that confirm something; `{}` does not", self.name));
        }
        if self.from.is_zero() { Ok(()) } else { Err(format!("the webhook `{}` waits for a person, whatever the time; it has no `from`", self.name)) }
    }
}

params! {
    /// A condition of an A/B test on a request's header.
    pub struct HeaderMatch {
        /// The header, such as `cookie`. No default.
        pub header: String = String::new(),
        /// Its value: `{ exact = "…" }`, `{ prefix = "…" }` or `{ regex = "…" }`. Default: any.
        pub value: TextMatch = TextMatch::Regex(".*".to_owned()),
    }
}

params! {
    /// Users who met the canary once meet it again (`sessionAffinity`).
    pub struct SessionAffinity {
        /// `cookieName`. Default `"flagger-cookie"` (what Flagger's documentation shows).
        pub cookie_name: String = "flagger-cookie".to_owned(),
        /// `maxAge`: for how long. Default a day (Flagger).
        pub max_age: SimSpan = SimSpan::from_secs(86_400),
    }
}

/// Who routes requests (`provider`), as far as it makes a difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// A service mesh or an ingress that shares requests out by weights.
    #[default]
    Mesh,
    /// A Kubernetes service: all or nothing, so that there is only blue/green.
    Kubernetes,
}

params! {
    /// Flagger: a canary whose metrics are checked at every interval.
    pub struct Flagger {
        /// Who routes requests. Default `"mesh"` (chosen for Fleetlab).
        pub provider: Provider = Provider::default(),
        /// How often it looks, `"10s"` at least. Default `"1m"` (Flagger).
        pub interval: SimSpan = SimSpan::from_secs(60),
        /// Failed checks that roll back. Default 1 (Flagger).
        pub threshold: u32 = 1,
        /// `maxWeight`: the canary's weight that promotes, 1 to 100. Default 100 (Flagger).
        pub max_weight: u32 = 100,
        /// `stepWeight`: by how much the weight grows at each interval. Default: none is written, and `step_weights` counts.
        pub step_weight: u32 = 0,
        /// `stepWeights`: the weights one after the other; the last one is the largest. Default: none.
        pub step_weights: Vec<u32> = Vec::new(),
        /// `stepWeightPromotion`: by how much the primary's weight grows at each interval after the promotion. Default 100, all
        /// at once (Flagger).
        pub step_weight_promotion: u32 = 100,
        /// `iterations`: checks of an A/B test or of blue/green. Default: none, a canary with weights.
        pub iterations: u32 = 0,
        /// `match`: whom an A/B test shows the canary; one condition is enough. Default: none, blue/green.
        pub r#match: Vec<HeaderMatch> = Vec::new(),
        /// Whether requests are copied to the canary before it gets any, for one interval, or for all of blue/green.
        /// Default false (Flagger).
        pub mirror: bool = false,
        /// `mirrorWeight`: the share of requests that is copied [%]. Default 100 (Istio).
        pub mirror_weight: u32 = 100,
        /// Whether who met the canary meets it again. Default: none.
        pub session_affinity: Option<SessionAffinity> = None,
        /// Whether it is promoted as soon as it is ready. Default false (Flagger).
        pub skip_analysis: bool = false,
        /// Whether nothing is done at all. Default false (Flagger).
        pub suspend: bool = false,
        /// How long canary or primary may be without enough ready pods. Default `"10m"` (Flagger, `progressDeadlineSeconds`).
        pub progress_deadline: SimSpan = SimSpan::from_secs(600),
        /// `primaryReadyThreshold`: the share of pods that must be ready [%]. Default 100 (Flagger).
        pub primary_ready_threshold: u32 = 100,
        /// `canaryReadyThreshold`: the share of pods that must be ready [%]. Default 100 (Flagger).
        pub canary_ready_threshold: u32 = 100,
        /// Metrics that are checked at every interval with traffic. Default: none.
        pub metrics: Vec<Metric> = Vec::new(),
        /// Webhooks. Default: none.
        pub webhooks: Vec<Webhook> = Vec::new(),
    }
}

/// Something that is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Check<'a> {
    /// Whether a metric is in its range.
    Metric(&'a Metric),
    /// Whether a webhook answers that all is well.
    Webhook(&'a Webhook),
}

/// How the canary gets its traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Canary,
    AbTest,
    BlueGreen,
}

impl Flagger {
    /// Says what is impossible about the parameters, if anything is.
    pub(crate) fn check(&self) -> Result<(), String> {
        let rising = self.step_weights.is_sorted_by(|one, two| one < two);
        if self.iterations == 0 && self.step_weight == 0 && self.step_weights.is_empty() && self.provider == Provider::Mesh && !self.skip_analysis {
            return Err("there is no `step_weight`, no `step_weights` and no `iterations`, so that nothing would ever move".to_owned());
        }
        if !rising || self.step_weights.iter().any(|weight| *weight == 0 || *weight > TOTAL) {
            return Err("`step_weights` are not percentages from 1 to 100 that rise".to_owned());
        }
        if [self.max_weight, self.step_weight, self.mirror_weight, self.primary_ready_threshold, self.canary_ready_threshold].iter().any(|part| *part > TOTAL) {
            return Err("weights and thresholds are percentages; no one is more than 100".to_owned());
        }
        if !self.r#match.is_empty() && (self.iterations == 0 || self.provider == Provider::Kubernetes) {
            return Err("`match` is for A/B tests, which need `iterations` and a provider that routes by headers".to_owned());
        }
        self.r#match.iter().try_for_each(|condition| condition.value.check())?;
        self.webhooks.iter().try_for_each(Webhook::check)?;
        self.metrics.iter().try_for_each(Metric::check)
    }

    /// Carries a deployment out; a rollback is one shift to the primary, which still stands.
    pub(super) fn driver(&self, restores: bool) -> Box<dyn Driver> {
        if restores {
            return Plan::default().driver(true);
        }
        Box::new(Run::new(self))
    }

    pub(super) fn way(&self) -> Way {
        match (self.iterations(), self.r#match.is_empty()) {
            (0, _) => Way::Canary,
            (_, true) => Way::BlueGreen,
            (_, false) => Way::AbTest,
        }
    }

    pub(super) fn iterations(&self) -> u32 {
        if self.iterations == 0 && self.provider == Provider::Kubernetes { KUBERNETES_ITERATIONS } else { self.iterations }
    }

    /// The canary's weight that promotes.
    pub(super) fn most(&self) -> u32 {
        match (self.step_weights.last(), self.max_weight) {
            (Some(last), _) => (*last).min(TOTAL),
            (None, 0) => TOTAL,
            (None, most) => most,
        }
    }

    /// By how much the canary's weight grows from here.
    pub(super) fn growth(&self, weight: u32) -> u32 {
        let left = TOTAL - weight;
        if self.step_weight > 0 || self.step_weights.is_empty() {
            return self.step_weight;
        }
        // Something that is not zero, so that full weight promotes.
        if left == 0 { 1 } else { self.step_weights.iter().find(|next| **next > weight).map_or(left, |next| next - weight) }
    }

    /// The weights of a canary, one after the other.
    pub(super) fn weights(&self) -> Vec<u32> {
        let (mut at, mut weights) = (0, Vec::new());
        while at < self.most() && self.growth(at) > 0 {
            at = (at + self.growth(at)).min(TOTAL);
            weights.push(at);
        }
        weights
    }

    /// All checks with their numbers: what is asked for at every interval.
    pub fn checks(&self) -> impl Iterator<Item = (u32, Check<'_>)> {
        let first = self.metrics.len() as u32;
        let metrics = (0..).zip(self.metrics.iter().map(Check::Metric));
        metrics.chain((first..).zip(self.webhooks.iter().map(Check::Webhook)))
    }

    /// A webhook by its number among the checks.
    pub(super) fn webhook(&self, number: u32) -> Option<&Webhook> {
        self.webhooks.get((number as usize).checked_sub(self.metrics.len())?)
    }

    /// The webhooks of a type with their numbers.
    pub(super) fn hooks(&self, wanted: HookType) -> impl Iterator<Item = (u32, &str)> {
        let first = self.metrics.len() as u32;
        (first..).zip(&self.webhooks).filter(move |(_, hook)| hook.r#type == wanted).map(|(number, hook)| (number, hook.name.as_str()))
    }

    /// What is asked at every interval with traffic: webhooks come first.
    pub(super) fn rollout_checks(&self) -> impl Iterator<Item = (u32, &str)> {
        self.hooks(HookType::Rollout).chain((0..).zip(&self.metrics).map(|(number, metric)| (number, metric.name.as_str())))
    }
}
