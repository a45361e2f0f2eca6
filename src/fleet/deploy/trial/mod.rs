//! Test requests and synthetic probes of a deployment: what no user sends, so that no user has to find out.
//!
//! A *trial* sends some requests one after the other and is over when all are answered or given up; a life-cycle hook may
//! be one. *Probes* go on for as long as the deployment does. Both ask real endpoints of real instances, so a flaw of a
//! version shows as it would to users, with its share and only where it shows at all: a few requests miss a rare flaw, and
//! one that needs load does not show. This file counts answers; `sending` sends the requests.

pub(super) mod sending;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::judging::AnalysisLook;
use crate::choice::params;
use crate::ids::InstanceId;
use crate::insight::judge::analysis::Phase;
use crate::insight::judge::probe::{Probe, Probing, State};
use crate::units::{Ratio, SimSpan, SimTime};

/// Most requests of one trial.
const MOST_REQUESTS: u32 = 10_000;

params! {
    /// Test requests that try the new version out.
    pub struct Trial {
        /// The endpoint of the service that is asked. Default: those that somebody calls, in turn (chosen for Fleetlab).
        pub endpoint: Option<String> = None,
        /// How many requests are sent. Default 20 (chosen for Fleetlab).
        pub requests: u32 = 20,
        /// Time from one request to the next. Default `"1s"` (chosen for Fleetlab).
        pub interval: SimSpan = SimSpan::from_secs(1),
        /// How long an answer may take; a later one counts as failed. Default `"1s"` (chosen for Fleetlab).
        pub timeout: SimSpan = SimSpan::from_secs(1),
        /// The share of the requests that may fail. Default 0: none.
        pub allowed: Ratio = Ratio::ZERO,
    }
}

/// What is probed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The instances of the new version, in turn, from when they are up.
    #[default]
    NewVersion,
    /// The service, through its load balancer, as a user would meet it.
    Service,
}

impl Target {
    /// It in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewVersion => "new version",
            Self::Service => "service",
        }
    }
}

params! {
    /// Synthetic probes that watch a deployment.
    pub struct Probes {
        /// What is probed: `"new-version"` or `"service"`. Default `"new-version"` (chosen for Fleetlab).
        pub at: Target = Target::default(),
        /// The endpoint of the service that is asked. Default: those that somebody calls, in turn (chosen for Fleetlab).
        pub endpoint: Option<String> = None,
        /// Time from one probe to the next. Default `"10s"` (Kubernetes `periodSeconds`).
        pub interval: SimSpan = SimSpan::from_secs(10),
        /// How long an answer may take, at most `interval`. Default `"1s"` (Kubernetes `timeoutSeconds`).
        pub timeout: SimSpan = SimSpan::from_secs(1),
        /// M: failures among the newest `of` probes that make it unhealthy. Default 3 (Kubernetes `failureThreshold`).
        pub failures: u32 = 3,
        /// N: how many of the newest probes are looked at. Default: `failures`, so that they must be in a row (Kubernetes).
        pub of: Option<u32> = None,
        /// Whether the last completed deployment is restored when it is found unhealthy. Default true.
        pub rollback: bool = true,
    }
}

impl Trial {
    /// Says what is impossible about it, if anything is.
    pub fn check(&self) -> Result<(), String> {
        if self.requests == 0 || self.requests > MOST_REQUESTS {
            return Err(format!("`requests` is {}; it is 1 to {MOST_REQUESTS}", self.requests));
        }
        if self.interval < SHORTEST || self.timeout.is_zero() {
            return Err(format!(
                "`interval` is {} and `timeout` {}; the first is {SHORTEST} or more, the second more than nothing",
                self.interval, self.timeout
            ));
        }
        if self.allowed < Ratio::ONE { Ok(()) } else { Err("`allowed` is 100 %, so that nothing could ever fail".to_owned()) }
    }

    /// How many requests may fail.
    fn most_failed(&self) -> u32 {
        libm::floor(self.allowed.get() * f64::from(self.requests) + 1e-9) as u32
    }
}

/// The shortest time from one request to the next.
const SHORTEST: SimSpan = SimSpan::from_millis(10);

impl Probes {
    /// The judge's parameters.
    fn probe(&self) -> Probe {
        Probe { interval: self.interval, timeout: self.timeout, failures: self.failures, of: self.of, ..Probe::default() }
    }

    /// Says what is impossible about them, if anything is.
    pub fn check(&self) -> Result<(), String> {
        if self.interval < SHORTEST {
            return Err(format!("`interval` is {}; it is {SHORTEST} or more", self.interval));
        }
        self.probe().check()
    }

    /// M and N of the rule.
    pub(super) fn rule(&self) -> (u32, u32) {
        (self.failures, self.of.unwrap_or(self.failures))
    }
}

/// Something that sends requests.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// Some, once.
    Trial(Trial),
    /// Again and again.
    Probes(Probes),
}

/// Test requests, as a strategy orders them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Test {
    /// What they belong to, for people to read.
    pub(super) name: String,
    /// What is sent.
    pub(super) kind: Kind,
    /// The instance that is asked; `None`: those of the new version in turn, or whom the load balancer chooses.
    pub(super) instance: Option<InstanceId>,
}

impl Test {
    /// The endpoint that it names.
    pub(super) fn endpoint(&self) -> Option<&str> {
        match &self.kind {
            Kind::Trial(trial) => trial.endpoint.as_deref(),
            Kind::Probes(probes) => probes.endpoint.as_deref(),
        }
    }
    /// Whether the load balancer chooses who answers.
    pub(super) const fn is_at_service(&self) -> bool {
        matches!(self.kind, Kind::Probes(Probes { at: Target::Service, .. }))
    }
}

/// How test requests stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tried {
    /// Requests that were answered well in time.
    pub(super) passed: u32,
    /// Requests that were not.
    pub(super) failed: u32,
    /// What that comes to.
    pub(super) phase: Phase,
}

/// Test requests under way.
#[derive(Debug, Clone)]
pub(super) struct TestRun {
    pub(super) test: Test,
    /// Requests sent so far.
    pub(super) sent: u32,
    /// When the next request of a trial is sent.
    next: SimTime,
    /// Requests without an answer: their number, and until when it may come.
    waiting: BTreeMap<u64, SimTime>,
    /// The judge of probes.
    probing: Option<Probing>,
    tried: Tried,
    last: Option<bool>,
}

impl TestRun {
    /// Begins at `now`.
    pub(super) fn begin(test: &Test, now: SimTime) -> Self {
        let probing = match &test.kind {
            Kind::Probes(probes) => Some(Probing::new(&probes.probe(), now)),
            Kind::Trial(_) => None,
        };
        let tried = Tried { phase: Phase::Running, ..Tried::default() };
        Self { test: test.clone(), sent: 0, next: now, waiting: BTreeMap::new(), probing, tried, last: None }
    }

    /// How it stands.
    pub(super) const fn tried(&self) -> Tried {
        self.tried
    }

    /// Takes the answer to a request in, or that it never came; later ones than their time allows do not count any more.
    pub(super) fn answered(&mut self, now: SimTime, token: u64, ok: bool) {
        let Some(until) = self.waiting.remove(&token) else { return };
        self.count(now, ok && now <= until);
    }

    fn count(&mut self, now: SimTime, ok: bool) {
        *(if ok { &mut self.tried.passed } else { &mut self.tried.failed }) += 1;
        self.last = Some(ok);
        if let Some(probing) = &mut self.probing {
            probing.step(now, Some(ok));
        }
    }

    /// Goes on to `now`; whether a request is to be sent now. Each is to be entered ([`Self::sends`]), and then it is asked again.
    pub(super) fn step(&mut self, now: SimTime) -> bool {
        let late: Vec<u64> = self.waiting.iter().filter(|(_, until)| **until <= now).map(|(token, _)| *token).collect();
        for token in late {
            self.waiting.remove(&token);
            self.count(now, false);
        }
        if self.tried.phase != Phase::Running {
            return false;
        }
        match (&self.test.kind, &mut self.probing) {
            (Kind::Trial(trial), _) => {
                if self.tried.failed > trial.most_failed() {
                    self.tried.phase = Phase::Failed;
                } else if self.tried.passed + self.tried.failed >= trial.requests {
                    self.tried.phase = Phase::Successful;
                }
                let sends = self.tried.phase == Phase::Running && self.sent < trial.requests && now >= self.next;
                if sends {
                    self.next = now + trial.interval;
                }
                sends
            }
            (Kind::Probes(_), Some(probing)) => {
                let sends = probing.step(now, None);
                if probing.state() == State::Unhealthy {
                    self.tried.phase = Phase::Failed;
                }
                sends && self.tried.phase == Phase::Running
            }
            (Kind::Probes(_), None) => false,
        }
    }

    /// A request was sent, and its answer will carry this number.
    pub(super) fn sends(&mut self, now: SimTime, token: u64) {
        let timeout = match &self.test.kind {
            Kind::Trial(trial) => trial.timeout,
            Kind::Probes(probes) => probes.timeout,
        };
        self.sent += 1;
        self.waiting.insert(token, now + timeout);
    }

    /// When something happens by itself.
    pub(super) fn next_due(&self) -> Option<SimTime> {
        if self.tried.phase != Phase::Running {
            return None;
        }
        let next = match (&self.test.kind, &self.probing) {
            (Kind::Trial(trial), _) => (self.sent < trial.requests).then_some(self.next),
            (Kind::Probes(_), Some(probing)) => probing.next_due(),
            (Kind::Probes(_), None) => None,
        };
        next.into_iter().chain(self.waiting.values().copied()).min()
    }

    /// It, to look at.
    pub(super) fn look(&self) -> AnalysisLook {
        let (planned, next, failure_limit) = match &self.test.kind {
            Kind::Trial(trial) => (Some(trial.requests), Some(self.next).filter(|_| self.sent < trial.requests), trial.most_failed()),
            Kind::Probes(probes) => (None, self.probing.as_ref().and_then(Probing::next_due), probes.failures - 1),
        };
        let verdict = |ok: bool| if ok { ("answered".to_owned(), Phase::Successful) } else { ("no good answer".to_owned(), Phase::Failed) };
        AnalysisLook {
            metric: self.test.name.clone(),
            query: self.test.endpoint().map(str::to_owned).unwrap_or_default(),
            planned,
            next: next.filter(|_| self.tried.phase == Phase::Running),
            last: self.last.map(verdict),
            counts: [self.tried.passed, self.tried.failed, 0, 0],
            failure_limit: i32::try_from(failure_limit).unwrap_or(i32::MAX),
            phase: self.tried.phase,
            ..AnalysisLook::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a trial or probes until they are over or `until` [s]; each request is answered by whether `ok` says so for its number, 20 ms
    /// later, or never. When it was over [ms], and how it stands.
    fn run(kind: Kind, until: u64, ok: impl Fn(u32) -> Option<bool>) -> (u64, Tried) {
        let mut run = TestRun::begin(&Test { name: String::new(), kind, instance: None }, SimTime::ZERO);
        let (mut now, mut coming) = (SimTime::ZERO, BTreeMap::new());
        loop {
            let here: Vec<u64> = coming.iter().filter(|(_, (at, _))| *at <= now).map(|(token, _)| *token).collect();
            for token in here {
                let (_, ok) = coming.remove(&token).expect("it is there");
                run.answered(now, token, ok);
            }
            while run.step(now) {
                let number = run.sent;
                run.sends(now, u64::from(number));
                if let Some(ok) = ok(number) {
                    coming.insert(u64::from(number), (now + SimSpan::from_millis(20), ok));
                }
            }
            let next = run.next_due().into_iter().chain(coming.values().map(|(at, _)| *at).filter(|_| run.next_due().is_some())).min();
            match next.filter(|at| *at <= SimTime::from_secs(until)) {
                Some(at) => now = at,
                None => return (now.nanos() / 1_000_000, run.tried()),
            }
        }
    }

    #[test]
    fn a_trial_is_over_with_its_last_answer_or_one_failure_too_many() {
        let trial = |allowed: f64| Kind::Trial(Trial { requests: 10, allowed: Ratio::new(allowed), ..Trial::default() });
        assert_eq!(run(trial(0.0), 100, |_| Some(true)), (9_020, Tried { passed: 10, failed: 0, phase: Phase::Successful }));
        assert_eq!(run(trial(0.0), 100, |n| Some(n != 3)), (3_020, Tried { passed: 3, failed: 1, phase: Phase::Failed }));
        assert_eq!(run(trial(0.2), 100, |n| Some(n > 1)), (9_020, Tried { passed: 8, failed: 2, phase: Phase::Successful }));
        assert_eq!(run(trial(0.2), 100, |n| Some(n > 2)), (2_020, Tried { passed: 0, failed: 3, phase: Phase::Failed }));
        // Nobody answers: the first request is given up after a second.
        assert_eq!(run(trial(0.0), 100, |_| None), (1_000, Tried { passed: 0, failed: 1, phase: Phase::Failed }));
    }

    #[test]
    fn probes_go_on_until_the_newest_of_them_failed() {
        let (at, tried) = run(Kind::Probes(Probes::default()), 200, |n| Some(n < 5));
        assert_eq!((at, tried), (70_020, Tried { passed: 5, failed: 3, phase: Phase::Failed }));
        let (_, tried) = run(Kind::Probes(Probes::default()), 200, |n| Some(n % 3 == 0));
        assert_eq!(tried.phase, Phase::Running, "two in a row are not three");
    }

    #[test]
    fn impossible_trials_are_refused() {
        for wrong in [
            Trial { requests: 0, ..Trial::default() },
            Trial { interval: SimSpan::ZERO, ..Trial::default() },
            Trial { timeout: SimSpan::ZERO, ..Trial::default() },
            Trial { allowed: Ratio::ONE, ..Trial::default() },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
        assert!(Probes { timeout: SimSpan::from_secs(11), ..Probes::default() }.check().is_err());
    }
}
