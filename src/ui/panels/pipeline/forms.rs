//! What a person says before something is done to a pipeline: a comment, a reason, how to stop, what to try again.
//!
//! A form stays open until the pipeline has done what it asked for; a refusal is said in it. To add one, add a variant to
//! [`Form`] and its fields to `form_ui`.

use eframe::egui::{Frame, RichText, TextEdit, Ui, vec2};

use super::seen::Seen;
use crate::delivery::command::PipelineCommand;
use crate::delivery::pipeline::limits;
use crate::ids::ServiceId;
use crate::scenario::Action;
use crate::telemetry::ledger::ExecutionNumber;
use crate::ui::panels::asked::Asked;
use crate::ui::state::colors;
use crate::ui::theme::size;
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// Decides about what waits in a stage.
    Approve {
        /// The stage.
        stage: String,
    },
    /// Lets nothing enter a stage.
    Disable {
        /// The stage.
        stage: String,
    },
    /// Tries a failed stage again.
    Retry {
        /// The stage.
        stage: String,
    },
    /// Stops an execution.
    Stop {
        /// Its number.
        execution: ExecutionNumber,
    },
}

/// A form that is open.
#[derive(Debug, Clone)]
pub(super) struct Open {
    form: Form,
    /// The service that it is about.
    pub(super) service: ServiceId,
    text: String,
    /// What was asked for with it.
    pub(super) asked: Asked,
    /// Whether its field has had the keyboard's focus.
    begun: bool,
}

impl Open {
    pub(super) fn new(form: Form, service: ServiceId) -> Self {
        Self { form, service, text: String::new(), asked: Asked::default(), begun: false }
    }
}

/// What came of a form.
#[expect(clippy::large_enum_variant, reason = "people do few things")]
pub(super) enum Answer {
    /// It stays open.
    Stays,
    /// It was closed.
    Closed,
    /// It asks for this.
    Asks(PipelineCommand),
}

/// Draws it.
pub(super) fn form_ui(ui: &mut Ui, seen: &Seen<'_>, open: &mut Open) -> Answer {
    let palette = colors(ui);
    let lang = seen.lang;
    let mut answer = Answer::Stays;
    Frame::new().fill(palette.raised).corner_radius(8).inner_margin(10).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let form = open.form.clone();
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(8.0, 6.0);
            let title = match &form {
                Form::Approve { stage } => lang.with("pipeline.decide.stage", &[("stage", stage)]),
                Form::Disable { stage } => lang.with("pipeline.disable", &[("stage", stage)]),
                Form::Retry { stage } => lang.with("pipeline.retry.stage", &[("stage", stage)]),
                Form::Stop { execution } => lang.with("pipeline.stop", &[("execution", &execution.to_string())]),
            };
            ui.label(RichText::new(title).font(fonts::semibold(size::BODY)));
            match form {
                Form::Approve { stage } => {
                    field_ui(ui, open, &lang.tr("pipeline.comment"), limits::APPROVAL_SUMMARY);
                    let decide = |approved, summary: &str| PipelineCommand::Approve {
                        stage: stage.clone(),
                        approved,
                        summary: summary.to_owned(),
                        execution: seen.lane,
                    };
                    let waits = seen.stages().iter().any(|view| view.name == stage && super::tone::of_stage(view).0 == super::tone::Tone::Approval);
                    ui.add_enabled_ui(waits, |ui| {
                        if button::primary(ui, icons::CHECK, &lang.tr("pipeline.approve")).clicked() {
                            answer = Answer::Asks(decide(true, open.text.trim()));
                        }
                        if button::harmful(ui, icons::CLOSE, &lang.tr("pipeline.reject")).clicked() {
                            answer = Answer::Asks(decide(false, open.text.trim()));
                        }
                    });
                    if !waits {
                        label::caption(ui, lang.tr("pipeline.decide.gone"));
                    }
                }
                Form::Disable { stage } => {
                    let entered = field_ui(ui, open, &lang.tr("pipeline.reason"), limits::DISABLED_REASON);
                    let reason = open.text.trim().to_owned();
                    let possible = !reason.is_empty();
                    let clicked = ui.add_enabled_ui(possible, |ui| button::primary(ui, icons::PROHIBIT, &lang.tr("pipeline.disable.do")).clicked()).inner;
                    if possible && (clicked || entered) {
                        answer = Answer::Asks(PipelineCommand::DisableTransition { stage, reason });
                    }
                }
                Form::Retry { stage } => {
                    if button::primary(ui, icons::RESTART, &lang.tr("pipeline.retry.failed")).clicked() {
                        answer = Answer::Asks(PipelineCommand::RetryStage { stage: stage.clone(), all_actions: false, execution: seen.lane });
                    }
                    if button::plain(ui, icons::RESTART, &lang.tr("pipeline.retry.all")).clicked() {
                        answer = Answer::Asks(PipelineCommand::RetryStage { stage, all_actions: true, execution: seen.lane });
                    }
                }
                Form::Stop { execution } => {
                    let wait = button::plain(ui, icons::STOP, &lang.tr("pipeline.stop.wait"));
                    if wait.on_hover_text(lang.tr("pipeline.stop.wait.about")).clicked() {
                        answer = Answer::Asks(PipelineCommand::Stop { execution, abandon: false });
                    }
                    let abandon = button::harmful(ui, icons::STOP, &lang.tr("pipeline.stop.abandon"));
                    if abandon.on_hover_text(lang.tr("pipeline.stop.abandon.about")).clicked() {
                        answer = Answer::Asks(PipelineCommand::Stop { execution, abandon: true });
                    }
                }
            }
            if button::plain(ui, icons::CLOSE, &lang.tr("pipeline.cancel")).clicked() {
                answer = Answer::Closed;
            }
        });
        if let Some(refusal) = open.asked.why() {
            label::wrong(ui, refusal);
        }
    });
    if let Answer::Asks(command) = &answer {
        open.asked.ask(&Action::Pipeline { service: seen.service.to_owned(), command: command.clone() });
    }
    answer
}

/// The field of a form; true if it was left with Enter.
fn field_ui(ui: &mut Ui, open: &mut Open, title: &str, most: usize) -> bool {
    let width = (ui.available_width() - 380.0).clamp(120.0, 360.0);
    let edit = TextEdit::singleline(&mut open.text).char_limit(most).desired_width(width).hint_text(title);
    let response = ui.add(edit).accessible_name(title);
    if !open.begun {
        open.begun = true;
        response.request_focus();
    }
    response.lost_focus() && ui.input(|input| input.key_pressed(eframe::egui::Key::Enter))
}
