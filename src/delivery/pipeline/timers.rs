//! Time limits: of actions, approvals and rules.
//!
//! What takes too long counts as failed; whoever runs it is told that nobody waits any more.

use super::conditions::declared;
use super::definition::Rule;
use super::execution::{Engine, Timer, Todo};
use super::limits;
use super::outcome::{Effect, Outcome, Why};
use super::status::ActionStatus;
use crate::units::SimTime;

impl Engine {
    /// When the next time limit ends, if anything is under way. [`Engine::due`] wants to be called then.
    pub fn next_due(&self) -> Option<SimTime> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// It is `now`: whatever should have ended by now counts as failed.
    pub fn due(&mut self, now: SimTime) -> Outcome {
        let mut outcome = Outcome::default();
        while let Some(&(due, timer)) = self.timers.first().filter(|(due, _)| *due <= now) {
            self.timers.remove(&(due, timer));
            match timer {
                Timer::Action(run) => {
                    let Some(&(execution, stage, at)) = self.action_runs.get(&run) else { continue };
                    let action = &self.stage(stage).actions[at];
                    let (why, is_approval) = (Why::timed_out(action.time_limit()), action.is_approval());
                    if !is_approval {
                        self.out.effects.push(Effect::AbandonAction { run, timed_out: true });
                    }
                    self.end_action(now, run, ActionStatus::Failed, Some(why));
                    self.todo.push_back(Todo::Proceed(execution, stage));
                }
                Timer::Rule(rule) => {
                    let Some((execution, stage, kind, at)) = self.forget_rule(rule) else { continue };
                    self.out.effects.push(Effect::AbandonRule { rule });
                    let limit = declared(self.stage(stage), kind).and_then(|condition| condition.rules.get(at)).map_or(limits::RULE, Rule::time_limit);
                    let abandoned = self.condition_mut(execution, stage, kind).map(|run| run.time_out(at, Why::timed_out(limit))).unwrap_or_default();
                    self.answered(now, execution, stage, kind, abandoned);
                }
            }
            let Outcome { effects, events } = self.settle(now);
            outcome.effects.extend(effects);
            outcome.events.extend(events);
        }
        outcome
    }
}
