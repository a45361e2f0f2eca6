//! A stage as a card: who is in it, its actions in the order in which they run, and what can be done about it.

use eframe::egui::{Color32, FontId, Painter, Pos2, Rect, Response, RichText, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::graph::{self, ACTION, BETWEEN, FOOT, HEAD, ORDER};
use super::seen::Seen;
use super::tone::{self, Tone};
use super::{Form, Wish, small};
use crate::delivery::command::PipelineCommand;
use crate::delivery::pipeline::definition::{Category, ExecutionMode, Owner};
use crate::delivery::pipeline::view::{ActionView, StageView};
use crate::ui::state::colors;
use crate::ui::theme::{self, RADIUS, size};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// The icon of a category of actions.
pub(super) const fn icon(category: Category) -> &'static str {
    match category {
        Category::Source => icons::BRANCH,
        Category::Build => icons::BUILD,
        Category::Test => icons::TEST,
        Category::Deploy => icons::DEPLOY,
        Category::Approval => icons::HAND,
        Category::Invoke => icons::INVOKE,
        Category::Compute => icons::TERMINAL,
    }
}

/// Writes one line from its left centre, cut with an ellipsis at `width` points; returns where it ends.
pub(super) fn line(painter: &Painter, at: Pos2, width: f32, text: &str, font: FontId, color: Color32) -> f32 {
    let mut job = eframe::egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(width.max(1.0));
    let galley = painter.layout_job(job);
    let end = at.x + galley.size().x;
    painter.galley(at - vec2(0.0, galley.size().y / 2.0), galley, color);
    end
}

/// Draws the card.
pub(super) fn stage_ui(ui: &mut Ui, seen: &Seen<'_>, stage: &StageView, at: usize, rect: Rect, wishes: &mut Vec<Wish>) {
    let palette = colors(ui);
    let (tone, _) = tone::of_stage(stage);
    let edge = match tone {
        Tone::Running | Tone::Approval | Tone::Failed => theme::mixed(tone.fill(palette), palette.line, 0.7),
        _ => palette.line,
    };
    ui.painter().rect(rect, 8.0, palette.raised, Stroke::new(1.0, edge), StrokeKind::Inside);
    head_ui(ui, seen, stage, rect, wishes);
    let captions = stage.actions.len() > 1;
    let mut y = rect.top() + HEAD;
    for (order, actions) in graph::by_order(stage) {
        let together = actions.len();
        if captions {
            let text = if together > 1 {
                seen.lang.with("pipeline.order.together", &[("order", &order.to_string()), ("count", &together.to_string())])
            } else {
                seen.lang.with("pipeline.order", &[("order", &order.to_string())])
            };
            line(ui.painter(), pos2(rect.left() + 12.0, y + ORDER / 2.0 - 1.0), rect.width() - 20.0, &text, fonts::regular(size::SMALL), palette.secondary);
            y += ORDER;
        }
        let top = y;
        for action in actions {
            let left = if together > 1 { 14.0 } else { 8.0 };
            let cell = Rect::from_min_max(pos2(rect.left() + left, y), pos2(rect.right() - 8.0, y + ACTION));
            action_ui(ui, seen, stage, action, cell, wishes);
            y += ACTION + BETWEEN;
        }
        if together > 1 {
            // What runs at once is held together by a bracket.
            let (x, bottom) = (rect.left() + 9.0, y - BETWEEN);
            let stroke = Stroke::new(1.5, palette.faint);
            ui.painter().vline(x, top..=bottom, stroke);
            ui.painter().hline(x..=(x + 4.0), top + 0.75, stroke);
            ui.painter().hline(x..=(x + 4.0), bottom - 0.75, stroke);
        }
    }
    let foot = Rect::from_min_max(pos2(rect.left() + 8.0, rect.bottom() - FOOT + 4.0), pos2(rect.right() - 6.0, rect.bottom() - 4.0));
    foot_ui(ui, seen, stage, at, foot, wishes);
}

fn head_ui(ui: &Ui, seen: &Seen<'_>, stage: &StageView, rect: Rect, wishes: &mut Vec<Wish>) {
    let palette = colors(ui);
    let lang = seen.lang;
    let (tone, word) = tone::of_stage(stage);
    let word = lang.tr(word);
    let head = Rect::from_min_size(rect.min, vec2(rect.width(), HEAD));
    let painter = ui.painter().clone();
    let text = rect.left() + 28.0;
    tone::shape(&painter, pos2(rect.left() + 16.0, rect.top() + 17.0), 10.0, tone, palette);
    line(&painter, pos2(text, rect.top() + 17.0), rect.right() - text - 10.0, &stage.name, fonts::semibold(size::BODY), palette.text);
    let since = stage.latest.as_ref().filter(|latest| latest.status.is_active()).map(|latest| latest.since);
    let state = [word.to_string(), seen.ago(since)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    line(&painter, pos2(text, rect.top() + 33.0), rect.right() - text - 8.0, &state, fonts::regular(size::SMALL), tone.text(palette));
    let execution = stage.latest.as_ref().map(|latest| latest.execution);
    let name = match execution {
        Some(execution) => lang.with("pipeline.stage.spoken", &[("stage", &stage.name), ("state", &state), ("execution", &seen.label(execution))]),
        None => lang.with("pipeline.stage.spoken-idle", &[("stage", &stage.name), ("state", &word)]),
    };
    let response = ui.interact(head, ui.scope_id().with(("stage", &stage.name)), Sense::click());
    button::focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &name));
    if let Some(execution) = execution {
        let ink = if response.hovered() { palette.accent } else { palette.secondary };
        line(&painter, pos2(text, rect.top() + 48.0), rect.right() - text - 8.0, &seen.label(execution), fonts::mono(size::SMALL), ink);
        if response.clicked()
            && let Some((number, _)) = seen.execution(execution)
        {
            wishes.push(Wish::Execution(*number));
        }
    }
    response.on_hover_ui(|ui| {
        ui.set_max_width(320.0);
        ui.label(RichText::new(&name).font(fonts::medium(size::BODY)));
        if stage.retries.automatic + stage.retries.manual > 0 {
            let counts = [("automatic", stage.retries.automatic.to_string()), ("manual", stage.retries.manual.to_string())];
            label::secondary(ui, lang.with("pipeline.retries", &[(counts[0].0, &counts[0].1), (counts[1].0, &counts[1].1)]));
        }
        for condition in &stage.conditions {
            let rules: Vec<&str> = condition.rules.iter().map(|(name, ..)| name.as_str()).collect();
            label::secondary(ui, format!("{:?} {}: {}", condition.kind, condition.status, rules.join(", ")));
        }
        label::definition(ui, lang, "stage");
    });
}

/// What whoever cannot see an action hears of it.
fn spoken(seen: &Seen<'_>, stage: &StageView, action: &ActionView) -> String {
    let (tone, word) = tone::of_action(action);
    let mut text = format!("{} / {}: {}", stage.name, action.name, seen.lang.tr(word));
    if matches!(tone, Tone::Running | Tone::Approval) {
        text = format!("{text} {}", seen.ago(action.since));
    }
    if let Some(why) = &action.why {
        text = format!("{text}, {}", seen.why(why));
    }
    text
}

fn action_ui(ui: &Ui, seen: &Seen<'_>, stage: &StageView, action: &ActionView, cell: Rect, wishes: &mut Vec<Wish>) {
    let palette = colors(ui);
    let lang = seen.lang;
    let (tone, word) = tone::of_action(action);
    let painter = ui.painter().clone();
    let below = if tone == Tone::Idle { palette.panel } else { theme::mixed(tone.fill(palette), palette.panel, 0.08) };
    painter.rect_filled(cell, f32::from(RADIUS), below);
    painter.rect_filled(Rect::from_min_size(cell.min, vec2(3.0, cell.height())), 1.5, tone.fill(palette));
    let left = cell.left() + 10.0;
    let right = cell.right() - 8.0;
    painter.text(pos2(left, cell.top() + 14.0), eframe::egui::Align2::LEFT_CENTER, icon(action.kind.category), fonts::regular(size::BODY), palette.secondary);
    line(&painter, pos2(left + 19.0, cell.top() + 14.0), right - left - 34.0, &action.name, fonts::medium(size::BODY - 1.0), palette.text);
    tone::shape(&painter, pos2(right - 4.0, cell.top() + 14.0), 9.0, tone, palette);
    line(&painter, pos2(left, cell.top() + 29.0), right - left, &action.kind.provider, fonts::regular(size::SMALL), palette.secondary);
    let state = match (&action.why, tone) {
        (Some(why), Tone::Failed | Tone::Stopped) => format!("{}: {}", lang.tr(word), seen.why(why)),
        (_, Tone::Running | Tone::Approval) => format!("{} · {}", lang.tr(word), seen.ago(action.since)),
        _ => lang.tr(word).into_owned(),
    };
    line(&painter, pos2(left, cell.top() + 43.0), right - left, &state, fonts::regular(size::SMALL), tone.text(palette));
    let build = stage.latest.as_ref().and_then(|latest| seen.build(&stage.name, &action.name, latest.execution));
    let sense = if build.is_some() { Sense::click() } else { Sense::hover() };
    let response = ui.interact(cell, ui.scope_id().with(("action", &stage.name, &action.name)), sense);
    let role = if build.is_some() { Role::Button } else { Role::Label };
    response.widget_info(|| WidgetInfo::labeled(role, true, spoken(seen, stage, action)));
    if let Some(build) = build {
        button::focus_ring(ui, &response);
        if response.hovered() {
            painter.rect_stroke(cell, f32::from(RADIUS), Stroke::new(1.0, palette.accent), StrokeKind::Inside);
        }
        if response.clicked() {
            wishes.push(Wish::Build(build.number));
        }
    }
    response.on_hover_ui(|ui| {
        ui.set_max_width(340.0);
        ui.label(RichText::new(spoken(seen, stage, action)).font(fonts::medium(size::BODY)));
        let owner = match action.kind.owner {
            Owner::Aws => "AWS",
            Owner::ThirdParty => "ThirdParty",
            Owner::Custom => "Custom",
        };
        label::secondary(ui, format!("{} · {owner} · {}", action.kind.category, action.kind.provider));
        if build.is_some() {
            label::caption(ui, lang.tr("pipeline.action.log"));
        }
        if let (Some(due), Tone::Running | Tone::Approval) = (action.due, tone) {
            let left = crate::ui::format::axis_time(due.since(seen.now).as_secs_f64());
            label::secondary(ui, lang.with("pipeline.times-out", &[("time", &left)]));
        }
        if let Some(declared) = seen
            .look
            .definition
            .stages
            .iter()
            .find(|other| other.name == stage.name)
            .and_then(|declared| declared.actions.iter().find(|other| other.name == action.name).filter(|declared| !declared.configuration.is_empty()))
        {
            for (key, value) in &declared.configuration {
                label::caption(ui, format!("{key}: {value}"));
            }
        }
    });
}

/// The buttons of a stage, of which each is there when it is of use.
fn foot_ui(ui: &mut Ui, seen: &Seen<'_>, stage: &StageView, at: usize, rect: Rect, wishes: &mut Vec<Wish>) {
    let lang = seen.lang;
    let values = [("stage", stage.name.as_str())];
    let waits = tone::of_stage(stage).0 == Tone::Approval;
    let running = stage.latest.as_ref().is_some_and(|latest| latest.status.is_active());
    ui.scope_builder(UiBuilder::new().max_rect(rect).id_salt(("foot", &stage.name)), |ui| {
        if seen.barred.pipeline.is_some() {
            ui.disable();
        }
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            if waits {
                let decide = |ui: &mut Ui, icon, key, named| small(ui, icon, &lang.tr(key), &lang.with(named, &values)).clicked();
                if decide(ui, icons::CHECK, "pipeline.decide", "pipeline.decide.stage") {
                    wishes.push(Wish::Form(Form::Approve { stage: stage.name.clone() }));
                }
            }
            let held = stage.conditions.iter().find(|condition| condition.overridable);
            let number = stage.latest.as_ref().and_then(|latest| seen.execution(latest.execution)).map(|(number, _)| *number);
            if let Some((condition, execution)) = held.zip(number) {
                let response = small(ui, icons::FORWARD, &lang.tr("pipeline.override"), &lang.with("pipeline.override.stage", &values));
                if response.clicked() {
                    let command = PipelineCommand::OverrideCondition { execution, stage: stage.name.clone(), condition_type: condition.kind };
                    wishes.push(Wish::Command(command));
                }
            }
            if stage.retryable && !running {
                let response = small(ui, icons::RESTART, &lang.tr("pipeline.retry"), &lang.with("pipeline.retry.stage", &values));
                if response.clicked() {
                    wishes.push(Wish::Form(Form::Retry { stage: stage.name.clone() }));
                }
            }
            if at > 0 && !running && seen.look.definition.mode() != ExecutionMode::Parallel {
                let target = stage.way_back.map(|execution| seen.label(execution));
                let response = roll_back_ui(ui, seen, stage, target.as_deref());
                if response.clicked() {
                    wishes.push(Wish::Command(PipelineCommand::RollBackStage { stage: stage.name.clone() }));
                }
            }
        });
    });
}

fn roll_back_ui(ui: &mut Ui, seen: &Seen<'_>, stage: &StageView, target: Option<&str>) -> Response {
    let name = seen.lang.with("pipeline.roll-back", &[("stage", &stage.name)]);
    let about = match target {
        Some(target) => seen.lang.with("pipeline.roll-back.about", &[("stage", &stage.name), ("execution", target)]),
        None => seen.lang.tr("pipeline.roll-back.nothing").into_owned(),
    };
    ui.add_enabled_ui(target.is_some(), |ui| button::sized_icon(ui, icons::ROLL_BACK, &name, false, 26.0))
        .inner
        .on_hover_text(&about)
        .on_disabled_hover_text(&about)
}
