//! Builds the report of a comparison from its outcome.
//!
//! Every number comes from the outcome; what cannot be known stays `None`.

use std::collections::BTreeMap;

use super::model::{
    AxisReport, CellReport, Comparison, DifferenceReport, FORMAT_VERSION, MeasureReport, ReleaseReport, ShareReport, SpoiledSeed, SweepReport, ValueReport,
    VariantReport,
};
use crate::figures::millis;
use crate::insight::paired::{CONFIDENCE, Paired};
use crate::insight::proportion::Proportion;
use crate::lab::compare::{Measure, Nature, Outcome, World, conclusions};
use crate::lang::Lang;
use crate::units::SimTime;

impl Comparison {
    /// The report of an outcome in a language; `wall_s` is how long it took on this machine [s].
    pub fn new(outcome: &Outcome, wall_s: Option<f64>, lang: Lang) -> Self {
        let plan = outcome.plan();
        let scenario = plan.scenario();
        let as_it_is = measures(outcome, World::AsItIs, lang);
        Self {
            format_version: FORMAT_VERSION,
            language: lang,
            scenario: scenario.name.clone(),
            title: scenario.title.get(lang.code()).into(),
            simulated_s: plan.until().as_secs_f64(),
            wall_s: wall_s.filter(|wall| wall.is_finite()),
            interrupted: outcome.interrupted(),
            seeds_asked: plan.seeds().to_vec(),
            seeds: outcome.seeds(),
            spoiled: spoiled(outcome, lang),
            confidence: CONFIDENCE,
            team: scenario.team.is_some(),
            releases: releases(outcome),
            variants: variants(outcome, lang),
            unknown: unknown(outcome, &as_it_is, lang),
            as_it_is,
            harmless: if plan.has_twins() { measures(outcome, World::Harmless, lang) } else { Vec::new() },
            sweep: sweep(outcome),
            conclusions: conclusions(outcome, lang),
        }
    }
}

/// Why a measure that one would look for is not there.
fn unknown(outcome: &Outcome, measures: &[MeasureReport], lang: Lang) -> BTreeMap<String, String> {
    let lead_time = Measure::LeadTime.name();
    let missing = measures.iter().any(|report| report.measure == lead_time && report.variants.iter().all(|value| value.mean.is_none()));
    let key = if outcome.plan().scenario().team.is_some() { "dora.why.lead-time-needs" } else { "compare.no-lead-time" };
    missing.then(|| (lead_time, lang.tr(key).into_owned())).into_iter().collect()
}

fn spoiled(outcome: &Outcome, lang: Lang) -> Vec<SpoiledSeed> {
    let variants = outcome.plan().variants();
    let why = |at: SimTime| lang.with("compare.exhausted", &[("time", &lang.figure(&millis(Some(at.as_secs_f64() * 1e3))))]);
    outcome
        .spoiled()
        .into_iter()
        .map(|spoiled| SpoiledSeed { label: variants[spoiled.variant].label.clone(), seed: spoiled.seed, why: why(spoiled.why.at) })
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

fn variants(outcome: &Outcome, lang: Lang) -> Vec<VariantReport> {
    let plan = outcome.plan();
    let expected = plan.releases().len() as u32;
    let report = |(at, variant): (usize, &crate::lab::compare::Variant)| {
        let mut notes: Vec<String> = plan.notes(variant).iter().map(|note| note.tell(lang)).collect();
        let sessions = outcome.sessions(at, World::AsItIs);
        let twins = outcome.sessions(at, World::Harmless);
        let all = || sessions.iter().chain(&twins);
        let of_runs = |key, count: usize| lang.with(key, &[("count", &count.to_string()), ("runs", &all().count().to_string())]);
        let refused = all().filter(|session| session.begun < expected).count();
        if refused > 0 {
            notes.push(of_runs("compare.note.refused", refused));
        }
        let unfinished = all().filter(|session| session.unfinished > 0).count();
        if unfinished > 0 {
            notes.push(of_runs("compare.note.unfinished", unfinished));
        }
        let turned_back = outcome.turned_back(at).map(|count| count as u32);
        VariantReport { label: variant.label.clone(), strategy: variant.strategy.clone(), notes, turned_back }
    };
    plan.variants().iter().enumerate().map(report).collect()
}

fn measures(outcome: &Outcome, world: World, lang: Lang) -> Vec<MeasureReport> {
    if outcome.plan().variants().is_empty() {
        return Vec::new();
    }
    let report = |measure: &Measure| MeasureReport {
        measure: measure.name(),
        title: measure.title(lang),
        unit: measure.unit().name().into(),
        variants: (0..outcome.plan().variants().len()).map(|variant| value(outcome, variant, world, measure)).collect(),
    };
    outcome.measures().iter().map(report).collect()
}

fn value(outcome: &Outcome, variant: usize, world: World, measure: &Measure) -> ValueReport {
    let mean = outcome.mean(variant, world, measure);
    ValueReport {
        label: outcome.plan().variants()[variant].label.clone(),
        mean: mean.map(|(mean, _)| mean),
        known: mean.map_or(0, |(_, known)| known as u32),
        values: outcome.values(variant, world, measure),
        difference: if variant == 0 { None } else { outcome.paired(variant, 0, world, measure).map(difference) },
    }
}

/// A difference as data.
fn difference(paired: Paired) -> DifferenceReport {
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
