//! Drives a session from the command line: actions at their times, progress, and an eye on what moves.
//!
//! This is where the machine's clock is read, to say how long a run took; the simulation itself knows none.

use std::borrow::Cow;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::fleet::deploy::EndedDeployment;
use crate::ids::QueueId;
use crate::kernel::QueueView;
use crate::lab::Session;
use crate::lab::snapshot::FlagSnapshot;
use crate::report::model::Report;
use crate::report::{EVERY, Facts, Watcher};
use crate::scenario::TimedAction;
use crate::units::SimTime;

/// A run shorter than this shows no progress [s].
const PATIENCE: f64 = 0.5;

#[expect(clippy::disallowed_types, reason = "says how long a run took on this machine; nothing in the run depends on it")]
type Clock = std::time::Instant;

/// What came of a run.
pub(super) struct Driven {
    /// The session at its end.
    pub(super) session: Session,
    watcher: Watcher,
    wall_s: f64,
}

/// What only the end of a run tells.
#[derive(Default)]
struct Last {
    digest: String,
    overdue: Vec<u64>,
    queues: Vec<QueueView>,
    flags: Vec<FlagSnapshot>,
    ended: Vec<Arc<EndedDeployment>>,
    wall_s: Option<f64>,
}

/// What a report needs of a session.
fn facts<'a>(session: &'a Session, last: &'a Last) -> Facts<'a> {
    Facts {
        scenario: session.scenario(),
        seed: session.seed(),
        now: session.now(),
        digest: &last.digest,
        events: Some(session.kernel().events()),
        store: session.store(),
        ledger: session.ledger(),
        zones: session.zones(),
        actions: session.actions(),
        cost: session.fleet().cost(session.now()).0,
        wall_s: last.wall_s,
        overdue: &last.overdue,
        queues: &last.queues,
        flags: &last.flags,
        ended: &last.ended,
    }
}

/// Runs a prepared session until `until`, doing each action at its time; they are in order of time.
pub(super) fn drive(prepare: impl FnOnce() -> anyhow::Result<Session>, actions: &[TimedAction], until: SimTime, progress: bool) -> anyhow::Result<Driven> {
    let clock = Clock::now();
    let mut session = prepare()?;
    let until = until.min(session.end());
    let (mut watcher, running) = (Watcher::default(), Last::default());
    let mut due = actions.iter().filter(|timed| timed.at <= until).peekable();
    let bar = Progress::new(until, progress);
    loop {
        let observe = SimTime::from_nanos((session.now().nanos() / EVERY.nanos() + 1) * EVERY.nanos());
        let next = due.peek().map_or(until, |timed| timed.at.min(until));
        session.advance_to(observe.min(next));
        while let Some(timed) = due.next_if(|timed| timed.at <= session.now()) {
            if let Err(why) = session.act(timed.action.clone()) {
                // As on the timeline: whoever wrote it could not know how the run would go.
                eprintln!("warning: the action at {} is left out: {why}", timed.at);
            }
        }
        watcher.observe(&facts(&session, &running));
        if let Some(exhausted) = session.failure() {
            return Err(exhausted.into());
        }
        bar.show(session.now(), clock.elapsed().as_secs_f64());
        if session.now() >= until && due.peek().is_none() {
            break;
        }
    }
    bar.end();
    Ok(Driven { session, watcher, wall_s: clock.elapsed().as_secs_f64() })
}

impl Driven {
    /// The report of the run.
    pub(super) fn report(&mut self) -> Report {
        let digest = self.session.digest();
        let session = &self.session;
        let last = Last {
            digest,
            overdue: session.scenario().slos.iter().map(|slo| session.overdue(slo)).collect(),
            queues: (0..session.scenario().model.queues.len()).map(|at| session.kernel().queue(QueueId::from_index(at))).collect(),
            flags: session.flags(),
            ended: session.fleet().ended_deployments().cloned().collect(),
            wall_s: Some(self.wall_s),
        };
        Report::new(&facts(session, &last), std::mem::take(&mut self.watcher))
    }
}

/// A progress bar on standard error, if somebody watches and the run is long enough.
struct Progress {
    bar: Option<ProgressBar>,
    until: SimTime,
}

impl Progress {
    fn new(until: SimTime, wanted: bool) -> Self {
        let bar = wanted.then(|| {
            let bar = ProgressBar::with_draw_target(Some(until.nanos().max(1)), ProgressDrawTarget::hidden());
            let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}  {eta} left").unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.with_style(style.progress_chars("━╸─"))
        });
        Self { bar, until }
    }
    fn show(&self, now: SimTime, wall_s: f64) {
        let Some(bar) = &self.bar else { return };
        if wall_s > PATIENCE && bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.set_position(now.nanos());
        let pace = now.as_secs_f64() / wall_s.max(1e-9);
        bar.set_message(message(now, self.until, pace));
    }
    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn message(now: SimTime, until: SimTime, pace: f64) -> Cow<'static, str> {
    format!("{:.0} s of {:.0} s, {pace:.0} × real time", now.as_secs_f64(), until.as_secs_f64()).into()
}
