//! The form of a declaration: the pipeline itself, and its stages with their actions, added, removed and moved.

use eframe::egui::containers::menu::MenuButton;
use eframe::egui::{self, Button, ComboBox, Frame, Margin, Response, RichText, Role, TextEdit, Ui, WidgetInfo, pos2, vec2};

use super::super::seen::Seen;
use super::super::stage::{icon, line};
use super::draft::Found;
use super::fresh::{self, Place};
use super::mistakes::{is_within, mistakes_ui};
use super::{Editor, Reveal, action};
use crate::delivery::pipeline::definition::{Category, ConditionResult, ExecutionMode, FailureConditions, Pipeline, PipelineType, Stage};
use crate::scenario::Scenario;
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::size;
use crate::ui::widgets::segmented::{Segment, segmented};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// A part that is added, removed or moved.
enum Move {
    AddStage(Category),
    RemoveStage(usize),
    SwapStages(usize, usize),
    AddAction(usize, Category),
    RemoveAction(usize, usize),
    SwapActions(usize, usize, usize),
}

/// Draws it. While the text cannot be read it shows the last good declaration, and nothing in it can be changed.
pub(super) fn form_ui(ui: &mut Ui, seen: &Seen<'_>, editor: &mut Editor, scenario: &Scenario) {
    let lang = seen.lang;
    if let Some(broken) = editor.draft.broken() {
        let text = lang.with("pipeline.editor.broken", &[("line", &broken.line.to_string()), ("what", &broken.what)]);
        label::wrong(ui, &text);
        if button::plain(ui, icons::ROLL_BACK, &lang.tr("pipeline.editor.restore")).clicked() {
            editor.draft.restore();
        }
        ui.disable();
    }
    let mut pipeline = editor.draft.pipeline().clone();
    let found = editor.draft.found().to_vec();
    let open = editor.open;
    let mut change = None;
    pipeline_ui(ui, lang, &mut pipeline, &found);
    for at in 0..pipeline.stages.len() {
        ui.push_id(("stage", at), |ui| stage_ui(ui, seen, editor, scenario, &mut pipeline, at, &found, &mut change));
    }
    let add = lang.tr("pipeline.editor.add-stage");
    let new = menu(ui, icons::PLUS, &add, &add, |ui| category_ui(ui, lang, &Category::ALL[1..])).flatten();
    if let Some(category) = new {
        change = Some(Move::AddStage(category));
    }
    if let Some(change) = change {
        editor.remember();
        make(&mut pipeline, &change, seen, scenario, &mut editor.open);
    }
    if pipeline != *editor.draft.pipeline() {
        editor.draft.set(pipeline);
    }
    // The text shows what is opened here.
    if let Some(action) = editor.open.filter(|_| editor.open != open) {
        editor.reveal = Some(Reveal::Action(action));
    }
}

/// Adds, removes or moves a part. The action that is open stays the same one.
fn make(pipeline: &mut Pipeline, change: &Move, seen: &Seen<'_>, scenario: &Scenario, open: &mut Option<(usize, usize)>) {
    match *change {
        Move::AddStage(category) => {
            let at = fresh::add_stage(pipeline, category, seen.service, scenario);
            *open = Some((at, 0));
        }
        Move::RemoveStage(at) => {
            pipeline.stages.remove(at);
            *open = None;
        }
        Move::SwapStages(a, b) => {
            pipeline.stages.swap(a, b);
            *open = open.map(|(stage, action)| {
                (
                    if stage == a {
                        b
                    } else if stage == b {
                        a
                    } else {
                        stage
                    },
                    action,
                )
            });
        }
        Move::AddAction(stage, category) => {
            let action = Place { pipeline, stage, service: seen.service, scenario }.action(category);
            pipeline.stages[stage].actions.push(action);
            *open = Some((stage, pipeline.stages[stage].actions.len() - 1));
        }
        Move::RemoveAction(stage, action) => {
            pipeline.stages[stage].actions.remove(action);
            *open = None;
        }
        Move::SwapActions(stage, a, b) => {
            pipeline.stages[stage].actions.swap(a, b);
            *open = open.map(|(at, action)| {
                (
                    at,
                    if at != stage {
                        action
                    } else if action == a {
                        b
                    } else if action == b {
                        a
                    } else {
                        action
                    },
                )
            });
        }
    }
}

/// A button that opens a list to choose from; `name` is its accessible name.
pub(super) fn menu<R>(ui: &mut Ui, glyph: &str, text: &str, name: &str, contents: impl FnOnce(&mut Ui) -> R) -> Option<R> {
    let label = RichText::new(format!("{glyph}  {text}")).font(fonts::medium(size::BODY - 1.0));
    let (response, inner) = MenuButton::from_button(Button::new(label).min_size(vec2(0.0, 26.0))).ui(ui, contents);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, response.enabled(), name));
    inner.map(|inner| inner.inner)
}

/// The categories to choose from.
fn category_ui(ui: &mut Ui, lang: Lang, all: &[Category]) -> Option<Category> {
    let mut chosen = None;
    for category in all {
        let name = category.to_string();
        let text = format!("{}  {name}", icon(*category));
        let response = ui.button(text);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        let response = match lang.find(&format!("pipeline.category.{}", name.to_lowercase())) {
            Some(about) => response.on_hover_text(about),
            None => response,
        };
        if response.clicked() {
            chosen = Some(*category);
            ui.close();
        }
    }
    chosen
}

/// A field of one line with its title before it.
pub(super) fn field(ui: &mut Ui, title: &str, value: &mut String, width: f32, name: &str) -> Response {
    if !title.is_empty() {
        label::caption(ui, title);
    }
    let edit = TextEdit::singleline(value).desired_width(width).margin(vec2(6.0, 6.0)).font(fonts::regular(size::BODY - 1.0));
    ui.add(edit).accessible_name(name)
}

fn pipeline_ui(ui: &mut Ui, lang: Lang, pipeline: &mut Pipeline, found: &[Found]) {
    ui.horizontal_wrapped(|ui| {
        let title = lang.tr("pipeline.editor.name");
        field(ui, &title, &mut pipeline.name, 150.0, &title);
        let types = [PipelineType::V1, PipelineType::V2].map(|kind| (kind, kind.to_string()));
        let segments: Vec<Segment<'_>> = types.iter().map(|(_, name)| Segment { text: name, name }).collect();
        let on = types.iter().position(|(kind, _)| *kind == pipeline.kind());
        if let Some(at) = segmented(ui, &segments, on, 8.0) {
            pipeline.pipeline_type = Some(types[at].0);
        }
        let modes = [ExecutionMode::Superseded, ExecutionMode::Queued, ExecutionMode::Parallel].map(|mode| (mode, mode.to_string()));
        let segments: Vec<Segment<'_>> = modes.iter().map(|(_, name)| Segment { text: name, name }).collect();
        let on = modes.iter().position(|(mode, _)| *mode == pipeline.mode());
        if let Some(at) = segmented(ui, &segments, on, 8.0) {
            pipeline.execution_mode = Some(modes[at].0);
        }
    });
    label::caption(
        ui,
        lang.tr(match pipeline.mode() {
            ExecutionMode::Superseded => "pipeline.mode.superseded",
            ExecutionMode::Queued => "pipeline.mode.queued",
            ExecutionMode::Parallel => "pipeline.mode.parallel",
        }),
    );
    // What is about no stage is said here.
    let elsewhere: Vec<Found> = found.iter().filter(|found| !found.path.starts_with("stages[")).cloned().collect();
    for found in &elsewhere {
        mistakes_ui(ui, lang, &elsewhere, &found.path, false);
    }
}

/// What a stage does when an action of it failed, of what can be chosen here.
fn failure_ui(ui: &mut Ui, lang: Lang, stage: &mut Stage) {
    let result = |stage: &Stage| stage.on_failure.as_ref().and_then(|failure| failure.result);
    let word = |result: Option<ConditionResult>| {
        lang.tr(match result {
            None => "pipeline.on-failure.stay",
            Some(ConditionResult::Rollback) => "pipeline.on-failure.rollback",
            Some(ConditionResult::Retry) => "pipeline.on-failure.retry",
            Some(ConditionResult::Fail) => "pipeline.on-failure.fail",
            Some(ConditionResult::Skip) => "pipeline.on-failure.skip",
        })
    };
    let mut chosen = result(stage);
    let combo = ComboBox::from_id_salt("on failure").selected_text(word(chosen)).width(96.0).show_ui(ui, |ui| {
        for option in [None, Some(ConditionResult::Retry), Some(ConditionResult::Rollback)] {
            ui.selectable_value(&mut chosen, option, word(option));
        }
    });
    combo.response.accessible_name(lang.with("pipeline.on-failure", &[("stage", &stage.name)]));
    if chosen != result(stage) {
        let before = stage.on_failure.take();
        let conditions = before.map(|before| before.conditions).unwrap_or_default();
        stage.on_failure = (chosen.is_some() || !conditions.is_empty()).then_some(FailureConditions { result: chosen, retry_configuration: None, conditions });
    }
}

#[expect(clippy::too_many_arguments, reason = "a stage of a form is edited in the whole of it")]
fn stage_ui(
    ui: &mut Ui,
    seen: &Seen<'_>,
    editor: &mut Editor,
    scenario: &Scenario,
    pipeline: &mut Pipeline,
    at: usize,
    found: &[Found],
    change: &mut Option<Move>,
) {
    let palette = colors(ui);
    let lang = seen.lang;
    let path = format!("stages[{at}]");
    let last = pipeline.stages.len() - 1;
    let name = pipeline.stages[at].name.clone();
    Frame::new().fill(palette.raised).corner_radius(8).inner_margin(Margin::same(8)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            let values = [("stage", name.as_str())];
            let title = lang.with("pipeline.editor.stage", &[("number", &(at + 1).to_string())]);
            field(ui, "", &mut pipeline.stages[at].name, 104.0, &title);
            ui.add_space(4.0);
            if at > 0 {
                failure_ui(ui, lang, &mut pipeline.stages[at]);
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if button::sized_icon(ui, icons::REMOVE, &lang.with("pipeline.editor.remove-stage", &values), false, 24.0).clicked() {
                    *change = Some(Move::RemoveStage(at));
                }
                ui.add_enabled_ui(at < last, |ui| {
                    if button::sized_icon(ui, icons::DOWN, &lang.with("pipeline.editor.later", &[("what", &name)]), false, 24.0).clicked() {
                        *change = Some(Move::SwapStages(at, at + 1));
                    }
                });
                ui.add_enabled_ui(at > 0, |ui| {
                    if button::sized_icon(ui, icons::UP, &lang.with("pipeline.editor.earlier", &[("what", &name)]), false, 24.0).clicked() {
                        *change = Some(Move::SwapStages(at, at - 1));
                    }
                });
            });
        });
        // What is about the stage and none of its actions.
        let own: Vec<Found> = found
            .iter()
            .filter(|found| (found.path == path || is_within(&found.path, &path)) && !found.path.starts_with(&format!("{path}.actions[")))
            .cloned()
            .collect();
        for found in &own {
            mistakes_ui(ui, lang, &own, &found.path, false);
        }
        for n in 0..pipeline.stages[at].actions.len() {
            ui.push_id(("action", n), |ui| one_action_ui(ui, seen, editor, scenario, pipeline, (at, n), found, change));
        }
        let add = lang.tr("pipeline.editor.add-action");
        let named = lang.with("pipeline.editor.add-action.to", &[("stage", &name)]);
        let all = if at == 0 { &Category::ALL[..1] } else { &Category::ALL[1..] };
        if let Some(category) = menu(ui, icons::PLUS, &add, &named, |ui| category_ui(ui, lang, all)).flatten() {
            *change = Some(Move::AddAction(at, category));
        }
    });
}

/// An action as a row; open, with its parameters.
#[expect(clippy::too_many_arguments, reason = "an action of a form is edited in the whole of it")]
fn one_action_ui(
    ui: &mut Ui,
    seen: &Seen<'_>,
    editor: &mut Editor,
    scenario: &Scenario,
    pipeline: &mut Pipeline,
    (at, n): (usize, usize),
    found: &[Found],
    change: &mut Option<Move>,
) {
    let palette = colors(ui);
    let lang = seen.lang;
    let path = format!("stages[{at}].actions[{n}]");
    let open = editor.open == Some((at, n));
    let declared = &pipeline.stages[at].actions[n];
    let name = declared.name.clone();
    let within = |found: &&Found| found.path == path || is_within(&found.path, &path);
    let (wrong, odd) =
        (found.iter().filter(within).any(|found| !found.mistake.is_warning()), found.iter().filter(within).any(|found| found.mistake.is_warning()));
    let last = pipeline.stages[at].actions.len() - 1;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let tools = 3.0 * 26.0;
        let width = ui.available_width() - tools;
        let row = ui
            .allocate_ui(vec2(width, 28.0), |ui| {
                button::row(ui, 28.0, &lang.with("pipeline.editor.action", &[("action", &name), ("provider", &declared.action_type_id.provider)]), open)
            })
            .inner;
        let rect = row.rect;
        let y = rect.center().y;
        let painter = ui.painter();
        let glyph = if open { icons::OPENED } else { icons::CLOSED };
        painter.text(pos2(rect.left() + 6.0, y), egui::Align2::LEFT_CENTER, glyph, fonts::regular(size::SMALL), palette.secondary);
        let kind = icon(declared.action_type_id.category);
        painter.text(pos2(rect.left() + 22.0, y), egui::Align2::LEFT_CENTER, kind, fonts::regular(size::BODY), palette.secondary);
        let end = line(painter, pos2(rect.left() + 42.0, y), rect.width() * 0.5, &name, fonts::medium(size::BODY - 1.0), palette.text);
        // The turn is of interest where there are several.
        let turn = if last > 0 { format!("{} · ", declared.run_order) } else { String::new() };
        let about = format!("{turn}{}", declared.action_type_id.provider);
        line(painter, pos2(end + 10.0, y), rect.right() - end - 30.0, &about, fonts::regular(size::SMALL), palette.secondary);
        if wrong || odd {
            let (glyph, ink) = if wrong { (icons::FAILING, palette.failing_text) } else { (icons::WARNING, palette.warning_text) };
            painter.text(pos2(rect.right() - 4.0, y), egui::Align2::RIGHT_CENTER, glyph, fonts::regular(size::BODY), ink);
        }
        if row.clicked() {
            editor.open = if open { None } else { Some((at, n)) };
        }
        ui.add_enabled_ui(n > 0, |ui| {
            if button::sized_icon(ui, icons::UP, &lang.with("pipeline.editor.earlier", &[("what", &name)]), false, 24.0).clicked() {
                *change = Some(Move::SwapActions(at, n, n - 1));
            }
        });
        ui.add_enabled_ui(n < last, |ui| {
            if button::sized_icon(ui, icons::DOWN, &lang.with("pipeline.editor.later", &[("what", &name)]), false, 24.0).clicked() {
                *change = Some(Move::SwapActions(at, n, n + 1));
            }
        });
        if button::sized_icon(ui, icons::REMOVE, &lang.with("pipeline.editor.remove-action", &[("action", &name)]), false, 24.0).clicked() {
            *change = Some(Move::RemoveAction(at, n));
        }
    });
    if open {
        Frame::new().fill(palette.panel).corner_radius(6).inner_margin(Margin::same(8)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            action::action_ui(ui, seen, scenario, pipeline, (at, n), found);
        });
    } else {
        // What is wrong with a closed action is said all the same.
        let own: Vec<Found> = found.iter().filter(within).cloned().collect();
        for found in &own {
            mistakes_ui(ui, lang, &own, &found.path, false);
        }
    }
}
