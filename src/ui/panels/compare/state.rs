//! What the panel remembers: what is chosen, the comparison that runs, and the results of the last one.

use std::sync::Arc;

use eframe::egui::Rect;

use crate::content::{self, Code, Diagnostics, Severity};
use crate::lab::compare::quantity::{paired, size};
use crate::lab::compare::{Measure, Outcome, Plan, PlanError, World, conclusions, labelled};
use crate::scenario::Scenario;
use crate::scenario::limits;
use crate::ui::comparing::{Job, News};
use crate::ui::format;
use crate::ui::text::Lang;
use crate::units::SimTime;

/// Of so many seeds it is kept what happened over time.
const CURVES: usize = 20;
/// How many seeds are run unless somebody says otherwise.
const SEEDS: usize = 20;
/// The strategies that are chosen at first.
const FIRST: [&str; 3] = ["rolling", "blue-green", "canary"];

/// What the panel remembers.
#[derive(Debug)]
pub(crate) struct CompareState {
    /// The strategies as people write them, the one first that the others are compared with.
    pub(super) chosen: Vec<String>,
    /// The strategy that is being written.
    pub(super) text: String,
    /// What is wrong with it.
    pub(super) error: Option<String>,
    /// How many seeds to run.
    pub(super) seeds: usize,
    /// Why the last comparison could not be started or has no result.
    pub(super) refusal: Option<String>,
    /// The comparison that runs.
    pub(super) job: Option<Job>,
    /// The results of the last one.
    pub(super) shown: Option<Shown>,
    /// When it began [s of the window's clock]; unknown until it is drawn.
    pub(super) since: Option<f64>,
    /// How long a run of a scenario of this name took in the last comparison [s].
    pub(super) pace: Option<(String, f64)>,
    /// Whether the panel fills the whole middle.
    pub(super) fills: bool,
    /// Whether the results are new since the last frame.
    fresh: bool,
    /// A comparison ended without a single seed; what to say of it is said in the language of the window.
    ended: Option<Ended>,
}

/// How a comparison ended that has nothing to show.
#[derive(Debug, Clone, Copy)]
enum Ended {
    /// It was stopped.
    Stopped,
    /// No seed came to its end under every strategy.
    Spoiled,
    /// Its threads broke.
    Broke,
}

impl Default for CompareState {
    fn default() -> Self {
        Self {
            chosen: FIRST.map(str::to_owned).to_vec(),
            text: String::new(),
            error: None,
            seeds: SEEDS,
            refusal: None,
            job: None,
            shown: None,
            since: None,
            pace: None,
            fills: false,
            fresh: false,
            ended: None,
        }
    }
}

impl CompareState {
    /// Whether the panel is to fill the whole middle.
    pub(crate) const fn fills(&self) -> bool {
        self.fills
    }
    /// Gives the other panels their places back.
    pub(crate) const fn dock(&mut self) {
        self.fills = false;
    }
    /// A comparison has begun.
    pub(crate) fn begun(&mut self, job: Job) {
        (self.job, self.refusal, self.ended, self.since) = (Some(job), None, None, None);
    }
    /// Stops the comparison that runs; what is done is kept.
    pub(crate) fn stop(&self) {
        if let Some(job) = &self.job {
            job.cancel();
        }
    }
    /// Looks whether the comparison that runs has ended.
    pub(crate) fn look(&mut self) {
        let Some(job) = &self.job else { return };
        let news = job.news();
        match news {
            News::UnderWay => return,
            News::Broke => self.ended = Some(Ended::Broke),
            News::Done(outcome) if outcome.seeds().is_empty() => {
                self.ended = Some(if outcome.interrupted() { Ended::Stopped } else { Ended::Spoiled });
            }
            News::Done(outcome) => (self.shown, self.fresh) = (Some(Shown::of(*outcome)), true),
        }
        self.job = None;
    }
    /// Why the last comparison has nothing to show, if so.
    pub(super) fn ended(&self, lang: Lang) -> Option<String> {
        let key = match self.ended? {
            Ended::Stopped => "compare.ended.stopped",
            Ended::Spoiled => "compare.ended.spoiled",
            Ended::Broke => "compare.ended.broke",
        };
        Some(lang.tr(key).into_owned())
    }
    /// Compares the others with this one of the strategies, in the results as well.
    pub(super) fn make_baseline(&mut self, at: usize) {
        let text = self.chosen.remove(at);
        if let Some(shown) = &mut self.shown {
            // A strategy that was written has its label before a colon.
            let is = |label: &str| text == label || text.strip_prefix(label).is_some_and(|rest| rest.trim_start().starts_with(':'));
            shown.baseline = shown.outcome.plan().variants().iter().position(|variant| is(&variant.label)).unwrap_or(shown.baseline);
        }
        self.chosen.insert(0, text);
    }
    /// How long so many runs of a scenario take, going by the last comparison [s].
    pub(super) fn takes(&self, scenario: &Scenario, runs: usize) -> Option<f64> {
        let (_, pace) = self.pace.as_ref().filter(|(name, _)| *name == scenario.name)?;
        Some(pace * runs as f64)
    }
    /// Whether there are results that were not shown yet.
    pub(super) fn take_fresh(&mut self) -> bool {
        std::mem::take(&mut self.fresh)
    }
    /// Adds the strategy that was written, or says what is wrong with it.
    pub(super) fn add(&mut self, text: &str, scenario: &Scenario) {
        match content::strategy_within(scenario, text) {
            Ok(_) => {
                self.chosen.push(text.trim().to_owned());
                (self.error, self.refusal) = (None, None);
                self.text.clear();
            }
            Err(found) => self.error = Some(mistakes(&found)),
        }
    }
    /// What is to be run, or why it cannot be.
    pub(super) fn plan(&self, scenario: &Scenario, seed: u64, lang: Lang) -> Result<Plan, String> {
        let mut named = Vec::new();
        for text in &self.chosen {
            named.push(content::strategy_within(scenario, text).map_err(|found| format!("{text}: {}", mistakes(&found)))?);
        }
        let seeds: Vec<u64> = (0..self.seeds as u64).map(|n| seed.wrapping_add(n)).collect();
        let until = SimTime::ZERO + scenario.duration;
        let plan = Plan::new(scenario.clone(), labelled(named), None, seeds, until).map_err(|why| refusal_text(lang, &why))?;
        Ok(plan.with_curves(CURVES))
    }
}

/// More mistakes than these are not worth reading at once.
const MISTAKES: usize = 3;

/// What is wrong, each mistake in a line with what to do about it.
fn mistakes(found: &Diagnostics) -> String {
    let errors = || found.iter().filter(|item| item.severity == Severity::Error);
    // Whatever could not be read is missing, too; that alone is said only if nothing else is.
    let others = errors().any(|item| item.code != Code::MissingKey);
    let told = errors().filter(|item| !others || item.code != Code::MissingKey).take(MISTAKES).map(|item| match &item.help {
        Some(help) => format!("{}; {help}", item.message),
        None => item.message.clone(),
    });
    told.collect::<Vec<_>>().join("\n")
}

/// Why there is nothing to compare, in the language of the window.
fn refusal_text(lang: Lang, why: &PlanError) -> String {
    match why {
        PlanError::Nothing => lang.tr("compare.refused.nothing").into_owned(),
        PlanError::Label(label) => lang.with("compare.refused.label", &[("label", label)]),
        PlanError::LabelLength => lang.with("compare.refused.label-length", &[("most", &limits::NAME_CHARS.to_string())]),
        PlanError::Variants(_) => lang.with("compare.refused.variants", &[("most", &limits::VARIANTS.to_string())]),
        PlanError::NoDeployment(_) => lang.tr("compare.nothing").into_owned(),
        PlanError::TooShort { first, until } => lang.with("compare.refused.too-short", &[("first", &first.to_string()), ("until", &until.to_string())]),
        PlanError::Impossible { label, why } => lang.with("compare.refused.impossible", &[("label", label), ("why", why)]),
        PlanError::NoSuchAlarm { label, alarm } => lang.with("compare.refused.no-such-alarm", &[("label", label), ("alarm", alarm)]),
        // The window asks for no sweep, and for no more seeds than there may be.
        PlanError::Seeds(_) | PlanError::Cells(_) | PlanError::Sessions(_) | PlanError::NothingToDetect(_) => why.to_string(),
    }
}

/// How a strategy stands to the baseline in some measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Against {
    /// It is the baseline, or one of them is not known.
    Nothing,
    /// Less, by more than chance.
    Better,
    /// More, by more than chance.
    Worse,
    /// No more than chance.
    Alike,
    /// More than chance, and yet so little that both means read alike.
    Slight,
    /// A single pair says nothing.
    Unsure,
}

/// A measure under one strategy, as it is shown.
#[derive(Debug, Clone)]
pub(super) struct Value {
    /// Its mean, or a dash.
    pub(super) mean: String,
    /// Its difference to the baseline; empty for that one, and where it is not known.
    pub(super) difference: String,
    /// How it stands to the baseline.
    pub(super) against: Against,
    /// Whether it beats every other one.
    pub(super) best: bool,
}

/// A measure under all strategies, as it is shown.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// What is measured.
    pub(super) title: String,
    /// What that means.
    pub(super) about: String,
    /// Its values, in the order of the strategies.
    pub(super) values: Vec<Value>,
}

/// The results in words and numbers of a language.
#[derive(Debug, Default)]
pub(super) struct Told {
    of: Option<(Lang, World, usize)>,
    /// The table.
    pub(super) rows: Vec<Row>,
    /// Why there is no lead time, if there is none.
    pub(super) no_lead_time: Option<String>,
    /// What follows.
    pub(super) conclusions: Vec<String>,
    /// What one should know of strategies.
    pub(super) notes: Vec<String>,
}

/// Results that are shown.
#[derive(Debug)]
pub(crate) struct Shown {
    /// What came out.
    pub(super) outcome: Outcome,
    /// Which world is looked at.
    pub(super) world: World,
    /// Which strategy the others are compared with.
    pub(super) baseline: usize,
    /// Which seed is looked at over time, by its place among the whole ones.
    pub(super) seed: usize,
    /// The time under the pointer [s].
    pub(super) cursor: Option<f64>,
    /// They in words.
    pub(super) told: Told,
    /// Where their heading was drawn last.
    pub(super) place: Rect,
    /// The scenario that is open, as far as it was looked at, and whether it is theirs.
    open: Option<(Arc<Scenario>, bool)>,
}

impl Shown {
    fn of(outcome: Outcome) -> Self {
        Self { outcome, world: World::AsItIs, baseline: 0, seed: 0, cursor: None, told: Told::default(), place: Rect::ZERO, open: None }
    }

    /// Whether they are of this scenario.
    pub(super) fn is_of(&mut self, open: &Arc<Scenario>) -> bool {
        if let Some((known, is)) = &self.open
            && Arc::ptr_eq(known, open)
        {
            return *is;
        }
        // The plan's scenario is as long as its runs are, and the panel lets them be as long as the scenario.
        let is = self.outcome.plan().scenario() == open.as_ref();
        self.open = Some((Arc::clone(open), is));
        is
    }

    /// The seeds that can be looked at over time.
    pub(super) fn seeds(&self) -> Vec<u64> {
        self.outcome.seeds().into_iter().filter(|seed| self.outcome.curve(0, World::AsItIs, *seed).is_some()).collect()
    }

    /// Puts them into words, unless that was done already.
    pub(super) fn tell(&mut self, lang: Lang) {
        if self.told.of == Some((lang, self.world, self.baseline)) {
            return;
        }
        let (outcome, world, baseline) = (&self.outcome, self.world, self.baseline);
        let plan = outcome.plan();
        let variants = 0..plan.variants().len();
        let seeds = outcome.seeds().len();
        let measures = outcome.measures().into_iter().filter(|measure| world == World::AsItIs || !measure.is_of_harm());
        let row = |measure: Measure| {
            // Only where the version is harmless can a rollback be false.
            let elsewhere = measure == Measure::FalseRollbacks && world == World::AsItIs && plan.has_twins();
            let world = if elsewhere { World::Harmless } else { world };
            let unit = measure.unit();
            let mean = |at: usize| {
                outcome.mean(at, world, &measure).map_or_else(
                    || format::NOTHING.to_owned(),
                    |(mean, known)| {
                        let text = size(lang, unit, mean);
                        if known == seeds {
                            return text;
                        }
                        lang.with("report.compare.known", &[("mean", &text), ("known", &known.to_string()), ("seeds", &seeds.to_string())])
                    },
                )
            };
            // Whoever is best only in digits that nobody sees is not shown as the best.
            let best = outcome.best(world, &measure).filter(|best| variants.clone().all(|at| at == *best || mean(at) != mean(*best)));
            let value = |at: usize| {
                let pairs = if at == baseline { None } else { outcome.paired(at, baseline, world, &measure) };
                let against = match &pairs {
                    None => Against::Nothing,
                    Some(pairs) if pairs.half_width.is_none() => Against::Unsure,
                    Some(pairs) if !pairs.excludes_zero() => Against::Alike,
                    Some(_) if mean(at) == mean(baseline) => Against::Slight,
                    Some(pairs) if pairs.mean < 0.0 => Against::Better,
                    Some(_) => Against::Worse,
                };
                let difference = pairs.map_or_else(String::new, |pairs| paired(lang, unit, &pairs));
                Value { mean: mean(at), difference, against, best: best == Some(at) }
            };
            let about = lang.find_with(&format!("compare.about.{}", measure.key()), &[("slo", measure.slo().unwrap_or_default())]);
            let title = measure.title(lang);
            let title = if elsewhere { lang.with("compare.row.if-harmless", &[("measure", &title)]) } else { title };
            Row { title, about, values: variants.clone().map(value).collect() }
        };
        let no_lead_time = variants.clone().all(|at| outcome.mean(at, World::AsItIs, &Measure::LeadTime).is_none()).then(|| {
            let key = if plan.scenario().team.is_some() { "dora.why.lead-time-needs" } else { "compare.no-lead-time" };
            lang.with("compare.lead-time-unknown", &[("why", &lang.tr(key))])
        });
        // What holds for several is said once.
        let mut notes: Vec<(String, Vec<&str>)> = Vec::new();
        for variant in plan.variants() {
            for note in plan.notes(variant) {
                let note = note.tell(lang).replace('`', "");
                match notes.iter_mut().find(|(known, _)| *known == note) {
                    Some((_, of)) => of.push(&variant.label),
                    None => notes.push((note, vec![&variant.label])),
                }
            }
        }
        let notes = notes.into_iter().map(|(note, of)| format!("{}: {note}.", of.join(", ")));
        self.told = Told {
            of: Some((lang, world, baseline)),
            rows: measures.map(row).collect(),
            no_lead_time,
            conclusions: conclusions(outcome, lang),
            notes: notes.collect(),
        };
    }
}
