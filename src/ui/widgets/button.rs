//! Buttons: the one main action of a place, ordinary ones, and icons alone (which always carry a name).

use eframe::egui::{self, Button, Color32, Response, RichText, Role, Sense, Stroke, Ui, WidgetInfo, vec2};

use crate::ui::fonts;
use crate::ui::state::colors;
use crate::ui::theme::{self, RADIUS, ROW, size};

/// The main action.
pub(crate) fn primary(ui: &mut Ui, icon: &str, text: &str) -> Response {
    let palette = colors(ui);
    let label = if icon.is_empty() { text.to_owned() } else { format!("{icon}  {text}") };
    // Disabled it is faded as a whole, so that what is left of the accent must not lie behind its text.
    let (ink, fill) = if ui.is_enabled() { (palette.on_accent, palette.accent) } else { (palette.text, palette.hovered) };
    let rich = RichText::new(label).color(ink).font(fonts::medium(size::BODY));
    let response = ui.add(Button::new(rich).fill(fill).stroke(Stroke::NONE).wrap().min_size(vec2(0.0, ROW)));
    named(&response, text);
    response
}

/// An ordinary action.
pub(crate) fn plain(ui: &mut Ui, icon: &str, text: &str) -> Response {
    plain_if(ui, true, icon, text)
}

/// An ordinary action that may not be possible now.
pub(crate) fn plain_if(ui: &mut Ui, possible: bool, icon: &str, text: &str) -> Response {
    short_if(ui, possible, icon, text, text)
}

/// An ordinary action that may not be possible now, whose text is shorter than its accessible `name`.
pub(crate) fn short_if(ui: &mut Ui, possible: bool, icon: &str, text: &str, name: &str) -> Response {
    let label = if icon.is_empty() { text.to_owned() } else { format!("{icon}  {text}") };
    let response = ui.add_enabled(possible, Button::new(RichText::new(label).font(fonts::medium(size::BODY))).min_size(vec2(0.0, ROW)));
    named(&response, name);
    response
}

/// An action that harms: its colour says so, its text says whom.
pub(crate) fn harmful(ui: &mut Ui, icon: &str, text: &str) -> Response {
    let palette = colors(ui);
    let rich = RichText::new(format!("{icon}  {text}")).color(palette.failing_text).font(fonts::medium(size::BODY));
    let fill = theme::mixed(palette.failing, palette.panel, 0.14);
    let stroke = Stroke::new(1.0, theme::mixed(palette.failing, palette.panel, 0.45));
    let response = ui.add(Button::new(rich).fill(fill).stroke(stroke).min_size(vec2(0.0, ROW)));
    named(&response, text);
    response
}

/// An icon alone; `name` is its accessible name and tooltip.
pub(crate) fn icon(ui: &mut Ui, glyph: &str, name: &str, on: bool) -> Response {
    sized_icon(ui, glyph, name, on, ROW)
}

/// An icon alone on a square of `side` points.
pub(crate) fn sized_icon(ui: &mut Ui, glyph: &str, name: &str, on: bool, side: f32) -> Response {
    let palette = colors(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::click());
    let lit = response.hovered() || response.has_focus();
    let fill = match (on, lit) {
        (true, _) => theme::mixed(palette.accent, palette.panel, 0.18),
        (false, true) => palette.hovered,
        (false, false) => theme::CLEAR,
    };
    let ink = if !ui.is_enabled() {
        palette.faint
    } else if on {
        palette.accent
    } else if lit {
        palette.text
    } else {
        palette.secondary
    };
    ui.painter().rect_filled(rect, RADIUS, fill);
    focus_ring(ui, &response);
    ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, glyph, fonts::regular((side * 0.58).min(20.0)), ink);
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), on, name));
    response.on_hover_text(name)
}

/// A box to tick. Its outline is what one sees of it, so that it must stand out from the panel.
pub(crate) fn check(ui: &mut Ui, on: &mut bool, text: &str) -> Response {
    let outline = colors(ui).secondary;
    ui.scope(|ui| {
        ui.visuals_mut().widgets.inactive.bg_stroke.color = outline;
        ui.checkbox(on, text)
    })
    .inner
}

/// One of several answers. Its outline is what one sees of it, so that it must stand out from the panel.
pub(crate) fn radio(ui: &mut Ui, on: bool, text: RichText) -> Response {
    let palette = colors(ui);
    ui.scope(|ui| {
        let widgets = &mut ui.visuals_mut().widgets;
        widgets.inactive.bg_stroke = Stroke::new(1.0, palette.secondary);
        if on {
            widgets.inactive.fg_stroke = Stroke::new(2.0, palette.accent);
        }
        ui.radio(on, text)
    })
    .inner
}

/// A whole row that can be clicked: what it contains is painted by the caller onto the response's rectangle.
pub(crate) fn row(ui: &mut Ui, height: f32, name: &str, selected: bool) -> Response {
    let palette = colors(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let fill: Color32 = if selected {
        theme::mixed(palette.accent, palette.panel, 0.14)
    } else if response.hovered() || response.has_focus() {
        palette.hovered
    } else {
        theme::CLEAR
    };
    ui.painter().rect_filled(rect, RADIUS, fill);
    focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), selected, name));
    response
}

/// The ring around what has the keyboard's focus.
pub(crate) fn focus_ring(ui: &Ui, response: &Response) {
    if response.has_focus() {
        ui.painter().rect_stroke(response.rect, RADIUS, Stroke::new(1.5, colors(ui).accent), egui::StrokeKind::Inside);
    }
}

/// Screen readers hear the text without the icon's code point.
fn named(response: &Response, text: &str) {
    response.widget_info(|| WidgetInfo::labeled(Role::Button, response.enabled(), text));
}
