//! Feature flags: who has each feature, a slider to ramp it, a switch to kill it, and what its experiment says.
//!
//! Whatever is set here is an action. The slider only chooses; nothing happens until its button is pressed.

use eframe::egui::{Align2, Frame, Grid, Label, Margin, Pos2, Rect, RichText, Role, ScrollArea, Sense, Shape, Slider, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::panes::PaneSpec;
use crate::insight::experiment::false_positive_rate;
use crate::lab::snapshot::{ExperimentSnapshot, FlagSnapshot};
use crate::scenario::Action;
use crate::ui::state::{Ask, Run, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, size};
use crate::ui::widgets::{button, empty, label};
use crate::ui::{fonts, format, icons};
use crate::units::Ratio;

/// The panel.
pub(crate) const PANE: PaneSpec = PaneSpec { title: "pane.flags", icon: icons::FLAG_ON, draw: flags_ui };

/// Shares that one click sets, as teams ramp.
const RAMP: [f64; 6] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0];
/// Height of the chart of looks [points].
const CHART: f32 = 76.0;
/// The level below which a p-value is called significant.
const LEVEL: f64 = 0.05;

fn flags_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let barred = ["set-flag", "remove-flag"].map(|action| shell.why_not(action));
    let Some(run) = shell.run.as_mut() else { return };
    let snapshot = run.snapshot.clone();
    if snapshot.flags.is_empty() {
        let open = lang.tr("flags.none.open").into_owned();
        if empty::empty(ui, PANE.icon, &lang.tr("flags.none"), &lang.tr("flags.none.about"), Some((icons::PLAY, &open))) {
            shell.ask(Ask::OpenScenario("dark-launch".to_owned()));
        }
        return;
    }
    let mut action = None;
    Frame::new().inner_margin(Margin { left: 12, right: 4, top: 8, bottom: 0 }).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            Frame::new().inner_margin(Margin { left: 0, right: 10, top: 0, bottom: 12 }).show(ui, |ui| {
                let stale = snapshot.flags.iter().filter(|flag| flag.stale).count();
                let heading = label::section(ui, lang.counted("flags", snapshot.flags.len()));
                label::explained(heading, lang, "flag");
                if stale > 0 {
                    let text = ui.label(RichText::new(lang.counted("stale-flags", stale)).color(colors(ui).warning_text));
                    label::explained(text, lang, "stale-flag");
                }
                for (at, flag) in snapshot.flags.iter().enumerate() {
                    ui.add_space(6.0);
                    let asked = ui.push_id(at, |ui| flag_ui(ui, lang, run, &barred, at, flag)).inner;
                    action = action.take().or(asked);
                }
            });
        });
    });
    if let Some(action) = action {
        shell.ask(Ask::Act(Box::new(action)));
    }
}

/// One flag; returns what was asked for.
fn flag_ui(ui: &mut Ui, lang: Lang, run: &mut Run, barred: &[Option<String>; 2], at: usize, flag: &FlagSnapshot) -> Option<Action> {
    let palette = colors(ui);
    let mut action = None;
    let share = flag.percentage.get();
    Frame::new().fill(theme::mixed(palette.raised, palette.panel, 0.45)).corner_radius(theme::RADIUS).inner_margin(Margin::same(10)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal_wrapped(|ui| {
            let on = share > 0.0;
            let color = if on { palette.accent } else { palette.secondary };
            ui.label(RichText::new(if on { icons::FLAG_ON } else { icons::FLAG_OFF }).color(color));
            ui.label(RichText::new(&flag.name).font(fonts::semibold(size::BODY)));
            let state = if flag.removed {
                lang.with("flags.removed", &[("percentage", &format::percent(lang, share))])
            } else if on {
                lang.with("flags.on", &[("percentage", &format::percent(lang, share))])
            } else {
                lang.tr("flags.off").into_owned()
            };
            ui.label(RichText::new(state).color(color));
            let since = format::span(lang, run.snapshot.now.since(flag.changed));
            match &flag.killed_by {
                Some(alarm) => {
                    ui.label(RichText::new(lang.with("flags.killed", &[("alarm", alarm), ("time", &since)])).color(palette.failing_text));
                }
                None => {
                    label::caption(ui, lang.with("flags.since", &[("time", &since)]));
                }
            }
            if flag.stale {
                let text = ui.label(RichText::new(format!("{} {}", icons::WARNING, lang.tr("flags.stale"))).color(palette.warning_text));
                label::explained(text, lang, "stale-flag");
            }
        });
        if !flag.removed {
            action = controls_ui(ui, lang, run, barred, at, flag);
        }
        numbers_ui(ui, lang, flag);
        if let Some(experiment) = &flag.experiment {
            ui.add_space(6.0);
            experiment_ui(ui, lang, run, flag, experiment);
        }
    });
    action
}

/// The slider, the steps of a ramp, the kill switch and the clean-up.
fn controls_ui(ui: &mut Ui, lang: Lang, run: &mut Run, [no_setting, no_removal]: &[Option<String>; 2], at: usize, flag: &FlagSnapshot) -> Option<Action> {
    let share = flag.percentage.get();
    let chosen = run.delivery.flags.entry(at).or_insert((share, share));
    // Whatever was set elsewhere moves the slider.
    if (chosen.0 - share).abs() > f64::EPSILON {
        *chosen = (share, share);
    }
    let set = |to: f64| Action::SetFlag { flag: flag.name.clone(), percentage: Ratio::new(to) };
    let mut action = None;
    if let Some(why) = no_setting {
        label::caption(ui, why);
    }
    ui.add_enabled_ui(no_setting.is_none(), |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().slider_width = (ui.available_width() - 210.0).clamp(80.0, 420.0);
            let slider = Slider::new(&mut chosen.1, 0.0..=1.0).step_by(0.01).custom_formatter(|value, _| format::percent(lang, value));
            let slider = slider.custom_parser(|text| text.trim_end_matches(['%', ' ']).replace(',', ".").parse::<f64>().ok().map(|value| value / 100.0));
            ui.add(slider).accessible_name(lang.with("flags.slider", &[("flag", &flag.name)]));
            let changed = (chosen.1 - share).abs() > 1e-9;
            let text = lang.with("flags.set", &[("percentage", &format::percent(lang, chosen.1))]);
            if ui.add_enabled_ui(changed, |ui| button::primary(ui, icons::CHECK, &text).clicked()).inner {
                action = Some(set(chosen.1));
            }
        });
        ui.horizontal_wrapped(|ui| {
            label::caption(ui, lang.tr("flags.ramp"));
            for step in RAMP {
                let text = format::percent(lang, step);
                let here = (share - step).abs() < 1e-9;
                let about = lang.with("flags.ramp.about", &[("percentage", &text), ("flag", &flag.name)]);
                if ui.add_enabled_ui(!here, |ui| button::plain(ui, "", &text).on_hover_text(about).clicked()).inner {
                    action = Some(set(step));
                }
            }
            let kill = lang.tr("flags.kill");
            if ui.add_enabled_ui(share > 0.0, |ui| button::harmful(ui, icons::PROHIBIT, &kill).on_hover_text(lang.tr("flags.kill.about")).clicked()).inner {
                action = Some(set(0.0));
            }
            let divides = share > 0.0 && share < 1.0;
            let about = match no_removal {
                Some(why) => why.as_str().into(),
                None => lang.tr(if divides { "flags.remove.divides" } else { "flags.remove.about" }),
            };
            let remove = ui.add_enabled_ui(!divides && no_removal.is_none(), |ui| button::plain(ui, icons::REMOVE, &lang.tr("flags.remove"))).inner;
            if remove.on_hover_text(about.as_ref()).on_disabled_hover_text(about.as_ref()).clicked() {
                action = Some(Action::RemoveFlag { flag: flag.name.clone() });
            }
        });
    });
    action
}

/// How often scripts asked, and what turns it off by itself.
fn numbers_ui(ui: &mut Ui, lang: Lang, flag: &FlagSnapshot) {
    let [without, with] = flag.sides.map(|side| format::whole(lang, side.asked));
    let asked = label::caption(ui, lang.with("flags.asked", &[("with", &with), ("without", &without)]));
    label::explained(asked, lang, "flag-asked");
    if !flag.kill_on.is_empty() {
        label::caption(ui, lang.with("flags.kill-on", &[("alarms", &flag.kill_on.join(", "))]));
    }
}

/// The experiment: both variants, their difference, and what comes of looking too often.
fn experiment_ui(ui: &mut Ui, lang: Lang, run: &Run, flag: &FlagSnapshot, experiment: &ExperimentSnapshot) {
    let palette = colors(ui);
    let endpoint = run.scenario.model.endpoints.get(experiment.endpoint.index());
    let endpoint = endpoint.map_or_else(String::new, |endpoint| format!("{}.{}", run.service_name(endpoint.service), endpoint.name));
    let heading = label::section(ui, lang.with("flags.experiment", &[("endpoint", &endpoint)]));
    label::explained(heading, lang, "experiment");
    Grid::new("variants").num_columns(4).spacing(vec2(18.0, 3.0)).min_row_height(18.0).show(ui, |ui| {
        for head in ["flags.col.variant", "flags.col.visits", "flags.col.conversions", "flags.col.rate"] {
            label::caption(ui, lang.tr(head));
        }
        ui.end_row();
        for (name, arm) in [("flags.without", experiment.arms[0]), ("flags.with", experiment.arms[1])] {
            ui.label(lang.tr(name));
            ui.label(RichText::new(format::whole(lang, arm.shown)).monospace());
            ui.label(RichText::new(format::whole(lang, arm.converted)).monospace());
            ui.label(RichText::new(if arm.shown == 0 { format::NOTHING.to_owned() } else { percent(lang, arm.rate()) }).monospace());
            ui.end_row();
        }
    });
    let Some(now) = experiment.now else {
        label::secondary(ui, lang.tr("flags.experiment.waits"));
        return;
    };
    let values = [
        ("difference", points(lang, now.difference)),
        ("lower", points(lang, now.lower)),
        ("upper", points(lang, now.upper)),
        ("p", if now.p_value < 0.001 { p_value(lang, now.p_value) } else { format!("= {}", p_value(lang, now.p_value)) }),
        ("valid", p_value(lang, experiment.always_valid)),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    ui.add(Label::new(lang.with("flags.difference", &values)).wrap());
    if experiment.looks.len() > 1 {
        looks_ui(ui, lang, run, flag, experiment);
        let looks = experiment.looks.len() as u32;
        let price = format::percent(lang, false_positive_rate(looks, LEVEL));
        let text = match experiment.first_significant {
            Some(first) => lang.with("flags.peeked", &[("first", &(first + 1).to_string()), ("looks", &looks.to_string()), ("price", &price)]),
            None => lang.with("flags.not-significant", &[("looks", &looks.to_string()), ("price", &price)]),
        };
        let text = ui.add(Label::new(RichText::new(text).color(palette.secondary)).wrap());
        label::explained(text, lang, "peeking");
    }
}

/// The p-values that somebody would have seen who looked again and again, and the one that does not mind being looked at.
fn looks_ui(ui: &mut Ui, lang: Lang, run: &Run, flag: &FlagSnapshot, experiment: &ExperimentSnapshot) {
    let palette = colors(ui);
    ui.horizontal(|ui| {
        for (color, text) in [(palette.info, "flags.p"), (palette.ok, "flags.p-valid")] {
            let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
            ui.painter().rect_filled(Rect::from_center_size(rect.center(), vec2(10.0, 3.0)), 1.0, color);
            label::caption(ui, lang.tr(text));
        }
    });
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width().min(560.0), CHART), Sense::hover());
    let words = lang.with("flags.looks", &[("flag", &flag.name), ("looks", &experiment.looks.len().to_string())]);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    let plot = rect.with_min_x(rect.left() + 40.0);
    // Logarithmic from 1 down to one in ten thousand.
    let y = |p: f64| plot.top() + plot.height() * (-p.max(1e-4).log10() / 4.0).clamp(0.0, 1.0) as f32;
    for (p, text) in [(1.0, "1"), (LEVEL, "0.05"), (0.001, "0.001")] {
        let stroke = Stroke::new(1.0, if (p - LEVEL).abs() < 1e-9 { palette.warning_text } else { palette.line });
        ui.painter().hline(plot.x_range(), y(p), stroke);
        let text = format::localised(lang, text);
        ui.painter().text(pos2(plot.left() - 6.0, y(p)), Align2::RIGHT_CENTER, text, fonts::mono(size::SMALL - 1.0), palette.secondary);
    }
    let end = run.snapshot.end.nanos().max(1) as f64;
    let x = |at: crate::units::SimTime| plot.left() + plot.width() * (at.nanos() as f64 / end) as f32;
    let usual: Vec<Pos2> = experiment.looks.iter().filter_map(|look| Some(pos2(x(look.at), y(look.p_value?)))).collect();
    let valid: Vec<Pos2> = experiment.looks.iter().map(|look| pos2(x(look.at), y(look.always_valid))).collect();
    for (line, color) in [(valid, palette.ok), (usual, palette.info)] {
        for point in &line {
            ui.painter().circle_filled(*point, 2.5, color);
        }
        ui.painter().add(Shape::line(line, Stroke::new(1.5, color)));
    }
}

/// A share with two digits: experiments are about small differences.
fn percent(lang: Lang, share: f64) -> String {
    format::localised(lang, &format!("{:.2} %", share * 100.0))
}

/// A difference of shares, in percentage points.
fn points(lang: Lang, difference: f64) -> String {
    format::localised(lang, &format!("{:+.2}", difference * 100.0))
}

fn p_value(lang: Lang, p: f64) -> String {
    format::localised(lang, &if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") })
}
