//! Text in the sizes and weights of the theme, and definitions of terms with their sources.

use eframe::egui::{Label, Response, RichText, Ui};

use crate::ui::fonts;
use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::size;

/// The title of a panel.
pub(crate) fn title(ui: &mut Ui, text: impl Into<String>) -> Response {
    ui.label(RichText::new(text).font(fonts::semibold(size::TITLE)))
}

/// A small heading inside a panel.
pub(crate) fn section(ui: &mut Ui, text: impl Into<String>) -> Response {
    let color = colors(ui).secondary;
    ui.label(RichText::new(text).font(fonts::medium(size::SMALL + 1.0)).color(color))
}

/// Text that explains.
pub(crate) fn secondary(ui: &mut Ui, text: impl Into<String>) -> Response {
    let color = colors(ui).secondary;
    ui.add(Label::new(RichText::new(text).color(color)).wrap())
}

/// A caption.
pub(crate) fn caption(ui: &mut Ui, text: impl Into<String>) -> Response {
    let color = colors(ui).secondary;
    ui.label(RichText::new(text).font(fonts::regular(size::SMALL)).color(color))
}

/// Adds the definition of a term to anything.
pub(crate) fn explained(response: Response, lang: Lang, key: &str) -> Response {
    response.on_hover_ui(|ui| definition(ui, lang, key))
}

/// A definition and its source.
pub(crate) fn definition(ui: &mut Ui, lang: Lang, key: &str) {
    ui.set_max_width(320.0);
    if let Some(about) = lang.find(&format!("term.{key}")) {
        ui.add(Label::new(about.as_ref()).wrap());
    }
    if let Some(source) = lang.find(&format!("term.{key}.source")) {
        caption(ui, source);
    }
}
