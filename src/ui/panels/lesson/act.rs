//! Steps in which the learner does something: the gap of a worked example, the goals, hints, and the solution.

use eframe::egui::{RichText, TextEdit, Ui};

use super::{LessonState, bring, goals, line, told_ui};
use crate::lesson::plan::{Fade, Kind, Task};
use crate::lesson::texts::StepTexts;
use crate::ui::link::LessonCommand;
use crate::ui::state::{Ask, Learning, Shell, colors};
use crate::ui::theme::size;
use crate::ui::widgets::segmented::{Segment, segmented};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, format, icons};

/// Draws what is to be done.
pub(super) fn act_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState, texts: &StepTexts) {
    let lang = shell.lang();
    ui.label(RichText::new(line(lesson, &texts.task, lang)).font(fonts::semibold(size::BODY)));
    ui.add_space(6.0);
    let fade = if let Kind::Fade(fade) = &lesson.step().kind { Some(fade.clone()) } else { None };
    if let Some(fade) = fade {
        gap_ui(ui, shell, lesson, &fade);
        ui.add_space(8.0);
    }
    goals::goals_ui(ui, shell, lesson, texts);
    let Some(task) = lesson.step().kind.task().cloned() else { return };
    if lesson.view.done.is_some() {
        let key = if lesson.answer().shown { "lesson.solved.shown" } else { "lesson.solved" };
        let took = lesson.view.done.map_or_else(Default::default, |done| done.since(lesson.view.began));
        told_ui(ui, |ui| _ = ui.label(lang.with(key, &[("time", &format::span(lang, took))])));
        return;
    }
    if lesson.view.missed {
        bring(ui, lesson, "missed");
        told_ui(ui, |ui| _ = ui.label(lang.tr("lesson.missed")));
    } else if let Some((now, playing)) = shell.run.as_ref().map(|run| (run.snapshot.now, run.status.playing)) {
        let left = lesson.view.ends.since(now.min(lesson.view.ends));
        label::caption(ui, lang.with("lesson.time-left", &[("left", &format::span(lang, left))]));
        if !playing {
            label::caption(ui, lang.tr("lesson.stands"));
            if button::plain(ui, icons::PLAY, &lang.tr("lesson.let-run")).clicked() {
                shell.ask(Learning::LetRun);
            }
        }
    }
    if let Some(said) = lesson.view.misconception.as_ref().and_then(|id| texts.misconceptions.get(id)) {
        let said = line(lesson, said, lang);
        ui.add_space(6.0);
        bring(ui, lesson, "misconception");
        told_ui(ui, |ui| _ = ui.label(said));
    }
    help_ui(ui, shell, lesson, texts, &task);
}

/// The worked example, with its gap as something to choose or to type.
fn gap_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState, fade: &Fade) {
    let lang = shell.lang();
    let palette = colors(ui);
    let key = fade.gap.last().map_or("", String::as_str).to_owned();
    let done = lesson.view.done.is_some();
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("{} · {key} =", fade.action.name())).font(fonts::mono(size::BODY)).color(palette.secondary));
        let answer = lesson.answer();
        if fade.options.is_empty() {
            let field = TextEdit::singleline(&mut answer.number).desired_width(72.0).font(fonts::mono(size::BODY));
            ui.add_enabled(!done, field).accessible_name(key.clone());
        }
        let names: Vec<String> = fade.options.iter().map(|option| format!("{key} = {option}")).collect();
        let segments: Vec<Segment<'_>> = fade.options.iter().zip(&names).map(|(option, name)| Segment { text: option, name }).collect();
        let on = fade.options.iter().position(|option| *option == answer.number);
        if let Some(at) = segmented(ui, &segments, on, 12.0).filter(|_| !done) {
            answer.number.clone_from(&fade.options[at]);
            answer.problem = None;
        }
    });
    ui.add_space(2.0);
    let ready = !lesson.answer().number.trim().is_empty() && !done;
    if ui.add_enabled_ui(ready, |ui| button::primary(ui, icons::PLAY, &lang.tr("lesson.apply"))).inner.clicked() {
        match fade.filled(&lesson.answer().number) {
            Some(action) => {
                lesson.answer().problem = None;
                shell.ask(Ask::Act(Box::new(action)));
                shell.ask(Learning::LetRun);
            }
            None => lesson.answer().problem = Some(lang.tr("lesson.gap.wrong").into_owned()),
        }
    }
    if let Some(problem) = lesson.answer().problem.clone() {
        ui.label(RichText::new(problem).color(palette.failing_text));
    }
}

/// Hints, one after the other, and the solution.
fn help_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState, texts: &StepTexts, task: &Task) {
    let lang = shell.lang();
    if lesson.work.test {
        ui.add_space(8.0);
        label::caption(ui, lang.tr("lesson.test.alone"));
        return;
    }
    let read = lesson.answer().hints.min(task.hints.len());
    for at in 0..read {
        let text = texts.hints.get(at).map(|text| line(lesson, text, lang)).unwrap_or_default();
        let hint = task.hints[at].clone();
        ui.add_space(6.0);
        bring(ui, lesson, &format!("hint {at}"));
        told_ui(ui, |ui| {
            label::section(ui, lang.with("lesson.hint-of", &[("hint", &(at + 1).to_string()), ("count", &task.hints.len().to_string())]));
            ui.label(text);
            if let Some(look) = hint.look
                && button::plain(ui, icons::EYE, &lang.with("lesson.look", &[("place", &lang.tr(super::pane(look.panel)))])).clicked()
            {
                shell.ask(Learning::Look(look));
            }
            if let Some(action) = hint.action
                && button::plain(ui, icons::PLAY, &lang.tr("lesson.do-it")).clicked()
            {
                shell.ask(Ask::Act(Box::new(action)));
                shell.ask(Learning::LetRun);
            }
        });
    }
    ui.add_space(8.0);
    ui.horizontal_wrapped(|ui| {
        if let Some(hint) = task.hints.get(read) {
            let text = if hint.cost == 0 { lang.tr("lesson.hint").into_owned() } else { lang.with("lesson.hint.cost", &[("cost", &hint.cost.to_string())]) };
            if button::plain(ui, icons::HINT, &text).clicked() {
                lesson.answer().hints += 1;
            }
        }
        if (read == task.hints.len() || lesson.view.missed)
            && button::plain(ui, icons::PLAY, &lang.tr("lesson.solution")).on_hover_text(lang.tr("lesson.solution.about")).clicked()
        {
            lesson.answer().shown = true;
            shell.ask(Learning::Command(LessonCommand::Solution));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Action;

    #[test]
    fn a_gap_takes_what_the_action_takes() {
        let action = Action::Scale { service: "web".to_owned(), instances: 2 };
        let fade = Fade { action, gap: vec!["scale".to_owned(), "instances".to_owned()], options: Vec::new(), task: Task::default() };
        assert_eq!(fade.filled(" 4 "), Some(Action::Scale { service: "web".to_owned(), instances: 4 }));
        assert_eq!(fade.filled("four"), None);
        assert_eq!(fade.filled("-1"), None);
    }
}
