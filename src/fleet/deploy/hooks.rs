//! Life-cycle hooks: what runs in which order while something is deployed, for how long at most, and who may turn it back.
//!
//! `CodeDeploy` runs scripts (EC2) or Lambda functions (ECS, Lambda) at named events between its own steps; ECS without
//! `CodeDeploy` runs functions or waits for people at named stages. [`Platform::events`] is the order as data; [`HookRun`] walks
//! through it: given how long hooks take and how they end, it says what runs from when to when. Own steps of the platform
//! either take a given time or end when whoever does them says so. Sources: `CodeDeploy` User Guide, "`AppSpec` 'hooks'
//! section"; ECS API, `DeploymentLifecycleHook` and `DeploymentLifecycleHookTimeoutConfiguration`. A platform more is a
//! table and a line in [`Platform::events`]. It knows neither instances nor traffic.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

params! {
    /// A hook, and how it will go.
    pub struct Hook {
        /// The life-cycle event, such as `AfterInstall` or `POST_SCALE_UP`. No default.
        pub event: String = String::new(),
        /// What it is. Default `"AWS_LAMBDA"`, a script or a function.
        pub target: Target = Target::default(),
        /// How long it may take. Default an hour, and a day for hooks of ECS services without CodeDeploy.
        pub timeout: Option<SimSpan> = None,
        /// What happens when it takes longer; `"CONTINUE"` only for hooks of ECS services. Default `"ROLLBACK"` (ECS).
        pub on_timeout: TimeoutAction = TimeoutAction::default(),
        /// After how long it answers; never, if it is not written.
        pub takes: Option<SimSpan> = None,
        /// Whether its answer is that all is well. Default true.
        pub succeeds: bool = true,
    }
}

impl Hook {
    /// How long it may take.
    fn limit(&self, platform: Platform) -> SimSpan {
        self.timeout.unwrap_or(platform.timeouts().0)
    }

    /// Says what is impossible about it, if anything is.
    pub fn check(&self, platform: Platform) -> Result<(), String> {
        let (event, ecs_service) = (&self.event, matches!(platform, Platform::EcsService { .. }));
        let events = platform.events();
        let Some(found) = events.iter().find(|known| known.name == event) else {
            let names: Vec<&str> = events.iter().filter(|event| event.scriptable).map(|event| event.name).collect();
            return Err(format!("there is no event `{event}` here; hooks run at {}", names.join(", ")));
        };
        if !found.scriptable {
            return Err(format!("no hook can run at `{event}`; that is a step of the platform's own"));
        }
        if self.target == Target::Pause && (!ecs_service || event == "TEST_TRAFFIC_SHIFT" || event == "PRODUCTION_TRAFFIC_SHIFT") {
            return Err(format!("`PAUSE` is not possible at `{event}`"));
        }
        if self.on_timeout == TimeoutAction::Continue && !ecs_service {
            return Err("`CONTINUE` after a timeout is for hooks of ECS services without CodeDeploy".to_owned());
        }
        let longest = platform.timeouts().1;
        let shortest = if ecs_service { ECS_SHORTEST_TIMEOUT } else { SimSpan::from_secs(1) };
        match self.timeout {
            Some(timeout) if timeout > longest || timeout < shortest => Err(format!("the timeout of `{event}` is {timeout}; it is {shortest} to {longest}")),
            _ => Ok(()),
        }
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

/// Something that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// At which event.
    pub event: Event,
    /// Which hook; `None` for a step of the platform's own.
    pub hook: Option<usize>,
    /// From when.
    pub from: SimTime,
    /// To when.
    pub to: SimTime,
    /// How it ended.
    pub end: End,
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is at an event.
    At(Event),
    /// Everything is done.
    Succeeded,
    /// A hook stopped it.
    Failed {
        /// At which event.
        event: Event,
        /// Why.
        why: Cause,
        /// Whether the deployment can be turned back.
        may_roll_back: bool,
    },
}

/// One deployment on its way through its events: of one instance for EC2, of the whole service elsewhere.
#[derive(Debug, Clone)]
pub struct HookRun {
    platform: Platform,
    hooks: Vec<Hook>,
    /// The events, and how long those take that are the platform's own; `None`: until somebody says so.
    events: Vec<(Event, Option<SimSpan>)>,
    /// The event that is under way.
    at: usize,
    /// Since when.
    since: SimTime,
    failed: Option<(Event, Cause)>,
    log: Vec<Ran>,
}

impl HookRun {
    /// Begins at `now`. `takes` says how long each step of the platform's own takes; `None`: until [`Self::finish`].
    pub fn new(platform: Platform, hooks: &[Hook], takes: impl Fn(&Event) -> Option<SimSpan>, now: SimTime) -> Self {
        let events = platform.events().into_iter().map(|event| (event, takes(&event))).collect();
        Self { platform, hooks: hooks.to_vec(), events, at: 0, since: now, failed: None, log: Vec::new() }
    }

    /// What ran so far, in the order of its end.
    pub fn log(&self) -> &[Ran] {
        &self.log
    }

    /// How it stands after everything that is over by `now`.
    pub fn step(&mut self, now: SimTime) -> Standing {
        loop {
            if let Some((event, why)) = &self.failed {
                return Standing::Failed { event: *event, why: why.clone(), may_roll_back: event.may_roll_back };
            }
            let Some((event, _)) = self.events.get(self.at) else { return Standing::Succeeded };
            let event = *event;
            let Some((over, ran)) = self.outcome().filter(|(over, _)| *over <= now) else { return Standing::At(event) };
            self.failed = ran.iter().find(|ran| self.stops(ran)).map(|ran| (event, Self::why(ran)));
            self.log.extend(ran);
            (self.at, self.since) = (self.at + 1, over);
        }
    }

    /// When the event under way is over, if nothing else happens; `None` if somebody must say so, or all is over.
    pub fn next_due(&self) -> Option<SimTime> {
        if self.failed.is_some() { None } else { self.outcome().map(|(over, _)| over) }
    }

    /// Ends the step of the platform's own that is under way.
    pub fn finish(&mut self, now: SimTime) -> Standing {
        self.step(now);
        if let Some((_, takes)) = self.events.get_mut(self.at).filter(|(event, takes)| !event.scriptable && takes.is_none()) {
            *takes = Some(now.since(self.since));
        }
        self.step(now)
    }

    /// Whether what ran stops the deployment.
    fn stops(&self, ran: &Ran) -> bool {
        let goes_on = ran.hook.is_some_and(|hook| self.hooks[hook].on_timeout == TimeoutAction::Continue);
        match ran.end {
            End::Succeeded => false,
            End::Failed => true,
            End::TimedOut => !goes_on,
        }
    }

    fn why(ran: &Ran) -> Cause {
        let event = ran.event.name.to_owned();
        match ran.end {
            End::TimedOut => Cause::HookTimedOut { event, within: SimSpan::from_nanos(ran.to.since(ran.from).nanos()).to_string() },
            End::Succeeded | End::Failed => Cause::HookFailed { event },
        }
    }

    /// When the event under way is over and what will have run in it, as far as that is known.
    fn outcome(&self) -> Option<(SimTime, Vec<Ran>)> {
        let (event, takes) = *self.events.get(self.at)?;
        if !event.scriptable {
            let to = self.since + takes?;
            return Some((to, vec![Ran { event, hook: None, from: self.since, to, end: End::Succeeded }]));
        }
        let in_turn = self.platform.in_turn();
        // Scripts of one event share an hour, however long each may take.
        let latest = if in_turn { self.since + CODE_DEPLOY_TIMEOUT } else { SimTime::NEVER };
        let (mut ran, mut from): (Vec<Ran>, SimTime) = (Vec::new(), self.since);
        for (index, hook) in self.hooks.iter().enumerate().filter(|(_, hook)| hook.event == event.name) {
            let limit = (from + hook.limit(self.platform)).min(latest);
            let (to, end) = match hook.takes.map(|takes| from + takes).filter(|to| *to <= limit) {
                Some(to) if hook.succeeds => (to, End::Succeeded),
                Some(to) => (to, End::Failed),
                None => (limit, End::TimedOut),
            };
            ran.push(Ran { event, hook: Some(index), from, to, end });
            if in_turn {
                from = to;
                if ran.last().is_some_and(|ran| self.stops(ran)) {
                    break;
                }
            }
        }
        ran.sort_by_key(|ran| ran.to);
        let over = match ran.iter().position(|ran| self.stops(ran)) {
            // What runs side by side ends with the first that fails.
            Some(first) => {
                ran.truncate(first + 1);
                ran[first].to
            }
            None => ran.last().map_or(self.since, |ran| ran.to),
        };
        Some((over, ran))
    }
}
