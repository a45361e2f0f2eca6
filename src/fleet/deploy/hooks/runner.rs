//! A deployment's hooks at work: one event after the other, with the test requests and the people that some hooks wait for.
//!
//! Whoever deploys begins an event when it is there, and asks whether it may go on. It knows no instances and no traffic.

use super::super::driver::{Orders, Scene};
use super::super::trial::{Kind, Test};
use super::{Event, EventRun, Hook, Platform, Standing, Target, Told};
use crate::ids::InstanceId;
use crate::insight::judge::analysis::Phase;
use crate::telemetry::ledger::Cause;
use crate::units::SimTime;

/// Hooks of one deployment, or of one instance of it.
#[derive(Debug, Clone)]
pub(in crate::fleet::deploy) struct Runner {
    platform: Platform,
    hooks: Vec<Hook>,
    /// The event under way.
    at: Option<EventRun>,
    /// Test requests of the event under way: by which key they are known, and whose they are.
    tests: Vec<(u32, usize)>,
    /// The key of the next ones.
    next_key: u32,
    /// Pauses are passed over.
    no_pauses: bool,
    /// It waits for a person.
    asks: bool,
}

/// Whether an event is over.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::fleet::deploy) enum Passed {
    /// All is well, or there is no event.
    Yes,
    /// It is over by then, if nothing else happens.
    NotYet(SimTime),
    /// A hook stopped it; says why, and whether the deployment can be turned back.
    Stopped(Cause, bool),
}

impl Runner {
    /// With these hooks; its test requests are known by keys from `first_key` on.
    pub(in crate::fleet::deploy) fn new(platform: Platform, hooks: &[Hook], first_key: u32) -> Self {
        Self { platform, hooks: hooks.to_vec(), at: None, tests: Vec::new(), next_key: first_key, no_pauses: false, asks: false }
    }

    /// Begins an event.
    pub(in crate::fleet::deploy) fn begin(&mut self, event: Event, now: SimTime) {
        self.at = Some(EventRun::new(self.platform, event, &self.hooks, now));
    }

    /// From here on nobody has to be asked.
    pub(in crate::fleet::deploy) fn pass_pauses(&mut self) {
        self.no_pauses = true;
    }

    /// Whether an event is under way.
    pub(in crate::fleet::deploy) fn is_at(&self, event: Event) -> bool {
        self.at.as_ref().is_some_and(|run| run.event() == event)
    }

    /// Whether it waits for a person.
    pub(in crate::fleet::deploy) const fn waits_for_person(&self) -> bool {
        self.asks
    }

    /// Whether test requests are under way.
    pub(in crate::fleet::deploy) const fn waits_for_tests(&self) -> bool {
        !self.tests.is_empty()
    }

    /// Goes on with the event under way: takes answers in, a person's if it was `promoted`, and orders what its hooks need. Test
    /// requests go to `instance`, or to those of the new version in turn.
    pub(in crate::fleet::deploy) fn step(&mut self, scene: &Scene, instance: Option<InstanceId>, promoted: bool, orders: &mut Orders) -> Passed {
        let now = scene.now;
        let Some(run) = &mut self.at else { return Passed::Yes };
        for (key, tried) in &scene.tried {
            let Some((_, hook)) = self.tests.iter().find(|(known, _)| known == key) else { continue };
            if tried.phase != Phase::Running {
                let sent = tried.passed + tried.failed;
                run.tell(*hook, Told { at: now, tried: Some((tried.failed, sent)), ok: tried.phase == Phase::Successful });
            }
        }
        let promoted = promoted || self.no_pauses;
        loop {
            let mut told = false;
            self.asks = false;
            for (number, _) in run.under_way(now) {
                let Some(hook) = run.hook(number) else { continue };
                if hook.target == Target::Pause && promoted {
                    run.tell(number, Told { at: now, tried: None, ok: true });
                    told = true;
                } else if hook.target == Target::Pause {
                    self.asks = true;
                } else if let Some(trial) = hook.check.as_ref().filter(|_| !self.tests.iter().any(|(_, known)| *known == number)) {
                    let test = Test { name: run.event().name.to_owned(), kind: Kind::Trial(trial.clone()), instance };
                    orders.tests.push((self.next_key, test));
                    self.tests.push((self.next_key, number));
                    self.next_key += 1;
                }
            }
            if !told {
                break;
            }
        }
        let event = run.event();
        let passed = match run.standing(now) {
            Standing::Running(until) => return Passed::NotYet(until),
            Standing::Succeeded => Passed::Yes,
            Standing::Failed(why) => Passed::Stopped(why, event.may_roll_back),
        };
        self.asks = false;
        orders.end.extend(self.tests.drain(..).map(|(key, _)| key));
        self.at = None;
        passed
    }
}
