//! The plan of a comparison: which strategies and parameters, on which seeds, checked before anything runs.
//!
//! A strategy is applied to every deployment of the scenario: to the services' own strategies and to those that stand in
//! `deploy` actions of the timeline. One that names no alarms (`alarms` is not written) watches those which the strategy
//! watched that it takes the place of; for an action whose own strategy watched none, those of its service. Alarms that
//! are written, even an empty list, are taken as they are.

use std::sync::Arc;

use super::World;
use super::truth::{self, Nature, Release};
use crate::delivery::command::PipelineCommand;
use crate::fleet::deploy::{Strategy, Watch};
use crate::lang::Lang;
use crate::scenario::{Action, Scenario, TimedAction, limits};
use crate::units::SimTime;

/// A strategy in a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// What it is called; different for each.
    pub label: String,
    /// How versions are deployed.
    pub strategy: Strategy,
}

/// A parameter that takes several values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// Its name, as people wrote it.
    pub name: String,
    /// Its values, as people wrote them.
    pub values: Vec<String>,
}

/// Every combination of the values of some parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// The parameters.
    pub axes: Vec<Axis>,
    /// A strategy for each combination; the last axis changes fastest.
    pub cells: Vec<Strategy>,
}

impl Sweep {
    /// The values of a combination, one of each axis.
    pub fn values(&self, cell: usize) -> Vec<&str> {
        let mut rest = cell;
        let mut values: Vec<&str> = Vec::new();
        for axis in self.axes.iter().rev() {
            values.push(&axis.values[rest % axis.values.len()]);
            rest /= axis.values.len();
        }
        values.reverse();
        values
    }
}

/// Something about a variant that one should know when reading its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The strategy cannot watch alarms, so nothing turns it back.
    CannotWatch,
    /// It could, but neither it nor what it takes the place of names an alarm.
    WatchesNothing,
    /// It watches the alarms of the strategy that it takes the place of.
    Inherits(Vec<String>),
}

impl Note {
    /// It in a language.
    pub fn tell(&self, lang: Lang) -> String {
        match self {
            Self::CannotWatch => lang.tr("compare.note.cannot-watch").into_owned(),
            Self::WatchesNothing => lang.tr("compare.note.watches-nothing").into_owned(),
            Self::Inherits(names) => lang.with("compare.note.inherits", &[("names", &format!("`{}`", names.join("`, `")))]),
        }
    }
}

/// Why a comparison cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Neither variants nor a sweep.
    #[error("nothing to compare: name strategies with --with, or parameters with --sweep")]
    Nothing,
    /// Too many variants.
    #[error("{0} strategies; a comparison takes {most}", most = limits::VARIANTS)]
    Variants(usize),
    /// Two variants of one label.
    #[error("two strategies are called `{0}`; give each its own label")]
    Label(String),
    /// A label that is too long.
    #[error("a label has 1 to {most} characters", most = limits::NAME_CHARS)]
    LabelLength,
    /// No seeds, or too many.
    #[error("{0} seeds; a comparison takes 1 to {most}, and from 2 on it can say how sure it is", most = limits::SEEDS)]
    Seeds(usize),
    /// Too many combinations.
    #[error("the sweep has {0} combinations; it takes 1 to {most}", most = limits::SWEEP_CELLS)]
    Cells(usize),
    /// Too many sessions.
    #[error("that makes {0} sessions; a comparison takes {most}: fewer seeds, strategies or values", most = limits::SESSIONS)]
    Sessions(usize),
    /// The timeline deploys nothing.
    #[error("`{0}` deploys nothing, so all strategies are the same; a comparison needs a `deploy` on the timeline, or a team with pipelines")]
    NoDeployment(String),
    /// It ends before the first deployment.
    #[error("the first deployment is at {first}, but the runs end at {until}")]
    TooShort {
        /// When the timeline first deploys.
        first: SimTime,
        /// When the runs end.
        until: SimTime,
    },
    /// A sweep asks how often a bad version is found, and there is none.
    #[error("`{0}` deploys no version that is worse than the one before it, so a sweep has nothing to find")]
    NothingToDetect(String),
    /// The strategy contradicts itself.
    #[error("`{label}` cannot work: {why}")]
    Impossible {
        /// The variant.
        label: String,
        /// Why.
        why: String,
    },
    /// The strategy watches an alarm that is not there.
    #[error("`{label}` watches the alarm `{alarm}`, which the scenario does not have")]
    NoSuchAlarm {
        /// The variant.
        label: String,
        /// The alarm.
        alarm: String,
    },
}

/// A comparison, ready to run.
#[derive(Debug, Clone)]
pub struct Plan {
    scenario: Scenario,
    variants: Vec<Variant>,
    sweep: Option<Sweep>,
    seeds: Vec<u64>,
    until: SimTime,
    releases: Vec<Release>,
    /// Of how many seeds, from the first, it is kept what happened over time.
    curves: usize,
}

impl Plan {
    /// Checks everything. `until` is where the runs end, also beyond the scenario's own end.
    pub fn new(mut scenario: Scenario, variants: Vec<Variant>, sweep: Option<Sweep>, seeds: Vec<u64>, until: SimTime) -> Result<Self, PlanError> {
        if variants.is_empty() && sweep.is_none() {
            return Err(PlanError::Nothing);
        }
        if variants.len() > limits::VARIANTS {
            return Err(PlanError::Variants(variants.len()));
        }
        for (at, variant) in variants.iter().enumerate() {
            if variant.label.is_empty() || variant.label.chars().count() > limits::NAME_CHARS {
                return Err(PlanError::LabelLength);
            }
            if variants[..at].iter().any(|other| other.label == variant.label) {
                return Err(PlanError::Label(variant.label.clone()));
            }
        }
        if !(1..=limits::SEEDS).contains(&seeds.len()) {
            return Err(PlanError::Seeds(seeds.len()));
        }
        let cells = sweep.as_ref().map_or(&[][..], |sweep| &sweep.cells);
        if sweep.is_some() && !(1..=limits::SWEEP_CELLS).contains(&cells.len()) {
            return Err(PlanError::Cells(cells.len()));
        }
        let releases = truth::releases(&scenario);
        // A team with pipelines deploys by itself, whatever the timeline says.
        let by_itself = deploys_by_itself(&scenario);
        match releases.iter().map(|release| release.at).min() {
            Some(first) if first >= until && !by_itself => return Err(PlanError::TooShort { first, until }),
            None if !by_itself => return Err(PlanError::NoDeployment(scenario.name.clone())),
            _ => {}
        }
        let releases: Vec<Release> = releases.into_iter().filter(|release| release.at < until).collect();
        let harmful = releases.iter().any(|release| release.nature == Nature::Worse);
        if sweep.is_some() && !harmful {
            return Err(PlanError::NothingToDetect(scenario.name.clone()));
        }
        let sessions = (variants.len() + cells.len()) * seeds.len() * if harmful { 2 } else { 1 };
        if sessions > limits::SESSIONS {
            return Err(PlanError::Sessions(sessions));
        }
        let named = variants.iter().map(|variant| (variant.label.as_str(), &variant.strategy));
        named.chain(cells.iter().map(|cell| (cell.name(), cell))).try_for_each(|(label, strategy)| check(&scenario, label, strategy))?;
        scenario.duration = scenario.duration.max(until.since(SimTime::ZERO));
        Ok(Self { scenario, variants, sweep, seeds, until, releases, curves: 0 })
    }

    /// The same plan that also keeps what happened over time in the sessions of its first `seeds` seeds. Without it nothing
    /// of that is worked out.
    #[must_use]
    pub const fn with_curves(mut self, seeds: usize) -> Self {
        self.curves = seeds;
        self
    }
    /// Of how many seeds, from the first, it is kept what happened over time.
    pub const fn curves(&self) -> usize {
        self.curves
    }
    /// The release whose share of the traffic is kept over time: the first one of a version that is worse, else the first
    /// one; `None` if the timeline deploys nothing.
    pub fn shown_release(&self) -> Option<&Release> {
        self.releases.iter().find(|release| release.nature == Nature::Worse).or_else(|| self.releases.first())
    }

    /// The scenario, as long as the runs are.
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }
    /// The strategies that are compared; the first one is what the others are compared with.
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }
    /// The parameters that are swept.
    pub const fn sweep(&self) -> Option<&Sweep> {
        self.sweep.as_ref()
    }
    /// The seeds.
    pub fn seeds(&self) -> &[u64] {
        &self.seeds
    }
    /// Where the runs end.
    pub const fn until(&self) -> SimTime {
        self.until
    }
    /// What the timeline deploys until then.
    pub fn releases(&self) -> &[Release] {
        &self.releases
    }
    /// Whether it deploys a version that is worse than the one before it, so that sessions have twins.
    pub fn has_twins(&self) -> bool {
        self.releases.iter().any(|release| release.nature == Nature::Worse)
    }

    /// What one should know of a variant.
    pub fn notes(&self, variant: &Variant) -> Vec<Note> {
        let strategy = &variant.strategy;
        if !strategy.can_watch() {
            return vec![Note::CannotWatch];
        }
        if strategy.watch().is_some_and(|watch| !watch.names.is_empty()) {
            return Vec::new();
        }
        let applied = apply(&self.scenario, strategy);
        let mut names: Vec<String> = self.releases.iter().flat_map(|release| watched(&applied, release)).collect();
        if applied.team.is_some() {
            // A team may deploy every service.
            names.extend(applied.fleet.iter().filter_map(|plan| plan.strategy.watch()).flat_map(|watch| watch.names.clone()));
        }
        names.sort();
        names.dedup();
        vec![if names.is_empty() { Note::WatchesNothing } else { Note::Inherits(names) }]
    }

    /// The scenario of a strategy; `None` for the twin of a scenario that needs none.
    pub(super) fn scenario_of(&self, strategy: &Strategy, world: World) -> Option<Arc<Scenario>> {
        let applied = apply(&self.scenario, strategy);
        match world {
            World::AsItIs => Some(Arc::new(applied)),
            World::Harmless => truth::harmless(&applied).map(Arc::new),
        }
    }
}

/// Whether a scenario deploys anything, so that strategies can be compared on it.
pub fn deploys(scenario: &Scenario) -> bool {
    deploys_by_itself(scenario) || !truth::releases(scenario).is_empty()
}

/// Whether a team deploys what it writes: it needs a pipeline, or somebody who builds one on the timeline.
fn deploys_by_itself(scenario: &Scenario) -> bool {
    let creates = |timed: &TimedAction| matches!(&timed.action, Action::Pipeline { command: PipelineCommand::Create { .. }, .. });
    scenario.team.is_some() && (!scenario.pipelines.lines.is_empty() || scenario.timeline.iter().any(creates))
}

/// How many sessions a seed takes under one strategy: a twin beside each if the scenario deploys a version that is worse.
pub fn worlds(scenario: &Scenario) -> usize {
    if truth::releases(scenario).iter().any(|release| release.nature == Nature::Worse) { 2 } else { 1 }
}

/// Characters of a label that nobody chose: it heads a column.
const DERIVED: usize = 36;

/// A strategy, and what to call it.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// What its author calls it; `None` if nothing.
    pub label: Option<String>,
    /// What tells it from others: its name, and the parameters that were written.
    pub derived: String,
    /// The strategy.
    pub strategy: Strategy,
}

/// Labels for all: the given ones, else what tells the strategy from others; a number behind those that are alike.
pub fn labelled(named: Vec<Named>) -> Vec<Variant> {
    // Of so many numbers at least one is free.
    let most = 2 * named.len();
    let mut labelled: Vec<Variant> = Vec::new();
    let given: Vec<String> = named.iter().filter_map(|named| named.label.clone()).collect();
    for Named { label, derived, strategy } in named {
        let label = label.unwrap_or_else(|| {
            let taken = |label: &str| given.iter().any(|other| other == label) || labelled.iter().any(|other| other.label == label);
            // A long list of parameters is cut, not refused: nobody chose it as a label.
            let plain: String = if derived.chars().count() > DERIVED { derived.chars().take(DERIVED - 1).chain(['…']).collect() } else { derived };
            (1..=most).map(|n| if n == 1 { plain.clone() } else { format!("{plain} ({n})") }).find(|label| !taken(label)).unwrap_or_default()
        });
        labelled.push(Variant { label, strategy });
    }
    labelled
}

/// Says what is impossible about a strategy in a scenario.
fn check(scenario: &Scenario, label: &str, strategy: &Strategy) -> Result<(), PlanError> {
    strategy.check().map_err(|why| PlanError::Impossible { label: label.to_owned(), why })?;
    let names = strategy.watch().map_or(&[][..], |watch| &watch.names);
    match names.iter().find(|name| scenario.alarm_names().all(|alarm| alarm != *name)) {
        Some(alarm) => Err(PlanError::NoSuchAlarm { label: label.to_owned(), alarm: alarm.clone() }),
        None => Ok(()),
    }
}

/// The scenario with every deployment made in this way.
pub(super) fn apply(scenario: &Scenario, strategy: &Strategy) -> Scenario {
    let in_place_of = |watched: Option<&Watch>| match strategy.watch() {
        Some(_) => strategy.clone(),
        None => strategy.clone().watching(watched.cloned()),
    };
    let mut applied = scenario.clone();
    for timed in &mut applied.timeline {
        if let Action::Deploy { service, strategy: Some(own), .. } = &mut timed.action {
            let service = scenario.model.services.iter().position(|other| other.name == *service);
            let of_service = service.and_then(|at| scenario.fleet.get(at)).and_then(|plan| plan.strategy.watch());
            *own = in_place_of(own.watch().or(of_service));
        }
    }
    for plan in &mut applied.fleet {
        plan.strategy = in_place_of(plan.strategy.watch());
    }
    applied
}

/// The alarms that a deployment on the timeline watches.
fn watched(scenario: &Scenario, release: &Release) -> Vec<String> {
    let name = &scenario.model.services[release.service.index()].name;
    let own = scenario.timeline.iter().filter(|timed| timed.at == release.at).find_map(|timed| match &timed.action {
        Action::Deploy { service, strategy, .. } if service == name => strategy.as_ref(),
        _ => None,
    });
    let strategy = own.or_else(|| scenario.fleet.get(release.service.index()).map(|plan| &plan.strategy));
    strategy.and_then(Strategy::watch).map_or_else(Vec::new, |watch| watch.names.clone())
}
