//! The executions of a pipeline as a table, and the one that is looked at in one line.

use eframe::egui::{RichText, Ui};

use super::seen::{Seen, revision};
use super::{Form, PipelineState, Wish, tone};
use crate::delivery::pipeline::status::TriggerType;
use crate::telemetry::ledger::ExecutionNumber;
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::size;
use crate::ui::widgets::table::{Column, Rows, table};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, format, icons};

/// What started an execution, in words.
fn trigger_word(lang: Lang, trigger: TriggerType) -> std::borrow::Cow<'static, str> {
    lang.tr(match trigger {
        TriggerType::CreatePipeline => "pipeline.trigger.created",
        TriggerType::StartPipelineExecution | TriggerType::PutActionRevision => "pipeline.trigger.hand",
        TriggerType::PollForSourceChanges | TriggerType::Webhook | TriggerType::CloudWatchEvent | TriggerType::WebhookV2 => "pipeline.trigger.push",
        TriggerType::ManualRollback => "pipeline.trigger.rollback",
        TriggerType::AutomatedRollback => "pipeline.trigger.automatic-rollback",
    })
}

/// Draws the one that is looked at, if it is known here, and the table at most `height` points high.
pub(super) fn executions_ui(ui: &mut Ui, seen: &Seen<'_>, state: &mut PipelineState, height: f32, wishes: &mut Vec<Wish>) {
    let lang = seen.lang;
    let (looked_at, wanted) = (state.execution, std::mem::take(&mut state.reveal_execution));
    if seen.look.executions.is_empty() {
        label::secondary(ui, lang.tr("pipeline.executions.none"));
        return;
    }
    let before = ui.cursor().top();
    if let Some(number) = looked_at {
        one_ui(ui, seen, number, wishes);
    }
    let height = height - (ui.cursor().top() - before) - 24.0;
    let narrow = ui.available_width() < 560.0;
    // Beside an open log there is no room for more than what tells one from another.
    let tiny = ui.available_width() < 430.0;
    let heads = [
        "#".into(),
        lang.tr("pipeline.head.status"),
        lang.tr("pipeline.head.stage"),
        lang.tr("pipeline.head.revision"),
        lang.tr("pipeline.head.trigger"),
        lang.tr("pipeline.head.started"),
        lang.tr("pipeline.head.took"),
    ];
    let columns = [
        Column::number(&heads[0], 1.1),
        Column::text(&heads[1], 2.8),
        Column::text(&heads[2], 2.2),
        Column::text(&heads[3], 1.6).holding("0000000", 0.0),
        Column::text(&heads[4], if narrow { 0.0 } else { 2.0 }),
        Column::text(&heads[5], if tiny { 0.0 } else { 2.2 }),
        Column::number(&heads[6], 1.6),
    ];
    let executions = &seen.look.executions;
    let name = |at: usize| {
        let (number, view) = &executions[at];
        let word = lang.tr(tone::of_execution(view).1);
        lang.with("pipeline.execution.spoken", &[("execution", &number.to_string()), ("state", &word), ("stage", &view.stage), ("revision", revision(view))])
    };
    let reveal = executions.iter().position(|(number, _)| wanted && looked_at == Some(*number));
    let rows = Rows::from(executions.len()).revealing(reveal);
    let clicked = table(ui, "executions", &columns, rows, height.max(40.0), name, |at, cells| {
        let (number, view) = &executions[at];
        let palette = cells.palette;
        let (tone, word) = tone::of_execution(view);
        cells.colored(0, &number.to_string(), if looked_at == Some(*number) { palette.accent } else { palette.secondary }, 0.0);
        tone::shape(cells.painter(), cells.mark(1), 9.0, tone, palette);
        cells.colored(1, &lang.tr(word), tone.text(palette), 20.0);
        cells.text(2, &view.stage);
        cells.colored(3, revision(view), palette.secondary, 0.0);
        cells.colored(4, &trigger_word(lang, view.trigger), palette.secondary, 0.0);
        cells.colored(5, &seen.moment(view.started), palette.secondary, 0.0);
        let end = if view.status.is_active() { seen.now } else { view.updated };
        cells.text(6, &format::axis_time(end.since(view.started).as_secs_f64()));
    });
    if let Some(at) = clicked {
        wishes.push(Wish::Execution(executions[at].0));
    }
}

/// One execution: why it stands as it does, and what can be done to it.
fn one_ui(ui: &mut Ui, seen: &Seen<'_>, number: ExecutionNumber, wishes: &mut Vec<Wish>) {
    let lang = seen.lang;
    let Some((_, view)) = seen.look.executions.iter().find(|(other, _)| *other == number) else {
        label::secondary(ui, lang.with("pipeline.execution.gone", &[("execution", &number.to_string())]));
        return;
    };
    let palette = colors(ui);
    let (tone, word) = tone::of_execution(view);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(lang.with("pipeline.execution", &[("execution", &number.to_string())])).font(fonts::semibold(size::BODY)));
        ui.label(RichText::new(lang.tr(word)).color(tone.text(palette)));
        let mut parts = vec![trigger_word(lang, view.trigger).into_owned()];
        parts.push(view.revisions.iter().map(|(source, revision)| format!("{source} {revision}")).collect::<Vec<_>>().join(", "));
        if let Some(target) = view.target {
            parts.push(lang.with("pipeline.execution.back-to", &[("execution", &seen.number(target))]));
        }
        let (failure, build) = if tone == tone::Tone::Failed { seen.failure(number, view) } else { (None, None) };
        if let Some(why) = view.why.as_ref().filter(|_| failure.is_none()) {
            parts.push(seen.why(why));
        }
        parts.retain(|part| !part.is_empty());
        if let Some(failure) = failure {
            ui.label(RichText::new(failure).color(palette.failing_text));
        }
        ui.label(RichText::new(parts.join(" · ")).color(palette.secondary));
        if let Some(build) = build
            && button::plain(ui, icons::TERMINAL, &lang.with("pipeline.log.open", &[("build", &build.to_string())])).clicked()
        {
            wishes.push(Wish::Build(build));
        }
        if view.status.is_active() && seen.barred.pipeline.is_none() && button::plain(ui, icons::STOP, &lang.tr("pipeline.stop.open")).clicked() {
            wishes.push(Wish::Form(Form::Stop { execution: number }));
        }
    });
}
