//! What Argo's two strategies have in common: availability, analyses at work, and the progress deadline.
//!
//! It knows no steps and no services.

use super::driver::{Orders, Scene, Seen};
use crate::insight::judge::analysis::{Analysis, Phase};
use crate::units::{SimSpan, SimTime};

/// The default of `scaleDownDelaySeconds` and `abortScaleDownDelaySeconds` (Argo Rollouts).
pub(super) const DELAY: SimSpan = SimSpan::from_secs(30);

/// When an instance is available: once it has been healthy for `min_ready`. The first fleet has been there for long.
pub(super) fn available_at(seen: &Seen, min_ready: SimSpan) -> Option<SimTime> {
    let since = seen.healthy_since?;
    Some(if seen.up_since == Some(SimTime::ZERO) { since } else { since + min_ready })
}

/// How many of these instances are available.
pub(super) fn available(among: &[Seen], min_ready: SimSpan, now: SimTime) -> u32 {
    among.iter().filter(|seen| available_at(seen, min_ready).is_some_and(|at| at <= now)).count() as u32
}

/// When the next instance becomes available.
pub(super) fn next_available(scene: &Scene, min_ready: SimSpan) -> Option<SimTime> {
    scene.new.iter().chain(&scene.old).filter_map(|seen| available_at(seen, min_ready)).filter(|at| *at > scene.now).min()
}

/// Asks to be woken at a time as well.
pub(super) fn wake(orders: &mut Orders, at: SimTime) {
    orders.wake = Some(orders.wake.map_or(at, |earlier| earlier.min(at)));
}

/// The analyses that a driver has begun.
#[derive(Debug, Default)]
pub(super) struct Runs {
    next: u32,
    live: Vec<u32>,
}

impl Runs {
    /// Begins an analysis and returns its key.
    pub(super) fn begin(&mut self, analysis: &Analysis, orders: &mut Orders) -> u32 {
        let key = self.next;
        self.next += 1;
        self.live.push(key);
        orders.begin.push((key, analysis.clone()));
        key
    }

    /// Ends an analysis; whoever carries it out forgets it.
    pub(super) fn end(&mut self, key: u32, orders: &mut Orders) {
        if self.live.contains(&key) {
            self.live.retain(|live| *live != key);
            // What was begun in the same step has not begun at all.
            let begun = orders.begin.len();
            orders.begin.retain(|(other, _)| *other != key);
            if orders.begin.len() == begun {
                orders.end.push(key);
            }
        }
    }

    /// Ends every analysis.
    pub(super) fn end_all(&mut self, orders: &mut Orders) {
        for key in self.live.clone() {
            self.end(key, orders);
        }
    }

    /// How an analysis stands; one that nobody reports about has just begun.
    pub(super) fn phase(scene: &Scene, key: u32) -> Phase {
        scene.verdicts.iter().find(|(other, _)| *other == key).map_or(Phase::Running, |(_, phase)| *phase)
    }
}

/// Watches whether anything moves.
#[derive(Debug, Default)]
pub(super) struct Deadline {
    /// What there was at the last move.
    seen: Option<[u32; 5]>,
    at: SimTime,
    reported: bool,
}

impl Deadline {
    /// Takes in what there is now. Where waiting is not a lack of progress the clock stands. Returns whether the deadline
    /// has just passed.
    pub(super) fn passed(&mut self, now: SimTime, counts: [u32; 5], waits: bool, within: SimSpan, orders: &mut Orders) -> bool {
        if waits || self.seen != Some(counts) {
            *self = Self { seen: Some(counts), at: now, reported: false };
        }
        if waits || self.reported {
            return false;
        }
        self.reported = now >= self.at + within;
        if !self.reported {
            wake(orders, self.at + within);
        }
        self.reported
    }
}
