//! What a reader (the window) sees of an attempt at a moment: plain data, detached from the session.

use super::attempt::{Attempt, Ended};
use super::expression::Recalled;
use super::goal::Assertion;
use super::plan::{Kind, Prediction};
use super::quote::scaled;
use crate::insight::judge::Measured;
use crate::scenario::TimedAction;
use crate::units::SimTime;

/// An attempt at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LessonView {
    /// The number of the step that is under way.
    pub step: usize,
    /// When it began.
    pub began: SimTime,
    /// When its time is up.
    pub ends: SimTime,
    /// When it was done, if it was.
    pub done: Option<SimTime>,
    /// Whether its time is up without its goal being reached.
    pub missed: bool,
    /// How its goals stand, in the order of its task.
    pub goals: Vec<GoalView>,
    /// What texts may quote.
    pub values: Recalled,
    /// The misconception that shows.
    pub misconception: Option<String>,
    /// What came of what was predicted, once the step is done.
    pub came: Option<Came>,
    /// What the learner did in the step so far, for whoever keeps it.
    pub own: Vec<TimedAction>,
    /// Whether the solution played itself in it.
    pub played: bool,
    /// How it ended, if it did.
    pub ended: Option<Ended>,
    /// The curve that was predicted, as far as it got: seconds since the beginning of the step, and the value in its unit.
    pub curve: Vec<(f64, f64)>,
}

/// How a goal stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GoalView {
    /// Whether it holds.
    pub held: bool,
    /// For which share of the time it is to hold it has held, 0…1.
    pub kept: f64,
    /// Its assertions.
    pub assertions: Vec<Assertion>,
}

/// What came of what was predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Came {
    /// The option that came true.
    Option(String),
    /// A number, in its unit.
    Number(f64),
    /// A curve.
    Curve,
}

impl Attempt {
    /// What a reader sees now.
    pub fn view(&self) -> LessonView {
        let now = self.session().now();
        let goals = self.standings().map(|(goal, standing)| {
            let held_for = standing.since.map_or(0.0, |since| now.since(since).as_secs_f64());
            let wanted = goal.hold.as_secs_f64();
            let kept = if standing.since.is_none() {
                0.0
            } else if wanted > 0.0 {
                (held_for / wanted).min(1.0)
            } else {
                1.0
            };
            let verdict = standing.verdict.clone();
            GoalView { held: standing.since.is_some(), kept, assertions: verdict.map_or_else(Vec::new, |verdict| verdict.assertions) }
        });
        let unit = if let Kind::Predict(Prediction::Curve { unit, .. }) = &self.step().kind { unit.as_str() } else { "" };
        let factor = if unit == "%" { 100.0 } else { 1.0 };
        LessonView {
            step: self.at(),
            began: self.began(),
            ends: self.ends(),
            done: self.done(),
            missed: self.is_missed(),
            goals: goals.collect(),
            values: self.values(),
            misconception: self.misconception().map(str::to_owned),
            own: self.own().to_vec(),
            played: self.shown(),
            ended: self.ended().cloned(),
            came: self.done().and_then(|_| self.came()),
            curve: self.curve().iter().map(|(at, value)| (at.since(self.began()).as_secs_f64(), value * factor)).collect(),
        }
    }

    /// What has come of what was predicted.
    fn came(&self) -> Option<Came> {
        let Kind::Predict(prediction) = &self.step().kind else { return None };
        match prediction {
            Prediction::Option { options, .. } => {
                let true_one = options.iter().find(|(_, when)| when.holds(&self.scope()));
                true_one.map(|(id, _)| Came::Option(id.clone()))
            }
            Prediction::Number(number) => match scaled(number.ask.value(&self.scope()).ok()?, &number.unit) {
                Measured::Number(number) => Some(Came::Number(number)),
                _ => None,
            },
            Prediction::Curve { .. } => Some(Came::Curve),
        }
    }
}
