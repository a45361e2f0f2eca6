//! Edges of the map: width says how much traffic, the failing colour how much of it fails, moving dots how often.
//!
//! A broken link (an open circuit breaker, or nothing but failures) is drawn broken, with a cross.

use eframe::egui::{self, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use super::camera::Camera;
use crate::lab::snapshot::EdgeSnapshot;
use crate::ui::theme::{self, Palette};

/// How fast dots travel [points/s].
const DOT_SPEED: f32 = 70.0;

/// Width of a line for a rate, at zoom 1 [points]: one point more for each factor of ten or so.
pub(crate) fn width(rate: f64) -> f32 {
    1.0 + (1.0 + rate.max(0.0)).log10() as f32 * 0.95
}

/// Dots that pass a point of the edge per second, bucketed by factors of ten of the rate.
pub(crate) fn dots_per_second(rate: f64) -> f32 {
    match rate {
        r if r < 0.05 => 0.0,
        r if r < 1.0 => 0.2,
        r if r < 10.0 => 0.4,
        r if r < 100.0 => 0.8,
        r if r < 1_000.0 => 1.6,
        _ => 3.2,
    }
}

/// Whether nothing passes.
pub(crate) fn is_broken(edge: &EdgeSnapshot) -> bool {
    edge.breaker_open || (edge.rate > 0.0 && edge.error_ratio > 0.98)
}

/// The points on the screen of an edge's points on the map.
pub(crate) fn on_screen(points: &[Pos2], camera: Camera, screen: Rect) -> Vec<Pos2> {
    // Far away a curve needs no more than every third point.
    let step = if camera.zoom < 0.35 { 3 } else { 1 };
    let mut out: Vec<Pos2> = points.iter().step_by(step).map(|&at| camera.to_screen(screen, at)).collect();
    if step > 1
        && !(points.len() - 1).is_multiple_of(step)
        && let Some(&last) = points.last()
    {
        out.push(camera.to_screen(screen, last));
    }
    out
}

/// How an edge is emphasised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Emphasis {
    /// Like the others.
    None,
    /// It belongs to what is selected or pointed at.
    Strong,
    /// Something else is selected.
    Weak,
}

/// Paints the line.
pub(crate) fn line(painter: &Painter, points: &[Pos2], edge: &EdgeSnapshot, zoom: f32, emphasis: Emphasis, palette: &Palette) {
    let width = (width(edge.rate) * zoom.clamp(0.45, 1.3)).max(1.0);
    let calm = match emphasis {
        Emphasis::Strong => theme::mixed(palette.text, palette.faint, 0.55),
        Emphasis::None if edge.rate > 0.0 => theme::mixed(palette.faint, palette.ground, 0.85),
        Emphasis::None => theme::mixed(palette.faint, palette.ground, 0.45),
        Emphasis::Weak => theme::mixed(palette.faint, palette.ground, 0.35),
    };
    if is_broken(edge) {
        painter.extend(Shape::dashed_line(points, Stroke::new(width.max(1.5), palette.failing), 5.0, 5.0));
        cross(painter, along(points, length(points) * 0.5), 5.0, palette);
        arrow(painter, points, width, palette.failing);
        return;
    }
    let failing = if edge.rate > 0.0 && edge.error_ratio >= 0.001 { edge.error_ratio.max(0.06) as f32 } else { 0.0 };
    if failing > 0.0 {
        // The failing share of the length, at the end where it fails.
        let (good, bad) = split(points, length(points) * (1.0 - failing.min(1.0)));
        painter.line(good, Stroke::new(width, calm));
        painter.line(bad, Stroke::new(width + 0.5, palette.failing));
        arrow(painter, points, width, palette.failing);
    } else {
        painter.line(points.to_vec(), Stroke::new(width, calm));
        arrow(painter, points, width, calm);
    }
}

/// Paints the dots that stand for requests on their way.
pub(crate) fn dots(painter: &Painter, points: &[Pos2], edge: &EdgeSnapshot, time: f64, zoom: f32, seed: usize, palette: &Palette) {
    let frequency = dots_per_second(edge.rate);
    if frequency <= 0.0 || is_broken(edge) {
        return;
    }
    let pace = DOT_SPEED * zoom.clamp(0.5, 1.2);
    let spacing = pace / frequency;
    let whole = length(points);
    // Each edge starts elsewhere, so that they do not all pulse together.
    let phase = (seed as f32 * 0.618_034).fract() * spacing;
    let travelled = (time * f64::from(pace)) % f64::from(spacing * 1_024.0);
    let travelled = travelled as f32 + phase;
    let mut at = travelled % spacing;
    let mut number = (travelled / spacing) as i64;
    let radius = (1.3 + width(edge.rate) * 0.28) * zoom.clamp(0.6, 1.1);
    let mut walker = Walker::new(points);
    while at < whole {
        // The share of dots that fails is the share of requests that fails; a dot keeps its fate on its way.
        let fate = (number.rem_euclid(101) * 37 % 101) as f64 / 101.0;
        let color = if fate < edge.error_ratio { palette.failing } else { theme::mixed(palette.accent, palette.text, 0.25) };
        painter.circle_filled(walker.at(at), radius, color);
        at += spacing;
        number -= 1;
    }
}

/// The distance of a place from the line.
pub(crate) fn distance(points: &[Pos2], to: Pos2) -> f32 {
    points
        .windows(2)
        .map(|pair| {
            let (a, b) = (pair[0], pair[1]);
            let along = b - a;
            let share = if along.length_sq() > 0.0 { ((to - a).dot(along) / along.length_sq()).clamp(0.0, 1.0) } else { 0.0 };
            (a + along * share).distance(to)
        })
        .fold(f32::INFINITY, f32::min)
}

fn arrow(painter: &Painter, points: &[Pos2], width: f32, color: egui::Color32) {
    let [.., before, tip] = points else { return };
    let direction = (*tip - *before).normalized();
    let long = 4.0 + width * 0.7;
    let side = direction.rot90() * long * 0.55;
    let back = *tip - direction * long;
    painter.add(Shape::convex_polygon(vec![*tip, back + side, back - side], color, Stroke::NONE));
}

fn cross(painter: &Painter, at: Pos2, size: f32, palette: &Palette) {
    painter.circle_filled(at, size + 3.0, palette.panel);
    painter.circle_stroke(at, size + 3.0, Stroke::new(1.5, palette.failing));
    let stroke = Stroke::new(2.0, palette.failing);
    let d = size * 0.5;
    painter.line_segment([at + vec2(-d, -d), at + vec2(d, d)], stroke);
    painter.line_segment([at + vec2(-d, d), at + vec2(d, -d)], stroke);
}

fn length(points: &[Pos2]) -> f32 {
    points.windows(2).map(|pair| pair[0].distance(pair[1])).sum()
}

/// Walks along a line to ever greater distances.
struct Walker<'a> {
    points: &'a [Pos2],
    segment: usize,
    before: f32,
}

impl<'a> Walker<'a> {
    const fn new(points: &'a [Pos2]) -> Self {
        Self { points, segment: 0, before: 0.0 }
    }
    fn at(&mut self, distance: f32) -> Pos2 {
        while self.segment + 1 < self.points.len() {
            let (a, b) = (self.points[self.segment], self.points[self.segment + 1]);
            let here = a.distance(b);
            if self.before + here >= distance {
                let share = if here > 0.0 { (distance - self.before) / here } else { 0.0 };
                return a + (b - a) * share;
            }
            self.before += here;
            self.segment += 1;
        }
        self.points.last().copied().unwrap_or(pos2(0.0, 0.0))
    }
}

fn along(points: &[Pos2], distance: f32) -> Pos2 {
    Walker::new(points).at(distance)
}

/// The part of a line before and after a distance.
fn split(points: &[Pos2], distance: f32) -> (Vec<Pos2>, Vec<Pos2>) {
    let mut walked = 0.0;
    for (at, pair) in points.windows(2).enumerate() {
        let here = pair[0].distance(pair[1]);
        if walked + here >= distance {
            let share = if here > 0.0 { (distance - walked) / here } else { 0.0 };
            let middle = pair[0] + (pair[1] - pair[0]) * share;
            let mut good = points[..=at].to_vec();
            good.push(middle);
            let mut bad = vec![middle];
            bad.extend_from_slice(&points[at + 1..]);
            return (good, bad);
        }
        walked += here;
    }
    (points.to_vec(), points.last().copied().into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_where_its_failing_share_begins() {
        let line = [pos2(0.0, 0.0), pos2(10.0, 0.0), pos2(10.0, 10.0)];
        let (good, bad) = split(&line, 15.0);
        assert_eq!(good, [pos2(0.0, 0.0), pos2(10.0, 0.0), pos2(10.0, 5.0)]);
        assert_eq!(bad, [pos2(10.0, 5.0), pos2(10.0, 10.0)]);
    }

    #[test]
    fn more_traffic_is_never_drawn_thinner_or_slower() {
        let rates = [0.0, 0.5, 5.0, 50.0, 500.0, 5_000.0, 1e6];
        for pair in rates.windows(2) {
            assert!(width(pair[0]) <= width(pair[1]));
            assert!(dots_per_second(pair[0]) <= dots_per_second(pair[1]));
        }
        assert!(width(1e7) < 9.0, "the heaviest edge stays a line");
    }
}
