//! The docked panels in the middle, and how they are arranged at first.
//!
//! To add one: write its file with a `PaneSpec`, and give it a place in `arrangement`.

use eframe::egui::{self, Stroke, Ui, WidgetText};
use egui_tiles::{Behavior, Container, Linear, LinearDir, SimplificationOptions, TabState, Tile, TileId, Tiles, Tree, UiResponse};

use super::{commits, compare, deployments, dora, events, flags, pipeline, service_map, signals, team};
use crate::ui::fonts;
use crate::ui::state::{Shell, colors};
use crate::ui::text::Lang;
use crate::ui::theme::{self, size};

/// A panel that can be docked.
pub(crate) struct PaneSpec {
    /// The key of its title.
    pub(crate) title: &'static str,
    /// Its icon.
    pub(crate) icon: &'static str,
    /// Draws it.
    pub(crate) draw: fn(&mut Ui, &mut Shell),
}

/// A docked panel.
#[derive(Clone, Copy)]
pub(crate) struct Pane(pub(crate) &'static PaneSpec);

/// The panels of delivery.
pub(crate) const DELIVERY: [&PaneSpec; 6] = [&dora::PANE, &commits::PANE, &team::PANE, &deployments::PANE, &compare::PANE, &flags::PANE];

/// Brings the panel with this title to the front, wherever it is docked; whether there is one.
pub(crate) fn show(tree: &mut Tree<Pane>, title: &str) -> bool {
    tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if pane.0.title == title))
}

/// The first arrangement: the map above, the four golden signals in a row below, what happened behind the map.
pub(crate) fn arrangement() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let charts: Vec<TileId> =
        [&signals::LATENCY, &signals::TRAFFIC, &signals::ERRORS, &signals::SATURATION].into_iter().map(|pane| tiles.insert_pane(Pane(pane))).collect();
    let row = tiles.insert_horizontal_tile(charts);
    let map = tiles.insert_pane(Pane(&service_map::PANE));
    let events = tiles.insert_pane(Pane(&events::PANE));
    let pipelines = tiles.insert_pane(Pane(&pipeline::PANE));
    let main = tiles.insert_tab_tile(vec![map, events, pipelines]);
    // What delivery shows lies behind the map, too: one of them at a time.
    for pane in DELIVERY {
        let tile = tiles.insert_pane(Pane(pane));
        if let Some(Tile::Container(tabs)) = tiles.get_mut(main) {
            tabs.add_child(tile);
        }
    }
    let mut column = Linear::new(LinearDir::Vertical, vec![main, row]);
    column.shares.set_share(main, 2.0);
    column.shares.set_share(row, 1.0);
    let root = tiles.insert_container(Container::Linear(column));
    Tree::new(egui::Id::unique("fleet panels"), root, tiles)
}

/// Panels of which one wants to see more than half of a window; the golden signals give way to the first of them always, to the
/// others in a window that is lower than [`HIGH`].
const TALL: [&PaneSpec; 2] = [&compare::PANE, &dora::PANE];
/// From this height on the golden signals stay where they are [points].
const HIGH: f32 = 800.0;

/// Hides the golden signals while a panel in front needs the room, as pipelines do while somebody `reads` a log, and shows them
/// again after that.
fn give_way(tree: &mut Tree<Pane>, height: f32, reads: bool) {
    let active: Vec<&'static str> = { tree.active_tiles() }
        .into_iter()
        .filter_map(|tile| match tree.tiles.get(tile) {
            Some(Tile::Pane(pane)) => Some(pane.0.title),
            _ => None,
        })
        .collect();
    let wanted = TALL.iter().enumerate().any(|(at, spec)| (at == 0 || height < HIGH) && active.contains(&spec.title))
        || (reads && height < HIGH && active.contains(&pipeline::PANE.title));
    let signals = [signals::LATENCY.title, signals::TRAFFIC.title, signals::ERRORS.title, signals::SATURATION.title];
    let charts: Vec<TileId> = tree
        .tiles
        .iter()
        .filter(|(_, tile)| match tile {
            Tile::Pane(pane) => signals.contains(&pane.0.title),
            Tile::Container(_) => false,
        })
        .map(|(id, _)| *id)
        .collect();
    // A row of nothing but hidden charts takes no room either.
    let rows: Vec<TileId> = tree
        .tiles
        .iter()
        .filter(|(_, tile)| match tile {
            Tile::Container(row) => row.children().all(|child| charts.contains(child)) && row.children().next().is_some(),
            Tile::Pane(_) => false,
        })
        .map(|(id, _)| *id)
        .collect();
    for tile in charts.into_iter().chain(rows) {
        tree.set_visible(tile, !wanted);
    }
}

/// Draws the docked panels into the rest of `ui`.
pub(crate) fn panes_ui(ui: &mut Ui, shell: &mut Shell) {
    if shell.run.as_ref().is_some_and(|run| run.pipeline.fills()) {
        (pipeline::PANE.draw)(ui, shell);
        return;
    }
    if shell.compare.fills() {
        (compare::PANE.draw)(ui, shell);
        return;
    }
    let Some(mut tree) = shell.run.as_mut().and_then(|run| run.tiles.take()) else { return };
    let reads = shell.run.as_ref().is_some_and(|run| run.pipeline.reads_log());
    give_way(&mut tree, ui.available_height(), reads);
    let narrow = ui.available_width() < NARROW;
    let mut docking = Docking { shell, narrow };
    tree.ui(&mut docking, ui);
    if let Some(run) = shell.run.as_mut() {
        run.tiles = Some(tree);
    }
}

/// Where the panels have less room than this, their tabs have words and no icons, so that all of them are in sight [points].
const NARROW: f32 = 780.0;

struct Docking<'a> {
    shell: &'a mut Shell,
    narrow: bool,
}

fn title(pane: Pane, lang: Lang, narrow: bool) -> String {
    let words = lang.tr(pane.0.title);
    if narrow { words.into_owned() } else { format!("{}  {words}", pane.0.icon) }
}

impl Behavior<Pane> for Docking<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, tile_id: TileId, pane: &mut Pane) -> UiResponse {
        let palette = colors(ui);
        let rect = ui.max_rect();
        ui.painter().rect_filled(rect, 0.0, palette.panel);
        ui.set_clip_rect(rect);
        ui.push_id(tile_id, |ui| (pane.0.draw)(ui, self.shell));
        UiResponse::None
    }
    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        egui::RichText::new(title(*pane, self.shell.lang(), self.narrow)).font(fonts::medium(size::BODY - 1.0)).into()
    }
    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        32.0
    }
    fn gap_width(&self, _style: &egui::Style) -> f32 {
        1.0
    }
    fn min_size(&self) -> f32 {
        120.0
    }
    fn tab_title_spacing(&self, _visuals: &egui::Visuals) -> f32 {
        // So that every tab is in sight at 1280 points, also beside the map's own buttons.
        if self.narrow { 6.0 } else { 10.0 }
    }
    fn tab_bar_color(&self, visuals: &egui::Visuals) -> egui::Color32 {
        theme::palette(visuals).panel
    }
    fn tab_bg_color(&self, visuals: &egui::Visuals, _tiles: &Tiles<Pane>, _tile: TileId, state: &TabState) -> egui::Color32 {
        let palette = theme::palette(visuals);
        if state.active { palette.raised } else { theme::CLEAR }
    }
    fn tab_outline_stroke(&self, _visuals: &egui::Visuals, _tiles: &Tiles<Pane>, _tile: TileId, _state: &TabState) -> Stroke {
        Stroke::NONE
    }
    fn tab_bar_hline_stroke(&self, visuals: &egui::Visuals) -> Stroke {
        Stroke::new(1.0, theme::palette(visuals).line)
    }
    fn tab_text_color(&self, visuals: &egui::Visuals, _tiles: &Tiles<Pane>, _tile: TileId, state: &TabState) -> egui::Color32 {
        let palette = theme::palette(visuals);
        if state.active { palette.text } else { palette.secondary }
    }
    fn resize_stroke(&self, style: &egui::Style, state: egui_tiles::ResizeState) -> Stroke {
        let palette = theme::palette(&style.visuals);
        match state {
            egui_tiles::ResizeState::Idle => Stroke::new(1.0, palette.line),
            egui_tiles::ResizeState::Hovering | egui_tiles::ResizeState::Dragging => Stroke::new(2.0, palette.accent),
        }
    }
    fn tab_title_for_tile(&mut self, tiles: &Tiles<Pane>, tile: TileId) -> WidgetText {
        // A container shows the title of its first panel.
        fn first(tiles: &Tiles<Pane>, tile: TileId) -> Option<Pane> {
            match tiles.get(tile)? {
                Tile::Pane(pane) => Some(*pane),
                Tile::Container(container) => container.children().find_map(|&child| first(tiles, child)),
            }
        }
        first(tiles, tile).map_or_else(|| "…".into(), |pane| self.tab_title_for_pane(&pane))
    }
    fn simplification_options(&self) -> SimplificationOptions {
        // Charts carry their own titles, so a lone panel needs no tab.
        SimplificationOptions { all_panes_must_have_tabs: false, ..SimplificationOptions::default() }
    }
    fn top_bar_right_ui(&mut self, tiles: &Tiles<Pane>, ui: &mut Ui, _tile: TileId, tabs: &egui_tiles::Tabs, _scroll: &mut f32) {
        ui.add_space(8.0);
        let active = tabs.active.and_then(|active| tiles.get(active));
        if matches!(active, Some(Tile::Pane(Pane(spec))) if spec.title == service_map::PANE.title) {
            service_map::tools_ui(ui, self.shell);
        }
    }
}
