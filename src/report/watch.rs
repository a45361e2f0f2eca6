//! Watches a run as it goes, and notes what the signals were before, during and after each thing that happened.
//!
//! Fine windows are kept for minutes only, so this has to be done while the run is under way: whoever drives it calls
//! [`Watcher::observe`] now and then (every half minute of simulated time is enough). What is noted depends on the
//! simulated times alone. It reads the ledger's truth, because a report tells faults too, marked as such. Which movements
//! are worth telling is `insight::significance`'s to say.

use super::facts::Facts;
use super::model::{Happening, Movement, Signals};
use super::tell;
use crate::ids::ServiceId;
use crate::insight::golden::{Golden, Subject};
use crate::insight::significance::{Moved, Sample};
use crate::telemetry::ledger::Event;
use crate::telemetry::whole;
use crate::units::{SimSpan, SimTime};

/// How much of the time before and after is looked at.
const AROUND: SimSpan = SimSpan::from_secs(60);
/// A shorter stretch of time before the next thing says nothing.
const LEAST: SimSpan = SimSpan::from_secs(10);
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
    /// When the next thing began or ended after this one was over.
    next: Option<SimTime>,
    /// What was noted before it, while it lasted, after it and later; empty until it is due.
    before: Notes,
    during: Notes,
    after: Notes,
    later: Notes,
    done: bool,
}

#[derive(Debug, PartialEq)]
enum Key {
    Deployment(u32),
    Fault(String),
    Moment,
}

/// Signals of users, then of every service as its callers saw it (and how busy its own workers were); `None` where nothing
/// was recorded.
type Notes = Vec<Option<Note>>;

#[derive(Debug, Clone, Copy)]
struct Note {
    signals: Signals,
    sample: Sample,
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

/// What can be noted of a subject from one time to another, at the resolution that is left.
fn note(facts: &Facts<'_>, subject: Subject, from: SimTime, to: SimTime) -> Option<Note> {
    let windows = subject.windows(facts.store, from, to);
    let window = whole(windows.iter().map(AsRef::as_ref))?;
    let golden = Golden::from(&window);
    let signals = Signals {
        rate_per_s: golden.rate,
        goodput_per_s: golden.goodput,
        error_ratio: golden.error_ratio,
        answers: window.counts.answered,
        mean_ms: golden.mean_ms,
        p50_ms: golden.p50_ms,
        p99_ms: golden.p99_ms,
        saturation: golden.saturation,
    };
    Some(Note { signals, sample: Sample::from(&window) })
}

fn notes(facts: &Facts<'_>, from: SimTime, to: SimTime) -> Notes {
    let service = |id| {
        let busy = note(facts, Subject::Service(id), from, to).and_then(|own| own.signals.saturation);
        let seen = note(facts, Subject::Callers(id), from, to)?;
        Some(Note { signals: Signals { saturation: busy, ..seen.signals }, sample: seen.sample.with_busy(busy) })
    };
    std::iter::once(note(facts, Subject::Users(None), from, to)).chain(facts.services().map(service)).collect()
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
            let service_name = service.map(|id| facts.service(id).into());
            let happening = Happening { kind: kind.into(), what, at_s: at.as_secs_f64(), visible, service: service_name, ..Happening::default() };
            let [before, during, after, later] = [const { Vec::new() }; 4];
            Some(Episode { happening, key, service, at, until: None, next: None, before, during, after, later, done: false })
        };
        let mut ends = None;
        let begun = match event {
            Event::DeploymentStarted { deployment, service, version, replaces, strategy, rolls_back } => {
                let what = tell::deployment(facts, *deployment, *service, [*replaces, *version], strategy, *rolls_back);
                begin("deployment", Key::Deployment(*deployment), Some(*service), what)
            }
            Event::FaultInjected { name, kind, service, instances } => {
                begin("fault", Key::Fault(name.clone()), *service, tell::fault(facts, at, name, kind, *service, instances.len()))
            }
            Event::Acted { service, what } => begin("action", Key::Moment, *service, tell::deed(facts, *service, what)),
            Event::DeploymentCompleted { deployment } => {
                ends = Some((Key::Deployment(*deployment), "completed".to_owned()));
                None
            }
            Event::DeploymentFailed { deployment, why } => {
                ends = Some((Key::Deployment(*deployment), format!("failed: {why}")));
                None
            }
            Event::DeploymentSuperseded { deployment, by } => {
                ends = Some((Key::Deployment(*deployment), format!("superseded by deployment {by}")));
                None
            }
            Event::FaultCleared { name } => {
                ends = Some((Key::Fault(name.clone()), String::new()));
                None
            }
            Event::DeploymentStalled { .. }
            | Event::DeploymentStepped { .. }
            | Event::DeploymentRestored { .. }
            | Event::Scaled { .. }
            | Event::Instance { .. }
            | Event::AlarmChanged { .. }
            | Event::AlarmActions { .. }
            | Event::Committed { .. }
            | Event::Merged { .. }
            | Event::Pipeline { .. }
            | Event::Built { .. }
            | Event::IncidentOpened { .. }
            | Event::IncidentResolved { .. }
            | Event::DefectWritten { .. } => return,
        };
        for episode in self.episodes.iter_mut().filter(|episode| !episode.done && episode.over().is_some_and(|over| over < at)) {
            episode.next.get_or_insert(at);
        }
        if let Some((key, outcome)) = ends {
            self.end(&key, at, &outcome);
        }
        match begun {
            Some(episode) if self.episodes.len() < MOST => self.episodes.push(episode),
            Some(_) => self.missed += 1,
            None => {}
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
    /// Whether it is something that lasts.
    fn lasts(&self) -> bool {
        self.key != Key::Moment
    }
    /// When it was over; `None` while it lasts.
    fn over(&self) -> Option<SimTime> {
        if self.lasts() { self.until } else { Some(self.at) }
    }

    /// Notes what is due; `last` says that nothing more will come.
    fn follow(&mut self, facts: &Facts<'_>, last: bool) {
        let now = facts.store.now();
        if self.before.is_empty() {
            self.before = notes(facts, self.at - AROUND, self.at);
        }
        // Something that lasts is looked at to its end, something that does not for a minute.
        let end = match self.until {
            Some(until) => until.max(self.at + SimSpan::from_secs(1)),
            None if !self.lasts() => self.at + AROUND,
            None if last => now,
            None => return,
        };
        if now < end && !last {
            return;
        }
        if self.during.is_empty() {
            self.during = notes(facts, self.at, end.min(now));
        }
        if let Some(over) = self.over() {
            let settled = if self.lasts() { end + AROUND } else { end };
            if self.lasts() && self.after.is_empty() && (settled <= now || (last && end < now)) {
                self.after = notes(facts, end, settled.min(now));
            }
            let (Some(next), true) = (self.next.or(last.then_some(now)), settled <= now || last) else { return };
            let from = settled.max(next - AROUND).max(over);
            if next >= from + LEAST {
                self.later = notes(facts, from, next);
            }
        }
        self.tell(facts);
        self.done = true;
    }

    fn tell(&mut self, facts: &Facts<'_>) {
        let at = |notes: &Notes, index: usize| notes.get(index).copied().flatten();
        let moved = |index: usize| {
            let to = |notes: &Notes| at(&self.before, index).zip(at(notes, index)).map(|(before, now)| before.sample.moved_to(&now.sample)).unwrap_or_default();
            to(&self.during).or(&to(&self.after))
        };
        let movement = |index: usize| {
            let [before, during, after, later] = [&self.before, &self.during, &self.after, &self.later].map(|notes| at(notes, index).map(|note| note.signals));
            Movement { before, during, after, later, moved: names(&moved(index)) }
        };
        let mut others: Vec<_> = facts.services().filter(|id| Some(*id) != self.service).map(|id| (moved(1 + id.index()).size(), id)).collect();
        others.retain(|(size, _)| *size > 0.0);
        others.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let moved = others.into_iter().take(MOVED).map(|(_, id)| (facts.service(id).to_string(), movement(1 + id.index()))).collect();
        let (users, target) = (movement(0), self.service.map(|id| movement(1 + id.index())));
        (self.happening.users, self.happening.target, self.happening.moved) = (users, target, moved);
    }
}

/// The names of the signals that moved.
fn names(moved: &Moved) -> Vec<String> {
    let all = [("failed", moved.errors), ("p50", moved.p50), ("p99", moved.p99), ("busy", moved.busy)];
    all.into_iter().filter(|(_, change)| change.is_some()).map(|(name, _)| name.to_string()).collect()
}
