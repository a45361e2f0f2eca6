//! A comparison as data: the one source of its forms, and of its JSON Schema.
//!
//! What could not be measured is null, never NaN and never a made-up zero. Less is better for every measure. To report
//! something new, add a field with its definition here, fill it in `build.rs`, and tell it in `story.rs`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::fleet::deploy::Strategy;
use crate::lang::Lang;

/// The version of the JSON comparison's format.
pub(super) const FORMAT_VERSION: u32 = 1;

/// The same change, users and traffic under several deployment strategies.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Comparison {
    /// The version of this format: 1.
    pub format_version: u32,
    /// The language of titles, notes, reasons and conclusions. Names of measures, units and natures are data and always the same.
    pub language: Lang,
    /// The scenario's name.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// How long each session was [s].
    pub simulated_s: f64,
    /// How long the comparison took on this machine [s]; null where nobody measured it.
    pub wall_s: Option<f64>,
    /// Whether it was stopped before everything was done; everything below then counts only what was.
    pub interrupted: bool,
    /// The seeds that were asked for.
    pub seeds_asked: Vec<u64>,
    /// The seeds that came to their end under every strategy: those that all means and differences are over.
    pub seeds: Vec<u64>,
    /// Seeds that came to no end under a strategy, because more was under way than can be simulated.
    pub spoiled: Vec<SpoiledSeed>,
    /// Share of the intervals below that hold the true value: 0.95.
    pub confidence: f64,
    /// Whether a team works on the services and deploys by itself.
    pub team: bool,
    /// What the timeline deploys.
    pub releases: Vec<ReleaseReport>,
    /// The strategies; the first one is the baseline, which the others are compared with. Empty if only a sweep was asked for.
    pub variants: Vec<VariantReport>,
    /// Every measure under every strategy, with the versions of the scenario.
    pub as_it_is: Vec<MeasureReport>,
    /// The same where each version that is worse than the one before it is harmless instead; empty if there is no such
    /// version.
    pub harmless: Vec<MeasureReport>,
    /// Why a measure is null under every strategy, by its name.
    pub unknown: BTreeMap<String, String>,
    /// How well each combination of some parameters tells good from bad; null if none was asked for.
    pub sweep: Option<SweepReport>,
    /// What follows from the numbers, in sentences.
    pub conclusions: Vec<String>,
}

/// A seed that a strategy could not be run on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SpoiledSeed {
    /// The strategy's label.
    pub label: String,
    /// The seed.
    pub seed: u64,
    /// Why.
    pub why: String,
}

/// A version that the timeline deploys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ReleaseReport {
    /// When [s].
    pub at_s: f64,
    /// The service.
    pub service: String,
    /// The version.
    pub version: String,
    /// What it truly is, measured by the first version of its service: `worse`, `same` or `other`.
    pub nature: String,
}

/// One strategy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct VariantReport {
    /// What it is called here.
    pub label: String,
    /// The strategy with all its parameters, as it was asked for.
    pub strategy: Strategy,
    /// What one should know of it when reading its numbers.
    pub notes: Vec<String>,
    /// Sessions in which a version that is worse was turned back by its own deployment; null if none was deployed.
    pub turned_back: Option<u32>,
}

/// One measure under every strategy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct MeasureReport {
    /// Its name: `users hurt`, `failed requests`, `budget burned: ` and an objective, `time to detect`, `time to recover`,
    /// `missed`, `false rollbacks`, `instance-hours`, `cost`, `deployment time`, `lead time`, and with a team `change fail rate`
    /// and `failed deployment recovery`.
    pub measure: String,
    /// What people call it.
    pub title: String,
    /// What its numbers are: `count`, `share` (0…1 and beyond), `s`, `h` or `$`.
    pub unit: String,
    /// Its values, in the order of the strategies.
    pub variants: Vec<ValueReport>,
}

/// A measure under one strategy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ValueReport {
    /// The strategy's label.
    pub label: String,
    /// Mean over the seeds that know it; null if none does.
    pub mean: Option<f64>,
    /// How many seeds know it: a session without detection has no time to detect.
    pub known: u32,
    /// Its value by seed, in the order of `seeds`.
    pub values: Vec<Option<f64>>,
    /// Its difference to the baseline; null for the baseline itself, and if no seed knows both.
    pub difference: Option<DifferenceReport>,
}

/// By how much a measure differs from the baseline, seed by seed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct DifferenceReport {
    /// Seeds that know both.
    pub pairs: u32,
    /// Mean difference; below zero is better.
    pub mean: f64,
    /// Lower end of the 95 % interval (Student's t on the pairs); null for a single pair.
    pub low: Option<f64>,
    /// Upper end of the 95 % interval; null for a single pair.
    pub high: Option<f64>,
    /// Whether the interval leaves zero out.
    pub excludes_zero: bool,
    /// Pairs in which it is below zero.
    pub lower: u32,
    /// Pairs in which it is above zero.
    pub higher: u32,
}

/// Every combination of some parameters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct SweepReport {
    /// The parameters.
    pub axes: Vec<AxisReport>,
    /// The combinations; the last parameter changes fastest.
    pub cells: Vec<CellReport>,
}

/// A parameter that takes several values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AxisReport {
    /// Its name, as it was asked for.
    pub name: String,
    /// Its values, as they were asked for.
    pub values: Vec<String>,
}

/// One combination.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct CellReport {
    /// One value of each parameter.
    pub values: Vec<String>,
    /// Share of sessions in which a version that is worse was turned back by its own deployment; null without sessions.
    pub detected: Option<ShareReport>,
    /// Share of sessions in which a harmless version was turned back; null without sessions.
    pub false_rollbacks: Option<ShareReport>,
    /// Users hurt by the harmful version, on average; null without sessions.
    pub users_hurt: Option<f64>,
    /// Time to detect the harmful version, on average over the sessions in which something told of it [s]; null if nothing did.
    pub detect_s: Option<f64>,
    /// Sessions at whose end a deployment was still under way.
    pub unfinished: u32,
}

/// A share of sessions, with Wilson's 95 % interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct ShareReport {
    /// Sessions in which it happened.
    pub hits: u32,
    /// Sessions in all.
    pub trials: u32,
    /// The share, 0…1.
    pub share: f64,
    /// Lower end of the interval, 0…1.
    pub low: f64,
    /// Upper end of the interval, 0…1.
    pub high: f64,
}
