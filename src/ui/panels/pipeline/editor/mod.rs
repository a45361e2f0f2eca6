//! The editor of a declaration: a form and the service's own JSON beside it, each following the other.
//!
//! A text that cannot be read changes nothing: the form shows, and keeps, what was good last. Mistakes are said where they
//! are, in the form and in the text, as soon as they are made; only a declaration without errors can be applied. `draft`
//! holds what is edited, `fresh` makes new parts, `form` and `action` are the form, `text` is the text.

mod action;
mod draft;
mod form;
mod fresh;
mod lines;
mod mistakes;
mod text;

use eframe::egui::{Rect, RichText, ScrollArea, Ui, UiBuilder, pos2, vec2};

pub(super) use self::fresh::smallest;

use self::draft::Draft;
use super::seen::Seen;
use crate::delivery::command::PipelineCommand;
use crate::delivery::pipeline::definition::Pipeline;
use crate::scenario::{Action, Scenario};
use crate::ui::icons;
use crate::ui::panels::asked::Asked;
use crate::ui::state::colors;
use crate::ui::widgets::{button, label};

/// Declarations of the past that can be brought back.
const REMEMBERED: usize = 50;

/// What is edited of one pipeline.
#[derive(Debug, Clone)]
pub(super) struct Editor {
    draft: Draft,
    /// The action whose parameters are shown: stage and action.
    open: Option<(usize, usize)>,
    /// Earlier declarations, the newest last: before each part that was added, moved or removed.
    past: Vec<Pipeline>,
    /// What runs, as it was when it was looked at last.
    running: Pipeline,
    /// What was asked for.
    pub(super) asked: Asked,
    /// Whether nothing runs yet: the service is to get its first pipeline.
    creates: bool,
    /// What the text is to show next.
    reveal: Option<Reveal>,
}

/// What comes into view in the text.
#[derive(Debug, Clone, Copy)]
enum Reveal {
    /// A line, counted from 1.
    Line(usize),
    /// An action: stage and action.
    Action((usize, usize)),
}

/// What came of a frame of the editor.
#[expect(clippy::large_enum_variant, reason = "people do few things")]
pub(super) enum Answer {
    /// It stays open.
    Stays,
    /// It is left; what was edited is kept.
    Leaves,
    /// It asks for this.
    Asks(PipelineCommand),
}

impl Editor {
    /// An editor of what runs, or (`creates`) of what is to be a service's first pipeline.
    pub(super) fn new(running: &Pipeline, creates: bool) -> Self {
        Self { draft: Draft::new(running.clone()), open: None, past: Vec::new(), running: running.clone(), asked: Asked::default(), creates, reveal: None }
    }
    /// Whether there is something in it that does not run.
    pub(super) fn is_changed(&self) -> bool {
        self.draft.is_broken() || *self.draft.pipeline() != self.running
    }
    /// Replaces the declaration; what was there can be brought back.
    fn replace(&mut self, pipeline: Pipeline) {
        self.remember();
        self.draft.set(pipeline);
        self.open = None;
    }
    fn remember(&mut self) {
        self.past.push(self.draft.pipeline().clone());
        if self.past.len() > REMEMBERED {
            self.past.remove(0);
        }
    }
}

/// Draws the editor.
pub(super) fn editor_ui(ui: &mut Ui, seen: &Seen<'_>, editor: &mut Editor, scenario: &Scenario) -> Answer {
    if editor.running != seen.look.definition {
        // An untouched editor follows what runs.
        if !editor.is_changed() {
            editor.draft = Draft::new(seen.look.definition.clone());
        }
        editor.running = seen.look.definition.clone();
    }
    let answer = bar_ui(ui, seen, editor, scenario);
    let rect = ui.available_rect_before_wrap();
    // The text has lines of about sixty letters, the form fields of any width.
    let beside = rect.width() > 560.0;
    let (left, right) = if beside {
        let x = rect.left() + rect.width() * 0.5;
        (Rect::from_min_max(rect.min, pos2(x - 6.0, rect.bottom())), Rect::from_min_max(pos2(x + 6.0, rect.top()), rect.max))
    } else {
        let y = rect.center().y;
        (Rect::from_min_max(rect.min, pos2(rect.right(), y - 4.0)), Rect::from_min_max(pos2(rect.left(), y + 4.0), rect.max))
    };
    ui.scope_builder(UiBuilder::new().max_rect(left).id_salt("form"), |ui| {
        ui.set_clip_rect(left.expand(2.0).intersect(ui.clip_rect()));
        ScrollArea::vertical().id_salt(("form", seen.look.service)).auto_shrink(false).show(ui, |ui| {
            ui.set_width(left.width() - 10.0);
            ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
            form::form_ui(ui, seen, editor, scenario);
        });
    });
    ui.scope_builder(UiBuilder::new().max_rect(right).id_salt("text"), |ui| {
        ui.set_clip_rect(right.expand(2.0).intersect(ui.clip_rect()));
        text::text_ui(ui, seen, editor);
    });
    answer
}

/// What can be done with the declaration as a whole.
fn bar_ui(ui: &mut Ui, seen: &Seen<'_>, editor: &mut Editor, scenario: &Scenario) -> Answer {
    let palette = colors(ui);
    let lang = seen.lang;
    let mut answer = Answer::Stays;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 4.0);
        if button::icon(ui, icons::BACK, &lang.tr("pipeline.editor.leave"), false).clicked() {
            answer = Answer::Leaves;
        }
        label::title(ui, lang.with("pipeline.editor.title", &[("service", seen.service)]));
        let errors = editor.draft.errors();
        let changed = editor.is_changed();
        let creates = editor.creates;
        let possible = errors == 0 && !editor.draft.is_broken() && (changed || creates) && seen.barred.pipeline.is_none();
        let (key, about) =
            if creates { ("pipeline.editor.create", "pipeline.editor.create.about") } else { ("pipeline.editor.apply", "pipeline.editor.apply.about") };
        let apply = ui.add_enabled_ui(possible, |ui| button::primary(ui, icons::CHECK, &lang.tr(key))).inner;
        let why_not = if let Some(why) = &seen.barred.pipeline {
            why.as_str().into()
        } else if changed || creates {
            lang.tr("pipeline.editor.apply.errors")
        } else {
            lang.tr("pipeline.editor.apply.same")
        };
        if apply.on_hover_text(lang.tr(about)).on_disabled_hover_text(why_not).clicked() {
            let definition = editor.draft.pipeline().clone();
            let command = if creates { PipelineCommand::Create { definition } } else { PipelineCommand::Update { definition } };
            editor.asked.ask(&Action::Pipeline { service: seen.service.to_owned(), command: command.clone() });
            answer = Answer::Asks(command);
        }
        if button::plain(ui, icons::NEW_FILE, &lang.tr("pipeline.editor.new")).on_hover_text(lang.tr("pipeline.editor.new.about")).clicked() {
            editor.replace(fresh::smallest(seen.service, scenario));
        }
        if !creates
            && button::plain_if(ui, changed, icons::RESTART, &lang.tr("pipeline.editor.running"))
                .on_hover_text(lang.tr("pipeline.editor.running.about"))
                .clicked()
        {
            let running = editor.running.clone();
            editor.replace(running);
        }
        if button::plain_if(ui, !editor.past.is_empty(), icons::ROLL_BACK, &lang.tr("pipeline.editor.undo")).clicked()
            && let Some(before) = editor.past.pop()
        {
            editor.draft.set(before);
            editor.open = None;
        }
        if changed && seen.active() > 0 {
            let text = lang.with("pipeline.editor.cancels", &[("count", &seen.active().to_string())]);
            ui.label(RichText::new(format!("{}  {text}", icons::WARNING)).color(palette.warning_text));
        }
    });
    if let Some(refusal) = editor.asked.why() {
        label::wrong(ui, refusal);
    }
    answer
}
