//! What is to be reached in a step: goals, hints, solutions, misconceptions, and the gap of a worked example.

use super::{Here, Planner};
use crate::content::diagnostic::{Code, Finding};
use crate::content::lesson::raw::{FadeFile, GoalFile, HintFile, MisconceptionFile, StepFile, TaskFile};
use crate::content::raw::Entries;
use crate::content::tree::At;
use crate::lesson::expression::Names;
use crate::lesson::goal::Goal;
use crate::lesson::kind::Kind;
use crate::lesson::plan::{Deed, Fade, Hint, Misconception, StepGoal, Task};
use crate::scenario::Action;
use crate::units::SimSpan;
use crate::wording::{nearest, shown};

impl Planner<'_> {
    pub(super) fn task(&mut self, file: &TaskFile, step: &StepFile, at: &At<'_>, here: Here<'_>) -> Task {
        let goals = self.goals(&file.goals, &at.key("goals"), here);
        let disabled_at = at.key("disabled");
        for (n, name) in file.disabled.iter().enumerate() {
            if !Action::NAMES.contains(&name.as_str()) {
                let finding = Finding::error(Code::UnknownName, format!("there is no action `{}`", shown(name)));
                let others = || Some(format!("there are `{}`", Action::NAMES.join("`, `")));
                self.report(&disabled_at.index(n), finding.suggest(nearest(name, Action::NAMES), others));
            }
        }
        let solution_at = at.key("solution");
        let solution = self.deeds(&file.solution, &solution_at, here);
        self.in_order(&solution, step.lasts, &solution_at);
        if solution.is_empty() && !self.tree.is_broken_at(&solution_at.segments()) {
            let finding = Finding::error(Code::MissingKey, "what would somebody do who knows?").label("needs at least one action");
            self.report(&solution_at, finding);
        }
        let alternatives_at = at.key("alternatives");
        let mut alternatives = Vec::new();
        for (n, way) in file.alternatives.iter().enumerate() {
            let at = alternatives_at.index(n);
            let deeds = self.deeds(way, &at, here);
            self.in_order(&deeds, step.lasts, &at);
            alternatives.push(deeds);
        }
        let misconceptions = self.misconceptions(&file.misconceptions, step.lasts, &at.key("misconceptions"), here);
        let hints = self.hints(&file.hints, &at.key("hints"), here);
        Task { goals, disabled: file.disabled.clone(), hints, solution, alternatives, misconceptions }
    }

    pub(super) fn fade(&mut self, file: &FadeFile, step: &StepFile, at: &At<'_>, here: Here<'_>) -> Option<Fade> {
        let action = self.deed(SimSpan::ZERO, &file.action, &at.key("do"), here);
        let gap: Vec<String> = file.gap.split('.').map(str::to_owned).collect();
        let written = serde_json::to_value(&action).unwrap_or_default();
        let filled = gap.iter().try_fold(&written, |value, key| value.get(key));
        if !filled.is_some_and(|value| !value.is_object() && !value.is_array()) {
            let finding = Finding::error(Code::UnknownName, format!("nothing in the action is at `{}`", shown(&file.gap)));
            self.report(
                &at.key("gap"),
                finding.label("not a value of the action").help("write the keys that lead to a number or a text, such as `scale.instances`"),
            );
            return None;
        }
        let goals = self.goals(&file.goals, &at.key("goals"), here);
        let misconceptions = self.misconceptions(&file.misconceptions, step.lasts, &at.key("misconceptions"), here);
        let hints = self.hints(&file.hints, &at.key("hints"), here);
        let solution = vec![Deed { after: SimSpan::ZERO, action: action.clone(), drawn: None }];
        let task = Task { goals, disabled: Vec::new(), hints, solution, alternatives: Vec::new(), misconceptions };
        let fade = Fade { action, gap, options: file.options.clone(), task };
        self.options(&fade, &at.key("options"));
        Some(fade)
    }

    /// What may be filled into a gap: each fits, none is there twice, and one of them is what the worked example has.
    fn options(&mut self, fade: &Fade, at: &At<'_>) {
        let mut actions = Vec::new();
        for (n, option) in fade.options.iter().enumerate() {
            let at = at.index(n);
            match fade.filled(option) {
                None => self.report(&at, Finding::error(Code::BadValue, format!("`{}` is no value for the gap", shown(option))).label("does not fit")),
                Some(action) if actions.contains(&action) => {
                    self.report(&at, Finding::error(Code::Duplicate, format!("`{}` is there already", shown(option))).label("the same again"));
                }
                Some(action) => actions.push(action),
            }
        }
        if !actions.is_empty() && !actions.contains(&fade.action) {
            let finding = Finding::error(Code::Impossible, "none of the options is what the action has in its gap");
            self.report(at, finding.label("nobody could fill it in right").help("add the right value, or leave `options` out so that anything may be typed"));
        }
    }

    pub(super) fn goals(&mut self, file: &Entries<GoalFile>, at: &At<'_>, here: Here<'_>) -> Vec<StepGoal> {
        let mut goals = Vec::new();
        for (id, goal) in file.iter() {
            let at = at.key(id);
            self.id(id, std::iter::empty(), &at.as_key());
            if let Some(look) = &goal.look {
                self.look(look, &at.key("look"), here);
            }
            let read = Goal::read(&goal.holds, &Names { scenario: here.scenario, recalled: &self.recalled, draws: &self.draws });
            let holds = read.or_else(|error| {
                self.expression_error(&goal.holds, &error, &at.key("holds"));
                // Something stands for it, so that its words are not told to be wrong as well.
                Goal::read("true", &Names::of(here.scenario))
            });
            let Ok(holds) = holds else { continue };
            goals.push(StepGoal { id: id.to_owned(), holds, hold: goal.hold, optional: goal.optional, look: goal.look.clone() });
        }
        if file.iter().all(|(_, goal)| goal.optional) && !self.tree.is_broken_at(&at.segments()) {
            self.report(at, Finding::error(Code::MissingKey, "what is to be reached?").label("needs a goal that is not optional"));
        }
        goals
    }

    pub(super) fn hints(&mut self, file: &[HintFile], at: &At<'_>, here: Here<'_>) -> Vec<Hint> {
        if file.len() > 3 {
            let finding = Finding::error(Code::TooMuch, format!("{} hints; there are three levels", file.len()));
            self.report(at, finding.help("where to look, which knob, the action"));
        }
        if file.len() < 3 {
            let few = match file.len() {
                0 => "no hints".to_owned(),
                1 => "1 hint".to_owned(),
                some => format!("{some} hints"),
            };
            let finding = Finding::warning(Code::Helpless, format!("{few}; there are three levels"));
            self.report(at, finding.help("where to look, which knob, the action"));
        }
        let mut hints = Vec::new();
        for (n, hint) in file.iter().enumerate() {
            let at = at.index(n);
            if let Some(look) = &hint.look {
                self.look(look, &at.key("look"), here);
            }
            self.count(u64::from(hint.cost), 0, 10, &at.key("cost"));
            let action = hint.action.as_ref().map(|action| self.deed(SimSpan::ZERO, action, &at.key("do"), here));
            hints.push(Hint { look: hint.look.clone(), cost: hint.cost, action });
        }
        hints
    }

    pub(super) fn misconceptions(&mut self, file: &Entries<MisconceptionFile>, lasts: SimSpan, at: &At<'_>, here: Here<'_>) -> Vec<Misconception> {
        let mut misconceptions = Vec::new();
        for (id, misconception) in file.iter() {
            let at = at.key(id);
            self.id(id, std::iter::empty(), &at.as_key());
            let actions = self.deeds(&misconception.actions, &at.key("actions"), here);
            self.in_order(&actions, lasts, &at.key("actions"));
            if let Some(when) = self.expression(&misconception.when, Kind::Truth, &at.key("when"), here) {
                misconceptions.push(Misconception { id: id.to_owned(), when, actions });
            }
        }
        misconceptions
    }
}
