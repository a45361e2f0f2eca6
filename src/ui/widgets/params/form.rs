//! Fields as they are drawn.

use eframe::egui::{Align, Align2, ComboBox, Frame, Grid, Label, Layout, RectAlign, Response, TextEdit, Tooltip, Ui, vec2};
use serde_json::Map;

use super::Alternatives;
use super::field::{Field, Fields, Kind, example_of, title_of};
use super::shape::{Shape, Shapes, usual_of};
use crate::ui::state::colors;
use crate::ui::text::{Lang, humanised};
use crate::ui::theme::size;
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// Width of each of the two columns of a form [points], the same in every form that has room for it.
const COLUMN: f32 = 132.0;

/// Between two columns of a form, and between the edge of a form and what lies within [points].
const GAP: f32 = 12.0;
const INDENT: f32 = 10.0;

/// What all parts of a form have in common.
struct Draft<'a> {
    lang: Lang,
    /// The values of keys that name something.
    choices: &'a dyn Fn(&str) -> Option<Vec<String>>,
}

/// How wide the columns are.
#[derive(Clone, Copy)]
struct Columns {
    titles: f32,
    field: f32,
}

impl Columns {
    /// Within a structure titles give way, so that fields stay below each other.
    const fn within(self, indent: f32) -> Self {
        Self { titles: self.titles - indent, ..self }
    }
}

/// Draws the fields of the alternative `name`; `choices` gives the values of keys that name something.
pub(crate) fn fields_ui(
    ui: &mut Ui,
    lang: Lang,
    name: &'static str,
    alternatives: &Alternatives,
    fields: &mut Fields,
    choices: &dyn Fn(&str) -> Option<Vec<String>>,
) {
    if fields.is_empty() {
        return;
    }
    let none = Shapes::new();
    let shapes = alternatives.shapes.get(name).unwrap_or(&none);
    let columns = Columns { titles: column(ui), field: column(ui) };
    ui.push_id(("params", name), |ui| block_ui(ui, &Draft { lang, choices }, "", shapes, fields, columns));
}

/// Draws the fields of a structure: narrow ones in two columns, wide ones below their titles.
fn block_ui(ui: &mut Ui, draft: &Draft<'_>, path: &str, shapes: &Shapes, fields: &mut Fields, columns: Columns) {
    let place = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let mut rest = fields.0.iter_mut().map(|(key, field)| (key, (draft.choices)(&place(key)), field)).peekable();
    ui.spacing_mut().item_spacing.y = 6.0;
    while let Some((key, choices, field)) = rest.peek() {
        if !field.is_wide(choices.is_some()) {
            Grid::new(("narrow", key)).num_columns(2).spacing(vec2(GAP, 6.0)).min_col_width(columns.titles).show(ui, |ui| {
                while let Some((key, choices, field)) = rest.next_if(|(_, choices, field)| !field.is_wide(choices.is_some())) {
                    field_ui(ui, draft.lang, key, shapes.get(key), field, choices, columns);
                }
            });
        } else if let Some((key, choices, field)) = rest.next() {
            ui.push_id(key, |ui| wide_ui(ui, draft, &place(key), key, shapes.get(key), field, choices, columns));
        }
    }
}

/// The title of a field, which wraps instead of pushing the field aside.
fn title_ui(ui: &mut Ui, title: &str, shape: Option<&Shape>, width: f32) {
    let response = ui.scope(|ui| {
        ui.set_max_width(width);
        ui.add(Label::new(title).wrap())
    });
    if let Some(doc) = shape.and_then(|shape| shape.doc.as_deref()) {
        response.inner.on_hover_text(doc);
    }
}

/// The title of something that a form written by hand edits, in a column so wide.
pub(crate) fn named_ui(ui: &mut Ui, title: &str, width: f32) {
    title_ui(ui, title, None, width);
}

/// A box to be checked, whose edge is seen on the ground of a form, too.
fn switch_ui(ui: &mut Ui, field: &mut Field, title: &str) {
    let mut on = field.is_on();
    ui.visuals_mut().widgets.inactive.bg_stroke.color = colors(ui).secondary;
    if ui.checkbox(&mut on, "").accessible_name(title).changed() {
        field.text = on.to_string();
    }
    ui.reset_style();
}

/// A field that takes the whole width: a structure, rows, names to choose from, or JSON.
#[expect(clippy::too_many_arguments, reason = "they are what one field is")]
fn wide_ui(ui: &mut Ui, draft: &Draft<'_>, path: &str, key: &str, shape: Option<&Shape>, field: &mut Field, choices: Option<Vec<String>>, columns: Columns) {
    let lang = draft.lang;
    let title = title_of(lang, key);
    let none = Shapes::new();
    let inner = shape.map_or(&none, |shape| &shape.inner);
    match field.kind {
        Kind::Structure => {
            Grid::new("switch").num_columns(2).spacing(vec2(GAP, 6.0)).min_col_width(columns.titles).show(ui, |ui| {
                title_ui(ui, &title, shape, columns.titles);
                switch_ui(ui, field, &title);
            });
            if field.is_on() {
                indented_ui(ui, |ui| block_ui(ui, draft, path, inner, &mut field.inner, columns.within(INDENT)));
            }
        }
        Kind::Block => {
            title_ui(ui, &title, shape, ui.available_width());
            indented_ui(ui, |ui| block_ui(ui, draft, path, inner, &mut field.inner, columns.within(INDENT)));
        }
        Kind::Rows => rows_ui(ui, draft, path, key, shape, &mut field.rows, columns),
        Kind::List => {
            title_ui(ui, &title, shape, ui.available_width());
            indented_ui(ui, |ui| names_ui(ui, lang, field, &choices.unwrap_or_default()));
        }
        Kind::Json { .. } | Kind::Text | Kind::Number | Kind::Switch | Kind::Optional => {
            title_ui(ui, &title, shape, ui.available_width());
            let example = example_of(lang, key, shape);
            let lines = field.text.lines().count().clamp(3, 12);
            let hint = if example.is_empty() { String::new() } else { lang.with("param.for-example", &[("example", &example)]) };
            let edit = TextEdit::multiline(&mut field.text).desired_width(f32::INFINITY).desired_rows(lines).font(fonts::mono(size::BODY - 2.0));
            ui.add(edit.hint_text(hint).margin(vec2(8.0, 4.0))).accessible_name(&title);
        }
    }
}

/// What belongs to the title above it, with a line at its side.
fn indented_ui(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let palette = colors(ui);
    let frame = Frame::new().inner_margin(eframe::egui::Margin { left: INDENT as i8, ..Default::default() });
    let rect = frame.show(ui, contents).response.rect;
    ui.painter().vline(rect.left() + 2.0, rect.y_range(), (1.0, palette.line));
}

/// Names to choose from, each with a box.
fn names_ui(ui: &mut Ui, lang: Lang, field: &mut Field, values: &[String]) {
    // On the ground of a form the boxes themselves are hard to see.
    ui.visuals_mut().widgets.inactive.bg_stroke.color = colors(ui).secondary;
    if values.is_empty() {
        label::secondary(ui, lang.tr("param.nothing-to-choose"));
    }
    for value in values {
        let mut names: Vec<String> = field.names().map(str::to_owned).collect();
        let mut on = names.contains(value);
        if ui.checkbox(&mut on, value).changed() {
            names.retain(|name| name != value);
            names.extend(on.then(|| value.clone()));
            field.text = names.join(", ");
        }
    }
}

/// Rows of fields, each of which can be removed, and a button that adds one.
fn rows_ui(ui: &mut Ui, draft: &Draft<'_>, path: &str, key: &str, shape: Option<&Shape>, rows: &mut Vec<Fields>, columns: Columns) {
    let lang = draft.lang;
    let palette = colors(ui);
    let title = title_of(lang, key);
    let none = Shapes::new();
    let inner = shape.map_or(&none, |shape| &shape.inner);
    title_ui(ui, &title, shape, ui.available_width());
    let mut removed = None;
    for (at, row) in rows.iter_mut().enumerate() {
        let number = (at + 1).to_string();
        Frame::new().stroke((1.0, palette.line)).corner_radius(6).inner_margin(INDENT).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                let key = format!("param.{key}.row");
                let key = if lang.find(&key).is_some() { key.as_str() } else { "param.row" };
                label::secondary(ui, lang.find_with(key, &[("field", &title), ("number", &number)]));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let name = lang.with("param.row.remove", &[("field", &title), ("number", &number)]);
                    if button::sized_icon(ui, icons::CLOSE, &name, false, 22.0).clicked() {
                        removed = Some(at);
                    }
                });
            });
            ui.push_id(at, |ui| block_ui(ui, draft, path, inner, row, columns.within(2.0 * INDENT + 2.0)));
        });
    }
    if let Some(at) = removed {
        rows.remove(at);
    }
    let name = lang.find(&format!("param.{key}.add")).map_or_else(|| lang.with("param.add", &[("field", &title)]), std::borrow::Cow::into_owned);
    if button::plain(ui, icons::PLUS, &name).clicked() {
        rows.push(Fields::of(Some(inner), usual_of(inner).as_object().unwrap_or(&Map::new())));
    }
}

/// One row: the title, and what to edit the value with.
fn field_ui(ui: &mut Ui, lang: Lang, key: &str, shape: Option<&Shape>, field: &mut Field, choices: Option<Vec<String>>, columns: Columns) {
    let title = title_of(lang, key);
    title_ui(ui, &title, shape, columns.titles);
    let names = || shape.map(|shape| shape.names.clone()).filter(|names| !names.is_empty());
    if field.kind == Kind::Switch {
        switch_ui(ui, field, &title);
    } else if let Some(values) = choices.or_else(names) {
        if field.text.is_empty()
            && field.kind != Kind::Optional
            && let Some(first) = values.first()
        {
            // One of them is needed.
            field.text.clone_from(first);
        }
        let none = lang.find(&format!("param.{key}.none")).unwrap_or_else(|| lang.tr("param.none")).into_owned();
        let shown = if field.text.is_empty() { none.clone() } else { field.text.clone() };
        let combo = ComboBox::from_id_salt(("param", key)).selected_text(shown).width(columns.field).truncate().height(320.0);
        let combo = combo.show_ui(ui, |ui| {
            if field.kind == Kind::Optional {
                ui.selectable_value(&mut field.text, String::new(), none);
            }
            for value in values {
                ui.selectable_value(&mut field.text, value.clone(), value);
            }
        });
        combo.response.on_hover_text(&field.text).accessible_name(&title);
    } else {
        let example = example_of(lang, key, shape);
        let hint = if field.kind == Kind::Optional && !example.is_empty() { lang.with("param.example", &[("example", &example)]) } else { String::new() };
        let response = hinted_ui(ui, &title, &mut field.text, &hint, columns.field);
        if !example.is_empty() {
            response.on_hover_text(lang.with("param.for-example", &[("example", &example)]));
        }
    }
    ui.end_row();
}

/// How wide each of the two columns of a form is here: asked before its grid begins, which knows no bounds.
pub(crate) fn column(ui: &Ui) -> f32 {
    ((ui.available_width() - GAP) / 2.0).clamp(60.0, COLUMN)
}

/// The two columns of a form written by hand: titles, and what is edited.
pub(crate) fn grid(name: &str, column: f32) -> Grid {
    Grid::new(name).num_columns(2).spacing(vec2(GAP, 6.0)).min_col_width(column)
}

/// A short text to be edited, in a column so wide, with what stands there while it is empty.
pub(crate) fn hinted_ui(ui: &mut Ui, title: &str, text: &mut String, hint: &str, width: f32) -> Response {
    let edit = TextEdit::singleline(text).desired_width(width).font(fonts::mono(size::BODY - 1.0)).margin(vec2(8.0, 4.0)).align(Align2::LEFT_CENTER);
    ui.add(edit.hint_text(hint)).accessible_name(title)
}

/// A box to choose one of several names, each with an explanation; true if another one was chosen.
pub(crate) fn choose_ui(ui: &mut Ui, lang: Lang, group: &str, names: &'static [&'static str], chosen: &mut &'static str, title: &str) -> bool {
    let before = *chosen;
    let word = |name: &str| lang.find(&format!("{group}.{name}.name")).map_or_else(|| humanised(name), std::borrow::Cow::into_owned);
    let combo = ComboBox::from_id_salt(("choose", group)).selected_text(word(chosen)).width(200.0).height(420.0).show_ui(ui, |ui| {
        for &name in names {
            let response = ui.selectable_label(*chosen == name, word(name));
            if response.clicked() {
                *chosen = name;
            }
            if let Some(about) = lang.find(&format!("{group}.{name}.about")) {
                // Beside the list, so that the entries below stay in sight.
                let mut tooltip = Tooltip::for_enabled(&response);
                tooltip.popup = tooltip.popup.align(RectAlign::LEFT_START).align_alternatives(&[RectAlign::RIGHT_START]).gap(14.0);
                tooltip.show(|ui| label::secondary(ui, about));
            }
        }
    });
    combo.response.accessible_name(title);
    *chosen != before
}
