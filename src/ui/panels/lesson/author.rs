//! What an author sees above a lesson of their own: what is wrong with its files, a way to any step, the proof, and what they
//! did as a solution.

use eframe::egui::{CollapsingHeader, ComboBox, Label, RichText, ScrollArea, Ui};

use super::{LessonState, told_ui};
use crate::ui::author::{Author, solution};
use crate::ui::state::{Learning, Shell, colors};
use crate::ui::theme::size;
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// Draws it, if the lesson is being written.
pub(super) fn author_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState) {
    let lang = shell.lang();
    let palette = colors(ui);
    let proving = lesson.author.as_mut().map(Author::is_proving);
    let Some(proving) = proving else { return };
    let at = lesson.view.step;
    let steps: Vec<(String, &'static str)> = lesson.lesson.steps.iter().map(|step| (step.id.clone(), step.kind.name())).collect();
    CollapsingHeader::new(lang.tr("author").as_ref()).id_salt("author").default_open(true).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            let shown = steps.get(at).map_or_else(String::new, |(id, _)| id.clone());
            let combo = ComboBox::from_id_salt("author-step").selected_text(shown).width(150.0).show_ui(ui, |ui| {
                for (n, (id, kind)) in steps.iter().enumerate() {
                    if ui.selectable_label(n == at, format!("{}. {id} ({kind})", n + 1)).clicked() {
                        shell.ask(Learning::JumpTo(n));
                        ui.close();
                    }
                }
            });
            combo.response.accessible_name(lang.tr("author.step").as_ref());
            let prove = ui.add_enabled_ui(!proving, |ui| button::plain(ui, icons::CHECK, &lang.tr("author.prove"))).inner;
            if prove.on_hover_text(lang.tr("author.prove.about")).clicked() {
                shell.ask(Learning::Prove);
            }
            if button::plain(ui, icons::RESTART, &lang.tr("author.reload")).on_hover_text(lang.tr("author.reload.about")).clicked() {
                shell.ask(Learning::Reload);
            }
        });
        let Some(author) = lesson.author.as_ref() else { return };
        let told = match &author.mistakes {
            Some(mistakes) => Some(("author.broken", palette.failing_text, mistakes)),
            None => (!author.warnings.is_empty()).then_some(("author.questionable", palette.warning_text, &author.warnings)),
        };
        if let Some((key, colour, mistakes)) = told {
            ui.label(RichText::new(lang.tr(key)).color(colour));
            ScrollArea::both().id_salt("author-mistakes").max_height(180.0).show(ui, |ui| {
                ui.add(Label::new(RichText::new(mistakes).font(fonts::mono(size::SMALL))).extend());
            });
        }
        if proving {
            label::caption(ui, lang.tr("author.proving"));
        }
        if let Some(proof) = &author.proof {
            if proof.holds() {
                let values = [("trials", proof.tried.to_string()), ("seeds", proof.seeds.len().to_string())];
                let text = lang.with("author.proved", &values.each_ref().map(|(key, value)| (*key, value.as_str())));
                ui.label(RichText::new(text).color(palette.ok_text));
            } else {
                ui.label(RichText::new(lang.tr("author.not-proved")).color(palette.failing_text));
                ScrollArea::vertical().id_salt("author-proof").max_height(180.0).show(ui, |ui| {
                    for finding in &proof.findings {
                        let seed = finding.seed.map(|seed| lang.with("author.seed", &[("seed", &seed.to_string())]));
                        let place: Vec<&str> = finding.step.as_deref().into_iter().chain(seed.as_deref()).collect();
                        let place = place.join(" · ");
                        ui.add(Label::new(if place.is_empty() { finding.what.clone() } else { format!("{place}: {}", finding.what) }).wrap());
                    }
                });
            }
        }
        if !lesson.view.own.is_empty() && lesson.step().kind.task().is_some() {
            let text = solution(&lesson.view.own, lesson.view.began);
            label::caption(ui, lang.tr("author.recorded"));
            told_ui(ui, |ui| _ = ui.add(Label::new(RichText::new(&text).font(fonts::mono(size::SMALL))).wrap()));
            if button::plain(ui, "", &lang.tr("author.copy")).clicked() {
                ui.ctx().copy_text(text);
            }
        }
    });
    ui.add_space(6.0);
}
