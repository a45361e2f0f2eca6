//! Strategies side by side: which ones, on how many seeds; then what differs by how much, what follows, and what happened under
//! each on one time axis.
//!
//! `form` chooses, `state` remembers, `lanes` draws the time axis, `table` the differences. The sessions run in
//! `ui::comparing`, and everything that is concluded comes from `lab::compare`, as in `fleetlab compare`.

mod form;
mod lanes;
mod state;
mod table;

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{Align, Frame, Label, Layout, Margin, RichText, ScrollArea, Ui};

use super::panes::PaneSpec;
use crate::lab::compare::{World, deploys};
use crate::ui::state::{Ask, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, size};
use crate::ui::widgets::segmented::{Segment, segmented};
use crate::ui::widgets::{button, empty, label};
use crate::ui::{fonts, icons};
pub(crate) use state::CompareState;
use state::Shown;

/// The panel.
pub(crate) const PANE: PaneSpec = PaneSpec { title: "pane.compare", icon: icons::COMPARE, draw: compare_ui };

/// The widest line of running text [points].
const TEXT: f32 = 860.0;
/// With so much room beside the table the conclusions stand there [points].
const BESIDE: f32 = 380.0;

fn compare_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    let Some(run) = &shell.run else { return };
    let (scenario, seed) = (std::sync::Arc::clone(&run.scenario), run.seed);
    let possible = deploys(&scenario);
    let mut asks = Vec::new();
    let state = &mut shell.compare;
    if !possible && state.shown.is_none() && state.job.is_none() {
        if none_ui(ui, lang) {
            shell.ask(Ask::OpenScenario("bad-release".to_owned()));
        }
        return;
    }
    Frame::new().inner_margin(Margin { left: 12, right: 4, top: 8, bottom: 0 }).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            Frame::new().inner_margin(Margin { left: 0, right: 12, top: 0, bottom: 16 }).show(ui, |ui| {
                if possible {
                    header_ui(ui, lang, state);
                    asks.extend(form::form_ui(ui, lang, state, &scenario, seed));
                } else if none_ui(ui, lang) {
                    asks.push(Ask::OpenScenario("bad-release".to_owned()));
                }
                let (fresh, busy) = (state.take_fresh(), state.job.is_some());
                if let Some(shown) = state.shown.as_mut() {
                    ui.add_space(10.0);
                    let top = ui.cursor().top();
                    ui.painter().hline(ui.max_rect().x_range(), top, (1.0, colors(ui).line));
                    ui.add_space(10.0);
                    shown_ui(ui, lang, shown, &scenario);
                } else if possible && !busy {
                    ui.add_space(8.0);
                    label::secondary(ui, lang.tr("compare.none"));
                }
                if fresh && let Some(shown) = &state.shown {
                    // The results come into view by themselves.
                    ui.scroll_to_rect(shown.place, Some(Align::Min));
                }
            });
        });
    });
    for ask in asks {
        shell.ask(ask);
    }
}

/// What to do where nothing is deployed; whether it is wanted.
fn none_ui(ui: &mut Ui, lang: Lang) -> bool {
    empty::empty(ui, PANE.icon, &lang.tr("compare.nothing"), &lang.tr("compare.nothing.about"), Some((icons::PLAY, &lang.tr("compare.nothing.open"))))
}

fn header_ui(ui: &mut Ui, lang: Lang, state: &mut CompareState) {
    ui.horizontal(|ui| {
        let title = label::title(ui, lang.tr("compare.title"));
        label::explained(title, lang, "common-random-numbers");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let (glyph, key) = if state.fills { (icons::SHRINK, "pipeline.shrink") } else { (icons::GROW, "pipeline.grow") };
            if button::icon(ui, glyph, &lang.tr(key), state.fills).clicked() {
                state.fills = !state.fills;
            }
        });
    });
}

/// The results: of what they are, in numbers, in words, over time.
fn shown_ui(ui: &mut Ui, lang: Lang, shown: &mut Shown, open: &std::sync::Arc<crate::scenario::Scenario>) {
    let palette = colors(ui);
    let is_of_open = shown.is_of(open);
    let plan = shown.outcome.plan();
    let title = plan.scenario().title.get(lang.code());
    let title = if title.is_empty() { &plan.scenario().name } else { title };
    let head = label::title(ui, lang.with("compare.of", &[("title", title), ("seeds", &seeds_text(lang, shown))]));
    shown.place = head.rect;
    let warn = |ui: &mut Ui, text: String| {
        ui.add(Label::new(RichText::new(format!("{} {text}", icons::WARNING)).color(palette.warning_text)).wrap());
    };
    if !is_of_open {
        warn(ui, lang.with("compare.other-scenario", &[("title", open.title.get(lang.code()))]));
    }
    if shown.outcome.interrupted() {
        let (done, asked) = (shown.outcome.seeds().len().to_string(), plan.seeds().len().to_string());
        warn(ui, lang.with("compare.interrupted", &[("done", &done), ("asked", &asked)]));
    }
    let spoiled = shown.outcome.spoiled().len();
    if spoiled > 0 {
        warn(ui, lang.with("compare.spoiled", &[("runs", &lang.counted("runs", spoiled))]));
    }
    if plan.has_twins() {
        ui.add_space(4.0);
        let version = plan.shown_release().map_or("", |release| plan.scenario().model.versions[release.version.index()].name.as_str());
        let names = ["compare.as-it-is", "compare.if-harmless"].map(|key| lang.with(key, &[("version", version)]));
        let segments: Vec<Segment<'_>> = names.iter().map(|name| Segment { text: name, name }).collect();
        if let Some(at) = segmented(ui, &segments, Some(usize::from(shown.world == World::Harmless)), 10.0) {
            shown.world = if at == 1 { World::Harmless } else { World::AsItIs };
        }
    }
    shown.tell(lang);
    ui.add_space(6.0);
    let (room, table) = (ui.available_width(), table::width(shown, ui.available_width()));
    if room - table < BESIDE {
        table::table_ui(ui, lang, shown);
        ui.add_space(12.0);
        follows_ui(ui, lang, shown);
        ui.add_space(12.0);
        lanes::lanes_ui(ui, lang, shown);
        return;
    }
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_max_width(table);
            table::table_ui(ui, lang, shown);
        });
        ui.add_space(20.0);
        ui.vertical(|ui| follows_ui(ui, lang, shown));
    });
    ui.add_space(12.0);
    lanes::lanes_ui(ui, lang, shown);
}

/// What follows, in words.
fn follows_ui(ui: &mut Ui, lang: Lang, shown: &Shown) {
    label::section(ui, lang.tr("report.compare.follows"));
    for sentence in &shown.told.conclusions {
        sentence_ui(ui, sentence);
    }
    ui.add_space(4.0);
    for note in &shown.told.notes {
        label::secondary(ui, note);
    }
}

/// `seeds 42 to 46`.
fn seeds_text(lang: Lang, shown: &Shown) -> String {
    match shown.outcome.seeds().as_slice() {
        [] => String::new(),
        [only] => lang.with("report.compare.seed", &[("seed", &only.to_string())]),
        [first, .., last] => {
            let count = shown.outcome.seeds().len().to_string();
            lang.with("report.compare.seeds", &[("count", &count), ("first", &first.to_string()), ("last", &last.to_string())])
        }
    }
}

/// A sentence with a bullet; names between back-ticks look like code.
fn sentence_ui(ui: &mut Ui, sentence: &str) {
    let palette = colors(ui);
    let mut job = LayoutJob::default();
    // A number stays with its sign.
    let sentence = sentence.replace(" %", "\u{a0}%");
    let centred = |font| TextFormat { valign: Align::Center, ..TextFormat::simple(font, palette.text) };
    for (at, part) in sentence.split('`').enumerate() {
        let format = if at % 2 == 1 {
            TextFormat { background: theme::mixed(palette.raised, palette.panel, 0.8), ..centred(fonts::mono(size::BODY - 1.0)) }
        } else {
            centred(fonts::regular(size::BODY))
        };
        job.append(part, 0.0, format);
    }
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.label(RichText::new("•").color(palette.secondary));
        ui.vertical(|ui| {
            ui.set_max_width(ui.available_width().min(TEXT));
            ui.add(Label::new(job).wrap());
        });
    });
}
