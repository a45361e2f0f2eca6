//! The end of a lesson: what was learnt, what was done against the reference, what to hand in, and what comes next.

use eframe::egui::{Grid, Label, RichText, TextEdit, Ui};

use super::{Graded, LessonState, told_ui};
use crate::figures;
use crate::lesson::attempt::Outcome;
use crate::lesson::grade::{Grade, StepGrade};
use crate::ui::state::{Learning, Level, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::size;
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, format, icons};

/// Draws it.
pub(super) fn end_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState) {
    let lang = shell.lang();
    let palette = colors(ui);
    ui.add_space(6.0);
    let (icon, ink, key) = match lesson.passed() {
        None => (icons::DONE, palette.ok_text, "lesson.end"),
        Some(true) => (icons::DONE, palette.ok_text, "lesson.test.passed"),
        Some(false) => (icons::LESSON, palette.accent, "lesson.test.failed"),
    };
    ui.label(RichText::new(icon).font(fonts::regular(size::DISPLAY)).color(ink));
    ui.label(RichText::new(lang.tr(key)).font(fonts::semibold(size::HEADING - 2.0)));
    if lesson.passed() == Some(false) {
        ui.label(lang.tr("lesson.test.failed.about"));
        ui.add_space(6.0);
        if button::primary(ui, icons::FORWARD, &lang.tr("lesson.test.learn")).clicked() {
            shell.ask(Learning::Anew(lesson.opened.clone()));
        }
    } else {
        ui.label(&lesson.texts(lang).summary);
    }
    ui.add_space(10.0);
    match &lesson.graded {
        Graded::NotYet => {}
        Graded::Waiting(_) => {
            ui.horizontal(|ui| {
                ui.spinner();
                label::caption(ui, lang.tr("lesson.end.working"));
            });
        }
        Graded::Failed(why) => {
            ui.add(Label::new(RichText::new(lang.with("lesson.end.failed", &[("why", why)])).color(palette.failing_text)).wrap());
        }
        Graded::Done(graded) => went_ui(ui, lesson, &graded.0, &graded.1, lang),
    }
    if lesson.kept.is_some() {
        hand_in_ui(ui, shell, lesson);
    }
    next_ui(ui, shell, lesson);
}

/// Each step: how it was done, and what came of it beside the reference.
fn went_ui(ui: &mut Ui, lesson: &LessonState, grade: &Grade, reference: &[Outcome], lang: Lang) {
    let palette = colors(ui);
    let [points, most] = [grade.points, grade.most].map(|points| points.to_string());
    let extra: u32 = grade.steps.iter().map(|step| step.extra).sum();
    let key = if extra > 0 { "lesson.end.points.extra" } else { "lesson.end.points" };
    label::section(ui, lang.with(key, &[("points", &points), ("most", &most), ("extra", &extra.to_string())]));
    for (at, step) in grade.steps.iter().enumerate().filter(|(at, _)| !lesson.work.test || lesson.lesson.test.contains(at)) {
        let Some(said) = how(lang, step) else { continue };
        let title = lesson.texts(lang).step.get(&step.step).map_or("", |texts| texts.title.as_str());
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(title).font(fonts::medium(size::BODY)));
            ui.label(RichText::new(said).color(palette.secondary));
        });
        let Some(reference) = reference.get(at).filter(|_| is_task(step)) else { continue };
        Grid::new(("went", at)).num_columns(4).spacing([14.0, 2.0]).show(ui, |ui| {
            let heads = ["", "lesson.end.time", "lesson.end.users", "lesson.end.cost"];
            for head in heads {
                ui.label(RichText::new(if head.is_empty() { "".into() } else { lang.tr(head) }).font(fonts::regular(size::SMALL)).color(palette.secondary));
            }
            ui.end_row();
            for (who, outcome) in [("lesson.end.you", &step.outcome), ("lesson.end.reference", reference)] {
                ui.label(RichText::new(lang.tr(who)).font(fonts::regular(size::SMALL)).color(palette.secondary));
                let cells = [format::span(lang, outcome.took), lang.figure(&figures::count(outcome.users_hurt)), lang.figure(&figures::dollars(outcome.cost))];
                for cell in cells {
                    ui.label(RichText::new(cell).font(fonts::mono(size::SMALL)));
                }
                ui.end_row();
            }
        });
        ui.add_space(4.0);
    }
    ui.add_space(6.0);
}

/// Whether something was to be reached in a step.
fn is_task(step: &StepGrade) -> bool {
    matches!(step.kind, "fade" | "solve" | "twist") && !step.skipped
}

/// How a step was done, if there is something to say.
fn how(lang: Lang, step: &StepGrade) -> Option<String> {
    if step.skipped {
        return Some(lang.tr("lesson.end.skipped").into_owned());
    }
    match (step.kind, step.came_true, step.quiz) {
        ("predict", came, _) => came.map(|right| lang.tr(if right { "lesson.right" } else { "lesson.wrong" }).into_owned()),
        (_, _, Some((right, count))) => Some(lang.with("lesson.end.quiz", &[("right", &right.to_string()), ("count", &count.to_string())])),
        ("fade" | "solve" | "twist", ..) if step.shown => Some(lang.tr("lesson.end.shown").into_owned()),
        ("fade" | "solve" | "twist", ..) => Some(crate::report::lesson::worth(lang, step)),
        _ => None,
    }
}

/// Who one is, the file to hand in, and a report.
fn hand_in_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState) {
    let lang = shell.lang();
    ui.add_space(6.0);
    label::section(ui, lang.tr("lesson.hand"));
    ui.horizontal(|ui| {
        ui.label(lang.tr("lesson.hand.name"));
        let field = ui.add(TextEdit::singleline(&mut lesson.work.learner).char_limit(80).desired_width(170.0));
        let field = field.accessible_name(lang.tr("lesson.hand.name"));
        // Kept as it is typed: whoever closes the window then has handed in under their name.
        if field.changed() {
            shell.ask(Learning::Named(lesson.work.learner.clone()));
        }
    });
    if let Some(path) = &lesson.kept {
        let path = path.display().to_string();
        label::caption(ui, lang.tr("lesson.hand.file"));
        ui.add(Label::new(RichText::new(&path).font(fonts::mono(size::SMALL))).wrap());
        ui.horizontal_wrapped(|ui| {
            if button::plain(ui, "", &lang.tr("lesson.hand.copy")).clicked() {
                ui.ctx().copy_text(path);
                shell.notify(Level::Done, |lang| (lang.tr("lesson.hand.copied").into_owned(), String::new()));
            }
            let ready = matches!(lesson.graded, Graded::Done(_));
            let write = ui.add_enabled_ui(ready, |ui| button::plain(ui, "", &lang.tr("lesson.report.write"))).inner;
            if write.on_hover_text(lang.tr("lesson.report.about")).clicked() {
                shell.ask(Learning::WriteReport);
            }
        });
    }
}

/// The lessons that build on this one.
fn next_ui(ui: &mut Ui, shell: &mut Shell, lesson: &LessonState) {
    let lang = shell.lang();
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
                shell.ask(Learning::Open(name));
            }
        }
    });
}
