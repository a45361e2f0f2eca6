//! A comparison under way: its sessions run on threads of their own, apart from the simulation that the window shows.
//!
//! The window asks now and then how far it is and whether it is done; it never waits. Whoever forgets a job ends it. It
//! knows nothing of how results look.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::lab::compare::{Outcome, Plan, Progress, run};

/// What there is to say of a job.
#[derive(Debug)]
pub(crate) enum News {
    /// It goes on.
    UnderWay,
    /// It is done, or was stopped and keeps what it had.
    Done(Box<Outcome>),
    /// Its threads are gone without a result: a promise of the simulation was broken.
    Broke,
}

/// A comparison that runs.
#[derive(Debug)]
pub(crate) struct Job {
    cancel: Arc<AtomicBool>,
    progress: Arc<Mutex<Progress>>,
    outcome: Receiver<Outcome>,
}

impl Job {
    /// Starts it. `tell` is called whenever there is something new to show.
    pub(crate) fn start(plan: Plan, tell: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let cancel = Arc::new(AtomicBool::new(false));
        let sessions = plan.variants().len() * plan.seeds().len() * if plan.has_twins() { 2 } else { 1 };
        let progress = Arc::new(Mutex::new(Progress { done: 0, sessions, share: 0.0 }));
        let (sender, outcome) = channel();
        let job = Self { cancel: Arc::clone(&cancel), progress: Arc::clone(&progress), outcome };
        // One core is left to the window and to the simulation that it shows.
        let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1));
        std::thread::Builder::new().name("comparison".to_owned()).spawn(move || {
            let done = run(plan, threads, &cancel, &|now| {
                *progress.lock().unwrap_or_else(PoisonError::into_inner) = now;
                tell();
            });
            // Nobody is left to hear of it if the window is closed.
            let _ = sender.send(done);
            tell();
        })?;
        Ok(job)
    }

    /// Asks it to stop soon; what is done is kept.
    pub(crate) fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
    /// Whether it was asked to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
    /// How far it is.
    pub(crate) fn progress(&self) -> Progress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// What there is to say of it now.
    pub(crate) fn news(&self) -> News {
        match self.outcome.try_recv() {
            Ok(outcome) => News::Done(Box::new(outcome)),
            Err(TryRecvError::Empty) => News::UnderWay,
            Err(TryRecvError::Disconnected) => News::Broke,
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.cancel();
    }
}
