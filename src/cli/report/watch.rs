//! Watches a run as it goes, and notes what the signals were before, during and after each thing that happened.
//!
//! Fine windows are kept for minutes only, so this has to be done while the run is under way: whoever drives it calls
//! [`Watcher::observe`] now and then (every half minute of simulated time is enough). What is noted depends on the
//! simulated times alone. It reads the ledger's truth, because a report tells faults too, marked as such.

use super::facts::Facts;
use super::model::{Happening, Movement, Signals};
use crate::ids::ServiceId;
use crate::insight::golden::{Golden, Subject, between};
use crate::telemetry::ledger::Event;
use crate::units::{SimSpan, SimTime};

/// How much of the time before and after is looked at.
const AROUND: SimSpan = SimSpan::from_secs(60);
/// Happenings that are noted with their signals; more than these nobody reads.
const MOST: usize = 200;
/// Services named beside the one that a happening is about.
const MOVED: usize = 3;

/// How often a run should be observed.
pub const EVERY: SimSpan = SimSpan::from_secs(30);

/// Something that happened, not yet told to its end.
#[derive(Debug)]
struct Episode {
    happening: Happening,
    /// What ends it: a deployment's number or a fault's name.
    key: Key,
    service: Option<ServiceId>,
    at: SimTime,
    until: Option<SimTime>,
    /// Signals of users, then of every service, before and during.
    before: Vec<Option<Signals>>,
    during: Vec<Option<Signals>>,
    done: bool,
}

#[derive(Debug, PartialEq)]
enum Key {
    Deployment(u32),
    Fault(String),
    Moment,
}

/// Watches a run; see the module's documentation.
#[derive(Debug, Default)]
pub struct Watcher {
    episodes: Vec<Episode>,
    /// Records of the ledger that were read.
    read: usize,
    /// Happenings beyond the limit.
    missed: usize,
}

impl Signals {
    fn new(golden: &Golden) -> Self {
        Self {
            rate_per_s: golden.rate,
            goodput_per_s: golden.goodput,
            error_ratio: golden.error_ratio,
            p50_ms: golden.p50_ms,
            p99_ms: golden.p99_ms,
            saturation: golden.saturation,
        }
    }
}

/// Signals of users, then of every service as its callers saw it (and how busy its own workers were).
fn signals(facts: &Facts<'_>, from: SimTime, to: SimTime) -> Vec<Option<Signals>> {
    let of = |subject| between(facts.store, subject, from, to).map(|golden| Signals::new(&golden));
    let service = |id| {
        let busy = of(Subject::Service(id)).and_then(|own| own.saturation);
        of(Subject::Callers(id)).map(|seen| Signals { saturation: busy, ..seen })
    };
    std::iter::once(of(Subject::Users(None))).chain(facts.services().map(service)).collect()
}

/// How much a signal changed: by which factor latency or the share of answers moved.
fn change(before: Option<Signals>, during: Option<Signals>) -> f64 {
    let (Some(before), Some(during)) = (before, during) else { return 0.0 };
    let errors = during.error_ratio.unwrap_or(0.0) - before.error_ratio.unwrap_or(0.0);
    let latency = match (before.p99_ms, during.p99_ms) {
        (Some(before), Some(during)) if before > 0.0 && during > 0.0 => (during / before).ln().abs(),
        _ => 0.0,
    };
    // One point of errors weighs as much as a tenth more latency; less than either is noise.
    let score = errors.abs() * 10.0 + latency;
    if errors.abs() < 0.005 && latency < 0.15 { 0.0 } else { score }
}

impl Watcher {
    /// Reads what is new in the ledger, and notes the signals that are due.
    pub fn observe(&mut self, facts: &Facts<'_>) {
        for record in &facts.ledger.truth()[self.read..] {
            self.take(facts, record.at, &record.event);
        }
        self.read = facts.ledger.truth().len();
        for episode in self.episodes.iter_mut().filter(|episode| !episode.done) {
            episode.follow(facts, false);
        }
    }

    /// Ends the watch: what is still under way is told as far as it went.
    pub fn finish(mut self, facts: &Facts<'_>) -> (Vec<Happening>, usize) {
        self.observe(facts);
        for episode in self.episodes.iter_mut().filter(|episode| !episode.done) {
            episode.follow(facts, true);
        }
        (self.episodes.into_iter().map(|episode| episode.happening).collect(), self.missed)
    }

    fn take(&mut self, facts: &Facts<'_>, at: SimTime, event: &Event) {
        let begin = |kind: &str, key, service: Option<ServiceId>, what: String| {
            let visible = event.is_visible();
            let happening = Happening {
                kind: kind.into(),
                what,
                at_s: at.as_secs_f64(),
                visible,
                service: service.map(|id| facts.service(id).into()),
                ..Happening::default()
            };
            Episode { happening, key, service, at, until: None, before: Vec::new(), during: Vec::new(), done: false }
        };
        let episode = match event {
            Event::DeploymentStarted { deployment, service, version, replaces, strategy, rolls_back } => {
                let (name, from, to) = (facts.service(*service), facts.version(*replaces), facts.version(*version));
                let what = match rolls_back {
                    Some(undone) => format!("rollback of deployment {undone}: {name} {from} → {to} ({strategy})"),
                    None => format!("deployment {deployment}: {name} {from} → {to} ({strategy})"),
                };
                begin("deployment", Key::Deployment(*deployment), Some(*service), what)
            }
            Event::FaultInjected { name, kind, service, instances } => {
                let on = service.map_or_else(String::new, |id| format!(" on {}", facts.service(id)));
                let many = match instances.len() {
                    0 => String::new(),
                    1 => " (1 instance)".into(),
                    many => format!(" ({many} instances)"),
                };
                begin("fault", Key::Fault(name.clone()), *service, format!("{kind}{on}{many}"))
            }
            Event::Acted { service, what } => begin("action", Key::Moment, *service, what.to_string()),
            Event::DeploymentCompleted { deployment } => return self.end(&Key::Deployment(*deployment), at, "completed"),
            Event::DeploymentFailed { deployment, why } => return self.end(&Key::Deployment(*deployment), at, &format!("failed: {why}")),
            Event::DeploymentSuperseded { deployment, by } => {
                return self.end(&Key::Deployment(*deployment), at, &format!("superseded by deployment {by}"));
            }
            Event::FaultCleared { name } => return self.end(&Key::Fault(name.clone()), at, ""),
            Event::DeploymentStalled { .. } | Event::Scaled { .. } | Event::Instance { .. } => return,
        };
        if self.episodes.len() < MOST {
            self.episodes.push(episode);
        } else {
            self.missed += 1;
        }
    }

    fn end(&mut self, key: &Key, at: SimTime, outcome: &str) {
        if let Some(episode) = self.episodes.iter_mut().rev().find(|episode| episode.key == *key && episode.until.is_none()) {
            episode.until = Some(at);
            episode.happening.until_s = Some(at.as_secs_f64());
            if !outcome.is_empty() {
                episode.happening.what = format!("{}, {outcome}", episode.happening.what);
            }
        }
    }
}

impl Episode {
    /// Notes what is due; `last` says that nothing more will come.
    fn follow(&mut self, facts: &Facts<'_>, last: bool) {
        let now = facts.store.now();
        if self.before.is_empty() {
            self.before = signals(facts, self.at - AROUND, self.at);
        }
        // Something that lasts is looked at to its end, something that does not for a minute.
        let lasting = self.key != Key::Moment;
        let end = match self.until {
            Some(until) => until.max(self.at + SimSpan::from_secs(1)),
            None if lasting && !last => return,
            None if lasting => now,
            None => (self.at + AROUND).min(if last { now } else { SimTime::NEVER }),
        };
        if now < end && !last {
            return;
        }
        if self.during.is_empty() {
            self.during = signals(facts, self.at, end);
        }
        let after = self.until.map(|_| (end, end + AROUND)).filter(|(from, to)| *to <= now || (last && *from < now));
        if lasting && after.is_none() && !last {
            return;
        }
        let after = after.filter(|_| lasting).map(|(from, to)| signals(facts, from, to));
        self.tell(facts, after.as_deref().unwrap_or_default());
        self.done = true;
    }

    fn tell(&mut self, facts: &Facts<'_>, after: &[Option<Signals>]) {
        let at = |signals: &[Option<Signals>], index: usize| signals.get(index).copied().flatten();
        let movement = |index| Movement { before: at(&self.before, index), during: at(&self.during, index), after: at(after, index) };
        self.happening.users = movement(0);
        self.happening.target = self.service.map(|id| movement(1 + id.index()));
        let mut moved: Vec<_> = facts
            .services()
            .filter(|id| Some(*id) != self.service)
            .map(|id| (change(at(&self.before, 1 + id.index()), at(&self.during, 1 + id.index())), id))
            .filter(|(score, _)| *score > 0.0)
            .collect();
        moved.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        self.happening.moved = moved.into_iter().take(MOVED).map(|(_, id)| (facts.service(id).to_string(), movement(1 + id.index()))).collect();
    }
}
