//! Nodes of the map: a service with its health, its instances, three numbers and its saturation; a traffic source.
//!
//! What is drawn depends on the zoom: near, everything; further away, name and health; far away, only the health.

use eframe::egui::{Align2, CornerRadius, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use crate::fleet::instance::InstanceState;
use crate::lab::snapshot::{Health, InstanceSnapshot, ServiceSnapshot, SourceSnapshot};
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::status;
use crate::ui::{fonts, format, icons};

/// How much of a node is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Everything.
    Full,
    /// Name, health, numbers; instances as a strip.
    Compact,
    /// Name, health, saturation.
    Name,
    /// Health.
    Dot,
}

impl Detail {
    /// What is legible at a zoom.
    pub(crate) const fn at(zoom: f32) -> Self {
        if zoom >= 0.85 {
            Self::Full
        } else if zoom >= 0.54 {
            Self::Compact
        } else if zoom >= 0.24 {
            Self::Name
        } else {
            Self::Dot
        }
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
}

/// Paints a service.
pub(crate) fn service(painter: &Painter, style: &NodeStyle, name: &str, icon: &str, service: &ServiceSnapshot, palette: &Palette) {
    let detail = Detail::at(style.zoom);
    frame(painter, style, service.health, palette);
    match detail {
        Detail::Full => full(painter, style, name, icon, service, palette),
        Detail::Compact => compact(painter, style, name, service, palette),
        Detail::Name => {
            let z = style.zoom;
            let rect = style.rect;
            let font = fonts::medium((size::BODY * (z + 0.42)).clamp(9.0, size::BODY - 1.0).round());
            let pad = 6.0 * z + 3.0;
            status::shape(painter, pos2(rect.left() + pad + 3.0, rect.center().y - 2.0), 7.0, service.health, palette);
            label(painter, pos2(rect.left() + pad + 10.0, rect.center().y - 2.0), rect.width() - pad - 13.0, name, font, ink(style, palette));
            saturation(painter, rect, z, service.signals.saturation, palette);
        }
        Detail::Dot => status::shape(painter, style.rect.center(), (style.rect.height() * 0.55).clamp(4.0, 9.0), service.health, palette),
    }
}

/// Paints a traffic source.
pub(crate) fn source(painter: &Painter, style: &NodeStyle, source: &SourceSnapshot, palette: &Palette) {
    frame(painter, style, Health::Ok, palette);
    let (rect, z) = (style.rect, style.zoom);
    match Detail::at(z) {
        Detail::Full | Detail::Compact => {
            let pad = 12.0 * z;
            painter.text(pos2(rect.left() + pad, rect.top() + 20.0 * z), Align2::LEFT_CENTER, icons::LOAD, scaled(fonts::regular(16.0), z), palette.accent);
            label(
                painter,
                pos2(rect.left() + 36.0 * z, rect.top() + 20.0 * z),
                rect.width() - 48.0 * z,
                &source.name,
                scaled(fonts::semibold(size::BODY), z),
                ink(style, palette),
            );
            painter.text(
                pos2(rect.left() + pad, rect.top() + 50.0 * z),
                Align2::LEFT_CENTER,
                format::rate(source.rate),
                scaled(fonts::mono(size::TITLE), z),
                palette.text,
            );
            if (source.factor - 1.0).abs() > 1e-6 {
                let text = format!("×{}", format::count(source.factor));
                painter.text(
                    pos2(rect.right() - pad, rect.top() + 50.0 * z),
                    Align2::RIGHT_CENTER,
                    text,
                    scaled(fonts::mono(size::BODY), z),
                    palette.warning_text,
                );
            }
        }
        Detail::Name => {
            let font = fonts::medium((size::BODY * (z + 0.36)).clamp(9.0, size::BODY).round());
            label(painter, pos2(rect.left() + 6.0, rect.center().y), rect.width() - 10.0, &source.name, font, ink(style, palette));
        }
        Detail::Dot => {
            painter.circle_filled(rect.center(), (rect.height() * 0.25).clamp(2.0, 5.0), palette.accent);
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

/// Text that ends in an ellipsis where the room ends.
fn label(painter: &Painter, at: Pos2, room: f32, text: &str, font: FontId, color: eframe::egui::Color32) {
    let galley = painter.layout_no_wrap(text.to_owned(), font.clone(), color);
    let galley = if galley.size().x <= room {
        galley
    } else {
        let mut job = eframe::egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
        job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(room);
        painter.layout_job(job)
    };
    painter.galley(at - vec2(0.0, galley.size().y / 2.0), galley, color);
}

fn full(painter: &Painter, style: &NodeStyle, name: &str, icon: &str, service: &ServiceSnapshot, palette: &Palette) {
    let (rect, z) = (style.rect, style.zoom);
    let pad = 11.0 * z;
    let (left, right) = (rect.left() + pad, rect.right() - pad);
    let row = |y: f32| rect.top() + y * z;
    painter.text(pos2(left, row(16.0)), Align2::LEFT_CENTER, icon, scaled(fonts::regular(15.0), z), palette.secondary);
    label(painter, pos2(left + 21.0 * z, row(16.0)), right - left - 36.0 * z, name, scaled(fonts::semibold(size::BODY), z), ink(style, palette));
    status::shape(painter, pos2(right - 4.0 * z, row(16.0)), 9.0 * z, service.health, palette);
    numbers(painter, left..=right, row(35.0), scaled(fonts::mono(size::SMALL), z), false, service, palette);
    instances(painter, Rect::from_min_max(pos2(left, row(45.0)), pos2(right, row(63.0))), z, service, palette);
    saturation(painter, rect, z, service.signals.saturation, palette);
}

fn compact(painter: &Painter, style: &NodeStyle, name: &str, service: &ServiceSnapshot, palette: &Palette) {
    let (rect, z) = (style.rect, style.zoom);
    let pad = 8.0 * z;
    let (left, right) = (rect.left() + pad, rect.right() - pad);
    let row = |y: f32| rect.top() + y * z;
    status::shape(painter, pos2(left + 4.0, row(17.0)), 7.5, service.health, palette);
    let font = fonts::semibold((size::BODY * (z + 0.16)).clamp(10.0, size::BODY).round());
    label(painter, pos2(left + 12.0, row(17.0)), right - left - 12.0, name, font, ink(style, palette));
    numbers(painter, left..=right, row(41.0), fonts::mono((size::SMALL * (z + 0.22)).clamp(8.5, size::SMALL)), true, service, palette);
    strip(painter, Rect::from_min_max(pos2(left, row(56.0)), pos2(right, row(56.0) + 4.0)), service, palette);
    saturation(painter, rect, z, service.signals.saturation, palette);
}

/// Requests per second, p99 and errors in a row.
fn numbers(painter: &Painter, across: std::ops::RangeInclusive<f32>, y: f32, font: FontId, short: bool, service: &ServiceSnapshot, palette: &Palette) {
    let signals = &service.signals;
    let (left, right) = (*across.start(), *across.end());
    let failing = if signals.error_ratio >= 0.001 { palette.status_text(worse(service.health)) } else { palette.secondary };
    let errors = if signals.rate > 0.0 { format::percent(signals.error_ratio) } else { format::NOTHING.to_owned() };
    let (mut rate, mut p99, mut errors) = (format::rate(signals.rate), format::millis_or_nothing(signals.p99_ms), errors);
    if short {
        // Two digits and no spaces: what a glance needs; the tooltip has the rest.
        rate = format::rate(format::coarse(signals.rate));
        p99 = signals.p99_ms.map_or_else(|| format::NOTHING.to_owned(), |ms| format::millis(format::coarse(ms)).replace(' ', ""));
        errors = if signals.error_ratio < 0.001 && signals.error_ratio > 0.0 { "<.1%".to_owned() } else { errors.replace(' ', "") };
    }
    let first = painter.text(pos2(left, y), Align2::LEFT_CENTER, rate, font.clone(), palette.text);
    let last = painter.text(pos2(right, y), Align2::RIGHT_CENTER, errors, font.clone(), failing);
    // In the middle of what the others leave over.
    let middle = f32::midpoint(first.right(), last.left());
    painter.text(pos2(middle, y), Align2::CENTER_CENTER, p99, font, palette.text);
}

/// Instances as one thin strip, a part for each while there are few, a part for each state otherwise.
fn strip(painter: &Painter, rect: Rect, service: &ServiceSnapshot, palette: &Palette) {
    let stable = stable_index(service);
    let count = service.instances.len();
    if count == 0 {
        return;
    }
    if count <= 12 {
        let width = ((rect.width() + 2.0) / count as f32 - 2.0).min(10.0);
        for (at, instance) in service.instances.iter().enumerate() {
            let part = Rect::from_min_size(rect.min + vec2(at as f32 * (width + 2.0), 0.0), vec2(width, rect.height()));
            painter.rect_filled(part, 1.0, cell_color(instance, stable, palette));
        }
        return;
    }
    bar(painter, rect, service, stable, palette);
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
    let stable = stable_index(service);
    if service.instances.len() <= columns * 2 {
        for (at, instance) in service.instances.iter().enumerate() {
            let cell = Rect::from_min_size(rect.min + vec2((at % columns) as f32 * (side + gap), (at / columns) as f32 * (side + gap)), vec2(side, side));
            cell_of(painter, cell, instance, stable, palette);
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
    self::bar(painter, bar, service, stable, palette);
}

/// A bar with one part per state and version.
fn bar(painter: &Painter, rect: Rect, service: &ServiceSnapshot, stable: usize, palette: &Palette) {
    let mut x = rect.left();
    for (color, count) in parts(&service.instances, stable, palette) {
        let width = rect.width() * count as f32 / service.instances.len() as f32;
        painter.rect_filled(Rect::from_min_max(pos2(x, rect.top()), pos2(x + (width - 1.0).max(1.0), rect.bottom())), 1.0, color);
        x += width;
    }
}

/// How many instances share a colour, in a fixed order.
fn parts(instances: &[InstanceSnapshot], stable: usize, palette: &Palette) -> Vec<(eframe::egui::Color32, usize)> {
    let mut parts: Vec<(eframe::egui::Color32, u8, usize)> = Vec::new();
    for instance in instances {
        let color = cell_color(instance, stable, palette);
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
pub(crate) fn cell_color(instance: &InstanceSnapshot, stable: usize, palette: &Palette) -> eframe::egui::Color32 {
    let version = palette.version(usize::from(instance.version), stable);
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
pub(crate) fn cell_of(painter: &Painter, cell: Rect, instance: &InstanceSnapshot, stable: usize, palette: &Palette) {
    let color = cell_color(instance, stable, palette);
    match instance.state {
        InstanceState::Healthy => {
            painter.rect_filled(cell, 2.0, color);
        }
        InstanceState::Starting => {
            painter.rect_stroke(cell, 2.0, Stroke::new(1.5, palette.version(usize::from(instance.version), stable)), StrokeKind::Inside);
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
