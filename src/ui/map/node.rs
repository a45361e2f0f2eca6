//! Nodes of the map: a service with its health, its instances, three numbers and its saturation; a traffic source.
//!
//! What is drawn depends on the node's size on the screen; its name and its health always are.

use eframe::egui::{Align2, CornerRadius, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2};

use super::names;

use crate::fleet::instance::InstanceState;
use crate::lab::snapshot::{Health, InstanceSnapshot, ServiceSnapshot, SourceSnapshot};
use crate::ui::text::Lang;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::status;
use crate::ui::{fonts, format, icons};

/// How much of a node is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Everything.
    Full,
    /// Name, health, three numbers; instances as a strip.
    Compact,
    /// Name, health, requests per second and what fails of them.
    Rate,
    /// Name and health.
    Name,
}

impl Detail {
    /// What is legible in a node of this size [points].
    pub(crate) const fn of(size: Vec2) -> Self {
        if size.x >= 132.0 && size.y >= 62.0 {
            Self::Full
        } else if size.x >= 108.0 && size.y >= 44.0 {
            Self::Compact
        } else if size.x >= 52.0 && size.y >= 27.0 {
            Self::Rate
        } else {
            Self::Name
        }
    }
}

/// From which width a node of one line has its rate beside its name, and the room for it [points].
const BESIDE: f32 = 92.0;
const RATE: f32 = 36.0;

/// The font of a service's name and the room for it [points] in a node of this size at this zoom.
pub(crate) fn name_room(size: Vec2, zoom: f32) -> (FontId, f32) {
    match Detail::of(size) {
        Detail::Full => (scaled(fonts::semibold(size::BODY), zoom), size.x - (22.0 + 36.0) * zoom),
        Detail::Compact => (fonts::semibold((size::BODY * (zoom + 0.16)).clamp(10.0, size::BODY).round()), size.x - 16.0 * zoom - 12.0),
        Detail::Rate => (fonts::medium(if size.y >= 34.0 { 11.0 } else { 10.0 }), size.x - 20.0),
        Detail::Name => (fonts::medium(10.0), size.x - 15.0 - if size.x >= BESIDE { RATE } else { 0.0 }),
    }
}

/// How a node is drawn.
pub(crate) struct NodeStyle {
    /// Its place on the screen.
    pub(crate) rect: Rect,
    /// The zoom.
    pub(crate) zoom: f32,
    /// Whether it is selected.
    pub(crate) selected: bool,
    /// Whether the pointer or the keyboard is on it.
    pub(crate) hovered: bool,
    /// Whether something else is selected that it has nothing to do with.
    pub(crate) weak: bool,
    /// The language of its numbers.
    pub(crate) lang: Lang,
}

/// What a node is called: its name, and what is written where that does not fit.
pub(crate) struct Name<'a> {
    pub(crate) whole: &'a str,
    pub(crate) short: &'a str,
}

/// Paints a service.
pub(crate) fn service(painter: &Painter, style: &NodeStyle, name: &Name<'_>, icon: &str, service: &ServiceSnapshot, palette: &Palette) {
    frame(painter, style, service.health, palette);
    match Detail::of(style.rect.size()) {
        Detail::Full => full(painter, style, name, icon, service, palette),
        Detail::Compact => compact(painter, style, name, service, palette),
        Detail::Rate => with_rate(painter, style, name, service, palette),
        Detail::Name => {
            let rect = style.rect;
            let (font, room) = name_room(rect.size(), style.zoom);
            status::shape(painter, pos2(rect.left() + 7.0, rect.center().y), 7.0, service.health, palette);
            label(painter, pos2(rect.left() + 13.0, rect.center().y), room, name, &font, ink(style, palette));
            let failing = service.signals.rate > 0.0 && service.signals.error_ratio >= 0.01;
            let color = if failing { palette.status_text(worse(service.health)) } else { palette.secondary };
            rate_beside(painter, style, service.signals.rate, color);
        }
    }
}

/// The rate at the end of a node of one line, if it is wide enough.
fn rate_beside(painter: &Painter, style: &NodeStyle, rate: f64, color: eframe::egui::Color32) {
    if style.rect.width() >= BESIDE {
        let text = format::rate(style.lang, format::coarse(rate));
        painter.text(style.rect.right_center() - vec2(5.0, 0.0), Align2::RIGHT_CENTER, text, fonts::mono(9.5), color);
    }
}

/// Paints a traffic source.
pub(crate) fn source(painter: &Painter, style: &NodeStyle, name: &Name<'_>, source: &SourceSnapshot, palette: &Palette) {
    frame(painter, style, Health::Ok, palette);
    let (rect, z) = (style.rect, style.zoom);
    let rate = format::rate(style.lang, source.rate);
    let factor = (source.factor - 1.0).abs() > 1e-6;
    let factor = factor.then(|| format!("×{}", format::count(style.lang, source.factor)));
    match Detail::of(rect.size()) {
        Detail::Full | Detail::Compact => {
            let pad = 12.0 * z;
            let (first, second) = (rect.top() + 20.0 * z, rect.top() + 50.0 * z);
            painter.text(pos2(rect.left() + pad, first), Align2::LEFT_CENTER, icons::LOAD, scaled(fonts::regular(16.0), z), palette.accent);
            let font = scaled(fonts::semibold(size::BODY), z);
            label(painter, pos2(rect.left() + 36.0 * z, first), rect.width() - 48.0 * z, name, &font, ink(style, palette));
            painter.text(pos2(rect.left() + pad, second), Align2::LEFT_CENTER, rate, scaled(fonts::mono(size::TITLE), z), palette.text);
            if let Some(factor) = factor {
                painter.text(pos2(rect.right() - pad, second), Align2::RIGHT_CENTER, factor, scaled(fonts::mono(size::BODY), z), palette.warning_text);
            }
        }
        Detail::Rate => {
            let (font, room) = name_room(rect.size(), z);
            let y = |share: f32| rect.top() + rect.height() * share;
            label(painter, pos2(rect.left() + 6.0, y(0.32)), room + 8.0, name, &font, ink(style, palette));
            painter.text(pos2(rect.left() + 6.0, y(0.7)), Align2::LEFT_CENTER, rate, fonts::mono(10.0), palette.secondary);
            if let Some(factor) = factor {
                painter.text(pos2(rect.right() - 6.0, y(0.7)), Align2::RIGHT_CENTER, factor, fonts::mono(10.0), palette.warning_text);
            }
        }
        Detail::Name => {
            let (font, room) = name_room(rect.size(), z);
            label(painter, pos2(rect.left() + 6.0, rect.center().y), room + 5.0, name, &font, ink(style, palette));
            rate_beside(painter, style, source.rate, palette.secondary);
        }
    }
}

fn ink(style: &NodeStyle, palette: &Palette) -> eframe::egui::Color32 {
    if style.weak { palette.secondary } else { palette.text }
}

fn frame(painter: &Painter, style: &NodeStyle, health: Health, palette: &Palette) {
    let radius = CornerRadius::same((8.0 * style.zoom).clamp(2.0, 10.0) as u8);
    let base = if style.hovered { palette.hovered } else { palette.panel };
    let fill = match health {
        Health::Failing => theme::mixed(palette.failing, base, 0.12),
        Health::Warning => theme::mixed(palette.warning, base, 0.08),
        Health::Ok | Health::Unknown => base,
    };
    let line = if style.selected {
        Stroke::new(2.0, palette.accent)
    } else {
        match health {
            Health::Failing => Stroke::new(1.5, theme::mixed(palette.failing, palette.panel, 0.8)),
            Health::Warning => Stroke::new(1.0, theme::mixed(palette.warning, palette.panel, 0.65)),
            Health::Ok | Health::Unknown => Stroke::new(1.0, if style.hovered { palette.faint } else { palette.line }),
        }
    };
    painter.rect(style.rect, radius, fill, line, StrokeKind::Inside);
}

/// A font scaled with the zoom, in whole points so that few sizes end up in the font texture.
fn scaled(font: FontId, zoom: f32) -> FontId {
    FontId::new((font.size * zoom).round().max(7.0), font.family)
}

/// A name, or its short form where there is no room for it.
fn label(painter: &Painter, at: Pos2, room: f32, name: &Name<'_>, font: &FontId, color: eframe::egui::Color32) {
    let galley = painter.layout_no_wrap(name.whole.to_owned(), font.clone(), color);
    let galley = if galley.size().x <= room {
        galley
    } else {
        // Letters are of different widths: of wide ones a few more go.
        let letters = name.short.chars().count();
        let shorter = (1..5).map(|fewer| names::shortened(&[name.whole], letters.saturating_sub(fewer))[0].clone());
        let mut tries = std::iter::once(name.short.to_owned()).chain(shorter).map(|text| painter.layout_no_wrap(text, font.clone(), color));
        tries.find(|galley| galley.size().x <= room).unwrap_or_else(|| {
            let mut job = eframe::egui::text::LayoutJob::simple_singleline(name.short.to_owned(), font.clone(), color);
            job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(room);
            painter.layout_job(job)
        })
    };
    painter.galley(at - vec2(0.0, galley.size().y / 2.0), galley, color);
}

/// A name in one line, or in two where it fits only so; returns how many there are.
fn broken_label(painter: &Painter, at: Pos2, step: f32, room: f32, name: &Name<'_>, font: FontId, color: eframe::egui::Color32) -> usize {
    let width = |text: &str| painter.layout_no_wrap(text.to_owned(), font.clone(), color).size().x;
    if width(name.whole) > room
        && let Some((first, second)) = names::halves(name.whole)
        && width(first) <= room
        && width(second) <= room
    {
        painter.text(at, Align2::LEFT_CENTER, first, font.clone(), color);
        painter.text(at + vec2(0.0, step), Align2::LEFT_CENTER, second, font, color);
        return 2;
    }
    label(painter, at, room, name, &font, color);
    1
}

fn full(painter: &Painter, style: &NodeStyle, name: &Name<'_>, icon: &str, service: &ServiceSnapshot, palette: &Palette) {
    let (rect, z) = (style.rect, style.zoom);
    let pad = 11.0 * z;
    let (left, right) = (rect.left() + pad, rect.right() - pad);
    let row = |y: f32| rect.top() + y * z;
    let (font, room) = name_room(rect.size(), z);
    painter.text(pos2(left, row(16.0)), Align2::LEFT_CENTER, icon, scaled(fonts::regular(15.0), z), palette.secondary);
    label(painter, pos2(left + 21.0 * z, row(16.0)), room, name, &font, ink(style, palette));
    status::shape(painter, pos2(right - 4.0 * z, row(16.0)), 9.0 * z, service.health, palette);
    numbers(painter, left..=right, row(35.0), &scaled(fonts::mono(size::SMALL), z), style, service, palette);
    instances(painter, Rect::from_min_max(pos2(left, row(45.0)), pos2(right, row(63.0))), z, service, palette);
    saturation(painter, rect, z, service.signals.saturation, palette);
}

fn compact(painter: &Painter, style: &NodeStyle, name: &Name<'_>, service: &ServiceSnapshot, palette: &Palette) {
    let (rect, z) = (style.rect, style.zoom);
    let pad = 8.0 * z;
    let (left, right) = (rect.left() + pad, rect.right() - pad);
    let row = |y: f32| rect.top() + y * rect.height() / 76.0;
    let (font, room) = name_room(rect.size(), z);
    status::shape(painter, pos2(left + 4.0, row(17.0)), 7.5, service.health, palette);
    label(painter, pos2(left + 12.0, row(17.0)), room, name, &font, ink(style, palette));
    numbers(painter, left..=right, row(41.0), &fonts::mono((size::SMALL * (z + 0.22)).clamp(9.0, size::SMALL)), style, service, palette);
    strip(painter, Rect::from_min_max(pos2(left, row(56.0)), pos2(right, row(56.0) + 4.0)), service, palette);
    saturation(painter, rect, z, service.signals.saturation, palette);
}

/// The name above the requests per second and, if any fail, their share.
fn with_rate(painter: &Painter, style: &NodeStyle, name: &Name<'_>, service: &ServiceSnapshot, palette: &Palette) {
    let (rect, z) = (style.rect, style.zoom);
    let (font, room) = name_room(rect.size(), z);
    let signals = &service.signals;
    let (text, numbers) = (font.size, fonts::mono(10.0));
    let tall = rect.height() >= 42.0;
    // Name, numbers and the bar at the foot share the height.
    let first = rect.top() + if tall { text * 0.5 + 5.0 } else { (rect.height() - 5.0) * 0.28 + 1.0 };
    status::shape(painter, pos2(rect.left() + 8.0, first), 7.0, service.health, palette);
    let at = pos2(rect.left() + 15.0, first);
    let lines = if tall { broken_label(painter, at, text + 1.0, room, name, font, ink(style, palette)) } else { 1 };
    if !tall {
        label(painter, at, room, name, &name_room(rect.size(), z).0, ink(style, palette));
    }
    let foot = rect.bottom() - 6.0;
    let y = if tall { (first + (text + 1.0) * lines as f32 + 2.0).min(foot - 5.0) } else { rect.top() + (rect.height() - 5.0) * 0.76 };
    let failing = signals.rate > 0.0 && signals.error_ratio >= 0.0005;
    let rate = painter.text(
        pos2(rect.left() + 6.0, y),
        Align2::LEFT_CENTER,
        format::rate(style.lang, format::coarse(signals.rate)),
        numbers.clone(),
        if style.weak { palette.secondary } else { palette.text },
    );
    if failing {
        let share = format::percent(style.lang, format::coarse(signals.error_ratio)).replace(' ', "\u{2009}");
        let color = palette.status_text(worse(service.health));
        let galley = painter.layout_no_wrap(share, numbers, color);
        let left = (rect.right() - 6.0 - galley.size().x).max(rate.right() + 3.0);
        painter.galley(pos2(left, y - galley.size().y / 2.0), galley, color);
    }
    saturation(painter, rect, z, signals.saturation, palette);
}

/// Requests per second, p99 and errors in a row; with fewer digits where there is little room.
fn numbers(painter: &Painter, across: std::ops::RangeInclusive<f32>, y: f32, font: &FontId, style: &NodeStyle, service: &ServiceSnapshot, palette: &Palette) {
    let (signals, lang) = (&service.signals, style.lang);
    let (left, right) = (*across.start(), *across.end());
    let failing = if signals.error_ratio >= 0.001 { palette.status_text(worse(service.health)) } else { palette.secondary };
    let texts = |digits: fn(f64) -> f64| {
        let share = if signals.rate > 0.0 { format::percent(lang, digits(signals.error_ratio)) } else { format::NOTHING.to_owned() };
        [format::rate(lang, digits(signals.rate)), format::millis_or_nothing(lang, signals.p99_ms.map(digits)), share]
    };
    let lay = |texts: [String; 3]| texts.map(|text| painter.layout_no_wrap(text, font.clone(), palette.text));
    let mut laid = lay(texts(|value| value));
    let width = |laid: &[std::sync::Arc<eframe::egui::Galley>; 3]| laid.iter().map(|galley| galley.size().x).sum::<f32>();
    if width(&laid) + font.size * 1.2 > right - left {
        // Two digits: what a glance needs; the tooltip has the rest.
        laid = lay(texts(format::coarse));
    }
    if width(&laid) + font.size * 0.8 > right - left {
        laid = lay(texts(format::coarse).map(|text| text.replace(' ', "\u{2009}")));
    }
    let [rate, p99, share] = laid;
    // The middle one stands in the middle of what the others leave over.
    let middle = f32::midpoint(left + rate.size().x, right - share.size().x) - p99.size().x / 2.0;
    let last = right - share.size().x;
    for (x, galley, color) in [(left, rate, palette.text), (middle, p99, palette.text), (last, share, failing)] {
        painter.galley_with_override_text_color(pos2(x, y - galley.size().y / 2.0), galley, color);
    }
}

/// Instances as one thin strip, a part for each while there are few, a part for each state otherwise.
fn strip(painter: &Painter, rect: Rect, service: &ServiceSnapshot, palette: &Palette) {
    let count = service.instances.len();
    if count == 0 {
        return;
    }
    if count <= 12 {
        let width = ((rect.width() + 2.0) / count as f32 - 2.0).min(10.0);
        for (at, instance) in service.instances.iter().enumerate() {
            let part = Rect::from_min_size(rect.min + vec2(at as f32 * (width + 2.0), 0.0), vec2(width, rect.height()));
            painter.rect_filled(part, 1.0, cell_color(instance, palette));
        }
        return;
    }
    bar(painter, rect, service, palette);
}

const fn worse(health: Health) -> Health {
    match health {
        Health::Failing => Health::Failing,
        Health::Ok | Health::Warning | Health::Unknown => Health::Warning,
    }
}

/// The thin bar at the foot of a node.
fn saturation(painter: &Painter, rect: Rect, zoom: f32, share: f64, palette: &Palette) {
    let pad = (8.0 * zoom).max(3.0);
    let height = (3.0 * zoom).clamp(2.0, 4.0);
    let bar = Rect::from_min_max(pos2(rect.left() + pad, rect.bottom() - height - 3.0 * zoom), pos2(rect.right() - pad, rect.bottom() - 3.0 * zoom));
    painter.rect_filled(bar, 1.0, theme::mixed(palette.faint, palette.panel, 0.3));
    let share = share.clamp(0.0, 1.0) as f32;
    if share > 0.0 {
        let color = saturation_color(share, palette);
        painter.rect_filled(Rect::from_min_size(bar.min, vec2((bar.width() * share).max(1.0), height)), 1.0, color);
    }
}

/// The colour of a saturation: above 80 % look at it soon, above 95 % look at it now.
pub(crate) fn saturation_color(share: f32, palette: &Palette) -> eframe::egui::Color32 {
    if share > 0.95 {
        palette.failing
    } else if share > 0.8 {
        palette.warning
    } else {
        palette.ok
    }
}

/// The index of the stable version in the service's list.
pub(crate) fn stable_index(service: &ServiceSnapshot) -> usize {
    service.versions.iter().position(|version| version.name == service.stable).unwrap_or(0)
}

/// One small cell per instance, or a bar of their states when there are many.
fn instances(painter: &Painter, rect: Rect, zoom: f32, service: &ServiceSnapshot, palette: &Palette) {
    let (side, gap) = (8.0 * zoom, 2.0 * zoom);
    let columns = ((rect.width() + gap) / (side + gap)).floor().max(1.0) as usize;
    if service.instances.len() <= columns * 2 {
        for (at, instance) in service.instances.iter().enumerate() {
            let cell = Rect::from_min_size(rect.min + vec2((at % columns) as f32 * (side + gap), (at / columns) as f32 * (side + gap)), vec2(side, side));
            cell_of(painter, cell, instance, palette);
        }
        // Instances that are wanted and not there yet.
        for at in service.instances.len()..(service.desired as usize).min(columns * 2) {
            let cell = Rect::from_min_size(rect.min + vec2((at % columns) as f32 * (side + gap), (at / columns) as f32 * (side + gap)), vec2(side, side));
            painter.rect_stroke(cell, 2.0, Stroke::new(1.0, theme::faded(palette.faint, 0.5)), StrokeKind::Inside);
        }
        return;
    }
    // Too many for cells: a bar, one part per state and version, and how many there are.
    let text = format!("×{}", service.instances.len());
    let galley = painter.layout_no_wrap(text, scaled(fonts::mono(size::SMALL), zoom), palette.secondary);
    let bar = Rect::from_min_max(pos2(rect.left(), rect.top() + 2.0 * zoom), pos2(rect.right() - galley.size().x - 6.0 * zoom, rect.top() + 12.0 * zoom));
    painter.galley(pos2(rect.right() - galley.size().x, bar.center().y - galley.size().y / 2.0), galley, palette.secondary);
    self::bar(painter, bar, service, palette);
}

/// A bar with one part per state and version.
fn bar(painter: &Painter, rect: Rect, service: &ServiceSnapshot, palette: &Palette) {
    let mut x = rect.left();
    for (color, count) in parts(&service.instances, palette) {
        let width = rect.width() * count as f32 / service.instances.len() as f32;
        painter.rect_filled(Rect::from_min_max(pos2(x, rect.top()), pos2(x + (width - 1.0).max(1.0), rect.bottom())), 1.0, color);
        x += width;
    }
}

/// How many instances share a colour, in a fixed order.
fn parts(instances: &[InstanceSnapshot], palette: &Palette) -> Vec<(eframe::egui::Color32, usize)> {
    let mut parts: Vec<(eframe::egui::Color32, u8, usize)> = Vec::new();
    for instance in instances {
        let color = cell_color(instance, palette);
        let rank = match instance.state {
            InstanceState::Healthy => 0,
            InstanceState::Starting => 1,
            InstanceState::Draining => 2,
            InstanceState::Unhealthy => 3,
            InstanceState::Crashed | InstanceState::Stopped => 4,
        };
        match parts.iter_mut().find(|(c, r, _)| *c == color && *r == rank) {
            Some((.., count)) => *count += 1,
            None => parts.push((color, rank, 1)),
        }
    }
    parts.sort_by_key(|&(_, rank, _)| rank);
    parts.into_iter().map(|(color, _, count)| (color, count)).collect()
}

/// The colour of an instance: its version while it serves, its state otherwise.
pub(crate) fn cell_color(instance: &InstanceSnapshot, palette: &Palette) -> eframe::egui::Color32 {
    let version = palette.version(usize::from(instance.version));
    match instance.state {
        InstanceState::Healthy => version,
        InstanceState::Starting => theme::mixed(version, palette.panel, 0.45),
        InstanceState::Draining => theme::mixed(palette.faint, palette.panel, 0.6),
        InstanceState::Unhealthy => palette.warning,
        InstanceState::Crashed => palette.failing,
        InstanceState::Stopped => palette.faint,
    }
}

/// One instance: filled while it serves, hollow while it starts, a triangle when unhealthy, crossed when crashed.
pub(crate) fn cell_of(painter: &Painter, cell: Rect, instance: &InstanceSnapshot, palette: &Palette) {
    let color = cell_color(instance, palette);
    match instance.state {
        InstanceState::Healthy => {
            painter.rect_filled(cell, 2.0, color);
        }
        InstanceState::Starting => {
            painter.rect_stroke(cell, 2.0, Stroke::new(1.5, palette.version(usize::from(instance.version))), StrokeKind::Inside);
        }
        InstanceState::Draining => {
            painter.rect_filled(Rect::from_min_max(pos2(cell.left(), cell.center().y), cell.max), 1.0, color);
        }
        InstanceState::Unhealthy => {
            let points = vec![cell.center_top(), cell.right_bottom(), cell.left_bottom()];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        InstanceState::Crashed | InstanceState::Stopped => {
            let stroke = Stroke::new(1.5, color);
            painter.line_segment([cell.left_top(), cell.right_bottom()], stroke);
            painter.line_segment([cell.right_top(), cell.left_bottom()], stroke);
        }
    }
}
