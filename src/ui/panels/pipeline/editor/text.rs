//! The text of a declaration with the numbers of its lines, its mistakes marked in it, and listed below it.

use std::collections::BTreeSet;

use eframe::egui::{RichText, ScrollArea, Ui, vec2};

use super::super::seen::Seen;
use super::super::stage::line;
use super::mistakes::sentence;
use super::{Editor, Reveal, draft};
use crate::ui::state::colors;
use crate::ui::theme::size;
use crate::ui::widgets::code::{Marks, code_ui};
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// Highest list of mistakes [points].
const LIST: f32 = 120.0;

/// Draws it.
pub(super) fn text_ui(ui: &mut Ui, seen: &Seen<'_>, editor: &mut Editor) {
    let lang = seen.lang;
    let draft = &editor.draft;
    let count = draft.found().len() + usize::from(draft.is_broken());
    let list = if count == 0 { 28.0 } else { (24.0 + count as f32 * 22.0).min(LIST) };
    let wrong: BTreeSet<usize> = match draft.broken() {
        Some(broken) => BTreeSet::from([broken.line]),
        None => draft.found().iter().filter(|found| !found.mistake.is_warning()).map(|found| found.line).collect(),
    };
    let odd: BTreeSet<usize> = draft.found().iter().filter(|found| found.mistake.is_warning()).map(|found| found.line).collect();
    let wanted = editor.reveal.take().filter(|_| !draft.is_broken()).map(|reveal| match reveal {
        Reveal::Line(line) => line,
        Reveal::Action(action) => draft.line_of(action),
    });
    let title = lang.tr("pipeline.editor.text");
    let height = ui.available_height() - list - 10.0;
    let changed = code_ui(ui, &mut editor.draft.text, &title, &Marks { wrong, odd, wanted }, height);
    if changed {
        editor.draft.read();
    }
    list_ui(ui, seen, editor);
}

/// Every mistake with its line; a click shows that, and opens the action that it is in.
fn list_ui(ui: &mut Ui, seen: &Seen<'_>, editor: &mut Editor) {
    let palette = colors(ui);
    let lang = seen.lang;
    let draft = &editor.draft;
    if let Some(broken) = draft.broken() {
        let text = lang.with("pipeline.editor.broken", &[("line", &broken.line.to_string()), ("what", &broken.what)]);
        label::wrong(ui, &text);
        label::caption(ui, lang.tr("pipeline.editor.broken.about"));
        return;
    }
    if draft.found().is_empty() {
        ui.label(RichText::new(format!("{}  {}", icons::CHECK, lang.tr("pipeline.editor.fine"))).color(palette.ok_text));
        return;
    }
    let mut chosen = None;
    ScrollArea::vertical().id_salt("mistakes").max_height(LIST).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for found in draft.found() {
            let (glyph, color) = if found.mistake.is_warning() { (icons::WARNING, palette.warning_text) } else { (icons::FAILING, palette.failing_text) };
            let text = lang.with("pipeline.editor.at-line", &[("line", &found.line.to_string()), ("what", &sentence(lang, &found.mistake))]);
            let response = button::row(ui, 20.0, &text, false);
            let rect = response.rect.shrink2(vec2(6.0, 0.0));
            line(ui.painter(), rect.left_center(), rect.width(), &format!("{glyph}  {text}"), fonts::regular(size::SMALL + 1.0), color);
            if response.on_hover_text(text).clicked() {
                chosen = Some((found.line, place_of(found)));
            }
        }
    });
    if let Some((line, place)) = chosen {
        editor.reveal = Some(Reveal::Line(line));
        editor.open = place.or(editor.open);
        ui.ctx().request_repaint();
    }
}

/// The action that a mistake is in.
fn place_of(found: &draft::Found) -> Option<(usize, usize)> {
    let rest = found.path.strip_prefix("stages[")?;
    let (stage, rest) = rest.split_once(']')?;
    let (action, _) = rest.strip_prefix(".actions[")?.split_once(']')?;
    Some((stage.parse().ok()?, action.parse().ok()?))
}
