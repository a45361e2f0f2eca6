//! Fields while they are edited, and the values that they stand for.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Alternatives;
use super::shape::{Form, Shape, Shapes};
use crate::ui::text::{Lang, humanised};

/// One field while it is edited.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) text: String,
    pub(super) kind: Kind,
    /// Whether it is a number, or a list of them.
    pub(super) number: bool,
    /// Whether it is a share, written as a percentage.
    pub(super) share: bool,
    /// The fields of a structure.
    pub(super) inner: Fields,
    /// The fields of each row.
    pub(super) rows: Vec<Fields>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
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
        Self { text, kind, number: false, share: false, inner: Fields::default(), rows: Vec::new() }
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
            Ok(share) => Self { text: format!("{}%", (share * 1e6).round() / 1e4), kind: Kind::Text, share: true, ..plain },
            Err(_not_a_number) => plain,
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.text == "true"
    }

    /// The names of a list.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.text.split(',').map(str::trim).filter(|name| !name.is_empty())
    }

    fn value(&self) -> Value {
        // Whoever writes 1 where 5% stood means 1%.
        let bare = self.share && self.text.trim().replace(',', ".").parse::<f64>().is_ok();
        let percent = format!("{}%", self.text.trim().replace(',', "."));
        let text = if bare { percent.as_str() } else { self.text.trim() };
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
    pub(super) fn is_wide(&self, chosen: bool) -> bool {
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
pub(crate) struct Fields(pub(super) BTreeMap<String, Field>);

impl Fields {
    pub(super) fn of(shapes: Option<&Shapes>, params: &Map<String, Value>) -> Self {
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
    pub(super) fn set(&mut self, key: &str, text: &str) {
        if let Some(field) = self.0.get_mut(key) {
            text.clone_into(&mut field.text);
        }
    }
}

/// What a value of a key can look like: its hint, its default, or what its type says.
pub(super) fn example_of(lang: Lang, key: &str, shape: Option<&Shape>) -> String {
    let usual = shape.map(|shape| Field::of(Some(shape), &shape.usual).text).filter(|text| !text.is_empty());
    let hint = || lang.find(&format!("param.{key}.hint")).map(std::borrow::Cow::into_owned);
    usual.or_else(hint).or_else(|| shape.map(|shape| shape.example.clone())).unwrap_or_default()
}

/// What a key is called.
pub(super) fn title_of(lang: Lang, key: &str) -> String {
    lang.find(&format!("param.{key}")).map_or_else(|| humanised(key), std::borrow::Cow::into_owned)
}
