//! A form for any block of parameters, made from its default values and its JSON Schema: whoever adds a fault or a
//! strategy gets its form for free.
//!
//! Values are edited as people write them (`250ms`, `5%`, `64KiB`); what a field accepts is decided by the type that
//! reads it, not here. A list of structures is rows that can be added and removed; what has no form is JSON in a box of
//! its own.

use std::collections::BTreeMap;

use eframe::egui::{Align, Align2, ComboBox, Frame, Grid, Label, Layout, RectAlign, Response, TextEdit, Tooltip, Ui, vec2};
use serde_json::{Map, Value};

use super::{button, label};
use crate::ui::state::colors;
use crate::ui::text::{Lang, humanised};
use crate::ui::theme::size;
use crate::ui::{fonts, icons};

/// Structures within structures are forms so far; deeper ones are JSON.
const DEPTH: usize = 6;

/// Alternatives chosen by name (see `choice!`), with their defaults and what the schema says of their keys.
#[derive(Debug, Clone)]
pub(crate) struct Alternatives {
    defaults: BTreeMap<&'static str, Map<String, Value>>,
    shapes: BTreeMap<&'static str, Shapes>,
}

/// What the schema says of each key of a structure.
type Shapes = BTreeMap<String, Shape>;

impl Alternatives {
    /// Reads the defaults of each name through the type itself, and everything else from its schema.
    pub(crate) fn of<T: serde::Serialize + serde::de::DeserializeOwned + schemars::JsonSchema>(names: &'static [&'static str]) -> Self {
        let schema = schemars::schema_for!(T).to_value();
        let mut all = Self { defaults: BTreeMap::new(), shapes: BTreeMap::new() };
        for &name in names {
            let whole = serde_json::from_value::<T>(Value::String(name.to_owned())).and_then(serde_json::to_value).ok();
            let params = whole.as_ref().and_then(|whole| whole.get(name)?.as_object()).cloned().unwrap_or_default();
            all.defaults.insert(name, params);
            let forms = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
            let params = { forms }.find_map(|form| form.pointer("/properties")?.get(name));
            all.shapes.insert(name, params.map_or_else(Shapes::new, |params| shapes(&schema, target(&schema, params).at, 0)));
        }
        all
    }

    /// The fields of an alternative at their defaults.
    pub(crate) fn fields(&self, name: &'static str) -> Fields {
        self.defaults.get(name).map_or_else(Fields::default, |params| Fields::of(self.shapes.get(name), params))
    }

    #[cfg(test)]
    fn doc(&self, name: &'static str, key: &str) -> Option<&str> {
        self.shapes.get(name)?.get(key)?.doc.as_deref()
    }

    /// The fields of an alternative as it is.
    pub(crate) fn filled<T: serde::Serialize>(&self, name: &'static str, value: &T) -> Fields {
        let whole = serde_json::to_value(value).ok();
        match whole.as_ref().and_then(|whole| whole.get(name)?.as_object()) {
            Some(params) => Fields::of(self.shapes.get(name), params),
            None => self.fields(name),
        }
    }
}

/// What the schema says of a value.
#[derive(Debug, Clone)]
struct Shape {
    /// Its documentation.
    doc: Option<String>,
    /// What it is if nothing is written.
    usual: Value,
    /// What it is edited with.
    form: Form,
    /// Whether it is a share, which people write as a percentage.
    share: bool,
    /// Whether it is a number, or a list of them.
    number: bool,
    /// Whether it has to be written.
    needed: bool,
    /// The only texts that it takes, if it takes no others.
    names: Vec<String>,
    /// What it can look like.
    example: String,
    /// What a structure, or each of a list of them, consists of.
    inner: Shapes,
}

/// How a value is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In one field.
    Plain,
    /// As fields of its own that may be left out all together.
    Structure,
    /// As fields of its own.
    Block,
    /// As rows of fields.
    Rows,
    /// As JSON: a list.
    List,
    /// As JSON: names and values.
    Map,
}

/// What a part of a schema stands for.
struct Target<'a> {
    at: &'a Value,
    /// The name of its type.
    path: &'a str,
    /// Whether it may be left out.
    optional: bool,
}

/// Follows references, and looks through what may also be null.
fn target<'a>(root: &'a Value, from: &'a Value) -> Target<'a> {
    let mut found = Target { at: from, path: "", optional: false };
    // A chain of references is short.
    for _ in 0..DEPTH {
        if let Some(path) = found.at.get("$ref").and_then(Value::as_str) {
            found.path = path;
            let Some(next) = root.pointer(path.trim_start_matches('#')) else { break };
            found.at = next;
            continue;
        }
        let forms = found.at.get("anyOf").and_then(Value::as_array).map(Vec::as_slice);
        let is_null = |form: &Value| form.get("type").is_some_and(|kind| kind == "null");
        match forms {
            Some([form, null] | [null, form]) if is_null(null) && !is_null(form) => (found.at, found.optional) = (form, true),
            _ => break,
        }
    }
    found
}

/// Whether a type is in what a schema allows.
fn allows(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(several)) => several.iter().any(|one| one == kind),
        _ => false,
    }
}

/// The only texts that a schema allows; none if it allows others, too.
fn names_of(schema: &Value) -> Vec<String> {
    let forms = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten().map(|form| form.get("const").and_then(Value::as_str));
    let values = schema.get("enum").and_then(Value::as_array).into_iter().flatten().map(Value::as_str);
    forms.chain(values).map(|name| name.map(str::to_owned)).collect::<Option<_>>().unwrap_or_default()
}

/// What a schema says of the keys of a structure.
fn shapes(root: &Value, structure: &Value, depth: usize) -> Shapes {
    let needed = |key: &str| structure.get("required").and_then(Value::as_array).is_some_and(|keys| keys.iter().any(|needed| needed == key));
    let properties = structure.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties.map(|(key, property)| (key.clone(), Shape { needed: needed(key), ..Shape::of(root, property, depth + 1) })).collect()
}

impl Shape {
    fn of(root: &Value, property: &Value, depth: usize) -> Self {
        let Target { at, path, optional } = target(root, property);
        let said = |key: &str| property.get(key).or_else(|| at.get(key));
        let items = at.get("items").filter(|_| allows(at, "array")).map(|items| target(root, items).at);
        let is_structure = |schema: &Value| depth < DEPTH && schema.get("properties").is_some_and(|keys| keys.as_object().is_some_and(|keys| !keys.is_empty()));
        let numeric = |schema: &Value| allows(schema, "integer") || allows(schema, "number");
        let form = match items {
            _ if is_structure(at) && optional => Form::Structure,
            _ if is_structure(at) => Form::Block,
            Some(items) if is_structure(items) => Form::Rows,
            Some(items) if !allows(items, "string") && !numeric(items) => Form::List,
            _ if allows(at, "object") => Form::Map,
            _ => Form::Plain,
        };
        let inner = match form {
            Form::Structure | Form::Block => shapes(root, at, depth),
            Form::Rows => items.map_or_else(Shapes::new, |items| shapes(root, items, depth)),
            Form::Plain | Form::List | Form::Map => Shapes::new(),
        };
        let usual = || match form {
            _ if optional || allows(at, "null") => Value::Null,
            Form::Block => usual_of(&inner),
            Form::Map => Value::Object(Map::new()),
            _ if items.is_some() => Value::Array(Vec::new()),
            _ if allows(at, "boolean") => Value::Bool(false),
            _ if numeric(at) && !allows(at, "string") => Value::from(0),
            _ => Value::String(String::new()),
        };
        let examples = said("examples").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self {
            doc: said("description").and_then(Value::as_str).map(str::to_owned),
            usual: property.get("default").cloned().unwrap_or_else(usual),
            form,
            share: path.ends_with("/Ratio"),
            number: !allows(at, "string") && items.map_or_else(|| numeric(at), numeric),
            needed: false,
            names: names_of(at),
            example: examples.first().map(|example| example.as_str().map_or_else(|| example.to_string(), str::to_owned)).unwrap_or_default(),
            inner,
        }
    }
}

/// A structure in which nothing is written.
fn usual_of(shapes: &Shapes) -> Value {
    Value::Object(shapes.iter().map(|(key, shape)| (key.clone(), shape.usual.clone())).collect())
}

/// One field while it is edited.
#[derive(Debug, Clone, PartialEq)]
struct Field {
    text: String,
    kind: Kind,
    /// Whether it is a number, or a list of them.
    number: bool,
    /// The fields of a structure.
    inner: Fields,
    /// The fields of each row.
    rows: Vec<Fields>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Switch,
    /// Empty means none.
    Optional,
    /// Names, with commas between them.
    List,
    /// A switch, and fields of its own while it is on.
    Structure,
    /// Fields of its own.
    Block,
    /// Rows of fields.
    Rows,
    /// JSON, which is a list unless it is names and values.
    Json {
        /// Whether it is names and values.
        map: bool,
    },
}

impl Field {
    fn new(value: &Value) -> Self {
        let (text, kind) = match value {
            Value::Bool(on) => (on.to_string(), Kind::Switch),
            Value::Number(number) => (number.to_string(), Kind::Number),
            Value::String(text) => (text.clone(), Kind::Text),
            Value::Null => (String::new(), Kind::Optional),
            Value::Array(values) if values.iter().all(|value| value.is_string() || value.is_number()) => {
                let names = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                (names.collect::<Vec<_>>().join(", "), Kind::List)
            }
            // A distribution that is always the same time is written as that time.
            Value::Object(map) if map.len() == 1 && map.get("fixed").is_some_and(Value::is_string) => {
                (map["fixed"].as_str().unwrap_or_default().to_owned(), Kind::Text)
            }
            Value::Array(_) | Value::Object(_) => (value.to_string(), Kind::Text),
        };
        Self { text, kind, number: false, inner: Fields::default(), rows: Vec::new() }
    }

    /// A value, edited as its schema says.
    fn of(shape: Option<&Shape>, value: &Value) -> Self {
        let Some(shape) = shape else { return Self::new(value) };
        let given = value.as_object();
        let within = |given: Option<&Map<String, Value>>| {
            let one = |(key, shape): (&String, &Shape)| (key.clone(), Self::of(Some(shape), given.and_then(|given| given.get(key)).unwrap_or(&shape.usual)));
            Fields(shape.inner.iter().map(one).collect())
        };
        let empty = Self { number: shape.number, ..Self::new(&Value::Null) };
        let json = |map: bool| {
            let is_empty = value.as_array().is_none_or(Vec::is_empty) && given.is_none_or(Map::is_empty);
            let text = if is_empty { String::new() } else { serde_json::to_string_pretty(value).unwrap_or_default() };
            Self { text, kind: Kind::Json { map }, ..empty.clone() }
        };
        match shape.form {
            Form::Structure => Self { text: given.is_some().to_string(), kind: Kind::Structure, inner: within(given), ..empty },
            Form::Block => Self { kind: Kind::Block, inner: within(given), ..empty },
            Form::Rows => {
                let rows = value.as_array().into_iter().flatten().map(|row| within(row.as_object())).collect();
                Self { kind: Kind::Rows, rows, ..empty }
            }
            Form::List => json(false),
            Form::Map => json(true),
            Form::Plain if shape.share => Self::share(value),
            Form::Plain => Self { number: shape.number, ..Self::new(value) },
        }
    }

    /// A share of 0…1, written as a percentage.
    fn share(value: &Value) -> Self {
        let plain = Self::new(value);
        match plain.text.parse::<f64>() {
            Ok(share) => Self { text: format!("{}%", (share * 1e6).round() / 1e4), kind: Kind::Text, ..plain },
            Err(_not_a_number) => plain,
        }
    }

    fn is_on(&self) -> bool {
        self.text == "true"
    }

    /// The names of a list.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.text.split(',').map(str::trim).filter(|name| !name.is_empty())
    }

    fn value(&self) -> Value {
        let text = self.text.trim();
        let read = |text: &str| serde_json::from_str(text).unwrap_or_else(|_not_json| Value::String(text.to_owned()));
        match self.kind {
            Kind::Switch => Value::Bool(self.is_on()),
            Kind::Structure if self.is_on() => self.inner.object(),
            Kind::Structure => Value::Null,
            Kind::Block => self.inner.object(),
            Kind::Rows => Value::Array(self.rows.iter().map(Fields::object).collect()),
            Kind::Optional if text.is_empty() => Value::Null,
            Kind::Json { map: true } if text.is_empty() => Value::Object(Map::new()),
            Kind::Json { .. } if text.is_empty() => Value::Array(Vec::new()),
            Kind::Json { .. } => read(text),
            Kind::List => Value::Array(self.names().map(|name| if self.number { read(name) } else { Value::String(name.to_owned()) }).collect()),
            Kind::Number | Kind::Text | Kind::Optional => {
                if self.number || self.kind == Kind::Number || text.starts_with(['{', '[']) {
                    read(text)
                } else {
                    Value::String(text.to_owned())
                }
            }
        }
    }

    /// Whether it takes the whole width of a form.
    fn is_wide(&self, chosen: bool) -> bool {
        match self.kind {
            Kind::Structure | Kind::Block | Kind::Rows | Kind::Json { .. } => true,
            Kind::List => chosen,
            Kind::Text | Kind::Number | Kind::Switch | Kind::Optional => false,
        }
    }
}

/// So much of a wrong value is repeated.
const REPEATED: usize = 60;

/// What a person is told of a field whose value cannot be read.
pub(crate) fn does_not_fit(lang: Lang, title: &str, text: &str, example: &str) -> String {
    let text = text.trim();
    let shown: String = if text.chars().count() > REPEATED { text.chars().take(REPEATED - 1).chain(['…']).collect() } else { text.to_owned() };
    let key = match (text.is_empty(), example.is_empty()) {
        (true, true) => return lang.with("param.missing.plain", &[("field", title)]),
        (false, true) => return lang.with("param.wrong.plain", &[("field", title), ("value", &shown)]),
        (true, false) => return lang.with("param.missing", &[("field", title), ("example", example)]),
        (false, false) => "param.wrong",
    };
    lang.with(key, &[("field", title), ("value", &shown), ("example", example)])
}

/// The fields of one alternative while they are edited.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields(BTreeMap<String, Field>);

impl Fields {
    fn of(shapes: Option<&Shapes>, params: &Map<String, Value>) -> Self {
        Self(params.iter().map(|(key, value)| (key.clone(), Field::of(shapes.and_then(|shapes| shapes.get(key)), value))).collect())
    }

    fn object(&self) -> Value {
        Value::Object(self.0.iter().map(|(key, field)| (key.clone(), field.value())).collect())
    }

    /// What is wrong with the first field that cannot be read; `reads` says whether a structure with some of the keys can be.
    fn wrong(&self, lang: Lang, shapes: &Shapes, reads: &dyn Fn(Value) -> bool) -> Option<String> {
        let alone = |key: &str, value: Value| {
            let others = shapes.iter().filter(|(_, shape)| shape.needed).map(|(key, shape)| (key.clone(), shape.usual.clone()));
            let mut object: Map<String, Value> = others.collect();
            object.insert(key.to_owned(), value);
            Value::Object(object)
        };
        let none = Shapes::new();
        self.0.iter().find_map(|(key, field)| {
            let shape = shapes.get(key);
            let inner = shape.map_or(&none, |shape| &shape.inner);
            match field.kind {
                Kind::Structure if !field.is_on() => None,
                Kind::Structure | Kind::Block => field.inner.wrong(lang, inner, &|value| reads(alone(key, value))),
                Kind::Rows => field.rows.iter().find_map(|row| row.wrong(lang, inner, &|value| reads(alone(key, Value::Array(vec![value]))))),
                _ if reads(alone(key, field.value())) => None,
                _ => Some(does_not_fit(lang, &title_of(lang, key), &field.text, &example_of(lang, key, shape))),
            }
        })
    }

    /// The alternative with these values; the error says which of them cannot be read, in plain words, with an example.
    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self, lang: Lang, name: &'static str, alternatives: &Alternatives) -> Result<T, String> {
        serde_json::from_value(serde_json::json!({ name: self.object() })).map_err(|error| {
            let none = Shapes::new();
            let reads = |value: Value| serde_json::from_value::<T>(serde_json::json!({ name: value })).is_ok();
            // If each value is fine by itself, only the type knows what is wrong with them together.
            self.wrong(lang, alternatives.shapes.get(name).unwrap_or(&none), &reads).unwrap_or_else(|| error.to_string())
        })
    }

    /// Whether there is anything to set.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a structure that may be left out is switched on.
    pub(crate) fn is_on(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|field| field.kind == Kind::Structure && field.is_on())
    }

    /// What stands in a field; nothing if there is none.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.0.get(key).map_or("", |field| field.text.as_str())
    }

    /// Switches a structure on and writes names into one of its lists; nothing happens if there is none.
    pub(crate) fn choose(&mut self, key: &str, list: &str, names: &[String]) {
        if let Some(field) = self.0.get_mut(key).filter(|field| field.kind == Kind::Structure)
            && let Some(names_of) = field.inner.0.get_mut(list)
        {
            names_of.text = names.join(", ");
            field.text = true.to_string();
        }
    }

    /// Whether nothing is chosen in a list of a structure.
    pub(crate) fn has_none(&self, key: &str, list: &str) -> bool {
        self.0.get(key).and_then(|field| field.inner.0.get(list)).is_none_or(|field| field.names().next().is_none())
    }

    #[cfg(test)]
    fn set(&mut self, key: &str, text: &str) {
        if let Some(field) = self.0.get_mut(key) {
            text.clone_into(&mut field.text);
        }
    }
}

/// What a value of a key can look like: its hint, its default, or what its type says.
fn example_of(lang: Lang, key: &str, shape: Option<&Shape>) -> String {
    let usual = shape.map(|shape| Field::of(Some(shape), &shape.usual).text).filter(|text| !text.is_empty());
    let hint = || lang.find(&format!("param.{key}.hint")).map(std::borrow::Cow::into_owned);
    usual.or_else(hint).or_else(|| shape.map(|shape| shape.example.clone())).unwrap_or_default()
}

/// What a key is called.
fn title_of(lang: Lang, key: &str) -> String {
    lang.find(&format!("param.{key}")).map_or_else(|| humanised(key), std::borrow::Cow::into_owned)
}

/// Width of the column of titles [points], the same in every form.
pub(crate) const TITLES: f32 = 132.0;

/// Between two columns of a form, and between the edge of a form and what lies within [points].
const GAP: f32 = 12.0;
const INDENT: f32 = 10.0;
/// Width of a field [points].
const FIELD: f32 = 132.0;

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
    ui.push_id(("params", name), |ui| block_ui(ui, &Draft { lang, choices }, "", shapes, fields, Columns { titles: TITLES, field: FIELD }));
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
        let response = hinted_ui(ui, &title, &mut field.text, &hint);
        if !example.is_empty() {
            response.on_hover_text(lang.with("param.for-example", &[("example", &example)]));
        }
    }
    ui.end_row();
}

/// A short text to be edited.
pub(crate) fn text_ui(ui: &mut Ui, title: &str, text: &mut String) -> Response {
    hinted_ui(ui, title, text, "")
}

/// A short text to be edited, with what stands there while it is empty.
fn hinted_ui(ui: &mut Ui, title: &str, text: &mut String, hint: &str) -> Response {
    let edit = TextEdit::singleline(text).desired_width(132.0).font(fonts::mono(size::BODY - 1.0)).margin(vec2(8.0, 4.0)).align(Align2::LEFT_CENTER);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::deploy::{IntOrPercent, Strategy};
    use crate::fleet::fault::{FaultKind, Selector};

    #[test]
    fn a_form_of_what_is_there_reads_back_as_what_it_was() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        for text in [
            r#"{"canary":{"percent":0.05,"canary_bake":"7m","bake":"3m","alarms":{"names":["errors"],"rollback":false}}}"#,
            r#"{"linear":{}}"#,
            r#"{"blue-green":{"hooks":[{"at":"POST_SCALE_UP","check":{}}]}}"#,
            r#"{"rolling":{"maximum_percent":150}}"#,
        ] {
            let strategy: Strategy = serde_json::from_str(text).expect("it is a strategy");
            let fields = alternatives.filled(strategy.name(), &strategy);
            assert_eq!(fields.read::<Strategy>(Lang::En, strategy.name(), &alternatives), Ok(strategy), "{text}");
        }
    }

    #[test]
    fn every_fault_has_a_form_whose_defaults_are_the_faults_own() {
        let alternatives = Alternatives::of::<FaultKind>(FaultKind::NAMES);
        for &name in FaultKind::NAMES {
            let read: FaultKind = alternatives.fields(name).read(Lang::En, name, &alternatives).unwrap_or_else(|error| panic!("{name}: {error}"));
            let expected: FaultKind = serde_json::from_value(Value::String(name.to_owned())).expect("a bare name takes the defaults");
            assert_eq!(read, expected);
            for key in alternatives.fields(name).0.keys() {
                assert!(alternatives.doc(name, key).is_some(), "{name}.{key} is documented");
            }
        }
    }

    #[test]
    fn what_is_typed_is_read_as_in_a_file() {
        let alternatives = Alternatives::of::<FaultKind>(FaultKind::NAMES);
        let mut fields = alternatives.fields("latency");
        fields.set("delay", "2s");
        let FaultKind::Latency(latency) = fields.read(Lang::En, "latency", &alternatives).expect("a duration") else { panic!("another fault") };
        assert_eq!(latency.delay, crate::kernel::dist::Distribution::Fixed(crate::units::SimSpan::from_secs(2)));
        fields.set("delay", "two seconds");
        assert!(fields.read::<FaultKind>(Lang::En, "latency", &alternatives).is_err());
        fields.set("delay", r#"{ "lognormal": { "mean": "50ms", "cv": 2.0 } }"#);
        assert!(fields.read::<FaultKind>(Lang::En, "latency", &alternatives).is_ok());
        let mut loss = alternatives.fields("packet-loss");
        loss.set("loss", "20%");
        assert!(loss.read::<FaultKind>(Lang::En, "packet-loss", &alternatives).is_ok());
        loss.set("loss", "120%");
        assert!(
            loss.read::<FaultKind>(Lang::En, "packet-loss", &alternatives)
                .is_err_and(|error| error.starts_with("Share lost: “120%” does not fit. An example: "))
        );
    }

    #[test]
    fn alarms_are_chosen_from_a_list_and_left_out_otherwise() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        let mut fields = alternatives.fields("canary");
        let watched = |fields: &Fields| {
            let strategy: Strategy = fields.read(Lang::En, "canary", &alternatives).expect("a strategy");
            strategy.watch().map(|watch| (watch.names.clone(), watch.rollback))
        };
        assert_eq!(watched(&fields), None);
        fields.set("alarms", "true");
        assert_eq!(watched(&fields), Some((Vec::new(), true)));
        if let Some(names) = fields.0.get_mut("alarms").and_then(|alarms| alarms.inner.0.get_mut("names")) {
            names.text = "errors, latency".to_owned();
        }
        assert_eq!(watched(&fields), Some((vec!["errors".to_owned(), "latency".to_owned()], true)));
    }

    /// A field that takes a number or a text takes either, whichever its default is.
    #[test]
    fn pods_are_typed_as_a_number_or_a_percentage() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        let mut fields = alternatives.fields("rolling-update");
        for (typed, expected) in [("1", IntOrPercent::Pods(1)), ("50%", IntOrPercent::Percent(50)), ("150%", IntOrPercent::Percent(150))] {
            fields.set("max_surge", typed);
            let Ok(Strategy::RollingUpdate(update)) = fields.read(Lang::En, "rolling-update", &alternatives) else { panic!("{typed}") };
            assert_eq!(update.max_surge, expected);
        }
        for wrong in ["0.5", "one", "-1"] {
            fields.set("max_surge", wrong);
            assert!(fields.read::<Strategy>(Lang::En, "rolling-update", &alternatives).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_stay_numbers() {
        let alternatives = Alternatives::of::<Selector>(Selector::NAMES);
        let mut fields = alternatives.fields("fixed");
        fields.set("value", "3");
        assert!(fields.read::<Selector>(Lang::En, "fixed", &alternatives).is_ok());
        fields.set("value", "3.5");
        assert!(fields.read::<Selector>(Lang::En, "fixed", &alternatives).is_err());
    }

    #[test]
    fn what_does_not_fit_is_said_in_plain_words_in_both_languages() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        let mut fields = alternatives.fields("rolling");
        fields.set("maximum_percent", "-5");
        let why = fields.read::<Strategy>(Lang::En, "rolling", &alternatives).expect_err("it is negative");
        assert_eq!(why, "Maximum percent: “-5” does not fit. An example: 200");
        let why = fields.read::<Strategy>(Lang::Vi, "rolling", &alternatives).expect_err("it is negative");
        assert!(why.contains("“-5”") && why.contains("200") && !why.contains("u32"), "{why}");
        fields.set("maximum_percent", "");
        let why = fields.read::<Strategy>(Lang::En, "rolling", &alternatives).expect_err("there is none");
        assert_eq!(why, "Maximum percent is missing. An example: 200");
    }

    #[test]
    fn a_structure_that_may_be_left_out_is_a_switch_with_fields_of_its_own() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        let mut fields = alternatives.fields("rolling");
        let breaker = |fields: &Fields| match fields.read::<Strategy>(Lang::En, "rolling", &alternatives).expect("it can be read") {
            Strategy::EcsRolling(rolling) => rolling.circuit_breaker,
            other => panic!("{other:?}"),
        };
        assert_eq!(breaker(&fields), None);
        fields.set("circuit_breaker", "true");
        assert_eq!(breaker(&fields), Some(crate::fleet::deploy::DeploymentBreaker::default()));
        let inner = &mut fields.0.get_mut("circuit_breaker").expect("the breaker").inner;
        inner.set("threshold", "much");
        let why = fields.read::<Strategy>(Lang::En, "rolling", &alternatives).expect_err("that is no share");
        assert_eq!(why, "Threshold: “much” does not fit. An example: 50%");
    }

    #[test]
    fn a_list_of_structures_is_rows_that_read_back() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        let mut fields = alternatives.fields("canary");
        let inner = &alternatives.shapes["canary"]["hooks"].inner;
        let mut row = Fields::of(Some(inner), usual_of(inner).as_object().expect("a hook"));
        row.set("at", "POST_SCALE_UP");
        row.set("takes", "90s");
        row.set("ends", "failed");
        assert_eq!(inner["ends"].names, ["succeeded", "failed", "never"]);
        fields.0.get_mut("hooks").expect("hooks").rows.push(row);
        let Ok(Strategy::Canary(canary)) = fields.read(Lang::En, "canary", &alternatives) else { panic!("a canary") };
        assert_eq!(canary.hooks.len(), 1);
        assert_eq!((canary.hooks[0].at.as_str(), canary.hooks[0].takes), ("POST_SCALE_UP", Some(crate::units::SimSpan::from_secs(90))));
        fields.0.get_mut("hooks").expect("hooks").rows[0].set("takes", "a while");
        let why = fields.read::<Strategy>(Lang::En, "canary", &alternatives).expect_err("that is no time");
        assert!(why.contains("“a while” does not fit. An example: "), "{why}");
    }

    #[test]
    fn whatever_a_strategy_takes_has_an_example() {
        fn without(lang: Lang, path: &str, shapes: &Shapes, found: &mut Vec<String>) {
            for (key, shape) in shapes {
                let path = format!("{path}.{key}");
                let edited = matches!(shape.form, Form::Plain | Form::List | Form::Map) && shape.names.is_empty() && shape.usual != Value::Bool(false);
                if edited && example_of(lang, key, Some(shape)).is_empty() {
                    found.push(path.clone());
                }
                without(lang, &path, &shape.inner, found);
            }
        }
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        for lang in [Lang::En, Lang::Vi] {
            let mut found = Vec::new();
            for (name, shapes) in &alternatives.shapes {
                without(lang, name, shapes, &mut found);
            }
            assert_eq!(found, Vec::<String>::new(), "{lang:?}");
        }
    }

    #[test]
    fn numbers_that_may_be_left_out_are_read_as_numbers() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        let mut fields = alternatives.fields("canary");
        fields.set("probes", "true");
        fields.0.get_mut("probes").expect("probes").inner.set("of", "5");
        let Ok(Strategy::Canary(canary)) = fields.read(Lang::En, "canary", &alternatives) else { panic!("a canary") };
        assert_eq!(canary.probes.and_then(|probes| probes.of), Some(5));
        let mut fields = alternatives.fields("flagger");
        fields.set("step_weights", "5, 20, 100");
        let Ok(Strategy::Flagger(flagger)) = fields.read(Lang::En, "flagger", &alternatives) else { panic!("flagger") };
        assert_eq!(flagger.step_weights, [5, 20, 100]);
    }

    #[test]
    fn shares_are_written_as_percentages() {
        let alternatives = Alternatives::of::<FaultKind>(FaultKind::NAMES);
        assert_eq!(alternatives.fields("error-responses").0["error_rate"].text, "50%");
    }
}
