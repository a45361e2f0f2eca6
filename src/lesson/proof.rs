//! Proof that a lesson works, on several seeds: who does nothing fails, who does what the reference does passes, who believes
//! what is wrong fails as described, and what the texts say of the run is so.
//!
//! Each rule is a [`Rule`]; a lesson that breaks one is named with the step, the seed and the reason. What can be known without
//! running (no text missing in either language, requirements without a circle) is found when lessons are read, by `content/lesson`.

use std::sync::Arc;

use rayon::prelude::{IntoParallelIterator as _, ParallelIterator as _};
use schemars::JsonSchema;
use serde::Serialize;

use super::attempt::{Attempt, Stuck};
use super::expression::Expression;
use super::plan::{Deed, Kind, Lesson, NumberAsked, Prediction, Step, Task};
use super::quote::scaled;
use super::translation::{Untranslated, untranslated};
use crate::insight::judge::Measured;

/// What a lesson is proved to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// What it does by itself can be done.
    Runs,
    /// No goal is reached when its step begins.
    NotReachedYet,
    /// Who does nothing does not reach the goal.
    UntouchedFails,
    /// The reference solution reaches it.
    SolutionPasses,
    /// So does each alternative.
    AlternativePasses,
    /// Who acts on a misconception does not reach it, and the misconception shows.
    MisconceptionFails,
    /// A misconception does not show in a solution.
    MisconceptionIsMistaken,
    /// The action of every hint can be done.
    HintIsLegal,
    /// Nothing in a solution or hint is an action that the step forbids.
    NothingForbidden,
    /// What is said to be the answer of a prediction is what happens.
    PredictionComesTrue,
    /// What theory says of a value is what is measured, within what the lesson says is near.
    TheoryHolds,
    /// A number that texts say is what is measured.
    NumberHolds,
    /// What is said in one language is said in the other, and not copied.
    BothLanguages,
}

impl Rule {
    /// What is demanded, in a few words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Runs => "what the lesson does by itself can be done",
            Self::NotReachedYet => "no goal is reached when its step begins",
            Self::UntouchedFails => "who does nothing does not reach the goal",
            Self::SolutionPasses => "the reference solution reaches the goal",
            Self::AlternativePasses => "each alternative reaches the goal",
            Self::MisconceptionFails => "who acts on a misconception does not reach the goal, and the misconception shows",
            Self::MisconceptionIsMistaken => "a misconception shows in no solution",
            Self::HintIsLegal => "the action of every hint can be done",
            Self::NothingForbidden => "no solution and no hint is a forbidden action",
            Self::PredictionComesTrue => "the answer of a prediction is what happens",
            Self::TheoryHolds => "what theory says is what is measured",
            Self::NumberHolds => "numbers in texts are what is measured",
            Self::BothLanguages => "both languages are complete",
        }
    }
}

/// A rule that a lesson breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Finding {
    /// The step; `None` for what is said of the whole lesson.
    pub step: Option<String>,
    /// The rule.
    pub rule: Rule,
    /// The seed with which it shows; `None` for what needs no run.
    pub seed: Option<u64>,
    /// What was found.
    pub what: String,
}

/// What came of proving a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Proof {
    /// The lesson.
    pub lesson: String,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// How many times something was tried.
    pub tried: usize,
    /// The rules that it breaks, in the order of its steps.
    pub findings: Vec<Finding>,
}

impl Proof {
    /// Whether it breaks no rule.
    pub const fn holds(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Proves a lesson on its own seed and those after it, on all cores; on as many as it takes to meet everything that its worlds draw, if that is
/// more. `tell` hears of each trial that is done.
pub fn prove(lesson: &Arc<Lesson>, seeds: u64, tell: &(dyn Fn() + Sync)) -> Proof {
    let seeds: Vec<u64> = (0..seeds.max(lesson.draws())).map(|more| lesson.seed.wrapping_add(more)).collect();
    let trials = listed(lesson);
    let pairs: Vec<(u64, &Trial)> = seeds.iter().flat_map(|seed| trials.iter().map(move |trial| (*seed, trial))).collect();
    let tried = pairs.len();
    let mut findings: Vec<(usize, Finding)> = worded(lesson);
    let run: Vec<(usize, Finding)> = pairs
        .into_par_iter()
        .flat_map_iter(|(seed, trial)| {
            let found = trial.run(lesson, seed);
            tell();
            found
        })
        .collect();
    findings.extend(run);
    findings.sort();
    findings.dedup();
    Proof { lesson: lesson.name.clone(), seeds, tried, findings: findings.into_iter().map(|(_, finding)| finding).collect() }
}

/// Something that is tried.
#[derive(Debug)]
enum Trial {
    /// The whole lesson, as the reference does it.
    Reference,
    /// Nothing is done in a step.
    Untouched { step: usize },
    /// Another way is gone in a step.
    Alternative { step: usize, way: usize },
    /// Somebody acts on a misconception in a step.
    Misconception { step: usize, which: usize },
    /// The action of a hint is done.
    Hint { step: usize, hint: usize },
}

/// How many things are tried with one seed.
pub fn trials(lesson: &Lesson) -> usize {
    listed(lesson).len()
}

fn listed(lesson: &Lesson) -> Vec<Trial> {
    let mut trials = vec![Trial::Reference];
    for (step, task) in lesson.steps.iter().enumerate().filter_map(|(at, step)| Some((at, step.kind.task()?))) {
        trials.push(Trial::Untouched { step });
        trials.extend((0..task.alternatives.len()).map(|way| Trial::Alternative { step, way }));
        trials.extend((0..task.misconceptions.len()).map(|which| Trial::Misconception { step, which }));
        let hints = task.hints.iter().enumerate().filter(|(_, hint)| hint.action.is_some());
        trials.extend(hints.map(|(hint, _)| Trial::Hint { step, hint }));
    }
    trials
}

/// Findings of one trial, each with the number of its step.
type Found = Vec<(usize, Finding)>;

impl Trial {
    fn run(&self, lesson: &Arc<Lesson>, seed: u64) -> Found {
        match self {
            Self::Reference => reference(lesson, seed),
            Self::Untouched { step } => at_step(lesson, seed, *step, |attempt, task| {
                if attempt.done().is_some() || required_hold(attempt) {
                    return vec![(Rule::NotReachedYet, "the goal is reached already when the step begins".to_owned())];
                }
                match play(attempt, &[]) {
                    Ok(false) => Vec::new(),
                    Ok(true) => vec![(Rule::UntouchedFails, format!("it is reached {} after the beginning although nobody does anything", taken(attempt)))],
                    Err(problem) => vec![(Rule::Runs, problem)],
                }
                .into_iter()
                .chain(forbidden(task))
                .collect()
            }),
            Self::Alternative { step, way } => at_step(lesson, seed, *step, |attempt, task| {
                let (passed, problem) = outcome(play(attempt, &task.alternatives[*way]));
                let found = if passed {
                    None
                } else {
                    Some((Rule::AlternativePasses, format!("alternative {}: {}", way + 1, problem.unwrap_or_else(|| missed(attempt)))))
                };
                let shows = attempt.misconception().map(|id| (Rule::MisconceptionIsMistaken, format!("`{id}` shows in alternative {}", way + 1)));
                found.into_iter().chain(shows).collect()
            }),
            Self::Misconception { step, which } => at_step(lesson, seed, *step, |attempt, task| {
                let misconception = &task.misconceptions[*which];
                let id = &misconception.id;
                match play(attempt, &misconception.actions) {
                    Err(problem) => vec![(Rule::MisconceptionFails, format!("`{id}`: {problem}"))],
                    Ok(true) => vec![(Rule::MisconceptionFails, format!("who believes `{id}` reaches the goal"))],
                    Ok(false) if !misconception.when.holds(&attempt.scope()) => {
                        vec![(Rule::MisconceptionFails, format!("`{id}` does not show: `{}` does not hold", misconception.when.text()))]
                    }
                    Ok(false) => Vec::new(),
                }
            }),
            Self::Hint { step, hint } => at_step(lesson, seed, *step, |attempt, task| {
                let action = task.hints[*hint].action.clone();
                let refused = action.and_then(|action| attempt.act(action).err());
                refused.map(|why| (Rule::HintIsLegal, format!("the action of hint {} is refused: {why}", hint + 1))).into_iter().collect()
            }),
        }
    }
}

/// What the texts say in one language and not in the other.
fn worded(lesson: &Lesson) -> Found {
    let finding = |lacking: Untranslated| {
        let at = lacking.step.as_ref().and_then(|id| lesson.steps.iter().position(|step| step.id == *id)).unwrap_or_default();
        (at, Finding { what: lacking.to_string(), step: lacking.step, rule: Rule::BothLanguages, seed: None })
    };
    untranslated(&lesson.texts).into_iter().map(finding).collect()
}

/// Tries something at the beginning of a step. What keeps the steps before from running is told once, by the reference.
fn at_step(lesson: &Arc<Lesson>, seed: u64, step: usize, trial: impl FnOnce(&mut Attempt, &Task) -> Vec<(Rule, String)>) -> Found {
    let Ok(mut attempt) = Attempt::at_step(Arc::clone(lesson), seed, step) else { return Vec::new() };
    let Some(task) = lesson.steps[step].kind.task() else { return Vec::new() };
    let id = &lesson.steps[step].id;
    trial(&mut attempt, task).into_iter().map(|(rule, what)| (step, Finding { step: Some(id.clone()), rule, seed: Some(seed), what })).collect()
}

/// Does these things; whether the goal was reached, or why they cannot be done.
fn play(attempt: &mut Attempt, deeds: &[Deed]) -> Result<bool, String> {
    match attempt.play(deeds) {
        Ok(()) => Ok(attempt.done().is_some()),
        Err(stuck) => Err(stuck.to_string()),
    }
}

fn outcome(played: Result<bool, String>) -> (bool, Option<String>) {
    match played {
        Ok(passed) => (passed, None),
        Err(problem) => (false, Some(problem)),
    }
}

/// Whether every goal that is required holds now, whatever it asks for the time.
fn required_hold(attempt: &Attempt) -> bool {
    let mut required = attempt.standings().filter(|(goal, _)| !goal.optional).peekable();
    let some = required.peek().is_some();
    some && required.all(|(goal, _)| goal.holds.judge(&attempt.scope()).held)
}

fn taken(attempt: &Attempt) -> String {
    attempt.done().map_or_else(String::new, |done| done.since(attempt.began()).to_string())
}

/// Which assertions do not hold, and by how much.
fn missed(attempt: &Attempt) -> String {
    let failed = attempt.standings().filter(|(goal, _)| !goal.optional).flat_map(|(goal, standing)| {
        let verdict = standing.verdict.clone().unwrap_or_else(|| goal.holds.judge(&attempt.scope()));
        verdict.assertions.into_iter().filter(|assertion| !assertion.held).map(move |assertion| {
            let measured = match &assertion.measured {
                Measured::Number(number) => format!("{number:.4}"),
                Measured::Text(text) => format!("`{text}`"),
                _ => "nothing".to_owned(),
            };
            match assertion.problem.as_ref().filter(|_| assertion.measured == Measured::Nothing) {
                Some(problem) => format!("`{}`: {problem}", assertion.text),
                None => format!("`{}`: measured {measured}", assertion.text),
            }
        })
    });
    let failed: Vec<String> = failed.collect();
    if failed.is_empty() { "it held, but not for long enough".to_owned() } else { failed.join("; ") }
}

/// What a step forbids and asks for all the same.
fn forbidden(task: &Task) -> Vec<(Rule, String)> {
    let is_forbidden = |deed: &&Deed| task.disabled.iter().any(|kind| kind == deed.action.name());
    let ways = std::iter::once(("the solution".to_owned(), &task.solution));
    let ways = ways.chain(task.alternatives.iter().enumerate().map(|(at, way)| (format!("alternative {}", at + 1), way)));
    ways.filter_map(|(what, way)| {
        let deed = way.iter().find(is_forbidden)?;
        Some((Rule::NothingForbidden, format!("{what} has `{}`, which the step forbids", deed.action.name())))
    })
    .collect()
}

/// Goes through the whole lesson as the reference does.
fn reference(lesson: &Arc<Lesson>, seed: u64) -> Found {
    let mut found = Vec::new();
    let mut add = |at: usize, rule: Rule, what: String| found.push((at, Finding { step: Some(lesson.steps[at].id.clone()), rule, seed: Some(seed), what }));
    let mut attempt = match Attempt::new(Arc::clone(lesson), seed) {
        Ok(attempt) => attempt,
        Err(stuck) => {
            add(0, Rule::Runs, stuck.to_string());
            return found;
        }
    };
    loop {
        let at = attempt.at();
        let step = &lesson.steps[at];
        match attempt.play_reference() {
            Ok(()) => {}
            Err(Stuck::Unsolved { .. }) => {
                add(at, Rule::SolutionPasses, missed(&attempt));
                return found;
            }
            Err(stuck) => {
                add(at, if step.kind.task().is_some() { Rule::SolutionPasses } else { Rule::Runs }, stuck.to_string());
                return found;
            }
        }
        if let Some(id) = attempt.misconception() {
            add(at, Rule::MisconceptionIsMistaken, format!("`{id}` shows in the solution"));
        }
        if let Some(what) = wrong_prediction(&attempt, step) {
            add(at, Rule::PredictionComesTrue, what);
        }
        for what in wrong_theory(&attempt, step) {
            add(at, Rule::TheoryHolds, what);
        }
        for what in wrong_numbers(lesson, &attempt, step) {
            add(at, Rule::NumberHolds, what);
        }
        match attempt.go_on() {
            Ok(true) => {}
            Ok(false) => return found,
            Err(stuck) => {
                add(at + 1, Rule::Runs, stuck.to_string());
                return found;
            }
        }
    }
}

fn wrong_prediction(attempt: &Attempt, step: &Step) -> Option<String> {
    match &step.kind {
        Kind::Predict(Prediction::Option { options, answer }) => {
            let true_ones: Vec<&str> = options.iter().filter(|(_, when)| when.holds(&attempt.scope())).map(|(id, _)| id.as_str()).collect();
            match true_ones.as_slice() {
                [one] if answer.as_ref().is_none_or(|answer| one == answer) => None,
                [] => Some("none of its options comes true".to_owned()),
                several => {
                    let said = answer.as_ref().map_or_else(|| "one alone should".to_owned(), |answer| format!("`{answer}` is said to"));
                    Some(format!("`{}` comes true, and {said}", several.join("` and `")))
                }
            }
        }
        Kind::Predict(Prediction::Number(NumberAsked { ask, unit, answer, near })) => match number(ask, attempt, unit) {
            Some(number) if is_near(number, *answer, *near) => None,
            Some(number) => Some(format!("it is {number:.4} {unit}, and said to be {answer} {unit}")),
            None => Some(format!("nothing is measured, and it is said to be {answer} {unit}")),
        },
        Kind::Predict(Prediction::Curve { .. }) if attempt.curve().len() < 2 => Some("nothing is measured of the curve".to_owned()),
        Kind::Predict(Prediction::Curve { most, unit, .. }) => {
            let highest = attempt.view().curve.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
            (highest > *most).then(|| format!("the curve reaches {highest:.4} {unit}, and its axis ends at {most} {unit} (`most`)"))
        }
        Kind::Show | Kind::Fade(_) | Kind::Solve(_) | Kind::Twist(_) | Kind::Quiz(_) | Kind::Reflect => None,
    }
}

fn wrong_theory(attempt: &Attempt, step: &Step) -> Vec<String> {
    let wrong = step.values.iter().filter_map(|value| {
        let theory = value.theory.as_ref()?;
        let expected = theory.number.number(&attempt.scope())?;
        match number(&value.ask, attempt, &value.unit) {
            Some(number) if is_near(number, expected, theory.near) => None,
            Some(number) => Some(format!("`{}` is {number:.4} {}, and theory says {expected:.4}", value.name, value.unit)),
            None => Some(format!("`{}` is not measured, and theory says {expected:.4}", value.name)),
        }
    });
    wrong
        .chain(
            step.values
                .iter()
                .filter(|value| attempt.values().get(&format!("{}.{}", step.id, value.name)).is_none_or(|measured| *measured == Measured::Nothing))
                .map(|value| format!("`{}` is not measured", value.name)),
        )
        .collect()
}

fn wrong_numbers(lesson: &Lesson, attempt: &Attempt, step: &Step) -> Vec<String> {
    let of_step = lesson.facts.iter().filter_map(|fact| {
        let (at, ask, near) = fact.measured.as_ref()?;
        (*at == step.id).then_some((fact, ask, *near))
    });
    let wrong = of_step.filter_map(|(fact, ask, near)| {
        let (said, unit) = super::facts::number(&fact.text)?;
        match number(ask, attempt, unit) {
            Some(number) if is_near(number, said, near) => None,
            Some(number) => Some(format!("`{}` is {number:.4} {unit} in the run", fact.text)),
            None => Some(format!("`{}` is not measured in the run", fact.text)),
        }
    });
    wrong.collect()
}

/// What is measured, in a unit.
fn number(ask: &Expression, attempt: &Attempt, unit: &str) -> Option<f64> {
    match scaled(ask.value(&attempt.scope()).ok()?, unit) {
        Measured::Number(number) => Some(number),
        _ => None,
    }
}

/// Whether a number is as near to another one as a share of that allows.
pub fn is_near(number: f64, expected: f64, near: f64) -> bool {
    (number - expected).abs() <= near * expected.abs()
}
