//! Which part of the map is seen, and how large: pan, zoom, and gliding to a place.

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

/// The smallest and largest zoom [1].
const ZOOM: (f32, f32) = (0.08, 2.5);

/// What is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Camera {
    /// The place of the map that lies in the middle.
    pub(crate) center: Pos2,
    /// Points per unit of the map [1].
    pub(crate) zoom: f32,
}

impl Camera {
    /// What of a screen is there to show the map in: its foot holds the legend.
    pub(crate) fn room(screen: Rect) -> Vec2 {
        (screen.size() - vec2(32.0, 52.0)).max(Vec2::splat(40.0))
    }
    /// The camera that shows `area` of the map within `screen`, at no more than `most` zoom.
    pub(crate) fn showing(area: Rect, screen: Rect, most: f32) -> Self {
        let room = Self::room(screen);
        let zoom = (room.x / area.width().max(1.0)).min(room.y / area.height().max(1.0)).min(most).clamp(ZOOM.0, ZOOM.1);
        Self { center: area.center() + vec2(0.0, 10.0 / zoom), zoom }
    }
    /// Where a place of the map is on the screen.
    pub(crate) fn to_screen(self, screen: Rect, at: Pos2) -> Pos2 {
        screen.center() + (at - self.center) * self.zoom
    }
    /// Which place of the map is at a place of the screen.
    pub(crate) fn to_map(self, screen: Rect, at: Pos2) -> Pos2 {
        self.center + (at - screen.center()) / self.zoom
    }
    /// Zooms by `factor` so that what is at `at` on the screen stays there.
    pub(crate) fn zoom_at(&mut self, screen: Rect, at: Pos2, factor: f32) {
        let place = self.to_map(screen, at);
        self.zoom = (self.zoom * factor).clamp(ZOOM.0, ZOOM.1);
        self.center = place - (at - screen.center()) / self.zoom;
    }
    /// A camera on the way from this one to `to`, at `share` of the way [0…1].
    pub(crate) fn towards(self, to: Self, share: f32) -> Self {
        let ease = 1.0 - (1.0 - share) * (1.0 - share) * (1.0 - share);
        let mix = |a: f32, b: f32| a + (b - a) * ease;
        Self { center: pos2(mix(self.center.x, to.center.x), mix(self.center.y, to.center.y)), zoom: mix(self.zoom, to.zoom) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Rect = Rect { min: pos2(100.0, 50.0), max: pos2(900.0, 650.0) };

    #[test]
    fn what_is_under_the_pointer_stays_there_while_zooming() {
        let mut camera = Camera { center: pos2(300.0, -40.0), zoom: 0.8 };
        let pointer = pos2(250.0, 400.0);
        let before = camera.to_map(SCREEN, pointer);
        camera.zoom_at(SCREEN, pointer, 1.7);
        assert!((camera.to_map(SCREEN, pointer) - before).length() < 0.01);
    }

    #[test]
    fn everything_fits_into_the_screen() {
        let area = Rect::from_min_size(pos2(-2_000.0, -900.0), vec2(5_000.0, 1_200.0));
        let camera = Camera::showing(area, SCREEN, 1.0);
        assert!(SCREEN.contains(camera.to_screen(SCREEN, area.min)) && SCREEN.contains(camera.to_screen(SCREEN, area.max)));
    }
}
