//! What a deployment strategy sees, and what it may ask for.
//!
//! A driver is a small state machine that is stepped whenever something changed in its service. It knows counts and
//! times, no entities and no kernel, so its arithmetic can be tested alone.

use std::collections::BTreeMap;

use super::canary_analysis::CanaryAnalysis;
use super::rollout::Wish;
use super::trial::{Test, Tried};
use crate::ids::{InstanceId, UserHeaderId, VersionId, ZoneId};
use crate::insight::judge::analysis::{Analysis, Phase};
use crate::telemetry::ledger::Cause;
use crate::units::{Ratio, SimSpan, SimTime};

/// One instance, as a strategy sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) id: InstanceId,
    pub(super) version: VersionId,
    pub(super) zone: ZoneId,
    /// Since when its process runs; `None` if it does not.
    pub(super) up_since: Option<SimTime>,
    /// Since when it is healthy by its checks, or runs if nobody checks; `None` if it is not.
    pub(super) healthy_since: Option<SimTime>,
    /// Its checks found it unhealthy, or its process died.
    pub(super) failed: bool,
}

/// Which way a deployment goes through the service's history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Way {
    /// To a version that was not released before, or nobody knows.
    #[default]
    Forward,
    /// Back to the stable version while another one was on its way.
    ToStable,
    /// Back to a version that was released before the one that it replaces.
    Back {
        /// Releases between the two.
        between: u32,
    },
}

/// What a person asked of the deployment since the last step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a button of its own, and several may be pressed")]
pub(super) struct Wishes {
    /// Go on: end the pause if it is paused, otherwise leave the current step.
    pub(super) promote: bool,
    /// Go to the end without further pauses, analyses and steps.
    pub(super) promote_full: bool,
    /// Give up and go back.
    pub(super) abort: bool,
    /// Stop where it is.
    pub(super) pause: bool,
    /// Go on after a `pause`.
    pub(super) resume: bool,
}

/// A service in the middle of a deployment. Instances on their way out are left out.
#[derive(Debug, Clone, Default)]
pub(super) struct Scene {
    pub(super) now: SimTime,
    /// How many instances the service should have.
    pub(super) desired: u32,
    /// The version that is replaced, and the one that is deployed.
    pub(super) replaced: VersionId,
    pub(super) deployed: VersionId,
    /// Whether somebody checks the instances' health.
    pub(super) checked: bool,
    /// After how long a crashed instance of the service is started again.
    pub(super) restart_after: Option<SimSpan>,
    /// Instances of other versions.
    pub(super) old: Vec<Seen>,
    /// Instances of the new version.
    pub(super) new: Vec<Seen>,
    /// Instances of the new version that failed since the last step: they died, did not start, or were found unhealthy.
    pub(super) failures: Vec<InstanceId>,
    /// Which way it goes through the service's history.
    pub(super) way: Way,
    /// The analyses that this driver began and did not end, by its own key, and how they stand.
    pub(super) verdicts: Vec<(u32, Phase)>,
    /// The test requests that this driver began and did not end, by its own key, and how they stand.
    pub(super) tried: Vec<(u32, Tried)>,
    /// Why the comparison of the versions came out as it did, once it was judged.
    pub(super) compared: Option<Cause>,
    /// What a person asked for since the last step.
    pub(super) wishes: Wishes,
}

/// How a deployment stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Stand {
    /// It goes on.
    #[default]
    Running,
    /// It ended well.
    Completed,
    /// It ended badly; says why, and whether the last completed version is to be restored.
    Failed { why: Cause, restore: bool },
}

/// Requests that go to the new version, whatever the shares are: those with one of these headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeaderRoute {
    /// Its name.
    pub(super) name: String,
    /// Header and value; one that matches is enough.
    pub(super) headers: Vec<(String, TextMatch)>,
}

/// Which texts are meant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextMatch {
    /// This one.
    Exact(String),
    /// Those that begin so.
    Prefix(String),
    /// Those that match a regular expression.
    Regex(String),
}

impl TextMatch {
    /// Whether a text is meant; a regular expression has to match all of it, as Envoy has it.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => text == exact,
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Regex(regex) => Self::compiled(regex).is_ok_and(|regex| regex.is_match(text)),
        }
    }
    /// Says what is impossible about it, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Regex(regex) => Self::compiled(regex).map(|_| ()).map_err(|error| format!("`{regex}` is no regular expression: {error}")),
            Self::Exact(_) | Self::Prefix(_) => Ok(()),
        }
    }
    fn compiled(regex: &str) -> Result<regex_lite::Regex, regex_lite::Error> {
        regex_lite::Regex::new(&format!("^(?:{regex})$"))
    }
}

impl HeaderRoute {
    /// Which of the headers that users send lead along this route.
    pub(super) fn led<'a>(&'a self, sent: &'a [(String, String)]) -> impl Iterator<Item = UserHeaderId> + 'a {
        let is_led = |(name, value): &(String, String)| self.headers.iter().any(|(wanted, text)| wanted.eq_ignore_ascii_case(name) && text.matches(value));
        sent.iter().enumerate().filter(move |(_, header)| is_led(header)).map(|(at, _)| UserHeaderId::from_index(at))
    }
}

/// What a strategy asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Orders {
    /// How many instances of the new version to start.
    pub(super) start: u32,
    /// How many instances of the replaced version to start: the way back may need them.
    pub(super) start_old: u32,
    /// Instances to drain and stop.
    pub(super) stop: Vec<InstanceId>,
    /// Shares of the traffic by version, if they change.
    pub(super) weights: Option<Vec<(VersionId, f64)>>,
    /// When to be stepped again even if nothing changes.
    pub(super) wake: Option<SimTime>,
    /// Something that people should know, such as that nothing moves.
    pub(super) report: Option<Cause>,
    /// It has just given up, and puts back what it changed; it goes on until it stands as failed.
    pub(super) aborted: Option<Cause>,
    /// Analyses to begin, by a key of the driver's own.
    pub(super) begin: Vec<(u32, Analysis)>,
    /// Test requests to begin, by a key of the driver's own that no analysis has.
    pub(super) tests: Vec<(u32, Test)>,
    /// Comparisons of the versions to begin, by a key of the driver's own, and how long they take.
    pub(super) compare: Vec<(u32, CanaryAnalysis, SimSpan)>,
    /// Instances of the new version that may get requests from now on, though [`Driver::withholds`] said otherwise before.
    pub(super) releases: bool,
    /// Analyses and test requests to end, by key.
    pub(super) end: Vec<u32>,
    /// A gate that a person opened, by the number of its check.
    pub(super) open: Option<u32>,
    /// Which share of the traffic is copied to the new version, if that changes. Nobody waits for the copies' answers.
    pub(super) mirror: Option<Ratio>,
    /// All routes by header, if they change.
    pub(super) headers: Option<Vec<HeaderRoute>>,
    /// Until when the replaced instances stay, without traffic, after it has ended well.
    pub(super) keep_old: Option<SimTime>,
    pub(super) stand: Stand,
}

/// How a step of a deployment stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StepState {
    /// It is still to come.
    #[default]
    Ahead,
    /// It is under way.
    Current,
    /// It is over.
    Done,
    /// It was left out.
    Skipped,
    /// It was under way when the deployment ended without it.
    Stopped,
}

/// What a deployment waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Instances that start, become available or stop.
    Instances,
    /// A time.
    Time,
    /// An analysis.
    Analysis,
    /// A life-cycle hook.
    Hook,
    /// Test requests.
    Tests,
    /// A webhook that has to agree.
    Approval,
    /// A person who promotes, resumes or aborts.
    Person,
}

/// How far a deployment is, for people to watch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// Its steps in order, in the strategy's own words, and how each stands.
    pub steps: Vec<(String, StepState)>,
    /// The step under way, by index.
    pub current: Option<usize>,
    /// Since when it is there.
    pub since: Option<SimTime>,
    /// Until when it stays there, if that is known.
    pub until: Option<SimTime>,
    /// What it waits for.
    pub waiting: Option<Waiting>,
    /// The share of the traffic that the new version should get by now.
    pub weight: Option<Ratio>,
    /// The webhook whose approval is waited for.
    pub approval: Option<String>,
    /// Argo's word for how it stands: `Progressing`, `Paused`, `Degraded` or `Healthy`.
    pub phase: &'static str,
    /// What a person can ask of it now, so that something follows; nothing of a strategy that cannot be steered.
    pub wishes: Vec<Wish>,
}

/// A strategy at work on one deployment.
pub(super) trait Driver: Send + Sync {
    /// Says what to do next. Stepped again after every change, and at the time that it asked for.
    fn step(&mut self, scene: &Scene) -> Orders;
    /// How many instances of the new version failed so far.
    fn failed(&self) -> u32 {
        0
    }
    /// Whether an instance of the new version gets no requests yet, whatever its health checks say.
    fn withholds(&self, _: InstanceId) -> bool {
        false
    }
    /// Whether all users get the new version, and the old one is only kept in case of need.
    fn took_over(&self) -> bool {
        false
    }
    /// How far it is; a strategy without steps says nothing.
    fn progress(&self) -> Progress {
        Progress::default()
    }
}

/// Picks `count` instances to stop: first those that serve nobody, then from the fullest zone, the newest first.
pub(super) fn choose(among: &[Seen], count: usize) -> Vec<InstanceId> {
    let mut crowds: BTreeMap<ZoneId, u32> = BTreeMap::new();
    // By how useful they are (0 does not run, 1 runs without being healthy, 2 serves) and zone; newest last.
    let mut classes: [BTreeMap<ZoneId, Vec<InstanceId>>; 3] = Default::default();
    let mut in_order: Vec<&Seen> = among.iter().collect();
    in_order.sort_unstable_by_key(|seen| seen.id);
    for seen in in_order {
        *crowds.entry(seen.zone).or_default() += 1;
        let class = usize::from(seen.up_since.is_some()) + usize::from(seen.healthy_since.is_some());
        classes[class].entry(seen.zone).or_default().push(seen.id);
    }
    let mut chosen = Vec::new();
    for mut zones in classes {
        while chosen.len() < count {
            let fullest = zones.iter().filter_map(|(zone, ids)| ids.last().map(|newest| (crowds[zone], *newest, *zone))).max();
            let Some((_, newest, zone)) = fullest else { break };
            zones.entry(zone).or_default().pop();
            crowds.entry(zone).and_modify(|crowd| *crowd -= 1);
            chosen.push(newest);
        }
    }
    chosen
}

/// Some instances for the tests of strategies.
#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// `count` instances, numbered from `first`, running and healthy since `since`.
    pub(in crate::fleet::deploy) fn healthy(first: u32, count: u32, since: u64) -> Vec<Seen> {
        let since = Some(SimTime::from_secs(since));
        (first..first + count)
            .map(|id| Seen { id: InstanceId(id), version: VersionId(0), zone: ZoneId((id % 3) as u8), up_since: since, healthy_since: since, failed: false })
            .collect()
    }

    /// `count` instances, numbered from `first`, that do not run yet.
    pub(in crate::fleet::deploy) fn starting(first: u32, count: u32) -> Vec<Seen> {
        healthy(first, count, 0).into_iter().map(|seen| Seen { up_since: None, healthy_since: None, ..seen }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_instances_go_first_then_the_fullest_zone_gives() {
        let mut among = testing::healthy(0, 4, 0);
        // Zones 0 1 2 0; number 1 is not healthy.
        among[1].healthy_since = None;
        assert_eq!(choose(&among, 3), [1, 3, 2].map(InstanceId));
        assert_eq!(choose(&among, 9).len(), 4);
    }
}
