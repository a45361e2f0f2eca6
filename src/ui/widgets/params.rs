//! A form for any block of parameters, made from its default values and its JSON Schema: whoever adds a fault or a
//! strategy gets its form for free.
//!
//! Values are edited as people write them (`250ms`, `5%`, `64KiB`); what a field accepts is decided by the type that
//! reads it, not here.

use std::collections::BTreeMap;

use eframe::egui::{Align2, ComboBox, Grid, TextEdit, Ui, vec2};
use serde_json::{Map, Value};

use super::label;
use crate::ui::fonts;
use crate::ui::text::{Lang, humanised};
use crate::ui::theme::size;

/// Alternatives chosen by name (see `choice!`), with their defaults and their keys' documentation.
#[derive(Debug, Clone)]
pub(crate) struct Alternatives {
    defaults: BTreeMap<&'static str, Map<String, Value>>,
    docs: BTreeMap<(&'static str, String), String>,
}

impl Alternatives {
    /// Reads the defaults of each name through the type itself, and the documentation from its schema.
    pub(crate) fn of<T: serde::Serialize + serde::de::DeserializeOwned + schemars::JsonSchema>(names: &'static [&'static str]) -> Self {
        let schema = schemars::schema_for!(T).to_value();
        let mut defaults = BTreeMap::new();
        let mut docs = BTreeMap::new();
        for &name in names {
            let value = serde_json::from_value::<T>(Value::String(name.to_owned())).and_then(serde_json::to_value).unwrap_or_default();
            let params = value.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
            for (key, text) in documentation(&schema, name) {
                docs.insert((name, key), text);
            }
            defaults.insert(name, params);
        }
        Self { defaults, docs }
    }

    /// The fields of an alternative at their defaults.
    pub(crate) fn fields(&self, name: &str) -> Fields {
        Fields(self.defaults.get(name).into_iter().flatten().map(|(key, value)| (key.clone(), Field::new(value))).collect())
    }

    fn doc(&self, name: &'static str, key: &str) -> Option<&str> {
        self.docs.get(&(name, key.to_owned())).map(String::as_str)
    }
}

/// The documentation of an alternative's keys, out of the schema that `choice!` makes.
fn documentation(schema: &Value, name: &str) -> Vec<(String, String)> {
    let forms = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let Some(params) = { forms }.find_map(|form| form.pointer("/properties")?.get(name)) else { return Vec::new() };
    let resolved = params.get("$ref").and_then(Value::as_str).and_then(|path| schema.pointer(path.trim_start_matches('#'))).unwrap_or(params);
    let properties = resolved.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties.filter_map(|(key, value)| Some((key.clone(), value.get("description")?.as_str()?.to_owned()))).collect()
}

/// One field while it is edited.
#[derive(Debug, Clone, PartialEq)]
struct Field {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Switch,
    /// Empty means none.
    Optional,
}

impl Field {
    fn new(value: &Value) -> Self {
        match value {
            Value::Bool(on) => Self { text: on.to_string(), kind: Kind::Switch },
            Value::Number(number) => Self { text: number.to_string(), kind: Kind::Number },
            Value::String(text) => Self { text: text.clone(), kind: Kind::Text },
            Value::Null => Self { text: String::new(), kind: Kind::Optional },
            // A distribution that is always the same time is written as that time.
            Value::Object(map) if map.len() == 1 && map.get("fixed").is_some_and(Value::is_string) => {
                Self { text: map["fixed"].as_str().unwrap_or_default().to_owned(), kind: Kind::Text }
            }
            Value::Array(_) | Value::Object(_) => Self { text: value.to_string(), kind: Kind::Text },
        }
    }

    fn value(&self) -> Value {
        let text = self.text.trim();
        match self.kind {
            Kind::Switch => Value::Bool(text == "true"),
            Kind::Optional if text.is_empty() => Value::Null,
            Kind::Number | Kind::Text | Kind::Optional => {
                if self.kind == Kind::Number || text.starts_with(['{', '[']) {
                    serde_json::from_str(text).unwrap_or_else(|_not_json| Value::String(text.to_owned()))
                } else {
                    Value::String(text.to_owned())
                }
            }
        }
    }
}

/// The fields of one alternative while they are edited.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields(BTreeMap<String, Field>);

impl Fields {
    /// The alternative with these values; the error says what is wrong with them.
    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        let params: Map<String, Value> = self.0.iter().map(|(key, field)| (key.clone(), field.value())).collect();
        let mut outer = Map::new();
        outer.insert(name.to_owned(), Value::Object(params));
        serde_json::from_value(Value::Object(outer)).map_err(|error| error.to_string())
    }

    /// Whether there is anything to set.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(test)]
    fn set(&mut self, key: &str, text: &str) {
        if let Some(field) = self.0.get_mut(key) {
            text.clone_into(&mut field.text);
        }
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
    Grid::new(("params", name)).num_columns(2).spacing(vec2(16.0, 6.0)).min_col_width(96.0).show(ui, |ui| {
        for (key, field) in &mut fields.0 {
            let title = lang.find(&format!("param.{key}")).map_or_else(|| humanised(key), std::borrow::Cow::into_owned);
            let response = ui.label(&title);
            if let Some(doc) = alternatives.doc(name, key) {
                response.on_hover_text(doc);
            }
            if field.kind == Kind::Switch {
                let mut on = field.text == "true";
                if ui.checkbox(&mut on, "").accessible_name(&title).changed() {
                    field.text = on.to_string();
                }
            } else if let Some(values) = choices(key) {
                let none = lang.tr("param.nobody").into_owned();
                let shown = if field.text.is_empty() { none.clone() } else { field.text.clone() };
                let combo = ComboBox::from_id_salt(("param", name, key.as_str())).selected_text(shown).width(160.0).show_ui(ui, |ui| {
                    if field.kind == Kind::Optional {
                        ui.selectable_value(&mut field.text, String::new(), none);
                    }
                    for value in values {
                        ui.selectable_value(&mut field.text, value.clone(), value);
                    }
                });
                combo.response.accessible_name(&title);
            } else {
                let edit = TextEdit::singleline(&mut field.text)
                    .desired_width(148.0)
                    .font(fonts::mono(size::BODY - 1.0))
                    .margin(vec2(8.0, 4.0))
                    .align(Align2::LEFT_CENTER);
                ui.add(edit).accessible_name(&title);
            }
            ui.end_row();
        }
    });
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
                response.on_hover_ui(|ui| {
                    label::secondary(ui, about);
                });
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
    fn every_fault_has_a_form_whose_defaults_are_the_faults_own() {
        let alternatives = Alternatives::of::<FaultKind>(FaultKind::NAMES);
        for &name in FaultKind::NAMES {
            let read: FaultKind = alternatives.fields(name).read(name).unwrap_or_else(|error| panic!("{name}: {error}"));
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
        let FaultKind::Latency(latency) = fields.read("latency").expect("a duration") else { panic!("another fault") };
        assert_eq!(latency.delay, crate::kernel::dist::Distribution::Fixed(crate::units::SimSpan::from_secs(2)));
        fields.set("delay", "two seconds");
        assert!(fields.read::<FaultKind>("latency").is_err());
        fields.set("delay", r#"{ "lognormal": { "mean": "50ms", "cv": 2.0 } }"#);
        assert!(fields.read::<FaultKind>("latency").is_ok());
        let mut loss = alternatives.fields("packet-loss");
        loss.set("loss", "20%");
        assert!(loss.read::<FaultKind>("packet-loss").is_ok());
        loss.set("loss", "120%");
        assert!(loss.read::<FaultKind>("packet-loss").is_err_and(|error| error.contains("share")));
    }

    /// A field that takes a number or a text takes either, whichever its default is.
    #[test]
    fn pods_are_typed_as_a_number_or_a_percentage() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        let mut fields = alternatives.fields("rolling-update");
        for (typed, expected) in [("1", IntOrPercent::Pods(1)), ("50%", IntOrPercent::Percent(50)), ("150%", IntOrPercent::Percent(150))] {
            fields.set("max_surge", typed);
            let Ok(Strategy::RollingUpdate(update)) = fields.read("rolling-update") else { panic!("{typed}") };
            assert_eq!(update.max_surge, expected);
        }
        for wrong in ["0.5", "one", "-1"] {
            fields.set("max_surge", wrong);
            assert!(fields.read::<Strategy>("rolling-update").is_err_and(|error| error.contains("number of pods")), "{wrong}");
        }
    }

    #[test]
    fn numbers_stay_numbers() {
        let alternatives = Alternatives::of::<Selector>(Selector::NAMES);
        let mut fields = alternatives.fields("fixed");
        fields.set("value", "3");
        assert!(fields.read::<Selector>("fixed").is_ok());
        fields.set("value", "3.5");
        assert!(fields.read::<Selector>("fixed").is_err());
    }
}
