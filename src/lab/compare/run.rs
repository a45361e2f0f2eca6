//! Runs the sessions of a plan on several threads, and collects what was measured of each.
//!
//! Sessions know nothing of each other. Threads take them from one list, seed by seed, so that an interrupted comparison
//! has whole seeds; each result goes to its own place, so that neither the number of threads nor who was faster shows
//! in the outcome. It tells its progress to whoever asked, and stops soon after a flag is set.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::World;
use super::curve::Curve;
use super::measure::{Measured, measure};
use super::outcome::Outcome;
use super::plan::Plan;
use crate::lab::session::{Exhausted, Session};
use crate::scenario::Scenario;
use crate::units::SimTime;

/// In how many steps a session runs: after each it looks at the flag and tells its progress.
const STEPS: u64 = 50;

/// How far a comparison is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Sessions that are done.
    pub done: usize,
    /// Sessions in all.
    pub sessions: usize,
    /// Share of everything that is simulated, 0…1.
    pub share: f64,
}

/// What is kept of a session that came to its end.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) measured: Measured,
    /// What happened over time, where the plan asks for it.
    pub(super) curve: Option<Curve>,
}

/// What came of a session: what was measured, or why it could not go on. Not there if it never came to its end.
pub(super) type Slot = OnceLock<Result<Ended, Exhausted>>;

/// The sessions of one scenario, by seed.
#[derive(Debug)]
pub(super) struct Runs {
    pub(super) scenario: Arc<Scenario>,
    pub(super) slots: Vec<Slot>,
}

impl Runs {
    fn new(scenario: Arc<Scenario>, seeds: usize) -> Self {
        Self { scenario, slots: (0..seeds).map(|_| OnceLock::new()).collect() }
    }
}

/// A strategy's sessions, as it is and the twin.
#[derive(Debug)]
pub(super) struct Both {
    pub(super) as_it_is: Runs,
    pub(super) harmless: Option<Runs>,
}

impl Both {
    /// The sessions in a world.
    pub(super) const fn in_world(&self, world: World) -> Option<&Runs> {
        match world {
            World::AsItIs => Some(&self.as_it_is),
            World::Harmless => self.harmless.as_ref(),
        }
    }
    fn runs(&self) -> impl Iterator<Item = &Runs> {
        std::iter::once(&self.as_it_is).chain(&self.harmless)
    }
}

/// Runs a plan on `threads` threads (at least one). `tell` hears of progress, from any thread; when `cancel` is set, sessions
/// under way are given up, and what is done is kept.
pub fn run(plan: Plan, threads: usize, cancel: &AtomicBool, tell: &(dyn Fn(Progress) + Sync)) -> Outcome {
    let seeds = plan.seeds().len();
    let both = |strategy| {
        let as_it_is = plan.scenario_of(strategy, World::AsItIs)?;
        let harmless = plan.scenario_of(strategy, World::Harmless);
        Some(Both { as_it_is: Runs::new(as_it_is, seeds), harmless: harmless.map(|twin| Runs::new(twin, seeds)) })
    };
    let variants: Vec<Both> = plan.variants().iter().filter_map(|variant| both(&variant.strategy)).collect();
    let cells: Vec<Both> = plan.sweep().into_iter().flat_map(|sweep| &sweep.cells).filter_map(both).collect();

    let all: Vec<&Runs> = variants.iter().chain(&cells).flat_map(Both::runs).collect();
    let jobs: Vec<(usize, &Runs)> = (0..seeds).flat_map(|seed| all.iter().map(move |runs| (seed, *runs))).collect();
    let (next, done, steps) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicU64::new(0));
    let told = || {
        let share = steps.load(Ordering::Relaxed) as f64 / (jobs.len() as u64 * STEPS).max(1) as f64;
        tell(Progress { done: done.load(Ordering::Relaxed), sessions: jobs.len(), share: share.min(1.0) });
    };
    let work = || {
        while let Some((seed, runs)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let ended = one(&plan, *seed, &runs.scenario, cancel, &|| {
                steps.fetch_add(1, Ordering::Relaxed);
                told();
            });
            // Given up: nobody starts another one.
            let Some(result) = ended else { return };
            // Each place is written once, by whoever took the job.
            let _ = runs.slots[*seed].set(result);
            done.fetch_add(1, Ordering::Relaxed);
            told();
        }
    };
    match rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build() {
        Ok(pool) => {
            pool.broadcast(|_| work());
        }
        // A machine that has no threads to give still has this one.
        Err(_) => work(),
    }
    let finished = done.into_inner();
    let sessions = jobs.len();
    Outcome::new(plan, variants, cells, finished < sessions)
}

/// Runs one session; `None` if it was given up.
fn one(plan: &Plan, seed: usize, scenario: &Arc<Scenario>, cancel: &AtomicBool, step: &dyn Fn()) -> Option<Result<Ended, Exhausted>> {
    let until = plan.until();
    let mut session = Session::new(Arc::clone(scenario), plan.seeds()[seed]);
    for at in 1..=STEPS {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        session.advance_to(SimTime::from_nanos((u128::from(until.nanos()) * u128::from(at) / u128::from(STEPS)) as u64));
        step();
        if let Some(exhausted) = session.failure() {
            return Some(Err(exhausted));
        }
    }
    let curve = (seed < plan.curves()).then(|| Curve::of(&session, plan.shown_release()));
    Some(Ok(Ended { measured: measure(&session), curve }))
}
