//! Builds the report of a comparison from its outcome.
//!
//! Every number comes from the outcome; what cannot be known stays `None`.

use std::collections::BTreeMap;

use super::conclusions;
use super::model::{
    AxisReport, CellReport, Comparison, DifferenceReport, FORMAT_VERSION, MeasureReport, ReleaseReport, ShareReport, SpoiledSeed, SweepReport, ValueReport,
    VariantReport,
};
use super::quantity;
use crate::insight::dora;
use crate::insight::paired::{CONFIDENCE, Paired};
use crate::insight::proportion::Proportion;
use crate::lab::compare::{Measure, Nature, Outcome, World};
use crate::units::SimTime;

impl Comparison {
    /// The report of an outcome; `wall_s` is how long it took on this machine [s].
    pub fn new(outcome: &Outcome, wall_s: Option<f64>) -> Self {
        let plan = outcome.plan();
        let scenario = plan.scenario();
        let mut comparison = Self {
            format_version: FORMAT_VERSION,
            scenario: scenario.name.clone(),
            title: scenario.title.get("en").into(),
            simulated_s: plan.until().as_secs_f64(),
            wall_s: wall_s.filter(|wall| wall.is_finite()),
            interrupted: outcome.interrupted(),
            seeds_asked: plan.seeds().to_vec(),
            seeds: outcome.seeds(),
            spoiled: spoiled(outcome),
            confidence: CONFIDENCE,
            releases: releases(outcome),
            variants: variants(outcome),
            as_it_is: measures(outcome, World::AsItIs),
            harmless: if plan.has_twins() { measures(outcome, World::Harmless) } else { Vec::new() },
            lead_time_s: None,
            unknown: BTreeMap::from([("lead_time_s".to_owned(), dora::LEAD_TIME_NEEDS.to_owned())]),
            sweep: sweep(outcome),
            conclusions: Vec::new(),
        };
        comparison.conclusions = conclusions::of(&comparison);
        comparison
    }
}

fn spoiled(outcome: &Outcome) -> Vec<SpoiledSeed> {
    let variants = outcome.plan().variants();
    outcome
        .spoiled()
        .into_iter()
        .map(|spoiled| SpoiledSeed { label: variants[spoiled.variant].label.clone(), seed: spoiled.seed, why: spoiled.why.to_string() })
        .collect()
}

fn releases(outcome: &Outcome) -> Vec<ReleaseReport> {
    let model = &outcome.plan().scenario().model;
    let report = |release: &crate::lab::compare::Release| ReleaseReport {
        at_s: release.at.since(SimTime::ZERO).as_secs_f64(),
        service: model.services[release.service.index()].name.clone(),
        version: model.versions[release.version.index()].name.clone(),
        nature: match release.nature {
            Nature::Same => "same",
            Nature::Worse => "worse",
            Nature::Other => "other",
        }
        .into(),
    };
    outcome.plan().releases().iter().map(report).collect()
}

fn variants(outcome: &Outcome) -> Vec<VariantReport> {
    let plan = outcome.plan();
    let expected = plan.releases().len() as u32;
    let report = |(at, variant): (usize, &crate::lab::compare::Variant)| {
        let mut notes: Vec<String> = plan.notes(variant).iter().map(ToString::to_string).collect();
        let sessions = outcome.sessions(at, World::AsItIs);
        let twins = outcome.sessions(at, World::Harmless);
        let all = || sessions.iter().chain(&twins);
        let refused = all().filter(|session| session.begun < expected).count();
        if refused > 0 {
            notes.push(format!("in {refused} of {} runs not every deployment of the timeline could begin", all().count()));
        }
        let unfinished = all().filter(|session| session.unfinished > 0).count();
        if unfinished > 0 {
            notes.push(format!("in {unfinished} of {} runs a deployment was still under way at the end", all().count()));
        }
        let turned_back: Vec<u32> = sessions.iter().filter_map(|session| session.turned_back).collect();
        let turned_back = (!turned_back.is_empty()).then(|| turned_back.iter().filter(|count| **count > 0).count() as u32);
        VariantReport { label: variant.label.clone(), strategy: variant.strategy.clone(), notes, turned_back }
    };
    plan.variants().iter().enumerate().map(report).collect()
}

fn measures(outcome: &Outcome, world: World) -> Vec<MeasureReport> {
    if outcome.plan().variants().is_empty() {
        return Vec::new();
    }
    let report = |measure: &Measure| MeasureReport {
        measure: measure.name(),
        unit: quantity::name(measure.unit()).into(),
        variants: (0..outcome.plan().variants().len()).map(|variant| value(outcome, variant, world, measure)).collect(),
    };
    Measure::all(outcome.plan().scenario()).iter().map(report).collect()
}

fn value(outcome: &Outcome, variant: usize, world: World, measure: &Measure) -> ValueReport {
    let values = outcome.values(variant, world, measure);
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    ValueReport {
        label: outcome.plan().variants()[variant].label.clone(),
        // A mean of equal values is that value, without rounding.
        mean: known
            .first()
            .map(|first| if known.iter().all(|value| value.total_cmp(first).is_eq()) { *first } else { known.iter().sum::<f64>() / known.len() as f64 }),
        known: known.len() as u32,
        values,
        difference: if variant == 0 { None } else { outcome.paired(variant, 0, world, measure).map(difference) },
    }
}

/// A difference as data.
pub(super) fn difference(paired: Paired) -> DifferenceReport {
    DifferenceReport {
        pairs: paired.pairs as u32,
        mean: paired.mean,
        low: paired.interval().map(|(low, _)| low),
        high: paired.interval().map(|(_, high)| high),
        excludes_zero: paired.excludes_zero(),
        lower: paired.lower as u32,
        higher: paired.higher as u32,
    }
}

fn sweep(outcome: &Outcome) -> Option<SweepReport> {
    let sweep = outcome.plan().sweep()?;
    let share = |share: Proportion| ShareReport { hits: share.hits as u32, trials: share.trials as u32, share: share.share, low: share.low, high: share.high };
    let cell = |(at, cell): (usize, crate::lab::compare::Cell)| CellReport {
        values: sweep.values(at).into_iter().map(str::to_owned).collect(),
        detected: cell.detected.map(share),
        false_rollbacks: cell.false_rollbacks.map(share),
        users_hurt: cell.users_hurt,
        detect_s: cell.detect_s,
        unfinished: cell.unfinished as u32,
    };
    let axes = sweep.axes.iter().map(|axis| AxisReport { name: axis.name.clone(), values: axis.values.clone() }).collect();
    Some(SweepReport { axes, cells: outcome.cells().into_iter().enumerate().map(cell).collect() })
}
