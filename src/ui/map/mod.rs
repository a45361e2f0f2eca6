//! The service map: what stands where ([`layout`]), what is seen of it ([`camera`]), and how it is drawn ([`node`],
//! [`edge`]).
//!
//! It reads the snapshot and reports what was clicked; it changes nothing.

pub(crate) mod camera;
pub(crate) mod edge;
pub(crate) mod layout;
pub(crate) mod names;
pub(crate) mod node;

use eframe::egui::{Id, PointerButton, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo, vec2};

use self::camera::Camera;
use self::edge::Emphasis;
use self::layout::{Layout, Skeleton};
use self::node::{Name, NodeStyle};
use super::icons;
use super::state::Selection;
use super::text::Lang;
use super::theme::Palette;
use crate::ids::{ServiceId, SourceId};
use crate::lab::snapshot::{EdgeEnd, EdgeSnapshot, Snapshot};
use crate::scenario::ServiceKind;

/// How long a glide of the camera takes [s].
const GLIDE: f64 = 0.18;
/// The most that a map is enlarged to fill its panel [1].
const FIT_ZOOM: f32 = 1.2;

/// What the map needs to know of the scenario.
#[derive(Debug, Clone)]
struct Node {
    name: String,
    icon: &'static str,
}

/// The map of one run.
pub(crate) struct MapView {
    /// Services first, then sources.
    nodes: Vec<Node>,
    services: usize,
    edges: Vec<(EdgeEnd, ServiceId)>,
    skeleton: Skeleton,
    layout: Layout,
    /// The names as they are written where there is no room for them, and for how many letters that is.
    short: (usize, Vec<String>),
    camera: Option<Camera>,
    /// A glide under way: from where, to where, since when.
    glide: Option<(Camera, Camera, f64)>,
    fit_wanted: bool,
    /// Whether a person moved the map; until then it follows the size of its panel.
    moved: bool,
    screen: Rect,
}

/// What happened on the map.
pub(crate) enum MapEvent {
    /// Something was selected.
    Select(Selection),
}

impl MapView {
    /// The map of a scenario's services, sources, and the edges of its snapshot.
    pub(crate) fn new(services: impl Iterator<Item = (String, ServiceKind)>, sources: impl Iterator<Item = String>, edges: &[EdgeSnapshot]) -> Self {
        let mut nodes: Vec<Node> = services.map(|(name, kind)| Node { name, icon: icons::kind(kind) }).collect();
        let count = nodes.len();
        nodes.extend(sources.map(|name| Node { name, icon: icons::LOAD }));
        let edges: Vec<(EdgeEnd, ServiceId)> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
        let index = |end: EdgeEnd| match end {
            EdgeEnd::Service(service) => service.index(),
            EdgeEnd::Source(source) => count + source.index(),
        };
        let links: Vec<(usize, usize)> =
            edges.iter().map(|&(from, to)| (index(from), to.index())).filter(|&(from, to)| from < nodes.len() && to < count).collect();
        let skeleton = layout::skeleton(nodes.len(), &links);
        let layout = skeleton.placed(vec2(1_000.0, 500.0), FIT_ZOOM);
        Self {
            nodes,
            services: count,
            edges,
            skeleton,
            layout,
            short: (0, Vec::new()),
            camera: None,
            glide: None,
            fit_wanted: false,
            moved: false,
            screen: Rect::ZERO,
        }
    }

    /// Whether this map shows these edges.
    pub(crate) fn fits(&self, edges: &[EdgeSnapshot]) -> bool {
        self.edges.len() == edges.len() && self.edges.iter().zip(edges).all(|(&(from, to), edge)| from == edge.from && to == edge.to)
    }

    /// Shows everything with the next frame.
    pub(crate) fn fit(&mut self) {
        self.fit_wanted = true;
    }

    fn index(&self, end: EdgeEnd) -> usize {
        match end {
            EdgeEnd::Service(service) => service.index(),
            EdgeEnd::Source(source) => self.services + source.index(),
        }
    }

    fn selection_of(&self, node: usize) -> Selection {
        if node < self.services { Selection::Service(ServiceId::from_index(node)) } else { Selection::Source(SourceId::from_index(node - self.services)) }
    }

    fn glide_to(&mut self, to: Camera, now: f64, moving: bool) {
        match self.camera {
            Some(from) if moving => self.glide = Some((from, to, now)),
            _ => {
                self.camera = Some(to);
                self.glide = None;
            }
        }
    }

    fn area_around(&self, node: usize) -> Rect {
        let mut area = Rect::from_center_size(self.layout.nodes[node], self.layout.node);
        for &(from, to) in &self.edges {
            let (from, to) = (self.index(from), to.index());
            if from == node {
                area = area.union(Rect::from_center_size(self.layout.nodes[to], self.layout.node));
            } else if to == node {
                area = area.union(Rect::from_center_size(self.layout.nodes[from], self.layout.node));
            }
        }
        area
    }

    /// Draws the map into the rest of `ui`.
    #[expect(clippy::too_many_lines, reason = "one picture, from back to front")]
    pub(crate) fn ui(&mut self, ui: &mut Ui, cx: &MapContext<'_>) -> Option<MapEvent> {
        let screen = ui.available_rect_before_wrap();
        let background = ui.interact(screen, ui.scope_id().with("map"), Sense::click_and_drag());
        background.widget_info(|| WidgetInfo::labeled(Role::Pane, true, cx.lang.tr("map.name")));
        self.steer(ui, screen, &background, cx);
        let camera = self.camera.unwrap_or(Camera { center: self.layout.bounds.center(), zoom: 1.0 });
        let painter = ui.painter_at(screen);
        let hover = background.hover_pos();

        // Nodes first learn whether the pointer is on them, since edges below them depend on it.
        let mut event = None;
        let mut hovered = None;
        let mut responses: Vec<Option<Response>> = Vec::with_capacity(self.nodes.len());
        for (at, node) in self.nodes.iter().enumerate() {
            let rect = Rect::from_center_size(camera.to_screen(screen, self.layout.nodes[at]), self.layout.node * camera.zoom);
            if !rect.intersects(screen) {
                responses.push(None);
                continue;
            }
            let response = ui.interact(rect.intersect(screen), Id::unique(("map node", at)), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &node.name));
            if response.hovered() || response.has_focus() {
                hovered = Some(at);
            }
            responses.push(Some(response));
        }

        let related = |from: usize, to: usize, node: usize| from == node || to == node;
        let focus = hovered.or(match cx.selection {
            Selection::Service(service) => Some(service.index()),
            Selection::Source(source) => Some(self.services + source.index()),
            Selection::Fleet | Selection::Instance(..) | Selection::Edge(..) => None,
        });
        let mut near: Option<(usize, f32)> = None;
        let lines: Vec<Option<Vec<eframe::egui::Pos2>>> = self
            .layout
            .edges
            .iter()
            .map(|points| {
                let line = edge::on_screen(points, camera, screen);
                Rect::from_points(&line).expand(4.0).intersects(screen).then_some(line)
            })
            .collect();
        if let (Some(pointer), None) = (hover, hovered) {
            for (at, line) in lines.iter().enumerate() {
                if let Some(line) = line {
                    let distance = edge::distance(line, pointer);
                    if distance < 7.0 && near.is_none_or(|(_, best)| distance < best) {
                        near = Some((at, distance));
                    }
                }
            }
        }
        for ((at, line), edge) in lines.iter().enumerate().zip(&cx.snapshot.edges) {
            let Some(line) = line else { continue };
            let (from, to) = (self.index(edge.from), edge.to.index());
            let selected = cx.selection == Selection::Edge(edge.from, edge.to);
            let emphasis = if near.is_some_and(|(n, _)| n == at) || selected || focus.is_some_and(|node| related(from, to, node)) {
                Emphasis::Strong
            } else if focus.is_some() {
                Emphasis::Weak
            } else {
                Emphasis::None
            };
            edge::line(&painter, line, edge, camera.zoom, emphasis, cx.palette);
            if cx.moving && camera.zoom > 0.2 {
                edge::dots(&painter, line, edge, cx.flow, camera.zoom, at, cx.palette);
            }
        }

        self.shorten(&painter, self.layout.node * camera.zoom, camera.zoom, cx.palette);
        for (at, response) in responses.into_iter().enumerate() {
            let Some(response) = response else { continue };
            let rect = Rect::from_center_size(camera.to_screen(screen, self.layout.nodes[at]), self.layout.node * camera.zoom);
            let selected = cx.selection == self.selection_of(at);
            let weak = focus.is_some_and(|node| {
                node != at && !self.edges.iter().any(|&(from, to)| related(self.index(from), to.index(), node) && related(self.index(from), to.index(), at))
            });
            let style = NodeStyle { rect, zoom: camera.zoom, selected, hovered: hovered == Some(at), weak, lang: cx.lang };
            let name = Name { whole: &self.nodes[at].name, short: &self.short.1[at] };
            if at < self.services {
                if let Some(service) = cx.snapshot.services.get(at) {
                    node::service(&painter, &style, &name, self.nodes[at].icon, service, cx.palette);
                }
            } else if let Some(source) = cx.snapshot.sources.get(at - self.services) {
                node::source(&painter, &style, &name, source, cx.palette);
            }
            if response.double_clicked() {
                let camera = Camera::showing(self.area_around(at), screen, 1.25);
                let now = ui.input(|input| input.time);
                self.moved = true;
                self.glide_to(camera, now, cx.gliding);
            } else if response.clicked() {
                event = Some(MapEvent::Select(self.selection_of(at)));
            }
            let selection = self.selection_of(at);
            response.on_hover_ui(|ui| (cx.tooltip)(ui, selection));
        }

        if let Some((at, _)) = near
            && let Some(edge) = cx.snapshot.edges.get(at)
        {
            let selection = Selection::Edge(edge.from, edge.to);
            ui.ctx().set_cursor_icon(eframe::egui::CursorIcon::PointingHand);
            if background.clicked() {
                event = Some(MapEvent::Select(selection));
            }
            background.on_hover_ui_at_pointer(|ui| (cx.tooltip)(ui, selection));
        } else if background.clicked() {
            event = Some(MapEvent::Select(Selection::Fleet));
        }
        event
    }

    /// Shortens the names for nodes of this size, if it has changed.
    fn shorten(&mut self, painter: &eframe::egui::Painter, size: Vec2, zoom: f32, palette: &Palette) {
        const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz-";
        let (font, room) = node::name_room(size, zoom);
        let letter = painter.layout_no_wrap(LETTERS.to_owned(), font, palette.text).size().x / LETTERS.len() as f32;
        let letters = (room / (letter * 1.06)).floor().max(1.0) as usize;
        if self.short.0 != letters {
            let all: Vec<&str> = self.nodes.iter().map(|node| node.name.as_str()).collect();
            self.short = (letters, names::shortened(&all, letters));
        }
    }

    /// Pan, zoom, fit, glide.
    fn steer(&mut self, ui: &Ui, screen: Rect, background: &Response, cx: &MapContext<'_>) {
        let now = ui.input(|input| input.time);
        let resized = (self.screen.size() - screen.size()).length() > 0.5;
        self.screen = screen;
        if self.camera.is_none() || (resized && !self.moved) {
            self.layout = self.skeleton.placed(Camera::room(screen), FIT_ZOOM);
            self.camera = Some(Camera::showing(self.layout.bounds, screen, FIT_ZOOM));
            self.glide = None;
        }
        if std::mem::take(&mut self.fit_wanted) {
            self.moved = false;
            self.layout = self.skeleton.placed(Camera::room(screen), FIT_ZOOM);
            self.glide_to(Camera::showing(self.layout.bounds, screen, FIT_ZOOM), now, cx.gliding);
        }
        if let Some((from, to, since)) = self.glide {
            let share = ((now - since) / GLIDE).clamp(0.0, 1.0) as f32;
            self.camera = Some(from.towards(to, share));
            if share >= 1.0 {
                self.glide = None;
            }
            ui.ctx().request_repaint();
        }
        let Some(camera) = self.camera.as_mut() else { return };
        if background.dragged_by(PointerButton::Primary) || background.dragged_by(PointerButton::Middle) {
            camera.center -= background.drag_delta() / camera.zoom;
            self.moved = true;
            self.glide = None;
        }
        if let Some(pointer) = ui.input(|input| input.pointer.hover_pos())
            && screen.contains(pointer)
            && ui.ctx().layer_id_at(pointer) == Some(ui.layer_id())
        {
            let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta, input.zoom_delta()));
            let factor = pinch * (scroll.y / 240.0).exp();
            if (factor - 1.0).abs() > 1e-4 {
                camera.zoom_at(screen, pointer, factor);
                self.moved = true;
                self.glide = None;
            }
        }
    }

    /// Zooms around the middle by a factor.
    pub(crate) fn zoom_by(&mut self, factor: f32) {
        let screen = self.screen;
        if let Some(camera) = self.camera.as_mut() {
            camera.zoom_at(screen, screen.center(), factor);
            self.moved = true;
        }
    }
}

/// What the map is drawn from.
pub(crate) struct MapContext<'a> {
    /// The newest snapshot.
    pub(crate) snapshot: &'a Snapshot,
    /// What is selected.
    pub(crate) selection: Selection,
    /// The colours.
    pub(crate) palette: &'static Palette,
    /// The language.
    pub(crate) lang: Lang,
    /// Whether dots move.
    pub(crate) moving: bool,
    /// Whether the camera glides.
    pub(crate) gliding: bool,
    /// The clock of the dots [s]: it stands while the simulation stands.
    pub(crate) flow: f64,
    /// Draws what the pointer is on.
    pub(crate) tooltip: &'a dyn Fn(&mut Ui, Selection),
}
