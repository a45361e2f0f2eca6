//! Text of a file that is edited, with the numbers of its lines and marks on those that something is wrong with.

use std::collections::BTreeSet;

use eframe::egui::text::LayoutJob;
use eframe::egui::{Align, Align2, Frame, Margin, Rect, ScrollArea, Shape, TextBuffer, TextEdit, Ui, pos2, vec2};

use crate::ui::fonts;
use crate::ui::state::colors;
use crate::ui::theme::{self, size};

/// Width of the numbers of the lines [points].
const GUTTER: f32 = 34.0;

/// What is marked in a text. Lines are counted from 1.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks {
    /// Lines with mistakes.
    pub(crate) wrong: BTreeSet<usize>,
    /// Lines with warnings.
    pub(crate) odd: BTreeSet<usize>,
    /// The line that comes into view.
    pub(crate) wanted: Option<usize>,
}

/// Draws the text, so high [points]; whether somebody changed it. Readers of the screen hear `title`.
pub(crate) fn code_ui(ui: &mut Ui, text: &mut String, title: &str, marks: &Marks, height: f32) -> bool {
    let palette = colors(ui);
    let mut changed = false;
    Frame::new().fill(palette.ground).corner_radius(6).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ScrollArea::both().id_salt("text").max_height(height).auto_shrink(false).show(ui, |ui| {
            let below = ui.painter().add(Shape::Noop);
            let left = ui.cursor().left();
            // Lines are as long as they are: what stands where can only be numbered so.
            let mut layouter = |ui: &Ui, text: &dyn TextBuffer, _wrap: f32| {
                let job = LayoutJob::simple(text.as_str().to_owned(), fonts::mono(size::SMALL + 1.0), palette.text, f32::INFINITY);
                ui.fonts_mut(|fonts| fonts.layout_job(job))
            };
            let output = TextEdit::multiline(text)
                .code_editor()
                .frame(Frame::NONE.inner_margin(Margin { left: (GUTTER + 8.0) as i8, right: 8, top: 6, bottom: 6 }))
                .desired_width(f32::INFINITY)
                .min_size(vec2(0.0, height - 8.0))
                .layouter(&mut layouter)
                .show(ui);
            changed = output.response.response.changed();
            output.response.response.accessible_name(title);
            let clip = ui.clip_rect();
            let mut shapes = Vec::new();
            for (at, row) in output.galley.rows.iter().enumerate() {
                let top = output.galley_pos.y + row.pos.y;
                let rect = Rect::from_min_size(pos2(left, top), vec2(clip.right() - left, row.row.size.y));
                let number = at + 1;
                if marks.wanted == Some(number) {
                    ui.scroll_to_rect(Rect::from_min_size(rect.min, vec2(1.0, rect.height())), Some(Align::Center));
                }
                if !clip.intersects(rect) {
                    continue;
                }
                let wrong = marks.wrong.contains(&number);
                let ink = if wrong {
                    shapes.push(Shape::rect_filled(rect, 0.0, theme::mixed(palette.failing, palette.ground, 0.16)));
                    palette.failing_text
                } else if marks.odd.contains(&number) {
                    shapes.push(Shape::rect_filled(rect, 0.0, theme::mixed(palette.warning, palette.ground, 0.14)));
                    palette.warning_text
                } else {
                    palette.faint
                };
                let shown = if wrong { format!("■ {number}") } else { number.to_string() };
                ui.painter().text(pos2(left + GUTTER, rect.center().y), Align2::RIGHT_CENTER, shown, fonts::mono(size::SMALL - 1.0), ink);
            }
            ui.painter().set(below, Shape::Vec(shapes));
        });
    });
    changed
}
