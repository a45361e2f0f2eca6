//! A prediction: an option, a number or a curve, and how sure one is, before it runs; afterwards what came of it.

use eframe::egui::{RichText, TextEdit, Ui};

use super::{LessonState, curve, line, markdown_ui, told_ui};
use crate::insight::judge::Measured;
use crate::lesson::plan::{Kind, Prediction, typed};
use crate::lesson::progress::Deed;
use crate::lesson::proof::is_near;
use crate::lesson::quote::written;
use crate::lesson::texts::StepTexts;
use crate::lesson::view::Came;
use crate::ui::link::LessonCommand;
use crate::ui::state::{Learning, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::size;
use crate::ui::widgets::segmented::{Segment, segmented};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// Draws it.
pub(super) fn predict_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState, texts: &StepTexts) {
    let lang = shell.lang();
    let Kind::Predict(prediction) = lesson.step().kind.clone() else { return };
    ui.label(RichText::new(line(lesson, &texts.task, lang)).font(fonts::semibold(size::BODY)));
    ui.add_space(6.0);
    let given = lesson.answer().given;
    let ready = match &prediction {
        Prediction::Option { options, .. } => {
            for (id, _) in options {
                let text = texts.options.get(id).map(|text| line(lesson, text, lang)).unwrap_or_default();
                option_ui(ui, lesson, id, &text);
            }
            lesson.answer().choice.is_some()
        }
        Prediction::Number(number) => {
            ui.horizontal(|ui| {
                let field = TextEdit::singleline(&mut lesson.answer().number).desired_width(96.0).font(fonts::mono(size::BODY));
                ui.add_enabled(!given, field).accessible_name(lang.tr("lesson.prediction"));
                ui.label(&number.unit);
            });
            typed(&lesson.answer().number).is_some()
        }
        Prediction::Curve { unit, most, .. } => {
            let asked = curve::Asked { unit, most: *most, whole: lesson.step().lasts };
            curve::curve_ui(ui, lesson, &asked, lang);
            curve::is_drawn(&lesson.answer().curve)
        }
    };
    if !given {
        sure_ui(ui, lesson, lang);
        ui.add_space(8.0);
        let run = ui.add_enabled_ui(ready, |ui| button::primary(ui, icons::PLAY, &lang.tr("lesson.predict"))).inner;
        if run.on_disabled_hover_text(lang.tr("lesson.predict.not-yet")).clicked() {
            lesson.predict();
            shell.ask(Learning::Command(LessonCommand::Run));
        }
        return;
    }
    ui.add_space(8.0);
    let Some(came) = lesson.view.came.clone() else {
        super::show_ui(ui, shell, lesson);
        return;
    };
    came_ui(ui, shell, lesson, texts, &prediction, &came);
}

/// One option; it can be chosen until the prediction is made.
fn option_ui(ui: &mut Ui, lesson: &mut LessonState, id: &str, text: &str) {
    let palette = colors(ui);
    let came = match &lesson.view.came {
        Some(Came::Option(id)) => Some(id.clone()),
        _ => None,
    };
    let answer = lesson.answer();
    let chosen = answer.choice.as_deref() == Some(id);
    let text = match (came.as_deref() == Some(id), came.is_some() && chosen) {
        (true, _) => RichText::new(format!("{}  {text}", icons::CHECK)).color(palette.ok_text),
        (false, true) => RichText::new(format!("{}  {text}", icons::CLOSE)).color(palette.failing_text),
        (false, false) => RichText::new(text),
    };
    let given = answer.given;
    // What was chosen stays readable after it can no longer be changed.
    if button::radio(ui, chosen, text).clicked() && !given {
        answer.choice = Some(id.to_owned());
    }
}

/// How sure one is: what one was sure of and got wrong is what one remembers best.
fn sure_ui(ui: &mut Ui, lesson: &mut LessonState, lang: Lang) {
    ui.add_space(8.0);
    label::section(ui, lang.tr("lesson.sure"));
    let words = ["lesson.sure.1", "lesson.sure.2", "lesson.sure.3"].map(|key| lang.tr(key).into_owned());
    let segments: Vec<Segment<'_>> = words.iter().map(|word| Segment { text: word, name: word }).collect();
    let answer = lesson.answer();
    if let Some(at) = segmented(ui, &segments, Some(usize::from(answer.confidence.saturating_sub(1))), 10.0) {
        answer.confidence = at as u8 + 1;
    }
}

/// What came of it.
fn came_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState, texts: &StepTexts, prediction: &Prediction, came: &Came) {
    let lang = shell.lang();
    let palette = colors(ui);
    let (right, said) = match (prediction, came) {
        (Prediction::Option { .. }, Came::Option(came)) => {
            let choice = lesson.answer().choice.clone().unwrap_or_default();
            let feedback = texts.feedback.get(&choice).map(|text| line(lesson, text, lang));
            (Some(choice == *came), feedback)
        }
        (Prediction::Number(asked), Came::Number(number)) => {
            let guess = typed(&lesson.answer().number).unwrap_or(f64::NAN);
            let digits = usize::from(number.abs() < 10.0);
            let number_said = written(&Measured::Number(*number), &asked.unit, digits, lang);
            (Some(is_near(guess, *number, asked.near)), Some(lang.with("lesson.number-came", &[("number", &number_said)])))
        }
        (Prediction::Curve { unit, .. }, Came::Curve) => {
            let whole = lesson.step().lasts;
            let off = curve::off(&lesson.answer().curve.clone(), &lesson.view.curve, whole);
            let off = off.map(|off| written(&Measured::Number(off), unit, usize::from(off < 10.0), lang));
            (None, Some(off.map_or_else(String::new, |off| lang.with("lesson.curve-came", &[("off", &off)]))))
        }
        _ => (None, None),
    };
    let sure = lesson.answer().confidence >= 3;
    if !std::mem::replace(&mut lesson.answer().seen, true) {
        // A curve is to stay in sight: it says more than the words below it.
        if !matches!(prediction, Prediction::Curve { .. }) {
            ui.scroll_to_cursor(Some(eframe::egui::Align::TOP));
        }
        let step = lesson.step().id.clone();
        let answer = lesson.answer();
        // What counts is the first one.
        answer.right = answer.right.or(right);
        let said = answer.choice.clone().unwrap_or_else(|| answer.number.trim().to_owned());
        let what = Deed::Predicted { step, said, confidence: answer.confidence, right };
        shell.ask(Learning::Record(lesson.lesson.name.clone(), what));
    }
    if let Some(right) = right {
        let (icon, key, ink) = match (right, sure) {
            (true, _) => (icons::CHECK, "lesson.right", palette.ok_text),
            (false, false) => (icons::CLOSE, "lesson.wrong", palette.failing_text),
            (false, true) => (icons::CLOSE, "lesson.wrong.sure", palette.failing_text),
        };
        ui.label(RichText::new(format!("{icon}  {}", lang.tr(key))).font(fonts::semibold(size::BODY)).color(ink));
    }
    if let Some(said) = said {
        ui.label(said);
    }
    ui.add_space(6.0);
    told_ui(ui, |ui| markdown_ui(ui, lesson, &texts.explain, lang, "explain"));
}
