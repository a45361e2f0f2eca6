//! The outcome of a comparison: what differed by how much, and how sure that is.
//!
//! Only seeds count that came to their end under every strategy and in both worlds, so that all means are over the same
//! seeds and differ by exactly the mean difference of the pairs. For the combinations of a sweep, which are not paired,
//! each counts by its own sessions.

use super::World;
use super::curve::Curve;
use super::measure::{Measure, Measured};
use super::plan::Plan;
use super::run::{Both, Runs};
use crate::insight::paired::Paired;
use crate::insight::proportion::Proportion;
use crate::lab::session::Exhausted;

/// What came of a plan.
#[derive(Debug)]
pub struct Outcome {
    plan: Plan,
    variants: Vec<Both>,
    cells: Vec<Both>,
    interrupted: bool,
    /// Places of the seeds that are whole.
    whole: Vec<usize>,
}

/// A seed that a strategy could not be run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoiled {
    /// The variant's place.
    pub variant: usize,
    /// The seed.
    pub seed: u64,
    /// Why.
    pub why: Exhausted,
}

/// What one combination of a sweep came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Sessions in which a harmful version was turned back by its own deployment; `None` without sessions.
    pub detected: Option<Proportion>,
    /// Sessions of the twin in which a harmless version was turned back; `None` without sessions.
    pub false_rollbacks: Option<Proportion>,
    /// Users hurt, on average over the sessions with the harmful version; `None` without sessions.
    pub users_hurt: Option<f64>,
    /// Time to detect, on average over the sessions in which something told of it [s]; `None` if nothing ever did.
    pub detect_s: Option<f64>,
    /// Sessions, twins included, at whose end a deployment was still under way.
    pub unfinished: usize,
}

impl Outcome {
    pub(super) fn new(plan: Plan, variants: Vec<Both>, cells: Vec<Both>, interrupted: bool) -> Self {
        let ended = |runs: &Runs, seed: usize| matches!(runs.slots[seed].get(), Some(Ok(_)));
        let both = |both: &Both, seed: usize| ended(&both.as_it_is, seed) && both.harmless.as_ref().is_none_or(|runs| ended(runs, seed));
        let whole = (0..plan.seeds().len()).filter(|seed| variants.iter().all(|variant| both(variant, *seed))).collect();
        Self { plan, variants, cells, interrupted, whole }
    }

    /// The plan.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }
    /// Whether it was stopped before everything was done.
    pub const fn interrupted(&self) -> bool {
        self.interrupted
    }
    /// The seeds that came to their end under every strategy.
    pub fn seeds(&self) -> Vec<u64> {
        self.whole.iter().map(|seed| self.plan.seeds()[*seed]).collect()
    }
    /// Whether anything at all can be said.
    pub fn is_empty(&self) -> bool {
        (self.variants.is_empty() || self.whole.is_empty()) && self.cells().iter().all(|cell| cell.detected.is_none() && cell.false_rollbacks.is_none())
    }
    /// Seeds that were run and came to no end.
    pub fn spoiled(&self) -> Vec<Spoiled> {
        let mut spoiled = Vec::new();
        for (variant, both) in self.variants.iter().enumerate() {
            for (at, seed) in self.plan.seeds().iter().enumerate() {
                let failures = [World::AsItIs, World::Harmless].into_iter().filter_map(|world| both.in_world(world)?.slots[at].get()?.as_ref().err());
                spoiled.extend(failures.take(1).map(|why| Spoiled { variant, seed: *seed, why: *why }));
            }
        }
        spoiled
    }

    /// What was measured of a variant in a world, by seed; empty if the world does not exist.
    pub fn sessions(&self, variant: usize, world: World) -> Vec<&Measured> {
        let Some(runs) = self.variants.get(variant).and_then(|both| both.in_world(world)) else { return Vec::new() };
        self.whole.iter().filter_map(|seed| Some(&runs.slots[*seed].get()?.as_ref().ok()?.measured)).collect()
    }

    /// The values of a measure, by seed.
    pub fn values(&self, variant: usize, world: World, measure: &Measure) -> Vec<Option<f64>> {
        self.sessions(variant, world).into_iter().map(|session| measure.of(session)).collect()
    }

    /// By how much a measure of `variant` differs from that of `baseline`, over the seeds that know both.
    pub fn paired(&self, variant: usize, baseline: usize, world: World, measure: &Measure) -> Option<Paired> {
        let (values, others) = (self.values(variant, world, measure), self.values(baseline, world, measure));
        Paired::between(values.into_iter().zip(others).filter_map(|(value, other)| value.zip(other)))
    }

    /// Every measure of the scenario.
    pub fn measures(&self) -> Vec<Measure> {
        Measure::all(self.plan.scenario())
    }

    /// The mean of a measure over the seeds that know it, and how many do; `None` if none does.
    pub fn mean(&self, variant: usize, world: World, measure: &Measure) -> Option<(f64, usize)> {
        let known: Vec<f64> = self.values(variant, world, measure).into_iter().flatten().collect();
        let first = known.first()?;
        // A mean of equal values is that value, without rounding.
        let equal = known.iter().all(|value| value.total_cmp(first).is_eq());
        Some((if equal { *first } else { known.iter().sum::<f64>() / known.len() as f64 }, known.len()))
    }

    /// The strategy that has less of a measure than each other one by more than chance, where all of them know it; `None` if
    /// none has.
    pub fn best(&self, world: World, measure: &Measure) -> Option<usize> {
        let variants = 0..self.variants.len();
        let beats = |one: usize, other: usize| self.paired(one, other, world, measure).is_some_and(|paired| paired.mean < 0.0 && paired.excludes_zero());
        variants.clone().find(|one| self.variants.len() > 1 && variants.clone().all(|other| other == *one || beats(*one, other)))
    }

    /// Sessions in which a version that is worse was turned back by its variant's own deployment; `None` if none was deployed.
    pub fn turned_back(&self, variant: usize) -> Option<usize> {
        let known: Vec<u32> = self.sessions(variant, World::AsItIs).iter().filter_map(|session| session.turned_back).collect();
        (!known.is_empty()).then(|| known.iter().filter(|count| **count > 0).count())
    }

    /// What happened over time in a session, if the plan asked for it and the session came to its end.
    pub fn curve(&self, variant: usize, world: World, seed: u64) -> Option<&Curve> {
        let at = self.plan.seeds().iter().position(|known| *known == seed)?;
        let ended = self.variants.get(variant)?.in_world(world)?.slots[at].get()?.as_ref().ok()?;
        ended.curve.as_ref()
    }

    /// What each combination of the sweep came to, in the plan's order.
    pub fn cells(&self) -> Vec<Cell> {
        self.cells.iter().map(cell).collect()
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

fn cell(both: &Both) -> Cell {
    let ended = |runs: &Runs| runs.slots.iter().filter_map(|slot| Some(slot.get()?.as_ref().ok()?.measured.clone())).collect::<Vec<Measured>>();
    let share = |sessions: &[Measured], hit: &dyn Fn(&Measured) -> Option<u32>| {
        let known: Vec<bool> = sessions.iter().filter_map(|session| hit(session).map(|count| count > 0)).collect();
        Proportion::of(known.iter().filter(|hit| **hit).count(), known.len())
    };
    let (as_it_is, harmless) = (ended(&both.as_it_is), both.harmless.as_ref().map(ended).unwrap_or_default());
    Cell {
        detected: share(&as_it_is, &|session| session.turned_back),
        false_rollbacks: share(&harmless, &|session| session.false_rollbacks),
        users_hurt: mean(as_it_is.iter().map(|session| session.users_hurt as f64)),
        detect_s: mean(as_it_is.iter().filter_map(|session| session.detect_s)),
        unfinished: as_it_is.iter().chain(&harmless).filter(|session| session.unfinished > 0).count(),
    }
}
