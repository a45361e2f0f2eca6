//! What is done in a lesson: actions on the world of their step, in the order of time.

use super::{Here, Planner};
use crate::content::diagnostic::{Code, Finding};
use crate::content::lesson::raw::DeedFile;
use crate::content::lower;
use crate::content::tree::At;
use crate::lesson::plan::Deed;
use crate::scenario::{Action, TimedAction};
use crate::units::{SimSpan, SimTime};
use crate::wording::{nearest, shown};

impl Planner<'_> {
    pub(super) fn deeds(&mut self, file: &[DeedFile], at: &At<'_>, here: Here<'_>) -> Vec<Deed> {
        let mut deeds = Vec::new();
        for (n, deed) in file.iter().enumerate() {
            let action = self.deed(deed.after, &deed.action, &at.index(n).key("do"), here);
            if let Some(drawn) = &deed.drawn {
                let (draws, key) = (self.draws.clone(), at.index(n));
                self.one_of(drawn, draws.iter().map(String::as_str), "draw of this world", &key.key("drawn"));
            }
            deeds.push(Deed { after: deed.after, action, drawn: deed.drawn.clone() });
        }
        deeds
    }

    /// Checks an action; faults without a name get one.
    pub(super) fn deed(&mut self, after: SimSpan, action: &Action, at: &At<'_>, here: Here<'_>) -> Action {
        let mut timed = TimedAction { at: SimTime::ZERO + after, action: action.clone() };
        lower::deed(&mut timed, at, self.tree, self.collector, &here.stage.scene(), &mut self.cleared);
        if let Action::Inject { fault } = &timed.action {
            self.injected.extend(fault.name.clone());
        }
        timed.action
    }

    /// What is cleared is something that the lesson or one of its scenarios injects.
    pub(super) fn clears(&mut self) {
        let of_scenarios = self.stages.values().flat_map(|stage| &stage.scenario.timeline).filter_map(|timed| match &timed.action {
            Action::Inject { fault } => fault.name.clone(),
            _ => None,
        });
        let known: Vec<String> = of_scenarios.chain(std::mem::take(&mut self.injected)).collect();
        for (name, place) in std::mem::take(&mut self.cleared) {
            if !known.contains(&name) {
                let finding = Finding::error(Code::UnknownName, format!("no fault is called `{}`", shown(&name))).label("nothing to clear");
                let guess = nearest(&name, known.iter().map(String::as_str)).map(str::to_owned);
                self.collector.add(&place, finding.suggest(guess.as_deref(), || None));
            }
        }
    }

    /// Things are done in the order in which they are written, before the time is up.
    pub(super) fn in_order(&mut self, deeds: &[Deed], lasts: SimSpan, at: &At<'_>) {
        for (n, deed) in deeds.iter().enumerate() {
            let spot = at.index(n);
            if n > 0 && deed.after < deeds[n - 1].after {
                self.report(
                    &spot.key("after"),
                    Finding::error(Code::Impossible, "this happens before what is written above it").help("write them in order of time"),
                );
            }
            // That there is no time at all is told where it is missing.
            if deed.after > lasts && lasts > SimSpan::ZERO {
                let finding = Finding::error(Code::NeverHappens, format!("this never happens: the time is up after {lasts}"));
                self.report(&spot.key("after"), finding);
            }
        }
    }
}
