//! The service map as a docked panel: the map itself, its tools, its legend, and what a tooltip says.

use eframe::egui::{Align2, Grid, Rect, RichText, Ui, pos2, vec2};

use super::panes::PaneSpec;
use crate::lab::snapshot::{Health, Snapshot};
use crate::scenario::Scenario;
use crate::ui::map::{MapContext, MapEvent};
use crate::ui::state::{Ask, Selection, Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, size};
use crate::ui::widgets::{button, label, status};
use crate::ui::{fonts, format, icons};

/// The panel.
pub(crate) const PANE: PaneSpec = PaneSpec { title: "pane.map", icon: icons::MAP, draw: map_ui };

/// Zoom and fit.
pub(crate) fn tools_ui(ui: &mut Ui, shell: &mut Shell) {
    let lang = shell.lang();
    if button::sized_icon(ui, icons::FIT, &lang.tr("map.fit"), false, 26.0).clicked() {
        shell.ask(Ask::FitMap);
    }
    let zoom = if button::sized_icon(ui, icons::PLUS, &lang.tr("map.zoom-in"), false, 26.0).clicked() {
        1.3
    } else if button::sized_icon(ui, icons::MINUS, &lang.tr("map.zoom-out"), false, 26.0).clicked() {
        1.0 / 1.3
    } else {
        1.0
    };
    if let Some(run) = shell.run.as_mut()
        && (zoom - 1.0_f32).abs() > 0.01
    {
        run.map.zoom_by(zoom);
    }
}

fn map_ui(ui: &mut Ui, shell: &mut Shell) {
    let palette = colors(ui);
    let lang = shell.lang();
    let reduced = shell.settings.reduced_motion;
    let flow = shell.flow;
    let Some(run) = shell.run.as_mut() else { return };
    let screen = ui.available_rect_before_wrap();
    ui.painter().rect_filled(screen, 0.0, palette.ground);
    let (scenario, snapshot) = (run.scenario.clone(), run.snapshot.clone());
    let cx = MapContext {
        snapshot: &snapshot,
        selection: match run.selection {
            Selection::Instance(service, _) => Selection::Service(service),
            other => other,
        },
        palette,
        lang,
        moving: !reduced,
        gliding: !reduced,
        flow,
        tooltip: &|ui, selection| tooltip_ui(ui, lang, &scenario, &snapshot, selection),
    };
    let event = run.map.ui(ui, &cx);
    let several = snapshot.services.iter().any(|service| service.versions.iter().filter(|version| version.instances > 0).count() > 1);
    legend_ui(ui, screen, lang, several);
    if let Some(MapEvent::Select(selection)) = event {
        shell.ask(Ask::Select(selection));
    }
}

/// What the shapes mean, quietly in a corner; and the colours of instances, while a service has `several` versions.
fn legend_ui(ui: &Ui, screen: Rect, lang: Lang, several: bool) {
    let palette = colors(ui);
    let painter = ui.painter_at(screen);
    // Zoomed in, nodes lie below it.
    let foot = Rect::from_min_max(pos2(screen.left(), screen.bottom() - 28.0), screen.max);
    painter.rect_filled(foot, 0.0, theme::faded(palette.ground, 0.9));
    let mut x = screen.left() + 14.0;
    let y = screen.bottom() - 14.0;
    for health in [Health::Ok, Health::Warning, Health::Failing, Health::Unknown] {
        status::shape(&painter, pos2(x, y), 8.0, health, palette);
        let rect = painter.text(pos2(x + 9.0, y), Align2::LEFT_CENTER, status::word(lang, health), fonts::regular(size::SMALL), palette.secondary);
        x = rect.right() + 16.0;
    }
    if several {
        for at in 0..2 {
            painter.rect_filled(Rect::from_center_size(pos2(x + at as f32 * 11.0, y), vec2(9.0, 4.0)), 1.0, palette.version(at));
        }
        let text = lang.tr("map.versions");
        x = painter.text(pos2(x + 21.0, y), Align2::LEFT_CENTER, text, fonts::regular(size::SMALL), palette.secondary).right() + 16.0;
    }
    // Where there is no room for both, the legend is what one needs.
    let hint = painter.layout_no_wrap(lang.tr("map.hint").into_owned(), fonts::regular(size::SMALL), palette.secondary);
    if x + hint.size().x + 14.0 < screen.right() {
        painter.galley(pos2(screen.right() - 14.0 - hint.size().x, y - hint.size().y / 2.0), hint, palette.secondary);
    }
}

/// The exact values of what the pointer is on.
pub(crate) fn tooltip_ui(ui: &mut Ui, lang: Lang, scenario: &Scenario, snapshot: &Snapshot, selection: Selection) {
    ui.set_max_width(300.0);
    let palette = colors(ui);
    let model = &scenario.model;
    let name = |end: crate::lab::snapshot::EdgeEnd| match end {
        crate::lab::snapshot::EdgeEnd::Service(service) => model.services.get(service.index()).map_or("", |service| service.name.as_str()),
        crate::lab::snapshot::EdgeEnd::Source(source) => model.sources.get(source.index()).map_or("", |source| source.name.as_str()),
    };
    let mut rows: Vec<(std::borrow::Cow<'_, str>, String)> = Vec::new();
    match selection {
        Selection::Fleet | Selection::Instance(..) => return,
        Selection::Service(service) => {
            let Some(state) = snapshot.services.get(service.index()) else { return };
            ui.horizontal(|ui| {
                ui.label(RichText::new(name(crate::lab::snapshot::EdgeEnd::Service(service))).font(fonts::semibold(size::BODY)));
                status::chip(ui, lang, state.health);
            });
            if let Some(why) = &state.why {
                label::secondary(ui, lang.say(why));
            }
            let signals = &state.signals;
            rows.push((lang.tr("signal.rate"), format::rate(lang, signals.rate)));
            rows.push((lang.tr("signal.goodput"), format::rate(lang, signals.goodput)));
            rows.push(("p50".into(), format::millis_or_nothing(lang, signals.p50_ms)));
            rows.push(("p99".into(), format::millis_or_nothing(lang, signals.p99_ms)));
            rows.push((lang.tr("signal.errors"), if signals.rate > 0.0 { format::percent(lang, signals.error_ratio) } else { format::NOTHING.to_owned() }));
            rows.push((lang.tr("signal.saturation"), format::percent(lang, signals.saturation)));
            rows.push((lang.tr("signal.queued"), format::count(lang, f64::from(state.queued))));
            rows.push((lang.tr("instances"), format!("{} / {}", state.instances.len(), state.desired)));
        }
        Selection::Source(source) => {
            let Some(state) = snapshot.sources.get(source.index()) else { return };
            ui.label(RichText::new(&state.name).font(fonts::semibold(size::BODY)));
            rows.push((lang.tr("signal.sent"), format::rate(lang, state.rate)));
            rows.push((lang.tr("source.factor"), format!("×{}", format::count(lang, state.factor))));
        }
        Selection::Edge(from, to) => {
            let Some(edge) = snapshot.edges.iter().find(|edge| edge.from == from && edge.to == to) else { return };
            ui.horizontal(|ui| {
                let names = format!("{}  {}  {}", name(from), icons::FORWARD, name(crate::lab::snapshot::EdgeEnd::Service(to)));
                ui.label(RichText::new(names).font(fonts::semibold(size::BODY)));
            });
            if edge.breaker_open {
                ui.label(RichText::new(format!("{}  {}", icons::BROKEN, lang.tr("edge.breaker-open"))).color(palette.failing_text));
            }
            rows.push((lang.tr("edge.attempts"), format::rate(lang, edge.rate)));
            rows.push((lang.tr("signal.errors"), if edge.rate > 0.0 { format::percent(lang, edge.error_ratio) } else { format::NOTHING.to_owned() }));
            rows.push(("p99".into(), format::millis_or_nothing(lang, edge.p99_ms)));
            rows.push((lang.tr("edge.retries"), format::percent(lang, edge.retry_ratio)));
        }
    }
    Grid::new("map tooltip").num_columns(2).spacing(vec2(24.0, 4.0)).min_row_height(18.0).show(ui, |ui| {
        for (what, value) in rows {
            ui.label(RichText::new(what).color(palette.secondary));
            ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center), |ui| {
                ui.label(RichText::new(value).font(fonts::mono(size::BODY - 1.0)));
            });
            ui.end_row();
        }
    });
}
