//! An attempt at a lesson: which step is under way, its world, and how its goals stand.
//!
//! An attempt wraps a session and is the only one who moves it: what a step does by itself happens at its times, and goals are
//! judged at moments that depend on the step alone, so that an attempt comes to the same however it is stepped. It knows no
//! screen and no file; `proof` uses it as the window does.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;

use super::expression::{Recalled, Scope};
use super::goal::Verdict;
use super::plan::{Deed, Kind, Lesson, LiveValue, Prediction, Step, StepGoal, Task, World};
use crate::insight::judge::Measured;
use crate::lab::{ActionError, Session};
use crate::phrase::{Sentence, phrases};
use crate::scenario::{Action, Scenario, TimedAction};
use crate::units::{SimSpan, SimTime};

/// Moments at which goals are judged in a step, about.
const JUDGED: u64 = 300;
/// The least time between two of them.
const LEAST: SimSpan = SimSpan::from_secs(1);

/// A lesson under way.
#[derive(Debug)]
pub struct Attempt {
    lesson: Arc<Lesson>,
    seed: u64,
    /// Which step is under way.
    at: usize,
    session: Session,
    /// When the step began, in its world.
    began: SimTime,
    /// How many actions the session had seen then.
    acted: usize,
    /// What the step's world drew, if it draws anything.
    drawn: Option<String>,
    /// What the step still does by itself.
    run: VecDeque<Deed>,
    /// What the learner did in the step.
    own: Vec<TimedAction>,
    /// Whether the solution was shown since the step began.
    shown: bool,
    /// What is still to be done of a solution that plays itself.
    script: VecDeque<Deed>,
    /// When goals are judged next.
    judged_next: SimTime,
    /// How each goal of the step stands.
    standings: Vec<Standing>,
    /// When the step was done, and what it came to.
    done: Option<Ended>,
    /// What had come to pass when the step began.
    before: Outcome,
    /// What steps before measured, and this one since it is done.
    recalled: Recalled,
    /// The curve that is predicted, as far as it got.
    curve: Vec<(SimTime, f64)>,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// Simulated time.
    pub took: SimSpan,
    /// Different users of whom a request failed, and of whom none had before the step.
    pub users_hurt: u64,
    /// Requests that failed.
    pub failed: u64,
    /// What the fleet cost [$].
    pub cost: f64,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// When, in its world.
    pub at: SimTime,
    /// The digest of its world then.
    pub digest: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// How a goal of a step stands.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// What came of it when it was judged last.
    pub verdict: Option<Verdict>,
    /// Since when it has held, if it does.
    pub since: Option<SimTime>,
}

/// An attempt that cannot go on: the lesson does something that its world refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    /// What the lesson does by itself is refused.
    #[error("in step `{step}`, {at} after its beginning, `{action}` is refused: {why}")]
    Refused {
        /// The step.
        step: String,
        /// How long after its beginning, or after that of its world.
        at: SimSpan,
        /// The kind of action.
        action: &'static str,
        /// Why.
        why: ActionError,
    },
    /// The reference solution does not reach the goal.
    #[error("the solution of step `{step}` does not reach its goal")]
    Unsolved {
        /// The step.
        step: String,
    },
    /// More is under way than can be simulated.
    #[error("the world of step `{step}` cannot go on at {at}")]
    Exhausted {
        /// The step.
        step: String,
        /// When.
        at: SimTime,
    },
}

phrases! {
    /// Why a learner may not do something.
    pub enum Forbidden {
        /// The step runs by itself: what a learner did in it would change what it shows, and what they predict.
        "lesson-not-your-turn" => NotYourTurn = "this step runs by itself; do it in a step in which something is to be done",
        /// The step is done, and its world waits for the next one.
        "lesson-step-over" => Over = "this step is done; go on to the next one",
        /// The step allows no such action.
        "lesson-disabled" => Disabled {
            /// The kind of action.
            action: &'static str,
        } = "this step is to be done without `{action}`",
        /// The world refuses it.
        "lesson-refused" => Refused {
            /// Why.
            why: Sentence,
        } = "{why}",
    }
}

impl std::error::Error for Forbidden {}

impl From<ActionError> for Forbidden {
    fn from(error: ActionError) -> Self {
        Self::Refused { why: error.sentence() }
    }
}

impl Step {
    /// Why nobody does something of a kind ([`Action::name`]) in it; `None` if they may.
    pub fn forbids(&self, kind: &'static str) -> Option<Forbidden> {
        match self.kind.task() {
            None => Some(Forbidden::NotYourTurn),
            Some(task) => task.disabled.iter().any(|disabled| disabled == kind).then_some(Forbidden::Disabled { action: kind }),
        }
    }
}

impl Attempt {
    /// Begins a lesson.
    pub fn new(lesson: Arc<Lesson>, seed: u64) -> Result<Self, Stuck> {
        Self::in_world(lesson, seed, 0, Recalled::new())
    }

    /// Begins a lesson at a step that has a world of its own, with what the learner measured in steps before. Any other step
    /// begins as [`Self::at_step`] has it.
    pub fn in_world(lesson: Arc<Lesson>, seed: u64, step: usize, recalled: Recalled) -> Result<Self, Stuck> {
        let Some(begins) = lesson.steps.get(step).filter(|step| step.world.is_some()) else { return Self::at_step(lesson, seed, step) };
        let (session, drawn) = open(begins, seed)?;
        let mut attempt = Self {
            seed,
            at: step,
            began: session.now(),
            session,
            acted: 0,
            drawn,
            run: VecDeque::new(),
            own: Vec::new(),
            shown: false,
            script: VecDeque::new(),
            judged_next: SimTime::ZERO,
            standings: Vec::new(),
            done: None,
            before: Outcome::default(),
            recalled,
            curve: Vec::new(),
            lesson,
        };
        attempt.begin();
        Ok(attempt)
    }

    /// Begins a lesson at a step, having done the steps before as the reference does.
    pub fn at_step(lesson: Arc<Lesson>, seed: u64, step: usize) -> Result<Self, Stuck> {
        let mut attempt = Self::new(lesson, seed)?;
        while attempt.at < step {
            attempt.play_reference()?;
            if !attempt.go_on()? {
                break;
            }
        }
        Ok(attempt)
    }

    /// The lesson.
    pub const fn lesson(&self) -> &Arc<Lesson> {
        &self.lesson
    }
    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }
    /// The number of the step that is under way.
    pub const fn at(&self) -> usize {
        self.at
    }
    /// The step that is under way.
    pub fn step(&self) -> &Step {
        &self.lesson.steps[self.at]
    }
    /// Its world.
    pub const fn session(&self) -> &Session {
        &self.session
    }
    /// Its world, to read what needs writing to be read, such as its digest.
    pub const fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }
    /// When the step began.
    pub const fn began(&self) -> SimTime {
        self.began
    }
    /// When the step's time is up.
    pub fn ends(&self) -> SimTime {
        self.began + self.step().lasts
    }
    /// When the step was done, if it was.
    pub fn done(&self) -> Option<SimTime> {
        self.done.as_ref().map(|ended| ended.at)
    }
    /// How the step ended, if it did.
    pub const fn ended(&self) -> Option<&Ended> {
        self.done.as_ref()
    }
    /// What came of the step so far.
    pub fn outcome(&self) -> Outcome {
        let now = self.tally();
        Outcome {
            took: self.session.now().since(self.began),
            users_hurt: now.users_hurt.saturating_sub(self.before.users_hurt),
            failed: now.failed.saturating_sub(self.before.failed),
            cost: now.cost - self.before.cost,
        }
    }

    /// What has come to pass in the world so far.
    fn tally(&self) -> Outcome {
        let counts = self.session.store().run_counts();
        Outcome {
            took: SimSpan::ZERO,
            users_hurt: self.session.store().users_hurt(None),
            failed: counts.requests.saturating_sub(counts.answered),
            cost: self.session.fleet().cost(self.session.now()).0,
        }
    }

    /// Whether the step's time is up without its goal being reached.
    pub fn is_missed(&self) -> bool {
        self.done.is_none() && self.session.now() >= self.ends()
    }
    /// Whether a misconception of the step shows, and which.
    pub fn misconception(&self) -> Option<&str> {
        let task = self.step().kind.task()?;
        task.misconceptions.iter().find(|known| known.when.holds(&self.scope())).map(|known| known.id.as_str())
    }
    /// How the goals of the step stand, in the order of its task.
    pub fn standings(&self) -> impl Iterator<Item = (&StepGoal, &Standing)> {
        self.step().kind.task().into_iter().flat_map(|task| &task.goals).zip(&self.standings)
    }
    /// What was measured in steps before, and in this one since it is done.
    pub const fn recalled(&self) -> &Recalled {
        &self.recalled
    }
    /// Whether the learner has yet to find out what the world drew: until the step is done that asks for it.
    pub fn is_a_riddle(&self) -> bool {
        let asks = |step: &Step| matches!(step.kind, Kind::Predict(Prediction::Option { answer: None, .. }));
        let asked = self.lesson.steps.iter().skip(self.at).take_while(|step| step.id == self.step().id || step.world.is_none()).any(asks);
        let answered = asks(self.step()) && self.done.is_some();
        let asks_before = self.lesson.steps[..self.at].iter().rev().take_while(|_| self.step().world.is_none()).any(asks);
        self.drawn.is_some() && !answered && (asked || !asks_before)
    }
    /// What the learner did in the step.
    pub fn own(&self) -> &[TimedAction] {
        &self.own
    }
    /// Whether the solution was shown since the step began.
    pub const fn shown(&self) -> bool {
        self.shown
    }
    /// The curve that is predicted, as far as it got.
    pub fn curve(&self) -> &[(SimTime, f64)] {
        &self.curve
    }
    /// What expressions of this step are asked of.
    pub fn scope(&self) -> Scope<'_> {
        Scope { session: &self.session, began: self.began, recalled: &self.recalled, drawn: self.drawn.as_deref() }
    }

    /// What texts may quote, by `step.value` and `step.value.theory`: what was measured when steps were done, and what values of
    /// a step that goes on come to now.
    pub fn values(&self) -> Recalled {
        let mut values = self.recalled.clone();
        if self.done.is_none() {
            self.measure(&mut values);
        }
        values
    }

    fn measure(&self, values: &mut Recalled) {
        let step = self.step();
        for LiveValue { name, ask, theory, .. } in &step.values {
            let name = format!("{}.{name}", step.id);
            let theory = theory.as_ref().map(|theory| theory.number.value(&self.scope()).unwrap_or(Measured::Nothing));
            values.extend(theory.map(|theory| (format!("{name}.theory"), theory)));
            values.insert(name, ask.value(&self.scope()).unwrap_or(Measured::Nothing));
        }
    }

    /// Runs until `until`, but not beyond the end of the step, and not on once it is done.
    pub fn advance_to(&mut self, until: SimTime) -> Result<(), Stuck> {
        loop {
            self.run_what_is_due()?;
            self.judge_if_due();
            let now = self.session.now();
            if self.done.is_some() || now >= until || now >= self.ends() {
                return Ok(());
            }
            let deed = self.run.front().map(|deed| self.began + deed.after);
            let scripted = self.script.front().map(|deed| self.began + deed.after);
            let next = deed.into_iter().chain(scripted).chain([until, self.judged_next, self.ends()]).min().unwrap_or(until);
            self.session.advance_to(next);
            if self.session.failure().is_some() {
                return Err(Stuck::Exhausted { step: self.step().id.clone(), at: self.session.now() });
            }
        }
    }

    /// Runs to the end of the step, or until it is done.
    pub fn finish(&mut self) -> Result<(), Stuck> {
        self.advance_to(self.ends())
    }

    /// Does something in the world.
    pub fn act(&mut self, action: Action) -> Result<(), Forbidden> {
        if let Some(forbidden) = self.step().forbids(action.name()) {
            return Err(forbidden);
        }
        if self.done.is_some() {
            return Err(Forbidden::Over);
        }
        // What the step does by itself at this moment comes first, however it is stepped: whoever runs it again has the same order.
        if let Err(Stuck::Refused { why, .. }) = self.run_what_is_due() {
            return Err(why.into());
        }
        let at = self.session.now();
        self.session.act(action.clone())?;
        self.own.push(TimedAction { at, action });
        Ok(())
    }

    /// Goes on to the next step; whether there is one. What is not finished yet stays as it is.
    pub fn go_on(&mut self) -> Result<bool, Stuck> {
        let Some(next) = self.lesson.steps.get(self.at + 1) else { return Ok(false) };
        if next.world.is_some() {
            (self.session, self.drawn) = open(next, self.seed)?;
        }
        self.at += 1;
        self.begin();
        Ok(true)
    }

    /// Goes back to the beginning of the step, as if nothing had been done in it.
    pub fn rewind(&mut self) -> Result<(), Stuck> {
        let before: Vec<_> = self.session.actions()[..self.acted].to_vec();
        let mut session = Session::new(Arc::clone(self.session.given()), self.session.seed());
        for timed in before {
            session.advance_to(timed.at);
            let deed = Deed { after: timed.at.since(SimTime::ZERO), action: timed.action, drawn: None };
            session.act(deed.action.clone()).map_err(|why| refused(self.step(), &deed, why))?;
        }
        session.advance_to(self.began);
        self.session = session;
        let of_this_step = format!("{}.", self.step().id);
        self.recalled.retain(|name, _| !name.starts_with(&of_this_step));
        self.begin();
        Ok(())
    }

    /// Does in this step what the reference does, to its end.
    pub fn play_reference(&mut self) -> Result<(), Stuck> {
        let solution = self.step().kind.task().map(|task| task.solution.clone()).unwrap_or_default();
        self.play(&solution)?;
        if self.done.is_some() { Ok(()) } else { Err(Stuck::Unsolved { step: self.step().id.clone() }) }
    }

    /// Goes back to the beginning of the step; from there on the solution plays itself, as time runs.
    pub fn show_solution(&mut self) -> Result<(), Stuck> {
        self.rewind()?;
        self.shown = true;
        let solution = self.step().kind.task().map(|task| task.solution.clone()).unwrap_or_default();
        self.script = solution.into_iter().filter(|deed| deed.applies(self.drawn.as_deref())).collect();
        Ok(())
    }

    /// Does these things after the beginning of the step, and runs to its end or until it is done.
    pub fn play(&mut self, deeds: &[Deed]) -> Result<(), Stuck> {
        for deed in deeds {
            if !deed.applies(self.drawn.as_deref()) {
                continue;
            }
            self.advance_to(self.began + deed.after)?;
            if self.done.is_some() {
                break;
            }
            self.session.act(deed.action.clone()).map_err(|why| refused(&self.lesson.steps[self.at], deed, why))?;
        }
        self.finish()
    }

    /// Begins the step at hand in its world as it is.
    fn begin(&mut self) {
        self.before = self.tally();
        self.began = self.session.now();
        self.acted = self.session.actions().len();
        let step = &self.lesson.steps[self.at];
        self.run = step.run.iter().filter(|deed| deed.applies(self.drawn.as_deref())).cloned().collect();
        self.own.clear();
        self.shown = false;
        self.script.clear();
        self.judged_next = self.began;
        self.done = None;
        self.curve.clear();
        self.standings = self.step().kind.task().map_or_else(Vec::new, |task: &Task| vec![Standing::default(); task.goals.len()]);
        self.judge_if_due();
    }

    fn run_what_is_due(&mut self) -> Result<(), Stuck> {
        while let Some(deed) = self.run.front().filter(|deed| self.began + deed.after <= self.session.now()) {
            self.session.act(deed.action.clone()).map_err(|why| refused(&self.lesson.steps[self.at], deed, why))?;
            self.run.pop_front();
        }
        while let Some(deed) = self.script.front().filter(|deed| self.began + deed.after <= self.session.now()) {
            self.session.act(deed.action.clone()).map_err(|why| refused(&self.lesson.steps[self.at], deed, why))?;
            self.script.pop_front();
        }
        Ok(())
    }

    /// Judges the goals, if their moment has come.
    fn judge_if_due(&mut self) {
        let now = self.session.now();
        if now < self.judged_next || self.done.is_some() {
            return;
        }
        let lesson = Arc::clone(&self.lesson);
        let step = &lesson.steps[self.at];
        self.judged_next = now + every(step);
        if let Kind::Predict(Prediction::Curve { ask, .. }) = &step.kind
            && let Some(number) = ask.number(&self.scope())
        {
            self.curve.push((now, number));
        }
        let done = match step.kind.task() {
            Some(task) => {
                for (at, goal) in task.goals.iter().enumerate() {
                    let verdict = goal.holds.judge(&self.scope());
                    let standing = &mut self.standings[at];
                    standing.since = if verdict.held { standing.since.or(Some(now)) } else { None };
                    standing.verdict = Some(verdict);
                }
                let reached = |(goal, standing): (&StepGoal, &Standing)| goal.optional || standing.since.is_some_and(|since| now.since(since) >= goal.hold);
                // What a step does by itself belongs to it; nobody is done before it has happened.
                self.run.is_empty() && task.goals.iter().zip(&self.standings).all(reached)
            }
            None => now >= self.ends(),
        };
        if done {
            let outcome = self.outcome();
            self.done = Some(Ended { at: now, digest: self.session.digest(), outcome });
            // What is measured may ask for what was measured before.
            let mut recalled = self.recalled.clone();
            self.measure(&mut recalled);
            self.recalled = recalled;
        }
    }
}

fn refused(step: &Step, deed: &Deed, why: ActionError) -> Stuck {
    Stuck::Refused { step: step.id.clone(), at: deed.after, action: deed.action.name(), why }
}

/// How often the goals of a step are judged.
fn every(step: &Step) -> SimSpan {
    let moments = match &step.kind {
        Kind::Predict(Prediction::Curve { points, .. }) => u64::from(*points).max(1),
        Kind::Show | Kind::Predict(_) | Kind::Quiz(_) | Kind::Reflect => 1,
        Kind::Fade(_) | Kind::Solve(_) | Kind::Twist(_) => JUDGED,
    };
    SimSpan::from_nanos(step.lasts.nanos() / moments).max(LEAST).min(step.lasts.max(SimSpan::from_nanos(1)))
}

/// The world in which a step begins, and what it drew.
fn open(step: &Step, seed: u64) -> Result<(Session, Option<String>), Stuck> {
    let nowhere = World { seed: None, until: SimTime::ZERO, actions: Vec::new(), draws: Vec::new() };
    let world = step.world.as_ref().unwrap_or(&nowhere);
    let scenario: Arc<Scenario> = Arc::clone(&step.scenario);
    let seed = world.seed.unwrap_or(seed);
    let mut session = Session::new(scenario, seed);
    let drawn = world.drawn(seed);
    let mut deeds: Vec<&Deed> = world.actions.iter().chain(drawn.into_iter().flat_map(|(_, deeds)| deeds)).collect();
    deeds.sort_by_key(|deed| deed.after);
    for deed in deeds {
        session.advance_to(SimTime::ZERO + deed.after);
        session.act(deed.action.clone()).map_err(|why| refused(step, deed, why))?;
    }
    session.advance_to(world.until);
    match session.failure() {
        Some(_) => Err(Stuck::Exhausted { step: step.id.clone(), at: session.now() }),
        None => Ok((session, drawn.map(|(name, _)| name.clone()))),
    }
}
