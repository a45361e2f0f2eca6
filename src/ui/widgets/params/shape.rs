//! What the JSON Schema says of a value: how it is edited, what it is if nothing is written, and its documentation.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Structures within structures are forms so far; deeper ones are JSON.
const DEPTH: usize = 6;

/// What the schema says of each key of a structure.
pub(super) type Shapes = BTreeMap<String, Shape>;

/// What the schema says of a value.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Its documentation.
    pub(super) doc: Option<String>,
    /// What it is if nothing is written.
    pub(super) usual: Value,
    /// What it is edited with.
    pub(super) form: Form,
    /// Whether it is a share, which people write as a percentage.
    pub(super) share: bool,
    /// Whether it is a number, or a list of them.
    pub(super) number: bool,
    /// Whether it has to be written.
    pub(super) needed: bool,
    /// The only texts that it takes, if it takes no others.
    pub(super) names: Vec<String>,
    /// What it can look like.
    pub(super) example: String,
    /// What a structure, or each of a list of them, consists of.
    pub(super) inner: Shapes,
}

/// How a value is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
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
pub(super) struct Target<'a> {
    pub(super) at: &'a Value,
    /// The name of its type.
    pub(super) path: &'a str,
    /// Whether it may be left out.
    pub(super) optional: bool,
}

/// Follows references, and looks through what may also be null.
pub(super) fn target<'a>(root: &'a Value, from: &'a Value) -> Target<'a> {
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
pub(super) fn allows(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(several)) => several.iter().any(|one| one == kind),
        _ => false,
    }
}

/// The only texts that a schema allows; none if it allows others, too.
pub(super) fn names_of(schema: &Value) -> Vec<String> {
    let forms = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten().map(|form| form.get("const").and_then(Value::as_str));
    let values = schema.get("enum").and_then(Value::as_array).into_iter().flatten().map(Value::as_str);
    forms.chain(values).map(|name| name.map(str::to_owned)).collect::<Option<_>>().unwrap_or_default()
}

/// What a schema says of the keys of a structure.
pub(super) fn shapes(root: &Value, structure: &Value, depth: usize) -> Shapes {
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
pub(super) fn usual_of(shapes: &Shapes) -> Value {
    Value::Object(shapes.iter().map(|(key, shape)| (key.clone(), shape.usual.clone())).collect())
}
