//! A row of alternatives of which one is on, such as the speeds.

use eframe::egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::ui::fonts;
use crate::ui::state::colors;
use crate::ui::theme::{self, size};

/// One alternative: what it shows, and its accessible name and tooltip.
pub(crate) struct Segment<'a> {
    pub(crate) text: &'a str,
    pub(crate) name: &'a str,
}

/// Draws the alternatives; returns the one that was clicked.
pub(crate) fn segmented(ui: &mut Ui, segments: &[Segment<'_>], on: Option<usize>, padding: f32) -> Option<usize> {
    let palette = colors(ui);
    let height = 26.0;
    let widths: Vec<f32> = segments
        .iter()
        .map(|segment| ui.painter().layout_no_wrap(segment.text.to_owned(), fonts::medium(size::BODY - 1.0), palette.text).size().x + 2.0 * padding)
        .collect();
    let (whole, _) = ui.allocate_exact_size(vec2(widths.iter().sum::<f32>() + 4.0, height), Sense::hover());
    ui.painter().rect_filled(whole, 6.0, palette.raised);
    let mut clicked = None;
    let mut x = whole.left() + 2.0;
    for (at, (segment, width)) in segments.iter().zip(widths).enumerate() {
        let rect = Rect::from_min_size(pos2(x, whole.top() + 2.0), vec2(width, height - 4.0));
        x += width;
        let response = ui.interact(rect, ui.scope_id().with(("segment", segment.name, at)), Sense::click());
        let selected = on == Some(at);
        if selected {
            ui.painter().rect_filled(rect, 5.0, theme::mixed(palette.accent, palette.raised, 0.22));
        } else if response.hovered() {
            ui.painter().rect_filled(rect, 5.0, palette.hovered);
        }
        let ink = if selected {
            palette.accent
        } else if response.hovered() {
            palette.text
        } else {
            palette.secondary
        };
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, segment.text, fonts::medium(size::BODY - 1.0), ink);
        super::button::focus_ring(ui, &response);
        response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), selected, segment.name));
        if response.on_hover_text(segment.name).clicked() {
            clicked = Some(at);
        }
    }
    clicked
}
