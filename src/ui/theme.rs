//! Colours, sizes and spacing: the one file that knows them.
//!
//! Everything else asks for a meaning ([`Palette::failing`], [`size::BODY`]) and never names a colour. A status is always
//! shown as colour, shape and word together. To change the look, change it here; a test keeps text readable (contrast of
//! at least 4.5 : 1, WCAG 2.1 AA) in both themes.

use eframe::egui::style::{HandleShape, ScrollStyle, TextCursorStyle, WidgetVisuals, Widgets};
use eframe::egui::{self, Color32, CornerRadius, Margin, Shadow, Stroke, TextStyle, Vec2, vec2};

use super::fonts;
use crate::lab::snapshot::Health;

/// Sizes of type [points].
pub(crate) mod size {
    /// Captions and axis labels.
    pub(crate) const SMALL: f32 = 11.0;
    /// Running text.
    pub(crate) const BODY: f32 = 13.0;
    /// Titles of panels.
    pub(crate) const TITLE: f32 = 15.0;
    /// Headings.
    pub(crate) const HEADING: f32 = 20.0;
    /// The name of the app on its first page.
    pub(crate) const DISPLAY: f32 = 28.0;
}

/// Radius of corners [points].
pub(crate) const RADIUS: u8 = 6;
/// Height of a row of a list or of a button [points].
pub(crate) const ROW: f32 = 28.0;

/// The colours of one theme, by meaning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    /// Behind everything.
    pub(crate) ground: Color32,
    /// Panels.
    pub(crate) panel: Color32,
    /// What lies on a panel: fields, chips, nodes of the map.
    pub(crate) raised: Color32,
    /// What lies on a panel and is pointed at.
    pub(crate) hovered: Color32,
    /// Hairlines.
    pub(crate) line: Color32,
    /// Text.
    pub(crate) text: Color32,
    /// Text that explains.
    pub(crate) secondary: Color32,
    /// Marks that are not text: idle edges, grid lines, empty cells.
    pub(crate) faint: Color32,
    /// The accent: selection, focus, the one main action.
    pub(crate) accent: Color32,
    /// Text on the accent.
    pub(crate) on_accent: Color32,
    /// Status fills.
    pub(crate) ok: Color32,
    /// Look at it soon.
    pub(crate) warning: Color32,
    /// Look at it now.
    pub(crate) failing: Color32,
    /// Nothing is known.
    pub(crate) unknown: Color32,
    /// Worth knowing.
    pub(crate) info: Color32,
    /// Status colours that are readable as text on a panel.
    pub(crate) ok_text: Color32,
    /// See [`Palette::ok_text`].
    pub(crate) warning_text: Color32,
    /// See [`Palette::ok_text`].
    pub(crate) failing_text: Color32,
    /// The first version of a service.
    pub(crate) stable: Color32,
    /// Its second version.
    pub(crate) new: Color32,
    /// Categories of charts: the Okabe–Ito colours, which people with any colour vision tell apart.
    pub(crate) series: [Color32; 5],
    /// Shadow of the one level of elevation.
    pub(crate) shadow: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

const DARK: Palette = Palette {
    ground: rgb(0x0E_1116),
    panel: rgb(0x15_1A21),
    raised: rgb(0x1C_232C),
    hovered: rgb(0x25_2E39),
    line: rgb(0x2A_333F),
    text: rgb(0xE6_EAF0),
    secondary: rgb(0x9A_A7B5),
    faint: rgb(0x66_727F),
    accent: rgb(0x5B_9DFF),
    on_accent: rgb(0x0B_1220),
    ok: rgb(0x2F_B8A6),
    warning: rgb(0xE2_A336),
    failing: rgb(0xE5_565B),
    unknown: rgb(0x7C_8A99),
    info: rgb(0x5B_9DFF),
    ok_text: rgb(0x4C_CDBB),
    warning_text: rgb(0xEB_B453),
    failing_text: rgb(0xF2_7C80),
    stable: rgb(0x5B_9DFF),
    new: rgb(0x4C_C38A),
    series: [rgb(0x56_B4E9), rgb(0xE6_9F00), rgb(0xCC_79A7), rgb(0x00_9E73), rgb(0xF0_E442)],
    shadow: Color32::from_black_alpha(110),
};

const LIGHT: Palette = Palette {
    ground: rgb(0xF6_F7F9),
    panel: rgb(0xFF_FFFF),
    raised: rgb(0xF0_F2F5),
    hovered: rgb(0xE5_E9EE),
    line: rgb(0xDC_E1E7),
    text: rgb(0x16_202B),
    secondary: rgb(0x52_6170),
    faint: rgb(0x85_92A0),
    accent: rgb(0x1F_64D6),
    on_accent: rgb(0xFF_FFFF),
    ok: rgb(0x1F_A595),
    warning: rgb(0xD9_9420),
    failing: rgb(0xDB_4248),
    unknown: rgb(0x7C_8A99),
    info: rgb(0x2F_7BEF),
    ok_text: rgb(0x0B_7568),
    warning_text: rgb(0x8A_5A00),
    failing_text: rgb(0xB6_2A30),
    stable: rgb(0x2F_7BEF),
    new: rgb(0x1F_9D61),
    series: [rgb(0x00_72B2), rgb(0xD5_5E00), rgb(0xAA_4585), rgb(0x00_8F68), rgb(0x8A_7B00)],
    shadow: Color32::from_black_alpha(34),
};

/// The colours of the theme in force.
pub(crate) fn palette(visuals: &egui::Visuals) -> &'static Palette {
    if visuals.dark_mode { &DARK } else { &LIGHT }
}

impl Palette {
    /// The fill of a status.
    pub(crate) const fn status(&self, health: Health) -> Color32 {
        match health {
            Health::Ok => self.ok,
            Health::Warning => self.warning,
            Health::Failing => self.failing,
            Health::Unknown => self.unknown,
        }
    }
    /// A status as text on a panel.
    pub(crate) const fn status_text(&self, health: Health) -> Color32 {
        match health {
            Health::Ok => self.ok_text,
            Health::Warning => self.warning_text,
            Health::Failing => self.failing_text,
            Health::Unknown => self.secondary,
        }
    }
    /// The colour of the version at `index` of its service's list, for the whole run: the first two are blue and green,
    /// further ones far from both and from each other.
    pub(crate) const fn version(&self, index: usize) -> Color32 {
        let all = [self.stable, self.new, self.series[2], self.series[4], self.series[1]];
        all[index % all.len()]
    }
}

/// `color` at a share of its strength [0…1], to be laid over what is below.
pub(crate) fn faded(color: Color32, strength: f32) -> Color32 {
    color.gamma_multiply(strength)
}

/// `color` laid over `below` at a share of its strength [0…1], as one opaque colour.
pub(crate) fn mixed(color: Color32, below: Color32, strength: f32) -> Color32 {
    below.lerp_to_gamma(color, strength)
}

/// No colour at all.
pub(crate) const CLEAR: Color32 = Color32::TRANSPARENT;

/// Installs fonts, and both themes, into a context.
pub(crate) fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts::definitions());
    for (theme, palette) in [(egui::Theme::Dark, &DARK), (egui::Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| {
            style.text_styles = [
                (TextStyle::Small, fonts::regular(size::SMALL)),
                (TextStyle::Body, fonts::regular(size::BODY)),
                (TextStyle::Button, fonts::medium(size::BODY)),
                (TextStyle::Heading, fonts::semibold(size::HEADING)),
                (TextStyle::Monospace, fonts::mono(size::BODY - 1.0)),
            ]
            .into();
            style.drag_value_text_style = TextStyle::Monospace;
            style.animation_time = 0.14;
            spacing(&mut style.spacing);
            style.interaction.selectable_labels = false;
            style.interaction.tooltip_delay = 0.35;
            visuals(&mut style.visuals, palette, theme == egui::Theme::Dark);
        });
    }
}

fn spacing(spacing: &mut egui::Spacing) {
    spacing.item_spacing = vec2(8.0, 8.0);
    spacing.button_padding = vec2(12.0, 5.0);
    spacing.interact_size = vec2(ROW, ROW);
    spacing.window_margin = Margin::same(16);
    spacing.menu_margin = Margin::same(8);
    spacing.indent = 16.0;
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 8.0;
    spacing.tooltip_width = 320.0;
    spacing.combo_width = 96.0;
    spacing.text_edit_width = 160.0;
    spacing.scroll = ScrollStyle { bar_width: 6.0, floating_width: 3.0, dormant_handle_opacity: 0.45, ..ScrollStyle::floating() };
}

fn visuals(visuals: &mut egui::Visuals, palette: &Palette, dark: bool) {
    let radius = CornerRadius::same(RADIUS);
    let widget = |fill: Color32, line: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, line),
        fg_stroke: Stroke::new(1.0, text),
        corner_radius: radius,
        expansion: 0.0,
    };
    visuals.dark_mode = dark;
    visuals.widgets = Widgets {
        noninteractive: widget(palette.panel, palette.line, palette.text),
        inactive: widget(palette.raised, palette.line, palette.text),
        hovered: widget(palette.hovered, mixed(palette.text, palette.line, 0.25), palette.text),
        active: widget(mixed(palette.accent, palette.raised, 0.25), palette.accent, palette.text),
        open: widget(palette.hovered, palette.line, palette.text),
    };
    visuals.weak_text_color = Some(palette.secondary);
    visuals.selection.bg_fill = mixed(palette.accent, palette.panel, 0.3);
    visuals.selection.stroke = Stroke::new(1.0, palette.accent);
    visuals.hyperlink_color = palette.accent;
    visuals.faint_bg_color = mixed(palette.raised, palette.panel, 0.5);
    visuals.extreme_bg_color = palette.ground;
    visuals.text_edit_bg_color = Some(palette.ground);
    visuals.code_bg_color = palette.raised;
    visuals.warn_fg_color = palette.warning_text;
    visuals.error_fg_color = palette.failing_text;
    visuals.window_corner_radius = CornerRadius::same(10);
    visuals.menu_corner_radius = CornerRadius::same(8);
    visuals.window_fill = palette.panel;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.panel_fill = palette.panel;
    visuals.window_shadow = Shadow { offset: [0, 8], blur: 28, spread: 0, color: palette.shadow };
    visuals.popup_shadow = Shadow { offset: [0, 4], blur: 16, spread: 0, color: palette.shadow };
    visuals.text_cursor = TextCursorStyle { stroke: Stroke::new(2.0, palette.accent), ..TextCursorStyle::default() };
    visuals.handle_shape = HandleShape::Circle;
    visuals.slider_trailing_fill = true;
    visuals.striped = false;
    visuals.indent_has_left_vline = false;
    visuals.interact_cursor = Some(egui::CursorIcon::PointingHand);
    visuals.disabled_alpha = 0.6;
}

/// A frame that fills with `color` and keeps `margin` [points] on each side.
pub(crate) fn filled(color: Color32, margin: impl Into<Margin>) -> egui::Frame {
    egui::Frame::new().fill(color).inner_margin(margin)
}

/// The side of a small status shape [points].
pub(crate) const SHAPE: Vec2 = Vec2::splat(8.0);

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, as WCAG 2.1 defines it.
    fn luminance(color: Color32) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(one: Color32, other: Color32) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_is_readable_in_both_themes() {
        for (name, palette) in [("dark", &DARK), ("light", &LIGHT)] {
            let texts = [
                ("text", palette.text),
                ("secondary", palette.secondary),
                ("ok", palette.ok_text),
                ("warning", palette.warning_text),
                ("failing", palette.failing_text),
                ("accent", palette.accent),
            ];
            for (what, color) in texts {
                for (place, below) in [("ground", palette.ground), ("panel", palette.panel), ("raised", palette.raised)] {
                    let ratio = contrast(color, below);
                    assert!(ratio >= 4.5, "{what} on {place} in the {name} theme has a contrast of only {ratio:.2}");
                }
            }
            assert!(contrast(palette.on_accent, palette.accent) >= 4.5, "text on the accent in the {name} theme");
        }
    }

    #[test]
    fn status_fills_stand_out_from_what_they_lie_on() {
        // Graphical objects need 3 : 1 (WCAG 2.1, 1.4.11); shape and word carry the meaning as well.
        for palette in [&DARK, &LIGHT] {
            for health in [Health::Failing, Health::Unknown] {
                assert!(contrast(palette.status(health), palette.panel) >= 3.0, "{health:?}");
            }
        }
    }
}
