//! How executions, stages, actions and builds stand, at a glance: colour, shape and word together.
//!
//! The words are the service's own states; the shapes are those of the rest of the window, and some more. It knows nothing
//! of where they are drawn. For a further state, add a variant to [`Tone`] and its shape.

use std::f32::consts::{FRAC_PI_2, PI};

use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2, vec2};

use crate::delivery::builds::{Build, BuildStatus};
use crate::delivery::pipeline::definition::Category;
use crate::delivery::pipeline::status::{ActionStatus, ExecutionStatus, StageStatus};
use crate::delivery::pipeline::view::{ActionView, ExecutionView, StageView};
use crate::lab::snapshot::Health;
use crate::ui::theme::Palette;
use crate::ui::widgets::status;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing has come by yet.
    Idle,
    /// It waits for its turn.
    Queued,
    /// It is under way.
    Running,
    /// A person must decide.
    Approval,
    /// It ended well.
    Ok,
    /// It ended badly.
    Failed,
    /// It was stopped or abandoned.
    Stopped,
    /// It was passed by: superseded, skipped, cancelled.
    Passed,
}

impl Tone {
    /// Its fill.
    pub(super) const fn fill(self, palette: &Palette) -> Color32 {
        match self {
            Self::Idle | Self::Passed => palette.faint,
            Self::Queued | Self::Stopped => palette.unknown,
            Self::Running => palette.info,
            Self::Approval => palette.warning,
            Self::Ok => palette.ok,
            Self::Failed => palette.failing,
        }
    }

    /// It as text.
    pub(super) const fn text(self, palette: &Palette) -> Color32 {
        match self {
            Self::Idle | Self::Queued | Self::Stopped | Self::Passed => palette.secondary,
            Self::Running => palette.accent,
            Self::Approval => palette.warning_text,
            Self::Ok => palette.ok_text,
            Self::Failed => palette.failing_text,
        }
    }
}

/// Paints the shape of a tone, `diameter` points across.
pub(super) fn shape(painter: &Painter, center: Pos2, diameter: f32, tone: Tone, palette: &Palette) {
    let color = tone.fill(palette);
    let r = diameter / 2.0;
    let ring = || painter.circle_stroke(center, r - 0.75, Stroke::new(1.5, color));
    match tone {
        Tone::Ok => status::shape(painter, center, diameter, Health::Ok, palette),
        Tone::Approval => status::shape(painter, center, diameter, Health::Warning, palette),
        Tone::Failed => status::shape(painter, center, diameter, Health::Failing, palette),
        Tone::Idle => {
            ring();
        }
        // A ring with a dot: it is there, and nothing happens with it.
        Tone::Queued => {
            ring();
            painter.circle_filled(center, r * 0.35, color);
        }
        // A ring that is half full.
        Tone::Running => {
            ring();
            let half = (0..=12).map(|n| center + Vec2::angled(-FRAC_PI_2 + PI * n as f32 / 12.0) * r);
            painter.add(Shape::convex_polygon(half.collect(), color, Stroke::NONE));
        }
        Tone::Stopped => {
            painter.rect_filled(Rect::from_center_size(center, vec2(diameter, diameter * 0.4)), 1.0, color);
        }
        // A ring that is crossed out.
        Tone::Passed => {
            ring();
            let d = r * 0.65;
            painter.line_segment([center + vec2(-d, d), center + vec2(d, -d)], Stroke::new(1.5, color));
        }
    }
}

/// How an action stands, and the key of its word.
pub(super) fn of_action(action: &ActionView) -> (Tone, &'static str) {
    match action.status {
        None => (Tone::Idle, "pipeline.state.idle"),
        Some(ActionStatus::InProgress) if action.kind.category == Category::Approval => (Tone::Approval, "pipeline.state.approval"),
        Some(ActionStatus::InProgress) => (Tone::Running, "pipeline.state.running"),
        Some(ActionStatus::Succeeded) => (Tone::Ok, "pipeline.state.succeeded"),
        Some(ActionStatus::Failed) => (Tone::Failed, "pipeline.state.failed"),
        Some(ActionStatus::Abandoned) => (Tone::Stopped, "pipeline.state.abandoned"),
    }
}

/// How a stage stands, and the key of its word.
pub(super) fn of_stage(stage: &StageView) -> (Tone, &'static str) {
    let Some(latest) = &stage.latest else { return (Tone::Idle, "pipeline.state.idle") };
    match latest.status {
        StageStatus::InProgress if stage.actions.iter().any(|action| of_action(action).0 == Tone::Approval) => (Tone::Approval, "pipeline.state.approval"),
        StageStatus::InProgress => (Tone::Running, "pipeline.state.running"),
        StageStatus::Succeeded => (Tone::Ok, "pipeline.state.succeeded"),
        StageStatus::Failed => (Tone::Failed, "pipeline.state.failed"),
        StageStatus::Stopping => (Tone::Running, "pipeline.state.stopping"),
        StageStatus::Stopped => (Tone::Stopped, "pipeline.state.stopped"),
        StageStatus::Cancelled => (Tone::Passed, "pipeline.state.cancelled"),
        StageStatus::Skipped => (Tone::Passed, "pipeline.state.skipped"),
    }
}

/// How an execution stands, and the key of its word.
pub(super) const fn of_execution(execution: &ExecutionView) -> (Tone, &'static str) {
    match execution.status {
        ExecutionStatus::InProgress if execution.waits => (Tone::Queued, "pipeline.state.waits"),
        ExecutionStatus::InProgress => (Tone::Running, "pipeline.state.running"),
        ExecutionStatus::Stopping => (Tone::Running, "pipeline.state.stopping"),
        ExecutionStatus::Stopped => (Tone::Stopped, "pipeline.state.stopped"),
        ExecutionStatus::Succeeded => (Tone::Ok, "pipeline.state.succeeded"),
        ExecutionStatus::Failed => (Tone::Failed, "pipeline.state.failed"),
        ExecutionStatus::Superseded => (Tone::Passed, "pipeline.state.superseded"),
        ExecutionStatus::Cancelled => (Tone::Passed, "pipeline.state.cancelled"),
    }
}

/// How a build stands, and the key of its word.
pub(super) const fn of_build(build: &Build) -> (Tone, &'static str) {
    match build.status {
        BuildStatus::Queued => (Tone::Queued, "pipeline.state.queued"),
        BuildStatus::InProgress => (Tone::Running, "pipeline.state.running"),
        BuildStatus::Succeeded => (Tone::Ok, "pipeline.state.succeeded"),
        BuildStatus::Failed => (Tone::Failed, "pipeline.state.failed"),
        BuildStatus::Stopped => (Tone::Stopped, "pipeline.state.stopped"),
    }
}
