//! Which strategies to compare, on how many seeds, and the comparison under way.
//!
//! Strategies are chosen by name, with their defaults, or written as after `fleetlab compare --with`.

use eframe::egui::{ComboBox, DragValue, Frame, Key, Label, Margin, ProgressBar, RichText, TextEdit, TextWrapMode, Ui, vec2};

use super::state::CompareState;
use crate::fleet::deploy::{CodeDeploy, Strategy};
use crate::lab::compare;
use crate::scenario::Scenario;
use crate::scenario::limits;
use crate::ui::state::{Ask, colors};
use crate::ui::text::{Lang, humanised};
use crate::ui::theme::{self, size};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, format, icons};
use crate::units::SimSpan;

/// More seeds than these take longer than anybody waits before a window; the command line takes more.
const MOST_SEEDS: usize = 100;

/// Draws it; returns what was asked for.
pub(super) fn form_ui(ui: &mut Ui, lang: Lang, state: &mut CompareState, scenario: &Scenario, seed: u64) -> Option<Ask> {
    if state.job.is_some() {
        return under_way_ui(ui, lang, state, scenario);
    }
    if state.shown.is_none() {
        label::secondary(ui, lang.tr("compare.about"));
        ui.add_space(6.0);
    }
    named_ui(ui, lang, state);
    written_ui(ui, lang, state, scenario);
    if !state.chosen.is_empty() {
        ui.add_space(4.0);
        chosen_ui(ui, lang, state);
    }
    ui.add_space(8.0);
    run_ui(ui, lang, state, scenario, seed)
}

/// What a strategy is called.
pub(super) fn strategy_name(lang: Lang, name: &str) -> String {
    lang.find(&format!("strategy.{name}.name")).map_or_else(|| humanised(name), std::borrow::Cow::into_owned)
}

/// A box for each strategy that can be had by its name alone.
fn named_ui(ui: &mut Ui, lang: Lang, state: &mut CompareState) {
    let palette = colors(ui);
    label::section(ui, lang.tr("compare.strategies"));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(14.0, 4.0);
        // A name stays whole and goes into the next row.
        ui.style_mut().wrap_mode = Some(TextWrapMode::Extend);
        // CodeDeploy has a configuration to choose, below.
        for name in Strategy::NAMES.iter().filter(|name| **name != "codedeploy") {
            let mut on = state.chosen.iter().any(|chosen| chosen == name);
            let title = strategy_name(lang, name);
            let width = ui.painter().layout_no_wrap(title.clone(), fonts::regular(size::BODY), palette.text).size().x + 28.0;
            if ui.available_size_before_wrap().x < width {
                ui.end_row();
            }
            let check = button::check(ui, &mut on, &title);
            let about = lang.find(&format!("strategy.{name}.about")).unwrap_or_default();
            if check.on_hover_text(about).changed() {
                state.refusal = None;
                if on {
                    state.chosen.push((*name).to_owned());
                } else {
                    state.chosen.retain(|chosen| chosen != name);
                }
            }
        }
    });
}

/// A configuration of `CodeDeploy`, or anything in the words of a scenario file.
fn written_ui(ui: &mut Ui, lang: Lang, state: &mut CompareState, scenario: &Scenario) {
    let palette = colors(ui);
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 6.0);
        let mut picked = None;
        let combo = ComboBox::from_id_salt("codedeploy").selected_text(lang.tr("compare.codedeploy")).width(210.0).show_ui(ui, |ui| {
            for config in CodeDeploy::configs() {
                if ui.selectable_label(false, config).clicked() {
                    picked = Some(config);
                }
            }
        });
        combo.response.on_hover_text(lang.tr("strategy.codedeploy.about"));
        if let Some(config) = picked {
            state.add(&format!("CodeDeployDefault.{config}"), scenario);
        }
        let hint = lang.tr("compare.written.hint");
        let title = lang.tr("compare.written");
        let width = (ui.available_width() - 110.0).clamp(180.0, 440.0);
        let edit = TextEdit::singleline(&mut state.text).hint_text(hint.as_ref()).font(fonts::mono(size::BODY - 1.0)).desired_width(width);
        let edit = ui.add(edit);
        edit.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::TextInput, true, title.as_ref()));
        if edit.changed() {
            state.error = None;
        }
        let entered = edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let written = !state.text.trim().is_empty();
        let add = button::plain_if(ui, written, icons::PLUS, &lang.tr("compare.add"));
        if written && (entered || add.clicked()) {
            let text = state.text.clone();
            state.add(&text, scenario);
        }
    });
    if let Some(error) = &state.error {
        ui.add(Label::new(RichText::new(format!("{} {error}", icons::FAILING)).color(palette.failing_text)).wrap());
    }
}

/// What is chosen, in order; a click compares the others with it.
fn chosen_ui(ui: &mut Ui, lang: Lang, state: &mut CompareState) {
    let palette = colors(ui);
    let (mut first, mut removed) = (None, None);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        for (at, text) in state.chosen.iter().enumerate() {
            Frame::new().fill(palette.raised).corner_radius(theme::RADIUS).inner_margin(Margin { left: 8, right: 2, top: 0, bottom: 0 }).show(ui, |ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                let (dot, _) = ui.allocate_exact_size(vec2(8.0, 24.0), eframe::egui::Sense::hover());
                ui.painter().circle_filled(dot.center(), 4.0, palette.series[at % palette.series.len()]);
                // Long ones are cut here; the whole is in the tooltip.
                let shown: String = if text.chars().count() > 44 { text.chars().take(43).chain(['…']).collect() } else { text.clone() };
                let name = if at == 0 { lang.with("compare.baseline", &[("strategy", &shown)]) } else { shown };
                let clicked = ui.add(Label::new(name).sense(eframe::egui::Sense::click()));
                let about = if at == 0 { lang.tr("compare.baseline.is").into_owned() } else { lang.tr("compare.baseline.make").into_owned() };
                if clicked.on_hover_text(format!("{text}\n{about}")).clicked() {
                    first = Some(at);
                }
                if button::sized_icon(ui, icons::CLOSE, &lang.with("compare.remove", &[("strategy", text)]), false, 24.0).clicked() {
                    removed = Some(at);
                }
            });
        }
    });
    if let Some(at) = first {
        state.make_baseline(at);
    }
    if let Some(at) = removed {
        state.chosen.remove(at);
        state.refusal = None;
    }
}

/// How many seeds, and the button that runs it all.
fn run_ui(ui: &mut Ui, lang: Lang, state: &mut CompareState, scenario: &Scenario, seed: u64) -> Option<Ask> {
    let palette = colors(ui);
    let mut ask = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 6.0);
        let name = ui.label(lang.tr("compare.seeds"));
        let drag = ui.add(DragValue::new(&mut state.seeds).range(1..=MOST_SEEDS).speed(0.1)).labelled_by(name.id);
        drag.on_hover_text(lang.tr("compare.seeds.about"));
        let enough = (2..=limits::VARIANTS).contains(&state.chosen.len());
        let run = ui.add_enabled_ui(enough, |ui| button::primary(ui, icons::PLAY, &lang.tr("compare.run"))).inner;
        if run.clicked() {
            match state.plan(scenario, seed, lang) {
                Ok(plan) => ask = Some(Ask::Compare(Box::new(plan))),
                Err(why) => state.refusal = Some(why),
            }
        }
        if enough {
            let count = state.chosen.len() * state.seeds * compare::worlds(scenario);
            let runs = lang.counted("runs", count);
            let time = format::span(lang, scenario.duration);
            let extent = lang.with("compare.extent", &[("runs", &runs), ("time", &time), ("seed", &seed.to_string())]);
            let takes = state.takes(scenario, count).map(|seconds| lang.with("compare.takes", &[("time", &about(lang, seconds))]));
            label::caption(ui, [Some(extent), takes].into_iter().flatten().collect::<Vec<_>>().join(" · "));
        } else {
            let most = limits::VARIANTS.to_string();
            label::caption(ui, lang.with("compare.choose", &[("most", &most)]));
        }
    });
    if let Some(why) = state.refusal.clone().or_else(|| state.ended(lang)) {
        ui.add(Label::new(RichText::new(format!("{} {why}", icons::FAILING)).color(palette.failing_text)).wrap());
    }
    ask
}

/// A time of a clock on the wall, roughly: seconds in tens, minutes whole.
fn about(lang: Lang, seconds: f64) -> String {
    let rounded = if seconds < 60.0 { (seconds / 10.0).ceil().max(1.0) * 10.0 } else { (seconds / 60.0).round() * 60.0 };
    format::span(lang, SimSpan::from_secs_f64(rounded))
}

/// How far the comparison is, and the way to stop it.
fn under_way_ui(ui: &mut Ui, lang: Lang, state: &mut CompareState, scenario: &Scenario) -> Option<Ask> {
    let now = ui.input(|input| input.time);
    let elapsed = now - *state.since.get_or_insert(now);
    let job = state.job.as_ref()?;
    let progress = job.progress();
    let mut left = String::new();
    // The first moments tell nothing.
    if elapsed > 1.0 && progress.share > 0.01 {
        let whole = elapsed / progress.share;
        state.pace = Some((scenario.name.clone(), whole / progress.sessions.max(1) as f64));
        left = lang.with("compare.left", &[("time", &about(lang, whole - elapsed))]);
    }
    let mut ask = None;
    ui.add_space(4.0);
    let (done, runs) = (progress.done.to_string(), progress.sessions.to_string());
    let text = lang.with("compare.progress", &[("done", &done), ("runs", &runs)]);
    ui.horizontal(|ui| {
        let width = (ui.available_width() - 400.0).clamp(80.0, 420.0);
        ui.add(ProgressBar::new(progress.share as f32).desired_width(width).desired_height(8.0).fill(colors(ui).accent));
        ui.label([text, left].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "));
        let cancel = lang.tr(if job.is_cancelled() { "compare.stopping" } else { "compare.cancel" });
        let cancel = button::plain_if(ui, !job.is_cancelled(), icons::STOP, &cancel);
        if cancel.on_hover_text(lang.tr("compare.cancel.about")).clicked() {
            ask = Some(Ask::StopComparing);
        }
    });
    label::caption(ui, lang.tr("compare.progress.about"));
    ask
}
