//! What the simulation says, told where it was asked for, or else as a notice; and what undoes an action, where something simple does.

use super::App;
use crate::fleet::deploy::Wish;
use crate::scenario::Action;
use crate::ui::link::Event;
use crate::ui::state::{Ask, Level, Offer};
use crate::ui::text::{Lang, Tense, humanised};
use crate::ui::{format, icons, panels};
use crate::units::SimTime;

impl App {
    pub(super) fn hear(&mut self, event: Event) {
        match event {
            Event::Refused { action, why } => {
                let told = self.shell.lang().say(&why);
                if self.shell.run.as_mut().is_some_and(|run| {
                    run.inspector.refused(&action, &told) || run.pipeline.refused(&action, &told) || run.delivery.asked.refused(&action, &told)
                }) {
                    return;
                }
                self.shell
                    .notify(Level::Failed, move |lang| (lang.with("act.refused", &[("action", &action_text(lang, &action, Tense::Wanted))]), lang.say(&why)));
            }
            Event::Done(action) => {
                if let Some(run) = self.shell.run.as_mut() {
                    run.inspector.done(&action);
                    run.pipeline.done(&action);
                    run.delivery.asked.done(&action);
                }
                let undo = |action| Offer { icon: icons::ROLL_BACK, text: "undo", ask: Ask::Act(action) };
                let offer = self.undo_of(&action).map(undo);
                self.shell.offer(Level::Done, move |lang| (action_text(lang, &action, Tense::Done), String::new()), offer);
            }
            Event::Reached(goal) => {
                let end = self.end();
                self.shell.notify(Level::Info, move |lang| {
                    (lang.with("until.reached", &[("goal", &panels::top_bar::goal_text(lang, goal, end))]), lang.tr("until.reached.about").into_owned())
                });
            }
            Event::NotReached(goal) => {
                let end = self.end();
                self.shell.notify(Level::Info, move |lang| {
                    (lang.with("until.not-reached", &[("goal", &panels::top_bar::goal_text(lang, goal, end))]), String::new())
                });
            }
            Event::Broke(message) => {
                self.pending = None;
                self.shell.opening = None;
                // What was done with another version of the program may not come to the same: the lesson begins anew, and nothing is lost.
                let left = self.shell.lesson.as_ref().filter(|lesson| lesson.taken_up).map(|lesson| lesson.opened.clone());
                if let Some(name) = left {
                    self.open_lesson_at(&name, true);
                    self.shell.notify(Level::Info, move |lang| (lang.tr("lesson.not-taken-up").into_owned(), message.clone()));
                    return;
                }
                self.shell.notify(Level::Failed, move |lang| (lang.tr("sim.broke").into_owned(), lang.with("sim.broke.about", &[("message", &message)])));
            }
            Event::NotSaved(message) => self.shell.notify(Level::Failed, move |lang| (lang.tr("session.not-saved").into_owned(), message.clone())),
        }
    }

    /// What undoes an action, where something simple does.
    fn undo_of(&self, action: &Action) -> Option<Box<Action>> {
        let run = self.shell.run.as_ref()?;
        let before = |service: &str| {
            let at = run.scenario.model.services.iter().position(|other| other.name == service)?;
            run.snapshot.services.get(at)
        };
        match action {
            Action::Scale { service, instances } => {
                let desired = before(service)?.desired;
                (desired != *instances && desired > 0).then(|| Box::new(Action::Scale { service: service.clone(), instances: desired }))
            }
            Action::Inject { fault } => {
                // The world names a fault without a name; its newest one of that kind and service is this one.
                let latest = self.link.latest().snapshot?;
                let found = latest
                    .faults
                    .iter()
                    .rev()
                    .find(|found| found.kind == fault.kind.name() && found.service.map(|service| run.service_name(service)) == fault.service.as_deref())?;
                Some(Box::new(Action::Clear { fault: found.name.clone() }))
            }
            Action::SetLoad { source, factor: Some(factor), .. } => {
                let at = run.scenario.model.sources.iter().position(|other| other.name == *source)?;
                let old = run.snapshot.sources.get(at)?.factor;
                ((old - factor).abs() > 1e-9).then(|| Box::new(Action::SetLoad { source: source.clone(), factor: Some(old), rate: None }))
            }
            _ => None,
        }
    }

    pub(super) fn tell_of_fork(&mut self, at: SimTime) {
        let end = self.end();
        self.shell.notify(Level::Info, move |lang| (lang.with("fork.done", &[("time", &format::moment(lang, at, end))]), lang.tr("fork.about").into_owned()));
    }
}

/// What an action does or did, in words.
fn action_text(lang: Lang, action: &Action, tense: Tense) -> String {
    match action {
        Action::Deploy { service, version, .. } => lang.with(tense.of("want.deploy", "did.deploy"), &[("service", service), ("version", version)]),
        Action::SetStrategy { service, strategy } => {
            lang.with("did.set-strategy", &[("service", service), ("strategy", &panels::delivery::strategy(lang, strategy.name()))])
        }
        Action::RollBack { service } => lang.with(tense.of("act.roll-back", "did.roll-back"), &[("service", service)]),
        Action::Scale { service, instances } => lang.with(tense.of("want.scale", "did.scale"), &[("service", service), ("count", &instances.to_string())]),
        Action::Restart { service, .. } => lang.with(tense.of("restart.do", "did.restart"), &[("service", service)]),
        Action::Inject { fault } => {
            let kind = fault.kind.name();
            let name = lang.find(&format!("fault.{kind}.name")).map_or_else(|| humanised(kind), std::borrow::Cow::into_owned);
            match &fault.service {
                Some(service) => lang.with(tense.of("fault.do", "did.fault"), &[("fault", &name), ("service", service)]),
                None => name,
            }
        }
        Action::Clear { fault } => lang.with(tense.of("fault.clear", "did.clear"), &[("fault", fault)]),
        Action::SetLoad { source, factor, .. } => {
            let factor = factor.map_or_else(|| "1".to_owned(), |factor| format::count(lang, factor));
            lang.with(tense.of("source.apply", "did.load"), &[("source", source), ("factor", &factor)])
        }
        Action::SetPolicy { from, to, .. } => lang.with("did.policy", &[("from", from), ("to", to)]),
        Action::SetCapacity { service, .. } => lang.with("did.capacity", &[("service", service)]),
        Action::ShiftTraffic { service, .. } => lang.with("did.shift", &[("service", service)]),
        Action::Steer { service, wish } => {
            let key = match wish {
                Wish::Promote => tense.of("wish.promote", "did.promote"),
                Wish::PromoteFull => tense.of("wish.promote-full", "did.promote-full"),
                Wish::Abort => tense.of("wish.abort", "did.abort"),
                Wish::Pause => tense.of("wish.pause", "did.pause"),
                Wish::Resume => tense.of("wish.resume", "did.resume"),
            };
            lang.with(key, &[("service", service)])
        }
        Action::Pipeline { service, command } => panels::pipeline::command_text(lang, service, command, tense),
        Action::UpdateProject(update) => lang.with(tense.of("want.update-project", "did.update-project"), &[("project", &update.project)]),
        Action::SetFlag { flag, percentage } => lang.with("did.set-flag", &[("flag", flag), ("percentage", &format::percent(lang, percentage.get()))]),
        Action::RemoveFlag { flag } => lang.with("did.remove-flag", &[("flag", flag)]),
        Action::FlushCache { service, cache } => lang.with("did.flush", &[("service", service), ("cache", cache)]),
    }
}
