//! A small fleet for the tests of Argo's strategies: instances become healthy after a while, and what happens is noted to
//! the second.

use super::canary::ArgoCanary;
use super::driver::{Driver, Orders, Scene, Seen, Stand, Way, Wishes};
use super::steps::{Pause, SetCanaryScale, Step};
use crate::ids::{InstanceId, VersionId, ZoneId};
use crate::insight::judge::analysis::{Analysis, Metric, Phase};
use crate::units::{SimSpan, SimTime};

/// The version that is replaced.
pub(super) const OLD: VersionId = VersionId(0);
/// The version that is deployed.
pub(super) const NEW: VersionId = VersionId(1);

/// A service and the driver of its deployment.
pub(super) struct Fleet {
    pub(super) driver: Box<dyn Driver>,
    pub(super) now: u64,
    pub(super) desired: u32,
    /// Instances: number, version, healthy at [s].
    pub(super) instances: Vec<(u32, VersionId, u64)>,
    next: u32,
    /// How long an instance takes to become healthy [s]; `None`: for ever.
    pub(super) start_up: Option<u64>,
    pub(super) way: Way,
    /// Analyses under way: key, and when which phase comes [s].
    pub(super) runs: Vec<(u32, Option<(u64, Phase)>)>,
    /// What the next analyses will say, and after how long [s].
    pub(super) script: Vec<(u64, Phase)>,
    pub(super) wishes: Vec<(u64, Wishes)>,
    wake: Option<u64>,
    /// What happened: when [s] and what.
    pub(super) log: Vec<(u64, String)>,
    pub(super) stand: Stand,
}

impl Fleet {
    /// Ten old instances that have been there for long, and new ones that take ten seconds.
    pub(super) fn new(driver: Box<dyn Driver>) -> Self {
        Self::sized(driver, 10)
    }

    pub(super) fn sized(driver: Box<dyn Driver>, desired: u32) -> Self {
        Self {
            driver,
            now: 0,
            desired,
            instances: (0..desired).map(|id| (id, OLD, 0)).collect(),
            next: desired,
            start_up: Some(10),
            way: Way::Forward,
            runs: Vec::new(),
            script: Vec::new(),
            wishes: Vec::new(),
            wake: None,
            log: Vec::new(),
            stand: Stand::Running,
        }
    }

    pub(super) fn wish(mut self, at: u64, wish: fn(&mut Wishes)) -> Self {
        let mut wishes = Wishes::default();
        wish(&mut wishes);
        self.wishes.push((at, wishes));
        self
    }

    pub(super) fn counts(&self) -> (usize, usize) {
        let of = |version| self.instances.iter().filter(|(_, other, _)| *other == version).count();
        (of(NEW), of(OLD))
    }

    fn scene(&self) -> Scene {
        let seen = |(id, version, healthy_at): &(u32, VersionId, u64)| Seen {
            id: InstanceId(*id),
            version: *version,
            zone: ZoneId((*id % 3) as u8),
            up_since: (*healthy_at <= self.now).then(|| SimTime::from_secs(*healthy_at)),
            healthy_since: (*healthy_at <= self.now).then(|| SimTime::from_secs(*healthy_at)),
            failed: false,
        };
        let of = |is_new: bool| self.instances.iter().filter(|(_, version, _)| (*version == NEW) == is_new).map(seen).collect();
        Scene {
            now: SimTime::from_secs(self.now),
            desired: self.desired,
            replaced: OLD,
            deployed: NEW,
            checked: true,
            old: of(false),
            new: of(true),
            way: self.way,
            verdicts: self.runs.iter().map(|(key, end)| (*key, end.filter(|(at, _)| *at <= self.now).map_or(Phase::Running, |(_, phase)| phase))).collect(),
            wishes: self.wishes.iter().find(|(at, _)| *at == self.now).map_or(Wishes::default(), |(_, wishes)| *wishes),
            ..Scene::default()
        }
    }

    fn note(&mut self, what: String) {
        self.log.push((self.now, what));
    }

    /// Steps the driver at this second until nothing changes.
    fn settle(&mut self) {
        for _ in 0..50 {
            let orders = self.driver.step(&self.scene());
            self.wishes.retain(|(at, _)| *at != self.now);
            let changed = self.carry_out(&orders);
            self.wake = orders.wake.map(|at| at.nanos() / 1_000_000_000);
            assert!(self.wake.is_none_or(|at| at > self.now), "woken at once at {}: {orders:?}", self.now);
            if !changed || self.stand != Stand::Running {
                return;
            }
        }
        panic!("it does not settle at {}: {:?}", self.now, self.log);
    }

    fn carry_out(&mut self, orders: &Orders) -> bool {
        let before = (self.instances.clone(), self.runs.len());
        for (count, version) in [(orders.start, NEW), (orders.start_old, OLD)] {
            for _ in 0..count {
                self.instances.push((self.next, version, self.start_up.map_or(u64::MAX, |wait| self.now + wait)));
                self.next += 1;
            }
        }
        self.instances.retain(|(id, ..)| !orders.stop.contains(&InstanceId(*id)));
        if self.instances != before.0 {
            let (new, old) = self.counts();
            self.note(format!("{new} new, {old} old"));
        }
        if let Some(weights) = &orders.weights {
            self.note(weights.get(1).map_or("shares cleared".to_owned(), |(_, share)| format!("weight {}", (share * 1_000.0).round() / 10.0)));
        }
        if let Some(mirror) = orders.mirror {
            self.note(format!("mirror {}", mirror.get()));
        }
        if let Some(headers) = &orders.headers {
            self.note(format!("headers {:?}", headers.iter().map(|route| &route.name).collect::<Vec<_>>()));
        }
        for (key, _) in &orders.begin {
            self.note(format!("analysis {key} begins"));
            let end = if self.script.is_empty() { None } else { Some(self.script.remove(0)) };
            self.runs.push((*key, end.map(|(after, phase)| (self.now + after, phase))));
        }
        for key in &orders.end {
            self.note(format!("analysis {key} ends"));
            self.runs.retain(|(live, _)| live != key);
        }
        if let Some(why) = &orders.aborted {
            self.note(format!("aborted: {why}"));
        }
        if let Some(why) = &orders.report {
            self.note(format!("report: {why}"));
        }
        if orders.stand != Stand::Running {
            self.stand = orders.stand.clone();
            self.note(match &orders.stand {
                Stand::Failed { why, .. } => format!("failed: {why}"),
                _ => orders.keep_old.map_or_else(|| "completed".to_owned(), |until| format!("completed, old until {}", until.nanos() / 1_000_000_000)),
            });
        }
        before != (self.instances.clone(), self.runs.len())
    }

    /// Lets time pass, stepping only when something changed or the driver asked for it.
    pub(super) fn run_to(&mut self, until: u64) {
        let mut first = true;
        while self.stand == Stand::Running {
            if !std::mem::replace(&mut first, false) || self.log.is_empty() {
                self.settle();
            }
            let now = self.now;
            let times = self.instances.iter().map(|(_, _, at)| *at).chain(self.wake).chain(self.wishes.iter().map(|(at, _)| *at));
            let times = times.chain(self.runs.iter().filter_map(|(_, end)| end.map(|(at, _)| at)));
            match times.filter(|at| *at > now && *at != u64::MAX).min().filter(|at| *at <= until) {
                Some(next) => self.now = next,
                None => break,
            }
        }
        if self.stand == Stand::Running {
            self.now = until;
        }
    }

    /// What happened until then, with counts or without.
    pub(super) fn story(mut self, until: u64) -> Vec<(u64, String)> {
        self.run_to(until);
        self.log
    }
}

/// An analysis of one metric that is measured once.
pub(super) fn one() -> Analysis {
    Analysis { metrics: vec![Metric::new("errors", "errors")], ..Analysis::default() }
}

pub(super) fn secs(secs: u64) -> SimSpan {
    SimSpan::from_secs(secs)
}

/// Compares what happened with what should have.
pub(super) fn assert_story(story: &[(u64, String)], expected: &[(u64, &str)]) {
    let got: Vec<(u64, &str)> = story.iter().map(|(at, what)| (*at, what.as_str())).collect();
    assert_eq!(got, expected);
}

pub(super) fn pause(duration: u64) -> Step {
    Step::Pause(Pause { duration: Some(secs(duration)) })
}

pub(super) fn for_ever() -> Step {
    Step::Pause(Pause::default())
}

pub(super) fn replicas(replicas: u32) -> Step {
    Step::SetCanaryScale(SetCanaryScale { replicas: Some(replicas), ..SetCanaryScale::default() })
}

pub(super) fn scale_weight(weight: u32) -> Step {
    Step::SetCanaryScale(SetCanaryScale { weight: Some(weight), ..SetCanaryScale::default() })
}

pub(super) fn basic(steps: Vec<Step>) -> ArgoCanary {
    ArgoCanary { steps, ..ArgoCanary::default() }
}

pub(super) fn routed(steps: Vec<Step>) -> ArgoCanary {
    ArgoCanary { steps, traffic_routing: true, ..ArgoCanary::default() }
}

pub(super) fn fleet(params: &ArgoCanary) -> Fleet {
    assert_eq!(params.check(), Ok(()));
    Fleet::new(params.driver(false))
}
