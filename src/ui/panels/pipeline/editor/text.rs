//! The text of a declaration with the numbers of its lines, its mistakes marked in it, and listed below it.

use std::collections::BTreeSet;

use eframe::egui::{Align, Align2, Frame, Margin, Rect, RichText, ScrollArea, Shape, TextEdit, Ui, pos2, vec2};

use super::super::seen::Seen;
use super::super::stage::line;
use super::mistakes::sentence;
use super::{Editor, Reveal, draft};
use crate::ui::state::colors;
use crate::ui::theme::{self, size};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// Width of the numbers of the lines [points].
const GUTTER: f32 = 34.0;
/// Highest list of mistakes [points].
const LIST: f32 = 120.0;

/// Draws it.
pub(super) fn text_ui(ui: &mut Ui, seen: &Seen<'_>, editor: &mut Editor) {
    let palette = colors(ui);
    let lang = seen.lang;
    let draft = &editor.draft;
    let count = draft.found().len() + usize::from(draft.is_broken());
    let list = if count == 0 { 28.0 } else { (24.0 + count as f32 * 22.0).min(LIST) };
    let wrong: BTreeSet<usize> = match draft.broken() {
        Some(broken) => BTreeSet::from([broken.line]),
        None => draft.found().iter().filter(|found| !found.mistake.is_warning()).map(|found| found.line).collect(),
    };
    let odd: BTreeSet<usize> = draft.found().iter().filter(|found| found.mistake.is_warning()).map(|found| found.line).collect();
    let wanted = editor.reveal.take().filter(|_| !draft.is_broken()).map(|reveal| match reveal {
        Reveal::Line(line) => line,
        Reveal::Action(action) => draft.line_of(action),
    });
    let title = lang.tr("pipeline.editor.text");
    let height = ui.available_height() - list - 10.0;
    let mut changed = false;
    Frame::new().fill(palette.ground).corner_radius(6).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ScrollArea::both().id_salt("text").max_height(height).auto_shrink(false).show(ui, |ui| {
            let marks = ui.painter().add(Shape::Noop);
            let left = ui.cursor().left();
            // Lines are as long as they are: what stands where can only be numbered so.
            let mut layouter = |ui: &Ui, text: &dyn eframe::egui::TextBuffer, _wrap: f32| {
                let job = eframe::egui::text::LayoutJob::simple(text.as_str().to_owned(), fonts::mono(size::SMALL + 1.0), palette.text, f32::INFINITY);
                ui.fonts_mut(|fonts| fonts.layout_job(job))
            };
            let output = TextEdit::multiline(&mut editor.draft.text)
                .code_editor()
                .frame(Frame::NONE.inner_margin(Margin { left: (GUTTER + 8.0) as i8, right: 8, top: 6, bottom: 6 }))
                .desired_width(f32::INFINITY)
                .min_size(vec2(0.0, height - 8.0))
                .layouter(&mut layouter)
                .show(ui);
            changed = output.response.response.changed();
            output.response.response.accessible_name(title.as_ref());
            let clip = ui.clip_rect();
            let mut shapes = Vec::new();
            for (at, row) in output.galley.rows.iter().enumerate() {
                let top = output.galley_pos.y + row.pos.y;
                let rect = Rect::from_min_size(pos2(left, top), vec2(clip.right() - left, row.row.size.y));
                if wanted == Some(at + 1) {
                    ui.scroll_to_rect(Rect::from_min_size(rect.min, vec2(1.0, rect.height())), Some(Align::Center));
                }
                if !clip.intersects(rect) {
                    continue;
                }
                let number = at + 1;
                let ink = if wrong.contains(&number) {
                    shapes.push(Shape::rect_filled(rect, 0.0, theme::mixed(palette.failing, palette.ground, 0.16)));
                    palette.failing_text
                } else if odd.contains(&number) {
                    shapes.push(Shape::rect_filled(rect, 0.0, theme::mixed(palette.warning, palette.ground, 0.14)));
                    palette.warning_text
                } else {
                    palette.faint
                };
                let text = if wrong.contains(&number) { format!("■ {number}") } else { number.to_string() };
                ui.painter().text(pos2(left + GUTTER, rect.center().y), Align2::RIGHT_CENTER, text, fonts::mono(size::SMALL - 1.0), ink);
            }
            ui.painter().set(marks, Shape::Vec(shapes));
        });
    });
    if changed {
        editor.draft.read();
    }
    list_ui(ui, seen, editor);
}

/// Every mistake with its line; a click shows that, and opens the action that it is in.
fn list_ui(ui: &mut Ui, seen: &Seen<'_>, editor: &mut Editor) {
    let palette = colors(ui);
    let lang = seen.lang;
    let draft = &editor.draft;
    if let Some(broken) = draft.broken() {
        let text = lang.with("pipeline.editor.broken", &[("line", &broken.line.to_string()), ("what", &broken.what)]);
        super::super::wrong_ui(ui, &text);
        label::caption(ui, lang.tr("pipeline.editor.broken.about"));
        return;
    }
    if draft.found().is_empty() {
        ui.label(RichText::new(format!("{}  {}", icons::CHECK, lang.tr("pipeline.editor.fine"))).color(palette.ok_text));
        return;
    }
    let mut chosen = None;
    ScrollArea::vertical().id_salt("mistakes").max_height(LIST).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for found in draft.found() {
            let (glyph, color) = if found.mistake.is_warning() { (icons::WARNING, palette.warning_text) } else { (icons::FAILING, palette.failing_text) };
            let text = lang.with("pipeline.editor.at-line", &[("line", &found.line.to_string()), ("what", &sentence(lang, &found.mistake))]);
            let response = button::row(ui, 20.0, &text, false);
            let rect = response.rect.shrink2(vec2(6.0, 0.0));
            line(ui.painter(), rect.left_center(), rect.width(), &format!("{glyph}  {text}"), fonts::regular(size::SMALL + 1.0), color);
            if response.on_hover_text(text).clicked() {
                chosen = Some((found.line, place_of(found)));
            }
        }
    });
    if let Some((line, place)) = chosen {
        editor.reveal = Some(Reveal::Line(line));
        editor.open = place.or(editor.open);
        ui.ctx().request_repaint();
    }
}

/// The action that a mistake is in.
fn place_of(found: &draft::Found) -> Option<(usize, usize)> {
    let rest = found.path.strip_prefix("stages[")?;
    let (stage, rest) = rest.split_once(']')?;
    let (action, _) = rest.strip_prefix(".actions[")?.split_once(']')?;
    Some((stage.parse().ok()?, action.parse().ok()?))
}
