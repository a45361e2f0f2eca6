//! Questions after a lesson, and what a learner thinks beside what a teacher would say.

use eframe::egui::{RichText, TextEdit, Ui};

use super::{LessonState, line, markdown_ui, told_ui};
use crate::lesson::plan::{Kind, RightAnswer};
use crate::lesson::progress::Deed;
use crate::lesson::texts::StepTexts;
use crate::ui::state::{Learning, Shell, colors};
use crate::ui::theme::size;
use crate::ui::widgets::button;
use crate::ui::{fonts, icons};

/// Draws the questions.
pub(super) fn quiz_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState, texts: &StepTexts) {
    let lang = shell.lang();
    let palette = colors(ui);
    let Kind::Quiz(questions) = lesson.step().kind.clone() else { return };
    let given = lesson.answer().given;
    for (number, question) in questions.iter().enumerate() {
        let Some(words) = texts.questions.get(&question.id) else { continue };
        let ask = line(lesson, &words.ask, lang);
        ui.label(RichText::new(format!("{}. {ask}", number + 1)).font(fonts::semibold(size::BODY)));
        let said = lesson.answer().quiz.entry(question.id.clone()).or_default();
        match &question.answer {
            RightAnswer::Option { options, answer } => {
                for id in options {
                    let text = words.options.get(id).cloned().unwrap_or_default();
                    let chosen = said == id;
                    let text = match (given && id == answer, given && chosen) {
                        (true, _) => RichText::new(format!("{}  {text}", icons::CHECK)).color(palette.ok_text),
                        (false, true) => RichText::new(format!("{}  {text}", icons::CLOSE)).color(palette.failing_text),
                        (false, false) => RichText::new(text),
                    };
                    if button::radio(ui, chosen, text).clicked() && !given {
                        said.clone_from(id);
                    }
                }
            }
            RightAnswer::Number { unit, .. } => {
                ui.horizontal(|ui| {
                    let field = TextEdit::singleline(said).desired_width(96.0).font(fonts::mono(size::BODY));
                    ui.add_enabled(!given, field).accessible_name(ask.clone());
                    ui.label(unit);
                });
            }
        }
        if given {
            let right = question.is_right(&lesson.answer().quiz[&question.id]);
            let (icon, key, ink) = if right { (icons::CHECK, "lesson.right", palette.ok_text) } else { (icons::CLOSE, "lesson.wrong", palette.failing_text) };
            ui.label(RichText::new(format!("{icon}  {}", lang.tr(key))).font(fonts::medium(size::BODY)).color(ink));
            told_ui(ui, |ui| markdown_ui(ui, lesson, &words.explain, lang, &question.id));
        }
        ui.add_space(12.0);
    }
    let answered =
        |lesson: &mut LessonState| questions.iter().all(|question| lesson.answer().quiz.get(&question.id).is_some_and(|said| !said.trim().is_empty()));
    if !given {
        let ready = answered(lesson);
        let hand_in = ui.add_enabled_ui(ready, |ui| button::primary(ui, icons::CHECK, &lang.tr("lesson.hand-in"))).inner;
        if hand_in.on_disabled_hover_text(lang.tr("lesson.hand-in.not-yet")).clicked() {
            lesson.answer().given = true;
            for question in &questions {
                let said = lesson.answer().quiz.get(&question.id).cloned().unwrap_or_default();
                let right = question.is_right(&said);
                shell.ask(Learning::Record(lesson.lesson.name.clone(), Deed::Answered { question: question.id.clone(), said, right }));
            }
        }
    }
}

/// Draws a field for what the learner thinks, and then what a teacher would say.
pub(super) fn reflect_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState, texts: &StepTexts) {
    let lang = shell.lang();
    let given = lesson.answer().given;
    let field = TextEdit::multiline(&mut lesson.answer().text).desired_rows(5).desired_width(f32::INFINITY);
    ui.add(field.hint_text(lang.tr("lesson.reflect.hint").as_ref())).accessible_name(lang.tr("lesson.reflect"));
    ui.add_space(6.0);
    if given {
        told_ui(ui, |ui| markdown_ui(ui, lesson, &texts.model, lang, "model"));
        return;
    }
    let ready = !lesson.answer().text.trim().is_empty();
    let compare = ui.add_enabled_ui(ready, |ui| button::primary(ui, icons::CHECK, &lang.tr("lesson.reflect.compare"))).inner;
    if compare.on_disabled_hover_text(lang.tr("lesson.reflect.not-yet")).clicked() {
        lesson.answer().given = true;
        let text = lesson.answer().text.clone();
        shell.ask(Learning::Record(lesson.lesson.name.clone(), Deed::Reflected { step: lesson.step().id.clone(), text }));
    }
}
