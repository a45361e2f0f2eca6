//! A form for any block of parameters, made from its default values and its JSON Schema: whoever adds a fault or a
//! strategy gets its form for free.
//!
//! `shape` is what the schema says of a value, `field` what a person is typing, `form` draws it. Values are edited as
//! people write them (`250ms`, `5%`, `64KiB`); what a field accepts is decided by the type that reads it, not here. A
//! list of structures is rows that can be added and removed; what has no form is JSON in a box of its own.

mod field;
mod form;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub(crate) use self::field::{Fields, does_not_fit};
pub(crate) use self::form::{choose_ui, column, fields_ui, grid, hinted_ui, named_ui};
use self::shape::{Shapes, shapes, target};

/// Alternatives chosen by name (see `choice!`), with their defaults and what the schema says of their keys.
#[derive(Debug, Clone)]
pub(crate) struct Alternatives {
    defaults: BTreeMap<&'static str, Map<String, Value>>,
    shapes: BTreeMap<&'static str, Shapes>,
}

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
