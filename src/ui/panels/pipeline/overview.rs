//! All pipelines at a glance: a row for each, with a shape for each stage; a click shows that pipeline.

use eframe::egui::{Align2, Color32, ComboBox, Pos2, Rect, Response, ScrollArea, Ui, pos2, vec2};

use super::{seen, tone};
use crate::delivery::look::{DeliveryLook, PipelineLook};
use crate::ids::ServiceId;
use crate::ui::map::names;
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::{Palette, size};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// Height of a row [points].
const ROW: f32 = 42.0;
/// From the shape of one stage to that of the next [points].
const STEP: f32 = 15.0;

/// What a row says aloud: the service, how its stages stand if something is to say, and whether it is held back.
fn spoken(lang: Lang, name: &str, look: &PipelineLook) -> String {
    let mut parts = vec![name.to_owned()];
    for stage in &look.stages {
        let (tone, word) = tone::of_stage(stage);
        if matches!(tone, tone::Tone::Running | tone::Tone::Approval | tone::Tone::Failed) {
            parts.push(format!("{} {}", stage.name, lang.tr(word)));
        }
        if !stage.inbound.is_empty() {
            parts.push(lang.with("pipeline.waits-before", &[("count", &stage.inbound.len().to_string()), ("stage", &stage.name)]));
        }
        if !stage.transition.enabled {
            parts.push(lang.with("pipeline.disabled-into", &[("stage", &stage.name)]));
        }
    }
    if look.held {
        parts.push(lang.tr("pipeline.held").into_owned());
    }
    parts.join(", ")
}

/// The stages as a row of shapes; a dot before one says that somebody waits, a bar that nothing may enter.
fn stages_ui(ui: &Ui, at: Pos2, right: f32, look: &PipelineLook, palette: &Palette) {
    let most = (((right - at.x) / STEP) as usize).max(2);
    for (n, stage) in look.stages.iter().take(most).enumerate() {
        let center = at + vec2(n as f32 * STEP + 5.0, 0.0);
        tone::shape(ui.painter(), center, 9.0, tone::of_stage(stage).0, palette);
        let before = center - vec2(STEP / 2.0, 0.0);
        if !stage.transition.enabled {
            ui.painter().vline(before.x, (before.y - 6.0)..=(before.y + 6.0), (2.0, palette.warning));
        } else if !stage.inbound.is_empty() {
            ui.painter().circle_filled(before, 1.75, palette.info);
        }
    }
}

/// What there is to choose from.
pub(super) struct Shown<'a> {
    /// The pipelines.
    pub(super) all: &'a DeliveryLook,
    /// Services that have none yet.
    pub(super) bare: &'a [ServiceId],
    /// The pipeline that is shown.
    pub(super) at: Option<usize>,
    /// The service that is to get its first one.
    pub(super) creating: Option<ServiceId>,
}

/// What was chosen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Chosen {
    /// A pipeline.
    Pipeline(usize),
    /// A service that has none yet.
    Bare(ServiceId),
}

/// Draws the rows into a column; returns what was clicked.
pub(super) fn overview_ui(ui: &mut Ui, lang: Lang, shown: &Shown<'_>, name: &dyn Fn(ServiceId) -> String) -> Option<Chosen> {
    let pipelines = &shown.all.pipelines;
    let heading = label::section(ui, lang.counted("pipelines", pipelines.len()));
    label::explained(heading, lang, "pipeline");
    let mut clicked = None;
    ui.spacing_mut().item_spacing.y = 2.0;
    ScrollArea::vertical().id_salt("pipelines").auto_shrink(false).show_rows(ui, ROW, pipelines.len() + shown.bare.len(), |ui, rows| {
        for at in rows {
            let (one, response) = if let Some(look) = pipelines.get(at) {
                (Chosen::Pipeline(at), row_ui(ui, lang, look, shown.at == Some(at), name))
            } else {
                let service = shown.bare[at - pipelines.len()];
                (Chosen::Bare(service), bare_row_ui(ui, lang, shown.creating == Some(service), name(service)))
            };
            if response.clicked() {
                clicked = Some(one);
            }
        }
    });
    clicked
}

/// A name in the first line of a row, shortened if it must be.
fn name_ui(ui: &Ui, rect: Rect, room: f32, name: String, color: Color32) {
    let font = fonts::medium(size::BODY - 1.0);
    let wide = ui.painter().layout_no_wrap(name.clone(), font.clone(), color).size().x;
    let letters = (room / wide * name.chars().count() as f32) as usize;
    let fitting = if wide <= room { name } else { names::shortened(&[&name], letters.saturating_sub(1)).remove(0) };
    ui.painter().text(pos2(rect.left(), rect.top() + 12.0), Align2::LEFT_CENTER, fitting, font, color);
}

fn row_ui(ui: &mut Ui, lang: Lang, look: &PipelineLook, on: bool, name: &dyn Fn(ServiceId) -> String) -> Response {
    let palette = colors(ui);
    let service = name(look.service);
    let text = spoken(lang, &service, look);
    let row = button::row(ui, ROW, &text, on);
    let rect = row.rect.shrink2(vec2(8.0, 0.0));
    name_ui(ui, rect, rect.width() - if look.held { 18.0 } else { 0.0 }, service, palette.text);
    if look.held {
        let at = pos2(rect.right(), rect.top() + 12.0);
        ui.painter().text(at, Align2::RIGHT_CENTER, icons::LOCK, fonts::regular(size::BODY), palette.warning_text);
    }
    stages_ui(ui, pos2(rect.left(), rect.top() + 30.0), rect.right() - 24.0, look, palette);
    let active = seen::active(look);
    if active > 0 {
        let at = pos2(rect.right(), rect.top() + 30.0);
        ui.painter().text(at, Align2::RIGHT_CENTER, format!("×{active}"), fonts::mono(size::SMALL), palette.secondary);
    }
    row.on_hover_text(text)
}

/// A service without a pipeline, and that it can have one.
fn bare_row_ui(ui: &mut Ui, lang: Lang, on: bool, service: String) -> Response {
    let palette = colors(ui);
    let row = button::row(ui, ROW, &lang.with("pipeline.create.for", &[("service", &service)]), on);
    let rect = row.rect.shrink2(vec2(8.0, 0.0));
    name_ui(ui, rect, rect.width(), service, palette.secondary);
    let text = format!("{} {}", icons::PLUS, lang.tr("pipeline.create"));
    ui.painter().text(pos2(rect.left(), rect.top() + 30.0), Align2::LEFT_CENTER, text, fonts::regular(size::SMALL), palette.accent);
    row.on_hover_text(lang.tr("pipeline.create.about"))
}

/// The same as a list to choose from, where there is no room for a column.
pub(super) fn chooser_ui(ui: &mut Ui, lang: Lang, shown: &Shown<'_>, name: &dyn Fn(ServiceId) -> String) -> Option<Chosen> {
    let mut clicked = None;
    let current = shown.creating.or_else(|| shown.at.and_then(|at| shown.all.pipelines.get(at)).map(|look| look.service));
    let list = ComboBox::from_id_salt("pipeline of").selected_text(current.map(name).unwrap_or_default()).show_ui(ui, |ui| {
        for (at, look) in shown.all.pipelines.iter().enumerate() {
            if ui.selectable_label(shown.at == Some(at), spoken(lang, &name(look.service), look)).clicked() {
                clicked = Some(Chosen::Pipeline(at));
            }
        }
        for &service in shown.bare {
            if ui.selectable_label(shown.creating == Some(service), lang.with("pipeline.create.for", &[("service", &name(service))])).clicked() {
                clicked = Some(Chosen::Bare(service));
            }
        }
    });
    list.response.accessible_name(lang.tr("pipeline.choose"));
    clicked
}
