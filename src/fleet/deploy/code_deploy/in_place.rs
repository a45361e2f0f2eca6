//! `CodeDeploy` on instances that stay where they are, with the scripts of an `appspec.yml` on each of them.
//!
//! Every instance goes through the events by itself, as many side by side as `minimum healthy hosts` allows: taken out of the
//! load balancer, stopped, installed, started, validated, and only then taken in again. An instance on which a script fails
//! has failed and stays out; the deployment fails when more have failed than may be missing, or when nothing can be replaced
//! any more without missing too many. What is simplified: the old process drains while the scripts of the new one run already.
//! The way back is a deployment like any other, with the scripts of the revision that it goes back to. It knows counts and times.

use std::collections::BTreeSet;

use super::super::driver::{Driver, Orders, Progress, Scene, Seen, Stand, StepState, Waiting, choose};
use super::super::hooks::runner::{Passed, Runner};
use super::super::hooks::{Event, Hook, Platform};
use super::super::rollout::Wish;
use crate::ids::InstanceId;
use crate::telemetry::ledger::Cause;
use crate::units::SimTime;

/// The platform; hooks around traffic run, because there is always a load balancer here.
pub(super) const PLATFORM: Platform = Platform::InPlace { load_balancer: true };

/// Keys of an instance's test requests begin here, times its number.
const KEYS: u32 = 1_000;

/// One instance on its way.
struct Lane {
    /// The instance that goes; `None` once it was told to, or if one was missing.
    old: Option<InstanceId>,
    /// The instance that comes, once it is there.
    new: Option<InstanceId>,
    /// Whether it was asked for.
    is_asked: bool,
    /// The event under way, by index.
    at: usize,
    /// Since when.
    since: SimTime,
    /// Until when it lasts, if nothing else happens.
    until: Option<SimTime>,
    runner: Runner,
}

/// Replaces instances where they stand, each with its scripts.
pub(super) struct Scripted {
    /// Share that must stay healthy; `None`: all but one.
    least: Option<f64>,
    hooks: Vec<Hook>,
    events: Vec<Event>,
    lanes: Vec<Lane>,
    is_begun: bool,
    /// How many lanes there were so far.
    begun: u32,
    /// New instances that were ever there: what failed on the way belongs to nobody else.
    met: BTreeSet<InstanceId>,
    /// New instances that may get requests.
    allowed: BTreeSet<InstanceId>,
    /// Instances on which a script failed, or whose process did; and why the latest one did.
    broken: u32,
    why: Option<Cause>,
    failed: u32,
}

/// How a lane goes on.
enum Went {
    On,
    Through,
    Broken(Cause),
}

impl Lane {
    /// Goes on as far as it can.
    fn go(&mut self, events: &[Event], scene: &Scene, orders: &mut Orders, allowed: &mut BTreeSet<InstanceId>) -> Went {
        let now = scene.now;
        let up = self.new.and_then(|new| scene.new.iter().find(|seen| seen.id == new));
        loop {
            let Some(event) = events.get(self.at) else { return Went::Through };
            match event.name {
                "BlockTraffic" => orders.stop.extend(self.old.take()),
                "ValidateService" if up.is_none_or(|seen| seen.healthy_since.is_none()) => {
                    if !self.is_asked {
                        self.is_asked = true;
                        orders.start += 1;
                    }
                    self.until = None;
                    return Went::On;
                }
                "AllowTraffic" => {
                    allowed.extend(self.new);
                    orders.releases = true;
                }
                _ => {}
            }
            if event.scriptable {
                if !self.runner.is_at(*event) {
                    self.runner.begin(*event, now);
                }
                match self.runner.step(scene, self.new, false, orders) {
                    Passed::Yes => {}
                    Passed::NotYet(until) => {
                        self.until = Some(until);
                        return Went::On;
                    }
                    Passed::Stopped(why, _) => return Went::Broken(why),
                }
            }
            (self.at, self.since, self.until) = (self.at + 1, now, None);
        }
    }
}

impl Scripted {
    /// With these scripts; at least a share stays healthy, or all but one.
    pub(super) fn new(least: Option<f64>, hooks: Vec<Hook>) -> Self {
        Self {
            least,
            hooks,
            events: PLATFORM.events(),
            lanes: Vec::new(),
            is_begun: false,
            begun: 0,
            met: BTreeSet::new(),
            allowed: BTreeSet::new(),
            broken: 0,
            why: None,
            failed: 0,
        }
    }

    /// How many of `desired` instances must be healthy, rounded up.
    fn keep(&self, desired: u32) -> u32 {
        super::keep(self.least, desired)
    }

    /// Instances that are there for the first time belong to those who asked for them.
    fn receive(&mut self, scene: &Scene) {
        let mut fresh = scene.new.iter().map(|seen| seen.id).filter(|id| !self.met.contains(id)).collect::<BTreeSet<_>>().into_iter();
        for lane in self.lanes.iter_mut().filter(|lane| lane.is_asked && lane.new.is_none()) {
            lane.new = fresh.next();
            self.met.extend(lane.new);
        }
    }

    /// An instance begins its way: in the place of an old one, or of one that is missing.
    fn begin_lane(&mut self, old: Option<InstanceId>, scene: &Scene, orders: &mut Orders) {
        let runner = Runner::new(PLATFORM, &self.hooks, self.begun * KEYS);
        self.begun += 1;
        // Where nothing runs there is nothing to take out and to stop.
        let first = if old.is_some() { "BeforeBlockTraffic" } else { "DownloadBundle" };
        let at = self.events.iter().position(|event| event.name == first).unwrap_or(0);
        let mut lane = Lane { old, new: None, is_asked: false, at, since: scene.now, until: None, runner };
        match lane.go(&self.events, scene, orders, &mut self.allowed) {
            Went::Broken(why) => (self.broken, self.why) = (self.broken + 1, Some(why)),
            Went::On | Went::Through => self.lanes.push(lane),
        }
    }

    /// Lets everybody who is on the way go on.
    fn go_on(&mut self, scene: &Scene, orders: &mut Orders) {
        let mut broken = Vec::new();
        for mut lane in std::mem::take(&mut self.lanes) {
            let seen = lane.new.and_then(|new| scene.new.iter().find(|seen| seen.id == new));
            let went = if seen.is_some_and(|seen| seen.failed) {
                let keep = self.keep(scene.desired);
                Went::Broken(Cause::TooFewHealthy { keep, desired: scene.desired })
            } else {
                lane.go(&self.events, scene, orders, &mut self.allowed)
            };
            match went {
                Went::On => self.lanes.push(lane),
                Went::Through => {}
                Went::Broken(why) => broken.push(why),
            }
        }
        self.broken += broken.len() as u32;
        self.why = broken.pop().or(self.why.take());
    }
}

impl Driver for Scripted {
    fn failed(&self) -> u32 {
        self.failed
    }

    fn withholds(&self, instance: InstanceId) -> bool {
        !self.allowed.contains(&instance)
    }

    fn step(&mut self, scene: &Scene) -> Orders {
        self.failed += scene.failures.len() as u32;
        if scene.wishes.abort {
            return Orders { stand: Stand::Failed { why: Cause::Aborted, restore: true }, ..Orders::default() };
        }
        let mut orders = Orders::default();
        if !self.is_begun {
            // What runs the version already has been installed before.
            self.is_begun = true;
            self.allowed.extend(scene.new.iter().map(|seen| seen.id));
            self.met.clone_from(&self.allowed);
            orders.releases = true;
        }
        self.receive(scene);
        self.go_on(scene, &mut orders);
        let keep = self.keep(scene.desired);
        let may_be_missing = scene.desired - keep.min(scene.desired);
        let going: BTreeSet<InstanceId> = self.lanes.iter().filter_map(|lane| lane.old).chain(orders.stop.iter().copied()).collect();
        let waiting: Vec<Seen> = scene.old.iter().filter(|seen| !going.contains(&seen.id)).copied().collect();
        let healthy = waiting.iter().filter(|seen| seen.healthy_since.is_some()).count() as u32;
        let done = scene.new.iter().filter(|seen| self.allowed.contains(&seen.id) && seen.healthy_since.is_some()).count() as u32;
        let idle = waiting.len() as u32 - healthy;
        let may_stop = idle + healthy.min((healthy + done).saturating_sub(keep));
        let count = may_stop.min(may_be_missing.max(1).saturating_sub(self.lanes.len() as u32)).min(waiting.len() as u32);
        let nobody_moves = self.lanes.is_empty() && count == 0;
        let is_stuck = self.broken > 0 && nobody_moves && (!waiting.is_empty() || done < keep.max(1));
        if self.broken > may_be_missing || is_stuck {
            let why = self.why.take().unwrap_or(Cause::TooFewHealthy { keep, desired: scene.desired });
            orders.stand = Stand::Failed { why, restore: true };
            return orders;
        }
        for old in choose(&waiting, count as usize) {
            self.begin_lane(Some(old), scene, &mut orders);
        }
        // Instances that are not there, because they were lost or the service was scaled, are installed in the same way.
        let left = waiting.len() as u32 - count;
        let served = scene.new.iter().filter(|seen| self.allowed.contains(&seen.id)).count() as u32;
        let under_way = self.lanes.len() as u32;
        let missing = scene.desired.saturating_sub(left + under_way + served + self.broken);
        for _ in 0..missing.min(may_be_missing.max(1).saturating_sub(under_way)) {
            self.begin_lane(None, scene, &mut orders);
        }
        if scene.old.is_empty() && self.lanes.is_empty() && missing == 0 && done + self.broken >= scene.desired {
            // What failed stays out of the load balancer, and is replaced like any other loss.
            orders.stop.extend(scene.new.iter().map(|seen| seen.id).filter(|id| !self.allowed.contains(id)));
            orders.stand = Stand::Completed;
        }
        let next = self.lanes.iter().filter_map(|lane| lane.until).filter(|until| *until > scene.now).min();
        orders.wake = next;
        orders
    }

    fn progress(&self) -> Progress {
        // Who is the least far says how far it is.
        let slowest = self.lanes.iter().min_by_key(|lane| lane.at);
        let current = slowest.map(|lane| lane.at);
        let state = |at: usize| match current {
            Some(now) if at < now => StepState::Done,
            Some(now) if at == now => StepState::Current,
            None if self.begun > 0 => StepState::Done,
            Some(_) | None => StepState::Ahead,
        };
        let waiting = match slowest {
            Some(lane) if lane.runner.waits_for_tests() => Waiting::Tests,
            Some(lane) if lane.until.is_some() => Waiting::Hook,
            _ => Waiting::Instances,
        };
        Progress {
            approval: None,
            steps: self.events.iter().enumerate().map(|(at, event)| (event.name.to_owned(), state(at))).collect(),
            current,
            since: slowest.map(|lane| lane.since),
            until: slowest.and_then(|lane| lane.until),
            waiting: Some(waiting),
            weight: None,
            phase: "Progressing",
            wishes: vec![Wish::Abort],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::driver::testing::{healthy, starting};
    use super::super::super::hooks::Ends;
    use super::*;
    use crate::units::SimSpan;

    fn hook(at: &str, takes: u64, ends: Ends) -> Hook {
        Hook { at: at.to_owned(), takes: Some(SimSpan::from_secs(takes)), ends, ..Hook::default() }
    }

    fn scene(now: u64, old: Vec<Seen>, new: Vec<Seen>) -> Scene {
        Scene { now: SimTime::from_secs(now), desired: 4, checked: true, old, new, ..Scene::default() }
    }

    #[test]
    fn an_instance_is_out_while_its_scripts_run_and_in_again_when_it_is_valid() {
        let hooks = [hook("BeforeBlockTraffic", 10, Ends::Succeeded), hook("BeforeInstall", 20, Ends::Succeeded), hook("ValidateService", 30, Ends::Succeeded)];
        let mut driver = Scripted::new(None, hooks.to_vec());
        let orders = driver.step(&scene(0, healthy(0, 4, 0), Vec::new()));
        assert_eq!((orders.stop.len(), orders.start, orders.wake), (0, 0, Some(SimTime::from_secs(10))), "it serves until it is blocked");
        let orders = driver.step(&scene(10, healthy(0, 4, 0), Vec::new()));
        assert_eq!((orders.stop.as_slice(), orders.start, orders.wake), (&[InstanceId(3)][..], 0, Some(SimTime::from_secs(30))));
        let orders = driver.step(&scene(30, healthy(0, 3, 0), Vec::new()));
        assert_eq!((orders.stop.len(), orders.start, orders.wake), (0, 1, None), "one at a time");
        driver.step(&scene(30, healthy(0, 3, 0), starting(4, 1)));
        let orders = driver.step(&scene(50, healthy(0, 3, 0), healthy(4, 1, 50)));
        assert_eq!((orders.wake, driver.withholds(InstanceId(4))), (Some(SimTime::from_secs(80)), true));
        assert_eq!((driver.progress().current, driver.progress().waiting), (Some(9), Some(Waiting::Hook)));
        let orders = driver.step(&scene(80, healthy(0, 3, 0), healthy(4, 1, 50)));
        assert!(orders.releases && !driver.withholds(InstanceId(4)), "it is valid");
        assert_eq!(orders.wake, Some(SimTime::from_secs(90)), "the next one is on its way");
    }

    #[test]
    fn the_way_back_installs_what_was_replaced_and_leaves_what_was_not() {
        let mut driver = Scripted::new(None, vec![hook("ValidateService", 30, Ends::Succeeded)]);
        let orders = driver.step(&scene(0, healthy(4, 1, 0), healthy(0, 3, 0)));
        assert_eq!((orders.stop.as_slice(), orders.start), (&[InstanceId(4)][..], 1));
        assert!(orders.releases && !driver.withholds(InstanceId(0)), "what has the revision serves on");
        let back = [healthy(0, 3, 0), healthy(5, 1, 20)].concat();
        assert_eq!(driver.step(&scene(20, Vec::new(), back.clone())).wake, Some(SimTime::from_secs(50)));
        assert!(driver.withholds(InstanceId(5)));
        assert_eq!(driver.step(&scene(50, Vec::new(), back)).stand, Stand::Completed);
        assert!(!driver.withholds(InstanceId(5)));
    }

    #[test]
    fn what_is_missing_is_installed_and_what_failed_belongs_to_nobody_else() {
        let mut driver = Scripted::new(Some(0.5), Vec::new());
        assert_eq!(driver.step(&scene(0, healthy(0, 4, 0), Vec::new())).stop.len(), 2);
        let mut new = [healthy(4, 1, 20), starting(5, 1)].concat();
        new[1].failed = true;
        let orders = driver.step(&scene(20, healthy(0, 2, 0), new.clone()));
        assert_eq!((orders.stop.len(), orders.start, orders.stand), (1, 1, Stand::Running), "two serve, one may go");
        let orders = driver.step(&scene(20, healthy(0, 1, 0), new));
        assert_eq!((driver.broken, orders.stand), (1, Stand::Running), "the one that failed is not met again");
        // On the way back the fleet is smaller than it should be.
        let mut back = Scripted::new(Some(0.5), Vec::new());
        let orders = back.step(&scene(30, healthy(4, 1, 20), healthy(0, 1, 0)));
        assert_eq!((orders.stop.len(), orders.start), (0, 2), "what is missing comes before anything else goes");
    }

    #[test]
    fn one_failure_too_many_fails_it_and_half_at_a_time_bears_some() {
        let fails = [hook("BeforeInstall", 5, Ends::Failed)];
        let mut one = Scripted::new(None, fails.to_vec());
        one.step(&scene(0, healthy(0, 4, 0), Vec::new()));
        let stand = one.step(&scene(5, healthy(0, 3, 0), Vec::new())).stand;
        assert_eq!(stand, Stand::Failed { why: Cause::HookFailed { event: "BeforeInstall".to_owned() }, restore: true }, "nothing can be replaced any more");
        let mut none = Scripted::new(Some(0.0), fails.to_vec());
        assert_eq!(none.step(&scene(0, healthy(0, 4, 0), Vec::new())).stop.len(), 4);
        let stand = none.step(&scene(5, Vec::new(), Vec::new())).stand;
        assert!(matches!(stand, Stand::Failed { .. }), "at least one has to succeed: {stand:?}");
    }
}
