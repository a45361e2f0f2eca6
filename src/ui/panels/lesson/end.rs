//! The end of a lesson: what was learnt, how it went, and what comes next.

use eframe::egui::{RichText, Ui};

use super::{LessonState, told_ui};
use crate::lesson::plan::Kind;
use crate::ui::state::{Ask, Shell, colors};
use crate::ui::theme::size;
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// Draws it.
pub(super) fn end_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState) {
    let lang = shell.lang();
    let palette = colors(ui);
    ui.add_space(6.0);
    ui.label(RichText::new(icons::DONE).font(fonts::regular(size::DISPLAY)).color(palette.ok_text));
    ui.label(RichText::new(lang.tr("lesson.end")).font(fonts::semibold(size::HEADING - 2.0)));
    ui.label(&lesson.texts(lang).summary);
    ui.add_space(10.0);
    label::section(ui, lang.tr("lesson.end.went"));
    for (at, step) in lesson.lesson.steps.iter().enumerate() {
        let Some(answers) = lesson.answers.get(&at) else { continue };
        let title = lesson.texts(lang).step.get(&step.id).map_or("", |texts| texts.title.as_str());
        let said = match &step.kind {
            Kind::Predict(_) => match answers.right {
                Some(right) => lang.tr(if right { "lesson.right" } else { "lesson.wrong" }).into_owned(),
                None => continue,
            },
            Kind::Show | Kind::Reflect => continue,
            Kind::Quiz(questions) => {
                let right = questions.iter().filter(|question| answers.quiz.get(&question.id).is_some_and(|said| question.is_right(said))).count();
                lang.with("lesson.end.quiz", &[("right", &right.to_string()), ("count", &questions.len().to_string())])
            }
            Kind::Fade(_) | Kind::Solve(_) | Kind::Twist(_) if answers.shown => lang.tr("lesson.end.shown").into_owned(),
            Kind::Fade(_) | Kind::Solve(_) | Kind::Twist(_) if answers.hints > 0 => lang.counted("hints", answers.hints),
            Kind::Fade(_) | Kind::Solve(_) | Kind::Twist(_) => lang.tr("lesson.end.alone").into_owned(),
        };
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(title).font(fonts::medium(size::BODY)));
            ui.label(RichText::new(said).color(palette.secondary));
        });
    }
    let after: Vec<(String, String)> = { shell.lessons.iter() }
        .filter(|entry| entry.requires.contains(&lesson.lesson.name))
        .map(|entry| (entry.name.clone(), entry.title.get(lang.code()).to_owned()))
        .collect();
    if after.is_empty() {
        return;
    }
    ui.add_space(10.0);
    told_ui(ui, |ui| {
        label::section(ui, lang.tr("lesson.end.next"));
        for (name, title) in after {
            if button::plain(ui, icons::FORWARD, &title).clicked() {
                shell.ask(Ask::OpenLesson(name));
            }
        }
    });
}
