//! The column of a lesson: what it tells, what is to be done, how the goals stand, help, and the way on.
//!
//! One file for each thing that is asked of the learner. It holds the learner's answers and nothing of the simulation: what a
//! step came to is read from the newest view of the attempt.

mod act;
mod author;
mod block;
mod curve;
mod end;
mod goals;
mod predict;
mod quiz;
pub(crate) mod review;
mod state;

pub(crate) use state::{Graded, LessonState};

use eframe::egui::{Frame, Margin, RichText, ScrollArea, Sense, TextStyle, Ui, vec2};
use egui_commonmark::CommonMarkViewer;

use crate::lesson::plan::{Kind, Panel};
use crate::lesson::quote::filled;
use crate::ui::link::LessonCommand;
use crate::ui::state::{Learning, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, RADIUS, size};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, format, icons};

/// The least and the greatest width of the column [points].
pub(crate) const WIDTHS: (f32, f32) = (300.0, 560.0);

/// Draws the column.
pub(crate) fn lesson_ui(ui: &mut Ui, shell: &mut Shell) {
    let Some(mut lesson) = shell.lesson.take() else { return };
    Frame::new().inner_margin(Margin { left: 16, right: 14, top: 12, bottom: 10 }).show(ui, |ui| {
        header_ui(ui, shell, &lesson);
        ui.add_space(6.0);
        let bottom = 44.0;
        let height = (ui.available_height() - bottom).max(80.0);
        let step = if lesson.finished { usize::MAX } else { lesson.view.step };
        // Where it was scrolled to in another lesson, or when this one was open before, is nobody's business.
        ScrollArea::vertical().id_salt(("lesson", lesson.since, step)).max_height(height).auto_shrink(false).show(ui, |ui| {
            // The bar beside the text must not lie on it.
            ui.set_max_width(ui.available_width() - 8.0);
            if lesson.finished {
                end::end_ui(ui, shell, &mut lesson);
            } else {
                author::author_ui(ui, shell, &mut lesson);
                step_ui(ui, shell, &mut lesson);
            }
        });
        ui.add_space(6.0);
        way_ui(ui, shell, &mut lesson);
    });
    // Whoever closed it asked for that after this frame.
    shell.lesson = Some(lesson);
}

/// The lesson's title, and where in it one is.
fn header_ui(ui: &mut Ui, shell: &mut Shell, lesson: &LessonState) {
    let lang = shell.lang();
    let palette = colors(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new(icons::LESSON).font(fonts::regular(size::TITLE)).color(palette.accent));
        let title = RichText::new(&lesson.texts(lang).title).font(fonts::medium(size::BODY)).color(palette.secondary);
        ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center), |ui| {
            if button::icon(ui, icons::CLOSE, &lang.tr("lesson.leave"), false).clicked() {
                shell.ask(Learning::Leave);
            }
            let begun = !lesson.finished && lesson.author.is_none() && lesson.view.step > 0 && !lesson.work.test;
            if begun && button::icon(ui, icons::ROLL_BACK, &lang.tr("lesson.anew"), false).clicked() {
                shell.ask(Learning::Anew(lesson.opened.clone()));
            }
            ui.with_layout(eframe::egui::Layout::left_to_right(eframe::egui::Align::Center), |ui| {
                ui.add(eframe::egui::Label::new(title).truncate());
            });
        });
    });
    // One bar for each step: those that are over, the one at hand, those to come.
    let course = lesson.course();
    let count = course.len().max(1);
    let gap = 4.0;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 6.0), Sense::hover());
    let width = (rect.width() - gap * (count as f32 - 1.0)) / count as f32;
    for (nth, at) in course.iter().copied().enumerate() {
        let left = rect.left() + (width + gap) * nth as f32;
        let bar = eframe::egui::Rect::from_min_size(eframe::egui::pos2(left, rect.top()), vec2(width, rect.height()));
        let color = if lesson.finished || at < lesson.view.step {
            theme::faded(palette.accent, 0.55)
        } else if at == lesson.view.step {
            palette.accent
        } else {
            palette.raised
        };
        ui.painter().rect_filled(bar, 3.0, color);
    }
    response.on_hover_text(place(lesson, lang));
}

/// Which of how many steps is under way.
fn place(lesson: &LessonState, lang: Lang) -> String {
    let course = lesson.course();
    let nth = course.iter().take_while(|at| **at < lesson.view.step).count() + 1;
    let numbers = [nth.min(course.len()), course.len()].map(|number| number.to_string());
    let key = if lesson.work.test { "lesson.test.step-of" } else { "lesson.step-of" };
    lang.with(key, &[("step", &numbers[0]), ("count", &numbers[1])])
}

/// The step that is under way.
fn step_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState) {
    let lang = shell.lang();
    let texts = lesson.step_texts(lang);
    let kind = lang.find(&format!("lesson.kind.{}", lesson.step().kind.name())).unwrap_or_default().into_owned();
    label::section(ui, format!("{} · {kind}", place(lesson, lang)));
    ui.label(RichText::new(&texts.title).font(fonts::semibold(size::HEADING - 2.0)));
    if lesson.view.step == 0 && !lesson.work.test && !lesson.lesson.test.is_empty() {
        test_ui(ui, shell, lang);
    }
    ui.add_space(4.0);
    markdown_ui(ui, lesson, &texts.text, lang, "text");
    look_ui(ui, shell, lesson, lang);
    ui.add_space(10.0);
    match lesson.step().kind.name() {
        "predict" => predict::predict_ui(ui, shell, lesson, &texts),
        "quiz" => quiz::quiz_ui(ui, shell, lesson, &texts),
        "reflect" => quiz::reflect_ui(ui, shell, lesson, &texts),
        "fade" | "solve" | "twist" => act::act_ui(ui, shell, lesson, &texts),
        _ => show_ui(ui, shell, lesson),
    }
    if lesson.is_done() && !texts.explain.is_empty() && !matches!(lesson.step().kind, Kind::Predict(_)) {
        ui.add_space(10.0);
        bring(ui, lesson, "explain");
        told_ui(ui, |ui| markdown_ui(ui, lesson, &texts.explain, lang, "explain"));
    }
}

/// What is offered to whoever knows the lesson already.
fn test_ui(ui: &mut Ui, shell: &mut Shell, lang: Lang) {
    ui.horizontal_wrapped(|ui| {
        label::caption(ui, lang.tr("lesson.test.known"));
        if ui.link(RichText::new(lang.tr("lesson.test.take")).font(fonts::regular(size::SMALL))).on_hover_text(lang.tr("lesson.test.about")).clicked() {
            shell.ask(Learning::Test);
        }
    });
}

/// How far a step that runs by itself is.
fn show_ui(ui: &mut Ui, shell: &mut Shell, lesson: &LessonState) {
    let lang = shell.lang();
    let Some(run) = shell.run.as_ref() else { return };
    let (began, ends, now) = (lesson.view.began, lesson.view.ends, run.snapshot.now);
    let whole = ends.since(began).as_secs_f64().max(1e-9);
    let share = (now.since(began).as_secs_f64() / whole).clamp(0.0, 1.0);
    bar_ui(ui, share as f32, lesson.view.done.is_some());
    let left = ends.since(now.min(ends));
    let text =
        if lesson.view.done.is_some() { lang.tr("lesson.watched").into_owned() } else { lang.with("lesson.watching", &[("left", &format::span(lang, left))]) };
    label::caption(ui, text);
}

/// Where the text points: a button that goes there.
fn look_ui(ui: &mut Ui, shell: &mut Shell, lesson: &LessonState, lang: Lang) {
    let Some(look) = lesson.step().look.clone() else { return };
    ui.add_space(6.0);
    let place = match &look.service {
        Some(service) => format!("{} · {service}", lang.tr(pane(look.panel))),
        None => lang.tr(pane(look.panel)).into_owned(),
    };
    if button::plain(ui, icons::EYE, &lang.with("lesson.look", &[("place", &place)])).clicked() {
        shell.ask(Learning::Look(look));
    }
}

/// The key of the title of a panel.
pub(crate) const fn pane(panel: Panel) -> &'static str {
    match panel {
        Panel::Map => "pane.map",
        Panel::Events => "pane.events",
        Panel::Commits => "pane.commits",
        Panel::Team => "pane.team",
        Panel::Pipelines => "pane.pipeline",
        Panel::Deployments => "pane.deployments",
        Panel::Compare => "pane.compare",
        Panel::Dora => "pane.dora",
        Panel::Flags => "pane.flags",
        Panel::Inspector => "lesson.inspector",
    }
}

/// The way back and on.
fn way_ui(ui: &mut Ui, shell: &mut Shell, lesson: &mut LessonState) {
    let lang = shell.lang();
    ui.horizontal(|ui| {
        if lesson.finished {
            if button::primary(ui, icons::CHECK, &lang.tr("lesson.close")).clicked() {
                shell.ask(Learning::Leave);
            }
            return;
        }
        let runs = !matches!(lesson.step().kind, Kind::Quiz(_) | Kind::Reflect);
        if runs && button::plain(ui, icons::RESTART, &lang.tr("lesson.rewind")).on_hover_text(lang.tr("lesson.rewind.about")).clicked() {
            lesson.start_over();
            shell.ask(Learning::Command(LessonCommand::Rewind));
            // What runs by itself does so again.
            if matches!(lesson.step().kind, Kind::Show) {
                shell.ask(Learning::Watch);
            }
        }
        ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center), |ui| {
            let is_last = lesson.next().is_none();
            let done = lesson.is_done();
            let text = lang.tr(if is_last { "lesson.finish" } else { "lesson.next" });
            let next = ui.add_enabled_ui(done, |ui| button::primary(ui, icons::FORWARD, &text)).inner;
            if next.on_disabled_hover_text(lang.tr("lesson.next.not-yet")).clicked() {
                shell.ask(Learning::Next);
            }
            // Who takes the test and cannot pass it learns the lesson.
            if lesson.work.test {
                if button::plain(ui, "", &lang.tr("lesson.test.learn")).clicked() {
                    shell.ask(Learning::Anew(lesson.opened.clone()));
                }
                return;
            }
            // Experts go on without doing it.
            let skip = if lesson.skipping { "lesson.skipping" } else { "lesson.skip" };
            if !done && !is_last && button::plain(ui, "", &lang.tr(skip)).on_hover_text(lang.tr("lesson.skip.about")).clicked() {
                shell.ask(Learning::Skip);
            }
        });
    });
}

/// A text of the step as Markdown, with the values that it quotes.
fn markdown_ui(ui: &mut Ui, lesson: &mut LessonState, text: &str, lang: Lang, id: &str) {
    let text = filled(text, &lesson.lesson, lesson.view.step, &lesson.view.values, lang);
    ui.push_id(id, |ui| {
        let style = ui.style_mut();
        style.text_styles.insert(TextStyle::Body, fonts::regular(size::BODY + 0.5));
        style.text_styles.insert(TextStyle::Monospace, fonts::mono(size::BODY - 1.0));
        style.spacing.item_spacing = vec2(4.0, 6.0);
        // Lines are as high as their letters, so that those which begin in the middle of a row stand like the others.
        style.spacing.interact_size.y = 0.0;
        // There is no bold face: what is strong is in the full ink, and the rest a little softer.
        let palette = theme::palette(&style.visuals);
        style.visuals.widgets.noninteractive.fg_stroke.color = theme::mixed(palette.text, palette.panel, 0.78);
        style.visuals.widgets.active.fg_stroke.color = palette.text;
        // Between fences stands code, every other part.
        for (at, part) in text.split("```").enumerate().filter(|(_, part)| !part.trim().is_empty()) {
            if at % 2 == 0 {
                for (piece, text) in block::pieces(part).into_iter().enumerate() {
                    ui.push_id((at, piece), |ui| match text {
                        block::Piece::Table(rows) => block::table_ui(ui, &rows),
                        block::Piece::Item(mark, text) => block::item_ui(ui, &mark, |ui| _ = CommonMarkViewer::new().show(ui, &mut lesson.markdown, &text)),
                        block::Piece::Text(text) => _ = CommonMarkViewer::new().show(ui, &mut lesson.markdown, &text),
                    });
                }
            } else {
                code_ui(ui, part);
            }
        }
    });
}

/// A block of code; its first line is what follows the fence.
fn code_ui(ui: &mut Ui, block: &str) {
    let palette = colors(ui);
    let code = block.split_once('\n').map_or(block, |(_, code)| code).trim_end();
    Frame::new().fill(palette.raised).corner_radius(RADIUS).inner_margin(Margin::symmetric(10, 8)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.add(eframe::egui::Label::new(RichText::new(code).font(fonts::mono(size::BODY - 1.0))).wrap());
    });
}

/// A text of the step as one line or two, with the values that it quotes.
fn line(lesson: &LessonState, text: &str, lang: Lang) -> String {
    filled(text, &lesson.lesson, lesson.view.step, &lesson.view.values, lang).replace(['`', '*'], "")
}

/// Brings what is drawn next into sight, once: what is said below the fold is not read.
fn bring(ui: &Ui, lesson: &mut LessonState, what: &str) {
    if lesson.answer().brought.insert(what.to_owned()) {
        let place = eframe::egui::Rect::from_min_size(ui.cursor().min, vec2(1.0, 120.0));
        ui.scroll_to_rect(place, None);
    }
}

/// What is told about what happened: set apart from the text before.
fn told_ui(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let palette = colors(ui);
    let fill = theme::mixed(palette.accent, palette.panel, 0.08);
    Frame::new().fill(fill).corner_radius(RADIUS).inner_margin(Margin::symmetric(12, 10)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        contents(ui);
    });
}

/// A bar that fills.
fn bar_ui(ui: &mut Ui, share: f32, full: bool) {
    let palette = colors(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 5.0), Sense::hover());
    ui.painter().rect_filled(rect, 2.5, palette.raised);
    let mut filled = rect;
    filled.set_width(rect.width() * share);
    ui.painter().rect_filled(filled, 2.5, if full { palette.ok } else { palette.accent });
}
