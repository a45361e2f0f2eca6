//! What a learner finds on the first page: courses with their timetables, and the map of what was learnt.

use eframe::egui::{Align2, RichText, Sense, Ui, vec2};

use crate::lesson::course::Course;
use crate::ui::state::{Learning, LessonEntry, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, RADIUS, size};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// How far a row of the syllabus is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Learnt {
    /// Nothing of it is begun.
    NotYet,
    /// Something of it is.
    Begun,
    /// Every lesson about it is finished.
    Done,
}

/// Draws the courses: a line for each, with the lesson that comes next.
pub(super) fn courses_ui(ui: &mut Ui, shell: &mut Shell) {
    if shell.courses.is_empty() || !shell.search.trim().is_empty() {
        return;
    }
    let lang = shell.lang();
    ui.add_space(12.0);
    label::section(ui, lang.tr("home.courses"));
    let mut opened = None;
    for course in &shell.courses {
        let progress = shell.learner.progress();
        let lessons: Vec<&str> = course.lessons().collect();
        let finished = lessons.iter().filter(|name| progress.finished(name).is_some()).count();
        let next = lessons.iter().find(|name| progress.finished(name).is_none());
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(course.title.get(lang.code())).font(fonts::medium(size::BODY)));
            let values = [("finished", finished.to_string()), ("count", lessons.len().to_string()), ("minutes", course.minutes().to_string())];
            let text = lang.with("home.course", &values.each_ref().map(|(key, value)| (*key, value.as_str())));
            label::secondary(ui, text).on_hover_text(timetable(course, shell, lang));
            if let Some(name) = next {
                let (name, title) = (&known(name, shell).map_or(*name, |entry| entry.name.as_str()), title(name, shell, lang));
                if button::plain(ui, icons::FORWARD, &title).on_hover_text(timetable(course, shell, lang)).clicked() {
                    opened = Some((*name).to_owned());
                }
            }
        });
        let summary = course.summary.get(lang.code());
        if !summary.is_empty() {
            label::caption(ui, summary);
        }
    }
    if let Some(name) = opened {
        shell.ask(Learning::Open(name));
    }
}

fn title(name: &str, shell: &Shell, lang: Lang) -> String {
    known(name, shell).map_or_else(|| name.to_owned(), |entry| entry.title.get(lang.code()).to_owned())
}

/// The lesson that a course names.
fn known<'a>(id: &str, shell: &'a Shell) -> Option<&'a LessonEntry> {
    shell.lessons.iter().find(|entry| entry.id == id)
}

/// A line for each part of a course, with when it begins.
fn timetable(course: &Course, shell: &Shell, lang: Lang) -> String {
    let line = |(at, item): (u32, &crate::lesson::course::Item)| {
        let what = item.lesson.as_ref().map_or_else(|| item.title.get(lang.code()).to_owned(), |name| title(name, shell, lang));
        format!("{}:{:02}  {what}", at / 60, at % 60)
    };
    course.timetable().map(line).collect::<Vec<_>>().join("\n")
}

/// The rows of the syllabus that lessons teach, in the syllabus' order, each with how far it is learnt.
pub(super) fn skills(shell: &Shell) -> Vec<(String, Learnt)> {
    let mut topics: Vec<&String> = shell.lessons.iter().flat_map(|lesson| &lesson.topics).collect();
    let place = |topic: &str| ("MPDICORJ".find(topic.chars().next().unwrap_or('Z')).unwrap_or(usize::MAX), topic.to_owned());
    topics.sort_by_key(|topic| place(topic));
    topics.dedup();
    let progress = shell.learner.progress();
    let learnt = |topic: &String| {
        let mut about = shell.lessons.iter().filter(|lesson| lesson.topics.contains(topic)).peekable();
        let is_begun = about.clone().any(|lesson| progress.is_begun(&lesson.id));
        if about.peek().is_some() && about.all(|lesson| progress.finished(&lesson.id).is_some()) {
            Learnt::Done
        } else if is_begun {
            Learnt::Begun
        } else {
            Learnt::NotYet
        }
    };
    topics.into_iter().map(|topic| (topic.clone(), learnt(topic))).collect()
}

/// Draws the map of what was learnt: a field for each row of the syllabus; a click finds its lessons.
pub(super) fn skills_ui(ui: &mut Ui, shell: &mut Shell) {
    let skills = skills(shell);
    if skills.is_empty() || !shell.search.trim().is_empty() {
        return;
    }
    let lang = shell.lang();
    let palette = colors(ui);
    ui.add_space(12.0);
    let mut export = false;
    ui.horizontal(|ui| {
        label::section(ui, lang.tr("home.skills"));
        ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center), |ui| {
            export = button::plain(ui, "", &lang.tr("progress.export")).on_hover_text(lang.tr("progress.export.about")).clicked();
        });
    });
    let mut wanted = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        for (topic, learnt) in &skills {
            let name = lang.find(&format!("skill.{topic}")).map_or_else(|| topic.clone(), |name| format!("{topic} · {name}"));
            let (icon, ink, fill, state) = match learnt {
                Learnt::Done => (icons::DONE, palette.ok_text, theme::mixed(palette.ok, palette.panel, 0.16), "home.skill.done"),
                Learnt::Begun => (icons::LESSON, palette.accent, theme::mixed(palette.accent, palette.panel, 0.12), "home.skill.begun"),
                Learnt::NotYet => (icons::OPEN_CIRCLE, palette.secondary, palette.panel, "home.skill.not-yet"),
            };
            let galley = ui.painter().layout_no_wrap(name.clone(), fonts::regular(size::BODY - 1.0), palette.text);
            let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 38.0, 26.0), Sense::click());
            let line = if response.hovered() || response.has_focus() { palette.accent } else { palette.line };
            ui.painter().rect(rect, RADIUS, fill, (1.0, line), eframe::egui::StrokeKind::Inside);
            ui.painter().text(rect.left_center() + vec2(9.0, 0.0), Align2::LEFT_CENTER, icon, fonts::regular(size::BODY), ink);
            let height = galley.size().y;
            ui.painter().galley(rect.left_center() + vec2(28.0, -height / 2.0), galley, palette.text);
            let spoken = format!("{name}: {}", lang.tr(state));
            response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::Button, true, &spoken));
            if response.on_hover_text(spoken.clone()).clicked() {
                wanted = Some(topic.clone());
            }
        }
    });
    if export {
        shell.ask(Learning::ExportProgress);
    }
    if let Some(topic) = wanted {
        shell.search = topic;
    }
}
