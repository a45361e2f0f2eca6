//! PARALLEL mode: executions pass each other, so each has its own state in every stage. A row of them to choose from; the graph
//! shows the stages as the chosen one has passed them.

use eframe::egui::{Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::seen::Seen;
use super::{Wish, tone};
use crate::telemetry::ledger::ExecutionNumber;
use crate::ui::fonts;
use crate::ui::state::colors;
use crate::ui::theme::{self, size};
use crate::ui::widgets::{button, label};

/// From the shape of one stage to that of the next [points].
const STEP: f32 = 13.0;
/// Height of an execution [points].
const CHIP: f32 = 26.0;

/// Draws it, where executions run side by side.
pub(super) fn lanes_ui(ui: &mut Ui, seen: &Seen<'_>, wishes: &mut Vec<Wish>) {
    if seen.look.lanes.is_empty() {
        return;
    }
    label::caption(ui, seen.lang.tr("pipeline.lanes"));
    ScrollArea::horizontal().id_salt(("lanes", seen.look.service)).auto_shrink([false, true]).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            for (number, _) in &seen.look.lanes {
                if chip_ui(ui, seen, *number) {
                    wishes.push(Wish::Lane(*number));
                }
            }
        });
        ui.add_space(8.0);
    });
}

/// One execution: its number, and a shape for each stage; true if it was clicked.
fn chip_ui(ui: &mut Ui, seen: &Seen<'_>, number: ExecutionNumber) -> bool {
    let Some((_, stages)) = seen.look.lanes.iter().find(|(other, _)| *other == number) else { return false };
    let Some((_, view)) = seen.look.executions.iter().find(|(other, _)| *other == number) else { return false };
    let (palette, chosen) = (colors(ui), seen.lane == Some(number));
    let text = format!("#{number}");
    let galley = ui.painter().layout_no_wrap(text, fonts::mono(size::SMALL), if chosen { palette.accent } else { palette.text });
    let shapes = galley.size().x + 18.0;
    let (rect, response) = ui.allocate_exact_size(vec2(shapes + stages.len() as f32 * STEP + 6.0, CHIP), Sense::click());
    let back = if chosen {
        theme::mixed(palette.accent, palette.raised, 0.22)
    } else if response.hovered() {
        palette.hovered
    } else {
        palette.raised
    };
    ui.painter().rect_filled(rect, 6.0, back);
    let height = galley.size().y;
    ui.painter().galley(pos2(rect.left() + 8.0, rect.center().y - height / 2.0), galley, palette.text);
    for (at, stage) in stages.iter().enumerate() {
        let center = pos2(rect.left() + shapes + at as f32 * STEP + 4.0, rect.center().y);
        let (tone, _) = tone::of_stage(stage);
        tone::shape(ui.painter(), center, 8.0, tone, palette);
        if view.waits && view.stage == stage.name {
            ui.painter().circle_filled(center - vec2(STEP / 2.0, 0.0), 1.75, palette.info);
        }
    }
    let word = seen.lang.tr(tone::of_execution(view).1);
    let values =
        [("execution", number.to_string()), ("state", word.to_string()), ("stage", view.stage.clone()), ("revision", super::seen::revision(view).to_owned())];
    let named = seen.lang.with("pipeline.execution.spoken", &values.each_ref().map(|(key, value)| (*key, value.as_str())));
    button::focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), chosen, &named));
    let clicked = response.clicked();
    response.on_hover_text(named);
    clicked
}
