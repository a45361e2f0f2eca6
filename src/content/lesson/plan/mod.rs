//! From a lesson as written to its plan: every name, expression and action is checked against the world of its step.

mod deed;
mod measure;
mod name;
mod question;
mod task;
mod test;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::raw::{LessonFile, StepFile, WorldFile};
use super::{Staged, report};
use crate::content::diagnostic::{Code, Collector, Finding};
use crate::content::source::Place;
use crate::content::tree::{At, Node};
use crate::lesson::plan::{Deed, Kind, Lesson, LiveValue, Step, World};
use crate::scenario::{Scenario, limits};
use crate::units::{SimSpan, SimTime};
use crate::wording::{listed, nearest, shown};

/// Checks a lesson; `None` if nothing of it can be understood. Mistakes go to the collector.
pub(super) fn lesson(
    name: &str,
    file: &LessonFile,
    tree: &Node,
    stages: &BTreeMap<String, Staged>,
    lessons: &[String],
    collector: &mut Collector,
) -> Option<Lesson> {
    let mut planner = Planner { file, tree, stages, collector, recalled: Vec::new(), draws: Vec::new(), injected: Vec::new(), cleared: Vec::new() };
    planner.frame(name, lessons);
    let steps = planner.steps()?;
    let facts = planner.facts(&steps);
    let test = planner.test(&steps);
    planner.clears();
    Some(Lesson {
        name: name.to_owned(),
        minutes: file.minutes,
        topics: file.topics.clone(),
        requires: file.requires.clone(),
        sources: file.sources.clone(),
        facts,
        seed: file.seed,
        steps,
        test,
        texts: BTreeMap::new(),
    })
}

/// The name of the scenario of a step that begins a world.
fn scenario_of<'a>(file: &'a LessonFile, step: &'a StepFile) -> &'a str {
    step.world.as_ref().and_then(|world| world.scenario.as_deref()).unwrap_or(&file.scenario)
}

struct Planner<'a> {
    file: &'a LessonFile,
    tree: &'a Node,
    stages: &'a BTreeMap<String, Staged>,
    collector: &'a mut Collector,
    /// What steps so far measure, as `step.value`.
    recalled: Vec<String>,
    /// What the world of the step that is looked at may have drawn.
    draws: Vec<String>,
    /// The names of faults that anything in the lesson injects.
    injected: Vec<String>,
    /// The names of faults that are cleared, and where.
    cleared: Vec<(String, Place)>,
}

/// Where something is checked: its world.
#[derive(Clone, Copy)]
struct Here<'a> {
    stage: &'a Staged,
    scenario: &'a Scenario,
}

impl Planner<'_> {
    fn report(&mut self, at: &At<'_>, finding: Finding) {
        report(self.tree, at, finding, self.collector);
    }

    /// The top level.
    fn frame(&mut self, name: &str, lessons: &[String]) {
        let file = self.file;
        if file.format_version != 1 {
            let finding = Finding::error(Code::Impossible, format!("this program reads format version 1, not {}", file.format_version));
            self.report(&At::ROOT.key("format_version"), finding);
        } else if self.tree.get("format_version").is_none() {
            self.report(&At::ROOT, Finding::error(Code::MissingKey, "`format_version = 1` is missing"));
        }
        self.count(u64::from(file.minutes), 1, 60, &At::ROOT.key("minutes"));
        for (at, required) in file.requires.iter().enumerate() {
            let spot = At::ROOT.key("requires");
            let spot = spot.index(at);
            if required == name {
                self.report(&spot, Finding::error(Code::Cycle, "a lesson cannot come before itself"));
            } else if !lessons.contains(required) {
                let known = || lessons.iter().map(String::as_str).filter(|known| *known != name);
                let finding = Finding::error(Code::UnknownName, format!("there is no lesson `{}`", shown(required)));
                self.report(&spot, finding.suggest(nearest(required, known()), || listed(known()).map(|names| format!("there are {names}"))));
            }
        }
        if file.step.is_empty() {
            self.report(&At::ROOT, Finding::error(Code::MissingKey, "a lesson has at least one `[[step]]`"));
        }
        if file.step.len() > limits::LESSON_STEPS {
            let finding = Finding::error(Code::TooMuch, format!("{} steps; a lesson has at most {}", file.step.len(), limits::LESSON_STEPS));
            self.report(&At::ROOT.key("step"), finding);
        }
    }

    fn steps(&mut self) -> Option<Vec<Step>> {
        let file = self.file;
        let mut scenarios: BTreeMap<usize, Arc<Scenario>> = BTreeMap::new();
        for (at, step) in file.step.iter().enumerate().filter(|(at, step)| *at == 0 || step.world.is_some()) {
            // A world lasts as long as the steps that go on in it.
            let going_on = file.step[at + 1..].iter().take_while(|step| step.world.is_none());
            let lasts = going_on.fold(step.lasts, |sum, step| sum + step.lasts);
            let until = step.world.as_ref().map_or(SimTime::ZERO, |world| world.until).since(SimTime::ZERO) + lasts;
            if until > limits::LESSON_TIME {
                let spot = At::ROOT.key("step");
                let finding =
                    Finding::error(Code::TooMuch, format!("its world runs for {until}; in a lesson a world runs for at most {}", limits::LESSON_TIME));
                self.report(&spot.index(at).key("lasts"), finding);
            }
            let Some(stage) = self.stages.get(scenario_of(file, step)) else { continue };
            let mut scenario = stage.scenario.clone();
            // Nothing happens in a world of no time; that a step needs some is said where it is missing.
            scenario.duration = until.max(SimSpan::from_secs(1));
            scenario.warm_up = SimSpan::ZERO;
            scenarios.insert(at, Arc::new(scenario));
        }
        let mut steps: Vec<Step> = Vec::new();
        let mut current: Option<(&Staged, Arc<Scenario>)> = None;
        for (at, step) in file.step.iter().enumerate() {
            if at == 0 || step.world.is_some() {
                current = self.stages.get(scenario_of(file, step)).zip(scenarios.get(&at).map(Arc::clone));
            }
            let spot = At::ROOT.key("step");
            let spot = spot.index(at);
            self.id(&step.id, steps.iter().map(|step| step.id.as_str()), &spot.key("id"));
            let Some((stage, scenario)) = &current else { continue };
            let here = Here { stage, scenario };
            if let Some(step) = self.step(step, &spot, here, Arc::clone(scenario), at == 0) {
                self.recalled.extend(step.values.iter().map(|value| format!("{}.{}", step.id, value.name)));
                steps.push(step);
            }
        }
        (steps.len() == file.step.len() && !steps.is_empty()).then_some(steps)
    }

    fn step(&mut self, file: &StepFile, at: &At<'_>, here: Here<'_>, scenario: Arc<Scenario>, is_first: bool) -> Option<Step> {
        let world = file.world.as_ref().map(|world| {
            let at = at.key("world");
            self.draws = world.draw.names().map(str::to_owned).collect();
            let actions = self.deeds(&world.actions, &at.key("actions"), here);
            self.in_order(&actions, world.until.since(SimTime::ZERO), &at.key("actions"));
            let draws = self.draws_of(world, &at.key("draw"), here);
            World { seed: world.seed, until: world.until, actions, draws }
        });
        let world = world.or_else(|| is_first.then(|| World { seed: None, until: SimTime::ZERO, actions: Vec::new(), draws: Vec::new() }));
        let run = self.deeds(&file.run, &at.key("run"), here);
        self.in_order(&run, file.lasts, &at.key("run"));
        let values_at = at.key("values");
        let values: Vec<LiveValue> = file.values.iter().filter_map(|(name, value)| self.value(name, value, &values_at.key(name), here)).collect();
        if let Some(look) = &file.look {
            self.look(look, &at.key("look"), here);
        }
        let kind = self.kind(file, at, here)?;
        let needs_time = !matches!(kind, Kind::Quiz(_) | Kind::Reflect);
        if needs_time && file.lasts == SimSpan::ZERO && !self.tree.is_broken_at(&at.key("lasts").segments()) {
            let finding = Finding::error(Code::MissingKey, format!("a step of kind `{}` needs time", kind.name()));
            self.report(&at.key("id"), finding.help("add `lasts = \"5m\"`, or however long it may take"));
        }
        Some(Step { id: file.id.clone(), world, scenario, run, lasts: file.lasts, values, look: file.look.clone(), kind })
    }

    /// What a world draws one of.
    fn draws_of(&mut self, world: &WorldFile, at: &At<'_>, here: Here<'_>) -> Vec<(String, Vec<Deed>)> {
        if world.draw.len() == 1 {
            self.report(at, Finding::error(Code::Impossible, "one thing alone cannot be drawn from").help("write it into `actions`, or add another"));
        }
        if world.seed.is_some() && !world.draw.is_empty() {
            self.report(at, Finding::error(Code::Impossible, "a world with a `seed` of its own draws the same every time"));
        }
        let mut draws = Vec::new();
        for (name, deeds) in world.draw.iter() {
            let at = at.key(name);
            self.id(name, std::iter::empty(), &at.as_key());
            let deeds = self.deeds(deeds, &at, here);
            self.in_order(&deeds, world.until.since(SimTime::ZERO), &at);
            draws.push((name.to_owned(), deeds));
        }
        draws
    }

    fn kind(&mut self, file: &StepFile, at: &At<'_>, here: Here<'_>) -> Option<Kind> {
        let kinds = [
            ("show", file.show.is_some()),
            ("fade", file.fade.is_some()),
            ("predict", file.predict.is_some()),
            ("solve", file.solve.is_some()),
            ("twist", file.twist.is_some()),
            ("quiz", file.quiz.is_some()),
            ("reflect", file.reflect.is_some()),
        ];
        let given: Vec<&str> = kinds.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        // A kind that could not be read is one, and its mistake is told.
        let broken = || kinds.iter().any(|(name, _)| self.tree.is_broken_at(&at.key(name).segments()));
        match given.as_slice() {
            [_] => {}
            [] if broken() => return None,
            [] => {
                let names = kinds.map(|(name, _)| name).join("`, `");
                let finding = Finding::error(Code::MissingKey, "what does the step ask of the learner?").help(format!("write one of `{names}`"));
                self.report(&at.key("id"), finding);
                return None;
            }
            [_, second, ..] => {
                let finding = Finding::error(Code::Impossible, format!("a step is of one kind, and this one is `{}`", given.join("` and `")));
                self.report(&at.key(second).as_key(), finding.help("make two steps of it"));
                return None;
            }
        }
        Some(if let Some(fade) = &file.fade {
            Kind::Fade(Box::new(self.fade(fade, file, &at.key("fade"), here)?))
        } else if let Some(predict) = &file.predict {
            Kind::Predict(self.prediction(predict, &at.key("predict"), here)?)
        } else if let Some(task) = &file.solve {
            Kind::Solve(self.task(task, file, &at.key("solve"), here))
        } else if let Some(task) = &file.twist {
            Kind::Twist(self.task(task, file, &at.key("twist"), here))
        } else if let Some(quiz) = &file.quiz {
            Kind::Quiz(self.quiz(quiz, &at.key("quiz")))
        } else if file.reflect.is_some() {
            Kind::Reflect
        } else {
            Kind::Show
        })
    }
}
