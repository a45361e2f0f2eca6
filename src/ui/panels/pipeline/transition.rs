//! What lies between two stages: the arrow, which can be disabled, who waits in front of it, and who was superseded there.

use eframe::egui::{Align2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::seen::Seen;
use super::stage::line;
use super::{Form, Wish};
use crate::delivery::command::PipelineCommand;
use crate::delivery::pipeline::view::StageView;
use crate::telemetry::ledger::ExecutionNumber;
use crate::ui::state::colors;
use crate::ui::theme::{self, size};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// How far below the top of the cards the arrow is [points].
const ARROW: f32 = 32.0;
/// Height of the name of an execution that waits [points].
const CHIP: f32 = 20.0;
/// Executions that wait and are named; of more there is a number.
const NAMED: usize = 4;

/// Draws the transition into `stage`; a click on its middle disables or enables it.
pub(super) fn transition_ui(ui: &mut Ui, seen: &Seen<'_>, stage: &StageView, rect: Rect, wishes: &mut Vec<Wish>) {
    let palette = colors(ui);
    let lang = seen.lang;
    let enabled = stage.transition.enabled;
    let middle = pos2(rect.center().x, rect.top() + ARROW);
    let color = if enabled { palette.faint } else { palette.warning };
    let painter = ui.painter().clone();
    let (start, tip) = (pos2(rect.left() + 4.0, middle.y), pos2(rect.right() - 4.0, middle.y));
    let stroke = Stroke::new(1.5, color);
    if enabled {
        painter.line_segment([start, tip - vec2(6.0, 0.0)], stroke);
    } else {
        painter.extend(Shape::dashed_line(&[start, tip - vec2(6.0, 0.0)], stroke, 3.0, 3.0));
    }
    painter.add(Shape::convex_polygon(vec![tip, tip + vec2(-7.0, -4.0), tip + vec2(-7.0, 4.0)], color, Stroke::NONE));

    let may = seen.barred.pipeline.is_none();
    let knob = Rect::from_center_size(middle, vec2(24.0, 24.0));
    let response = ui.interact(knob, ui.scope_id().with(("transition", &stage.name)), if may { Sense::click() } else { Sense::hover() });
    let lit = response.hovered() || response.has_focus();
    if lit || !enabled {
        painter.circle_filled(middle, 11.0, palette.panel);
        painter.circle_stroke(middle, 11.0, Stroke::new(1.5, if lit { palette.accent } else { color }));
        let (glyph, ink) = if enabled { (icons::PAUSE, palette.text) } else { (icons::PROHIBIT, palette.warning_text) };
        painter.text(middle, Align2::CENTER_CENTER, glyph, fonts::regular(size::BODY), ink);
    } else {
        painter.circle_filled(middle, 4.0, palette.panel);
        painter.circle_stroke(middle, 3.5, Stroke::new(1.5, color));
    }
    button::focus_ring(ui, &response);
    let key = if enabled { "pipeline.disable" } else { "pipeline.enable" };
    let name = lang.with(key, &[("stage", &stage.name)]);
    response.widget_info(|| WidgetInfo::selected(Role::Button, may, !enabled, &name));
    if response.clicked() {
        wishes.push(if enabled {
            Wish::Form(Form::Disable { stage: stage.name.clone() })
        } else {
            Wish::Command(PipelineCommand::EnableTransition { stage: stage.name.clone() })
        });
    }
    about(response, seen, stage, &name);
    below_ui(ui, seen, stage, rect, wishes);
}

fn about(response: Response, seen: &Seen<'_>, stage: &StageView, name: &str) {
    response.on_hover_ui(|ui| {
        ui.set_max_width(320.0);
        ui.label(name);
        if let Some(reason) = &stage.transition.disabled_reason {
            let values = [("stage", stage.name.as_str()), ("reason", reason), ("time", &seen.ago(Some(stage.transition.since)))];
            label::secondary(ui, seen.lang.with("pipeline.disabled.why", &values));
        }
        label::definition(ui, seen.lang, "transition");
    });
}

/// Who waits, the first to enter first; why nobody may enter; who was superseded.
fn below_ui(ui: &Ui, seen: &Seen<'_>, stage: &StageView, rect: Rect, wishes: &mut Vec<Wish>) {
    let palette = colors(ui);
    let lang = seen.lang;
    let mut y = rect.top() + ARROW + 18.0;
    let text = |text: &str, color, y: &mut f32| {
        line(ui.painter(), pos2(rect.left() + 4.0, *y + 6.0), rect.width() - 6.0, text, fonts::regular(size::SMALL), color);
        *y += 15.0;
    };
    if let Some(reason) = &stage.transition.disabled_reason {
        text(&lang.tr("pipeline.disabled"), palette.warning_text, &mut y);
        text(reason, palette.secondary, &mut y);
    }
    for id in stage.inbound.iter().take(NAMED) {
        let Some((number, view)) = seen.execution(*id) else { continue };
        let name = lang.with("pipeline.waiting.spoken", &[("execution", &seen.label(*id)), ("stage", &stage.name), ("time", &seen.ago(Some(view.updated)))]);
        if chip_ui(ui, rect, y, *number, &name, false) {
            wishes.push(Wish::Execution(*number));
        }
        y += CHIP + 3.0;
    }
    if stage.inbound.len() > NAMED {
        text(&format!("+{}", stage.inbound.len() - NAMED), palette.secondary, &mut y);
    }
    if let Some((number, _)) = seen.superseded(&stage.name).next() {
        let count = seen.superseded(&stage.name).count();
        let all = seen.superseded(&stage.name).map(|(number, _)| format!("#{number}")).collect::<Vec<_>>().join(", ");
        let name = lang.with("pipeline.superseded.spoken", &[("executions", &all), ("stage", &stage.name)]);
        if chip_ui(ui, rect, y, *number, &name, true) {
            wishes.push(Wish::Execution(*number));
        }
        y += CHIP;
        if count > 1 {
            text(&format!("+{}", count - 1), palette.secondary, &mut y);
        }
    }
}

/// The name of an execution in front of a stage, crossed out if a newer one took its place; whether it was clicked.
fn chip_ui(ui: &Ui, between: Rect, y: f32, number: ExecutionNumber, name: &str, superseded: bool) -> bool {
    let palette = colors(ui);
    let ink = if superseded { palette.secondary } else { palette.text };
    let galley = ui.painter().layout_no_wrap(format!("#{number}"), fonts::mono(size::SMALL), ink);
    let chip = Rect::from_center_size(pos2(between.center().x, y + CHIP / 2.0), vec2(galley.size().x + 12.0, CHIP - 2.0));
    let response = ui.interact(chip, ui.scope_id().with(("waits", number)), Sense::click());
    if !superseded {
        let fill = theme::mixed(palette.info, palette.panel, if response.hovered() { 0.3 } else { 0.16 });
        ui.painter().rect_filled(chip, 9.0, fill);
    }
    let text = chip.center() - galley.size() / 2.0;
    let wide = galley.size().x;
    ui.painter().galley(text, galley, ink);
    if superseded {
        ui.painter().hline(text.x..=(text.x + wide), chip.center().y, Stroke::new(1.0, ink));
    }
    button::focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    response.on_hover_text(name).clicked()
}
