//! Life-cycle hooks: what runs in which order while something is deployed, for how long at most, and who may turn it back.
//!
//! `CodeDeploy` runs scripts (EC2) or Lambda functions (ECS, Lambda) at named events between its own steps; ECS without
//! `CodeDeploy` runs functions or waits for people at named stages. [`Platform::events`] is the order as data; [`EventRun`] is
//! one event with its hooks: given how long they take and how they end, or what their test requests found, it says what runs
//! from when to when. Whoever deploys goes from event to event, and does the platform's own steps in between
//! ([`runner`]). Sources: `CodeDeploy` User Guide, "`AppSpec` 'hooks' section"; ECS API,
//! `DeploymentLifecycleHook` and `DeploymentLifecycleHookTimeoutConfiguration`. A platform more is a table and a line in
//! [`Platform::events`]. It knows neither instances nor traffic.

pub(super) mod runner;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::trial::Trial;
use crate::choice::params;
use crate::telemetry::ledger::Cause;
use crate::units::{SimSpan, SimTime};

/// Default and longest timeout of a script, of all scripts of one event together, and of a Lambda function that is to
/// report back (`CodeDeploy`).
pub const CODE_DEPLOY_TIMEOUT: SimSpan = SimSpan::from_secs(3_600);
/// Default timeout of a hook of an ECS service deployment (`timeoutInMinutes` 1440).
pub const ECS_TIMEOUT: SimSpan = SimSpan::from_secs(1_440 * 60);
/// Longest timeout of a hook of an ECS service deployment (`timeoutInMinutes` 20160).
pub const ECS_LONGEST_TIMEOUT: SimSpan = SimSpan::from_secs(20_160 * 60);
/// Shortest timeout of a hook of an ECS service deployment (`timeoutInMinutes` 1).
pub const ECS_SHORTEST_TIMEOUT: SimSpan = SimSpan::from_secs(60);

/// How long a hook takes if nothing is written (chosen for Fleetlab: a function that starts, looks and answers).
pub const USUAL: SimSpan = SimSpan::from_secs(30);

/// What is deployed to, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// `CodeDeploy` on instances that stay where they are.
    InPlace {
        /// Whether a load balancer takes an instance out while it is changed.
        load_balancer: bool,
    },
    /// `CodeDeploy` with a second fleet of instances.
    BlueGreen,
    /// `CodeDeploy` with a second task set of an ECS service.
    Ecs,
    /// `CodeDeploy` with a second version of a Lambda function.
    Lambda,
    /// An ECS service deployment without `CodeDeploy`: blue/green, linear or canary.
    EcsService {
        /// Whether more than one revision was active at the start.
        reconcile: bool,
        /// Steps in which production traffic is shifted.
        steps: u32,
    },
}

/// On whose instances an event takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// There is one fleet, or the event concerns both.
    Everywhere,
    /// The new fleet.
    Replacement,
    /// The old fleet.
    Original,
}

/// A life-cycle event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: &'static str,
    /// Whether hooks can run in it; else it is a step of the platform's own.
    pub scriptable: bool,
    /// Whether the deployment can be turned back when it fails here.
    pub may_roll_back: bool,
    /// Where it takes place.
    pub place: Place,
}

/// An event with hooks.
const fn hook(name: &'static str) -> Event {
    Event { name, scriptable: true, may_roll_back: true, place: Place::Everywhere }
}
/// A step of the platform's own.
const fn own(name: &'static str) -> Event {
    Event { name, scriptable: false, may_roll_back: true, place: Place::Everywhere }
}

/// What happens on every instance. `ApplicationStop` runs the scripts of the revision before.
const INSTALL: [Event; 7] = [
    hook("ApplicationStop"),
    own("DownloadBundle"),
    hook("BeforeInstall"),
    own("Install"),
    hook("AfterInstall"),
    hook("ApplicationStart"),
    hook("ValidateService"),
];
/// How a load balancer takes an instance out.
const BLOCK: [Event; 3] = [hook("BeforeBlockTraffic"), own("BlockTraffic"), hook("AfterBlockTraffic")];
/// How a load balancer takes an instance in, and how traffic is shifted to a second version.
const ALLOW: [Event; 3] = [hook("BeforeAllowTraffic"), own("AllowTraffic"), hook("AfterAllowTraffic")];
/// `CodeDeploy` for ECS, up to production traffic.
const ECS: [Event; 5] = [
    // Nothing is there yet that could be turned back.
    Event { may_roll_back: false, ..hook("BeforeInstall") },
    own("Install"),
    hook("AfterInstall"),
    own("AllowTestTraffic"),
    hook("AfterAllowTestTraffic"),
];
/// ECS service deployments, up to production traffic.
const SCALE_UP: [Event; 5] = [hook("PRE_SCALE_UP"), own("SCALE_UP"), hook("POST_SCALE_UP"), hook("TEST_TRAFFIC_SHIFT"), hook("POST_TEST_TRAFFIC_SHIFT")];
/// ECS service deployments, for each step of production traffic.
const SHIFT: [Event; 2] = [hook("PRE_PRODUCTION_TRAFFIC_SHIFT"), hook("PRODUCTION_TRAFFIC_SHIFT")];
/// ECS service deployments, after production traffic.
const BAKE: [Event; 3] = [hook("POST_PRODUCTION_TRAFFIC_SHIFT"), own("BAKE_TIME"), own("CLEAN_UP")];

impl Platform {
    /// The events of one deployment, in their order.
    pub fn events(self) -> Vec<Event> {
        let at = |place: Place, events: &[Event]| -> Vec<Event> { events.iter().map(|event| Event { place, ..*event }).collect() };
        match self {
            Self::InPlace { load_balancer: false } => INSTALL.to_vec(),
            Self::InPlace { load_balancer: true } => [&BLOCK[..], &INSTALL, &ALLOW].concat(),
            Self::BlueGreen => [at(Place::Replacement, &INSTALL), at(Place::Replacement, &ALLOW), at(Place::Original, &BLOCK)].concat(),
            Self::Ecs => [&ECS[..], &ALLOW].concat(),
            Self::Lambda => ALLOW.to_vec(),
            Self::EcsService { reconcile, steps } => {
                let begin = if reconcile { vec![hook("RECONCILE_SERVICE")] } else { Vec::new() };
                [begin, SCALE_UP.to_vec(), SHIFT.repeat(steps as usize), BAKE.to_vec()].concat()
            }
        }
    }

    /// The events that `CodeDeploy` knows for instances, whatever the deployment.
    pub fn instance_events() -> impl Iterator<Item = &'static str> + Clone {
        BLOCK.iter().chain(&INSTALL).chain(&ALLOW).filter(|event| event.scriptable).map(|event| event.name)
    }

    /// The first event at which instances of the new version run, so that something can be asked of them.
    const fn runs_from(self) -> &'static str {
        match self {
            Self::InPlace { .. } | Self::BlueGreen => "ValidateService",
            Self::Ecs => "AfterInstall",
            Self::Lambda => "BeforeAllowTraffic",
            Self::EcsService { .. } => "POST_SCALE_UP",
        }
    }

    /// Whether several hooks of one event run one after the other; else they run side by side.
    const fn in_turn(self) -> bool {
        !matches!(self, Self::EcsService { .. })
    }

    /// Default and longest timeout of one hook.
    const fn timeouts(self) -> (SimSpan, SimSpan) {
        match self {
            Self::EcsService { .. } => (ECS_TIMEOUT, ECS_LONGEST_TIMEOUT),
            _ => (CODE_DEPLOY_TIMEOUT, CODE_DEPLOY_TIMEOUT),
        }
    }
}

/// What happens when a hook does not answer in time (`timeoutConfiguration.action`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum TimeoutAction {
    /// The deployment fails and is turned back.
    #[default]
    Rollback,
    /// It goes on as if the hook had succeeded.
    Continue,
}

/// What a hook is (`targetType`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Target {
    /// A script or a function.
    #[default]
    AwsLambda,
    /// A person must continue.
    Pause,
}

/// How a hook that answers by itself ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ends {
    /// All is well.
    #[default]
    Succeeded,
    /// It is not.
    Failed,
    /// It never answers.
    Never,
}

params! {
    /// A life-cycle hook, and how it goes.
    pub struct Hook {
        /// The life-cycle event, such as `AfterInstall` or `POST_SCALE_UP`. No default.
        pub at: String = String::new(),
        /// What it is: `"AWS_LAMBDA"`, a script or a function, or `"PAUSE"`, a person who promotes (ECS). Default `"AWS_LAMBDA"` (chosen for Fleetlab).
        pub target: Target = Target::default(),
        /// How long it may take. Default an hour (CodeDeploy), and a day for hooks of ECS services without CodeDeploy.
        pub timeout: Option<SimSpan> = None,
        /// What happens when it takes longer; `"CONTINUE"` only for hooks of ECS services. Default `"ROLLBACK"` (ECS).
        pub on_timeout: TimeoutAction = TimeoutAction::default(),
        /// After how long it answers. Default `"30s"` (chosen for Fleetlab).
        pub takes: Option<SimSpan> = None,
        /// What its answer is: `"succeeded"`, `"failed"` or `"never"`. Default `"succeeded"` (chosen for Fleetlab).
        pub ends: Ends = Ends::default(),
        /// Test requests that it sends to the new version instead; they decide how long it takes and how it ends. Default: none.
        pub check: Option<Trial> = None,
    }
}

impl Hook {
    /// How long it may take.
    fn limit(&self, platform: Platform) -> SimSpan {
        self.timeout.unwrap_or(platform.timeouts().0)
    }

    /// Its answer as far as it is known beforehand: after how long, and whether all is well.
    fn known(&self) -> Option<(SimSpan, bool)> {
        let by_itself = self.target == Target::AwsLambda && self.check.is_none() && self.ends != Ends::Never;
        by_itself.then(|| (self.takes.unwrap_or(USUAL), self.ends == Ends::Succeeded))
    }

    /// Says what is impossible about it, if anything is.
    pub fn check(&self, platform: Platform) -> Result<(), String> {
        let (event, ecs_service) = (&self.at, matches!(platform, Platform::EcsService { .. }));
        let events = platform.events();
        let Some(place) = events.iter().position(|known| known.name == event) else {
            let mut names: Vec<&str> = events.iter().filter(|event| event.scriptable).map(|event| event.name).collect();
            let mut seen = BTreeSet::new();
            names.retain(|name| seen.insert(*name));
            return Err(format!("there is no event `{event}` here; hooks run at {}", names.join(", ")));
        };
        if !events[place].scriptable {
            return Err(format!("no hook can run at `{event}`; that is a step of the platform's own"));
        }
        if self.target == Target::Pause && (!ecs_service || event == "TEST_TRAFFIC_SHIFT" || event == "PRODUCTION_TRAFFIC_SHIFT") {
            return Err(format!("`PAUSE` is not possible at `{event}`"));
        }
        if self.target == Target::Pause && (self.takes.is_some() || self.ends != Ends::Succeeded || self.check.is_some()) {
            return Err(format!("the hook at `{event}` is a `PAUSE`: a person answers it, not `takes`, `ends` or `check`"));
        }
        if self.on_timeout == TimeoutAction::Continue && !ecs_service {
            return Err("`CONTINUE` after a timeout is for hooks of ECS services without CodeDeploy".to_owned());
        }
        let longest = platform.timeouts().1;
        let shortest = if ecs_service { ECS_SHORTEST_TIMEOUT } else { SimSpan::from_secs(1) };
        if let Some(timeout) = self.timeout.filter(|timeout| *timeout > longest || *timeout < shortest) {
            return Err(format!("the timeout of `{event}` is {timeout}; it is {shortest} to {longest}"));
        }
        let Some(trial) = &self.check else { return Ok(()) };
        if self.takes.is_some() || self.ends != Ends::Succeeded {
            return Err(format!("the hook at `{event}` has a `check`, which decides by itself how long it takes and how it ends"));
        }
        if place < events.iter().position(|known| known.name == platform.runs_from()).unwrap_or(0) {
            return Err(format!("nothing of the new version runs at `{event}` that test requests could reach; `{}` is the first event", platform.runs_from()));
        }
        trial.check()
    }
}

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All was well.
    Succeeded,
    /// It said that it was not.
    Failed,
    /// It said nothing in time.
    TimedOut,
}

/// A hook that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Which hook.
    pub hook: usize,
    /// From when.
    pub from: SimTime,
    /// To when.
    pub to: SimTime,
    /// How it ended.
    pub end: End,
}

/// What a hook told that does not answer by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: SimTime,
    /// Test requests that failed, of how many; `None` if a person answered.
    pub tried: Option<(u32, u32)>,
    /// Whether all is well.
    pub ok: bool,
}

/// How an event stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Its hooks run, and are over by then if nothing else happens.
    Running(SimTime),
    /// All is well.
    Succeeded,
    /// A hook stopped it.
    Failed(Cause),
}

/// One event of a deployment with its hooks: of one instance for EC2 in place, of the whole service elsewhere.
#[derive(Debug, Clone)]
pub struct EventRun {
    platform: Platform,
    event: Event,
    since: SimTime,
    /// Its hooks by their number.
    hooks: Vec<(usize, Hook)>,
    /// What those told that do not answer by themselves, by their number.
    told: BTreeMap<usize, Told>,
}

impl EventRun {
    /// Begins an event at `now`, with those of the hooks that are its own.
    pub fn new(platform: Platform, event: Event, hooks: &[Hook], now: SimTime) -> Self {
        let hooks = hooks.iter().cloned().enumerate().filter(|(_, hook)| hook.at == event.name).collect();
        Self { platform, event, since: now, hooks, told: BTreeMap::new() }
    }

    /// The event.
    pub const fn event(&self) -> Event {
        self.event
    }

    /// How it stands at `now`.
    pub fn standing(&self, now: SimTime) -> Standing {
        let ran = self.ran();
        let failed = ran.iter().find(|ran| self.stops(ran));
        let over = failed.or_else(|| ran.iter().max_by_key(|ran| ran.to)).map_or(self.since, |ran| ran.to);
        match failed {
            _ if over > now => Standing::Running(over),
            Some(ran) => Standing::Failed(self.why(ran)),
            None => Standing::Succeeded,
        }
    }

    /// The hooks that run at `now`, in the order in which they are written, and since when.
    pub fn under_way(&self, now: SimTime) -> Vec<(usize, SimTime)> {
        let mut under_way: Vec<_> = self.ran().iter().filter(|ran| ran.from <= now && now < ran.to).map(|ran| (ran.hook, ran.from)).collect();
        under_way.sort_unstable();
        under_way
    }

    /// A hook by its number.
    pub fn hook(&self, number: usize) -> Option<&Hook> {
        self.hooks.iter().find(|(known, _)| *known == number).map(|(_, hook)| hook)
    }

    /// Takes the answer of a hook that does not answer by itself.
    pub fn tell(&mut self, hook: usize, told: Told) {
        self.told.entry(hook).or_insert(told);
    }

    /// Whether what ran stops the deployment.
    fn stops(&self, ran: &Ran) -> bool {
        match ran.end {
            End::Succeeded => false,
            End::Failed => true,
            End::TimedOut => self.hook(ran.hook).is_none_or(|hook| hook.on_timeout != TimeoutAction::Continue),
        }
    }

    fn why(&self, ran: &Ran) -> Cause {
        let event = self.event.name.to_owned();
        match (ran.end, self.told.get(&ran.hook).and_then(|told| told.tried)) {
            (End::TimedOut, _) => Cause::HookTimedOut { event, within: SimSpan::from_nanos(ran.to.since(ran.from).nanos()).to_string() },
            (_, Some((failed, sent))) => Cause::HookTestsFailed { event, failed, sent },
            (End::Succeeded | End::Failed, None) => Cause::HookFailed { event },
        }
    }

    /// What runs from when to when, in the order of its end, as far as that is known; what begins only after something that
    /// stops the deployment, or ends only after it, is left out.
    pub fn ran(&self) -> Vec<Ran> {
        let in_turn = self.platform.in_turn();
        // Scripts of one event share an hour, however long each may take.
        let latest = if in_turn { self.since + CODE_DEPLOY_TIMEOUT } else { SimTime::NEVER };
        let (mut ran, mut from): (Vec<Ran>, SimTime) = (Vec::new(), self.since);
        for (number, hook) in &self.hooks {
            let limit = (from + hook.limit(self.platform)).min(latest);
            let answer = self.told.get(number).map(|told| (told.at, told.ok)).or_else(|| hook.known().map(|(takes, ok)| (from + takes, ok)));
            let (to, end) = match answer.filter(|(at, _)| *at <= limit) {
                Some((at, true)) => (at, End::Succeeded),
                Some((at, false)) => (at, End::Failed),
                None => (limit, End::TimedOut),
            };
            ran.push(Ran { hook: *number, from, to, end });
            if in_turn {
                from = to;
                if ran.last().is_some_and(|ran| self.stops(ran)) {
                    break;
                }
            }
        }
        ran.sort_by_key(|ran| ran.to);
        if let Some(first) = ran.iter().position(|ran| self.stops(ran)) {
            // What runs side by side ends with the first that fails.
            ran.truncate(first + 1);
        }
        ran
    }
}
