//! Text in the sizes and weights of the theme, and definitions of terms with their sources.

use eframe::egui::{Label, Painter, Pos2, Response, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::ui::state::colors;
use crate::ui::text::Lang;
use crate::ui::theme::size;
use crate::ui::{fonts, icons};

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

/// What is wrong, in one or a few lines.
pub(crate) fn wrong(ui: &mut Ui, text: &str) -> Response {
    let color = colors(ui).failing_text;
    ui.add(Label::new(RichText::new(format!("{}  {text}", icons::FAILING)).font(fonts::regular(size::SMALL + 1.0)).color(color)).wrap())
}

/// A caption.
pub(crate) fn caption(ui: &mut Ui, text: impl Into<String>) -> Response {
    let color = colors(ui).secondary;
    ui.label(RichText::new(text).font(fonts::regular(size::SMALL)).color(color))
}

/// An entry of a key to a picture: what it stands for is painted at the given place before its words. Entries wrap as
/// a whole.
pub(crate) fn keyed(ui: &mut Ui, text: &str, paint: impl FnOnce(&Painter, Pos2)) -> Response {
    let color = colors(ui).secondary;
    let galley = ui.painter().layout_no_wrap(text.to_owned(), fonts::regular(size::SMALL), color);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 16.0, 16.0), Sense::hover());
    paint(ui.painter(), pos2(rect.left() + 5.0, rect.center().y));
    ui.painter().galley(pos2(rect.left() + 15.0, rect.center().y - galley.size().y / 2.0), galley, color);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response
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
