//! Status as colour, shape and word: ● ok, ▲ warning, ■ failing, ◌ unknown; and the shapes of marks on a timeline.

use eframe::egui::{self, Color32, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, WidgetInfo, vec2};

use crate::lab::snapshot::{Health, MarkKind};
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::{self, Palette, size};
use crate::ui::{fonts, icons};

/// The word for a status.
pub(crate) fn word(lang: Lang, health: Health) -> std::borrow::Cow<'static, str> {
    lang.tr(match health {
        Health::Ok => "health.ok",
        Health::Warning => "health.warning",
        Health::Failing => "health.failing",
        Health::Unknown => "health.unknown",
    })
}

/// Paints the shape of a status, `diameter` points across.
pub(crate) fn shape(painter: &Painter, center: Pos2, diameter: f32, health: Health, palette: &Palette) {
    let color = palette.status(health);
    let r = diameter / 2.0;
    match health {
        Health::Ok => {
            painter.circle_filled(center, r, color);
        }
        Health::Warning => {
            let points = vec![center + vec2(0.0, -r * 1.1), center + vec2(r * 1.1, r * 0.85), center + vec2(-r * 1.1, r * 0.85)];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        Health::Failing => {
            painter.rect_filled(Rect::from_center_size(center, egui::Vec2::splat(diameter * 0.92)), 1.0, color);
        }
        Health::Unknown => {
            painter.circle_stroke(center, r - 0.75, Stroke::new(1.5, color));
        }
    }
}

/// A shape and its word.
pub(crate) fn chip(ui: &mut egui::Ui, lang: Lang, health: Health) -> Response {
    let palette = colors(ui);
    let text = word(lang, health);
    let galley = ui.painter().layout_no_wrap(text.to_string(), fonts::medium(size::BODY), palette.status_text(health));
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 24.0, 24.0), Sense::hover());
    ui.painter().rect_filled(rect, 12.0, theme::mixed(palette.status(health), palette.panel, 0.14));
    shape(ui.painter(), rect.left_center() + vec2(11.0, 0.0), theme::SHAPE.x, health, palette);
    ui.painter().galley(rect.left_center() + vec2(18.0, -galley.size().y / 2.0), galley, palette.text);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
    response
}

/// The colour of a kind of mark.
pub(crate) fn mark_color(kind: MarkKind, palette: &Palette) -> Color32 {
    match kind {
        MarkKind::Deploy => palette.info,
        MarkKind::DeployDone | MarkKind::FaultCleared | MarkKind::IncidentOver => palette.ok,
        MarkKind::DeployFailed | MarkKind::Fault | MarkKind::Incident => palette.failing,
        MarkKind::Instance | MarkKind::Alarm | MarkKind::Pipeline => palette.warning,
        MarkKind::Scale | MarkKind::Action => palette.unknown,
    }
}

/// The name of a kind of mark.
pub(crate) fn mark_word(lang: Lang, kind: MarkKind) -> std::borrow::Cow<'static, str> {
    lang.tr(match kind {
        MarkKind::Deploy => "mark.deploy",
        MarkKind::DeployDone => "mark.deploy-done",
        MarkKind::DeployFailed => "mark.deploy-failed",
        MarkKind::Fault => "mark.fault",
        MarkKind::FaultCleared => "mark.fault-cleared",
        MarkKind::Alarm => "mark.alarm",
        MarkKind::Scale => "mark.scale",
        MarkKind::Instance => "mark.instance",
        MarkKind::Incident => "mark.incident",
        MarkKind::IncidentOver => "mark.incident-over",
        MarkKind::Pipeline => "mark.pipeline",
        MarkKind::Action => "mark.action",
    })
}

/// Paints the shape of a mark, `diameter` points across: each kind has its own, so that colour is not needed.
pub(crate) fn mark(painter: &Painter, center: Pos2, diameter: f32, kind: MarkKind, palette: &Palette) {
    let color = mark_color(kind, palette);
    let r = diameter / 2.0;
    let polygon = |points: Vec<Pos2>| Shape::convex_polygon(points, color, Stroke::NONE);
    match kind {
        // Deployments point down, like a parcel that is put in; a good end is a disc, a bad one a crossed square.
        MarkKind::Deploy => {
            painter.add(polygon(vec![center + vec2(-r, -r * 0.8), center + vec2(r, -r * 0.8), center + vec2(0.0, r)]));
        }
        MarkKind::DeployDone => {
            painter.circle_filled(center, r * 0.9, color);
        }
        MarkKind::DeployFailed => {
            painter.rect_filled(Rect::from_center_size(center, vec2(r, r) * 1.8), 1.0, color);
        }
        MarkKind::Fault => {
            painter.text(center, egui::Align2::CENTER_CENTER, icons::FAULT, fonts::regular(diameter + 2.0), color);
        }
        // A bell seen from afar: a disc with a bar.
        MarkKind::Alarm => {
            painter.circle_stroke(center, r * 0.85, Stroke::new(1.5, color));
            painter.circle_filled(center, r * 0.45, color);
        }
        // An incident is a flag that is raised, and lowered when it is over.
        MarkKind::Incident | MarkKind::IncidentOver => {
            painter.line_segment([center + vec2(-r * 0.6, -r), center + vec2(-r * 0.6, r)], Stroke::new(1.5, color));
            let (top, bottom) = if kind == MarkKind::Incident { (-r, r * 0.2) } else { (-r * 0.2, r) };
            painter.add(polygon(vec![center + vec2(-r * 0.6, top), center + vec2(r, f32::midpoint(top, bottom)), center + vec2(-r * 0.6, bottom)]));
        }
        MarkKind::FaultCleared => {
            painter.circle_stroke(center, r * 0.8, Stroke::new(1.5, color));
        }
        MarkKind::Scale => {
            painter.add(polygon(vec![center + vec2(0.0, -r), center + vec2(r, 0.0), center + vec2(0.0, r), center + vec2(-r, 0.0)]));
        }
        MarkKind::Instance => {
            painter.add(polygon(vec![center + vec2(0.0, -r), center + vec2(r, r * 0.8), center + vec2(-r, r * 0.8)]));
        }
        // A stage that nobody leaves: a box that is open.
        MarkKind::Pipeline => {
            painter.rect_stroke(Rect::from_center_size(center, vec2(r, r) * 1.6), 1.0, Stroke::new(1.5, color), egui::StrokeKind::Inside);
        }
        MarkKind::Action => {
            painter.rect_filled(Rect::from_center_size(center, vec2(r * 0.9, r * 2.0)), 1.0, color);
        }
    }
}
